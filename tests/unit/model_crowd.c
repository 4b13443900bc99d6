/* Many tasks, counted without visiting each: whatever the model says of a group must be the sum of what it says of the group's lanes, at
 * every instant and of every column, whether the group is small or a crowd, grown into one in the middle of the run, with the loop
 * held, the run stopped, records lost and the oldest cut off; and where the tasks stand must be what asking each comes to. */
#include "model/model.h"
#include "model_play.h"

enum { MOST = 1500, GROUPS = 3, LINES = 40 };
static uint64_t seed;
static enum { NOT, READY, RUNS, WAITS, OVER } does[MOST];
static uint32_t started;

#define must(cond, ...) do { if (!(cond)) ck_abort_msg(__VA_ARGS__); } while (0)
static uint64_t pick(uint64_t n) { return next_random(&seed) % n; }

static void begin_many(enum cv_model_kind kind, uint32_t tasks, size_t history)
{
    struct cv_shm_plan plan = {.max_tasks = tasks, .max_rings = 1, .ring_records = 64, .finals_bytes = 4096, .string_bytes = 1 << 16};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    atomic_store(&shm.head->virtual_time, 1);
    reader = cv_reader_new(&shm);
    info = (struct cv_run_info){.scenario = "test", .model = kind, .vars = vars, .nvars = NVARS, .syncs = syncs, .nsyncs = NSYNCS, .implicit_main = true,
                                .source = "[task a]\n[task b]\n\n[task c]\n", .source_length = 28};
    m = cv_model_new(&info, &shm, history);
    memset(does, 0, sizeof does);
    now = started = 0;
    struct cv_event e = {.kind = CV_EV_TASK_START, .c = CV_NO_TASK, .a = text("main")};
    cv_model_fold(m, &e);
    started = 1;
    does[0] = READY;
}

static void start_one(uint32_t n)
{
    static const unsigned headings[GROUPS] = {1, 2, 4};
    struct cv_event e = {.t = now, .kind = CV_EV_TASK_START, .task = started, .line = (uint16_t)headings[pick(10) ? 0 : 1 + pick(2)], .a = text("x")};
    if (started >= n)
        return;
    cv_model_fold(m, &e);
    does[started] = READY;
    started++;
}

static void do_one(enum cv_model_kind kind)
{
    uint32_t task = 1 + (uint32_t)pick(started > 1 ? started - 1 : 1);
    unsigned line = 5 + (unsigned)pick(LINES - 5);
    if (does[task] == READY) {
        run(task, line);
        does[task] = RUNS;
    } else if (does[task] == RUNS && pick(30) == 0) {
        tell(CV_EV_TASK_END, task, line, pick(4) ? CV_END_DONE : CV_END_FAILED, 0, 0);
        does[task] = OVER;
    } else if (does[task] == RUNS) {
        bool holds = kind == CV_ASYNC && pick(5) == 0;
        waits(task, line, (int)((holds ? CV_BLOCK : CV_AWAIT) + (pick(2) ? CV_REASON_SLEEP : CV_REASON_LOCK)), 0);
        does[task] = WAITS;
    } else if (does[task] == WAITS) {
        ready(task, CV_NO_TASK, CV_AWAIT + CV_REASON_SLEEP);
        does[task] = READY;
    } else if (kind != CV_ASYNC && does[task] != NOT && does[task] != OVER) {
        switch_out(task, 0, pick(2));
    }
}

static void as_the_lanes(void)
{
    uint64_t counts[CV_ST_COUNT], want[CV_ST_COUNT], begin = m->begin; /* from there on every lane is whole */
    uint32_t all = 0;
    for (uint32_t g = 0; g < cv_model_ngroups(m); g++)
        all += cv_model_group(m, g).ntasks;
    must(all == started - 1 && cv_model_ngroups(m) <= GROUPS, "%u tasks in %u groups", all, cv_model_ngroups(m));
    for (int i = 0; i < 60; i++) {
        uint64_t t = i ? begin + pick(now - begin + 10) : now;
        for (uint32_t g = 0; g <= cv_model_ngroups(m); g++) {
            uint32_t group = g < cv_model_ngroups(m) ? g : CV_ALL_GROUPS;
            memset(want, 0, sizeof want);
            for (uint32_t task = 1; task < started; task++)
                if (group == CV_ALL_GROUPS || cv_model_group_of(m, task) == g)
                    want[cv_model_lane_at(m, task, t).state]++;
            cv_model_group_at(m, group, t, counts);
            for (int k = 0; k < CV_ST_COUNT; k++)
                must(counts[k] == want[k], "group %d at %llu of %llu: %llu %s, not %llu", (int)g, (unsigned long long)t, (unsigned long long)now,
                     (unsigned long long)counts[k], cv_state_info[k].name, (unsigned long long)want[k]);
        }
        uint32_t lines[LINES] = {0}, each[LINES] = {0};
        cv_model_lines_at(m, t, LINES, lines);
        for (uint32_t task = 1; task < started; task++) {
            struct cv_lane_at at = cv_model_lane_at(m, task, t);
            bool stands = at.state != CV_ST_NONE && at.state != CV_ST_DONE && at.state != CV_ST_LOST && at.line < LINES;
            each[stands ? at.line : 0]++;
        }
        for (uint32_t line = 1; line < LINES; line++)
            must(lines[line] == each[line], "%u at line %u, not %u", lines[line], line, each[line]);
    }
    for (uint64_t column = 1; column < now; column *= 5) {
        enum { COLUMNS = 50 };
        static struct cv_lane_column got[COLUMNS], one[COLUMNS], sum[COLUMNS];
        uint64_t from = begin + pick(now - begin);
        memset(sum, 0, sizeof sum);
        for (uint32_t task = 1; task < started; task++) {
            cv_model_lane_columns(m, task, from, column, COLUMNS, one);
            for (int i = 0; i < COLUMNS; i++) {
                for (int k = 0; k < CV_ST_COUNT; k++)
                    sum[i].ns[k] += one[i].ns[k];
                sum[i].preempted += one[i].preempted;
            }
        }
        cv_model_group_columns(m, CV_ALL_GROUPS, from, column, COLUMNS, got);
        for (int i = 0; i < COLUMNS; i++) {
            for (int k = 0; k < CV_ST_COUNT; k++)
                must(got[i].ns[k] == sum[i].ns[k], "column %d of %llu ns from %llu: %llu ns %s, not %llu", i, (unsigned long long)column, (unsigned long long)from,
                     (unsigned long long)got[i].ns[k], cv_state_info[k].name, (unsigned long long)sum[i].ns[k]);
            must(got[i].preempted == sum[i].preempted, "preemptions");
        }
    }
}

static void play(enum cv_model_kind kind, uint32_t tasks, size_t history, int steps)
{
    bool hole = false;
    begin_many(kind, tasks + 1, history);
    for (int i = 0; i < steps; i++) {
        now += pick(8) ? pick(30) : 0;
        if (pick((uint64_t)steps) == 0)
            now += 5000000000; /* seconds in which nothing happens */
        if (started <= tasks && pick(3) == 0)
            start_one(tasks + 1);
        if (pick(400) == 0) {
            hole = !hole;
            tell(CV_EV_HOLE, CV_NO_TASK, 0, 0, hole, 0);
        }
        if (kind == CV_ASYNC && pick(800) == 0)
            tell(CV_EV_LOST, CV_NO_TASK, 0, 0, 3, 0);
        do_one(kind);
        if (i == 40 || i == steps / 10)
            as_the_lanes();
    }
    as_the_lanes();
    must(!history || (m->begin > now / 4 && m->begin < now), "cut at %llu of %llu", (unsigned long long)m->begin, (unsigned long long)now);
    uint64_t counts[CV_ST_COUNT];
    cv_model_group_at(m, CV_ALL_GROUPS, 0, counts);
    must(!history || counts[CV_ST_LOST] > 0, "what was cut is lost");
    end();
}

START_TEST(few) { seed = 11 + (uint64_t)_i; play(_i % 2 ? CV_ASYNC : CV_THREADS, 30, 0, 3000); }
END_TEST
START_TEST(many) { seed = 77 + (uint64_t)_i; play(_i % 2 ? CV_ASYNC : CV_THREADS, 300, 0, 8000); }
END_TEST
START_TEST(very_many) { seed = 5 + (uint64_t)_i; play(_i % 2 ? CV_ASYNC : CV_THREADS, MOST - 1, 0, 12000); }
END_TEST
START_TEST(cut) { seed = 3 + (uint64_t)_i; play(_i % 2 ? CV_ASYNC : CV_THREADS, 200, 300 << 10, 30000); }
END_TEST

START_TEST(who_failed_first)
{
    begin_many(CV_THREADS, 10, 0);
    at(10), start_one(9), start_one(9), start_one(9);
    at(20), tell(CV_EV_TASK_END, 3, 0, CV_END_FAILED, 0, 0);
    at(30), tell(CV_EV_TASK_END, 1, 0, CV_END_FAILED, 0, 0);
    ck_assert_uint_eq(cv_model_first_failed(m, 19), CV_NO_TASK);
    ck_assert_uint_eq(cv_model_first_failed(m, 20), 3);
    ck_assert_uint_eq(cv_model_first_failed(m, 100), 3);
    ck_assert_uint_eq(cv_model_group_of(m, 0), UINT32_MAX); /* a main task nobody wrote */
    ck_assert_uint_eq(cv_model_group_task(m, cv_model_group_of(m, 1), 0), 1);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("model_crowd");
    TCase *c = tcase_create("crowd");
    tcase_add_loop_test(c, few, 0, 4);
    tcase_add_loop_test(c, many, 0, 6);
    tcase_add_loop_test(c, very_many, 0, 2);
    tcase_add_loop_test(c, cut, 0, 4);
    tcase_add_test(c, who_failed_first);
    suite_add_tcase(s, c);
    return s;
}
