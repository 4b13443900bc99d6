/* Blocks that are offloaded: each is a function of its own, given the locals that it reads and what it needs to know of its task,
 * giving back the locals that are read elsewhere, and run by a worker of a pool from concurrent.futures. */
#include <string.h>

#include "python/python.h"

struct names { const char *at[CV_LIMIT_LOCALS + 2]; uint32_t n; };

static void locals(const struct py *y, uint64_t set, struct names *to)
{
    const struct cv_body *b = &y->p->bodies[y->body];
    for (uint32_t i = 0; i < b->nlocals && i < CV_LIMIT_LOCALS; i++)
        if (set >> i & 1)
            to->at[to->n++] = b->locals[i];
}

static void put_names(struct py *y, const struct names *names, const char *before)
{
    for (uint32_t i = 0; i < names->n; i++) {
        cv_buf_str(y->out, i ? ", " : before);
        if (!strcmp(names->at[i], "me") || !strcmp(names->at[i], "name")) /* no scenario's names: they are reserved */
            cv_buf_str(y->out, names->at[i]);
        else
            py_name(y, names->at[i]);
    }
}

static void asks_self(struct py *y, const struct cv_expr *e)
{
    bool name = e->kind == CV_E_BUILTIN && !strcmp(e->name, "name");
    bool me = e->kind == CV_E_BUILTIN && !strcmp(e->name, "me");
    enum naming naming = y->bodies[y->body].naming;
    y->asked |= (unsigned)(me || (name && naming == NAME_NUMBERED)) * ASKED_ME | (unsigned)(name && naming == NAME_TOLD) * ASKED_NAME |
                (unsigned)(name && naming == NAME_VALUE) * ASKED_VALUE;
}

static void asks_self_in(struct py *y, const struct cv_stmt *s) { py_each_expr(y, s, asks_self); }

static void given_and_back(struct py *y, const struct cv_stmt *s, struct names *given, struct names *back)
{
    uint64_t in, out;
    py_block_locals(y, s, &in, &out);
    y->asked = 0;
    py_each_stmt(y, s->body, asks_self_in);
    locals(y, in | (y->asked & ASKED_VALUE ? 1 : 0), given);
    locals(y, out, back);
    if ((y->asked & ASKED_ME) && y->body)
        given->at[given->n++] = "me";
    if (y->asked & ASKED_NAME)
        given->at[given->n++] = "name";
}

static void work_name(struct py *y, uint32_t number)
{
    char after[32] = "_work";
    if (y->bodies[y->body].offloads > 1)
        snprintf(after, sizeof after, "_work_%u", number);
    py_derived(y, "", y->body ? y->p->bodies[y->body].name : "main", after);
}

/* The block's function goes in front of the one that is being written. */
static void function(struct py *y, const struct cv_stmt *s, uint32_t number, const struct names *given, const struct names *back)
{
    struct cv_buf text = {0}, *out = y->out, comment = y->comment;
    unsigned indent = y->indent;
    enum away away = y->away;
    y->out = &text;
    y->comment = (struct cv_buf){0};
    y->indent = 0;
    y->away = s->index ? AWAY_PROCESS : AWAY_THREAD;
    cv_buf_str(y->out, "\n\ndef ");
    work_name(y, number);
    cv_buf_str(y->out, "(");
    put_names(y, given, "");
    cv_buf_str(y->out, "):\n");
    y->indent = 1;
    py_globals(y, s->body);
    py_block(y, s->body);
    if (back->n) {
        py_begin(y);
        cv_buf_str(y->out, "return ");
        put_names(y, back, "");
        py_end(y);
    }
    cv_buf_release(&y->comment);
    y->comment = comment;
    y->indent = indent;
    y->away = away;
    y->out = out;
    cv_buf_add(&y->aside, text.at, text.n);
    cv_buf_release(&text);
}

static void put_pool(struct py *y, int f)
{
    py_put(y, f == F_THREADS ? "concurrent.futures.ThreadPoolExecutor(" : "concurrent.futures.ProcessPoolExecutor(");
    if (y->p->pool)
        py_put(y, "%u", y->p->pool);
    else
        py_put(y, "os.cpu_count()");
    cv_buf_str(y->out, f == F_PROCESSES ? ", mp_context=mp)" : ")");
}

/* A forked process cannot use the pool of processes of the one that forked it. */
static bool own_pool(const struct py *y, int f) { return y->model == CV_PROCESSES && f == F_PROCESSES; }

void py_offload(struct py *y, const struct cv_stmt *s)
{
    struct names given = {0}, back = {0};
    int pool = s->index ? F_PROCESSES : F_THREADS;
    bool awaited = y->model == CV_ASYNC && !y->away && s->await;
    uint32_t number = ++y->bodies[y->body].written;
    given_and_back(y, s, &given, &back);
    function(y, s, number, &given, &back);
    if (own_pool(y, pool)) {
        py_note(y, "Python has no pool for several processes");
        py_begin(y);
        cv_buf_str(y->out, "with ");
        put_pool(y, pool);
        py_put(y, " as %F:", pool);
        py_end(y);
        y->indent++;
    }
    py_begin(y);
    put_names(y, &back, "");
    cv_buf_str(y->out, back.n ? " = " : "");
    py_put(y, awaited ? "await asyncio.get_running_loop().run_in_executor(%F, " : "%F.submit(", pool);
    work_name(y, number);
    put_names(y, &given, ", ");
    cv_buf_str(y->out, awaited ? ")" : ").result()");
    py_end(y);
    y->indent -= own_pool(y, pool);
}

void py_pools(struct py *y)
{
    for (int f = F_THREADS; f <= F_PROCESSES; f++) {
        if (!y->used[f] || own_pool(y, f))
            continue;
        py_begin(y);
        py_put(y, "%F = ", f);
        put_pool(y, f);
        py_end(y);
    }
}
