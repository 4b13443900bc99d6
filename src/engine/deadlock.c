/* Deadlock: what is left when everybody who can still go on, or be let go on by one who can, is taken away.
 * A fixpoint over rows and sync table: live tasks make live whoever waits for what they can give. */
#include <stdlib.h>
#include <string.h>

#include "sync.h"

struct look {
    const struct cv_machine *m;
    uint32_t n, holder;
    bool *live;
    uint64_t gives;             /* what the live tasks can still give */
};

static uint32_t row_state(const struct cv_machine *m, uint32_t task) { return atomic_load(&cv_shm_row(&m->shm, task)->state); }
static bool over(const struct cv_machine *m, uint32_t task)
{
    uint32_t s = row_state(m, task);
    return s == CV_ROW_DONE || s == CV_ROW_FAILED || s == CV_ROW_KILLED || s == CV_ROW_FREE;
}

/* What the task waits for: a reason and an object. false: it does not wait on another task's doing. */
static bool waits(const struct cv_machine *m, uint32_t task, enum cv_reason *reason, uint32_t *object)
{
    const struct cv_row *row = cv_shm_row(&m->shm, task);
    if (atomic_load(&row->state) != CV_ROW_WAITING)
        return false;
    uint32_t wait = atomic_load(&row->wait), cause = wait >> 24;
    if (cause >= 2 * CV_REASON_COUNT || (!m->order->stepped && !cv_sync_queued(m->sync, task)))
        return false; /* the row is behind the table; not where one thread writes both */
    *reason = (enum cv_reason)(cause % CV_REASON_COUNT);
    *object = wait & 0xffffff;
    return (*reason >= CV_REASON_LOCK && *reason <= CV_REASON_BARRIER) || *reason == CV_REASON_JOIN || *reason == CV_REASON_OFFLOAD;
}

static bool is_worker(const struct cv_machine *m, uint32_t task) { return cv_row_is_worker(cv_shm_row(&m->shm, task)); }
static uint32_t served_by(const struct cv_machine *m, uint32_t worker) { return atomic_load(&cv_shm_row(&m->shm, worker)->serves); }
static bool is_idle(const struct cv_machine *m, uint32_t task) { return is_worker(m, task) && served_by(m, task) == CV_NO_TASK; }

/* The worker that runs the task's offloaded block; CV_NO_TASK: it still waits for one. */
static uint32_t worker_of(const struct cv_machine *m, uint32_t n, uint32_t task)
{
    for (uint32_t w = 0; w < n; w++)
        if (is_worker(m, w) && !over(m, w) && served_by(m, w) == task)
            return w;
    return CV_NO_TASK;
}

/* A worker that will come to the task's block. */
static bool block_goes_on(const struct look *l, uint32_t task, uint32_t pool)
{
    uint32_t worker = worker_of(l->m, l->n, task);
    if (worker != CV_NO_TASK)
        return l->live[worker];
    for (uint32_t w = 0; w < l->n; w++)
        if (is_worker(l->m, w) && l->live[w] && cv_shm_row(&l->m->shm, w)->pool == pool)
            return true;
    return false;
}

static bool is_join_all(uint32_t object) { return object >= CV_NO_TASK; }

static bool children_live(const struct look *l, uint32_t task)
{
    for (uint32_t c = 0; c < l->n; c++)
        if (!over(l->m, c) && cv_shm_row(&l->m->shm, c)->parent == task && c != task && !l->live[c] && !is_worker(l->m, c))
            return false;
    return true;
}

static bool can_go_on(const struct look *l, uint32_t task)
{
    if (l->holder != CV_NO_TASK && task != l->holder && !l->live[l->holder] && !is_worker(l->m, task))
        return false; /* the loop is held */
    enum cv_reason reason;
    uint32_t object;
    if (!waits(l->m, task, &reason, &object))
        return true;
    if (reason == CV_REASON_LOCK) {
        uint32_t owner = cv_sync_owner(l->m->sync, object);
        return owner == CV_NO_TASK || (owner != task && owner < l->n && l->live[owner]);
    }
    if (reason == CV_REASON_JOIN)
        return is_join_all(object) ? children_live(l, task) : object < l->n && (over(l->m, object) || l->live[object]);
    if (reason == CV_REASON_OFFLOAD)
        return block_goes_on(l, task, object);
    return object < 64 && (l->gives >> object & 1);
}

static void make_live(struct look *l, uint32_t task)
{
    const struct cv_program *p = l->m->program;
    uint32_t doer = task;
    for (int depth = 0; depth < 32 && is_worker(l->m, doer) && served_by(l->m, doer) < l->n; depth++)
        doer = served_by(l->m, doer); /* whose block it runs */
    uint32_t body = cv_shm_row(&l->m->shm, doer)->body;
    l->live[task] = true;
    if (body >= p->nbodies)
        return;
    l->gives |= p->bodies[body].gives;
    if (p->bodies[body].spawns && !(body == 0 && p->implicit_main))
        for (uint32_t b = 0; b < p->nbodies; b++)
            l->gives |= p->bodies[b].gives;
}

uint32_t cv_deadlock_find(const struct cv_machine *m, uint32_t loop_holder, uint32_t *members, uint32_t cap, bool *others)
{
    uint32_t n = atomic_load(&m->shm.head->ntasks), count = 0;
    n = n < m->order->max_tasks ? n : m->order->max_tasks;
    struct look l = {.m = m, .n = n, .holder = loop_holder < n ? loop_holder : CV_NO_TASK, .live = cv_alloc(n + 1)};
    *others = false;
    for (bool grew = true; grew;) {
        grew = false;
        for (uint32_t t = 0; t < n; t++)
            if (!l.live[t] && !over(m, t) && can_go_on(&l, t)) {
                make_live(&l, t);
                grew = true;
            }
    }
    for (uint32_t t = 0; t < n; t++) {
        if (over(m, t))
            continue;
        if (l.live[t])
            *others |= !is_idle(m, t);
        else if (count++ < cap)
            members[count - 1] = t;
    }
    free(l.live);
    return count < cap ? count : cap;
}

/* ── the sentence ───────────────────────────────────────────────────────────────────────────────── */
static void add_name(const struct cv_machine *m, uint32_t task, struct cv_buf *out)
{
    size_t n;
    const char *name = cv_string(&m->shm, cv_shm_row(&m->shm, task)->name, &n);
    cv_text_clean(out, name, n);
}

static void add_wait(const struct cv_machine *m, uint32_t task, enum cv_reason reason, uint32_t object, struct cv_buf *out)
{
    const struct cv_program *p = m->program;
    if (reason == CV_REASON_JOIN) {
        cv_buf_str(out, " waits for ");
        if (is_join_all(object))
            cv_buf_str(out, "all tasks it started");
        else
            add_name(m, object, out);
        return;
    }
    if (reason == CV_REASON_OFFLOAD) {
        uint32_t worker = worker_of(m, atomic_load(&m->shm.head->ntasks), task);
        cv_buf_str(out, " waits for its offloaded block, ");
        if (worker == CV_NO_TASK)
            cv_buf_str(out, "which no worker is free to run");
        else
            cv_buf_str(out, "which "), add_name(m, worker, out), cv_buf_str(out, " runs");
        return;
    }
    cv_buf_printf(out, " waits %s %s", reason == CV_REASON_BARRIER ? "at" : reason == CV_REASON_CONDITION ? "on" : "for",
                  object < p->nsyncs ? p->syncs[object].name : "?");
    if (reason == CV_REASON_BARRIER) {
        cv_buf_printf(out, ", where %llu of %lld have come", (unsigned long long)cv_sync_length(m->sync, object), (long long)p->syncs[object].size);
        return;
    }
    if (reason != CV_REASON_LOCK) {
        cv_buf_printf(out, ", which nobody left could %s", reason == CV_REASON_EVENT ? "set" : reason == CV_REASON_CONDITION ? "notify" : "give");
        return;
    }
    uint32_t owner = cv_sync_owner(m->sync, object);
    if (owner == task) {
        cv_buf_str(out, ", which it holds itself");
    } else if (owner != CV_NO_TASK) {
        cv_buf_str(out, ", which ");
        add_name(m, owner, out);
        cv_buf_str(out, over(m, owner) ? " still held when it ended" : " holds");
    }
}

void cv_deadlock_text(const struct cv_machine *m, uint32_t loop_holder, const uint32_t *members, uint32_t n, struct cv_buf *out)
{
    enum { TOLD = 8 };
    uint32_t told = 0, silent = 0;
    for (uint32_t i = 0; i < n; i++) {
        enum cv_reason reason;
        uint32_t object;
        bool waiting = waits(m, members[i], &reason, &object);
        if ((members[i] == 0 && m->program->implicit_main) || told == TOLD) {
            silent += !(members[i] == 0 && m->program->implicit_main);
            continue;
        }
        cv_buf_str(out, told++ ? "; " : "");
        add_name(m, members[i], out);
        if (waiting)
            add_wait(m, members[i], reason, object, out);
        if (members[i] == loop_holder)
            cv_buf_str(out, waiting ? " and holds the loop meanwhile" : " holds the loop");
        else if (!waiting)
            cv_buf_str(out, " waits for the loop");
    }
    if (silent)
        cv_buf_printf(out, "; and %u more", silent);
    cv_buf_str(out, ".");
}
