/* Reading a saved record, which comes from a stranger: entry by entry, each checked as a whole before it is handed out. What is said of
 * sizes is believed only as far as the bytes are there. The first thing that is wrong is kept, with its place, and ends the reading:
 * from then on every number is 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/saved.h"

enum { STRINGS = 64 << 20, FEW = 64 << 10, LONGEST = 8191 /* of a text among the events */, FINALS = 64 << 20, SHORT = 4096 /* of a text in front that is no scenario */ };
struct kept { struct cv_cell cell, *items; bool any; };
struct cv_loaded {
    FILE *from;
    struct cv_saved head;
    const struct cv_run_info *info;
    struct cv_shm shm;
    struct cv_reader *reader;
    struct cv_record_counts counts;
    struct saved_limits limits;
    CV_VEC(char *) texts;           /* of the head */
    CV_VEC(uint32_t) ids;           /* of the region, by ours - 1 */
    struct kept *cells;             /* by variable */
    uint64_t fingerprint, t, sum, base /* bytes before this piece */, entry /* where the entry begins */;
    uint64_t finals, finals_next;   /* cells of the finals so far; of them those of the row that comes next */
    uint32_t rows;
    struct cv_buf wrong;            /* "": nothing so far */
    size_t at, n;
    unsigned char bytes[65536];
};

/* ── bytes ──────────────────────────────────────────────────────────────────────────────────────── */
static uint64_t place(const struct cv_loaded *l) { return l->base + l->at; }

static void wrong_at(struct cv_loaded *l, uint64_t at, const char *what)
{
    if (!l->wrong.n)
        cv_buf_printf(&l->wrong, "%s at byte %llu", what, (unsigned long long)at);
}

static bool refill(struct cv_loaded *l)
{
    if (l->wrong.n)
        return false;
    l->base += l->n;
    l->at = 0;
    errno = 0;
    l->n = fread(l->bytes, 1, sizeof l->bytes, l->from);
    if (!l->n && ferror(l->from))
        cv_buf_printf(&l->wrong, "it cannot be read: %s", strerror(errno ? errno : EIO));
    else if (!l->n)
        wrong_at(l, l->base, "it ends too early,");
    return l->n > 0;
}

static inline unsigned char get(struct cv_loaded *l)
{
    if (l->at == l->n && !refill(l))
        return 0;
    unsigned char byte = l->bytes[l->at++];
    l->sum = saved_sum(l->sum, byte);
    return byte;
}

static inline uint64_t get_number(struct cv_loaded *l)
{
    uint64_t n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned char byte = get(l);
        if (shift == 63 && byte > 1)
            break;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return l->wrong.n ? 0 : n;
    }
    wrong_at(l, place(l), "a number that is too large");
    return 0;
}

static uint64_t get_most(struct cv_loaded *l, uint64_t most, const char *what)
{
    uint64_t at = place(l), n = get_number(l);
    if (n <= most)
        return n;
    wrong_at(l, at, what);
    return 0;
}

static uint64_t get_fixed(struct cv_loaded *l)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)get(l) << 8 * i;
    return n;
}

/* ── what stands in front ───────────────────────────────────────────────────────────────────────── */
static const char *keep(struct cv_loaded *l, char *text)
{
    CV_PUSH(&l->texts, text);
    return text;
}

/* As it stands, terminated. */
static const char *get_bytes(struct cv_loaded *l, uint64_t most, size_t *length)
{
    struct cv_buf b = {0};
    uint64_t n = get_most(l, most, "a text that is too long");
    cv_buf_str(&b, "");
    for (uint64_t i = 0; i < n && !l->wrong.n; i++) {
        char byte = (char)get(l);
        cv_buf_add(&b, &byte, 1);
    }
    *length = b.n;
    return keep(l, b.at);
}

/* Cleaned. */
static const char *get_text(struct cv_loaded *l)
{
    size_t n;
    const char *text = get_bytes(l, SHORT, &n);
    struct cv_buf b = {0};
    cv_text_clean(&b, text, n);
    return keep(l, b.at ? b.at : cv_strndup("", 0));
}

/* "name=value\0" and so on. */
static bool are_params(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i += strlen(text + i) + 1)
        if (text[i] == '=' || !strchr(text + i, '='))
            return false;
    return n == 0 || text[n - 1] == 0;
}

static void read_head(struct cv_loaded *l)
{
    struct cv_saved *h = &l->head;
    size_t n;
    for (int i = 0; i < CV_SAVED_MAGIC; i++)
        if (get(l) != cv_saved_magic[i])
            wrong_at(l, (uint64_t)i, "it is no record:");
    uint64_t version = get_number(l);
    if (!l->wrong.n && version != SAVED_VERSION)
        cv_buf_printf(&l->wrong, "it is written in version %llu of the format, and this program reads version %d", (unsigned long long)version, SAVED_VERSION);
    l->fingerprint = get_fixed(l);
    h->scenario = get_text(l);
    h->source = get_bytes(l, CV_SAVED_TEXT, &h->source_length);
    uint64_t at = place(l);
    h->params = get_bytes(l, CV_SAVED_PARAMS - 1, &h->params_length);
    if (!are_params(h->params, h->params_length))
        wrong_at(l, at, "parameters that are none");
    at = place(l);
    h->schedule = get_bytes(l, CV_SAVED_TEXT, &n);
    if (strlen(h->schedule) != n)
        wrong_at(l, at, "a schedule that is none");
    h->machine = get_bytes(l, CV_SAVED_TEXT, &h->machine_length);
    h->clock = get_text(l);
    h->source_name = get_text(l);
    h->source_precision = get_text(l);
    h->source_why = get_text(l);
    h->ntried = (uint32_t)get_most(l, CV_SAVED_TRIED, "too many switch sources");
    for (uint32_t i = 0; i < h->ntried; i++) {
        h->tried[i].name = get_text(l);
        h->tried[i].why = get_text(l);
        h->tried[i].state = (int)get_most(l, 2, "a switch source in no state") - 1;
    }
    h->model = (enum cv_model_kind)get_most(l, CV_PROCESSES, "a model that there is not");
    uint64_t bits = get_most(l, 7, "a way to run that there is not");
    h->gil = bits & 1;
    h->stepped = bits & 2;
    h->source_exact = bits & 4;
    h->seed = get_number(l);
    at = place(l);
    h->max_tasks = (uint32_t)get_most(l, CV_MAX_TASKS, "too many tasks");
    if (!h->max_tasks)
        wrong_at(l, at, "a run without a task");
}

/* Says what is wrong, if anything is. */
static bool right(const struct cv_loaded *l, struct cv_buf *why)
{
    cv_buf_str(why, l->wrong.n ? l->wrong.at : "");
    return !l->wrong.n;
}

struct cv_loaded *cv_load_open(FILE *from, struct cv_buf *why)
{
    struct cv_loaded *l = cv_alloc(sizeof *l);
    l->from = from;
    l->shm.fd = -1;
    l->sum = SAVED_SUM_BEGIN;
    read_head(l);
    if (right(l, why))
        return l;
    cv_load_free(l);
    return NULL;
}

const struct cv_saved *cv_load_head(const struct cv_loaded *l) { return &l->head; }

/* Room for the texts: a table in which as many as there are bytes are easily found, no larger than a run's own. */
static size_t string_bytes(FILE *f)
{
    off_t here = ftello(f), size = here >= 0 && fseeko(f, 0, SEEK_END) == 0 ? ftello(f) : -1;
    if (here >= 0)
        fseeko(f, here, SEEK_SET);
    return size < 0 || size >= STRINGS / 64 ? STRINGS : size * 64 < FEW ? FEW : (size_t)size * 64;
}

bool cv_load_region(struct cv_loaded *l, const struct cv_run_info *info, struct cv_buf *why)
{
    struct cv_shm_plan plan = {.max_tasks = l->head.max_tasks, .ring_records = 16, .string_bytes = string_bytes(l->from), .finals_bytes = info->model == CV_PROCESSES ? FINALS : 0};
    if (l->fingerprint != saved_fingerprint(info)) {
        cv_buf_str(why, "it is about a program that this version makes something else of");
        return false;
    }
    if (cv_shm_create(&l->shm, &plan) < 0) {
        cv_buf_printf(why, "no memory to read it into: %s", strerror(errno));
        return false;
    }
    l->info = info;
    l->limits = saved_limits(info, l->head.max_tasks);
    l->cells = cv_alloc((info->nvars + (size_t)1) * sizeof *l->cells);
    atomic_store(&l->shm.head->virtual_time, l->head.stepped);
    l->reader = reader_of_saved(&l->shm, &l->counts);
    return true;
}

/* ── texts and values ───────────────────────────────────────────────────────────────────────────── */
static void read_text(struct cv_loaded *l)
{
    char text[LONGEST];
    uint64_t n = get_most(l, LONGEST, "a text that is too long");
    for (uint64_t i = 0; i < n; i++)
        text[i] = (char)get(l);
    if (!l->wrong.n)
        CV_PUSH(&l->ids, cv_intern(&l->shm, text, n));
}

static uint32_t get_id(struct cv_loaded *l)
{
    uint64_t id = get_most(l, l->ids.n, "a text that was not told");
    return id ? l->ids.at[id - 1] : 0;
}

static uint32_t get_task(struct cv_loaded *l) { return (uint32_t)(get_most(l, CV_NO_TASK, "a task that cannot be") - 1) & 0xfffff; }

static uint64_t get_meta(struct cv_loaded *l)
{
    uint64_t tag = get_most(l, CV_TAG_TASK, "a value of no kind"), writer = get_task(l);
    return cv_meta((enum cv_tag)tag, (uint32_t)writer, get_most(l, 0xffffffffffu, "a version that cannot be"));
}

static struct cv_cell get_cell(struct cv_loaded *l)
{
    struct cv_cell c = {.meta = get_meta(l)};
    if (cv_meta_tag(c.meta) == CV_TAG_STRING) {
        c.payload = get_id(l);
        return c;
    }
    c.payload = get_number(l);
    if (cv_meta_tag(c.meta) == CV_TAG_INT)
        c.payload = c.payload >> 1 ^ (uint64_t)-(int64_t)(c.payload & 1);
    return c;
}

static struct cv_cell get_checked(struct cv_loaded *l, bool item)
{
    uint64_t at = place(l);
    struct cv_cell c = get_cell(l);
    const char *wrong = l->wrong.n ? NULL : saved_wrong_cell(&c, item);
    if (wrong)
        wrong_at(l, at, wrong);
    return c;
}

/* ── the log ────────────────────────────────────────────────────────────────────────────────────── */
static bool read_event(struct cv_loaded *l, unsigned kind, uint64_t flags, struct cv_event *e)
{
    uint64_t w[6] = {0};
    *e = (struct cv_event){.kind = (uint8_t)kind, .flags = (uint8_t)flags};
    if (flags > 15)
        wrong_at(l, l->entry, "flags that there are not");
    e->t = l->t + get_most(l, SAVED_LAST, "an instant that is too late");
    e->task = get_task(l);
    e->line = (uint16_t)get_most(l, UINT16_MAX, "a line behind the scenario's last");
    e->obj = (uint16_t)get_most(l, UINT16_MAX, "an object that cannot be");
    const char *words = saved_words[kind];
    for (int i = 0; words[i]; i++)
        switch (words[i]) {
        case 't': w[i] = get_id(l); break;
        case 'm': w[i] = get_meta(l); break;
        case 'n': w[i] = get_number(l); break;
        case 'c': {
            struct cv_cell c = get_cell(l);
            w[i] = c.payload;
            w[i + 1] = c.meta;
            break;
        }
        default: break;
        }
    e->a = w[0], e->b = w[1], e->c = w[2], e->d = w[3], e->e = w[4], e->f = w[5];
    const char *wrong = l->wrong.n ? NULL : saved_wrong(&l->limits, e);
    if (wrong)
        wrong_at(l, l->entry, wrong);
    l->t = e->t;
    return !l->wrong.n;
}

/* ── what it came to ────────────────────────────────────────────────────────────────────────────── */
static void read_cell(struct cv_loaded *l)
{
    uint64_t var = get_most(l, l->info->nvars ? l->info->nvars - 1 : 0, "a variable that the scenario has not"), items = get_most(l, 1, "a list that is none");
    struct cv_cell c = get_checked(l, false);
    if (l->wrong.n || !l->info->nvars || l->cells[var].any) {
        wrong_at(l, l->entry, "a value that was told before");
        return;
    }
    CV_VEC(struct cv_cell) all = {0};
    for (uint64_t i = 0; items && cv_meta_tag(c.meta) == CV_TAG_LIST && i < c.payload && !l->wrong.n; i++) {
        struct cv_cell one = get_checked(l, true);
        CV_PUSH(&all, one);
    }
    if (items && !all.at)
        all.at = cv_alloc(sizeof *all.at);
    l->cells[var] = (struct kept){c, all.at, true};
}

static void read_finals(struct cv_loaded *l)
{
    uint64_t n = get_most(l, l->shm.head->plan.finals_bytes / sizeof(struct cv_cell) - l->finals, "more values than there is room for");
    struct cv_cell *to = cv_shm_finals(&l->shm) + l->finals;
    if (l->finals_next)
        wrong_at(l, l->entry, "values of no task");
    for (uint64_t i = 0; i < n && !l->wrong.n; i++)
        to[i] = get_checked(l, false);
    l->finals_next = n;
}

static uint32_t get_32(struct cv_loaded *l) { return (uint32_t)get_most(l, UINT32_MAX, "a count that cannot be"); }

static void read_row(struct cv_loaded *l)
{
    if (l->rows >= l->head.max_tasks) {
        wrong_at(l, l->entry, "more tasks than there can be");
        return;
    }
    struct cv_row *row = cv_shm_row(&l->shm, l->rows++);
    atomic_store(&row->state, (uint32_t)get_most(l, CV_ROW_KILLED, "a task in no state"));
    row->name = get_id(l);
    row->body = get_32(l);
    atomic_store(&row->pid, get_32(l));
    atomic_store(&row->tid, get_32(l));
    row->failure = get_id(l);
    row->failure_line = (uint32_t)get_most(l, l->limits.lines, "a line behind the scenario's last");
    atomic_store(&row->serves, get_task(l));
    row->finals = (uint32_t)l->finals;
    row->nfinals = (uint32_t)get_most(l, l->finals_next, "values that were not told");
    l->finals += l->finals_next;
    l->finals_next = 0;
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        atomic_store(&row->causes[k], get_32(l));
    atomic_store(&row->cpu_ns, get_number(l));
    atomic_store(&row->voluntary, get_32(l));
    atomic_store(&row->involuntary, get_32(l));
    atomic_store(&row->yields, get_32(l));
    atomic_store(&row->accounted, get_number(l));
    for (int k = 0; k < 4; k++)
        atomic_store(&row->cores[k], get_number(l));
    atomic_store(&l->shm.head->ntasks, l->rows);
}

static void read_end(struct cv_loaded *l)
{
    struct cv_shm_head *h = l->shm.head;
    uint64_t all[14];
    for (size_t i = 0; i < CV_COUNT(all); i++)
        all[i] = get_number(l);
    l->counts = (struct cv_record_counts){all[0], all[1], all[2], all[3], all[4], all[5]};
    atomic_store(&h->output_lines, all[6]);
    atomic_store(&h->started, all[7]);
    atomic_store(&h->finished, all[8] ? all[8] - 1 : 0);
    atomic_store(&h->loop_iterations, all[9]);
    atomic_store(&h->loop_lag_ns, all[10]);
    atomic_store(&h->peak_tasks, all[11]);
    atomic_store(&h->task_bytes, all[12]);
    atomic_store(&h->preemptions, (uint32_t)all[13]);
    uint64_t sum = l->sum, at = place(l), told = get_fixed(l);
    if (told != sum)
        wrong_at(l, at, "it was damaged: its bytes do not come to the sum");
    if (l->wrong.n)
        return;
    if (l->at < l->n || fread(l->bytes, 1, 1, l->from) == 1)
        wrong_at(l, place(l), "it goes on behind its end,");
}

bool cv_load_run(struct cv_loaded *l, cv_event_fn *fn, void *to, struct cv_buf *why)
{
    for (bool over = false; !over && !l->wrong.n;) {
        l->entry = place(l);
        uint64_t tag = get_number(l);
        unsigned kind = tag & 63;
        struct cv_event e;
        if (l->wrong.n)
            break;
        if (tag >= 64 && (kind == SAVED_TEXT || kind >= SAVED_CELL))
            wrong_at(l, l->entry, "flags that there are not");
        else if (kind == SAVED_TEXT)
            read_text(l);
        else if (kind == SAVED_CELL)
            read_cell(l);
        else if (kind == SAVED_FINALS)
            read_finals(l);
        else if (kind == SAVED_ROW)
            read_row(l);
        else if (kind == SAVED_END)
            read_end(l), over = true;
        else if (kind >= CV_EV_COUNT)
            wrong_at(l, l->entry, "no event");
        else if (l->rows)
            wrong_at(l, l->entry, "an event behind the end of the run");
        else if (read_event(l, kind, tag >> 6, &e))
            fn(to, &e);
    }
    return right(l, why);
}

/* ── asked ──────────────────────────────────────────────────────────────────────────────────────── */
const struct cv_shm *cv_load_shm(const struct cv_loaded *l) { return &l->shm; }
const struct cv_reader *cv_load_reader(const struct cv_loaded *l) { return l->reader; }

bool cv_load_cell(const struct cv_loaded *l, uint32_t var, struct cv_cell *cell, const struct cv_cell **items)
{
    if (var >= l->info->nvars || !l->cells[var].any)
        return false;
    *cell = l->cells[var].cell;
    *items = l->cells[var].items;
    return true;
}

void cv_load_free(struct cv_loaded *l)
{
    if (!l)
        return;
    for (uint32_t v = 0; l->info && v < l->info->nvars; v++)
        free(l->cells[v].items);
    free(l->cells);
    cv_reader_free(l->reader);
    cv_shm_release(&l->shm);
    for (size_t i = 0; i < l->texts.n; i++)
        free(l->texts.at[i]);
    free(l->texts.at);
    free(l->ids.at);
    cv_buf_release(&l->wrong);
    free(l);
}
