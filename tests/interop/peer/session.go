// One session as initiator: protocol.md 7 to 9; what is dense in it is in
// session_dense.go, receipts of the group in group_receipt.go.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	plainMax      = 16320
	batchAtMost   = 100 // changes
	unansweredMax = 64  // batches
	classes       = 4
	listsMax      = 2048
)

// options are what a session may do beyond the usual.
type options struct {
	add         int  // new changes to make first
	small       bool // one change a batch, a frame each, and wait for its receipt
	emptyFrames int  // sealed frames without messages after message 3
	otherDigest bool // tell a digest that the parent will ask about
	forget      bool // tell no cursors
	forged      bool // tell another check of the first history
	rowsOnly    bool
}

type summary struct {
	State          string
	Batches        int
	Received       int
	Sent           int
	AlreadyHeld    int
	Receipts       int
	Taken          int // of those, in the short form
	GroupReceipts  int
	GroupHeld      int // likewise
	CursorsAwaited int
	CursorsTold    int
	GroupHolds     uint64
	Exceptions     map[string]int
	Granted        uint64
	FramesSent     int
	FramesRead     int
	RekeysSent     int
	RekeysRead     int
	Lists          map[string]uint64
	DenseSent      int
	DenseReceived  int // and taken apart
	Unread         int // dense ones received that could not be read
	Learned        int // changes of the own log, as history
	Refused        int // own batches that were not taken
	Asked          int // for exceptions that were not heard
}

type session struct {
	*node
	*link
	options
	summary
	streams    [classes]*inStream
	out        outStream
	dense      denseState
	helloSeen  bool
	endSeen    bool
	endHeard   bool // though it may have been taken back
	wanted     bool // we await the parent's CURSORS
	told       []cursorOf
	sentTo     uint64      // place in the list up
	unanswered []sentBatch // the oldest first
	answers    writer
}

type sentBatch struct {
	end  cursor
	void bool // it is sent again, whatever is answered
}

type cursorOf struct {
	list  string
	class uint8
	cursor
}

func (c *cursorOf) write(w *writer) {
	w.string([]byte(c.list))
	w.u8(c.class)
	w.u32(c.Epoch)
	w.varint(c.Place)
	w.u64(c.Running)
}

func readCursor(r *reader) cursorOf {
	name := r.string(80)
	c := cursorOf{string(name), r.u8(), cursor{r.u32(), r.varint(), r.u64()}}
	if len(name) == 0 || bytes.IndexByte(name, 0) >= 0 || c.class >= classes {
		r.fail(errInvalid)
	}
	return c
}

func cursorsDigest(all []cursorOf) uint64 {
	sum := uint64(0)
	for _, c := range all {
		if c.Epoch == 0 {
			continue
		}
		var w writer
		w.text(c.list)
		w.u8(0)
		w.u8(c.class)
		w.u32(c.Epoch)
		w.u64(c.Place)
		w.u64(c.Running)
		sum += number8(h8(w.data))
	}
	return sum
}

// shortDigest is what HELLO tells of it.
func shortDigest(all []cursorOf) uint32 { return uint32(cursorsDigest(all)) }

// ownCursors are those into the parent's lists.
func (n *node) ownCursors() []cursorOf {
	var out []cursorOf
	for key, c := range n.Cursors {
		out = append(out, cursorOf{key[1:], key[0] - '0', c})
	}
	return out
}

func cursorKey(list string, class uint8) string {
	return string(rune('0'+class)) + list
}

func (s *session) onHello(body []byte) error {
	if s.helloSeen {
		return errors.New("HELLO twice")
	}
	s.helloSeen = true
	h, err := readHello(body)
	if err != nil {
		return fmt.Errorf("HELLO: %w", err)
	}
	if h.versionMin > 1 || h.versionMax < 1 || h.role < roleRelay || len(h.lives) != 0 {
		return errors.New("HELLO does not fit")
	}
	switch h.cursors {
	case shortDigest([]cursorOf{{"up", upClass, s.Receipted}}):
	case 0:
		return s.settle(nil)
	default:
		// It sees the same by our held digest and sends them unasked.
		s.wanted = true
		s.CursorsAwaited++
	}
	return nil
}

func (s *session) onCursors(body []byte) error {
	r := &reader{data: body}
	last := r.u8()
	count := r.upTo(uint64(listsMax - len(s.told)))
	isEmpty := count == 0 && last == 0
	for ; count > 0 && r.err == nil; count-- {
		s.told = append(s.told, readCursor(r))
	}
	if err := r.end(); err != nil || !s.wanted || last > 1 || isEmpty {
		return fmt.Errorf("CURSORS do not fit: %v", err)
	}
	if last == 1 {
		s.wanted = false
		return s.settle(s.told)
	}
	return nil
}

// settle: where the parent stands in the list up (protocol.md 9.3). What was
// sent before it hears SETTLED it has not taken (8.1).
func (s *session) settle(told []cursorOf) error {
	before := s.Receipted
	s.Receipted = cursor{}
	for _, c := range told {
		if c.list != "up" || c.class != upClass || c.Epoch != s.Up.Epoch {
			continue
		}
		if c.Place > s.Up.Place || s.runningAt(c.Place) != c.Running {
			return errors.New("the parent is ahead of us")
		}
		s.Receipted = c.cursor
	}
	s.dense.upExpected = cursor{}
	if s.batchesSent() == 0 {
		s.dense.upExpected = s.Receipted
	}
	s.sendAgain()
	if before.Epoch == s.Receipted.Epoch && before.Place < s.Receipted.Place {
		s.ask(before)
	}
	s.answers.message(typeSettled, nil)
	return nil
}

// ask for the exceptions of what lost its receipts, in place of its batches.
func (s *session) ask(before cursor) {
	s.answers.message(typeUnheard, unheard(upClass, before.Running,
		[]unheardRun{{0, before.Place + 1, s.Receipted.Place - before.Place}}))
	s.unanswered = append(s.unanswered, sentBatch{end: s.Receipted})
	s.Asked++
	s.Receipted = before
}

type unheardRun struct{ life, first, count uint64 }

// unheard is the body of UNHEARD; the list up has its changes in log order.
func unheard(class uint8, running uint64, runs []unheardRun) []byte {
	var w writer
	w.u8(class)
	w.u64(running)
	w.varint(uint64(len(runs)))
	for _, r := range runs {
		w.varint(r.life)
		w.varint(r.first)
		w.varint(r.count)
	}
	return w.data
}

// onCursorsWanted tells all cursors, in two messages where there are two.
func (s *session) onCursorsWanted() {
	all := s.ownCursors()
	s.CursorsTold += len(all)
	half := (len(all) + 1) / 2
	for i, part := range [][]cursorOf{all[:half], all[half:]} {
		if i == 0 && len(part) == 0 {
			continue // only the last one may be empty
		}
		var w writer
		w.u8(uint8(i))
		w.varint(uint64(len(part)))
		for _, c := range part {
			c.write(&w)
		}
		s.answers.message(typeCursors, w.data)
	}
}

func (s *session) onData(body []byte) error {
	r := &reader{data: body}
	class := r.u8()
	if r.err != nil || class >= classes {
		return errors.New("DATA of no class")
	}
	if s.streams[class] == nil {
		stream, err := newInStream()
		if err != nil {
			return err
		}
		s.streams[class] = stream
	}
	batches, err := s.streams[class].feed(r.data)
	if err != nil {
		return fmt.Errorf("stream of class %d: %w", class, err)
	}
	for _, raw := range batches {
		b, err := readBatch(raw)
		if err != nil {
			return fmt.Errorf("batch: %w", err)
		}
		if err = s.onBatch(class, b); err != nil {
			return err
		}
	}
	return nil
}

// onBatch joins a batch to its cursor and answers it.
func (s *session) onBatch(class uint8, b *received) error {
	key := cursorKey(b.list, class)
	own := s.Cursors[key]
	s.dense.expected[key] = b.end
	joins := b.start.Place == 0 || b.start.Epoch == own.Epoch &&
		(b.start.Place < own.Place || b.start == own)
	if joins {
		running := b.start.Running
		for _, c := range b.changes {
			running = runOn(running, s.fingerprint(class, c))
		}
		whole := uint64(len(b.changes)) == b.end.Place-b.start.Place
		if whole && running != b.end.Running {
			return fmt.Errorf("list %s: another running hash", b.list)
		}
		if b.end.Place > own.Place || b.end.Epoch != own.Epoch || b.start.Place == 0 {
			s.Cursors[key] = b.end
		}
		s.Seen += len(b.changes)
		s.Received += len(b.changes)
		s.Lists[b.list] += uint64(len(b.changes))
	}
	s.Batches++
	if s.Cursors[key] == b.end && s.Batches%3 != 0 {
		s.answers.message(typeTaken, []byte{class})
		return s.save()
	}
	// The long form may always be told.
	s.answerWhere(b.list, class)
	return s.save()
}

// answerWhere tells where we stand in a list.
func (s *session) answerWhere(list string, class uint8) {
	var w writer
	answer := cursorOf{list, class, s.Cursors[cursorKey(list, class)]}
	answer.write(&w)
	w.varint(0)
	s.answers.message(typeReceipt, w.data)
}

func (s *session) onReceipt(body []byte) error {
	r := &reader{data: body}
	c := readCursor(r)
	for count := r.upTo(512); count > 0 && r.err == nil; count-- {
		r.bytes(8)
		r.u8()
		if r.varint() == 0 {
			r.fail(errInvalid)
		}
		s.Exceptions[fmt.Sprint(r.upTo(65535))]++
	}
	if err := r.end(); err != nil {
		return err
	}
	if c.list != "up" || c.class != upClass || len(s.unanswered) == 0 {
		return fmt.Errorf("RECEIPT for %s", c.list)
	}
	answered := s.unanswered[0]
	s.unanswered = s.unanswered[1:]
	s.Receipts++
	if err := s.heldTo(c.cursor); err != nil {
		return err
	}
	if !answered.void && (c.Epoch != answered.end.Epoch || c.Place < answered.end.Place) {
		return s.refused()
	}
	return nil
}

// onTaken: the oldest batches are held to their ends.
func (s *session) onTaken(body []byte) error {
	if len(body) != 1 || body[0]&3 != upClass || int(body[0]>>2)+1 > len(s.unanswered) {
		return fmt.Errorf("TAKEN %x of %d batches", body, len(s.unanswered))
	}
	for count := int(body[0]>>2) + 1; count > 0; count-- {
		end := s.unanswered[0].end
		s.unanswered = s.unanswered[1:]
		s.Receipts++
		s.Taken++
		if err := s.heldTo(end); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) heldTo(c cursor) error {
	onList := c.Epoch == s.Up.Epoch && c.Place <= s.Up.Place &&
		s.runningAt(c.Place) == c.Running
	if !onList || c.Place < s.Receipted.Place {
		return nil
	}
	s.Receipted = c
	if c.Place > s.sentTo {
		s.sentTo = c.Place
	}
	return s.save()
}

func (s *session) onGrant(body []byte) error {
	r := &reader{data: body}
	first, count := r.upTo(1<<32-1), r.upTo(1<<32-1)
	if s.Slips == 0 {
		s.SlipFirst = first
	}
	s.Slips += count
	s.Granted += count
	return r.end()
}

func (s *session) on(m message) error {
	if !s.helloSeen && m.kind != typeHello {
		return fmt.Errorf("message %d before HELLO", m.kind)
	}
	if s.endSeen && m.kind == typeEnd || s.endHeard && m.kind == typeGrant {
		return fmt.Errorf("message %d after END", m.kind)
	}
	if m.kind == typeData || m.kind == typeDense {
		s.endSeen = false // more came for its lists
	}
	switch m.kind {
	case typeHello:
		return s.onHello(m.body)
	case typeCursors:
		return s.onCursors(m.body)
	case typeCursorsWanted:
		s.onCursorsWanted()
	case typeData:
		return s.onData(m.body)
	case typeDense:
		return s.onDense(m.body)
	case typeReceipt:
		return s.onReceipt(m.body)
	case typeGroupReceipt:
		return s.onGroupReceipt(m.body)
	case typeTaken:
		return s.onTaken(m.body)
	case typeGroupHeld:
		return s.onGroupHeld(m.body)
	case typeGrant:
		return s.onGrant(m.body)
	case typeRows:
		s.link.wantsRows = true
	case typeEnd:
		if len(m.body) != 0 { // of a bound, and we told none
			return errors.New("an END that keeps something back")
		}
		s.endSeen = true
		s.endHeard = true
	default:
		return fmt.Errorf("message %d from a responder", m.kind)
	}
	return nil
}

// stream sends what the list up holds beyond what was sent.
func (s *session) stream() error {
	for s.sentTo < s.Up.Place && len(s.unanswered) < unansweredMax && !s.wanted {
		if s.small && s.sentTo != s.Receipted.Place {
			return nil // one batch at a time
		}
		to, isDense := s.chooseBatch()
		var messages [][]byte
		if isDense {
			packed, err := s.packBatch(to)
			if err != nil {
				return err
			}
			messages = denseMessages(upClass, packed, plainMax-8)
		} else {
			messages = dataMessages(upClass, s.out.put(s.batch(s.sentTo, to, lies{})))
		}
		for _, m := range messages {
			if err := s.writeSealed(m); err != nil {
				return err
			}
		}
		s.dense.upExpected = cursor{s.Up.Epoch, to, s.runningAt(to)}
		s.unanswered = append(s.unanswered, sentBatch{end: s.dense.upExpected})
		s.Sent += int(to - s.sentTo)
		s.sentTo = to
	}
	return nil
}

func dataMessage(class uint8, stream []byte) []byte {
	return oneMessage(typeData, append([]byte{class}, stream...))
}

func dataMessages(class uint8, stream []byte) [][]byte {
	var out [][]byte
	for len(stream) > 0 {
		part := min(uint64(len(stream)), plainMax-8)
		out = append(out, dataMessage(class, stream[:part]))
		stream = stream[part:]
	}
	return out
}

func (s *session) flush() error {
	if len(s.answers.data) == 0 {
		return nil
	}
	messages, err := splitMessages(s.answers.data)
	s.answers = writer{}
	if err != nil {
		return err
	}
	var frame writer
	for _, m := range messages {
		one := oneMessage(m.kind, m.body)
		if len(frame.data)+len(one) > plainMax {
			if err := s.writeSealed(frame.data); err != nil {
				return err
			}
			frame = writer{}
		}
		frame.bytes(one)
	}
	return s.writeSealed(frame.data)
}

func newSession(n *node, l *link, o options) (*session, error) {
	s := &session{node: n, link: l, options: o}
	s.Exceptions, s.Lists = map[string]int{}, map[string]uint64{}
	book, err := shippedBook()
	s.dense = newDenseState(book)
	return s, err
}

// open does the handshake; HELLO goes with its last message.
func (s *session) open(h *hello) error {
	parent := s.certificates()[1]
	s.sentTo, s.dense.upExpected = s.Receipted.Place, s.Receipted
	for key, c := range s.Cursors {
		s.dense.expected[key] = c
	}
	return s.handshake(modeSync, s.group(), s.Transport, parent.transportKey,
		nil, nil, h.message())
}

func (s *session) run() error {
	for i := 0; i < s.options.add; i++ {
		s.node.add(s.residentNamed())
	}
	if err := s.save(); err != nil {
		return err
	}
	h := s.hello()
	if s.otherDigest {
		h.cursors ^= 1
	}
	if s.forget {
		s.Cursors, h.cursors = map[string]cursor{}, 0
	}
	if err := s.open(h); err != nil {
		return err
	}
	for i := 0; i < s.emptyFrames; i++ {
		if err := s.writeSealed(nil); err != nil {
			return err
		}
	}
	return s.converse()
}

// converse goes on until all is said.
func (s *session) converse() error {
	for {
		if err := s.stream(); err != nil {
			return err
		}
		if s.endSeen && !s.wanted && s.sentTo == s.Up.Place && s.Receipted.Place >= s.Up.Place {
			return s.bye()
		}
		messages, err := s.readSealed()
		if err != nil {
			return err
		}
		for _, m := range messages {
			if err = s.on(m); err != nil {
				return err
			}
		}
		if err = s.flush(); err != nil {
			return err
		}
	}
}

// bye: the session is over when BYE has left; the parent then only closes.
func (s *session) bye() error {
	if err := s.writeSealed(oneMessage(typeBye, nil)); err != nil {
		return err
	}
	s.State = "done"
	s.FramesSent, s.FramesRead = s.frames[0], s.frames[1]
	s.RekeysSent, s.RekeysRead = s.rekeys[0], s.rekeys[1]
	if _, err := s.readSealed(); err != io.EOF {
		return fmt.Errorf("after BYE: %v instead of the end", err)
	}
	return s.save()
}
