/* All schedules in the viewer: lines of a table that go on below stay in their column, the chosen entry is seen at every size, and
 * what does not fit on the screen is announced. */
#include "ui_scene.h"

static const struct cv_ui_choice rows[] = {
    {.head = "line 3 can fail: x == 2", .text = "A read x (0). B read x (0). B wrote x = 1. A wrote x = 1; it had read it before B wrote.", .bad = true},
    {.head = "the goal", .text = "A wrote x = 1. B wrote x = 2."},
};
static const struct cv_ui_choices choices = {
    .title = "All schedules under the rules of threads",
    .top = "a lesson, all schedules under the rules of threads: 3 traces, complete\n\n"
           "      traces   interleavings  probability\n"
           "           1              48       0.3333  ✗  output \"Kant eats\", \"Plato eats\", \"Hume eats\", \"Descartes sleeps\"\n"
           "           4              17       0.1944  ✓  x = 2\n",
    .rows = rows, .n = CV_COUNT(rows)};

static void open_choices(int w, int h)
{
    scene_async(false);
    open_ui(false, w, h);
    cv_ui_choices(ui, &choices);
}

static void leave(void)
{
    cv_ui_choices(ui, NULL);
    close_ui();
    end();
}

START_TEST(a_table_keeps_its_columns)
{
    open_choices(80, 24);
    const char *text = frame();
    ck_assert_msg(strstr(text, "0.3333  ✗  output \"Kant eats\", \"Plato") != NULL, "%.2000s", text);
    ck_assert_msg(strstr(text, "┃                                              eats\", \"Hume eats\",") != NULL, "%.2000s", text);
    ck_assert(strstr(text, "↑↓") == NULL && strstr(text, "Enter plays it · Esc closes") != NULL);
    leave();
}
END_TEST

START_TEST(what_is_chosen_is_seen)
{
    open_choices(80, 12);
    ck_assert(strstr(frame(), "▸ line 3 can fail") && strstr(frame(), "↑↓ Enter plays it"));
    press(CV_KEY_DOWN);
    ck_assert(strstr(frame(), "▸ the goal") && strstr(frame(), "B wrote x = 2."));
    for (int w = 1; w <= 130; w += 3)
        for (int h = 1; h <= 40; h++) {
            cv_canvas_resize(&canvas, w, h);
            const char *text = frame();
            ck_assert_msg(h < 6 || w < 14 || strstr(text, "the goal"), "%dx%d:\n%.2000s", w, h, text);
        }
    leave();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_choices");
    TCase *c = tcase_create("choices");
    tcase_add_test(c, a_table_keeps_its_columns);
    tcase_add_test(c, what_is_chosen_is_seen);
    suite_add_tcase(s, c);
    return s;
}
