/* `convis explore FILE`: all schedules under the rules of a model. Progress shows on standard error while a terminal watches; Ctrl-C
 * ends with what is known by then. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/judge.h"

static const uint64_t PART_NS = 60000000000u;
static volatile int stopped;
static void stop(int number) { stopped = number; }

struct watch { bool shown, ascii; };

static void show(void *to, const struct cv_explore_progress *p)
{
    struct watch *w = to;
    fprintf(stderr, "\r\033[K%s: %llu", p->what, (unsigned long long)p->done);
    if (p->share >= 0)
        fprintf(stderr, ", about %.*f %% of all", p->share < 0.01 ? 2 : 0, p->share * 100);
    if (p->chance >= 0 && !strcmp(p->what, "traces"))
        fprintf(stderr, p->chance < 0.01 ? ", less than 1 %% of random runs are among them" : ", about %.0f %% of random runs are among them",
                p->chance < 0.99 ? p->chance * 100 : 99);
    fprintf(stderr, "  %s  (Ctrl-C: what is known so far)", cv_duration_text(p->elapsed_ns, w->ascii));
    w->shown = true;
}

static unsigned parts_of(const struct app_args *a)
{
    static const struct { const char *name; unsigned part; } names[] = {
        {"states", CV_EXPLORE_STATES}, {"counts", CV_EXPLORE_STATES | CV_EXPLORE_COUNTS}, {"traces", CV_EXPLORE_TRACES},
        {"schedules", CV_EXPLORE_SCHEDULES}, {"findings", CV_EXPLORE_FINDINGS}};
    unsigned parts = 0;
    for (const char *s = a->only; s && *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ',')) {
        unsigned one = 0;
        for (size_t i = 0; i < CV_COUNT(names); i++)
            if (strlen(names[i].name) == strcspn(s, ",") && !strncmp(names[i].name, s, strcspn(s, ",")))
                one = names[i].part;
        if (!one)
            return app_say(APP_WRONG, "--only takes states, counts, traces, schedules, findings, or several with commas, not '%s'", a->only), 0;
        parts |= one;
    }
    return (parts ? parts : CV_EXPLORE_ALL) | (a->bounds ? CV_EXPLORE_BOUNDS | CV_EXPLORE_TRACES : 0);
}

/* 1 where something can fail, or was not proven and could have been. */
static int verdict(const struct cv_explore *e)
{
    if (e->nviolations || !e->proven)
        return APP_FAILED;
    for (uint32_t i = 0; i < e->nexpects; i++)
        if (e->expects[i].holds == CV_FAILS || (e->expects[i].of_traces && e->expects[i].holds == CV_UNDECIDED && e->judged))
            return APP_FAILED;
    return APP_OK;
}

int app_explore(const struct app_args *a)
{
    struct watch w = {.ascii = app_ascii(a)};
    struct cv_explore_options options = {.parts = parts_of(a), .memory = a->max_memory, .time_ns = a->timeout_ns ? a->timeout_ns : PART_NS, .stop = &stopped};
    struct cv_order order;
    struct cv_buf why = {0}, text = {0};
    int status;
    if (!options.parts)
        return APP_WRONG;
    struct cv_program *p = app_program(a, a->operands[0]);
    if (!p || !app_order(a, p, &order)) {
        cv_program_free(p);
        return APP_WRONG;
    }
    if (isatty(2) && !(getenv("TERM") && !strcmp(getenv("TERM"), "dumb"))) {
        options.progress = show;
        options.to = &w;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    app_guard(NULL);
    struct app_judge judge;
    app_judge_begin(&judge, p, &order, options.time_ns / 2, a->only != NULL || a->timeout_ns);
    options.judge = app_judge_trace;
    options.findings = &judge;
    options.latest = judge.info.nguards > 0;
    struct cv_explore *e = cv_explore_run(p, &order, &options, &why);
    app_judge_end(&judge, e);
    if (w.shown)
        fputs("\r\033[K", stderr);
    if (e) {
        if (a->json)
            cv_explore_json(e, p, &text);
        else
            cv_explore_text(e, p, app_ascii(a), &text);
        app_write(&text);
        status = verdict(e);
    } else {
        status = app_say(APP_REFUSED, "%s", why.at ? why.at : "it cannot be explored");
    }
    cv_explore_free(e);
    cv_buf_release(&text);
    cv_buf_release(&why);
    cv_program_free(p);
    return status;
}
