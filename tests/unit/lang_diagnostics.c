/* Every file of tests/lang is read; what it says in `; expect error LINE:COLUMN: text` and `; expect note: text` must be
 * told, in that order, and nothing else. A file that expects nothing must be right. So must the shipped scenarios. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "convis/lang.h"
#include "suite.h"

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    struct cv_buf b = {0};
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;)
        cv_buf_add(&b, part, got);
    fclose(f);
    *n = b.n;
    return b.at ? b.at : cv_strndup("", 0);
}

/* The expectations of a file, a line each, in the form in which told() writes what was told. */
static void expected(const char *text, size_t n, struct cv_buf *out)
{
    static const char error[] = "; expect error ", note[] = "; expect note: ";
    for (const char *s = text, *end = text + n; s < end;) {
        const char *lf = memchr(s, '\n', (size_t)(end - s)), *stop = lf ? lf : end;
        size_t length = (size_t)(stop - s);
        if (length > strlen(error) && !memcmp(s, error, strlen(error)))
            cv_buf_printf(out, "%.*s\n", (int)(length - strlen(error)), s + strlen(error));
        else if (length > strlen(note) && !memcmp(s, note, strlen(note)))
            cv_buf_printf(out, "  note: %.*s\n", (int)(length - strlen(note)), s + strlen(note));
        s = lf ? lf + 1 : end;
    }
}

static void told(const struct cv_diags *d, struct cv_buf *out)
{
    for (size_t i = 0; i < d->n; i++) {
        cv_buf_printf(out, "%u:%u: ", d->at[i].at.line, d->at[i].at.column);
        cv_text_clean(out, d->at[i].text, strlen(d->at[i].text));
        cv_buf_str(out, "\n");
        if (d->at[i].note)
            cv_buf_printf(out, "  note: %s\n", d->at[i].note);
    }
}

static void hold(const char *path)
{
    size_t n;
    char *text = read_file(path, &n);
    struct cv_diags diags = {0};
    struct cv_buf wanted = {0}, got = {0};
    cv_buf_str(&wanted, "");
    cv_buf_str(&got, "");
    expected(text, n, &wanted);
    struct cv_program *p = cv_program_read(path, text, n, NULL, 0, &diags);
    told(&diags, &got);
    ck_assert_msg(!strcmp(wanted.at, got.at), "%s\n--- expected\n%s--- told\n%s", path, wanted.at, got.at);
    ck_assert_msg((p != NULL) == (wanted.n == 0), "%s: a program %s", path, p ? "came out of a wrong file" : "is missing");
    cv_program_free(p);
    cv_diags_release(&diags);
    cv_buf_release(&wanted);
    cv_buf_release(&got);
    free(text);
}

static unsigned hold_all(const char *folder)
{
    DIR *d = opendir(folder);
    ck_assert_msg(d != NULL, "cannot open %s", folder);
    unsigned n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        if (length < 5 || strcmp(e->d_name + length - 4, ".ini"))
            continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        hold(path);
        n++;
    }
    closedir(d);
    return n;
}

static const char *tests_folder(void)
{
    return getenv("CV_TESTS") ? getenv("CV_TESTS") : "tests";
}

START_TEST(files_say_what_is_told)
{
    char folder[900];
    snprintf(folder, sizeof folder, "%s/lang", tests_folder());
    ck_assert_uint_ge(hold_all(folder), 60);
}
END_TEST

START_TEST(shipped_scenarios_are_right)
{
    char folder[900];
    snprintf(folder, sizeof folder, "%s/../scenarios", tests_folder());
    ck_assert_uint_ge(hold_all(folder), 60);
}
END_TEST

START_TEST(overrides_are_checked)
{
    static const char text[] =
        "[params]\nn = 2 in 1..8\nd = 5ms in 1ms..1s\n\n[shared]\nx = [0] * n\n\n[task t x n]\n    await sleep d\n";
    static const struct {
        const char *name, *value, *told, *note;
    } wrong[] = {{"n", "9", "-p n=9: must be in 1..8", NULL},
                 {"n", "0", "-p n=0: must be in 1..8", NULL},
                 {"d", "2s", "-p d=2s: must be in 1.00 ms..1.000 s", NULL},
                 {"n", "two", "-p n=two: not a number", NULL},
                 {"n", "", "-p n=: not a number", NULL},
                 {"n", "3 4", "-p n=3 4: not a number", NULL},
                 {"dd", "3ms", "-p dd: the scenario has no such parameter", "did you mean 'd'?"}};
    for (size_t i = 0; i < CV_COUNT(wrong); i++) {
        struct cv_diags d = {0};
        struct cv_override o = {wrong[i].name, wrong[i].value};
        ck_assert_ptr_null(cv_program_read("a.ini", text, strlen(text), &o, 1, &d));
        ck_assert_uint_eq(d.n, 1);
        ck_assert_str_eq(d.at[0].text, wrong[i].told);
        ck_assert_pstr_eq(d.at[0].note, wrong[i].note);
        cv_diags_release(&d);
    }
    struct cv_diags d = {0};
    struct cv_override both[] = {{"n", "5"}, {"d", "20ms"}};
    struct cv_program *p = cv_program_read("dir/a.ini", text, strlen(text), both, 2, &d);
    ck_assert_ptr_nonnull(p);
    ck_assert_str_eq(p->name, "a");
    ck_assert_uint_eq(p->ninstances, 5);
    ck_assert_uint_eq(p->vars[0].initial.n, 5);
    ck_assert_int_eq(p->params[1].value, 20000000);
    cv_program_free(p);
    cv_diags_release(&d);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang_diagnostics");
    TCase *t = tcase_create("files");
    tcase_add_test(t, files_say_what_is_told);
    tcase_add_test(t, shipped_scenarios_are_right);
    tcase_add_test(t, overrides_are_checked);
    suite_add_tcase(s, t);
    return s;
}
