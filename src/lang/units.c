/* Numbers with a unit and numbers without, told apart before the run as far as can be. A duration is a number of nanoseconds, so nothing at
 * run time knows that `sleep n` with n = 5 was meant to be five seconds. Here every variable, local, queue and parameter of a task has the join
 * of all that is ever put into it, whatever the order; only what is a plain number on every way is an error, and nought fits both. It is
 * looked for where a duration belongs, behind sleep, fetch and cpu, and in [expect] beside the figures of a run; elsewhere a duration may be
 * compared with a number of nanoseconds. */
#include <string.h>

#include "reader.h"

enum unit { NOTHING /* nought, or never assigned */, PLAIN, DURATION, ANY };
struct units {
    struct reader *r;
    struct cv_program *p;
    unsigned char *vars, *syncs;       /* of what is in them */
    unsigned char **locals;            /* by body, by slot */
    unsigned char *here;               /* of the body being looked at; NULL in [expect] */
    bool changed;
};

static enum unit join(enum unit a, enum unit b) { return a == NOTHING ? b : b == NOTHING || a == b ? a : ANY; }

static void add(struct units *u, unsigned char *to, enum unit unit)
{
    unsigned char now = (unsigned char)join(*to, unit);
    u->changed |= now != *to;
    *to = now;
}

static enum unit of_const(const struct cv_const *k)
{
    enum unit all = NOTHING;
    switch (k->kind) {
    case CV_K_INT: return k->duration ? DURATION : k->i ? PLAIN : NOTHING;
    case CV_K_DOUBLE: return k->d != 0 ? PLAIN : NOTHING;
    case CV_K_LIST:
        for (uint32_t i = 0; i < k->n && all != ANY; i++)
            all = join(all, of_const(&k->items[i]));
        return all;
    default: return ANY;
    }
}

static enum unit of_name(const char *name)
{
    static const struct { const char *name; enum unit unit; } known[] = {
        {"now", DURATION}, {"elapsed", DURATION}, {"cpu_time", DURATION}, {"loop_lag", DURATION}, {"me", PLAIN}, {"pid", PLAIN}, {"tid", PLAIN}, {"core", PLAIN}};
    for (size_t i = 0; i < CV_COUNT(known); i++)
        if (!strcmp(name, known[i].name))
            return known[i].unit;
    return ANY;
}

/* A duration over a number may be either: half of it, or how many of these it has. */
static enum unit computed(enum cv_op op, enum unit a, enum unit b)
{
    switch (op) {
    case CV_OP_ADD:
    case CV_OP_SUB: return join(a, b);
    case CV_OP_MUL: return a == DURATION && b == DURATION ? ANY : a == ANY || b == ANY ? ANY : a == DURATION || b == DURATION ? DURATION : join(a, b);
    case CV_OP_DIV: return a == b && (a == DURATION || a == PLAIN) ? PLAIN : ANY;
    case CV_OP_MOD: return a == b ? a : ANY;
    default: return ANY;
    }
}

static enum unit of(const struct units *u, const struct cv_expr *e)
{
    enum unit all = NOTHING;
    switch (e->kind) {
    case CV_E_CONST:
    case CV_E_PARAM: return of_const(&e->value);
    case CV_E_LOCAL: return u->here && e->index >= 0 ? u->here[e->index] : ANY;
    case CV_E_VAR: return u->here ? u->vars[e->index] : ANY;
    case CV_E_ITEM: return of(u, e->items[0]);
    case CV_E_UNARY: return e->op == CV_OP_NEG ? of(u, e->items[0]) : ANY;
    case CV_E_BINARY: return computed(e->op, of(u, e->items[0]), of(u, e->items[1]));
    case CV_E_BUILTIN: return of_name(e->name);
    case CV_E_CALL:
        if (!strcmp(e->name, "len") || !strcmp(e->name, "count"))
            return PLAIN;
        if (!strcmp(e->name, "cas"))
            return ANY;
        break;
    case CV_E_AND:
    case CV_E_OR:
    case CV_E_LIST:
    case CV_E_RANGE: break;
    default: return ANY;
    }
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i])
            all = join(all, of(u, e->items[i]));
    return all;
}

/* ── what is put where ──────────────────────────────────────────────────────────────────────────── */
static void put(struct units *u, const struct cv_expr *target, int slot, enum unit unit)
{
    while (target && target->kind == CV_E_ITEM)
        target = target->items[0];
    if (target && target->kind == CV_E_VAR)
        add(u, &u->vars[target->index], unit);
    else if (target && target->kind == CV_E_LOCAL)
        add(u, &u->here[target->index], unit);
    else if (!target && slot >= 0)
        add(u, &u->here[slot], unit);
}

static void gather(struct units *u, const struct cv_stmt *s)
{
    for (; s; s = s->next) {
        switch (s->kind) {
        case CV_S_ASSIGN:
        case CV_S_APPEND: put(u, s->target, s->index, of(u, s->value)); break;
        case CV_S_AUGMENT:
        case CV_S_ATOMIC: put(u, s->target, s->index, s->target ? computed(s->op, of(u, s->target), of(u, s->value)) : ANY); break;
        case CV_S_FOR: put(u, NULL, s->index, join(of(u, s->value), of(u, s->value2))); break;
        case CV_S_PUT: add(u, &u->syncs[s->sync], of(u, s->value)); break;
        case CV_S_GET: put(u, s->value, s->index, u->syncs[s->sync]); break;
        case CV_S_SPAWN:
            for (uint32_t i = 0; i < s->nargs; i++)
                add(u, &u->locals[s->target->index][i], of(u, s->args[i]));
            put(u, s->value, s->index, ANY); /* the handle */
            break;
        default: break;
        }
        gather(u, s->body);
        gather(u, s->orelse);
    }
}

/* ── what does not fit ──────────────────────────────────────────────────────────────────────────── */
static void beside(struct units *u, const struct cv_expr *a, const struct cv_expr *b)
{
    enum unit of_a = of(u, a), of_b = of(u, b);
    if (!(of_a == DURATION && of_b == PLAIN) && !(of_a == PLAIN && of_b == DURATION))
        return;
    u->r->failed = false;
    if (reader_error(u->r, of_a == PLAIN ? a->at : b->at, "a number without a unit beside a duration"))
        cv_diag_note(u->r->diags, "units are ns, us, ms, s, as in 5ms");
}

static void look(struct units *u, const struct cv_expr *e)
{
    if (!e)
        return;
    switch (e->kind) {
    case CV_E_BINARY:
        if (e->op != CV_OP_MUL && e->op != CV_OP_DIV && e->op != CV_OP_MOD)
            beside(u, e->items[0], e->items[1]);
        break;
    case CV_E_RANGE: beside(u, e->items[0], e->items[1]); break;
    case CV_E_IN:
        if (e->items[1]->kind == CV_E_RANGE && of(u, e->items[1]) != ANY)
            beside(u, e->items[0], e->items[1]);
        break;
    default: break;
    }
    for (uint32_t i = 0; i < e->n; i++)
        look(u, e->items[i]);
}

/* Behind these a number belongs, and no duration. */
static void number(struct units *u, const struct cv_stmt *s)
{
    static const char *const words[CV_STMT_KINDS] = {[CV_S_REPEAT] = "repeat", [CV_S_ALLOC] = "alloc", [CV_S_PIN] = "pin", [CV_S_NICE] = "nice"};
    if (!words[s->kind])
        return;
    bool duration = of(u, s->value) == DURATION;
    if (!duration && (s->value->kind != CV_E_CONST || s->value->value.kind == CV_K_INT))
        return;
    u->r->failed = false;
    reader_error(u->r, s->value->at, "%s takes a number%s", words[s->kind], duration ? ", and this is a duration" : "");
}

static void look_all(struct units *u, const struct cv_stmt *s)
{
    for (; s; s = s->next) {
        bool wants = s->kind == CV_S_SLEEP || s->kind == CV_S_FETCH || s->kind == CV_S_CPU;
        if (wants)
            look(u, s->value);
        if (wants && of(u, s->value) == PLAIN) {
            u->r->failed = false;
            if (reader_error(u->r, s->value->at, "%s takes a duration, and this is a number without a unit",
                             s->kind == CV_S_SLEEP ? "sleep" : s->kind == CV_S_FETCH ? "fetch" : "cpu"))
                cv_diag_note(u->r->diags, "units are ns, us, ms, s; a number of them is a product, as in 5 * 1ms");
        }
        number(u, s);
        look_all(u, s->body);
        look_all(u, s->orelse);
    }
}

void reader_units(struct reader *r)
{
    enum { ROUNDS = 64 };              /* what has not settled by then is no plain number */
    struct cv_program *p = r->p;
    struct units u = {.r = r, .p = p};
    u.vars = arena_alloc(r->arena, p->nvars + 1);
    u.syncs = arena_alloc(r->arena, p->nsyncs + 1);
    u.locals = arena_alloc(r->arena, (p->nbodies + 1) * sizeof *u.locals);
    for (uint32_t b = 0; b < p->nbodies; b++)
        u.locals[b] = arena_alloc(r->arena, CV_LIMIT_LOCALS + 1);
    for (uint32_t v = 0; v < p->nvars; v++)
        u.vars[v] = (unsigned char)of_const(&p->vars[v].initial);
    for (uint32_t i = 0; i < p->ninstances; i++)
        if (p->instances[i].has_value)
            add(&u, &u.locals[p->instances[i].body][0], of_const(&p->instances[i].value));
    int round = 0;
    do {
        u.changed = false;
        for (uint32_t b = 0; b < p->nbodies; b++) {
            u.here = u.locals[b];
            gather(&u, p->bodies[b].tree);
        }
    } while (u.changed && ++round < ROUNDS);
    if (u.changed)
        return;
    for (uint32_t b = 0; b < p->nbodies; b++) {
        u.here = u.locals[b];
        look_all(&u, p->bodies[b].tree);
    }
    u.here = NULL;
    for (uint32_t i = 0; i < p->nexpects; i++)
        look(&u, p->expects[i].expr);
    for (uint32_t i = 0; i < p->ngoals; i++)
        look(&u, p->goals[i].expr);
}
