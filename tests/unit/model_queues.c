/* Starvation, convoys, and tasks that were never awaited: told at the instant the definition is met, and not for a queue that is
 * merely long, or short. */
#include "model_play.h"

enum { FIRST = 1, AWAIT_LOCK = CV_AWAIT + CV_REASON_LOCK, BLOCK_LOCK = CV_BLOCK + CV_REASON_LOCK, AWAIT_PERMIT = CV_AWAIT + CV_REASON_SEMAPHORE };

static void tasks(enum cv_model_kind kind, uint32_t n)
{
    begin(kind);
    start(0, "main", CV_NO_TASK);
    for (uint32_t i = FIRST; i < FIRST + n; i++) {
        char name[16];
        snprintf(name, sizeof name, "T%u", i);
        spawns(0, i, name);
    }
}

/* ── starvation ─────────────────────────────────────────────────────────────────────────────────── */
/* T1 waits from 1 ms on; the others take and give `times` times, one after the other, `ms` apart. */
static void overtaken(uint32_t sync, int cause, uint32_t others, uint32_t times, uint64_t ms)
{
    tasks(CV_THREADS, others + 1);
    at(0), takes(FIRST + 1, sync, 0);
    at(MS), waits(FIRST, 6, cause, sync);
    for (uint32_t i = 1; i <= times; i++) {
        uint32_t holder = FIRST + 1 + (i - 1) % others, next = FIRST + 1 + i % others;
        at(MS + i * ms * MS), gives(holder, sync, 1);
        ready(FIRST, holder, cause), run(FIRST, 6);
        takes(next, sync, 0);
        waits(FIRST, 6, cause, sync); /* too late again */
    }
}

START_TEST(others_take_it_all_the_time)
{
    static const struct { uint32_t sync; int cause; } of[] = {{LOCK, BLOCK_LOCK}, {LOCK, AWAIT_LOCK}, {PERMITS, AWAIT_PERMIT}};
    for (size_t i = 0; i < CV_COUNT(of); i++) {
        overtaken(of[i].sync, of[i].cause, 3, 12, 10);
        ck_assert_uint_eq(found(CV_FINDING_STARVATION), 1);
        struct cv_summary_finding f = first(CV_FINDING_STARVATION);
        ck_assert(f.task == FIRST && f.line == 6 && f.t == 101 * MS);
        ck_assert_msg(strstr(f.text, "T1 has waited for ") && strstr(f.text, " at line 6 for 100 ms, the first in line; 3 that came later took it 10 times meanwhile, T3 the last."), "%s", f.text);
        end();
    }
}
END_TEST

START_TEST(not_for_long_not_often_or_not_again)
{
    static const struct { uint32_t others, times; uint64_t ms; bool told; } of[] = {
        {3, 12, 10, true}, {3, 9, 20, false}, {3, 12, 8, false}, {5, 14, 10, false}, {5, 15, 10, true}, {20, 20, 10, false}};
    for (size_t i = 0; i < CV_COUNT(of); i++) {
        overtaken(LOCK, BLOCK_LOCK, of[i].others, of[i].times, of[i].ms);
        ck_assert_msg(found(CV_FINDING_STARVATION) == of[i].told, "%zu", i);
        end();
    }
}
END_TEST

/* A queue that is long but fair: each is first in line before it takes. */
START_TEST(a_long_queue_is_fair)
{
    enum { N = 40 };
    tasks(CV_ASYNC, N);
    for (uint32_t i = FIRST; i < FIRST + N; i++)
        waits(i, 6, AWAIT_LOCK, LOCK);
    for (uint32_t i = FIRST; i < FIRST + N; i++)
        at(i * 10 * MS), takes(i, LOCK, 0), at(i * 10 * MS + 5 * MS), gives(i, LOCK, 0);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    end();
}
END_TEST

/* The one that starved gets it; the next in line has not been overtaken yet. */
START_TEST(the_next_begins_anew)
{
    overtaken(LOCK, BLOCK_LOCK, 2, 12, 10);
    waits(FIRST + 1, 7, BLOCK_LOCK, LOCK);
    at(now + MS), takes(FIRST, LOCK, 0), gives(FIRST, LOCK, 0);
    for (int i = 0; i < 9; i++)
        at(now + 20 * MS), takes(FIRST, LOCK, 0), gives(FIRST, LOCK, 0);
    ck_assert_uint_eq(found(CV_FINDING_STARVATION), 1);
    at(now + 20 * MS), takes(FIRST, LOCK, 0);
    ck_assert_uint_eq(found(CV_FINDING_STARVATION), 2);
    end();
}
END_TEST

/* ── convoys ────────────────────────────────────────────────────────────────────────────────────── */
/* `members` tasks hand the lock round; waited: how many of them wait at a hand-over, the taker included. */
static void handed_round(uint32_t members, uint32_t times, uint32_t waiting)
{
    tasks(CV_ASYNC, members);
    takes(FIRST, LOCK, 0);
    for (uint32_t i = 1; i < waiting; i++)
        waits(FIRST + i, 6, AWAIT_LOCK, LOCK);
    for (uint32_t i = 1; i <= times; i++) {
        waits(FIRST + (i - 1 + waiting) % members, 6, AWAIT_LOCK, LOCK); /* comes back in time, or not */
        at(now + MS);
        gives(FIRST + (i - 1) % members, LOCK, 0);
        takes(FIRST + i % members, LOCK, 0);
    }
}

START_TEST(tasks_march_in_step)
{
    handed_round(5, 25, 4);
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 1);
    struct cv_summary_finding f = first(CV_FINDING_CONVOY);
    ck_assert_msg(f.t == 20 * MS && f.line == 3 && strstr(f.text, "m went from task to task 20 times in a row") && strstr(f.text, "5 tasks march in step"), "%s", f.text);
    end();
}
END_TEST

START_TEST(no_convoy)
{
    handed_round(5, 19, 4); /* not often enough */
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 0);
    end();
    handed_round(3, 60, 1); /* the queue is empty once it is taken */
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 0);
    end();
    handed_round(30, 89, 20); /* a long queue whose tasks have not come back often enough */
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 0);
    end();
    handed_round(30, 90, 20);
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 1);
    end();
}
END_TEST

/* One that finds the lock free breaks the row. */
START_TEST(the_row_is_broken)
{
    handed_round(5, 19, 4);
    gives(FIRST + 19 % 5, LOCK, 0), tell(CV_EV_TASK_END, FIRST + 19 % 5, 0, 0, 0, 0);
    spawns(0, CAROL + 20, "late"), takes(CAROL + 20, LOCK, 0), gives(CAROL + 20, LOCK, 0);
    takes(FIRST, LOCK, 0), gives(FIRST, LOCK, 0);
    ck_assert_uint_eq(found(CV_FINDING_CONVOY), 0);
    end();
}
END_TEST

/* ── never awaited ──────────────────────────────────────────────────────────────────────────────── */
static void over_with(enum cv_model_kind kind, uint64_t joined, enum cv_outcome outcome)
{
    tasks(kind, 3);
    at(MS), run(FIRST, 21), waits(FIRST, 22, CV_AWAIT + CV_REASON_SLEEP, 10);
    if (joined != 0)
        waits(FIRST + 1, 23, CV_AWAIT + CV_REASON_JOIN, joined);
    ends(FIRST + 2), ends(0);
    at(2 * MS), tell(CV_EV_RUN_END, CV_NO_TASK, 0, outcome, 0, 0);
}

START_TEST(nobody_joins)
{
    over_with(CV_ASYNC, 0, CV_OUT_FINISHED);
    ck_assert_uint_eq(found(CV_FINDING_NEVER_AWAITED), 2);
    struct cv_summary_finding f = first(CV_FINDING_NEVER_AWAITED);
    ck_assert(f.task == FIRST && f.line == 2 && f.t == 2 * MS);
    ck_assert_str_eq(f.text, "T1 was started at line 2 and nobody joined it: the loop ended before it did, and it was cut off at line 22.");
    end();
}
END_TEST

START_TEST(somebody_does)
{
    over_with(CV_ASYNC, FIRST, CV_OUT_FINISHED); /* T2 waits for T1, and nobody for T2 */
    ck_assert_uint_eq(found(CV_FINDING_NEVER_AWAITED), 1);
    ck_assert_uint_eq(first(CV_FINDING_NEVER_AWAITED).task, FIRST + 1);
    end();
    over_with(CV_THREADS, 0, CV_OUT_FINISHED);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    end();
    over_with(CV_ASYNC, 0, CV_OUT_DEADLOCK);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/queues");
    TCase *starvation = tcase_create("starvation");
    tcase_add_test(starvation, others_take_it_all_the_time);
    tcase_add_test(starvation, not_for_long_not_often_or_not_again);
    tcase_add_test(starvation, a_long_queue_is_fair);
    tcase_add_test(starvation, the_next_begins_anew);
    TCase *convoy = tcase_create("convoys");
    tcase_add_test(convoy, tasks_march_in_step);
    tcase_add_test(convoy, no_convoy);
    tcase_add_test(convoy, the_row_is_broken);
    TCase *awaited = tcase_create("never awaited");
    tcase_add_test(awaited, nobody_joins);
    tcase_add_test(awaited, somebody_does);
    suite_add_tcase(s, starvation);
    suite_add_tcase(s, convoy);
    suite_add_tcase(s, awaited);
    return s;
}
