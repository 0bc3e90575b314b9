// What a hub must refuse of dense batches, or answer as not taken: protocol.md
// 10.2. After the latter the session goes on, and the changes go in rows.

package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
)

var errNotTaken = errors.New("not taken")

// two makes two changes and their batch, fresh and without a history.
func (a *attack) two() (*packedHeader, []*change) {
	for i := 0; i < 2; i++ {
		a.node.add(a.residentNamed())
	}
	a.hello.last[upClass] += 2
	h, changes := a.packedBatch(a.Receipted.Place, a.Up.Place)
	h.flags |= packedFresh
	return h, changes
}

// follow says where the batch starts, told wrong by so much.
func (h *packedHeader) follow(wrong uint16) {
	h.flags |= packedFollows
	h.check = uint16(h.start.Running) + wrong
}

// packed is a batch by a new coder.
func (a *attack) packed(h *packedHeader, changes []*change) []byte {
	if err := a.dense.out.begin(nil); err != nil {
		panic(err) // the shipped dictionary can be read
	}
	return a.dense.out.pack(h, changes, [][]byte{a.life()})
}

func (a *attack) sayDense(packed []byte) error {
	return a.say(denseMessages(upClass, packed, plainMax-8)...)
}

// header sends a batch with a header that is not as it must be.
func (a *attack) header(alter func(h *packedHeader)) error {
	h, changes := a.two()
	alter(h)
	return a.sayDense(a.packed(h, changes))
}

// denseKnown names a second life, where HELLO told one.
func (a *attack) denseKnown() error {
	h, changes := a.two()
	a.packed(h, nil) // for its coder
	return a.sayDense(a.dense.out.pack(h, changes, [][]byte{nil, a.life()}))
}

// denseNinth begins nine times, with nothing to tell.
func (a *attack) denseNinth() error {
	h, _ := a.packedBatch(a.Receipted.Place, a.Receipted.Place)
	h.flags |= packedFresh
	var frames [][]byte
	for i := 0; i <= freshMax; i++ {
		frames = append(frames, denseMessages(upClass, a.packed(h, nil), plainMax-8)...)
	}
	return a.say(frames...)
}

func (a *attack) denseLong() error {
	return a.sayDense(make([]byte, packedMax+1))
}

// denseCutBye leaves in the middle of a batch.
func (a *attack) denseCutBye() error {
	h, changes := a.two()
	cut := append([]byte{upClass}, a.packed(h, changes)...)
	return a.say(oneMessage(typeDense, cut), oneMessage(typeBye, nil))
}

func (a *attack) notTaken(alter func(h *packedHeader)) error {
	h, changes := a.two()
	alter(h)
	return a.unread(a.packed(h, changes))
}

// unread sends what must be answered by where the hub stands; then the two
// changes, in rows, must be taken in the same session.
func (a *attack) unread(packed []byte) error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	for _, m := range denseMessages(upClass, packed, plainMax-8) {
		if err := a.writeSealed(m); err != nil {
			return err
		}
	}
	a.rowsOnly = true
	a.sentTo = a.Up.Place
	a.unanswered = []sentBatch{{end: cursor{a.Up.Epoch, a.Up.Place, a.runningAt(a.Up.Place)}}}
	if err := a.converse(); err != nil {
		return err
	}
	if a.Refused != 1 || a.Sent != 2 || a.GroupHolds != a.Up.Place {
		return fmt.Errorf("refused %d, sent %d, at the group %d", a.Refused, a.Sent, a.GroupHolds)
	}
	return errNotTaken
}

func (a *attack) denseNonsense() error {
	h, changes := a.two()
	packed := a.packed(h, changes)
	packed[len(packed)-20] ^= 0x10
	return a.unread(packed)
}

// denseHeadless has a head of a log of which it has no change.
func (a *attack) denseHeadless() error {
	h, changes := a.two()
	h.lives = append(h.lives, h8([]byte("idle")))
	h.heads[0].life = 1
	return a.unread(a.packed(h, changes))
}

// What is wrong with the log itself is told as of rows.
func (a *attack) denseOther() error {
	h, changes := a.two()
	h.lives[0] = h8([]byte("another's"))
	for _, c := range changes {
		c.life = h.lives[0]
	}
	return a.sayDense(a.packed(h, changes))
}

func (a *attack) denseSignature() error {
	h, changes := a.two()
	h.heads[0].signature = a.head(a.Up.Place, ed25519.NewKeyFromSeed(random32()))
	return a.sayDense(a.packed(h, changes))
}

func (a *attack) denseGap() error {
	h, changes := a.two()
	changes[1].salt = changes[0].salt
	return a.sayDense(a.packed(h, changes[1:]))
}
