/* Variables: every version of every cell, by time, so that what a variable held at t is a binary search.
 *
 * The order of versions is the truth, time stamps only place them: a version whose event comes after that of a later version
 * is put in front of it, no later than it. A variable that is private to each process has one copy a task; a copy begins as
 * its parent's stood when the task started. Counts include what was cut off at the front.
 *
 * Who is stale at t: a task that read an older version and has not used it yet; and one whose own write another has overwritten
 * since, until it touches the variable again. Once it has given anything to others in order (a release, a spawn, its end) the
 * overwriting may be in order too, and nothing is said. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static uint64_t version_of(const struct version *v) { return cv_meta_version(v->cell.meta); }

static void add_version(struct cv_model *m, struct versions *s, struct version one)
{
    CV_PUSH(&s->v, one);
    size_t i = s->v.n - 1;
    for (; i > 0 && version_of(&s->v.at[i - 1]) > version_of(&one) && m->moved < MODEL_MAX_MOVED; i--, m->moved++) {
        s->v.at[i] = s->v.at[i - 1];
        one.t = s->v.at[i].t < one.t ? s->v.at[i].t : one.t;
    }
    s->v.at[i] = one;
}

static const struct version *version_at(const struct versions *s, uint64_t t)
{
    size_t low = CV_PARTITION_POINT(s->v.n, i, s->v.at[i].t <= t);
    return low ? &s->v.at[low - 1] : NULL;
}

const struct version *vars_version(const struct var *v, uint32_t index, uint64_t version)
{
    const struct versions *s = index == 0 || index == CV_WHOLE_LIST ? &v->head : index <= v->nitems ? &v->items[index - 1] : NULL;
    size_t low = CV_PARTITION_POINT(s ? s->v.n : 0, i, version_of(&s->v.at[i]) < version);
    return s && low < s->v.n && version_of(&s->v.at[low]) == version ? &s->v.at[low] : NULL;
}

bool vars_ahead(const struct var *v, uint32_t index, uint64_t version)
{
    const struct versions *s = index == 0 || index == CV_WHOLE_LIST ? &v->head : index <= v->nitems ? &v->items[index - 1] : NULL;
    return version > (s && s->v.n ? version_of(&s->v.at[s->v.n - 1]) : 0);
}

bool vars_followed(const struct cv_model *m, const struct task *t, uint32_t var)
{
    return !t->own_copy || (var < m->info->nvars && (model_private(m, var) || m->info->vars[var].kind == CV_VAR_MEMORY));
}

struct var *vars_of(struct cv_model *m, struct task *t, uint32_t var)
{
    if (!model_private(m, var))
        return &m->vars[var];
    if (t->worker && model_task(m, t->serves)) /* a thread in another's process */
        t = model_task(m, t->serves);
    if (!t->vars)
        t->vars = cv_alloc(m->info->nvars * sizeof *t->vars);
    if (!t->vars[var])
        t->vars[var] = cv_alloc(sizeof *t->vars[var]);
    return t->vars[var];
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────── */
/* NULL: it is not followed, then it is said to be gone. */
static struct versions *item(struct cv_model *m, struct var *v, uint32_t index)
{
    if (index > MODEL_MAX_ITEMS)
        return NULL;
    if (index > v->nitems) {
        uint32_t n = v->nitems ? v->nitems : 8;
        while (n < index)
            n *= 2;
        if (m->nitems + (n - v->nitems) > MODEL_MAX_FOLLOWED) {
            m->items_full = true;
            return NULL;
        }
        m->nitems += n - v->nitems;
        v->items = cv_realloc(v->items, n * sizeof *v->items);
        memset(v->items + v->nitems, 0, (n - v->nitems) * sizeof *v->items);
        v->nitems = n;
    }
    return &v->items[index - 1];
}

void vars_used(struct task *t, uint64_t at)
{
    for (size_t i = 0; i < CV_COUNT(t->open); i++) {
        struct use *u = &t->open[i];
        if (u->var && u->index >= u->var->reads_dropped)
            u->var->reads.at[u->index - u->var->reads_dropped].until = at;
        *u = (struct use){0};
    }
}

static void let_go(struct use *u, uint64_t at)
{
    struct version *x = u->var ? (struct version *)(uintptr_t)vars_version(u->var, 0, u->index) : NULL;
    if (x)
        x->until = at;
    *u = (struct use){0};
}

void vars_published(struct task *t, uint64_t at)
{
    for (size_t i = 0; i < CV_COUNT(t->wrote); i++)
        let_go(&t->wrote[i], at);
}

/* The task touches a variable again: it knows what stands there. */
static void looked(struct task *t, const struct var *v, uint64_t at)
{
    for (size_t i = 0; i < CV_COUNT(t->wrote); i++)
        if (t->wrote[i].var == v)
            let_go(&t->wrote[i], at);
}

static void believes(struct task *t, struct var *v, uint64_t version, uint64_t at)
{
    size_t last = CV_COUNT(t->wrote) - 1;
    let_go(&t->wrote[last], at);
    memmove(&t->wrote[1], &t->wrote[0], last * sizeof t->wrote[0]);
    t->wrote[0] = (struct use){v, version};
}

static void note_read(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e)
{
    struct read r = {.t = e->t, .until = UINT64_MAX, .task = e->task, .version = cv_meta_version(e->b)};
    size_t slot = CV_COUNT(t->open) - 1;
    bool whole = e->c == 0 || e->c == CV_WHOLE_LIST;
    for (size_t i = 0; whole && i < CV_COUNT(t->open); i++)
        if (!t->open[i].var || t->open[i].var == v) {
            slot = i;
            break;
        }
    if (whole) {
        struct use *u = &t->open[slot];
        if (u->var && u->index >= u->var->reads_dropped)
            u->var->reads.at[u->index - u->var->reads_dropped].until = e->t;
        *u = (struct use){v, v->reads_dropped + v->reads.n};
    } else {
        r.until = e->t; /* an element: what it held is not followed */
    }
    CV_PUSH(&v->reads, r);
    m->bytes += sizeof r;
}

static void note_write(struct cv_model *m, struct task *t, struct var *v, const struct cv_event *e)
{
    bool own = e->c == 0 && !(e->flags & CV_F_ATOMIC) && !model_private(m, e->obj);
    struct version one = {.t = e->t, .cell = {e->a, e->b}, .line = e->line, .epoch = order_epoch(t, e->task), .until = own ? UINT64_MAX : e->t};
    struct versions *cell = e->c == 0 || e->c == CV_WHOLE_LIST ? &v->head : item(m, v, e->c <= MODEL_MAX_ITEMS ? (uint32_t)e->c : UINT32_MAX);
    if (!cell)
        return;
    add_version(m, cell, one);
    m->bytes += sizeof one;
    if (own)
        believes(t, v, cv_meta_version(e->b), e->t);
    if (e->flags & CV_F_APPEND) { /* the length grew with it */
        one.cell = (struct cv_cell){e->c, cv_meta(CV_TAG_LIST, e->task, cv_meta_version(e->d) + 1)};
        add_version(m, &v->head, one);
        m->bytes += sizeof one;
    }
    instants_add(&v->writes, e->t);
    m->bytes += sizeof e->t;
}

void vars_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    if (e->obj >= m->info->nvars)
        return;
    struct var *v = vars_of(m, t, e->obj);
    looked(t, v, e->t);
    if (e->kind == CV_EV_READ)
        findings_read(m, t, v, e);
    else
        findings_write(m, t, v, e);
    guards_fold(m, t, v, e);
    races_fold(m, t, v, e);
    if (e->kind == CV_EV_READ) {
        note_read(m, t, v, e);
    } else {
        vars_used(t, e->t);
        note_write(m, t, v, e);
        races_written(m, v);
    }
}

/* ── asked ──────────────────────────────────────────────────────────────────────────────────────── */
/* A task's own copy and its ancestors', from itself upwards: NULL when there is no further. *t: until when its past counts. */
static const struct var *copy_of(const struct cv_model *m, uint32_t var, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return t && t->vars ? t->vars[var] : NULL;
}

static bool up(const struct cv_model *m, uint32_t *task, uint64_t *t)
{
    const struct task *it = model_task(m, *task);
    if (!it || it->parent == CV_NO_TASK || it->parent == *task)
        return false;
    *t = it->start < *t ? it->start : *t;
    *task = it->parent;
    return true;
}

/* The version of a cell (index 0: the variable's) that a copy held at t; NULL: none, or (*gone) it was cut off. */
static const struct version *held(const struct cv_model *m, uint32_t var, uint32_t copy, uint32_t index, uint64_t t, bool *gone)
{
    bool own = model_private(m, var);
    uint32_t task = copy == CV_NO_TASK ? 0 : copy;
    *gone = false;
    for (int steps = 0; steps < 1 << 20; steps++) {
        const struct var *v = own ? copy_of(m, var, task) : &m->vars[var];
        const struct versions *s = !v ? NULL : index == 0 ? &v->head : index <= v->nitems ? &v->items[index - 1] : NULL;
        const struct version *x = s ? version_at(s, t) : NULL;
        *gone = !x && ((s && s->dropped) || (m->items_full && v && index > v->nitems));
        if (x || *gone || !own || !up(m, &task, &t))
            return x;
    }
    return NULL;
}

static size_t reads_until(const struct var *v, uint64_t t)
{
    return CV_PARTITION_POINT(v->reads.n, i, v->reads.at[i].t <= t);
}

enum { STALE_LOOKED_AT = 64 };

static uint32_t stale_writer(const struct var *v, const struct version *now, uint64_t t)
{
    const struct version *first = v->head.v.at;
    for (const struct version *x = now; x-- > first && now - x < STALE_LOOKED_AT;)
        if (x->until > t && cv_meta_writer(x->cell.meta) != cv_meta_writer(now->cell.meta))
            return cv_meta_writer(x->cell.meta);
    return CV_NO_TASK;
}

static uint32_t stale_reader(const struct var *v, const struct version *now, uint64_t t)
{
    size_t n = reads_until(v, t);
    for (size_t i = n; i > 0 && n - i < STALE_LOOKED_AT; i--) {
        const struct read *r = &v->reads.at[i - 1];
        if (r->until > t && r->version < version_of(now) && cv_meta_writer(now->cell.meta) != r->task)
            return r->task;
    }
    return CV_NO_TASK;
}

struct cv_var_at cv_model_var_at(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t)
{
    struct cv_var_at at = {.writer = CV_NO_TASK, .stale = CV_NO_TASK};
    if (var >= m->info->nvars)
        return at;
    at.list = m->info->vars[var].list;
    const struct var *v = model_private(m, var) ? copy_of(m, var, copy == CV_NO_TASK ? 0 : copy) : &m->vars[var];
    const struct version *x = held(m, var, copy, 0, t, &at.gone);
    if (v) {
        at.writes = instants_until(&v->writes, t);
        at.reads = v->reads_dropped + reads_until(v, t);
    }
    at.unsure = m->lost_own > 0 && !at.gone && model_gap_in(m, x ? x->t : 0, t + 1, GAP_OWN);
    at.at_least = m->lost_own > 0 && (at.list || model_private(m, var) || !x);
    if (x) {
        at.written = true;
        if (!at.list && !model_private(m, var))
            at.writes = version_of(x);
        at.cell = x->cell;
        at.list = cv_meta_tag(x->cell.meta) == CV_TAG_LIST;
        at.t = x->t;
        at.writer = cv_meta_writer(x->cell.meta);
        at.line = x->line;
        at.stale = v ? stale_reader(v, x, t) : CV_NO_TASK;
        if (v && at.stale == CV_NO_TASK && !model_private(m, var))
            at.stale = stale_writer(v, x, t);
    } else if (at.list && !at.gone) {
        at.cell = (struct cv_cell){vars_initial_length(m->info->vars[var].initial), cv_meta(CV_TAG_LIST, CV_NO_TASK, 0)};
    }
    return at;
}

bool vars_item_at(const struct cv_model *m, uint32_t var, uint32_t copy, uint32_t index, uint64_t t, struct cv_cell *cell, bool *gone)
{
    const struct version *x = held(m, var, copy, index, t, gone);
    if (x)
        *cell = x->cell;
    return x != NULL;
}

bool cv_model_has_copy(const struct cv_model *m, uint32_t var, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return var < m->info->nvars && model_private(m, var) && t && t->phase != PHASE_NONE && !t->worker;
}

/* ── in words ───────────────────────────────────────────────────────────────────────────────────── */
void vars_cell_text(const struct cv_shm *shm, struct cv_cell c, size_t max, struct cv_buf *out)
{
    size_t n = 0;
    switch (cv_meta_tag(c.meta)) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, c.payload ? "true" : "false"); break;
    case CV_TAG_INT: cv_buf_printf(out, "%lld", (long long)c.payload); break;
    case CV_TAG_TASK: cv_buf_printf(out, "task %llu", (unsigned long long)c.payload); break;
    case CV_TAG_LIST: cv_buf_printf(out, "a list of %llu", (unsigned long long)c.payload); break;
    case CV_TAG_STRING: {
        const char *s = shm ? cv_string(shm, (uint32_t)c.payload, &n) : "";
        size_t shown = n < max ? n : max;
        while (shown < n && shown > 0 && max - shown < 3 && ((unsigned char)s[shown] & 0xc0) == 0x80)
            shown--;
        cv_buf_str(out, "\"");
        cv_text_clean(out, s, shown);
        cv_buf_str(out, shown < n ? "…\"" : "\"");
        break;
    }
    }
}

const char *vars_initial_item(const char *text, uint64_t i, size_t *length)
{
    const char *s = text ? text : "";
    if (*s != '[')
        return NULL;
    for (s++;; i--) {
        while (*s == ' ')
            s++;
        const char *from = s;
        bool quoted = *s == '"';
        for (s += quoted; *s && (quoted || (*s != ',' && *s != ']')); s++)
            if (quoted && *s == '"' && (s[1] == ',' || s[1] == ']')) /* a quote inside the text is followed by neither, as a rule */
                quoted = false;
        *length = (size_t)(s - from);
        if (*length == 0 || strncmp(from, "…", strlen("…")) == 0)
            return NULL;
        if (i == 0)
            return from;
        if (*s++ != ',')
            return NULL;
    }
}

uint64_t vars_initial_length(const char *text)
{
    uint64_t n = 0;
    size_t length;
    while (n < MODEL_MAX_ITEMS && vars_initial_item(text, n, &length))
        n++;
    return n;
}

/* Cuts what was added since start to max bytes, at a character's boundary, and an ellipsis. */
static void cut(struct cv_buf *out, size_t start, size_t max)
{
    if (out->n - start <= max)
        return;
    size_t end = start + max;
    while (end > start && ((unsigned char)out->at[end] & 0xc0) == 0x80)
        end--;
    out->n = end;
    cv_buf_str(out, "…");
}

void cv_model_var_text(const struct cv_model *m, uint32_t var, uint32_t copy, uint64_t t, size_t max, struct cv_buf *out)
{
    size_t start = out->n;
    cv_buf_str(out, "");
    if (var >= m->info->nvars)
        return;
    const char *initial = m->info->vars[var].initial ? m->info->vars[var].initial : "none";
    struct cv_var_at at = cv_model_var_at(m, var, copy, t);
    if (at.gone) {
        cv_buf_str(out, "…");
        return;
    }
    if (!at.list && at.written) {
        vars_cell_text(m->shm, at.cell, max, out);
    } else if (!at.list) {
        cv_text_clean(out, initial, strlen(initial));
    } else {
        cv_buf_str(out, "[");
        const char *rest = initial;
        for (uint64_t i = 0; i < at.cell.payload && out->n - start <= max; i++) {
            struct cv_cell cell;
            size_t length;
            bool gone = false;
            const char *from = rest ? vars_initial_item(initial, i, &length) : NULL;
            cv_buf_str(out, i ? ", " : "");
            if (i < MODEL_MAX_ITEMS && vars_item_at(m, var, copy, (uint32_t)i + 1, t, &cell, &gone))
                vars_cell_text(m->shm, cell, max, out);
            else if (from && !gone)
                cv_text_clean(out, from, length);
            else
                cv_buf_str(out, "…");
            rest = from;
        }
        cv_buf_str(out, "]");
    }
    cut(out, start, max);
}

/* ── the history ────────────────────────────────────────────────────────────────────────────────── */
/* What had been overwritten by `until`. */
static size_t cut_versions(struct versions *s, uint64_t until)
{
    size_t n = 0;
    while (n + 1 < s->v.n && s->v.at[n + 1].t <= until)
        n++;
    if (n < 64)
        return 0;
    s->v.n -= n;
    memmove(s->v.at, s->v.at + n, s->v.n * sizeof *s->v.at);
    s->dropped += n;
    return n * sizeof *s->v.at;
}

static size_t cut_var(struct var *v, uint64_t until)
{
    size_t freed = cut_versions(&v->head, until), n = 0;
    for (uint32_t i = 0; i < v->nitems; i++)
        freed += cut_versions(&v->items[i], until);
    while (n < v->reads.n && v->reads.at[n].t <= until)
        n++;
    if (n >= 64) {
        v->reads.n -= n;
        memmove(v->reads.at, v->reads.at + n, v->reads.n * sizeof *v->reads.at);
        v->reads_dropped += n;
        freed += n * sizeof *v->reads.at;
    }
    return freed + instants_cut(&v->writes, until);
}

size_t vars_cut(struct cv_model *m, uint64_t until)
{
    size_t freed = 0;
    for (uint32_t v = 0; v < m->info->nvars; v++)
        freed += cut_var(&m->vars[v], until);
    for (uint32_t i = 0; i < m->ntasks; i++)
        for (uint32_t v = 0; m->tasks[i] && m->tasks[i]->vars && v < m->info->nvars; v++)
            if (m->tasks[i]->vars[v])
                freed += cut_var(m->tasks[i]->vars[v], until);
    return freed;
}

static void release(struct var *v)
{
    for (uint32_t i = 0; i < v->nitems; i++)
        free(v->items[i].v.at);
    free(v->items);
    free(v->head.v.at);
    free(v->reads.at);
    free(v->writes.at.at);
    races_release(v);
}

void vars_free(struct cv_model *m)
{
    for (uint32_t v = 0; v < m->info->nvars; v++)
        release(&m->vars[v]);
    for (uint32_t i = 0; i < m->ntasks; i++) {
        if (!m->tasks[i] || !m->tasks[i]->vars)
            continue;
        for (uint32_t v = 0; v < m->info->nvars; v++)
            if (m->tasks[i]->vars[v]) {
                release(m->tasks[i]->vars[v]);
                free(m->tasks[i]->vars[v]);
            }
        free(m->tasks[i]->vars);
    }
    free(m->vars);
    free(m->flagged);
    free(m->about);
}
