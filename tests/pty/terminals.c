/* Terminals of every size and kind, and text that would like to be more than text. */
#include "harness.h"
#include "suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const stale[] = {"scenarios/stale-global.ini", NULL};
static const char *const long_run[] = {"tests/pty/long.ini", NULL};
static const char *const all_panes[] = {"Cores", "Switches", "Timeline", "Shared", "Output", NULL};

static void quit(struct pty *p)
{
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "q ended it with status %x", status);
    pty_end(p);
}

/* On a screen of one cell curses cannot keep anything: it fills the last cell of a row by inserting from the one before. */
static bool not_blank(struct pty *p, void *to)
{
    const int *size = to;
    if (size[0] == 1 && size[1] == 1)
        return true;
    const char *screen = pty_screen(p);
    return screen[strspn(screen, " \n")] != 0;
}

static bool sent_more(struct pty *p, void *than)
{
    size_t n;
    pty_raw(p, &n);
    return n > *(size_t *)than;
}

START_TEST(starts_at_any_size)
{
    static const int sizes[][2] = {{80, 24}, {200, 60}, {300, 100}, {40, 12}, {20, 5}, {10, 3}, {2, 2}, {1, 1}};
    struct pty *p = pty_start(&(struct pty_setup){.width = sizes[_i][0], .height = sizes[_i][1], .arguments = long_run});
    pty_expect_raw(p, "\033[?1049h");
    pty_until(p, not_blank, (void *)sizes[_i], "something on the screen");
    if (sizes[_i][0] >= 80)
        pty_expect_all(p, all_panes);
    if (sizes[_i][0] >= 40)
        pty_expect_all(p, (const char *const[]){"pulse", "other", NULL});
    quit(p);
}
END_TEST

START_TEST(resize_storm)
{
    struct pty *p = pty_start(&(struct pty_setup){.arguments = long_run});
    pty_expect_all(p, all_panes);
    unsigned seed = 12345;
    for (int i = 0; i < 200; i++) {
        seed = seed * 1103515245u + 12345u;
        pty_resize(p, 1 + (int)(seed >> 16) % 220, 1 + (int)(seed >> 8) % 70);
        if (i % 8 == 0)
            pty_send(p, i % 16 ? "\t" : "+");
    }
    static const int sizes[][2] = {{80, 24}, {20, 5}, {1, 1}, {20, 5}, {300, 100}, {1, 50}, {150, 1}, {100, 30}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t sent;
        pty_raw(p, &sent);
        pty_resize(p, sizes[i][0], sizes[i][1]);
        pty_until(p, sent_more, &sent, "a frame of the new size");
        pty_until(p, not_blank, (void *)sizes[i], "something on the screen");
    }
    pty_send(p, "l");
    pty_expect_all(p, all_panes);
    quit(p);
}
END_TEST

START_TEST(escape_sequences_are_text)
{
    static const char *const arguments[] = {"tests/pty/escape.ini", NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = arguments});
    pty_expect_all(p, all_panes);
    pty_expect_in(p, "Output", "harmless");
    size_t n;
    const char *raw = pty_raw(p, &n);
    ck_assert_msg(!memmem(raw, n, "\033]0;owned", 9), "the scenario set the window's title");
    ck_assert_msg(!memmem(raw, n, "\xc2\x9b", 2), "a C1 control went to the terminal");
    ck_assert_msg(!memmem(raw, n, "\xe2\x80\xae", 3), "a bidirectional override went to the terminal");
    quit(p);
}
END_TEST

START_TEST(unknown_terminal)
{
    struct pty *p = pty_start(&(struct pty_setup){.term = "no-such-terminal", .arguments = stale});
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x\n%s", status, pty_screen(p));
    ck_assert_msg(pty_shows(p, "no-such-terminal"), "it does not name the terminal:\n%s", pty_screen(p));
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

/* Themes by option and key; colours as the terminal has them. */
START_TEST(themes)
{
    static const char *const light[] = {"--theme", "light", "scenarios/stale-global.ini", NULL};
    static const char *const plain[] = {NULL}, *const rich[] = {"COLORTERM=truecolor", NULL}, *const none[] = {"NO_COLOR=1", NULL};
    static const struct { const char *term, *const *env, *light, *projector; } cases[] = {
        {"tmux-256color", plain, "\033[38;5;234;48;5;231m", "48;5;231"},
        {"tmux-256color", rich, "48;2;255;255;255", "38;2;0;0;0"},
        {"screen", rich, "\033[30;47m", "47"},
        {"tmux-256color", none, "Alice", "projector"}};
    struct pty *p = pty_start(&(struct pty_setup){.term = cases[_i].term, .env = cases[_i].env, .arguments = light});
    pty_expect_all(p, all_panes);
    pty_expect_raw(p, cases[_i].light);
    pty_send(p, "C");
    pty_expect(p, "theme projector");
    pty_expect_raw(p, cases[_i].projector);
    pty_send(p, "CC");
    pty_expect(p, "theme mono: no colours");
    size_t n;
    const char *raw = pty_raw(p, &n);
    ck_assert_msg(_i != 3 || (!memmem(raw, n, "\033[38;", 5) && !memmem(raw, n, "\033[48;", 5)), "colours were sent though none were wanted");
    quit(p);
}
END_TEST

/* The user's configuration: theme, panes, keys. */
START_TEST(configuration)
{
    char folder[] = "/tmp/convis-config-XXXXXX", path[128], home[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/convis", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/convis/config.ini", folder);
    FILE *f = fopen(path, "w");
    fputs("; mine\n[screen]\ntheme = light\n[panes]\nhide = Cores, Switches\nfocus = Code\n[keys]\nquit = Z\nkind = K\n", f);
    fclose(f);
    snprintf(home, sizeof home, "XDG_CONFIG_HOME=%s", folder);
    struct pty *p = pty_start(&(struct pty_setup){.env = (const char *const[]){home, NULL}, .arguments = stale});
    pty_expect_all(p, (const char *const[]){"Timeline", "Shared", "Output", "Z quit", NULL});
    pty_expect_gone(p, "Switches");
    pty_expect_raw(p, "48;5;231");
    pty_send(p, "qK");
    pty_expect(p, "next shared write"); /* and q has not ended it */
    pty_send(p, "Z");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "Z ended it with status %x", status);
    pty_end(p);
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    rmdir(folder);
}
END_TEST

START_TEST(other_terminals)
{
    static const char *const terms[] = {"xterm-256color", "linux", "vt100", "screen", "xterm"};
    struct pty *p = pty_start(&(struct pty_setup){.term = terms[_i], .arguments = stale});
    pty_expect_raw(p, "Alice");
    pty_send(p, "q");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    pty_forget_unknown(p); /* the emulator is none of these */
    pty_end(p);
}
END_TEST

/* Does an SGR sequence set a colour? */
static bool coloured(const char *raw, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++) {
        if (raw[i] != '\033' || raw[i + 1] != '[')
            continue;
        int number = 0;
        bool sets = false;
        size_t j = i + 2;
        for (; j < n && (isdigit((unsigned char)raw[j]) || raw[j] == ';' || raw[j] == ':'); j++) {
            if (isdigit((unsigned char)raw[j])) {
                number = number * 10 + raw[j] - '0';
            } else {
                sets |= (number >= 30 && number <= 38) || (number >= 40 && number <= 48) || (number >= 90 && number <= 107);
                number = 0;
            }
        }
        sets |= (number >= 30 && number <= 38) || (number >= 40 && number <= 48) || (number >= 90 && number <= 107);
        if (j < n && raw[j] == 'm' && sets)
            return true;
    }
    return false;
}

START_TEST(colour_and_no_colour)
{
    static const char *const no_color[] = {"NO_COLOR=1", NULL};
    static const char *const option[] = {"--no-color", "scenarios/stale-global.ini", NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = _i == 2 ? option : stale, .env = _i == 1 ? no_color : NULL});
    pty_expect_all(p, all_panes);
    pty_expect_in(p, "Output", "Handled by: Bob");
    size_t n;
    const char *raw = pty_raw(p, &n);
    ck_assert_int_eq(coloured(raw, n), _i == 0);
    quit(p);
}
END_TEST

START_TEST(ascii_only)
{
    static const char *const option[] = {"--ascii", "scenarios/stale-global.ini", NULL};
    struct pty *p = pty_start(&(struct pty_setup){.arguments = _i ? stale : option, .lang = _i ? "C" : NULL});
    pty_expect_all(p, all_panes);
    pty_send(p, "?");
    pty_expect(p, "frozen");
    pty_send(p, "\033");
    pty_expect_in(p, "Output", "Handled by: Bob");
    pty_send(p, "p");
    pty_expect_in(p, "Output", "Handled by: Alice");
    size_t n;
    const char *raw = pty_raw(p, &n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg((unsigned char)raw[i] < 0x80, "byte %02x was sent: …%.40s", (unsigned char)raw[i], raw + (i > 20 ? i - 20 : 0));
    quit(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("terminals");
    TCase *c = tcase_create("terminals");
    tcase_add_loop_test(c, starts_at_any_size, 0, 8);
    tcase_add_test(c, resize_storm);
    tcase_add_test(c, escape_sequences_are_text);
    tcase_add_test(c, unknown_terminal);
    tcase_add_loop_test(c, themes, 0, 4);
    tcase_add_test(c, configuration);
    tcase_add_loop_test(c, other_terminals, 0, 5);
    tcase_add_loop_test(c, colour_and_no_colour, 0, 3);
    tcase_add_loop_test(c, ascii_only, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
