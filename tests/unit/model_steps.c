/* Where in its line a task stands, and between which steps it was switched away. */
#include "model_play.h"

/* Line 11 reads x twice, computes, and line 12 writes it; line 13 waits; all told as model_play.h does it. */
static struct cv_info_step steps[] = {
    {.line = 11, .kind = CV_STEP_READ, .object = X, .text = "read x"}, {.line = 11, .kind = CV_STEP_READ, .object = X, .text = "read x"},
    {.line = 11, .kind = CV_STEP_COMPUTE, .text = "compute"},          {.line = 11, .kind = CV_STEP_READ, .object = Y, .text = "read y"},
    {.line = 12, .kind = CV_STEP_WRITE, .object = X, .text = "write x"}, {.line = 13, .kind = CV_STEP_WAIT, .await = true, .text = "await sleep 1ms"}};

static void two(enum cv_model_kind kind)
{
    begin(kind);
    info.steps = steps;
    info.nsteps = CV_COUNT(steps);
    cv_model_free(m);
    m = cv_model_new(&info, &shm, 0);
    start(0, "main", CV_NO_TASK), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob");
}

static void looks(uint32_t task, uint32_t var) { reads(task, var, 0, 0, 0, CV_NO_TASK, 0); }

START_TEST(step_by_step)
{
    uint32_t first;
    two(CV_THREADS);
    ck_assert(cv_model_line_steps(m, 11, &first) == 4 && first == 0);
    ck_assert(cv_model_line_steps(m, 12, &first) == 1 && first == 4);
    ck_assert(cv_model_line_steps(m, 14, &first) == 0 && cv_model_line_steps(m, 1000, &first) == 0);
    at(10), run(ALICE, 11);
    at(20), looks(ALICE, X);
    at(30), looks(ALICE, X);
    at(40), looks(ALICE, Y);
    at(50), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(60), looks(ALICE, X);     /* the line again, from its beginning */
    at(70), looks(ALICE, Y);     /* a step was left out */
    static const struct { uint64_t t; uint32_t step; } is[] = {{10, 0}, {20, 1}, {29, 1}, {30, 2}, {40, 4}, {50, 1}, {60, 1}, {70, 4}};
    for (size_t i = 0; i < CV_COUNT(is); i++)
        ck_assert_msg(cv_model_step_at(m, ALICE, is[i].t) == is[i].step, "%zu: %u", i, cv_model_step_at(m, ALICE, is[i].t));
    ck_assert_uint_eq(cv_model_step_at(m, BOB, 70), UINT32_MAX);
    ck_assert_uint_eq(cv_model_step_at(m, MAX_TASKS, 70), UINT32_MAX);
    end();
}
END_TEST

START_TEST(switched_between_two_steps)
{
    two(CV_THREADS);
    at(10), run(ALICE, 11), switch_in(ALICE, 0);
    at(20), looks(ALICE, X), looks(ALICE, X);
    at(30), switch_out(ALICE, 0, true); /* while it computes */
    at(40), switch_in(ALICE, 0);
    at(50), looks(ALICE, Y);
    at(60), switch_out(ALICE, 0, true); /* behind the last step of the line */
    at(70), switch_in(ALICE, 0), run(ALICE, 13);
    at(80), waits(ALICE, 13, CV_BLOCK + CV_REASON_SLEEP, 10);
    ck_assert_uint_eq(cv_model_step_switches(m, 11, 2, 29), 0);
    ck_assert_uint_eq(cv_model_step_switches(m, 11, 2, 30), 1);
    ck_assert_uint_eq(cv_model_step_switches(m, 11, 4, 60), 1);
    ck_assert_uint_eq(cv_model_step_switches(m, 13, 0, 80), 1);
    uint64_t sum = 0, lines = 0;
    for (uint32_t line = 11; line <= 13; line++) {
        lines += cv_model_line_switches(m, line, 100);
        for (uint32_t step = 0; step <= 4; step++)
            sum += cv_model_step_switches(m, line, step, 100);
    }
    ck_assert(sum == lines && sum == 3); /* they add up to the line's */
    end();
}
END_TEST

START_TEST(without_a_table)
{
    uint32_t first;
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), run(ALICE, 11), looks(ALICE, X);
    ck_assert(cv_model_line_steps(m, 11, &first) == 0 && cv_model_step_at(m, ALICE, 10) == UINT32_MAX && cv_model_step_switches(m, 11, 0, 10) == 0);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/steps");
    TCase *c = tcase_create("steps");
    tcase_add_test(c, step_by_step);
    tcase_add_test(c, switched_between_two_steps);
    tcase_add_test(c, without_a_table);
    suite_add_tcase(s, c);
    return s;
}
