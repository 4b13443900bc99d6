/* Series against a plain list: random slices (bursts at one instant, gaps of seconds and hours), random things that lie over them,
 * the oldest cut off now and then. Whatever a series answers by its index must be what adding up the list gives; and the columns of
 * a window add up to the window, whatever its place and zoom. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "suite.h"

enum { MOST = 6000, PROBES = 400 };
static struct slice list[MOST];
static size_t n, gone;
static struct series s;
static struct overlays over;
static uint64_t seed;

#define must(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

static uint64_t pick(uint64_t most)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed % most;
}

/* Bursty: mostly nothing or little between two slices, at times seconds or an hour. */
static uint64_t gap(int bursts)
{
    if (pick(10) < (uint64_t)bursts)
        return 0;
    return pick(200) == 0 ? pick(5000000000) : pick(5000) == 0 ? pick(3600000000000) : pick(20) == 0 ? pick(1000000) : pick(300);
}

static enum overlay_kind lies_over(uint64_t t)
{
    const struct overlay *o = overlays_at(&over, t);
    return o ? o->kind : OVER_NONE;
}

/* By the list, from slice to slice and overlay to overlay. */
static void by_the_list(uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT], uint64_t causes[CV_CAUSE_COUNT])
{
    memset(ns, 0, CV_ST_COUNT * sizeof *ns);
    memset(causes, 0, CV_CAUSE_COUNT * sizeof *causes);
    uint64_t first = gone < n ? list[gone].t : UINT64_MAX;
    if (from < first)
        ns[gone ? CV_ST_LOST : CV_ST_NONE] += (to < first ? to : first) - from;
    for (size_t i = gone; i < n; i++) {
        uint64_t a = list[i].t > from ? list[i].t : from, b = i + 1 < n && list[i + 1].t < to ? list[i + 1].t : to;
        if (list[i].t >= from && list[i].t < to && list[i].sw != CV_CAUSE_COUNT)
            causes[list[i].sw]++;
        for (size_t k = 0; a < b;) {
            while (k < over.at.n && over.at.at[k].t <= a)
                k++;
            uint64_t end = k < over.at.n && over.at.at[k].t < b ? over.at.at[k].t : b;
            ns[series_state(list[i].state, list[i].cause, s.beside, lies_over(a))] += end - a;
            a = end;
        }
    }
}

static void grow(int bursts)
{
    uint64_t t = (n ? list[n - 1].t : pick(1000)) + gap(bursts);
    struct slice one = {.t = t, .state = (enum cv_state)pick(CV_ST_COUNT), .cause = (enum cv_cause)pick(CV_CAUSE_COUNT + 1), .sw = CV_CAUSE_COUNT,
                        .core = (uint32_t)pick(256), .object = (uint32_t)pick(100000), .exact = pick(2)};
    bool core = one.state == CV_ST_RUNNING;
    one.core = core ? one.core : SLICE_NO_CORE;
    one.object = core ? CV_NO_TASK : one.object;
    if (pick(3) == 0)
        one.sw = pick(2) && one.cause != CV_CAUSE_COUNT ? one.cause : pick(2) ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM;
    if (pick(40) == 0) /* something begins or ends to lie over them, not before the last slice */
        overlays_push(&over, n ? list[n - 1].t + pick(t - list[n - 1].t + 1) : 0, (enum overlay_kind)pick(OVER_COUNT), CV_NO_TASK);
    series_push(&s, one, &over);
    list[n++] = one;
}

static void same(uint64_t from, uint64_t to)
{
    uint64_t want[CV_ST_COUNT], causes[CV_CAUSE_COUNT], got[CV_ST_COUNT] = {0};
    struct cv_lane_column c;
    by_the_list(from, to, want, causes);
    series_shares(&s, &over, from, to, got);
    for (int k = 0; k < CV_ST_COUNT; k++)
        must(got[k] == want[k], "%llu to %llu: %llu ns %s, not %llu", (unsigned long long)from, (unsigned long long)to, (unsigned long long)got[k],
             cv_state_info[k].name, (unsigned long long)want[k]);
    if (to <= from)
        return;
    series_columns(&s, &over, from, to - from, 1, &c);
    must(c.preempted == causes[CV_CAUSE_QUANTUM] + causes[CV_CAUSE_GIL], "%u preemptions, not %llu", c.preempted,
         (unsigned long long)(causes[CV_CAUSE_QUANTUM] + causes[CV_CAUSE_GIL]));
}

static void columns_add_up(uint64_t from, uint64_t column_ns)
{
    enum { COLUMNS = 200 };
    static struct cv_lane_column c[COLUMNS];
    uint64_t sum[CV_ST_COUNT] = {0}, want[CV_ST_COUNT], causes[CV_CAUSE_COUNT], preempted = 0;
    series_columns(&s, &over, from, column_ns, COLUMNS, c);
    for (int i = 0; i < COLUMNS; i++) {
        uint64_t one[CV_ST_COUNT] = {0}, all = 0;
        series_shares(&s, &over, from + (uint64_t)i * column_ns, from + (uint64_t)(i + 1) * column_ns, one);
        for (int k = 0; k < CV_ST_COUNT; k++) {
            must(c[i].ns[k] == one[k], "column %d of %llu ns from %llu", i, (unsigned long long)column_ns, (unsigned long long)from);
            sum[k] += c[i].ns[k];
            all += c[i].ns[k];
        }
        must(all == column_ns, "column %d holds %llu of %llu ns", i, (unsigned long long)all, (unsigned long long)column_ns);
        preempted += c[i].preempted;
    }
    by_the_list(from, from + COLUMNS * column_ns, want, causes);
    for (int k = 0; k < CV_ST_COUNT; k++)
        must(sum[k] == want[k], "the columns come to %llu ns %s, not %llu", (unsigned long long)sum[k], cv_state_info[k].name, (unsigned long long)want[k]);
    must(preempted == causes[CV_CAUSE_QUANTUM] + causes[CV_CAUSE_GIL], "preemptions");
}

static void slices_are_the_list(void)
{
    uint64_t counts[CV_CAUSE_COUNT] = {0};
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (list[i].sw != CV_CAUSE_COUNT)
            counts[list[i].sw]++;
        if (i < gone)
            continue;
        struct slice x = series_at(&s, i);
        must(x.t == list[i].t && x.state == list[i].state && x.cause == list[i].cause && x.sw == list[i].sw && x.core == list[i].core &&
             x.object == list[i].object && x.exact == list[i].exact, "slice %zu", i);
        last = x.sw == CV_CAUSE_COUNT ? last : i;
        if (i + 1 < n && list[i + 1].t == x.t)
            continue;
        must(series_find(&s, x.t) == i && (i + 1 == n || series_find(&s, list[i + 1].t - 1) == i), "slice %zu is found", i);
        must(series_switch(&s, x.t) == last, "the switch before slice %zu", i);
        uint64_t got[CV_CAUSE_COUNT] = {0};
        series_switches(&s, x.t, got);
        must(!memcmp(got, counts, sizeof got), "switches until slice %zu", i);
    }
    must(series_find(&s, list[gone].t - 1) == SIZE_MAX || list[gone].t == 0, "before the first");
}

static void probe(void)
{
    uint64_t begin = list[gone].t, end = list[n - 1].t + 1000;
    for (int i = 0; i < PROBES; i++) {
        uint64_t from = i % 2 ? list[gone + pick(n - gone)].t + pick(3) : pick(end), wide = i % 3 ? pick(1000) : pick(end - from + 1);
        same(from, from + wide);
    }
    same(0, end), same(begin, begin), same(0, begin), same(end, end + 10);
    for (uint64_t column = 1; column < end; column *= 7) /* every zoom */
        for (int i = 0; i < 3; i++)
            columns_add_up(i ? list[gone + pick(n - gone)].t - (i == 2 ? 0 : pick(list[gone].t + 1)) : pick(end), column);
}

static void as_the_list(int bursts, bool beside, bool cuts)
{
    seed = 88172645463325252u + (uint64_t)bursts * 7919 + beside;
    s.beside = beside;
    while (n < MOST) {
        grow(bursts);
        if (cuts && pick(900) == 0) {
            uint64_t until = list[gone + pick(n - gone)].t;
            series_cut(&s, &over, until);
            while (gone + 1 < n && list[gone + 1].t <= until)
                gone++;
            must(s.dropped == gone, "%llu dropped, not %zu", (unsigned long long)s.dropped, gone);
        }
        if (n == 1 || n == 20 || n == 64 || n == 65 || n == 1024 || n == 1025 || n == MOST / 2 || n == MOST) {
            slices_are_the_list();
            probe();
        }
    }
    if (!cuts && bursts == 5) /* what an index costs, where nothing is special */
        must(s.bytes <= n * 13, "%zu bytes for %zu slices", s.bytes, n);
    series_release(&s);
    free(over.at.at);
}

START_TEST(as_pushed) { as_the_list(_i, false, false); }
END_TEST
START_TEST(as_cut) { as_the_list(_i, true, true); }
END_TEST

/* 8 bytes a slice and at most 3 of index, where no hours pass between them. */
START_TEST(index_is_small)
{
    enum { N = 100000 };
    struct series x = {0};
    for (uint64_t i = 0; i < N; i++)
        series_push(&x, (struct slice){.t = i * 1000, .state = i % 2 ? CV_ST_RUNNING : CV_ST_READY, .cause = CV_CAUSE_COUNT, .sw = CV_CAUSE_COUNT}, NULL);
    ck_assert_uint_le(x.bytes, N * 11);
    series_cut(&x, NULL, N / 2 * 1000);
    ck_assert_uint_le(x.bytes, N / 2 * 11);
    series_release(&x);
    ck_assert_uint_eq(x.bytes, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *all = suite_create("model_series");
    TCase *c = tcase_create("series");
    tcase_add_loop_test(c, as_pushed, 0, 10);
    tcase_add_loop_test(c, as_cut, 0, 10);
    tcase_add_test(c, index_is_small);
    suite_add_tcase(all, c);
    return all;
}
