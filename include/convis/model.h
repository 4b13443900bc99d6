/* model: a pure fold of events into what can be asked: "what was true at t?". All answers by search in sorted
 * arrays, none by replaying. Times are ns since the gate. Nothing here knows the terminal or the program's tree.
 *
 * A lane is a task (lane = task number), or the loop (CV_LANE_LOOP, async only). */
#ifndef CONVIS_MODEL_H
#define CONVIS_MODEL_H

#include "convis/base.h"
#include "convis/summary.h"
#include "convis/topo.h"
#include "convis/trace.h"

enum cv_state {
#define CV_STATE(id, name, glyph, ascii, meaning) CV_ST_##id,
#include "convis/states.def"
#undef CV_STATE
    CV_ST_COUNT
};
struct cv_state_info { const char *name, *glyph, *ascii, *meaning; };
extern const struct cv_state_info cv_state_info[CV_ST_COUNT];

#define CV_LANE_LOOP CV_NO_TASK
#define CV_NO_CORE 0xffffu

struct cv_model;
/* info and shm must outlive the model (names and strings are read from there). history: bytes, 0: 256 MiB. */
struct cv_model *cv_model_new(const struct cv_run_info *info, const struct cv_shm *shm, size_t history);
void cv_model_free(struct cv_model *m);
void cv_model_fold(struct cv_model *m, const struct cv_event *e); /* in the reader's order */
/* Time has come this far though nothing happened (live runs). */
void cv_model_now(struct cv_model *m, uint64_t t);
/* Until then at least one lane was cut off with the oldest history; 0: nothing was. */
uint64_t cv_model_begin(const struct cv_model *m);
uint64_t cv_model_end(const struct cv_model *m);      /* the latest instant known */
bool cv_model_over(const struct cv_model *m, enum cv_outcome *outcome, const char **text); /* RUN_END was folded */
const struct cv_run_info *cv_model_info(const struct cv_model *m);
uint64_t cv_model_change(const struct cv_model *m);   /* grows with every fold: "is there anything new to draw?" */

/* ── lanes ──────────────────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_ntasks(const struct cv_model *m);   /* tasks started so far, 0 … n-1, main included */
const char *cv_model_task_name(const struct cv_model *m, uint32_t task); /* cleaned text, never NULL */
const char *cv_model_body_of(const struct cv_model *m, uint32_t task);   /* name of its [task] */
const char *cv_model_failure(const struct cv_model *m, uint32_t task);   /* why it failed ("killed by SIGSEGV"), cleaned; NULL: it did not */
uint32_t cv_model_parent(const struct cv_model *m, uint32_t task);
void cv_model_ids(const struct cv_model *m, uint32_t task, uint32_t *pid, uint32_t *tid); /* 0: none of its own */
bool cv_model_has_loop(const struct cv_model *m);

struct cv_lane_at {
    enum cv_state state;
    uint64_t since, until;      /* of this state; until: UINT64_MAX while it lasts */
    enum cv_cause cause;        /* why it does not run (WAITING, BLOCKED, READY) or stopped; CV_CAUSE_COUNT: unknown */
    uint32_t line;              /* where it stands; 0: nowhere */
    uint32_t core;              /* RUNNING: on which, CV_NO_CORE: not known */
    uint32_t object;            /* waiting: sync id or task, by cause; CV_NO_TASK: none */
    uint32_t holder;            /* BLOCKED: the task that holds the lock; READY/FROZEN: the task in its way; CV_NO_TASK */
    uint32_t waker;             /* who made it ready last; CV_NO_TASK */
    bool exact;                 /* running/ready told apart by the kernel's own switches */
};
struct cv_lane_at cv_model_lane_at(const struct cv_model *m, uint32_t lane, uint64_t t);
/* ns spent in each state within [from, to): the entries add up to to - from. Cost: logarithmic. */
void cv_model_lane_shares(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT]);
/* The same of n columns side by side, column_ns each, at one go; and how often the lane was preempted (quantum, gil) in each. */
struct cv_lane_column { uint64_t ns[CV_ST_COUNT]; uint32_t preempted; };
void cv_model_lane_columns(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out);
/* The next (direction +1) or previous (-1) instant at which the lane changes state; UINT64_MAX: none. */
uint64_t cv_model_lane_change(const struct cv_model *m, uint32_t lane, uint64_t t, int direction);
/* Switches of the lane up to and including t, by cause. */
void cv_model_lane_switches(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t counts[CV_CAUSE_COUNT]);
/* The switch at or before t on the lane: its cause and instant; false: none. */
bool cv_model_lane_switch(const struct cv_model *m, uint32_t lane, uint64_t t, uint64_t *at, enum cv_cause *cause, uint32_t *line);
void cv_model_switches(const struct cv_model *m, uint64_t t, uint64_t counts[CV_CAUSE_COUNT]); /* all lanes */

/* ── cause: why a lane does what it does ────────────────────────────────────────────────────────── */
/* The last time until t that the lane could go on after it had waited, or was started. */
struct cv_wake {
    uint64_t t, since;          /* since: the wait began; t - since is how long it lasted */
    uint32_t waker;             /* who let it go on; CV_NO_TASK: a timer, an answer, nobody */
    enum cv_cause cause;        /* what it had waited for; CV_CAUSE_COUNT: it was started */
    uint32_t object;            /* sync id or task, by cause; CV_NO_TASK: none */
};
bool cv_model_wake(const struct cv_model *m, uint32_t lane, uint64_t t, struct cv_wake *out); /* false: never, or cut off */
/* Who ran within [from, to) while this lane did not, most first (under async: who had the loop): how many of them were put into
 * out, at most `most`; *all: of how many. Of very many tasks, or turns, only the first are asked. */
struct cv_share { uint32_t task; uint64_t ns; };
uint32_t cv_model_meanwhile(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to, struct cv_share *out, uint32_t most, uint32_t *all);
/* The loop until t: the longest that one task had it without giving it back. */
struct cv_loop_at {
    bool counted;               /* ready, timers, fetches are known */
    uint32_t ready, timers, fetches; /* as the last pass began */
    uint64_t worst_ns, worst_at /* it ended */; uint32_t worst_by, worst_line; /* CV_NO_TASK: nobody yet */
};
struct cv_loop_at cv_model_loop_at(const struct cv_model *m, uint64_t t);

/* ── threads ────────────────────────────────────────────────────────────────────────────────────── */
struct cv_preempted {
    uint64_t from, to;          /* it happened within, exact: at that instant */
    uint32_t count, core;       /* so often; CV_NO_CORE */
    uint64_t queued_ns;         /* queued: how long it stood in the run queue then; back: it runs again */
    bool exact, queued, back;
};
/* False: the lane's last switch until t was no preemption. */
bool cv_model_preempted(const struct cv_model *m, uint32_t lane, uint64_t t, struct cv_preempted *out);
/* Does an interval in which it was preempted, nobody knows when, reach into [from, to)? */
bool cv_model_inexact(const struct cv_model *m, uint32_t lane, uint64_t from, uint64_t to);
/* How often its thread had moved from one core to another until t. */
uint64_t cv_model_moves(const struct cv_model *m, uint32_t lane, uint64_t t);

/* ── many tasks: counted, not visited ─────────────────────────────────────────────────────────────
 * A group is all tasks of one [task] section, or the workers of the pools. CV_ALL_GROUPS: all tasks, an implicit main left out.
 * What is said of a group is the sum of what is said of its lanes; the cost does not depend on how many they are, but that a small
 * group is added up lane by lane. Where lanes of a large one were cut off or lost at different instants, it is cut with the last. */
#define CV_ALL_GROUPS UINT32_MAX
uint32_t cv_model_ngroups(const struct cv_model *m);
struct cv_group { const char *name; /* cleaned */ uint32_t line /* of the section's heading; 0: none */, ntasks /* started so far */; };
struct cv_group cv_model_group(const struct cv_model *m, uint32_t group);
uint32_t cv_model_group_of(const struct cv_model *m, uint32_t task);             /* UINT32_MAX: no such task */
uint32_t cv_model_group_task(const struct cv_model *m, uint32_t group, uint32_t i); /* i < ntasks, in the order of their starts */
/* How many of its tasks are in each state at t: together ntasks. */
void cv_model_group_at(const struct cv_model *m, uint32_t group, uint64_t t, uint64_t counts[CV_ST_COUNT]);
/* Columns of its lanes added up: together ntasks * column_ns in each. */
void cv_model_group_columns(const struct cv_model *m, uint32_t group, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out);
/* How many tasks stand at each line of the source at t (started, not done): adds to counts[1 … nlines - 1]. */
void cv_model_lines_at(const struct cv_model *m, uint64_t t, uint32_t nlines, uint32_t *counts);
uint32_t cv_model_first_failed(const struct cv_model *m, uint64_t t);             /* of those that had failed by then; CV_NO_TASK: none */

/* ── cores ──────────────────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_ncores(const struct cv_model *m);   /* highest core number seen + 1 */
struct cv_core_at { double busy /* 0 … 1, the system's; < 0: not known */, run /* the run's share, 0 … 1; < 0: not known */; uint32_t task; /* on it now, CV_NO_TASK */ bool offline; /* taken out of the machine */ };
struct cv_core_at cv_model_core_at(const struct cv_model *m, uint32_t core, uint64_t t);
/* n columns side by side. task: whose most of the run's time on it was, CV_NO_TASK: nobody's; several: less than half of it. Of a
 * column with very many switches that is told by looking at some of its instants. */
struct cv_core_column { double busy, run; uint32_t task; bool several; };
void cv_model_core_columns(const struct cv_model *m, uint32_t core, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_core_column *out);
bool cv_model_knows_cores(const struct cv_model *m); /* which task ran where: the kernel's switches were there */
struct cv_core_at cv_model_core_span(const struct cv_model *m, uint32_t core, uint64_t from, uint64_t to); /* averages; task: the last */

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
struct cv_var_at {
    bool written, list;         /* not written yet: the declared initial value (info->vars[v].initial) */
    bool gone;                  /* what stood there was cut off with the oldest history: not written, and not known */
    bool unsure;                /* records were lost between that write and t: there may have been another */
    bool at_least;              /* some of the writes may be among lost records; of one cell that all share never: versions tell */
    struct cv_cell cell;        /* a list: payload = its length */
    uint64_t t, writes, reads;  /* of the last write; counts until t */
    uint32_t writer, line;
    uint32_t stale;             /* a task that holds an older version (read it and has not yet used it, or wrote it and has not looked since); CV_NO_TASK */
};
/* copy: CV_NO_TASK for the one copy that all share, else the task whose own copy is meant (processes). */
struct cv_var_at cv_model_var_at(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t);
/* The value in words, cleaned: 41, "Bob", [1, 2, …]: lists from the elements' own writes. At most max bytes and an ellipsis. */
void cv_model_var_text(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t, size_t max, struct cv_buf *out);
bool cv_model_has_copy(const struct cv_model *m, uint32_t var, uint32_t task); /* processes, [shared] */

/* The first access of it, of any copy or element, later than t (direction +1), the last earlier than t (-1). False: none is known. */
struct cv_access { uint64_t t; uint32_t task; bool write; };
bool cv_model_access(const struct cv_model *m, uint32_t var, uint64_t t, int direction, struct cv_access *out);

/* ── sync objects ───────────────────────────────────────────────────────────────────────────────── */
struct cv_sync_at { uint32_t owner; /* lock: CV_NO_TASK when free */ uint64_t length; /* queue: items; semaphore: permits left; event: 1 when set; barrier: who has come */ uint32_t waiting; /* tasks */ uint64_t takes; };
struct cv_sync_at cv_model_sync_at(const struct cv_model *m, uint32_t sync, uint64_t t);

/* The last change until t (direction -1), or the first after it (+1): who did what, and what it then stood at. False: none. */
struct cv_sync_step { uint64_t t; uint32_t task /* CV_NO_TASK: somebody only began or ended to wait */; bool take; struct cv_sync_at now; };
bool cv_model_sync_step(const struct cv_model *m, uint32_t sync, uint64_t t, int direction, struct cv_sync_step *out);
/* Who waits for it at t, longest first; returns how many there are, of which at most `most` are put into out. */
struct cv_waiter { uint32_t task; uint64_t since; };
uint32_t cv_model_waiters(const struct cv_model *m, uint32_t sync, uint64_t t, struct cv_waiter *out, uint32_t most);

/* ── lines of the source ────────────────────────────────────────────────────────────────────────── */
uint64_t cv_model_line_switches(const struct cv_model *m, uint32_t line, uint64_t t); /* how often a task was switched away at it */

/* The steps of a line (of the run's info): how many, and the first of them. A task stands in front of one of them, or behind the last. */
uint32_t cv_model_line_steps(const struct cv_model *m, uint32_t line, uint32_t *first);
/* In front of which step of its line the task stands at t, 0 … n; while it waits: which it waits in. UINT32_MAX: not known. */
uint32_t cv_model_step_at(const struct cv_model *m, uint32_t task, uint64_t t);
/* How often a task was switched away there until t. */
uint64_t cv_model_step_switches(const struct cv_model *m, uint32_t line, uint32_t step, uint64_t t);

/* ── output, marks, findings: sorted by time ────────────────────────────────────────────────────── */
struct cv_line_out { uint64_t t; uint32_t task, line; const char *text; /* cleaned */ };
uint32_t cv_model_noutput(const struct cv_model *m, uint64_t t);   /* lines printed until t */
struct cv_line_out cv_model_output(const struct cv_model *m, uint32_t i);
uint32_t cv_model_nfindings(const struct cv_model *m, uint64_t t);
struct cv_summary_finding cv_model_finding(const struct cv_model *m, uint32_t i); /* text: a sentence, cleaned */

struct cv_mark { uint64_t t; uint32_t task, line; const char *name; /* cleaned */ };
uint32_t cv_model_nmarks(const struct cv_model *m, uint64_t t);    /* reached until t */
struct cv_mark cv_model_mark(const struct cv_model *m, uint32_t i);

/* Where the lecture's note (of the run's info) belongs: the first time that what it speaks of happened. */
struct cv_note_at { uint64_t t /* UINT64_MAX: it has not happened */; uint32_t task /* whose doing it was; CV_NO_TASK */, line; };
struct cv_note_at cv_model_note(const struct cv_model *m, uint32_t note);

/* ── moments: where a cursor may want to go ─────────────────────────────────────────────────────── */
enum cv_moment_kind { CV_MOMENT_SWITCH, CV_MOMENT_WRITE /* of something shared */, CV_MOMENT_FINDING, CV_MOMENT_MARK, CV_MOMENT_OUTPUT, CV_MOMENT_NOTE /* of the lecture */, CV_MOMENT_KINDS };
extern const char *const cv_moment_name[CV_MOMENT_KINDS];
struct cv_moment { uint64_t t; uint32_t task /* CV_NO_TASK: the loop's, or nobody's */, line, var /* a write: of which */; const char *text; /* what is said of it, cleaned: a cause, a name, a line of output */ };
/* The first of a kind later than t (direction +1), the last earlier than t (-1). False: none. */
bool cv_model_moment(const struct cv_model *m, enum cv_moment_kind kind, uint64_t t, int direction, struct cv_moment *out);
/* The same for the writes of one variable, whoever's copy. */
bool cv_model_next_write(const struct cv_model *m, uint32_t var, uint64_t t, int direction, struct cv_moment *out);
/* Switches of all lanes until t, in all: cheap, whatever the number of lanes. */
uint64_t cv_model_nswitches(const struct cv_model *m, uint64_t t);

/* Lost records, holes: is something missing in [from, to)? And in all. */
bool cv_model_lost(const struct cv_model *m, uint64_t from, uint64_t to);
/* Lost records only: nothing of a hole, nor of what was cut off with the oldest history. */
bool cv_model_gap(const struct cv_model *m, uint64_t from, uint64_t to);

/* ── the sum of it ──────────────────────────────────────────────────────────────────────────────── */
/* From the model, the rows and (values) the engine's final cells. expects is left empty. */
struct cv_summary *cv_summary_new(const struct cv_model *m, const struct cv_reader *reader);
/* The final value of a variable as it stands in the region: exact whatever records were lost. items: of a list, else NULL. */
void cv_summary_cells(struct cv_summary *s, const struct cv_shm *shm, uint32_t var, const struct cv_cell *cell, const struct cv_cell *items);
void cv_summary_free(struct cv_summary *s);

#endif
