/* The space of states: set up from a program and an order; who may go in a state, what his step does to others, what the state shows.
 * The step itself: advance.c. */
#include <stdlib.h>
#include <string.h>

#include "explore/state.h"

/* ── what the program has ───────────────────────────────────────────────────────────────────────── */
static bool uses(const struct cv_program *p, enum cv_op op, int var)
{
    for (uint32_t i = 0; i < p->ncode; i++)
        if (p->code[i].op == op && (var < 0 || p->code[i].arg == var))
            return true;
    return false;
}

/* Somebody may wait without await, and so keep the loop from all others. */
static bool holds_loop(const struct cv_program *p)
{
    for (uint32_t i = 0; i < p->ncode; i++) {
        struct cv_action a = {.op = p->code[i].op};
        if (!p->code[i].await && (cv_sync_is(&a) || a.op == CV_OP_OFFLOAD) && !(p->implicit_main && i >= p->bodies[0].code && i < p->bodies[0].code + p->bodies[0].ncode))
            return true;
    }
    return false;
}

static bool names(const struct cv_expr *e, const char *name)
{
    if (e->kind == CV_E_BUILTIN && !strcmp(e->name, name))
        return true;
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i] && names(e->items[i], name))
            return true;
    return false;
}

static bool expects_name(const struct space *x, const char *name)
{
    for (uint32_t k = 0; k < x->program->nexpects; k++) {
        const struct cv_expect *e = &x->program->expects[k];
        if (e->models >> x->order.model & 1 && names(e->expr, name))
            return true;
    }
    return false;
}

static void lay_out(struct space *x)
{
    const struct cv_program *p = x->program;
    uint32_t at = SPACE_FIRST_VAR;
    bool own = x->order.model == CV_PROCESSES || p->offloads & 2;
    x->vars = cv_alloc((p->nvars + 1) * sizeof *x->vars);
    for (uint32_t v = 0; v < p->nvars; v++) {
        struct var_at *a = &x->vars[v];
        a->list = p->vars[v].list;
        a->flat = !a->list || (p->vars[v].initial.n <= SPACE_FLAT && !uses(p, CV_OP_APPEND, (int)v) && !uses(p, CV_OP_STORE, (int)v));
        a->n = a->list && a->flat ? p->vars[v].initial.n : 1;
        a->base = at;
        at += a->n;
        a->own = own && !p->vars[v].memory ? 1 + x->nown : UINT32_MAX;
        x->nown += a->own != UINT32_MAX ? a->n : 0;
    }
    x->own = own;
    x->nfixed = at;
    x->per_task = 1 + x->nown;
}

static bool make_region(struct space *x, struct cv_buf *why)
{
    struct cv_shm_plan plan = {.max_tasks = x->order.max_tasks, .max_rings = 1, .ring_records = 64, .engine_bytes = cv_machine_bytes(x->program, &x->order),
                               .string_bytes = 64u << 20, .source_bytes = 1};
    if (cv_shm_create(&x->shm, &plan) < 0)
        return cv_buf_str(why, "no memory for the states of this program"), false;
    cv_machine_init(&x->shm, x->program, &x->order);
    if (cv_machine_attach(&x->machine, &x->shm, x->program) < 0)
        return cv_buf_str(why, "the states of this program cannot be laid out"), false;
    x->machine.dry = true;
    return true;
}

struct space *space_new(const struct cv_program *p, const struct cv_order *order, unsigned flags, struct cv_buf *why)
{
    if (p->ninstances + 1 >= SPACE_TASKS) {
        cv_buf_printf(why, "all schedules of %u tasks are too many: at most %u", p->ninstances, SPACE_TASKS - 2);
        return NULL;
    }
    struct space *x = cv_alloc(sizeof *x);
    x->program = p;
    x->order = *order;
    x->order.stepped = true;
    x->order.record = x->order.gil = false;
    x->order.schedule = NULL;
    x->order.schedule_bytes = 0;
    x->order.desk = false;
    x->most_tasks = order->max_tasks;
    x->most_bytes = order->most_bytes;
    x->most_output = order->most_output;
    x->timeout_ns = order->timeout_ns;
    x->order.most_bytes = x->order.most_output = 0;
    x->order.max_tasks = x->order.max_tasks < SPACE_TASKS ? x->order.max_tasks : SPACE_TASKS;
    x->async = order->model == CV_ASYNC;
    x->flags = x->async ? flags : flags & ~(unsigned)SPACE_FIFO;
    x->absolute = uses(p, CV_OP_NOW, -1) || expects_name(x, "elapsed");
    x->clock = x->absolute || x->flags & SPACE_FIFO;
    x->checks = uses(p, CV_OP_CHECK, -1);
    for (uint32_t b = 1; b < p->nbodies && x->async && p->implicit_main; b++)
        x->leaves |= p->bodies[b].spawns;
    x->cuts = uses(p, CV_OP_CRASH, -1) || x->leaves || (x->async && (!p->implicit_main || holds_loop(p)));
    if (!x->absolute)
        x->order.timeout_ns = UINT64_MAX;
    intern_init(&x->controls);
    intern_init(&x->locals);
    intern_init(&x->values);
    intern_init(&x->outputs);
    intern_init(&x->outcomes);
    lay_out(x);
    struct local pass = {.known = true, .met = UINT32_MAX, .action = {.op = CV_OP_DONE}}; /* local state 0: what main leaves, the step that ends a pass */
    CV_PUSH(&x->local, pass);
    x->bodies = cv_alloc((p->nbodies + 1) * sizeof *x->bodies);
    for (uint32_t b = 0; b < p->nbodies; b++)
        for (uint32_t i = p->bodies[b].code; i < p->bodies[b].code + p->bodies[b].ncode; i++) {
            x->bodies[b].me |= p->code[i].op == CV_OP_ME;
            x->bodies[b].name |= p->code[i].op == CV_OP_NAME;
            x->bodies[b].random |= p->code[i].op == CV_OP_RANDOM;
            x->bodies[b].ids |= p->code[i].op == CV_OP_PID || p->code[i].op == CV_OP_TID;
        }
    x->turns = cv_alloc(SPACE_TURNS * sizeof *x->turns);
    x->before = cv_alloc((space_room(x) + SPACE_TASKS + 8) * sizeof *x->before);
    if (!make_region(x, why)) {
        space_free(x);
        return NULL;
    }
    return x;
}

void space_free(struct space *x)
{
    if (!x)
        return;
    if (x->stage.m)
        stage_release(&x->stage);
    if (x->machine.program)
        cv_machine_release(&x->machine);
    if (x->shm.head)
        cv_shm_release(&x->shm);
    for (size_t i = 0; i < x->control.n; i++)
        free(x->control.at[i].tasks);
    free(x->control.at);
    free(x->local.at);
    free(x->changes.at);
    free(x->ends.at);
    free(x->printed.at);
    free(x->vars);
    free(x->bodies);
    free(x->spare);
    free(x->scratch);
    free(x->before);
    free(x->start);
    intern_release(&x->controls);
    intern_release(&x->locals);
    intern_release(&x->values);
    intern_release(&x->outputs);
    intern_release(&x->outcomes);
    free(x->turns);
    memo_release(&x->reads);
    memo_release(&x->memory);
    memo_release(&x->waits);
    memo_release(&x->steps);
    free(x);
}

size_t space_memory(const struct space *x)
{
    return intern_memory(&x->controls) + intern_memory(&x->locals) + intern_memory(&x->values) + intern_memory(&x->outputs) +
           intern_memory(&x->outcomes) + x->local.cap * sizeof *x->local.at + x->control.cap * sizeof *x->control.at +
           x->changes.cap * sizeof *x->changes.at + SPACE_TURNS * sizeof *x->turns + (x->reads.cap + x->memory.cap + x->waits.cap + x->steps.cap) * sizeof(struct memo_slot);
}

/* ── looking ────────────────────────────────────────────────────────────────────────────────────── */
const struct local *space_local_anew(struct space *x, uint32_t id)
{
    state_local(x, id);
    return &x->local.at[id];
}

bool state_may_go(struct space *x, const uint32_t *tuple, const struct control *c, uint32_t task)
{
    const struct control_task *k = &c->tasks[task];
    if (k->held || (k->phase != RUNNABLE && k->phase != TIMER) || (c->closing && x->async && !k->worker && !k->closing))
        return false;
    uint32_t id = tuple[space_task_at(x, task)];
    if (x->async && !k->worker)
        return true;
    const struct local *l = space_local(x, id);
    if (!l->sync)
        return true;
    const struct cv_action a = space_action(l);
    bool found;
    if (tuple[SPACE_CONTROL] >= 1u << 24) { /* beyond what the key has room for */
        state_load_sync(x, tuple[SPACE_CONTROL]);
        return !cv_sync_would_wait(x->machine.sync, task, &a);
    }
    struct memo_slot *m = memo_make(&x->waits, (uint64_t)tuple[SPACE_CONTROL] << 40 | (uint64_t)task << 32 | id, &found);
    if (!found) {
        state_load_sync(x, tuple[SPACE_CONTROL]);
        m->a = cv_sync_would_wait(x->machine.sync, task, &a);
    }
    return !m->a;
}

unsigned space_choices(struct space *x, const uint32_t *tuple, uint16_t *tasks)
{
    const struct control *c = space_control(x, tuple);
    unsigned n = 0;
    if (c->over)
        return 0;
    if (c->in_turn != SPACE_NOBODY) {
        tasks[0] = (uint16_t)c->in_turn;
        return 1;
    }
    if (c->asks || c->main_asks)
        tasks[n++] = 0;
    for (uint32_t t = x->program->implicit_main; t < c->n; t++)
        if (state_may_go(x, tuple, c, t))
            tasks[n++] = (uint16_t)t;
    return n;
}

bool space_may(struct space *x, const uint32_t *tuple, uint32_t task)
{
    const struct control *c = space_control(x, tuple);
    if (c->over || c->in_turn != SPACE_NOBODY)
        return !c->over && c->in_turn == task;
    if (task == 0 && (c->asks || c->main_asks))
        return true;
    return task >= x->program->implicit_main && task < c->n && state_may_go(x, tuple, c, task);
}

enum cv_outcome space_outcome(struct space *x, const uint32_t *tuple)
{
    const struct control *c = space_control(x, tuple);
    return !c->over ? CV_OUT_DEADLOCK : c->outcome ? (enum cv_outcome)c->outcome : CV_OUT_FINISHED;
}

uint32_t space_natural(struct space *x, const uint32_t *tuple, const uint16_t *tasks, unsigned n, uint32_t current)
{
    const struct control *c = space_control(x, tuple);
    if (!x->async) {
        for (unsigned i = 0; i < n; i++)
            if (tasks[i] == current && c->tasks[current].phase == RUNNABLE)
                return current;
        return SPACE_NOBODY;
    }
    if (!(x->flags & SPACE_FIFO) || n < 2)
        return SPACE_NOBODY;
    bool closes = c->closing && c->holder == CV_NO_TASK; /* it waits for nobody then */
    unsigned first = n; /* a callback runs when its turn comes, and the step is then behind what is ready */
    for (unsigned i = 0; i < n; i++) {
        const struct control_task *p = &c->tasks[tasks[i]], *f = &c->tasks[tasks[first < n ? first : i]];
        if (closes && !c->tasks[tasks[i]].worker && (p->hops || !p->in_pass))
            continue;
        if (p->phase != TIMER && (p->hops < f->hops || (p->hops == f->hops && p->rank <= f->rank)))
            first = i;
    }
    if (first == n && c->asks)
        return 0;
    for (unsigned i = 0, all_sleep = first == n; i < n && all_sleep; i++) /* the first to be due */
        if (first == n || c->tasks[tasks[i]].due < c->tasks[tasks[first]].due)
            first = i;
    return tasks[first];
}

const char *space_limit(const struct space *x) { return cv_strings_full(&x->shm) ? "there is no more room for text" : x->limit; }

const uint32_t *space_output(const struct space *x, uint32_t output, uint32_t *n)
{
    uint32_t count = 0;
    for (uint32_t o = output; o; o = *(const uint32_t *)intern_at(&x->outputs, o, NULL))
        count++;
    uint32_t *lines = cv_alloc((count + 1) * sizeof *lines);
    *n = count;
    for (uint32_t o = output; o; o = *(const uint32_t *)intern_at(&x->outputs, o, NULL))
        lines[--count] = ((const uint32_t *)intern_at(&x->outputs, o, NULL))[1];
    return lines;
}

struct stage *space_show(struct space *x, const uint32_t *tuple)
{
    state_load(x, tuple);
    return &x->stage;
}

/* ── what a step does to others ─────────────────────────────────────────────────────────────────── */
static void access_of(struct space_event *e, uint32_t address, enum space_kind kind, bool atomic)
{
    struct space_access one = {address, (uint8_t)kind, atomic};
    CV_PUSH(e, one);
}

static bool swaps(const struct space *x, uint32_t value, const struct local_action *a)
{
    const uint32_t *w = intern_at(&x->values, value, NULL);
    uint8_t tag = a->value.tag;
    bool numbers = (w[2] == CV_TAG_INT || w[2] == CV_TAG_BOOL) && (tag == CV_TAG_INT || tag == CV_TAG_BOOL);
    return (numbers || (w[2] == tag && tag != CV_TAG_LIST)) && (w[0] | (uint64_t)w[1] << 32) == a->value.payload;
}

static void memory_accesses(struct space *x, const uint32_t *tuple, const struct control *c, uint32_t task, const struct local *l, struct space_event *e)
{
    const struct var_at *v = &x->vars[l->action.arg];
    enum cv_op op = (enum cv_op)l->action.op;
    bool cas = op == CV_OP_CAS || op == CV_OP_CAS_ITEM, atomic = cas || op == CV_OP_ATOMIC || op == CV_OP_ATOMIC_ITEM || op == CV_OP_APPEND;
    uint32_t at = op == CV_OP_LOAD_LEN && v->flat ? UINT32_MAX : space_component(x, c, task, l);
    if (at == UINT32_MAX)
        return; /* the length of a list that keeps it, or an item outside */
    bool reads = op == CV_OP_LOAD || op == CV_OP_LOAD_ITEM || op == CV_OP_LOAD_LEN || (cas && v->flat && !swaps(x, tuple[at], &l->action));
    for (uint32_t i = 0; i < (op == CV_OP_LOAD ? v->n : 1); i++)
        access_of(e, at + i, reads ? SPACE_READ : SPACE_WRITE, atomic);
}

static void sync_accesses(struct space *x, const struct control *c, uint32_t task, const struct local_action *a, struct space_event *e)
{
    uint32_t at = space_sync_at(x, (uint32_t)a->arg);
    bool queues = x->async && !c->tasks[task].worker, again = c->tasks[task].again;
    const struct cv_sync_def *d = a->op == CV_OP_JOIN || a->op == CV_OP_JOIN_ALL ? NULL : &x->program->syncs[a->arg];
    if (!d)
        return; /* what it waits for is past, or it waits */
    if (queues) { /* who comes stands in line: any two of them have an order */
        access_of(e, at, SPACE_WRITE, true);
        if (d->kind == CV_SYNC_CONDITION && a->op == CV_OP_WAIT)
            access_of(e, space_sync_at(x, (uint32_t)d->lock), SPACE_WRITE, true);
        return;
    }
    switch ((enum cv_op)a->op) {
    case CV_OP_LOCK: access_of(e, at, SPACE_LOCK, true); break;
    case CV_OP_UNLOCK:
        state_load_sync(x, x->asked);
        access_of(e, at, cv_sync_owner(x->machine.sync, (uint32_t)a->arg) == task ? SPACE_UNLOCK : SPACE_WRITE, true);
        break;
    case CV_OP_ACQUIRE: access_of(e, at, SPACE_LOCK, true); break;
    case CV_OP_RELEASE: access_of(e, at, SPACE_RELEASE, true); break;
    case CV_OP_PUT: access_of(e, at, SPACE_PUT, true); break;
    case CV_OP_GET: access_of(e, at, SPACE_GET, true); break;
    case CV_OP_WAIT:
        if (d->kind != CV_SYNC_CONDITION) {
            if (!again)
                access_of(e, at, SPACE_WRITE, true);
            break;
        }
        access_of(e, space_sync_at(x, (uint32_t)d->lock), again ? SPACE_LOCK : SPACE_UNLOCK, true);
        if (!again)
            access_of(e, at, SPACE_WRITE, true);
        break;
    default: access_of(e, at, SPACE_WRITE, true); break;
    }
}

/* Does it end the run, or keep the loop from all others? */
static bool cuts_others(struct space *x, const struct control *c, uint32_t task, const struct local *l)
{
    struct cv_sync_done done;
    const struct cv_action act = space_action(l), *a = &act;
    if (a->op == CV_OP_CRASH || (x->async && ((task == 0 && (!x->program->implicit_main || x->leaves)) || c->closing)))
        return true;
    if (!x->async || c->tasks[task].worker || a->await)
        return false;
    if (a->op == CV_OP_OFFLOAD)
        return true;
    if (!l->sync)
        return false;
    state_load_sync(x, x->asked);
    x->loaded = 0; /* it is tried out */
    bool waits = cv_sync_try(x->machine.sync, CV_SYNC_FAIR, task, a, c->tasks[task].again, &done) == CV_SYNC_WAIT;
    while (cv_sync_woken(x->machine.sync) != CV_NO_TASK)
        ;
    return waits;
}

void space_accesses(struct space *x, const uint32_t *tuple, uint32_t task, struct space_event *e)
{
    const struct control *c = space_control(x, tuple);
    const struct local *l = space_local(x, tuple[space_task_at(x, task)]);
    const struct local_action *a = &l->action;
    x->asked = tuple[SPACE_CONTROL];
    if (a->memory)
        memory_accesses(x, tuple, c, task, l, e);
    else if (l->sync)
        sync_accesses(x, c, task, a, e);
    else if (a->op == CV_OP_PRINT)
        access_of(e, SPACE_OUTPUT, SPACE_WRITE, true);
    else if (a->op == CV_OP_SPAWN)
        access_of(e, space_special_at(x, SPACE_SPAWN), SPACE_WRITE, true);
    else if (a->op == CV_OP_OFFLOAD || a->op == CV_OP_END_OFFLOAD || c->tasks[task].worker)
        access_of(e, space_special_at(x, SPACE_POOL), SPACE_WRITE, true);
    if (a->op == CV_OP_OFFLOAD) /* workers have numbers too, in the order in which tasks begin */
        access_of(e, space_special_at(x, SPACE_SPAWN), SPACE_WRITE, true);
    if (x->absolute) /* how long a step takes decides who wakes first */
        access_of(e, space_special_at(x, SPACE_TIME), SPACE_WRITE, true);
    if (x->cuts)
        access_of(e, space_special_at(x, SPACE_RUN), cuts_others(x, c, task, l) ? SPACE_WRITE : SPACE_READ, true);
}

void space_ends(struct space *x, uint32_t from, uint32_t task, const uint32_t *to, struct space_event *e)
{
    const struct control_task *k = &space_control(x, to)->tasks[task];
    if (k->worker && (k->phase != RUNNABLE || k->serves != x->control.at[from].tasks[task].serves))
        access_of(e, space_special_at(x, SPACE_POOL), SPACE_WRITE, true);
}
