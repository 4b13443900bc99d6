/* Events of a real run to steps, steps to an order. A step waits until what it saw is so: then it has its turn. Steps are looked at
 * in the order of the clock, and those whose time has not come are looked at again after each that has.
 *
 * In virtual time an implicit main starts all its tasks before any of them goes; for real the first may have started others by then,
 * and they have their numbers before the last. So letters are not numbers of the real run: main's come first, then the others. */
#include <stdlib.h>
#include <string.h>

#include "app/life.h"

enum { MOST = 4 << 20 /* events */ };

void life_begin(struct life *l)
{
    l->at.n = 0;
    memset(l->numbers, 0, sizeof l->numbers);
    l->full = l->offloads = false;
}

void life_release(struct life *l)
{
    free(l->at.at);
    *l = (struct life){0};
}

void life_take(struct life *l, const struct cv_event *e)
{
    switch (e->kind) {
    case CV_EV_JOB: l->offloads = true; return;
    case CV_EV_READ: case CV_EV_WRITE: case CV_EV_TAKE: case CV_EV_GIVE: case CV_EV_SPAWN: case CV_EV_JOINED: case CV_EV_PRINT: case CV_EV_WAIT:
    case CV_EV_CPU: case CV_EV_MARK: case CV_EV_TASK_END:
        break;
    default: return;
    }
    if (l->at.n >= MOST) {
        l->full = true;
        return;
    }
    bool cell = e->kind == CV_EV_READ || e->kind == CV_EV_WRITE;
    struct life_event one = {.t = e->t, .a = e->a, .b = e->b, .task = e->task, .c = (uint32_t)e->c, .obj = e->obj, .line = e->line, .kind = e->kind, .flags = e->flags};
    if (cell) {
        one.a = cv_meta_version(e->kind == CV_EV_READ ? e->b : e->d); /* what must stand there */
        one.b = cv_meta_version(e->b);                                /* what stands there after */
        if (e->flags & CV_F_APPEND) { /* it tells of the element, and of the list it was appended to */
            one.item = one.c;
            one.c = 0;
            one.b = one.a + 1;
        }
    }
    if ((e->kind == CV_EV_TAKE || e->kind == CV_EV_GIVE) && e->obj < CV_LIMIT_SYNCS && e->a >= l->numbers[e->obj])
        l->numbers[e->obj] = e->a + 1;
    if (e->kind == CV_EV_WAIT) /* has no number: it lies between two */
        one.b = e->a < CV_LIMIT_SYNCS ? l->numbers[e->a] : 0;
    CV_PUSH(&l->at, one);
}

/* ── what is known while it is put in order ─────────────────────────────────────────────────────── */
struct slot { uint64_t key, version, value; bool used; }; /* of a cell (version NONE): what stands there; of a version of it: who has yet to read it */
#define NONE UINT64_MAX
struct deferred { CV_VEC(size_t); size_t from; };
struct ordering {
    const struct life *l;
    const struct cv_run_info *info;
    struct slot *slots;
    size_t nslots, used;
    uint64_t *taken;                /* by sync object: the number of what is done with it next */
    uint64_t printed, spawned;      /* the next line of output; the next letter of a task that is spawned */
    uint32_t ntasks;
    struct task {
        bool last_came;             /* to the barrier it came to last */
        bool born, ended, quiet;    /* quiet: its last step left the core, or it did something invisible since: its end is a turn of its own */
        uint32_t parent, live;      /* tasks it started that have not ended */
        uint32_t letter;            /* its number in virtual time */
        uint8_t before;             /* kind of its last event in the order; a WAIT that was no step counts too */
        uint16_t before_obj;
        uint64_t letters;
        struct deferred waits;
    } *tasks;
    CV_VEC(uint32_t) late;          /* tasks with deferred steps */
    CV_VEC(uint32_t) order;         /* of letters: a task a step */
};

static uint64_t *look_up(struct ordering *o, uint64_t key, uint64_t version)
{
    if (o->used * 2 >= o->nslots) {
        struct slot *old = o->slots;
        size_t n = o->nslots;
        o->nslots = n ? n * 2 : 1024;
        o->slots = cv_alloc(o->nslots * sizeof *o->slots);
        o->used = 0;
        for (size_t i = 0; i < n; i++)
            if (old[i].used)
                *look_up(o, old[i].key, old[i].version) = old[i].value;
        free(old);
    }
    size_t at = (size_t)(((key ^ version << 17) * 0x9e3779b97f4a7c15u) >> 20) % o->nslots;
    while (o->slots[at].used && (o->slots[at].key != key || o->slots[at].version != version))
        at = (at + 1) % o->nslots;
    if (!o->slots[at].used) {
        o->slots[at] = (struct slot){.key = key, .version = version, .used = true};
        o->used++;
    }
    return &o->slots[at].value;
}

static uint64_t *version_of(struct ordering *o, uint64_t key) { return look_up(o, key, NONE); }

/* A cell: the variable or an element, of the one copy or of a process's own; 0: nobody else sees it. */
static uint64_t key_of(const struct ordering *o, const struct life_event *e)
{
    if (o->info->model == CV_PROCESSES && e->obj < o->info->nvars && o->info->vars[e->obj].kind == CV_VAR_SHARED)
        return 0;
    return (uint64_t)(e->obj + 1u) << 32 | (e->c == CV_WHOLE_LIST ? 0 : e->c);
}

/* How many events from here on are one step: the elements of a list that is assigned, and the list. */
static size_t group(const struct ordering *o, size_t i)
{
    const struct life_event *e = &o->l->at.at[i];
    size_t n = o->l->at.n, k = i;
    if (e->kind != CV_EV_WRITE || !(e->flags & CV_F_ATOMIC) || e->item)
        return 1;
    uint32_t next = e->c;
    for (size_t seen = 0; k < n && seen < 100000; k++) {
        const struct life_event *one = &o->l->at.at[k];
        if (one->task != e->task)
            continue;
        if (one->kind != CV_EV_WRITE || one->obj != e->obj)
            return 1;
        seen++;
        if (one->c == CV_WHOLE_LIST) {
            return k - i + 1;
        } else if (one->c != next++ || !(one->flags & CV_F_ATOMIC)) {
            return 1;
        }
    }
    return 1;
}

static bool stands(struct ordering *o, const struct life_event *e)
{
    uint64_t key = key_of(o, e);
    return !key || (*version_of(o, key) == e->a && (e->kind == CV_EV_READ || *look_up(o, key, e->a) == 0));
}

/* A wait for an event or at a barrier. */
static bool on_object(const struct ordering *o, const struct life_event *e)
{
    uint32_t reason = e->obj % CV_REASON_COUNT;
    return e->obj < CV_CAUSE_OTHERS && (reason == CV_REASON_EVENT || reason == CV_REASON_BARRIER) && e->a < o->info->nsyncs;
}

/* Who wait there between its number and the one before. */
static uint64_t *waits_at(struct ordering *o, uint64_t object, uint64_t number) { return look_up(o, (uint64_t)1 << 63 | object, number); }

static bool by_main(const struct ordering *o, const struct life_event *e) { return o->info->implicit_main && e->task == 0; }

/* Is what the event saw so now? */
static bool ready(struct ordering *o, size_t i, size_t n)
{
    const struct life_event *e = &o->l->at.at[i];
    struct task *t = &o->tasks[e->task];
    if (!t->born)
        return false;
    switch (e->kind) {
    case CV_EV_READ: case CV_EV_WRITE:
        for (size_t k = i; k < i + n; k++)
            if (o->l->at.at[k].task == e->task && !stands(o, &o->l->at.at[k]))
                return false;
        return true;
    case CV_EV_TAKE: case CV_EV_GIVE: return e->obj >= o->info->nsyncs || (o->taken[e->obj] == e->a && *waits_at(o, e->obj, e->a) == 0);
    case CV_EV_SPAWN: return by_main(o, e) || e->a >= o->ntasks || o->spawned == o->tasks[e->a].letter;
    case CV_EV_PRINT: return o->printed == e->b;
    case CV_EV_JOINED: return e->a < o->ntasks ? o->tasks[e->a].ended : e->a == CV_NO_TASK && t->live == 0;
    case CV_EV_WAIT: return !on_object(o, e) || o->taken[e->a] == e->b;
    default: return true;
    }
}

static void letter(struct ordering *o, uint32_t task)
{
    if (task >= (o->info->implicit_main ? 1u : 0u))
        CV_PUSH(&o->order, task);
    o->tasks[task].letters++;
}

static bool is_timed(uint16_t cause)
{
    uint32_t reason = cause % CV_REASON_COUNT;
    return cause < CV_CAUSE_OTHERS && (reason == CV_REASON_SLEEP || reason == CV_REASON_FETCH);
}

/* A wait that is a step: a timer, a yield, the arrival where one then waits. To want what another has is none: who would have to wait
 * for it is not let go before he can have it. */
static bool wait_is_step(const struct ordering *o, const struct life_event *e)
{
    const struct task *t = &o->tasks[e->task];
    uint32_t reason = e->obj % CV_REASON_COUNT;
    if (e->obj == CV_CAUSE_YIELD || is_timed(e->obj))
        return true;
    if (e->obj >= CV_CAUSE_OTHERS)
        return false;
    bool came = t->before == CV_EV_GIVE && t->before_obj == e->a; /* to the barrier: that was the step. To give a condition's lock is one, too */
    return reason == CV_REASON_EVENT || (reason == CV_REASON_BARRIER && !came);
}

static void take_turn(struct ordering *o, size_t i, size_t n)
{
    const struct life_event *e = &o->l->at.at[i];
    struct task *t = &o->tasks[e->task];
    enum cv_sync_kind kind = (e->kind == CV_EV_TAKE || e->kind == CV_EV_GIVE) && e->obj < o->info->nsyncs ? o->info->syncs[e->obj].kind : CV_SYNC_LOCK;
    bool step = true, quiet = false;
    switch (e->kind) {
    case CV_EV_READ:
        if (key_of(o, e))
            --*look_up(o, key_of(o, e), e->a);
        break;
    case CV_EV_WRITE:
        for (size_t k = i; k < i + n; k++)
            if (o->l->at.at[k].task == e->task && key_of(o, &o->l->at.at[k]))
                *version_of(o, key_of(o, &o->l->at.at[k])) = o->l->at.at[k].b;
        if (e->item && key_of(o, e))
            ++*version_of(o, (key_of(o, e) & ~(uint64_t)UINT32_MAX) | e->item);
        break;
    case CV_EV_TAKE: case CV_EV_GIVE:
        if (e->obj < o->info->nsyncs)
            o->taken[e->obj] = e->a + 1;
        if (e->kind == CV_EV_GIVE && kind == CV_SYNC_BARRIER && e->obj < o->info->nsyncs)
            t->last_came = e->b == o->info->syncs[e->obj].size;
        /* the last to come to a barrier goes on at once; a condition is taken together with its lock */
        step = !(e->kind == CV_EV_TAKE && ((kind == CV_SYNC_BARRIER && t->before == CV_EV_GIVE && t->before_obj == e->obj && t->last_came) || kind == CV_SYNC_CONDITION));
        break;
    case CV_EV_SPAWN:
        o->spawned += !by_main(o, e);
        if (e->a < o->ntasks)
            o->tasks[e->a].born = true, o->tasks[e->a].parent = e->task;
        t->live++;
        break;
    case CV_EV_PRINT: o->printed = e->b + 1; break;
    case CV_EV_WAIT:
        if (on_object(o, e))
            --*waits_at(o, e->a, e->b);
        step = wait_is_step(o, e);
        quiet = step;
        break;
    case CV_EV_CPU: case CV_EV_MARK:
        step = false;
        quiet = true;
        break;
    case CV_EV_TASK_END:
        if (e->task > 0 && !t->ended && o->tasks[t->parent].live)
            o->tasks[t->parent].live--;
        t->ended = true;
        step = e->obj != CV_END_KILLED && (t->quiet || !t->letters);
        break;
    default: break;
    }
    if (step)
        letter(o, e->task);
    t->quiet = step ? quiet : t->quiet || quiet;
    t->before = e->kind;
    t->before_obj = e->obj;
}

/* ── the order ──────────────────────────────────────────────────────────────────────────────────── */
static bool try_late(struct ordering *o)
{
    bool any = false;
    for (size_t k = 0; k < o->late.n; k++) {
        struct deferred *d = &o->tasks[o->late.at[k]].waits;
        while (d->from < d->n) {
            size_t i = d->at[d->from], n = group(o, i);
            if (!ready(o, i, n))
                break;
            take_turn(o, i, n);
            d->from++;
            any = true;
        }
        if (d->from == d->n) {
            d->from = d->n = 0;
            o->late.at[k--] = o->late.at[--o->late.n];
        }
    }
    return any;
}

static void defer(struct ordering *o, uint32_t task, size_t i)
{
    struct deferred *d = &o->tasks[task].waits;
    if (d->from == d->n)
        CV_PUSH(&o->late, task);
    CV_PUSH(d, i);
}

/* Numbers in virtual time: main, what an implicit main starts, then who was spawned, in the order of the numbers they had. */
static void number(struct ordering *o)
{
    enum { NOT_TOLD, SPAWNED, BY_MAIN };
    uint8_t *how = cv_alloc(o->ntasks + 1);
    uint32_t next = 1;
    for (size_t i = 0; i < o->l->at.n; i++) {
        const struct life_event *e = &o->l->at.at[i];
        if (e->kind == CV_EV_SPAWN && e->a < o->ntasks)
            how[e->a] = by_main(o, e) ? BY_MAIN : SPAWNED;
    }
    for (int which = BY_MAIN; which >= NOT_TOLD; which--) {
        for (uint32_t t = 1; t < o->ntasks; t++)
            if (how[t] == which)
                o->tasks[t].letter = next++;
        if (which == BY_MAIN)
            o->spawned = next;
    }
    free(how);
}

static void arrange(struct ordering *o)
{
    for (size_t i = 0; i < o->l->at.n; i++) /* who overwrites a version waits for all that read it */
        if (o->l->at.at[i].kind == CV_EV_READ && key_of(o, &o->l->at.at[i]))
            ++*look_up(o, key_of(o, &o->l->at.at[i]), o->l->at.at[i].a);
        else if (o->l->at.at[i].kind == CV_EV_WAIT && on_object(o, &o->l->at.at[i])) /* and what is done with an object, for who waited before */
            ++*waits_at(o, o->l->at.at[i].a, o->l->at.at[i].b);
    uint8_t *done = cv_alloc(o->l->at.n + 1); /* events that went along with the first of their step */
    for (size_t i = 0; i < o->l->at.n; i++) {
        const struct life_event *e = &o->l->at.at[i];
        if (done[i] || e->task >= o->ntasks)
            continue;
        size_t n = group(o, i);
        for (size_t k = i + 1; k < i + n; k++)
            done[k] |= o->l->at.at[k].task == e->task;
        struct task *t = &o->tasks[e->task];
        if (t->waits.from < t->waits.n || !ready(o, i, n)) {
            defer(o, e->task, i);
            continue;
        }
        take_turn(o, i, n);
        while (o->late.n && try_late(o))
            ;
    }
    free(done);
}

static void write_out(const struct ordering *o, struct cv_buf *out)
{
    uint32_t from = o->info->implicit_main ? 1 : 0;
    cv_buf_str(out, "");
    for (size_t i = 0, k; i < o->order.n; i = k) {
        char name[8];
        for (k = i; k < o->order.n && o->order.at[k] == o->order.at[i]; k++)
            ;
        cv_text_letter(o->tasks[o->order.at[i]].letter - from, name);
        cv_buf_printf(out, "%s%s%zu", i ? " " : "", name, k - i);
    }
}

bool life_schedule(const struct life *l, const struct cv_run_info *info, uint64_t lost, struct cv_buf *out, struct cv_buf *why)
{
    struct ordering o = {.l = l, .info = info};
    if (info->stepped || info->model == CV_ASYNC) {
        cv_buf_str(why, "only a real run of threads or processes has an order to take over");
        return false;
    }
    if (l->offloads || lost || l->full) {
        cv_buf_str(why, lost ? "records of the run were lost: its order is not known" : l->full ? "the run was too long to take its order over"
                                                                                            : "the order of offloaded blocks cannot be taken over");
        return false;
    }
    for (size_t i = 0; i < l->at.n; i++) {
        const struct life_event *e = &l->at.at[i];
        o.ntasks = e->task < CV_NO_TASK && e->task >= o.ntasks ? e->task + 1 : o.ntasks;
        if (e->kind == CV_EV_SPAWN && e->a < CV_MAX_TASKS && e->a >= o.ntasks)
            o.ntasks = (uint32_t)e->a + 1;
    }
    o.tasks = cv_alloc((o.ntasks + 1) * sizeof *o.tasks);
    o.taken = cv_alloc((info->nsyncs + 1) * sizeof *o.taken);
    o.tasks[0].born = true;
    number(&o);
    arrange(&o);
    bool all = o.late.n == 0;
    write_out(&o, out);
    if (!all)
        cv_buf_str(why, "the record contradicts itself: no order fits what its tasks saw");
    else if (out->n > CV_LIMIT_SCHEDULE)
        cv_buf_str(why, "the run was too long: its order does not fit into a schedule");
    for (uint32_t t = 0; t < o.ntasks; t++)
        free(o.tasks[t].waits.at);
    free(o.tasks);
    free(o.taken);
    free(o.slots);
    free(o.late.at);
    free(o.order.at);
    return !why->n;
}
