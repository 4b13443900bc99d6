/* Random walks beside the search through the traces. Nothing has to be known of how large the tree will be (it grows as races are found, and what
 * its finished part makes of the whole is off by thousands): some walks are kept, as events with their clocks, and asked where they
 * belong. A trace was seen if at some point of the search's path somebody who sleeps there could begin what is left of it: all that
 * begins so is behind us. If the path's own event could, it is left out and the next point is asked; else the trace is still to come.
 *
 * So the share of walks is that of the probability that lies behind, within some percent (WALKS: a standard error of 3 % at worst), and
 * it is 1 at the end. It is not the share of traces: rare ones count less. It is told once all walks are made, and only grows from then on. */
#include <stdlib.h>
#include <string.h>

#include "explore/chance.h"

enum { WALKS = 256, LONGEST = 4096 /* events */, ROOM = 16 << 20 /* bytes of walks: if they take more nothing is told */, WALK_NS = 20000000 };
struct walk {
    uint32_t n, lanes;
    uint32_t *next;               /* by event: the same task's next; UINT32_MAX */
    uint16_t *tasks, *clocks;
    bool seen;
};
struct chance {
    struct path path;             /* on which walks are made */
    CV_VEC(struct walk) walks;
    size_t bytes, seen;
    uint64_t random;
    bool none;                    /* one came to no end, or they are too long: nothing can be told */
    uint32_t head[CLOCK_MOST];    /* by task: its first event that is left */
    uint16_t gone[CLOCK_MOST];    /* by task: events that are left out */
};

struct chance *chance_new(struct run *r, struct space *x)
{
    struct chance *c = cv_alloc(sizeof *c);
    path_init(&c->path, r, x);
    c->random = 1;
    return c;
}

void chance_free(struct chance *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->walks.n; i++) {
        free(c->walks.at[i].next);
        free(c->walks.at[i].tasks);
        free(c->walks.at[i].clocks);
    }
    free(c->walks.at);
    path_release(&c->path);
    free(c);
}

static uint32_t below(struct chance *c, uint32_t n)
{
    uint64_t z = c->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

static void keep(struct chance *c)
{
    struct path *p = &c->path;
    uint32_t n = p->depth;
    struct walk w = {.n = n, .lanes = p->lanes, .next = cv_alloc((n + 1) * sizeof *w.next), .tasks = cv_alloc((n + 1) * sizeof *w.tasks),
                     .clocks = cv_alloc(((size_t)n * p->lanes + 1) * sizeof *w.clocks)};
    memset(c->head, 0xff, sizeof c->head);
    for (uint32_t i = n; i-- > 0;) {
        w.tasks[i] = p->events.at[i].task;
        w.next[i] = c->head[w.tasks[i]];
        c->head[w.tasks[i]] = i;
        memcpy(w.clocks + (size_t)i * p->lanes, path_clock(p, i), p->lanes * sizeof *w.clocks);
    }
    c->bytes += (size_t)n * (p->lanes * sizeof *w.clocks + sizeof *w.tasks + sizeof *w.next);
    CV_PUSH(&c->walks, w);
}

/* One more. False: it goes on and on. */
static bool walk(struct chance *c)
{
    uint16_t choices[SPACE_TASKS + 1];
    struct path *p = &c->path;
    for (unsigned n; p->depth < LONGEST && (n = space_choices(p->x, path_tuple(p, p->depth), choices)) > 0;)
        path_push(p, choices[below(c, n)]);
    bool whole = p->depth < LONGEST;
    if (whole)
        keep(c);
    while (p->depth)
        path_pop(p);
    return whole;
}

/* Does an event follow on none that is left but its own task's? */
static bool initial(const struct chance *c, const struct walk *w, uint32_t event)
{
    const uint16_t *clock = w->clocks + (size_t)event * w->lanes;
    for (uint32_t t = 0; t < w->lanes; t++)
        if (clock[t] > c->gone[t] && t != w->tasks[event])
            return false;
    return true;
}

static bool asleep(const struct chance *c, const struct walk *w, const struct path *p, const struct node *n)
{
    for (uint32_t i = n->sleep; i < n->sleep + n->nsleep; i++) {
        uint32_t first = c->head[p->sleepers.at[i].task];
        if (first != UINT32_MAX && initial(c, w, first))
            return true;
    }
    return false;
}

static bool behind(struct chance *c, const struct walk *w, const struct path *p)
{
    memset(c->head, 0xff, sizeof c->head);
    memset(c->gone, 0, sizeof c->gone);
    for (uint32_t i = w->n; i-- > 0;)
        c->head[w->tasks[i]] = i;
    for (uint32_t d = 0; !asleep(c, w, p, &p->nodes.at[d]); d++) {
        if (d == w->n)
            return true; /* it is where the search stands */
        uint32_t task = d < p->depth ? p->events.at[d].task : SPACE_TASKS, first = d < p->depth ? c->head[task] : UINT32_MAX;
        if (first == UINT32_MAX || !initial(c, w, first))
            return false;
        c->gone[task]++;
        c->head[task] = w->next[first];
    }
    return true;
}

double chance_seen(struct chance *c, const struct path *p)
{
    uint64_t until = cv_mono_ns() + WALK_NS;
    while (!c->none && c->walks.n < WALKS && cv_mono_ns() < until)
        c->none = !walk(c) || c->bytes > ROOM;
    if (c->none || c->walks.n < WALKS)
        return -1;
    for (size_t i = 0; i < c->walks.n; i++) {
        struct walk *w = &c->walks.at[i];
        if (!w->seen && behind(c, w, p)) {
            w->seen = true;
            c->seen++;
        }
    }
    return (double)c->seen / (double)c->walks.n;
}
