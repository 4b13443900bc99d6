/* The stepped engine in two files: who picks (stepped.c), and who is asked at the desk (stepped_desk.c). */
#ifndef CONVIS_ENGINE_STEPPED_H
#define CONVIS_ENGINE_STEPPED_H

#include "desk.h"
#include "stage_save.h"

struct desk_tape { uint64_t position; struct stage_tape tape; };
struct desk_side {
    struct cv_desk *at;          /* NULL: nobody sits there, and nothing of all this is in use */
    uint64_t replay_to;          /* the choices made before are made again, up to this one */
    uint64_t base;               /* records that the run so far consists of, less those that the ring has had in all */
    uint64_t saved_at;           /* choices: when the last tape was made */
    uint64_t every;              /* while choices are made again: how many lie between two tapes */
    uint32_t seen;               /* commands taken */
    enum cv_desk_command going;  /* RANDOM, ON: it goes on by itself */
    uint64_t random, left;       /* RANDOM */
    uint32_t task;               /* ON */
    uint64_t shown;              /* lines printed and names marked, ever */
    uint64_t shown_before;       /* ON: as it began */
    bool silent;                 /* what is made again is not recorded again */
    bool turned;                 /* a choice was made since the last look at the tapes */
    struct cv_ring ring;         /* while it is silent: the run's */
    struct stage_longest longest;
    CV_VEC(struct desk_tape) tapes; /* ascending; the first in front of all choices */
};
struct stepped {
    struct stage s;
    uint32_t want;               /* is to go, as soon as it is due; CV_NO_TASK */
    uint32_t natural;            /* async: who would go by the loop's own order, as the choice came up; CV_NO_TASK: nobody */
    bool weighed;                /* natural is known: callbacks that run and time that moves before the turn change it no more */
    bool spun;                   /* the last turn burnt the core waiting: it goes on elsewhere, if it can */
    bool again;                  /* of pick: nothing was decided, look again */
    struct desk_side desk;
};

uint64_t stepped_random(uint64_t *state, uint64_t n); /* below n */

/* All of these do nothing where nobody sits at the desk. */
void desk_begin(struct stepped *e);
void desk_release(struct stepped *e);
void desk_between(struct stepped *e);                        /* between turns: a tape, if it is time for one */
void desk_acted(struct stepped *e, const struct cv_action *a);
void desk_made(struct stepped *e, uint32_t task, uint32_t steps); /* a turn that was a choice is over */
void desk_trouble(struct stepped *e, const char *why);
/* While choices are made again: the next of them. */
bool desk_replays(const struct stepped *e);
uint32_t desk_next(const struct stepped *e);
void desk_stands(struct stepped *e);                         /* how things stand in front of this choice */
/* Who goes, asked for; CV_NO_TASK: everything is different now, look again. */
uint32_t desk_asks(struct stepped *e);
/* The run is over: waits to be told to go back. false: it shall end. */
bool desk_is_over(struct stepped *e);

#endif
