/* Stale guards: what a condition read, and has been overwritten by another before what hangs on the condition writes.
 *
 * Which lines hang on which condition the run's info says. The reads at a condition's line are kept for the task until it
 * evaluates that condition anew; so there is one evaluation of each, the last. Whose version follows the one read is decided on
 * versions; that it was there before a write of another cell, by time: under real threads it must be older than the event before
 * the write, since a stamp comes after what it stamps. */
#include <string.h>

#include "model/model.h"

static const struct cv_info_guard *guard_at(const struct cv_model *m, uint32_t line)
{
    uint32_t low = CV_PARTITION_POINT(m->info->nguards, i, m->info->guards[i].line < line);
    return low < m->info->nguards && m->info->guards[low].line == line ? &m->info->guards[low] : NULL;
}

static bool hangs_on(const struct cv_model *m, uint32_t line, const struct guard *g)
{
    const struct cv_info_guard *at = guard_at(m, g->line);
    return at && line >= at->from && line <= at->to;
}

static bool same_cell(const struct guard *g, const struct var *v, uint32_t index) { return g->var == v && g->index == index; }

static void drop(struct task *t, size_t i)
{
    t->guards.n--;
    memmove(&t->guards.at[i], &t->guards.at[i + 1], (t->guards.n - i) * sizeof *t->guards.at);
}

static void note(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e, uint32_t index)
{
    enum { MOST = 64 };
    bool anew = t->line != e->line;
    for (size_t i = 0; i < t->guards.n && !anew; i++)
        anew = t->guards.at[i].line == e->line && same_cell(&t->guards.at[i], v, index);
    for (size_t i = t->guards.n; anew && i-- > 0;)
        if (t->guards.at[i].line == e->line)
            drop(t, i);
    if (t->guards.n >= MOST)
        drop(t, 0);
    struct guard g = {.var = v, .number = e->obj, .index = index, .line = e->line, .version = cv_meta_version(e->b), .cell = {e->a, e->b}};
    CV_PUSH(&t->guards, g);
    (void)m;
}

/* The write of another that followed what the condition read, if it had surely happened when the task wrote. */
static const struct version *overwritten(const struct cv_model *m, const struct task *t, const struct guard *g, const struct cv_event *e)
{
    bool exact = m->info->stepped || (m->info->model == CV_ASYNC && !m->workers);
    const struct version *x = vars_version(g->var, g->index, g->version + 1);
    return x && cv_meta_writer(x->cell.meta) != e->task && x->t <= (exact ? e->t : t->last) ? x : NULL;
}

static void tell(struct cv_model *m, const struct guard *g, const struct cv_event *e, uint32_t other, const struct cv_cell *cell)
{
    struct cv_buf b = {0};
    if (findings_counted(m, CV_FINDING_STALE_GUARD, g->number + 1))
        return;
    cv_buf_printf(&b, "%s wrote ", model_name(m, e->task));
    findings_place(m, e->obj, e->c, &b);
    cv_buf_str(&b, " = ");
    findings_value(m, (struct cv_cell){e->a, e->b}, &b);
    cv_buf_printf(&b, " at line %u because of what it had read at line %u: ", e->line, g->line);
    findings_place(m, g->number, g->index, &b);
    cv_buf_str(&b, " = ");
    findings_value(m, g->cell, &b);
    cv_buf_printf(&b, "; %s had written ", model_name(m, other));
    if (cell)
        findings_value(m, *cell, &b);
    else
        cv_buf_str(&b, "it");
    cv_buf_str(&b, " in between.");
    findings_add(m, CV_FINDING_STALE_GUARD, e->task, e->line, e->t, g->number + 1, &b);
}

/* Of the conditions that read this cell, is there a nearer one? */
static bool nearer(const struct cv_model *m, const struct task *t, size_t i, uint32_t line)
{
    const struct guard *g = &t->guards.at[i];
    for (size_t k = 0; k < t->guards.n; k++)
        if (t->guards.at[k].line > g->line && same_cell(&t->guards.at[k], g->var, g->index) && hangs_on(m, line, &t->guards.at[k]))
            return true;
    return false;
}

static void check(struct cv_model *m, struct task *t, const struct var *v, const struct cv_event *e, uint32_t index)
{
    for (size_t i = t->guards.n; i-- > 0;) {
        struct guard g = t->guards.at[i];
        bool itself = same_cell(&g, v, index), told = false;
        if (!hangs_on(m, e->line, &g) || nearer(m, t, i, e->line)) {
            ;
        } else if (itself && cv_meta_version(e->d) > g.version) { /* it stood at a later one as the task wrote: whoever wrote that */
            const struct version *x = vars_version(g.var, g.index, cv_meta_version(e->d));
            if (cv_meta_writer(e->d) != e->task && cv_meta_writer(e->d) != CV_NO_TASK)
                tell(m, &g, e, cv_meta_writer(e->d), x ? &x->cell : NULL), told = true;
        } else if (!itself) {
            const struct version *x = overwritten(m, t, &g, e);
            if (x)
                tell(m, &g, e, cv_meta_writer(x->cell.meta), &x->cell), told = true;
        }
        if (told)
            drop(t, i); /* once for each evaluation */
    }
    for (size_t i = t->guards.n; i-- > 0;)
        if (same_cell(&t->guards.at[i], v, index)) /* what it writes itself it knows */
            drop(t, i);
}

void guards_fold(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e)
{
    uint32_t index = e->c == CV_WHOLE_LIST ? 0 : e->c <= MODEL_MAX_ITEMS ? (uint32_t)e->c : UINT32_MAX;
    if (!m->info->nguards || index == UINT32_MAX)
        return;
    if (e->kind == CV_EV_WRITE) {
        if (t->guards.n && !m->lost_own)
            check(m, t, v, e, index);
        return;
    }
    if (!m->flagged[e->obj] && !(e->flags & (CV_F_ATOMIC | CV_F_SPIN)) && guard_at(m, e->line))
        note(m, t, v, e, index);
}
