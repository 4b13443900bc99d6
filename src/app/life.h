/* From life to the stage: the order in which a real run did its visible steps, as a schedule. Program order and versions say it
 * exactly: who reads a version comes behind who wrote it and in front of who overwrote it, takes and gives of an object are
 * numbered, so are lines of output and tasks; who is joined has ended. Where none of these says anything, the clock does. */
#ifndef CONVIS_APP_LIFE_H
#define CONVIS_APP_LIFE_H

#include "convis/engine.h"

struct life_event { uint64_t t, a, b; uint32_t task, c, item /* appended: its index + 1 */; uint16_t obj, line; uint8_t kind, flags; };
struct life {
    CV_VEC(struct life_event) at;
    uint64_t numbers[CV_LIMIT_SYNCS]; /* by sync object: of what will be done with it next */
    bool full, offloads;
};
void life_begin(struct life *l);                        /* empties it */
void life_take(struct life *l, const struct cv_event *e);
void life_release(struct life *l);
/* "A2 B3 A1". False: why says what is in the way. */
bool life_schedule(const struct life *l, const struct cv_run_info *info, uint64_t lost, struct cv_buf *out, struct cv_buf *why);

#endif
