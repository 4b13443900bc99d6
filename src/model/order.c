/* What happens before what: vector clocks of tasks, sync objects and watched variables. An edge leaves a task with GIVE, SPAWN,
 * JOB, its end and the write of a watched variable, and comes in with TAKE, JOINED, its start and the read of one; a queue
 * orders both ways, since a put may have waited for a get. A sync object has one clock, so two permits of a semaphore count as
 * ordered, and so do two elements of a watched list: that errs towards silence.
 *
 * There are two clocks of each: one of all edges, and a firm one without those of locks. A lock orders two tasks as they
 * happened to come this time; the firm order would have been the same whoever came first.
 *
 * Clocks are kept for tasks below MODEL_MAX_CLOCKS. With more tasks there are none, and then any edge that came in between
 * counts as an order (findings.c): silence again. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static void grow(struct clock *c, uint32_t n)
{
    if (n <= c->n)
        return;
    uint32_t more = c->n ? c->n : 4;
    while (more < n)
        more *= 2;
    c->at = cv_realloc(c->at, more * sizeof *c->at);
    memset(c->at + c->n, 0, (more - c->n) * sizeof *c->at);
    c->n = more;
}

static void join(struct clock *to, const struct clock *from)
{
    if (from->n > to->n)
        grow(to, from->n);
    for (uint32_t i = 0; i < from->n; i++)
        to->at[i] = from->at[i] > to->at[i] ? from->at[i] : to->at[i];
}

bool order_known(const struct cv_model *m) { return m->ntasks <= MODEL_MAX_CLOCKS; }

static uint32_t *own(struct clock *c, uint32_t number)
{
    grow(c, number + 1);
    if (c->at[number] == 0)
        c->at[number] = 1;
    return &c->at[number];
}

/* lock: the edge is that of a lock, and the firm clocks do not see it. */
static void leave(const struct cv_model *m, struct clocks *to, struct task *t, uint32_t number, bool lock)
{
    uint32_t *mine = own(&t->clock.all, number);
    join(&to->all, &t->clock.all);
    ++*mine;
    if (!m->locks || lock)
        return;
    mine = own(&t->clock.firm, number);
    join(&to->firm, &t->clock.firm);
    ++*mine;
}

static void enter(struct task *t, const struct clocks *from, bool lock)
{
    join(&t->clock.all, &from->all);
    if (!lock)
        join(&t->clock.firm, &from->firm);
    t->acquires++;
}

static void joined(struct cv_model *m, struct task *t, uint32_t number, uint32_t which)
{
    for (uint32_t i = which == CV_NO_TASK ? 0 : which; i < m->ntasks; i++) {
        struct task *other = m->tasks[i];
        if (other && other != t && (which == i || other->parent == number)) {
            own(&other->clock.all, i); /* its end may be told later than this */
            own(&other->clock.firm, i);
            enter(t, &other->clock, false);
        }
        if (which == i)
            break;
    }
    t->acquires++;
}

/* Stamps of two producers cross: what a task does can be told before it was spawned, who joins it before its end. Until the late one
 * comes nothing is known of who came before whom, as with sync objects (syncs.c). */
static void comes_late(struct cv_model *m, bool *what)
{
    if (*what)
        return;
    *what = true;
    m->missing++;
    m->doubts++;
}

static void has_come(struct cv_model *m, bool *what)
{
    if (!*what)
        return;
    *what = false;
    m->missing--;
    m->doubts++;
}

static void await_ends(struct cv_model *m, const struct task *t, uint32_t which)
{
    uint32_t from = which == CV_NO_TASK ? 0 : which, to = which == CV_NO_TASK ? m->ntasks : which + 1;
    for (uint32_t i = from; i < to && i < m->ntasks; i++) {
        struct task *other = m->tasks[i];
        if (other && other != t && other->known && !other->worker && other->phase != PHASE_END && (which == i || other->parent == t->number))
            comes_late(m, &other->awaited);
    }
}

void order_told(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    struct task *made = e->kind == CV_EV_SPAWN && e->a < CV_MAX_TASKS ? model_new_task(m, (uint32_t)e->a) : e->kind == CV_EV_TASK_START ? t : NULL;
    if (made) {
        made->known = true;
        has_come(m, &made->early);
    }
    switch (e->kind) {
    case CV_EV_READ: case CV_EV_WRITE: case CV_EV_TAKE: case CV_EV_GIVE: case CV_EV_SPAWN: case CV_EV_JOB: case CV_EV_JOINED:
        if (!t->known && t->number != 0)
            comes_late(m, &t->early);
        break;
    case CV_EV_TASK_END: has_come(m, &t->awaited); break;
    default: break;
    }
    if (e->kind == CV_EV_JOINED)
        await_ends(m, t, e->a < CV_NO_TASK ? (uint32_t)e->a : CV_NO_TASK);
}

void order_fold(struct cv_model *m, struct task *t, uint32_t number, const struct cv_event *e)
{
    bool sync = (e->kind == CV_EV_TAKE || e->kind == CV_EV_GIVE) && e->obj < m->info->nsyncs;
    bool queue = sync && m->info->syncs[e->obj].kind == CV_SYNC_QUEUE, lock = sync && m->info->syncs[e->obj].kind == CV_SYNC_LOCK;
    bool in = (sync && (queue || e->kind == CV_EV_TAKE)) || e->kind == CV_EV_JOINED;
    if (lock && e->obj < 64)
        t->locks = e->kind == CV_EV_TAKE ? t->locks | (uint64_t)1 << e->obj : t->locks & ~((uint64_t)1 << e->obj);
    if (!order_known(m)) {
        t->acquires += in;
        return;
    }
    if (e->kind == CV_EV_JOINED)
        joined(m, t, number, e->a < CV_NO_TASK ? (uint32_t)e->a : CV_NO_TASK);
    if (sync && in)
        enter(t, &m->syncs[e->obj].clock, lock);
    if (sync && (queue || e->kind == CV_EV_GIVE))
        leave(m, &m->syncs[e->obj].clock, t, number, lock);
    if (e->kind == CV_EV_JOB || e->kind == CV_EV_JOB_END) { /* a block comes to a worker, and goes back to its task */
        struct task *owner = e->a < CV_MAX_TASKS ? model_new_task(m, (uint32_t)e->a) : NULL;
        struct task *from = e->kind == CV_EV_JOB ? owner : t, *to = e->kind == CV_EV_JOB ? t : owner;
        if (owner) {
            leave(m, &to->clock, from, from == t ? number : (uint32_t)e->a, false);
            to->acquires++;
        }
    } else if (e->kind == CV_EV_SPAWN && e->a < CV_MAX_TASKS) {
        struct task *made = model_new_task(m, (uint32_t)e->a);
        if (made)
            leave(m, &made->clock, t, number, false);
    }
}

void order_watched(struct cv_model *m, struct task *t, uint32_t number, struct var *v, bool take, bool give)
{
    if (!order_known(m)) {
        t->acquires += take;
        return;
    }
    if (take)
        enter(t, &v->clock, false);
    if (give)
        leave(m, &v->clock, t, number, false);
}

/* The task's own clock, to be kept with what it does. */
static uint32_t epoch(const struct clock *c, uint32_t number) { return number < c->n && c->at[number] ? c->at[number] : 1; }
uint32_t order_epoch(const struct task *t, uint32_t number) { return epoch(&t->clock.all, number); }
uint32_t order_firm_epoch(const struct task *t, uint32_t number) { return epoch(&t->clock.firm, number); }

static bool before(const struct clock *reader, uint32_t writer, uint32_t at) { return writer < reader->n && reader->at[writer] >= at; }

bool order_before(const struct cv_model *m, uint32_t writer, uint32_t at, const struct task *reader)
{
    return order_known(m) ? before(&reader->clock.all, writer, at) : reader->acquires > 0;
}

bool order_firm_before(const struct cv_model *m, uint32_t writer, uint32_t at, const struct task *reader)
{
    return !order_known(m) || before(&reader->clock.firm, writer, at);
}

void order_release(struct clocks *c)
{
    free(c->all.at);
    free(c->firm.at);
    *c = (struct clocks){0};
}

void order_free(struct cv_model *m)
{
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i])
            order_release(&m->tasks[i]->clock);
    for (uint32_t i = 0; i < m->info->nsyncs; i++)
        order_release(&m->syncs[i].clock);
}
