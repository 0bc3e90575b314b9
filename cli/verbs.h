/* verbs: what each command does; listed in main.c, explained in help.c. */

#ifndef YIZHAN_CLI_VERBS_H
#define YIZHAN_CLI_VERBS_H

#include <jansson.h>

#include "cli/call.h"

/* setup.c */
int verb_init(struct call *c);
int verb_invite(struct call *c);
int verb_join(struct call *c);
/* revoke.c */
int verb_revoke(struct call *c);
/* train.c */
int verb_train(struct call *c);
/* records.c */
int verb_import(struct call *c);
int verb_export(struct call *c);
int verb_show(struct call *c);
int verb_list(struct call *c);
/* write.c */
int verb_add(struct call *c);
int verb_amend(struct call *c);
/** List the fields of a kind on stdout; false: there is no such kind. */
bool write_fields(const char *kind);
/* status.c */
int verb_status(struct call *c);
int verb_sites(struct call *c);
int verb_verify(struct call *c);
/* questions.c */
int verb_questions(struct call *c);
int verb_decide(struct call *c);
/* sync.c */
int verb_sync(struct call *c);
/* people.c */
struct columns;
int verb_sign_in(struct call *c);
int verb_sign_out(struct call *c);
int verb_whoami(struct call *c);
int verb_act_for(struct call *c);
int verb_staff_pin(struct call *c);
int verb_staff_unlock(struct call *c);
int verb_staff_require(struct call *c);
/** Who is signed in, as rows of two; none where nobody is. */
void people_rows(const json_t *summary, struct columns *columns);
/** Whether somebody is; asked of the store. */
bool people_is_signed_in(const struct call *c);
/* printed.c: two ways to show a resident */
int show_printed(struct call *c);
int show_who_looked(struct call *c);
/** What a field of a kind is called on paper, in the language of who reads;
 * the field's own name where it is not printed, or the words are not
 * translated: names are English. */
const char *printed_label(const char *kind, const char *field);
/* help.c */
int verb_help(struct call *c);
/** Explain a verb on stdout, all of them where it is NULL. */
void help_print(const struct call *c, const struct verb *verb);

#endif
