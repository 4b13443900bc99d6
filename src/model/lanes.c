/* Lanes: two streams make one. A task's own events say what it does (it executes, it waits for this, it could run again);
 * the kernel's say whether its thread is on a core. Each is kept as it stands, and whenever what they come to together
 * changes, a slice begins.
 *
 * A switch is counted once: a wait by its own cause, whatever the kernel then does; the kernel's switch counts only where
 * the task had announced nothing (quantum, system). Under async the kernel's switches are those of the loop's thread. */
#include <string.h>

#include "model/model.h"

static bool is_async(const struct cv_model *m) { return m->info->model == CV_ASYNC; }
/* Runs in the loop's thread. */
static bool on_loop(const struct cv_model *m, const struct task *t) { return is_async(m) && !t->worker; }
static bool is_block(enum cv_cause c) { return c >= CV_BLOCK && c < CV_BLOCK + CV_REASON_COUNT; }
static bool is_lock(enum cv_cause c)
{
    return c == CV_AWAIT + CV_REASON_LOCK || c == CV_BLOCK + CV_REASON_LOCK || c == CV_AWAIT + CV_REASON_SEMAPHORE || c == CV_BLOCK + CV_REASON_SEMAPHORE;
}

/* ── slices ─────────────────────────────────────────────────────────────────────────────────────── */
static void push(struct cv_model *m, struct series *s, struct slice one)
{
    size_t before = s->bytes;
    series_push(s, one, &m->overlays);
    m->lane_bytes += s->bytes - before;
    if (one.t > m->slice_last)
        m->slice_last = one.t;
}

static void push_task(struct cv_model *m, struct task *t, struct slice one)
{
    struct slice before = t->lane.last;
    bool any = t->lane.n > 0;
    push(m, &t->lane, one);
    crowd_moved(m, t, any ? &before : NULL, &t->lane.last);
}

static void count_switch(struct cv_model *m, uint64_t t, enum cv_cause cause, uint32_t task, uint32_t line)
{
    size_t before = m->switches.bytes;
    series_push(&m->switches, (struct slice){.t = t, .cause = cause, .sw = cause, .object = task}, NULL);
    m->lane_bytes += m->switches.bytes - before;
    if (!line || cause == CV_CAUSE_EXIT) /* an end is no switch at a line: nobody could be let in there and the task go on */
        return;
    if (line >= m->nlines) {
        uint32_t n = m->nlines ? m->nlines : 64;
        while (n <= line)
            n *= 2;
        m->lines = cv_realloc(m->lines, n * sizeof *m->lines);
        memset(m->lines + m->nlines, 0, (n - m->nlines) * sizeof *m->lines);
        m->nlines = n;
    }
    instants_add(&m->lines[line], t);
    m->bytes += sizeof(uint64_t);
}

static void at_line(struct cv_model *m, struct task *t, uint64_t at, uint32_t line)
{
    if (line == 0 || line == t->line || at >= (uint64_t)1 << 48)
        return;
    standing_moved(m, t, at, line);
    t->line = line;
    CV_PUSH(&t->lines, at << 16 | line);
    m->bytes += sizeof(uint64_t);
}

uint32_t lanes_line(const struct task *t, uint64_t at)
{
    size_t low = CV_PARTITION_POINT(t->lines.n, i, t->lines.at[i] >> 16 <= at);
    return low ? (uint32_t)(t->lines.at[low - 1] & 0xffff) : 0;
}

/* What both streams come to. */
static struct slice combined(const struct cv_model *m, const struct task *t, uint64_t at)
{
    bool own_thread = !on_loop(m, t), off = own_thread ? t->off : m->loop_off, preempted = own_thread ? t->preempted : false;
    uint32_t core = own_thread ? t->core : m->tasks[0] ? m->tasks[0]->core : CV_NO_CORE;
    struct slice s = {.t = at, .cause = CV_CAUSE_COUNT, .sw = CV_CAUSE_COUNT, .core = SLICE_NO_CORE, .object = CV_NO_TASK,
                      .exact = own_thread ? t->exact : m->loop_exact};
    switch (t->phase) {
    case PHASE_NONE: s.state = CV_ST_NONE; break;
    case PHASE_STARTED:
        s.state = CV_ST_READY;
        s.object = t->parent;
        break;
    case PHASE_RUN:
        s.state = off ? CV_ST_READY : CV_ST_RUNNING;
        if (off)
            s.cause = preempted || (!own_thread && m->tasks[0] && m->tasks[0]->preempted) ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM;
        else
            s.core = core < MODEL_MAX_CORES ? core : SLICE_NO_CORE;
        break;
    case PHASE_WAIT:
        s.state = t->cause == CV_CAUSE_GIL || t->cause == CV_CAUSE_YIELD || t->cause == CV_AWAIT + CV_REASON_TURN ? CV_ST_READY
                  : is_lock(t->cause)                                                                              ? CV_ST_BLOCKED
                                                                                                                   : CV_ST_WAITING;
        s.cause = t->cause;
        s.object = t->object;
        break;
    case PHASE_READY:
        s.state = CV_ST_READY;
        s.cause = t->cause;
        s.object = t->waker;
        break;
    case PHASE_END:
        s.state = t->end == CV_END_DONE ? CV_ST_DONE : CV_ST_FAILED;
        s.cause = CV_CAUSE_EXIT;
        break;
    }
    return s;
}

/* Begins a slice where something changed, or where a switch is to be counted (sw: its cause, CV_CAUSE_COUNT: none). */
static void settle(struct cv_model *m, struct task *t, uint64_t at, enum cv_cause sw)
{
    struct slice s = combined(m, t, at);
    const struct slice *last = t->lane.n ? &t->lane.last : NULL;
    if (sw == CV_CAUSE_COUNT && last && last->state == s.state && last->cause == s.cause && last->core == s.core &&
        last->object == s.object && last->exact == s.exact)
        return;
    if (sw != CV_CAUSE_COUNT) {
        s.sw = sw;
        if (!model_hidden(m, t))
            count_switch(m, at, sw, t->number, t->line);
        if (sw != CV_CAUSE_EXIT)
            steps_switched(m, t, at);
        if (sw == CV_CAUSE_QUANTUM)
            notes_preempted(m, t, at);
    }
    push_task(m, t, s);
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
static void settle_loop(struct cv_model *m, uint64_t at, enum cv_cause sw)
{
    struct slice s = {.t = at, .state = CV_ST_RUNNING, .cause = CV_CAUSE_COUNT, .sw = CV_CAUSE_COUNT, .core = SLICE_NO_CORE, .object = CV_NO_TASK, .exact = m->loop_exact};
    const struct slice *last = m->loop.n ? &m->loop.last : NULL;
    const struct task *main_task = model_task(m, 0), *holder = m->held_by == CV_NO_TASK ? NULL : model_task(m, m->held_by);
    if (!m->loop_begun)
        return;
    if (main_task && main_task->phase == PHASE_END) {
        s.state = CV_ST_DONE;
        s.cause = CV_CAUSE_EXIT;
    } else if (holder) {
        s.state = CV_ST_FROZEN;
        s.cause = holder->cause;
        s.object = m->held_by;
    } else if (m->polling) {
        s.state = CV_ST_WAITING;
    } else if (m->loop_off) {
        s.state = CV_ST_READY;
        s.cause = main_task && main_task->preempted ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM;
    } else if (main_task && main_task->core < MODEL_MAX_CORES) {
        s.core = main_task->core;
    }
    if (sw == CV_CAUSE_COUNT && last && last->state == s.state && last->cause == s.cause && last->core == s.core && last->object == s.object)
        return;
    if (sw != CV_CAUSE_COUNT) {
        s.sw = sw;
        count_switch(m, at, sw, CV_NO_TASK, 0);
    }
    push(m, &m->loop, s);
}

static void put_on_loop(struct cv_model *m, uint64_t at, uint32_t task)
{
    if (m->on_loop == task)
        return;
    if (m->on_loop != CV_NO_TASK && m->onloop.n)
        causes_turn(m, m->on_loop, m->onloop.last.t, at);
    m->on_loop = task;
    push(m, &m->onloop, (struct slice){.t = at, .state = task == CV_NO_TASK ? CV_ST_NONE : CV_ST_RUNNING, .cause = CV_CAUSE_COUNT, .sw = CV_CAUSE_COUNT, .object = task});
}

/* Threads under the emulated GIL: who has it, by what they say themselves. */
static void gil_fold(struct cv_model *m, const struct task *t, const struct cv_event *e)
{
    bool lets_go = e->kind == CV_EV_WAIT || e->kind == CV_EV_TASK_END || (e->kind == CV_EV_CPU && e->b == 1 /* nogil */);
    if (e->kind == CV_EV_RUN)
        put_on_loop(m, e->t, t->number);
    else if (lets_go && m->on_loop == t->number)
        put_on_loop(m, e->t, CV_NO_TASK);
}

static enum overlay_kind over_now(const struct cv_model *m)
{
    return m->hole ? OVER_STOPPED : m->held_by != CV_NO_TASK ? OVER_FROZEN : OVER_NONE;
}

static void hold(struct cv_model *m, uint64_t at, uint32_t task)
{
    if (m->held_by == task)
        return;
    m->held_by = task;
    m->held_since = at;
    size_t n = m->overlays.at.n;
    if (n >= MODEL_MAX_OVERLAYS && (task != CV_NO_TASK || m->overlays.at.at[n - 1].kind == OVER_NONE))
        return; /* a million blocking calls: those that follow freeze the loop's own lane only */
    overlays_push(&m->overlays, at, over_now(m), task);
}

static void async_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    uint32_t task = e->task;
    if (e->kind != CV_EV_POLL && e->kind != CV_EV_TASK_START)
        m->polling = false;
    m->loop_begun = true;
    switch (e->kind) {
    case CV_EV_RUN:
        if (m->held_by != CV_NO_TASK) {
            if (m->held_by == task)
                findings_block(m, task, m->held_since, e->t);
            hold(m, e->t, CV_NO_TASK);
        }
        if (m->on_loop != CV_NO_TASK && m->on_loop != task) {
            struct task *other = model_task(m, m->on_loop);
            if (other && other->phase == PHASE_RUN) { /* its wait was lost */
                other->phase = PHASE_READY;
                other->cause = CV_CAUSE_COUNT;
                other->waker = CV_NO_TASK;
                settle(m, other, e->t, CV_CAUSE_COUNT);
            }
        }
        put_on_loop(m, e->t, task);
        t->turn = e->t;
        t->cpu_line = 0;
        break;
    case CV_EV_CPU: t->cpu_line = e->line; break;
    case CV_EV_WAIT:
        findings_turn(m, task, e->t);
        if (is_block((enum cv_cause)e->obj))
            hold(m, e->t, task);
        else if (e->obj != CV_CAUSE_YIELD) /* it keeps the thread, which lets others go first */
            put_on_loop(m, e->t, CV_NO_TASK);
        break;
    case CV_EV_TASK_END:
        if (m->held_by == task) {
            findings_block(m, task, m->held_since, e->t);
            hold(m, e->t, CV_NO_TASK);
        } else {
            findings_turn(m, task, e->t);
        }
        if (m->on_loop == task)
            put_on_loop(m, e->t, CV_NO_TASK);
        break;
    case CV_EV_POLL: m->polling = true; break;
    default: break;
    }
}

/* Where the kernel does not tell, the task itself does. */
static void ran_on(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    struct task *thread = on_loop(m, t) ? model_task(m, 0) : t;
    if (thread && e->obj && !thread->exact)
        thread_on(m, thread, e->t, e->obj - 1u);
}

/* ── a task's own events ────────────────────────────────────────────────────────────────────────── */
static enum cv_cause own_event(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    switch (e->kind) {
    case CV_EV_TASK_START:
        if (t->phase != PHASE_NONE)
            break;
        t->phase = PHASE_STARTED;
        t->start = e->t;
        t->name = model_clean(m, (uint32_t)e->a);
        t->body = (uint32_t)e->b;
        t->body_name = model_body(m, e->line);
        t->heading = e->line;
        t->parent = (uint32_t)e->c & 0xfffff;
        t->pid = (uint32_t)(e->d >> 32);
        t->tid = (uint32_t)e->d;
        t->worker = t->lane.beside = (e->flags & CV_F_WORKER) != 0;
        t->own_copy = (e->flags & CV_F_COPY) != 0;
        m->workers |= t->worker;
        t->serves = t->parent;
        m->alive += !t->worker;
        if (!t->worker)
            break;
        t->phase = PHASE_WAIT; /* for its first job */
        t->cause = (enum cv_cause)(CV_BLOCK + CV_REASON_WORK);
        break;
    case CV_EV_RUN:
        t->phase = PHASE_RUN;
        if (t->off && !t->exact)
            t->off = false;
        ran_on(m, t, e);
        syncs_wait(m, t, e->t, false, 0);
        break;
    case CV_EV_WAIT:
        t->phase = PHASE_WAIT;
        t->cause = e->obj < CV_CAUSE_COUNT ? (enum cv_cause)e->obj : CV_CAUSE_SYSTEM;
        t->object = CV_NO_TASK;
        if (t->cause < CV_CAUSE_OTHERS + 1) {
            int reason = (int)t->cause % CV_REASON_COUNT;
            bool named = reason >= CV_REASON_LOCK && reason <= CV_REASON_BARRIER;
            t->object = named || reason == CV_REASON_JOIN ? (uint32_t)(e->a < CV_NO_TASK ? e->a : CV_NO_TASK) : CV_NO_TASK;
            if (named)
                syncs_wait(m, t, e->t, true, t->object);
        } else if (t->cause == CV_CAUSE_GIL) {
            t->object = (uint32_t)(e->a < CV_NO_TASK ? e->a : CV_NO_TASK);
        } else if (t->cause == CV_CAUSE_YIELD) {
            (on_loop(m, t) && m->tasks[0] ? m->tasks[0] : t)->yields++; /* of the thread */
        }
        return t->cause;
    case CV_EV_JOB: t->serves = e->a < CV_NO_TASK ? (uint32_t)e->a : t->parent; break;
    case CV_EV_READY:
        t->phase = PHASE_READY;
        t->waker = e->a < CV_NO_TASK ? (uint32_t)e->a : CV_NO_TASK;
        t->cause = e->b < CV_CAUSE_COUNT ? (enum cv_cause)e->b : CV_CAUSE_COUNT;
        break;
    case CV_EV_TASK_END:
        t->phase = PHASE_END;
        t->end = e->obj <= CV_END_KILLED ? (enum cv_task_end)e->obj : CV_END_FAILED;
        t->failure = e->a ? model_clean(m, (uint32_t)e->a) : NULL;
        if (t->end != CV_END_DONE && !m->failed_any) {
            m->failed_any = true;
            m->failed_first = t->number;
            m->failed_at = e->t;
        } else if (t->end == CV_END_DONE) {
            standing_moved(m, t, e->t, 0);
        }
        t->cause = CV_CAUSE_EXIT;
        syncs_wait(m, t, e->t, false, 0);
        m->alive -= m->alive > 0 && !t->worker;
        return CV_CAUSE_EXIT;
    default: break;
    }
    return CV_CAUSE_COUNT;
}

void lanes_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    if (t->phase == PHASE_END)
        return;
    bool names_task = e->kind != CV_EV_PASS && e->kind != CV_EV_POLL && e->kind != CV_EV_TASK_START;
    if (t->phase == PHASE_NONE && names_task) { /* its start was lost: it exists all the same */
        t->phase = PHASE_STARTED;
        t->start = e->t;
        m->alive++;
    }
    if (names_task)
        at_line(m, t, e->t, e->line);
    else if (e->kind == CV_EV_TASK_START)
        at_line(m, t, e->t, e->line);
    if (on_loop(m, t))
        async_fold(m, t, e);
    else if (m->info->gil && !is_async(m) && !t->own_copy)
        gil_fold(m, t, e);
    enum cv_cause sw = own_event(m, t, e);
    if (!t->group)
        crowd_join(m, t);
    bool changes = e->kind == CV_EV_TASK_START || e->kind == CV_EV_RUN || e->kind == CV_EV_WAIT || e->kind == CV_EV_READY || e->kind == CV_EV_TASK_END;
    if (changes)
        settle(m, t, e->t, sw);
    if (is_async(m))
        settle_loop(m, e->t, CV_CAUSE_COUNT);
    if (e->kind != CV_EV_READY) /* READY may come from another's ring */
        t->last = m->own_last = e->t;
}

/* ── the kernel's events ────────────────────────────────────────────────────────────────────────── */
static void loop_switch(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    bool out = e->kind == CV_EV_SWITCH_OUT;
    struct task *running = m->on_loop == CV_NO_TASK ? NULL : model_task(m, m->on_loop);
    enum cv_cause sw = CV_CAUSE_COUNT;
    bool yields = running && running->phase == PHASE_WAIT && running->cause == CV_CAUSE_YIELD;
    if (running && running->phase != PHASE_RUN)
        running = NULL;
    m->loop_exact = true;
    if (out && !m->loop_off && !yields) {
        if (t->preempted)
            sw = CV_CAUSE_QUANTUM;
        else if (!m->polling && m->held_by == CV_NO_TASK)
            sw = CV_CAUSE_SYSTEM;
    }
    m->loop_off = out;
    if (running)
        settle(m, running, e->t, sw);
    settle_loop(m, e->t, running ? CV_CAUSE_COUNT : sw);
}

/* It stood aside from `from` until e->t: as its own look at every turn has it; or for so long somewhere in the interval, and is
 * drawn at its end: no column of the interval's width is wrong by that. */
static void stood_aside(struct cv_model *m, struct task *t, uint64_t from, uint64_t to)
{
    const struct slice *last = t->lane.n ? &t->lane.last : NULL;
    if (t->phase != PHASE_RUN || !last || last->t >= to || last->state != CV_ST_RUNNING)
        return;
    struct slice s = combined(m, t, from > last->t ? from : last->t);
    s.state = CV_ST_READY;
    s.cause = CV_CAUSE_QUANTUM;
    s.core = SLICE_NO_CORE;
    push(m, &t->lane, s);
}

/* Preemptions in an interval that ends here: they are counted at its end, and said to lie somewhere within. */
static void usage(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    bool here = e->flags & CV_F_HERE;
    uint32_t n = (uint32_t)e->a, own = here ? (e->flags & CV_F_YIELD) != 0 : t->yields, yields = own < n ? own : n;
    t->yields = here ? 0 : t->yields - yields;
    thread_on(m, t, e->t, (uint32_t)(e->b >> 32));
    n -= yields;
    struct task *at = on_loop(m, t) && m->on_loop != CV_NO_TASK ? model_task(m, m->on_loop) : t;
    if (!at)
        return;
    uint64_t from = e->c == 0 ? at->last : e->c < e->t ? e->t - e->c : 0;
    from = from < at->start ? at->start : from;
    if (n)
        thread_within(m, at, (struct within){from, e->t, n, (uint32_t)(e->b >> 32)});
    uint64_t queued = (e->b & UINT32_MAX) * 1000;
    if (n && (queued || (n == 1 && here && e->c)))
        stood_aside(m, at, here || queued > e->t - from ? from : e->t - queued, e->t);
    for (uint32_t i = 0; i < n && i < 256; i++)
        settle(m, at, e->t, CV_CAUSE_QUANTUM);
    if (n == 0)
        settle(m, at, e->t, CV_CAUSE_COUNT);
}

void lanes_kernel(struct cv_model *m, const struct cv_event *e)
{
    struct task *t = model_task(m, e->task);
    if (!t)
        return;
    thread_switch(t, e);
    if (t->phase == PHASE_END)
        return;
    if (e->kind == CV_EV_USAGE) {
        usage(m, t, e);
        return;
    }
    bool was_off = t->off, out = e->kind == CV_EV_SWITCH_OUT;
    t->exact = true;
    t->off = out;
    t->preempted = out && e->b == 1;
    thread_on(m, t, e->t, e->obj);
    if (on_loop(m, t)) {
        loop_switch(m, t, e);
        return;
    }
    enum cv_cause sw = CV_CAUSE_COUNT;
    if (out && !was_off) {
        bool yields = t->cause == CV_CAUSE_YIELD && (t->phase == PHASE_WAIT || (t->phase == PHASE_READY));
        if (t->preempted && !yields && t->phase != PHASE_NONE)
            sw = CV_CAUSE_QUANTUM;
        else if (!t->preempted && (t->phase == PHASE_RUN || t->phase == PHASE_STARTED))
            sw = CV_CAUSE_SYSTEM;
    }
    settle(m, t, e->t, sw);
}

/* ── what lies over all lanes ───────────────────────────────────────────────────────────────────── */
void lanes_hole(struct cv_model *m, const struct cv_event *e)
{
    bool begins = e->a != 0;
    if (begins == m->hole)
        return;
    m->hole = begins;
    if (begins)
        m->hole_since = e->t;
    else
        model_gap(m, m->hole_since, e->t, GAP_STOPPED);
    overlays_push(&m->overlays, e->t, over_now(m), m->held_by);
}

/* Async: how long the loop was held, or its task computed, is not known from before t. */
static void unknown_until(struct cv_model *m, uint64_t t)
{
    struct task *running = m->on_loop == CV_NO_TASK ? NULL : model_task(m, m->on_loop);
    m->held_by = CV_NO_TASK;
    if (running)
        running->turn = t;
    settle_loop(m, t, CV_CAUSE_COUNT);
}

/* Records of one producer are missing before e->t. Which one is told by e->task; a ring that does not know says CV_NO_TASK:
 * under async that is the loop's, and all lanes are in doubt; elsewhere only the span itself is kept. */
void lanes_lost(struct cv_model *m, const struct cv_event *e)
{
    struct task *t = e->task == CV_NO_TASK ? NULL : model_task(m, e->task);
    uint64_t from = e->t;
    m->lost_records += e->a;
    if (e->b == 1) { /* the kernel's buffer: the tasks' own events are all there */
        uint64_t before = m->folded < e->t ? m->folded : e->t;
        model_gap(m, e->c == 0 ? before : e->c < e->t ? e->t - e->c : 0, e->t, GAP_KERNEL);
        return;
    }
    m->lost_own += e->a;
    if (t && !is_async(m) && t->phase != PHASE_END && t->lane.n) {
        uint64_t begin = t->lane.last.t;
        from = t->last > begin ? t->last : begin;
        from = from < e->t ? from : e->t;
        struct slice s = combined(m, t, from), lost = s;
        lost.state = CV_ST_LOST;
        push_task(m, t, lost);
        s.t = e->t;
        push_task(m, t, s);
    } else if (is_async(m)) {
        from = m->slice_last > m->own_last ? m->slice_last : m->own_last; /* the loop's own last event, whoever's it was */
        from = from < e->t ? from : e->t;
        overlays_push(&m->overlays, from, OVER_LOST, CV_NO_TASK);
        unknown_until(m, e->t);
        overlays_push(&m->overlays, e->t, over_now(m), m->held_by);
    } else {
        for (uint32_t i = 0; i < m->ntasks; i++)
            if (m->tasks[i] && m->tasks[i]->phase != PHASE_END && m->tasks[i]->last < from)
                from = m->tasks[i]->last;
    }
    model_gap(m, from, e->t, GAP_OWN);
}

void lanes_over(struct cv_model *m, uint64_t t)
{
    if (!is_async(m))
        return;
    if (m->held_by != CV_NO_TASK) {
        findings_block(m, m->held_by, m->held_since, t);
        m->held_since = t;
    } else if (m->on_loop != CV_NO_TASK) {
        findings_turn(m, m->on_loop, t);
    }
}
