/* How it ends, and what is left then: the terminal as it was, and no process of the run. */
#include "harness.h"
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const models[] = {"async", "threads", "processes"};

static struct pty *start(const char *file, const char *model)
{
    const char *arguments[] = {file, model ? "-m" : NULL, model, NULL};
    return pty_start(&(struct pty_setup){.arguments = arguments});
}

static bool modes_are_back(struct pty *p, void *to)
{
    (void)to;
    struct termios now = pty_modes(p), before = pty_modes_before(p);
    return now.c_iflag == before.c_iflag && now.c_oflag == before.c_oflag && now.c_cflag == before.c_cflag &&
           now.c_lflag == before.c_lflag && !memcmp(now.c_cc, before.c_cc, sizeof now.c_cc);
}

/* Out of the alternate screen and the cursor visible, by the last word said about each; line settings as before. */
static void expect_terminal_as_it_was(struct pty *p)
{
    pty_until(p, modes_are_back, NULL, "the terminal's line settings as they were");
    ck_assert_msg(pty_waits(p), "reading from the terminal no longer waits, for the shell neither");
    size_t n;
    const char *raw = pty_raw(p, &n);
    long in = -1, out = -1, hidden = -1, shown = -1, mouse = -1, quiet = -1;
    for (size_t i = 0; i + 8 <= n; i++) {
        if (!memcmp(raw + i, "\033[?1049h", 8)) in = (long)i;
        if (!memcmp(raw + i, "\033[?1049l", 8)) out = (long)i;
        if (!memcmp(raw + i, "\033[?25l", 6)) hidden = (long)i;
        if (!memcmp(raw + i, "\033[?25h", 6) || !memcmp(raw + i, "\033[?12l\033[?25h", 6)) shown = (long)i;
        if (!memcmp(raw + i, "\033[?1000h", 8)) mouse = (long)i;
        if (!memcmp(raw + i, "\033[?1000l", 8)) quiet = (long)i;
    }
    if (n >= 6 && !memcmp(raw + n - 6, "\033[?25h", 6))
        shown = (long)n - 6;
    ck_assert_msg(in >= 0, "never entered the alternate screen");
    ck_assert_msg(out > in, "did not leave the alternate screen");
    ck_assert_msg(hidden < 0 || shown > hidden, "the cursor stays hidden");
    ck_assert_msg(mouse < 0 || quiet > mouse, "the terminal goes on reporting the mouse");
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(quit_leaves_nothing)
{
    struct pty *p = start("tests/pty/long.ini", models[_i]);
    pty_expect(p, "beat 1");
    pty_expect_processes(p, 2, 100);
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

/* A terminal that takes nothing, as after Ctrl-S or behind a stuck connection, holds up neither key nor signal nor crash. */
START_TEST(stuck_terminal)
{
    static const int signals[] = {0, SIGTERM, SIGSEGV};
    struct pty *p = start("tests/pty/long.ini", "threads");
    pty_expect(p, "beat 1");
    pty_hold(p);
    pty_send(p, "CC?"); /* much that waits to be shown */
    if (signals[_i])
        pty_signal(p, signals[_i]);
    else
        pty_send(p, "?q");
    int status = pty_expect_exit(p);
    ck_assert_msg(signals[_i] ? !WIFSIGNALED(status) || WTERMSIG(status) == signals[_i] : WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

START_TEST(ctrl_s_stops_nothing)
{
    struct pty *p = start("tests/pty/long.ini", "async");
    pty_expect(p, "beat 1");
    pty_send(p, "\x13?");
    pty_expect(p, "Lanes of the timeline");
    pty_send(p, "\x11q");
    pty_expect_exit(p);
    expect_terminal_as_it_was(p);
    pty_end(p);
}
END_TEST

START_TEST(signals_end_it)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    struct pty *p = start("tests/pty/long.ini", "processes");
    pty_expect(p, "beat 1");
    pty_signal(p, signals[_i]);
    int status = pty_expect_exit(p);
    ck_assert_msg(!WIFSIGNALED(status) || WTERMSIG(status) == signals[_i], "status %x", status);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

/* The state letter of a process, 0 where there is none. */
static char state_of(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *after = strrchr(text, ')');
    return after && after[1] ? after[2] : 0;
}

static bool runner_stopped(struct pty *p, void *pid) { (void)p; return state_of(*(pid_t *)pid) == 'T'; }
static bool runner_runs(struct pty *p, void *pid)
{
    (void)p;
    char state = state_of(*(pid_t *)pid);
    return state == 'S' || state == 'R';
}

/* Ctrl-Z and `fg`, by key and by signal: run and terminal stop and come back together. */
START_TEST(stop_and_continue)
{
    struct pty *p = start("tests/pty/long.ini", models[_i]);
    pty_expect(p, "beat 2");
    pid_t runner = pty_find(p, "--runner");
    ck_assert_int_gt(runner, 0);
    for (int turn = 0; turn < 2; turn++) {
        if (turn == 0)
            pty_send(p, "\x1a");
        else
            pty_signal(p, SIGTSTP);
        pty_expect_stopped(p);
        expect_terminal_as_it_was(p);
        pty_until(p, runner_stopped, &runner, "the runner to be stopped");
        pty_foreground(p);
        pty_until(p, runner_runs, &runner, "the runner to go on");
        pty_expect_all(p, (const char *const[]){"Timeline", "pulse", NULL});
        pty_expect(p, turn == 0 ? "beat 10" : "beat 18");
    }
    pty_send(p, "q");
    pty_expect_exit(p);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

static bool another_runner(struct pty *p, void *old)
{
    pid_t pid = pty_find(p, "--runner");
    return pid && pid != *(pid_t *)old;
}

START_TEST(runner_killed)
{
    struct pty *p = start("tests/pty/long.ini", models[_i]);
    pty_expect(p, "beat 3");
    pid_t runner = pty_find(p, "--runner");
    ck_assert_int_gt(runner, 0);
    ck_assert_int_eq(kill(runner, SIGKILL), 0);
    pty_expect(p, "SIGKILL");
    pty_expect_all(p, (const char *const[]){"pulse", "beats", "pulse    beat ", NULL}); /* the record until then, its last lines of output */
    pty_expect_processes(p, 1, 2); /* the viewer, perhaps its server */
    pty_send(p, "r");
    pty_until(p, another_runner, &runner, "another runner");
    pty_expect_gone(p, "SIGKILL");
    pty_expect(p, "beat 2");
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status), "status %x", status);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

START_TEST(scenario_crashes)
{
    struct pty *p = start("tests/pty/crash.ini", models[_i]);
    pty_expect_all(p, (const char *const[]){"Timeline", "victim", "before the crash", NULL});
    pty_expect(p, "SIGSEGV");
    if (!strcmp(models[_i], "processes"))
        pty_expect(p, "the other lives"); /* a process takes only itself along */
    pty_send(p, "q");
    pty_expect_exit(p);
    expect_terminal_as_it_was(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

START_TEST(terminal_vanishes)
{
    struct pty *p = start("tests/pty/long.ini", models[_i]);
    pty_expect(p, "beat 1");
    pty_expect_processes(p, 2, 100);
    pty_hang_up(p);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

START_TEST(viewer_killed)
{
    struct pty *p = start(_i < 3 ? "tests/pty/long.ini" : "tests/pty/busy.ini", models[_i % 3]);
    pty_expect(p, _i < 3 ? "beat 1" : "busy");
    pty_expect_processes(p, 2, 100);
    double from = now_s();
    pty_signal(p, SIGKILL);
    pty_expect_processes(p, 0, 0);
    double took = now_s() - from;
    ck_assert_msg(took < 1, "processes of the run were left for %.2f s after the viewer's death", took);
    pty_end(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("endings");
    TCase *c = tcase_create("endings");
    tcase_add_loop_test(c, quit_leaves_nothing, 0, 3);
    tcase_add_loop_test(c, signals_end_it, 0, 3);
    tcase_add_loop_test(c, stuck_terminal, 0, 3);
    tcase_add_test(c, ctrl_s_stops_nothing);
    tcase_add_loop_test(c, stop_and_continue, 0, 3);
    tcase_add_loop_test(c, runner_killed, 0, 3);
    tcase_add_loop_test(c, scenario_crashes, 0, 3);
    tcase_add_loop_test(c, terminal_vanishes, 0, 3);
    tcase_add_loop_test(c, viewer_killed, 0, 6);
    suite_add_tcase(s, c);
    return s;
}
