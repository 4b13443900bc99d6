/* Pace: a terminal that answers is sent no more than it has shown and a little; one that does not is believed to keep up. */
#include <check.h>

#include "suite.h"
#include "ui/pace.h"

#define MS 1000000ull

START_TEST(one_that_never_answers)
{
    struct pace p = {0};
    ck_assert(pace_sent(&p, 0, MS)); /* asked once */
    for (uint64_t t = 2; t < 100000; t += 16) {
        ck_assert(!pace_sent(&p, 5000, t * MS));
        ck_assert(pace_free(&p, t * MS));
    }
    ck_assert(pace_awaits(&p, 900 * MS));
    ck_assert(!pace_awaits(&p, 2000 * MS));
}
END_TEST

/* A line that carries so many bytes a ms, and half a second of way: what is on it stays small, and it is never idle for long. */
START_TEST(a_slow_line)
{
    static const unsigned a_ms[] = {1, 10, 1000};
    enum { WAY = 500, FRAME = 700 };
    struct pace p = {0};
    uint64_t gone = 0, shown = 0, question = 0, answer = 0, most = 0;
    bool open = pace_sent(&p, 4, MS);
    ck_assert(open);
    for (uint64_t t = 2; t < 60000; t++) {
        shown = shown + a_ms[_i] < gone ? shown + a_ms[_i] : gone;
        if (open && !answer && shown >= question)
            answer = t + WAY;
        if (answer == t) {
            pace_answered(&p);
            open = false, answer = 0;
        }
        if (t % 16 == 0 && p.answers && pace_free(&p, t * MS)) {
            gone += FRAME;
            most = gone - shown > most ? gone - shown : most;
            if (pace_sent(&p, FRAME, t * MS))
                open = true, question = gone;
        }
    }
    ck_assert_uint_le(most, 2048 + 2 * FRAME + 512);
    ck_assert_uint_ge(shown, a_ms[_i] == 1 ? 30000 : 60000);
}
END_TEST

START_TEST(one_that_goes_silent)
{
    struct pace p = {0};
    ck_assert(pace_sent(&p, 4, MS));
    pace_answered(&p);
    ck_assert(!pace_awaits(&p, 2 * MS));
    ck_assert(!pace_sent(&p, 100, 2 * MS)); /* little: not asked */
    ck_assert(pace_sent(&p, 5000, 3 * MS));
    ck_assert(!pace_free(&p, 4 * MS));
    ck_assert(pace_awaits(&p, 4 * MS));
    ck_assert(!pace_free(&p, 9000 * MS));
    ck_assert(pace_free(&p, 11000 * MS));
    ck_assert(!pace_sent(&p, 5000, 11001 * MS));
    ck_assert(pace_free(&p, 11002 * MS));
    pace_answered(&p); /* and comes back */
    ck_assert(pace_sent(&p, 5000, 12000 * MS));
    ck_assert(!pace_free(&p, 12001 * MS));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_pace");
    TCase *c = tcase_create("pace");
    tcase_add_test(c, one_that_never_answers);
    tcase_add_loop_test(c, a_slow_line, 0, 3);
    tcase_add_test(c, one_that_goes_silent);
    suite_add_tcase(s, c);
    return s;
}
