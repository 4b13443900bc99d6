/* The dashboard from within (dash.c: the loop, the keyboard, the frame; dash_run.c: what runs, and what keys make of it;
 * dash_file.c: the lessons, and the file that is watched). */
#ifndef APP_DASH_H
#define APP_DASH_H

#include "app/app.h"
#include "app/life.h"
#include "app/record.h"
#include "app/side.h"
#include "app/stage.h"
#include "app/survey.h"

enum { FRAME_MS = 33, DRAIN_MS = 10, ATTACH_MS = 1, DASH_SIGNALS = 7 };

struct dash {
    const struct app_args *args;
    const struct cv_terminal_ops *term;
    uv_loop_t loop;
    uv_poll_t keyboard;
    uv_timer_t frame, drain, settled;
    uv_fs_event_t folder;           /* --watch: of the file; editors put a new file in its place */
    uv_signal_t signals[DASH_SIGNALS];
    uv_work_t reading;              /* the machine is read in a thread of the pool: it takes its time */
    struct app_config config;
    struct cv_program *program;
    struct cv_order order;          /* of the next run */
    struct cv_topo *guess, *topo;   /* topo: NULL until it is read */
    struct app_play play;
    struct app_record record;       /* shown until something is run; from NULL: none */
    struct app_side *side;          /* every model beside the others, in place of the run; NULL: not asked for */
    struct app_survey *survey;      /* all schedules, in place of the run's picture; NULL: not asked for */
    struct app_stage stage;         /* in use while order.stepped */
    struct life life;               /* the order of a real run */
    bool lived;                     /* the stage begins as that run was */
    struct cv_buf played;           /* the schedule that a stage was given, of that run or of other rules */
    struct cv_ui *ui;
    struct cv_picker *picker;       /* of the lessons, once they were asked for */
    struct app_lessons lessons;
    struct cv_canvas canvas;
    struct cv_buf message, path, text; /* path: of the file that is watched, "": none; text: as it was read last */
    uint64_t drawn;                 /* the model's change that was drawn last */
    bool touched, settled_due;      /* something about the watched file has changed; and then nothing for a while */
    bool picking;                   /* the picker is shown */
    bool frozen;                    /* the run waits at its gate until the story begins */
    bool late;                      /* the line was not free for the last frame */
    bool dirty, frame_due, drain_due, key_due, resized, continued, stopped, vanished, quit, topo_came, over;
    int deadly;                     /* a signal that ends us */
    int status;
};

/* ── the loop (dash.c) ──────────────────────────────────────────────────────────────────────────── */
void dash_drains(struct dash *d, unsigned after_ms, unsigned every_ms); /* what was recorded is taken so often */
void dash_frames(struct dash *d, unsigned after_ms);
void dash_tell(struct dash *d, const char *text);                       /* in the status line; any bytes */

/* ── what runs (dash_run.c) ─────────────────────────────────────────────────────────────────────── */
bool dash_open(struct dash *d, const char *file); /* the program, or the record, with all that it is about. false: said */
void dash_show(struct dash *d);    /* the record, in place of a run */
void dash_begin(struct dash *d);   /* the run of d->program under d->order, in place of the one before */
void dash_end(struct dash *d);     /* and whatever was shown in its place */
void dash_replace(struct dash *d, struct cv_program *p, const struct cv_order *o); /* dash_end; owns p from now on */
void dash_same_model(const struct dash *d, struct cv_order *o); /* the one that was chosen by key last */
void dash_let_go(struct dash *d);  /* of a run that waits at its gate */
void dash_advance(struct dash *d);
void dash_obey(struct dash *d, enum cv_command command);
void dash_drop_side(struct dash *d);
void dash_drop_survey(struct dash *d);

/* ── lessons and files (dash_file.c) ────────────────────────────────────────────────────────────── */
void dash_lessons(struct dash *d);
void dash_pick(struct dash *d, const struct cv_input *in);
void dash_watch(struct dash *d);
void dash_settle(struct dash *d);     /* it was touched: read_again once nothing more happens for a moment */
void dash_read_again(struct dash *d);

#endif
