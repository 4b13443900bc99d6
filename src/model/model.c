/* The fold: each event goes to the lane, variable, object or core it speaks of. */
#include <stdlib.h>
#include <string.h>

#include "model/fold.h"

const struct cv_state_info cv_state_info[CV_ST_COUNT] = {
#define CV_STATE(id, state_name, state_glyph, state_ascii, state_meaning) \
    [CV_ST_##id] = {.name = state_name, .glyph = state_glyph, .ascii = state_ascii, .meaning = state_meaning},
#include "convis/states.def"
#undef CV_STATE
};

struct cv_model *cv_model_new(const struct cv_run_info *info, const struct cv_shm *shm, size_t history)
{
    struct cv_model *m = cv_alloc(sizeof *m);
    m->info = info;
    m->shm = shm;
    m->history = history ? history : 256u << 20;
    m->current = CV_NO_TASK;
    m->held_from = m->hole_from = UINT64_MAX;
    m->vars = cv_alloc((info->nvars + 1) * sizeof *m->vars);
    m->syncs = cv_alloc((info->nsyncs + 1) * sizeof *m->syncs);
    m->sync_clocks = cv_alloc((info->nsyncs + 1) * sizeof *m->sync_clocks);
    for (uint32_t v = 0; v < info->nvars; v++) {
        struct copy first = {.task = CV_NO_TASK};
        CV_PUSH(&m->vars[v].copies, first);
    }
    m->loop.on_core = 2;
    m->loop.waker = m->loop.object = CV_NO_TASK;
    return m;
}

static void release_lane(struct lane *l)
{
    free(l->slices.at);
    free(l->blocks.at);
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        free(l->switches[c].at);
}

void cv_model_free(struct cv_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->lanes.n; i++) {
        release_lane(m->lanes.at[i]);
        free(m->lanes.at[i]);
    }
    release_lane(&m->loop);
    for (uint32_t v = 0; v < m->info->nvars; v++) {
        for (size_t c = 0; c < m->vars[v].copies.n; c++) {
            struct copy *copy = &m->vars[v].copies.at[c];
            for (size_t i = 0; i < copy->items.n; i++)
                free(copy->items.at[i].at);
            free(copy->items.at);
            free(copy->writes.at);
            free(copy->reads.at);
        }
        free(m->vars[v].copies.at);
        free(m->vars[v].last.at);
    }
    for (uint32_t k = 0; k < m->info->nsyncs; k++) {
        free(m->syncs[k].history.at);
        free(m->sync_clocks[k].at);
    }
    for (uint32_t c = 0; c < m->ncores; c++) {
        free(m->cores[c].runs.at);
        free(m->cores[c].busy.at);
    }
    for (size_t i = 0; i < m->lines.n; i++)
        free(m->lines.at[i].at);
    for (size_t i = 0; i < m->task_clocks.n; i++)
        free(m->task_clocks.at[i].at);
    for (size_t i = 0; i < m->texts.n; i++)
        free(m->texts.at[i]);
    free(m->lanes.at);
    free(m->vars);
    free(m->syncs);
    free(m->sync_clocks);
    free(m->cores);
    free(m->lines.at);
    free(m->task_clocks.at);
    free(m->texts.at);
    free(m->output.at);
    free(m->output_order.at);
    free(m->findings.at);
    free(m->held.at);
    free(m->holes.at);
    free(m->lost.at);
    free(m);
}

const char *model_keep(struct cv_model *m, struct cv_buf *text)
{
    cv_buf_str(text, "");
    CV_PUSH(&m->texts, text->at);
    return text->at;
}

const char *model_text(struct cv_model *m, uint32_t string)
{
    struct cv_buf clean = {0};
    size_t n;
    const char *s = cv_string(m->shm, string, &n);
    cv_text_clean(&clean, s, n);
    return model_keep(m, &clean);
}

struct lane *model_lane(const struct cv_model *m, uint32_t lane)
{
    if (lane == CV_LANE_LOOP)
        return cv_model_has_loop(m) ? (struct lane *)(uintptr_t)&m->loop : NULL;
    return lane < m->lanes.n && m->lanes.at[lane]->exists ? m->lanes.at[lane] : NULL;
}

struct lane *model_lane_for(struct cv_model *m, uint32_t task)
{
    if (task >= m->shm->head->plan.max_tasks)
        return NULL;
    while (m->lanes.n <= task) {
        struct lane *l = cv_alloc(sizeof *l);
        l->on_core = 2;
        l->core = CV_NO_CORE;
        l->waker = l->object = CV_NO_TASK;
        CV_PUSH(&m->lanes, l);
    }
    return m->lanes.at[task];
}

/* ── the loop and its turns (async) ─────────────────────────────────────────────────────────────── */
static void loop_released(struct cv_model *m, uint64_t t)
{
    if (m->held_from == UINT64_MAX)
        return;
    struct interval i = {m->held_from, t, m->current};
    CV_PUSH(&m->held, i);
    m->held_from = UINT64_MAX;
}

static void loop_runs(struct cv_model *m, const struct cv_event *e)
{
    loop_released(m, e->t);
    if (m->current != e->task) {
        m->current = e->task;
        m->turn_began = e->t;
        m->turn_line = e->line;
        m->turn_blocked = false;
    }
    lane_set(m, &m->loop, e->t, CV_ST_RUNNING, CV_CAUSE_COUNT, e->line, e->task);
}

static void loop_left(struct cv_model *m, const struct cv_event *e)
{
    loop_released(m, e->t);
    if (m->current == e->task) {
        finding_turn(m, e->t, e->task);
        m->current = CV_NO_TASK;
    }
}

static bool is_sync_reason(enum cv_cause c)
{
    enum cv_reason r = (enum cv_reason)(c % CV_REASON_COUNT);
    return c < 2 * CV_REASON_COUNT && r != CV_REASON_SLEEP && r != CV_REASON_FETCH && r != CV_REASON_JOIN && r != CV_REASON_TURN;
}

static enum cv_state waiting_state(enum cv_cause c)
{
    if (c == CV_CAUSE_GIL || c == CV_CAUSE_YIELD || c == CV_AWAIT + CV_REASON_TURN)
        return CV_ST_READY;
    enum cv_reason r = (enum cv_reason)(c % CV_REASON_COUNT);
    return c < 2 * CV_REASON_COUNT && (r == CV_REASON_LOCK || r == CV_REASON_SEMAPHORE) ? CV_ST_BLOCKED : CV_ST_WAITING;
}

static void no_longer_waiting(struct cv_model *m, struct lane *l, uint64_t t)
{
    if ((l->state == CV_ST_WAITING || l->state == CV_ST_BLOCKED) && is_sync_reason((enum cv_cause)l->cause) && l->object < m->info->nsyncs)
        sync_waiting(m, l->object, t, -1);
}

static void count_line(struct cv_model *m, unsigned line, uint64_t t)
{
    while (m->lines.n <= line) {
        times_t none = {0};
        CV_PUSH(&m->lines, none);
    }
    CV_PUSH(&m->lines.at[line], t);
}

static void wait_begins(struct cv_model *m, struct lane *l, const struct cv_event *e)
{
    enum cv_cause cause = e->obj < CV_CAUSE_COUNT ? (enum cv_cause)e->obj : CV_CAUSE_SYSTEM;
    l->state = (uint8_t)waiting_state(cause);
    l->cause = (uint8_t)cause;
    l->line = e->line;
    l->object = e->a < CV_NO_TASK ? (uint32_t)e->a : CV_NO_TASK;
    enum cv_reason r = (enum cv_reason)(cause % CV_REASON_COUNT);
    if (cause < 2 * CV_REASON_COUNT && (r == CV_REASON_SLEEP || r == CV_REASON_FETCH || r == CV_REASON_TURN))
        l->object = CV_NO_TASK;
    CV_PUSH(&l->switches[cause], e->t);
    count_line(m, e->line, e->t);
    if (l->state != CV_ST_READY && is_sync_reason(cause) && l->object < m->info->nsyncs)
        sync_waiting(m, l->object, e->t, 1);
    if (cv_model_has_loop(m) && cause >= CV_BLOCK && cause < 2 * CV_REASON_COUNT) {
        m->held_from = e->t;
        m->turn_blocked = true;
        m->turn_line = e->line;
        lane_set(m, &m->loop, e->t, CV_ST_FROZEN, cause, e->line, e->task);
    } else if (cv_model_has_loop(m)) {
        loop_left(m, e);
    }
}

/* ── kernel ─────────────────────────────────────────────────────────────────────────────────────── */
static void kernel_switch(struct cv_model *m, const struct cv_event *e, bool in)
{
    struct lane *l = model_lane_for(m, e->task);
    if (cv_model_has_loop(m) && !m->info->stepped)
        l = m->current != CV_NO_TASK ? model_lane_for(m, m->current) : NULL; /* the loop's thread: who is on it now */
    core_fold(m, e);
    if (!l || !l->exists)
        return;
    l->on_core = in;
    l->preempted = !in && e->b == 1;
    l->core = e->obj;
    if (!in && l->state == CV_ST_RUNNING) {
        CV_PUSH(&l->switches[l->preempted ? CV_CAUSE_QUANTUM : CV_CAUSE_SYSTEM], e->t);
        count_line(m, l->line, e->t);
    }
    lane_show(m, l, e->t);
}

/* ── the fold ───────────────────────────────────────────────────────────────────────────────────── */
static void task_event(struct cv_model *m, const struct cv_event *e)
{
    struct lane *l = model_lane_for(m, e->task);
    if (!l || (e->kind != CV_EV_TASK_START && l->over))
        return;
    switch ((enum cv_event_kind)e->kind) {
    case CV_EV_TASK_START:
        l->exists = true;
        l->name = (uint32_t)e->a;
        l->body = (uint32_t)e->b;
        l->parent = (uint32_t)e->c;
        l->born = e->t;
        l->line = e->line;
        l->state = CV_ST_READY;
        l->cause = CV_CAUSE_COUNT;
        break;
    case CV_EV_RUN:
        no_longer_waiting(m, l, e->t);
        l->state = CV_ST_RUNNING;
        l->line = e->line ? e->line : l->line;
        if (cv_model_has_loop(m)) {
            loop_runs(m, e);
            l->on_core = 2;
        } else if (l->on_core == 0) {
            l->on_core = 2; /* it says that it runs: the kernel's word for it is still to come */
        }
        break;
    case CV_EV_WAIT: wait_begins(m, l, e); break;
    case CV_EV_READY:
        no_longer_waiting(m, l, e->t);
        if (l->state == CV_ST_RUNNING)
            break; /* it was quicker than the word of who woke it */
        l->state = CV_ST_READY;
        l->waker = (uint32_t)e->a;
        l->object = CV_NO_TASK;
        break;
    case CV_EV_TASK_END:
        no_longer_waiting(m, l, e->t);
        l->state = e->obj == CV_END_DONE ? CV_ST_DONE : CV_ST_FAILED;
        l->cause = CV_CAUSE_EXIT;
        CV_PUSH(&l->switches[CV_CAUSE_EXIT], e->t);
        if (cv_model_has_loop(m))
            loop_left(m, e);
        break;
    case CV_EV_CPU:
        l->line = e->line;
        if (cv_model_has_loop(m) && m->current == e->task && !m->turn_blocked)
            m->turn_line = e->line;
        break;
    default: l->line = e->line ? e->line : l->line; break;
    }
    lane_show(m, l, e->t);
    l->over |= e->kind == CV_EV_TASK_END;
}

static void add_output(struct cv_model *m, const struct cv_event *e)
{
    struct cv_line_out o = {e->t, e->task, e->line, model_text(m, (uint32_t)e->a)};
    CV_PUSH(&m->output, o);
    CV_PUSH(&m->output_order, e->b);
    for (size_t i = m->output.n - 1; i > 0 && m->output_order.at[i - 1] > m->output_order.at[i]; i--) {
        struct cv_line_out t = m->output.at[i]; /* the order under way counts, the stamps only place it */
        m->output.at[i] = m->output.at[i - 1];
        m->output.at[i - 1] = t;
        uint64_t n = m->output_order.at[i];
        m->output_order.at[i] = m->output_order.at[i - 1];
        m->output_order.at[i - 1] = n;
        if (m->output.at[i].t < m->output.at[i - 1].t)
            m->output.at[i].t = m->output.at[i - 1].t;
    }
}

void cv_model_fold(struct cv_model *m, const struct cv_event *e)
{
    m->change++;
    if (e->t > m->end)
        m->end = e->t;
    switch ((enum cv_event_kind)e->kind) {
    case CV_EV_TASK_START: case CV_EV_RUN: case CV_EV_WAIT: case CV_EV_READY: case CV_EV_CPU: task_event(m, e); break;
    case CV_EV_TASK_END:
        finding_order(m, e);
        task_event(m, e);
        break;
    case CV_EV_READ: case CV_EV_WRITE:
        task_event(m, e);
        var_fold(m, e);
        break;
    case CV_EV_TAKE: case CV_EV_GIVE:
        task_event(m, e);
        sync_fold(m, e);
        finding_order(m, e);
        break;
    case CV_EV_SPAWN: case CV_EV_JOINED: finding_order(m, e); break;
    case CV_EV_PRINT:
        task_event(m, e);
        add_output(m, e);
        break;
    case CV_EV_POLL: lane_set(m, &m->loop, e->t, CV_ST_WAITING, CV_CAUSE_COUNT, 0, CV_NO_TASK); break;
    case CV_EV_SWITCH_IN: kernel_switch(m, e, true); break;
    case CV_EV_SWITCH_OUT: kernel_switch(m, e, false); break;
    case CV_EV_CORE: core_fold(m, e); break;
    case CV_EV_LOST: {
        struct interval i = {m->last_event, e->t, e->task};
        CV_PUSH(&m->lost, i);
        break;
    }
    case CV_EV_HOLE:
        if (e->a) {
            m->hole_from = e->t;
        } else if (m->hole_from != UINT64_MAX) {
            struct interval i = {m->hole_from, e->t, CV_NO_TASK};
            CV_PUSH(&m->holes, i);
            m->hole_from = UINT64_MAX;
        }
        break;
    case CV_EV_FINDING: {
        struct cv_buf text = {0};
        size_t n;
        const char *s = cv_string(m->shm, (uint32_t)e->a, &n);
        cv_text_clean(&text, s, n);
        finding_add(m, e->obj < CV_FINDING_COUNT ? (enum cv_finding_kind)e->obj : CV_FINDING_DEADLOCK, e->t, CV_NO_TASK, 0, &text);
        break;
    }
    case CV_EV_RUN_END:
        m->over = true;
        m->outcome = e->obj <= CV_OUT_CRASHED ? (enum cv_outcome)e->obj : CV_OUT_CRASHED;
        m->outcome_text = e->a ? model_text(m, (uint32_t)e->a) : "";
        break;
    default: break;
    }
    m->last_event = e->t;
}

void cv_model_now(struct cv_model *m, uint64_t t)
{
    if (t > m->end && !m->over) {
        m->end = t;
        m->change++;
    }
}

/* ── small questions ────────────────────────────────────────────────────────────────────────────── */
uint64_t cv_model_end(const struct cv_model *m) { return m->end; }
uint64_t cv_model_change(const struct cv_model *m) { return m->change; }
const struct cv_run_info *cv_model_info(const struct cv_model *m) { return m->info; }
bool cv_model_has_loop(const struct cv_model *m) { return m->info->model == CV_ASYNC; }
bool cv_model_over(const struct cv_model *m, enum cv_outcome *outcome, const char **text)
{
    if (outcome)
        *outcome = m->outcome;
    if (text)
        *text = m->outcome_text ? m->outcome_text : "";
    return m->over;
}

uint32_t cv_model_ntasks(const struct cv_model *m) { return (uint32_t)m->lanes.n; }

const char *cv_model_task_name(const struct cv_model *m, uint32_t task)
{
    if (task == CV_LANE_LOOP)
        return "loop";
    if (task >= m->lanes.n)
        return "?";
    size_t n;
    const char *s = cv_string(m->shm, m->lanes.at[task]->name, &n);
    static char ring[8][128];
    static unsigned next;
    struct cv_buf clean = {0};
    cv_text_clean(&clean, s, n);
    char *to = ring[next++ % 8];
    snprintf(to, sizeof ring[0], "%s", clean.at);
    cv_buf_release(&clean);
    return to;
}

uint32_t cv_model_parent(const struct cv_model *m, uint32_t task) { return task < m->lanes.n ? m->lanes.at[task]->parent : CV_NO_TASK; }

const char *cv_model_body_of(const struct cv_model *m, uint32_t task)
{
    const char *name = cv_model_task_name(m, task);
    return name;
}

void cv_model_ids(const struct cv_model *m, uint32_t task, uint32_t *pid, uint32_t *tid)
{
    *pid = *tid = 0;
    if (task >= m->shm->head->plan.max_tasks)
        return;
    *pid = atomic_load(&cv_shm_row(m->shm, task)->pid);
    *tid = atomic_load(&cv_shm_row(m->shm, task)->tid);
}

uint64_t cv_model_line_switches(const struct cv_model *m, uint32_t line, uint64_t t)
{
    return line < m->lines.n ? times_until(&m->lines.at[line], t) : 0;
}

uint32_t cv_model_noutput(const struct cv_model *m, uint64_t t)
{
    size_t low = 0, high = m->output.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (m->output.at[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return (uint32_t)low;
}

struct cv_line_out cv_model_output(const struct cv_model *m, uint32_t i)
{
    return i < m->output.n ? m->output.at[i] : (struct cv_line_out){.text = ""};
}

uint32_t cv_model_nfindings(const struct cv_model *m, uint64_t t)
{
    uint32_t n = 0;
    while (n < m->findings.n && m->findings.at[n].t <= t)
        n++;
    return n;
}

struct cv_summary_finding cv_model_finding(const struct cv_model *m, uint32_t i)
{
    return i < m->findings.n ? m->findings.at[i] : (struct cv_summary_finding){.text = "", .task_name = ""};
}

bool cv_model_lost(const struct cv_model *m, uint64_t from, uint64_t to)
{
    for (size_t i = m->lost.n; i-- > 0;)
        if (m->lost.at[i].from < to && m->lost.at[i].to >= from)
            return true;
    return false;
}
