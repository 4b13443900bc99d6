/* Lanes of two rows: where a screen has room, what fills the first row fills the second, and everything else stays in the first. */
#include "ui_scene.h"

/* The row that a lane's name begins, in the Timeline; -1: none. */
static int row_of(const char *name)
{
    frame();
    for (int y = canvas.height - 1; y > 0; y--) {
        size_t i = 0;
        while (name[i] && canvas.at[y * canvas.width + 2 + (int)i].c == (uint32_t)(unsigned char)name[i])
            i++;
        uint32_t behind = canvas.at[y * canvas.width + 2 + (int)i].c; /* no line of words */
        if (!name[i] && i && behind != ':')
            return y;
    }
    return -1;
}

static uint32_t at_cell(int x, int y) { return canvas.at[y * canvas.width + x].c; }

static bool fills(uint32_t c) { return canvas.ascii ? c == '#' || c == '=' || c == ':' : c == 0x2588 || c == 0x2592 || (c >= 0x2589 && c <= 0x258f); }
static bool line(uint32_t c) { return canvas.ascii ? c == '-' || c == 'x' || c == 'X' : c == 0x254c || c == 0x2505 || c == 0x2573; }

START_TEST(two_rows_each)
{
    scene_threads();
    open_ui(_i == 1, 200, 60);
    int owner = row_of("owner"), patient = row_of("patient"), filled = 0, lines = 0;
    ck_assert_int_gt(owner, 0);
    ck_assert_int_eq(patient, owner + 2);
    ck_assert_int_eq(row_of("pushed"), owner + 4);
    for (int lane = 0; lane < 3; lane++)
        for (int x = 16; x < 180; x++) {
            uint32_t upper = at_cell(x, owner + 2 * lane), lower = at_cell(x, owner + 2 * lane + 1);
            ck_assert_msg(!fills(upper) || lower == upper, "column %d of lane %d: U+%04X above U+%04X", x, lane, upper, lower);
            ck_assert_msg(!line(upper) || lower == ' ', "column %d of lane %d: U+%04X above U+%04X", x, lane, upper, lower);
            filled += fills(upper);
            lines += line(upper);
        }
    ck_assert(filled > 100 && lines > 10);
    for (int x = 2; x < 14; x++)
        ck_assert_uint_eq(at_cell(x, owner + 1), ' ');
    cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_MOUSE, .x = 40, .y = patient + 1, .button = 1}); /* the lower row is the lane, too */
    frame();
    ck_assert(canvas.at[patient * canvas.width + 2].colour == CV_C_FOCUS && canvas.at[owner * canvas.width + 2].colour != CV_C_FOCUS);
    for (int y = owner; y < owner + 6; y++) /* the cursor goes through all rows */
        ck_assert(canvas.at[y * canvas.width + 40].attrs & CV_A_REVERSE);
    close_ui();
    end();
}
END_TEST

START_TEST(where_there_is_no_room)
{
    scene_threads();
    open_ui(false, 120, 36);
    ck_assert_int_eq(row_of("patient"), row_of("owner") + 1);
    cv_ui_present(ui, CV_SLIDE_RUN); /* a room sees few panes, and large */
    ck_assert_int_eq(row_of("patient"), row_of("owner") + 2);
    cv_canvas_resize(&canvas, 80, 24);
    ck_assert_int_eq(row_of("patient"), row_of("owner") + 1);
    close_ui();
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_tall");
    TCase *c = tcase_create("tall");
    tcase_add_loop_test(c, two_rows_each, 0, 2);
    tcase_add_test(c, where_there_is_no_room);
    suite_add_tcase(s, c);
    return s;
}
