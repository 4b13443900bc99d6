/* explore: all schedules of a program under the rules of a model: what can come out, how often, what can go wrong, and the shortest way
 * there. Two searches over one step, which is the stepped engine's own: states (what can be reached, and with how few preemptions),
 * and traces (which orders differ at all). Results are plain data, owned by the result. */
#ifndef CONVIS_EXPLORE_H
#define CONVIS_EXPLORE_H

#include "convis/engine.h"

struct cv_explore_progress {
    const char *what;             /* "states", "traces", … */
    uint64_t done; double share;  /* share: of the whole, as far as it can be told; < 0: it cannot */
    double chance;                /* traces: of random walks, how many are among them, within some percent; < 0: it cannot be told */
    uint64_t elapsed_ns;
};
enum {
    CV_EXPLORE_STATES = 1, CV_EXPLORE_COUNTS = 2, CV_EXPLORE_TRACES = 4, CV_EXPLORE_SCHEDULES = 8, CV_EXPLORE_FINDINGS = 16, CV_EXPLORE_ALL = 31,
    CV_EXPLORE_BOUNDS = 32
};
struct cv_explore_trace {
    const char *schedule; uint32_t preemptions, steps, outcome /* index, or UINT32_MAX: of those not kept */;
    bool again;                   /* the trace before, by another schedule of it */
};
struct cv_explore_options {
    unsigned parts;               /* STATES: all states, and so all outcomes; COUNTS: interleavings and probabilities; TRACES; SCHEDULES: the
                                     fewest preemptions to each failure; FINDINGS; BOUNDS: traces by preemptions */
    size_t memory;                /* bytes for the states of one search; 0: 512 MiB */
    uint64_t time_ns;             /* for each part; 0: no end */
    const volatile int *stop;     /* not 0: come to an end with what is known; may be NULL */
    void (*progress)(void *to, const struct cv_explore_progress *p); /* may be NULL */
    void *to;
    uint64_t progress_ns;         /* not more often, and it is looked at as often; 0: ten times a second */
    /* FINDINGS: each trace, complete or a deadlock, is shown by one schedule of it; false: no more. May be NULL: then nothing is found. */
    bool (*judge)(void *findings, const struct cv_explore_trace *t);
    void *findings;
    bool latest;                  /* show each trace by further schedules, too: each lets one of its tasks come as late as the trace allows */
};
struct cv_explore_outcome {
    enum cv_outcome outcome;
    struct cv_summary summary;    /* outcome, tasks, variables, output, expects judged; figures of the machine are unknown */
    uint64_t traces;
    char *interleavings;          /* decimal; NULL: not known */
    double probability;           /* under a random walk; < 0: not known */
    char *fraction;               /* the same, exactly: "1/3"; NULL */
    uint32_t failed;              /* tasks */
    bool bad;                     /* an expectation failed, or it ended as nobody expected */
};
enum cv_explore_breach { CV_BREACH_EXPECT, CV_BREACH_DEADLOCK, CV_BREACH_FAILED, CV_BREACH_CRASHED, CV_BREACH_TIMEOUT };
struct cv_explore_violation {
    enum cv_explore_breach breach;
    uint32_t line; const char *text; /* the [expect] line; 0 and a sentence where nothing was expected */
    char *seen;                   /* "counter is 1" */
    uint32_t outcome;             /* index */
    bool scheduled, minimal;      /* minimal: proven: no schedule has fewer preemptions, and of those with as few none is shorter */
    uint32_t preemptions, steps;
    char *schedule;               /* "A1 B2 A1"; NULL: not known */
    double found_s, found_cpu_s;  /* since its search began, elapsed and as CPU time */
};
struct cv_explore_finding {
    enum cv_finding_kind kind;
    uint32_t line;
    char *task, *text, *schedule; /* text: as it is under that schedule */
    uint32_t preemptions, steps;  /* of the schedule: of those seen the one with the fewest */
    uint64_t traces;              /* in which it is found */
};
struct cv_explore_expect {
    uint32_t line; const char *text; unsigned kind;
    int holds;                    /* enum cv_holds; sometimes: true once it came, failed once it cannot */
    bool of_traces;               /* it speaks of what only the judge of traces sees: undecided where not all were judged */
};
struct cv_explore {
    const char *rules;            /* "threads" … */
    bool proven;                  /* every state, or every trace, was seen: what no violation tells of holds in every schedule that ends */
    bool complete;                /* proven, and every schedule ends */
    bool states_complete, traces_complete, counts_complete, findings_complete;
    char *why;                    /* why it is not complete; NULL */
    uint64_t states, traces, deadlocks, blocked; /* deadlocks: traces that end in one (where traces are not known: outcomes) */
    char *interleavings;          /* decimal; NULL: not known, or without end */
    bool endless, unsure;         /* some schedule never ends; whether one does is not known */
    uint64_t *bounds; uint32_t nbounds; bool bounds_complete; /* traces with at most 0, 1, … preemptions */
    struct cv_explore_outcome *outcomes; uint32_t noutcomes;
    struct cv_explore_violation *violations; uint32_t nviolations;
    struct cv_explore_violation goal; bool goal_known, goal_asked; /* [goal] is reached: the shortest way; known: there is one; asked: by the scenario */
    struct cv_explore_finding *findings; uint32_t nfindings; /* made by who judges; freed with the result */
    uint64_t judged;              /* traces that were shown to be judged; findings_complete: all there are */
    struct cv_explore_expect *expects; uint32_t nexpects;
    double chance;                /* the last that progress told of it; < 0: nothing */
    uint64_t elapsed_ns, states_ns, traces_ns;
    size_t memory, state_bytes;   /* the most at once; of the states alone */
    void *space, *fifo;           /* what strings and values stand on */
};
/* NULL: it cannot be explored, why says. program must outlive the result. */
struct cv_explore *cv_explore_run(const struct cv_program *p, const struct cv_order *o, const struct cv_explore_options *options, struct cv_buf *why);
void cv_explore_free(struct cv_explore *e);
void cv_explore_json(const struct cv_explore *e, const struct cv_program *p, struct cv_buf *out);
void cv_explore_outcome_text(const struct cv_explore_outcome *o, struct cv_buf *out); /* one line: "counter = 1; output "a"" */
/* summary: without the failures and their schedules. */
void cv_explore_summary(const struct cv_explore *e, const struct cv_program *p, bool ascii, struct cv_buf *out);
void cv_explore_text(const struct cv_explore *e, const struct cv_program *p, bool ascii, struct cv_buf *out);

/* A schedule told in words, a sentence a step: "A read counter (0)." "B was let in." steps[i]: after how many visible steps. */
struct cv_story { struct cv_story_line { uint32_t step, task, line; char *text; } *at; size_t n, cap; };
bool cv_story_tell(const struct cv_program *p, const struct cv_order *o, const char *schedule, struct cv_story *story, struct cv_buf *why);
void cv_story_release(struct cv_story *story);

#endif
