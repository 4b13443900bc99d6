/* What means the same under every engine: the birth and end of a task, its row, output, marks, memory, burning CPU. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cells.h"
#include "sync.h"
#include "value.h"

/* ── birth ──────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t claim_numbers(const struct cv_machine *m, uint32_t many)
{
    struct cv_shm_head *head = m->shm.head;
    uint32_t n = atomic_load(&head->ntasks);
    do {
        if (n >= m->order->max_tasks || many > m->order->max_tasks - n)
            return CV_NO_TASK;
    } while (!atomic_compare_exchange_weak(&head->ntasks, &n, n + many));
    return n;
}

/* One more that lives; false: as many as may at once do already. */
static bool one_more(const struct cv_machine *m)
{
    struct cv_shm_head *head = m->shm.head;
    uint32_t most = cv_order_most_alive(m->order), alive = atomic_fetch_add(&head->alive, 1); /* the main task is none of them */
    if (alive <= most)
        return true;
    atomic_fetch_sub(&head->alive, 1);
    return false;
}

/* "there are 2000 tasks, as many as a run may have at once under processes (--max-tasks)" */
static void claim_refused(const struct cv_machine *m, char *text, size_t size)
{
    static const char *const under[] = {"async", "threads", "processes"};
    uint32_t most = cv_order_most_alive(m->order);
    if (atomic_load(&m->shm.head->ntasks) >= m->order->max_tasks)
        snprintf(text, size, "%u tasks were started, as many as a run may start in all (--max-tasks)", m->order->max_tasks - 1);
    else
        snprintf(text, size, "there are %u tasks, as many as a run may have at once under %s (--max-tasks)", most, under[m->order->model]);
}

bool cv_machine_take(const struct cv_machine *m, uint64_t bytes)
{
    struct cv_shm_head *head = m->shm.head;
    uint64_t most = m->order->most_bytes, before = atomic_fetch_add(&head->taken_bytes, bytes);
    if (!most || (bytes <= most && before <= most - bytes))
        return true;
    atomic_fetch_sub(&head->taken_bytes, bytes);
    return false;
}

uint32_t cv_task_claim(struct cv_worker *w, uint32_t parent, const struct cv_action *spawn, struct cv_task **made,
                       struct cv_task *parent_task)
{
    const struct cv_machine *m = w->m;
    const struct cv_program *p = m->program;
    if (!one_more(m))
        return CV_NO_TASK;
    uint32_t body = spawn ? spawn->body : 0, instance = UINT32_MAX, name;
    int64_t me = 0;
    cv_sync_mutex_lock(m->sync); /* of two that are spawned at once the lower number is the lower `me`, as it is in virtual time */
    uint32_t number = claim_numbers(m, 1);
    if (number != CV_NO_TASK && spawn && spawn->b >= 0)
        me = atomic_fetch_add(&m->spawned[body], 1);
    cv_sync_mutex_unlock(m->sync);
    if (number == CV_NO_TASK) {
        atomic_fetch_sub(&m->shm.head->alive, 1);
        return CV_NO_TASK;
    }
    if (!spawn) {
        name = cv_intern(&m->shm, "main", 4);
    } else if (spawn->b < 0) {
        instance = (uint32_t)(-1 - spawn->b);
        me = p->instances[instance].me;
        name = cv_intern(&m->shm, p->instances[instance].name, strlen(p->instances[instance].name));
    } else {
        char text[CV_LIMIT_NAME + 32];
        int n = snprintf(text, sizeof text, "%s#%lld", p->bodies[body].name, (long long)me);
        name = cv_intern(&m->shm, text, (size_t)n);
    }
    struct cv_row *row = cv_shm_row(&m->shm, number);
    row->name = name;
    row->body = body;
    row->parent = parent;
    atomic_store(&row->serves, CV_NO_TASK);
    row->born = m->shm.head->virtual_time ? atomic_load(&m->shm.head->virtual_now) : cv_ticks();
    atomic_store(&row->line, p->bodies[body].line);
    cv_sync_mutex_lock(m->sync);
    cv_sync_started(m->sync, number, parent);
    cv_sync_mutex_unlock(m->sync);
    atomic_store(&row->state, CV_ROW_STARTED);
    cv_emit2(&w->ring, CV_EV_TASK_START, 0, number, p->bodies[body].line, 0, name, body, parent, 0);
    if (parent != CV_NO_TASK)
        cv_emit1(&w->ring, CV_EV_SPAWN, 0, parent, spawn ? spawn->line : 0, 0, number, 0);
    *made = cv_task_new(m, number, name, body, instance, me, spawn ? spawn->args : NULL, spawn ? spawn->nargs : 0, parent_task);
    return number;
}

uint32_t cv_task_spawn(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct cv_task **made)
{
    uint32_t number = cv_task_claim(w, (*t)->number, a, made, *t);
    if (number == CV_NO_TASK) {
        char why[160];
        claim_refused(w->m, why, sizeof why);
        cv_task_fail(w, t, a, "%s", why);
    }
    return number;
}

bool cv_row_is_worker(const struct cv_row *row) { return row->body == CV_NO_BODY; }

uint32_t cv_workers_claim(struct cv_worker *w, uint32_t owner, bool processes, uint32_t n)
{
    const struct cv_machine *m = w->m;
    uint32_t first = claim_numbers(m, n);
    if (first == CV_NO_TASK)
        return CV_NO_TASK;
    unsigned flags = processes ? CV_F_WORKER | CV_F_COPY : CV_F_WORKER;
    uint32_t parent = m->order->model == CV_PROCESSES && !processes ? owner : CV_NO_TASK; /* whose copy of [shared] it sees */
    for (uint32_t i = 0; i < n; i++) {
        char text[CV_LIMIT_NAME + 32];
        struct cv_row *row = cv_shm_row(&m->shm, first + i);
        int length = snprintf(text, sizeof text, processes ? "pool process#%u" : "pool thread#%u", i);
        row->name = cv_intern(&m->shm, text, (size_t)length);
        row->body = CV_NO_BODY;
        row->parent = owner;
        row->pool = first;
        atomic_store(&row->serves, CV_NO_TASK);
        row->born = m->shm.head->virtual_time ? atomic_load(&m->shm.head->virtual_now) : cv_ticks();
        cv_sync_mutex_lock(m->sync);
        cv_sync_started(m->sync, first + i, CV_NO_TASK);
        cv_sync_mutex_unlock(m->sync);
        atomic_store(&row->wait, (uint32_t)(CV_BLOCK + CV_REASON_WORK) << 24 | first);
        atomic_store(&row->state, CV_ROW_WAITING);
        cv_emit2(&w->ring, CV_EV_TASK_START, flags, first + i, 0, 0, row->name, CV_NO_BODY, parent, 0);
    }
    return first;
}

/* ── what an action is about ────────────────────────────────────────────────────────────────────── */
enum cv_reason cv_action_reason(const struct cv_action *a)
{
    switch ((enum cv_op)a->op) {
    case CV_OP_SLEEP: return CV_REASON_SLEEP;
    case CV_OP_FETCH: return CV_REASON_FETCH;
    case CV_OP_LOCK: return CV_REASON_LOCK;
    case CV_OP_ACQUIRE: return CV_REASON_SEMAPHORE;
    case CV_OP_PUT: case CV_OP_GET: return CV_REASON_QUEUE;
    case CV_OP_JOIN: case CV_OP_JOIN_ALL: return CV_REASON_JOIN;
    case CV_OP_OFFLOAD: return CV_REASON_OFFLOAD;
    default: return CV_REASON_TURN;
    }
}

uint32_t cv_action_object(const struct cv_action *a)
{
    return a->op == CV_OP_JOIN ? (uint32_t)a->value.payload : a->op == CV_OP_JOIN_ALL ? CV_NO_TASK : (uint32_t)a->arg;
}

void cv_sync_event(struct cv_worker *w, uint32_t task, const struct cv_action *a, const struct cv_sync_done *done, bool ok)
{
    if (ok && (a->op == CV_OP_JOIN || a->op == CV_OP_JOIN_ALL))
        cv_emit1(&w->ring, CV_EV_JOINED, 0, task, a->line, 0, cv_action_object(a), 0);
    for (unsigned i = 0; i < done->nchanges; i++) {
        const struct cv_sync_change *c = &done->changes[i];
        cv_emit1(&w->ring, c->take ? CV_EV_TAKE : CV_EV_GIVE, 0, task, a->line, c->sync, c->order, c->length);
    }
}

/* ── rows ───────────────────────────────────────────────────────────────────────────────────────── */
static void count(_Atomic uint32_t *n) /* one writer a row */
{
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_relaxed);
}

void cv_row_wait(struct cv_worker *w, uint32_t task, unsigned line, enum cv_cause cause, uint32_t object, uint64_t detail)
{
    struct cv_row *row = cv_shm_row(&w->m->shm, task);
    atomic_store_explicit(&row->line, line, memory_order_relaxed);
    atomic_store_explicit(&row->wait, (uint32_t)cause << 24 | (object & 0xffffff), memory_order_relaxed);
    atomic_store_explicit(&row->state, CV_ROW_WAITING, memory_order_release);
    count(&row->causes[cause]);
    cv_emit1(&w->ring, CV_EV_WAIT, 0, task, line, cause, detail, 0);
}

uint64_t cv_row_turn(struct cv_worker *w, uint32_t task, unsigned line)
{
    struct cv_row *row = cv_shm_row(&w->m->shm, task);
    atomic_store_explicit(&row->line, line, memory_order_relaxed); /* it stays runnable: it waits for nobody */
    count(&row->causes[CV_AWAIT + CV_REASON_TURN]);
    return cv_emit0_at(&w->ring, 0, CV_EV_TURN, task, line, 0);
}

void cv_row_run_at(struct cv_worker *w, uint32_t task, unsigned line, uint64_t stamp)
{
    struct cv_row *row = cv_shm_row(&w->m->shm, task);
    if (line)
        atomic_store_explicit(&row->line, line, memory_order_relaxed);
    atomic_store_explicit(&row->state, CV_ROW_RUNNABLE, memory_order_release);
    cv_emit0_at(&w->ring, stamp, CV_EV_RUN, task, line, w->watch.hint.range ? cv_hint_core(&w->watch.hint) + 1 : 0);
}

void cv_row_run(struct cv_worker *w, uint32_t task, unsigned line) { cv_row_run_at(w, task, line, 0); }

void cv_task_end(struct cv_worker *w, struct cv_task *t, enum cv_task_end end)
{
    const struct cv_machine *m = w->m;
    struct cv_row *row = cv_shm_row(&m->shm, t->number);
    if (t->ended)
        return;
    t->ended = 1;
    row->failure = end == CV_END_DONE ? 0 : t->failure;
    row->failure_line = end == CV_END_DONE ? 0 : t->failure_line;
    row->ended = m->shm.head->virtual_time ? atomic_load(&m->shm.head->virtual_now) : cv_ticks();
    cv_emit1(&w->ring, CV_EV_TASK_END, 0, t->number, t->failure_line, end, row->failure, 0);
    atomic_store(&row->state, end == CV_END_DONE ? CV_ROW_DONE : end == CV_END_FAILED ? CV_ROW_FAILED : CV_ROW_KILLED);
    atomic_fetch_sub(&m->shm.head->alive, 1);
    atomic_fetch_sub(&m->shm.head->taken_bytes, t->counted_bytes);
    cv_sync_mutex_lock(m->sync);
    cv_sync_ended(m->sync, t->number);
    cv_sync_mutex_unlock(m->sync);
}

void cv_row_usage(struct cv_machine *m, uint32_t task)
{
    struct cv_row *row = cv_shm_row(&m->shm, task);
    struct rusage u;
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    getrusage(RUSAGE_THREAD, &u);
    bool first = task == 0; /* the main thread lived before the run */
    atomic_store(&row->cpu_ns, (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec - (first ? m->base_cpu_ns : 0));
    atomic_store(&row->voluntary, (uint32_t)u.ru_nvcsw - (first ? m->base_voluntary : 0));
    atomic_store(&row->involuntary, (uint32_t)u.ru_nivcsw - (first ? m->base_involuntary : 0));
}

void cv_row_core(struct cv_machine *m, uint32_t task)
{
    int core = sched_getcpu();
    if (core < 0 || core >= 256)
        return;
    _Atomic uint64_t *word = &cv_shm_row(&m->shm, task)->cores[core / 64];
    uint64_t bit = (uint64_t)1 << (core % 64);
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
        atomic_fetch_or(word, bit);
}

void cv_row_finals(struct cv_machine *m, uint32_t task)
{
    struct cv_shm_head *head = m->shm.head;
    struct cv_row *row = cv_shm_row(&m->shm, task);
    const struct cv_program *p = m->program;
    uint64_t n = 0, room = head->plan.finals_bytes / sizeof(struct cv_cell);
    for (uint32_t v = 0; v < p->nvars; v++)
        n += p->vars[v].memory ? 0 : 1 + (m->memory.lists[v] ? cell_read(m->memory.cells[v]).payload : 0);
    uint64_t at = atomic_fetch_add(&head->finals_used, n);
    if (at > room || n > room - at)
        return; /* nfinals stays 0: the values are then taken from the record */
    struct cv_cell *to = cv_shm_finals(&m->shm) + at;
    for (uint32_t v = 0; v < p->nvars; v++) {
        if (p->vars[v].memory)
            continue;
        struct cv_cell c = cell_read(m->memory.cells[v]);
        *to++ = c;
        for (uint64_t i = 0; m->memory.lists[v] && i < c.payload; i++)
            *to++ = cell_read(&m->memory.lists[v]->items[i]);
    }
    row->finals = (uint32_t)at;
    row->nfinals = (uint32_t)n;
}

/* ── effects ────────────────────────────────────────────────────────────────────────────────────── */
static uint64_t thread_cpu(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void idle_turn(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* Until an instant, looking at every turn: a preemption lies between the turn that last found the hint and this one, and so does
 * all the time that it took. */
static void idle_watching(struct cv_worker *w, uint64_t until, uint64_t *there)
{
    for (uint64_t now; (now = cv_mono_ns()) < until; *there = now)
        if (__builtin_expect(cv_hint_gone(&w->watch.hint), 0))
            cv_watch_look(w, *there, 0);
}

void cv_burn(struct cv_worker *w, uint64_t ns, void (*pause_fn)(void *self), void *self)
{
    enum { SLICE = 50000 };
    uint64_t start = thread_cpu(), used = 0, there = 0;
    while (used < ns && !atomic_load_explicit(&w->m->shm.head->stop, memory_order_relaxed)) {
        uint64_t left = ns - used, until = cv_mono_ns() + (left < SLICE ? left : SLICE);
        if (w->watch.on)
            idle_watching(w, until, &there);
        while (cv_mono_ns() < until)
            idle_turn();
        if (pause_fn)
            pause_fn(self);
        used = thread_cpu() - start; /* what was spent waiting or preempted is not in it */
    }
}

/* "1 GiB", "1000000 bytes": in the largest unit that it is a whole number of. */
static void size_text(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned u = 0;
    while (u + 1 < CV_COUNT(units) && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        u++;
    }
    snprintf(text, size, "%llu %s", (unsigned long long)bytes, units[u]);
}

static void print(struct cv_worker *w, struct cv_task **tp, const struct cv_action *a)
{
    struct cv_task *t = *tp;
    struct cv_shm_head *head = w->m->shm.head;
    uint32_t text = (uint32_t)a->value.payload;
    size_t length = 0;
    if (a->value.tag != CV_TAG_STRING) {
        struct cv_buf b = {0};
        cv_buf_str(&b, "");
        value_text(w->m, t, &a->value, false, &b);
        text = cv_intern(&w->m->shm, b.at, b.n < CV_LIMIT_STRING ? b.n : CV_LIMIT_STRING);
        cv_buf_release(&b);
    }
    cv_string(&w->m->shm, text, &length);
    uint64_t most = w->m->order->most_output, before = atomic_fetch_add(&head->output_bytes, length + 1);
    if (most && before + length + 1 > most) {
        char text_most[32];
        size_text(most, text_most, sizeof text_most);
        cv_task_fail(w, tp, a, "print: a run may print %s in all (--max-output)", text_most);
        return;
    }
    uint64_t order = atomic_fetch_add(&head->output_lines, 1);
    cv_emit1(&w->ring, CV_EV_PRINT, 0, t->number, a->line, 0, text, order);
    cv_task_finish(w, tp, a, NULL);
}

/* Takes and touches memory; it stays taken until the process ends, as the statement says. */
static void alloc(struct cv_worker *w, struct cv_task **t, const struct cv_action *a)
{
    uint64_t bytes = a->value.payload, page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t free_bytes = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * page;
    if (w->m->dry)
        bytes = 0;
    if (!cv_machine_take(w->m, bytes)) {
        char wanted[32], most[32];
        size_text(bytes, wanted, sizeof wanted);
        size_text(w->m->order->most_bytes, most, sizeof most);
        cv_task_fail(w, t, a, "alloc of %s: a run may take %s in all (--max-memory)", wanted, most);
        return;
    }
    char *p = bytes && bytes <= free_bytes / 2 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (bytes && p == MAP_FAILED) {
        cv_task_fail(w, t, a, "alloc of %llu bytes: more than half of the %llu that are free", (unsigned long long)bytes,
                     (unsigned long long)free_bytes);
        return;
    }
    for (uint64_t i = 0; i < bytes; i += page)
        ((volatile char *)p)[i] = 1;
    cv_task_finish(w, t, a, NULL);
}

/* Under async it is the loop's thread that is bound, and so every coroutine. */
static bool pin(struct cv_worker *w, struct cv_task **t, const struct cv_action *a)
{
    const struct cv_topo *topo = w->m->topo;
    bool allowed = !topo && a->value.payload == 0; /* virtual time has one core */
    cpu_set_t one;
    CPU_ZERO(&one);
    for (uint32_t i = 0; topo && i < topo->ncores; i++)
        if (topo->cores[i].os == a->value.payload && topo->cores[i].allowed && topo->cores[i].os < CPU_SETSIZE) {
            CPU_SET(topo->cores[i].os, &one);
            allowed = true;
        }
    if (!allowed)
        cv_task_fail(w, t, a, "pin %llu: the run may not use such a core", (unsigned long long)a->value.payload);
    else if (topo && topo->this_system && sched_setaffinity(0, sizeof one, &one) < 0)
        cv_task_fail(w, t, a, "pin %llu: %s", (unsigned long long)a->value.payload, strerror(errno));
    else
        cv_task_finish(w, t, a, NULL);
    return true;
}

static bool set_priority(struct cv_worker *w, struct cv_task **t, const struct cv_action *a)
{
    int64_t to = (int64_t)a->value.payload;
    if (to < -20 || to > 19)
        cv_task_fail(w, t, a, "nice %lld: priorities are from -20 to 19", (long long)to);
    else if (!w->m->order->stepped && setpriority(PRIO_PROCESS, 0, (int)to) < 0)
        cv_task_fail(w, t, a, "nice %lld: %s", (long long)to, errno == EACCES || errno == EPERM ? "to raise the priority needs a privilege (RLIMIT_NICE)" : strerror(errno));
    else
        cv_task_finish(w, t, a, NULL);
    return true;
}

void cv_crash_text(const struct cv_machine *m, uint32_t task, unsigned line, char *text, size_t size)
{
    snprintf(text, size, "%s crashed at line %u (SIGSEGV), and the whole program with it", cv_string(&m->shm, cv_shm_row(&m->shm, task)->name, NULL), line);
}

/* The outcome is published first: who is gone cannot say why. Of a process that is not the main one only it is gone. */
static void crash(struct cv_machine *m, uint32_t task, unsigned line)
{
    struct cv_shm_head *h = m->shm.head;
    if (h->runner == (uint32_t)getpid() && !atomic_load(&h->outcome)) {
        cv_crash_text(m, task, line, h->outcome_text, sizeof h->outcome_text);
        atomic_store(&h->outcome, CV_OUT_CRASHED);
    }
    signal(SIGSEGV, SIG_DFL);
    volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        *page = 1;
    kill(getpid(), SIGSEGV);
}

bool cv_effect_common(struct cv_worker *w, struct cv_task **t, const struct cv_action *a)
{
    atomic_store_explicit(&cv_shm_row(&w->m->shm, (*t)->number)->line, a->line, memory_order_relaxed);
    switch ((enum cv_op)a->op) {
    case CV_OP_PRINT: print(w, t, a); return true;
    case CV_OP_MARK: cv_emit1(&w->ring, CV_EV_MARK, 0, (*t)->number, a->line, 0, w->m->strings[a->arg], 0); break;
    case CV_OP_ALLOC: alloc(w, t, a); return true;
    case CV_OP_PIN: return pin(w, t, a);
    case CV_OP_NICE: return set_priority(w, t, a);
    case CV_OP_SPIN:
        for (int i = 0; i < 32 && !w->m->order->stepped; i++)
            idle_turn();
        break;
    case CV_OP_CRASH:
        if (!w->m->order->stepped)
            cv_last_act(w, w->watch.task);
        crash(w->m, (*t)->number, a->line); return true;
    default: return false;
    }
    cv_task_finish(w, t, a, NULL);
    return true;
}
