/* Findings in any schedule: known programs, and that whatever a run by chance finds is among what all schedules show. */
#include <stdlib.h>
#include <string.h>

#include "app/judge.h"
#include "suite.h"

#ifdef CV_SANITIZE
enum { PROGRAMS = 24, SEEDS = 3 };
#else
enum { PROGRAMS = 120, SEEDS = 12 };
#endif
static struct cv_program *program;
static struct cv_order order;

static void read_program(const char *text, const char *model)
{
    struct cv_diags diags = {0};
    struct cv_buf why = {0};
    cv_clock_init();
    program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_msg(program, "%s", text);
    ck_assert(cv_order_init(&order, program, model, &why));
    cv_diags_release(&diags);
    cv_buf_release(&why);
}

static struct cv_explore *explore(unsigned parts)
{
    struct app_judge judge;
    struct cv_buf why = {0};
    app_judge_begin(&judge, program, &order, UINT64_MAX, true);
    struct cv_explore_options options = {.parts = parts, .memory = (size_t)64 << 20, .judge = app_judge_trace, .findings = &judge, .latest = judge.info.nguards > 0};
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert_msg(e, "%s", why.at);
    app_judge_end(&judge, e);
    ck_assert(e->findings_complete);
    return e;
}

static const struct cv_explore_finding *find(const struct cv_explore *e, enum cv_finding_kind kind, uint32_t line, const char *task)
{
    for (uint32_t i = 0; i < e->nfindings; i++)
        if (e->findings[i].kind == kind && e->findings[i].line == line && (!task || !strcmp(e->findings[i].task, task)))
            return &e->findings[i];
    return NULL;
}

static void done(struct cv_explore *e)
{
    cv_explore_free(e);
    cv_program_free(program);
}

START_TEST(known)
{
    static const struct { const char *text, *model; int kind; uint32_t line; uint64_t traces, of; } want[] = {
        {"[shared]\nx = 0\n[task t x 2]\n    x += 1\n", "threads", CV_FINDING_LOST_UPDATE, 4, 1, 4},
        {"[shared]\nx = 0\n[sync]\nm = lock\n[task t x 2]\n    with m:\n        x += 1\n", "threads", -1, 0, 0, 2},
        {"[shared]\nx = 0\n[task t x 2]\n    atomic x += 1\n", "threads", -1, 0, 0, 2},
        {"[shared]\nx = 0\n[task t x 2]\n    x += 1\n", "async", -1, 0, 0, 2},
        {"[shared]\nx = 0\n[task t x 2]\n    a = x\n    await yield\n    x = a + 1\n", "async", CV_FINDING_LOST_UPDATE, 6, 1, 4},
        {"[shared]\nx = 0\n[task a]\n    x = 1\n    y = x\n[task b]\n    x = 2\n", "threads", CV_FINDING_STALE_READ, 5, 1, 3},
        {"[shared]\nx = 0\ny = 0\n[task a]\n    if x == 0:\n        y = 1\n[task b]\n    x = 2\n", "threads", CV_FINDING_STALE_GUARD, 6, 0, 0},
        {"[sync]\nm = lock\nn = lock\n[task a]\n    with m:\n        with n:\n            pass\n[task b]\n    with n:\n        with m:\n            pass\n", "threads",
         CV_FINDING_DEADLOCK, 0, 0, 0},
    };
    for (size_t i = 0; i < CV_COUNT(want); i++) {
        read_program(want[i].text, want[i].model);
        struct cv_explore *e = explore(CV_EXPLORE_FINDINGS);
        if (want[i].kind < 0)
            ck_assert_msg(!e->nfindings, "%s in\n%s", e->nfindings ? e->findings[0].text : "", want[i].text);
        else {
            const struct cv_explore_finding *f = NULL;
            for (uint32_t k = 0; k < e->nfindings && !f; k++)
                f = (int)e->findings[k].kind == want[i].kind && (!want[i].line || e->findings[k].line == want[i].line) ? &e->findings[k] : NULL;
            ck_assert_msg(f && f->schedule && f->traces, "nothing in\n%s", want[i].text);
            ck_assert(!want[i].traces || f->traces == want[i].traces);
        }
        ck_assert(!want[i].of || e->judged == want[i].of);
        done(e);
    }
}
END_TEST

START_TEST(expectations)
{
    read_program("[shared]\nx = 0\n[task t x 2]\n    x += 1\n[expect]\nlost_updates == 0\nsometimes lost_updates == 1\nnever stale_reads > 0\nsometimes lost_updates == 2\n", "threads");
    struct cv_explore *e = explore(CV_EXPLORE_ALL);
    static const int want[] = {CV_FAILS, CV_HOLDS, CV_HOLDS, CV_FAILS};
    for (size_t i = 0; i < CV_COUNT(want); i++)
        ck_assert_int_eq(e->expects[i].holds, want[i]);
    ck_assert_uint_eq(e->nviolations, 1);
    ck_assert_uint_eq(e->violations[0].preemptions, 1);
    done(e);
}
END_TEST

/* ── random programs ────────────────────────────────────────────────────────────────────────────── */
static uint64_t state;
static unsigned pick(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

static void random_program(struct cv_buf *b, bool async)
{
    static const char *const lines[] = {"    a = x\n", "    x = a + 1\n", "    x += 1\n", "    y = a\n", "    a = y\n", "    with m:\n        x += 1\n", "    with m:\n        y = x\n",
                                        "    if x == 0:\n        y = 1\n", "    if y == 1:\n        x = 2\n", "    lock m\n    a = x\n    unlock m\n", "    put q, 1\n", "    if a == 1:\n        a = x\n"};
    static const char *const async_lines[] = {"    a = x\n", "    x = a + 1\n", "    await yield\n", "    await yield\n", "    y = a\n    await yield\n", "    if x == 0:\n        await yield\n        y = 1\n",
                                              "    await lock m\n    a = x\n    await yield\n    x = a + 1\n    unlock m\n", "    x += 1\n"};
    b->n = 0;
    cv_buf_str(b, "[shared]\nx = 0\ny = 0\n[sync]\nm = lock\nq = queue(9)\n");
    unsigned tasks = 2 + pick(2);
    for (unsigned t = 0; t < tasks; t++) {
        cv_buf_printf(b, "[task t%u]\n    a = 0\n", t);
        for (unsigned k = 0, n = 2 + pick(tasks == 2 ? 3 : 2); k < n; k++)
            cv_buf_str(b, async ? async_lines[pick(CV_COUNT(async_lines))] : lines[pick(CV_COUNT(lines))]);
    }
}

START_TEST(what_chance_finds)
{
    struct cv_buf text = {0};
    uint64_t compared = 0;
    for (uint64_t i = 0; i < PROGRAMS; i++) {
        state = 7919 + i;
        random_program(&text, i % 3 == 2);
        read_program(text.at, i % 3 == 2 ? "async" : "threads");
        struct cv_explore *e = explore(CV_EXPLORE_FINDINGS);
        for (uint64_t seed = 2; seed < 2 + SEEDS; seed++) {
            struct app_judge by_chance;
            order.seed = seed;
            app_judge_begin(&by_chance, program, &order, UINT64_MAX, true);
            ck_assert(app_judge_trace(&by_chance, &(struct cv_explore_trace){.schedule = "", .outcome = UINT32_MAX}));
            for (size_t k = 0; k < by_chance.found.n; k++, compared++) {
                struct cv_explore_finding *f = &by_chance.found.at[k];
                /* of several races on the same lines the first is told, and which that is interleavings of one trace may differ in */
                bool once = f->kind == CV_FINDING_DATA_RACE || f->kind == CV_FINDING_UNLOCKED_ACCESS;
                ck_assert_msg(find(e, f->kind, f->line, once ? NULL : f->task), "%s, seed %llu: %s\nis in no schedule of\n%s", cv_finding_info[f->kind].name,
                              (unsigned long long)seed, f->text, text.at);
                free(f->task);
                free(f->text);
                free(f->schedule);
            }
            free(by_chance.found.at);
            by_chance.found.n = 0;
            app_judge_end(&by_chance, NULL);
        }
        done(e);
    }
    cv_buf_release(&text);
    ck_assert_msg(compared > PROGRAMS / 2, "only %llu findings", (unsigned long long)compared);
}
END_TEST

/* Who is preempted, or goes out of turn, is counted twice: by the exploration on its states, by the engine in a run. */
static uint64_t counted;
static bool count_too(void *judge, const struct cv_explore_trace *t)
{
    struct app_judge *j = judge;
    bool more = app_judge_trace(judge, t);
    ck_assert_msg(j->preemptions == t->preemptions, "%s: the engine counts %u, exploring %u, in\n%s", t->schedule, j->preemptions, t->preemptions, program->source);
    counted++;
    return more;
}

static void count_alike(const char *text, const char *model)
{
    struct app_judge judge;
    struct cv_buf why = {0};
    read_program(text, model);
    app_judge_begin(&judge, program, &order, UINT64_MAX, true);
    struct cv_explore_options options = {.parts = CV_EXPLORE_FINDINGS, .memory = (size_t)64 << 20, .judge = count_too, .findings = &judge, .latest = true};
    struct cv_explore *e = cv_explore_run(program, &order, &options, &why);
    ck_assert_msg(e, "%s", why.at);
    app_judge_end(&judge, e);
    done(e);
}

START_TEST(counted_alike)
{
    static const char *const programs[] = {
        "[shared]\nx = 0\n[task t x 3]\n    await yield\n    x = me\n    await yield\n    x += 1\n",
        "[shared]\nx = 0\n[task t x 3]\n    await sleep 1ms\n    x = me\n    await sleep 1ms\n    x += 1\n",
        "[shared]\nx = 0\n[sync]\nm = lock\n[task t x 3]\n    await with m:\n        x = me\n        await yield\n        x += 1\n",
        "[shared]\nx = 0\n[sync]\ns = semaphore(1)\n[task t x 3]\n    await acquire s\n    x = me\n    await yield\n    release s\n    await yield\n    x = 1\n",
        "[shared]\nx = 0\n[sync]\nq = queue(1)\n[task p x 2]\n    await put q, me\n    await put q, me\n[task c x 2]\n    await get q -> a\n    x = a\n    await get q -> a\n",
        "[shared]\nx = 0\n[sync]\ne = event\n[task w x 2]\n    await wait e\n    x += 1\n[task s]\n    await yield\n    x = 9\n    set e\n    await yield\n    x = 8\n",
        "[shared]\nx = 0\n[sync]\nb = barrier(3)\n[task t x 3]\n    x = me\n    await barrier b\n    x += 1\n    await yield\n    x = 0\n",
        "[shared]\nx = 0\n[main]\n    spawn f(1) -> a\n    spawn f(2) -> b\n    await join a\n    x = 5\n    await join b\n[task f(k)]\n    await yield\n    x = k\n",
    };
    struct cv_buf text = {0};
    for (size_t i = 0; i < CV_COUNT(programs); i++)
        count_alike(programs[i], "async");
    for (uint64_t i = 0; i < PROGRAMS / 4; i++) {
        state = 104729 + i;
        random_program(&text, i % 4 != 3);
        count_alike(text.at, i % 4 != 3 ? "async" : i % 8 == 3 ? "threads" : "processes");
    }
    cv_buf_release(&text);
    ck_assert_msg(counted > 500, "only %llu runs", (unsigned long long)counted);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("app_judge");
    TCase *c = tcase_create("judge");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, known);
    tcase_add_test(c, expectations);
    tcase_add_test(c, what_chance_finds);
    tcase_add_test(c, counted_alike);
    suite_add_tcase(s, c);
    return s;
}
