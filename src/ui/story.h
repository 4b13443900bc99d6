/* story: what the lecture has to say. Beside the dashboard (story.c): what the lesson is about, and each note from its instant on.
 * As a story told to a room (present.c): opening and question, the run held at each note, the answer; a slide at a time, with few
 * and large panes. Notes are places in the record (cv_model_note); the story only walks from one to the next. */
#ifndef UI_STORY_H
#define UI_STORY_H

#include "ui/view.h"

uint32_t story_note(const struct cv_view *v);       /* the newest note until the cursor; UINT32_MAX: none, then what the lesson is about holds */
int story_rows(const struct cv_view *v, int width); /* that what it says takes, at most */
void story_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r); /* under the title */
bool story_tells_finding(const struct cv_view *v);    /* those words are the newest finding's */
void story_panel(const struct cv_view *v, struct cv_canvas *c); /* in full, over the lower part of the screen */
/* Text of lines that are wrapped to width from row y on; returns the row below the last. Under an empty clip it is only measured. */
int story_text(struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, const char *text, enum cv_colour colour, unsigned attrs);

void present_begin(struct cv_view *v, enum cv_slide slide);
void present_model(struct cv_view *v);              /* another run: what was voted stays */
void present_follow(struct cv_view *v);             /* before a frame: stops where a note stands */
int present_rows(const struct cv_view *v, int width); /* of the largest text that its panel will hold */
void present_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r); /* a whole slide, or the panel beside the panes */
/* Keys. False: it means nothing on this slide. */
bool present_on(struct cv_view *v);
bool present_back(struct cv_view *v);
bool present_vote(struct cv_view *v, int choice);   /* -1: the last one is taken back */
bool present_lets(const struct cv_view *v, int key); /* may the dashboard have it? */

#endif
