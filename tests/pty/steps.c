/* The scheduler's place: s takes it, digits, arrows and Enter choose, Backspace takes back, the schedule grows, is copied, and is
 * played under other rules as far as they let it. */
#include "harness.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NAME "tests/pty/step.ini"

static struct pty *start(const char *const *arguments) { return pty_start(&(struct pty_setup){.arguments = arguments, .width = 120, .height = 36}); }

static struct pty *on_stage(void)
{
    struct pty *p = start((const char *const[]){FILE_NAME, NULL});
    pty_expect_in(p, "Cores", "0");
    pty_send(p, "s");
    pty_expect_in(p, "Step", "read x → 0");
    pty_expect(p, "your turn");
    return p;
}

static void finish(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}

START_TEST(somebody_chooses_and_takes_back)
{
    struct pty *p = on_stage();
    pty_send(p, "1");
    pty_expect_in(p, "Step", "write x ← 1");
    pty_send(p, "22");
    pty_expect_in(p, "Step", "A1 B2");
    pty_expect(p, "1 preemption");
    pty_expect_in(p, "Shared", "1");
    pty_send(p, "\r"); /* who is picked: A is, as B is done */
    pty_expect_in(p, "Step", "A1 B2 A1");
    pty_expect(p, "lost"); /* a finding */
    pty_send(p, "\177\177\177");
    pty_expect_not_in(p, "Step", "A1 B");
    pty_expect_in(p, "Step", "write x ← 1");
    pty_expect_in(p, "Shared", "0"); /* what was undone is gone */
    pty_expect_gone(p, "⚠");
    pty_send(p, "\033[A\033[A\033[B\r"); /* to the top, and down to B */
    pty_expect_in(p, "Step", "A1 B1");
    pty_send(p, "r");
    pty_expect(p, "0 preemptions");
    pty_expect_not_in(p, "Step", "A1 B");
    pty_send(p, "3");
    pty_expect_in(p, "Step", "asleep, then read x → 0");
    pty_send(p, "3"); /* who sleeps may go: time moves on */
    pty_expect(p, "1.000 s");
    finish(p);
}
END_TEST

START_TEST(on_to_an_output_and_by_chance_to_the_end)
{
    struct pty *p = on_stage();
    pty_send(p, "f"); /* A, to its end */
    pty_expect_in(p, "Step", "A2");
    pty_send(p, "3f");
    pty_expect_in(p, "Output", "x is 1");
    pty_send(p, "R");
    pty_expect(p, "finished");
    pty_expect(p, "1 of 1 expectation holds");
    pty_send(p, "\177");
    pty_expect(p, "your turn");
    pty_send(p, "\033");
    pty_expect_in(p, "Cores", "0"); /* a real run again */
    pty_expect_gone(p, "your turn");
    finish(p);
}
END_TEST

START_TEST(a_schedule_is_played_copied_and_tried_under_other_rules)
{
    struct pty *p = start((const char *const[]){"-m", "stepped:threads", "--schedule", "A B2 A", FILE_NAME, NULL});
    pty_expect_in(p, "Step", "A1 B2 A1");
    pty_send(p, "y");
    pty_expect(p, "A = add#0, B = add#1, C = last");
    size_t n;
    ck_assert_msg(strstr(pty_raw(p, &n), "\033]52;c;QTEgQjIgQTE=\007"), "no clipboard: %s", pty_raw(p, &n) + (n > 200 ? n - 200 : 0));
    pty_send(p, "\033");
    pty_expect_gone(p, "A = add#0");
    pty_expect(p, "your turn");
    pty_send(p, "a"); /* a coroutine keeps the thread */
    pty_expect(p, "step 2 of the schedule is impossible: B cannot go");
    pty_send(p, "p"); /* what was possible there is possible here */
    pty_expect(p, "stepped:processes");
    pty_expect_in(p, "Step", "A2");
    finish(p);
}
END_TEST

START_TEST(a_schedule_that_is_none_is_told)
{
    struct pty *p = start((const char *const[]){"-m", "stepped:threads", "--schedule", "A D", FILE_NAME, NULL});
    pty_expect(p, "step 2 of the schedule is impossible: D does not exist yet");
    pty_expect_in(p, "Step", "write x ← 1");
    finish(p);
}
END_TEST

/* A long run by chance can be stopped, and deep down one step is taken back as at the beginning. */
START_TEST(deep_down)
{
    struct pty *p = start((const char *const[]){"-m", "stepped:threads", "-p", "rounds=30000", FILE_NAME, NULL});
    pty_expect_in(p, "Step", "read x → 0");
    pty_send(p, "R");
    pty_expect(p, "finished");
    pty_send(p, "\177");
    pty_expect(p, "your turn");
    pty_expect_gone(p, "finished;");
    pty_send(p, "\177\177");
    finish(p);
}
END_TEST

START_TEST(a_task_that_never_comes_to_a_step_is_named)
{
    struct pty *p = on_stage();
    pty_end(p);
    FILE *f = fopen("/tmp/convis-spin.ini", "w");
    ck_assert_ptr_nonnull(f);
    fputs("[shared]\nx = 0\n[task t]\n    x = 1\n    i = 0\n    while true:\n        i = i\n", f);
    fclose(f);
    p = start((const char *const[]){"-m", "stepped:threads", "/tmp/convis-spin.ini", NULL});
    pty_expect_in(p, "Step", "write x ← 1");
    pty_send(p, "1");
    pty_expect(p, "no visible step any more");
    finish(p);
    remove("/tmp/convis-spin.ini");
}
END_TEST

/* A puzzle tells its goal as it opens; who reaches it is told so, with how many preemptions, and has a transcript of it, the same
 * that the schedule makes without a screen. */
START_TEST(a_puzzle_is_solved_and_written_down)
{
    char mine[] = "/tmp/convis-transcript-XXXXXX", other[64], command[512];
    int fd = mkstemp(mine);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(other, sizeof other, "%s~", mine);
    struct pty *p = start((const char *const[]){"scenarios/lost-update.ini", "-p", "rounds=2", "--transcript", mine, NULL});
    pty_expect(p, "goal: counter < 2 * rounds - press s");
    pty_send(p, "s");
    pty_expect_in(p, "Step", "goal: counter < 2 * rounds");
    pty_send(p, "122"); /* B's read, B's write, in between A's */
    pty_expect_in(p, "Step", "A1 B2");
    pty_send(p, "1f2f");
    pty_expect_in(p, "Step", "goal reached: counter < 2 * rounds, with 2 preemptions");
    pty_expect_in(p, "Step", "possible: 1");
    pty_expect(p, "transcript written to ");
    pty_send(p, "\177");
    pty_expect_not_in(p, "Step", "goal reached");
    finish(p);
    const char *convis = getenv("CV_CONVIS") ? getenv("CV_CONVIS") : "build/convis";
    snprintf(command, sizeof command, "%s verify %s >/dev/null", convis, mine);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "%s run scenarios/lost-update.ini -p rounds=2 -m stepped:threads --schedule \"$(sed -n 's/^schedule: //p' %s)\" --transcript %s >/dev/null", convis, mine, other);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "cmp %s %s", mine, other);
    ck_assert_int_eq(system(command), 0);
    remove(mine);
    remove(other);
}
END_TEST

/* S: at the end of the real run that just was; a step back, and who goes otherwise has left it. */
START_TEST(from_life_to_the_stage)
{
    struct pty *p = start((const char *const[]){FILE_NAME, NULL});
    pty_expect_in(p, "Output", "x is ");
    pty_expect(p, "finished");
    pty_send(p, "S");
    pty_expect_in(p, "Step", "The run that was, its 7 choices");
    pty_expect_in(p, "Output", "x is ");
    pty_send(p, "\177");
    pty_expect_in(p, "Step", "So far the run that was, choice 6 of 7");
    pty_expect_in(p, "Step", "next there: C (last)");
    pty_send(p, "\177\177\177\177\177\177");
    pty_expect_in(p, "Step", "choice 0 of 7");
    pty_send(p, "333"); /* whoever was first: not the one that slept and printed */
    pty_expect_in(p, "Step", "Here it left the run that was");
    finish(p);
}
END_TEST

START_TEST(all_schedules_and_the_one_that_breaks)
{
    char path[] = "/tmp/convis-explore-XXXXXX.ini";
    int fd = mkstemps(path, 4);
    ck_assert_int_ge(fd, 0);
    dprintf(fd, "[scenario]\nmodel = threads\n[shared]\nx = 0\n[task t x 2]\n    x += 1\n[expect]\nx == 2\n");
    close(fd);
    struct pty *p = start((const char *const[]){path, NULL});
    pty_expect_in(p, "Cores", "0");
    pty_send(p, "x");
    pty_expect(p, "4 traces, 6 interleavings");
    pty_expect(p, "1 preemption, 4 steps, the least there is");
    pty_expect(p, "B was let in.");
    pty_send(p, "x");
    pty_expect_gone(p, "interleavings");
    pty_send(p, "x");
    pty_expect(p, "the least there is");
    pty_send(p, "\r");
    pty_expect_in(p, "Step", "A1 B2 A1");
    pty_expect(p, "it had read it before B wrote");
    pty_expect_in(p, "Shared", "1");
    finish(p);
    unlink(path);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("steps");
    TCase *c = tcase_create("steps");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, somebody_chooses_and_takes_back);
    tcase_add_test(c, all_schedules_and_the_one_that_breaks);
    tcase_add_test(c, on_to_an_output_and_by_chance_to_the_end);
    tcase_add_test(c, a_schedule_is_played_copied_and_tried_under_other_rules);
    tcase_add_test(c, a_schedule_that_is_none_is_told);
    tcase_add_test(c, deep_down);
    tcase_add_test(c, from_life_to_the_stage);
    tcase_add_test(c, a_puzzle_is_solved_and_written_down);
    tcase_add_test(c, a_task_that_never_comes_to_a_step_is_named);
    suite_add_tcase(s, c);
    return s;
}
