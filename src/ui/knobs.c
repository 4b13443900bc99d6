/* The knobs: a strip with each parameter and its value, a bar for the chosen one; below it, where there is room, what the last runs
 * came to over the value of that knob, so that a curve emerges as it is turned. Only runs are compared that differ in nothing else. */
#include <inttypes.h>
#include <string.h>

#include "ui/view.h"

static const char *const figures[KNOBS_FIGURES] = {"elapsed", "preemptions", "lost updates"};

/* Of all values but the chosen one's. */
static uint64_t others(const struct knobs *k)
{
    uint64_t hash = 1469598103934665603u;
    for (uint32_t i = 0; i < k->n; i++)
        hash = (hash ^ (i == k->chosen ? 0 : (uint64_t)k->at[i].value)) * 1099511628211u;
    return hash;
}

void knobs_set(struct cv_view *v, const struct cv_knob *at, uint32_t n)
{
    struct knobs *k = &v->knobs;
    bool same = n == k->n;
    n = n < KNOBS ? n : KNOBS;
    for (uint32_t i = 0; i < n && same; i++)
        same = k->at[i].low == at[i].low && k->at[i].high == at[i].high;
    memcpy(k->at, at, n * sizeof *at);
    k->n = n;
    if (!same)
        k->chosen = k->nruns = 0;
}

void knobs_result(struct cv_view *v, const char *model, const struct cv_run_figures *f)
{
    struct knobs *k = &v->knobs;
    if (k->n == 0)
        return;
    if (strncmp(k->model, model, sizeof k->model - 1))
        k->nruns = 0;
    snprintf(k->model, sizeof k->model, "%s", model);
    struct knobs_run run = {.value = k->at[k->chosen].value, .others = others(k), .knob = k->chosen,
                            .figure = {(double)f->elapsed_ns, (double)f->preemptions, (double)f->lost_updates}};
    uint32_t i = 0;
    while (i < k->nruns && !(k->runs[i].knob == run.knob && k->runs[i].value == run.value && k->runs[i].others == run.others))
        i++;
    if (i == k->nruns && k->nruns == KNOBS_RUNS)
        i = 0;
    if (i < k->nruns) /* of two runs at one value the newer counts */
        memmove(&k->runs[i], &k->runs[i + 1], (--k->nruns - i) * sizeof *k->runs);
    k->runs[k->nruns++] = run;
}

/* Where there are few values each of them, else 1, 2, 5, 10 …, and both ends. */
static int64_t next_value(const struct cv_knob *k, int direction)
{
    if (k->high - k->low <= 32)
        return k->value + direction;
    int64_t best = direction > 0 ? k->high : k->low;
    for (int64_t unit = 1; unit <= INT64_MAX / 50; unit *= 10)
        for (int m = 1; m <= 5; m += m == 1 ? 1 : 3) {
            int64_t at = unit * m;
            if (direction > 0 ? at > k->value && at < best : at < k->value && at > best)
                best = at;
        }
    return best;
}

bool knobs_turn(struct cv_view *v, int direction)
{
    struct knobs *k = &v->knobs;
    if (k->n == 0) {
        view_say(v, "this scenario has no [params] to turn");
        return false;
    }
    struct cv_knob *at = &k->at[k->chosen];
    int64_t to = next_value(at, direction);
    to = to < at->low ? at->low : to > at->high ? at->high : to;
    if (to == at->value) {
        view_say(v, "%.60s is at its %s", at->name, direction > 0 ? "highest" : "lowest");
        return false;
    }
    at->value = to;
    return true;
}

/* ── drawn ──────────────────────────────────────────────────────────────────────────────────────── */
static void add_value(const struct cv_view *v, const struct cv_knob *k, int64_t value, struct cv_buf *out)
{
    if (k->duration)
        cv_buf_str(out, cv_duration_text((uint64_t)(value > 0 ? value : 0), v->ascii));
    else
        cv_buf_printf(out, "%" PRId64, value);
}

/* The runs that belong to the chosen knob as all others stand now, sorted by value. */
static uint32_t belonging(const struct knobs *k, const struct knobs_run *to[KNOBS_RUNS])
{
    uint32_t n = 0;
    uint64_t rest = others(k);
    for (uint32_t i = 0; i < k->nruns; i++) {
        if (k->runs[i].knob != k->chosen || k->runs[i].others != rest)
            continue;
        uint32_t at = n++;
        for (; at > 0 && to[at - 1]->value > k->runs[i].value; at--)
            to[at] = to[at - 1];
        to[at] = &k->runs[i];
    }
    return n;
}

int knobs_rows(const struct cv_view *v)
{
    const struct knobs_run *runs[KNOBS_RUNS];
    return v->knobs.n == 0 ? 0 : belonging(&v->knobs, runs) < 2 ? 1 : 1 + KNOBS_PLOT;
}

static void draw_strip(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    enum { BAR = 12 };
    const struct knobs *k = &v->knobs;
    int x = r.x + 1;
    for (uint32_t i = 0; i < k->n && x < r.x + r.w - 8; i++) {
        const struct cv_knob *at = &k->at[i];
        bool chosen = i == k->chosen;
        struct cv_buf text = {0};
        x += canvas_fit(c, r, x, r.y, at->name, r.x + r.w - x, chosen ? CV_C_FOCUS : CV_C_DIM, chosen ? CV_A_BOLD : 0) + 1;
        if (chosen) {
            double share = at->high > at->low ? (double)(at->value - at->low) / (double)(at->high - at->low) : 1;
            int full = (int)(share * BAR + 0.5);
            canvas_put(c, r, x, r.y, 0x2595, CV_C_FRAME, 0);
            for (int b = 0; b < BAR; b++)
                canvas_put(c, r, x + 1 + b, r.y, b < full || (b == 0 && share > 0) ? 0x2588 : 0x2591, b < full || (b == 0 && share > 0) ? CV_C_FOCUS : CV_C_DIM, 0);
            canvas_put(c, r, x + 1 + BAR, r.y, c->ascii ? ']' : 0x258f, CV_C_FRAME, 0);
            x += BAR + 3;
        }
        add_value(v, at, at->value, &text);
        x += canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, chosen ? CV_C_TEXT : CV_C_DIM, chosen ? CV_A_BOLD : 0);
        if (chosen) {
            text.n = 0;
            cv_buf_str(&text, " in ");
            add_value(v, at, at->low, &text);
            cv_buf_str(&text, "..");
            add_value(v, at, at->high, &text);
            x += canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, CV_C_DIM, 0);
        }
        x += 3;
        cv_buf_release(&text);
    }
    const char *hint = k->n > 1 ? "< > turn  v another" : "< > turn";
    if (x + canvas_width(hint) + 1 <= r.x + r.w)
        canvas_str(c, r, r.x + r.w - canvas_width(hint) - 1, r.y, hint, CV_C_KEY, 0);
}

static void add_figure(const struct cv_view *v, int which, double value, struct cv_buf *out)
{
    if (which == 0)
        cv_buf_str(out, cv_duration_text((uint64_t)value, v->ascii));
    else
        cv_buf_printf(out, "%.0f", value);
}

/* One figure over the values: a bar for each run, as high as its share of the highest; the one of now is bright. */
static void draw_plot(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int which, const struct knobs_run *const *runs, uint32_t n)
{
    const struct cv_knob *k = &v->knobs.at[v->knobs.chosen];
    double most = 0;
    int rows = r.h - 1, wide = n * 3 <= (uint32_t)r.w - 2 ? 3 : n * 2 <= (uint32_t)r.w - 2 ? 2 : 1;
    uint32_t first = n > (uint32_t)(r.w - 2) / (uint32_t)wide ? n - (uint32_t)(r.w - 2) / (uint32_t)wide : 0;
    struct cv_buf label = {0};
    cv_buf_printf(&label, "%s", figures[which]);
    for (uint32_t i = first; i < n; i++) {
        most = runs[i]->figure[which] > most ? runs[i]->figure[which] : most;
        if (runs[i]->value == k->value) {
            cv_buf_str(&label, " ");
            add_figure(v, which, runs[i]->figure[which], &label);
        }
    }
    cv_buf_str(&label, ", at most ");
    add_figure(v, which, most, &label);
    canvas_fit(c, r, r.x, r.y, label.at, r.w - 1, CV_C_DIM, 0);
    cv_buf_release(&label);
    for (uint32_t i = first; i < n; i++) {
        bool now = runs[i]->value == k->value;
        int x = r.x + (int)(i - first) * wide, eighths = most > 0 ? (int)(runs[i]->figure[which] / most * rows * 8 + 0.5) : 0;
        eighths = eighths < 1 && runs[i]->figure[which] > 0 ? 1 : eighths;
        for (int y = 0; y < rows; y++) {
            int part = eighths - y * 8;
            for (int w = 0; w < (wide > 1 ? wide - 1 : 1); w++)
                if (part > 0)
                    canvas_put(c, r, x + w, r.y + r.h - 1 - y, 0x2580 + (uint32_t)(part > 8 ? 8 : part), now ? CV_C_FOCUS : CV_C_WAITING, now ? CV_A_BOLD : 0);
                else if (y == 0)
                    canvas_put(c, r, x + w, r.y + r.h - 1, '_', now ? CV_C_FOCUS : CV_C_DIM, 0);
        }
    }
    if (which > 0)
        return;
    struct cv_buf over = {0}; /* from which value of the parameter to which */
    add_value(v, k, runs[first]->value, &over);
    cv_buf_str(&over, "..");
    add_value(v, k, runs[n - 1]->value, &over);
    int x = r.x + (int)(n - first) * wide + 1;
    if (x + canvas_width(over.at) < r.x + r.w)
        canvas_str(c, r, x, r.y + r.h - 1, over.at, CV_C_DIM, 0);
    cv_buf_release(&over);
}

void knobs_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    const struct knobs_run *runs[KNOBS_RUNS];
    uint32_t n = belonging(&v->knobs, runs);
    draw_strip(v, c, (struct cv_rect){r.x, r.y, r.w, 1});
    int each = (r.w - 2) / KNOBS_FIGURES;
    for (int i = 0; i < KNOBS_FIGURES && r.h >= 3 && each >= 12 && n >= 2; i++)
        draw_plot(v, c, (struct cv_rect){r.x + 1 + i * each, r.y + 1, each - 1, r.h - 1}, i, runs, n);
}
