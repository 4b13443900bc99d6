/* A whole run for a test: text in, a session as the product makes it, its record and rows to look at. The test's own
 * program is runner and server. */
#ifndef CONVIS_TESTS_ENGINE_PLAY_H
#define CONVIS_TESTS_ENGINE_PLAY_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convis/engine.h"
#include "suite.h"

/* Started as `--runner FD` or `--server FD` it is that, and nothing of Check is seen. */
__attribute__((constructor)) static void be_runner(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--runner"))
        exit(cv_runner_main(atoi(argv[2])));
    if (argc == 3 && !strcmp(argv[1], "--server"))
        exit(cv_server_main(atoi(argv[2])));
}

__attribute__((unused)) static const char *const models[] = {"async", "threads", "threads+gil", "processes"};

struct play {
    uv_loop_t loop;
    uv_timer_t timer;
    struct cv_program *program;
    struct cv_order order;
    struct cv_session *session;
    struct cv_reader *reader;
    const struct cv_shm *shm;
    struct cv_buf output;        /* "text\n" lines in the order of output */
    struct cv_buf why;
    uint64_t counts[CV_EV_COUNT], causes[CV_CAUSE_COUNT], findings, last_t, elapsed_ns;
    uint32_t end_outcome;
    bool unordered;
    struct { uint64_t voluntary, involuntary; } told[64]; /* by task, of its USAGE events */
};

static void tick(uv_timer_t *t) { (void)t; }

static void take(void *to, const struct cv_event *e)
{
    struct play *p = to;
    p->counts[e->kind]++;
    p->unordered |= e->t < p->last_t;
    p->last_t = e->t;
    if (e->kind == CV_EV_PRINT)
        cv_buf_printf(&p->output, "%s\n", cv_string(p->shm, (uint32_t)e->a, NULL));
    if (e->kind == CV_EV_WAIT)
        p->causes[e->obj]++;
    if (e->kind == CV_EV_USAGE && e->task < CV_COUNT(p->told)) {
        p->told[e->task].voluntary += e->a >> 32;
        p->told[e->task].involuntary += e->a & UINT32_MAX;
    }
    p->findings += e->kind == CV_EV_FINDING;
    if (e->kind == CV_EV_RUN_END)
        p->end_outcome = e->obj;
}

static bool play_watched;    /* the threads look after their own preemptions */
static const char *play_exe; /* what the run's processes are; NULL: this program where it lies */

static void begin(struct play *p, const char *text, const char *model)
{
    *p = (struct play){0};
    struct cv_diags diags = {0};
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    ck_assert_int_gt(n, 0);
    exe[n] = 0;
    cv_clock_init();
    uv_loop_init(&p->loop);
    uv_timer_init(&p->loop, &p->timer);
    uv_timer_start(&p->timer, tick, 5, 5);
    p->program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!p->program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_ptr_nonnull(p->program);
    cv_diags_release(&diags);
    ck_assert(cv_order_init(&p->order, p->program, model, &p->why));
    p->session = cv_session_new(&p->loop, play_exe ? play_exe : exe, p->program, &p->order, &p->why);
    ck_assert_msg(p->session, "%s", p->why.at ? p->why.at : "?");
    p->shm = cv_session_shm(p->session);
    p->reader = cv_reader_new(p->shm);
    atomic_store(&p->shm->head->watch, play_watched);
    cv_session_go(p->session, p->reader);
}

static bool poll_once(struct play *p)
{
    uv_run(&p->loop, UV_RUN_ONCE);
    bool over = cv_session_poll(p->session);
    cv_reader_drain(p->reader, over, take, p);
    return over;
}

static void run(struct play *p, const char *text, const char *model)
{
    begin(p, text, model);
    uint64_t deadline = cv_mono_ns() + 60000000000u;
    while (!poll_once(p))
        ck_assert_msg(cv_mono_ns() < deadline, "the run does not end; model %s", model);
    cv_buf_str(&p->output, "");
    const struct cv_shm_head *h = p->shm->head;
    p->elapsed_ns = cv_reader_ns(p->reader, h->finished) - cv_reader_ns(p->reader, h->started);
}

static void end(struct play *p)
{
    pid_t group = cv_session_pid(p->session);
    cv_session_free(p->session);
    ck_assert_int_eq(kill(-group, 0), -1); /* nothing of the run is left, not even a zombie */
    cv_reader_free(p->reader);
    cv_program_free(p->program);
    cv_buf_release(&p->output);
    cv_buf_release(&p->why);
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&p->loop), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child either */
}

static inline const struct cv_row *row(const struct play *p, uint32_t task) { return cv_shm_row(p->shm, task); }

#endif
