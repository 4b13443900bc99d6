/* How few preemptions a trace can be had with: over all orders of its events that keep what happens before what, the least number of times
 * that a task is left which could have gone on (under async: that the first in line is passed over). A walk over the sets of events that
 * have happened, a number a task, with who was on the core last and the state that this comes to: nought-one breadth first. */
#include <stdlib.h>

#include "explore/bounds.h"

enum { MOST = 1 << 18 };
struct bound {
    struct path *p;
    struct intern nodes;          /* events done by each task, then who was on the core */
    CV_VEC(uint32_t) tuples;      /* by node, width each */
    CV_VEC(uint8_t) settled;      /* by node */
    CV_VEC(uint32_t) here, next;
    uint32_t width, ntasks;
    uint32_t *first, *events;     /* by task: where its events begin in events */
    uint16_t *key;
    uint32_t *tuple;
};

struct bound *bound_new(struct path *p)
{
    struct bound *b = cv_alloc(sizeof *b);
    b->p = p;
    b->first = cv_alloc((SPACE_TASKS + 2) * sizeof *b->first);
    b->key = cv_alloc((SPACE_TASKS + 2) * sizeof *b->key);
    b->tuple = cv_alloc(space_room(p->x) * sizeof *b->tuple);
    return b;
}

void bound_free(struct bound *b)
{
    if (!b)
        return;
    free(b->tuples.at);
    free(b->settled.at);
    free(b->here.at);
    free(b->next.at);
    free(b->first);
    free(b->events);
    free(b->key);
    free(b->tuple);
    free(b);
}

static void sort_events(struct bound *b)
{
    const struct path *p = b->p;
    uint32_t n = 0;
    b->events = cv_realloc(b->events, (p->depth + 1) * sizeof *b->events);
    for (uint32_t t = 0; t < b->ntasks; t++) {
        b->first[t] = n;
        for (uint32_t i = 0; i < p->depth; i++)
            if (p->events.at[i].task == t)
                b->events[n++] = i;
    }
    b->first[b->ntasks] = n;
}

/* The node of key and tuple; new ones get their state. */
static uint32_t node(struct bound *b)
{
    uint32_t id = intern_add(&b->nodes, b->key, (b->ntasks + 1) * sizeof *b->key);
    while (b->settled.n <= id) {
        CV_PUSH(&b->settled, (uint8_t)0);
        for (uint32_t k = 0; k < b->width; k++)
            CV_PUSH(&b->tuples, (uint32_t)0);
    }
    if (!b->tuples.at[(size_t)id * b->width])
        memcpy(b->tuples.at + (size_t)id * b->width, b->tuple, b->width * sizeof *b->tuple);
    return id;
}

/* Its next event in this trace, if all that happens before it has happened; UINT32_MAX. */
static uint32_t next_event(const struct bound *b, const uint16_t *done, uint32_t task)
{
    if (b->first[task] + done[task] >= b->first[task + 1])
        return UINT32_MAX;
    uint32_t e = b->events[b->first[task] + done[task]];
    for (uint32_t t = 0; t < b->ntasks; t++)
        if (t != task && path_clock(b->p, e)[t] > done[t])
            return UINT32_MAX;
    return e;
}

/* What can come after a node, at the same cost or at one more. True: all has happened. */
static bool spread(struct bound *b, uint32_t id)
{
    struct space *x = b->p->x;
    uint16_t done[SPACE_TASKS + 2], choices[SPACE_TASKS + 1];
    size_t size;
    memcpy(done, intern_at(&b->nodes, id, &size), (b->ntasks + 1) * sizeof *done);
    uint32_t total = 0;
    for (uint32_t t = 0; t < b->ntasks; t++)
        total += done[t];
    if (total == b->p->depth)
        return true;
    uint32_t *from = b->p->aside2;
    memset(from, 0, space_room(x) * sizeof *from);
    memcpy(from, b->tuples.at + (size_t)id * b->width, b->width * sizeof *from);
    unsigned n = space_choices(x, from, choices);
    uint32_t natural = space_natural(x, from, choices, n, done[b->ntasks]);
    for (unsigned i = 0; i < n; i++) {
        uint32_t task = choices[i];
        if (next_event(b, done, task) == UINT32_MAX)
            continue;
        bool yields = space_local(x, from[space_task_at(x, task)])->action.op == CV_OP_YIELD;
        memcpy(b->tuple, from, space_room(x) * sizeof *from);
        do {
            space_go(x, b->tuple, task, b->tuple);
        } while (space_control(x, b->tuple)->in_turn == task);
        memcpy(b->key, done, (b->ntasks + 1) * sizeof *done);
        b->key[task]++;
        b->key[b->ntasks] = (uint16_t)(yields ? SPACE_NOBODY : task);
        uint32_t to = node(b);
        if (!b->settled.at[to]) {
            if (natural == SPACE_NOBODY || natural == task)
                CV_PUSH(&b->here, to);
            else
                CV_PUSH(&b->next, to);
        }
    }
    return false;
}

uint32_t bound_of(struct bound *b)
{
    struct path *p = b->p;
    uint32_t cost = 0;
    b->width = p->width;
    b->ntasks = p->ntasks;
    b->tuples.n = b->settled.n = b->here.n = b->next.n = 0;
    intern_init(&b->nodes);
    sort_events(b);
    memset(b->key, 0, (SPACE_TASKS + 2) * sizeof *b->key);
    b->key[b->ntasks] = SPACE_NOBODY;
    space_start(p->x, b->tuple);
    uint32_t first = node(b);
    CV_PUSH(&b->here, first);
    bool found = false;
    for (; b->here.n && !found; cost++) {
        for (size_t i = 0; i < b->here.n && !found; i++) {
            uint32_t id = b->here.at[i];
            if (b->settled.at[id])
                continue;
            b->settled.at[id] = 1;
            found = spread(b, id);
            if (b->nodes.count > MOST)
                break;
        }
        if (found || b->nodes.count > MOST)
            break;
        b->here.n = 0;
        for (size_t i = 0; i < b->next.n; i++)
            CV_PUSH(&b->here, b->next.at[i]);
        b->next.n = 0;
    }
    intern_release(&b->nodes);
    return found ? cost : UINT32_MAX;
}

void bound_note(struct bound *b, struct cv_explore *e)
{
    uint32_t k = bound_of(b);
    if (k == UINT32_MAX || k > 4096) {
        e->bounds_complete = false;
        return;
    }
    if (k >= e->nbounds) {
        e->bounds = cv_realloc(e->bounds, (k + 1) * sizeof *e->bounds);
        for (; e->nbounds <= k; e->nbounds++)
            e->bounds[e->nbounds] = 0;
    }
    e->bounds[k]++;
}

void bound_sum(struct cv_explore *e)
{
    for (uint32_t k = 1; k < e->nbounds; k++)
        e->bounds[k] += e->bounds[k - 1];
}
