/* A real run's events to a schedule: whatever order the stamps tell them in, what had to be before what is so in the schedule. */
#include <stdlib.h>
#include <string.h>

#include "app/life.h"
#include "suite.h"

enum { X, VARS };
enum { EVENT, BARRIER, SYNCS };
static struct life life;
static struct cv_run_info info;
static struct cv_buf out, why;
static uint64_t now;

static void begin(bool implicit_main)
{
    static struct cv_info_var vars[VARS] = {[X] = {.name = "x", .kind = CV_VAR_MEMORY}};
    static struct cv_info_sync syncs[SYNCS] = {[EVENT] = {.name = "e", .kind = CV_SYNC_EVENT}, [BARRIER] = {.name = "b", .kind = CV_SYNC_BARRIER, .size = 2}};
    info = (struct cv_run_info){.model = CV_THREADS, .vars = vars, .nvars = VARS, .syncs = syncs, .nsyncs = SYNCS, .implicit_main = implicit_main};
    life_begin(&life);
    now = 0;
}

static void tell(enum cv_event_kind kind, uint32_t task, uint16_t obj, uint64_t a, uint64_t b)
{
    life_take(&life, &(struct cv_event){.t = ++now, .kind = kind, .task = task, .obj = obj, .a = a, .b = b});
}

static void spawns(uint32_t task, uint32_t made) { tell(CV_EV_SPAWN, task, 0, made, 0); }
static void ends(uint32_t task) { tell(CV_EV_TASK_END, task, CV_END_DONE, 0, 0); }
static void joins(uint32_t task, uint32_t other) { tell(CV_EV_JOINED, task, 0, other, 0); }
static void prints(uint32_t task, uint64_t line) { tell(CV_EV_PRINT, task, 0, 0, line); }

static void expect(const char *schedule)
{
    out.n = why.n = 0;
    ck_assert_msg(life_schedule(&life, &info, 0, &out, &why), "%s (%s)", why.at, out.at);
    ck_assert_str_eq(out.at, schedule);
}

static void finish(void)
{
    life_release(&life);
    cv_buf_release(&out);
    cv_buf_release(&why);
}

/* Main has not started all yet when the first it started spawns one: 1 starts 2, main starts 3. In virtual time main is first. */
START_TEST(letters_are_those_of_virtual_time)
{
    begin(true);
    spawns(0, 1), spawns(1, 2), prints(2, 0), ends(2), spawns(0, 3), prints(3, 1), ends(3), joins(1, 2), ends(1);
    expect("A1 C1 B1 A1");
    begin(false); /* a main that is written down is a task like any other */
    spawns(0, 1), spawns(1, 2), prints(2, 0), ends(2), spawns(0, 3), prints(3, 1), ends(3), joins(1, 2), ends(1), joins(0, CV_NO_TASK), ends(0);
    expect("A1 B1 C1 A1 D1 B1 A1");
    begin(true); /* two that spawn at once: the lower number first, whoever is told first */
    spawns(0, 1), spawns(0, 2), spawns(2, 4), spawns(1, 3), prints(3, 0), ends(3), prints(4, 1), ends(4), joins(2, 4), ends(2), joins(1, 3), ends(1);
    expect("A1 B1 C1 D1 B1 A1");
    finish();
}
END_TEST

/* What a task does is told before it is spawned, and who joins it before its end. */
START_TEST(spawn_and_join_across_crossed_stamps)
{
    begin(false);
    prints(1, 0), spawns(0, 1), joins(0, 1), prints(1, 1), ends(1), ends(0);
    expect("A1 B2 A1");
    begin(false);
    spawns(1, 2), joins(1, 2), spawns(0, 1), joins(0, CV_NO_TASK), ends(1), prints(2, 0), ends(2), ends(0);
    expect("A1 B1 C1 B1 A1");
    begin(false); /* what never ends cannot have been joined; nor who never was */
    spawns(0, 1), joins(0, 1), ends(0);
    ck_assert(!life_schedule(&life, &info, 0, &out, &why));
    begin(false);
    joins(0, 7), ends(0);
    why.n = 0;
    ck_assert(!life_schedule(&life, &info, 0, &out, &why));
    finish();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("life");
    TCase *c = tcase_create("life");
    tcase_add_test(c, letters_are_those_of_virtual_time);
    tcase_add_test(c, spawn_and_join_across_crossed_stamps);
    suite_add_tcase(s, c);
    return s;
}
