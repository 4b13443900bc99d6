/* Reading: every drain takes what the rings hold, as it stands, into one pending array per ring, so that the producers have
 * their room back at once, and hands out, decoded and merged by time, what is settled. The horizon is where the drain before stood: a producer that was preempted between its stamp and its store
 * has had that long to store. Whatever still comes late is given the time of the event before it. A single ring under
 * virtual time has nothing to wait for: all of it is settled at once.
 *
 * What stands in the region was written by another program, and is read as such: geometry and tails are kept here, a header
 * is read once and checked, a stamp from the future is now. */
#include <stdlib.h>
#include <string.h>

#include "trace/saved.h"

struct queue {              /* of a ring; of what is pushed only next is used */
    struct cv_record *at;
    size_t from, n, cap;
    struct cv_event next;   /* the first that was not handed out yet, if there is one */
    uint64_t now;           /* when records were taken last: none is from later */
    uint64_t last;          /* time of the event decoded last */
    uint64_t tail;          /* records taken, ever */
    uint64_t told;          /* losses that the producer's LOST events have told */
    uint64_t lost;          /* all losses of the producer, once the run is over */
    bool has_next;
};
struct pushed {
    struct cv_event *at;
    size_t from, n, cap;
    bool unsorted;
};
struct first {
    uint64_t t;
    uint32_t queue;
};
struct cv_reader {
    const struct cv_shm *shm;
    uint64_t rings_at, ring_stride, ring_records;
    uint32_t max_rings, max_tasks;
    struct queue *queues; /* one a ring; the last one is for what is pushed */
    struct pushed outside;
    struct first *heap;   /* queues with something settled, by the time of their first event */
    uint32_t nheap;
    struct cv_clock_pair zero, early, middle, late;
    uint64_t slope;          /* ns a tick << 32, of the line early-late; 0: there is none yet */
    uint64_t horizon;        /* events before it are settled */
    uint64_t out;            /* time of the event handed out last */
    uint64_t taken, dropped; /* records read; records that were malformed */
    uint64_t outside_taken, outside_lost; /* switches that the kernel told, records it lost */
    uint64_t spill_told;
    uint64_t finished;       /* when the run was, known at its end; 0: it was killed */
    bool virtual_time, started;
    const struct cv_record_counts *saved; /* of a saved record; NULL: it reads a run */
};

struct cv_reader *cv_reader_new(const struct cv_shm *shm)
{
    const struct cv_shm_head *h = shm->head;
    struct cv_reader *r = cv_alloc(sizeof *r);
    r->shm = shm;
    r->rings_at = h->rings_at;
    r->ring_stride = h->ring_stride;
    r->ring_records = h->plan.ring_records;
    r->max_rings = h->plan.max_rings;
    r->max_tasks = h->plan.max_tasks;
    r->queues = cv_alloc((r->max_rings + (size_t)1) * sizeof *r->queues);
    r->heap = cv_alloc((r->max_rings + (size_t)1) * sizeof *r->heap);
    r->virtual_time = atomic_load(&h->virtual_time);
    return r;
}

/* It has nothing to read: it knows how much was recorded, and that ticks are ns. counts must outlive it. */
struct cv_reader *reader_of_saved(const struct cv_shm *shm, const struct cv_record_counts *counts)
{
    struct cv_reader *r = cv_reader_new(shm);
    r->virtual_time = true;
    r->saved = counts;
    return r;
}

void cv_reader_free(struct cv_reader *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i <= r->max_rings; i++)
        free(r->queues[i].at);
    free(r->outside.at);
    free(r->queues);
    free(r->heap);
    free(r);
}

void cv_reader_start(struct cv_reader *r, struct cv_clock_pair zero)
{
    r->zero = r->early = r->middle = r->late = zero;
    r->slope = 0;
    r->started = true;
    r->virtual_time = atomic_load(&r->shm->head->virtual_time);
}

/* ── ticks to nanoseconds ───────────────────────────────────────────────────────────────────────────
 * Through the pair of this drain and one that is up to two seconds older; what is older still, through that and zero. */
static void fit(struct cv_reader *r)
{
    if (r->virtual_time || !r->started || !cv_clock_tsc)
        return;
    struct cv_clock_pair now = cv_clock_pair();
    if (now.ticks <= r->late.ticks || now.ns <= r->late.ns)
        return;
    r->late = now;
    r->slope = (uint64_t)(((unsigned __int128)(now.ns - r->early.ns) << 32) / (now.ticks - r->early.ticks));
    if (now.ns - r->middle.ns > 1000000000u) {
        r->early = r->middle;
        r->middle = now;
        r->slope = (uint64_t)(((unsigned __int128)(now.ns - r->early.ns) << 32) / (now.ticks - r->early.ticks));
    }
}

static inline uint64_t to_ns(const struct cv_reader *r, uint64_t ticks)
{
    if (r->virtual_time)
        return ticks;
    uint64_t ns;
    if (!cv_clock_tsc)
        ns = ticks;
    else if (ticks >= r->early.ticks && r->slope)
        ns = r->early.ns + (uint64_t)(((unsigned __int128)(ticks - r->early.ticks) * r->slope) >> 32);
    else if (r->early.ticks > r->zero.ticks)
        ns = cv_clock_ns(r->zero, r->early, ticks);
    else
        ns = cv_clock_ns(r->zero, r->slope ? r->late : cv_clock_pair(), ticks);
    return ns > r->zero.ns ? ns - r->zero.ns : 0;
}

uint64_t cv_reader_ns(const struct cv_reader *r, uint64_t ticks)
{
    return to_ns(r, ticks);
}

uint64_t cv_reader_now(const struct cv_reader *r)
{
    if (r->virtual_time)
        return atomic_load(&r->shm->head->virtual_now);
    uint64_t now = cv_mono_ns();
    return r->started && now > r->zero.ns ? now - r->zero.ns : 0;
}

/* ── what is pushed ─────────────────────────────────────────────────────────────────────────────── */
static void push(struct cv_reader *r, const struct cv_event *e)
{
    struct pushed *q = &r->outside;
    if (q->from == q->n)
        q->from = q->n = 0;
    if (q->from < q->n && e->t < q->at[q->n - 1].t)
        q->unsorted = true;
    CV_PUSH(q, *e);
}

void cv_reader_push(struct cv_reader *r, const struct cv_event *e)
{
    struct cv_event one = *e;
    if (!r->virtual_time)
        one.t = r->started && one.t > r->zero.ns ? one.t - r->zero.ns : 0;
    if (one.kind == CV_EV_LOST)
        r->outside_lost += one.a;
    r->outside_taken += one.kind == CV_EV_SWITCH_OUT || one.kind == CV_EV_SWITCH_IN;
    push(r, &one);
}

/* What the cores' buffers brought is a few sorted runs one after the other: a stable merge from below. */
static void sort(struct pushed *q)
{
    if (!q->unsorted)
        return;
    q->unsorted = false;
    size_t n = q->n - q->from;
    struct cv_event *from = q->at + q->from, *spare = cv_alloc(n * sizeof *spare), *to = spare;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = n - low < width ? n : low + width, high = n - low < 2 * width ? n : low + 2 * width;
            for (size_t i = low, j = mid, k = low; k < high; k++)
                to[k] = i < mid && (j >= high || from[i].t <= from[j].t) ? from[i++] : from[j++];
        }
        struct cv_event *other = from;
        from = to;
        to = other;
    }
    if (from == spare)
        memcpy(q->at + q->from, spare, n * sizeof *spare);
    free(spare);
}

/* ── the rings ──────────────────────────────────────────────────────────────────────────────────── */
static struct cv_ring_head *ring_of(const struct cv_reader *r, uint32_t n)
{
    return (struct cv_ring_head *)(void *)((char *)r->shm->head + r->rings_at + n * r->ring_stride);
}

static uint32_t claimed(const struct cv_reader *r)
{
    uint32_t n = atomic_load(&r->shm->head->nrings);
    return n < r->max_rings ? n : r->max_rings;
}

static void make_room(struct queue *q, size_t more)
{
    if (q->cap - q->n >= more)
        return;
    if (q->n > q->from)
        memmove(q->at, q->at + q->from, (q->n - q->from) * sizeof *q->at);
    q->n -= q->from;
    q->from = 0;
    if (q->cap - q->n >= more)
        return;
    q->cap = q->n + more > 2 * q->cap ? q->n + more : 2 * q->cap;
    q->at = cv_realloc(q->at, q->cap * sizeof *q->at);
}

/* Takes all records of a ring into its queue. */
static void take_ring(struct cv_reader *r, uint32_t n)
{
    struct queue *q = &r->queues[n];
    struct cv_ring_head *ring = ring_of(r, n);
    const struct cv_record *records = (const struct cv_record *)(ring + 1);
    uint64_t mask = r->ring_records - 1, head = atomic_load_explicit(&ring->head, memory_order_acquire), tail = q->tail;
    if (head == tail)
        return;
    if (head - tail > mask + 1) { /* no producer of ours does that: what is there means nothing */
        r->dropped += mask + 1;
    } else {
        size_t more = head - tail, straight = mask + 1 - (tail & mask);
        straight = more < straight ? more : straight;
        make_room(q, more);
        memcpy(q->at + q->n, &records[tail & mask], straight * sizeof *records);
        memcpy(q->at + q->n + straight, records, (more - straight) * sizeof *records);
        q->n += more;
    }
    q->now = r->virtual_time ? UINT64_MAX : cv_reader_now(r);
    q->tail = head;
    atomic_store_explicit(&ring->tail, head, memory_order_release);
}

/* The next event of a ring's queue into q->next; false: there is none. What is malformed is passed over, record by record. */
static bool decode(struct cv_reader *r, struct queue *q)
{
    while (q->from < q->n) {
        const struct cv_record *first = &q->at[q->from];
        uint64_t w1 = first->w1;
        unsigned kind = (unsigned)(w1 >> 58), conts = (unsigned)(w1 >> 56) & 3;
        uint32_t task = (uint32_t)(w1 >> 32) & 0xfffffu;
        if (kind == CV_EV_NONE || kind >= CV_EV_COUNT || conts != cv_event_info[kind].conts || q->n - q->from < conts + 1 ||
            (task >= r->max_tasks && task != CV_NO_TASK)) {
            r->dropped++;
            q->from++;
            continue;
        }
        struct cv_event *e = &q->next;
        e->t = to_ns(r, first->w0);
        e->kind = (uint8_t)kind;
        e->flags = w1 >> 52 & 15;
        e->task = task;
        e->line = (uint16_t)(w1 >> 16);
        e->obj = (uint16_t)w1;
        e->a = e->b = e->c = e->d = e->e = e->f = 0;
        if (conts >= 1)
            e->a = first[1].w0, e->b = first[1].w1;
        if (conts >= 2)
            e->c = first[2].w0, e->d = first[2].w1;
        if (conts >= 3)
            e->e = first[3].w0, e->f = first[3].w1;
        if (e->t > q->now)
            e->t = q->now;
        if (e->t < q->last)
            e->t = q->last;
        q->last = e->t;
        if (kind == CV_EV_LOST)
            q->told += e->a;
        if (kind == CV_EV_TURN) {
            e->kind = CV_EV_WAIT;
            e->obj = CV_AWAIT + CV_REASON_TURN;
        }
        r->taken += conts + 1;
        q->from += conts + 1;
        return true;
    }
    if (q->lost <= q->told)
        return false;
    uint64_t until = r->finished > q->last ? r->finished : q->last; /* all that time, for all we know */
    q->last = until;
    q->next = (struct cv_event){.t = until, .kind = CV_EV_LOST, .task = CV_NO_TASK, .a = q->lost - q->told};
    q->told = q->lost; /* after which nothing got in any more */
    return true;
}

/* What producers without a ring lost since the last look. */
static void tell_spill(struct cv_reader *r, uint64_t t)
{
    uint64_t lost = atomic_load(&ring_of(r, r->max_rings)->lost);
    if (lost <= r->spill_told)
        return;
    struct cv_event e = {.t = t, .kind = CV_EV_LOST, .task = CV_NO_TASK, .a = lost - r->spill_told};
    r->spill_told = lost;
    push(r, &e);
}

/* ── the merge: a binary heap of queues ─────────────────────────────────────────────────────────── */
static inline bool before(struct first a, struct first b)
{
    return a.t < b.t || (a.t == b.t && a.queue < b.queue);
}

static void sift_down(struct cv_reader *r, uint32_t i)
{
    struct first one = r->heap[i];
    for (uint32_t child; (child = 2 * i + 1) < r->nheap; i = child) {
        if (child + 1 < r->nheap && before(r->heap[child + 1], r->heap[child]))
            child++;
        if (!before(r->heap[child], one))
            break;
        r->heap[i] = r->heap[child];
    }
    r->heap[i] = one;
}

/* Is there another event to hand out from a queue? It is in its next then. */
static bool look(struct cv_reader *r, uint32_t i, uint64_t end, bool all)
{
    struct queue *q = &r->queues[i];
    if (i == r->max_rings) {
        q->has_next = r->outside.from < r->outside.n;
        if (q->has_next)
            q->next = r->outside.at[r->outside.from];
    } else if (!q->has_next) {
        q->has_next = decode(r, q);
    }
    return q->has_next && (all || q->next.t < end);
}

static void hand_out(struct cv_reader *r, uint32_t i, cv_event_fn *fn, void *to)
{
    struct queue *q = &r->queues[i];
    struct cv_event *e = &q->next;
    q->has_next = false;
    r->outside.from += i == r->max_rings;
    if (e->t < r->out)
        e->t = r->out;
    r->out = e->t;
    fn(to, e);
}

/* Hands out, from all queues, what lies before the end. fn may push. */
static void merge(struct cv_reader *r, uint64_t end, bool all, cv_event_fn *fn, void *to)
{
    r->nheap = 0;
    for (uint32_t i = 0; i <= r->max_rings; i++)
        if (look(r, i, end, all))
            r->heap[r->nheap++] = (struct first){r->queues[i].next.t, i};
    for (uint32_t i = r->nheap / 2; i-- > 0;)
        sift_down(r, i);
    while (r->nheap) {
        struct first now = r->heap[0], next = {UINT64_MAX, UINT32_MAX};
        if (r->nheap > 1)
            next = r->nheap > 2 && before(r->heap[2], r->heap[1]) ? r->heap[2] : r->heap[1];
        bool more;
        do {
            hand_out(r, now.queue, fn, to);
            more = look(r, now.queue, end, all);
            now.t = r->queues[now.queue].next.t;
        } while (more && before(now, next));
        r->heap[0] = more ? now : r->heap[--r->nheap];
        sift_down(r, 0);
    }
}

void cv_reader_rewind(struct cv_reader *r)
{
    r->out = r->horizon = 0;
    for (uint32_t i = 0; i <= r->max_rings; i++)
        r->queues[i].last = 0;
}

void cv_reader_drain(struct cv_reader *r, bool last, cv_event_fn *fn, void *to)
{
    fit(r);
    uint64_t here = cv_reader_now(r);
    uint32_t rings = claimed(r);
    for (uint32_t i = 0; i < rings; i++) {
        take_ring(r, i);
        if (last)
            r->queues[i].lost = atomic_load(&ring_of(r, i)->lost);
    }
    uint64_t finished = last ? atomic_load(&r->shm->head->finished) : 0;
    r->finished = finished ? to_ns(r, finished) : 0;
    tell_spill(r, last ? r->finished > r->out ? r->finished : r->out : here);
    do {
        sort(&r->outside);
        merge(r, r->horizon, last || (r->virtual_time && rings <= 1), fn, to);
    } while (last && r->outside.from < r->outside.n);
    r->horizon = here;
}

struct cv_record_counts cv_reader_counts(const struct cv_reader *r)
{
    if (r->saved)
        return *r->saved;
    struct cv_record_counts c = {.recorded = r->taken, .lost = r->dropped, .kernel_recorded = r->outside_taken, .kernel_lost = r->outside_lost};
    for (uint32_t i = 0, n = claimed(r); i <= n; i++) {
        const struct cv_ring_head *ring = ring_of(r, i < n ? i : r->max_rings); /* the last one counts for those without a ring */
        uint64_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
        c.lost += lost;
        c.issued += lost + (i < n ? atomic_load_explicit(&ring->head, memory_order_relaxed) : 0);
    }
    return c;
}
