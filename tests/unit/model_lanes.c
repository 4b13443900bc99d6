/* Lanes against an oracle: random sequences of events (fixed seeds) go to the model, and to a picture that keeps the state of
 * every lane at every single nanosecond and every switch in a list. Whatever the model answers by searching must be what the
 * picture shows. Then the history limit, and single cases in which the kernel's switches and the task's own events meet. */
#include "model_play.h"

enum { LANES = 8, LOOP = LANES, SPAN = 30000, MAX_SWITCHES = 20000, LINES = 16 };

/* ── the picture ────────────────────────────────────────────────────────────────────────────────── */
enum phase { NOT_THERE, STARTED, RUNS, WAITS, COULD_RUN, OVER };
struct puppet { enum phase phase; int cause; unsigned line, yields; bool off, failed; };
static struct puppet puppet[LANES];
static uint8_t seen[LANES + 1][SPAN], above[SPAN]; /* the lane's own state; STOPPED, LOST or FROZEN over all, 0: nothing */
static bool culprit[LANES + 1][SPAN];
static struct { uint64_t t; uint32_t lane; int cause; unsigned line; } switches[MAX_SWITCHES];
static size_t nswitches;
static uint64_t drawn;                             /* up to here */
static uint32_t on_loop, holder;                   /* LANES: nobody */
static bool is_async, loop_begun, polling, loop_off, hole, main_over;
static uint64_t seed;

/* As ck_assert_msg, which tells of itself to another process each time: too slow for millions. */
#define must(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)

static uint64_t pick(uint64_t n) { return next_random(&seed) % n; }
static bool blocks(int cause) { return cause >= CV_BLOCK && cause < CV_BLOCK + CV_REASON_COUNT; }
static bool gives_way(int cause) { return cause == CV_CAUSE_GIL || cause == CV_CAUSE_YIELD || cause == CV_AWAIT + CV_REASON_TURN; }
static bool wants_lock(int cause) { return cause == CV_AWAIT + CV_REASON_LOCK || cause == CV_BLOCK + CV_REASON_LOCK; }

static enum cv_state own_state(const struct puppet *p)
{
    switch (p->phase) {
    case NOT_THERE: return CV_ST_NONE;
    case STARTED: case COULD_RUN: return CV_ST_READY;
    case RUNS: return (is_async ? loop_off : p->off) ? CV_ST_READY : CV_ST_RUNNING;
    case WAITS: return gives_way(p->cause) ? CV_ST_READY : wants_lock(p->cause) ? CV_ST_BLOCKED : CV_ST_WAITING;
    case OVER: return p->failed ? CV_ST_FAILED : CV_ST_DONE;
    }
    return CV_ST_NONE;
}

static enum cv_state loop_state(void)
{
    return !loop_begun ? CV_ST_NONE : main_over ? CV_ST_DONE : holder != LANES ? CV_ST_FROZEN : polling ? CV_ST_WAITING : loop_off ? CV_ST_READY : CV_ST_RUNNING;
}

/* Time goes on to `now`: everything stays as it is until there. */
static void draw(void)
{
    must(now < SPAN, "the picture is too small");
    for (; drawn < now; drawn++) {
        for (uint32_t i = 0; i < LANES; i++) {
            seen[i][drawn] = (uint8_t)own_state(&puppet[i]);
            culprit[i][drawn] = puppet[i].phase == WAITS && blocks(puppet[i].cause);
        }
        seen[LOOP][drawn] = (uint8_t)loop_state();
        above[drawn] = hole ? CV_ST_STOPPED : holder != LANES ? CV_ST_FROZEN : 0;
    }
}

static enum cv_state truth(uint32_t lane, uint64_t t)
{
    enum cv_state own = (enum cv_state)seen[lane][t], over = (enum cv_state)above[t];
    if (own == CV_ST_NONE || own == CV_ST_DONE || own == CV_ST_FAILED || over == 0)
        return own;
    if (over != CV_ST_FROZEN)
        return over;
    return lane != LOOP && !culprit[lane][t] && (own == CV_ST_READY || own == CV_ST_WAITING || own == CV_ST_BLOCKED) ? CV_ST_FROZEN : own;
}

static uint32_t lane_of(uint32_t lane) { return lane == LOOP ? CV_LANE_LOOP : lane; }

static void note_switch(uint32_t lane, int cause)
{
    must(nswitches < MAX_SWITCHES, "too many switches");
    switches[nswitches].t = now;
    switches[nswitches].lane = lane;
    switches[nswitches].cause = cause;
    switches[nswitches++].line = lane == LOOP || cause == CV_CAUSE_EXIT ? 0 : puppet[lane].line;
}

/* ── what can happen ────────────────────────────────────────────────────────────────────────────── */
static void own(enum cv_event_kind kind, uint32_t task, unsigned obj, uint64_t a, uint64_t b)
{
    struct puppet *p = &puppet[task];
    unsigned line = kind == CV_EV_READY || kind == CV_EV_POLL ? 0 : 1 + (unsigned)pick(LINES - 1);
    p->line = line ? line : p->line;
    tell(kind, task, line, obj, a, b);
    loop_begun = true;
    if (kind != CV_EV_POLL)
        polling = false;
}

static void starts(uint32_t task)
{
    start(task, "task", task ? 0 : CV_NO_TASK);
    puppet[task].phase = STARTED;
    puppet[task].line = 1;
    loop_begun = true;
}

static void does_run(uint32_t task)
{
    own(CV_EV_RUN, task, 0, 0, 0);
    puppet[task].phase = RUNS;
    on_loop = task;
    holder = LANES;
}

static void does_wait(uint32_t task)
{
    static const int away[] = {CV_AWAIT + CV_REASON_SLEEP, CV_AWAIT + CV_REASON_LOCK, CV_AWAIT + CV_REASON_QUEUE, CV_AWAIT + CV_REASON_TURN};
    static const int asleep[] = {CV_BLOCK + CV_REASON_SLEEP, CV_BLOCK + CV_REASON_LOCK, CV_BLOCK + CV_REASON_FETCH, CV_CAUSE_GIL, CV_CAUSE_YIELD};
    int cause = is_async && pick(4) ? away[pick(CV_COUNT(away))] : asleep[pick(is_async ? 3 : CV_COUNT(asleep))];
    own(CV_EV_WAIT, task, (unsigned)cause, wants_lock(cause) ? LOCK : 5, 0);
    puppet[task].phase = WAITS;
    puppet[task].cause = cause;
    puppet[task].yields += cause == CV_CAUSE_YIELD;
    note_switch(task, cause);
    if (blocks(cause) && is_async)
        holder = task;
    else
        on_loop = LANES;
}

static void becomes_ready(uint32_t task)
{
    own(CV_EV_READY, task, 0, pick(LANES), (uint64_t)puppet[task].cause);
    puppet[task].phase = COULD_RUN;
}

static void does_end(uint32_t task)
{
    bool fails = pick(3) == 0;
    own(CV_EV_TASK_END, task, fails ? CV_END_FAILED : CV_END_DONE, 0, 0);
    puppet[task].phase = OVER;
    puppet[task].failed = fails;
    main_over = main_over || task == 0;
    note_switch(task, CV_CAUSE_EXIT);
    on_loop = LANES;
}

static void kernel_threads(uint32_t task)
{
    struct puppet *p = &puppet[task];
    bool preempted = pick(2), out = pick(2);
    if (pick(6) == 0) { /* a count of involuntary switches, our own yields among them */
        unsigned n = (unsigned)pick(4), yields = p->yields < n ? p->yields : n;
        tell(CV_EV_USAGE, task, 0, 0, n, pick(2) << 32);
        p->yields -= p->phase == OVER ? 0 : yields;
        for (unsigned i = yields; p->phase != OVER && i < n; i++)
            note_switch(task, CV_CAUSE_QUANTUM);
        return;
    }
    if (!out)
        switch_in(task, (unsigned)pick(3));
    else
        switch_out(task, (unsigned)pick(3), preempted);
    if (p->phase == OVER)
        return;
    bool yields = p->cause == CV_CAUSE_YIELD && (p->phase == WAITS || p->phase == COULD_RUN);
    if (out && !p->off && preempted && !yields)
        note_switch(task, CV_CAUSE_QUANTUM);
    else if (out && !p->off && !preempted && (p->phase == RUNS || p->phase == STARTED))
        note_switch(task, CV_CAUSE_SYSTEM);
    p->off = out;
}

static void kernel_async(void)
{
    bool preempted = pick(2), out = !loop_off;
    if (out)
        switch_out(0, (unsigned)pick(2), preempted);
    else
        switch_in(0, (unsigned)pick(2));
    bool turn = on_loop != LANES && puppet[on_loop].phase == RUNS;
    if (out && (preempted || (!polling && holder == LANES)))
        note_switch(turn ? on_loop : LOOP, preempted ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM);
    loop_off = out;
}

/* Records of one ring go missing from its last event on. */
static void loses(uint32_t task)
{
    own(CV_EV_MARK, task, 0, 0, 0);
    uint64_t from = now;
    now += pick(40);
    draw();
    tell(CV_EV_LOST, is_async ? CV_NO_TASK : task, 0, 0, 3, 0);
    for (uint64_t t = from; t < now; t++)
        if (is_async)
            above[t] = CV_ST_LOST;
        else
            seen[task][t] = CV_ST_LOST;
}

static void stops_or_goes_on(void)
{
    hole = !hole;
    tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, hole, 0);
}

static uint32_t any_in(enum phase a, enum phase b)
{
    uint32_t from = (uint32_t)pick(LANES);
    for (uint32_t i = 0; i < LANES; i++) {
        uint32_t task = (from + i) % LANES;
        if (puppet[task].phase == a || puppet[task].phase == b)
            return task;
    }
    return LANES;
}

static void step_async(bool gaps)
{
    uint32_t task, choice = (uint32_t)pick(40);
    if (choice < 2) {
        if ((task = any_in(NOT_THERE, NOT_THERE)) != LANES)
            starts(task);
    } else if (choice < 6) {
        kernel_async();
    } else if (choice == 6) {
        if (gaps)
            stops_or_goes_on();
    } else if (choice == 7) {
        if (gaps && on_loop != LANES && holder == LANES)
            loses(on_loop);
    } else if (holder != LANES) {
        if (choice < 20 && (task = any_in(WAITS, WAITS)) != LANES && task != holder)
            becomes_ready(task);
        else
            does_run(holder);
    } else if (on_loop != LANES) {
        if (choice < 15)
            own(CV_EV_CPU, on_loop, 0, 100, 0);
        else if (choice == 15 && on_loop != 0)
            does_end(on_loop);
        else if (choice > 20)
            does_wait(on_loop);
    } else if (choice < 12) {
        own(CV_EV_POLL, 0, 0, UINT64_MAX, 0);
        polling = true;
    } else if ((task = any_in(choice < 25 ? WAITS : STARTED, choice < 25 ? WAITS : COULD_RUN)) != LANES) {
        choice < 25 ? becomes_ready(task) : does_run(task);
    }
}

static void step_threads(bool gaps)
{
    uint32_t task = (uint32_t)pick(LANES), choice = (uint32_t)pick(40);
    struct puppet *p = &puppet[task];
    if (p->phase == NOT_THERE) {
        starts(task);
    } else if (choice < 15) {
        kernel_threads(task);
    } else if (p->phase == OVER) {
        return;
    } else if (choice == 15) {
        if (gaps)
            loses(task);
    } else if (choice == 16) {
        if (gaps)
            stops_or_goes_on();
    } else if (p->phase == STARTED || p->phase == COULD_RUN) {
        does_run(task);
    } else if (p->phase == WAITS) {
        choice < 30 ? becomes_ready(task) : does_run(task);
    } else if (choice == 17 && pick(10) == 0) {
        does_end(task);
    } else if (choice < 22) {
        own(CV_EV_MARK, task, 0, 0, 0);
    } else {
        does_wait(task);
    }
}

/* Draws and tells a sequence of about n events, not longer than the picture. */
static void perform(enum cv_model_kind kind, uint64_t with, int n, size_t history, bool gaps)
{
    begin_with(kind, history);
    memset(puppet, 0, sizeof puppet);
    nswitches = 0;
    drawn = 0;
    on_loop = holder = LANES;
    is_async = kind == CV_ASYNC;
    loop_begun = polling = loop_off = hole = main_over = false;
    seed = with * 0x9e3779b97f4a7c15u + 1;
    at(3);
    draw();
    starts(0);
    for (int i = 0; i < n && now + 200 < SPAN; i++) {
        now += pick(3) ? pick(4) : pick(60);
        draw();
        is_async ? step_async(gaps) : step_threads(gaps);
    }
    now += 50;
    draw();
}

/* ── the model against the picture ──────────────────────────────────────────────────────────────── */
static uint32_t lanes_here(void) { return is_async ? LANES + 1 : LANES; }

static void at_every_instant(uint32_t lane, uint64_t from)
{
    static uint64_t until[SPAN];
    uint64_t since = 0;
    for (uint64_t t = drawn; t-- > 0;)
        until[t] = t + 1 == drawn ? UINT64_MAX : truth(lane, t + 1) != truth(lane, t) ? t + 1 : until[t + 1];
    for (uint64_t t = 0; t < drawn; t++) {
        if (t && truth(lane, t) != truth(lane, t - 1))
            since = t;
        if (t < from)
            continue;
        struct cv_lane_at at = cv_model_lane_at(m, lane_of(lane), t);
        must(at.state == truth(lane, t), "lane %u at %llu: %s, not %s", lane, (unsigned long long)t, cv_state_info[at.state].name,
                      cv_state_info[truth(lane, t)].name);
        must(at.since == since || (from && at.since >= since && at.since <= t), "lane %u at %llu: since %llu, not %llu", lane, (unsigned long long)t,
                      (unsigned long long)at.since, (unsigned long long)since);
        must(at.until == until[t], "lane %u at %llu: until %llu, not %llu", lane, (unsigned long long)t, (unsigned long long)at.until,
             (unsigned long long)until[t]);
    }
}

static uint64_t counted(uint32_t lane, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT])
{
    uint64_t sum = 0;
    cv_model_lane_shares(m, lane_of(lane), from, to, ns);
    for (int k = 0; k < CV_ST_COUNT; k++)
        sum += ns[k];
    return sum;
}

static void over_any_window(uint32_t lane, uint64_t earliest)
{
    static uint32_t until[SPAN + 1][CV_ST_COUNT];
    for (uint64_t t = 0; t < drawn; t++) {
        memcpy(until[t + 1], until[t], sizeof until[t]);
        until[t + 1][truth(lane, t)]++;
    }
    for (int i = 0; i < 3000; i++) {
        uint64_t from = earliest + pick(drawn - earliest), to = from + pick(i % 2 ? 100 : drawn - from + 1), middle, ns[CV_ST_COUNT], a[CV_ST_COUNT], b[CV_ST_COUNT];
        to = to < drawn ? to : drawn;
        must(counted(lane, from, to, ns) == to - from, "lane %u", lane);
        for (int k = 0; k < CV_ST_COUNT; k++)
            must(ns[k] == until[to][k] - until[from][k], "lane %u, %llu to %llu: %llu ns %s, not %u", lane, (unsigned long long)from,
                          (unsigned long long)to, (unsigned long long)ns[k], cv_state_info[k].name, until[to][k] - until[from][k]);
        middle = from + (to > from ? pick(to - from) : 0);
        counted(lane, from, middle, a);
        counted(lane, middle, to, b);
        for (int k = 0; k < CV_ST_COUNT; k++)
            must(a[k] + b[k] == ns[k], "lane %u", lane);
    }
    uint64_t ns[CV_ST_COUNT]; /* beyond the record too */
    must(counted(lane, 0, drawn + 12345, ns) == drawn + 12345, "lane %u", lane);
    must(counted(lane, drawn + 5, drawn + 9, ns) == 4, "lane %u", lane);
    must(counted(lane, 9, 9, ns) == 0, "lane %u", lane);
    must(counted(lane, 9, 3, ns) == 0, "lane %u", lane);
}

static void back_and_forth(uint32_t lane)
{
    static uint64_t changes[SPAN];
    size_t n = 0, i = 0;
    for (uint64_t t = 1; t < drawn; t++)
        if (truth(lane, t) != truth(lane, t - 1))
            changes[n++] = t;
    for (uint64_t t = 0; (t = cv_model_lane_change(m, lane_of(lane), t, 1)) != UINT64_MAX; i++)
        must(i < n && t == changes[i], "lane %u: forth to %llu", lane, (unsigned long long)t);
    must(i == n, "lane %u", lane);
    for (uint64_t t = drawn; (t = cv_model_lane_change(m, lane_of(lane), t, -1)) != UINT64_MAX; i--)
        must(i > 0 && t == changes[i - 1], "lane %u: back to %llu", lane, (unsigned long long)t);
    must(i == 0, "lane %u", lane);
}

static void switches_at(uint64_t t)
{
    uint64_t all[CV_CAUSE_COUNT], lines[LINES] = {0}, sum[CV_CAUSE_COUNT] = {0};
    cv_model_switches(m, t, all);
    for (uint32_t lane = 0; lane < lanes_here(); lane++) {
        uint64_t got[CV_CAUSE_COUNT], want[CV_CAUSE_COUNT] = {0}, when = 0;
        uint32_t line = 0;
        enum cv_cause cause = CV_CAUSE_COUNT;
        size_t last = SIZE_MAX;
        for (size_t i = 0; i < nswitches && switches[i].t <= t; i++)
            if (switches[i].lane == lane) {
                want[switches[i].cause]++;
                lines[switches[i].line]++;
                last = i;
            }
        cv_model_lane_switches(m, lane_of(lane), t, got);
        for (int k = 0; k < CV_CAUSE_COUNT; k++) {
            must(got[k] == want[k], "lane %u at %llu: %llu of %s, not %llu", lane, (unsigned long long)t, (unsigned long long)got[k], cv_cause_name[k],
                          (unsigned long long)want[k]);
            sum[k] += want[k];
        }
        must(cv_model_lane_switch(m, lane_of(lane), t, &when, &cause, &line) == (last != SIZE_MAX), "lane %u", lane);
        if (last != SIZE_MAX)
            must(when == switches[last].t && (int)cause == switches[last].cause, "lane %u", lane);
    }
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        must(all[k] == sum[k], "%llu of %s in all, not %llu", (unsigned long long)all[k], cv_cause_name[k], (unsigned long long)sum[k]);
    for (uint32_t line = 1; line < LINES; line++)
        must(cv_model_line_switches(m, line, t) == lines[line], "line %u", line);
}

static void as_the_picture(enum cv_model_kind kind, uint64_t with)
{
    perform(kind, with, 4000, 0, true);
    ck_assert_uint_gt(nswitches, 300);
    ck_assert_uint_gt(drawn, 10000);
    for (uint32_t lane = 0; lane < lanes_here(); lane++) {
        at_every_instant(lane, 0);
        over_any_window(lane, 0);
        back_and_forth(lane);
    }
    for (int i = 0; i < 200; i++)
        switches_at(pick(drawn));
    switches_at(UINT64_MAX);
    end();
}

START_TEST(async_is_as_the_picture) { as_the_picture(CV_ASYNC, (uint64_t)_i); }
END_TEST
START_TEST(threads_are_as_the_picture) { as_the_picture(CV_THREADS, (uint64_t)_i); }
END_TEST

/* Asked while it grows, the model says of the past what it says in the end. */
START_TEST(the_past_does_not_change)
{
    enum { PROBES = 60 };
    uint64_t before[PROBES][CV_ST_COUNT], after[CV_ST_COUNT], half;
    perform(CV_ASYNC, 77, 1500, 0, false);
    half = drawn - 60;
    for (uint32_t i = 0; i < PROBES; i++)
        counted(i % (LANES + 1), half * i / PROBES / 2, half - i, before[i]);
    for (int i = 0; i < 1500 && now + 200 < SPAN; i++) {
        now += pick(9);
        draw();
        step_async(false);
    }
    ck_assert_uint_gt(drawn, half + 1000);
    for (uint32_t i = 0; i < PROBES; i++) {
        counted(i % (LANES + 1), half * i / PROBES / 2, half - i, after);
        ck_assert_mem_eq(before[i], after, sizeof after);
    }
    end();
}
END_TEST

/* ── the history ────────────────────────────────────────────────────────────────────────────────── */
static void oldest_goes_first(enum cv_model_kind kind)
{
    uint32_t cut_lanes = 0;
    perform(kind, 5, 6000, 48 << 10, false);
    for (uint32_t lane = 0; lane < lanes_here(); lane++) {
        uint64_t gone = 0, ns[CV_ST_COUNT];
        while (gone < drawn && cv_model_lane_at(m, lane_of(lane), gone).state == CV_ST_LOST)
            gone++;
        ck_assert_uint_lt(gone, drawn);
        cut_lanes += gone > 0;
        at_every_instant(lane, gone);
        over_any_window(lane, gone);
        counted(lane, 0, drawn, ns);
        ck_assert_uint_eq(ns[CV_ST_LOST], gone);
        if (gone)
            ck_assert(cv_model_lost(m, 0, gone));
    }
    ck_assert_uint_ge(cut_lanes, LANES / 2);
    ck_assert(!cv_model_lost(m, drawn - 60, drawn));
    switches_at(drawn); /* counters are exact whatever was cut */
    end();
}

START_TEST(oldest_goes_first_async) { oldest_goes_first(CV_ASYNC); }
END_TEST
START_TEST(oldest_goes_first_threads) { oldest_goes_first(CV_THREADS); }
END_TEST

/* Counters of variables and locks too; of a value that was cut nothing is claimed. */
START_TEST(values_cut_off_are_not_made_up)
{
    enum { N = 5000 };
    begin_with(CV_THREADS, 64 << 10);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    for (uint64_t i = 1; i <= N; i++) {
        at(i * 10);
        takes(ALICE, LOCK, 0);
        reads(ALICE, X, 0, (int64_t)i - 1, i - 1, i > 1 ? ALICE : CV_NO_TASK, 0);
        writes(ALICE, X, (int64_t)i, i, ALICE, (int64_t)i - 1);
        gives(ALICE, LOCK, 0);
    }
    struct cv_var_at last = cv_model_var_at(m, X, CV_NO_TASK, UINT64_MAX), early = cv_model_var_at(m, X, CV_NO_TASK, 100);
    ck_assert_uint_eq(last.writes, N);
    ck_assert_uint_eq(last.reads, N);
    ck_assert_uint_eq(last.cell.payload, N);
    ck_assert_uint_eq(cv_model_sync_at(m, LOCK, UINT64_MAX).takes, N);
    ck_assert(early.gone && !early.written);
    ck_assert_str_eq(words(X, CV_NO_TASK, 100, 40), "…");
    ck_assert(!last.gone);
    ck_assert_str_eq(words(X, CV_NO_TASK, N * 10, 40), "5000");
    ck_assert(!cv_model_var_at(m, Y, CV_NO_TASK, 100).gone);
    ck_assert_str_eq(words(Y, CV_NO_TASK, 100, 40), "0");
    end();
}
END_TEST

/* ── the kernel's switches among the task's own events ──────────────────────────────────────────── */
static void two_threads(void)
{
    begin(CV_THREADS);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    start(BOB, "Bob", 0);
    at(10), run(ALICE, 5), run(BOB, 5);
}

START_TEST(preempted_is_ready_not_running)
{
    two_threads();
    at(20), switch_in(ALICE, 0);
    at(30), switch_out(ALICE, 0, true);
    at(31), switch_in(BOB, 0);
    at(50), switch_out(BOB, 0, false);
    at(51), switch_in(ALICE, 1);
    struct cv_lane_at on = cv_model_lane_at(m, ALICE, 25), off = cv_model_lane_at(m, ALICE, 40), moved = cv_model_lane_at(m, ALICE, 60);
    ck_assert(on.state == CV_ST_RUNNING && on.core == 0 && on.exact);
    ck_assert(off.state == CV_ST_READY && off.cause == CV_CAUSE_QUANTUM && off.since == 30 && off.until == 51);
    ck_assert_uint_eq(off.holder, BOB); /* who has the core it was on */
    ck_assert(moved.state == CV_ST_RUNNING && moved.core == 1);
    ck_assert(!cv_model_lane_at(m, ALICE, 12).exact);
    ck_assert_uint_eq(switched(ALICE, 60, CV_CAUSE_QUANTUM), 1);
    ck_assert_uint_eq(switched(BOB, 60, CV_CAUSE_SYSTEM), 1); /* it had announced nothing */
    ck_assert_uint_eq(cv_model_line_switches(m, 5, 60), 2);
    end();
}
END_TEST

START_TEST(a_wait_is_counted_once)
{
    two_threads();
    at(20), switch_in(ALICE, 0);
    at(30), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, 1000);
    at(31), switch_out(ALICE, 0, false);
    at(90), switch_in(ALICE, 2);
    at(91), run(ALICE, 6);
    struct cv_lane_at asleep = cv_model_lane_at(m, ALICE, 60);
    ck_assert(asleep.state == CV_ST_WAITING && asleep.cause == CV_BLOCK + CV_REASON_SLEEP && asleep.since == 30 && asleep.until == 91 && asleep.line == 6);
    ck_assert_uint_eq(switched(ALICE, 100, CV_BLOCK + CV_REASON_SLEEP), 1);
    ck_assert_uint_eq(switched(ALICE, 100, CV_CAUSE_SYSTEM) + switched(ALICE, 100, CV_CAUSE_QUANTUM), 0);
    ck_assert_uint_eq(cv_model_lane_at(m, ALICE, 95).core, 2);
    end();
}
END_TEST

/* The kernel calls a yield preemption; it is the task's own. */
START_TEST(a_yield_is_no_preemption)
{
    two_threads();
    at(20), switch_in(ALICE, 0);
    at(30), waits(ALICE, 6, CV_CAUSE_YIELD, 0);
    at(31), switch_out(ALICE, 0, true);
    at(32), switch_in(ALICE, 0);
    at(33), run(ALICE, 6);
    at(40), tell(CV_EV_USAGE, BOB, 0, 0, 2, 0);
    at(41), waits(BOB, 7, CV_CAUSE_YIELD, 0), run(BOB, 7);
    at(42), tell(CV_EV_USAGE, BOB, 0, 0, 1, 0);
    ck_assert_uint_eq(switched(ALICE, 50, CV_CAUSE_YIELD), 1);
    ck_assert_uint_eq(switched(ALICE, 50, CV_CAUSE_QUANTUM), 0);
    ck_assert_uint_eq(switched(BOB, 50, CV_CAUSE_QUANTUM), 2);
    ck_assert(cv_model_lane_at(m, ALICE, 31).state == CV_ST_READY);
    end();
}
END_TEST

static void usage(uint64_t t, uint32_t task, unsigned flags, uint64_t voluntary, uint64_t involuntary, uint64_t core, uint64_t us, uint64_t lasted)
{
    struct cv_event e = {.t = t, .kind = CV_EV_USAGE, .flags = (uint8_t)flags, .task = task, .a = voluntary << 32 | involuntary, .b = core << 32 | us, .c = lasted};
    cv_model_fold(m, &e);
}

/* A count over an interval: the preemptions lie in it, nobody knows where; a look between two events: between the two. */
START_TEST(intervals_are_told_as_such)
{
    struct cv_preempted p;
    two_threads();
    at(20), run(ALICE, 5), run(BOB, 5);
    usage(10000, ALICE, 0, 0, 3, 1, 4, 9000);
    ck_assert(!cv_model_preempted(m, ALICE, 9999, &p));
    ck_assert(cv_model_preempted(m, ALICE, 10500, &p) && !p.exact && p.from == 1000 && p.to == 10000 && p.count == 3 && p.core == 1);
    ck_assert(cv_model_inexact(m, ALICE, 0, 1001) && cv_model_inexact(m, ALICE, 10000, 10001) && !cv_model_inexact(m, ALICE, 0, 1000) &&
              !cv_model_inexact(m, ALICE, 10001, 20000) && !cv_model_inexact(m, BOB, 0, 20000));
    ck_assert_uint_eq(switched(ALICE, 20000, CV_CAUSE_QUANTUM), 3);
    uint64_t ns[CV_ST_COUNT];
    cv_model_lane_shares(m, ALICE, 0, 10000, ns); /* so long in the run queue, and that in all */
    ck_assert_uint_eq(ns[CV_ST_READY], 4000 + 20 - 10);
    usage(20000, BOB, CV_F_HERE, 5, 1, 0, 0, 300); /* as a task sees it at its next turn */
    ck_assert(cv_model_preempted(m, BOB, 30000, &p) && !p.exact && p.from == 19700 && p.to == 20000 && p.count == 1);
    ck_assert(state_at(BOB, 19699) == CV_ST_RUNNING && state_at(BOB, 19700) == CV_ST_READY && state_at(BOB, 20000) == CV_ST_RUNNING);
    at(21000), run(BOB, 6);
    usage(22000, BOB, CV_F_HERE | CV_F_YIELD, 0, 1, 0, 0, 0);
    ck_assert_uint_eq(switched(BOB, 30000, CV_CAUSE_QUANTUM), 1); /* that one was its own */
    usage(23000, BOB, CV_F_HERE, 0, 1, 0, 0, 0);
    ck_assert(cv_model_preempted(m, BOB, 30000, &p) && p.from == 21000 && p.to == 23000); /* since its event before */
    end();
}
END_TEST

/* perf: the instant, the core, the time in the run queue; moves between cores, by whoever tells them. */
START_TEST(instants_cores_and_moves)
{
    struct cv_preempted p;
    two_threads();
    at(20), run(ALICE, 5), switch_in(ALICE, 3);
    at(100), switch_out(ALICE, 3, true);
    ck_assert(cv_model_preempted(m, ALICE, 150, &p) && p.exact && p.from == 100 && p.core == 3 && p.queued && !p.back && p.queued_ns == 50);
    at(170), switch_in(ALICE, 0);
    ck_assert(cv_model_preempted(m, ALICE, 200, &p) && p.exact && p.to == 100 && p.back && p.queued_ns == 70);
    ck_assert(cv_model_moves(m, ALICE, 169) == 0 && cv_model_moves(m, ALICE, 170) == 1 && cv_model_moves(m, BOB, 1000) == 0);
    for (unsigned core = 1; core < 5; core++) {
        struct cv_event e = {.t = 200 + core, .kind = CV_EV_RUN, .task = BOB, .line = 5, .obj = (uint16_t)(core / 2 + 1)};
        cv_model_fold(m, &e);
    }
    ck_assert(cv_model_moves(m, BOB, 1000) == 2 && cv_model_lane_at(m, BOB, 300).core == 2);
    end();
}
END_TEST

/* Who waits for the GIL waits for whoever has it at the instant, not for the one that had it when the wait began. */
START_TEST(the_gil_goes_from_hand_to_hand)
{
    two_threads();
    info.gil = true;
    start(CAROL, "Carol", 0);
    at(20), run(ALICE, 5), waits(BOB, 5, CV_CAUSE_GIL, ALICE), waits(CAROL, 5, CV_CAUSE_GIL, ALICE);
    at(30), waits(ALICE, 5, CV_CAUSE_GIL, CV_NO_TASK); /* asked, it hands over */
    at(31), run(BOB, 5);
    at(40), waits(BOB, 6, CV_BLOCK + CV_REASON_SLEEP, 10); /* lets go as it blocks */
    at(41), run(CAROL, 5);
    at(50), tell(CV_EV_CPU, CAROL, 6, 0, 1000, 1); /* nogil */
    at(51), run(ALICE, 5);
    struct cv_lane_at carol = cv_model_lane_at(m, CAROL, 25), then = cv_model_lane_at(m, CAROL, 35), alice = cv_model_lane_at(m, ALICE, 45);
    ck_assert(carol.state == CV_ST_READY && carol.cause == CV_CAUSE_GIL && carol.holder == ALICE);
    ck_assert(then.state == CV_ST_READY && then.holder == BOB && alice.state == CV_ST_READY && alice.holder == CAROL);
    ck_assert(state_at(BOB, 45) == CV_ST_WAITING && state_at(CAROL, 55) == CV_ST_RUNNING && state_at(ALICE, 55) == CV_ST_RUNNING);
    end();
    info.gil = false;
}
END_TEST

START_TEST(who_woke_and_who_holds)
{
    two_threads();
    at(20), takes(ALICE, LOCK, 0);
    at(30), waits(BOB, 6, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(40), gives(ALICE, LOCK, 0), ready(BOB, ALICE, CV_BLOCK + CV_REASON_LOCK);
    at(50), takes(BOB, LOCK, 0), run(BOB, 6);
    struct cv_lane_at blocked = cv_model_lane_at(m, BOB, 35), woken = cv_model_lane_at(m, BOB, 45), goes = cv_model_lane_at(m, BOB, 55);
    ck_assert(blocked.state == CV_ST_BLOCKED && blocked.object == LOCK && blocked.holder == ALICE);
    ck_assert(woken.state == CV_ST_READY && woken.waker == ALICE);
    ck_assert(goes.state == CV_ST_RUNNING && goes.waker == ALICE);
    ck_assert_uint_eq(cv_model_parent(m, BOB), 0);
    end();
}
END_TEST

/* A blocking call holds the loop: the others are frozen and by whom is told; the culprit waits, the loop is frozen. */
START_TEST(a_held_loop_freezes_the_others)
{
    begin(CV_ASYNC);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    start(BOB, "Bob", 0);
    at(10), run(ALICE, 5);
    at(20), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, 50);
    at(70), run(ALICE, 6);
    at(80), waits(ALICE, 7, CV_AWAIT + CV_REASON_SLEEP, 50);
    at(81), tell(CV_EV_POLL, 0, 0, 0, 50, 0);
    struct cv_lane_at bob = cv_model_lane_at(m, BOB, 40), ready_bob = cv_model_lane_at(m, BOB, 15), loop = cv_model_lane_at(m, CV_LANE_LOOP, 40);
    ck_assert(bob.state == CV_ST_FROZEN && bob.holder == ALICE && bob.since == 20 && bob.until == 70);
    ck_assert(ready_bob.state == CV_ST_READY && ready_bob.holder == ALICE); /* she has the loop */
    ck_assert(state_at(ALICE, 40) == CV_ST_WAITING && loop.state == CV_ST_FROZEN && loop.holder == ALICE);
    ck_assert(state_at(CV_LANE_LOOP, 75) == CV_ST_RUNNING && state_at(CV_LANE_LOOP, 90) == CV_ST_WAITING);
    ck_assert(state_at(BOB, 75) == CV_ST_READY);
    end();
}
END_TEST

/* ── what is missing ────────────────────────────────────────────────────────────────────────────── */
START_TEST(gaps_are_told)
{
    two_threads();
    at(100), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 1, 0);
    ck_assert(cv_model_lost(m, 100, 101) && !cv_model_lost(m, 50, 100));
    at(150), run(ALICE, 5); /* a stamp from within */
    at(200), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 0, 0);
    at(300), tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 7, 1);
    at(400), run(ALICE, 5), run(BOB, 5);
    ck_assert(state_at(ALICE, 99) == CV_ST_RUNNING && state_at(ALICE, 100) == CV_ST_STOPPED && state_at(ALICE, 200) == CV_ST_RUNNING);
    ck_assert(cv_model_lost(m, 110, 120) && cv_model_lost(m, 160, 170) && !cv_model_lost(m, 350, 400) && !cv_model_lost(m, 0, 90));
    ck_assert(cv_model_gap(m, 250, 301) && !cv_model_gap(m, 110, 120)); /* nothing is lost while it stands still */
    ck_assert(cv_model_lost(m, 250, 301)); /* the kernel's buffer overflowed in between */
    end();
}
END_TEST

/* In an async run a blocking call may begin and end within the hole: all of it is the hole still. */
START_TEST(a_hole_is_whole)
{
    begin(CV_ASYNC);
    start(0, "main", CV_NO_TASK);
    start(ALICE, "Alice", 0);
    at(10), run(ALICE, 5);
    at(100), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 1, 0);
    at(130), waits(ALICE, 6, CV_BLOCK + CV_REASON_SLEEP, 50);
    ck_assert(cv_model_lost(m, 105, 110));
    at(160), run(ALICE, 6);
    at(200), tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, 0, 0);
    ck_assert(cv_model_lost(m, 105, 110) && cv_model_lost(m, 140, 150) && cv_model_lost(m, 190, 195));
    ck_assert(!cv_model_lost(m, 0, 99) && !cv_model_lost(m, 201, 300));
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model/lanes");
    TCase *picture = tcase_create("picture");
    tcase_add_loop_test(picture, async_is_as_the_picture, 1, 6);
    tcase_add_loop_test(picture, threads_are_as_the_picture, 1, 6);
    tcase_add_test(picture, the_past_does_not_change);
    TCase *history = tcase_create("history");
    tcase_add_test(history, oldest_goes_first_async);
    tcase_add_test(history, oldest_goes_first_threads);
    tcase_add_test(history, values_cut_off_are_not_made_up);
    TCase *kernel = tcase_create("kernel");
    tcase_add_test(kernel, preempted_is_ready_not_running);
    tcase_add_test(kernel, a_wait_is_counted_once);
    tcase_add_test(kernel, a_yield_is_no_preemption);
    tcase_add_test(kernel, intervals_are_told_as_such);
    tcase_add_test(kernel, instants_cores_and_moves);
    tcase_add_test(kernel, the_gil_goes_from_hand_to_hand);
    tcase_add_test(kernel, who_woke_and_who_holds);
    tcase_add_test(kernel, a_held_loop_freezes_the_others);
    TCase *missing = tcase_create("missing");
    tcase_add_test(missing, gaps_are_told);
    tcase_add_test(missing, a_hole_is_whole);
    suite_add_tcase(s, picture);
    suite_add_tcase(s, history);
    suite_add_tcase(s, kernel);
    suite_add_tcase(s, missing);
    return s;
}
