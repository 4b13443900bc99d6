/* An exploration for people: what can come out, what the expectations came to, and the schedules that break them. */
#include <stdlib.h>
#include <string.h>

#include "convis/explore.h"
#include "engine/schedule.h"

enum { SHOWN = 20, WIDTH = 60, NAMES = 12 };

static void value(struct cv_buf *out, const struct cv_datum *d)
{
    switch (d->tag) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, d->i ? "true" : "false"); break;
    case CV_TAG_INT: case CV_TAG_TASK: cv_buf_printf(out, "%lld", (long long)d->i); break;
    case CV_TAG_STRING:
        cv_buf_str(out, "\"");
        cv_text_clean(out, d->s, d->n);
        cv_buf_str(out, "\"");
        break;
    case CV_TAG_LIST:
        cv_buf_str(out, "[");
        for (uint32_t i = 0; i < d->n && i < 32; i++) {
            cv_buf_str(out, i ? ", " : "");
            value(out, &d->items[i]);
        }
        cv_buf_str(out, "]");
        break;
    }
}

void cv_explore_outcome_text(const struct cv_explore_outcome *o, struct cv_buf *out)
{
    const struct cv_summary *s = &o->summary;
    bool first = true;
    cv_buf_str(out, "");
    if (o->outcome != CV_OUT_FINISHED) {
        cv_buf_str(out, cv_outcome_name[o->outcome]);
        first = false;
    }
    for (uint32_t t = 0; t < s->ntasks; t++)
        if (s->tasks[t].failure) {
            cv_buf_str(out, first ? "" : ", ");
            cv_text_clean(out, s->tasks[t].name, strlen(s->tasks[t].name));
            cv_buf_str(out, " fails");
            first = false;
        }
    for (uint32_t v = 0; v < s->nvars; v++) {
        cv_buf_printf(out, "%s%s = ", first ? "" : ", ", s->vars[v].name);
        first = false;
        if (!s->vars[v].ncopies)
            value(out, &s->vars[v].value);
        for (uint32_t k = 0; k < s->vars[v].ncopies; k++) {
            cv_buf_str(out, k ? " | " : "");
            value(out, &s->vars[v].copies[k]);
        }
    }
    for (uint32_t i = 0; i < s->noutput; i++) {
        cv_buf_str(out, i ? ", " : first ? "output " : "; output ");
        value(out, &s->output[i]);
    }
    if (!out->n)
        cv_buf_str(out, "all tasks end");
}

/* The likeliest first, then by traces. */
static int by_weight(const void *x, const void *y)
{
    const struct cv_explore_outcome *a = *(const struct cv_explore_outcome *const *)x, *b = *(const struct cv_explore_outcome *const *)y;
    if (a->probability < b->probability || a->probability > b->probability)
        return a->probability < b->probability ? 1 : -1;
    return a->traces != b->traces ? (a->traces < b->traces ? 1 : -1) : a < b ? -1 : 1;
}

static void outcomes(const struct cv_explore *e, bool ascii, struct cv_buf *out)
{
    const struct cv_explore_outcome **sorted = cv_alloc((e->noutcomes + 1) * sizeof(void *));
    for (uint32_t i = 0; i < e->noutcomes; i++)
        sorted[i] = &e->outcomes[i];
    qsort(sorted, e->noutcomes, sizeof *sorted, by_weight);
    cv_buf_printf(out, "\n  %10s  %14s  %11s\n", "traces", "interleavings", "probability");
    for (uint32_t i = 0; i < e->noutcomes && i < SHOWN; i++) {
        const struct cv_explore_outcome *o = sorted[i];
        struct cv_buf text = {0};
        char ways[32] = "?", traces[24] = "?", odds[24] = "?";
        if (o->interleavings && strlen(o->interleavings) <= 14)
            snprintf(ways, sizeof ways, "%s", o->interleavings);
        else if (o->interleavings)
            snprintf(ways, sizeof ways, "%c.%.2se%zu", o->interleavings[0], o->interleavings + 1, strlen(o->interleavings) - 1);
        if (e->traces_complete)
            snprintf(traces, sizeof traces, "%llu", (unsigned long long)o->traces);
        if (o->probability >= 0)
            snprintf(odds, sizeof odds, o->probability < 1e-3 ? "%.2g" : "%.4f", o->probability);
        cv_explore_outcome_text(o, &text);
        cv_buf_printf(out, "  %10s  %14s  %11s  %s ", traces, ways, odds, o->bad ? (ascii ? "NO" : "✗ ") : (ascii ? "ok" : "✓ "));
        cv_text_cut(out, text.at, WIDTH, ascii);
        cv_buf_str(out, "\n");
        cv_buf_release(&text);
    }
    if (e->noutcomes > SHOWN)
        cv_buf_printf(out, "  and %u more\n", e->noutcomes - SHOWN);
    free(sorted);
}

static void expectations(const struct cv_explore *e, bool ascii, struct cv_buf *out)
{
    if (e->nexpects)
        cv_buf_str(out, "\n");
    for (uint32_t i = 0; i < e->nexpects; i++) {
        const struct cv_explore_expect *x = &e->expects[i];
        cv_buf_str(out, x->holds == CV_FAILS ? (ascii ? "NO " : "✗  ") : x->holds == CV_HOLDS ? (ascii ? "ok " : "✓  ") : "?  ");
        cv_text_clean(out, x->text, strlen(x->text));
        cv_buf_printf(out, "  (line %u; %s)\n", x->line,
                      x->holds == CV_HOLDS ? (x->kind == CV_X_SOMETIMES ? "it comes" : x->kind == CV_X_NEVER ? "in no schedule" : e->complete ? "in every schedule" : "in every schedule that ends")
                      : x->holds == CV_FAILS ? (x->kind == CV_X_SOMETIMES ? "in no schedule" : "not in every schedule")
                      : x->of_traces ? "not decided: not every trace was judged"
                      : e->proven ? "rests on the machine, not on the order" : "not decided");
    }
}

static void failures(const struct cv_explore *e, bool ascii, struct cv_buf *out)
{
    for (uint32_t i = 0; i < e->nviolations; i++) {
        const struct cv_explore_violation *v = &e->violations[i];
        cv_buf_printf(out, "\n%s", ascii ? "NO " : "✗  ");
        if (v->line)
            cv_buf_printf(out, "line %u can fail: ", v->line);
        cv_text_clean(out, v->text, strlen(v->text));
        if (v->seen) {
            cv_buf_str(out, v->line ? ", where " : ": ");
            cv_buf_str(out, v->seen);
        }
        cv_buf_str(out, "\n   ");
        if (!v->schedule) {
            cv_buf_str(out, "no schedule is known\n");
            continue;
        }
        cv_buf_printf(out, "%u preemption%s, %u step%s%s:  %s\n", v->preemptions, v->preemptions == 1 ? "" : "s", v->steps, v->steps == 1 ? "" : "s",
                      v->minimal ? ", proven to be the least" : " (there may be a shorter one)", *v->schedule ? v->schedule : "(nothing to choose)");
    }
}

/* A = adder#0, B = adder#1 */
static void legend(const struct cv_explore *e, const struct cv_program *p, struct cv_buf *out)
{
    if (!e->noutcomes || (!e->nviolations && !e->nfindings && !e->goal.scheduled))
        return;
    const struct cv_summary *s = &e->outcomes[0].summary;
    cv_buf_str(out, "\n");
    for (uint32_t t = 0; t < s->ntasks && t < NAMES; t++) {
        char letter[8];
        cv_text_letter(s->tasks[t].task - p->implicit_main, letter);
        cv_buf_printf(out, "%s%s = ", t ? ", " : "", letter);
        cv_text_clean(out, s->tasks[t].name, strlen(s->tasks[t].name));
    }
    cv_buf_str(out, s->ntasks > NAMES ? ", …\n" : "\n");
}

void cv_explore_summary(const struct cv_explore *e, const struct cv_program *p, bool ascii, struct cv_buf *out)
{
    const char *and = "";
    cv_text_clean(out, p->name, strlen(p->name));
    cv_buf_printf(out, ", all schedules under the rules of %s: ", e->rules);
    if (e->traces_complete) {
        cv_buf_printf(out, "%llu trace%s", (unsigned long long)e->traces, e->traces == 1 ? "" : "s");
        and = ", ";
        if (e->deadlocks)
            cv_buf_printf(out, " and %llu that deadlock%s", (unsigned long long)e->deadlocks, e->deadlocks == 1 ? "s" : "");
    }
    if (e->counts_complete && e->interleavings) {
        size_t n = strlen(e->interleavings);
        if (n > 40)
            cv_buf_printf(out, "%s%.6se%zu interleavings", and, e->interleavings, n - 6);
        else
            cv_buf_printf(out, "%s%s interleaving%s", and, e->interleavings, strcmp(e->interleavings, "1") ? "s" : "");
        and = ", ";
    }
    if (e->states_complete)
        cv_buf_printf(out, "%s%llu states", and, (unsigned long long)e->states);
    cv_buf_str(out, *and || e->states_complete ? "; " : "");
    if (e->complete)
        cv_buf_str(out, "complete\n");
    else
        cv_buf_printf(out, "incomplete: %s.%s\n", e->why, e->proven ? "" : " What failed fails; what did not is not proven.");
    if (e->bounds) {
        cv_buf_str(out, "traces with at most 0, 1, 2 … preemptions: ");
        for (uint32_t i = 0; i < e->nbounds; i++)
            cv_buf_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)e->bounds[i]);
        cv_buf_str(out, e->bounds_complete ? "\n" : " …\n");
    }
    outcomes(e, ascii, out);
    expectations(e, ascii, out);
    legend(e, p, out);
}

void cv_explore_text(const struct cv_explore *e, const struct cv_program *p, bool ascii, struct cv_buf *out)
{
    cv_explore_summary(e, p, ascii, out);
    failures(e, ascii, out);
    if (e->goal.scheduled)
        cv_buf_printf(out, "\ngoal: %u preemption%s, %u step%s, proven to be the least:  %s\n", e->goal.preemptions, e->goal.preemptions == 1 ? "" : "s",
                      e->goal.steps, e->goal.steps == 1 ? "" : "s", e->goal.schedule);
    else if (e->goal_asked)
        cv_buf_printf(out, "\ngoal: %s\n", e->goal_known ? "there is a way, which was not looked for to the end" : e->complete ? "no schedule reaches it" : "not reached as far as it was looked");
    for (uint32_t i = 0; i < e->nfindings; i++) {
        const struct cv_explore_finding *f = &e->findings[i];
        cv_buf_printf(out, "\n%s%s: %s\n", ascii ? "!  " : "⚠  ", cv_finding_info[f->kind].name, f->text);
        if (f->schedule)
            cv_buf_printf(out, "   in %llu of %llu traces; the fewest looked at: %u preemption%s, %u step%s:  %s\n", (unsigned long long)f->traces,
                          (unsigned long long)e->judged, f->preemptions, f->preemptions == 1 ? "" : "s", f->steps, f->steps == 1 ? "" : "s", f->schedule);
    }
    if (e->judged && !e->findings_complete)
        cv_buf_printf(out, "\nFindings: %llu traces were judged, not all there are: what was not found is not decided.\n", (unsigned long long)e->judged);
    else if (e->findings_complete && !e->nfindings)
        cv_buf_str(out, "\nFindings: none in any schedule, of the kinds looked for (convis(1)).\n");
}
