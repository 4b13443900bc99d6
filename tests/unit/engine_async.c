/* Coroutines on the real loop: asyncio's order, to the letter. The expected lines are what CPython 3.11 prints for the
 * same program written with asyncio.create_task, Lock, Queue, Semaphore, gather and sleep(0). */
#include "engine_play.h"

static void expect(const char *text, const char *output)
{
    struct play p;
    run(&p, text, "async");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, output);
    ck_assert(!p.unordered);
    end(&p);
}

START_TEST(locks_go_to_who_waited_first)
{
    expect("[sync]\nm = lock\n"
           "[main]\n    spawn a(\"a0\")\n    spawn a(\"a1\")\n    spawn again(\"g0\")\n    spawn again(\"g1\")\n    await join all\n    print \"main\"\n"
           "[task a(n)]\n    await with m:\n        print \"{n} in\"\n        await yield\n        print \"{n} still in\"\n    print \"{n} out\"\n"
           "    await yield\n    print \"{n} end\"\n"
           "[task again(n)]\n    for i in 0..1:\n        await with m:\n            print \"{n} again {i}\"\n            await sleep 0s\n",
           "a0 in\na0 still in\na0 out\na1 in\na0 end\na1 still in\na1 out\ng0 again 0\na1 end\ng1 again 0\ng0 again 1\ng1 again 1\nmain\n");
}
END_TEST

START_TEST(a_newcomer_may_take_the_item)
{
    expect("[sync]\nq = queue(1)\n"
           "[main]\n    spawn getter(\"x\") -> a\n    spawn putter(\"A\") -> b\n    spawn getter(\"y\") -> c\n    spawn putter(\"B\") -> d\n"
           "    await join a\n    await join b\n    await join c\n    await join d\n    print \"main\"\n"
           "[task putter(n)]\n    for i in 1..3:\n        await put q, \"{n}{i}\"\n        print \"{n} put {i}\"\n"
           "[task getter(n)]\n    for i in 1..3:\n        await get q -> v\n        print \"{n} got {v}\"\n        if n == \"y\":\n            await yield\n",
           "A put 1\ny got A1\nB put 1\nx got B1\nA put 2\ny got A2\nB put 2\nx got B2\nA put 3\ny got A3\nB put 3\nx got B3\nmain\n");
}
END_TEST

START_TEST(join_takes_one_turn_and_join_all_two)
{
    expect("[main]\n    spawn ticker() -> t\n    spawn quick() -> h\n    spawn family() -> f\n    await join h\n    print \"main joined quick\"\n"
           "    await join f\n    print \"main joined family\"\n    await join t\n    print \"main\"\n"
           "[task ticker()]\n    for i in 1..6:\n        print \"tick {i}\"\n        await yield\n"
           "[task quick()]\n    print \"quick\"\n"
           "[task family()]\n    spawn quick()\n    spawn quick()\n    await join all\n    print \"family joined\"\n",
           "tick 1\nquick\ntick 2\nmain joined quick\nquick\nquick\ntick 3\ntick 4\nfamily joined\ntick 5\nmain joined family\ntick 6\nmain\n");
}
END_TEST

START_TEST(permits_go_around)
{
    expect("[sync]\ns = semaphore(2)\n"
           "[main]\n    for k in 0..3:\n        spawn w(k)\n    await join all\n    print \"main\"\n"
           "[task w(k)]\n    for i in 0..1:\n        await acquire s\n        print \"w{k} {i}\"\n        await yield\n        release s\n",
           "w0 0\nw1 0\nw2 0\nw3 0\nw0 1\nw1 1\nw2 1\nw3 1\nmain\n");
}
END_TEST

START_TEST(timers_ring_in_order_and_never_early)
{
    struct play p;
    run(&p, "[task t for d in 3ms, 1ms, 200us, 2ms, 50us]\n    before = now\n    await sleep d\n    took = now - before\n    check took >= d\n    print \"{me}\"\n",
        "async");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, "4\n2\n1\n3\n0\n");
    for (uint32_t t = 0; t < 6; t++)
        ck_assert_uint_eq(row(&p, t)->state, CV_ROW_DONE);
    end(&p);
}
END_TEST

START_TEST(without_await_the_loop_is_held)
{
    struct play p;
    run(&p, "[task blocker]\n    sleep 30ms\n    fetch 20ms\n    yield\n[task other]\n    await sleep 1ms\n    print \"{now >= 50ms}\"\n", "async");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_str_eq(p.output.at, "true\n"); /* it was not even begun before */
    ck_assert_uint_ge(p.shm->head->loop_lag_ns, 50000000);
    ck_assert_uint_eq(p.causes[CV_BLOCK + CV_REASON_SLEEP], 1);
    ck_assert_uint_eq(p.causes[CV_BLOCK + CV_REASON_FETCH], 1);
    ck_assert_uint_eq(p.causes[CV_CAUSE_YIELD], 1);
    end(&p);
}
END_TEST

START_TEST(many_coroutines_are_cheap)
{
#ifdef CV_SANITIZE
    enum { N = 2000 };
#else
    enum { N = 100000 };
#endif
    struct play p;
    char text[400];
    snprintf(text, sizeof text, "[main]\n    for i in 1..%d:\n        spawn waiter()\n    await join all\n[task waiter()]\n    await sleep 500ms\n    await yield\n", N - 1);
    run(&p, text, "async");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_eq(p.shm->head->ntasks, N);
    ck_assert_uint_eq(p.shm->head->peak_tasks, N);
    ck_assert_uint_le(p.shm->head->task_bytes / p.shm->head->peak_tasks, 2048);
    end(&p);
}
END_TEST

START_TEST(thousand_fetches_overlap)
{
    struct play p;
    run(&p, "[task t x 1000]\n    for i in 1..2:\n        await fetch 50ms\n    print \"x\"\n", "async");
    ck_assert_int_eq(cv_session_outcome(p.session), CV_OUT_FINISHED);
    ck_assert_uint_eq(p.counts[CV_EV_PRINT], 1000);
    ck_assert_uint_ge(p.elapsed_ns, 100000000);
    end(&p);
}
END_TEST

START_TEST(switch_counts_are_exact)
{
    struct play p;
    run(&p, "[task t x 3]\n    for i in 1..100:\n        await yield\n    await sleep 1ms\n", "async");
    for (uint32_t t = 1; t < 4; t++) {
        ck_assert_uint_eq(row(&p, t)->causes[CV_AWAIT + CV_REASON_TURN], 100);
        ck_assert_uint_eq(row(&p, t)->causes[CV_AWAIT + CV_REASON_SLEEP], 1);
    }
    ck_assert_uint_eq(p.causes[CV_AWAIT + CV_REASON_TURN], 300);
    ck_assert_uint_ge(p.shm->head->loop_iterations, 101);
    end(&p);
}
END_TEST

/* Nothing wakes the loop but what it waits for: a look now and then would be counted as a switch. */
START_TEST(the_loop_sleeps_through)
{
    struct play p;
    run(&p, "[task t]\n    await sleep 900ms\n", "async");
    ck_assert_uint_ge(p.counts[CV_EV_POLL], 1);
    ck_assert_uint_le(p.counts[CV_EV_POLL], 3);
    end(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("engine_async");
    TCase *c = tcase_create("async");
    tcase_set_timeout(c, 60);
    suite_add_tcase(s, c);
    tcase_add_test(c, locks_go_to_who_waited_first);
    tcase_add_test(c, a_newcomer_may_take_the_item);
    tcase_add_test(c, join_takes_one_turn_and_join_all_two);
    tcase_add_test(c, permits_go_around);
    tcase_add_test(c, timers_ring_in_order_and_never_early);
    tcase_add_test(c, without_await_the_loop_is_held);
    tcase_add_test(c, many_coroutines_are_cheap);
    tcase_add_test(c, thousand_fetches_overlap);
    tcase_add_test(c, switch_counts_are_exact);
    tcase_add_test(c, the_loop_sleeps_through);
    return s;
}
