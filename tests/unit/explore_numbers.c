/* Programs whose numbers are known: complete traces, deadlocks, traces by preemptions, outcomes, shortest ways. */
#include <stdlib.h>
#include <string.h>

#include "convis/explore.h"
#include "suite.h"

static struct cv_program *program;
static struct cv_order order;

static struct cv_explore *explore(const char *text, const char *model, unsigned parts)
{
    struct cv_diags diags = {0};
    struct cv_buf why = {0};
    struct cv_explore_options options = {.parts = parts, .memory = (size_t)64 << 20};
    program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_ptr_nonnull(program);
    ck_assert(cv_order_init(&order, program, model, &why));
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert_msg(e, "%s", why.at);
    cv_diags_release(&diags);
    cv_buf_release(&why);
    return e;
}

static void done(struct cv_explore *e)
{
    cv_explore_free(e);
    cv_program_free(program);
}

static char text[8192];
static const char *format(const char *f, ...)
{
    va_list args;
    va_start(args, f);
    vsnprintf(text, sizeof text, f, args);
    va_end(args);
    return text;
}

static void traces(const char *t, uint64_t n, uint64_t deadlocks)
{
    struct cv_explore *e = explore(t, "threads", CV_EXPLORE_TRACES);
    ck_assert(e->traces_complete);
    ck_assert_uint_eq(e->traces, n);
    ck_assert_uint_eq(e->deadlocks, deadlocks);
    ck_assert_uint_eq(e->blocked, 0);
    done(e);
}

/* ── progress ───────────────────────────────────────────────────────────────────────────────────── */
struct told { uint64_t whole, n; double last; bool alike; };

static void tell(void *to, const struct cv_explore_progress *p)
{
    struct told *t = to;
    double share = (double)p->done / (double)t->whole;
    if (p->chance < 0)
        return;
    ck_assert(p->chance >= t->last && p->chance <= 1);
    ck_assert_msg(!t->alike || (p->chance > share - 0.15 && p->chance < share + 0.15), "told %g of all, it is %g", p->chance, share);
    t->last = p->chance;
    t->n++;
}

/* What is told on the way grows, and comes to all at the end; where all traces are as likely it is their share. */
START_TEST(progress_is_true)
{
    static const struct { const char *text; uint64_t traces; bool alike; } want[] = {
        {"[shared]\nx = 0\n[sync]\nm = lock\n[task t x 7]\n    with m:\n        x += 1\n", 5040, true},
        {"[shared]\nx = 0\n[task t x 7]\n    atomic x += 1\n", 5040, true},
        {"[shared]\nx = 0\n[task t x 2]\n    repeat 6:\n        x = me\n", 924, false},
        {"[shared]\nx = 0\n[task t x 3]\n    repeat 3:\n        x = me\n", 1680, false},
        {"[shared]\nx = 0\n[task t x 4]\n    x += 1\n", 576, false},
        {"[shared]\nx = 0\n[task w]\n    x = 42\n[task r x 8]\n    a = x\n", 256, false},
        {"[shared]\na = [0] * 11\n[task scan]\n    i = 10\n    while a[i] != 0:\n        i -= 1\n[task w x 10]\n    a[me + 1] = a[me] + 1\n", 3328, false},
    };
    for (size_t i = 0; i < CV_COUNT(want); i++) {
        struct cv_diags diags = {0};
        struct cv_buf why = {0};
        struct told told = {.whole = want[i].traces, .alike = want[i].alike};
        struct cv_explore_options options = {.parts = CV_EXPLORE_TRACES, .progress = tell, .to = &told, .progress_ns = 1};
        program = cv_program_read("test.ini", want[i].text, strlen(want[i].text), NULL, 0, &diags);
        ck_assert_ptr_nonnull(program);
        ck_assert(cv_order_init(&order, program, "threads", &why));
        struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
        ck_assert_uint_eq(e->traces, want[i].traces);
        ck_assert_uint_gt(told.n, 3);
        ck_assert_msg(e->chance == 1, "%zu: %g at the end", i, e->chance);
        done(e);
        cv_diags_release(&diags);
        cv_buf_release(&why);
    }
}
END_TEST

/* ── traces ─────────────────────────────────────────────────────────────────────────────────────── */
#define STORE_BUFFER "[shared]\nx = 0\ny = 0\n[task p]\n    x = 1\n    a = y\n[task q]\n    y = 1\n    a = x\n"
#define IRIW "[shared]\nx = 0\ny = 0\n[task p]\n    x = 1\n[task r1]\n    a = x\n    b = y\n[task r2]\n    a = y\n    b = x\n[task q]\n    y = 1\n"
#define COUNTERS "[shared]\nx = 0\n[task t x %d]\n    repeat %d:\n        a = x\n        x = a + 1\n[expect]\nx == %d\n"

/* An unlock by who does not hold the lock fails, or not, by who holds it; what waits for the lock all the time could have been before its holder. */
#define UNLOCKED_IN_VAIN "[sync]\nm = lock\nn = lock\n[task a]\n    with n:\n        lock m\n[task b]\n    lock m\n    unlock m\n[task c]\n    with n:\n        unlock m\n"

START_TEST(unlocked_in_vain) { traces(UNLOCKED_IN_VAIN, 4, 2); }
END_TEST
START_TEST(store_buffer) { traces(STORE_BUFFER, 3, 0); }
END_TEST
START_TEST(independent_reads) { traces(IRIW, 15, 0); }
END_TEST

/* What shows nothing, in front of a step, hides none of what the step meets, nor that it has to wait. */
START_TEST(unseen_steps)
{
    traces("[shared]\nx = 0\ny = 0\n[task p]\n    cpu 1ms\n    x = 1\n    nice 3\n    a = y\n[task q]\n    mark m\n    y = 1\n    cpu 1ms\n    alloc 1K\n    a = x\n", 3, 0);
    traces("[task p]\n    cpu 1ms\n    print \"p\"\n[task q]\n    cpu 1ms\n    print \"q\"\n", 2, 0);
    traces("[sync]\ne = event\n[task a]\n    set e\n[task b]\n    nice 5\n    wait e\n    cpu 1ms\n    print \"b\"\n[task c]\n    wait e\n    print \"c\"\n", 12, 0);
    traces("[sync]\ne = event\n[task a]\n    set e\n[task b]\n    wait e\n    print \"b\"\n[task c]\n    wait e\n    print \"c\"\n", 12, 0);
}
END_TEST

START_TEST(counters)
{
    static const struct { int n, k; uint64_t traces; } want[] = {{2, 1, 4}, {3, 1, 36}, {4, 1, 576}, {2, 2, 34}, {2, 3, 328}};
    for (size_t i = 0; i < CV_COUNT(want); i++)
        traces(format(COUNTERS, want[i].n, want[i].k, want[i].n * want[i].k), want[i].traces, 0);
}
END_TEST

START_TEST(factorials)
{
    uint64_t f = 1;
    for (int n = 2; n <= 7; n++) {
        f *= (uint64_t)n;
        traces(format("[shared]\nx = 0\n[task t x %d]\n    atomic x += 1\n", n), f, 0);
        traces(format("[shared]\nx = 0\n[sync]\nm = lock\n[task t x %d]\n    with m:\n        x += 1\n", n), f, 0);
    }
}
END_TEST

START_TEST(readers)
{
    static const struct { int n; uint64_t traces; } want[] = {{2, 4}, {8, 256}, {13, 8192}};
    for (size_t i = 0; i < CV_COUNT(want); i++)
        traces(format("[shared]\nx = 0\n[task w]\n    x = 42\n[task r x %d]\n    a = x\n", want[i].n), want[i].traces, 0);
}
END_TEST

START_TEST(last_zero)
{
    static const struct { int n; uint64_t traces; } want[] = {{5, 64}, {10, 3328}, {15, 147456}};
#ifdef CV_SANITIZE
    size_t n = 2;
#else
    size_t n = CV_COUNT(want);
#endif
    for (size_t i = 0; i < n; i++)
        traces(format("[shared]\na = [0] * 16\n[task scan]\n    i = %d\n    while a[i] != 0:\n        i -= 1\n[task w x %d]\n    a[me + 1] = a[me] + 1\n",
                      want[i].n, want[i].n), want[i].traces, 0);
}
END_TEST

/* Flanagan and Godefroid's, POPL 2005: each task puts four messages into a hash table by compare-and-swap. Up to eleven never meet; with 12 and 15 of
 * them optimal DPOR has 8 and 4096 executions (Abdulla and others, POPL 2014). */
START_TEST(indexer)
{
    static const struct { int n; uint64_t traces; } want[] = {{11, 1}, {12, 8}, {13, 64}, {15, 4096}};
#ifdef CV_SANITIZE
    size_t n = 3;
#else
    size_t n = CV_COUNT(want);
#endif
    for (size_t i = 0; i < n; i++)
        traces(format("[shared]\ntable = [0] * 128\n[task t x %d]\n    m = 0\n    while m < 4:\n        m += 1\n        w = m * 11 + me\n        h = w * 7 %% 128\n"
                      "        while not cas(table[h], 0, w):\n            h = (h + 1) %% 128\n", want[i].n), want[i].traces, 0);
}
END_TEST

/* Of the same place: inodes and blocks, a lock each; task k begins to look for a free block at 2k modulo 26. So tasks k and k + 13 meet, which doubles
 * the executions for each such pair. */
START_TEST(filesystem)
{
    for (int tasks = 13; tasks <= 18; tasks++) {
        struct cv_buf b = {0};
        cv_buf_str(&b, "[shared]\nbusy = [0] * 26\ninode = [0] * 32\n[sync]\n");
        for (int k = 0; k < 32; k++)
            cv_buf_printf(&b, "i%d = lock\nb%d = lock\n", k, k);
        for (int k = 0; k < tasks; k++) {
            cv_buf_printf(&b, "[task t%d]\n    with i%d:\n        if inode[%d] == 0:\n            found = 0\n", k, k, k);
            for (int block = 2 * k % 26, tries = 0; tries < 2; block++, tries++)
                cv_buf_printf(&b, "            if found == 0:\n                with b%d:\n                    if busy[%d] == 0:\n                        busy[%d] = 1\n"
                                  "                        inode[%d] = %d\n                        found = 1\n", block, block, block, k, block + 1);
        }
        traces(b.at, (uint64_t)1 << (tasks - 13), 0);
        cv_buf_release(&b);
    }
}
END_TEST

START_TEST(fibonacci)
{
    traces("[shared]\nx = 1\ny = 1\n[task p]\n    repeat 5:\n        a = x\n        b = y\n        x = a + b\n"
           "[task q]\n    repeat 5:\n        a = x\n        b = y\n        y = a + b\n[task r]\n    u = x\n    if u <= 144:\n        v = y\n", 218243, 0);
}
END_TEST

START_TEST(stores)
{
    traces("[shared]\nx = 0\n[task t x 3]\n    repeat 3:\n        x = me\n", 1680, 0);
    traces("[shared]\nx = 0\n[task t x 3]\n    repeat 2:\n        x = me\n", 90, 0);
}
END_TEST

START_TEST(philosophers)
{
    for (int n = 2; n <= 5; n++) {
        struct cv_buf b = {0};
        cv_buf_str(&b, "[sync]\n");
        for (int i = 0; i < n; i++)
            cv_buf_printf(&b, "f%d = lock\n", i);
        for (int i = 0; i < n; i++)
            cv_buf_printf(&b, "[task p%d]\n    lock f%d\n    lock f%d\n    unlock f%d\n    unlock f%d\n", i, i, (i + 1) % n, (i + 1) % n, i);
        traces(b.at, (1u << n) - 2, 1);
        struct cv_explore *e = explore(b.at, "threads", CV_EXPLORE_SCHEDULES);
        ck_assert_uint_eq(e->nviolations, 1);
        ck_assert_int_eq(e->violations[0].breach, CV_BREACH_DEADLOCK);
        ck_assert(e->violations[0].minimal);
        ck_assert_uint_eq(e->violations[0].preemptions, 1);
        ck_assert_uint_eq(e->violations[0].steps, (unsigned)n);
        done(e);
        cv_buf_release(&b);
    }
}
END_TEST

/* ── by preemptions ─────────────────────────────────────────────────────────────────────────────── */
static void bounds(const char *t, const uint64_t *want, uint32_t n)
{
    struct cv_explore *e = explore(t, "threads", CV_EXPLORE_TRACES | CV_EXPLORE_BOUNDS);
    ck_assert(e->bounds_complete);
    ck_assert_uint_eq(e->nbounds, n);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_uint_eq(e->bounds[i], want[i]);
    done(e);
}

START_TEST(by_preemptions)
{
    bounds(STORE_BUFFER, (uint64_t[]){2, 3}, 2);
    bounds(IRIW, (uint64_t[]){14, 15}, 2);
    bounds(format(COUNTERS, 4, 1, 4), (uint64_t[]){24, 168, 432, 576}, 4);
    bounds(format(COUNTERS, 2, 2, 4), (uint64_t[]){2, 8, 22, 32, 34}, 5);
    for (int n = 2; n <= 5; n++) {
        uint64_t f = 1;
        for (int i = 2; i <= n; i++)
            f *= (uint64_t)i;
        bounds(format("[shared]\nx = 0\n[task t x %d]\n    atomic x += 1\n", n), &f, 1);
        bounds(format("[shared]\nx = 0\n[sync]\nm = lock\n[task t x %d]\n    with m:\n        x += 1\n", n), &f, 1);
    }
}
END_TEST

/* ── what comes out ─────────────────────────────────────────────────────────────────────────────── */
START_TEST(lost_update)
{
    static const int rounds[] = {2, 3, 100};
    for (size_t i = 0; i < CV_COUNT(rounds); i++) {
        struct cv_explore *e = explore(format(COUNTERS, 2, rounds[i], 2 * rounds[i]), "threads", CV_EXPLORE_SCHEDULES);
        ck_assert_uint_eq(e->nviolations, 1);
        ck_assert(e->violations[0].minimal);
        ck_assert_uint_eq(e->violations[0].preemptions, 1);
        ck_assert_uint_eq(e->violations[0].steps, 4u * (unsigned)rounds[i]);
        done(e);
    }
}
END_TEST

START_TEST(alice_and_bob)
{
    struct cv_explore *e = explore("[shared]\ng = 0\n[task t x 2]\n    g = me\n    await yield\n    check g == me\n", "async", CV_EXPLORE_ALL);
    uint64_t bad_traces = 0, bad_ways = 0;
    ck_assert(e->complete);
    ck_assert_uint_eq(e->traces, 4);
    ck_assert_str_eq(e->interleavings, "6");
    for (uint32_t i = 0; i < e->noutcomes; i++) {
        bad_traces += e->outcomes[i].failed ? e->outcomes[i].traces : 0;
        bad_ways += e->outcomes[i].failed ? (uint64_t)atoi(e->outcomes[i].interleavings) : 0;
    }
    ck_assert_uint_eq(bad_traces, 2);
    ck_assert_uint_eq(bad_ways, 4);
    ck_assert_uint_eq(e->violations[0].preemptions, 0); /* the loop's own order does it */
    done(e);
}
END_TEST

/* A turn of one step that goes on, or waits, where it is turned round. */
START_TEST(turns)
{
    static const struct { const char *text; uint64_t traces, deadlocks; } want[] = {
        {"[shared]\ny = 0\n[sync]\nq = queue(1)\n[task a]\n    await put q, 1\n    y = 1\n[task b]\n    atomic y += 1\n[task c]\n    await put q, 1\n", 0, 3},
        {"[shared]\nx = 0\ny = 0\n[task a]\n    if y == 0:\n        x = 1\n[task b]\n    x = 2\n    print \"p\"\n[task c]\n    atomic y += 1\n", 3, 0}};
    for (size_t i = 0; i < CV_COUNT(want); i++) {
        struct cv_explore *e = explore(want[i].text, "async", CV_EXPLORE_TRACES);
        ck_assert_msg(e->traces == want[i].traces && e->deadlocks == want[i].deadlocks, "%zu: %llu traces, %llu deadlocks", i, (unsigned long long)e->traces,
                      (unsigned long long)e->deadlocks);
        done(e);
    }
}
END_TEST

START_TEST(probabilities)
{
    struct cv_explore *e = explore(format(COUNTERS, 2, 2, 4), "threads", CV_EXPLORE_ALL);
    static const struct { int64_t x; const char *ways, *fraction; } want[] = {{4, "6", "3/16"}, {3, "32", "15/32"}, {2, "32", "11/32"}};
    ck_assert_uint_eq(e->noutcomes, 3);
    ck_assert_str_eq(e->interleavings, "70");
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++)
            if (e->outcomes[i].summary.vars[0].value.i == want[k].x) {
                ck_assert_str_eq(e->outcomes[i].interleavings, want[k].ways);
                ck_assert_str_eq(e->outcomes[i].fraction, want[k].fraction);
            }
    done(e);
}
END_TEST

/* ── without end ────────────────────────────────────────────────────────────────────────────────── */
START_TEST(without_end)
{
    struct cv_explore *e = explore("[shared]\nx = 0\n[task t]\n    while true:\n        x += 1\n[expect]\nx >= 0\n", "threads", CV_EXPLORE_ALL & ~CV_EXPLORE_FINDINGS);
    ck_assert(!e->complete && !e->proven);
    ck_assert_int_ne(e->expects[0].holds, CV_HOLDS);
    ck_assert_ptr_nonnull(e->why);
    done(e);
    e = explore("[shared]\nx = 0\n[task t]\n    while x == 0:\n        pass\n[task u]\n    x = 1\n[expect]\nx == 1\n", "threads", CV_EXPLORE_ALL);
    ck_assert(!e->complete && e->proven && e->endless);
    ck_assert_int_eq(e->expects[0].holds, CV_HOLDS); /* of the schedules that end */
    done(e);
}
END_TEST

START_TEST(sometimes_and_never)
{
    struct cv_explore *e = explore("[shared]\nx = 0\n[task t x 2]\n    x += 1\n[expect]\nsometimes x == 1\nsometimes x == 3\nnever x == 1\nnever x == 3\nx in 1..2\n",
                                   "threads", CV_EXPLORE_ALL);
    static const int want[] = {CV_HOLDS, CV_FAILS, CV_FAILS, CV_HOLDS, CV_HOLDS};
    ck_assert_uint_eq(e->nexpects, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(e->expects[i].holds, want[i]);
    ck_assert_uint_eq(e->nviolations, 1);
    ck_assert_uint_eq(e->violations[0].line, 8);
    ck_assert_str_eq(e->violations[0].schedule, "A1 B2 A1");
    done(e);
}
END_TEST

/* ── limits ─────────────────────────────────────────────────────────────────────────────────────── */
static struct cv_explore *limited(const char *t, void (*set)(struct cv_order *o), uint64_t time_ns)
{
    struct cv_diags diags = {0};
    struct cv_buf why = {0};
    struct cv_explore_options options = {.parts = CV_EXPLORE_ALL, .memory = (size_t)64 << 20, .time_ns = time_ns};
    program = cv_program_read("test.ini", t, strlen(t), NULL, 0, &diags);
    ck_assert_ptr_nonnull(program);
    ck_assert(cv_order_init(&order, program, "threads", &why));
    if (set)
        set(&order);
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert_msg(e, "%s", why.at);
    cv_diags_release(&diags);
    return e;
}
static void unproven(const char *t, void (*set)(struct cv_order *o), const char *why)
{
    struct cv_explore *e = limited(t, set, 0);
    ck_assert_msg(!e->proven && !e->complete, "of all schedules it was said, although %s", why);
    ck_assert_msg(e->why && strstr(e->why, why), "'%s' is not '%s'", e->why, why);
    for (uint32_t k = 0; k < e->nexpects; k++)
        ck_assert_int_ne(e->expects[k].holds, CV_HOLDS);
    done(e);
}
static void little_output(struct cv_order *o) { o->most_output = 8; }
static void little_memory(struct cv_order *o) { o->most_bytes = 1000; }
static void little_time(struct cv_order *o) { o->timeout_ns = 1000000; }
static void three_tasks(struct cv_order *o) { cv_order_allow(o, 2); }

START_TEST(limits_are_noticed)
{
    unproven("[shared]\nx = 0\n[main]\n    repeat 252:\n        spawn b() -> h\n        join h\n    x = 1\n[task b()]\n    pass\n[expect]\nx in 0..1\n", NULL, "more tasks");
    unproven("[shared]\nx = 0\n[task a]\n    x = 1\n    print \"something\"\n[expect]\nx == 1\n", little_output, "prints more");
    unproven("[shared]\nx = 0\n[task a]\n    repeat 3:\n        alloc 400\n        x = 1\n[expect]\nx == 1\n", little_memory, "more memory");
    unproven("[shared]\nx = 0\n[task a]\n    l = [0] * 500\n    x = 1\n[expect]\nx == 1\n", little_memory, "more memory");
    unproven("[shared]\nx = 0\n[task a]\n    sleep 5ms\n    x = 1\n[expect]\nx == 1\n", little_time, "longer than the timeout");
    unproven("[shared]\nx = 0\n[task a]\n    x = 1\n    while true:\n        i = 1\n[expect]\nx == 1\n", NULL, "without a visible step");
    unproven("[shared]\nx = 0\n[task a]\n    x = 1\n    while true:\n        cpu 1us\n[expect]\nx == 1\n", NULL, "without a visible step");
}
END_TEST

/* Where a limit is the run's own, and is kept, what comes of it is what comes of it in a run. */
START_TEST(a_limit_that_is_kept)
{
    struct cv_explore *e = limited("[shared]\nx = 0\n[main]\n    spawn b()\n    spawn b()\n    spawn b()\n[task b()]\n    x += 1\n[expect]\nx <= 2\n", three_tasks, 0);
    bool failed = false;
    for (uint32_t v = 0; v < e->nviolations; v++)
        failed |= e->violations[v].breach == CV_BREACH_FAILED && e->violations[v].minimal;
    ck_assert(failed);
    done(e);
}
END_TEST

/* Looking for circles takes no longer than it may. */
static int stopping;
static void stop_at_circles(void *to, const struct cv_explore_progress *p)
{
    (void)to;
    if (!strcmp(p->what, "circles"))
        stopping = 1;
}
/* Where each step is slow and each state has many, time and memory are looked at just as often. */
START_TEST(time_is_kept)
{
    const char *t = "[task c x 200]\n    await fetch 1ms\n    print \"x\"\n";
    struct cv_diags diags = {0};
    struct cv_buf why = {0};
    struct cv_explore_options options = {.parts = CV_EXPLORE_STATES, .memory = (size_t)256 << 20, .time_ns = 200000000};
    program = cv_program_read("test.ini", t, strlen(t), NULL, 0, &diags);
    ck_assert(cv_order_init(&order, program, "threads", &why));
    uint64_t begin = cv_mono_ns();
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert(e && !e->states_complete && !e->complete);
    ck_assert_uint_lt(cv_mono_ns() - begin, 20000000000u);
    cv_diags_release(&diags);
    done(e);
}
END_TEST

START_TEST(circles_can_be_stopped)
{
    const char *t = "[shared]\nx = 0\nu = 0\nv = 0\nw = 0\n[task a]\n    while x == 0:\n        pass\n[task b]\n    repeat 90:\n        u += 1\n    x = 1\n"
                    "[task c]\n    repeat 90:\n        v += 1\n[task d]\n    repeat 9:\n        w += 1\n[expect]\nx == 1\n";
    struct cv_diags diags = {0};
    struct cv_buf why = {0};
    struct cv_explore_options options = {.parts = CV_EXPLORE_STATES | CV_EXPLORE_COUNTS, .memory = (size_t)1 << 30, .progress = stop_at_circles, .stop = &stopping};
    program = cv_program_read("test.ini", t, strlen(t), NULL, 0, &diags);
    ck_assert(cv_order_init(&order, program, "threads", &why));
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert(stopping && e->states_complete && e->unsure && !e->complete);
    ck_assert(e->proven);
    cv_diags_release(&diags);
    done(e);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("explore_numbers");
    TCase *c = tcase_create("numbers");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, progress_is_true);
    tcase_add_test(c, store_buffer);
    tcase_add_test(c, unlocked_in_vain);
    tcase_add_test(c, independent_reads);
    tcase_add_test(c, unseen_steps);
    tcase_add_test(c, counters);
    tcase_add_test(c, factorials);
    tcase_add_test(c, readers);
    tcase_add_test(c, last_zero);
    tcase_add_test(c, indexer);
    tcase_add_test(c, filesystem);
    tcase_add_test(c, fibonacci);
    tcase_add_test(c, stores);
    tcase_add_test(c, philosophers);
    tcase_add_test(c, by_preemptions);
    tcase_add_test(c, lost_update);
    tcase_add_test(c, alice_and_bob);
    tcase_add_test(c, turns);
    tcase_add_test(c, probabilities);
    tcase_add_test(c, without_end);
    tcase_add_test(c, sometimes_and_never);
    tcase_add_test(c, limits_are_noticed);
    tcase_add_test(c, a_limit_that_is_kept);
    tcase_add_test(c, time_is_kept);
    tcase_add_test(c, circles_can_be_stopped);
    suite_add_tcase(s, c);
    return s;
}
