/* kinds: every record kind, one file each. A new one is a file here, a line
 * here and a line in store/kinds.c.
 */

#ifndef YIZHAN_STORE_KINDS_KINDS_H
#define YIZHAN_STORE_KINDS_KINDS_H

#include "store/kind.h"

extern const struct kind kind_org;
extern const struct kind kind_staff;
extern const struct kind kind_practice_site;
extern const struct kind kind_team;
extern const struct kind kind_drug;
extern const struct kind kind_resident;
extern const struct kind kind_device;
extern const struct kind kind_contract;
extern const struct kind kind_encounter;
extern const struct kind kind_followup;
extern const struct kind kind_contract_service;
extern const struct kind kind_loan;
extern const struct kind kind_custody;
extern const struct kind kind_usage;
extern const struct kind kind_referral;
extern const struct kind kind_exam_request;
extern const struct kind kind_exam_report;
extern const struct kind kind_dictionary;
extern const struct kind kind_move;
extern const struct kind kind_link;
extern const struct kind kind_question;
extern const struct kind kind_audit;
extern const struct kind kind_recognition;
extern const struct kind kind_consult;
extern const struct kind kind_exam_item;
extern const struct kind kind_sterile_batch;
extern const struct kind kind_dispatch;
extern const struct kind kind_studio;
extern const struct kind kind_outreach;
extern const struct kind kind_disclosure;
extern const struct kind kind_contract_change;
extern const struct kind kind_emptying;

/* Urgency classes (docs/store.md): what overtakes what on a thin link. */
enum {
	URGENCY_AT_ONCE = 0,  /* emergencies, critical values, deaths */
	URGENCY_SOON = 1,     /* steps somebody elsewhere waits for */
	URGENCY_DAILY = 2,    /* the day's work */
	URGENCY_WHENEVER = 3, /* reference lists, history */
};

/* Rows that several kinds share. */
extern const struct field row_diagnosis[]; /* encounter.c */
extern const struct field row_drug[];      /* encounter.c */
extern const struct field row_package[];   /* contract.c */
/* Words that several kinds share. */
extern const char *const words_population_tag[]; /* resident.c */
extern const char *const words_modality[];       /* exam_request.c */
/* Rules that two kinds share. */

/** Refuse packages without the basic one (contract.c). */
void check_packages(const json_t *record, struct findings *out);

#endif
