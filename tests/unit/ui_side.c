/* Side by side: every model's lanes on one axis, the table with its bars, what came out; and the keys that move all of them at once. */
#include "ui_scene.h"

static struct cv_side side;
static struct cv_side_row rows[] = {
    {.label = "elapsed", .cells = {"1.000 s", "500 ms", "", "250 ms"}, .lengths = {1000, 500, -1, 250}},
    {.label = "switches", .cells = {"12", "3456", "", "7"}, .lengths = {12, 3456, -1, 7}},
    {.label = "await sleep", .part = true, .cells = {"2", "·", "", "·"}, .lengths = {-1, -1, -1, -1}},
    {.label = "threads", .cells = {"1", "3", "", "3"}, .lengths = {-1, -1, -1, -1}},
};

static void open_side(bool ascii, int w, int h)
{
    scene_async(true);
    open_ui(ascii, w, h);
    side = (struct cv_side){.title = "Two users, one global", .n = 4, .rows = rows, .nrows = CV_COUNT(rows),
                            .runs = {{.name = "async", .model = m, .result = "x = \"Bob\""},
                                     {.name = "threads", .model = m, .bad = true, .elapsed_ns = 123 * MS, .result = "deadlock"},
                                     {.name = "threads+gil", .model = m, .running = true},
                                     {.name = "processes"}}};
    cv_ui_side(ui, &side);
}

static void close_side(void)
{
    close_ui();
    end();
}

static bool has(const char *text) { return strstr(frame(), text) != NULL; }

static int count(const char *word)
{
    int n = 0;
    for (const char *at = frame(); (at = strstr(at, word)); at++)
        n++;
    return n;
}

/* Column of a text in its row, in characters. */
static int column_of(const char *line, const char *text)
{
    const char *at = strstr(line, text);
    int n = 0;
    for (size_t length; at && line < at; line += length, n++)
        cv_utf8(line, strlen(line), &length);
    return at ? n : -1;
}

START_TEST(all_at_once)
{
    open_side(_i == 1, 120, 36);
    ck_assert(has("threads+gil runs, 3 of 4") && has("waits for its turn") && has("deadlock") && has("x = \"Bob\""));
    ck_assert(has("123 ms"));
    ck_assert_int_eq(count("Alice"), 3); /* a lane in each that has begun */
    for (size_t i = 0; i < CV_COUNT(rows); i++)
        ck_assert(has(rows[i].label));
    ck_assert(has(_i ? "#####" : "█████") && has("1.000 s"));
    ck_assert(!has("Switches ") && !has("Code")); /* in place of all else */
    side.runs[2].running = false;
    side.runs[2].result = side.runs[3].result = "x";
    ck_assert(has("side by side"));
    close_side();
}
END_TEST

/* A narrow screen keeps names, numbers and what came out; the rest scrolls. */
START_TEST(where_it_is_narrow)
{
    open_side(false, 80, 15);
    ck_assert(has("elapsed") && has("result") && has("x = \"Bob\"") && !has("threads  "));
    press(CV_KEY_PAGE_DOWN);
    ck_assert(!has("elapsed") && has("result"));
    ck_assert_int_eq(press(CV_KEY_UP), CV_CMD_REDRAW);
    for (int i = 0; i < 20; i++)
        press('k');
    ck_assert(has("elapsed"));
    cv_canvas_resize(&canvas, 80, 24);
    ck_assert(has("elapsed") && has("threads  ") && has("Alice") && has("processes"));
    for (int h = 20; h <= 28; h++) { /* with a row too few it is the loop that is not shown, and nobody is left out in silence */
        cv_canvas_resize(&canvas, 80, h);
        ck_assert_msg(count(" Bob") == count(" Alice") || has("more"), "%d rows:\n%.1500s", h, frame());
    }
    close_side();
}
END_TEST

/* Each has names of its own length; an instant stands at the same place in all of them. */
START_TEST(one_axis)
{
    open_side(false, 120, 40);
    press(CV_KEY_HOME);
    const char *text = frame();
    const char *first = strstr(text, "Alice"), *second = strstr(first + 1, "Alice");
    char one[1024], two[1024];
    snprintf(one, sizeof one, "%.*s", (int)strcspn(first, "\n"), first);
    snprintf(two, sizeof two, "%.*s", (int)strcspn(second, "\n"), second);
    ck_assert_str_eq(one, two);
    ck_assert_int_gt(column_of(one, "│"), 0);
    close_side();
}
END_TEST

START_TEST(its_keys)
{
    open_side(false, 120, 36);
    char *before = cv_strndup(frame(), strlen(frame()));
    press('+');
    ck_assert(strcmp(before, frame()));
    press('0');
    ck_assert_str_eq(before, frame());
    press(CV_KEY_LEFT);
    ck_assert(strcmp(before, frame())); /* an instant before the end */
    press(CV_KEY_END), press('0');
    ck_assert_str_eq(before, frame());
    press('?');
    ck_assert(has("Help"));
    press(27);
    ck_assert_str_eq(before, frame());
    ck_assert_int_eq(press('t'), CV_CMD_NONE);
    ck_assert_int_eq(press('c'), CV_CMD_COMPARE);
    ck_assert_int_eq(press(27), CV_CMD_COMPARE);
    ck_assert_int_eq(press('q'), CV_CMD_QUIT);
    cv_ui_side(ui, NULL);
    ck_assert(has("Switches") && press('c') == CV_CMD_COMPARE); /* the dashboard asks for it */
    free(before);
    close_side();
}
END_TEST

START_TEST(any_size)
{
    open_side(_i == 1, 80, 24);
    for (int h = 1; h < 60; h += 2)
        for (int w = 1; w < 240; w += 11) {
            cv_canvas_resize(&canvas, w, h);
            frame();
            press('+'), press(CV_KEY_LEFT), frame();
            press('0'), press(CV_KEY_END);
        }
    close_side();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui/side");
    TCase *c = tcase_create("side");
    tcase_add_loop_test(c, all_at_once, 0, 2);
    tcase_add_test(c, where_it_is_narrow);
    tcase_add_test(c, one_axis);
    tcase_add_test(c, its_keys);
    tcase_add_loop_test(c, any_size, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
