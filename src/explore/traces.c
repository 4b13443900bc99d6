/* Traces: executions that differ in more than the order of steps that do not meet. Optimal dynamic partial order reduction (Abdulla, Aronis,
 * Jonsson, Sagonas, JACM 2017): one execution for each trace, none in vain. States are kept along the path, so nothing is run
 * again; what happens before what is told by vector clocks.
 *
 * At the end of each execution every race in it (two events that meet, with nothing between them that orders them, and that could have come the
 * other way round) gives a sequence that has to be begun with at the point of the race: wakeup.c. A race whose sequence can only be
 * shorter than at an execution before is not looked at twice.
 *
 * What an event does is looked at anew when it is turned round: a compare-and-swap that failed may succeed, a turn of a coroutine may go another
 * way. A lock races with the lock before it, not with the unlock, and so does one that still waits at the end. */
#include <stdlib.h>

#include "explore/bounds.h"
#include "explore/chance.h"

enum { DEEPEST = 60000, PENDING_RACES = 64 };

/* The earliest event that may be the first of a race to be turned. least: of each task, the last event that all that is new depends on. */
static uint32_t earliest(const struct path *p, const uint16_t *least)
{
    uint32_t at = p->depth;
    for (uint32_t t = 0; t < p->ntasks; t++)
        for (uint32_t i = p->last[t]; i && p->events.at[i - 1].index > least[t]; i = p->events.at[i - 1].before)
            at = i - 1 < at ? i - 1 : at;
    for (size_t r = p->fresh < p->depth ? p->events.at[p->fresh].race : p->races.n; r < p->races.n; r++)
        at = p->races.at[r].first < at ? p->races.at[r].first : at;
    return at;
}

/* The event from which on a task could not go any more that was cut off by the end of the run; UINT32_MAX: none. */
static uint32_t cut_off(struct path *p, uint32_t task)
{
    for (uint32_t i = p->depth; i-- > p->last[task];)
        if (space_may(p->x, path_tuple(p, i), task))
            return i;
    return UINT32_MAX;
}

/* Steps that were not made: of those who wait at the end, and of those whom the end of the run left behind. */
static void turn_waiting(struct path *p)
{
    uint16_t clock[CLOCK_MOST];
    uint32_t races[PENDING_RACES];
    const struct control *c = space_control(p->x, path_tuple(p, p->depth));
    uint32_t tasks = c->over && !p->x->cuts ? 0 : c->n;
    bool over = c->over;
    uint32_t races0 = p->x->cuts && p->x->async ? cut_off(p, 0) : UINT32_MAX;
    if (races0 != UINT32_MAX) { /* a pass of the closing loop that could have ended there */
        path_pending(p, 0, races, 0, clock);
        wakeup_turn(p, races0, UINT32_MAX, 0, clock);
    }
    for (uint32_t t = p->x->program->implicit_main && !p->x->leaves; t < tasks; t++) {
        const struct control_task *task = &space_control(p->x, path_tuple(p, p->depth))->tasks[t];
        if ((task->phase != RUNNABLE && task->phase != TIMER) || (!over && p->x->async && !task->worker && !task->held))
            continue;
        uint32_t n = path_pending(p, t, races, over ? 0 : PENDING_RACES, clock), by = over ? cut_off(p, t) : UINT32_MAX;
        if (by != UINT32_MAX)
            races[n++] = by;
        p->cut |= n == PENDING_RACES; /* there may be more */
        for (uint32_t k = 0; k < n; k++)
            wakeup_turn(p, races[k], UINT32_MAX, t, clock);
    }
}

/* Those of the path that may lead to something new, from the last first event to the earliest. */
static void turn_races(struct path *p)
{
    uint16_t least[CLOCK_MOST];
    p->ends++;
    memset(least, 0xff, p->lanes * sizeof *least);
    for (uint32_t i = p->fresh; i < p->depth; i++)
        clock_meet(least, path_clock(p, i), p->lanes);
    for (uint32_t first = p->depth, end = earliest(p, least); first-- > end;) {
        const struct event *f = &p->events.at[first];
        uint32_t from = least[f->task] >= f->index ? p->fresh : 0; /* the others can only be shorter than before */
        for (uint32_t r = f->turns; r && p->races.at[r - 1].second >= from; r = p->races.at[r - 1].next)
            wakeup_turn(p, first, p->races.at[r - 1].second, p->events.at[p->races.at[r - 1].second].task, NULL);
    }
    turn_waiting(p);
    p->fresh = p->depth;
}

/* The tasks of the path's events as a schedule: how it goes step by step. NULL: one of them may not go then. */
static char *schedule_of(const struct path *p, const uint16_t *order, uint32_t *preemptions, uint32_t *steps)
{
    struct space *x = p->r->fifo ? p->r->fifo : p->x;
    uint32_t *node = cv_alloc(space_room(x) * sizeof *node), current = SPACE_NOBODY, i = 0;
    uint16_t choices[SPACE_TASKS + 1];
    struct { uint16_t *at; size_t n, cap; } tasks = {0};
    space_start(x, node);
    *preemptions = *steps = 0;
    for (; i < p->depth; i++) {
        uint32_t task = order[i];
        unsigned n = space_choices(x, node, choices), k = 0;
        while (k < n && choices[k] != task)
            k++;
        if (k == n)
            break;
        uint32_t natural = space_natural(x, node, choices, n, current);
        *preemptions += natural != SPACE_NOBODY && natural != task;
        current = space_local(x, node[space_task_at(x, task)])->action.op == CV_OP_YIELD ? SPACE_NOBODY : task;
        do {
            CV_PUSH(&tasks, (uint16_t)task);
            space_go(x, node, task, node);
            ++*steps;
        } while (space_control(x, node)->in_turn == task);
    }
    struct cv_buf text = {0};
    if (i == p->depth)
        schedule_text(x, tasks.at, tasks.n, &text);
    free(tasks.at);
    free(node);
    return text.at;
}

static uint16_t *order_of(const struct path *p)
{
    uint16_t *order = cv_alloc((p->depth + 1) * sizeof *order);
    for (uint32_t i = 0; i < p->depth; i++)
        order[i] = p->events.at[i].task;
    return order;
}

/* The events of the path in an order that keeps what happens before what, in which one task goes only when nobody else can. */
static void latest(const struct path *p, uint32_t late, uint16_t *order)
{
    uint32_t done[SPACE_TASKS + 1] = {0};
    for (uint32_t n = 0; n < p->depth; n++) {
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < p->depth && (next == UINT32_MAX || next == late); i++) {
            const struct event *e = &p->events.at[i];
            bool ready = e->index == done[e->task] + 1 && (next == UINT32_MAX || e->task != late);
            for (uint32_t t = 0; ready && t < p->ntasks; t++)
                ready = t == e->task || path_clock(p, i)[t] <= done[t];
            next = ready ? e->task : next;
        }
        CV_ASSERT(next != UINT32_MAX);
        order[n] = (uint16_t)next;
        done[next]++;
    }
}

/* A failure of which no schedule is known: this one then, though another may be shorter. */
static void tell(struct path *p, struct judged j)
{
    struct cv_explore *e = p->r->e;
    p->told |= j.breaches;
    for (uint32_t v = 0; v < e->nviolations; v++) {
        struct cv_explore_violation *w = &e->violations[v];
        if (!(j.breaches >> v & 1) || w->scheduled)
            continue;
        uint16_t *order = order_of(p);
        w->schedule = schedule_of(p, order, &w->preemptions, &w->steps);
        free(order);
        w->scheduled = true;
        w->outcome = j.outcome;
        w->found_s = (double)(cv_mono_ns() - p->r->judge.begun_ns) / 1e9;
    }
}

/* One schedule speaks for its whole trace: which write a read meets, which version a write follows on, and who holds which lock meanwhile are the
 * same in all its interleavings, for only steps that do not meet change places; so what versions of one variable tell (lost update, stale read)
 * is the same. And so is happens-before through locks, queues and events, whose steps keep their order, too: and with it the data races.
 * A stale guard is another thing: the write that hangs on the guard may be of another variable, and change places with the write that
 * makes the guard stale. If it can come behind that at all, it does so where its task comes as late as the trace allows. */
static void judge(struct path *p, uint32_t outcome)
{
    const struct cv_explore_options *o = p->r->options;
    struct cv_explore_trace t = {.outcome = outcome};
    uint16_t *order = order_of(p);
    for (uint32_t late = UINT32_MAX; p->judging && (late == UINT32_MAX || late < (o->latest ? p->ntasks : 0)); late++) {
        if (late != UINT32_MAX && (late < p->x->program->implicit_main || !p->last[late]))
            continue;
        if (late != UINT32_MAX)
            latest(p, late, order);
        char *text = schedule_of(p, order, &t.preemptions, &t.steps);
        t.schedule = text;
        p->judging = text && o->judge(o->findings, &t);
        t.again = true;
        free(text);
    }
    p->r->e->judged += p->judging;
    free(order);
}

static void end(struct path *p)
{
    struct run *r = p->r;
    struct judged j = judge_end(&r->judge, p->x, path_tuple(p, p->depth));
    *(space_outcome(p->x, path_tuple(p, p->depth)) == CV_OUT_DEADLOCK ? &r->e->deadlocks : &r->e->traces) += 1;
    if (j.outcome != JUDGE_OTHER)
        r->e->outcomes[j.outcome].traces++;
    if (p->bound && space_outcome(p->x, path_tuple(p, p->depth)) != CV_OUT_DEADLOCK)
        bound_note(p->bound, r->e);
    if (j.breaches & ~p->told)
        tell(p, j);
    if (p->judging)
        judge(p, j.outcome);
    turn_races(p);
}

static inline void fall_asleep(struct path *p, struct node *n, uint32_t task, uint32_t does)
{
    struct sleeper *s = PATH_MORE(&p->sleepers);
    s->does = does;
    s->task = (uint16_t)task;
    n->nsleep++;
    n->asleep |= (uint64_t)1 << (task & 63);
}

/* The next event; those sleep on behind it who do not meet what it does. */
static void step(struct path *p, uint32_t task, struct wake *tree)
{
    path_push(p, task);
    struct node *next = PATH_MORE(&p->nodes);
    const struct node *from = next - 1;
    const struct does *does = &p->does.at.at[p->events.at[p->depth - 1].does];
    next->tree = tree;
    next->sleep = (uint32_t)p->sleepers.n;
    next->nsleep = next->branches = 0;
    next->asleep = 0;
    for (uint32_t i = from->sleep; i < from->sleep + from->nsleep; i++) {
        const struct sleeper s = p->sleepers.at[i];
        if (s.task != task && !does_meet(&p->does.at.at[s.does], does))
            fall_asleep(p, next, s.task, s.does);
    }
}

/* Back over the last event, whose task sleeps from now on at the point before it. False: it was the first point. */
static bool back(struct path *p)
{
    p->sleepers.n = p->nodes.at[p->depth].sleep;
    p->nodes.n--;
    if (p->depth == 0)
        return false;
    uint32_t task = p->events.at[p->depth - 1].task, does = p->events.at[p->depth - 1].does;
    path_pop(p);
    fall_asleep(p, &p->nodes.at[p->depth], task, does);
    p->fresh = p->fresh < p->depth ? p->fresh : p->depth;
    return true;
}

static bool sleeps(const struct path *p, const struct node *n, uint32_t task)
{
    if (!(n->asleep >> (task & 63) & 1))
        return false;
    for (uint32_t i = n->sleep; i < n->sleep + n->nsleep; i++)
        if (p->sleepers.at[i].task == task)
            return true;
    return false;
}

/* Where nothing is prescribed: who went last, if he may, so that there are few switches. SPACE_NOBODY: nobody may go, or all who may
 * sleep: *none says which. */
static uint32_t any(struct path *p, const struct node *n, bool *none)
{
    uint16_t choices[SPACE_TASKS + 1];
    uint32_t last = p->depth ? p->events.at[p->depth - 1].task : SPACE_NOBODY;
    *none = false;
    if (last != SPACE_NOBODY && !sleeps(p, n, last) && (space_goes_on(p->x, path_tuple(p, p->depth), last) || space_may(p->x, path_tuple(p, p->depth), last)))
        return last;
    unsigned count = space_choices(p->x, path_tuple(p, p->depth), choices);
    *none = count == 0;
    for (unsigned i = 0; i < count; i++)
        if (!sleeps(p, n, choices[i]))
            return choices[i];
    return SPACE_NOBODY;
}

/* The next event of the last point; false: there is nothing more to do there. */
static bool forward(struct path *p)
{
    struct node *n = &p->nodes.at[p->depth];
    struct wake *tree = NULL;
    uint32_t task;
    bool none;
    if (n->tree)
        task = wakeup_take(p, n, &tree);
    else if (n->branches)
        return false;
    else {
        task = any(p, n, &none);
        if (task == SPACE_NOBODY) {
            if (none)
                end(p);
            else
                p->r->e->blocked++;
            return false;
        }
    }
    n->branches++;
    step(p, task, tree);
    return true;
}

void traces_run(struct run *r, struct space *x)
{
    struct path p;
    struct cv_explore *e = r->e;
    uint64_t begun = cv_mono_ns(), asked = 0;
    bool whole = true;
    struct chance *chance = NULL;
    path_init(&p, r, x);
    p.judging = r->options->judge && (!r->options->parts || r->options->parts & CV_EXPLORE_FINDINGS);
    if (r->options->parts & CV_EXPLORE_BOUNDS)
        p.bound = bound_new(&p);
    e->bounds_complete = p.bound != NULL;
    run_part(r, "traces");
    for (;;) {
        if ((++asked & (p.judging || r->options->progress_ns ? 0xf : 0xfff)) == 0) {
            run_memory(r, space_memory(x) + path_memory(&p));
            if (run_shows(r)) {
                chance = chance ? chance : chance_new(r, x);
                e->chance = chance_seen(chance, &p);
            }
            if (!run_goes_on(r, e->traces + e->deadlocks, -1)) {
                whole = false;
                break;
            }
        }
        if (p.depth >= DEEPEST) {
            r->why = "a schedule goes on and on";
            whole = false;
            break;
        }
        if (!forward(&p) && !back(&p))
            break;
    }
    if (p.cut) {
        r->why = "too many steps meet one that waits";
        whole = false;
    }
    if (chance)
        e->chance = chance_seen(chance, &p);
    chance_free(chance);
    e->traces_complete = whole;
    e->findings_complete = whole && p.judging;
    e->bounds_complete &= whole;
    bound_sum(e);
    bound_free(p.bound);
    e->traces_ns = cv_mono_ns() - begun;
    path_release(&p);
}
