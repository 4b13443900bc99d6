/* canvas: drawing on cells. Every call is clipped to a rectangle and to the canvas, so that no pane can draw outside
 * its own, and a wide character is never left as half. Strings are UTF-8; text that strangers wrote is shown as far as it is
 * clean: control characters come out as '?'. */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include "convis/ui.h"

void canvas_utf8(uint32_t c, struct cv_buf *out); /* appends a code point */
struct cv_rect canvas_clip(struct cv_rect a, struct cv_rect b); /* what both cover; w = h = 0: nothing */
/* One character; returns its columns, 0 where there was no room for it. Under ascii a fallback stands in. */
int canvas_put(struct cv_canvas *c, struct cv_rect clip, int x, int y, uint32_t character, enum cv_colour colour, unsigned attrs);
/* Text from x on; returns the columns used (as if unclipped on the left). Stops at the clip's right edge. */
int canvas_str(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *s, enum cv_colour colour, unsigned attrs);
/* At most width columns; where it is longer, the last is an ellipsis. Returns the columns used. */
int canvas_fit(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *s, int width, enum cv_colour colour, unsigned attrs);
/* A task's name: where it is longer, the end that tells it from its like ("#12") stays. */
int canvas_name(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *name, int width, enum cv_colour colour, unsigned attrs);
int canvas_printf(struct cv_canvas *c, struct cv_rect clip, int x, int y, enum cv_colour colour, unsigned attrs, const char *format, ...)
    CV_PRINTF(7, 8);
void canvas_fill(struct cv_canvas *c, struct cv_rect r, uint32_t character, enum cv_colour colour, unsigned attrs);
/* A bar from x to the right, of a share of width. */
void canvas_bar(struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, double share, enum cv_colour colour);
/* Sets attributes of what stands there already. */
void canvas_mark(struct cv_canvas *c, struct cv_rect r, unsigned attrs);
/* A frame on the edge of r with a title in its upper side, and one more at its right end; either may be NULL. */
void canvas_box(struct cv_canvas *c, struct cv_rect r, const char *title, const char *right, enum cv_colour colour, bool strong);
/* Columns that text takes on a canvas; bytes of s that fit into width columns. */
int canvas_width(const char *s);
size_t canvas_fitting(const char *s, int width, int *used);
/* Where to break s for a line of width columns: bytes taken (never 0 for a non-empty s), blanks after the break skipped. */
size_t canvas_wrap(const char *s, int width, size_t *next);

#endif
