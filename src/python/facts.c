/* What is known of a program before a line of Python is written: what variables may hold, which durations can be seconds,
 * which locals may be read before they are assigned, how a task knows its name. Everything here walks the tree; what
 * depends on itself is computed until nothing changes any more. */
#include <stdlib.h>
#include <string.h>

#include "python/python.h"

/* ── walking ────────────────────────────────────────────────────────────────────────────────────── */
void py_each_stmt(struct py *y, const struct cv_stmt *s, py_stmt_fn *fn)
{
    for (; s; s = s->next) {
        fn(y, s);
        py_each_stmt(y, s->body, fn);
        py_each_stmt(y, s->orelse, fn);
    }
}

static void expr_and_within(struct py *y, const struct cv_expr *e, py_expr_fn *fn)
{
    if (!e)
        return;
    fn(y, e);
    for (uint32_t i = 0; i < e->n; i++)
        expr_and_within(y, e->items[i], fn);
}

void py_each_expr(struct py *y, const struct cv_stmt *s, py_expr_fn *fn)
{
    if (s->kind != CV_S_SPAWN) /* whose target is a body */
        expr_and_within(y, s->target, fn);
    expr_and_within(y, s->value, fn);
    expr_and_within(y, s->value2, fn);
    for (uint32_t i = 0; i < s->nargs; i++)
        expr_and_within(y, s->args[i], fn);
}

static void each_body(struct py *y, py_stmt_fn *fn)
{
    for (y->body = 0; y->body < y->p->nbodies; y->body++)
        py_each_stmt(y, y->p->bodies[y->body].tree, fn);
}

static struct body_facts *here(struct py *y) { return &y->bodies[y->body]; }

/* ── what it may be ─────────────────────────────────────────────────────────────────────────────── */
static struct kinds of_const(const struct cv_const *k)
{
    static const unsigned is[] = {[CV_K_NONE] = IS_NONE, [CV_K_BOOL] = IS_BOOL, [CV_K_INT] = IS_INT, [CV_K_STRING] = IS_TEXT,
                                  [CV_K_LIST] = IS_LIST, [CV_K_DOUBLE] = IS_INT};
    struct kinds r = {is[k->kind], 0};
    for (uint32_t i = 0; k->kind == CV_K_LIST && i < k->n; i++)
        r.items |= of_const(&k->items[i]).is;
    return r;
}

static struct kinds both(struct kinds a, struct kinds b) { return (struct kinds){a.is | b.is, a.items | b.items}; }

static struct kinds of_sum(enum cv_op op, struct kinds a, struct kinds b)
{
    struct kinds r = both(a, b);
    if (op == CV_OP_ADD && (r.is & (IS_LIST | IS_TEXT)))
        return (struct kinds){r.is & (IS_LIST | IS_TEXT), r.items};
    if (op == CV_OP_MUL && (a.is & (IS_LIST | IS_TEXT)))
        return (struct kinds){a.is & (IS_LIST | IS_TEXT), a.items};
    return (struct kinds){IS_INT, 0};
}

static struct kinds of_binary(const struct py *y, const struct cv_expr *e)
{
    switch (e->op) {
    case CV_OP_EQ: case CV_OP_NE: case CV_OP_LT: case CV_OP_LE: case CV_OP_GT: case CV_OP_GE: return (struct kinds){IS_BOOL, 0};
    default: return of_sum(e->op, py_kinds(y, e->items[0]), py_kinds(y, e->items[1]));
    }
}

static struct kinds of_all(const struct py *y, const struct cv_expr *e)
{
    struct kinds r = {0};
    for (uint32_t i = 0; i < e->n; i++)
        r = both(r, py_kinds(y, e->items[i]));
    return r;
}

static struct kinds of_call(const struct py *y, const struct cv_expr *e)
{
    if (!strcmp(e->name, "min") || !strcmp(e->name, "max"))
        return of_all(y, e);
    return (struct kinds){!strcmp(e->name, "cas") ? IS_BOOL : IS_INT, 0};
}

struct kinds py_kinds(const struct py *y, const struct cv_expr *e)
{
    switch (e->kind) {
    case CV_E_CONST: return of_const(&e->value);
    case CV_E_LOCAL: return y->bodies[y->body].locals[e->index];
    case CV_E_VAR: return y->vars[e->index].kinds;
    case CV_E_ITEM: return (struct kinds){py_kinds(y, e->items[0]).items, 0};
    case CV_E_UNARY: return (struct kinds){e->op == CV_OP_NOT ? IS_BOOL : IS_INT, 0};
    case CV_E_BINARY: return of_binary(y, e);
    case CV_E_AND: case CV_E_OR: return of_all(y, e);
    case CV_E_LIST: return (struct kinds){IS_LIST, of_all(y, e).is};
    case CV_E_FORMAT: return (struct kinds){IS_TEXT, 0};
    case CV_E_CALL: return of_call(y, e);
    case CV_E_BUILTIN: return (struct kinds){!strcmp(e->name, "name") ? IS_TEXT : IS_INT, 0};
    case CV_E_PARAM: case CV_E_RANGE: return (struct kinds){IS_INT, 0};
    case CV_E_IN: return (struct kinds){IS_BOOL, 0};
    }
    return (struct kinds){0};
}

static void more(struct py *y, struct kinds *to, struct kinds k)
{
    struct kinds sum = both(*to, k);
    y->changed |= sum.is != to->is || sum.items != to->items;
    *to = sum;
}

/* A value goes to x, or to an element of it. */
static void flows(struct py *y, const struct cv_expr *target, struct kinds k)
{
    bool item = target->kind == CV_E_ITEM;
    const struct cv_expr *base = item ? target->items[0] : target;
    struct kinds *to = base->kind == CV_E_VAR ? &y->vars[base->index].kinds : &here(y)->locals[base->index];
    more(y, to, item ? (struct kinds){0, k.is} : k);
}

/* What get and spawn give goes to a local or a variable. */
static void result_flows(struct py *y, const struct cv_stmt *s, struct kinds k)
{
    if (s->value)
        flows(y, s->value, k);
    else if (s->index >= 0)
        more(y, &here(y)->locals[s->index], k);
}

static void kinds_in_expr(struct py *y, const struct cv_expr *e)
{
    if (e->kind == CV_E_CALL && !strcmp(e->name, "cas"))
        flows(y, e->items[0], py_kinds(y, e->items[2]));
}

static void kinds_in(struct py *y, const struct cv_stmt *s)
{
    py_each_expr(y, s, kinds_in_expr);
    switch (s->kind) {
    case CV_S_ASSIGN: flows(y, s->target, py_kinds(y, s->value)); break;
    case CV_S_AUGMENT: case CV_S_ATOMIC:
        flows(y, s->target, s->op ? of_sum(s->op, py_kinds(y, s->target), py_kinds(y, s->value)) : py_kinds(y, s->value));
        break;
    case CV_S_APPEND: more(y, s->target->kind == CV_E_VAR ? &y->vars[s->target->index].kinds : &here(y)->locals[s->target->index],
                           (struct kinds){IS_LIST, py_kinds(y, s->value).is}); break;
    case CV_S_FOR: more(y, &here(y)->locals[s->index], (struct kinds){IS_INT, 0}); break;
    case CV_S_PUT: more(y, &y->syncs[s->sync].kinds, py_kinds(y, s->value)); break;
    case CV_S_GET: result_flows(y, s, y->syncs[s->sync].kinds); break;
    case CV_S_SPAWN:
        for (uint32_t i = 0; i < s->nargs; i++)
            more(y, &y->bodies[s->target->index].locals[i], py_kinds(y, s->args[i]));
        result_flows(y, s, (struct kinds){IS_TASK, 0});
        break;
    default: break;
    }
}

static void find_kinds(struct py *y)
{
    const struct cv_program *p = y->p;
    for (uint32_t v = 0; v < p->nvars; v++)
        y->vars[v].kinds = of_const(&p->vars[v].initial);
    for (uint32_t i = 0; i < p->ninstances; i++)
        if (p->instances[i].has_value)
            more(y, &y->bodies[p->instances[i].body].locals[0], of_const(&p->instances[i].value));
    do {
        y->changed = false;
        each_body(y, kinds_in);
    } while (y->changed);
}

/* ── how variables are used ─────────────────────────────────────────────────────────────────────── */
static void uses_in_expr(struct py *y, const struct cv_expr *e)
{
    if (e->kind == CV_E_BUILTIN && !strcmp(e->name, "me"))
        here(y)->me = true;
    if (e->kind == CV_E_BUILTIN && !strcmp(e->name, "name"))
        here(y)->name = true;
    if (e->kind != CV_E_CALL || strcmp(e->name, "cas"))
        return;
    const struct cv_expr *x = e->items[0];
    y->vars[x->kind == CV_E_ITEM ? x->items[0]->index : x->index].swapped = true;
}

static void local_assigned(struct py *y, int slot)
{
    if (slot >= 0)
        here(y)->assigned |= (uint64_t)1 << slot;
}

static bool waits(enum cv_stmt_kind k)
{
    return k == CV_S_LOCK || k == CV_S_WITH || k == CV_S_ACQUIRE || k == CV_S_PUT || k == CV_S_GET || k == CV_S_WAIT || k == CV_S_BARRIER;
}

static void uses_in(struct py *y, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->kind == CV_S_SPAWN ? NULL : s->target;
    py_each_expr(y, s, uses_in_expr);
    if (s->kind == CV_S_APPEND && t->kind == CV_E_VAR)
        y->vars[t->index].appended = true;
    else if (t && t->kind == CV_E_VAR)
        y->vars[t->index].replaced = true;
    if ((s->kind == CV_S_GET || s->kind == CV_S_SPAWN) && s->value)
        y->vars[s->value->index].replaced = true;
    if (t && t->kind == CV_E_LOCAL)
        local_assigned(y, t->index);
    if (s->kind == CV_S_FOR || s->kind == CV_S_GET || s->kind == CV_S_SPAWN)
        local_assigned(y, s->index);
    if (waits(s->kind))
        *(s->await ? &y->syncs[s->sync].awaited : &y->syncs[s->sync].blocking) = true;
    y->can_fail |= s->kind == CV_S_FAIL || s->kind == CV_S_CHECK;
    if (s->kind == CV_S_SPAWN)
        y->bodies[s->target->index].sites++;
}

/* What an offloaded block touches is used by a worker. */
static void touched(struct py *y, const struct cv_stmt *s)
{
    y->can_fail |= s->kind == CV_S_CRASH && y->away == AWAY_PROCESS; /* and with it the pool */
    if (s->sync >= 0)
        *(y->away == AWAY_PROCESS ? &y->syncs[s->sync].in_process : &y->syncs[s->sync].in_thread) = true;
}

static void find_touched(struct py *y, const struct cv_stmt *s)
{
    if (s->kind != CV_S_OFFLOAD)
        return;
    y->away = s->index ? AWAY_PROCESS : AWAY_THREAD;
    py_each_stmt(y, s->body, touched);
    y->away = AT_HOME;
}

/* A condition and its lock come out of one module. */
static void marry(struct py *y)
{
    for (uint32_t k = 0; k < y->p->nsyncs; k++) {
        if (y->p->syncs[k].kind != CV_SYNC_CONDITION)
            continue;
        struct sync_facts *c = &y->syncs[k], *m = &y->syncs[y->p->syncs[k].lock];
        m->awaited = c->awaited |= m->awaited;
        m->blocking = c->blocking |= m->blocking;
        m->in_thread = c->in_thread |= m->in_thread;
        m->in_process = c->in_process |= m->in_process;
    }
}

/* asyncio's objects are for its loop alone, threading's for the threads of one process. */
static enum module whose(const struct py *y, const struct sync_facts *f)
{
    if (y->model == CV_PROCESSES || f->in_process)
        return M_PROCESSES;
    if (y->model == CV_THREADS || f->in_thread || (f->blocking && !f->awaited))
        return M_THREADS;
    return M_ASYNC;
}

static enum held how_held(const struct py *y, uint32_t v)
{
    const struct cv_var_def *d = &y->p->vars[v];
    const struct var_facts *f = &y->vars[v];
    if (!y->forks || !d->memory)
        return HELD_PLAIN;
    unsigned values = d->list ? f->kinds.items : f->kinds.is;
    bool numbers = values == IS_BOOL || !(values & ~(unsigned)(IS_BOOL | IS_INT));
    if (d->list)
        return numbers && d->initial.n && !f->appended && !f->replaced ? HELD_ARRAY : HELD_LIST;
    return numbers ? HELD_VALUE : HELD_ATTRIBUTE;
}

/* ── durations ──────────────────────────────────────────────────────────────────────────────────────
 * Python sleeps for seconds. A duration that is written where it is waited for becomes seconds there. A local, a variable or
 * a parameter holds seconds if all that it is given are durations and all that it is used for is waiting and comparing;
 * otherwise it holds nanoseconds, as here. First whatever is given a duration is taken to hold seconds; then what is used
 * in another way is taken out again, until all agree. */
static bool *param_flag(const struct py *y, const struct cv_expr *e) { return &y->param_seconds[e->index]; }

static bool holds_seconds(const struct py *y, const struct cv_expr *e)
{
    switch (e->kind) {
    case CV_E_LOCAL: return y->bodies[y->body].seconds >> e->index & 1;
    case CV_E_VAR: return y->vars[e->index].seconds;
    case CV_E_PARAM: return *param_flag(y, e);
    default: return false;
    }
}

bool py_is_order(const struct cv_expr *e)
{
    return e->kind == CV_E_BINARY && (e->op == CV_OP_LT || e->op == CV_OP_LE || e->op == CV_OP_GT || e->op == CV_OP_GE);
}

bool py_has_seconds(const struct py *y, const struct cv_expr *e)
{
    if (holds_seconds(y, e))
        return true;
    for (uint32_t i = 0; i < e->n; i++)
        if (py_has_seconds(y, e->items[i]))
            return true;
    return false;
}

static bool duration_const(const struct cv_expr *e) { return e->kind == CV_E_CONST && e->value.kind == CV_K_INT && e->value.duration; }

static bool has_duration(const struct cv_expr *e)
{
    bool r = duration_const(e);
    for (uint32_t i = 0; i < e->n && !r; i++)
        r = has_duration(e->items[i]);
    return r;
}

static bool plain(const struct py *y, const struct cv_expr *e) { return !py_has_seconds(y, e) && !has_duration(e); }

static bool least_or_most(const struct cv_expr *e) { return e->kind == CV_E_CALL && (!strcmp(e->name, "min") || !strcmp(e->name, "max") || !strcmp(e->name, "random")); }

bool py_can_seconds(const struct py *y, const struct cv_expr *e)
{
    if (e->kind == CV_E_CONST)
        return e->value.kind == CV_K_INT && (e->value.duration || e->value.i == 0);
    if (holds_seconds(y, e))
        return true;
    bool sum = e->kind == CV_E_BINARY && (e->op == CV_OP_ADD || e->op == CV_OP_SUB);
    if (sum || (e->kind == CV_E_UNARY && e->op == CV_OP_NEG) || least_or_most(e)) {
        for (uint32_t i = 0; i < e->n; i++)
            if (!py_can_seconds(y, e->items[i]))
                return false;
        return true;
    }
    if (e->kind != CV_E_BINARY || (e->op != CV_OP_MUL && e->op != CV_OP_DIV))
        return false;
    if (py_can_seconds(y, e->items[0]) && plain(y, e->items[1]))
        return true;
    return e->op == CV_OP_MUL && plain(y, e->items[0]) && py_can_seconds(y, e->items[1]);
}

/* Whether a duration goes into the value: it is worth seconds. */
static bool from_duration(const struct py *y, const struct cv_expr *e)
{
    if (duration_const(e) || holds_seconds(y, e))
        return true;
    bool arithmetic = (e->kind == CV_E_BINARY && (e->op == CV_OP_ADD || e->op == CV_OP_SUB || e->op == CV_OP_MUL)) || e->kind == CV_E_UNARY || least_or_most(e);
    if (e->kind == CV_E_BINARY && e->op == CV_OP_DIV)
        return from_duration(y, e->items[0]) && !from_duration(y, e->items[1]);
    for (uint32_t i = 0; arithmetic && i < e->n; i++)
        if (from_duration(y, e->items[i]))
            return true;
    return false;
}

static void hold(struct py *y, const struct cv_expr *target, bool seconds)
{
    uint64_t *locals = &here(y)->seconds, bit = target->kind == CV_E_LOCAL ? (uint64_t)1 << target->index : 0;
    bool was = holds_seconds(y, target);
    if (was == seconds)
        return;
    y->changed = true;
    if (target->kind == CV_E_LOCAL)
        *locals = seconds ? *locals | bit : *locals & ~bit;
    else if (target->kind == CV_E_VAR)
        y->vars[target->index].seconds = seconds;
    else if (target->kind == CV_E_PARAM)
        *param_flag(y, target) = seconds;
}

static void hold_argument(struct py *y, uint32_t body, uint32_t slot, bool seconds)
{
    uint64_t *locals = &y->bodies[body].seconds, was = *locals, bit = (uint64_t)1 << slot;
    *locals = seconds ? was | bit : was & ~bit;
    y->changed |= *locals != was;
}

static void suggest(struct py *y, const struct cv_stmt *s)
{
    if ((s->kind == CV_S_ASSIGN || s->kind == CV_S_AUGMENT) && s->target->kind != CV_E_ITEM && from_duration(y, s->value) &&
        !(s->target->kind == CV_E_VAR && y->vars[s->target->index].held != HELD_PLAIN))
        hold(y, s->target, true);
    for (uint32_t i = 0; i < s->nargs; i++)
        if (from_duration(y, s->args[i]))
            hold_argument(y, (uint32_t)s->target->index, i, true);
}

/* The value is used as a plain number: whatever is in it holds nanoseconds, but for what is compared with its like. */
static void used_plainly(struct py *y, const struct cv_expr *e)
{
    if (!e || (py_is_order(e) && py_can_seconds(y, e->items[0]) && py_can_seconds(y, e->items[1])))
        return;
    hold(y, e, false);
    for (uint32_t i = 0; i < e->n; i++)
        used_plainly(y, e->items[i]);
}

static bool used_as_seconds(struct py *y, const struct cv_expr *e)
{
    if (py_can_seconds(y, e))
        return true;
    used_plainly(y, e);
    return false;
}

static void object_assigned(struct py *y, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->target;
    bool sum = s->op == CV_OP_ADD || s->op == CV_OP_SUB, product = s->op == CV_OP_MUL || s->op == CV_OP_DIV;
    if (t->kind == CV_E_ITEM)
        used_plainly(y, t->items[1]);
    if (t->kind == CV_E_ITEM || !holds_seconds(y, t) || s->kind == CV_S_ATOMIC) {
        used_plainly(y, s->value);
        if (s->kind == CV_S_ATOMIC)
            used_plainly(y, t);
    } else if (product ? !plain(y, s->value) : s->op && !sum ? true : !used_as_seconds(y, s->value)) {
        hold(y, t, false);
        used_plainly(y, s->value);
    }
}

static void contradict(struct py *y, const struct cv_stmt *s)
{
    struct cv_expr local = {.kind = CV_E_LOCAL, .index = s->index};
    switch (s->kind) {
    case CV_S_SLEEP: case CV_S_FETCH: case CV_S_CPU: used_as_seconds(y, s->value); break;
    case CV_S_ASSIGN: case CV_S_AUGMENT: case CV_S_ATOMIC: object_assigned(y, s); break;
    case CV_S_APPEND: used_plainly(y, s->value); break;
    case CV_S_SPAWN:
        for (uint32_t i = 0; i < s->nargs; i++)
            if (!(y->bodies[s->target->index].seconds >> i & 1))
                used_plainly(y, s->args[i]);
            else if (!used_as_seconds(y, s->args[i]))
                hold_argument(y, (uint32_t)s->target->index, i, false);
        used_plainly(y, s->value);
        break;
    default:
        if (s->index >= 0 && s->kind != CV_S_OFFLOAD) /* the variable of a for, what a queue gave */
            hold(y, &local, false);
        used_plainly(y, s->value);
        used_plainly(y, s->value2);
    }
}

static void contradict_all(struct py *y)
{
    const struct cv_program *p = y->p;
    for (uint32_t i = 0; i < p->ninstances; i++) {
        const struct cv_instance *in = &p->instances[i];
        if (in->has_value && (!in->value.duration || y->bodies[in->body].name))
            hold_argument(y, in->body, 0, false);
    }
    for (uint32_t v = 0; v < p->nvars; v++)
        if (y->vars[v].seconds && !p->vars[v].initial.duration && !(p->vars[v].initial.kind == CV_K_INT && p->vars[v].initial.i == 0)) {
            y->vars[v].seconds = false;
            y->changed = true;
        }
    each_body(y, contradict);
    y->body = 0;
    for (uint32_t v = 0; v < p->nvars; v++)
        if (!y->vars[v].seconds)
            used_plainly(y, p->vars[v].written);
        else if (!used_as_seconds(y, p->vars[v].written))
            y->vars[v].seconds = false;
    for (uint32_t k = 0; k < p->nsyncs; k++)
        used_plainly(y, p->syncs[k].written);
    for (uint32_t b = 0; b < p->nbodies; b++)
        used_plainly(y, p->bodies[b].count);
}

static void find_seconds(struct py *y)
{
    const struct cv_program *p = y->p;
    for (uint32_t k = 0; k < p->nparams; k++)
        y->param_seconds[k] = p->params[k].duration;
    for (uint32_t v = 0; v < p->nvars; v++)
        y->vars[v].seconds = p->vars[v].initial.duration && y->vars[v].held == HELD_PLAIN;
    for (uint32_t i = 0; i < p->ninstances; i++)
        if (p->instances[i].has_value && p->instances[i].value.duration)
            hold_argument(y, p->instances[i].body, 0, true);
    do {
        y->changed = false;
        each_body(y, suggest);
    } while (y->changed);
    do {
        y->changed = false;
        contradict_all(y);
    } while (y->changed);
}

/* ── locals that may be read before they are assigned ───────────────────────────────────────────── */
static void reads(struct py *y, const struct cv_expr *e, uint64_t set)
{
    if (!e)
        return;
    if (e->kind == CV_E_LOCAL)
        here(y)->loose |= ((uint64_t)1 << e->index) & ~set;
    for (uint32_t i = 0; i < e->n; i++)
        reads(y, e->items[i], set);
}

/* The locals certainly assigned behind a block; all of them where it does not come to its end. */
static uint64_t flow(struct py *y, const struct cv_stmt *s, uint64_t set)
{
    for (; s; s = s->next) {
        uint64_t bit = s->index >= 0 ? (uint64_t)1 << s->index : 0;
        bool assigns = s->kind == CV_S_ASSIGN && s->target->kind == CV_E_LOCAL;
        if (s->target && s->kind != CV_S_SPAWN && !assigns)
            reads(y, s->target, set);
        reads(y, s->value, set);
        reads(y, s->value2, set);
        for (uint32_t i = 0; i < s->nargs; i++)
            reads(y, s->args[i], set);
        switch (s->kind) {
        case CV_S_IF: set = flow(y, s->body, set) & flow(y, s->orelse, set); break;
        case CV_S_WITH: set = flow(y, s->body, set); break;
        case CV_S_FOR: flow(y, s->body, set | bit); break;
        case CV_S_WHILE: case CV_S_REPEAT: flow(y, s->body, set); break;
        case CV_S_RETURN: case CV_S_BREAK: case CV_S_CONTINUE: case CV_S_FAIL: return ~(uint64_t)0;
        case CV_S_OFFLOAD: {
            uint64_t in, out;
            py_block_locals(y, s, &in, &out);
            here(y)->loose |= in & ~set;
            set |= in | out;
            break;
        }
        case CV_S_ASSIGN: set |= assigns ? (uint64_t)1 << s->target->index : 0; break;
        default: set |= bit;
        }
    }
    return set;
}

/* ── offloaded blocks ───────────────────────────────────────────────────────────────────────────── */
static uint64_t bits_read(const struct cv_expr *e)
{
    uint64_t bits = e && e->kind == CV_E_LOCAL ? (uint64_t)1 << e->index : 0;
    for (uint32_t i = 0; e && i < e->n; i++)
        bits |= bits_read(e->items[i]);
    return bits;
}

static uint64_t statement_reads(const struct cv_stmt *s)
{
    uint64_t bits = bits_read(s->value) | bits_read(s->value2);
    if (s->kind != CV_S_SPAWN && !(s->kind == CV_S_ASSIGN && s->target->kind == CV_E_LOCAL))
        bits |= bits_read(s->target);
    for (uint32_t i = 0; i < s->nargs; i++)
        bits |= bits_read(s->args[i]);
    return bits;
}

/* All locals read in a list of statements, but for one of them and what is in it. */
static uint64_t reads_but(const struct cv_stmt *s, const struct cv_stmt *but)
{
    uint64_t bits = 0;
    for (; s; s = s->next)
        if (s != but)
            bits |= statement_reads(s) | reads_but(s->body, but) | reads_but(s->orelse, but);
    return bits;
}

static uint64_t changed_in(const struct cv_stmt *s)
{
    uint64_t bits = 0;
    for (; s; s = s->next) {
        const struct cv_expr *base = s->target && s->target->kind == CV_E_ITEM ? s->target->items[0] : s->target;
        if (s->kind != CV_S_SPAWN && base && base->kind == CV_E_LOCAL)
            bits |= (uint64_t)1 << base->index;
        if (s->index >= 0 && (s->kind == CV_S_FOR || s->kind == CV_S_GET))
            bits |= (uint64_t)1 << s->index;
        bits |= changed_in(s->body) | changed_in(s->orelse);
    }
    return bits;
}

void py_block_locals(struct py *y, const struct cv_stmt *s, uint64_t *in, uint64_t *out)
{
    uint64_t keep = here(y)->loose;
    here(y)->loose = 0;
    uint64_t certain = flow(y, s->body, 0);
    uint64_t wanted = reads_but(y->p->bodies[y->body].tree, s);
    *out = changed_in(s->body) & wanted;
    *in = here(y)->loose | (*out & ~certain);
    here(y)->loose = keep;
}

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────────── */
bool py_loop_spawn(const struct cv_stmt *s)
{
    return (s->kind == CV_S_FOR || s->kind == CV_S_REPEAT) && s->body && s->body->kind == CV_S_SPAWN && s->body->index < 0 && !s->body->next;
}

const struct cv_stmt *py_group(const struct py *y, const struct cv_stmt *s)
{
    const struct cv_stmt *first = s;
    while (s && ((s->kind == CV_S_SPAWN && s->index < 0) || py_loop_spawn(s)))
        s = s->next;
    bool waits = s && s != first && s->kind == CV_S_JOIN_ALL && (s->await || y->model != CV_ASYNC);
    return waits ? s : NULL;
}

static uint32_t spawns_in_groups(const struct py *y, const struct cv_stmt *s)
{
    uint32_t n = 0;
    while (s) {
        const struct cv_stmt *end = py_group(y, s);
        if (end)
            for (; s != end; s = s->next)
                n++;
        n += spawns_in_groups(y, py_loop_spawn(s) ? NULL : s->body) + spawns_in_groups(y, s->orelse);
        s = s->next;
    }
    return n;
}

static uint32_t count_of(const struct cv_stmt *s, enum cv_stmt_kind kind)
{
    uint32_t n = 0;
    for (; s; s = s->next)
        n += (s->kind == kind) + count_of(s->body, kind) + count_of(s->orelse, kind);
    return n;
}

static void spawns_counted(struct py *y, const struct cv_stmt *s, bool straight)
{
    for (; s; s = s->next) {
        if (s->kind == CV_S_SPAWN && !straight)
            y->bodies[s->target->index].by_counter = true;
        spawns_counted(y, s->body, false);
        spawns_counted(y, s->orelse, false);
    }
}

static void find_tasks(struct py *y)
{
    const struct cv_program *p = y->p;
    for (uint32_t i = 0; p->implicit_main && i < p->ninstances; i++) {
        struct body_facts *f = &y->bodies[p->instances[i].body];
        f->first = f->n ? f->first : i;
        f->n++;
    }
    for (uint32_t b = 0; b < p->nbodies; b++) {
        struct body_facts *f = &y->bodies[b];
        const struct cv_stmt *tree = p->bodies[b].tree;
        uint32_t spawns = count_of(tree, CV_S_SPAWN), joins = count_of(tree, CV_S_JOIN_ALL);
        f->grouped = joins && spawns == spawns_in_groups(y, tree);
        f->tasks = joins && !f->grouped;
        spawns_counted(y, tree, b == 0);
        f->offloads = count_of(tree, CV_S_OFFLOAD);
        bool value = f->n && p->instances[f->first].has_value, single = f->n == 1 && !value && !strcmp(p->instances[f->first].name, p->bodies[b].name);
        bool unchanged = value && !(f->assigned & 1) && !(f->locals[0].is & IS_LIST);
        f->naming = b == 0 || (single && !f->sites) ? NAME_CONSTANT
                    : unchanged && !f->sites        ? NAME_VALUE
                    : !value && !single             ? NAME_NUMBERED
                                                    : NAME_TOLD;
        f->number = b && (f->me || (f->name && f->naming == NAME_NUMBERED));
    }
}

void py_facts(struct py *y)
{
    const struct cv_program *p = y->p;
    y->forks = y->model == CV_PROCESSES || (p->offloads & 2);
    y->bodies = cv_alloc((p->nbodies + 1) * sizeof *y->bodies);
    y->vars = cv_alloc((p->nvars + 1) * sizeof *y->vars);
    y->syncs = cv_alloc((p->nsyncs + 1) * sizeof *y->syncs);
    y->param_seconds = cv_alloc((p->nparams + 1) * sizeof *y->param_seconds);
    find_kinds(y);
    each_body(y, uses_in);
    each_body(y, find_touched);
    marry(y); /* to the lock, and from it to all its conditions */
    marry(y);
    for (uint32_t k = 0; k < p->nsyncs; k++)
        y->syncs[k].module = whose(y, &y->syncs[k]);
    for (uint32_t v = 0; v < p->nvars; v++)
        y->vars[v].held = how_held(y, v);
    find_seconds(y);
    for (y->body = 0; y->body < p->nbodies; y->body++)
        flow(y, p->bodies[y->body].tree, ((uint64_t)1 << p->bodies[y->body].nparams) - 1);
    find_tasks(y);
}
