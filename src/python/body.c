/* Statements: a table by kind, and the function that holds them. Under async an object that is waited for with await is
 * asyncio's; one that is only ever waited for without await is threading's, which stops the whole loop in Python too; and one
 * that a worker uses is not asyncio's either: a coroutine then waits for it in a thread. */
#include <string.h>

#include "python/python.h"

static bool coroutine(const struct py *y) { return y->model == CV_ASYNC && !y->away; }
static bool awaits(const struct py *y, const struct cv_stmt *s) { return coroutine(y) && s->await; }
static bool asyncios(const struct py *y, int sync) { return y->syncs[sync].module == M_ASYNC; }
static bool in_thread(const struct py *y, const struct cv_stmt *s) { return awaits(y, s) && !asyncios(y, s->sync); }
static const char *sync_name(const struct py *y, const struct cv_stmt *s) { return y->p->syncs[s->sync].name; }

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
void py_store(struct py *y, const struct cv_expr *t)
{
    const struct cv_expr *base = t->kind == CV_E_ITEM ? t->items[0] : t;
    if (t->kind == CV_E_LOCAL)
        py_name(y, t->name);
    else if (t->kind == CV_E_VAR)
        py_var(y, (uint32_t)t->index);
    else {
        if (base->kind == CV_E_VAR)
            py_var_name(y, (uint32_t)base->index);
        else
            py_name(y, base->name);
        py_put(y, "[%e]", t->items[1]);
    }
}

static void store_line(struct py *y, const struct cv_stmt *s)
{
    static const char *const ops[CV_OP_COUNT] = {[CV_OP_ADD] = " += ", [CV_OP_SUB] = " -= ", [CV_OP_MUL] = " *= ", [CV_OP_DIV] = " //= ", [CV_OP_MOD] = " %= "};
    bool seconds = s->target->kind != CV_E_ITEM && py_has_seconds(y, s->target);
    py_begin(y);
    py_store(y, s->target);
    cv_buf_str(y->out, !s->op ? " = " : seconds && s->op == CV_OP_DIV ? " /= " : ops[s->op]);
    if (seconds && (!s->op || s->op == CV_OP_ADD || s->op == CV_OP_SUB))
        py_seconds(y, s->value, L_ANY);
    else if (s->op)
        py_expr(y, s->value, L_ANY);
    else
        py_keep(y, s->value);
    py_end(y);
}

static void st_atomic(struct py *y, const struct cv_stmt *s)
{
    const struct cv_expr *base = s->target->kind == CV_E_ITEM ? s->target->items[0] : s->target;
    const struct cv_var_def *v = &y->p->vars[base->index];
    enum held held = y->vars[base->index].held;
    bool one_thread = y->model == CV_ASYNC && !(y->p->offloads & 1), own = y->model == CV_PROCESSES || y->away == AWAY_PROCESS;
    if (held == HELD_PLAIN && (one_thread || own)) {
        py_note(y, !own ? "atomic: nobody else runs before the next await" : "atomic: nobody else has this one");
        store_line(y, s);
        return;
    }
    py_note(y, "in one step, for which Python has no word");
    if (held == HELD_VALUE || held == HELD_ARRAY)
        py_line(y, "with %n.get_lock():", v->name);
    else
        py_line(y, "with %F:", F_ATOMIC);
    y->indent++;
    store_line(y, s);
    y->indent--;
}

static void st_append(struct py *y, const struct cv_stmt *s)
{
    py_begin(y);
    if (s->target->kind == CV_E_VAR)
        py_var_name(y, (uint32_t)s->target->index);
    else
        py_name(y, s->target->name);
    py_put(y, ".append(%e)", s->value);
    py_end(y);
}

/* ── control ────────────────────────────────────────────────────────────────────────────────────── */
static bool is_int(const struct cv_expr *e, int64_t *i)
{
    bool negative = e->kind == CV_E_UNARY && e->op == CV_OP_NEG;
    const struct cv_expr *k = negative ? e->items[0] : e;
    if (k->kind != CV_E_CONST || k->value.kind != CV_K_INT || k->value.duration)
        return false;
    *i = negative ? -k->value.i : k->value.i;
    return true;
}

/* The end of A..B belongs to it: range(A, B + 1), with the sum computed where it can be. */
void py_range(struct py *y, const struct cv_stmt *s)
{
    int64_t low, high;
    if (s->kind == CV_S_REPEAT) {
        py_put(y, "range(%e)", s->value);
        return;
    }
    const struct cv_expr *b = s->value2;
    bool one_less = b->kind == CV_E_BINARY && b->op == CV_OP_SUB && is_int(b->items[1], &high) && high == 1;
    cv_buf_str(y->out, "range(");
    if (!is_int(s->value, &low) || low != 0)
        py_put(y, "%e, ", s->value);
    if (is_int(b, &high) && high < INT64_MAX)
        cv_buf_printf(y->out, "%lld", (long long)high + 1);
    else if (one_less)
        py_expr(y, b->items[0], L_ANY);
    else {
        py_expr(y, b, L_ADD);
        cv_buf_str(y->out, " + 1");
    }
    cv_buf_str(y->out, ")");
}

static void inner(struct py *y, const struct cv_stmt *s)
{
    y->indent++;
    py_block(y, s);
    y->indent--;
}

static void st_counted(struct py *y, const struct cv_stmt *s)
{
    py_begin(y);
    cv_buf_str(y->out, "for ");
    if (s->kind == CV_S_FOR)
        py_name(y, s->name);
    else
        py_put(y, "%F", F_TURN);
    cv_buf_str(y->out, " in ");
    py_range(y, s);
    cv_buf_str(y->out, ":");
    py_end(y);
    inner(y, s->body);
}

static void st_while(struct py *y, const struct cv_stmt *s)
{
    py_line(y, "while %e:", s->value);
    inner(y, s->body);
}

static void st_if(struct py *y, const struct cv_stmt *s)
{
    py_line(y, "if %e:", s->value);
    inner(y, s->body);
    for (s = s->orelse; s && s->kind == CV_S_IF && !s->next; s = s->orelse) {
        py_take_comments(y, s->at.line);
        py_line(y, "elif %e:", s->value);
        inner(y, s->body);
    }
    if (s) {
        py_line(y, "else:");
        inner(y, s);
    }
}

static void st_break(struct py *y, const struct cv_stmt *s) { (void)s, py_line(y, "break"); }
static void st_continue(struct py *y, const struct cv_stmt *s) { (void)s, py_line(y, "continue"); }
static void st_return(struct py *y, const struct cv_stmt *s) { (void)s, py_line(y, "return"); }
static void st_pass(struct py *y, const struct cv_stmt *s) { (void)s, py_line(y, "pass"); }

static void st_spin(struct py *y, const struct cv_stmt *s)
{
    py_begin(y);
    cv_buf_str(y->out, "while ");
    py_not(y, s->value);
    cv_buf_str(y->out, ":");
    py_end(y);
    y->indent++;
    py_line(y, "pass");
    y->indent--;
}

/* ── output, marks, failures ────────────────────────────────────────────────────────────────────── */
static void st_print(struct py *y, const struct cv_stmt *s) { py_line(y, y->model == CV_PROCESSES || y->away == AWAY_PROCESS ? "print(%e, flush=True)" : "print(%e)", s->value); }
static void st_check(struct py *y, const struct cv_stmt *s) { py_line(y, "assert %e", s->value); }
static void st_fail(struct py *y, const struct cv_stmt *s) { py_line(y, "raise RuntimeError(%e)", s->value); }

static void st_crash(struct py *y, const struct cv_stmt *s)
{
    (void)s;
    py_note(y, "a real segmentation fault");
    py_line(y, "ctypes.string_at(0)");
}

static void st_mark(struct py *y, const struct cv_stmt *s)
{
    struct cv_buf text = {0};
    cv_buf_printf(&text, "mark %s%s%s", s->name, y->comment.n ? ": " : "", y->comment.n ? y->comment.at : "");
    y->comment.n = 0;
    py_comment(y, text.at, text.n);
    cv_buf_release(&text);
}

/* ── time ───────────────────────────────────────────────────────────────────────────────────────── */
static void st_cpu(struct py *y, const struct cv_stmt *s) { py_line(y, "%F(%d)", s->nogil ? F_CPU_NOGIL : F_CPU, s->value); }
static void st_sleep(struct py *y, const struct cv_stmt *s) { py_line(y, awaits(y, s) ? "await asyncio.sleep(%d)" : "time.sleep(%d)", s->value); }

static void st_fetch(struct py *y, const struct cv_stmt *s)
{
    if (y->model == CV_ASYNC && !awaits(y, s)) {
        py_note(y, y->away ? "a request" : "a request, made without await");
        py_line(y, "time.sleep(%d)", s->value);
    } else {
        py_line(y, y->model == CV_ASYNC ? "await %F(%d)" : "%F(%d)", F_FETCH, s->value);
    }
}

static void st_yield(struct py *y, const struct cv_stmt *s) { py_line(y, awaits(y, s) ? "await asyncio.sleep(0)" : "time.sleep(0)"); }

/* ── sync objects ───────────────────────────────────────────────────────────────────────────────── */
static const char stands_still[] = "without await: the loop stands still, and with it whoever could help";

/* An object that others wait for with await, waited for without: what holds is that nobody else can run meanwhile. */
static void hold_loop(struct py *y, const char *format, const char *name)
{
    py_note(y, stands_still);
    py_line(y, format, name);
    y->indent++;
    py_line(y, "time.sleep(0.001)");
    y->indent--;
}

static void st_lock(struct py *y, const struct cv_stmt *s) /* acquire too */
{
    if (asyncios(y, s->sync) && !s->await)
        hold_loop(y, "while %n.locked():", sync_name(y, s));
    py_line(y, asyncios(y, s->sync) ? "await %n.acquire()" : in_thread(y, s) ? "await asyncio.to_thread(%n.acquire)" : "%n.acquire()", sync_name(y, s));
}

static void st_release(struct py *y, const struct cv_stmt *s) { py_line(y, "%n.release()", sync_name(y, s)); } /* unlock too */

static void st_with(struct py *y, const struct cv_stmt *s)
{
    if (in_thread(y, s)) {
        st_lock(y, s);
        py_line(y, "try:");
        inner(y, s->body);
        py_line(y, "finally:");
        y->indent++;
        st_release(y, s);
        y->indent--;
        return;
    }
    if (asyncios(y, s->sync) && !s->await)
        hold_loop(y, "while %n.locked():", sync_name(y, s));
    py_line(y, asyncios(y, s->sync) ? "async with %n:" : "with %n:", sync_name(y, s));
    inner(y, s->body);
}

static const char no_wait[] = "without await: it raises where it would have to wait";

static void st_put(struct py *y, const struct cv_stmt *s)
{
    bool own = asyncios(y, s->sync);
    if (own && !s->await)
        py_note(y, no_wait);
    py_line(y, in_thread(y, s) ? "await asyncio.to_thread(%n.put, %e)" : !own ? "%n.put(%e)" : s->await ? "await %n.put(%e)" : "%n.put_nowait(%e)", sync_name(y, s), s->value);
}

static void st_get(struct py *y, const struct cv_stmt *s)
{
    bool own = asyncios(y, s->sync);
    if (own && !s->await)
        py_note(y, no_wait);
    py_begin(y);
    if (s->value)
        py_store(y, s->value);
    else if (s->index >= 0)
        py_name(y, s->name);
    cv_buf_str(y->out, s->value || s->index >= 0 ? " = " : "");
    py_put(y, in_thread(y, s) ? "await asyncio.to_thread(%n.get)" : !own ? "%n.get()" : s->await ? "await %n.get()" : "%n.get_nowait()", sync_name(y, s));
    py_end(y);
}

static void st_wait(struct py *y, const struct cv_stmt *s)
{
    bool event = y->p->syncs[s->sync].kind == CV_SYNC_EVENT, own = asyncios(y, s->sync);
    if (own && !s->await)
        hold_loop(y, event ? "while not %n.is_set():" : "while %n.locked():", sync_name(y, s));
    else
        py_line(y, own ? "await %n.wait()" : in_thread(y, s) ? "await asyncio.to_thread(%n.wait)" : "%n.wait()", sync_name(y, s));
}

static void st_barrier(struct py *y, const struct cv_stmt *s)
{
    bool own = asyncios(y, s->sync);
    if (own && !s->await)
        py_note(y, "without await the whole loop would stand still here");
    py_line(y, own ? "await %n.wait()" : in_thread(y, s) ? "await asyncio.to_thread(%n.wait)" : "%n.wait()", sync_name(y, s));
}

static void st_notify(struct py *y, const struct cv_stmt *s) { py_line(y, "%n.notify()", sync_name(y, s)); }
static void st_notify_all(struct py *y, const struct cv_stmt *s) { py_line(y, "%n.notify_all()", sync_name(y, s)); }
static void st_set(struct py *y, const struct cv_stmt *s) { py_line(y, "%n.set()", sync_name(y, s)); }
static void st_clear(struct py *y, const struct cv_stmt *s) { py_line(y, "%n.clear()", sync_name(y, s)); }

/* ── the machine ────────────────────────────────────────────────────────────────────────────────── */
static void st_alloc(struct py *y, const struct cv_stmt *s)
{
    py_note(y, "taken and touched");
    py_begin(y);
    py_put(y, "%F.append(b\"\\1\" * ", F_MEMORY);
    py_expr(y, s->value, L_MULTIPLY + 1);
    cv_buf_str(y->out, ")");
    py_end(y);
}

static void st_pin(struct py *y, const struct cv_stmt *s)
{
    py_note(y, coroutine(y) ? "the loop's thread, on Linux" : "this thread, on Linux");
    py_line(y, "os.sched_setaffinity(0, {%e})", s->value);
}

static void st_nice(struct py *y, const struct cv_stmt *s)
{
    py_note(y, coroutine(y) ? "the loop's thread, on Linux" : "this thread, on Linux");
    py_line(y, "os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), %e)", s->value);
}

static py_stmt_fn *const statements[CV_STMT_KINDS] = {
    [CV_S_ASSIGN] = store_line, [CV_S_AUGMENT] = store_line, [CV_S_ATOMIC] = st_atomic, [CV_S_APPEND] = st_append, [CV_S_CPU] = st_cpu,
    [CV_S_REPEAT] = st_counted, [CV_S_WHILE] = st_while, [CV_S_FOR] = st_counted, [CV_S_IF] = st_if, [CV_S_BREAK] = st_break,
    [CV_S_CONTINUE] = st_continue, [CV_S_RETURN] = st_return, [CV_S_PASS] = st_pass, [CV_S_PRINT] = st_print, [CV_S_SPIN] = st_spin,
    [CV_S_CHECK] = st_check, [CV_S_MARK] = st_mark, [CV_S_SLEEP] = st_sleep, [CV_S_FETCH] = st_fetch, [CV_S_YIELD] = st_yield,
    [CV_S_LOCK] = st_lock, [CV_S_UNLOCK] = st_release, [CV_S_WITH] = st_with, [CV_S_ACQUIRE] = st_lock, [CV_S_RELEASE] = st_release,
    [CV_S_PUT] = st_put, [CV_S_GET] = st_get, [CV_S_WAIT] = st_wait, [CV_S_NOTIFY] = st_notify, [CV_S_NOTIFY_ALL] = st_notify_all,
    [CV_S_SET] = st_set, [CV_S_CLEAR] = st_clear, [CV_S_BARRIER] = st_barrier, [CV_S_SPAWN] = py_spawn, [CV_S_JOIN] = py_join,
    [CV_S_JOIN_ALL] = py_join_all, [CV_S_OFFLOAD] = py_offload, [CV_S_ALLOC] = st_alloc, [CV_S_PIN] = st_pin, [CV_S_NICE] = st_nice, [CV_S_FAIL] = st_fail,
    [CV_S_CRASH] = st_crash};

bool cv_python_knows(enum cv_stmt_kind kind) { return (size_t)kind < CV_COUNT(statements) && statements[kind]; }

/* ── blocks and functions ───────────────────────────────────────────────────────────────────────── */
static void comments_of(struct py *y, const struct cv_stmt *s, const struct cv_stmt *end) /* in front of what becomes one statement */
{
    for (; s != end->next; s = s->next) {
        py_take_comments(y, s->at.line);
        if (y->comment.n) {
            struct cv_buf text = y->comment;
            y->comment = (struct cv_buf){0};
            py_comment(y, text.at, text.n);
            cv_buf_release(&text);
        }
    }
}

/* A block of comments alone is none. */
void py_block(struct py *y, const struct cv_stmt *s)
{
    unsigned before = y->written;
    for (; s; s = s->next) {
        const struct cv_stmt *end = y->bodies[y->body].grouped ? py_group(y, s) : NULL;
        if (end) {
            comments_of(y, s, end);
            py_spawn_group(y, s, end);
            s = end;
        } else {
            CV_ASSERT(cv_python_knows(s->kind));
            py_take_comments(y, s->at.line);
            statements[s->kind](y, s);
        }
    }
    if (y->written == before)
        py_line(y, "pass");
}

static void mark_assigned(struct py *y, const struct cv_stmt *s)
{
    const struct cv_expr *t = s->kind == CV_S_SPAWN || s->kind == CV_S_GET ? s->value : s->target;
    if (t && t->kind == CV_E_VAR && s->kind != CV_S_APPEND && y->vars[t->index].held == HELD_PLAIN)
        y->vars[t->index].assigned = true;
}

/* A block that is offloaded is a function of its own. */
static void assigned_at_home(struct py *y, const struct cv_stmt *s)
{
    for (; s; s = s->next) {
        mark_assigned(y, s);
        if (s->kind != CV_S_OFFLOAD)
            assigned_at_home(y, s->body);
        assigned_at_home(y, s->orelse);
    }
}

void py_globals(struct py *y, const struct cv_stmt *tree)
{
    bool any = false;
    for (uint32_t v = 0; v < y->p->nvars; v++)
        y->vars[v].assigned = false;
    assigned_at_home(y, tree);
    for (uint32_t v = 0; v < y->p->nvars; v++) {
        if (!y->vars[v].assigned)
            continue;
        if (!any)
            py_begin(y);
        py_put(y, any ? ", %n" : "global %n", y->p->vars[v].name);
        any = true;
    }
    if (any)
        py_end(y);
}

/* A local that may be read before it is assigned is none. */
static void loose_locals(struct py *y, const struct cv_body *b)
{
    bool any = false;
    for (uint32_t i = b->nparams; i < b->nlocals && b->locals; i++) {
        if (!(y->bodies[y->body].loose >> i & 1) || !b->locals[i])
            continue;
        if (!any)
            py_begin(y);
        py_put(y, "%n = ", b->locals[i]);
        any = true;
    }
    if (any) {
        cv_buf_str(y->out, "None");
        py_end(y);
    }
}

static void header(struct py *y, uint32_t body)
{
    const struct cv_body *b = &y->p->bodies[body];
    const struct body_facts *f = &y->bodies[body];
    uint32_t n = 0;
    py_put(y, y->model == CV_ASYNC ? "async def %f(" : "def %f(", body);
    for (uint32_t i = 0; i < b->nparams; i++)
        py_put(y, n++ ? ", %n" : "%n", b->locals[i]);
    if (f->number)
        cv_buf_str(y->out, n++ ? ", me" : "me");
    if (f->name && f->naming == NAME_TOLD)
        cv_buf_str(y->out, n++ ? ", name" : "name");
    cv_buf_str(y->out, "):");
}

/* What the scenario asks of the machine before anything begins. */
static void settings(struct py *y)
{
    const struct cv_program *p = y->p;
    if (p->cores && y->model != CV_ASYNC) {
        py_note(y, p->cores == 1 ? "on one core" : "on so many cores");
        py_line(y, "os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:%u])", p->cores);
    }
    if ((p->offloads & 2) && y->model != CV_PROCESSES) {
        py_note(y, "its workers are forked now, with everything as it begins");
        py_line(y, "%F.submit(os.getpid).result()", F_PROCESSES);
    }
    if (p->switch_interval_ns != 5000000 && y->model == CV_THREADS) {
        struct cv_const k = {.kind = CV_K_INT, .i = p->switch_interval_ns, .duration = true};
        py_begin(y);
        py_put(y, "sys.setswitchinterval(");
        py_const(y, &k, true);
        cv_buf_str(y->out, ")");
        py_end(y);
    }
}

void py_body(struct py *y, uint32_t body)
{
    const struct cv_body *b = &y->p->bodies[body];
    struct cv_buf text = {0}, *out = y->out;
    y->body = body;
    y->line = b->line ? b->line - 1 : 0;
    y->out = &text;
    cv_buf_str(y->out, "\n\n");
    if (b->line)
        py_take_comments(y, b->line);
    header(y, body);
    py_end(y);
    y->indent++;
    py_globals(y, b->tree);
    if (body == 0)
        settings(y);
    loose_locals(y, b);
    if (y->bodies[body].tasks)
        py_line(y, "%F = []", F_TASKS);
    if (body == 0 && y->p->implicit_main)
        py_start_all(y);
    else
        py_block(y, b->tree);
    y->indent--;
    y->out = out;
    cv_buf_add(out, y->aside.at, y->aside.n);
    cv_buf_add(out, text.at, text.n);
    y->aside.n = 0;
    cv_buf_release(&text);
}
