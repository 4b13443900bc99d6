/* Findings: decided on versions, ordered by happens-before. Definitions: findings.def. Only what happened is reported.
 *
 * Happens-before is kept in vector clocks, one a task and one a sync object (Lamport 1978, Mattern 1989): giving publishes the
 * task's clock, taking takes it over, so do spawn, join and the end of a task. Beyond MOST_CLOCKS tasks no clocks are kept
 * and stale reads are not looked for: they could not be told from ordered ones. */
#include <stdlib.h>
#include <string.h>

#include "model/fold.h"

enum { MOST_CLOCKS = 1024, MOST_FINDINGS = 1000, SLOW_TURN_NS = 100000000 /* asyncio's slow_callback_duration */, BLOCKED_NS = 1000000 };

/* ── clocks ─────────────────────────────────────────────────────────────────────────────────────── */
static uint64_t *entry(struct clocks *c, uint32_t task)
{
    if (task >= c->n) {
        uint32_t n = task + 1 > c->n * 2 ? task + 1 : c->n * 2;
        c->at = cv_realloc(c->at, n * sizeof *c->at);
        memset(c->at + c->n, 0, (n - c->n) * sizeof *c->at);
        c->n = n;
    }
    return &c->at[task];
}

static void join(struct clocks *to, const struct clocks *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        if (from->at[i]) {
            uint64_t *e = entry(to, i);
            *e = *e > from->at[i] ? *e : from->at[i];
        }
}

static struct clocks *clocks_of(struct cv_model *m, uint32_t task)
{
    if (task >= MOST_CLOCKS || m->lanes.n > MOST_CLOCKS)
        return NULL;
    while (m->task_clocks.n <= task) {
        struct clocks none = {0};
        CV_PUSH(&m->task_clocks, none);
        *entry(&m->task_clocks.at[m->task_clocks.n - 1], (uint32_t)m->task_clocks.n - 1) = 1;
    }
    return &m->task_clocks.at[task];
}

uint64_t finding_epoch(struct cv_model *m, uint32_t task)
{
    struct clocks *c = clocks_of(m, task);
    return c ? *entry(c, task) : 0;
}

static void pass(struct cv_model *m, uint32_t from, uint32_t to)
{
    if (!clocks_of(m, from) || !clocks_of(m, to))
        return;
    join(clocks_of(m, to), clocks_of(m, from)); /* looked up again: the first look may have moved the table */
    ++*entry(clocks_of(m, from), from);
}

void finding_order(struct cv_model *m, const struct cv_event *e)
{
    struct clocks *c = clocks_of(m, e->task);
    if (!c)
        return;
    switch ((enum cv_event_kind)e->kind) {
    case CV_EV_TAKE:
    case CV_EV_GIVE:
        if (e->obj >= m->info->nsyncs)
            return;
        /* A queue orders both ways: room that a get made lets a put go on. */
        join(c, &m->sync_clocks[e->obj]);
        if (e->kind == CV_EV_GIVE || m->info->syncs[e->obj].kind == CV_SYNC_QUEUE) {
            join(&m->sync_clocks[e->obj], c);
            ++*entry(c, e->task);
        }
        break;
    case CV_EV_SPAWN: pass(m, e->task, (uint32_t)e->a); break;
    case CV_EV_JOINED:
        if (e->a < CV_NO_TASK)
            pass(m, (uint32_t)e->a, e->task);
        else
            for (uint32_t t = 0; t < m->lanes.n; t++)
                if (m->lanes.at[t]->exists && m->lanes.at[t]->parent == e->task && t != e->task)
                    pass(m, t, e->task);
        break;
    default: break;
    }
}

/* ── the list ───────────────────────────────────────────────────────────────────────────────────── */
void finding_add(struct cv_model *m, enum cv_finding_kind kind, uint64_t t, uint32_t task, uint32_t line, struct cv_buf *text)
{
    m->finding_count[kind]++;
    if (m->findings.n >= MOST_FINDINGS) {
        cv_buf_release(text);
        return;
    }
    struct cv_buf name = {0};
    cv_buf_str(&name, task == CV_NO_TASK ? "" : cv_model_task_name(m, task));
    struct cv_summary_finding f = {.kind = kind, .task = task, .line = line, .t = t, .text = model_keep(m, text), .task_name = model_keep(m, &name)};
    CV_PUSH(&m->findings, f);
    for (size_t i = m->findings.n - 1; i > 0 && m->findings.at[i - 1].t > m->findings.at[i].t; i--) {
        struct cv_summary_finding x = m->findings.at[i];
        m->findings.at[i] = m->findings.at[i - 1];
        m->findings.at[i - 1] = x;
    }
}

static void value(const struct cv_model *m, uint64_t payload, uint64_t meta, struct cv_buf *out)
{
    size_t n;
    switch (cv_meta_tag(meta)) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, payload ? "true" : "false"); break;
    case CV_TAG_STRING: {
        const char *s = cv_string(m->shm, (uint32_t)payload, &n);
        cv_buf_str(out, "\"");
        cv_text_clean(out, s, n);
        cv_buf_str(out, "\"");
        break;
    }
    case CV_TAG_LIST: cv_buf_printf(out, "a list of %llu", (unsigned long long)payload); break;
    default: cv_buf_printf(out, "%lld", (long long)payload); break;
    }
}

static void variable(const struct cv_model *m, uint32_t var, uint32_t item, struct cv_buf *out)
{
    cv_buf_str(out, m->info->vars[var].name);
    if (item)
        cv_buf_printf(out, "[%u]", item - 1);
}

/* ── what each task did last with each cell ─────────────────────────────────────────────────────── */
static struct access *access_of(struct cv_model *m, uint32_t var, uint32_t task, uint32_t item)
{
    struct var *v = &m->vars[var];
    if (v->last.cap == 0 || v->last.n * 2 > v->last.cap) { /* a table of a power of two, never more than half full */
        struct access *old = v->last.at;
        size_t old_cap = v->last.cap;
        v->last.cap = old_cap ? old_cap * 2 : 16;
        v->last.at = cv_alloc(v->last.cap * sizeof *v->last.at);
        for (size_t i = 0; i < v->last.cap; i++)
            v->last.at[i].task = CV_NO_TASK;
        v->last.n = 0;
        for (size_t i = 0; i < old_cap; i++)
            if (old[i].task != CV_NO_TASK)
                *access_of(m, var, old[i].task, old[i].item) = old[i];
        free(old);
    }
    uint64_t h = ((uint64_t)task << 32 | item) * 0x9e3779b97f4a7c15u;
    for (size_t i = h >> 32 & (v->last.cap - 1);; i = (i + 1) & (v->last.cap - 1)) {
        struct access *a = &v->last.at[i];
        if (a->task == task && a->item == item)
            return a;
        if (a->task == CV_NO_TASK) {
            *a = (struct access){.task = task, .item = item};
            v->last.n++;
            return a;
        }
    }
}

static const struct write *write_of(const struct copy *c, uint32_t item, uint64_t version)
{
    const writes_t *v = item ? (item <= c->items.n ? &c->items.at[item - 1] : NULL) : &c->writes;
    for (size_t i = v ? v->n : 0; i-- > 0;)
        if (cv_meta_version(v->at[i].cell.meta) == version)
            return &v->at[i];
        else if (cv_meta_version(v->at[i].cell.meta) < version)
            break;
    return NULL;
}

static void stale_read(struct cv_model *m, const struct cv_event *e, const struct copy *c, uint32_t item, const struct access *last)
{
    uint32_t writer = cv_meta_writer(e->b);
    const struct write *theirs = write_of(c, item, cv_meta_version(e->b)), *mine = write_of(c, item, last->version);
    struct clocks *reader = clocks_of(m, e->task);
    if (!reader || writer >= m->lanes.n || m->vars[e->obj].unordered_by_design || m->info->vars[e->obj].list)
        return;
    if (!theirs) /* its record is late or lost: without its epoch the order is not known */
        return;
    if (*entry(reader, writer) >= theirs->epoch && theirs->epoch)
        return; /* a lock, a queue or a join orders the two */
    struct cv_buf text = {0};
    cv_buf_printf(&text, "%s wrote ", cv_model_task_name(m, e->task));
    variable(m, e->obj, item, &text);
    if (mine) {
        cv_buf_str(&text, " = ");
        value(m, mine->cell.payload, mine->cell.meta, &text);
    }
    cv_buf_printf(&text, " at line %u and read back ", last->line);
    value(m, e->a, e->b, &text);
    cv_buf_printf(&text, " at line %u: %s had written it in between, at line %u.", e->line, cv_model_task_name(m, writer), theirs->line);
    finding_add(m, CV_FINDING_STALE_READ, e->t, e->task, e->line, &text);
}

static void lost_update(struct cv_model *m, const struct cv_event *e, const struct copy *c, uint32_t item)
{
    uint64_t over = cv_meta_version(e->d), base = e->e - 1;
    uint32_t by = cv_meta_writer(e->d);
    const struct write *lost = write_of(c, item, over);
    struct cv_buf text = {0};
    cv_buf_printf(&text, "%s wrote ", cv_model_task_name(m, e->task));
    variable(m, e->obj, item, &text);
    cv_buf_str(&text, " = ");
    value(m, e->a, e->b, &text);
    cv_buf_printf(&text, " at line %u from a value it had read before %s changed it", e->line, cv_model_task_name(m, by));
    if (lost) {
        cv_buf_str(&text, " to ");
        value(m, lost->cell.payload, lost->cell.meta, &text);
    }
    cv_buf_printf(&text, ": %llu update%s lost.", (unsigned long long)(over - base), over - base == 1 ? " is" : "s are");
    finding_add(m, CV_FINDING_LOST_UPDATE, e->t, e->task, e->line, &text);
}

void finding_access(struct cv_model *m, const struct cv_event *e, struct copy *c, uint32_t item)
{
    uint64_t version = cv_meta_version(e->b);
    if (e->kind == CV_EV_WRITE && e->e && !(e->flags & CV_F_ATOMIC) && e->e - 1 < cv_meta_version(e->d) && cv_meta_writer(e->d) != e->task)
        lost_update(m, e, c, item);
    struct access *a = access_of(m, e->obj, e->task, item);
    if (e->kind == CV_EV_READ && a->own_write && cv_meta_writer(e->b) != e->task && version > a->version &&
        !(e->flags & (CV_F_SPIN | CV_F_ATOMIC)))
        stale_read(m, e, c, item, a);
    a->own_write = e->kind == CV_EV_WRITE && !(e->flags & CV_F_ATOMIC);
    a->version = version;
    a->line = e->line;
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
static uint32_t unfinished_others(const struct cv_model *m, uint32_t task)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < m->lanes.n && n < 4; t++)
        n += t != task && m->lanes.at[t]->exists && !m->lanes.at[t]->over && !(t == 0 && m->info->implicit_main);
    return n;
}

void finding_turn(struct cv_model *m, uint64_t t, uint32_t task)
{
    uint64_t took = t - m->turn_began;
    if (took < (m->turn_blocked ? (uint64_t)BLOCKED_NS : (uint64_t)SLOW_TURN_NS) || !unfinished_others(m, task))
        return;
    struct cv_buf text = {0};
    cv_buf_printf(&text, "%s held the loop for %s (line %u) without an await: nobody else could run.", cv_model_task_name(m, task),
                  cv_duration_text(took, true), m->turn_line);
    finding_add(m, CV_FINDING_LOOP_BLOCKED, t, task, m->turn_line, &text);
}
