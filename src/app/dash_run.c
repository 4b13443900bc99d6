/* What the dashboard runs, and what keys make of it: the real run, the stage where the user is the scheduler, every model beside
 * the others, all schedules, other knobs. */
#include <stdlib.h>
#include <string.h>

#include "app/dash.h"

void dash_let_go(struct dash *d)
{
    d->frozen = false;
    if (d->play.session)
        dash_drains(d, ATTACH_MS, ATTACH_MS);
    dash_frames(d, FRAME_MS);
}

/* A lesson that is a puzzle says so. */
static void add_goal(struct dash *d, struct cv_buf *text)
{
    struct cv_buf goal = {0};
    if (cv_goal_text(d->program, &d->order, &goal))
        cv_buf_printf(text, "%sgoal: %s - press s", text->n ? "; " : "", goal.at);
    cv_buf_release(&goal);
}

static void take_life(void *to, const struct cv_event *e) { life_take(to, e); }

static void show_knobs(struct dash *d)
{
    struct cv_knob knobs[CV_LIMIT_PARAMS];
    const struct cv_program *p = d->program;
    for (uint32_t i = 0; i < p->nparams; i++)
        knobs[i] = (struct cv_knob){p->params[i].name, p->params[i].value, p->params[i].low, p->params[i].high, p->params[i].duration};
    cv_ui_knobs(d->ui, knobs, p->nparams);
}

/* ── a record ───────────────────────────────────────────────────────────────────────────────────── */
static void tell_end(struct dash *d);

bool dash_open(struct dash *d, const char *file)
{
    if (!app_is_record(file)) {
        d->program = app_program(d->args, file);
        return d->program && app_order(d->args, d->program, &d->order);
    }
    life_begin(&d->life);
    if (!app_record_open(d->args, file, &d->record, take_life, &d->life))
        return false;
    d->program = d->record.program;
    d->record.program = NULL; /* it is the dashboard's from now on, and what is run anew is run from it */
    d->order = d->record.order;
    if (d->order.schedule && d->order.schedule != d->program->schedule) {
        cv_buf_str(&d->played, d->order.schedule);
        d->order.schedule = d->played.at;
    }
    return true;
}

void dash_show(struct dash *d)
{
    show_knobs(d);
    app_play_record(&d->play, &d->record);
    d->play.program = d->program;
    d->over = true;
    cv_ui_topo(d->ui, d->record.topo);
    cv_ui_model(d->ui, d->play.model);
    if (!cv_ui_slide(d->ui))
        cv_ui_at(d->ui, cv_model_end(d->play.model));
    d->frozen = cv_ui_waits(d->ui);
    tell_end(d);
}

/* Something is run in its place. */
static void drop_record(struct dash *d)
{
    if (!d->record.from)
        return;
    app_record_release(&d->record);
    cv_ui_topo(d->ui, d->topo ? d->topo : d->guess);
}

/* ── a run ──────────────────────────────────────────────────────────────────────────────────────── */
static void end_play(struct dash *d)
{
    cv_ui_model(d->ui, NULL);
    app_stage_end(&d->stage);
    app_play_end(&d->play);
    drop_record(d);
}

void dash_begin(struct dash *d)
{
    struct cv_buf why = {0};
    dash_tell(d, "");
    show_knobs(d);
    end_play(d);
    d->order.desk = d->play.aside = d->order.stepped;
    life_begin(&d->life);
    d->play.watch = d->order.stepped ? app_stage_take : take_life;
    d->play.to = d->order.stepped ? (void *)&d->stage : &d->life;
    d->over = d->frozen = false;
    uv_timer_stop(&d->drain);
    d->play.history = d->args->history;
    if (app_play_start(&d->play, &d->loop, d->args->exe, d->program, &d->order, d->guess, d->args->source, &why)) {
        cv_ui_model(d->ui, d->play.model);
        struct cv_buf goal = {0};
        add_goal(d, &goal);
        if (goal.n && !d->order.stepped)
            dash_tell(d, goal.at);
        cv_buf_release(&goal);
        if (d->order.stepped)
            app_stage_begin(&d->stage, &d->play, d->ui, d->lived);
        d->lived = false;
        d->frozen = cv_ui_waits(d->ui);
        if (!d->frozen)
            dash_let_go(d);
        d->status = APP_OK;
    } else {
        uv_timer_stop(&d->drain);
        dash_tell(d, why.at ? why.at : "the run cannot be started");
        d->status = APP_REFUSED;
    }
    cv_buf_release(&why);
}

/* Of a puzzle that is solved, and of what is none. */
static void write_transcript(struct dash *d, struct cv_buf *said)
{
    struct cv_buf text = {0}, schedule = {0}, why = {0};
    struct cv_summary *s = app_play_summary(&d->play);
    if (app_goal(s) != 0) {
        app_stage_schedule(&d->stage, &schedule);
        app_transcript(&text, d->program, &d->order, schedule.at ? schedule.at : "", s);
        bool right = app_transcript_write(d->args->transcript, &text, &why);
        cv_buf_printf(said, "%s%s%s", said->n ? "; " : "", right ? "transcript written to " : "", right ? d->args->transcript : why.at);
    }
    cv_summary_free(s);
    cv_buf_release(&text);
    cv_buf_release(&schedule);
    cv_buf_release(&why);
}

/* One sentence about how it ended: what was refused, what went wrong, or how the expectations stand. */
static void tell_end(struct dash *d)
{
    struct cv_buf text = {0};
    if (d->play.session && cv_session_refused(d->play.session, &text)) {
        d->status = APP_REFUSED;
    } else if (app_play_shm(&d->play)->head->schedule_error[0]) {
        cv_buf_printf(&text, "--schedule: %.200s", app_play_shm(&d->play)->head->schedule_error);
    } else {
        struct cv_summary *s = app_play_summary(&d->play);
        uint32_t held = 0, judged = 0;
        cv_ui_result(d->ui, app_play_info(&d->play)->model_name,
                     &(struct cv_run_figures){s->elapsed_ns, d->play.order.stepped ? s->preemptions : s->by_cause[CV_CAUSE_QUANTUM] + s->by_cause[CV_CAUSE_GIL],
                                              s->finding_count[CV_FINDING_LOST_UPDATE]});
        for (uint32_t i = 0; i < s->nexpects; i++)
            held += s->expects[i].holds == CV_HOLDS, judged += s->expects[i].holds != CV_OPEN;
        cv_buf_printf(&text, "%s%s", d->play.record ? "a record (r runs its scenario): " : "", cv_outcome_name[s->outcome]);
        if (s->outcome != CV_OUT_FINISHED)
            cv_buf_printf(&text, d->stage.play || d->play.record ? ": %s" : ": %s (r runs it again)", s->outcome_text ? s->outcome_text : "");
        if (judged)
            cv_buf_printf(&text, judged == 1 ? "; %u of %u expectation holds" : "; %u of %u expectations hold", held, judged);
        for (uint32_t i = 0; i < s->nexpects; i++)
            if (s->expects[i].holds == CV_FAILS || s->expects[i].holds == CV_UNDECIDED) {
                cv_buf_printf(&text, ", %s line %u: %s", s->expects[i].holds < 0 ? "not decided" : "not", s->expects[i].line, s->expects[i].text);
                break;
            }
        cv_summary_free(s);
    }
    if (!d->stage.play)
        add_goal(d, &text);
    else if (d->args->transcript && d->stage.over && app_stage_rests(&d->stage))
        write_transcript(d, &text);
    dash_tell(d, text.at ? text.at : "");
    cv_buf_release(&text);
}

/* What the stage has to say when it stands. */
static void tell_stage(struct dash *d)
{
    if (d->stage.trouble.n)
        dash_tell(d, d->stage.trouble.at);
    else if (d->stage.over)
        tell_end(d);
    else
        dash_tell(d, "");
    d->dirty = true;
}

void dash_advance(struct dash *d)
{
    bool going = d->play.going, shown = false;
    if (app_play_tick(&d->play) && d->play.session && !d->over) {
        d->over = true;
        uv_timer_stop(&d->drain);
        if (d->stage.play)
            app_stage_stuck(&d->stage);
        tell_end(d);
    } else if (!going && d->play.going) {
        dash_drains(d, d->stage.play ? ATTACH_MS : DRAIN_MS, DRAIN_MS);
    }
    if (!d->stage.play || !d->play.going || d->over)
        return;
    shown = app_stage_tick(&d->stage);
    d->dirty |= shown;
    if (shown && !d->stage.asked)
        tell_stage(d);
    if (app_stage_ready(&d->stage))
        uv_timer_stop(&d->drain);
}

static void set_model(struct dash *d, enum cv_model_kind model)
{
    if (d->stage.play) { /* the same schedule under other rules, as far as it goes */
        struct cv_buf text = {0};
        app_stage_schedule(&d->stage, &text);
        cv_buf_release(&d->played);
        d->played = text;
        d->order.schedule = d->played.at;
    }
    d->order.model = model;
    d->order.gil = model == CV_THREADS && !d->order.stepped && (d->args->gil || d->program->gil_on);
    dash_begin(d);
}

void dash_drop_survey(struct dash *d)
{
    app_survey_end(d->survey);
    d->survey = NULL;
    d->dirty = true;
}

void dash_drop_side(struct dash *d)
{
    cv_ui_side(d->ui, NULL);
    app_side_free(d->side);
    d->side = NULL;
}

void dash_end(struct dash *d)
{
    dash_drop_side(d);
    dash_drop_survey(d);
    uv_timer_stop(&d->drain);
    uv_timer_stop(&d->frame);
    end_play(d);
}

void dash_replace(struct dash *d, struct cv_program *p, const struct cv_order *o)
{
    dash_end(d);
    cv_program_free(d->program);
    d->program = p;
    d->order = *o;
}

void dash_same_model(const struct dash *d, struct cv_order *o)
{
    o->model = d->order.model;
    o->gil = d->order.gil;
    o->stepped = d->order.stepped;
}

/* A run that still goes would take the others' cores: it is ended, and begun anew on the way back. */
static void beside(struct dash *d)
{
    d->dirty = true;
    if (d->side) {
        dash_drop_side(d);
        if (!app_play_has(&d->play))
            dash_begin(d);
        return;
    }
    if (d->play.session && !d->over)
        dash_end(d);
    d->side = app_side_new(d->args, &d->loop, d->program, &d->order, d->guess, d->canvas.ascii);
    cv_ui_side(d->ui, app_side_shown(d->side));
    dash_drains(d, 0, DRAIN_MS);
    dash_frames(d, FRAME_MS);
}

static void set_stage(struct dash *d, bool on)
{
    d->order.stepped = on;
    d->order.gil = !on && d->order.model == CV_THREADS && (d->args->gil || d->program->gil);
    d->order.schedule = d->program->schedule;
    dash_begin(d);
}

/* The run that was, on the stage. */
static void take_over(struct dash *d)
{
    struct cv_buf text = {0}, why = {0};
    struct cv_record_counts c = {0};
    if (app_play_has(&d->play))
        c = app_play_counts(&d->play);
    if (!app_play_has(&d->play) || !d->over)
        cv_buf_str(&why, "the run goes on: when it is over, S takes the scheduler's place at its end");
    else if (life_schedule(&d->life, app_play_info(&d->play), c.lost + c.overwritten, &text, &why)) {
        cv_buf_release(&d->played);
        d->played = text;
        text = (struct cv_buf){0};
        d->order.schedule = d->played.at;
        d->order.stepped = d->lived = true;
        d->order.gil = false;
        dash_begin(d);
    }
    if (why.n)
        dash_tell(d, why.at);
    cv_buf_release(&text);
    cv_buf_release(&why);
}

/* On the screen, and to the terminal's clipboard. */
static void copy_schedule(struct dash *d)
{
    struct cv_buf schedule = {0}, text = {0};
    app_stage_schedule(&d->stage, &schedule);
    if (!schedule.n) {
        dash_tell(d, "no schedule yet: nobody has gone");
    } else {
        bool copied = d->term->copy(schedule.at);
        cv_buf_printf(&text, "%s\n", schedule.at);
        app_stage_legend(&d->stage, &text);
        cv_buf_printf(&text, "\nconvis run %s -m %s --schedule \"…\" plays it without a screen.", d->program->file, cv_order_model_name(&d->order));
        cv_ui_notice(d->ui, copied ? "schedule, sent to the terminal's clipboard" : "schedule, too long for a clipboard", text.at, false);
        d->dirty = true;
    }
    cv_buf_release(&schedule);
    cv_buf_release(&text);
}

static bool stage_takes(struct dash *d, enum cv_command command)
{
    if (!d->stage.play || !app_stage_obey(&d->stage, command))
        return false;
    if (!app_stage_ready(&d->stage))
        dash_drains(d, DRAIN_MS, DRAIN_MS);
    if (!app_stage_rests(&d->stage))
        dash_frames(d, FRAME_MS);
    tell_stage(d);
    return true;
}

static void tell_cost(struct dash *d)
{
    struct cv_buf text = {0};
    app_cost_words(&d->play, app_ascii(d->args), &text);
    cv_ui_notice(d->ui, "what watching costs here", text.at, false);
    d->dirty = true;
    cv_buf_release(&text);
}

/* The same text is read anew with other values for its parameters, and run. */
static void turn_knob(struct dash *d)
{
    struct app_args a = *d->args;
    struct cv_diags diags = {0};
    char texts[CV_LIMIT_PARAMS][32];
    size_t used = 0;
    a.noverrides = 0;
    memset(a.params, 0, sizeof a.params);
    for (uint32_t i = 0; i < d->program->nparams; i++) {
        const struct cv_param *p = &d->program->params[i];
        snprintf(texts[i], sizeof texts[i], "%lld%s", (long long)cv_ui_knob(d->ui, i), p->duration ? "ns" : "");
        int n = snprintf(a.params + used, sizeof a.params - used, "%s=%s", p->name, texts[i]);
        if (n < 0 || used + (size_t)n + 2 > sizeof a.params) {
            dash_tell(d, "too many parameters to turn");
            return;
        }
        used += (size_t)n + 1;
        a.overrides[a.noverrides++] = (struct cv_override){p->name, texts[i]};
    }
    struct cv_program *p = cv_program_read(d->program->file, d->program->source, d->program->source_length, a.overrides, a.noverrides, &diags);
    struct cv_order order;
    if (p && app_order(&a, p, &order)) { /* how many tasks there may be is another, too */
        dash_same_model(d, &order);
        dash_replace(d, p, &order);
        dash_begin(d);
    } else {
        cv_program_free(p);
        dash_tell(d, diags.n ? diags.at[0].text : "it cannot be turned that far");
        show_knobs(d); /* as they were */
    }
    cv_diags_release(&diags);
}

/* All schedules under the rules that hold now; again: away with them. */
static void explore(struct dash *d)
{
    if (d->survey) {
        dash_drop_survey(d);
        return;
    }
    d->survey = app_survey_begin(&d->loop, d->ui, d->program, &d->order, d->canvas.ascii);
    dash_frames(d, FRAME_MS);
    d->dirty = true;
}

/* The chosen schedule, in the stepped engine, with what happens in words. */
static void play_choice(struct dash *d)
{
    const char *story = NULL, *schedule = d->survey ? app_survey_schedule(d->survey, cv_ui_chosen(d->ui), &story) : NULL;
    if (!schedule)
        return;
    char *text = cv_strndup(schedule, strlen(schedule)), *words = cv_strndup(story ? story : "", story ? strlen(story) : 0);
    dash_drop_survey(d);
    cv_buf_release(&d->played);
    cv_buf_str(&d->played, text);
    d->order.stepped = true;
    d->order.gil = false;
    d->order.schedule = d->played.at;
    dash_begin(d);
    struct cv_buf wrapped = {0};
    app_survey_wrap(words, d->canvas.width - 4, &wrapped);
    cv_ui_notice(d->ui, "what happens", wrapped.at ? wrapped.at : "", false);
    cv_buf_release(&wrapped);
    free(text);
    free(words);
}

void dash_obey(struct dash *d, enum cv_command command)
{
    if (stage_takes(d, command))
        return;
    switch (command) {
    case CV_CMD_NONE: break;
    case CV_CMD_REDRAW: d->dirty = true; break;
    case CV_CMD_QUIT: d->quit = true; break;
    case CV_CMD_ASYNC: set_model(d, CV_ASYNC); break;
    case CV_CMD_THREADS: set_model(d, CV_THREADS); break;
    case CV_CMD_PROCESSES: set_model(d, CV_PROCESSES); break;
    case CV_CMD_GIL:
        d->order.gil = d->order.model != CV_THREADS || d->order.stepped || !d->order.gil;
        d->order.model = CV_THREADS;
        d->order.stepped = false;
        dash_begin(d);
        break;
    case CV_CMD_RERUN: dash_begin(d); break;
    case CV_CMD_TURN: turn_knob(d); break;
    case CV_CMD_STAGE: set_stage(d, true); break;
    case CV_CMD_LIFE: take_over(d); break;
    case CV_CMD_LEAVE: set_stage(d, false); break;
    case CV_CMD_COPY: copy_schedule(d); break;
    case CV_CMD_GO: case CV_CMD_UNDO: case CV_CMD_ON: case CV_CMD_CHANCE: case CV_CMD_STOP: break; /* the stage's */
    case CV_CMD_LESSONS: dash_lessons(d); break;
    case CV_CMD_COMPARE: beside(d); break;
    case CV_CMD_COST: tell_cost(d); break;
    case CV_CMD_EXPLORE: explore(d); break;
    case CV_CMD_PLAY: play_choice(d); break;
    }
}
