/* Lanes, asked: the slice at an instant, what lies over it, and who is in the way. */
#include "model/model.h"

static const struct series *series_of(const struct cv_model *m, uint32_t lane)
{
    static const struct series nothing;
    if (lane == CV_LANE_LOOP)
        return &m->loop;
    const struct task *t = model_task(m, lane);
    return t ? &t->lane : &nothing;
}

static bool alive(enum cv_state state) { return state != CV_ST_NONE && state != CV_ST_DONE && state != CV_ST_FAILED; }

/* The state at t, and in how far [since, until) it is known to last: the slice cut by what lies over it. */
static enum cv_state state_at(const struct cv_model *m, const struct series *s, uint64_t t, uint64_t *since, uint64_t *until)
{
    size_t i = series_find(s, t);
    *since = 0;
    *until = UINT64_MAX;
    if (i == SIZE_MAX) {
        *until = series_begin(s);
        return s->dropped ? CV_ST_LOST : CV_ST_NONE;
    }
    struct slice x = series_at(s, i);
    *since = x.t;
    if (i + 1 < s->n)
        *until = series_at(s, i + 1).t;
    if (!alive(x.state) || !m->overlays.at.n)
        return x.state;
    const struct overlay *o = overlays_at(&m->overlays, t), *next = o ? o + 1 : m->overlays.at.at;
    if (o && o->t > *since)
        *since = o->t;
    if (next < m->overlays.at.at + m->overlays.at.n && next->t < *until)
        *until = next->t;
    return series_state(x.state, x.cause, s->beside, o ? o->kind : OVER_NONE);
}

enum cv_state model_state(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    uint64_t since, until;
    return state_at(m, series_of(m, lane), t, &since, &until);
}

static bool all_of(const struct cv_model *m, const struct series *s, enum cv_state state, uint64_t from, uint64_t to)
{
    uint64_t ns[CV_ST_COUNT] = {0};
    series_shares(s, &m->overlays, from, to, ns);
    return ns[state] == to - from;
}

/* The state at t, and how far it lasts on both sides. Mostly that is a slice or a few; of many alike the running sums tell, by halving. */
static enum cv_state run_at(const struct cv_model *m, const struct series *s, uint64_t t, uint64_t *since, uint64_t *until)
{
    enum { STEPS = 8 };
    uint64_t a, b, end = m->folded + 1;
    enum cv_state state = state_at(m, s, t, since, until);
    int back = 0, forth = 0;
    while (*since > 0 && back++ < STEPS && state_at(m, s, *since - 1, &a, &b) == state)
        *since = a;
    while (*until != UINT64_MAX && forth++ < STEPS && state_at(m, s, *until, &a, &b) == state)
        *until = b;
    if (back > STEPS) {
        for (uint64_t low = 0, high = *since; low < high;) { /* the first from which on there is nothing else */
            uint64_t mid = low + (high - low) / 2;
            if (all_of(m, s, state, mid, *since))
                *since = high = mid;
            else
                low = mid + 1;
        }
    }
    if (forth > STEPS) {
        uint64_t low = *until, high = end > low ? end : low;
        while (low < high) {
            uint64_t mid = low + (high - low + 1) / 2;
            if (all_of(m, s, state, *until, mid))
                low = mid;
            else
                high = mid - 1;
        }
        *until = low == end ? UINT64_MAX : low;
    }
    return state;
}

/* Who had the loop at t, or the GIL. */
static uint32_t has_it(const struct cv_model *m, uint64_t t)
{
    size_t i = series_find(&m->onloop, t);
    return i == SIZE_MAX ? CV_NO_TASK : series_at(&m->onloop, i).object;
}

/* Who runs where t finds this task ready: on the core it was last on (one core: on that), or on the loop. */
static uint32_t in_the_way(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    if (cv_model_has_loop(m)) {
        uint32_t who = has_it(m, t);
        return who == lane ? CV_NO_TASK : who;
    }
    const struct series *s = series_of(m, lane);
    size_t i = series_find(s, t);
    for (int steps = 0; i != SIZE_MAX && steps < 64; steps++, i = i > s->dropped ? i - 1 : SIZE_MAX) {
        struct slice x = series_at(s, i);
        if (x.state == CV_ST_RUNNING && x.core != SLICE_NO_CORE) {
            uint32_t who = cores_task(m, x.core, t);
            return who == lane ? CV_NO_TASK : who;
        }
    }
    return CV_NO_TASK;
}

static uint32_t holder_of(const struct cv_model *m, uint32_t lane, const struct slice *x, enum cv_state state, uint64_t t)
{
    if (state == CV_ST_FROZEN) {
        const struct overlay *o = overlays_at(&m->overlays, t);
        return lane == CV_LANE_LOOP ? x->object : o ? o->holder : CV_NO_TASK;
    }
    if (state == CV_ST_BLOCKED)
        return x->object < m->info->nsyncs ? cv_model_sync_at(m, x->object, t).owner : CV_NO_TASK;
    if (state == CV_ST_READY && x->cause == CV_CAUSE_GIL && cv_model_info(m)->gil) { /* it goes from hand to hand while one waits */
        uint32_t who = has_it(m, t);
        if (who != CV_NO_TASK && who != lane)
            return who;
    }
    if (state == CV_ST_READY && x->cause == CV_CAUSE_GIL && x->object != CV_NO_TASK)
        return x->object;
    return state == CV_ST_READY ? in_the_way(m, lane, t) : CV_NO_TASK;
}

static uint32_t waker_of(const struct series *s, size_t i)
{
    for (int steps = 0; steps < 8; steps++, i--) {
        struct slice x = series_at(s, i);
        if (x.state == CV_ST_READY && x.object != CV_NO_TASK && x.cause != CV_CAUSE_GIL)
            return x.object;
        if (i == s->dropped || x.state == CV_ST_WAITING || x.state == CV_ST_BLOCKED)
            break;
    }
    return CV_NO_TASK;
}

struct cv_lane_at cv_model_lane_at(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    const struct series *s = series_of(m, lane);
    struct cv_lane_at at = {.cause = CV_CAUSE_COUNT, .core = CV_NO_CORE, .object = CV_NO_TASK, .holder = CV_NO_TASK, .waker = CV_NO_TASK};
    at.state = run_at(m, s, t, &at.since, &at.until);
    size_t i = series_find(s, t);
    if (i == SIZE_MAX)
        return at;
    const struct slice slice = series_at(s, i), *x = &slice;
    const struct task *task = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    bool waits = x->state == CV_ST_WAITING || x->state == CV_ST_BLOCKED;
    at.cause = x->cause;
    at.line = task ? lanes_line(task, t) : 0;
    at.core = at.state == CV_ST_RUNNING && x->core != SLICE_NO_CORE ? x->core : CV_NO_CORE;
    at.object = waits ? x->object : CV_NO_TASK;
    at.holder = holder_of(m, lane, x, at.state, t);
    at.waker = lane == CV_LANE_LOOP ? CV_NO_TASK : waker_of(s, i);
    at.exact = x->exact;
    return at;
}

void cv_model_lane_shares(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    for (int k = 0; k < CV_ST_COUNT; k++)
        ns[k] = 0;
    series_shares(series_of(m, lane), &m->overlays, from, to, ns);
}

void cv_model_lane_columns(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out)
{
    series_columns(series_of(m, lane), &m->overlays, from, column_ns, n, out);
}

uint64_t cv_model_lane_change(const struct cv_model *m, uint32_t lane, uint64_t t, int direction)
{
    uint64_t since, until;
    if (direction > 0) {
        run_at(m, series_of(m, lane), t, &since, &until);
        return until;
    }
    if (t == 0)
        return UINT64_MAX;
    run_at(m, series_of(m, lane), t - 1, &since, &until); /* the beginning of the state that lasted just before t */
    return since > 0 ? since : UINT64_MAX;
}

void cv_model_lane_switches(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        counts[k] = 0;
    series_switches(series_of(m, lane), t, counts);
}

bool cv_model_lane_switch(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t *at, enum cv_cause *cause, uint32_t *line)
{
    const struct series *s = series_of(m, lane);
    const struct task *task = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    size_t i = series_switch(s, t);
    if (i == SIZE_MAX)
        return false;
    struct slice x = series_at(s, i);
    *at = x.t;
    *cause = x.sw;
    *line = task ? lanes_line(task, x.t) : 0;
    return true;
}

void cv_model_switches(const struct cv_model *m, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        counts[k] = 0;
    series_switches(&m->switches, t, counts);
}
