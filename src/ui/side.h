/* side: one scenario in several models, stacked on one time axis, with one table below. */
#ifndef UI_SIDE_H
#define UI_SIDE_H

#include "ui/view.h"

struct side;
struct side *side_new(const struct cv_side *of, bool ascii); /* of: the caller's, read at every frame */
void side_free(struct side *s);
enum cv_command side_input(struct side *s, int key);  /* CV_CMD_COMPARE: away with it */
void side_draw(struct side *s, struct cv_canvas *c);  /* the whole frame, of the canvas's size */

#endif
