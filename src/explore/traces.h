/* The path of the search for traces: events, what they met, clocks, wakeup trees. Between traces.c (the search), path.c (the path) and
 * wakeup.c (the trees). */
#ifndef CONVIS_EXPLORE_TRACES_H
#define CONVIS_EXPLORE_TRACES_H

#include <string.h>

#include "explore/does.h"
#include "explore/run.h"

enum { TRACE_NONE = -1, CLOCK_LANES = 8, CLOCK_MOST = 256 /* tasks, in whole lanes */, WAKE_SIZES = 3 };

/* A piece of a wakeup tree without branches in it: steps one after the other (does << 8 | task), then its children; the first `taken` are gone. */
struct wake { struct wake *next, *child; uint16_t n, taken, cap; uint32_t steps[]; };
struct sleeper { uint32_t does; uint16_t task; };
struct event {
    uint16_t task;
    bool simple, lock;            /* simple: what it does cannot change when it is turned round; lock: it races with what it does not follow on */
    uint32_t does, index, before; /* index: of its task, from 1; before: 1 + the task's event before it */
    uint32_t next;                /* the task's event after it, where there is one */
    uint32_t met, n;              /* its accesses, in the path's */
    uint32_t race, nraces, turns; /* in the path's: those with earlier events; those with later ones: 1 + the last of them, a chain */
    struct marks marks;           /* of what it does */
    uint32_t started, base;       /* in the path's undo list: from here on; where lock or not simple: its clock without what it met, in bases */
};
/* An access on the path. before: the access to its address before it; write: the last write of its address before it. */
struct met { struct space_access a; int32_t before, write; uint32_t event, ordinal; /* of puts, of gets */ };
/* Its sleepers; branches gone so far; the others; a bit for each task that sleeps (modulo 64). */
struct node { uint32_t sleep, nsleep, branches; struct wake *tree; uint64_t asleep; };
struct started { uint16_t task; uint32_t clock; }; /* a task whose start clock was changed, and where its old one is kept */
struct race { uint32_t first, second, next; }; /* next: the one before it with the same first, 1 + its place */
struct path {
    struct run *r;
    struct space *x;
    uint32_t depth, width, ntasks, lanes; /* events; numbers of a tuple; of a clock; the same in whole lanes, which is how clocks lie: zeros behind */
    CV_VEC(uint32_t) tuples;      /* depth + 1 of them */
    CV_VEC(uint16_t) clocks;      /* by event */
    CV_VEC(struct event) events;
    CV_VEC(struct node) nodes;    /* depth + 1 */
    CV_VEC(struct met) met;
    CV_VEC(struct race) races;    /* by their second */
    CV_VEC(struct sleeper) sleepers;
    CV_VEC(struct started) started;
    CV_VEC(uint16_t) old_starts, bases;
    struct does_table does;
    uint16_t *starts;             /* by task, a clock (CLOCK_MOST): what made it ready to go */
    uint32_t *last;               /* by task: 1 + its last event */
    int32_t *heads;               /* by address: the last access to it */
    size_t wake_bytes;            /* of the wakeup trees */
    struct wake *spare[WAKE_SIZES]; /* pieces that are free, by size */
    struct space_event event;     /* of the step being made */
    struct sequence *sequence;
    struct bound *bound;          /* NULL: not asked for */
    bool cut;                     /* a waiting step met more than are looked at */
    bool judging;                 /* each trace is shown to who finds something in it */
    bool doubt;                   /* the event being made might not be able to go where it is turned to */
    uint64_t told;                /* failures that have a schedule */
    uint64_t ends;                /* executions looked at: what wakeup.c knows of the path holds for one of them */
    uint32_t fresh;               /* events from here on are new since the last end */
    uint32_t *sim, *aside, *aside2; /* tuples; sim: nothing but zeros behind width */
};
static inline uint32_t *path_tuple(const struct path *p, uint32_t depth) { return p->tuples.at + (size_t)depth * p->width; }
static inline uint16_t *path_clock(const struct path *p, uint32_t event) { return p->clocks.at + (size_t)event * p->lanes; }
static inline const struct met *path_met(const struct path *p, const struct event *e) { return p->met.at + e->met; }

/* A place for one more, to be filled there: what is built elsewhere and copied is read before it is written out. */
#define PATH_MORE(v) ((v)->n < (v)->cap ? (void)0 : cv_vec_grow((void **)&(v)->at, (v)->n, &(v)->cap, sizeof *(v)->at), &(v)->at[(v)->n++])

/* Clocks, eight numbers at a time. */
typedef uint16_t lanes __attribute__((vector_size(2 * CLOCK_LANES), aligned(2), may_alias));
static inline void clock_copy(uint16_t *to, const uint16_t *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k += CLOCK_LANES)
        *(lanes *)(to + k) = *(const lanes *)(from + k);
}
static inline void clock_join(uint16_t *to, const uint16_t *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k += CLOCK_LANES) {
        lanes a = *(const lanes *)(to + k), b = *(const lanes *)(from + k), more = (lanes)(a > b);
        *(lanes *)(to + k) = (a & more) | (b & ~more);
    }
}
static inline void clock_meet(uint16_t *to, const uint16_t *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k += CLOCK_LANES) {
        lanes a = *(const lanes *)(to + k), b = *(const lanes *)(from + k), less = (lanes)(a < b);
        *(lanes *)(to + k) = (a & less) | (b & ~less);
    }
}

void path_init(struct path *p, struct run *r, struct space *x);
void path_release(struct path *p);
size_t path_memory(const struct path *p);
void path_push(struct path *p, uint32_t task); /* one event, from the last state */
void path_pop(struct path *p);
/* The accesses that the last event of a task would have, from the state at sim, which moves on behind it. False: it may not go. */
bool path_would(struct path *p, uint32_t task, uint32_t *sim, struct space_event *event, bool *simple);
/* What a task that waits at the end of the path would have met: events it races with, at most cap; its clock without them. */
uint32_t path_pending(struct path *p, uint32_t task, uint32_t *races, uint32_t cap, uint16_t *clock);

/* Turns the race of event first with `second` (UINT32_MAX: the pending step of task) round: if nothing at that point leads to it, it goes into
 * the wakeup tree there. clock: of the pending one. */
void wakeup_turn(struct path *p, uint32_t first, uint32_t second, uint32_t task, const uint16_t *clock);
/* Takes the first step off the tree of a node: its task; what comes behind it there is then *child. */
uint32_t wakeup_take(struct path *p, struct node *n, struct wake **child);
struct sequence *wakeup_new(void);
void wakeup_release(struct sequence *s);
void wakeup_free(struct path *p, struct wake *tree);
void wakeup_empty(struct path *p); /* of what is spare */

#endif
