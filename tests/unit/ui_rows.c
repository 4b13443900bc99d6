/* Rows of the timeline: folded, unfolded, pinned, filtered; their order never depends on what tasks do; and the lines that are typed. */
#include "ui_scene.h"

enum { CROWD = 40 };

/* Alice and Bob, then so many of a crowd: each third of them runs on and on, the others wait. */
static void scene_crowd(uint32_t crowd)
{
    scene_begin(CV_THREADS, "threads", 1);
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    at(1 * MS), run(ALICE, 9), run(BOB, 9);
    for (uint32_t i = 0; i < crowd; i++) {
        char name[24];
        snprintf(name, sizeof name, "conn#%u", i);
        struct cv_event e = {.t = now, .kind = CV_EV_TASK_START, .task = 3 + i, .line = 8, .a = text(name), .c = 0};
        cv_model_fold(m, &e);
    }
    at(2 * MS);
    for (uint32_t i = 0; i < crowd; i++)
        run(3 + i, 9);
    at(5 * MS);
    for (uint32_t i = 0; i < crowd; i++)
        if (i % 3)
            waits(3 + i, 10, CV_BLOCK + CV_REASON_SLEEP, SECOND);
    at(7 * MS), prints(BOB, "hello there", 0);
    cv_model_now(m, 20 * MS);
}

static void open_crowd(int width, int height)
{
    scene_crowd(CROWD);
    open_ui(false, width, height);
    frame();
}

static void leave(void)
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

static void type(const char *text)
{
    for (; *text; text++)
        press(*text);
    press('\r');
}

/* In the Timeline, from the frame's name on: a name at the beginning of a row. */
static const char *row_of(const char *name)
{
    const char *at = strstr(frame(), "Timeline");
    while (at && (at = strstr(at, "\n┃"))) {
        at += strlen("\n┃");
        const char *text = *at == ' ' || *at == '*' ? at + 1 : !strncmp(at, "▸", 3) ? at + 3 : at;
        const char *after = text + strlen(name);
        if (!strncmp(text, name, strlen(name)) && (*after == ' ' || !strncmp(after, "│", 3))) /* no line of words */
            return at;
    }
    return NULL;
}

START_TEST(many_are_folded)
{
    open_crowd(120, 36);
    ck_assert_ptr_nonnull(row_of("handle ×40"));
    ck_assert_ptr_null(row_of("conn#0"));
    ck_assert_ptr_nonnull(row_of("Alice"));
    shows("26 waiting");
    for (int i = 0; i < 5; i++)
        press(CV_KEY_DOWN);
    shows("40 tasks handle: 14 running, 26 waiting · Enter unfolds");
    press('\r');
    ck_assert_ptr_nonnull(row_of("conn#0"));
    shows("Enter folds");
    press('\r');
    ck_assert_ptr_null(row_of("conn#0"));
    leave();
}
END_TEST

START_TEST(few_are_not)
{
    scene_crowd(4);
    open_ui(false, 120, 36);
    ck_assert_ptr_nonnull(row_of("conn#3"));
    ck_assert_ptr_null(row_of("handle ×"));
    leave();
}
END_TEST

/* The shares of a band are those of its tasks: a third of its cells runs, whatever its height. */
START_TEST(a_band_is_the_shares)
{
    struct cv_view v;
    scene_crowd(30);
    for (uint32_t height = 1; height <= ROWS_TALLEST; height++) {
        view_init(&v, false);
        view_model(&v, m);
        v.rows.room = 2 + height;
        v.cursor = view_end(&v);
        v.columns = 20;
        rows_update(&v);
        ck_assert_uint_eq(rows_count(&v), 2 + height);
        cv_canvas_resize(&canvas, 20, (int)height);
        rows_draw_band(&v, &canvas, (struct cv_rect){0, 0, 20, (int)height}, 0, 20, 0, ROWS_GROUP | 1, height);
        unsigned running = 0;
        for (uint32_t y = 0; y < height; y++) {
            const struct cv_cell_ui *cell = &canvas.at[y * 20 + 15]; /* at 15 ms of 20 */
            running += cell->colour == CV_C_RUNNING ? cell->c - 0x2580 : 0;
        }
        ck_assert_msg(running * 3 + 4 >= height * 8 && running * 3 <= height * 8 + 4, "%u eighths of %u rows run", running, height);
        const struct cv_cell_ui *before = &canvas.at[(height - 1) * 20 + 3];
        ck_assert_msg(before->c == 0x2588 && before->colour == CV_C_RUNNING, "all ran until 5 ms: U+%04X", (unsigned)before->c);
        view_release(&v);
    }
    cv_canvas_release(&canvas);
    end();
}
END_TEST

START_TEST(pinned_to_the_top)
{
    open_crowd(120, 36);
    press('/');
    type("conn#17");
    shows("task conn#17");
    ck_assert_ptr_nonnull(row_of("conn#17")); /* the selected lane stays in sight, below its band */
    ck_assert(row_of("handle ×40") < row_of("conn#17"));
    press('*');
    shows("conn#17 is pinned");
    ck_assert(row_of("conn#17") < row_of("Alice"));
    press(CV_KEY_DOWN);
    ck_assert(!strncmp(row_of("conn#17"), "*", 1));
    press(CV_KEY_UP);
    press('*');
    ck_assert(row_of("conn#17") > row_of("Alice"));
    leave();
}
END_TEST

START_TEST(only_some)
{
    open_crowd(120, 36);
    press('F');
    shows("show only:");
    type("conn#3");
    shows("only conn#3");
    ck_assert_ptr_nonnull(row_of("conn#3"));
    ck_assert_ptr_nonnull(row_of("conn#30"));
    ck_assert_ptr_null(row_of("conn#4"));
    ck_assert_ptr_null(row_of("Alice"));
    shows("▸conn#3"); /* whose words stand below is one that is seen */
    press('F');
    press(CV_KEY_BACKSPACE);
    type("  running");
    shows("only conn#  running");
    ck_assert_ptr_nonnull(row_of("conn#0"));
    ck_assert_ptr_null(row_of("conn#1"));
    press('F');
    for (int i = 0; i < 30; i++)
        press(CV_KEY_BACKSPACE);
    press(27);
    shows("only conn#  running"); /* left as it was */
    press('F');
    for (int i = 0; i < 30; i++)
        press(CV_KEY_BACKSPACE);
    type("");
    shows_not("only conn#");
    ck_assert_ptr_nonnull(row_of("Alice"));
    leave();
}
END_TEST

/* On a high screen lanes have two rows each, but not beside bands, whose rows tell how many do what. */
START_TEST(bands_stay_as_they_are)
{
    open_crowd(200, 60);
    const char *alice = row_of("Alice"), *next = alice ? strstr(alice, "\n┃") : NULL;
    ck_assert_ptr_nonnull(next);
    next += strlen("\n┃");
    ck_assert_msg(next[1] != ' ', "below Alice nothing stands:\n%.300s", next);
    leave();
}
END_TEST

/* A task that stands beside its band is one of those that the band counts: what is said to be left out is what is. */
START_TEST(beside_its_band)
{
    int said = 0;
    for (int height = 16; height <= 30; height++) {
        open_crowd(80, height);
        for (int i = 0; i < 20; i++) {
            char name[32];
            snprintf(name, sizeof name, "conn#%d", i % 4);
            if (i < 4)
                press('/'), type(name), press('*');
            const char *text = frame(), *more = strstr(text, "+ ");
            shows_not("+ 0 more");
            if (more && strstr(more, " more:")) {
                unsigned n = 0, sum = 0, part;
                ck_assert_int_eq(sscanf(more, "+ %u more:", &n), 1);
                said++;
                for (const char *at = strchr(more, ':') + 1; *at && *at != '\n'; at++)
                    if (at[0] >= '0' && at[0] <= '9' && sscanf(at, "%u", &part) == 1) {
                        sum += part;
                        while (at[1] >= '0' && at[1] <= '9')
                            at++;
                    }
                ck_assert_msg(sum == n, "%u are left out, and %u of them told:\n%.2000s", n, sum, text);
            }
            press(CV_KEY_DOWN);
        }
        leave();
    }
    ck_assert_int_gt(said, 0);
}
END_TEST

/* Tasks, writes, output, one after the other; then from the first again. */
START_TEST(search)
{
    scene_async(true);
    open_ui(false, 120, 36);
    press('/');
    press('q'); /* is typed, no end */
    shows("search: q");
    press(CV_KEY_BACKSPACE);
    type("BOB");
    shows("task Bob");
    shows("▸Bob");
    press('/'), press('\r');
    shows("output: Handled by: Bob");
    press('/'), press('\r'), press('/'), press('\r');
    shows("line 8: [task handle for user in \"Alice\", \"Bob\"]");
    press('/'), press('\r');
    shows("task Bob");
    press('/');
    type("user");
    shows("current_user written at line 9");
    shows("10.0 µs");
    press('/'), press('\r');
    shows("40.0 µs");
    press('/'), press('\r');
    shows("line 3: title = Two users, one global"); /* the source: its line is shown, time stands */
    shows("40.0 µs");
    for (int i = 0; i < 5; i++)
        press('/'), press('\r');
    shows("10.0 µs");
    press('/');
    type("nowhere");
    shows("neither task, variable, output, mark nor line of the source has 'nowhere'");
    press('/');
    type("await");
    shows("line 10: await sleep 1s");
    leave();
}
END_TEST

/* Whatever is folded, pinned and filtered: each task has at most one row, the loop is the first, and moving goes through them all. */
START_TEST(rows_are_each_once)
{
    struct cv_view v;
    scene_crowd(60);
    view_init(&v, false);
    view_model(&v, m);
    v.columns = 60;
    v.cursor = view_end(&v);
    uint64_t seed = (uint64_t)_i + 1;
    for (int step = 0; step < 400; step++) {
        uint8_t seen[80] = {0};
        v.rows.room = 2 + (uint32_t)(next_random(&seed) % 30);
        v.rows.stale = true;
        switch (next_random(&seed) % 6) {
        case 0: rows_move(&v, 1); break;
        case 1: rows_move(&v, -1); break;
        case 2: rows_unfold(&v); break;
        case 3: rows_pin(&v); break;
        case 4: rows_filter(&v, next_random(&seed) % 3 ? "" : next_random(&seed) % 2 ? "waiting" : "conn#1"); break;
        default: rows_move(&v, (int)(next_random(&seed) % 20) - 10); break;
        }
        rows_update(&v);
        for (uint32_t i = 0; i < rows_count(&v); i++) {
            uint32_t row = rows_at(&v, i);
            if (rows_is_group(row))
                continue;
            ck_assert_msg(row < 80 && row > 0 && !seen[row], "step %d: task %u has two rows", step, row);
            seen[row] = 1;
        }
        ck_assert_uint_lt(rows_selected(&v), rows_count(&v) ? rows_count(&v) : 1);
        ck_assert(v.lane == CV_LANE_LOOP || v.lane < cv_model_ntasks(m));
    }
    view_release(&v);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_rows");
    TCase *c = tcase_create("rows");
    tcase_add_test(c, many_are_folded);
    tcase_add_test(c, few_are_not);
    tcase_add_test(c, a_band_is_the_shares);
    tcase_add_test(c, pinned_to_the_top);
    tcase_add_test(c, only_some);
    tcase_add_test(c, beside_its_band);
    tcase_add_test(c, bands_stay_as_they_are);
    tcase_add_test(c, search);
    tcase_add_loop_test(c, rows_are_each_once, 0, 4);
    suite_add_tcase(s, c);
    return s;
}
