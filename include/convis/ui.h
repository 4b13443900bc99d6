/* ui: the picture. Panes draw on a canvas of cells; a terminal presents the canvas. The ui owns the view (cursor,
 * zoom, selection, layout) and asks the model for everything else. */
#ifndef CONVIS_UI_H
#define CONVIS_UI_H

#include "convis/base.h"
#include "convis/model.h"
#include "convis/topo.h"

/* ── canvas ─────────────────────────────────────────────────────────────────────────────────────── */
enum cv_colour {                  /* meanings, not hues: the theme maps them */
    CV_C_TEXT, CV_C_DIM, CV_C_TITLE, CV_C_FRAME, CV_C_FOCUS, CV_C_RUNNING, CV_C_READY, CV_C_WAITING, CV_C_BLOCKED, CV_C_FROZEN,
    CV_C_DONE, CV_C_FAILED, CV_C_PREEMPT, CV_C_AWAIT, CV_C_BLOCK, CV_C_WARN, CV_C_GOOD, CV_C_KEY, CV_C_CURSOR, CV_C_SYSTEM, CV_C_COUNT
};
enum { CV_A_BOLD = 1, CV_A_REVERSE = 2, CV_A_UNDERLINE = 4, CV_A_DIM = 8 };
struct cv_cell_ui { uint32_t c; uint8_t colour, attrs, wide; /* wide: 1 the left half of two columns, 2 the right */ };
struct cv_canvas { int width, height; struct cv_cell_ui *at; bool ascii; int theme; };
void cv_canvas_resize(struct cv_canvas *c, int width, int height); /* clears */
void cv_canvas_release(struct cv_canvas *c);
/* As text, a line a row, trailing blanks cut; as ANSI colours; as an SVG picture. */
void cv_canvas_text(const struct cv_canvas *c, struct cv_buf *out);
void cv_canvas_ansi(const struct cv_canvas *c, struct cv_buf *out);
void cv_canvas_svg(const struct cv_canvas *c, struct cv_buf *out);

/* Themes: 0, 1, … as they are listed; NULL: no such. */
const char *cv_theme_name(int theme);
const char *cv_theme_summary(int theme);
int cv_theme_find(const char *name); /* -1: none is called so */

/* ── keys: one table (ui/keys.def) is the dispatch, the help screen and the manual ──────────────── */
enum cv_command {                 /* what the app must do; all else the ui does itself */
    CV_CMD_NONE, CV_CMD_REDRAW, CV_CMD_QUIT, CV_CMD_ASYNC, CV_CMD_THREADS, CV_CMD_PROCESSES, CV_CMD_GIL, CV_CMD_RERUN, CV_CMD_TURN, CV_CMD_LESSONS, CV_CMD_COMPARE,
    CV_CMD_STAGE, CV_CMD_LIFE, CV_CMD_GO, CV_CMD_UNDO, CV_CMD_ON, CV_CMD_CHANCE, CV_CMD_COPY, CV_CMD_LEAVE, CV_CMD_STOP, CV_CMD_COST, CV_CMD_EXPLORE, CV_CMD_PLAY
};
struct cv_key_info { const char *action /* what it is called in a configuration, '_' for '-' */, *keys, *summary; bool stage; /* while somebody takes the scheduler's place */ };
extern const struct cv_key_info cv_keys[]; /* NULL ends */
int cv_action_find(const char *name);      /* index into cv_keys; -1: none is called so */
int cv_key_find(const char *name);         /* "Space", "S-Left", "x": its code; 0: no such key */
const char *cv_key_name(int i);            /* the names of keys that are no characters; NULL ends */
struct cv_input { enum { CV_IN_NONE, CV_IN_KEY, CV_IN_MOUSE, CV_IN_RESIZE } kind; int key /* code point or CV_KEY_* */; int x, y, button /* 1 press, 2 drag, 3 release, 4 wheel up, 5 wheel down */; };
enum { CV_KEY_LEFT = 0x110000, CV_KEY_RIGHT, CV_KEY_UP, CV_KEY_DOWN, CV_KEY_HOME, CV_KEY_END, CV_KEY_PAGE_UP, CV_KEY_PAGE_DOWN, CV_KEY_SHIFT_LEFT, CV_KEY_SHIFT_RIGHT, CV_KEY_BACKTAB, CV_KEY_BACKSPACE };

/* ── panes ──────────────────────────────────────────────────────────────────────────────────────── */
struct cv_view;                   /* ui/view.h */
struct cv_rect { int x, y, w, h; };
struct cv_pane_ops {
    const char *name, *summary;
    void (*title)(const struct cv_view *v, struct cv_buf *out);      /* beside the name; may be NULL */
    void (*draw)(const struct cv_view *v, struct cv_canvas *c, struct cv_rect inside, bool focus);
    enum cv_command (*key)(struct cv_view *v, int key);              /* keys of a focused pane; may be NULL */
    void (*click)(struct cv_view *v, struct cv_rect inside, int x, int y, int button); /* may be NULL */
};
enum { CV_PANES = 6 };            /* of them those that have a place of their own; others stand in one of these for a while */
extern const struct cv_pane_ops *const cv_panes[]; /* cores timeline switches shared code output, step; NULL ends */

/* ── the whole ──────────────────────────────────────────────────────────────────────────────────── */
struct cv_ui;
struct cv_ui_status {             /* what only the app knows; copied each frame */
    const char *message;          /* an error or a word to the user; NULL */
    const char *source_name, *source_why, *source_precision; /* precision: how exactly switches are placed */
    const char *cores_why;        /* why it is not known how busy the cores are; NULL: it is */
    const char *clock_name;
    bool running, record;         /* record: of a run that was, shown anew */
    uint64_t task_bytes;          /* memory a task, as far as it is known; 0: not yet */
    struct cv_record_counts events;
};
struct cv_ui *cv_ui_new(bool ascii);
void cv_ui_free(struct cv_ui *ui);
void cv_ui_ascii(struct cv_ui *ui, bool ascii);
/* The speed of the screen, run seconds per screen second, until the next such call or the user chooses: below 1 the next run is
 * played from its beginning at that speed, else followed live. */
void cv_ui_pace(struct cv_ui *ui, double pace);
bool cv_ui_playing(const struct cv_ui *ui);               /* the picture moves by itself: it wants cv_ui_tick now and then */
bool cv_ui_tick(struct cv_ui *ui, uint64_t wall_ns);      /* plays on to this instant of a clock of the wall; true: draw */
/* A new run begins: the view goes live. Model and topo stay the caller's and must outlive their use here. NULL model: nothing yet. */
void cv_ui_model(struct cv_ui *ui, const struct cv_model *m);
void cv_ui_topo(struct cv_ui *ui, const struct cv_topo *t);
void cv_ui_status(struct cv_ui *ui, const struct cv_ui_status *s);
/* Lines of clean text over the lower part of the screen, until Esc or NULL. Copied. */
void cv_ui_notice(struct cv_ui *ui, const char *title, const char *text, bool bad /* something is wrong */);
enum cv_command cv_ui_input(struct cv_ui *ui, const struct cv_input *in);
void cv_ui_draw(struct cv_ui *ui, struct cv_canvas *c);   /* the whole frame, of the canvas's size */
/* Other keys for an action; second may be 0. false: those of this one are fixed. */
bool cv_ui_bind(struct cv_ui *ui, int action, int first, int second);
int cv_ui_clash(const struct cv_ui *ui, int action);      /* another action with one of its keys; -1: none */
void cv_ui_panes(struct cv_ui *ui, unsigned hidden, int focus); /* bits by index of cv_panes: not shown; in focus at first, -1: as ever */
/* Knobs: the parameters of the scenario; names must outlive their use. After CV_CMD_TURN cv_ui_knob says what they are wanted to be. */
struct cv_knob { const char *name; int64_t value, low, high; bool duration; };
struct cv_run_figures { uint64_t elapsed_ns, preemptions, lost_updates; };
void cv_ui_knobs(struct cv_ui *ui, const struct cv_knob *knobs, uint32_t n);
int64_t cv_ui_knob(const struct cv_ui *ui, uint32_t i);
void cv_ui_result(struct cv_ui *ui, const char *model, const struct cv_run_figures *f); /* of a run at these values */
void cv_ui_theme(struct cv_ui *ui, int theme);
bool cv_ui_live(const struct cv_ui *ui);                  /* the view follows the run */
void cv_ui_at(struct cv_ui *ui, uint64_t t);              /* hold the view at an instant (render, tests) */
void cv_ui_span(struct cv_ui *ui, uint64_t ns);           /* width of the timeline */

/* ── the story: a lesson told to a room ─────────────────────────────────────────────────────────── */
enum cv_slide {
    CV_SLIDE_NONE,                /* no story: the dashboard */
    CV_SLIDE_OPENING,             /* title, about, the question and the room's votes */
    CV_SLIDE_RUN,                 /* the run, on its way to the next note */
    CV_SLIDE_NOTE,                /* held at a note's instant */
    CV_SLIDE_ANSWER               /* the right answer and why */
};
void cv_ui_present(struct cv_ui *ui, enum cv_slide slide); /* anew from there; NOTE: the newest until the instant that is shown, or RUN */
enum cv_slide cv_ui_slide(const struct cv_ui *ui);
bool cv_ui_waits(const struct cv_ui *ui);                 /* the story has not begun: nothing of the run may be let go yet */

/* ── side by side: one scenario in several models, on one time axis, with one table ──────────────── */
enum { CV_SIDE_MODELS = 4 };
struct cv_side_row { const char *label; bool part /* of the row above */; const char *cells[CV_SIDE_MODELS]; double lengths[CV_SIDE_MODELS]; /* of bars; < 0: none */ };
struct cv_side_run {
    const char *name;             /* of the model */
    const struct cv_model *model; /* NULL: its turn has not come, or it could not be begun */
    uint64_t elapsed_ns;          /* of a run that is over */
    bool running, bad;            /* bad: it did not end as expected */
    const char *result;           /* what came out, clean text; NULL: nothing yet */
};
struct cv_side {
    const char *title;
    uint32_t n, nrows;
    struct cv_side_run runs[CV_SIDE_MODELS];
    const struct cv_side_row *rows;
};
/* Shown in place of all else until NULL; the caller's, read at every frame. A new one begins with everything in sight. */
void cv_ui_side(struct cv_ui *ui, const struct cv_side *side);

/* ── all schedules ──────────────────────────────────────────────────────────────────────────────── */
struct cv_ui_choice { const char *head, *text; bool bad; }; /* clean, with line ends */
struct cv_ui_choices { const char *title, *top; const struct cv_ui_choice *rows; uint32_t n; bool busy; };
/* Shown in place of all else until NULL; the caller's, read at every frame. x, Esc: CV_CMD_EXPLORE; Enter: CV_CMD_PLAY. */
void cv_ui_choices(struct cv_ui *ui, const struct cv_ui_choices *c);
uint32_t cv_ui_chosen(const struct cv_ui *ui);

/* ── the scheduler's place ──────────────────────────────────────────────────────────────────────── */
enum cv_ui_may { CV_UI_MAY, CV_UI_SLEEPS /* may go: time moves on to it */, CV_UI_WAITS, CV_UI_OVER };
struct cv_ui_step {               /* a task and its next step; texts are clean */
    uint32_t task, letter, line;
    enum cv_ui_may may;
    bool current;                 /* on the core */
    const char *text;             /* "read counter → 41"; what it waits for */
    const char *const *parts;     /* the visible steps of its line, nparts; part: the next of them */
    uint32_t nparts, part;
};
struct cv_ui_stage {
    const struct cv_ui_step *steps; uint32_t nsteps, more; /* more: tasks that are not in the list */
    const char *schedule;         /* the end of it; longer: there is more in front */
    bool longer, over, busy;      /* busy: it goes on by itself */
    uint64_t position, preemptions;
    const char *parted;           /* where it left the run it began as; NULL */
    const char *goal; int reached; /* "goal: …" and how it stands; 1: reached, -1: over and not reached, 0: open; NULL: there is none */
};
/* From now on the Step pane stands in the place of Cores and Switches, and its keys hold. The struct and what it points to stay the
 * caller's, until the next call; NULL: a run is watched again. */
void cv_ui_stage(struct cv_ui *ui, const struct cv_ui_stage *stage);
uint32_t cv_ui_picked(const struct cv_ui *ui);            /* the task that is to go; CV_NO_TASK: none */
/* The same run from a shorter record: selection and zoom stay. */
void cv_ui_model_again(struct cv_ui *ui, const struct cv_model *m);

/* ── the picker of lessons ──────────────────────────────────────────────────────────────────────── */
struct cv_lesson {
    const char *name, *title, *about;
    const char *chapter; /* a heading before the first shown of those that have the same; "": none */
    unsigned models;     /* bits: async, threads, under the GIL, processes */
};
enum cv_pick { CV_PICK_NONE, CV_PICK_REDRAW, CV_PICK_OPEN, CV_PICK_LEAVE };
struct cv_picker;
struct cv_picker *cv_picker_new(const struct cv_lesson *lessons, size_t n, bool ascii); /* copies what it shows */
void cv_picker_free(struct cv_picker *p);
enum cv_pick cv_picker_input(struct cv_picker *p, const struct cv_input *in);
size_t cv_picker_chosen(const struct cv_picker *p);       /* index of the lesson; SIZE_MAX: none matches */
void cv_picker_draw(struct cv_picker *p, struct cv_canvas *c); /* the whole frame, of the canvas's size */

/* ── terminals ──────────────────────────────────────────────────────────────────────────────────── */
struct cv_terminal_ops {
    const char *name, *summary;
    int (*open)(bool no_colour, bool ascii, struct cv_buf *why);  /* -1: why says (TERM unknown, not a terminal) */
    bool (*unicode)(void);                            /* may UTF-8 be sent? */
    void (*size)(int *width, int *height);
    bool (*present)(const struct cv_canvas *c);       /* sends only what differs; false: the line is not done with the last frame: once more, later */
    int (*keyboard)(void);                            /* while it is open: readable when there may be something to read */
    bool (*read)(struct cv_input *in);                /* one input that is there; false: none */
    bool (*copy)(const char *text);                   /* into the terminal's clipboard, if it lets one (OSC 52); false: too long */
    void (*suspend)(void), (*resume)(void), (*resized)(void);
    void (*close)(void);                              /* idempotent; the terminal is as it was */
    void (*emergency)(void);                          /* async-signal-safe close: plain write()s and tcsetattr */
};
extern const struct cv_terminal_ops cv_terminal_curses;

#endif
