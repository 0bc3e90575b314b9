// Streams of rows: protocol.md 10.1. What is sent is zstd's raw blocks, made
// by hand; what comes is decoded by klauspost/compress.

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	batchMax      = 196608
	windowByte    = (19 - 10) << 3
	rawBlockMax   = 128 * 1024
	streamDecoded = 262144
)

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// outStream frames batches as raw blocks that are never the last.
type outStream struct{ begun bool }

func (s *outStream) put(batch []byte) []byte {
	var plain, w writer
	plain.string(batch)
	if !s.begun {
		w.u8(0) // no dictionary, content size or checksum; has a window
		w.u8(windowByte)
		s.begun = true
	}
	size := uint32(len(plain.data))
	header := binary.LittleEndian.AppendUint32(nil, size<<3)
	w.bytes(header[:3])
	w.bytes(plain.data)
	return w.data
}

// inStream decodes one class. feed returns when all it was given is decoded.
type inStream struct {
	mutex   sync.Mutex
	moved   *sync.Cond
	input   []byte
	hungry  bool // the decoder waits for input
	output  bytes.Buffer
	failure error
	begun   bool
}

func (s *inStream) Read(out []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for len(s.input) == 0 {
		s.hungry = true
		s.moved.Broadcast()
		s.moved.Wait()
	}
	n := copy(out, s.input)
	s.input = s.input[n:]
	return n, nil
}

func newInStream() (*inStream, error) {
	s := &inStream{}
	s.moved = sync.NewCond(&s.mutex)
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(512*1024))
	if err != nil {
		return nil, err
	}
	go s.decode(decoder)
	return s, nil
}

func (s *inStream) decode(decoder *zstd.Decoder) {
	err := decoder.Reset(s)
	chunk := make([]byte, 65536)
	for err == nil {
		var n int
		n, err = decoder.Read(chunk)
		s.mutex.Lock()
		s.output.Write(chunk[:n])
		s.mutex.Unlock()
	}
	if err == io.EOF {
		err = errors.New("the zstd frame ended")
	}
	s.mutex.Lock()
	s.failure = err
	s.moved.Broadcast()
	s.mutex.Unlock()
}

// header gives the frame the magic number, which this decoder wants and the
// wire does not carry.
func (s *inStream) header(in []byte) ([]byte, error) {
	if len(in) < 2 || in[0] != 0 {
		return nil, errors.New("a frame header with optional fields")
	}
	return append(append([]byte{}, zstdMagic...), in...), nil
}

// feed gives the whole batches that in completes.
func (s *inStream) feed(in []byte) ([][]byte, error) {
	if !s.begun {
		var err error
		if in, err = s.header(in); err != nil {
			return nil, err
		}
		s.begun = true
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before := s.output.Len()
	s.input, s.hungry = append(s.input, in...), false
	s.moved.Broadcast()
	for s.failure == nil && !(s.hungry && len(s.input) == 0) {
		s.moved.Wait()
	}
	if s.failure != nil {
		return nil, s.failure
	}
	if s.output.Len()-before > streamDecoded {
		return nil, errors.New("too much out of one DATA")
	}
	return s.batches()
}

func (s *inStream) batches() ([][]byte, error) {
	var out [][]byte
	for {
		r := &reader{data: s.output.Bytes()}
		size := r.upTo(batchMax)
		if r.err == errShort || size > uint64(len(r.data)) {
			return out, nil
		}
		if r.err != nil {
			return nil, r.err
		}
		batch := append([]byte{}, r.bytes(size)...)
		s.output.Next(s.output.Len() - len(r.data))
		out = append(out, batch)
	}
}
