/* cause: the chosen lane or object in words; its arrows over the lanes; lanes of objects below those of tasks. An object is a
 * variable or a sync object, numbered as the Shared pane lists them: variables first. */
#ifndef UI_CAUSE_H
#define UI_CAUSE_H

#include "ui/view.h"

enum { CAUSE_LINES = 4 };
/* Lines and their colours, the most telling first; how many there are. The caller releases them. */
int cause_lines(const struct cv_view *v, struct cv_buf lines[CAUSE_LINES], enum cv_colour colours[CAUSE_LINES]);

/* arrows.c: who woke whom, who is in whose way, hand-overs, accesses. lanes: columns and rows; first: the lane in its first row. */
void arrows_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, uint32_t first);

/* objects.c */
uint32_t objects_count(const struct cv_view *v);
const char *objects_name(const struct cv_view *v, uint32_t object);
uint32_t objects_subject(const struct cv_view *v);           /* chosen, or what the chosen lane waits for; CV_NO_TASK: none */
void objects_select(struct cv_view *v, int by);
/* Those to show in room for so many rows: the subject first, then the others in their order. */
uint32_t objects_shown(const struct cv_view *v, uint32_t room, uint32_t *out);
/* What it stood at, column by column in lanes' row, and beside it in now (w = 0: no room) at the cursor. */
void objects_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, struct cv_rect now, uint32_t object);

#endif
