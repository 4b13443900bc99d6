/* Lanes: slices sorted by time, running sums for each block of 32, so that any interval is a difference of two sums. What
 * holds a whole run or loop (a hole, a blocking call) is laid over at the question, not stored with every lane. */
#include "model/fold.h"

size_t times_until(const times_t *v, uint64_t t)
{
    size_t low = 0, high = v->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (v->at[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ── building ───────────────────────────────────────────────────────────────────────────────────── */
void lane_set(struct cv_model *m, struct lane *l, uint64_t t, enum cv_state state, enum cv_cause cause, unsigned line, uint32_t who)
{
    struct slice s = {.t = t, .state = (uint8_t)state, .cause = (uint8_t)cause, .line = (uint16_t)line, .who = who};
    (void)m;
    if (l->slices.n) {
        struct slice *last = &l->slices.at[l->slices.n - 1];
        if (s.t < last->t)
            s.t = last->t; /* late: it stands behind what is known already */
        if (last->state == s.state && last->cause == s.cause && last->line == s.line && last->who == s.who)
            return;
        if (last->t == s.t) {
            *last = s;
            return;
        }
        l->open.ns[last->state] += s.t - last->t;
    }
    if (l->slices.n % BLOCK == 0)
        CV_PUSH(&l->blocks, l->open);
    CV_PUSH(&l->slices, s);
}

void lane_show(struct cv_model *m, struct lane *l, uint64_t t)
{
    enum cv_state state = (enum cv_state)l->state;
    enum cv_cause cause = (enum cv_cause)l->cause;
    uint32_t who = l->object;
    if (state == CV_ST_RUNNING) {
        who = l->on_core == 1 ? l->core : CV_NO_CORE;
        cause = CV_CAUSE_COUNT;
        if (l->on_core == 0) {
            state = l->preempted ? CV_ST_READY : CV_ST_WAITING;
            cause = l->preempted ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM;
            who = CV_NO_TASK;
        }
    }
    lane_set(m, l, t, state, cause, l->line, who);
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
/* The slice that lasts at t; -1: before the first. */
static int64_t find(const struct lane *l, uint64_t t)
{
    size_t low = 0, high = l->slices.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (l->slices.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return (int64_t)low - 1;
}

/* Sums from the lane's first slice until t. */
static void until(const struct lane *l, uint64_t t, struct sums *s)
{
    int64_t i = find(l, t);
    *s = (struct sums){0};
    if (i < 0)
        return;
    *s = l->blocks.at[i / BLOCK];
    for (int64_t k = i / BLOCK * BLOCK; k < i; k++)
        s->ns[l->slices.at[k].state] += l->slices.at[k + 1].t - l->slices.at[k].t;
    s->ns[l->slices.at[i].state] += t - l->slices.at[i].t;
}

static void plain_shares(const struct lane *l, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    struct sums a, b;
    until(l, from, &a);
    until(l, to, &b);
    uint64_t known = 0;
    for (int s = 0; s < CV_ST_COUNT; s++) {
        ns[s] = b.ns[s] - a.ns[s];
        known += ns[s];
    }
    ns[CV_ST_NONE] += to - from - known; /* before it existed */
}

static bool can_freeze(int s) { return s == CV_ST_READY || s == CV_ST_WAITING || s == CV_ST_BLOCKED; }
static bool can_stop(int s) { return s != CV_ST_NONE && s != CV_ST_DONE && s != CV_ST_FAILED; }

static size_t first_interval(const intervals_t *v, uint64_t from)
{
    size_t low = 0, high = v->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (v->at[mid].to <= from)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Moves what a lane did within the intervals into one state. */
static void overlay(const struct lane *l, const intervals_t *v, uint64_t open_from, uint32_t open_task, uint32_t lane, bool (*moves)(int),
                    enum cv_state into, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    for (size_t i = first_interval(v, from); i <= v->n; i++) {
        struct interval in = i < v->n ? v->at[i] : (struct interval){open_from, UINT64_MAX, open_task};
        uint64_t a = in.from > from ? in.from : from, b = in.to < to ? in.to : to;
        if (in.from == UINT64_MAX || a >= to)
            return;
        if (a >= b || (in.task == lane && into == CV_ST_FROZEN))
            continue;
        uint64_t part[CV_ST_COUNT];
        plain_shares(l, a, b, part);
        for (int s = 0; s < CV_ST_COUNT; s++)
            if (moves(s) && ns[s] >= part[s]) {
                ns[s] -= part[s];
                ns[into] += part[s];
            }
    }
}

void cv_model_lane_shares(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    const struct lane *l = model_lane(m, lane);
    for (int s = 0; s < CV_ST_COUNT; s++)
        ns[s] = 0;
    if (to <= from)
        return;
    if (!l) {
        ns[CV_ST_NONE] = to - from;
        return;
    }
    plain_shares(l, from, to, ns);
    if (cv_model_has_loop(m) && lane != CV_LANE_LOOP)
        overlay(l, &m->held, m->held_from, m->current, lane, can_freeze, CV_ST_FROZEN, from, to, ns);
    overlay(l, &m->holes, m->hole_from, CV_NO_TASK, lane, can_stop, CV_ST_STOPPED, from, to, ns);
}

static bool inside(const intervals_t *v, uint64_t open_from, uint32_t open_task, uint64_t t, struct interval *found)
{
    size_t i = first_interval(v, t);
    if (i < v->n && v->at[i].from <= t)
        return *found = v->at[i], true;
    if (open_from != UINT64_MAX && t >= open_from)
        return *found = (struct interval){open_from, UINT64_MAX, open_task}, true;
    return false;
}

struct cv_lane_at cv_model_lane_at(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    struct cv_lane_at a = {.state = CV_ST_NONE, .until = UINT64_MAX, .cause = CV_CAUSE_COUNT, .core = CV_NO_CORE, .object = CV_NO_TASK,
                           .holder = CV_NO_TASK, .waker = CV_NO_TASK};
    const struct lane *l = model_lane(m, lane);
    int64_t i = l ? find(l, t) : -1;
    if (i < 0) {
        if (l && l->slices.n)
            a.until = l->slices.at[0].t;
        return a;
    }
    const struct slice *s = &l->slices.at[i];
    struct interval in;
    a.state = (enum cv_state)s->state;
    a.cause = (enum cv_cause)s->cause;
    a.since = s->t;
    a.until = (size_t)i + 1 < l->slices.n ? l->slices.at[i + 1].t : UINT64_MAX;
    a.line = s->line;
    a.exact = l->on_core != 2;
    a.waker = l->waker;
    if (lane == CV_LANE_LOOP) {
        a.holder = s->who;
    } else if (a.state == CV_ST_RUNNING) {
        a.core = s->who;
    } else if (a.state == CV_ST_WAITING || a.state == CV_ST_BLOCKED) {
        a.object = s->who;
        if (a.state == CV_ST_BLOCKED && a.object < m->info->nsyncs)
            a.holder = cv_model_sync_at(m, a.object, t).owner;
    } else if (a.state == CV_ST_READY) {
        a.holder = a.cause == CV_CAUSE_GIL ? s->who : cv_model_has_loop(m) ? cv_model_lane_at(m, CV_LANE_LOOP, t).holder : CV_NO_TASK;
    }
    if (cv_model_has_loop(m) && lane != CV_LANE_LOOP && can_freeze((int)a.state) && inside(&m->held, m->held_from, m->current, t, &in) &&
        in.task != lane) {
        a.state = CV_ST_FROZEN;
        a.holder = in.task;
        a.since = a.since > in.from ? a.since : in.from;
        a.until = a.until < in.to ? a.until : in.to;
    }
    if (can_stop((int)a.state) && inside(&m->holes, m->hole_from, CV_NO_TASK, t, &in))
        a.state = CV_ST_STOPPED;
    return a;
}

uint64_t cv_model_lane_change(const struct cv_model *m, uint32_t lane, uint64_t t, int direction)
{
    const struct lane *l = model_lane(m, lane);
    if (!l || !l->slices.n)
        return UINT64_MAX;
    int64_t i = find(l, t);
    if (direction > 0)
        return (size_t)(i + 1) < l->slices.n ? l->slices.at[i + 1].t : UINT64_MAX;
    if (i >= 0 && l->slices.at[i].t == t)
        i--;
    return i >= 0 ? l->slices.at[i].t : UINT64_MAX;
}

void cv_model_lane_switches(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    const struct lane *l = model_lane(m, lane);
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        counts[c] = l ? times_until(&l->switches[c], t) : 0;
}

bool cv_model_lane_switch(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t *at, enum cv_cause *cause, uint32_t *line)
{
    const struct lane *l = model_lane(m, lane);
    bool found = false;
    for (int c = 0; l && c < CV_CAUSE_COUNT; c++) {
        size_t n = times_until(&l->switches[c], t);
        if (n && (!found || l->switches[c].at[n - 1] >= *at)) {
            *at = l->switches[c].at[n - 1];
            *cause = (enum cv_cause)c;
            found = true;
        }
    }
    if (found) {
        int64_t i = find(l, *at);
        *line = i >= 0 ? l->slices.at[i].line : 0;
    }
    return found;
}

void cv_model_switches(const struct cv_model *m, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        counts[c] = 0;
    for (uint32_t i = 0; i < m->lanes.n; i++)
        for (int c = 0; c < CV_CAUSE_COUNT; c++)
            counts[c] += times_until(&m->lanes.at[i]->switches[c], t);
}
