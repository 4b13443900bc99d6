/* The stage: a stepped run at the keys of a person. It keeps what was recorded, so that going back can fold a shorter record anew;
 * everything else of the run is the play's. */
#ifndef CONVIS_APP_STAGE_H
#define CONVIS_APP_STAGE_H

#include "app/app.h"
#include "app/rewind.h"

struct stage_texts { CV_VEC(char *); };
struct app_stage {
    struct { enum cv_command command; uint32_t task; } keys[64]; /* pressed while the answer to another was awaited */
    uint32_t nkeys;
    struct app_play *play;          /* NULL: nobody is on the stage */
    struct cv_ui *ui;
    struct rewind rewind;
    bool asked;                     /* something was asked that is not yet shown */
    bool over;                      /* of what is shown: the run is at its end, which is in the log */
    uint64_t chances;               /* seeds used up */
    bool lived;                     /* it begins as a run that was: the first schedule played */
    CV_VEC(uint32_t) was;           /* of that: who went, choice by choice */
    uint64_t same;                  /* choices that are still those */
    struct cv_buf parted;
    struct cv_ui_stage shown;
    CV_VEC(struct cv_ui_step) steps;
    struct stage_texts texts;       /* what the steps point to */
    CV_VEC(const char **) parts;
    bool judged;                    /* the end that is shown, against the goal */
    struct cv_buf goal, verdict;    /* in words */
    struct cv_buf schedule, trouble, word; /* trouble: of what was played; word: how the run ended */
};
/* The play's watch, and its aside, must be set to this before it starts; app_stage_begin once it has. */
void app_stage_take(void *stage, const struct cv_event *e);
void app_stage_begin(struct app_stage *st, struct app_play *y, struct cv_ui *ui, bool lived);
void app_stage_end(struct app_stage *st); /* before the play ends; idempotent */
/* Behind each tick of the play: takes what came, shows how things stand once they stand. True: something is to be drawn. */
bool app_stage_tick(struct app_stage *st);
void app_stage_stuck(struct app_stage *st); /* the run was ended from outside: what there is of it is shown */
bool app_stage_rests(const struct app_stage *st); /* nothing that is shown will change by itself */
bool app_stage_ready(const struct app_stage *st); /* nor is there anything to be done for the next undo */
/* A key. False: it is none of the stage's. */
bool app_stage_obey(struct app_stage *st, enum cv_command command);
void app_stage_schedule(const struct app_stage *st, struct cv_buf *out); /* all of it */
void app_stage_legend(const struct app_stage *st, struct cv_buf *out);   /* "A = worker#0, B = worker#1" */

#endif
