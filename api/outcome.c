/* outcome: what an error means for who asked. */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/outcome.h"
#include "base/i18n.h"

enum api_exit
outcome_exit(enum err e)
{
	switch (e) {
	case ERR_OK:
		return API_DONE;
	case ERR_USAGE:
		return API_USAGE;
	case ERR_NOT_ENROLLED:
		return API_NOT_ENROLLED;
	case ERR_NO_LINK:
		return API_NO_LINK;
	case ERR_BUSY:
		return API_TRY_AGAIN;
	case ERR_NOT_ALLOWED:
		return API_NOT_ALLOWED;
	default:
		return API_FAILED;
	}
}

const char *
outcome_message(enum err e)
{
	switch (e) {
	case ERR_OK:
		return N_("Done.");
	case ERR_NOMEM:
		return N_("There is not enough memory.");
	case ERR_MORE:
	case ERR_END:
		return N_("The input ends too early.");
	case ERR_AUTH:
		return N_("Bytes were altered, or the key is another one.");
	case ERR_FORMAT:
		return N_("The bytes break the format.");
	case ERR_LIMIT:
		return N_("It is larger than the limit allows.");
	case ERR_VERSION:
		return N_("It was made by a newer yizhan: update this one.");
	case ERR_NOT_FOUND:
		return N_("There is no such thing here.");
	case ERR_EXISTS:
		return N_("There is one already.");
	case ERR_IO:
		return N_("The system refused to read or write.");
	case ERR_FULL:
		return N_("The disk is full, or can hold no more files: free "
		          "some space, then try again. What was saved before "
		          "is safe.");
	case ERR_CORRUPT:
		return N_("Stored data cannot be read as it was written: run "
		          "yizhan verify.");
	case ERR_BUSY:
		return N_("Another program is using it: try again later.");
	case ERR_NOT_ENROLLED:
		return N_("This node has not joined a group yet: "
		          "yizhan join CODE.");
	case ERR_NO_LINK:
		return N_("The parent could not be reached. Nothing is lost: "
		          "it is sent when there is a link.");
	case ERR_NOT_ALLOWED:
		return N_("This is not allowed here.");
	case ERR_REFUSED:
		return N_("It was refused.");
	case ERR_USAGE:
		return N_("The arguments do not make sense.");
	case ERR_TIMEOUT:
		return N_("The other side did not answer in time. Nothing is "
		          "lost: try again; a running agent does so by "
		          "itself.");
	case ERR_CLOSED:
		return N_("The connection ended before the work was done.");
	case ERR_STATE:
		return N_("Something was done out of order: a fault of "
		          "yizhan itself.");
	case ERR_FORK:
		return N_("A log goes on differently than known before: a "
		          "person has to look into it.");
	case ERR_CLASH:
		return N_("The same number stands for two contents: a person "
		          "has to look into it.");
	}
	return N_("It failed.");
}

static bool
has_file(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);

	return n > 0 && n < (int)sizeof path && access(path, F_OK) == 0;
}

const char *
outcome_machine_key(const char *dir, enum err e)
{
	if (!has_file(dir, "data.mdb"))
		return NULL;
	if (e == ERR_NOT_FOUND && !has_file(dir, "machine.key"))
		return N_("The file machine.key is missing beside the "
		          "store: put it back from where it was kept.");
	if (e == ERR_FORMAT)
		return N_("The file machine.key beside the store is not a "
		          "whole key: put its copy back from where it was "
		          "kept.");
	if (e == ERR_AUTH)
		return N_("The file machine.key belongs to another store.");
	return NULL;
}

const char *
outcome_directory(const char *dir)
{
	if (access(dir, W_OK | X_OK) == 0)
		return N_("It lies on a network file system: keep the store on "
		          "a disk of this computer.");
	return errno == EROFS
	           ? N_("It can only be read: mount its file system for "
	                "writing.")
	           : N_("This user may not write there: run this as the "
	                "directory's owner.");
}

const char *
outcome_reason(enum reason r)
{
	switch (r) {
	case REASON_NONE:
		break;
	case REASON_NOT_ENROLLED:
		return N_("The parent does not know this node: ask for a new "
		          "join code.");
	case REASON_REVOKED:
		return N_("This node was withdrawn by the group: ask the "
		          "group's administrator. What is saved here stays "
		          "here; the group merges nothing more of it.");
	case REASON_VERSION:
		return N_("The two sides have no version in common: update "
		          "the older one.");
	case REASON_FORMAT:
		return N_("The two sides did not understand each other.");
	case REASON_LIMIT:
		return N_("More was sent than a limit allows.");
	case REASON_LOG:
		return N_("A log's chain or signature is wrong.");
	case REASON_FORK:
		return N_("A log goes on differently than known before: a "
		          "person has to look into it.");
	case REASON_STORAGE:
		return N_("The other side cannot write now: its disk may be "
		          "full.");
	case REASON_INVITE:
		return N_("The hub does not take this code: it is used up, "
		          "expired, or was mistyped too often. Ask for a new "
		          "one.");
	case REASON_BUSY:
		return N_("The parent is busy: try again later.");
	case REASON_AHEAD:
		return N_("The parent holds more of this node's work than "
		          "this node does: this store is an older copy.");
	case REASON_SHUTDOWN:
		return N_("The other side is shutting down.");
	case REASON_TIMEOUT:
		return outcome_message(ERR_TIMEOUT);
	}
	return NULL;
}

const char *
outcome_fault(int fault)
{
	switch (fault) {
	case ENOENT:
		return N_("there is no such file or directory");
	case EACCES:
	case EPERM:
		return N_("this user is not allowed to");
	case EISDIR:
		return N_("it is a directory");
	case ENOTDIR:
		return N_("a part of its path is not a directory");
	case EEXIST:
		return N_("it is there already");
	case ENOSPC:
	case EDQUOT:
		return N_("the disk is full");
	case EROFS:
		return N_("the disk can only be read");
	case EIO:
		return N_("the disk does not read or write");
	case EMFILE:
	case ENFILE:
		return N_("too many files are open");
	case ENAMETOOLONG:
		return N_("its name is too long");
	case ELOOP:
		return N_("its links lead in a circle");
	case EADDRINUSE:
		return N_("another program has this address");
	default:
		return strerror(fault);
	}
}
