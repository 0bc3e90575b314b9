// Dense batches: protocol.md 10.2. The coder is in dense.go.

package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
)

const (
	packedMax      = 262144
	historyMax     = 1024
	historyBytes   = 786432
	historyUsual   = 256
	freshMax       = 8
	bodiesFree     = 65536
	bodiesRatio    = 600
	packedFresh    = 1
	packedFollows  = 2
	packedUp       = 4
	denseEnd       = 0x80
	factLife       = 0
	factStep       = 1
	factSalt       = 2
	factMonth      = 3
	saltBytes      = 32
	packedLivesMax = 512
)

// packedHeader is all of a dense batch but its changes.
type packedHeader struct {
	flags      uint8
	list       string
	check      uint16
	start      cursor // with follows: where the receiver expects it
	places     uint64
	running    uint64 // at the end
	lives      [][]byte
	count      uint64
	heads      []packedHead
	dictionary uint32 // 0: the one of version 1
	history    history
}

type packedHead struct {
	life      uint64 // index
	signature []byte
}

// history is changes of a log that both hold, up to and with seq.
type history struct {
	count, life, seq uint64
	check            uint16
}

func (h *packedHeader) end() cursor {
	return cursor{h.start.Epoch, h.start.Place + h.places, h.running}
}

func lifeIndex(known [][]byte, life []byte) uint64 {
	for i, k := range known {
		if bytes.Equal(k, life) {
			return uint64(i) + 1
		}
	}
	return 0
}

// write puts the header; known are the lives in the initiator's HELLO.
func (h *packedHeader) write(w *writer, known [][]byte) {
	w.u8(h.flags)
	if h.flags&packedUp == 0 {
		w.string([]byte(h.list))
	}
	if h.flags&packedFollows != 0 {
		w.u16(h.check)
	} else {
		w.u32(h.start.Epoch)
		w.varint(h.start.Place)
		w.u64(h.start.Running)
	}
	w.varint(h.places)
	w.u64(h.running)
	w.varint(uint64(len(h.lives)))
	for _, life := range h.lives {
		index := lifeIndex(known, life)
		w.varint(index)
		if index == 0 {
			w.bytes(life)
		}
	}
	w.varint(h.count)
	w.varint(uint64(len(h.heads)))
	for _, head := range h.heads {
		w.varint(head.life)
		w.bytes(head.signature)
	}
	if h.flags&packedFresh != 0 {
		h.writeBeginning(w)
	}
}

func (h *packedHeader) writeBeginning(w *writer) {
	if h.dictionary == 0 {
		w.varint(0)
	} else {
		w.varint(1)
		w.u32(h.dictionary)
	}
	w.varint(h.history.count)
	if h.history.count > 0 {
		w.varint(h.history.life)
		w.varint(h.history.seq)
		w.u16(h.history.check)
	}
}

func readPackedHeader(r *reader, known [][]byte) *packedHeader {
	h := &packedHeader{flags: r.u8(), list: "up"}
	if h.flags > packedFresh|packedFollows|packedUp {
		r.fail(errInvalid)
	}
	if h.flags&packedUp == 0 {
		name := r.string(80)
		h.list = string(name)
		if len(name) == 0 || bytes.IndexByte(name, 0) >= 0 || h.list == "up" {
			r.fail(errInvalid)
		}
	}
	if h.flags&packedFollows != 0 {
		h.check = r.u16()
	} else if h.start = (cursor{r.u32(), r.varint(), r.u64()}); h.start.Epoch == 0 {
		r.fail(errInvalid)
	}
	h.places, h.running = r.varint(), r.u64()
	if h.start.Place+h.places < h.places {
		r.fail(errInvalid)
	}
	for count := r.upTo(packedLivesMax); count > 0 && r.err == nil; count-- {
		if index := r.upTo(uint64(len(known))); index > 0 {
			h.lives = append(h.lives, known[index-1])
		} else {
			h.lives = append(h.lives, r.bytes(8))
		}
	}
	h.count = r.upTo(512)
	for count := r.upTo(8); count > 0 && r.err == nil; count-- {
		h.heads = append(h.heads, packedHead{h.index(r), r.bytes(ed25519.SignatureSize)})
	}
	if h.flags&packedFresh != 0 {
		h.readBeginning(r)
	}
	return h
}

// index is that of a life there is.
func (h *packedHeader) index(r *reader) uint64 {
	i := r.varint()
	if i >= uint64(len(h.lives)) {
		r.fail(errInvalid)
	}
	return i
}

func (h *packedHeader) readBeginning(r *reader) {
	if r.upTo(1) == 1 {
		if h.dictionary = r.u32(); h.dictionary == 0 {
			r.fail(errInvalid)
		}
	}
	if h.history.count = r.upTo(historyMax); h.history.count > 0 {
		h.history.life = h.index(r)
		h.history.seq, h.history.check = r.varint(), r.u16()
		if h.history.seq < h.history.count {
			r.fail(errInvalid)
		}
	}
}

func bodiesCheck(bodies [][]byte) []byte { return h8(bodies...)[:4] }

// historyCheck is of the bodies with their lengths.
func historyCheck(bodies [][]byte) uint16 {
	var w writer
	for _, b := range bodies {
		w.string(b)
	}
	return uint16(bigEndian(h8(w.data)[:4]))
}

// --- out

// packer sends one class. Lies may be told by altering a header.
type packer struct {
	book  *book
	coder *dense
}

// begin makes a new coder that has learned so many bodies.
func (p *packer) begin(bodies [][]byte) (err error) {
	if p.coder, err = p.book.coder(); err != nil {
		return err
	}
	for _, b := range bodies {
		p.coder.learn(b)
	}
	return nil
}

// pack gives a whole batch; h.lives must hold the changes' lives.
func (p *packer) pack(h *packedHeader, changes []*change, known [][]byte) []byte {
	var w writer
	h.count = uint64(len(changes))
	h.write(&w, known)
	w.bytes(p.changes(h, changes))
	return w.data
}

func (p *packer) changes(h *packedHeader, changes []*change) []byte {
	e, d := newEncoder(), p.coder
	d.through, d.decoding = e, false
	last := make([]uint64, len(h.lives))
	var bodies [][]byte
	for _, c := range changes {
		life := lifeIndex(h.lives, c.life) - 1
		step := int64(c.seq - last[life])
		last[life] = c.seq
		d.fact(factLife, life)
		d.fact(factStep, uint64(step)<<1^uint64(step>>63))
		if c.salt == nil {
			d.fact(factSalt, 0)
		} else {
			d.fact(factSalt, 1)
			d.fact(factMonth, bigEndian(c.salt[:2]))
			d.plainBytes(c.salt[2:])
		}
		d.body(c.body)
		bodies = append(bodies, c.body)
	}
	d.plainBytes(bodiesCheck(bodies))
	return e.finish()
}

// denseMessages cuts a packed batch into messages of at most so many bytes.
func denseMessages(class uint8, packed []byte, most int) [][]byte {
	var out [][]byte
	for len(packed) > most {
		out = append(out, oneMessage(typeDense, append([]byte{class}, packed[:most]...)))
		packed = packed[most:]
	}
	return append(out, oneMessage(typeDense, append([]byte{class | denseEnd}, packed...)))
}

// --- in

// places knows what a receiver holds and where it expects a batch to start.
type places interface {
	known() [][]byte
	expects(list string, class uint8) cursor
	// bodies of a log, up to and with seq; nil: not all are here.
	bodies(life []byte, class uint8, seq, count uint64) [][]byte
}

// unpacker receives one class.
type unpacker struct {
	book       *book
	coder      *dense // nil: not begun, or lost its thread
	packed     []byte
	beginnings int
	learned    int // changes of histories
}

// take gives the batch whose last bytes came. A batch that cannot be read has
// only its list and its end, and isRead is false.
func (u *unpacker) take(class uint8, at places) (b *received, isRead bool, err error) {
	r := &reader{data: u.packed}
	size := len(u.packed)
	u.packed = nil
	h := readPackedHeader(r, at.known())
	if r.err != nil {
		return nil, false, r.err
	}
	isPlaced := true
	if h.flags&packedFollows != 0 {
		h.start = at.expects(h.list, class)
		isPlaced = h.start.Epoch != 0 && uint16(h.start.Running) == h.check
	}
	b = &received{list: h.list, start: h.start, end: h.end()}
	if h.flags&packedFresh != 0 {
		if u.beginnings++; u.beginnings > freshMax {
			return nil, false, errors.New("too many beginnings")
		}
		if err = u.begin(h, class, at); err != nil {
			return nil, false, err
		}
	}
	if u.coder == nil || !u.changes(h, r.data, size, b) {
		u.coder = nil
		b.changes, b.heads = nil, nil
		return b, false, nil
	}
	return b, isPlaced, nil
}

func (u *unpacker) begin(h *packedHeader, class uint8, at places) (err error) {
	u.coder = nil
	if h.dictionary != 0 {
		return nil // none but the one of version 1 is here
	}
	var bodies [][]byte
	if h.history.count > 0 {
		life := h.lives[h.history.life]
		if lifeIndex(at.known(), life) == 0 {
			return nil // what is said of others' changes would tell of them
		}
		bodies = at.bodies(life, class, h.history.seq, h.history.count)
		if bodies == nil || historyCheck(bodies) != h.history.check {
			return nil
		}
	}
	if u.coder, err = u.book.coder(); err != nil {
		return err
	}
	for _, b := range bodies {
		u.coder.learn(b)
	}
	u.learned += len(bodies)
	return nil
}

func (u *unpacker) changes(h *packedHeader, in []byte, size int, b *received) bool {
	from, d := u.coder.open(in), u.coder
	room := min(uint64(bodiesFree+bodiesRatio*size), batchMax)
	last := make([]uint64, len(h.lives))
	var bodies [][]byte
	for i := uint64(0); i < h.count && d.err == nil; i++ {
		life := d.fact(factLife, 0)
		step := d.fact(factStep, 0)
		if life >= uint64(len(h.lives)) {
			return false
		}
		last[life] += step>>1 ^ -(step & 1)
		c := &change{life: h.lives[life], seq: last[life]}
		isSound := last[life] != 0
		switch d.fact(factSalt, 0) {
		case 0:
		case 1:
			month := d.fact(factMonth, 0)
			isSound = isSound && month <= 65535
			c.salt = append([]byte{uint8(month >> 8), uint8(month)},
				d.plainBytes(make([]byte, saltBytes))...)
		default:
			isSound = false
		}
		if !isSound {
			return false
		}
		c.body = d.decode(int(room))
		room -= min(room, uint64(len(c.body)))
		bodies = append(bodies, c.body)
		b.changes = append(b.changes, c)
	}
	check := d.plainBytes(make([]byte, 4))
	if d.err != nil || !from.isDone() || !bytes.Equal(check, bodiesCheck(bodies)) {
		return false
	}
	for _, of := range h.heads {
		if last[of.life] == 0 {
			return false
		}
		b.heads = append(b.heads, head{h.lives[of.life], last[of.life], of.signature})
	}
	return true
}
