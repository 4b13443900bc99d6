/* [expect]: expressions over what a run came to. Values may be decimal here, and may be unknown where records were
 * lost: what rests on an unknown is neither held nor failed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

enum kind { UNKNOWN, ERROR, NONE, BOOL, INT, DOUBLE, STRING, LIST };
struct result {
    enum kind kind;
    int64_t i;
    double d;
    const char *s;
    uint32_t n;                 /* bytes of s; items */
    struct result *items;
};
struct judge {
    const struct cv_program *p;
    const struct cv_summary *s;
    CV_VEC(void *) kept;        /* freed at the end of an expectation */
    struct cv_buf seen;         /* "counter is 7" of each name looked at */
};

static struct result of_kind(enum kind k) { return (struct result){.kind = k}; }
static struct result of_int(int64_t i) { return (struct result){.kind = INT, .i = i}; }
static struct result of_bool(bool b) { return (struct result){.kind = BOOL, .i = b}; }
static struct result of_double(double d) { return (struct result){.kind = DOUBLE, .d = d}; }

static struct result *items(struct judge *j, uint32_t n)
{
    struct result *r = cv_alloc((n + 1) * sizeof *r);
    CV_PUSH(&j->kept, r);
    return r;
}

/* ── in and out ─────────────────────────────────────────────────────────────────────────────────── */
static struct result of_datum(struct judge *j, const struct cv_datum *d)
{
    if (d->unknown)
        return of_kind(UNKNOWN);
    switch (d->tag) {
    case CV_TAG_BOOL: return of_bool(d->i);
    case CV_TAG_INT: case CV_TAG_TASK: return of_int(d->i);
    case CV_TAG_STRING: return (struct result){.kind = STRING, .s = d->s, .n = d->n};
    case CV_TAG_LIST: {
        struct result r = {.kind = LIST, .n = d->n, .items = items(j, d->n)};
        for (uint32_t i = 0; i < d->n; i++)
            r.items[i] = of_datum(j, &d->items[i]);
        return r;
    }
    default: return of_kind(NONE);
    }
}

static struct result of_const(struct judge *j, const struct cv_const *k)
{
    switch (k->kind) {
    case CV_K_BOOL: return of_bool(k->i);
    case CV_K_INT: return of_int(k->i);
    case CV_K_DOUBLE: return of_double(k->d);
    case CV_K_STRING: return (struct result){.kind = STRING, .s = k->s, .n = k->n};
    case CV_K_LIST: {
        struct result r = {.kind = LIST, .n = k->n, .items = items(j, k->n)};
        for (uint32_t i = 0; i < k->n; i++)
            r.items[i] = of_const(j, &k->items[i]);
        return r;
    }
    default: return of_kind(NONE);
    }
}

static void text_of(const struct result *r, struct cv_buf *out, bool quoted)
{
    switch (r->kind) {
    case UNKNOWN: cv_buf_str(out, "not known"); break;
    case ERROR: cv_buf_str(out, "not computable"); break;
    case NONE: cv_buf_str(out, "none"); break;
    case BOOL: cv_buf_str(out, r->i ? "true" : "false"); break;
    case INT: cv_buf_printf(out, "%lld", (long long)r->i); break;
    case DOUBLE: cv_buf_printf(out, "%.6g", r->d); break;
    case STRING:
        cv_buf_str(out, quoted ? "\"" : "");
        cv_text_clean(out, r->s ? r->s : "", r->n);
        cv_buf_str(out, quoted ? "\"" : "");
        break;
    case LIST:
        cv_buf_str(out, "[");
        for (uint32_t i = 0; i < r->n && i < 20; i++) {
            cv_buf_str(out, i ? ", " : "");
            text_of(&r->items[i], out, true);
        }
        if (r->n > 20)
            cv_buf_printf(out, ", … %u in all", r->n);
        cv_buf_str(out, "]");
        break;
    }
}

static struct result noted(struct judge *j, const char *name, struct result r)
{
    cv_buf_printf(&j->seen, "%s%s is ", j->seen.n ? ", " : "", name);
    text_of(&r, &j->seen, true);
    return r;
}

/* ── figures ────────────────────────────────────────────────────────────────────────────────────── */
static struct result output(struct judge *j)
{
    struct result r = {.kind = LIST, .n = j->s->noutput, .items = items(j, j->s->noutput)};
    if (j->s->output_lost)
        return of_kind(UNKNOWN);
    for (uint32_t i = 0; i < r.n; i++)
        r.items[i] = of_datum(j, &j->s->output[i]);
    return r;
}

/* What rests on the machine, or on a record, and not on the order of steps alone. */
static bool of_the_machine(const char *name)
{
    static const char *const names[] = {"cpu_time", "cores_used", "switches", "voluntary", "involuntary", "awaits", "loop_lag", "lost_updates",
                                        "stale_reads", "memory_per_task"};
    for (size_t i = 0; i < CV_COUNT(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static struct result figure(struct judge *j, const char *name)
{
    const struct cv_summary *s = j->s;
    if (s->untimed && of_the_machine(name))
        return of_kind(UNKNOWN);
    if (!strcmp(name, "output"))
        return output(j);
    if (!strcmp(name, "elapsed"))
        return of_int((int64_t)s->elapsed_ns);
    if (!strcmp(name, "cpu_time"))
        return of_int((int64_t)s->cpu_time_ns);
    if (!strcmp(name, "cores_used"))
        return of_double(s->cores_used);
    if (!strcmp(name, "switches"))
        return of_int((int64_t)(s->voluntary + s->involuntary + s->awaits));
    if (!strcmp(name, "voluntary"))
        return of_int((int64_t)s->voluntary);
    if (!strcmp(name, "involuntary"))
        return of_int((int64_t)s->involuntary);
    if (!strcmp(name, "awaits"))
        return of_int((int64_t)s->awaits);
    if (!strcmp(name, "loop_lag"))
        return of_int((int64_t)s->loop_lag_ns);
    if (!strcmp(name, "lost_updates"))
        return s->records_lost ? of_kind(UNKNOWN) : of_int((int64_t)s->finding_count[CV_FINDING_LOST_UPDATE]);
    if (!strcmp(name, "stale_reads"))
        return s->records_lost ? of_kind(UNKNOWN) : of_int((int64_t)s->finding_count[CV_FINDING_STALE_READ]);
    if (!strcmp(name, "deadlock"))
        return of_bool(s->outcome == CV_OUT_DEADLOCK);
    if (!strcmp(name, "memory_per_task"))
        return of_int((int64_t)s->memory_per_task);
    if (!strcmp(name, "failed")) {
        int64_t n = 0;
        for (uint32_t i = 0; i < s->ntasks; i++)
            n += s->tasks[i].state == CV_ROW_FAILED || s->tasks[i].state == CV_ROW_KILLED;
        return of_int(n);
    }
    return of_kind(ERROR);
}

static const struct cv_summary_var *variable(const struct judge *j, const char *name)
{
    for (uint32_t v = 0; v < j->s->nvars; v++)
        if (!strcmp(j->s->vars[v].name, name))
            return &j->s->vars[v];
    return NULL;
}

/* ── evaluating ─────────────────────────────────────────────────────────────────────────────────── */
static bool is_number(const struct result *r) { return r->kind == INT || r->kind == DOUBLE || r->kind == BOOL; }
static double as_double(const struct result *r) { return r->kind == DOUBLE ? r->d : (double)r->i; }
static bool is_true(const struct result *r)
{
    switch (r->kind) {
    case BOOL: case INT: return r->i != 0;
    case DOUBLE: return r->d != 0;
    case STRING: case LIST: return r->n != 0;
    default: return false;
    }
}

/* 1 equal, 0 not, -1 cannot be decided. */
static int equal(const struct result *a, const struct result *b)
{
    if (a->kind == UNKNOWN || b->kind == UNKNOWN)
        return -1;
    if (is_number(a) && is_number(b))
        return a->kind == DOUBLE || b->kind == DOUBLE ? as_double(a) == as_double(b) : a->i == b->i;
    if (a->kind != b->kind)
        return 0;
    if (a->kind == STRING)
        return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
    if (a->kind != LIST)
        return a->kind == NONE;
    if (a->n != b->n)
        return 0;
    int all = 1;
    for (uint32_t i = 0; i < a->n; i++) {
        int one = equal(&a->items[i], &b->items[i]);
        if (one == 0)
            return 0;
        all = one < 0 ? -1 : all;
    }
    return all;
}

/* Numbers, then strings, for sorted(); false where the two have no order. */
static bool order(const struct result *a, const struct result *b, int *r)
{
    if (is_number(a) && is_number(b)) {
        if (a->kind == DOUBLE || b->kind == DOUBLE)
            *r = (as_double(a) > as_double(b)) - (as_double(a) < as_double(b));
        else
            *r = (a->i > b->i) - (a->i < b->i);
        return true;
    }
    if (a->kind != STRING || b->kind != STRING)
        return false;
    int c = memcmp(a->s, b->s, a->n < b->n ? a->n : b->n);
    *r = c ? c : (a->n > b->n) - (a->n < b->n);
    return true;
}

static int by_order(const void *x, const void *y)
{
    const struct result *a = x, *b = y;
    int r = 0;
    if (!order(a, b, &r))
        r = (int)a->kind - (int)b->kind;
    return r;
}

static struct result arithmetic(enum cv_op op, const struct result *a, const struct result *b)
{
    if (a->kind == UNKNOWN || b->kind == UNKNOWN)
        return of_kind(UNKNOWN);
    if (!is_number(a) || !is_number(b))
        return of_kind(ERROR);
    if (a->kind != DOUBLE && b->kind != DOUBLE) {
        int64_t r;
        return value_arithmetic(op, a->i, b->i, &r) ? of_int(r) : of_kind(ERROR);
    }
    double x = as_double(a), y = as_double(b);
    switch (op) {
    case CV_OP_ADD: return of_double(x + y);
    case CV_OP_SUB: return of_double(x - y);
    case CV_OP_MUL: return of_double(x * y);
    case CV_OP_DIV: return y == 0 ? of_kind(ERROR) : of_double(x / y);
    case CV_OP_MOD: return y == 0 ? of_kind(ERROR) : of_double(x - floor(x / y) * y);
    default: return of_kind(ERROR);
    }
}

static struct result join(struct judge *j, const struct result *a, const struct result *b)
{
    struct result r = {.kind = a->kind, .n = a->n + b->n};
    if (a->kind == LIST) {
        r.items = items(j, r.n);
        memcpy(r.items, a->items, a->n * sizeof *r.items);
        memcpy(r.items + a->n, b->items, b->n * sizeof *r.items);
    } else {
        char *s = cv_alloc(r.n + 1u);
        CV_PUSH(&j->kept, (void *)s);
        memcpy(s, a->s, a->n);
        memcpy(s + a->n, b->s, b->n);
        r.s = s;
    }
    return r;
}

static struct result repeat(struct judge *j, const struct result *list, int64_t times)
{
    times = times < 0 ? 0 : times;
    if (list->n && times > CV_LIMIT_LIST / list->n)
        return of_kind(ERROR);
    struct result r = {.kind = LIST, .n = list->n * (uint32_t)times, .items = items(j, list->n * (uint32_t)times)};
    for (uint32_t i = 0; i < r.n; i++)
        r.items[i] = list->items[i % list->n];
    return r;
}

static struct result binary(struct judge *j, enum cv_op op, const struct result *a, const struct result *b)
{
    int r;
    switch (op) {
    case CV_OP_EQ: case CV_OP_NE:
        r = equal(a, b);
        return r < 0 ? of_kind(UNKNOWN) : of_bool((r != 0) == (op == CV_OP_EQ));
    case CV_OP_LT: case CV_OP_LE: case CV_OP_GT: case CV_OP_GE:
        if (a->kind == UNKNOWN || b->kind == UNKNOWN)
            return of_kind(UNKNOWN);
        if (!order(a, b, &r))
            return of_kind(ERROR);
        return of_bool(op == CV_OP_LT ? r < 0 : op == CV_OP_LE ? r <= 0 : op == CV_OP_GT ? r > 0 : r >= 0);
    case CV_OP_ADD:
        if (a->kind == b->kind && (a->kind == LIST || a->kind == STRING))
            return join(j, a, b);
        return arithmetic(op, a, b);
    case CV_OP_MUL:
        if (a->kind == LIST && b->kind == INT)
            return repeat(j, a, b->i);
        if (a->kind == INT && b->kind == LIST)
            return repeat(j, b, a->i);
        return arithmetic(op, a, b);
    default: return arithmetic(op, a, b);
    }
}

static struct result eval(struct judge *j, const struct cv_expr *e);

static struct result contains(struct judge *j, const struct cv_expr *e)
{
    struct result v = eval(j, e->items[0]);
    if (e->items[1]->kind == CV_E_RANGE) {
        struct result low = eval(j, e->items[1]->items[0]), high = eval(j, e->items[1]->items[1]);
        int below, above;
        if (v.kind == UNKNOWN || low.kind == UNKNOWN || high.kind == UNKNOWN)
            return of_kind(UNKNOWN);
        if (!order(&v, &low, &below) || !order(&v, &high, &above))
            return of_kind(ERROR);
        return of_bool(below >= 0 && above <= 0);
    }
    struct result list = eval(j, e->items[1]);
    if (list.kind == UNKNOWN)
        return list;
    if (list.kind == STRING && v.kind == STRING)
        return of_bool(memmem(list.s, list.n, v.s, v.n) != NULL);
    if (list.kind != LIST)
        return of_kind(ERROR);
    bool unknown = false;
    for (uint32_t i = 0; i < list.n; i++) {
        int one = equal(&v, &list.items[i]);
        if (one > 0)
            return of_bool(true);
        unknown |= one < 0;
    }
    return unknown ? of_kind(UNKNOWN) : of_bool(false);
}

static struct result copies(struct judge *j, const struct cv_expr *e)
{
    const struct cv_summary_var *v = e->n ? variable(j, e->items[0]->name) : NULL;
    if (!v)
        return of_kind(ERROR);
    uint32_t n = v->ncopies ? v->ncopies : 1;
    struct result r = {.kind = LIST, .n = n, .items = items(j, n)};
    for (uint32_t i = 0; i < n; i++)
        r.items[i] = of_datum(j, v->ncopies ? &v->copies[i] : &v->value);
    return noted(j, e->name, r);
}

static struct result call(struct judge *j, const struct cv_expr *e)
{
    if (!strcmp(e->name, "copies"))
        return copies(j, e);
    struct result *args = items(j, e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        args[i] = eval(j, e->items[i]);
        if (args[i].kind == UNKNOWN || args[i].kind == ERROR)
            return args[i];
    }
    if (!strcmp(e->name, "len") && e->n == 1)
        return args[0].kind == LIST ? of_int(args[0].n) : args[0].kind == STRING ? of_int(value_characters(args[0].s, args[0].n)) : of_kind(ERROR);
    if (!strcmp(e->name, "sorted") && e->n == 1 && args[0].kind == LIST) {
        struct result r = {.kind = LIST, .n = args[0].n, .items = items(j, args[0].n)};
        memcpy(r.items, args[0].items, r.n * sizeof *r.items);
        qsort(r.items, r.n, sizeof *r.items, by_order);
        return r;
    }
    if (!strcmp(e->name, "count") && e->n == 2 && args[0].kind == LIST) {
        int64_t n = 0;
        for (uint32_t i = 0; i < args[0].n; i++) {
            int one = equal(&args[0].items[i], &args[1]);
            if (one < 0)
                return of_kind(UNKNOWN);
            n += one;
        }
        return of_int(n);
    }
    bool least = !strcmp(e->name, "min");
    if ((least || !strcmp(e->name, "max")) && e->n) {
        const struct result *from = e->n == 1 && args[0].kind == LIST ? args[0].items : args;
        uint32_t n = e->n == 1 && args[0].kind == LIST ? args[0].n : e->n;
        if (n == 0)
            return of_kind(ERROR);
        struct result best = from[0];
        for (uint32_t i = 1; i < n; i++) {
            int r;
            if (!order(&from[i], &best, &r))
                return of_kind(ERROR);
            best = (least ? r < 0 : r > 0) ? from[i] : best;
        }
        return best;
    }
    return of_kind(ERROR);
}

static struct result item(struct judge *j, const struct cv_expr *e)
{
    struct result list = eval(j, e->items[0]), at = eval(j, e->items[1]);
    if (list.kind == UNKNOWN || at.kind == UNKNOWN)
        return of_kind(UNKNOWN);
    if (list.kind != LIST || at.kind != INT || at.i < -(int64_t)list.n || at.i >= (int64_t)list.n)
        return of_kind(ERROR);
    return list.items[at.i < 0 ? at.i + list.n : at.i];
}

static struct result eval(struct judge *j, const struct cv_expr *e)
{
    struct result a, b;
    switch (e->kind) {
    case CV_E_CONST: return of_const(j, &e->value);
    case CV_E_PARAM: return noted(j, e->name, of_const(j, &e->value));
    case CV_E_BUILTIN: return noted(j, e->name, figure(j, e->name));
    case CV_E_VAR: {
        const struct cv_summary_var *v = variable(j, e->name);
        return v ? noted(j, e->name, of_datum(j, &v->value)) : of_kind(ERROR);
    }
    case CV_E_ITEM: return item(j, e);
    case CV_E_UNARY:
        a = eval(j, e->items[0]);
        if (a.kind == UNKNOWN || a.kind == ERROR)
            return a;
        if (e->op == CV_OP_NOT)
            return of_bool(!is_true(&a));
        b = of_int(0);
        return arithmetic(CV_OP_SUB, &b, &a);
    case CV_E_BINARY:
        a = eval(j, e->items[0]);
        b = eval(j, e->items[1]);
        return binary(j, e->op, &a, &b);
    case CV_E_AND: case CV_E_OR:
        a = eval(j, e->items[0]);
        if (a.kind == ERROR || (a.kind != UNKNOWN && is_true(&a) == (e->kind == CV_E_OR)))
            return a;
        b = eval(j, e->items[1]);
        if (a.kind == UNKNOWN && b.kind != ERROR && b.kind != UNKNOWN && is_true(&b) == (e->kind == CV_E_OR))
            return b;
        return a.kind == UNKNOWN ? a : b;
    case CV_E_LIST: {
        struct result r = {.kind = LIST, .n = e->n, .items = items(j, e->n)};
        for (uint32_t i = 0; i < e->n; i++)
            r.items[i] = eval(j, e->items[i]);
        return r;
    }
    case CV_E_FORMAT: {
        struct cv_buf text = {0};
        cv_buf_str(&text, "");
        for (uint32_t i = 0; i < e->n; i++) {
            a = eval(j, e->items[i]);
            text_of(&a, &text, false);
        }
        CV_PUSH(&j->kept, (void *)text.at);
        return (struct result){.kind = STRING, .s = text.at, .n = (uint32_t)text.n};
    }
    case CV_E_IN: return contains(j, e);
    case CV_E_CALL: return call(j, e);
    default: return of_kind(ERROR);
    }
}

static enum cv_holds verdict(enum cv_expect_kind kind, const struct result *r)
{
    bool came = is_true(r);
    if (r->kind == UNKNOWN)
        return CV_UNDECIDED;
    if (r->kind == ERROR)
        return CV_FAILS;
    if (kind == CV_X_ALWAYS)
        return came ? CV_HOLDS : CV_FAILS;
    return !came ? CV_OPEN : kind == CV_X_SOMETIMES ? CV_HOLDS : CV_FAILS;
}

static bool meant(const struct cv_expect *x, const struct cv_order *o) { return x->models >> o->model & 1 && !(x->gil_only && !o->gil); }

static void judge_lines(const struct cv_program *p, const struct cv_order *o, const struct cv_expect *lines, uint32_t n, struct cv_summary *s,
                        struct cv_summary_expect **to_lines, uint32_t *to_n)
{
    *to_lines = cv_alloc((n + 1) * sizeof **to_lines);
    *to_n = 0;
    for (uint32_t k = 0; k < n; k++) {
        const struct cv_expect *x = &lines[k];
        if (!meant(x, o))
            continue;
        struct judge j = {.p = p, .s = s};
        struct result r = eval(&j, x->expr);
        struct cv_summary_expect *to = &(*to_lines)[(*to_n)++];
        *to = (struct cv_summary_expect){.line = x->line, .text = x->text, .kind = x->kind, .holds = verdict(x->kind, &r), .seen = j.seen};
        if (r.kind == ERROR)
            cv_buf_printf(&to->seen, "%scannot be computed", to->seen.n ? "; " : "");
        for (size_t i = 0; i < j.kept.n; i++)
            free(j.kept.at[i]);
        free(j.kept.at);
    }
}

void cv_expect_judge(const struct cv_program *p, const struct cv_order *o, struct cv_summary *s)
{
    judge_lines(p, o, p->expects, p->nexpects, s, &s->expects, &s->nexpects);
    judge_lines(p, o, p->goals, p->ngoals, s, &s->goals, &s->ngoals);
}

bool cv_goal_text(const struct cv_program *p, const struct cv_order *o, struct cv_buf *out)
{
    size_t before = out->n;
    for (uint32_t k = 0; k < p->ngoals; k++)
        if (meant(&p->goals[k], o)) {
            cv_buf_str(out, out->n > before ? " and " : "");
            cv_text_clean(out, p->goals[k].text, strlen(p->goals[k].text));
        }
    return out->n > before;
}
