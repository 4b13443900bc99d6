/* What is written for CPython: expressions with the brackets they need, names that Python has taken, how variables are held,
 * durations in seconds, and nothing of a scenario that could leave its place. What the programs do is held by tests/oracle. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "convis/python.h"
#include "suite.h"

static char *python(const char *text, enum cv_model_kind model)
{
    struct cv_diags d = {0};
    struct cv_buf out = {0};
    struct cv_program *p = cv_program_read("test.ini", text, strlen(text), NULL, 0, &d);
    ck_assert_msg(p != NULL, "%s\nis refused: %s", text, d.n ? d.at[0].text : "without a word");
    cv_python_write(&out, p, model);
    cv_program_free(p);
    cv_diags_release(&d);
    return out.at;
}

/* The program of text holds the lines of wanted, one behind the other. */
static void expect(const char *text, enum cv_model_kind model, const char *wanted)
{
    char *got = python(text, model);
    ck_assert_msg(strstr(got, wanted) != NULL, "%s\n--- expected in it\n%s\n--- written\n%s", text, wanted, got);
    free(got);
}

static void expect_not(const char *text, enum cv_model_kind model, const char *unwanted)
{
    char *got = python(text, model);
    ck_assert_msg(strstr(got, unwanted) == NULL, "%s\n--- not expected in it\n%s\n--- written\n%s", text, unwanted, got);
    free(got);
}

START_TEST(expressions)
{
    static const char *const pairs[][2] = {
        {"1 + 2 * 3", "1 + 2 * 3"}, {"(1 + 2) * 3", "(1 + 2) * 3"}, {"1 - (2 - 3)", "1 - (2 - 3)"}, {"1 - 2 - 3", "1 - 2 - 3"},
        {"x / 2 % 3", "x // 2 % 3"}, {"x / (2 % 3)", "x // (2 % 3)"}, {"-x * 2", "-x * 2"}, {"-(x * 2)", "-(x * 2)"},
        {"(x < 1) == flag", "(x < 1) == flag"}, {"flag == (x < 1)", "flag == (x < 1)"}, {"not x == 1", "not x == 1"},
        {"(not flag) == flag", "(not flag) == flag"}, {"x and not flag or x", "x and not flag or x"}, {"x and (flag or x)", "x and (flag or x)"},
        {"x == none", "x is None"}, {"x != none", "x is not None"}, {"[x, true, none]", "[x, True, None]"}, {"[0] * 3 + l", "[0] * 3 + l"},
        {"l[x + 1] - l[-1]", "l[x + 1] - l[-1]"}, {"len(l) + len(\"ab\")", "len(l) + len(\"ab\")"}, {"min(x, 3, 4)", "min(x, 3, 4)"},
        {"max(x + 1) * 2", "(x + 1) * 2"}, {"random(1, 6)", "random.randint(1, 6)"}, {"\"{x}{{}}\"", "f\"{x}{{}}\""},
        {"\"{{}}\"", "\"{}\""}, {"\"{x} {x == 1} {l[0]}\"", "f\"{x} {x == 1} {l[0]}\""}, {"\"a\\\"b\\\\\"", "\"a\\\"b\\\\\""},
        {"\"{'in' + name}\"", "f\"{'in' + 't'}\""}, {"'{\"in {x}\"} {x}'", "f\"in {x}\" + \" \" + str(x)"},
        {"cas(x, 1, 2)", "cas_x(1, 2)"}, {"cas(l[0], x, 2)", "cas_l(0, x, 2)"}, {"now - now", "time.monotonic_ns() - began - (time.monotonic_ns() - began)"},
        {"\"{name} {me}\"", "f\"t {me}\""}, {"2ms / 1ms", "2_000_000 // 1_000_000"}};
    for (size_t i = 0; i < CV_COUNT(pairs); i++) {
        char text[512], wanted[256];
        snprintf(text, sizeof text, "[shared]\nx = 1\nflag = false\nl = [1, 2]\n[task t]\n    v = %s\n", pairs[i][0]);
        snprintf(wanted, sizeof wanted, "    v = %s\n", pairs[i][1]);
        expect(text, CV_ASYNC, wanted);
    }
}
END_TEST

START_TEST(spinning)
{
    static const char head[] = "[shared]\nx = 0\nflag = false\n[task t]\n    spin until ";
    static const char *const pairs[][2] = {{"x == 1", "while x != 1:"}, {"x >= 1", "while x < 1:"}, {"not flag", "while flag:"},
                                           {"flag", "while not flag:"}, {"flag and x == 1", "while not (flag and x == 1):"}};
    for (size_t i = 0; i < CV_COUNT(pairs); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s\n", head, pairs[i][0]);
        expect(text, CV_THREADS, pairs[i][1]);
    }
}
END_TEST

START_TEST(names)
{
    expect("[shared]\nlambda = 1\ntime = 2\ntime_ = 3\n[task print_all]\n    print lambda + time + time_\n", CV_THREADS,
           "    print(lambda_ + time_ + time__)\n");
    expect("[shared]\nworker = 1\n[task worker]\n    worker += 1\n", CV_ASYNC, "async def worker_task():\n    global worker\n    worker += 1\n");
    expect("[params]\ntasks = 2\n[task main_loop x tasks]\n    pass\n", CV_THREADS, "    tasks_ = [threading.Thread(target=main_loop) for _ in range(tasks)]\n");
    expect("[shared]\nstart = 1\n[task t]\n    pass\n[main]\nspawn t\nstart = 2\n", CV_THREADS, "    start_(t)\n    start = 2\n");
}
END_TEST

START_TEST(numbers_and_names_of_tasks)
{
    expect("[task w x 2]\n    print name\n", CV_ASYNC, "async def w(me):\n    print(f\"w#{me}\")\n");
    expect("[task w x 2]\n    pass\n", CV_ASYNC, "await asyncio.gather(w(), w())");
    expect("[task w x 4]\n    print me\n", CV_ASYNC, "await asyncio.gather(*(w(me) for me in range(4)))");
    expect("[task w for v in 1, 2]\n    print \"{name} {me}\"\n", CV_ASYNC, "async def w(v, me):\n    print(f\"{v} {me}\")\n");
    expect("[task w for v in 1, 2]\n    print \"{name} {me}\"\n", CV_ASYNC, "gather(w(1, 0), w(2, 1))");
    expect("[task w for v in \"a\", \"b\"]\n    v = 1\n    print name\n", CV_ASYNC, "gather(w(\"a\", \"a\"), w(\"b\", \"b\"))");
    expect("[task c(a)]\n    print name\n[main]\nspawn c(7)\nspawn c(8) -> h\nawait join h\n", CV_ASYNC,
           "    asyncio.create_task(c(7, 0))\n    h = asyncio.create_task(c(8, 1))\n    await h\n");
    expect("[task c(a)]\n    print name\n[main]\nrepeat 3:\n    spawn c(7) -> h\n", CV_ASYNC, "h = asyncio.create_task(c(7, next(c_numbers)))");
    expect("[task c(a)]\n    print me\n[main]\nrepeat 3:\n    spawn c(7)\nawait join all\n", CV_ASYNC, "gather(*(c(7, me) for me in range(3)))");
    expect("[task c(a)]\n    pass\n[main]\nfor i in 1..3:\n    spawn c(i)\nspawn c(9)\njoin all\n", CV_THREADS,
           "    tasks = [*(start(c, i) for i in range(1, 4)), start(c, 9)]\n    for task in tasks:\n        task.join()\n");
    expect("[task c(a)]\n    pass\n[main]\nspawn c(1) -> h\nspawn c(2)\nawait join all\n", CV_ASYNC,
           "    tasks = []\n    h = asyncio.create_task(c(1))\n    tasks.append(h)\n    tasks.append(asyncio.create_task(c(2)))\n    await asyncio.gather(*tasks)\n");
}
END_TEST

START_TEST(failing)
{
    expect("[task w x 2]\n    fail \"x\"\n", CV_ASYNC, "await asyncio.wait([asyncio.create_task(w()), asyncio.create_task(w())])");
    expect("[task c(a)]\n    check a == 1\n[main]\nspawn c(1) -> h\nawait join h\n", CV_ASYNC, "    with contextlib.suppress(Exception):");
    expect("[task w]\n    check 1 == 1\n", CV_THREADS, "    assert 1 == 1\n");
}
END_TEST

START_TEST(how_variables_are_held)
{
    static const char text[] = "[shared]\nown = 1\n[shared memory]\nn = 0\nflag = false\nwho = none\nslots = [0] * 4\nlog = []\n"
                               "[task t]\n    own += 1\n    n += 1\n    flag = true\n    who = name\n    slots[me] = n\n    append log, n\n    v = slots\n"
                               "    print \"{n} {who} {log} {len(slots)}\"\n    atomic n += 1\n    atomic who = none\n";
    expect(text, CV_PROCESSES, "own = 1\n");
    expect(text, CV_PROCESSES, "n = mp.Value(\"q\", 0)\nflag = mp.Value(ctypes.c_bool, False)\nshared.who = None\nslots = mp.Array(\"q\", [0] * 4)\nlog = manager.list([])\n");
    expect(text, CV_PROCESSES, "    global own\n    own += 1\n    n.value += 1\n    flag.value = True\n    shared.who = \"t\"\n    slots[me] = n.value\n"
                               "    log.append(n.value)\n    v = slots[:]\n    print(f\"{n.value} {shared.who} {log[:]} {len(slots)}\", flush=True)\n"
                               "    with n.get_lock():  # in one step, for which Python has no word\n        n.value += 1\n"
                               "    with atomic:  # in one step, for which Python has no word\n        shared.who = None\n");
    expect(text, CV_THREADS, "    global own, n, flag, who\n");
    expect(text, CV_THREADS, "    v = slots.copy()\n");
    expect("[shared memory]\nx = 0\n[sync]\nq = queue\n[task t]\n    put q, \"a\"\n    get q -> v\n    x = v\n", CV_PROCESSES, "shared.x = 0\n");
}
END_TEST

START_TEST(durations)
{
    expect("[task t]\n    await sleep 1s\n    await sleep 1.5s\n    sleep 300ms\n    cpu 50us\n    sleep 7ns\n    await sleep 0s\n", CV_ASYNC,
           "    await asyncio.sleep(1)\n    await asyncio.sleep(1.5)\n    time.sleep(0.3)\n    cpu(50e-6)\n    time.sleep(7e-9)\n    await asyncio.sleep(0)\n");
    expect("[task t x 2]\n    await sleep 10ms * (me + 1)\n", CV_ASYNC, "    await asyncio.sleep(0.01 * (me + 1))\n");
    expect("[params]\npause = 10ms\n[task t]\n    sleep pause / 2 + 1ms\n", CV_THREADS, "pause = 0.01  # seconds\n");
    expect("[params]\npause = 10ms\n[task t]\n    sleep pause / 2 + 1ms\n", CV_THREADS, "    time.sleep(pause / 2 + 0.001)\n");
    expect("[params]\npause = 10ms\n[task t]\n    sleep pause\n    print pause\n", CV_THREADS, "    time.sleep(pause / 1e9)\n    print(pause)\n");
    expect("[task t]\n    w = 1ms\n    while w < 8ms:\n        sleep w\n        w *= 2\n", CV_THREADS, "    w = 0.001\n    while w < 0.008:\n        time.sleep(w)\n        w *= 2\n");
    expect("[task t]\n    w = 1ms\n    w %= 7\n    sleep w\n", CV_THREADS, "    w = 1_000_000\n    w %= 7\n    time.sleep(w / 1e9)\n");
    expect("[task t for d in 1s, 20ms]\n    await sleep d\n", CV_ASYNC, "gather(t(1), t(0.02))");
    expect("[task t for d in 1s, 20ms]\n    await sleep d\n    print name\n", CV_ASYNC, "gather(t(1_000_000_000), t(20_000_000))");
    expect("[task t]\n    began = now\n    sleep 5ms - (now - began)\n", CV_THREADS, "    time.sleep((5_000_000 - (time.monotonic_ns() - began_ - began)) / 1e9)");
    expect("[task t]\n    sleep random(1ms, 3ms)\n", CV_THREADS, "    time.sleep(random.uniform(0.001, 0.003))\n");
}
END_TEST

START_TEST(waiting_without_await)
{
    expect("[sync]\nm = lock\n[task t]\n    with m:\n        pass\n", CV_ASYNC, "m = threading.Lock()\n");
    expect("[sync]\nq = queue(2)\n[task t]\n    put q, 1\n", CV_ASYNC, "q = queue.Queue(2)\n");
    expect("[sync]\nm = lock\nc = condition(m)\n[task t]\n    with m:\n        await wait c\n", CV_ASYNC, "m = asyncio.Lock()\nc = asyncio.Condition(m)\n");
    expect("[sync]\nm = lock\n[task t]\n    await with m:\n        pass\n    with m:\n        pass\n", CV_ASYNC,
           "    while m.locked():  # without await: the loop stands still, and with it whoever could help\n        time.sleep(0.001)\n    async with m:\n");
    expect("[sync]\nq = queue\n[task t]\n    await put q, 1\n    get q -> v\n", CV_ASYNC, "    v = q.get_nowait()  # without await:");
}
END_TEST

START_TEST(offloaded_blocks)
{
    static const char text[] = "[scenario]\npool = 2\n[shared]\nx = 0\n[sync]\nm = lock\n[task w(a)]\n    b = 1\n    await offload threads:\n        c = a + b + me\n"
                               "        d = c\n        x = d\n        with m:\n            pass\n    await with m:\n        print c\n[main]\nspawn w(1)\nawait join all\n";
    expect(text, CV_ASYNC, "threads = concurrent.futures.ThreadPoolExecutor(2)\nm = threading.Lock()\n");
    expect(text, CV_ASYNC, "def w_work(a, b, me):\n    global x\n    c = a + b + me\n    d = c\n    x = d\n    with m:\n        pass\n    return c\n");
    expect(text, CV_ASYNC, "    c = await asyncio.get_running_loop().run_in_executor(threads, w_work, a, b, me)\n    await asyncio.to_thread(m.acquire)\n    try:\n        print(c)\n"
                           "    finally:\n        m.release()\n");
    expect_not(text, CV_ASYNC, "async def w(a, me):\n    global");
    expect(text, CV_THREADS, "    c = threads.submit(w_work, a, b, me).result()\n    with m:\n        print(c)\n");
    static const char processes[] = "[shared memory]\ny = 0\n[sync]\nm = lock\n[task w x 2]\n    offload processes:\n        y += 1\n        with m:\n            print name\n    offload processes:\n        pass\n";
    expect(processes, CV_ASYNC, "m = mp.Lock()\n");
    expect(processes, CV_ASYNC, "y = mp.Value(\"q\", 0)\n");
    expect(processes, CV_ASYNC, "def w_work_1(me):\n    y.value += 1\n    with m:\n        print(f\"w#{me}\", flush=True)\n");
    expect(processes, CV_ASYNC, "    processes.submit(w_work_1, me).result()\n    processes.submit(w_work_2).result()\n");
    expect(processes, CV_ASYNC, "    processes.submit(os.getpid).result()");
}
END_TEST

START_TEST(locals_that_may_be_unset)
{
    expect("[task t]\n    if now > 0:\n        v = 1\n    print v\n", CV_ASYNC, "async def t():\n    v = None\n    if ");
    expect_not("[task t]\n    if now > 0:\n        v = 1\n    else:\n        v = 2\n    print v\n", CV_ASYNC, "v = None");
    expect_not("[task t]\n    if now > 0:\n        v = 1\n    else:\n        return\n    print v\n", CV_ASYNC, "v = None");
    expect("[task t]\n    repeat 2:\n        v = 1\n    print v\n", CV_ASYNC, "    v = None\n");
}
END_TEST

START_TEST(comments_are_taken_over)
{
    expect("[shared]\nx = 0 ; of all\n\n; not this\n[task t]\n    ; first\n    # second\n    x = 1   # third\n    mark here ; fourth\n", CV_THREADS,
           "x = 0  # of all\n");
    expect("[shared]\nx = 0\n\n[task t]\n    ; first\n    # second\n    x = 1   # third\n    mark here ; fourth\n", CV_THREADS,
           "    # first\n    # second\n    x = 1  # third\n    # mark here: fourth\n");
    expect("[task t]\n    mark here\n", CV_THREADS, "def t():\n    # mark here\n    pass\n");
    expect("[task t]\n    print \"; none # none\"\n", CV_THREADS, "    print(\"; none # none\")\n");
}
END_TEST

/* Whatever a scenario holds stays inside its string or its comment, and no byte of it acts on a terminal. */
START_TEST(hostile_text)
{
    static const char text[] = "[scenario]\ntitle = A\xc2\x9b" "31m\xe2\x80\xae title \xe2\x80\xa8print('broken')\nabout = \"\"\" + x\r\n"
                               "[shared]\nx = \"\\u{1b}[31m \\u{2028} \\u{9b} \xe2\x80\xae \\\\\" ; \xe2\x80\xa8 import os\n[task t]\n    print \"{x}\\u{1b}{{\\n\\\"\"\n";
    for (enum cv_model_kind m = CV_ASYNC; m <= CV_PROCESSES; m++) {
        char *got = python(text, m);
        for (const char *s = got; *s; s++)
            ck_assert_msg(*s == '\n' || ((unsigned char)*s >= 0x20 && *s != 0x7f), "a control character in\n%s", got);
        ck_assert_ptr_null(strstr(got, "\xc2\x9b"));
        ck_assert_ptr_null(strstr(got, "\xe2\x80\xa8"));
        ck_assert_ptr_null(strstr(got, "\xe2\x80\xae"));
        ck_assert_ptr_nonnull(strstr(got, "\"\\x1b[31m \\u2028 \\x9b \\u202e \\\\\""));
        ck_assert_ptr_nonnull(strstr(got, "f\"{x}\\x1b{{\\n\\\"\""));
        free(got);
    }
}
END_TEST

START_TEST(every_statement_has_its_python)
{
    for (int kind = 0; kind < CV_STMT_KINDS; kind++)
        ck_assert_msg(cv_python_knows((enum cv_stmt_kind)kind), "statement %d of enum cv_stmt_kind has no Python", kind);
    ck_assert(!cv_python_knows((enum cv_stmt_kind)CV_STMT_KINDS));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("python_write");
    TCase *c = tcase_create("write");
    tcase_add_test(c, expressions);
    tcase_add_test(c, spinning);
    tcase_add_test(c, names);
    tcase_add_test(c, numbers_and_names_of_tasks);
    tcase_add_test(c, failing);
    tcase_add_test(c, how_variables_are_held);
    tcase_add_test(c, durations);
    tcase_add_test(c, waiting_without_await);
    tcase_add_test(c, offloaded_blocks);
    tcase_add_test(c, locals_that_may_be_unset);
    tcase_add_test(c, comments_are_taken_over);
    tcase_add_test(c, hostile_text);
    tcase_add_test(c, every_statement_has_its_python);
    suite_add_tcase(s, c);
    return s;
}
