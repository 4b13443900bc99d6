/* tids: which task a kernel thread is, found in the task rows as they appear. */
#ifndef SOURCE_TIDS_H
#define SOURCE_TIDS_H

#include "convis/trace.h"

struct source_tids {
    const struct cv_shm *shm;
    uint32_t *known;              /* by row: the tid it stands in the index with; 0: none yet */
    uint32_t low;                 /* every row before it is known */
    uint32_t cursor;              /* where the last bounded scan stopped */
    struct source_tid_slot { uint32_t tid, task; } *slots; /* open addressing; tid 0: empty */
    uint32_t nslots, used;        /* a power of two */
};
void source_tids_init(struct source_tids *t, const struct cv_shm *shm);
void source_tids_release(struct source_tids *t);
/* Looks at up to at_most rows that had no tid when last seen, and takes up those that have one now. Each newly known
 * row is told to found (may be NULL). */
void source_tids_scan(struct source_tids *t, uint32_t at_most, void (*found)(void *to, uint32_t task, uint32_t tid), void *to);
/* The task, or CV_NO_TASK. Where the kernel has used a tid again, the task that came last. */
uint32_t source_tids_find(const struct source_tids *t, uint32_t tid);

#endif
