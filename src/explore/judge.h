/* What comes out at the end of a schedule, told apart and judged: shared by all searches, whatever space they walk in. */
#ifndef CONVIS_EXPLORE_JUDGE_H
#define CONVIS_EXPLORE_JUDGE_H

#include "convis/explore.h"
#include "explore/big.h"
#include "explore/space.h"

enum { JUDGE_OUTCOMES = 2000 /* kept one by one; the others are judged all the same */, JUDGE_BREACHES = 64, JUDGE_OTHER = UINT32_MAX };
#define JUDGE_GOAL ((uint64_t)1 << 63) /* all lines of [goal] hold */
struct judged { uint32_t outcome; uint64_t breaches; }; /* JUDGE_OTHER: beyond those kept; a bit for each violation */
struct judge {
    const struct cv_program *program;
    const struct cv_order *order;
    struct cv_explore *e;
    struct intern keys;           /* text of outcomes */
    CV_VEC(struct judged) by_key;
    struct judge_counts { struct big interleavings; uint64_t numerator_at; uint64_t traces; } *counts; /* by outcome */
    uint64_t others, other_traces;
    bool *came, *not, *undecided; /* by expect of e */
    uint64_t begun_ns;
};
void judge_init(struct judge *j, const struct cv_program *p, const struct cv_order *o, struct cv_explore *e);
void judge_release(struct judge *j);
/* A state without choices. */
struct judged judge_end(struct judge *j, struct space *x, const uint32_t *tuple);
void judge_summary_release(struct cv_summary *s);
/* All schedules were seen (or not): what the expectations came to. */
void judge_verdicts(struct judge *j, bool complete);

#endif
