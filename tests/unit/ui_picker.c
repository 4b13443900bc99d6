/* The picker of lessons: search, movement, what it shows at every size, and that text of lessons is only text. */
#include <stdlib.h>
#include <string.h>

#include "convis/ui.h"
#include "suite.h"

static const struct cv_lesson lessons[] = {
    {"lost-update", "The lost update", "Two tasks count to 1000 each; who loses?", "", 15},
    {"own-copy", "A copy of one's own", "Each process has its own memory.", "", 11},
    {"queue", "A queue between them", "A producer and a consumer.", "", 15},
    {"evil\033[2J", "Title \033]0;owned\007", "about \xe2\x80\xae text", "", 1}};
static struct cv_picker *p;
static struct cv_canvas canvas;

static void open_picker(bool ascii) { p = cv_picker_new(lessons, CV_COUNT(lessons), ascii); }
static void close_picker(void)
{
    cv_picker_free(p);
    cv_canvas_release(&canvas);
}

static enum cv_pick press(int key)
{
    struct cv_input in = {.kind = CV_IN_KEY, .key = key};
    return cv_picker_input(p, &in);
}

static void type(const char *s)
{
    for (; *s; s++)
        ck_assert_int_eq(press(*s), CV_PICK_REDRAW);
}

static const char *frame(int width, int height)
{
    static struct cv_buf text;
    text.n = 0;
    cv_canvas_resize(&canvas, width, height);
    cv_picker_draw(p, &canvas);
    cv_canvas_text(&canvas, &text);
    return text.at;
}

START_TEST(search)
{
    open_picker(false);
    ck_assert_uint_eq(cv_picker_chosen(p), 0);
    type("OWN");
    ck_assert_msg(strstr(frame(80, 24), "own-copy") && !strstr(frame(80, 24), "lost-update"), "%s", frame(80, 24));
    ck_assert_uint_eq(cv_picker_chosen(p), 1);
    ck_assert_int_eq(press('\r'), CV_PICK_OPEN);
    type(" memory");
    ck_assert_uint_eq(cv_picker_chosen(p), 1);
    type(" nothing");
    ck_assert_uint_eq(cv_picker_chosen(p), SIZE_MAX);
    ck_assert_int_eq(press('\r'), CV_PICK_REDRAW);
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "no lesson has all these words"));
    ck_assert_int_eq(press(27), CV_PICK_REDRAW); /* the search is cleared */
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "4 of 4"));
    ck_assert_int_eq(press(27), CV_PICK_LEAVE);
    type("x");
    press(CV_KEY_BACKSPACE);
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "4 of 4"));
    close_picker();
}
END_TEST

START_TEST(movement)
{
    open_picker(false);
    press(CV_KEY_DOWN);
    ck_assert_uint_eq(cv_picker_chosen(p), 1);
    press(CV_KEY_END);
    ck_assert_uint_eq(cv_picker_chosen(p), 3);
    press(CV_KEY_DOWN);
    ck_assert_uint_eq(cv_picker_chosen(p), 3);
    press(CV_KEY_HOME);
    press(CV_KEY_UP);
    ck_assert_uint_eq(cv_picker_chosen(p), 0);
    frame(40, 5); /* three rows: two of them a page */
    press(CV_KEY_PAGE_DOWN);
    ck_assert_uint_eq(cv_picker_chosen(p), 2);
    ck_assert_ptr_nonnull(strstr(frame(40, 5), "queue"));
    press(CV_KEY_DOWN);
    ck_assert_msg(!strstr(frame(40, 5), "lost-update"), "the list scrolls so that the chosen one is seen:\n%s", frame(40, 5));
    close_picker();
}
END_TEST

/* What was chosen stays chosen when a search leaves it in. */
START_TEST(chosen_stays)
{
    open_picker(false);
    press(CV_KEY_DOWN);
    press(CV_KEY_DOWN);
    type("e");
    ck_assert_uint_eq(cv_picker_chosen(p), 2);
    close_picker();
}
END_TEST

/* A heading stands before the first shown of its chapter, is never chosen, and goes when none of them is shown. */
START_TEST(chapters)
{
    static const struct cv_lesson course[] = {
        {"sleeps", "Two sleeps", "", "Waits", 15}, {"loop", "The loop", "", "Waits", 15}, {"race", "The race", "", "Races \033[2J", 15},
        {"cure", "The cure", "", "Races \033[2J", 15}, {"own", "One's own", "", "Others", 15}};
    p = cv_picker_new(course, CV_COUNT(course), true);
    const char *text = frame(80, 24), *waits = strstr(text, " Waits"), *races = strstr(text, " Races \\x1b[2J"), *others = strstr(text, " Others");
    ck_assert_msg(waits && races && others && waits < strstr(text, "sleeps") && strstr(text, "loop") < races && races < strstr(text, "race ") &&
                      strstr(text, "cure") < others && !strstr(races + 1, " Races"), "%s", text);
    for (size_t i = 0; i < CV_COUNT(course); i++, press(CV_KEY_DOWN))
        ck_assert_uint_eq(cv_picker_chosen(p), i);
    frame(40, 5); /* three rows, and the chosen one is always among them, under its heading while there is room */
    for (size_t i = CV_COUNT(course); i-- > 0; press(CV_KEY_UP)) {
        char row[16];
        snprintf(row, sizeof row, "> %s", course[i].name);
        ck_assert_msg(strstr(frame(40, 5), row), "%s", frame(40, 5));
        ck_assert_ptr_nonnull(strstr(frame(40, 3), row));
    }
    type("cure");
    ck_assert_msg(strstr(frame(80, 24), "Races") && !strstr(frame(80, 24), "Waits"), "%s", frame(80, 24));
    press(27);
    type("races"); /* a chapter's own name finds all that is in it */
    ck_assert_msg(strstr(frame(80, 24), "2 of 5") != NULL, "%s", frame(80, 24));
    close_picker();
}
END_TEST

START_TEST(text_is_text)
{
    open_picker(true);
    press(CV_KEY_END);
    const char *text = frame(100, 30);
    ck_assert_ptr_nonnull(strstr(text, "\\x1b[2J"));
    for (; *text; text++)
        ck_assert_msg((*text >= ' ' && *text <= '~') || *text == '\n', "byte %02x", (unsigned char)*text);
    close_picker();
}
END_TEST

START_TEST(every_size)
{
    open_picker(false);
    for (int w = 1; w <= 140; w += w < 20 ? 1 : 7)
        for (int h = 1; h <= 50; h += h < 16 ? 1 : 5) {
            const char *text = frame(w, h);
            int rows = 0;
            for (const char *s = text; (s = strchr(s, '\n')); s++)
                rows++;
            ck_assert_int_le(rows, h);
            if (w >= 20 && h >= 6)
                ck_assert_msg(strstr(text, "lost-update") || strstr(text, "…"), "%dx%d:\n%s", w, h, text);
        }
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "Two tasks count to 1000 each"));
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "a t g p"));
    ck_assert_ptr_nonnull(strstr(frame(80, 24), "a t · p"));
    close_picker();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("picker");
    TCase *c = tcase_create("picker");
    tcase_add_test(c, search);
    tcase_add_test(c, movement);
    tcase_add_test(c, chapters);
    tcase_add_test(c, chosen_stays);
    tcase_add_test(c, text_is_text);
    tcase_add_test(c, every_size);
    suite_add_tcase(s, c);
    return s;
}
