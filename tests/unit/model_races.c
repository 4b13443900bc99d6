/* Data races, unlocked accesses and stale guards: told where they happened; silent on the same accesses with the cure between
 * them, or where what would decide is not known. */
#include "model_play.h"

static struct cv_info_guard guards[] = {{.line = 11, .from = 12, .to = 12}}; /* reads stand at 11, writes at 12: see model_play.h */

static void three(enum cv_model_kind kind)
{
    begin(kind);
    start(0, "main", CV_NO_TASK);
    spawns(0, ALICE, "Alice");
    spawns(0, BOB, "Bob");
    at(1000);
}

static void reads_x(uint32_t task, uint64_t version, uint32_t writer) { reads(task, X, 0, (int64_t)version, version, writer, 0); }
static void writes_x(uint32_t task, uint64_t version, uint32_t over) { writes(task, X, (int64_t)version, version, over, -1); }

/* ── data races ─────────────────────────────────────────────────────────────────────────────────── */
enum cure { NOTHING, SAME_LOCK, TWO_LOCKS, THROUGH_QUEUE, THROUGH_EVENT, THROUGH_PERMIT, JOINED, WATCHED, ORDER_MISSING, RECORDS_LOST };

static void between(enum cure cure)
{
    switch (cure) {
    case THROUGH_QUEUE: gives(ALICE, QUEUE, 1), takes(BOB, QUEUE, 0); break;
    case THROUGH_EVENT: gives(ALICE, EVENT, 1), takes(BOB, EVENT, 1); break;
    case THROUGH_PERMIT: gives(ALICE, PERMITS, 1), takes(BOB, PERMITS, 0); break;
    case JOINED: ends(ALICE), tell(CV_EV_JOINED, BOB, 3, 0, ALICE, 0); break;
    case WATCHED: writes(ALICE, Y, 1, 1, CV_NO_TASK, -1), reads(BOB, Y, 0, 1, 1, ALICE, CV_F_SPIN); break;
    case ORDER_MISSING: orders[EVENT]++, takes(BOB, EVENT, 1); break;
    case RECORDS_LOST: tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 5, 0); break;
    default: break;
    }
}

static void locked(enum cure cure, uint32_t task, bool take)
{
    uint32_t lock = cure == TWO_LOCKS && task == BOB ? OTHER_LOCK : LOCK;
    if (cure == SAME_LOCK || cure == TWO_LOCKS)
        take ? takes(task, lock, 0) : gives(task, lock, 0);
}

enum pair { WRITE_READ, READ_WRITE, WRITE_WRITE, READ_READ };

static void accesses(enum pair pair, enum cure cure)
{
    locked(cure, ALICE, true);
    at(1010), pair == READ_WRITE || pair == READ_READ ? reads_x(ALICE, 0, CV_NO_TASK) : writes_x(ALICE, 1, CV_NO_TASK);
    locked(cure, ALICE, false);
    at(1020), between(cure);
    locked(cure, BOB, true);
    at(1030), pair == WRITE_READ ? reads_x(BOB, 1, ALICE) : pair == READ_READ ? reads_x(BOB, 0, CV_NO_TASK)
              : pair == READ_WRITE ? writes_x(BOB, 1, CV_NO_TASK) : writes_x(BOB, 2, ALICE);
    locked(cure, BOB, false);
}

START_TEST(a_race_is_told)
{
    static const char *const says[] = {"Alice wrote x at line 12 and Bob read x = 1 at line 11; nothing orders the two", "Alice read x at line 11 and Bob wrote x = 1 at line 12;",
                                       "Alice wrote x at line 12 and Bob wrote x = 2 at line 12;"};
    for (enum pair pair = WRITE_READ; pair <= READ_READ; pair++) {
        three(CV_THREADS);
        accesses(pair, NOTHING);
        ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), pair != READ_READ);
        if (pair != READ_READ) {
            ck_assert_msg(strstr(first(CV_FINDING_DATA_RACE).text, says[pair]), "%s", first(CV_FINDING_DATA_RACE).text);
            ck_assert(first(CV_FINDING_DATA_RACE).task == BOB && first(CV_FINDING_DATA_RACE).t == 1030);
        }
        end();
    }
}
END_TEST

START_TEST(a_race_is_cured)
{
    for (enum cure cure = NOTHING; cure <= RECORDS_LOST; cure++)
        for (enum pair pair = WRITE_READ; pair <= WRITE_WRITE; pair++) {
            three(CV_THREADS);
            vars[Y].watched = true;
            cv_model_free(m);
            m = cv_model_new(&info, &shm, 0);
            start(0, "main", CV_NO_TASK), spawns(0, ALICE, "Alice"), spawns(0, BOB, "Bob");
            accesses(pair, cure);
            ck_assert_msg(found(CV_FINDING_DATA_RACE) == (cure == NOTHING || cure == TWO_LOCKS), "cure %d of %d", cure, pair);
            vars[Y].watched = false;
            end();
        }
}
END_TEST

/* One loop runs one coroutine at a time; a worker beside it is another matter. */
START_TEST(coroutines_do_not_race)
{
    three(CV_ASYNC);
    accesses(WRITE_WRITE, NOTHING);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    struct cv_event worker = {.t = now, .kind = CV_EV_TASK_START, .flags = CV_F_WORKER, .task = CAROL, .a = text("pool thread#0"), .c = CV_NO_TASK};
    cv_model_fold(m, &worker);
    tell(CV_EV_JOB, CAROL, 0, 0, BOB, 0);
    writes_x(CAROL, 3, BOB); /* in order: it is Bob's block */
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    reads_x(ALICE, 3, CAROL);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    end();
}
END_TEST

/* One thread at a time has the GIL, those of a pool too; a worker process has none. */
START_TEST(threads_under_a_gil_do_not_race)
{
    for (int k = 0; k < 2; k++) {
        three(CV_THREADS);
        info.gil = true;
        accesses(WRITE_WRITE, NOTHING);
        ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
        struct cv_event worker = {.t = now, .kind = CV_EV_TASK_START, .flags = CV_F_WORKER | (k ? CV_F_COPY : 0), .task = CAROL, .a = text("worker"), .c = CV_NO_TASK};
        cv_model_fold(m, &worker);
        tell(CV_EV_JOB, CAROL, 0, 0, BOB, 0);
        writes(CAROL, MEMORY, 8, 1, CV_NO_TASK, -1);
        reads(ALICE, MEMORY, 0, 8, 1, CAROL, 0);
        ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), k);
        end();
    }
}
END_TEST

START_TEST(copies_do_not_race)
{
    three(CV_PROCESSES);
    accesses(WRITE_WRITE, NOTHING);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    writes(ALICE, MEMORY, 1, 1, CV_NO_TASK, -1), writes(BOB, MEMORY, 2, 2, ALICE, -1);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    end();
}
END_TEST

/* Two cores' stamps cross: who takes the lock is told before who gave it, and before what was done under it. Whatever is told in
 * between, nothing is said of it; a race that comes after it is. */
START_TEST(stamps_that_cross)
{
    for (int k = 0; k < 3; k++) {
        three(CV_THREADS);
        takes(ALICE, LOCK, 0);
        if (k == 0)
            writes_x(ALICE, 1, CV_NO_TASK);
        orders[LOCK]++, takes(BOB, LOCK, 0);
        if (k == 1)
            writes_x(ALICE, 1, CV_NO_TASK), reads_x(BOB, 1, ALICE);
        if (k == 2)
            reads_x(BOB, 1, ALICE), writes_x(ALICE, 1, CV_NO_TASK);
        tell(CV_EV_GIVE, ALICE, 4, LOCK, 1, 0); /* late */
        reads_x(BOB, 1, ALICE), gives(BOB, LOCK, 0);
        takes(ALICE, LOCK, 0), writes_x(ALICE, 2, ALICE), gives(ALICE, LOCK, 0);
        ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
        reads_x(BOB, 2, ALICE);
        ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
        end();
    }
}
END_TEST

/* The same of a task's beginning and its end: what it does is told before it is spawned; who joins it, before it is at its end. */
START_TEST(spawn_and_join_that_cross)
{
    for (int k = 0; k < 4; k++) {
        three(CV_THREADS);
        switch (k) {
        case 0: writes_x(BOB, 1, CV_NO_TASK), reads_x(CAROL, 1, BOB), spawns(BOB, CAROL, "Carol"); break;
        case 1: reads_x(CAROL, 0, CV_NO_TASK), writes_x(CAROL, 1, CV_NO_TASK), spawns(BOB, CAROL, "Carol"); break;
        case 2: /* what Alice does last comes after her gift, which is within the gap, too */
            tell(CV_EV_JOINED, BOB, 3, 0, ALICE, 0), gives(ALICE, QUEUE, 1), writes_x(ALICE, 1, CV_NO_TASK), reads_x(BOB, 1, ALICE), ends(ALICE);
            break;
        default: /* of all that main started */
            tell(CV_EV_JOINED, 0, 3, 0, CV_NO_TASK, 0), gives(ALICE, QUEUE, 1), writes_x(ALICE, 1, CV_NO_TASK), ends(BOB), reads_x(0, 1, ALICE), ends(ALICE);
            break;
        }
        uint32_t who = k == 3 ? 0 : BOB;
        reads_x(who, 1, k < 2 ? CAROL : ALICE);
        ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
        if (k < 2) { /* now all is there */
            writes_x(ALICE, 2, BOB), reads_x(BOB, 2, ALICE);
            ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
        }
        end();
    }
}
END_TEST

/* A watched variable's write is told after who read it, and what came before the write later still. */
START_TEST(a_write_that_is_told_late)
{
    three(CV_THREADS);
    at(1010), reads(BOB, Y, 0, 1, 1, ALICE, CV_F_SPIN);
    at(1020), writes_x(ALICE, 1, CV_NO_TASK);
    at(1030), reads_x(BOB, 1, ALICE);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    at(1040), writes(ALICE, Y, 1, 1, CV_NO_TASK, -1);
    at(1050), reads_x(BOB, 1, ALICE);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    at(1060), writes_x(ALICE, 2, ALICE), reads_x(BOB, 2, ALICE); /* now all is there */
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    end();
}
END_TEST

/* Reads that are concurrent among themselves race with the write, each; and a pair of lines is told once. */
START_TEST(readers_race_with_a_writer)
{
    three(CV_THREADS);
    spawns(0, CAROL, "Carol");
    reads_x(ALICE, 0, CV_NO_TASK), reads_x(BOB, 0, CV_NO_TASK);
    gives(BOB, EVENT, 1), takes(CAROL, EVENT, 1); /* orders Bob's, not Alice's */
    writes_x(CAROL, 1, CV_NO_TASK);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    ck_assert_msg(strstr(first(CV_FINDING_DATA_RACE).text, "Alice read x"), "%s", first(CV_FINDING_DATA_RACE).text);
    reads_x(ALICE, 1, CAROL), writes_x(BOB, 2, CAROL), writes_x(BOB, 3, BOB), reads_x(ALICE, 3, BOB);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 2); /* lines 11 and 12, lines 12 and 12 */
    end();
}
END_TEST

/* Who reads a watched variable has what was written before it, and nobody races for the variable itself. */
START_TEST(a_watched_variable_is_taken_back)
{
    three(CV_THREADS);
    accesses(WRITE_WRITE, NOTHING);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    reads(BOB, X, 0, 2, 2, BOB, CV_F_SPIN);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    end();
}
END_TEST

START_TEST(elements_are_apart)
{
    three(CV_THREADS);
    for (uint64_t i = 1; i <= 2; i++)
        writes_cell(i == 1 ? ALICE : BOB, LIST, (struct written){.index = i, .version = 1, .cell = {5, cv_meta(CV_TAG_INT, ALICE, 1)}, .over = CV_NO_TASK});
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    reads(ALICE, LIST, 2, 5, 1, BOB, 0);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    ck_assert_msg(strstr(first(CV_FINDING_DATA_RACE).text, "Alice read list[1] = 5"), "%s", first(CV_FINDING_DATA_RACE).text);
    end();
}
END_TEST

START_TEST(a_whole_list_is_its_elements)
{
    three(CV_THREADS);
    reads(ALICE, LIST, CV_WHOLE_LIST, 3, 0, CV_NO_TASK, 0);
    writes_cell(BOB, LIST, (struct written){.index = 2, .version = 1, .cell = {5, cv_meta(CV_TAG_INT, BOB, 1)}, .over = CV_NO_TASK});
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 1);
    end();
}
END_TEST

/* ── unlocked accesses ──────────────────────────────────────────────────────────────────────────── */
/* Alice writes under the lock; Bob touches x without, or under another. In any model. */
static void without_a_lock(enum cv_model_kind kind, enum cure cure, bool bob_first, uint32_t var)
{
    three(kind);
    for (int turn = 0; turn < 2; turn++) {
        bool bob = (turn == 0) == bob_first;
        if (turn == 1 && cure == THROUGH_QUEUE)
            gives(bob ? ALICE : BOB, QUEUE, 1), takes(bob ? BOB : ALICE, QUEUE, 0);
        if (!bob || cure == SAME_LOCK || cure == TWO_LOCKS)
            takes(bob ? BOB : ALICE, bob && cure == TWO_LOCKS ? OTHER_LOCK : LOCK, 0);
        at(1010 + 10 * (uint64_t)turn), writes(bob ? BOB : ALICE, var, turn, (uint64_t)turn + 1, turn == 0 ? CV_NO_TASK : bob ? ALICE : BOB, -1);
        if (!bob || cure == SAME_LOCK || cure == TWO_LOCKS)
            gives(bob ? BOB : ALICE, bob && cure == TWO_LOCKS ? OTHER_LOCK : LOCK, 0);
    }
}

START_TEST(a_lock_that_is_not_taken)
{
    for (int k = 0; k < 6; k++) {
        without_a_lock((enum cv_model_kind)(k % 3), NOTHING, k >= 3, MEMORY);
        ck_assert_msg(found(CV_FINDING_UNLOCKED_ACCESS) == 1, "%d", k);
        struct cv_summary_finding f = first(CV_FINDING_UNLOCKED_ACCESS);
        ck_assert(f.task == BOB && f.t == 1020 && f.line == 12);
        ck_assert_str_eq(f.text, k < 3 ? "Bob wrote memory = 1 at line 12 without a lock; Alice wrote memory at line 12 holding m: a lock protects only from those who take it."
                                       : "Bob wrote memory at line 12 without a lock; Alice wrote memory = 1 at line 12 holding m: a lock protects only from those who take it.");
        end();
    }
}
END_TEST

START_TEST(a_lock_that_is_taken)
{
    static const struct { enum cure cure; uint64_t found; } cures[] = {{SAME_LOCK, 0}, {THROUGH_QUEUE, 0}, {TWO_LOCKS, 1}};
    for (size_t i = 0; i < CV_COUNT(cures); i++)
        for (int k = 0; k < 6; k++) {
            without_a_lock((enum cv_model_kind)(k % 3), cures[i].cure, k >= 3, MEMORY);
            ck_assert_msg(found(CV_FINDING_UNLOCKED_ACCESS) == cures[i].found, "cure %d, %d", cures[i].cure, k);
            end();
        }
    without_a_lock(CV_PROCESSES, NOTHING, false, X); /* each has its own */
    ck_assert_uint_eq(found(CV_FINDING_UNLOCKED_ACCESS), 0);
    end();
}
END_TEST

/* That a lock happened to order the two does not excuse the one that does not hold it. */
START_TEST(an_order_by_chance)
{
    three(CV_THREADS);
    takes(ALICE, LOCK, 0), writes_x(ALICE, 1, CV_NO_TASK), gives(ALICE, LOCK, 0);
    takes(BOB, LOCK, 0), gives(BOB, LOCK, 0), writes_x(BOB, 2, ALICE);
    ck_assert_uint_eq(found(CV_FINDING_DATA_RACE), 0);
    ck_assert_uint_eq(found(CV_FINDING_UNLOCKED_ACCESS), 1);
    end();
}
END_TEST

/* Before the others are started, and after they were joined, nobody needs a lock. */
START_TEST(before_and_after)
{
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    writes_x(0, 1, CV_NO_TASK);
    spawns(0, ALICE, "Alice");
    takes(ALICE, LOCK, 0), writes_x(ALICE, 2, 0), gives(ALICE, LOCK, 0);
    ends(ALICE);
    tell(CV_EV_JOINED, 0, 3, 0, CV_NO_TASK, 0);
    reads_x(0, 2, ALICE);
    ck_assert_uint_eq(cv_model_nfindings(m, UINT64_MAX), 0);
    end();
}
END_TEST

/* ── stale guards ───────────────────────────────────────────────────────────────────────────────── */
static void guarded(enum cv_model_kind kind)
{
    three(kind);
    info.guards = guards;
    info.nguards = CV_COUNT(guards);
}

START_TEST(what_was_checked_is_gone)
{
    guarded(CV_ASYNC);
    at(1010), reads_x(ALICE, 0, CV_NO_TASK);
    at(1020), reads_x(BOB, 0, CV_NO_TASK), writes_x(BOB, 1, CV_NO_TASK);
    at(1030), writes_x(ALICE, 2, BOB);
    ck_assert_uint_eq(found(CV_FINDING_STALE_GUARD), 1);
    struct cv_summary_finding f = first(CV_FINDING_STALE_GUARD);
    ck_assert(f.task == ALICE && f.line == 12 && f.t == 1030);
    ck_assert_str_eq(f.text, "Alice wrote x = 2 at line 12 because of what it had read at line 11: x = 0; Bob had written 1 in between.");
    at(1040), writes_x(ALICE, 3, ALICE); /* once for each evaluation */
    ck_assert_uint_eq(found(CV_FINDING_STALE_GUARD), 1);
    end();
}
END_TEST

/* Another variable is written: under real threads the overwriting must be older than the task's event before the write. */
START_TEST(of_another_variable)
{
    for (int k = 0; k < 4; k++) {
        guarded(k == 0 ? CV_ASYNC : CV_THREADS);
        info.stepped = k == 1;
        at(1010), reads_x(ALICE, 0, CV_NO_TASK);
        at(1020), writes_x(BOB, 1, CV_NO_TASK);
        if (k == 3)
            at(1025), tell(CV_EV_RUN, ALICE, 12, 0, 0, 0);
        at(1030), writes(ALICE, Y, 5, 1, CV_NO_TASK, -1);
        ck_assert_msg(found(CV_FINDING_STALE_GUARD) == (k != 2), "%d", k);
        end();
    }
}
END_TEST

START_TEST(what_was_checked_still_stands)
{
    guarded(CV_ASYNC);
    at(1010), reads_x(ALICE, 0, CV_NO_TASK), writes_x(ALICE, 1, CV_NO_TASK), writes(ALICE, Y, 1, 1, CV_NO_TASK, -1);
    at(1020), writes_x(BOB, 2, ALICE);             /* over what Alice wrote herself: she knew */
    at(1030), writes(ALICE, Y, 2, 2, ALICE, -1);
    at(1040), reads_x(ALICE, 2, BOB);              /* checked anew */
    at(1050), writes(ALICE, Y, 3, 3, ALICE, -1);
    at(1060), reads(ALICE, X, 0, 2, 2, BOB, CV_F_ATOMIC), writes_x(BOB, 3, BOB);
    tell(CV_EV_RUN, ALICE, 30, 0, 0, 0);
    struct cv_event away = {.t = now, .kind = CV_EV_WRITE, .task = ALICE, .line = 30, .obj = Y, .a = 4, .b = cv_meta(CV_TAG_INT, ALICE, 4), .d = cv_meta(CV_TAG_INT, ALICE, 3)};
    cv_model_fold(m, &away);                       /* outside the branch */
    ck_assert_uint_eq(found(CV_FINDING_STALE_GUARD), 0);
    end();
}
END_TEST

/* The innermost condition that read it counts: it was checked twice, as double-checked locking does. */
START_TEST(checked_twice)
{
    static struct cv_info_guard nested[] = {{.line = 5, .from = 6, .to = 20}, {.line = 11, .from = 12, .to = 12}};
    for (int again = 0; again < 2; again++) {
        guarded(CV_ASYNC);
        info.guards = nested;
        info.nguards = CV_COUNT(nested);
        struct cv_event outer = {.t = now, .kind = CV_EV_READ, .task = ALICE, .line = 5, .obj = X, .a = 0, .b = cv_meta(CV_TAG_INT, CV_NO_TASK, 0)};
        cv_model_fold(m, &outer);
        at(1020), writes_x(BOB, 1, CV_NO_TASK);
        if (again)
            at(1030), reads_x(ALICE, 1, BOB);
        at(1040), writes_x(ALICE, 2, BOB);
        ck_assert_uint_eq(found(CV_FINDING_STALE_GUARD), !again);
        end();
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/races");
    TCase *races = tcase_create("data races");
    tcase_add_test(races, a_race_is_told);
    tcase_add_test(races, a_race_is_cured);
    tcase_add_test(races, coroutines_do_not_race);
    tcase_add_test(races, threads_under_a_gil_do_not_race);
    tcase_add_test(races, stamps_that_cross);
    tcase_add_test(races, spawn_and_join_that_cross);
    tcase_add_test(races, a_write_that_is_told_late);
    tcase_add_test(races, copies_do_not_race);
    tcase_add_test(races, readers_race_with_a_writer);
    tcase_add_test(races, a_watched_variable_is_taken_back);
    tcase_add_test(races, elements_are_apart);
    tcase_add_test(races, a_whole_list_is_its_elements);
    TCase *unlocked = tcase_create("unlocked accesses");
    tcase_add_test(unlocked, a_lock_that_is_not_taken);
    tcase_add_test(unlocked, a_lock_that_is_taken);
    tcase_add_test(unlocked, an_order_by_chance);
    tcase_add_test(unlocked, before_and_after);
    TCase *guards_case = tcase_create("stale guards");
    tcase_add_test(guards_case, what_was_checked_is_gone);
    tcase_add_test(guards_case, of_another_variable);
    tcase_add_test(guards_case, what_was_checked_still_stands);
    tcase_add_test(guards_case, checked_twice);
    suite_add_tcase(s, races);
    suite_add_tcase(s, unlocked);
    suite_add_tcase(s, guards_case);
    return s;
}
