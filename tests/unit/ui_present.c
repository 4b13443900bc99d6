/* The story told to a room: the question and its votes, the stops at the notes in the order of their instants, the answer; and that
 * nothing gives the answer away before. */
#include "ui_scene.h"
#include "ui/story.h"

static const char told_source[] = "[scenario]\n"
                                  "[task handle for user in \"Alice\", \"Bob\"]\n"
                                  "    current_user = user\n"
                                  "    print \"Handled by: {current_user}\"\n"
                                  "[predict]\n"
                                  "answer = b\n";
static struct cv_info_note told_notes[] = {
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_STALE_READ), .text = "Read back."},
    {.event = CV_AT_START, .text = "Nothing yet."},
    {.event = CV_AT_TIME, .at_ns = 500 * MS, .text = "Both wait."},
    {.event = CV_AT_PREEMPTION, .text = "Never here."},
    {.event = CV_AT_END, .text = "All is over."},
};

static void tell_lesson(bool whole)
{
    scene_async(whole);
    info.about = "It is about names.";
    info.notes = told_notes;
    info.nnotes = CV_COUNT(told_notes);
    info.source = told_source;
    info.source_length = sizeof told_source - 1;
    info.predict = (struct cv_info_predict){.question = "Who is greeted?", .choices = {"each by name", "Bob twice"}, .nchoices = 2, .answer = 1, .because = "Bob wrote last."};
}

static void open_story(bool ascii, int w, int h)
{
    open_ui(ascii, w, h);
    cv_ui_present(ui, CV_SLIDE_OPENING);
    frame();
}

static void close_story(void)
{
    close_ui();
    end();
}

static bool has(const char *text) { return strstr(frame(), text) != NULL; }
static bool on(const char *text) { return press(CV_KEY_PAGE_DOWN) == CV_CMD_REDRAW && has(text); }
static bool back(const char *text) { return press(CV_KEY_PAGE_UP) == CV_CMD_REDRAW && has(text); }
static uint64_t cursor(void) { return ((struct cv_view *)ui)->cursor; } /* the view comes first in it */

START_TEST(the_question_and_its_votes)
{
    tell_lesson(false);
    open_story(_i == 1, 80, 24);
    ck_assert(cv_ui_waits(ui) && has("Two users, one global") && has("It is about names.") && has("Who is greeted?") && has("Bob twice"));
    ck_assert(!has("Bob wrote last.") && !has("Timeline") && !has("Code"));
    const char *block = _i == 1 ? "##" : "██";
    ck_assert(!has(block));
    press('b'), press('b'), press('a');
    ck_assert(has(block) && has("   2\n") && has("   1\n"));
    ck_assert_int_eq(press('e'), CV_CMD_NONE); /* no such choice */
    press(CV_KEY_BACKSPACE);
    ck_assert(has("   2\n") && has("   0\n"));
    press(CV_KEY_BACKSPACE); /* only the last one can be taken back */
    ck_assert(has("   2\n"));
    ck_assert_int_eq(press('t'), CV_CMD_THREADS); /* in which model is chosen before it begins, too */
    ck_assert(cv_ui_waits(ui));
    press(CV_KEY_PAGE_DOWN);
    ck_assert(!cv_ui_waits(ui));
    close_story();
}
END_TEST

START_TEST(from_note_to_note)
{
    tell_lesson(true);
    open_story(false, 80, 24);
    ck_assert(on("Nothing yet.") && cursor() == 0);
    press(CV_KEY_PAGE_DOWN); /* the screen plays on */
    ck_assert(cv_ui_playing(ui) && !has("Nothing yet.") && has("It is about names."));
    cv_ui_tick(ui, SECOND), cv_ui_tick(ui, SECOND + 200 * MS);
    ck_assert(has("200 ms") && !has("Both wait."));
    for (int i = 0; i < 10 && cv_ui_playing(ui); i++)
        cv_ui_tick(ui, SECOND + 200 * MS * (uint64_t)(i + 2)), frame();
    ck_assert(has("Both wait.") && cursor() == 500 * MS); /* where the note stands, not where the tick came to */
    press(CV_KEY_PAGE_DOWN);
    ck_assert(on("Read back.") && cursor() == SECOND + 10 * US); /* not waited for */
    ck_assert_uint_eq(((struct cv_view *)ui)->lane, ALICE);
    press(CV_KEY_PAGE_DOWN);
    ck_assert(on("All is over.") && cursor() == SECOND + 50 * US);
    ck_assert(!has("Bob wrote last."));
    ck_assert(on("Bob wrote last.") && has("✓ b") && !has("Timeline"));
    ck_assert(on("Bob wrote last.")); /* the end */
    ck_assert(back("All is over.") && back("Read back.") && back("Both wait.") && back("Nothing yet.") && back("Who is greeted?") && back("Who is greeted?"));
    ck_assert(!cv_ui_waits(ui)); /* it has run */
    ck_assert(on("Nothing yet.") && cursor() == 0); /* from the beginning */
    close_story();
}
END_TEST

START_TEST(live_it_stops_when_a_note_comes)
{
    tell_lesson(false);
    open_story(false, 80, 24);
    ck_assert(on("Nothing yet."));
    cv_model_now(m, 499 * MS);
    press(CV_KEY_PAGE_DOWN);
    for (int i = 1; i < 8; i++)
        cv_ui_tick(ui, SECOND + 200 * MS * (uint64_t)i), frame();
    ck_assert(has("Both wait.")); /* the scene was told until there */
    press(CV_KEY_PAGE_DOWN);
    for (int i = 8; i < 12; i++)
        cv_ui_tick(ui, SECOND + 200 * MS * (uint64_t)i), frame();
    ck_assert(cv_ui_live(ui) && !has("Read back."));
    at(SECOND), run(ALICE, 11), scene_reads(ALICE, "Bob", 2, BOB);
    at(SECOND + 20 * MS), run(BOB, 11);
    ck_assert(has("Read back.") && cursor() == SECOND && !cv_ui_live(ui));
    close_story();
}
END_TEST

START_TEST(a_dark_screen)
{
    tell_lesson(true);
    open_story(false, 80, 24);
    ck_assert(press('b') == CV_CMD_REDRAW && has("Who is greeted?")); /* a vote */
    press('.');
    ck_assert_uint_eq(strspn(frame(), "\n"), 24);
    ck_assert_int_eq(press('t'), CV_CMD_REDRAW); /* any key, and it does nothing else */
    ck_assert(has("Who is greeted?"));
    ck_assert(on("Nothing yet."));
    press('b');
    ck_assert(!has("Nothing yet."));
    ck_assert_int_eq(press('q'), CV_CMD_QUIT);
    press(CV_KEY_PAGE_DOWN);
    ck_assert(has("Nothing yet."));
    close_story();
}
END_TEST

/* Whatever pane is in focus, the two keys lead on and back. */
START_TEST(whatever_is_in_focus)
{
    tell_lesson(true);
    open_story(false, 120, 40);
    ck_assert(on("Nothing yet."));
    for (int i = 0; i < 7; i++) {
        press('\t');
        ck_assert(on("It is about names.") && cv_ui_playing(ui));
        ck_assert(back("Nothing yet."));
    }
    close_story();
}
END_TEST

START_TEST(nothing_gives_the_answer_away)
{
    tell_lesson(true);
    open_story(false, 120, 40);
    for (int i = 0; i < 8; i++) {
        ck_assert(!has("answer = b") && !has("Bob wrote last."));
        press(CV_KEY_PAGE_DOWN);
        if (has("Bob wrote last."))
            break;
    }
    ck_assert(!has("answer = b") && has("Bob wrote last."));
    press(27); /* the dashboard hides nothing */
    ck_assert_int_eq(cv_ui_slide(ui), CV_SLIDE_NONE);
    ck_assert(has("answer = b") && has("Timeline"));
    close_story();
}
END_TEST

START_TEST(a_lesson_without_a_question)
{
    tell_lesson(true);
    info.predict = (struct cv_info_predict){0};
    info.nnotes = 0;
    open_story(false, 80, 24);
    ck_assert(has("It is about names.") && press('a') == CV_CMD_NONE);
    ck_assert(on("The run is over.") && !has("answer"));
    ck_assert(on("The run is over.") && back("It is about names.") && !has("Timeline"));
    close_story();
}
END_TEST

START_TEST(another_run_keeps_the_votes)
{
    tell_lesson(true);
    open_story(false, 80, 24);
    press('b');
    ck_assert(on("Nothing yet.") && press('a') == CV_CMD_ASYNC); /* a vote no more */
    cv_ui_model(ui, NULL);
    frame();
    cv_ui_model(ui, m);
    ck_assert(!cv_ui_waits(ui) && has("Nothing yet."));
    press(CV_KEY_PAGE_UP);
    ck_assert(has("Who is greeted?") && has("   1\n"));
    close_story();
}
END_TEST

START_TEST(where_render_begins)
{
    tell_lesson(true);
    open_ui(false, 80, 24);
    cv_ui_at(ui, 700 * MS);
    cv_ui_present(ui, CV_SLIDE_NOTE);
    ck_assert(has("Both wait.") && cursor() == 700 * MS);
    cv_ui_at(ui, SECOND + 50 * US);
    cv_ui_present(ui, CV_SLIDE_ANSWER);
    ck_assert(has("Bob wrote last."));
    info.predict.question = NULL;
    cv_ui_present(ui, CV_SLIDE_ANSWER);
    ck_assert(has("All is over.") && has("Timeline"));
    close_story();
}
END_TEST

START_TEST(any_size_and_any_text)
{
    tell_lesson(true);
    info.title = "T\x1b]0;x\x07";
    info.predict.question = "Q\x1b[2J\xc3";
    info.predict.choices[0] = "";
    open_ui(_i == 1, 80, 24);
    for (int slide = CV_SLIDE_OPENING; slide <= CV_SLIDE_ANSWER; slide++)
        for (int h = 1; h < 50; h += 3)
            for (int w = 1; w < 220; w += 9) {
                cv_canvas_resize(&canvas, w, h);
                cv_ui_at(ui, 600 * MS);
                cv_ui_present(ui, (enum cv_slide)slide);
                ck_assert(!strpbrk(frame(), "\x1b\x07"));
            }
    close_story();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui/present");
    TCase *c = tcase_create("present");
    tcase_add_loop_test(c, the_question_and_its_votes, 0, 2);
    tcase_add_test(c, from_note_to_note);
    tcase_add_test(c, live_it_stops_when_a_note_comes);
    tcase_add_test(c, a_dark_screen);
    tcase_add_test(c, whatever_is_in_focus);
    tcase_add_test(c, nothing_gives_the_answer_away);
    tcase_add_test(c, a_lesson_without_a_question);
    tcase_add_test(c, another_run_keeps_the_votes);
    tcase_add_test(c, where_render_begins);
    tcase_add_loop_test(c, any_size_and_any_text, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
