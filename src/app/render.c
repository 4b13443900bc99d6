/* `convis render FILE`: plays the run to its end, or takes the record of one, then draws the dashboard's frame at an instant, as text,
 * ANSI or SVG. Under a stepped model, and from a record, the picture is the same every time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/record.h"

static void tick(uv_timer_t *t) { (void)t; }

static volatile sig_atomic_t interrupted;
static void interrupt(int number) { interrupted = number; }

/* ── instants ───────────────────────────────────────────────────────────────────────────────────── */
static bool share(const char *word, size_t n, uint64_t *percent)
{
    char copy[8] = {0}, *end;
    if (n < 2 || n >= sizeof copy || word[n - 1] != '%' || strspn(word, "0123456789") != n - 1)
        return false;
    memcpy(copy, word, n - 1);
    *percent = strtoull(copy, &end, 10);
    return *percent <= 100;
}

static bool duration(const char *word, size_t n, uint64_t *ns)
{
    char copy[40] = {0};
    if (n >= sizeof copy)
        return false;
    memcpy(copy, word, n);
    return app_duration(copy, ns);
}

static bool is(const char *word, size_t n, const char *what) { return strlen(what) == n && !memcmp(word, what, n); }

static bool letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool app_instants(const char *text)
{
    uint64_t at;
    do {
        size_t n = strcspn(text, ","), k = 0;
        while (k < n && (letter(text[k]) || (k && text[k] >= '0' && text[k] <= '9')))
            k++;
        if (!n || (k < n && !duration(text, n, &at) && !share(text, n, &at)))
            return false;
        text += n;
    } while (*text++);
    return true;
}

static uint64_t first_note(const struct cv_model *m)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < cv_model_info(m)->nnotes; i++) {
        enum cv_note_event event = cv_model_info(m)->notes[i].event;
        uint64_t t = cv_model_note(m, i).t;
        if (event != CV_AT_START && event != CV_AT_END && t < first)
            first = t;
    }
    return first;
}

static uint64_t instant(const char *word, size_t n, const struct cv_model *m)
{
    uint64_t at, end = cv_model_end(m);
    if (is(word, n, "start"))
        return 0;
    if (is(word, n, "end"))
        return end;
    if (is(word, n, "finding"))
        return cv_model_nfindings(m, UINT64_MAX) ? cv_model_finding(m, 0).t : UINT64_MAX;
    if (is(word, n, "note"))
        return first_note(m);
    if (share(word, n, &at))
        return end / 100 * at + end % 100 * at / 100;
    if (duration(word, n, &at))
        return at < end ? at : end;
    for (uint32_t i = 0, marks = cv_model_nmarks(m, UINT64_MAX); i < marks; i++)
        if (is(word, n, cv_model_mark(m, i).name))
            return cv_model_mark(m, i).t;
    return UINT64_MAX;
}

uint64_t app_instant(const char *text, const struct cv_model *m)
{
    uint64_t at = UINT64_MAX;
    do {
        size_t n = strcspn(text, ",");
        at = instant(text, n, m);
        text += n;
    } while (at == UINT64_MAX && *text++);
    return at;
}

/* ── the frame ──────────────────────────────────────────────────────────────────────────────────── */
/* One frame, by a view that nobody has moved yet. */
static void frame(const struct app_args *a, const struct app_play *y, const struct cv_topo *topo, uint64_t at, int width, int height, struct cv_buf *out)
{
    bool svg = a->format && !strcmp(a->format, "svg"), ansi = a->format && !strcmp(a->format, "ansi"), ascii = a->ascii || (app_ascii(a) && !svg);
    struct cv_ui *ui = cv_ui_new(ascii);
    struct cv_canvas canvas = {.ascii = ascii};
    struct cv_ui_status status = {0};
    app_play_status(y, &status);
    cv_ui_theme(ui, ansi && a->no_colour ? cv_theme_find("mono") : a->theme);
    cv_ui_topo(ui, topo);
    cv_ui_model(ui, y->model);
    cv_ui_status(ui, &status);
    if (a->span_ns)
        cv_ui_span(ui, a->span_ns);
    cv_ui_at(ui, at);
    if (a->present)
        cv_ui_present(ui, !a->at ? CV_SLIDE_OPENING : at >= cv_model_end(y->model) ? CV_SLIDE_ANSWER : CV_SLIDE_NOTE);
    cv_canvas_resize(&canvas, width, height);
    cv_ui_draw(ui, &canvas);
    (svg ? cv_canvas_svg : ansi ? cv_canvas_ansi : cv_canvas_text)(&canvas, out);
    cv_canvas_release(&canvas);
    cv_ui_free(ui);
}

static int draw(const struct app_args *a, const struct app_play *y, const struct cv_topo *topo)
{
    uint64_t at = app_instant(a->at ? a->at : "end", y->model);
    struct cv_buf out = {0};
    if (at == UINT64_MAX)
        return app_say(APP_WRONG, "--at: this run has no such instant: '%s'", a->at);
    for (int i = 0; i < a->nsizes; i++)
        frame(a, y, topo, at, a->sizes[i].width, a->sizes[i].height, &out);
    if (!a->nsizes)
        frame(a, y, topo, at, 100, 30, &out);
    app_write(&out);
    cv_buf_release(&out);
    return APP_OK;
}

/* The run that was: nothing is run. */
static int draw_record(const struct app_args *a)
{
    struct app_record r;
    struct app_play y = {0};
    if (!app_record_open(a, a->operands[0], &r, NULL, NULL))
        return APP_WRONG;
    app_play_record(&y, &r);
    int status = draw(a, &y, r.topo);
    app_play_end(&y);
    app_record_release(&r);
    return status;
}

int app_render(const struct app_args *a)
{
    if (a->nsizes > 1 && a->format && !strcmp(a->format, "svg"))
        return app_say(APP_WRONG, "--format svg draws one picture: one --size");
    if (app_is_record(a->operands[0]))
        return draw_record(a);
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
    y.history = a->history;
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
            status = draw(a, &y, topo);
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
