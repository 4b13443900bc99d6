/* How far the search through the traces has come, as far as that can be told: of random walks, each task that may go equally likely at
 * each step, how many belong to traces that were seen. */
#ifndef CONVIS_EXPLORE_CHANCE_H
#define CONVIS_EXPLORE_CHANCE_H

#include "explore/traces.h"

struct chance;
struct chance *chance_new(struct run *r, struct space *x);
void chance_free(struct chance *c); /* NULL: nothing */
/* 0 … 1; < 0: it cannot be told. Takes some milliseconds at most; what was seen stays so. */
double chance_seen(struct chance *c, const struct path *p);

#endif
