/* states_table: the states of every kind, written from the rules and not from
 * the kinds' own tables, and a walk over every step between two of them.
 */

#ifndef YIZHAN_TESTS_UNIT_STATES_TABLE_H
#define YIZHAN_TESTS_UNIT_STATES_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/kind.h"

/* From one state, all that may follow, steps jumped over among them, since
 * others write those. "-": the first line of a record, which may be history.
 * Behind a state * says that only the group brings a record into it, + that
 * the resident's managing org may too. A state that is computed follows
 * nothing and nothing follows it. */
static const struct row {
	const char *kind, *from, *to;
} rows[] = {
    {"resident", "-", "provisional confirmed*"},
    {"resident", "provisional", "provisional confirmed*"},
    {"resident", "confirmed", "confirmed"},
    {"resident", "linked", "linked"},

    {"contract", "-",
        "draft signed active expired ending refused terminated closed"},
    {"contract", "draft",
        "draft signed active* contested* refused* ending terminated* closed"},
    {"contract", "signed",
        "signed active* contested* refused* ending terminated* closed"},
    {"contract", "active",
        "active contested* refused* ending terminated* closed"},
    {"contract", "contested",
        "contested active* refused* ending terminated* closed"},
    {"contract", "ending", "ending terminated* closed"},
    {"contract", "refused", "refused"},
    {"contract", "terminated", "terminated"},
    {"contract", "expired", "expired"},
    {"contract", "closed", "closed"},

    {"encounter", "-", "draft signed amended entered_in_error"},
    {"encounter", "draft", "draft signed amended entered_in_error"},
    {"encounter", "signed", "signed amended entered_in_error"},
    {"encounter", "amended", "amended entered_in_error"},
    {"encounter", "entered_in_error", "entered_in_error"},

    {"followup", "-", "planned done missed"},
    {"followup", "planned", "planned done missed"},
    {"followup", "done", "done"},
    {"followup", "missed", "missed"},

    {"loan", "-",
        "requested approved refused cancelled handed_over received "
        "returning returned lost damaged"},
    {"loan", "requested",
        "requested approved refused cancelled handed_over received "
        "returning returned lost damaged"},
    {"loan", "approved",
        "approved cancelled handed_over received returning returned lost "
        "damaged"},
    {"loan", "refused",
        "refused handed_over received returning returned lost damaged"},
    {"loan", "cancelled", "cancelled"},
    {"loan", "handed_over",
        "handed_over received returning returned lost damaged"},
    {"loan", "received", "received returning returned lost damaged"},
    {"loan", "returning", "returning returned lost damaged"},
    {"loan", "returned", "returned"},
    {"loan", "lost", "lost"},
    {"loan", "damaged", "damaged"},
    {"loan", "overdue", "overdue"},
    {"loan", "metrology_expired", "metrology_expired"},

    {"referral", "-",
        "draft issued accepted declined cancelled arrived arrived_home "
        "in_care sent_back followed_up"},
    {"referral", "draft",
        "draft issued accepted declined cancelled arrived arrived_home "
        "in_care sent_back followed_up"},
    {"referral", "issued",
        "issued accepted declined cancelled arrived arrived_home in_care "
        "sent_back followed_up"},
    {"referral", "accepted",
        "accepted cancelled arrived arrived_home in_care sent_back "
        "followed_up"},
    {"referral", "declined",
        "declined arrived arrived_home in_care sent_back followed_up"},
    {"referral", "cancelled",
        "cancelled arrived arrived_home in_care sent_back followed_up"},
    {"referral", "arrived", "arrived in_care sent_back followed_up"},
    {"referral", "arrived_home", "arrived_home followed_up"},
    {"referral", "in_care", "in_care sent_back followed_up"},
    {"referral", "sent_back", "sent_back followed_up"},
    {"referral", "followed_up", "followed_up"},
    {"referral", "lapsed", "lapsed"},

    {"exam_request", "-", "sent received reported rejected"},
    {"exam_request", "sent", "sent received reported rejected"},
    {"exam_request", "received", "received reported rejected"},
    {"exam_request", "reported", "reported"},
    {"exam_request", "rejected", "rejected"},

    {"move", "-", "requested confirmed*"},
    {"move", "requested", "requested confirmed* undone* refused*"},
    {"move", "confirmed", "confirmed undone*"},
    {"move", "undone", "undone"},
    {"move", "refused", "refused"},

    {"link", "-", "proposed linked+"},
    {"link", "proposed", "proposed linked+ refused+ undone+"},
    {"link", "linked", "linked undone+"},
    {"link", "refused", "refused undone+"},
    {"link", "undone", "undone"},

    {"question", "-", "open decided+"},
    {"question", "open", "open decided+ undone+"},
    {"question", "decided", "decided undone+"},
    {"question", "undone", "undone"},

    {"consult", "-", "requested accepted declined answered closed"},
    {"consult", "requested", "requested accepted declined answered closed"},
    {"consult", "accepted", "accepted answered closed"},
    {"consult", "declined", "declined"},
    {"consult", "answered", "answered closed"},
    {"consult", "closed", "closed"},

    {"sterile_batch", "-",
        "received sterilising sterile dispatched delivered used returned "
        "recalled"},
    {"sterile_batch", "received",
        "received sterilising sterile dispatched delivered used returned "
        "recalled"},
    {"sterile_batch", "sterilising",
        "sterilising sterile dispatched delivered used returned recalled"},
    {"sterile_batch", "sterile",
        "sterile dispatched delivered used returned recalled"},
    {"sterile_batch", "dispatched",
        "dispatched delivered used returned recalled"},
    {"sterile_batch", "delivered", "delivered used returned recalled"},
    {"sterile_batch", "used", "used recalled"},
    {"sterile_batch", "returned", "returned recalled"},
    {"sterile_batch", "recalled", "recalled"},
    {"sterile_batch", "expired", "expired"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* Content that no rule finds fault with, whatever the state. */
static const struct {
	const char *kind, *fields;
} contents[] = {
    {"sterile_batch", "\"batch_no\":\"B1\",\"item\":\"x\",\"quantity\":2"},
    {"resident", "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\""},
    {"contract",
        "\"resident_id\":\"ref:R1\",\"team_id\":\"ref:T1\","
        "\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"2026-05-01\","
        "\"start_on\":\"2026-05-01\",\"end_on\":\"2027-04-30\","
        "\"resident_signature\":\"paper\""},
    {"encounter", "\"resident_id\":\"ref:R1\",\"type\":\"phone\","
                  "\"visit_at\":\"2026-05-01T08:00:00+08:00\""},
    {"followup", "\"resident_id\":\"ref:R1\",\"programme\":\"other\","
                 "\"on\":\"2026-05-01\""},
    {"loan", "\"device_id\":\"ref:E1\",\"lender\":\"ref:H01\","
             "\"borrower\":\"ref:C01\""},
    {"referral", "\"direction\":\"up\",\"resident_id\":\"ref:R1\","
                 "\"from_org\":\"ref:C01\",\"to_org\":\"ref:H01\""},
    {"exam_request", "\"resident_id\":\"ref:R1\",\"to_org\":\"ref:H01\","
                     "\"modality\":\"ecg\""},
    {"move", "\"resident_id\":\"ref:R1\",\"to_org\":\"ref:C02\""},
    {"link", "\"resident_id\":\"ref:R1\",\"other_id\":\"ref:R2\","
             "\"basis\":\"by_hand\""},
    {"question", "\"about_kind\":\"resident\",\"about_ref\":\"R1\","
                 "\"resident_id\":\"ref:R1\",\"decision\":\"x\""},
    {"consult", "\"resident_id\":\"ref:R1\",\"from_org\":\"ref:C01\","
                "\"to_org\":\"ref:H01\",\"question\":\"x\",\"answer\":\"y\""},
};

static inline const char *
content_of(const char *kind)
{
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		if (strcmp(contents[i].kind, kind) == 0)
			return contents[i].fields;
	fail_msg("no content for %s", kind);
	return NULL;
}

static inline const struct row *
row_of(const char *kind, const char *from)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].kind, kind) == 0 &&
		    strcmp(rows[i].from, from) == 0)
			return &rows[i];
	fail_msg("no row for %s %s", kind, from);
	return NULL;
}

/* Who hands in the line. */
enum who { ANY_ORG, MANAGING_ORG, GROUP, ANYBODY_AT_ALL };

/* Whether the table allows it. */
static inline bool
wanted(const char *kind, const char *from, const char *to, enum who who)
{
	const char *at = row_of(kind, from)->to;
	size_t size = strlen(to);

	while (*at != '\0') {
		size_t n = strcspn(at, " ");
		char mark = at[n - 1];
		bool is_marked = mark == '*' || mark == '+';

		if (n - is_marked == size && memcmp(at, to, size) == 0)
			return !is_marked || who >= GROUP ||
			       (who == MANAGING_ORG && mark == '+');
		at += n;
		at += strspn(at, " ");
	}
	return false;
}

typedef void each_step(
    void *context, const struct kind *k, const char *from, const char *to);

static inline size_t
walk_steps(const struct kind *k, each_step *visit, void *context)
{
	size_t count = 0;

	for (const struct state *to = k->states; to->name != NULL; to++) {
		visit(context, k, "-", to->name);
		count++;
		for (const struct state *s = k->states; s->name != NULL; s++) {
			visit(context, k, s->name, to->name);
			count++;
		}
	}
	return count;
}

static inline void
walk_all(each_step *visit, void *context)
{
	size_t count = 0;

	for (const struct kind *const *k = kind_all(); *k != NULL; k++)
		if ((*k)->states != NULL)
			count += walk_steps(*k, visit, context);
	assert_true(count > 500);
}

#endif
