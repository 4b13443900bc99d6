/* Diagnostics: order, the line and the caret under the place, by columns and not by bytes. */
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"
#include "suite.h"

static void printed(struct cv_diags *d, const char *source, const char *want)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    cv_diags_print(f, d, "a.ini", source, strlen(source));
    fclose(f);
    ck_assert_str_eq(text, want);
    free(text);
    cv_diags_release(d);
    ck_assert_uint_eq(d->n, 0);
}

static void printed_at(const char *source, uint32_t line, uint32_t column, uint32_t length, const char *want)
{
    struct cv_diags d = {0};
    cv_diag_error(&d, (struct cv_place){line, column, length}, "bad");
    printed(&d, source, want);
}

START_TEST(caret_under_the_place)
{
    printed_at("one\nx = foo\nthree\n", 2, 5, 3, "a.ini:2:5: error: bad\n    x = foo\n        ^~~\n");
    printed_at("x = foo", 1, 5, 0, "a.ini:1:5: error: bad\n    x = foo\n        ^\n");
    printed_at("x =\r\ny", 1, 4, 1, "a.ini:1:4: error: bad\n    x =\n       ^\n"); /* just past the end */
    printed_at("", 1, 1, 0, "a.ini:1:1: error: bad\n    \n    ^\n");
    printed_at("a\n", 7, 3, 2, "a.ini:7:3: error: bad\n    \n      ^\n"); /* no such line */
}
END_TEST

START_TEST(tabs_and_wide_characters)
{
    printed_at("\tx\ty", 1, 4, 1, "a.ini:1:4: error: bad\n     x y\n       ^\n");
    printed_at("日本 x", 1, 4, 1, "a.ini:1:4: error: bad\n    日本 x\n         ^\n");
    printed_at("日本 x", 1, 2, 1, "a.ini:1:2: error: bad\n    日本 x\n      ^~\n");
    printed_at("e\xcc\x81 x", 1, 4, 1, "a.ini:1:4: error: bad\n    e\xcc\x81 x\n      ^\n");
}
END_TEST

START_TEST(source_and_text_are_cleaned)
{
    printed_at("a\x1b"
               "b",
               1, 3, 1, "a.ini:1:3: error: bad\n    a\\x1bb\n         ^\n");
    printed_at("\xff x", 1, 1, 1, "a.ini:1:1: error: bad\n    \\xff x\n    ^~~~\n");
    struct cv_diags d = {0};
    cv_diag_error(&d, (struct cv_place){0}, "'%s'", "\x1b[m");
    cv_diag_note(&d, "say \"%s\"", "x\ny");
    printed(&d, "", "a.ini: error: '\\x1b[m'\n  note: say \"x\\x0ay\"\n");
}
END_TEST

START_TEST(a_long_line_shows_a_window)
{
    static const char *const fill[] = {".", "日", "e\xcc\x81", "\xff"};
    for (size_t k = 0; k < CV_COUNT(fill); k++) {
        struct cv_buf line = {0};
        uint32_t column = 1;
        for (int i = 0; i < 2000; i++, column += k == 2 ? 2 : 1)
            cv_buf_str(&line, fill[k]);
        cv_buf_str(&line, "#");
        for (int i = 0; i < 2000; i++)
            cv_buf_str(&line, fill[k]);
        struct cv_diags d = {0};
        cv_diag_error(&d, (struct cv_place){1, column, 1}, "bad");
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        cv_diags_print(f, &d, "a.ini", line.at, line.n);
        fclose(f);
        ck_assert_uint_lt(n, 2000);
        char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1, *place = strchr(second, '#');
        ck_assert(place && place < third);
        int columns = 0;
        for (size_t step; second < place; second += step)
            columns += cv_text_width(cv_utf8(second, (size_t)(place - second), &step));
        ck_assert_int_eq(strchr(third, '^') - third, columns);
        free(text);
        cv_diags_release(&d);
        cv_buf_release(&line);
    }
}
END_TEST

START_TEST(ordered_by_place)
{
    struct cv_diags d = {0};
    cv_diag_error(&d, (struct cv_place){3, 1, 0}, "c");
    cv_diag_error(&d, (struct cv_place){1, 9, 0}, "b");
    cv_diag_error(&d, (struct cv_place){1, 2, 0}, "a");
    cv_diag_note(&d, "first");
    cv_diag_note(&d, "second"); /* replaces it */
    cv_diag_error(&d, (struct cv_place){1, 9, 0}, "b again");
    ck_assert_uint_eq(d.errors, 4);
    cv_diags_sort(&d);
    const char *want[] = {"a", "b", "b again", "c"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(d.at[i].text, want[i]);
    ck_assert_str_eq(d.at[0].note, "second");
    ck_assert_ptr_null(d.at[1].note);
    d.at[3].warning = true;
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    cv_diags_print(f, &d, "a.ini", NULL, 0);
    fclose(f);
    ck_assert_str_eq(
        text, "a.ini:1:2: error: a\n  note: second\na.ini:1:9: error: b\na.ini:1:9: error: b again\na.ini:3:1: warning: c\n");
    free(text);
    cv_diags_release(&d);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base diag");
    TCase *t = tcase_create("diag");
    tcase_add_test(t, caret_under_the_place);
    tcase_add_test(t, tabs_and_wide_characters);
    tcase_add_test(t, source_and_text_are_cleaned);
    tcase_add_test(t, a_long_line_shows_a_window);
    tcase_add_test(t, ordered_by_place);
    suite_add_tcase(s, t);
    return s;
}
