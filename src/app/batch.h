/* Runs without a screen: what `convis run` and `convis compare` share. */
#ifndef APP_BATCH_H
#define APP_BATCH_H

#include "app/app.h"
#include "app/life.h"

struct held { uint64_t order; uint32_t text; }; /* a printed line */
struct batch {
    const struct app_args *args;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[5];
    struct app_play play;
    struct life *life;              /* the order of its steps, if somebody wants it; else NULL */
    struct cv_program *program;
    struct cv_topo *topo;
    CV_VEC(struct held) held;       /* lines whose predecessors have not come yet */
    uint64_t next;                  /* order of the next line to print */
    uint64_t began_ns, shown_ns;
    uint64_t run, runs;             /* of how many: for the progress; runs 0: one */
    bool print, progress, shown, broken;
    volatile int caught;
};

/* Reads the scenario of the command line, makes the order it asks for, and lets body do the runs; ends as a signal that came
 * meanwhile would have it. Returns the exit status. */
/* The same of a program and an order that are there; the program is freed. */
int batch_with(const struct app_args *a, struct cv_program *p, struct cv_order *order, int (*body)(struct batch *b, struct cv_order *order));
int batch_main(const struct app_args *a, int (*body)(struct batch *b, struct cv_order *order));
/* Plays one run to its end; the caller ends it with app_play_end(&b->play). -1: it was played; else the exit status: the
 * system refused, the schedule is wrong, or a signal came (all said). */
int batch_play(struct batch *b, const struct cv_order *order);
void batch_put(struct batch *b, struct cv_buf *text); /* to standard output; releases text */

#endif
