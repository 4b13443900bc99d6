/* The path: one event after the other, and back. An event is a step, under async a whole turn. Its clock says of each task how many of its events
 * happen before; with which earlier events it races is decided as it comes. */
#include <stdlib.h>

#include "explore/traces.h"

static uint32_t whole_lanes(uint32_t tasks) { return (tasks + CLOCK_LANES - 1) / CLOCK_LANES * CLOCK_LANES; }

void path_init(struct path *p, struct run *r, struct space *x)
{
    *p = (struct path){.r = r, .x = x, .width = space_width(x), };
    p->heads = cv_alloc(space_addresses(x) * sizeof *p->heads);
    for (uint32_t a = 0; a < space_addresses(x); a++)
        p->heads[a] = TRACE_NONE;
    p->sequence = wakeup_new();
    p->last = cv_alloc((SPACE_TASKS + 1) * sizeof *p->last);
    p->starts = cv_alloc((SPACE_TASKS + 1) * CLOCK_MOST * sizeof *p->starts);
    does_init(&p->does, space_addresses(x));
    p->sim = cv_alloc(space_room(x) * sizeof *p->sim);
    p->aside = cv_alloc(space_room(x) * sizeof *p->aside);
    p->aside2 = cv_alloc(space_room(x) * sizeof *p->aside2);
    space_start(x, p->sim);
    p->width = space_width(x);
    p->ntasks = x->most;
    p->lanes = whole_lanes(p->ntasks);
    for (uint32_t i = 0; i < p->width; i++)
        CV_PUSH(&p->tuples, p->sim[i]);
    struct node root = {0};
    CV_PUSH(&p->nodes, root);
}

void path_release(struct path *p)
{
    for (size_t i = 0; i < p->nodes.n; i++)
        wakeup_free(p, p->nodes.at[i].tree);
    free(p->tuples.at);
    free(p->clocks.at);
    free(p->events.at);
    free(p->nodes.at);
    free(p->met.at);
    free(p->races.at);
    free(p->sleepers.at);
    does_release(&p->does);
    free(p->started.at);
    free(p->old_starts.at);
    free(p->bases.at);
    free(p->starts);
    free(p->last);
    free(p->heads);
    free(p->event.at);
    wakeup_release(p->sequence);
    wakeup_empty(p);
    free(p->sim);
    free(p->aside);
    free(p->aside2);
}

size_t path_memory(const struct path *p)
{
    return p->wake_bytes + p->tuples.cap * sizeof *p->tuples.at + p->clocks.cap * sizeof *p->clocks.at + p->met.cap * sizeof *p->met.at +
           p->events.cap * sizeof *p->events.at + does_memory(&p->does);
}

/* Tasks have been spawned that were not there before: all tuples and clocks become longer. */
static void widen(struct path *p)
{
    uint32_t width = space_width(p->x), ntasks = p->x->most, across = whole_lanes(ntasks);
    if (width == p->width && ntasks == p->ntasks)
        return;
    uint32_t *tuples = cv_alloc(((size_t)p->depth + 2) * width * sizeof *tuples);
    uint16_t *clocks = cv_alloc(((size_t)p->depth + 2) * across * sizeof *clocks);
    for (uint32_t d = 0; d <= p->depth; d++)
        memcpy(tuples + (size_t)d * width, path_tuple(p, d), p->width * sizeof *tuples);
    for (uint32_t d = 0; d < p->depth; d++)
        memcpy(clocks + (size_t)d * across, path_clock(p, d), p->lanes * sizeof *clocks);
    free(p->tuples.at);
    free(p->clocks.at);
    p->tuples.at = tuples;
    p->tuples.n = ((size_t)p->depth + 1) * width;
    p->tuples.cap = ((size_t)p->depth + 2) * width;
    p->clocks.at = clocks;
    p->clocks.n = (size_t)p->depth * across;
    p->clocks.cap = ((size_t)p->depth + 2) * across;
    p->width = width;
    p->ntasks = ntasks;
    p->lanes = across;
}

/* Of several accesses to one address one: a turn that reads and writes, writes. */
static void once(struct space_event *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->n; i++) {
        size_t k = 0;
        while (k < kept && e->at[k].address != e->at[i].address)
            k++;
        if (k == kept)
            e->at[kept++] = e->at[i];
        else if (e->at[k].kind != e->at[i].kind)
            e->at[k].kind = SPACE_WRITE;
    }
    e->n = kept;
}

/* Under async: does how the turn goes on after this step rest on what others did? It may wait there or not, or has read something. */
static bool goes_by_others(const struct local *l)
{
    enum cv_op op = (enum cv_op)l->action.op;
    return !l->blind && op != CV_OP_PRINT && op != CV_OP_SLEEP && op != CV_OP_YIELD && op != CV_OP_FETCH;
}

/* ── one event ──────────────────────────────────────────────────────────────────────────────────── */
bool path_would(struct path *p, uint32_t task, uint32_t *sim, struct space_event *event, bool *simple)
{
    struct space *x = p->x;
    unsigned steps = 0;
    event->n = 0;
    *simple = true;
    if (!space_may(x, sim, task))
        return false;
    uint32_t from = sim[SPACE_CONTROL];
    do {
        const struct local *l = space_local(x, sim[space_task_at(x, task)]);
        *simple &= !l->swaps && l->action.op != CV_OP_ACQUIRE && !(x->async && goes_by_others(l));
        space_accesses(x, sim, task, event);
        uint32_t component, left, next;
        if (space_quick(x, space_control(x, sim), sim, task, &component, &left, &next)) {
            if (component != UINT32_MAX)
                sim[component] = left;
            sim[space_task_at(x, task)] = next;
        } else {
            memcpy(p->aside, sim, space_width(x) * sizeof *sim);
            space_go(x, p->aside, task, sim);
            space_learn(x, p->aside, task, sim);
        }
    } while (space_control(x, sim)->in_turn == task && ++steps < 100000);
    space_ends(x, from, task, sim, event);
    *simple &= steps == 0 && !(x->async && x->cuts); /* there it may keep the loop from the others, or not */
    if (event->n > 1)
        once(event);
    if (steps == 100000)
        p->r->why = "a turn never ends";
    return true;
}

/* The same where it is a memory step that is known and has no part in anything else: what it does, and the state behind it. */
static bool known_step(const struct path *p, uint32_t task, uint32_t *tuple, struct space_access *a)
{
    const struct space *x = p->x;
    const struct control *c = space_control(x, tuple);
    uint32_t component, left, next, id = tuple[space_task_at(x, task)];
    if (x->async || x->cuts || x->absolute || c->over || c->tasks[task].held || id >= x->local.n || x->local.at[id].swaps)
        return false;
    if (!space_quick(x, c, tuple, task, &component, &left, &next)) {
        if (!space_quick_turn(x, c, tuple, task, &component))
            return false;
    } else if (component == UINT32_MAX)
        return false;
    else {
        tuple[component] = left;
        tuple[space_task_at(x, task)] = next;
    }
    *a = (struct space_access){.address = component, .kind = x->local.at[id].reads ? SPACE_READ : SPACE_WRITE};
    return true;
}

static void join_event(struct path *p, uint16_t *clock, uint32_t event) { clock_join(clock, path_clock(p, event), p->lanes); }

/* An earlier event: if nothing that orders them is known yet, they race. */
static inline void meets(struct path *p, const uint16_t *clock, const struct met *m, uint32_t task)
{
    const struct event *e = &p->events.at[m->event];
    if (e->task == task || clock[e->task] >= e->index)
        return;
    struct race *r = PATH_MORE(&p->races);
    r->first = m->event;
    r->second = p->depth;
}

static const struct met *find(const struct path *p, int32_t from, enum space_kind kind, uint32_t ordinal)
{
    for (; from != TRACE_NONE; from = p->met.at[from].before)
        if (p->met.at[from].a.kind == kind && p->met.at[from].ordinal == ordinal)
            return &p->met.at[from];
    return NULL;
}

/* What an access meets, latest first; its clock learns of them. ordinal: of a put, a get. waits: it was not made. Then what it meets last need not be
 * what keeps it: a lock stays with who has it when somebody else unlocks it in vain, so what is before that is met, too. */
static void access_meets(struct path *p, uint16_t *clock, const struct space_access *a, uint32_t task, bool waits, uint32_t *ordinal)
{
    int32_t head = p->heads[a->address], at = head;
    const struct space *x = p->x;
    bool let_in = false;
    *ordinal = 1;
    if (a->kind == SPACE_READ && at != TRACE_NONE && p->met.at[at].a.kind != SPACE_WRITE)
        at = p->met.at[at].write;
    for (; at != TRACE_NONE; at = p->met.at[at].before) {
        const struct met *m = &p->met.at[at];
        if (!space_kinds_conflict(a->kind, m->a.kind))
            continue;
        if (a->kind == SPACE_LOCK && (m->a.kind == SPACE_UNLOCK || m->a.kind == SPACE_RELEASE)) { /* it races with the lock before it */
            let_in = true;
            if (m->a.kind == SPACE_RELEASE)
                meets(p, clock, m, task);
            continue;
        }
        if (a->kind != SPACE_UNLOCK || m->a.kind == SPACE_WRITE)
            meets(p, clock, m, task);
        if (m->a.kind == a->kind)
            *ordinal = m->ordinal + 1;
        p->doubt |= let_in && m->a.kind == SPACE_WRITE; /* a lock that was still held there: whether it may go is looked at */
        if ((let_in || (waits && a->kind != SPACE_WRITE)) && m->a.kind == SPACE_WRITE)
            continue;
        join_event(p, clock, m->event);
        if (m->a.kind == SPACE_WRITE || m->a.kind == SPACE_LOCK || (m->a.kind == a->kind && (a->kind == SPACE_PUT || a->kind == SPACE_GET)))
            break;
    }
    for (at = let_in ? head : TRACE_NONE; at != TRACE_NONE && p->met.at[at].a.kind != SPACE_LOCK; at = p->met.at[at].before)
        join_event(p, clock, p->met.at[at].event);
    if (a->kind != SPACE_PUT && a->kind != SPACE_GET)
        return;
    int64_t size = x->program->syncs[a->address - space_room(x)].size;
    const struct met *pair = a->kind == SPACE_GET ? find(p, p->heads[a->address], SPACE_PUT, *ordinal)
                             : size > 0 && *ordinal > size ? find(p, p->heads[a->address], SPACE_GET, *ordinal - (uint32_t)size) : NULL;
    if (pair)
        join_event(p, clock, pair->event);
}

/* The same for a variable: a read meets the last write, a write all reads back to it too. */
static inline void memory_meets(struct path *p, uint16_t *clock, const struct met *a, uint32_t task)
{
    int32_t at = a->a.kind == SPACE_READ ? a->write : a->before;
    while (at != TRACE_NONE) {
        const struct met *m = &p->met.at[at];
        meets(p, clock, m, task);
        join_event(p, clock, m->event);
        at = m->a.kind == SPACE_WRITE ? TRACE_NONE : m->before;
    }
}

/* Ends of tasks that a join waits for. */
static void joins(struct path *p, uint16_t *clock, const struct control *c, uint32_t task, const struct local_action *a)
{
    for (uint32_t t = 0; t < c->n; t++)
        if (p->last[t] && !c->tasks[t].worker && (a->op == CV_OP_JOIN_ALL ? c->tasks[t].parent == task && t != task : a->value.tag == CV_TAG_TASK && t == a->value.payload))
            join_event(p, clock, p->last[t] - 1);
}

static inline void begin_clock(struct path *p, uint32_t task, uint16_t *clock)
{
    if (p->last[task])
        clock_copy(clock, path_clock(p, p->last[task] - 1), p->lanes);
    else
        memset(clock, 0, p->lanes * sizeof *clock);
    clock_join(clock, p->starts + (size_t)task * CLOCK_MOST, p->lanes);
}

/* More items at the end of a vector of numbers. */
static void room(void **at, size_t *n, size_t *cap, size_t more, size_t item)
{
    if (*n + more > *cap) {
        *cap = (*n + more) * 2;
        *at = cv_realloc(*at, *cap * item);
    }
    *n += more;
}

/* A clock that is kept: where. */
static uint32_t keep(void **at, size_t *n, size_t *cap, const uint16_t *clock, uint32_t lanes_of)
{
    size_t where = *n;
    room(at, n, cap, lanes_of, sizeof *clock);
    memcpy((uint16_t *)*at + where, clock, lanes_of * sizeof *clock);
    return (uint32_t)where;
}

/* Tasks that the event let go on. */
static void lets_go(struct path *p, uint32_t event, uint32_t task)
{
    const uint32_t *from = path_tuple(p, event), *to = path_tuple(p, event + 1);
    if (from[SPACE_CONTROL] == to[SPACE_CONTROL])
        return;
    const struct control *a = space_control(p->x, from), *b = space_control(p->x, to);
    for (uint32_t t = 0; t < b->n; t++) {
        if (t == task || b->tasks[t].phase != RUNNABLE || (t < a->n && (a->tasks[t].phase == RUNNABLE || a->tasks[t].phase == TIMER)))
            continue;
        uint16_t *start = p->starts + (size_t)t * CLOCK_MOST;
        struct started s = {(uint16_t)t, keep((void **)&p->old_starts.at, &p->old_starts.n, &p->old_starts.cap, start, CLOCK_MOST)};
        CV_PUSH(&p->started, s);
        clock_join(start, path_clock(p, event), p->lanes);
    }
}

/* The earlier ones first: an immediate race is one with nothing in between, so later ones have to be known before. */
static void by_place(struct path *p, struct space_event *e)
{
    for (size_t i = 1; i < e->n; i++) /* accesses whose address was met last come first */
        for (size_t k = i; k > 0; k--) {
            int32_t a = p->heads[e->at[k - 1].address], b = p->heads[e->at[k].address];
            uint32_t ea = a == TRACE_NONE ? 0 : p->met.at[a].event + 1, eb = b == TRACE_NONE ? 0 : p->met.at[b].event + 1;
            if (ea >= eb)
                break;
            struct space_access swap = e->at[k];
            e->at[k] = e->at[k - 1];
            e->at[k - 1] = swap;
        }
}

/* Of races with several accesses: those that another of them comes between. */
static void immediate(struct path *p, struct event *e)
{
    uint32_t kept = 0;
    struct race *races = p->races.at + e->race;
    for (uint32_t i = 0; i < e->nraces; i++) {
        const struct event *early = &p->events.at[races[i].first];
        bool between = false;
        for (uint32_t k = 0; k < e->nraces && !between; k++)
            between = k != i && (races[k].first == races[i].first ? k < i
                                 : races[k].first > races[i].first && path_clock(p, races[k].first)[early->task] >= early->index);
        if (!between)
            races[kept++] = races[i];
    }
    p->races.n -= e->nraces - kept;
    e->nraces = kept;
}

/* Its races are found by their first events too. */
static void chain(struct path *p, const struct event *e)
{
    for (uint32_t k = e->race; k < e->race + e->nraces; k++) {
        uint32_t *turns = &p->events.at[p->races.at[k].first].turns;
        p->races.at[k].next = *turns;
        *turns = k + 1;
    }
}

static void unchain(struct path *p, const struct event *e)
{
    for (uint32_t k = e->race + e->nraces; k-- > e->race;)
        p->events.at[p->races.at[k].first].turns = p->races.at[k].next;
}

/* The state behind the last one. True: it is simple. */
static bool push_state(struct path *p, uint32_t task)
{
    struct space *x = p->x;
    struct space_access one;
    bool simple;
    room((void **)&p->tuples.at, &p->tuples.n, &p->tuples.cap, p->width, sizeof *p->tuples.at);
    memcpy(path_tuple(p, p->depth + 1), path_tuple(p, p->depth), p->width * sizeof *p->sim);
    p->event.n = 0;
    if (known_step(p, task, path_tuple(p, p->depth + 1), &one)) {
        CV_PUSH(&p->event, one);
        return true;
    }
    if (space_width(x) > p->width)
        memset(p->sim + p->width, 0, (space_width(x) - p->width) * sizeof *p->sim);
    memcpy(p->sim, path_tuple(p, p->depth), p->width * sizeof *p->sim);
    bool may = path_would(p, task, p->sim, &p->event, &simple);
    CV_ASSERT(may);
    p->tuples.n -= p->width;
    widen(p);
    room((void **)&p->tuples.at, &p->tuples.n, &p->tuples.cap, p->width, sizeof *p->tuples.at);
    memcpy(path_tuple(p, p->depth + 1), p->sim, p->width * sizeof *p->sim);
    return simple;
}

/* The accesses of the event, and what they meet; its clock learns of that. */
static void meet_all(struct path *p, uint16_t *clock, uint32_t task)
{
    uint32_t first = (uint32_t)p->met.n;
    for (size_t i = 0; i < p->event.n; i++) {
        const struct space_access *a = &p->event.at[i];
        struct met *m = PATH_MORE(&p->met);
        m->a = *a;
        m->event = p->depth;
        m->before = p->heads[a->address];
        m->write = m->before == TRACE_NONE ? TRACE_NONE : p->met.at[m->before].a.kind == SPACE_WRITE ? m->before : p->met.at[m->before].write;
        m->ordinal = 0;
        if (a->address < space_room(p->x)) /* read or written */
            memory_meets(p, clock, m, task);
        else
            access_meets(p, clock, a, task, false, &m->ordinal);
    }
    for (size_t i = first; i < p->met.n; i++)
        p->heads[p->met.at[i].a.address] = (int32_t)i;
}

/* The earlier event of the task, if there is one: they know of each other. */
static void follow(struct path *p, struct event *e)
{
    e->before = p->last[e->task];
    e->index = 1;
    if (!e->before)
        return;
    struct event *before = &p->events.at[e->before - 1];
    e->index = before->index + 1;
    before->next = p->depth;
}

void path_push(struct path *p, uint32_t task)
{
    const struct local_action join = space_local(p->x, path_tuple(p, p->depth)[space_task_at(p->x, task)])->action; /* which may move */
    bool joining = join.op == CV_OP_JOIN || join.op == CV_OP_JOIN_ALL;
    bool simple = push_state(p, task);
    struct event *e = PATH_MORE(&p->events);
    e->task = (uint16_t)task;
    e->met = (uint32_t)p->met.n;
    e->n = (uint32_t)p->event.n;
    e->race = (uint32_t)p->races.n;
    e->turns = 0;
    e->started = (uint32_t)p->started.n;
    e->base = (uint32_t)p->bases.n;
    follow(p, e);
    room((void **)&p->clocks.at, &p->clocks.n, &p->clocks.cap, p->lanes, sizeof *p->clocks.at);
    uint16_t *clock = path_clock(p, p->depth);
    begin_clock(p, task, clock);
    if (joining)
        joins(p, clock, space_control(p->x, path_tuple(p, p->depth)), task, &join);
    if (e->n > 1)
        by_place(p, &p->event);
    e->lock = false;
    for (size_t i = 0; i < e->n; i++)
        e->lock |= p->event.at[i].kind == SPACE_LOCK;
    e->does = e->n == 1 ? does_one(&p->does, p->event.at) : does_number(&p->does, p->event.at, e->n);
    e->marks = p->does.at.at[e->does].marks;
    if (e->lock || !simple)
        keep((void **)&p->bases.at, &p->bases.n, &p->bases.cap, clock, p->lanes);
    p->doubt = false;
    meet_all(p, clock, task);
    clock[task] = (uint16_t)e->index;
    e->simple = simple && !p->doubt;
    e->nraces = (uint32_t)p->races.n - e->race;
    if (e->nraces > 1 && !e->lock)
        immediate(p, e);
    chain(p, e);
    p->last[task] = p->depth + 1;
    lets_go(p, p->depth, task);
    p->depth++;
}

void path_pop(struct path *p)
{
    struct event *e = &p->events.at[--p->depth];
    for (size_t i = p->met.n; i-- > e->met;)
        p->heads[p->met.at[i].a.address] = p->met.at[i].before;
    for (size_t i = p->started.n; i-- > e->started;) {
        const struct started *s = &p->started.at[i];
        memcpy(p->starts + (size_t)s->task * CLOCK_MOST, p->old_starts.at + s->clock, CLOCK_MOST * sizeof *p->starts);
        p->old_starts.n = s->clock;
    }
    p->started.n = e->started;
    p->met.n = e->met;
    unchain(p, e);
    p->races.n = e->race;
    p->bases.n = e->base;
    p->clocks.n = (size_t)p->depth * p->lanes;
    p->tuples.n = ((size_t)p->depth + 1) * p->width;
    p->last[e->task] = e->before;
    p->events.n--;
}

uint32_t path_pending(struct path *p, uint32_t task, uint32_t *races, uint32_t cap, uint16_t *clock)
{
    struct space_event event = {0};
    struct event e = {.task = (uint16_t)task, .race = (uint32_t)p->races.n};
    uint32_t ordinal;
    uint16_t met[CLOCK_MOST];
    begin_clock(p, task, clock);
    memcpy(met, clock, p->lanes * sizeof *met);
    space_accesses(p->x, path_tuple(p, p->depth), task, &event);
    for (size_t i = 0; i < event.n; i++)
        access_meets(p, met, &event.at[i], task, true, &ordinal);
    e.nraces = (uint32_t)p->races.n - e.race;
    uint32_t n = e.nraces < cap ? e.nraces : cap;
    for (uint32_t k = 0; k < n; k++)
        races[k] = p->races.at[e.race + k].first;
    p->races.n = e.race;
    free(event.at);
    return n;
}
