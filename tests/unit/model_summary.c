/* The sum of a run against the events and the rows it is made of: counts, values of every kind, what is left out and what is
 * said to be unknown. */
#include "model_play.h"

static void row(uint32_t task, const char *name, enum cv_row_state state)
{
    struct cv_row *r = cv_shm_row(&shm, task);
    r->name = text(name);
    atomic_store(&r->state, state);
    if (task >= atomic_load(&shm.head->ntasks))
        atomic_store(&shm.head->ntasks, task + 1);
}

static void three(enum cv_model_kind kind)
{
    static const char *const names[] = {"main", "Al\x1bice", "Bob"};
    begin(kind);
    for (uint32_t t = 0; t < 3; t++) {
        start(t, names[t], t ? 0 : CV_NO_TASK);
        row(t, names[t], CV_ROW_DONE);
    }
}

static struct cv_summary *sum(void) { return cv_summary_new(m, reader); }

static bool is_int(struct cv_datum d, int64_t i) { return !d.unknown && d.tag == CV_TAG_INT && d.i == i; }
static bool is_string(struct cv_datum d, const char *s) { return !d.unknown && d.tag == CV_TAG_STRING && d.n == strlen(s) && memcmp(d.s, s, d.n) == 0; }

/* ── counts ─────────────────────────────────────────────────────────────────────────────────────── */
/* A switch as an engine does it: the event, and the row's counter. */
static void switches(uint32_t task, int cause)
{
    waits(task, 5, cause, 0);
    run(task, 5);
    atomic_fetch_add(&cv_shm_row(&shm, task)->causes[cause], 1);
}

START_TEST(counts_are_the_rows_and_the_records)
{
    three(CV_THREADS);
    uint64_t seed = 4, counts[CV_CAUSE_COUNT];
    for (int i = 0; i < 2000; i++) {
        at((uint64_t)i * 10);
        switches((uint32_t)(next_random(&seed) % 3), (int)(next_random(&seed) % (CV_CAUSE_GIL + 1)));
    }
    for (uint32_t t = 0; t < 3; t++) {
        struct cv_row *r = cv_shm_row(&shm, t);
        atomic_store(&r->voluntary, 10 + t);
        atomic_store(&r->involuntary, 5 + t);
        atomic_store(&r->yields, t == 2 ? 100 : t);
        atomic_store(&r->cpu_ns, 1000 * (t + 1));
        atomic_store(&r->cores[0], (uint64_t)1 << t);
        ends(t);
    }
    atomic_store(&shm.head->started, 1000);
    atomic_store(&shm.head->finished, 25000);
    at(30000), tell(CV_EV_RUN_END, CV_NO_TASK, 0, CV_OUT_FINISHED, 0, 0);
    struct cv_summary *s = sum();
    ck_assert_int_eq(s->outcome, CV_OUT_FINISHED);
    ck_assert_ptr_null(s->outcome_text);
    ck_assert_uint_eq(s->elapsed_ns, 24000);
    ck_assert_uint_eq(s->cpu_time_ns, 6000);
    ck_assert(s->cores_used > 0.2499 && s->cores_used < 0.2501);
    ck_assert_uint_eq(s->voluntary, 33);
    ck_assert_uint_eq(s->involuntary, 18);
    ck_assert_uint_eq(s->by_cause[CV_CAUSE_QUANTUM], 5 + 5); /* main's 5, Alice's 6 but one yield; Bob's are all yields */
    ck_assert_uint_eq(s->by_cause[CV_CAUSE_EXIT], 3);
    ck_assert_uint_eq(s->cores_seen[0], 7);
    cv_model_switches(m, UINT64_MAX, counts);
    uint64_t awaits = 0;
    for (int k = 0; k < CV_CAUSE_COUNT; k++) {
        if (k != CV_CAUSE_QUANTUM)
            ck_assert_uint_eq(s->by_cause[k], counts[k]);
        awaits += k < CV_BLOCK ? counts[k] : 0;
    }
    ck_assert_uint_gt(awaits, 500);
    ck_assert_uint_eq(s->awaits, awaits);
    ck_assert_uint_eq(s->ntasks, 3);
    ck_assert_str_eq(s->tasks[1].name, "Al\\x1bice");
    ck_assert(!s->records_lost && !s->output_lost);
    cv_summary_free(s);
    end();
}
END_TEST

/* A main task that nobody wrote is no task: its waits and its end are not counted, its thread's kernel switches are. */
/* What a switch costs is the CPU time that no cpu statement asked for; with few switches nothing is said. */
START_TEST(what_a_switch_costs)
{
    three(CV_THREADS);
    atomic_store(&cv_shm_row(&shm, 1)->tid, 11);
    atomic_store(&cv_shm_row(&shm, 2)->tid, 12);
    at(10), tell(CV_EV_CPU, 1, 5, 0, 400000, 0), tell(CV_EV_CPU, 2, 5, 0, 600000, 0);
    atomic_store(&cv_shm_row(&shm, 1)->cpu_ns, 3000000);
    atomic_store(&cv_shm_row(&shm, 1)->causes[CV_CAUSE_YIELD], CV_SWITCHES_ENOUGH - 1);
    struct cv_summary *s = sum();
    ck_assert(s->threads == 3 && s->cpu_asked_ns == 1000000 && s->cpu_ns_per_switch == -1);
    cv_summary_free(s);
    atomic_store(&cv_shm_row(&shm, 2)->causes[CV_BLOCK + CV_REASON_LOCK], 1);
    s = sum();
    ck_assert_int_eq(s->cpu_ns_per_switch, 2000000 / CV_SWITCHES_ENOUGH);
    cv_summary_free(s);
    atomic_store(&cv_shm_row(&shm, 1)->cpu_ns, 900000); /* less than was asked for: it never came so far */
    s = sum();
    ck_assert_int_eq(s->cpu_ns_per_switch, -1);
    cv_summary_free(s);
    end();
}
END_TEST

START_TEST(a_hidden_main_is_no_task)
{
    three(CV_ASYNC);
    info.implicit_main = true;
    at(10), switches(0, CV_AWAIT + CV_REASON_JOIN), switches(ALICE, CV_AWAIT + CV_REASON_SLEEP);
    atomic_store(&cv_shm_row(&shm, 0)->voluntary, 4);
    atomic_store(&cv_shm_row(&shm, 0)->cpu_ns, 500);
    atomic_store(&cv_shm_row(&shm, ALICE)->cpu_ns, 300); /* a coroutine's: within the loop's */
    at(20), ends(ALICE), ends(BOB), ends(0);
    struct cv_summary *s = sum();
    uint64_t counts[CV_CAUSE_COUNT];
    cv_model_switches(m, UINT64_MAX, counts);
    ck_assert_uint_eq(s->ntasks, 2);
    ck_assert_uint_eq(s->tasks[0].task, ALICE);
    ck_assert_uint_eq(s->tasks[0].awaits, 1);
    ck_assert_uint_eq(s->awaits, 1);
    ck_assert_uint_eq(s->by_cause[CV_CAUSE_EXIT], 2);
    ck_assert_uint_eq(s->voluntary, 4);
    ck_assert_uint_eq(s->cpu_time_ns, 500);
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        ck_assert_uint_eq(counts[k], s->by_cause[k]);
    cv_summary_free(s);
    end();
}
END_TEST

START_TEST(who_failed_and_why)
{
    three(CV_THREADS);
    struct cv_row *r = cv_shm_row(&shm, BOB);
    atomic_store(&r->state, CV_ROW_FAILED);
    r->failure = text("no \x07 key");
    r->failure_line = 9;
    atomic_store(&cv_shm_row(&shm, ALICE)->state, CV_ROW_WAITING);
    tell(CV_EV_RUN_END, CV_NO_TASK, 0, CV_OUT_DEADLOCK, text("Alice waits"), 0);
    struct cv_summary *s = sum();
    ck_assert_str_eq(s->tasks[BOB].failure, "no \\x07 key");
    ck_assert_uint_eq(s->tasks[BOB].failure_line, 9);
    ck_assert_ptr_null(s->tasks[ALICE].failure);
    ck_assert_uint_eq(s->by_cause[CV_CAUSE_EXIT], 2); /* Alice has not ended */
    ck_assert_str_eq(s->outcome_text, "Alice waits");
    cv_summary_free(s);
    end();
}
END_TEST

/* ── values ─────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(values_as_declared)
{
    three(CV_THREADS);
    struct cv_summary *s = sum();
    ck_assert_uint_eq(s->nvars, NVARS);
    ck_assert(is_int(s->vars[X].value, 0) && is_int(s->vars[MEMORY].value, 7) && is_string(s->vars[TEXT].value, "so far"));
    struct cv_datum list = s->vars[LIST].value;
    ck_assert(list.tag == CV_TAG_LIST && list.n == 3);
    ck_assert(is_int(list.items[0], 10) && is_string(list.items[1], "a, b") && list.items[2].tag == CV_TAG_BOOL && list.items[2].i == 1);
    cv_summary_free(s);
    end();
}
END_TEST

START_TEST(values_as_written)
{
    three(CV_THREADS);
    writes(ALICE, X, -5, 1, CV_NO_TASK, -1);
    writes_cell(BOB, TEXT, (struct written){.version = 1, .cell = {text("new\n"), cv_meta(CV_TAG_STRING, BOB, 1)}, .over = CV_NO_TASK});
    writes_cell(BOB, LIST, (struct written){.index = 2, .version = 1, .cell = {0, cv_meta(CV_TAG_NONE, BOB, 1)}, .over = CV_NO_TASK});
    struct cv_summary *s = sum();
    ck_assert(is_int(s->vars[X].value, -5) && is_string(s->vars[TEXT].value, "new\n"));
    struct cv_datum list = s->vars[LIST].value;
    ck_assert(list.n == 3 && is_int(list.items[0], 10) && list.items[1].tag == CV_TAG_NONE && !list.items[1].unknown);
    ck_assert_uint_eq(s->vars[X].ncopies, 0);
    cv_summary_free(s);
    end();
}
END_TEST

/* Each process's own copy: what it left at its end, else what the record says. */
START_TEST(values_of_processes)
{
    three(CV_PROCESSES);
    at(10), writes(0, X, 1, 1, CV_NO_TASK, -1);
    at(20), writes(ALICE, X, 2, 1, CV_NO_TASK, -1);
    struct cv_cell *finals = cv_shm_finals(&shm);
    struct cv_row *bob = cv_shm_row(&shm, BOB);
    bob->finals = 3; /* x, y, the list and its two elements, text */
    bob->nfinals = 6;
    finals[3] = (struct cv_cell){77, cv_meta(CV_TAG_INT, BOB, 5)};
    finals[4] = (struct cv_cell){88, cv_meta(CV_TAG_INT, BOB, 5)};
    finals[5] = (struct cv_cell){2, cv_meta(CV_TAG_LIST, BOB, 5)};
    finals[6] = (struct cv_cell){1, cv_meta(CV_TAG_BOOL, BOB, 5)};
    finals[7] = (struct cv_cell){9, cv_meta(CV_TAG_INT, BOB, 5)};
    finals[8] = (struct cv_cell){text("bye"), cv_meta(CV_TAG_STRING, BOB, 5)};
    struct cv_summary *s = sum();
    const struct cv_summary_var *x = &s->vars[X];
    ck_assert_uint_eq(x->ncopies, 3);
    ck_assert(is_int(x->value, 1) && is_int(x->copies[0], 1) && is_int(x->copies[ALICE], 2) && is_int(x->copies[BOB], 77));
    ck_assert(is_int(s->vars[Y].copies[BOB], 88) && is_string(s->vars[TEXT].copies[BOB], "bye"));
    struct cv_datum list = s->vars[LIST].copies[BOB];
    ck_assert(list.n == 2 && list.items[0].tag == CV_TAG_BOOL && is_int(list.items[1], 9));
    ck_assert(is_int(s->vars[Y].copies[ALICE], 0) && s->vars[MEMORY].ncopies == 0);
    cv_summary_free(s);
    bob->nfinals = 4; /* a list that is not there in full: not read beyond */
    s = sum();
    ck_assert(is_int(s->vars[X].copies[BOB], 77) && s->vars[LIST].copies[BOB].n == 3);
    cv_summary_free(s);
    const uint32_t room = (uint32_t)(shm.head->plan.finals_bytes / sizeof *finals), beyond[] = {room - 1, room + 1, UINT32_MAX};
    finals[room - 1] = finals[3];
    for (size_t i = 0; i < CV_COUNT(beyond); i++) {
        bob->finals = beyond[i];
        s = sum();
        ck_assert(is_int(s->vars[X].copies[BOB], 0)); /* as it began: before main wrote */
        cv_summary_free(s);
    }
    end();
}
END_TEST

START_TEST(unknown_when_records_are_lost)
{
    three(CV_THREADS);
    writes(ALICE, X, 3, 1, CV_NO_TASK, -1);
    tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 2, 0);
    struct cv_summary *s = sum();
    ck_assert(s->records_lost && s->vars[X].value.unknown && s->vars[Y].value.unknown);
    struct cv_cell cell = {4, cv_meta(CV_TAG_INT, BOB, 2)}, length = {2, cv_meta(CV_TAG_LIST, BOB, 2)};
    struct cv_cell items[] = {{text("a"), cv_meta(CV_TAG_STRING, BOB, 1)}, {6, cv_meta(CV_TAG_INT, BOB, 1)}};
    cv_summary_cells(s, &shm, X, &cell, NULL); /* the region itself knows */
    cv_summary_cells(s, &shm, LIST, &length, items);
    ck_assert(is_int(s->vars[X].value, 4));
    ck_assert(is_string(s->vars[LIST].value.items[0], "a") && is_int(s->vars[LIST].value.items[1], 6));
    cv_summary_free(s);
    end();
}
END_TEST

/* ── output ─────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(output_in_its_own_order)
{
    three(CV_THREADS);
    at(10), tell(CV_EV_PRINT, ALICE, 5, 0, text("first"), 0);
    at(20), tell(CV_EV_PRINT, BOB, 6, 0, text("third"), 2);
    at(30), tell(CV_EV_PRINT, ALICE, 7, 0, text("se\x1b" "cond"), 1); /* its stamp is late */
    atomic_store(&shm.head->output_lines, 3);
    struct cv_summary *s = sum();
    ck_assert_uint_eq(s->noutput, 3);
    ck_assert(is_string(s->output[0], "first") && is_string(s->output[1], "se\x1b" "cond") && is_string(s->output[2], "third"));
    ck_assert(!s->output_lost);
    cv_summary_free(s);
    ck_assert_uint_eq(cv_model_noutput(m, 19), 1);
    ck_assert_uint_eq(cv_model_noutput(m, 20), 3); /* no later than the line that came after it */
    struct cv_line_out line = cv_model_output(m, 1);
    ck_assert(line.task == ALICE && line.line == 7 && strcmp(line.text, "se\\x1b" "cond") == 0);
    atomic_store(&shm.head->output_lines, 4);
    s = sum();
    ck_assert(s->output_lost);
    cv_summary_free(s);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/summary");
    TCase *c = tcase_create("summary");
    tcase_add_test(c, counts_are_the_rows_and_the_records);
    tcase_add_test(c, what_a_switch_costs);
    tcase_add_test(c, a_hidden_main_is_no_task);
    tcase_add_test(c, who_failed_and_why);
    tcase_add_test(c, values_as_declared);
    tcase_add_test(c, values_as_written);
    tcase_add_test(c, values_of_processes);
    tcase_add_test(c, unknown_when_records_are_lost);
    tcase_add_test(c, output_in_its_own_order);
    suite_add_tcase(s, c);
    return s;
}
