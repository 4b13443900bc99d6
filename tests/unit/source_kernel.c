/* The sources against the kernel's own account: a child waits at a gate as a runner does, sleeps and computes, and says what
 * getrusage counted; what a source pushed must agree. Where perf is refused, its tests say so and pass; the usage tier works
 * everywhere. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convis/source.h"
#include "suite.h"

enum { SLEEPS = 60, YIELDS = 200, TASKS = 3, MAX_EVENTS = 100000 };
static const uint64_t patience_ns = 20000000000u;

struct account { uint64_t from, to; long voluntary, involuntary; }; /* instants: CLOCK_MONOTONIC_RAW ns */
static struct cv_shm shm;
static struct cv_reader *reader;
static struct cv_source source;
static struct cv_clock_pair zero;
static struct cv_event *events;
static unsigned nevents;
static pid_t child;
static int gate[2], finish[2], answers[2];

static void take(void *to, const struct cv_event *e)
{
    (void)to;
    ck_assert_uint_lt(nevents, MAX_EVENTS);
    if (nevents)
        ck_assert_uint_ge(e->t, events[nevents - 1].t);
    events[nevents++] = *e;
}

/* ── the child ──────────────────────────────────────────────────────────────────────────────────── */
static void publish(uint32_t task)
{
    struct cv_row *row = cv_shm_row(&shm, task);
    atomic_store(&row->pid, (uint32_t)getpid());
    atomic_store(&row->tid, (uint32_t)syscall(SYS_gettid));
}

static void work(uint32_t task)
{
    struct rusage before, after;
    struct account a[TASKS] = {0};
    getrusage(RUSAGE_THREAD, &before);
    a[0].from = cv_mono_ns();
    for (int i = 0; i < SLEEPS; i++)
        nanosleep(&(struct timespec){0, 50000}, NULL);
    for (int i = 0; i < YIELDS; i++)
        sched_yield();
    for (uint64_t until = cv_mono_ns() + 20000000; cv_mono_ns() < until;)
        ;
    a[0].to = cv_mono_ns();
    getrusage(RUSAGE_THREAD, &after);
    a[0].voluntary = after.ru_nvcsw - before.ru_nvcsw;
    a[0].involuntary = after.ru_nivcsw - before.ru_nivcsw;
    struct { uint32_t task; struct account a; } say = {task, a[0]};
    if (write(answers[1], &say, sizeof say) != sizeof say)
        _exit(3);
}

static void wait_for(int fd)
{
    char byte;
    while (read(fd, &byte, 1) < 0 && errno == EINTR)
        ;
}

static void *thread_main(void *arg)
{
    (void)arg;
    publish(1);
    work(1);
    wait_for(finish[0]);
    return NULL;
}

/* Task 0 in the first thread, 1 in another, 2 in a forked process. */
static void run_child(void)
{
    close(gate[1]);
    close(finish[1]);
    wait_for(gate[0]);
    publish(0);
    pid_t forked = fork();
    if (forked == 0) {
        publish(2);
        work(2);
        wait_for(finish[0]);
        _exit(0);
    }
    pthread_t thread;
    if (forked < 0 || pthread_create(&thread, NULL, thread_main, NULL))
        _exit(3);
    work(0);
    wait_for(finish[0]);
    pthread_join(thread, NULL);
    waitpid(forked, NULL, 0);
    _exit(0);
}

static char state_of(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f && !fgets(text, sizeof text, f))
        text[0] = '\0';
    if (f)
        fclose(f);
    char *at = strrchr(text, ')');
    return at ? at[2] : '?';
}

static void setup(void)
{
    cv_clock_init();
    struct cv_shm_plan plan = {.max_tasks = TASKS, .max_rings = 1, .ring_records = 64, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    atomic_store(&shm.head->ntasks, TASKS);
    reader = cv_reader_new(&shm);
    events = cv_alloc(MAX_EVENTS * sizeof *events);
    nevents = 0;
    ck_assert(!pipe(gate) && !pipe(finish) && !pipe(answers));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (!child)
        run_child();
    close(gate[0]);
    close(finish[0]);
    close(answers[1]);
    for (uint64_t until = cv_mono_ns() + patience_ns; state_of(child) != 'S';) {
        ck_assert_uint_lt(cv_mono_ns(), until);
        sched_yield();
    }
}

static void teardown(void)
{
    close(gate[1]);
    close(finish[1]);
    close(answers[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    cv_source_close(&source);
    cv_reader_free(reader);
    cv_shm_release(&shm);
    free(events);
}

/* Opens the gate, drains as the parent does until every task has answered. */
static void run(struct account *accounts)
{
    zero = cv_clock_pair();
    cv_reader_start(reader, zero);
    ck_assert_int_eq(write(gate[1], "g", 1), 1);
    uint64_t until = cv_mono_ns() + patience_ns;
    for (int answered = 0; answered < TASKS;) {
        struct pollfd p = {answers[0], POLLIN, 0};
        ck_assert_uint_lt(cv_mono_ns(), until);
        if (poll(&p, 1, 10) > 0) {
            struct { uint32_t task; struct account a; } said;
            ck_assert_int_eq(read(answers[0], &said, sizeof said), sizeof said);
            ck_assert_uint_lt(said.task, TASKS);
            accounts[said.task] = said.a;
            answered++;
        }
        source.ops->drain(source.self, reader, false);
        cv_reader_drain(reader, false, take, NULL);
    }
}

static void finish_run(void)
{
    source.ops->drain(source.self, reader, true);
    cv_reader_drain(reader, true, take, NULL);
}

static bool refused(const char *only)
{
    struct cv_topo *topo = cv_topo_guess();
    bool no = cv_source_open(&source, only, child, &shm, topo) != 0;
    cv_topo_free(topo);
    if (only && !no && strcmp(source.ops->name, only)) {
        printf("# skipped: %s\n", source.why.at);
        return true;
    }
    return no;
}

#define CK_NEAR(got, wanted)                                                                                                    \
    ck_assert_msg(labs((long)(got) - (long)(wanted)) <= 1, "task %d: %s is %ld, getrusage says %ld", task, #got, (long)(got),   \
                  (long)(wanted))

/* ── perf ───────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(perf_agrees_with_getrusage)
{
    if (refused("perf"))
        return;
    ck_assert_str_eq(source.why.at, "");
    struct account accounts[TASKS];
    run(accounts);
    finish_run();
    for (int task = 0; task < TASKS; task++) {
        const struct account *a = &accounts[task];
        long voluntary = 0, preempted = 0, in = 0;
        uint32_t tid = atomic_load(&cv_shm_row(&shm, (uint32_t)task)->tid);
        for (unsigned i = 0; i < nevents; i++) {
            const struct cv_event *e = &events[i];
            ck_assert_uint_ne(e->kind, CV_EV_LOST);
            if (e->task != (uint32_t)task || e->t + zero.ns < a->from || e->t + zero.ns > a->to)
                continue;
            ck_assert_uint_eq(e->a, tid);
            ck_assert(e->kind == CV_EV_SWITCH_OUT || e->kind == CV_EV_SWITCH_IN);
            voluntary += e->kind == CV_EV_SWITCH_OUT && !e->b;
            preempted += e->kind == CV_EV_SWITCH_OUT && e->b;
            in += e->kind == CV_EV_SWITCH_IN;
        }
        CK_NEAR(voluntary, a->voluntary);
        CK_NEAR(preempted, a->involuntary);
        CK_NEAR(in, voluntary + preempted);
        ck_assert_int_ge(voluntary, SLEEPS);
    }
}
END_TEST

/* A thread is on one core at most, and a core has one of our threads at most. */
START_TEST(perf_ins_and_outs_alternate)
{
    if (refused("perf"))
        return;
    struct account accounts[TASKS];
    run(accounts);
    finish_run();
    int on[TASKS];
    uint32_t who[1024];
    memset(who, 0xff, sizeof who);
    for (int task = 0; task < TASKS; task++)
        on[task] = -2; /* not known yet */
    for (unsigned i = 0; i < nevents; i++) {
        const struct cv_event *e = &events[i];
        ck_assert_uint_lt(e->task, TASKS);
        ck_assert_uint_lt(e->obj, CV_COUNT(who));
        if (e->kind == CV_EV_SWITCH_IN) {
            ck_assert_int_lt(on[e->task], 0);
            ck_assert_uint_eq(who[e->obj], UINT32_MAX);
            on[e->task] = e->obj;
            who[e->obj] = e->task;
        } else {
            ck_assert(on[e->task] == e->obj || on[e->task] == -2);
            on[e->task] = -1;
            who[e->obj] = UINT32_MAX;
        }
    }
}
END_TEST

/* Events that come before the thread has published its tid are not lost. */
START_TEST(perf_waits_for_the_tid)
{
    if (refused("perf"))
        return;
    struct account accounts[TASKS];
    uint64_t until = cv_mono_ns() + patience_ns;
    zero = cv_clock_pair();
    cv_reader_start(reader, zero);
    ck_assert_int_eq(write(gate[1], "g", 1), 1);
    for (int answered = 0; answered < TASKS; answered++) {
        struct pollfd p = {answers[0], POLLIN, 0};
        ck_assert_int_gt(poll(&p, 1, (int)(patience_ns / 1000000)), 0);
        struct { uint32_t task; struct account a; } said;
        ck_assert_int_eq(read(answers[0], &said, sizeof said), sizeof said);
        accounts[said.task] = said.a;
    }
    ck_assert_uint_lt(cv_mono_ns(), until);
    uint32_t tid = atomic_exchange(&cv_shm_row(&shm, 1)->tid, 0);
    source.ops->drain(source.self, reader, false);
    cv_reader_drain(reader, false, take, NULL);
    atomic_store(&cv_shm_row(&shm, 1)->tid, tid);
    finish_run();
    int task = 1;
    long voluntary = 0;
    for (unsigned i = 0; i < nevents; i++)
        voluntary += events[i].task == 1 && events[i].kind == CV_EV_SWITCH_OUT && !events[i].b && events[i].t + zero.ns >= accounts[1].from &&
                     events[i].t + zero.ns <= accounts[1].to;
    CK_NEAR(voluntary, accounts[1].voluntary);
}
END_TEST

/* ── usage ──────────────────────────────────────────────────────────────────────────────────────── */
static void sum_usage(long voluntary[TASKS], long involuntary[TASKS])
{
    memset(voluntary, 0, TASKS * sizeof *voluntary);
    memset(involuntary, 0, TASKS * sizeof *involuntary);
    for (unsigned i = 0; i < nevents; i++) {
        ck_assert_uint_eq(events[i].kind, CV_EV_USAGE);
        ck_assert_uint_lt(events[i].task, TASKS);
        ck_assert_uint_lt(events[i].b >> 32, 1u << 16);
        voluntary[events[i].task] += (long)(events[i].a >> 32);
        involuntary[events[i].task] += (long)(events[i].a & UINT32_MAX);
    }
}

/* The kernel's own two counts of a thread, as it stands. */
static struct account counted(uint32_t tid)
{
    char path[64], line[256];
    struct account a = {.voluntary = -1, .involuntary = -1};
    snprintf(path, sizeof path, "/proc/%u/status", tid);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
        sscanf(line, "voluntary_ctxt_switches: %ld", &a.voluntary);
        sscanf(line, "nonvoluntary_ctxt_switches: %ld", &a.involuntary);
    }
    fclose(f);
    ck_assert(a.voluntary >= 0 && a.involuntary >= 0);
    return a;
}

/* What was told of a thread's whole life lies between what the kernel counted just before the last look and just after it. */
START_TEST(usage_agrees_with_getrusage)
{
    ck_assert(!refused("usage"));
    struct account accounts[TASKS], before[TASKS], base = counted((uint32_t)child);
    uint32_t tid[TASKS];
    run(accounts);
    for (int task = 0; task < TASKS; task++) { /* everyone waits for the end */
        tid[task] = atomic_load(&cv_shm_row(&shm, (uint32_t)task)->tid);
        for (uint64_t until = cv_mono_ns() + patience_ns; state_of((pid_t)tid[task]) != 'S';) {
            ck_assert_uint_lt(cv_mono_ns(), until);
            sched_yield();
        }
        before[task] = counted(tid[task]);
    }
    finish_run();
    long voluntary[TASKS], involuntary[TASKS];
    sum_usage(voluntary, involuntary);
    for (int task = 0; task < TASKS; task++) {
        struct account after = counted(tid[task]), none = {0}, *from = task ? &none : &base; /* the first thread lived before the run */
        ck_assert_int_ge(voluntary[task], before[task].voluntary - from->voluntary);
        ck_assert_int_le(voluntary[task], after.voluntary - from->voluntary);
        ck_assert_int_ge(involuntary[task], before[task].involuntary - from->involuntary);
        ck_assert_int_le(involuntary[task], after.involuntary - from->involuntary);
        ck_assert_int_ge(voluntary[task], accounts[task].voluntary); /* and the work is part of it */
        ck_assert_int_ge(involuntary[task], accounts[task].involuntary);
    }
}
END_TEST

/* What a thread did before it ended, unseen, comes from its own account. */
START_TEST(usage_settles_with_the_row)
{
    ck_assert(!refused("usage"));
    struct account accounts[TASKS];
    run(accounts);
    close(finish[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    child = 0;
    finish[1] = -1;
    long voluntary[TASKS], involuntary[TASKS];
    for (uint32_t task = 0; task < TASKS; task++) {
        atomic_store(&cv_shm_row(&shm, task)->voluntary, 100000 + task);
        atomic_store(&cv_shm_row(&shm, task)->involuntary, 200000 + task);
    }
    source.ops->drain(source.self, reader, false);
    finish_run();
    sum_usage(voluntary, involuntary);
    for (uint32_t task = 0; task < TASKS; task++) {
        ck_assert_int_eq(voluntary[task], 100000 + task);
        ck_assert_int_eq(involuntary[task], 200000 + task);
    }
}
END_TEST

START_TEST(the_best_there_is)
{
    ck_assert(!refused(NULL));
    if (strcmp(source.ops->name, "perf")) {
        ck_assert_ptr_nonnull(strstr(source.why.at, "perf: perf_event_open: "));
        return; /* the next one's tests follow */
    }
    ck_assert_str_eq(source.why.at, "");
    struct account accounts[TASKS];
    run(accounts);
    finish_run();
    ck_assert_uint_gt(nevents, TASKS);
}
END_TEST

/* What a container or a strict kernel does: perf is refused, the next tier says so and works. */
START_TEST(refusal_is_named)
{
    static const struct { int error; const char *word; } refusals[] = {
        {EACCES, "Permission denied (perf_event_paranoid is "}, {EPERM, "Operation not permitted (perf_event_paranoid is "},
        {ENOSYS, "Function not implemented (the kernel has no perf events"}};
    const typeof(refusals[0]) *refusal = &refusals[_i];
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)refusal->error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {CV_COUNT(filter), filter};
    if (getenv("CK_FORK") || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        puts("# skipped: no filter can be set here");
        return;
    }
    ck_assert(!refused(NULL));
    ck_assert_str_ne(source.ops->name, "perf");
    ck_assert_ptr_nonnull(strstr(source.why.at, "perf: perf_event_open: "));
    ck_assert_ptr_nonnull(strstr(source.why.at, refusal->word));
    ck_assert_int_eq(source.tried[0].state, CV_SOURCE_REFUSED);
    ck_assert_str_eq(source.ops->name, source.tried[1].state == CV_SOURCE_OPEN ? "rseq" : "usage");
    cv_source_close(&source);
    ck_assert(!refused("usage"));
    ck_assert_str_eq(source.why.at, ""); /* it was asked for */
    ck_assert_str_eq(source.tried[0].why.at, "not tried: usage was asked for");
    struct account accounts[TASKS];
    run(accounts);
    finish_run();
    ck_assert_uint_gt(nevents, 0);
}
END_TEST

/* A process that is not there any more: perf is refused in words, usage opens and has nothing to say. */
START_TEST(nobody_there)
{
    kill(child, SIGKILL); /* behind the gate still: it has begun nothing */
    waitpid(child, NULL, 0);
    pid_t gone = child;
    child = 0;
    ck_assert_int_eq(cv_source_open(&source, "perf", gone, &shm, NULL), 0);
    ck_assert_str_ne(source.ops->name, "perf");
    ck_assert_ptr_nonnull(strstr(source.why.at, "perf: "));
    cv_source_close(&source);
    ck_assert_int_eq(cv_source_open(&source, "usage", gone, &shm, NULL), 0);
    ck_assert_str_eq(source.ops->name, "usage");
    cv_reader_start(reader, cv_clock_pair());
    finish_run();
    ck_assert_uint_eq(nevents, 0);
}
END_TEST

/* ── rseq ───────────────────────────────────────────────────────────────────────────────────────── */
/* It opens where its own test passes, and asks for the look; once the run has begun it is too late; else the next one is there. */
START_TEST(rseq_is_tested_first)
{
    ck_assert_int_eq(cv_source_open(&source, "rseq", child, &shm, NULL), 0);
    bool open = !strcmp(source.ops->name, "rseq");
    ck_assert_uint_eq(atomic_load(&shm.head->watch), open);
    ck_assert(open || strstr(source.why.at, "rseq: "));
    printf("# rseq: %s\n", open ? "open" : source.why.at);
    cv_source_close(&source);
    atomic_store(&shm.head->watch, 0);
    atomic_store(&shm.head->gate, 1);
    ck_assert_int_eq(cv_source_open(&source, "rseq", child, &shm, NULL), 0);
    ck_assert_str_eq(source.ops->name, "usage");
    ck_assert_ptr_nonnull(strstr(source.why.at, "rseq: the run has begun"));
    ck_assert_uint_eq(atomic_load(&shm.head->watch), 0);
}
END_TEST

/* ── cores ──────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(cores_are_sampled)
{
    struct cv_cores *c = cv_cores_open();
    ck_assert_ptr_nonnull(c);
    struct cv_topo *topo = cv_topo_guess();
    cv_reader_start(reader, cv_clock_pair());
    cv_cores_sample(c, reader); /* too soon after the base line: unless we were held up, nothing */
    uint64_t began = cv_mono_ns(), until = began + patience_ns;
    while (nevents < topo->ncores && cv_mono_ns() < until) {
        poll(NULL, 0, 10);
        cv_cores_sample(c, reader);
        cv_reader_drain(reader, false, take, NULL);
    }
    ck_assert_uint_ge(nevents, topo->ncores);
    for (unsigned i = 0; i < nevents; i++) {
        ck_assert_uint_eq(events[i].kind, CV_EV_CORE);
        ck_assert_uint_le(events[i].a >> 32, 1000);
        ck_assert_uint_ge(events[i].a & UINT32_MAX, 50000);
        ck_assert_uint_eq(events[i].b, 1);
        bool known = false;
        for (uint32_t k = 0; k < topo->ncores; k++)
            known |= topo->cores[k].os == events[i].obj;
        ck_assert(known);
    }
    cv_topo_free(topo);
    cv_cores_close(c);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("source_kernel");
    TCase *c = tcase_create("kernel");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, perf_agrees_with_getrusage);
    tcase_add_test(c, perf_ins_and_outs_alternate);
    tcase_add_test(c, perf_waits_for_the_tid);
    tcase_add_test(c, usage_agrees_with_getrusage);
    tcase_add_test(c, usage_settles_with_the_row);
    tcase_add_test(c, the_best_there_is);
    tcase_add_loop_test(c, refusal_is_named, 0, 3);
    tcase_add_test(c, nobody_there);
    tcase_add_test(c, rseq_is_tested_first);
    tcase_add_test(c, cores_are_sampled);
    suite_add_tcase(s, c);
    return s;
}
