/* The stage: what a run in virtual time is made of, under the rules of async, threads or processes, and the one step that all who
 * play on it share: the stepped engine, whoever steps by hand, the explorer. A step is what is invisible in front of a visible
 * action, and that action; the end of a task belongs to the step before it. Under async a turn goes on, step by step, until
 * the task gives the thread back.
 *
 * Nothing here reads a real clock or picks anybody; what a step does depends on the stage alone. Its state lies in struct stage, in
 * the players and their task blocks, in the task rows, the sync table, the cells and virtual_now of the region. */
#ifndef CONVIS_ENGINE_STAGE_H
#define CONVIS_ENGINE_STAGE_H

#include "engine/schedule.h"
#include "engine/sync.h"

enum { STAGE_STEP_NS = 1000 }; /* a visible step takes one virtual microsecond; cpu, sleep and fetch what they say */
enum phase { GONE, RUNNABLE, TIMER /* until due */, BLOCKED /* until its action need not wait */, QUEUED /* in a wait queue, or its block is with a worker */, IDLE /* a worker without a block */,
             ENDLESS /* it computes for ever */ };
struct player {
    struct cv_task *task;
    enum phase phase;
    uint64_t due, ready_order;   /* order in the ready queue */
    uint64_t acted;              /* when its last visible step began */
    unsigned hops;               /* async: callbacks still to run before its step, as in asyncio */
    bool called;                 /* async: made ready by way of a callback, and did not go since */
    uint8_t closing;             /* async, somebody picks, main is done: see stage_asks */
    bool again;                  /* async: woken from a wait queue, tries once more */
    enum cv_cause cause;
    struct cv_memory memory;     /* processes: its own [shared] */
    void *own; size_t own_bytes;
    bool worker;                 /* of a pool: under async too it goes by the rules of threads */
    uint32_t pool, serves;       /* of a worker: its pool's first; whose block it runs, whose task is then its own */
    struct cv_away kept;         /* of a task whose block is with a worker */
};
struct stage {
    struct cv_machine *m;
    struct cv_worker w;
    struct player *players;
    uint32_t n, cap, letters_from; /* letters_from: 1 where main is implicit */
    uint32_t current;            /* on the core; CV_NO_TASK */
    uint64_t order, random, bytes, peak;
    uint64_t pass_end, looked;   /* async: the pass is of those ready before that order; when the loop looked around last */
    struct schedule schedule;
    bool scheduled, over;        /* scheduled: somebody picks, and says too when a pass of the closing loop ends (see stage_asks) */
    bool leaves;                 /* async: an implicit main does not wait for what others start */
    bool own_order;              /* async: nobody picks, the loop goes in its own order */
    unsigned closing;            /* async: passes until the loop ends, main is done */
    bool waits;                  /* somebody began to wait for others since the last look for deadlocks */
    uint32_t *told, ntold;       /* the deadlock told last */
    uint32_t holder;             /* async: holds the loop in a wait that only a worker could end; or 0, when the loop has ended */
    uint32_t pools[2];           /* of threads, of processes: the first worker, or CV_NO_TASK */
    struct cv_memory base;       /* what all share that have no copy of their own */
    struct stage_rounds { struct cv_task *kept; uint32_t room; uint64_t looks, next; } rounds; /* of the task that is looked at; stage_rounds.c */
    struct player pristine;      /* with the copy of [shared] as the pool of processes was forked with it */
};

static inline struct cv_shm_head *stage_head(const struct stage *s) { return s->m->shm.head; }
static inline uint64_t stage_now(const struct stage *s) { return atomic_load_explicit(&stage_head(s)->virtual_now, memory_order_relaxed); }
static inline bool stage_is_async(const struct stage *s) { return s->m->order->model == CV_ASYNC; }
/* A coroutine: its turn lasts until it gives the thread back. */
static inline bool stage_coop(const struct stage *s, uint32_t task) { return stage_is_async(s) && !s->players[task].worker; }
/* Made up, so that the same schedule is the same run to the byte. A thread of a pool is one of the process whose block it runs. */
static inline uint32_t stage_tid(const struct stage *s, uint32_t task) { return CV_VIRTUAL_PID + (stage_coop(s, task) ? 0 : task); }
static inline uint32_t stage_pid(const struct stage *s, uint32_t task)
{
    const struct player *p = &s->players[task];
    if (p->own)
        return CV_VIRTUAL_PID + task;
    uint32_t of = !p->worker ? task : p->serves != CV_NO_TASK ? p->serves : 0;
    return CV_VIRTUAL_PID + (s->m->order->model == CV_PROCESSES ? of : 0);
}
/* What pid and tid are for the instructions that follow. */
static inline void stage_be(struct stage *s, uint32_t task)
{
    s->w.pid = stage_pid(s, task);
    s->w.tid = stage_tid(s, task);
}
static inline struct cv_row *stage_row(const struct stage *s, uint32_t task) { return cv_shm_row(&s->m->shm, task); }

/* The main task and the memory, in front of the first step. own_order: see above. */
void stage_begin(struct stage *s, struct cv_machine *m, bool own_order);
void stage_release(struct stage *s); /* what it holds, also of tasks that did not end */

/* The action in front of a task, with its own memory in place. */
void stage_look(struct stage *s, uint32_t task, struct cv_action *a);
/* May the task go, as things stand? Changes nothing but that the task is looked at. */
bool stage_may_go(struct stage *s, uint32_t task);
/* Carries out the action that was looked at; behind a visible one of who is no coroutine, its end too, if that is next.
 * false: the task's turn is over. */
bool stage_act(struct stage *s, uint32_t task, const struct cv_action *a);
/* Between turns: who holds the loop no more, passes of the loop, timers that are due, the end of the run. */
void stage_look_around(struct stage *s);
/* Async, main is done: as in asyncio, the loop makes the rest of this pass and one more. Each goes once at most in a pass, and who is ready as the last one
 * begins goes in it (CLOSING_MUST). What else is so rests on which pass of the loop that was, and where somebody picks it is his to say: whoever was ready as main
 * ended may still go in the first, or was before main in it; who slept then, or had a callback still to run, may go in either, or is left behind
 * (CLOSING_MAY). So that a pass ends is a choice too, where others may go but need not. Who begins to sleep then, or to wait for a callback, is left behind. */
enum { CLOSING_NOT, CLOSING_MUST, CLOSING_MAY };
bool stage_asks(const struct stage *s);
/* All that an implicit main waited for are done: it may end at any time now, and leave behind what they started. */
bool stage_main_asks(const struct stage *s);
void stage_pass_over(struct stage *s);
void stage_let_in(struct stage *s, uint32_t task); /* who sleeps: he is due, while the loop closes */
/* Nobody may go: time moves on to the next timer. false: there is none. */
bool stage_to_next_timer(struct stage *s);
/* A coroutine that would have to run a callback first has run it, and stands behind what is ready. */
void stage_ready(struct stage *s, uint32_t task, unsigned hops);
bool stage_held(const struct stage *s, uint32_t task); /* while the loop is held, only workers go */
void stage_end(struct stage *s, enum cv_outcome outcome, const char *text); /* the first one counts */

/* Who is on the core, for the record. */
void stage_enter_core(struct stage *s, uint32_t task, unsigned line);
void stage_leave_core(struct stage *s, bool preempted);
/* A task waits from now on. kept: under async the thread is not given back. */
void stage_wait(struct stage *s, uint32_t task, const struct cv_action *a, enum phase phase, bool kept);

/* From now on it is found out when something local never ends: the action in front of it is then `endless`. Who carries that out is ENDLESS,
 * or, as a coroutine, keeps the loop until the time is up. */
void stage_rounds_begin(struct stage *s);
void stage_rounds_release(struct stage *s);
void stage_compute_on(struct stage *s, uint32_t task, unsigned line); /* such a one computes until the time is up */

/* ── between stage.c and stage_pool.c ───────────────────────────────────────────────────────────── */
void stage_pass_time(struct stage *s, uint32_t task, uint64_t ns, bool busy);
void stage_own_memory(struct stage *s, struct player *p, const struct cv_memory *from);
void stage_player_room(struct stage *s, uint32_t number);
void stage_drop_player(struct stage *s, uint32_t task);
void stage_wake_all(struct stage *s, uint32_t waker);
void stage_finish_task(struct stage *s, uint32_t task, enum cv_task_end end);
void stage_begin_pools(struct stage *s);
void stage_end_pools(struct stage *s);
bool stage_offload(struct stage *s, uint32_t task, const struct cv_action *a);
void stage_end_block(struct stage *s, uint32_t worker, unsigned line);
void stage_crash(struct stage *s, uint32_t task, const struct cv_action *a);

#endif
