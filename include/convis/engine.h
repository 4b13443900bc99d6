/* engine: the interpreter, and the four ways to carry out its effects.
 *
 * Runner side: `convis --runner FD` attaches the region, reads the program out of it, waits at the gate, runs.
 * Parent side: a session starts the runner, watches it (deadlock, timeout, death), and ends it whatever happens. */
#ifndef CONVIS_ENGINE_H
#define CONVIS_ENGINE_H

#include <uv.h>
#include "convis/lang.h"
#include "convis/summary.h"
#include "convis/topo.h"
#include "convis/trace.h"

/* ── the registry ───────────────────────────────────────────────────────────────────────────────── */
struct cv_machine;                /* engine/machine.h: program, memory, sync, order: what an engine works on */
struct cv_engine_ops {
    const char *name;             /* "async", "threads", "processes", "stepped" */
    const char *summary;
    /* Runs the whole program; returns when the main task is done or stop was asked. Runner side. */
    int (*run)(struct cv_machine *m);
};
extern const struct cv_engine_ops *const cv_engines[]; /* NULL ends */

/* What is to be run how. Plain data: it travels in the region. */
struct cv_order {
    enum cv_model_kind model;
    bool gil, stepped, record;    /* record: false switches the rings off */
    uint64_t seed, switch_interval_ns, timeout_ns;
    uint32_t cores;               /* bind the run to that many cores; 0: all */
    uint32_t pool;                /* workers of each pool of offload */
    uint32_t max_tasks;           /* started in all */
    uint32_t most_alive;          /* tasks at once; 0: as many as its model may have */
    uint64_t most_bytes, most_output; /* of memory that alloc and lists take; of lines printed; 0: no limit */
    uint32_t ring_records;        /* 0: chosen by model */
    const char *schedule;         /* stepped: "A2 B3 A1"; NULL, "": by seed. The parent's own; the runner finds the text in its machine */
    uint32_t schedule_bytes;      /* of that text in the region, its end included */
    bool desk;                    /* stepped: somebody picks, see the desk below; the schedule is played first */
    char server[108];             /* abstract Unix socket of the fetch server, without the leading NUL */
    char params[2048];            /* "name=value\0name=value\0\0" */
};
/* What a run may take if nobody says otherwise, whoever wrote its scenario. */
enum { CV_MOST_COROUTINES = 100000, CV_MOST_THREADS = 20000, CV_MOST_PROCESSES = 2000, CV_MOST_BYTES = 1 << 30, CV_MOST_OUTPUT = 16 << 20, CV_STEPPED_POOL = 4 /* workers, where the scenario does not say */ };
/* From the scenario's own settings and a typed model name ("async", "threads+gil", "stepped:threads"; NULL: the
 * scenario's). false: no such model; why has the sentence with the names. */
bool cv_order_init(struct cv_order *o, const struct cv_program *p, const char *model, struct cv_buf *why);
/* So many tasks at once instead of what the model may have; as many may then be started in all, and no fewer than would be else. */
void cv_order_allow(struct cv_order *o, uint32_t tasks);
uint32_t cv_order_most_alive(const struct cv_order *o);
const char *cv_order_model_name(const struct cv_order *o); /* "threads+gil" … static */

/* ── runner side ────────────────────────────────────────────────────────────────────────────────── */
int cv_runner_main(int fd);       /* exit status of the runner process */
int cv_server_main(int fd);       /* `convis --server FD`: the fetch server, listening on fd; ends at EOF of its standard input */

/* What a record of this program under this order is about; its strings are the program's. */
void cv_run_info_make(struct cv_run_info *info, const struct cv_program *p, const struct cv_order *o);
void cv_run_info_release(struct cv_run_info *info);

/* ── parent side ────────────────────────────────────────────────────────────────────────────────── */
struct cv_session;
typedef void cv_session_ended_fn(void *to, struct cv_session *s);
/* Makes the region, starts server and runner; the runner waits at the gate. NULL where the system refuses: why says,
 * with the limit's name. exe: path of this program. */
struct cv_session *cv_session_new(uv_loop_t *loop, const char *exe, const struct cv_program *p, const struct cv_order *o,
                                  struct cv_buf *why);
const struct cv_shm *cv_session_shm(const struct cv_session *s);
const struct cv_run_info *cv_session_info(const struct cv_session *s);
pid_t cv_session_pid(const struct cv_session *s);       /* the runner = the process group of the run */
/* Opens the gate (once the sources are open). reader gets the zero instant, and from then on findings and RUN_END. */
void cv_session_go(struct cv_session *s, struct cv_reader *reader);
/* Call every 10 ms while it runs: deadlock and "no visible step" detection, timeout, death. True once it is over. */
bool cv_session_poll(struct cv_session *s);
enum cv_outcome cv_session_outcome(const struct cv_session *s);
const char *cv_session_outcome_text(const struct cv_session *s); /* why; never NULL */
int cv_session_refused(const struct cv_session *s, struct cv_buf *why); /* nonzero: the system refused something (exit 3) */
/* A variable as it stands in the region, its items behind it (NULL: no list). false: the program's copies are private. */
bool cv_session_cell(const struct cv_session *s, uint32_t var, struct cv_cell *cell, const struct cv_cell **items);
void cv_session_stop(struct cv_session *s);             /* SIGKILL to the group; reaps; idempotent */
void cv_session_suspend(struct cv_session *s, bool stop); /* Ctrl-Z: SIGSTOP/SIGCONT to the group, HOLE events */
void cv_session_free(struct cv_session *s);             /* stops first */

/* ── the desk: a stepped run whose order somebody picks at the keys ─────────────────────────────────
 * With order.desk the runner plays order.schedule and then asks: it stands still until it is told who goes, and after the end of
 * the run until it is told to go back, or stopped. What it says of itself may be read while it is idle. */
enum cv_desk_command {
    CV_DESK_NONE,
    CV_DESK_GO,                   /* a: the task that goes */
    CV_DESK_BACK,                 /* a: to stand in front of that choice again (0: the first) */
    CV_DESK_ON,                   /* a: the task that goes on until it cannot, or something was marked or printed */
    CV_DESK_RANDOM,               /* a: seed; b: at most that many choices, by chance */
    CV_DESK_PLAY                  /* the text: from the first choice on, as far as it is possible */
};
enum { CV_DESK_ROWS = 200, CV_DESK_MOST = 1 << 20 /* choices */ };
enum cv_desk_may { CV_DESK_MAY, CV_DESK_SLEEPS /* may be chosen: time moves on to its timer */, CV_DESK_WAITS, CV_DESK_OVER };
struct cv_desk_row {              /* a task as it stands; those that are over are there too where they are few */
    uint32_t task, letter, line, pc; /* pc: of its next action in the program; UINT32_MAX: in none of its lines */
    uint32_t may;                 /* enum cv_desk_may */
    uint32_t current;             /* it is on the core */
    char text[96];                /* its next step: "read counter → 41"; why it waits: "lock m, which Bob holds" */
};
struct cv_desk_made { uint32_t task, steps; uint32_t preemptions, line; uint64_t t, records; }; /* a choice, and how things stood in front of it */
struct cv_desk_at {
    uint64_t position, preemptions; /* choices made; of them those that took the core from who could have gone on */
    uint64_t t, records;          /* virtual time; records that the run so far consists of */
    enum cv_outcome over;         /* CV_OUT_NONE: it goes on */
    uint32_t nrows, ntasks;       /* rows; tasks there could be rows of */
    uint32_t letters_from;        /* the task that is A */
    const struct cv_desk_row *rows;
    const struct cv_desk_made *made; /* position entries, and a last one: how it stands now */
    const char *trouble;          /* why what was to be played could not be: "step 3 of …"; "": it could */
};
void cv_desk_ask(struct cv_session *s, enum cv_desk_command command, uint64_t a, uint64_t b, const char *text);
bool cv_desk_idle(const struct cv_session *s);          /* the last was done */
uint64_t cv_desk_position(const struct cv_session *s);  /* at any time: how far it is */
struct cv_desk_at cv_desk_at(const struct cv_session *s); /* while it is idle */
/* "A2 B3 A1": the steps of the choices from..to. */
void cv_schedule_text(const struct cv_desk_at *at, uint64_t from, uint64_t to, struct cv_buf *out);

/* ── in this process ────────────────────────────────────────────────────────────────────────────── */
/* A stepped run without a runner: its region, with room for so many bytes of text (the caller's, cv_shm_release); then the run itself, up to
 * its end. One ring, nothing printed. false: it could not be made. */
bool cv_here_begin(struct cv_shm *shm, const struct cv_program *p, const struct cv_order *o, size_t string_bytes);
bool cv_here_run(const struct cv_shm *shm, const struct cv_program *p);

/* ── judging ────────────────────────────────────────────────────────────────────────────────────── */
/* Fills s->expects from the program's [expect] lines that apply to the order's model. Allocated in s->arena's manner
 * (freed by cv_summary_free of model/: each expects[i].seen and the array are plain malloc). */
void cv_expect_judge(const struct cv_program *p, const struct cv_order *o, struct cv_summary *s);
/* The goal under the order's model in words: "counter < 2", "a and b"; false: there is none. Cleaned. */
bool cv_goal_text(const struct cv_program *p, const struct cv_order *o, struct cv_buf *out);

#endif
