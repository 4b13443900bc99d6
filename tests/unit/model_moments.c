/* Moments: the next and the last switch, write, finding, mark and line of output, and how many there were. */
#include "model_play.h"

static struct cv_moment next(enum cv_moment_kind kind, uint64_t t, int direction)
{
    struct cv_moment at = {.t = UINT64_MAX};
    if (!cv_model_moment(m, kind, t, direction, &at))
        at.t = UINT64_MAX;
    return at;
}

/* Alice and Bob in threads: writes at 10, 30 and 50, switches at 20 and 40, a mark at 25, output at 35. */
static void tell_all(void)
{
    begin(CV_THREADS);
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    at(5), run(ALICE, 3), run(BOB, 3);
    at(10), writes(ALICE, 0, 1, 1, CV_NO_TASK, -1);
    at(20), waits(ALICE, 4, CV_BLOCK + CV_REASON_SLEEP, 1000);
    at(25), tell(CV_EV_MARK, BOB, 7, 0, text("half\033way"), 0);
    at(30), writes(BOB, 1, 5, 1, CV_NO_TASK, -1);
    at(35), tell(CV_EV_PRINT, BOB, 8, 0, text("hello"), 0);
    at(40), waits(BOB, 9, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(50), run(ALICE, 5), writes(ALICE, 0, 2, 2, ALICE, -1);
}

START_TEST(there_and_back)
{
    static const struct { enum cv_moment_kind kind; uint64_t at[3]; uint32_t task[3], line[3]; } all[] = {
        {CV_MOMENT_WRITE, {10, 30, 50}, {ALICE, BOB, ALICE}, {0}},
        {CV_MOMENT_SWITCH, {20, 40}, {ALICE, BOB}, {4, 9}},
        {CV_MOMENT_MARK, {25}, {BOB}, {7}},
        {CV_MOMENT_OUTPUT, {35}, {BOB}, {8}}};
    tell_all();
    for (size_t k = 0; k < CV_COUNT(all); k++) {
        uint64_t t = 0;
        int n = 0;
        for (struct cv_moment one; (one = next(all[k].kind, t, 1)).t != UINT64_MAX; t = one.t, n++) {
            ck_assert_msg(n < 3 && one.t == all[k].at[n], "%s %d: at %llu", cv_moment_name[all[k].kind], n, (unsigned long long)one.t);
            ck_assert_uint_eq(one.task, all[k].task[n]);
            ck_assert(!all[k].line[n] || one.line == all[k].line[n]);
        }
        ck_assert_int_eq(n, all[k].at[1] ? all[k].at[2] ? 3 : 2 : 1);
        for (t = UINT64_MAX; n-- > 0; t = all[k].at[n])
            ck_assert_uint_eq(next(all[k].kind, t, -1).t, all[k].at[n]);
        ck_assert_uint_eq(next(all[k].kind, t, -1).t, UINT64_MAX);
        ck_assert_uint_eq(next(all[k].kind, 0, -1).t, UINT64_MAX);
    }
    end();
}
END_TEST

START_TEST(what_is_said_of_them)
{
    struct cv_moment one;
    tell_all();
    ck_assert_str_eq(next(CV_MOMENT_SWITCH, 0, 1).text, "block sleep");
    ck_assert_str_eq(next(CV_MOMENT_MARK, 0, 1).text, "half\\x1bway");
    ck_assert_str_eq(next(CV_MOMENT_OUTPUT, 0, 1).text, "hello");
    ck_assert_uint_eq(next(CV_MOMENT_WRITE, 10, 1).var, 1);
    ck_assert(cv_model_next_write(m, 0, 10, 1, &one) && one.t == 50);
    ck_assert(cv_model_next_write(m, 0, 50, -1, &one) && one.t == 10);
    ck_assert(!cv_model_next_write(m, 1, 30, 1, &one) && !cv_model_next_write(m, 1000, 0, 1, &one));
    ck_assert_uint_eq(cv_model_nswitches(m, 19), 0);
    ck_assert_uint_eq(cv_model_nswitches(m, 20), 1);
    ck_assert_uint_eq(cv_model_nswitches(m, UINT64_MAX), 2);
        end();
}
END_TEST

/* Each process's own copy counts; the loop's switches are nobody's. */
START_TEST(copies_and_the_loop)
{
    begin(CV_PROCESSES);
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    at(10), run(ALICE, 3), writes(ALICE, 0, 1, 1, CV_NO_TASK, -1);
    at(20), run(BOB, 3), writes(BOB, 0, 2, 1, CV_NO_TASK, -1);
    ck_assert_uint_eq(next(CV_MOMENT_WRITE, 0, 1).t, 10);
    ck_assert_uint_eq(next(CV_MOMENT_WRITE, 10, 1).t, 20);
    ck_assert_uint_eq(next(CV_MOMENT_WRITE, UINT64_MAX, -1).task, BOB);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model_moments");
    TCase *c = tcase_create("moments");
    tcase_add_test(c, there_and_back);
    tcase_add_test(c, what_is_said_of_them);
    tcase_add_test(c, copies_and_the_loop);
    suite_add_tcase(s, c);
    return s;
}
