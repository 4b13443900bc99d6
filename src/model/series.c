/* Series of slices with running sums in blocks of 32, what lies over them, and counted instants.
 *
 * A block's sums already account for what lay over its slices: they are made when a slice ends, and what lies over a time
 * that has passed does not change any more. So the shares of any span are two differences of sums. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* ── what lies over the lanes ───────────────────────────────────────────────────────────────────── */
void overlays_push(struct overlays *o, uint64_t t, enum overlay_kind kind, uint32_t holder)
{
    struct overlay one = {.t = t, .kind = kind, .holder = holder};
    if (o->at.n) {
        const struct overlay *last = &o->at.at[o->at.n - 1];
        one.t = t > last->t ? t : last->t;
        memcpy(one.sum, last->sum, sizeof one.sum);
        one.sum[last->kind] += one.t - last->t;
    }
    CV_PUSH(&o->at, one);
}

const struct overlay *overlays_at(const struct overlays *o, uint64_t t)
{
    size_t low = 0, high = o->at.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (o->at.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? &o->at.at[low - 1] : NULL;
}

static void overlay_sums(const struct overlays *o, uint64_t t, uint64_t sum[OVER_COUNT])
{
    const struct overlay *at = overlays_at(o, t);
    memset(sum, 0, OVER_COUNT * sizeof *sum);
    if (!at)
        return;
    memcpy(sum, at->sum, OVER_COUNT * sizeof *sum);
    sum[at->kind] += t - at->t;
}

enum cv_state series_state(const struct slice *s, enum overlay_kind kind)
{
    enum cv_state state = (enum cv_state)s->state;
    bool alive = state != CV_ST_NONE && state != CV_ST_DONE && state != CV_ST_FAILED;
    bool holds = s->cause >= CV_BLOCK && s->cause < CV_BLOCK + CV_REASON_COUNT; /* the culprit is not frozen by itself */
    if (!alive || kind == OVER_NONE)
        return state;
    if (kind == OVER_STOPPED)
        return CV_ST_STOPPED;
    if (kind == OVER_LOST)
        return CV_ST_LOST;
    return !holds && !s->beside && (state == CV_ST_READY || state == CV_ST_WAITING || state == CV_ST_BLOCKED) ? CV_ST_FROZEN : state;
}

/* The part [from, to) of a slice. */
static void add_part(const struct slice *s, const struct overlays *over, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    uint64_t left = to - from;
    if (to <= from)
        return;
    const struct overlay *last = over && over->at.n ? &over->at.at[over->at.n - 1] : NULL;
    if (last && last->t <= from) { /* as most are when they are pushed */
        ns[series_state(s, last->kind)] += left;
        return;
    }
    if (last && over->at.at[0].t < to) {
        uint64_t before[OVER_COUNT], after[OVER_COUNT];
        overlay_sums(over, from, before);
        overlay_sums(over, to, after);
        for (int k = OVER_FROZEN; k < OVER_COUNT; k++) {
            ns[series_state(s, (enum overlay_kind)k)] += after[k] - before[k];
            left -= after[k] - before[k];
        }
    }
    ns[s->state] += left;
}

/* ── slices ─────────────────────────────────────────────────────────────────────────────────────── */
void series_push(struct series *s, struct slice one, const struct overlays *over)
{
    size_t n = s->slices.n;
    if (n && one.t < s->slices.at[n - 1].t)
        one.t = s->slices.at[n - 1].t;
    if (n % SERIES_BLOCK == 0) {
        struct block b = {0};
        if (n) {
            b = s->blocks.at[s->blocks.n - 1];
            for (size_t i = n - SERIES_BLOCK; i < n; i++) {
                const struct slice *x = &s->slices.at[i];
                add_part(x, over, x->t, i + 1 < n ? x[1].t : one.t, b.ns);
                if (x->sw)
                    b.causes[x->sw - 1]++;
            }
        } else {
            b.ns[CV_ST_NONE] = one.t;
        }
        CV_PUSH(&s->blocks, b);
    }
    CV_PUSH(&s->slices, one);
}

size_t series_find(const struct series *s, uint64_t t)
{
    size_t low = 0, high = s->slices.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->slices.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? low - 1 : SIZE_MAX;
}

/* From the beginning of the record to t, which is not before the first slice. */
static void sums_until(const struct series *s, const struct overlays *over, uint64_t t, uint64_t ns[CV_ST_COUNT])
{
    size_t at = series_find(s, t), first = at / SERIES_BLOCK * SERIES_BLOCK;
    memcpy(ns, s->blocks.at[at / SERIES_BLOCK].ns, CV_ST_COUNT * sizeof *ns);
    for (size_t i = first; i <= at; i++) {
        const struct slice *x = &s->slices.at[i];
        add_part(x, over, x->t, i < at ? x[1].t : t, ns);
    }
}

void series_shares(const struct series *s, const struct overlays *over, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    uint64_t first = s->slices.n ? s->slices.at[0].t : UINT64_MAX, before[CV_ST_COUNT], after[CV_ST_COUNT];
    if (to <= from)
        return;
    if (from < first) {
        uint64_t end = to < first ? to : first;
        ns[s->dropped ? CV_ST_LOST : CV_ST_NONE] += end - from;
        from = end;
    }
    if (from >= to)
        return;
    sums_until(s, over, from, before);
    sums_until(s, over, to, after);
    for (int k = 0; k < CV_ST_COUNT; k++)
        ns[k] += after[k] - before[k];
}

void series_switches(const struct series *s, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    size_t at = series_find(s, t);
    if (at == SIZE_MAX)
        return;
    const struct block *b = &s->blocks.at[at / SERIES_BLOCK];
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        counts[k] += b->causes[k];
    for (size_t i = at / SERIES_BLOCK * SERIES_BLOCK; i <= at; i++)
        if (s->slices.at[i].sw)
            counts[s->slices.at[i].sw - 1]++;
}

size_t series_halve(struct series *s)
{
    size_t cut = s->slices.n / 2 / SERIES_BLOCK * SERIES_BLOCK, before = series_bytes(s);
    if (cut == 0 || s->slices.n < 2 * SERIES_BLOCK)
        return 0;
    s->slices.n -= cut;
    memmove(s->slices.at, s->slices.at + cut, s->slices.n * sizeof *s->slices.at);
    s->blocks.n -= cut / SERIES_BLOCK;
    memmove(s->blocks.at, s->blocks.at + cut / SERIES_BLOCK, s->blocks.n * sizeof *s->blocks.at);
    s->dropped += cut;
    return before - series_bytes(s);
}

size_t series_bytes(const struct series *s) { return s->slices.n * sizeof *s->slices.at + s->blocks.n * sizeof *s->blocks.at; }

void series_release(struct series *s)
{
    free(s->slices.at);
    free(s->blocks.at);
    *s = (struct series){0};
}

/* ── instants ───────────────────────────────────────────────────────────────────────────────────── */
void instants_add(struct instants *v, uint64_t t) { CV_PUSH(&v->at, t); }

uint64_t instants_until(const struct instants *v, uint64_t t)
{
    size_t low = 0, high = v->at.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (v->at.at[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return v->dropped + low;
}
