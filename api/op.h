/* op: one operation under way; inside api/ only.
 *
 * Each operation is a function that reads o->request, emits lines and leaves
 * a summary. What it returns decides exit code and message, unless it set
 * them itself.
 */

#ifndef YIZHAN_API_OP_H
#define YIZHAN_API_OP_H

#include "api/api.h"
#include "store/date.h"
#include "store/finding.h"
#include "store/key.h"
#include "store/self.h"
#include "store/signin.h"

/* Who asks (people.h). */
struct who {
	bool is_signed_in, is_required;
	bool has_pins; /* people sign in at this store, if they like */
	unsigned roles;
	char staff[REF_BYTES_MAX + 1];
	char org[REF_BYTES_MAX + 1]; /* acting org; "": the node's first */
	struct signin_time now;
};

struct op {
	struct api *api;
	uint32_t uid; /* the user of the system who asks */
	struct who who;
	const json_t *request;
	struct api_input *input;
	struct api_sink *sink;
	json_t *summary;     /* of the "done" line; NULL: none */
	const char *message; /* English msgid; NULL: by the error */
	bool has_exit;       /* exit was set; else by the error */
	enum api_exit exit;
};

typedef enum err op_run(struct op *o);

enum err op_init(struct op *o);
enum err op_invite(struct op *o);
enum err op_revoke(struct op *o);
enum err op_train(struct op *o);
enum err op_join(struct op *o);
enum err op_import(struct op *o);
enum err op_export(struct op *o);
enum err op_add(struct op *o);
enum err op_show(struct op *o);
enum err op_list(struct op *o);
enum err op_amend(struct op *o);
enum err op_reassign(struct op *o);
enum err op_status(struct op *o);
enum err op_sites(struct op *o);
enum err op_questions(struct op *o);
enum err op_decide(struct op *o);
enum err op_verify(struct op *o);
enum err op_sync(struct op *o);
enum err op_estimate(struct op *o);
enum err op_sign_in(struct op *o);
enum err op_sign_out(struct op *o);
enum err op_whoami(struct op *o);
enum err op_act_for(struct op *o);
enum err op_staff_pin(struct op *o);
enum err op_staff_unlock(struct op *o);
enum err op_staff_require(struct op *o);
enum err op_printed(struct op *o);
enum err op_who_looked(struct op *o);

/** Bytes of the last days and what budgets leave, read in t, into object. */
enum err op_traffic(const struct op *o, struct txn *t, json_t *object);

/** A text member of the request; NULL: missing or another type. */
const char *op_text(const struct op *o, const char *name);
/** A reference as typed, without its "ref:"; NULL: missing. */
const char *op_ref(const struct op *o, const char *name);
bool op_flag(const struct op *o, const char *name);
/** Without the "ref:" a person may have typed. */
const char *op_bare_ref(const char *text);

/** Emit {member: value}; takes value. Other than ERR_OK ends the operation:
 * the reader is gone, or ERR_NOMEM (also for value NULL). */
enum err op_emit(struct op *o, const char *member, json_t *value);
/** Emit each row of an array as {"item": row}. Errors as above. */
enum err op_emit_items(struct op *o, const json_t *array);
/** This day by this node's clock; "" when that cannot be believed. */
void op_today(const struct self *self, char out[DATE_CHARS + 1]);
/** The state to show of a record where it is not what it tells: what the day
 * makes of it, or what one is that tells none. day "": this clock cannot be
 * believed. NULL: what it tells. */
const char *op_state_today(const json_t *record, const char *day);
/** Emit a record, taken, and beside it that state. day NULL: nobody asks. */
enum err op_emit_record(struct op *o, json_t *record, const char *day);
/** The same with that word; NULL: none. */
enum err op_emit_today(struct op *o, json_t *record, const char *today);
/** What a day makes of a contract that has to be renewed (store/
 * contract_due.h); *word NULL: nothing. */
enum err op_ending(const struct op *o, const char *source, const char *ref,
    const char *day, const char **word);
struct record;
/** What the records here make of this one, which has that key, on a day
 * (store/device_view.h, contract_view.h); *out NULL: nothing. */
enum err op_view(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct record *r,
    const char *day, json_t **out);
/** The same with a view, taken too, or NULL. */
enum err op_emit_viewed(
    struct op *o, json_t *record, const char *day, json_t *view);
/** Fail: no record of this kind has that ref, or several do, which are then
 * told (record_find()); any other e is returned. */
enum err op_no_one_record(
    struct op *o, enum err e, const char *kind, const char *ref);
/** What a finding says, as a row for people. NULL: no memory. */
json_t *op_finding(enum finding_code code, bool is_refused, const char *field);
/** An instant as text, or null for 0 and what is out of range. */
json_t *op_instant(int64_t seconds);
bool op_is_stopping(const struct op *o);

/** Set message, and exit, and return e. */
enum err op_fail(struct op *o, enum err e, const char *message);
enum err op_fail_with(
    struct op *o, enum err e, enum api_exit exit_code, const char *message);

/** Read who this node is, in a transaction of its own; self_wipe() it.
 * ERR_NOT_FOUND, with its message: the store is not initialised. */
enum err op_self(struct op *o, struct self *out);
/** Before this node writes changes of its own. */
enum err op_begin_authoring(const struct op *o);
/** Tell the agent that there is something to send. */
void op_saved(const struct op *o);
enum err op_lock_parent(const struct op *o, unsigned timeout_ms);
void op_unlock_parent(const struct op *o);
/** Tell the agent how a session ended, for its log. */
void op_session_over(const struct op *o, enum session_purpose purpose,
    const char *peer, enum err e, const struct link_report *r);
/** Where the parent is: the config's, else the remembered address.
 * ERR_NOT_ENROLLED, ERR_NOT_FOUND: nobody ever said. */
enum err op_parent_address(
    const struct op *o, const struct self *self, char *out, size_t out_bytes);

/** "clinic", "relay" or "hub". */
const char *op_role_name(enum node_role role);

/** Refs of the orgs this node may act for, as an array. */
json_t *op_orgs(const struct self *self);

#endif
