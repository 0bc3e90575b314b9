/* db_env: the inside of a database, for db.c and db_open.c only. */

#ifndef YIZHAN_STORE_DB_ENV_H
#define YIZHAN_STORE_DB_ENV_H

#include <pthread.h>

#include <lmdb.h>

#include "store/db.h"

enum { RANDOM_POOL_BYTES = 6144 };

struct db {
	MDB_env *env;
	MDB_dbi dbi[TABLE_COUNT];
	char *dir;
	uint8_t data_key[DB_DATA_KEY_BYTES];
	uint8_t blind_key[DB_DATA_KEY_BYTES];
	bool has_key;
	bool dead; /* a commit failed: no more writes in this process */
	struct random_source random;
	pthread_mutex_t random_lock;
	uint8_t pool[RANDOM_POOL_BYTES]; /* random bytes not yet given out */
	size_t pool_left;
};

/** What LMDB's result means. */
enum err db_from_mdb(int rc);

#endif
