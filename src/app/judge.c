/* Findings in any schedule: each trace is played again by the stepped engine, in this process, and its record is judged by the very model that
 * judges live runs. What is found is gathered by kind, task and line: in how many traces, and the schedule with the fewest preemptions that
 * shows it. Lines of [expect] that speak of lost_updates or stale_reads are judged there too. */
#include <stdlib.h>
#include <string.h>

#include "app/judge.h"
#include "convis/model.h"

static const size_t FEW_STRINGS = 128u << 10, STRINGS = 4u << 20;
static const uint64_t ASIDE_NS = 2000000000; /* for findings that nobody asked for in so many words */

/* Does it speak of these, and of nothing that rests on time or on the machine? */
static bool speaks(const struct cv_expr *e, bool *of_versions)
{
    static const char *const fine[] = {"lost_updates", "stale_reads", "deadlock", "failed", "output"};
    bool right = e->kind != CV_E_BUILTIN;
    for (size_t i = 0; !right && i < CV_COUNT(fine); i++)
        right = !strcmp(e->name, fine[i]);
    if (e->kind == CV_E_BUILTIN && right)
        *of_versions |= !strcmp(e->name, fine[0]) || !strcmp(e->name, fine[1]);
    for (uint32_t i = 0; right && i < e->n; i++)
        right = !e->items[i] || speaks(e->items[i], of_versions);
    return right;
}

void app_judge_begin(struct app_judge *j, const struct cv_program *p, const struct cv_order *o, uint64_t time_ns, bool asked)
{
    bool of_versions = asked;
    for (uint32_t k = 0; k < p->nexpects; k++)
        (void)speaks(p->expects[k].expr, &of_versions);
    *j = (struct app_judge){.program = p, .order = *o, .time_ns = of_versions || time_ns < ASIDE_NS ? time_ns : ASIDE_NS, .string_bytes = FEW_STRINGS};
    j->order.stepped = j->order.record = true;
    j->order.desk = j->order.gil = false;
    j->came = cv_alloc(p->nexpects + 1);
    j->not = cv_alloc(p->nexpects + 1);
    j->open = cv_alloc(p->nexpects + 1);
    j->failed = cv_alloc((p->nexpects + 1) * sizeof *j->failed);
    cv_run_info_make(&j->info, p, &j->order);
}

/* What is the same for all interleavings of a trace; the others tell of time, which exploring leaves out. */
static bool of_traces(enum cv_finding_kind kind)
{
    return kind == CV_FINDING_LOST_UPDATE || kind == CV_FINDING_STALE_READ || kind == CV_FINDING_STALE_GUARD || kind == CV_FINDING_DATA_RACE ||
           kind == CV_FINDING_UNLOCKED_ACCESS || kind == CV_FINDING_DEADLOCK;
}

static char *copy(const char *s) { return cv_strndup(s, strlen(s)); }

static void found(struct app_judge *j, const struct cv_summary_finding *f, const struct cv_explore_trace *t)
{
    size_t i = 0;
    while (i < j->found.n && !(j->found.at[i].kind == f->kind && j->found.at[i].line == f->line && !strcmp(j->found.at[i].task, f->task_name)))
        i++;
    if (i == j->found.n) {
        struct cv_explore_finding one = {.kind = f->kind, .line = f->line, .task = copy(f->task_name), .preemptions = UINT32_MAX};
        CV_PUSH(&j->found, one);
        CV_PUSH(&j->last, (uint64_t)0);
    }
    struct cv_explore_finding *to = &j->found.at[i];
    if (j->last.at[i] != j->traces) { /* once a trace */
        to->traces++;
        j->last.at[i] = j->traces;
    }
    if (t->preemptions > to->preemptions || (t->preemptions == to->preemptions && t->steps >= to->steps))
        return;
    free(to->text);
    free(to->schedule);
    to->text = copy(f->text);
    to->schedule = copy(t->schedule);
    to->preemptions = t->preemptions;
    to->steps = t->steps;
}

/* ── [expect] ───────────────────────────────────────────────────────────────────────────────────── */
static void expect(struct app_judge *j, struct cv_summary *s, const struct cv_explore_trace *t)
{
    for (uint32_t k = 0; k < s->nexpects && k < j->program->nexpects; k++) {
        const struct cv_summary_expect *x = &s->expects[k];
        bool came = x->kind == CV_X_NEVER ? x->holds == CV_FAILS : x->holds == CV_HOLDS;
        *(x->holds == CV_UNDECIDED ? &j->open[k] : came ? &j->came[k] : &j->not[k]) = true;
        struct cv_explore_violation *v = &j->failed[k];
        if (x->holds != CV_FAILS || (v->scheduled && (v->preemptions < t->preemptions || (v->preemptions == t->preemptions && v->steps <= t->steps))))
            continue;
        free(v->seen);
        free(v->schedule);
        *v = (struct cv_explore_violation){.breach = CV_BREACH_EXPECT, .line = x->line, .outcome = t->outcome == UINT32_MAX ? 0 : t->outcome, .scheduled = true,
                                           .preemptions = t->preemptions, .steps = t->steps, .schedule = copy(t->schedule),
                                           .seen = x->seen.n ? copy(x->seen.at) : NULL};
    }
}

/* ── a trace ────────────────────────────────────────────────────────────────────────────────────── */
static void fold(void *model, const struct cv_event *e) { cv_model_fold(model, e); }

static void look(struct app_judge *j, const struct cv_model *m, struct cv_reader *reader, const struct cv_explore_trace *t)
{
    struct cv_record_counts counts = cv_reader_counts(reader);
    j->lost |= counts.lost || counts.overwritten || cv_records_unaccounted(&counts);
    for (uint32_t i = 0; i < cv_model_nfindings(m, UINT64_MAX); i++) {
        struct cv_summary_finding f = cv_model_finding(m, i);
        if (of_traces(f.kind))
            found(j, &f, t);
    }
    if (j->program->nexpects) {
        struct cv_summary *s = cv_summary_new(m, reader);
        cv_expect_judge(j->program, &j->order, s);
        expect(j, s, t);
        cv_summary_free(s);
    }
}

/* Plays it; false: there is no room to, or it computes on and on, which is lost. */
static bool play(struct app_judge *j, const struct cv_explore_trace *t)
{
    struct cv_order o = j->order;
    o.schedule = t->schedule;
    struct cv_shm shm = {.fd = -1};
    if (!cv_here_begin(&shm, j->program, &o, j->string_bytes))
        return false;
    struct cv_reader *reader = cv_reader_new(&shm);
    struct cv_model *model = cv_model_new(&j->info, &shm, 0);
    cv_reader_start(reader, (struct cv_clock_pair){0, 0});
    bool room = cv_here_run(&shm, j->program);
    const char *why = shm.head->outcome_text;
    uint32_t outcome = atomic_load(&shm.head->outcome);
    cv_reader_push(reader, &(struct cv_event){.t = atomic_load(&shm.head->finished), .kind = CV_EV_RUN_END, .task = CV_NO_TASK,
                                              .obj = (uint16_t)(outcome ? outcome : CV_OUT_FINISHED), .a = *why ? cv_intern(&shm, why, strlen(why)) : 0});
    cv_reader_drain(reader, true, fold, model);
    j->lost |= atomic_load(&shm.head->stop) != 0;
    room = room && !j->lost && !cv_strings_full(&shm);
    j->preemptions = atomic_load(&shm.head->preemptions);
    if (room)
        look(j, model, reader, t);
    cv_model_free(model);
    cv_reader_free(reader);
    cv_shm_release(&shm);
    return room;
}

bool app_judge_trace(void *judge, const struct cv_explore_trace *t)
{
    struct app_judge *j = judge;
    uint64_t begun = cv_mono_ns();
    if (j->lost || j->spent_ns > j->time_ns)
        return false;
    j->traces += !t->again;
    if (!play(j, t) && !j->lost) { /* most programs have few texts, and a small table is made and left much faster */
        j->lost = j->string_bytes == STRINGS;
        j->string_bytes = STRINGS;
        j->lost = j->lost || !play(j, t);
    }
    j->spent_ns += cv_mono_ns() - begun;
    return !j->lost;
}

/* ── all of them ────────────────────────────────────────────────────────────────────────────────── */
static int by_line(const void *a, const void *b)
{
    const struct cv_explore_finding *x = a, *y = b;
    if (x->kind != y->kind)
        return (int)x->kind - (int)y->kind;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : strcmp(x->task, y->task);
}

/* The lines that only a record can tell of, which the exploration itself left open. */
static void verdicts(struct app_judge *j, struct cv_explore *e)
{
    bool all = e->findings_complete && e->proven;
    for (uint32_t k = 0, n = 0; k < j->program->nexpects && n < e->nexpects; k++) {
        const struct cv_expect *x = &j->program->expects[k];
        if (x->line != e->expects[n].line || x->text != e->expects[n].text)
            continue;
        struct cv_explore_expect *to = &e->expects[n];
        bool of_versions = false, ours = speaks(x->expr, &of_versions) && of_versions && to->holds == CV_UNDECIDED && !j->open[n];
        bool fails = ours && j->failed[n].scheduled;
        to->of_traces = ours;
        if (ours && x->kind == CV_X_SOMETIMES)
            to->holds = j->came[n] ? CV_HOLDS : all ? CV_FAILS : CV_UNDECIDED;
        else if (ours)
            to->holds = fails ? CV_FAILS : all ? CV_HOLDS : CV_UNDECIDED;
        if (fails) {
            e->violations = cv_realloc(e->violations, (e->nviolations + 1) * sizeof *e->violations);
            j->failed[n].text = x->text;
            e->violations[e->nviolations++] = j->failed[n];
            j->failed[n] = (struct cv_explore_violation){0};
        }
        n++;
    }
}

void app_judge_end(struct app_judge *j, struct cv_explore *e)
{
    if (e) {
        e->findings_complete &= !j->lost;
        if (j->found.n)
            qsort(j->found.at, j->found.n, sizeof *j->found.at, by_line);
        e->findings = j->found.at;
        e->nfindings = (uint32_t)j->found.n;
        verdicts(j, e);
    }
    for (uint32_t k = 0; k <= j->program->nexpects; k++) {
        free(j->failed[k].seen);
        free(j->failed[k].schedule);
    }
    free(j->failed);
    free(j->came);
    free(j->not);
    free(j->open);
    free(j->last.at);
    cv_run_info_release(&j->info);
}
