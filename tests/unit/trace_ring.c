/* Rings and the reader: what goes in comes out, in order; what does not fit is counted exactly, whoever dies when; and what
 * was not written by a producer of ours does no harm. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convis/trace.h"
#include "suite.h"

static struct cv_shm shm;
static struct cv_reader *reader;
static struct cv_clock_pair zero;
static CV_VEC(struct cv_event) got;

static void take(void *to, const struct cv_event *e)
{
    ck_assert_ptr_eq(to, &got);
    if (got.n)
        ck_assert_uint_ge(e->t, got.at[got.n - 1].t);
    CV_PUSH(&got, *e);
}

static void drain(bool last)
{
    cv_reader_drain(reader, last, take, &got);
}

static void begin(uint32_t max_rings, uint32_t ring_records, bool virtual_time)
{
    struct cv_shm_plan plan = {.max_tasks = 1000, .max_rings = max_rings, .ring_records = ring_records, .string_bytes = 4096};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    atomic_store(&shm.head->virtual_time, virtual_time);
    reader = cv_reader_new(&shm);
    zero = cv_clock_pair();
    cv_reader_start(reader, zero);
}

static void end(void)
{
    cv_reader_free(reader);
    cv_shm_release(&shm);
    free(got.at);
    memset(&got, 0, sizeof got);
}

static struct cv_ring claimed(void)
{
    struct cv_ring ring;
    ck_assert(cv_ring_claim(&shm, &ring));
    return ring;
}

static struct cv_ring_head *head_of(uint32_t n)
{
    return (struct cv_ring_head *)(void *)((char *)shm.head + shm.head->rings_at + n * shm.head->ring_stride);
}

/* After the last drain: nothing is missing from the sum, and the LOST events told all that the producers lost. */
static void accounts(uint64_t told_elsewhere)
{
    struct cv_record_counts c = cv_reader_counts(reader);
    uint64_t issued = 0, lost = 0, told = 0;
    for (uint32_t i = 0; i <= shm.head->plan.max_rings; i++) {
        issued += head_of(i)->head + head_of(i)->lost;
        lost += head_of(i)->lost;
    }
    for (size_t i = 0; i < got.n; i++)
        told += got.at[i].kind == CV_EV_LOST ? got.at[i].a : 0;
    ck_assert_uint_eq(issued, c.recorded + c.overwritten + c.lost);
    ck_assert_uint_eq(issued, c.issued);
    ck_assert_uint_eq(cv_records_unaccounted(&c), 0);
    ck_assert_uint_eq(told + told_elsewhere, lost);
}

/* A ring whose stamps the test chooses, in ns since the gate opened. */
static _Atomic uint64_t chosen;
static void at(uint64_t t)
{
    atomic_store(&chosen, zero.ns + t);
}

static void begin_chosen(uint32_t rings)
{
    cv_clock_tsc = false;
    begin(rings, 64, false);
    zero.ns = zero.ticks = cv_mono_ns() - 10000000000u; /* all stamps of the test lie in the past */
    cv_reader_start(reader, zero);
}

START_TEST(every_field_comes_back)
{
    begin(1, 64, true);
    struct cv_ring ring = claimed();
    atomic_store(&shm.head->virtual_now, 7);
    cv_emit0(&ring, CV_EV_RUN, 0, CV_NO_TASK, 65535, 65535);
    atomic_store(&shm.head->virtual_now, (uint64_t)1 << 60);
    cv_emit1(&ring, CV_EV_WAIT, 15, 999, 1, 2, UINT64_MAX, 1);
    cv_emit2(&ring, CV_EV_READ, CV_F_SPIN, 0, 0, 0, 1, 2, 3, UINT64_MAX);
    cv_emit3(&ring, CV_EV_WRITE, CV_F_ATOMIC | CV_F_APPEND, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    drain(false); /* a single ring in virtual time has nothing to wait for */
    static const struct cv_event want[] = {
        {.t = 7, .kind = CV_EV_RUN, .task = CV_NO_TASK, .line = 65535, .obj = 65535},
        {.t = (uint64_t)1 << 60, .kind = CV_EV_WAIT, .flags = 15, .task = 999, .line = 1, .obj = 2, .a = UINT64_MAX, .b = 1},
        {.t = (uint64_t)1 << 60, .kind = CV_EV_READ, .flags = CV_F_SPIN, .a = 1, .b = 2, .c = 3, .d = UINT64_MAX},
        {.t = (uint64_t)1 << 60,
         .kind = CV_EV_WRITE,
         .flags = CV_F_ATOMIC | CV_F_APPEND,
         .task = 5,
         .line = 6,
         .obj = 7,
         .a = 8,
         .b = 9,
         .c = 10,
         .d = 11,
         .e = 12,
         .f = 13}};
    ck_assert_uint_eq(got.n, CV_COUNT(want));
    for (size_t i = 0; i < got.n; i++) {
        const struct cv_event *g = &got.at[i], *w = &want[i];
        ck_assert(g->t == w->t && g->kind == w->kind && g->flags == w->flags && g->task == w->task && g->line == w->line &&
                  g->obj == w->obj);
        ck_assert(g->a == w->a && g->b == w->b && g->c == w->c && g->d == w->d && g->e == w->e && g->f == w->f);
    }
    ck_assert_uint_eq(head_of(0)->head, 1 + 2 + 3 + 4);
    drain(true);
    accounts(0);
    end();
}
END_TEST

/* Events of all sizes into a ring of 16 with drains now and then: each carries its number and the records issued before it,
 * so that every gap is known, and a LOST event of just that size stands in it. */
START_TEST(wrap_and_loss_add_up)
{
    begin(1, 16, false);
    struct cv_ring ring = claimed();
    uint64_t seed = 42, sent = 0;
    for (int i = 0; i < 100000; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        switch (seed >> 40 & 3) {
        case 0:
            cv_emit1(&ring, CV_EV_MARK, 0, 1, 0, 0, 0, sent), sent += 2;
            break;
        case 1:
            cv_emit2(&ring, CV_EV_READ, 0, 1, 0, 0, 0, sent, 0, 0), sent += 3;
            break;
        default:
            cv_emit3(&ring, CV_EV_WRITE, 0, 1, 0, 0, 0, sent, 0, 0, 0, 0), sent += 4;
        }
        if ((seed >> 50) % 5 == 0)
            drain(false);
    }
    drain(true);
    accounts(0);
    uint64_t expected = 0, losses = 0;
    for (size_t i = 0; i < got.n; i++) {
        const struct cv_event *e = &got.at[i];
        if (e->kind == CV_EV_LOST) {
            ck_assert_uint_gt(e->a, 0);
            expected += e->a;
            losses++;
            continue;
        }
        ck_assert_uint_eq(e->b, expected);
        expected += cv_event_info[e->kind].conts + 1;
    }
    ck_assert_uint_eq(expected, sent);
    ck_assert_uint_gt(losses, 100);
    end();
}
END_TEST

START_TEST(losses_that_nothing_follows_are_told_at_the_end)
{
    begin(1, 16, false);
    struct cv_ring ring = claimed();
    for (int i = 0; i < 20; i++)
        cv_emit0(&ring, CV_EV_RUN, 0, 1, 0, 0);
    drain(false);
    drain(false);
    ck_assert_uint_eq(got.n, 16);
    ck_assert_uint_eq(cv_reader_counts(reader).lost, 4);
    drain(true);
    ck_assert_uint_eq(got.n, 17);
    ck_assert_uint_eq(got.at[16].kind, CV_EV_LOST);
    ck_assert_uint_eq(got.at[16].a, 4);
    ck_assert_uint_eq(got.at[16].task, CV_NO_TASK);
    accounts(0);
    drain(true); /* once */
    ck_assert_uint_eq(got.n, 17);
    end();
}
END_TEST

START_TEST(without_a_ring_all_is_lost_and_said)
{
    begin(1, 16, false);
    struct cv_ring none = {0}, first = claimed(), second;
    ck_assert(!cv_ring_claim(&shm, &second));
    cv_emit0(&none, CV_EV_RUN, 0, 1, 0, 0); /* recording is off: not even counted */
    ck_assert(none.head == 0 && none.lost == 0);
    cv_emit0(&first, CV_EV_RUN, 0, 1, 0, 0);
    cv_emit1(&second, CV_EV_MARK, 0, 1, 0, 0, 0, 0);
    cv_emit3(&second, CV_EV_WRITE, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    drain(false);
    cv_emit0(&second, CV_EV_RUN, 0, 1, 0, 0);
    drain(true);
    accounts(0);
    ck_assert_uint_eq(cv_reader_counts(reader).lost, 7);
    ck_assert_uint_eq(cv_reader_counts(reader).recorded, 1);
    end();
}
END_TEST

START_TEST(merged_by_time)
{
    begin_chosen(3);
    struct cv_ring rings[3];
    for (int i = 0; i < 3; i++) {
        rings[i] = claimed();
        rings[i].virtual_now = &chosen;
    }
    static const struct {
        int ring;
        uint64_t t;
    } script[] = {{0, 10}, {0, 20}, {0, 70}, {1, 5}, {1, 20}, {1, 30}, {2, 1}, {2, 65}, {2, 71}};
    for (size_t i = 0; i < CV_COUNT(script); i++) {
        at(script[i].t);
        cv_emit0(&rings[script[i].ring], CV_EV_RUN, 0, (uint32_t)script[i].ring, 0, 0);
    }
    static const uint64_t outside[] = {66, 2, 50, 40, 50, 72, 20}; /* runs of several cores, one after the other */
    for (size_t i = 0; i < CV_COUNT(outside); i++)
        cv_reader_push(reader, &(struct cv_event){.t = zero.ns + outside[i], .kind = CV_EV_SWITCH_IN, .task = 9, .a = i});
    drain(false);
    ck_assert_uint_eq(got.n, 0); /* not settled before the drain after */
    drain(false);
    static const struct {
        uint64_t t;
        uint32_t task;
    } want[] = {{1, 2},  {2, 9},  {5, 1},  {10, 0}, {20, 0}, {20, 1}, {20, 9}, {30, 1},
                {40, 9}, {50, 9}, {50, 9}, {65, 2}, {66, 9}, {70, 0}, {71, 2}, {72, 9}};
    ck_assert_uint_eq(got.n, CV_COUNT(want));
    for (size_t i = 0; i < got.n; i++) {
        ck_assert_uint_eq(got.at[i].t, want[i].t);
        ck_assert_uint_eq(got.at[i].task, want[i].task);
    }
    ck_assert_uint_lt(got.at[9].a, got.at[10].a); /* stable */
    /* what comes late is not before what is out */
    at(60);
    cv_emit0(&rings[1], CV_EV_RUN, 0, 1, 0, 0);
    at(80);
    cv_emit0(&rings[0], CV_EV_RUN, 0, 0, 0, 0);
    drain(true);
    ck_assert_uint_eq(got.n, CV_COUNT(want) + 2);
    ck_assert_uint_eq(got.at[got.n - 2].t, 72);
    ck_assert_uint_eq(got.at[got.n - 2].task, 1);
    ck_assert_uint_eq(got.at[got.n - 1].t, 80);
    accounts(0);
    end();
}
END_TEST

static void push_one_more(void *to, const struct cv_event *e)
{
    take(to, e);
    if (e->kind == CV_EV_MARK && e->a < 100)
        cv_reader_push(reader,
                       &(struct cv_event){.t = zero.ns + e->t + 5, .kind = CV_EV_MARK, .task = CV_NO_TASK, .a = e->a + 1});
}

START_TEST(a_consumer_may_push)
{
    begin_chosen(1);
    struct cv_ring ring = claimed();
    ring.virtual_now = &chosen;
    at(1000);
    cv_emit1(&ring, CV_EV_MARK, 0, 1, 0, 0, 0, 0);
    cv_reader_drain(reader, true, push_one_more, &got);
    ck_assert_uint_eq(got.n, 101);
    ck_assert_uint_eq(got.at[100].a, 100);
    ck_assert_uint_eq(got.at[100].t, 1500);
    end();
}
END_TEST

START_TEST(large_batches_from_outside_are_sorted)
{
    begin_chosen(1);
    uint64_t seed = 7;
    for (uint64_t i = 0; i < 100001; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        cv_reader_push(reader, &(struct cv_event){.t = zero.ns + (seed >> 32) % 1000, .kind = CV_EV_SWITCH_IN, .a = i});
    }
    drain(true); /* take() holds the order */
    ck_assert_uint_eq(got.n, 100001);
    for (size_t i = 1; i < got.n; i++)
        ck_assert(got.at[i].t > got.at[i - 1].t || got.at[i].a > got.at[i - 1].a);
    end();
}
END_TEST

START_TEST(stamps_become_the_kernels_time)
{
    cv_clock_init();
    begin(1, 64, false);
    struct cv_ring ring = claimed();
    uint64_t before[40], after[40];
    for (int i = 0; i < 40; i++) {
        uint64_t until = cv_mono_ns() + 2000000; /* spread over drains of their own */
        before[i] = cv_mono_ns();
        cv_emit1(&ring, CV_EV_MARK, 0, 1, 0, 0, (uint64_t)i, 0);
        after[i] = cv_mono_ns();
        while (cv_mono_ns() < until)
            sched_yield();
        if (i % 3 == 0)
            drain(false);
    }
    uint64_t earlier = cv_reader_now(reader), ticks = cv_ticks(), later = cv_reader_now(reader);
    drain(true);
    ck_assert_uint_eq(got.n, 40);
    for (size_t i = 0; i < got.n; i++) {
        ck_assert_uint_ge(got.at[i].t + zero.ns + 20000, before[i]);
        ck_assert_uint_le(got.at[i].t + zero.ns, after[i] + 20000);
    }
    ck_assert_uint_ge(cv_reader_ns(reader, ticks) + 20000, earlier);
    ck_assert_uint_le(cv_reader_ns(reader, ticks), later + 20000);
    ck_assert_uint_le(cv_reader_ns(reader, zero.ticks), 1000);
    ck_assert_uint_eq(cv_reader_ns(reader, zero.ticks - 1000000), 0);
    end();
}
END_TEST

enum { PRODUCERS = 3, EACH = 60000 };

static void produce(uint32_t number, uint64_t count)
{
    struct cv_ring ring;
    if (!cv_ring_claim(&shm, &ring))
        _exit(9);
    for (uint64_t i = 0; i < count; i++)
        cv_emit1(&ring, CV_EV_MARK, 0, number, 0, 0, i, 0);
}

START_TEST(forked_producers)
{
    begin(PRODUCERS, 1024, false);
    pid_t pids[PRODUCERS];
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            produce(i, EACH);
            _exit(0);
        }
    }
    for (int left = PRODUCERS, status; left;) {
        drain(false);
        while (left && waitpid(-1, &status, WNOHANG) > 0) {
            ck_assert_int_eq(status, 0);
            left--;
        }
    }
    drain(true);
    accounts(0);
    uint64_t next[PRODUCERS] = {0}, marks = 0, lost = 0;
    for (size_t i = 0; i < got.n; i++) {
        const struct cv_event *e = &got.at[i];
        if (e->kind == CV_EV_LOST) {
            lost += e->a;
            continue;
        }
        ck_assert_uint_ge(e->a, next[e->task]);
        next[e->task] = e->a + 1;
        marks++;
    }
    ck_assert_uint_eq(marks * 2 + lost, (uint64_t)PRODUCERS * EACH * 2);
    end();
}
END_TEST

/* A bare yield and who goes on behind it: two records of one instant, the first handed out as the wait that it is. */
START_TEST(a_turn_is_a_wait)
{
    begin(1, 64, false);
    struct cv_ring r;
    ck_assert(cv_ring_claim(&shm, &r));
    cv_emit0(&r, CV_EV_RUN, 0, 1, 5, 0); /* the first takes the long way */
    uint64_t stamp = cv_emit0_at(&r, 0, CV_EV_TURN, 1, 7, 0);
    cv_emit0_at(&r, stamp, CV_EV_RUN, 2, 8, 3);
    drain(true);
    ck_assert_uint_eq(got.n, 3);
    const struct cv_event *wait = &got.at[1], *run = &got.at[2];
    ck_assert(wait->kind == CV_EV_WAIT && wait->obj == CV_AWAIT + CV_REASON_TURN && wait->task == 1 && wait->line == 7 && wait->a == 0);
    ck_assert(run->kind == CV_EV_RUN && run->task == 2 && run->line == 8 && run->obj == 3);
    ck_assert(!cv_clock_tsc || (stamp && wait->t == run->t));
    end();
}
END_TEST

START_TEST(a_full_ring_takes_no_turn)
{
    begin(1, 16, false);
    struct cv_ring r;
    ck_assert(cv_ring_claim(&shm, &r));
    for (int i = 0; i < 40; i++)
        ck_assert((cv_emit0_at(&r, 0, CV_EV_TURN, 1, 7, 0) != 0) <= (i < 16));
    drain(true);
    accounts(0);
    end();
}
END_TEST

START_TEST(killed_producers)
{
    begin(20, 64, false);
    for (uint32_t i = 0; i < 20; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            produce(i, UINT64_MAX);
        while (atomic_load(&shm.head->nrings) < i + 1 || atomic_load(&head_of(i)->head) + atomic_load(&head_of(i)->lost) < 5000)
            drain(false);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    drain(true);
    struct cv_record_counts c = cv_reader_counts(reader);
    uint64_t issued = 0;
    for (uint32_t i = 0; i < 20; i++)
        issued += head_of(i)->head + head_of(i)->lost;
    ck_assert_uint_eq(c.recorded + c.overwritten + c.lost, issued);
    end();
}
END_TEST

static void *produce_virtually(void *arg)
{
    struct cv_ring ring = claimed();
    for (uint64_t i = 0; i < 20000; i++) {
        atomic_store(&shm.head->virtual_now, i);
        cv_emit3(&ring, CV_EV_WRITE, 0, 1, 0, 0, i, 0, 0, 0, 0, 0);
    }
    atomic_store((_Atomic bool *)arg, true);
    return NULL;
}

START_TEST(virtual_time_waits_for_room)
{
    begin(1, 16, true);
    static _Atomic bool done;
    pthread_t thread;
    pthread_create(&thread, NULL, produce_virtually, &done);
    while (!atomic_load(&done))
        drain(false);
    pthread_join(thread, NULL);
    drain(true);
    ck_assert_uint_eq(got.n, 20000);
    for (size_t i = 0; i < got.n; i++)
        ck_assert(got.at[i].a == i && got.at[i].t == i);
    ck_assert_uint_eq(cv_reader_counts(reader).lost, 0);
    accounts(0);
    end();
}
END_TEST

START_TEST(nobody_waits_for_room_after_the_stop)
{
    begin(1, 16, true);
    static _Atomic bool done;
    pthread_t thread;
    pthread_create(&thread, NULL, produce_virtually, &done);
    while (atomic_load(&shm.head->virtual_now) < 4) /* the fifth finds it full, and nobody drains */
        sched_yield();
    ck_assert(!atomic_load(&done));
    atomic_store(&shm.head->stop, 1);
    pthread_join(thread, NULL);
    drain(true);
    ck_assert_uint_eq(got.n, 5);
    accounts(0);
    end();
}
END_TEST

static struct cv_record record(unsigned kind, unsigned conts, uint32_t task)
{
    return (struct cv_record){cv_ticks(), (uint64_t)kind << 58 | (uint64_t)conts << 56 | (uint64_t)task << 32};
}

START_TEST(malformed_records_count_as_lost)
{
    begin(1, 16, false);
    struct cv_ring ring = claimed();
    const struct cv_record bad[] = {record(CV_EV_NONE, 0, 1), record(CV_EV_COUNT, 0, 1), record(63, 3, 1),
                                    record(CV_EV_RUN, 1, 1),  record(CV_EV_MARK, 0, 1),  record(CV_EV_RUN, 0, 1000)};
    memcpy(ring.records, bad, sizeof bad);
    ring.records[CV_COUNT(bad)] = record(CV_EV_RUN, 0, 7);
    ring.records[CV_COUNT(bad) + 1] = record(CV_EV_WRITE, 3, 7); /* its continuations are not there */
    atomic_store(&ring.shared->head, CV_COUNT(bad) + 2);
    drain(false);
    drain(true);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(got.at[0].task, 7);
    ck_assert_uint_eq(cv_reader_counts(reader).lost, CV_COUNT(bad) + 1);
    end();
}
END_TEST

START_TEST(any_bytes_do_no_harm)
{
    begin(2, 64, false);
    struct cv_ring rings[2] = {claimed(), claimed()};
    uint64_t seed = 99;
    for (int round = 0; round < 3000; round++) {
        struct cv_ring *ring = &rings[round & 1];
        for (int i = 0; i < 64; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            ring->records[i] = (struct cv_record){seed * 3, seed};
            unsigned kind = seed % CV_EV_COUNT;
            if (seed >> 60 < 8) /* nearly right */
                ring->records[i].w1 =
                    (uint64_t)kind << 58 | (uint64_t)cv_event_info[kind].conts << 56 | (seed & 0x000003ffffffffff);
        }
        uint64_t head = atomic_load(&ring->shared->head);
        atomic_store(&ring->shared->head, round % 7 ? head + seed % 64 : seed);
        atomic_store(&ring->shared->tail, seed >> 3);
        atomic_store(&shm.head->nrings, round % 5 ? 2 : UINT32_MAX);
        drain(false);
    }
    drain(true);
    ck_assert_uint_gt(got.n, 1000);
    uint64_t now = cv_reader_now(reader);
    for (size_t i = 0; i < got.n; i++) {
        ck_assert(got.at[i].kind > CV_EV_NONE && got.at[i].kind < CV_EV_COUNT);
        ck_assert(got.at[i].task < 1000 || got.at[i].task == CV_NO_TASK);
        ck_assert_uint_le(got.at[i].t, now); /* stamps from the future would wait in memory for ever */
    }
    end();
}
END_TEST

START_TEST(stamps_from_the_future_are_settled_too)
{
    begin(1, 64, false);
    struct cv_ring ring = claimed();
    ring.records[0] = record(CV_EV_RUN, 0, 1);
    ring.records[0].w0 = UINT64_MAX / 2;
    atomic_store(&ring.shared->head, 1);
    drain(false);
    drain(false);
    drain(false);
    ck_assert_uint_eq(got.n, 1);
    end();
}
END_TEST

START_TEST(tables_have_no_holes)
{
    for (int i = 0; i < CV_EV_COUNT; i++)
        ck_assert(cv_event_info[i].name && cv_event_info[i].doc && cv_event_info[i].conts <= 3);
    for (int i = 0; i < CV_CAUSE_COUNT; i++)
        ck_assert_ptr_nonnull(cv_cause_name[i]);
    for (int i = 0; i < CV_REASON_COUNT; i++) {
        ck_assert_ptr_nonnull(strstr(cv_cause_name[CV_AWAIT + i], cv_reason_name[i]));
        ck_assert_ptr_nonnull(strstr(cv_cause_name[CV_BLOCK + i], cv_reason_name[i]));
    }
    for (int i = 0; i < CV_FINDING_COUNT; i++)
        ck_assert(cv_finding_info[i].name && cv_finding_info[i].definition);
    uint64_t meta = cv_meta(CV_TAG_TASK, CV_NO_TASK, 0xffffffffffu);
    ck_assert(cv_meta_tag(meta) == CV_TAG_TASK && cv_meta_writer(meta) == CV_NO_TASK && cv_meta_version(meta) == 0xffffffffffu);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("trace ring");
    TCase *t = tcase_create("ring");
    tcase_add_checked_fixture(t, cv_clock_init, NULL);
    tcase_add_test(t, every_field_comes_back);
    tcase_add_test(t, wrap_and_loss_add_up);
    tcase_add_test(t, losses_that_nothing_follows_are_told_at_the_end);
    tcase_add_test(t, without_a_ring_all_is_lost_and_said);
    tcase_add_test(t, forked_producers);
    tcase_add_test(t, killed_producers);
    tcase_add_test(t, a_turn_is_a_wait);
    tcase_add_test(t, a_full_ring_takes_no_turn);
    tcase_add_test(t, virtual_time_waits_for_room);
    tcase_add_test(t, nobody_waits_for_room_after_the_stop);
    suite_add_tcase(s, t);
    t = tcase_create("reader");
    tcase_add_checked_fixture(t, cv_clock_init, NULL);
    tcase_add_test(t, merged_by_time);
    tcase_add_test(t, a_consumer_may_push);
    tcase_add_test(t, large_batches_from_outside_are_sorted);
    tcase_add_test(t, stamps_become_the_kernels_time);
    tcase_add_test(t, malformed_records_count_as_lost);
    tcase_add_test(t, any_bytes_do_no_harm);
    tcase_add_test(t, stamps_from_the_future_are_settled_too);
    tcase_add_test(t, tables_have_no_holes);
    suite_add_tcase(s, t);
    return s;
}
