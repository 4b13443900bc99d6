/* Variables, sync objects and cores over time. */
#include <stdlib.h>
#include <string.h>

#include "model/fold.h"

/* ── variables ──────────────────────────────────────────────────────────────────────────────────── */
static bool has_copies(const struct cv_model *m, uint32_t var)
{
    return m->info->model == CV_PROCESSES && m->info->vars[var].kind == CV_VAR_SHARED;
}

bool cv_model_has_copy(const struct cv_model *m, uint32_t var, uint32_t task)
{
    return var < m->info->nvars && has_copies(m, var) && model_lane(m, task) && task != CV_LANE_LOOP;
}

struct copy *var_copy(struct cv_model *m, uint32_t var, uint32_t task, bool make)
{
    struct var *v = &m->vars[var];
    if (!has_copies(m, var) || task == CV_NO_TASK || task == 0)
        return &v->copies.at[0];
    for (size_t i = 1; i < v->copies.n; i++)
        if (v->copies.at[i].task == task)
            return &v->copies.at[i];
    if (!make)
        return NULL;
    struct copy c = {.task = task};
    CV_PUSH(&v->copies, c);
    return &v->copies.at[v->copies.n - 1];
}

static void add_write(writes_t *v, struct write w)
{
    CV_PUSH(v, w);
    for (size_t i = v->n - 1; i > 0 && v->at[i - 1].t == v->at[i].t && /* one instant: the versions know the order */
                              cv_meta_version(v->at[i - 1].cell.meta) > cv_meta_version(v->at[i].cell.meta); i--) {
        struct write x = v->at[i];
        v->at[i] = v->at[i - 1];
        v->at[i - 1] = x;
    }
}

void var_fold(struct cv_model *m, const struct cv_event *e)
{
    if (e->obj >= m->info->nvars || e->task >= m->shm->head->plan.max_tasks)
        return;
    struct copy *c = var_copy(m, e->obj, e->task, true);
    uint32_t item = e->c == CV_WHOLE_LIST || e->c > 65536 ? 0 : (uint32_t)e->c;
    if (e->flags & (CV_F_SPIN | (e->kind == CV_EV_READ ? CV_F_ATOMIC : 0)) ||
        (e->kind == CV_EV_WRITE && (e->flags & CV_F_ATOMIC) && !(e->flags & CV_F_APPEND)))
        m->vars[e->obj].unordered_by_design = true;
    finding_access(m, e, c, item);
    if (e->kind == CV_EV_READ) {
        CV_PUSH(&c->reads, e->t);
        return;
    }
    struct write w = {.t = e->t, .epoch = finding_epoch(m, e->task), .cell = {e->a, e->b}, .task = e->task, .line = e->line,
                      .atomic = (e->flags & CV_F_ATOMIC) != 0};
    if (item == 0) {
        add_write(&c->writes, w);
        return;
    }
    while (c->items.n < item) {
        writes_t none = {0};
        CV_PUSH(&c->items, none);
    }
    add_write(&c->items.at[item - 1], w);
    if (e->flags & CV_F_APPEND) { /* the list's head: longer by one */
        w.cell = (struct cv_cell){item, cv_meta(CV_TAG_LIST, e->task, cv_meta_version(e->d) + 1)};
        add_write(&c->writes, w);
    }
}

static size_t writes_until(const writes_t *v, uint64_t t)
{
    size_t low = 0, high = v->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (v->at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The copy that shows a task's value at t, and the instant to ask it at: its own once it has written, before that its parent's
 * as it was when the task began. */
static const struct copy *visible(const struct cv_model *m, uint32_t var, uint32_t task, uint64_t *t)
{
    for (int depth = 0; depth < 64; depth++) {
        const struct copy *c = var_copy((struct cv_model *)(uintptr_t)m, var, task, false);
        if (!has_copies(m, var) || task == CV_NO_TASK || task == 0)
            return &m->vars[var].copies.at[0];
        if (c && (writes_until(&c->writes, *t) || c->items.n))
            return c;
        const struct lane *l = model_lane(m, task);
        if (!l)
            return &m->vars[var].copies.at[0];
        *t = l->born < *t ? l->born : *t;
        task = l->parent;
    }
    return &m->vars[var].copies.at[0];
}

struct cv_var_at cv_model_var_at(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t)
{
    struct cv_var_at a = {.writer = CV_NO_TASK, .stale = CV_NO_TASK};
    if (var >= m->info->nvars)
        return a;
    a.list = m->info->vars[var].list;
    uint64_t at = t;
    const struct copy *own = var_copy((struct cv_model *)(uintptr_t)m, var, copy, false), *c = visible(m, var, copy, &at);
    size_t n = writes_until(&c->writes, at);
    a.writes = own ? writes_until(&own->writes, t) : 0;
    for (size_t i = 0; a.list && own && i < own->items.n; i++)
        for (size_t k = writes_until(&own->items.at[i], t); k-- > 0;)
            a.writes += cv_meta_version(own->items.at[i].at[k].cell.meta) > 1; /* the first one was counted with the append */
    a.reads = own ? times_until(&own->reads, t) : 0;
    if (n) {
        const struct write *w = &c->writes.at[n - 1];
        a.written = true;
        a.cell = w->cell;
        a.t = w->t;
        a.writer = w->task;
        a.line = w->line;
    }
    for (size_t i = m->findings.n; i-- > 0 && a.stale == CV_NO_TASK;) /* the newest finding about it, while it lasts */
        if (m->findings.at[i].kind == CV_FINDING_STALE_READ && m->findings.at[i].t <= t && strstr(m->findings.at[i].text, m->info->vars[var].name))
            a.stale = m->findings.at[i].task;
    return a;
}

static void cell_text(const struct cv_model *m, enum cv_tag tag, uint64_t payload, struct cv_buf *out)
{
    switch (tag) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, payload ? "true" : "false"); break;
    case CV_TAG_INT: cv_buf_printf(out, "%lld", (long long)payload); break;
    case CV_TAG_TASK: cv_buf_str(out, cv_model_task_name(m, (uint32_t)payload)); break;
    case CV_TAG_LIST: cv_buf_printf(out, "list of %llu", (unsigned long long)payload); break;
    case CV_TAG_STRING: {
        size_t n;
        const char *s = cv_string(m->shm, (uint32_t)payload, &n);
        cv_buf_str(out, "\"");
        cv_text_clean(out, s, n);
        cv_buf_str(out, "\"");
        break;
    }
    }
}

void cv_model_var_text(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t, size_t max, struct cv_buf *out)
{
    struct cv_var_at a = cv_model_var_at(m, var, copy, t);
    struct cv_buf text = {0};
    uint64_t at = t;
    if (var >= m->info->nvars)
        return;
    const struct copy *c = visible(m, var, copy, &at);
    if (a.list && (a.written || c->items.n)) {
        uint64_t length = a.written ? a.cell.payload : c->items.n;
        cv_buf_str(&text, "[");
        for (uint64_t i = 0; i < length && text.n <= max; i++) {
            const writes_t *v = i < c->items.n ? &c->items.at[i] : NULL;
            size_t n = v ? writes_until(v, at) : 0;
            cv_buf_str(&text, i ? ", " : "");
            if (n)
                cell_text(m, cv_meta_tag(v->at[n - 1].cell.meta), v->at[n - 1].cell.payload, &text);
            else
                cv_buf_str(&text, "·");
        }
        cv_buf_str(&text, "]");
    } else if (a.written) {
        cell_text(m, cv_meta_tag(a.cell.meta), a.cell.payload, &text);
    } else {
        cv_buf_str(&text, m->info->vars[var].initial ? m->info->vars[var].initial : "none");
    }
    size_t keep = text.n;
    if (text.n > max) { /* cut at a character's begin */
        keep = max > 3 ? max - 3 : 0;
        while (keep && ((unsigned char)text.at[keep] & 0xc0) == 0x80)
            keep--;
    }
    cv_buf_add(out, text.at ? text.at : "", keep);
    if (keep < text.n)
        cv_buf_str(out, "…");
    cv_buf_release(&text);
}

/* ── sync objects ───────────────────────────────────────────────────────────────────────────────── */
static struct sync_now *sync_change(struct cv_model *m, uint32_t k, uint64_t t)
{
    struct sync *s = &m->syncs[k];
    const struct cv_info_sync *info = &m->info->syncs[k];
    struct sync_now now = {.owner = CV_NO_TASK, .length = info->kind == CV_SYNC_SEMAPHORE ? info->size : 0};
    if (s->history.n)
        now = s->history.at[s->history.n - 1];
    if (!s->history.n || now.t != t) {
        now.t = t;
        CV_PUSH(&s->history, now);
    }
    return &s->history.at[s->history.n - 1];
}

void sync_fold(struct cv_model *m, const struct cv_event *e)
{
    if (e->obj >= m->info->nsyncs)
        return;
    struct sync_now *now = sync_change(m, e->obj, e->t);
    now->length = e->b;
    now->takes += e->kind == CV_EV_TAKE;
    if (m->info->syncs[e->obj].kind == CV_SYNC_LOCK)
        now->owner = e->kind == CV_EV_TAKE ? e->task : CV_NO_TASK;
}

void sync_waiting(struct cv_model *m, uint32_t k, uint64_t t, int change)
{
    struct sync_now *now = sync_change(m, k, t);
    now->waiting = change < 0 && !now->waiting ? 0 : now->waiting + (uint32_t)change;
}

struct cv_sync_at cv_model_sync_at(const struct cv_model *m, uint32_t k, uint64_t t)
{
    struct cv_sync_at a = {.owner = CV_NO_TASK};
    if (k >= m->info->nsyncs)
        return a;
    a.length = m->info->syncs[k].kind == CV_SYNC_SEMAPHORE ? m->info->syncs[k].size : 0;
    const struct sync *s = &m->syncs[k];
    size_t low = 0, high = s->history.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->history.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    if (low) {
        const struct sync_now *n = &s->history.at[low - 1];
        a = (struct cv_sync_at){.owner = n->owner, .length = n->length, .waiting = n->waiting, .takes = n->takes};
    }
    return a;
}

/* ── cores ──────────────────────────────────────────────────────────────────────────────────────── */
void core_fold(struct cv_model *m, const struct cv_event *e)
{
    enum { MOST = 4096 };
    if (e->obj >= MOST)
        return;
    if (e->obj >= m->ncores) {
        m->cores = cv_realloc(m->cores, (e->obj + 1u) * sizeof *m->cores);
        memset(m->cores + m->ncores, 0, (e->obj + 1u - m->ncores) * sizeof *m->cores);
        m->ncores = e->obj + 1u;
    }
    struct core *c = &m->cores[e->obj];
    if (e->kind == CV_EV_CORE) {
        struct busy b = {e->t, (e->a & 0xffffffff) * 1000, (double)(e->a >> 32) / 1000};
        CV_PUSH(&c->busy, b);
        return;
    }
    struct on_core on = {e->t, e->kind == CV_EV_SWITCH_IN ? e->task : CV_NO_TASK};
    if (on.task == CV_NO_TASK && c->runs.n && c->runs.at[c->runs.n - 1].task != e->task)
        return; /* another has come before this one's leaving was told */
    CV_PUSH(&c->runs, on);
}

uint32_t cv_model_ncores(const struct cv_model *m) { return m->ncores; }

static size_t runs_until(const struct core *c, uint64_t t)
{
    size_t low = 0, high = c->runs.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->runs.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t busy_until(const struct core *c, uint64_t t)
{
    size_t low = 0, high = c->busy.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->busy.at[mid].t < t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct cv_core_at cv_model_core_span(const struct cv_model *m, uint32_t core, uint64_t from, uint64_t to)
{
    struct cv_core_at a = {.busy = -1, .run = -1, .task = CV_NO_TASK};
    if (core >= m->ncores || to <= from)
        return a;
    const struct core *c = &m->cores[core];
    double busy = 0, weight = 0;
    for (size_t i = busy_until(c, from); i < c->busy.n; i++) {
        const struct busy *b = &c->busy.at[i];
        uint64_t begin = b->t > b->span ? b->t - b->span : 0, x = begin > from ? begin : from, y = b->t < to ? b->t : to;
        if (begin >= to)
            break;
        if (y > x) {
            busy += b->part * (double)(y - x);
            weight += (double)(y - x);
        }
    }
    if (weight > 0)
        a.busy = busy / weight;
    size_t i = runs_until(c, from);
    uint64_t on = 0;
    if (c->runs.n)
        for (i = i ? i - 1 : 0; i < c->runs.n && c->runs.at[i].t < to; i++) {
            uint64_t x = c->runs.at[i].t > from ? c->runs.at[i].t : from;
            uint64_t y = i + 1 < c->runs.n && c->runs.at[i + 1].t < to ? c->runs.at[i + 1].t : to;
            a.task = c->runs.at[i].task;
            if (a.task != CV_NO_TASK && y > x)
                on += y - x;
        }
    if (c->runs.n)
        a.run = (double)on / (double)(to - from);
    return a;
}

struct cv_core_at cv_model_core_at(const struct cv_model *m, uint32_t core, uint64_t t)
{
    enum { LOOK = 100000000 }; /* the last tenth of a second */
    struct cv_core_at a = cv_model_core_span(m, core, t > LOOK ? t - LOOK : 0, t + 1);
    if (core < m->ncores) {
        size_t n = runs_until(&m->cores[core], t);
        a.task = n ? m->cores[core].runs.at[n - 1].task : CV_NO_TASK;
        if (a.busy < 0 && m->cores[core].busy.n)
            a.busy = m->cores[core].busy.at[m->cores[core].busy.n - 1].part;
    }
    return a;
}
