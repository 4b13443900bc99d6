/* `convis run FILE`: the output, then a summary, of a run or of the record of one; with --json the object alone; with -n what came
 * out how often. */
#include "app/batch.h"
#include "app/record.h"
#include "convis/explore.h"
#include "convis/export.h"
#include <string.h>

static int transcript(struct batch *b, const struct cv_order *order, const struct cv_summary *s, int status)
{
    struct cv_buf text = {0}, why = {0};
    app_transcript(&text, b->program, order, order->schedule ? order->schedule : "", s);
    if (!app_transcript_write(b->args->transcript, &text, &why))
        status = app_say(APP_REFUSED, "%s", why.at);
    cv_buf_release(&text);
    cv_buf_release(&why);
    return status;
}

static int as_schedule(struct batch *b, int status)
{
    struct cv_buf text = {0}, why = {0};
    struct cv_record_counts c = cv_reader_counts(b->play.reader);
    if (!life_schedule(b->life, cv_session_info(b->play.session), c.lost + c.overwritten, &text, &why))
        status = app_say(APP_REFUSED, "--as-schedule: %s", why.at);
    else {
        cv_buf_str(&text, "\n");
        if (!app_transcript_write(b->args->as_schedule, &text, &why))
            status = app_say(APP_REFUSED, "%s", why.at);
    }
    cv_buf_release(&text);
    cv_buf_release(&why);
    return status;
}

static void summary_text(struct cv_buf *out, const struct app_args *a, const struct app_play *y, const struct cv_summary *s)
{
    if (!a->json && s->noutput)
        cv_buf_str(out, "\n");
    cv_exporter(a->json ? "json" : "text")->write(out, app_play_info(y), s, app_ascii(a));
}

/* A run that was: its output, and what it came to. */
static int run_record(const struct app_args *a)
{
    struct app_record r;
    struct app_play y = {0};
    struct cv_buf text = {0};
    cv_text_ascii &= !a->json;
    if (a->runs || a->observer || a->transcript || a->as_schedule || a->record)
        return app_say(APP_WRONG, "'%s' is a record: it is not run, so nothing but --json means anything to it", a->operands[0]);
    if (!app_record_open(a, a->operands[0], &r, NULL, NULL))
        return APP_WRONG;
    app_play_record(&y, &r);
    for (uint32_t i = 0; !a->json && i < cv_model_noutput(r.model, UINT64_MAX); i++)
        cv_buf_printf(&text, "%s\n", cv_model_output(r.model, i).text);
    struct cv_summary *s = app_play_summary(&y);
    summary_text(&text, a, &y, s);
    app_write(&text);
    int status = app_verdict(s);
    cv_buf_release(&text);
    cv_summary_free(s);
    app_play_end(&y);
    app_record_release(&r);
    return status;
}

static int run_one(struct batch *b, struct cv_order *order)
{
    struct life life = {0};
    if (b->args->record && !(b->play.saving = app_saving_new(b->args->record)))
        return APP_REFUSED;
    b->life = b->args->as_schedule ? &life : NULL;
    b->print = !b->args->json;
    int status = batch_play(b, order);
    if (status < 0) {
        struct cv_summary *s = app_play_summary(&b->play);
        struct cv_buf text = {0};
        summary_text(&text, b->args, &b->play, s);
        batch_put(b, &text);
        status = app_verdict(s);
        if (b->args->transcript)
            status = transcript(b, order, s, status);
        if (b->life)
            status = as_schedule(b, status);
        if (b->play.saving && !app_saving_end(b->play.saving, &b->play))
            status = APP_REFUSED;
        b->play.saving = NULL;
        cv_summary_free(s);
    }
    app_saving_drop(b->play.saving);
    b->play.saving = NULL;
    app_play_end(&b->play);
    b->life = NULL;
    life_release(&life);
    return status;
}

/* What the runs may do, beside what they did: where all schedules are few enough, and chance is the order's alone. */
static void walk(const struct batch *b, const struct cv_order *order, struct app_tally *tally)
{
    struct cv_explore_options options = {.parts = CV_EXPLORE_STATES | CV_EXPLORE_COUNTS, .memory = (size_t)64 << 20, .time_ns = 1000000000};
    struct cv_buf why = {0};
    for (uint32_t i = 0; i < b->program->ncode; i++)
        if (b->program->code[i].op == CV_OP_RANDOM || b->program->code[i].op == CV_OP_NOW)
            return;
    struct cv_explore *e = cv_explore_run(b->program, order, &options, &why);
    if (e)
        app_tally_walk(tally, e);
    cv_explore_free(e);
    cv_buf_release(&why);
}

static int run_many(struct batch *b, struct cv_order *order)
{
    struct app_tally *tally = app_tally_new();
    int status = APP_OK;
    for (b->run = 0; b->run < b->runs && status < APP_WRONG; b->run++) {
        int one = batch_play(b, order);
        if (one < 0) {
            struct cv_summary *s = app_play_summary(&b->play);
            app_tally_add(tally, cv_session_info(b->play.session), s);
            one = app_verdict(s);
            cv_summary_free(s);
        }
        status = one > status ? one : status;
        app_play_end(&b->play);
        order->seed++;
    }
    if (status < APP_WRONG) {
        status = status == APP_OK ? app_tally_verdict(tally) : status;
        struct cv_buf text = {0};
        walk(b, order, tally);
        if (b->args->json)
            app_tally_json(tally, &text);
        else
            app_tally_text(tally, app_ascii(b->args), &text);
        batch_put(b, &text);
    }
    app_tally_free(tally);
    return status;
}

int app_run(const struct app_args *a)
{
    if (app_is_record(a->operands[0]))
        return run_record(a);
    if (a->transcript && (a->runs || !a->model || strncmp(a->model, "stepped", 7)))
        return app_say(APP_WRONG, "--transcript is of one run in virtual time: add -m stepped:MODEL, with --schedule");
    if (a->record && (a->runs || a->observer))
        return app_say(APP_WRONG, "--record is of one run, not of -n or --observer");
    if (a->as_schedule && a->runs)
        return app_say(APP_WRONG, "--as-schedule is of one run, not of -n");
    if (a->observer)
        return app_observe(a);
    return batch_main(a, a->runs ? run_many : run_one);
}
