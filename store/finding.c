/* finding: the list of what may be wrong with a record, and its words.
 *
 * Names are for JSON output and tests and never change; reasons and mends are
 * what people read, by way of gettext.
 */

#include "store/finding.h"

#include <stdio.h>
#include <string.h>

/* Marks a text for gettext without translating it here. */
#define N_(s) s

struct entry {
	enum finding_code code;
	const char *name;
	const char *reason;
	const char *mend;
};

/* clang-format off */
static const struct entry entries[] = {
	{FINDING_NONE, "none",
	    N_("Nothing is wrong."),
	    N_("Nothing needs to be done.")},
	{FINDING_BOM, "bom",
	    N_("The file begins with a byte order mark."),
	    N_("Save the file as UTF-8 without one; the line was read.")},
	{FINDING_CR, "cr",
	    N_("The line ends with a carriage return."),
	    N_("Save the file with LF line ends; the line was read.")},
	{FINDING_BLANK, "blank",
	    N_("The line is blank."),
	    N_("Nothing needs to be done; it was skipped.")},
	{FINDING_NOT_UTF8, "not_utf8",
	    N_("The text is not UTF-8."),
	    N_("Export the file as UTF-8.")},
	{FINDING_GB18030, "gb18030",
	    N_("The text is GBK or GB18030, not UTF-8."),
	    N_("Convert the file and import the new one: iconv -f GB18030 "
	       "-t UTF-8 FILE > NEW.")},
	{FINDING_UTF16, "utf16",
	    N_("The text is UTF-16, not UTF-8."),
	    N_("Convert the file and import the new one: iconv -f UTF-16 "
	       "-t UTF-8 FILE > NEW.")},
	{FINDING_NOT_JSON, "not_json",
	    N_("The line is not one JSON object."),
	    N_("Export the line again; it may have been cut.")},
	{FINDING_NOT_OBJECT, "not_object",
	    N_("The line is JSON but not an object."),
	    N_("Write one record as one object.")},
	{FINDING_TOO_LARGE, "too_large",
	    N_("The record is too large."),
	    N_("Shorten its texts; images are not carried.")},
	{FINDING_TOO_DEEP, "too_deep",
	    N_("The record is nested too deeply."),
	    N_("Follow the exchange format; nothing in it nests so deep.")},
	{FINDING_DUPLICATE_KEY, "duplicate_key",
	    N_("A field stands twice in one object."),
	    N_("Keep the right one and remove the other.")},
	{FINDING_CONTROL_CHARACTER, "control_character",
	    N_("A control character stands in the field."),
	    N_("Look at the text and remove the character.")},
	{FINDING_BIDI_CHARACTER, "bidi_character",
	    N_("A character that changes the direction of writing stands "
	       "in the field."),
	    N_("Check that the text reads the same as on paper.")},
	{FINDING_INVISIBLE_CHARACTER, "invisible_character",
	    N_("A character that nobody can see stands in the field."),
	    N_("Type the text again where it matters, above all in a name.")},
	{FINDING_KIND_UNKNOWN, "kind_unknown",
	    N_("The kind of record is not known."),
	    N_("Check the spelling; kinds are written in lower case.")},
	{FINDING_MISSING, "missing",
	    N_("A field that must be there is missing."),
	    N_("Fill in the field.")},
	{FINDING_UNKNOWN_FIELD, "unknown_field",
	    N_("The field is not known; it was kept."),
	    N_("Check the spelling, or update this program.")},
	{FINDING_NULL, "null",
	    N_("The field is null."),
	    N_("Leave out what is not known.")},
	{FINDING_REF_BAD, "ref_bad",
	    N_("The record's own key is missing, empty or too long."),
	    N_("Give each record a key of 1 to 200 characters.")},
	{FINDING_NOT_YOUR_ORG, "not_your_org",
	    N_("The record is written in another organisation's name."),
	    N_("Import it at the organisation that wrote it.")},
	{FINDING_GROUP_ONLY_KIND, "group_only_kind",
	    N_("Only the group writes records of this kind."),
	    N_("Ask the group to make the entry.")},
	{FINDING_GROUP_ONLY_STATE, "group_only_state",
	    N_("Only the group may bring a record into this state."),
	    N_("Leave the state as it was; the group's decision will arrive.")},
	{FINDING_NOT_AT_SITE, "not_at_site",
	    N_("The author has no valid practice site at this organisation."),
	    N_("Check the author, or ask the group to enter the practice "
	       "site.")},
	{FINDING_TYPE, "type",
	    N_("The field holds a value of another type."),
	    N_("Write the value as the exchange format says.")},
	{FINDING_NOT_INTEGER, "not_integer",
	    N_("The field must be a whole number."),
	    N_("Round the value or move it to the right field.")},
	{FINDING_EMPTY, "empty",
	    N_("The field is empty."),
	    N_("Fill it in, or leave the field out.")},
	{FINDING_TOO_LONG, "too_long",
	    N_("The text is too long."),
	    N_("Shorten the text.")},
	{FINDING_TOO_MANY, "too_many",
	    N_("The list has too many entries."),
	    N_("Split the record or remove entries.")},
	{FINDING_ENUM, "enum",
	    N_("The value is not one of those allowed."),
	    N_("Choose one of the words the exchange format lists.")},
	{FINDING_DATE, "date",
	    N_("This is no date that exists, written as YYYY-MM-DD."),
	    N_("Correct the date.")},
	{FINDING_INSTANT, "instant",
	    N_("This is no time written as YYYY-MM-DDThh:mm:ss+08:00."),
	    N_("Correct the time; the zone must be there.")},
	{FINDING_REFERENCE, "reference",
	    N_("This is no reference."),
	    N_("Write \"ref:\" and the key of the other record.")},
	{FINDING_AWAITED, "awaited",
	    N_("The record referred to is not here yet."),
	    N_("Nothing needs to be done if it is still to come; else "
	       "check the key.")},
	{FINDING_BELOW, "below",
	    N_("The value is too low to be true."),
	    N_("Measure again, or check the unit.")},
	{FINDING_ABOVE, "above",
	    N_("The value is too high to be true."),
	    N_("Measure again, or check the unit.")},
	{FINDING_UNLIKELY, "unlikely",
	    N_("The value is possible but unusual."),
	    N_("Check it against paper.")},
	{FINDING_TWICE, "twice",
	    N_("The same entry stands twice in the list."),
	    N_("Remove one of them.")},
	{FINDING_ID_LENGTH, "id_length",
	    N_("The ID number does not have 18 characters."),
	    N_("Type the number from the card again; numbers of 15 digits "
	       "are no longer valid.")},
	{FINDING_ID_CHECK, "id_check",
	    N_("The ID number's check character does not fit."),
	    N_("Type the number from the card again.")},
	{FINDING_ID_DATE, "id_date",
	    N_("The ID number holds a birth date that does not exist."),
	    N_("Type the number from the card again.")},
	{FINDING_ID_LOWER_X, "id_lower_x",
	    N_("The ID number ends in a small x; it is stored as X."),
	    N_("Nothing needs to be done.")},
	{FINDING_ID_OTHER_BIRTH, "id_other_birth",
	    N_("The birth date differs from the one in the ID number."),
	    N_("Ask the resident which is right.")},
	{FINDING_ID_OTHER_SEX, "id_other_sex",
	    N_("The sex differs from the one in the ID number."),
	    N_("Ask the resident which is right.")},
	{FINDING_ID_OR_REASON, "id_or_reason",
	    N_("There is neither an ID number nor a reason why not."),
	    N_("Enter the number, or say why there is none.")},
	{FINDING_USCC, "uscc",
	    N_("The unified social credit code or its check character is "
	       "wrong."),
	    N_("Type the code from the certificate again.")},
	{FINDING_SLIP, "slip",
	    N_("The slip number or its check character is wrong."),
	    N_("Type the number from the paper again.")},
	{FINDING_EHR_NO, "ehr_no",
	    N_("The health record number does not have its 17 digits."),
	    N_("Type the number again.")},
	{FINDING_ICD10, "icd10",
	    N_("This is no ICD-10 code."),
	    N_("Choose the diagnosis from the list, or write it without a "
	       "code.")},
	{FINDING_DRUG_UNKNOWN, "drug_unknown",
	    N_("The drug code is not in the group's list."),
	    N_("Check the code, or leave it out for a drug from elsewhere.")},
	{FINDING_SLIP_LETTER, "slip_letter",
	    N_("The slip number belongs to another kind of record."),
	    N_("Check that the right slip was copied.")},
	{FINDING_CODE, "code",
	    N_("The code does not have the form such codes have."),
	    N_("Check its length and characters.")},
	{FINDING_STATE_UNKNOWN, "state_unknown",
	    N_("Records of this kind have no such state."),
	    N_("Choose one of the states the exchange format lists.")},
	{FINDING_STATE_STEP, "state_step",
	    N_("The record cannot go into this state from where it is."),
	    N_("Check the record's present state.")},
	{FINDING_PRESSURE_ORDER, "pressure_order",
	    N_("Systolic pressure must be higher than diastolic."),
	    N_("The two may have been swapped.")},
	{FINDING_PRESSURE_PAIR, "pressure_pair",
	    N_("One of the two blood pressure values is missing."),
	    N_("Enter both values or neither.")},
	{FINDING_ONSET_AFTER_VISIT, "onset_after_visit",
	    N_("The illness begins after the visit."),
	    N_("Correct the day of onset or the visit.")},
	{FINDING_NOBODY, "nobody",
	    N_("The record says neither who the patient is nor that nobody "
	       "knows."),
	    N_("Choose the resident, or mark the patient as unknown.")},
	{FINDING_GUARDIAN, "guardian",
	    N_("A child under 14 needs a guardian."),
	    N_("Enter the guardian's record.")},
	{FINDING_BIRTH_FUTURE, "birth_future",
	    N_("The birth date lies in the future."),
	    N_("Correct the birth date.")},
	{FINDING_BASIC_PACKAGE, "basic_package",
	    N_("The contract lacks the basic package."),
	    N_("Add the basic package.")},
	{FINDING_END_BEFORE_START, "end_before_start",
	    N_("The end lies before the start."),
	    N_("Correct one of the two dates.")},
	{FINDING_START_BEFORE_SIGNING, "start_before_signing",
	    N_("The contract starts before it was signed."),
	    N_("Correct one of the two dates.")},
	{FINDING_TERM, "term",
	    N_("A contract runs for at least one year."),
	    N_("Correct the start or the end.")},
	{FINDING_SAME_ORG, "same_org",
	    N_("Both sides are the same organisation."),
	    N_("Correct one of the two.")},
	{FINDING_CLOCK, "clock",
	    N_("The time is far from this computer's."),
	    N_("Check the date, and the clock of the computer it was "
	       "written on.")},
	{FINDING_SIGNATURE, "signature",
	    N_("The signature is missing."),
	    N_("Have the record signed.")},
	{FINDING_UNUSABLE_DEVICE, "unusable_device",
	    N_("The device is unsafe, withdrawn or due for metrology."),
	    N_("Choose another device, or have this one released.")},
	{FINDING_REASON, "reason",
	    N_("The record does not say why."),
	    N_("Write the reason into this field.")},
	{FINDING_STILL_DRAFT, "still_draft",
	    N_("A signed record cannot become a draft again."),
	    N_("Amend the record and give a reason.")},
	{FINDING_IMPORT_LOST, "import_lost",
	    N_("An amendment made elsewhere stands against this import."),
	    N_("Compare the two and decide.")},
	{FINDING_SAME_RECORD, "same_record",
	    N_("Both sides are the same record."),
	    N_("Correct one of the two.")},
	{FINDING_NEVER_CHANGED, "never_changed",
	    N_("Records of this kind are never changed."),
	    N_("Leave it as it is; write a new one if there is more to say.")},
	{FINDING_MANAGING_ONLY_STATE, "managing_only_state",
	    N_("Only the resident's managing organisation or the group decides "
	       "this."),
	    N_("Leave the state as it was; their decision will arrive.")},
	{FINDING_URGENT_REFERRAL, "urgent_referral",
	    N_("The value calls for an urgent referral."),
	    N_("Refer the resident, say why, and look after him within two "
	       "weeks.")},
	{FINDING_DUPLICATE_DRUG, "duplicate_drug",
	    N_("The same drug was prescribed before and its days are not "
	       "over."),
	    N_("Leave it out, or note in dup_checks why it is given again.")},
	{FINDING_DUPLICATE_EXAM, "duplicate_exam",
	    N_("The same examination was made before and its result still "
	       "counts."),
	    N_("Use that result, or note in dup_checks why it is made again.")},
	{FINDING_DUPLICATE_LAB, "duplicate_lab",
	    N_("The same laboratory test was made before and its result still "
	       "counts."),
	    N_("Use that result, or note in dup_checks why it is made again.")},
	{FINDING_WINDOW_OVER, "window_over",
	    N_("The result is older than the group's list lets it count."),
	    N_("Check that it still holds, or have the examination made "
	       "again.")},
	{FINDING_NOT_MEMBER, "not_member",
	    N_("Who signed is no member of the team."),
	    N_("Check who signed, or ask the group to enter the member.")},
	{FINDING_UNACKNOWLEDGED, "unacknowledged",
	    N_("The report tells a critical value that nobody has "
	       "acknowledged."),
	    N_("Look after the patient, and note in acknowledged_by who has "
	       "seen it.")},
	{FINDING_FOLLOWUP_DUE, "followup_due",
	    N_("After a referral down a follow-up is due within two weeks."),
	    N_("Visit or phone the resident and enter the follow-up, or enter "
	       "why it was missed.")},
	{FINDING_FOLLOWUP_MISSED, "followup_missed",
	    N_("The two weeks after a referral down are over without a "
	       "follow-up."),
	    N_("Look after the resident now, or enter why it was missed.")},
	{FINDING_CONFLICT, "conflict",
	    N_("Two people changed this field without knowing of each "
	       "other."),
	    N_("One value is shown, the other is kept. Compare them, and "
	       "decide where the wrong one is shown.")},
	{FINDING_DIFFER, "differ",
	    N_("Two people gave this field different values."),
	    N_("Ask which is right, and decide.")},
	{FINDING_BRANCHES, "branches",
	    N_("There are versions that did not know of each other."),
	    N_("One is shown, the others are kept. Compare them and "
	       "decide.")},
	{FINDING_ASKED, "asked",
	    N_("This was left open to be decided."),
	    N_("Compare the versions and decide.")},
	{FINDING_UNENTITLED, "unentitled",
	    N_("This was written as the managing organisation's word, which "
	       "its author was not."),
	    N_("It counts until the group sets it aside. Look at it and "
	       "decide.")},
	{FINDING_CONTESTED, "contested",
	    N_("Two teams signed contracts with one resident for the same "
	       "time."),
	    N_("Ask the resident which team is to have the contract, and "
	       "decide. Services done under the other stay.")},
	{FINDING_CUSTODY_FORK, "custody_fork",
	    N_("Two hand-overs of one device bear the same number."),
	    N_("Ask where the device is, then decide which one happened: "
	       "yizhan decide. Until then it is not offered.")},
	{FINDING_NOT_CUSTODIAN, "not_custodian",
	    N_("An org handed the device over that did not have it."),
	    N_("Ask both sides; a hand-over may not have been written "
	       "down. The owner or the group notes what he thinks of it.")},
	{FINDING_ONWARD_LENDING, "onward_lending",
	    N_("The device was lent on, which its owner did not allow."),
	    N_("The owner, or the group, agrees or objects: yizhan "
	       "decide.")},
	{FINDING_LOAN_UNAPPROVED, "loan_unapproved",
	    N_("The device was handed over without its owner's approval."),
	    N_("The owner agrees or objects: yizhan decide; or approves "
	       "the loan: yizhan amend loan REF --approved-by STAFF.")},
	{FINDING_OWNER_APPROVES, "owner_approves",
	    N_("A loan is its owner's to approve, or the centre's that the "
	       "device names: it still counts as not approved."),
	    N_("Have it approved in the owner's name.")},
	{FINDING_DEVICE_LOST, "device_lost",
	    N_("A device on loan was lost."),
	    N_("Look for it. If it is not found, withdraw it: yizhan "
	       "decide.")},
	{FINDING_DEVICE_DAMAGED, "device_damaged",
	    N_("A device on loan was damaged."),
	    N_("Look at it and say in what condition it is: yizhan "
	       "decide.")},
	{FINDING_PLACE_DISPUTED, "place_disputed",
	    N_("Nobody knows where the device is: two hand-overs bear one "
	       "number."),
	    N_("Lend another one, or wait until the group has decided.")},
	{FINDING_OWNER_CLEARS, "owner_clears",
	    N_("The device is unsafe, and not yours."),
	    N_("Its owner says when it may be used again.")},
	{FINDING_UNSAFE_CLEARED, "unsafe_cleared",
	    N_("Another than its owner said that an unsafe device is fit "
	       "again; it stays unsafe."),
	    N_("The owner looks at it, and clears it or leaves it.")},
	{FINDING_TWO_PLACES, "two_places",
	    N_("The same person saw patients at two organisations within a "
	       "quarter of an hour: in this encounter and in the one named "
	       "as its origin."),
	    N_("Ask who was where; correct the time, the author or the "
	       "organisation of the wrong one.")},
	{FINDING_READ_NOT_NOTED, "read_not_noted",
	    N_("The disk is full: that this record was read could not be "
	       "noted."),
	    N_("Write the reading down on paper, and free some space.")},
	{FINDING_CANDIDATE, "candidate",
	    N_("Two entries may be one person."),
	    N_("Compare them, ask the resident, and link them or refuse.")},
	{FINDING_LINKED, "linked",
	    N_("The group linked two entries: number, name and birth date "
	       "are the same."),
	    N_("Nothing needs to be done; if they are two people, undo the "
	       "link.")},
	{FINDING_WHOSE, "whose",
	    N_("This was written while two entries were linked, and they are "
	       "two people."),
	    N_("Say to whom it belongs.")},
	{FINDING_MOVE_ASKED, "move_asked",
	    N_("A site asks for a resident to move to another managing "
	       "organisation."),
	    N_("Confirm the move or refuse it.")},
	{FINDING_LATE_EDIT, "late_edit",
	    N_("The resident's former site changed the file without knowing "
	       "that the resident had moved."),
	    N_("The change is kept and the new site has it; call each other "
	       "if it matters.")},
	{FINDING_DEATH_DOUBTED, "death_doubted",
	    N_("The resident is reported dead by one site and alive by "
	       "another."),
	    N_("The resident is shown as dead until you decide.")},
	{FINDING_MOVED_FILE, "moved_file",
	    N_("The record cannot be moved to that resident."),
	    N_("Name another resident's entry that is held here.")},
	{FINDING_END_DOUBTED, "end_doubted",
	    N_("A contract ended since the resident moved, and the move was "
	       "taken back."),
	    N_("It stays ended until you decide: ask the resident and the "
	       "team.")},
	{FINDING_HOUSEHOLD, "household",
	    N_("Members of one household have contracts with different "
	       "teams."),
	    N_("Both stay in force; say which team is to have the "
	       "household, or that it stays so.")},
	{FINDING_RENEWED_EARLY, "renewed_early",
	    N_("The contract renewed here still runs for more than three "
	       "months."),
	    N_("A contract is renewed at its end; check the dates.")},
	{FINDING_CHANGED_EARLY, "changed_early",
	    N_("The contract changed here has not ended yet."),
	    N_("A contract is changed at its end; say in choice_note why it "
	       "is now.")},
	{FINDING_FILE_OPENED, "file_opened",
	    N_("A team's contract opened the file of a resident whom another "
	       "organisation keeps."),
	    N_("Nothing needs to be done; if he did not sign, close the "
	       "contract with the reason error.")},
	{FINDING_MANY_OPENED, "many_opened",
	    N_("The computer that wrote this contract opened as many files of "
	       "other organisations that day as it may: the team has name, "
	       "allergies and plans."),
	    N_("Ask the team why it signs so many, and decide.")},
	{FINDING_HOUSEHOLD_CROWDED, "household_crowded",
	    N_("More contracts name this household number at one organisation "
	       "than a household has. They are not compared."),
	    N_("Correct the number where it is no household's; where it only "
	       "fills the field, leave it empty.")},
	{FINDING_OPEN_VERSIONS, "open_versions",
	    N_("Versions of this record wait to be decided."),
	    N_("Decide which one counts first: yizhan questions; then move "
	       "it.")},
	{FINDING_GROUPS_NAME, "groups_name",
	    N_("Only the group itself writes under this name."),
	    N_("Write under the name of who did it.")},
	{FINDING_GROUP_ONLY_FIELD, "group_only_field",
	    N_("Only the group sets this field."),
	    N_("Leave it out; the group's decision will arrive.")},
	{FINDING_OTHERS_CONTRACT, "others_contract",
	    N_("An organisation ended or changed a contract that is neither "
	       "its own nor of a resident it manages."),
	    N_("Ask the resident and the team. An end counts until the group "
	       "sets it aside; between teams that contest each other nothing "
	       "else does until it lets it stand: yizhan decide.")},
	{FINDING_DAY_UNKNOWN, "day_unknown",
	    N_("A contract ends on a day that nobody knows: the computer on "
	       "which it was said had a wrong clock."),
	    N_("Ask when it was, and write that day as ended_on; or accept "
	       "the one shown: yizhan decide.")},
	{FINDING_ROW_GONE, "row_gone",
	    N_("An allergy was left out of the list."),
	    N_("Keep it and say by its status, with the reason, that it is "
	       "none.")},
	{FINDING_OTHERS_RECORD, "others_record",
	    N_("Another organisation than its author's changed this signed "
	       "record."),
	    N_("Its author, or the head, looks at what was changed; the group "
	       "may set it aside: yizhan decide.")},
	{FINDING_AMBIGUOUS, "ambiguous",
	    N_("It is not plain which record is meant: several programs use "
	       "that name."),
	    N_("Say whose it is, in the field that names the source.")},
	{FINDING_KEEPERS_FIELD, "keepers_field",
	    N_("Whose file or device it is, is not this organisation's to "
	       "change."),
	    N_("A file goes over by a move: yizhan add move, which the group "
	       "confirms. A device's owner says who owns it next.")},
	{FINDING_OWNERS_FIELD, "owners_field",
	    N_("What may be done with a device is its owner's to say."),
	    N_("Ask its owner to write it.")},
	{FINDING_FILED_ELSEWHERE, "filed_elsewhere",
	    N_("By this decision the record was filed with another resident."),
	    N_("File it back: yizhan amend KIND REF --reassign RESIDENT "
	       "--reason TEXT.")},
	{FINDING_CALLED_SO, "called_so",
	    N_("Several programs call one of theirs so."),
	    N_("Write whose it is behind the ref: REF@SOURCE.")},
	{FINDING_BODY, "body",
	    N_("A change from another site cannot be read."),
	    N_("Nothing is lost; update this program.")},
	{FINDING_ORG_OUTSIDE, "org_outside",
	    N_("A change is written for an organisation its author may not "
	       "act for."),
	    N_("Tell the group's administrator.")},
	{FINDING_CLASH, "clash",
	    N_("Two different changes bear the same number."),
	    N_("Tell the group's administrator; both are kept.")},
	{FINDING_SHAPE, "shape",
	    N_("A change from another site holds a value of another type."),
	    N_("Tell the group's administrator.")},
	{FINDING_BY_PARENT, "by_parent",
	    N_("The parent could not take a change made here."),
	    N_("Nothing is lost; ask there what was wrong with it.")},
	{FINDING_CUSTODY_JUMP, "custody_jump",
	    N_("Hand-overs with earlier numbers are awaited, and as far as is "
	       "known its giver did not have the device."),
	    N_("Wait for the sites that have them, or let its author mend the "
	       "number; the owner says whether it was so.")},
	{FINDING_MANY_CHANGES, "many_changes",
	    N_("This record has more changes than one record is to have."),
	    N_("Find out which program changes it again and again, and end "
	       "that. What is new begins a record of its own.")},
	{FINDING_WITHDRAWN, "withdrawn",
	    N_("The node these changes come from was withdrawn before they "
	       "arrived."),
	    N_("They are held apart; the group's administrator decides.")},
	{FINDING_OTHERS_REF, "others_ref",
	    N_("It begins a record that another store named and began."),
	    N_("Its sender has altered data or software: have that computer "
	       "looked at.")},
	{FINDING_BEGUN_TWICE, "begun_twice",
	    N_("Two organisations say that they began this record, and neither "
	       "knew of the other."),
	    N_("Ask both; the group sets the wrong beginning aside: yizhan "
	       "decide. Until then neither receives more of it than it has.")},
	{FINDING_SCOPE_CROWDED, "scope_crowded",
	    N_("More organisations, or more records, claim a part in this "
	       "record than are counted."),
	    N_("Its own organisations receive it all the same. Look at who "
	       "made so many claims.")},
	{FINDING_DEVICE_CROWDED, "device_crowded",
	    N_("More records of one kind name this device than are looked "
	       "at."),
	    N_("None of them is looked at, and that does not end by itself. "
	       "The group has to look at who made so many.")},
	{FINDING_SCOPE_LONG, "scope_long",
	    N_("This record has too many changes to tell who is to receive "
	       "it."),
	    N_("What is new goes to whom it went so far. Look at what changes "
	       "it so often.")},
	{FINDING_LINKS_CROWDED, "links_crowded",
	    N_("More links name this entry than are looked at."),
	    N_("Those that the group said come first, then those that were "
	       "said at all. Look at who proposed so many.")},
	{FINDING_REASSIGNED, "reassigned",
	    N_("This record was in the wrong resident's file, and what it "
	       "said went to another record."),
	    N_("Amend the record it went to; reassigned_to names it.")},
	{FINDING_FUTURE, "future",
	    N_("What this says has happened lies in the future."),
	    N_("Correct the day, or check the clock of this computer.")},
	{FINDING_NOT_PROMISED, "not_promised",
	    N_("The contract does not promise this service on that day."),
	    N_("Check the contract, the item and the day.")},
	{FINDING_OTHERS_REPORT, "others_report",
	    N_("The report is of another resident."),
	    N_("Check whose report it is, and the resident.")},
	{FINDING_NAMED, "named",
	    N_("Whom this record is about cannot be changed: others have said "
	       "something about the one it names."),
	    N_("Wrong patient: yizhan amend --reassign; of a consultation or a "
	       "contract: end it, and write another. Two wrong entries: undo "
	       "the link, and make another.")},
};
/* clang-format on */

void
findings_init(struct findings *f)
{
	f->count = 0;
	f->refusals = 0;
	f->warnings = 0;
}

static bool
is_known(const struct findings *f, enum finding_code code, const char *field,
    bool refused)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].code == code && f->list[i].refused == refused &&
		    strcmp(f->list[i].field, field) == 0)
			return true;
	}
	return false;
}

static void
add(struct findings *f, enum finding_code code, const char *field, bool refused)
{
	struct finding *n;
	char path[sizeof n->field];

	/* A path longer than its room is cut, so compare what is kept. */
	snprintf(path, sizeof path, "%s", field);
	if (is_known(f, code, path, refused))
		return;
	if (refused)
		f->refusals++;
	else
		f->warnings++;
	if (f->count == FINDINGS_MAX)
		return;
	n = &f->list[f->count++];
	n->code = code;
	n->refused = refused;
	memcpy(n->field, path, sizeof path);
}

void
findings_refuse(struct findings *f, enum finding_code code, const char *field)
{
	add(f, code, field, true);
}

void
findings_warn(struct findings *f, enum finding_code code, const char *field)
{
	add(f, code, field, false);
}

static const struct entry *
entry_of(enum finding_code code)
{
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		if (entries[i].code == code)
			return &entries[i];
	}
	return NULL;
}

const char *
finding_name(enum finding_code code)
{
	const struct entry *e = entry_of(code);

	return e == NULL ? "unknown" : e->name;
}

const char *
finding_reason(enum finding_code code)
{
	const struct entry *e = entry_of(code);

	return e == NULL ? N_("A newer version of this program found a fault.")
	                 : e->reason;
}

const char *
finding_mend(enum finding_code code)
{
	const struct entry *e = entry_of(code);

	return e == NULL ? N_("Update this program to read what it is.")
	                 : e->mend;
}
