/* The inside of the model: what the files of this room share.
 *
 * Everything is a sorted array that only grows at its end (and is cut at its front when the history is full); a question is
 * a binary search in it. Times are ns since the gate and never decrease from one folded event to the next. */
#ifndef CONVIS_MODEL_MODEL_H
#define CONVIS_MODEL_MODEL_H

#include "convis/model.h"

struct task;

/* ── series: what a lane or a core was doing, as slices ─────────────────────────────────────────────
 * A slice is 8 bytes: where it begins after its block's begin, and what. 64 of them (fewer where more than 4 s pass) are a block,
 * which knows what was summed up before it; 1024 are a stretch, the unit of memory. So a time is found in three short searches,
 * by stretch, block and slice, what lasted until then is a block's sums and a walk of at most 64 slices, and the index takes less
 * than 3 bytes a slice. The oldest slices are cut off one by one if need be: the sums of the first block are moved on. */
enum { SERIES_BLOCK = 64, SERIES_STRETCH = 1024 };
struct slice {              /* as pushed and as told; lasts until the next slice begins */
    uint64_t t;
    enum cv_state state;
    enum cv_cause cause;    /* CV_CAUSE_COUNT: none */
    enum cv_cause sw;       /* the switch that happened here: `cause`, QUANTUM or SYSTEM; CV_CAUSE_COUNT: none */
    uint32_t core, object;  /* object: READY: the waker; of these two one is kept: of a RUNNING slice the core, or (names) the object */
    bool exact;
};
struct packed { uint32_t after; uint32_t state : 4, cause : 5, sw : 2, exact : 1, what : 20; };
_Static_assert(sizeof(struct packed) == 8, "a slice is a word");
_Static_assert(CV_CAUSE_COUNT < 32 && CV_ST_COUNT <= 16 && CV_NO_TASK <= 0xfffff, "they fit a slice");
enum { SLICE_NO_CORE = 1023 };
struct block {              /* what was summed up before its first slice */
    uint64_t t, ns[CV_ST_COUNT];
    uint16_t causes[CV_CAUSE_COUNT]; /* since the stretch began */
    uint16_t first;         /* of its slices, in the stretch */
};
struct stretch {            /* begins: in the series, side by side, so that a search in them stays in the cache */
    struct packed *slices;
    struct block *blocks;
    uint32_t cap, nblocks, blocks_cap, skip; /* skip: slices cut off in it */
    uint32_t causes[CV_CAUSE_COUNT];
};
_Static_assert(sizeof(struct block) <= 160 && sizeof(struct stretch) <= 192, "3 bytes of index a slice at most");
struct series {
    struct packed *few;     /* up to SERIES_BLOCK slices need no index: they are here, then in a stretch */
    uint64_t begin;         /* of the few */
    struct stretch *stretches;
    uint64_t *begins;       /* of each stretch */
    uint32_t few_cap, nstretches, stretches_cap, front; /* front: stretches cut off */
    bool names;             /* a RUNNING slice names a task, not a core */
    bool beside;            /* in a thread of its own: what holds the loop does not freeze it */
    uint64_t n, dropped;    /* slices ever pushed; cut off at the front */
    size_t bytes;           /* of memory, index included */
    struct slice last;      /* where n > 0 */
};

/* What lies over all lanes of the run: its loop held by a blocking call, the run stopped, records lost. */
enum overlay_kind { OVER_NONE, OVER_FROZEN, OVER_STOPPED, OVER_LOST, OVER_COUNT };
struct overlay { uint64_t t, sum[OVER_COUNT]; enum overlay_kind kind; uint32_t holder; };
struct overlays { CV_VEC(struct overlay) at; };

/* Appends a slice at t (not before the last one's). over: what lies over this series, NULL: nothing. */
void series_push(struct series *s, struct slice one, const struct overlays *over);
/* Number of the slice that lasts at t, SIZE_MAX: t is before the first. Numbers stay the same when the oldest are cut off. */
size_t series_find(const struct series *s, uint64_t t);
struct slice series_at(const struct series *s, size_t i); /* dropped <= i < n */
uint64_t series_begin(const struct series *s); /* of the oldest slice kept; UINT64_MAX: there is none */
/* Adds the ns of each state in [from, to) to ns; before the first slice NONE, where slices were cut off LOST. */
void series_shares(const struct series *s, const struct overlays *over, uint64_t from, uint64_t to, uint64_t ns[CV_ST_COUNT]);
/* The same for n columns side by side, and the preemptions (quantum, gil) in each: one walk. */
void series_columns(const struct series *s, const struct overlays *over, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_lane_column *out);
/* Adds the switches up to and including t, by cause. */
void series_switches(const struct series *s, uint64_t t, uint64_t counts[CV_CAUSE_COUNT]);
/* The number of the last slice up to and including t at which a switch happened; SIZE_MAX: none is kept. */
size_t series_switch(const struct series *s, uint64_t t);
/* Cuts off what ended by t; the last slice stays. */
void series_cut(struct series *s, const struct overlays *over, uint64_t t);
void series_release(struct series *s);
/* The state of a slice under what lies over it. */
enum cv_state series_state(enum cv_state own, enum cv_cause cause, bool beside, enum overlay_kind kind);

void overlays_push(struct overlays *o, uint64_t t, enum overlay_kind kind, uint32_t holder);
/* ns of each kind until t. hint: where the last answer stood (0 at first); the next is mostly near. */
void overlays_sums(const struct overlays *o, uint64_t t, size_t *hint, uint64_t sum[OVER_COUNT]);
const struct overlay *overlays_at(const struct overlays *o, uint64_t t); /* NULL: before the first */

/* ── instants: counting what happened until t ─────────────────────────────────────────────────────── */
struct instants { CV_VEC(uint64_t) at; uint64_t dropped; };
void instants_add(struct instants *v, uint64_t t);
size_t instants_cut(struct instants *v, uint64_t t); /* forgets those up to and including t, but not how many; the bytes freed */
uint64_t instants_until(const struct instants *v, uint64_t t); /* up to and including t, those cut off too */

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
struct version {            /* epoch: the writer's clock, see order.c; until: its writer takes the value for its own, see vars.c */
    uint64_t t;
    struct cv_cell cell;
    uint32_t line, epoch;
    uint64_t until;
};
struct versions { CV_VEC(struct version) v; uint64_t dropped; };
struct read { uint64_t t, until /* used, or read again */; uint64_t task : 20, version : 40; };
/* ── order: vector clocks ───────────────────────────────────────────────────────────────────────── */
struct clock { uint32_t *at, n; };
struct clocks { struct clock all, firm; /* firm: without the edges of locks; empty where there is no lock */ };

/* A touch of a cell, as far as what is to come may race with it, see races.c. epoch, firm: the task's own clocks then. */
struct touch { uint32_t task, epoch, firm, line; uint64_t locks, doubts; bool any; };
struct access {
    struct touch write, read;   /* the last; reads that nothing orders stand in reads */
    struct touch *reads; uint32_t nreads;
    struct touch near[2][2];    /* reads, writes: the last of two tasks */
};
struct var {                /* one copy of a variable */
    struct versions head;   /* the cell; of a list: payload = its length */
    struct versions *items; /* of a list, by index */
    uint32_t nitems;
    CV_VEC(struct read) reads;
    uint64_t reads_dropped;
    struct instants writes;
    struct access *cells; uint32_t ncells; /* 0: the variable, i + 1: an element */
    struct touch whole, item;   /* the last read of the whole list, write of any element */
    struct clocks clock;        /* where it is watched: what its writes gave */
    uint64_t awaited; uint32_t awaited_at; /* a version that was read though its write was not told yet, 0: none; of the element */
};

/* ── threads: what is known of a task's thread beside its lane (thread.c) ─────────────────────────── */
struct within { uint64_t from, to; uint32_t count, core; }; /* preemptions lie in it, and where is not known */
struct thread {
    uint64_t voluntary, involuntary; /* switches that the source saw */
    uint64_t queued_ns, queued_since; bool queued; /* in the run queue, as far as the source tells */
    struct instants moves;           /* between cores */
    CV_VEC(struct within) within;    /* by their ends */
};
void thread_on(struct cv_model *m, struct task *t, uint64_t at, uint32_t core); /* it is on that core */
void thread_switch(struct task *t, const struct cv_event *e); /* SWITCH_OUT, SWITCH_IN, USAGE: counts it */
void thread_within(struct cv_model *m, struct task *t, struct within one);
size_t thread_cut(struct task *t, uint64_t until); /* what ended by then goes; bytes freed */
void thread_release(struct task *t);

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────────── */
enum phase { PHASE_NONE, PHASE_STARTED, PHASE_RUN, PHASE_WAIT, PHASE_READY, PHASE_END };
struct use { struct var *var; uint64_t index; };
struct guard { struct var *var; uint64_t version; struct cv_cell cell; uint32_t number /* of the variable */, index, line; };
struct task {
    uint32_t number;
    const char *name, *body_name; /* body_name: NULL, or of the model's bodies */
    uint32_t body, parent, pid, tid;
    uint64_t start, last;       /* ns; last: of its last own event */
    uint32_t heading, group;    /* the line of its [task]; 1 + its group, 0: none yet, or hidden */
    struct series lane;
    uint64_t ran_before;        /* ns it ran in what was cut off of it */
    CV_VEC(uint64_t) lines;     /* t << 16 | line, where it changed */
    /* what its own events say */
    bool worker, own_copy;      /* of a pool: in a thread of its own; with a copy of [shared] of its own */
    bool known, early, awaited; /* its start or its spawn was told; it did something before that; it was joined before its end was told */
    enum phase phase;
    enum cv_task_end end;
    const char *failure;        /* NULL: none; the model's */
    enum cv_cause cause;
    uint32_t object, waker, line;
    uint32_t waits_on;          /* 1 + the sync object in whose queue it is counted */
    uint32_t serves;            /* a worker: the task whose block it runs, or ran last; at first its parent */
    uint32_t yields;            /* since the last USAGE */
    /* what the kernel says */
    bool off, preempted, exact;
    uint32_t core;
    struct thread thread;
    uint64_t turn;              /* async: where this turn (or what is left of it after a block) began */
    uint32_t cpu_line;          /* of the last cpu statement in it; 0: none */
    struct var **vars;          /* its own copies, NULL: none */
    struct use open[4];         /* what it read and has not yet used */
    struct use wrote[4];        /* what it wrote and takes for what still stands; index: the version */
    struct clocks clock;
    uint64_t acquires;          /* edges that came in */
    uint32_t slot;              /* where in its line it stands, see steps.c; 0: not known */
    CV_VEC(uint64_t) slots;     /* t << 16 | slot, where it changed */
    uint64_t locks;             /* bit k: it holds lock k */
    CV_VEC(struct guard) guards; /* what conditions read that hold it in a branch or loop, see guards.c */
    uint32_t spawned_at;        /* line of the spawn; 0: not known */
    /* what it asks for, see queues.c */
    uint32_t asks;              /* 1 + the lock or semaphore in whose line it stands */
    uint32_t behind, before;    /* its neighbours there */
    uint64_t asked, overtook, convoy; /* since when; the number of the line it overtook in last, 1 + that of its last convoy */
    uint32_t maybe_atomic;      /* 1 + variable whose element it wrote indivisibly: a whole list, or an atomic? */
};

/* ── sync objects, cores, output, findings ──────────────────────────────────────────────────────── */
struct sync_step { uint64_t t, takes, length; uint32_t owner, waiting, task /* who did it */; bool take; };
struct loop_pass { uint64_t t; uint32_t ready, timers, fetches; };
struct loop_turn { uint64_t t, ns; uint32_t task, line; }; /* longer than any before it; t: its end */
struct line { uint32_t first, last, n, overtaken, others /* who overtook */; uint64_t since, number; bool told; }; /* who asks for it; from overtaken on: of the first */
struct convoy { uint64_t number, hand_overs, tasks; uint32_t last; bool told; };
struct sync {
    CV_VEC(struct sync_step) at;
    struct sync_step now;
    struct clocks clock;
    uint64_t order, missing;    /* of its steps the last that is known; how many before it are not */
    bool any, cut;
    struct line line;
    struct convoy convoy;
};
struct core_sample { uint64_t from, to; double busy, sum /* busy ns until `to` */, covered /* ns covered until `to` */; };
struct core { CV_VEC(struct core_sample) load; struct series who; CV_VEC(uint64_t) gone; /* when it went offline, came back, … */ bool seen; };
struct printed { uint64_t t, order; uint32_t task, line, text; };
struct mark { uint64_t t; uint32_t task, line, name; };
struct noted { uint64_t t; uint32_t task /* 1 + who; 0: not yet */, line; };
struct group;               /* crowd.c */
struct standing_stretch;    /* standing.c */
struct standing { CV_VEC(struct standing_stretch *) stretches; CV_VEC(uint32_t) now; }; /* now: by line */
struct own_write { uint64_t key, version, acquires, doubts; struct cv_cell cell; uint32_t line; bool used; };
/* STOPPED: nothing was lost, the run stood still. Of several made one: the worst. */
enum gap_kind { GAP_STOPPED, GAP_KERNEL, GAP_OWN };
struct gap { uint64_t from, to; enum gap_kind kind; };

struct cv_model {
    const struct cv_run_info *info;
    const struct cv_shm *shm;
    size_t history, lane_bytes, bytes; /* lane_bytes: of all series, exact; bytes: of what else is kept */
    size_t trim_above;
    uint64_t forgotten, begin;  /* what ended by `forgotten` was cut off; from `begin` on every lane is whole */
    uint64_t folded, now, change;
    bool over;
    enum cv_outcome outcome;
    const char *outcome_text;

    struct task **tasks;        /* NULL where a number was not started */
    uint32_t ntasks, tasks_cap, alive;
    CV_VEC(char *) bodies;      /* names of the [task] sections, by the line of their heading; NULL: not asked yet */
    CV_VEC(char *) clean;       /* cleaned text by string id, NULL: not yet */
    struct overlays overlays;
    uint64_t slice_last;        /* no lane has a slice that begins later */
    uint64_t own_last;          /* of the last event of a task's own */
    CV_VEC(struct group) groups; /* crowd.c */
    CV_VEC(uint32_t) group_at;  /* 1 + the group, by the line of its heading, 0: the workers; 0: none yet */
    struct standing *standing;  /* NULL: so few that they are asked one by one */
    bool failed_any;
    uint32_t failed_first;
    uint64_t failed_at;
    bool hole;
    uint64_t hole_since;
    /* the loop (async) */
    struct series loop;
    struct series onloop;       /* who had the loop, or the emulated GIL: RUNNING, object = task */
    uint32_t on_loop, held_by;
    CV_VEC(struct loop_pass) passes;
    CV_VEC(struct loop_turn) turns;
    bool loop_off, loop_exact, loop_begun, polling;
    uint64_t held_since;
    /* all switches, counted in blocks as lanes are */
    struct series switches; /* object: the task, CV_NO_TASK: the loop */
    struct instants *lines; uint32_t nlines;
    struct instants *slots;     /* switches by slot */
    uint32_t *line_slot, nline_slots; /* by line: its first slot, 0: it has no steps */
    uint32_t *line_step;        /* by line: the first of its steps */

    struct var *vars;           /* the copy that all share */
    uint8_t *flagged;           /* used in spin until, cas or atomic */
    struct sync *syncs;
    struct core *cores; uint32_t ncores;
    bool core_switches;
    CV_VEC(struct printed) output;
    bool output_lost;
    CV_VEC(struct mark) marks;
    struct noted *noted;        /* for each note: the first mark that it waits for; NULL: no mark yet */
    struct cv_note_at preempted; /* the first time; t UINT64_MAX: never */
    uint64_t cpu_asked;         /* ns, of all cpu statements */
    CV_VEC(struct cv_summary_finding) findings;
    CV_VEC(uint32_t) finding_vars; /* 1 + the variable a finding is about that is taken back if that turns out to be watched */
    uint64_t finding_count[CV_FINDING_COUNT];
    uint64_t (*about)[CV_FINDING_COUNT]; /* of them those, by variable, also those not listed */
    CV_VEC(uint64_t) told;      /* pairs of lines, see races.c */
    uint64_t convoys;
    bool locks, workers;        /* there is a lock; a worker of a pool */
    uint32_t ncells;            /* followed for races */
    uint64_t nitems;            /* elements of lists that are followed; items_full: some are not */
    uint64_t moved;             /* what came late went so many places to the front, in all */
    bool items_full;
    struct own_write *own; size_t nown, own_cap;
    CV_VEC(struct gap) gaps;
    uint64_t lost_records, lost_own; /* lost_own: of them the tasks' own, not the kernel's */
    uint64_t missing;           /* what orders is told by several producers: of it what must have been, but has not come yet */
    uint64_t doubts;            /* how often something was found missing, or came after all: what was told before is not compared with what is told after */
    uint64_t cores_seen[4];
};

enum { MODEL_MAX_FINDINGS = 1000, MODEL_MAX_ITEMS = 1 << 20, MODEL_MAX_OUTPUT = 1 << 22, MODEL_MAX_MARKS = 1 << 20, MODEL_MAX_OWN = 1 << 20, MODEL_MAX_GAPS = 4096,
       MODEL_MAX_CLOCKS = 4096, MODEL_MAX_CELLS = 1 << 17, MODEL_MAX_TOLD = 1000, MODEL_MAX_CORES = 1022, MODEL_MAX_OVERLAYS = 1 << 20,
       MODEL_MAX_FOLLOWED = 1 << 23, MODEL_MAX_MOVED = 1 << 30 };

/* model.c */
struct task *model_task(const struct cv_model *m, uint32_t task); /* NULL: not started */
bool model_in_doubt(const struct cv_model *m, uint64_t doubts); /* an edge may be missing between what was told at `doubts` and now */
struct task *model_new_task(struct cv_model *m, uint32_t number);  /* there, or made; NULL: no such number */
const char *model_clean(struct cv_model *m, uint32_t string);      /* cleaned, lives as long as the model */
const char *model_body(struct cv_model *m, uint32_t line);         /* the [task] that begins at a line; NULL: none does */
bool model_hidden(const struct cv_model *m, const struct task *t); /* a main task nobody wrote: it is not counted */
const char *model_name(const struct cv_model *m, uint32_t task);
bool model_private(const struct cv_model *m, uint32_t var);        /* each task has its own copy */
void model_gap(struct cv_model *m, uint64_t from, uint64_t to, enum gap_kind kind);
bool model_gap_in(const struct cv_model *m, uint64_t from, uint64_t to, enum gap_kind least); /* one of that kind or worse reaches into [from, to) */

/* lanes.c */
void lanes_fold(struct cv_model *m, struct task *t, const struct cv_event *e);
void lanes_kernel(struct cv_model *m, const struct cv_event *e); /* SWITCH_OUT, SWITCH_IN, USAGE */
void lanes_hole(struct cv_model *m, const struct cv_event *e);
void lanes_lost(struct cv_model *m, const struct cv_event *e);
void lanes_over(struct cv_model *m, uint64_t t);
uint32_t lanes_line(const struct task *t, uint64_t at);

enum cv_state model_state(const struct cv_model *m, uint32_t lane, uint64_t t); /* query.c: of a lane, what lies over it reckoned in */

/* crowd.c, standing.c: what the tasks of a group do, and where they stand, without visiting each */
void crowd_join(struct cv_model *m, struct task *t);
void crowd_moved(struct cv_model *m, const struct task *t, const struct slice *before, const struct slice *now);
void crowd_cut(struct cv_model *m, uint64_t t);
void crowd_free(struct cv_model *m);
void standing_moved(struct cv_model *m, const struct task *t, uint64_t at, uint32_t to);
void standing_cut(struct cv_model *m, uint64_t t);
void standing_free(struct cv_model *m);

/* history.c */
void history_trim(struct cv_model *m);

/* vars.c */
void vars_fold(struct cv_model *m, struct task *t, const struct cv_event *e); /* READ, WRITE */
void vars_used(struct task *t, uint64_t at);                       /* what it held in its locals has been used */
void vars_published(struct task *t, uint64_t at);                  /* it gave its writes away in order: a release, a spawn, its end */
/* False for what a worker process does with a copy of its own where nobody else has one: it is no part of the variable's story. */
bool vars_followed(const struct cv_model *m, const struct task *t, uint32_t var);
struct var *vars_of(struct cv_model *m, struct task *t, uint32_t var);
const struct version *vars_version(const struct var *v, uint32_t index, uint64_t version); /* NULL: not (any more) known */
bool vars_ahead(const struct var *v, uint32_t index, uint64_t version); /* later than any version that is known */
void vars_cell_text(const struct cv_shm *shm, struct cv_cell c, size_t max, struct cv_buf *out);
/* The i-th element of a list written as text (of a declared initial value); its length in bytes, NULL: none such. */
const char *vars_initial_item(const char *text, uint64_t i, size_t *length);
uint64_t vars_initial_length(const char *text);
bool vars_item_at(const struct cv_model *m, uint32_t var, uint32_t copy, uint32_t index, uint64_t t, struct cv_cell *cell, bool *gone /* it was cut off */);
size_t vars_cut(struct cv_model *m, uint64_t until); /* these forget what had ended by then; the bytes freed */
void vars_free(struct cv_model *m);

/* steps.c */
void steps_begin(struct cv_model *m);
void steps_fold(struct cv_model *m, struct task *t, const struct cv_event *e);
void steps_switched(struct cv_model *m, const struct task *t, uint64_t at);
size_t steps_cut(struct cv_model *m, uint64_t until);
void steps_free(struct cv_model *m);

/* causes.c */
void causes_fold(struct cv_model *m, const struct cv_event *e); /* PASS, POLL */
void causes_turn(struct cv_model *m, uint32_t task, uint64_t from, uint64_t to); /* it had the loop */
size_t causes_cut(struct cv_model *m, uint64_t until);
void causes_free(struct cv_model *m);

/* syncs.c, cores.c */
void syncs_fold(struct cv_model *m, struct task *t, const struct cv_event *e);
void syncs_wait(struct cv_model *m, struct task *t, uint64_t at, bool waits, uint32_t object);
size_t syncs_cut(struct cv_model *m, uint64_t until);
void syncs_free(struct cv_model *m);
void cores_fold(struct cv_model *m, const struct cv_event *e);
uint32_t cores_task(const struct cv_model *m, uint32_t core, uint64_t t); /* on it at t; CV_NO_TASK */
size_t cores_cut(struct cv_model *m, uint64_t until);
void cores_free(struct cv_model *m);

/* order.c */
void order_fold(struct cv_model *m, struct task *t, uint32_t number, const struct cv_event *e);
/* A watched variable is read, or written: an edge comes in, or leaves. */
void order_watched(struct cv_model *m, struct task *t, uint32_t number, struct var *v, bool take, bool give);
void order_release(struct clocks *c);
uint32_t order_epoch(const struct task *t, uint32_t number);
uint32_t order_firm_epoch(const struct task *t, uint32_t number);
bool order_before(const struct cv_model *m, uint32_t writer, uint32_t epoch, const struct task *reader);
bool order_firm_before(const struct cv_model *m, uint32_t writer, uint32_t epoch, const struct task *reader); /* by other means than locks */
bool order_known(const struct cv_model *m); /* false: too many tasks, there are no clocks */
void order_free(struct cv_model *m);
void order_told(struct cv_model *m, struct task *t, const struct cv_event *e); /* before all else is folded */

/* races.c, guards.c, queues.c: what is found out */
void races_fold(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e); /* READ, WRITE */
void races_written(struct cv_model *m, struct var *v); /* after the write is among the versions */
void races_release(struct var *v);
void guards_fold(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e);
void queues_fold(struct cv_model *m, struct task *t, const struct cv_event *e);
void queues_over(struct cv_model *m, uint64_t t);

/* findings.c */
/* Tells of a finding; takes text over. var: 1 + the variable, where the finding is taken back if that is watched; else 0. */
/* Are as many kept as may be? Then it is counted, and no text is needed. */
bool findings_counted(struct cv_model *m, enum cv_finding_kind kind, uint32_t var /* + 1; 0: of none */);
void findings_add(struct cv_model *m, enum cv_finding_kind kind, uint32_t task, uint32_t line, uint64_t t, uint32_t var, struct cv_buf *text);
void findings_place(const struct cv_model *m, uint32_t var, uint64_t index, struct cv_buf *out); /* counter, items[3]; index: of an event */
void findings_value(const struct cv_model *m, struct cv_cell c, struct cv_buf *out);
void findings_write(struct cv_model *m, struct task *t, const struct var *v, const struct cv_event *e);
void findings_read(struct cv_model *m, struct task *t, const struct var *v, const struct cv_event *e);
void findings_any(struct cv_model *m, struct task *t, const struct cv_event *e);
void findings_block(struct cv_model *m, uint32_t task, uint64_t from, uint64_t to);
void findings_turn(struct cv_model *m, uint32_t task, uint64_t to);
void findings_told(struct cv_model *m, const struct cv_event *e);
uint64_t findings_awake(const struct cv_model *m, uint64_t from, uint64_t to); /* ns between them that the run was not stopped */
void findings_free(struct cv_model *m);

/* notes.c */
void notes_fold(struct cv_model *m, const struct cv_event *e);     /* MARK, WAIT, CPU */
void notes_preempted(struct cv_model *m, const struct task *t, uint64_t at);
void notes_free(struct cv_model *m);

#endif
