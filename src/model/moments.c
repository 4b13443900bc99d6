/* Moments: the instants at which something happened that one may want to look at, found in the sorted arrays that are there
 * for other questions. "Later" and "earlier" are strict: who goes from moment to moment never stands still. */
#include "model/model.h"

const char *const cv_moment_name[CV_MOMENT_KINDS] = {
    [CV_MOMENT_SWITCH] = "switch", [CV_MOMENT_WRITE] = "shared write", [CV_MOMENT_FINDING] = "finding", [CV_MOMENT_MARK] = "mark", [CV_MOMENT_OUTPUT] = "output line",
    [CV_MOMENT_NOTE] = "note"};

/* Of n entries sorted by time, so many are not later than t. */
static size_t until(uint64_t t, size_t n, uint64_t (*time_of)(const void *of, size_t i), const void *of)
{
    return CV_PARTITION_POINT(n, i, time_of(of, i) <= t);
}

/* Index of the first later than t, or the last earlier; SIZE_MAX: none. */
static size_t beside(uint64_t t, int direction, size_t n, uint64_t (*time_of)(const void *of, size_t i), const void *of)
{
    size_t i = direction > 0 ? until(t, n, time_of, of) : t ? until(t - 1, n, time_of, of) : 0;
    if (direction > 0)
        return i < n ? i : SIZE_MAX;
    return i ? i - 1 : SIZE_MAX;
}

static uint64_t version_time(const void *of, size_t i) { return ((const struct versions *)of)->v.at[i].t; }
static uint64_t mark_time(const void *of, size_t i) { return ((const struct cv_model *)of)->marks.at[i].t; }
static uint64_t output_time(const void *of, size_t i) { return ((const struct cv_model *)of)->output.at[i].t; }
static uint64_t finding_time(const void *of, size_t i) { return ((const struct cv_model *)of)->findings.at[i].t; }

/* ── writes: of each copy of each variable the nearest ──────────────────────────────────────────── */
static bool nearer(uint64_t t, uint64_t best, int direction) { return best == UINT64_MAX || (direction > 0 ? t < best : t > best); }

static void look_at_versions(const struct versions *s, uint32_t var, uint64_t t, int direction, struct cv_moment *out)
{
    size_t i = beside(t, direction, s->v.n, version_time, s);
    if (i == SIZE_MAX || !nearer(s->v.at[i].t, out->t, direction))
        return;
    out->t = s->v.at[i].t;
    out->task = cv_meta_writer(s->v.at[i].cell.meta);
    out->line = s->v.at[i].line;
    out->var = var;
}

static void look_at_copy(const struct var *v, uint32_t var, uint64_t t, int direction, struct cv_moment *out)
{
    if (!v)
        return;
    look_at_versions(&v->head, var, t, direction, out);
    for (uint32_t i = 0; i < v->nitems; i++)
        look_at_versions(&v->items[i], var, t, direction, out);
}

bool cv_model_next_write(const struct cv_model *m, uint32_t var, uint64_t t, int direction, struct cv_moment *out)
{
    *out = (struct cv_moment){.t = UINT64_MAX, .task = CV_NO_TASK, .text = ""};
    if (var >= m->info->nvars)
        return false;
    look_at_copy(&m->vars[var], var, t, direction, out);
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i] && m->tasks[i]->vars)
            look_at_copy(m->tasks[i]->vars[var], var, t, direction, out);
    return out->t != UINT64_MAX;
}

static void read_beside(const struct var *v, uint64_t t, int direction, struct cv_access *out)
{
    /* the first later than t, or not earlier than it */
    size_t low = CV_PARTITION_POINT(v ? v->reads.n : 0, i, direction > 0 ? v->reads.at[i].t <= t : v->reads.at[i].t < t);
    size_t i = direction > 0 ? low : low - 1; /* low = 0: past any */
    if (v && i < v->reads.n && nearer(v->reads.at[i].t, out->t, direction))
        *out = (struct cv_access){v->reads.at[i].t, v->reads.at[i].task, false};
}

bool cv_model_access(const struct cv_model *m, uint32_t var, uint64_t t, int direction, struct cv_access *out)
{
    struct cv_moment write;
    *out = (struct cv_access){UINT64_MAX, CV_NO_TASK, false};
    if (var >= m->info->nvars)
        return false;
    if (cv_model_next_write(m, var, t, direction, &write))
        *out = (struct cv_access){write.t, write.task, true};
    read_beside(&m->vars[var], t, direction, out);
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i] && m->tasks[i]->vars)
            read_beside(m->tasks[i]->vars[var], t, direction, out);
    return out->t != UINT64_MAX;
}

static bool any_write(const struct cv_model *m, uint64_t t, int direction, struct cv_moment *out)
{
    struct cv_moment one, best = {.t = UINT64_MAX};
    for (uint32_t var = 0; var < m->info->nvars; var++)
        if (cv_model_next_write(m, var, t, direction, &one) && nearer(one.t, best.t, direction))
            best = one;
    *out = best;
    return best.t != UINT64_MAX;
}

/* ── all of them ────────────────────────────────────────────────────────────────────────────────── */
static bool any_switch(const struct cv_model *m, uint64_t t, int direction, struct cv_moment *out)
{
    const struct series *s = &m->switches;
    if (direction < 0 && t == 0)
        return false;
    size_t i = series_find(s, direction > 0 ? t : t - 1);
    if (direction > 0)
        i = i == SIZE_MAX ? s->dropped : i + 1;
    if (i >= s->n) /* SIZE_MAX too */
        return false;
    struct slice x = series_at(s, i);
    const struct task *task = model_task(m, x.object);
    *out = (struct cv_moment){.t = x.t, .task = x.object, .line = task ? lanes_line(task, x.t) : 0, .text = cv_cause_name[x.sw]};
    return true;
}

static bool any_note(const struct cv_model *m, uint64_t t, int direction, struct cv_moment *out)
{
    *out = (struct cv_moment){.t = UINT64_MAX};
    for (uint32_t i = 0; i < m->info->nnotes; i++) {
        struct cv_note_at at = cv_model_note(m, i);
        if (at.t != UINT64_MAX && (direction > 0 ? at.t > t : at.t < t) && nearer(at.t, out->t, direction))
            *out = (struct cv_moment){.t = at.t, .task = at.task, .line = at.line, .text = ""}; /* it is told in its own place */
    }
    return out->t != UINT64_MAX;
}

bool cv_model_moment(const struct cv_model *m, enum cv_moment_kind kind, uint64_t t, int direction, struct cv_moment *out)
{
    size_t i = SIZE_MAX;
    switch (kind) {
    case CV_MOMENT_SWITCH: return any_switch(m, t, direction, out);
    case CV_MOMENT_WRITE: return any_write(m, t, direction, out);
    case CV_MOMENT_NOTE: return any_note(m, t, direction, out);
    case CV_MOMENT_FINDING:
        i = beside(t, direction, m->findings.n, finding_time, m);
        if (i != SIZE_MAX)
            *out = (struct cv_moment){.t = m->findings.at[i].t, .task = m->findings.at[i].task, .line = m->findings.at[i].line, .text = m->findings.at[i].text};
        break;
    case CV_MOMENT_MARK:
        i = beside(t, direction, m->marks.n, mark_time, m);
        if (i != SIZE_MAX) {
            struct cv_mark k = cv_model_mark(m, (uint32_t)i);
            *out = (struct cv_moment){.t = k.t, .task = k.task, .line = k.line, .text = k.name};
        }
        break;
    case CV_MOMENT_OUTPUT:
        i = beside(t, direction, m->output.n, output_time, m);
        if (i != SIZE_MAX) {
            struct cv_line_out o = cv_model_output(m, (uint32_t)i);
            *out = (struct cv_moment){.t = o.t, .task = o.task, .line = o.line, .text = o.text};
        }
        break;
    default: break;
    }
    return i != SIZE_MAX;
}

uint64_t cv_model_nswitches(const struct cv_model *m, uint64_t t)
{
    size_t i = series_find(&m->switches, t);
    return i == SIZE_MAX ? m->switches.dropped : i + 1;
}
