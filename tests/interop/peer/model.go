// The model that gives bits their probabilities, and the arithmetic coder
// they go through: protocol.md 10.3 and 10.4.

package main

// Types of symbols.
const (
	symText = iota
	symText2
	symID
	symField
	symTag
	symSize
	symDigits
	symMode
	symHead
	symTypes
)

const (
	contexts    = 8
	rowContexts = 3 // the others have runs
	voices      = 10
	matchVoice  = 8
	bias        = 9
	matchMax    = 32
	stretchMax  = 2047
	weightMax   = 524287
	whole22     = 1<<22 - 1
)

var squashes = [33]int32{22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955,
	17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097,
	65269, 65374, 65438, 65476, 65500, 65514}

func clamp(x, least, most int32) int32 {
	if x < least {
		return least
	}
	if x > most {
		return most
	}
	return x
}

// between is what lies at x, from -2047 to 2047, between two of 33 points.
func between(points *[33]int32, x int32) int32 {
	i, j := (x+2048)>>7, (x+2048)&127
	return (points[i]*(128-j) + points[i+1]*j) >> 7
}

func squash(x int32) int32 { return between(&squashes, clamp(x, -stretchMax, stretchMax)) }

var stretches = func() (out [4096]int32) {
	x := int32(-stretchMax)
	for q := range out {
		for x < stretchMax && squash(x) < int32(16*q+8) {
			x++
		}
		out[q] = x
	}
	return
}()

func spread(x uint32) uint32 {
	x *= 0x9e3779b1
	x ^= x >> 15
	x *= 0x2c1b3c6d
	return x ^ x>>13
}

// belief is a probability of 22 bits that knows how often it was moved.
type belief struct {
	p     int32
	count int32
}

func believe(p int) belief { return belief{int32(p * 64), 4} }

func (b *belief) stretched() int32 { return stretches[b.p>>10] }

func (b *belief) move(up bool) {
	aim := int64(0)
	if up {
		aim = whole22
	}
	b.p += int32((aim - int64(b.p)) * (65536 / int64(b.count+2)) >> 16)
	if b.count < 255 {
		b.count++
	}
}

// state counts zeros and ones.
type state struct{ n [2]uint8 }

func (s *state) see(bit int) {
	if s.n[bit] < 15 {
		s.n[bit]++
	}
	switch other := &s.n[1-bit]; {
	case *other > 9:
		*other = 5
	case *other > 5:
		*other = 4
	case *other > 3:
		*other = 3
	case *other == 3:
		*other = 2
	}
}

type row struct {
	check  uint8
	states [16]state // the first is not used
}

type pastSymbol struct {
	check  uint16
	symbol uint8
	count  uint8
}

func (r *pastSymbol) bucket() int {
	switch {
	case r.count < 12:
		return int(r.count)
	case r.count < 16:
		return 12
	case r.count < 24:
		return 13
	case r.count < 48:
		return 14
	}
	return 15
}

func (r *pastSymbol) see(symbol uint8) {
	switch {
	case r.count > 0 && r.symbol == symbol:
		if r.count < 255 {
			r.count++
		}
	case r.count >= 8:
		r.count /= 4
	case r.count > 2:
		r.count = 1
	default:
		r.symbol, r.count = symbol, 1
	}
}

type weights [voices]int32

func (w *weights) sum(values *[voices]int32) int32 {
	s := int32(0)
	for i, v := range values {
		s += v * w[i] >> 8
	}
	return clamp(s>>8, -stretchMax, stretchMax)
}

func (w *weights) learn(values *[voices]int32, off int32) {
	for i, v := range values {
		w[i] = clamp(w[i]+int32((int64(v)*int64(off)+32768)>>16), -weightMax, weightMax)
	}
}

// model holds no pointers: a plain copy of it goes on by itself.
type model struct {
	rows    [1 << 17]row
	runs    [1 << 19]pastSymbol
	byState [symTypes][rowContexts][16][16]belief
	byRun   [symTypes][contexts - rowContexts][16][2]belief
	byMatch [matchMax + 1]belief
	mix     [symTypes][4]weights
	local   [4][256]weights
	curves  [symTypes][256][33]int32
	text    [1 << 16]uint8
	written uint32
	places  [1 << 16]uint32
	place   uint32
	length  uint32
}

func newModel() *model {
	m := &model{}
	for t := range m.byState {
		for c := range m.byState[t] {
			for zeros := range m.byState[t][c] {
				for ones := range m.byState[t][c][zeros] {
					m.byState[t][c][zeros][ones] = believe((2*ones + 1) * 65535 / (2*(zeros+ones) + 2))
				}
			}
		}
		for c := range m.byRun[t] {
			for bucket := range m.byRun[t][c] {
				b := believe(65535 - 65535/(2*bucket+3))
				m.byRun[t][c][bucket] = [2]belief{b, b}
			}
		}
		for partial := range m.curves[t] {
			for point := range m.curves[t][partial] {
				m.curves[t][partial][point] = squash(int32(point-16) * 128)
			}
		}
		for i := range m.mix[t] {
			m.mix[t][i].begin()
		}
	}
	for length := range m.byMatch {
		m.byMatch[length] = believe(65535 - 65535/(length+2))
	}
	for g := range m.local {
		for i := range m.local[g] {
			m.local[g][i].begin()
		}
	}
	return m
}

func (w *weights) begin() {
	for i := 0; i < bias; i++ {
		w[i] = 16384
	}
}

func (m *model) findRun(context, number uint32) *pastSymbol {
	x := spread(context + number)
	first, second := &m.runs[x>>13], &m.runs[x>>13^1]
	check := uint16(x&65535) | 1
	if first.check == check {
		return first
	}
	if second.check == check {
		return second
	}
	if second.count < first.count {
		first, second = second, first
	}
	if second.count > 4 {
		second.count--
	}
	*first = pastSymbol{check: check}
	return first
}

func (m *model) findRow(x uint32) *row {
	first, second := &m.rows[x>>15], &m.rows[x>>15^1]
	check := uint8(x&255) | 1
	if first.check == check {
		return first
	}
	if second.check == check {
		return second
	}
	used := func(r *row) int { return int(r.states[1].n[0]) + int(r.states[1].n[1]) }
	if used(second) < used(first) {
		first = second
	}
	*first = row{check: check}
	return first
}

// guess of a whole symbol; belief[1] counts from the fifth bit on.
type guess struct {
	symbol  uint8
	beliefs [2]*belief
}

// symbolWork is a symbol under way.
type symbolWork struct {
	kind    int
	bits    uint
	rows    [rowContexts]*row
	runs    [contexts - rowContexts]*pastSymbol
	guesses [voices]*guess // at 3 to 8
	mix     *weights
}

func (m *model) begin(kind int, bits uint, context *[contexts]uint32) *symbolWork {
	w := &symbolWork{kind: kind, bits: bits}
	guesses := 0
	for i := range w.runs {
		r := m.findRun(context[i+rowContexts], uint32(i+rowContexts))
		w.runs[i] = r
		if r.count > 0 && r.symbol>>bits == 0 {
			b := &m.byRun[kind][i][r.bucket()]
			w.guesses[i+rowContexts] = &guess{r.symbol, [2]*belief{&b[0], &b[1]}}
			guesses++
		}
	}
	if kind <= symID && m.length > 0 {
		b := &m.byMatch[m.length]
		w.guesses[matchVoice] = &guess{m.text[m.place&65535], [2]*belief{b, b}}
	}
	w.mix = &m.mix[kind][m.confidence(kind, guesses)]
	return w
}

func (m *model) confidence(kind, guesses int) int {
	steps, n := [3]int{2, 4, 7}, guesses
	if kind <= symID {
		steps, n = [3]int{1, 8, 20}, int(m.length)
	}
	out := 0
	for _, step := range steps {
		if n >= step {
			out++
		}
	}
	return out
}

// symbol codes one through c: the one given, or the one c decodes.
func (m *model) symbol(c coder, kind int, bits uint, context *[contexts]uint32, symbol uint8) uint8 {
	w := m.begin(kind, bits, context)
	partial := uint32(1)
	for at := uint(0); at < bits; at++ {
		if at == 0 || at == 4 {
			for i := range w.rows {
				x := context[i] + uint32(i)
				if at == 4 {
					x += partial * 0x85ebca6b
				}
				w.rows[i] = m.findRow(spread(x))
			}
		}
		bit := int(symbol >> (bits - 1 - at) & 1)
		partial = partial<<1 | uint32(m.bit(c, w, at, partial, bit))
	}
	symbol = uint8(partial)
	if bits < 8 {
		symbol &= 1<<bits - 1
	}
	for _, r := range w.runs {
		r.see(symbol)
	}
	if kind <= symID {
		m.remember(symbol)
	}
	return symbol
}

// bit codes the bit at a place of a symbol whose bits before are in partial.
func (m *model) bit(c coder, w *symbolWork, at uint, partial uint32, bit int) int {
	node, half := partial, 0
	if at >= 4 {
		node, half = 1<<(at-4)|partial&(1<<(at-4)-1), 1
	}
	var values [voices]int32
	var beliefs [rowContexts]*belief
	var states [rowContexts]*state
	for i, r := range w.rows {
		states[i] = &r.states[node]
		n := states[i].n
		beliefs[i] = &m.byState[w.kind][i][n[0]][n[1]]
		if n[0]+n[1] > 0 {
			values[i] = beliefs[i].stretched()
		}
	}
	for i, g := range w.guesses {
		if g == nil {
			continue
		}
		values[i] = g.beliefs[half].stretched()
		if g.bit(w.bits, at) == 0 {
			values[i] = -values[i]
		}
	}
	values[bias] = 256

	group := w.kind
	if group > 3 {
		group = 3
	}
	local, curve := &m.local[group][partial], &m.curves[w.kind][partial]
	s, t := w.mix.sum(&values), local.sum(&values)
	u := (s + t) >> 1
	bit = c.bit(uint32(clamp((squash(u)+between(curve, u))>>1, 24, 65512)), bit)

	i, aim := (u+2048)>>7, int32(bit)*65535
	if (u+2048)&127 >= 64 {
		i++
	}
	curve[i] += (aim - curve[i]) >> 6
	w.mix.learn(&values, int32(bit)<<16-squash(s))
	local.learn(&values, int32(bit)<<16-squash(t))
	for i := range beliefs {
		beliefs[i].move(bit == 1)
		states[i].see(bit)
	}
	for i, g := range w.guesses {
		if g == nil {
			continue
		}
		right := g.bit(w.bits, at) == bit
		g.beliefs[half].move(right)
		if !right {
			w.guesses[i] = nil
		}
	}
	return bit
}

func (g *guess) bit(bits, at uint) int { return int(g.symbol >> (bits - 1 - at) & 1) }

// remember writes a byte to the text and looks for the same passage earlier.
func (m *model) remember(symbol uint8) {
	if m.length > 0 && m.text[m.place&65535] == symbol {
		m.place++
		if m.length < matchMax {
			m.length++
		}
	} else {
		m.length = 0
	}
	m.text[m.written&65535] = symbol
	m.written++
	x := uint32(0)
	for i := uint32(1); i <= 5; i++ {
		x = (x + uint32(m.text[(m.written-i)&65535]) + 1) * 0x2c1b3c6d
		x ^= x >> 15
	}
	if m.length == 0 {
		m.place = m.places[x>>16]
		for m.place > 0 && m.length < matchMax && m.length < m.written &&
			m.text[(m.place-m.length-1)&65535] == m.text[(m.written-m.length-1)&65535] {
			m.length++
		}
		if m.length < 4 {
			m.length = 0
		}
	}
	m.places[x>>16] = m.written
}

// coder takes bits through; what it gives is the bit, told or decoded.
type coder interface {
	bit(p uint32, bit int) int
}

// learner sees bits go by.
type learner struct{}

func (learner) bit(_ uint32, bit int) int { return bit }

type encoder struct {
	low, high uint32
	out       []byte
}

func newEncoder() *encoder { return &encoder{high: 1<<32 - 1} }

func split(low, high, p uint32) uint32 {
	return low + uint32(uint64(high-low)*uint64(p)>>16)
}

func (e *encoder) bit(p uint32, bit int) int {
	mid := split(e.low, e.high, p)
	if bit == 1 {
		e.high = mid
	} else {
		e.low = mid + 1
	}
	for e.low>>24 == e.high>>24 {
		e.out = append(e.out, uint8(e.low>>24))
		e.low, e.high = e.low<<8, e.high<<8|255
	}
	return bit
}

// finish ends with the fewest bytes that tell where.
func (e *encoder) finish() []byte {
	for n := uint(1); n <= 4; n++ {
		mask := uint32(1)<<(32-8*n) - 1
		least := (uint64(e.low) + uint64(mask)) &^ uint64(mask)
		if least <= uint64(e.high) {
			for i := uint(0); i < n; i++ {
				e.out = append(e.out, uint8(least>>(24-8*i)))
			}
			break
		}
	}
	return e.out
}

type decoder struct {
	low, high uint32
	code      uint32
	in        []byte
	read      int // bytes, with the zeros behind the end
}

func newDecoder(in []byte) *decoder {
	d := &decoder{high: 1<<32 - 1, in: in}
	for i := 0; i < 4; i++ {
		d.next()
	}
	return d
}

func (d *decoder) next() {
	d.code <<= 8
	if d.read < len(d.in) {
		d.code |= uint32(d.in[d.read])
	}
	d.read++
}

func (d *decoder) bit(p uint32, _ int) int {
	mid := split(d.low, d.high, p)
	bit := 0
	if d.code <= mid {
		bit, d.high = 1, mid
	} else {
		d.low = mid + 1
	}
	for d.low>>24 == d.high>>24 {
		d.low, d.high = d.low<<8, d.high<<8|255
		d.next()
	}
	return bit
}

// isDone: all was read, and little more.
func (d *decoder) isDone() bool { return d.read >= len(d.in) && d.read <= len(d.in)+3 }
