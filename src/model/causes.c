/* Cause: who let a lane go on, who ran while it did not, what the loop had before it, and who waits for what. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { ASKED = 2000 /* tasks, one by one */, TURNS = 1 << 14, STEPS = 256 /* slices back to a wait */ };

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
void causes_fold(struct cv_model *m, const struct cv_event *e)
{
    struct loop_pass p = {.t = e->t};
    if (m->info->model != CV_ASYNC)
        return;
    if (m->passes.n)
        p = m->passes.at[m->passes.n - 1];
    p.t = e->t;
    if (e->kind == CV_EV_POLL && !m->passes.n)
        return; /* an engine that tells of its sleeps only */
    p.ready = e->kind == CV_EV_PASS ? (uint32_t)e->a : 0;
    p.timers = e->kind == CV_EV_PASS ? (uint32_t)e->b : p.timers;
    p.fetches = e->kind == CV_EV_POLL ? (uint32_t)e->b : p.fetches;
    CV_PUSH(&m->passes, p);
    m->bytes += sizeof p;
}

void causes_turn(struct cv_model *m, uint32_t task, uint64_t from, uint64_t to)
{
    const struct task *t = model_task(m, task);
    uint64_t longest = m->turns.n ? m->turns.at[m->turns.n - 1].ns : 0, ns = to > from ? to - from : 0;
    if (!t || ns <= longest || m->info->model != CV_ASYNC || (ns = findings_awake(m, from, to)) <= longest)
        return;
    struct loop_turn one = {.t = to, .ns = ns, .task = task, .line = t->cpu_line ? t->cpu_line : lanes_line(t, from)};
    CV_PUSH(&m->turns, one);
}

struct cv_loop_at cv_model_loop_at(const struct cv_model *m, uint64_t t)
{
    struct cv_loop_at at = {.worst_by = CV_NO_TASK};
    size_t low = CV_PARTITION_POINT(m->passes.n, i, m->passes.at[i].t <= t);
    if (low) {
        const struct loop_pass *p = &m->passes.at[low - 1];
        at.counted = true;
        at.ready = p->ready;
        at.timers = p->timers;
        at.fetches = p->fetches;
    }
    for (size_t i = 0; i < m->turns.n && m->turns.at[i].t <= t; i++) { /* a few: each is longer than the one before */
        const struct loop_turn *w = &m->turns.at[i];
        at.worst_ns = w->ns;
        at.worst_at = w->t;
        at.worst_by = w->task;
        at.worst_line = w->line;
    }
    return at;
}

size_t causes_cut(struct cv_model *m, uint64_t until)
{
    size_t n = 0;
    while (n + 1 < m->passes.n && m->passes.at[n + 1].t <= until)
        n++;
    if (n < 64)
        return 0;
    m->passes.n -= n;
    memmove(m->passes.at, m->passes.at + n, m->passes.n * sizeof *m->passes.at);
    return n * sizeof *m->passes.at;
}

void causes_free(struct cv_model *m)
{
    free(m->passes.at);
    free(m->turns.at);
}

/* ── who let it go on ───────────────────────────────────────────────────────────────────────────── */
static bool is_wait(enum cv_state s) { return s == CV_ST_WAITING || s == CV_ST_BLOCKED; }

bool cv_model_wake(const struct cv_model *m, uint32_t lane, uint64_t t, struct cv_wake *out)
{
    const struct task *task = model_task(m, lane);
    size_t i = task ? series_find(&task->lane, t) : SIZE_MAX;
    if (i == SIZE_MAX)
        return false;
    struct slice x = series_at(&task->lane, i), next = x;
    int steps = 0;
    while (is_wait(x.state) && i > task->lane.dropped && steps++ < STEPS) /* it waits now: the wake before that */
        x = series_at(&task->lane, --i);
    if (is_wait(x.state))
        return false;
    for (next = x; i > task->lane.dropped && steps++ < STEPS; next = x) {
        x = series_at(&task->lane, --i);
        if (!is_wait(x.state))
            continue;
        *out = (struct cv_wake){.t = next.t, .since = x.t, .cause = x.cause, .object = x.object,
                                .waker = next.state == CV_ST_READY && next.cause != CV_CAUSE_GIL ? next.object : CV_NO_TASK};
        for (; i > task->lane.dropped && steps++ < STEPS && is_wait((x = series_at(&task->lane, i - 1)).state) && x.object == out->object; i--)
            out->since = x.t;
        return true;
    }
    if (i > task->lane.dropped || task->lane.dropped)
        return false;
    *out = (struct cv_wake){.t = next.t, .since = next.t, .waker = task->parent, .cause = CV_CAUSE_COUNT, .object = CV_NO_TASK};
    return true;
}

/* ── who ran meanwhile ──────────────────────────────────────────────────────────────────────────── */
struct shares { struct cv_share *out; uint32_t n, most, all; };

/* Keeps the largest. */
static void keep(struct shares *s, struct cv_share one)
{
    if (!one.ns)
        return;
    s->all++;
    uint32_t i = s->n < s->most ? s->n++ : s->most;
    for (; i > 0 && s->out[i - 1].ns < one.ns; i--)
        if (i < s->most)
            s->out[i] = s->out[i - 1];
    if (i < s->most)
        s->out[i] = one;
}

static int by_task(const void *a, const void *b)
{
    const struct cv_share *x = a, *y = b;
    return x->task < y->task ? -1 : x->task > y->task;
}

static void of_the_loop(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, struct shares *s)
{
    CV_VEC(struct cv_share) turns = {0};
    const struct series *who = &m->onloop;
    size_t i = series_find(who, from);
    for (i = i == SIZE_MAX ? who->dropped : i; i < who->n && turns.n < TURNS; i++) {
        struct slice x = series_at(who, i);
        if (x.t >= to)
            break;
        uint64_t end = i + 1 < who->n ? series_at(who, i + 1).t : to, begin = x.t > from ? x.t : from;
        end = end < to ? end : to;
        struct cv_share one = {x.object, end > begin ? end - begin : 0};
        if (x.object != CV_NO_TASK && x.object != lane && one.ns)
            CV_PUSH(&turns, one);
    }
    if (turns.n)
        qsort(turns.at, turns.n, sizeof *turns.at, by_task);
    for (size_t k = 0; k < turns.n;) {
        struct cv_share sum = turns.at[k++];
        while (k < turns.n && turns.at[k].task == sum.task)
            sum.ns += turns.at[k++].ns;
        keep(s, sum);
    }
    free(turns.at);
}

uint32_t cv_model_meanwhile(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, struct cv_share *out, uint32_t most, uint32_t *all)
{
    struct shares s = {.out = out, .most = most};
    if (to > from && cv_model_has_loop(m))
        of_the_loop(m, lane, from, to, &s);
    for (uint32_t i = 0; to > from && i < m->ntasks && i < ASKED; i++) {
        const struct task *t = m->tasks[i];
        uint64_t ns[CV_ST_COUNT];
        if (!t || i == lane || t->phase == PHASE_NONE || (cv_model_has_loop(m) && !t->worker))
            continue;
        cv_model_lane_shares(m, i, from, to, ns);
        keep(&s, (struct cv_share){i, ns[CV_ST_RUNNING]});
    }
    *all = s.all;
    return s.n;
}

/* ── who waits for it ───────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_waiters(const struct cv_model *m, uint32_t sync, uint64_t t, struct cv_waiter *out, uint32_t most)
{
    uint32_t all = 0, n = 0;
    for (uint32_t i = 0; i < m->ntasks && i < ASKED; i++) {
        size_t k = m->tasks[i] ? series_find(&m->tasks[i]->lane, t) : SIZE_MAX;
        if (k == SIZE_MAX)
            continue;
        struct slice x = series_at(&m->tasks[i]->lane, k);
        unsigned reason = x.cause % CV_REASON_COUNT;
        if (!is_wait(x.state) || x.object != sync || x.cause >= CV_CAUSE_OTHERS + 1 || reason < CV_REASON_LOCK || reason > CV_REASON_BARRIER)
            continue;
        struct cv_waiter one = {i, cv_model_lane_at(m, i, t).since};
        all++;
        uint32_t at = n < most ? n++ : most;
        for (; at > 0 && out[at - 1].since > one.since; at--)
            if (at < most)
                out[at] = out[at - 1];
        if (at < most)
            out[at] = one;
    }
    return all;
}
