/* Keys that nobody would press, and sizes that nobody has: by fixed seeds, so that each is what it was the last time. Whatever comes,
 * the program is there, leaves when asked, and leaves nothing behind. */
#include "harness.h"
#include "suite.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

static const struct { const char *arguments[4]; uint32_t seed; } monkeys[] = {
    {{"scenarios/lost-update.ini"}, 1},
    {{"scenarios/server.ini", "-m", "async"}, 2},
    {{"scenarios/deadlock.ini", "-m", "stepped:threads"}, 3},
    {{"scenarios/philosophers.ini", "-m", "stepped:processes"}, 4},
    {{"--present", "scenarios/stale-global.ini"}, 5},
    {{NULL}, 6},
};
enum { KEYS = 90, NUMBER = 17 };

static uint32_t next(uint32_t *state) /* xorshift */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static uint32_t below(uint32_t *state, uint32_t n) { return next(state) % n; }

struct monkey { struct pty *p; uint32_t state; size_t seen; bool gone; };

/* Single keys, keys with a name, the mouse in and beside the screen, a search, pasted noise. */
static const char *key(struct monkey *m)
{
    static const char *const keys[] = {
        "\033[A", "\033[B", "\033[C", "\033[D", "\033[5~", "\033[6~", "\033[H", "\033[F", "\033[1;2C", "\033[1;2D", "\033[Z", "\033OA", "\r", "\t", "\177",
        " ", "[", "]", "\\", ",", ".", "<", ">", "+", "-", "0", "1", "2", "3", "a", "c", "d", "e", "f", "g", "h", "l", "m", "n", "p", "r", "t", "x", "y",
        "?", "*", "F", "M", "N", "R", "\014", "/lock\r", "/(\r", "/zz\177\177\177\r", "\033[<0;10;5M\033[<0;10;5m", "\033[<0;500;300M", "\033[<65;20;8M",
        "\033[<64;20;8M", "\033[<32;3;3M", "\303\251\346\274\242\342\200\256", "\377\300", "\033[200~a\033[31mb\033[201~", "\033[99;99z"};
    return keys[below(&m->state, sizeof keys / sizeof *keys)];
}

static void resize(struct monkey *m)
{
    static const struct { int width, height; } sizes[] = {{1, 1}, {80, 24}, {20, 5}, {300, 90}, {100, 30}, {2, 40}, {200, 3}, {120, 36}};
    uint32_t i = below(&m->state, sizeof sizes / sizeof *sizes);
    pty_resize(m->p, sizes[i].width, sizes[i].height);
}

static bool has_read(struct pty *p, void *to)
{
    struct monkey *m = to;
    m->gone = pty_exited(p);
    return m->gone || pty_unread(p) == 0;
}

/* Out of whatever is open, and out: a key a look, as the help and the fields take one each. */
static bool leaves(struct pty *p, void *to)
{
    struct monkey *m = to;
    if (!pty_exited(p) && pty_unread(p) == 0 && m->seen++ % 8 == 0)
        pty_send(p, m->seen / 8 % 3 == 2 ? "q" : "\033");
    return pty_exited(p);
}

static bool modes_are_back(struct pty *p, void *to)
{
    (void)to;
    struct termios now = pty_modes(p), before = pty_modes_before(p);
    return now.c_iflag == before.c_iflag && now.c_oflag == before.c_oflag && now.c_cflag == before.c_cflag && now.c_lflag == before.c_lflag;
}

static long last(const char *raw, size_t n, const char *sequence)
{
    size_t k = strlen(sequence);
    for (size_t i = n < k ? 0 : n - k + 1; i-- > 0;)
        if (!memcmp(raw + i, sequence, k))
            return (long)i;
    return -1;
}

START_TEST(any_keys)
{
    struct pty *p = pty_start(&(struct pty_setup){.arguments = monkeys[_i].arguments});
    struct monkey m = {.p = p, .state = monkeys[_i].seed * NUMBER};
    pty_expect_raw(p, "\033[?1049h");
    for (int i = 0; i < KEYS && !m.gone; i++) {
        if (below(&m.state, 16) == 0)
            resize(&m);
        pty_send(p, key(&m));
        pty_until(p, has_read, &m, "the program to take a key");
    }
    pty_until(p, leaves, &m, "the program to leave when asked");
    int status = pty_expect_exit(p);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "status %x", status);
    pty_until(p, modes_are_back, NULL, "the terminal's line settings as they were");
    size_t n;
    const char *raw = pty_raw(p, &n);
    ck_assert_msg(last(raw, n, "\033[?1049l") > last(raw, n, "\033[?1049h"), "did not leave the alternate screen");
    ck_assert_msg(last(raw, n, "\033[?1000l") >= last(raw, n, "\033[?1000h"), "the terminal goes on reporting the mouse");
    pty_expect_processes(p, 0, 0);
    pty_end(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("monkey");
    TCase *c = tcase_create("monkey");
    tcase_add_loop_test(c, any_keys, 0, (int)(sizeof monkeys / sizeof *monkeys));
    suite_add_tcase(s, c);
    return s;
}
