/* Ends of schedules: the outcome as a summary, judged by [expect]; each kind of failure is one violation, however many schedules lead
 * to it. */
#include <stdlib.h>
#include <string.h>

#include "engine/cells.h"
#include "explore/judge.h"

static bool applies(const struct cv_order *o, const struct cv_expect *x) { return (x->models >> o->model & 1) && (!x->gil_only || o->gil); }

void judge_init(struct judge *j, const struct cv_program *p, const struct cv_order *o, struct cv_explore *e)
{
    *j = (struct judge){.program = p, .order = o, .e = e, .begun_ns = cv_mono_ns()};
    intern_init(&j->keys);
    e->expects = cv_alloc((p->nexpects + 1) * sizeof *e->expects);
    for (uint32_t k = 0; k < p->nexpects; k++)
        if (applies(o, &p->expects[k]))
            e->expects[e->nexpects++] = (struct cv_explore_expect){p->expects[k].line, p->expects[k].text, p->expects[k].kind, CV_UNDECIDED, false};
    j->came = cv_alloc(e->nexpects + 1);
    j->not = cv_alloc(e->nexpects + 1);
    j->undecided = cv_alloc(e->nexpects + 1);
}

void judge_release(struct judge *j)
{
    for (uint32_t i = 0; i < j->e->noutcomes && j->counts; i++)
        big_release(&j->counts[i].interleavings);
    free(j->counts);
    free(j->by_key.at);
    free(j->came);
    free(j->not);
    free(j->undecided);
    intern_release(&j->keys);
}

/* ── the summary ────────────────────────────────────────────────────────────────────────────────── */
static struct cv_datum scalar(const struct space *x, struct cv_cell c)
{
    struct cv_datum d = {.tag = cv_meta_tag(c.meta), .i = (int64_t)c.payload};
    if (d.tag == CV_TAG_STRING) {
        size_t n;
        d.s = cv_string(&x->shm, (uint32_t)c.payload, &n);
        d.n = (uint32_t)n;
        d.i = 0;
    }
    return d;
}

static struct cv_datum datum(const struct space *x, const struct cv_cell *cell, const struct cv_list *list)
{
    if (!list)
        return scalar(x, *cell);
    struct cv_datum d = {.tag = CV_TAG_LIST, .n = (uint32_t)cell->payload};
    d.items = cv_alloc((d.n + 1) * sizeof *d.items);
    for (uint32_t i = 0; i < d.n; i++)
        d.items[i] = scalar(x, list->items[i]);
    return d;
}

static struct cv_datum component_value(const struct space *x, const struct var_at *v, const uint32_t *first)
{
    if (v->list && v->flat) {
        struct cv_datum d = {.tag = CV_TAG_LIST, .n = v->n, .items = cv_alloc((v->n + 1) * sizeof *d.items)};
        for (uint32_t i = 0; i < v->n; i++) {
            struct var_at one = {.n = 1, .flat = true};
            d.items[i] = component_value(x, &one, first + i);
        }
        return d;
    }
    const uint32_t *w = intern_at(&x->values, *first, NULL);
    struct cv_cell c = {w[0] | (uint64_t)w[1] << 32, cv_meta((enum cv_tag)w[2], 0, 0)};
    if (!v->list)
        return scalar(x, c);
    struct cv_datum d = {.tag = CV_TAG_LIST, .n = w[0], .items = cv_alloc((w[0] + 1u) * sizeof *d.items)};
    for (uint32_t i = 0; i < d.n; i++)
        d.items[i] = scalar(x, (struct cv_cell){w[3 * i + 3] | (uint64_t)w[3 * i + 4] << 32, cv_meta((enum cv_tag)w[3 * i + 5], 0, 0)});
    return d;
}

static void variables(struct space *x, const struct stage *s, const uint32_t *tuple, struct cv_summary *sum)
{
    const struct cv_program *p = x->program;
    const struct control *c = space_control(x, tuple);
    sum->vars = cv_alloc((p->nvars + 1) * sizeof *sum->vars);
    sum->nvars = p->nvars;
    for (uint32_t v = 0; v < p->nvars; v++) {
        struct cv_summary_var *to = &sum->vars[v];
        to->name = p->vars[v].name;
        to->value = datum(x, s->base.cells[v], s->base.lists[v]);
        if (x->order.model != CV_PROCESSES || p->vars[v].memory)
            continue;
        to->copies = cv_alloc((c->n + 1) * sizeof *to->copies);
        for (uint32_t t = 0; t < c->n; t++) /* of those that have ended too: the components keep what they left */
            if (!c->tasks[t].worker)
                to->copies[to->ncopies++] = component_value(x, &x->vars[v], tuple + space_task_at(x, t) + x->vars[v].own);
        free(to->value.items);
        to->value = component_value(x, &x->vars[v], tuple + space_task_at(x, 0) + x->vars[v].own);
    }
}

static void tasks(struct space *x, const uint32_t *tuple, struct cv_summary *sum)
{
    const struct control *c = space_control(x, tuple);
    sum->tasks = cv_alloc((c->n + 1) * sizeof *sum->tasks);
    for (uint32_t t = x->program->implicit_main; t < c->n; t++) {
        struct cv_summary_task *to = &sum->tasks[sum->ntasks];
        if (c->tasks[t].worker)
            continue;
        sum->ntasks++;
        to->task = t;
        to->name = cv_string(&x->shm, stage_row(&x->stage, t)->name, NULL);
        to->state = (enum cv_row_state)c->tasks[t].row;
        to->failure = c->tasks[t].failure ? cv_string(&x->shm, c->tasks[t].failure, NULL) : NULL;
        to->failure_line = c->tasks[t].failure_line;
    }
}

static char *deadlock_text(struct space *x, const struct stage *s)
{
    struct cv_buf text = {0};
    uint32_t members[SPACE_TASKS + 1], n;
    bool others;
    cv_buf_str(&text, "");
    for (uint32_t t = 0; t < s->n; t++) { /* who would have to wait, waits */
        const struct player *p = &s->players[t];
        struct cv_action a;
        if (!p->task || stage_coop(s, t) || (p->phase != RUNNABLE && p->phase != TIMER))
            continue;
        stage_look(&x->stage, t, &a);
        if (cv_sync_is(&a))
            stage_wait(&x->stage, t, &a, BLOCKED, true);
    }
    n = cv_deadlock_find(&x->machine, s->holder, members, SPACE_TASKS, &others);
    cv_deadlock_text(&x->machine, s->holder, members, n, &text);
    return text.at;
}

static struct cv_summary summary(struct space *x, const uint32_t *tuple)
{
    struct cv_summary sum = {.untimed = true, .outcome = space_outcome(x, tuple)};
    const struct control *c = space_control(x, tuple);
    struct stage *s = space_show(x, tuple);
    uint32_t *lines = (uint32_t *)(uintptr_t)space_output(x, tuple[SPACE_OUTPUT], &sum.noutput);
    sum.output = cv_alloc((sum.noutput + 1) * sizeof *sum.output);
    for (uint32_t i = 0; i < sum.noutput; i++)
        sum.output[i] = scalar(x, (struct cv_cell){lines[i], cv_meta(CV_TAG_STRING, 0, 0)});
    free(lines);
    sum.elapsed_ns = x->absolute ? c->now : 0;
    variables(x, s, tuple, &sum);
    tasks(x, tuple, &sum);
    sum.outcome_text = sum.outcome == CV_OUT_DEADLOCK ? deadlock_text(x, s) : cv_strndup(cv_string(&x->shm, c->text, NULL), strlen(cv_string(&x->shm, c->text, NULL)));
    return sum;
}

void judge_summary_release(struct cv_summary *s)
{
    for (uint32_t v = 0; v < s->nvars; v++) {
        for (uint32_t k = 0; k < s->vars[v].ncopies; k++)
            free(s->vars[v].copies[k].items);
        free(s->vars[v].copies);
        free(s->vars[v].value.items);
    }
    for (uint32_t k = 0; k < s->nexpects; k++)
        cv_buf_release(&s->expects[k].seen);
    for (uint32_t k = 0; k < s->ngoals; k++)
        cv_buf_release(&s->goals[k].seen);
    free(s->goals);
    free(s->expects);
    free(s->vars);
    free(s->tasks);
    free(s->output);
    free((char *)(uintptr_t)s->outcome_text);
    *s = (struct cv_summary){0};
}

/* ── telling apart ──────────────────────────────────────────────────────────────────────────────── */
static void key_datum(struct cv_buf *out, const struct cv_datum *d)
{
    uint64_t words[2] = {(uint64_t)d->tag << 32 | d->n, (uint64_t)d->i};
    cv_buf_add(out, (const char *)words, sizeof words);
    if (d->tag == CV_TAG_STRING)
        cv_buf_add(out, d->s, d->n);
    for (uint32_t i = 0; d->tag == CV_TAG_LIST && i < d->n; i++)
        key_datum(out, &d->items[i]);
}

static uint32_t key_of(struct judge *j, const struct cv_summary *s)
{
    struct cv_buf key = {0};
    cv_buf_printf(&key, "%d %s;%llu;", (int)s->outcome, s->outcome == CV_OUT_CRASHED ? s->outcome_text : "", (unsigned long long)s->elapsed_ns);
    for (uint32_t v = 0; v < s->nvars; v++) {
        key_datum(&key, &s->vars[v].value);
        for (uint32_t k = 0; k < s->vars[v].ncopies; k++)
            key_datum(&key, &s->vars[v].copies[k]);
    }
    for (uint32_t i = 0; i < s->noutput; i++)
        key_datum(&key, &s->output[i]);
    for (uint32_t t = 0; t < s->ntasks; t++)
        if (s->tasks[t].failure)
            cv_buf_printf(&key, "%u %s;", t, s->tasks[t].failure);
    uint32_t id = intern_add(&j->keys, key.at, key.n);
    cv_buf_release(&key);
    return id;
}

/* ── judging ────────────────────────────────────────────────────────────────────────────────────── */
static uint64_t breach(struct judge *j, enum cv_explore_breach kind, uint32_t line, const char *text, const char *seen, uint32_t outcome)
{
    struct cv_explore *e = j->e;
    uint32_t v = 0;
    while (v < e->nviolations && !(e->violations[v].breach == kind && e->violations[v].line == line))
        v++;
    if (v == JUDGE_BREACHES - 1)
        return 0;
    if (v == e->nviolations) {
        e->violations = cv_realloc(e->violations, (v + 1) * sizeof *e->violations);
        e->violations[e->nviolations++] = (struct cv_explore_violation){.breach = kind, .line = line, .text = text, .outcome = outcome,
                                                                        .seen = seen && *seen ? cv_strndup(seen, strlen(seen)) : NULL};
    }
    return (uint64_t)1 << v;
}

/* Does an [expect] line speak of it? Then it alone decides. */
static bool spoken_of(const struct cv_expr *e, const char *name)
{
    if (e->kind == CV_E_BUILTIN && !strcmp(e->name, name))
        return true;
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i] && spoken_of(e->items[i], name))
            return true;
    return false;
}

static bool expected(const struct judge *j, const char *name)
{
    for (uint32_t k = 0; k < j->program->nexpects; k++)
        if (applies(j->order, &j->program->expects[k]) && spoken_of(j->program->expects[k].expr, name))
            return true;
    return false;
}

static uint64_t breaches(struct judge *j, struct cv_summary *s, uint32_t outcome)
{
    uint64_t bits = 0;
    const struct cv_summary_task *failed = NULL;
    bool reached = s->ngoals > 0;
    for (uint32_t k = 0; k < s->ngoals; k++)
        reached &= s->goals[k].holds == CV_HOLDS;
    if (reached)
        bits |= JUDGE_GOAL;
    for (uint32_t k = 0; k < s->nexpects; k++) {
        const struct cv_summary_expect *x = &s->expects[k];
        bool came = x->kind == CV_X_NEVER ? x->holds == CV_FAILS : x->holds == CV_HOLDS;
        *(x->holds == CV_UNDECIDED ? &j->undecided[k] : came ? &j->came[k] : &j->not[k]) = true;
        if (x->holds == CV_FAILS)
            bits |= breach(j, CV_BREACH_EXPECT, x->line, x->text, x->seen.at, outcome);
    }
    for (uint32_t t = 0; t < s->ntasks; t++)
        if (!failed && (s->tasks[t].state == CV_ROW_FAILED || s->tasks[t].state == CV_ROW_KILLED))
            failed = &s->tasks[t];
    if (s->outcome == CV_OUT_DEADLOCK && !expected(j, "deadlock"))
        bits |= breach(j, CV_BREACH_DEADLOCK, 0, "a deadlock", s->outcome_text, outcome);
    if (s->outcome == CV_OUT_CRASHED && !expected(j, "failed"))
        bits |= breach(j, CV_BREACH_CRASHED, 0, "the program crashes", s->outcome_text, outcome);
    if (s->outcome == CV_OUT_TIMEOUT)
        bits |= breach(j, CV_BREACH_TIMEOUT, 0, "it takes longer than its timeout", NULL, outcome);
    if (failed && !expected(j, "failed")) {
        struct cv_buf text = {0};
        cv_text_clean(&text, failed->name, strlen(failed->name));
        cv_buf_str(&text, ": ");
        cv_text_clean(&text, failed->failure ? failed->failure : "", failed->failure ? strlen(failed->failure) : 0);
        bits |= breach(j, CV_BREACH_FAILED, 0, "a task fails", text.at, outcome);
        cv_buf_release(&text);
    }
    return bits;
}

static void keep(struct judge *j, struct cv_summary *s, uint64_t bits)
{
    struct cv_explore *e = j->e;
    uint32_t n = e->noutcomes++;
    if (!(n & (n - 1))) {
        e->outcomes = cv_realloc(e->outcomes, (n ? n * 2 : 1) * sizeof *e->outcomes);
        j->counts = cv_realloc(j->counts, (n ? n * 2 : 1) * sizeof *j->counts);
    }
    j->counts[n] = (struct judge_counts){0};
    e->outcomes[n] = (struct cv_explore_outcome){.outcome = s->outcome, .summary = *s, .probability = -1, .bad = (bits & ~JUDGE_GOAL) != 0};
    for (uint32_t t = 0; t < s->ntasks; t++)
        e->outcomes[n].failed += s->tasks[t].state == CV_ROW_FAILED || s->tasks[t].state == CV_ROW_KILLED;
}

/* The end of a schedule as numbers of its space, which has met it before or not. */
static uint32_t numbers(struct space *x, const uint32_t *tuple)
{
    const struct control *c = space_control(x, tuple);
    uint32_t n = 0, *key = x->before;
    key[n++] = space_outcome(x, tuple) | (space_outcome(x, tuple) == CV_OUT_DEADLOCK ? tuple[SPACE_CONTROL] << 4 : 0);
    key[n++] = c->text;
    key[n++] = (uint32_t)c->now;
    key[n++] = (uint32_t)(c->now >> 32);
    for (uint32_t k = SPACE_OUTPUT; k < x->nfixed; k++)
        key[n++] = tuple[k];
    for (uint32_t t = 0; t < c->n; t++) {
        key[n++] = c->tasks[t].failure;
        for (uint32_t k = 1; k < x->per_task; k++)
            key[n++] = tuple[space_task_at(x, t) + k];
    }
    return intern_add(&x->outcomes, key, n * sizeof *key);
}

struct judged judge_end(struct judge *j, struct space *x, const uint32_t *tuple)
{
    if (x->astray)
        return (struct judged){.outcome = JUDGE_OTHER};
    uint32_t id = numbers(x, tuple);
    while (x->ends.n <= id) {
        struct space_end none = {0};
        CV_PUSH(&x->ends, none);
    }
    if (x->ends.at[id].key)
        return j->by_key.at[x->ends.at[id].key];
    struct cv_summary s = summary(x, tuple);
    uint32_t key = key_of(j, &s);
    x->ends.at[id].key = key;
    while (j->by_key.n <= key) {
        struct judged none = {.outcome = JUDGE_OTHER - 1};
        CV_PUSH(&j->by_key, none);
    }
    struct judged *known = &j->by_key.at[key];
    if (known->outcome != JUDGE_OTHER - 1) {
        judge_summary_release(&s);
        return *known;
    }
    cv_expect_judge(j->program, j->order, &s);
    known->outcome = j->e->noutcomes < JUDGE_OUTCOMES ? j->e->noutcomes : JUDGE_OTHER;
    known->breaches = breaches(j, &s, known->outcome);
    j->e->goal_known |= (known->breaches & JUDGE_GOAL) != 0;
    if (known->outcome == JUDGE_OTHER)
        judge_summary_release(&s);
    else
        keep(j, &s, known->breaches);
    return *known;
}

void judge_verdicts(struct judge *j, bool complete)
{
    for (uint32_t k = 0; k < j->e->nexpects; k++) {
        struct cv_explore_expect *x = &j->e->expects[k];
        if (x->kind == CV_X_SOMETIMES)
            x->holds = j->came[k] ? CV_HOLDS : !complete || j->undecided[k] ? CV_UNDECIDED : CV_FAILS;
        else if (x->kind == CV_X_NEVER ? j->came[k] : j->not[k])
            x->holds = CV_FAILS;
        else
            x->holds = complete && !j->undecided[k] ? CV_HOLDS : CV_UNDECIDED;
    }
}
