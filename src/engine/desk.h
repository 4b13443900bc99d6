/* The desk in the region: what is asked of a stepped run, and how it stands. One side writes while the other waits: the parent
 * owns it while served is ahead of asked by one, else the runner. */
#ifndef CONVIS_ENGINE_DESK_H
#define CONVIS_ENGINE_DESK_H

#include "machine.h"

struct cv_desk {
    _Atomic uint32_t asked;       /* futex: commands given */
    _Atomic uint32_t served;      /* 1: it waits for the first; asked + 1: it waits for the next */
    uint32_t command, over, nrows, ntasks, letters_from;
    uint64_t a, b;
    _Atomic uint64_t position;
    uint64_t again;               /* choices that going back made again, the last time */
    char trouble[256];
    struct cv_desk_row rows[CV_DESK_ROWS];
    struct cv_desk_made made[CV_DESK_MOST + 1];
    char text[CV_LIMIT_SCHEDULE + 1]; /* to be played */
};
const struct cv_machine *cv_session_machine(const struct cv_session *s); /* the parent's look at the run */

#endif
