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
        if (s->slices.n)
            *until = s->slices.at[0].t;
        return s->dropped ? CV_ST_LOST : CV_ST_NONE;
    }
    const struct slice *x = &s->slices.at[i];
    *since = x->t;
    if (i + 1 < s->slices.n)
        *until = x[1].t;
    if (!alive((enum cv_state)x->state) || !m->overlays.at.n)
        return (enum cv_state)x->state;
    const struct overlay *o = overlays_at(&m->overlays, t), *next = o ? o + 1 : m->overlays.at.at;
    if (o && o->t > *since)
        *since = o->t;
    if (next < m->overlays.at.at + m->overlays.at.n && next->t < *until)
        *until = next->t;
    return series_state(x, o ? o->kind : OVER_NONE);
}

/* Who runs where t finds this task ready: on the core it was last on (one core: on that), or on the loop. */
static uint32_t in_the_way(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    if (cv_model_has_loop(m)) {
        size_t i = series_find(&m->onloop, t);
        uint32_t who = i == SIZE_MAX ? CV_NO_TASK : m->onloop.slices.at[i].object;
        return who == lane ? CV_NO_TASK : who;
    }
    const struct series *s = series_of(m, lane);
    size_t i = series_find(s, t);
    for (int steps = 0; i != SIZE_MAX && steps < 64; steps++, i = i ? i - 1 : SIZE_MAX)
        if (s->slices.at[i].core != SLICE_NO_CORE) {
            uint32_t who = cv_model_core_at(m, s->slices.at[i].core, t).task;
            return who == lane ? CV_NO_TASK : who;
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
    if (state == CV_ST_READY && x->cause == CV_CAUSE_GIL && x->object != CV_NO_TASK)
        return x->object;
    return state == CV_ST_READY ? in_the_way(m, lane, t) : CV_NO_TASK;
}

static uint32_t waker_of(const struct series *s, size_t i)
{
    for (int steps = 0; steps < 8; steps++, i--) {
        const struct slice *x = &s->slices.at[i];
        if (x->state == CV_ST_READY && x->object != CV_NO_TASK && x->cause != CV_CAUSE_GIL)
            return x->object;
        if (i == 0 || x->state == CV_ST_WAITING || x->state == CV_ST_BLOCKED)
            break;
    }
    return CV_NO_TASK;
}

struct cv_lane_at cv_model_lane_at(const struct cv_model *m, uint32_t lane, uint64_t t)
{
    const struct series *s = series_of(m, lane);
    struct cv_lane_at at = {.cause = CV_CAUSE_COUNT, .core = CV_NO_CORE, .object = CV_NO_TASK, .holder = CV_NO_TASK, .waker = CV_NO_TASK};
    at.state = state_at(m, s, t, &at.since, &at.until);
    size_t i = series_find(s, t);
    if (i == SIZE_MAX)
        return at;
    for (uint64_t since, until; at.since > 0 && state_at(m, s, at.since - 1, &since, &until) == at.state && since < at.since;)
        at.since = since;
    for (uint64_t since, until; at.until != UINT64_MAX && state_at(m, s, at.until, &since, &until) == at.state;)
        at.until = until;
    const struct slice *x = &s->slices.at[i];
    const struct task *task = lane == CV_LANE_LOOP ? NULL : model_task(m, lane);
    bool waits = x->state == CV_ST_WAITING || x->state == CV_ST_BLOCKED;
    at.cause = x->cause < CV_CAUSE_COUNT ? (enum cv_cause)x->cause : CV_CAUSE_COUNT;
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

uint64_t cv_model_lane_change(const struct cv_model *m, uint32_t lane, uint64_t t, int direction)
{
    const struct series *s = series_of(m, lane);
    uint64_t since, until, ignored;
    enum cv_state here = state_at(m, s, t, &since, &until);
    if (direction > 0) {
        while (until != UINT64_MAX) {
            uint64_t at = until;
            if (state_at(m, s, at, &ignored, &until) != here)
                return at;
        }
        return UINT64_MAX;
    }
    /* Backwards: the beginning of the state that lasted just before t. */
    if (t == 0)
        return UINT64_MAX;
    here = state_at(m, s, t - 1, &since, &until);
    while (since > 0) {
        uint64_t at = since;
        if (state_at(m, s, at - 1, &since, &ignored) != here)
            return at;
    }
    return UINT64_MAX;
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
    for (size_t i = series_find(s, t); i != SIZE_MAX; i = i ? i - 1 : SIZE_MAX)
        if (s->slices.at[i].sw) {
            *at = s->slices.at[i].t;
            *cause = (enum cv_cause)(s->slices.at[i].sw - 1);
            *line = s->slices.at[i].line;
            return true;
        }
    return false;
}

void cv_model_switches(const struct cv_model *m, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        counts[k] = 0;
    series_switches(&m->switches, t, counts);
}
