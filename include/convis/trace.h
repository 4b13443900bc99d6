/* trace: event kinds, the shared memory of a run, the rings in it, and the reader that merges them.
 *
 * A run lives in one memfd, made by the parent (viewer or `convis run`), mapped by the runner and inherited by
 * its forks: head, task rows, string arena, engine area, rings. Everything inside is found by offset.
 * Producers write 16-byte records into a ring of their own; the parent drains all rings, merges them by time,
 * and hands out decoded struct cv_event in nanoseconds since the gate opened. */
#ifndef CONVIS_TRACE_H
#define CONVIS_TRACE_H

#include <stdatomic.h>
#include "convis/base.h"

enum cv_event_kind {
#define CV_EVENT(id, name, conts, doc) CV_EV_##id,
#include "convis/events.def"
#undef CV_EVENT
    CV_EV_COUNT
};
struct cv_event_info { const char *name, *doc; unsigned conts; };
extern const struct cv_event_info cv_event_info[CV_EV_COUNT];

enum cv_reason {
#define CV_REASON(id, word, statement) CV_REASON_##id,
#include "convis/causes.def"
    CV_REASON_COUNT
};
/* A cause is an await of a reason, a block on a reason, or one of the others. */
enum cv_cause {
    CV_AWAIT = 0, /* CV_AWAIT + reason */
    CV_BLOCK = CV_REASON_COUNT, /* CV_BLOCK + reason */
    CV_CAUSE_OTHERS = 2 * CV_REASON_COUNT - 1,
#define CV_OTHER(id, name) CV_CAUSE_##id,
#include "convis/causes.def"
    CV_CAUSE_COUNT
};
extern const char *const cv_cause_name[CV_CAUSE_COUNT];   /* "await sleep", "block lock", "quantum" … */
extern const char *const cv_reason_name[CV_REASON_COUNT]; /* "sleep" … */

enum cv_finding_kind {
#define CV_FINDING(id, name, definition, source) CV_FINDING_##id,
#include "convis/findings.def"
#undef CV_FINDING
    CV_FINDING_COUNT
};
struct cv_finding_info { const char *name, *definition, *source; };
extern const struct cv_finding_info cv_finding_info[CV_FINDING_COUNT];

enum cv_task_end { CV_END_DONE, CV_END_FAILED, CV_END_KILLED /* its process died */ };
enum cv_outcome { CV_OUT_NONE, CV_OUT_FINISHED, CV_OUT_DEADLOCK, CV_OUT_TIMEOUT, CV_OUT_CRASHED };
extern const char *const cv_outcome_name[]; /* "", "finished", "deadlock", "timeout", "crashed" */

#define CV_NO_TASK 0xfffffu /* task numbers have 20 bits; 0 is the main task */
#define CV_MAX_TASKS 0xffff0u
#define CV_WHOLE_LIST 0xffffffffu
enum { CV_F_ATOMIC = 1, CV_F_SPIN = 2, CV_F_APPEND = 4, CV_F_GUARD = 8 };
enum { CV_F_HERE = 1 /* USAGE: the thread itself looked, between two of its events */, CV_F_YIELD = 2 /* … and one of them was a sched_yield of ours */ };
enum { CV_F_BESIDE = 1 /* SWITCH_OUT: no part of the account in the row: before the gate, or behind the task's last act */ };
enum { CV_F_WORKER = 1 /* TASK_START: a worker of a pool, in a thread of its own */, CV_F_COPY = 2 /* … in a process of its own */ };
#define CV_NO_BODY 0xffffffffu /* of a worker */

/* ── cells: values as they stand in shared variables and in events ────────────────────────────────
 * 16 bytes: payload, and meta = tag:4 | writer task:20 | version:40. A variable starts at version 0, writer
 * CV_NO_TASK. Payload by tag: int and duration ns; bool 0/1; string id; list: its length. */
enum cv_tag { CV_TAG_NONE, CV_TAG_BOOL, CV_TAG_INT, CV_TAG_STRING, CV_TAG_LIST, CV_TAG_TASK /* a spawn handle */ };
struct cv_cell { uint64_t payload, meta; } __attribute__((aligned(16)));
static inline uint64_t cv_meta(enum cv_tag tag, uint32_t writer, uint64_t version)
{
    return (uint64_t)tag << 60 | (uint64_t)(writer & 0xfffffu) << 40 | (version & 0xffffffffffu);
}
static inline enum cv_tag cv_meta_tag(uint64_t meta) { return (enum cv_tag)(meta >> 60); }
static inline uint32_t cv_meta_writer(uint64_t meta) { return (uint32_t)(meta >> 40) & 0xfffffu; }
static inline uint64_t cv_meta_version(uint64_t meta) { return meta & 0xffffffffffu; }

/* ── a decoded event ────────────────────────────────────────────────────────────────────────────── */
struct cv_event {
    uint64_t t;            /* ns since the gate opened (virtual ns under the stepped engine) */
    uint8_t kind, flags;
    uint16_t line, obj;
    uint32_t task;
    uint64_t a, b, c, d, e, f;
};

/* ── task rows: published by the producers, exact whatever the rings lose ─────────────────────────── */
enum cv_row_state {
    CV_ROW_FREE, CV_ROW_STARTED /* exists, has not run */, CV_ROW_RUNNABLE, CV_ROW_WAITING /* wait is set */,
    CV_ROW_DONE, CV_ROW_FAILED, CV_ROW_KILLED
};
enum { CV_VIRTUAL_PID = 1000 }; /* in virtual time the main task's pid and tid; those of task n's own process and thread are n more */
struct cv_row {
    _Atomic uint32_t state;          /* enum cv_row_state */
    _Atomic uint32_t wait;           /* enum cv_cause << 24 | object (sync id or task), valid while CV_ROW_WAITING; stored before the wait begins */
    _Atomic uint32_t line;
    uint32_t name, body, parent;     /* string id; body; task */
    _Atomic uint32_t pid, tid;       /* 0: runs in its parent's thread (a coroutine: that of the loop); in virtual time there is no tid */
    uint32_t failure;                /* string id: why it failed; 0: did not */
    uint32_t failure_line;
    uint32_t pool;                   /* of a worker: the first worker of its pool */
    _Atomic uint32_t serves;         /* of a worker: the task whose offloaded block it runs, CV_NO_TASK: it is idle */
    uint32_t finals, nfinals;        /* its own copy of [shared] at its end: offset in the finals area (cells), count; processes only */
    _Atomic uint32_t causes[CV_CAUSE_COUNT]; /* switches by cause, as the producer knows them (no QUANTUM) */
    _Atomic uint32_t steps;          /* visible steps done (low 32 bits): unchanged while "no visible step" */
    _Atomic uint64_t cpu_ns;         /* of its thread or process at its last act; coroutines: measured around their turns only by the loop's total */
    _Atomic uint32_t voluntary, involuntary; /* getrusage at its last act */
    _Atomic uint32_t yields;         /* of the involuntary: sched_yield calls of ours that switched */
    _Atomic uint64_t told;           /* of a thread that looks after itself: voluntary << 32 | involuntary that stand in its USAGE events */
    _Atomic uint64_t accounted;      /* RAW ns of its last act, after which nothing is counted; 0: not yet */
    uint64_t born, ended;            /* ticks */
    _Atomic uint64_t cores[4];       /* bitmask of cores it was seen on by itself */
};

/* ── the shared memory of a run ───────────────────────────────────────────────────────────────────── */
struct cv_shm_plan {          /* sizes the parent decides before the run */
    uint32_t max_tasks, max_rings;
    uint32_t ring_records;    /* power of two; 16 bytes each */
    size_t engine_bytes;      /* for the engine: mapped cells and the sync table */
    size_t finals_bytes, string_bytes, source_bytes;
};
struct cv_shm_head {
    uint64_t magic; uint32_t version, clock_tsc;
    struct cv_shm_plan plan;
    uint64_t size, rows_at, rings_at, ring_stride, strings_at, engine_at, finals_at, source_at, source_length;
    _Atomic uint32_t gate;        /* futex: 0 closed, 1 open */
    _Atomic uint32_t stop;        /* the parent asks the run to end */
    _Atomic uint32_t parent;      /* pid of the parent: a runner that is not its child any more ends */
    uint32_t runner;              /* pid of the runner, known once it is attached */
    _Atomic uint32_t attached;    /* the runner waits at the gate */
    _Atomic uint32_t ended;       /* the runner's main task is done and everything is written */
    _Atomic uint32_t ntasks;      /* rows claimed */
    _Atomic uint32_t nrings;
    _Atomic uint32_t virtual_time;/* ring times are ns already (stepped engine); the producer waits for room instead of losing */
    _Atomic uint64_t output_lines;/* order of output */
    _Atomic uint64_t finals_used; /* cells */
    _Atomic uint64_t started, finished; /* ticks (or virtual ns): gate seen open; main done */
    _Atomic uint64_t loop_iterations, loop_lag_ns /* longest the loop was not serving */, peak_tasks, task_bytes /* memory the engine holds for tasks at the peak, bytes */;
    _Atomic uint64_t virtual_now; /* stepped: where virtual time stands */
    _Atomic uint32_t stepping;    /* stepped: whose instructions are run */
    _Atomic uint32_t preemptions; /* stepped: choices that took the core from who could have gone on; async: that left the loop's own order */
    _Atomic uint32_t error;       /* errno of what the system refused; 0: nothing */
    char error_text[256];         /* and the sentence: "pthread_create: … (RLIMIT_NPROC is …)" */
    _Atomic uint32_t outcome;     /* enum cv_outcome as the engine itself knows it (stepped: deadlock, timeout); 0: the parent judges */
    char outcome_text[512];
    char schedule_error[256];     /* stepped: the first impossible choice of --schedule */
    _Atomic uint32_t alive;          /* tasks that have begun and not ended; workers of pools are none */
    _Atomic uint64_t taken_bytes;    /* by alloc, and by the lists of tasks */
    _Atomic uint64_t output_bytes;   /* of all lines printed, an end of line each included */
    _Atomic uint64_t measured_bytes; /* threads and processes: sum over the tasks measured, each once, at its first wait or its end */
    _Atomic uint32_t measured_tasks;
    _Atomic uint64_t base_cpu_ns;    /* what the runner's main thread had used when the gate opened: not the run's */
    _Atomic uint32_t base_voluntary, base_involuntary;
    _Atomic uint64_t base_ns;        /* RAW ns of that account */
    _Atomic uint32_t watch;          /* 1: the threads of the run look after their own preemptions (set before the gate) */
};
struct cv_shm { int fd; struct cv_shm_head *head; /* mapped at any address */ };
/* Makes and maps the region. -1 with errno set where the system refuses. */
int cv_shm_create(struct cv_shm *shm, const struct cv_shm_plan *plan);
/* Maps a region from an inherited descriptor and checks it; -1 where it is not one. */
int cv_shm_attach(struct cv_shm *shm, int fd);
void cv_shm_release(struct cv_shm *shm); /* unmaps and closes */
static inline struct cv_row *cv_shm_row(const struct cv_shm *shm, uint32_t task)
{
    return (struct cv_row *)((char *)shm->head + shm->head->rows_at) + task;
}
static inline void *cv_shm_engine(const struct cv_shm *shm) { return (char *)shm->head + shm->head->engine_at; }
static inline struct cv_cell *cv_shm_finals(const struct cv_shm *shm) { return (struct cv_cell *)(void *)((char *)shm->head + shm->head->finals_at); }
static inline char *cv_shm_source(const struct cv_shm *shm) { return (char *)shm->head + shm->head->source_at; }

/* Strings: an append-only intern table in the region, safe for all threads and processes at once and against
 * their death. Equal text has one id; 0 is the empty string. When the arena is full the id of the text "…" */
uint32_t cv_intern(const struct cv_shm *shm, const char *s, size_t n);
bool cv_strings_full(const struct cv_shm *shm); /* some text found no room, and stands as an ellipsis */
const char *cv_string(const struct cv_shm *shm, uint32_t id, size_t *length); /* valid while mapped; checked */

/* ── producing ─────────────────────────────────────────────────────────────────────────────────────
 * One ring, one writer. Claim once per thread or process (after fork). */
struct cv_record { uint64_t w0, w1; };
struct cv_ring_head {             /* in shared memory, each side's words on a cache line of their own */
    _Alignas(64) _Atomic uint64_t head; /* records written, ever */
    _Atomic uint64_t lost;              /* records that got no room: head + lost were issued */
    _Alignas(64) _Atomic uint64_t tail; /* records the reader is done with */
};
struct cv_ring {                  /* the writer's handle, private memory */
    struct cv_record *records;
    struct cv_ring_head *shared;
    uint64_t head, limit;         /* up to limit it writes without further thought, see ring.c */
    uintptr_t lap;                /* where record 0 would lie if the ring went straight on: record n stands at lap + 16 n, n < limit */
    uint64_t mask, room_until;    /* room_until: by the reader's tail as it was seen last */
    uint64_t lost, lost_run;      /* records; lost_run: since the last record that got in */
    bool tsc;                     /* its stamps are the TSC's own */
    bool wait_for_room;           /* stepped: wait instead of losing */
    const _Atomic uint32_t *stop; /* of the region: nobody waits for room any more */
    const _Atomic uint64_t *virtual_now; /* stepped: the clock of the records; NULL: cv_ticks() */
};
/* false when all rings are taken: then nothing is recorded from this producer, and it counts as lost. */
bool cv_ring_claim(const struct cv_shm *shm, struct cv_ring *ring);
/* Header layout: w0 = time, w1 = kind:6 | conts:2 | flags:4 | task:20 | line:16 | obj:16 (high to low). Inline, since the engines'
 * kinds are constants, and what is to be as cheap as a look at the clock has no room for a call. */
static inline uint64_t cv_emit_header(enum cv_event_kind kind, unsigned conts, unsigned flags, uint32_t task, unsigned line, unsigned obj)
{
    return (uint64_t)kind << 58 | (uint64_t)conts << 56 | (uint64_t)(flags & 15) << 52 | (uint64_t)(task & 0xfffffu) << 32 |
           (uint64_t)(line & 0xffffu) << 16 | (obj & 0xffffu);
}
/* The way of the few that need further thought, see ring.c. */
__attribute__((cold)) void cv_emit_late(struct cv_ring *r, uint64_t w1, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* a … f: as many as conts say, the others are not looked at. */
static inline void cv_emit(struct cv_ring *r, unsigned conts, uint64_t w1, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint64_t head = r->head;
    if (__builtin_expect(r->limit - head <= conts, 0)) {
        cv_emit_late(r, w1, a, b, c, d, e, f);
        return;
    }
    struct cv_record *at = (struct cv_record *)(r->lap + head * sizeof *at);
    at[0] = (struct cv_record){cv_tsc(), w1};
    if (conts >= 1)
        at[1] = (struct cv_record){a, b};
    if (conts >= 2)
        at[2] = (struct cv_record){c, d};
    if (conts >= 3)
        at[3] = (struct cv_record){e, f};
    r->head = head + conts + 1;
    atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
}
static inline void cv_emit0(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj)
{
    cv_emit(r, 0, cv_emit_header(kind, 0, flags, task, line, obj), 0, 0, 0, 0, 0, 0);
}
/* One record at a stamp that an event before it got, 0: now. Returns the stamp; 0: it is not known (the long way). */
static inline uint64_t cv_emit0_at(struct cv_ring *r, uint64_t stamp, enum cv_event_kind kind, uint32_t task, unsigned line, unsigned obj)
{
    uint64_t head = r->head, w1 = cv_emit_header(kind, 0, 0, task, line, obj);
    if (__builtin_expect(r->limit == head, 0)) {
        cv_emit_late(r, w1, 0, 0, 0, 0, 0, 0);
        return 0;
    }
    stamp = stamp ? stamp : cv_tsc();
    *(struct cv_record *)(r->lap + head * sizeof(struct cv_record)) = (struct cv_record){stamp, w1};
    r->head = head + 1;
    atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
    return stamp;
}
static inline void cv_emit1(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj,
                            uint64_t a, uint64_t b)
{
    cv_emit(r, 1, cv_emit_header(kind, 1, flags, task, line, obj), a, b, 0, 0, 0, 0);
}
static inline void cv_emit2(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj,
                            uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    cv_emit(r, 2, cv_emit_header(kind, 2, flags, task, line, obj), a, b, c, d, 0, 0);
}
static inline void cv_emit3(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj,
                            uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    cv_emit(r, 3, cv_emit_header(kind, 3, flags, task, line, obj), a, b, c, d, e, f);
}

/* ── a thread's own word of its being preempted ────────────────────────────────────────────────────
 * Its rseq_cs points at a range that is never executed, and the kernel takes it away when it preempts the thread. Signals,
 * sleeps and yields take it away too: so it is armed anew after every wait, and a hint, which ru_nivcsw confirms. */
struct cv_hint { volatile uint64_t *range; const volatile uint32_t *core; uint64_t armed; }; /* range NULL: there is none */
/* Of the calling thread. false: it has none, and why (static) says so. */
bool cv_hint_init(struct cv_hint *h, const char **why);
static inline void cv_hint_arm(struct cv_hint *h) { *h->range = h->armed; }
static inline bool cv_hint_gone(const struct cv_hint *h) { return *h->range == 0; }
static inline uint32_t cv_hint_core(const struct cv_hint *h) { return *h->core; } /* that the thread runs on */

/* ── reading ───────────────────────────────────────────────────────────────────────────────────────
 * The reader merges all rings, and what is pushed from outside (kernel, cores, findings), by time. An event is
 * handed out once the drain after the one that saw it has passed, so that a producer preempted between its
 * stamp and its store still comes in order. */
struct cv_reader;
struct cv_reader *cv_reader_new(const struct cv_shm *shm);
void cv_reader_free(struct cv_reader *r);
/* The instant 0 of the run: taken when the gate opens. */
void cv_reader_start(struct cv_reader *r, struct cv_clock_pair zero);
/* An event from outside the rings; e->t is absolute CLOCK_MONOTONIC_RAW ns (kernel's stamp), or ns since the
 * gate under virtual time. */
void cv_reader_push(struct cv_reader *r, const struct cv_event *e);
typedef void cv_event_fn(void *to, const struct cv_event *e);
/* What is recorded from here on may lie before what was handed out last: a stepped run went back. */
void cv_reader_rewind(struct cv_reader *r);
/* Takes what the rings hold and hands out what is settled, in time order. last: everything, the run is over. */
void cv_reader_drain(struct cv_reader *r, bool last, cv_event_fn *fn, void *to);
/* Nanoseconds since the gate of now, of a tick count. */
uint64_t cv_reader_now(const struct cv_reader *r);
uint64_t cv_reader_ns(const struct cv_reader *r, uint64_t ticks);
/* Records of the tasks' own; the kernel's are counted apart. Once everything was handed out issued, which the producers count, is
 * recorded + overwritten + lost: what is not is unaccounted for. */
struct cv_record_counts { uint64_t issued, recorded, overwritten, lost, kernel_recorded, kernel_lost; };
static inline uint64_t cv_records_unaccounted(const struct cv_record_counts *c)
{
    uint64_t known = c->recorded + c->overwritten + c->lost;
    return known > c->issued ? known - c->issued : c->issued - known;
}
struct cv_record_counts cv_reader_counts(const struct cv_reader *r);

/* ── what a record is about: names and program, as plain data, so that the model needs no program ───── */
enum cv_var_kind { CV_VAR_SHARED, CV_VAR_MEMORY /* [shared memory] */ };
enum cv_sync_kind { CV_SYNC_LOCK, CV_SYNC_SEMAPHORE, CV_SYNC_QUEUE, CV_SYNC_EVENT, CV_SYNC_BARRIER, CV_SYNC_CONDITION };
extern const char *const cv_sync_kind_name[]; /* "lock", "semaphore" … */
enum cv_model_kind { CV_ASYNC, CV_THREADS, CV_PROCESSES };
/* In the order of lang.h's enum cv_note_when. */
enum cv_note_event { CV_AT_START, CV_AT_END, CV_AT_TIME, CV_AT_MARK, CV_AT_PREEMPTION, CV_AT_FINDING /* + enum cv_finding_kind */ };
struct cv_info_note {          /* what the lecture says, and when; texts as they were written, LF between lines */
    enum cv_note_event event;
    uint64_t at_ns;            /* AT_TIME */
    const char *task, *mark;   /* AT_MARK: an instance or a whole [task], and what it reaches */
    const char *text;
    uint32_t line;
};
struct cv_info_predict {       /* the question before the run; question NULL: none */
    const char *question, *choices[5], *because /* NULL: not given */;
    uint32_t nchoices, answer; /* index of the right choice */
};
/* What a line does, step by step. Of these COMPUTE, CPU and LOCAL are no visible steps: COMPUTE is what is computed between two of
 * the line's, LOCAL stands for a line that has none. */
enum cv_step_kind { CV_STEP_READ, CV_STEP_WRITE, CV_STEP_ATOMIC, CV_STEP_TAKE, CV_STEP_GIVE, CV_STEP_WAIT, CV_STEP_PRINT, CV_STEP_SPAWN, CV_STEP_COMPUTE, CV_STEP_CPU, CV_STEP_LOCAL };
struct cv_info_step {
    uint32_t line;
    enum cv_step_kind kind;
    bool await;                /* a coroutine may give the thread back here */
    uint32_t object;           /* READ, WRITE, ATOMIC: variable; TAKE, GIVE: sync object */
    const char *text;          /* "read counter", cleaned */
};
struct cv_run_info {           /* owned by whoever made it; must outlive model and reader */
    const char *scenario, *title, *about; /* scenario: bare name */
    const char *source; size_t source_length;
    enum cv_model_kind model; bool gil, stepped;
    const char *model_name;    /* as typed: "async", "threads+gil", "stepped:threads" */
    uint64_t seed, switch_interval_ns;
    bool implicit_main;        /* no [main]: task 0 only starts the others and waits; panes leave it out */
    struct cv_info_var { const char *name; enum cv_var_kind kind; bool list, watched /* findings.def */; uint32_t line; const char *initial; /* as text */ } *vars;
    struct cv_info_sync { const char *name; enum cv_sync_kind kind; uint64_t size; uint32_t line; } *syncs;
    uint32_t nvars, nsyncs;
    struct cv_info_note *notes; uint32_t nnotes;
    struct cv_info_predict predict;
    struct cv_info_guard { uint32_t line, from, to; } *guards; /* conditions by line, and the lines that are run by what they come to */
    uint32_t nguards;
    struct cv_info_step *steps; uint32_t nsteps; /* by line, and in a line in the order of the program */
};

#endif
