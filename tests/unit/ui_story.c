/* The story beside the picture: what the lesson is about, then the newest note until the cursor, in rows that never change while
 * the lesson is shown; in full when asked for. */
#include <stdio.h>

#include "ui_scene.h"

static struct cv_info_note story_notes[] = {
    {.event = CV_AT_START, .text = "Watch the global."},
    {.event = CV_AT_TIME, .at_ns = 300 * MS, .text = "Both of them wait now,\nand this note is so long that no screen of eighty columns holds it in a single row: it needs three of them, or four, or "
                                                     "even five, and what has no room is shown when it is asked for. The end."},
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_STALE_READ), .text = "Read back.\x1b[31mRed?"},
};

static void tell_story(const char *about, uint32_t notes)
{
    scene_async(true);
    info.about = about;
    info.notes = story_notes;
    info.nnotes = notes;
}

static const char *row(const char *text, int y)
{
    static char line[1024];
    while (y-- > 0)
        text += strcspn(text, "\n") + 1;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

static bool has(const char *text) { return strstr(frame(), text) != NULL; }

static void key(int k) { cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_KEY, .key = k}); }

START_TEST(what_it_is_about_stands_under_the_title)
{
    tell_story("Every await is a place where somebody else may change what you share.", 0);
    open_ui(false, 80, 24);
    ck_assert_str_eq(row(frame(), 1), "   Every await is a place where somebody else may change what you share.");
    ck_assert(strstr(row(frame(), 3), "╭ Co") != NULL); /* two lines, so that nothing moves when a finding takes its place */
    cv_canvas_resize(&canvas, 80, 16); /* no room for it */
    ck_assert(!has("Every await"));
    close_ui();
    info.about = "";
    open_ui(false, 80, 24);
    ck_assert(strstr(row(frame(), 1), "╭ Co") != NULL);
    close_ui();
    end();
}
END_TEST

/* Held where something was found, the story is the finding, if no note speaks of just that instant. */
START_TEST(a_finding_at_its_instant)
{
    tell_story("About it.", 0);
    open_ui(false, 80, 24);
    struct cv_summary_finding f = cv_model_finding(m, 0);
    cv_ui_at(ui, f.t);
    ck_assert_msg(strstr(row(frame(), 1), " ⚠ Alice read current_user = \"Bob\" at line 11, but had written \"Alice\" at line"), "%s", row(frame(), 1));
    ck_assert_msg(strstr(row(frame(), 2), "   9; Bob wrote it in between."), "%s", row(frame(), 2));
    cv_ui_at(ui, f.t - 1);
    ck_assert_str_eq(row(frame(), 1), "   About it.");
    close_ui();
    end();
}
END_TEST

START_TEST(the_newest_note_until_the_cursor)
{
    tell_story("About it.", 3);
    open_ui(false, 80, 24);
    cv_ui_at(ui, 200 * MS);
    ck_assert_str_eq(row(frame(), 1), "   About it."); /* the note at the start gives way to it */
    ck_assert(strstr(row(frame(), 3), "╭ Co") != NULL); /* the rows that the longest needs, as far as there are */
    cv_ui_at(ui, 0);
    ck_assert_str_eq(row(frame(), 1), " ▸ Watch the global.");
    cv_ui_at(ui, 300 * MS);
    ck_assert_str_eq(row(frame(), 1), " ▸ Both of them wait now, and this note is so long that no screen of eighty");
    ck_assert(strstr(row(frame(), 2), "…") != NULL && strstr(row(frame(), 3), "╭ Co") != NULL);
    cv_ui_at(ui, SECOND + 10 * US);
    ck_assert_str_eq(row(frame(), 1), " ▸ Read back.?[31mRed?");
    close_ui();
    end();
}
END_TEST

START_TEST(in_full_when_asked_for)
{
    tell_story("About it.", 3);
    info.predict = (struct cv_info_predict){.question = "Who is greeted?", .choices = {"Alice", "Bob"}, .nchoices = 2, .answer = 1};
    open_ui(_i == 1, 80, 24);
    cv_ui_at(ui, 300 * MS);
    frame();
    ck_assert(!has("The end."));
    key('i');
    ck_assert(has("Note at 300 ms") && has("The end."));
    cv_ui_at(ui, 200 * MS); /* it goes with the cursor */
    ck_assert(has("About it.") && has("Watch the global.") && has("Who is greeted?"));
    key(27);
    ck_assert(!has("Who is greeted?"));
    close_ui();
    end();
}
END_TEST

START_TEST(any_size)
{
    tell_story("A lesson about something that takes more than a single row on a narrow screen.", 3);
    open_ui(false, 80, 24);
    key('i');
    for (int h = 1; h < 45; h += 2)
        for (int w = 1; w < 130; w += 7) {
            cv_canvas_resize(&canvas, w, h);
            cv_ui_at(ui, 300 * MS);
            frame();
        }
    close_ui();
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui/story");
    TCase *c = tcase_create("story");
    tcase_add_test(c, what_it_is_about_stands_under_the_title);
    tcase_add_test(c, a_finding_at_its_instant);
    tcase_add_test(c, the_newest_note_until_the_cursor);
    tcase_add_loop_test(c, in_full_when_asked_for, 0, 2);
    tcase_add_test(c, any_size);
    suite_add_tcase(s, c);
    return s;
}
