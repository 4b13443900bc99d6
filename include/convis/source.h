/* source: what the kernel says about a run from outside the program. Used by the parent only.
 * A switch source is one row of the registry; they are probed in its order. */
#ifndef CONVIS_SOURCE_H
#define CONVIS_SOURCE_H

#include "convis/base.h"
#include "convis/topo.h"
#include "convis/trace.h"

struct cv_source_ops {
    const char *name, *summary;
    const char *precision;                   /* how exactly it places a preemption: "exact", "between two events" … */
    bool exact;                              /* each switch, its instant and its core */
    /* Opens on process pid and all it will create, before the gate. NULL and the reason in why where the system refuses. */
    void *(*open)(pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo, struct cv_buf *why);
    /* Takes what there is and pushes it (SWITCH_OUT, SWITCH_IN, USAGE, LOST with e->task resolved from rows' tid). Call every 10 ms. */
    void (*drain)(void *self, struct cv_reader *reader, bool last);
    void (*close)(void *self);
};
enum { CV_SOURCES = 3 };
extern const struct cv_source_ops *const cv_sources[]; /* perf, rseq, usage: the best first; NULL ends */

enum cv_source_state { CV_SOURCE_UNTRIED, CV_SOURCE_REFUSED, CV_SOURCE_OPEN };
struct cv_source_try { enum cv_source_state state; struct cv_buf why; /* why refused, why not tried; "" */ };
struct cv_source {
    const struct cv_source_ops *ops; void *self;
    struct cv_buf why;                       /* "perf: …; rseq: …": those that were refused; "" */
    struct cv_source_try tried[CV_SOURCES];  /* as cv_sources */
};
/* The first that opens; only: begin with the one of that name (the next ones follow where it is refused), NULL: with the best.
 * usage always opens. Returns -1 when `only` names none (why says). */
int cv_source_open(struct cv_source *s, const char *only, pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo);
void cv_source_close(struct cv_source *s);

/* What watching costs on this machine, measured on the spot in some hundredths of a second: ns. */
struct cv_cost { double clock_ns, event_ns /* bare look at the clock; an event */, switch_ns, watched_ns /* of two threads: told by nobody, by the source */; };
/* source: its name, NULL: none. false: it could not be measured. Forks a process of its own. */
bool cv_cost_measure(struct cv_cost *c, const char *source);

/* Utilization of every core from /proc/stat. */
struct cv_cores;
struct cv_cores *cv_cores_open(void);        /* NULL: no /proc/stat; errno says */
/* Pushes a CORE event for each core for the interval since the last call (skips when under 50 ms). */
void cv_cores_sample(struct cv_cores *c, struct cv_reader *reader);
void cv_cores_close(struct cv_cores *c);

#endif
