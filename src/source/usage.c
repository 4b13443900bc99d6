/* The usage tier: counts without instants, for where perf is refused. Every drain reads schedstat of the run's threads (0.7 µs
 * on a kept file); status and stat only of those that were put on a core since, which schedstat tells: a thread off
 * its core has been switched out exactly as often as it was put on one.
 *
 * A drain looks at a bounded number of threads and goes round; only the first few hundred keep their files open. What a
 * thread did between its last look and its end comes from its task row, which it fills in itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "source/threadfile.h"
#include "source/tids.h"
#include "source/tiers.h"

enum {
    MOST_KEPT = 256,      /* threads whose files stay open */
    SPARE_FILES = 128,    /* left to the rest of the program */
    BUDGET = 512,         /* of one drain; a kept thread costs 1 */
    COST_UNKEPT = 8,
    SCAN_ROWS = 256,      /* rows without a tid looked at in one drain: coroutines never get one */
};
struct thread {
    struct source_thread_files files;
    uint32_t task;
    bool kept, primed;    /* primed: the counts below are a base line */
    uint64_t wait_ns, runs, voluntary, involuntary; /* as read last */
    uint64_t told_voluntary, told_involuntary;      /* pushed so far */
    uint64_t looked;      /* RAW ns of the last look; 0: none since it was born */
    uint32_t core;
};
struct usage {
    const struct cv_shm *shm;
    struct source_tids tids;
    CV_VEC(struct thread) threads; /* alive as far as we know */
    uint32_t kept, most_kept;
    size_t cursor;
    struct thread main;            /* the runner's first thread, its base line read before the gate */
};

static void start_thread(struct thread *t, uint32_t task, uint32_t pid, uint32_t tid)
{
    *t = (struct thread){.files = {pid, tid, {-1, -1, -1}}, .task = task};
}

static void found(void *to, uint32_t task, uint32_t tid)
{
    struct usage *u = to;
    struct thread t;
    if (tid == u->main.files.tid) {
        t = u->main;
        t.task = task;
        u->main.files.tid = 0; /* moved */
    } else {
        uint32_t pid = atomic_load(&cv_shm_row(u->shm, task)->pid);
        start_thread(&t, task, pid ? pid : tid, tid);
        t.primed = true; /* its whole life is the run's */
    }
    t.kept = u->kept < u->most_kept;
    u->kept += t.kept;
    CV_PUSH(&u->threads, t);
}

/* ── reading one thread ─────────────────────────────────────────────────────────────────────────── */
static void tell(struct cv_reader *reader, struct thread *t, uint64_t voluntary, uint64_t involuntary, uint64_t wait_ns)
{
    uint64_t now = cv_mono_ns(), since = t->looked ? now - t->looked : UINT64_MAX;
    struct cv_event e = {.t = now, .kind = CV_EV_USAGE, .task = t->task, .c = since ? since : 1,
                         .a = voluntary << 32 | (involuntary & UINT32_MAX), .b = (uint64_t)t->core << 32 | ((wait_ns / 1000) & UINT32_MAX)};
    cv_reader_push(reader, &e);
    t->told_voluntary += voluntary;
    t->told_involuntary += involuntary;
}

/* Reads what changed; pushes it unless reader is NULL (a base line). False: the thread is gone, or has written its last account,
 * behind which it may linger. */
static bool look(const struct usage *u, struct thread *t, struct cv_reader *reader)
{
    char text[8192];
    uint64_t wait_ns = t->wait_ns, runs = 0, voluntary = t->voluntary, involuntary = t->involuntary;
    uint32_t core = t->core;
    bool sched = source_thread_read(&t->files, SOURCE_SCHEDSTAT, text, sizeof text) > 0 && source_parse_schedstat(text, &wait_ns, &runs);
    if (sched && t->primed && runs == t->runs && runs == voluntary + involuntary) {
        t->looked = cv_mono_ns();
        return true; /* off its core since the last look */
    }
    if (source_thread_read(&t->files, SOURCE_STATUS, text, sizeof text) <= 0 || !source_parse_status(text, &voluntary, &involuntary))
        return false;
    if (source_thread_read(&t->files, SOURCE_STAT, text, sizeof text) > 0)
        source_parse_stat(text, &core);
    if (reader && atomic_load(&cv_shm_row(u->shm, t->task)->accounted))
        return false;
    bool moved = core != t->core;
    uint64_t more_voluntary = voluntary - t->voluntary, more_involuntary = involuntary - t->involuntary, waited = wait_ns - t->wait_ns;
    bool news = more_voluntary || more_involuntary || runs != t->runs || moved;
    t->core = core;
    t->runs = runs;
    t->voluntary = voluntary;
    t->involuntary = involuntary;
    t->wait_ns = wait_ns;
    if (reader && t->primed && news)
        tell(reader, t, more_voluntary, more_involuntary, waited);
    t->primed = true;
    t->looked = cv_mono_ns();
    return true;
}

/* What the thread's own account has beyond what was read. */
static void settle(struct usage *u, struct thread *t, struct cv_reader *reader)
{
    struct cv_row *row = cv_shm_row(u->shm, t->task);
    uint64_t v = atomic_load(&row->voluntary), i = atomic_load(&row->involuntary);
    uint64_t more_v = v > t->told_voluntary ? v - t->told_voluntary : 0, more_i = i > t->told_involuntary ? i - t->told_involuntary : 0;
    if (more_v || more_i)
        tell(reader, t, more_v, more_i, 0);
}

static void forget(struct usage *u, size_t at)
{
    struct thread *t = &u->threads.at[at];
    source_thread_close(&t->files);
    u->kept -= t->kept;
    *t = u->threads.at[--u->threads.n];
}

/* ── the table's functions ──────────────────────────────────────────────────────────────────────── */
static void *usage_open(pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo, struct cv_buf *why)
{
    (void)topo;
    (void)why;
    struct usage *u = cv_alloc(sizeof *u);
    u->shm = shm;
    source_tids_init(&u->tids, shm);
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    uint64_t spare = files.rlim_cur > SPARE_FILES ? (files.rlim_cur - SPARE_FILES) / SOURCE_FILES / 2 : 0;
    u->most_kept = spare < MOST_KEPT ? (uint32_t)spare : MOST_KEPT;
    start_thread(&u->main, 0, (uint32_t)pid, (uint32_t)pid);
    look(u, &u->main, NULL);
    source_thread_close(&u->main.files);
    return u;
}

static void usage_drain(void *self, struct cv_reader *reader, bool last)
{
    struct usage *u = self;
    if (atomic_load(&u->shm->head->virtual_time)) /* a count in real time has no place in virtual time */
        return;
    source_tids_scan(&u->tids, last ? UINT32_MAX : SCAN_ROWS, found, u);
    int budget = BUDGET;
    for (size_t n = u->threads.n; n && budget > 0 && u->threads.n && !last; n--) {
        if (u->cursor >= u->threads.n)
            u->cursor = 0;
        struct thread *t = &u->threads.at[u->cursor];
        budget -= t->kept ? 1 : COST_UNKEPT;
        bool alive = look(u, t, reader);
        if (!alive) {
            settle(u, t, reader);
            forget(u, u->cursor);
            continue;
        }
        if (!t->kept)
            source_thread_close(&t->files);
        u->cursor++;
    }
    while (last && u->threads.n) {
        struct thread *t = &u->threads.at[u->threads.n - 1];
        if (t->kept)
            look(u, t, reader);
        settle(u, t, reader);
        forget(u, u->threads.n - 1);
    }
}

static void usage_close(void *self)
{
    struct usage *u = self;
    for (size_t i = 0; i < u->threads.n; i++)
        source_thread_close(&u->threads.at[i].files);
    source_thread_close(&u->main.files);
    free(u->threads.at);
    source_tids_release(&u->tids);
    free(u);
}

const struct cv_source_ops source_usage = {
    .name = "usage", .summary = "counts of switches, looked at every 10 ms or so (/proc)", .precision = "within an interval",
    .open = usage_open, .drain = usage_drain, .close = usage_close,
};
