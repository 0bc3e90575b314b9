/* help: what each verb does, in words. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/form.h"
#include "base/i18n.h"
#include "cli/output.h"
#include "cli/verbs.h"

struct page {
	const char *verb;
	const char *usage;
	const char *brief;
	const char *text; /* NULL: the brief says it all */
};

static const struct page pages[] = {
    {"init", "yizhan init [--role clinic|hub] [--name N]",
        N_("make a store and its keys"),
        N_("The role is fixed here: a clinic has a parent, a hub is the "
           "group's server and makes the group. A hub's root key is written "
           "to group-root.key in the store's directory: move it away and keep "
           "it offline.\n\n"
           "  --name N   what this node is called in the group's lists; the\n"
           "             computer's name unless given\n")},
    {"hub invite", "yizhan hub invite --org REF... [--name N] [--qr]",
        N_("print a code with which a node joins the group"),
        N_("The code is good for one node, for 72 hours and five tries. The "
           "node may act for the orgs named, and for those below them; they "
           "may still be unknown here. A village's computer is named its "
           "village and its team, --org V01 --org team:TM1: then it also "
           "holds the team's contracts and the files that go with them.\n\n"
           "  --name N   what the node is called\n"
           "  --qr       draw the code for a camera as well\n")},
    {"hub revoke", "yizhan hub revoke SITE --reason TEXT",
        N_("withdraw a node: lost, stolen, or closed"),
        N_("SITE is the node's name or its id, as yizhan sites shows them. A "
           "session it has open ends at once; from then on it is given "
           "nothing, and what it still hands over is held apart at the hub "
           "and listed by yizhan questions. This is final: a computer that "
           "is found again joins anew, as a new node with a new store.\n\n"
           "  --reason TEXT   why, at most 200 bytes; it is stored and shown,\n"
           "                  so name no patients in it\n")},
    {"hub train-dictionary",
        "yizhan hub train-dictionary [--dry-run] [--by REF] [--org REF]",
        N_("make the group's streams smaller by what its records share"),
        N_("Reads the records held here and makes a dictionary of the "
           "phrases, drugs, diagnoses and values that at least two authors "
           "wrote of at least five residents; no name, phone, address or long "
           "number can be in it. Says what it saves on records it was not "
           "made of, and hands it out as a record. Once a month is "
           "plenty.\n\n"
           "  --dry-run   only say what it would save\n"
           "  --by REF    who had it made; the hub itself unless given\n"
           "  --org REF   in whose name; the group's first org\n")},
    {"join", "yizhan join CODE [--hub HOST:PORT]",
        N_("join a group with a code from its hub"),
        N_("Makes a store where there is none. What was saved before stays "
           "and is sent. The address is remembered; without --hub the one in "
           "yizhan.conf is taken.\n")},
    {"import", "yizhan import FILE|- [--source NAME]",
        N_("take records from a file of the clinic's software"),
        N_("One JSON object a line, exchange format v1. Lines seen before are "
           "unchanged, so the same file may be imported again. Lines that "
           "cannot be taken are told with their number, kept, and listed by "
           "yizhan questions; the others are saved.\n\n"
           "  --source NAME   the software, where the group declared it for\n"
           "                  several orgs\n")},
    {"export", "yizhan export [--kind K] [FILE]",
        N_("write all records as they stand now"),
        N_("One JSON object a line, in the order imports want, on standard "
           "output or to FILE. The records are patients' data: mind where "
           "they go.\n")},
    {"add", "yizhan add KIND [--FIELD VALUE]... [--by REF] [--org REF] | -",
        N_("write a new record"),
        N_("--by is the staff record of who writes. --org is the org it is "
           "done for, this node's first unless given. On a terminal what must "
           "be there and was not given is asked for. With - one JSON object "
           "is read from standard input. Prints the ref, and the slip number "
           "where there is one. --state draft keeps the record here, unsent."
           "\n\nyizhan help add KIND lists the fields of a kind.\n")},
    {"amend",
        "yizhan amend KIND REF|SLIP [--FIELD VALUE]... [--reassign REF] "
        "[--by REF] [--org REF] | -",
        N_("change fields of a record"),
        N_("The record keeps its former versions. An empty value clears a "
           "field. With - one JSON object is read from standard input; null "
           "clears. --reassign moves what was filed under the wrong resident "
           "to the entry named: the wrong file keeps a stub that says why."
           "\n\nyizhan help amend KIND lists the fields of a kind.\n")},
    {"show",
        "yizhan show KIND REF|SLIP [--now] [--ground WORD] [--note TEXT] "
        "[--printed "
        "[--to WORD] | --who-looked] [--by REF]",
        N_("show one record"),
        N_("Of residents it is written down who read what on what ground, "
           "before it is shown, where people sign in.\n\n"
           "  --ground WORD   treatment (unless given), contract, referral,\n"
           "                  complaint, audit, other\n"
           "  --note TEXT     more about the ground\n"
           "  --printed       a resident's own record, to be handed out;\n"
           "                  that it was is written down\n"
           "  --to WORD       to whom: resident (unless given), guardian,\n"
           "                  relative, authority, other\n"
           "  --who-looked    who read a resident's record, as far as that\n"
           "                  is known here\n"
           "  --by REF        who asks, where nobody signed in\n"
           "  --now           with --json: only how a device, a loan, a\n"
           "                  hand-over or a contract stands now\n")},
    {"list",
        "yizhan list KIND [--limit N] [--name TEXT] [--ground WORD] [--ending]",
        N_("list the records of a kind"),
        N_("  --name TEXT   only those in whose name this stands, however "
           "the\n"
           "                dot in it is written\n"
           "  --ending      contract: only those that end within 60 days, or\n"
           "                ended within the last 60, and that no other\n"
           "                follows\n")},
    {"sync",
        "yizhan sync [--wait] [--timeout SECONDS] [--max-bytes N] | --estimate",
        N_("exchange changes with the parent now"),
        N_("Ends with \"done\" only when the parent has receipted what was "
           "sent.\n\n"
           "  --wait              try again while there is no link, until all "
           "that\n"
           "                      was here at the start is receipted\n"
           "  --timeout SECONDS   how long to wait (60)\n"
           "  --max-bytes N       move no more than that, both ways together;"
           "\n"
           "                      what does not fit waits, the urgent goes "
           "first;\n"
           "                      500k and 2M are understood\n"
           "                      (what the parent has to tell besides, such "
           "as a\n"
           "                      list of withdrawn computers, may exceed "
           "it)\n"
           "  --estimate          send nothing: say how many bytes would "
           "go,\n"
           "                      as on a slow link; on a fast one it is "
           "more\n")},
    {"status", "yizhan status",
        N_("how things stand, and what is not yet at the group"), NULL},
    {"sites", "yizhan sites", N_("the nodes below this hub"), NULL},
    {"questions", "yizhan questions [--warnings]", N_("what needs a person"),
        N_("The most urgent first, then the oldest. Where versions met they "
           "stand side by side, with what is proposed and how to decide it. "
           "With --warnings also lines that were taken though something is "
           "odd about them.\n")},
    {"decide",
        "yizhan decide ID [CHOICE] --reason TEXT [--by REF] [--org REF]"
        " | ID --undo --reason TEXT",
        N_("decide a question, or take a decision back"),
        N_("ID is the question's number, CHOICE one of those that yizhan "
           "questions shows; without a choice they are shown. Only the "
           "resident's managing organisation, the device's owner or the group "
           "decides what is theirs. What was decided is a record that "
           "everybody concerned receives.\n\n"
           "  --undo          take a decision back; ID is the number it had\n"
           "                  here, or the ref of its record\n"
           "  --reason TEXT   why; it is stored and shown\n"
           "  --by REF        the staff record of who decides\n"
           "  --org REF       in whose name; the managing organisation's, or\n"
           "                  the group's at the hub\n")},
    {"sign-in", "yizhan sign-in STAFF [--pin-file FILE]",
        N_("say who works at this computer"),
        N_("STAFF is the ref of your staff record. The PIN is asked for, or "
           "read from standard input or a file. From then on what you write "
           "is in your name, and what you may do follows from your roles. "
           "After 15 minutes without use you are signed out; after ten wrong "
           "tries the PIN is locked.\n")},
    {"sign-out", "yizhan sign-out", N_("leave this computer to another"), NULL},
    {"whoami", "yizhan whoami", N_("who is signed in, and for which org"),
        NULL},
    {"act-for", "yizhan act-for ORG", N_("choose the org you work for now"),
        N_("For those who work at several sites. It stands until you sign out "
           "and goes for what you write and read; --org still goes before "
           "it.\n")},
    {"staff pin", "yizhan staff pin STAFF [--pin-file FILE] [--as-owner]",
        N_("set a PIN or passphrase, at least 6 characters"),
        N_("The first one anybody may set where signing in is not required, "
           "but an administrator's, once others have PINs, only an "
           "administrator or the owner; another one the person, signed in, "
           "who gives the present one first, or an administrator. PINs stay "
           "in this store and are never sent.\n\n"
           "  --pin-file FILE   its first line, for one's own PIN the first\n"
           "                    two, present and new; else it is asked for,\n"
           "                    or read from standard input\n"
           "  --as-owner        as the store's owner: the system's user whose\n"
           "                    directory it is, or root\n")},
    {"staff unlock", "yizhan staff unlock STAFF [--as-owner]",
        N_("let somebody try again after ten wrong PINs"), NULL},
    {"staff require", "yizhan staff require on|off [--as-owner]",
        N_("whether this store is for those only who signed in"),
        N_("Off, unless an administrator turns it on. Status, sync and verify "
           "never ask; import runs for the store's owner without, at "
           "night.\n")},
    {"verify", "yizhan verify",
        N_("read everything that is stored and say what is bad"), NULL},
    {"help", "yizhan help [VERB [KIND]]", N_("explain a command"), NULL},
};

static const struct page *
find_page(const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (strcmp(pages[i].verb, verb) == 0)
			return &pages[i];
	return NULL;
}

static void
print_all(const struct call *c)
{
	struct columns *columns = columns_new(stdout, 2, NULL);
	size_t i;

	printf("%s\n\n", _("usage: yizhan [--dir DIR] [--json] VERB ..."));
	for (i = 0; columns != NULL && c->verbs[i].name != NULL; i++) {
		const struct page *page = find_page(c->verbs[i].name);
		const char *cells[] = {
		    c->verbs[i].name, page == NULL ? "" : _(page->brief)};

		(void)columns_add(columns, cells);
	}
	(void)columns_end(columns);
	printf(
	    "\n%s", _("  --dir DIR    where the store is ($YIZHAN_DIR)\n"
	              "  --json       for programs: JSON on standard output\n"
	              "  --no-input   never ask\n"
	              "  --help       explain a command\n"
	              "  --version    which version this is\n\n"
	              "Exit codes: 0 done, 1 failed, 2 usage, 3 not enrolled, "
	              "4 no link,\n5 a person must decide, 6 partly done, "
	              "75 try again, 77 not allowed.\n"));
}

static void
print_usage(const char *usage)
{
	enum { INDENT = 8 };
	char *line;

	if (asprintf(&line, _("usage: %s\n"), usage) < 0)
		return;
	output_lines(line, INDENT);
	free(line);
}

void
help_print(const struct call *c, const struct verb *verb)
{
	const struct page *page = verb == NULL ? NULL : find_page(verb->name);

	if (page == NULL) {
		print_all(c);
		return;
	}
	print_usage(page->usage);
	printf("\n%s\n", _(page->brief));
	if (page->text != NULL) {
		printf("\n");
		output_lines(_(page->text), 0);
	}
}

static void
print_kinds(void)
{
	enum { INDENT = 2 };
	char *text = NULL;
	size_t bytes, i;
	FILE *f = open_memstream(&text, &bytes);

	if (f == NULL)
		return;
	fputs(_("Kinds:"), f);
	for (i = 0; form_kind_name(i) != NULL; i++)
		fprintf(f, " %s", form_kind_name(i));
	fputc('\n', f);
	if (fclose(f) == 0) {
		printf("\n");
		output_lines(text, INDENT);
	}
	free(text);
}

/* The verb named, of one word or two; *used counts its words. */
static const struct verb *
named_verb(const struct call *c, size_t *used)
{
	const struct verb *v;
	char two[128] = "";

	if (c->operand_count > 1)
		snprintf(
		    two, sizeof two, "%s %s", c->operands[0], c->operands[1]);
	for (v = c->verbs; v->name != NULL; v++) {
		*used = strcmp(v->name, two) == 0 ? 2 : 1;
		if (*used == 2 || strcmp(v->name, c->operands[0]) == 0)
			return v;
	}
	return NULL;
}

int
verb_help(struct call *c)
{
	const struct verb *v;
	size_t used = 0;

	if (c->operand_count == 0) {
		print_all(c);
		return API_DONE;
	}
	v = named_verb(c, &used);
	if (v == NULL) {
		say(_("there is no command \"%s\"; see yizhan help"),
		    c->operands[0]);
		return API_USAGE;
	}
	if (v->takes_fields && c->operand_count > used)
		return write_fields(c->operands[used]) ? API_DONE : API_USAGE;
	help_print(c, v);
	if (v->takes_fields)
		print_kinds();
	return API_DONE;
}
