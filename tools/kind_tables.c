/* kind_tables: prints the tables of every record kind as docs/domain.md holds
 * them, each after a line `== KIND`. tests/tidy/domain_test.py compares the
 * page with it and writes it anew.
 */

#include <stdio.h>
#include <string.h>

#include "store/kind.h"

static const char *
type_word(const struct field *f)
{
	static const char *const words[] = {
	    [FIELD_TEXT] = "text",
	    [FIELD_WORD] = "word",
	    [FIELD_ENUM] = "one of",
	    [FIELD_CHOICE] = "choice",
	    [FIELD_INT] = "whole number",
	    [FIELD_DECIMAL] = "number",
	    [FIELD_MONEY] = "cents",
	    [FIELD_BOOL] = "true or false",
	    [FIELD_DATE] = "day",
	    [FIELD_INSTANT] = "time",
	    [FIELD_REF] = "reference",
	    [FIELD_REFS] = "references",
	    [FIELD_WORDS] = "texts",
	    [FIELD_ENUMS] = "some of",
	    [FIELD_ROW] = "row",
	    [FIELD_ROWS] = "rows",
	    [FIELD_ICD10] = "ICD-10 code",
	    [FIELD_ID_NO] = "document number",
	    [FIELD_USCC] = "social credit code",
	    [FIELD_SLIP] = "slip number",
	    [FIELD_EHR_NO] = "health record number",
	};

	return words[f->type];
}

static const char *
merge_word(const struct field *f)
{
	static const char *const words[] = {
	    [MERGE_FIELD] = "F",
	    [MERGE_APPEND] = "A",
	    [MERGE_STATE] = "S",
	    [MERGE_RANK] = "last word",
	};

	return words[f->merge];
}

static void
print_words(const struct field *f)
{
	for (const char *const *w = f->words; w != NULL && *w != NULL; w++)
		printf("%s%s", w == f->words ? " " : ", ", *w);
}

static void
print_type(const struct field *f)
{
	printf("%s", type_word(f));
	print_words(f);
	if (f->ref_kind != NULL)
		printf(" to %s", f->ref_kind);
	if (f->source_field != NULL)
		printf(" of the source in %s", f->source_field);
}

/* Who receives the record, or what it names, because of this field. */
static void
print_receivers(const struct field *f)
{
	static const struct {
		unsigned flag;
		const char *word;
	} words[] = {
	    {FIELD_AUDIENCE, "who is named"},
	    {FIELD_HOLDER, "who is named, as its keeper"},
	    {FIELD_TEAM, "the team named"},
	    {FIELD_FOLLOWS, "who receives that"},
	    {FIELD_GRANTS, "grants that"},
	};
	const char *gap = "";
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if ((f->flags & words[i].flag) == 0)
			continue;
		printf("%s%s", gap, words[i].word);
		gap = "; ";
	}
}

/* Refused outside; warned outside. */
static void
print_limits(const struct field *f)
{
	const char *gap = "";

	if (f->min < f->max) {
		printf("%.15g to %.15g", f->min, f->max);
		gap = "; ";
	}
	if (f->low < f->high && (f->low > f->min || f->high < f->max)) {
		printf("%susual %.15g to %.15g", gap, f->low, f->high);
		gap = "; ";
	}
	if (f->max_chars != 0)
		printf("%s%zu characters", gap, f->max_chars);
}

static void
print_field(const struct field *f, const char *above, const char *number)
{
	printf("| %s%u | %s%s%s | ", number, (unsigned)f->number, above,
	    *above == '\0' ? "" : ".", f->name);
	print_type(f);
	printf(" | %s | ", (f->flags & FIELD_REQUIRED) != 0 ? "yes" : "");
	print_limits(f);
	printf(" | P%d | %s%s%s%s%s%s | ", (int)f->data,
	    *above == '\0' ? merge_word(f) : "",
	    f->guarded == NULL ? "" : ", guarded from ",
	    f->guarded == NULL ? "" : f->guarded,
	    (f->flags & FIELD_AT_ONCE) != 0 ? ", at once" : "",
	    (f->flags & FIELD_ASKED) != 0 ? ", asked" : "",
	    (f->flags & FIELD_GROUP) != 0 ? ", the group's" : "");
	print_receivers(f);
	printf(" |\n");
}

static void
print_fields(const struct field *table, const char *above, const char *number)
{
	for (const struct field *f = table; f->number != 0; f++) {
		char name[128], digits[32];

		print_field(f, above, number);
		if (f->row == NULL)
			continue;
		snprintf(name, sizeof name, "%s%s%s%s", above,
		    *above == '\0' ? "" : ".", f->name,
		    f->type == FIELD_ROWS ? "[]" : "");
		snprintf(digits, sizeof digits, "%s%u.", number,
		    (unsigned)f->number);
		print_fields(f->row, name, digits);
	}
}

static const char *
who_word(const struct state *s)
{
	if (s->never_stored)
		return "computed";
	if (s->group_only)
		return "group";
	return s->managing_only ? "managing org, group" : "any";
}

static void
print_from(const char *from)
{
	bool is_first = true;

	while (*from != '\0') {
		size_t n = strcspn(from, " ");

		printf("%s", is_first ? "" : ", ");
		if (n == 1 && *from == '-')
			printf("nothing");
		else
			printf("%.*s", (int)n, from);
		is_first = false;
		from += n;
		from += strspn(from, " ");
	}
}

static void
print_states(const struct state *states)
{
	printf("\n| state | follows | by | first line | says why |\n"
	       "|---|---|---|---|---|\n");
	for (const struct state *s = states; s->name != NULL; s++) {
		printf("| %s | ", s->name);
		print_from(s->from);
		printf(" | %s | %s%s | %s |\n", who_word(s),
		    s->history_ok ? "also as history" : "",
		    s->by_slip ? ", by slip number alone" : "",
		    s->reason == NULL ? "" : s->reason);
	}
}

/* --- who receives it -------------------------------------------------------
 */

static const char *
grant_word(enum grant_rule rule)
{
	static const char *const words[] = {
	    [GRANT_FULL] = "in full",
	    [GRANT_BASIC] = "its basic part",
	    [GRANT_BY_OTHERS] =
	        "its basic part, and in full once another says so",
	    [GRANT_BY_GROUP] =
	        "its basic part, and in full once the group says so",
	};

	return words[rule];
}

static bool
has_flag(const struct field *table, unsigned flag)
{
	for (const struct field *f = table; f->number != 0; f++)
		if ((f->flags & flag) != 0 ||
		    (f->row != NULL && has_flag(f->row, flag)))
			return true;
	return false;
}

/* States of a list, or that it is any. */
static void
print_in(const char *before, const char *list)
{
	if (list == NULL || strcmp(list, "*") == 0)
		return;
	printf("%s", before);
	print_from(list);
}

static void
print_grants(const struct kind *k)
{
	const struct kind_scope *s = &k->scope;

	if (!has_flag(k->fields, FIELD_GRANTS))
		return;
	printf(" Grants what it names %s", grant_word(s->grant));
	print_in(" (of the states ", s->full_in);
	printf("%s", s->full_in == NULL ? "" : ")");
	if (s->held_by != NULL) {
		printf(", unless `%s` says ", s->held_by);
		print_in("", s->held_in);
	}
	print_in(", in the states ", s->grants_in);
	printf(".");
}

static void
print_scope(const struct kind *k)
{
	const struct kind_scope *s = &k->scope;

	if (s->up_only) {
		printf("\nReceived by the group alone.\n");
		return;
	}
	if (k->by_group && !k->for_acting_org) {
		printf("\nReceived by everybody.\n");
		return;
	}
	printf("\nReceived by the acting org and those above it");
	if (s->by_founder)
		printf(", the orgs that began it");
	if (has_flag(k->fields,
	        FIELD_AUDIENCE | FIELD_HOLDER | FIELD_TEAM | FIELD_FOLLOWS))
		printf(", and as its fields say");
	if (s->about[0] != NULL)
		printf(", and by who receives the record in %s, %s and %s",
		    s->about[0], s->about[1], s->about[2]);
	printf(".");
	if (s->basic != NULL) {
		printf(" A basic grant covers it");
		print_in(" in the states ", s->basic);
		printf(".");
	}
	print_grants(k);
	if (s->is_care)
		printf(" Who writes one cares for the resident it names.");
	if (s->has_carers)
		printf(" Orgs that care for him and stand below his keeper "
		       "have a basic grant.");
	printf("\n");
}

static void
print_kind(const struct kind *k)
{
	printf("== %s\n", k->name);
	printf("Number %u, class %u%s.", (unsigned)k->number,
	    (unsigned)k->urgency, k->classify == NULL ? "" : " or by content");
	if (k->by_group)
		printf(" Written by the group only.");
	if (k->org_is_field)
		printf(" Its org says whose it is.");
	if (k->slip_letter != 0)
		printf(" Slip letter %c.", k->slip_letter);
	if (k->keeps_branches)
		printf(" Concurrent versions stay side by side.");
	if (k->is_final)
		printf(" Never changed.");
	if (k->unsaid != NULL)
		printf(" One that tells no state is %s.", k->unsaid);
	printf("\n");
	print_scope(k);
	printf("\n| no. | field | type | must | limits | data | merge | who "
	       "receives |\n"
	       "|---|---|---|---|---|---|---|---|\n");
	print_fields(k->fields, "", "");
	if (k->states != NULL)
		print_states(k->states);
}

int
main(void)
{
	for (const struct kind *const *k = kind_all(); *k != NULL; k++)
		print_kind(*k);
	return ferror(stdout) != 0;
}
