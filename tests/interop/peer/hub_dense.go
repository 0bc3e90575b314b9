// Dense batches at the hub: protocol.md 8.2 and 10.2.

package main

import (
	"errors"
	"fmt"
)

// servedDense is what one connection knows of them.
type servedDense struct {
	in       [classes]*unpacker
	lives    [][]byte // as HELLO told them
	expected map[uint8]cursor
	taken    int // batches that were read
	lost     int // and that were not
}

func (d *servedDense) begin(s *served, h *hello) {
	d.expected = map[uint8]cursor{}
	for class, c := range s.cursors {
		d.expected[class] = c
	}
	for _, nonce := range h.lives {
		d.lives = append(d.lives, h8(s.child.signingKey, nonce))
	}
}

func (d *servedDense) learned() int {
	sum := 0
	for _, u := range d.in {
		if u != nil {
			sum += u.learned
		}
	}
	return sum
}

func (s *served) known() [][]byte { return s.dense.lives }

func (s *served) expects(list string, class uint8) cursor {
	if list != "up" {
		return cursor{}
	}
	return s.dense.expected[class]
}

func (s *served) bodies(life []byte, class uint8, seq, count uint64) [][]byte {
	held := s.goHub.bodies[logKey{string(life), class}]
	if s.forgets || seq > uint64(len(held)) {
		return nil
	}
	return held[seq-count : seq]
}

func (s *served) onDense(body []byte) error {
	class, err := feedDense(&s.dense.in, s.book, body)
	if err != nil || class < 0 {
		return err
	}
	b, isRead, err := s.dense.in[class].take(uint8(class), s)
	if err != nil {
		return fmt.Errorf("dense batch: %w", err)
	}
	if !isRead {
		s.dense.lost++
		s.dense.expected[uint8(class)] = b.end
		s.answerWhere(uint8(class))
		return nil
	}
	s.dense.taken++
	return s.onBatch(uint8(class), b)
}

// answerWhere tells where we stand in the child's list.
func (s *served) answerWhere(class uint8) {
	var w writer
	answer := cursorOf{"up", class, s.cursors[class]}
	answer.write(&w)
	w.varint(0)
	s.answers.message(typeReceipt, w.data)
}

// downEnds are the ends of the list's batches, one a change.
func (s *served) downEnds() []cursor {
	var out []cursor
	end := cursor{s.down.Epoch, 0, 0}
	for _, c := range s.downChanges {
		end.Place++
		end.Running = runOn(end.Running, c.fingerprint(downClass, s.fingerprintSecret))
		out = append(out, end)
	}
	return out
}

// downMessages has the list's changes, each in a batch: a dense one that tells
// where it starts, one in rows, and a dense one that follows.
func (s *served) downMessages() ([]byte, error) {
	var w writer
	p := &packer{book: s.book}
	if err := p.begin(nil); err != nil {
		return nil, err
	}
	start := cursor{s.down.Epoch, 0, 0}
	for i, end := range s.downEnds() {
		c := s.downChanges[i]
		if i == 1 {
			w.bytes(dataMessage(downClass, (&outStream{}).put(s.downRows(start, end, c))))
			start = end
			continue
		}
		h := &packedHeader{list: "org:" + hubOrg, start: start, places: 1,
			running: end.Running, lives: [][]byte{c.life}}
		if i == 0 {
			h.flags = packedFresh
		} else {
			h.flags, h.check = packedFollows, uint16(start.Running)
		}
		packed := p.pack(h, []*change{c}, nil)
		if s.spoilt && i == 0 {
			packed[len(packed)-1] ^= 1
		}
		for _, m := range denseMessages(downClass, packed, plainMax-8) {
			w.bytes(m)
		}
		start = end
	}
	return w.data, nil
}

// onAnswers: so many batches are held to their ends.
func (s *served) onAnswers(count int) error {
	if count > len(s.under) {
		return errors.New("an answer to nothing")
	}
	s.receipted = s.under[count-1]
	s.under = s.under[count:]
	s.Receipts += count
	return nil
}

// onNotTaken: a batch was answered by where the child stood before it.
func (s *served) onNotTaken(at cursor) error {
	if len(s.under) == 0 || at != s.receipted {
		return errors.New("a batch that cannot be read was taken")
	}
	s.under = s.under[1:]
	s.NotTaken++
	return nil
}
