// Change bodies, taken apart: store.md, "Change body" and "Values", as far as
// protocol.md 10.3 asks.

package main

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

const (
	bodyMax     = 65536
	parentsMax  = 32
	entriesMax  = 512
	depthMax    = 16
	flagFounds  = 8
	shortBefore = 64 // bytes of a text in its tag
	smallBefore = 128
)

// Sorts of values; they are the tags as well, but for what is short.
const (
	sortNull = iota
	sortFalse
	sortTrue
	sortInteger
	sortNegative
	sortDecimal
	sortText
	sortArray
	sortObject
	sortReference
	sortDay
	sortInstant
	sorts
)

type value struct {
	sort     uint8
	number   uint64 // integer, or -1 - negative
	whole    int64  // mantissa, day, instant
	exponent int64
	text     []byte
	elements []*value
	entries  []entry
}

type entry struct {
	number uint64 // 0: name
	name   []byte
	value  *value
}

type bodyParent struct {
	where uint8
	link  []byte // life and link
	class uint8
	seq   uint64
}

type body struct {
	flags                  uint8
	kind                   uint64
	source, ref, by, org   []byte
	parents                []bodyParent
	occurredAt, recordedAt int64
	fields                 []entry
}

var errIrregular = errors.New("a body that cannot be taken apart")

// takeApart gives nil for a body that would not come back byte by byte.
func takeApart(raw []byte) *body {
	r := &reader{data: raw}
	b := &body{}
	version := r.u8()
	b.flags = r.u8()
	b.kind = r.varint()
	b.source = readText(r)
	if b.flags&flagFounds == 0 {
		b.ref = readText(r)
	}
	for count := r.upTo(parentsMax); count > 0 && r.err == nil; count-- {
		p := bodyParent{where: r.u8()}
		if p.where > 1 {
			r.fail(errIrregular)
		}
		if p.where == 1 {
			p.link = r.bytes(12)
		}
		p.class, p.seq = r.u8(), r.varint()
		b.parents = append(b.parents, p)
	}
	b.by, b.org = readText(r), readText(r)
	b.occurredAt = r.signed()
	b.recordedAt = b.occurredAt + r.signed()
	b.fields = readEntries(r, 0)
	if r.end() != nil || version != 1 || b.kind == 0 || b.kind > 65535 ||
		!bytes.Equal(b.put(), raw) {
		return nil
	}
	return b
}

func readText(r *reader) []byte { return checkText(r, r.string(bodyMax)) }

func checkText(r *reader, text []byte) []byte {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		r.fail(errIrregular)
	}
	return text
}

func readEntries(r *reader, depth int) []entry {
	var out []entry
	for count := r.upTo(entriesMax); count > 0 && r.err == nil; count-- {
		e := entry{number: r.upTo(1<<32 - 1)}
		if e.number == 0 {
			e.name = readText(r)
		}
		e.value = readValue(r, depth+1)
		out = append(out, e)
	}
	return out
}

func readValue(r *reader, depth int) *value {
	tag := r.u8()
	v := &value{sort: tag}
	switch {
	case depth > depthMax:
		r.fail(errIrregular)
		return v
	case tag >= smallBefore:
		v.sort, v.number = sortInteger, uint64(tag-smallBefore)
		return v
	case tag >= shortBefore:
		v.sort, v.text = sortText, checkText(r, r.bytes(uint64(tag-shortBefore)))
		return v
	}
	switch tag {
	case sortNull, sortFalse, sortTrue:
	case sortInteger, sortNegative:
		v.number = r.varint()
	case sortDecimal:
		v.whole, v.exponent = r.signed(), r.signed()
	case sortText, sortReference:
		v.text = readText(r)
	case sortArray:
		for count := r.varint(); count > 0 && r.err == nil; count-- {
			v.elements = append(v.elements, readValue(r, depth+1))
		}
	case sortObject:
		v.entries = readEntries(r, depth)
	case sortDay, sortInstant:
		v.whole = r.signed()
	default:
		r.fail(errIrregular)
	}
	return v
}

func (b *body) put() []byte {
	var w writer
	w.u8(1)
	w.u8(b.flags)
	w.varint(b.kind)
	w.string(b.source)
	if b.flags&flagFounds == 0 {
		w.string(b.ref)
	}
	w.varint(uint64(len(b.parents)))
	for _, p := range b.parents {
		w.u8(p.where)
		w.bytes(p.link)
		w.u8(p.class)
		w.varint(p.seq)
	}
	w.string(b.by)
	w.string(b.org)
	w.signed(b.occurredAt)
	w.signed(b.recordedAt - b.occurredAt)
	putEntries(&w, b.fields)
	return w.data
}

func putEntries(w *writer, entries []entry) {
	w.varint(uint64(len(entries)))
	for _, e := range entries {
		w.varint(e.number)
		if e.number == 0 {
			w.string(e.name)
		}
		e.value.put(w)
	}
}

func (v *value) put(w *writer) {
	switch {
	case v.sort == sortInteger && v.number < smallBefore:
		w.u8(smallBefore + uint8(v.number))
		return
	case v.sort == sortText && len(v.text) < shortBefore:
		w.u8(shortBefore + uint8(len(v.text)))
		w.bytes(v.text)
		return
	}
	w.u8(v.sort)
	switch v.sort {
	case sortInteger, sortNegative:
		w.varint(v.number)
	case sortDecimal:
		w.signed(v.whole)
		w.signed(v.exponent)
	case sortText, sortReference:
		w.string(v.text)
	case sortArray:
		w.varint(uint64(len(v.elements)))
		for _, e := range v.elements {
			e.put(w)
		}
	case sortObject:
		putEntries(w, v.entries)
	case sortDay, sortInstant:
		w.signed(v.whole)
	}
}
