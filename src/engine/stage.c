/* The step on the stage: memory, effects, waiting and waking, time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cells.h"
#include "stage.h"

void stage_end(struct stage *s, enum cv_outcome outcome, const char *text)
{
    if (s->over)
        return;
    s->over = true;
    if (outcome != CV_OUT_FINISHED) {
        snprintf(stage_head(s)->outcome_text, sizeof stage_head(s)->outcome_text, "%s", text);
        atomic_store(&stage_head(s)->outcome, outcome);
    }
}

/* The time is up while a task computes: has it made no visible step for long? */
static void tell_silent(struct stage *s, uint32_t task)
{
    enum { SILENT_NS = 500000000 };
    uint64_t half = s->m->order->timeout_ns / 2, window = half < SILENT_NS ? half : SILENT_NS;
    struct cv_buf text = {0};
    size_t length;
    unsigned line = atomic_load(&stage_row(s, task)->line);
    const char *name = cv_string(&s->m->shm, stage_row(s, task)->name, &length);
    if (s->over || !s->m->order->record || stage_now(s) - s->players[task].acted < window)
        return;
    cv_text_clean(&text, name, length);
    cv_buf_printf(&text, " still computed when the time was up, and had made no visible step for %s or more: it stood at line %u.",
                  cv_duration_text(window, true), line);
    cv_emit1(&s->w.ring, CV_EV_FINDING, 0, task, line, CV_FINDING_NO_VISIBLE_STEP, cv_intern(&s->m->shm, text.at, text.n), 0);
    cv_buf_release(&text);
}

void stage_pass_time(struct stage *s, uint32_t task, uint64_t ns, bool busy)
{
    atomic_store(&stage_head(s)->virtual_now, stage_now(s) + ns);
    if (busy)
        atomic_fetch_add(&stage_row(s, stage_coop(s, task) ? 0 : task)->cpu_ns, ns);
    if (busy && stage_now(s) > s->m->order->timeout_ns)
        tell_silent(s, task);
    if (stage_now(s) > s->m->order->timeout_ns)
        stage_end(s, CV_OUT_TIMEOUT, "the run took longer than its timeout (virtual time)");
}

/* ── own copies under processes ─────────────────────────────────────────────────────────────────── */
void stage_own_memory(struct stage *s, struct player *p, const struct cv_memory *from)
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
void stage_ready(struct stage *s, uint32_t task, unsigned hops)
{
    struct player *p = &s->players[task];
    p->phase = RUNNABLE;
    p->ready_order = s->order++;
    p->hops = hops;
    p->called = hops > 0;
}

void stage_player_room(struct stage *s, uint32_t number)
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
    stage_player_room(s, t->number);
    struct player *p = &s->players[t->number];
    *p = (struct player){.task = t, .acted = stage_now(s)};
    s->n = t->number + 1;
    if (s->m->order->model == CV_PROCESSES)
        stage_own_memory(s, p, parent == CV_NO_TASK ? &s->m->memory : &s->players[parent].memory);
    atomic_store_explicit(&stage_row(s, t->number)->pid, stage_pid(s, t->number), memory_order_relaxed);
    s->bytes += t->size + sizeof(struct player) + sizeof(struct cv_row);
    if (s->bytes > atomic_load(&stage_head(s)->task_bytes))
        atomic_store(&stage_head(s)->task_bytes, s->bytes);
    stage_ready(s, t->number, 0);
}

void stage_drop_player(struct stage *s, uint32_t task)
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
void stage_look(struct stage *s, uint32_t task, struct cv_action *a)
{
    struct player *p = &s->players[task];
    const struct player *of = p->worker && !p->own && p->serves != CV_NO_TASK ? &s->players[p->serves] : p; /* a thread of whose process */
    const struct cv_memory *mem = of->own ? &of->memory : &s->base;
    memcpy(s->m->memory.cells, mem->cells, mem->n * sizeof *mem->cells);
    memcpy(s->m->memory.lists, mem->lists, mem->n * sizeof *mem->lists);
    atomic_store_explicit(&stage_head(s)->stepping, task, memory_order_relaxed);
    stage_be(s, task);
    s->rounds.looks = s->rounds.next = 0;
    cv_task_next(&s->w, &p->task, a);
}

/* ── who is on the core ─────────────────────────────────────────────────────────────────────────── */
void stage_leave_core(struct stage *s, bool preempted)
{
    uint32_t task = s->current;
    s->current = CV_NO_TASK;
    if (task == CV_NO_TASK || stage_coop(s, task))
        return;
    cv_emit1(&s->w.ring, CV_EV_SWITCH_OUT, 0, task, 0, 0, 0, preempted);
    atomic_fetch_add(preempted ? &stage_row(s, task)->involuntary : &stage_row(s, task)->voluntary, 1);
}

void stage_enter_core(struct stage *s, uint32_t task, unsigned line)
{
    if (s->current == task)
        return;
    stage_leave_core(s, true);
    s->current = task;
    if (!stage_coop(s, task))
        cv_emit1(&s->w.ring, CV_EV_SWITCH_IN, 0, task, 0, 0, 0, 0);
    atomic_fetch_or(&stage_row(s, task)->cores[0], 1);
    cv_row_run(&s->w, task, line);
}

void stage_wake_all(struct stage *s, uint32_t waker)
{
    for (uint32_t t; (t = cv_sync_woken(s->m->sync)) != CV_NO_TASK;) {
        struct player *p = &s->players[t];
        if (p->phase != QUEUED)
            continue;
        bool gather = p->cause % CV_REASON_COUNT == CV_REASON_JOIN && (atomic_load(&stage_row(s, t)->wait) & 0xffffff) >= CV_NO_TASK;
        cv_emit1(&s->w.ring, CV_EV_READY, 0, t, 0, 0, waker, p->cause);
        atomic_store(&stage_row(s, t)->state, CV_ROW_RUNNABLE);
        bool block = p->cause % CV_REASON_COUNT == CV_REASON_OFFLOAD;
        stage_ready(s, t, gather || (block && stage_coop(s, t)));
        p->again = !block;
    }
}

static void begin_closing(struct stage *s);

void stage_finish_task(struct stage *s, uint32_t task, enum cv_task_end end)
{
    struct player *p = &s->players[task];
    if (s->m->order->model == CV_PROCESSES)
        cv_row_finals(s->m, task);
    cv_task_end(&s->w, p->task, end);
    if (!stage_is_async(s) && s->current == task)
        stage_leave_core(s, false);
    s->current = CV_NO_TASK;
    stage_wake_all(s, task);
    stage_drop_player(s, task);
    if (stage_is_async(s) && task == 0) /* as in asyncio: the rest of this pass, and the one that the callback of its end runs in */
        begin_closing(s);
    if (alive(s) == 0) /* threads and processes that nobody joined are waited for */
        stage_end(s, CV_OUT_FINISHED, "");
}

/* ── effects ────────────────────────────────────────────────────────────────────────────────────── */
/* kept: under async the thread is not given back. */
void stage_wait(struct stage *s, uint32_t task, const struct cv_action *a, enum phase phase, bool kept)
{
    struct player *p = &s->players[task];
    uint32_t object = 0;
    enum cv_reason reason = cv_sync_is(a) ? cv_sync_reason(s->m->sync, task, a, &object) : cv_action_reason(a);
    enum cv_cause cause = (enum cv_cause)((stage_coop(s, task) && !kept ? CV_AWAIT : CV_BLOCK) + reason);
    p->phase = phase;
    p->cause = cause;
    if (a->op == CV_OP_OFFLOAD)
        object = s->pools[a->arg];
    bool timed = a->op == CV_OP_SLEEP || a->op == CV_OP_FETCH;
    if (timed)
        p->due = stage_now(s) + a->value.payload;
    s->waits |= cv_sync_is(a) || a->op == CV_OP_OFFLOAD;
    cv_row_wait(&s->w, task, a->line, cause, object, timed ? a->value.payload : object);
    stage_leave_core(s, false);
}

/* A sync action; false: it waits (under threads and processes only on conditions, events and barriers: who would have to wait
 * for anything else is not chosen before it can go). */
static bool sync_action(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    struct cv_sync_done done;
    bool again = p->again;
    p->again = false;
    switch (cv_sync_try(s->m->sync, stage_is_async(s) ? CV_SYNC_FAIR : CV_SYNC_COMPETE, task, a, again, &done)) {
    case CV_SYNC_OK:
        cv_sync_event(&s->w, task, a, &done, true);
        cv_task_finish(&s->w, &p->task, a, &done.value);
        break;
    case CV_SYNC_FAIL: cv_task_fail(&s->w, &p->task, a, "%s", done.why); break;
    case CV_SYNC_WAIT:
        cv_sync_event(&s->w, task, a, &done, false);
        if (stage_coop(s, task) && !a->await)
            s->holder = task;
        stage_wait(s, task, a, QUEUED, !a->await);
        stage_wake_all(s, task);
        return false;
    }
    stage_wake_all(s, task);
    return true;
}

static void spawn(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct cv_task *made;
    uint32_t number = cv_task_spawn(&s->w, &s->players[task].task, a, &made);
    if (number == CV_NO_TASK)
        return;
    add_player(s, made, task);
    struct cv_value handle = {.payload = number, .tag = CV_TAG_TASK};
    cv_task_finish(&s->w, &s->players[task].task, a, &handle);
    uint32_t n = alive(s);
    if (n > s->peak)
        atomic_store(&stage_head(s)->peak_tasks, s->peak = n);
}

static void timed(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    uint64_t ns = a->value.payload;
    if (stage_coop(s, task) && !a->await) { /* the loop is held for all that time */
        enum cv_cause cause = (enum cv_cause)(CV_BLOCK + cv_action_reason(a));
        cv_row_wait(&s->w, task, a->line, cause, 0, ns);
        stage_pass_time(s, task, ns, false);
        cv_row_run(&s->w, task, a->line);
        cv_task_finish(&s->w, &p->task, a, NULL);
        return;
    }
    stage_wait(s, task, a, ns || !stage_coop(s, task) ? TIMER : RUNNABLE, false);
    cv_task_finish(&s->w, &p->task, a, NULL);
    if (!ns && stage_coop(s, task))
        stage_ready(s, task, 0);
}

static void yield(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (stage_coop(s, task) && a->await) {
        stage_wait(s, task, a, RUNNABLE, false);
        stage_ready(s, task, 0);
    } else if (!stage_coop(s, task)) {
        cv_row_wait(&s->w, task, a->line, CV_CAUSE_YIELD, 0, 0);
        atomic_fetch_add(&stage_row(s, task)->yields, 1);
        stage_leave_core(s, true);
        stage_ready(s, task, 0);
    }
    cv_task_finish(&s->w, &p->task, a, NULL);
}

/* Others go on beside it. */
static bool never(struct stage *s, uint32_t task, const struct cv_action *a)
{
    s->players[task].phase = ENDLESS;
    atomic_store(&stage_row(s, task)->line, a->line);
    return false;
}

/* Carries out the action in front of the task. false: the task does not go on in this turn. */
static bool carry_out(struct stage *s, uint32_t task, const struct cv_action *a)
{
    struct player *p = &s->players[task];
    if (a->endless && stage_coop(s, task)) {
        stage_compute_on(s, task, a->line);
        return false;
    }
    if (a->endless)
        return never(s, task, a);
    if (a->visible) { /* the step takes its time first, so that its event stands at its end */
        p->acted = stage_now(s);
        stage_pass_time(s, task, STAGE_STEP_NS, true);
    }
    if (a->memory) {
        cv_task_memory(&s->w, &p->task, a);
        return true;
    }
    if (cv_sync_is(a))
        return sync_action(s, task, a);
    switch ((enum cv_op)a->op) {
    case CV_OP_CPU:
        cv_emit1(&s->w.ring, CV_EV_CPU, 0, task, a->line, 0, a->value.payload, a->b == 1);
        stage_pass_time(s, task, a->value.payload, true);
        cv_task_finish(&s->w, &p->task, a, NULL);
        return true;
    case CV_OP_SLEEP: case CV_OP_FETCH: timed(s, task, a); return s->current == task;
    case CV_OP_YIELD: yield(s, task, a); return s->current == task;
    case CV_OP_SPAWN: spawn(s, task, a); return true;
    case CV_OP_OFFLOAD: return stage_offload(s, task, a);
    case CV_OP_END_OFFLOAD: stage_end_block(s, task, a->line); return false;
    case CV_OP_CRASH: stage_crash(s, task, a); return false;
    case CV_OP_SPIN: stage_pass_time(s, task, STAGE_STEP_NS, true); break;
    case CV_OP_DONE: case CV_OP_FAIL: stage_finish_task(s, task, a->op == CV_OP_DONE ? CV_END_DONE : CV_END_FAILED); return false;
    default: break;
    }
    bool done = cv_effect_common(&s->w, &p->task, a);
    CV_ASSERT(done);
    return true;
}

bool stage_act(struct stage *s, uint32_t task, const struct cv_action *a)
{
    bool visible = a->visible, go = carry_out(s, task, a);
    if (!visible || stage_coop(s, task) || !go)
        return go;
    struct cv_action end; /* an end belongs to the step before it */
    stage_look(s, task, &end);
    if (end.op == CV_OP_DONE || end.op == CV_OP_END_OFFLOAD || (end.op == CV_OP_FAIL && !end.visible))
        carry_out(s, task, &end);
    return false;
}

/* ── time ───────────────────────────────────────────────────────────────────────────────────────── */
/* Timers that are due let their tasks go; where nobody can go, time moves on to the next timer. */
static void timers(struct stage *s)
{
    while (!(s->scheduled && s->closing)) { /* in order of their instants */
        uint32_t first = CV_NO_TASK;
        for (uint32_t t = 0; t < s->n; t++)
            if (s->players[t].phase == TIMER && s->players[t].due <= stage_now(s) && (first == CV_NO_TASK || s->players[t].due < s->players[first].due))
                first = t;
        if (first == CV_NO_TASK)
            return;
        cv_emit1(&s->w.ring, CV_EV_READY, 0, first, 0, 0, CV_NO_TASK, s->players[first].cause);
        stage_ready(s, first, stage_coop(s, first));
    }
}

/* While the loop is held, only workers go. */
bool stage_held(const struct stage *s, uint32_t task) { return s->holder != CV_NO_TASK && stage_coop(s, task); }

bool stage_to_next_timer(struct stage *s)
{
    uint64_t due = UINT64_MAX;
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].phase == TIMER && s->players[t].due < due && !stage_held(s, t))
            due = s->players[t].due;
    if (due == UINT64_MAX)
        return false;
    if (stage_is_async(s) && s->holder == CV_NO_TASK)
        cv_emit1(&s->w.ring, CV_EV_POLL, 0, 0, 0, 0, due - stage_now(s), 0);
    stage_pass_time(s, 0, due > stage_now(s) ? due - stage_now(s) : 0, false);
    return true;
}

bool stage_may_go(struct stage *s, uint32_t task)
{
    struct player *p = &s->players[task];
    if (stage_coop(s, task))
        return p->phase == RUNNABLE && !stage_held(s, task);
    if (p->phase != BLOCKED && p->phase != RUNNABLE)
        return false;
    struct cv_action a;
    stage_look(s, task, &a);
    if (a.endless)
        return never(s, task, &a);
    return !cv_sync_is(&a) || !cv_sync_would_wait(s->m->sync, task, &a);
}

static bool busy(const struct stage *s)
{
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].worker && s->players[t].serves != CV_NO_TASK)
            return true;
    return false;
}

/* Where somebody picks, a pass only tells what the loop's own order is; callbacks cost no pass there: who has one to run goes in the next. */
static bool pass_goes_on(const struct stage *s)
{
    bool any = false;
    for (uint32_t t = 0; stage_is_async(s) && t < s->n; t++)
        any |= s->players[t].phase == RUNNABLE && stage_coop(s, t) && !stage_held(s, t) && s->players[t].ready_order < s->pass_end &&
               !(s->scheduled && s->players[t].hops);
    return any;
}

/* Of those who may go while the loop closes: the most pressing. */
static unsigned pressing(const struct stage *s)
{
    unsigned most = CLOSING_NOT;
    for (uint32_t t = 0; t < s->n; t++)
        most = s->players[t].closing && (!most || s->players[t].closing < most) ? s->players[t].closing : most;
    return most;
}

bool stage_asks(const struct stage *s)
{
    return s->closing && s->scheduled && !s->over && s->holder == CV_NO_TASK && pressing(s) && (s->closing > 1 || pressing(s) == CLOSING_MAY);
}

bool stage_main_asks(const struct stage *s)
{
    return s->scheduled && s->leaves && s->players[0].phase == RUNNABLE && s->players[0].called && !stage_held(s, 0);
}

static void begin_closing(struct stage *s)
{
    s->closing = 2;
    for (uint32_t t = 0; t < s->n; t++) {
        struct player *p = &s->players[t];
        bool ready = p->phase == RUNNABLE && stage_coop(s, t), sleeps = p->phase == TIMER && stage_coop(s, t);
        p->closing = ready && !p->called ? CLOSING_MUST : ready || sleeps ? CLOSING_MAY : CLOSING_NOT;
    }
}

void stage_let_in(struct stage *s, uint32_t task)
{
    uint64_t due = s->players[task].due;
    stage_pass_time(s, task, due > stage_now(s) ? due - stage_now(s) : 0, false);
    cv_emit1(&s->w.ring, CV_EV_READY, 0, task, 0, 0, CV_NO_TASK, s->players[task].cause);
    stage_ready(s, task, 0);
}

/* Behind the last of a pass. */
static void end_pass(struct stage *s)
{
    for (uint32_t t = 0; s->scheduled && t < s->n; t++) {
        struct player *p = &s->players[t];
        p->hops -= p->phase == RUNNABLE && p->hops && p->ready_order < s->pass_end; /* callbacks have run */
        if (s->closing && p->phase == RUNNABLE && stage_coop(s, t) && !p->closing && !p->called)
            p->closing = CLOSING_MUST;
    }
    if (s->closing && --s->closing == 0)
        s->holder = 0; /* the loop has ended; blocks that workers still run are waited for */
}

/* Between turns. A pass of the loop is over when all that was ready as it began have gone. In its own order the loop looks at
 * the timers between passes; where somebody picks, it does so after each turn. */
static void look_around(struct stage *s, bool over)
{
    if (s->holder != CV_NO_TASK && s->players[s->holder].phase == RUNNABLE)
        s->holder = CV_NO_TASK; /* a worker gave what it waited for */
    bool closes = s->closing && s->scheduled && s->holder == CV_NO_TASK, goes_on = closes ? !over && pressing(s) : pass_goes_on(s);
    if ((s->own_order || closes) && goes_on)
        return;
    if (stage_is_async(s) && stage_now(s) - s->looked > atomic_load(&stage_head(s)->loop_lag_ns))
        atomic_store(&stage_head(s)->loop_lag_ns, stage_now(s) - s->looked);
    if (!goes_on && stage_is_async(s) && s->holder == CV_NO_TASK)
        end_pass(s);
    if (closes && s->closing && !pressing(s)) /* nobody is left for the last one */
        end_pass(s);
    if (s->holder == 0 && s->players[0].phase == GONE && !busy(s)) {
        stage_end(s, CV_OUT_FINISHED, "");
        return;
    }
    timers(s);
    s->pass_end = goes_on ? s->pass_end : s->order;
    s->looked = stage_now(s);
}

void stage_look_around(struct stage *s) { look_around(s, false); }
void stage_pass_over(struct stage *s) { look_around(s, true); }

/* ── from the beginning to the end ──────────────────────────────────────────────────────────────── */
static uint64_t worker_now(struct cv_worker *w) { return atomic_load(&w->m->shm.head->virtual_now); }

void stage_begin(struct stage *s, struct cv_machine *m, bool own_order)
{
    struct cv_task *main_task;
    s->m = m;
    s->current = s->holder = s->pools[0] = s->pools[1] = CV_NO_TASK;
    s->letters_from = m->program->implicit_main;
    s->leaves = false;
    for (uint32_t b = 1; b < m->program->nbodies && stage_is_async(s) && s->letters_from; b++)
        s->leaves |= m->program->bodies[b].spawns;
    s->own_order = own_order;
    s->w.m = m;
    s->w.now = worker_now;
    atomic_store(&stage_head(s)->started, 0);
    uint32_t number = cv_task_claim(&s->w, CV_NO_TASK, NULL, &main_task, NULL);
    CV_ASSERT(number == 0);
    stage_begin_pools(s);
    add_player(s, main_task, CV_NO_TASK);
}

void stage_release(struct stage *s)
{
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].task || s->players[t].own) {
            if (s->m->order->model == CV_PROCESSES && s->players[t].task && !s->players[t].worker) {
                struct cv_action a;
                stage_look(s, t, &a);
                cv_row_finals(s->m, t);
            }
            stage_drop_player(s, t);
        }
    free(s->players);
    free(s->told);
    stage_rounds_release(s);
    stage_end_pools(s);
}
