/* Many runs of one scenario: what came out, how often, and how often each expectation held. Outcomes are told apart by how
 * the run ended, the final values and the output; the commonest are shown first. */
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "convis/explore.h"

enum { SHOWN = 20, WIDTH = 100, KEY_MOST = 4096 };
struct came { char *key; uint64_t count, seed; enum cv_outcome outcome; };
struct judged { char *text; uint32_t line; unsigned kind; uint64_t came, not, undecided; }; /* in how many runs E was true */
struct app_tally {
    CV_VEC(struct came) came;
    CV_VEC(struct judged) judged;
    CV_VEC(struct walked { char *key; double probability; }) walked; /* what all schedules say, by outcome; none: not known */
    uint64_t runs, least_ns, most_ns, sum_ns;
    char *scenario, *model;
};

struct app_tally *app_tally_new(void) { return cv_alloc(sizeof(struct app_tally)); }

static void value(struct cv_buf *out, const struct cv_datum *d)
{
    if (d->unknown) {
        cv_buf_str(out, "?");
        return;
    }
    switch (d->tag) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, d->i ? "true" : "false"); break;
    case CV_TAG_INT: case CV_TAG_TASK: cv_buf_printf(out, "%lld", (long long)d->i); break;
    case CV_TAG_STRING:
        cv_buf_str(out, "\"");
        cv_text_clean(out, d->s ? d->s : "", d->s ? d->n : 0);
        cv_buf_str(out, "\"");
        break;
    case CV_TAG_LIST:
        cv_buf_str(out, "[");
        for (uint32_t i = 0; i < d->n && out->n < KEY_MOST; i++) {
            cv_buf_str(out, i ? ", " : "");
            value(out, &d->items[i]);
        }
        cv_buf_str(out, "]");
        break;
    }
}

void app_result_text(const struct cv_summary *s, struct cv_buf *out)
{
    cv_buf_str(out, cv_outcome_name[s->outcome]);
    for (uint32_t v = 0; v < s->nvars && out->n < KEY_MOST; v++) {
        cv_buf_printf(out, "%s%s = ", v ? ", " : "; ", s->vars[v].name);
        if (!s->vars[v].ncopies)
            value(out, &s->vars[v].value);
        for (uint32_t c = 0; c < s->vars[v].ncopies && out->n < KEY_MOST; c++) {
            cv_buf_str(out, c ? " | " : "");
            value(out, &s->vars[v].copies[c]);
        }
    }
    for (uint32_t i = 0; i < s->noutput && out->n < KEY_MOST; i++) {
        cv_buf_str(out, i ? ", " : "; output ");
        value(out, &s->output[i]);
    }
}

static void add_expects(struct app_tally *t, const struct cv_summary *s)
{
    for (uint32_t i = 0; i < s->nexpects; i++) {
        const struct cv_summary_expect *x = &s->expects[i];
        if (i == t->judged.n) {
            struct judged one = {.text = cv_strndup(x->text, strlen(x->text)), .line = x->line, .kind = x->kind};
            CV_PUSH(&t->judged, one);
        }
        struct judged *j = &t->judged.at[i];
        bool came = x->kind == CV_X_NEVER ? x->holds == CV_FAILS : x->holds == CV_HOLDS;
        *(x->holds == CV_UNDECIDED ? &j->undecided : came ? &j->came : &j->not) += 1;
    }
}

void app_tally_add(struct app_tally *t, const struct cv_run_info *info, const struct cv_summary *s)
{
    struct cv_buf key = {0};
    size_t i = 0;
    if (!t->scenario) {
        t->scenario = cv_strndup(info->scenario, strlen(info->scenario));
        t->model = cv_strndup(info->model_name, strlen(info->model_name));
    }
    app_result_text(s, &key);
    while (i < t->came.n && strcmp(t->came.at[i].key, key.at))
        i++;
    if (i == t->came.n) {
        struct came one = {.key = key.at, .seed = info->seed, .outcome = s->outcome};
        CV_PUSH(&t->came, one);
    } else {
        cv_buf_release(&key);
    }
    t->came.at[i].count++;
    add_expects(t, s);
    t->least_ns = t->runs && t->least_ns < s->elapsed_ns ? t->least_ns : s->elapsed_ns;
    t->most_ns = t->most_ns > s->elapsed_ns ? t->most_ns : s->elapsed_ns;
    t->sum_ns += s->elapsed_ns;
    t->runs++;
}

/* Outcomes of an exploration that counted all, told apart as runs are. */
void app_tally_walk(struct app_tally *t, const struct cv_explore *e)
{
    for (uint32_t i = 0; i < e->noutcomes && e->counts_complete; i++) {
        struct cv_buf key = {0};
        size_t k = 0;
        app_result_text(&e->outcomes[i].summary, &key);
        while (k < t->walked.n && strcmp(t->walked.at[k].key, key.at))
            k++;
        if (k < t->walked.n) {
            t->walked.at[k].probability += e->outcomes[i].probability;
            cv_buf_release(&key);
        } else {
            struct walked one = {key.at, e->outcomes[i].probability};
            CV_PUSH(&t->walked, one);
        }
    }
}

/* How likely a random walk ends so; < 0: not known. */
static double walk(const struct app_tally *t, const char *key)
{
    for (size_t i = 0; i < t->walked.n; i++)
        if (!strcmp(t->walked.at[i].key, key))
            return t->walked.at[i].probability;
    return t->walked.n ? 0 : -1;
}

static void odds(double probability, struct cv_buf *out)
{
    char text[16] = "";
    if (probability >= 0)
        snprintf(text, sizeof text, probability == 0 ? "never" : probability < 0.001 ? "%.0e" : "%.4f", probability);
    cv_buf_printf(out, "%7s  ", text);
}

static bool came_in(const struct app_tally *t, const char *key)
{
    for (size_t i = 0; i < t->came.n; i++)
        if (!strcmp(t->came.at[i].key, key))
            return true;
    return false;
}

/* Of all runs together: sometimes must have come once, never not once, the others in every run. */
static enum cv_holds over_all(const struct judged *j)
{
    if (j->kind == CV_X_SOMETIMES)
        return j->came ? CV_HOLDS : j->undecided ? CV_UNDECIDED : CV_FAILS;
    uint64_t bad = j->kind == CV_X_NEVER ? j->came : j->not;
    return bad ? CV_FAILS : j->undecided ? CV_UNDECIDED : CV_HOLDS;
}

int app_tally_verdict(const struct app_tally *t)
{
    for (size_t i = 0; i < t->judged.n; i++)
        if (over_all(&t->judged.at[i]) != CV_HOLDS)
            return APP_FAILED;
    return APP_OK;
}

static int commonest(const void *x, const void *y)
{
    const struct came *a = *(struct came *const *)x, *b = *(struct came *const *)y;
    return a->count != b->count ? (a->count < b->count ? 1 : -1) : a->seed < b->seed ? -1 : a->seed > b->seed;
}

/* Pointers to the outcomes, the commonest first, then by the first seed; free it. */
static struct came **sorted(const struct app_tally *t)
{
    struct came **p = cv_alloc((t->came.n + 1) * sizeof(struct came *));
    for (size_t i = 0; i < t->came.n; i++)
        p[i] = &t->came.at[i];
    qsort(p, t->came.n, sizeof *p, commonest);
    return p;
}

void app_tally_text(const struct app_tally *t, bool ascii, struct cv_buf *out)
{
    struct came **p = sorted(t);
    uint64_t most = t->came.n ? p[0]->count : 1;
    cv_buf_printf(out, "%llu runs of ", (unsigned long long)t->runs);
    cv_text_clean(out, t->scenario ? t->scenario : "", t->scenario ? strlen(t->scenario) : 0);
    cv_buf_printf(out, " (%s), %zu outcome%s; elapsed %s to %s, %s on average\n\n",
                  t->model ? t->model : "", t->came.n, t->came.n == 1 ? "" : "s", cv_duration_text(t->least_ns, ascii), cv_duration_text(t->most_ns, ascii),
                  cv_duration_text(t->runs ? t->sum_ns / t->runs : 0, ascii));
    for (size_t i = 0; i < t->came.n && i < SHOWN; i++) {
        uint64_t bar = (p[i]->count * 20 + most - 1) / most;
        cv_buf_printf(out, "%8llu  ", (unsigned long long)p[i]->count);
        for (uint64_t k = 0; k < 20; k++)
            cv_buf_str(out, k < bar ? (ascii ? "#" : "█") : " ");
        cv_buf_str(out, "  ");
        if (t->walked.n)
            odds(walk(t, p[i]->key), out);
        cv_text_cut(out, p[i]->key, WIDTH, ascii);
        cv_buf_printf(out, "  (seed %llu)\n", (unsigned long long)p[i]->seed);
    }
    if (t->came.n > SHOWN)
        cv_buf_printf(out, "          and %zu rarer outcomes\n", t->came.n - SHOWN);
    for (size_t i = 0, shown = 0; i < t->walked.n && shown < SHOWN; i++)
        if (!came_in(t, t->walked.at[i].key)) {
            cv_buf_printf(out, "%8d  %20s  ", 0, "");
            odds(t->walked.at[i].probability, out);
            cv_text_cut(out, t->walked.at[i].key, WIDTH, ascii);
            cv_buf_str(out, "\n");
            shown++;
        }
    if (t->walked.n)
        cv_buf_str(out, "\nin the middle: the probability on a random walk through all schedules, exactly (convis explore)\n");
    if (t->judged.n)
        cv_buf_str(out, "\n");
    for (size_t i = 0; i < t->judged.n; i++) {
        const struct judged *j = &t->judged.at[i];
        enum cv_holds all = over_all(j);
        cv_buf_str(out, all == CV_FAILS ? (ascii ? "NO " : "✗  ") : all == CV_UNDECIDED ? "?  " : ascii ? "ok " : "✓  ");
        cv_text_clean(out, j->text, strlen(j->text));
        cv_buf_printf(out, "  (line %u; %s %llu", j->line, j->kind == CV_X_ALWAYS ? "held" : "came", (unsigned long long)j->came);
        if (j->not && j->kind == CV_X_ALWAYS)
            cv_buf_printf(out, ", failed %llu", (unsigned long long)j->not);
        if (j->kind != CV_X_ALWAYS)
            cv_buf_printf(out, " of %llu", (unsigned long long)t->runs);
        if (j->undecided)
            cv_buf_printf(out, ", not decided %llu", (unsigned long long)j->undecided);
        cv_buf_str(out, ")\n");
    }
    free(p);
}

void app_json_text(struct cv_buf *out, const char *s) { cv_text_json(out, s, strlen(s)); }

void app_tally_json(const struct app_tally *t, struct cv_buf *out)
{
    struct came **p = sorted(t);
    cv_buf_str(out, "{ \"scenario\": ");
    app_json_text(out, t->scenario ? t->scenario : "");
    cv_buf_str(out, ", \"model\": ");
    app_json_text(out, t->model ? t->model : "");
    cv_buf_printf(out, ", \"runs\": %llu,\n  \"outcomes\": [", (unsigned long long)t->runs);
    for (size_t i = 0; i < t->came.n; i++) {
        cv_buf_printf(out, "%s\n    { \"count\": %llu, \"outcome\": \"%s\", \"first_seed\": %llu, \"text\": ", i ? "," : "", (unsigned long long)p[i]->count,
                      cv_outcome_name[p[i]->outcome], (unsigned long long)p[i]->seed);
        app_json_text(out, p[i]->key);
        if (t->walked.n)
            cv_buf_printf(out, ", \"probability\": %.17g", walk(t, p[i]->key));
        else
            cv_buf_str(out, ", \"probability\": null");
        cv_buf_str(out, " }");
    }
    cv_buf_str(out, " ],\n  \"never_came\": [");
    for (size_t i = 0, n = 0; i < t->walked.n; i++)
        if (!came_in(t, t->walked.at[i].key)) {
            cv_buf_printf(out, "%s\n    { \"probability\": %.17g, \"text\": ", n++ ? "," : "", t->walked.at[i].probability);
            app_json_text(out, t->walked.at[i].key);
            cv_buf_str(out, " }");
        }
    cv_buf_str(out, " ],\n  \"expect\": [");
    for (size_t i = 0; i < t->judged.n; i++) {
        const struct judged *j = &t->judged.at[i];
        static const char *const kinds[] = {"always", "sometimes", "never"};
        enum cv_holds all = over_all(j);
        uint64_t held = j->kind == CV_X_NEVER ? j->not : j->came, failed = j->kind == CV_X_NEVER ? j->came : j->not;
        cv_buf_printf(out, "%s\n    { \"line\": %u, \"kind\": \"%s\", \"text\": ", i ? "," : "", j->line, kinds[j->kind]);
        app_json_text(out, j->text);
        cv_buf_printf(out, ", \"holds\": %s, \"held\": %llu, \"failed\": %llu, \"undecided\": %llu }",
                      all == CV_UNDECIDED ? "null" : all == CV_HOLDS ? "true" : "false", (unsigned long long)held,
                      (unsigned long long)(j->kind == CV_X_SOMETIMES ? 0 : failed), (unsigned long long)j->undecided);
    }
    cv_buf_str(out, " ] }\n");
    free(p);
}

void app_tally_free(struct app_tally *t)
{
    for (size_t i = 0; i < t->came.n; i++)
        free(t->came.at[i].key);
    for (size_t i = 0; i < t->walked.n; i++)
        free(t->walked.at[i].key);
    free(t->walked.at);
    for (size_t i = 0; i < t->judged.n; i++)
        free(t->judged.at[i].text);
    free(t->came.at);
    free(t->judged.at);
    free(t->scenario);
    free(t->model);
    free(t);
}
