/* The exploration behind the dashboard: it runs in a thread of the pool while the picture stays alive, and is told to stop when nobody wants it
 * any more. Each failure, the goal, and each finding is a choice: its schedule and what happens on the way, in words. */
#include <stdlib.h>
#include <string.h>

#include "app/survey.h"
#include "app/judge.h"

enum { PART_NS = 1000000000, MEMORY = 256 << 20, TOLD = 60, FINDINGS = 12 };
struct app_survey {
    uv_work_t work;
    uv_loop_t *loop;
    struct cv_ui *ui;
    const struct cv_program *program;
    struct cv_order order;
    bool ascii, shown;
    _Atomic bool done;
    bool back;                    /* the loop has heard of it */
    volatile int stop;
    _Atomic uint64_t count;
    _Atomic(const char *) what;
    struct cv_explore *e;
    struct cv_buf why, top, title;
    struct cv_ui_choices choices;
    struct cv_ui_choice *rows;
    uint32_t n;
    struct told { struct cv_buf head, story; const char *schedule; } *told;
    char progress[80];
    uint64_t drawn_ns;
};

static void progress(void *to, const struct cv_explore_progress *p)
{
    struct app_survey *s = to;
    atomic_store(&s->count, p->done);
    atomic_store(&s->what, p->what);
}

static void tell_story(struct app_survey *s, struct told *t)
{
    struct cv_story story;
    struct cv_buf why = {0};
    cv_buf_str(&t->story, "");
    if (t->schedule && cv_story_tell(s->program, &s->order, t->schedule, &story, &why)) {
        for (size_t i = 0; i < story.n && i < TOLD; i++)
            cv_buf_printf(&t->story, "%s%s", i ? " " : "", story.at[i].text);
        if (story.n > TOLD)
            cv_buf_printf(&t->story, " … and %zu more.", story.n - TOLD);
        cv_story_release(&story);
    }
    cv_buf_release(&why);
}

static void add(struct app_survey *s, uint32_t i, const struct cv_explore_violation *v, bool goal)
{
    struct told *t = &s->told[i];
    t->schedule = v->schedule;
    if (goal)
        cv_buf_str(&t->head, "the goal");
    else if (v->line)
        cv_buf_printf(&t->head, "line %u can fail: ", v->line);
    if (!goal)
        cv_text_clean(&t->head, v->text, strlen(v->text));
    if (v->seen)
        cv_buf_printf(&t->head, " (%s)", v->seen);
    cv_buf_printf(&t->head, "\n%u preemption%s, %u step%s%s:  %.400s", v->preemptions, v->preemptions == 1 ? "" : "s", v->steps, v->steps == 1 ? "" : "s",
                  v->minimal ? ", the least there is" : "", v->schedule ? v->schedule : "no schedule is known");
    tell_story(s, t);
}

static void add_finding(struct app_survey *s, uint32_t i, const struct cv_explore_finding *f)
{
    struct told *t = &s->told[i];
    t->schedule = f->schedule;
    cv_buf_printf(&t->head, "%s: %s\nin %llu of %llu traces; the fewest looked at: %u preemption%s, %u step%s:  %.400s", cv_finding_info[f->kind].name, f->text,
                  (unsigned long long)f->traces, (unsigned long long)s->e->judged, f->preemptions, f->preemptions == 1 ? "" : "s", f->steps,
                  f->steps == 1 ? "" : "s", f->schedule);
    tell_story(s, t);
}

/* In the thread, once all is looked at: the texts. */
static void put_into_words(struct app_survey *s)
{
    const struct cv_explore *e = s->e;
    uint32_t others = e->nviolations + e->goal.scheduled, n = others + (e->nfindings < FINDINGS ? e->nfindings : FINDINGS);
    s->told = cv_alloc((n + 1) * sizeof *s->told);
    s->rows = cv_alloc((n + 1) * sizeof *s->rows);
    for (uint32_t i = 0; i < e->nviolations; i++)
        add(s, i, &e->violations[i], false);
    if (e->goal.scheduled)
        add(s, others - 1, &e->goal, true);
    for (uint32_t i = others; i < n; i++)
        add_finding(s, i, &e->findings[i - others]);
    for (uint32_t i = 0; i < n; i++)
        s->rows[i] = (struct cv_ui_choice){s->told[i].head.at, s->told[i].story.at, i < e->nviolations || i >= others};
    cv_explore_summary(e, s->program, s->ascii, &s->top);
    s->n = n;
}

static void work(uv_work_t *w)
{
    struct app_survey *s = w->data;
    struct cv_explore_options options = {.parts = CV_EXPLORE_ALL, .memory = MEMORY, .time_ns = 10 * (uint64_t)PART_NS, .stop = &s->stop, .progress = progress, .to = s};
    struct app_judge judge;
    app_judge_begin(&judge, s->program, &s->order, options.time_ns / 2, false);
    options.judge = app_judge_trace;
    options.findings = &judge;
    options.latest = judge.info.nguards > 0;
    s->e = cv_explore_run(s->program, &s->order, &options, &s->why);
    app_judge_end(&judge, s->e);
    if (s->e)
        put_into_words(s);
    atomic_store(&s->done, true);
}

static void worked(uv_work_t *w, int status)
{
    struct app_survey *s = w->data;
    (void)status;
    s->back = true;
}

struct app_survey *app_survey_begin(uv_loop_t *loop, struct cv_ui *ui, const struct cv_program *p, const struct cv_order *o, bool ascii)
{
    struct app_survey *s = cv_alloc(sizeof *s);
    static const char *const rules[] = {"async", "threads", "processes"};
    s->loop = loop;
    s->ui = ui;
    s->program = p;
    s->order = *o;
    s->ascii = ascii;
    s->work.data = s;
    cv_buf_printf(&s->title, "All schedules under the rules of %s", rules[o->model]);
    s->choices = (struct cv_ui_choices){.title = s->title.at, .top = "looking at them …", .busy = true};
    if (uv_queue_work(loop, &s->work, work, worked) != 0) {
        s->choices.top = "there is no thread to look at them";
        s->choices.busy = false;
        s->back = true;
    }
    cv_ui_choices(ui, &s->choices);
    return s;
}

bool app_survey_over(const struct app_survey *s) { return s->shown; }

bool app_survey_tick(struct app_survey *s)
{
    uint64_t now = cv_mono_ns();
    if (s->shown || (!atomic_load(&s->done) && now - s->drawn_ns < 200000000))
        return false;
    s->drawn_ns = now;
    if (!atomic_load(&s->done)) {
        const char *what = atomic_load(&s->what);
        if (!what)
            return false;
        snprintf(s->progress, sizeof s->progress, "looking at them: %s, %llu", what, (unsigned long long)atomic_load(&s->count));
        s->choices.top = s->progress; /* the thread writes top */
        return true;
    }
    if (!s->back)
        return false;
    s->shown = true;
    if (s->e)
        s->choices.top = s->top.at, s->choices.rows = s->rows, s->choices.n = s->n;
    else
        s->choices.top = s->why.at ? s->why.at : "they cannot be looked at";
    s->choices.busy = false;
    cv_ui_choices(s->ui, &s->choices);
    return true;
}

const char *app_survey_schedule(const struct app_survey *s, uint32_t choice, const char **story)
{
    if (!s->shown || choice >= s->choices.n)
        return NULL;
    *story = s->told[choice].story.at;
    return s->told[choice].schedule;
}

void app_survey_wrap(const char *text, int width, struct cv_buf *out)
{
    int used = 0;
    cv_buf_str(out, "");
    while (*text) {
        size_t n = strcspn(text, " "), length;
        int w = 0;
        for (size_t i = 0; i < n; i += length)
            w += cv_text_width(cv_utf8(text + i, n - i, &length));
        if (used && used + 1 + w > width) {
            cv_buf_str(out, "\n");
            used = 0;
        } else if (used) {
            cv_buf_str(out, " ");
            used++;
        }
        cv_buf_add(out, text, n);
        used += w;
        text += n + strspn(text + n, " ");
    }
}

void app_survey_end(struct app_survey *s)
{
    if (!s)
        return;
    s->stop = 1;
    cv_ui_choices(s->ui, NULL);
    while (!s->back)
        uv_run(s->loop, UV_RUN_ONCE);
    for (uint32_t i = 0; s->told && i < s->n; i++) {
        cv_buf_release(&s->told[i].head);
        cv_buf_release(&s->told[i].story);
    }
    free(s->told);
    free(s->rows);
    cv_explore_free(s->e);
    cv_buf_release(&s->why);
    cv_buf_release(&s->top);
    cv_buf_release(&s->title);
    free(s);
}
