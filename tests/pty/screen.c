/* The dashboard in use: what a newcomer sees after `make run`, and every key of the table. */
#include "harness.h"
#include "suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>

static const char *const stale[] = {"scenarios/stale-global.ini", NULL};
static const char *const long_run[] = {"tests/pty/long.ini", NULL};
static const char *const pane_names[] = {"Cores", "Switches", "Timeline", "Shared", "Output"};

static struct pty *start(const char *const *arguments) { return pty_start(&(struct pty_setup){.arguments = arguments}); }

static void quit(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "q ended it with status %x", status);
    pty_end(p);
}

/* The first row, in small letters. */
static bool head_has(struct pty *p, void *word)
{
    char head[2048];
    const char *screen = pty_screen(p);
    size_t n = strcspn(screen, "\n");
    n = n < sizeof head - 1 ? n : sizeof head - 1;
    for (size_t i = 0; i < n; i++)
        head[i] = (char)tolower((unsigned char)screen[i]);
    head[n] = 0;
    return strstr(head, word) != NULL;
}

static void expect_head(struct pty *p, const char *word)
{
    char what[64];
    snprintf(what, sizeof what, "'%s' in the first row", word);
    pty_until(p, head_has, (void *)word, what);
}

static int panes_shown(struct pty *p)
{
    int n = 0;
    const char *screen = pty_screen(p);
    for (size_t i = 0; i < sizeof pane_names / sizeof *pane_names; i++)
        n += strstr(screen, pane_names[i]) != NULL;
    return n;
}

static bool at_most_one(struct pty *p, void *to) { (void)to; return panes_shown(p) <= 1; }
static bool differs(struct pty *p, void *from) { return strcmp(pty_screen(p), from) != 0; }
static bool run_over(struct pty *p, void *to) { (void)to; return pty_find(p, "--runner") == 0; }
static bool another_runner(struct pty *p, void *old)
{
    pid_t pid = pty_find(p, "--runner");
    return pid && pid != *(pid_t *)old;
}

static void expect_change(struct pty *p, const char *keys, const char *what)
{
    char *before = strdup(pty_screen(p));
    pty_send(p, keys);
    pty_until(p, differs, before, what);
    free(before);
}

START_TEST(opens_on_alice_and_bob)
{
    struct pty *p = start(stale);
    pty_expect_all(p, (const char *const[]){"Two users, one global", "Cores", "Switches", "Timeline", "Shared", "Output", "Alice", "Bob",
                                            "current_user", NULL});
    expect_head(p, "async");
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_expect(p, "stale");
    ck_assert_msg(!strstr(pty_pane(p, "Output"), "Handled by: Alice"), "under async nobody is greeted as Alice");
    quit(p);
}
END_TEST

START_TEST(models_by_keys)
{
    struct pty *p = start(stale);
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "t");
    expect_head(p, "threads");
    pty_expect_in(p, "Output", "Handled by: ");
    pty_send(p, "p");
    expect_head(p, "processes");
    pty_expect_in(p, "Output", "Handled by: Alice");
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_expect_in(p, "Shared", "\"Alice\""); /* each its own copy */
    pty_expect_in(p, "Shared", "\"Bob\"");
    pty_send(p, "g");
    expect_head(p, "threads+gil");
    pty_expect_in(p, "Output", "Handled by: ");
    pty_send(p, "g");
    expect_head(p, "threads ·");
    pty_send(p, "a");
    expect_head(p, "async");
    pty_expect_not_in(p, "Output", "Handled by: Alice");
    quit(p);
}
END_TEST

START_TEST(hold_and_live)
{
    struct pty *p = start(long_run);
    pty_expect(p, "beat 2");
    expect_head(p, "live");
    pty_send(p, " ");
    pty_expect(p, "the run goes on");
    /* The view stands still though the run does not: what is printed from now on comes into sight only with `l`. */
    pty_send(p, "l");
    pty_expect_gone(p, "the run goes on");
    expect_head(p, "live");
    pty_expect(p, "beat 8");
    quit(p);
}
END_TEST

/* The screen's own clock: from the beginning, slowly, backwards, at the next moment; nothing is drawn once it stands. */
START_TEST(the_screen_has_its_own_clock)
{
    struct pty *p = start(stale);
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_until(p, run_over, NULL, "the run's end");
    pty_send(p, "[[[");
    pty_expect(p, "Space plays at 1/10");
    pty_send(p, " ");
    expect_head(p, "\u25b6 1/10");
    pty_expect_in(p, "Output", "nothing printed yet");
    pty_send(p, "]]]]]]]");
    expect_head(p, "16\u00d7");
    pty_expect_in(p, "Output", "Handled by: Bob"); /* played to the end */
    expect_head(p, "hold");
    pty_send(p, "\\");
    pty_expect_in(p, "Output", "nothing printed yet"); /* and back to the beginning */
    expect_head(p, "hold");
    pty_send(p, "eeeen"); /* lines of output */
    pty_expect(p, "output line: Handled by: Bob");
    pty_send(p, "m\033[HM");
    pty_expect(p, "A to B -1");
    quit(p);
}
END_TEST

/* Many tasks: a band, unfolded and folded; pinned, filtered, searched. */
START_TEST(many_tasks)
{
    static const char *const many[] = {"tests/pty/many.ini", NULL};
    struct pty *p = start(many);
    pty_expect_in(p, "Output", "boss#1 is done");
    pty_until(p, run_over, NULL, "the run's end");
    pty_expect_in(p, "Timeline", "conn \u00d760");
    pty_expect_in(p, "Timeline", "Enter unfolds");
    pty_send(p, "\r");
    pty_expect_in(p, "Timeline", "conn#0");
    pty_send(p, "\r");
    pty_expect_not_in(p, "Timeline", "conn#0");
    pty_send(p, "/n#42\r");
    pty_expect_in(p, "Timeline", "conn#42");
    pty_send(p, "*");
    pty_expect(p, "conn#42 is pinned");
    pty_send(p, "Fboss\r");
    pty_expect(p, "only boss");
    pty_expect_not_in(p, "Timeline", "conn \u00d760");
    pty_expect_in(p, "Timeline", "conn#42"); /* pinned */
    pty_send(p, "F\177\177\177\177\r");
    pty_expect_in(p, "Timeline", "conn \u00d760");
    pty_send(p, "/is done\r");
    pty_expect(p, "output: boss#");
    quit(p);
}
END_TEST

/* Turned, and run again at once with the new value. */
START_TEST(knobs)
{
    static const char *const turned[] = {"tests/pty/knobs.ini", NULL};
    struct pty *p = start(turned);
    pty_expect(p, "2 in 1..4");
    pty_expect_in(p, "Output", "work#1 of 2");
    pty_send(p, ">");
    pty_expect(p, "3 in 1..4");
    pty_expect_in(p, "Output", "work#2 of 3");
    pty_send(p, "<");
    pty_expect(p, "2 in 1..4");
    pty_expect_in(p, "Output", "work#1 of 2");
    quit(p);
}
END_TEST

START_TEST(back_and_forth_in_time)
{
    struct pty *p = start(stale);
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_until(p, run_over, NULL, "the run's end");
    pty_send(p, "\033[H"); /* Home */
    pty_send(p, "\033[1~");
    pty_expect_in(p, "Output", "nothing printed yet"); /* at the first instant */
    pty_expect_in(p, "Timeline", "not started");
    pty_expect_in(p, "Shared", "none");
    ck_assert_msg(!strstr(pty_pane(p, "Output"), "Handled"), "the output of a later instant is shown:\n%s", pty_screen(p));
    expect_change(p, "\033OC", "another instant after Right"); /* as terminals send it once the program has asked for it */
    expect_change(p, "\033OD", "another instant after Left");
    expect_change(p, "\033[C", "another instant after Right in its other form");
    expect_change(p, "\033[99;99~\033[D", "another instant after Left, behind a sequence nobody knows");
    expect_head(p, "async");
    pty_send(p, "\033[F"); /* End */
    pty_send(p, "\033[4~");
    pty_expect_in(p, "Output", "Handled by: Bob");
    quit(p);
}
END_TEST

START_TEST(zoom)
{
    struct pty *p = start(stale);
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_until(p, run_over, NULL, "the run's end");
    pty_send(p, " ");
    expect_change(p, "+", "another scale after +");
    expect_change(p, "+", "another scale after ++");
    expect_change(p, "-", "another scale after -");
    for (int i = 0; i < 80; i++)
        pty_send(p, i < 40 ? "+" : "-"); /* to both ends of the scale */
    pty_send(p, "l");
    pty_expect_all(p, (const char *const[]){"Timeline", "Alice", "Bob", NULL});
    quit(p);
}
END_TEST

START_TEST(help_opens_and_closes)
{
    struct pty *p = start(stale);
    pty_expect(p, "Timeline");
    char *before = strdup(pty_screen(p));
    pty_send(p, "?");
    /* What the states mean stands in the help, and nowhere else. */
    pty_expect_all(p, (const char *const[]){"executes on a core", "does not exist yet", NULL});
    free(before);
    pty_send(p, "\033");
    pty_expect_all(p, (const char *const[]){"Cores", "Timeline", "Output", NULL});
    pty_expect_gone(p, "executes on a core");
    quit(p);
}
END_TEST

START_TEST(one_pane_alone)
{
    struct pty *p = start(stale);
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "\r");
    pty_until(p, at_most_one, NULL, "one pane alone");
    char *first = strdup(pty_screen(p));
    pty_send(p, "\r");
    pty_expect_all(p, (const char *const[]){"Cores", "Switches", "Timeline", "Shared", "Output", NULL});
    pty_send(p, "\t\r");
    pty_until(p, at_most_one, NULL, "the next pane alone");
    pty_until(p, differs, first, "another pane than the first");
    free(first);
    pty_send(p, "\r");
    pty_expect_all(p, (const char *const[]){"Cores", "Switches", "Timeline", "Shared", "Output", NULL});
    quit(p);
}
END_TEST

START_TEST(run_again)
{
    struct pty *p = start(long_run);
    pty_expect(p, "beat 1");
    pid_t old = pty_find(p, "--runner");
    ck_assert_int_gt(old, 0);
    pty_send(p, "r");
    pty_until(p, another_runner, &old, "another runner");
    pty_expect(p, "beat 2");
    pid_t now = pty_find(p, "--runner");
    ck_assert_int_ne(now, old);
    ck_assert_msg(kill(old, 0) != 0, "the runner of the first run is still there");
    quit(p);
}
END_TEST

/* Whatever is typed: it still answers, and `q` still ends it well. */
START_TEST(any_key)
{
    struct pty *p = start(long_run);
    pty_expect(p, "beat 1");
    for (char c = ' '; c < 127; c++)
        if (!strchr("qQbB", c)) /* b leads to the picker, where letters are what is searched for: tests/pty/picker.c */
            pty_send(p, (char[]){c, 0});
    pty_send(p, "\033[A\033[B\033[C\033[D\033[5~\033[6~\033[1;2C\033[1;2D\033[Z\033[M !!\033[<0;10;10M\033[99;99~\xff\xfe\xc3");
    pty_send(p, "\033");
    pty_expect(p, "convis");
    quit(p); /* at once, from wherever the keys have led, and though the last character is not whole */
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("screen");
    TCase *c = tcase_create("screen");
    tcase_add_test(c, opens_on_alice_and_bob);
    tcase_add_test(c, models_by_keys);
    tcase_add_test(c, hold_and_live);
    tcase_add_test(c, the_screen_has_its_own_clock);
    tcase_add_test(c, many_tasks);
    tcase_add_test(c, knobs);
    tcase_add_test(c, back_and_forth_in_time);
    tcase_add_test(c, zoom);
    tcase_add_test(c, help_opens_and_closes);
    tcase_add_test(c, one_pane_alone);
    tcase_add_test(c, run_again);
    tcase_add_test(c, any_key);
    suite_add_tcase(s, c);
    return s;
}
