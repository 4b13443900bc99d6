/* A forked process for each task. [shared] is private memory, copied on write; [shared memory] and [sync] lie in the mapping.
 * A process that is done lingers until the children it forked are. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/pool.h"

struct child { pid_t pid; uint32_t task; };
static CV_VEC(struct child) children; /* of this process */

static bool over(const struct cv_row *row)
{
    uint32_t state = atomic_load(&row->state);
    return state == CV_ROW_DONE || state == CV_ROW_FAILED || state == CV_ROW_KILLED;
}

static void mark_killed(struct own *o, uint32_t task, const char *why, size_t length)
{
    struct cv_machine *m = o->w.m;
    struct cv_row *row = cv_shm_row(&m->shm, task);
    row->failure = cv_intern(&m->shm, why, length);
    row->failure_line = atomic_load(&row->line);
    row->ended = cv_ticks();
    atomic_store(&row->state, CV_ROW_KILLED);
    atomic_fetch_sub(&m->shm.head->alive, 1);
    cv_emit1(&o->w.ring, CV_EV_TASK_END, 0, task, row->failure_line, CV_END_KILLED, row->failure, 0);
    cv_sync_mutex_lock(m->sync);
    cv_sync_ended(m->sync, task);
    own_wake(o);
    cv_sync_mutex_unlock(m->sync);
}

/* A child's process ended. If its task did not (a crash, a kill), it and all that its death took along are over. Tasks
 * are numbered after their parents, so one walk finds the whole family. */
static void child_ended(struct own *o, const struct child *c, int status)
{
    const struct cv_machine *m = o->w.m;
    uint32_t n = atomic_load(&m->shm.head->ntasks);
    char text[64];
    int length;
    if (!over(cv_shm_row(&m->shm, c->task))) {
        if (WIFSIGNALED(status))
            length = snprintf(text, sizeof text, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
        else
            length = snprintf(text, sizeof text, "its process ended with status %d", WEXITSTATUS(status));
        mark_killed(o, c->task, text, (size_t)length);
    }
    if (!WIFSIGNALED(status))
        return;
    static const char with[] = "killed with the process that started it";
    bool *dead = cv_alloc(n - c->task + 1);
    dead[0] = true;
    for (uint32_t t = c->task + 1; t < n; t++) {
        const struct cv_row *row = cv_shm_row(&m->shm, t);
        dead[t - c->task] = row->parent >= c->task && row->parent < t && dead[row->parent - c->task];
        if (dead[t - c->task] && !over(row))
            mark_killed(o, t, with, sizeof with - 1);
    }
    free(dead);
}

static void reap(struct own *o, int flags)
{
    int status;
    pid_t pid;
    while (children.n && ((pid = waitpid(-1, &status, flags)) > 0 || (pid < 0 && errno == EINTR))) {
        if (pid < 0 || pool_child_ended(&o->w, pid, status))
            continue;
        for (size_t i = 0; i < children.n; i++)
            if (children.at[i].pid == pid) {
                struct child c = children.at[i];
                children.at[i] = children.at[--children.n];
                child_ended(o, &c, status);
                break;
            }
    }
}

static void tend(struct own *o)
{
    reap(o, WNOHANG);
    pool_tend(&o->w);
}

static int spawn_process(struct own *o, struct cv_task *made, uint32_t number);

/* Its private pages, those it shares with its parent still not counted. */
static uint64_t private_footprint(struct own *o)
{
    char line[256];
    unsigned long long kib, sum = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    (void)o;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Clean: %llu kB", &kib) == 1 || sscanf(line, "Private_Dirty: %llu kB", &kib) == 1)
            sum += kib;
    if (f)
        fclose(f);
    return sum * 1024;
}

static _Noreturn void process_main(struct own *parent, struct cv_task *task, pid_t parent_pid)
{
    struct cv_machine *m = parent->w.m;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_pid)
        _exit(1);
    prctl(PR_SET_NAME, cv_string(&m->shm, task->name, NULL));
    children.n = 0;
    pool_forget();
    m->base_cpu_ns = 0;
    m->base_voluntary = m->base_involuntary = 0;
    struct own o = {.w = {.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)getpid(), .now = own_now},
                    .task = task, .process = true, .spawn = spawn_process, .tend = tend, .footprint = private_footprint};
    atomic_store(&cv_shm_row(&m->shm, task->number)->pid, o.w.pid);
    atomic_store(&cv_shm_row(&m->shm, task->number)->tid, o.w.tid);
    if (m->order->record)
        cv_ring_claim(&m->shm, &o.w.ring);
    cv_watch_begin(&o.w, task->number);
    own_run(&o);
    o.task = NULL;
    pool_end(&o.w, false);
    reap(&o, 0); /* linger */
    _exit(0);
}

static int spawn_process(struct own *o, struct cv_task *made, uint32_t number)
{
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        process_main(o, made, self);
    int error = errno;
    free(made);
    if (pid < 0)
        return error;
    struct child c = {pid, number};
    CV_PUSH(&children, c);
    struct cv_shm_head *h = o->w.m->shm.head;
    uint32_t alive = atomic_load(&h->alive);
    if (alive > atomic_load(&h->peak_tasks))
        atomic_store(&h->peak_tasks, alive);
    return 0;
}

static int processes_run(struct cv_machine *m)
{
    struct own o = {.w = {.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)getpid(), .now = own_now}, .process = true, .spawn = spawn_process, .tend = tend, .footprint = private_footprint};
    if (m->order->record)
        cv_ring_claim(&m->shm, &o.w.ring);
    uint32_t number = cv_task_claim(&o.w, CV_NO_TASK, NULL, &o.task, NULL);
    CV_ASSERT(number == 0);
    int error = pool_begin(&o.w);
    if (error)
        own_refused(m, "fork", error);
    atomic_store(&cv_shm_row(&m->shm, 0)->pid, o.w.pid);
    atomic_store(&cv_shm_row(&m->shm, 0)->tid, o.w.tid);
    atomic_store(&m->shm.head->peak_tasks, 1);
    cv_watch_begin(&o.w, 0);
    own_run(&o);
    free(o.task);
    o.task = NULL;
    if (!atomic_load(&m->shm.head->stop))
        reap(&o, 0);
    pool_end(&o.w, true);
    free(children.at);
    return 0;
}

const struct cv_engine_ops cv_engine_processes = {
    .name = "processes",
    .summary = "a forked process for each task; memory is not shared unless it says so",
    .run = processes_run,
};
