/* Keys: every key of keys.def does something that can be seen or orders something, and stands in the help; and what those that
 * move through time do exactly. */
#include "ui_scene.h"

enum { W = 120, H = 60 };

static char *copy(const char *s) { return cv_strndup(s, strlen(s)); }

/* Situations in which a key may mean something: live, held in the middle, zoomed, in the help, alone, in another pane;
 * in a story, at its opening and on its way; in the scheduler's place, with the first and the second task picked. */
enum { STORY = 7, STAGE = 9, SITUATIONS = 11 };
static void prepare(int situation)
{
    scene_async(true);
    open_ui(false, W, situation == 3 ? 12 : H);
    frame();
    switch (situation) {
    case 1: cv_ui_at(ui, 500 * MS); break;
    case 2: cv_ui_at(ui, 500 * MS), press('+'), press('+'), press('+'); break;
    case 3: press('?'); break;
    case 4: press('\r'); break;
    case 5:
        for (int i = 0; i < 3; i++)
            press('\t'); /* to the code */
        press('j');
        break;
    case 6: press('?'), press(CV_KEY_DOWN); break;
    case STAGE: case STAGE + 1:
        cv_ui_stage(ui, &scene_stage);
        if (situation > STAGE)
            press(CV_KEY_DOWN);
        break;
    case STORY: case STORY + 1:
        info.predict = (struct cv_info_predict){.question = "?", .choices = {"a", "b", "c", "d", "e"}, .nchoices = 5};
        cv_ui_present(ui, CV_SLIDE_OPENING);
        press('b');
        if (situation > STORY)
            press(CV_KEY_PAGE_DOWN);
        break;
    }
    frame();
}

static void finish(void)
{
    close_ui();
    end();
}

/* Does the key do anything in that situation? */
static bool has_effect(int key, int situation)
{
    prepare(situation);
    char *before = copy(frame());
    enum cv_command command = press(key);
    bool effect = command > CV_CMD_REDRAW || strcmp(before, frame()) != 0;
    free(before);
    finish();
    return effect;
}

START_TEST(every_key_has_an_effect)
{
    for (int i = 0; i < 2; i++) {
        int key = keys_table[_i].codes[i];
        bool effect = key == 0;
        bool story = keys_table[_i].when == KEYS_STORY;
        for (int s = story ? STORY : 0; s < SITUATIONS && !effect; s++)
            effect = has_effect(key, s);
        ck_assert_msg(effect, "'%s' (%s), code %d: nothing happens", keys_table[_i].keys, keys_table[_i].summary, i);
    }
}
END_TEST

START_TEST(every_key_is_in_the_help)
{
    scene_async(true);
    for (int form = 0; form < 2; form++) {
        open_ui(form, 240, 90);
        press('?');
        const char *help = frame();
        for (size_t i = 0; i < keys_count; i++) {
            ck_assert_msg(strstr(help, keys_table[i].summary), "the help does not say: %s", keys_table[i].summary);
            ck_assert_msg(form || strstr(help, keys_table[i].keys), "the help does not name the key %s", keys_table[i].keys);
        }
        for (int s = 0; s < CV_ST_COUNT; s++)
            ck_assert_msg(strstr(help, cv_state_info[s].meaning), "the help does not say what '%s' means", cv_state_info[s].name);
        close_ui();
    }
    end();
}
END_TEST

START_TEST(no_key_twice_none_unknown)
{
    for (size_t i = 0; i < keys_count * 2; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(!keys_table[i / 2].codes[i % 2] || keys_table[i / 2].codes[i % 2] != keys_table[k / 2].codes[k % 2] ||
                              !(keys_table[i / 2].when & keys_table[k / 2].when),
                          "'%s' and '%s' are the same key", keys_table[i / 2].keys, keys_table[k / 2].keys);
    prepare(0);
    static const int strangers[] = {0, 'z', '"', 0x263a, -1, 1};
    for (size_t i = 0; i < CV_COUNT(strangers); i++)
        ck_assert_int_eq(press(strangers[i]), CV_CMD_NONE);
    for (size_t i = 0; i < keys_count; i++) /* the list that others read is the same */
        ck_assert(!strcmp(cv_keys[i].keys, keys_table[i].keys) && !strcmp(cv_keys[i].summary, keys_table[i].summary));
    ck_assert_ptr_null(cv_keys[keys_count].keys);
    finish();
}
END_TEST

START_TEST(quit_from_anywhere)
{
    prepare(_i);
    ck_assert_int_eq(press('q'), CV_CMD_QUIT);
    finish();
}
END_TEST

/* The bottom line names help and quit at any width at which both fit. */
START_TEST(help_and_quit_are_always_named)
{
    scene_async(true);
    open_ui(false, W, H);
    for (int w = 20; w <= 200; w++) {
        cv_canvas_resize(&canvas, w, 24);
        const char *text = frame();
        ck_assert_msg(strstr(text, "? help") && strstr(text, "q quit"), "%d columns:\n%s", w, text);
    }
    finish();
}
END_TEST

/* ── through time ───────────────────────────────────────────────────────────────────────────────── */
static struct cv_view view;

static void look(void)
{
    scene_async(true);
    view_init(&view, false);
    view_model(&view, m);
    view.columns = 100;
    view.cursor = view_end(&view);
    view.lane = ALICE;
}

static void look_away(void)
{
    view_release(&view);
    end();
}

START_TEST(there_and_back)
{
    static const int pairs[][2] = {{CV_KEY_LEFT, CV_KEY_RIGHT}, {CV_KEY_SHIFT_LEFT, CV_KEY_SHIFT_RIGHT}};
    look();
    view_goto(&view, 500 * MS);
    for (size_t i = 0; i < CV_COUNT(pairs); i++) {
        uint64_t column = view_column_ns(&view), columns = i ? 10 : 1, from = view.cursor;
        keys_dispatch(&view, pairs[i][0]);
        ck_assert_uint_eq(view.cursor, from - columns * column);
        ck_assert(!view.live);
        keys_dispatch(&view, pairs[i][1]);
        ck_assert_uint_eq(view.cursor, from);
    }
    keys_dispatch(&view, CV_KEY_HOME);
    ck_assert_uint_eq(view.cursor, 0);
    keys_dispatch(&view, CV_KEY_LEFT);
    ck_assert_uint_eq(view.cursor, 0);
    keys_dispatch(&view, CV_KEY_END);
    ck_assert_uint_eq(view.cursor, view_end(&view));
    keys_dispatch(&view, CV_KEY_RIGHT);
    ck_assert_uint_eq(view.cursor, view_end(&view));
    look_away();
}
END_TEST

/* From change to change: each is an instant at which the lane's state is another than before. */
START_TEST(changes_of_a_lane)
{
    static const uint64_t changes[] = {10 * US, 30 * US, SECOND, SECOND + 10 * US};
    look();
    keys_dispatch(&view, CV_KEY_HOME);
    for (size_t i = 0; i < CV_COUNT(changes); i++) {
        keys_dispatch(&view, '.');
        ck_assert_uint_eq(view.cursor, changes[i]);
    }
    for (size_t i = CV_COUNT(changes) - 1; i-- > 0;) {
        keys_dispatch(&view, ',');
        ck_assert_uint_eq(view.cursor, changes[i]);
    }
    look_away();
}
END_TEST

START_TEST(findings_in_turn)
{
    look();
    view.lane = BOB;
    keys_dispatch(&view, 'f');
    ck_assert_uint_eq(view.cursor, SECOND + 10 * US);
    ck_assert_uint_eq(view.lane, ALICE);
    keys_dispatch(&view, CV_KEY_HOME);
    keys_dispatch(&view, 'f');
    ck_assert_uint_eq(view.cursor, SECOND + 10 * US);
    look_away();
}
END_TEST

/* The cursor stays where it is on the screen and in the run, from a microsecond to an hour. */
START_TEST(zoom_keeps_the_instant)
{
    look();
    view_goto(&view, 500 * MS);
    uint64_t before = view_column_ns(&view);
    keys_dispatch(&view, '+');
    ck_assert_uint_le(view_column_ns(&view), before / 2 + 1);
    keys_dispatch(&view, '-');
    ck_assert_uint_le(view_column_ns(&view), before + 2);
    for (int i = 0; i < 120; i++) {
        keys_dispatch(&view, i < 60 ? '+' : '-');
        uint64_t column = view_column_ns(&view), from = view_from(&view);
        ck_assert_uint_eq(view.cursor, 500 * MS);
        ck_assert_msg(from <= view.cursor && view.cursor < from + column * 100, "the cursor left the window");
        ck_assert_uint_ge(column * 100, VIEW_MIN_SPAN);
        if (i == 59)
            ck_assert_uint_eq(column, VIEW_MIN_SPAN / 100);
    }
    ck_assert_uint_eq(view_column_ns(&view), VIEW_MAX_SPAN / 100);
    keys_dispatch(&view, '0');
    ck_assert_uint_eq(view.cursor, 500 * MS);
    ck_assert_uint_eq(view_column_ns(&view), before);
    look_away();
}
END_TEST

/* The wheel: what lies under the mouse stays in its column, and the cursor stays in sight. */
START_TEST(zoom_at_the_mouse)
{
    uint64_t t = 300 * MS + 123456;
    look();
    view_goto(&view, 500 * MS);
    for (int i = 0; i < 60; i++) {
        uint64_t old = view_column_ns(&view), place = (t - view_from(&view)) / old;
        view_zoom_at(&view, i < 25, t);
        uint64_t column = view_column_ns(&view), from = view_from(&view);
        if (from > 0)
            ck_assert_uint_eq(t / column - from / column, place);
        ck_assert_msg(from <= view.cursor && view.cursor < from + column * 100, "the cursor left the window");
        ck_assert(view.cursor == 500 * MS || view.cursor == t);
        if (i == 24)
            ck_assert_uint_eq(column, VIEW_MIN_SPAN / 100);
    }
    look_away();
}
END_TEST

START_TEST(lanes_one_by_one)
{
    look();
    for (int i = 0; i < 5; i++)
        keys_dispatch(&view, CV_KEY_UP);
    ck_assert_uint_eq(view.lane, CV_LANE_LOOP);
    static const uint32_t order[] = {ALICE, BOB, BOB};
    for (size_t i = 0; i < CV_COUNT(order); i++) {
        keys_dispatch(&view, CV_KEY_DOWN);
        ck_assert_uint_eq(view.lane, order[i]);
    }
    look_away();
}
END_TEST

START_TEST(esc_goes_back_one_step)
{
    look();
    keys_dispatch(&view, '\r');
    keys_dispatch(&view, '?');
    ck_assert(view.help && view.alone);
    keys_dispatch(&view, 27);
    ck_assert(!view.help && view.alone);
    keys_dispatch(&view, 27);
    ck_assert(!view.alone);
    for (int i = 0; i < PANE_COUNT; i++)
        keys_dispatch(&view, '\t');
    ck_assert_int_eq(view.focus, PANE_TIMELINE);
    look_away();
}
END_TEST

/* ── the mouse ──────────────────────────────────────────────────────────────────────────────────── */
START_TEST(mouse_anywhere)
{
    scene_threads();
    open_ui(false, 80, 24);
    for (int button = 0; button <= 6; button++)
        for (int y = -1; y <= 24; y++)
            for (int x = -1; x <= 80; x += 3) {
                cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = x, .y = y, .button = button});
                frame();
            }
    press('l');
    frame();
    cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = 3, .y = 16, .button = 1}); /* the lane "patient" */
    ck_assert_msg(strstr(frame(), "▸patient"), "a click selects a lane:\n%s", frame());
    cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = 20, .y = 16, .button = 1});
    ck_assert_msg(!cv_ui_live(ui), "a click into time holds the view");
    close_ui();
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_keys");
    TCase *c = tcase_create("keys");
    tcase_add_loop_test(c, every_key_has_an_effect, 0, (int)keys_count);
    tcase_add_test(c, every_key_is_in_the_help);
    tcase_add_test(c, no_key_twice_none_unknown);
    tcase_add_loop_test(c, quit_from_anywhere, 0, SITUATIONS);
    tcase_add_test(c, help_and_quit_are_always_named);
    tcase_add_test(c, there_and_back);
    tcase_add_test(c, changes_of_a_lane);
    tcase_add_test(c, findings_in_turn);
    tcase_add_test(c, zoom_keeps_the_instant);
    tcase_add_test(c, zoom_at_the_mouse);
    tcase_add_test(c, lanes_one_by_one);
    tcase_add_test(c, esc_goes_back_one_step);
    tcase_add_test(c, mouse_anywhere);
    suite_add_tcase(s, c);
    return s;
}
