/* --watch: an editor saves, the run begins anew; what is wrong stands over the picture, and the run before it goes on. */
#include "harness.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96];

static void write_file(const char *at, const char *text)
{
    FILE *f = fopen(at, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

/* As an editor does it: a new file in the old one's place. */
static void replace_file(const char *text)
{
    char other[120];
    snprintf(other, sizeof other, "%s~", path);
    write_file(other, text);
    ck_assert_int_eq(rename(other, path), 0);
}

static struct pty *start(void)
{
    const char *const arguments[] = {"--watch", path, NULL};
    strcpy(folder, "/tmp/convis-watch-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mine.ini", folder);
    write_file(path, "[task t]\n    print \"the first\"\n    await sleep 60s\n");
    struct pty *p = pty_start(&(struct pty_setup){.arguments = arguments});
    pty_expect_in(p, "Output", "the first");
    return p;
}

static void finish(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    pty_expect_processes(p, 0, 0);
    pty_end(p);
    unlink(path);
    rmdir(folder);
}

START_TEST(a_saved_file_runs_anew)
{
    struct pty *p = start();
    pid_t old = pty_find(p, "--runner");
    replace_file("[task t]\n    print \"the second\"\n    await sleep 60s\n");
    pty_expect_in(p, "Output", "the second");
    pty_expect_not_in(p, "Output", "the first");
    ck_assert_int_ne(pty_find(p, "--runner"), old);
    write_file(path, "[task t]\n    print \"the third\"\n"); /* written in place, as others do */
    pty_expect_in(p, "Output", "the third");
    finish(p);
}
END_TEST

START_TEST(the_model_stays)
{
    struct pty *p = start();
    pty_send(p, "p");
    pty_expect(p, "1 process");
    replace_file("[task t x 2]\n    print \"one of two\"\n    await sleep 60s\n");
    pty_expect(p, "2 processes");
    finish(p);
}
END_TEST

START_TEST(what_is_wrong_is_shown)
{
    struct pty *p = start();
    pid_t old = pty_find(p, "--runner");
    replace_file("[task t]\n    print \"x\"\n    await sleep 1sec\n    prnt \"x\"\n");
    pty_expect_all(p, (const char *const[]){"not run: the file is wrong", "mine.ini:3:18: error: no such duration unit", "mine.ini:4:5: error", NULL});
    ck_assert_msg(pty_find(p, "--runner") == old, "the run before goes on");
    replace_file("[task t]\n    print \"\033]0;owned\007\"\n");
    pty_expect(p, "a control character (\\x1b)");
    size_t n;
    const char *raw = pty_raw(p, &n);
    ck_assert_msg(!memmem(raw, n, "\033]0;owned", 9), "the file set the window's title");
    pty_send(p, "\033");
    pty_expect_gone(p, "not run: the file is wrong");
    pty_expect_in(p, "Output", "the first");
    replace_file("[task t]\n    await sleep 1sec\n");
    pty_expect(p, "not run: the file is wrong");
    replace_file("[task t]\n    print \"right again\"\n    await sleep 60s\n");
    pty_expect_in(p, "Output", "right again");
    pty_expect_gone(p, "not run: the file is wrong");
    unlink(path); /* and a file that is gone for a while changes nothing */
    pty_send(p, "r");
    pty_expect_in(p, "Output", "right again");
    finish(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("watch");
    TCase *c = tcase_create("watch");
    tcase_add_test(c, a_saved_file_runs_anew);
    tcase_add_test(c, the_model_stays);
    tcase_add_test(c, what_is_wrong_is_shown);
    suite_add_tcase(s, c);
    return s;
}
