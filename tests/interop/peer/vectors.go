// The vectors printed in protocol.md, by the code that speaks to a hub: the C
// side checks them too, but it may share a misreading with who wrote them.

package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/flynn/noise"
)

// vector is a block of the page.
type vector struct {
	name   string
	keys   []string
	values [][]byte
	faults []string
}

func (v *vector) all(key string) [][]byte {
	var out [][]byte
	for i, k := range v.keys {
		if k == key {
			out = append(out, v.values[i])
		}
	}
	return out
}

func (v *vector) get(key string) []byte {
	if all := v.all(key); len(all) == 1 {
		return all[0]
	}
	v.faults = append(v.faults, "not one "+key)
	return nil
}

func (v *vector) number(key string) uint64 { return bigEndian(v.get(key)) }

func bigEndian(b []byte) uint64 {
	n := uint64(0)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (v *vector) seed(key string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(v.get(key), make([]byte, 32)...)[:32])
}

func (v *vector) expect(key string, got []byte) { v.same(key, v.get(key), got) }

func (v *vector) same(what string, want, got []byte) {
	if !bytes.Equal(want, got) {
		v.faults = append(v.faults, fmt.Sprintf("%s: %x instead of %x", what, got, want))
	}
}

func (v *vector) must(what string, ok bool) {
	if !ok {
		v.faults = append(v.faults, what)
	}
}

var (
	blocks  = regexp.MustCompile("(?ms)^```vector ([a-z-]+)\n(.*?)^```$")
	ongoing = regexp.MustCompile(`\n[ \t]+`)
)

func readVectors(page string) ([]*vector, error) {
	var out []*vector
	for _, m := range blocks.FindAllStringSubmatch(page, -1) {
		v := &vector{name: m[1]}
		for _, line := range strings.Split(strings.TrimSpace(ongoing.ReplaceAllString(m[2], "")), "\n") {
			key, text, _ := strings.Cut(line, " = ")
			value := []byte(strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`))
			if !strings.HasPrefix(text, `"`) {
				var err error
				if value, err = hex.DecodeString(text); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", v.name, key, err)
				}
			}
			v.keys, v.values = append(v.keys, key), append(v.values, value)
		}
		out = append(out, v)
	}
	return out, nil
}

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func (v *vector) change(i int) *change {
	ids, bodies := v.all("change_id"), v.all("body")
	if i >= len(ids) || i >= len(bodies) || len(ids[i]) != 17 {
		v.faults = append(v.faults, "no such change")
		return &change{life: make([]byte, 8)}
	}
	return &change{life: ids[i][:8], seq: number8(ids[i][9:]), body: bodies[i]}
}

func (v *vector) class(i int) uint8 { return v.all("change_id")[i][8] }

var vectorChecks = map[string]func(v *vector){
	"varint": func(v *vector) {
		var w writer
		w.varint(v.number("value"))
		v.expect("bytes", w.data)
		r := &reader{data: w.data}
		v.must("reading", r.varint() == v.number("value") && r.end() == nil)
	},
	"varint-refused": func(v *vector) {
		r := &reader{data: v.get("bytes")}
		r.varint()
		v.must("accepted", r.end() != nil)
	},
	"signed": func(v *vector) {
		var w writer
		w.signed(int64(v.number("value")))
		v.expect("bytes", w.data)
		r := &reader{data: w.data}
		v.must("reading", r.signed() == int64(v.number("value")) && r.end() == nil)
	},
	"group-id": func(v *vector) { v.expect("group", h8(v.get("root_key"))) },
	"node-id":  func(v *vector) { v.expect("node", h8(v.get("signing_key"))) },
	"life-id":  func(v *vector) { v.expect("life", h8(v.get("signing_key"), v.get("nonce"))) },
	"invite": func(v *vector) {
		i, err := parseInvite(string(v.get("code")))
		if err != nil {
			v.faults = append(v.faults, err.Error())
			return
		}
		v.must("number", uint64(i.number) == v.number("number"))
		v.expect("secret", i.secret)
		v.same("root hash", h32(v.get("root_key"))[:10], i.rootHash)
		v.expect("psk", i.psk(h8(v.get("root_key"))))
	},
	"certificate": checkCertificate,
	"join": func(v *vector) {
		n := &node{Signing: v.seed("signing_seed")}
		n.Transport.Public = v.get("transport_key")
		j := joining{string(v.get("name")), uint8(v.number("role")), n.Signing}
		v.expect("message", n.joinMessage(j, v.get("group")))
	},
	"opening":     checkOpening,
	"change":      checkChange,
	"fingerprint": checkFingerprint,
	"log":         checkLog,
	"running-hash": func(v *vector) {
		running := uint64(0)
		for _, f := range v.all("fingerprint") {
			running = runOn(running, number8(f))
		}
		v.expect("running", u64(running))
	},
	"cursor-digest": func(v *vector) {
		var all []cursorOf
		for i, list := range v.all("list") {
			all = append(all, cursorOf{string(list), v.all("class")[i][0], cursor{
				uint32(bigEndian(v.all("epoch")[i])), bigEndian(v.all("place")[i]),
				bigEndian(v.all("running")[i])}})
		}
		v.expect("digest", u64(cursorsDigest(all)))
	},
	"hello":         checkHello,
	"receipt":       checkReceipt,
	"group-receipt": checkGroupReceipt,
	"taken":         checkTaken,
	"unheard":       checkUnheard,
	"group-held":    checkGroupHeld,
	"withdrawn":     checkWithdrawn,
	"batch":         checkBatch,
	"dictionary": func(v *vector) {
		b, err := shippedBook()
		if err != nil {
			v.faults = append(v.faults, err.Error())
			return
		}
		v.must("size", uint64(len(b.data)) == v.number("size"))
		v.must("id", uint64(b.id) == v.number("id"))
	},
	"stream": func(v *vector) {
		s, err := newInStream()
		var batches [][]byte
		if err == nil {
			batches, err = s.feed(v.get("stream"))
		}
		v.must(fmt.Sprintf("%d batches, %v", len(batches), err), err == nil && len(batches) == 1)
		if len(batches) == 1 {
			v.expect("blob", batches[0])
		}
	},
	"dense-batch": checkDenseBatch,
}

func checkCertificate(v *vector) {
	c, err := readCertificate(v.get("encoding"))
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return
	}
	v.expect("group", c.group)
	v.expect("issuer", c.issuer)
	v.expect("name", []byte(c.name))
	v.expect("transport_key", c.transportKey)
	v.expect("signing_key", c.signingKey)
	v.must("number", c.number == v.number("number"))
	v.must("role", uint64(c.role) == v.number("role"))
	v.same("orgs", bytes.Join(v.all("org"), []byte(",")), []byte(strings.Join(c.orgs, ",")))
	v.must("signature", c.signedBy(v.seed("signer_seed").Public().(ed25519.PublicKey)))
}

// secretKey is an X25519 pair by its secret.
func secretKey(secret []byte) noise.DHKey {
	pair, _ := suite.GenerateKeypair(bytes.NewReader(secret))
	return pair
}

func checkOpening(v *vector) {
	hub, clinic := secretKey(v.get("hub_transport_secret")), secretKey(v.get("clinic_transport_secret"))
	config := noise.Config{CipherSuite: suite, Pattern: noise.HandshakeXK,
		Prologue: append(preface(modeSync), v.get("group")...)}
	first, second := config, config
	first.Initiator, first.StaticKeypair, first.PeerStatic = true, clinic, hub.Public
	first.Random = bytes.NewReader(v.get("clinic_ephemeral_secret"))
	second.StaticKeypair, second.Random = hub, bytes.NewReader(v.get("hub_ephemeral_secret"))
	a, err1 := noise.NewHandshakeState(first)
	b, err2 := noise.NewHandshakeState(second)
	v.must("handshake", err1 == nil && err2 == nil)
	request, _, _, err1 := a.WriteMessage(nil, nil)
	_, _, _, err2 = b.ReadMessage(nil, request)
	answer, _, _, err3 := b.WriteMessage(nil, nil)
	v.must("messages", err1 == nil && err2 == nil && err3 == nil)
	var w, x writer
	w.bytes(preface(modeSync))
	w.u16(uint16(len(request)))
	w.bytes(request)
	v.expect("request", w.data)
	x.u16(uint16(len(answer)))
	x.bytes(answer)
	v.expect("answer", x.data)
}

// checkChange reads all of a body but the fields.
func checkChange(v *vector) {
	c := v.change(0)
	r := &reader{data: c.body}
	v.must("version", r.u8() == 1)
	flags := r.u8()
	v.must("clock", uint64(flags&3) == v.number("clock"))
	v.must("managing", uint64(flags>>2&1) == v.number("managing"))
	if r.varint() == 0 {
		v.expect("kind", r.string(64))
	}
	v.expect("source", r.string(64))
	if flags>>3&1 == 1 {
		v.expect("ref", []byte(fmt.Sprintf("~%x-%d-%d", c.life, v.class(0), c.seq)))
	} else {
		v.expect("ref", r.string(800))
	}
	parents := v.all("parent")
	count := r.upTo(32)
	v.must("parents", count == uint64(len(parents)))
	for i := uint64(0); i < count && i < uint64(len(parents)); i++ {
		life, link := c.life, make([]byte, 4)
		if r.u8() == 1 {
			life, link = r.bytes(8), r.bytes(4)
		}
		parent := change{life: life}
		class := r.u8()
		parent.seq = r.varint()
		v.same("parent", parents[i], append(parent.id(class), link...))
	}
	v.expect("by", r.string(800))
	v.expect("org", r.string(800))
	occurred := r.signed()
	v.must("occurred_at", uint64(occurred) == v.number("occurred_at"))
	v.must("recorded_at", uint64(occurred+r.signed()) == v.number("recorded_at"))
	v.must("too few bytes", r.err == nil)
}

func checkFingerprint(v *vector) {
	v.expect("fingerprint", u64(v.change(0).fingerprint(v.class(0), v.get("secret"))))
}

func checkLog(v *vector) {
	c, class := v.change(0), v.class(0)
	salt := monthSalt(v.get("log_secret"), uint16(v.number("month")))
	v.expect("salt", salt)
	start := chainStart(c.life, class)
	v.expect("start", start)
	commitment := c.commitment(class, salt)
	v.expect("commitment", commitment)
	chain := h32(start, commitment)
	v.expect("chain", chain)
	v.expect("signature", signHead(v.seed("signing_seed"), c.life, class, c.seq, chain))
}

func checkHello(v *vector) {
	h := &hello{versionMin: uint8(v.number("version_min")), versionMax: uint8(v.number("version_max")),
		role: uint8(v.number("role")), clock: uint8(v.number("clock")), now: uint32(v.number("now")),
		epoch: v.number("list_epoch"), cursors: uint32(v.number("cursors_digest")),
		slips: v.number("slips_left"), held: uint32(v.number("held_digest")),
		lives: v.all("life_nonce"), bound: v.number("down_bound")}
	for _, id := range v.all("dictionary") {
		h.dictionaries = append(h.dictionaries, uint32(bigEndian(id)))
	}
	for class, seq := range v.all("life_seq") {
		h.last[class] = bigEndian(seq)
	}
	if len(h.lives) > 0 {
		h.forked = uint8(v.number("life_forked"))
	}
	v.expect("message", h.message())
	messages, err := splitMessages(v.get("message"))
	if err != nil || len(messages) != 1 {
		v.faults = append(v.faults, "not one message")
		return
	}
	back, err := readHello(messages[0].body)
	v.must("reading", err == nil && reflect.DeepEqual(back, h))
}

func checkTaken(v *vector) {
	v.expect("message", oneMessage(typeTaken,
		[]byte{uint8(v.number("count")-1)<<2 | uint8(v.number("class"))}))
}

func checkUnheard(v *vector) {
	var runs []unheardRun
	for i, life := range v.all("life") {
		runs = append(runs, unheardRun{bigEndian(life), bigEndian(v.all("first")[i]),
			bigEndian(v.all("count")[i])})
	}
	v.expect("message", oneMessage(typeUnheard,
		unheard(uint8(v.number("class")), v.number("running"), runs)))
}

func checkGroupHeld(v *vector) {
	var w writer
	g := &groupReceipt{life: v.get("life")}
	which := v.number("place") << classes
	for class := range g.seq {
		g.seq[class], g.chain[class] = bigEndian(v.all("seq")[class]), v.all("chain")[class]
		if g.seq[class] > 0 {
			which |= 1 << uint(class)
		}
	}
	w.varint(which)
	for _, seq := range g.seq {
		if seq > 0 {
			w.varint(seq)
		}
	}
	w.bytes(ed25519.Sign(v.seed("hub_seed"), g.message()))
	v.expect("message", oneMessage(typeGroupHeld, w.data))
}

func checkWithdrawn(v *vector) {
	var list, signed writer
	list.u32(uint32(v.number("epoch")))
	list.varint(uint64(len(v.all("node"))))
	for _, id := range v.all("node") {
		list.bytes(id)
	}
	signed.bytes([]byte("yizhan withdrawn list v1\x00"))
	signed.bytes(v.get("group"))
	signed.bytes(list.data)
	list.bytes(ed25519.Sign(v.seed("hub_seed"), signed.data))
	v.expect("message", oneMessage(typeWithdrawn, list.data))
}

func checkReceipt(v *vector) {
	var w writer
	c := cursorOf{string(v.get("list")), uint8(v.number("class")),
		cursor{uint32(v.number("epoch")), v.number("place"), v.number("running")}}
	c.write(&w)
	exceptions := v.all("exception")
	w.varint(uint64(len(exceptions)))
	for _, e := range exceptions {
		w.bytes(e[:9])
		w.varint(number8(e[9:17]))
		w.varint(bigEndian(e[17:]))
	}
	v.expect("message", oneMessage(typeReceipt, w.data))
}

func checkGroupReceipt(v *vector) {
	messages, err := splitMessages(v.get("message"))
	if err != nil || len(messages) != 1 || messages[0].kind != typeGroupReceipt {
		v.faults = append(v.faults, "not one GROUP_RECEIPT")
		return
	}
	g, err := readGroupReceipt(messages[0].body)
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return
	}
	v.expect("life", g.life)
	for class := range g.seq {
		v.must("seq", bigEndian(v.all("seq")[class]) == g.seq[class])
		v.same("chain", v.all("chain")[class], g.chain[class])
	}
	hub := v.seed("hub_seed").Public().(ed25519.PublicKey)
	v.must("signature", ed25519.Verify(hub, g.signed, g.signature))
}

func checkBatch(v *vector) {
	b, err := readBatch(v.get("blob"))
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return
	}
	epoch := uint32(v.number("epoch"))
	v.expect("list", []byte(b.list))
	v.must("start", b.start == cursor{epoch, v.number("start_place"), v.number("start_running")})
	v.must("end", b.end == cursor{epoch, v.number("end_place"), v.number("end_running")})
	v.must("changes", len(b.changes) == len(v.all("change_id")))
	for i, c := range b.changes {
		v.same("change_id", v.all("change_id")[i], c.id(uint8(v.number("class"))))
		v.same("body", v.all("body")[i], c.body)
		v.same("salt", v.all("salt")[i], c.salt)
	}
	for i, h := range b.heads {
		v.same("head", v.all("head")[i], append(append(append([]byte{}, h.life...), u64(h.seq)...), h.signature...))
	}
	v.must("heads", len(b.heads) == len(v.all("head")))
}

// vectorPlaces is a receiver that stands nowhere and holds one history.
type vectorPlaces struct{ lives, history [][]byte }

func (p *vectorPlaces) known() [][]byte              { return p.lives }
func (p *vectorPlaces) expects(string, uint8) cursor { return cursor{} }

func (p *vectorPlaces) bodies(_ []byte, _ uint8, _, count uint64) [][]byte {
	if count != uint64(len(p.history)) {
		return nil
	}
	return p.history
}

// checkDenseBatch decodes the packed batch and packs it again.
func checkDenseBatch(v *vector) {
	class, at := uint8(v.number("class")), &vectorPlaces{v.all("known_life"), v.all("history_body")}
	book, err := shippedBook()
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return
	}
	want, err := readBatch(v.get("blob"))
	u := &unpacker{book: book, packed: v.get("packed")}
	got, isRead, err2 := u.take(class, at)
	if err != nil || err2 != nil || !isRead {
		v.must(fmt.Sprintf("reading: %v, %v", err, err2), false)
		return
	}
	v.must("another batch", reflect.DeepEqual(got, want))

	header := readPackedHeader(&reader{data: v.get("packed")}, at.known())
	p := &packer{book: book}
	v.must("beginning", p.begin(at.history) == nil)
	v.expect("packed", p.pack(header, want.changes, at.known()))
}

func vectorsVerb(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	vectors, err := readVectors(string(page))
	if err != nil {
		return err
	}
	checked := map[string]bool{}
	failed := false
	for _, v := range vectors {
		check, known := vectorChecks[v.name]
		if !known {
			return fmt.Errorf("no check for a vector %s", v.name)
		}
		check(v)
		checked[v.name] = true
		for _, fault := range v.faults {
			fmt.Fprintf(os.Stderr, "vector %s: %s\n", v.name, fault)
			failed = true
		}
	}
	if failed || len(checked) != len(vectorChecks) {
		return errors.New("the page's vectors are not those of its text")
	}
	fmt.Printf("%d vectors of %d kinds\n", len(vectors), len(checked))
	return nil
}
