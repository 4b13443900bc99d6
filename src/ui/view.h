/* view: what is looked at: the instant under the cursor, the width of the timeline, the lane and the pane in focus. Panes read
 * it; keys change it. Times are ns since the gate.
 *
 * Live, the cursor stands at the end of the record and the window follows; held, both stand still while the run goes on.
 * The window is a number of equal columns whose edges are multiples of column_ns, so that a column of the past is the same
 * column in every frame. */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "convis/ui.h"
#include "ui/canvas.h"
#include "ui/layout.h"

enum { VIEW_MIN_SPAN = 1000, VIEW_COLUMNS_AT_FIRST = 60 };
#define VIEW_MAX_SPAN 3600000000000ull  /* an hour */
#define VIEW_AUTO_SPAN 10000000000ull   /* a live view that nobody zoomed shows at most this much */

struct census_line { uint32_t tasks, first[4]; enum cv_state states[4]; };
/* Who is where at the cursor: taken once a frame for all panes; for very many tasks only every so often while live. */
struct census {
    const struct cv_model *model;
    uint64_t t, change;
    uint32_t ntasks;
    uint64_t by_state[CV_ST_COUNT];     /* tasks; an implicit main left out */
    uint32_t failed;                    /* the first of those that failed; CV_NO_TASK: none */
    CV_VEC(struct census_line) lines;   /* by line of the source */
};
struct timeline_cache;

struct cv_view {
    const struct cv_model *m;           /* NULL: nothing yet */
    const struct cv_topo *topo;         /* may be NULL */
    struct cv_ui_status status;
    bool ascii, live, alone, help;
    bool stepping;                      /* somebody takes the scheduler's place: other keys hold */
    uint64_t cursor, from;              /* from: left edge of the window while held */
    uint64_t span;                      /* 0: fits itself to the run */
    bool zoomed;                        /* span is the user's choice and outlives a hold */
    uint32_t lane;                      /* the selected one: a task or CV_LANE_LOOP */
    bool chosen;                        /* by the user, not by us */
    const char *notice, *notice_title;  /* lines over the lower part of the screen; NULL: none */
    enum layout_pane focus;
    int columns;                        /* of the timeline as drawn last */
    int help_scroll, scroll[PANE_COUNT];
    struct census *census;
    struct timeline_cache *cache;
    CV_VEC(size_t) line_at;             /* where each line of the source begins */
};

void view_init(struct cv_view *v, bool ascii);
void view_release(struct cv_view *v);
void view_model(struct cv_view *v, const struct cv_model *m);
uint64_t view_end(const struct cv_view *v);
bool view_over(const struct cv_view *v);
uint64_t view_column_ns(const struct cv_view *v);   /* never 0 */
uint64_t view_from(const struct cv_view *v);        /* left edge of the window */
void view_hold(struct cv_view *v);
void view_go_live(struct cv_view *v);
void view_goto(struct cv_view *v, uint64_t t);      /* holds; the window moves no more than it must */
void view_by_columns(struct cv_view *v, int columns);
void view_zoom(struct cv_view *v, bool in);
/* Lanes in the order they are shown: the loop, then the tasks, an implicit main left out. */
uint32_t view_nlanes(const struct cv_view *v);
uint32_t view_lane(const struct cv_view *v, uint32_t i);
uint32_t view_lane_index(const struct cv_view *v, uint32_t lane);
void view_select(struct cv_view *v, int by);
/* Which of n rows to show first in room for rows so that selected is among them. */
uint32_t view_first_row(uint32_t n, uint32_t rows, uint32_t selected);
enum cv_colour view_state_colour(enum cv_state s);
uint32_t view_state_glyph(const struct cv_view *v, enum cv_state s);
const char *view_lane_name(const struct cv_view *v, uint32_t lane);
/* "lock m", "Bob", "" : what a lane waits for, by cause. */
void view_object(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out);
const struct census *view_census(const struct cv_view *v);
int timeline_columns(const struct cv_view *v, struct cv_rect inside); /* that the timeline would have there */
struct timeline_cache *timeline_cache_new(void);
void timeline_cache_free(struct timeline_cache *c);
void timeline_cache_clear(struct timeline_cache *c);

extern const struct cv_pane_ops cores_pane, timeline_pane, switches_pane, shared_pane, code_pane, output_pane;

#endif
