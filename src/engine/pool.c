/* Workers that take offloaded blocks off a queue in the sync table, and how a block gets there and back. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/pool.h"

static const uint64_t PLACE = (uint64_t)16 << 20; /* bytes for a task in the file: more than a block can have; it is sparse */
enum { STACK = 256 * 1024, LARGE = 1 << 20 /* of a place: given back to the system after use */ };

static struct {
    pthread_mutex_t mutex;
    bool begun;
    uint32_t first, n;
    _Atomic uint32_t alive;
    struct job *jobs;
} threads = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct {
    pthread_mutex_t mutex;        /* for pids */
    uint32_t first, n;
    int file;
    pid_t *pids;                  /* 0: gone */
    pid_t parent;
} processes = {.mutex = PTHREAD_MUTEX_INITIALIZER, .file = -1};

/* ── blocks in the file ─────────────────────────────────────────────────────────────────────────── */
static bool store(uint32_t owner, const struct cv_task *t)
{
    for (size_t done = 0; done < t->size;) {
        ssize_t n = pwrite(processes.file, (const char *)t + done, t->size - done, (off_t)(owner * PLACE + done));
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool load_bytes(void *to, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(processes.file, (char *)to + done, size - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static struct cv_task *load(uint32_t owner)
{
    uint32_t size;
    _Static_assert(offsetof(struct cv_task, size) == 0, "a block begins with its size");
    if (!load_bytes(&size, sizeof size, owner * PLACE) || size < sizeof(struct cv_task) || size > PLACE)
        return NULL;
    struct cv_task *t = cv_alloc(size);
    if (load_bytes(t, size, owner * PLACE))
        return t;
    free(t);
    return NULL;
}

/* ── a worker ───────────────────────────────────────────────────────────────────────────────────── */
static struct job **job_of(uint32_t owner)
{
    struct job **at = &threads.jobs;
    while (*at && (*at)->owner != owner)
        at = &(*at)->next;
    return at;
}

static struct cv_task *receive(bool process, uint32_t owner)
{
    if (process)
        return load(owner);
    pthread_mutex_lock(&threads.mutex);
    struct cv_task *t = (*job_of(owner))->task;
    pthread_mutex_unlock(&threads.mutex);
    return t;
}

static void send_back(bool process, uint32_t owner, struct cv_task *t)
{
    if (process) {
        CV_ASSERT(store(owner, t));
        return;
    }
    pthread_mutex_lock(&threads.mutex);
    (*job_of(owner))->task = t;
    pthread_mutex_unlock(&threads.mutex);
}

static bool stopped(const struct own *o) { return atomic_load_explicit(&o->w.m->shm.head->stop, memory_order_relaxed); }

static void serve(struct own *o, uint32_t me, uint32_t owner, bool process)
{
    struct cv_row *row = cv_shm_row(&o->w.m->shm, me);
    unsigned line = atomic_load(&cv_shm_row(&o->w.m->shm, owner)->line);
    struct cv_sync *s = o->w.m->sync;
    o->task = receive(process, owner);
    CV_ASSERT(o->task);
    o->task->number = me;
    cv_emit1(&o->w.ring, CV_EV_JOB, 0, me, line, 0, owner, 0);
    own_block(o, line);
    send_back(process, owner, o->task);
    cv_emit1(&o->w.ring, CV_EV_JOB_END, 0, me, line, 0, owner, 0);
    cv_row_usage(o->w.m, me);
    cv_sync_mutex_lock(s);
    atomic_store(&row->serves, CV_NO_TASK);
    cv_sync_job_done(s, owner);
    cv_row_wait(&o->w, me, 0, (enum cv_cause)(CV_BLOCK + CV_REASON_WORK), row->pool, row->pool);
    own_wake(o);
    cv_sync_mutex_unlock(s);
    if (process)
        free(o->task);
    o->task = NULL; /* of a thread it is its owner's again */
}

static void work(struct own *o, uint32_t me, uint32_t pool, bool process)
{
    struct cv_machine *m = o->w.m;
    struct cv_row *row = cv_shm_row(&m->shm, me);
    _Atomic uint32_t *word = cv_sync_idle(m->sync, pool);
    atomic_store(&row->pid, o->w.pid);
    atomic_store(&row->tid, o->w.tid);
    for (;;) {
        cv_sync_mutex_lock(m->sync);
        uint32_t seen = atomic_load(word), owner = cv_sync_job_take(m->sync, pool);
        bool closed = cv_sync_over(m->sync, pool);
        if (owner != CV_NO_TASK)
            atomic_store(&row->serves, owner);
        cv_sync_mutex_unlock(m->sync);
        if (owner != CV_NO_TASK)
            serve(o, me, owner, process);
        else if (closed || stopped(o))
            break;
        else
            own_futex_wait(word, seen, 200000000, true);
    }
    row->ended = cv_ticks();
    cv_last_act(&o->w, me);
    cv_emit1(&o->w.ring, CV_EV_TASK_END, 0, me, 0, CV_END_DONE, 0, 0);
    atomic_store(&row->state, CV_ROW_DONE);
}

static void prepare(struct own *o, struct cv_machine *m, uint32_t me, bool process)
{
    *o = (struct own){.w = {.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = own_now},
                      .process = process, .using_gil = !process && m->order->gil, .measured = true};
    if (m->order->record)
        cv_ring_claim(&m->shm, &o->w.ring);
    cv_watch_begin(&o->w, me);
}

/* ── the pool of threads ────────────────────────────────────────────────────────────────────────── */
struct start { struct cv_machine *m; uint32_t me, pool; };

static void *thread_main(void *arg)
{
    struct start s = *(struct start *)arg;
    struct own o;
    free(arg);
    prctl(PR_SET_NAME, cv_string(&s.m->shm, cv_shm_row(&s.m->shm, s.me)->name, NULL));
    prepare(&o, s.m, s.me, false);
    work(&o, s.me, s.pool, false);
    atomic_fetch_sub(&threads.alive, 1);
    own_futex_wake(&threads.alive, 1);
    return NULL;
}

/* The first worker; CV_NO_TASK: no more tasks, or the system refused (which is said). */
static uint32_t begin_threads(struct cv_worker *w, uint32_t owner)
{
    struct cv_machine *m = w->m;
    pthread_attr_t attr;
    pthread_mutex_lock(&threads.mutex);
    if (!threads.begun && (threads.first = cv_workers_claim(w, owner, false, m->order->pool)) != CV_NO_TASK) {
        threads.begun = true;
        threads.n = m->order->pool;
        pthread_attr_init(&attr);
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
#ifndef CV_SANITIZE
        pthread_attr_setstacksize(&attr, STACK);
#endif
        for (uint32_t i = 0; i < threads.n; i++) {
            pthread_t thread;
            struct start *s = cv_alloc(sizeof *s);
            *s = (struct start){m, threads.first + i, threads.first};
            int error = pthread_create(&thread, &attr, thread_main, s);
            if (error) {
                free(s);
                own_refused(m, "pthread_create", error);
                break;
            }
            atomic_fetch_add(&threads.alive, 1);
        }
        pthread_attr_destroy(&attr);
    }
    uint32_t first = threads.begun ? threads.first : CV_NO_TASK;
    pthread_mutex_unlock(&threads.mutex);
    return first;
}

/* ── the pool of processes ──────────────────────────────────────────────────────────────────────── */
static _Noreturn void process_main(struct cv_machine *m, uint32_t me, pid_t parent)
{
    struct own o;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    prctl(PR_SET_NAME, cv_string(&m->shm, cv_shm_row(&m->shm, me)->name, NULL));
    if (!m->private_shared && cv_machine_own_shared(m) < 0)
        _exit(3);
    m->base_cpu_ns = 0;
    m->base_voluntary = m->base_involuntary = 0;
    prepare(&o, m, me, true);
    work(&o, me, processes.first, true);
    _exit(0);
}

int pool_begin(struct cv_worker *w)
{
    struct cv_machine *m = w->m;
    if (!(m->program->offloads & 2))
        return 0;
    processes.file = memfd_create("convis-blocks", MFD_CLOEXEC);
    processes.first = processes.file < 0 ? CV_NO_TASK : cv_workers_claim(w, 0, true, m->order->pool);
    if (processes.first == CV_NO_TASK)
        return processes.file < 0 ? errno : EAGAIN;
    processes.n = m->order->pool;
    processes.pids = cv_alloc(processes.n * sizeof *processes.pids);
    processes.parent = getpid();
    for (uint32_t i = 0; i < processes.n; i++) {
        pid_t pid = fork();
        if (pid == 0)
            process_main(m, processes.first + i, processes.parent);
        if (pid < 0)
            return errno;
        processes.pids[i] = pid;
    }
    return 0;
}

static void worker_died(struct cv_worker *w, uint32_t worker, int status)
{
    const struct cv_machine *m = w->m;
    struct cv_row *row = cv_shm_row(&m->shm, worker);
    uint32_t state = atomic_load(&row->state);
    char text[64];
    int n = 0;
    if (state == CV_ROW_DONE || state == CV_ROW_KILLED)
        return;
    if (WIFSIGNALED(status))
        n = snprintf(text, sizeof text, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        n = snprintf(text, sizeof text, "its process ended with status %d", WEXITSTATUS(status));
    row->failure = cv_intern(&m->shm, text, (size_t)n);
    row->failure_line = atomic_load(&row->line);
    row->ended = cv_ticks();
    atomic_store(&row->state, CV_ROW_KILLED);
    cv_emit1(&w->ring, CV_EV_TASK_END, 0, worker, row->failure_line, CV_END_KILLED, row->failure, 0);
    cv_sync_mutex_lock(m->sync);
    cv_sync_pool_break(m->sync, row->pool, atomic_load(&row->serves));
    own_wake_sleepers(w, CV_NO_TASK);
    cv_sync_mutex_unlock(m->sync);
}

bool pool_child_ended(struct cv_worker *w, pid_t pid, int status)
{
    for (uint32_t i = 0; processes.pids && i < processes.n; i++)
        if (processes.pids[i] == pid) {
            processes.pids[i] = 0;
            worker_died(w, processes.first + i, status);
            return true;
        }
    return false;
}

void pool_tend(struct cv_worker *w)
{
    if (!processes.pids || processes.parent != getpid())
        return;
    pthread_mutex_lock(&processes.mutex);
    for (uint32_t i = 0; i < processes.n; i++) {
        int status;
        if (processes.pids[i] && waitpid(processes.pids[i], &status, WNOHANG) > 0) {
            processes.pids[i] = 0;
            worker_died(w, processes.first + i, status);
        }
    }
    pthread_mutex_unlock(&processes.mutex);
}

/* ── there and back ─────────────────────────────────────────────────────────────────────────────── */
const char *pool_send(struct cv_worker *w, struct cv_task *t, const struct cv_action *a, enum cv_cause cause, struct visit *v)
{
    struct cv_sync *s = w->m->sync;
    uint32_t owner = t->number, pool = a->arg == 1 ? processes.first : begin_threads(w, owner);
    *v = (struct visit){.process = a->arg == 1, .job = {.owner = owner, .task = t}};
    if (pool == CV_NO_TASK)
        return "no room for the workers of a pool among the tasks";
    v->kept = cv_task_leave(t);
    if (v->process && !store(owner, t)) {
        cv_task_back(w, t, v->kept);
        return "no memory to send the block to a process";
    }
    if (!v->process) {
        pthread_mutex_lock(&threads.mutex);
        v->job.next = threads.jobs;
        threads.jobs = &v->job;
        pthread_mutex_unlock(&threads.mutex);
    }
    cv_sync_mutex_lock(s);
    bool sent = cv_sync_job_put(s, pool, owner);
    if (sent)
        cv_row_wait(w, owner, a->line, cause, pool, pool);
    cv_sync_mutex_unlock(s);
    if (!sent) {
        cv_task_back(w, t, v->kept);
        return "the pool is broken: one of its processes died";
    }
    atomic_fetch_add(cv_sync_idle(s, pool), 1);
    own_futex_wake(cv_sync_idle(s, pool), 1);
    return NULL;
}

void pool_fetch(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct visit *v)
{
    uint32_t owner = v->job.owner;
    bool broken = cv_sync_broken(w->m->sync, owner);
    if (!v->process) {
        pthread_mutex_lock(&threads.mutex);
        *job_of(owner) = v->job.next;
        pthread_mutex_unlock(&threads.mutex);
        *t = v->job.task;
    } else if (!broken) {
        struct cv_task *back = load(owner);
        CV_ASSERT(back);
        if (back->size > LARGE)
            fallocate(processes.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(owner * PLACE), (off_t)PLACE);
        free(*t);
        *t = back;
    }
    cv_task_back(w, *t, v->kept);
    if (broken)
        cv_task_fail(w, t, a, "the process that ran the block died");
}

/* ── the end ────────────────────────────────────────────────────────────────────────────────────── */
static void close_pool(struct cv_worker *w, uint32_t pool)
{
    struct cv_sync *s = w->m->sync;
    cv_sync_mutex_lock(s);
    cv_sync_ended(s, pool);
    own_wake_sleepers(w, CV_NO_TASK);
    cv_sync_mutex_unlock(s);
    atomic_fetch_add(cv_sync_idle(s, pool), 1);
    own_futex_wake(cv_sync_idle(s, pool), INT32_MAX);
}

void pool_end(struct cv_worker *w, bool all)
{
    const _Atomic uint32_t *stop = &w->m->shm.head->stop;
    if (threads.begun) {
        close_pool(w, threads.first);
        for (uint32_t n; (n = atomic_load(&threads.alive)) && !atomic_load(stop);)
            own_futex_wait(&threads.alive, n, 200000000, true);
        threads.begun = false;
    }
    if (!all || !processes.pids || processes.parent != getpid())
        return;
    close_pool(w, processes.first);
    for (uint32_t i = 0; i < processes.n; i++) {
        int status;
        while (processes.pids[i] && !atomic_load(stop) && waitpid(processes.pids[i], &status, 0) < 0 && errno == EINTR)
            ;
    }
    free(processes.pids);
    processes.pids = NULL;
    close(processes.file);
}

void pool_forget(void)
{
    threads.begun = false;
    threads.jobs = NULL;
    atomic_store(&threads.alive, 0);
    pthread_mutex_init(&threads.mutex, NULL);
}
