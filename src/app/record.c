/* Saved records: a run that is written down while it is played, and one that is shown without being played. The scenario stands in the
 * record as its text, and is read anew, so that what the events are about comes from our own reader and not from the stranger's file. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/record.h"

/* ── writing ──────────────────────────────────────────────────────────────────────────────────────
 * Into a file beside the one that is wanted, which takes its name once it is whole: so there is never half a record of that name. */
struct app_saving {
    const char *asked;              /* as it was typed */
    char *path, *beside;            /* beside NULL: what is there is no plain file, and written to as it is */
    FILE *to;
    struct cv_topo *topo;           /* the machine, as render sees it */
    struct cv_saver *saver;         /* NULL: nothing stands in it yet */
};

static bool begins_as_record(FILE *f)
{
    unsigned char first[CV_SAVED_MAGIC];
    return f && fread(first, 1, sizeof first, f) == sizeof first && !memcmp(first, cv_saved_magic, sizeof first);
}

bool app_is_record(const char *path)
{
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
    bool is = begins_as_record(f);
    if (f)
        fclose(f);
    return is;
}

/* A new file in the folder of s->path. */
static FILE *open_beside(struct app_saving *s)
{
    struct cv_buf name = {0};
    char *copy = cv_strndup(s->path, strlen(s->path));
    cv_buf_printf(&name, "%s/.convis-XXXXXX", dirname(copy));
    free(copy);
    int fd = mkostemp(name.at, O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f) {
        mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        s->beside = name.at;
        return f;
    }
    if (fd >= 0) {
        int error = errno;
        unlink(name.at);
        close(fd);
        errno = error;
    }
    cv_buf_release(&name);
    return NULL;
}

struct app_saving *app_saving_new(const char *path)
{
    struct app_saving *s = cv_alloc(sizeof *s);
    struct stat st;
    bool there = stat(path, &st) == 0, plain = !there || S_ISREG(st.st_mode);
    s->asked = path;
    s->path = there ? realpath(path, NULL) : cv_strndup(path, strlen(path));
    if (!s->path)
        app_say(APP_REFUSED, "cannot write '%s': %s", path, strerror(errno));
    else if (there && plain && st.st_size && !app_is_record(path))
        app_say(APP_WRONG, "--record: '%s' is there, and no record: it is left as it is", path);
    else if (!(s->to = plain ? open_beside(s) : fopen(s->path, "we")))
        app_say(APP_REFUSED, "cannot write '%s': %s", path, strerror(errno));
    s->topo = s->to ? cv_topo_read() : NULL;
    if (s->to)
        return s;
    app_saving_drop(s);
    return NULL;
}

static size_t params_length(const char *params)
{
    size_t n = 0;
    while (params[n])
        n += strlen(params + n) + 1;
    return n;
}

void app_saving_begin(struct app_saving *s, const struct app_play *y)
{
    const char *precision, *why, *name = app_play_source(y, &precision, &why);
    const struct cv_order *o = &y->order;
    const struct cv_run_info *info = app_play_info(y);
    struct cv_buf machine = {0};
    cv_topo_pack(s->topo, &machine);
    struct cv_saved head = {.scenario = y->program->name, .source = y->program->source, .source_length = y->program->source_length,
                            .schedule = o->schedule ? o->schedule : "", .params = o->params, .params_length = params_length(o->params),
                            .machine = machine.at, .machine_length = machine.n, .clock = app_play_clock(y), .source_name = name, .source_precision = precision,
                            .source_why = why, .source_exact = o->stepped || (y->source.ops && y->source.ops->exact), .model = o->model, .gil = o->gil,
                            .stepped = o->stepped, .seed = o->seed,
                            .max_tasks = app_play_shm(y)->head->plan.max_tasks};
    for (uint32_t i = 0; y->source.ops && i < CV_SOURCES && i < CV_SAVED_TRIED; i++, head.ntried++) {
        head.tried[i].name = cv_sources[i]->name;
        head.tried[i].why = y->source.tried[i].why.at;
        head.tried[i].state = app_play_tried(y, i);
    }
    s->saver = cv_save_begin(s->to, &head, info, app_play_shm(y));
    cv_buf_release(&machine);
}

void app_saving_event(struct app_saving *s, const struct cv_event *e) { cv_save_event(s->saver, e); }

static void cells(struct app_saving *s, const struct app_play *y)
{
    for (uint32_t v = 0; v < app_play_info(y)->nvars; v++) {
        struct cv_cell cell;
        const struct cv_cell *items = NULL;
        if (cv_session_cell(y->session, v, &cell, &items))
            cv_save_cell(s->saver, v, &cell, items);
    }
}

bool app_saving_end(struct app_saving *s, const struct app_play *y)
{
    struct cv_buf why = {0};
    if (!s->saver) {
        app_saving_drop(s);
        return true;
    }
    cells(s, y);
    bool right = cv_save_end(s->saver, y->reader, &why);
    s->saver = NULL;
    if (fclose(s->to) != 0 && right) {
        cv_buf_str(&why, strerror(errno));
        right = false;
    }
    s->to = NULL;
    if (right && s->beside && rename(s->beside, s->path) < 0) {
        cv_buf_str(&why, strerror(errno));
        right = false;
    }
    if (right && s->beside) {
        free(s->beside);
        s->beside = NULL;
    }
    if (!right)
        app_say(APP_REFUSED, "cannot write '%s': %s", s->asked, why.at);
    cv_buf_release(&why);
    app_saving_drop(s);
    return right;
}

void app_saving_drop(struct app_saving *s)
{
    struct cv_buf ignored = {0};
    if (!s)
        return;
    if (s->saver)
        cv_save_end(s->saver, NULL, &ignored);
    cv_buf_release(&ignored);
    if (s->to)
        fclose(s->to);
    if (s->beside)
        unlink(s->beside);
    cv_topo_free(s->topo);
    free(s->beside);
    free(s->path);
    free(s);
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */
static int damaged(const char *path, const char *why) { return app_say(APP_WRONG, "%s: %s", path, why); }

static struct cv_program *program_of(const char *path, const struct cv_saved *h)
{
    struct cv_override overrides[CV_LIMIT_PARAMS];
    char params[CV_SAVED_PARAMS] = {0};
    struct cv_diags diags = {0};
    size_t n = 0;
    memcpy(params, h->params, h->params_length);
    for (size_t at = 0; at < h->params_length && n < CV_COUNT(overrides);) {
        size_t length = strlen(params + at);
        char *value = strchr(params + at, '=');
        *value = 0;
        overrides[n++] = (struct cv_override){params + at, value + 1};
        at += length + 1;
    }
    struct cv_program *p = cv_program_read(h->scenario, h->source, h->source_length, overrides, n, &diags);
    cv_diags_sort(&diags);
    if (!p) {
        app_say(APP_WRONG, "%s: the scenario in this record does not read:", path);
        cv_diags_print(stderr, &diags, h->scenario, h->source, h->source_length);
    }
    cv_diags_release(&diags);
    return p;
}

/* What the record's run was ordered to be; limits and the like as the command line has them. Each task takes memory, so no more are
 * taken from a stranger than a run may have that nobody allowed more. */
static bool order_of(const struct app_args *a, const char *path, const struct cv_saved *h, struct app_record *r)
{
    enum { TASKS = 1 << 17 };
    if (!app_order(a, r->program, &r->order))
        return false;
    if (h->max_tasks > TASKS && h->max_tasks > r->order.max_tasks) {
        app_say(APP_WRONG, "%s: it is of a run that could have %u tasks: --max-tasks %u lets it", path, h->max_tasks, h->max_tasks);
        return false;
    }
    r->order.model = h->model;
    r->order.gil = h->gil;
    r->order.stepped = h->stepped;
    r->order.seed = h->seed;
    if (h->stepped && !r->program->pool) /* as any such run has it */
        r->order.pool = CV_STEPPED_POOL;
    r->order.schedule = *h->schedule ? h->schedule : r->program->schedule;
    memset(r->order.params, 0, sizeof r->order.params);
    memcpy(r->order.params, h->params, h->params_length);
    return true;
}

static bool open_record(const struct app_args *a, const char *path, struct app_record *r)
{
    struct cv_buf why = {0};
    if (!(r->from = fopen(path, "re"))) {
        app_say(APP_WRONG, "cannot read '%s': %s", path, strerror(errno));
        return false;
    }
    r->loaded = cv_load_open(r->from, &why);
    const struct cv_saved *h = r->loaded ? cv_load_head(r->loaded) : NULL;
    bool right = h && (r->program = program_of(path, h)) && order_of(a, path, h, r);
    if (right) {
        cv_run_info_make(&r->info, r->program, &r->order);
        right = cv_load_region(r->loaded, &r->info, &why);
    }
    if (right && !(r->topo = cv_topo_unpack(h->machine, h->machine_length))) {
        cv_buf_str(&why, "the machine in it is none");
        right = false;
    }
    if (!right && why.n)
        damaged(path, why.at);
    cv_buf_release(&why);
    return right;
}

struct listeners { struct cv_model *model; cv_event_fn *watch; void *to; };
static void tell(void *to, const struct cv_event *e)
{
    const struct listeners *l = to;
    cv_model_fold(l->model, e);
    if (l->watch)
        l->watch(l->to, e);
}

bool app_record_open(const struct app_args *a, const char *path, struct app_record *r, cv_event_fn *watch, void *to)
{
    struct cv_buf why = {0};
    *r = (struct app_record){0};
    if (a->model || a->gil || a->noverrides || a->schedule || a->source || a->watch) {
        app_say(APP_WRONG, "'%s' is a record: it was run as it was run, and takes no model, parameter, schedule or switch source, nor --watch", path);
        return false;
    }
    bool right = open_record(a, path, r);
    if (right) {
        struct listeners l = {r->model = cv_model_new(&r->info, cv_load_shm(r->loaded), a->history), watch, to};
        right = cv_load_run(r->loaded, tell, &l, &why);
        if (!right)
            damaged(path, why.at);
    }
    cv_buf_release(&why);
    if (!right)
        app_record_release(r);
    return right;
}

void app_record_release(struct app_record *r)
{
    cv_model_free(r->model);
    cv_load_free(r->loaded);
    cv_run_info_release(&r->info);
    cv_program_free(r->program);
    cv_topo_free(r->topo);
    if (r->from)
        fclose(r->from);
    *r = (struct app_record){0};
}
