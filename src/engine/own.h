/* A task in a thread or process of its own: what threads and processes have in common. */
#ifndef CONVIS_ENGINE_OWN_H
#define CONVIS_ENGINE_OWN_H

#include "engine/sync.h"

struct own {
    struct cv_worker w;
    struct cv_task *task;
    bool process, using_gil, measured;
    /* Starts a claimed task; 0 or an errno. */
    int (*spawn)(struct own *o, struct cv_task *made, uint32_t number);
    /* Looked after while it waits in the kernel: dead children (processes); NULL: nothing. */
    void (*tend)(struct own *o);
    /* Bytes of its own that are in memory now: the touched stack of a thread, the private pages of a process. */
    uint64_t (*footprint)(struct own *o);
};
/* Runs the task to its end, including its last accounts. */
void own_run(struct own *o);
/* ns since the gate. */
uint64_t own_now(struct cv_worker *w);
/* Says why the system refused (fork, pthread_create), with the limit's name; the run is asked to stop. */
void own_refused(struct cv_machine *m, const char *what, int error);
/* Wakes whom the table says: who sleeps on a futex, and the loop, if there is one. The mutex is held. */
void own_wake(struct own *o);
void own_wake_sleepers(struct cv_worker *w, uint32_t waker);
/* A worker runs the block that o->task stands in, to its end. */
void own_block(struct own *o, unsigned line);
long own_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns, bool shared);
void own_futex_wake(_Atomic uint32_t *word, int n);

/* The emulated GIL (gil.c), after CPython's ceval_gil: one lock; who waits longer than the switch interval asks for it, and who
 * is asked hands it over at its next look. */
void gil_init(uint64_t interval_ns);
void gil_take(struct own *o, unsigned line);
void gil_drop(struct own *o);
/* gil_take says itself that the task runs. */
void gil_look(struct own *o, unsigned line); /* the eval breaker: hand over if asked */

#endif
