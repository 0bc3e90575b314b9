// Certificates, chains, invite codes: protocol.md 5 and 6.1.

package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

type certificate struct {
	encoding     []byte
	group        []byte
	issuer       []byte
	number       uint64
	role         uint8
	name         string
	transportKey []byte
	signingKey   []byte
	orgs         []string
}

const (
	roleClinic = 1
	roleRelay  = 2
	roleHub    = 3
)

func readLabel(r *reader) string {
	raw := r.string(64)
	if len(raw) == 0 || !utf8.Valid(raw) {
		r.fail(errInvalid)
	}
	for _, c := range string(raw) {
		if c < 0x20 || c >= 0x7f && c < 0xa0 {
			r.fail(errInvalid)
		}
	}
	return string(raw)
}

func readCertificate(raw []byte) (*certificate, error) {
	if len(raw) > 2048 {
		return nil, errInvalid
	}
	r := &reader{data: raw}
	if version := r.u8(); r.err == nil && version != 1 {
		return nil, fmt.Errorf("certificate of version %d", version)
	}
	c := &certificate{encoding: raw}
	c.group, c.issuer = r.bytes(8), r.bytes(8)
	c.number = r.varint()
	c.role = r.u8()
	if c.role < roleClinic || c.role > roleHub {
		r.fail(errInvalid)
	}
	c.name = readLabel(r)
	c.transportKey, c.signingKey = r.bytes(32), r.bytes(32)
	for n := r.upTo(32); n > 0; n-- {
		c.orgs = append(c.orgs, readLabel(r))
	}
	r.bytes(ed25519.SignatureSize)
	return c, r.end()
}

func (c *certificate) signedBy(key []byte) bool {
	signed := len(c.encoding) - ed25519.SignatureSize
	text := append([]byte("yizhan certificate v1"), c.encoding[:signed]...)
	return ed25519.Verify(key, text, c.encoding[signed:])
}

// checkChain: the node's own certificate first, the root's work last.
func checkChain(root []byte, raw [][]byte) ([]*certificate, error) {
	if len(raw) < 1 || len(raw) > 4 {
		return nil, errInvalid
	}
	group := h8(root)
	var chain []*certificate
	for _, bytes := range raw {
		c, err := readCertificate(bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	for i, c := range chain {
		if !bytes.Equal(c.group, group) {
			return nil, errors.New("a certificate of another group")
		}
		issuer, key := group, root
		if i+1 < len(chain) {
			above := chain[i+1]
			issuer, key = h8(above.signingKey), above.signingKey
			if above.role < roleRelay || c.role > above.role {
				return nil, errors.New("a role above its issuer's")
			}
		}
		if !bytes.Equal(c.issuer, issuer) || !c.signedBy(key) {
			return nil, fmt.Errorf("certificate %d is not its issuer's", i)
		}
	}
	return chain, nil
}

type invite struct {
	number   uint16
	rootHash []byte // first 80 bits
	secret   []byte
}

const inviteDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func parseInvite(code string) (*invite, error) {
	fix := strings.NewReplacer("-", "", "I", "1", "L", "1", "O", "0")
	code = fix.Replace(strings.ToUpper(code))
	if len(code) != 29 {
		return nil, errors.New("an invite code has 29 characters")
	}
	var digits []uint64
	crc := uint64(0)
	for _, c := range code {
		d := strings.IndexRune(inviteDigits, c)
		if d < 0 {
			return nil, fmt.Errorf("%q in an invite code", c)
		}
		digits = append(digits, uint64(d))
		for bit := 4; bit >= 0; bit-- {
			top := crc >> 9 & 1
			crc = crc << 1 & 0x3ff
			if top != uint64(d)>>uint(bit)&1 {
				crc ^= 1<<9 | 1<<5 | 1<<4 | 1<<1 | 1
			}
		}
	}
	if crc != 0 {
		return nil, errors.New("the check of the invite code is wrong")
	}
	pack := func(from, to int) []byte {
		var out []byte
		have, bits := uint64(0), 0
		for _, d := range digits[from:to] {
			have, bits = have<<5|d, bits+5
			if bits >= 8 {
				bits -= 8
				out = append(out, uint8(have>>uint(bits)))
			}
		}
		return out
	}
	i := &invite{number: uint16(digits[0]<<10 | digits[1]<<5 | digits[2])}
	i.rootHash, i.secret = pack(3, 19), pack(19, 27)
	if i.number == 0 {
		return nil, errInvalid
	}
	return i, nil
}

func (i *invite) psk(group []byte) []byte {
	var w writer
	w.u16(i.number)
	key := append(append([]byte{}, group...), "yizhan invite psk v1"...)
	return keyed32(key, w.data, i.secret)
}
