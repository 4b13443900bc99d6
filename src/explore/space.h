/* The states of a program under the rules of a model, as tuples of numbers, and the step between them: the stage's own, carried
 * out once for each pair of local state and what it meets, and looked up from then on.
 *
 * A tuple has a number for each component: the control part (who is where, sync table, timers), the output so far, each shared
 * variable (a list of fixed length: each element), and for each task what it holds itself (and its own copy of [shared]).
 * What no later step rests on is left out: time (but where the program looks at it), versions, finished tasks' locals.
 * Who sleeps may go: the others are slow, and time moves on until he is due.
 *
 * All states here are settled: there is something to choose, or all is over. What nobody chooses (an implicit main, the end of a
 * loop) belongs to the step before it. Where a closing loop asks (see stage_asks), that its pass ends is a choice too, and the step of task 0;
 * so is the end of an implicit main that leaves others behind. */
#ifndef CONVIS_EXPLORE_SPACE_H
#define CONVIS_EXPLORE_SPACE_H

#include "engine/stage.h"
#include "explore/intern.h"

enum { SPACE_TASKS = 250, SPACE_FLAT = 128 /* elements of a list that are components of their own */, SPACE_NOBODY = 0xffff };
enum {
    SPACE_FIFO = 1,               /* async: keep the order in which tasks are ready, for the cost of leaving it */
    SPACE_PLAIN = 2               /* carry every step out on the stage, remember none: what tests hold the others to */
};

/* What a step does to others: kinds on addresses. An address is a component, or one of those below. */
enum space_kind { SPACE_READ, SPACE_WRITE, SPACE_LOCK, SPACE_UNLOCK, SPACE_PUT, SPACE_GET, SPACE_RELEASE };
struct space_access { uint32_t address; uint8_t kind; bool atomic; };
struct space_event { struct space_access *at; size_t n, cap; };
static inline bool space_kinds_conflict(unsigned a, unsigned b)
{
    static const uint8_t table[7] = {
        1 << SPACE_WRITE,                                                                      /* READ */
        0x7f,                                                                                  /* WRITE */
        1 << SPACE_WRITE | 1 << SPACE_LOCK | 1 << SPACE_UNLOCK | 1 << SPACE_RELEASE,           /* LOCK, acquire */
        1 << SPACE_WRITE | 1 << SPACE_LOCK | 1 << SPACE_UNLOCK,                                /* UNLOCK */
        1 << SPACE_WRITE | 1 << SPACE_PUT,                                                     /* PUT */
        1 << SPACE_WRITE | 1 << SPACE_GET,                                                     /* GET */
        1 << SPACE_WRITE | 1 << SPACE_LOCK,                                                    /* RELEASE */
    };
    return table[a] >> b & 1;
}

/* A control part, decoded. */
struct control {
    uint32_t n, in_turn;          /* tasks; async: whose turn goes on, or SPACE_NOBODY */
    bool over, timers, timeless, closing, asks, main_asks; /* timeless: no timer runs and nobody looks at the clock; as stage_asks, stage_main_asks */
    uint8_t outcome;
    uint32_t holder, text;        /* text: why it ended, a string */
    uint64_t now;                 /* where time is part of the state */
    struct control_task {
        uint8_t phase, hops, row, closing; /* row: enum cv_row_state; closing: CLOSING_MUST and the like */
        bool worker, again, held, called, in_pass, free; /* in_pass: by the loop's own order; free: a memory step of his rests on what it meets alone */
        uint16_t rank, memory;    /* memory: whose own copy it sees, or SPACE_NOBODY */
        uint32_t failure, failure_line, parent, serves; /* serves: whose block a worker runs */
        uint64_t due;             /* of a sleeper, from now on; 0 where there is no clock */
    } *tasks;
};
/* What stands in front of a task, decoded; what is asked at every step comes first. */
struct local {
    uint32_t met, next, left;     /* what a memory step comes to where the control part stays as it is: for the value met last, 0 where it is blind */
    uint32_t at;                  /* of a memory action: the component it is about, where that is the same for all tasks; UINT32_MAX: an item outside */
    bool varies;                  /* it is not */
    bool quick, blind, reads, swaps; /* quick: a memory action of one component; blind: it does not look at it; reads: it leaves it; swaps: cas */
    bool sync, end;               /* end: nothing visible is in front of the task's end */
    bool known;
    int64_t index;                /* of an item, as computed */
    struct local_action {         /* of a cv_action what is asked for: there are many of these */
        uint8_t op;
        bool memory, await, visible;
        uint16_t line;
        int32_t arg, b;
        struct { uint64_t payload; uint8_t tag; } value;
    } action;
};
/* For the sync table. */
static inline struct cv_action space_action(const struct local *l)
{
    const struct local_action *a = &l->action;
    return (struct cv_action){.op = a->op, .memory = a->memory, .await = a->await, .visible = a->visible, .line = a->line, .arg = a->arg,
                              .b = a->b, .value = {.payload = a->value.payload, .tag = a->value.tag}};
}
struct space_change { uint32_t component, id; };
/* A memory step that changed the control part too (a task that ends), as it was met last: what it rests on, and what it came to. */
struct space_turn { uint32_t control, id, met, main; uint16_t task; uint32_t then, next, left, main_then; };
enum { SPACE_TURNS = 1 << 13 };
struct space {
    const struct cv_program *program;
    struct cv_order order;
    struct cv_shm shm;
    struct cv_machine machine;
    struct stage stage;
    unsigned flags;
    bool async, absolute, clock, checks, own, cuts, leaves; /* absolute: what time it is belongs to the state; clock: so does how long sleepers still
                                                       sleep; own: own copies exist; cuts: one task can end the whole run; leaves: and leave tasks behind that were
                                                       spawned */
    uint32_t nfixed, per_task, nown, most, loaded, asked; /* most: tasks there have been; loaded: the control that stands in the sync table */
    struct var_at { uint32_t base, own, n; bool flat, list; } *vars; /* first component, of the task's own ones, elements */
    struct intern controls, locals, values, outputs, outcomes;
    struct body_uses { bool me, name, random, ids; } *bodies; /* what of itself a body asks for */
    CV_VEC(struct control) control;
    CV_VEC(struct local) local;
    struct { struct space_end { uint32_t key; } *at; size_t n, cap; } ends; /* by number in outcomes: the judge's */
    struct memo reads, memory, waits, steps;
    struct space_turn *turns;     /* SPACE_TURNS, by space_turn_at */
    struct { struct space_change *at; size_t n, cap; } changes; /* what remembered steps change */
    struct cv_task *spare;        /* a block for one task that is looked at */
    uint32_t spare_bytes;
    uint32_t *scratch, nscratch, *before, *start; /* words; start: the first state */
    uint64_t direct;              /* steps carried out on the stage itself */
    const char *limit;            /* a limit was met that is the explorer's own, or that it does not keep count of as a run does: which; NULL */
    uint32_t most_tasks;          /* started in all, as a run may */
    uint64_t most_bytes, most_output, timeout_ns; /* as the order has them */
    uint64_t spun;                /* what is local since the state was put on the stage, in rounds of the interpreter's breaker */
    bool astray;                  /* something went on and on without a visible step, and was broken off: what comes after is not so */
    uint64_t taken;               /* by alloc, in the state that stands on the stage */
    uint64_t most_cells, most_lists; /* of the lists of any task so far; bytes that a step took for them */
    CV_VEC(uint64_t) printed;     /* by output: bytes */
};

/* NULL: it cannot be, why says. */
struct space *space_new(const struct cv_program *p, const struct cv_order *order, unsigned flags, struct cv_buf *why);
void space_free(struct space *x);
size_t space_memory(const struct space *x);

static inline uint32_t space_task_at(const struct space *x, uint32_t task) { return x->nfixed + task * x->per_task; }
/* Components of tuples; a tuple with fewer tasks ends in zeros. */
static inline uint32_t space_width(const struct space *x) { return space_task_at(x, x->most); }
enum { SPACE_CONTROL = 0, SPACE_OUTPUT = 1, SPACE_FIRST_VAR = 2 };
/* Tuples must have room for SPACE_TASKS tasks: space_room numbers. */
static inline uint32_t space_room(const struct space *x) { return space_task_at(x, SPACE_TASKS); }

void space_start(struct space *x, uint32_t *tuple);
static inline const struct control *space_control(const struct space *x, const uint32_t *tuple) { return &x->control.at[tuple[SPACE_CONTROL]]; }
const struct local *space_local_anew(struct space *x, uint32_t id);
static inline const struct local *space_local(struct space *x, uint32_t id) /* valid until the next step */
{
    return id < x->local.n && x->local.at[id].known ? &x->local.at[id] : space_local_anew(x, id);
}
/* Who may go, in order; 0: it is over. room for SPACE_TASKS. */
unsigned space_choices(struct space *x, const uint32_t *tuple, uint16_t *tasks);
bool space_may(struct space *x, const uint32_t *tuple, uint32_t task); /* is it among them? */
/* Without choices: did all end, or does nobody get on any more? */
enum cv_outcome space_outcome(struct space *x, const uint32_t *tuple);
/* What the step of a task that may go does to others, added to the event. */
void space_accesses(struct space *x, const uint32_t *tuple, uint32_t task, struct space_event *event);
/* What can be told only when the step was made, which led to a tuple: a worker's block ended, so that it can have another; a task ended whose
 * end may end the run and leave others behind (whether it does rests on who else has ended). */
void space_ends(struct space *x, uint32_t from /* control */, uint32_t task, const uint32_t *to, struct space_event *event);
/* The step of a task that may go: to (may be from) is settled. */
void space_go(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to);
/* The task that costs nothing: who is on the core and may go, under async the first in line. SPACE_NOBODY: all cost the same. */
uint32_t space_natural(struct space *x, const uint32_t *tuple, const uint16_t *tasks, unsigned n, uint32_t current);

/* Addresses that are no components. */
static inline uint32_t space_sync_at(const struct space *x, uint32_t sync) { return space_room(x) + sync; }
enum { SPACE_SPAWN, SPACE_POOL, SPACE_TIME, SPACE_RUN, SPACE_SPECIALS };
static inline uint32_t space_special_at(const struct space *x, unsigned special) { return space_room(x) + x->program->nsyncs + special; }
static inline uint32_t space_addresses(const struct space *x) { return space_special_at(x, SPACE_SPECIALS); }

/* The component that a memory action is about; UINT32_MAX: an item outside of its list. */
static inline uint32_t space_component(const struct space *x, const struct control *c, uint32_t task, const struct local *l)
{
    uint32_t owner = c->tasks[task].memory;
    if (!l->varies || owner == SPACE_NOBODY || l->at == UINT32_MAX)
        return l->at;
    const struct var_at *v = &x->vars[l->action.arg];
    return space_task_at(x, owner) + v->own + (l->at - v->base);
}

/* The fast way: what a memory step comes to where the control part stays as it is, if that is known; false: take space_go and then
 * space_learn. *component gets *left (UINT32_MAX: none changes), the task's own *next. */
static inline bool space_quick(const struct space *x, const struct control *c, const uint32_t *tuple, uint32_t task, uint32_t *component, uint32_t *left,
                               uint32_t *next)
{
    uint32_t id = tuple[space_task_at(x, task)];
    if (id >= x->local.n)
        return false;
    struct local *l = &x->local.at[id];
    if (!l->quick || !c->tasks[task].free)
        return false;
    uint32_t at = space_component(x, c, task, l), met = at == UINT32_MAX || l->blind ? 0 : tuple[at];
    if (l->met != met) {
        const struct memo_slot *m = l->blind ? NULL : memo_find(&x->reads, (uint64_t)id << 32 | met);
        if (!m)
            return false;
        l->met = met;
        l->next = m->a;
        l->left = m->b;
    }
    *component = at;
    *next = l->next;
    *left = l->reads ? met : l->left;
    return true;
}
/* The same where the control part changes: a slot that may tell, if all of its first row is as it is here. */
static inline struct space_turn *space_turn_at(const struct space *x, uint32_t control, uint32_t task, uint32_t id, uint32_t met)
{
    uint32_t h = ((control * 31 + id) * 31 + met) * 31 + task;
    return &x->turns[h * 0x9e3779b1u >> 19 & (SPACE_TURNS - 1)];
}
/* Of a step that space_quick does not know. component: where it is not UINT32_MAX. */
static inline bool space_quick_turn(const struct space *x, const struct control *c, uint32_t *tuple, uint32_t task, uint32_t *component)
{
    uint32_t id = tuple[space_task_at(x, task)];
    if (id >= x->local.n || !x->local.at[id].quick)
        return false;
    const struct local *l = &x->local.at[id];
    uint32_t at = space_component(x, c, task, l), met = at == UINT32_MAX || l->blind ? 0 : tuple[at];
    const struct space_turn *t = space_turn_at(x, tuple[SPACE_CONTROL], task, id, met);
    if (at == UINT32_MAX || t->control != tuple[SPACE_CONTROL] || t->id != id || t->met != met || t->task != task || t->main != tuple[space_task_at(x, 0)])
        return false;
    tuple[SPACE_CONTROL] = t->then;
    tuple[at] = l->reads ? met : t->left;
    tuple[space_task_at(x, 0)] = t->main_then;
    tuple[space_task_at(x, task)] = t->next;
    *component = at;
    return true;
}
/* Does a memory step stand in front of a task that may go? Then there is nothing else to ask. */
static inline bool space_goes_on(const struct space *x, const uint32_t *tuple, uint32_t task)
{
    const struct control *c = space_control(x, tuple);
    uint32_t id = tuple[space_task_at(x, task)];
    return !c->over && c->in_turn == SPACE_NOBODY && task < c->n && c->tasks[task].free && !c->tasks[task].held && id < x->local.n && x->local.at[id].quick;
}
/* Where the fast way does not know yet: it is made to know, if the step is of its kind, without the rest of the state. */
bool space_quick_anew(struct space *x, const uint32_t *tuple, uint32_t task, uint32_t *component, uint32_t *left, uint32_t *next);
/* A step led from one tuple to another: if it was a memory step that changed nothing else, it is known from now on. */
void space_learn(struct space *x, const uint32_t *from, uint32_t task, const uint32_t *to);

/* The stage as it stands in a state, for texts and values; valid until the next step. */
struct stage *space_show(struct space *x, const uint32_t *tuple);
/* Why nothing can be said of all schedules though all states were seen; NULL: it can. */
const char *space_limit(const struct space *x);
/* What an output number stands for: string numbers of its lines, in order. */
const uint32_t *space_output(const struct space *x, uint32_t output, uint32_t *n);

#endif
