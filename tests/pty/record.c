/* A saved record on the screen: held, looked at as a run is, without one; and what keys make of it that do run something. */
#include "harness.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_DOWN "\033[6~"
static char path[] = "/tmp/convis-record-XXXXXX";

/* Writes the record of a run there. */
static void write_record(const char *scenario, const char *model)
{
    char command[1024];
    const char *program = getenv("CV_CONVIS") ? getenv("CV_CONVIS") : "build/convis";
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(command, sizeof command, "%s run %s -m %s --record %s >/dev/null", program, scenario, model, path);
    int status = system(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %x", command, status);
}

static struct pty *start(const char *const *arguments) { return pty_start(&(struct pty_setup){.arguments = arguments, .width = 120, .height = 36}); }

static void finish(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
    unlink(path);
}

START_TEST(held_and_looked_at)
{
    write_record("tests/pty/step.ini", "threads");
    struct pty *p = start((const char *const[]){path, NULL});
    pty_expect_all(p, (const char *const[]){"Steps", "record · threads", "‖ hold", NULL});
    pty_expect_in(p, "Output", "x is");
    pty_expect_processes(p, 1, 1); /* nothing runs */
    pty_send(p, "\033[H"); /* to its begin */
    pty_expect_not_in(p, "Output", "x is");
    pty_expect(p, "a record (r runs its scenario): finished");
    pty_send(p, "]]] ");
    pty_expect(p, "▶ 8×");
    pty_expect_in(p, "Output", "x is");
    pty_send(p, "w"); /* what watching costs: of a run */
    pty_expect_all(p, (const char *const[]){"This is a record", NULL});
    pty_send(p, "\033");
    pty_expect_gone(p, "This is a record");
    pty_send(p, "S"); /* its order is in the record too */
    pty_expect_in(p, "Step", "A add#0");
    pty_expect(p, "stepped:threads · 3 tasks");
    pty_expect_gone(p, "record ·");
    finish(p);
}
END_TEST

START_TEST(what_runs_takes_its_place)
{
    write_record("tests/pty/step.ini", "stepped:threads");
    struct pty *p = start((const char *const[]){path, NULL});
    pty_expect_all(p, (const char *const[]){"record · stepped:threads", "‖ hold", NULL});
    pty_send(p, "x");
    pty_expect(p, "All schedules");
    pty_send(p, "\033");
    pty_expect_all(p, (const char *const[]){"record · stepped:threads", "Shared", NULL});
    pty_send(p, "t");
    pty_expect(p, "your turn");
    pty_expect_gone(p, "record ·");
    finish(p);
}
END_TEST

START_TEST(told_to_a_room)
{
    write_record("tests/pty/lesson.ini", "async");
    struct pty *p = start((const char *const[]){"--present", path, NULL});
    pty_expect(p, "Who is greeted?");
    pty_send(p, PAGE_DOWN);
    pty_expect(p, "Nothing has happened yet.");
    pty_send(p, PAGE_DOWN);
    pty_expect(p, "Bob has written over it.");
    pty_expect_processes(p, 1, 1);
    finish(p);
}
END_TEST

START_TEST(a_damaged_one_is_told)
{
    write_record("tests/pty/step.ini", "stepped:threads");
    ck_assert_int_eq(truncate(path, 700), 0);
    struct pty *p = start((const char *const[]){path, NULL});
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 2, "status %x", status);
    pty_expect(p, "it ends too early, at byte 700");
    pty_end(p);
    unlink(path);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("record");
    TCase *c = tcase_create("record");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, held_and_looked_at);
    tcase_add_test(c, what_runs_takes_its_place);
    tcase_add_test(c, told_to_a_room);
    tcase_add_test(c, a_damaged_one_is_told);
    suite_add_tcase(s, c);
    return s;
}
