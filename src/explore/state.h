/* Between the stage and tuples: taking a state apart into numbers, and putting one on the stage. */
#ifndef CONVIS_EXPLORE_STATE_H
#define CONVIS_EXPLORE_STATE_H

#include "explore/space.h"

/* Puts a state on the stage: all of it, or its sync table alone. */
void state_load(struct space *x, const uint32_t *tuple);
void state_load_sync(struct space *x, uint32_t control);
/* Takes the stage apart. to holds the tuple from which the step began (what finished tasks leave is kept); in_turn: see control. */
void state_take(struct space *x, uint32_t *to, uint32_t in_turn);
bool state_memory_step(struct space *x, const uint32_t *tuple, const struct control *c, uint32_t task, const struct local *l, uint32_t *left, uint32_t *next);
/* The decoded action of a local state. */
void state_local(struct space *x, uint32_t id);
/* May the task go, where no turn goes on? */
bool state_may_go(struct space *x, const uint32_t *tuple, const struct control *c, uint32_t task);
uint32_t state_value(struct space *x, const struct cv_cell *cell, const struct cv_list *list, int64_t item);

#endif
