/* A tape of the stage: what a step could change, as bytes. Made between turns, taken up between turns. */
#ifndef CONVIS_ENGINE_STAGE_SAVE_H
#define CONVIS_ENGINE_STAGE_SAVE_H

#include "engine/stage.h"

struct stage_tape { char *at; size_t n, cap, from; bool reading; };
struct stage_longest { uint32_t *at; }; /* by variable: the longest that a list ever was, in any copy */
void stage_longest_begin(struct stage_longest *l, const struct stage *s); /* free(l->at) */
void stage_longest_note(struct stage_longest *l, const struct stage *s, const struct cv_action *a); /* behind an action that was carried out */
void stage_save(const struct stage *s, const struct stage_longest *l, struct stage_tape *t); /* over what the tape held */
void stage_restore(struct stage *s, const struct stage_longest *l, struct stage_tape *t);     /* as often as one likes */
void stage_tape_release(struct stage_tape *t);

#endif
