/* The program as a whole: what it is about, what it imports, what all tasks share, helpers for what Python has no word for,
 * a function for each task, and main. The tasks are written first, for they say which helpers and modules they need.
 *
 * What means something else in Python: integers have no 64 bits to overflow; `now` and durations that are computed with are
 * nanoseconds, but a sleep is given in seconds; None, True and the quotes of text in lists are printed as Python has them;
 * whoever releases a lock need not hold it; random numbers are others; a queue of
 * multiprocessing may hand on what two processes put at once in either order, and processes have a pool each; gather() of
 * tasks that are all done gives the others a turn, `await join all` does not. */
#include <stdlib.h>
#include <string.h>

#include "python/python.h"

/* ── the head ───────────────────────────────────────────────────────────────────────────────────── */
static void wrapped(struct py *y, const char *text)
{
    enum { WIDTH = 98 };
    while (*text) {
        size_t n = strlen(text), cut = n;
        if (n > WIDTH) {
            cut = WIDTH;
            while (cut && text[cut] != ' ')
                cut--;
            cut = cut ? cut : strcspn(text, " ");
        }
        py_comment(y, text, cut);
        text += cut + strspn(text + cut, " ");
    }
}

static void head(struct py *y)
{
    const struct cv_program *p = y->p;
    wrapped(y, *p->title ? p->title : p->name);
    wrapped(y, p->about);
    if (y->model == CV_THREADS && !p->gil)
        wrapped(y, "CPython's threads take turns under the GIL: they overlap their waits, not their computing.");
}

/* ── what is declared ───────────────────────────────────────────────────────────────────────────── */
static void params(struct py *y)
{
    for (uint32_t i = 0; i < y->p->nparams; i++) {
        const struct cv_param *d = &y->p->params[i];
        struct cv_const k = {.kind = CV_K_INT, .i = d->value, .duration = d->duration};
        py_take_comments(y, d->line);
        if (d->duration)
            py_note(y, y->param_seconds[i] ? "seconds" : "nanoseconds");
        py_begin(y);
        py_put(y, "%n = ", d->name);
        py_const(y, &k, y->param_seconds[i]);
        py_end(y);
    }
}

static void sync_object(struct py *y, uint32_t k)
{
    static const char *const names[] = {[CV_SYNC_LOCK] = "Lock", [CV_SYNC_SEMAPHORE] = "Semaphore", [CV_SYNC_QUEUE] = "Queue",
                                        [CV_SYNC_EVENT] = "Event", [CV_SYNC_BARRIER] = "Barrier", [CV_SYNC_CONDITION] = "Condition"};
    const struct cv_sync_def *d = &y->p->syncs[k];
    CV_ASSERT((size_t)d->kind < CV_COUNT(names));
    py_begin(y);
    py_put(y, "%n = ", d->name);
    if (y->syncs[k].module == M_PROCESSES)
        py_put(y, "mp.%s(", names[d->kind]);
    else if (y->syncs[k].module == M_ASYNC)
        py_put(y, "asyncio.%s(", names[d->kind]);
    else if (d->kind == CV_SYNC_QUEUE)
        py_put(y, "queue.%s(", names[d->kind]);
    else
        py_put(y, "threading.%s(", names[d->kind]);
    if (d->kind == CV_SYNC_CONDITION)
        py_put(y, "%n", y->p->syncs[d->lock].name);
    else if (d->written)
        py_put(y, "%e", d->written);
    cv_buf_str(y->out, ")");
    py_end(y);
}

static void syncs(struct py *y)
{
    for (uint32_t k = 0; k < y->p->nsyncs; k++) {
        py_take_comments(y, y->p->syncs[k].line);
        sync_object(y, k);
    }
}

static void variable(struct py *y, uint32_t v)
{
    const struct cv_var_def *d = &y->p->vars[v];
    const struct var_facts *f = &y->vars[v];
    bool truth = (d->list ? f->kinds.items : f->kinds.is) == IS_BOOL;
    py_begin(y);
    py_var_name(y, v);
    if (f->held == HELD_VALUE || f->held == HELD_ARRAY) {
        py_put(y, " = mp.%s(", f->held == HELD_VALUE ? "Value" : "Array");
        py_put(y, truth ? "ctypes.c_bool, %e)" : "\"q\", %e)", d->written);
    } else if (f->held == HELD_LIST) {
        py_put(y, " = %F.list(%e)", F_MANAGER, d->written);
    } else if (f->seconds) {
        cv_buf_str(y->out, " = ");
        py_seconds(y, d->written, L_ANY);
    } else {
        py_put(y, " = %c", d->written);
    }
    py_end(y);
}

static void variables(struct py *y, bool memory)
{
    static const char own[] = "each process has its own copy", one[] = "one for all processes";
    bool first = true;
    for (uint32_t v = 0; v < y->p->nvars; v++) {
        if ((y->p->vars[v].memory != 0) != memory)
            continue;
        if (first && y->forks) {
            cv_buf_str(y->out, "\n");
            py_comment(y, memory ? one : own, strlen(memory ? one : own));
        }
        first = false;
        py_take_comments(y, y->p->vars[v].line);
        variable(y, v);
    }
}

static bool managed(const struct py *y, enum held held)
{
    for (uint32_t v = 0; v < y->p->nvars; v++)
        if (y->vars[v].held == held)
            return true;
    return false;
}

/* What stands under everything else: the modules' own objects that the helpers and variables need. */
static void foundation(struct py *y)
{
    if (y->forks) {
        static const char fork[] = "a process begins as a copy of the one that starts it";
        py_comment(y, fork, sizeof fork - 1);
        py_line(y, "mp = multiprocessing.get_context(\"fork\")");
    }
    if (managed(y, HELD_ATTRIBUTE) || managed(y, HELD_LIST)) {
        py_note(y, "keeps for all what is more than numbers");
        py_line(y, "%F = mp.Manager()", F_MANAGER);
    }
    if (managed(y, HELD_ATTRIBUTE))
        py_line(y, "%F = %F.Namespace()", F_SHARED, F_MANAGER);
    if (y->used[F_ATOMIC]) {
        py_note(y, "held by whatever must be one step");
        py_line(y, y->forks ? "%F = mp.Lock()" : "%F = threading.Lock()", F_ATOMIC);
    }
    py_pools(y);
    if (y->used[F_MEMORY])
        py_line(y, "%F = []", F_MEMORY);
    if (y->used[F_BEGAN])
        py_line(y, "%F = time.monotonic_ns()", F_BEGAN);
    for (uint32_t b = 1; b < y->p->nbodies; b++) {
        const struct body_facts *f = &y->bodies[b];
        if (!f->by_counter || !(f->number || (f->name && f->naming == NAME_TOLD)))
            continue;
        py_numbers(y, b);
        py_line(y, " = itertools.count()");
    }
}

/* ── helpers ────────────────────────────────────────────────────────────────────────────────────── */
/* Lines of a function, each with its indentation; %F in them is fresh name f. */
static void function(struct py *y, int f, const char *const *lines, size_t n)
{
    cv_buf_str(y->out, "\n\n");
    for (size_t i = 0; i < n; i++)
        py_line(y, lines[i], f);
}

static void cas_helper(struct py *y, uint32_t v)
{
    const struct cv_var_def *d = &y->p->vars[v];
    enum held held = y->vars[v].held;
    bool own_lock = held == HELD_VALUE || held == HELD_ARRAY;
    bool locked = own_lock || held != HELD_PLAIN || y->model == CV_THREADS || (y->model == CV_ASYNC && (y->p->offloads & 1));
    struct cv_buf place = {0}, *out = y->out;
    y->out = &place;
    if (d->list) {
        py_var_name(y, v);
        cv_buf_str(y->out, "[i]");
    } else {
        py_var(y, v);
    }
    y->out = out;
    cv_buf_str(y->out, "\n\n");
    cv_buf_str(y->out, "def ");
    py_cas_name(y, v);
    py_line(y, d->list ? "(i, old, new):" : "(old, new):");
    y->indent++;
    py_line(y, locked ? "\"\"\"Compare and swap, as one step: Python has no word for it.\"\"\"" : "\"\"\"Compare and swap: new in place of old, if it is still there.\"\"\"");
    if (!d->list && held == HELD_PLAIN)
        py_line(y, "global %n", d->name);
    if (own_lock)
        py_line(y, "with %n.get_lock():", d->name);
    else if (locked)
        py_line(y, "with %F:", F_ATOMIC);
    y->indent += locked;
    py_line(y, "if %s != old:", place.at);
    y->indent++;
    py_line(y, "return False");
    y->indent--;
    py_line(y, "%s = new", place.at);
    py_line(y, "return True");
    y->indent -= 1 + locked;
    cv_buf_release(&place);
}

static void helpers(struct py *y)
{
    static const char *const cpu[] = {"def %F(seconds):", "    \"\"\"Compute for so long: CPU time of this thread, not time of the clock on the wall.\"\"\"",
                                      "    end = time.thread_time() + seconds", "    while time.thread_time() < end:", "        pass"};
    static const char *const nogil[] = {"def %F(seconds):", "    \"\"\"Compute for so long in a library that lets the GIL go, as hashlib does.\"\"\"",
                                        "    end = time.thread_time() + seconds", "    while time.thread_time() < end:", "        hashlib.sha256(bytes(100_000))"};
    static const char *const async_fetch[] = {"async def %F(seconds):", "    \"\"\"Stands for a request whose answer takes so long.\"\"\"", "    await asyncio.sleep(seconds)"};
    static const char *const fetch[] = {"def %F(seconds):", "    \"\"\"Stands for a request whose answer takes so long.\"\"\"", "    time.sleep(seconds)"};
    static const char *const core[] = {"def %F():", "    \"\"\"The core this thread is on: Linux knows, Python has no word for it.\"\"\"",
                                       "    with open(\"/proc/thread-self/stat\") as stat:", "        return int(stat.read().rpartition(\")\")[2].split()[36])"};
    if (y->used[F_CPU])
        function(y, F_CPU, cpu, CV_COUNT(cpu));
    if (y->used[F_CPU_NOGIL])
        function(y, F_CPU_NOGIL, nogil, CV_COUNT(nogil));
    if (y->used[F_FETCH] && y->model == CV_ASYNC)
        function(y, F_FETCH, async_fetch, CV_COUNT(async_fetch));
    else if (y->used[F_FETCH])
        function(y, F_FETCH, fetch, CV_COUNT(fetch));
    if (y->used[F_CORE])
        function(y, F_CORE, core, CV_COUNT(core));
    for (uint32_t v = 0; v < y->p->nvars; v++)
        if (y->vars[v].swapped)
            cas_helper(y, v);
    if (y->used[F_START]) {
        cv_buf_str(y->out, "\n\n");
        py_start_helper(y);
    }
}

/* ── the whole ──────────────────────────────────────────────────────────────────────────────────── */
static void run_main(struct py *y)
{
    cv_buf_str(y->out, "\n\n");
    if (y->model == CV_ASYNC) {
        py_line(y, "asyncio.run(%F())", F_MAIN);
    } else if (y->model == CV_THREADS) {
        py_line(y, "%F()", F_MAIN);
    } else {
        py_line(y, "if __name__ == \"__main__\":");
        py_line(y, "    %F()", F_MAIN);
    }
}

void cv_python_write(struct cv_buf *out, const struct cv_program *p, enum cv_model_kind model)
{
    struct cv_buf declared = {0}, helping = {0}, tasks = {0};
    struct py y = {.p = p, .model = model};
    py_facts(&y);
    py_names(&y);
    y.out = &tasks;
    for (uint32_t b = 1; b < p->nbodies; b++)
        if (y.bodies[b].n || y.bodies[b].sites)
            py_body(&y, b);
    py_body(&y, 0);
    run_main(&y);
    y.body = y.line = 0;
    y.out = &helping;
    helpers(&y);
    y.out = &declared;
    foundation(&y);
    params(&y);
    syncs(&y);
    variables(&y, false);
    variables(&y, true);
    y.out = out;
    head(&y);
    py_imports(&y);
    cv_buf_str(out, declared.n ? "\n" : "");
    cv_buf_add(out, declared.at, declared.n);
    cv_buf_add(out, helping.at, helping.n);
    cv_buf_add(out, tasks.at, tasks.n);
    cv_buf_release(&declared);
    cv_buf_release(&helping);
    cv_buf_release(&tasks);
    cv_buf_release(&y.comment);
    cv_buf_release(&y.aside);
    free(y.bodies);
    free(y.vars);
    free(y.syncs);
    free(y.param_seconds);
    free(y.lines);
}
