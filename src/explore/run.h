/* What the searches of one exploration share: options, results, the judge, and when to stop. */
#ifndef CONVIS_EXPLORE_RUN_H
#define CONVIS_EXPLORE_RUN_H

#include "explore/judge.h"

struct run {
    const struct cv_explore_options *options;
    struct judge judge;
    struct cv_explore *e;
    struct space *fifo;           /* in which a choice out of the loop's own order can be told; NULL: the one that is searched */
    size_t memory;
    uint64_t direct;              /* steps on the stage when it was last asked whether the part goes on */
    uint64_t part_ns, shown_ns;   /* when this part began; when progress was shown last */
    const char *what;
    const char *why, *first_why;  /* why a part ended before all was seen; why the first did that did not */
};
void run_part(struct run *r, const char *what);
/* Asked now and then: false: the part comes to an end. share: < 0 where nobody can tell. */
bool run_goes_on(struct run *r, uint64_t done, double share);
/* Is it time to ask? After some thousand things done, or a few steps on the stage, which are slow. */
bool run_asks(struct run *r, const struct space *x, uint64_t done);
bool run_shows(const struct run *r); /* would that show progress? Then r->e->chance may be told anew before */
void run_memory(struct run *r, size_t bytes); /* what a part takes at this moment */

/* All states: how many, what can come out, interleavings and probabilities. */
void states_run(struct run *r, struct space *x);
/* The fewest preemptions to each failure that is known or met: budget: at most so many nodes, 0: no end. Goes on where it left off. */
struct search;
struct search *search_new(struct run *r, struct space *x);
bool search_run(struct search *s, uint64_t budget, bool all); /* true: nothing more is to be found; all: go on when every known failure has its schedule */
bool search_over(const struct search *s); /* every state was seen */
void search_free(struct search *s);
/* Traces, by optimal dynamic partial order reduction. */
void traces_run(struct run *r, struct space *x);

/* "A2 B3 A1" of tasks, one a step. */
void schedule_text(const struct space *x, const uint16_t *tasks, size_t n, struct cv_buf *out);

#endif
