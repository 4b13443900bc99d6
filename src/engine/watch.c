/* A thread of the run looks after its own preemptions (the rseq tier). Between two events it asks its hint, which costs a load;
 * only where that is gone it asks getrusage, and puts what came since the last time into its ring, as a USAGE event before the
 * one that follows. After every wait it does so anyway: the wait took the hint along. Voluntary switches alone are no news (the
 * wait that they belong to has an event of its own) and travel with the next ones, or at the task's last act. */
#include <sched.h>
#include <sys/resource.h>

#include "machine.h"

static void check(struct cv_worker *w) { cv_watch_check(w); }

void cv_watch_begin(struct cv_worker *w, uint32_t task)
{
    struct cv_watch *x = &w->watch;
    const char *why;
    *x = (struct cv_watch){.task = task};
    if (cv_hint_init(&x->hint, &why)) {
        x->core = cv_hint_core(&x->hint);
        x->on = atomic_load(&w->m->shm.head->watch) && w->m->order->record;
    }
    x->voluntary = task == 0 ? w->m->base_voluntary : 0; /* the main thread lived before the run */
    x->involuntary = task == 0 ? w->m->base_involuntary : 0;
    if (!x->on)
        return;
    w->breaker = check; /* an engine with a GIL asks more there */
    cv_watch_look(w, 0, 0);
}

void cv_watch_look(struct cv_worker *w, uint64_t since_ns, unsigned flags)
{
    struct cv_watch *x = &w->watch;
    struct rusage u;
    cv_hint_arm(&x->hint); /* first: what comes from here on is for the next time */
    getrusage(RUSAGE_THREAD, &u);
    uint32_t voluntary = (uint32_t)u.ru_nvcsw, involuntary = (uint32_t)u.ru_nivcsw, core = cv_hint_core(&x->hint);
    uint32_t more = involuntary - x->involuntary;
    x->untold += voluntary - x->voluntary;
    x->voluntary = voluntary;
    x->involuntary = involuntary;
    bool all = flags & CV_WATCH_ALL && x->untold;
    if (!more && core == x->core && !all)
        return;
    x->core = core;
    enum { STAMP_NS = 100 }; /* from here to the event's own stamp, and what the clocks differ */
    uint64_t gap = since_ns ? cv_mono_ns() - since_ns + STAMP_NS : 0, queued_us = more == 1 ? gap / 1000 : 0;
    cv_emit2(&w->ring, CV_EV_USAGE, CV_F_HERE | (flags & CV_F_YIELD), x->task, 0, 0, (uint64_t)x->untold << 32 | more,
             (uint64_t)core << 32 | (queued_us & UINT32_MAX), gap, 0);
    _Atomic uint64_t *told = &cv_shm_row(&w->m->shm, x->task)->told;
    atomic_store_explicit(told, atomic_load_explicit(told, memory_order_relaxed) + ((uint64_t)x->untold << 32) + more, memory_order_release);
    x->untold = 0;
}

void cv_last_act(struct cv_worker *w, uint32_t task)
{
    struct cv_machine *m = w->m;
    struct cv_row *row = cv_shm_row(&m->shm, task);
    bool own = w->watch.on && w->watch.task == task;
    if (own)
        cv_watch_look(w, 0, CV_WATCH_ALL);
    cv_row_usage(m, task);
    atomic_store(&row->accounted, cv_mono_ns());
    if (!own)
        return;
    atomic_store(&row->voluntary, w->watch.voluntary - (task == 0 ? m->base_voluntary : 0)); /* as told */
    atomic_store(&row->involuntary, w->watch.involuntary - (task == 0 ? m->base_involuntary : 0));
    *w->watch.hint.range = 0;
    w->watch.on = false;
}

bool cv_sched_yield(void)
{
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    sched_yield();
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_nivcsw != before.ru_nivcsw;
}
