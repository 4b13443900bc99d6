/* The perf tier: every switch of every thread and forked process of the run, from the kernel itself. One event a core of
 * the run's affinity mask, inherited by whatever the runner creates, each with a buffer of its own (an inherited event
 * on all cores at once opens but cannot be mapped). Nobody is woken by it: the parent drains every 10 ms.
 *
 * An event names a tid. Those whose task row is not known yet are held back for a few drains (the thread has not come to
 * publish its tid), then dropped: they are the runner's own threads. */
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/perf_ring.h"
#include "source/tids.h"
#include "source/tiers.h"

enum {
    MAX_CPUS = 1 << 16,
    MOST_PAGES = 128, /* 512 KiB and a head: what perf_event_mlock_kb grants for a core by default */
    LEAST_PAGES = 2,
    MOST_BYTES = 64 << 20, /* of all buffers together */
    HOLD_DRAINS = 8,
    MOST_HELD = 1 << 16,
};
#ifndef PERF_FORMAT_LOST /* since Linux 6.0 */
#define PERF_FORMAT_LOST (1u << 4)
#endif
/* lost: records that the kernel told us of; last_t: of the last record of this core; full: by the last look there was no room left. */
struct core { int fd; unsigned cpu; unsigned char *map; size_t bytes, data; uint64_t lost, last_t; bool counts, full; };
struct held { struct cv_event e; uint32_t tid; unsigned drains; };
struct perf {
    const struct cv_shm *shm;
    struct source_tids tids;
    struct core *cores; uint32_t ncores;
    CV_VEC(struct held) now;      /* of this drain and what was held back before, sorted by time before it is pushed */
    struct core *from;            /* whose records are being taken, and for whom */
    struct cv_reader *reader;
};

/* ── opening ────────────────────────────────────────────────────────────────────────────────────── */
static int open_event(pid_t pid, int cpu, bool counts)
{
    struct perf_event_attr a = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
        .inherit = 1, .exclude_kernel = 1, .exclude_hv = 1, .sample_id_all = 1, .context_switch = 1,
        .watermark = 1, .wakeup_watermark = 1u << 30, /* never: nobody polls */
        .use_clockid = 1, .clockid = CLOCK_MONOTONIC_RAW,
        .read_format = counts ? PERF_FORMAT_LOST : 0, /* reading it says how many records were lost in all */
    };
    return (int)syscall(SYS_perf_event_open, &a, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool map_event(struct core *c, size_t most)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = most; pages >= LEAST_PAGES; pages /= 2) {
        c->data = pages * page;
        c->bytes = c->data + page;
        c->map = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
        if (c->map != MAP_FAILED)
            return true;
    }
    c->map = NULL;
    return false;
}

/* The call, the system's word, and what a person can look at. */
static void refused(struct cv_buf *why, const char *call, int error, const char *hint)
{
    cv_buf_printf(why, "%s%s: %s", why->n ? "; " : "", call, strerror(error));
    FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    int level;
    if (hint)
        cv_buf_printf(why, " (%s)", hint);
    else if ((error == EACCES || error == EPERM) && f && fscanf(f, "%d", &level) == 1)
        cv_buf_printf(why, " (perf_event_paranoid is %d%s)", level, level <= 2 ? "; a container may forbid the call" : "");
    if (f)
        fclose(f);
}

static void close_core(struct core *c)
{
    if (c->map)
        munmap(c->map, c->bytes);
    if (c->fd >= 0)
        close(c->fd);
}

static void perf_close(void *self)
{
    struct perf *p = self;
    for (uint32_t i = 0; i < p->ncores; i++)
        close_core(&p->cores[i]);
    free(p->cores);
    free(p->now.at);
    source_tids_release(&p->tids);
    free(p);
}

/* The cores the run may be on, as the kernel numbers them: asked of the run itself, so that a synthetic topology does not
 * mislead. */
static cpu_set_t *cores_of(pid_t pid, size_t *bytes)
{
    for (unsigned n = 1024; n <= MAX_CPUS; n *= 2) {
        cpu_set_t *set = CPU_ALLOC(n);
        *bytes = CPU_ALLOC_SIZE(n);
        if (!set)
            return NULL;
        CPU_ZERO_S(*bytes, set);
        if (!sched_getaffinity(pid, *bytes, set))
            return set;
        CPU_FREE(set);
        if (errno != EINVAL)
            return NULL;
    }
    return NULL;
}

static bool open_cores(struct perf *p, pid_t pid, struct cv_buf *why)
{
    size_t bytes;
    cpu_set_t *set = cores_of(pid, &bytes);
    if (!set) {
        refused(why, "sched_getaffinity", errno, NULL);
        return false;
    }
    size_t count = (size_t)CPU_COUNT_S(bytes, set), pages = MOST_PAGES, page = (size_t)sysconf(_SC_PAGESIZE);
    while (pages > LEAST_PAGES && pages * page * count > MOST_BYTES)
        pages /= 2;
    p->cores = cv_alloc((count ? count : 1) * sizeof *p->cores);
    const char *call = NULL, *hint = NULL;
    int error = 0;
    for (unsigned cpu = 0; !call && p->ncores < count && cpu < bytes * 8; cpu++) {
        if (!CPU_ISSET_S(cpu, bytes, set))
            continue;
        struct core *c = &p->cores[p->ncores];
        *c = (struct core){.fd = open_event(pid, (int)cpu, true), .cpu = cpu, .counts = true};
        if (c->fd < 0 && errno == EINVAL)
            *c = (struct core){.fd = open_event(pid, (int)cpu, false), .cpu = cpu};
        if (c->fd < 0 && errno == ENODEV) { /* went offline meanwhile */
            count--;
            continue;
        }
        if (c->fd < 0) {
            call = "perf_event_open";
            error = errno;
            hint = error == ENOSYS ? "the kernel has no perf events, or a container forbids the call" : NULL;
        } else if (!map_event(c, pages)) {
            call = "mmap of a perf buffer";
            error = errno;
            hint = error == EPERM ? "perf_event_mlock_kb and RLIMIT_MEMLOCK are used up" : NULL;
            close(c->fd);
        } else {
            p->ncores++;
        }
    }
    CPU_FREE(set);
    if (!call && p->ncores)
        return true;
    refused(why, call ? call : "perf_event_open", call ? error : ENODEV, hint);
    return false;
}

static void *perf_open(pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo, struct cv_buf *why)
{
    (void)topo;
    struct perf *p = cv_alloc(sizeof *p);
    p->shm = shm;
    source_tids_init(&p->tids, shm);
    if (open_cores(p, pid, why))
        return p;
    perf_close(p);
    return NULL;
}

/* ── draining ───────────────────────────────────────────────────────────────────────────────────── */
static void on_switch(void *to, const struct perf_switch *s)
{
    struct perf *p = to;
    p->from->last_t = s->t;
    if ((int32_t)s->tid <= 0) /* a thread that was gone already when the kernel wanted to name it */
        return;
    struct held h = {.tid = s->tid};
    h.e = (struct cv_event){.t = s->t, .kind = s->in ? CV_EV_SWITCH_IN : CV_EV_SWITCH_OUT, .obj = (uint16_t)s->cpu,
                            .task = CV_NO_TASK, .a = s->tid, .b = s->preempted};
    CV_PUSH(&p->now, h);
}

/* They were lost between the record before this one, on this core, and t. */
static void on_lost(void *to, uint64_t t, uint64_t records)
{
    struct perf *p = to;
    struct core *c = p->from;
    t = t ? t : cv_mono_ns();
    struct cv_event e = {.t = t, .kind = CV_EV_LOST, .task = CV_NO_TASK, .a = records, .b = 1, .c = c->last_t && c->last_t < t ? t - c->last_t : 0};
    c->lost += records;
    c->last_t = t;
    if (!atomic_load(&p->shm->head->virtual_time)) /* the kernel's instants have no place in virtual time */
        cv_reader_push(p->reader, &e);
}

static void take_core(struct perf *p, struct core *c)
{
    enum { LARGEST = 64 }; /* record of those we ask for */
    struct perf_event_mmap_page *page = (void *)c->map;
    const unsigned char *ring = c->map + (c->bytes - c->data);
    uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
    struct perf_taken taken = {on_switch, on_lost, p};
    p->from = c;
    c->full = head - page->data_tail + LARGEST > c->data;
    uint64_t tail = source_perf_take(ring, c->data, page->data_tail, head, &taken);
    __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

/* The kernel tells of a loss in front of the next record that gets in. Where none did any more, the event's own count has it; an
 * old kernel has none, and a buffer that was full is said to have lost one at least. */
static void take_losses(struct perf *p, struct core *c)
{
    struct { uint64_t value, lost; } count = {0, 0};
    p->from = c;
    if (c->counts && read(c->fd, &count, sizeof count) == sizeof count) {
        if (count.lost > c->lost)
            on_lost(p, 0, count.lost - c->lost);
    } else if (c->full) {
        on_lost(p, 0, 1);
    }
}

/* By time; a switch out before a switch in at the same nanosecond, as it must have been on one core. */
static int by_time(const void *x, const void *y)
{
    const struct cv_event *a = &((const struct held *)x)->e, *b = &((const struct held *)y)->e;
    if (a->t != b->t)
        return a->t < b->t ? -1 : 1;
    return (a->kind == CV_EV_SWITCH_IN) - (b->kind == CV_EV_SWITCH_IN);
}

/* Nobody, or one that has ended: its number may be another's by now. Either is worth a look at the rows. */
static bool doubtful(const struct perf *p, uint32_t task)
{
    return task == CV_NO_TASK || atomic_load_explicit(&cv_shm_row(p->shm, task)->state, memory_order_relaxed) >= CV_ROW_DONE;
}

/* Whether the kernel's own account in the row has it: the first thread lived before the run, and each a little behind its last act. */
static unsigned beside_account(const struct perf *p, const struct cv_event *e)
{
    uint64_t end = atomic_load_explicit(&cv_shm_row(p->shm, e->task)->accounted, memory_order_relaxed);
    bool before = e->task == 0 && e->t < atomic_load_explicit(&p->shm->head->base_ns, memory_order_relaxed);
    return before || (end && e->t > end) ? CV_F_BESIDE : 0;
}

/* Pushes what has a task; keeps what may still get one. */
static void push(struct perf *p, struct cv_reader *reader, bool last)
{
    bool scanned = false;
    size_t kept = 0;
    for (size_t i = 0; i < p->now.n; i++) {
        struct held *h = &p->now.at[i];
        uint32_t task = source_tids_find(&p->tids, h->tid);
        if (!scanned && doubtful(p, task)) {
            source_tids_scan(&p->tids, UINT32_MAX, NULL, NULL);
            scanned = true;
            task = source_tids_find(&p->tids, h->tid);
        }
        if (task != CV_NO_TASK) {
            h->e.task = task;
            if (h->e.kind == CV_EV_SWITCH_OUT)
                h->e.flags = (uint8_t)beside_account(p, &h->e);
            cv_reader_push(reader, &h->e);
        } else if (!last && ++h->drains <= HOLD_DRAINS && kept < MOST_HELD) {
            p->now.at[kept++] = *h;
        }
    }
    p->now.n = kept;
}

static void perf_drain(void *self, struct cv_reader *reader, bool last)
{
    struct perf *p = self;
    p->reader = reader;
    for (uint32_t i = 0; i < p->ncores; i++) {
        take_core(p, &p->cores[i]);
        if (last)
            take_losses(p, &p->cores[i]);
    }
    if (atomic_load(&p->shm->head->virtual_time)) {
        p->now.n = 0;
        return;
    }
    if (p->now.n)
        qsort(p->now.at, p->now.n, sizeof *p->now.at, by_time);
    push(p, reader, last);
}

const struct cv_source_ops source_perf = {
    .name = "perf", .summary = "every switch, its instant and its core, from the kernel (perf events)", .precision = "exact", .exact = true,
    .open = perf_open, .drain = perf_drain, .close = perf_close,
};
