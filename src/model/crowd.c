/* Groups of tasks, and crowds: a group of more than CROWD_FROM tasks is counted as it changes, so that asking how many of them do what does
 * not visit each. A crowd is a list of changes (one lane went from this state to that) in time, cut into blocks of 64 that know the
 * counts and what was summed up before them, and stretches of memory of 1024. What lies over the lanes is reckoned in when asked, as
 * in series: so of each state those that a held loop does not freeze are counted apart. Not started yet is what is left over. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { CROWD_FROM = 64, CROWD_BLOCK = 64, CROWD_BLOCKS = 16, CROWD_CHANGES = CROWD_BLOCK * CROWD_BLOCKS };
enum { BESIDE = CV_ST_COUNT, CLASSES = CV_ST_COUNT + 3 }; /* BESIDE + 0 … 2: ready, waiting, blocked, whatever holds the loop */
struct change { uint32_t after; uint8_t from, to, preempted; };
struct crowd_block { uint64_t t, ns[CV_ST_COUNT]; uint32_t now[CLASSES], preempted, first; }; /* before its first change */
struct crowd_stretch { uint32_t n, nblocks; struct crowd_block blocks[CROWD_BLOCKS]; struct change changes[CROWD_CHANGES]; };
struct crowd {
    CV_VEC(struct crowd_stretch *) stretches;
    uint32_t now[CLASSES];
    uint64_t last;              /* of the last change */
    bool cut;
};
struct group { const char *name; uint32_t line; CV_VEC(uint32_t) tasks; struct crowd *crowd; /* NULL: few */ };

static enum cv_state state_of(int class) { return class < BESIDE ? (enum cv_state)class : (enum cv_state)(CV_ST_READY + class - BESIDE); }
_Static_assert(CV_ST_WAITING == CV_ST_READY + 1 && CV_ST_BLOCKED == CV_ST_READY + 2, "the three that a held loop freezes stand together");

static uint8_t class_of(const struct series *s, const struct slice *x)
{
    bool freezes = series_state(x->state, x->cause, s->beside, OVER_FROZEN) == CV_ST_FROZEN;
    bool could = x->state >= CV_ST_READY && x->state <= CV_ST_BLOCKED;
    return (uint8_t)(could && !freezes ? BESIDE + x->state - CV_ST_READY : x->state);
}

static uint8_t preempts(const struct slice *x) { return x->sw == CV_CAUSE_QUANTUM || x->sw == CV_CAUSE_GIL; }

/* ── a crowd ────────────────────────────────────────────────────────────────────────────────────── */
static void add_span(const struct overlays *over, size_t *hint, const uint32_t now[CLASSES], uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    uint64_t length[OVER_COUNT] = {to - from};
    if (to <= from)
        return;
    if (over->at.n && over->at.at[0].t < to) {
        uint64_t before[OVER_COUNT], after[OVER_COUNT];
        overlays_sums(over, from, hint, before);
        overlays_sums(over, to, hint, after);
        for (int k = OVER_FROZEN; k < OVER_COUNT; k++) {
            length[k] = after[k] - before[k];
            length[OVER_NONE] -= length[k];
        }
    }
    for (int c = 0; c < CLASSES; c++)
        ns[state_of(c)] += now[c] * length[OVER_NONE];
    for (int k = OVER_FROZEN; k < OVER_COUNT; k++)
        for (int c = 0; length[k] && c < CLASSES; c++)
            ns[series_state(state_of(c), CV_CAUSE_COUNT, c >= BESIDE, (enum overlay_kind)k)] += now[c] * length[k];
}

static void apply(const struct change *x, uint32_t now[CLASSES])
{
    now[x->from] -= x->from != CV_ST_NONE;
    now[x->to] += x->to != CV_ST_NONE;
}

/* From a block's begin until t; changes at t itself only where `with`. Returns the preemptions on the way and before. */
static uint32_t walk(const struct crowd_stretch *c, const struct crowd_block *b, const struct overlays *over, uint64_t t, bool with, uint64_t ns[CV_ST_COUNT],
                     uint32_t now[CLASSES])
{
    uint32_t end = b + 1 < c->blocks + c->nblocks ? b[1].first : c->n, preempted = b->preempted;
    uint64_t at = b->t;
    size_t hint = 0;
    memcpy(ns, b->ns, sizeof b->ns);
    memcpy(now, b->now, sizeof b->now);
    for (uint32_t i = b->first; i < end; i++) {
        const struct change *x = &c->changes[i];
        uint64_t when = b->t + x->after;
        if (when > t || (when == t && !with))
            break;
        add_span(over, &hint, now, at, when, ns);
        apply(x, now);
        preempted += x->preempted;
        at = when;
    }
    add_span(over, &hint, now, at, t, ns);
    return preempted;
}

static uint64_t begin_of(const struct crowd *c) { return c->stretches.n ? c->stretches.at[0]->blocks[0].t : UINT64_MAX; }

/* t: not before begin_of. */
static uint32_t until(const struct crowd *c, const struct overlays *over, uint64_t t, bool with, uint64_t ns[CV_ST_COUNT], uint32_t now[CLASSES])
{
    size_t low = 0, high = c->stretches.n;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        uint64_t begin = c->stretches.at[mid]->blocks[0].t;
        if (begin < t || (with && begin == t))
            low = mid;
        else
            high = mid;
    }
    const struct crowd_stretch *s = c->stretches.at[low];
    uint32_t a = 0, z = s->nblocks;
    while (z - a > 1) {
        uint32_t mid = (a + z) / 2;
        if (s->blocks[mid].t < t || (with && s->blocks[mid].t == t))
            a = mid;
        else
            z = mid;
    }
    return walk(s, &s->blocks[a], over, t, with, ns, now);
}

static void new_block(struct cv_model *m, struct crowd *c, uint64_t t)
{
    struct crowd_block b = {.t = t};
    struct crowd_stretch *s = c->stretches.n ? c->stretches.at[c->stretches.n - 1] : NULL;
    if (s)
        b.preempted = walk(s, &s->blocks[s->nblocks - 1], &m->overlays, t, true, b.ns, b.now);
    if (!s || s->nblocks == CROWD_BLOCKS || s->n == CROWD_CHANGES) {
        s = cv_alloc(sizeof *s);
        CV_PUSH(&c->stretches, s);
        m->lane_bytes += sizeof *s;
    }
    b.first = s->n;
    s->blocks[s->nblocks++] = b;
}

static void change(struct cv_model *m, struct crowd *c, uint64_t t, struct change x)
{
    struct crowd_stretch *s = c->stretches.n ? c->stretches.at[c->stretches.n - 1] : NULL;
    struct crowd_block *b = s ? &s->blocks[s->nblocks - 1] : NULL;
    if (t < c->last) /* a lane whose records were lost reaches back */
        t = c->last;
    if (!s || s->n - b->first >= CROWD_BLOCK || s->n == CROWD_CHANGES || t - b->t > UINT32_MAX) {
        new_block(m, c, t);
        s = c->stretches.at[c->stretches.n - 1];
        b = &s->blocks[s->nblocks - 1];
    }
    x.after = (uint32_t)(t - b->t);
    s->changes[s->n++] = x;
    apply(&x, c->now);
    c->last = t;
}

/* ── from few to many ───────────────────────────────────────────────────────────────────────────── */
struct past { uint64_t t; size_t i; struct change x; };

static int by_time(const void *a, const void *b)
{
    const struct past *x = a, *y = b;
    return x->t != y->t ? (x->t < y->t ? -1 : 1) : x->i < y->i ? -1 : 1;
}

/* What its tasks did so far becomes the crowd's first changes. */
static void begin(struct cv_model *m, struct group *g)
{
    CV_VEC(struct past) all = {0};
    g->crowd = cv_alloc(sizeof *g->crowd);
    for (size_t k = 0; k < g->tasks.n; k++) {
        const struct series *s = &m->tasks[g->tasks.at[k]]->lane;
        uint8_t before = CV_ST_NONE;
        if (s->dropped) {
            before = CV_ST_LOST;
            CV_PUSH(&all, ((struct past){0, all.n, {.from = CV_ST_NONE, .to = CV_ST_LOST}}));
        }
        for (size_t i = s->dropped; i < s->n; i++) {
            struct slice x = series_at(s, i);
            struct change one = {.from = before, .to = class_of(s, &x), .preempted = preempts(&x)};
            if (one.from != one.to || one.preempted)
                CV_PUSH(&all, ((struct past){x.t, all.n, one}));
            before = one.to;
        }
    }
    if (all.n)
        qsort(all.at, all.n, sizeof *all.at, by_time);
    for (size_t i = 0; i < all.n; i++)
        change(m, g->crowd, all.at[i].t, all.at[i].x);
    free(all.at);
}

void crowd_join(struct cv_model *m, struct task *t)
{
    uint32_t line = t->worker ? 0 : t->heading;
    if (model_hidden(m, t))
        return;
    while (m->group_at.n <= line)
        CV_PUSH(&m->group_at, 0);
    if (!m->group_at.at[line]) {
        struct group g = {.name = t->body_name ? t->body_name : t->worker ? "workers" : "?", .line = line};
        CV_PUSH(&m->groups, g);
        m->group_at.at[line] = (uint32_t)m->groups.n;
    }
    t->group = m->group_at.at[line];
    struct group *g = &m->groups.at[t->group - 1];
    CV_PUSH(&g->tasks, t->number);
    m->bytes += sizeof(uint32_t);
    if (g->tasks.n > CROWD_FROM && !g->crowd)
        begin(m, g);
}

/* The lane went on with another slice. before: NULL, it is its first. */
void crowd_moved(struct cv_model *m, const struct task *t, const struct slice *before, const struct slice *now)
{
    struct group *g = t->group ? &m->groups.at[t->group - 1] : NULL;
    if (!g || !g->crowd)
        return;
    struct change x = {.from = before ? class_of(&t->lane, before) : CV_ST_NONE, .to = class_of(&t->lane, now), .preempted = preempts(now)};
    if (x.from != x.to || x.preempted)
        change(m, g->crowd, now->t, x);
}

/* Forgets the stretches that ended by then. */
void crowd_cut(struct cv_model *m, uint64_t t)
{
    for (size_t i = 0; i < m->groups.n; i++) {
        struct crowd *c = m->groups.at[i].crowd;
        size_t n = 0;
        while (c && n + 1 < c->stretches.n && c->stretches.at[n + 1]->blocks[0].t <= t)
            free(c->stretches.at[n++]);
        if (!n)
            continue;
        c->cut = true;
        c->stretches.n -= n;
        memmove(c->stretches.at, c->stretches.at + n, c->stretches.n * sizeof *c->stretches.at);
        m->lane_bytes -= n * sizeof(struct crowd_stretch);
    }
}

void crowd_free(struct cv_model *m)
{
    for (size_t i = 0; i < m->groups.n; i++) {
        struct group *g = &m->groups.at[i];
        for (size_t k = 0; g->crowd && k < g->crowd->stretches.n; k++)
            free(g->crowd->stretches.at[k]);
        if (g->crowd)
            free(g->crowd->stretches.at);
        free(g->crowd);
        free(g->tasks.at);
    }
    free(m->groups.at);
    free(m->group_at.at);
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_ngroups(const struct cv_model *m) { return (uint32_t)m->groups.n; }

struct cv_group cv_model_group(const struct cv_model *m, uint32_t group)
{
    if (group >= m->groups.n)
        return (struct cv_group){.name = "?"};
    const struct group *g = &m->groups.at[group];
    return (struct cv_group){.name = g->name, .line = g->line, .ntasks = (uint32_t)g->tasks.n};
}

uint32_t cv_model_group_of(const struct cv_model *m, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return t && t->group ? t->group - 1 : UINT32_MAX;
}

uint32_t cv_model_group_task(const struct cv_model *m, uint32_t group, uint32_t i)
{
    return group < m->groups.n && i < m->groups.at[group].tasks.n ? m->groups.at[group].tasks.at[i] : CV_NO_TASK;
}

static void crowd_at(const struct cv_model *m, const struct group *g, uint64_t t, uint64_t counts[CV_ST_COUNT])
{
    uint64_t ns[CV_ST_COUNT], left = g->tasks.n;
    uint32_t now[CLASSES];
    const struct overlay *o = overlays_at(&m->overlays, t);
    if (t < begin_of(g->crowd)) {
        counts[g->crowd->cut ? CV_ST_LOST : CV_ST_NONE] += left;
        return;
    }
    until(g->crowd, &m->overlays, t, true, ns, now);
    for (int c = 0; c < CLASSES; c++) {
        counts[series_state(state_of(c), CV_CAUSE_COUNT, c >= BESIDE, o ? o->kind : OVER_NONE)] += now[c];
        left -= now[c];
    }
    counts[CV_ST_NONE] += left;
}

static void group_at(const struct cv_model *m, const struct group *g, uint64_t t, uint64_t counts[CV_ST_COUNT])
{
    if (g->crowd) {
        crowd_at(m, g, t, counts);
        return;
    }
    for (size_t i = 0; i < g->tasks.n; i++)
        counts[model_state(m, g->tasks.at[i], t)]++;
}

void cv_model_group_at(const struct cv_model *m, uint32_t group, uint64_t t, uint64_t counts[CV_ST_COUNT])
{
    memset(counts, 0, CV_ST_COUNT * sizeof *counts);
    for (uint32_t i = group == CV_ALL_GROUPS ? 0 : group; i < m->groups.n && (group == CV_ALL_GROUPS || i == group); i++)
        group_at(m, &m->groups.at[i], t, counts);
}

static void crowd_columns(const struct cv_model *m, const struct group *g, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out)
{
    const struct crowd *c = g->crowd;
    uint64_t first = begin_of(c), sums[2][CV_ST_COUNT];
    uint32_t now[CLASSES], preempted[2] = {0};
    bool begun = false;
    for (uint32_t i = 0; i < n; i++, from += column_ns) {
        uint64_t a = from, b = from + column_ns, left = column_ns * g->tasks.n;
        if (c->cut && a < first) {
            out[i].ns[CV_ST_LOST] += ((b < first ? b : first) - a) * g->tasks.n;
            left -= ((b < first ? b : first) - a) * g->tasks.n;
        }
        a = a < first ? first : a;
        if (a < b) {
            if (!begun)
                preempted[0] = until(c, &m->overlays, a, false, sums[0], now);
            begun = true;
            preempted[1] = until(c, &m->overlays, b, false, sums[1], now);
            for (int k = 0; k < CV_ST_COUNT; k++) {
                out[i].ns[k] += sums[1][k] - sums[0][k];
                left -= sums[1][k] - sums[0][k];
            }
            out[i].preempted += preempted[1] - preempted[0];
            memcpy(sums[0], sums[1], sizeof sums[0]);
            preempted[0] = preempted[1];
        }
        out[i].ns[CV_ST_NONE] += left;
    }
}

static void few_columns(const struct cv_model *m, const struct group *g, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out)
{
    struct cv_lane_column *one = g->tasks.n ? cv_alloc(n * sizeof *one) : NULL;
    for (size_t k = 0; k < g->tasks.n; k++) {
        cv_model_lane_columns(m, g->tasks.at[k], from, column_ns, n, one);
        for (uint32_t i = 0; i < n; i++) {
            for (int s = 0; s < CV_ST_COUNT; s++)
                out[i].ns[s] += one[i].ns[s];
            out[i].preempted += one[i].preempted;
        }
    }
    free(one);
}

void cv_model_group_columns(const struct cv_model *m, uint32_t group, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out)
{
    memset(out, 0, n * sizeof *out);
    for (uint32_t i = group == CV_ALL_GROUPS ? 0 : group; i < m->groups.n && (group == CV_ALL_GROUPS || i == group); i++) {
        const struct group *g = &m->groups.at[i];
        if (g->crowd)
            crowd_columns(m, g, from, column_ns, n, out);
        else
            few_columns(m, g, from, column_ns, n, out);
    }
}
