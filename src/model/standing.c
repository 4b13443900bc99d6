/* Where the tasks stand in the source: of many, the changes of line are kept in the order of time, and now and then how many stood at each
 * line; so the lines of an instant are a search and a walk. Of few, the tasks are asked one by one. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { STANDING_FROM = 1000, STANDING_STEPS = 1024 };
struct step { uint32_t after; uint16_t from, to; };
struct standing_stretch { uint64_t t; uint32_t n, nlines, *counts; struct step steps[STANDING_STEPS]; }; /* counts: before its first step */

static void step(struct cv_model *m, uint64_t t, uint16_t from, uint16_t to)
{
    struct standing *w = m->standing;
    struct standing_stretch *s = w->stretches.n ? w->stretches.at[w->stretches.n - 1] : NULL;
    if (s && t < s->t + s->steps[s->n - 1].after)
        t = s->t + s->steps[s->n - 1].after;
    while (w->now.n <= (from > to ? from : to))
        CV_PUSH(&w->now, 0);
    if (!s || s->n == STANDING_STEPS || t - s->t > UINT32_MAX) {
        s = cv_alloc(sizeof *s);
        s->t = t;
        s->nlines = (uint32_t)w->now.n;
        s->counts = cv_alloc(s->nlines * sizeof *s->counts);
        memcpy(s->counts, w->now.at, s->nlines * sizeof *s->counts);
        CV_PUSH(&w->stretches, s);
        m->lane_bytes += sizeof *s + s->nlines * sizeof *s->counts;
    }
    s->steps[s->n++] = (struct step){(uint32_t)(t - s->t), from, to};
    w->now.at[from] -= from != 0;
    w->now.at[to] += to != 0;
}

/* ── from few to many ───────────────────────────────────────────────────────────────────────────── */
struct past { uint64_t t; size_t i; uint16_t from, to; };

static int by_time(const void *a, const void *b)
{
    const struct past *x = a, *y = b;
    return x->t != y->t ? (x->t < y->t ? -1 : 1) : x->i < y->i ? -1 : 1;
}

static void begin(struct cv_model *m)
{
    CV_VEC(struct past) all = {0};
    m->standing = cv_alloc(sizeof *m->standing);
    for (uint32_t k = 0; k < m->ntasks; k++) {
        const struct task *t = m->tasks[k];
        uint16_t before = 0;
        if (!t || model_hidden(m, t))
            continue;
        for (size_t i = 0; i < t->lines.n; i++) {
            struct past p = {t->lines.at[i] >> 16, all.n, before, (uint16_t)t->lines.at[i]};
            before = p.to;
            CV_PUSH(&all, p);
        }
        if (t->phase == PHASE_END && t->end == CV_END_DONE && before)
            CV_PUSH(&all, ((struct past){t->lane.last.t, all.n, before, 0}));
    }
    if (all.n)
        qsort(all.at, all.n, sizeof *all.at, by_time);
    for (size_t i = 0; i < all.n; i++)
        step(m, all.at[i].t, all.at[i].from, all.at[i].to);
    free(all.at);
}

/* The task stands at another line from t on; to 0: it is done. Told before the task itself is changed. */
void standing_moved(struct cv_model *m, const struct task *t, uint64_t at, uint32_t to)
{
    if (!m->standing && m->ntasks > STANDING_FROM)
        begin(m);
    if (m->standing && !model_hidden(m, t) && t->line != to && t->line <= UINT16_MAX && to <= UINT16_MAX)
        step(m, at, (uint16_t)t->line, (uint16_t)to);
}

void standing_cut(struct cv_model *m, uint64_t t)
{
    struct standing *w = m->standing;
    size_t n = 0;
    for (; w && n + 1 < w->stretches.n && w->stretches.at[n + 1]->t <= t; n++) {
        struct standing_stretch *s = w->stretches.at[n];
        m->lane_bytes -= sizeof *s + s->nlines * sizeof *s->counts;
        free(s->counts);
        free(s);
    }
    if (!n)
        return;
    w->stretches.n -= n;
    memmove(w->stretches.at, w->stretches.at + n, w->stretches.n * sizeof *w->stretches.at);
}

void standing_free(struct cv_model *m)
{
    struct standing *w = m->standing;
    for (size_t i = 0; w && i < w->stretches.n; i++) {
        free(w->stretches.at[i]->counts);
        free(w->stretches.at[i]);
    }
    if (w) {
        free(w->stretches.at);
        free(w->now.at);
    }
    free(w);
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
static void one_by_one(const struct cv_model *m, uint64_t t, uint32_t nlines, uint32_t *counts)
{
    for (uint32_t k = 0; k < m->ntasks; k++) {
        const struct task *task = m->tasks[k];
        uint32_t line = task && !model_hidden(m, task) ? lanes_line(task, t) : 0;
        if (line == 0 || line >= nlines)
            continue;
        enum cv_state state = model_state(m, k, t);
        counts[line] += state != CV_ST_NONE && state != CV_ST_DONE && state != CV_ST_LOST;
    }
}

void cv_model_lines_at(const struct cv_model *m, uint64_t t, uint32_t nlines, uint32_t *counts)
{
    const struct standing *w = m->standing;
    if (!w) {
        one_by_one(m, t, nlines, counts);
        return;
    }
    size_t low = CV_PARTITION_POINT(w->stretches.n, i, w->stretches.at[i]->t <= t);
    if (!low)
        return;
    const struct standing_stretch *s = w->stretches.at[low - 1];
    for (uint32_t i = 1; i < nlines && i < s->nlines; i++)
        counts[i] += s->counts[i];
    for (uint32_t i = 0; i < s->n && s->t + s->steps[i].after <= t; i++) {
        const struct step *x = &s->steps[i];
        if (x->from && x->from < nlines)
            counts[x->from]--;
        if (x->to && x->to < nlines)
            counts[x->to]++;
    }
}

uint32_t cv_model_first_failed(const struct cv_model *m, uint64_t t) { return m->failed_any && m->failed_at <= t ? m->failed_first : CV_NO_TASK; }
