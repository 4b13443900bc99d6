/* The picker on a terminal: `convis` alone, search, a lesson and back, and what becomes of it when it cannot be shown. */
#include "harness.h"
#include "suite.h"

#include <sys/wait.h>

static void left(struct pty *p, int status_wanted)
{
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == status_wanted, "status %x", status);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}

START_TEST(from_the_list_to_a_lesson_and_back)
{
    static const char *const nothing[] = {NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = nothing});
    pty_expect_all(p, (const char *const[]){"which lesson?", "Waits and switches", "frozen-loop", "create-cost", NULL});
    pty_send(p, "two users");
    pty_expect_gone(p, "create-cost");
    pty_expect(p, "Races");
    pty_expect(p, "stale-global");
    pty_send(p, "\r");
    pty_expect_all(p, (const char *const[]){"Timeline", "Alice", "Bob", NULL});
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "b");
    pty_expect(p, "search two users");
    pty_send(p, "\033");
    pty_expect_gone(p, "search two users");
    pty_send(p, "\033"); /* back to the lesson that was open */
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "q");
    left(p, 0);
}
END_TEST

START_TEST(leaving_at_once)
{
    static const char *const nothing[] = {NULL};
    struct pty *p = pty_start(&(struct pty_setup){.width = 40, .height = 8, .arguments = nothing});
    pty_expect(p, "which lesson?");
    pty_resize(p, 90, 20);
    pty_expect(p, "Enter opens");
    pty_send(p, "\033");
    left(p, 0);
}
END_TEST

/* `b` from a file of one's own: the lessons, and the run that went on is ended when another is opened. */
START_TEST(from_a_run_that_goes_on)
{
    static const char *const arguments[] = {"tests/pty/long.ini", NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = arguments});
    pty_expect(p, "beat 1");
    pid_t old = pty_find(p, "--runner");
    ck_assert_int_gt(old, 0);
    pty_send(p, "b");
    pty_expect(p, "which lesson?");
    pty_send(p, "stale\r");
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "q");
    left(p, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("picker");
    TCase *c = tcase_create("picker");
    tcase_add_test(c, from_the_list_to_a_lesson_and_back);
    tcase_add_test(c, leaving_at_once);
    tcase_add_test(c, from_a_run_that_goes_on);
    suite_add_tcase(s, c);
    return s;
}
