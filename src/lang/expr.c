/* Expressions, by precedence: or, and, not, comparison (and `in`), + -, * / %, negation, index. Names are resolved as
 * they are met; a name that no section declares is a local of the body. */
#include <stdlib.h>
#include <string.h>

#include "lang/reader.h"

struct cv_expr *reader_new_expr(struct reader *r, enum cv_expr_kind kind, struct cv_place at, uint32_t n)
{
    struct cv_expr *e = arena_alloc(r->arena, sizeof *e);
    e->kind = kind;
    e->at = at;
    e->n = n;
    e->index = -1;
    e->items = n ? arena_alloc(r->arena, n * sizeof *e->items) : NULL;
    return e;
}

static struct cv_expr *constant(struct reader *r, struct cv_place at, struct cv_const k)
{
    struct cv_expr *e = reader_new_expr(r, CV_E_CONST, at, 0);
    e->value = k;
    return e;
}

static struct cv_expr *two(struct reader *r, enum cv_expr_kind kind, enum cv_op op, struct cv_place at, struct cv_expr *a,
                           struct cv_expr *b)
{
    enum { MOST = 1024 }; /* a chain becomes a tree as deep as it is long, and trees are walked by recursion */
    if (!a || !b)
        return NULL;
    if (++r->links > MOST) {
        reader_error(r, at, "at most %d operators in one line", MOST);
        return NULL;
    }
    struct cv_expr *e = reader_new_expr(r, kind, at, 2);
    e->op = op;
    e->items[0] = a;
    e->items[1] = b;
    return e;
}

/* ── strings ────────────────────────────────────────────────────────────────────────────────────── */
static void put_utf8(struct cv_buf *b, uint32_t c)
{
    char s[4];
    if (c < 0x80)
        s[0] = (char)c, cv_buf_add(b, s, 1);
    else if (c < 0x800)
        s[0] = (char)(0xc0 | c >> 6), s[1] = (char)(0x80 | (c & 63)), cv_buf_add(b, s, 2);
    else if (c < 0x10000)
        s[0] = (char)(0xe0 | c >> 12), s[1] = (char)(0x80 | (c >> 6 & 63)), s[2] = (char)(0x80 | (c & 63)), cv_buf_add(b, s, 3);
    else
        s[0] = (char)(0xf0 | c >> 18), s[1] = (char)(0x80 | (c >> 12 & 63)), s[2] = (char)(0x80 | (c >> 6 & 63)),
        s[3] = (char)(0x80 | (c & 63)), cv_buf_add(b, s, 4);
}

static const char *escape(struct reader *r, const char *s, const char *stop, struct cv_buf *out)
{
    static const char from[] = "nt\"'\\{}", to[] = "\n\t\"'\\{}";
    const char *found = s < stop && *s ? strchr(from, *s) : NULL;
    if (found) {
        cv_buf_add(out, &to[found - from], 1);
        return s + 1;
    }
    if (s + 2 < stop && s[0] == 'u' && s[1] == '{') {
        char *end;
        unsigned long c = strtoul(s + 2, &end, 16);
        if (end > s + 2 && end < stop && *end == '}' && c > 0 && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff)) {
            put_utf8(out, (uint32_t)c);
            return end + 1;
        }
    }
    if (reader_error(r, reader_place(r, s - 1, s < stop ? 2 : 1), "no such escape in a string"))
        cv_diag_note(r->diags, "escapes are \\n \\t \\\" \\' \\\\ \\{ \\} \\u{263a}");
    return stop;
}

/* The end of the {expression} that begins behind s: its closing brace, or NULL. */
static const char *brace_end(const char *s, const char *stop)
{
    int depth = 0;
    for (char quote = 0; s < stop; s++) {
        if (quote)
            quote = *s == quote ? 0 : quote;
        else if (*s == '"' || *s == '\'')
            quote = *s;
        else if (*s == '{')
            depth++;
        else if (*s == '}' && depth-- == 0)
            return s;
    }
    return NULL;
}

static void take_text(struct reader *r, struct cv_buf *text, struct cv_place at, struct cv_expr **parts, uint32_t *n)
{
    if (!text->n)
        return;
    struct cv_const k = {.kind = CV_K_STRING, .s = arena_text(r->arena, text->at, text->n), .n = (uint32_t)text->n};
    parts[(*n)++] = constant(r, at, k);
    text->n = 0;
}

static struct cv_expr *string(struct reader *r)
{
    enum { MOST = 64 };
    struct cv_expr *parts[MOST + 2];
    struct cv_place at = reader_here(r);
    struct token token = r->token;
    const char *s = token.at + 1, *stop = token.at + token.n - 1, *pos = r->pos, *line_stop = r->stop;
    struct cv_buf text = {0};
    uint32_t n = 0;
    bool pieces = false;
    if (token.n > CV_LIMIT_STRING + 2)
        reader_error(r, at, "a string has at most %d bytes", CV_LIMIT_STRING);
    while (s < stop && !r->failed) {
        if (*s == '\\') {
            s = escape(r, s + 1, stop, &text);
        } else if ((*s == '{' || *s == '}') && s + 1 < stop && s[1] == *s) {
            cv_buf_add(&text, s, 1);
            s += 2;
        } else if (*s == '{') {
            const char *close = brace_end(s + 1, stop);
            if (!close) {
                reader_error(r, reader_place(r, s, 1), "'{' without '}'");
                cv_diag_note(r->diags, "write {{ for a brace in the text");
                break;
            }
            if (n >= MOST) {
                reader_error(r, reader_place(r, s, 1), "at most %d pieces in one string", MOST / 2);
                break;
            }
            take_text(r, &text, at, parts, &n);
            reader_start_at(r, s + 1, close);
            parts[n] = reader_expr(r);
            reader_end_of_line(r);
            n += parts[n] != NULL;
            pieces = true;
            s = close + 1;
        } else if (*s == '}') {
            if (reader_error(r, reader_place(r, s, 1), "'}' without '{'"))
                cv_diag_note(r->diags, "write }} for a brace in the text");
        } else {
            cv_buf_add(&text, s++, 1);
        }
    }
    struct cv_expr *e = NULL;
    if (!r->failed && !pieces) {
        struct cv_const k = {
            .kind = CV_K_STRING, .s = arena_text(r->arena, text.n ? text.at : "", text.n), .n = (uint32_t)text.n};
        e = constant(r, at, k);
    } else if (!r->failed) {
        take_text(r, &text, at, parts, &n);
        e = reader_new_expr(r, CV_E_FORMAT, at, n);
        memcpy(e->items, parts, n * sizeof *parts);
    }
    cv_buf_release(&text);
    r->pos = pos;
    r->stop = line_stop;
    reader_next(r);
    return e;
}

/* ── names ──────────────────────────────────────────────────────────────────────────────────────── */
static bool word_in(const struct cv_word *words, const char *name)
{
    for (; words->name; words++)
        if (!strcmp(words->name, name))
            return !words->later;
    return false;
}

bool reader_only_expect(const char *name)
{
    for (const struct cv_word *w = cv_builtins; w->name; w++)
        if (!strcmp(w->name, name))
            return strstr(w->summary, "[expect]") != NULL;
    for (const struct cv_word *w = cv_functions; w->name; w++)
        if (!strcmp(w->name, name))
            return strstr(w->summary, "[expect]") != NULL;
    return false;
}

static struct cv_expr *variable(struct reader *r, const char *name, struct cv_place at)
{
    int v = reader_var(r, name);
    if (v < 0)
        return NULL;
    struct cv_expr *e = reader_new_expr(r, CV_E_VAR, at, 0);
    e->name = name;
    e->index = v;
    return e;
}

static struct cv_expr *call(struct reader *r, const char *name, struct cv_place at)
{
    enum { MOST = 16 };
    struct cv_expr *args[MOST];
    uint32_t n = 0;
    if (!word_in(cv_functions, name) || (reader_only_expect(name) && !r->expecting)) {
        if (reader_error(r, at, reader_only_expect(name) ? "%s() is for [expect] alone" : "no such function: '%s'", name) &&
            !reader_only_expect(name))
            reader_did_you_mean(r, name, (const char *const[]){"len", "min", "max", "random", "cas", "sorted", "count", "copies"},
                                8);
        return NULL;
    }
    if (r->expecting && (!strcmp(name, "cas") || !strcmp(name, "random"))) {
        reader_error(r, at, "%s() means nothing at the end of a run", name);
        return NULL;
    }
    reader_next(r);
    while (!reader_is(r, ")") && !r->failed) {
        if (n == MOST) {
            reader_error(r, reader_here(r), "at most %d arguments", MOST);
            return NULL;
        }
        if (!(args[n++] = reader_expr(r)))
            return NULL;
        if (!reader_accept(r, ","))
            break;
    }
    if (!reader_expect(r, ")", "after the arguments"))
        return NULL;
    static const struct {
        const char *name;
        uint32_t least, most;
    } counts[] = {{"len", 1, 1}, {"min", 1, MOST}, {"max", 1, MOST}, {"random", 2, 2},
                  {"cas", 3, 3}, {"sorted", 1, 1}, {"count", 2, 2},  {"copies", 1, 1}};
    for (size_t i = 0; i < CV_COUNT(counts); i++)
        if (!strcmp(counts[i].name, name) && (n < counts[i].least || n > counts[i].most)) {
            reader_error(r, at, "%s() takes %u argument%s", name, counts[i].least, counts[i].least == 1 ? "" : "s");
            return NULL;
        }
    if (!strcmp(name, "cas") && args[0]->kind != CV_E_VAR &&
        !(args[0]->kind == CV_E_ITEM && args[0]->items[0]->kind == CV_E_VAR)) {
        reader_error(r, args[0]->at, "cas() works on a shared variable or an element of a shared list");
        return NULL;
    }
    if (!strcmp(name, "copies") && args[0]->kind != CV_E_VAR) {
        reader_error(r, args[0]->at, "copies() takes the name of a shared variable");
        return NULL;
    }
    struct cv_expr *e = reader_new_expr(r, CV_E_CALL, at, n);
    e->name = name;
    memcpy(e->items, args, n * sizeof *args);
    return e;
}

static struct cv_expr *named(struct reader *r)
{
    struct cv_place at = reader_here(r);
    if (reader_accept(r, "none"))
        return constant(r, at, (struct cv_const){.kind = CV_K_NONE});
    if (reader_is(r, "true") || reader_is(r, "false")) {
        struct cv_const k = {.kind = CV_K_BOOL, .i = reader_is(r, "true")};
        reader_next(r);
        return constant(r, at, k);
    }
    char *name = reader_name(r, "a value");
    if (!name)
        return NULL;
    if (reader_is(r, "("))
        return call(r, name, at);
    int param = reader_param(r, name);
    if (param >= 0) {
        struct cv_expr *e = reader_new_expr(r, CV_E_PARAM, at, 0);
        e->name = name;
        e->index = param;
        e->value = (struct cv_const){.kind = CV_K_INT, .i = r->p->params[param].value, .duration = r->p->params[param].duration};
        return e;
    }
    struct cv_expr *e = variable(r, name, at);
    if (e)
        return e;
    if (word_in(cv_builtins, name)) {
        if (reader_only_expect(name) != r->expecting) {
            reader_error(r, at,
                         r->expecting ? "'%s' means nothing at the end of a run" : "'%s' is known at the end only, in [expect]",
                         name);
            return NULL;
        }
        e = reader_new_expr(r, CV_E_BUILTIN, at, 0);
        e->name = name;
        return e;
    }
    if (reader_sync(r, name) >= 0) {
        reader_error(r, at, "'%s' is a sync object, not a value", name);
        return NULL;
    }
    if (reader_reserved(name)) {
        reader_error(r, at, "a value expected, not '%s'", name);
        return NULL;
    }
    if (!r->body) {
        if (reader_error(r, at, "unknown name '%s'", name)) {
            size_t n;
            const char *const *names = reader_all_names(r, &n);
            reader_did_you_mean(r, name, names, n);
        }
        return NULL;
    }
    e = reader_new_expr(r, CV_E_LOCAL, at, 0);
    e->name = name;
    e->index = reader_local(r, name, false, at);
    return e->index < 0 ? NULL : e;
}

/* ── precedence ─────────────────────────────────────────────────────────────────────────────────── */
static struct cv_expr *list(struct reader *r, struct cv_place at)
{
    CV_VEC(struct cv_expr *) items = {0};
    while (!reader_is(r, "]") && !r->failed) {
        struct cv_expr *e = reader_expr(r);
        if (!e)
            break;
        if (e->kind == CV_E_LIST && !r->expecting) /* there it stands for what copies() gives of a list */
            reader_error(r, e->at, "a list cannot hold a list");
        if (items.n >= 1024)
            reader_error(r, e->at, "at most 1024 items can be written out");
        CV_PUSH(&items, e);
        if (!reader_accept(r, ","))
            break;
    }
    struct cv_expr *e = NULL;
    if (!r->failed && reader_expect(r, "]", "after the items of the list")) {
        e = reader_new_expr(r, CV_E_LIST, at, (uint32_t)items.n);
        if (items.n)
            memcpy(e->items, items.at, items.n * sizeof *items.at);
    }
    free(items.at);
    return e;
}

static struct cv_expr *atom(struct reader *r)
{
    struct cv_place at = reader_here(r);
    struct cv_expr *e;
    switch (r->token.kind) {
    case T_INT: {
        struct cv_const k = {.kind = CV_K_INT, .i = r->token.i, .duration = r->token.duration};
        if (r->token.least)
            return reader_error(r, at, "the number does not fit into 64 bits"), NULL;
        reader_next(r);
        e = constant(r, at, k);
        break;
    }
    case T_DECIMAL: {
        struct cv_const k = {.kind = CV_K_DOUBLE, .d = r->token.d};
        if (!r->expecting) {
            if (reader_error(r, at, "decimal numbers are for [expect] alone"))
                cv_diag_note(r->diags, "a duration may be decimal: 1.5s");
            return NULL;
        }
        reader_next(r);
        e = constant(r, at, k);
        break;
    }
    case T_STRING:
        e = string(r);
        break;
    case T_NAME:
        e = named(r);
        break;
    default:
        if (reader_accept(r, "(")) {
            e = reader_expr(r);
            if (e && !reader_expect(r, ")", "to close the bracket"))
                return NULL;
            break;
        }
        if (reader_accept(r, "[")) {
            e = list(r, at);
            break;
        }
        reader_error(r, at, "a value expected, not %s", reader_shown(&r->token));
        return NULL;
    }
    while (e && reader_is(r, "[")) {
        reader_next(r);
        struct cv_expr *index = reader_expr(r);
        if (!index || !reader_expect(r, "]", "after the index"))
            return NULL;
        if (e->kind == CV_E_VAR && !r->p->vars[e->index].list) {
            reader_error(r, e->at, "'%s' is not a list", e->name);
            return NULL;
        }
        e = two(r, CV_E_ITEM, CV_OP_ITEM, at, e, index);
    }
    return e;
}

static bool deeper(struct reader *r)
{
    if (++r->depth <= CV_LIMIT_EXPRESSION)
        return true;
    reader_error(r, reader_here(r), "an expression nests at most %d deep", CV_LIMIT_EXPRESSION);
    return false;
}

static struct cv_expr *unary(struct reader *r)
{
    struct cv_place at = reader_here(r);
    if (!reader_is(r, "-"))
        return atom(r);
    if (!deeper(r))
        return NULL;
    reader_next(r);
    if (r->token.kind == T_INT && r->token.least) {
        r->depth--;
        reader_next(r);
        return constant(r, at, (struct cv_const){.kind = CV_K_INT, .i = INT64_MIN});
    }
    struct cv_expr *of = unary(r);
    r->depth--;
    if (!of)
        return NULL;
    struct cv_expr *e = reader_new_expr(r, CV_E_UNARY, at, 1);
    e->op = CV_OP_NEG;
    e->items[0] = of;
    return e;
}

static struct cv_expr *product(struct reader *r)
{
    struct cv_expr *e = unary(r);
    while (e && (reader_is(r, "*") || reader_is(r, "/") || reader_is(r, "%"))) {
        enum cv_op op = reader_is(r, "*") ? CV_OP_MUL : reader_is(r, "/") ? CV_OP_DIV : CV_OP_MOD;
        reader_next(r);
        e = two(r, CV_E_BINARY, op, e->at, e, unary(r));
    }
    return e;
}

static struct cv_expr *sum(struct reader *r)
{
    struct cv_expr *e = product(r);
    while (e && (reader_is(r, "+") || reader_is(r, "-"))) {
        enum cv_op op = reader_is(r, "+") ? CV_OP_ADD : CV_OP_SUB;
        reader_next(r);
        e = two(r, CV_E_BINARY, op, e->at, e, product(r));
    }
    return e;
}

static enum cv_op comparison_op(const struct reader *r)
{
    static const struct {
        const char *text;
        enum cv_op op;
    } ops[] = {{"==", CV_OP_EQ}, {"!=", CV_OP_NE}, {"<", CV_OP_LT}, {"<=", CV_OP_LE}, {">", CV_OP_GT}, {">=", CV_OP_GE}};
    for (size_t i = 0; i < CV_COUNT(ops); i++)
        if (reader_is(r, ops[i].text))
            return ops[i].op;
    return CV_OP_CONST;
}

static struct cv_expr *comparison(struct reader *r)
{
    struct cv_expr *e = sum(r);
    if (e && reader_is(r, "=")) {
        if (reader_error(r, reader_here(r), "'=' compares nothing"))
            cv_diag_note(r->diags, "did you mean '=='?");
        return NULL;
    }
    if (e && r->expecting && reader_is(r, "in")) {
        reader_next(r);
        struct cv_expr *set = sum(r);
        if (set && reader_is(r, "..")) {
            struct cv_place at = reader_here(r);
            reader_next(r);
            set = two(r, CV_E_RANGE, CV_OP_CONST, at, set, sum(r));
        }
        return two(r, CV_E_IN, CV_OP_CONST, e->at, e, set);
    }
    enum cv_op op = comparison_op(r);
    if (!e || op == CV_OP_CONST)
        return e;
    reader_next(r);
    e = two(r, CV_E_BINARY, op, e->at, e, sum(r));
    if (e && comparison_op(r) != CV_OP_CONST) {
        if (reader_error(r, reader_here(r), "comparisons do not chain"))
            cv_diag_note(r->diags, "join two comparisons with 'and'");
        return NULL;
    }
    return e;
}

static struct cv_expr *negation(struct reader *r)
{
    struct cv_place at = reader_here(r);
    if (!reader_is(r, "not"))
        return comparison(r);
    if (!deeper(r))
        return NULL;
    reader_next(r);
    struct cv_expr *of = negation(r);
    r->depth--;
    if (!of)
        return NULL;
    struct cv_expr *e = reader_new_expr(r, CV_E_UNARY, at, 1);
    e->op = CV_OP_NOT;
    e->items[0] = of;
    return e;
}

static struct cv_expr *conjunction(struct reader *r)
{
    struct cv_expr *e = negation(r);
    while (e && reader_accept(r, "and"))
        e = two(r, CV_E_AND, CV_OP_CONST, e->at, e, negation(r));
    return e;
}

struct cv_expr *reader_expr(struct reader *r)
{
    if (!deeper(r))
        return NULL;
    struct cv_expr *e = conjunction(r);
    while (e && reader_accept(r, "or"))
        e = two(r, CV_E_OR, CV_OP_CONST, e->at, e, conjunction(r));
    r->depth--;
    return r->failed ? NULL : e;
}

/* ── constants ──────────────────────────────────────────────────────────────────────────────────── */
static bool fold(struct reader *r, const struct cv_expr *e, struct cv_const *v);

/* What a file makes the reader hold is bounded, however often it repeats a list. */
static bool too_many_items(struct reader *r, const struct cv_expr *e, uint64_t n)
{
    enum { MOST = 8 * CV_LIMIT_LIST };
    if (n <= MOST && (r->listed += (uint32_t)n) <= MOST)
        return false;
    reader_error(r, e->at, "the lists of a file hold at most %d items together", MOST);
    return true;
}

static bool fold_list(struct reader *r, const struct cv_expr *e, struct cv_const *v)
{
    if (too_many_items(r, e, e->n))
        return false;
    struct cv_const *items = arena_alloc(r->arena, (e->n + 1) * sizeof *items);
    for (uint32_t i = 0; i < e->n; i++)
        if (!fold(r, e->items[i], &items[i]))
            return false;
    *v = (struct cv_const){.kind = CV_K_LIST, .n = e->n, .items = items};
    return true;
}

static bool fold_binary(struct reader *r, const struct cv_expr *e, struct cv_const *v)
{
    struct cv_const a, b;
    if (!fold(r, e->items[0], &a) || !fold(r, e->items[1], &b))
        return false;
    if (a.kind == CV_K_LIST && b.kind == CV_K_INT && e->op == CV_OP_MUL) {
        uint64_t n = b.i > 0 ? (uint64_t)a.n * (uint64_t)b.i : 0;
        if (n > CV_LIMIT_LIST || (b.i > CV_LIMIT_LIST && a.n)) {
            reader_error(r, e->at, "a list holds at most %d items", CV_LIMIT_LIST);
            return false;
        }
        if (too_many_items(r, e, n))
            return false;
        struct cv_const *items = arena_alloc(r->arena, (n + 1) * sizeof *items);
        for (uint64_t i = 0; i < n; i++)
            items[i] = a.items[i % a.n];
        *v = (struct cv_const){.kind = CV_K_LIST, .n = (uint32_t)n, .items = items};
        return true;
    }
    if (a.kind != CV_K_INT || b.kind != CV_K_INT) {
        reader_error(r, e->at, "this cannot be computed before the run");
        return false;
    }
    int64_t i = 0;
    bool bad = false;
    switch (e->op) {
    case CV_OP_ADD:
        bad = __builtin_add_overflow(a.i, b.i, &i);
        break;
    case CV_OP_SUB:
        bad = __builtin_sub_overflow(a.i, b.i, &i);
        break;
    case CV_OP_MUL:
        bad = __builtin_mul_overflow(a.i, b.i, &i);
        break;
    case CV_OP_DIV:
    case CV_OP_MOD:
        bad = b.i == 0 || (a.i == INT64_MIN && b.i == -1);
        if (!bad)
            i = e->op == CV_OP_DIV ? a.i / b.i - ((a.i % b.i != 0) && ((a.i < 0) != (b.i < 0)))
                                   : a.i % b.i + ((a.i % b.i != 0 && (a.i < 0) != (b.i < 0)) ? b.i : 0);
        break;
    default:
        reader_error(r, e->at, "this cannot be computed before the run");
        return false;
    }
    if (bad) {
        reader_error(r, e->at, "the number does not fit into 64 bits, or is divided by zero");
        return false;
    }
    *v = (struct cv_const){.kind = CV_K_INT, .i = i, .duration = a.duration || b.duration};
    return true;
}

static bool fold(struct reader *r, const struct cv_expr *e, struct cv_const *v)
{
    switch (e->kind) {
    case CV_E_CONST:
    case CV_E_PARAM:
        *v = e->value;
        return true;
    case CV_E_LIST:
        return fold_list(r, e, v);
    case CV_E_UNARY:
        if (e->op == CV_OP_NEG && fold(r, e->items[0], v) && v->kind == CV_K_INT && v->i != INT64_MIN) {
            v->i = -v->i;
            return true;
        }
        break;
    case CV_E_BINARY:
        return fold_binary(r, e, v);
    default:
        break;
    }
    reader_error(r, e->at, "this cannot be computed before the run");
    return false;
}

bool reader_constant(struct reader *r, const struct cv_expr *e, struct cv_const *value)
{
    return fold(r, e, value) && !r->failed;
}
