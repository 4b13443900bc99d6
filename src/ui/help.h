/* help: the screen behind '?', made from the tables. */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "ui/view.h"

void notice_draw(const struct cv_view *v, struct cv_canvas *c); /* v->notice is there */
void help_draw(struct cv_view *v, struct cv_canvas *c, struct cv_rect r);

#endif
