/* The rseq tier, for where perf is refused: the threads of the run look after their own preemptions, between two of their events,
 * and put what they find into their rings (engine/watch.c). Here it is only chosen: tested on this kernel, then asked for in the
 * region before the gate opens.
 *
 * The test: a thread that computes on one core beside another must be preempted within a while; by then its hint must be gone,
 * and it must have stayed as long as nothing happened. Kernels differ in when they look (6.19 looks less often). */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "source/tiers.h"

enum { TEST_NS = 200000000, QUIET_NS = 20000, QUIET_TRIES = 1000 };
struct test {
    _Atomic bool over;
    int core;
    const char *why; /* NULL: passed */
};

static long preemptions(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return u.ru_nivcsw;
}

static void stay_on(int core)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    if (core >= 0 && core < CPU_SETSIZE)
        CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* Armed, and nothing happens: it stays. */
static bool stays(struct cv_hint *h)
{
    for (int i = 0; i < QUIET_TRIES; i++) {
        long before = preemptions();
        cv_hint_arm(h);
        for (uint64_t until = cv_mono_ns() + QUIET_NS; cv_mono_ns() < until;)
            ;
        bool gone = cv_hint_gone(h);
        if (preemptions() == before)
            return !gone;
    }
    return false;
}

/* Preempted: it is gone. */
static const char *goes(struct cv_hint *h, uint64_t until)
{
    cv_hint_arm(h);
    long before = preemptions();
    while (cv_mono_ns() < until) {
        for (uint64_t turn = cv_mono_ns() + QUIET_NS; cv_mono_ns() < turn;)
            ;
        bool gone = cv_hint_gone(h);
        if (preemptions() != before)
            return gone || cv_hint_gone(h) ? NULL : "this kernel leaves rseq_cs alone when it preempts a thread";
        if (gone)
            cv_hint_arm(h);
    }
    return "untested: the kernel preempted nobody in 0.2 s";
}

static void *tested(void *arg)
{
    struct test *t = arg;
    struct cv_hint h;
    stay_on(t->core);
    if (cv_hint_init(&h, &t->why)) {
        t->why = !stays(&h) ? "this kernel clears rseq_cs though nothing was preempted" : goes(&h, cv_mono_ns() + TEST_NS);
        *h.range = 0;
    }
    atomic_store(&t->over, true);
    return NULL;
}

/* In the other's way. */
static void *beside(void *arg)
{
    struct test *t = arg;
    stay_on(t->core);
    while (!atomic_load_explicit(&t->over, memory_order_relaxed))
        ;
    return NULL;
}

static bool works(struct cv_buf *why)
{
    struct test t = {.core = sched_getcpu()};
    struct cv_hint mine;
    if (!cv_hint_init(&mine, &t.why)) { /* then the others have none either */
        cv_buf_str(why, t.why);
        return false;
    }
    pthread_t one, other;
    int error = pthread_create(&other, NULL, beside, &t);
    if (error == 0 && (error = pthread_create(&one, NULL, tested, &t)) == 0)
        pthread_join(one, NULL);
    atomic_store(&t.over, true);
    if (error) {
        cv_buf_printf(why, "untested: pthread_create: %s", strerror(error));
        return false;
    }
    pthread_join(other, NULL);
    cv_buf_str(why, t.why ? t.why : "");
    return !t.why;
}

static void *rseq_open(pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo, struct cv_buf *why)
{
    (void)pid, (void)topo;
    if (atomic_load(&shm->head->gate)) { /* nobody would look any more */
        cv_buf_str(why, "the run has begun");
        return NULL;
    }
    if (!works(why))
        return NULL;
    atomic_store(&shm->head->watch, 1);
    struct cv_shm *self = cv_alloc(sizeof *self);
    *self = *shm;
    return self;
}

/* Who was killed had no last act: what its row has of it (read by us as it was killed) beyond what it told itself. */
static void rseq_drain(void *self, struct cv_reader *reader, bool last)
{
    const struct cv_shm *shm = self;
    uint32_t n = atomic_load(&shm->head->ntasks);
    n = n < shm->head->plan.max_tasks ? n : shm->head->plan.max_tasks;
    for (uint32_t task = 0; last && task < n; task++) {
        const struct cv_row *row = cv_shm_row(shm, task);
        uint64_t told = atomic_load(&row->told), voluntary = atomic_load(&row->voluntary), involuntary = atomic_load(&row->involuntary);
        uint64_t more_v = voluntary > told >> 32 ? voluntary - (told >> 32) : 0;
        uint64_t more_i = involuntary > (uint32_t)told ? involuntary - (uint32_t)told : 0;
        struct cv_event e = {.t = cv_mono_ns(), .kind = CV_EV_USAGE, .flags = CV_F_HERE, .task = task, .a = more_v << 32 | more_i};
        if (atomic_load(&row->tid) && !atomic_load(&row->accounted) && (more_v || more_i))
            cv_reader_push(reader, &e);
    }
}

static void rseq_close(void *self) { free(self); }

const struct cv_source_ops source_rseq = {
    .name = "rseq", .summary = "each thread's own look, between two events, confirmed by getrusage", .precision = "between two events",
    .open = rseq_open, .drain = rseq_drain, .close = rseq_close,
};
