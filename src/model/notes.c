/* Notes: the marks that tasks reached, the first preemption, and where each note of the lecture belongs in the record. A note
 * stands at the first time that what it speaks of happened; marks beyond a bound are not kept, so the first ones are. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

void notes_free(struct cv_model *m)
{
    free(m->marks.at);
    free(m->noted);
}

static void preempted(struct cv_model *m, uint64_t t, uint32_t task, uint32_t line)
{
    if (m->preempted.t == UINT64_MAX)
        m->preempted = (struct cv_note_at){t, task, line};
}

/* The kernel took a core away from t. */
void notes_preempted(struct cv_model *m, const struct task *t, uint64_t at)
{
    for (uint32_t i = 0; m->preempted.t == UINT64_MAX && i < m->ntasks; i++)
        if (m->tasks[i] == t && !model_hidden(m, t))
            preempted(m, at, i, t->line);
}

static bool same(const char *text, const char *clean)
{
    struct cv_buf b = {0};
    cv_text_clean(&b, text, strlen(text));
    bool equal = b.at && !strcmp(b.at, clean);
    cv_buf_release(&b);
    return equal;
}

/* Is it the first that a note waits for? */
static void match(struct cv_model *m, const struct cv_event *e)
{
    const char *name = model_clean(m, (uint32_t)e->a);
    const struct task *t = model_task(m, e->task);
    if (!m->noted)
        m->noted = cv_alloc((m->info->nnotes + 1) * sizeof *m->noted);
    for (uint32_t i = 0; i < m->info->nnotes; i++) {
        const struct cv_info_note *n = &m->info->notes[i];
        if (n->event != CV_AT_MARK || m->noted[i].task || strcmp(n->mark, name))
            continue;
        if (same(n->task, model_name(m, e->task)) || (t && t->body_name && same(n->task, t->body_name)))
            m->noted[i] = (struct noted){e->t, 1 + e->task, e->line};
    }
}

void notes_fold(struct cv_model *m, const struct cv_event *e)
{
    struct mark mark = {.t = e->t, .task = e->task, .line = e->line, .name = (uint32_t)e->a};
    if (e->kind == CV_EV_CPU) {
        m->cpu_asked += e->a;
    } else if (e->kind == CV_EV_WAIT && e->obj == CV_CAUSE_GIL && e->a >= CV_NO_TASK) { /* it had the lock and was made to give it up */
        preempted(m, e->t, e->task, e->line);
    } else if (e->kind == CV_EV_MARK) {
        match(m, e);
        if (m->marks.n < MODEL_MAX_MARKS)
            CV_PUSH(&m->marks, mark);
    }
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_nmarks(const struct cv_model *m, uint64_t t)
{
    return (uint32_t)CV_PARTITION_POINT(m->marks.n, i, m->marks.at[i].t <= t);
}

struct cv_mark cv_model_mark(const struct cv_model *m, uint32_t i)
{
    if (i >= m->marks.n)
        return (struct cv_mark){.t = UINT64_MAX, .task = CV_NO_TASK, .name = ""};
    const struct mark *k = &m->marks.at[i];
    const char *name = k->name < m->clean.n && m->clean.at[k->name] ? m->clean.at[k->name] : "";
    return (struct cv_mark){.t = k->t, .task = k->task, .line = k->line, .name = name};
}

static struct cv_note_at at_finding(const struct cv_model *m, enum cv_finding_kind kind)
{
    for (size_t i = 0; i < m->findings.n; i++)
        if (m->findings.at[i].kind == kind)
            return (struct cv_note_at){m->findings.at[i].t, m->findings.at[i].task, m->findings.at[i].line};
    return (struct cv_note_at){UINT64_MAX, CV_NO_TASK, 0};
}

struct cv_note_at cv_model_note(const struct cv_model *m, uint32_t note)
{
    struct cv_note_at at = {UINT64_MAX, CV_NO_TASK, 0};
    if (note >= m->info->nnotes)
        return at;
    const struct cv_info_note *n = &m->info->notes[note];
    if (n->event >= CV_AT_FINDING)
        return at_finding(m, (enum cv_finding_kind)(n->event - CV_AT_FINDING));
    switch (n->event) {
    case CV_AT_START: at.t = 0; break;
    case CV_AT_END: at.t = m->over ? cv_model_end(m) : UINT64_MAX; break;
    case CV_AT_TIME: at.t = n->at_ns <= cv_model_end(m) ? n->at_ns : UINT64_MAX; break;
    case CV_AT_MARK:
        if (m->noted && m->noted[note].task)
            at = (struct cv_note_at){m->noted[note].t, m->noted[note].task - 1, m->noted[note].line};
        break;
    case CV_AT_PREEMPTION: return m->preempted;
    case CV_AT_FINDING: break;
    }
    return at;
}
