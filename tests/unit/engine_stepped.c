/* The language under the stepped engine, exactly: virtual time, chosen orders. Programs are run in this process, from
 * text to final values; the record is read back. */
#include <stdlib.h>
#include <string.h>

#include "engine/sync.h"
#include "engine/value.h"
#include "suite.h"

extern const struct cv_engine_ops cv_engine_stepped;

struct play {
    struct cv_program *program;
    struct cv_shm shm;
    struct cv_machine machine;
    struct cv_order order;
    struct cv_buf output;        /* "Alice: text\n" lines */
    struct cv_buf trace;         /* reads and writes: "A r x 0\n" */
    uint64_t lost;
};

static void take(void *to, const struct cv_event *e)
{
    struct play *p = to;
    size_t n;
    const char *name = e->task == CV_NO_TASK ? "" : cv_string(&p->shm, cv_shm_row(&p->shm, e->task)->name, NULL);
    if (e->kind == CV_EV_PRINT)
        cv_buf_printf(&p->output, "%s: %s\n", name, cv_string(&p->shm, (uint32_t)e->a, &n));
    if (e->kind == CV_EV_FINDING)
        cv_buf_printf(&p->output, "finding: %s\n", cv_string(&p->shm, (uint32_t)e->a, &n));
    if (e->kind == CV_EV_READ)
        cv_buf_printf(&p->trace, "%s reads %lld\n", name, (long long)e->a);
    if (e->kind == CV_EV_WRITE)
        cv_buf_printf(&p->trace, "%s writes %lld\n", name, (long long)e->a);
    bool based = e->kind == CV_EV_WRITE && e->e && cv_meta_version(e->d) != e->e - 1 && cv_meta_writer(e->d) != e->task;
    p->lost += based;
}

static void play(struct play *p, const char *text, enum cv_model_kind model, uint64_t seed, const char *schedule)
{
    *p = (struct play){0};
    struct cv_diags diags = {0};
    cv_clock_init();
    p->program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!p->program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_ptr_nonnull(p->program);
    p->order = (struct cv_order){.model = model, .stepped = true, .record = true, .seed = seed, .timeout_ns = 60000000000u, .max_tasks = 1000};
    p->order.schedule = schedule;
    struct cv_shm_plan plan = {.max_tasks = 1000, .max_rings = 2, .ring_records = 1 << 16, .engine_bytes = cv_machine_bytes(p->program, &p->order),
                               .finals_bytes = 1 << 20, .string_bytes = 1 << 20, .source_bytes = 1 << 16};
    ck_assert_int_eq(cv_shm_create(&p->shm, &plan), 0);
    cv_machine_init(&p->shm, p->program, &p->order);
    ck_assert_int_eq(cv_machine_attach(&p->machine, &p->shm, p->program), 0);
    struct cv_reader *reader = cv_reader_new(&p->shm);
    cv_reader_start(reader, cv_clock_pair());
    ck_assert_int_eq(cv_engine_stepped.run(&p->machine), 0);
    cv_reader_drain(reader, true, take, p);
    cv_buf_str(&p->output, "");
    cv_buf_str(&p->trace, "");
    cv_reader_free(reader);
    cv_diags_release(&diags);
}

static void end(struct play *p)
{
    cv_machine_release(&p->machine);
    cv_shm_release(&p->shm);
    cv_program_free(p->program);
    cv_buf_release(&p->output);
    cv_buf_release(&p->trace);
}

static int64_t value(struct play *p, uint32_t var) { return (int64_t)p->machine.memory.cells[var]->payload; }

static const char ALICE_BOB[] = "[scenario]\ntitle = t\n[shared]\nuser = none\n[task handle for u in \"Alice\", \"Bob\"]\n"
                                "    user = u\n    await sleep 1s\n    print \"{u}: {user}\"\n";
static const char COUNTER[] = "[scenario]\ntitle = t\n[shared]\nx = 0\n[task w x 2]\n    x += 1\n";
static const char LOCKED[] = "[scenario]\ntitle = t\n[shared]\nx = 0\n[sync]\nm = lock\n[task w x 3]\n    repeat 5:\n"
                             "        with m:\n            x += 1\n";

START_TEST(async_is_first_in_first_out)
{
    struct play p;
    play(&p, ALICE_BOB, CV_ASYNC, 1, "");
    ck_assert_str_eq(p.output.at, "Alice: Alice: Bob\nBob: Bob: Bob\n");
    ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_NONE);
    ck_assert_uint_ge(atomic_load(&p.shm.head->finished), 1000000000);
    ck_assert_uint_lt(atomic_load(&p.shm.head->finished), 1001000000);
    end(&p);
}
END_TEST

START_TEST(processes_have_their_own)
{
    struct play p;
    play(&p, ALICE_BOB, CV_PROCESSES, 1, "");
    ck_assert_ptr_nonnull(strstr(p.output.at, "Alice: Alice: Alice\n"));
    ck_assert_ptr_nonnull(strstr(p.output.at, "Bob: Bob: Bob\n"));
    end(&p);
}
END_TEST

START_TEST(schedule_decides)
{
    struct play p;
    play(&p, COUNTER, CV_THREADS, 1, "A1 B2 A1");
    ck_assert_str_eq(p.trace.at, "w#0 reads 0\nw#1 reads 0\nw#1 writes 1\nw#0 writes 1\n");
    ck_assert_int_eq(value(&p, 0), 1);
    ck_assert_uint_eq(p.lost, 1);
    end(&p);
    play(&p, COUNTER, CV_THREADS, 1, "A2 B2");
    ck_assert_int_eq(value(&p, 0), 2);
    ck_assert_uint_eq(p.lost, 0);
    end(&p);
}
END_TEST

START_TEST(schedule_names_what_is_impossible)
{
    struct play p;
    play(&p, COUNTER, CV_THREADS, 1, "A3 B2");
    ck_assert_str_eq(p.shm.head->schedule_error, "step 3 of the schedule is impossible: A is done");
    end(&p);
    play(&p, COUNTER, CV_ASYNC, 1, "A1 B1");
    ck_assert_ptr_nonnull(strstr(p.shm.head->schedule_error, "step 2 of the schedule is impossible: B cannot go"));
    end(&p);
    play(&p, COUNTER, CV_THREADS, 1, "A2 B3");
    ck_assert_str_eq(p.shm.head->schedule_error, "step 5 of the schedule is impossible: B cannot go, the run is over");
    end(&p);
    play(&p, COUNTER, CV_ASYNC, 1, "A2 B2 A");
    ck_assert_str_eq(p.shm.head->schedule_error, "step 5 of the schedule is impossible: A cannot go, the run is over");
    end(&p);
    play(&p, COUNTER, CV_THREADS, 1, "A1 ?");
    ck_assert_ptr_nonnull(strstr(p.shm.head->schedule_error, "a schedule is letters and counts"));
    end(&p);
}
END_TEST

START_TEST(same_seed_same_run)
{
    struct play a, b;
    for (uint64_t seed = 1; seed < 40; seed++) {
        play(&a, COUNTER, CV_THREADS, seed, "");
        play(&b, COUNTER, CV_THREADS, seed, "");
        ck_assert_str_eq(a.trace.at, b.trace.at);
        ck_assert(value(&a, 0) == 2 - (int64_t)a.lost);
        end(&a);
        end(&b);
    }
}
END_TEST

START_TEST(both_outcomes_come_up)
{
    unsigned seen[3] = {0};
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct play p;
        play(&p, COUNTER, CV_THREADS, seed, "");
        seen[value(&p, 0)]++;
        end(&p);
    }
    ck_assert_uint_gt(seen[1], 0);
    ck_assert_uint_gt(seen[2], 0);
}
END_TEST

START_TEST(lock_keeps_all_updates)
{
    for (uint64_t seed = 1; seed < 40; seed++)
        for (int model = CV_ASYNC; model <= CV_THREADS; model++) {
            struct play p;
            play(&p, LOCKED, (enum cv_model_kind)model, seed, "");
            ck_assert_int_eq(value(&p, 0), 15);
            ck_assert_uint_eq(p.lost, 0);
            end(&p);
        }
}
END_TEST

START_TEST(deadlock_is_named)
{
    static const char text[] = "[scenario]\ntitle = t\n[sync]\na = lock\nb = lock\n[task left]\n    await lock a\n    await yield\n"
                               "    await lock b\n[task right]\n    await lock b\n    await yield\n    await lock a\n";
    struct play p;
    play(&p, text, CV_THREADS, 1, "A1 B1 A1 B1");
    ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_DEADLOCK);
    ck_assert_str_eq(p.shm.head->outcome_text, "left waits for b, which right holds; right waits for a, which left holds.");
    end(&p);
    play(&p, text, CV_ASYNC, 1, "");
    ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_DEADLOCK);
    ck_assert_str_eq(p.shm.head->outcome_text, "left waits for b, which right holds; right waits for a, which left holds.");
    end(&p);
}
END_TEST

START_TEST(blocking_lock_holds_the_loop)
{
    static const char text[] = "[scenario]\ntitle = t\n[sync]\na = lock\n[task one]\n    await lock a\n    await sleep 1ms\n    unlock a\n"
                               "[task two]\n    lock a\n    unlock a\n";
    struct play p;
    play(&p, text, CV_ASYNC, 1, "");
    ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_DEADLOCK);
    ck_assert_ptr_nonnull(strstr(p.shm.head->outcome_text, "two waits for a, which one holds and holds the loop meanwhile"));
    end(&p);
    play(&p, text, CV_THREADS, 1, "");
    ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_NONE);
    end(&p);
}
END_TEST

START_TEST(failing_leaves_its_withs)
{
    static const char text[] = "[scenario]\ntitle = t\n[sync]\nm = lock\n[task one]\n    with m:\n        x = 1 / 0\n"
                               "[task two]\n    with m:\n        print \"in\"\n";
    struct play p;
    play(&p, text, CV_THREADS, 1, "A2 B3");
    ck_assert_str_eq(p.output.at, "two: in\n");
    ck_assert_str_eq(cv_string(&p.shm, cv_shm_row(&p.shm, 1)->failure, NULL), "division by zero");
    ck_assert_uint_eq(cv_shm_row(&p.shm, 1)->failure_line, 7);
    end(&p);
}
END_TEST

START_TEST(language_computes)
{
    static const char text[] =
        "[scenario]\ntitle = t\n[shared]\nlog = []\nn = 0\n[shared memory]\ntotal = 0\n[sync]\nq = queue(2)\ns = semaphore(1)\n"
        "[task producer]\n    for i in 1..5:\n        await put q, i * 10\n"
        "[task consumer]\n    sum = 0\n    repeat 5:\n        await get q -> v\n        sum += v\n    atomic total += sum\n"
        "[task sums]\n    l = [3, 1] + [2] * 2\n    append l, 7\n    l[0] = l[0] + 1\n    print \"{l} {len(l)} {min(4, 2)} {max(1, 9)}\"\n"
        "    a = -7 / 2\n    b = -7 % 2\n    print \"{a} {b} {7 > 3 and not false} {none}\"\n"
        "    i = 0\n    while i < 10:\n        i += 1\n        if i == 3:\n            continue\n        elif i > 5:\n            break\n"
        "        append log, i\n    log[0] += 100\n    if cas(n, 0, 5):\n        print \"cas {n}\"\n    check n == 5\n"
        "    await with s:\n        print \"{name} {me} {len(log)}\"\n";
    for (int model = CV_ASYNC; model <= CV_THREADS; model++)
        for (uint64_t seed = 1; seed < 6; seed++) {
            struct play p;
            play(&p, text, (enum cv_model_kind)model, seed, "");
            ck_assert_str_eq(p.output.at, "sums: [4, 1, 2, 2, 7] 5 2 9\nsums: -4 1 true none\nsums: cas 5\nsums: sums 0 4\n");
            ck_assert_int_eq(value(&p, 2), 150);
            ck_assert_int_eq(value(&p, 0), 4);
            ck_assert_int_eq((int64_t)p.machine.memory.lists[0]->items[0].payload, 101);
            ck_assert_uint_eq(atomic_load(&p.shm.head->outcome), CV_OUT_NONE);
            end(&p);
        }
}
END_TEST

START_TEST(a_failed_check_tells_values)
{
    struct play p;
    play(&p, "[scenario]\ntitle = t\n[shared]\nx = 3\n[task a]\n    want = 4\n    check x == want\n", CV_THREADS, 1, "");
    ck_assert_str_eq(cv_string(&p.shm, cv_shm_row(&p.shm, 1)->failure, NULL), "check failed: x == want: x is 3, want is 4");
    end(&p);
}
END_TEST

START_TEST(overflow_and_bad_index_fail_the_task)
{
    static const struct { const char *body, *failure; } cases[] = {
        {"    x = 9223372036854775807\n    y = x + 1\n", "the number does not fit into 64 bits"},
        {"    x = -9223372036854775807 - 1\n    check x % -1 == 0\n    y = x / -1\n", "the number does not fit into 64 bits"},
        {"    l = [1]\n    y = l[1]\n", "index 1 is outside of l, which holds 1"},
        {"    y = [1] + 2\n", "+ joins two numbers, two strings or two lists"},
        {"    fail \"no {1 + 1}\"\n", "no 2"},
        {"    unlock m\n", "unlock of a lock that nobody holds"},
    };
    for (size_t i = 0; i < CV_COUNT(cases); i++) {
        char text[512];
        struct play p;
        snprintf(text, sizeof text, "[scenario]\ntitle = t\n[sync]\nm = lock\n[task a]\n%s", cases[i].body);
        play(&p, text, CV_THREADS, 1, "");
        ck_assert_str_eq(cv_string(&p.shm, cv_shm_row(&p.shm, 1)->failure, NULL), cases[i].failure);
        end(&p);
    }
}
END_TEST

START_TEST(spawn_and_join)
{
    static const char text[] = "[scenario]\ntitle = t\n[shared]\nx = 0\n[task child(n)]\n    await sleep 1ms\n    atomic x += n\n"
                               "[main]\n    spawn child(3) -> a\n    spawn child(4) -> b\n    await join a\n    await join b\n"
                               "    print \"{x}\"\n    spawn child(1)\n    await join all\n    print \"{x}\"\n";
    for (int model = CV_ASYNC; model <= CV_THREADS; model++) {
        struct play p;
        play(&p, text, (enum cv_model_kind)model, 1, "");
        ck_assert_str_eq(p.output.at, "main: 7\nmain: 8\n");
        end(&p);
    }
}
END_TEST

/* Told once, while others still go on, and the timeout ends those. */
START_TEST(deadlock_of_a_part)
{
    static const char text[] = "[sync]\nm = lock\n[task stuck]\n    await lock m\n    await lock m\n"
                               "[task goer]\n    while true:\n        await sleep 10s\n        print \"goes\"\n";
    for (int model = CV_ASYNC; model <= CV_PROCESSES; model++) {
        struct play p;
        play(&p, text, (enum cv_model_kind)model, 1, "");
        ck_assert_int_eq(atomic_load(&p.shm.head->outcome), CV_OUT_TIMEOUT);
        ck_assert_str_eq(p.output.at, "finding: stuck waits for m, which it holds itself.\ngoer: goes\ngoer: goes\ngoer: goes\ngoer: goes\ngoer: goes\n");
        end(&p);
    }
}
END_TEST

START_TEST(crash_takes_one_process)
{
    struct play p;
    play(&p, "[task father]\n    spawn child()\n    await sleep 1ms\n    crash\n[task child()]\n    await sleep 1s\n    print \"never\"\n"
             "[task other]\n    await sleep 2ms\n    print \"lives\"\n[main]\n    spawn father()\n    spawn other()\n    await join all\n    print \"end\"\n",
         CV_PROCESSES, 1, "");
    ck_assert_str_eq(p.output.at, "other#0: lives\nmain: end\n");
    ck_assert_uint_eq(cv_shm_row(&p.shm, 1)->state, CV_ROW_KILLED);
    ck_assert_str_eq(cv_string(&p.shm, cv_shm_row(&p.shm, 1)->failure, NULL), "killed by SIGSEGV");
    ck_assert_uint_eq(cv_shm_row(&p.shm, 1)->failure_line, 4);
    uint32_t child = 2;
    while (strcmp(cv_string(&p.shm, cv_shm_row(&p.shm, child)->name, NULL), "child#0") != 0)
        ck_assert_uint_lt(++child, 4);
    ck_assert_str_eq(cv_string(&p.shm, cv_shm_row(&p.shm, child)->failure, NULL), "killed with the process that started it");
    end(&p);
}
END_TEST

START_TEST(what_nobody_joins)
{
    static const char text[] = "[task child()]\n    print \"begins\"\n    await sleep 1ms\n    print \"ends\"\n"
                               "[main]\n    spawn child()\n    print \"main\"\n";
    for (int model = CV_ASYNC; model <= CV_PROCESSES; model++) {
        struct play p;
        play(&p, text, (enum cv_model_kind)model, 1, "A2"); /* main is done before the child begins */
        ck_assert_str_eq(p.output.at, model == CV_ASYNC ? "main: main\nchild#0: begins\n" : "main: main\nchild#0: begins\nchild#0: ends\n");
        end(&p);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("engine_stepped");
    TCase *c = tcase_create("stepped");
    tcase_add_test(c, async_is_first_in_first_out);
    tcase_add_test(c, processes_have_their_own);
    tcase_add_test(c, schedule_decides);
    tcase_add_test(c, schedule_names_what_is_impossible);
    tcase_add_test(c, same_seed_same_run);
    tcase_add_test(c, both_outcomes_come_up);
    tcase_add_test(c, lock_keeps_all_updates);
    tcase_add_test(c, deadlock_is_named);
    tcase_add_test(c, blocking_lock_holds_the_loop);
    tcase_add_test(c, failing_leaves_its_withs);
    tcase_add_test(c, language_computes);
    tcase_add_test(c, a_failed_check_tells_values);
    tcase_add_test(c, overflow_and_bad_index_fail_the_task);
    tcase_add_test(c, spawn_and_join);
    tcase_add_test(c, what_nobody_joins);
    tcase_add_test(c, deadlock_of_a_part);
    tcase_add_test(c, crash_takes_one_process);
    suite_add_tcase(s, c);
    return s;
}
