// What the group holds: GROUP_RECEIPT and GROUP_HELD, protocol.md 8.3.

package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
)

// groupReceipt is one taken apart, and what its signature covers.
type groupReceipt struct {
	life      []byte
	seq       [classes]uint64
	chain     [classes][]byte
	signed    []byte
	signature []byte
}

// message is what the signature covers.
func (g *groupReceipt) message() []byte {
	var signed writer
	signed.text("yizhan group receipt v1\x00")
	signed.bytes(g.life)
	for class := range g.seq {
		signed.u64(g.seq[class])
		signed.bytes(g.chain[class])
	}
	return signed.data
}

func readGroupReceipt(body []byte) (*groupReceipt, error) {
	r := &reader{data: body}
	g := &groupReceipt{life: r.bytes(8)}
	mask := r.u8()
	for class := range g.seq {
		g.chain[class] = make([]byte, 32)
		if mask>>uint(class)&1 == 1 {
			g.seq[class], g.chain[class] = r.varint(), r.bytes(32)
			if g.seq[class] == 0 {
				r.fail(errInvalid)
			}
		}
	}
	if mask >= 1<<classes {
		r.fail(errInvalid)
	}
	g.signed, g.signature = g.message(), r.bytes(ed25519.SignatureSize)
	return g, r.end()
}

func (s *session) onGroupReceipt(body []byte) error {
	g, err := readGroupReceipt(body)
	if err != nil {
		return fmt.Errorf("GROUP_RECEIPT: %w", err)
	}
	chain := s.certificates()
	if !ed25519.Verify(chain[len(chain)-1].signingKey, g.signed, g.signature) {
		return errors.New("GROUP_RECEIPT is not the hub's")
	}
	return s.groupHolds(g)
}

// onGroupHeld makes the whole receipt of what our own logs hold.
func (s *session) onGroupHeld(body []byte) error {
	r := &reader{data: body}
	which := r.varint()
	g := &groupReceipt{life: s.life()}
	for class := range g.seq {
		g.chain[class] = make([]byte, 32)
		if which>>uint(class)&1 == 0 {
			continue
		}
		if g.seq[class] = r.varint(); g.seq[class] == 0 {
			r.fail(errInvalid)
		}
		if class != upClass || g.seq[class] > uint64(len(s.Own)) {
			return errors.New("GROUP_HELD of what we never wrote")
		}
		g.chain[class] = s.node.chain(g.seq[class])
	}
	g.signed, g.signature = g.message(), r.bytes(ed25519.SignatureSize)
	if err := r.end(); err != nil || which>>classes != 0 {
		return fmt.Errorf("GROUP_HELD of life %d: %v", which>>classes, err)
	}
	chain := s.certificates()
	if !ed25519.Verify(chain[len(chain)-1].signingKey, g.signed, g.signature) {
		return errors.New("GROUP_HELD does not fit our log")
	}
	s.GroupHeld++
	return s.groupHolds(g)
}

func (s *session) groupHolds(g *groupReceipt) error {
	s.GroupReceipts++
	seq := g.seq[upClass]
	if !bytes.Equal(g.life, s.life()) || seq == 0 {
		return nil
	}
	if seq > uint64(len(s.Own)) || !bytes.Equal(g.chain[upClass], s.node.chain(seq)) {
		return errors.New("GROUP_RECEIPT tells another log")
	}
	s.GroupHolds = seq
	return nil
}
