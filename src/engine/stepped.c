/* The stepped engine: the rules of async, threads or processes in virtual time on one core. At each point there is a set
 * of tasks that may go, and someone picks: the schedule, else the seed (under async seed 1 is the loop's own order, first
 * in first out). A turn is what is invisible in front of a visible step, and that step; under async it lasts until the
 * task gives the thread back. A visible step takes one virtual microsecond, cpu, sleep and fetch what they say.
 * Nothing here reads a real clock, so the same order gives the same run to the byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cells.h"
#include "schedule.h"
#include "sync.h"

enum { STEP_NS = 1000 };
enum phase { GONE, RUNNABLE, TIMER /* until due */, BLOCKED /* until its action need not wait */, QUEUED /* in a wait queue, or its block is with a worker */, IDLE /* a worker without a block */ };
struct player {
    struct cv_task *task;
    enum phase phase;
    uint64_t due, ready_order;   /* order in the ready queue */
    unsigned hops;               /* async: callbacks still to run before its step, as in asyncio */
    bool again;                  /* async: woken from a wait queue, tries once more */
    enum cv_cause cause;
    struct cv_memory memory;     /* processes: its own [shared] */
    void *own; size_t own_bytes;
    bool worker;                 /* of a pool: under async too it goes by the rules of threads */
    uint32_t pool, serves;       /* of a worker: its pool's first; whose block it runs, whose task is then its own */
    struct cv_away kept;         /* of a task whose block is with a worker */
};
struct stage {
    struct cv_machine *m;
    struct cv_worker w;
    struct player *players;
    uint32_t n, cap, letters_from; /* letters_from: 1 where main is implicit */
    uint32_t current;            /* on the core; CV_NO_TASK */
    uint64_t order, random, bytes, peak;
    uint64_t pass_end, looked;   /* async: the pass is of those ready before that order; when the loop looked around last */
    struct schedule schedule;
    bool scheduled, over;
    unsigned closing;            /* async: passes until the loop ends, main is done */
    bool waits;                  /* somebody began to wait for others since the last look for deadlocks */
    uint32_t *told, ntold;       /* the deadlock told last */
    uint32_t holder;             /* async: holds the loop in a wait that only a worker could end; or 0, when the loop has ended */
    uint32_t pools[2];           /* of threads, of processes: the first worker, or CV_NO_TASK */
    struct cv_memory base;       /* what all share that have no copy of their own */
    struct player pristine;      /* with the copy of [shared] as the pool of processes was forked with it */
};

static struct cv_shm_head *head(const struct stage *s) { return s->m->shm.head; }
static uint64_t now(const struct stage *s) { return atomic_load_explicit(&head(s)->virtual_now, memory_order_relaxed); }
static uint64_t worker_now(struct cv_worker *w) { return atomic_load(&w->m->shm.head->virtual_now); }
static bool is_async(const struct stage *s) { return s->m->order->model == CV_ASYNC; }
static bool coop(const struct stage *s, uint32_t task) { return is_async(s) && !s->players[task].worker; }
static struct cv_row *row(const struct stage *s, uint32_t task) { return cv_shm_row(&s->m->shm, task); }

static void end_run(struct stage *s, enum cv_outcome outcome, const char *text)
{
    if (s->over)
        return;
    s->over = true;
    if (outcome != CV_OUT_FINISHED) {
        snprintf(head(s)->outcome_text, sizeof head(s)->outcome_text, "%s", text);
        atomic_store(&head(s)->outcome, outcome);
    }
}

static void pass_time(struct stage *s, uint32_t task, uint64_t ns, bool busy)
{
    atomic_store(&head(s)->virtual_now, now(s) + ns);
    if (busy)
        atomic_fetch_add(&row(s, coop(s, task) ? 0 : task)->cpu_ns, ns);
    if (now(s) > s->m->order->timeout_ns)
        end_run(s, CV_OUT_TIMEOUT, "the run took longer than its timeout (virtual time)");
}

static void impossible(struct stage *s, uint32_t letter, const char *why)
{
    char name[8];
    schedule_letter(letter, name);
    snprintf(head(s)->schedule_error, sizeof head(s)->schedule_error, "step %u of the schedule is impossible: %s %s",
             s->schedule.position + 1, name, why);
    s->scheduled = false;
    end_run(s, CV_OUT_CRASHED, head(s)->schedule_error);
}

static void broken(struct stage *s)
{
    snprintf(head(s)->schedule_error, sizeof head(s)->schedule_error, "a schedule is letters and counts, as in A2 B3 A1; what comes after step %u is not",
             s->schedule.position);
    s->scheduled = false;
    end_run(s, CV_OUT_CRASHED, head(s)->schedule_error);
}

/* All went well, if nothing is left of the schedule. */
static void finished(struct stage *s)
{
    uint32_t letter;
    if (s->scheduled && schedule_peek(&s->schedule, &letter))
        impossible(s, letter, "cannot go, the run is over");
    else if (s->scheduled && s->schedule.broken)
        broken(s);
    else
        end_run(s, CV_OUT_FINISHED, "");
}

/* ── own copies under processes ─────────────────────────────────────────────────────────────────── */
static void own_memory(struct stage *s, struct player *p, const struct cv_memory *from)
{
    const struct cv_program *prog = s->m->program;
    size_t lists = 0;
    for (uint32_t v = 0; v < prog->nvars; v++)
        lists += prog->vars[v].list && !prog->vars[v].memory;
    p->memory = (struct cv_memory){cv_alloc((prog->nvars + 1) * sizeof(struct cv_cell *)), cv_alloc((prog->nvars + 1) * sizeof(struct cv_list *)),
                                   prog->nvars};
    size_t cells = (prog->nvars * sizeof(struct cv_cell) + 63) & ~(size_t)63;
    p->own_bytes = cells + lists * sizeof(struct cv_list) + 1;
    p->own = mmap(NULL, p->own_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CV_ASSERT(p->own != MAP_FAILED);
    struct cv_list *list = (struct cv_list *)(void *)((char *)p->own + cells);
    for (uint32_t v = 0; v < prog->nvars; v++) {
        p->memory.cells[v] = from->cells[v];
        p->memory.lists[v] = from->lists[v];
        if (prog->vars[v].memory)
            continue;
        p->memory.cells[v] = (struct cv_cell *)p->own + v;
        *p->memory.cells[v] = *from->cells[v];
        if (!from->lists[v])
            continue;
        memcpy(list->items, from->lists[v]->items, from->cells[v]->payload * sizeof(struct cv_cell));
        p->memory.lists[v] = list++;
    }
}

/* ── players ────────────────────────────────────────────────────────────────────────────────────── */
static void ready(struct stage *s, uint32_t task, unsigned hops)
{
    struct player *p = &s->players[task];
    p->phase = RUNNABLE;
    p->ready_order = s->order++;
    p->hops = hops;
}

static void player_room(struct stage *s, uint32_t number)
{
    if (number < s->cap)
        return;
    uint32_t cap = s->cap ? s->cap * 2 : 16;
    cap = cap > number ? cap : number + 1;
    s->players = cv_realloc(s->players, cap * sizeof *s->players);
    memset(s->players + s->cap, 0, (cap - s->cap) * sizeof *s->players);
    s->cap = cap;
}

static void add_player(struct stage *s, struct cv_task *t, uint32_t parent)
{
    player_room(s, t->number);
    struct player *p = &s->players[t->number];
    *p = (struct player){.task = t};
    s->n = t->number + 1;
    if (s->m->order->model == CV_PROCESSES)
        own_memory(s, p, parent == CV_NO_TASK ? &s->m->memory : &s->players[parent].memory);
    s->bytes += t->size + sizeof(struct player) + sizeof(struct cv_row);
    if (s->bytes > atomic_load(&head(s)->task_bytes))
        atomic_store(&head(s)->task_bytes, s->bytes);
    ready(s, t->number, 0);
}

static void drop_player(struct stage *s, uint32_t task)
{
    struct player *p = &s->players[task];
    p->phase = GONE;
    s->bytes -= p->task ? p->task->size + sizeof(struct player) + sizeof(struct cv_row) : 0;
    free(p->task);
    p->task = NULL;
    if (p->own)
        munmap(p->own, p->own_bytes);
    free(p->memory.cells);
    free(p->memory.lists);
    p->own = NULL;
    p->memory = (struct cv_memory){0};
}

static uint32_t alive(const struct stage *s)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < s->n; t++)
        n += s->players[t].phase != GONE && !s->players[t].worker;
    return n;
}

/* The action in front of a task, with its own memory in place. */
static void look(struct stage *s, uint32_t task, struct cv_action *a)
{
    struct player *p = &s->players[task];
    const struct player *of = p->worker && !p->own && p->serves != CV_NO_TASK ? &s->players[p->serves] : p; /* a thread of whose process */
    const struct cv_memory *mem = of->own ? &of->memory : &s->base;
    memcpy(s->m->memory.cells, mem->cells, mem->n * sizeof *mem->cells);
    memcpy(s->m->memory.lists, mem->lists, mem->n * sizeof *mem->lists);
    atomic_store_explicit(&head(s)->stepping, task, memory_order_relaxed);
    cv_task_next(&s->w, &p->task, a);
}

/* ── who is on the core ─────────────────────────────────────────────────────────────────────────── */
static void leave_core(struct stage *s, bool preempted)
{
    uint32_t task = s->current;
    s->current = CV_NO_TASK;
    if (task == CV_NO_TASK || coop(s, task))
        return;
    cv_emit1(&s->w.ring, CV_EV_SWITCH_OUT, 0, task, 0, 0, 0, preempted);
    atomic_fetch_add(preempted ? &row(s, task)->involuntary : &row(s, task)->voluntary, 1);
}

static void enter_core(struct stage *s, uint32_t task, unsigned line)
{
    if (s->current == task)
        return;
    leave_core(s, true);
    s->current = task;
    if (!coop(s, task))
        cv_emit1(&s->w.ring, CV_EV_SWITCH_IN, 0, task, 0, 0, 0, 0);
    atomic_fetch_or(&row(s, task)->cores[0], 1);
    cv_row_run(&s->w, task, line);
}

static void wake_all(struct stage *s, uint32_t waker)
{
    for (uint32_t t; (t = cv_sync_woken(s->m->sync)) != CV_NO_TASK;) {
        struct player *p = &s->players[t];
        if (p->phase != QUEUED)
            continue;
        bool gather = p->cause % CV_REASON_COUNT == CV_REASON_JOIN && (atomic_load(&row(s, t)->wait) & 0xffffff) >= CV_NO_TASK;
        cv_emit1(&s->w.ring, CV_EV_READY, 0, t, 0, 0, waker, p->cause);
        atomic_store(&row(s, t)->state, CV_ROW_RUNNABLE);
        bool block = p->cause % CV_REASON_COUNT == CV_REASON_OFFLOAD;
        ready(s, t, gather || (block && coop(s, t)));
        p->again = !block;
    }
}

static void finish_task(struct stage *s, uint32_t task, enum cv_task_end end)
{
    struct player *p = &s->players[task];
    if (s->m->order->model == CV_PROCESSES)
        cv_row_finals(s->m, task);
    cv_task_end(&s->w, p->task, end);
    if (!is_async(s) && s->current == task)
        leave_core(s, false);
    s->current = CV_NO_TASK;
    wake_all(s, task);
    drop_player(s, task);
    if (is_async(s) && task == 0) /* as in asyncio: the rest of this pass, and the one that the callback of its end runs in */
        s->closing = 2;
    if (alive(s) == 0) /* threads and processes that nobody joined are waited for */
        finished(s);
}

/* ── effects ────────────────────────────────────────────────────────────────────────────────────── */
/* kept: under async the thread is not given back. */
static void wait_from_now(struct stage *s, uint32_t task, const struct cv_action *a, enum phase phase, bool kept)
{
    struct player *p = &s->players[task];
    uint32_t object = 0;
    enum cv_reason reason = cv_sync_is(a) ? cv_sync_reason(s->m->sync, task, a, &object) : cv_action_reason(a);
    enum cv_cause cause = (enum cv_cause)((coop(s, task) && !kept ? CV_AWAIT : CV_BLOCK) + reason);
    p->phase = phase;
    p->cause = cause;
    if (a->op == CV_OP_OFFLOAD)
        object = s->pools[a->arg];
    bool timed = a->op == CV_OP_SLEEP || a->op == CV_OP_FETCH;
    if (timed)
        p->due = now(s) + a->value.payload;
    s->waits |= cv_sync_is(a) || a->op == CV_OP_OFFLOAD;
    cv_row_wait(&s->w, task, a->line, cause, object, timed ? a->value.payload : object);
    leave_core(s, false);
}

/* A sync action; false: it waits (under threads and processes only on conditions, events and barriers: who would have to wait
 * for anything else is not chosen before it can go). */
static bool sync_action(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    struct cv_sync_done done;
    bool again = p->again;
    p->again = false;
    switch (cv_sync_try(s->m->sync, is_async(s) ? CV_SYNC_FAIR : CV_SYNC_COMPETE, task, a, again, &done)) {
    case CV_SYNC_OK:
        cv_sync_event(&s->w, task, a, &done, true);
        cv_task_finish(&s->w, &p->task, a, &done.value);
        break;
    case CV_SYNC_FAIL: cv_task_fail(&s->w, &p->task, a, "%s", done.why); break;
    case CV_SYNC_WAIT:
        cv_sync_event(&s->w, task, a, &done, false);
        if (coop(s, task) && !a->await)
            s->holder = task;
        wait_from_now(s, task, a, QUEUED, !a->await);
        wake_all(s, task);
        return false;
    }
    wake_all(s, task);
    return true;
}

static void spawn(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct cv_task *made;
    uint32_t number = cv_task_claim(&s->w, task, a, &made, s->players[task].task);
    if (number == CV_NO_TASK) {
        cv_task_fail(&s->w, &s->players[task].task, a, "more than %u tasks", s->m->order->max_tasks);
        return;
    }
    add_player(s, made, task);
    struct cv_value handle = {.payload = number, .tag = CV_TAG_TASK};
    cv_task_finish(&s->w, &s->players[task].task, a, &handle);
    uint32_t n = alive(s);
    if (n > s->peak)
        atomic_store(&head(s)->peak_tasks, s->peak = n);
}

static void timed(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    uint64_t ns = a->value.payload;
    if (coop(s, task) && !a->await) { /* the loop is held for all that time */
        enum cv_cause cause = (enum cv_cause)(CV_BLOCK + cv_action_reason(a));
        cv_row_wait(&s->w, task, a->line, cause, 0, ns);
        pass_time(s, task, ns, false);
        cv_row_run(&s->w, task, a->line);
        cv_task_finish(&s->w, &p->task, a, NULL);
        return;
    }
    wait_from_now(s, task, a, ns || !coop(s, task) ? TIMER : RUNNABLE, false);
    cv_task_finish(&s->w, &p->task, a, NULL);
    if (!ns && coop(s, task))
        ready(s, task, 0);
}

static void yield(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (coop(s, task) && a->await) {
        wait_from_now(s, task, a, RUNNABLE, false);
        ready(s, task, 0);
    } else if (!coop(s, task)) {
        cv_row_wait(&s->w, task, a->line, CV_CAUSE_YIELD, 0, 0);
        atomic_fetch_add(&row(s, task)->yields, 1);
        leave_core(s, true);
        ready(s, task, 0);
    }
    cv_task_finish(&s->w, &p->task, a, NULL);
}

/* ── offload ────────────────────────────────────────────────────────────────────────────────────── */
/* The memory that all share is remembered, and what a worker process would have been forked with. */
static void begin_pools(struct stage *s)
{
    const struct cv_memory *mem = &s->m->memory;
    s->base = (struct cv_memory){cv_alloc((mem->n + 1) * sizeof *mem->cells), cv_alloc((mem->n + 1) * sizeof *mem->lists), mem->n};
    memcpy(s->base.cells, mem->cells, mem->n * sizeof *mem->cells);
    memcpy(s->base.lists, mem->lists, mem->n * sizeof *mem->lists);
    if (s->m->program->offloads & 2)
        own_memory(s, &s->pristine, mem);
}

static void end_pools(struct stage *s)
{
    memcpy(s->m->memory.cells, s->base.cells, s->base.n * sizeof *s->base.cells);
    memcpy(s->m->memory.lists, s->base.lists, s->base.n * sizeof *s->base.lists);
    free(s->base.cells);
    free(s->base.lists);
    if (s->pristine.own)
        munmap(s->pristine.own, s->pristine.own_bytes);
    free(s->pristine.memory.cells);
    free(s->pristine.memory.lists);
}

static uint32_t pool_of(struct stage *s, uint32_t owner, bool processes)
{
    uint32_t n = s->m->order->pool, first = s->pools[processes];
    if (first != CV_NO_TASK || (first = cv_workers_claim(&s->w, owner, processes, n)) == CV_NO_TASK)
        return first;
    player_room(s, first + n - 1);
    for (uint32_t t = first; t < first + n; t++) {
        s->players[t] = (struct player){.phase = IDLE, .worker = true, .pool = first, .serves = CV_NO_TASK};
        if (processes)
            own_memory(s, &s->players[t], &s->pristine.memory);
    }
    s->n = first + n;
    return s->pools[processes] = first;
}

/* Idle workers take what is queued. */
static void assign(struct stage *s, uint32_t pool)
{
    for (uint32_t t = pool; t < s->n && s->players[t].worker && s->players[t].pool == pool; t++) {
        struct player *p = &s->players[t];
        uint32_t owner = p->phase == IDLE ? cv_sync_job_take(s->m->sync, pool) : CV_NO_TASK;
        if (owner == CV_NO_TASK)
            continue;
        p->task = s->players[owner].task;
        s->players[owner].task = NULL;
        p->task->number = t;
        p->serves = owner;
        atomic_store(&row(s, t)->serves, owner);
        cv_emit1(&s->w.ring, CV_EV_JOB, 0, t, atomic_load(&row(s, owner)->line), 0, owner, 0);
        ready(s, t, 0);
    }
}

static bool offload(struct stage *s, uint32_t task, const struct cv_action *a)
{
    uint32_t pool = pool_of(s, task, a->arg == 1);
    struct player *p = &s->players[task];
    p->kept = pool == CV_NO_TASK ? (struct cv_away){0} : cv_task_leave(p->task);
    if (pool == CV_NO_TASK || !cv_sync_job_put(s->m->sync, pool, task)) {
        if (pool != CV_NO_TASK)
            cv_task_back(&s->w, p->task, p->kept);
        cv_task_fail(&s->w, &p->task, a, pool == CV_NO_TASK ? "offload: no room for the workers of a pool among the tasks"
                                                            : "offload: the pool is broken: one of its processes died");
        return true;
    }
    if (coop(s, task) && !a->await)
        s->holder = task;
    wait_from_now(s, task, a, QUEUED, !a->await);
    assign(s, pool);
    return false;
}

/* The block's task goes back to its owner, who is woken. */
static void give_back(struct stage *s, uint32_t worker, unsigned line)
{
    struct player *p = &s->players[worker], *owner = &s->players[p->serves];
    owner->task = p->task;
    p->task = NULL;
    cv_emit1(&s->w.ring, CV_EV_JOB_END, 0, worker, line, 0, p->serves, 0);
    cv_task_back(&s->w, owner->task, owner->kept);
    p->serves = CV_NO_TASK;
    atomic_store(&row(s, worker)->serves, CV_NO_TASK);
}

static void end_block(struct stage *s, uint32_t worker, unsigned line)
{
    struct player *p = &s->players[worker];
    uint32_t owner = p->serves;
    give_back(s, worker, line);
    p->phase = IDLE;
    cv_row_wait(&s->w, worker, 0, (enum cv_cause)(CV_BLOCK + CV_REASON_WORK), p->pool, p->pool);
    leave_core(s, false);
    cv_sync_job_done(s->m->sync, owner);
    wake_all(s, worker);
    assign(s, p->pool);
}

/* ── crash ──────────────────────────────────────────────────────────────────────────────────────── */
static void worker_killed(struct stage *s, uint32_t worker, unsigned line, const char *why)
{
    struct cv_row *r = row(s, worker);
    r->failure = cv_intern(&s->m->shm, why, strlen(why));
    r->failure_line = line;
    r->ended = now(s);
    atomic_store(&r->state, CV_ROW_KILLED);
    cv_emit1(&s->w.ring, CV_EV_TASK_END, 0, worker, line, CV_END_KILLED, r->failure, 0);
    if (s->current == worker)
        leave_core(s, false);
    wake_all(s, worker);
    drop_player(s, worker);
}

/* Under the rules of processes a crash takes the task's process, the threads of its pool, and what it forked with it. */
static void crash_process(struct stage *s, uint32_t task, unsigned line)
{
    static const char by[] = "killed by SIGSEGV", with[] = "killed with the process that started it";
    uint32_t n = s->n;
    bool *dead = cv_alloc(n);
    dead[task] = true;
    for (uint32_t t = task; t < n; t++) { /* parents come before their children */
        uint32_t parent = row(s, t)->parent;
        dead[t] |= parent < t && dead[parent];
        if (dead[t] && s->players[t].worker && s->players[t].serves != CV_NO_TASK)
            give_back(s, t, line);
    }
    for (uint32_t t = task; t < n; t++) {
        struct cv_task *victim = s->players[t].task;
        if (dead[t] && s->players[t].worker)
            worker_killed(s, t, 0, with);
        if (!dead[t] || !victim)
            continue;
        victim->failure = t == task ? cv_intern(&s->m->shm, by, sizeof by - 1) : cv_intern(&s->m->shm, with, sizeof with - 1);
        victim->failure_line = (uint16_t)(t == task ? line : atomic_load(&row(s, t)->line));
        finish_task(s, t, CV_END_KILLED);
    }
    free(dead);
}

/* The blocks that no worker of a broken pool will take come back to their tasks. */
static void fail_queued(struct stage *s, uint32_t pool)
{
    for (uint32_t t = 0; t < s->n; t++) {
        struct player *p = &s->players[t];
        uint32_t wait = atomic_load(&row(s, t)->wait);
        struct cv_action a = {.op = CV_OP_OFFLOAD, .line = (uint16_t)atomic_load(&row(s, t)->line)};
        if (p->phase != QUEUED || !p->task || p->task->failure || (wait >> 24) % CV_REASON_COUNT != CV_REASON_OFFLOAD || (wait & 0xffffff) != pool)
            continue;
        cv_task_back(&s->w, p->task, p->kept);
        cv_task_fail(&s->w, &p->task, &a, "the process that ran the block died");
    }
}

/* Nothing real dies in virtual time. A process takes along those it started; in the other models the whole program is gone. */
static void crash(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (p->worker && p->own) { /* its pool breaks, and the owner of the block is told */
        uint32_t owner = p->serves;
        give_back(s, task, a->line);
        cv_task_fail(&s->w, &s->players[owner].task, a, "the process that ran the block died");
        fail_queued(s, p->pool);
        cv_sync_pool_break(s->m->sync, p->pool, owner);
        worker_killed(s, task, a->line, "killed by SIGSEGV");
        return;
    }
    uint32_t dead = p->worker ? p->serves : task;
    if (s->m->order->model != CV_PROCESSES || dead == 0) {
        char text[CV_LIMIT_NAME + 100];
        cv_crash_text(s->m, task, a->line, text, sizeof text);
        end_run(s, CV_OUT_CRASHED, text);
        return;
    }
    crash_process(s, dead, a->line);
}

/* Carries out the action in front of the task. false: the task does not go on in this turn. */
static bool carry_out(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (a->visible) /* the step takes its time first, so that its event stands at its end */
        pass_time(s, task, STEP_NS, true);
    if (a->memory) {
        cv_task_memory(&s->w, &p->task, a);
        return true;
    }
    if (cv_sync_is(a))
        return sync_action(s, task, a);
    switch ((enum cv_op)a->op) {
    case CV_OP_CPU:
        cv_emit1(&s->w.ring, CV_EV_CPU, 0, task, a->line, 0, a->value.payload, a->b == 1);
        pass_time(s, task, a->value.payload, true);
        cv_task_finish(&s->w, &p->task, a, NULL);
        return true;
    case CV_OP_SLEEP: case CV_OP_FETCH: timed(s, task, a); return s->current == task;
    case CV_OP_YIELD: yield(s, task, a); return s->current == task;
    case CV_OP_SPAWN: spawn(s, task, a); return true;
    case CV_OP_OFFLOAD: return offload(s, task, a);
    case CV_OP_END_OFFLOAD: end_block(s, task, a->line); return false;
    case CV_OP_CRASH: crash(s, task, a); return false;
    case CV_OP_SPIN: pass_time(s, task, STEP_NS, true); break;
    case CV_OP_DONE: case CV_OP_FAIL: finish_task(s, task, a->op == CV_OP_DONE ? CV_END_DONE : CV_END_FAILED); return false;
    default: break;
    }
    bool done = cv_effect_common(&s->w, &p->task, a);
    CV_ASSERT(done);
    return true;
}

/* ── picking ────────────────────────────────────────────────────────────────────────────────────── */
static uint64_t random_below(struct stage *s, uint64_t n)
{
    uint64_t z = s->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint64_t)(((unsigned __int128)(z ^ (z >> 31)) * n) >> 64);
}

/* Timers that are due let their tasks go; where nobody can go, time moves on to the next timer. */
static void timers(struct stage *s)
{
    for (;;) { /* in order of their instants */
        uint32_t first = CV_NO_TASK;
        for (uint32_t t = 0; t < s->n; t++)
            if (s->players[t].phase == TIMER && s->players[t].due <= now(s) && (first == CV_NO_TASK || s->players[t].due < s->players[first].due))
                first = t;
        if (first == CV_NO_TASK)
            return;
        cv_emit1(&s->w.ring, CV_EV_READY, 0, first, 0, 0, CV_NO_TASK, s->players[first].cause);
        ready(s, first, coop(s, first));
    }
}

/* While the loop is held, only workers go. */
static bool held(const struct stage *s, uint32_t task) { return s->holder != CV_NO_TASK && coop(s, task); }

static bool to_next_timer(struct stage *s)
{
    uint64_t due = UINT64_MAX;
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].phase == TIMER && s->players[t].due < due && !held(s, t))
            due = s->players[t].due;
    if (due == UINT64_MAX)
        return false;
    if (is_async(s) && s->holder == CV_NO_TASK)
        cv_emit1(&s->w.ring, CV_EV_POLL, 0, 0, 0, 0, due - now(s), 0);
    pass_time(s, 0, due > now(s) ? due - now(s) : 0, false);
    return true;
}

/* Threads and processes: may the task go? One whose next action would have to wait is shown as blocked. */
static bool may_go(struct stage *s, uint32_t task)
{
    struct player *p = &s->players[task];
    if (p->phase == BLOCKED || p->phase == RUNNABLE) {
        struct cv_action a;
        look(s, task, &a);
        bool waits = cv_sync_is(&a) && cv_sync_would_wait(s->m->sync, task, &a);
        if (waits && p->phase == RUNNABLE)
            wait_from_now(s, task, &a, BLOCKED, true);
        else if (!waits && p->phase == BLOCKED) {
            atomic_store(&row(s, task)->state, CV_ROW_RUNNABLE);
            cv_emit1(&s->w.ring, CV_EV_READY, 0, task, a.line, 0, CV_NO_TASK, p->cause);
            ready(s, task, 0);
        }
    }
    return p->phase == RUNNABLE;
}

static bool main_first(const struct stage *s) { return s->letters_from == 1; }

/* The next to go, or CV_NO_TASK. */
static uint32_t pick(struct stage *s)
{
    uint32_t n = 0, oldest = CV_NO_TASK, letter;
    for (uint32_t t = 0; t < s->n; t++) {
        struct player *p = &s->players[t];
        if (p->phase == GONE || held(s, t) || (coop(s, t) ? p->phase != RUNNABLE : !may_go(s, t)))
            continue;
        if (t == 0 && main_first(s) && !is_async(s))
            return 0; /* an implicit main is nobody's choice */
        n++;
        if (oldest == CV_NO_TASK || p->ready_order < s->players[oldest].ready_order)
            oldest = t;
    }
    if (n == 0)
        return CV_NO_TASK;
    if (is_async(s) && main_first(s) && oldest == 0)
        return 0; /* in the loop's own order */
    if (s->scheduled && schedule_peek(&s->schedule, &letter)) {
        uint32_t task = letter + s->letters_from;
        if (task < s->n && s->players[task].phase == RUNNABLE)
            return task;
        impossible(s, letter, task >= s->n ? "does not exist yet" : s->players[task].phase == GONE ? "is done" : "has to wait");
        return CV_NO_TASK;
    }
    if (s->scheduled && s->schedule.broken) {
        broken(s);
        return CV_NO_TASK;
    }
    if (s->scheduled && !is_async(s)) { /* used up: no preemption any more */
        s->players[oldest].hops = 0;
        return s->current != CV_NO_TASK && s->players[s->current].phase == RUNNABLE ? s->current : oldest;
    }
    if (s->scheduled || (is_async(s) && s->m->order->seed <= 1))
        return oldest;
    for (uint64_t k = random_below(s, n), t = 0; t < s->n; t++)
        if (s->players[t].phase == RUNNABLE && !held(s, (uint32_t)t) && k-- == 0)
            return (uint32_t)t;
    return oldest;
}

/* One turn of a task: to the end of its visible step, or under async until it gives the thread back. */
static void turn(struct stage *s, uint32_t task)
{
    bool first = true, go = true;
    while (go && !s->over && !atomic_load_explicit(&head(s)->stop, memory_order_relaxed)) {
        struct cv_action a;
        look(s, task, &a);
        enter_core(s, task, first ? a.line : 0);
        first = false;
        uint32_t letter;
        bool lettered = task >= s->letters_from && a.visible;
        if (lettered && s->scheduled && schedule_peek(&s->schedule, &letter)) {
            if (letter + s->letters_from != task) {
                impossible(s, letter, "cannot go: another task keeps the thread until it awaits");
                return;
            }
            schedule_step(&s->schedule);
        }
        bool visible = a.visible;
        go = carry_out(s, task, &a);
        if (!visible || coop(s, task) || !go)
            continue;
        go = false;
        look(s, task, &a); /* an end belongs to the step before it */
        if (a.op == CV_OP_DONE || a.op == CV_OP_END_OFFLOAD || (a.op == CV_OP_FAIL && !a.visible))
            carry_out(s, task, &a);
    }
    if (s->players[task].worker && is_async(s))
        s->players[task].ready_order = s->order++; /* behind what is ready, so that loop and workers take turns */
}

/* Tells of a deadlock that was not told yet; last: nobody is left beside it. */
static void find_deadlock(struct stage *s, bool last, struct cv_buf *text)
{
    uint32_t *members = cv_alloc((s->n + 1) * sizeof *members);
    bool others;
    uint32_t n = cv_deadlock_find(s->m, s->holder, members, s->n, &others);
    cv_deadlock_text(s->m, s->holder, members, n, text);
    if (n && (others || last) && !(n == s->ntold && memcmp(members, s->told, n * sizeof *members) == 0)) {
        cv_emit1(&s->w.ring, CV_EV_FINDING, 0, CV_NO_TASK, 0, CV_FINDING_DEADLOCK, cv_intern(&s->m->shm, text->at, text->n), 0);
        free(s->told);
        s->told = members;
        s->ntold = n;
    } else
        free(members);
}

/* Before time moves on, or is up: tasks that wait for each other while others do not. */
static void part_of_all(struct stage *s)
{
    struct cv_buf text = {0};
    if (s->waits)
        find_deadlock(s, false, &text);
    s->waits = false;
    cv_buf_release(&text);
}

static void deadlocked(struct stage *s)
{
    struct cv_buf text = {0};
    find_deadlock(s, true, &text);
    end_run(s, CV_OUT_DEADLOCK, text.at);
    cv_buf_release(&text);
}

static bool busy(const struct stage *s)
{
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].worker && s->players[t].serves != CV_NO_TASK)
            return true;
    return false;
}

/* Between turns. A pass of the loop is over when all that was ready as it began have gone. In its own order the loop looks at
 * the timers between passes; where somebody picks, it does so after each turn. */
static void look_around(struct stage *s)
{
    bool own = is_async(s) && !s->scheduled && s->m->order->seed <= 1, in_pass = false;
    for (uint32_t t = 0; is_async(s) && t < s->n; t++)
        in_pass |= s->players[t].phase == RUNNABLE && coop(s, t) && !held(s, t) && s->players[t].ready_order < s->pass_end;
    if (own && in_pass)
        return;
    if (is_async(s) && now(s) - s->looked > atomic_load(&head(s)->loop_lag_ns))
        atomic_store(&head(s)->loop_lag_ns, now(s) - s->looked);
    if (!in_pass && s->closing && --s->closing == 0)
        s->holder = 0; /* the loop has ended; blocks that workers still run are waited for */
    if (s->holder == 0 && s->players[0].phase == GONE && !busy(s)) {
        end_run(s, CV_OUT_FINISHED, "");
        return;
    }
    timers(s);
    s->pass_end = in_pass ? s->pass_end : s->order;
    s->looked = now(s);
}

static int stepped_run(struct cv_machine *m)
{
    struct stage s = {.m = m, .current = CV_NO_TASK, .holder = CV_NO_TASK, .pools = {CV_NO_TASK, CV_NO_TASK}, .random = m->order->seed,
                      .letters_from = m->program->implicit_main, .scheduled = m->order->schedule[0] != 0};
    s.w = (struct cv_worker){.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = worker_now};
    if (m->order->record)
        cv_ring_claim(&m->shm, &s.w.ring);
    schedule_start(&s.schedule, m->order->schedule);
    atomic_store(&head(&s)->started, 0);
    struct cv_task *main_task;
    uint32_t main_number = cv_task_claim(&s.w, CV_NO_TASK, NULL, &main_task, NULL);
    CV_ASSERT(main_number == 0);
    begin_pools(&s);
    add_player(&s, main_task, CV_NO_TASK);
    while (!s.over && !atomic_load(&head(&s)->stop)) {
        if (s.holder != CV_NO_TASK && s.players[s.holder].phase == RUNNABLE)
            s.holder = CV_NO_TASK; /* a worker gave what it waited for */
        look_around(&s);
        uint32_t task = s.over ? CV_NO_TASK : pick(&s);
        if (s.over)
            break;
        if (task != CV_NO_TASK && s.players[task].hops) { /* a callback runs, the task's step comes behind what is ready */
            ready(&s, task, s.players[task].hops - 1);
            continue;
        }
        if (task != CV_NO_TASK) {
            atomic_fetch_add(&head(&s)->loop_iterations, is_async(&s));
            turn(&s, task);
        } else if (s.closing && s.holder == CV_NO_TASK) { /* a loop that ends waits for nothing */
            continue;
        } else {
            part_of_all(&s);
            if (!to_next_timer(&s))
                deadlocked(&s);
        }
        if (task == CV_NO_TASK)
            s.looked = now(&s);
    }
    if (atomic_load(&head(&s)->outcome) == CV_OUT_TIMEOUT) {
        for (uint32_t t = 0; t < s.n && !is_async(&s); t++)
            if (s.players[t].task)
                may_go(&s, t);
        part_of_all(&s);
    }
    for (uint32_t t = 0; t < s.n; t++)
        if (s.players[t].task || s.players[t].own) {
            if (m->order->model == CV_PROCESSES && s.players[t].task && !s.players[t].worker) {
                struct cv_action a;
                look(&s, t, &a);
                cv_row_finals(m, t);
            }
            drop_player(&s, t);
        }
    free(s.players);
    free(s.told);
    end_pools(&s);
    atomic_store(&head(&s)->finished, now(&s));
    return 0;
}

const struct cv_engine_ops cv_engine_stepped = {
    .name = "stepped",
    .summary = "virtual time on one core; the order is chosen by a schedule or a seed",
    .run = stepped_run,
};
