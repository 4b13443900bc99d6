/* What stands in front of a task, and what it waits for, in words: cleaned text. */
#ifndef CONVIS_ENGINE_STAGE_WORDS_H
#define CONVIS_ENGINE_STAGE_WORDS_H

#include "engine/stage.h"

void stage_action_words(const struct stage *s, uint32_t task, const struct cv_action *a, struct cv_buf *out); /* it was looked at just now */
void stage_wait_words(const struct stage *s, uint32_t task, struct cv_buf *out); /* of a task whose row says what it waits for */

#endif
