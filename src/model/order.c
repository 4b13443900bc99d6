/* What happens before what: vector clocks of tasks and sync objects. An edge leaves a task with GIVE, SPAWN, JOB and its end, and
 * comes in with TAKE, JOINED and its start; a queue orders both ways, since a put may have waited for a get. A sync object
 * has one clock, so two permits of a semaphore count as ordered: that errs towards silence.
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

static bool clocked(const struct cv_model *m) { return m->ntasks <= MODEL_MAX_CLOCKS; }

static void begin(struct task *t, uint32_t number)
{
    grow(&t->clock, number + 1);
    if (t->clock.at[number] == 0)
        t->clock.at[number] = 1;
}

static void leave(struct clock *to, struct task *t, uint32_t number)
{
    begin(t, number);
    join(to, &t->clock);
    t->clock.at[number]++;
}

static void enter(struct task *t, const struct clock *from)
{
    join(&t->clock, from);
    t->acquires++;
}

static void joined(struct cv_model *m, struct task *t, uint32_t number, uint32_t which)
{
    for (uint32_t i = which == CV_NO_TASK ? 0 : which; i < m->ntasks; i++) {
        const struct task *other = m->tasks[i];
        if (other && other != t && (which == i || other->parent == number))
            enter(t, &other->clock);
        if (which == i)
            break;
    }
    t->acquires++;
}

void order_fold(struct cv_model *m, struct task *t, uint32_t number, const struct cv_event *e)
{
    bool sync = (e->kind == CV_EV_TAKE || e->kind == CV_EV_GIVE) && e->obj < m->info->nsyncs;
    bool queue = sync && m->info->syncs[e->obj].kind == CV_SYNC_QUEUE;
    bool in = (sync && (queue || e->kind == CV_EV_TAKE)) || e->kind == CV_EV_JOINED;
    if (!clocked(m)) {
        t->acquires += in;
        return;
    }
    if (e->kind == CV_EV_JOINED)
        joined(m, t, number, e->a < CV_NO_TASK ? (uint32_t)e->a : CV_NO_TASK);
    if (sync && in)
        enter(t, &m->syncs[e->obj].clock);
    if (sync && (queue || e->kind == CV_EV_GIVE))
        leave(&m->syncs[e->obj].clock, t, number);
    if (e->kind == CV_EV_JOB || e->kind == CV_EV_JOB_END) { /* a block comes to a worker, and goes back to its task */
        struct task *owner = e->a < CV_MAX_TASKS ? model_new_task(m, (uint32_t)e->a) : NULL;
        struct task *from = e->kind == CV_EV_JOB ? owner : t, *to = e->kind == CV_EV_JOB ? t : owner;
        if (owner) {
            leave(&to->clock, from, from == t ? number : (uint32_t)e->a);
            to->acquires++;
        }
    } else if (e->kind == CV_EV_TASK_END) {
        begin(t, number);
    } else if (e->kind == CV_EV_SPAWN && e->a < CV_MAX_TASKS) {
        struct task *made = model_new_task(m, (uint32_t)e->a);
        if (made)
            leave(&made->clock, t, number);
    }
}

/* The writer's own clock, to be kept with what it writes. */
uint32_t order_epoch(const struct cv_model *m, const struct task *t, uint32_t number)
{
    (void)m;
    return number < t->clock.n && t->clock.at[number] ? t->clock.at[number] : 1;
}

bool order_before(const struct cv_model *m, uint32_t writer, uint32_t epoch, const struct task *reader)
{
    if (!clocked(m))
        return reader->acquires > 0;
    return writer < reader->clock.n && reader->clock.at[writer] >= epoch;
}

void order_free(struct cv_model *m)
{
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i])
            free(m->tasks[i]->clock.at);
    for (uint32_t i = 0; i < m->info->nsyncs; i++)
        free(m->syncs[i].clock.at);
}
