/* A task in a thread or process of its own: effects that sleep in the kernel. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/fetch.h"
#include "engine/own.h"
#include "engine/pool.h"

#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer keeps a signal back until the next call that it knows returns, and this one it does not know: SIGCHLD would
 * never be heard in a wait without an end. */
enum { HEAR_SIGNALS_NS = 200000000 };
#else
enum { HEAR_SIGNALS_NS = 0 };
#endif

long own_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns, bool shared)
{
    ns = ns ? ns : HEAR_SIGNALS_NS;
    struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    long result = syscall(SYS_futex, word, shared ? FUTEX_WAIT : FUTEX_WAIT_PRIVATE, seen, ns ? &ts : NULL, NULL, 0);
    if (HEAR_SIGNALS_NS) {
        int error = errno;
        poll(NULL, 0, 0);
        errno = error;
    }
    return result;
}

void own_futex_wake(_Atomic uint32_t *word, int n) { syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0); }

uint64_t own_now(struct cv_worker *w) { return cv_mono_ns() - w->m->zero_ns; }

static bool stopped(const struct own *o) { return atomic_load_explicit(&o->w.m->shm.head->stop, memory_order_relaxed); }

/* pids.max of our own cgroup (version 2), or "". */
static void pids_limit(char *text, size_t size)
{
    char line[512], path[600];
    FILE *f = fopen("/proc/self/cgroup", "re");
    text[0] = 0;
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "0::", 3)) {
            line[strcspn(line, "\n")] = 0;
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/pids.max", line + 3);
            FILE *limit = fopen(path, "re");
            if (limit && fgets(text, (int)size, limit))
                text[strcspn(text, "\n")] = 0;
            if (limit)
                fclose(limit);
        }
    if (f)
        fclose(f);
}

void own_refused(struct cv_machine *m, const char *what, int error)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    struct cv_shm_head *h = m->shm.head;
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    char pids[32], text[sizeof h->error_text];
    if (!atomic_flag_test_and_set(&said) && !atomic_load(&h->error)) {
        int n = snprintf(text, sizeof text, "%s: %s, after %u tasks", what, strerror(error), atomic_load(&h->ntasks) - 1);
        getrlimit(RLIMIT_NPROC, &limit);
        pids_limit(pids, sizeof pids);
        if (error == EAGAIN) {
            n += snprintf(text + n, sizeof text - (size_t)n, limit.rlim_cur == RLIM_INFINITY ? " (RLIMIT_NPROC is unlimited" : " (RLIMIT_NPROC is %llu",
                          (unsigned long long)limit.rlim_cur);
            n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", *pids ? ", pids.max of the cgroup is " : "", pids);
            n += snprintf(text + n, sizeof text - (size_t)n, "; kernel.threads-max and kernel.pid_max count too)");
        } else if (error == ENOMEM) {
            n += snprintf(text + n, sizeof text - (size_t)n, " (not enough memory)");
        }
        if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && (error == EAGAIN || error == ENOMEM))
            snprintf(text + n, sizeof text - (size_t)n, " (RLIMIT_AS is %llu)", (unsigned long long)limit.rlim_cur);
        memcpy(h->error_text, text, sizeof text);
        atomic_store(&h->error, (uint32_t)error);
    }
    atomic_store(&h->stop, 1);
}

/* ── accounts of memory ─────────────────────────────────────────────────────────────────────────── */
/* Once a task: what the memory of all at the peak came to follows from the mean. The main task's thread was there before. */
static void measure(struct own *o)
{
    struct cv_shm_head *h = o->w.m->shm.head;
    if (o->measured || o->task->number == 0)
        return;
    o->measured = true;
    uint64_t bytes = o->footprint(o) + o->task->size + sizeof(struct cv_row);
    uint64_t sum = atomic_fetch_add(&h->measured_bytes, bytes) + bytes;
    uint32_t n = atomic_fetch_add(&h->measured_tasks, 1) + 1;
    atomic_store(&h->task_bytes, sum / n * atomic_load(&h->peak_tasks));
}

/* ── waiting ────────────────────────────────────────────────────────────────────────────────────── */
static void let_others(struct own *o)
{
    if (o->using_gil)
        gil_drop(o);
}

static void leave(struct own *o)
{
    measure(o);
    let_others(o);
}

static void come_back(struct own *o, unsigned line)
{
    cv_watch_back(&o->w, 0);
    if (o->using_gil)
        gil_take(o, line);
    else
        cv_row_run(&o->w, o->task->number, line);
    cv_row_core(o->w.m, o->task->number);
}

void own_wake_sleepers(struct cv_worker *w, uint32_t waker)
{
    for (uint32_t t; (t = cv_sync_woken(w->m->sync)) != CV_NO_TASK;) {
        _Atomic uint32_t *word = cv_sync_futex(w->m->sync, t);
        uint32_t cause = atomic_load(&cv_shm_row(&w->m->shm, t)->wait) >> 24;
        cv_emit1(&w->ring, CV_EV_READY, 0, t, 0, 0, waker, cause);
        atomic_fetch_add(word, 1);
        own_futex_wake(word, 1);
    }
    uint64_t one = 1;
    while (w->m->loop_fd >= 0 && cv_sync_loop_has_woken(w->m->sync) && write(w->m->loop_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void own_wake(struct own *o) { own_wake_sleepers(&o->w, o->task ? o->task->number : CV_NO_TASK); }

/* Under async workers stand in the same queues as coroutines, and keep to the same rule. */
static enum cv_sync_policy policy(const struct own *o) { return o->w.m->order->model == CV_ASYNC ? CV_SYNC_FAIR : CV_SYNC_COMPETE; }

static void sync_effect(struct own *o, const struct cv_action *a)
{
    struct cv_sync *s = o->w.m->sync;
    struct cv_sync_done done;
    uint32_t task = o->task->number;
    uint32_t object, before = UINT32_MAX;
    _Atomic uint32_t *word = cv_sync_futex(s, task);
    bool waited = false;
    for (;;) {
        cv_sync_mutex_lock(s);
        uint32_t seen = atomic_load(word);
        bool woken = waited && !cv_sync_queued(s, task); /* if it has come too late, it sleeps anew: another switch */
        enum cv_sync_result result = cv_sync_try(s, policy(o), task, a, waited, &done);
        if (result != CV_SYNC_FAIL) /* under the mutex, so that the order of events is the order of the table */
            cv_sync_event(&o->w, task, a, &done, result == CV_SYNC_OK);
        own_wake(o);
        enum cv_reason reason = cv_sync_reason(s, task, a, &object);
        if (result == CV_SYNC_WAIT && (woken || object != before)) /* a condition's lock is another wait than the condition */
            cv_row_wait(&o->w, task, a->line, (enum cv_cause)(CV_BLOCK + reason), object, object);
        before = object;
        cv_sync_mutex_unlock(s);
        if (result != CV_SYNC_WAIT) {
            if (waited)
                come_back(o, a->line);
            if (result == CV_SYNC_OK)
                cv_task_finish(&o->w, &o->task, a, &done.value);
            else
                cv_task_fail(&o->w, &o->task, a, "%s", done.why);
            return;
        }
        if (!waited)
            leave(o);
        waited = true;
        if (o->tend)
            o->tend(o); /* a child that ends from here on changes the word */
        while (atomic_load(word) == seen && !stopped(o))
            own_futex_wait(word, seen, 0, true); /* no look now and then: it would be counted as a switch */
        if (stopped(o))
            return;
    }
}

/* The wait for a block ends when its worker is done with it: while it runs, the task is the worker's. */
static void offload(struct own *o, const struct cv_action *a)
{
    struct cv_sync *s = o->w.m->sync;
    uint32_t task = o->task->number;
    _Atomic uint32_t *word = cv_sync_futex(s, task);
    struct visit v;
    measure(o); /* while the task is here */
    const char *why = pool_send(&o->w, o->task, a, (enum cv_cause)(CV_BLOCK + CV_REASON_OFFLOAD), &v);
    if (why) {
        cv_task_fail(&o->w, &o->task, a, "offload: %s", why);
        return;
    }
    let_others(o);
    for (;;) {
        cv_sync_mutex_lock(s);
        uint32_t seen = atomic_load(word);
        bool queued = cv_sync_queued(s, task);
        cv_sync_mutex_unlock(s);
        if (!queued)
            break;
        own_futex_wait(word, seen, o->tend || v.process ? 20000000 : 200000000, true);
        if (o->tend)
            o->tend(o);
        if (v.process)
            pool_tend(&o->w);
    }
    pool_fetch(&o->w, &o->task, a, &v);
    come_back(o, a->line);
}

static void sleep_until(struct own *o, uint64_t ns)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(ns / 1000000000u);
    end.tv_nsec += (long)(ns % 1000000000u);
    if (end.tv_nsec >= 1000000000)
        end.tv_sec++, end.tv_nsec -= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR && !stopped(o))
        ;
}

static void timed_effect(struct own *o, const struct cv_action *a)
{
    uint64_t ns = a->value.payload;
    int error = 0;
    cv_row_wait(&o->w, o->task->number, a->line, (enum cv_cause)(CV_BLOCK + cv_action_reason(a)), 0, ns);
    leave(o);
    if (a->op == CV_OP_SLEEP) {
        sleep_until(o, ns);
    } else {
        int fd = fetch_ask(o->w.m->order->server, ns);
        if (fd < 0 || fetch_answer(fd) < 0)
            error = errno;
    }
    come_back(o, a->line);
    if (error)
        cv_task_fail(&o->w, &o->task, a, "fetch: %s", strerror(error));
    else
        cv_task_finish(&o->w, &o->task, a, NULL);
}

static void yield(struct own *o, const struct cv_action *a)
{
    struct cv_row *row = cv_shm_row(&o->w.m->shm, o->task->number);
    cv_row_wait(&o->w, o->task->number, a->line, CV_CAUSE_YIELD, 0, 0);
    leave(o);
    cv_watch_back(&o->w, 0); /* what was before the call is no yield */
    bool switched = cv_sched_yield();
    if (switched)
        atomic_store(&row->yields, atomic_load(&row->yields) + 1);
    cv_watch_back(&o->w, switched ? CV_F_YIELD : 0);
    come_back(o, a->line);
    cv_task_finish(&o->w, &o->task, a, NULL);
}

/* Between local instructions and while it burns: would another have the GIL? */
static void look_at_gil(void *self)
{
    struct own *o = self;
    gil_look(o, atomic_load(&cv_shm_row(&o->w.m->shm, o->task->number)->line));
}

static void cpu(struct own *o, const struct cv_action *a)
{
    bool nogil = o->using_gil && a->b == 1;
    atomic_store(&cv_shm_row(&o->w.m->shm, o->task->number)->line, a->line);
    cv_emit1(&o->w.ring, CV_EV_CPU, 0, o->task->number, a->line, 0, a->value.payload, a->b == 1);
    if (nogil)
        gil_drop(o);
    cv_burn(&o->w, a->value.payload, o->using_gil && !nogil ? look_at_gil : NULL, o);
    if (nogil)
        gil_take(o, a->line);
    cv_row_core(o->w.m, o->task->number);
    cv_task_finish(&o->w, &o->task, a, NULL);
}

static void spawn(struct own *o, const struct cv_action *a)
{
    struct cv_task *made;
    struct cv_machine *m = o->w.m;
    uint32_t number = cv_task_spawn(&o->w, &o->task, a, &made);
    if (number == CV_NO_TASK)
        return;
    struct cv_value handle = {.payload = number, .tag = CV_TAG_TASK};
    cv_task_finish(&o->w, &o->task, a, &handle); /* before the fork: parent and child go on from behind it */
    int error = o->spawn(o, made, number);
    if (error) {
        own_refused(m, o->process ? "fork" : "pthread_create", error);
        cv_sync_mutex_lock(m->sync);
        cv_sync_ended(m->sync, number);
        cv_sync_mutex_unlock(m->sync);
        atomic_store(&cv_shm_row(&m->shm, number)->state, CV_ROW_FAILED);
    }
}

/* ── the task ───────────────────────────────────────────────────────────────────────────────────── */
static bool effect(struct own *o, const struct cv_action *a)
{
    if (cv_sync_is(a)) {
        sync_effect(o, a);
        return true;
    }
    switch ((enum cv_op)a->op) {
    case CV_OP_CPU: cpu(o, a); return true;
    case CV_OP_SLEEP: case CV_OP_FETCH: timed_effect(o, a); return true;
    case CV_OP_YIELD: yield(o, a); return true;
    case CV_OP_SPAWN: spawn(o, a); return true;
    case CV_OP_OFFLOAD: offload(o, a); return true;
    case CV_OP_DONE: case CV_OP_FAIL: case CV_OP_END_OFFLOAD: return false;
    default: {
        bool known = cv_effect_common(&o->w, &o->task, a);
        CV_ASSERT(known);
        return true;
    }
    }
}

/* SIGCHLD ends the wait of a process, which then sees which child it was. */
static _Atomic uint32_t *child_word;

static void child_changed(int signal)
{
    (void)signal;
    atomic_fetch_add(child_word, 1);
    own_futex_wake(child_word, 1);
}

static void look_after_children(const struct own *o)
{
    struct sigaction act = {.sa_handler = child_changed, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    child_word = cv_sync_futex(o->w.m->sync, o->task->number);
    sigaction(SIGCHLD, &act, NULL);
}

static void eval_breaker(struct cv_worker *w)
{
    struct own *o = w->self;
    cv_watch_check(w);
    if (o->using_gil)
        look_at_gil(o);
}

/* Until the task's end, or its block's. */
static void go_on(struct own *o, struct cv_action *a)
{
    o->w.self = o;
    o->w.breaker = o->using_gil || o->w.watch.on ? eval_breaker : NULL;
    for (;;) {
        cv_task_next(&o->w, &o->task, a);
        if (stopped(o))
            break;
        if (o->using_gil)
            gil_look(o, a->line);
        cv_watch_check(&o->w);
        if (a->memory)
            cv_task_memory(&o->w, &o->task, a);
        else if (!effect(o, a))
            break;
    }
}

void own_block(struct own *o, unsigned line)
{
    struct cv_action a;
    come_back(o, line);
    go_on(o, &a);
    if (o->using_gil)
        gil_drop(o);
}

void own_run(struct own *o)
{
    struct cv_machine *m = o->w.m;
    struct cv_action a;
    uint32_t task = o->task->number;
    if (o->process)
        look_after_children(o);
    come_back(o, m->program->bodies[o->task->body].line);
    go_on(o, &a);
    measure(o);
    if (o->process)
        cv_row_finals(m, task);
    if (o->using_gil)
        gil_drop(o);
    cv_row_usage(m, task);
    cv_watch_back(&o->w, 0);
    if (!stopped(o) || a.op == CV_OP_DONE || a.op == CV_OP_FAIL)
        cv_task_end(&o->w, o->task, a.op == CV_OP_FAIL ? CV_END_FAILED : CV_END_DONE);
    cv_sync_mutex_lock(m->sync);
    own_wake(o);
    cv_sync_mutex_unlock(m->sync);
    cv_last_act(&o->w, task);
}
