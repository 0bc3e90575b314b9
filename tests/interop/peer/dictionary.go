// Dictionaries of dense batches, and the characters' ranks: protocol.md 10.5.

package main

import (
	"encoding/binary"
	"errors"
	"os"
	"unicode/utf8"
)

const (
	dictionaryMax       = 65536
	dictionaryBodiesMax = 524288
	listedMax           = 3400
)

// alphabet: characters by rank and back.
type alphabet struct {
	chars []rune
	ranks map[rune]int
}

func newAlphabet(listed []byte) (*alphabet, error) {
	a := &alphabet{[]rune{0}, map[rune]int{}}
	if !utf8.Valid(listed) || utf8.RuneCount(listed) > listedMax {
		return nil, errors.New("an alphabet that does not fit")
	}
	for _, c := range string(listed) {
		if a.ranks[c] != 0 || c == 0 || c > 0xffff {
			return nil, errors.New("a character listed twice, or none")
		}
		a.add(c)
	}
	for c := rune(0x4e00); c <= 0x9fff; c++ {
		if a.ranks[c] == 0 {
			a.add(c)
		}
	}
	return a, nil
}

func (a *alphabet) add(c rune) {
	a.ranks[c] = len(a.chars)
	a.chars = append(a.chars, c)
}

// book is a dictionary; it is learned when it is first needed.
type book struct {
	id      uint32
	data    []byte
	learned *dense
}

// coder gives a new one that has learned the dictionary.
func (b *book) coder() (*dense, error) {
	if b.learned == nil {
		d, err := learnBook(b.data)
		if err != nil {
			return nil, err
		}
		b.learned = d
	}
	return b.learned.copy(), nil
}

func learnBook(data []byte) (*dense, error) {
	r := &reader{data: data}
	if len(data) > dictionaryMax || r.u8() != 1 {
		return nil, errors.New("no dictionary of version 1")
	}
	a, err := newAlphabet(r.string(dictionaryMax))
	if err != nil {
		return nil, err
	}
	count := r.upTo(dictionaryBodiesMax)
	d := &dense{model: newModel(), alphabet: a}
	from := d.open(r.data)
	for left, i := dictionaryBodiesMax, uint64(0); i < count && r.err == nil && d.err == nil; i++ {
		left -= len(d.decode(left))
	}
	if r.err == nil && (d.err != nil || !from.isDone()) {
		r.err = errDense
	}
	return d, r.err
}

// shippedBook is the dictionary of version 1.
func shippedBook() (*book, error) {
	data, err := os.ReadFile(os.Getenv("INTEROP_DICTIONARY"))
	if err != nil {
		return nil, err
	}
	return &book{id: binary.BigEndian.Uint32(h8(data)), data: data}, nil
}
