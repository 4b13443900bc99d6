/* The machine that every engine works on: program, memory, sync table, order, region; and the interpreter over it.
 *
 * A task is plain data (struct cv_task, one block, no pointer leads out of it): a snapshot is a memcpy of
 * t->size bytes. cv_task_next() runs what is local and stops in front of the next action; the engine then lets the
 * interpreter do a memory action, or carries out an effect itself and says so with cv_task_finish(). */
#ifndef CONVIS_ENGINE_MACHINE_H
#define CONVIS_ENGINE_MACHINE_H

#include "convis/engine.h"

/* ── values in tasks: 32 bytes; what they derive from travels along ─────────────────────────────── */
struct cv_origin { uint32_t cell; uint32_t version; };  /* cell: cv_cell_id(); version: low 32 bits */
struct cv_value {
    uint64_t payload;             /* as in cells; list: heap index << 32 | length */
    uint8_t tag, duration, norigins; /* duration: prints with a unit; origins beyond two are forgotten, oldest first */
    uint8_t pad[5];
    struct cv_origin origins[2];
};
static inline uint32_t cv_cell_id(uint32_t var, uint32_t index_plus_1) { return var << 20 | index_plus_1; }

struct cv_task {
    uint32_t size;                /* bytes of this block */
    uint32_t number, body, instance; /* instance: of the program, or UINT32_MAX (spawned) */
    uint32_t pc, sp, nwith, name; /* sp: values on the stack; name: string id */
    uint32_t heap_at, heap_used, heap_cap; /* list cells: byte offset in the block; cells */
    uint32_t failure;             /* string id; nonzero: it is failing, open withs are being released */
    uint16_t failure_line; uint8_t ended, spun;
    uint32_t away, with_base;     /* offloaded blocks it is in; withs opened before the innermost of them */
    uint32_t counted_bytes;       /* of its lists, in the account of the run */
    int64_t me;
    uint64_t random;
    struct cv_seen { uint64_t payload; uint32_t cell; uint8_t tag; uint8_t pad[3]; } seen[2]; /* its latest reads, for what check tells */
    struct cv_value values[];     /* locals, then the stack; then with-stack (bytes); then the heap of list cells */
};

/* ── memory: the cells of variables ─────────────────────────────────────────────────────────────── */
struct cv_list { _Atomic uint32_t lock, pad; struct cv_cell items[CV_LIMIT_LIST]; }; /* sparse */
struct cv_memory {                /* one mapping each for [shared] and [shared memory]: cells of all variables, then lists */
    struct cv_cell **cells;       /* by variable */
    struct cv_list **lists;       /* by variable; NULL: not a list */
    uint32_t n;
};

struct cv_machine {
    struct cv_shm shm;
    const struct cv_program *program;
    struct cv_order *order;       /* in the region */
    struct cv_memory memory;
    struct cv_sync *sync;         /* in the region; sync.h */
    uint32_t *strings;            /* string id in the region of each program constant that is a string; by constant index */
    _Atomic uint32_t *spawned;    /* in the region, by body: instances made by spawn, for their names and `me` */
    const char *schedule;         /* in the region; "": none */
    struct cv_desk *desk;         /* in the region; NULL: nobody sits there. desk.h */
    void *private_shared;         /* processes: the mapping of the program's own copy of [shared]; NULL elsewhere */
    size_t private_bytes;
    const struct cv_topo *topo;   /* for pin; NULL where the program has none, or time is virtual */
    bool dry;                     /* the explorer: nothing is taken from the system for the program */
    int loop_fd;                  /* async with a pool: an eventfd that tells the loop of tasks that a worker has woken; else -1 */
    uint64_t zero_ns;             /* cv_mono_ns() when the gate opened */
    uint64_t base_cpu_ns;         /* what the main thread had used by then: not the run's */
    uint32_t base_voluntary, base_involuntary;
};

/* Bytes of the engine area for this program and order: order, mapped cells, [shared] cells, sync table. */
size_t cv_machine_bytes(const struct cv_program *p, const struct cv_order *o);
/* Parent: lays the area out (order copied in; cells and sync initialised). */
void cv_machine_init(const struct cv_shm *shm, const struct cv_program *p, const struct cv_order *o);
/* Runner (and the parent, to look): finds everything in the region. -1 and errno where the area does not fit the program. */
int cv_machine_attach(struct cv_machine *m, const struct cv_shm *shm, const struct cv_program *p);
/* Runner, under processes (real ones), before the run, and a worker process: [shared] is in private memory, as at the start; fork copies it on write.
 * Elsewhere it stays in the region, so that the parent can read it whatever happens. -1 and errno. */
int cv_machine_own_shared(struct cv_machine *m);
void cv_machine_release(struct cv_machine *m);
struct cv_order *cv_machine_order(const struct cv_shm *shm);
/* The parent's view after or during a run: final value of a variable in the region ([shared] not under processes). */
const struct cv_memory *cv_machine_region_memory(struct cv_machine *m);

/* ── a thread's own look at its preemptions (watch.c) ───────────────────────────────────────────── */
struct cv_watch {
    bool on;                      /* it is looked for and told */
    struct cv_hint hint;          /* range NULL: there is none */
    uint32_t task;                /* whose thread this is */
    uint32_t voluntary, involuntary, core; /* as of the last look */
    uint32_t untold;              /* voluntary switches that stand in no event yet */
};

/* ── a worker: who executes tasks: the loop, a thread, a process ────────────────────────────────── */
struct cv_worker {
    struct cv_machine *m;
    struct cv_ring ring;
    struct cv_watch watch;
    uint32_t pid, tid;
    uint64_t (*now)(struct cv_worker *w); /* ns since the run began, for `now` */
    void (*breaker)(struct cv_worker *w); /* asked every few hundred local instructions (the GIL's eval breaker); may be NULL */
    struct cv_task *at;           /* for the breaker: whose instructions */
    bool endless;                 /* set by the breaker: they go round for ever, and the action in front of them is that */
    void *self;                   /* the engine's own */
};

/* Once a thread or process, behind the claim of its ring. */
void cv_watch_begin(struct cv_worker *w, uint32_t task);
/* Asks getrusage and tells what is new. since_ns: cv_mono_ns() when nothing had happened yet (0: at the last event); flags: CV_F_YIELD, a
 * sched_yield of ours that switched is among it; CV_WATCH_ALL: voluntary ones too. Arms the hint. Only where w->watch.on. */
enum { CV_WATCH_ALL = 16 };
__attribute__((cold)) void cv_watch_look(struct cv_worker *w, uint64_t since_ns, unsigned flags);
static inline void cv_watch_check(struct cv_worker *w) /* between two events */
{
    if (__builtin_expect(w->watch.on, 0) && __builtin_expect(cv_hint_gone(&w->watch.hint), 0))
        cv_watch_look(w, 0, 0);
}
static inline void cv_watch_back(struct cv_worker *w, unsigned flags) /* from a wait in the kernel */
{
    if (__builtin_expect(w->watch.on, 0))
        cv_watch_look(w, 0, flags);
}
/* The last account of a task with a thread of its own: what getrusage says goes into its row, and counts from here on no more. */
void cv_last_act(struct cv_worker *w, uint32_t task);
/* sched_yield. True: it switched, and the kernel counts that as involuntary. Takes what is armed along: look afterwards. */
bool cv_sched_yield(void);

/* ── the interpreter ────────────────────────────────────────────────────────────────────────────── */
struct cv_action {
    uint8_t op;                   /* enum cv_op: MEMORY or EFFECT */
    bool memory, await, visible;
    bool endless;                 /* there is none: the task goes round for ever in what is local */
    uint16_t line;
    int32_t arg, b;               /* as in the instruction */
    struct cv_value value, value2; /* operands: CPU SLEEP FETCH ALLOC: ns/bytes in payload; STORE, PUT: the value; CAS: old, new */
    uint32_t index;               /* *_ITEM: index + 1; 0: outside, as things stand now */
    uint32_t body, nargs; const struct cv_value *args; /* SPAWN: arguments on t's stack; instance = -1 - b when b < 0 */
};
/* A new task block: malloc; the caller frees. args are copied with the lists they hold (from's heap; may be NULL). */
struct cv_task *cv_task_new(const struct cv_machine *m, uint32_t number, uint32_t name, uint32_t body, uint32_t instance, int64_t me,
                            const struct cv_value *args, uint32_t nargs, const struct cv_task *from);
/* Runs up to the next action and describes it; idempotent until it is carried out. *t may move (realloc). A task that fails
 * shows UNLOCK/RELEASE actions of its open withs, then FAIL; one at its end DONE. */
void cv_task_next(struct cv_worker *w, struct cv_task **t, struct cv_action *a);
/* Does a memory action, records READ/WRITE, advances; an index outside of its list fails the task. */
void cv_task_memory(struct cv_worker *w, struct cv_task **t, const struct cv_action *a);
/* The effect was carried out: takes the operands off, pushes result (GET, SPAWN, …; else NULL), advances. */
void cv_task_finish(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, const struct cv_value *result);
/* The effect failed: the task raises with this text. */
void cv_task_fail(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, const char *format, ...) CV_PRINTF(4, 5);

/* OFFLOAD: the block behind it is to run elsewhere. leave: the task stands in front of the block's first instruction, ready to
 * travel; back: behind its last, or failing. What it must be given back is kept in between. */
struct cv_away { uint32_t number, with_base; };
struct cv_away cv_task_leave(struct cv_task *t);
void cv_task_back(struct cv_worker *w, struct cv_task *t, struct cv_away kept);

/* ── effects that mean the same everywhere (effects.c) ──────────────────────────────────────────── */
/* A row and a number for a new task of body, named as LANGUAGE.md says (NAME, NAME#0, the value); emits TASK_START on w's
 * ring (and SPAWN of parent). pid/tid may be filled later. CV_NO_TASK when there are as many as may be. */
uint32_t cv_task_claim(struct cv_worker *w, uint32_t parent, const struct cv_action *spawn, struct cv_task **made, struct cv_task *parent_task);
/* The claim for a statement `spawn` of *t; where there are as many as may be, *t fails and is told why. */
uint32_t cv_task_spawn(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct cv_task **made);
/* Counts bytes that a task takes; false: the run would hold more than it may, and nothing is counted. */
bool cv_machine_take(const struct cv_machine *m, uint64_t bytes);
/* Rows and numbers, one after the other, for the n workers of a pool of threads, or of processes; owner: the task in whose process
 * they are. Returns the first; CV_NO_TASK when max_tasks is reached. */
uint32_t cv_workers_claim(struct cv_worker *w, uint32_t owner, bool processes, uint32_t n);
bool cv_row_is_worker(const struct cv_row *row);
/* PRINT MARK ALLOC SPIN FETCH-free things: true when it was one of them and is finished. */
bool cv_effect_common(struct cv_worker *w, struct cv_task **t, const struct cv_action *a);
/* "Ann crashed at line 7 (SIGSEGV), …": of a crash that ends the program. */
void cv_crash_text(const struct cv_machine *m, uint32_t task, unsigned line, char *text, size_t size);
/* The end of a task: row state, failure text, TASK_END event, owner-death marks in the sync table. Wakes joiners through sync. */
void cv_task_end(struct cv_worker *w, struct cv_task *t, enum cv_task_end end);
/* What an action waits for, and on which object (a sync object; the task joined; CV_NO_TASK: join all). */
enum cv_reason cv_action_reason(const struct cv_action *a);
uint32_t cv_action_object(const struct cv_action *a);
/* Publishes wait + state and emits WAIT; counts the switch by cause. */
void cv_row_wait(struct cv_worker *w, uint32_t task, unsigned line, enum cv_cause cause, uint32_t object, uint64_t detail);
void cv_row_run(struct cv_worker *w, uint32_t task, unsigned line); /* RUNNABLE, emits RUN */
/* The same two for a bare yield of a coroutine and who goes on in its place: one instant, and one look at the clock, for both. */
uint64_t cv_row_turn(struct cv_worker *w, uint32_t task, unsigned line); /* its stamp; 0: not known */
void cv_row_run_at(struct cv_worker *w, uint32_t task, unsigned line, uint64_t stamp /* 0: now */);
/* Burns ns of CPU time of the calling thread; pause(self) is asked about every 50 us of it (the GIL's eval breaker; may be
 * NULL) and about the run's stop. True CPU time: preempted time does not count. Where the thread watches itself, it looks at every
 * turn, so that a preemption in it is known to some 100 ns. */
void cv_burn(struct cv_worker *w, uint64_t ns, void (*pause)(void *self), void *self);
/* getrusage(RUSAGE_THREAD) and CPU time into a row, as it stands. */
void cv_row_usage(struct cv_machine *m, uint32_t task);
/* Copies the caller's own [shared] into the finals area and says so in its row (processes). */
void cv_row_finals(struct cv_machine *m, uint32_t task);
/* Seen on the core it runs on now. */
void cv_row_core(struct cv_machine *m, uint32_t task);

#endif
