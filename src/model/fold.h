/* Inside the model: what the fold keeps. Every array is sorted by time. */
#ifndef CONVIS_MODEL_FOLD_H
#define CONVIS_MODEL_FOLD_H

#include "convis/model.h"

typedef CV_VEC(uint64_t) times_t;

/* ── lanes ──────────────────────────────────────────────────────────────────────────────────────── */
struct slice { uint64_t t; uint8_t state, cause; uint16_t line; uint32_t who; /* RUNNING: core; waiting: object; READY: in its way; loop: the task */ };
enum { BLOCK = 32 };
struct sums { uint64_t ns[CV_ST_COUNT]; };  /* spent in each state before slice BLOCK × i */
struct lane {
    CV_VEC(struct slice) slices;
    CV_VEC(struct sums) blocks;
    struct sums open;             /* sums until the last slice's begin */
    times_t switches[CV_CAUSE_COUNT];
    uint64_t born;
    /* what the program and the kernel said last */
    uint8_t state, cause, on_core /* 0 off, 1 on, 2 not known */, preempted;
    uint16_t line, core;
    uint32_t object, waker;
    uint32_t name, body, parent, pid, tid;
    bool exists, over;
};
void lane_set(struct cv_model *m, struct lane *l, uint64_t t, enum cv_state s, enum cv_cause cause, unsigned line, uint32_t who);
void lane_show(struct cv_model *m, struct lane *l, uint64_t t); /* what it does now, from program and kernel together */
size_t times_until(const times_t *v, uint64_t t);               /* how many are at or before t */

struct interval { uint64_t from, to; uint32_t task; };
typedef CV_VEC(struct interval) intervals_t;

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
struct write { uint64_t t, epoch; struct cv_cell cell; uint32_t task; uint16_t line; bool atomic; };
typedef CV_VEC(struct write) writes_t;
struct copy { uint32_t task; writes_t writes; times_t reads; CV_VEC(writes_t) items; };
struct access { uint32_t task, item; uint64_t version; uint16_t line; bool own_write; };
struct var {
    CV_VEC(struct copy) copies;   /* [0] is the one that all share, or the main task's */
    CV_VEC(struct access) last;   /* of each task and item: an open-addressing table, see findings.c */
    bool unordered_by_design;     /* used in spin until, cas or atomic */
};
struct sync_now { uint64_t t; uint32_t owner, waiting; uint64_t length, takes; };
struct sync { CV_VEC(struct sync_now) history; };

struct on_core { uint64_t t; uint32_t task; };
struct busy { uint64_t t, span; double part; };
struct core { CV_VEC(struct on_core) runs; CV_VEC(struct busy) busy; };

struct clocks { uint32_t n; uint64_t *at; };   /* a vector clock, grown as tasks come */
struct cv_model {
    const struct cv_run_info *info;
    const struct cv_shm *shm;
    size_t history;
    CV_VEC(struct lane *) lanes;
    struct lane loop;
    uint32_t current;             /* async: the coroutine on the loop, CV_NO_TASK */
    uint64_t turn_began, end, change;
    uint32_t turn_line;
    bool turn_blocked;
    uint64_t held_from;           /* the loop is held in a blocking call since; UINT64_MAX: it is not */
    intervals_t held, holes, lost;
    uint64_t hole_from, last_event;
    struct var *vars;
    struct sync *syncs;
    CV_VEC(struct cv_line_out) output;
    CV_VEC(uint64_t) output_order;
    CV_VEC(struct cv_summary_finding) findings;
    uint64_t finding_count[CV_FINDING_COUNT];
    CV_VEC(times_t) lines;
    struct core *cores;
    uint32_t ncores;
    CV_VEC(struct clocks) task_clocks;
    struct clocks *sync_clocks;
    CV_VEC(char *) texts;         /* cleaned text handed out, freed with the model */
    bool over;
    enum cv_outcome outcome;
    const char *outcome_text;
};
struct lane *model_lane(const struct cv_model *m, uint32_t lane);  /* NULL: no such lane */
struct lane *model_lane_for(struct cv_model *m, uint32_t task);    /* made when missing; NULL: out of bounds */
const char *model_text(struct cv_model *m, uint32_t string);       /* cleaned, the model's */
const char *model_keep(struct cv_model *m, struct cv_buf *text);   /* takes the buffer over */

void var_fold(struct cv_model *m, const struct cv_event *e);
struct copy *var_copy(struct cv_model *m, uint32_t var, uint32_t task, bool make);
void sync_fold(struct cv_model *m, const struct cv_event *e);
void sync_waiting(struct cv_model *m, uint32_t sync, uint64_t t, int change);
void core_fold(struct cv_model *m, const struct cv_event *e);

/* ── findings ───────────────────────────────────────────────────────────────────────────────────── */
void finding_access(struct cv_model *m, const struct cv_event *e, struct copy *c, uint32_t item);
void finding_order(struct cv_model *m, const struct cv_event *e); /* happens-before: TAKE GIVE SPAWN JOINED TASK_END */
void finding_turn(struct cv_model *m, uint64_t t, uint32_t task);  /* async: the turn of task ends */
void finding_add(struct cv_model *m, enum cv_finding_kind kind, uint64_t t, uint32_t task, uint32_t line, struct cv_buf *text);
uint64_t finding_epoch(struct cv_model *m, uint32_t task);         /* the task's own clock now */

#endif
