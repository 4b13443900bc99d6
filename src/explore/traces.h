/* The path of the search for traces: events, what they met, clocks, wakeup trees. Between traces.c (the search), path.c (the path) and
 * wakeup.c (the trees). */
#ifndef CONVIS_EXPLORE_TRACES_H
#define CONVIS_EXPLORE_TRACES_H

#include <string.h>

#include "explore/run.h"

enum { DOES_INLINE = 3, TRACE_NONE = -1 };
/* What an event does to others. */
struct marks { uint64_t reads, writes; }; /* addresses, a bit for each that may be among them: what marks do not meet does not meet */
struct does { uint32_t n; struct space_access at[DOES_INLINE], *more; /* all of them, where they are more than fit */ struct marks marks; };
static inline void marks_add(struct marks *m, const struct space_access *a)
{
    uint64_t bit = (uint64_t)1 << (a->address & 63);
    if (a->kind == SPACE_READ)
        m->reads |= bit;
    else
        m->writes |= bit;
}
static inline bool marks_meet(const struct marks *a, const struct marks *b) { return (a->writes & (b->reads | b->writes)) || (a->reads & b->writes); }
static inline const struct space_access *does_at(const struct does *d) { return d->more ? d->more : d->at; }
static inline bool does_meet(const struct space_access *a, uint32_t na, const struct space_access *b, uint32_t nb)
{
    for (uint32_t i = 0; i < na; i++)
        for (uint32_t k = 0; k < nb; k++)
            if (a[i].address == b[k].address && space_kinds_conflict(a[i].kind, b[k].kind))
                return true;
    return false;
}
void does_set(struct does *d, const struct space_access *at, uint32_t n);
void does_release(struct does *d);

struct wake { int32_t next, child; uint16_t task; struct does does; };
struct sleeper { uint16_t task; struct does does; };
struct event {
    uint16_t task;
    bool simple, lock;            /* simple: what it does cannot change when it is turned round; lock: it races with what it does not follow on */
    uint32_t index, before;       /* of its task, from 1; 1 + the task's event before it */
    uint32_t met, n;              /* its accesses, in the path's */
    uint32_t race, nraces;        /* in the path's */
    struct marks marks;
    uint32_t started, base;       /* in the path's undo list: from here on; where lock or not simple: its clock without what it met, in bases */
};
/* An access on the path. before: the access to its address before it; write: the last write of its address before it. */
struct met { struct space_access a; int32_t before, write; uint32_t event, ordinal; /* of puts, of gets */ };
struct node { uint32_t sleep, nsleep, branches; int32_t tree; }; /* its sleepers; branches gone so far; the others */
struct started { uint16_t task; uint32_t clock, n; }; /* a task whose start clock was changed, and where its old one is kept */
struct path {
    struct run *r;
    struct space *x;
    uint32_t depth, width, ntasks; /* events; numbers of a tuple; of a clock */
    CV_VEC(uint32_t) tuples;      /* depth + 1 of them */
    CV_VEC(uint16_t) clocks;      /* by event */
    CV_VEC(struct event) events;
    CV_VEC(struct node) nodes;    /* depth + 1 */
    CV_VEC(struct met) met;
    CV_VEC(uint32_t) races;       /* by event: the earlier ones that it races with */
    CV_VEC(struct sleeper) sleepers;
    CV_VEC(struct wake) wakes;
    CV_VEC(struct started) started;
    CV_VEC(uint16_t) old_starts, bases;
    uint16_t *starts;             /* by task, a clock: what made it ready to go */
    uint32_t *last;               /* by task: 1 + its last event */
    int32_t *heads;               /* by address: the last access to it */
    int32_t free_wakes;
    struct space_event event, flat; /* of the step being made; of one gone back over */
    struct sequence *sequence;
    struct bound *bound;          /* NULL: not asked for */
    bool doubt;                   /* the event being made might not be able to go where it is turned to */
    uint64_t told;                /* failures that have a schedule */
    uint32_t fresh;               /* events from here on are new since the last end */
    uint16_t *least;              /* by task: the least that new events know of it */
    uint32_t *sim, *spare, *spare2; /* tuples; sim: nothing but zeros behind width */
};
static inline uint32_t *path_tuple(const struct path *p, uint32_t depth) { return p->tuples.at + (size_t)depth * p->width; }
static inline uint16_t *path_clock(const struct path *p, uint32_t event) { return p->clocks.at + (size_t)event * p->ntasks; }
static inline const struct met *path_met(const struct path *p, const struct event *e) { return p->met.at + e->met; }

void path_init(struct path *p, struct run *r, struct space *x);
void path_release(struct path *p);
void path_push(struct path *p, uint32_t task); /* one event, from the last state */
void path_pop(struct path *p);
/* The accesses that the last event of a task would have, from the state at sim, which moves on behind it. False: it may not go. */
bool path_would(struct path *p, uint32_t task, uint32_t *sim, struct space_event *event, bool *simple);
/* What a task that waits at the end of the path would have met: events it races with, at most cap; its clock without them. */
uint32_t path_pending(struct path *p, uint32_t task, uint32_t *races, uint32_t cap, uint16_t *clock);

/* Turns the race of event first with `second` (UINT32_MAX: the pending step of task) round: if nothing at that point leads to it, it goes into
 * the wakeup tree there. clock: of the pending one. */
void wakeup_turn(struct path *p, uint32_t first, uint32_t second, uint32_t task, const uint16_t *clock);
/* Takes the first branch off the tree of a node: its task; its own branches are then *child. */
uint32_t wakeup_take(struct path *p, struct node *n, int32_t *child);
struct sequence *wakeup_new(void);
void wakeup_release(struct sequence *s);
void wakeup_free(struct path *p, int32_t tree);

#endif
