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
enum phase { GONE, RUNNABLE, TIMER /* until due */, BLOCKED /* until its action need not wait */, QUEUED /* async: in a wait queue */ };
struct player {
    struct cv_task *task;
    enum phase phase;
    uint64_t due, ready_order;   /* order in the ready queue */
    unsigned hops;               /* async: callbacks still to run before its step, as in asyncio */
    bool again;                  /* async: woken from a wait queue, tries once more */
    enum cv_cause cause;
    struct cv_memory memory;     /* processes: its own [shared] */
    void *own; size_t own_bytes;
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
    uint32_t holder;             /* async: holds the loop in a wait that cannot end */
    bool waits;                  /* somebody began to wait for others since the last look for deadlocks */
    uint32_t *told, ntold;       /* the deadlock told last */
};

static struct cv_shm_head *head(const struct stage *s) { return s->m->shm.head; }
static uint64_t now(const struct stage *s) { return atomic_load_explicit(&head(s)->virtual_now, memory_order_relaxed); }
static uint64_t worker_now(struct cv_worker *w) { return atomic_load(&w->m->shm.head->virtual_now); }
static bool is_async(const struct stage *s) { return s->m->order->model == CV_ASYNC; }
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
        atomic_fetch_add(&row(s, is_async(s) ? 0 : task)->cpu_ns, ns);
    if (now(s) > s->m->order->timeout_ns)
        end_run(s, CV_OUT_TIMEOUT, "the run took longer than its timeout (virtual time)");
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

static void add_player(struct stage *s, struct cv_task *t, uint32_t parent)
{
    if (t->number >= s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 16;
        cap = cap > t->number ? cap : t->number + 1;
        s->players = cv_realloc(s->players, cap * sizeof *s->players);
        memset(s->players + s->cap, 0, (cap - s->cap) * sizeof *s->players);
        s->cap = cap;
    }
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
    s->bytes -= p->task->size + sizeof(struct player) + sizeof(struct cv_row);
    free(p->task);
    p->task = NULL;
    if (p->own)
        munmap(p->own, p->own_bytes);
    free(p->memory.cells);
    free(p->memory.lists);
    p->own = NULL;
}

static uint32_t alive(const struct stage *s)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < s->n; t++)
        n += s->players[t].phase != GONE;
    return n;
}

/* The action in front of a task, with its own memory in place. */
static void look(struct stage *s, uint32_t task, struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (p->own) {
        memcpy(s->m->memory.cells, p->memory.cells, s->m->memory.n * sizeof *p->memory.cells);
        memcpy(s->m->memory.lists, p->memory.lists, s->m->memory.n * sizeof *p->memory.lists);
    }
    cv_task_next(&s->w, &p->task, a);
}

/* ── who is on the core ─────────────────────────────────────────────────────────────────────────── */
static void leave_core(struct stage *s, bool preempted)
{
    uint32_t task = s->current;
    s->current = CV_NO_TASK;
    if (task == CV_NO_TASK || is_async(s))
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
    if (!is_async(s))
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
        ready(s, t, gather);
        p->again = true;
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
        end_run(s, CV_OUT_FINISHED, "");
}

/* Under the rules of processes a crash takes the task's process, and what that forked, with it. */
static void crash(struct stage *s, uint32_t task, unsigned line)
{
    static const char by[] = "killed by SIGSEGV", with[] = "killed with the process that started it";
    uint32_t n = s->n;
    bool *dead = cv_alloc(n);
    dead[task] = true;
    for (uint32_t t = task; t < n; t++) { /* parents come before their children */
        uint32_t parent = row(s, t)->parent;
        dead[t] |= parent < t && dead[parent];
        struct cv_task *victim = s->players[t].task;
        if (!dead[t] || !victim)
            continue;
        victim->failure = t == task ? cv_intern(&s->m->shm, by, sizeof by - 1) : cv_intern(&s->m->shm, with, sizeof with - 1);
        victim->failure_line = t == task ? line : atomic_load(&row(s, t)->line);
        finish_task(s, t, CV_END_KILLED);
    }
    free(dead);
}

/* ── effects ────────────────────────────────────────────────────────────────────────────────────── */
/* kept: under async the thread is not given back. */
static void wait_from_now(struct stage *s, uint32_t task, const struct cv_action *a, enum phase phase, bool kept)
{
    struct player *p = &s->players[task];
    uint32_t object = 0;
    enum cv_reason reason = cv_sync_is(a) ? cv_sync_reason(s->m->sync, task, a, &object) : cv_action_reason(a);
    enum cv_cause cause = (enum cv_cause)((is_async(s) && !kept ? CV_AWAIT : CV_BLOCK) + reason);
    p->phase = phase;
    p->cause = cause;
    bool timed = a->op == CV_OP_SLEEP || a->op == CV_OP_FETCH;
    if (timed)
        p->due = now(s) + a->value.payload;
    s->waits |= cv_sync_is(a);
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
        if (is_async(s) && !a->await)
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
    if (is_async(s) && !a->await) { /* the loop is held for all that time */
        enum cv_cause cause = (enum cv_cause)(CV_BLOCK + cv_action_reason(a));
        cv_row_wait(&s->w, task, a->line, cause, 0, ns);
        pass_time(s, task, ns, false);
        cv_row_run(&s->w, task, a->line);
        cv_task_finish(&s->w, &p->task, a, NULL);
        return;
    }
    wait_from_now(s, task, a, ns || !is_async(s) ? TIMER : RUNNABLE, false);
    cv_task_finish(&s->w, &p->task, a, NULL);
    if (!ns && is_async(s))
        ready(s, task, 0);
}

static void yield(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (is_async(s) && a->await) {
        wait_from_now(s, task, a, RUNNABLE, false);
        ready(s, task, 0);
    } else if (!is_async(s)) {
        cv_row_wait(&s->w, task, a->line, CV_CAUSE_YIELD, 0, 0);
        atomic_fetch_add(&row(s, task)->yields, 1);
        leave_core(s, true);
        ready(s, task, 0);
    }
    cv_task_finish(&s->w, &p->task, a, NULL);
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
    case CV_OP_SPIN: pass_time(s, task, STEP_NS, true); break;
    case CV_OP_CRASH:
        if (s->m->order->model == CV_PROCESSES && task != 0) {
            crash(s, task, a->line);
            return false;
        }
        break; /* the program's own process, for real */
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
        ready(s, first, is_async(s));
    }
}

static bool to_next_timer(struct stage *s)
{
    uint64_t due = UINT64_MAX;
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].phase == TIMER && s->players[t].due < due)
            due = s->players[t].due;
    if (due == UINT64_MAX)
        return false;
    if (is_async(s))
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
        if (p->phase == GONE || (is_async(s) ? p->phase != RUNNABLE : !may_go(s, t)))
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
        if (s->players[t].phase == RUNNABLE && k-- == 0)
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
        if (!visible || is_async(s) || !go)
            continue;
        go = false;
        look(s, task, &a); /* an end belongs to the step before it */
        if (a.op == CV_OP_DONE || (a.op == CV_OP_FAIL && !a.visible))
            carry_out(s, task, &a);
    }
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

/* Between turns. A pass of the loop is over when all that was ready as it began have gone. In its own order the loop looks at
 * the timers between passes; where somebody picks, it does so after each turn. */
static void look_around(struct stage *s)
{
    bool own = is_async(s) && !s->scheduled && s->m->order->seed <= 1, in_pass = false;
    for (uint32_t t = 0; is_async(s) && t < s->n; t++)
        in_pass |= s->players[t].phase == RUNNABLE && s->players[t].ready_order < s->pass_end;
    if (own && in_pass)
        return;
    if (is_async(s) && now(s) - s->looked > atomic_load(&head(s)->loop_lag_ns))
        atomic_store(&head(s)->loop_lag_ns, now(s) - s->looked);
    if (!in_pass && s->closing && --s->closing == 0) {
        end_run(s, CV_OUT_FINISHED, "");
        return;
    }
    timers(s);
    s->pass_end = in_pass ? s->pass_end : s->order;
    s->looked = now(s);
}

static int stepped_run(struct cv_machine *m)
{
    struct stage s = {.m = m, .current = CV_NO_TASK, .holder = CV_NO_TASK, .random = m->order->seed,
                      .letters_from = m->program->implicit_main, .scheduled = m->order->schedule[0] != 0};
    s.w = (struct cv_worker){.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = worker_now};
    if (m->order->record)
        cv_ring_claim(&m->shm, &s.w.ring);
    schedule_start(&s.schedule, m->order->schedule);
    atomic_store(&head(&s)->started, 0);
    struct cv_task *main_task;
    uint32_t main_number = cv_task_claim(&s.w, CV_NO_TASK, NULL, &main_task, NULL);
    CV_ASSERT(main_number == 0);
    add_player(&s, main_task, CV_NO_TASK);
    while (!s.over && !atomic_load(&head(&s)->stop)) {
        if (s.holder != CV_NO_TASK) {
            deadlocked(&s);
            break;
        }
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
        } else if (s.closing) { /* a loop that ends waits for nothing */
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
        if (s.players[t].task) {
            if (m->order->model == CV_PROCESSES) {
                struct cv_action a;
                look(&s, t, &a);
                cv_row_finals(m, t);
            }
            drop_player(&s, t);
        }
    free(s.players);
    free(s.told);
    atomic_store(&head(&s)->finished, now(&s));
    return 0;
}

const struct cv_engine_ops cv_engine_stepped = {
    .name = "stepped",
    .summary = "virtual time on one core; the order is chosen by a schedule or a seed",
    .run = stepped_run,
};
