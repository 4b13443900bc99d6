/* Whole runs on the real engines, through a session as the product makes them: this test is its own runner and server.
 * Asserted is what must hold on every run (order, sums, who ended how), never what is likely. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "engine_play.h"

/* ── all models ─────────────────────────────────────────────────────────────────────────────────── */
START_TEST(finishes_in_every_model)
{
    struct play p;
    run(&p, "[shared memory]\nn = 0\n[sync]\nm = lock\n"
            "[task adder x 4]\n    for i in 1..50:\n        with m:\n            n += 1\n    await sleep 2ms\n    print \"done\"\n",
        models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_int_eq(p.end_outcome, CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, "done\ndone\ndone\ndone\n");
    struct cv_cell cell;
    const struct cv_cell *items;
    ck_assert(cv_session_cell(p.session, 0, &cell, &items));
    ck_assert_uint_eq(cell.payload, 200);
    ck_assert(!p.unordered);
    ck_assert_uint_eq(p.counts[CV_EV_TASK_END], 5);
    ck_assert_uint_eq(p.counts[CV_EV_WRITE], 200);
    ck_assert_uint_eq(p.counts[CV_EV_TAKE], p.counts[CV_EV_GIVE]);
    uint32_t pids = 0, tids = 0;
    for (uint32_t t = 1; t < 5; t++) {
        ck_assert_uint_eq(row(&p, t)->state, CV_ROW_DONE);
        pids += row(&p, t)->pid && row(&p, t)->pid != row(&p, 0)->pid;
        tids += row(&p, t)->tid && row(&p, t)->tid != row(&p, 0)->tid;
    }
    ck_assert_uint_eq(pids, p.order.model == CV_PROCESSES ? 4 : 0);
    ck_assert_uint_eq(tids, p.order.model == CV_ASYNC ? 0 : 4);
    ck_assert_uint_gt(p.shm->head->task_bytes, 0);
    end(&p);
}
END_TEST

START_TEST(waits_overlap)
{
    struct play p;
    run(&p, "[task t x 4]\n    await sleep 100ms\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_ge(p.elapsed_ns, 100000000);
    enum cv_cause cause = (enum cv_cause)((p.order.model == CV_ASYNC ? CV_AWAIT : CV_BLOCK) + CV_REASON_SLEEP);
    ck_assert_uint_eq(p.causes[cause], 4);
    for (uint32_t t = 1; t < 5; t++)
        ck_assert_uint_eq(row(&p, t)->causes[cause], 1);
    end(&p);
}
END_TEST

START_TEST(fetch_is_answered)
{
    struct play p;
    run(&p, "[task t x 20]\n    for i in 1..3:\n        await fetch 3ms\n    fetch 1ms\n    print \"ok\"\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_eq(p.counts[CV_EV_PRINT], 20);
    ck_assert_uint_ge(p.elapsed_ns, p.order.model == CV_ASYNC ? 29000000 : 10000000);
    for (uint32_t t = 1; t < 21; t++)
        ck_assert_uint_eq(row(&p, t)->state, CV_ROW_DONE);
    end(&p);
}
END_TEST

START_TEST(queues_join_and_fail)
{
    struct play p;
    run(&p, "[sync]\nq = queue(2)\ns = semaphore(1)\n"
            "[main]\n    spawn producer(10) -> a\n    spawn consumer(10) -> b\n    spawn failing() -> c\n"
            "    await join a\n    await join b\n    await join c\n    print \"all\"\n"
            "[task producer(n)]\n    for i in 1..n:\n        await put q, i\n"
            "[task consumer(n)]\n    sum = 0\n    for i in 1..n:\n        await get q -> x\n        sum = sum + x\n    print \"{sum}\"\n"
            "[task failing()]\n    with s:\n        fail \"on purpose\"\n",
        models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, "55\nall\n");
    ck_assert_uint_eq(row(&p, 3)->state, CV_ROW_FAILED);
    ck_assert_str_eq(cv_string(p.shm, row(&p, 3)->failure, NULL), "on purpose");
    ck_assert_uint_eq(p.counts[CV_EV_JOINED], 3);
    end(&p);
}
END_TEST

START_TEST(deadlock_is_named)
{
    struct play p;
    run(&p, "[sync]\na = lock\nb = lock\nalice = semaphore(0)\nbob = semaphore(0)\n"
            "[task Alice]\n    with a:\n        release alice\n        await acquire bob\n        await lock b\n"
            "[task Bob]\n    with b:\n        release bob\n        await acquire alice\n        await lock a\n",
        models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_DEADLOCK);
    ck_assert_int_eq(p.end_outcome, CV_OUT_DEADLOCK);
    ck_assert_uint_eq(p.findings, 1);
    ck_assert_str_eq(cv_session_outcome_text(p.session), "Alice waits for b, which Bob holds; Bob waits for a, which Alice holds.");
    end(&p);
}
END_TEST

START_TEST(plain_lock_holds_the_loop)
{
    struct play p;
    run(&p, "[sync]\nm = lock\n[task A]\n    await lock m\n    await sleep 5ms\n    unlock m\n[task B]\n    lock m\n    unlock m\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), _i == 0 ? CV_OUT_DEADLOCK : CV_OUT_FINISHED);
    end(&p);
}
END_TEST

START_TEST(part_of_the_tasks_deadlocks)
{
    struct play p;
    run(&p, "[sync]\nm = lock\n[task stuck]\n    await lock m\n    await lock m\n[task busy]\n    await sleep 700ms\n    print \"still here\"\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_DEADLOCK);
    ck_assert_str_eq(p.output.at, "still here\n");
    ck_assert_uint_eq(p.findings, 1); /* at once, and not again when the other is done */
    end(&p);
}
END_TEST

START_TEST(timeout_names_the_silent)
{
    struct play p;
    run(&p, "[scenario]\ntimeout = 400ms\n[task Spinner]\n    i = 0\n    while true:\n        i = 1 - i\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_TIMEOUT);
    const char *text = cv_session_outcome_text(p.session);
    ck_assert_msg(strstr(text, "Spinner (no visible step since line"), "%s", text);
    uint32_t task = p.order.model == CV_ASYNC ? 0 : 1;
    ck_assert_uint_gt(row(&p, task)->cpu_ns, 0); /* killed, its account is kept all the same */
    end(&p);
}
END_TEST

START_TEST(crash_takes_its_process)
{
    struct play p;
    run(&p, "[task Bad]\n    await sleep 5ms\n    crash\n[task Good]\n    await sleep 60ms\n    print \"alive\"\n", models[_i]);
    if (p.order.model == CV_PROCESSES) {
        ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
        ck_assert_str_eq(p.output.at, "alive\n");
        ck_assert_uint_eq(row(&p, 1)->state, CV_ROW_KILLED);
    } else {
        ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_CRASHED);
        ck_assert_ptr_nonnull(strstr(cv_session_outcome_text(p.session), "SIG"));
    }
    end(&p);
}
END_TEST

/* ── one model ──────────────────────────────────────────────────────────────────────────────────── */
START_TEST(killed_family_frees_its_joiners)
{
    struct play p;
    run(&p, "[sync]\nhandles = queue\n"
            "[main]\n    spawn parent() -> h\n    await get handles -> child\n    join h\n    print \"parent over\"\n    join all\n    print \"all over\"\n"
            "[task parent()]\n    spawn child() -> c\n    put handles, 1\n    sleep 30ms\n    crash\n"
            "[task child()]\n    sleep 30s\n    print \"never\"\n",
        "processes");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, "parent over\nall over\n");
    ck_assert_uint_eq(row(&p, 2)->state, CV_ROW_KILLED);
    end(&p);
}
END_TEST

START_TEST(gil_is_handed_over)
{
    struct play p;
    run(&p, "[scenario]\nswitch_interval = 1ms\n[shared]\nn = 0\n[task worker x 2]\n    for i in 1..40:\n        cpu 1ms\n        atomic n += 1\n", "threads+gil");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_ge(p.elapsed_ns, 60000000); /* one at a time; two at once would take 40 ms */
    ck_assert_uint_gt(row(&p, 1)->causes[CV_CAUSE_GIL], 1);
    ck_assert_uint_gt(row(&p, 2)->causes[CV_CAUSE_GIL], 1);
    end(&p);
}
END_TEST

START_TEST(own_copies_stay_apart)
{
    struct play p;
    run(&p, "[shared]\nx = 1\nl = [1, 2]\n[task t x 2]\n    x += me + 1\n    append l, me\n    print \"{x} {len(l)}\"\n", "processes");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    for (uint32_t t = 0; t < 3; t++) {
        ck_assert_uint_eq(row(&p, t)->nfinals, t ? 5 : 4); /* x, l and its items */
        ck_assert_uint_eq(cv_shm_finals(p.shm)[row(&p, t)->finals].payload, 1 + t);
    }
    struct cv_cell cell;
    const struct cv_cell *items;
    ck_assert(!cv_session_cell(p.session, 0, &cell, &items));
    end(&p);
}
END_TEST

START_TEST(suspended_time_does_not_count)
{
    struct play p;
    begin(&p, "[scenario]\ntimeout = 600ms\n[task t]\n    await sleep 300ms\n    print \"x\"\n", models[_i]);
    uint64_t start = cv_mono_ns();
    while (!p.counts[CV_EV_WAIT] && !poll_once(&p))
        ;
    cv_session_suspend(p.session, true);
    while (cv_mono_ns() - start < 900000000)
        ck_assert(!poll_once(&p));
    cv_session_suspend(p.session, false);
    while (!poll_once(&p))
        ;
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_eq(p.counts[CV_EV_HOLE], 2);
    end(&p);
}
END_TEST

START_TEST(stopped_in_the_middle)
{
    struct play p;
    begin(&p, "[task t x 8]\n    await sleep 30s\n", models[_i]);
    while (p.shm->head->ntasks < 9)
        ck_assert(!poll_once(&p));
    cv_session_stop(p.session);
    cv_session_stop(p.session);
    end(&p); /* which finds that nothing is left */
}
END_TEST

/* A parent of its own makes a run and is killed; the run's processes must all be gone within a second. */
START_TEST(nothing_outlives_a_killed_parent)
{
    int ready[2];
    pid_t group;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct play p;
        begin(&p, "[task t x 4]\n    await sleep 30s\n", models[_i]);
        while (p.shm->head->ntasks < 5)
            poll_once(&p);
        group = cv_session_pid(p.session);
        if (write(ready[1], &group, sizeof group) != sizeof group)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &group, sizeof group), sizeof group);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    uint64_t deadline = cv_mono_ns() + 1000000000;
    while (waitpid(-1, NULL, WNOHANG) >= 0) /* the server too: until there is no child */
        ck_assert_msg(cv_mono_ns() < deadline, "a process of the run lives on");
    ck_assert_int_eq(kill(-group, 0), -1);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(counts_are_the_kernels)
{
    struct play p;
    run(&p, "[task t x 3]\n    for i in 1..20:\n        sleep 1ms\n        yield\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    for (uint32_t t = 1; t < 4; t++) {
        ck_assert_uint_ge(row(&p, t)->voluntary, 20);
        ck_assert_uint_le(row(&p, t)->yields, 20); /* those that switched */
        ck_assert_uint_gt(row(&p, t)->cpu_ns, 0);
    }
    end(&p);
}
END_TEST

/* Where threads look after themselves, what they told is what getrusage says at their last act, to the last switch. */
START_TEST(what_threads_tell_of_themselves)
{
    struct play p;
    struct cv_hint h;
    const char *why;
    if (!cv_hint_init(&h, &why)) {
        printf("# skipped: %s\n", why);
        return;
    }
    play_watched = true;
    run(&p, "[scenario]\ncores = 1\n[task t x 5]\n    for i in 1..8:\n        cpu 5ms\n        sleep 1ms\n        yield\n"
            "[task loop]\n    n = 0\n    repeat 300000:\n        n += 1\n", models[_i]);
    play_watched = false;
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    uint64_t involuntary = 0;
    for (uint32_t t = 0; t < 7; t++) {
        bool own_thread = p.order.model != CV_ASYNC || t == 0;
        ck_assert(!own_thread || row(&p, t)->accounted);
        ck_assert_uint_eq(p.told[t].voluntary, row(&p, t)->voluntary);
        ck_assert_uint_eq(p.told[t].involuntary, row(&p, t)->involuntary);
        ck_assert_uint_ge(p.told[t].involuntary, row(&p, t)->yields); /* of a thread: a coroutine has none of its own */
        involuntary += p.told[t].involuntary;
    }
    ck_assert(p.order.model == CV_ASYNC || involuntary > 0); /* six threads that compute on one core */
    end(&p);
}
END_TEST

/* Threads that compute hand the GIL over when they are asked, in a cpu statement and between local instructions alike. */
START_TEST(the_gil_is_handed_over_in_loops)
{
    struct play p;
    run(&p, "[scenario]\nswitch_interval = 1ms\n[task counts x 2]\n    n = 0\n    repeat 3000000:\n        n += 1\n", "threads+gil");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_ge(p.causes[CV_CAUSE_GIL], 4); /* some thirty times as long as the interval, each */
    end(&p);
}
END_TEST

/* A wait is one switch, however long it takes. */
START_TEST(waits_are_not_polled)
{
    struct play p;
    run(&p, "[task t]\n    await sleep 1s\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_le(row(&p, 0)->voluntary, 20);
    end(&p);
}
END_TEST

/* As in Python: threads and processes are waited for, a loop ends with its main task. */
START_TEST(what_nobody_joins)
{
    struct play p;
    run(&p, "[main]\n    spawn child()\n    print \"main\"\n[task child()]\n    await sleep 30ms\n    print \"child\"\n", models[_i]);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, p.order.model == CV_ASYNC ? "main\n" : "main\nchild\n");
    end(&p);
}
END_TEST

#ifndef CV_SANITIZE /* whose leak checker needs a process more than the limit leaves */
/* Whoever we have become: a copy of this program (open as from) that may be run wherever it was built. */
static void copy_program(int from, char *path)
{
    char part[65536];
    ssize_t n;
    int to = mkstemp(path);
    ck_assert_int_ge(to, 0);
    while ((n = read(from, part, sizeof part)) > 0)
        ck_assert_int_eq(write(to, part, (size_t)n), n);
    ck_assert_int_eq(n, 0);
    ck_assert_int_eq(fchmod(to, 0755), 0);
    close(to);
    close(from);
}

/* The system refuses: said with the limit's name. RLIMIT_NPROC does not bind root, so the runner is made to be somebody. What else
 * a user has running counts for him, so he gets a namespace where it does not; where there is none to be had it is left to root. */
START_TEST(refusal_names_the_limit)
{
    struct rlimit old, few = {12, 12};
    char path[] = "/tmp/convis-test-XXXXXX";
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    getrlimit(RLIMIT_NPROC, &old);
    if (geteuid() == 0 ? setresuid(64321, 64321, 0) < 0 : unshare(CLONE_NEWUSER) < 0)
        return;
    copy_program(self, path);
    play_exe = path;
    few.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_NPROC, &few);
    struct play p;
    run(&p, "[task t x 300]\n    await sleep 20s\n", models[_i]);
    struct cv_buf why = {0};
    int refused = cv_session_refused(p.session, &why);
    ck_assert_int_eq(refused, EAGAIN);
    ck_assert_msg(strstr(why.at, "RLIMIT_NPROC is 12"), "%s", why.at);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_CRASHED);
    end(&p);
    /* not the main task's own spawn: nobody waits for a main task that sleeps */
    run(&p, "[main]\n    spawn boss()\n    await sleep 1000s\n[task boss()]\n    repeat 300:\n        spawn t()\n[task t()]\n    await sleep 20s\n", models[_i]);
    ck_assert_int_eq(cv_session_refused(p.session, &why), EAGAIN);
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_CRASHED);
    unlink(path);
    cv_buf_release(&why);
    end(&p);
}
END_TEST
#endif

/* lang knows no findings; that it names them all, in their order, is held here. */
START_TEST(a_note_can_wait_for_every_finding)
{
    for (int k = 0; k < CV_FINDING_COUNT; k++) {
        struct cv_diags diags = {0};
        struct cv_buf text = {0};
        cv_buf_printf(&text, "[task a]\n    pass\n[note when %s]\nSee?\n", cv_finding_info[k].name);
        struct cv_program *program = cv_program_read("test.ini", text.at, text.n, NULL, 0, &diags);
        ck_assert_msg(program != NULL, "%s", text.at);
        ck_assert_int_eq(program->notes[0].when, CV_NOTE_FINDING + k);
        cv_program_free(program);
        cv_buf_release(&text);
        cv_diags_release(&diags);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("engine_session");
    TCase *all = tcase_create("every model"), *one = tcase_create("one model");
    tcase_set_timeout(all, 60);
    tcase_set_timeout(one, 60);
    suite_add_tcase(s, all);
    suite_add_tcase(s, one);
    tcase_add_loop_test(all, finishes_in_every_model, 0, 4);
    tcase_add_loop_test(all, waits_overlap, 0, 4);
    tcase_add_loop_test(all, what_nobody_joins, 0, 4);
    tcase_add_loop_test(all, waits_are_not_polled, 0, 4);
    tcase_add_loop_test(all, fetch_is_answered, 0, 4);
    tcase_add_loop_test(all, queues_join_and_fail, 0, 4);
    tcase_add_loop_test(all, deadlock_is_named, 0, 4);
    tcase_add_loop_test(all, plain_lock_holds_the_loop, 0, 4);
    tcase_add_loop_test(all, part_of_the_tasks_deadlocks, 0, 4);
    tcase_add_loop_test(all, timeout_names_the_silent, 0, 4);
    tcase_add_loop_test(all, crash_takes_its_process, 0, 4);
    tcase_add_loop_test(all, suspended_time_does_not_count, 0, 4);
    tcase_add_loop_test(all, stopped_in_the_middle, 0, 4);
    tcase_add_loop_test(all, nothing_outlives_a_killed_parent, 0, 4);
    tcase_add_loop_test(one, counts_are_the_kernels, 1, 4);
    tcase_add_loop_test(one, what_threads_tell_of_themselves, 0, 4);
    tcase_add_test(one, the_gil_is_handed_over_in_loops);
#ifndef CV_SANITIZE
    tcase_add_loop_test(one, refusal_names_the_limit, 1, 4);
#endif
    tcase_add_test(one, killed_family_frees_its_joiners);
    tcase_add_test(one, a_note_can_wait_for_every_finding);
    tcase_add_test(one, gil_is_handed_over);
    tcase_add_test(one, own_copies_stay_apart);
    return s;
}
