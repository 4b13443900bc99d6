/* view: what is looked at: the instant under the cursor, the width of the timeline, the lane and the pane in focus. Panes read
 * it; keys change it. Times are ns since the gate.
 *
 * Two clocks: the run goes at full speed. The screen follows it live (the cursor stands at the end of the record and the window
 * follows), stands still, or plays the record at its own speed, forwards or backwards (clock.c).
 * The window is a number of equal columns whose edges are multiples of column_ns, so that a column of the past is the same
 * column in every frame. */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "convis/ui.h"
#include "ui/canvas.h"
#include "ui/knobs.h"
#include "ui/layout.h"
#include "ui/rows.h"

enum { VIEW_MIN_SPAN = 1000, VIEW_COLUMNS_AT_FIRST = 60 };
#define VIEW_SLOWEST 1e-6               /* of the screen: seconds of the run in one of the screen */
#define VIEW_FASTEST 16.0
#define VIEW_MAX_SPAN 3600000000000ull  /* an hour */
#define VIEW_AUTO_SPAN 10000000000ull   /* a live view that nobody zoomed shows at most this much */

struct census_line { uint32_t tasks, nfirst, first[4]; enum cv_state states[4]; }; /* first: those known by name; of very many tasks perhaps none */
/* Who is where at the cursor: taken once a frame for all panes; of very many tasks only the first are asked one by one. */
struct census {
    const struct cv_model *model;
    uint64_t t, change;
    uint32_t ntasks;
    uint64_t by_state[CV_ST_COUNT];     /* tasks; an implicit main left out */
    uint32_t failed;                    /* the first of those that failed; CV_NO_TASK: none */
    CV_VEC(struct census_line) lines;   /* by line of the source */
};
struct timeline_cache;

enum { STORY_CHOICES = 5 };
struct story {                          /* --present: story.h */
    enum cv_slide slide;
    bool begun;                         /* the opening has been left once */
    uint32_t note; uint64_t t;          /* where it stopped last; note UINT32_MAX: nowhere yet */
    unsigned votes[STORY_CHOICES];
    bool blank;                         /* nothing is shown until the next key */
    int last;                           /* the last vote's choice; -1: none that could be taken back */
};

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH };
struct prompt {                         /* a line that is being typed: prompt.c */
    enum prompt_kind kind;
    char text[ROWS_FILTER], search[ROWS_FILTER]; /* search: what was searched for last */
    size_t place; uint64_t last;        /* where the search is */
    uint32_t line;                      /* of the source, found last; 0: none, or something else */
};

struct cv_view {
    const struct cv_model *m;           /* NULL: nothing yet */
    const struct cv_topo *topo;         /* may be NULL */
    struct cv_ui_status status;
    bool ascii, live, alone, help;
    bool tall;                          /* its lanes may have two rows each */
    bool by_core;                       /* the timeline has a lane a core, not one a task */
    struct story story;
    bool told;                          /* what the lecture says is shown in full */
    bool unfold;                        /* the line in focus is shown with its steps */
    bool listing; uint32_t listed;      /* the list of findings is shown; the one chosen in it */
    int theme;
    struct keys_bound *bound;           /* keys the user has moved; NULL: none */
    unsigned hidden;                    /* panes that are not wanted, bits by enum layout_pane */
    bool stepping;                      /* somebody takes the scheduler's place: other keys hold */
    const struct cv_ui_stage *stage;    /* there: who may go; else NULL */
    uint32_t picked;                    /* the task that is to go */
    uint64_t cursor, from;              /* from: left edge of the window while held */
    uint64_t seen;                      /* what comes after it has not been shown yet, and is not told before its time */
    uint64_t known;                     /* the run's length as the map shows it: held, it stands still too */
    uint64_t span;                      /* 0: fits itself to the run, or to the speed */
    bool zoomed;                        /* span is the user's choice and outlives a hold */
    double speed;                       /* of the screen while it plays; 1 until somebody chooses */
    int playing;                        /* 1 forwards, -1 backwards, 0: not by the screen's own clock */
    double carry;                       /* ns that the cursor has not yet moved */
    uint64_t ticked;                    /* instant of the last tick on the wall's clock; 0: none yet */
    uint64_t marks[2];                  /* A and B; UINT64_MAX: not set */
    enum cv_moment_kind kind;           /* what n and N go to */
    struct cv_buf word;                 /* what the last key has to say; until the next one */
    uint32_t lane;                      /* the selected one: a task or CV_LANE_LOOP */
    bool chosen;                        /* by the user, not by us */
    bool notice_bad;
    uint32_t object;                    /* chosen instead: a variable or, after these, a sync object; CV_NO_TASK: none */
    const char *notice, *notice_title;  /* lines over the lower part of the screen; NULL: none */
    enum layout_pane focus;
    struct knobs knobs;
    struct prompt prompt;
    struct rows rows;                   /* of the timeline */
    bool bare;                          /* lanes alone, without axis and words: others stand above and below */
    int names;                          /* columns for their names, at least */
    int columns;                        /* of the timeline as drawn last */
    int help_scroll, scroll[PANE_COUNT];
    struct census *census;
    struct timeline_cache *cache;
    CV_VEC(size_t) line_at;             /* where each line of the source begins */
    uint32_t lines_told;                /* of them, until what is said of the tasks: expectations, notes and the answer come after */
};

void view_init(struct cv_view *v, bool ascii);
void view_release(struct cv_view *v);
void view_model(struct cv_view *v, const struct cv_model *m);
uint64_t view_end(const struct cv_view *v);
uint64_t view_round_span(uint64_t ns, uint64_t least);
uint64_t view_fit_span(const struct cv_view *v);    /* the round span that holds the whole run */
bool view_over(const struct cv_view *v);
uint64_t view_column_ns(const struct cv_view *v);   /* never 0 */
uint64_t view_from(const struct cv_view *v);        /* left edge of the window */
uint64_t view_window(const struct cv_view *v);      /* ns that it is wide */
enum cv_slide view_slide(const struct cv_view *v);  /* of the story; on the stage it waits */
uint32_t view_lines(const struct cv_view *v);       /* of the source that may be seen: a story does not give its answer away */
void view_hold(struct cv_view *v);
void view_go_live(struct cv_view *v);
void view_goto(struct cv_view *v, uint64_t t);      /* holds; the window moves no more than it must */
/* clock.c: the screen's own clock. */
void view_start(struct cv_view *v);                 /* a new run: live, or from its beginning at the speed chosen */
void view_faster(struct cv_view *v, int direction); /* to the next speed of the scale; plays at it unless held */
void view_play(struct cv_view *v, int direction);   /* from the cursor on; 0: stands */
bool view_tick(struct cv_view *v, uint64_t wall_ns); /* moves the cursor by what has passed; true: something moved */
const char *view_speed_text(double speed, char to[24]); /* "1/1000", "1", "16" */
void view_clock(const struct cv_view *v, struct cv_buf *out, enum cv_colour *colour); /* "▶ 1/1000", "● live" */
void view_clock_words(const struct cv_view *v, bool brief, struct cv_buf *out); /* the same for the status line: which clock, how it goes; brief: no more */
/* moments.c: going from moment to moment, the marks A and B. */
void view_moment(struct cv_view *v, int direction);
void view_mark(struct cv_view *v, int which);
void view_marks_words(const struct cv_view *v, struct cv_buf *out);
void view_say(struct cv_view *v, const char *format, ...) CV_PRINTF(2, 3);
uint64_t view_paced_span(const struct cv_view *v);  /* of a window that nobody zoomed, at the speed of the screen */
void view_rescale(struct cv_view *v, uint64_t span); /* another span; the cursor keeps its place on the screen */
void view_by_columns(struct cv_view *v, int columns);
void view_zoom(struct cv_view *v, bool in);         /* at the cursor */
void view_zoom_at(struct cv_view *v, bool in, uint64_t t); /* t keeps its column; the cursor comes there where it would be out of sight */
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
bool view_source_line(const struct cv_view *v, uint32_t line, struct cv_buf *out); /* cleaned, without what it is indented by; false: there is none */
void code_show(struct cv_view *v, uint32_t line);   /* scrolls the Code pane there */
/* prompt.c: lines that are typed. */
void prompt_open(struct cv_view *v, enum prompt_kind kind);
bool prompt_input(struct cv_view *v, int key);      /* false: nothing is being typed */
int prompt_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r); /* in place of the status; x behind it */
/* step.c: the pick. */
const struct cv_ui_step *step_picked(const struct cv_view *v);
void step_follow(struct cv_view *v);
void step_pick(struct cv_view *v, int by);
bool step_pick_digit(struct cv_view *v, int digit);
const struct census *view_census(const struct cv_view *v);
/* minimap.c: the whole run in the timeline's lower frame, where it is more than the window. */
void minimap_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect pane);
bool minimap_click(struct cv_view *v, struct cv_rect pane, int x, int y, int button);
int timeline_names(const struct cv_view *v, int width); /* columns for the lanes' names in a pane so wide inside */
void timeline_axis(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r); /* alone, as wide as the lanes */
int timeline_columns(const struct cv_view *v, struct cv_rect inside); /* that the timeline would have there */
/* tall.c: may lanes have two rows on a screen so high; and the lanes drawn out to that, within what the pane has inside. */
bool tall_wanted(const struct cv_view *v, int height);
void tall_draw(struct cv_canvas *c, struct cv_rect pane, struct cv_rect lanes);
struct timeline_cache *timeline_cache_new(void);
void timeline_cache_free(struct timeline_cache *c);
void timeline_cache_clear(struct timeline_cache *c);

extern const struct cv_pane_ops cores_pane, timeline_pane, switches_pane, shared_pane, code_pane, output_pane, step_pane;

#endif
