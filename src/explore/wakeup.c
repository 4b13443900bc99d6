/* Wakeup trees: at each point of the path the sequences that have to be begun with there. A race is turned round by the events after
 * its first one that do not depend on it, and then its second; whether that is to be inserted is decided by who could begin it:
 * who sleeps there, or a branch that stands there. */
#include <stdlib.h>

#include "explore/traces.h"

/* A sequence: events of the path by number, then the one that is turned, as it would be there. */
struct turned { uint16_t task; uint32_t index, n; const struct space_access *at; const uint16_t *clock; };
struct sequence {
    uint32_t *events, cap, n;     /* n: the last one is `last` */
    struct turned last;
    struct space_event flat, anew;
    uint16_t clock[SPACE_TASKS + 1];
};
enum { LAST = UINT32_MAX };

static inline uint32_t task_at(const struct path *p, const struct sequence *s, uint32_t k) { return s->events[k] == LAST ? s->last.task : p->events.at[s->events[k]].task; }
static inline uint32_t index_at(const struct path *p, const struct sequence *s, uint32_t k) { return s->events[k] == LAST ? s->last.index : p->events.at[s->events[k]].index; }
static inline const uint16_t *clock_at(const struct path *p, const struct sequence *s, uint32_t k) { return s->events[k] == LAST ? s->last.clock : path_clock(p, s->events[k]); }

static bool meets(const struct path *p, const struct sequence *s, uint32_t k, const struct space_access *at, uint32_t n)
{
    if (s->events[k] == LAST)
        return does_meet(s->last.at, s->last.n, at, n);
    const struct event *e = &p->events.at[s->events[k]];
    const struct met *m = path_met(p, e);
    for (uint32_t i = 0; i < e->n; i++)
        for (uint32_t j = 0; j < n; j++)
            if (m[i].a.address == at[j].address && space_kinds_conflict(m[i].a.kind, at[j].kind))
                return true;
    return false;
}

/* The accesses of one of them, one after the other. */
static const struct space_access *accesses_at(const struct path *p, struct sequence *s, uint32_t k, uint32_t *n)
{
    if (s->events[k] == LAST)
        return *n = s->last.n, s->last.at;
    const struct event *e = &p->events.at[s->events[k]];
    s->flat.n = 0;
    for (uint32_t i = 0; i < e->n; i++)
        CV_PUSH(&s->flat, path_met(p, e)[i].a);
    return *n = e->n, s->flat.at;
}

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
static bool begins(const struct path *p, const struct sequence *s, uint32_t task, const struct does *d, uint32_t *at)
{
    uint32_t k = 0;
    while (k < s->n && task_at(p, s, k) != task)
        k++;
    *at = k;
    if (k == s->n) {
        for (uint32_t i = s->n; i-- > 0;)
            if (meets(p, s, i, does_at(d), d->n))
                return false;
        return true;
    }
    const uint16_t *clock = clock_at(p, s, k);
    for (uint32_t i = 0; i < k; i++)
        if (clock[task_at(p, s, i)] >= index_at(p, s, i))
            return false;
    return true;
}

/* The clock of the last event where it comes right behind the others: what it follows on there, not what it met on the path. */
static void clock_anew(const struct path *p, struct sequence *s, const uint16_t *base)
{
    memcpy(s->clock, base, p->ntasks * sizeof *base);
    s->clock[s->last.task] = (uint16_t)s->last.index;
    for (uint32_t i = 0; i + 1 < s->n; i++) {
        if (task_at(p, s, i) != s->last.task && !meets(p, s, i, s->last.at, s->last.n))
            continue;
        const uint16_t *c = clock_at(p, s, i);
        for (uint32_t k = 0; k < p->ntasks; k++)
            s->clock[k] = s->clock[k] > c[k] ? s->clock[k] : c[k];
    }
    s->last.clock = s->clock;
}

/* What the last event of the sequence does where it comes right behind the others. False: it may not go there. */
static bool look_anew(struct path *p, uint32_t first, struct sequence *s)
{
    bool simple;
    if (space_width(p->x) > p->width)
        memset(p->sim + p->width, 0, (space_width(p->x) - p->width) * sizeof *p->sim);
    memcpy(p->sim, path_tuple(p, first), p->width * sizeof *p->sim);
    for (uint32_t i = 0; i < s->n; i++)
        if (!path_would(p, task_at(p, s, i), p->sim, &s->anew, &simple))
            return false;
    s->last.at = s->anew.at;
    s->last.n = (uint32_t)s->anew.n;
    return true;
}

static void insert(struct path *p, struct node *node, struct sequence *s)
{
    int32_t parent = TRACE_NONE, w = node->tree, *link;
    uint32_t at, n;
    for (;;) {
        while (w != TRACE_NONE && !begins(p, s, p->wakes.at[w].task, &p->wakes.at[w].does, &at))
            w = p->wakes.at[w].next;
        if (w == TRACE_NONE)
            break;
        if (at < s->n) {
            memmove(s->events + at, s->events + at + 1, (s->n - at - 1) * sizeof *s->events);
            s->n--;
        }
        if (s->n == 0 || p->wakes.at[w].child == TRACE_NONE)
            return; /* what is begun with there leads to it */
        parent = w;
        w = p->wakes.at[w].child;
    }
    for (uint32_t i = 0; i < s->n; i++) { /* a new branch, behind the others */
        const struct space_access *accesses = accesses_at(p, s, i, &n);
        int32_t made = wake_new(p, task_at(p, s, i), accesses, n);
        link = parent == TRACE_NONE ? &node->tree : &p->wakes.at[parent].child;
        while (*link != TRACE_NONE)
            link = &p->wakes.at[*link].next;
        *link = made;
        parent = made;
    }
}

/* At a glance: does somebody sleep there who has no part in the sequence and meets nothing of it? Then it was seen. */
static bool sleeps_through(const struct path *p, const struct node *node, const struct event *turned, uint32_t first, const uint16_t *column, uint32_t index)
{
    struct marks all = turned->marks;
    uint64_t tasks = (uint64_t)1 << (turned->task & 63);
    for (uint32_t i = first + 1; i < p->depth; i++, column += p->ntasks) {
        const struct event *e = &p->events.at[i];
        uint64_t in = -(uint64_t)(*column < index);
        all.reads |= e->marks.reads & in;
        all.writes |= e->marks.writes & in;
        tasks |= (uint64_t)1 << (e->task & 63) & in;
    }
    for (uint32_t i = node->sleep; i < node->sleep + node->nsleep; i++) {
        const struct sleeper *z = &p->sleepers.at[i];
        if (!(tasks >> (z->task & 63) & 1) && !marks_meet(&all, &z->does.marks))
            return true;
    }
    return false;
}

void wakeup_turn(struct path *p, uint32_t first, uint32_t second, uint32_t task, const uint16_t *clock)
{
    struct sequence *s = p->sequence;
    const struct event *e = &p->events.at[first], *turned = second == UINT32_MAX ? NULL : &p->events.at[second];
    struct node *node = &p->nodes.at[first];
    uint32_t at, column = e->task, index = e->index;
    if (s->cap < p->depth + 1) {
        s->cap = 2 * p->depth + 64;
        s->events = cv_realloc(s->events, s->cap * sizeof *s->events);
    }
    const uint16_t *c = path_clock(p, first + 1) + column;
    if (turned && turned->simple && node->nsleep && sleeps_through(p, node, turned, first, c, index))
        return;
    s->n = 0;
    for (uint32_t i = first + 1; i < p->depth; i++, c += p->ntasks)
        if (*c < index)
            s->events[s->n++] = i;
    s->events[s->n++] = LAST;
    s->last = (struct turned){.task = (uint16_t)task};
    if (turned) {
        s->last.index = turned->index;
        s->last.clock = path_clock(p, second);
        s->last.n = turned->n;
        s->anew.n = 0;
        for (uint32_t i = 0; i < turned->n; i++)
            CV_PUSH(&s->anew, path_met(p, turned)[i].a);
        s->last.at = s->anew.at;
    } else
        s->last.index = p->last[task] ? p->events.at[p->last[task] - 1].index + 1 : 1;
    if ((!turned || !turned->simple) && !look_anew(p, first, s))
        return; /* it could not have come before */
    if (!turned || !turned->simple || turned->lock)
        clock_anew(p, s, turned ? p->bases.at + turned->base : clock);
    for (uint32_t i = node->sleep; i < node->sleep + node->nsleep; i++)
        if (begins(p, s, p->sleepers.at[i].task, &p->sleepers.at[i].does, &at))
            return;
    insert(p, node, s);
}

struct sequence *wakeup_new(void) { return cv_alloc(sizeof(struct sequence)); }
void wakeup_release(struct sequence *s)
{
    free(s->events);
    free(s->flat.at);
    free(s->anew.at);
    free(s);
}
