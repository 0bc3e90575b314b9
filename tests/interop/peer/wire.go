// Notation of protocol.md 2: integers, strings, hashes, and messages.

package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/blake2b"
)

var (
	errShort   = errors.New("too few bytes")
	errLeft    = errors.New("bytes left over")
	errVarint  = errors.New("a varint of another form")
	errInvalid = errors.New("a value out of range")
)

// writer appends; it never fails.
type writer struct{ data []byte }

func (w *writer) u8(n uint8)     { w.data = append(w.data, n) }
func (w *writer) u16(n uint16)   { w.data = binary.BigEndian.AppendUint16(w.data, n) }
func (w *writer) u32(n uint32)   { w.data = binary.BigEndian.AppendUint32(w.data, n) }
func (w *writer) u64(n uint64)   { w.data = binary.BigEndian.AppendUint64(w.data, n) }
func (w *writer) bytes(b []byte) { w.data = append(w.data, b...) }
func (w *writer) text(s string)  { w.data = append(w.data, s...) }

func (w *writer) varint(n uint64) {
	for ; n >= 0x80; n >>= 7 {
		w.u8(uint8(n) | 0x80)
	}
	w.u8(uint8(n))
}

func (w *writer) signed(n int64) { w.varint(uint64(n)<<1 ^ uint64(n>>63)) }

func (w *writer) string(b []byte) {
	w.varint(uint64(len(b)))
	w.bytes(b)
}

// reader takes apart; after a fault all it gives is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail(errShort)
		return make([]byte, min(n, 64))
	}
	out := r.data[:n:n]
	r.data = r.data[n:]
	return out
}

func min(a, b uint64) uint64 {
	if a < b {
		return a
	}
	return b
}

func (r *reader) u8() uint8   { return r.bytes(1)[0] }
func (r *reader) u16() uint16 { return binary.BigEndian.Uint16(r.bytes(2)) }
func (r *reader) u32() uint32 { return binary.BigEndian.Uint32(r.bytes(4)) }
func (r *reader) u64() uint64 { return binary.BigEndian.Uint64(r.bytes(8)) }

func (r *reader) varint() uint64 {
	var n uint64
	for i := uint(0); i < 10; i++ {
		b := r.u8()
		if r.err != nil {
			return 0
		}
		if i > 0 && b == 0 || i == 9 && b > 1 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n
		}
	}
	r.fail(errVarint)
	return 0
}

// upTo is a varint that may not exceed max.
func (r *reader) upTo(max uint64) uint64 {
	n := r.varint()
	if n > max {
		r.fail(errInvalid)
		return 0
	}
	return n
}

func (r *reader) signed() int64 {
	n := r.varint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reader) string(max uint64) []byte { return r.bytes(r.upTo(max)) }

func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.err = errLeft
	}
	return r.err
}

func digest(size int, key []byte, parts [][]byte) []byte {
	h, err := blake2b.New(size, key)
	if err != nil {
		panic(err) // sizes and keys are ours
	}
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func h8(parts ...[]byte) []byte                { return digest(8, nil, parts) }
func h32(parts ...[]byte) []byte               { return digest(32, nil, parts) }
func keyed32(k []byte, parts ...[]byte) []byte { return digest(32, k, parts) }

func number8(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// Messages, protocol.md 8.
const (
	typeHello = iota + 1
	typeCursors
	typeCursorsWanted
	typeData
	typeReceipt
	typeGroupReceipt
	typeEnd
	typeBye
	typeError
	typeGrant
	typeJoin
	typeWelcome
	typeWithdrawn
	typeSettled
	typeTaken
	typeGroupHeld
	typeDense
	typeUnheard
	typeRows
)

type message struct {
	kind uint8
	body []byte
}

func (w *writer) message(kind uint8, body []byte) {
	w.u8(kind)
	w.string(body)
}

func oneMessage(kind uint8, body []byte) []byte {
	var w writer
	w.message(kind, body)
	return w.data
}

// splitMessages takes the plaintext of a sealed frame apart.
func splitMessages(plain []byte) ([]message, error) {
	var out []message
	r := &reader{data: plain}
	for len(r.data) > 0 {
		m := message{kind: r.u8()}
		m.body = r.string(frameMax)
		out = append(out, m)
	}
	return out, r.err
}

var reasons = []string{"none", "not_enrolled", "revoked", "version", "format",
	"limit", "log", "fork", "storage", "invite", "busy", "ahead", "shutdown", "timeout"}

// refusal is an ERROR or clear error of the peer.
type refusal struct {
	reason uint64
	clear  bool
}

func (e *refusal) Error() string {
	name := fmt.Sprint(e.reason)
	if e.reason < uint64(len(reasons)) {
		name = reasons[e.reason]
	}
	if e.clear {
		return "clear " + name
	}
	return "sealed " + name
}
