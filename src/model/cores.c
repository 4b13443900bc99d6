/* Cores: how busy the system had each (samples of /proc/stat), and which task of the run was on it (the kernel's switches).
 * Where the kernel's switches are not to be had, the run's share is not known and said to be so. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static struct core *core_of(struct cv_model *m, uint32_t n)
{
    if (n >= MODEL_MAX_CORES)
        return NULL;
    if (n >= m->ncores) {
        m->cores = cv_realloc(m->cores, (n + 1) * sizeof *m->cores);
        memset(m->cores + m->ncores, 0, (n + 1 - m->ncores) * sizeof *m->cores);
        m->ncores = n + 1;
    }
    return &m->cores[n];
}

static void sample(struct core *c, const struct cv_event *e)
{
    uint64_t ns = (e->a & 0xffffffffu) * 1000;
    const struct core_sample *last = c->load.n ? &c->load.at[c->load.n - 1] : NULL;
    struct core_sample s = {.from = ns < e->t ? e->t - ns : 0, .to = e->t, .busy = (double)(e->a >> 32) / 1000};
    s.busy = s.busy > 1 ? 1 : s.busy;
    if (last && s.from < last->to)
        s.from = last->to;
    if (e->b == 0 || s.from >= s.to)
        return;
    double length = (double)(s.to - s.from);
    s.sum = (last ? last->sum : 0) + s.busy * length;
    s.covered = (last ? last->covered : 0) + length;
    CV_PUSH(&c->load, s);
}

void cores_fold(struct cv_model *m, const struct cv_event *e)
{
    struct core *c;
    if (e->kind == CV_EV_USAGE) {
        uint32_t n = (uint32_t)(e->b >> 32);
        if (n < 256)
            m->cores_seen[n / 64] |= (uint64_t)1 << (n % 64);
        core_of(m, n);
        return;
    }
    if (!(c = core_of(m, e->obj)))
        return;
    if (e->kind == CV_EV_CORE) {
        size_t n = c->load.n;
        sample(c, e);
        if ((e->b == 0) == (c->gone.n % 2 == 0)) /* it went, or came back */
            CV_PUSH(&c->gone, e->t);
        m->bytes += (c->load.n - n) * sizeof(struct core_sample);
        return;
    }
    bool in = e->kind == CV_EV_SWITCH_IN;
    const struct slice *last = c->who.n ? &c->who.last : NULL;
    m->core_switches = c->seen = true;
    if (e->obj < 256)
        m->cores_seen[e->obj / 64] |= (uint64_t)1 << (e->obj % 64);
    if (!in && last && last->state == CV_ST_RUNNING && last->object != e->task)
        return; /* another came in already: its own event stands */
    size_t before = c->who.bytes;
    c->who.names = true;
    series_push(&c->who, (struct slice){.t = e->t, .state = in ? CV_ST_RUNNING : CV_ST_NONE, .cause = CV_CAUSE_COUNT, .sw = CV_CAUSE_COUNT,
                                        .object = in ? e->task : CV_NO_TASK}, NULL);
    m->lane_bytes += c->who.bytes - before;
}

uint32_t cv_model_ncores(const struct cv_model *m) { return m->ncores; }

/* The first sample that ends after t; load.n: none. */
static size_t sample_after(const struct core *c, uint64_t t)
{
    return CV_PARTITION_POINT(c->load.n, i, c->load.at[i].to <= t);
}

static void load_until(const struct core *c, uint64_t t, double *sum, double *covered)
{
    size_t i = sample_after(c, t);
    const struct core_sample *first = c->load.at;
    *sum = *covered = 0;
    if (i) {
        *sum = c->load.at[i - 1].sum;
        *covered = c->load.at[i - 1].covered;
    } else if (c->load.n) { /* what was cut off before it is not counted */
        *sum = first->sum - first->busy * (double)(first->to - first->from);
        *covered = first->covered - (double)(first->to - first->from);
    }
    if (i < c->load.n && c->load.at[i].from < t) {
        double part = (double)(t - c->load.at[i].from);
        *sum += c->load.at[i].busy * part;
        *covered += part;
    }
}

static double run_share(const struct cv_model *m, const struct core *c, uint64_t from, uint64_t to)
{
    uint64_t ns[CV_ST_COUNT] = {0};
    if (!m->core_switches)
        return -1;
    if (to <= from)
        return 0;
    series_shares(&c->who, NULL, from, to, ns);
    uint64_t known = to - from - ns[CV_ST_LOST];
    return known ? (double)ns[CV_ST_RUNNING] / (double)known : -1;
}

static uint32_t on_core(const struct core *c, uint64_t t)
{
    size_t i = series_find(&c->who, t);
    return i == SIZE_MAX ? CV_NO_TASK : series_at(&c->who, i).object;
}

uint32_t cores_task(const struct cv_model *m, uint32_t core, uint64_t t) { return core < m->ncores ? on_core(&m->cores[core], t) : CV_NO_TASK; }

struct cv_core_at cv_model_core_at(const struct cv_model *m, uint32_t core, uint64_t t)
{
    enum { WINDOW = 100000000 };
    struct cv_core_at at = {.busy = -1, .run = -1, .task = CV_NO_TASK};
    if (core >= m->ncores)
        return at;
    const struct core *c = &m->cores[core];
    uint64_t end = cv_model_end(m), from = t > WINDOW / 2 ? t - WINDOW / 2 : 0, to = from + WINDOW;
    size_t i = sample_after(c, t);
    if (i == c->load.n && i > 0 && t - c->load.at[i - 1].to < (uint64_t)10 * WINDOW)
        i--; /* not sampled yet: as it was */
    if (i < c->load.n && c->load.at[i].from <= t) {
        at.busy = c->load.at[i].busy;
        from = c->load.at[i].from;
        to = c->load.at[i].to;
    }
    to = to < end ? to : end;
    from = from < to ? from : to > WINDOW ? to - WINDOW : 0;
    at.run = run_share(m, c, from, to);
    at.task = on_core(c, t);
    size_t n = c->gone.n;
    while (n && c->gone.at[n - 1] > t)
        n--;
    at.offline = n % 2;
    return at;
}

struct cv_core_at cv_model_core_span(const struct cv_model *m, uint32_t core, uint64_t from, uint64_t to)
{
    struct cv_core_at at = {.busy = -1, .run = -1, .task = CV_NO_TASK};
    double sum[2], covered[2];
    if (core >= m->ncores || to <= from)
        return at;
    const struct core *c = &m->cores[core];
    load_until(c, from, &sum[0], &covered[0]);
    load_until(c, to, &sum[1], &covered[1]);
    if (covered[1] > covered[0])
        at.busy = (sum[1] - sum[0]) / (covered[1] - covered[0]);
    at.run = run_share(m, c, from, to);
    at.task = on_core(c, to - 1);
    return at;
}

/* ── side by side ───────────────────────────────────────────────────────────────────────────────── */
bool cv_model_knows_cores(const struct cv_model *m) { return m->core_switches; }

enum { TOLD_ONE_BY_ONE = 64, LOOKS = 33 };
struct share { uint32_t task; uint64_t ns; };

static void add_share(struct share *shares, uint32_t *n, uint32_t task, uint64_t ns)
{
    uint32_t i = 0;
    while (i < *n && shares[i].task != task)
        i++;
    if (i == *n)
        shares[(*n)++] = (struct share){.task = task};
    shares[i].ns += ns;
}

static void whose(const struct core *c, uint64_t from, uint64_t to, struct cv_core_column *out)
{
    struct share shares[TOLD_ONE_BY_ONE + 2];
    uint32_t n = 0, best = 0;
    size_t first = series_find(&c->who, from), last = series_find(&c->who, to - 1);
    if (last == SIZE_MAX)
        return;
    first = first == SIZE_MAX ? (size_t)c->who.dropped : first;
    for (size_t i = first; last - first <= TOLD_ONE_BY_ONE && i <= last; i++) {
        struct slice x = series_at(&c->who, i);
        uint64_t a = x.t > from ? x.t : from, b = i < last ? series_at(&c->who, i + 1).t : to;
        if (x.object != CV_NO_TASK && b > a)
            add_share(shares, &n, x.object, b - a);
    }
    for (uint64_t k = 0; last - first > TOLD_ONE_BY_ONE && k < LOOKS; k++) {
        uint32_t task = on_core(c, from + (to - from) / LOOKS * k + (to - from) / LOOKS / 2);
        if (task != CV_NO_TASK)
            add_share(shares, &n, task, 1);
    }
    uint64_t all = 0;
    for (uint32_t i = 0; i < n; i++) {
        all += shares[i].ns;
        best = shares[i].ns > shares[best].ns ? i : best;
    }
    if (!n)
        return;
    out->task = shares[best].task;
    out->several = shares[best].ns * 2 < all;
}

void cv_model_core_columns(const struct cv_model *m, uint32_t core, uint64_t from, uint64_t column_ns, uint32_t n, struct cv_core_column *out)
{
    struct cv_lane_column *lanes = cv_alloc((n + (size_t)1) * sizeof *lanes);
    const struct core *c = core < m->ncores ? &m->cores[core] : NULL;
    if (c)
        series_columns(&c->who, NULL, from, column_ns, n, lanes);
    for (uint32_t i = 0; i < n; i++, from += column_ns) {
        struct cv_core_column *o = &out[i];
        uint64_t known = column_ns - lanes[i].ns[CV_ST_LOST];
        *o = (struct cv_core_column){.busy = -1, .run = -1, .task = CV_NO_TASK};
        if (!c)
            continue;
        double sum[2], covered[2];
        load_until(c, from, &sum[0], &covered[0]);
        load_until(c, from + column_ns, &sum[1], &covered[1]);
        if (covered[1] > covered[0])
            o->busy = (sum[1] - sum[0]) / (covered[1] - covered[0]);
        if (m->core_switches && known)
            o->run = (double)lanes[i].ns[CV_ST_RUNNING] / (double)known;
        if (lanes[i].ns[CV_ST_RUNNING])
            whose(c, from, from + column_ns, o);
    }
    free(lanes);
}

size_t cores_cut(struct cv_model *m, uint64_t until)
{
    size_t freed = 0;
    for (uint32_t i = 0; i < m->ncores; i++) {
        struct core *c = &m->cores[i];
        size_t n = sample_after(c, until);
        if (n < 64)
            continue;
        c->load.n -= n;
        memmove(c->load.at, c->load.at + n, c->load.n * sizeof *c->load.at);
        freed += n * sizeof *c->load.at;
    }
    return freed;
}

void cores_free(struct cv_model *m)
{
    for (uint32_t i = 0; i < m->ncores; i++) {
        free(m->cores[i].load.at);
        free(m->cores[i].gone.at);
        series_release(&m->cores[i].who);
    }
    free(m->cores);
}
