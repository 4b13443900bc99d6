/* The sum of a run, as plain data. Counts come from the rows, which are exact whatever the rings lost; values from the
 * processes' finals where there are any, else from what the record says was written last; a value whose last write may be
 * among lost records is said to be unknown until the region's own cell replaces it (cv_summary_cells).
 *
 * A main task that nobody wrote is no task here: its waits and its end are not counted. What its thread (under async the
 * loop's) was switched by the kernel is, as is its CPU time. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* ── the arena: everything a summary points to, but expects ─────────────────────────────────────── */
struct chunk { struct chunk *next; _Alignas(16) char bytes[]; };
struct arena { const struct cv_shm *shm; struct chunk *chunks; };

static void *keep(struct cv_summary *s, size_t n)
{
    struct arena *a = s->arena;
    struct chunk *c = cv_alloc(sizeof *c + n);
    c->next = a->chunks;
    a->chunks = c;
    return c->bytes;
}

static const char *keep_text(struct cv_summary *s, const char *text, size_t n)
{
    char *copy = keep(s, n + 1);
    memcpy(copy, text, n);
    return copy;
}

static const char *keep_clean(struct cv_summary *s, uint32_t string)
{
    size_t n;
    const char *text = cv_string(((struct arena *)s->arena)->shm, string, &n);
    struct cv_buf b = {0};
    cv_text_clean(&b, text, n);
    const char *kept = keep_text(s, b.at, b.n);
    cv_buf_release(&b);
    return kept;
}

/* ── values ─────────────────────────────────────────────────────────────────────────────────────── */
static struct cv_datum datum(struct cv_summary *s, struct cv_cell c)
{
    struct cv_datum d = {.tag = cv_meta_tag(c.meta), .i = (int64_t)c.payload};
    if (d.tag == CV_TAG_STRING) {
        size_t n;
        const char *text = cv_string(((struct arena *)s->arena)->shm, (uint32_t)c.payload, &n);
        d.s = keep_text(s, text, n);
        d.n = (uint32_t)n;
        d.i = 0;
    } else if (d.tag == CV_TAG_LIST) {
        d.n = c.payload <= MODEL_MAX_ITEMS ? (uint32_t)c.payload : MODEL_MAX_ITEMS;
        d.items = keep(s, (d.n + 1) * sizeof *d.items);
        d.i = 0;
    } else if (d.tag > CV_TAG_TASK) {
        d = (struct cv_datum){.unknown = true};
    }
    return d;
}

/* A declared initial value, as text: none, true, 41, "Bob", [1, 2]. */
static struct cv_datum parsed(struct cv_summary *s, const char *text, size_t n)
{
    struct cv_datum d = {.tag = CV_TAG_NONE};
    char *end;
    if (n == 4 && memcmp(text, "none", 4) == 0)
        return d;
    if ((n == 4 && memcmp(text, "true", 4) == 0) || (n == 5 && memcmp(text, "false", 5) == 0))
        return (struct cv_datum){.tag = CV_TAG_BOOL, .i = n == 4};
    if (n >= 2 && text[0] == '"' && text[n - 1] == '"')
        return (struct cv_datum){.tag = CV_TAG_STRING, .s = keep_text(s, text + 1, n - 2), .n = (uint32_t)n - 2};
    if (n >= 2 && text[0] == '[') {
        uint64_t items = vars_initial_length(text);
        d = (struct cv_datum){.tag = CV_TAG_LIST, .n = (uint32_t)items};
        d.items = keep(s, (items + 1) * sizeof *d.items);
        for (uint64_t i = 0; i < items; i++) {
            size_t length;
            const char *from = vars_initial_item(text, i, &length);
            d.items[i] = parsed(s, from, length);
        }
        if (n >= 4 && memcmp(text + n - 4, "…]", 4) == 0)
            d = (struct cv_datum){.unknown = true}; /* told in part only */
        return d;
    }
    char copy[32] = {0};
    memcpy(copy, text, n < sizeof copy ? n : sizeof copy - 1);
    long long i = strtoll(copy, &end, 10);
    return end != copy && !*end ? (struct cv_datum){.tag = CV_TAG_INT, .i = i} : (struct cv_datum){.unknown = true};
}

static struct cv_datum initial(struct cv_summary *s, const struct cv_model *m, uint32_t var)
{
    const char *text = m->info->vars[var].initial ? m->info->vars[var].initial : "none";
    return parsed(s, text, strlen(text));
}

/* As the record has it. */
static struct cv_datum recorded(struct cv_summary *s, const struct cv_model *m, uint32_t var, uint32_t copy)
{
    struct cv_var_at at = cv_model_var_at(m, var, copy, UINT64_MAX);
    if (s->records_lost)
        return (struct cv_datum){.unknown = true};
    struct cv_datum first = initial(s, m, var);
    if (!at.list)
        return at.written ? datum(s, at.cell) : first;
    if (!at.written && first.unknown)
        return first;
    struct cv_datum d = at.written ? datum(s, at.cell) : first;
    for (uint32_t i = 0; i < d.n; i++) {
        struct cv_cell cell;
        bool gone; /* never at the end: the newest half is kept */
        if (vars_item_at(m, var, copy, i + 1, UINT64_MAX, &cell, &gone))
            d.items[i] = datum(s, cell);
        else
            d.items[i] = !first.unknown && i < first.n ? first.items[i] : (struct cv_datum){.unknown = true};
    }
    return d;
}

static struct cv_datum of_cells(struct cv_summary *s, const struct cv_cell *cell, const struct cv_cell *items)
{
    struct cv_datum d = datum(s, *cell);
    for (uint32_t i = 0; d.tag == CV_TAG_LIST && i < d.n; i++)
        d.items[i] = items ? datum(s, items[i]) : (struct cv_datum){.unknown = true};
    return d;
}

/* The cells a process left of variable var at its end; false: it left none. */
static bool final_of(const struct cv_model *m, const struct cv_row *row, uint32_t var, const struct cv_cell **cell, const struct cv_cell **items)
{
    const struct cv_cell *at = cv_shm_finals(m->shm) + row->finals;
    uint64_t room = m->shm->head->plan.finals_bytes / sizeof *at, left = row->nfinals;
    if (row->finals > room || left > room - row->finals)
        return false;
    for (uint32_t v = 0; v <= var && left > 0; v++) {
        if (m->info->vars[v].kind != CV_VAR_SHARED)
            continue;
        uint64_t n = m->info->vars[v].list ? at->payload : 0;
        if (n >= left)
            return false;
        if (v == var) {
            *cell = at;
            *items = at + 1;
            return true;
        }
        at += 1 + n;
        left -= 1 + n;
    }
    return false;
}

static struct cv_datum value_of_copy(struct cv_summary *s, const struct cv_model *m, uint32_t var, uint32_t task)
{
    const struct cv_cell *cell, *items;
    if (model_private(m, var) && final_of(m, cv_shm_row(m->shm, task), var, &cell, &items))
        return of_cells(s, cell, items);
    return recorded(s, m, var, model_private(m, var) ? task : CV_NO_TASK);
}

static uint32_t ntasks(const struct cv_model *m)
{
    uint32_t n = atomic_load(&m->shm->head->ntasks), most = m->shm->head->plan.max_tasks;
    return n < most ? n : most;
}

static void variables(struct cv_summary *s, const struct cv_model *m)
{
    s->nvars = m->info->nvars;
    s->vars = keep(s, (s->nvars + 1) * sizeof *s->vars);
    for (uint32_t v = 0; v < s->nvars; v++) {
        struct cv_summary_var *to = &s->vars[v];
        to->name = m->info->vars[v].name;
        to->value = value_of_copy(s, m, v, 0);
        if (!model_private(m, v))
            continue;
        to->copies = keep(s, (ntasks(m) + 1) * sizeof *to->copies);
        for (uint32_t t = 0; t < ntasks(m); t++)
            if (cv_shm_row(m->shm, t)->body != CV_NO_BODY)
                to->copies[to->ncopies++] = t == 0 ? to->value : value_of_copy(s, m, v, t);
    }
}

void cv_summary_cells(struct cv_summary *s, const struct cv_shm *shm, uint32_t var, const struct cv_cell *cell, const struct cv_cell *items)
{
    ((struct arena *)s->arena)->shm = shm;
    if (var < s->nvars)
        s->vars[var].value = of_cells(s, cell, items);
}

/* ── counts ─────────────────────────────────────────────────────────────────────────────────────── */
/* Coroutines have the loop's thread, and no account with the kernel: how long one ran is what its lane says. */
static void of_the_loop(struct cv_summary_task *t, const struct cv_model *m, const struct task *seen)
{
    const struct cv_row *loop = cv_shm_row(m->shm, 0);
    uint64_t ns[CV_ST_COUNT] = {0};
    t->pid = atomic_load(&loop->pid);
    t->tid = atomic_load(&loop->tid);
    if (!seen)
        return;
    series_shares(&seen->lane, &m->overlays, 0, cv_model_end(m), ns);
    t->cpu_ns = seen->ran_before + ns[CV_ST_RUNNING];
}

static void task_of_row(struct cv_summary *s, const struct cv_model *m, uint32_t number)
{
    const struct cv_row *row = cv_shm_row(m->shm, number);
    struct cv_summary_task t = {.task = number, .state = (enum cv_row_state)atomic_load(&row->state), .pid = atomic_load(&row->pid),
                                .tid = atomic_load(&row->tid), .voluntary = atomic_load(&row->voluntary), .involuntary = atomic_load(&row->involuntary),
                                .yields = atomic_load(&row->yields), .cpu_ns = atomic_load(&row->cpu_ns)};
    bool is_async = m->info->model == CV_ASYNC, worker = row->body == CV_NO_BODY, hidden = number == 0 && m->info->implicit_main;
    if (worker && t.state == CV_ROW_WAITING && atomic_load(&row->serves) == CV_NO_TASK)
        t.state = CV_ROW_DONE; /* idle: it waits for nothing that is missing */
    const struct task *seen = model_task(m, number);
    if (seen && !atomic_load(&row->accounted) && t.tid && !t.voluntary && !t.involuntary) { /* it died unasked: the source alone knows */
        t.voluntary = (uint32_t)seen->thread.voluntary;
        t.involuntary = (uint32_t)seen->thread.involuntary;
    }
    uint32_t quantum = t.involuntary - (t.yields < t.involuntary ? t.yields : t.involuntary);
    for (int k = 0; k < CV_CAUSE_COUNT; k++) {
        uint32_t n = hidden ? 0 : atomic_load(&row->causes[k]);
        s->by_cause[k] += n;
        t.awaits += k < CV_BLOCK ? n : 0;
    }
    for (int k = 0; k < 4; k++) {
        t.cores[k] = atomic_load(&row->cores[k]);
        s->cores_seen[k] |= t.cores[k];
    }
    s->by_cause[CV_CAUSE_QUANTUM] += quantum;
    s->by_cause[CV_CAUSE_EXIT] += !hidden && (t.state == CV_ROW_DONE || t.state == CV_ROW_FAILED || t.state == CV_ROW_KILLED);
    if (seen) {
        t.seen_voluntary = seen->thread.voluntary;
        t.seen_involuntary = seen->thread.involuntary;
        t.moves = cv_model_moves(m, number, UINT64_MAX);
        t.queued_ns = seen->thread.queued_ns;
        s->seen_voluntary += t.seen_voluntary;
        s->seen_involuntary += t.seen_involuntary;
        s->queued_ns += t.queued_ns;
        s->moves += instants_until(&seen->thread.moves, UINT64_MAX);
    }
    s->voluntary += t.voluntary;
    s->involuntary += t.involuntary;
    s->yields += t.yields;
    s->awaits += t.awaits;
    if (!is_async || number == 0 || worker)
        s->cpu_time_ns += t.cpu_ns;
    s->threads += number > 0 && t.tid != 0;
    if (hidden)
        return;
    t.own_thread = t.tid != 0;
    if (is_async && !worker)
        of_the_loop(&t, m, seen);
    if (atomic_load(&m->shm->head->virtual_time))
        t.tid = CV_VIRTUAL_PID + (is_async && !worker ? 0 : number);
    t.name = keep_clean(s, row->name);
    t.failure = row->failure ? keep_clean(s, row->failure) : NULL;
    t.failure_line = row->failure_line;
    s->tasks[s->ntasks++] = t;
}

static void output(struct cv_summary *s, const struct cv_model *m)
{
    s->noutput = (uint32_t)m->output.n;
    s->output = keep(s, (s->noutput + 1) * sizeof *s->output);
    for (uint32_t i = 0; i < s->noutput; i++)
        s->output[i] = datum(s, (struct cv_cell){m->output.at[i].text, cv_meta(CV_TAG_STRING, CV_NO_TASK, 0)});
    s->output_lost = m->output_lost || atomic_load(&m->shm->head->output_lines) > s->noutput;
}

static void findings(struct cv_summary *s, const struct cv_model *m)
{
    s->nfindings = (uint32_t)m->findings.n;
    s->findings = keep(s, (s->nfindings + 1) * sizeof *s->findings);
    memcpy(s->finding_count, m->finding_count, sizeof s->finding_count);
    for (uint32_t i = 0; i < s->nfindings; i++) {
        struct cv_summary_finding f = m->findings.at[i];
        f.text = keep_text(s, f.text, strlen(f.text));
        f.task_name = keep_text(s, f.task_name, strlen(f.task_name));
        s->findings[i] = f;
    }
}

/* What is left of the CPU time when the cpu statements have had theirs, over the switches. */
static void cost(struct cv_summary *s, const struct cv_model *m)
{
    uint64_t n = 0;
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        n += k == CV_CAUSE_EXIT ? 0 : s->by_cause[k];
    s->cpu_asked_ns = m->cpu_asked;
    s->cpu_ns_per_switch = -1;
    if (n >= CV_SWITCHES_ENOUGH && !m->lost_own && s->cpu_time_ns > m->cpu_asked)
        s->cpu_ns_per_switch = (int64_t)((s->cpu_time_ns - m->cpu_asked) / n);
}

struct cv_summary *cv_summary_new(const struct cv_model *m, const struct cv_reader *reader)
{
    const struct cv_shm_head *h = m->shm->head;
    struct cv_summary *s = cv_alloc(sizeof *s);
    struct arena *a = cv_alloc(sizeof *a);
    a->shm = m->shm;
    s->arena = a;
    s->outcome = m->outcome;
    s->outcome_text = *m->outcome_text ? keep_text(s, m->outcome_text, strlen(m->outcome_text)) : NULL;
    s->events = cv_reader_counts(reader);
    s->records_lost = s->events.lost > 0 || cv_records_unaccounted(&s->events) > 0 || s->events.overwritten > 0 || m->lost_records > 0;
    uint64_t started = atomic_load(&h->started), finished = atomic_load(&h->finished);
    uint64_t from = started ? cv_reader_ns(reader, started) : 0, to = finished ? cv_reader_ns(reader, finished) : cv_model_end(m);
    s->elapsed_ns = to > from ? to - from : 0;
    s->loop_lag_ns = atomic_load(&h->loop_lag_ns);
    s->loop_iterations = atomic_load(&h->loop_iterations);
    s->peak_tasks = atomic_load(&h->peak_tasks);
    s->memory_per_task = s->peak_tasks ? atomic_load(&h->task_bytes) / s->peak_tasks : 0;
    s->clock_name = atomic_load(&h->virtual_time) ? "virtual" : cv_clock_name();
    s->source_name = s->source_why = s->source_precision = "";
    memcpy(s->cores_seen, m->cores_seen, sizeof s->cores_seen);
    s->tasks = keep(s, (ntasks(m) + 1) * sizeof *s->tasks);
    for (uint32_t t = 0; t < ntasks(m); t++)
        task_of_row(s, m, t);
    s->threads++;
    cost(s, m);
    s->cores_used = s->elapsed_ns ? (double)s->cpu_time_ns / (double)s->elapsed_ns : 0;
    output(s, m);
    findings(s, m);
    variables(s, m);
    return s;
}

void cv_summary_free(struct cv_summary *s)
{
    if (!s)
        return;
    struct arena *a = s->arena;
    for (struct chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    for (uint32_t i = 0; i < s->nexpects; i++)
        cv_buf_release(&s->expects[i].seen);
    free(s->expects);
    for (uint32_t i = 0; i < s->ngoals; i++)
        cv_buf_release(&s->goals[i].seen);
    free(s->goals);
    free(a);
    free(s);
}
