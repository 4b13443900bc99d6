/* Variables as the model answers for them: what stood there at t, who wrote it, in words; each process's own copy; and who
 * is stale. */
#include "model_play.h"

static void three(enum cv_model_kind kind)
{
    begin(kind);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    start(BOB, "Bob", 0);
}

static struct cv_var_at x_at(uint64_t t) { return cv_model_var_at(m, X, CV_NO_TASK, t); }

/* ── versions ───────────────────────────────────────────────────────────────────────────────────── */
START_TEST(what_stood_there_at_each_instant)
{
    three(CV_THREADS);
    at(100), writes(ALICE, X, 5, 1, CV_NO_TASK, -1);
    at(150), reads(BOB, X, 0, 5, 1, ALICE, 0);
    at(200), writes(BOB, X, 6, 2, ALICE, 1);
    at(300), writes(BOB, Y, -1, 1, CV_NO_TASK, -1);
    ck_assert(!x_at(99).written);
    ck_assert_uint_eq(x_at(99).writer, CV_NO_TASK);
    struct cv_var_at one = x_at(100), late = x_at(UINT64_MAX);
    ck_assert(one.written && one.cell.payload == 5 && one.writer == ALICE && one.line == 12 && one.t == 100 && one.writes == 1 && one.reads == 0);
    ck_assert(x_at(199).cell.payload == 5 && x_at(199).reads == 1);
    ck_assert(late.cell.payload == 6 && late.writer == BOB && late.t == 200 && late.writes == 2 && late.reads == 1);
    ck_assert_str_eq(words(X, CV_NO_TASK, 99, 40), "0");
    ck_assert_str_eq(words(X, CV_NO_TASK, 150, 40), "5");
    ck_assert_str_eq(words(Y, CV_NO_TASK, 300, 40), "-1");
    ck_assert(!cv_model_var_at(m, NVARS, CV_NO_TASK, 300).written);
    end();
}
END_TEST

/* Version 2 is stamped after version 4: what is last by version stands at the end, and versions never go back in time. */
START_TEST(versions_out_of_order_by_stamp)
{
    three(CV_THREADS);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(30), writes(BOB, X, 3, 3, ALICE, -1);
    at(40), writes(BOB, X, 4, 4, BOB, -1);
    at(50), writes(ALICE, X, 2, 2, ALICE, -1);
    uint64_t before = 0;
    for (uint64_t t = 0; t <= 60; t++) {
        uint64_t version = cv_meta_version(x_at(t).cell.meta);
        ck_assert_uint_ge(version, before);
        before = version;
        if (x_at(t).written)
            ck_assert_uint_le(x_at(t).t, t);
    }
    ck_assert_uint_eq(before, 4);
    ck_assert_uint_eq(x_at(40).cell.payload, 4);
    ck_assert_uint_eq(x_at(29).cell.payload, 1);
    ck_assert_uint_eq(x_at(60).writes, 4);
    end();
}
END_TEST

/* A fixed, shuffled history: each version's stamp is off by a little, as between cores. Naive: the highest version told. */
START_TEST(random_versions_end_at_the_highest)
{
    enum { N = 3000 };
    uint64_t seed = 11, highest = 0, order[N];
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    for (uint64_t i = 0; i < N; i++)
        order[i] = i + 1;
    for (uint64_t i = 0; i + 4 < N; i++) { /* neighbours change places */
        uint64_t j = i + next_random(&seed) % 4, other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
    for (uint64_t i = 0; i < N; i++) {
        at(i * 10);
        writes((uint32_t)(1 + next_random(&seed) % 3), X, (int64_t)order[i], order[i], 1, -1);
        highest = order[i] > highest ? order[i] : highest;
        ck_assert_uint_eq(cv_meta_version(x_at(now).cell.meta), highest);
        ck_assert_uint_eq(x_at(now).cell.payload, highest);
    }
    uint64_t version = 0;
    for (uint64_t t = 0; t < N * 10; t += 5) {
        uint64_t v = cv_meta_version(x_at(t).cell.meta);
        ck_assert_uint_ge(v, version);
        version = v;
    }
    end();
}
END_TEST

/* ── copies ─────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(a_copy_begins_as_its_parents_stood)
{
    begin(CV_PROCESSES);
    start(0, "main", CV_NO_TASK);
    at(10), writes(0, X, 1, 1, CV_NO_TASK, -1);
    at(20), start(ALICE, "Alice", 0);
    at(30), writes(0, X, 2, 2, 0, -1);
    at(40), start(BOB, "Bob", 0);
    at(50), start(CAROL, "Carol", ALICE);
    at(60), writes(ALICE, X, 77, 2, 0, -1);
    ck_assert(cv_model_has_copy(m, X, ALICE) && !cv_model_has_copy(m, MEMORY, ALICE) && !cv_model_has_copy(m, X, 9));
    ck_assert_str_eq(words(X, 0, 70, 40), "2");
    ck_assert_str_eq(words(X, CV_NO_TASK, 70, 40), "2"); /* main's, where none is named */
    ck_assert_str_eq(words(X, ALICE, 59, 40), "1");      /* main's later write is not Alice's */
    ck_assert_str_eq(words(X, ALICE, 70, 40), "77");
    ck_assert_str_eq(words(X, BOB, 70, 40), "2");
    ck_assert_str_eq(words(X, CAROL, 70, 40), "1");      /* through Alice from main; Alice's own write came later */
    ck_assert_str_eq(words(Y, CAROL, 70, 40), "0");
    ck_assert_uint_eq(cv_model_var_at(m, X, ALICE, 70).writes, 1);
    ck_assert_uint_eq(cv_model_var_at(m, X, BOB, 70).writes, 0);
    at(80), writes(ALICE, MEMORY, 8, 1, CV_NO_TASK, -1);
    ck_assert_str_eq(words(MEMORY, BOB, 80, 40), "8");   /* shared memory is one */
    end();
}
END_TEST

START_TEST(with_threads_there_is_one_copy)
{
    three(CV_THREADS);
    at(10), writes(ALICE, X, 4, 1, CV_NO_TASK, -1);
    ck_assert(!cv_model_has_copy(m, X, ALICE));
    ck_assert_str_eq(words(X, BOB, 10, 40), "4");
    end();
}
END_TEST

/* ── lists and texts ────────────────────────────────────────────────────────────────────────────── */
static void item(uint32_t task, uint64_t index, int64_t value, uint64_t version)
{
    writes_cell(task, LIST, (struct written){.index = index + 1, .version = version, .cell = {(uint64_t)value, cv_meta(CV_TAG_INT, task, version)}, .over = CV_NO_TASK});
}

START_TEST(lists_element_by_element)
{
    three(CV_THREADS);
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 0, 80), "[10, \"a, b\", true]");
    struct cv_var_at first = cv_model_var_at(m, LIST, CV_NO_TASK, 0);
    ck_assert(first.list && !first.written && first.cell.payload == 3);
    at(10), item(ALICE, 1, 21, 1);
    at(20), item(BOB, 0, 11, 1);
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 9, 80), "[10, \"a, b\", true]");
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 10, 80), "[10, 21, true]");
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 20, 80), "[11, 21, true]");
    at(30); /* append: the element, and with it the length */
    writes_cell(ALICE, LIST, (struct written){.index = 4, .version = 1, .cell = {99, cv_meta(CV_TAG_INT, ALICE, 1)}, .over = CV_NO_TASK, .flags = CV_F_ATOMIC | CV_F_APPEND});
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 30, 80), "[11, 21, true, 99]");
    ck_assert_uint_eq(cv_model_var_at(m, LIST, CV_NO_TASK, 30).cell.payload, 4);
    at(40); /* assigned as a whole: its elements, then the length */
    item(BOB, 0, 1, 2);
    writes_cell(BOB, LIST, (struct written){.index = CV_WHOLE_LIST, .version = 2, .cell = {1, cv_meta(CV_TAG_LIST, BOB, 2)}, .over = ALICE});
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 40, 80), "[1]");
    ck_assert_str_eq(words(LIST, CV_NO_TASK, 39, 80), "[11, 21, true, 99]");
    end();
}
END_TEST

START_TEST(a_copy_of_a_list_keeps_its_parents_elements)
{
    begin(CV_PROCESSES);
    start(0, "main", CV_NO_TASK);
    at(10), item(0, 0, 5, 1);
    at(20), start(ALICE, "Alice", 0);
    at(30), item(ALICE, 1, 6, 1);
    at(40), item(0, 2, 7, 1);
    ck_assert_str_eq(words(LIST, ALICE, 50, 80), "[5, 6, true]");
    ck_assert_str_eq(words(LIST, 0, 50, 80), "[5, \"a, b\", 7]");
    end();
}
END_TEST

static void says(const char *s, uint64_t version)
{
    writes_cell(ALICE, TEXT, (struct written){.version = version, .cell = {text(s), cv_meta(CV_TAG_STRING, ALICE, version)}, .over = CV_NO_TASK});
}

static bool utf8(const char *s)
{
    for (size_t n = strlen(s), i = 0, length; i < n; i += length)
        if (cv_utf8(s + i, n - i, &length) == 0xfffd)
            return false;
    return true;
}

/* Cut anywhere: at most so many bytes and an ellipsis, whole characters only, and a beginning of the whole text. */
static void cut_everywhere(uint32_t var)
{
    static const char ellipsis[] = "…";
    char whole[4096];
    snprintf(whole, sizeof whole, "%s", words(var, CV_NO_TASK, now, sizeof whole));
    ck_assert_uint_lt(strlen(whole), 1000);
    for (size_t max = 0; max < strlen(whole) + 3; max++) {
        char got[4096];
        snprintf(got, sizeof got, "%s", words(var, CV_NO_TASK, now, max));
        size_t n = strlen(got);
        ck_assert_msg(utf8(got), "%s", got);
        if (strcmp(got, whole) == 0)
            continue;
        ck_assert_msg(n >= strlen(ellipsis) && strcmp(got + n - strlen(ellipsis), ellipsis) == 0, "max %zu: %s", max, got);
        n -= strlen(ellipsis);
        ck_assert_msg(n <= max && strncmp(got, whole, n) == 0, "max %zu: %s", max, got);
        ck_assert_uint_lt(max, strlen(whole));
    }
}

START_TEST(texts_are_cut_at_a_character)
{
    three(CV_THREADS);
    ck_assert_str_eq(words(TEXT, CV_NO_TASK, 0, 40), "\"so far\"");
    cut_everywhere(TEXT);
    at(10), says("aé€𝄞é€𝄞", 1);
    ck_assert_str_eq(words(TEXT, CV_NO_TASK, 10, 40), "\"aé€𝄞é€𝄞\"");
    cut_everywhere(TEXT);
    at(20), says("", 2);
    ck_assert_str_eq(words(TEXT, CV_NO_TASK, 20, 40), "\"\"");
    cut_everywhere(LIST);
    ck_assert_str_eq(words(NVARS, CV_NO_TASK, 20, 40), "");
    end();
}
END_TEST

START_TEST(texts_are_cleaned)
{
    three(CV_THREADS);
    at(10), says("\x1b[31mred\n\xff", 1);
    const char *got = words(TEXT, CV_NO_TASK, 10, 80);
    ck_assert_str_eq(got, "\"\\x1b[31mred\\x0a\\xff\"");
    at(20), start(CAROL, "Ca\x1brol", 0);
    ck_assert_str_eq(cv_model_task_name(m, CAROL), "Ca\\x1brol");
    tell(CV_EV_PRINT, ALICE, 5, 0, text("\x1b]0;title\x07"), 0);
    ck_assert_str_eq(cv_model_output(m, 0).text, "\\x1b]0;title\\x07");
    tell(CV_EV_TASK_END, CAROL, 5, CV_END_FAILED, text("why\x1b"), 0);
    ck_assert_str_eq(cv_model_failure(m, CAROL), "why\\x1b");
    ck_assert_ptr_null(cv_model_failure(m, ALICE));
    end();
}
END_TEST

/* ── stale ──────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(a_reader_is_stale_until_it_uses_the_value)
{
    three(CV_THREADS);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(20), reads(BOB, X, 0, 1, 1, ALICE, 0);
    ck_assert_uint_eq(x_at(25).stale, CV_NO_TASK);
    at(30), writes(ALICE, X, 2, 2, ALICE, -1);
    ck_assert_uint_eq(x_at(29).stale, CV_NO_TASK);
    ck_assert_uint_eq(x_at(30).stale, BOB);
    at(40), tell(CV_EV_PRINT, BOB, 9, 0, text("1"), 0);
    ck_assert_uint_eq(x_at(39).stale, BOB); /* the past stays as it was */
    ck_assert_uint_eq(x_at(40).stale, CV_NO_TASK);
    end();
}
END_TEST

START_TEST(a_reader_that_looks_again_is_not_stale)
{
    three(CV_THREADS);
    at(20), reads(BOB, X, 0, 0, 0, CV_NO_TASK, 0);
    at(30), writes(ALICE, X, 2, 1, CV_NO_TASK, -1);
    ck_assert_uint_eq(x_at(30).stale, BOB);
    at(40), reads(BOB, X, 0, 2, 1, ALICE, 0);
    ck_assert_uint_eq(x_at(40).stale, CV_NO_TASK);
    end();
}
END_TEST

START_TEST(a_writer_is_stale_when_another_overwrote_it)
{
    three(CV_ASYNC);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(20), writes(BOB, X, 2, 2, ALICE, -1);
    ck_assert_uint_eq(x_at(19).stale, CV_NO_TASK);
    ck_assert_uint_eq(x_at(20).stale, ALICE);
    at(30), reads(ALICE, X, 0, 2, 2, BOB, 0); /* now it knows */
    ck_assert_uint_eq(x_at(29).stale, ALICE);
    ck_assert_uint_eq(x_at(30).stale, CV_NO_TASK);
    at(40), writes(BOB, X, 3, 3, BOB, -1); /* one's own write makes nobody stale but the reader */
    ck_assert_uint_eq(x_at(40).stale, ALICE);
    at(50), ends(ALICE);
    ck_assert_uint_eq(x_at(50).stale, CV_NO_TASK);
    end();
}
END_TEST

START_TEST(a_writer_that_handed_the_lock_on_is_not_stale)
{
    three(CV_THREADS);
    at(10), takes(ALICE, LOCK, 0);
    at(20), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(30), gives(ALICE, LOCK, 0);
    at(40), takes(BOB, LOCK, 0);
    at(50), writes(BOB, X, 2, 2, ALICE, -1);
    at(60), gives(BOB, LOCK, 0);
    for (uint64_t t = 0; t < 70; t++)
        ck_assert_uint_eq(x_at(t).stale, CV_NO_TASK);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/vars");
    TCase *versions = tcase_create("versions");
    tcase_add_test(versions, what_stood_there_at_each_instant);
    tcase_add_test(versions, versions_out_of_order_by_stamp);
    tcase_add_test(versions, random_versions_end_at_the_highest);
    TCase *copies = tcase_create("copies");
    tcase_add_test(copies, a_copy_begins_as_its_parents_stood);
    tcase_add_test(copies, with_threads_there_is_one_copy);
    tcase_add_test(copies, a_copy_of_a_list_keeps_its_parents_elements);
    TCase *text_case = tcase_create("in words");
    tcase_add_test(text_case, lists_element_by_element);
    tcase_add_test(text_case, texts_are_cut_at_a_character);
    tcase_add_test(text_case, texts_are_cleaned);
    TCase *stale = tcase_create("stale");
    tcase_add_test(stale, a_reader_is_stale_until_it_uses_the_value);
    tcase_add_test(stale, a_reader_that_looks_again_is_not_stale);
    tcase_add_test(stale, a_writer_is_stale_when_another_overwrote_it);
    tcase_add_test(stale, a_writer_that_handed_the_lock_on_is_not_stale);
    suite_add_tcase(s, versions);
    suite_add_tcase(s, copies);
    suite_add_tcase(s, text_case);
    suite_add_tcase(s, stale);
    return s;
}
