/* `convis compare FILE`: the scenario in every model it names, really run, one after the other; then one table and bars. With
 * --json an array of what `run --json` prints. Nothing of a run is shown before all are over: they are to be seen together. */
#include <string.h>

#include "app/batch.h"
#include "convis/export.h"

enum { MODELS = 4, LABEL = 18, COLUMN = 15, BAR = 40, RESULT = 60 };
static const struct { unsigned bit; enum cv_model_kind model; bool gil; } all[MODELS] = {
    {CV_M_ASYNC, CV_ASYNC, false}, {CV_M_THREADS, CV_THREADS, false}, {CV_M_GIL, CV_THREADS, true}, {CV_M_PROCESSES, CV_PROCESSES, false}};
struct ran { const char *model; bool is_async; struct cv_summary *s; struct cv_buf result; };

static int width_of(const char *s)
{
    size_t n = strlen(s), length;
    int width = 0;
    for (size_t i = 0; i < n; i += length)
        width += cv_text_width(cv_utf8(s + i, n - i, &length));
    return width;
}

static void right(struct cv_buf *out, const char *text, int columns)
{
    cv_buf_printf(out, "%*s%s", columns > width_of(text) ? columns - width_of(text) : 0, "", text);
}

static uint64_t switches(const struct cv_summary *s)
{
    uint64_t n = 0;
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        n += c == CV_CAUSE_EXIT ? 0 : s->by_cause[c];
    return n;
}

/* ── the table: a row a measure, a column a model ───────────────────────────────────────────────── */
typedef void cell_fn(const struct ran *r, bool ascii, char text[32]);

static void time_cell(char text[32], uint64_t ns, bool ascii) { snprintf(text, 32, "%s", cv_duration_text(ns, ascii)); }
static void elapsed(const struct ran *r, bool ascii, char text[32]) { time_cell(text, r->s->elapsed_ns, ascii); }
static void cpu_time(const struct ran *r, bool ascii, char text[32]) { time_cell(text, r->s->cpu_time_ns, ascii); }
static void cores_used(const struct ran *r, bool ascii, char text[32]) { (void)ascii; snprintf(text, 32, "%.2f", r->s->cores_used); }
static void threads(const struct ran *r, bool ascii, char text[32]) { (void)ascii; snprintf(text, 32, "%u", r->s->threads); }
static void lag(const struct ran *r, bool ascii, char text[32])
{
    if (r->is_async)
        time_cell(text, r->s->loop_lag_ns, ascii);
    else
        snprintf(text, 32, "-");
}
static void sum(const struct ran *r, bool ascii, char text[32]) { (void)ascii; snprintf(text, 32, "%llu", (unsigned long long)switches(r->s)); }
static void each(const struct ran *r, bool ascii, char text[32])
{
    if (r->s->cpu_ns_per_switch >= 0)
        time_cell(text, (uint64_t)r->s->cpu_ns_per_switch, ascii);
    else
        snprintf(text, 32, "-");
}
static void memory(const struct ran *r, bool ascii, char text[32])
{
    double n = (double)r->s->memory_per_task;
    (void)ascii;
    snprintf(text, 32, n >= 1048576 ? "%.1f MiB" : n >= 1024 ? "%.1f KiB" : "%.0f B", n >= 1048576 ? n / 1048576 : n >= 1024 ? n / 1024 : n);
}
static void findings(const struct ran *r, bool ascii, char text[32])
{
    uint64_t n = 0;
    (void)ascii;
    for (int k = 0; k < CV_FINDING_COUNT; k++)
        n += r->s->finding_count[k];
    snprintf(text, 32, "%llu", (unsigned long long)n);
}

static const struct { const char *label; cell_fn *cell; } measures[] = {
    {"elapsed", elapsed}, {"CPU time", cpu_time}, {"cores used", cores_used}, {"threads", threads}, {"memory a task", memory}, {"loop lag", lag},
    {"switches", sum}, {"CPU time a switch", each}, {"findings", findings}};

static void label(struct cv_buf *out, const char *text, int indent) { cv_buf_printf(out, "%*s%-*s", indent, "", LABEL - indent, text); }

static void table(struct cv_buf *out, const struct ran *ran, size_t n, bool ascii)
{
    char text[32];
    label(out, "", 0);
    for (size_t i = 0; i < n; i++)
        right(out, ran[i].model, COLUMN);
    cv_buf_str(out, "\n");
    for (size_t m = 0; m < CV_COUNT(measures); m++) {
        label(out, measures[m].label, 0);
        for (size_t i = 0; i < n; i++) {
            measures[m].cell(&ran[i], ascii, text);
            right(out, text, COLUMN);
        }
        cv_buf_str(out, "\n");
        for (int c = 0; measures[m].cell == sum && c < CV_CAUSE_EXIT; c++) {
            uint64_t any = 0;
            for (size_t i = 0; i < n; i++)
                any += ran[i].s->by_cause[c];
            if (!any)
                continue;
            label(out, cv_cause_name[c], 2);
            for (size_t i = 0; i < n; i++)
                if (ran[i].s->by_cause[c])
                    cv_buf_printf(out, "%*llu", COLUMN, (unsigned long long)ran[i].s->by_cause[c]);
                else
                    right(out, ascii ? "." : "·", COLUMN);
            cv_buf_str(out, "\n");
        }
    }
}

/* ── bars and results ───────────────────────────────────────────────────────────────────────────── */
static void bars(struct cv_buf *out, const char *title, const struct ran *ran, size_t n, uint64_t (*value)(const struct cv_summary *s), cell_fn *cell, bool ascii)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint64_t most = 0;
    char text[32];
    for (size_t i = 0; i < n; i++)
        most = value(ran[i].s) > most ? value(ran[i].s) : most;
    cv_buf_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < n; i++) {
        uint64_t parts = most ? (uint64_t)((double)value(ran[i].s) / (double)most * BAR * 8 + 0.5) : 0;
        cell(&ran[i], ascii, text);
        label(out, ran[i].model, 2);
        right(out, text, COLUMN);
        cv_buf_str(out, "  ");
        for (uint64_t k = 0; k < parts / 8; k++)
            cv_buf_str(out, ascii ? "#" : "█");
        cv_buf_str(out, ascii ? (parts % 8 >= 4 ? "#" : "") : eighths[parts % 8]);
        cv_buf_str(out, "\n");
    }
}

static uint64_t elapsed_of(const struct cv_summary *s) { return s->elapsed_ns; }
static uint64_t cpu_time_of(const struct cv_summary *s) { return s->cpu_time_ns; }

static void results(struct cv_buf *out, const struct ran *ran, size_t n, bool ascii)
{
    cv_buf_str(out, "\nresult\n");
    for (size_t i = 0; i < n; i++) {
        const char *s = ran[i].result.at;
        size_t bytes = ran[i].result.n, at = 0, length;
        label(out, ran[i].model, 2);
        for (int width = 0; at < bytes && width < RESULT; at += length)
            width += cv_text_width(cv_utf8(s + at, bytes - at, &length));
        cv_buf_add(out, s, at);
        cv_buf_str(out, at < bytes ? (ascii ? "...\n" : "…\n") : "\n");
        for (uint32_t k = 0; k < ran[i].s->nexpects; k++) {
            const struct cv_summary_expect *x = &ran[i].s->expects[k];
            if (x->holds == CV_HOLDS || x->holds == CV_OPEN)
                continue;
            cv_buf_printf(out, "%*s%s line %u: ", LABEL, "", x->holds < 0 ? "not decided:" : "does not hold:", x->line);
            cv_text_clean(out, x->text, strlen(x->text));
            cv_buf_str(out, "\n");
        }
    }
}

static void tell(struct batch *b, const struct ran *ran, size_t n)
{
    bool ascii = app_ascii(b->args);
    struct cv_buf out = {0};
    const char *title = *b->program->title ? b->program->title : b->program->name;
    cv_text_clean(&out, title, strlen(title));
    cv_buf_str(&out, "\n\n");
    table(&out, ran, n, ascii);
    bars(&out, "elapsed", ran, n, elapsed_of, elapsed, ascii);
    bars(&out, "CPU time", ran, n, cpu_time_of, cpu_time, ascii);
    bars(&out, "switches", ran, n, switches, sum, ascii);
    results(&out, ran, n, ascii);
    batch_put(b, &out);
}

/* ── the runs ───────────────────────────────────────────────────────────────────────────────────── */
static bool named(const struct cv_program *p, size_t i) { return (p->models & all[i].bit) && !(all[i].gil && !(p->models & CV_M_GIL)); }

static void keep(struct batch *b, struct ran *r, struct cv_buf *json, bool first)
{
    const struct cv_run_info *info = cv_session_info(b->play.session);
    *r = (struct ran){.is_async = info->model == CV_ASYNC, .s = app_play_summary(&b->play)};
    r->model = cv_order_model_name(&b->play.order);
    app_result_text(r->s, &r->result);
    if (b->args->json) {
        cv_buf_str(json, first ? "[ " : ",\n  ");
        cv_exporter("json")->write(json, info, r->s, app_ascii(b->args));
    }
}

static int run_all(struct batch *b, struct cv_order *order)
{
    struct ran ran[MODELS];
    struct cv_buf json = {0};
    size_t n = 0;
    int status = APP_OK;
    b->runs = 0;
    for (size_t i = 0; i < MODELS; i++)
        b->runs += named(b->program, i);
    for (size_t i = 0; i < MODELS && status < APP_WRONG; i++) {
        if (!named(b->program, i))
            continue;
        order->model = all[i].model;
        order->gil = all[i].gil;
        int one = batch_play(b, order);
        if (one < 0) {
            keep(b, &ran[n], &json, n == 0);
            one = app_verdict(ran[n++].s);
        }
        status = one > status ? one : status;
        app_play_end(&b->play);
        b->run++;
    }
    if (status < APP_WRONG && b->args->json) {
        cv_buf_str(&json, "]\n");
        batch_put(b, &json);
    } else if (status < APP_WRONG) {
        tell(b, ran, n);
    }
    cv_buf_release(&json);
    for (size_t i = 0; i < n; i++) {
        cv_summary_free(ran[i].s);
        cv_buf_release(&ran[i].result);
    }
    return status;
}

int app_compare(const struct app_args *a) { return batch_main(a, run_all); }
