/* The history is bounded, and the oldest goes first: whatever ended by one instant is forgotten, in every lane, core, variable and
 * lock alike. Sums and counters stay exact; what was cut off is not known any more, and said to be so. */
#include <string.h>

#include "model/model.h"

static size_t cut_lines(struct task *t, uint64_t until)
{
    size_t n = 0;
    while (n + 1 < t->lines.n && t->lines.at[n + 1] >> 16 <= until)
        n++;
    if (n < 64)
        return 0;
    t->lines.n -= n;
    memmove(t->lines.at, t->lines.at + n, t->lines.n * sizeof *t->lines.at);
    return n * sizeof *t->lines.at;
}

static void cut(struct cv_model *m, struct series *s, const struct overlays *over, uint64_t until)
{
    size_t before = s->bytes;
    series_cut(s, over, until);
    m->lane_bytes -= before - s->bytes;
    if (s->dropped && series_begin(s) > m->begin)
        m->begin = series_begin(s);
}

static void cut_lane(struct cv_model *m, struct task *t, uint64_t until)
{
    uint64_t from = series_begin(&t->lane), ns[CV_ST_COUNT] = {0}, left[CV_ST_COUNT] = {0};
    if (from == UINT64_MAX)
        return;
    series_shares(&t->lane, &m->overlays, from, m->folded, ns);
    cut(m, &t->lane, &m->overlays, until);
    series_shares(&t->lane, &m->overlays, from, m->folded, left);
    t->ran_before += ns[CV_ST_RUNNING] - left[CV_ST_RUNNING];
}

/* Cuts off what ended by `until`, everywhere. */
static void forget(struct cv_model *m, uint64_t until)
{
    size_t freed = 0;
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i]) {
            cut_lane(m, m->tasks[i], until);
            freed += cut_lines(m->tasks[i], until) + thread_cut(m->tasks[i], until);
        }
    cut(m, &m->loop, &m->overlays, until);
    cut(m, &m->onloop, &m->overlays, until);
    cut(m, &m->switches, NULL, until);
    for (uint32_t i = 0; i < m->ncores; i++)
        cut(m, &m->cores[i].who, NULL, until);
    crowd_cut(m, until);
    standing_cut(m, until);
    for (uint32_t i = 0; i < m->nlines; i++)
        freed += instants_cut(&m->lines[i], until);
    freed += vars_cut(m, until) + syncs_cut(m, until) + cores_cut(m, until) + causes_cut(m, until) + steps_cut(m, until);
    m->bytes -= freed < m->bytes ? freed : m->bytes;
}

/* Vectors double as they grow, so what they hold is counted twice; stretches are counted as they are. */
static size_t held(const struct cv_model *m) { return m->lane_bytes + 2 * (m->bytes + m->overlays.at.n * sizeof *m->overlays.at.at); }

/* The oldest goes, everywhere up to one instant, until an eighth of the allowance is free. What is left where that is not to be had
 * (each lane keeps its last slice) may grow by an eighth before it is tried again. */
void history_trim(struct cv_model *m)
{
    size_t allowed = m->trim_above > m->history ? m->trim_above : m->history;
    if (held(m) <= allowed)
        return;
    while (held(m) > m->history / 8 * 7 && m->forgotten < m->folded) {
        uint64_t step = (m->folded - m->forgotten) / 16;
        m->forgotten += step ? step : 1;
        forget(m, m->forgotten);
    }
    m->trim_above = held(m) / 8 * 9;
}

uint64_t cv_model_begin(const struct cv_model *m) { return m->begin; }
