/* role: what people may do at a store where they sign in, as a table. */

#include <string.h>

#include "api/role.h"

static const struct {
	const char *operation;
	unsigned roles;
} rights[] = {
    /* How things stand, and moving what is here: nobody's record is shown,
     * and no link waits for somebody to type a PIN. */
    {"status", ROLE_ANYONE},
    {"sync", ROLE_ANYONE},
    {"estimate", ROLE_ANYONE},
    {"verify", ROLE_ANYONE},
    {"sign_in", ROLE_ANYONE},
    {"sign_out", ROLE_ANYONE},
    {"whoami", ROLE_ANYONE},
    /* They look for themselves whom they have before them. */
    {"staff_pin", ROLE_ANYONE},
    {"staff_unlock", ROLE_ANYONE},
    {"staff_require", ROLE_ANYONE},
    /* Reading. */
    {"show", ROLES_STAFF},
    {"list", ROLES_STAFF},
    {"questions", ROLES_STAFF},
    {"printed", ROLES_STAFF},
    {"who_looked", ROLES_STAFF},
    {"act_for", ROLES_STAFF},
    {"sites", ROLES_ADMIN | ROLE_AUDITOR},
    {"export", ROLES_ADMIN | ROLE_AUDITOR},
    /* Writing. */
    {"add", ROLES_WRITING},
    {"amend", ROLES_WRITING},
    {"decide", ROLES_ADMIN},
    /* The clinic's software hands over its day at night. */
    {"import", ROLES_WRITING | ROLE_OWNER},
    /* The node itself. */
    {"init", ROLE_CLINIC_ADMIN | ROLE_GROUP_ADMIN},
    {"join", ROLE_CLINIC_ADMIN | ROLE_GROUP_ADMIN},
    {"invite", ROLE_GROUP_ADMIN},
    {"revoke", ROLE_GROUP_ADMIN},
    {"train_dictionary", ROLE_GROUP_ADMIN | ROLE_OWNER},
};

static const struct {
	const char *word;
	unsigned role;
} words[] = {
    {"doctor", ROLE_DOCTOR},
    {"clinic_admin", ROLE_CLINIC_ADMIN},
    {"group_admin", ROLE_GROUP_ADMIN},
    {"auditor", ROLE_AUDITOR},
};

/* Posts of groups that enter no roles. */
static const struct {
	const char *post;
	unsigned roles;
} posts[] = {
    {"doctor", ROLE_DOCTOR},
    {"village_doctor", ROLE_DOCTOR},
    {"nurse", ROLE_DOCTOR},
    {"public_health", ROLE_DOCTOR},
    {"equipment_centre", ROLE_DOCTOR},
    {"head", ROLE_DOCTOR | ROLE_CLINIC_ADMIN},
    {"clinic_admin", ROLE_CLINIC_ADMIN},
    {"group_admin", ROLE_GROUP_ADMIN},
    {"auditor", ROLE_AUDITOR},
};

enum {
	RIGHTS = sizeof rights / sizeof rights[0],
	WORDS = sizeof words / sizeof words[0],
	POSTS = sizeof posts / sizeof posts[0],
};

static unsigned
role_of_word(const char *word)
{
	size_t i;

	for (i = 0; word != NULL && i < WORDS; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].role;
	return 0;
}

unsigned
roles_of(const json_t *staff)
{
	const json_t *named = json_object_get(staff, "roles");
	const char *post = json_string_value(json_object_get(staff, "role"));
	unsigned roles = 0;
	size_t i;

	for (i = 0; i < json_array_size(named); i++)
		roles |=
		    role_of_word(json_string_value(json_array_get(named, i)));
	for (i = 0; named == NULL && post != NULL && i < POSTS; i++)
		if (strcmp(posts[i].post, post) == 0)
			roles = posts[i].roles;
	return roles;
}

unsigned
roles_for(const char *operation)
{
	size_t i;

	for (i = 0; i < RIGHTS; i++)
		if (strcmp(rights[i].operation, operation) == 0)
			return rights[i].roles;
	return ROLES_ADMIN;
}

bool
role_is_listed(const char *operation)
{
	size_t i;

	for (i = 0; i < RIGHTS; i++)
		if (strcmp(rights[i].operation, operation) == 0)
			return true;
	return false;
}

json_t *
roles_named(unsigned roles)
{
	json_t *named = json_array();
	size_t i;

	for (i = 0; named != NULL && i < WORDS; i++)
		if ((roles & words[i].role) != 0)
			json_array_append_new(
			    named, json_string(words[i].word));
	return named;
}
