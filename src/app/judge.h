/* What each trace of an exploration shows: findings, and the lines of [expect] that speak of them. */
#ifndef CONVIS_APP_JUDGE_H
#define CONVIS_APP_JUDGE_H

#include "app/app.h"
#include "convis/explore.h"

struct app_judge {
    const struct cv_program *program;
    struct cv_order order;
    struct cv_run_info info;
    uint32_t preemptions;           /* of the last one, as the engine counted them */
    uint64_t traces, spent_ns, time_ns; /* judged so far; how long that took; how long it may */
    size_t string_bytes;            /* for the texts of one run */
    bool lost;                      /* a record had no room: nothing more is said */
    struct { struct cv_explore_finding *at; size_t n, cap; } found;
    CV_VEC(uint64_t) last;          /* by finding: the trace it was seen in last, from 1 */
    bool *came, *not, *open;        /* by line of [expect] under the model: how it was judged in some trace */
    struct cv_explore_violation *failed; /* by the same: the shortest trace in which it failed */
};
/* asked: for the findings themselves; else they get little time, unless a line of [expect] speaks of them. */
void app_judge_begin(struct app_judge *j, const struct cv_program *p, const struct cv_order *o, uint64_t time_ns, bool asked);
bool app_judge_trace(void *judge, const struct cv_explore_trace *t); /* for cv_explore_options.judge */
void app_judge_end(struct app_judge *j, struct cv_explore *e);       /* hands over to e, which may be NULL */

#endif
