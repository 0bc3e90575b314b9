// peer is a second implementation of docs/protocol.md, made of that page,
// Go's standard library and flynn/noise, to show that the page suffices and
// that both ends mean the same.
//
//	peer noise                      sessions over standard input (noise.go)
//	peer join HUB CODE DIR          join as a new node, keep it in DIR
//	peer sync HUB DIR [OPTION]      one session as the node in DIR
//	peer hostile HUB DIR CASE       something the hub must refuse
package main

import (
	"fmt"
	"os"
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
	}
	return fmt.Errorf("usage: peer noise")
}
