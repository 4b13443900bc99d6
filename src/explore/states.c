/* All states, breadth first: one layer holds what can be reached in so many steps. With each state of a layer go the number of
 * ways to it and the probability of coming there on a random walk, exactly: numerators over one denominator for the whole layer.
 * Where a state is met at two depths layers do not tell ways apart: then, if no schedule goes round in circles, all is counted anew layer by
 * layer; if one does, it never ends, and there is nothing to count. */
#include <stdlib.h>
#include <string.h>

#include "explore/run.h"
#include "explore/store.h"

enum { PENDING = 16 /* states on their way into the store, so that its lines are there when they come */ };
struct layer {
    uint64_t n;
    size_t ways_limbs, odds_limbs;
    uint64_t *ways, *odds;        /* by state of the layer */
    struct big total, denominator;
};
struct count {
    struct run *r;
    struct space *x;
    struct store store, next;     /* next: of a recount */
    uint32_t *tuple, *to;
    uint16_t choices[SPACE_TASKS + 1];
    bool even, odds;              /* odds: probabilities can be told */
    struct pending { uint64_t key[STORE_WORDS]; } pending[PENDING];
    unsigned npending;
    CV_VEC(uint64_t) factors;     /* of the denominator, by layer */
    struct big *numerators;       /* by outcome */
    uint32_t *scaled;             /* by outcome: the layer its numerator stands at */
    uint32_t noutcomes;
};

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t c = a % b;
        a = b;
        b = c;
    }
    return a;
}

static size_t limbs_of(const struct big *b) { return b->n ? b->n : 1; }

static void layer_room(struct layer *l, uint64_t n, uint64_t *cap)
{
    if (n <= *cap)
        return;
    uint64_t more = *cap ? *cap * 2 : 64;
    more = more < n ? n : more;
    l->ways = cv_realloc(l->ways, more * l->ways_limbs * sizeof *l->ways);
    l->odds = cv_realloc(l->odds, more * l->odds_limbs * sizeof *l->odds);
    memset(l->ways + *cap * l->ways_limbs, 0, (more - *cap) * l->ways_limbs * sizeof *l->ways);
    memset(l->odds + *cap * l->odds_limbs, 0, (more - *cap) * l->odds_limbs * sizeof *l->odds);
    *cap = more;
}

static void layer_release(struct layer *l)
{
    free(l->ways);
    free(l->odds);
    big_release(&l->total);
    big_release(&l->denominator);
}

/* ── ends ───────────────────────────────────────────────────────────────────────────────────────── */
static void outcome_room(struct count *c, uint32_t n)
{
    if (n <= c->noutcomes)
        return;
    c->numerators = cv_realloc(c->numerators, n * sizeof *c->numerators);
    c->scaled = cv_realloc(c->scaled, n * sizeof *c->scaled);
    memset(c->numerators + c->noutcomes, 0, (n - c->noutcomes) * sizeof *c->numerators);
    memset(c->scaled + c->noutcomes, 0, (n - c->noutcomes) * sizeof *c->scaled);
    c->noutcomes = n;
}

static void scale(struct count *c, uint32_t o, uint32_t depth)
{
    for (; c->scaled[o] < depth; c->scaled[o]++)
        if (c->factors.at[c->scaled[o]] > 1)
            big_multiply(&c->numerators[o], c->factors.at[c->scaled[o]]);
}

static void ends(struct count *c, const struct layer *l, uint64_t i, uint32_t depth)
{
    struct judged j = judge_end(&c->r->judge, c->x, c->tuple);
    if (j.outcome == JUDGE_OTHER)
        return;
    outcome_room(c, j.outcome + 1);
    big_add_limbs(&c->r->judge.counts[j.outcome].interleavings, l->ways + i * l->ways_limbs, l->ways_limbs);
    if (!c->odds)
        return;
    scale(c, j.outcome, depth);
    big_add_limbs(&c->numerators[j.outcome], l->odds + i * l->odds_limbs, l->odds_limbs);
}

/* ── a layer ────────────────────────────────────────────────────────────────────────────────────── */
/* Packs what was reached and puts it into the store; widens it where tasks were spawned. */
static uint64_t put(struct count *c, struct store *s, bool *added)
{
    uint64_t key[STORE_WORDS];
    if (space_width(c->x) > s->ncomps)
        store_widen(s, space_width(c->x));
    store_pack(s, c->to, key);
    return s->full ? UINT64_MAX : store_add(s, key, 0, added);
}

static void go(struct count *c, uint32_t task)
{
    struct space *x = c->x;
    uint32_t component, left, next;
    if (space_quick(x, space_control(x, c->tuple), c->tuple, task, &component, &left, &next)) {
        memcpy(c->to, c->tuple, space_width(x) * sizeof *c->to);
        if (component != UINT32_MAX)
            c->to[component] = left;
        c->to[space_task_at(x, task)] = next;
        return;
    }
    space_go(x, c->tuple, task, c->to);
    space_learn(x, c->tuple, task, c->to);
}

static void unpack(struct count *c, const struct store *s, uint64_t n)
{
    store_unpack(s, store_key(s, n), c->tuple);
    if (s->ncomps < space_width(c->x))
        memset(c->tuple + s->ncomps, 0, (space_width(c->x) - s->ncomps) * sizeof *c->tuple);
}

/* How many ways go on from here: the total and the factor of the next layer. */
static void survey(struct count *c, const struct store *from, uint64_t first, const struct layer *l, uint8_t *choices, struct layer *next)
{
    uint64_t factor = 1;
    big_copy(&next->denominator, &l->denominator);
    for (uint64_t i = 0; i < l->n; i++) {
        unpack(c, from, first + i);
        choices[i] = (uint8_t)space_choices(c->x, c->tuple, c->choices);
        if (!choices[i])
            continue;
        uint64_t g = gcd(factor, choices[i]), lcm = factor / g * choices[i];
        if (lcm >> 40)
            c->odds = false;
        else
            factor = lcm;
        for (unsigned k = 0; k < choices[i]; k++)
            big_add_limbs(&next->total, l->ways + i * l->ways_limbs, l->ways_limbs);
    }
    if (c->odds)
        big_multiply(&next->denominator, factor);
    CV_PUSH(&c->factors, factor);
    next->ways_limbs = limbs_of(&next->total);
    next->odds_limbs = c->odds ? limbs_of(&next->denominator) : 1;
}

/* From the states of one layer, numbered from first in from, to those of the next. False: it came to an end before. */
static bool spread(struct count *c, struct store *from, uint64_t first, struct store *to, struct layer *l, struct layer *next, uint32_t depth)
{
    bool recount = from != to, added;
    uint8_t *choices = cv_alloc(l->n + 1);
    uint64_t cap = 0, base = recount ? 0 : first + l->n;
    survey(c, from, first, l, choices, next);
    for (uint64_t i = 0; i < l->n; i++) {
        if ((i & 0x3ff) == 0 || run_asks(c->r, c->x, i)) {
            run_memory(c->r, store_memory(from) + (recount ? store_memory(to) : 0) + space_memory(c->x) + cap * (next->ways_limbs + next->odds_limbs) * 8);
            if (!run_goes_on(c->r, recount ? depth : to->n, -1)) {
                free(choices);
                return false;
            }
        }
        unpack(c, from, first + i);
        unsigned n = space_choices(c->x, c->tuple, c->choices);
        if (!n) {
            ends(c, l, i, depth);
            continue;
        }
        uint64_t share = c->odds ? c->factors.at[depth] / n : 0;
        for (unsigned k = 0; k < n; k++) {
            go(c, c->choices[k]);
            uint64_t at = put(c, to, &added);
            if (at == UINT64_MAX) {
                c->r->why = "the states take more memory than they may";
                free(choices);
                return false;
            }
            CV_ASSERT(at >= base);
            at -= base;
            if (at >= next->n)
                next->n = at + 1;
            layer_room(next, next->n, &cap);
            limbs_add(next->ways + at * next->ways_limbs, l->ways + i * l->ways_limbs, l->ways_limbs);
            if (c->odds)
                limbs_add_times(next->odds + at * next->odds_limbs, l->odds + i * l->odds_limbs, share, l->odds_limbs);
        }
    }
    free(choices);
    return true;
}

static void first_layer(struct layer *l)
{
    *l = (struct layer){.n = 1, .ways_limbs = 1, .odds_limbs = 1, .ways = cv_alloc(8), .odds = cv_alloc(8)};
    l->ways[0] = l->odds[0] = 1;
    big_set(&l->total, 1);
    big_set(&l->denominator, 1);
}

/* ── sweeping ───────────────────────────────────────────────────────────────────────────────────── */
static bool flush(struct count *c, uint64_t base)
{
    for (unsigned i = 0; i < c->npending; i++) {
        bool added;
        uint64_t at = store_add(&c->store, c->pending[i].key, 0, &added);
        if (at == UINT64_MAX)
            return c->r->why = "the states take more memory than they may", false;
        c->even &= at >= base;
    }
    c->npending = 0;
    return true;
}

/* One more state on its way; base: the first number of the next layer. */
static bool forward(struct count *c, const uint64_t *key, uint64_t base)
{
    struct pending *p = &c->pending[c->npending++];
    memcpy(p->key, key, c->store.words * sizeof *key);
    __builtin_prefetch(&c->store.slots[store_hash(key, c->store.words) & (c->store.nslots - 1)]);
    return c->npending < PENDING || flush(c, base);
}

static bool step_quick(struct count *c, const struct control *control, const uint64_t *key, uint32_t task, uint64_t base, bool *done)
{
    uint32_t component, left, next, own = space_task_at(c->x, task);
    uint64_t to[STORE_WORDS];
    *done = space_quick(c->x, control, c->tuple, task, &component, &left, &next) && store_fits(&c->store, own, next) &&
            (component == UINT32_MAX || store_fits(&c->store, component, left));
    if (!*done)
        return true;
    for (uint32_t w = 0; w < c->store.words; w++)
        to[w] = key[w];
    store_set(&c->store, to, own, next);
    if (component != UINT32_MAX)
        store_set(&c->store, to, component, left);
    return forward(c, to, base);
}

/* All that can be reached, layer by layer. */
static bool sweep(struct count *c)
{
    struct space *x = c->x;
    bool added, done;
    uint64_t key[STORE_WORDS], i = 0, end = 0;
    space_start(x, c->to);
    if (put(c, &c->store, &added) == UINT64_MAX)
        return c->r->why = "there is no memory for the states", false;
    for (;;) {
        if (i == end) { /* the next layer */
            if (!flush(c, end) || end == c->store.n)
                return end == c->store.n && !c->r->why;
            end = c->store.n;
        }
        for (; i < end; i++) {
            if (run_asks(c->r, x, i)) {
                run_memory(c->r, store_memory(&c->store) + space_memory(x));
                if (!run_goes_on(c->r, c->store.n, -1))
                    return false;
            }
            unpack(c, &c->store, i);
            memcpy(key, store_key(&c->store, i), c->store.words * sizeof *key);
            unsigned n = space_choices(x, c->tuple, c->choices);
            if (!n)
                judge_end(&c->r->judge, x, c->tuple);
            for (unsigned k = 0; k < n; k++) {
                if (!step_quick(c, space_control(x, c->tuple), key, c->choices[k], end, &done))
                    return false;
                if (done)
                    continue;
                if (!flush(c, end))
                    return false;
                go(c, c->choices[k]);
                uint64_t at = put(c, &c->store, &added);
                if (at == UINT64_MAX)
                    return c->r->why = "the states take more memory than they may", false;
                c->even &= at >= end;
                memcpy(key, store_key(&c->store, i), c->store.words * sizeof *key); /* the layout may be another */
            }
        }
    }
}

/* ── circles ────────────────────────────────────────────────────────────────────────────────────── */
/* All states are known by now: a step that comes to another one than it did before rests on what is no part of the state. */
static uint64_t target(struct count *c, uint32_t task)
{
    bool added;
    go(c, task);
    uint64_t at = put(c, &c->store, &added);
    CV_ASSERT(at != UINT64_MAX && !added);
    return at;
}

static bool looks_on(struct count *c, uint64_t done)
{
    return !run_asks(c->r, c->x, done) || run_goes_on(c->r, done, c->store.n ? (double)done / (double)(2 * c->store.n) : -1);
}

/* Takes away, again and again, states that nothing leads to any more; what is left goes in circles. False: it came to an end before. */
static bool circles(struct count *c, bool *any)
{
    uint64_t n = c->store.n, done = 0, top = 0;
    uint32_t *into = cv_alloc((n + 1) * sizeof *into), *stack = cv_alloc((n + 1) * sizeof *stack);
    bool on = true;
    for (uint64_t i = 0; i < n && (on = looks_on(c, i)); i++) {
        unpack(c, &c->store, i);
        unsigned k = space_choices(c->x, c->tuple, c->choices);
        while (k--)
            into[target(c, c->choices[k])]++;
    }
    for (uint64_t i = 0; i < n && on; i++)
        if (!into[i])
            stack[top++] = (uint32_t)i;
    while (top && on && (on = looks_on(c, n + done))) {
        uint64_t i = stack[--top];
        done++;
        unpack(c, &c->store, i);
        unsigned k = space_choices(c->x, c->tuple, c->choices);
        while (k--) {
            uint64_t t = target(c, c->choices[k]);
            if (--into[t] == 0)
                stack[top++] = (uint32_t)t;
        }
    }
    free(into);
    free(stack);
    *any = done < n;
    return on;
}

/* ── all of it ──────────────────────────────────────────────────────────────────────────────────── */
static bool layers(struct count *c, bool recount)
{
    struct layer l, next;
    uint64_t first = 0;
    bool added, whole = true;
    first_layer(&l);
    if (recount) {
        space_start(c->x, c->to);
        put(c, &c->store, &added);
    }
    for (uint32_t depth = 0; whole && l.n; depth++) {
        next = (struct layer){0};
        if (recount) {
            store_release(&c->next);
            store_init(&c->next, space_width(c->x), c->r->memory);
        }
        whole = spread(c, &c->store, first, recount ? &c->next : &c->store, &l, &next, depth);
        first = recount ? 0 : first + l.n;
        if (recount) {
            struct store swap = c->store;
            c->store = c->next;
            c->next = swap;
        }
        layer_release(&l);
        l = next;
    }
    layer_release(&l);
    return whole;
}

static void tell(struct count *c)
{
    struct cv_explore *e = c->r->e;
    struct big sum = {0}, denominator = {0};
    uint32_t depth = (uint32_t)c->factors.n;
    big_set(&denominator, 1);
    for (uint32_t k = 0; k < depth; k++)
        big_multiply(&denominator, c->factors.at[k]);
    outcome_room(c, e->noutcomes);
    for (uint32_t o = 0; o < e->noutcomes; o++) {
        const struct big *ways = &c->r->judge.counts[o].interleavings;
        e->outcomes[o].interleavings = big_text(ways);
        big_add_limbs(&sum, ways->at, ways->n);
        if (!c->odds)
            continue;
        scale(c, o, depth);
        struct big over = {0};
        big_copy(&over, &denominator);
        e->outcomes[o].probability = big_ratio(&c->numerators[o], &denominator);
        big_reduce(&c->numerators[o], &over);
        char *above = big_text(&c->numerators[o]), *below = big_text(&over);
        struct cv_buf text = {0};
        cv_buf_printf(&text, "%s/%s", above, below);
        e->outcomes[o].fraction = text.at;
        free(above);
        free(below);
        big_release(&over);
    }
    if (e->noutcomes < JUDGE_OUTCOMES)
        e->interleavings = big_text(&sum);
    big_release(&sum);
    big_release(&denominator);
}

void states_run(struct run *r, struct space *x)
{
    struct cv_explore *e = r->e;
    struct count c = {.r = r, .x = x, .even = true, .odds = true};
    uint64_t begun = cv_mono_ns();
    c.tuple = cv_alloc(space_room(x) * sizeof *c.tuple);
    c.to = cv_alloc(space_room(x) * sizeof *c.to);
    store_init(&c.store, space_width(x), r->memory);
    run_part(r, "states");
    bool whole = sweep(&c);
    e->states = c.store.n;
    e->states_complete = whole;
    e->states_ns = cv_mono_ns() - begun;
    e->state_bytes = store_memory(&c.store) + space_memory(x);
    if (whole && !c.even) {
        run_part(r, "circles");
        e->unsure = !circles(&c, &e->endless);
        e->endless &= !e->unsure;
    }
    if (whole && !e->endless && !e->unsure && r->options->parts & CV_EXPLORE_COUNTS) {
        run_part(r, "interleavings");
        if (!c.even) {
            store_release(&c.store);
            store_init(&c.store, space_width(x), r->memory);
        }
        whole = layers(&c, !c.even);
    } else
        whole = false;
    e->counts_complete = whole;
    if (e->counts_complete)
        tell(&c);
    for (uint32_t o = 0; o < c.noutcomes; o++)
        big_release(&c.numerators[o]);
    free(c.numerators);
    free(c.scaled);
    free(c.factors.at);
    free(c.tuple);
    free(c.to);
    store_release(&c.store);
    store_release(&c.next);
}
