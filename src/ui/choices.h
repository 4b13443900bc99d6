/* choices: what all schedules come to, in place of all else: some lines, and below them entries of which one is chosen. */
#ifndef UI_CHOICES_H
#define UI_CHOICES_H

#include "ui/view.h"

struct choices;
struct choices *choices_new(const struct cv_ui_choices *of); /* of: the caller's, read at every frame */
void choices_free(struct choices *s);
uint32_t choices_at(const struct choices *s);
enum cv_command choices_input(struct choices *s, int key); /* CV_CMD_EXPLORE: away with it; CV_CMD_PLAY: this one */
void choices_draw(const struct choices *s, struct cv_canvas *c); /* the whole frame, of the canvas's size */

#endif
