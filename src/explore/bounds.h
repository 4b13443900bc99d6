/* Traces by preemptions: of each complete trace the fewest that it can be had with. */
#ifndef CONVIS_EXPLORE_BOUNDS_H
#define CONVIS_EXPLORE_BOUNDS_H

#include "explore/traces.h"

struct bound;
struct bound *bound_new(struct path *p);
void bound_free(struct bound *b);
uint32_t bound_of(struct bound *b); /* of the path as it stands; UINT32_MAX: too much to look at */
void bound_note(struct bound *b, struct cv_explore *e);
void bound_sum(struct cv_explore *e); /* at the end: from each number to those with at most so many */

#endif
