/* Coroutines on a libuv loop, in one thread, in asyncio's order: a pass runs the handles that were ready when it began,
 * then the loop polls, I/O first, then timers. What asyncio does by a callback of its own costs a pass here too (`hops`):
 * a timer sets a future whose waiter is scheduled in the next pass. Timers lie in a heap of nanoseconds; a timerfd in the
 * loop wakes the poll. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/fetch.h"
#include "engine/pool.h"

struct coroutine { struct cv_task *task; struct visit *visit; /* its block is with a pool, and so is its task */ uint8_t again, alive, cause; uint16_t line; int16_t core /* of its last turn */; };
struct handle { uint32_t task, hops; };
struct timer { uint64_t due, order; uint32_t task; };
struct fetch { uv_poll_t poll; struct loop *loop; uint32_t task; int fd; };
struct loop {
    struct cv_machine *m;
    struct cv_worker w;
    uv_loop_t uv;
    uv_poll_t told;              /* of loop_fd: workers have woken coroutines */
    uv_poll_t wake;              /* of the timerfd */
    int timerfd;
    struct coroutine *all; uint32_t n, cap;
    struct handle *ready; size_t first, nready, ready_cap; /* a ring, power of two */
    struct timer *timers; size_t ntimers, timers_cap;
    uint64_t order, bytes, alive, peak;
    uint64_t turned;             /* stamp of the bare yield behind which the next one runs at once; 0: there is none */
    uint64_t now;                /* cv_mono_ns(), as the last pass ended or the poll after it */
    uint32_t fetches, visits, holder; /* holder: waits without await, and so holds the loop; CV_NO_TASK */
    bool over;
};

static struct cv_shm_head *head(const struct loop *l) { return l->m->shm.head; }
static bool stopped(const struct loop *l) { return atomic_load_explicit(&head(l)->stop, memory_order_relaxed); }

/* ── the ready queue ────────────────────────────────────────────────────────────────────────────── */
static void push(struct loop *l, uint32_t task, uint32_t hops)
{
    if (l->nready == l->ready_cap) {
        size_t cap = l->ready_cap ? l->ready_cap * 2 : 64;
        struct handle *more = cv_alloc(cap * sizeof *more);
        for (size_t i = 0; i < l->nready; i++)
            more[i] = l->ready[(l->first + i) & (l->ready_cap - 1)];
        free(l->ready);
        l->ready = more;
        l->ready_cap = cap;
        l->first = 0;
    }
    l->ready[(l->first + l->nready++) & (l->ready_cap - 1)] = (struct handle){task, hops};
}

static void make_ready(struct loop *l, uint32_t task, uint32_t waker, uint32_t hops)
{
    struct cv_row *row = cv_shm_row(&l->m->shm, task);
    atomic_store_explicit(&row->state, CV_ROW_RUNNABLE, memory_order_release);
    cv_emit1(&l->w.ring, CV_EV_READY, 0, task, 0, 0, waker, l->all[task].cause);
    push(l, task, hops);
}

/* ── timers: a binary heap ──────────────────────────────────────────────────────────────────────── */
static bool sooner(const struct timer *a, const struct timer *b) { return a->due < b->due || (a->due == b->due && a->order < b->order); }

static void add_timer(struct loop *l, uint32_t task, uint64_t due)
{
    struct timer t = {due, l->order++, task};
    cv_vec_grow((void **)&l->timers, l->ntimers, &l->timers_cap, sizeof *l->timers);
    size_t i = l->ntimers++;
    for (; i && sooner(&t, &l->timers[(i - 1) / 2]); i = (i - 1) / 2)
        l->timers[i] = l->timers[(i - 1) / 2];
    l->timers[i] = t;
}

static void drop_first_timer(struct loop *l)
{
    struct timer t = l->timers[--l->ntimers];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < l->ntimers; i = child) {
        if (child + 1 < l->ntimers && sooner(&l->timers[child + 1], &l->timers[child]))
            child++;
        if (!sooner(&l->timers[child], &t))
            break;
        l->timers[i] = l->timers[child];
    }
    l->timers[i] = t;
}

static void due_timers(struct loop *l)
{
    while (l->ntimers && l->timers[0].due <= l->now) {
        uint32_t task = l->timers[0].task;
        drop_first_timer(l);
        make_ready(l, task, CV_NO_TASK, 1); /* the future is set in this pass, the task steps in the next */
    }
}

/* ── polling ────────────────────────────────────────────────────────────────────────────────────── */
static void timer_rang(uv_poll_t *p, int status, int events)
{
    struct loop *l = p->data;
    uint64_t times;
    (void)status, (void)events;
    while (read(l->timerfd, &times, sizeof times) < 0 && errno == EINTR)
        ;
}

static void take_told(struct loop *l);

static bool any_told(struct loop *l)
{
    cv_sync_mutex_lock(l->m->sync); /* workers write there */
    bool any = cv_sync_loop_has_woken(l->m->sync);
    cv_sync_mutex_unlock(l->m->sync);
    return any;
}

static void poll_now(struct loop *l)
{
    if (l->nready) {
        if (l->fetches || l->visits) {
            uv_run(&l->uv, UV_RUN_NOWAIT);
            l->now = cv_mono_ns();
        }
        return;
    }
    uint64_t left = !l->ntimers ? UINT64_MAX : l->timers[0].due > l->now ? l->timers[0].due - l->now : 0;
    if (left == 0)
        return;
    cv_emit1(&l->w.ring, CV_EV_POLL, 0, 0, 0, 0, left, l->fetches);
    enum { LOOK_NS = 20000000 }; /* a worker process may die; else nothing wakes the loop but what it waits for */
    uint64_t sleep = l->visits && left > LOOK_NS ? LOOK_NS : left;
    struct itimerspec at = {0};
    if (sleep != UINT64_MAX)
        at.it_value = (struct timespec){(time_t)(sleep / 1000000000u), (long)(sleep % 1000000000u)};
    timerfd_settime(l->timerfd, 0, &at, NULL);
    uv_run(&l->uv, UV_RUN_ONCE);
    cv_watch_back(&l->w, 0);
    if (l->visits)
        pool_tend(&l->w);
    if (l->visits && any_told(l))
        take_told(l);
    l->now = cv_mono_ns();
}

/* ── coroutines ─────────────────────────────────────────────────────────────────────────────────── */
static void add_coroutine(struct loop *l, struct cv_task *t)
{
    if (t->number >= l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 16;
        cap = cap > t->number ? cap : t->number + 1;
        l->all = cv_realloc(l->all, cap * sizeof *l->all);
        memset(l->all + l->cap, 0, (cap - l->cap) * sizeof *l->all);
        l->cap = cap;
    }
    l->all[t->number] = (struct coroutine){.task = t, .alive = 1, .core = -1};
    cv_sync_on_loop(l->m->sync, t->number);
    l->n = t->number + 1 > l->n ? t->number + 1 : l->n;
    l->bytes += t->size + sizeof(struct coroutine) + sizeof(struct handle) + sizeof(struct timer) + sizeof(struct cv_row);
    if (++l->alive > l->peak) {
        l->peak = l->alive;
        atomic_store(&head(l)->peak_tasks, l->peak);
        atomic_store(&head(l)->task_bytes, l->bytes);
    }
    push(l, t->number, 0);
}

/* The mutex is held. */
static void woken(struct loop *l, uint32_t waker)
{
    for (uint32_t t; (t = cv_sync_woken_loop(l->m->sync)) != CV_NO_TASK;) {
        struct coroutine *c = &l->all[t];
        bool gather = c->cause == CV_AWAIT + CV_REASON_JOIN && (atomic_load(&cv_shm_row(&l->m->shm, t)->wait) & 0xffffff) >= CV_NO_TASK;
        if (t == l->holder)
            continue; /* it looks for itself */
        c->again = 1;
        make_ready(l, t, waker, gather || c->visit);
    }
    own_wake_sleepers(&l->w, waker);
}

static void take_told(struct loop *l)
{
    uint64_t times;
    while (read(l->m->loop_fd, &times, sizeof times) < 0 && errno == EINTR)
        ;
    cv_sync_mutex_lock(l->m->sync);
    woken(l, CV_NO_TASK);
    cv_sync_mutex_unlock(l->m->sync);
}

static void told(uv_poll_t *p, int status, int events)
{
    (void)status, (void)events;
    take_told(p->data);
}

/* A wait without await: the thread is kept. Only a worker of a pool can still give what is waited for. */
static void hold_loop(struct loop *l, uint32_t task)
{
    struct pollfd told_us = {.fd = l->m->loop_fd, .events = POLLIN};
    l->holder = task;
    while (!stopped(l)) {
        cv_sync_mutex_lock(l->m->sync);
        bool queued = cv_sync_queued(l->m->sync, task);
        cv_sync_mutex_unlock(l->m->sync);
        if (!queued)
            break;
        if (poll(&told_us, 1, l->visits ? 20 : 200) > 0)
            take_told(l);
        if (l->visits)
            pool_tend(&l->w);
    }
    l->holder = CV_NO_TASK;
}

static void end_coroutine(struct loop *l, uint32_t task, bool failed)
{
    struct coroutine *c = &l->all[task];
    cv_task_end(&l->w, c->task, failed ? CV_END_FAILED : CV_END_DONE);
    cv_sync_mutex_lock(l->m->sync);
    woken(l, task);
    cv_sync_mutex_unlock(l->m->sync);
    l->bytes -= c->task->size + sizeof(struct coroutine) + sizeof(struct handle) + sizeof(struct timer) + sizeof(struct cv_row);
    l->alive--;
    free(c->task);
    c->task = NULL;
    c->alive = 0;
    if (task == 0) /* its callback stops the loop behind the next pass, as in asyncio */
        push(l, CV_NO_TASK, 0);
}

static void give_up_thread(struct loop *l, uint32_t task, const struct cv_action *a, enum cv_cause cause, uint32_t object, uint64_t detail)
{
    l->all[task].cause = (uint8_t)cause;
    cv_row_wait(&l->w, task, a->line, cause, object, detail);
}

/* From a wait that kept the thread. */
static void go_on(struct loop *l, uint32_t task, unsigned line)
{
    cv_watch_back(&l->w, 0);
    cv_row_run(&l->w, task, line);
}

/* ── effects; each says whether the coroutine goes on ───────────────────────────────────────────── */
static bool sync_effect(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    struct cv_sync *s = l->m->sync;
    struct cv_sync_done done;
    uint32_t object;
    bool again = c->again;
    c->again = 0;
    cv_sync_mutex_lock(s);
    enum cv_sync_result result = cv_sync_try(s, CV_SYNC_FAIR, task, a, again, &done);
    if (result != CV_SYNC_FAIL)
        cv_sync_event(&l->w, task, a, &done, result == CV_SYNC_OK);
    enum cv_reason reason = cv_sync_reason(s, task, a, &object);
    if (result == CV_SYNC_WAIT && a->await)
        give_up_thread(l, task, a, (enum cv_cause)(CV_AWAIT + reason), object, object);
    if (result == CV_SYNC_WAIT && !a->await)
        cv_row_wait(&l->w, task, a->line, (enum cv_cause)(CV_BLOCK + reason), object, object);
    woken(l, task);
    cv_sync_mutex_unlock(s);
    if (result == CV_SYNC_WAIT && a->await)
        return false;
    if (result == CV_SYNC_WAIT) {
        hold_loop(l, task);
        c->again = 1;
        go_on(l, task, a->line);
        return !stopped(l);
    }
    if (result == CV_SYNC_OK)
        cv_task_finish(&l->w, &c->task, a, &done.value);
    else
        cv_task_fail(&l->w, &c->task, a, "%s", done.why);
    return true;
}

static void fetch_closed(uv_handle_t *h) { free(h->data); }

static void answered(uv_poll_t *p, int status, int events)
{
    struct fetch *f = p->data;
    struct loop *l = f->loop;
    struct coroutine *c = &l->all[f->task];
    struct cv_action a;
    (void)events;
    uv_poll_stop(p);
    int failed = fetch_answer(f->fd) < 0 ? errno : status < 0 ? -status : 0;
    cv_task_next(&l->w, &c->task, &a);
    if (failed)
        cv_task_fail(&l->w, &c->task, &a, "fetch: %s", strerror(failed));
    else
        cv_task_finish(&l->w, &c->task, &a, NULL);
    l->fetches--;
    make_ready(l, f->task, CV_NO_TASK, 1);
    uv_close((uv_handle_t *)p, fetch_closed);
}

static bool fetch_effect(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    if (!a->await) {
        cv_row_wait(&l->w, task, a->line, CV_BLOCK + CV_REASON_FETCH, 0, a->value.payload);
        int fd = fetch_ask(l->m->order->server, a->value.payload), error = fd < 0 || fetch_answer(fd) < 0 ? errno : 0;
        go_on(l, task, a->line);
        if (error)
            cv_task_fail(&l->w, &c->task, a, "fetch: %s", strerror(error));
        else
            cv_task_finish(&l->w, &c->task, a, NULL);
        return true;
    }
    int fd = fetch_ask(l->m->order->server, a->value.payload);
    if (fd < 0) {
        cv_task_fail(&l->w, &c->task, a, "fetch: %s", strerror(errno));
        return true;
    }
    struct fetch *f = cv_alloc(sizeof *f);
    *f = (struct fetch){.loop = l, .task = task, .fd = fd};
    int error = uv_poll_init(&l->uv, &f->poll, fd);
    if (error < 0) {
        close(fd);
        free(f);
        cv_task_fail(&l->w, &c->task, a, "fetch: %s", uv_strerror(error));
        return true;
    }
    f->poll.data = f;
    uv_poll_start(&f->poll, UV_READABLE | UV_DISCONNECT, answered);
    l->fetches++;
    give_up_thread(l, task, a, CV_AWAIT + CV_REASON_FETCH, 0, a->value.payload);
    return false;
}

static void fetch_block(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    pool_fetch(&l->w, &c->task, a, c->visit);
    free(c->visit);
    c->visit = NULL;
    c->again = 0;
    l->visits--;
}

static bool offload_effect(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    enum cv_cause cause = (enum cv_cause)((a->await ? CV_AWAIT : CV_BLOCK) + CV_REASON_OFFLOAD);
    c->visit = cv_alloc(sizeof *c->visit);
    c->cause = (uint8_t)cause;
    c->line = a->line;
    const char *why = pool_send(&l->w, c->task, a, cause, c->visit);
    if (why) {
        free(c->visit);
        c->visit = NULL;
        cv_task_fail(&l->w, &c->task, a, "offload: %s", why);
        return true;
    }
    l->visits++;
    if (a->await)
        return false;
    hold_loop(l, task);
    if (stopped(l))
        return false;
    go_on(l, task, a->line);
    fetch_block(l, task, a);
    return true;
}

static bool sleep_effect(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    uint64_t ns = a->value.payload;
    if (!a->await) {
        cv_row_wait(&l->w, task, a->line, CV_BLOCK + CV_REASON_SLEEP, 0, ns);
        struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
        while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR && !stopped(l))
            ;
        go_on(l, task, a->line);
        cv_task_finish(&l->w, &c->task, a, NULL);
        return true;
    }
    give_up_thread(l, task, a, CV_AWAIT + CV_REASON_SLEEP, 0, ns);
    cv_task_finish(&l->w, &c->task, a, NULL);
    if (ns)
        add_timer(l, task, cv_mono_ns() + ns);
    else
        make_ready(l, task, CV_NO_TASK, 0);
    return false;
}

static void spawn(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct cv_task *made;
    uint32_t number = cv_task_spawn(&l->w, &l->all[task].task, a, &made);
    if (number == CV_NO_TASK)
        return;
    struct cv_value h = {.payload = number, .tag = CV_TAG_TASK};
    cv_task_finish(&l->w, &l->all[task].task, a, &h);
    add_coroutine(l, made);
}

/* Without await the coroutine keeps the thread, and it is the thread that lets others go first. */
static void yield_thread(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct cv_row *row = cv_shm_row(&l->m->shm, 0); /* the thread's, as the switch is */
    cv_row_wait(&l->w, task, a->line, CV_CAUSE_YIELD, 0, 0);
    cv_watch_back(&l->w, 0);
    bool switched = cv_sched_yield();
    if (switched)
        atomic_fetch_add(&row->yields, 1);
    cv_watch_back(&l->w, switched ? CV_F_YIELD : 0);
    cv_row_run(&l->w, task, a->line);
    cv_task_finish(&l->w, &l->all[task].task, a, NULL);
}

static bool effect(struct loop *l, uint32_t task, const struct cv_action *a)
{
    struct coroutine *c = &l->all[task];
    if (cv_sync_is(a))
        return sync_effect(l, task, a);
    switch ((enum cv_op)a->op) {
    case CV_OP_CPU:
        cv_emit1(&l->w.ring, CV_EV_CPU, 0, task, a->line, 0, a->value.payload, a->b == 1);
        atomic_store(&cv_shm_row(&l->m->shm, task)->line, a->line);
        cv_burn(&l->w, a->value.payload, NULL, NULL);
        cv_task_finish(&l->w, &c->task, a, NULL);
        return true;
    case CV_OP_SLEEP: return sleep_effect(l, task, a);
    case CV_OP_FETCH: return fetch_effect(l, task, a);
    case CV_OP_YIELD:
        if (a->await) {
            c->cause = CV_AWAIT + CV_REASON_TURN;
            l->turned = cv_row_turn(&l->w, task, a->line);
            cv_task_finish(&l->w, &c->task, a, NULL);
            push(l, task, 0); /* ready at once: no event of its own is needed */
            return false;
        }
        yield_thread(l, task, a);
        return true;
    case CV_OP_OFFLOAD: return offload_effect(l, task, a);
    case CV_OP_SPAWN: spawn(l, task, a); return true;
    case CV_OP_DONE: case CV_OP_FAIL: end_coroutine(l, task, a->op == CV_OP_FAIL); return false;
    default: {
        bool known = cv_effect_common(&l->w, &c->task, a);
        CV_ASSERT(known);
        return true;
    }
    }
}

static void step(struct loop *l, uint32_t task)
{
    struct cv_action a;
    cv_row_run_at(&l->w, task, atomic_load_explicit(&cv_shm_row(&l->m->shm, task)->line, memory_order_relaxed), l->turned);
    l->turned = 0;
    int core = l->w.watch.hint.range ? (int)cv_hint_core(&l->w.watch.hint) : sched_getcpu();
    if (core != l->all[task].core)
        cv_row_core(l->m, task);
    l->all[task].core = (int16_t)core;
    if (l->all[task].visit) {
        a = (struct cv_action){.op = CV_OP_OFFLOAD, .line = l->all[task].line};
        fetch_block(l, task, &a);
    }
    do {
        cv_task_next(&l->w, &l->all[task].task, &a);
        cv_watch_check(&l->w);
        if (a.memory)
            cv_task_memory(&l->w, &l->all[task].task, &a);
    } while (!stopped(l) && (a.memory || effect(l, task, &a)));
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
static void run_pass(struct loop *l)
{
    size_t n = l->nready;
    uint64_t begin = l->now;
    if (n == 0)
        return;
    cv_emit1(&l->w.ring, CV_EV_PASS, 0, 0, 0, 0, n, l->ntimers);
    l->turned = 0;
    atomic_store_explicit(&head(l)->loop_iterations, atomic_load_explicit(&head(l)->loop_iterations, memory_order_relaxed) + 1, memory_order_relaxed);
    for (; n && !stopped(l); n--) {
        struct handle h = l->ready[l->first];
        l->first = (l->first + 1) & (l->ready_cap - 1);
        l->nready--;
        if (h.task == CV_NO_TASK)
            l->over = true;
        else if (h.hops)
            push(l, h.task, h.hops - 1);
        else if (l->all[h.task].alive)
            step(l, h.task);
    }
    l->now = cv_mono_ns();
    uint64_t took = l->now - begin;
    if (took > atomic_load_explicit(&head(l)->loop_lag_ns, memory_order_relaxed))
        atomic_store(&head(l)->loop_lag_ns, took);
    cv_row_core(l->m, 0);
}

static void close_handle(uv_handle_t *h, void *arg)
{
    struct loop *l = arg;
    if (uv_is_closing(h))
        return;
    bool is_fetch = h != (uv_handle_t *)&l->wake && h != (uv_handle_t *)&l->told && uv_handle_get_type(h) == UV_POLL;
    if (is_fetch)
        close(((struct fetch *)h->data)->fd);
    uv_close(h, is_fetch ? fetch_closed : NULL);
}

/* What workers tell the loop by is there before they are. */
static int begin_pools(struct loop *l)
{
    if (!l->m->program->offloads)
        return 0;
    l->m->loop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return l->m->loop_fd < 0 ? errno : pool_begin(&l->w);
}

static int async_run(struct cv_machine *m)
{
    struct loop l = {.m = m, .holder = CV_NO_TASK, .w = {.m = m, .pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .now = own_now}};
    if (m->order->record)
        cv_ring_claim(&m->shm, &l.w.ring);
    struct cv_task *main_task;
    uint32_t number = cv_task_claim(&l.w, CV_NO_TASK, NULL, &main_task, NULL);
    CV_ASSERT(number == 0);
    int error = begin_pools(&l);
    if (error) {
        own_refused(m, "fork", error);
        return 3;
    }
    l.timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    error = l.timerfd < 0 ? errno : 0;
    if (!error && (uv_loop_init(&l.uv) < 0 || uv_poll_init(&l.uv, &l.wake, l.timerfd) < 0))
        error = EMFILE;
    if (error) {
        own_refused(m, "timerfd_create", error);
        return 3;
    }
    l.wake.data = &l;
    uv_poll_start(&l.wake, UV_READABLE, timer_rang);
    if (m->loop_fd >= 0) {
        uv_poll_init(&l.uv, &l.told, m->loop_fd);
        l.told.data = &l;
        uv_poll_start(&l.told, UV_READABLE, told);
    }
    atomic_store(&cv_shm_row(&m->shm, 0)->pid, l.w.pid);
    atomic_store(&cv_shm_row(&m->shm, 0)->tid, l.w.tid);
    cv_watch_begin(&l.w, 0);
    add_coroutine(&l, main_task);
    l.now = cv_mono_ns();
    while (!l.over && !stopped(&l)) {
        poll_now(&l);
        due_timers(&l);
        run_pass(&l);
    }
    cv_row_usage(m, 0);
    pool_end(&l.w, true); /* as asyncio.run: what still runs in a worker is waited for */
    uv_walk(&l.uv, close_handle, &l);
    uv_run(&l.uv, UV_RUN_DEFAULT);
    uv_loop_close(&l.uv);
    close(l.timerfd);
    if (m->loop_fd >= 0)
        close(m->loop_fd);
    for (uint32_t i = 0; i < l.n; i++) {
        struct visit *v = l.all[i].visit; /* a block that nobody waits for any more */
        free(v && !v->process ? v->job.task : l.all[i].task);
        free(v);
    }
    free(l.all);
    free(l.ready);
    free(l.timers);
    cv_last_act(&l.w, 0);
    return 0;
}

const struct cv_engine_ops cv_engine_async = {
    .name = "async",
    .summary = "coroutines on one libuv loop, in one thread; a switch at await only, first in first out",
    .run = async_run,
};
