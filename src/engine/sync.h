/* The sync table: locks, semaphores, queues, joins, and who waits for whom. One flat block without pointers: it lies in
 * the region for threads and processes (under one robust, process-shared mutex), and is copied with memcpy for
 * snapshots. All decisions are taken here; how a task sleeps and is woken is the engine's. */
#ifndef CONVIS_ENGINE_SYNC_H
#define CONVIS_ENGINE_SYNC_H

#include "machine.h"

/* FAIR: as asyncio: a newcomer queues behind those who wait, a released lock goes to the first of them.
 * COMPETE: as glibc: a woken waiter takes part in the race again. */
enum cv_sync_policy { CV_SYNC_FAIR, CV_SYNC_COMPETE };
enum cv_sync_result { CV_SYNC_OK, CV_SYNC_WAIT, CV_SYNC_FAIL /* the task must fail: why says */ };
struct cv_sync_change { uint32_t sync; bool take; uint64_t order, length; }; /* what TAKE and GIVE events say */
struct cv_sync_done {
    struct cv_value value;        /* GET: the item */
    struct cv_sync_change changes[2]; /* a wait on a condition gives its lock, and later takes it and is let go */
    unsigned nchanges;
    const char *why;              /* FAIL: "unlock of m by Bob, who does not hold it (Alice does)" static thread-local */
    bool self_deadlock;           /* WAIT for one's own lock */
};
struct cv_sync;
/* Records what a try changed: TAKE, GIVE or JOINED. Call under the mutex after OK, and after WAIT (a wait on a condition has
 * given its lock back). */
void cv_sync_event(struct cv_worker *w, uint32_t task, const struct cv_action *a, const struct cv_sync_done *done, bool ok);
size_t cv_sync_bytes(const struct cv_program *p, uint32_t max_tasks);
void cv_sync_init(struct cv_sync *s, const struct cv_program *p, uint32_t max_tasks);
size_t cv_sync_used(const struct cv_sync *s, uint32_t ntasks); /* bytes that a snapshot must copy, */
size_t cv_sync_used_from(void);                                /* from this byte on: the mutex stays where it is */

/* LOCK UNLOCK ACQUIRE RELEASE PUT GET WAIT NOTIFY SET CLEAR BARRIER JOIN JOIN_ALL: is decided in this table. */
bool cv_sync_is(const struct cv_action *a);
/* Tries such an action for a task. WAIT: it is queued; call again when it was woken, with again = true: it may have to wait once
 * more, and for something else (the lock of a condition, a barrier that others are still leaving). List values in queues
 * are refused (FAIL). */
enum cv_sync_result cv_sync_try(struct cv_sync *s, enum cv_sync_policy policy, uint32_t task, const struct cv_action *a,
                                bool again, struct cv_sync_done *done);
/* Tasks made runnable by the last calls, in order; CV_NO_TASK: none left. Call after each try and task end. */
uint32_t cv_sync_woken(struct cv_sync *s);
/* True while the queued task has not been woken (to re-check after a spurious wake). */
bool cv_sync_queued(const struct cv_sync *s, uint32_t task);
void cv_sync_started(struct cv_sync *s, uint32_t task, uint32_t parent);
/* The task is over: its joiners are woken; locks it holds stay locked, marked ownerless. */
void cv_sync_ended(struct cv_sync *s, uint32_t task);
uint32_t cv_sync_owner(const struct cv_sync *s, uint32_t sync);   /* lock: CV_NO_TASK when free */
uint64_t cv_sync_length(const struct cv_sync *s, uint32_t sync);  /* queue items, permits */

/* What an action of this table waits for, or would: a reason, and an object as cv_action_object() says. */
enum cv_reason cv_sync_reason(const struct cv_sync *s, uint32_t task, const struct cv_action *a, uint32_t *object);
/* Would the action have to wait now? Changes nothing. To come to a condition, an event or a barrier is a step of its own, which
 * can always be made, though it ends in waiting. */
bool cv_sync_would_wait(const struct cv_sync *s, uint32_t task, const struct cv_action *a);
bool cv_sync_children_over(const struct cv_sync *s, uint32_t task); /* all tasks it started have ended */
bool cv_sync_over(const struct cv_sync *s, uint32_t task);
uint32_t cv_sync_parent(const struct cv_sync *s, uint32_t task);

/* The table between two steps, as words: two that behave alike have the same. Tasks from 0 to ntasks - 1, the others must not have
 * begun. load: into a table of the same program. */
size_t cv_sync_save_room(const struct cv_sync *s, uint32_t ntasks); /* words, at most */
size_t cv_sync_save(const struct cv_sync *s, uint32_t ntasks, uint32_t *to);
void cv_sync_load(struct cv_sync *s, uint32_t ntasks, const uint32_t *from);

/* Jobs of a pool: offloaded blocks, by the task whose they are, first in first out. pool: the first of its workers. A task is
 * queued from put until done; what it then finds is its block, or that the pool broke. */
bool cv_sync_job_put(struct cv_sync *s, uint32_t pool, uint32_t task); /* false: the pool is broken */
uint32_t cv_sync_job_take(struct cv_sync *s, uint32_t pool);          /* CV_NO_TASK: there is none */
void cv_sync_job_done(struct cv_sync *s, uint32_t task);
/* A worker died, in the midst of served's block (or CV_NO_TASK): that one and all that are queued come back without. */
void cv_sync_pool_break(struct cv_sync *s, uint32_t pool, uint32_t served);
bool cv_sync_broken(const struct cv_sync *s, uint32_t task);
/* Tasks of a loop, which is told by loop_fd, are fetched apart from those that sleep on their futex. */
void cv_sync_on_loop(struct cv_sync *s, uint32_t task);
uint32_t cv_sync_woken_loop(struct cv_sync *s);
bool cv_sync_loop_has_woken(const struct cv_sync *s);

/* For engines with real threads or processes: the mutex of the table, and a futex word a task. */
int cv_sync_mutex_lock(struct cv_sync *s);    /* EOWNERDEAD is made consistent: the table is valid at every store */
void cv_sync_mutex_unlock(struct cv_sync *s);
_Atomic uint32_t *cv_sync_futex(struct cv_sync *s, uint32_t task);
/* Idle workers of a pool sleep here, apart from where its first worker sleeps when a block of its own has to wait. */
_Atomic uint32_t *cv_sync_idle(struct cv_sync *s, uint32_t pool);

/* ── deadlock ───────────────────────────────────────────────────────────────────────────────────────
 * Reads rows and table (hold the mutex). loop_holder: under async the task that holds the loop in a blocking call, else
 * CV_NO_TASK: everybody else then waits for it. Fills members (of cap) with the tasks that can never go on unless one of
 * themselves gives something; returns their number; *others: some task outside the set is still going.
 * Givers: lock: its owner; queue, semaphore: any live task whose body could put/get/release (body->gives); join: the task;
 * a task that waits for a timer or a fetch, or is runnable, is live. */
uint32_t cv_deadlock_find(const struct cv_machine *m, uint32_t loop_holder, uint32_t *members, uint32_t cap, bool *others);
/* "Alice waits for b, which Bob holds; Bob waits for a, which Alice holds." cleaned. */
void cv_deadlock_text(const struct cv_machine *m, uint32_t loop_holder, const uint32_t *members, uint32_t n, struct cv_buf *out);

#endif
