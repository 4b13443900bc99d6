/* Sync objects: who owned what, how long a queue was, how many waited, by time. TAKE and GIVE carry their order under the
 * engine's table, from 0 for each object; one that comes late by its time stamp is counted, but changes nothing any more.
 *
 * Two cores read their clocks some ten ns apart from the truth, so that who takes a lock can be told before who gave it, and
 * even before what was done under it. From the step that shows the gap until the late one fills it nothing is known of who came
 * before whom; and what was told within is never compared with what comes after. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static void step(struct cv_model *m, struct sync *s, uint64_t t)
{
    s->now.t = t;
    CV_PUSH(&s->at, s->now);
    m->bytes += sizeof s->now;
}

static void gap(struct cv_model *m, struct sync *s, uint64_t order, bool late)
{
    uint64_t next = s->any ? s->order + 1 : 0, more = order > next ? order - next : 0;
    bool fills = late && s->missing;
    s->missing += more - fills;
    m->missing += more - fills;
    m->doubts += more || fills;
}

void syncs_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    if (e->obj >= m->info->nsyncs)
        return;
    (void)t;
    struct sync *s = &m->syncs[e->obj];
    bool take = e->kind == CV_EV_TAKE, late = s->any && e->a < s->order;
    s->now.takes += take;
    switch (m->info->syncs[e->obj].kind) {
    case CV_SYNC_LOCK:
        if (late)
            break;
        s->now.owner = take ? e->task : CV_NO_TASK;
        break;
    default:
        if (!late)
            s->now.length = e->b;
        break;
    }
    gap(m, s, e->a, late);
    s->order = late ? s->order : e->a;
    s->any = true;
    s->now.task = e->task;
    s->now.take = take;
    step(m, s, e->t);
}

void syncs_wait(struct cv_model *m, struct task *t, uint64_t at, bool waits, uint32_t object)
{
    uint32_t was = t->waits_on, is = waits && object < m->info->nsyncs ? object + 1 : 0;
    if (was == is)
        return;
    if (was) {
        m->syncs[was - 1].now.waiting--;
        m->syncs[was - 1].now.task = CV_NO_TASK;
        step(m, &m->syncs[was - 1], at);
    }
    if (is) {
        m->syncs[is - 1].now.waiting++;
        m->syncs[is - 1].now.task = CV_NO_TASK;
        step(m, &m->syncs[is - 1], at);
    }
    t->waits_on = is;
}

/* How many of its steps lie at or before t. */
static size_t steps_until(const struct sync *s, uint64_t t)
{
    return CV_PARTITION_POINT(s->at.n, i, s->at.at[i].t <= t);
}

static struct cv_sync_at as_told(const struct sync_step *x)
{
    return (struct cv_sync_at){.owner = x->owner, .length = x->length, .waiting = x->waiting, .takes = x->takes};
}

struct cv_sync_at cv_model_sync_at(const struct cv_model *m, uint32_t sync, uint64_t t)
{
    struct cv_sync_at at = {.owner = CV_NO_TASK};
    if (sync >= m->info->nsyncs)
        return at;
    const struct sync *s = &m->syncs[sync];
    size_t n = steps_until(s, t);
    if (n == 0 && s->cut) {
        n = 1;
    } else if (n == 0) {
        at.length = m->info->syncs[sync].kind == CV_SYNC_SEMAPHORE ? m->info->syncs[sync].size : 0;
        return at;
    }
    return as_told(&s->at.at[n - 1]);
}

bool cv_model_sync_step(const struct cv_model *m, uint32_t sync, uint64_t t, int direction, struct cv_sync_step *out)
{
    if (sync >= m->info->nsyncs)
        return false;
    const struct sync *s = &m->syncs[sync];
    size_t n = steps_until(s, t), i = direction > 0 ? n : n - 1; /* n = 0: past any */
    if (i >= s->at.n)
        return false;
    const struct sync_step *x = &s->at.at[i];
    *out = (struct cv_sync_step){.t = x->t, .task = x->task, .take = x->take, .now = as_told(x)};
    return true;
}

/* What an object stood at before the first step that is left is not known any more: it then stands as at that step. */
size_t syncs_cut(struct cv_model *m, uint64_t until)
{
    size_t freed = 0;
    for (uint32_t i = 0; i < m->info->nsyncs; i++) {
        struct sync *s = &m->syncs[i];
        size_t n = 0;
        while (n + 1 < s->at.n && s->at.at[n + 1].t <= until)
            n++;
        if (n < 64)
            continue;
        s->at.n -= n;
        memmove(s->at.at, s->at.at + n, s->at.n * sizeof *s->at.at);
        s->cut = true;
        freed += n * sizeof *s->at.at;
    }
    return freed;
}

void syncs_free(struct cv_model *m)
{
    for (uint32_t i = 0; i < m->info->nsyncs; i++)
        free(m->syncs[i].at.at);
    free(m->syncs);
}
