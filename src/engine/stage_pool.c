/* On the stage: the pools behind offload, and what a crash takes along. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cells.h"
#include "stage.h"

/* ── offload ────────────────────────────────────────────────────────────────────────────────────── */
/* The memory that all share is remembered, and what a worker process would have been forked with. */
void stage_begin_pools(struct stage *s)
{
    const struct cv_memory *mem = &s->m->memory;
    s->base = (struct cv_memory){cv_alloc((mem->n + 1) * sizeof *mem->cells), cv_alloc((mem->n + 1) * sizeof *mem->lists), mem->n};
    memcpy(s->base.cells, mem->cells, mem->n * sizeof *mem->cells);
    memcpy(s->base.lists, mem->lists, mem->n * sizeof *mem->lists);
    if (s->m->program->offloads & 2)
        stage_own_memory(s, &s->pristine, mem);
}

void stage_end_pools(struct stage *s)
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
    stage_player_room(s, first + n - 1);
    for (uint32_t t = first; t < first + n; t++) {
        s->players[t] = (struct player){.phase = IDLE, .worker = true, .pool = first, .serves = CV_NO_TASK};
        if (processes)
            stage_own_memory(s, &s->players[t], &s->pristine.memory);
        atomic_store(&stage_row(s, t)->pid, stage_pid(s, t));
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
        atomic_store(&stage_row(s, t)->serves, owner);
        atomic_store(&stage_row(s, t)->pid, stage_pid(s, t));
        cv_emit1(&s->w.ring, CV_EV_JOB, 0, t, atomic_load(&stage_row(s, owner)->line), 0, owner, 0);
        stage_ready(s, t, 0);
    }
}

bool stage_offload(struct stage *s, uint32_t task, const struct cv_action *a)
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
    if (stage_coop(s, task) && !a->await)
        s->holder = task;
    stage_wait(s, task, a, QUEUED, !a->await);
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
    atomic_store(&stage_row(s, worker)->serves, CV_NO_TASK);
}

void stage_end_block(struct stage *s, uint32_t worker, unsigned line)
{
    struct player *p = &s->players[worker];
    uint32_t owner = p->serves;
    give_back(s, worker, line);
    p->phase = IDLE;
    cv_row_wait(&s->w, worker, 0, (enum cv_cause)(CV_BLOCK + CV_REASON_WORK), p->pool, p->pool);
    stage_leave_core(s, false);
    cv_sync_job_done(s->m->sync, owner);
    stage_wake_all(s, worker);
    assign(s, p->pool);
}

/* ── crash ──────────────────────────────────────────────────────────────────────────────────────── */
static void worker_killed(struct stage *s, uint32_t worker, unsigned line, const char *why)
{
    struct cv_row *r = stage_row(s, worker);
    r->failure = cv_intern(&s->m->shm, why, strlen(why));
    r->failure_line = line;
    r->ended = stage_now(s);
    atomic_store(&r->state, CV_ROW_KILLED);
    cv_emit1(&s->w.ring, CV_EV_TASK_END, 0, worker, line, CV_END_KILLED, r->failure, 0);
    if (s->current == worker)
        stage_leave_core(s, false);
    stage_wake_all(s, worker);
    stage_drop_player(s, worker);
}

/* Where a task stands, by its program alone: what the row says was published some time ago, and is no part of a state that the explorer
 * puts back. Behind the offload whose block waits for a worker it stands at that. */
static uint16_t line_of(const struct stage *s, uint32_t task)
{
    const struct player *p = &s->players[task];
    const struct cv_program *program = s->m->program;
    uint32_t pc = p->task->pc - (p->phase == QUEUED && p->task->away && p->task->pc > 0);
    return pc < program->ncode ? (uint16_t)program->code[pc].line : 0;
}

/* Under the rules of processes a crash takes the task's process, the threads of its pool, and what it forked with it. */
static void crash_process(struct stage *s, uint32_t task, unsigned line)
{
    static const char by[] = "killed by SIGSEGV", with[] = "killed with the process that started it";
    uint32_t n = s->n;
    bool *dead = cv_alloc(n);
    dead[task] = true;
    for (uint32_t t = task; t < n; t++) { /* parents come before their children */
        uint32_t parent = stage_row(s, t)->parent;
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
        victim->failure_line = (uint16_t)(t == task ? line : line_of(s, t));
        stage_finish_task(s, t, CV_END_KILLED);
    }
    free(dead);
}

/* The blocks that no worker of a broken pool will take come back to their tasks. */
static void fail_queued(struct stage *s, uint32_t pool)
{
    for (uint32_t t = 0; t < s->n; t++) {
        struct player *p = &s->players[t];
        uint32_t wait = atomic_load(&stage_row(s, t)->wait);
        struct cv_action a = {.op = CV_OP_OFFLOAD};
        if (p->phase != QUEUED || !p->task || p->task->failure || (wait >> 24) % CV_REASON_COUNT != CV_REASON_OFFLOAD || (wait & 0xffffff) != pool)
            continue;
        a.line = line_of(s, t);
        cv_task_back(&s->w, p->task, p->kept);
        cv_task_fail(&s->w, &p->task, &a, "the process that ran the block died");
    }
}

/* Nothing real dies in virtual time. A process takes along those it started; in the other models the whole program is gone. */
void stage_crash(struct stage *s, uint32_t task, const struct cv_action *a)
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
        stage_end(s, CV_OUT_CRASHED, text);
        return;
    }
    crash_process(s, dead, a->line);
}