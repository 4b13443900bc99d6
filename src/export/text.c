/* A run as a person reads it: what each task did, why it was switched, what was found and what held. */
#include <stdio.h>
#include <string.h>

#include "convis/export.h"

extern const struct cv_exporter_ops cv_exporter_json;

static void clean(struct cv_buf *out, const char *s) { cv_text_clean(out, s, strlen(s)); }

static bool failed(const struct cv_summary_task *t) { return t->state == CV_ROW_FAILED || t->state == CV_ROW_KILLED; }

static void task_row(struct cv_buf *out, const struct cv_summary_task *t, bool ascii)
{
    const char *cpu = cv_duration_text(t->cpu_ns, ascii);
    struct cv_buf name = {0};
    clean(&name, t->name);
    cv_text_fit(out, name.at, 20, ascii);
    cv_buf_printf(out, " %-8s ", t->state == CV_ROW_DONE ? "done" : failed(t) ? "failed" : "blocked");
    cv_buf_printf(out, "%*s %8llu %10u %11u\n", strstr(cpu, "µ") ? 11 : 10, cpu, /* two bytes, one column */
                  (unsigned long long)t->awaits, t->voluntary, t->involuntary);
    cv_buf_release(&name);
    if (t->failure) {
        cv_buf_printf(out, "    line %u: ", t->failure_line);
        clean(out, t->failure);
        cv_buf_str(out, "\n");
    }
}

/* The first of many, and of the others the first that failed. */
static void task_table(struct cv_buf *out, const struct cv_summary *s, bool ascii)
{
    enum { SHOWN = 20, FAILED_SHOWN = 5 };
    uint32_t hidden = 0, hidden_failed = 0, told = 0;
    cv_buf_printf(out, "%-20s %-8s %10s %8s %10s %11s\n", "task", "state", "cpu", "awaits", "voluntary", "involuntary");
    for (uint32_t i = 0; i < s->ntasks; i++) {
        bool tell = i < SHOWN || (failed(&s->tasks[i]) && told < FAILED_SHOWN);
        if (tell)
            task_row(out, &s->tasks[i], ascii);
        told += tell && i >= SHOWN;
        hidden += !tell;
        hidden_failed += !tell && failed(&s->tasks[i]);
    }
    if (hidden)
        cv_buf_printf(out, "%s and %u more", ascii ? "..." : "…", hidden);
    if (hidden_failed)
        cv_buf_printf(out, ", %u of them failed", hidden_failed);
    if (hidden)
        cv_buf_str(out, "\n");
}

/* What is missing comes first and is not to be missed. */
static void loss(struct cv_buf *out, const struct cv_record_counts *c, bool ascii)
{
    uint64_t lost = c->lost + c->overwritten, unaccounted = cv_records_unaccounted(c);
    const char *mark = ascii ? "!!" : "‼";
    if (lost)
        cv_buf_printf(out, "%s %llu of %llu records were lost: the picture has holes; counts of switches and final values are exact\n", mark,
                      (unsigned long long)lost, (unsigned long long)c->issued);
    if (c->kernel_lost)
        cv_buf_printf(out, "%s the kernel lost %llu of its own records: preemptions are missing from the picture\n", mark, (unsigned long long)c->kernel_lost);
    if (unaccounted)
        cv_buf_printf(out, "%s %llu records are unaccounted for: %llu issued, %llu recorded, %llu overwritten, %llu lost\n", mark,
                      (unsigned long long)unaccounted, (unsigned long long)c->issued, (unsigned long long)c->recorded,
                      (unsigned long long)c->overwritten, (unsigned long long)c->lost);
}

static void write_text(struct cv_buf *out, const struct cv_run_info *info, const struct cv_summary *s, bool ascii)
{
    bool first = true;
    clean(out, *info->title ? info->title : info->scenario);
    cv_buf_printf(out, " (%s): %s", info->model_name, cv_outcome_name[s->outcome]);
    if (s->outcome_text) {
        cv_buf_str(out, ": ");
        clean(out, s->outcome_text);
    }
    cv_buf_printf(out, "\nelapsed %s, ", cv_duration_text(s->elapsed_ns, ascii));
    cv_buf_printf(out, "CPU time %s, %.2f cores used", cv_duration_text(s->cpu_time_ns, ascii), s->cores_used);
    if (info->model == CV_ASYNC)
        cv_buf_printf(out, ", loop lag %s", cv_duration_text(s->loop_lag_ns, ascii));
    cv_buf_str(out, "\n");
    loss(out, &s->events, ascii);
    cv_buf_str(out, "\n");
    task_table(out, s, ascii);
    cv_buf_str(out, "\nswitches:");
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        if (s->by_cause[c]) {
            cv_buf_printf(out, "%s %s %llu", first ? "" : ",", cv_cause_name[c], (unsigned long long)s->by_cause[c]);
            first = false;
        }
    cv_buf_str(out, first ? " none" : "");
    if (s->moves)
        cv_buf_printf(out, "; %llu move%s between cores", (unsigned long long)s->moves, s->moves == 1 ? "" : "s");
    cv_buf_str(out, "\n");
    for (uint32_t i = 0; i < s->nfindings && i < 10; i++) {
        cv_buf_printf(out, "%s: ", cv_finding_info[s->findings[i].kind].name);
        clean(out, s->findings[i].text);
        cv_buf_str(out, "\n");
    }
    if (s->nfindings > 10)
        cv_buf_printf(out, "and %u more findings\n", s->nfindings - 10);
    for (uint32_t i = 0; i < s->nexpects; i++) {
        const struct cv_summary_expect *x = &s->expects[i];
        cv_buf_str(out, x->holds == CV_OPEN ? (ascii ? "-  " : "·  ") : x->holds < 0 ? "?  " : x->holds ? (ascii ? "ok " : "✓  ") : (ascii ? "NO " : "✗  "));
        clean(out, x->text);
        if (x->holds == CV_OPEN) {
            cv_buf_printf(out, "  (line %u; not in this run, which does not decide it)", x->line);
        } else if (x->holds != CV_HOLDS) {
            cv_buf_printf(out, "  (line %u; ", x->line);
            clean(out, x->seen.at ? x->seen.at : "");
            cv_buf_str(out, ")");
        }
        cv_buf_str(out, "\n");
    }
    for (uint32_t i = 0; i < s->ngoals && info->stepped; i++) { /* a goal is the player's */
        cv_buf_str(out, s->goals[i].holds == CV_HOLDS ? "goal reached: " : "goal not reached: ");
        clean(out, s->goals[i].text);
        cv_buf_printf(out, "  (line %u; %llu preemption%s)\n", s->goals[i].line, (unsigned long long)s->preemptions, s->preemptions == 1 ? "" : "s");
    }
    cv_buf_printf(out, "kernel switches: %s%s%s%s%s%s; clock %s; %llu records, %llu lost\n", s->source_name, *s->source_precision ? ", " : "",
                  s->source_precision, *s->source_why ? " (" : "", s->source_why, *s->source_why ? ")" : "", s->clock_name,
                  (unsigned long long)s->events.recorded, (unsigned long long)(s->events.lost + s->events.overwritten));
}

static const struct cv_exporter_ops text_exporter = {.name = "text", .summary = "a summary to read", .write = write_text};
const struct cv_exporter_ops *const cv_exporters[] = {&text_exporter, &cv_exporter_json, NULL};

const struct cv_exporter_ops *cv_exporter(const char *name)
{
    for (size_t i = 0; cv_exporters[i]; i++)
        if (!strcmp(cv_exporters[i]->name, name))
            return cv_exporters[i];
    return NULL;
}
