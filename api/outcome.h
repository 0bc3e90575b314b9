/* outcome: what an error means for who asked: exit code and words. */

#ifndef YIZHAN_API_OUTCOME_H
#define YIZHAN_API_OUTCOME_H

#include "api/api.h"
#include "sync/message.h"

/** The exit code of the command line contract. */
enum api_exit outcome_exit(enum err e);
/** A sentence, English msgid; never NULL. */
const char *outcome_message(enum err e);
/** What is wrong with the machine key beside a database that store_open() said
 * this of, English msgid; NULL: it is something else. */
const char *outcome_machine_key(const char *dir, enum err e);
/** Why a directory was refused (ERR_NOT_ALLOWED of store_open()), and the mend;
 * English msgid. */
const char *outcome_directory(const char *dir);
/** What an errno says, English msgid where it is a usual one: the system's
 * own texts are translated only where its catalogues are installed. */
const char *outcome_fault(int fault);
/** Why a peer or the protocol ended a session, English msgid; NULL: nothing
 * more is known than the error says. */
const char *outcome_reason(enum reason r);

#endif
