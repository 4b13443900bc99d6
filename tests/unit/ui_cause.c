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
    expect("‖ hold    1.000 s");
    expect("▸Alice");
    expect("\n run's clock held  ⚠ Alice read current_user = \"Bob\" at line 11, but had wr… (d)"); /* what is cut off the list has */
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

/* The columns of the timeline's row that begins with this marker and name. */
static const char *row_of(const char *name)
{
    static char row[1024];
    const char *at = strstr(frame(), " Timeline ");
    ck_assert_ptr_nonnull(at);
    for (at = strchr(at, '\n'); at; at = strchr(at + 1, '\n')) {
        const char *s = at + 1 + (at[1] == '|' ? 1 : 3); /* the frame */
        size_t n = strlen(name);
        if (strncmp(s, name, n) || (s[n] != ' ' && s[n] != '|' && strncmp(s + n, "│", 3)))
            continue;
        const char *bar = canvas.ascii ? "|" : "│";
        const char *from = strstr(s, bar) + strlen(bar), *to = strstr(from, bar); /* the columns alone, without what stands beside them */
        snprintf(row, sizeof row, "%.*s", (int)(to - from), from);
        return row;
    }
    ck_abort_msg("no row %s", name);
}

START_TEST(findings_are_marked)
{
    for (int ascii = 0; ascii < 2; ascii++) {
        scene_async(true);
        open_ui(ascii, 120, 36);
        ck_assert_msg(strstr(row_of(ascii ? ">Alice" : "▸Alice"), ascii ? "*" : "◆"), "%s", frame());
        ck_assert_msg(!strstr(row_of(" Bob"), ascii ? "*" : "◆"), "%s", row_of(" Bob"));
        close_ui();
        end();
    }
}
END_TEST

/* ── cause ──────────────────────────────────────────────────────────────────────────────────────── */
/* Alice has the lock and sleeps with it; Bob waits for it, and gets it at 6 ms from her. */
static void scene_handed_over(uint64_t until)
{
    scene_begin(CV_ASYNC, "async", 1);
    at(0), start(0, "main", CV_NO_TASK), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob");
    at(1 * MS), run(ALICE, 9), takes(ALICE, LOCK, 0), scene_writes(ALICE, "Alice", 1, CV_NO_TASK);
    at(2 * MS), waits(ALICE, 10, CV_AWAIT + CV_REASON_SLEEP, 4 * MS);
    at(3 * MS), run(BOB, 9), waits(BOB, 9, CV_AWAIT + CV_REASON_LOCK, LOCK);
    if (until >= 6 * MS) {
        at(6 * MS), ready(ALICE, CV_NO_TASK, CV_AWAIT + CV_REASON_SLEEP), run(ALICE, 11), scene_reads(ALICE, "Alice", 1, ALICE), gives(ALICE, LOCK, 0);
        ready(BOB, ALICE, CV_AWAIT + CV_REASON_LOCK);
        at(7 * MS), ends(ALICE), run(BOB, 9), takes(BOB, LOCK, 0), scene_writes(BOB, "Bob", 2, ALICE);
        at(9 * MS), gives(BOB, LOCK, 0), ends(BOB), ends(0), run_ends(CV_OUT_FINISHED);
    }
    cv_model_now(m, until);
}

static void choose(uint32_t lane_downs)
{
    while (lane_downs-- > 0)
        press(CV_KEY_DOWN);
}

START_TEST(what_it_waits_for)
{
    scene_handed_over(5 * MS);
    open_ui(_i, 120, 36);
    frame();
    choose(1); /* from Alice to Bob */
    expect(_i ? "Bob: awaits lock (m), held by Alice . for 2.00 ms . line 9" : "Bob: awaits lock (m), held by Alice · for 2.00 ms · line 9");
    expect("because Alice awaits sleep at line 10");
    expect("ran meanwhile (2.00 ms): nobody");
    expect(_i ? "started by main at 0 ns" : "started by main at 0 ns");
    /* the lock's own lane: Alice has it, and it says so at its end */
    ck_assert_msg(strstr(row_of(" m"), "AAAAAAAA") && strstr(frame(), "by Alice"), "%s", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(who_woke_it)
{
    scene_handed_over(10 * MS);
    open_ui(_i, 120, 36);
    frame();
    cv_ui_at(ui, 8 * MS);
    choose(1);
    expect("woken by Alice at 6.00 ms, after 3.00 ms in await lock (m)");
    expect("ran meanwhile (4.00 ms): Alice 25%");
    ck_assert_msg(strstr(row_of(" Alice"), _i ? "o" : "●"), "%s", frame());
    ck_assert_msg(strstr(row_of(_i ? ">Bob" : "▸Bob"), _i ? "v" : "▼"), "%s", frame());
    close_ui();
    end();
}
END_TEST

/* A variable or a lock chosen in the Shared pane: accesses on the lanes, hand-overs, words about it; Esc lets it go. */
START_TEST(what_is_shared_can_be_chosen)
{
    scene_handed_over(10 * MS);
    open_ui(_i, 120, 36);
    frame();
    press('\t'), press('\t'); /* timeline, switches, shared */
    press(CV_KEY_DOWN);
    expect("current_user = \"Bob\"");
    expect(_i ? "before: Alice wrote \"Alice\", Alice read \"Alice\", Bob wrote \"Bob\"" : "before: Alice wrote \"Alice\" · Alice read \"Alice\" · Bob wrote \"Bob\"");
    ck_assert_msg(strstr(row_of(" Alice"), "w") && strstr(row_of(" Alice"), "r"), "%s", frame());
    press(CV_KEY_DOWN);
    expect("m (lock): free");
    expect("nobody in line");
    ck_assert_msg(strstr(row_of(" Alice"), _i ? "o" : "●"), "%s", frame()); /* from her to Bob */
    cv_ui_at(ui, 5 * MS);
    expect("m (lock): held by Alice");
    expect("1 in line: Bob for 2.00 ms");
    press(27);
    expect_not("m (lock): held");
    close_ui();
    end();
}
END_TEST

START_TEST(the_loop_in_words)
{
    scene_handed_over(10 * MS);
    open_ui(false, 120, 36);
    frame();
    press(CV_KEY_UP);
    expect("longest unserved: 2.00 ms, while Bob had it at line 9, until 9.00 ms");
    expect("had it in this window (");
    close_ui();
    end();
}
END_TEST

/* Two that wait for each other: the chain ends where it began. */
START_TEST(round_in_a_circle)
{
    scene_begin(CV_THREADS, "threads", 1);
    info.syncs = syncs, info.nsyncs = NSYNCS;
    cv_model_free(m);
    m = cv_model_new(&info, &shm, 0);
    at(0), start(0, "main", CV_NO_TASK), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob");
    at(MS), run(ALICE, 9), takes(ALICE, LOCK, 0), run(BOB, 9), takes(BOB, OTHER_LOCK, 0);
    at(2 * MS), waits(ALICE, 10, CV_BLOCK + CV_REASON_LOCK, OTHER_LOCK), waits(BOB, 10, CV_BLOCK + CV_REASON_LOCK, LOCK);
    cv_model_now(m, 4 * MS);
    open_ui(false, 120, 36);
    expect("because Bob blocks in lock (m) at line 10 → Alice: round in a circle, nobody can go on");
    close_ui();
    end();
}
END_TEST

/* ── the code's gutter, and a line unfolded ─────────────────────────────────────────────────────── */
static struct cv_info_step line_steps[] = {
    {.line = 9, .kind = CV_STEP_WRITE, .text = "write current_user"},
    {.line = 10, .kind = CV_STEP_WAIT, .await = true, .text = "await sleep 1s"},
    {.line = 11, .kind = CV_STEP_READ, .text = "read current_user"}, {.line = 11, .kind = CV_STEP_COMPUTE, .text = "compute"},
    {.line = 11, .kind = CV_STEP_PRINT, .text = "print"}};

static void with_steps(enum cv_model_kind kind)
{
    scene_begin(kind, kind == CV_ASYNC ? "async" : "threads", 0);
    info.steps = line_steps;
    info.nsteps = CV_COUNT(line_steps);
    cv_model_free(m);
    m = cv_model_new(&info, &shm, 0);
    at(0), start(0, "main", CV_NO_TASK), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob");
}

static const char *code_row(const char *source)
{
    static char row[1024];
    const char *at = strstr(frame(), source), *from = at;
    ck_assert_msg(at, "no line of code: %s", source);
    while (from > frame() && from[-1] != '\n')
        from--;
    snprintf(row, sizeof row, "%.*s", (int)strcspn(from, "\n"), from);
    return row;
}

START_TEST(where_a_switch_can_happen)
{
    with_steps(CV_ASYNC);
    at(10 * US), run(ALICE, 9), scene_writes(ALICE, "Alice", 1, CV_NO_TASK);
    cv_model_now(m, 20 * US);
    open_ui(_i, 120, 36);
    ck_assert_msg(!strstr(code_row("current_user = user"), _i ? "o  " : "○"), "%s", frame());
    ck_assert_msg(strstr(code_row("await sleep 1s"), _i ? "o  " : "○"), "%s", frame());
    at(30 * US), waits(ALICE, 10, CV_AWAIT + CV_REASON_SLEEP, SECOND);
    cv_model_now(m, 40 * US);
    ck_assert_msg(strstr(code_row("await sleep 1s"), _i ? "*  " : "●"), "%s", frame());
    close_ui();
    end();
    with_steps(CV_THREADS);
    at(10 * US), run(ALICE, 9);
    cv_model_now(m, 20 * US);
    open_ui(_i, 120, 36);
    ck_assert_msg(strstr(code_row("current_user = user"), _i ? "o  " : "○"), "%s", frame()); /* anywhere */
    ck_assert_msg(!strstr(code_row("[task handle"), _i ? "o  " : "○"), "%s", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(a_line_unfolds)
{
    with_steps(CV_THREADS);
    at(10 * US), run(ALICE, 11), switch_in(ALICE, 0), scene_reads(ALICE, "none", 0, CV_NO_TASK);
    at(20 * US), switch_out(ALICE, 0, true);
    at(30 * US), run(BOB, 11), switch_in(BOB, 0);
    cv_model_now(m, 40 * US);
    open_ui(_i, 200, 60);
    expect_not(_i ? "| compute" : "├ compute");
    press('u');
    expect(_i ? "| read current_user" : "├ read current_user");
    ck_assert_msg(strstr(code_row(_i ? "| compute" : "├ compute"), "1 switched away before it"), "%s", frame());
    ck_assert_msg(strstr(code_row(_i ? "| compute" : "├ compute"), "A "), "%s", frame());                     /* Alice has read */
    ck_assert_msg(strstr(code_row(_i ? "| read current_user" : "├ read current_user"), "B "), "%s", frame()); /* Bob has not */
    press('u');
    expect_not(_i ? "| compute" : "├ compute");
    close_ui();
    end();
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
    TCase *cause = tcase_create("cause");
    tcase_add_loop_test(cause, what_it_waits_for, 0, 2);
    tcase_add_loop_test(cause, who_woke_it, 0, 2);
    tcase_add_loop_test(cause, what_is_shared_can_be_chosen, 0, 2);
    tcase_add_test(cause, the_loop_in_words);
    tcase_add_test(cause, round_in_a_circle);
    suite_add_tcase(s, cause);
    TCase *code = tcase_create("code");
    tcase_add_loop_test(code, where_a_switch_can_happen, 0, 2);
    tcase_add_loop_test(code, a_line_unfolds, 0, 2);
    suite_add_tcase(s, code);
    return s;
}
