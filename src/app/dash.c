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

#include "app/dash.h"

static const int signal_numbers[DASH_SIGNALS] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT};

/* ── callbacks: they note ───────────────────────────────────────────────────────────────────────── */
static void on_frame(uv_timer_t *t) { ((struct dash *)t->data)->frame_due = true; }
static void on_drain(uv_timer_t *t) { ((struct dash *)t->data)->drain_due = true; }

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

void dash_drains(struct dash *d, unsigned after_ms, unsigned every_ms) { uv_timer_start(&d->drain, on_drain, after_ms, every_ms); }
void dash_frames(struct dash *d, unsigned after_ms) { uv_timer_start(&d->frame, on_frame, after_ms, FRAME_MS); }

/* ── the picture ────────────────────────────────────────────────────────────────────────────────── */
/* What a slow line cannot take yet is drawn anew, as it is then, with one of the next ticks. */
static void show(struct dash *d)
{
    d->dirty = !d->term->present(&d->canvas);
    d->late = d->dirty;
}

static uint64_t change(const struct dash *d)
{
    return d->side ? app_side_change(d->side) : app_play_has(&d->play) ? cv_model_change(d->play.model) : 0;
}

static void draw(struct dash *d)
{
    if (d->picking) {
        cv_picker_draw(d->picker, &d->canvas);
        show(d);
        return;
    }
    struct cv_ui_status s = {.message = d->message.n ? d->message.at : NULL, .source_name = "", .source_why = "", .clock_name = "",
                             .running = d->play.session && !d->play.over, .record = d->play.record};
    if (app_play_has(&d->play))
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

void dash_tell(struct dash *d, const char *text)
{
    d->message.n = 0;
    if (d->message.at)
        d->message.at[0] = 0;
    cv_text_clean(&d->message, text, strlen(text));
    d->dirty = true;
}

/* ── keyboard and terminal ──────────────────────────────────────────────────────────────────────── */
/* Readable, and yet nothing to read: the other side is gone. */
static bool hung_up(const struct dash *d)
{
    struct pollfd p = {.fd = d->term->keyboard(), .events = POLLIN};
    int n = 0;
    if (poll(&p, 1, 0) <= 0)
        return false;
    return (p.revents & (POLLHUP | POLLERR | POLLNVAL)) || ((p.revents & POLLIN) && (ioctl(p.fd, FIONREAD, &n) < 0 || n == 0));
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
            dash_pick(d, &in);
        else
            dash_obey(d, cv_ui_input(d->ui, &in));
    }
    if (!any && hung_up(d))
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
    if (came(&d->topo_came) && !d->record.from) {
        cv_ui_topo(d->ui, d->topo);
        d->dirty = true;
    }
    if (came(&d->touched))
        dash_settle(d);
    if (came(&d->settled_due))
        dash_read_again(d);
    if (came(&d->key_due))
        take_keys(d);
    if (d->frozen && !cv_ui_waits(d->ui))
        dash_let_go(d);
    if (d->survey)
        d->dirty |= app_survey_tick(d->survey);
    bool drained = came(&d->drain_due);
    if (drained && d->side)
        d->dirty |= app_side_tick(d->side);
    else if (drained)
        dash_advance(d);
    bool changed = change(d) != d->drawn, framed = came(&d->frame_due);
    if (framed && !d->picking && !d->side)
        d->dirty |= cv_ui_tick(d->ui, cv_mono_ns());
    if ((d->dirty && (framed || !d->late)) || (framed && changed))
        draw(d);
    bool playing = (cv_ui_playing(d->ui) && !d->picking && !d->frozen && !d->side) || d->late || (d->survey && !app_survey_over(d->survey));
    bool rests = d->side ? app_side_over(d->side) : d->over || d->frozen || !d->play.session;
    if (playing && !uv_is_active((uv_handle_t *)&d->frame))
        dash_frames(d, d->late ? FRAME_MS : 0);
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
    uv_poll_init(&d->loop, &d->keyboard, d->term->keyboard());
    d->frame.data = d->drain.data = d->settled.data = d->folder.data = d->keyboard.data = d->reading.data = d;
    uv_poll_start(&d->keyboard, UV_READABLE, on_key);
    for (size_t i = 0; i < DASH_SIGNALS; i++) {
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
    for (size_t i = 0; i < DASH_SIGNALS; i++)
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
        dash_lessons(d);
    draw(d); /* a first frame at once; all that takes its time comes after it */
    if (d->program) {
        cv_ui_pace(d->ui, d->program->pace);
        (d->record.from ? dash_show : dash_begin)(d);
    }
    if (d->args->watch && d->program)
        dash_watch(d);
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
    dash_drop_side(d);
    dash_drop_survey(d);
    cv_ui_model(d->ui, NULL);
    app_stage_end(&d->stage);
    app_play_end(&d->play);
    app_record_release(&d->record);
    uv_poll_stop(&d->keyboard);
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
    if (file && !dash_open(&d, file)) {
        life_release(&d.life);
        cv_program_free(d.program);
        return APP_WRONG;
    }
    d.ui = cv_ui_new(a->ascii);
    if (!app_config_read(&d.config, d.ui))
        status = APP_WRONG;
    else if (!isatty(0) || !isatty(1))
        status = app_say(APP_REFUSED, "not a terminal: the dashboard needs one; without a screen there is 'convis run %s'", file);
    else
        status = watch(&d);
    cv_ui_free(d.ui);
    app_record_release(&d.record); /* in front of the program, whose names it has */
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
