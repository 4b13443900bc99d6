/* Knobs: which values they take, what is remembered of the runs, and the curve that emerges. */
#include "ui_scene.h"

static const struct cv_knob two[] = {{"workers", 4, 1, 8, false}, {"rounds", 1000, 1, 100000, false}};

static void must(const char *words, bool there)
{
    bool is = strstr(frame(), words) != NULL;
    if (is != there)
        fprintf(stderr, "%s\n", frame());
    ck_assert_msg(is == there, "'%s' is %son the screen", words, is ? "" : "not ");
}

static void open_knobs(int width, int height)
{
    scene_threads();
    open_ui(false, width, height);
    cv_ui_knobs(ui, two, 2);
}

static void leave(void)
{
    close_ui();
    end();
}

/* The value wanted goes to the app, which runs anew with it. */
static int64_t turn(int key)
{
    ck_assert_int_eq(press(key), CV_CMD_TURN);
    struct cv_knob wanted[] = {two[0], two[1]};
    wanted[0].value = cv_ui_knob(ui, 0), wanted[1].value = cv_ui_knob(ui, 1);
    cv_ui_knobs(ui, wanted, 2);
    return wanted[0].value;
}

START_TEST(values)
{
    open_knobs(120, 36);
    must("workers ▕█████", true);
    must("4 in 1..8", true);
    ck_assert_int_eq(turn('>'), 5);
    for (int i = 6; i <= 8; i++)
        ck_assert_int_eq(turn('>'), i);
    ck_assert_int_eq(press('>'), CV_CMD_REDRAW);
    must("workers is at its highest", true);
    press('v');
    must("< and > turn rounds", true);
    static const int64_t down[] = {500, 200, 100, 50, 20, 10, 5, 2, 1};
    for (size_t i = 0; i < CV_COUNT(down); i++) {
        turn('<');
        ck_assert_int_eq(cv_ui_knob(ui, 1), down[i]);
    }
    ck_assert_int_eq(press('<'), CV_CMD_REDRAW);
    must("rounds is at its lowest", true);
    leave();
}
END_TEST

START_TEST(none_to_turn)
{
    scene_threads();
    open_ui(false, 120, 36);
    ck_assert_int_eq(press('>'), CV_CMD_REDRAW);
    must("no [params] to turn", true);
    leave();
}
END_TEST

/* From the second run at another value on there is a plot; of runs that differ in something else there is none. */
START_TEST(a_curve_emerges)
{
    open_knobs(120, 40);
    cv_ui_result(ui, "threads", &(struct cv_run_figures){8 * MS, 3, 0});
    must("elapsed", false);
    turn('>');
    cv_ui_result(ui, "threads", &(struct cv_run_figures){4 * MS, 7, 2});
    must("elapsed 4.00 ms, at most 8.00 ms", true);
    must("preemptions 7, at most 7", true);
    must("lost updates 2, at most 2", true);
    turn('<');
    must("elapsed 8.00 ms, at most 8.00 ms", true);
    cv_ui_result(ui, "threads", &(struct cv_run_figures){6 * MS, 0, 0}); /* the newer counts */
    must("elapsed 6.00 ms, at most 6.00 ms", true);
    press('v');
    turn('<');
    press('v'), press('v'), press('v');
    must("elapsed", false); /* other rounds: not to be compared */
    cv_ui_result(ui, "async", &(struct cv_run_figures){6 * MS, 0, 0});
    must("elapsed", false);
    leave();
}
END_TEST

/* At 80x24 a strip of one row, below that none. */
START_TEST(room)
{
    open_knobs(80, 24);
    cv_ui_result(ui, "threads", &(struct cv_run_figures){8 * MS, 3, 0});
    turn('>');
    cv_ui_result(ui, "threads", &(struct cv_run_figures){4 * MS, 7, 2});
    must("workers ▕", true);
    must("elapsed", false);
    cv_canvas_resize(&canvas, 80, 18);
    must("workers ▕", false);
    leave();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_knobs");
    TCase *c = tcase_create("knobs");
    tcase_add_test(c, values);
    tcase_add_test(c, none_to_turn);
    tcase_add_test(c, a_curve_emerges);
    tcase_add_test(c, room);
    suite_add_tcase(s, c);
    return s;
}
