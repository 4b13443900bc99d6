/* Writing a saved record, as the events come: numbers are short where they are small, instants are told by what passed since the event
 * before, and a text is told once, in front of the first that speaks of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/saved.h"

struct cv_saver {
    FILE *to;
    const struct cv_shm *shm;
    const struct cv_run_info *info;
    struct saved_limits limits;
    CV_VEC(uint32_t) ids;         /* by the region's id, ours; 0: not told yet */
    uint32_t texts;
    uint64_t t, sum, taken;       /* t: of the event before; taken: cells of the finals */
    const char *wrong;            /* what could not be written; NULL: all could */
    uint8_t wrong_kind;
    int error;                    /* errno of the first write that failed */
    size_t n;
    unsigned char bytes[65536];
};

/* ── bytes ──────────────────────────────────────────────────────────────────────────────────────── */
static void flush(struct cv_saver *s)
{
    errno = 0;
    if (s->n && !s->error && fwrite(s->bytes, 1, s->n, s->to) != s->n)
        s->error = errno ? errno : EIO;
    s->n = 0;
}

static inline void put(struct cv_saver *s, unsigned char byte)
{
    if (s->n == sizeof s->bytes)
        flush(s);
    s->bytes[s->n++] = byte;
    s->sum = saved_sum(s->sum, byte);
}

static inline void put_number(struct cv_saver *s, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        put(s, (unsigned char)(n | 0x80));
    put(s, (unsigned char)n);
}

static void put_bytes(struct cv_saver *s, const char *text, size_t n)
{
    put_number(s, n);
    for (size_t i = 0; i < n; i++)
        put(s, (unsigned char)text[i]);
}

static void put_text(struct cv_saver *s, const char *text) { put_bytes(s, text ? text : "", text ? strlen(text) : 0); }

static void put_fixed(struct cv_saver *s, uint64_t n)
{
    for (int i = 0; i < 8; i++, n >>= 8)
        put(s, (unsigned char)n);
}

/* ── texts and values ───────────────────────────────────────────────────────────────────────────── */
/* Our id of a text; where it is new it is told first, so nothing of an entry may be written before this. */
static uint32_t id_of(struct cv_saver *s, uint64_t string)
{
    size_t n;
    const char *text = cv_string(s->shm, string <= UINT32_MAX ? (uint32_t)string : 0, &n);
    if (!string || !n)
        return 0;
    while (s->ids.n <= string)
        CV_PUSH(&s->ids, 0);
    if (!s->ids.at[string]) {
        s->ids.at[string] = ++s->texts;
        put_number(s, SAVED_TEXT);
        put_bytes(s, text, n);
    }
    return s->ids.at[string];
}

static void tell_cell(struct cv_saver *s, const struct cv_cell *c)
{
    if (cv_meta_tag(c->meta) == CV_TAG_STRING)
        id_of(s, c->payload);
}

static void put_meta(struct cv_saver *s, uint64_t meta)
{
    put_number(s, cv_meta_tag(meta));
    put_number(s, (cv_meta_writer(meta) + 1) & 0xfffff);
    put_number(s, cv_meta_version(meta));
}

static void put_cell(struct cv_saver *s, const struct cv_cell *c)
{
    put_meta(s, c->meta);
    if (cv_meta_tag(c->meta) == CV_TAG_INT) /* near 0 on either side is short */
        put_number(s, c->payload << 1 ^ (uint64_t)-(int64_t)(c->payload >> 63));
    else
        put_number(s, cv_meta_tag(c->meta) == CV_TAG_STRING ? id_of(s, c->payload) : c->payload);
}

/* ── what stands in front ───────────────────────────────────────────────────────────────────────── */
struct cv_saver *cv_save_begin(FILE *to, const struct cv_saved *head, const struct cv_run_info *info, const struct cv_shm *shm)
{
    struct cv_saver *s = cv_alloc(sizeof *s);
    s->to = to;
    s->shm = shm;
    s->info = info;
    s->sum = SAVED_SUM_BEGIN;
    s->limits = saved_limits(info, head->max_tasks);
    for (int i = 0; i < CV_SAVED_MAGIC; i++)
        put(s, cv_saved_magic[i]);
    put_number(s, SAVED_VERSION);
    put_fixed(s, saved_fingerprint(info));
    put_text(s, head->scenario);
    put_bytes(s, head->source, head->source_length);
    put_bytes(s, head->params, head->params_length);
    put_text(s, head->schedule);
    put_bytes(s, head->machine, head->machine_length);
    put_text(s, head->clock);
    put_text(s, head->source_name);
    put_text(s, head->source_precision);
    put_text(s, head->source_why);
    put_number(s, head->ntried);
    for (uint32_t i = 0; i < head->ntried; i++) {
        put_text(s, head->tried[i].name);
        put_text(s, head->tried[i].why);
        put_number(s, (uint64_t)(head->tried[i].state + 1));
    }
    put_number(s, head->model);
    put_number(s, (uint64_t)head->gil | (uint64_t)head->stepped << 1 | (uint64_t)head->source_exact << 2);
    put_number(s, head->seed);
    put_number(s, head->max_tasks);
    return s;
}

/* ── the log ────────────────────────────────────────────────────────────────────────────────────── */
void cv_save_event(struct cv_saver *s, const struct cv_event *event)
{
    struct cv_event e = *event;
    uint64_t w[6] = {e.a, e.b, e.c, e.d, e.e, e.f};
    e.t = e.t < s->t ? s->t : e.t; /* as the model takes it */
    const char *wrong = saved_wrong(&s->limits, &e), *words = saved_words[wrong ? CV_EV_NONE : e.kind];
    if (wrong && !s->wrong) {
        s->wrong = wrong;
        s->wrong_kind = e.kind < CV_EV_COUNT ? e.kind : CV_EV_NONE;
    }
    if (s->wrong)
        return;
    for (int i = 0; words[i]; i++)
        if (words[i] == 't')
            id_of(s, w[i]);
        else if (words[i] == 'c')
            tell_cell(s, &(struct cv_cell){w[i], w[i + 1]});
    put_number(s, (uint64_t)e.kind | (uint64_t)e.flags << 6);
    put_number(s, e.t - s->t);
    put_number(s, (e.task + 1) & 0xfffff);
    put_number(s, e.line);
    put_number(s, e.obj);
    for (int i = 0; words[i]; i++)
        switch (words[i]) {
        case 't': put_number(s, id_of(s, w[i])); break;
        case 'm': put_meta(s, w[i]); break;
        case 'c': put_cell(s, &(struct cv_cell){w[i], w[i + 1]}); break;
        case 'n': put_number(s, w[i]); break;
        default: break;
        }
    s->t = e.t;
}

/* ── what it came to ────────────────────────────────────────────────────────────────────────────── */
void cv_save_cell(struct cv_saver *s, uint32_t var, const struct cv_cell *cell, const struct cv_cell *items)
{
    uint64_t n = items && cv_meta_tag(cell->meta) == CV_TAG_LIST ? cell->payload : 0;
    if (saved_wrong_cell(cell, false) || n > CV_SAVED_LIST)
        return; /* torn by a process that died */
    tell_cell(s, cell);
    for (uint64_t i = 0; i < n; i++) {
        if (saved_wrong_cell(&items[i], true))
            return;
        tell_cell(s, &items[i]);
    }
    put_number(s, SAVED_CELL);
    put_number(s, var);
    put_number(s, items != NULL);
    put_cell(s, cell);
    for (uint64_t i = 0; i < n; i++)
        put_cell(s, &items[i]);
}

/* The cells that a process left at its end, in front of its row. */
static uint64_t put_finals(struct cv_saver *s, const struct cv_row *row)
{
    uint64_t room = s->shm->head->plan.finals_bytes / sizeof(struct cv_cell);
    const struct cv_cell *at = cv_shm_finals(s->shm) + row->finals;
    if (!row->nfinals || row->finals > room || row->nfinals > room - row->finals)
        return 0;
    for (uint32_t i = 0; i < row->nfinals; i++)
        if (saved_wrong_cell(&at[i], false))
            return 0;
    for (uint32_t i = 0; i < row->nfinals; i++)
        tell_cell(s, &at[i]);
    put_number(s, SAVED_FINALS);
    put_number(s, row->nfinals);
    for (uint32_t i = 0; i < row->nfinals; i++)
        put_cell(s, &at[i]);
    return row->nfinals;
}

static void put_row(struct cv_saver *s, const struct cv_row *row)
{
    uint64_t finals = put_finals(s, row);
    uint32_t state = atomic_load(&row->state), serves = atomic_load(&row->serves);
    id_of(s, row->name);
    id_of(s, row->failure);
    put_number(s, SAVED_ROW);
    put_number(s, state <= CV_ROW_KILLED ? state : CV_ROW_FREE);
    put_number(s, id_of(s, row->name));
    put_number(s, row->body);
    put_number(s, atomic_load(&row->pid));
    put_number(s, atomic_load(&row->tid));
    put_number(s, id_of(s, row->failure));
    put_number(s, row->failure_line);
    put_number(s, (serves + 1) & 0xfffff);
    put_number(s, finals);
    for (int k = 0; k < CV_CAUSE_COUNT; k++)
        put_number(s, atomic_load(&row->causes[k]));
    put_number(s, atomic_load(&row->cpu_ns));
    put_number(s, atomic_load(&row->voluntary));
    put_number(s, atomic_load(&row->involuntary));
    put_number(s, atomic_load(&row->yields));
    put_number(s, atomic_load(&row->accounted) != 0);
    for (int k = 0; k < 4; k++)
        put_number(s, atomic_load(&row->cores[k]));
}

static void put_end(struct cv_saver *s, const struct cv_reader *reader)
{
    const struct cv_shm_head *h = s->shm->head;
    struct cv_record_counts c = cv_reader_counts(reader);
    uint64_t started = atomic_load(&h->started), finished = atomic_load(&h->finished);
    const uint64_t all[] = {c.issued, c.recorded, c.overwritten, c.lost, c.kernel_recorded, c.kernel_lost, atomic_load(&h->output_lines),
                            started ? cv_reader_ns(reader, started) : 0, finished ? cv_reader_ns(reader, finished) + 1 : 0, atomic_load(&h->loop_iterations),
                            atomic_load(&h->loop_lag_ns), atomic_load(&h->peak_tasks), atomic_load(&h->task_bytes), atomic_load(&h->preemptions)};
    put_number(s, SAVED_END);
    for (size_t i = 0; i < CV_COUNT(all); i++)
        put_number(s, all[i]);
    put_fixed(s, s->sum);
}

bool cv_save_end(struct cv_saver *s, const struct cv_reader *reader, struct cv_buf *why)
{
    uint32_t n = atomic_load(&s->shm->head->ntasks);
    for (uint32_t i = 0; reader && i < n && i < s->limits.max_tasks; i++)
        put_row(s, cv_shm_row(s->shm, i));
    if (reader)
        put_end(s, reader);
    flush(s);
    bool right = !s->error && !s->wrong;
    if (s->error)
        cv_buf_str(why, strerror(s->error));
    else if (s->wrong)
        cv_buf_printf(why, "the run told of %s (%s)", s->wrong, cv_event_info[s->wrong_kind].name);
    free(s->ids.at);
    free(s);
    return right;
}
