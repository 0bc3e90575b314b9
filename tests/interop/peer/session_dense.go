// Dense batches of a session as initiator: protocol.md 8.2 and 10.2.

package main

import (
	"errors"
	"fmt"
)

const (
	denseAtMost = 64 // changes; more go in rows
	denseFirst  = 40 // of the first batch
	refusedMost = 3
)

// denseState is what a session knows of dense batches.
type denseState struct {
	book       *book
	in         [classes]*unpacker
	out        packer
	plainly    bool              // begin without a history
	expected   map[string]cursor // ends of the parent's lists, as it must think
	upExpected cursor            // likewise the parent's of ours
	rows       int               // batches that did not go densely
}

func newDenseState(b *book) denseState {
	return denseState{book: b, out: packer{book: b}, expected: map[string]cursor{}}
}

// Downwards no life has a number, and there is no history.
func (s *session) known() [][]byte { return nil }

func (s *session) expects(list string, class uint8) cursor {
	return s.dense.expected[cursorKey(list, class)]
}

func (s *session) bodies([]byte, uint8, uint64, uint64) [][]byte { return nil }

// feedDense adds a DENSE message to its class; the class is told when the
// batch is whole, and -1 before.
func feedDense(in *[classes]*unpacker, b *book, body []byte) (int, error) {
	if len(body) < 2 || body[0]&0x7c != 0 {
		return -1, errors.New("a DENSE that does not fit")
	}
	class := int(body[0] & 3)
	if in[class] == nil {
		in[class] = &unpacker{book: b}
	}
	u := in[class]
	if u.packed = append(u.packed, body[1:]...); len(u.packed) > packedMax {
		return -1, errors.New("a dense batch that is too large")
	}
	if body[0]&denseEnd == 0 {
		class = -1
	}
	return class, nil
}

func (s *session) onDense(body []byte) error {
	class, err := feedDense(&s.dense.in, s.dense.book, body)
	if err != nil || class < 0 {
		return err
	}
	b, isRead, err := s.dense.in[class].take(uint8(class), s)
	if err != nil {
		return fmt.Errorf("dense batch: %w", err)
	}
	if !isRead {
		s.Unread++
		s.dense.expected[cursorKey(b.list, uint8(class))] = b.end
		s.answerWhere(b.list, uint8(class))
		return nil
	}
	s.DenseReceived++
	return s.onBatch(uint8(class), b)
}

func (s *session) batchesSent() int { return s.DenseSent + s.dense.rows }

// chooseBatch: the first is small and dense; of many the third goes in rows.
func (s *session) chooseBatch() (to uint64, isDense bool) {
	most := uint64(batchAtMost)
	if s.small {
		most = 1
	} else if s.batchesSent() == 0 {
		most = denseFirst
	}
	to = min(s.sentTo+most, s.Up.Place)
	isDense = to-s.sentTo <= denseAtMost && s.batchesSent()%3 != 2 &&
		!s.rowsOnly && !s.link.wantsRows
	if !isDense {
		s.dense.rows++
	}
	return
}

// packBatch packs what comes after what was sent; a new coder learns of the
// own log before it, unless the parent could not follow such a one.
func (s *session) packBatch(to uint64) ([]byte, error) {
	h, changes := s.packedBatch(s.sentTo, to)
	if s.dense.out.coder == nil {
		h.flags |= packedFresh
		var bodies [][]byte
		if s.sentTo > 0 && !s.dense.plainly {
			bodies = s.Own[s.sentTo-min(s.sentTo, historyUsual) : s.sentTo]
			h.history = history{uint64(len(bodies)), 0, s.sentTo, historyCheck(bodies)}
		}
		if s.forged && !s.dense.plainly {
			h.history.check ^= 1
		}
		s.Learned += len(bodies)
		if err := s.dense.out.begin(bodies); err != nil {
			return nil, err
		}
	}
	if h.start == s.dense.upExpected {
		h.flags |= packedFollows
		h.check = uint16(h.start.Running)
	}
	s.DenseSent++
	return s.dense.out.pack(h, changes, [][]byte{s.life()}), nil
}

// refused: a batch was not taken. All under way goes again from what is
// held, and the coder begins anew from the dictionary alone.
func (s *session) refused() error {
	if s.Refused++; s.Refused > refusedMost {
		return errors.New("the parent takes nothing")
	}
	s.dense.out.coder, s.dense.plainly = nil, true
	s.sendAgain()
	return nil
}

func (s *session) sendAgain() {
	for i := range s.unanswered {
		s.unanswered[i].void = true
	}
	s.sentTo = s.Receipted.Place
}
