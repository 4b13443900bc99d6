/* The sum of a run: exact counters from the rows, values from finals or the record, findings and output from the model. */
#include <stdlib.h>
#include <string.h>

#include "model/fold.h"

struct arena { CV_VEC(void *) kept; };

static void *keep(struct cv_summary *s, size_t n)
{
    struct arena *a = s->arena;
    void *p = cv_alloc(n ? n : 1);
    CV_PUSH(&a->kept, p);
    return p;
}

static const char *keep_text(struct cv_summary *s, const char *text, size_t n)
{
    char *p = keep(s, n + 1);
    memcpy(p, text, n);
    return p;
}

static struct cv_datum datum(struct cv_summary *s, const struct cv_shm *shm, struct cv_cell c)
{
    struct cv_datum d = {.tag = cv_meta_tag(c.meta), .i = (int64_t)c.payload};
    if (d.tag == CV_TAG_STRING) {
        size_t n;
        const char *text = cv_string(shm, (uint32_t)c.payload, &n);
        d.s = keep_text(s, text, n);
        d.n = (uint32_t)n;
    }
    return d;
}

static struct cv_datum list(struct cv_summary *s, const struct cv_shm *shm, const struct cv_cell *items, uint64_t n)
{
    struct cv_datum d = {.tag = CV_TAG_LIST, .n = (uint32_t)n, .items = keep(s, n * sizeof *d.items)};
    for (uint64_t i = 0; i < n; i++)
        d.items[i] = datum(s, shm, items[i]);
    return d;
}

void cv_summary_cells(struct cv_summary *s, const struct cv_shm *shm, uint32_t var, const struct cv_cell *cell, const struct cv_cell *items)
{
    if (var < s->nvars)
        s->vars[var].value = items && cell->payload <= 65536 ? list(s, shm, items, cell->payload) : datum(s, shm, *cell);
}

/* ── values under processes: what each process left, else what it is known to have written last ──── */
static bool final_of(struct cv_summary *s, const struct cv_model *m, uint32_t task, uint32_t var, struct cv_datum *d)
{
    const struct cv_row *row = cv_shm_row(m->shm, task);
    uint64_t room = m->shm->head->plan.finals_bytes / sizeof(struct cv_cell);
    if (!row->nfinals || row->finals > room || row->nfinals > room - row->finals)
        return false;
    const struct cv_cell *at = cv_shm_finals(m->shm) + row->finals, *end = at + row->nfinals;
    for (uint32_t v = 0; v < m->info->nvars && at < end; v++) {
        if (m->info->vars[v].kind != CV_VAR_SHARED)
            continue;
        uint64_t n = m->info->vars[v].list ? at->payload : 0;
        if (n > (uint64_t)(end - at - 1))
            return false;
        if (v == var) {
            *d = m->info->vars[v].list ? list(s, m->shm, at + 1, n) : datum(s, m->shm, *at);
            return true;
        }
        at += 1 + n;
    }
    return false;
}

static struct cv_datum from_record(struct cv_summary *s, const struct cv_model *m, uint32_t var, uint32_t task)
{
    struct cv_var_at a = cv_model_var_at(m, var, task, UINT64_MAX);
    if (s->records_lost || !a.written || a.list) { /* a list, or the initial value: as text, from which no value is made */
        struct cv_datum d = {.unknown = true};
        return d;
    }
    return datum(s, m->shm, a.cell);
}

static void variables(struct cv_summary *s, const struct cv_model *m)
{
    s->nvars = m->info->nvars;
    s->vars = keep(s, (s->nvars + 1) * sizeof *s->vars);
    for (uint32_t v = 0; v < s->nvars; v++) {
        struct cv_summary_var *x = &s->vars[v];
        x->name = m->info->vars[v].name;
        x->value.unknown = true;
        if (m->info->model != CV_PROCESSES || m->info->vars[v].kind != CV_VAR_SHARED)
            continue;
        x->copies = keep(s, (m->lanes.n + 1) * sizeof *x->copies);
        for (uint32_t t = 0; t < m->lanes.n; t++) {
            struct cv_datum d;
            if (!m->lanes.at[t]->exists)
                continue;
            if (!final_of(s, m, t, v, &d))
                d = from_record(s, m, v, t);
            x->copies[x->ncopies++] = d;
        }
        if (x->ncopies)
            x->value = x->copies[0];
    }
}

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────────── */
static void tasks(struct cv_summary *s, const struct cv_model *m)
{
    uint32_t n = atomic_load(&m->shm->head->ntasks);
    bool async = m->info->model == CV_ASYNC;
    n = n < m->shm->head->plan.max_tasks ? n : m->shm->head->plan.max_tasks;
    s->tasks = keep(s, (n + 1) * sizeof *s->tasks);
    for (uint32_t t = 0; t < n; t++) {
        const struct cv_row *r = cv_shm_row(m->shm, t);
        size_t length;
        const char *name = cv_string(m->shm, r->name, &length);
        struct cv_summary_task x = {.task = t, .name = keep_text(s, name, length), .state = (enum cv_row_state)atomic_load(&r->state),
                                    .pid = atomic_load(&r->pid), .tid = atomic_load(&r->tid), .voluntary = atomic_load(&r->voluntary),
                                    .involuntary = atomic_load(&r->involuntary), .yields = atomic_load(&r->yields), .cpu_ns = atomic_load(&r->cpu_ns)};
        uint32_t quantum = x.involuntary > x.yields ? x.involuntary - x.yields : 0;
        for (int c = 0; c < CV_CAUSE_COUNT; c++) {
            uint64_t count = atomic_load(&r->causes[c]);
            s->by_cause[c] += count;
            if (c < CV_BLOCK)
                x.awaits += count;
        }
        s->by_cause[CV_CAUSE_QUANTUM] += quantum;
        for (int k = 0; k < 4; k++) {
            x.cores[k] = atomic_load(&r->cores[k]);
            s->cores_seen[k] |= x.cores[k];
        }
        if (r->failure) {
            const char *why = cv_string(m->shm, r->failure, &length);
            x.failure = keep_text(s, why, length);
            x.failure_line = r->failure_line;
        }
        s->voluntary += x.voluntary;
        s->involuntary += x.involuntary;
        s->awaits += x.awaits;
        s->cpu_time_ns += x.cpu_ns;
        if (t == 0 && async)
            x.cpu_ns = m->info->implicit_main ? 0 : x.cpu_ns; /* the loop's thread works for all */
        if (async && t && !x.pid) {
            x.pid = atomic_load(&cv_shm_row(m->shm, 0)->pid);
            x.tid = atomic_load(&cv_shm_row(m->shm, 0)->tid);
            memcpy(x.cores, cv_shm_row(m->shm, 0)->cores, sizeof x.cores);
        }
        if (t || !m->info->implicit_main)
            s->tasks[s->ntasks++] = x;
    }
}

struct cv_summary *cv_summary_new(const struct cv_model *m, const struct cv_reader *reader)
{
    struct cv_summary *s = cv_alloc(sizeof *s);
    const struct cv_shm_head *h = m->shm->head;
    s->arena = cv_alloc(sizeof(struct arena));
    s->events = cv_reader_counts(reader);
    s->records_lost = s->events.lost || s->events.overwritten;
    s->outcome = m->over ? m->outcome : CV_OUT_CRASHED;
    s->outcome_text = m->outcome_text && *m->outcome_text ? keep_text(s, m->outcome_text, strlen(m->outcome_text)) : NULL;
    uint64_t from = cv_reader_ns(reader, atomic_load(&h->started)), to = cv_reader_ns(reader, atomic_load(&h->finished));
    s->elapsed_ns = to > from ? to - from : 0;
    s->loop_lag_ns = atomic_load(&h->loop_lag_ns);
    s->loop_iterations = atomic_load(&h->loop_iterations);
    s->peak_tasks = atomic_load(&h->peak_tasks);
    s->memory_per_task = s->peak_tasks ? atomic_load(&h->task_bytes) / s->peak_tasks : 0;
    tasks(s, m);
    s->cores_used = s->elapsed_ns ? (double)s->cpu_time_ns / (double)s->elapsed_ns : 0;
    variables(s, m);
    s->noutput = (uint32_t)m->output.n;
    s->output_lost = m->output.n < atomic_load(&h->output_lines);
    s->output = keep(s, (m->output.n + 1) * sizeof *s->output);
    for (size_t i = 0; i < m->output.n; i++) {
        const char *text = m->output.at[i].text;
        s->output[i] = (struct cv_datum){.tag = CV_TAG_STRING, .s = keep_text(s, text, strlen(text)), .n = (uint32_t)strlen(text)};
    }
    s->nfindings = (uint32_t)m->findings.n;
    s->findings = keep(s, (m->findings.n + 1) * sizeof *s->findings);
    for (size_t i = 0; i < m->findings.n; i++) {
        s->findings[i] = m->findings.at[i];
        s->findings[i].text = keep_text(s, s->findings[i].text, strlen(s->findings[i].text));
        s->findings[i].task_name = keep_text(s, s->findings[i].task_name, strlen(s->findings[i].task_name));
    }
    memcpy(s->finding_count, m->finding_count, sizeof s->finding_count);
    s->source_name = s->source_why = "";
    s->clock_name = cv_clock_name();
    return s;
}

void cv_summary_free(struct cv_summary *s)
{
    if (!s)
        return;
    struct arena *a = s->arena;
    for (size_t i = 0; i < a->kept.n; i++)
        free(a->kept.at[i]);
    free(a->kept.at);
    free(a);
    for (uint32_t i = 0; i < s->nexpects; i++)
        cv_buf_release(&s->expects[i].seen);
    free(s->expects);
    free(s);
}
