// The other side: a hub with one invite and one child, to which a real clinic
// joins and syncs. It keeps all in memory and ends after so many sessions.

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/flynn/noise"
)

type logKey struct {
	life  string
	class uint8
}

// heldLog is what the hub holds of a log.
type heldLog struct {
	seq   uint64
	chain []byte
	salts map[uint16][]byte
	month uint16
}

type goHub struct {
	root, signing     ed25519.PrivateKey
	transport         noise.DHKey
	own               []byte // certificate
	firstSlip         uint64
	invite            invite
	fingerprintSecret []byte
	child             *certificate
	logs              map[logKey]*heldLog
	cursors           map[uint8]cursor // into the child's list up
	down              cursor           // end of the list org:C01
	downChanges       []*change
	receipted         cursor
	book              *book
	bodies            map[logKey][][]byte // of what is held, for histories
	forgets           bool                // holds no history
	goesOn            bool                // says END, then its batches, then END again
	endsTwice         bool                // says END twice with no batch between
	spoils            bool                // the same as goesOn, and once nobody can read it
}

const (
	hubOrg    = "C01"
	downClass = 2
)

func newGoHub() (*goHub, error) {
	h := &goHub{
		root: ed25519.NewKeyFromSeed(random32()), signing: ed25519.NewKeyFromSeed(random32()),
		firstSlip: 500000, fingerprintSecret: random32(), logs: map[logKey]*heldLog{},
		cursors: map[uint8]cursor{}, bodies: map[logKey][][]byte{},
	}
	var err error
	if h.transport, err = suite.GenerateKeypair(rand.Reader); err != nil {
		return nil, err
	}
	if h.book, err = shippedBook(); err != nil {
		return nil, err
	}
	h.own = signCertificate(h.root, h.group(), h.group(), roleHub, "go hub",
		h.transport.Public, h.public(), nil)
	h.invite = invite{1234, h32(h.rootKey())[:10], random32()[:5]}
	life := h8(h.public(), random32()[:16])
	h.down.Epoch = 77
	for seq := uint64(1); seq <= 3; seq++ {
		c := &change{life: life, seq: seq, body: richBody(int(seq), fmt.Sprintf("go-hub-%d", seq), hubOrg)}
		h.downChanges = append(h.downChanges, c)
		h.down.Place = seq
		h.down.Running = runOn(h.down.Running, c.fingerprint(downClass, h.fingerprintSecret))
	}
	return h, nil
}

func (h *goHub) public() []byte  { return h.signing.Public().(ed25519.PublicKey) }
func (h *goHub) rootKey() []byte { return h.root.Public().(ed25519.PublicKey) }
func (h *goHub) group() []byte   { return h8(h.rootKey()) }

func signCertificate(signer ed25519.PrivateKey, group, issuer []byte, role uint8,
	name string, transport, signing []byte, orgs []string) []byte {
	var w writer
	w.u8(1)
	w.bytes(group)
	w.bytes(issuer)
	w.varint(1)
	w.u8(role)
	w.string([]byte(name))
	w.bytes(transport)
	w.bytes(signing)
	w.varint(uint64(len(orgs)))
	for _, org := range orgs {
		w.string([]byte(org))
	}
	w.bytes(ed25519.Sign(signer, append([]byte("yizhan certificate v1"), w.data...)))
	return w.data
}

// code prints an invite; its check is found by trying, being 10 bits.
func (i *invite) code() string {
	var bits strings.Builder
	fmt.Fprintf(&bits, "%015b", i.number)
	for _, b := range append(append([]byte{}, i.rootHash...), i.secret...) {
		fmt.Fprintf(&bits, "%08b", b)
	}
	for check := 0; check < 1024; check++ {
		all := bits.String() + fmt.Sprintf("%010b", check)
		var text strings.Builder
		for ; len(all) > 0; all = all[5:] {
			var digit int
			fmt.Sscanf(all[:5], "%b", &digit)
			text.WriteByte(inviteDigits[digit])
		}
		if _, err := parseInvite(text.String()); err == nil {
			return text.String()
		}
	}
	panic("no check fits")
}

// served is one connection of the hub's.
type served struct {
	*goHub
	*link
	streams  [classes]*inStream
	lives    map[string]int // their places in HELLO
	dense    servedDense
	under    []cursor // ends of batches sent, the oldest first
	bye      bool
	helloed  bool
	keptBack bool // the child's bound has no room for the list
	spoilt   bool // its first batch cannot be read, so no other joins
	answers  writer
	Mode     string
	Changes  int
	Batches  int
	Heads    int
	Receipts int
	NotTaken int // batches of ours
	Slips    uint64
}

// accept reads prefaces until one begins a handshake, and does that.
func (s *served) accept() (payload []byte, peerKey []byte, err error) {
	opening := make([]byte, 5)
	for {
		if _, err = io.ReadFull(s.in, opening); err != nil {
			return
		}
		if !bytes.Equal(opening[:4], preface(0)[:4]) || opening[4] > modeChain {
			return nil, nil, fmt.Errorf("preface %x", opening)
		}
		if opening[4] != modeChain {
			break
		}
		var w writer
		w.bytes(s.rootKey())
		w.u8(1)
		w.string(s.own)
		if err = s.writeClear(w.data); err != nil {
			return
		}
	}
	config := noise.Config{CipherSuite: suite, Pattern: noise.HandshakeXK,
		Prologue: append(opening, s.group()...), StaticKeypair: s.transport}
	s.Mode = "sync"
	if opening[4] == modeJoin {
		s.Mode = "join"
		config.PresharedKey, config.PresharedKeyPlacement = s.invite.psk(s.group()), 3
	}
	state, err := noise.NewHandshakeState(config)
	if err != nil {
		return
	}
	first, err := s.readClear()
	if err != nil {
		return
	}
	said, _, _, err := state.ReadMessage(nil, first)
	if err != nil {
		return
	}
	number := &reader{data: said}
	if opening[4] == modeJoin && (number.u16() != s.invite.number || number.end() != nil) {
		return nil, nil, errors.New("another invite")
	}
	second, _, _, err := state.WriteMessage(nil, nil)
	if err != nil {
		return
	}
	if err = s.writeClear(second); err != nil {
		return
	}
	third, err := s.readClear()
	if err != nil {
		return
	}
	payload, receive, send, err := state.ReadMessage(nil, third)
	if err != nil {
		return
	}
	s.send.cipher, s.receive.cipher, s.sealed = send, receive, true
	return payload, state.PeerStatic(), nil
}

func (s *served) serveJoin(payload, peerKey []byte) error {
	messages, err := splitMessages(payload)
	if err != nil || len(messages) != 1 || messages[0].kind != typeJoin {
		return errors.New("not one JOIN")
	}
	r := &reader{data: messages[0].body}
	name := string(r.string(64))
	role := r.u8()
	signing, proof := r.bytes(32), r.bytes(ed25519.SignatureSize)
	if err = r.end(); err != nil || role != roleClinic {
		return fmt.Errorf("JOIN does not fit: %v", err)
	}
	var claim writer
	claim.text("yizhan join proof v1\x00\x00\x00\x00")
	claim.bytes(signing)
	claim.bytes(peerKey)
	claim.bytes(s.group())
	if !ed25519.Verify(signing, claim.data, proof) {
		return errors.New("the proof does not verify")
	}
	certificate := signCertificate(s.signing, s.group(), h8(s.public()), roleClinic,
		name, peerKey, signing, []string{hubOrg})
	if s.child, err = readCertificate(certificate); err != nil {
		return err
	}
	var w writer
	w.bytes(s.rootKey())
	w.u8(2)
	w.string(certificate)
	w.string(s.own)
	w.bytes(s.fingerprintSecret)
	w.signed(time.Now().Unix())
	w.varint(s.firstSlip)
	w.varint(100) // few, so that more are granted later
	w.varint(1)
	w.string([]byte(hubOrg))
	w.string(nil)
	if err = s.writeSealed(oneMessage(typeWelcome, w.data)); err != nil {
		return err
	}
	messages, err = s.readSealed()
	if err == nil && (len(messages) != 1 || messages[0].kind != typeBye) {
		err = errors.New("no BYE after WELCOME")
	}
	return err
}

func (s *served) upCursors() []cursorOf {
	var all []cursorOf
	for class, c := range s.cursors {
		all = append(all, cursorOf{"up", class, c})
	}
	return all
}

// answerRoom is kept for what a child says to three changes, and for the
// frames of both.
const answerRoom = 200

func (s *served) onHello(body []byte) error {
	h, err := readHello(body)
	if err != nil || s.helloed || h.versionMin > 1 || h.versionMax < 1 ||
		h.role != roleClinic {
		return fmt.Errorf("HELLO does not fit: %v", err)
	}
	s.helloed = true
	s.Slips = h.slips
	for place, nonce := range h.lives {
		s.lives[string(h8(s.child.signingKey, nonce))] = place
	}
	if h.cursors != shortDigest([]cursorOf{{"org:" + hubOrg, downClass, s.receipted}}) {
		return errors.New("the child's cursors are not as it receipted")
	}
	if h.held != shortDigest(s.upCursors()) {
		return errors.New("the child believes us elsewhere than we are")
	}
	if s.Slips < 2500 && len(h.lives) > 0 {
		var w writer
		w.varint(s.firstSlip + 100)
		w.varint(5000)
		s.answers.message(typeGrant, w.data)
	}
	s.dense.begin(s, h)
	if s.receipted.Place < s.down.Place {
		s.spoilt, s.goHub.spoils = s.spoils, false
		down, err := s.downMessages()
		if err != nil {
			return err
		}
		if h.bound > 0 && uint64(len(down)+answerRoom) > h.bound/2 {
			s.keptBack = true
			s.answers.message(typeEnd, []byte{1})
			return nil
		}
		if s.goesOn || s.spoilt {
			s.answers.message(typeEnd, nil)
		}
		s.answers.bytes(down)
		s.under = s.downEnds()
	}
	s.answers.message(typeEnd, nil)
	if s.endsTwice {
		s.answers.message(typeEnd, nil)
	}
	return nil
}

// downRows is a batch of one change.
func (s *served) downRows(start, end cursor, c *change) []byte {
	var w writer
	w.u8(0)
	w.string([]byte("org:" + hubOrg))
	for _, c := range []cursor{start, end} {
		w.u32(c.Epoch)
		w.varint(c.Place)
		w.u64(c.Running)
	}
	w.varint(1)
	w.bytes(c.life)
	w.varint(1)
	w.varint(0)
	w.signed(int64(c.seq))
	w.u8(0)
	w.string(c.body)
	w.varint(0)
	return w.data
}

// onBatch checks each log of a batch as protocol.md 9.2 asks.
func (s *served) onBatch(class uint8, b *received) error {
	own := s.cursors[class]
	s.dense.expected[class] = b.end
	if s.dense.lost > 0 && b.start != own {
		s.answerWhere(class) // it came behind one that was not taken
		return nil
	}
	if b.list != "up" || b.start != own && !(b.start.Place == 0 && own.Place == 0) {
		return fmt.Errorf("a batch of %s that does not join", b.list)
	}
	running := b.start.Running
	touched := map[string]bool{}
	for _, c := range b.changes {
		running = runOn(running, c.fingerprint(class, s.fingerprintSecret))
		if err := s.take(class, c); err != nil {
			return err
		}
		touched[string(c.life)] = true
	}
	if running != b.end.Running || b.end.Place-b.start.Place != uint64(len(b.changes)) {
		return errors.New("another running hash")
	}
	if len(b.heads) != len(touched) {
		return fmt.Errorf("%d heads of %d logs", len(b.heads), len(touched))
	}
	for _, h := range b.heads {
		log := s.logs[logKey{string(h.life), class}]
		if log == nil || log.seq != h.seq {
			return errors.New("a head that is not at the log's end")
		}
		var w writer
		w.text("yizhan log head v1\x00")
		w.bytes(h.life)
		w.u8(class)
		w.u64(h.seq)
		w.bytes(log.chain)
		if !ed25519.Verify(s.child.signingKey, w.data, h.signature) {
			return errors.New("a head's signature does not fit the chain")
		}
		s.Heads++
	}
	s.cursors[class] = b.end
	s.Changes += len(b.changes)
	s.Batches++
	for life := range touched {
		s.answers.message(typeGroupHeld, s.groupHeld([]byte(life)))
	}
	s.answers.message(typeTaken, []byte{class})
	return nil
}

func (s *served) take(class uint8, c *change) error {
	key := logKey{string(c.life), class}
	log := s.logs[key]
	if log == nil {
		log = &heldLog{chain: chainStart(c.life, class), salts: map[uint16][]byte{}}
		s.logs[key] = log
	}
	if _, shown := s.lives[key.life]; !shown || c.seq != log.seq+1 {
		return errors.New("a life not shown, or a gap")
	}
	if c.salt != nil {
		log.month = uint16(bigEndian(c.salt[:2]))
		if known := log.salts[log.month]; known != nil && !bytes.Equal(known, c.salt[2:]) {
			return errors.New("a month with two salts")
		}
		log.salts[log.month] = c.salt[2:]
	}
	salt := log.salts[log.month]
	if salt == nil {
		return errors.New("no salt")
	}
	log.seq = c.seq
	log.chain = h32(log.chain, c.commitment(class, salt))
	s.goHub.bodies[key] = append(s.goHub.bodies[key], c.body)
	return nil
}

// groupHeld: what the child sent it has, so the chains need not travel.
func (s *served) groupHeld(life []byte) []byte {
	var body, rest writer
	g := &groupReceipt{life: life}
	which := uint64(s.lives[string(life)]) << classes
	for class := uint8(0); class < classes; class++ {
		g.chain[class] = make([]byte, 32)
		if log := s.logs[logKey{string(life), class}]; log != nil {
			g.seq[class], g.chain[class] = log.seq, log.chain
			which |= 1 << class
			rest.varint(log.seq)
		}
	}
	body.varint(which)
	body.bytes(rest.data)
	body.bytes(ed25519.Sign(s.signing, g.message()))
	return body.data
}

func (s *served) on(m message) error {
	if s.helloed == (m.kind == typeHello) {
		return fmt.Errorf("message %d out of turn", m.kind)
	}
	r := &reader{data: m.body}
	switch m.kind {
	case typeHello:
		return s.onHello(m.body)
	case typeData:
		return s.onData(r.u8(), m.body)
	case typeDense:
		return s.onDense(m.body)
	case typeReceipt:
		c := readCursor(r)
		exceptions := r.varint()
		if r.end() != nil || c.list != "org:"+hubOrg || exceptions != 0 {
			return errors.New("RECEIPT does not fit")
		}
		if s.spoilt {
			return s.onNotTaken(c.cursor)
		}
		return s.onAnswers(1)
	case typeTaken:
		if len(m.body) != 1 || m.body[0]&3 != downClass {
			return errors.New("TAKEN does not fit")
		}
		return s.onAnswers(int(m.body[0]>>2) + 1)
	case typeRows:
		return r.end() /* this hub sends little */
	case typeBye:
		s.bye = true
		return nil
	}
	return fmt.Errorf("message %d from an initiator", m.kind)
}

func (s *served) onData(class uint8, body []byte) error {
	if class >= classes {
		return errors.New("DATA of no class")
	}
	if s.streams[class] == nil {
		stream, err := newInStream()
		if err != nil {
			return err
		}
		s.streams[class] = stream
	}
	batches, err := s.streams[class].feed(body[1:])
	for _, raw := range batches {
		var b *received
		if b, err = readBatch(raw); err == nil {
			err = s.onBatch(class, b)
		}
		if err != nil {
			break
		}
	}
	return err
}

func (s *served) serveSync(payload, peerKey []byte) error {
	if s.child == nil || !bytes.Equal(peerKey, s.child.transportKey) {
		return errors.New("an unknown key")
	}
	h := hello{versionMin: 1, versionMax: 1, role: roleHub, now: uint32(time.Now().Unix()),
		cursors: shortDigest(s.upCursors())}
	s.answers.bytes(h.message())
	messages, err := splitMessages(payload)
	for err == nil && !s.bye {
		for _, m := range messages {
			if err = s.on(m); err != nil {
				return err
			}
		}
		if (s.goesOn || s.endsTwice || s.spoilt) && len(s.answers.data) > 0 {
			// In one frame, or the child may be gone before the batch.
			if err = s.writeSealed(s.answers.data); err != nil {
				return err
			}
			s.answers = writer{}
		}
		for _, m := range mustSplit(s.answers.data) {
			if err = s.writeSealed(oneMessage(m.kind, m.body)); err != nil {
				return err
			}
		}
		s.answers = writer{}
		if !s.bye {
			messages, err = s.readSealed()
		}
	}
	if err == nil && s.receipted != s.down && !s.keptBack && !s.spoilt {
		err = errors.New("BYE before all was receipted")
	}
	return err
}

func mustSplit(own []byte) []message {
	messages, err := splitMessages(own)
	if err != nil {
		panic(err) // we wrote them
	}
	return messages
}

func (h *goHub) serve(conn net.Conn) error {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(120 * time.Second))
	s := &served{goHub: h, link: newLink(conn), lives: map[string]int{}}
	payload, peerKey, err := s.accept()
	if err != nil {
		return err
	}
	if s.Mode == "join" {
		err = s.serveJoin(payload, peerKey)
	} else {
		err = s.serveSync(payload, peerKey)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Mode, err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"mode": s.Mode, "changes": s.Changes, "batches": s.Batches, "heads": s.Heads,
		"receipts": s.Receipts, "slips": s.Slips, "frames": s.frames[1],
		"rekeys": s.rekeys[1], "lives": len(s.lives), "dense": s.dense.taken,
		"learned": s.dense.learned(), "lost": s.dense.lost, "not_taken": s.NotTaken,
	})
}

// hubVerb serves so many connections, one after the other. One with bad slips
// hands out numbers that are not the group's; one that forgets has no history
// that a dense batch could lean on; one that goes on says END, then its batches,
// then END; one that ends twice has none between; one that spoils goes on too, and
// what it sends in its first session cannot be read.
func hubVerb(verb, address string, count int) error {
	switch verb {
	case "hub", "hub-bad-slips", "hub-forgets", "hub-goes-on", "hub-ends-twice", "hub-spoils":
	default:
		return errors.New("no such hub")
	}
	h, err := newGoHub()
	if err != nil {
		return err
	}
	if verb == "hub-bad-slips" {
		h.firstSlip = 1
	}
	h.forgets, h.goesOn, h.endsTwice = verb == "hub-forgets", verb == "hub-goes-on", verb == "hub-ends-twice"
	h.spoils = verb == "hub-spoils"
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(h.invite.code())
	for ; count > 0; count-- {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		if err = h.serve(conn); err != nil {
			return err
		}
	}
	return nil
}
