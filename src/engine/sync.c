/* The sync table. Objects and one node a task, all by index. A wait queue is a list of nodes linked through `next`; a
 * woken task leaves it and waits in the `woken` list until its engine fetches it. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sync.h"

enum { NOBODY = CV_NO_TASK, UNBOUNDED = 65536 /* items of a queue declared without a size */ };

struct wait_list { uint32_t head, tail; };
struct object {
    uint32_t kind, owner;       /* lock: who holds it; stays when the owner ends */
    uint32_t count, cap;        /* semaphore: permits; queue: items, room; event: 1 when set; barrier: who has come, who must */
    uint32_t first, items;      /* queue: oldest item; index of its storage */
    uint32_t reserved;          /* FAIR: woken and on their way */
    uint32_t nwaiting;
    uint32_t lock;              /* condition: its lock */
    bool leaving;               /* barrier: all came, and not all have left: who comes now has to wait */
    struct wait_list takers, putters; /* lock, semaphore, get, wait, barrier / put, a barrier that is being left */
    uint64_t order;             /* operations done on it so far */
};
enum stage { FRESH, WAITS, BACK /* condition: takes its lock again; barrier: waits until all have left */ };
struct node {
    uint32_t next, parent, live_children;
    _Atomic uint32_t futex;
    _Atomic uint32_t idle;      /* of a pool's first worker: what its idle workers sleep on */
    struct wait_list joiners;   /* of a pool's first worker: its jobs */
    uint8_t queued, over, stage, all; /* all: it waits for all its children */
    uint8_t on_loop, broken;    /* broken: of a pool's first worker: the pool; of a task: its block did not come back */
};
struct cv_sync {
    pthread_mutex_t mutex;
    uint32_t nobjects, max_tasks, nitems, pad;
    uint32_t nodes_at, items_at;  /* byte offsets in this block */
    struct wait_list woken, woken_loop;
    struct object objects[];
};

static struct node *node_of(const struct cv_sync *s, uint32_t task)
{
    CV_ASSERT(task < s->max_tasks);
    return (struct node *)(void *)((char *)(uintptr_t)s + s->nodes_at) + task;
}
static struct cv_cell *items_of(struct cv_sync *s) { return (struct cv_cell *)(void *)((char *)s + s->items_at); }

static size_t up16(size_t n) { return (n + 15) & ~(size_t)15; }
static uint32_t room(const struct cv_sync_def *d)
{
    return d->kind == CV_SYNC_QUEUE ? (d->size > 0 && d->size < UNBOUNDED ? (uint32_t)d->size : UNBOUNDED) : 0;
}

size_t cv_sync_bytes(const struct cv_program *p, uint32_t max_tasks)
{
    size_t items = 0;
    for (uint32_t k = 0; k < p->nsyncs; k++)
        items += room(&p->syncs[k]);
    return up16(sizeof(struct cv_sync) + p->nsyncs * sizeof(struct object)) + items * sizeof(struct cv_cell) +
           max_tasks * sizeof(struct node);
}

void cv_sync_init(struct cv_sync *s, const struct cv_program *p, uint32_t max_tasks)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&s->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    s->nobjects = p->nsyncs;
    s->max_tasks = max_tasks;
    s->items_at = (uint32_t)up16(sizeof *s + p->nsyncs * sizeof(struct object));
    s->woken = s->woken_loop = (struct wait_list){NOBODY, NOBODY};
    for (uint32_t k = 0; k < p->nsyncs; k++) {
        struct object *o = &s->objects[k];
        *o = (struct object){.kind = (uint32_t)p->syncs[k].kind, .owner = NOBODY, .cap = room(&p->syncs[k]), .items = s->nitems,
                             .takers = {NOBODY, NOBODY}, .putters = {NOBODY, NOBODY}, .lock = (uint32_t)p->syncs[k].lock};
        if (o->kind == CV_SYNC_SEMAPHORE)
            o->count = (uint32_t)p->syncs[k].size;
        if (o->kind == CV_SYNC_BARRIER)
            o->cap = (uint32_t)p->syncs[k].size;
        s->nitems += room(&p->syncs[k]);
    }
    s->nodes_at = s->items_at + s->nitems * (uint32_t)sizeof(struct cv_cell);
}

size_t cv_sync_used_from(void) { return offsetof(struct cv_sync, nobjects); }
size_t cv_sync_used(const struct cv_sync *s, uint32_t ntasks) { return s->nodes_at + ntasks * sizeof(struct node); }

/* ── lists ──────────────────────────────────────────────────────────────────────────────────────── */
static void enqueue(struct cv_sync *s, struct wait_list *l, uint32_t task)
{
    node_of(s, task)->next = NOBODY;
    if (l->head == NOBODY)
        l->head = task;
    else
        node_of(s, l->tail)->next = task;
    l->tail = task;
}

static uint32_t dequeue(struct cv_sync *s, struct wait_list *l)
{
    uint32_t task = l->head;
    if (task != NOBODY) {
        l->head = node_of(s, task)->next;
        l->tail = l->head == NOBODY ? NOBODY : l->tail;
    }
    return task;
}

static void wake(struct cv_sync *s, uint32_t task)
{
    struct node *n = node_of(s, task);
    n->queued = 0;
    n->all = 0;
    enqueue(s, n->on_loop ? &s->woken_loop : &s->woken, task);
}

static bool wake_first(struct cv_sync *s, struct object *o, struct wait_list *l)
{
    for (uint32_t task; (task = dequeue(s, l)) != NOBODY;) {
        o->nwaiting--;
        if (node_of(s, task)->over) /* killed while it waited */
            continue;
        wake(s, task);
        return true;
    }
    return false;
}

uint32_t cv_sync_woken_loop(struct cv_sync *s) { return dequeue(s, &s->woken_loop); }
bool cv_sync_loop_has_woken(const struct cv_sync *s) { return s->woken_loop.head != NOBODY; }
void cv_sync_on_loop(struct cv_sync *s, uint32_t task) { node_of(s, task)->on_loop = 1; }
uint32_t cv_sync_woken(struct cv_sync *s) { return dequeue(s, &s->woken); }
bool cv_sync_queued(const struct cv_sync *s, uint32_t task) { return node_of(s, task)->queued; }

static enum cv_sync_result wait_in(struct cv_sync *s, struct object *o, struct wait_list *l, uint32_t task)
{
    struct node *n = node_of(s, task);
    if (!n->queued) { /* a spurious retry keeps its place */
        n->queued = 1;
        enqueue(s, l, task);
        if (o)
            o->nwaiting++;
    }
    return CV_SYNC_WAIT;
}

/* ── operations ─────────────────────────────────────────────────────────────────────────────────── */
static _Thread_local char why_text[256];

static enum cv_sync_result fail(struct cv_sync_done *done, const char *text)
{
    snprintf(why_text, sizeof why_text, "%s", text);
    done->why = why_text;
    return CV_SYNC_FAIL;
}

static enum cv_sync_result changed(const struct cv_sync *s, struct object *o, bool take, struct cv_sync_done *done, uint64_t length)
{
    CV_ASSERT(done->nchanges < CV_COUNT(done->changes));
    done->changes[done->nchanges++] = (struct cv_sync_change){(uint32_t)(o - s->objects), take, o->order++, length};
    return CV_SYNC_OK;
}
static enum cv_sync_result taken(const struct cv_sync *s, struct object *o, struct cv_sync_done *done, uint64_t length) { return changed(s, o, true, done, length); }
static enum cv_sync_result given(const struct cv_sync *s, struct object *o, struct cv_sync_done *done, uint64_t length) { return changed(s, o, false, done, length); }

static enum cv_sync_result take_lock(struct cv_sync *s, enum cv_sync_policy policy, struct object *o, uint32_t task, bool again,
                                     struct cv_sync_done *done)
{
    if (node_of(s, task)->queued)
        return CV_SYNC_WAIT;
    if (again && o->reserved)
        o->reserved--;
    else if (policy == CV_SYNC_FAIR && (o->reserved || o->takers.head != NOBODY))
        return wait_in(s, o, &o->takers, task);
    if (o->owner != NOBODY) {
        done->self_deadlock = o->owner == task;
        return wait_in(s, o, &o->takers, task);
    }
    o->owner = task;
    return taken(s, o, done, 0);
}

static enum cv_sync_result give_lock(struct cv_sync *s, enum cv_sync_policy policy, struct object *o, uint32_t task,
                                     struct cv_sync_done *done)
{
    if (o->owner != task)
        return fail(done, o->owner == NOBODY ? "unlock of a lock that nobody holds" : "unlock of a lock that another task holds");
    o->owner = NOBODY;
    if (wake_first(s, o, &o->takers) && policy == CV_SYNC_FAIR)
        o->reserved++;
    return given(s, o, done, 0);
}

/* FAIR: a permit goes to the first in the queue when it becomes free, not when its turn comes. */
static void hand_over_permit(struct cv_sync *s, struct object *o)
{
    if (o->count && wake_first(s, o, &o->takers)) {
        o->count--;
        o->reserved++;
    }
}

static enum cv_sync_result take_permit(struct cv_sync *s, enum cv_sync_policy policy, struct object *o, uint32_t task, bool again,
                                       struct cv_sync_done *done)
{
    if (node_of(s, task)->queued)
        return CV_SYNC_WAIT;
    if (again && o->reserved) { /* FAIR: the permit was handed over when it was released */
        o->reserved--;
        hand_over_permit(s, o); /* to who queued up behind us although one was free */
        return taken(s, o, done, o->count);
    }
    if (o->count == 0 || (policy == CV_SYNC_FAIR && (o->reserved || o->takers.head != NOBODY)))
        return wait_in(s, o, &o->takers, task);
    o->count--;
    return taken(s, o, done, o->count);
}

static enum cv_sync_result give_permit(struct cv_sync *s, enum cv_sync_policy policy, struct object *o, struct cv_sync_done *done)
{
    if (o->count == UINT32_MAX)
        return fail(done, "release of a semaphore that is full");
    o->count++;
    if (policy == CV_SYNC_FAIR)
        hand_over_permit(s, o);
    else
        wake_first(s, o, &o->takers);
    return given(s, o, done, o->count);
}

static enum cv_sync_result put(struct cv_sync *s, struct object *o, uint32_t task, const struct cv_value *v, struct cv_sync_done *done)
{
    if (node_of(s, task)->queued)
        return CV_SYNC_WAIT;
    if (v->tag == CV_TAG_LIST)
        return fail(done, "a queue cannot carry a list");
    if (o->count == o->cap)
        return wait_in(s, o, &o->putters, task);
    items_of(s)[o->items + (o->first + o->count) % o->cap] = (struct cv_cell){v->payload, cv_meta((enum cv_tag)v->tag, task, 0)};
    o->count++;
    wake_first(s, o, &o->takers);
    return given(s, o, done, o->count);
}

static enum cv_sync_result get(struct cv_sync *s, struct object *o, uint32_t task, struct cv_sync_done *done)
{
    if (node_of(s, task)->queued)
        return CV_SYNC_WAIT;
    if (o->count == 0)
        return wait_in(s, o, &o->takers, task);
    const struct cv_cell *c = &items_of(s)[o->items + o->first];
    done->value = (struct cv_value){.payload = c->payload, .tag = cv_meta_tag(c->meta)};
    o->first = (o->first + 1) % o->cap;
    o->count--;
    wake_first(s, o, &o->putters);
    return taken(s, o, done, o->count);
}

static void wake_all(struct cv_sync *s, struct object *o, struct wait_list *l)
{
    while (wake_first(s, o, l))
        ;
}

/* First it gives the lock and waits to be notified; then it takes the lock again as anybody does. */
static enum cv_sync_result wait_condition(struct cv_sync *s, enum cv_sync_policy policy, struct object *o, uint32_t task, bool again,
                                          struct cv_sync_done *done)
{
    struct node *n = node_of(s, task);
    struct object *lock = &s->objects[o->lock];
    if (n->queued)
        return CV_SYNC_WAIT;
    if (n->stage == FRESH) {
        if (lock->owner != task)
            return fail(done, "wait on a condition whose lock the task does not hold");
        give_lock(s, policy, lock, task, done);
        n->stage = WAITS;
        return wait_in(s, o, &o->takers, task);
    }
    bool queued_for_lock = n->stage == BACK;
    n->stage = BACK;
    if (take_lock(s, policy, lock, task, again && queued_for_lock, done) == CV_SYNC_WAIT)
        return CV_SYNC_WAIT;
    n->stage = FRESH;
    return taken(s, o, done, o->nwaiting);
}

static enum cv_sync_result notify(struct cv_sync *s, struct object *o, uint32_t task, bool all, struct cv_sync_done *done)
{
    if (s->objects[o->lock].owner != task)
        return fail(done, "notify of a condition whose lock the task does not hold");
    if (all)
        wake_all(s, o, &o->takers);
    else
        wake_first(s, o, &o->takers);
    return given(s, o, done, o->nwaiting);
}

/* Who was woken goes on, though the event may have been cleared meanwhile. */
static enum cv_sync_result wait_event(struct cv_sync *s, struct object *o, uint32_t task, struct cv_sync_done *done)
{
    struct node *n = node_of(s, task);
    if (n->queued)
        return CV_SYNC_WAIT;
    if (n->stage == FRESH && !o->count) {
        n->stage = WAITS;
        return wait_in(s, o, &o->takers, task);
    }
    n->stage = FRESH;
    return taken(s, o, done, o->count);
}

static enum cv_sync_result set_event(struct cv_sync *s, struct object *o, bool on, struct cv_sync_done *done)
{
    o->count = on;
    if (on)
        wake_all(s, o, &o->takers);
    return given(s, o, done, o->count);
}

static void leave_barrier(struct cv_sync *s, struct object *o)
{
    if (--o->count)
        return;
    o->leaving = false;
    wake_all(s, o, &o->putters);
}

/* As CPython's: the last to come goes on at once; until all have left, whoever comes again waits outside. */
static enum cv_sync_result barrier(struct cv_sync *s, struct object *o, uint32_t task, struct cv_sync_done *done)
{
    struct node *n = node_of(s, task);
    if (n->queued)
        return CV_SYNC_WAIT;
    if (n->stage == WAITS) {
        n->stage = FRESH;
        leave_barrier(s, o);
        return taken(s, o, done, o->count);
    }
    if (o->leaving) {
        n->stage = BACK;
        return wait_in(s, o, &o->putters, task);
    }
    n->stage = WAITS;
    given(s, o, done, ++o->count);
    if (o->count < o->cap)
        return wait_in(s, o, &o->takers, task);
    n->stage = FRESH;
    o->leaving = true;
    wake_all(s, o, &o->takers);
    leave_barrier(s, o);
    return taken(s, o, done, o->count);
}

static enum cv_sync_result join(struct cv_sync *s, uint32_t task, const struct cv_value *handle, struct cv_sync_done *done)
{
    if (handle->tag != CV_TAG_TASK || handle->payload >= s->max_tasks)
        return fail(done, "join takes what spawn gave");
    struct node *n = node_of(s, (uint32_t)handle->payload);
    if (n->over)
        return CV_SYNC_OK;
    return wait_in(s, NULL, &n->joiners, task);
}

static enum cv_sync_result join_all(struct cv_sync *s, uint32_t task)
{
    struct node *n = node_of(s, task);
    if (n->live_children == 0)
        return CV_SYNC_OK;
    n->queued = n->all = 1;
    return CV_SYNC_WAIT;
}

enum cv_sync_result cv_sync_try(struct cv_sync *s, enum cv_sync_policy policy, uint32_t task, const struct cv_action *a, bool again,
                                struct cv_sync_done *done)
{
    *done = (struct cv_sync_done){0};
    if (a->op == CV_OP_JOIN)
        return join(s, task, &a->value, done);
    if (a->op == CV_OP_JOIN_ALL)
        return join_all(s, task);
    CV_ASSERT((uint32_t)a->arg < s->nobjects);
    struct object *o = &s->objects[a->arg];
    switch ((enum cv_op)a->op) {
    case CV_OP_LOCK: return take_lock(s, policy, o, task, again, done);
    case CV_OP_UNLOCK: return give_lock(s, policy, o, task, done);
    case CV_OP_ACQUIRE: return take_permit(s, policy, o, task, again, done);
    case CV_OP_RELEASE: return give_permit(s, policy, o, done);
    case CV_OP_PUT: return put(s, o, task, &a->value, done);
    case CV_OP_GET: return get(s, o, task, done);
    case CV_OP_WAIT: return o->kind == CV_SYNC_EVENT ? wait_event(s, o, task, done) : wait_condition(s, policy, o, task, again, done);
    case CV_OP_NOTIFY: return notify(s, o, task, a->b == 1, done);
    case CV_OP_SET: case CV_OP_CLEAR: return set_event(s, o, a->op == CV_OP_SET, done);
    case CV_OP_BARRIER: return barrier(s, o, task, done);
    default: CV_ASSERT(!"an operation on the sync table"); return CV_SYNC_FAIL;
    }
}

bool cv_sync_is(const struct cv_action *a)
{
    switch ((enum cv_op)a->op) {
    case CV_OP_LOCK: case CV_OP_UNLOCK: case CV_OP_ACQUIRE: case CV_OP_RELEASE: case CV_OP_PUT: case CV_OP_GET: case CV_OP_WAIT: case CV_OP_NOTIFY:
    case CV_OP_SET: case CV_OP_CLEAR: case CV_OP_BARRIER: case CV_OP_JOIN: case CV_OP_JOIN_ALL:
        return true;
    default: return false;
    }
}

enum cv_reason cv_sync_reason(const struct cv_sync *s, uint32_t task, const struct cv_action *a, uint32_t *object)
{
    *object = cv_action_object(a);
    if (a->op == CV_OP_BARRIER)
        return CV_REASON_BARRIER;
    if (a->op != CV_OP_WAIT)
        return cv_action_reason(a);
    const struct object *o = &s->objects[a->arg];
    if (o->kind == CV_SYNC_EVENT)
        return CV_REASON_EVENT;
    if (node_of(s, task)->stage != BACK)
        return CV_REASON_CONDITION;
    *object = o->lock;
    return CV_REASON_LOCK;
}

bool cv_sync_would_wait(const struct cv_sync *s, uint32_t task, const struct cv_action *a)
{
    switch ((enum cv_op)a->op) {
    case CV_OP_LOCK: return s->objects[a->arg].owner != NOBODY;
    case CV_OP_ACQUIRE: case CV_OP_GET: return s->objects[a->arg].count == 0;
    case CV_OP_PUT: return s->objects[a->arg].count == s->objects[a->arg].cap;
    case CV_OP_JOIN:
        return a->value.tag == CV_TAG_TASK && a->value.payload < s->max_tasks && !node_of(s, (uint32_t)a->value.payload)->over;
    case CV_OP_JOIN_ALL: return node_of(s, task)->live_children != 0;
    case CV_OP_WAIT: case CV_OP_BARRIER: {
        const struct node *n = node_of(s, task);
        const struct object *o = &s->objects[a->arg];
        return n->queued || (n->stage != FRESH && o->kind == CV_SYNC_CONDITION && s->objects[o->lock].owner != NOBODY);
    }
    default: return false;
    }
}

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────────── */
void cv_sync_started(struct cv_sync *s, uint32_t task, uint32_t parent)
{
    struct node *n = node_of(s, task);
    n->parent = parent;
    n->joiners = (struct wait_list){NOBODY, NOBODY};
    n->live_children = 0;
    n->queued = n->over = n->stage = n->all = n->on_loop = n->broken = 0;
    if (parent != NOBODY)
        node_of(s, parent)->live_children++;
}

void cv_sync_ended(struct cv_sync *s, uint32_t task)
{
    struct node *n = node_of(s, task);
    if (n->over)
        return;
    n->over = 1;
    for (uint32_t joiner; (joiner = dequeue(s, &n->joiners)) != NOBODY;)
        wake(s, joiner);
    if (n->parent == NOBODY)
        return;
    struct node *parent = node_of(s, n->parent);
    if (--parent->live_children == 0 && parent->all)
        wake(s, n->parent);
}

uint32_t cv_sync_owner(const struct cv_sync *s, uint32_t sync)
{
    return sync < s->nobjects && s->objects[sync].kind == CV_SYNC_LOCK ? s->objects[sync].owner : NOBODY;
}

uint64_t cv_sync_length(const struct cv_sync *s, uint32_t sync) { return sync < s->nobjects ? s->objects[sync].count : 0; }

/* ── jobs ───────────────────────────────────────────────────────────────────────────────────────── */
bool cv_sync_job_put(struct cv_sync *s, uint32_t pool, uint32_t task)
{
    struct node *p = node_of(s, pool), *n = node_of(s, task);
    if (p->broken)
        return false;
    n->queued = 1;
    n->broken = 0;
    enqueue(s, &p->joiners, task);
    return true;
}

uint32_t cv_sync_job_take(struct cv_sync *s, uint32_t pool) { return dequeue(s, &node_of(s, pool)->joiners); }
void cv_sync_job_done(struct cv_sync *s, uint32_t task) { wake(s, task); }
bool cv_sync_broken(const struct cv_sync *s, uint32_t task) { return node_of(s, task)->broken; }

void cv_sync_pool_break(struct cv_sync *s, uint32_t pool, uint32_t served)
{
    struct node *p = node_of(s, pool);
    p->broken = 1;
    for (uint32_t task = served != NOBODY ? served : dequeue(s, &p->joiners); task != NOBODY; task = dequeue(s, &p->joiners)) {
        node_of(s, task)->broken = 1;
        wake(s, task);
    }
}

/* ── between threads and processes ──────────────────────────────────────────────────────────────── */
int cv_sync_mutex_lock(struct cv_sync *s)
{
    int error = pthread_mutex_lock(&s->mutex);
    if (error == EOWNERDEAD) /* whoever died in here had its stores in order: nothing is half done but a list's tail */
        error = pthread_mutex_consistent(&s->mutex);
    return error;
}

void cv_sync_mutex_unlock(struct cv_sync *s) { pthread_mutex_unlock(&s->mutex); }
_Atomic uint32_t *cv_sync_idle(struct cv_sync *s, uint32_t pool) { return &node_of(s, pool)->idle; }
_Atomic uint32_t *cv_sync_futex(struct cv_sync *s, uint32_t task) { return &node_of(s, task)->futex; }

bool cv_sync_children_over(const struct cv_sync *s, uint32_t task) { return node_of(s, task)->live_children == 0; }
bool cv_sync_over(const struct cv_sync *s, uint32_t task) { return node_of(s, task)->over; }
uint32_t cv_sync_parent(const struct cv_sync *s, uint32_t task) { return node_of(s, task)->parent; }

/* ── a snapshot ─────────────────────────────────────────────────────────────────────────────────── */
/* Words one after the other; what no later decision rests on (counts of operations, where in its ring a queue begins) is left out, so
 * that tables that behave alike read alike. */
static uint32_t *save_list(const struct cv_sync *s, const struct wait_list *l, uint32_t *to)
{
    uint32_t *n = to++;
    *n = 0;
    for (uint32_t task = l->head; task != NOBODY; task = node_of(s, task)->next, ++*n)
        *to++ = task;
    return to;
}

static const uint32_t *load_list(struct cv_sync *s, struct wait_list *l, const uint32_t *from)
{
    *l = (struct wait_list){NOBODY, NOBODY};
    for (uint32_t n = *from++; n; n--)
        enqueue(s, l, *from++);
    return from;
}

size_t cv_sync_save_room(const struct cv_sync *s, uint32_t ntasks)
{
    size_t words = 8u * ntasks + 1;
    for (uint32_t k = 0; k < s->nobjects; k++)
        words += 8 + (s->objects[k].kind == CV_SYNC_QUEUE ? 3u * s->objects[k].count : 0);
    return words;
}

size_t cv_sync_save(const struct cv_sync *s, uint32_t ntasks, uint32_t *to)
{
    uint32_t *from = to;
    CV_ASSERT(s->woken.head == NOBODY && s->woken_loop.head == NOBODY);
    for (uint32_t k = 0; k < s->nobjects; k++) {
        const struct object *o = &s->objects[k];
        *to++ = o->owner;
        *to++ = o->count;
        *to++ = o->reserved << 1 | o->leaving;
        to = save_list(s, &o->takers, to);
        to = save_list(s, &o->putters, to);
        for (uint32_t i = 0; o->kind == CV_SYNC_QUEUE && i < o->count; i++) {
            const struct cv_cell *c = &items_of((struct cv_sync *)(uintptr_t)s)[o->items + (o->first + i) % o->cap];
            *to++ = (uint32_t)c->payload;
            *to++ = (uint32_t)(c->payload >> 32);
            *to++ = cv_meta_tag(c->meta);
        }
    }
    for (uint32_t t = 0; t < ntasks; t++) {
        const struct node *n = node_of(s, t);
        *to++ = n->parent;
        *to++ = n->live_children;
        *to++ = (uint32_t)n->queued | (uint32_t)n->over << 1 | (uint32_t)n->stage << 2 | (uint32_t)n->all << 4 | (uint32_t)n->on_loop << 5 | (uint32_t)n->broken << 6;
        to = save_list(s, &n->joiners, to);
    }
    return (size_t)(to - from);
}

void cv_sync_load(struct cv_sync *s, uint32_t ntasks, const uint32_t *from)
{
    for (uint32_t k = 0; k < s->nobjects; k++) {
        struct object *o = &s->objects[k];
        o->owner = *from++;
        o->count = *from++;
        o->reserved = *from >> 1;
        o->leaving = *from++ & 1;
        o->nwaiting = from[0] + from[1 + from[0]];
        from = load_list(s, &o->takers, from);
        from = load_list(s, &o->putters, from);
        o->first = 0;
        o->order = 0;
        for (uint32_t i = 0; o->kind == CV_SYNC_QUEUE && i < o->count; i++, from += 3)
            items_of(s)[o->items + i] = (struct cv_cell){from[0] | (uint64_t)from[1] << 32, cv_meta((enum cv_tag)from[2], NOBODY, 0)};
    }
    for (uint32_t t = 0; t < ntasks; t++) {
        struct node *n = node_of(s, t);
        n->parent = *from++;
        n->live_children = *from++;
        n->queued = *from & 1;
        n->over = *from >> 1 & 1;
        n->stage = *from >> 2 & 3;
        n->all = *from >> 4 & 1;
        n->on_loop = *from >> 5 & 1;
        n->broken = *from++ >> 6 & 1;
        from = load_list(s, &n->joiners, from);
    }
    s->woken = s->woken_loop = (struct wait_list){NOBODY, NOBODY};
}
