/* Wakeup trees: at each point of the path the sequences that have to be begun with there. A race is turned round by the events after
 * its first one that do not depend on it, and then its second; whether that is to be inserted is decided by who could begin it:
 * who sleeps there, or a branch that stands there. */
#include <stdlib.h>

#include "explore/traces.h"

/* One event of a sequence: on the path, or (the last of all) as it would be there. */
struct turned { uint32_t event; uint16_t task; uint32_t index, n; const struct space_access *at; const uint16_t *clock; };
struct sequence { CV_VEC(struct turned) v; struct space_event last; };

static int32_t wake_new(struct path *p, uint32_t task, const struct space_access *at, uint32_t n)
{
    int32_t w = p->free_wakes;
    if (w == TRACE_NONE) {
        struct wake none = {0};
        CV_PUSH(&p->wakes, none);
        w = (int32_t)p->wakes.n - 1;
    } else
        p->free_wakes = p->wakes.at[w].next;
    p->wakes.at[w] = (struct wake){.next = TRACE_NONE, .child = TRACE_NONE, .task = (uint16_t)task};
    does_set(&p->wakes.at[w].does, at, n);
    return w;
}

static void wake_drop(struct path *p, int32_t w)
{
    does_release(&p->wakes.at[w].does);
    p->wakes.at[w].next = p->free_wakes;
    p->free_wakes = w;
}

void wakeup_free(struct path *p, int32_t tree)
{
    while (tree != TRACE_NONE) {
        int32_t next = p->wakes.at[tree].next;
        wakeup_free(p, p->wakes.at[tree].child);
        wake_drop(p, tree);
        tree = next;
    }
}

uint32_t wakeup_take(struct path *p, struct node *n, int32_t *child)
{
    int32_t w = n->tree;
    uint32_t task = p->wakes.at[w].task;
    *child = p->wakes.at[w].child;
    n->tree = p->wakes.at[w].next;
    wake_drop(p, w);
    return task;
}

/* Could an event of task, which does this where the sequence begins, begin it? Then *at is its place in it, or the length. */
static bool begins(const struct turned *v, uint32_t n, uint32_t task, const struct does *d, uint32_t *at)
{
    uint32_t k = 0;
    while (k < n && v[k].task != task)
        k++;
    *at = k;
    if (k == n) {
        for (uint32_t i = 0; i < n; i++)
            if (does_meet(does_at(d), d->n, v[i].at, v[i].n))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < k; i++)
        if (v[k].clock[v[i].task] >= v[i].index)
            return false;
    return true;
}

/* The clock of the last event where it comes right behind the others: what it follows on there, not what it met on the path. */
static void clock_anew(const struct path *p, struct sequence *s, const uint16_t *base, uint16_t *clock)
{
    struct turned *last = &s->v.at[s->v.n - 1];
    memcpy(clock, base, p->ntasks * sizeof *clock);
    clock[last->task] = (uint16_t)last->index;
    for (size_t i = 0; i + 1 < s->v.n; i++) {
        const struct turned *t = &s->v.at[i];
        if (t->task == last->task || does_meet(t->at, t->n, last->at, last->n))
            for (uint32_t k = 0; k < p->ntasks; k++)
                clock[k] = clock[k] > t->clock[k] ? clock[k] : t->clock[k];
    }
    last->clock = clock;
}

/* What the last event of the sequence does where it comes right behind the others. False: it may not go there. */
static bool look_anew(struct path *p, uint32_t first, struct sequence *s)
{
    struct turned *last = &s->v.at[s->v.n - 1];
    bool simple;
    if (space_width(p->x) > p->width)
        memset(p->sim + p->width, 0, (space_width(p->x) - p->width) * sizeof *p->sim);
    memcpy(p->sim, path_tuple(p, first), p->width * sizeof *p->sim);
    for (size_t i = 0; i < s->v.n; i++)
        if (!path_would(p, s->v.at[i].task, p->sim, &s->last, &simple))
            return false;
    last->at = s->last.at;
    last->n = (uint32_t)s->last.n;
    return true;
}

static void insert(struct path *p, struct node *node, struct turned *v, uint32_t n)
{
    int32_t parent = TRACE_NONE, w = node->tree, *link;
    uint32_t at;
    for (;;) {
        while (w != TRACE_NONE && !begins(v, n, p->wakes.at[w].task, &p->wakes.at[w].does, &at))
            w = p->wakes.at[w].next;
        if (w == TRACE_NONE)
            break;
        if (at < n) {
            memmove(v + at, v + at + 1, (n - at - 1) * sizeof *v);
            n--;
        }
        if (n == 0 || p->wakes.at[w].child == TRACE_NONE)
            return; /* what is begun with there leads to it */
        parent = w;
        w = p->wakes.at[w].child;
    }
    for (uint32_t i = 0; i < n; i++) { /* a new branch, behind the others */
        int32_t made = wake_new(p, v[i].task, v[i].at, v[i].n);
        link = parent == TRACE_NONE ? &node->tree : &p->wakes.at[parent].child;
        while (*link != TRACE_NONE)
            link = &p->wakes.at[*link].next;
        *link = made;
        parent = made;
    }
}

static void add(struct path *p, struct sequence *s, uint32_t event)
{
    const struct event *e = &p->events.at[event];
    struct turned t = {event, e->task, e->index, e->n, NULL, path_clock(p, event)};
    CV_PUSH(&s->v, t);
}

void wakeup_turn(struct path *p, uint32_t first, uint32_t second, uint32_t task, const uint16_t *clock)
{
    struct sequence *s = p->sequence;
    const struct event *e = &p->events.at[first];
    struct node *node = &p->nodes.at[first];
    uint16_t anew[SPACE_TASKS + 1];
    uint32_t at;
    bool simple = second != UINT32_MAX && p->events.at[second].simple;
    s->v.n = 0;
    for (uint32_t i = first + 1; i < p->depth; i++)
        if (path_clock(p, i)[e->task] < e->index)
            add(p, s, i);
    if (second != UINT32_MAX)
        add(p, s, second);
    else {
        struct turned t = {UINT32_MAX, (uint16_t)task, p->last[task] ? p->events.at[p->last[task] - 1].index + 1 : 1, 0, NULL, clock};
        CV_PUSH(&s->v, t);
    }
    p->flat.n = 0; /* accesses one after the other: those of the path have more around them */
    for (size_t i = 0; i < s->v.n; i++) {
        const struct event *x = s->v.at[i].event == UINT32_MAX ? NULL : &p->events.at[s->v.at[i].event];
        for (uint32_t k = 0; x && k < x->n; k++)
            CV_PUSH(&p->flat, p->met.at[x->met + k].a);
    }
    size_t used = 0;
    for (size_t i = 0; i < s->v.n; i++) {
        s->v.at[i].at = p->flat.at + used;
        used += s->v.at[i].n;
    }
    if (!simple && !look_anew(p, first, s))
        return; /* it could not have come before */
    if (second == UINT32_MAX)
        clock_anew(p, s, clock, anew);
    else if (!simple || p->events.at[second].lock)
        clock_anew(p, s, p->bases.at + p->events.at[second].base, anew);
    for (uint32_t i = node->sleep; i < node->sleep + node->nsleep; i++)
        if (begins(s->v.at, (uint32_t)s->v.n, p->sleepers.at[i].task, &p->sleepers.at[i].does, &at))
            return;
    insert(p, node, s->v.at, (uint32_t)s->v.n);
}

struct sequence *wakeup_new(void) { return cv_alloc(sizeof(struct sequence)); }
void wakeup_release(struct sequence *s)
{
    free(s->v.at);
    free(s->last.at);
    free(s);
}
