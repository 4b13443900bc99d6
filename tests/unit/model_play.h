/* What the tests of the model share: a small run told to the model event by event, and what is asked of it most.
 * Times are ns. Variables and sync objects are those of `vars` and `syncs` below. */
#ifndef CONVIS_TESTS_MODEL_PLAY_H
#define CONVIS_TESTS_MODEL_PLAY_H

#include <stdlib.h>
#include <string.h>

#include "convis/model.h"
#include "suite.h"

enum { X, Y, LIST, TEXT, MEMORY, NVARS };
enum { LOCK, OTHER_LOCK, PERMITS, QUEUE, EVENT, NSYNCS };
enum { ALICE = 1, BOB, CAROL, MAX_TASKS = 64 };
enum { MS = 1000000 };

static struct cv_info_var vars[NVARS] = {
    [X] = {.name = "x", .initial = "0"},
    [Y] = {.name = "y", .initial = "0"},
    [TEXT] = {.name = "text", .initial = "\"so far\""},
    [LIST] = {.name = "list", .list = true, .initial = "[10, \"a, b\", true]"},
    [MEMORY] = {.name = "memory", .kind = CV_VAR_MEMORY, .initial = "7"},
};
static struct cv_info_sync syncs[NSYNCS] = {
    [LOCK] = {.name = "m", .kind = CV_SYNC_LOCK},
    [OTHER_LOCK] = {.name = "n", .kind = CV_SYNC_LOCK},
    [PERMITS] = {.name = "s", .kind = CV_SYNC_SEMAPHORE, .size = 2},
    [QUEUE] = {.name = "q", .kind = CV_SYNC_QUEUE, .size = 8},
    [EVENT] = {.name = "e", .kind = CV_SYNC_EVENT},
};
static struct cv_run_info info;
static struct cv_shm shm;
static struct cv_reader *reader;
static struct cv_model *m;
static uint64_t now;       /* of the next event */
static uint64_t orders[NSYNCS];

static inline void begin_with(enum cv_model_kind kind, size_t history)
{
    struct cv_shm_plan plan = {.max_tasks = MAX_TASKS, .max_rings = 1, .ring_records = 64, .finals_bytes = 4096, .string_bytes = 1 << 16};
    ck_assert_int_eq(cv_shm_create(&shm, &plan), 0);
    atomic_store(&shm.head->virtual_time, 1); /* ticks are ns */
    reader = cv_reader_new(&shm);
    cv_reader_start(reader, (struct cv_clock_pair){0, 0});
    info = (struct cv_run_info){.scenario = "test", .model = kind, .vars = vars, .nvars = NVARS, .syncs = syncs, .nsyncs = NSYNCS};
    m = cv_model_new(&info, &shm, history);
    memset(orders, 0, sizeof orders);
    now = 0;
}

static inline void begin(enum cv_model_kind kind) { begin_with(kind, 0); }

static inline void end(void)
{
    cv_model_free(m);
    cv_reader_free(reader);
    cv_shm_release(&shm);
}

/* ── telling ────────────────────────────────────────────────────────────────────────────────────── */
static inline void at(uint64_t t) { now = t; }

static inline void tell(enum cv_event_kind kind, uint32_t task, unsigned line, unsigned obj, uint64_t a, uint64_t b)
{
    struct cv_event e = {.t = now, .kind = (uint8_t)kind, .task = task, .line = (uint16_t)line, .obj = (uint16_t)obj, .a = a, .b = b};
    cv_model_fold(m, &e);
}

static inline uint32_t text(const char *s) { return cv_intern(&shm, s, strlen(s)); }

static inline void start(uint32_t task, const char *name, uint32_t parent)
{
    struct cv_event e = {.t = now, .kind = CV_EV_TASK_START, .task = task, .line = 1, .a = text(name), .c = parent};
    cv_model_fold(m, &e);
}

static inline void run(uint32_t task, unsigned line) { tell(CV_EV_RUN, task, line, 0, 0, 0); }
static inline void waits(uint32_t task, unsigned line, int cause, uint64_t what) { tell(CV_EV_WAIT, task, line, (unsigned)cause, what, 0); }
static inline void ready(uint32_t task, uint32_t waker, int cause) { tell(CV_EV_READY, task, 0, 0, waker, (uint64_t)cause); }
static inline void ends(uint32_t task) { tell(CV_EV_TASK_END, task, 0, CV_END_DONE, 0, 0); }
static inline void spawns(uint32_t parent, uint32_t task, const char *name)
{
    tell(CV_EV_SPAWN, parent, 2, 0, task, 0);
    start(task, name, parent);
}
static inline void takes(uint32_t task, uint32_t sync, uint64_t length) { tell(CV_EV_TAKE, task, 3, sync, orders[sync]++, length); }
static inline void gives(uint32_t task, uint32_t sync, uint64_t length) { tell(CV_EV_GIVE, task, 4, sync, orders[sync]++, length); }
static inline void switch_in(uint32_t task, unsigned core) { tell(CV_EV_SWITCH_IN, task, 0, core, 100 + task, 0); }
static inline void switch_out(uint32_t task, unsigned core, bool preempted) { tell(CV_EV_SWITCH_OUT, task, 0, core, 100 + task, preempted); }

/* A read of `version` as `writer` left it; index + 1 of an element, 0: the variable. */
static inline void reads(uint32_t task, uint32_t var, uint64_t index, int64_t value, uint64_t version, uint32_t writer, unsigned flags)
{
    struct cv_event e = {.t = now, .kind = CV_EV_READ, .flags = (uint8_t)flags, .task = task, .line = 11, .obj = (uint16_t)var, .a = (uint64_t)value,
                         .b = cv_meta(CV_TAG_INT, writer, version), .c = index};
    cv_model_fold(m, &e);
}

struct written { uint64_t index, version; struct cv_cell cell; uint64_t from /* version + 1 it derives from */; uint32_t over /* whose version it replaces */; unsigned flags; };
static inline void writes_cell(uint32_t task, uint32_t var, struct written w)
{
    struct cv_event e = {.t = now, .kind = CV_EV_WRITE, .flags = (uint8_t)w.flags, .task = task, .line = 12, .obj = (uint16_t)var, .a = w.cell.payload,
                         .b = cv_meta(cv_meta_tag(w.cell.meta), task, w.version), .c = w.index, .d = cv_meta(CV_TAG_INT, w.over, w.version - 1), .e = w.from};
    cv_model_fold(m, &e);
}

/* A plain write of an int: version over version - 1, which `over` wrote; from: the version it derives from, -1: none. */
static inline void writes(uint32_t task, uint32_t var, int64_t value, uint64_t version, uint32_t over, int64_t from)
{
    writes_cell(task, var, (struct written){.version = version, .cell = {(uint64_t)value, cv_meta(CV_TAG_INT, task, version)}, .from = (uint64_t)(from + 1), .over = over});
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
static inline uint64_t found(enum cv_finding_kind kind)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < cv_model_nfindings(m, UINT64_MAX); i++)
        n += cv_model_finding(m, i).kind == kind;
    return n;
}

static inline struct cv_summary_finding first(enum cv_finding_kind kind)
{
    uint32_t i = 0;
    while (i < cv_model_nfindings(m, UINT64_MAX) && cv_model_finding(m, i).kind != kind)
        i++;
    return cv_model_finding(m, i);
}

static inline enum cv_state state_at(uint32_t lane, uint64_t t) { return cv_model_lane_at(m, lane, t).state; }

/* How often a cause was counted on a lane until t. */
static inline uint64_t switched(uint32_t lane, uint64_t t, int cause)
{
    uint64_t counts[CV_CAUSE_COUNT];
    cv_model_lane_switches(m, lane, t, counts);
    return counts[cause];
}

static inline const char *words(uint32_t var, uint32_t copy, uint64_t t, size_t max)
{
    static struct cv_buf b;
    b.n = 0;
    cv_model_var_text(m, var, copy, t, max, &b);
    return b.at;
}

static inline uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed * 0x2545f4914f6cdd1du >> 16;
}

#endif
