/* Side by side on a real terminal: every model is run, one after the other; the way back; and nothing is left behind, not of the run
 * that was looked at before, either. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"
#include "suite.h"

static struct pty *start(const char *file)
{
    const char *const arguments[] = {file, NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = arguments, .width = 120, .height = 36});
    pty_expect(p, "Timeline");
    return p;
}

static void finish(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}

START_TEST(every_model_and_back)
{
    struct pty *p = start("tests/pty/lesson.ini");
    pty_expect(p, "■ finished");
    pty_send(p, "c");
    pty_expect_all(p, (const char *const[]){"side by side", "async", "threads", "elapsed", "switches", "memory a task", "result", "to Bob", NULL});
    pty_expect_processes(p, 1, 1); /* the runs are over */
    pty_send(p, "c");
    pty_expect_all(p, (const char *const[]){"Switches", "■ finished", NULL}); /* the record that was there before */
    pty_send(p, "c");
    pty_expect(p, "side by side");
    finish(p);
}
END_TEST

/* A run that still goes is ended, and begun anew on the way back. */
START_TEST(in_the_middle_of_a_run)
{
    struct pty *p = start("tests/pty/long.ini");
    pty_expect(p, "● live");
    pid_t before = pty_find(p, "--runner");
    pty_send(p, "c");
    pty_expect_all(p, (const char *const[]){"1 of", "runs", "waits for its turn", NULL});
    ck_assert_int_ne(pty_find(p, "--runner"), before);
    pty_send(p, "\033");
    pty_expect_all(p, (const char *const[]){"Switches", "● live", NULL});
    pty_send(p, "c");
    pty_expect(p, "1 of");
    finish(p);
}
END_TEST

START_TEST(killed_while_it_compares)
{
    struct pty *p = start("tests/pty/long.ini");
    pty_send(p, "c");
    pty_expect(p, "1 of");
    pty_signal(p, _i ? SIGKILL : SIGTERM);
    pty_expect_exit(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("side");
    TCase *c = tcase_create("side");
    tcase_add_test(c, every_model_and_back);
    tcase_add_test(c, in_the_middle_of_a_run);
    tcase_add_loop_test(c, killed_while_it_compares, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
