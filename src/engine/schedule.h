/* A schedule as text: "A2 B3 A1": two visible steps of A, then three of B, … Letters go by order of creation; after Z
 * come AA, AB, … An implicit main has no letter. Under async, when main is done, its letter stands for the loop that ends a pass (see stage_asks);
 * an implicit main's is |, in front of A. */
#ifndef CONVIS_ENGINE_SCHEDULE_H
#define CONVIS_ENGINE_SCHEDULE_H

#include "convis/base.h"

struct schedule { const char *at; uint32_t task /* by letter, from 0 */, left; uint32_t position; bool broken; };
void schedule_start(struct schedule *s, const char *text);
/* The task whose turn it is; false: the text is used up or, broken, is no schedule. */
bool schedule_peek(struct schedule *s, uint32_t *letter);
void schedule_step(struct schedule *s); /* one step of it was done */

#endif
