/* What is known of a task's thread beside its lane: how often the source saw it switched, how long it stood in the run queue, its
 * moves between cores, and the intervals in which preemptions lie whose instants nobody knows. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

void thread_on(struct cv_model *m, struct task *t, uint64_t at, uint32_t core)
{
    if (t->core != CV_NO_CORE && core != t->core) {
        instants_add(&t->thread.moves, at);
        m->bytes += sizeof(uint64_t);
    }
    t->core = core;
}

void thread_switch(struct task *t, const struct cv_event *e)
{
    struct thread *x = &t->thread;
    if (e->kind == CV_EV_USAGE) {
        x->voluntary += e->a >> 32;
        x->involuntary += e->a & UINT32_MAX;
        x->queued_ns += (e->b & UINT32_MAX) * 1000;
        return;
    }
    bool out = e->kind == CV_EV_SWITCH_OUT;
    if (out && !(e->flags & CV_F_BESIDE))
        *(e->b == 1 ? &x->involuntary : &x->voluntary) += 1;
    if (!out && x->queued)
        x->queued_ns += e->t - x->queued_since;
    x->queued = out && e->b == 1;
    x->queued_since = e->t;
}

void thread_within(struct cv_model *m, struct task *t, struct within one)
{
    CV_PUSH(&t->thread.within, one);
    m->bytes += sizeof one;
}

/* How many intervals end at or before t. */
static size_t ended_by(const struct thread *x, uint64_t t)
{
    return CV_PARTITION_POINT(x->within.n, i, x->within.at[i].to <= t);
}

size_t thread_cut(struct task *t, uint64_t until)
{
    struct thread *x = &t->thread;
    size_t n = ended_by(x, until);
    n = n < 64 ? 0 : n;
    x->within.n -= n;
    if (n)
        memmove(x->within.at, x->within.at + n, x->within.n * sizeof *x->within.at);
    return n * sizeof *x->within.at + instants_cut(&x->moves, until);
}

void thread_release(struct task *t)
{
    free(t->thread.within.at);
    free(t->thread.moves.at.at);
}

/* ── asked ──────────────────────────────────────────────────────────────────────────────────────── */
/* Under async the thread of every coroutine, and of the loop, is the main task's. */
static const struct task *thread_of(const struct cv_model *m, uint32_t lane)
{
    const struct task *t = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    return cv_model_has_loop(m) && !(t && t->worker) ? model_task(m, 0) : t;
}

uint64_t cv_model_moves(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    const struct task *x = thread_of(m, lane);
    return x ? instants_until(&x->thread.moves, t) : 0;
}

bool cv_model_inexact(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to)
{
    const struct task *t = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    if (!t || !t->thread.within.n)
        return false;
    size_t i = from ? ended_by(&t->thread, from - 1) : 0; /* ends do not decrease, and beginnings lie at most one interval before */
    return i < t->thread.within.n && t->thread.within.at[i].from < to;
}

bool cv_model_preempted(const struct cv_model *m, uint32_t lane, uint64_t t, struct cv_preempted *out)
{
    const struct task *x = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    size_t i = x ? series_switch(&x->lane, t) : SIZE_MAX;
    struct slice s = {0}, next;
    if (i == SIZE_MAX || (s = series_at(&x->lane, i)).sw != CV_CAUSE_QUANTUM)
        return false;
    *out = (struct cv_preempted){.from = s.t, .to = s.t, .count = 1, .core = CV_NO_CORE, .exact = true};
    size_t w = ended_by(&x->thread, t);
    if (w && x->thread.within.at[w - 1].to == s.t) {
        const struct within *in = &x->thread.within.at[w - 1];
        *out = (struct cv_preempted){.from = in->from, .to = in->to, .count = in->count, .core = in->core};
        return true;
    }
    if (i > x->lane.dropped) {
        struct slice before = series_at(&x->lane, i - 1);
        out->core = before.state == CV_ST_RUNNING && before.core != SLICE_NO_CORE ? before.core : CV_NO_CORE;
    }
    if (s.state != CV_ST_READY)
        return true;
    next = i + 1 < x->lane.n ? series_at(&x->lane, i + 1) : (struct slice){.t = UINT64_MAX};
    out->queued = true;
    out->back = next.t <= t;
    out->queued_ns = (out->back ? next.t : t) - s.t;
    return true;
}

bool model_gap_in(const struct cv_model *m, uint64_t from, uint64_t to, enum gap_kind least)
{
    for (size_t i = m->gaps.n; i-- > 0 && m->gaps.at[i].to >= from;) /* by their ends */
        if (m->gaps.at[i].from < to && m->gaps.at[i].kind >= least)
            return true;
    return false;
}

bool cv_model_gap(const struct cv_model *m, uint64_t from, uint64_t to) { return model_gap_in(m, from, to, GAP_KERNEL); }
