/* Runs without a screen, one after the other: a loop over the run and signals. Output lines go to standard output as they come,
 * in the order they were printed; progress shows on standard error while a terminal watches and it takes long. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/batch.h"

enum { TICK_MS = 10, ATTACH_MS = 1, LONG_NS = 500000000, PROGRESS_NS = 100000000, HELD_MOST = 4096 };

/* ── progress ───────────────────────────────────────────────────────────────────────────────────── */
static void hide_progress(struct batch *b)
{
    if (b->shown)
        fputs("\r\033[K", stderr);
    b->shown = false;
}

static void show_progress(struct batch *b)
{
    uint64_t now = cv_mono_ns();
    if (!b->progress || !b->play.going || now - b->began_ns < LONG_NS || now - b->shown_ns < PROGRESS_NS)
        return;
    fprintf(stderr, "\r\033[K%s  %s", cv_order_model_name(&b->play.order), cv_duration_text(now - b->began_ns, app_ascii(b->args)));
    if (b->runs)
        fprintf(stderr, "  run %llu of %llu", (unsigned long long)b->run + 1, (unsigned long long)b->runs);
    else
        fprintf(stderr, "  %u tasks, %u lines", cv_model_ntasks(b->play.model), cv_model_noutput(b->play.model, UINT64_MAX));
    b->shown_ns = now;
    b->shown = true;
}

/* ── output ─────────────────────────────────────────────────────────────────────────────────────── */
static void print_line(struct batch *b, uint32_t text)
{
    struct cv_buf clean = {0};
    size_t n;
    const char *s = cv_string(cv_session_shm(b->play.session), text, &n);
    cv_text_clean(&clean, s, n);
    cv_buf_add(&clean, "\n", 1);
    hide_progress(b);
    b->broken |= !app_write(&clean);
    cv_buf_release(&clean);
}

static int by_order(const void *x, const void *y)
{
    uint64_t a = ((const struct held *)x)->order, b = ((const struct held *)y)->order;
    return a < b ? -1 : a > b;
}

/* Prints what is held as far as it follows on; all of it when a predecessor must have been lost. */
static void let_go(struct batch *b, bool all)
{
    size_t done = 0;
    if (b->held.n)
        qsort(b->held.at, b->held.n, sizeof *b->held.at, by_order);
    while (done < b->held.n && (all || b->held.at[done].order <= b->next)) {
        print_line(b, b->held.at[done].text);
        b->next = b->held.at[done++].order + 1;
    }
    if (done)
        memmove(b->held.at, b->held.at + done, (b->held.n - done) * sizeof *b->held.at);
    b->held.n -= done;
}

static void watch(void *to, const struct cv_event *e)
{
    struct batch *b = to;
    if (b->life)
        life_take(b->life, e);
    if (e->kind != CV_EV_PRINT || !b->print)
        return;
    if (e->b == b->next) {
        print_line(b, (uint32_t)e->a);
        b->next++;
        if (b->held.n)
            let_go(b, false);
    } else {
        struct held one = {e->b, (uint32_t)e->a};
        CV_PUSH(&b->held, one);
        if (b->held.n >= HELD_MOST)
            let_go(b, true);
    }
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
static void tick(uv_timer_t *t) { (void)t; }

static void signalled(uv_signal_t *h, int number)
{
    struct batch *b = h->data;
    b->caught = number;
}

static void pause_all(struct batch *b)
{
    hide_progress(b);
    cv_session_suspend(b->play.session, true);
    raise(SIGSTOP);
    cv_session_suspend(b->play.session, false);
}

int batch_play(struct batch *b, const struct cv_order *order)
{
    struct cv_buf why = {0};
    bool hurried = true;
    b->next = 0;
    b->held.n = 0;
    b->play.watch = watch;
    b->play.to = b;
    b->play.history = b->args->history;
    if (!app_play_start(&b->play, &b->loop, b->args->exe, b->program, order, b->topo, b->args->source, &why)) {
        app_say(APP_REFUSED, "%s", why.at ? why.at : "the run cannot be started");
        cv_buf_release(&why);
        return APP_REFUSED;
    }
    uv_timer_start(&b->timer, tick, ATTACH_MS, ATTACH_MS);
    while (!app_play_tick(&b->play) && !b->broken) {
        if (b->play.going && hurried) {
            uv_timer_start(&b->timer, tick, TICK_MS, TICK_MS);
            hurried = false;
        }
        b->broken |= !app_flush();
        show_progress(b);
        if (b->broken)
            break;
        uv_run(&b->loop, UV_RUN_ONCE);
        if (b->caught == SIGTSTP)
            pause_all(b);
        else if (b->caught)
            break;
        b->caught = 0;
    }
    uv_timer_stop(&b->timer);
    if (b->caught || b->broken)
        return APP_REFUSED;
    let_go(b, true);
    hide_progress(b);
    const struct cv_shm_head *head = cv_session_shm(b->play.session)->head;
    if (cv_session_refused(b->play.session, &why)) {
        app_say(APP_REFUSED, "%s", why.at ? why.at : "the system refused the run");
        cv_buf_release(&why);
        return APP_REFUSED;
    }
    if (head->schedule_error[0])
        return app_say(APP_WRONG, "--schedule: %.*s", (int)sizeof head->schedule_error, head->schedule_error);
    return -1;
}

void batch_put(struct batch *b, struct cv_buf *text)
{
    b->broken |= !app_write(text);
    cv_buf_release(text);
}

static bool begin(struct batch *b)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGQUIT};
    if (!app_loop(&b->loop))
        return false;
    uv_timer_init(&b->loop, &b->timer);
    for (size_t i = 0; i < CV_COUNT(numbers); i++) {
        uv_signal_init(&b->loop, &b->signals[i]);
        b->signals[i].data = b;
        uv_signal_start(&b->signals[i], signalled, numbers[i]);
    }
    b->topo = cv_topo_guess();
    b->began_ns = cv_mono_ns();
    b->progress = isatty(2) && !(getenv("TERM") && !strcmp(getenv("TERM"), "dumb"));
    app_guard(NULL);
    return true;
}

static void end(struct batch *b)
{
    uv_close((uv_handle_t *)&b->timer, NULL);
    for (size_t i = 0; i < CV_COUNT(b->signals); i++)
        uv_close((uv_handle_t *)&b->signals[i], NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_loop_close(&b->loop);
    cv_topo_free(b->topo);
    free(b->held.at);
    cv_program_free(b->program);
}

int batch_main(const struct app_args *a, int (*body)(struct batch *b, struct cv_order *order))
{
    struct cv_order order;
    struct cv_program *p = app_program(a, a->operands[0]);
    if (!p)
        return APP_WRONG;
    if (!app_order(a, p, &order)) {
        cv_program_free(p);
        return APP_WRONG;
    }
    return batch_with(a, p, &order, body);
}

int batch_with(const struct app_args *a, struct cv_program *p, struct cv_order *order, int (*body)(struct batch *b, struct cv_order *order))
{
    struct batch b = {.args = a, .runs = a->runs, .program = p};
    cv_text_ascii &= !a->json; /* JSON escapes by itself: its texts stay whole */
    if (!begin(&b)) {
        cv_program_free(b.program);
        return APP_REFUSED;
    }
    int status = body(&b, order);
    hide_progress(&b);
    int caught = b.caught;
    end(&b);
    if (caught) {
        fflush(stdout);
        app_die_of(caught);
    }
    return status;
}
