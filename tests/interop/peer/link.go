// A connection: preface, clear frames, handshake, sealed frames (protocol.md
// 3 and 4).

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/flynn/noise"
)

const (
	modeSync  = 0
	modeJoin  = 1
	modeChain = 2
)

type link struct {
	conn net.Conn
	in   *bufio.Reader
	// All that was sent, for those who want to send it again.
	sent          []byte
	send, receive direction
	sealed        bool
	rekeys        [2]int // sent, received
	frames        [2]int
	lastSealed    []byte
	lastReceived  []byte
	wantsRows     bool
}

func dial(address string) (*link, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(120 * time.Second))
	return newLink(conn), nil
}

func newLink(conn net.Conn) *link { return &link{conn: conn, in: bufio.NewReader(conn)} }

func (l *link) write(data []byte) error {
	l.sent = append(l.sent, data...)
	_, err := l.conn.Write(data)
	return err
}

func preface(mode uint8) []byte { return []byte{'Y', 'Z', 1, 1, mode} }

func (l *link) writeClear(body []byte) error {
	var w writer
	w.u16(uint16(len(body)))
	w.bytes(body)
	return l.write(w.data)
}

func (l *link) readSized(least, most uint16) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(l.in, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint16(size[:])
	if n < least || n > most {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	body := make([]byte, n)
	_, err := io.ReadFull(l.in, body)
	return body, err
}

// asHint: reasons that would lead to further steps are not believed.
func asHint(body []byte) error {
	reason := uint64(body[1])
	switch reason {
	case 1, 2, 6, 7, 11:
		reason = 0
	}
	return &refusal{reason, true}
}

// readClear: a frame of two bytes that begins with 0xff is a clear error.
func (l *link) readClear() ([]byte, error) {
	body, err := l.readSized(1, clearMax)
	if err == nil && len(body) == 2 && body[0] == 0xff {
		return nil, asHint(body)
	}
	return body, err
}

// onPayload2: what the responder says before it knows who asks.
func (l *link) onPayload2(payload []byte) error {
	messages, err := splitMessages(payload)
	for _, m := range messages {
		if m.kind != typeRows || len(m.body) != 0 {
			return fmt.Errorf("message %d in message 2", m.kind)
		}
		l.wantsRows = true
	}
	return err
}

// handshake as initiator. message3 is made when its time has come.
func (l *link) handshake(mode uint8, group []byte, own noise.DHKey, theirs, psk,
	payload1 []byte, payload3 []byte) error {
	config := noise.Config{
		CipherSuite: suite, Pattern: noise.HandshakeXK, Initiator: true,
		Prologue:      append(preface(mode), group...),
		StaticKeypair: own, PeerStatic: theirs,
	}
	if mode == modeJoin {
		config.PresharedKey, config.PresharedKeyPlacement = psk, 3
	}
	state, err := noise.NewHandshakeState(config)
	if err != nil {
		return err
	}
	if err = l.write(preface(mode)); err != nil {
		return err
	}
	first, _, _, err := state.WriteMessage(nil, payload1)
	if err != nil {
		return err
	}
	if err = l.writeClear(first); err != nil {
		return err
	}
	second, err := l.readClear()
	if err != nil {
		return err
	}
	payload2, _, _, err := state.ReadMessage(nil, second)
	if err != nil {
		return fmt.Errorf("message 2: %w", err)
	}
	if err = l.onPayload2(payload2); err != nil {
		return err
	}
	l.lastReceived = second
	third, send, receive, err := state.WriteMessage(nil, payload3)
	if err != nil {
		return err
	}
	l.send.cipher, l.receive.cipher, l.sealed = send, receive, true
	return l.writeClear(third)
}

func (l *link) sealFrame(plain []byte) ([]byte, error) {
	before := l.send.messages
	sealed, err := l.send.seal(plain)
	if l.send.messages < before {
		l.rekeys[0]++
	}
	l.frames[0]++
	var w writer
	w.u16(uint16(len(sealed)))
	w.bytes(sealed)
	l.lastSealed = w.data
	return w.data, err
}

func (l *link) writeSealed(plain []byte) error {
	frame, err := l.sealFrame(plain)
	if err != nil {
		return err
	}
	return l.write(frame)
}

// readSealed gives the messages of the next frame; an ERROR is an error.
func (l *link) readSealed() ([]message, error) {
	least := uint16(16)
	if l.frames[1] == 0 {
		least = 2 // a clear error instead: the secret did not fit
	}
	body, err := l.readSized(least, frameMax)
	if err != nil {
		return nil, err
	}
	if len(body) < 16 {
		if len(body) != 2 || body[0] != 0xff {
			return nil, fmt.Errorf("a frame of %d bytes", len(body))
		}
		return nil, asHint(body)
	}
	l.lastReceived = body
	before := l.receive.messages
	plain, err := l.receive.open(body)
	if err != nil {
		return nil, err
	}
	if l.receive.messages < before {
		l.rekeys[1]++
	}
	l.frames[1]++
	messages, err := splitMessages(plain)
	for _, m := range messages {
		if m.kind == typeError {
			r := &reader{data: m.body}
			reason := r.upTo(65535)
			if err := r.end(); err != nil {
				return nil, err
			}
			return nil, &refusal{reason, false}
		}
	}
	return messages, err
}
