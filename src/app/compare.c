/* `convis compare FILE`: the scenario in every model it names, really run, one after the other; then one table and bars. With
 * --json an array of what `run --json` prints. Nothing of a run is shown before all are over: they are to be seen together. */
#include <string.h>

#include "app/batch.h"
#include "app/measures.h"
#include "convis/export.h"

enum { LABEL = 18, COLUMN = 15, BAR = 40, RESULT = 60 };
struct ran { const char *model; struct cv_summary *s; struct cv_buf result; };

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

static void label(struct cv_buf *out, const char *text, int indent) { cv_buf_printf(out, "%*s%-*s", indent, "", LABEL - indent, text); }

static void table(struct cv_buf *out, const struct ran *ran, size_t n, const struct measures *m)
{
    label(out, "", 0);
    for (size_t i = 0; i < n; i++)
        right(out, ran[i].model, COLUMN);
    cv_buf_str(out, "\n");
    for (size_t k = 0; k < m->n; k++) {
        label(out, m->at[k].label, m->at[k].part ? 2 : 0);
        for (size_t i = 0; i < n; i++)
            right(out, m->at[k].cells[i], COLUMN);
        cv_buf_str(out, "\n");
    }
}

/* ── bars and results ───────────────────────────────────────────────────────────────────────────── */
static void bars(struct cv_buf *out, const struct cv_side_row *row, const struct ran *ran, size_t n, bool ascii)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = row->lengths[i] > most ? row->lengths[i] : most;
    if (row->part || most <= 0)
        return;
    cv_buf_printf(out, "\n%s\n", row->label);
    for (size_t i = 0; i < n; i++) {
        int parts = row->lengths[i] > 0 ? (int)(row->lengths[i] / most * BAR * 8 + 0.5) : 0;
        label(out, ran[i].model, 2);
        right(out, row->cells[i], COLUMN);
        cv_buf_str(out, "  ");
        for (int k = 0; k < parts / 8; k++)
            cv_buf_str(out, ascii ? "#" : "█");
        cv_buf_str(out, ascii ? (parts % 8 >= 4 ? "#" : "") : eighths[parts % 8]);
        cv_buf_str(out, "\n");
    }
}

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
    struct measures m = {0};
    struct measured runs[APP_MODELS];
    const char *title = *b->program->title ? b->program->title : b->program->name;
    for (size_t i = 0; i < n; i++)
        runs[i] = (struct measured){.is_async = !strcmp(ran[i].model, "async"), .summary = ran[i].s};
    measures_make(&m, runs, n, ascii);
    cv_text_clean(&out, title, strlen(title));
    cv_buf_str(&out, "\n\n");
    table(&out, ran, n, &m);
    for (size_t k = 0; k < m.n; k++)
        bars(&out, &m.at[k], ran, n, ascii);
    results(&out, ran, n, ascii);
    measures_release(&m);
    batch_put(b, &out);
}

/* ── the runs ───────────────────────────────────────────────────────────────────────────────────── */
static void keep(struct batch *b, struct ran *r, struct cv_buf *json, bool first)
{
    const struct cv_run_info *info = cv_session_info(b->play.session);
    *r = (struct ran){.s = app_play_summary(&b->play)};
    r->model = cv_order_model_name(&b->play.order);
    app_result_text(r->s, &r->result);
    if (b->args->json) {
        cv_buf_str(json, first ? "[ " : ",\n  ");
        cv_exporter("json")->write(json, info, r->s, app_ascii(b->args));
    }
}

static int run_all(struct batch *b, struct cv_order *order)
{
    struct ran ran[APP_MODELS];
    struct cv_buf json = {0};
    size_t n = 0;
    int status = APP_OK;
    b->runs = 0;
    for (size_t i = 0; i < APP_MODELS; i++)
        b->runs += app_model_named(b->program, i);
    for (size_t i = 0; i < APP_MODELS && status < APP_WRONG; i++) {
        if (!app_model_named(b->program, i))
            continue;
        app_model_order(order, i);
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
