/* One run being played: session, kernel source, cores, reader and model, driven by a tick every 10 ms. Under the stepped
 * model time is virtual, and neither the kernel nor the cores have anything to say. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/record.h"

enum { ATTACH_NS = 2000000000 };

bool app_loop(uv_loop_t *loop)
{
    struct rlimit l = {0};
    int error = uv_loop_init(loop);
    getrlimit(RLIMIT_NOFILE, &l);
    if (error < 0)
        app_say(APP_REFUSED, "no event loop: %s (RLIMIT_NOFILE is %llu)", uv_strerror(error), (unsigned long long)l.rlim_cur);
    return error >= 0;
}

bool app_play_start(struct app_play *y, uv_loop_t *loop, const char *exe, const struct cv_program *p, const struct cv_order *o,
                    const struct cv_topo *topo, const char *only, struct cv_buf *why)
{
    *y = (struct app_play){.program = p, .order = *o, .topo = topo, .only = only, .watch = y->watch, .to = y->to, .unwatched = y->unwatched, .aside = y->aside, .history = y->history,
                           .saving = y->saving, .born_ns = cv_mono_ns()};
    y->session = cv_session_new(loop, exe, p, o, why);
    if (!y->session)
        return false;
    app_guard_run(cv_session_pid(y->session));
    y->reader = cv_reader_new(cv_session_shm(y->session));
    y->model = cv_model_new(cv_session_info(y->session), cv_session_shm(y->session), y->history);
    return true;
}

static void take(void *to, const struct cv_event *e)
{
    struct app_play *y = to;
    if (!y->aside)
        cv_model_fold(y->model, e);
    if (y->watch)
        y->watch(y->to, e);
    if (y->saving)
        app_saving_event(y->saving, e);
}

void app_play_record(struct app_play *y, const struct app_record *r)
{
    *y = (struct app_play){.program = r->program, .order = r->order, .topo = r->topo, .record = r, .model = r->model, .history = y->history, .going = true, .over = true};
}

bool app_play_has(const struct app_play *y) { return y->session || y->record; }
const struct cv_shm *app_play_shm(const struct app_play *y) { return y->record ? cv_load_shm(y->record->loaded) : cv_session_shm(y->session); }
const struct cv_run_info *app_play_info(const struct app_play *y) { return y->record ? &y->record->info : cv_session_info(y->session); }
static const struct cv_reader *reader_of(const struct app_play *y) { return y->record ? cv_load_reader(y->record->loaded) : y->reader; }

/* Once the runner waits at the gate (or will never come): sources first, then the gate. */
static void try_to_go(struct app_play *y)
{
    const struct cv_shm *shm = cv_session_shm(y->session);
    if (!atomic_load(&shm->head->attached) && !atomic_load(&shm->head->error) && cv_mono_ns() - y->born_ns < ATTACH_NS)
        return;
    if (!y->order.stepped && !y->unwatched) {
        cv_source_open(&y->source, y->only, cv_session_pid(y->session), shm, y->topo);
        y->cores = cv_cores_open();
        if (!y->cores)
            cv_buf_str(&y->cores_why, "no /proc/stat");
    }
    if (y->saving)
        app_saving_begin(y->saving, y);
    cv_session_go(y->session, y->reader);
    if (y->cores)
        cv_cores_sample(y->cores, y->reader);
    y->going = true;
}

bool app_play_tick(struct app_play *y)
{
    if (!y->session || y->over)
        return true;
    if (!y->going) {
        try_to_go(y);
        return false;
    }
    y->over = cv_session_poll(y->session);
    if (y->over)
        cv_session_stop(y->session); /* nothing of it moves any more: what is read now is final */
    if (y->source.ops)
        y->source.ops->drain(y->source.self, y->reader, y->over);
    if (y->cores)
        cv_cores_sample(y->cores, y->reader);
    cv_reader_drain(y->reader, y->over, take, y);
    if (y->over)
        app_guard_run(0);
    else if (!y->order.stepped)
        cv_model_now(y->model, cv_reader_now(y->reader));
    return y->over;
}

const char *app_play_source(const struct app_play *y, const char **precision, const char **why)
{
    *why = "";
    if (y->record) {
        const struct cv_saved *h = cv_load_head(y->record->loaded);
        *precision = h->source_precision;
        *why = h->source_why;
        return h->source_name;
    }
    if (y->order.stepped) {
        *precision = "exact";
        *why = "virtual time: the interpreter makes every switch itself";
        return "stepped";
    }
    *precision = y->source.ops ? y->source.ops->precision : "";
    if (y->source.why.at)
        *why = y->source.why.at;
    return y->source.ops ? y->source.ops->name : "none";
}

const char *app_play_clock(const struct app_play *y)
{
    return y->record ? cv_load_head(y->record->loaded)->clock : y->order.stepped ? "virtual" : cv_clock_name();
}

struct cv_record_counts app_play_counts(const struct app_play *y) { return cv_reader_counts(reader_of(y)); }

void app_play_status(const struct app_play *y, struct cv_ui_status *s)
{
    s->events = app_play_counts(y);
    s->clock_name = app_play_clock(y);
    s->cores_why = y->cores_why.at;
    const struct cv_shm *shm = app_play_has(y) ? app_play_shm(y) : NULL;
    uint64_t tasks = shm && !y->order.stepped ? atomic_load(&shm->head->peak_tasks) : 0;
    s->task_bytes = tasks ? atomic_load(&shm->head->task_bytes) / tasks : 0;
    if (y->going)
        s->source_name = app_play_source(y, &s->source_precision, &s->source_why);
}

int app_play_tried(const struct app_play *y, uint32_t source)
{
    static const int states[] = {[CV_SOURCE_UNTRIED] = 0, [CV_SOURCE_REFUSED] = -1, [CV_SOURCE_OPEN] = 1};
    return states[y->source.tried[source].state];
}

static void sources(const struct app_play *y, struct cv_summary *s)
{
    const struct cv_saved *h = y->record ? cv_load_head(y->record->loaded) : NULL;
    s->source_name = app_play_source(y, &s->source_precision, &s->source_why);
    s->source_exact = h ? h->source_exact : y->order.stepped || (y->source.ops && y->source.ops->exact);
    for (uint32_t i = 0; h && i < h->ntried; i++)
        s->sources[s->nsources++] = (struct cv_summary_source){h->tried[i].name, h->tried[i].why, h->tried[i].state};
    for (uint32_t i = 0; y->source.ops && i < CV_SOURCES; i++)
        s->sources[s->nsources++] = (struct cv_summary_source){cv_sources[i]->name, y->source.tried[i].why.at, app_play_tried(y, i)};
}

struct cv_summary *app_play_summary(const struct app_play *y)
{
    struct cv_summary *s = cv_summary_new(y->model, reader_of(y));
    sources(y, s);
    s->clock_name = app_play_clock(y);
    for (uint32_t v = 0; v < s->nvars; v++) {
        struct cv_cell cell;
        const struct cv_cell *items = NULL;
        if (y->record ? cv_load_cell(y->record->loaded, v, &cell, &items) : cv_session_cell(y->session, v, &cell, &items))
            cv_summary_cells(s, app_play_shm(y), v, &cell, items);
    }
    s->preemptions = atomic_load(&app_play_shm(y)->head->preemptions);
    cv_expect_judge(y->program, &y->order, s);
    return s;
}

void app_play_end(struct app_play *y)
{
    y->model = y->record ? NULL : y->model; /* the record's own */
    y->record = NULL;
    if (!y->session)
        return;
    cv_session_stop(y->session);
    app_guard_run(0);
    if (y->source.ops)
        cv_source_close(&y->source);
    if (y->cores)
        cv_cores_close(y->cores);
    cv_buf_release(&y->cores_why);
    cv_model_free(y->model);
    cv_reader_free(y->reader);
    cv_session_free(y->session);
    *y = (struct app_play){.watch = y->watch, .to = y->to, .unwatched = y->unwatched, .aside = y->aside, .history = y->history};
}

static bool letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Is there an expectation that holds and speaks of this? */
static bool expected(const struct cv_summary *s, const char *word)
{
    size_t n = strlen(word);
    for (uint32_t i = 0; i < s->nexpects; i++) {
        const char *text = s->expects[i].text;
        for (const char *at = text; s->expects[i].holds == 1 && (at = strstr(at, word)); at += n)
            if (!(at > text && letter(at[-1])) && !letter(at[n]))
                return true;
    }
    return false;
}

int app_verdict(const struct cv_summary *s)
{
    for (uint32_t i = 0; i < s->nexpects; i++)
        if (s->expects[i].holds == CV_FAILS || s->expects[i].holds == CV_UNDECIDED)
            return APP_FAILED;
    switch (s->outcome) {
    case CV_OUT_FINISHED: return APP_OK;
    case CV_OUT_DEADLOCK: return expected(s, "deadlock") ? APP_OK : APP_FAILED;
    case CV_OUT_CRASHED: return expected(s, "failed") ? APP_OK : APP_FAILED;
    default: return APP_FAILED;
    }
}
