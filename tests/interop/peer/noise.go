// Noise alone: one connection, one planned session after the other. Both ends
// draw keys, payloads and turns from the plan's seed, so each knows what must
// come; what is sealed, and how, each works out by itself.

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flynn/noise"
)

const (
	frameMax      = 16400 // sealed bytes
	clearMax      = 4096
	rekeyMessages = 1024
	rekeyBytes    = 64 << 20
)

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2b)

// What goes wrong, on purpose.
const (
	faultNone = iota
	faultFlip
	faultCut
	faultZeroKey
	faultStatic
	faultPrologue
	faultPSK
	faultReplay
	faultSwap
	faultNonce
	faultNoRekey
)

// plan is what the C side sends before each session, as 40 bytes.
type plan struct {
	seed          uint64
	goInitiates   bool
	psk           bool
	fault         uint8
	goAtFault     bool
	faultMessage  uint8 // 0-2: of the handshake; 3: a transport message
	messages      uint32
	sizeMax       uint32
	messagesSince uint32 // both ends begin as if so many had passed
	bytesSince    uint64
	faultStep     uint32
}

func readPlan(in io.Reader) (*plan, error) {
	var raw [40]byte
	if _, err := io.ReadFull(in, raw[:]); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	return &plan{
		seed: be.Uint64(raw[0:]), goInitiates: raw[8] == 1, psk: raw[9] == 1,
		fault: raw[10], goAtFault: raw[11] == 1, faultMessage: raw[12],
		messages: be.Uint32(raw[16:]), sizeMax: be.Uint32(raw[20:]),
		messagesSince: be.Uint32(raw[24:]), bytesSince: be.Uint64(raw[28:]),
		faultStep: be.Uint32(raw[36:]),
	}, nil
}

// random is splitmix64, which both ends have.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) Read(out []byte) (int, error) {
	var word [8]byte
	for i := range out {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], r.next())
		}
		out[i] = word[i%8]
	}
	return len(out), nil
}

func (r *random) bytes(n int) []byte {
	out := make([]byte, n)
	r.Read(out)
	return out
}

// payload of at most max bytes; one in four is empty, one in eight full.
func (r *random) payload(max uint32) []byte {
	n := uint32(0)
	switch kind := r.next() % 8; {
	case kind == 0:
		n = max
	case kind > 2:
		n = uint32(r.next() % uint64(max+1))
	}
	return r.bytes(int(n))
}

// direction is a CipherState with the rule of protocol.md 4.
type direction struct {
	cipher   *noise.CipherState
	messages uint64
	bytes    uint64
	noRekey  bool
}

func (d *direction) passed(size int) {
	d.messages++
	d.bytes += uint64(size)
	if d.messages >= rekeyMessages || d.bytes >= rekeyBytes {
		if !d.noRekey {
			d.cipher.Rekey()
		}
		d.messages, d.bytes = 0, 0
	}
}

func (d *direction) seal(plain []byte) ([]byte, error) {
	out, err := d.cipher.Encrypt(nil, nil, plain)
	if err == nil {
		d.passed(len(plain))
	}
	return out, err
}

func (d *direction) open(sealed []byte) ([]byte, error) {
	out, err := d.cipher.Decrypt(nil, nil, sealed)
	if err == nil {
		d.passed(len(out))
	}
	return out, err
}

func readFrame(in io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(in, body)
	return body, err
}

func writeFrame(out io.Writer, body []byte) error {
	frame := make([]byte, 2, 2+len(body))
	binary.BigEndian.PutUint16(frame, uint16(len(body)))
	_, err := out.Write(append(frame, body...))
	return err
}

var errRefused = errors.New("refused, as planned")

// A session under way.
type planned struct {
	*plan
	wire          io.ReadWriter
	draw          *random
	state         *noise.HandshakeState
	send, receive direction
	last          []byte // sealed message sent last
}

func (s *planned) isFault(message uint8) bool {
	return s.fault != faultNone && s.faultMessage == message
}

// expectRefusal: what came bears the other's fault, so err must not be nil.
func expectRefusal(err error) error {
	if err == nil {
		return errors.New("accepted what should be refused")
	}
	return errRefused
}

func (s *planned) begin() error {
	draw := s.draw
	cKeys, _ := suite.GenerateKeypair(draw)
	goKeys, _ := suite.GenerateKeypair(draw)
	draw.bytes(32) // the C side's ephemeral key
	ephemeral := draw.bytes(32)
	psk := draw.bytes(32)
	prologue := []byte{'Y', 'Z', 1, 1, 0}
	if s.psk {
		prologue[4] = 1
	}
	prologue = append(prologue, draw.bytes(8)...)
	if s.goAtFault {
		switch s.fault {
		case faultStatic:
			cKeys.Public[5] ^= 1
		case faultPrologue:
			prologue[12] ^= 1
		case faultPSK:
			psk[31] ^= 1
		}
	}
	config := noise.Config{
		CipherSuite: suite, Random: bytes.NewReader(ephemeral), Pattern: noise.HandshakeXK,
		Initiator: s.goInitiates, Prologue: prologue, StaticKeypair: goKeys,
	}
	if s.goInitiates {
		config.PeerStatic = cKeys.Public
	}
	if s.psk {
		config.PresharedKey, config.PresharedKeyPlacement = psk, 3
	}
	var err error
	s.state, err = noise.NewHandshakeState(config)
	return err
}

func (s *planned) spoil(message []byte, fault uint8) []byte {
	switch fault {
	case faultFlip:
		bit := s.draw.next() % uint64(8*len(message))
		message[bit/8] ^= 1 << (bit % 8)
	case faultCut:
		message = message[:len(message)-1]
	case faultZeroKey:
		copy(message, make([]byte, 32))
	}
	return message
}

func (s *planned) handshake() error {
	var first, second *noise.CipherState
	for i := uint8(0); i < 3; i++ {
		overhead := uint32(48)
		if i == 2 {
			overhead = 64
		}
		payload := s.draw.payload(clearMax - overhead)
		var err error
		if s.goInitiates == (i%2 == 0) {
			var message []byte
			message, first, second, err = s.state.WriteMessage(nil, payload)
			if err != nil {
				return err
			}
			if s.isFault(i) && s.goAtFault {
				message = s.spoil(message, s.fault)
			}
			if err = writeFrame(s.wire, message); err != nil || s.isFault(i) {
				return orRefused(err)
			}
			continue
		}
		message, err := readFrame(s.wire)
		if err != nil {
			return err
		}
		var got []byte
		got, first, second, err = s.state.ReadMessage(nil, message)
		if s.isFault(i) {
			return expectRefusal(err)
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", i+1, err)
		}
		if !bytes.Equal(got, payload) {
			return fmt.Errorf("message %d: another payload", i+1)
		}
	}
	if !s.goInitiates {
		first, second = second, first
	}
	since := direction{messages: uint64(s.messagesSince), bytes: s.bytesSince}
	s.send, s.receive = since, since
	s.send.cipher, s.receive.cipher = first, second
	return nil
}

// orRefused: the other end refuses what was just sent.
func orRefused(err error) error {
	if err != nil {
		return err
	}
	return errRefused
}

// binding: both ends tell their handshake hash.
func (s *planned) binding() error {
	if err := writeFrame(s.wire, s.state.ChannelBinding()); err != nil {
		return err
	}
	theirs, err := readFrame(s.wire)
	if err != nil {
		return err
	}
	if !bytes.Equal(theirs, s.state.ChannelBinding()) {
		return errors.New("another handshake hash")
	}
	return nil
}

// seal makes the next sealed message, or at the fault's step a bad one.
func (s *planned) seal(payload []byte, bad bool) ([]byte, error) {
	if bad {
		switch s.fault {
		case faultReplay:
			return s.last, nil
		case faultSwap: // the message before it never comes
			if _, err := s.send.seal([]byte("first")); err != nil {
				return nil, err
			}
		case faultNonce:
			return s.send.cipher.Cipher().Encrypt(nil, 0, nil, payload), nil
		}
	}
	sealed, err := s.send.seal(payload)
	if err == nil && bad {
		sealed = s.spoil(sealed, s.fault)
	}
	s.last = sealed
	return sealed, err
}

func (s *planned) transport() error {
	faulty := s.isFault(3)
	s.send.noRekey = faulty && s.goAtFault && s.fault == faultNoRekey
	for i := uint32(0); i < s.messages; i++ {
		goSends := s.draw.next()%2 == 1
		if faulty {
			goSends = s.goAtFault
		}
		payload := s.draw.payload(s.sizeMax)
		bad := faulty && i == s.faultStep
		if goSends {
			sealed, err := s.seal(payload, bad)
			if err != nil {
				return err
			}
			if err = writeFrame(s.wire, sealed); err != nil || bad {
				return orRefused(err)
			}
			continue
		}
		sealed, err := readFrame(s.wire)
		if err != nil {
			return err
		}
		got, err := s.receive.open(sealed)
		if bad {
			return expectRefusal(err)
		}
		if err != nil {
			return fmt.Errorf("transport message %d: %w", i, err)
		}
		if !bytes.Equal(got, payload) {
			return fmt.Errorf("transport message %d: another payload", i)
		}
	}
	return nil
}

func (s *planned) run() error {
	for _, step := range []func() error{s.begin, s.handshake, s.binding, s.transport} {
		if err := step(); err == errRefused {
			return nil
		} else if err != nil {
			return err
		}
	}
	if s.fault != faultNone {
		return errors.New("the planned fault did not happen")
	}
	return nil
}

// noiseSessions serves plans until the other end closes.
func noiseSessions(wire *os.File) error {
	for count := 0; ; count++ {
		p, err := readPlan(wire)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s := &planned{plan: p, wire: wire, draw: &random{p.seed}}
		if err := s.run(); err != nil {
			return fmt.Errorf("session %d, seed %016x: %w", count, p.seed, err)
		}
		if _, err := wire.Write([]byte{1}); err != nil {
			return err
		}
	}
}
