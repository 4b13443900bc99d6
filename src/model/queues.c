/* Standing in line: starvation and convoys of locks and semaphores, and tasks that were never awaited.
 *
 * A task stands in line for an object from its first wait for it until it takes it; that it is woken meanwhile, loses the race
 * and waits again changes nothing. The line is a list through the tasks. Who is first in it is overtaken whenever another takes
 * the object: that one came later, or it would be first itself. Neither starvation nor a convoy is a queue that is merely long:
 * in both the same tasks come back. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { OVERTAKEN = 10, STARVED_NS = 100000000, CONVOY = 20, COMES_BACK = 3 };

static void first_changed(struct cv_model *m, struct line *l, uint64_t t)
{
    l->number = ++m->convoys;
    l->others = 0;
    l->since = t;
    l->overtaken = 0;
    l->told = false;
}

static void leave_line(struct cv_model *m, struct task *t, uint64_t at)
{
    struct line *l = t->asks ? &m->syncs[t->asks - 1].line : NULL;
    struct task *before = model_task(m, t->before), *behind = model_task(m, t->behind);
    if (!l)
        return;
    if (before)
        before->behind = t->behind;
    else
        l->first = t->behind, first_changed(m, l, at);
    if (behind)
        behind->before = t->before;
    else
        l->last = t->before;
    l->n--;
    t->asks = 0;
    t->before = t->behind = CV_NO_TASK;
}

static void join_line(struct cv_model *m, struct task *t, uint32_t number, uint32_t sync, uint64_t at)
{
    struct line *l = &m->syncs[sync].line;
    struct task *last = model_task(m, l->last);
    t->asks = sync + 1;
    t->asked = at;
    t->before = l->last;
    t->behind = CV_NO_TASK;
    if (last)
        last->behind = number;
    else
        l->first = number, first_changed(m, l, at);
    l->last = number;
    l->n++;
}

static void name_of(const struct cv_model *m, uint32_t sync, struct cv_buf *b)
{
    const char *name = m->info->syncs[sync].name;
    cv_text_clean(b, name, strlen(name));
}

/* ── starvation ─────────────────────────────────────────────────────────────────────────────────── */
static void overtake(struct cv_model *m, struct task *t, uint32_t sync, const struct cv_event *e)
{
    struct line *l = &m->syncs[sync].line;
    const struct task *first = model_task(m, l->first);
    if (!first || l->first == e->task)
        return;
    l->overtaken++;
    if (t->overtook != l->number) {
        t->overtook = l->number;
        l->others++;
    }
    if (l->told || l->overtaken < OVERTAKEN || l->overtaken < COMES_BACK * l->others || e->t - l->since < STARVED_NS)
        return;
    l->told = true;
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s has waited for ", model_name(m, l->first));
    name_of(m, sync, &b);
    cv_buf_printf(&b, " at line %u for %s", first->line, cv_duration_text(e->t - first->asked, false));
    if (l->since == first->asked)
        cv_buf_str(&b, ", the first in line");
    else
        cv_buf_printf(&b, ", the last %s as the first in line", cv_duration_text(e->t - l->since, false));
    cv_buf_str(&b, "; ");
    if (l->others > 1)
        cv_buf_printf(&b, "%u that came later took it %u times meanwhile, %s the last.", l->others, l->overtaken, model_name(m, e->task));
    else
        cv_buf_printf(&b, "%s, which came later, took it %u times meanwhile.", model_name(m, e->task), l->overtaken);
    findings_add(m, CV_FINDING_STARVATION, l->first, first->line, e->t, 0, &b);
}

/* ── convoys ────────────────────────────────────────────────────────────────────────────────────── */
static void hand_over(struct cv_model *m, struct task *t, uint32_t sync, bool waited, const struct cv_event *e)
{
    struct convoy *c = &m->syncs[sync].convoy;
    bool queued = m->syncs[sync].line.n > 0;
    if (!waited || !queued || c->last == e->task) {
        *c = (struct convoy){.number = ++m->convoys, .last = e->task};
        return;
    }
    c->last = e->task;
    c->hand_overs++;
    if (t->convoy != c->number + 1) {
        t->convoy = c->number + 1;
        c->tasks++;
    }
    if (c->told || c->hand_overs < CONVOY || c->hand_overs < COMES_BACK * c->tasks)
        return;
    c->told = true;
    struct cv_buf b = {0};
    name_of(m, sync, &b);
    cv_buf_printf(&b, " went from task to task %llu times in a row, each time to one that had waited for it, and its queue was never empty: "
                  "%llu tasks march in step, and every lock costs a switch (here %s's at line %u).", (unsigned long long)c->hand_overs,
                  (unsigned long long)c->tasks, model_name(m, e->task), e->line);
    findings_add(m, CV_FINDING_CONVOY, e->task, e->line, e->t, 0, &b);
}

/* ── never awaited ──────────────────────────────────────────────────────────────────────────────── */
/* 1: somebody waits for this task to end; 2: for all that this one started. */
static unsigned char *awaited(const struct cv_model *m)
{
    unsigned char *is = cv_alloc(m->ntasks + 1);
    for (uint32_t i = 0; i < m->ntasks; i++) {
        const struct task *t = m->tasks[i];
        if (!t || t->phase != PHASE_WAIT || t->cause >= CV_CAUSE_OTHERS + 1 || t->cause % CV_REASON_COUNT != CV_REASON_JOIN)
            continue;
        if (t->object == CV_NO_TASK)
            is[i] |= 2;
        else if (t->object < m->ntasks)
            is[t->object] |= 1;
    }
    return is;
}

static void cut_off(struct cv_model *m, uint32_t task, uint64_t t)
{
    const struct task *one = m->tasks[task];
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s was started", one->name);
    if (one->spawned_at)
        cv_buf_printf(&b, " at line %u", one->spawned_at);
    cv_buf_printf(&b, " and nobody joined it: the loop ended before it did, and it was cut off at line %u.", one->line);
    findings_add(m, CV_FINDING_NEVER_AWAITED, task, one->spawned_at ? one->spawned_at : one->line, t, 0, &b);
}

void queues_over(struct cv_model *m, uint64_t t)
{
    if (m->info->model != CV_ASYNC || m->lost_own)
        return;
    unsigned char *is = awaited(m);
    for (uint32_t i = 0; i < m->ntasks; i++) {
        const struct task *one = m->tasks[i];
        if (one && !one->worker && one->phase != PHASE_NONE && one->phase != PHASE_END && !model_hidden(m, one) && !(is[i] & 1) &&
            !(one->parent < m->ntasks && is[one->parent] & 2))
            cut_off(m, i, t);
    }
    free(is);
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────── */
static bool asks_for(const struct cv_model *m, const struct cv_event *e, uint32_t *sync)
{
    uint32_t reason = e->obj % CV_REASON_COUNT;
    *sync = e->a < m->info->nsyncs ? (uint32_t)e->a : 0;
    return e->obj < CV_CAUSE_OTHERS + 1 && (reason == CV_REASON_LOCK || reason == CV_REASON_SEMAPHORE) && e->a < m->info->nsyncs;
}

void queues_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    uint32_t sync;
    if (e->kind == CV_EV_WAIT) {
        bool asks = asks_for(m, e, &sync);
        if (t->asks && (!asks || t->asks != sync + 1))
            leave_line(m, t, e->t);
        if (asks && !t->asks)
            join_line(m, t, e->task, sync, e->t);
    } else if (e->kind == CV_EV_TASK_END) {
        leave_line(m, t, e->t);
    } else if (e->kind == CV_EV_SPAWN && e->a < CV_MAX_TASKS) {
        struct task *made = model_new_task(m, (uint32_t)e->a);
        if (made)
            made->spawned_at = e->line;
    } else if (e->kind == CV_EV_TAKE && e->obj < m->info->nsyncs) {
        enum cv_sync_kind kind = m->info->syncs[e->obj].kind;
        bool waited = t->asks == e->obj + 1u;
        if (kind != CV_SYNC_LOCK && kind != CV_SYNC_SEMAPHORE)
            return;
        overtake(m, t, e->obj, e);
        if (waited)
            leave_line(m, t, e->t);
        if (kind == CV_SYNC_LOCK)
            hand_over(m, t, e->obj, waited, e);
    }
}
