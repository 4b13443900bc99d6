/* `convis render FILE`: plays the run to its end, then draws the dashboard's frame at an instant, as text, ANSI or SVG. Under
 * a stepped model the picture is the same every time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

static void tick(uv_timer_t *t) { (void)t; }

static volatile sig_atomic_t interrupted;
static void interrupt(int number) { interrupted = number; }

static void draw(const struct app_args *a, const struct app_play *y, const struct cv_topo *topo)
{
    bool ascii = a->ascii || (app_ascii(a) && !(a->format && !strcmp(a->format, "svg")));
    struct cv_ui *ui = cv_ui_new(ascii);
    struct cv_canvas canvas = {.ascii = ascii};
    struct cv_ui_status status = {.clock_name = y->order.stepped ? "virtual" : cv_clock_name(), .events = cv_reader_counts(y->reader)};
    struct cv_buf out = {0};
    status.source_name = app_play_source(y, &status.source_why, &status.source_exact);
    cv_ui_topo(ui, topo);
    cv_ui_model(ui, y->model);
    cv_ui_status(ui, &status);
    cv_ui_at(ui, a->at_ns < cv_model_end(y->model) ? a->at_ns : cv_model_end(y->model));
    cv_canvas_resize(&canvas, a->width, a->height);
    cv_ui_draw(ui, &canvas);
    if (a->format && !strcmp(a->format, "svg"))
        cv_canvas_svg(&canvas, &out);
    else if (a->format && !strcmp(a->format, "ansi"))
        cv_canvas_ansi(&canvas, &out);
    else
        cv_canvas_text(&canvas, &out);
    app_write(&out);
    cv_buf_release(&out);
    cv_canvas_release(&canvas);
    cv_ui_free(ui);
}

int app_render(const struct app_args *a)
{
    struct cv_program *p = app_program(a, a->operands[0]);
    struct app_play y = {0};
    struct cv_order order;
    struct cv_buf why = {0};
    struct sigaction act = {.sa_handler = interrupt};
    uv_loop_t loop;
    uv_timer_t timer;
    if (!p || !app_order(a, p, &order)) {
        cv_program_free(p);
        return APP_WRONG;
    }
    if (!app_loop(&loop)) {
        cv_program_free(p);
        return APP_REFUSED;
    }
    app_guard(NULL);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    struct cv_topo *topo = cv_topo_read();
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, tick, 1, 10);
    int status = APP_OK;
    if (!app_play_start(&y, &loop, a->exe, p, &order, topo, a->source, &why)) {
        status = app_say(APP_REFUSED, "%s", why.at ? why.at : "the run cannot be started");
    } else {
        while (!app_play_tick(&y) && !interrupted)
            uv_run(&loop, UV_RUN_ONCE);
        const struct cv_shm_head *head = cv_session_shm(y.session)->head;
        if (interrupted)
            status = APP_REFUSED;
        else if (cv_session_refused(y.session, &why))
            status = app_say(APP_REFUSED, "%s", why.at ? why.at : "the system refused the run");
        else if (head->schedule_error[0])
            status = app_say(APP_WRONG, "--schedule: %.*s", (int)sizeof head->schedule_error, head->schedule_error);
        else
            draw(a, &y, topo);
    }
    app_play_end(&y);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    cv_topo_free(topo);
    cv_buf_release(&why);
    cv_program_free(p);
    if (interrupted)
        app_die_of(interrupted);
    return status;
}
