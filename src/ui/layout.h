/* layout: where each pane stands, a pure function of the size, what is in focus, and how much each pane has to show.
 * Rectangles of shown parts never overlap and never leave the screen; a part that is not shown has w = h = 0. */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include "convis/ui.h"

enum layout_pane { PANE_CORES, PANE_TIMELINE, PANE_SWITCHES, PANE_SHARED, PANE_CODE, PANE_OUTPUT, PANE_COUNT }; /* as cv_panes */
struct layout_wants {
    int lanes, cores, shared; /* rows that would hold everything */
    int story;                /* rows for what the lecture says; they may all be refused */
    int knobs;                /* rows for the parameters: a strip, and below it a plot; the plot or all may be refused */
    bool step;                /* the cores' place is Step's, with that of Switches */
    unsigned hidden;          /* bits: panes not wanted; the others take their room */
};
struct layout {
    struct cv_rect title, knobs, story, status, keys, panes[PANE_COUNT];
};
/* focus: the pane that must be seen; alone: it takes all the room. */
struct layout layout_make(int width, int height, struct layout_wants wants, enum layout_pane focus, bool alone);
/* Of a story told to a room: few panes, and a panel of story rows below them (l.story); whole: a slide takes all the room. */
struct layout layout_present(int width, int height, struct layout_wants wants, bool whole);
bool layout_framed(struct cv_rect pane);               /* is there room for a frame? */
struct cv_rect layout_inside(struct cv_rect pane);     /* what is left to the pane */
int layout_left(int width); /* columns of the left of two, on a screen so wide */

#endif
