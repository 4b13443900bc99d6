/* The desk: a stepped run at somebody's keys. The engine runs in a thread of this process; what is asked of it, and how it says it
 * stands, go through the region as in a real run. Going back is held against runs that were never elsewhere. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/desk.h"
#include "engine/own.h"
#include "engine/schedule.h"
#include "engine/sync.h"
#include "suite.h"

extern const struct cv_engine_ops cv_engine_stepped;

struct seat {
    struct cv_program *program;
    struct cv_shm shm;
    struct cv_machine machine, seen; /* the runner's; the parent's own look at the region */
    struct cv_order order;
    struct cv_desk *desk;
    struct cv_reader *reader;
    struct cv_buf log;           /* what was recorded: a line an event, with its time */
    pthread_t thread;
};

static void *run(void *of) { return (void *)(intptr_t)cv_engine_stepped.run(&((struct seat *)of)->machine); }

static void take(void *to, const struct cv_event *e)
{
    struct seat *s = to;
    cv_buf_printf(&s->log, "%llu %s %u %u %u %llu %llu %llu\n", (unsigned long long)e->t, cv_event_info[e->kind].name, e->task, e->line, e->obj,
                  (unsigned long long)e->a, (unsigned long long)e->b, (unsigned long long)e->c);
}

static void wait_idle(struct seat *s)
{
    uint64_t until = cv_mono_ns() + 20000000000u;
    while (atomic_load(&s->desk->served) != atomic_load(&s->desk->asked) + 1) {
        cv_reader_drain(s->reader, false, take, s);
        ck_assert_msg(cv_mono_ns() < until, "the desk does not answer");
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    }
    cv_reader_drain(s->reader, false, take, s);
}

static void sit(struct seat *s, const char *text, enum cv_model_kind model, const char *schedule)
{
    struct cv_diags diags = {0};
    *s = (struct seat){0};
    cv_clock_init();
    s->program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!s->program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_ptr_nonnull(s->program);
    cv_diags_release(&diags);
    s->order = (struct cv_order){.model = model, .stepped = true, .record = true, .seed = 1, .timeout_ns = 600000000000u, .max_tasks = 1000,
                                 .pool = 2, .desk = true, .schedule = schedule};
    struct cv_shm_plan plan = {.max_tasks = 1000, .max_rings = 2, .ring_records = 1 << 16, .engine_bytes = cv_machine_bytes(s->program, &s->order),
                               .finals_bytes = 1 << 20, .string_bytes = 1 << 20, .source_bytes = 1 << 16};
    ck_assert_int_eq(cv_shm_create(&s->shm, &plan), 0);
    cv_machine_init(&s->shm, s->program, &s->order);
    ck_assert_int_eq(cv_machine_attach(&s->machine, &s->shm, s->program), 0);
    ck_assert_int_eq(cv_machine_attach(&s->seen, &s->shm, s->program), 0);
    s->desk = s->machine.desk;
    s->reader = cv_reader_new(&s->shm);
    cv_reader_start(s->reader, cv_clock_pair());
    ck_assert_int_eq(pthread_create(&s->thread, NULL, run, s), 0);
    wait_idle(s);
}

static void ask(struct seat *s, enum cv_desk_command command, uint64_t a, uint64_t b)
{
    s->desk->command = command;
    s->desk->a = a;
    s->desk->b = b;
    atomic_fetch_add(&s->desk->asked, 1);
    own_futex_wake(&s->desk->asked, 1);
    wait_idle(s);
}

static void leave(struct seat *s)
{
    atomic_store(&s->shm.head->stop, 1);
    own_futex_wake(&s->desk->asked, 1);
    pthread_join(s->thread, NULL);
    cv_reader_free(s->reader);
    cv_machine_release(&s->seen);
    cv_machine_release(&s->machine);
    cv_shm_release(&s->shm);
    cv_program_free(s->program);
    cv_buf_release(&s->log);
}

static uint64_t position(struct seat *s) { return atomic_load(&s->desk->position); }
static uint64_t records(struct seat *s) { return s->desk->made[position(s)].records; }

static void string_of(struct seat *s, struct cv_buf *out)
{
    struct cv_desk_at at = {.position = position(s), .letters_from = s->desk->letters_from, .made = s->desk->made};
    out->n = 0;
    cv_schedule_text(&at, 0, at.position, out);
}

static const struct cv_desk_row *row_of(struct seat *s, uint32_t letter)
{
    for (uint32_t i = 0; i < s->desk->nrows; i++)
        if (s->desk->rows[i].letter == letter)
            return &s->desk->rows[i];
    return NULL;
}

static const char COUNTER[] = "[scenario]\ntitle = t\n[shared]\nx = 41\n[task w x 2]\n    x += 1\n";
static const char MIXED[] = "[scenario]\ntitle = t\n[shared]\nx = 0\nl = []\n[shared memory]\ny = 0\n[sync]\nm = lock\nq = queue(2)\ne = event\n"
                            "[task w x 2]\n    repeat 30:\n        x += 1\n        with m:\n            y += x\n        append l, me\n"
                            "        if len(l) > 8:\n            l = [0]\n        sleep 3us\n    put q, x\n    set e\n    print \"w {x} {now}\"\n"
                            "[task reader]\n    repeat 2:\n        get q -> got\n        y = got\n    wait e\n    print \"{y} {now}\"\n    mark there\n";

START_TEST(lists_who_may_go_with_the_next_step)
{
    struct seat s;
    sit(&s, COUNTER, CV_THREADS, "");
    ck_assert_uint_eq(s.desk->nrows, 2);
    ck_assert_str_eq(row_of(&s, 0)->text, "read x → 41");
    ask(&s, CV_DESK_GO, 1, 0);
    ck_assert_str_eq(row_of(&s, 0)->text, "write x ← 42");
    ck_assert_str_eq(row_of(&s, 1)->text, "read x → 41");
    ask(&s, CV_DESK_GO, 2, 0);
    ask(&s, CV_DESK_GO, 2, 0);
    ck_assert_uint_eq(row_of(&s, 1)->may, CV_DESK_OVER);
    ask(&s, CV_DESK_GO, 1, 0);
    ck_assert_uint_eq(s.desk->over, CV_OUT_FINISHED);
    ck_assert_uint_eq(s.seen.memory.cells[0]->payload, 42);
    struct cv_buf text = {0};
    string_of(&s, &text);
    ck_assert_str_eq(text.at, "A1 B2 A1");
    ck_assert_uint_eq(s.desk->made[position(&s)].preemptions, 1);
    ask(&s, CV_DESK_BACK, 1, 0);
    ck_assert_uint_eq(s.desk->over, CV_OUT_NONE);
    ck_assert_str_eq(row_of(&s, 0)->text, "write x ← 42");
    ck_assert_str_eq(row_of(&s, 1)->text, "read x → 41");
    ck_assert_uint_eq(s.seen.memory.cells[0]->payload, 41);
    ask(&s, CV_DESK_GO, 1, 0);
    ck_assert_str_eq(row_of(&s, 1)->text, "read x → 42");
    cv_buf_release(&text);
    leave(&s);
}
END_TEST

START_TEST(who_waits_is_not_let_in)
{
    struct seat s;
    sit(&s, "[scenario]\ntitle = t\n[sync]\nm = lock\n[task w x 2]\n    lock m\n    sleep 1s\n    unlock m\n", CV_THREADS, "");
    ask(&s, CV_DESK_GO, 1, 0);
    ck_assert_uint_eq(row_of(&s, 1)->may, CV_DESK_WAITS);
    ck_assert_str_eq(row_of(&s, 1)->text, "lock m, which w#0 holds");
    ask(&s, CV_DESK_GO, 2, 0); /* nothing happens */
    ck_assert_uint_eq(position(&s), 1);
    ask(&s, CV_DESK_GO, 1, 0);
    ck_assert_uint_eq(row_of(&s, 0)->may, CV_DESK_SLEEPS);
    ask(&s, CV_DESK_GO, 1, 0); /* who sleeps may be chosen: time moves on to him */
    ck_assert_uint_ge(s.desk->made[position(&s)].t, 1000000000u);
    ck_assert_uint_eq(row_of(&s, 1)->may, CV_DESK_MAY);
    leave(&s);
}
END_TEST

/* Forth, back to anywhere and forth again otherwise; then the string of it all from the beginning in a new run: the same record, the
 * same values, the same standing at each choice. */
static void wander(enum cv_model_kind model, uint64_t seed)
{
    struct seat s, again;
    struct cv_buf text = {0}, twice = {0};
    uint64_t random = seed;
    sit(&s, MIXED, model, "");
    for (int i = 0; i < 40; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t here = position(&s), what = random >> 33;
        if (what % 3 == 0 && here)
            ask(&s, CV_DESK_BACK, (what >> 8) % here, 0);
        else if (what % 3 == 1 && s.desk->nrows && s.desk->rows[(what >> 8) % s.desk->nrows].may != CV_DESK_OVER)
            ask(&s, CV_DESK_ON, s.desk->rows[(what >> 8) % s.desk->nrows].task, 0);
        else
            ask(&s, CV_DESK_RANDOM, what, 1 + (what >> 8) % 300);
    }
    ask(&s, CV_DESK_RANDOM, 5, 1000000);
    ck_assert_uint_ne(s.desk->over, CV_OUT_NONE);
    string_of(&s, &text);
    sit(&again, MIXED, model, text.at);
    ck_assert_str_eq(again.desk->trouble, "");
    ck_assert_uint_eq(again.desk->over, s.desk->over);
    string_of(&again, &twice);
    ck_assert_str_eq(twice.at, text.at);
    ck_assert_uint_eq(position(&again), position(&s));
    for (uint64_t k = 0; k <= position(&s); k++) {
        ck_assert_msg(again.desk->made[k].t == s.desk->made[k].t, "choice %llu: another instant", (unsigned long long)k);
        ck_assert_msg(again.desk->made[k].records == s.desk->made[k].records, "choice %llu: %llu records, not %llu", (unsigned long long)k,
                      (unsigned long long)s.desk->made[k].records, (unsigned long long)again.desk->made[k].records);
        ck_assert_uint_eq(again.desk->made[k].preemptions, s.desk->made[k].preemptions);
    }
    for (uint32_t v = 0; v < s.program->nvars; v++) {
        if (model == CV_PROCESSES && !s.program->vars[v].memory)
            continue; /* own copies are gone with their owners */
        struct cv_cell a = *s.seen.memory.cells[v], b = *again.seen.memory.cells[v];
        ck_assert(a.payload == b.payload && a.meta == b.meta);
        for (uint32_t i = 0; s.seen.memory.lists[v] && i < 64; i++)
            ck_assert_msg(!memcmp(&s.seen.memory.lists[v]->items[i], &again.seen.memory.lists[v]->items[i], sizeof a), "item %u differs", i);
    }
    leave(&s);
    leave(&again);
    cv_buf_release(&text);
    cv_buf_release(&twice);
}

START_TEST(same_string_same_run)
{
    for (uint64_t seed = 1; seed < 12; seed++)
        for (int model = CV_ASYNC; model <= CV_PROCESSES; model++)
            wander((enum cv_model_kind)model, seed);
}
END_TEST

/* What is recorded after going back is what a run records that was never there. */
START_TEST(the_record_goes_on_where_it_was)
{
    struct seat s, plain;
    sit(&s, MIXED, CV_THREADS, "");
    ask(&s, CV_DESK_RANDOM, 3, 50);
    uint64_t before = records(&s);
    size_t kept = s.log.n;
    ask(&s, CV_DESK_RANDOM, 4, 200);
    ask(&s, CV_DESK_BACK, 50, 0);
    ck_assert_uint_eq(records(&s), before);
    char *first = cv_strndup(s.log.at, kept);
    s.log.n = 0;
    cv_reader_free(s.reader); /* times begin anew */
    s.reader = cv_reader_new(&s.shm);
    cv_reader_start(s.reader, cv_clock_pair());
    ask(&s, CV_DESK_RANDOM, 5, 1000000);
    struct cv_buf text = {0};
    string_of(&s, &text);
    sit(&plain, MIXED, CV_THREADS, text.at);
    ck_assert_uint_gt(plain.log.n, kept);
    ck_assert_int_eq(memcmp(plain.log.at, first, kept), 0);
    free(first);
    leave(&s);
    leave(&plain);
    cv_buf_release(&text);
}
END_TEST

START_TEST(what_cannot_be_played_is_named)
{
    struct seat s;
    sit(&s, COUNTER, CV_THREADS, "A3");
    ck_assert_str_eq(s.desk->trouble, "step 3 of the schedule is impossible: A is done");
    ck_assert_uint_eq(position(&s), 2);
    strcpy(s.desk->text, "B A B A B");
    ask(&s, CV_DESK_PLAY, 0, 0);
    ck_assert_str_eq(s.desk->trouble, "step 5 of the schedule is impossible: B cannot go, the run is over");
    ck_assert_uint_eq(s.desk->over, CV_OUT_FINISHED);
    ask(&s, CV_DESK_BACK, 3, 0);
    ck_assert_uint_eq(s.desk->nrows, 2);
    leave(&s);
}
END_TEST

/* Deep down going back costs what it costs near the beginning: the choices since the last tape, made again. */
START_TEST(going_back_is_as_short_at_any_depth)
{
    static const char LONG[] = "[scenario]\ntitle = t\n[shared]\nx = 0\n[task w x 2]\n    repeat 60000:\n        x += 1\n";
    struct seat s;
    sit(&s, LONG, CV_THREADS, "");
    ask(&s, CV_DESK_RANDOM, 1, 200000);
    ck_assert_uint_eq(position(&s), 200000);
    for (uint64_t i = 1; i <= 50; i++) {
        ask(&s, CV_DESK_BACK, 200000 - i * 97, 0);
        ck_assert_uint_eq(position(&s), 200000 - i * 97);
        ck_assert_uint_lt(s.desk->again, 128);
    }
    leave(&s);
}
END_TEST

/* Where a state is large tapes are few, and most of them late: the first step back to where they are far apart is long, those behind it are not. */
START_TEST(going_back_is_short_where_tapes_are_few)
{
    static const char LARGE[] = "[scenario]\ntitle = t\n[shared]\nx = 0\nl = [0] * 60000\n[task w x 2]\n    repeat 20000:\n        x += 1\n";
    struct seat s;
    sit(&s, LARGE, CV_THREADS, "");
    ask(&s, CV_DESK_RANDOM, 1, 40000);
    ck_assert_uint_eq(position(&s), 40000);
    for (uint64_t i = 1; i <= 50; i++) { /* of late they are as close as ever */
        ask(&s, CV_DESK_BACK, 40000 - i, 0);
        ck_assert_uint_lt(s.desk->again, 128);
    }
    uint64_t sum = 0, first = 0, far = 5000;
    for (uint64_t i = 0; i < 400; i++) {
        ask(&s, CV_DESK_BACK, far - i, 0);
        ck_assert_uint_eq(position(&s), far - i);
        first = i ? first : s.desk->again;
        sum += s.desk->again;
        ck_assert_uint_lt(s.desk->again, 8000);
    }
    ck_assert_msg(sum < 4 * first + 400 * 300, "%llu choices made again, %llu the first time", (unsigned long long)sum, (unsigned long long)first);
    ask(&s, CV_DESK_RANDOM, 2, 100);
    struct cv_cell x = *s.seen.memory.cells[0];
    struct cv_buf text = {0};
    string_of(&s, &text);
    struct seat plain;
    sit(&plain, LARGE, CV_THREADS, text.at);
    ck_assert_uint_eq(plain.seen.memory.cells[0]->payload, x.payload);
    leave(&plain);
    leave(&s);
    cv_buf_release(&text);
}
END_TEST

/* Who goes round in what is local is told so, and cannot be picked; when nobody else is left his time is up, and that can be undone. */
START_TEST(who_never_comes_to_a_step_is_named)
{
    static const char ROUND[] = "[scenario]\ntitle = t\n[shared]\nx = 0\n[task round]\n    x = 1\n    i = 0\n    while true:\n        i = 1 - i\n[task other]\n    x = 2\n";
    struct seat s;
    sit(&s, ROUND, CV_THREADS, "");
    ask(&s, CV_DESK_GO, row_of(&s, 0)->task, 0);
    ck_assert_int_eq(row_of(&s, 0)->may, CV_DESK_WAITS);
    ck_assert_str_eq(row_of(&s, 0)->text, "no visible step any more: it computes the same again and again");
    ask(&s, CV_DESK_GO, row_of(&s, 0)->task, 0);
    ck_assert_uint_eq(position(&s), 1);
    ask(&s, CV_DESK_GO, row_of(&s, 1)->task, 0);
    ck_assert_uint_eq(s.desk->over, CV_OUT_TIMEOUT);
    ask(&s, CV_DESK_BACK, 0, 0);
    ck_assert_int_eq(row_of(&s, 0)->may, CV_DESK_MAY);
    strcpy(s.desk->text, "A A B");
    ask(&s, CV_DESK_PLAY, 0, 0);
    ck_assert_str_eq(s.desk->trouble, "step 2 of the schedule is impossible: A makes no visible step any more");
    leave(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("engine_desk");
    TCase *c = tcase_create("desk");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, lists_who_may_go_with_the_next_step);
    tcase_add_test(c, who_waits_is_not_let_in);
    tcase_add_test(c, same_string_same_run);
    tcase_add_test(c, the_record_goes_on_where_it_was);
    tcase_add_test(c, what_cannot_be_played_is_named);
    tcase_add_test(c, going_back_is_as_short_at_any_depth);
    tcase_add_test(c, who_never_comes_to_a_step_is_named);
    tcase_add_test(c, going_back_is_short_where_tapes_are_few);
    suite_add_tcase(s, c);
    return s;
}
