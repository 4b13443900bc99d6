/* A POSIX thread for each task; the kernel switches at any instant. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/pool.h"

enum { STACK = 128 * 1024 };
struct start { struct cv_machine *m; struct cv_task *task; };
static _Atomic uint32_t running; /* threads but the main one */

static int spawn_thread(struct own *o, struct cv_task *made, uint32_t number);

/* The pages of its stack that were touched. */
static uint64_t stack_footprint(struct own *o)
{
    pthread_attr_t attr;
    void *at;
    size_t size, page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char in[8 * 1024 * 1024 / 4096];
    uint64_t bytes = 0;
    (void)o;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return 0;
    pthread_attr_getstack(&attr, &at, &size);
    pthread_attr_destroy(&attr);
    if (size / page <= sizeof in && mincore(at, size, in) == 0)
        for (size_t i = 0; i < size / page; i++)
            bytes += in[i] & 1 ? page : 0;
    return bytes;
}

static void prepare(struct own *o, struct cv_machine *m, struct cv_task *task)
{
    *o = (struct own){.w = {.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = own_now},
                      .task = task, .using_gil = m->order->gil, .spawn = spawn_thread, .footprint = stack_footprint};
    if (m->order->record)
        cv_ring_claim(&m->shm, &o->w.ring);
    cv_watch_begin(&o->w, task->number);
    struct cv_row *row = cv_shm_row(&m->shm, task->number);
    atomic_store(&row->pid, o->w.pid);
    atomic_store(&row->tid, o->w.tid);
}

static void *thread_main(void *arg)
{
    struct start s = *(struct start *)arg;
    struct own o;
    free(arg);
    prctl(PR_SET_NAME, cv_string(&s.m->shm, s.task->name, NULL));
    prepare(&o, s.m, s.task);
    own_run(&o);
    free(o.task);
    atomic_fetch_sub(&running, 1);
    own_futex_wake(&running, 1);
    return NULL;
}

static int spawn_thread(struct own *o, struct cv_task *made, uint32_t number)
{
    pthread_attr_t attr;
    pthread_t thread;
    (void)number;
    struct start *s = cv_alloc(sizeof *s);
    *s = (struct start){o->w.m, made};
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
#ifndef CV_SANITIZE
    pthread_attr_setstacksize(&attr, STACK);
#endif
    uint32_t now = atomic_fetch_add(&running, 1) + 2;
    int error = pthread_create(&thread, &attr, thread_main, s);
    pthread_attr_destroy(&attr);
    if (error) {
        atomic_fetch_sub(&running, 1);
        free(made);
        free(s);
        return error;
    }
    if (now > atomic_load(&o->w.m->shm.head->peak_tasks))
        atomic_store(&o->w.m->shm.head->peak_tasks, now);
    return 0;
}

/* As in Python the program ends when its last thread does, though nobody joined it; a thread whose task is over may still
 * be writing its last accounts. */
static void wait_for_threads(const struct cv_machine *m)
{
    for (uint32_t n; (n = atomic_load(&running)) && !atomic_load(&m->shm.head->stop);)
        own_futex_wait(&running, n, 0, true);
}

static int threads_run(struct cv_machine *m)
{
    struct own o = {.w = {.m = m, .now = own_now}};
    struct cv_task *main_task;
    if (m->order->gil)
        gil_init(m->order->switch_interval_ns);
    if (m->order->record)
        cv_ring_claim(&m->shm, &o.w.ring);
    uint32_t number = cv_task_claim(&o.w, CV_NO_TASK, NULL, &main_task, NULL);
    CV_ASSERT(number == 0);
    int error = pool_begin(&o.w);
    if (error)
        own_refused(m, "fork", error);
    struct cv_ring ring = o.w.ring;
    atomic_store(&m->shm.head->peak_tasks, 1);
    o = (struct own){.w = {.m = m, .ring = ring, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = own_now},
                     .task = main_task, .using_gil = m->order->gil, .spawn = spawn_thread, .footprint = stack_footprint};
    atomic_store(&cv_shm_row(&m->shm, 0)->pid, o.w.pid);
    atomic_store(&cv_shm_row(&m->shm, 0)->tid, o.w.tid);
    cv_watch_begin(&o.w, 0);
    own_run(&o);
    free(o.task);
    wait_for_threads(m);
    pool_end(&o.w, true);
    return 0;
}

const struct cv_engine_ops cv_engine_threads = {
    .name = "threads",
    .summary = "a POSIX thread for each task; the kernel switches at any instant",
    .run = threads_run,
};
