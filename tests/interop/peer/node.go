// What a node keeps, as JSON in its directory, and how it joins (protocol.md
// 6). Keys lie here in clear: this is a test's node.

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flynn/noise"
)

type cursor struct {
	Epoch   uint32
	Place   uint64
	Running uint64
}

type node struct {
	Transport         noise.DHKey
	Signing           ed25519.PrivateKey
	Root              []byte
	Chain             [][]byte
	FingerprintSecret []byte
	Orgs              map[string]string
	SlipFirst         uint64
	Slips             uint64
	LifeNonce         []byte
	LogSecret         []byte
	Own               [][]byte // bodies of the own changes
	Up                cursor   // epoch of the list up; its end
	Receipted         cursor   // what the parent holds of it
	Cursors           map[string]cursor
	Seen              int // changes received

	dir      string
	chains   [][]byte // of the own log, after 0, 1, ... changes
	runnings []uint64 // of the list up, likewise
}

// upClass is the class of all changes this node makes.
const upClass = 2

func random32() []byte {
	out := make([]byte, 32)
	if _, err := rand.Read(out); err != nil {
		panic(err)
	}
	return out
}

func newNode(dir string) (*node, error) {
	keys, err := suite.GenerateKeypair(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &node{
		Transport: keys, Signing: ed25519.NewKeyFromSeed(random32()),
		LifeNonce: random32()[:16], LogSecret: random32(), dir: dir,
		Up: cursor{Epoch: 1 | uint32(number8(random32()[:8]))}, Cursors: map[string]cursor{},
	}, nil
}

func openNode(dir string) (*node, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "node.json"))
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir}
	return n, json.Unmarshal(raw, n)
}

func (n *node) save() error {
	raw, err := json.Marshal(n)
	if err == nil {
		err = os.MkdirAll(n.dir, 0o700)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(n.dir, "node.json"), raw, 0o600)
}

func (n *node) public() []byte { return n.Signing.Public().(ed25519.PublicKey) }
func (n *node) group() []byte  { return h8(n.Root) }
func (n *node) life() []byte   { return h8(n.public(), n.LifeNonce) }

func (n *node) certificates() []*certificate {
	chain, err := checkChain(n.Root, n.Chain)
	if err != nil {
		panic(err) // checked before it was kept
	}
	return chain
}

// readStrings is a row of n strings, as in a chain.
func readStrings(r *reader, n, max uint64) [][]byte {
	var out [][]byte
	for ; n > 0 && r.err == nil; n-- {
		out = append(out, r.string(max))
	}
	return out
}

// askChain learns the chain of the parent and checks it against the code.
func (l *link) askChain(code *invite) (root []byte, chain []*certificate, err error) {
	if err = l.write(preface(modeChain)); err != nil {
		return
	}
	body, err := l.readClear()
	if err != nil {
		return
	}
	r := &reader{data: body}
	root = r.bytes(32)
	raw := readStrings(r, uint64(r.u8()), 2048)
	if err = r.end(); err != nil {
		return
	}
	if !bytes.Equal(h32(root)[:10], code.rootHash) {
		return nil, nil, errors.New("the root key is not that of the code")
	}
	if chain, err = checkChain(root, raw); err == nil && chain[0].role < roleRelay {
		err = errors.New("the parent is neither a relay nor a hub")
	}
	return
}

// joining is what a JOIN tells, so that a case can tell lies.
type joining struct {
	name   string
	role   uint8
	prover ed25519.PrivateKey
}

func (n *node) joinMessage(j joining, group []byte) []byte {
	var w, proof writer
	proof.text("yizhan join proof v1\x00\x00\x00\x00")
	proof.bytes(n.public())
	proof.bytes(n.Transport.Public)
	proof.bytes(group)
	w.string([]byte(j.name))
	w.u8(j.role)
	w.bytes(n.public())
	w.bytes(ed25519.Sign(j.prover, proof.data))
	return oneMessage(typeJoin, w.data)
}

// join fills n with what the WELCOME says; BYE is sent once it is saved.
func (n *node) join(l *link, code *invite, j joining) error {
	root, parents, err := l.askChain(code)
	if err != nil {
		return err
	}
	var number writer
	number.u16(code.number)
	group := h8(root)
	err = l.handshake(modeJoin, group, n.Transport, parents[0].transportKey,
		code.psk(group), number.data, n.joinMessage(j, group))
	if err != nil {
		return err
	}
	messages, err := l.readSealed()
	if err != nil {
		return err
	}
	if len(messages) != 1 || messages[0].kind != typeWelcome {
		return errors.New("no WELCOME")
	}
	if err = n.welcome(messages[0].body, root, parents); err != nil {
		return err
	}
	if err = n.save(); err != nil {
		return err
	}
	return l.writeSealed(oneMessage(typeBye, nil))
}

func (n *node) welcome(body, root []byte, parents []*certificate) error {
	r := &reader{data: body}
	n.Root = r.bytes(32)
	n.Chain = readStrings(r, uint64(r.u8()), 2048)
	n.FingerprintSecret = r.bytes(32)
	r.signed() // the group's time
	n.SlipFirst, n.Slips = r.varint(), r.varint()
	n.Orgs = map[string]string{}
	for count := r.upTo(256); count > 0 && r.err == nil; count-- {
		ref := string(r.string(64))
		n.Orgs[ref] = string(r.string(64))
	}
	if err := r.end(); err != nil {
		return err
	}
	if !bytes.Equal(n.Root, root) {
		return errors.New("another root key in WELCOME")
	}
	chain, err := checkChain(n.Root, n.Chain)
	if err != nil {
		return err
	}
	own := chain[0]
	if len(chain) < 2 || own.role != roleClinic ||
		!bytes.Equal(own.transportKey, n.Transport.Public) ||
		!bytes.Equal(own.signingKey, n.public()) ||
		!bytes.Equal(chain[1].transportKey, parents[0].transportKey) {
		return errors.New("the certificate is not ours")
	}
	return nil
}

func joinVerb(hub, code, dir, name string) error {
	i, err := parseInvite(code)
	if err != nil {
		return err
	}
	n, err := newNode(dir)
	if err != nil {
		return err
	}
	l, err := dial(hub)
	if err != nil {
		return err
	}
	defer l.conn.Close()
	if err = n.join(l, i, joining{name, roleClinic, n.Signing}); err != nil {
		return err
	}
	own := n.certificates()[0]
	fmt.Printf("joined as %q, certificate %d, orgs %q\n", own.name, own.number, own.orgs)
	return nil
}
