/* Races: two accesses that conflict and that nothing orders.
 *
 * Data races are found as FastTrack does (Flanagan and Freund, 2009): of each cell the last write and the last read are kept
 * as an epoch (a task and its clock), and only reads that are concurrent among themselves as a list. An unlocked access is
 * one of two that have no lock in common, where one of the two tasks held one, and that the firm clocks (order.c) do not order:
 * that they happened to be ordered by a lock this time does not count. Of each cell the last accesses of two tasks are kept.
 *
 * A pair is told once for a variable and two lines. An edge that may be missing between the two (a step of a sync object that is
 * not there yet, lost records) makes both silent; so does a cell that is not followed because there are too many. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { CONCURRENT_READS = 256 };

static struct access *cell_of(struct cv_model *m, struct var *v, uint64_t index)
{
    if (index > MODEL_MAX_ITEMS)
        return NULL;
    if (index >= v->ncells) {
        uint32_t n = v->ncells ? v->ncells : 1;
        while (n <= index)
            n *= 2;
        if (m->ncells + (n - v->ncells) > MODEL_MAX_CELLS)
            return NULL;
        v->cells = cv_realloc(v->cells, n * sizeof *v->cells);
        memset(v->cells + v->ncells, 0, (n - v->ncells) * sizeof *v->cells);
        m->ncells += n - v->ncells;
        v->ncells = n;
    }
    return &v->cells[index];
}

void races_release(struct var *v)
{
    for (uint32_t i = 0; i < v->ncells; i++)
        free(v->cells[i].reads);
    free(v->cells);
    order_release(&v->clock);
}

/* ── told ───────────────────────────────────────────────────────────────────────────────────────── */
static bool told(struct cv_model *m, enum cv_finding_kind kind, uint32_t var, uint32_t a, uint32_t b)
{
    uint64_t key = (uint64_t)kind << 56 | (uint64_t)(var & 0xffff) << 32 | (uint64_t)((a < b ? a : b) & 0xffff) << 16 | ((a < b ? b : a) & 0xffff);
    for (size_t i = 0; i < m->told.n; i++)
        if (m->told.at[i] == key)
            return true;
    if (m->told.n >= MODEL_MAX_TOLD)
        return true;
    CV_PUSH(&m->told, key);
    return false;
}

static bool in_doubt(const struct cv_model *m, const struct touch *other) { return model_in_doubt(m, other->doubts) || !order_known(m); }

/* "Bob wrote counter = 5 at line 12" */
static void say_access(const struct cv_model *m, const struct cv_event *e, struct cv_buf *b)
{
    cv_buf_printf(b, "%s %s ", model_name(m, e->task), e->kind == CV_EV_WRITE ? "wrote" : "read");
    findings_place(m, e->obj, e->c, b);
    cv_buf_str(b, " = ");
    findings_value(m, (struct cv_cell){e->a, e->b}, b);
    cv_buf_printf(b, " at line %u", e->line);
}

static void say_name(const struct cv_model *m, uint32_t var, struct cv_buf *b) { findings_place(m, var, 0, b); }

/* ── data races ─────────────────────────────────────────────────────────────────────────────────── */
static void race(struct cv_model *m, const struct cv_event *e, const struct touch *other, bool wrote)
{
    if (told(m, CV_FINDING_DATA_RACE, e->obj, other->line, e->line))
        return;
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s %s ", model_name(m, other->task), wrote ? "wrote" : "read");
    say_name(m, e->obj, &b);
    cv_buf_printf(&b, " at line %u and ", other->line);
    say_access(m, e, &b);
    cv_buf_str(&b, "; nothing orders the two: no lock, queue, event or join lies between them.");
    findings_add(m, CV_FINDING_DATA_RACE, e->task, e->line, e->t, e->obj + 1u, &b);
}

/* Two coroutines of one loop never race, nor do two threads under one GIL, those of a pool included: who has it is alone, and its
 * handing over orders all that came before. A worker stands beside the loop; a process beside both. */
static bool in_turns(const struct cv_model *m, const struct task *t)
{
    return m->info->model == CV_ASYNC ? !t->worker : m->info->model == CV_THREADS && m->info->gil && !t->own_copy;
}

static bool side_by_side(const struct cv_model *m, const struct task *t, uint32_t other)
{
    const struct task *o = model_task(m, other);
    return !in_turns(m, t) || !o || !in_turns(m, o);
}

static void against(struct cv_model *m, struct task *t, const struct cv_event *e, const struct touch *other, bool wrote)
{
    if (other->any && other->task != e->task && !in_doubt(m, other) && !order_before(m, other->task, other->epoch, t) &&
        side_by_side(m, t, other->task))
        race(m, e, other, wrote);
}

static void keep_read(const struct cv_model *m, const struct task *t, struct access *c, const struct touch *now)
{
    if (!c->nreads && (!c->read.any || c->read.task == now->task || order_before(m, c->read.task, c->read.epoch, t))) {
        c->read = *now;
        return;
    }
    for (uint32_t i = 0; i < c->nreads; i++)
        if (c->reads[i].task == now->task) {
            c->reads[i] = *now;
            return;
        }
    if (c->nreads >= CONCURRENT_READS)
        return;
    if (!c->reads)
        c->reads = cv_alloc(CONCURRENT_READS * sizeof *c->reads);
    if (!c->nreads)
        c->reads[c->nreads++] = c->read;
    c->reads[c->nreads++] = *now;
}

static void follow(struct cv_model *m, struct task *t, struct access *c, const struct cv_event *e, const struct touch *now)
{
    against(m, t, e, &c->write, true);
    if (e->kind == CV_EV_READ) {
        keep_read(m, t, c, now);
        return;
    }
    if (!c->nreads)
        against(m, t, e, &c->read, false);
    for (uint32_t i = 0; i < c->nreads; i++)
        against(m, t, e, &c->reads[i], false);
    c->write = *now;
    c->read.any = false;
    c->nreads = 0;
}

/* A whole list that is read, and the elements that are written: the last of each. */
static void follow_list(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e, const struct touch *now)
{
    if (e->kind == CV_EV_READ && e->c == CV_WHOLE_LIST) {
        against(m, t, e, &v->item, true);
        v->whole = *now;
    } else if (e->kind == CV_EV_WRITE && e->c != 0 && e->c != CV_WHOLE_LIST) {
        against(m, t, e, &v->whole, false);
        v->item = *now;
    }
}

/* ── unlocked accesses ──────────────────────────────────────────────────────────────────────────── */
static void say_locks(const struct cv_model *m, uint64_t locks, struct cv_buf *b)
{
    for (uint32_t k = 0, n = 0; k < m->info->nsyncs && k < 64; k++)
        if (locks >> k & 1) {
            cv_buf_str(b, n++ ? " and " : "");
            cv_text_clean(b, m->info->syncs[k].name, strlen(m->info->syncs[k].name));
        }
}

/* The one without a lock is named; where each has one of its own, the later. */
static void unlocked(struct cv_model *m, const struct cv_event *e, const struct touch *now, const struct touch *other, bool wrote)
{
    bool earlier = now->locks && !other->locks;
    if (told(m, CV_FINDING_UNLOCKED_ACCESS, e->obj, other->line, e->line))
        return;
    struct cv_buf b = {0};
    if (earlier) {
        cv_buf_printf(&b, "%s %s ", model_name(m, other->task), wrote ? "wrote" : "read");
        say_name(m, e->obj, &b);
        cv_buf_printf(&b, " at line %u without a lock; ", other->line);
        say_access(m, e, &b);
        cv_buf_str(&b, " holding ");
        say_locks(m, now->locks, &b);
        cv_buf_str(&b, ": a lock protects only from those who take it.");
        findings_add(m, CV_FINDING_UNLOCKED_ACCESS, other->task, other->line, e->t, e->obj + 1u, &b);
        return;
    }
    say_access(m, e, &b);
    if (now->locks) {
        cv_buf_str(&b, " holding ");
        say_locks(m, now->locks, &b);
    } else {
        cv_buf_str(&b, " without a lock");
    }
    cv_buf_printf(&b, "; %s %s ", model_name(m, other->task), wrote ? "wrote" : "read");
    say_name(m, e->obj, &b);
    cv_buf_printf(&b, " at line %u holding ", other->line);
    say_locks(m, other->locks, &b);
    cv_buf_str(&b, now->locks ? ": they have no lock in common." : ": a lock protects only from those who take it.");
    findings_add(m, CV_FINDING_UNLOCKED_ACCESS, e->task, e->line, e->t, e->obj + 1u, &b);
}

static void check_locks(struct cv_model *m, struct task *t, struct access *c, const struct cv_event *e, const struct touch *now)
{
    bool write = e->kind == CV_EV_WRITE;
    for (int k = write ? 0 : 1; k < 2; k++)
        for (int i = 0; i < 2; i++) {
            const struct touch *o = &c->near[k][i];
            if (o->any && o->task != e->task && !(o->locks & now->locks) && (o->locks | now->locks) && !in_doubt(m, o) &&
                !order_firm_before(m, o->task, o->firm, t))
                unlocked(m, e, now, o, k == 1);
        }
    if (c->near[write][0].any && c->near[write][0].task != e->task)
        c->near[write][1] = c->near[write][0];
    c->near[write][0] = *now;
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────── */
/* A watched variable orders who reads what was written. A version that no event has told of yet brings an edge that is not
 * there yet: until then nothing is known, as with sync objects (syncs.c). One such version of a variable is waited for. */
static void missing(struct cv_model *m, struct var *v, uint32_t index, uint64_t version)
{
    m->doubts++;
    if (v->awaited || (index > MODEL_MAX_ITEMS && index != CV_WHOLE_LIST))
        return;
    v->awaited = version;
    v->awaited_at = index;
    m->missing++;
}

void races_written(struct cv_model *m, struct var *v)
{
    if (!v->awaited || !vars_version(v, v->awaited_at, v->awaited))
        return;
    v->awaited = 0;
    m->missing--;
    m->doubts++;
}

static void watched(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e)
{
    bool write = e->kind == CV_EV_WRITE, take = !write || (e->flags & CV_F_ATOMIC) != 0;
    if (model_private(m, e->obj))
        return;
    uint32_t index = (uint32_t)e->c;
    uint64_t seen = cv_meta_version(write ? e->d : e->b);
    if (take && vars_ahead(v, index, seen))
        missing(m, v, index, seen);
    order_watched(m, t, e->task, v, take, write);
}

void races_fold(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e)
{
    bool alone = in_turns(m, t) && !m->workers;
    if (m->flagged[e->obj]) {
        watched(m, t, v, e);
        return;
    }
    if ((alone && !m->locks) || !order_known(m))
        return;
    struct access *c = cell_of(m, v, e->c == CV_WHOLE_LIST ? 0 : e->c);
    if (!c)
        return;
    struct touch now = {.task = e->task, .epoch = order_epoch(t, e->task), .firm = order_firm_epoch(t, e->task), .line = e->line,
                        .locks = t->locks, .doubts = m->doubts, .any = true};
    if (!alone) {
        follow(m, t, c, e, &now);
        follow_list(m, t, v, e, &now);
    }
    if (m->locks)
        check_locks(m, t, c, e, &now);
}
