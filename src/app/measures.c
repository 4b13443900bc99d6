/* What is compared of runs: each measure is a function of a summary, for a cell and (where a bar makes sense) for a length.
 *
 * "CPU time a switch" is what is left of the CPU time when the cpu statements have had theirs, over all switches: where tasks do
 * little but switch, what a switch costs. It is told from CV_SWITCHES_ENOUGH switches on; below that it would tell what it costs to
 * make the tasks. */
#include <stdlib.h>
#include <string.h>

#include "app/measures.h"

const struct app_model app_models[APP_MODELS] = {
    {CV_M_ASYNC, CV_ASYNC, false}, {CV_M_THREADS, CV_THREADS, false}, {CV_M_GIL, CV_THREADS, true}, {CV_M_PROCESSES, CV_PROCESSES, false}};

bool app_model_named(const struct cv_program *p, size_t i) { return (p->models & app_models[i].bit) != 0; }

void app_model_order(struct cv_order *o, size_t i)
{
    o->model = app_models[i].model;
    o->gil = app_models[i].gil;
    o->stepped = o->desk = false;
    o->schedule = NULL;
}

enum { CELL = 64, BIG = 1048576 };
typedef double measure_fn(const struct measured *r, bool ascii, char text[CELL]); /* the bar's length; < 0: none */

static double time_cell(char text[CELL], uint64_t ns, bool ascii)
{
    snprintf(text, CELL, "%s", cv_duration_text(ns, ascii));
    return (double)ns;
}

static double number_cell(char text[CELL], uint64_t n)
{
    snprintf(text, CELL, "%llu", (unsigned long long)n);
    return (double)n;
}

static double nothing(char text[CELL])
{
    snprintf(text, CELL, "-");
    return -1;
}

static uint64_t all_switches(const struct cv_summary *s)
{
    uint64_t n = 0;
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        n += c == CV_CAUSE_EXIT ? 0 : s->by_cause[c];
    return n;
}

static double elapsed(const struct measured *r, bool ascii, char text[CELL]) { return time_cell(text, r->summary->elapsed_ns, ascii); }
static double cpu_time(const struct measured *r, bool ascii, char text[CELL]) { return time_cell(text, r->summary->cpu_time_ns, ascii); }
static double cores_used(const struct measured *r, bool ascii, char text[CELL])
{
    (void)ascii;
    snprintf(text, CELL, "%.2f", r->summary->cores_used);
    return -1;
}
static double threads(const struct measured *r, bool ascii, char text[CELL]) { return (void)ascii, number_cell(text, r->summary->threads), -1; }
static double memory(const struct measured *r, bool ascii, char text[CELL])
{
    double n = (double)r->summary->memory_per_task;
    (void)ascii;
    snprintf(text, CELL, n >= BIG ? "%.1f MiB" : n >= 1024 ? "%.1f KiB" : "%.0f B", n >= BIG ? n / BIG : n >= 1024 ? n / 1024 : n);
    return -1;
}
static double lag(const struct measured *r, bool ascii, char text[CELL])
{
    return r->is_async ? (time_cell(text, r->summary->loop_lag_ns, ascii), -1) : nothing(text);
}
static double switches(const struct measured *r, bool ascii, char text[CELL]) { return (void)ascii, number_cell(text, all_switches(r->summary)); }
static double each(const struct measured *r, bool ascii, char text[CELL])
{
    return r->summary->cpu_ns_per_switch < 0 ? nothing(text) : time_cell(text, (uint64_t)r->summary->cpu_ns_per_switch, ascii);
}
static double findings(const struct measured *r, bool ascii, char text[CELL])
{
    uint64_t n = 0;
    (void)ascii;
    for (int k = 0; k < CV_FINDING_COUNT; k++)
        n += r->summary->finding_count[k];
    return number_cell(text, n), -1;
}
static double expected(const struct measured *r, bool ascii, char text[CELL])
{
    uint32_t held = 0, judged = 0;
    (void)ascii;
    for (uint32_t i = 0; i < r->summary->nexpects; i++) {
        held += r->summary->expects[i].holds == CV_HOLDS;
        judged += r->summary->expects[i].holds != CV_OPEN;
    }
    if (!judged)
        return nothing(text);
    snprintf(text, CELL, "%u of %u", held, judged);
    return -1;
}

static const struct { const char *label; measure_fn *cell; } all[] = {
    {"elapsed", elapsed}, {"CPU time", cpu_time}, {"cores used", cores_used}, {"threads", threads}, {"switches", switches}, {"CPU time a switch", each},
    {"memory a task", memory}, {"loop lag", lag}, {"findings", findings}, {"expectations hold", expected}};

static void keep(struct cv_side_row *row, size_t i, const char *text, double length)
{
    row->cells[i] = cv_strndup(text, strlen(text));
    row->lengths[i] = length;
}

static void add_causes(struct measures *m, const struct measured *runs, size_t n, bool ascii)
{
    char text[CELL];
    for (int c = 0; c < CV_CAUSE_EXIT; c++) {
        struct cv_side_row row = {.label = cv_cause_name[c], .part = true};
        uint64_t any = 0;
        for (size_t i = 0; i < n; i++)
            any += runs[i].summary ? runs[i].summary->by_cause[c] : 0;
        for (size_t i = 0; any && i < n; i++) {
            uint64_t count = runs[i].summary ? runs[i].summary->by_cause[c] : 0;
            snprintf(text, CELL, "%llu", (unsigned long long)count);
            keep(&row, i, !runs[i].summary ? "" : count ? text : ascii ? "." : "·", -1);
        }
        if (any)
            CV_PUSH(m, row);
    }
}

void measures_make(struct measures *m, const struct measured *runs, size_t n, bool ascii)
{
    char text[CELL];
    measures_release(m);
    for (size_t k = 0; k < CV_COUNT(all); k++) {
        struct cv_side_row row = {.label = all[k].label};
        for (size_t i = 0; i < n; i++) {
            double length = -1;
            text[0] = 0;
            if (runs[i].summary)
                length = all[k].cell(&runs[i], ascii, text);
            keep(&row, i, text, length);
        }
        CV_PUSH(m, row);
        if (all[k].cell == switches)
            add_causes(m, runs, n, ascii);
    }
}

void measures_release(struct measures *m)
{
    for (size_t k = 0; k < m->n; k++)
        for (size_t i = 0; i < CV_SIDE_MODELS; i++)
            free((char *)(uintptr_t)m->at[k].cells[i]);
    free(m->at);
    *m = (struct measures){0};
}

void measures_result(const struct cv_summary *s, struct cv_buf *out)
{
    static const char ended[] = "finished; ";
    struct cv_buf text = {0};
    app_result_text(s, &text);
    cv_buf_str(out, text.at + (strncmp(text.at, ended, sizeof ended - 1) ? 0 : sizeof ended - 1));
    cv_buf_release(&text);
}
