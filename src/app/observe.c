/* `convis run --observer FILE`: what the observer costs. The scenario runs without a record, with the tasks' own events, and
 * with the kernel's switches too; the three take turns, so that a busy machine burdens all alike. Told are medians of elapsed
 * and CPU time, and the median of each round's ratio to the run without a record. */
#include <stdlib.h>
#include <string.h>

#include "app/batch.h"
#include "convis/export.h"

enum { WAYS = 3, ROUNDS = 11, MOST_ROUNDS = 1000 };
static const struct { const char *name, *key; bool record, kernel; } ways[WAYS] = {
    {"no record", "off", false, false}, {"tasks' events", "user", true, false}, {"and the kernel's", "user_and_kernel", true, true}};
struct measured { double elapsed, cpu; };
struct observed {
    uint64_t rounds;
    struct measured *at[WAYS];      /* by round, ns */
    uint64_t records, lost, work_ns; /* of the runs with all */
    const char *source;
    bool costs; struct cv_cost cost; /* of one record, of one switch */
};

static void cost_text(const struct cv_cost *c, const char *source, bool ascii, struct cv_buf *out)
{
    const char *us = ascii ? "us" : "µs";
    double more = c->watched_ns > c->switch_ns ? c->watched_ns - c->switch_ns : 0;
    cv_buf_printf(out, "A record takes %.1f ns, a bare look at the clock %.1f ns (%.2f times that).\n", c->event_ns, c->clock_ns, c->event_ns / c->clock_ns);
    cv_buf_printf(out, "A switch between two threads takes %.2f %s; told by %s it takes %.2f %s more.\n", c->switch_ns / 1e3, us, source, more / 1e3, us);
}

void app_cost_words(const struct app_play *y, bool ascii, struct cv_buf *out)
{
    struct cv_cost c;
    if (y->record) {
        cv_buf_str(out, "This is a record: what watching that run cost is not told in it. Beside a run there is an answer (r runs the scenario).\n");
        return;
    }
    const char *why, *precision, *source = y->session ? app_play_source(y, &precision, &why) : "none";
    if (!y->session || y->order.stepped) {
        cv_buf_str(out, "In virtual time watching costs nothing: its clock stands still meanwhile.\n");
        return;
    }
    if (!cv_cost_measure(&c, source)) {
        cv_buf_str(out, "It could not be measured: the system refused a process or a thread.\n");
        return;
    }
    struct cv_record_counts n = cv_reader_counts(y->reader);
    double more = c.watched_ns > c.switch_ns ? c.watched_ns - c.switch_ns : 0, switches = (double)n.kernel_recorded / 2;
    cost_text(&c, source, ascii, out);
    cv_buf_printf(out, "This run until now: %llu records, %s of CPU time", (unsigned long long)n.issued,
                  cv_duration_text((uint64_t)((double)n.issued * c.event_ns), ascii));
    if (n.kernel_recorded)
        cv_buf_printf(out, "; %.0f switches told by %s, %s", switches, source, cv_duration_text((uint64_t)(switches * more), ascii));
    cv_buf_str(out, ".\nWith and without, in turns: convis run --observer\n");
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

/* Of one round, to the same round without a record. */
static double ratio_of(const struct observed *o, int way, bool cpu, uint64_t round)
{
    const struct measured *one = &o->at[way][round], *off = &o->at[0][round];
    double base = cpu ? off->cpu : off->elapsed;
    return (cpu ? one->cpu : one->elapsed) / (base > 0 ? base : 1);
}

/* cpu: of CPU time, else elapsed; over: divided by the same round without a record. least, most: the range. */
static double median(const struct observed *o, int way, bool cpu, bool over, double *least, double *most)
{
    double *v = cv_alloc(o->rounds * sizeof *v);
    for (uint64_t i = 0; i < o->rounds; i++)
        v[i] = over ? ratio_of(o, way, cpu, i) : cpu ? o->at[way][i].cpu : o->at[way][i].elapsed;
    qsort(v, o->rounds, sizeof *v, ascending);
    double middle = (v[(o->rounds - 1) / 2] + v[o->rounds / 2]) / 2;
    *least = v[0];
    *most = v[o->rounds - 1];
    free(v);
    return middle;
}

static int measure(struct batch *b, struct cv_order *order, int way, struct observed *o, uint64_t round)
{
    order->record = ways[way].record;
    b->play.unwatched = !ways[way].kernel;
    int status = batch_play(b, order);
    if (status < 0) {
        struct cv_summary *s = app_play_summary(&b->play);
        o->at[way][round] = (struct measured){(double)s->elapsed_ns, (double)s->cpu_time_ns};
        if (ways[way].kernel) {
            const char *why, *precision;
            o->source = app_play_source(&b->play, &precision, &why);
            o->records += s->events.recorded + s->events.lost + s->events.overwritten;
            o->lost += s->events.lost + s->events.overwritten + s->events.kernel_lost;
            o->work_ns += s->cpu_time_ns;
        }
        if (s->outcome != CV_OUT_FINISHED)
            status = app_say(APP_FAILED, "a run that does not finish cannot be compared: %s", cv_outcome_name[s->outcome]);
        cv_summary_free(s);
    }
    app_play_end(&b->play);
    return status;
}

static void tell_text(const struct batch *b, const struct observed *o, const char *model, struct cv_buf *out)
{
    bool ascii = app_ascii(b->args);
    double low, high;
    cv_text_clean(out, b->program->name, strlen(b->program->name));
    cv_buf_printf(out, " (%s): %llu rounds, medians\n\n%-18s %12s %12s %18s %18s\n", model, (unsigned long long)o->rounds, "", "elapsed", "CPU time",
                  "ratio of elapsed", "ratio of CPU time");
    for (int w = 0; w < WAYS; w++) {
        cv_buf_printf(out, "%-18s", ways[w].name);
        for (int cpu = 0; cpu < 2; cpu++) {
            const char *text = cv_duration_text((uint64_t)median(o, w, cpu, false, &low, &high), ascii);
            cv_buf_printf(out, " %*s", 12 + (strstr(text, "µ") != NULL), text);
        }
        for (int cpu = 0; cpu < 2; cpu++) {
            double ratio = median(o, w, cpu, true, &low, &high);
            if (w == 0)
                cv_buf_printf(out, " %18s", "1");
            else
                cv_buf_printf(out, " %6.3f (%4.2f-%4.2f)", ratio, low, high);
        }
        cv_buf_str(out, "\n");
    }
    uint64_t each = o->records ? o->work_ns / o->records : 0;
    cv_buf_printf(out, "\n%llu records a run, one every %s of CPU time; %llu lost; kernel switches: %s\n", (unsigned long long)(o->records / o->rounds),
                  cv_duration_text(each, ascii), (unsigned long long)o->lost, o->source);
    if (o->costs)
        cost_text(&o->cost, o->source, ascii, out);
}

static void tell_json(const struct batch *b, const struct observed *o, const char *model, struct cv_buf *out)
{
    double low, high;
    cv_buf_str(out, "{ \"scenario\": ");
    app_json_text(out, b->program->name);
    cv_buf_printf(out, ", \"model\": \"%s\", \"rounds\": %llu,\n  \"ways\": [", model, (unsigned long long)o->rounds);
    for (int w = 0; w < WAYS; w++) {
        cv_buf_printf(out, "%s\n    { \"way\": \"%s\"", w ? "," : "", ways[w].key);
        for (int cpu = 0; cpu < 2; cpu++) {
            cv_buf_printf(out, ", \"%s\": %.9f", cpu ? "cpu_time_s" : "elapsed_s", median(o, w, cpu, false, &low, &high) / 1e9);
            double ratio = median(o, w, cpu, true, &low, &high);
            cv_buf_printf(out, ", \"%s_ratio\": %.4f, \"%s_ratio_range\": [%.4f, %.4f]", cpu ? "cpu_time" : "elapsed", ratio, cpu ? "cpu_time" : "elapsed", low, high);
            cv_buf_printf(out, ",\n      \"%s_ratios\": [", cpu ? "cpu_time" : "elapsed");
            for (uint64_t i = 0; i < o->rounds; i++)
                cv_buf_printf(out, "%s%.4f", i ? ", " : "", ratio_of(o, w, cpu, i));
            cv_buf_str(out, "]");
        }
        cv_buf_str(out, " }");
    }
    cv_buf_printf(out, " ],\n  \"records\": %llu, \"lost\": %llu, \"cpu_ns_a_record\": %llu, \"switch_source\": \"%s\"", (unsigned long long)(o->records / o->rounds),
                  (unsigned long long)o->lost, (unsigned long long)(o->records ? o->work_ns / o->records : 0), o->source);
    if (o->costs)
        cv_buf_printf(out, ",\n  \"clock_ns\": %.2f, \"event_ns\": %.2f, \"switch_ns\": %.0f, \"watched_switch_ns\": %.0f", o->cost.clock_ns, o->cost.event_ns,
                      o->cost.switch_ns, o->cost.watched_ns);
    cv_buf_str(out, " }\n");
}

static int observe(struct batch *b, struct cv_order *order)
{
    struct observed o = {.rounds = b->args->runs ? b->args->runs : ROUNDS, .source = ""};
    const char *model = cv_order_model_name(order);
    int status = -1;
    if (order->stepped)
        return app_say(APP_WRONG, "--observer measures real time: %s has none", model);
    if (o.rounds > MOST_ROUNDS)
        return app_say(APP_WRONG, "--observer takes at most %d rounds", MOST_ROUNDS);
    for (int w = 0; w < WAYS; w++)
        o.at[w] = cv_alloc(o.rounds * sizeof *o.at[w]);
    b->runs = o.rounds * WAYS;
    for (uint64_t i = 0; i < o.rounds && status < 0; i++)
        for (int w = 0; w < WAYS && status < 0; w++, b->run++)
            status = measure(b, order, w, &o, i);
    if (status < 0) {
        struct cv_buf text = {0};
        o.costs = cv_cost_measure(&o.cost, o.source);
        (b->args->json ? tell_json : tell_text)(b, &o, model, &text);
        if (b->args->json && app_ascii(b->args))
            cv_json_ascii(&text);
        batch_put(b, &text);
        status = APP_OK;
    }
    for (int w = 0; w < WAYS; w++)
        free(o.at[w]);
    return status;
}

int app_observe(const struct app_args *a) { return batch_main(a, observe); }
