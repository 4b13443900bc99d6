/* Expressions, as Python spells them, with the brackets that its precedence asks for: it is the scenario's own, but that
 * comparisons chain there, and so one within another stands in brackets. */
#include <string.h>

#include "python/python.h"

/* ── constants ──────────────────────────────────────────────────────────────────────────────────── */
/* Text that a terminal would act on, or that a reader would not see, is escaped. */
void py_string(struct py *y, const char *s, size_t n, char quote, bool braces)
{
    struct cv_buf clean = {0};
    for (size_t i = 0, length; i < n; i += length) {
        uint32_t c = cv_utf8(s + i, n - i, &length);
        clean.n = 0;
        cv_text_clean(&clean, s + i, length);
        if (c == (uint32_t)quote || c == '\\')
            cv_buf_printf(y->out, "\\%c", (char)c);
        else if (braces && (c == '{' || c == '}'))
            cv_buf_printf(y->out, "%c%c", (char)c, (char)c);
        else if (c == '\n' || c == '\t')
            cv_buf_str(y->out, c == '\n' ? "\\n" : "\\t");
        else if (clean.n == length && !memcmp(clean.at, s + i, length))
            cv_buf_add(y->out, s + i, length);
        else
            cv_buf_printf(y->out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    cv_buf_release(&clean);
}

/* Nanoseconds as a number of seconds, exactly. */
static void put_seconds(struct py *y, int64_t ns)
{
    uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    cv_buf_str(y->out, ns < 0 ? "-" : "");
    if (n % 1000000000 == 0)
        cv_buf_printf(y->out, "%llu", (unsigned long long)(n / 1000000000));
    else if (n < 1000000)
        cv_buf_printf(y->out, n % 1000 ? "%llue-9" : "%llue-6", (unsigned long long)(n % 1000 ? n : n / 1000));
    else {
        cv_buf_printf(y->out, "%llu.%09llu", (unsigned long long)(n / 1000000000), (unsigned long long)(n % 1000000000));
        while (y->out->at[y->out->n - 1] == '0')
            y->out->at[--y->out->n] = 0;
    }
}

/* 10000000 of a duration is 10_000_000. */
static void put_grouped(struct py *y, int64_t i)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)(i < 0 ? -i : i));
    cv_buf_str(y->out, i < 0 ? "-" : "");
    for (int k = 0; k < n; k++) {
        cv_buf_add(y->out, &digits[k], 1);
        if (k < n - 1 && (n - 1 - k) % 3 == 0)
            cv_buf_str(y->out, "_");
    }
}

void py_const(struct py *y, const struct cv_const *k, bool seconds)
{
    char quote = y->in_braces ? '\'' : '"';
    switch (k->kind) {
    case CV_K_NONE: cv_buf_str(y->out, "None"); break;
    case CV_K_BOOL: cv_buf_str(y->out, k->i ? "True" : "False"); break;
    case CV_K_INT:
        if (seconds)
            put_seconds(y, k->i);
        else if (k->duration && k->i != INT64_MIN)
            put_grouped(y, k->i);
        else
            cv_buf_printf(y->out, "%lld", (long long)k->i);
        break;
    case CV_K_STRING:
        cv_buf_add(y->out, &quote, 1);
        py_string(y, k->s, k->n, quote, false);
        cv_buf_add(y->out, &quote, 1);
        break;
    case CV_K_LIST: case CV_K_DOUBLE: CV_ASSERT(!"a constant of a body");
    }
}

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
void py_var_name(struct py *y, uint32_t v)
{
    if (y->vars[v].held == HELD_ATTRIBUTE)
        py_put(y, "%F.%n", F_SHARED, y->p->vars[v].name);
    else
        py_name(y, y->p->vars[v].name);
}

void py_var(struct py *y, uint32_t v)
{
    py_var_name(y, v);
    if (y->vars[v].held == HELD_VALUE)
        cv_buf_str(y->out, ".value");
    else if (y->p->vars[v].list && y->vars[v].held != HELD_PLAIN)
        cv_buf_str(y->out, "[:]"); /* the list itself, not what stands for it */
}

/* ── text with values in it ─────────────────────────────────────────────────────────────────────── */
void py_own_name(struct py *y, uint32_t body)
{
    const struct cv_body *b = &y->p->bodies[body];
    const struct body_facts *f = &y->bodies[body];
    switch (f->naming) {
    case NAME_CONSTANT: py_put(y, y->in_braces ? "'%s'" : "\"%s\"", body ? b->name : "main"); break;
    case NAME_NUMBERED: py_put(y, "f\"%s#{me}\"", b->name); break;
    case NAME_VALUE: py_put(y, f->locals[0].is == IS_TEXT ? "%n" : "str(%n)", b->locals[0]); break;
    case NAME_TOLD: cv_buf_str(y->out, "name"); break;
    }
}

static bool is_own_name(const struct cv_expr *e) { return e->kind == CV_E_BUILTIN && !strcmp(e->name, "name"); }

static bool is_text(const struct cv_expr *e) { return e->kind == CV_E_CONST && e->value.kind == CV_K_STRING; }

/* May it stand within the braces of an f-string of CPython 3.11: no quotes but ', no backslash, no f-string in it. */
static bool fits_braces(const struct py *y, const struct cv_expr *e)
{
    if (e->kind == CV_E_FORMAT || (is_own_name(e) && y->bodies[y->body].naming == NAME_NUMBERED))
        return false;
    if (is_text(e)) {
        struct cv_buf b = {0};
        struct py scratch = {.out = &b};
        py_string(&scratch, e->value.s, e->value.n, '\'', false);
        bool right = b.n == e->value.n && !memchr(e->value.s, '"', e->value.n);
        cv_buf_release(&b);
        return right;
    }
    for (uint32_t i = 0; i < e->n; i++)
        if (!fits_braces(y, e->items[i]))
            return false;
    return true;
}

/* The task's name, where it is known, is part of the text. */
static bool put_name_piece(struct py *y)
{
    const struct body_facts *f = &y->bodies[y->body];
    if (f->naming == NAME_CONSTANT)
        py_put(y, "%s", y->body ? y->p->bodies[y->body].name : "main");
    else if (f->naming == NAME_NUMBERED)
        py_put(y, "%s#{me}", y->p->bodies[y->body].name);
    else if (f->naming == NAME_VALUE)
        py_put(y, "{%n}", y->p->bodies[y->body].locals[0]);
    else
        cv_buf_str(y->out, "{name}");
    return f->naming != NAME_CONSTANT;
}

static bool has_values(const struct py *y, const struct cv_expr *e)
{
    for (uint32_t i = 0; i < e->n; i++)
        if (!is_text(e->items[i]) && !(is_own_name(e->items[i]) && y->bodies[y->body].naming == NAME_CONSTANT))
            return true;
    return false;
}

static bool is_f_string(const struct py *y, const struct cv_expr *e)
{
    bool right = !y->in_braces;
    for (uint32_t i = 0; i < e->n && right; i++)
        right = is_text(e->items[i]) || is_own_name(e->items[i]) || fits_braces(y, e->items[i]);
    return right;
}

static void f_string(struct py *y, const struct cv_expr *e)
{
    cv_buf_str(y->out, has_values(y, e) ? "f\"" : "\"");
    for (uint32_t i = 0; i < e->n; i++) {
        const struct cv_expr *x = e->items[i];
        if (is_text(x)) {
            py_string(y, x->value.s, x->value.n, '"', has_values(y, e));
        } else if (is_own_name(x)) {
            put_name_piece(y);
        } else {
            y->in_braces = true;
            py_put(y, "{%e}", x);
            y->in_braces = false;
        }
    }
    cv_buf_str(y->out, "\"");
}

static void joined(struct py *y, const struct cv_expr *e)
{
    for (uint32_t i = 0; i < e->n; i++) {
        const struct cv_expr *x = e->items[i];
        bool text = x->kind == CV_E_FORMAT || is_own_name(x) || is_text(x);
        cv_buf_str(y->out, i ? " + " : "");
        if (text)
            py_expr(y, x, L_ADD);
        else
            py_put(y, "str(%e)", x);
    }
}

/* ── expressions ────────────────────────────────────────────────────────────────────────────────── */
static enum level level_of(const struct py *y, const struct cv_expr *e)
{
    switch (e->kind) {
    case CV_E_OR: return L_OR;
    case CV_E_AND: return L_AND;
    case CV_E_UNARY: return e->op == CV_OP_NOT ? L_NOT : L_NEGATE;
    case CV_E_BINARY:
        return e->op == CV_OP_ADD || e->op == CV_OP_SUB ? L_ADD : e->op == CV_OP_MUL || e->op == CV_OP_DIV || e->op == CV_OP_MOD ? L_MULTIPLY : L_COMPARE;
    case CV_E_FORMAT: return is_f_string(y, e) || e->n == 1 ? L_ATOM : L_ADD;
    case CV_E_BUILTIN: return !strcmp(e->name, "now") ? L_ADD : L_ATOM;
    case CV_E_CONST: return e->value.kind == CV_K_INT && e->value.i < 0 ? L_NEGATE : L_ATOM;
    case CV_E_CALL: return e->n == 1 && strcmp(e->name, "len") ? level_of(y, e->items[0]) : L_ATOM;
    default: return L_ATOM;
    }
}

static const char *operator(enum cv_op op, bool seconds)
{
    switch (op) {
    case CV_OP_ADD: return " + ";
    case CV_OP_SUB: return " - ";
    case CV_OP_MUL: return " * ";
    case CV_OP_DIV: return seconds ? " / " : " // ";
    case CV_OP_MOD: return " % ";
    case CV_OP_EQ: return " == ";
    case CV_OP_NE: return " != ";
    case CV_OP_LT: return " < ";
    case CV_OP_LE: return " <= ";
    case CV_OP_GT: return " > ";
    case CV_OP_GE: return " >= ";
    default: CV_ASSERT(!"an operator of two sides"); return "";
    }
}

static bool is_none(const struct cv_expr *e) { return e->kind == CV_E_CONST && e->value.kind == CV_K_NONE; }

/* Of two comparisons the inner one stands in brackets; of two sums the right one. */
static void binary(struct py *y, const struct cv_expr *e, enum cv_op op)
{
    const struct cv_expr *a = e->items[0], *b = e->items[1];
    enum level own = level_of(y, e);
    bool compares = own == L_COMPARE;
    bool in_seconds = py_is_order(e) && (py_has_seconds(y, a) || py_has_seconds(y, b)) && py_can_seconds(y, a) && py_can_seconds(y, b);
    if (in_seconds)
        py_seconds(y, a, L_ADD);
    else
        py_expr(y, a, compares ? L_ADD : own);
    if ((op == CV_OP_EQ || op == CV_OP_NE) && is_none(b))
        cv_buf_str(y->out, op == CV_OP_EQ ? " is " : " is not ");
    else
        cv_buf_str(y->out, operator(op, false));
    if (in_seconds)
        py_seconds(y, b, L_ADD);
    else
        py_expr(y, b, own + 1);
}

static void arguments(struct py *y, const struct cv_expr *e)
{
    for (uint32_t i = 0; i < e->n; i++)
        py_put(y, i ? ", %e" : "%e", e->items[i]);
}

static void base(struct py *y, const struct cv_expr *e) /* what is indexed or measured */
{
    if (e->kind == CV_E_VAR)
        py_var_name(y, (uint32_t)e->index);
    else
        py_expr(y, e, L_ATOM);
}

static void call(struct py *y, const struct cv_expr *e)
{
    const struct cv_expr *x = e->items[0];
    if (!strcmp(e->name, "len")) {
        py_put(y, "len(");
        base(y, x);
        cv_buf_str(y->out, ")");
    } else if (!strcmp(e->name, "random")) {
        py_put(y, "random.randint(");
        arguments(y, e);
        cv_buf_str(y->out, ")");
    } else if (!strcmp(e->name, "cas")) {
        bool item = x->kind == CV_E_ITEM;
        py_cas_name(y, (uint32_t)(item ? x->items[0]->index : x->index));
        py_put(y, "(");
        if (item)
            py_put(y, "%e, ", x->items[1]);
        py_put(y, "%e, %e)", e->items[1], e->items[2]);
    } else if (e->n == 1) { /* min(x) is x */
        py_expr(y, x, L_ANY);
    } else {
        py_put(y, "%s(", e->name);
        arguments(y, e);
        cv_buf_str(y->out, ")");
    }
}

static void builtin(struct py *y, const struct cv_expr *e)
{
    if (!strcmp(e->name, "me"))
        cv_buf_str(y->out, y->body ? "me" : "0");
    else if (!strcmp(e->name, "name"))
        py_own_name(y, y->body);
    else if (!strcmp(e->name, "pid"))
        py_put(y, "os.getpid()");
    else if (!strcmp(e->name, "tid"))
        py_put(y, "threading.get_native_id()");
    else if (!strcmp(e->name, "core"))
        py_put(y, "%F()", F_CORE);
    else
        py_put(y, "time.monotonic_ns() - %F", F_BEGAN);
}

static void whole(struct py *y, const struct cv_expr *e)
{
    switch (e->kind) {
    case CV_E_CONST: py_const(y, &e->value, false); break;
    case CV_E_LOCAL: case CV_E_PARAM: py_name(y, e->name); break;
    case CV_E_VAR: py_var(y, (uint32_t)e->index); break;
    case CV_E_ITEM:
        base(y, e->items[0]);
        py_put(y, "[%e]", e->items[1]);
        break;
    case CV_E_UNARY:
        cv_buf_str(y->out, e->op == CV_OP_NOT ? "not " : "-");
        py_expr(y, e->items[0], level_of(y, e));
        break;
    case CV_E_BINARY: binary(y, e, e->op); break;
    case CV_E_AND: case CV_E_OR:
        py_expr(y, e->items[0], level_of(y, e));
        cv_buf_str(y->out, e->kind == CV_E_AND ? " and " : " or ");
        py_expr(y, e->items[1], level_of(y, e) + 1);
        break;
    case CV_E_LIST:
        cv_buf_str(y->out, "[");
        arguments(y, e);
        cv_buf_str(y->out, "]");
        break;
    case CV_E_FORMAT:
        if (is_f_string(y, e))
            f_string(y, e);
        else
            joined(y, e);
        break;
    case CV_E_CALL: call(y, e); break;
    case CV_E_BUILTIN: builtin(y, e); break;
    case CV_E_RANGE: case CV_E_IN: CV_ASSERT(!"an expression of a body");
    }
}

void py_expr(struct py *y, const struct cv_expr *e, enum level least)
{
    bool brackets = level_of(y, e) < least;
    cv_buf_str(y->out, brackets ? "(" : "");
    whole(y, e);
    cv_buf_str(y->out, brackets ? ")" : "");
}

/* `not x == 1` is `x != 1`. */
void py_not(struct py *y, const struct cv_expr *e)
{
    static const enum cv_op other[CV_OP_COUNT] = {[CV_OP_EQ] = CV_OP_NE, [CV_OP_NE] = CV_OP_EQ, [CV_OP_LT] = CV_OP_GE,
                                                  [CV_OP_GE] = CV_OP_LT, [CV_OP_LE] = CV_OP_GT, [CV_OP_GT] = CV_OP_LE};
    if (e->kind == CV_E_BINARY && other[e->op])
        binary(y, e, other[e->op]);
    else if (e->kind == CV_E_UNARY && e->op == CV_OP_NOT)
        py_expr(y, e->items[0], L_ANY);
    else {
        cv_buf_str(y->out, "not ");
        py_expr(y, e, L_NOT);
    }
}

/* In Python two names may be of one list; here a list belongs to its variable. */
void py_keep(struct py *y, const struct cv_expr *e)
{
    bool plain = e->kind == CV_E_LOCAL || (e->kind == CV_E_VAR && y->vars[e->index].held == HELD_PLAIN);
    py_expr(y, e, L_ANY);
    if (plain && py_kinds(y, e).is == IS_LIST)
        cv_buf_str(y->out, ".copy()");
}

/* ── durations ──────────────────────────────────────────────────────────────────────────────────── */
static void seconds_call(struct py *y, const struct cv_expr *e)
{
    if (!strcmp(e->name, "random"))
        py_put(y, "random.uniform(");
    else
        py_put(y, "%s(", e->name);
    for (uint32_t i = 0; i < e->n; i++) {
        cv_buf_str(y->out, i ? ", " : "");
        py_seconds(y, e->items[i], L_ANY);
    }
    cv_buf_str(y->out, ")");
}

void py_seconds(struct py *y, const struct cv_expr *e, enum level least)
{
    if (e->kind == CV_E_CONST) {
        py_const(y, &e->value, true);
        return;
    }
    if (e->kind != CV_E_BINARY && e->kind != CV_E_UNARY && e->kind != CV_E_CALL) {
        py_expr(y, e, least);
        return;
    }
    enum level own = level_of(y, e);
    bool brackets = own < least, sum = own == L_ADD;
    cv_buf_str(y->out, brackets ? "(" : "");
    if (e->kind == CV_E_CALL && e->n == 1) {
        py_seconds(y, e->items[0], L_ANY);
    } else if (e->kind == CV_E_CALL) {
        seconds_call(y, e);
    } else if (e->kind == CV_E_UNARY) {
        cv_buf_str(y->out, "-");
        py_seconds(y, e->items[0], own);
    } else {
        bool left = sum || py_can_seconds(y, e->items[0]);
        bool right = sum || !left;
        (left ? py_seconds : py_expr)(y, e->items[0], own);
        cv_buf_str(y->out, operator(e->op, true));
        (right ? py_seconds : py_expr)(y, e->items[1], own + 1);
    }
    cv_buf_str(y->out, brackets ? ")" : "");
}

void py_duration(struct py *y, const struct cv_expr *e)
{
    if (py_can_seconds(y, e)) {
        py_seconds(y, e, L_ANY);
    } else {
        py_expr(y, e, L_MULTIPLY);
        cv_buf_str(y->out, " / 1e9");
    }
}
