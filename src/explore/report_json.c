/* An exploration as one JSON object. */
#include <string.h>
#include <sys/resource.h>

#include "convis/explore.h"

static void string(struct cv_buf *out, const char *s)
{
    if (s)
        cv_text_json(out, s, strlen(s));
    else
        cv_buf_str(out, "null");
}

static void number_if(struct cv_buf *out, const char *name, bool known, uint64_t value)
{
    cv_buf_printf(out, ", \"%s\": ", name);
    if (known)
        cv_buf_printf(out, "%llu", (unsigned long long)value);
    else
        cv_buf_str(out, "null");
}

static void outcome(const struct cv_explore *e, const struct cv_explore_outcome *o, struct cv_buf *out)
{
    const struct cv_summary *s = &o->summary;
    bool first = true;
    cv_buf_printf(out, "{ \"outcome\": \"%s\", \"shared\": {", cv_outcome_name[o->outcome]);
    for (uint32_t v = 0; v < s->nvars; v++) {
        cv_buf_str(out, v ? ", " : " ");
        string(out, s->vars[v].name);
        cv_buf_str(out, ": ");
        cv_datum_json(out, &s->vars[v].value);
    }
    cv_buf_str(out, s->nvars ? " }" : "}");
    for (uint32_t v = 0; v < s->nvars; v++) {
        if (!s->vars[v].ncopies)
            continue;
        cv_buf_str(out, first ? ", \"copies\": { " : ", ");
        first = false;
        string(out, s->vars[v].name);
        cv_buf_str(out, ": [");
        for (uint32_t k = 0; k < s->vars[v].ncopies; k++) {
            cv_buf_str(out, k ? ", " : "");
            cv_datum_json(out, &s->vars[v].copies[k]);
        }
        cv_buf_str(out, "]");
    }
    cv_buf_str(out, first ? ", \"output\": [" : " }, \"output\": [");
    for (uint32_t i = 0; i < s->noutput; i++) {
        cv_buf_str(out, i ? ", " : "");
        cv_datum_json(out, &s->output[i]);
    }
    cv_buf_str(out, "], \"failed\": [");
    first = true;
    for (uint32_t t = 0; t < s->ntasks; t++)
        if (s->tasks[t].failure) {
            cv_buf_str(out, first ? "" : ", ");
            first = false;
            string(out, s->tasks[t].name);
        }
    cv_buf_str(out, "]");
    number_if(out, "traces", e->traces_complete, o->traces);
    cv_buf_str(out, ", \"interleavings\": ");
    string(out, o->interleavings);
    cv_buf_str(out, ", \"probability\": ");
    if (o->probability < 0)
        cv_buf_str(out, "null");
    else
        cv_buf_printf(out, "%.17g", o->probability);
    cv_buf_str(out, ", \"fraction\": ");
    string(out, o->fraction);
    cv_buf_printf(out, ", \"fails\": %s }", o->bad ? "true" : "false");
}

static void violation(const struct cv_explore_violation *v, struct cv_buf *out)
{
    static const char *const names[] = {"expect", "deadlock", "failed", "crashed", "timeout"};
    cv_buf_printf(out, "{ \"kind\": \"%s\", \"line\": ", names[v->breach]);
    if (v->line)
        cv_buf_printf(out, "%u", v->line);
    else
        cv_buf_str(out, "null");
    cv_buf_str(out, ", \"text\": ");
    string(out, v->text);
    cv_buf_str(out, ", \"seen\": ");
    string(out, v->seen);
    number_if(out, "preemptions", v->scheduled, v->preemptions);
    number_if(out, "steps", v->scheduled, v->steps);
    cv_buf_printf(out, ", \"minimal\": %s, \"schedule\": ", v->minimal ? "true" : "false");
    string(out, v->schedule);
    cv_buf_printf(out, ", \"found_s\": %.6f, \"found_cpu_s\": %.6f }", v->found_s, v->found_cpu_s);
}

static void lists(const struct cv_explore *e, struct cv_buf *out)
{
    static const char *const kinds[] = {"always", "sometimes", "never"};
    cv_buf_str(out, ",\n  \"outcomes\": [");
    for (uint32_t i = 0; i < e->noutcomes; i++) {
        cv_buf_str(out, i ? ",\n    " : "\n    ");
        outcome(e, &e->outcomes[i], out);
    }
    cv_buf_str(out, " ],\n  \"violations\": [");
    for (uint32_t i = 0; i < e->nviolations; i++) {
        cv_buf_str(out, i ? ",\n    " : "\n    ");
        violation(&e->violations[i], out);
    }
    cv_buf_str(out, " ],\n  \"goal\": ");
    if (e->goal.scheduled)
        cv_buf_printf(out, "{ \"preemptions\": %u, \"steps\": %u, \"minimal\": %s, \"schedule\": \"%s\" }", e->goal.preemptions, e->goal.steps,
                      e->goal.minimal ? "true" : "false", e->goal.schedule);
    else
        cv_buf_str(out, "null");
    cv_buf_str(out, ",\n  \"expect\": [");
    for (uint32_t i = 0; i < e->nexpects; i++) {
        const struct cv_explore_expect *x = &e->expects[i];
        cv_buf_printf(out, "%s\n    { \"line\": %u, \"kind\": \"%s\", \"text\": ", i ? "," : "", x->line, kinds[x->kind]);
        string(out, x->text);
        cv_buf_printf(out, ", \"holds\": %s }", x->holds == CV_HOLDS ? "true" : x->holds == CV_FAILS ? "false" : "null");
    }
    cv_buf_str(out, " ],\n  \"findings\": [");
    for (uint32_t i = 0; i < e->nfindings; i++) {
        const struct cv_explore_finding *f = &e->findings[i];
        cv_buf_printf(out, "%s\n    { \"kind\": \"%s\", \"task\": ", i ? "," : "", cv_finding_info[f->kind].name);
        string(out, f->task);
        cv_buf_printf(out, ", \"line\": %u, \"text\": ", f->line);
        string(out, f->text);
        cv_buf_printf(out, ", \"traces\": %llu", (unsigned long long)f->traces);
        cv_buf_printf(out, ", \"preemptions\": %u, \"steps\": %u, \"minimal\": false, \"schedule\": ", f->preemptions, f->steps);
        string(out, f->schedule);
        cv_buf_str(out, " }");
    }
    cv_buf_printf(out, " ],\n  \"judged\": %llu, \"findings_complete\": %s", (unsigned long long)e->judged, e->findings_complete ? "true" : "false");
}

void cv_explore_json(const struct cv_explore *e, const struct cv_program *p, struct cv_buf *out)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    bool totals = e->counts_complete && e->interleavings;
    cv_buf_str(out, "{ \"scenario\": ");
    string(out, p->name);
    cv_buf_printf(out, ", \"rules\": \"%s\", \"complete\": %s, \"proven\": %s, \"why\": ", e->rules, e->complete ? "true" : "false", e->proven ? "true" : "false");
    string(out, e->why);
    number_if(out, "traces", e->traces_complete, e->traces);
    number_if(out, "deadlocks", e->proven, e->deadlocks);
    number_if(out, "blocked", true, e->blocked);
    cv_buf_str(out, ", \"interleavings\": ");
    string(out, totals ? e->interleavings : NULL);
    cv_buf_printf(out, ", \"endless\": %s", e->endless ? "true" : "false");
    number_if(out, "states", e->states_complete, e->states);
    if (e->bounds) {
        cv_buf_str(out, ", \"bounds\": [");
        for (uint32_t i = 0; i < e->nbounds; i++)
            cv_buf_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)e->bounds[i]);
        cv_buf_printf(out, "], \"bounds_complete\": %s", e->bounds_complete ? "true" : "false");
    }
    lists(e, out);
    cv_buf_printf(out, ",\n  \"elapsed_s\": %.6f, \"states_s\": %.6f, \"traces_s\": %.6f, \"memory_bytes\": %zu, \"bytes_per_state\": %.1f, \"rss_bytes\": %ld }\n",
                  (double)e->elapsed_ns / 1e9, (double)e->states_ns / 1e9, (double)e->traces_ns / 1e9, e->memory,
                  e->states ? (double)e->state_bytes / (double)e->states : 0.0, usage.ru_maxrss * 1024);
}
