/* Bodies: statements, a block by its indentation. A table says which word is parsed how. */
#include <stdlib.h>
#include <string.h>

#include "lang/reader.h"

struct block {
    struct reader *r;
    size_t at, to;
    int nesting, loops, offloads;
    bool tab, space;
};
static struct cv_stmt *parse_block(struct block *b, size_t indent);

static size_t indent_of(const struct line *l)
{
    return (size_t)(l->text - l->start);
}
static bool blank(const struct line *l)
{
    return l->text == l->end;
}

static struct cv_stmt *new_stmt(struct reader *r, enum cv_stmt_kind kind, struct cv_place at)
{
    struct cv_stmt *s = arena_alloc(r->arena, sizeof *s);
    s->kind = kind;
    s->at = at;
    s->sync = s->index = -1;
    return s;
}

/* ── operands ───────────────────────────────────────────────────────────────────────────────────── */
static const char *const kinds[] = {"lock", "semaphore", "queue", "event", "barrier", "condition"};
static const char *const declared[] = {"lock", "semaphore(1)", "queue(8)", "event", "barrier(2)", "condition(m)"};

/* other: a second kind that will do, or -1. */
static bool sync_operand(struct reader *r, struct cv_stmt *s, int kind, int other)
{
    const char *or = other == SYNC_EVENT ? " or event" : "";
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "the name of a sync object");
    if (!name)
        return false;
    s->sync = reader_sync(r, name);
    if (s->sync < 0) {
        if (reader_error(r, at, "no such %s%s: '%s'", kinds[kind], or, name)) {
            const char *names[CV_LIMIT_SYNCS];
            for (uint32_t i = 0; i < r->p->nsyncs; i++)
                names[i] = r->p->syncs[i].name;
            const char *near = cv_text_nearest(name, names, r->p->nsyncs);
            if (near)
                cv_diag_note(r->diags, "did you mean '%s'?", near);
            else
                cv_diag_note(r->diags, "declare it: [sync] %s = %s", name, declared[kind]);
        }
        return false;
    }
    int is = r->p->syncs[s->sync].kind;
    if (is != kind && is != other) {
        bool told = reader_error(r, at, "'%s' is %s %s, not %s %s%s", name, is == SYNC_EVENT ? "an" : "a", kinds[is],
                                 kind == SYNC_EVENT ? "an" : "a", kinds[kind], or);
        if (told && is == SYNC_CONDITION && kind == SYNC_LOCK)
            cv_diag_note(r->diags, "take its lock: %s", r->p->syncs[r->p->syncs[s->sync].lock].name);
        return false;
    }
    return true;
}

static bool assign_local(struct reader *r, struct cv_stmt *s, const char *what)
{
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, what);
    if (!name)
        return false;
    if (reader_var(r, name) >= 0 || reader_sync(r, name) >= 0 || reader_param(r, name) >= 0 || reader_reserved(name)) {
        if (reader_error(r, at, "%s must be a name of the task's own, '%s' is taken", what, name) && reader_var(r, name) >= 0)
            cv_diag_note(r->diags, "assign it to a shared variable on a line of its own");
        return false;
    }
    s->name = name;
    s->index = reader_local(r, name, true, at);
    return s->index >= 0;
}

/* Behind `->`: a shared variable, which is then in s->value, or a name of the task's own. */
static void assign_result(struct reader *r, struct cv_stmt *s, const char *what)
{
    struct token *t = &r->token;
    char name[CV_LIMIT_NAME + 1];
    snprintf(name, sizeof name, "%.*s", t->kind == T_NAME ? (int)t->n : 0, t->at);
    int v = reader_var(r, name);
    if (v < 0) {
        assign_local(r, s, what);
        return;
    }
    if (r->p->vars[v].list) {
        reader_error(r, reader_here(r), "'%s' is a list and stays one", name);
        return;
    }
    s->value = reader_new_expr(r, CV_E_VAR, reader_here(r), 0);
    s->value->index = v;
    s->value->name = reader_name(r, what);
}

static bool duration_operand(struct reader *r, struct cv_stmt *s, const char *word)
{
    s->value = reader_expr(r);
    if (!s->value)
        return false;
    const struct cv_expr *e = s->value;
    if (e->kind == CV_E_CONST && e->value.kind == CV_K_INT && !e->value.duration && e->value.i != 0) {
        if (reader_error(r, e->at, "a duration needs a unit: %s %lld", word, (long long)e->value.i))
            cv_diag_note(r->diags, "units are ns, us, ms, s: %s %llds", word, (long long)e->value.i);
        return false;
    }
    if (e->kind == CV_E_CONST && e->value.kind != CV_K_INT) {
        reader_error(r, e->at, "%s takes a duration", word);
        return false;
    }
    return true;
}

/* ── statements ─────────────────────────────────────────────────────────────────────────────────── */
static void colon(struct reader *r)
{
    if (r->token.kind == T_END)
        reader_error(r, reader_here(r), "':' is missing at the end of the line");
    else
        reader_expect(r, ":", "at the end of the line");
}

static void st_one_duration(struct reader *r, struct cv_stmt *s)
{
    const char *word = s->kind == CV_S_CPU ? "cpu" : s->kind == CV_S_SLEEP ? "sleep" : "fetch";
    if (duration_operand(r, s, word) && s->kind == CV_S_CPU)
        s->nogil = reader_accept(r, "nogil");
}
static void st_nothing(struct reader *r, struct cv_stmt *s)
{
    (void)r, (void)s;
}
static void st_value(struct reader *r, struct cv_stmt *s)
{
    s->value = reader_expr(r);
}
static void st_condition(struct reader *r, struct cv_stmt *s)
{
    s->value = reader_expr(r);
    colon(r);
}
static void st_else(struct reader *r, struct cv_stmt *s)
{
    (void)s;
    colon(r);
}
static void st_for(struct reader *r, struct cv_stmt *s)
{
    if (!assign_local(r, s, "the loop's variable") || !reader_expect(r, "in", "after the loop's variable"))
        return;
    s->value = reader_expr(r);
    if (!s->value)
        return;
    if (!reader_accept(r, "..")) {
        if (reader_error(r, reader_here(r), "'..' expected, not %s", reader_shown(&r->token)))
            cv_diag_note(r->diags, "for %s in 1..10: both ends are included", s->name);
        return;
    }
    s->value2 = reader_expr(r);
    colon(r);
}
static void st_spin(struct reader *r, struct cv_stmt *s)
{
    if (reader_expect(r, "until", "after spin"))
        s->value = reader_expr(r);
}
static void st_mark(struct reader *r, struct cv_stmt *s)
{
    s->name = reader_name(r, "the mark's name");
}
static void st_lock(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_LOCK, -1);
}
static void st_semaphore(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_SEMAPHORE, -1);
}
static void st_with(struct reader *r, struct cv_stmt *s)
{
    if (sync_operand(r, s, SYNC_LOCK, SYNC_SEMAPHORE))
        colon(r);
}
static void st_put(struct reader *r, struct cv_stmt *s)
{
    if (sync_operand(r, s, SYNC_QUEUE, -1) && reader_expect(r, ",", "after the queue"))
        s->value = reader_expr(r);
}
static void st_get(struct reader *r, struct cv_stmt *s)
{
    if (sync_operand(r, s, SYNC_QUEUE, -1) && reader_accept(r, "->"))
        assign_result(r, s, "the variable that gets the item");
}

static void st_wait(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_CONDITION, SYNC_EVENT);
}
static void st_notify(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_CONDITION, -1);
}
static void st_event(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_EVENT, -1);
}
static void st_barrier(struct reader *r, struct cv_stmt *s)
{
    sync_operand(r, s, SYNC_BARRIER, -1);
}

static void st_offload(struct reader *r, struct cv_stmt *s)
{
    struct cv_place at = reader_here(r);
    char *where = reader_name(r, "threads or processes");
    if (!where)
        return;
    s->index = !strcmp(where, "processes");
    if (!s->index && strcmp(where, "threads")) {
        if (reader_error(r, at, "a block is offloaded to threads or processes, not '%s'", where))
            reader_did_you_mean(r, where, (const char *const[]){"threads", "processes"}, 2);
        return;
    }
    r->p->offloads |= 1u << s->index;
    colon(r);
}

static void st_spawn(struct reader *r, struct cv_stmt *s)
{
    enum { MOST = 32 };
    struct cv_expr *args[MOST];
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "the name of a task");
    if (!name)
        return;
    int body = reader_body(r, name);
    if (body < 0) {
        if (reader_error(r, at, "no such task: '%s'", name)) {
            const char *names[CV_LIMIT_BODIES];
            for (uint32_t i = 1; i < r->p->nbodies; i++)
                names[i - 1] = r->p->bodies[i].name;
            reader_did_you_mean(r, name, names, r->p->nbodies - 1);
        }
        return;
    }
    if (reader_accept(r, "(")) {
        while (!reader_is(r, ")") && !r->failed) {
            if (s->nargs == MOST || !(args[s->nargs++] = reader_expr(r)))
                return;
            if (!reader_accept(r, ","))
                break;
        }
        if (!reader_expect(r, ")", "after the arguments"))
            return;
    }
    if (s->nargs != r->p->bodies[body].nparams) {
        reader_error(r, at, "%s takes %u argument%s, not %u", name, r->p->bodies[body].nparams,
                     r->p->bodies[body].nparams == 1 ? "" : "s", s->nargs);
        return;
    }
    s->args = arena_alloc(r->arena, (s->nargs + 1) * sizeof *s->args);
    memcpy(s->args, args, s->nargs * sizeof *args);
    s->target = reader_new_expr(r, CV_E_CONST, at, 0);
    s->target->index = body;
    if (reader_accept(r, "->"))
        assign_result(r, s, "the handle");
}

static void st_join(struct reader *r, struct cv_stmt *s)
{
    if (reader_accept(r, "all"))
        s->kind = CV_S_JOIN_ALL;
    else
        s->value = reader_expr(r);
}

/* x, x[E]: what can be written. */
static struct cv_expr *target(struct reader *r)
{
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "a variable");
    if (!name)
        return NULL;
    struct cv_expr *e = NULL;
    int v = reader_var(r, name);
    if (reader_param(r, name) >= 0) {
        reader_error(r, at, "'%s' is a parameter and does not change during a run", name);
        return NULL;
    }
    if (reader_sync(r, name) >= 0 || reader_reserved(name)) {
        reader_error(r, at, reader_reserved(name) ? "'%s' is a word of the language" : "'%s' is a sync object, not a variable",
                     name);
        return NULL;
    }
    if (v >= 0) {
        e = reader_new_expr(r, CV_E_VAR, at, 0);
        e->index = v;
    } else {
        e = reader_new_expr(r, CV_E_LOCAL, at, 0);
        e->index = reader_local(r, name, reader_is(r, "="), at);
    }
    e->name = name;
    if (e->index < 0 || !reader_accept(r, "["))
        return e->index < 0 ? NULL : e;
    struct cv_expr *index = reader_expr(r);
    if (!index || !reader_expect(r, "]", "after the index"))
        return NULL;
    if (v >= 0 && !r->p->vars[v].list) {
        reader_error(r, at, "'%s' is not a list", name);
        return NULL;
    }
    struct cv_expr *item = reader_new_expr(r, CV_E_ITEM, at, 2);
    item->items[0] = e;
    item->items[1] = index;
    return item;
}

static void st_append(struct reader *r, struct cv_stmt *s)
{
    s->target = target(r);
    if (!s->target)
        return;
    if (s->target->kind == CV_E_ITEM) {
        reader_error(r, s->target->at, "append takes a list, and an element is none: a list holds no lists");
        return;
    }
    if (s->target->kind == CV_E_VAR && !r->p->vars[s->target->index].list) {
        reader_error(r, s->target->at, "'%s' is not a list", s->target->name);
        return;
    }
    if (reader_expect(r, ",", "after the list"))
        s->value = reader_expr(r);
}

static bool assignment_op(struct reader *r, struct cv_stmt *s)
{
    static const struct {
        const char *text;
        enum cv_op op;
    } ops[] = {{"+=", CV_OP_ADD}, {"-=", CV_OP_SUB}, {"*=", CV_OP_MUL}, {"/=", CV_OP_DIV}, {"%=", CV_OP_MOD}};
    if (reader_accept(r, "="))
        return true;
    for (size_t i = 0; i < CV_COUNT(ops); i++)
        if (reader_accept(r, ops[i].text)) {
            s->op = ops[i].op;
            s->kind = s->kind == CV_S_ASSIGN ? CV_S_AUGMENT : s->kind;
            return true;
        }
    return false;
}

static void fits_list(struct reader *r, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->target, *v = s->value;
    if (!t || !v || t->kind != CV_E_VAR || v->kind != CV_E_CONST)
        return;
    if (r->p->vars[t->index].list && s->kind == CV_S_ASSIGN)
        reader_error(r, v->at, "'%s' is a list and stays one", t->name);
}

static void st_atomic(struct reader *r, struct cv_stmt *s)
{
    s->target = target(r);
    if (!s->target)
        return;
    const struct cv_expr *base = s->target->kind == CV_E_ITEM ? s->target->items[0] : s->target;
    if (base->kind != CV_E_VAR) {
        reader_error(r, s->target->at, "atomic is for shared variables: '%s' is the task's own", base->name);
        return;
    }
    if (!assignment_op(r, s)) {
        reader_error(r, reader_here(r), "'+=', another such or '=' expected, not %s", reader_shown(&r->token));
        return;
    }
    if (s->op == CV_OP_DIV || s->op == CV_OP_MOD) {
        reader_error(r, reader_here(r), "atomic knows =, +=, -= and *=");
        return;
    }
    s->value = reader_expr(r);
    fits_list(r, s);
}

static struct cv_stmt *assignment(struct reader *r)
{
    struct token first = r->token;
    struct cv_stmt *s = new_stmt(r, CV_S_ASSIGN, reader_here(r));
    const char *after = r->pos;
    while (after < r->stop && (*after == ' ' || *after == '\t'))
        after++;
    bool assigns =
        after < r->stop && (strchr("=[", *after) || (strchr("+-*/%", *after) && after + 1 < r->stop && after[1] == '='));
    if (first.kind != T_NAME || !assigns) {
        if (reader_error(r, reader_here(r), "no such statement: %s", reader_shown(&first)) && first.kind == T_NAME) {
            const char *names[64];
            size_t n = 0;
            for (const struct cv_word *w = cv_statements; w->name; w++)
                if (w->name[0] != '=')
                    names[n++] = w->name;
            char word[64];
            snprintf(word, sizeof word, "%.*s", (int)first.n, first.at);
            reader_did_you_mean(r, word, names, n);
        }
        return s;
    }
    s->target = target(r);
    if (!s->target)
        return s;
    if (!assignment_op(r, s)) {
        reader_error(r, reader_here(r), "'=' expected, not %s", reader_shown(&r->token));
        return s;
    }
    s->value = reader_expr(r);
    fits_list(r, s);
    return s;
}

enum { AWAIT = 1, BLOCK = 2, LOOP = 4, IN_LOOP = 8, AT_HOME = 16 /* not in an offloaded block */ };
static const struct {
    const char *word;
    enum cv_stmt_kind kind;
    unsigned flags;
    void (*parse)(struct reader *r, struct cv_stmt *s);
} table[] = {{"atomic", CV_S_ATOMIC, 0, st_atomic},
             {"append", CV_S_APPEND, 0, st_append},
             {"cpu", CV_S_CPU, 0, st_one_duration},
             {"repeat", CV_S_REPEAT, BLOCK | LOOP, st_condition},
             {"while", CV_S_WHILE, BLOCK | LOOP, st_condition},
             {"for", CV_S_FOR, BLOCK | LOOP, st_for},
             {"if", CV_S_IF, BLOCK, st_condition},
             {"break", CV_S_BREAK, IN_LOOP, st_nothing},
             {"continue", CV_S_CONTINUE, IN_LOOP, st_nothing},
             {"return", CV_S_RETURN, AT_HOME, st_nothing},
             {"pass", CV_S_PASS, 0, st_nothing},
             {"print", CV_S_PRINT, 0, st_value},
             {"spin", CV_S_SPIN, 0, st_spin},
             {"check", CV_S_CHECK, 0, st_value},
             {"mark", CV_S_MARK, 0, st_mark},
             {"sleep", CV_S_SLEEP, AWAIT, st_one_duration},
             {"fetch", CV_S_FETCH, AWAIT, st_one_duration},
             {"yield", CV_S_YIELD, AWAIT, st_nothing},
             {"lock", CV_S_LOCK, AWAIT, st_lock},
             {"unlock", CV_S_UNLOCK, 0, st_lock},
             {"with", CV_S_WITH, AWAIT | BLOCK, st_with},
             {"acquire", CV_S_ACQUIRE, AWAIT, st_semaphore},
             {"release", CV_S_RELEASE, 0, st_semaphore},
             {"put", CV_S_PUT, AWAIT, st_put},
             {"get", CV_S_GET, AWAIT, st_get},
             {"wait", CV_S_WAIT, AWAIT, st_wait},
             {"notify", CV_S_NOTIFY, 0, st_notify},
             {"notify_all", CV_S_NOTIFY_ALL, 0, st_notify},
             {"set", CV_S_SET, 0, st_event},
             {"clear", CV_S_CLEAR, 0, st_event},
             {"barrier", CV_S_BARRIER, AWAIT, st_barrier},
             {"spawn", CV_S_SPAWN, AT_HOME, st_spawn},
             {"join", CV_S_JOIN, AWAIT | AT_HOME, st_join},
             {"offload", CV_S_OFFLOAD, AWAIT | BLOCK, st_offload},
             {"alloc", CV_S_ALLOC, 0, st_value},
             {"pin", CV_S_PIN, 0, st_value},
             {"nice", CV_S_NICE, 0, st_value},
             {"fail", CV_S_FAIL, 0, st_value},
             {"crash", CV_S_CRASH, 0, st_nothing}};

static struct cv_stmt *statement(struct block *b, unsigned *flags)
{
    struct reader *r = b->r;
    bool await = false;
    struct cv_place await_at = reader_here(r);
    *flags = 0;
    if (reader_is(r, "await")) {
        reader_next(r);
        await = true;
    }
    struct cv_place at = reader_here(r);
    for (size_t i = 0; i < CV_COUNT(table); i++) {
        if (!reader_is(r, table[i].word))
            continue;
        struct cv_stmt *s = new_stmt(r, table[i].kind, at);
        s->await = await;
        *flags = table[i].flags;
        if (await && !(*flags & AWAIT)) {
            if (reader_error(r, await_at, "'%s' does not wait: await has no place before it", table[i].word))
                cv_diag_note(r->diags, "await goes with sleep, fetch, yield, lock, acquire, put, get, wait, barrier, join, offload, with");
        } else if (await && b->offloads) {
            if (reader_error(r, await_at, "await has no place in an offloaded block"))
                cv_diag_note(r->diags, "the block runs on a worker, which has no loop: leave the await out");
        } else if ((*flags & AT_HOME) && b->offloads) {
            reader_error(r, at, "'%s' has no place in an offloaded block", table[i].word);
        } else if ((*flags & IN_LOOP) && b->loops == 0 && b->offloads) {
            reader_error(r, at, "'%s' cannot leave an offloaded block", table[i].word);
        } else if ((*flags & IN_LOOP) && b->loops == 0) {
            reader_error(r, at, "'%s' outside of a loop", table[i].word);
        }
        reader_next(r);
        table[i].parse(r, s);
        if (!r->failed)
            reader_end_of_line(r);
        return s;
    }
    if (await) {
        reader_error(r, at, "a statement that waits expected after await, not %s", reader_shown(&r->token));
        return new_stmt(r, CV_S_PASS, at);
    }
    if (reader_is(r, "elif") || reader_is(r, "else")) {
        reader_error(r, at, "%s without an if before it", reader_shown(&r->token));
        *flags = BLOCK;
        return new_stmt(r, CV_S_PASS, at);
    }
    struct cv_stmt *s = assignment(r);
    if (!r->failed)
        reader_end_of_line(r);
    return s;
}

/* ── blocks ─────────────────────────────────────────────────────────────────────────────────────── */
static const struct line *next_line(struct block *b)
{
    while (b->at < b->to && blank(&b->r->lines.at[b->at]))
        b->at++;
    return b->at < b->to ? &b->r->lines.at[b->at] : NULL;
}

/* Tabs and blanks in one body: told once, and the rest of the body is passed over, for its blocks cannot be known. */
static bool mixed(struct block *b, const struct line *l)
{
    bool tab = memchr(l->start, '\t', indent_of(l)) != NULL, space = memchr(l->start, ' ', indent_of(l)) != NULL;
    b->tab |= tab;
    b->space |= space;
    if (!b->tab || !b->space)
        return false;
    reader_start(b->r, l);
    reader_error(b->r, reader_place(b->r, l->start, indent_of(l)), "tabs and blanks are mixed in this body's indentation");
    b->at = b->to;
    return true;
}

static struct cv_stmt *inner(struct block *b, size_t indent, const char *word, uint32_t line)
{
    const struct line *l = next_line(b);
    struct reader *r = b->r;
    if (l && mixed(b, l))
        return NULL;
    if (!l || indent_of(l) <= indent) {
        r->failed = false;
        const struct line *keep = r->line;
        struct cv_place at = {line, (uint32_t)indent + 1, 0};
        reader_error(r, at, "%s needs a block: lines indented more than it", word);
        r->line = keep;
        return NULL;
    }
    if (b->nesting >= CV_LIMIT_NESTING) {
        r->line = l;
        r->failed = false;
        reader_error(r, reader_place(r, l->text, 1), "blocks nest at most %d deep", CV_LIMIT_NESTING);
        while ((l = next_line(b)) && indent_of(l) > indent)
            b->at++;
        return NULL;
    }
    b->nesting++;
    struct cv_stmt *first = parse_block(b, indent_of(l));
    b->nesting--;
    return first;
}

static void else_branches(struct block *b, size_t indent, struct cv_stmt *s, int before)
{
    enum { MOST = 256 };
    const struct line *l = next_line(b);
    struct reader *r = b->r;
    if (!l || indent_of(l) != indent)
        return;
    reader_start(r, l);
    bool is_elif = reader_is(r, "elif");
    if (!is_elif && !reader_is(r, "else"))
        return;
    struct cv_place at = reader_here(r);
    b->at++;
    reader_next(r);
    if (before == MOST)
        reader_error(r, at, "at most %d branches", MOST);
    if (!is_elif) {
        st_else(r, s);
        if (!r->failed)
            reader_end_of_line(r);
        s->orelse = inner(b, indent, "else", l->number);
        return;
    }
    s->orelse = new_stmt(r, CV_S_IF, at);
    st_condition(r, s->orelse);
    if (!r->failed)
        reader_end_of_line(r);
    s->orelse->body = inner(b, indent, "elif", l->number);
    if (before < MOST)
        else_branches(b, indent, s->orelse, before + 1);
}

static struct cv_stmt *parse_block(struct block *b, size_t indent)
{
    struct cv_stmt *first = NULL, **last = &first;
    struct reader *r = b->r;
    const struct line *l;
    while ((l = next_line(b)) && indent_of(l) >= indent) {
        reader_start(r, l);
        if (mixed(b, l))
            break;
        if (indent_of(l) > indent)
            reader_error(r, reader_place(r, l->text, 1), "unexpected indentation");
        b->at++;
        if (r->failed)
            continue;
        unsigned flags;
        struct cv_stmt *s = statement(b, &flags);
        if (r->failed && !(flags & BLOCK)) { /* a block of something unknown: its lines are passed over */
            const struct line *next;
            if (l->end > l->text && l->end[-1] == ':')
                while ((next = next_line(b)) && indent_of(next) > indent)
                    b->at++;
            continue;
        }
        *last = s;
        last = &s->next;
        if (flags & BLOCK) {
            char word[16];
            const char *from = l->text + (s->await ? strlen("await") : 0);
            from += strspn(from, " \t");
            snprintf(word, sizeof word, "%.*s", (int)strcspn(from, " :\t\r\n"), from);
            bool away = s->kind == CV_S_OFFLOAD;
            int loops = b->loops;
            b->loops = away ? 0 : loops + ((flags & LOOP) != 0);
            b->offloads += away;
            s->body = inner(b, indent, word, l->number);
            b->offloads -= away;
            b->loops = loops;
            if (s->kind == CV_S_IF)
                else_branches(b, indent, s, 0);
        }
    }
    return first;
}

void reader_parse_body(struct reader *r, struct cv_body *body, size_t from, size_t to)
{
    struct block b = {.r = r, .at = from, .to = to};
    r->body = body;
    const struct line *l = next_line(&b);
    if (!l)
        cv_diag_error(r->diags, (struct cv_place){body->line, 1, 0}, "%s is empty", body->name[0] ? "the task" : "[main]");
    while (l) {
        struct cv_stmt *more = parse_block(&b, indent_of(l));
        if (!body->tree)
            body->tree = more;
        l = next_line(&b);
        if (l && more) {
            r->line = l;
            r->failed = false;
            reader_error(r, reader_place(r, l->text, 1), "this line is indented less than the body's first line");
        }
    }
    for (size_t i = 0; i < r->uses.n; i++) {
        if (r->assigned.at[r->uses.at[i].index])
            continue;
        const char *name = r->uses.at[i].name;
        r->failed = false;
        if (reader_error(r, r->uses.at[i].at, "unknown name '%s'", name)) {
            size_t n;
            const char *const *names = reader_all_names(r, &n);
            reader_did_you_mean(r, name, names, n);
        }
        r->assigned.at[r->uses.at[i].index] = true; /* once */
    }
    body->nlocals = (uint32_t)r->locals.n;
    body->locals = arena_alloc(r->arena, (r->locals.n + CV_LIMIT_LOCALS + 1) * sizeof *body->locals);
    for (size_t i = 0; i < r->locals.n; i++)
        body->locals[i] = r->locals.at[i];
    r->body = NULL;
}
