/* Text: what reaches a terminal is harmless, widths, near words, durations; and the buffers under it. */
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"
#include "suite.h"

static void cleaned(const char *s, size_t n, const char *want)
{
    struct cv_buf b = {0};
    cv_text_clean(&b, s, n);
    ck_assert_str_eq(b.at, want);
    ck_assert_uint_eq(b.n, strlen(want));
    cv_buf_release(&b);
}
#define CLEANED(s, want) cleaned(s, sizeof(s) - 1, want)

START_TEST(harmless_text_passes)
{
    CLEANED("", "");
    CLEANED("plain ~ text", "plain ~ text");
    CLEANED("a\tb", "a b");
    CLEANED("Grüße, 日本 🙂", "Grüße, 日本 🙂");
    CLEANED("\xef\xbf\xbd", "\xef\xbf\xbd"); /* U+FFFD itself is text */
}
END_TEST

/* For a terminal that knows no UTF-8: U+015B ends with the byte of a control sequence's beginning there. */
START_TEST(ascii_alone)
{
    cv_text_ascii = true;
    CLEANED("plain \xc5\x9b \xf0\x9f\x99\x82 \x1b \xff", "plain \\u{15b} \\u{1f642} \\x1b \\xff");
    cv_text_ascii = false;
    CLEANED("\xc5\x9b", "\xc5\x9b");
}
END_TEST

START_TEST(fitted_to_columns)
{
    static const struct { const char *text; int columns; bool ascii; const char *want; } cases[] = {
        {"", 3, false, "   "},         {"abc", 3, false, "abc"},     {"ab", 3, false, "ab "}, {"abcd", 3, false, "ab…"},
        {"abcdef", 5, true, "ab..."},  {"abcd", 2, true, "a."},      {"ab", 1, false, "…"},   {"日本", 4, false, "日本"},
        {"日本語", 5, false, "日本…"}, {"日本語", 4, false, "日… "}, {"e\xcc\x81x", 2, false, "e\xcc\x81x"}};
    for (size_t i = 0; i < CV_COUNT(cases); i++) {
        struct cv_buf b = {0};
        cv_text_fit(&b, cases[i].text, cases[i].columns, cases[i].ascii);
        ck_assert_str_eq(b.at, cases[i].want);
        cv_buf_release(&b);
    }
}
END_TEST

START_TEST(escapes_come_out_visibly)
{
    CLEANED("\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07");
    CLEANED("a\nb\r\0c\x7f", "a\\x0ab\\x0d\\x00c\\x7f");
    CLEANED("\xc2\x9b"
            "31m",
            "\\u{9b}31m"); /* C1 CSI in UTF-8 */
    CLEANED("\x9b"
            "31m",
            "\\x9b31m"); /* and as a bare byte */
    CLEANED("\xe2\x80\xae"
            "txt\xe2\x81\xa6",
            "\\u{202e}txt\\u{2066}");
    CLEANED("\xd8\x9c\xe2\x80\x8b\xe2\x80\xa8\xef\xbb\xbf\xc2\xad", "\\u{61c}\\u{200b}\\u{2028}\\u{feff}\\u{ad}");
    CLEANED("\xf3\xa0\x81\x81", "\\u{e0041}");
}
END_TEST

START_TEST(what_is_not_utf8_comes_out_as_bytes)
{
    CLEANED("\xc0\xaf", "\\xc0\\xaf"); /* overlong */
    CLEANED("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
    CLEANED("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    CLEANED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past U+10FFFF */
    CLEANED("ok\xe6\x97", "ok\\xe6\\x97");               /* cut off */
    CLEANED("\xff\xfe", "\\xff\\xfe");
    CLEANED("\xe2\x1b[m", "\\xe2\\x1b[m"); /* an escape where a continuation should be */
}
END_TEST

START_TEST(nothing_below_a_blank_survives_any_bytes)
{
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 2000; round++) {
        char s[40];
        for (size_t i = 0; i < sizeof s; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            s[i] = (char)((seed >> 20 & 3) ? seed >> 32 : 0xc0 | (seed >> 32 & 0x3f));
        }
        struct cv_buf b = {0};
        cv_text_clean(&b, s, sizeof s);
        for (size_t i = 0, n; i < b.n; i += n) {
            uint32_t c = cv_utf8(b.at + i, b.n - i, &n);
            ck_assert(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
            ck_assert(c != 0xfffd || n == 3);
        }
        cv_buf_release(&b);
    }
}
END_TEST

START_TEST(code_points)
{
    size_t n;
    ck_assert_uint_eq(cv_utf8("A", 1, &n), 'A');
    ck_assert_uint_eq(cv_utf8("€x", 4, &n), 0x20ac);
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(cv_utf8("€", 2, &n), 0xfffd);
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(cv_utf8("\xf4\x8f\xbf\xbf", 4, &n), 0x10ffff);
    ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(widths)
{
    static const struct {
        uint32_t c;
        int columns;
    } want[] = {{'a', 1},    {0x1b, 0},     {0x9f, 0},   {0xe9, 1},   {0x301, 0},  {0x200d, 0},  {0xfe0f, 0},
                {0x1100, 2}, {0x3042, 2},   {0x65e5, 2}, {0xac00, 2}, {0xff21, 2}, {0xff61, 1},  {0x1f642, 2},
                {0x2500, 1}, {0x2588, 1},   {0x25b6, 1}, {0x28ff, 1}, {0x2026, 1}, {0x20000, 2}, {0x5d0, 1},
                {0x303f, 1}, {0x10ffff, 1}, {0x378, 1},  {0x3099, 0}, {0x4dc0, 2}};
    for (size_t i = 0; i < CV_COUNT(want); i++)
        ck_assert_msg(cv_text_width(want[i].c) == want[i].columns, "U+%04X", want[i].c);
}
END_TEST

START_TEST(durations)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } want[] = {{0, "0 ns"},
                {1, "1 ns"},
                {999, "999 ns"},
                {1000, "1.00 us"},
                {1234, "1.23 us"},
                {56789, "56.8 us"},
                {890000, "890 us"},
                {999499, "999 us"},
                {999500, "1.00 ms"},
                {9994999, "9.99 ms"},
                {9995001, "10.0 ms"},
                {56700000, "56.7 ms"},
                {99960000, "100 ms"},
                {1234000000, "1.234 s"},
                {12340000000, "12.3 s"},
                {123400000000, "123 s"},
                {4321000000000, "4321 s"},
                {1000000000000000, "11 d"}};
    for (size_t i = 0; i < CV_COUNT(want); i++)
        ck_assert_str_eq(cv_duration_text(want[i].ns, true), want[i].text);
    ck_assert_str_eq(cv_duration_text(56789, false), "56.8 µs");
    for (int shift = 0; shift < 64; shift++) {
        ck_assert_uint_le(strlen(cv_duration_text(UINT64_MAX >> shift, true)), 8);
        ck_assert_uint_le(strlen(cv_duration_text((uint64_t)1 << shift, true)), 8);
    }
    const char *one = cv_duration_text(1, true), *two = cv_duration_text(2, true);
    ck_assert_str_eq(one, "1 ns"); /* a few stand side by side in one printf */
    ck_assert_str_eq(two, "2 ns");
}
END_TEST

START_TEST(near_words)
{
    static const char *const names[] = {"print", "spawn", "sleep", "await", "lock", "unlock", "put", "get"};
    size_t n = CV_COUNT(names);
    ck_assert_str_eq(cv_text_nearest("pirnt", names, n), "print");
    ck_assert_str_eq(cv_text_nearest("slep", names, n), "sleep");
    ck_assert_str_eq(cv_text_nearest("awiat", names, n), "await");
    ck_assert_str_eq(cv_text_nearest("unlokc", names, n), "unlock");
    ck_assert_str_eq(cv_text_nearest("gte", names, n), "get");
    ck_assert_ptr_null(cv_text_nearest("zebra", names, n));
    ck_assert_ptr_null(cv_text_nearest("", names, n));
    ck_assert_ptr_null(cv_text_nearest("x", names, n));
    ck_assert_ptr_null(cv_text_nearest("sleep", names, 0));
    char *enormous = cv_alloc(100001);
    memset(enormous, 'a', 100000);
    ck_assert_ptr_null(cv_text_nearest(enormous, names, n));
    free(enormous);
}
END_TEST

START_TEST(buffers_grow)
{
    struct cv_buf b = {0};
    for (int i = 0; i < 1000; i++)
        cv_buf_printf(&b, "%d,", i);
    ck_assert_uint_eq(b.n, strlen(b.at));
    ck_assert_ptr_nonnull(strstr(b.at, ",998,999,"));
    cv_buf_release(&b);
    ck_assert_ptr_null(b.at);
    CV_VEC(int) v = {0};
    for (int i = 0; i < 1000; i++)
        CV_PUSH(&v, i * i);
    ck_assert_uint_eq(v.n, 1000);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(v.at[i], i * i);
    free(v.at);
    char *copy = cv_strndup("abcdef", 3);
    ck_assert_str_eq(copy, "abc");
    free(copy);
}
END_TEST

static void say_restored(void)
{
    fputs("restored\n", stderr);
}

START_TEST(out_of_memory_is_an_end_with_3)
{
    cv_panic_hook = say_restored;
    size_t cap = SIZE_MAX / 4; /* a vector that cannot grow any more */
    void *at = NULL;
    cv_vec_grow(&at, cap, &cap, 16);
}
END_TEST

START_TEST(a_mistake_of_ours_aborts)
{
    cv_panic_hook = say_restored;
    CV_ASSERT(cv_text_width('a') == 2);
}
END_TEST

START_TEST(the_clock_runs_forward_on_a_line)
{
    cv_clock_init();
    ck_assert_str_eq(cv_clock_name(), cv_clock_tsc ? "tsc" : "vdso");
    struct cv_clock_pair a = cv_clock_pair(), b;
    do
        b = cv_clock_pair();
    while (b.ns - a.ns < 20000000);
    ck_assert(b.ticks > a.ticks);
    ck_assert_uint_eq(cv_clock_ns(a, b, a.ticks), a.ns);
    ck_assert_uint_eq(cv_clock_ns(a, b, b.ticks), b.ns);
    uint64_t mid = cv_clock_ns(a, b, a.ticks + (b.ticks - a.ticks) / 2);
    ck_assert(mid > a.ns && mid < b.ns);
    uint64_t before = cv_mono_ns(), by_line = cv_clock_ns(a, b, cv_ticks()), after = cv_mono_ns();
    ck_assert_uint_ge(by_line + 1000000, before);
    ck_assert_uint_le(by_line, after + 1000000);
    ck_assert_uint_eq(cv_clock_ns(a, a, b.ticks), a.ns); /* no line: no division either */
    ck_assert_uint_eq(cv_clock_ns((struct cv_clock_pair){1000, 5}, (struct cv_clock_pair){2000, 1005}, 10), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base text");
    TCase *t = tcase_create("text");
    tcase_add_test(t, harmless_text_passes);
    tcase_add_test(t, ascii_alone);
    tcase_add_test(t, fitted_to_columns);
    tcase_add_test(t, escapes_come_out_visibly);
    tcase_add_test(t, what_is_not_utf8_comes_out_as_bytes);
    tcase_add_test(t, nothing_below_a_blank_survives_any_bytes);
    tcase_add_test(t, code_points);
    tcase_add_test(t, widths);
    tcase_add_test(t, durations);
    tcase_add_test(t, near_words);
    suite_add_tcase(s, t);
    t = tcase_create("ground");
    tcase_add_test(t, buffers_grow);
    tcase_add_exit_test(t, out_of_memory_is_an_end_with_3, 3);
    tcase_add_test_raise_signal(t, a_mistake_of_ours_aborts, 6);
    tcase_add_test(t, the_clock_runs_forward_on_a_line);
    suite_add_tcase(s, t);
    return s;
}
