/* summary: what a run came to, as plain data. Made by model/ (from the record and the rows), judged by engine/
 * ([expect]), written by export/ (text, JSON). Strings belong to the summary's arena or to the run's info. */
#ifndef CONVIS_SUMMARY_H
#define CONVIS_SUMMARY_H

#include "convis/trace.h"

struct cv_datum {                 /* a value out of the run */
    enum cv_tag tag; bool unknown; /* unknown: not decidable, records were lost */
    int64_t i;                    /* int, bool, task */
    const char *s; uint32_t n;    /* string bytes; list: n items */
    struct cv_datum *items;
};
void cv_datum_json(struct cv_buf *out, const struct cv_datum *d); /* unknown: null */
struct cv_summary_task {
    uint32_t task; const char *name;
    enum cv_row_state state;      /* DONE, FAILED, KILLED; others: blocked at the end */
    uint32_t pid, tid, voluntary, involuntary, yields; /* pid, tid: a coroutine's are the loop's */
    bool own_thread;              /* the kernel tells it apart from others */
    uint64_t cpu_ns, cores[4];    /* cpu_ns: of a coroutine what the record says it ran */
    uint64_t awaits;
    uint64_t seen_voluntary, seen_involuntary; /* as the switch source told them; the others are getrusage's */
    uint64_t moves, queued_ns;    /* between cores; in the run queue, as far as the source tells */
    const char *failure; uint32_t failure_line; /* NULL: none */
};
struct cv_summary_finding { enum cv_finding_kind kind; uint32_t task, line; uint64_t t; const char *task_name, *text; };
struct cv_summary_var { const char *name; struct cv_datum value; /* main's */ struct cv_datum *copies; uint32_t ncopies; /* processes: main first */ };
enum cv_holds { CV_UNDECIDED = -1 /* records were lost */, CV_FAILS, CV_HOLDS, CV_OPEN /* sometimes, never: one run does not decide it */ };
struct cv_summary_expect {
    uint32_t line; const char *text;
    unsigned kind;                /* enum cv_expect_kind of lang.h: always, sometimes, never */
    int holds;                    /* enum cv_holds: never E, and E came: it fails; sometimes E, and E came: it holds */
    struct cv_buf seen;           /* "counter is 7" */
};
enum { CV_SWITCHES_ENOUGH = 1000 }; /* below that, the making of the tasks outweighs the switching */
struct cv_summary {
    enum cv_outcome outcome; const char *outcome_text; /* who waits for whom; the signal; NULL */
    uint64_t elapsed_ns, cpu_time_ns, loop_lag_ns, loop_iterations, memory_per_task, peak_tasks;
    double cores_used;
    uint32_t threads;             /* the loop's or the main task's, and one for each task or worker with a thread or process of its own */
    uint64_t cpu_asked_ns;        /* of all cpu statements together, by the record */
    int64_t cpu_ns_per_switch;    /* CPU time that no cpu statement asked for, over all switches but ends; -1: not known, or too few switches to say */
    uint64_t cores_seen[4];       /* bitmask */
    uint64_t voluntary, involuntary, yields, awaits; /* totals; the kernel's; yields: of the involuntary, our own sched_yield */
    uint64_t seen_voluntary, seen_involuntary, moves, queued_ns; /* totals, as of tasks */
    uint64_t by_cause[CV_CAUSE_COUNT];
    struct cv_summary_task *tasks; uint32_t ntasks; /* without an implicit main */
    struct cv_summary_var *vars; uint32_t nvars;
    struct cv_datum *output; uint32_t noutput; bool output_lost;
    struct cv_summary_finding *findings; uint32_t nfindings; /* lost updates are all counted, at most 1000 findings listed */
    uint64_t finding_count[CV_FINDING_COUNT];
    struct cv_summary_expect *expects; uint32_t nexpects;
    struct cv_summary_expect *goals; uint32_t ngoals; /* judged as expects are; a goal is reached when all hold */
    uint64_t preemptions;         /* stepped: choices that took the core from who could have gone on; async: out of the loop's own order */
    struct cv_record_counts events;
    bool records_lost;
    bool untimed;                 /* not a run, but what all schedules say: the figures of the machine are not known */
    const char *source_name, *source_why, *source_precision; bool source_exact;
    struct cv_summary_source { const char *name, *why; int state; /* -1 refused, 0 not tried, 1 chosen */ } sources[4]; uint32_t nsources;
    const char *clock_name;
    void *arena;
};

#endif
