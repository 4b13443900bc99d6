/* What a stepped run recorded, event by event, and the two models that fold it: the one that is shown, and one that stays a little behind,
 * out of which a run that goes back is shown again: at any depth some thousand events are folded, not all there are. Where that one is
 * not there yet (a second undo close on the first), all is folded anew, in portions.
 *
 * The model that is shown is its caller's; the other, and those on their way to be freed, are the record's. info and shm are the run's. */
#ifndef CONVIS_APP_REWIND_H
#define CONVIS_APP_REWIND_H

#include <pthread.h>

#include "convis/model.h"

enum { REWIND_BEHIND = 2048 /* events */, REWIND_SHORT = 16384 /* so many are folded anew at once: nothing is kept behind */ };
struct rewind {
    const struct cv_run_info *info;
    const struct cv_shm *shm;
    CV_VEC(struct rewind_event { struct cv_event e; uint64_t records; /* of the run so far, this one included */ }) log;
    uint64_t records;
    struct cv_model *model, *behind;
    size_t folded, followed;      /* events in each of the two */
    uint64_t folds;               /* events ever folded: what tests count */
    CV_VEC(struct cv_model *) dead; /* to be freed, which takes a while: by a thread of their own */
    struct rewind_grave { struct cv_model **at; size_t n; _Atomic bool done; } grave;
    pthread_t digger;
    bool digging;
};

void rewind_begin(struct rewind *r, const struct cv_run_info *info, const struct cv_shm *shm, struct cv_model *model);
void rewind_release(struct rewind *r); /* not the model that is shown */
void rewind_take(struct rewind *r, const struct cv_event *e);
void rewind_note(struct rewind *r, const struct cv_event *e); /* one that the run did not record itself */
/* What is beyond so many records is gone. True: another model is shown from now on, r->model. */
bool rewind_cut(struct rewind *r, uint64_t records);
/* Folds until then (cv_mono_ns), into the one that is shown: true: something was; and, once that is whole, into the one behind. */
bool rewind_fold(struct rewind *r, uint64_t until);
void rewind_follow(struct rewind *r, uint64_t until);
static inline bool rewind_whole(const struct rewind *r) { return r->folded == r->log.n; }
bool rewind_ready(const struct rewind *r); /* whole, and ready to go back: there is nothing to do */

#endif
