// What a hub must refuse. Each case is one connection; its outcome, an ERROR
// or clear error by name, "closed" or "accepted", is printed.

package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"sort"
	"syscall"

	"github.com/flynn/noise"
)

// attack has a node of the group, a connection, and what HELLO would say.
type attack struct {
	*session
	address string
	hello   *hello
}

var hostileCases = map[string]func(a *attack) error{
	"magic":         func(a *attack) error { return a.plain([]byte("GET / HTTP/1.1\r\n\r\n")) },
	"version-0":     func(a *attack) error { return a.plain([]byte{'Y', 'Z', 0, 1, 0}) },
	"version-2":     func(a *attack) error { return a.plain([]byte{'Y', 'Z', 2, 1, 0}) },
	"suite":         func(a *attack) error { return a.plain([]byte{'Y', 'Z', 1, 2, 0}) },
	"mode":          func(a *attack) error { return a.plain([]byte{'Y', 'Z', 1, 1, 3}) },
	"chain-twice":   (*attack).chainTwice,
	"clear-empty":   func(a *attack) error { return a.plain(append(preface(modeSync), 0, 0)) },
	"clear-long":    func(a *attack) error { return a.plain(append(preface(modeSync), 0x10, 1)) },
	"other-group":   (*attack).otherGroup,
	"other-parent":  (*attack).otherParent,
	"unknown-key":   (*attack).unknownKey,
	"message-1-bit": func(a *attack) error { return a.raw(func(m []byte) { m[40] ^= 1 }, nil) },
	"message-1-key": func(a *attack) error { return a.raw(func(m []byte) { copy(m, make([]byte, 32)) }, nil) },
	"message-3-bit": func(a *attack) error { return a.raw(nil, func(m []byte) []byte { m[70] ^= 1; return m }) },
	"message-3-cut": func(a *attack) error { return a.raw(nil, func(m []byte) []byte { return m[:63] }) },
	"reflect-2":     func(a *attack) error { return a.raw(nil, func([]byte) []byte { return a.lastReceived }) },
	"replay":        (*attack).replay,

	"hello-version":    func(a *attack) error { a.hello.versionMin, a.hello.versionMax = 2, 3; return a.say() },
	"hello-flags":      func(a *attack) error { a.hello.otherFlags = 32; return a.say() },
	"hello-range":      func(a *attack) error { a.hello.versionMin = 2; return a.say() },
	"taken-nothing":    func(a *attack) error { return a.say(oneMessage(typeTaken, []byte{63<<2 | upClass})) },
	"group-from-below": func(a *attack) error { return a.say(oneMessage(typeGroupHeld, make([]byte, 65))) },
	"hello-lives":      (*attack).helloLives,
	"hello-twice":      func(a *attack) error { return a.say(a.hello.message()) },
	"no-hello":         (*attack).noHello,
	"unknown-type":     func(a *attack) error { return a.say(oneMessage(99, nil)) },
	"type-end":         func(a *attack) error { return a.say(oneMessage(typeEnd, nil)) },
	"type-grant":       func(a *attack) error { return a.say(oneMessage(typeGrant, []byte{1, 1})) },
	"type-join":        func(a *attack) error { return a.say(oneMessage(typeJoin, nil)) },
	"type-welcome":     func(a *attack) error { return a.say(oneMessage(typeWelcome, nil)) },
	"early-bye":        func(a *attack) error { return a.say(oneMessage(typeBye, nil)) },
	"cut-message":      func(a *attack) error { return a.say([]byte{typeData, 9, 1}) },
	"reflect-frame":    (*attack).reflectFrame,
	"repeat-frame":     (*attack).repeatFrame,
	"sealed-bit":       (*attack).sealedBit,
	"frame-short":      func(a *attack) error { return a.sayRaw([]byte{0, 15}) },
	"frame-long":       func(a *attack) error { return a.sayRaw([]byte{0x40, 0x11}) },

	"other-life":      func(a *attack) error { return a.lie(lies{life: h8([]byte("another's"))}) },
	"other-signature": func(a *attack) error { return a.lie(lies{signer: ed25519.NewKeyFromSeed(random32())}) },
	"gap":             func(a *attack) error { return a.lie(lies{skip: 1}) },
	"ended-stream":    (*attack).endedStream,

	"dense-which":    func(a *attack) error { return a.say(oneMessage(typeDense, []byte{upClass | 4, 0})) },
	"dense-empty":    func(a *attack) error { return a.say(oneMessage(typeDense, []byte{upClass | denseEnd})) },
	"dense-flags":    func(a *attack) error { return a.header(func(h *packedHeader) { h.flags |= 8 }) },
	"dense-up-spelt": func(a *attack) error { return a.header(func(h *packedHeader) { h.flags &^= packedUp }) },
	"dense-epoch":    func(a *attack) error { return a.header(func(h *packedHeader) { h.start.Epoch = 0 }) },
	"dense-life":     func(a *attack) error { return a.header(func(h *packedHeader) { h.heads[0].life = 1 }) },
	"dense-known":    (*attack).denseKnown,
	"dense-ninth":    (*attack).denseNinth,
	"dense-long":     (*attack).denseLong,
	"dense-cut-bye":  (*attack).denseCutBye,
	"dense-nonsense": (*attack).denseNonsense,
	"dense-headless": (*attack).denseHeadless,
	"dense-unbegun":  func(a *attack) error { return a.notTaken(func(h *packedHeader) { h.flags &^= packedFresh }) },
	"dense-check":    func(a *attack) error { return a.notTaken(func(h *packedHeader) { h.follow(1) }) },
	"dense-book":     func(a *attack) error { return a.notTaken(func(h *packedHeader) { h.dictionary = 77 }) },
	"dense-history":  func(a *attack) error { return a.notTaken(func(h *packedHeader) { h.history = history{9, 0, 9, 1} }) },
	"dense-future": func(a *attack) error {
		return a.notTaken(func(h *packedHeader) { h.history = history{1, 0, 1 << 40, 1} })
	},
	"dense-other":     (*attack).denseOther,
	"dense-signature": (*attack).denseSignature,
	"dense-gap":       (*attack).denseGap,
}

// joinCases take a code as well; the node is a new one.
var joinCases = map[string]func(n *node, l *link, code *invite) error{
	"join":         func(n *node, l *link, c *invite) error { return n.join(l, c, n.honest()) },
	"join-role":    func(n *node, l *link, c *invite) error { return n.join(l, c, joining{"x", roleHub, n.Signing}) },
	"join-proof":   (*node).joinProof,
	"join-secret":  func(n *node, l *link, c *invite) error { c.secret[4] ^= 1; return n.join(l, c, n.honest()) },
	"join-number":  func(n *node, l *link, c *invite) error { c.number ^= 0x4000; return n.join(l, c, n.honest()) },
	"join-key":     (*node).joinKey,
	"join-replay":  (*node).joinReplay,
	"join-as-sync": (*node).joinAsSync,
}

func (n *node) honest() joining { return joining{"x", roleClinic, n.Signing} }

// outcome waits for what the hub says, past what an honest session holds.
func (l *link) outcome() error {
	for {
		var err error
		if l.sealed {
			_, err = l.readSealed()
		} else {
			_, err = l.readClear()
		}
		if err != nil {
			return err
		}
	}
}

func (a *attack) plain(bytes []byte) error {
	if err := a.write(bytes); err != nil {
		return err
	}
	return a.outcome()
}

func (a *attack) chainTwice() error {
	if err := a.write(preface(modeChain)); err != nil {
		return err
	}
	if _, err := a.readClear(); err != nil {
		return err
	}
	return a.plain(preface(modeChain))
}

func (a *attack) otherGroup() error {
	group := a.group()
	group[7] ^= 1
	err := a.handshake(modeSync, group, a.Transport, a.parent(), nil, nil, a.hello.message())
	return orAccepted(err)
}

func (a *attack) otherParent() error {
	key := append([]byte{}, a.parent()...)
	key[3] ^= 1
	err := a.handshake(modeSync, a.group(), a.Transport, key, nil, nil, a.hello.message())
	return orAccepted(err)
}

var errAccepted = errors.New("accepted")

func orAccepted(err error) error {
	if err == nil {
		return errAccepted
	}
	return err
}

func (a *attack) parent() []byte { return a.certificates()[1].transportKey }

func (a *attack) unknownKey() error {
	keys, err := suite.GenerateKeypair(nil)
	if err != nil {
		return err
	}
	a.Transport = keys
	return a.say()
}

// raw is a handshake whose messages 1 and 3 are altered.
func (a *attack) raw(alter1 func([]byte), alter3 func([]byte) []byte) error {
	state, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: suite, Pattern: noise.HandshakeXK, Initiator: true,
		Prologue: append(preface(modeSync), a.group()...), StaticKeypair: a.Transport,
		PeerStatic: a.parent(),
	})
	if err != nil {
		return err
	}
	first, _, _, err := state.WriteMessage(nil, nil)
	if err != nil {
		return err
	}
	if alter1 != nil {
		alter1(first)
	}
	if err = a.write(preface(modeSync)); err != nil {
		return err
	}
	if err = a.writeClear(first); err != nil {
		return err
	}
	second, err := a.readClear()
	if err != nil {
		return err
	}
	a.lastReceived = append([]byte{}, second...)
	if _, _, _, err = state.ReadMessage(nil, second); err != nil {
		return err
	}
	third, _, _, err := state.WriteMessage(nil, a.hello.message())
	if err != nil {
		return err
	}
	if err = a.writeClear(alter3(third)); err != nil {
		return err
	}
	return a.outcome()
}

// replay sends a whole good session's bytes again over a new connection.
func (a *attack) replay() error {
	if err := a.run(); err != nil {
		return fmt.Errorf("the session to record: %w", err)
	}
	again, err := dial(a.address)
	if err != nil {
		return err
	}
	defer again.conn.Close()
	if err = again.write(a.sent); err != nil {
		return err
	}
	return again.outcome()
}

// say opens a session and sends frames; with none, the HELLO is the lie.
func (a *attack) say(frames ...[]byte) error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	for _, f := range frames {
		if err := a.writeSealed(f); err != nil {
			return err
		}
	}
	return a.outcome()
}

func (a *attack) sayRaw(bytes []byte) error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	return a.plain(bytes)
}

// helloLives shows more lives than a HELLO may hold.
func (a *attack) helloLives() error {
	for i := 0; i < 64; i++ {
		a.hello.lives = append(a.hello.lives, random32()[:16])
	}
	return a.say()
}

func (a *attack) noHello() error {
	err := a.handshake(modeSync, a.group(), a.Transport, a.parent(), nil, nil,
		oneMessage(typeCursorsWanted, nil))
	if err != nil {
		return err
	}
	return a.outcome()
}

// reflectFrame sends back what the hub sealed.
func (a *attack) reflectFrame() error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	if _, err := a.readSealed(); err != nil {
		return err
	}
	if err := a.writeClear(a.lastReceived); err != nil {
		return err
	}
	return a.outcome()
}

func (a *attack) repeatFrame() error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	if err := a.writeSealed(nil); err != nil {
		return err
	}
	return a.plain(a.lastSealed)
}

func (a *attack) sealedBit() error {
	if err := a.open(a.hello); err != nil {
		return err
	}
	frame, err := a.sealFrame([]byte("x"))
	if err != nil {
		return err
	}
	frame[2] ^= 0x80
	return a.plain(frame)
}

// lie sends one batch of two new changes that is not what it says.
func (a *attack) lie(l lies) error {
	org := a.certificates()[0].orgs[0]
	a.node.add(residentBody("lie-1", org))
	a.node.add(residentBody("lie-2", org))
	a.hello.last[upClass] += 2
	batch := a.batch(a.Receipted.Place, a.Up.Place, l)
	return a.say(dataMessage(upClass, a.out.put(batch)))
}

func (a *attack) endedStream() error {
	// A frame header and an empty raw block that is the last.
	return a.say(dataMessage(upClass, []byte{0, windowByte, 1, 0, 0}))
}

func (n *node) joinProof(l *link, code *invite) error {
	return n.join(l, code, joining{"x", roleClinic, ed25519.NewKeyFromSeed(random32())})
}

// joinKey claims another's signing key, here the root's, which everybody may
// read in the chain.
func (n *node) joinKey(l *link, code *invite) error {
	root, _, err := l.askChain(code)
	if err != nil {
		return err
	}
	again, err := dial(l.conn.RemoteAddr().String())
	if err != nil {
		return err
	}
	defer again.conn.Close()
	own := n.Signing
	n.Signing = append(append(ed25519.PrivateKey{}, own[:32]...), root...)
	return n.join(again, code, joining{"x", roleClinic, own})
}

// joinReplay joins, and sends the same bytes again.
func (n *node) joinReplay(l *link, code *invite) error {
	if err := n.join(l, code, n.honest()); err != nil {
		return err
	}
	again, err := dial(l.conn.RemoteAddr().String())
	if err != nil {
		return err
	}
	defer again.conn.Close()
	if err = again.write(l.sent); err != nil {
		return err
	}
	return again.outcome()
}

// joinAsSync sends a JOIN with its secret in a handshake without one.
func (n *node) joinAsSync(l *link, code *invite) error {
	root, parents, err := l.askChain(code)
	if err != nil {
		return err
	}
	group := h8(root)
	err = l.handshake(modeSync, group, n.Transport, parents[0].transportKey, nil,
		nil, n.joinMessage(n.honest(), group))
	if err != nil {
		return err
	}
	return l.outcome()
}

func tell(err error) error {
	var said *refusal
	switch {
	case err == nil:
		fmt.Println("accepted")
	case errors.As(err, &said):
		fmt.Println(said)
	case err == errNotTaken:
		fmt.Println(err)
	case err == io.EOF || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		fmt.Println("closed")
	default:
		return err
	}
	return nil
}

func hostileVerb(hub, dir, name string) error {
	attackWith, known := hostileCases[name]
	if !known {
		return fmt.Errorf("no case %q", name)
	}
	n, err := openNode(dir)
	if err != nil {
		return err
	}
	l, err := dial(hub)
	if err != nil {
		return err
	}
	defer l.conn.Close()
	s, err := newSession(n, l, options{})
	if err != nil {
		return err
	}
	return tell(attackWith(&attack{s, hub, n.hello()}))
}

func hostileJoinVerb(hub, dir, name, code string) error {
	joinWith, known := joinCases[name]
	if !known {
		return fmt.Errorf("no case %q", name)
	}
	i, err := parseInvite(code)
	if err != nil {
		return err
	}
	n, err := openNode(dir) // the keys of an earlier try, if there was one
	if err != nil {
		if n, err = newNode(dir); err != nil {
			return err
		}
	}
	l, err := dial(hub)
	if err != nil {
		return err
	}
	defer l.conn.Close()
	return tell(joinWith(n, l, i))
}

func hostileNames() []string {
	var names []string
	for name := range hostileCases {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
