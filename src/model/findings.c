/* Findings: only what happened, told in a sentence. What each is stands in findings.def; here are those of a task alone, and
 * how a finding is kept. Lost updates and stale reads are decided on versions; time stamps only place them.
 *
 * A stale read is silent where the other's write happens before the read through sync edges. Without any edge into the
 * reader since its own write nothing can order the two; with one, the clocks decide; where that cannot be known (records
 * were lost, a step of a sync object is not there yet, the write was cut off) it stays silent. Which variables are watched the
 * run's info says; a record without that tells by its events, and then what had been said of one is taken back. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { SHOWN = 60, BLOCK_NS = 1000000, TURN_NS = 100000000 /* asyncio's slow_callback_duration */ };

static void count(struct cv_model *m, enum cv_finding_kind kind, uint32_t var)
{
    m->finding_count[kind]++;
    if (var)
        m->about[var - 1][kind]++;
}

bool findings_counted(struct cv_model *m, enum cv_finding_kind kind, uint32_t var)
{
    if (m->findings.n < MODEL_MAX_FINDINGS)
        return false;
    count(m, kind, var);
    return true;
}

void findings_add(struct cv_model *m, enum cv_finding_kind kind, uint32_t task, uint32_t line, uint64_t t, uint32_t var, struct cv_buf *text)
{
    if (findings_counted(m, kind, var)) {
        cv_buf_release(text);
        return;
    }
    count(m, kind, var);
    if (m->findings.n && t < m->findings.at[m->findings.n - 1].t)
        t = m->findings.at[m->findings.n - 1].t;
    struct cv_summary_finding f = {.kind = kind, .task = task, .line = line, .t = t, .task_name = task == CV_NO_TASK ? "" : model_name(m, task), .text = text->at};
    CV_PUSH(&m->findings, f);
    CV_PUSH(&m->finding_vars, var);
}

/* counter, or items[3] */
void findings_place(const struct cv_model *m, uint32_t var, uint64_t index, struct cv_buf *out)
{
    cv_text_clean(out, m->info->vars[var].name, strlen(m->info->vars[var].name));
    if (index != 0 && index != CV_WHOLE_LIST)
        cv_buf_printf(out, "[%llu]", (unsigned long long)index - 1);
}

void findings_value(const struct cv_model *m, struct cv_cell c, struct cv_buf *out) { vars_cell_text(m->shm, c, SHOWN, out); }

/* ── lost updates ───────────────────────────────────────────────────────────────────────────────── */
static void lost_update(struct cv_model *m, const struct var *v, const struct cv_event *e)
{
    if (findings_counted(m, CV_FINDING_LOST_UPDATE, 0))
        return;
    uint32_t other = cv_meta_writer(e->d), index = e->c == CV_WHOLE_LIST ? 0 : (uint32_t)e->c;
    const struct version *base = vars_version(v, index, e->e - 1), *over = vars_version(v, index, cv_meta_version(e->d));
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s wrote ", model_name(m, e->task));
    findings_place(m, e->obj, index, &b);
    cv_buf_str(&b, " = ");
    findings_value(m, (struct cv_cell){e->a, e->b}, &b);
    cv_buf_printf(&b, " at line %u from ", e->line);
    if (base) {
        cv_buf_str(&b, "the value ");
        findings_value(m, base->cell, &b);
    } else {
        cv_buf_str(&b, "the value");
    }
    cv_buf_printf(&b, " it had read before; %s had written ", model_name(m, other));
    if (over)
        findings_value(m, over->cell, &b);
    else
        cv_buf_str(&b, "another");
    cv_buf_str(&b, " in between, and that update is lost.");
    findings_add(m, CV_FINDING_LOST_UPDATE, e->task, e->line, e->t, 0, &b);
}

/* ── what a task wrote last, by (task, cell) ────────────────────────────────────────────────────── */
static uint64_t key_of(uint32_t task, uint32_t var, uint64_t index)
{
    return ((uint64_t)task << 40 | (uint64_t)(var & 0xffff) << 22 | (index & 0x3fffff)) + 1;
}

static struct own_write *slot_of(struct own_write *own, size_t cap, uint64_t key)
{
    uint64_t h = (key ^ key >> 32) * 0x9e3779b97f4a7c15u; /* the task stands in the high bits */
    size_t i = (size_t)(h >> 32) & (cap - 1);
    while (own[i].key && own[i].key != key)
        i = (i + 1) & (cap - 1);
    return &own[i];
}

static struct own_write *own_of(struct cv_model *m, uint64_t key, bool make)
{
    struct own_write *o = m->own_cap ? slot_of(m->own, m->own_cap, key) : NULL;
    if ((o && o->key) || !make || m->nown >= MODEL_MAX_OWN)
        return o && o->key ? o : NULL;
    if (m->nown * 2 >= m->own_cap) {
        size_t cap = m->own_cap ? m->own_cap * 2 : 64;
        struct own_write *more = cv_alloc(cap * sizeof *more);
        for (size_t i = 0; i < m->own_cap; i++)
            if (m->own[i].key)
                *slot_of(more, cap, m->own[i].key) = m->own[i];
        free(m->own);
        m->own = more;
        m->own_cap = cap;
    }
    o = slot_of(m->own, m->own_cap, key);
    o->key = key;
    m->nown++;
    return o;
}

/* ── stale reads ────────────────────────────────────────────────────────────────────────────────── */
static void flag(struct cv_model *m, uint32_t var)
{
    size_t kept = 0;
    if (m->flagged[var])
        return;
    m->flagged[var] = 1;
    for (int k = 0; k < CV_FINDING_COUNT; k++) {
        m->finding_count[k] -= m->about[var][k];
        m->about[var][k] = 0;
    }
    for (size_t i = 0; i < m->findings.n; i++) {
        if (m->finding_vars.at[i] == var + 1) {
            free((char *)(uintptr_t)m->findings.at[i].text);
            continue;
        }
        m->finding_vars.at[kept] = m->finding_vars.at[i];
        m->findings.at[kept++] = m->findings.at[i];
    }
    m->findings.n = m->finding_vars.n = kept;
}

static void note_own(struct cv_model *m, struct task *t, const struct cv_event *e, uint64_t index)
{
    struct own_write *o = own_of(m, key_of(e->task, e->obj, index), true);
    if (!o)
        return;
    o->version = cv_meta_version(e->b);
    o->cell = (struct cv_cell){e->a, e->b};
    o->line = e->line;
    o->acquires = t->acquires;
    o->doubts = m->doubts;
    o->used = false;
}

/* Is this atomic write a use of `atomic` or `cas`? A whole list is written as its elements, each marked atomic, then its
 * length: an element without a version it derives from is decided by the task's next event. */
static bool is_atomic_use(struct task *t, const struct cv_event *e)
{
    if (!(e->flags & CV_F_ATOMIC))
        return false;
    if (e->flags & CV_F_APPEND || e->c == 0 || e->c == CV_WHOLE_LIST || e->e != 0)
        return true;
    t->maybe_atomic = e->obj + 1;
    return false;
}

void findings_any(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    if (!t->maybe_atomic || e->kind == CV_EV_READY || e->kind == CV_EV_PASS)
        return;
    bool of_list = e->kind == CV_EV_WRITE && e->obj + 1u == t->maybe_atomic &&
                   (e->c == CV_WHOLE_LIST || (e->c != 0 && e->flags & CV_F_ATOMIC && !(e->flags & CV_F_APPEND) && e->e == 0));
    if (!of_list && t->maybe_atomic <= m->info->nvars)
        flag(m, t->maybe_atomic - 1);
    t->maybe_atomic = 0;
}

void findings_write(struct cv_model *m, struct task *t, const struct var *v, const struct cv_event *e)
{
    uint64_t index = e->c == CV_WHOLE_LIST ? 0 : e->c;
    if (!(e->flags & CV_F_ATOMIC) && e->e != 0 && e->e - 1 < cv_meta_version(e->d) && cv_meta_writer(e->d) != e->task &&
        cv_meta_writer(e->d) != CV_NO_TASK)
        lost_update(m, v, e);
    if (is_atomic_use(t, e))
        flag(m, e->obj);
    else if (!m->flagged[e->obj] && index <= MODEL_MAX_ITEMS)
        note_own(m, t, e, index);
}

static bool ordered(struct cv_model *m, struct task *t, const struct var *v, const struct own_write *o, uint64_t index, uint64_t meta)
{
    if (model_in_doubt(m, o->doubts))
        return true;
    if (t->acquires == o->acquires)
        return false;
    if (m->ntasks > MODEL_MAX_CLOCKS)
        return true;
    const struct version *x = vars_version(v, (uint32_t)index, cv_meta_version(meta));
    return !x || order_before(m, cv_meta_writer(meta), x->epoch, t);
}

void findings_read(struct cv_model *m, struct task *t, const struct var *v, const struct cv_event *e)
{
    uint64_t index = e->c == CV_WHOLE_LIST ? 0 : e->c;
    uint32_t writer = cv_meta_writer(e->b);
    if (e->flags & (CV_F_SPIN | CV_F_ATOMIC))
        flag(m, e->obj);
    if (m->flagged[e->obj] || index > MODEL_MAX_ITEMS)
        return;
    struct own_write *o = own_of(m, key_of(e->task, e->obj, index), false);
    if (!o || o->used)
        return;
    o->used = true;
    if (writer == e->task || writer == CV_NO_TASK || cv_meta_version(e->b) <= o->version || ordered(m, t, v, o, index, e->b) ||
        findings_counted(m, CV_FINDING_STALE_READ, e->obj + 1u))
        return;
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s read ", model_name(m, e->task));
    findings_place(m, e->obj, index, &b);
    cv_buf_str(&b, " = ");
    findings_value(m, (struct cv_cell){e->a, e->b}, &b);
    cv_buf_printf(&b, " at line %u, but had written ", e->line);
    findings_value(m, o->cell, &b);
    cv_buf_printf(&b, " at line %u; %s wrote it in between.", o->line, model_name(m, writer));
    findings_add(m, CV_FINDING_STALE_READ, e->task, e->line, e->t, e->obj + 1u, &b);
}

/* ── loop blocked ───────────────────────────────────────────────────────────────────────────────── */
/* Unfinished tasks but this one, and but a main task that only waits for others to end. */
static uint32_t others(const struct cv_model *m, uint32_t task)
{
    const struct task *main_task = model_task(m, 0), *self = model_task(m, task);
    uint32_t n = m->alive;
    bool joins = main_task && main_task->phase == PHASE_WAIT && main_task->cause % CV_REASON_COUNT == CV_REASON_JOIN &&
                 main_task->cause < CV_CAUSE_OTHERS + 1;
    if (self && self->phase != PHASE_END && self->phase != PHASE_NONE)
        n--;
    if (task != 0 && main_task && main_task->phase != PHASE_END && main_task->phase != PHASE_NONE && (m->info->implicit_main || joins))
        n--;
    return n;
}

uint64_t findings_awake(const struct cv_model *m, uint64_t from, uint64_t to)
{
    uint64_t sum[2] = {0, 0}, at[2] = {from, to};
    for (int i = 0; i < 2; i++) {
        const struct overlay *o = overlays_at(&m->overlays, at[i]);
        if (o)
            sum[i] = o->sum[OVER_STOPPED] + (o->kind == OVER_STOPPED ? at[i] - o->t : 0);
    }
    return to - from - (sum[1] - sum[0]);
}

static void blocked(struct cv_model *m, uint32_t task, uint64_t from, uint64_t to, uint32_t line, const char *how)
{
    uint32_t n = others(m, task);
    struct cv_buf b = {0};
    cv_buf_printf(&b, "%s %s for %s", model_name(m, task), how, cv_duration_text(findings_awake(m, from, to), false));
    if (line) /* no line says it: it is the main task, which starts the others */
        cv_buf_printf(&b, " at line %u", line);
    cv_buf_printf(&b, " without await: the loop was held, and %u other %s could not run.", n, n == 1 ? "task" : "tasks");
    findings_add(m, CV_FINDING_LOOP_BLOCKED, task, line, to, 0, &b);
}

void findings_block(struct cv_model *m, uint32_t task, uint64_t from, uint64_t to)
{
    const struct task *t = model_task(m, task);
    char how[64];
    if (!t || to < from || findings_awake(m, from, to) < BLOCK_NS || others(m, task) == 0)
        return;
    snprintf(how, sizeof how, "waited (%s)", t->cause < CV_CAUSE_COUNT ? cv_cause_name[t->cause] : "block");
    blocked(m, task, from, to, lanes_line(t, from), how);
}

void findings_turn(struct cv_model *m, uint32_t task, uint64_t to)
{
    const struct task *t = model_task(m, task);
    if (!t || t->phase != PHASE_RUN || to < t->turn || findings_awake(m, t->turn, to) < TURN_NS || others(m, task) == 0)
        return;
    uint64_t last = t->cpu_line ? t->cpu_line : lanes_line(t, t->turn);
    blocked(m, task, t->turn, to, (uint32_t)last, "computed");
}

/* ── told by the parent ─────────────────────────────────────────────────────────────────────────── */
void findings_told(struct cv_model *m, const struct cv_event *e)
{
    struct cv_buf b = {0};
    if (e->obj >= CV_FINDING_COUNT)
        return;
    cv_buf_str(&b, model_clean(m, (uint32_t)e->a));
    findings_add(m, (enum cv_finding_kind)e->obj, e->task, e->line, e->t, 0, &b);
}

void findings_free(struct cv_model *m)
{
    for (size_t i = 0; i < m->findings.n; i++)
        free((char *)(uintptr_t)m->findings.at[i].text);
    free(m->findings.at);
    free(m->finding_vars.at);
    free(m->own);
}
