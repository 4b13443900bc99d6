/* A run as one JSON object: always valid JSON, whatever stands in names and texts. */
#include <string.h>

#include "convis/export.h"

static void string(struct cv_buf *out, const char *s) { cv_text_json(out, s ? s : "", s ? strlen(s) : 0); }

static void seconds(struct cv_buf *out, uint64_t ns)
{
    cv_buf_printf(out, "%llu.%09llu", (unsigned long long)(ns / 1000000000u), (unsigned long long)(ns % 1000000000u));
}

static void cores(struct cv_buf *out, const uint64_t mask[4])
{
    bool first = true;
    cv_buf_str(out, "[");
    for (unsigned c = 0; c < 256; c++)
        if (mask[c / 64] >> (c % 64) & 1) {
            cv_buf_printf(out, "%s%u", first ? "" : ", ", c);
            first = false;
        }
    cv_buf_str(out, "]");
}

static const char *state_name(enum cv_row_state s)
{
    return s == CV_ROW_DONE ? "done" : s == CV_ROW_FAILED || s == CV_ROW_KILLED ? "failed" : "blocked";
}

/* What the switch source told, beside what getrusage says. */
static void seen(struct cv_buf *out, uint64_t voluntary, uint64_t involuntary, uint64_t queued_ns)
{
    cv_buf_printf(out, ", \"seen\": { \"voluntary\": %llu, \"involuntary\": %llu, \"run_queue_s\": ", (unsigned long long)voluntary,
                  (unsigned long long)involuntary);
    seconds(out, queued_ns);
    cv_buf_str(out, " }");
}

static void tasks(struct cv_buf *out, const struct cv_summary *s)
{
    cv_buf_str(out, "  \"tasks\": [");
    for (uint32_t i = 0; i < s->ntasks; i++) {
        const struct cv_summary_task *t = &s->tasks[i];
        cv_buf_str(out, i ? ",\n    { \"name\": " : "\n    { \"name\": ");
        string(out, t->name);
        cv_buf_printf(out, ", \"state\": \"%s\", \"pid\": %u, \"tid\": %u, \"cpu_time_s\": ", state_name(t->state), t->pid, t->tid);
        seconds(out, t->cpu_ns);
        cv_buf_printf(out, ", \"voluntary\": %u, \"involuntary\": %u, \"yields\": %u, \"awaits\": %llu, \"cores\": ", t->voluntary, t->involuntary,
                      t->yields, (unsigned long long)t->awaits);
        cores(out, t->cores);
        cv_buf_printf(out, ", \"moves\": %llu", (unsigned long long)t->moves);
        if (t->own_thread && *s->source_name)
            seen(out, t->seen_voluntary, t->seen_involuntary, t->queued_ns);
        if (t->failure) {
            cv_buf_str(out, ", \"failure\": ");
            string(out, t->failure);
            cv_buf_printf(out, ", \"line\": %u", t->failure_line);
        }
        cv_buf_str(out, " }");
    }
    cv_buf_str(out, " ],\n");
}

static void switches(struct cv_buf *out, const struct cv_summary *s)
{
    bool first = true;
    cv_buf_printf(out, "  \"switches\": { \"voluntary\": %llu, \"involuntary\": %llu, \"yields\": %llu, \"awaits\": %llu, \"loop_iterations\": %llu, \"moves\": %llu",
                  (unsigned long long)s->voluntary, (unsigned long long)s->involuntary, (unsigned long long)s->yields, (unsigned long long)s->awaits,
                  (unsigned long long)s->loop_iterations, (unsigned long long)s->moves);
    if (*s->source_name)
        seen(out, s->seen_voluntary, s->seen_involuntary, s->queued_ns);
    cv_buf_str(out, ",\n    \"by_cause\": {");
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        if (s->by_cause[c]) {
            cv_buf_printf(out, "%s \"%s\": %llu", first ? "" : ",", cv_cause_name[c], (unsigned long long)s->by_cause[c]);
            first = false;
        }
    cv_buf_str(out, " },\n    \"cpu_statements_s\": ");
    seconds(out, s->cpu_asked_ns);
    if (s->cpu_ns_per_switch >= 0)
        cv_buf_printf(out, ", \"cpu_ns_each\": %lld },\n", (long long)s->cpu_ns_per_switch);
    else
        cv_buf_str(out, ", \"cpu_ns_each\": null },\n");
}

static void values(struct cv_buf *out, const struct cv_summary *s)
{
    bool first = true;
    cv_buf_str(out, "  \"shared\": {");
    for (uint32_t v = 0; v < s->nvars; v++) {
        cv_buf_str(out, v ? ", " : " ");
        string(out, s->vars[v].name);
        cv_buf_str(out, ": ");
        cv_datum_json(out, &s->vars[v].value);
    }
    cv_buf_str(out, " },\n  \"copies\": {");
    for (uint32_t v = 0; v < s->nvars; v++) {
        if (!s->vars[v].ncopies)
            continue;
        cv_buf_str(out, first ? " " : ", ");
        first = false;
        string(out, s->vars[v].name);
        cv_buf_str(out, ": [");
        for (uint32_t i = 0; i < s->vars[v].ncopies; i++) {
            cv_buf_str(out, i ? ", " : "");
            cv_datum_json(out, &s->vars[v].copies[i]);
        }
        cv_buf_str(out, "]");
    }
    cv_buf_str(out, " },\n  \"output\": [");
    for (uint32_t i = 0; i < s->noutput; i++) {
        cv_buf_str(out, i ? ", " : "");
        cv_datum_json(out, &s->output[i]);
    }
    cv_buf_str(out, "],\n");
}

void cv_json_ascii(struct cv_buf *json)
{
    struct cv_buf out = {0};
    for (size_t i = 0, length; i < json->n; i += length) {
        uint32_t c = cv_utf8(json->at + i, json->n - i, &length);
        if (c < 0x80)
            cv_buf_add(&out, json->at + i, 1);
        else if (c < 0x10000)
            cv_buf_printf(&out, "\\u%04x", c);
        else /* two surrogates */
            cv_buf_printf(&out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    cv_buf_release(json);
    *json = out;
}

static void records(struct cv_buf *out, const struct cv_record_counts *c)
{
    const struct { const char *name; uint64_t n; } all[] = {
        {"issued", c->issued}, {"recorded", c->recorded}, {"overwritten", c->overwritten}, {"lost", c->lost},
        {"unaccounted", cv_records_unaccounted(c)}, {"kernel_recorded", c->kernel_recorded}, {"kernel_lost", c->kernel_lost}};
    for (size_t i = 0; i < CV_COUNT(all); i++)
        cv_buf_printf(out, "%s\"%s\": %llu", i ? ", " : "", all[i].name, (unsigned long long)all[i].n);
}

/* Each of them, and why it is the one or is not. */
static void sources(struct cv_buf *out, const struct cv_summary *s)
{
    static const char *const states[] = {"refused", "not tried", "chosen"};
    cv_buf_str(out, ",\n    \"sources\": [");
    for (uint32_t i = 0; i < s->nsources; i++) {
        cv_buf_str(out, i ? ", { \"name\": " : " { \"name\": ");
        string(out, s->sources[i].name);
        cv_buf_printf(out, ", \"state\": \"%s\", \"why\": ", states[s->sources[i].state + 1]);
        string(out, s->sources[i].why);
        cv_buf_str(out, " }");
    }
    cv_buf_str(out, s->nsources ? " ]" : "]");
}

static void write_json(struct cv_buf *out, const struct cv_run_info *info, const struct cv_summary *s, bool ascii)
{
    cv_buf_str(out, "{ \"scenario\": ");
    string(out, info->scenario);
    cv_buf_str(out, ", \"title\": ");
    string(out, info->title);
    cv_buf_str(out, ",\n  \"model\": ");
    string(out, info->model_name);
    cv_buf_printf(out, ", \"gil\": %s, \"seed\": %llu,\n  \"outcome\": \"%s\"", info->gil ? "true" : "false", (unsigned long long)info->seed,
                  cv_outcome_name[s->outcome]);
    if (s->outcome_text) {
        cv_buf_str(out, ", \"why\": ");
        string(out, s->outcome_text);
    }
    cv_buf_str(out, ",\n  \"elapsed_s\": ");
    seconds(out, s->elapsed_ns);
    cv_buf_str(out, ", \"cpu_time_s\": ");
    seconds(out, s->cpu_time_ns);
    cv_buf_printf(out, ", \"cores_used\": %.3f, \"cores_seen\": ", s->cores_used);
    cores(out, s->cores_seen);
    cv_buf_printf(out, ", \"threads\": %u,\n", s->threads);
    tasks(out, s);
    switches(out, s);
    cv_buf_str(out, "  \"loop_lag_s\": ");
    seconds(out, s->loop_lag_ns);
    cv_buf_printf(out, ", \"memory_per_task_bytes\": %llu, \"peak_tasks\": %llu,\n", (unsigned long long)s->memory_per_task,
                  (unsigned long long)s->peak_tasks);
    values(out, s);
    cv_buf_str(out, "  \"findings\": [");
    for (uint32_t i = 0; i < s->nfindings; i++) {
        const struct cv_summary_finding *f = &s->findings[i];
        cv_buf_printf(out, "%s\n    { \"kind\": \"%s\", \"task\": ", i ? "," : "", cv_finding_info[f->kind].name);
        string(out, f->task_name);
        cv_buf_printf(out, ", \"line\": %u, \"t_s\": ", f->line);
        seconds(out, f->t);
        cv_buf_str(out, ", \"text\": ");
        string(out, f->text);
        cv_buf_str(out, " }");
    }
    cv_buf_str(out, " ],\n  \"expect\": [");
    for (uint32_t i = 0; i < s->nexpects; i++) {
        const struct cv_summary_expect *x = &s->expects[i];
        static const char *const kinds[] = {"always", "sometimes", "never"};
        cv_buf_printf(out, "%s\n    { \"line\": %u, \"kind\": \"%s\", \"text\": ", i ? "," : "", x->line, kinds[x->kind]);
        string(out, x->text);
        cv_buf_printf(out, ", \"holds\": %s, \"seen\": ", x->holds < 0 || x->holds == CV_OPEN ? "null" : x->holds ? "true" : "false");
        string(out, x->seen.at);
        cv_buf_str(out, " }");
    }
    cv_buf_str(out, " ],\n  \"goals\": [");
    for (uint32_t i = 0; i < s->ngoals; i++) {
        const struct cv_summary_expect *x = &s->goals[i];
        cv_buf_printf(out, "%s\n    { \"line\": %u, \"text\": ", i ? "," : "", x->line);
        string(out, x->text);
        cv_buf_printf(out, ", \"holds\": %s, \"seen\": ", x->holds < 0 ? "null" : x->holds ? "true" : "false");
        string(out, x->seen.at);
        cv_buf_str(out, " }");
    }
    cv_buf_printf(out, " ],\n  \"preemptions\": %llu,\n  \"events\": { ", (unsigned long long)s->preemptions);
    records(out, &s->events);
    cv_buf_str(out, " },\n  \"switch_source\": { \"name\": ");
    string(out, s->source_name);
    cv_buf_printf(out, ", \"exact\": %s, \"precision\": ", s->source_exact ? "true" : "false");
    string(out, s->source_precision);
    cv_buf_str(out, ", \"why\": ");
    string(out, s->source_why);
    sources(out, s);
    cv_buf_str(out, " } }\n");
    if (ascii)
        cv_json_ascii(out);
}

const struct cv_exporter_ops cv_exporter_json = {.name = "json", .summary = "one JSON object", .write = write_json};
