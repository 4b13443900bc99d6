/* The interpreter: runs what is local, stops in front of each action (memory.c does those of memory). A stack machine over
 * the values of one task; what a value derives from travels along with it. */
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "stack.h"

static uint64_t splitmix(uint64_t *state) /* Steele, Lea, Flood 2014 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ── birth ──────────────────────────────────────────────────────────────────────────────────────── */
static struct cv_value constant_value(const struct cv_machine *m, const struct cv_const *k)
{
    switch (k->kind) {
    case CV_K_BOOL: return value_bool(k->i);
    case CV_K_INT: return value_int(k->i);
    case CV_K_STRING: return value_of(CV_TAG_STRING, cv_intern(&m->shm, k->s, k->n));
    default: return value_of(CV_TAG_NONE, 0);
    }
}

struct cv_task *cv_task_new(const struct cv_machine *m, uint32_t number, uint32_t name, uint32_t body, uint32_t instance, int64_t me,
                            const struct cv_value *args, uint32_t nargs, const struct cv_task *from)
{
    const struct cv_body *b = &m->program->bodies[body];
    uint32_t cells = 0;
    for (uint32_t i = 0; i < nargs; i++)
        cells += args[i].tag == CV_TAG_LIST ? value_list_length(&args[i]) : 0;
    size_t heap_at = (sizeof(struct cv_task) + (b->nlocals + b->nstack) * sizeof(struct cv_value) + b->nwith + 15) & ~(size_t)15;
    struct cv_task *t = cv_alloc(heap_at + cells * sizeof(struct cv_cell));
    t->size = (uint32_t)(heap_at + cells * sizeof(struct cv_cell));
    t->number = number;
    t->name = name;
    t->body = body;
    t->instance = instance;
    t->me = me;
    t->pc = b->code;
    t->heap_at = (uint32_t)heap_at;
    t->heap_cap = cells;
    t->random = m->order->seed * 0x9e3779b97f4a7c15u + number;
    splitmix(&t->random);
    CV_ASSERT(nargs <= b->nlocals);
    for (uint32_t i = 0; i < nargs; i++) {
        t->values[i] = args[i];
        if (args[i].tag != CV_TAG_LIST)
            continue;
        uint32_t length = value_list_length(&args[i]);
        memcpy(value_heap(t) + t->heap_used, value_heap(from) + value_list_at(&args[i]), length * sizeof(struct cv_cell));
        t->values[i].payload = (uint64_t)t->heap_used << 32 | length;
        t->heap_used += length;
    }
    if (instance != UINT32_MAX && m->program->instances[instance].has_value)
        t->values[0] = constant_value(m, &m->program->instances[instance].value);
    return t;
}

/* ── failing ────────────────────────────────────────────────────────────────────────────────────── */
void raise_text(struct cv_worker *w, struct cv_task *t, unsigned line, const char *text, size_t n)
{
    if (t->failure)
        return; /* the first reason stands */
    t->failure = cv_intern(&w->m->shm, n ? text : "failed", n ? (n < CV_LIMIT_STRING ? n : CV_LIMIT_STRING) : 6);
    t->failure_line = (uint16_t)line;
}

void raise_error(struct cv_worker *w, struct cv_task *t, unsigned line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    raise_text(w, t, line, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}

/* The value of every name in a failed check, as far as the task knows it. */
static void check_values(const struct cv_machine *m, const struct cv_task *t, const struct cv_expr *e, struct cv_buf *out)
{
    if (e->kind == CV_E_LOCAL && e->index >= 0) {
        cv_buf_printf(out, "%s%s is ", out->n ? ", " : "", e->name);
        value_text(m, t, &t->values[e->index], true, out);
    } else if (e->kind == CV_E_VAR) {
        for (unsigned i = 0; i < CV_COUNT(t->seen); i++)
            if (t->seen[i].tag && t->seen[i].cell >> 20 == (uint32_t)e->index) {
                cv_buf_printf(out, "%s%s is ", out->n ? ", " : "", e->name);
                value_cell_text(&m->shm, (enum cv_tag)t->seen[i].tag, t->seen[i].payload, true, out);
                break;
            }
    }
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i])
            check_values(m, t, e->items[i], out);
}

static const struct cv_stmt *find_check(const struct cv_stmt *s, unsigned line)
{
    for (; s; s = s->next) {
        if (s->kind == CV_S_CHECK && s->at.line == line)
            return s;
        const struct cv_stmt *in = find_check(s->body, line);
        in = in ? in : find_check(s->orelse, line);
        if (in)
            return in;
    }
    return NULL;
}

static void raise_check(struct cv_worker *w, struct cv_task *t, const struct cv_insn *i)
{
    const struct cv_program *p = w->m->program;
    struct cv_buf values = {0};
    const struct cv_stmt *s = find_check(body_of(w->m, t)->tree, i->line);
    if (s && s->value)
        check_values(w->m, t, s->value, &values);
    const struct cv_const *text = &p->consts[i->arg];
    raise_error(w, t, i->line, "check failed: %.*s%s%s", (int)(text->kind == CV_K_STRING ? text->n : 0), text->s, values.n ? ": " : "",
          values.n ? values.at : "");
    cv_buf_release(&values);
}

/* ── local instructions ─────────────────────────────────────────────────────────────────────────── */
static void format(struct cv_worker *w, struct cv_task *t, unsigned line, uint32_t n)
{
    struct cv_buf text = {0};
    cv_buf_str(&text, "");
    for (uint32_t i = 0; i < n; i++)
        value_text(w->m, t, top(w->m, t, n - 1 - i), false, &text);
    if (text.n > CV_LIMIT_STRING) {
        raise_error(w, t, line, "a text of %zu bytes: at most %d are allowed", text.n, CV_LIMIT_STRING);
    } else {
        struct cv_value v = value_of(CV_TAG_STRING, cv_intern(&w->m->shm, text.at, text.n));
        for (uint32_t i = 0; i < n; i++)
            value_derive(&v, top(w->m, t, i));
        t->sp -= n;
        push(w->m, t, v);
    }
    cv_buf_release(&text);
}

static void binary(struct cv_worker *w, struct cv_task **t, const struct cv_insn *i)
{
    struct cv_value r;
    const char *why = value_compute(w->m, t, (enum cv_op)i->op, top(w->m, *t, 1), top(w->m, *t, 0), &r);
    if (why) {
        raise_error(w, *t, i->line, "%s", why);
        return;
    }
    value_derive(&r, top(w->m, *t, 1));
    value_derive(&r, top(w->m, *t, 0));
    (*t)->sp -= 2;
    push(w->m, *t, r);
}

static void least_or_most(struct cv_worker *w, struct cv_task **t, const struct cv_insn *i)
{
    struct cv_value best = *top(w->m, *t, (uint32_t)i->arg - 1), smaller, all = {0};
    for (uint32_t k = 0; k < (uint32_t)i->arg; k++) {
        const struct cv_value *v = top(w->m, *t, (uint32_t)i->arg - 1 - k);
        const char *why = value_compute(w->m, t, i->op == CV_OP_MIN ? CV_OP_LT : CV_OP_GT, v, &best, &smaller);
        if (why) {
            raise_error(w, *t, i->line, "%s", why);
            return;
        }
        value_derive(&all, v);
        if (smaller.payload)
            best = *v;
    }
    value_derive(&best, &all);
    (*t)->sp -= (uint32_t)i->arg;
    push(w->m, *t, best);
}

static void random_number(struct cv_worker *w, struct cv_task *t, unsigned line)
{
    struct cv_value b = pop(w->m, t), a = pop(w->m, t);
    if (a.tag != CV_TAG_INT || b.tag != CV_TAG_INT || (int64_t)a.payload > (int64_t)b.payload) {
        raise_error(w, t, line, "random(a, b) takes two numbers, the smaller first");
        return;
    }
    uint64_t span = b.payload - a.payload + 1;
    uint64_t r = span ? (uint64_t)(((unsigned __int128)splitmix(&t->random) * span) >> 64) : splitmix(&t->random);
    push(w->m, t, value_int((int64_t)(a.payload + r)));
}

/* What loops are made of, and most of what is done between two actions: told apart from the rest, as it needs no more than the task.
 * false: another instruction, or one that fails; pc is already behind it. */
static inline bool loop(struct cv_task *t, const struct cv_insn *i)
{
    if (i->op == CV_OP_JUMP) {
        t->pc = (uint32_t)i->arg;
        return true;
    }
    if (i->op != CV_OP_FOR)
        return false;
    struct cv_value *v = &t->values[i->b];
    if (v[0].tag != CV_TAG_INT || v[1].tag != CV_TAG_INT)
        return false;
    if ((int64_t)v[0].payload > (int64_t)v[1].payload) {
        t->pc = (uint32_t)i->arg;
        return true;
    }
    v[2] = v[0];
    if (v[0].payload == (uint64_t)INT64_MAX) /* the next would not fit: make the range end here */
        v[1].payload = v[0].payload - 1;
    else
        v[0].payload++;
    return true;
}

/* One other local instruction; pc is already behind it. */
static void local(struct cv_worker *w, struct cv_task **tp, const struct cv_insn *i)
{
    const struct cv_machine *m = w->m;
    struct cv_task *t = *tp;
    uint32_t arg = (uint32_t)i->arg, index;
    switch ((enum cv_op)i->op) {
    case CV_OP_CONST:
        if (m->program->consts[arg].kind == CV_K_STRING)
            push(m, t, value_of(CV_TAG_STRING, m->strings[arg]));
        else if (m->program->consts[arg].kind == CV_K_LIST) {
            const struct cv_const *k = &m->program->consts[arg];
            if (!value_heap_room(m, tp, k->n)) {
                raise_error(w, t, i->line, "the lists of this task would hold more than it may");
                break;
            }
            t = *tp;
            for (uint32_t n = 0; n < k->n; n++) {
                struct cv_value v = constant_value(m, &k->items[n]);
                value_heap(t)[t->heap_used + n] = item_cell(&v);
            }
            push(m, t, value_list(t->heap_used, k->n));
            t->heap_used += k->n;
        } else
            push(m, t, constant_value(m, &m->program->consts[arg]));
        break;
    case CV_OP_LOCAL: push(m, t, t->values[arg]); break;
    case CV_OP_SET_LOCAL: t->values[arg] = pop(m, t); break;
    case CV_OP_LOCAL_ITEM: case CV_OP_SET_LOCAL_ITEM: case CV_OP_APPEND_LOCAL: local_list(w, tp, i); break;
    case CV_OP_POP: pop(m, t); break;
    case CV_OP_DUP: push(m, t, *top(m, t, 0)); break;
    case CV_OP_LIST: make_list(w, tp, i->line, arg); break;
    case CV_OP_FORMAT: format(w, t, i->line, arg); break;
    case CV_OP_NEG: {
        struct cv_value *v = top(m, t, 0);
        int64_t r;
        if (v->tag != CV_TAG_INT || !value_arithmetic(CV_OP_SUB, 0, (int64_t)v->payload, &r))
            raise_error(w, t, i->line, "- needs a number that fits into 64 bits");
        else
            v->payload = (uint64_t)r;
        break;
    }
    case CV_OP_NOT: {
        struct cv_value *v = top(m, t, 0);
        v->payload = !value_true(v);
        v->tag = CV_TAG_BOOL;
        break;
    }
    case CV_OP_LEN: {
        struct cv_value *v = top(m, t, 0);
        size_t n = 0;
        if (v->tag == CV_TAG_LIST)
            n = value_list_length(v);
        else if (v->tag == CV_TAG_STRING) {
            const char *s = cv_string(&m->shm, (uint32_t)v->payload, &n);
            n = value_characters(s, n);
        } else {
            raise_error(w, t, i->line, "len() takes a list or a string");
            break;
        }
        v->tag = CV_TAG_INT;
        v->payload = n;
        break;
    }
    case CV_OP_MIN: case CV_OP_MAX: least_or_most(w, tp, i); break;
    case CV_OP_ITEM: {
        struct cv_value at = pop(m, t), *list = top(m, t, 0);
        if (list->tag != CV_TAG_LIST)
            raise_error(w, t, i->line, "only a list has items");
        else if (index_of(w, t, i->line, &at, value_list_length(list), "the list", &index)) {
            const struct cv_cell *c = value_heap(t) + value_list_at(list) + index;
            struct cv_value v = value_of(cv_meta_tag(c->meta), c->payload);
            value_derive(&v, list);
            *list = v;
        }
        break;
    }
    case CV_OP_RANDOM: random_number(w, t, i->line); break;
    case CV_OP_ME: push(m, t, value_int(t->me)); break;
    case CV_OP_NAME: push(m, t, value_of(CV_TAG_STRING, t->name)); break;
    case CV_OP_PID: push(m, t, value_int(w->pid)); break;
    case CV_OP_TID: push(m, t, value_int(w->tid)); break;
    case CV_OP_CORE: push(m, t, value_int(m->order->stepped ? 0 : sched_getcpu())); break;
    case CV_OP_NOW: push(m, t, value_int((int64_t)w->now(w))); break;
    case CV_OP_JUMP_FALSE: case CV_OP_JUMP_TRUE: {
        struct cv_value v = pop(m, t);
        if (value_true(&v) == (i->op == CV_OP_JUMP_TRUE))
            t->pc = arg;
        break;
    }
    case CV_OP_JUMP_FALSE_KEEP: case CV_OP_JUMP_TRUE_KEEP:
        if (value_true(top(m, t, 0)) == (i->op == CV_OP_JUMP_TRUE_KEEP))
            t->pc = arg;
        else
            t->sp--;
        break;
    case CV_OP_FOR: raise_error(w, t, i->line, "A..B takes two numbers"); break; /* see loop() */
    case CV_OP_CHECK: {
        struct cv_value v = pop(m, t);
        if (!value_true(&v))
            raise_check(w, t, i);
        break;
    }
    case CV_OP_WITH:
        CV_ASSERT(t->nwith < body_of(m, t)->nwith);
        withs(m, t)[t->nwith++] = (uint8_t)arg;
        break;
    case CV_OP_END_WITH:
        CV_ASSERT(t->nwith > 0);
        t->nwith--;
        break;
    default: binary(w, tp, i); break;
    }
}

/* ── the next action ────────────────────────────────────────────────────────────────────────────── */
/* What remains of a failing task: the withs it is in, innermost first, then its end. */
static void failing(struct cv_worker *w, struct cv_task *t, struct cv_action *a)
{
    *a = (struct cv_action){.line = t->failure_line};
    if (t->nwith > t->with_base) {
        a->arg = withs(w->m, t)[t->nwith - 1];
        a->op = w->m->program->syncs[a->arg].kind == CV_SYNC_LOCK ? CV_OP_UNLOCK : CV_OP_RELEASE;
        a->visible = true;
    } else {
        a->op = t->away ? CV_OP_END_OFFLOAD : CV_OP_FAIL;
    }
}

struct cv_away cv_task_leave(struct cv_task *t)
{
    struct cv_away kept = {t->number, t->with_base};
    t->with_base = t->nwith;
    t->away++;
    t->pc++;
    return kept;
}

void cv_task_back(struct cv_worker *w, struct cv_task *t, struct cv_away kept)
{
    struct cv_row *row = cv_shm_row(&w->m->shm, kept.number);
    t->number = kept.number;
    t->with_base = kept.with_base;
    t->away--;
    if (t->failure)
        return;
    t->pc++;
    atomic_store_explicit(&row->steps, atomic_load_explicit(&row->steps, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* Operands, checked for their kinds; false: the task raises. */
static bool operands(struct cv_worker *w, struct cv_task **tp, const struct cv_insn *i, struct cv_action *a)
{
    const struct cv_machine *m = w->m;
    struct cv_task *t = *tp;
    const char *var = a->memory ? var_name(m, (uint32_t)i->arg) : "";
    switch ((enum cv_op)i->op) {
    case CV_OP_STORE: case CV_OP_APPEND: case CV_OP_ATOMIC: case CV_OP_PUT: case CV_OP_PRINT: case CV_OP_JOIN: case CV_OP_FAIL:
        a->value = *top(m, t, 0);
        break;
    case CV_OP_CPU: case CV_OP_SLEEP: case CV_OP_FETCH: case CV_OP_ALLOC: case CV_OP_PIN:
        a->value = *top(m, t, 0);
        if (a->value.tag != CV_TAG_INT || (int64_t)a->value.payload < 0)
            return raise_error(w, t, i->line, "%s takes a number that is not negative", cv_op_info[i->op].name), false;
        break;
    case CV_OP_NICE:
        a->value = *top(m, t, 0);
        if (a->value.tag != CV_TAG_INT)
            return raise_error(w, t, i->line, "nice takes a number"), false;
        break;
    case CV_OP_CAS: a->value = *top(m, t, 1); a->value2 = *top(m, t, 0); break;
    case CV_OP_LOAD_ITEM: a->value2 = *top(m, t, 0); break;
    case CV_OP_STORE_ITEM: case CV_OP_ATOMIC_ITEM: a->value2 = *top(m, t, 1); a->value = *top(m, t, 0); break;
    case CV_OP_CAS_ITEM: a->value = *top(m, t, 1); a->value2 = *top(m, t, 0); break;
    case CV_OP_SPAWN:
        a->body = (uint32_t)i->arg;
        a->nargs = i->b > 0 ? (uint32_t)i->b : 0;
        a->args = stack(m, t) + t->sp - a->nargs;
        break;
    default: break;
    }
    bool item = is_item((enum cv_op)i->op);
    if (item || i->op == CV_OP_APPEND || i->op == CV_OP_LOAD_LEN) {
        if (!m->memory.lists[i->arg])
            return raise_error(w, t, i->line, "%s is not a list", var), false;
        if (item) { /* whether it is inside is decided when the step is done: until then others may append */
            const struct cv_value *at = index_operand(m, t, i->op);
            int64_t k = (int64_t)at->payload, length = (int64_t)cell_read(m->memory.cells[i->arg]).payload;
            if (at->tag != CV_TAG_INT)
                return raise_error(w, t, i->line, "an index of %s must be a number", var), false;
            a->index = k < -length || k >= length ? 0 : (uint32_t)(k < 0 ? k + length : k) + 1;
        }
    }
    bool stores = i->op == CV_OP_STORE_ITEM || i->op == CV_OP_APPEND || i->op == CV_OP_PUT || i->op == CV_OP_ATOMIC_ITEM;
    if (stores && a->value.tag == CV_TAG_LIST)
        return raise_error(w, t, i->line, i->op == CV_OP_PUT ? "a queue cannot carry a list" : "a list cannot hold a list"), false;
    if ((i->op == CV_OP_STORE || i->op == CV_OP_ATOMIC) && (a->value.tag == CV_TAG_LIST) != (m->memory.lists[i->arg] != NULL))
        return raise_error(w, t, i->line, "%s is %s list and stays one", var, m->memory.lists[i->arg] ? "a" : "no"), false;
    return true;
}

/* Member by member: clearing the whole takes longer than all the rest of a short step. */
static void begin_action(struct cv_action *a, const struct cv_insn *i)
{
    a->op = i->op;
    a->memory = cv_op_info[i->op].kind == CV_OPK_MEMORY;
    a->await = i->await;
    a->endless = false;
    a->line = i->line;
    a->arg = i->arg;
    a->b = i->b;
    a->value = a->value2 = (struct cv_value){0};
    a->index = a->body = a->nargs = 0;
    a->args = NULL;
}

/* It burns the core, and nothing else. */
static void endless(struct cv_worker *w, const struct cv_insn *i, struct cv_action *a)
{
    w->endless = false;
    *a = (struct cv_action){.op = CV_OP_SPIN, .endless = true, .line = i->line};
}

void cv_task_next(struct cv_worker *w, struct cv_task **t, struct cv_action *a)
{
    const struct cv_insn *code = w->m->program->code;
    for (uint32_t turns = 0;; turns++) {
        if ((*t)->failure) {
            failing(w, *t, a);
            return;
        }
        const struct cv_insn *i = &code[(*t)->pc];
        if (cv_op_info[i->op].kind == CV_OPK_LOCAL) {
            (*t)->pc++;
            if (!loop(*t, i))
                local(w, t, i);
            if ((turns & 0xff) == 0xff && w->breaker) {
                w->at = *t;
                w->breaker(w);
                if (w->endless) {
                    endless(w, i, a);
                    return;
                }
            }
            if ((turns & 0xffff) == 0xffff && atomic_load_explicit(&w->m->shm.head->stop, memory_order_relaxed)) {
                raise_error(w, *t, i->line, "stopped");
                continue;
            }
            continue;
        }
        begin_action(a, i);
        a->visible = i->op != CV_OP_CPU && i->op != CV_OP_MARK && i->op != CV_OP_ALLOC && i->op != CV_OP_PIN && i->op != CV_OP_NICE &&
                     i->op != CV_OP_SPIN && i->op != CV_OP_END_OFFLOAD && i->op != CV_OP_DONE &&
                     i->op != CV_OP_FAIL;
        if (!operands(w, t, i, a))
            continue; /* it fails */
        if (i->op == CV_OP_FAIL) {
            struct cv_buf text = {0};
            cv_buf_str(&text, "");
            value_text(w->m, *t, &a->value, false, &text);
            raise_text(w, *t, i->line, text.at, text.n);
            cv_buf_release(&text);
            continue;
        }
        return;
    }
}

static uint32_t operand_count(const struct cv_action *a)
{
    int n = cv_op_info[a->op].pops;
    return n >= 0 ? (uint32_t)n : a->nargs; /* SPAWN */
}

void cv_task_finish(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, const struct cv_value *result)
{
    struct cv_row *row = cv_shm_row(&w->m->shm, (*t)->number);
    if ((*t)->failure) { /* a with was left */
        if ((*t)->nwith > (*t)->with_base)
            (*t)->nwith--;
        return;
    }
    if (a->op == CV_OP_DONE)
        return;
    (*t)->sp -= operand_count(a);
    if (cv_op_info[a->op].pushes) {
        CV_ASSERT(result);
        push(w->m, *t, *result);
    }
    (*t)->pc++;
    if (a->visible)
        atomic_store_explicit(&row->steps, atomic_load_explicit(&row->steps, memory_order_relaxed) + 1, memory_order_relaxed);
}

void cv_task_fail(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, const char *format, ...)
{
    if ((*t)->failure) { /* the release of a with failed: the with is left all the same */
        if ((*t)->nwith > (*t)->with_base)
            (*t)->nwith--;
        return;
    }
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    raise_text(w, *t, a->line, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}
