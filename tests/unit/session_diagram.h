/* session_diagram: the diagram of docs/protocol.md, 11, as a table. */

#ifndef YIZHAN_TESTS_UNIT_SESSION_DIAGRAM_H
#define YIZHAN_TESTS_UNIT_SESSION_DIAGRAM_H

#include "sync/session_state.h"

enum diagram_side { RESPONDER, INITIATOR };

struct diagram_edge {
	enum diagram_side side;
	enum session_state from, to;
};

static const struct diagram_edge diagram[] = {
    {RESPONDER, STATE_PREFACE, STATE_MESSAGE_1},
    {RESPONDER, STATE_MESSAGE_1, STATE_INVITE},
    {RESPONDER, STATE_MESSAGE_1, STATE_MESSAGE_3},
    {RESPONDER, STATE_INVITE, STATE_MESSAGE_3},
    {RESPONDER, STATE_MESSAGE_3, STATE_OPEN},
    {RESPONDER, STATE_MESSAGE_3, STATE_WELCOME},
    {RESPONDER, STATE_OPEN, STATE_DONE},
    {RESPONDER, STATE_WELCOME, STATE_DONE},
    {INITIATOR, STATE_CHAIN, STATE_MESSAGE_2},
    {INITIATOR, STATE_MESSAGE_2, STATE_OPEN},
    {INITIATOR, STATE_MESSAGE_2, STATE_WELCOME},
    {INITIATOR, STATE_OPEN, STATE_CLOSING},
    {INITIATOR, STATE_WELCOME, STATE_CLOSING},
    {INITIATOR, STATE_CLOSING, STATE_DONE},
};

/* One call may pass several states; none is left but along the edges. */
static inline bool
diagram_allows(
    const struct session *s, enum session_state from, enum session_state to)
{
	enum diagram_side side =
	    s->o.purpose == SESSION_ANSWER ? RESPONDER : INITIATOR;
	bool reached[STATE_FAILED + 1] = {false};
	size_t round, i;

	if (from == to)
		return true;
	if (from == STATE_DONE || from == STATE_FAILED)
		return false; /* an end is an end */
	if (to == STATE_FAILED)
		return true;
	reached[from] = true;
	for (round = 0; round <= STATE_FAILED; round++)
		for (i = 0; i < sizeof diagram / sizeof diagram[0]; i++)
			if (diagram[i].side == side && reached[diagram[i].from])
				reached[diagram[i].to] = true;
	return reached[to];
}

#endif
