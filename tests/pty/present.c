/* A lesson told to a room on a real terminal: nothing runs before the question was left, a presenter's two keys lead through it and
 * back, and whatever happens nothing is left behind. */
#include "harness.h"
#include "suite.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define PAGE_UP "\033[5~"
#define PAGE_DOWN "\033[6~"

static struct pty *start(int width, int height)
{
    static const char *const arguments[] = {"--present", "tests/pty/lesson.ini", NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = arguments, .width = width, .height = height});
    pty_expect_all(p, (const char *const[]){"A lesson", "What it is about.", "Who is greeted?", "Bob twice", "PgDn", NULL});
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

/* The runner is there and waits; it has no thread that has run a task: nothing was printed however long the room thinks. */
START_TEST(it_begins_frozen_and_counts_votes)
{
    struct pty *p = start(80, 24);
    pty_expect_processes(p, 2, 4); /* the runner is there */
    pty_send(p, "bba");
    pty_expect_all(p, (const char *const[]){"██", "   2", "   1", NULL});
    pty_send(p, "\177");
    pty_expect(p, "   0");
    ck_assert(!pty_shows(p, "Timeline") && !pty_shows(p, "Bob wrote last."));
    finish(p);
}
END_TEST

START_TEST(on_and_back_with_two_keys)
{
    struct pty *p = start(80, 24);
    static const char *const stops[] = {"Nothing has happened yet.", "Bob has written over it.", "Alice reads Bob's name."};
    for (size_t i = 0; i < 3; i++) {
        pty_send(p, PAGE_DOWN);
        pty_expect_all(p, (const char *const[]){stops[i], "Timeline", "Code", NULL});
    }
    pty_send(p, PAGE_DOWN); /* the rest of the run */
    pty_expect(p, "The run is over.");
    pty_expect_in(p, "Output", "to Bob");
    ck_assert(!pty_shows(p, "Bob wrote last."));
    pty_send(p, PAGE_DOWN);
    pty_expect_all(p, (const char *const[]){"✓ b", "Bob wrote last.", NULL});
    for (size_t i = 3; i-- > 0;) {
        pty_send(p, PAGE_UP);
        pty_expect(p, stops[i]);
    }
    pty_send(p, PAGE_UP);
    pty_expect(p, "Who is greeted?");
    finish(p);
}
END_TEST

START_TEST(another_model_and_the_dashboard)
{
    struct pty *p = start(120, 36);
    pty_send(p, "t"); /* still before it begins */
    pty_expect(p, "threads");
    pty_expect(p, "Who is greeted?");
    pty_send(p, " ");
    pty_expect(p, "Nothing has happened yet.");
    pty_send(p, "a"); /* another run: at full speed, from its beginning */
    pty_expect_all(p, (const char *const[]){"async", "Nothing has happened yet.", NULL});
    pty_send(p, "\033");
    pty_expect_all(p, (const char *const[]){"Switches", "Cores", NULL});
    pty_send(p, "l");
    pty_expect(p, "■ finished");
    finish(p);
}
END_TEST

/* The run that waits at its gate is gone with the viewer. */
START_TEST(killed_while_it_waits)
{
    struct pty *p = start(80, 24);
    pty_signal(p, _i ? SIGKILL : SIGTERM);
    pty_expect_exit(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("present");
    TCase *c = tcase_create("present");
    tcase_add_test(c, it_begins_frozen_and_counts_votes);
    tcase_add_test(c, on_and_back_with_two_keys);
    tcase_add_test(c, another_model_and_the_dashboard);
    tcase_add_loop_test(c, killed_while_it_waits, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
