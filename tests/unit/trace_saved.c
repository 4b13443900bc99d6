/* Saved records by their contract: what may stand in an event, and that what was written comes back, to the last word. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "trace/saved.h"

static struct cv_info_var vars[] = {{.name = "x", .initial = "0"}, {.name = "items", .list = true, .initial = "[]"}};
static struct cv_info_sync syncs[] = {{.name = "m", .kind = CV_SYNC_LOCK}};
static const struct cv_run_info info = {.scenario = "s", .source = "a\nb\nc", .source_length = 5, .model_name = "threads", .vars = vars, .nvars = 2, .syncs = syncs, .nsyncs = 1};
enum { TASKS = 5 };

static uint64_t meta(enum cv_tag tag) { return cv_meta(tag, 1, 7); }

START_TEST(what_cannot_be)
{
    const struct { bool right; struct cv_event e; } all[] = {
        {true, {.kind = CV_EV_RUN, .task = TASKS - 1, .line = 3, .obj = 4}},
        {false, {.kind = CV_EV_RUN, .task = TASKS}},
        {false, {.kind = CV_EV_RUN, .task = CV_NO_TASK}},
        {false, {.kind = CV_EV_RUN, .line = 4}},
        {false, {.kind = CV_EV_RUN, .t = SAVED_LAST}},
        {false, {.kind = CV_EV_NONE}},
        {false, {.kind = CV_EV_TURN}},
        {false, {.kind = CV_EV_COUNT}},
        {true, {.kind = CV_EV_SWITCH_IN, .task = CV_NO_TASK}},
        {false, {.kind = CV_EV_SWITCH_IN, .task = TASKS}},
        {true, {.kind = CV_EV_TASK_START, .task = 2, .c = 1, .b = CV_NO_BODY}},
        {false, {.kind = CV_EV_TASK_START, .task = 2, .c = 3}},
        {false, {.kind = CV_EV_TASK_START, .task = 2, .b = (uint64_t)1 << 32}},
        {false, {.kind = CV_EV_TASK_END, .obj = CV_END_KILLED + 1}},
        {false, {.kind = CV_EV_WAIT, .obj = CV_CAUSE_COUNT}},
        {true, {.kind = CV_EV_WAIT, .obj = CV_BLOCK + CV_REASON_LOCK}},
        {false, {.kind = CV_EV_WAIT, .obj = CV_BLOCK + CV_REASON_LOCK, .a = 1}},
        {false, {.kind = CV_EV_WAIT, .obj = CV_AWAIT + CV_REASON_BARRIER, .a = 1}},
        {true, {.kind = CV_EV_WAIT, .obj = CV_AWAIT + CV_REASON_SLEEP, .a = UINT64_MAX}},
        {true, {.kind = CV_EV_WAIT, .obj = CV_AWAIT + CV_REASON_JOIN, .a = CV_NO_TASK}},
        {false, {.kind = CV_EV_WAIT, .obj = CV_AWAIT + CV_REASON_JOIN, .a = TASKS}},
        {false, {.kind = CV_EV_WAIT, .obj = CV_CAUSE_GIL, .a = TASKS}},
        {false, {.kind = CV_EV_READY, .a = TASKS}},
        {false, {.kind = CV_EV_READY, .b = CV_CAUSE_COUNT + 1}},
        {false, {.kind = CV_EV_CPU, .b = 2}},
        {false, {.kind = CV_EV_CPU, .a = SAVED_LAST}},
        {true, {.kind = CV_EV_WRITE, .obj = 1, .a = 3, .b = meta(CV_TAG_LIST)}},
        {false, {.kind = CV_EV_WRITE, .obj = 2, .b = meta(CV_TAG_INT)}},
        {false, {.kind = CV_EV_READ, .obj = 2, .b = meta(CV_TAG_INT)}},
        {false, {.kind = CV_EV_WRITE, .obj = 1, .a = CV_SAVED_LIST + 1, .b = meta(CV_TAG_LIST)}},
        {false, {.kind = CV_EV_WRITE, .obj = 1, .a = 1, .b = meta(CV_TAG_LIST), .c = 1}},
        {true, {.kind = CV_EV_WRITE, .obj = 1, .a = 1, .b = meta(CV_TAG_LIST), .c = CV_WHOLE_LIST}},
        {false, {.kind = CV_EV_READ, .obj = 1, .b = meta(CV_TAG_INT), .c = CV_SAVED_LIST + 1}},
        {false, {.kind = CV_EV_READ, .obj = 0, .a = 2, .b = meta(CV_TAG_BOOL)}},
        {false, {.kind = CV_EV_READ, .obj = 0, .b = meta((enum cv_tag)(CV_TAG_TASK + 1))}},
        {false, {.kind = CV_EV_READ, .obj = 0, .a = CV_NO_TASK + 1, .b = meta(CV_TAG_TASK)}},
        {false, {.kind = CV_EV_TAKE, .obj = 1}},
        {false, {.kind = CV_EV_GIVE, .obj = 1}},
        {false, {.kind = CV_EV_SPAWN, .a = TASKS}},
        {false, {.kind = CV_EV_SPAWN, .a = CV_NO_TASK}},
        {false, {.kind = CV_EV_JOINED, .a = TASKS}},
        {false, {.kind = CV_EV_JOB, .a = TASKS}},
        {false, {.kind = CV_EV_JOB_END, .a = (uint64_t)1 << 32}},
        {false, {.kind = CV_EV_LOST, .a = SAVED_LAST}},
        {false, {.kind = CV_EV_LOST, .b = 2}},
        {false, {.kind = CV_EV_FINDING, .obj = CV_FINDING_COUNT}},
        {false, {.kind = CV_EV_RUN_END, .task = CV_NO_TASK, .obj = CV_OUT_CRASHED + 1}},
    };
    struct saved_limits l = saved_limits(&info, TASKS);
    ck_assert_uint_eq(l.lines, 3);
    for (size_t i = 0; i < CV_COUNT(all); i++) {
        const char *wrong = saved_wrong(&l, &all[i].e);
        ck_assert_msg((wrong == NULL) == all[i].right, "case %zu, %s: %s", i, cv_event_info[all[i].e.kind % CV_EV_COUNT].name, wrong ? wrong : "nothing wrong");
    }
}
END_TEST

/* ── there and back ─────────────────────────────────────────────────────────────────────────────── */
struct told { CV_VEC(struct cv_event) at; };
static void take(void *to, const struct cv_event *e)
{
    struct told *t = to;
    CV_PUSH(&t->at, *e);
}

static struct cv_shm region(void)
{
    struct cv_shm shm;
    struct cv_shm_plan plan = {.max_tasks = TASKS, .ring_records = 16, .string_bytes = 1 << 16};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    return shm;
}

static bool is_text(const struct cv_shm *shm, uint64_t id, const char *text) { return !strcmp(cv_string(shm, (uint32_t)id, NULL), text); }

START_TEST(there_and_back)
{
    struct cv_shm shm = region();
    struct cv_saved head = {.scenario = "a\x1b[31m", .source = info.source, .source_length = info.source_length, .schedule = "A B", .params = "n=1\0m=2", .params_length = 8,
                            .machine = "\0\xff", .machine_length = 2, .clock = "tsc", .source_name = "perf", .source_precision = "exact", .source_why = "", .ntried = 1,
                            .tried = {{"perf", "no\nway", -1}}, .model = CV_THREADS, .gil = true, .seed = UINT64_MAX, .max_tasks = TASKS};
    uint32_t hello = cv_intern(&shm, "hello", 5);
    const struct cv_event events[] = {
        {.t = 5, .kind = CV_EV_TASK_START, .flags = 3, .task = 1, .line = 2, .a = hello, .b = 1, .c = 0, .d = UINT64_MAX},
        {.t = 5, .kind = CV_EV_WRITE, .flags = 9, .task = 1, .line = 3, .obj = 1, .a = (uint64_t)-3, .b = cv_meta(CV_TAG_INT, 1, 0xffffffffffu), .c = 9, .d = cv_meta(CV_TAG_NONE, CV_NO_TASK, 0), .e = UINT64_MAX},
        {.t = 6, .kind = CV_EV_READ, .task = 1, .line = 3, .obj = 0, .a = hello, .b = cv_meta(CV_TAG_STRING, 4, 2), .c = CV_WHOLE_LIST},
        {.t = SAVED_LAST - 1, .kind = CV_EV_LOST, .task = CV_NO_TASK, .a = 7, .b = 1, .c = 3},
        {.t = SAVED_LAST - 1, .kind = CV_EV_RUN_END, .task = CV_NO_TASK, .obj = CV_OUT_DEADLOCK, .a = hello},
    };
    const struct cv_cell list = {2, cv_meta(CV_TAG_LIST, 1, 1)}, items[] = {{hello, cv_meta(CV_TAG_STRING, 1, 1)}, {INT64_MAX, cv_meta(CV_TAG_INT, 1, 1)}};
    atomic_store(&shm.head->ntasks, 2);
    struct cv_row *row = cv_shm_row(&shm, 1);
    row->name = hello;
    row->body = CV_NO_BODY;
    atomic_store(&row->state, CV_ROW_DONE);
    atomic_store(&row->causes[3], 11);
    atomic_store(&row->serves, CV_NO_TASK);
    char *bytes = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&bytes, &n);
    struct cv_saver *s = cv_save_begin(f, &head, &info, &shm);
    for (size_t i = 0; i < CV_COUNT(events); i++)
        cv_save_event(s, &events[i]);
    cv_save_cell(s, 1, &list, items);
    struct cv_reader *reader = cv_reader_new(&shm);
    struct cv_buf why = {0};
    ck_assert_msg(cv_save_end(s, reader, &why), "%s", why.at);
    fclose(f);

    FILE *from = fmemopen(bytes, n, "r");
    struct cv_loaded *l = cv_load_open(from, &why);
    ck_assert_msg(l, "%s", why.at);
    const struct cv_saved *h = cv_load_head(l);
    ck_assert_str_eq(h->scenario, "a\\x1b[31m");
    ck_assert_str_eq(h->tried[0].why, "no\\x0away");
    ck_assert_int_eq(h->tried[0].state, -1);
    ck_assert_mem_eq(h->params, head.params, 8);
    ck_assert_uint_eq(h->seed, UINT64_MAX);
    ck_assert_str_eq(h->schedule, "A B");
    ck_assert(h->gil && !h->stepped && h->machine_length == 2 && !memcmp(h->machine, "\0\xff", 2));
    struct cv_run_info other = info;
    other.nsyncs = 0;
    ck_assert(!cv_load_region(l, &other, &why));
    why.n = 0;
    ck_assert_msg(cv_load_region(l, &info, &why), "%s", why.at);
    struct told told = {0};
    ck_assert_msg(cv_load_run(l, take, &told, &why), "%s", why.at);
    const struct cv_shm *there = cv_load_shm(l);
    ck_assert_uint_eq(told.at.n, CV_COUNT(events));
    for (size_t i = 0; i < CV_COUNT(events); i++) {
        struct cv_event a = events[i], b = told.at.at[i];
        bool text = a.kind == CV_EV_TASK_START || a.kind == CV_EV_RUN_END || a.kind == CV_EV_READ;
        if (text && is_text(there, b.a, "hello"))
            b.a = a.a;
        ck_assert_msg(a.t == b.t && a.kind == b.kind && a.flags == b.flags && a.task == b.task && a.line == b.line && a.obj == b.obj && a.a == b.a && a.b == b.b &&
                          a.c == b.c && a.d == b.d && a.e == b.e && a.f == b.f, "event %zu", i);
    }
    struct cv_cell cell;
    const struct cv_cell *kept;
    ck_assert(!cv_load_cell(l, 0, &cell, &kept) && cv_load_cell(l, 1, &cell, &kept));
    ck_assert(cell.payload == 2 && is_text(there, kept[0].payload, "hello") && kept[1].payload == INT64_MAX);
    const struct cv_row *back = cv_shm_row(there, 1);
    ck_assert(is_text(there, back->name, "hello") && back->body == CV_NO_BODY && back->causes[3] == 11 && back->serves == CV_NO_TASK && there->head->ntasks == 2);
    cv_load_free(l);
    fclose(from);
    free(told.at.at);
    free(bytes);
    cv_reader_free(reader);
    cv_shm_release(&shm);
    cv_buf_release(&why);
}
END_TEST

/* A disk that is full, and an event that cannot be: said at the end. */
START_TEST(what_cannot_be_written)
{
    struct cv_shm shm = region();
    struct cv_saved head = {.scenario = "s", .source = info.source, .source_length = info.source_length, .max_tasks = TASKS};
    struct cv_reader *reader = cv_reader_new(&shm);
    struct cv_buf why = {0};
    FILE *full = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(full);
    setvbuf(full, NULL, _IONBF, 0);
    ck_assert(!cv_save_end(cv_save_begin(full, &head, &info, &shm), reader, &why));
    ck_assert_str_eq(why.at, "No space left on device");
    fclose(full);
    FILE *null = fopen("/dev/null", "w");
    struct cv_saver *s = cv_save_begin(null, &head, &info, &shm);
    cv_save_event(s, &(struct cv_event){.kind = CV_EV_READ, .obj = 9});
    why.n = 0;
    ck_assert(!cv_save_end(s, reader, &why));
    ck_assert_str_eq(why.at, "the run told of a variable that the scenario has not (read)");
    fclose(null);
    cv_reader_free(reader);
    cv_shm_release(&shm);
    cv_buf_release(&why);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("trace_saved");
    TCase *c = tcase_create("saved");
    tcase_add_test(c, what_cannot_be);
    tcase_add_test(c, there_and_back);
    tcase_add_test(c, what_cannot_be_written);
    suite_add_tcase(s, c);
    return s;
}
