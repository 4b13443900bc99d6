/* Random programs, explored by every search and by hand: each interleaving is walked, its trace written down in a form of its own (what each event
 * does, and which earlier ones it meets), and all is counted: traces, interleavings, ends, the shortest way to each. Every so often the
 * steps are carried out on the stage itself instead of being looked up. make check walks always the same. By hand:
 *   CV_PROGRAMS=n build/unit/explore_random    n programs instead of 20,480
 *   CV_SEED=s                                  others; a program that differs is printed, and with it the traces that were found by hand
 *   CV_WIDE=1                                  with conditions, barriers, spawned tasks and offloaded blocks too
 *   CV_ASYNC=1                                 all under async, where some tasks are left behind
 *   CV_FILE=f CV_MODEL=m                       the program in a file alone, to make one smaller; threads unless async or processes is said */
#include <stdlib.h>
#include <string.h>

#include "explore/run.h"
#include "explore/state.h"
#include "suite.h"

#ifdef CV_SANITIZE
enum { PROGRAMS = 1280 };
#else
enum { PROGRAMS = 20480 };
#endif
enum { MOST_WAYS = 400, PLAIN_EVERY = 64, CHANCE_EVERY = 16 };

/* ── programs ───────────────────────────────────────────────────────────────────────────────────── */
static uint64_t state, chances; /* chances: programs of which the progress was told */
static uint32_t below(uint32_t n)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static const char *var(void) { return below(2) ? "x" : "y"; }
static const char *lock(void) { return below(2) ? "m" : "n"; }

static void statement(struct cv_buf *b, const char *await, int depth, bool async)
{
    static const char *const unseen[] = {"cpu 1us", "nice 1", "mark here"};
    static const char *const naps[] = {"sleep 0us", "sleep 1us", "sleep 2us", "sleep 3us"};
    const char *v = var(), *in = depth ? "        " : "    ";
    if (below(6) == 0)
        cv_buf_printf(b, "%s%s\n", in, unseen[below(CV_COUNT(unseen))]);
    switch (below(async ? 17 : 21)) {
    case 0: case 1: cv_buf_printf(b, "%s%s = %u\n", in, v, below(3)); break;
    case 2: cv_buf_printf(b, "%st = %s\n", in, v); break;
    case 3: cv_buf_printf(b, "%s%s += 1\n", in, v); break;
    case 4: cv_buf_printf(b, "%satomic %s += 1\n", in, v); break;
    case 5: cv_buf_printf(b, "%st = cas(%s, %u, %u)\n", in, v, below(2), below(3)); break;
    case 6: case 7:
        if (depth)
            cv_buf_printf(b, "%s%s = 1\n", in, v);
        else {
            cv_buf_printf(b, "%sif %s == %u:\n", in, below(2) ? v : "t", below(2));
            statement(b, await, 1, async);
        }
        break;
    case 8: case 9:
        if (depth)
            cv_buf_printf(b, "%sa[%u] = %s\n", in, below(2), below(2) ? "1" : "t");
        else {
            cv_buf_printf(b, "%s%swith %s:\n", in, await, lock());
            statement(b, await, 1, async);
        }
        break;
    case 10: cv_buf_printf(b, "%st = a[%u]\n", in, below(2)); break;
    case 11: cv_buf_printf(b, "%sprint \"p\"\n", in); break;
    case 12: cv_buf_printf(b, "%s%sput q, %u\n", in, await, below(2)); break;
    case 13: cv_buf_printf(b, "%s%sget q -> t\n", in, await); break;
    case 14: cv_buf_printf(b, "%s%sacquire s\n", in, await); break;
    case 15: cv_buf_printf(b, async ? "%sawait yield\n" : "%srelease s\n", in); break;
    case 16: cv_buf_printf(b, "%s%s%s\n", in, await, naps[below(4)]); break;
    case 17: cv_buf_printf(b, "%slock %s\n", in, lock()); break;
    case 18: cv_buf_printf(b, "%sunlock %s\n", in, lock()); break;
    case 19: cv_buf_printf(b, "%s%s e\n", in, below(2) ? "set" : "wait"); break;
    default: cv_buf_printf(b, "%scheck %s < 2\n", in, v); break;
    }
}

/* Of the wide programs: what is rarer, and takes more schedules to come about. */
static void wide_statement(struct cv_buf *b, const char *await, bool async)
{
    switch (below(async ? 9 : 8)) {
    case 0: cv_buf_printf(b, "    %slock m\n    %swait c\n    unlock m\n", await, await); break;
    case 1: cv_buf_printf(b, "    %swith m:\n        %s c\n", await, below(2) ? "notify" : "notify_all"); break;
    case 2: cv_buf_printf(b, "    %sbarrier b\n", await); break;
    case 3: cv_buf_printf(b, "    spawn child(%u) -> h\n    %sjoin h\n", below(2), await); break;
    case 4: cv_buf_printf(b, "    spawn child(%u) -> h\n", below(2)); break;
    case 5: cv_buf_printf(b, "    %swait e\n", await); break;
    case 6: cv_buf_printf(b, "    %s e\n", below(2) ? "set" : "clear"); break;
    case 7: cv_buf_printf(b, "    %sjoin all\n", await); break;
    default: cv_buf_printf(b, "    await offload threads:\n        %s = 1\n", var()); break;
    }
}

static void wide_text(struct cv_buf *b, bool async)
{
    uint32_t tasks = 2 + (below(3) == 0);
    bool main_task = async && below(2); /* it ends, and whom it leaves behind then is asked */
    cv_buf_printf(b, "[shared]\nx = 0\ny = 0\na = [0, 0]\n[shared memory]\nz = 0\n[sync]\nm = lock\nn = lock\nc = condition(m)\nb = barrier(2)\n"
                     "s = semaphore(%u)\nq = queue(%u)\ne = event\n[task child(v)]\n    t = 0\n    %s = v\n", 1 + below(2), 1 + below(2), var());
    for (uint32_t k = 0, n = below(async ? 4 : 2); k < n; k++)
        statement(b, async && below(3) ? "await " : "", 0, async);
    for (uint32_t t = 0; t < tasks; t++) {
        cv_buf_printf(b, "[task t%u%s]\n    t = 0\n    h = 0\n", t, main_task ? "()" : "");
        for (uint32_t k = 0, n = 1 + below(2); k < n; k++)
            if (below(2))
                wide_statement(b, async && below(4) ? "await " : "", async);
            else
                statement(b, async && below(3) ? "await " : "", 0, async);
    }
    if (main_task)
        cv_buf_str(b, "[main]\n    t = 0\n    h = 0\n");
    for (uint32_t t = 0; main_task && t < tasks; t++)
        cv_buf_printf(b, "    spawn t%u() -> h\n", t);
    for (uint32_t k = 0, n = main_task ? below(3) : 0; k < n; k++)
        statement(b, below(3) ? "await " : "", 0, async);
    cv_buf_printf(b, "[expect]\n%s != %u\n", var(), 1 + below(2));
}

static void program_text(struct cv_buf *b, bool async)
{
    uint32_t tasks = 2 + (below(3) == 0);
    cv_buf_printf(b, "[shared]\nx = 0\ny = 0\na = [0, 0]\n[sync]\nm = lock\nn = lock\ns = semaphore(%u)\nq = queue(%u)\ne = event\n", 1 + below(2), 1 + below(2));
    for (uint32_t t = 0; t < tasks; t++) {
        cv_buf_printf(b, "[task t%u]\n    t = 0\n", t);
        for (uint32_t k = 0, n = 1 + below(tasks == 2 ? 3 : 2); k < n; k++)
            statement(b, async && below(3) ? "await " : "", 0, async);
    }
    cv_buf_printf(b, "[expect]\n%s != %u\nnever %s == %u and deadlock\n", var(), 1 + below(2), var(), below(2));
}

/* ── by hand ────────────────────────────────────────────────────────────────────────────────────── */
struct step { uint16_t task, index; uint32_t at, n; };
struct brute {
    struct space *x;
    struct judge judge;
    struct cv_explore e;
    CV_VEC(struct step) steps;
    struct space_event met;
    struct intern traces, deadlocks;
    uint64_t ways;
    uint32_t best_cost[JUDGE_BREACHES], best_steps[JUDGE_BREACHES];
    uint64_t found;
    bool over;
};

static bool meet(const struct brute *b, const struct step *p, const struct step *q)
{
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < q->n; k++)
            if (b->met.at[p->at + i].address == b->met.at[q->at + k].address && space_kinds_conflict(b->met.at[p->at + i].kind, b->met.at[q->at + k].kind))
                return true;
    return false;
}

/* The trace: for each event, by task and number, what it does and the earlier events that it meets. */
static uint32_t trace_of(struct brute *b, struct intern *in)
{
    struct cv_buf text = {0};
    uint32_t tasks = 0;
    for (size_t i = 0; i < b->steps.n; i++)
        tasks = b->steps.at[i].task >= tasks ? b->steps.at[i].task + 1u : tasks;
    cv_buf_str(&text, "");
    for (uint32_t task = 0; task < tasks; task++)
        for (size_t i = 0; i < b->steps.n; i++) {
            const struct step *s = &b->steps.at[i];
            if (s->task != task)
                continue;
            cv_buf_printf(&text, "%u.%u:", s->task, s->index);
            for (uint32_t k = 0; k < s->n; k++)
                cv_buf_printf(&text, "%u/%u,", b->met.at[s->at + k].address, b->met.at[s->at + k].kind);
            for (uint32_t other = 0; other < tasks; other++)
                for (size_t k = 0; k < i; k++)
                    if (b->steps.at[k].task == other && other != task && meet(b, &b->steps.at[k], s))
                        cv_buf_printf(&text, " %u.%u", b->steps.at[k].task, b->steps.at[k].index);
            cv_buf_str(&text, ";");
        }
    uint32_t id = intern_add(in, text.at, text.n ? text.n : 1);
    cv_buf_release(&text);
    return id;
}

static void ends(struct brute *b, const uint32_t *tuple, uint32_t cost, uint32_t steps)
{
    struct judged j = judge_end(&b->judge, b->x, tuple);
    b->ways++;
    b->over |= b->ways > MOST_WAYS;
    trace_of(b, space_outcome(b->x, tuple) == CV_OUT_DEADLOCK ? &b->deadlocks : &b->traces);
    for (uint32_t v = 0; v < b->e.nviolations; v++) {
        if (!(j.breaches >> v & 1))
            continue;
        if (!(b->found >> v & 1) || cost < b->best_cost[v] || (cost == b->best_cost[v] && steps < b->best_steps[v])) {
            b->best_cost[v] = cost;
            b->best_steps[v] = steps;
        }
        b->found |= (uint64_t)1 << v;
    }
}

static void walk(struct brute *b, const uint32_t *tuple, uint32_t current, uint32_t cost, uint32_t steps)
{
    struct space *x = b->x;
    uint16_t choices[SPACE_TASKS + 1];
    unsigned n = space_choices(x, tuple, choices);
    uint32_t *to = malloc(space_room(x) * sizeof *to), natural = space_natural(x, tuple, choices, n, current);
    if (!n)
        ends(b, tuple, cost, steps);
    for (unsigned i = 0; i < n && !b->over; i++) {
        uint32_t task = choices[i], more = 0;
        struct step s = {.task = (uint16_t)task, .at = (uint32_t)b->met.n};
        bool yields = space_local(x, tuple[space_task_at(x, task)])->action.op == CV_OP_YIELD;
        for (size_t k = 0; k < b->steps.n; k++)
            s.index += b->steps.at[k].task == task;
        memcpy(to, tuple, space_room(x) * sizeof *to);
        do { /* a whole turn */
            space_accesses(x, to, task, &b->met);
            space_go(x, to, task, to);
            more++;
        } while (space_control(x, to)->in_turn == task);
        space_ends(x, tuple[SPACE_CONTROL], task, to, &b->met);
        uint32_t kept = s.at; /* one access an address, as a turn that reads and writes, writes */
        for (uint32_t k = s.at; k < b->met.n; k++) {
            uint32_t m = s.at;
            while (m < kept && b->met.at[m].address != b->met.at[k].address)
                m++;
            if (m == kept)
                b->met.at[kept++] = b->met.at[k];
            else if (b->met.at[m].kind != b->met.at[k].kind)
                b->met.at[m].kind = SPACE_WRITE;
        }
        b->met.n = kept;
        s.n = kept - s.at;
        CV_PUSH(&b->steps, s);
        walk(b, to, yields ? SPACE_NOBODY : task, cost + (natural != SPACE_NOBODY && natural != task), steps + more);
        b->steps.n--;
        b->met.n = s.at;
    }
    free(to);
}

/* ── the loop's own order ───────────────────────────────────────────────────────────────────────── */
/* One turn of who is first in line. False: nobody goes any more. */
static bool own_turn(struct stage *s, struct space *x, uint32_t *output)
{
    uint32_t task = CV_NO_TASK;
    bool go = true, coop;
    stage_pass_time(s, 0, below(3) ? 0 : 1000 * below(4), false); /* as slow as it happens to be */
    stage_look_around(s);
    for (uint32_t t = 0; t < s->n && !s->over; t++)
        if (stage_may_go(s, t) && (task == CV_NO_TASK || s->players[t].ready_order < s->players[task].ready_order))
            task = t;
    if (task == CV_NO_TASK)
        return !s->over && ((s->closing && s->holder == CV_NO_TASK) || stage_to_next_timer(s));
    if (s->players[task].hops) {
        stage_ready(s, task, s->players[task].hops - 1);
        return true;
    }
    coop = stage_coop(s, task);
    while (go && !s->over) {
        struct cv_action a;
        stage_look(s, task, &a);
        if (a.op == CV_OP_PRINT) {
            uint32_t words[2] = {*output, (uint32_t)a.value.payload};
            *output = intern_add(&x->outputs, words, sizeof words);
        }
        go = stage_act(s, task, &a);
    }
    if (!coop)
        s->players[task].ready_order = s->order++;
    return true;
}

/* What an event loop does whose steps take this long or that, is among all schedules. */
static void in_own_order(struct brute *b, const struct cv_program *p, const struct cv_order *order, const char *text)
{
    enum { TIMES = 4 };
    uint32_t all = b->e.noutcomes;
    for (int k = 0; k < TIMES; k++) {
        struct cv_buf why = {0};
        struct space *x = space_new(p, order, 0, &why);
        uint32_t *tuple = calloc(space_room(x), sizeof *tuple), turns = 0;
        stage_begin(&x->stage, &x->machine, true);
        while (own_turn(&x->stage, x, &tuple[SPACE_OUTPUT]) && turns++ < 100000)
            ;
        ck_assert_msg(turns < 100000, "the loop goes on and on in\n%s", text);
        state_take(x, tuple, SPACE_NOBODY);
        judge_end(&b->judge, x, tuple);
        ck_assert_msg(b->e.noutcomes == all, "the loop in its own order comes to what no schedule comes to, in\n%s", text);
        free(tuple);
        space_free(x);
        cv_buf_release(&why);
    }
}

/* ── one program ────────────────────────────────────────────────────────────────────────────────── */
static void search_alone(struct run *r, struct space *x)
{
    struct search *s = search_new(r, x);
    ck_assert(search_run(s, 0, true));
    search_free(s);
}

static void release(struct cv_explore *e)
{
    for (uint32_t i = 0; i < e->noutcomes; i++) {
        judge_summary_release(&e->outcomes[i].summary);
        free(e->outcomes[i].interleavings);
        free(e->outcomes[i].fraction);
    }
    for (uint32_t i = 0; i < e->nviolations; i++) {
        free(e->violations[i].seen);
        free(e->violations[i].schedule);
    }
    free(e->outcomes);
    free(e->violations);
    free(e->expects);
    free(e->interleavings);
}

/* What was found by hand, for who looks into a difference: each event, its accesses (address/kind), and the events it meets. */
static void show_traces(const struct brute *b)
{
    const struct intern *const kinds[] = {&b->traces, &b->deadlocks};
    for (unsigned k = 0; k < 2; k++)
        for (uint32_t id = 1; id < kinds[k]->count; id++) {
            size_t n;
            const char *text = intern_at(kinds[k], id, &n);
            fprintf(stderr, "%s %.*s\n", k ? "deadlock" : "trace", (int)n, text);
        }
}

static void compare(const struct brute *b, const struct cv_explore *e, const char *text)
{
    char ways[32];
    if (e->traces != b->traces.count - 1 || e->deadlocks != b->deadlocks.count - 1)
        show_traces(b);
    snprintf(ways, sizeof ways, "%llu", (unsigned long long)b->ways);
    ck_assert_msg(e->traces == b->traces.count - 1 && e->deadlocks == b->deadlocks.count - 1, "%llu traces and %llu deadlocks, by hand %u and %u, of\n%s",
                  (unsigned long long)e->traces, (unsigned long long)e->deadlocks, b->traces.count - 1, b->deadlocks.count - 1, text);
    ck_assert_msg(e->blocked == 0, "%llu executions in vain of\n%s", (unsigned long long)e->blocked, text);
    ck_assert_msg(e->interleavings && !strcmp(e->interleavings, ways), "%s interleavings, by hand %s, of\n%s", e->interleavings, ways, text);
    ck_assert_msg(e->noutcomes == b->e.noutcomes, "%u outcomes, by hand %u, of\n%s", e->noutcomes, b->e.noutcomes, text);
    ck_assert_msg(e->nviolations == b->e.nviolations, "%u failures, by hand %u, of\n%s", e->nviolations, b->e.nviolations, text);
    for (uint32_t v = 0; v < e->nviolations; v++) {
        const struct cv_explore_violation *w = &e->violations[v];
        uint32_t k = 0;
        while (k < b->e.nviolations && !(b->e.violations[k].breach == w->breach && b->e.violations[k].line == w->line))
            k++;
        ck_assert_msg(k < b->e.nviolations && w->minimal, "a failure that there is not in\n%s", text);
        ck_assert_msg(w->preemptions == b->best_cost[k] && w->steps == b->best_steps[k], "%s: %u preemptions, %u steps (%s), by hand %u and %u, of\n%s", w->text,
                      w->preemptions, w->steps, w->schedule, b->best_cost[k], b->best_steps[k], text);
    }
}

static void text_of(struct cv_buf *b, bool async, bool wide)
{
    (wide ? wide_text : program_text)(b, async);
}

/* In the end all random walks are of traces that were seen, and on the way ever more of them. */
static void more_of_them(void *last, const struct cv_explore_progress *p)
{
    ck_assert(p->chance <= 1 && (p->chance < 0 || p->chance >= *(double *)last));
    *(double *)last = p->chance;
}

/* By the searches and by hand; false: it has too many ways. */
static bool one(uint64_t number, enum cv_model_kind model, struct cv_buf text)
{
    static const char *const names[] = {"async", "threads", "processes"};
    struct cv_buf why = {0};
    struct cv_diags diags = {0};
    struct cv_order order;
    struct cv_program *p = cv_program_read("random.ini", text.at, text.n, NULL, 0, &diags);
    if (!p)
        cv_diags_print(stderr, &diags, "random.ini", text.at, text.n);
    ck_assert_msg(p, "%s", text.at);
    ck_assert(cv_order_init(&order, p, names[model], &why));
    struct brute b = {.x = space_new(p, &order, SPACE_FIFO | (number % PLAIN_EVERY ? 0 : SPACE_PLAIN), &why)};
    judge_init(&b.judge, p, &order, &b.e);
    intern_init(&b.traces);
    intern_init(&b.deadlocks);
    uint32_t *start = malloc(space_room(b.x) * sizeof *start);
    space_start(b.x, start);
    walk(&b, start, SPACE_NOBODY, 0, 0);
    bool whole = !b.over;
    if (whole) {
        struct cv_explore_options options = {.parts = CV_EXPLORE_STATES | CV_EXPLORE_COUNTS};
        struct cv_explore e = {.chance = -1};
        struct run r = {.options = &options, .e = &e, .memory = 1 << 24};
        double chance = -1;
        if (number % CHANCE_EVERY == 0) {
            options.progress = more_of_them;
            options.progress_ns = 1;
            options.to = &chance;
        }
        struct space *x = space_new(p, &order, 0, &why), *fifo = model == CV_ASYNC ? space_new(p, &order, SPACE_FIFO, &why) : x;
        judge_init(&r.judge, p, &order, &e);
        if (number % 2) { /* each may be the first to meet a step */
            traces_run(&r, x);
            states_run(&r, x);
        } else {
            states_run(&r, x);
            traces_run(&r, x);
        }
        search_alone(&r, fifo);
        ck_assert_msg(e.chance == 1 || e.chance == -1, "%g of all random walks are of traces that were seen, of\n%s", e.chance, text.at);
        chances += e.chance == 1;
        compare(&b, &e, text.at);
        if (model == CV_ASYNC)
            in_own_order(&b, p, &order, text.at);
        judge_release(&r.judge);
        release(&e);
        if (fifo != x)
            space_free(fifo);
        space_free(x);
    }
    free(start);
    free(b.steps.at);
    free(b.met.at);
    intern_release(&b.traces);
    intern_release(&b.deadlocks);
    judge_release(&b.judge);
    release(&b.e);
    space_free(b.x);
    cv_program_free(p);
    cv_diags_release(&diags);
    cv_buf_release(&why);
    return whole;
}

static void many(uint64_t programs, uint64_t seed, bool wide, bool async)
{
    uint64_t whole = 0;
    for (uint64_t i = 0; i < programs; i++) {
        state = seed * 1000003u + i;
        enum cv_model_kind model = async ? CV_ASYNC : i % 8 == 7 ? CV_PROCESSES : i % 4 == 3 ? CV_ASYNC : CV_THREADS;
        struct cv_buf text = {0};
        text_of(&text, model == CV_ASYNC, wide);
        whole += one(i, model, text);
        cv_buf_release(&text);
    }
    ck_assert_uint_gt(chances, programs / CHANCE_EVERY / 16);
    ck_assert_msg(whole >= programs * (async ? 2 : 5) / (async ? 3 : 6), "only %llu of %llu programs were small enough", (unsigned long long)whole,
                  (unsigned long long)programs);
}

START_TEST(counted_alike)
{
    const char *more = getenv("CV_PROGRAMS"), *seed = getenv("CV_SEED");
    many(more ? strtoull(more, NULL, 10) : PROGRAMS, seed ? strtoull(seed, NULL, 10) : 1, getenv("CV_WIDE") != NULL, getenv("CV_ASYNC") != NULL);
}
END_TEST

/* A loop that closes, sleepers and blocks that it leaves behind. */
START_TEST(counted_alike_where_a_loop_closes)
{
    many(PROGRAMS / 16, 1, true, true);
}
END_TEST

/* Small programs that were counted wrongly once. */
START_TEST(once_wrong)
{
    static const char *const programs[] = {
        "[shared]\nx = 0\n[task c()]\n    x = 1\n    await yield\n    x = 2\n    await yield\n    x = 3\n    await yield\n    x = 4\n"
        "[task a]\n    spawn c() -> h\n    x = 0\n",
        "[shared]\nx = 0\n[task c()]\n    await sleep 1us\n    x = 1\n    await yield\n    x = 2\n[main]\n    spawn c() -> h\n    await sleep 1us\n",
        "[task a()]\n    h = 0\n    await join h\n[main]\n    spawn a() -> h\n    await sleep 2us\n",
        "[task a()]\n    await offload threads:\n        y = 1\n    await join all\n[task b()]\n    await offload threads:\n        x = 1\n"
        "[main]\n    spawn a() -> h\n    spawn b() -> h\n    await yield\n",
        "[sync]\nq = queue(2)\n[task a()]\n    await sleep 1us\n[task b()]\n    await put q, 1\n    await offload threads:\n        x = 1\n"
        "[main]\n    spawn a() -> h\n    spawn b() -> h\n    await get q -> t\n",
        "[scenario]\npool = 2\n[shared]\nx = 0\n[task a()]\n    await offload threads:\n        cpu 1us\n[task b()]\n    await offload threads:\n        x = 1\n"
        "[main]\n    spawn a() -> h\n    spawn a() -> h\n    spawn b() -> h\n"};
    struct cv_buf text = {0};
    cv_buf_str(&text, programs[_i]);
    ck_assert(one((uint64_t)_i, CV_ASYNC, text));
    cv_buf_release(&text);
}
END_TEST

/* A program from a file, for who makes one of them smaller. */
START_TEST(a_file)
{
    const char *model = getenv("CV_MODEL");
    struct cv_buf text = {0};
    FILE *in = fopen(getenv("CV_FILE"), "r");
    ck_assert_msg(in, "CV_FILE=%s cannot be read", getenv("CV_FILE"));
    for (int c; (c = getc(in)) != EOF;)
        cv_buf_printf(&text, "%c", c);
    fclose(in);
    ck_assert_msg(one(0, !model || !strcmp(model, "threads") ? CV_THREADS : !strcmp(model, "async") ? CV_ASYNC : CV_PROCESSES, text), "it has too many ways");
    cv_buf_release(&text);
}
END_TEST

/* Entry protocols of the textbooks, one try each, and a rotation by compare-and-swap: none of their figures is published for one try, so they are
 * counted by hand as well. */
START_TEST(protocols)
{
    static const char *const programs[] = {
        /* Peterson 1981 */
        "[shared]\nflag = [0, 0]\nturn = 0\ninside = 0\n[task t x 2]\n    flag[me] = 1\n    turn = 1 - me\n    if flag[1 - me] == 0 or turn == me:\n"
        "        inside = 1\n",
        /* Dekker 1965 */
        "[shared]\nflag = [0, 0]\ninside = 0\n[task t x 2]\n    flag[me] = 1\n    if flag[1 - me] == 0:\n        atomic inside += 1\n        check inside == 1\n"
        "[expect]\nnot failed\n",
        /* Burns */
        "[shared]\nflag = [0, 0]\ninside = 0\n[task a]\n    flag[0] = 1\n    if flag[1] == 0:\n        inside = 1\n[task b]\n    if flag[0] == 0:\n        flag[1] = 1\n"
        "        if flag[0] == 0:\n            check inside == 0\n            inside = 2\n[expect]\nnot failed\n",
        "[shared]\nx = 0\n[task t x 4]\n    t = cas(x, me, me + 1)\n[expect]\nx in 1..4\n",
        /* Szymanski 1988 */
        "[shared]\nflag = [0, 0]\ninside = 0\n[task t x 2]\n    flag[me] = 1\n    if flag[1 - me] < 3:\n        flag[me] = 3\n        if flag[1 - me] < 2:\n"
        "            inside = me + 1\n"};
    struct cv_buf text = {0};
    cv_buf_str(&text, programs[_i]);
    ck_assert(one((uint64_t)_i, CV_THREADS, text));
    cv_buf_release(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("explore_random");
    TCase *c = tcase_create("random");
    tcase_set_timeout(c, 3600);
    if (getenv("CV_FILE"))
        tcase_add_test(c, a_file);
    else {
        tcase_add_test(c, counted_alike);
        if (!getenv("CV_PROGRAMS")) {
            tcase_add_test(c, counted_alike_where_a_loop_closes);
            tcase_add_loop_test(c, once_wrong, 0, 6);
            tcase_add_loop_test(c, protocols, 0, 5);
        }
    }
    suite_add_tcase(s, c);
    return s;
}
