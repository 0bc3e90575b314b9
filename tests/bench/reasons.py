"""reasons: why a row misses its goal, as far as it is known, by the beginning
of the row's name. Shares are from profiles of the same steps (perf)."""

REASONS = [
    ("first load: share",
     "packing takes 0.3 ms a change at the clinic and as much at the hub, and "
     "here the proxy runs on the same two cores; besides, the handshake's "
     "round trips and the last receipt, during which the link is idle."),
    ("import, to durable",
     "bare jansson, which has to parse each line first, is slower here than "
     "the 60,000 lines/s of the machine the goal was set on: see the next "
     "row. Of an import's instructions 43 % are jansson's, 14 % two "
     "encodings (the line's hash and the change), 11 % sealed writes, 8 % the "
     "kind's rules."),
    ("import: times",
     "the whole of it runs in one thread, parsing included; of its "
     "instructions 43 % are jansson's, so that 2.3 is what it costs undisturbed "
     "and the rest is waiting for the disk."),
    ("save",
     "a commit writes each changed page whole: a save changes about 22 pages "
     "in a dozen trees, the bare commit 4. `bare spread`, the same bytes in "
     "ten trees, changes 16. Four fifths of a save are the kernel's writing."),
    ("8 writers",
     "one commit serves all who wait, which is worth most where the disk is "
     "slow: at 4 ms a wait this row was 0.25. Where the disk answers in 0.2 ms "
     "what is left is each save's own pages and CPU, as in the rows above."),
    ("hub, ",
     "the clinics run on the same cores, and their compression takes three "
     "times the hub's CPU; one thread writes, and waits for the disk."),
    ("hub: for each",
     "34 % the kernel writing pages of trees whose keys have no order, 17 % "
     "sealing and hashing each value, 15 % decoding each change to judge it, "
     "11 % LMDB, 7 % compression."),
    ("1 Mbit/s",
     "headers, 40 bytes a segment, take 2.7 %; and for 3.5 round trips of the "
     "8 s, the handshake's and the last receipt's, nothing is under way."),
    ("windows of 30 s",
     "each window has its handshake, 1.2 s of 30, sends again what was under "
     "way or not committed when the one before it was cut, some 5 kB, and "
     "begins its coder anew from the dictionary and 256 changes, some 10 kB."),
    ("status, store opened",
     "to open a store moves its marker (docs/store.md, Restored copies): six "
     "waits for the disk. Where an agent runs there is none."),
    ("status with",
     "as above: six waits for the disk to move the marker; it does not grow "
     "with the store."),
]
