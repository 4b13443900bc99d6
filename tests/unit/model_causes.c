/* Cause: who let a lane go on, who ran meanwhile, what the loop did, who waits for what, and each step of an object. */
#include "model_play.h"

enum { AWAIT_SLEEP = CV_AWAIT + CV_REASON_SLEEP, AWAIT_LOCK = CV_AWAIT + CV_REASON_LOCK, AWAIT_QUEUE = CV_AWAIT + CV_REASON_QUEUE, BLOCK_LOCK = CV_BLOCK + CV_REASON_LOCK,
       BLOCK_SLEEP = CV_BLOCK + CV_REASON_SLEEP };

static void three(enum cv_model_kind kind)
{
    begin(kind);
    start(0, "main", CV_NO_TASK);
    at(1 * MS), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob"), spawns(0, CAROL, "Carol");
}

START_TEST(who_let_it_go_on)
{
    struct cv_wake w;
    three(CV_ASYNC);
    at(2 * MS), run(ALICE, 5), takes(ALICE, LOCK, 0);
    at(3 * MS), waits(ALICE, 6, AWAIT_SLEEP, 5 * MS);
    at(4 * MS), run(BOB, 5), waits(BOB, 5, AWAIT_LOCK, LOCK);
    at(8 * MS), ready(ALICE, CV_NO_TASK, AWAIT_SLEEP);
    at(9 * MS), run(ALICE, 6), gives(ALICE, LOCK, 0), ready(BOB, ALICE, AWAIT_LOCK);
    at(10 * MS), ends(ALICE);
    at(11 * MS), run(BOB, 5), takes(BOB, LOCK, 0);
    ck_assert(cv_model_wake(m, BOB, 12 * MS, &w));
    ck_assert(w.t == 9 * MS && w.since == 4 * MS && w.waker == ALICE && w.cause == (enum cv_cause)AWAIT_LOCK && w.object == LOCK);
    ck_assert(cv_model_wake(m, BOB, 9 * MS, &w) && w.waker == ALICE); /* ready still */
    ck_assert(cv_model_wake(m, BOB, 6 * MS, &w));                     /* it waits: the time before */
    ck_assert(w.t == 1 * MS && w.waker == 0 && w.cause == CV_CAUSE_COUNT);
    ck_assert(cv_model_wake(m, ALICE, 9 * MS, &w));
    ck_assert(w.t == 8 * MS && w.waker == CV_NO_TASK && w.cause == (enum cv_cause)AWAIT_SLEEP);
    ck_assert(!cv_model_wake(m, BOB, 0, &w));
    ck_assert(!cv_model_wake(m, CV_LANE_LOOP, 9 * MS, &w));
    end();
}
END_TEST

/* Under async: who had the loop, blocking calls too; elsewhere who was on a core. */
START_TEST(who_ran_meanwhile)
{
    struct cv_share s[2];
    uint32_t all;
    three(CV_ASYNC);
    at(2 * MS), run(ALICE, 5), waits(ALICE, 6, AWAIT_SLEEP, 9 * MS);
    at(3 * MS), run(BOB, 5);
    at(4 * MS), waits(BOB, 6, BLOCK_SLEEP, 3 * MS);
    at(7 * MS), run(BOB, 6);
    at(8 * MS), waits(BOB, 7, AWAIT_SLEEP, 9 * MS);
    at(9 * MS), run(CAROL, 5);
    at(10 * MS), waits(CAROL, 6, AWAIT_SLEEP, 9 * MS);
    ck_assert_uint_eq(cv_model_meanwhile(m, ALICE, 2 * MS, 12 * MS, s, 2, &all), 2);
    ck_assert(all == 2 && s[0].task == BOB && s[0].ns == 5 * MS && s[1].task == CAROL && s[1].ns == 1 * MS);
    ck_assert_uint_eq(cv_model_meanwhile(m, ALICE, 5 * MS, 6 * MS, s, 2, &all), 1);
    ck_assert(s[0].task == BOB && s[0].ns == 1 * MS);
    ck_assert_uint_eq(cv_model_meanwhile(m, ALICE, 2 * MS, 12 * MS, s, 1, &all), 1);
    ck_assert(all == 2 && s[0].task == BOB);
    ck_assert_uint_eq(cv_model_meanwhile(m, ALICE, 5 * MS, 5 * MS, s, 2, &all), 0);
    struct cv_loop_at loop = cv_model_loop_at(m, 6 * MS);
    ck_assert(loop.worst_by == ALICE || loop.worst_by == CV_NO_TASK); /* Bob's turn is not over */
    loop = cv_model_loop_at(m, 12 * MS);
    ck_assert(loop.worst_by == BOB && loop.worst_ns == 5 * MS && loop.worst_at == 8 * MS && !loop.counted);
    tell(CV_EV_PASS, 0, 0, 0, 3, 2);
    tell(CV_EV_POLL, 0, 0, 0, MS, 1);
    loop = cv_model_loop_at(m, 10 * MS);
    ck_assert(loop.counted && loop.ready == 0 && loop.timers == 2 && loop.fetches == 1);
    end();
    three(CV_THREADS);
    at(2 * MS), run(ALICE, 5), run(BOB, 5), run(CAROL, 5), switch_in(ALICE, 0), switch_in(BOB, 1);
    at(4 * MS), switch_out(ALICE, 0, true), switch_in(CAROL, 0);
    at(6 * MS), switch_out(CAROL, 0, true), switch_out(BOB, 1, true);
    ck_assert_uint_eq(cv_model_meanwhile(m, ALICE, 4 * MS, 8 * MS, s, 2, &all), 2);
    ck_assert(s[0].ns == 2 * MS && s[1].ns == 2 * MS);
    ck_assert(cv_model_loop_at(m, 8 * MS).worst_by == CV_NO_TASK);
    end();
}
END_TEST

START_TEST(who_waits_for_it)
{
    struct cv_waiter w[2];
    three(CV_THREADS);
    at(2 * MS), run(ALICE, 5), takes(ALICE, LOCK, 0);
    at(3 * MS), run(CAROL, 5), waits(CAROL, 5, BLOCK_LOCK, LOCK);
    at(4 * MS), run(BOB, 5), waits(BOB, 5, BLOCK_LOCK, LOCK);
    ck_assert_uint_eq(cv_model_waiters(m, LOCK, 5 * MS, w, 2), 2);
    ck_assert(w[0].task == CAROL && w[0].since == 3 * MS && w[1].task == BOB && w[1].since == 4 * MS);
    ck_assert_uint_eq(cv_model_waiters(m, LOCK, 3 * MS, w, 2), 1);
    ck_assert_uint_eq(cv_model_waiters(m, LOCK, 5 * MS, w, 1), 2);
    ck_assert(w[0].task == CAROL);
    ck_assert_uint_eq(cv_model_waiters(m, OTHER_LOCK, 5 * MS, w, 2), 0);
    end();
}
END_TEST

START_TEST(step_by_step)
{
    struct cv_sync_step s;
    three(CV_THREADS);
    at(2 * MS), takes(ALICE, LOCK, 0);
    at(3 * MS), waits(BOB, 5, BLOCK_LOCK, LOCK);
    at(4 * MS), gives(ALICE, LOCK, 0);
    ck_assert(!cv_model_sync_step(m, LOCK, 1 * MS, -1, &s));
    ck_assert(cv_model_sync_step(m, LOCK, 1 * MS, 1, &s) && s.t == 2 * MS && s.take && s.task == ALICE && s.now.owner == ALICE);
    ck_assert(cv_model_sync_step(m, LOCK, 2 * MS, 1, &s) && s.t == 3 * MS && s.task == CV_NO_TASK && s.now.waiting == 1);
    ck_assert(cv_model_sync_step(m, LOCK, 9 * MS, -1, &s) && s.t == 4 * MS && !s.take && s.task == ALICE && s.now.owner == CV_NO_TASK);
    ck_assert(!cv_model_sync_step(m, LOCK, 4 * MS, 1, &s) && !cv_model_sync_step(m, NSYNCS, 4 * MS, 1, &s));
    end();
}
END_TEST

START_TEST(every_access)
{
    struct cv_access a;
    three(CV_THREADS);
    at(2 * MS), reads(ALICE, X, 0, 0, 0, CV_NO_TASK, 0);
    at(3 * MS), writes(BOB, X, 1, 1, CV_NO_TASK, -1);
    ck_assert(cv_model_access(m, X, 0, 1, &a) && a.t == 2 * MS && a.task == ALICE && !a.write);
    ck_assert(cv_model_access(m, X, 2 * MS, 1, &a) && a.t == 3 * MS && a.task == BOB && a.write);
    ck_assert(!cv_model_access(m, X, 3 * MS, 1, &a) && !cv_model_access(m, X, 2 * MS, -1, &a) && !cv_model_access(m, Y, 0, 1, &a));
    ck_assert(cv_model_access(m, X, 3 * MS, -1, &a) && a.t == 2 * MS && !a.write);
    end();
    three(CV_PROCESSES); /* each has its own: all of them are found */
    at(2 * MS), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(3 * MS), reads(BOB, X, 0, 0, 0, CV_NO_TASK, 0);
    ck_assert(cv_model_access(m, X, 9 * MS, -1, &a) && a.task == BOB && cv_model_access(m, X, 3 * MS, -1, &a) && a.task == ALICE);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/causes");
    TCase *c = tcase_create("causes");
    tcase_add_test(c, who_let_it_go_on);
    tcase_add_test(c, who_ran_meanwhile);
    tcase_add_test(c, who_waits_for_it);
    tcase_add_test(c, step_by_step);
    tcase_add_test(c, every_access);
    suite_add_tcase(s, c);
    return s;
}
