/* Series of slices with running sums (see model.h), what lies over them, and counted instants.
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
    size_t low = CV_PARTITION_POINT(o->at.n, i, o->at.at[i].t <= t);
    return low ? &o->at.at[low - 1] : NULL;
}

void overlays_sums(const struct overlays *o, uint64_t t, size_t *hint, uint64_t sum[OVER_COUNT])
{
    const struct overlay *all = o->at.at, *at = NULL;
    size_t i = *hint, n = o->at.n;
    while (i < n && i < *hint + 4 && all[i].t <= t)
        i++;
    if (i > *hint && i < *hint + 4)
        at = &all[i - 1];
    else if (*hint && i == *hint && all[i - 1].t <= t)
        at = &all[i - 1];
    else
        at = overlays_at(o, t);
    memset(sum, 0, OVER_COUNT * sizeof *sum);
    *hint = at ? (size_t)(at - all) + 1 : 0;
    if (!at)
        return;
    memcpy(sum, at->sum, OVER_COUNT * sizeof *sum);
    sum[at->kind] += t - at->t;
}

enum cv_state series_state(enum cv_state state, enum cv_cause cause, bool beside, enum overlay_kind kind)
{
    bool alive = state != CV_ST_NONE && state != CV_ST_DONE && state != CV_ST_FAILED;
    bool holds = cause >= CV_BLOCK && cause < CV_BLOCK + CV_REASON_COUNT; /* the culprit is not frozen by itself */
    if (!alive || kind == OVER_NONE)
        return state;
    if (kind == OVER_STOPPED)
        return CV_ST_STOPPED;
    if (kind == OVER_LOST)
        return CV_ST_LOST;
    return !holds && !beside && (state == CV_ST_READY || state == CV_ST_WAITING || state == CV_ST_BLOCKED) ? CV_ST_FROZEN : state;
}

/* ── slices ─────────────────────────────────────────────────────────────────────────────────────── */
enum { SW_NONE, SW_CAUSE, SW_QUANTUM, SW_SYSTEM };

static struct packed pack(const struct series *s, struct slice one)
{
    bool core = one.state == CV_ST_RUNNING && !s->names;
    struct packed p = {.state = one.state, .cause = one.cause, .exact = one.exact, .what = core ? one.core : one.object};
    p.sw = one.sw == CV_CAUSE_COUNT ? SW_NONE : one.sw == one.cause ? SW_CAUSE : one.sw == CV_CAUSE_QUANTUM ? SW_QUANTUM : SW_SYSTEM;
    CV_ASSERT(p.sw != SW_SYSTEM || one.sw == CV_CAUSE_SYSTEM);
    return p;
}

static enum cv_cause switch_of(struct packed p)
{
    return p.sw == SW_NONE ? CV_CAUSE_COUNT : p.sw == SW_CAUSE ? (enum cv_cause)p.cause : p.sw == SW_QUANTUM ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM;
}

static void count(struct packed p, uint32_t causes[CV_CAUSE_COUNT])
{
    if (p.sw)
        causes[switch_of(p)]++;
}

/* Places are counted from the stretch's begin, what was cut off too. */
static const struct packed *at_place(const struct stretch *c, uint32_t place) { return &c->slices[place - c->skip]; }
static const struct stretch *last_stretch(const struct series *s) { return &s->stretches[s->nstretches - 1]; }
static uint32_t places(const struct series *s, const struct stretch *c)
{
    return c == last_stretch(s) ? (uint32_t)(s->n - 1) % SERIES_STRETCH + 1 : SERIES_STRETCH;
}

static uint32_t block_end(const struct series *s, const struct stretch *c, const struct block *b)
{
    return b + 1 < c->blocks + c->nblocks ? b[1].first : places(s, c);
}

/* Few slices are one stretch of one block, which say nothing that the slices do not: they are made up where they are asked for. */
struct made_up { struct series s; struct stretch c; struct block b; };

static const struct series *indexed(const struct series *s, struct made_up *x)
{
    if (!s->few)
        return s;
    x->s = *s;
    x->b = (struct block){.t = s->begin, .ns[CV_ST_NONE] = s->begin};
    x->c = (struct stretch){.slices = s->few, .blocks = &x->b, .cap = s->few_cap, .nblocks = 1, .blocks_cap = 1};
    x->s.stretches = &x->c, x->s.begins = &x->s.begin, x->s.nstretches = 1;
    return &x->s;
}

/* The last stretch, block that begins before t, or at t where `at`; the first where none does. */
static const struct stretch *stretch_before(const struct series *s, uint64_t t, bool at)
{
    uint32_t low = CV_PARTITION_POINT(s->nstretches, i, s->begins[i] < t || (at && s->begins[i] == t));
    return &s->stretches[low ? low - 1 : 0];
}

/* Where the block before t would be if slices came evenly. */
static uint32_t block_guess(const struct series *s, const struct stretch *c, uint64_t t)
{
    uint32_t k = (uint32_t)(c - s->stretches);
    uint64_t begin = s->begins[k], end = c == last_stretch(s) ? s->last.t : s->begins[k + 1];
    return t >= end ? c->nblocks - 1 : t > begin ? (uint32_t)((double)(t - begin) * c->nblocks / (double)(end - begin)) : 0;
}

/* Tried first where it would be, and beside: a block that is looked at is a miss of the cache. */
static const struct block *block_before(const struct series *s, const struct stretch *c, uint64_t t, bool at)
{
    uint32_t low = 0, high = c->nblocks, guess = block_guess(s, c, t);
    for (int tries = 0; low < high; tries++) {
        uint32_t mid = tries > 1 || guess < low || guess >= high ? (low + high) / 2 : guess;
        bool before = c->blocks[mid].t < t || (at && c->blocks[mid].t == t);
        if (before)
            low = mid + 1;
        else
            high = mid;
        guess = before ? mid + 1 : mid - 1;
    }
    return &c->blocks[low ? low - 1 : 0];
}

static const struct block *block_of(const struct stretch *c, uint32_t place)
{
    uint32_t low = 0, high = c->nblocks;
    while (high - low > 1) {
        uint32_t mid = (low + high) / 2;
        if (c->blocks[mid].first <= place)
            low = mid;
        else
            high = mid;
    }
    return &c->blocks[low];
}

size_t series_find(const struct series *s, uint64_t t)
{
    struct made_up x;
    if (!s->n || t < series_begin(s))
        return SIZE_MAX;
    s = indexed(s, &x);
    const struct stretch *c = stretch_before(s, t, true);
    const struct block *b = block_before(s, c, t, true);
    uint32_t low = b->first, high = block_end(s, c, b);
    while (high - low > 1) {
        uint32_t mid = (low + high) / 2;
        if (b->t + at_place(c, mid)->after <= t)
            low = mid;
        else
            high = mid;
    }
    return (size_t)(s->front + (uint64_t)(c - s->stretches)) * SERIES_STRETCH + low;
}

struct slice series_at(const struct series *s, size_t i)
{
    struct made_up x;
    if (i + 1 == s->n)
        return s->last;
    s = indexed(s, &x);
    const struct stretch *c = &s->stretches[i / SERIES_STRETCH - s->front];
    uint32_t place = i % SERIES_STRETCH;
    struct packed p = *at_place(c, place);
    bool core = p.state == CV_ST_RUNNING && !s->names;
    return (struct slice){.t = block_of(c, place)->t + p.after, .state = (enum cv_state)p.state, .cause = (enum cv_cause)p.cause, .sw = switch_of(p),
                          .core = core ? p.what : SLICE_NO_CORE, .object = core ? CV_NO_TASK : p.what, .exact = p.exact};
}

uint64_t series_begin(const struct series *s) { return s->few ? s->begin : s->nstretches ? s->begins[0] : UINT64_MAX; }

/* ── a walk along a series ──────────────────────────────────────────────────────────────────────────
 * Stands in a slice and knows what was summed up before it; goes forward only, from block to block where it can. */
struct walk {
    const struct series *s;
    const struct overlays *over;
    const struct stretch *c;      /* NULL: stands nowhere yet */
    const struct block *b;
    uint32_t place, end;        /* of the slice, and of its block */
    size_t hint;                /* of the overlays */
    uint64_t ns[CV_ST_COUNT];   /* until the slice */
    uint32_t preempted;         /* its own counted */
};

/* By the kernel, or of the emulated GIL. */
static uint32_t is_preemption(struct packed p)
{
    return p.sw == SW_QUANTUM || (p.sw == SW_CAUSE && (p.cause == CV_CAUSE_QUANTUM || p.cause == CV_CAUSE_GIL));
}

static uint32_t preemptions_before(const struct stretch *c, const struct block *b)
{
    return c->causes[CV_CAUSE_QUANTUM] + b->causes[CV_CAUSE_QUANTUM] + c->causes[CV_CAUSE_GIL] + b->causes[CV_CAUSE_GIL];
}

/* The part [from, to) of a slice. */
static void add_part(struct walk *w, struct packed p, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    const struct overlays *over = w->over;
    uint64_t left = to - from;
    if (to <= from)
        return;
    if (over && over->at.n && over->at.at[0].t < to) {
        const struct overlay *last = &over->at.at[over->at.n - 1];
        if (last->t <= from) { /* as most are when they are pushed */
            ns[series_state((enum cv_state)p.state, (enum cv_cause)p.cause, w->s->beside, last->kind)] += left;
            return;
        }
        uint64_t before[OVER_COUNT], after[OVER_COUNT];
        overlays_sums(over, from, &w->hint, before);
        overlays_sums(over, to, &w->hint, after);
        for (int k = OVER_FROZEN; k < OVER_COUNT; k++) {
            ns[series_state((enum cv_state)p.state, (enum cv_cause)p.cause, w->s->beside, (enum overlay_kind)k)] += after[k] - before[k];
            left -= after[k] - before[k];
        }
    }
    ns[p.state] += left;
}

struct spot { const struct stretch *c; const struct block *b; }; /* a block, and the stretch it is in */

static void enter(struct walk *w, const struct stretch *c, const struct block *b)
{
    w->c = c;
    w->b = b;
    w->place = b->first;
    w->end = block_end(w->s, c, b);
    memcpy(w->ns, b->ns, sizeof w->ns);
    w->preempted = preemptions_before(c, b) + is_preemption(*at_place(c, b->first));
}

/* Is the slice before t in a later block than the walk is in? */
static bool leaves_block(const struct walk *w, uint64_t t)
{
    const struct stretch *c = w->c;
    if (w->b + 1 < c->blocks + c->nblocks)
        return w->b[1].t < t;
    return c != last_stretch(w->s) && w->s->begins[c + 1 - w->s->stretches] < t;
}

/* On to the last slice that begins before `t`: series_begin < t, and not before the t of the last call. spot: where it is, if that is known. */
static void walk_to(struct walk *w, uint64_t t, const struct spot *spot)
{
    const struct series *s = w->s;
    if (spot) {
        if (spot->b != w->b)
            enter(w, spot->c, spot->b);
    } else if (!w->c || leaves_block(w, t)) {
        bool near = w->c && (w->c == last_stretch(s) || s->begins[w->c + 1 - s->stretches] >= t);
        const struct stretch *c = near ? w->c : stretch_before(s, t, false);
        enter(w, c, block_before(s, c, t, false));
    }
    const struct packed *p = at_place(w->c, w->place);
    uint64_t begin = w->b->t;
    bool plain = !w->over || !w->over->at.n;
    for (; w->place + 1 < w->end && begin + p[1].after < t; w->place++, p++) {
        if (plain)
            w->ns[p->state] += p[1].after - p->after;
        else
            add_part(w, *p, begin + p->after, begin + p[1].after, w->ns);
        w->preempted += is_preemption(p[1]);
    }
}

/* Finds the blocks of n instants at once, column_ns apart: each is some misses of the cache, each of which waits for the one before it. Side by side they
 * wait together, for what each needs is asked for early: its stretch, then its block, then its slices. */
enum { AHEAD = 16, CACHE_LINE = 64 };

static void fetch(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += CACHE_LINE)
        __builtin_prefetch((const char *)at + i);
}

/* Is t so far from here that it is worth while for AHEAD columns up to it: half a stretch? */
static bool is_far(const struct walk *w, uint64_t t)
{
    const struct stretch *c = w->c;
    uint64_t begin = w->s->begins[c - w->s->stretches], end = c == last_stretch(w->s) ? w->s->last.t : w->s->begins[c + 1 - w->s->stretches];
    return t - w->b->t > (end - begin) / 2 && leaves_block(w, t);
}

static void look_ahead(const struct series *s, uint64_t t, uint64_t column_ns, uint32_t n, struct spot spots[AHEAD])
{
    for (uint32_t i = 0; i < n; i++) {
        spots[i].c = stretch_before(s, t + i * column_ns, false);
        fetch(spots[i].c, sizeof *spots[i].c);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t guess = block_guess(s, spots[i].c, t + i * column_ns);
        fetch(&spots[i].c->blocks[guess ? guess - 1 : 0], 3 * sizeof(struct block));
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct stretch *c = spots[i].c;
        const struct block *b = spots[i].b = block_before(s, c, t + i * column_ns, false);
        fetch(at_place(c, b->first), (block_end(s, c, b) - b->first) * sizeof(struct packed));
    }
}

/* What was summed up until t; returns the preemptions before t. spot: as walk_to takes it. */
static uint32_t sums_until(struct walk *w, uint64_t t, const struct spot *spot, uint64_t ns[CV_ST_COUNT])
{
    const struct series *s = w->s;
    if (t <= s->begins[0]) { /* the first itself */
        memcpy(ns, s->stretches[0].blocks[0].ns, CV_ST_COUNT * sizeof *ns);
        return preemptions_before(&s->stretches[0], &s->stretches[0].blocks[0]);
    }
    walk_to(w, t, spot);
    memcpy(ns, w->ns, sizeof w->ns);
    struct packed p = *at_place(w->c, w->place);
    add_part(w, p, w->b->t + p.after, t, ns);
    return w->preempted;
}

/* ── pushing ────────────────────────────────────────────────────────────────────────────────────── */
/* Also smaller. */
static void *grown(struct series *s, void *at, uint32_t *cap, uint32_t to, size_t item)
{
    s->bytes = s->bytes - *cap * item + to * item;
    *cap = to;
    return cv_realloc(at, to * item);
}

static void more_stretches(struct series *s, uint32_t to)
{
    uint32_t cap = s->stretches_cap;
    s->begins = grown(s, s->begins, &cap, to, sizeof *s->begins);
    s->stretches = grown(s, s->stretches, &s->stretches_cap, to, sizeof *s->stretches);
}

static void push_few(struct series *s, struct slice one)
{
    if (s->n == 0)
        s->begin = one.t;
    if (s->n == s->few_cap)
        s->few = grown(s, s->few, &s->few_cap, s->few_cap ? s->few_cap * 2 : 4, sizeof *s->few);
    s->few[s->n] = pack(s, one);
    s->few[s->n++].after = (uint32_t)(one.t - s->begin);
    s->last = one;
}

static void make_index(struct series *s)
{
    struct made_up x;
    indexed(s, &x);
    more_stretches(s, 1);
    x.c.blocks_cap = 0;
    x.c.blocks = grown(s, NULL, &x.c.blocks_cap, 1, sizeof x.b);
    *x.c.blocks = x.b;
    s->stretches[s->nstretches++] = x.c;
    s->begins[0] = s->begin;
    s->few = NULL;
    s->few_cap = 0;
}

/* A block, and a stretch where the last is full, for a slice at t. */
static void new_block(struct series *s, uint64_t t, const struct overlays *over)
{
    struct block b = {.t = t, .first = (uint16_t)(s->n % SERIES_STRETCH)};
    uint32_t causes[CV_CAUSE_COUNT];
    struct walk w = {.s = s, .over = over};
    const struct stretch *before = last_stretch(s);
    const struct block *last = &before->blocks[before->nblocks - 1];
    enter(&w, before, last);
    walk_to(&w, UINT64_MAX, NULL);
    struct packed p = *at_place(before, w.place);
    add_part(&w, p, last->t + p.after, t, w.ns);
    memcpy(b.ns, w.ns, sizeof b.ns);
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        causes[k] = before->causes[k] + last->causes[k];
    for (uint32_t place = last->first; place < w.end; place++)
        count(*at_place(before, place), causes);
    if (b.first == 0) {
        if (s->nstretches == s->stretches_cap)
            more_stretches(s, s->stretches_cap + s->stretches_cap / 4 + 1);
        struct stretch *c = &s->stretches[s->nstretches++];
        memset(c, 0, sizeof *c);
        s->begins[s->nstretches - 1] = t;
        memcpy(c->causes, causes, sizeof c->causes);
    }
    struct stretch *c = &s->stretches[s->nstretches - 1];
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        b.causes[k] = (uint16_t)(causes[k] - c->causes[k]);
    if (c->nblocks == c->blocks_cap) {
        uint32_t most = SERIES_STRETCH / SERIES_BLOCK, cap = c->blocks_cap + c->blocks_cap / 4 + 1;
        c->blocks = grown(s, c->blocks, &c->blocks_cap, cap < most || c->nblocks >= most ? cap : most, sizeof *c->blocks);
    }
    c->blocks[c->nblocks++] = b;
}

void series_push(struct series *s, struct slice one, const struct overlays *over)
{
    if (s->n && one.t < s->last.t)
        one.t = s->last.t;
    if (s->n == 0 || (s->few && s->n < SERIES_BLOCK && one.t - s->begin <= UINT32_MAX)) {
        push_few(s, one);
        return;
    }
    if (s->few)
        make_index(s);
    struct stretch *c = &s->stretches[s->nstretches - 1];
    struct block *b = &c->blocks[c->nblocks - 1];
    uint32_t place = (uint32_t)(s->n % SERIES_STRETCH);
    if (place == 0 || place - b->first >= SERIES_BLOCK || one.t - b->t > UINT32_MAX) {
        new_block(s, one.t, over);
        c = &s->stretches[s->nstretches - 1];
        b = &c->blocks[c->nblocks - 1];
    }
    if (place - c->skip == c->cap) {
        uint32_t cap = c->cap ? c->cap * 2 : 4, most = SERIES_STRETCH - c->skip;
        c->slices = grown(s, c->slices, &c->cap, cap < most ? cap : most, sizeof *c->slices);
    }
    struct packed p = pack(s, one);
    p.after = (uint32_t)(one.t - b->t);
    c->slices[place - c->skip] = p;
    s->n++;
    s->last = one;
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
void series_columns(const struct series *s, const struct overlays *over, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out)
{
    struct made_up x;
    s = indexed(s, &x);
    struct walk w = {.s = s, .over = over};
    uint64_t first = series_begin(s), before[CV_ST_COUNT], after[CV_ST_COUNT];
    uint32_t preempted = 0;
    struct spot spots[AHEAD];
    uint32_t ahead = 0, known = 0, until_column = 0; /* spots[0 .. known) are of the columns' ends from `ahead` on */
    bool begun = false;
    for (uint32_t i = 0; i < n; i++, from += column_ns) {
        uint64_t a = from, b = a + column_ns;
        struct cv_lane_column *c = &out[i];
        memset(c, 0, sizeof *c);
        if (a < first) {
            uint64_t end = b < first ? b : first;
            c->ns[s->dropped ? CV_ST_LOST : CV_ST_NONE] += end - a;
            a = end;
        }
        if (a >= b)
            continue;
        if (!begun)
            preempted = sums_until(&w, a, NULL, before);
        begun = true;
        if (i >= until_column && w.c) {
            ahead = i, until_column = n - i < AHEAD ? n : i + AHEAD;
            known = is_far(&w, b + AHEAD * column_ns) ? until_column - i : 0;
            look_ahead(s, b, column_ns, known, spots);
        }
        uint32_t until = sums_until(&w, b, i < ahead + known ? &spots[i - ahead] : NULL, after);
        for (int k = 0; k < CV_ST_COUNT; k++) {
            c->ns[k] += after[k] - before[k];
            before[k] = after[k];
        }
        c->preempted = until - preempted;
        preempted = until;
    }
}

void series_shares(const struct series *s, const struct overlays *over, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    struct cv_lane_column c;
    if (to <= from)
        return;
    series_columns(s, over, from, to - from, 1, &c);
    for (int k = 0; k < CV_ST_COUNT; k++)
        ns[k] += c.ns[k];
}

void series_switches(const struct series *s, uint64_t t, uint64_t counts[CV_CAUSE_COUNT])
{
    struct made_up x;
    size_t i = series_find(s, t);
    if (i == SIZE_MAX)
        return;
    s = indexed(s, &x);
    const struct stretch *c = &s->stretches[i / SERIES_STRETCH - s->front];
    const struct block *b = block_of(c, i % SERIES_STRETCH);
    uint32_t causes[CV_CAUSE_COUNT] = {0};
    for (uint32_t place = b->first; place <= i % SERIES_STRETCH; place++)
        count(*at_place(c, place), causes);
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        counts[k] += causes[k] + c->causes[k] + b->causes[k];
}

/* Stretches in which nothing was counted are passed over whole. */
size_t series_switch(const struct series *s, uint64_t t)
{
    struct made_up x;
    size_t i = series_find(s, t);
    if (i == SIZE_MAX)
        return SIZE_MAX;
    s = indexed(s, &x);
    for (uint32_t k = (uint32_t)(i / SERIES_STRETCH) - s->front + 1, end = i % SERIES_STRETCH + 1; k-- > 0; end = SERIES_STRETCH) {
        const struct stretch *c = &s->stretches[k];
        if (end == SERIES_STRETCH && c != last_stretch(s) && !memcmp(c->causes, c[1].causes, sizeof c->causes))
            continue;
        for (uint32_t place = end; place-- > c->skip;)
            if (at_place(c, place)->sw)
                return (size_t)(s->front + k) * SERIES_STRETCH + place;
    }
    return SIZE_MAX;
}

/* ── the end of it ──────────────────────────────────────────────────────────────────────────────── */
static void free_stretch(struct series *s, struct stretch *c)
{
    s->bytes -= c->cap * sizeof *c->slices + c->blocks_cap * sizeof *c->blocks;
    free(c->slices);
    free(c->blocks);
}

/* The stretch begins with this slice from now on: the sums of its block are moved on to it. */
static void cut_stretch(struct series *s, struct stretch *c, const struct overlays *over, uint32_t place)
{
    struct walk w = {.s = s, .over = over};
    const struct block *b = block_of(c, place);
    uint32_t kept = places(s, c) - place, end = block_end(s, c, b), at = (uint32_t)(b - c->blocks), moved = at_place(c, place)->after;
    struct block first = *b;
    uint32_t causes[CV_CAUSE_COUNT] = {0};
    for (uint32_t p = b->first; p < place; p++) {
        add_part(&w, *at_place(c, p), b->t + at_place(c, p)->after, b->t + at_place(c, p + 1)->after, first.ns);
        count(*at_place(c, p), causes);
    }
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        first.causes[k] = (uint16_t)(first.causes[k] + causes[k]);
    first.t += moved;
    first.first = (uint16_t)place;
    for (uint32_t p = place; p < end; p++)
        c->slices[p - c->skip].after -= moved;
    memmove(c->slices, at_place(c, place), kept * sizeof *c->slices);
    memmove(c->blocks, c->blocks + at, (c->nblocks - at) * sizeof *c->blocks);
    c->nblocks -= at;
    c->blocks[0] = first;
    c->skip = place;
    s->begins[c - s->stretches] = first.t;
    c->slices = grown(s, c->slices, &c->cap, kept, sizeof *c->slices);
    c->blocks = grown(s, c->blocks, &c->blocks_cap, c->nblocks, sizeof *c->blocks);
}

void series_cut(struct series *s, const struct overlays *over, uint64_t t)
{
    size_t i = series_find(s, t);
    if (i == SIZE_MAX || i <= s->dropped)
        return;
    if (s->few)
        make_index(s);
    uint32_t whole = (uint32_t)(i / SERIES_STRETCH) - s->front;
    for (uint32_t k = 0; k < whole; k++)
        free_stretch(s, &s->stretches[k]);
    s->nstretches -= whole;
    s->front += whole;
    memmove(s->stretches, s->stretches + whole, s->nstretches * sizeof *s->stretches);
    memmove(s->begins, s->begins + whole, s->nstretches * sizeof *s->begins);
    if (whole)
        more_stretches(s, s->nstretches);
    if (i % SERIES_STRETCH > s->stretches[0].skip)
        cut_stretch(s, &s->stretches[0], over, i % SERIES_STRETCH);
    s->dropped = i;
}

void series_release(struct series *s)
{
    for (uint32_t k = 0; k < s->nstretches; k++)
        free_stretch(s, &s->stretches[k]);
    free(s->stretches);
    free(s->begins);
    free(s->few);
    *s = (struct series){0};
}

/* ── instants ───────────────────────────────────────────────────────────────────────────────────── */
size_t instants_cut(struct instants *v, uint64_t t)
{
    size_t n = (size_t)(instants_until(v, t) - v->dropped);
    if (n < 64)
        return 0;
    v->at.n -= n;
    memmove(v->at.at, v->at.at + n, v->at.n * sizeof *v->at.at);
    v->dropped += n;
    return n * sizeof *v->at.at;
}

void instants_add(struct instants *v, uint64_t t) { CV_PUSH(&v->at, t); }

uint64_t instants_until(const struct instants *v, uint64_t t)
{
    size_t low = CV_PARTITION_POINT(v->at.n, i, v->at.at[i] <= t);
    return v->dropped + low;
}
