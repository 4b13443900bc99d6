/* The emulated GIL. As CPython's (Antoine Pitrou's new GIL, 3.2): a waiter sleeps for the switch interval; if nobody took the
 * lock meanwhile it asks for it; the holder gives it up at its next look, and waits until another has really taken it. */
#include <errno.h>
#include <pthread.h>

#include "engine/own.h"

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t free, taken;
    bool locked;
    uint32_t holder;             /* task */
    uint64_t handovers;          /* times it was taken */
    uint64_t interval_ns;
    _Atomic bool asked;
} gil = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void gil_init(uint64_t interval_ns)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&gil.free, &attr);
    pthread_cond_init(&gil.taken, &attr);
    pthread_condattr_destroy(&attr);
    gil.interval_ns = interval_ns;
    gil.holder = CV_NO_TASK;
}

static struct timespec after(uint64_t ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t sum = (uint64_t)t.tv_nsec + ns;
    t.tv_sec += (time_t)(sum / 1000000000u);
    t.tv_nsec = (long)(sum % 1000000000u);
    return t;
}

/* said: that it waits for the lock is published already. */
static void take(struct own *o, unsigned line, bool said)
{
    uint32_t me = o->task->number;
    pthread_mutex_lock(&gil.mutex);
    if (gil.locked && !said)
        cv_row_wait(&o->w, me, line, CV_CAUSE_GIL, gil.holder, gil.holder);
    while (gil.locked) {
        uint64_t seen = gil.handovers;
        struct timespec until = after(gil.interval_ns);
        int error = pthread_cond_timedwait(&gil.free, &gil.mutex, &until);
        if (error == ETIMEDOUT && gil.locked && gil.handovers == seen)
            atomic_store(&gil.asked, true);
        if (atomic_load_explicit(&o->w.m->shm.head->stop, memory_order_relaxed))
            break;
    }
    gil.locked = true;
    if (gil.holder != me)
        gil.handovers++;
    gil.holder = me;
    atomic_store(&gil.asked, false);
    pthread_cond_signal(&gil.taken);
    pthread_mutex_unlock(&gil.mutex);
    cv_row_run(&o->w, me, line);
}

void gil_take(struct own *o, unsigned line) { take(o, line, false); }

void gil_drop(struct own *o)
{
    (void)o;
    pthread_mutex_lock(&gil.mutex);
    gil.locked = false;
    pthread_cond_signal(&gil.free);
    pthread_mutex_unlock(&gil.mutex);
}

void gil_look(struct own *o, unsigned line)
{
    if (!atomic_load_explicit(&gil.asked, memory_order_relaxed))
        return;
    uint32_t me = o->task->number;
    cv_row_wait(&o->w, me, line, CV_CAUSE_GIL, CV_NO_TASK, CV_NO_TASK);
    pthread_mutex_lock(&gil.mutex);
    gil.locked = false;
    pthread_cond_signal(&gil.free);
    while (gil.holder == me && atomic_load(&gil.asked) && !atomic_load_explicit(&o->w.m->shm.head->stop, memory_order_relaxed)) {
        struct timespec until = after(gil.interval_ns); /* forced switching: another has to take it first */
        pthread_cond_timedwait(&gil.taken, &gil.mutex, &until);
    }
    pthread_mutex_unlock(&gil.mutex);
    take(o, line, true);
}
