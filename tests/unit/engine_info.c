/* The tables of a run's info that are made from the program: what a line does step by step, which lines hang on a condition, which
 * variables are watched. */
#include <string.h>

#include "convis/engine.h"
#include "suite.h"

static struct cv_program *program;
static struct cv_run_info info;

static void make(const char *text)
{
    struct cv_diags diags = {0};
    struct cv_order order;
    struct cv_buf why = {0};
    program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_ptr_nonnull(program);
    ck_assert(cv_order_init(&order, program, "threads", &why));
    cv_run_info_make(&info, program, &order);
    cv_diags_release(&diags);
}

static void drop(void)
{
    cv_run_info_release(&info);
    cv_program_free(program);
}

/* The steps of a line, as text: "read x, compute, write x". */
static const char *steps(uint32_t line)
{
    static struct cv_buf out;
    out.n = 0;
    cv_buf_str(&out, "");
    for (uint32_t i = 0; i < info.nsteps; i++)
        if (info.steps[i].line == line)
            cv_buf_printf(&out, "%s%s%s", out.n ? ", " : "", info.steps[i].await ? "(await) " : "", info.steps[i].text);
    return out.at;
}

START_TEST(a_line_step_by_step)
{
    make("[shared]\n"            /* 1 */
         "x = 0\n"
         "y = [1, 2]\n"
         "[sync]\n"
         "m = lock\n"            /* 5 */
         "[task t]\n"
         "    x += 1\n"
         "    y[x] = y[0] + x\n"
         "    n = 1 + 2 * 3\n"
         "    await sleep 1ms\n" /* 10 */
         "    with m:\n"
         "        n = x\n"
         "        print \"n is {n}\"\n"
         "    cpu 1ms\n"
         "    if x == 1 and y[1] == 2:\n" /* 15 */
         "        atomic x += 1\n"
         "    while not cas(x, 0, 1):\n"
         "        pass\n");
    ck_assert_str_eq(steps(7), "read x, compute, write x");
    ck_assert_str_eq(steps(8), "read x, read item y, read x, compute, write item y");
    ck_assert_str_eq(steps(9), "locals only: a part of the step before it");
    ck_assert_str_eq(steps(10), "(await) await sleep 1ms");
    ck_assert_str_eq(steps(12), "read x");
    ck_assert_str_eq(steps(13), "print \"n is {n}\"");
    ck_assert_str_eq(steps(14), "cpu 1ms");
    ck_assert_str_eq(steps(15), "read x, compute, read item y");
    ck_assert_str_eq(steps(16), "atomic x");
    ck_assert_str_eq(steps(17), "cas x");
    ck_assert_msg(strstr(steps(11), "lock m"), "%s", steps(11));
    for (uint32_t i = 1; i < info.nsteps; i++)
        ck_assert(info.steps[i].line >= info.steps[i - 1].line);
    drop();
}
END_TEST

START_TEST(what_hangs_on_a_condition)
{
    make("[shared]\n"          /* 1 */
         "x = 0\n"
         "[task t]\n"
         "    if x == 1:\n"
         "        x = 2\n"     /* 5 */
         "    elif x == 2:\n"
         "        x = 3\n"
         "    else:\n"
         "        x = 4\n"
         "    while x < 9:\n"  /* 10 */
         "        if x == 7:\n"
         "            x = 8\n"
         "        x += 1\n"
         "    x = 0\n");
    static const uint32_t is[][3] = {{4, 5, 9}, {6, 7, 9}, {10, 11, 13}, {11, 12, 12}};
    ck_assert_uint_eq(info.nguards, CV_COUNT(is));
    for (size_t i = 0; i < CV_COUNT(is); i++)
        ck_assert_msg(info.guards[i].line == is[i][0] && info.guards[i].from == is[i][1] && info.guards[i].to == is[i][2], "%zu: %u: %u to %u", i,
                      info.guards[i].line, info.guards[i].from, info.guards[i].to);
    drop();
}
END_TEST

START_TEST(what_is_watched)
{
    make("[shared]\nplain = 0\nspun = false\nitems = []\nspun_items = []\nadded = 0\nswapped = 0\n"
         "[task t]\n    plain += 1\n    spin until spun and len(spun_items) > 0\n    append items, 1\n    atomic added += plain\n    if cas(swapped, 0, 1):\n        spun = true\n");
    static const bool is[] = {false, true, true, true, true, true};
    for (uint32_t v = 0; v < info.nvars; v++)
        ck_assert_msg(info.vars[v].watched == is[v], "%s", info.vars[v].name);
    drop();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("engine/info");
    TCase *c = tcase_create("info");
    tcase_add_test(c, a_line_step_by_step);
    tcase_add_test(c, what_hangs_on_a_condition);
    tcase_add_test(c, what_is_watched);
    suite_add_tcase(s, c);
    return s;
}
