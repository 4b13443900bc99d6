/* Why: the list of findings and their marks. */
#include "ui_scene.h"
#include "ui/findings.h"

static void expect(const char *words)
{
    const char *where = frame();
    ck_assert_msg(strstr(where, words), "'%s' is not on the screen:\n%s", words, where);
}

static void expect_not(const char *words)
{
    const char *where = frame();
    ck_assert_msg(!strstr(where, words), "'%s' is on the screen:\n%s", words, where);
}

/* ── findings ───────────────────────────────────────────────────────────────────────────────────── */
START_TEST(a_list_of_findings)
{
    scene_async(true);
    open_ui(false, 80, 24);
    press('d');
    expect("╭ Findings ");
    expect("1 × stale read");
    expect("stale read  Alice  line 11");
    expect("Alice read current_user = \"Bob\" at line 11, but had written ");
    expect("\"Alice\" at line 9; Bob wrote it in between.");
    press('\r');
    expect_not("╭ Findings ");
    expect("run's clock held");
    expect("▸Alice");
    press('d'), press(27);
    expect_not("╭ Findings ");
    press('d'), press('d');
    expect_not("╭ Findings ");
    close_ui();
    end();
}
END_TEST

START_TEST(nothing_was_found)
{
    scene_async(false);
    open_ui(false, 80, 24);
    press('d');
    expect("Nothing was found so far.");
    press('\r'); /* leads nowhere */
    expect_not("╭ Findings ");
    close_ui();
    end();
}
END_TEST

/* What the screen has not come to is not told. */
START_TEST(no_finding_before_its_time)
{
    scene_async(true);
    cv_model_now(m, 2 * SECOND);
    struct cv_view v;
    view_init(&v, false);
    view_model(&v, m);
    v.live = false;
    v.cursor = v.seen = SECOND / 2;
    ck_assert_uint_eq(findings_count(&v), 0);
    v.seen = 2 * SECOND;
    ck_assert_uint_eq(findings_count(&v), 1);
    view_release(&v);
    end();
}
END_TEST

/* Many of them: what is chosen stays in sight, whichever way one goes, at any size. */
START_TEST(the_chosen_one_is_seen)
{
    static const int sizes[][2] = {{80, 24}, {40, 12}, {200, 60}, {30, 8}};
    scene_begin(CV_THREADS, "threads", 1);
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    for (uint64_t i = 0; i < 50; i++) {
        char words[64];
        snprintf(words, sizeof words, "Finding number %llu.", (unsigned long long)i);
        at(i * US), tell(CV_EV_FINDING, i % 2 ? ALICE : BOB, 9, CV_FINDING_DEADLOCK, text(words), 0);
    }
    run_ends(CV_OUT_FINISHED);
    open_ui(false, sizes[_i][0], sizes[_i][1]);
    press('d');
    for (int i = 0; i < 60; i++) {
        char words[64];
        snprintf(words, sizeof words, "number %d.", i < 49 ? i : 49);
        expect(words);
        press(i % 2 ? 'j' : CV_KEY_DOWN);
    }
    press(CV_KEY_PAGE_UP);
    expect("number 41.");
    press(CV_KEY_HOME);
    expect("number 0.");
    press(CV_KEY_END);
    expect("number 49.");
    close_ui();
    end();
}
END_TEST

static const char *row_of(const char *name)
{
    static char row[1024];
    const char *at = strstr(frame(), name);
    ck_assert_msg(at, "no row %s", name);
    size_t n = strcspn(at, "\n");
    snprintf(row, sizeof row, "%.*s", (int)(n < sizeof row ? n : sizeof row - 1), at);
    return row;
}

START_TEST(findings_are_marked)
{
    for (int ascii = 0; ascii < 2; ascii++) {
        scene_async(true);
        open_ui(ascii, 120, 36);
        ck_assert_msg(strstr(row_of(ascii ? ">Alice|" : "▸Alice│"), ascii ? "*" : "◆"), "%s", row_of("Alice"));
        ck_assert_msg(!strstr(row_of(ascii ? " Bob  |" : " Bob  │"), ascii ? "*" : "◆"), "%s", row_of(ascii ? " Bob  |" : " Bob  │"));
        close_ui();
        end();
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_cause");
    TCase *c = tcase_create("findings");
    tcase_add_test(c, a_list_of_findings);
    tcase_add_test(c, nothing_was_found);
    tcase_add_test(c, no_finding_before_its_time);
    tcase_add_loop_test(c, the_chosen_one_is_seen, 0, 4);
    tcase_add_test(c, findings_are_marked);
    suite_add_tcase(s, c);
    return s;
}
