/* How tasks are begun and waited for: coroutines are gathered or made into tasks, threads and processes started and joined.
 * A task that uses its number, or its name, takes it as an argument. */
#include <stdlib.h>
#include <string.h>

#include "python/python.h"

/* One task to be: the instance of an implicit main, or a spawn. me and value: texts that stand for the instance's. */
struct call {
    uint32_t body;
    const struct cv_instance *instance;
    const struct cv_stmt *spawn;
    const char *me, *value;
};

/* ── calls ──────────────────────────────────────────────────────────────────────────────────────── */
static void number(struct py *y, const struct call *c)
{
    struct body_facts *f = &y->bodies[c->body];
    if (c->me)
        cv_buf_str(y->out, c->me);
    else if (c->instance)
        cv_buf_printf(y->out, "%lld", (long long)c->instance->me);
    else if (!f->by_counter)
        cv_buf_printf(y->out, "%u", f->spawned++);
    else {
        cv_buf_str(y->out, "next(");
        py_numbers(y, c->body);
        cv_buf_str(y->out, ")");
    }
}

static void told_name(struct py *y, const struct call *c)
{
    const char *name = y->p->bodies[c->body].name;
    bool used = y->bodies[c->body].number;
    if (c->instance) {
        py_put(y, "\"");
        py_string(y, c->instance->name, strlen(c->instance->name), '"', false);
        py_put(y, "\"");
    } else if (used) { /* the number stands in front of it */
        py_put(y, "f\"%s#{%F}\"", name, F_NUMBER);
    } else {
        py_put(y, "f\"%s#{", name);
        number(y, c);
        py_put(y, "}\"");
    }
}

/* Each argument behind a separator: "" or ", " before the first. How many there are. */
static uint32_t arguments(struct py *y, const struct call *c, const char *before)
{
    const struct body_facts *f = &y->bodies[c->body];
    uint32_t n = 0, nargs = c->spawn ? c->spawn->nargs : y->p->bodies[c->body].nparams;
    for (uint32_t i = 0; i < nargs; i++, n++) {
        cv_buf_str(y->out, n ? ", " : before);
        if (c->value)
            cv_buf_str(y->out, c->value);
        else if (c->instance)
            py_const(y, &c->instance->value, f->seconds & 1);
        else if (f->seconds >> i & 1)
            py_seconds(y, c->spawn->args[i], L_ANY);
        else if (y->model == CV_PROCESSES)
            py_expr(y, c->spawn->args[i], L_ANY);
        else
            py_keep(y, c->spawn->args[i]);
    }
    bool told = f->naming == NAME_TOLD && f->name;
    if (f->number) {
        cv_buf_str(y->out, n++ ? ", " : before);
        if (told && c->spawn)
            py_put(y, "%F := ", F_NUMBER);
        number(y, c);
    }
    if (told) {
        cv_buf_str(y->out, n++ ? ", " : before);
        told_name(y, c);
    }
    return n;
}

static void coroutine(struct py *y, const struct call *c)
{
    py_function(y, c->body);
    cv_buf_str(y->out, "(");
    arguments(y, c, "");
    cv_buf_str(y->out, ")");
}

/* `worker, 1, 2`: for start() */
static void function_and_arguments(struct py *y, const struct call *c)
{
    py_function(y, c->body);
    arguments(y, c, ", ");
}

/* threading.Thread(target=worker, args=(1,)) */
static void thread(struct py *y, const struct call *c)
{
    py_put(y, y->model == CV_PROCESSES ? "mp.Process(target=" : "threading.Thread(target=");
    py_function(y, c->body);
    size_t at = y->out->n;
    cv_buf_str(y->out, ", args=(");
    uint32_t n = arguments(y, c, "");
    if (n == 0)
        y->out->at[y->out->n = at] = 0;
    else
        cv_buf_str(y->out, n == 1 ? ",)" : ")");
    cv_buf_str(y->out, ")");
}

/* What stands in a list of tasks to begin. */
static void entry(struct py *y, const struct call *c, bool as_task)
{
    if (y->model != CV_ASYNC) {
        if (c->spawn) {
            py_put(y, "%F(", F_START);
            function_and_arguments(y, c);
            py_put(y, ")");
        } else {
            thread(y, c);
        }
        return;
    }
    if (as_task)
        py_put(y, "asyncio.create_task(");
    coroutine(y, c);
    cv_buf_str(y->out, as_task ? ")" : "");
}

/* ── what is gathered ───────────────────────────────────────────────────────────────────────────── */
static struct cv_buf *push_entry(struct py *y, struct py_entries *list)
{
    struct cv_buf b = {0};
    CV_PUSH(list, b);
    y->out = &list->at[list->n - 1];
    return y->out;
}

static bool told_apart(const struct py *y, uint32_t body) /* its calls differ */
{
    return y->bodies[body].number || (y->bodies[body].name && y->bodies[body].naming == NAME_TOLD);
}

/* `me in range(n)`, `user in ("Alice", "Bob")` */
static void instances_loop(struct py *y, uint32_t body)
{
    const struct cv_body *b = &y->p->bodies[body];
    const struct body_facts *f = &y->bodies[body];
    if (b->count) {
        if (f->number)
            py_put(y, " for me in range(%e)", b->count);
        else
            py_put(y, " for %F in range(%e)", F_TURN, b->count);
        return;
    }
    py_put(y, f->number ? " for me, %n in enumerate((" : " for %n in (", b->locals[0]);
    for (uint32_t i = 0; i < f->n; i++) {
        cv_buf_str(y->out, i ? ", " : "");
        py_const(y, &y->p->instances[f->first + i].value, f->seconds & 1);
    }
    cv_buf_str(y->out, f->number ? "))" : ")");
}

static bool one_by_one(const struct py *y, uint32_t body)
{
    enum { FEW = 3, SOME = 6 };
    const struct cv_body *b = &y->p->bodies[body];
    const struct body_facts *f = &y->bodies[body];
    if (f->n == 1 || (f->name && f->naming == NAME_TOLD))
        return true;
    return b->count ? b->count->kind == CV_E_CONST && f->n <= (y->model == CV_ASYNC ? FEW : 1) : f->n <= SOME;
}

static void instance_entries(struct py *y, uint32_t body, struct py_entries *list, bool as_task)
{
    const struct body_facts *f = &y->bodies[body];
    struct cv_buf *out = y->out;
    if (one_by_one(y, body)) {
        for (uint32_t i = 0; i < f->n; i++) {
            struct call c = {.body = body, .instance = &y->p->instances[f->first + i]};
            push_entry(y, list);
            entry(y, &c, as_task);
            y->out = out;
        }
        return;
    }
    struct cv_buf value = {0};
    y->out = &value;
    if (!y->p->bodies[body].count)
        py_name(y, y->p->bodies[body].locals[0]);
    struct call c = {.body = body, .instance = &y->p->instances[f->first], .me = "me", .value = value.at};
    push_entry(y, list);
    cv_buf_str(y->out, "*(");
    entry(y, &c, as_task);
    instances_loop(y, body);
    cv_buf_str(y->out, ")");
    y->out = out;
    cv_buf_release(&value);
}

/* A list of one comprehension is that comprehension. */
static void unwrap(struct py_entries *list)
{
    if (list->n != 1 || list->at[0].at[0] != '*')
        return;
    struct cv_buf *b = &list->at[0];
    memmove(b->at, b->at + 2, b->n - 2);
    b->n -= 3;
    b->at[b->n] = 0;
}

static void join_each(struct py *y)
{
    py_line(y, "for %F in %F:", F_TASK, F_TASKS);
    y->indent++;
    py_line(y, "%F.join()", F_TASK);
    y->indent--;
}

static void into_tasks(struct py *y, struct py_entries *list)
{
    char open[64];
    unwrap(list);
    snprintf(open, sizeof open, "%s = [", y->fresh[F_TASKS]);
    py_list(y, open, list, "]");
}

void py_start_all(struct py *y)
{
    struct py_entries list = {0};
    for (uint32_t b = 1; b < y->p->nbodies; b++)
        if (y->bodies[b].n)
            instance_entries(y, b, &list, y->can_fail);
    if (!list.n) {
        py_line(y, "pass");
    } else if (y->model != CV_ASYNC) {
        into_tasks(y, &list);
        py_line(y, "for %F in %F:", F_TASK, F_TASKS);
        y->indent++;
        py_line(y, "%F.start()", F_TASK);
        y->indent--;
        join_each(y);
    } else if (y->can_fail) {
        unwrap(&list);
        static const char why[] = "wait, not gather: one that fails does not end the others";
        py_comment(y, why, sizeof why - 1);
        py_list(y, "await asyncio.wait([", &list, "])");
    } else {
        py_list(y, "await asyncio.gather(", &list, ")");
    }
}

void py_start_helper(struct py *y)
{
    py_line(y, "def %F(function, *args):", F_START);
    y->indent++;
    py_line(y, y->model == CV_PROCESSES ? "%F = mp.Process(target=function, args=args)" : "%F = threading.Thread(target=function, args=args)", F_TASK);
    py_line(y, "%F.start()", F_TASK);
    py_line(y, "return %F", F_TASK);
    y->indent--;
}

/* ── statements ─────────────────────────────────────────────────────────────────────────────────── */
void py_spawn(struct py *y, const struct cv_stmt *s)
{
    struct call c = {.body = (uint32_t)s->target->index, .spawn = s};
    bool kept = s->value || s->index >= 0, listed = y->bodies[y->body].tasks;
    py_begin(y);
    if (s->value)
        py_store(y, s->value);
    else if (kept)
        py_name(y, s->name);
    else if (listed)
        py_put(y, "%F.append(", F_TASKS);
    cv_buf_str(y->out, kept ? " = " : "");
    entry(y, &c, true);
    cv_buf_str(y->out, !kept && listed ? ")" : "");
    py_end(y);
    if (!kept || !listed)
        return;
    py_begin(y);
    py_put(y, "%F.append(", F_TASKS);
    if (s->value)
        py_store(y, s->value);
    else
        py_name(y, s->name);
    cv_buf_str(y->out, ")");
    py_end(y);
}

static const char without_await[] = "without await: the loop stands still";

void py_join(struct py *y, const struct cv_stmt *s)
{
    if (y->model != CV_ASYNC) {
        py_begin(y);
        py_expr(y, s->value, L_ATOM);
        cv_buf_str(y->out, ".join()");
        py_end(y);
    } else if (!s->await) {
        py_begin(y);
        cv_buf_str(y->out, "while not ");
        py_expr(y, s->value, L_ATOM);
        cv_buf_str(y->out, ".done():");
        py_note(y, without_await);
        py_end(y);
        y->indent++;
        py_line(y, "time.sleep(0.001)");
        y->indent--;
    } else if (y->can_fail) {
        py_note(y, "to wait for it is not to fail with it");
        py_line(y, "with contextlib.suppress(Exception):");
        y->indent++;
        py_line(y, "await %e", s->value);
        y->indent--;
    } else {
        py_line(y, "await %e", s->value);
    }
}

void py_join_all(struct py *y, const struct cv_stmt *s)
{
    if (y->model != CV_ASYNC) {
        join_each(y);
    } else if (!s->await) {
        py_note(y, without_await);
        py_line(y, "while not all(%F.done() for %F in %F):", F_TASK, F_TASK, F_TASKS);
        y->indent++;
        py_line(y, "time.sleep(0.001)");
        y->indent--;
    } else {
        py_line(y, y->can_fail ? "await asyncio.gather(*%F, return_exceptions=True)" : "await asyncio.gather(*%F)", F_TASKS);
    }
}

static bool is_zero(const struct cv_expr *e) { return e->kind == CV_E_CONST && e->value.kind == CV_K_INT && e->value.i == 0; }

/* `*(worker(i) for i in range(1, n + 1))` */
static void loop_entry(struct py *y, const struct cv_stmt *loop)
{
    const struct cv_stmt *s = loop->body;
    struct call c = {.body = (uint32_t)s->target->index, .spawn = s};
    const struct body_facts *f = &y->bodies[c.body];
    struct cv_buf me = {0}, *out = y->out;
    bool counts = y->body == 0 && f->sites == 1 && told_apart(y, c.body) && (loop->kind == CV_S_REPEAT || is_zero(loop->value));
    bool top = false;
    for (const struct cv_stmt *t = y->p->bodies[0].tree; t; t = t->next)
        top |= t == loop;
    counts &= top;
    y->out = &me;
    if (loop->kind == CV_S_FOR)
        py_name(y, loop->name);
    else if (counts)
        cv_buf_str(y->out, "me");
    else
        py_put(y, "%F", F_TURN);
    y->out = out;
    c.me = counts ? me.at : NULL;
    cv_buf_str(y->out, "*(");
    entry(y, &c, false);
    py_put(y, " for %s in ", me.at);
    py_range(y, loop);
    cv_buf_str(y->out, ")");
    cv_buf_release(&me);
}

void py_spawn_group(struct py *y, const struct cv_stmt *s, const struct cv_stmt *end)
{
    struct py_entries list = {0};
    struct cv_buf *out = y->out;
    for (; s != end; s = s->next) {
        push_entry(y, &list);
        if (s->kind == CV_S_SPAWN)
            entry(y, &(struct call){.body = (uint32_t)s->target->index, .spawn = s}, false);
        else
            loop_entry(y, s);
        y->out = out;
    }
    if (y->model != CV_ASYNC) {
        into_tasks(y, &list);
        join_each(y);
        return;
    }
    struct cv_buf more = {0};
    if (y->can_fail) {
        cv_buf_str(&more, "return_exceptions=True");
        CV_PUSH(&list, more);
    }
    py_list(y, "await asyncio.gather(", &list, ")");
}
