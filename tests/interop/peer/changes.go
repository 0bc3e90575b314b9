// Changes, logs, lists and batches: protocol.md 9 and 10, store.md "Change
// body".

package main

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strings"
)

// A change as a batch carries it.
type change struct {
	life []byte
	seq  uint64
	body []byte
	salt []byte // month and salt, where the batch gives them
}

func (c *change) id(class uint8) []byte {
	var w writer
	w.bytes(c.life)
	w.u8(class)
	w.u64(c.seq)
	return w.data
}

func (n *node) fingerprint(class uint8, c *change) uint64 {
	return c.fingerprint(class, n.FingerprintSecret)
}

func runOn(running, fingerprint uint64) uint64 {
	var w writer
	w.u64(running)
	w.u64(fingerprint)
	return number8(h8(w.data))
}

// month of a time, from January 1970; changes here are all of one time.
const (
	recordedAt    = 1777601829 // 2026-05-01
	recordedMonth = (2026-1970)*12 + 4
)

// residentBody is a record of a resident, founded by this change.
func residentBody(name, org string) []byte {
	var w writer
	w.u8(1)
	w.u8(1 << 3)
	w.varint(0)
	w.string([]byte("resident"))
	w.string([]byte("go"))
	w.varint(0) // parents
	w.string([]byte("D1"))
	w.string([]byte(org))
	w.signed(recordedAt - 5)
	w.signed(5)
	w.varint(1)
	w.varint(0)
	w.string([]byte("x_go_name"))
	w.u8(0x40 + uint8(len(name)))
	w.text(name)
	return w.data
}

const residentKind = 6

// richBody is one by the kind's number, which the dense coder takes apart,
// with a value of each sort; n makes it differ from others.
func richBody(n int, name, org string) []byte {
	text := func(s string) *value { return &value{sort: sortText, text: []byte(s)} }
	whole := func(sort uint8, n int64) *value { return &value{sort: sort, whole: n} }
	row := func(n int) *value {
		return &value{sort: sortObject, entries: []entry{
			{0, []byte("at"), whole(sortInstant, recordedAt-int64(n)*60)},
			{0, []byte("low"), &value{sort: sortNegative, number: uint64(n)}},
			{0, []byte("what"), text("血压 " + name)}}}
	}
	decimal := whole(sortDecimal, int64(1700+n%9*10+5))
	decimal.exponent = -1
	b := &body{flags: flagFounds, kind: residentKind, source: []byte("go"), by: []byte("D1"),
		org: []byte(org), occurredAt: recordedAt - int64(5+n%3), recordedAt: recordedAt,
		fields: []entry{
			{4, nil, text("张" + name)},
			{10, nil, whole(sortDay, int64(3000+n))},
			{18, nil, &value{sort: sortReference, text: []byte(org)}},
			{0, []byte("x_go_big"), &value{sort: sortInteger, number: uint64(n) << uint(n%40)}},
			{0, []byte("x_go_name"), text(name)},
			{0, []byte("x_go_odd"), &value{sort: uint8(n % 3)}},
			{0, []byte("x_go_rows"), &value{sort: sortArray, elements: []*value{row(n), row(n + 1)}}},
			{0, []byte("x_go_size"), decimal},
			{0, []byte("x_go_text"), text(strings.Repeat("头晕、乏力 3 天，无😀发热。", n%5))},
		}}
	return b.put()
}

// residentNamed is either form in turn.
func (n *node) residentNamed() []byte {
	seq, org := len(n.Own)+1, n.certificates()[0].orgs[0]
	name := fmt.Sprintf("go-%d", seq)
	if seq%4 == 0 {
		return residentBody(name, org) // by the kind's name
	}
	return richBody(seq, name, org)
}

// add appends a change to the own log and to the list up.
func (n *node) add(body []byte) {
	n.Own = append(n.Own, body)
	n.Up.Place++
	n.Up.Running = n.runningAt(n.Up.Place)
}

func (n *node) own(seq uint64) *change {
	return &change{life: n.life(), seq: seq, body: n.Own[seq-1]}
}

func monthSalt(secret []byte, month uint16) []byte {
	return keyed32(secret, []byte("month"), binary.BigEndian.AppendUint16(nil, month))
}

func (n *node) salt() []byte { return monthSalt(n.LogSecret, recordedMonth) }

func chainStart(life []byte, class uint8) []byte { return h32(life, []byte{class}) }

func (c *change) commitment(class uint8, salt []byte) []byte {
	return keyed32(salt, []byte{1}, c.id(class), c.body)
}

func (c *change) fingerprint(class uint8, secret []byte) uint64 {
	f := number8(digest(8, secret, [][]byte{c.id(class), c.body}))
	if f == 0 {
		f = 1
	}
	return f
}

func signHead(signer ed25519.PrivateKey, life []byte, class uint8, seq uint64, chain []byte) []byte {
	var w writer
	w.text("yizhan log head v1\x00")
	w.bytes(life)
	w.u8(class)
	w.u64(seq)
	w.bytes(chain)
	return ed25519.Sign(signer, w.data)
}

// chain of the own log after seq changes.
func (n *node) chain(seq uint64) []byte {
	if len(n.chains) == 0 {
		n.chains = [][]byte{chainStart(n.life(), upClass)}
	}
	for s := uint64(len(n.chains)); s <= seq; s++ {
		commitment := n.own(s).commitment(upClass, n.salt())
		n.chains = append(n.chains, h32(n.chains[s-1], commitment))
	}
	return n.chains[seq]
}

func (n *node) head(seq uint64, signer ed25519.PrivateKey) []byte {
	return signHead(signer, n.life(), upClass, seq, n.chain(seq))
}

// runningAt is the running hash of the list up, which here is the log.
func (n *node) runningAt(place uint64) uint64 {
	if len(n.runnings) == 0 {
		n.runnings = []uint64{0}
	}
	for s := uint64(len(n.runnings)); s <= place; s++ {
		f := n.fingerprint(upClass, n.own(s))
		n.runnings = append(n.runnings, runOn(n.runnings[s-1], f))
	}
	return n.runnings[place]
}

// lies are what a batch may say that is not so.
type lies struct {
	life   []byte
	signer ed25519.PrivateKey
	skip   uint64 // changes left out at the front, while the seqs go on
}

// batch of the list up, of the places after from.
func (n *node) batch(from, to uint64, lie lies) []byte {
	var w writer
	life, signer := n.life(), n.Signing
	if lie.life != nil {
		life = lie.life
	}
	if lie.signer != nil {
		signer = lie.signer
	}
	w.u8(0)
	w.string([]byte("up"))
	for _, place := range []uint64{from, to} {
		w.u32(n.Up.Epoch)
		w.varint(place)
		w.u64(n.runningAt(place))
	}
	if to == from {
		w.varint(0)
		w.varint(0)
		w.varint(0)
		return w.data
	}
	w.varint(1)
	w.bytes(life)
	w.varint(to - from - lie.skip)
	before := uint64(0)
	for s := from + 1 + lie.skip; s <= to; s++ {
		w.varint(0)
		w.signed(int64(s - before))
		before = s
		if s == from+1+lie.skip {
			w.u8(1)
			w.u16(recordedMonth)
			w.bytes(n.salt())
		} else {
			w.u8(0)
		}
		w.string(n.own(s).body)
	}
	w.varint(1)
	w.varint(0)
	w.varint(to)
	w.bytes(n.head(to, signer))
	return w.data
}

// packedBatch is the same in dense form.
func (n *node) packedBatch(from, to uint64) (*packedHeader, []*change) {
	h := &packedHeader{flags: packedUp, list: "up", places: to - from,
		start:   cursor{n.Up.Epoch, from, n.runningAt(from)},
		running: n.runningAt(to), lives: [][]byte{n.life()}}
	if to > from {
		h.heads = []packedHead{{0, n.head(to, n.Signing)}}
	}
	var changes []*change
	for s := from + 1; s <= to; s++ {
		c := n.own(s)
		if s == from+1 {
			c.salt = append(binary.BigEndian.AppendUint16(nil, recordedMonth), n.salt()...)
		}
		changes = append(changes, c)
	}
	return h, changes
}

// received is a batch of the parent's, taken apart.
type received struct {
	list       string
	start, end cursor
	changes    []*change
	heads      []head
}

type head struct {
	life      []byte
	seq       uint64
	signature []byte
}

func readBatch(raw []byte) (*received, error) {
	r := &reader{data: raw}
	b := &received{}
	if format := r.u8(); format != 0 {
		return nil, fmt.Errorf("batch format %d", format)
	}
	name := r.string(80)
	b.list = string(name)
	b.start = cursor{r.u32(), r.varint(), r.u64()}
	b.end = cursor{r.u32(), r.varint(), r.u64()}
	if len(name) == 0 || b.start.Epoch != b.end.Epoch || b.end.Epoch == 0 ||
		b.start.Place > b.end.Place {
		r.fail(errInvalid)
	}
	var lives [][]byte
	for count := r.upTo(520); count > 0 && r.err == nil; count-- {
		lives = append(lives, r.bytes(8))
	}
	last := make([]uint64, len(lives))
	for count := r.upTo(512); count > 0 && r.err == nil; count-- {
		index := r.varint()
		if index >= uint64(len(lives)) {
			r.fail(errInvalid)
			break
		}
		last[index] += uint64(r.signed())
		flags := r.u8()
		if flags > 1 || last[index] == 0 {
			r.fail(errInvalid)
		}
		c := &change{life: lives[index], seq: last[index]}
		if flags == 1 {
			c.salt = r.bytes(2 + 32)
		}
		c.body = r.string(65536)
		b.changes = append(b.changes, c)
	}
	for count := r.upTo(8); count > 0 && r.err == nil; count-- {
		index := r.varint()
		if index >= uint64(len(lives)) {
			r.fail(errInvalid)
			break
		}
		b.heads = append(b.heads, head{lives[index], r.varint(), r.bytes(ed25519.SignatureSize)})
	}
	return b, r.end()
}
