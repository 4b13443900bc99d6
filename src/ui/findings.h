/* findings: their list over the picture, and their marks on the lanes. */
#ifndef UI_FINDINGS_H
#define UI_FINDINGS_H

#include "ui/view.h"

uint32_t findings_count(const struct cv_view *v);            /* that may be told: a screen that lags behind does not run ahead here */
void findings_open(struct cv_view *v);                       /* or closes it */
void findings_move(struct cv_view *v, int by);
void findings_goto(struct cv_view *v, uint32_t i);           /* its instant, its lane */
void findings_list(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r);
/* first: the lane in the first row of lanes, a rectangle of columns and rows. */
void findings_marks(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, uint32_t first);

#endif
