/* The pools behind offload: one of threads in each process that offloads to threads, made at its first use; one of processes for
 * the whole run, forked before there are a loop or threads. A block travels as the whole task does: to a thread by pointer, to a
 * process as bytes, through a file in memory that has a place for each task. */
#ifndef CONVIS_ENGINE_POOL_H
#define CONVIS_ENGINE_POOL_H

#include "engine/own.h"

struct job {
    struct job *next;
    uint32_t owner;
    struct cv_task *task;         /* threads: where it is now */
};
struct visit {                    /* one block on its way; lives with whoever waits for it */
    struct cv_away kept;
    struct job job;
    bool process;
};
/* Runner, behind the claim of the main task and before loop and threads: forks the workers, if the program wants any. An errno. */
int pool_begin(struct cv_worker *w);
/* Hands the block in front of which t stands to a pool; publishes the wait with this cause. NULL, or why it cannot be (static);
 * until it is back t is the pool's. */
const char *pool_send(struct cv_worker *w, struct cv_task *t, const struct cv_action *a, enum cv_cause cause, struct visit *v);
/* The task is not queued any more: its block is over. *t: where the task is now; the block may have failed it. */
void pool_fetch(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct visit *v);
/* Looks after worker processes that died; by whoever waits for one. */
void pool_tend(struct cv_worker *w);
bool pool_child_ended(struct cv_worker *w, pid_t pid, int status); /* false: it was no worker */
/* Workers end, once they are done with what they run, and are waited for: in this process, at its end; all: the processes too. */
void pool_end(struct cv_worker *w, bool all);
void pool_forget(void);           /* in a forked child: its parent's threads are not its own */

#endif
