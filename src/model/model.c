/* The model as a whole: what is made and freed, which file folds which event, names, time, what is missing. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

const struct cv_state_info cv_state_info[CV_ST_COUNT] = {
#define CV_STATE(id, name, glyph, ascii, meaning) [CV_ST_##id] = {name, glyph, ascii, meaning},
#include "convis/states.def"
#undef CV_STATE
};

static char no_body[1]; /* stands among the bodies where there is none */

struct cv_model *cv_model_new(const struct cv_run_info *info, const struct cv_shm *shm, size_t history)
{
    struct cv_model *m = cv_alloc(sizeof *m);
    m->info = info;
    m->shm = shm;
    m->history = history ? history : (size_t)256 << 20;
    m->on_loop = m->held_by = CV_NO_TASK;
    m->onloop.names = true;
    m->outcome_text = "";
    m->preempted.t = UINT64_MAX;
    m->vars = cv_alloc((info->nvars + 1) * sizeof *m->vars);
    m->flagged = cv_alloc(info->nvars + 1);
    m->about = cv_alloc((info->nvars + 1) * sizeof *m->about);
    steps_begin(m);
    for (uint32_t i = 0; i < info->nvars; i++)
        m->flagged[i] = info->vars[i].watched;
    m->syncs = cv_alloc((info->nsyncs + 1) * sizeof *m->syncs);
    for (uint32_t i = 0; i < info->nsyncs; i++) {
        m->locks |= info->syncs[i].kind == CV_SYNC_LOCK;
        m->syncs[i].now.owner = m->syncs[i].line.first = m->syncs[i].line.last = m->syncs[i].convoy.last = CV_NO_TASK;
        m->syncs[i].now.length = info->syncs[i].kind == CV_SYNC_SEMAPHORE ? info->syncs[i].size : 0;
    }
    return m;
}

void cv_model_free(struct cv_model *m)
{
    if (!m)
        return;
    order_free(m);
    vars_free(m);
    syncs_free(m);
    cores_free(m);
    findings_free(m);
    causes_free(m);
    steps_free(m);
    notes_free(m);
    for (uint32_t i = 0; i < m->ntasks; i++) {
        if (!m->tasks[i])
            continue;
        series_release(&m->tasks[i]->lane);
        free(m->tasks[i]->lines.at);
        thread_release(m->tasks[i]);
        free(m->tasks[i]->guards.at);
        free(m->tasks[i]);
    }
    free(m->tasks);
    for (size_t i = 0; i < m->clean.n; i++)
        free(m->clean.at[i]);
    free(m->clean.at);
    for (size_t i = 0; i < m->bodies.n; i++)
        if (m->bodies.at[i] != no_body)
            free(m->bodies.at[i]);
    free(m->bodies.at);
    crowd_free(m);
    standing_free(m);
    free(m->overlays.at.at);
    series_release(&m->loop);
    series_release(&m->onloop);
    series_release(&m->switches);
    for (uint32_t i = 0; i < m->nlines; i++)
        free(m->lines[i].at.at);
    free(m->lines);
    free(m->output.at);
    free(m->gaps.at);
    free(m->told.at);
    free(m);
}

/* ── tasks and text ─────────────────────────────────────────────────────────────────────────────── */
struct task *model_task(const struct cv_model *m, uint32_t task) { return task < m->ntasks ? m->tasks[task] : NULL; }

bool model_in_doubt(const struct cv_model *m, uint64_t doubts) { return m->lost_own || m->missing || m->doubts != doubts; }

bool model_hidden(const struct cv_model *m, const struct task *t) { return m->info->implicit_main && m->ntasks && t == m->tasks[0]; }

struct task *model_new_task(struct cv_model *m, uint32_t number)
{
    if (number >= CV_MAX_TASKS || (m->shm && number >= m->shm->head->plan.max_tasks))
        return NULL;
    if (number >= m->tasks_cap) {
        uint32_t cap = m->tasks_cap ? m->tasks_cap : 16;
        while (cap <= number)
            cap *= 2;
        m->tasks = cv_realloc(m->tasks, cap * sizeof *m->tasks);
        memset(m->tasks + m->tasks_cap, 0, (cap - m->tasks_cap) * sizeof *m->tasks);
        m->tasks_cap = cap;
    }
    if (!m->tasks[number]) {
        struct task *t = cv_alloc(sizeof *t);
        t->number = number;
        t->name = "?";
        t->cause = CV_CAUSE_COUNT;
        t->parent = t->object = t->waker = t->behind = t->before = CV_NO_TASK;
        t->core = CV_NO_CORE;
        m->tasks[number] = t;
    }
    if (number >= m->ntasks)
        m->ntasks = number + 1;
    return m->tasks[number];
}

const char *model_clean(struct cv_model *m, uint32_t string)
{
    size_t n;
    const char *s = m->shm ? cv_string(m->shm, string, &n) : "";
    if (!m->shm || string == 0 || n == 0)
        return "";
    while (m->clean.n <= string)
        CV_PUSH(&m->clean, NULL);
    if (!m->clean.at[string]) {
        struct cv_buf b = {0};
        cv_text_clean(&b, s, n);
        m->clean.at[string] = b.at;
    }
    return m->clean.at[string];
}

/* The program is not known here, but its text is: the name stands in the heading. */
const char *model_body(struct cv_model *m, uint32_t line)
{
    static const char heading[] = "[task";
    const char *s = m->info->source, *end = s ? s + m->info->source_length : NULL;
    if (!s || line == 0 || line > 65535)
        return NULL;
    while (m->bodies.n <= line)
        CV_PUSH(&m->bodies, NULL);
    if (m->bodies.at[line])
        return m->bodies.at[line] != no_body ? m->bodies.at[line] : NULL;
    m->bodies.at[line] = no_body;
    for (uint32_t n = 1; n < line && s; n++) {
        s = memchr(s, '\n', (size_t)(end - s));
        s = s ? s + 1 : NULL;
    }
    while (s && s < end && (*s == ' ' || *s == '\t'))
        s++;
    if (!s || (size_t)(end - s) < sizeof heading || memcmp(s, heading, sizeof heading - 1) != 0)
        return NULL;
    s += sizeof heading - 1;
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    size_t n = 0;
    while (s + n < end && n < 64 && !strchr(" \t(]\r\n", s[n]))
        n++;
    struct cv_buf b = {0};
    cv_text_clean(&b, s, n);
    return m->bodies.at[line] = b.at;
}

const char *model_name(const struct cv_model *m, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return t ? t->name : "?";
}

bool model_private(const struct cv_model *m, uint32_t var)
{
    return m->info->model == CV_PROCESSES && m->info->vars[var].kind == CV_VAR_SHARED;
}

void model_gap(struct cv_model *m, uint64_t from, uint64_t to, enum gap_kind kind)
{
    if (m->gaps.n && m->gaps.n >= MODEL_MAX_GAPS) { /* too many to tell apart: the last one grows */
        struct gap *last = &m->gaps.at[m->gaps.n - 1];
        last->from = from < last->from ? from : last->from;
        last->to = to > last->to ? to : last->to;
        last->kind = kind > last->kind ? kind : last->kind;
        return;
    }
    struct gap g = {from, to, kind};
    CV_PUSH(&m->gaps, g);
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────── */
static void print_line(struct cv_model *m, const struct cv_event *e)
{
    struct printed p = {.t = e->t, .order = e->b, .task = e->task, .line = e->line, .text = (uint32_t)e->a};
    if (m->output.n >= MODEL_MAX_OUTPUT) {
        m->output_lost = true;
        return;
    }
    model_clean(m, p.text);
    CV_PUSH(&m->output, p);
    size_t i = m->output.n - 1; /* its order is the truth, its time only places it */
    for (; i > 0 && m->output.at[i - 1].order > p.order && m->moved < MODEL_MAX_MOVED; i--, m->moved++) {
        m->output.at[i] = m->output.at[i - 1];
        p.t = m->output.at[i].t < p.t ? m->output.at[i].t : p.t;
    }
    m->output.at[i] = p;
}

static void task_event(struct cv_model *m, const struct cv_event *e)
{
    struct task *t = model_new_task(m, e->task);
    if (!t)
        return;
    order_told(m, t, e);
    findings_any(m, t, e);
    notes_fold(m, e);
    switch (e->kind) {
    case CV_EV_READ: case CV_EV_WRITE:
        if (vars_followed(m, t, e->obj))
            vars_fold(m, t, e);
        break;
    case CV_EV_TAKE: case CV_EV_GIVE:
        syncs_fold(m, t, e);
        queues_fold(m, t, e);
        break;
    case CV_EV_WAIT: case CV_EV_SPAWN: case CV_EV_TASK_END: queues_fold(m, t, e); break;
    case CV_EV_PRINT: print_line(m, e); break;
    case CV_EV_PASS: case CV_EV_POLL: causes_fold(m, e); break;
    default: break;
    }
    if (e->kind == CV_EV_PRINT || e->kind == CV_EV_GIVE || e->kind == CV_EV_SPAWN || e->kind == CV_EV_TASK_END)
        vars_used(t, e->t);
    if (e->kind == CV_EV_GIVE || e->kind == CV_EV_SPAWN || e->kind == CV_EV_TASK_END)
        vars_published(t, e->t);
    steps_fold(m, t, e);
    lanes_fold(m, t, e);
    order_fold(m, t, e->task, e);
}

static void run_end(struct cv_model *m, const struct cv_event *e)
{
    if (m->over)
        return;
    lanes_over(m, e->t);
    if (e->obj == CV_OUT_FINISHED)
        queues_over(m, e->t);
    m->over = true;
    m->outcome = e->obj <= CV_OUT_CRASHED ? (enum cv_outcome)e->obj : CV_OUT_CRASHED;
    m->outcome_text = model_clean(m, (uint32_t)e->a);
}

void cv_model_fold(struct cv_model *m, const struct cv_event *event)
{
    struct cv_event e = *event;
    if (e.t < m->folded)
        e.t = m->folded;
    m->change++;
    switch (e.kind) {
    case CV_EV_TASK_START: case CV_EV_TASK_END: case CV_EV_RUN: case CV_EV_WAIT: case CV_EV_READY: case CV_EV_CPU: case CV_EV_READ: case CV_EV_WRITE:
    case CV_EV_TAKE: case CV_EV_GIVE: case CV_EV_SPAWN: case CV_EV_JOINED: case CV_EV_PRINT: case CV_EV_MARK: case CV_EV_PASS: case CV_EV_POLL:
    case CV_EV_JOB: case CV_EV_JOB_END:
        task_event(m, &e);
        break;
    case CV_EV_SWITCH_OUT: case CV_EV_SWITCH_IN: case CV_EV_USAGE:
        cores_fold(m, &e);
        lanes_kernel(m, &e);
        break;
    case CV_EV_CORE: cores_fold(m, &e); break;
    case CV_EV_LOST: lanes_lost(m, &e); break;
    case CV_EV_HOLE: lanes_hole(m, &e); break;
    case CV_EV_FINDING: findings_told(m, &e); break;
    case CV_EV_RUN_END: run_end(m, &e); break;
    default: break;
    }
    m->folded = e.t;
    history_trim(m);
}

void cv_model_now(struct cv_model *m, uint64_t t)
{
    if (t > m->now && !m->over)
        m->now = t;
}

uint64_t cv_model_end(const struct cv_model *m) { return m->folded > m->now ? m->folded : m->now; }

bool cv_model_over(const struct cv_model *m, enum cv_outcome *outcome, const char **text)
{
    if (outcome)
        *outcome = m->outcome;
    if (text)
        *text = m->outcome_text;
    return m->over;
}

const struct cv_run_info *cv_model_info(const struct cv_model *m) { return m->info; }
uint64_t cv_model_change(const struct cv_model *m) { return m->change; }

/* ── names ──────────────────────────────────────────────────────────────────────────────────────── */
uint32_t cv_model_ntasks(const struct cv_model *m) { return m->ntasks; }
const char *cv_model_task_name(const struct cv_model *m, uint32_t task) { return model_name(m, task); }

const char *cv_model_body_of(const struct cv_model *m, uint32_t task)
{
    const struct task *t = model_task(m, task);
    if (!t)
        return "?";
    return t->body_name ? t->body_name : t->name;
}

const char *cv_model_failure(const struct cv_model *m, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return t ? t->failure : NULL;
}

uint32_t cv_model_parent(const struct cv_model *m, uint32_t task)
{
    const struct task *t = model_task(m, task);
    return t ? t->parent : CV_NO_TASK;
}

void cv_model_ids(const struct cv_model *m, uint32_t task, uint32_t *pid, uint32_t *tid)
{
    const struct task *t = model_task(m, task);
    *pid = t ? t->pid : 0;
    *tid = t ? t->tid : 0;
    if (t && m->shm && !*pid) { /* the row knows, once the task has begun */
        const struct cv_row *row = cv_shm_row(m->shm, task);
        *pid = atomic_load(&row->pid);
        *tid = atomic_load(&row->tid);
    }
}

bool cv_model_has_loop(const struct cv_model *m) { return m->info->model == CV_ASYNC; }

/* ── output, findings, what is missing ──────────────────────────────────────────────────────────── */
uint32_t cv_model_noutput(const struct cv_model *m, uint64_t t)
{
    return (uint32_t)CV_PARTITION_POINT(m->output.n, i, m->output.at[i].t <= t);
}

struct cv_line_out cv_model_output(const struct cv_model *m, uint32_t i)
{
    if (i >= m->output.n)
        return (struct cv_line_out){.task = CV_NO_TASK, .text = ""};
    const struct printed *p = &m->output.at[i];
    const char *text = p->text < m->clean.n && m->clean.at[p->text] ? m->clean.at[p->text] : "";
    return (struct cv_line_out){.t = p->t, .task = p->task, .line = p->line, .text = text};
}

uint32_t cv_model_nfindings(const struct cv_model *m, uint64_t t)
{
    size_t n = m->findings.n;
    while (n > 0 && m->findings.at[n - 1].t > t)
        n--;
    return (uint32_t)n;
}

struct cv_summary_finding cv_model_finding(const struct cv_model *m, uint32_t i)
{
    if (i >= m->findings.n)
        return (struct cv_summary_finding){.task = CV_NO_TASK, .task_name = "", .text = ""};
    return m->findings.at[i];
}

bool cv_model_lost(const struct cv_model *m, uint64_t from, uint64_t to)
{
    for (size_t i = m->gaps.n; i-- > 0;)
        if (m->gaps.at[i].from < to && m->gaps.at[i].to >= from)
            return true;
    if (m->hole && m->hole_since < to)
        return true;
    return from < m->begin;
}

uint64_t cv_model_line_switches(const struct cv_model *m, uint32_t line, uint64_t t)
{
    return line < m->nlines ? instants_until(&m->lines[line], t) : 0;
}
