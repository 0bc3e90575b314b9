/* health: is the store still alive?
 *
 * After one failed commit the database takes no more writes in this process
 * (db.h): the only mend is to end and be started again. An empty job goes
 * through the writer now and then, and whenever somebody met an error; as
 * long as it comes back, the watchdog of systemd hears so.
 */

#ifndef YIZHAN_AGENT_HEALTH_H
#define YIZHAN_AGENT_HEALTH_H

#include "agent/agent.h"

enum { HEALTH_MS = 30 * 1000 }; /* unless the watchdog wants it earlier */

struct health;

enum err health_open(struct health **out, struct agent *a);
/** Look at once. */
void health_check(struct health *h);
/** Wait for the job, free; agent_part_closed() tells the end. */
void health_close(struct health *h);

#endif
