/* What the source room reads, byte by byte: perf records wherever they wrap, damaged ones too; the files of /proc; the index
 * from tid to task; the registry. Nothing here needs the kernel's leave. */
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "convis/source.h"
#include "source/perf_ring.h"
#include "source/procstat.h"
#include "source/threadfile.h"
#include "source/tids.h"
#include "suite.h"

enum { SIZE = 256 };
static unsigned char ring[SIZE];
static uint64_t head;
static struct perf_switch got[64];
static unsigned ngot;
static uint64_t lost, lost_at;

static void on_switch(void *to, const struct perf_switch *s)
{
    ck_assert_ptr_eq(to, got);
    ck_assert_uint_lt(ngot, 64);
    got[ngot++] = *s;
}

static void on_lost(void *to, uint64_t t, uint64_t records)
{
    (void)to;
    lost += records;
    lost_at = t;
}

static const struct perf_taken taken = {on_switch, on_lost, got};

static void setup(void)
{
    ngot = 0;
    lost = lost_at = 0;
    memset(ring, 0xee, sizeof ring);
}

static void put(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ring[head++ & (SIZE - 1)] = ((const unsigned char *)bytes)[i];
}

struct tail { uint32_t pid, tid; uint64_t t; uint32_t cpu, reserved; };

static void put_switch(uint32_t type, uint16_t misc, uint32_t tid, uint64_t t, uint32_t cpu)
{
    struct tail tail = {77, tid, t, cpu, 0};
    uint32_t other[2] = {1, 1};
    bool wide = type == PERF_RECORD_SWITCH_CPU_WIDE;
    struct perf_event_header h = {type, misc, (uint16_t)(sizeof h + sizeof tail + (wide ? sizeof other : 0))};
    put(&h, sizeof h);
    if (wide)
        put(other, sizeof other);
    put(&tail, sizeof tail);
}

START_TEST(at_every_offset)
{
    for (unsigned offset = 0; offset < 2 * SIZE; offset += 8) {
        setup();
        head = offset;
        put_switch(PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT, 5, 1000, 1);
        put_switch(PERF_RECORD_SWITCH_CPU_WIDE, PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, 6, 2000, 255);
        put_switch(PERF_RECORD_SWITCH, 0, 7, UINT64_MAX - 1, 3);
        ck_assert_uint_eq(source_perf_take(ring, SIZE, offset, head, &taken), head);
        ck_assert_uint_eq(ngot, 3);
        ck_assert(got[0].tid == 5 && got[0].t == 1000 && got[0].cpu == 1 && !got[0].in && !got[0].preempted);
        ck_assert(got[1].tid == 6 && got[1].t == 2000 && got[1].cpu == 255 && !got[1].in && got[1].preempted);
        ck_assert(got[2].tid == 7 && got[2].t == UINT64_MAX - 1 && got[2].cpu == 3 && got[2].in && !got[2].preempted);
        ck_assert_uint_eq(lost, 0);
    }
}
END_TEST

START_TEST(lost_and_others)
{
    struct { struct perf_event_header h; uint64_t id, n; struct tail tail; } l = {{PERF_RECORD_LOST, 0, sizeof l}, 9, 1234, {1, 1, 5000, 0, 0}};
    struct { struct perf_event_header h; uint64_t aux[3]; struct tail tail; } a = {{PERF_RECORD_ITRACE_START, 0, sizeof a}, {0}, {1, 1, 1, 0, 0}};
    head = 240;
    put(&a, sizeof a);
    put(&l, sizeof l);
    put_switch(PERF_RECORD_SWITCH, 0, 8, 6000, 0);
    source_perf_take(ring, SIZE, 240, head, &taken);
    ck_assert_uint_eq(lost, 1234);
    ck_assert_uint_eq(lost_at, 5000);
    ck_assert_uint_eq(ngot, 1);
}
END_TEST

START_TEST(damage)
{
    static const uint16_t sizes[] = {0, 7, 12, 33, 65535, 248};
    for (size_t i = 0; i < CV_COUNT(sizes); i++) {
        setup();
        head = 16;
        put_switch(PERF_RECORD_SWITCH, 0, 8, 1, 0);
        struct perf_event_header h = {PERF_RECORD_SWITCH, 0, sizes[i]};
        put(&h, sizeof h);
        put_switch(PERF_RECORD_SWITCH, 0, 9, 2, 0);
        ck_assert_uint_eq(source_perf_take(ring, SIZE, 16, head, &taken), head); /* goes on behind it all */
        ck_assert_uint_eq(ngot, 1);
        ck_assert_uint_eq(lost, 1);
    }
    setup();
    ck_assert_uint_eq(source_perf_take(ring, SIZE, 0, SIZE + 8, &taken), SIZE + 8);
    ck_assert_uint_eq(lost, 1);
    setup();
    struct perf_event_header tiny = {PERF_RECORD_SWITCH, 0, sizeof tiny}; /* too short for a tail: nothing to say */
    head = 0;
    put(&tiny, sizeof tiny);
    source_perf_take(ring, SIZE, 0, head, &taken);
    ck_assert_uint_eq(ngot, 0);
}
END_TEST

/* Random bytes: ends, and stays inside (the sanitizer says). */
START_TEST(noise)
{
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        setup();
        for (size_t i = 0; i < sizeof ring; i++)
            ring[i] = (unsigned char)(rand_r(&seed) >> (round % 8) & (i % 8 == 7 ? 0 : i % 8 == 6 ? 63 : 255));
        uint64_t tail = (uint64_t)rand_r(&seed) & ~7u, end = tail + (uint64_t)(rand_r(&seed) % (SIZE + 1));
        ck_assert_uint_eq(source_perf_take(ring, SIZE, tail, end, &taken), end);
    }
}
END_TEST

START_TEST(proc_files)
{
    uint64_t a = 1, b = 2;
    uint32_t core = 99;
    ck_assert(source_parse_schedstat("1000 2000 3\n", &a, &b));
    ck_assert(a == 2000 && b == 3);
    ck_assert(!source_parse_schedstat("1000", &a, &b));
    ck_assert(source_parse_status("Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t34\n", &a, &b));
    ck_assert(a == 12 && b == 34);
    ck_assert(!source_parse_status("Name:\tvoluntary_ctxt_switches:\t12\n", &a, &b));
    ck_assert(!source_parse_status("\nvoluntary_ctxt_switches:\t12\n", &a, &b));
    ck_assert(a == 12 && b == 34);
    char stat[512] = "42 (a) R 1 ) 7) S";
    for (int field = 4; field <= 52; field++)
        snprintf(stat + strlen(stat), sizeof stat - strlen(stat), " %d", field == 39 ? 3 : 1000 + field);
    ck_assert(source_parse_stat(stat, &core));
    ck_assert_uint_eq(core, 3);
    ck_assert(!source_parse_stat("42 (a) S 1 2", &core));
    ck_assert(!source_parse_stat("", &core));
}
END_TEST

START_TEST(proc_stat)
{
    const char *text = "cpu  1 2 3 4 5 6 7 8 9 9\ncpu0 10 1 20 700 50 3 4 5 0 0\ncpu12 1 0 0 9\nintr 5 cpu3 1 1 1 1\n", *at = text;
    uint32_t core;
    uint64_t busy, idle;
    at = source_procstat_line(at, &core, &busy, &idle);
    ck_assert_ptr_nonnull(at);
    ck_assert(core == 0 && busy == 43 && idle == 750);
    at = source_procstat_line(at, &core, &busy, &idle);
    ck_assert_ptr_nonnull(at);
    ck_assert(core == 12 && busy == 1 && idle == 9);
    ck_assert_ptr_null(source_procstat_line(at, &core, &busy, &idle));
    ck_assert_ptr_null(source_procstat_line("", &core, &busy, &idle));
    ck_assert_ptr_null(source_procstat_line("cpu", &core, &busy, &idle));
}
END_TEST

/* ── tids ───────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t told;
static void found(void *to, uint32_t task, uint32_t tid)
{
    (void)to;
    ck_assert_uint_eq(tid, 1000 + 7 * task);
    told++;
}

START_TEST(rows_become_known)
{
    struct cv_shm shm;
    struct cv_shm_plan plan = {.max_tasks = 3000, .max_rings = 1, .ring_records = 64, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    struct source_tids t;
    source_tids_init(&t, &shm);
    source_tids_scan(&t, 100, found, NULL);
    ck_assert_uint_eq(told, 0);
    ck_assert_uint_eq(source_tids_find(&t, 1000), CV_NO_TASK);
    ck_assert_uint_eq(source_tids_find(&t, 0), CV_NO_TASK);
    atomic_store(&shm.head->ntasks, 3000);
    for (uint32_t i = 0; i < 3000; i += 2) /* the others are coroutines */
        atomic_store(&cv_shm_row(&shm, i)->tid, 1000 + 7 * i);
    for (int i = 0; i < 29; i++)
        source_tids_scan(&t, 100, found, NULL);
    ck_assert_uint_lt(told, 1500); /* a scan does no more than it may */
    for (int i = 0; i < 31; i++)
        source_tids_scan(&t, 100, found, NULL);
    ck_assert_uint_eq(told, 1500); /* but comes round */
    for (uint32_t i = 0; i < 3000; i++)
        ck_assert_uint_eq(source_tids_find(&t, 1000 + 7 * i), i % 2 ? CV_NO_TASK : i);
    atomic_store(&cv_shm_row(&shm, 1)->tid, 1000 + 7);
    source_tids_scan(&t, UINT32_MAX, found, NULL);
    ck_assert_uint_eq(told, 1501);
    ck_assert_uint_eq(source_tids_find(&t, 1007), 1);
    source_tids_release(&t);
    cv_shm_release(&shm);
}
END_TEST

START_TEST(a_used_tid_is_the_last_task)
{
    struct cv_shm shm;
    struct cv_shm_plan plan = {.max_tasks = 4, .max_rings = 1, .ring_records = 64, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    struct source_tids t;
    source_tids_init(&t, &shm);
    atomic_store(&shm.head->ntasks, 1u << 30); /* a runner that has gone mad does not lead us out of the rows */
    atomic_store(&cv_shm_row(&shm, 1)->tid, 50);
    source_tids_scan(&t, UINT32_MAX, NULL, NULL);
    ck_assert_uint_eq(source_tids_find(&t, 50), 1);
    atomic_store(&cv_shm_row(&shm, 3)->tid, 50);
    source_tids_scan(&t, UINT32_MAX, NULL, NULL);
    ck_assert_uint_eq(source_tids_find(&t, 50), 3);
    source_tids_release(&t);
    cv_shm_release(&shm);
}
END_TEST

START_TEST(registry)
{
    ck_assert_str_eq(cv_sources[0]->name, "perf");
    ck_assert(cv_sources[0]->exact);
    ck_assert_str_eq(cv_sources[1]->name, "rseq");
    ck_assert_str_eq(cv_sources[2]->name, "usage");
    ck_assert(!cv_sources[1]->exact && !cv_sources[2]->exact);
    ck_assert_ptr_null(cv_sources[3]);
    struct cv_source s;
    struct cv_shm shm = {.fd = -1};
    ck_assert_int_eq(cv_source_open(&s, "oracle\033[2J", 1, &shm, NULL), -1);
    ck_assert_ptr_nonnull(strstr(s.why.at, "sources are perf, rseq, usage"));
    ck_assert_ptr_null(strchr(s.why.at, '\033'));
    ck_assert_ptr_null(s.ops);
    cv_source_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("source_records");
    TCase *c = tcase_create("perf records");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, at_every_offset);
    tcase_add_test(c, lost_and_others);
    tcase_add_test(c, damage);
    tcase_add_test(c, noise);
    suite_add_tcase(s, c);
    c = tcase_create("proc");
    tcase_add_test(c, proc_files);
    tcase_add_test(c, proc_stat);
    suite_add_tcase(s, c);
    c = tcase_create("index");
    tcase_add_test(c, rows_become_known);
    tcase_add_test(c, a_used_tid_is_the_last_task);
    tcase_add_test(c, registry);
    suite_add_tcase(s, c);
    return s;
}
