/* All schedules of what the dashboard shows, looked at in a thread of the loop's pool, and shown as choices. */
#ifndef CONVIS_APP_SURVEY_H
#define CONVIS_APP_SURVEY_H

#include "app/app.h"

struct app_survey;
/* program and loop must outlive it. Shown at once. */
struct app_survey *app_survey_begin(uv_loop_t *loop, struct cv_ui *ui, const struct cv_program *p, const struct cv_order *o, bool ascii);
bool app_survey_tick(struct app_survey *s);          /* true: there is something to draw */
bool app_survey_over(const struct app_survey *s);
/* Of a choice: its schedule and its story; NULL: it has none. */
const char *app_survey_schedule(const struct app_survey *s, uint32_t choice, const char **story);
void app_survey_wrap(const char *text, int width, struct cv_buf *out); /* line ends where lines would be longer */
void app_survey_end(struct app_survey *s);           /* stops it, waits, and takes it off the screen */

#endif
