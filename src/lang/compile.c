/* The tree to code. One pass over each body; jumps are patched; the stack's depth is counted along the way. */
#include <stdlib.h>
#include <string.h>

#include "lang/reader.h"

struct loop {
    struct loop *outer;
    CV_VEC(uint32_t) breaks, continues;
    uint32_t withs;
};
struct out {
    struct reader *r;
    struct cv_body *body;
    CV_VEC(struct cv_insn) code;
    CV_VEC(struct cv_const) consts;
    uint32_t line, depth, withs;
    uint32_t named, hidden; /* locals with names, and hidden ones in use: a loop's are free again behind it */
    bool await, spinning;
    struct loop *loop;
    int with_sync[CV_LIMIT_NESTING + 1];
};

static void stack(struct out *o, int pops, int pushes)
{
    CV_ASSERT((int)o->depth >= pops);
    o->depth += (uint32_t)(pushes - pops);
    if (o->depth > o->body->nstack)
        o->body->nstack = o->depth;
}

/* pops: for operations whose number depends on the argument. */
static uint32_t emit_n(struct out *o, enum cv_op op, int32_t arg, int32_t b, int pops)
{
    struct cv_insn i = {.op = (uint8_t)op, .await = o->await, .line = (uint16_t)o->line, .arg = arg, .b = b};
    CV_PUSH(&o->code, i);
    stack(o, cv_op_info[op].pops >= 0 ? cv_op_info[op].pops : pops, cv_op_info[op].pushes);
    return (uint32_t)o->code.n - 1;
}
static uint32_t emit(struct out *o, enum cv_op op, int32_t arg, int32_t b)
{
    return emit_n(o, op, arg, b, 0);
}
static void patch(struct out *o, uint32_t at)
{
    o->code.at[at].arg = (int32_t)o->code.n;
}

static int32_t constant(struct out *o, struct cv_const k)
{
    for (size_t i = 0; i < o->consts.n; i++) {
        const struct cv_const *c = &o->consts.at[i];
        if (c->kind == k.kind && c->kind != CV_K_LIST && c->i == k.i && c->n == k.n && c->duration == k.duration &&
            (k.kind != CV_K_STRING || memcmp(c->s, k.s, k.n) == 0))
            return (int32_t)i;
    }
    CV_PUSH(&o->consts, k);
    return (int32_t)o->consts.n - 1;
}

/* ── expressions ────────────────────────────────────────────────────────────────────────────────── */
static void expr(struct out *o, const struct cv_expr *e);

static void each(struct out *o, const struct cv_expr *e)
{
    for (uint32_t i = 0; i < e->n; i++)
        expr(o, e->items[i]);
}

static void item(struct out *o, const struct cv_expr *e)
{
    const struct cv_expr *list = e->items[0];
    if (list->kind == CV_E_VAR) {
        expr(o, e->items[1]);
        emit(o, CV_OP_LOAD_ITEM, list->index, o->spinning);
    } else if (list->kind == CV_E_LOCAL) {
        expr(o, e->items[1]);
        emit(o, CV_OP_LOCAL_ITEM, list->index, 0);
    } else {
        expr(o, list);
        expr(o, e->items[1]);
        emit(o, CV_OP_ITEM, 0, 0);
    }
}

static void call(struct out *o, const struct cv_expr *e)
{
    if (!strcmp(e->name, "len")) {
        const struct cv_expr *of = e->items[0];
        if (of->kind == CV_E_VAR && o->r->p->vars[of->index].list) {
            emit(o, CV_OP_LOAD_LEN, of->index, o->spinning);
            return;
        }
        expr(o, of);
        emit(o, CV_OP_LEN, 0, 0);
    } else if (!strcmp(e->name, "cas")) {
        const struct cv_expr *at = e->items[0];
        if (at->kind == CV_E_ITEM)
            expr(o, at->items[1]);
        expr(o, e->items[1]);
        expr(o, e->items[2]);
        emit(o, at->kind == CV_E_ITEM ? CV_OP_CAS_ITEM : CV_OP_CAS, at->kind == CV_E_ITEM ? at->items[0]->index : at->index, 0);
    } else if (!strcmp(e->name, "random")) {
        each(o, e);
        emit(o, CV_OP_RANDOM, 0, 0);
    } else {
        each(o, e);
        emit_n(o, !strcmp(e->name, "min") ? CV_OP_MIN : CV_OP_MAX, (int32_t)e->n, 0, (int)e->n);
    }
}

static void builtin(struct out *o, const struct cv_expr *e)
{
    static const struct {
        const char *name;
        enum cv_op op;
    } ops[] = {{"me", CV_OP_ME},   {"name", CV_OP_NAME}, {"pid", CV_OP_PID},
               {"tid", CV_OP_TID}, {"core", CV_OP_CORE}, {"now", CV_OP_NOW}};
    for (size_t i = 0; i < CV_COUNT(ops); i++)
        if (!strcmp(ops[i].name, e->name)) {
            emit(o, ops[i].op, 0, 0);
            return;
        }
    CV_ASSERT(!"a builtin of bodies");
}

static void short_circuit(struct out *o, const struct cv_expr *e)
{
    expr(o, e->items[0]);
    uint32_t skip = emit(o, e->kind == CV_E_AND ? CV_OP_JUMP_FALSE_KEEP : CV_OP_JUMP_TRUE_KEEP, 0, 0);
    expr(o, e->items[1]);
    patch(o, skip);
}

static void expr(struct out *o, const struct cv_expr *e)
{
    switch (e->kind) {
    case CV_E_CONST:
    case CV_E_PARAM:
        emit(o, CV_OP_CONST, constant(o, e->value), 0);
        break;
    case CV_E_LOCAL:
        emit(o, CV_OP_LOCAL, e->index, 0);
        break;
    case CV_E_VAR:
        emit(o, CV_OP_LOAD, e->index, o->spinning);
        break;
    case CV_E_ITEM:
        item(o, e);
        break;
    case CV_E_UNARY:
        expr(o, e->items[0]);
        emit(o, e->op, 0, 0);
        break;
    case CV_E_BINARY:
        each(o, e);
        emit(o, e->op, 0, 0);
        break;
    case CV_E_AND:
    case CV_E_OR:
        short_circuit(o, e);
        break;
    case CV_E_LIST:
        each(o, e);
        emit_n(o, CV_OP_LIST, (int32_t)e->n, 0, (int)e->n);
        break;
    case CV_E_FORMAT:
        each(o, e);
        emit_n(o, CV_OP_FORMAT, (int32_t)e->n, 0, (int)e->n);
        break;
    case CV_E_CALL:
        call(o, e);
        break;
    case CV_E_BUILTIN:
        builtin(o, e);
        break;
    default:
        CV_ASSERT(!"an expression of bodies");
    }
}

/* ── statements ─────────────────────────────────────────────────────────────────────────────────── */
static void block(struct out *o, const struct cv_stmt *s);

static void assign(struct out *o, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->target;
    if (t->kind == CV_E_ITEM) {
        bool local = t->items[0]->kind == CV_E_LOCAL;
        expr(o, t->items[1]);
        expr(o, s->value);
        emit(o, local ? CV_OP_SET_LOCAL_ITEM : CV_OP_STORE_ITEM, t->items[0]->index, 0);
    } else {
        expr(o, s->value);
        emit(o, t->kind == CV_E_LOCAL ? CV_OP_SET_LOCAL : CV_OP_STORE, t->index, 0);
    }
}

/* As Python: the old value is read before the right side is computed. */
static void augment(struct out *o, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->target;
    if (t->kind == CV_E_ITEM) {
        bool local = t->items[0]->kind == CV_E_LOCAL;
        int32_t of = t->items[0]->index;
        expr(o, t->items[1]);
        emit(o, CV_OP_DUP, 0, 0);
        emit(o, local ? CV_OP_LOCAL_ITEM : CV_OP_LOAD_ITEM, of, 0);
        expr(o, s->value);
        emit(o, s->op, 0, 0);
        emit(o, local ? CV_OP_SET_LOCAL_ITEM : CV_OP_STORE_ITEM, of, 0);
    } else {
        expr(o, t);
        expr(o, s->value);
        emit(o, s->op, 0, 0);
        emit(o, t->kind == CV_E_LOCAL ? CV_OP_SET_LOCAL : CV_OP_STORE, t->index, 0);
    }
}

static void atomic(struct out *o, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->target;
    if (t->kind == CV_E_ITEM)
        expr(o, t->items[1]);
    expr(o, s->value);
    emit(o, t->kind == CV_E_ITEM ? CV_OP_ATOMIC_ITEM : CV_OP_ATOMIC, t->kind == CV_E_ITEM ? t->items[0]->index : t->index,
         (int32_t)s->op);
}

static int32_t hidden(struct out *o, uint32_t n)
{
    uint32_t first = o->named + o->hidden;
    o->hidden += n;
    if (first + n > o->body->nlocals)
        o->body->nlocals = first + n;
    return (int32_t)first;
}

static void loop_begin(struct out *o, struct loop *l)
{
    *l = (struct loop){.outer = o->loop, .withs = o->withs};
    o->loop = l;
}

static void loop_end(struct out *o, struct loop *l, uint32_t next)
{
    for (size_t i = 0; i < l->continues.n; i++)
        o->code.at[l->continues.at[i]].arg = (int32_t)next;
    for (size_t i = 0; i < l->breaks.n; i++)
        patch(o, l->breaks.at[i]);
    free(l->continues.at);
    free(l->breaks.at);
    o->loop = l->outer;
}

/* repeat, for: next and last in hidden locals, the current number behind them. */
static void counted(struct out *o, const struct cv_stmt *s)
{
    struct loop l;
    int32_t h = hidden(o, 3);
    if (s->kind == CV_S_FOR)
        expr(o, s->value);
    else
        emit(o, CV_OP_CONST, constant(o, (struct cv_const){.kind = CV_K_INT, .i = 1}), 0);
    emit(o, CV_OP_SET_LOCAL, h, 0);
    expr(o, s->kind == CV_S_FOR ? s->value2 : s->value);
    emit(o, CV_OP_SET_LOCAL, h + 1, 0);
    loop_begin(o, &l);
    uint32_t again = emit(o, CV_OP_FOR, 0, h);
    if (s->kind == CV_S_FOR) {
        emit(o, CV_OP_LOCAL, h + 2, 0);
        emit(o, CV_OP_SET_LOCAL, s->index, 0);
    }
    block(o, s->body);
    emit(o, CV_OP_JUMP, (int32_t)again, 0);
    patch(o, again);
    loop_end(o, &l, again);
    o->hidden -= 3;
}

static void while_loop(struct out *o, const struct cv_stmt *s)
{
    struct loop l;
    uint32_t again = (uint32_t)o->code.n;
    expr(o, s->value);
    uint32_t leave = emit(o, CV_OP_JUMP_FALSE, 0, 0);
    loop_begin(o, &l);
    block(o, s->body);
    emit(o, CV_OP_JUMP, (int32_t)again, 0);
    patch(o, leave);
    loop_end(o, &l, again);
}

static void branch(struct out *o, const struct cv_stmt *s)
{
    expr(o, s->value);
    uint32_t skip = emit(o, CV_OP_JUMP_FALSE, 0, 0);
    block(o, s->body);
    if (!s->orelse) {
        patch(o, skip);
        return;
    }
    uint32_t over = emit(o, CV_OP_JUMP, 0, 0);
    patch(o, skip);
    block(o, s->orelse);
    patch(o, over);
}

static void spin(struct out *o, const struct cv_stmt *s)
{
    uint32_t again = (uint32_t)o->code.n;
    o->spinning = true;
    expr(o, s->value);
    o->spinning = false;
    uint32_t leave = emit(o, CV_OP_JUMP_TRUE, 0, 0);
    emit(o, CV_OP_SPIN, 0, 0);
    emit(o, CV_OP_JUMP, (int32_t)again, 0);
    patch(o, leave);
}

static void give_back(struct out *o, int sync)
{
    emit(o, o->r->p->syncs[sync].kind == SYNC_LOCK ? CV_OP_UNLOCK : CV_OP_RELEASE, sync, 0);
    emit(o, CV_OP_END_WITH, 0, 0);
}

/* Leaving by break, continue or return: every with in between is given back, innermost first. */
static void unwind(struct out *o, uint32_t to)
{
    for (uint32_t w = o->withs; w > to; w--)
        give_back(o, o->with_sync[w - 1]);
}

static void with(struct out *o, const struct cv_stmt *s)
{
    o->await = s->await;
    emit(o, o->r->p->syncs[s->sync].kind == SYNC_LOCK ? CV_OP_LOCK : CV_OP_ACQUIRE, s->sync, 0);
    o->await = false;
    emit(o, CV_OP_WITH, s->sync, 0);
    o->with_sync[o->withs++] = s->sync;
    if (o->withs > o->body->nwith)
        o->body->nwith = o->withs;
    block(o, s->body);
    o->withs--;
    o->line = s->at.line;
    give_back(o, s->sync);
}

static void effect(struct out *o, const struct cv_stmt *s, enum cv_op op, int32_t arg)
{
    o->await = s->await;
    emit(o, op, arg, s->nogil);
    o->await = false;
}

/* What get and spawn give goes where the arrow points. */
static void keep_result(struct out *o, const struct cv_stmt *s)
{
    if (s->value)
        emit(o, CV_OP_STORE, s->value->index, 0);
    else if (s->index >= 0)
        emit(o, CV_OP_SET_LOCAL, s->index, 0);
    else
        emit(o, CV_OP_POP, 0, 0);
}

static void spawn(struct out *o, const struct cv_stmt *s)
{
    for (uint32_t i = 0; i < s->nargs; i++)
        expr(o, s->args[i]);
    emit_n(o, CV_OP_SPAWN, s->target->index, (int32_t)s->nargs, (int)s->nargs);
    o->body->spawns = true;
    keep_result(o, s);
}

static const char *line_text(struct out *o, uint32_t line, const char *word, uint32_t *n)
{
    for (size_t i = 0; i < o->r->lines.n; i++) {
        const struct line *l = &o->r->lines.at[i];
        if (l->number != line)
            continue;
        const char *s = l->text + strlen(word);
        while (s < l->end && (*s == ' ' || *s == '\t'))
            s++;
        *n = (uint32_t)(l->end - s);
        return arena_text(o->r->arena, s, *n);
    }
    *n = 0;
    return "";
}

static void statement(struct out *o, const struct cv_stmt *s)
{
    o->line = s->at.line;
    switch (s->kind) {
    case CV_S_ASSIGN:
        assign(o, s);
        break;
    case CV_S_AUGMENT:
        augment(o, s);
        break;
    case CV_S_ATOMIC:
        atomic(o, s);
        break;
    case CV_S_APPEND:
        expr(o, s->value);
        emit(o, s->target->kind == CV_E_LOCAL ? CV_OP_APPEND_LOCAL : CV_OP_APPEND, s->target->index, 0);
        break;
    case CV_S_REPEAT:
    case CV_S_FOR:
        counted(o, s);
        break;
    case CV_S_WHILE:
        while_loop(o, s);
        break;
    case CV_S_IF:
        branch(o, s);
        break;
    case CV_S_BREAK:
    case CV_S_CONTINUE: {
        uint32_t withs = o->withs;
        unwind(o, o->loop->withs);
        o->withs = withs;
        uint32_t jump = emit(o, CV_OP_JUMP, 0, 0);
        if (s->kind == CV_S_BREAK)
            CV_PUSH(&o->loop->breaks, jump);
        else
            CV_PUSH(&o->loop->continues, jump);
        break;
    }
    case CV_S_RETURN:
        unwind(o, 0);
        emit(o, CV_OP_DONE, 0, 0);
        break;
    case CV_S_PASS:
        break;
    case CV_S_PRINT:
        expr(o, s->value);
        if (s->value->kind != CV_E_FORMAT && !(s->value->kind == CV_E_CONST && s->value->value.kind == CV_K_STRING))
            emit_n(o, CV_OP_FORMAT, 1, 0, 1);
        emit(o, CV_OP_PRINT, 0, 0);
        break;
    case CV_S_SPIN:
        spin(o, s);
        break;
    case CV_S_CHECK: {
        struct cv_const k = {.kind = CV_K_STRING};
        expr(o, s->value);
        k.s = line_text(o, s->at.line, "check", &k.n);
        emit(o, CV_OP_CHECK, constant(o, k), 0);
        break;
    }
    case CV_S_MARK:
        emit(o, CV_OP_MARK, constant(o, (struct cv_const){.kind = CV_K_STRING, .s = s->name, .n = (uint32_t)strlen(s->name)}), 0);
        break;
    case CV_S_CPU:
        expr(o, s->value);
        effect(o, s, CV_OP_CPU, 0);
        break;
    case CV_S_SLEEP:
        expr(o, s->value);
        effect(o, s, CV_OP_SLEEP, 0);
        break;
    case CV_S_FETCH:
        expr(o, s->value);
        effect(o, s, CV_OP_FETCH, 0);
        break;
    case CV_S_OFFLOAD: {
        uint32_t at = (uint32_t)o->code.n;
        effect(o, s, CV_OP_OFFLOAD, s->index);
        block(o, s->body);
        emit(o, CV_OP_END_OFFLOAD, 0, 0);
        o->code.at[at].b = (int32_t)o->code.n;
        break;
    }
    case CV_S_ALLOC:
        expr(o, s->value);
        effect(o, s, CV_OP_ALLOC, 0);
        break;
    case CV_S_PIN:
        expr(o, s->value);
        effect(o, s, CV_OP_PIN, 0);
        break;
    case CV_S_NICE:
        expr(o, s->value);
        effect(o, s, CV_OP_NICE, 0);
        break;
    case CV_S_YIELD:
        effect(o, s, CV_OP_YIELD, 0);
        break;
    case CV_S_LOCK:
        effect(o, s, CV_OP_LOCK, s->sync);
        break;
    case CV_S_UNLOCK:
        effect(o, s, CV_OP_UNLOCK, s->sync);
        break;
    case CV_S_WITH:
        with(o, s);
        break;
    case CV_S_ACQUIRE:
        effect(o, s, CV_OP_ACQUIRE, s->sync);
        break;
    case CV_S_RELEASE:
        effect(o, s, CV_OP_RELEASE, s->sync);
        break;
    case CV_S_PUT:
        expr(o, s->value);
        effect(o, s, CV_OP_PUT, s->sync);
        break;
    case CV_S_GET:
        effect(o, s, CV_OP_GET, s->sync);
        keep_result(o, s);
        break;
    case CV_S_WAIT:
        effect(o, s, CV_OP_WAIT, s->sync);
        break;
    case CV_S_NOTIFY:
        emit(o, CV_OP_NOTIFY, s->sync, 0);
        break;
    case CV_S_NOTIFY_ALL:
        emit(o, CV_OP_NOTIFY, s->sync, 1);
        break;
    case CV_S_SET:
        effect(o, s, CV_OP_SET, s->sync);
        break;
    case CV_S_CLEAR:
        effect(o, s, CV_OP_CLEAR, s->sync);
        break;
    case CV_S_BARRIER:
        effect(o, s, CV_OP_BARRIER, s->sync);
        break;
    case CV_S_SPAWN:
        spawn(o, s);
        break;
    case CV_S_JOIN:
        expr(o, s->value);
        effect(o, s, CV_OP_JOIN, 0);
        break;
    case CV_S_JOIN_ALL:
        effect(o, s, CV_OP_JOIN_ALL, 0);
        break;
    case CV_S_FAIL:
        expr(o, s->value);
        emit(o, CV_OP_FAIL, 0, 0);
        break;
    case CV_S_CRASH:
        emit(o, CV_OP_CRASH, 0, 0);
        break;
    }
}

static void block(struct out *o, const struct cv_stmt *s)
{
    for (; s; s = s->next)
        statement(o, s);
}

/* What a body could give to others, and what it waits for: for the search for deadlocks. */
static void gives_and_takes(struct out *o, uint32_t from)
{
    for (size_t i = from; i < o->code.n; i++) {
        const struct cv_insn *c = &o->code.at[i];
        uint64_t bit = c->arg >= 0 && c->arg < 64 ? (uint64_t)1 << c->arg : 0;
        switch (c->op) {
        case CV_OP_PUT:
        case CV_OP_GET:
        case CV_OP_BARRIER:
            o->body->gives |= bit;
            o->body->takes |= bit;
            break;
        case CV_OP_UNLOCK:
        case CV_OP_RELEASE:
        case CV_OP_SET:
        case CV_OP_NOTIFY:
            o->body->gives |= bit;
            break;
        case CV_OP_LOCK:
        case CV_OP_ACQUIRE:
        case CV_OP_WAIT:
            o->body->takes |= bit;
            break;
        default:
            break;
        }
    }
}

static void implicit_main(struct out *o)
{
    o->line = 0;
    for (uint32_t i = 0; i < o->r->p->ninstances; i++) {
        emit_n(o, CV_OP_SPAWN, (int32_t)o->r->p->instances[i].body, -1 - (int32_t)i, 0);
        emit(o, CV_OP_POP, 0, 0);
    }
    o->await = true;
    emit(o, CV_OP_JOIN_ALL, 0, 0);
    o->await = false;
}

void reader_compile(struct reader *r)
{
    struct out o = {.r = r};
    struct cv_program *p = r->p;
    for (uint32_t b = 0; b < p->nbodies; b++) {
        o.body = &p->bodies[b];
        o.body->code = (uint32_t)o.code.n;
        o.depth = o.withs = o.hidden = 0;
        o.named = o.body->nlocals;
        if (b == 0 && p->implicit_main)
            implicit_main(&o);
        else
            block(&o, o.body->tree);
        emit(&o, CV_OP_DONE, 0, 0);
        o.body->ncode = (uint32_t)o.code.n - o.body->code;
        gives_and_takes(&o, o.body->code);
        struct cv_place at = {o.body->line, 1, 0};
        if (o.body->nlocals > CV_LIMIT_LOCALS)
            cv_diag_error(r->diags, at, "this task has more than %d variables of its own (loops count too)", CV_LIMIT_LOCALS);
        if (o.body->nstack > CV_LIMIT_STACK)
            cv_diag_error(r->diags, at, "an expression of this task needs more than %d values at once", CV_LIMIT_STACK);
        if (o.code.n > CV_LIMIT_CODE + p->ninstances * 2) {
            cv_diag_error(r->diags, at, "the program is too long: more than %d operations", CV_LIMIT_CODE);
            break;
        }
    }
    p->ncode = (uint32_t)o.code.n;
    p->code = arena_alloc(r->arena, (o.code.n + 1) * sizeof *p->code);
    memcpy(p->code, o.code.at, o.code.n * sizeof *p->code);
    p->nconsts = (uint32_t)o.consts.n;
    p->consts = arena_alloc(r->arena, (o.consts.n + 1) * sizeof *p->consts);
    if (o.consts.n)
        memcpy(p->consts, o.consts.at, o.consts.n * sizeof *p->consts);
    free(o.code.at);
    free(o.consts.at);
}
