/* The dashboard: one loop over keyboard, signals, the run and the frame. Callbacks of the loop only note what happened (due,
 * wanted, caught); everything is done between two turns of it, so that a run can be ended and begun from there. Nothing
 * ticks once the run is over and the picture stands. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/app.h"
#include "app/life.h"
#include "app/side.h"
#include "app/stage.h"
#include "app/survey.h"

enum { SETTLED_MS = 50, FRAME_MS = 33, DRAIN_MS = 10, ATTACH_MS = 1, SIGNALS = 7 };
static const int signal_numbers[SIGNALS] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT};

struct dash {
    const struct app_args *args;
    const struct cv_terminal_ops *term;
    uv_loop_t loop;
    uv_poll_t keyboard;
    uv_timer_t frame, drain, settled;
    uv_fs_event_t folder;           /* --watch: of the file; editors put a new file in its place */
    uv_signal_t signals[SIGNALS];
    uv_work_t reading;              /* the machine is read in a thread of the pool: it takes its time */
    struct app_config config;
    struct cv_program *program;
    struct cv_order order;          /* of the next run */
    struct cv_topo *guess, *topo;   /* topo: NULL until it is read */
    struct app_play play;
    struct app_side *side;          /* every model beside the others, in place of the run; NULL: not asked for */
    struct app_survey *survey;      /* all schedules, in place of the run's picture; NULL: not asked for */
    struct app_stage stage;         /* in use while order.stepped */
    struct life life;               /* the order of a real run */
    bool lived;                     /* the stage begins as that run was */
    struct cv_buf played;           /* the schedule that a stage was given, of that run or of other rules */
    struct cv_ui *ui;
    struct cv_picker *picker;       /* of the lessons, once they were asked for */
    struct app_lessons lessons;
    struct cv_canvas canvas;
    struct cv_buf message, path, text; /* path: of the file that is watched, "": none; text: as it was read last */
    uint64_t drawn;                 /* the model's change that was drawn last */
    bool touched, settled_due;      /* something about the watched file has changed; and then nothing for a while */
    bool picking;                   /* the picker is shown */
    bool frozen;                    /* the run waits at its gate until the story begins */
    bool late;                      /* the line was not free for the last frame */
    bool dirty, frame_due, drain_due, key_due, resized, continued, stopped, vanished, quit, topo_came, over;
    int deadly;                     /* a signal that ends us */
    int status;
};

/* ── callbacks: they note ───────────────────────────────────────────────────────────────────────── */
static void on_frame(uv_timer_t *t) { ((struct dash *)t->data)->frame_due = true; }
static void on_drain(uv_timer_t *t) { ((struct dash *)t->data)->drain_due = true; }

static void on_settled(uv_timer_t *t) { ((struct dash *)t->data)->settled_due = true; }

static void on_folder(uv_fs_event_t *e, const char *name, int events, int status)
{
    struct dash *d = e->data;
    const char *base = strrchr(d->path.at, '/') ? strrchr(d->path.at, '/') + 1 : d->path.at;
    (void)events;
    d->touched |= status == 0 && (!name || !strcmp(name, base));
}

static void on_key(uv_poll_t *p, int status, int events)
{
    struct dash *d = p->data;
    (void)events;
    d->key_due = true;
    if (status < 0) {
        d->vanished = true;
        uv_poll_stop(p);
    }
}

static void on_signal(uv_signal_t *h, int number)
{
    struct dash *d = h->data;
    switch (number) {
    case SIGWINCH: d->resized = true; break;
    case SIGTSTP: d->stopped = true; break;
    case SIGCONT: d->continued = true; break;
    default: d->deadly = d->deadly ? d->deadly : number; break;
    }
}

static void read_topo(uv_work_t *w) { ((struct dash *)w->data)->topo = cv_topo_read(); }
static void topo_read(uv_work_t *w, int status)
{
    (void)status;
    ((struct dash *)w->data)->topo_came = true;
}

/* ── the picture ────────────────────────────────────────────────────────────────────────────────── */
/* What a slow line cannot take yet is drawn anew, as it is then, with one of the next ticks. */
static void show(struct dash *d)
{
    d->dirty = !d->term->present(&d->canvas);
    d->late = d->dirty;
}

static uint64_t change(const struct dash *d)
{
    return d->side ? app_side_change(d->side) : d->play.session ? cv_model_change(d->play.model) : 0;
}

static void draw(struct dash *d)
{
    if (d->picking) {
        cv_picker_draw(d->picker, &d->canvas);
        show(d);
        return;
    }
    struct cv_ui_status s = {.message = d->message.n ? d->message.at : NULL, .source_name = "", .source_why = "", .clock_name = "",
                             .running = d->play.session && !d->play.over};
    if (d->play.session)
        app_play_status(&d->play, &s);
    cv_ui_status(d->ui, &s);
    cv_ui_draw(d->ui, &d->canvas);
    d->drawn = change(d);
    show(d);
}

static void fit(struct dash *d)
{
    int width, height;
    d->term->size(&width, &height);
    cv_canvas_resize(&d->canvas, width < 1 ? 1 : width, height < 1 ? 1 : height);
    d->dirty = true;
}

static void tell(struct dash *d, const char *text)
{
    d->message.n = 0;
    if (d->message.at)
        d->message.at[0] = 0;
    cv_text_clean(&d->message, text, strlen(text));
    d->dirty = true;
}

/* ── the run ────────────────────────────────────────────────────────────────────────────────────── */
static void let_go(struct dash *d)
{
    d->frozen = false;
    uv_timer_start(&d->drain, on_drain, ATTACH_MS, ATTACH_MS);
    uv_timer_start(&d->frame, on_frame, FRAME_MS, FRAME_MS);
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

static void begin_run(struct dash *d)
{
    struct cv_buf why = {0};
    tell(d, "");
    show_knobs(d);
    cv_ui_model(d->ui, NULL);
    app_stage_end(&d->stage);
    app_play_end(&d->play);
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
            tell(d, goal.at);
        cv_buf_release(&goal);
        if (d->order.stepped)
            app_stage_begin(&d->stage, &d->play, d->ui, d->lived);
        d->lived = false;
        d->frozen = cv_ui_waits(d->ui);
        if (!d->frozen)
            let_go(d);
        d->status = APP_OK;
    } else {
        uv_timer_stop(&d->drain);
        tell(d, why.at ? why.at : "the run cannot be started");
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
    if (cv_session_refused(d->play.session, &text)) {
        d->status = APP_REFUSED;
    } else if (cv_session_shm(d->play.session)->head->schedule_error[0]) {
        cv_buf_printf(&text, "--schedule: %.200s", cv_session_shm(d->play.session)->head->schedule_error);
    } else {
        struct cv_summary *s = app_play_summary(&d->play);
        uint32_t held = 0, judged = 0;
        cv_ui_result(d->ui, cv_session_info(d->play.session)->model_name,
                     &(struct cv_run_figures){s->elapsed_ns, d->play.order.stepped ? s->preemptions : s->by_cause[CV_CAUSE_QUANTUM] + s->by_cause[CV_CAUSE_GIL],
                                              s->finding_count[CV_FINDING_LOST_UPDATE]});
        for (uint32_t i = 0; i < s->nexpects; i++)
            held += s->expects[i].holds == CV_HOLDS, judged += s->expects[i].holds != CV_OPEN;
        cv_buf_str(&text, cv_outcome_name[s->outcome]);
        if (s->outcome != CV_OUT_FINISHED)
            cv_buf_printf(&text, d->stage.play ? ": %s" : ": %s (r runs it again)", s->outcome_text ? s->outcome_text : "");
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
    tell(d, text.at ? text.at : "");
    cv_buf_release(&text);
}

/* What the stage has to say when it stands. */
static void tell_stage(struct dash *d)
{
    if (d->stage.trouble.n)
        tell(d, d->stage.trouble.at);
    else if (d->stage.over)
        tell_end(d);
    else
        tell(d, "");
    d->dirty = true;
}

static void advance(struct dash *d)
{
    bool going = d->play.going, shown = false;
    if (app_play_tick(&d->play) && d->play.session && !d->over) {
        d->over = true;
        uv_timer_stop(&d->drain);
        if (d->stage.play)
            app_stage_stuck(&d->stage);
        tell_end(d);
    } else if (!going && d->play.going) {
        uv_timer_start(&d->drain, on_drain, d->stage.play ? ATTACH_MS : DRAIN_MS, DRAIN_MS);
    }
    if (!d->stage.play || !d->play.going || d->over)
        return;
    shown = app_stage_tick(&d->stage);
    d->dirty |= shown;
    if (shown && !d->stage.asked)
        tell_stage(d);
    if (app_stage_rests(&d->stage))
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
    if (model != CV_THREADS)
        d->order.gil = false;
    else if (d->args->gil || d->program->gil)
        d->order.gil = !d->order.stepped;
    begin_run(d);
}

/* ── the lessons ────────────────────────────────────────────────────────────────────────────────── */
static void drop_survey(struct dash *d)
{
    app_survey_end(d->survey);
    d->survey = NULL;
    d->dirty = true;
}

static void drop_side(struct dash *d)
{
    cv_ui_side(d->ui, NULL);
    app_side_free(d->side);
    d->side = NULL;
}

static void end_run(struct dash *d)
{
    drop_side(d);
    drop_survey(d);
    uv_timer_stop(&d->drain);
    uv_timer_stop(&d->frame);
    cv_ui_model(d->ui, NULL);
    app_stage_end(&d->stage);
    app_play_end(&d->play);
}

/* A run that still goes would take the others' cores: it is ended, and begun anew on the way back. */
static void beside(struct dash *d)
{
    d->dirty = true;
    if (d->side) {
        drop_side(d);
        if (!d->play.session)
            begin_run(d);
        return;
    }
    if (d->play.session && !d->over)
        end_run(d);
    d->side = app_side_new(d->args, &d->loop, d->program, &d->order, d->guess, d->canvas.ascii);
    cv_ui_side(d->ui, app_side_shown(d->side));
    uv_timer_start(&d->drain, on_drain, 0, DRAIN_MS);
    uv_timer_start(&d->frame, on_frame, FRAME_MS, FRAME_MS);
}

static void show_lessons(struct dash *d)
{
    if (!d->picker) {
        app_lessons_read(d->args, &d->lessons);
        d->picker = cv_picker_new(d->lessons.at.at, d->lessons.at.n, d->canvas.ascii);
    }
    d->picking = d->dirty = true;
}

/* The scenario is read anew: the picker's own copy stays for the next time. */
static void open_lesson(struct dash *d, size_t i)
{
    struct app_args a = *d->args;
    struct cv_order order;
    a.noverrides = 0; /* parameters of the command line are those of its file */
    a.params[0] = 0;
    struct cv_program *p = app_program(&a, d->lessons.paths.at[i]);
    if (!p || !app_order(&a, p, &order)) {
        cv_program_free(p);
        return;
    }
    end_run(d);
    uv_fs_event_stop(&d->folder); /* another file than the one that was to be watched */
    cv_ui_notice(d->ui, NULL, NULL, false);
    cv_program_free(d->program);
    d->program = p;
    d->order = order;
    cv_ui_pace(d->ui, p->pace);
    if (cv_ui_slide(d->ui))
        cv_ui_present(d->ui, CV_SLIDE_OPENING); /* the story of this one, and nobody has voted */
    d->picking = false;
    begin_run(d);
}

static void pick(struct dash *d, const struct cv_input *in)
{
    switch (cv_picker_input(d->picker, in)) {
    case CV_PICK_NONE: break;
    case CV_PICK_REDRAW: d->dirty = true; break;
    case CV_PICK_OPEN: open_lesson(d, cv_picker_chosen(d->picker)); break;
    case CV_PICK_LEAVE:
        d->picking = false;
        d->quit = !d->program;
        d->dirty = true;
        break;
    }
}

/* ── the file that is watched ───────────────────────────────────────────────────────────────────── */
static void watch_file(struct dash *d)
{
    struct cv_buf folder = {0};
    size_t n = app_find(d->args, d->args->operands[0], &d->path) && strrchr(d->path.at, '/') ? (size_t)(strrchr(d->path.at, '/') - d->path.at) : 0;
    cv_buf_add(&folder, n ? d->path.at : ".", n ? n : 1);
    int error = uv_fs_event_start(&d->folder, on_folder, folder.at, 0);
    if (error)
        app_say(APP_OK, "the file cannot be watched: %s", uv_strerror(error));
    cv_buf_release(&folder);
}

/* The model stays the one that was chosen by key; all else is the new file's. */
static void read_again(struct dash *d)
{
    struct cv_buf text = {0}, said = {0};
    struct cv_order order;
    struct cv_program *p = app_program_again(d->args, d->path.at, &text, &said);
    bool same = text.n == d->text.n && (!text.n || !memcmp(text.at, d->text.at, text.n));
    bool right = p != NULL;
    if (!same && p && app_order(d->args, p, &order)) {
        order.model = d->order.model;
        order.gil = d->order.gil;
        order.stepped = d->order.stepped;
        end_run(d);
        cv_program_free(d->program);
        d->program = p;
        d->order = order;
        cv_ui_pace(d->ui, p->pace);
        p = NULL;
        begin_run(d);
    }
    if (!same && (text.n || said.n)) {
        cv_ui_notice(d->ui, "not run: the file is wrong", right ? NULL : said.at, true);
        cv_buf_release(&d->text);
        d->text = text;
        text = (struct cv_buf){0};
        d->dirty = true;
    }
    cv_program_free(p);
    cv_buf_release(&text);
    cv_buf_release(&said);
}

/* ── the scheduler's place ──────────────────────────────────────────────────────────────────────── */
static void set_stage(struct dash *d, bool on)
{
    d->order.stepped = on;
    d->order.gil = !on && d->order.model == CV_THREADS && (d->args->gil || d->program->gil);
    d->order.schedule = d->program->schedule;
    begin_run(d);
}

/* The run that was, on the stage. */
static void take_over(struct dash *d)
{
    struct cv_buf text = {0}, why = {0};
    struct cv_record_counts c = {0};
    if (d->play.session)
        c = cv_reader_counts(d->play.reader);
    if (!d->play.session || !d->over)
        cv_buf_str(&why, "the run goes on: when it is over, S takes the scheduler's place at its end");
    else if (life_schedule(&d->life, cv_session_info(d->play.session), c.lost + c.overwritten, &text, &why)) {
        cv_buf_release(&d->played);
        d->played = text;
        text = (struct cv_buf){0};
        d->order.schedule = d->played.at;
        d->order.stepped = d->lived = true;
        d->order.gil = false;
        begin_run(d);
    }
    if (why.n)
        tell(d, why.at);
    cv_buf_release(&text);
    cv_buf_release(&why);
}

/* On the screen, and to the terminal's clipboard. */
static void copy_schedule(struct dash *d)
{
    struct cv_buf schedule = {0}, text = {0};
    app_stage_schedule(&d->stage, &schedule);
    if (!schedule.n) {
        tell(d, "no schedule yet: nobody has gone");
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
    if (!app_stage_rests(&d->stage)) {
        uv_timer_start(&d->drain, on_drain, DRAIN_MS, DRAIN_MS);
        uv_timer_start(&d->frame, on_frame, FRAME_MS, FRAME_MS);
    }
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

/* ── knobs ──────────────────────────────────────────────────────────────────────────────────────── */
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
            tell(d, "too many parameters to turn");
            return;
        }
        used += (size_t)n + 1;
        a.overrides[a.noverrides++] = (struct cv_override){p->name, texts[i]};
    }
    struct cv_program *p = cv_program_read(d->program->file, d->program->source, d->program->source_length, a.overrides, a.noverrides, &diags);
    struct cv_order order;
    if (p && app_order(&a, p, &order)) { /* how many tasks there may be is another, too */
        order.model = d->order.model;
        order.gil = d->order.gil;
        order.stepped = d->order.stepped;
        end_run(d);
        cv_program_free(d->program);
        d->program = p;
        d->order = order;
        begin_run(d);
    } else {
        cv_program_free(p);
        tell(d, diags.n ? diags.at[0].text : "it cannot be turned that far");
        show_knobs(d); /* as they were */
    }
    cv_diags_release(&diags);
}

/* All schedules under the rules that hold now; again: away with them. */
static void explore(struct dash *d)
{
    if (d->survey) {
        drop_survey(d);
        return;
    }
    d->survey = app_survey_begin(&d->loop, d->ui, d->program, &d->order, d->canvas.ascii);
    uv_timer_start(&d->frame, on_frame, FRAME_MS, FRAME_MS);
    d->dirty = true;
}

/* The chosen schedule, in the stepped engine, with what happens in words. */
static void play_choice(struct dash *d)
{
    const char *story = NULL, *schedule = d->survey ? app_survey_schedule(d->survey, cv_ui_chosen(d->ui), &story) : NULL;
    if (!schedule)
        return;
    char *text = cv_strndup(schedule, strlen(schedule)), *words = cv_strndup(story ? story : "", story ? strlen(story) : 0);
    drop_survey(d);
    cv_buf_release(&d->played);
    cv_buf_str(&d->played, text);
    d->order.stepped = true;
    d->order.gil = false;
    d->order.schedule = d->played.at;
    begin_run(d);
    struct cv_buf wrapped = {0};
    app_survey_wrap(words, d->canvas.width - 4, &wrapped);
    cv_ui_notice(d->ui, "what happens", wrapped.at ? wrapped.at : "", false);
    cv_buf_release(&wrapped);
    free(text);
    free(words);
}

static void obey(struct dash *d, enum cv_command command)
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
        begin_run(d);
        break;
    case CV_CMD_RERUN: begin_run(d); break;
    case CV_CMD_TURN: turn_knob(d); break;
    case CV_CMD_STAGE: set_stage(d, true); break;
    case CV_CMD_LIFE: take_over(d); break;
    case CV_CMD_LEAVE: set_stage(d, false); break;
    case CV_CMD_COPY: copy_schedule(d); break;
    case CV_CMD_GO: case CV_CMD_UNDO: case CV_CMD_ON: case CV_CMD_CHANCE: case CV_CMD_STOP: break; /* the stage's */
    case CV_CMD_LESSONS: show_lessons(d); break;
    case CV_CMD_COMPARE: beside(d); break;
    case CV_CMD_COST: tell_cost(d); break;
    case CV_CMD_EXPLORE: explore(d); break;
    case CV_CMD_PLAY: play_choice(d); break;
    }
}

/* ── keyboard and terminal ──────────────────────────────────────────────────────────────────────── */
/* Readable, and yet nothing to read: the other side is gone. */
static bool hung_up(void)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};
    int n = 0;
    if (poll(&p, 1, 0) <= 0)
        return false;
    return (p.revents & (POLLHUP | POLLERR | POLLNVAL)) || ((p.revents & POLLIN) && (ioctl(0, FIONREAD, &n) < 0 || n == 0));
}

static void take_keys(struct dash *d)
{
    struct cv_input in;
    bool any = false;
    while (!d->quit && d->term->read(&in)) {
        any = true;
        if (in.kind == CV_IN_RESIZE)
            d->resized = true;
        else if (d->picking)
            pick(d, &in);
        else
            obey(d, cv_ui_input(d->ui, &in));
    }
    if (!any && hung_up())
        d->vanished = true;
}

static void suspend(struct dash *d, bool stop)
{
    if (d->side)
        app_side_suspend(d->side, stop);
    else if (d->play.session)
        cv_session_suspend(d->play.session, stop);
}

/* Ctrl-Z: the run stands still with us, and the terminal is the shell's until `fg`. */
static void stand_still(struct dash *d)
{
    suspend(d, true);
    d->term->suspend();
    raise(SIGSTOP);
    d->term->resume();
    suspend(d, false);
    d->resized = true;
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
/* Reading and clearing a note in one. */
static bool came(bool *note)
{
    bool was = *note;
    *note = false;
    return was;
}

static void turn(struct dash *d)
{
    if (came(&d->stopped))
        stand_still(d);
    if (came(&d->continued))
        d->resized = true;
    if (came(&d->resized)) {
        d->term->resized();
        fit(d);
    }
    if (came(&d->topo_came)) {
        cv_ui_topo(d->ui, d->topo);
        d->dirty = true;
    }
    if (came(&d->touched))
        uv_timer_start(&d->settled, on_settled, SETTLED_MS, 0);
    if (came(&d->settled_due))
        read_again(d);
    if (came(&d->key_due))
        take_keys(d);
    if (d->frozen && !cv_ui_waits(d->ui))
        let_go(d);
    if (d->survey)
        d->dirty |= app_survey_tick(d->survey);
    bool drained = came(&d->drain_due);
    if (drained && d->side)
        d->dirty |= app_side_tick(d->side);
    else if (drained)
        advance(d);
    bool changed = change(d) != d->drawn, framed = came(&d->frame_due);
    if (framed && !d->picking && !d->side)
        d->dirty |= cv_ui_tick(d->ui, cv_mono_ns());
    if ((d->dirty && (framed || !d->late)) || (framed && changed))
        draw(d);
    bool playing = (cv_ui_playing(d->ui) && !d->picking && !d->frozen && !d->side) || d->late || (d->survey && !app_survey_over(d->survey));
    bool rests = d->side ? app_side_over(d->side) : d->over || d->frozen || !d->play.session;
    if (playing && !uv_is_active((uv_handle_t *)&d->frame))
        uv_timer_start(&d->frame, on_frame, d->late ? FRAME_MS : 0, FRAME_MS);
    else if (rests && !changed && !playing) {
        uv_timer_stop(&d->frame);
        if (d->side)
            uv_timer_stop(&d->drain);
    }
}

static void start_loop(struct dash *d)
{
    uv_timer_init(&d->loop, &d->frame);
    uv_timer_init(&d->loop, &d->drain);
    uv_timer_init(&d->loop, &d->settled);
    uv_fs_event_init(&d->loop, &d->folder);
    uv_poll_init(&d->loop, &d->keyboard, 0);
    d->frame.data = d->drain.data = d->settled.data = d->folder.data = d->keyboard.data = d->reading.data = d;
    uv_poll_start(&d->keyboard, UV_READABLE, on_key);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        uv_signal_start(&d->signals[i], on_signal, signal_numbers[i]);
    }
}

static void end_loop(struct dash *d)
{
    uv_close((uv_handle_t *)&d->frame, NULL);
    uv_close((uv_handle_t *)&d->drain, NULL);
    uv_close((uv_handle_t *)&d->settled, NULL);
    uv_close((uv_handle_t *)&d->folder, NULL);
    uv_close((uv_handle_t *)&d->keyboard, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&d->signals[i], NULL);
    uv_run(&d->loop, UV_RUN_DEFAULT); /* the reading of the machine, too */
    uv_loop_close(&d->loop);
}

static int watch(struct dash *d)
{
    struct cv_buf why = {0};
    bool ascii = d->args->ascii || d->config.ascii;
    if (!app_loop(&d->loop))
        return APP_REFUSED;
    if (d->term->open(d->args->no_colour || d->config.no_colour, ascii, &why) < 0) {
        app_say(APP_REFUSED, "%s", why.at ? why.at : "the terminal cannot be used");
        cv_buf_release(&why);
        uv_loop_close(&d->loop);
        return APP_REFUSED;
    }
    app_guard(d->term->emergency);
    d->canvas.ascii = ascii || !d->term->unicode();
    cv_ui_ascii(d->ui, d->canvas.ascii);
    cv_ui_panes(d->ui, d->config.hidden, d->config.focus);
    if (d->args->present)
        cv_ui_present(d->ui, CV_SLIDE_OPENING);
    d->canvas.theme = d->args->theme >= 0 ? d->args->theme : d->config.theme >= 0 ? d->config.theme : 0;
    cv_ui_theme(d->ui, d->canvas.theme);
    d->guess = cv_topo_guess();
    cv_ui_topo(d->ui, d->guess);
    start_loop(d); /* in front of the look at the size: a change of it after that look is told by a signal */
    fit(d);
    if (!d->program)
        show_lessons(d);
    draw(d); /* a first frame at once; all that takes its time comes after it */
    if (d->program) {
        cv_ui_pace(d->ui, d->program->pace);
        begin_run(d);
    }
    if (d->args->watch && d->program)
        watch_file(d);
    sigset_t all, before; /* the pool's threads inherit it: signals are for this thread alone */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    uv_queue_work(&d->loop, &d->reading, read_topo, topo_read);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (!d->quit && !d->deadly && !d->vanished) {
        turn(d);
        if (!d->quit && !d->deadly && !d->vanished)
            uv_run(&d->loop, UV_RUN_ONCE);
    }
    drop_side(d);
    drop_survey(d);
    cv_ui_model(d->ui, NULL);
    app_stage_end(&d->stage);
    app_play_end(&d->play);
    d->term->close();
    app_guard(NULL);
    end_loop(d);
    cv_picker_free(d->picker);
    cv_canvas_release(&d->canvas);
    cv_topo_free(d->guess);
    if (d->topo)
        cv_topo_free(d->topo);
    if (d->status == APP_REFUSED && d->message.n)
        app_say(APP_REFUSED, "%s", d->message.at);
    return d->status;
}

int app_dash(const struct app_args *a)
{
    struct dash d = {.args = a, .term = &cv_terminal_curses};
    const char *file = a->noperands ? a->operands[0] : NULL;
    int status = APP_OK;
    if (a->watch && !file)
        return app_say(APP_WRONG, "--watch wants a FILE to watch");
    if (file && !(d.program = app_program(a, file)))
        return APP_WRONG;
    d.ui = cv_ui_new(a->ascii);
    if ((file && !app_order(a, d.program, &d.order)) || !app_config_read(&d.config, d.ui))
        status = APP_WRONG;
    else if (!isatty(0) || !isatty(1))
        status = app_say(APP_REFUSED, "not a terminal: the dashboard needs one; without a screen there is 'convis run %s'", file);
    else
        status = watch(&d);
    cv_ui_free(d.ui);
    cv_buf_release(&d.message);
    cv_buf_release(&d.path);
    cv_buf_release(&d.played);
    life_release(&d.life);
    cv_buf_release(&d.text);
    cv_program_free(d.program);
    app_lessons_release(&d.lessons);
    if (d.deadly)
        app_die_of(d.deadly);
    if (d.vanished)
        app_die_of(SIGHUP);
    return status;
}
