/* Looking closer, on a terminal: the list of findings and its jump, a line unfolded into its steps, the wheel, the search. */
#include "harness.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { X = 52 }; /* a column in the middle of the timeline */

/* Two users share a global, under async: Alice always reads Bob's name, at line 14. */
static struct pty *at_the_end(void)
{
    struct pty *p = pty_start(&(struct pty_setup){.arguments = (const char *const[]){"scenarios/stale-global.ini", "-m", "async", NULL}});
    pty_expect(p, "1 finding (d)");
    pty_expect(p, "finished");
    return p;
}

static void finish(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    pty_end(p);
}

START_TEST(the_findings_and_a_jump)
{
    struct pty *p = at_the_end();
    pty_send(p, "d");
    pty_expect_all(p, (const char *const[]){"1 × stale read", "Alice read current_user = \"Bob\" at line 14", "Enter goes there", NULL});
    pty_expect_gone(p, "Timeline");
    pty_send(p, "d");
    pty_expect_gone(p, "Enter goes there");
    pty_expect(p, "Timeline");
    pty_send(p, "d\r");
    pty_expect_gone(p, "Enter goes there");
    pty_expect_all(p, (const char *const[]){"‖ hold", "▸Alice", "▼", NULL});
    pty_expect_in(p, "Code", "14 A");
    finish(p);
}
END_TEST

START_TEST(a_line_and_its_steps)
{
    struct pty *p = at_the_end();
    pty_send(p, "d\ru");
    pty_expect_in(p, "Code", "├ read current_user");
    pty_expect_in(p, "Code", "╰ line done");
    pty_send(p, "u");
    pty_expect_not_in(p, "Code", "line done");
    finish(p);
}
END_TEST

/* In the form that the emulator's kind of terminal sends, counted from 1. */
static void mouse(struct pty *p, int button, int x, int y)
{
    char text[8];
    snprintf(text, sizeof text, "\033[M%c%c%c", 32 + button, 33 + x, 33 + y);
    pty_send(p, text);
}

static int row_of(struct pty *p, const char *word)
{
    const char *screen = pty_screen(p), *at = strstr(screen, word);
    int row = 0;
    ck_assert_msg(at, "'%s' is not on the screen", word);
    for (; screen < at; screen++)
        row += *screen == '\n';
    return row;
}

/* The time in the first row, in ms. */
static double instant(struct pty *p)
{
    char head[512];
    snprintf(head, sizeof head, "%.*s", (int)strcspn(pty_screen(p), "\n"), pty_screen(p));
    char *end = strstr(head, " ms  "), *seconds = strstr(head, " s  "), *at = end ? end : seconds;
    while (at && at > head && at[-1] != ' ')
        at--;
    return at ? strtod(at, NULL) * (end ? 1 : 1000) : -1;
}

static bool within(struct pty *p, void *to)
{
    double *range = to, at = instant(p);
    return at > range[0] && at < range[1];
}

START_TEST(the_mouse_in_time)
{
    struct pty *p = at_the_end();
    int y = row_of(p, "▸Alice");
    mouse(p, 0, X, y);
    mouse(p, 3, X, y);
    pty_until(p, within, (double[]){300, 900}, "the instant that was clicked at");
    double at = instant(p);
    pty_send(p, "l");
    pty_expect(p, "finished");
    for (int i = 0; i < 6; i++)
        mouse(p, 64, X, y); /* the wheel: nearer, until the end is out of sight */
    pty_until(p, within, (double[]){at - 50, at + 50}, "the instant under the mouse");
    pty_expect(p, "ms wide");
    for (int i = 0; i < 8; i++)
        mouse(p, 65, X, y);
    pty_expect_gone(p, "ms wide");
    finish(p);
}
END_TEST

START_TEST(a_search)
{
    struct pty *p = at_the_end();
    pty_send(p, "/handled by\r");
    pty_expect(p, "output: Handled by: Bob");
    pty_send(p, "/\r/\r");
    pty_expect(p, "line 14: print \"Handled by: {current_user}\"");
    pty_send(p, "/current\r");
    pty_expect(p, "current_user written at line 12");
    pty_send(p, "/no such thing\r");
    pty_expect(p, "has 'no such thing'");
    finish(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("look");
    TCase *c = tcase_create("look");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, the_findings_and_a_jump);
    tcase_add_test(c, a_line_and_its_steps);
    tcase_add_test(c, the_mouse_in_time);
    tcase_add_test(c, a_search);
    suite_add_tcase(s, c);
    return s;
}
