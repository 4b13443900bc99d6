/* Cores: the system's load from samples, the run's share from the kernel's switches, and both as averages over any span. */
#include "model_play.h"

enum { US = 1000 };

static void sampled(uint64_t t, unsigned core, unsigned permille, unsigned us, bool online)
{
    at(t), tell(CV_EV_CORE, CV_NO_TASK, 0, core, (uint64_t)permille << 32 | us, online);
}

static bool near(double a, double b) { return a - b < 1e-6 && b - a < 1e-6; }

static void threads(void)
{
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    run(ALICE, 5), run(BOB, 5);
}

START_TEST(load_is_the_systems)
{
    threads();
    sampled(100 * US, 0, 500, 100, true);
    sampled(200 * US, 0, 1000, 100, true);
    sampled(300 * US, 1, 250, 100, true);
    sampled(400 * US, 0, 0, 100, true); /* from 300: in between nothing is known */
    sampled(500 * US, 0, 900, 100, false);
    ck_assert_uint_eq(cv_model_ncores(m), 2);
    ck_assert(near(cv_model_core_at(m, 0, 50 * US).busy, 0.5));
    ck_assert(near(cv_model_core_at(m, 0, 150 * US).busy, 1));
    ck_assert(near(cv_model_core_at(m, 1, 250 * US).busy, 0.25));
    ck_assert(cv_model_core_at(m, 1, 100 * US).busy < 0 && cv_model_core_at(m, 2, 100 * US).busy < 0);
    ck_assert(near(cv_model_core_span(m, 0, 0, 200 * US).busy, 0.75));
    ck_assert(near(cv_model_core_span(m, 0, 50 * US, 150 * US).busy, 0.75));
    ck_assert(near(cv_model_core_span(m, 0, 75 * US, 125 * US).busy, 0.75));
    ck_assert(near(cv_model_core_span(m, 0, 0, 400 * US).busy, 0.5)); /* of the 300 that are known */
    ck_assert(cv_model_core_span(m, 0, 210 * US, 290 * US).busy < 0);
    ck_assert(cv_model_core_span(m, 0, 410 * US, 490 * US).busy < 0); /* offline */
    ck_assert(cv_model_core_span(m, 0, 0, 100 * US).run < 0);         /* no kernel switches: not known */
    end();
}
END_TEST

START_TEST(who_is_on_it)
{
    threads();
    at(100), switch_in(ALICE, 3);
    at(200), switch_out(ALICE, 3, true);
    at(200), switch_in(BOB, 3);
    at(300), switch_in(ALICE, 3);
    at(301), switch_out(BOB, 3, false); /* another came in already */
    at(400), switch_out(ALICE, 3, false);
    ck_assert_uint_eq(cv_model_core_at(m, 3, 99).task, CV_NO_TASK);
    ck_assert_uint_eq(cv_model_core_at(m, 3, 150).task, ALICE);
    ck_assert_uint_eq(cv_model_core_at(m, 3, 200).task, BOB);
    ck_assert_uint_eq(cv_model_core_at(m, 3, 350).task, ALICE);
    ck_assert_uint_eq(cv_model_core_at(m, 3, 400).task, CV_NO_TASK);
    ck_assert(near(cv_model_core_span(m, 3, 0, 400).run, 0.75));
    ck_assert(near(cv_model_core_span(m, 3, 100, 400).run, 1));
    ck_assert(near(cv_model_core_span(m, 3, 0, 1000).run, 0.3));
    ck_assert_uint_eq(cv_model_core_span(m, 3, 0, 300).task, BOB);
    ck_assert(near(cv_model_core_span(m, 0, 0, 400).run, 0)); /* known: nothing of ours was there */
    end();
}
END_TEST

/* Whose a column is: who had the core most in it; where nobody had the half of it, several. Of very many switches too. */
START_TEST(whose_column_it_is)
{
    struct cv_core_column c[8];
    threads();
    start(CAROL, "Carol", 0);
    at(100), switch_in(ALICE, 3);
    at(160), switch_out(ALICE, 3, true), switch_in(BOB, 3);
    at(190), switch_out(BOB, 3, true);
    at(200), switch_in(ALICE, 3);
    at(240), switch_out(ALICE, 3, true), switch_in(BOB, 3);
    at(270), switch_out(BOB, 3, true), switch_in(CAROL, 3);
    at(300), switch_out(CAROL, 3, true);
    sampled(400, 3, 800, 0, true); /* of no length */
    for (int i = 0; i < 1000; i++) {
        at(1000 + (uint64_t)i * 20), switch_in(BOB, 3);
        at(1016 + (uint64_t)i * 20), switch_out(BOB, 3, true), switch_in(ALICE, 3);
        at(1019 + (uint64_t)i * 20), switch_out(ALICE, 3, true);
    }
    cv_model_core_columns(m, 3, 0, 100, 4, c);
    ck_assert(cv_model_knows_cores(m) && c[0].task == CV_NO_TASK && near(c[0].run, 0) && c[0].busy < 0);
    ck_assert(c[1].task == ALICE && !c[1].several && near(c[1].run, 0.9));
    ck_assert(c[2].task == ALICE && c[2].several && near(c[2].run, 1));
    ck_assert(c[3].task == CV_NO_TASK && near(c[3].run, 0));
    cv_model_core_columns(m, 3, 1000, 10000, 2, c);
    ck_assert(c[1].task == BOB && !c[1].several && near(c[1].run, 0.95));
    cv_model_core_columns(m, 0, 0, 100, 1, c);
    ck_assert(c[0].task == CV_NO_TASK && near(c[0].run, 0));
    cv_model_core_columns(m, 77, 0, 100, 1, c);
    ck_assert(c[0].task == CV_NO_TASK && c[0].run < 0);
    end();
}
END_TEST

/* Random switches of a task between cores against a count of every nanosecond; migrations as the lane tells them. */
START_TEST(spans_average)
{
    enum { CORES = 4, SPAN = 40000 };
    static uint8_t on[SPAN];
    uint64_t seed = 9, moves = 0;
    threads();
    for (uint64_t t = 1, core = CORES; t < SPAN; t++) {
        if (next_random(&seed) % 20 == 0) {
            at(t);
            if (core < CORES)
                switch_out(ALICE, (unsigned)core, true);
            core = core < CORES && next_random(&seed) % 2 ? CORES : next_random(&seed) % CORES;
            if (core < CORES)
                switch_in(ALICE, (unsigned)core), moves++;
        }
        on[t] = (uint8_t)(core < CORES ? core + 1 : 0);
    }
    ck_assert_uint_gt(moves, 500);
    for (int i = 0; i < 400; i++) {
        uint64_t from = next_random(&seed) % (SPAN - 1), to = from + 1 + next_random(&seed) % (SPAN - from - 1), count[CORES + 1] = {0};
        for (uint64_t t = from; t < to; t++)
            count[on[t]]++;
        for (unsigned c = 0; c < CORES; c++)
            ck_assert(near(cv_model_core_span(m, c, from, to).run, (double)count[c + 1] / (double)(to - from)));
    }
    for (uint64_t t = 1; t < SPAN; t += 7) {
        struct cv_lane_at lane = cv_model_lane_at(m, ALICE, t);
        if (t > 100 && lane.exact && (lane.state == CV_ST_RUNNING) != (on[t] != 0))
            ck_abort_msg("at %llu", (unsigned long long)t);
        if (on[t] && lane.core != on[t] - 1u)
            ck_abort_msg("at %llu: core %u, not %d", (unsigned long long)t, lane.core, on[t] - 1);
    }
    struct cv_summary *s = cv_summary_new(m, reader);
    ck_assert_uint_eq(s->cores_seen[0], (1u << CORES) - 1);
    cv_summary_free(s);
    end();
}
END_TEST

/* What was cut off is not known; it is not idleness. Samples too are bounded. */
START_TEST(the_oldest_is_not_known)
{
    begin_with(CV_THREADS, 64 << 10);
    start(0, "main", CV_NO_TASK);
    run(0, 3);
    for (uint64_t i = 1; i <= 8000; i++) {
        at(i * 100), switch_in(0, 0);
        at(i * 100 + 50), switch_out(0, 0, true);
        sampled(i * 100 + 60, 1, i % 2 ? 1000 : 0, 0, true); /* of no length: nothing is known by it */
        if (i % 2 == 0)
            sampled(i * 100 + 70, 1, i % 4 ? 1000 : 0, 1, true);
    }
    ck_assert(near(cv_model_core_span(m, 0, 790000, 800000).run, 0.5));
    ck_assert(state_at(0, 790000) != CV_ST_LOST); /* what was cut makes room: the newest stays */
    ck_assert(cv_model_core_span(m, 0, 1000, 2000).run < 0);
    struct cv_core_at half = cv_model_core_span(m, 0, 0, 800000);
    ck_assert_msg(half.run > 0.49 && half.run < 0.51, "%f", half.run);
    ck_assert(near(cv_model_core_span(m, 1, 790070, 800070).busy, 0.5));
    ck_assert(cv_model_core_span(m, 1, 1000, 5000).busy < 0);
    double all = cv_model_core_span(m, 1, 0, 800100).busy;
    ck_assert_msg(all > 0.45 && all < 0.55, "%f", all);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/cores");
    TCase *c = tcase_create("cores");
    tcase_add_test(c, load_is_the_systems);
    tcase_add_test(c, who_is_on_it);
    tcase_add_test(c, spans_average);
    tcase_add_test(c, whose_column_it_is);
    tcase_add_test(c, the_oldest_is_not_known);
    suite_add_tcase(s, c);
    return s;
}
