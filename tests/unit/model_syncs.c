/* Locks, semaphores and queues at an instant: who owns, how many wait, how much is in; also where the stamps of TAKE and GIVE
 * do not stand in the order in which things were done. */
#include "model_play.h"

static void three(void)
{
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    start(BOB, "Bob", 0);
}

static void numbered(enum cv_event_kind kind, uint32_t task, uint32_t sync, uint64_t order, uint64_t length)
{
    tell(kind, task, 3, sync, order, length);
}

static uint32_t owner(uint64_t t) { return cv_model_sync_at(m, LOCK, t).owner; }

START_TEST(owner_and_waiting)
{
    three();
    at(10), takes(ALICE, LOCK, 0);
    at(20), waits(BOB, 5, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(25), waits(0, 5, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(30), gives(ALICE, LOCK, 0);
    at(35), ready(BOB, ALICE, CV_BLOCK + CV_REASON_LOCK);
    at(40), takes(BOB, LOCK, 0), run(BOB, 5);
    at(50), ends(0);
    ck_assert_uint_eq(owner(9), CV_NO_TASK);
    ck_assert_uint_eq(owner(10), ALICE);
    ck_assert_uint_eq(owner(30), CV_NO_TASK);
    ck_assert_uint_eq(owner(UINT64_MAX), BOB);
    static const struct { uint64_t t; uint32_t waiting; uint64_t takes; } want[] = {{0, 0, 0}, {10, 0, 1}, {20, 1, 1}, {25, 2, 1}, {39, 2, 1}, {40, 1, 2}, {50, 0, 2}};
    for (size_t i = 0; i < CV_COUNT(want); i++) {
        struct cv_sync_at got = cv_model_sync_at(m, LOCK, want[i].t);
        ck_assert_uint_eq(got.waiting, want[i].waiting);
        ck_assert_uint_eq(got.takes, want[i].takes);
    }
    ck_assert_uint_eq(cv_model_sync_at(m, OTHER_LOCK, 50).takes, 0);
    ck_assert_uint_eq(cv_model_sync_at(m, NSYNCS, 50).owner, CV_NO_TASK);
    end();
}
END_TEST

START_TEST(permits_and_items)
{
    three();
    ck_assert_uint_eq(cv_model_sync_at(m, PERMITS, 0).length, 2);
    ck_assert_uint_eq(cv_model_sync_at(m, QUEUE, 0).length, 0);
    at(10), takes(ALICE, PERMITS, 1);
    at(20), takes(BOB, PERMITS, 0);
    at(30), gives(ALICE, PERMITS, 1);
    at(10), gives(ALICE, QUEUE, 1); /* told late: it is placed where the record stands */
    at(40), gives(ALICE, QUEUE, 2);
    at(50), takes(BOB, QUEUE, 1);
    static const struct { uint64_t t, permits, items; } want[] = {{9, 2, 0}, {10, 1, 0}, {20, 0, 0}, {30, 1, 1}, {40, 1, 2}, {50, 1, 1}};
    for (size_t i = 0; i < CV_COUNT(want); i++) {
        ck_assert_uint_eq(cv_model_sync_at(m, PERMITS, want[i].t).length, want[i].permits);
        ck_assert_uint_eq(cv_model_sync_at(m, QUEUE, want[i].t).length, want[i].items);
    }
    end();
}
END_TEST

START_TEST(a_late_give_frees_nothing)
{
    three();
    at(10), numbered(CV_EV_TAKE, ALICE, LOCK, 0, 0);
    at(20), numbered(CV_EV_TAKE, BOB, LOCK, 2, 0);
    at(30), numbered(CV_EV_GIVE, ALICE, LOCK, 1, 0);
    ck_assert_uint_eq(owner(30), BOB);
    ck_assert_uint_eq(cv_model_sync_at(m, LOCK, 30).takes, 2);
    end();
}
END_TEST

START_TEST(the_last_give_frees_it)
{
    three();
    at(10), numbered(CV_EV_TAKE, ALICE, LOCK, 0, 0);
    at(20), numbered(CV_EV_GIVE, BOB, LOCK, 3, 0); /* Alice's give and Bob's take are still to come */
    ck_assert_uint_eq(owner(20), CV_NO_TASK);
    at(30), numbered(CV_EV_GIVE, ALICE, LOCK, 1, 0);
    at(40), numbered(CV_EV_TAKE, BOB, LOCK, 2, 0);
    ck_assert_uint_eq(owner(40), CV_NO_TASK);
    end();
}
END_TEST

/* Every order of five steps' stamps: in the end stands what was done last. */
START_TEST(whatever_the_stamps)
{
    static const struct { enum cv_event_kind kind; uint32_t task; uint64_t permits, items; } steps[] = {
        {CV_EV_TAKE, ALICE, 1, 1}, {CV_EV_GIVE, ALICE, 2, 2}, {CV_EV_TAKE, BOB, 1, 1}, {CV_EV_GIVE, BOB, 2, 2}, {CV_EV_TAKE, ALICE, 1, 1}};
    enum { N = 5 };
    uint64_t seed = 3;
    for (int round = 0; round < 200; round++) {
        size_t order[N] = {0, 1, 2, 3, 4};
        for (size_t i = N; i-- > 1;) {
            size_t j = next_random(&seed) % (i + 1), other = order[i];
            order[i] = order[j];
            order[j] = other;
        }
        three();
        for (size_t i = 0; i < N; i++) {
            at(10 * i);
            numbered(steps[order[i]].kind, steps[order[i]].task, LOCK, order[i], 0);
            numbered(steps[order[i]].kind, steps[order[i]].task, PERMITS, order[i], steps[order[i]].permits);
            numbered(steps[order[i]].kind, steps[order[i]].task, QUEUE, order[i], steps[order[i]].items);
        }
        struct cv_sync_at lock = cv_model_sync_at(m, LOCK, UINT64_MAX);
        ck_assert(lock.owner == ALICE && lock.takes == 3);
        ck_assert_uint_eq(cv_model_sync_at(m, PERMITS, UINT64_MAX).length, 1);
        ck_assert_uint_eq(cv_model_sync_at(m, QUEUE, UINT64_MAX).length, 1);
        end();
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/syncs");
    TCase *c = tcase_create("syncs");
    tcase_add_test(c, owner_and_waiting);
    tcase_add_test(c, permits_and_items);
    tcase_add_test(c, a_late_give_frees_nothing);
    tcase_add_test(c, the_last_give_frees_it);
    tcase_add_test(c, whatever_the_stamps);
    suite_add_tcase(s, c);
    return s;
}
