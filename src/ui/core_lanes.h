/* The timeline by core: who ran on which. */
#ifndef UI_CORE_LANES_H
#define UI_CORE_LANES_H

#include "ui/view.h"

struct core_lanes_place { int name, x, columns, now /* widths, and the first column */, y, rows, detail /* a row; -1: none */; };
int core_lanes_count(const struct cv_view *v);
int core_lanes_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct core_lanes_place p); /* the rows used */

#endif
