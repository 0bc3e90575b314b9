// HELLO: protocol.md 8.1.

package main

import "time"

// hello is what HELLO says; a case may alter it before it is written.
type hello struct {
	versionMin, versionMax uint8
	role                   uint8
	clock                  uint8
	otherFlags             uint8 // those that no version knows
	now                    uint32
	epoch                  uint64
	cursors                uint32
	dictionaries           []uint32
	slips                  uint64
	held                   uint32 // where we believe the parent to stand
	lives                  [][]byte
	last                   [classes]uint64
	forked                 uint8
	bound                  uint64 // 0: none
}

func (n *node) hello() *hello {
	h := &hello{versionMin: 1, versionMax: 1, role: roleClinic, now: uint32(time.Now().Unix()),
		cursors: shortDigest(n.ownCursors()), slips: n.Slips,
		held:  shortDigest([]cursorOf{{"up", upClass, n.Receipted}}),
		lives: [][]byte{n.LifeNonce}}
	h.last[upClass] = uint64(len(n.Own))
	return h
}

func (h *hello) message() []byte {
	var w writer
	flags := h.role | h.clock<<2 | h.otherFlags
	if len(h.lives) > 0 {
		flags |= 8
	}
	w.u8(h.versionMin<<4 | h.versionMax)
	w.u8(flags)
	w.u32(h.now)
	w.varint(h.epoch)
	w.u32(h.cursors)
	w.u8(uint8(len(h.dictionaries)))
	for _, id := range h.dictionaries {
		w.u32(id)
	}
	if len(h.lives) > 0 {
		w.varint(h.slips)
		w.u32(h.held)
		w.varint(uint64(len(h.lives)))
	}
	for _, nonce := range h.lives {
		w.bytes(nonce)
		for _, seq := range h.last {
			w.varint(seq)
		}
		w.u8(h.forked)
	}
	if h.bound > 0 {
		w.varint(h.bound)
	}
	return oneMessage(typeHello, w.data)
}

// readHello takes one apart; of several lives the last seqs are not kept.
func readHello(body []byte) (*hello, error) {
	r := &reader{data: body}
	versions, flags := r.u8(), r.u8()
	h := &hello{versionMin: versions >> 4, versionMax: versions & 15,
		role: flags & 3, clock: flags >> 2 & 1, now: r.u32(), epoch: r.upTo(1<<32 - 1),
		cursors: r.u32()}
	for count := r.u8(); count > 0 && r.err == nil; count-- {
		h.dictionaries = append(h.dictionaries, r.u32())
	}
	if flags&8 != 0 {
		h.slips, h.held = r.varint(), r.u32()
		count := r.upTo(64)
		if count == 0 {
			r.fail(errInvalid)
		}
		for ; count > 0 && r.err == nil; count-- {
			h.lives = append(h.lives, r.bytes(16))
			for class := range h.last {
				h.last[class] = r.varint()
			}
			if h.forked = r.u8(); h.forked > 1 {
				r.fail(errInvalid)
			}
		}
	}
	if r.err == nil && len(r.data) > 0 {
		if h.bound = r.varint(); h.bound == 0 {
			r.fail(errInvalid)
		}
	}
	if flags&0xf0 != 0 || h.versionMin > h.versionMax || len(h.dictionaries) > 8 {
		r.fail(errInvalid)
	}
	return h, r.end()
}
