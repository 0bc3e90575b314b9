// peer is a second implementation of docs/protocol.md, made of that page,
// Go's standard library, flynn/noise and klauspost/compress, to show that the
// page suffices and that both ends mean the same.
//
//	peer noise                         sessions over standard input (noise.go)
//	peer join HUB CODE DIR NAME        join as a new node, kept in DIR
//	peer sync HUB DIR [OPTION...]      one session as the node in DIR
//	peer hub ADDRESS COUNT             a hub for so many connections (hub.go)
//	peer hub-FAULT ADDRESS COUNT       the same: bad-slips, forgets, goes-on, ends-twice, spoils
//	peer vectors PAGE                  the vectors of protocol.md (vectors.go)
//	peer hostile HUB DIR CASE [CODE]   what the hub must refuse (hostile.go)
//	peer hostile                       the names of those cases without CODE
//
// INTEROP_DICTIONARY names the dictionary of dense batches.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch {
	case verb == "noise" && len(args) == 1:
		return noiseSessions(os.Stdin)
	case verb == "join" && len(args) == 5:
		return joinVerb(args[1], args[2], args[3], args[4])
	case verb == "sync" && len(args) >= 3:
		return syncVerb(args[1], args[2], args[3:])
	case strings.HasPrefix(verb, "hub") && len(args) == 3:
		count, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return hubVerb(verb, args[1], count)
	case verb == "vectors" && len(args) == 2:
		return vectorsVerb(args[1])
	case verb == "hostile" && len(args) == 1:
		fmt.Println(strings.Join(hostileNames(), "\n"))
		return nil
	case verb == "hostile" && len(args) == 4:
		return hostileVerb(args[1], args[2], args[3])
	case verb == "hostile" && len(args) == 5:
		return hostileJoinVerb(args[1], args[2], args[3], args[4])
	}
	return fmt.Errorf("usage: see main.go")
}

func syncVerb(hub, dir string, args []string) error {
	var o options
	flags := flag.NewFlagSet("sync", flag.ContinueOnError)
	flags.IntVar(&o.add, "add", 0, "changes to make first")
	flags.BoolVar(&o.small, "small", false, "a batch for each change, one at a time")
	flags.IntVar(&o.emptyFrames, "empty-frames", 0, "frames without messages")
	flags.BoolVar(&o.otherDigest, "other-digest", false, "tell another digest of cursors")
	flags.BoolVar(&o.forged, "forged", false, "tell another history of the first dense batch")
	flags.BoolVar(&o.forget, "forget", false, "forget all cursors first")
	if err := flags.Parse(args); err != nil {
		return err
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
	s, err := newSession(n, l, o)
	if err != nil {
		return err
	}
	if err = s.run(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(&s.summary)
}
