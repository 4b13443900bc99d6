/* Side by side: the runs behind the picture of that name. One runs at a time, so that none takes another's cores; what each recorded is
 * kept until the picture is left. */
#include <stdlib.h>
#include <string.h>

#include "app/measures.h"
#include "app/side.h"

struct app_side {
    const struct app_args *args;
    uv_loop_t *loop;
    const struct cv_program *program;
    struct cv_order order;
    const struct cv_topo *topo;
    bool ascii;
    struct app_play plays[APP_MODELS];
    struct cv_summary *summaries[APP_MODELS]; /* NULL: not over yet, or refused */
    struct cv_buf results[APP_MODELS];
    uint32_t which[APP_MODELS], n, at;        /* of app_models; at: whose turn it is, n: all had theirs */
    uint64_t turns;                           /* how often one began or ended */
    struct measures table;
    struct cv_side shown;
    struct cv_buf title;
};

static void measure(struct app_side *s)
{
    struct measured runs[APP_MODELS];
    for (uint32_t i = 0; i < s->n; i++)
        runs[i] = (struct measured){.is_async = app_models[s->which[i]].model == CV_ASYNC, .summary = s->summaries[i]};
    measures_make(&s->table, runs, s->n, s->ascii);
    s->shown.rows = s->table.at;
    s->shown.nrows = (uint32_t)s->table.n;
}

struct app_side *app_side_new(const struct app_args *a, uv_loop_t *loop, const struct cv_program *p, const struct cv_order *o, const struct cv_topo *topo, bool ascii)
{
    struct app_side *s = cv_alloc(sizeof *s);
    const char *title = *p->title ? p->title : p->name;
    *s = (struct app_side){.args = a, .loop = loop, .program = p, .order = *o, .topo = topo, .ascii = ascii};
    cv_text_clean(&s->title, title, strlen(title));
    s->shown.title = s->title.at;
    for (uint32_t i = 0; i < APP_MODELS; i++)
        if (app_model_named(p, i)) {
            app_model_order(&s->order, i);
            s->shown.runs[s->n].name = cv_order_model_name(&s->order);
            s->which[s->n++] = i;
        }
    s->shown.n = s->n;
    measure(s);
    return s;
}

void app_side_free(struct app_side *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < APP_MODELS; i++) {
        cv_summary_free(s->summaries[i]);
        app_play_end(&s->plays[i]);
        cv_buf_release(&s->results[i]);
    }
    measures_release(&s->table);
    cv_buf_release(&s->title);
    free(s);
}

/* It is over, or never came to be: what there is to say of it. */
static void ended(struct app_side *s, uint32_t i, const char *why)
{
    struct cv_buf text = {0};
    struct cv_side_run *run = &s->shown.runs[i];
    run->running = false;
    if (!why && cv_session_refused(s->plays[i].session, &text))
        why = text.at ? text.at : "the system refused the run";
    run->bad = why != NULL;
    if (why) {
        cv_text_clean(&s->results[i], why, strlen(why));
    } else {
        s->summaries[i] = app_play_summary(&s->plays[i]);
        run->elapsed_ns = s->summaries[i]->elapsed_ns;
        run->bad = app_verdict(s->summaries[i]) != APP_OK;
        measures_result(s->summaries[i], &s->results[i]);
    }
    run->result = s->results[i].at;
    cv_buf_release(&text);
    s->at++;
    measure(s);
}

static void begin(struct app_side *s, uint32_t i)
{
    struct cv_buf why = {0};
    app_model_order(&s->order, s->which[i]);
    if (app_play_start(&s->plays[i], s->loop, s->args->exe, s->program, &s->order, s->topo, s->args->source, &why)) {
        s->shown.runs[i].model = s->plays[i].model;
        s->shown.runs[i].running = true;
    } else {
        ended(s, i, why.at ? why.at : "the run cannot be started");
    }
    cv_buf_release(&why);
}

bool app_side_tick(struct app_side *s)
{
    uint32_t i = s->at;
    if (i >= s->n)
        return false;
    if (!s->plays[i].session)
        begin(s, i);
    else if (app_play_tick(&s->plays[i]))
        ended(s, i, NULL);
    else
        return false;
    s->turns++;
    return true;
}

bool app_side_over(const struct app_side *s) { return s->at >= s->n; }

uint64_t app_side_change(const struct app_side *s)
{
    uint64_t change = s->turns;
    for (uint32_t i = 0; i < s->n; i++)
        change += s->plays[i].model ? cv_model_change(s->plays[i].model) : 0;
    return change;
}

void app_side_suspend(struct app_side *s, bool stop)
{
    if (s->at < s->n && s->plays[s->at].session)
        cv_session_suspend(s->plays[s->at].session, stop);
}

const struct cv_side *app_side_shown(const struct app_side *s) { return &s->shown; }
