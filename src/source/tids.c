/* The index from tid to task. A row gets its tid from the thread itself, some time after it was claimed, and coroutines
 * never get one: so rows are scanned from the first that is not known yet, and a caller says how many it has time for. */
#include <stdlib.h>

#include "source/tids.h"

void source_tids_init(struct source_tids *t, const struct cv_shm *shm)
{
    *t = (struct source_tids){.shm = shm, .nslots = 64};
    t->known = cv_alloc((shm->head->plan.max_tasks + 1u) * sizeof *t->known);
    t->slots = cv_alloc(t->nslots * sizeof *t->slots);
}

void source_tids_release(struct source_tids *t)
{
    free(t->known);
    free(t->slots);
}

static struct source_tid_slot *slot_of(struct source_tid_slot *slots, uint32_t nslots, uint32_t tid)
{
    uint32_t at = (uint32_t)((uint64_t)tid * 0x9e3779b97f4a7c15u >> 32) & (nslots - 1);
    while (slots[at].tid && slots[at].tid != tid)
        at = (at + 1) & (nslots - 1);
    return &slots[at];
}

static void grow(struct source_tids *t)
{
    struct source_tid_slot *bigger = cv_alloc(2u * t->nslots * sizeof *bigger);
    for (uint32_t i = 0; i < t->nslots; i++)
        if (t->slots[i].tid)
            *slot_of(bigger, 2 * t->nslots, t->slots[i].tid) = t->slots[i];
    free(t->slots);
    t->slots = bigger;
    t->nslots *= 2;
}

static void take(struct source_tids *t, uint32_t tid, uint32_t task)
{
    if (2 * (t->used + 1) > t->nslots)
        grow(t);
    struct source_tid_slot *s = slot_of(t->slots, t->nslots, tid);
    t->used += !s->tid;
    *s = (struct source_tid_slot){tid, task};
    t->known[task] = tid;
}

void source_tids_scan(struct source_tids *t, uint32_t at_most, void (*found)(void *to, uint32_t task, uint32_t tid), void *to)
{
    const struct cv_shm_head *h = t->shm->head;
    uint32_t n = atomic_load_explicit(&((struct cv_shm_head *)h)->ntasks, memory_order_acquire);
    n = n < h->plan.max_tasks ? n : h->plan.max_tasks;
    while (t->low < n && t->known[t->low])
        t->low++;
    uint32_t open = n - t->low;
    if (t->cursor < t->low || t->cursor >= n)
        t->cursor = t->low;
    for (uint32_t i = 0; i < open && at_most; i++) {
        uint32_t task = t->cursor;
        t->cursor = task + 1 < n ? task + 1 : t->low;
        if (t->known[task])
            continue;
        at_most--;
        uint32_t tid = atomic_load_explicit(&cv_shm_row(t->shm, task)->tid, memory_order_acquire);
        if (!tid)
            continue;
        take(t, tid, task);
        if (found)
            found(to, task, tid);
    }
}

uint32_t source_tids_find(const struct source_tids *t, uint32_t tid)
{
    const struct source_tid_slot *s = slot_of(t->slots, t->nslots, tid);
    return tid && s->tid ? s->task : CV_NO_TASK;
}
