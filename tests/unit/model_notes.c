/* Marks, the first preemption, and where each note of the lecture belongs: at the first time that what it speaks of happened,
 * and nowhere until then. */
#include "model_play.h"

static struct cv_info_note notes[] = {
    {.event = CV_AT_START, .text = "s"},
    {.event = CV_AT_END, .text = "e"},
    {.event = CV_AT_TIME, .at_ns = 300, .text = "t"},
    {.event = CV_AT_MARK, .task = "Bob", .mark = "here", .text = "a task"},
    {.event = CV_AT_MARK, .task = "adder", .mark = "here", .text = "a [task]"},
    {.event = CV_AT_PREEMPTION, .text = "p"},
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_LOST_UPDATE), .text = "l"},
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_STALE_READ), .text = "r"},
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_DEADLOCK), .text = "d"},
    {.event = (enum cv_note_event)(CV_AT_FINDING + CV_FINDING_LOOP_BLOCKED), .text = "b"},
};
enum { START, END, TIME, BOBS_MARK, ANY_MARK, PREEMPTION, LOST, STALE, DEADLOCK, LOOP, NOTES };
static const char source[] = "[task adder]\n    mark here\n";

static void begin_noted(enum cv_model_kind kind)
{
    begin(kind);
    info.notes = notes;
    info.nnotes = NOTES;
    info.source = source;
    info.source_length = sizeof source - 1;
    start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
}

static bool nowhere(uint32_t note) { return cv_model_note(m, note).t == UINT64_MAX; }
static bool stands(uint32_t note, uint64_t t, uint32_t task, uint32_t line)
{
    struct cv_note_at at = cv_model_note(m, note);
    return at.t == t && at.task == task && at.line == line;
}
static void marks(uint32_t task, unsigned line, const char *name) { tell(CV_EV_MARK, task, line, 0, text(name), 0); }

START_TEST(time_and_ends)
{
    begin_noted(CV_THREADS);
    ck_assert(stands(START, 0, CV_NO_TASK, 0) && nowhere(END) && nowhere(TIME));
    at(200), run(ALICE, 5);
    ck_assert(nowhere(TIME));
    cv_model_now(m, 300);
    ck_assert(stands(TIME, 300, CV_NO_TASK, 0) && nowhere(END));
    at(400), tell(CV_EV_RUN_END, CV_NO_TASK, 0, CV_OUT_FINISHED, 0, 0);
    ck_assert(stands(END, 400, CV_NO_TASK, 0));
    ck_assert(nowhere(NOTES)); /* no such note */
    end();
}
END_TEST

START_TEST(the_first_mark_of_whom_it_names)
{
    begin_noted(CV_ASYNC);
    at(10), marks(ALICE, 2, "elsewhere");
    ck_assert(nowhere(BOBS_MARK) && nowhere(ANY_MARK));
    at(20), marks(ALICE, 2, "here");
    ck_assert(nowhere(BOBS_MARK) && stands(ANY_MARK, 20, ALICE, 2)); /* both tasks are of the [task] at line 1 */
    at(30), marks(BOB, 3, "here");
    at(40), marks(BOB, 4, "here");
    ck_assert(stands(BOBS_MARK, 30, BOB, 3) && stands(ANY_MARK, 20, ALICE, 2));
    ck_assert_uint_eq(cv_model_nmarks(m, UINT64_MAX), 4);
    ck_assert_uint_eq(cv_model_nmarks(m, 30), 3);
    ck_assert_uint_eq(cv_model_nmarks(m, 9), 0);
    struct cv_mark k = cv_model_mark(m, 0);
    ck_assert(k.t == 10 && k.task == ALICE && k.line == 2 && !strcmp(k.name, "elsewhere"));
    ck_assert(cv_model_mark(m, 4).task == CV_NO_TASK);
    end();
}
END_TEST

START_TEST(the_first_preemption)
{
    begin_noted(CV_THREADS);
    at(10), run(ALICE, 7), switch_in(ALICE, 0), run(BOB, 8), switch_in(BOB, 1);
    at(20), waits(BOB, 8, CV_BLOCK + CV_REASON_SLEEP, 0), switch_out(BOB, 1, false);
    ck_assert(nowhere(PREEMPTION)); /* who waits is not preempted */
    at(30), switch_out(ALICE, 0, true);
    at(40), switch_in(ALICE, 0);
    at(50), switch_out(ALICE, 0, true);
    ck_assert(stands(PREEMPTION, 30, ALICE, 7));
    end();
}
END_TEST

START_TEST(a_preemption_under_the_gil)
{
    begin_noted(CV_THREADS);
    info.gil = true;
    at(10), run(ALICE, 7);
    at(20), waits(BOB, 8, CV_CAUSE_GIL, ALICE); /* it finds the lock taken: nobody was made to stop */
    ck_assert(nowhere(PREEMPTION));
    at(30), waits(ALICE, 7, CV_CAUSE_GIL, CV_NO_TASK); /* it is asked to hand it over */
    ck_assert(stands(PREEMPTION, 30, ALICE, 7));
    end();
}
END_TEST

START_TEST(from_note_to_note)
{
    struct cv_moment k;
    begin_noted(CV_ASYNC);
    at(30), marks(BOB, 3, "here");
    at(400), tell(CV_EV_RUN_END, CV_NO_TASK, 0, CV_OUT_FINISHED, 0, 0);
    ck_assert(cv_model_moment(m, CV_MOMENT_NOTE, 0, 1, &k) && k.t == 30 && k.task == BOB && k.line == 3);
    ck_assert(cv_model_moment(m, CV_MOMENT_NOTE, 30, 1, &k) && k.t == 300);
    ck_assert(cv_model_moment(m, CV_MOMENT_NOTE, 300, 1, &k) && k.t == 400);
    ck_assert(!cv_model_moment(m, CV_MOMENT_NOTE, 400, 1, &k));
    ck_assert(cv_model_moment(m, CV_MOMENT_NOTE, 300, -1, &k) && k.t == 30);
    ck_assert(cv_model_moment(m, CV_MOMENT_NOTE, 30, -1, &k) && k.t == 0);
    ck_assert(!cv_model_moment(m, CV_MOMENT_NOTE, 0, -1, &k));
    end();
}
END_TEST

START_TEST(findings)
{
    begin_noted(CV_THREADS);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, 0);
    at(20), writes(BOB, X, 1, 2, ALICE, 0); /* from version 0, over Alice's */
    ck_assert(stands(LOST, 20, BOB, 12) && nowhere(STALE) && nowhere(DEADLOCK) && nowhere(LOOP));
    at(30), reads(ALICE, X, 0, 1, 2, BOB, 0);
    ck_assert(stands(STALE, 30, ALICE, 11));
    at(40), tell(CV_EV_FINDING, ALICE, 9, CV_FINDING_DEADLOCK, text("a circle"), 0);
    ck_assert(stands(DEADLOCK, 40, ALICE, 9));
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/notes");
    TCase *c = tcase_create("notes");
    tcase_add_test(c, time_and_ends);
    tcase_add_test(c, the_first_mark_of_whom_it_names);
    tcase_add_test(c, the_first_preemption);
    tcase_add_test(c, a_preemption_under_the_gil);
    tcase_add_test(c, from_note_to_note);
    tcase_add_test(c, findings);
    suite_add_tcase(s, c);
    return s;
}
