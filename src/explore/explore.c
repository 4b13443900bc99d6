/* One exploration: the searches one after the other, each as far as it may go, and what they say together. */
#include <stdlib.h>
#include <string.h>

#include "explore/run.h"

enum { LOOK_NS = 100000000 };

void run_part(struct run *r, const char *what)
{
    r->first_why = r->first_why ? r->first_why : r->why;
    r->what = what;
    r->why = NULL;
    r->part_ns = cv_mono_ns();
}

bool run_shows(const struct run *r)
{
    uint64_t every = r->options->progress_ns ? r->options->progress_ns : LOOK_NS;
    return r->options->progress && cv_mono_ns() - r->shown_ns > every;
}

bool run_goes_on(struct run *r, uint64_t done, double share)
{
    uint64_t now = cv_mono_ns();
    if (r->options->stop && *r->options->stop)
        return r->why = "it was stopped", false;
    if (r->options->time_ns && now - r->part_ns > r->options->time_ns)
        return r->why = "it takes longer than it may", false;
    if (run_shows(r)) {
        struct cv_explore_progress p = {r->what, done, share, r->e->chance, now - r->judge.begun_ns};
        r->options->progress(r->options->to, &p);
        r->shown_ns = now;
    }
    return true;
}

bool run_asks(struct run *r, const struct space *x, uint64_t done)
{
    if ((done & 0xfff) != 0 && x->direct - r->direct < 256)
        return false;
    r->direct = x->direct;
    return true;
}

/* ── the parts ──────────────────────────────────────────────────────────────────────────────────── */
enum { QUICK_NODES = 400000 };

static void verdicts(struct run *r, const struct space *fifo, bool exhausted)
{
    struct cv_explore *e = r->e;
    const char *limit = space_limit(e->space);
    limit = limit ? limit : space_limit(fifo);
    e->proven = (exhausted || e->states_complete || e->traces_complete) && !limit;
    e->complete = e->proven && (e->traces_complete || (e->states_complete && !e->endless && !e->unsure));
    judge_verdicts(&r->judge, e->proven);
    if (!e->complete) {
        const char *why = limit ? limit
                          : e->proven && !e->endless ? "whether every schedule ends was not looked at"
                          : e->proven ? "some schedule never ends; of those that end, all were looked at"
                          : r->why ? r->why : r->first_why ? r->first_why : "it was not asked for";
        e->why = cv_strndup(why, strlen(why));
    }
    if (e->proven && !e->traces_complete)
        for (uint32_t o = 0; o < e->noutcomes; o++)
            e->deadlocks += e->outcomes[o].outcome == CV_OUT_DEADLOCK;
}

static bool open_failures(const struct cv_explore *e)
{
    for (uint32_t v = 0; v < e->nviolations; v++)
        if (!e->violations[v].minimal)
            return true;
    return e->goal_known && !e->goal.minimal;
}

static void parts(struct run *r, struct space *x, struct space *fifo)
{
    unsigned want = r->options->parts ? r->options->parts : CV_EXPLORE_ALL;
    struct search *s = want & CV_EXPLORE_SCHEDULES ? search_new(r, fifo) : NULL;
    bool over = false;
    if (s) {
        run_part(r, "schedules");
        over = search_run(s, QUICK_NODES, true);
    }
    if (want & CV_EXPLORE_TRACES || (want & CV_EXPLORE_FINDINGS && r->options->judge))
        traces_run(r, want & CV_EXPLORE_BOUNDS ? fifo : x);
    if (want & CV_EXPLORE_STATES)
        states_run(r, x);
    if (s && !over && open_failures(r->e)) {
        run_part(r, "schedules");
        over = search_run(s, 0, false) && search_over(s);
    }
    verdicts(r, fifo, over);
    search_free(s);
}

struct cv_explore *cv_explore_run(const struct cv_program *p, const struct cv_order *o, const struct cv_explore_options *options, struct cv_buf *why)
{
    static const char *const rules[] = {"async", "threads", "processes"};
    struct space *x = space_new(p, o, 0, why), *fifo = x;
    if (x && o->model == CV_ASYNC && !(fifo = space_new(p, o, SPACE_FIFO, why))) {
        space_free(x);
        x = NULL;
    }
    if (!x)
        return NULL;
    struct cv_explore *e = cv_alloc(sizeof *e);
    struct cv_buf goal = {0};
    e->goal_asked = cv_goal_text(p, o, &goal);
    cv_buf_release(&goal);
    struct run r = {.options = options, .e = e, .fifo = fifo, .memory = options->memory ? options->memory : (size_t)512 << 20};
    e->rules = rules[o->model];
    e->chance = -1;
    e->space = x;
    judge_init(&r.judge, p, o, e);
    parts(&r, x, fifo);
    e->elapsed_ns = cv_mono_ns() - r.judge.begun_ns;
    if (fifo != x)
        e->fifo = fifo;
    judge_release(&r.judge);
    return e;
}

void cv_explore_free(struct cv_explore *e)
{
    if (!e)
        return;
    for (uint32_t i = 0; i < e->noutcomes; i++) {
        judge_summary_release(&e->outcomes[i].summary);
        free(e->outcomes[i].interleavings);
        free(e->outcomes[i].fraction);
    }
    for (uint32_t i = 0; i < e->nviolations; i++) {
        free(e->violations[i].seen);
        free(e->violations[i].schedule);
    }
    for (uint32_t i = 0; i < e->nfindings; i++) {
        free(e->findings[i].task);
        free(e->findings[i].text);
        free(e->findings[i].schedule);
    }
    free(e->goal.schedule);
    free(e->outcomes);
    free(e->violations);
    free(e->findings);
    free(e->expects);
    free(e->bounds);
    free(e->interleavings);
    free(e->why);
    space_free(e->space);
    space_free(e->fifo);
    free(e);
}

void run_memory(struct run *r, size_t bytes)
{
    if (bytes > r->e->memory)
        r->e->memory = bytes;
}

void schedule_text(const struct space *x, const uint16_t *tasks, size_t n, struct cv_buf *out)
{
    cv_buf_str(out, "");
    for (size_t i = 0, k; i < n; i = k) {
        char letter[8];
        for (k = i; k < n && tasks[k] == tasks[i]; k++)
            ;
        cv_text_letter(tasks[i] - x->program->implicit_main, letter);
        cv_buf_printf(out, "%s%s%zu", out->n ? " " : "", letter, k - i);
    }
}
