/* The two clocks: the screen plays at any speed, backwards too, holds, catches up with the run; what it has not shown yet is not
 * told; the window goes along; marks; the map of the whole run. */
#include "ui_scene.h"

#define WALL 33000000ull   /* ns between two frames */
static uint64_t wall;

static bool tick(int frames)
{
    bool moved = false;
    for (int i = 0; i < frames; i++)
        moved |= cv_ui_tick(ui, wall += WALL);
    return moved;
}

static void look(bool whole, double pace)
{
    wall = SECOND;
    scene_async(whole);
    open_ui(false, 120, 36);
    cv_ui_pace(ui, pace);
    cv_ui_model(ui, m);
    frame();
    tick(1); /* the first tick only looks at the clock */
}

static void look_away(void)
{
    close_ui();
    end();
}

static void must(const char *words, bool there)
{
    bool is = strstr(frame(), words) != NULL;
    if (is != there)
        fprintf(stderr, "%s\n", frame());
    ck_assert_msg(is == there, "'%s' is %son the screen", words, is ? "" : "not ");
}
static void shows(const char *words) { must(words, true); }
static void shows_not(const char *words) { must(words, false); }

START_TEST(from_the_beginning_at_the_pace_of_the_scenario)
{
    look(true, .01);
    ck_assert(cv_ui_playing(ui) && !cv_ui_live(ui));
    shows("▶ 1/100 ");
    shows("run's clock at 1/100");
    shows("0 ns"); /* at the first instant */
    ck_assert(tick(30));
    shows("9.90 ms"); /* 30 frames of 33 ms at a hundredth */
    look_away();
    look(true, 1);
    ck_assert(!cv_ui_playing(ui) && cv_ui_live(ui));
    ck_assert(!tick(10));
    look_away();
}
END_TEST

/* At a millionth a frame is worth 33 ns, and none is lost on the way. */
START_TEST(as_slow_as_can_be)
{
    look(true, 1e-9);
    shows("▶ 1/1000000 ");
    tick(1000);
    shows("33.0 µs");
    look_away();
}
END_TEST

START_TEST(the_scale_of_speeds)
{
    look(true, 1);
    press(' ');
    for (int i = 0; i < 40; i++)
        press('[');
    shows("▶ 1/1000000 ");
    for (int i = 0; i < 18; i++)
        press(']');
    shows("▶ 1× ");
    for (int i = 0; i < 40; i++)
        press(']');
    shows("▶ 16× ");
    press(' ');
    shows("‖ hold");
    shows("Space plays at 16×");
    press('l');
    shows_not("16×");
    look_away();
}
END_TEST

START_TEST(held_does_not_play)
{
    look(true, .01);
    tick(10);
    press(' ');
    ck_assert(!cv_ui_playing(ui));
    char *held = cv_strndup(frame(), strlen(frame()));
    ck_assert(!tick(100));
    ck_assert_str_eq(held, frame());
    press('[');
    ck_assert_msg(!cv_ui_playing(ui), "another speed is chosen while it stands, not begun with");
    press(' ');
    ck_assert(tick(2)); /* and from where it stood: what passed meanwhile is not made up for */
    shows("3.46 ms"); /* 10 frames at a hundredth, one at the half of it */
    free(held);
    look_away();
}
END_TEST

START_TEST(backwards_to_the_beginning)
{
    look(true, 1);
    cv_ui_at(ui, 500 * MS);
    press('\\');
    tick(1);
    shows("◀ 1×");
    tick(10);
    shows("170 ms");
    press('\\');
    shows("▶ 1×");
    tick(5);
    shows("335 ms");
    press('\\');
    tick(100);
    ck_assert(!cv_ui_playing(ui));
    shows("‖ hold       0 ns");
    look_away();
}
END_TEST

/* At the end it stands; from there it plays the whole again. */
START_TEST(to_the_end_and_again)
{
    look(true, .5);
    tick(100);
    ck_assert(!cv_ui_playing(ui));
    shows("1.000 s");
    shows("Handled by: Bob");
    press(' ');
    ck_assert(cv_ui_playing(ui));
    tick(2);
    shows_not("Handled by: Bob");
    look_away();
}
END_TEST

/* A run that goes on is caught up with, and then followed; below its own speed it never is. */
START_TEST(caught_up_with)
{
    look(false, .5);
    tick(200);
    ck_assert(!cv_ui_live(ui) && cv_ui_playing(ui));
    for (int i = 0; i < 2; i++)
        press(']');
    shows("▶ 2×");
    tick(200);
    ck_assert(cv_ui_live(ui) && !cv_ui_playing(ui));
    shows("● live");
    press('[');
    shows("▶ 1/2");
    ck_assert(cv_ui_playing(ui));
    look_away();
}
END_TEST

/* What comes after the cursor is not drawn before its time, but it is when one has been there. */
START_TEST(the_future_is_not_told)
{
    look(true, .1);
    press('0');
    tick(30);
    const char *lane = strstr(frame(), "┃ Bob");
    ck_assert_ptr_nonnull(lane);
    size_t dashes = 0;
    for (const char *s = lane; s < strstr(lane, "\n"); s++)
        dashes += strncmp(s, "╌", 3) == 0;
    ck_assert_msg(dashes > 3 && dashes < 30, "%zu columns of Bob's wait are shown after a tenth of it", dashes);
    press(CV_KEY_END);
    press(CV_KEY_HOME);
    lane = strstr(frame(), "┃ Bob");
    dashes = 0;
    for (const char *s = lane; s < strstr(lane, "\n"); s++)
        dashes += strncmp(s, "╌", 3) == 0;
    ck_assert_uint_gt(dashes, 60);
    look_away();
}
END_TEST

START_TEST(a_window_nobody_zoomed_is_a_screenful)
{
    look(true, 1);
    cv_ui_at(ui, 500 * MS);
    shows("1.200 s wide"); /* the next round span of the run, in whole columns */
    for (int i = 0; i < 9; i++)
        press('[');
    shows("Space plays at 1/1000");
    shows("10.0 ms wide");
    press('+');
    shows("5.00 ms wide");
    press('[');
    shows("5.00 ms wide"); /* chosen by hand */
    look_away();
}
END_TEST

/* The window stands while the cursor crosses it, and shows it always. */
START_TEST(the_window_goes_along)
{
    struct cv_view v;
    scene_async(true);
    view_init(&v, false);
    v.speed = 1e-3;
    view_model(&v, m);
    v.columns = 100;
    v.ticked = 1;
    int jumps = 0;
    for (int i = 0; i < 2000; i++) {
        uint64_t from = view_from(&v), at = v.cursor;
        view_tick(&v, v.ticked + WALL);
        ck_assert_uint_gt(v.cursor, at);
        ck_assert(view_from(&v) <= v.cursor && v.cursor < view_from(&v) + view_window(&v));
        jumps += view_from(&v) != from;
    }
    ck_assert_int_le(jumps, 10); /* 66 ms in windows of 10 ms */
    ck_assert_int_ge(jumps, 6);
    view_play(&v, -1);
    while (v.playing) {
        view_tick(&v, v.ticked + WALL);
        ck_assert(view_from(&v) <= v.cursor && v.cursor < view_from(&v) + view_window(&v));
    }
    ck_assert_uint_eq(v.cursor, 0);
    view_release(&v);
    end();
}
END_TEST

/* ── moments and marks ──────────────────────────────────────────────────────────────────────────── */
START_TEST(from_moment_to_moment)
{
    look(true, 1);
    press('n'); /* from the end: the first switch of all */
    shows("switch: await sleep");
    shows("30.0 µs");
    press('e');
    shows("next shared write");
    press('n');
    shows("shared write: current_user");
    shows("40.0 µs");
    shows("▸Bob");
    press('N');
    shows("10.0 µs");
    shows("▸Alice");
    press('N');
    shows("no shared write before");
    shows("10.0 µs");
    press('e');
    press('n');
    shows("finding: Alice read");
    press('e');
    press('n');
    shows("no mark after");
    press('e');
    press('N');
    shows("no output line before");
    press(CV_KEY_HOME);
    press('n');
    shows("output line: Handled by: Bob");
    look_away();
}
END_TEST

START_TEST(two_marks_and_what_lies_between)
{
    look(true, 1);
    cv_ui_at(ui, 200 * MS);
    press('m');
    cv_ui_at(ui, 350 * MS);
    shows("A to here 150 ms");
    press('M');
    shows("A to B 150 ms");
    cv_ui_at(ui, 10 * MS);
    shows("A to B 150 ms");
    press('m');
    shows("A to B 340 ms");
    press('m');
    shows("mark A taken away");
    shows("B to here -340 ms");
    look_away();
}
END_TEST

/* ── the map ────────────────────────────────────────────────────────────────────────────────────── */
static const char *last_frame_row(void)
{
    const char *text = frame();
    const char *row = strstr(strstr(text, "Timeline"), "╰");
    ck_assert_ptr_nonnull(row);
    return row;
}

START_TEST(the_map_shows_where_the_window_is)
{
    look(true, 1);
    ck_assert_ptr_null(memchr(last_frame_row(), '[', 130)); /* the window is the run */
    cv_ui_at(ui, 500 * MS);
    press('+'), press('+');
    const char *row = last_frame_row(), *open = strchr(row, '['), *shut = strchr(row, ']');
    ck_assert_msg(open && shut && open < shut, "no window on the map");
    ck_assert_msg(strstr(row, "⚠") > shut, "no finding on the map, behind the window");
    int y = 0;
    for (const char *s = frame(); s < row; s++)
        y += *s == '\n';
    cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = 2 + 29, .y = y, .button = 1}); /* a quarter of 116 columns */
    shows(" 254 ms");
    cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = 2 + 30, .y = y, .button = 2});
    shows(" 263 ms");
    look_away();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_clock");
    TCase *c = tcase_create("clock");
    tcase_add_test(c, from_the_beginning_at_the_pace_of_the_scenario);
    tcase_add_test(c, as_slow_as_can_be);
    tcase_add_test(c, the_scale_of_speeds);
    tcase_add_test(c, held_does_not_play);
    tcase_add_test(c, backwards_to_the_beginning);
    tcase_add_test(c, to_the_end_and_again);
    tcase_add_test(c, caught_up_with);
    tcase_add_test(c, the_future_is_not_told);
    tcase_add_test(c, a_window_nobody_zoomed_is_a_screenful);
    tcase_add_test(c, the_window_goes_along);
    tcase_add_test(c, from_moment_to_moment);
    tcase_add_test(c, two_marks_and_what_lies_between);
    tcase_add_test(c, the_map_shows_where_the_window_is);
    suite_add_tcase(s, c);
    return s;
}
