// Dense coding of bodies: protocol.md 10.3. What is here works in both
// directions: each call takes a value and gives the one that was coded, which
// differs only in decoding.

package main

import (
	"errors"
	"unicode/utf8"
)

const (
	oneByteRanks = 160
	escape       = 255
	numberedMax  = 48
	prefixChars  = 20
)

var errDense = errors.New("dense bytes that cannot be decoded")

type numbered struct {
	key  uint32
	text []byte
}

// dense is a coder: what it has learned, and what it remembers.
type dense struct {
	model    *model
	alphabet *alphabet

	occurredAt, recordedAt int64
	kind                   uint32
	author, org, subject   uint32
	record, key            uint32
	last, last2            uint32
	before                 [4096]uint32
	numbered               [512]numbered

	through  coder
	decoding bool
	room     int // bytes that may yet be decoded
	err      error
}

// copy gives one that goes on as d would. Texts are never altered in place.
func (d *dense) copy() *dense {
	out, m := *d, *d.model
	out.model = &m
	return &out
}

func hash(a, b uint32) uint32 {
	x := a*0x9e3779b1 ^ (b+0x7f4a7c15)*0x85ebca6b
	x ^= x >> 16
	x *= 0x2c1b3c6d
	return x ^ x>>14
}

func (d *dense) fail() {
	if d.err == nil {
		d.err = errDense
	}
}

// takes counts decoded bytes; false: there are too many, or a fault.
func (d *dense) takes(bytes int) bool {
	if d.decoding {
		if d.room -= bytes; d.room < 0 {
			d.fail()
		}
	}
	return d.err == nil
}

func (d *dense) note(path, x uint32) {
	d.before[path%4096] = x
	d.last2, d.last = d.last, x
}

func (d *dense) noteNumber(path uint32, n uint64) {
	d.note(path, hash(uint32(n), uint32(n>>32)))
}

func (d *dense) symbol(kind int, path, salt uint32, bits uint, symbol uint8) uint8 {
	here := hash(path, salt)
	ha := hash(here, d.author)
	return d.model.symbol(d.through, kind, bits, &[contexts]uint32{
		here, hash(here, d.last), ha, hash(here, d.key), hash(here, d.before[path%4096]),
		hash(ha, d.last), hash(here, d.record), hash(ha, d.key)}, symbol)
}

func (d *dense) number(path, salt uint32, n uint64) uint64 {
	size := uint8(0)
	for size < 64 && n>>size != 0 {
		size++
	}
	if size = d.symbol(symSize, path, salt, 7, size); size == 0 {
		return 0
	}
	if size > 64 {
		size = 64
	}
	above, got := hash(salt, uint32(size)), uint64(1)
	for left := uint(size) - 1; left > 0; {
		bits := left % 8
		if bits == 0 {
			bits = 8
		}
		part := uint8(n >> (left - bits) & (1<<bits - 1))
		part = d.symbol(symDigits, path, above+uint32(left), bits, part)
		got = got<<bits | uint64(part)
		above = hash(above, uint32(part))
		left -= bits
	}
	return got
}

func (d *dense) signed(path, salt uint32, n int64) int64 {
	code := d.number(path, salt, uint64(n)<<1^uint64(n>>63))
	return int64(code>>1) ^ -int64(code&1)
}

// plain bits are coded as they are.
func (d *dense) plain(bits uint, n uint32) uint32 {
	out := uint32(0)
	for bits > 0 {
		bits--
		out = out<<1 | uint32(d.through.bit(32768, int(n>>bits&1)))
	}
	return out
}

func (d *dense) plainBytes(in []byte) []byte {
	out := make([]byte, len(in))
	for i, b := range in {
		out[i] = uint8(d.plain(8, uint32(b)))
	}
	return out
}

// fact is a number of a batch.
func (d *dense) fact(which uint32, n uint64) uint64 {
	d.last, d.last2, d.key, d.author, d.subject, d.record = 0, 0, 0, 0, 0, 0
	return d.number(16+which, 0, n)
}

// --- strings

// passage is a string under way.
type passage struct {
	path, prefix uint32
	counted      int
	chars        [5]uint32 // the last one first
}

func (p *passage) pass(c uint32) {
	copy(p.chars[1:], p.chars[:4])
	p.chars[0] = c
	p.prefix = hash(p.prefix, c)
	p.counted++
}

func (d *dense) byteOf(p *passage, kind int, e uint32, b uint8) uint8 {
	var o [6]uint32
	o[0] = e
	for i, c := range p.chars {
		o[i+1] = hash(o[i], c)
	}
	w := hash(hash(p.path, p.prefix), e)
	context := [contexts]uint32{hash(p.path, e), hash(p.path, o[1]), o[2], w, o[3],
		hash(w, d.last), hash(w, d.author), hash(w, d.key^d.subject*3)}
	if p.counted >= prefixChars {
		context[3] = hash(hash(p.chars[0], p.chars[2]), e)
		context[5] = hash(hash(p.chars[1], p.chars[2]), e)
		context[6] = o[5]
		context[7] = hash(d.author, o[1])
	}
	return d.model.symbol(d.through, kind, 8, &context, b)
}

func (d *dense) char(p *passage, kind int, c rune) rune {
	rank := d.alphabet.ranks[c]
	first, second := uint8(rank), uint8(0)
	if rank >= oneByteRanks {
		first = uint8(oneByteRanks + (rank-oneByteRanks)/256)
		second = uint8((rank - oneByteRanks) % 256)
	}
	if rank == 0 && c != 0 {
		first = escape
	}
	first = d.byteOf(p, kind, 0, first)
	switch {
	case first == escape:
		c = rune(d.plain(5, uint32(c>>16))<<16 | d.plain(16, uint32(c&0xffff)))
		if c == 0 || !utf8.ValidRune(c) {
			d.fail()
		}
	case first >= oneByteRanks:
		second = d.byteOf(p, symText2, uint32(first)+1, second)
		rank = oneByteRanks + (int(first)-oneByteRanks)*256 + int(second)
		if rank >= len(d.alphabet.chars) {
			d.fail()
			return 0
		}
		c = d.alphabet.chars[rank]
	default:
		c = d.alphabet.chars[first]
	}
	p.pass(uint32(c))
	return c
}

// digitsOf finds the last run of 3 to 15 digits.
func digitsOf(text []byte) (begin, end int) {
	isDigit := func(i int) bool { return i >= 0 && text[i] >= '0' && text[i] <= '9' }
	for end = len(text); end > 0; end-- {
		if !isDigit(end - 1) {
			continue
		}
		begin = end
		for isDigit(begin - 1) {
			begin--
		}
		if end-begin >= 3 && end-begin <= 15 {
			return begin, end
		}
		end = begin + 1
	}
	return 0, 0
}

func decimal(digits []byte) uint64 {
	n := uint64(0)
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	return n
}

// further codes a reference by how much its number is further than that of
// the one before at n, if it is so; it gives what is coded then.
func (d *dense) further(p *passage, n *numbered, k uint32, text []byte) []byte {
	begin, end := digitsOf(n.text)
	if n.key != k || end == 0 {
		return nil
	}
	mode := uint8(0)
	if first, last := digitsOf(text); !d.decoding && len(text) < numberedMax &&
		first == begin && last == end && string(text[:begin]) == string(n.text[:begin]) {
		mode = 1
	}
	if d.symbol(symMode, hash(p.path, 196608), 0, 1, mode) == 0 {
		return nil
	}
	was, is := decimal(n.text[begin:end]), uint64(0)
	if mode == 1 {
		is = decimal(text[begin:end])
	}
	is = was + uint64(d.signed(hash(p.path, 196609), 0, int64(is-was)))
	out := append([]byte{}, n.text[:end]...)
	for i := end; i > begin; i-- {
		out[i-1] = uint8('0' + is%10)
		is /= 10
	}
	for _, c := range out {
		p.pass(uint32(c))
	}
	p.prefix = 0
	return out
}

func (d *dense) string(kind int, path uint32, text []byte) []byte {
	p := &passage{path: path}
	k := hash(path, d.org)
	n := &d.numbered[k%512]
	var out []byte
	if kind == symID {
		out = d.further(p, n, k, text)
	}
	d.takes(len(out))
	var rest []rune
	if !d.decoding {
		rest = []rune(string(text[len(out):]))
	}
	for rest = append(rest, 0); d.err == nil; {
		c := d.char(p, kind, rest[0])
		if c == 0 || !d.takes(utf8.RuneLen(c)) {
			break
		}
		out = utf8.AppendRune(out, c)
		if !d.decoding {
			rest = rest[1:]
		}
	}
	if kind == symID && len(out) < numberedMax {
		*n = numbered{k, out}
	}
	x := uint32(0)
	for _, b := range out {
		x = hash(x, uint32(b))
	}
	d.note(path, x)
	return out
}

// --- values

func (d *dense) field(path, prev uint32, e *entry) (f uint32, more bool) {
	symbol := uint8(0)
	switch {
	case e == nil || d.decoding:
	case e.number == 0:
		symbol = 255
	case e.number > 253:
		symbol = 254
	default:
		symbol = uint8(e.number)
	}
	symbol = d.symbol(symField, path, prev, 8, symbol)
	if symbol == 0 || e == nil {
		return 0, false
	}
	switch symbol {
	case 254:
		e.number = d.number(path, 254, e.number)
	case 255:
		e.name = d.string(symText, hash(path, 131072), e.name)
		return d.last, d.err == nil
	default:
		e.number = uint64(symbol)
	}
	return uint32(e.number), d.err == nil
}

// object codes the entries given, or gives those decoded.
func (d *dense) object(path uint32, depth int, entries []entry) []entry {
	kept, prev := d.key, uint32(0)
	if depth > 0 {
		d.key = 0
	}
	for i := 0; ; i++ {
		var e *entry
		if i < len(entries) {
			e = &entries[i]
		} else if d.decoding {
			e = &entry{}
		}
		f, more := d.field(path, prev, e)
		if !more {
			break
		}
		if i == entriesMax || !d.takes(2) {
			d.fail()
			break
		}
		e.value = d.value(hash(path, f), depth+1, e.value)
		if depth > 0 && i == 0 {
			d.key = d.last
		}
		if depth == 0 {
			d.record = hash(d.record, f)
		}
		prev = f
		if d.decoding {
			entries = append(entries, *e)
		}
	}
	if depth > 0 {
		d.last, d.key = d.key, kept
	}
	return entries
}

func (d *dense) value(path uint32, depth int, v *value) *value {
	if v == nil {
		v = &value{}
	}
	if depth > depthMax || !d.takes(1) {
		d.fail()
		return v
	}
	v.sort = d.symbol(symTag, path, 50, 4, v.sort)
	switch v.sort {
	case sortNull, sortFalse, sortTrue:
		d.noteNumber(path, uint64(v.sort))
	case sortInteger, sortNegative:
		v.number = d.number(path, 51+uint32(v.sort-sortInteger), v.number)
		d.noteNumber(path, v.number)
	case sortDecimal:
		v.exponent = d.signed(path, 53, v.exponent)
		v.whole = d.signed(path, 54+uint32(v.exponent)*256, v.whole)
		d.noteNumber(path, uint64(v.whole))
	case sortText:
		v.text = d.string(symText, path, v.text)
	case sortArray:
		d.array(path, depth, v)
	case sortObject:
		v.entries = d.object(path, depth, v.entries)
	case sortReference:
		v.text = d.string(symID, path, v.text)
		if depth == 1 && d.subject == 0 {
			d.subject = d.last
		}
	case sortDay:
		day := d.occurredAt / 86400
		v.whole = day + d.signed(path, 55, v.whole-day)
		d.noteNumber(path, uint64(v.whole))
	case sortInstant:
		far := d.signed(path, 56, v.whole-d.occurredAt)
		v.whole = d.occurredAt + far
		d.noteNumber(path, uint64(far))
	default:
		d.fail()
	}
	return v
}

func (d *dense) array(path uint32, depth int, v *value) {
	count := d.number(path, 57, uint64(len(v.elements)))
	for i := uint64(0); i < count && d.err == nil; i++ {
		if d.decoding {
			v.elements = append(v.elements, nil)
		}
		v.elements[i] = d.value(hash(path, 131073), depth+1, v.elements[i])
	}
}

// --- bodies

func (d *dense) raw(in []byte) []byte {
	size := d.number(4, 0, uint64(len(in)))
	if size > bodyMax || !d.takes(int(size)) {
		d.fail()
		return nil
	}
	out, four := make([]byte, size), uint32(0)
	copy(out, in)
	for i := range out {
		out[i] = d.symbol(symHead, 5, four, 8, out[i])
		four = four<<8 | uint32(out[i])
	}
	return out
}

func (d *dense) envelope(b *body) uint32 {
	d.last, d.last2, d.key, d.subject, d.record = 0, 0, 0, 0, d.kind
	b.flags = d.symbol(symHead, 2, d.kind, 8, b.flags)
	b.kind = d.number(3, hash(d.kind, uint32(b.flags)), b.kind)
	d.kind = uint32(b.kind)
	p := hash(d.kind, 77)
	d.record = p
	if b.kind == 0 || b.kind > 65535 {
		d.fail()
	}
	d.author, d.org = 0, 0
	b.by = d.string(symID, hash(p, 65536), b.by)
	d.author = d.last
	b.org = d.string(symID, hash(p, 65537), b.org)
	d.org = d.last
	b.source = d.string(symID, hash(p, 65538), b.source)
	if b.flags&flagFounds == 0 {
		b.ref = d.string(symID, hash(p, 65539), b.ref)
	}
	count := d.number(hash(p, 65540), 0, uint64(len(b.parents)))
	if count > parentsMax {
		d.fail()
	}
	for i := uint64(0); i < count && d.err == nil; i++ {
		if d.decoding {
			b.parents = append(b.parents, bodyParent{})
		}
		d.parent(p, &b.parents[i])
	}
	d.last, d.last2 = 0, 0
	b.occurredAt = d.occurredAt + d.signed(hash(p, 65545), 0, b.occurredAt-d.occurredAt)
	b.recordedAt = d.recordedAt + d.signed(hash(p, 65546), 0, b.recordedAt-d.recordedAt)
	d.occurredAt, d.recordedAt = b.occurredAt, b.recordedAt
	d.key = d.author
	return p
}

func (d *dense) parent(p uint32, parent *bodyParent) {
	parent.where = d.symbol(symHead, hash(p, 65541), 0, 1, parent.where)
	if parent.where == 1 {
		link := make([]byte, 12)
		copy(link, parent.link)
		for i := range link {
			link[i] = d.symbol(symHead, hash(p, 65542), uint32(i), 8, link[i])
		}
		parent.link = link
	}
	parent.class = d.symbol(symHead, hash(p, 65543), 0, 8, parent.class)
	parent.seq = d.number(hash(p, 65544), 0, parent.seq)
}

func (d *dense) body(in []byte) []byte {
	var b *body
	shape := uint8(0)
	if !d.decoding {
		if b = takeApart(in); b == nil {
			shape = 1
		}
	}
	if d.symbol(symHead, 1, 0, 1, shape) == 1 {
		return d.raw(in)
	}
	if b == nil {
		b = &body{}
	}
	p := d.envelope(b)
	if d.err == nil {
		b.fields = d.object(p, 0, b.fields)
	}
	if !d.decoding {
		return in
	}
	return b.put()
}

func (d *dense) learn(body []byte) {
	d.through, d.decoding = learner{}, false
	d.body(body)
}

// decode gives one more body, of at most max bytes.
func (d *dense) decode(max int) []byte {
	if max > bodyMax {
		max = bodyMax
	}
	d.room = max
	out := d.body(nil)
	if len(out) > max {
		d.fail()
	}
	return out
}

func (d *dense) open(in []byte) *decoder {
	from := newDecoder(in)
	d.through, d.decoding = from, true
	return from
}
