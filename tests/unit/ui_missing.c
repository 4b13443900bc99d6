/* What is missing, gone, or not known to the instant is drawn as such, and comes before all else. */
#include <stdio.h>

#include "ui_scene.h"

static const char *line_with(const char *frame_text, const char *words)
{
    static char line[2048];
    const char *at = strstr(frame_text, words), *from = at;
    ck_assert_msg(at, "'%s' is not on the screen:\n%s", words, frame_text);
    while (from > frame_text && from[-1] != '\n')
        from--;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(from, "\n"), from);
    return line;
}

static void expect(const char *where, const char *words) { ck_assert_msg(strstr(where, words), "'%s' is not there:\n%s", words, where); }
static void expect_not(const char *where, const char *words) { ck_assert_msg(!strstr(where, words), "'%s' is there:\n%s", words, where); }

static void recorded(struct cv_record_counts counts, bool running)
{
    cv_ui_status(ui, &(struct cv_ui_status){.source_name = "rseq", .source_why = "perf: refused", .source_precision = "between two events",
                                            .clock_name = "tsc", .running = running, .events = counts});
}

static void usage(uint64_t t, uint32_t task, unsigned flags, uint64_t involuntary, uint64_t us, uint64_t lasted)
{
    struct cv_event e = {.t = t, .kind = CV_EV_USAGE, .flags = (uint8_t)flags, .task = task, .a = involuntary, .b = 1ull << 32 | us, .c = lasted};
    cv_model_fold(m, &e);
}

/* Loss stands first on the status line, whatever else there is to say, at every width that has one. */
START_TEST(loss_comes_first)
{
    bool ascii = _i;
    const char *mark = ascii ? " !! 7 of 49 records lost" : " ‼ 7 of 49 records lost";
    static const int sizes[][2] = {{80, 24}, {200, 60}, {40, 12}};
    for (size_t i = 0; i < CV_COUNT(sizes); i++) {
        scene_async(true);
        open_ui(ascii, sizes[i][0], sizes[i][1]);
        recorded((struct cv_record_counts){.issued = 49, .recorded = 42, .lost = 7}, true);
        ck_assert_ptr_eq(strstr(line_with(frame(), "7 of 49 records lost"), mark), line_with(frame(), "7 of 49 records lost"));
        recorded((struct cv_record_counts){.issued = 42, .recorded = 42}, true);
        expect_not(frame(), "records lost");
        close_ui();
        end();
    }
}
END_TEST

/* The kernel's losses too; and what nobody can account for, once the run is over. */
START_TEST(every_kind_of_loss)
{
    scene_async(true);
    open_ui(false, 200, 60);
    recorded((struct cv_record_counts){.issued = 42, .recorded = 42, .kernel_lost = 9}, true);
    expect(frame(), " ‼ the kernel lost 9");
    recorded((struct cv_record_counts){.issued = 45, .recorded = 40, .lost = 2}, true);
    expect_not(frame(), "unaccounted"); /* not drained yet */
    recorded((struct cv_record_counts){.issued = 45, .recorded = 40, .lost = 2}, false);
    expect(frame(), " ‼ 2 of 45 records lost · 3 records unaccounted for");
    expect(frame(), "rseq, between two events (perf: refused)");
    close_ui();
    end();
}
END_TEST

/* Over the lanes where it happened, whoever lost it; and behind a value that may not be the last any more. */
START_TEST(holes_are_drawn)
{
    scene_threads();
    at(7 * MS), tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 5, 1);
    cv_model_now(m, 20 * MS);
    open_ui(false, 120, 36);
    expect(line_with(frame(), "┃      "), "?");
    expect_not(line_with(frame(), "│current_user"), "\"owner\"?"); /* the kernel's records say nothing of it */
    close_ui();
    at(20 * MS), tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 5, 0);
    at(30 * MS), run(3, 9);
    open_ui(false, 120, 36);
    expect(line_with(frame(), "│current_user"), "\"owner\"?");
    close_ui();
    end();
}
END_TEST

/* What the history no longer holds is said to be gone. */
START_TEST(the_oldest_is_gone)
{
    begin_with(CV_THREADS, 64 << 10);
    info.implicit_main = true;
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    for (uint64_t i = 1; i <= 20000; i++) {
        at(i * MS), run(ALICE, 9);
        at(i * MS + 500 * US), waits(ALICE, 10, CV_BLOCK + CV_REASON_SLEEP, MS);
    }
    ck_assert_uint_gt(cv_model_begin(m), 0);
    open_ui(false, 120, 36);
    cv_ui_at(ui, cv_model_begin(m) / 2);
    expect(frame(), "Alice: gone: older than what the history holds (--history)");
    expect(line_with(frame(), "▸Alice"), "???");
    expect(frame(), "│ gone: older than what the history holds");
    cv_ui_at(ui, cv_model_end(m));
    expect(line_with(frame(), "│Alice"), "20000"); /* all are counted, those that went too */
    close_ui();
    end();
    info.implicit_main = false;
}
END_TEST

/* A preemption to the instant, between two looks, and within an interval: three pictures and three sentences. */
START_TEST(as_exact_as_it_is_known)
{
    scene_threads();
    at(10 * MS), switch_in(3, 0);
    cv_model_now(m, 20 * MS);
    open_ui(false, 160, 40);
    press(CV_KEY_DOWN), press(CV_KEY_DOWN); /* to the one that was pushed */
    cv_ui_at(ui, 3 * MS + 10);
    expect(line_with(frame(), "▸pushed"), "╳");
    expect(frame(), "preempted: could run, the core is busy");
    cv_ui_at(ui, 12 * MS);
    expect(frame(), "preempted 9.00 ms ago on core 1, 7.00 ms in the run queue · 1 move between cores");
    close_ui();
    end();
    scene_threads();
    at(9 * MS), run(2, 9);
    usage(19 * MS, 2, 0, 3, 2000, 10 * MS);
    cv_model_now(m, 20 * MS);
    for (int ascii = 0; ascii < 2; ascii++) {
        open_ui(ascii, 160, 40);
        press(CV_KEY_DOWN);
        cv_ui_at(ui, 20 * MS);
        expect(line_with(frame(), ascii ? ">patient" : "▸patient"), ascii ? "%" : "≈");
        expect_not(line_with(frame(), ascii ? ">patient" : "▸patient"), ascii ? "X" : "╳");
        expect(frame(), "preempted 3 times within 10.0 ms that ended 1.00 ms ago, then on core 1");
        cv_ui_at(ui, 18 * MS);
        expect(frame(), "preempted in this interval, for so long in all, not known when");
        close_ui();
    }
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui/missing");
    TCase *c = tcase_create("missing");
    tcase_add_loop_test(c, loss_comes_first, 0, 2);
    tcase_add_test(c, every_kind_of_loss);
    tcase_add_test(c, holes_are_drawn);
    tcase_add_test(c, the_oldest_is_gone);
    tcase_add_test(c, as_exact_as_it_is_known);
    suite_add_tcase(s, c);
    return s;
}
