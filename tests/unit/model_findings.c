/* Findings: each is told where it happened, and each is silent on the same events with the cure in them, or where what would
 * decide is not known. */
#include "model_play.h"

static void three(enum cv_model_kind kind)
{
    begin(kind);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    start(BOB, "Bob", 0);
    at(1000);
}

static void says(enum cv_finding_kind kind, const char *part)
{
    for (uint32_t i = 0; i < cv_model_nfindings(m, UINT64_MAX); i++)
        if (cv_model_finding(m, i).kind == kind && strstr(cv_model_finding(m, i).text, part))
            return;
    for (uint32_t i = 0; i < cv_model_nfindings(m, UINT64_MAX); i++)
        fprintf(stderr, "# %s\n", cv_model_finding(m, i).text);
    ck_abort_msg("nothing says: %s", part);
}

/* ── lost updates ───────────────────────────────────────────────────────────────────────────────── */
static void both_add_one(uint32_t var, bool bob_looks_again)
{
    at(1000), writes(0, var, 40, 1, CV_NO_TASK, -1);
    at(1010), reads(ALICE, var, 0, 40, 1, 0, 0);
    at(1020), writes(ALICE, var, 41, 2, 0, 1);
    at(1030), bob_looks_again ? reads(BOB, var, 0, 41, 2, ALICE, 0) : (void)0;
    at(1040), writes(BOB, var, bob_looks_again ? 42 : 41, 3, ALICE, bob_looks_again ? 2 : 1);
}

START_TEST(an_update_is_lost)
{
    three(CV_THREADS);
    both_add_one(X, false);
    ck_assert_uint_eq(found(CV_FINDING_LOST_UPDATE), 1);
    struct cv_summary_finding f = first(CV_FINDING_LOST_UPDATE);
    ck_assert(f.task == BOB && f.line == 12 && f.t == 1040);
    ck_assert_str_eq(f.task_name, "Bob");
    ck_assert_str_eq(f.text, "Bob wrote x = 41 at line 12 from the value 40 it had read before; Alice had written 41 in between, and that update is lost.");
    end();
}
END_TEST

START_TEST(no_update_is_lost)
{
    three(CV_THREADS);
    both_add_one(X, true);
    at(1100), writes(BOB, X, 0, 4, BOB, 1);     /* over one's own: that is one's own affair */
    at(1200), writes(ALICE, X, 0, 5, BOB, -1);  /* a value that derives from nothing read here */
    writes_cell(BOB, X, (struct written){.version = 6, .cell = {9, cv_meta(CV_TAG_INT, BOB, 6)}, .from = 4, .over = ALICE, .flags = CV_F_ATOMIC});
    ck_assert_uint_eq(found(CV_FINDING_LOST_UPDATE), 0);
    end();
}
END_TEST

START_TEST(an_element_is_lost)
{
    three(CV_THREADS);
    for (uint64_t index = 1; index <= 2; index++) {
        writes_cell(ALICE, LIST, (struct written){.index = index, .version = 1, .cell = {5, cv_meta(CV_TAG_INT, ALICE, 1)}, .over = CV_NO_TASK, .from = 1});
        if (index == 2) /* of the first element only Alice has written */
            writes_cell(BOB, LIST, (struct written){.index = index, .version = 2, .cell = {6, cv_meta(CV_TAG_INT, BOB, 2)}, .over = ALICE, .from = 1});
    }
    ck_assert_uint_eq(found(CV_FINDING_LOST_UPDATE), 1);
    says(CV_FINDING_LOST_UPDATE, "Bob wrote list[1] = 6");
    end();
}
END_TEST

/* All are counted; a thousand are listed; later ones do no harm. */
START_TEST(many_are_counted)
{
    enum { N = 1500 };
    three(CV_THREADS);
    writes(ALICE, X, 0, 1, CV_NO_TASK, -1);
    for (uint64_t i = 2; i < N + 2; i++)
        writes(i % 2 ? ALICE : BOB, X, 1, i, i % 2 ? BOB : ALICE, 0);
    struct cv_summary *s = cv_summary_new(m, reader);
    ck_assert_uint_eq(s->finding_count[CV_FINDING_LOST_UPDATE], N);
    ck_assert_uint_eq(s->nfindings, 1000);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 1000);
    cv_summary_free(s);
    end();
}
END_TEST

/* ── stale reads ────────────────────────────────────────────────────────────────────────────────── */
enum cure { NOTHING, SAME_LOCK, TWO_LOCKS, THROUGH_QUEUE, THROUGH_CAROL, ORDER_MISSING, RECORDS_LOST, KERNEL_RECORDS_LOST };

static void may_take(enum cure cure, uint32_t task)
{
    if (cure == SAME_LOCK || cure == TWO_LOCKS || cure == ORDER_MISSING)
        takes(task, cure == TWO_LOCKS && task == BOB ? OTHER_LOCK : LOCK, 0);
}

static void may_give(enum cure cure, uint32_t task)
{
    if (cure == ORDER_MISSING && task == BOB)
        orders[LOCK]++; /* it gave, but the record of it is not there (yet) */
    else if (cure == SAME_LOCK || cure == TWO_LOCKS || cure == ORDER_MISSING)
        gives(task, cure == TWO_LOCKS && task == BOB ? OTHER_LOCK : LOCK, 0);
}

/* Alice writes, Bob writes over it, Alice reads what Bob wrote. */
static void overwritten(uint32_t var, enum cure cure)
{
    at(1010), may_take(cure, ALICE);
    at(1020), writes(ALICE, var, 1, 1, CV_NO_TASK, -1);
    at(1030), may_give(cure, ALICE);
    at(1040), may_take(cure, BOB);
    at(1050), writes(BOB, var, 2, 2, ALICE, -1);
    at(1060), may_give(cure, BOB);
    if (cure == THROUGH_QUEUE || cure == THROUGH_CAROL)
        gives(BOB, QUEUE, 1);
    at(1070);
    if (cure == THROUGH_CAROL)
        start(CAROL, "Carol", 0), takes(CAROL, QUEUE, 0), takes(CAROL, LOCK, 0), gives(CAROL, LOCK, 0), takes(ALICE, LOCK, 0);
    else if (cure == THROUGH_QUEUE)
        takes(ALICE, QUEUE, 0);
    else if (cure == RECORDS_LOST || cure == KERNEL_RECORDS_LOST)
        tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 5, cure == KERNEL_RECORDS_LOST);
    else
        may_take(cure, ALICE);
    at(1080), reads(ALICE, var, 0, 2, 2, BOB, 0);
    at(1090), reads(ALICE, var, 0, 2, 2, BOB, 0); /* next read only */
}

static void stale(enum cure cure, bool told)
{
    three(CV_THREADS);
    overwritten(X, cure);
    ck_assert_msg(found(CV_FINDING_STALE_READ) == told, "cure %d", cure);
    if (told)
        says(CV_FINDING_STALE_READ, "Alice read x = 2 at line 11, but had written 1 at line 12; Bob wrote it in between.");
    end();
}

START_TEST(a_read_is_stale) { stale(NOTHING, true); }
END_TEST
START_TEST(a_lock_cures_it) { stale(SAME_LOCK, false); }
END_TEST
START_TEST(two_locks_do_not) { stale(TWO_LOCKS, true); }
END_TEST
START_TEST(a_queue_cures_it) { stale(THROUGH_QUEUE, false); }
END_TEST
START_TEST(an_order_through_a_third) { stale(THROUGH_CAROL, false); }
END_TEST
START_TEST(an_order_that_is_not_in_the_record) { stale(ORDER_MISSING, false); }
END_TEST
START_TEST(silent_when_records_are_lost) { stale(RECORDS_LOST, false); }
END_TEST
START_TEST(the_kernels_records_decide_nothing) { stale(KERNEL_RECORDS_LOST, true); }
END_TEST

/* Bob gave before he wrote: that orders nothing he wrote later. */
START_TEST(an_order_before_the_write)
{
    three(CV_THREADS);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(20), gives(BOB, QUEUE, 1);
    at(30), writes(BOB, X, 2, 2, ALICE, -1);
    at(40), takes(ALICE, QUEUE, 0);
    at(50), reads(ALICE, X, 0, 2, 2, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 1);
    end();
}
END_TEST

/* Carol knows nothing of Bob; what Alice learned of him she keeps. */
START_TEST(an_order_is_not_forgotten)
{
    three(CV_THREADS);
    start(CAROL, "Carol", 0);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(20), writes(BOB, X, 2, 2, ALICE, -1), gives(BOB, QUEUE, 1);
    at(30), takes(CAROL, LOCK, 0), gives(CAROL, LOCK, 0);
    at(40), takes(ALICE, QUEUE, 0), takes(ALICE, LOCK, 0);
    at(50), reads(ALICE, X, 0, 2, 2, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 0);
    end();
}
END_TEST

/* A full queue: Alice's put had to wait for Bob's get. */
START_TEST(a_get_lets_a_put_in)
{
    three(CV_THREADS);
    at(5), gives(ALICE, QUEUE, 8);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1);
    at(20), writes(BOB, X, 2, 2, ALICE, -1), takes(BOB, QUEUE, 7);
    at(40), gives(ALICE, QUEUE, 8);
    at(50), reads(ALICE, X, 0, 2, 2, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 0);
    end();
}
END_TEST

static void after_a_child(bool joins, bool all)
{
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    at(10), writes(0, X, 1, 1, CV_NO_TASK, -1);
    at(20), spawns(0, BOB, "Bob");
    at(30), writes(BOB, X, 2, 2, 0, -1);
    at(40), ends(BOB);
    if (joins)
        at(50), tell(CV_EV_JOINED, 0, 3, 0, all ? CV_NO_TASK : BOB, 0);
    at(60), reads(0, X, 0, 2, 2, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), !joins);
    end();
}

START_TEST(a_join_cures_it)
{
    after_a_child(false, false);
    after_a_child(true, false);
    after_a_child(true, true);
}
END_TEST

START_TEST(reading_ones_own_is_not_stale)
{
    three(CV_THREADS);
    at(10), writes(ALICE, X, 1, 1, CV_NO_TASK, -1), reads(ALICE, X, 0, 1, 1, ALICE, 0);
    at(20), writes(BOB, X, 2, 2, ALICE, -1), reads(ALICE, X, 0, 2, 2, BOB, 0); /* not the next read any more */
    at(30), reads(0, X, 0, 2, 2, BOB, 0);                                      /* wrote nothing itself */
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 0);
    end();
}
END_TEST

/* x is used in `spin until` somewhere: what was said of x is taken back, what was said of y is not. */
START_TEST(taken_back_for_spins)
{
    three(CV_THREADS);
    overwritten(X, NOTHING);
    overwritten(Y, NOTHING);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 2);
    at(2000), reads(BOB, X, 0, 2, 2, BOB, CV_F_SPIN);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 1);
    says(CV_FINDING_STALE_READ, "y = 2");
    struct cv_summary *s = cv_summary_new(m, reader);
    ck_assert_uint_eq(s->finding_count[CV_FINDING_STALE_READ], 1);
    cv_summary_free(s);
    at(3000), writes(ALICE, X, 3, 3, BOB, -1), writes(BOB, X, 4, 4, ALICE, -1), reads(ALICE, X, 0, 4, 4, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 1); /* nor anything new */
    end();
}
END_TEST

START_TEST(taken_back_for_atomics)
{
    three(CV_THREADS);
    overwritten(X, NOTHING);
    at(2000);
    writes_cell(BOB, X, (struct written){.version = 3, .cell = {3, cv_meta(CV_TAG_INT, BOB, 3)}, .from = 3, .over = BOB, .flags = CV_F_ATOMIC});
    ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 0);
    end();
}
END_TEST

/* A whole list is written as elements, each marked atomic: that alone is no use of `atomic`. */
static void element(uint32_t task, uint64_t index, uint64_t version, uint32_t over, unsigned flags)
{
    writes_cell(task, LIST, (struct written){.index = index, .version = version, .cell = {version, cv_meta(CV_TAG_INT, task, version)}, .over = over, .flags = flags});
}

START_TEST(a_whole_list_is_no_atomic)
{
    for (int whole = 0; whole < 2; whole++) {
        three(CV_THREADS);
        element(ALICE, 1, 1, CV_NO_TASK, 0);
        element(BOB, 1, 2, ALICE, 0);
        reads(ALICE, LIST, 1, 2, 2, BOB, 0);
        ck_assert_uint_eq(found(CV_FINDING_STALE_READ), 1);
        element(BOB, 1, 3, BOB, CV_F_ATOMIC);
        if (whole)
            writes_cell(BOB, LIST, (struct written){.index = CV_WHOLE_LIST, .version = 1, .cell = {1, cv_meta(CV_TAG_LIST, BOB, 1)}, .over = CV_NO_TASK});
        else
            tell(CV_EV_MARK, BOB, 9, 0, 0, 0);
        ck_assert_uint_eq(found(CV_FINDING_STALE_READ), whole);
        end();
    }
}
END_TEST

/* ── the loop held ──────────────────────────────────────────────────────────────────────────────── */
static uint64_t held_for(uint64_t ns, int cause, bool hole)
{
    three(CV_ASYNC);
    at(MS), run(ALICE, 5);
    at(2 * MS), waits(ALICE, 6, cause, ns);
    if (hole)
        at(2 * MS + 100), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 1, 0), at(5 * MS), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 0, 0);
    at(now + ns - (hole ? 100 : 0)), run(ALICE, 6);
    at(now + 10), waits(ALICE, 7, CV_AWAIT + CV_REASON_SLEEP, 1);
    uint64_t n = found(CV_FINDING_LOOP_BLOCKED);
    if (n)
        says(CV_FINDING_LOOP_BLOCKED, "Alice waited (block sleep) for 1.00 ms at line 6 without await: the loop was held, and 2 other tasks could not run.");
    end();
    return n;
}

START_TEST(a_block_of_a_millisecond)
{
    ck_assert_uint_eq(held_for(MS, CV_BLOCK + CV_REASON_SLEEP, false), 1);
    ck_assert_uint_eq(held_for(MS - 1, CV_BLOCK + CV_REASON_SLEEP, false), 0);
    ck_assert_uint_eq(held_for(50 * MS, CV_AWAIT + CV_REASON_SLEEP, false), 0);
    ck_assert_uint_eq(held_for(MS, CV_BLOCK + CV_REASON_SLEEP, true), 1); /* what the run was stopped is not counted */
    ck_assert_uint_eq(held_for(MS - 1, CV_BLOCK + CV_REASON_SLEEP, true), 0);
}
END_TEST

static uint64_t computes_for(uint64_t ns, bool awaits_between, bool by_end)
{
    three(CV_ASYNC);
    at(MS), run(ALICE, 5), tell(CV_EV_CPU, ALICE, 8, 0, ns, 0);
    at(MS + ns / 2);
    if (awaits_between)
        waits(ALICE, 9, CV_AWAIT + CV_REASON_TURN, 0), ready(ALICE, CV_NO_TASK, CV_AWAIT + CV_REASON_TURN), run(ALICE, 9);
    at(MS + ns), by_end ? ends(ALICE) : waits(ALICE, 9, CV_AWAIT + CV_REASON_SLEEP, 1);
    uint64_t n = found(CV_FINDING_LOOP_BLOCKED);
    if (n)
        says(CV_FINDING_LOOP_BLOCKED, "Alice computed for 100 ms at line 8 without await");
    end();
    return n;
}

START_TEST(a_turn_of_a_tenth_of_a_second)
{
    for (int by_end = 0; by_end < 2; by_end++) {
        ck_assert_uint_eq(computes_for(100 * MS, false, by_end), 1);
        ck_assert_uint_eq(computes_for(100 * MS - 1, false, by_end), 0);
        ck_assert_uint_eq(computes_for(100 * MS, true, by_end), 0);
    }
}
END_TEST

START_TEST(nobody_else_is_kept_waiting)
{
    begin(CV_ASYNC);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    at(10), run(0, 3), waits(0, 3, CV_AWAIT + CV_REASON_JOIN, CV_NO_TASK); /* main only waits for Alice */
    at(20), run(ALICE, 5), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, MS);
    at(9 * MS), run(ALICE, 6), waits(ALICE, 7, CV_AWAIT + CV_REASON_SLEEP, 1);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    start(BOB, "Bob", 0);
    at(10 * MS), run(ALICE, 5), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, MS);
    at(19 * MS), run(ALICE, 6);
    ck_assert_uint_eq(found(CV_FINDING_LOOP_BLOCKED), 1);
    says(CV_FINDING_LOOP_BLOCKED, "1 other task could not run");
    end();
}
END_TEST

START_TEST(threads_hold_no_loop)
{
    three(CV_THREADS);
    at(MS), run(ALICE, 5), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, MS);
    at(900 * MS), run(ALICE, 6);
    at(1800 * MS), ends(ALICE);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    end();
}
END_TEST

/* The run ends while the loop is held: what happened until then is told. */
START_TEST(held_to_the_end)
{
    three(CV_ASYNC);
    at(MS), run(ALICE, 5), waits(ALICE, 6, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(7 * MS), tell(CV_EV_RUN_END, CV_NO_TASK, 0, CV_OUT_DEADLOCK, text("nobody\x1b gives"), 0);
    ck_assert_uint_eq(found(CV_FINDING_LOOP_BLOCKED), 1);
    enum cv_outcome outcome;
    const char *why;
    ck_assert(cv_model_over(m, &outcome, &why) && outcome == CV_OUT_DEADLOCK);
    ck_assert_str_eq(why, "nobody\\x1b gives");
    end();
}
END_TEST

/* Between the two records that are known, others are missing: how long it took is not known. */
START_TEST(how_long_is_not_known_when_records_are_lost)
{
    three(CV_ASYNC);
    at(MS), run(ALICE, 5), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, 10);
    at(50 * MS), tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 100, 0), run(ALICE, 6);
    at(51 * MS), waits(ALICE, 7, CV_AWAIT + CV_REASON_SLEEP, 10);
    at(60 * MS), run(BOB, 5);
    at(300 * MS), tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 100, 0), waits(BOB, 7, CV_AWAIT + CV_REASON_SLEEP, 10);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    ck_assert(state_at(BOB, 20 * MS) == CV_ST_LOST);
    end();
}
END_TEST

START_TEST(the_parents_findings)
{
    three(CV_THREADS);
    at(10), tell(CV_EV_FINDING, BOB, 4, CV_FINDING_DEADLOCK, text("Alice waits for Bob,\nBob for Alice."), 0);
    ck_assert_uint_eq(found(CV_FINDING_DEADLOCK), 1);
    ck_assert_str_eq(cv_model_finding(m, 0).text, "Alice waits for Bob,\\x0aBob for Alice.");
    ck_assert_uint_eq(cv_model_finding(m, 1).task, CV_NO_TASK); /* no such */
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/findings");
    TCase *lost = tcase_create("lost updates");
    tcase_add_test(lost, an_update_is_lost);
    tcase_add_test(lost, no_update_is_lost);
    tcase_add_test(lost, an_element_is_lost);
    tcase_add_test(lost, many_are_counted);
    TCase *reads_case = tcase_create("stale reads");
    tcase_add_test(reads_case, a_read_is_stale);
    tcase_add_test(reads_case, a_lock_cures_it);
    tcase_add_test(reads_case, two_locks_do_not);
    tcase_add_test(reads_case, a_queue_cures_it);
    tcase_add_test(reads_case, an_order_through_a_third);
    tcase_add_test(reads_case, an_order_before_the_write);
    tcase_add_test(reads_case, an_order_is_not_forgotten);
    tcase_add_test(reads_case, a_get_lets_a_put_in);
    tcase_add_test(reads_case, an_order_that_is_not_in_the_record);
    tcase_add_test(reads_case, silent_when_records_are_lost);
    tcase_add_test(reads_case, the_kernels_records_decide_nothing);
    tcase_add_test(reads_case, a_join_cures_it);
    tcase_add_test(reads_case, reading_ones_own_is_not_stale);
    tcase_add_test(reads_case, taken_back_for_spins);
    tcase_add_test(reads_case, taken_back_for_atomics);
    tcase_add_test(reads_case, a_whole_list_is_no_atomic);
    TCase *loop = tcase_create("loop blocked");
    tcase_add_test(loop, a_block_of_a_millisecond);
    tcase_add_test(loop, a_turn_of_a_tenth_of_a_second);
    tcase_add_test(loop, nobody_else_is_kept_waiting);
    tcase_add_test(loop, threads_hold_no_loop);
    tcase_add_test(loop, held_to_the_end);
    tcase_add_test(loop, how_long_is_not_known_when_records_are_lost);
    tcase_add_test(loop, the_parents_findings);
    suite_add_tcase(s, lost);
    suite_add_tcase(s, reads_case);
    suite_add_tcase(s, loop);
    return s;
}
