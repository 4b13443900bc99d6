/* Reading: every drain decodes what the rings hold into one pending array per ring, and hands out, merged by time, what
 * is settled. The horizon is where the drain before stood: a producer that was preempted between its stamp and its store
 * has had that long to store. Whatever still comes late is given the time of the event before it. */
#include <stdlib.h>
#include <string.h>

#include "convis/trace.h"

struct queue { struct cv_event *at; size_t from, n, cap; uint64_t last; };
struct cv_reader {
    const struct cv_shm *shm;
    struct queue *queues;        /* one a ring; the last one is for what is pushed */
    uint32_t nqueues, seen_rings;
    uint32_t *heap; uint32_t nheap; /* queues with something settled, by the time of their first event */
    struct cv_clock_pair zero, early, late;
    uint64_t horizon;            /* events before it are settled */
    uint64_t out;                /* time of the event handed out last */
    uint64_t taken, dropped;     /* records read; of these malformed ones */
    uint64_t outside_lost;       /* records the kernel lost */
    bool virtual_time, started;
};

struct cv_reader *cv_reader_new(const struct cv_shm *shm)
{
    struct cv_reader *r = cv_alloc(sizeof *r);
    r->shm = shm;
    r->nqueues = shm->head->plan.max_rings + 1;
    r->queues = cv_alloc(r->nqueues * sizeof *r->queues);
    r->heap = cv_alloc(r->nqueues * sizeof *r->heap);
    r->virtual_time = atomic_load(&shm->head->virtual_time);
    return r;
}

void cv_reader_free(struct cv_reader *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < r->nqueues; i++)
        free(r->queues[i].at);
    free(r->queues);
    free(r->heap);
    free(r);
}

void cv_reader_start(struct cv_reader *r, struct cv_clock_pair zero)
{
    r->zero = r->early = r->late = zero;
    r->started = true;
    r->virtual_time = atomic_load(&r->shm->head->virtual_time);
}

uint64_t cv_reader_ns(const struct cv_reader *r, uint64_t ticks)
{
    if (r->virtual_time)
        return ticks;
    uint64_t ns;
    if (!cv_clock_tsc) {
        ns = ticks;
    } else if (r->late.ticks > r->early.ticks) {
        ns = cv_clock_ns(r->early, r->late, ticks);
    } else { /* no second pair yet */
        struct cv_clock_pair now = cv_clock_pair();
        ns = cv_clock_ns(r->zero, now, ticks);
    }
    return ns > r->zero.ns ? ns - r->zero.ns : 0;
}

uint64_t cv_reader_now(const struct cv_reader *r)
{
    if (r->virtual_time)
        return atomic_load(&r->shm->head->virtual_now);
    uint64_t now = cv_mono_ns();
    return r->started && now > r->zero.ns ? now - r->zero.ns : 0;
}

/* ── queues ─────────────────────────────────────────────────────────────────────────────────────── */
static struct cv_event *append(struct queue *q)
{
    if (q->from == q->n)
        q->from = q->n = 0;
    if (q->n == q->cap && q->from > q->cap / 2) {
        memmove(q->at, q->at + q->from, (q->n - q->from) * sizeof *q->at);
        q->n -= q->from;
        q->from = 0;
    }
    cv_vec_grow((void **)&q->at, q->n, &q->cap, sizeof *q->at);
    return &q->at[q->n++];
}

void cv_reader_push(struct cv_reader *r, const struct cv_event *e)
{
    struct queue *q = &r->queues[r->nqueues - 1];
    struct cv_event one = *e;
    if (!r->virtual_time)
        one.t = one.t > r->zero.ns ? one.t - r->zero.ns : 0;
    if (one.kind == CV_EV_LOST)
        r->outside_lost += one.a;
    append(q);
    size_t i = q->n - 1; /* nearly sorted as it comes */
    for (; i > q->from && q->at[i - 1].t > one.t; i--)
        q->at[i] = q->at[i - 1];
    q->at[i] = one;
}

static uint64_t word(const struct cv_record *r, unsigned which) { return which ? r->w1 : r->w0; }

static void decode(struct cv_reader *r, struct queue *q, const struct cv_record *records, uint64_t mask, uint64_t at, unsigned conts)
{
    const struct cv_record *h = &records[at & mask];
    struct cv_event *e = append(q);
    *e = (struct cv_event){.t = cv_reader_ns(r, h->w0), .kind = (uint8_t)(h->w1 >> 58), .flags = h->w1 >> 52 & 15,
                           .task = (uint32_t)(h->w1 >> 32) & 0xfffffu, .line = (uint16_t)(h->w1 >> 16), .obj = (uint16_t)h->w1};
    uint64_t *words[] = {&e->a, &e->b, &e->c, &e->d, &e->e, &e->f};
    for (unsigned k = 0; k < conts; k++) {
        *words[2 * k] = word(&records[(at + 1 + k) & mask], 0);
        *words[2 * k + 1] = word(&records[(at + 1 + k) & mask], 1);
    }
    if (e->t < q->last)
        e->t = q->last;
    q->last = e->t;
}

static void take_ring(struct cv_reader *r, uint32_t n)
{
    const struct cv_shm_head *h = r->shm->head;
    struct cv_ring_head *ring = (struct cv_ring_head *)(void *)((char *)r->shm->head + h->rings_at + n * h->ring_stride);
    const struct cv_record *records = (const struct cv_record *)(ring + 1);
    uint64_t mask = h->plan.ring_records - 1, head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (head - tail > mask + 1) { /* no producer of ours does that: take what can still be there */
        r->dropped += head - tail - (mask + 1);
        tail = head - (mask + 1);
    }
    while (tail < head) {
        uint64_t w1 = records[tail & mask].w1;
        unsigned kind = (unsigned)(w1 >> 58), conts = (unsigned)(w1 >> 56) & 3;
        if (kind == CV_EV_NONE || kind >= CV_EV_COUNT || conts != cv_event_info[kind].conts || head - tail < conts + 1) {
            r->dropped++;
            tail++;
            continue;
        }
        decode(r, &r->queues[n], records, mask, tail, conts);
        r->taken += conts + 1;
        tail += conts + 1;
    }
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
}

/* ── the merge: a binary heap of queues ─────────────────────────────────────────────────────────── */
static uint64_t first_time(const struct cv_reader *r, uint32_t i)
{
    const struct queue *q = &r->queues[r->heap[i]];
    return q->at[q->from].t;
}

static bool before(const struct cv_reader *r, uint32_t i, uint32_t j)
{
    uint64_t a = first_time(r, i), b = first_time(r, j);
    return a < b || (a == b && r->heap[i] < r->heap[j]);
}

static void swap(struct cv_reader *r, uint32_t i, uint32_t j)
{
    uint32_t t = r->heap[i];
    r->heap[i] = r->heap[j];
    r->heap[j] = t;
}

static void sift_down(struct cv_reader *r, uint32_t i)
{
    for (uint32_t child; (child = 2 * i + 1) < r->nheap; i = child) {
        if (child + 1 < r->nheap && before(r, child + 1, child))
            child++;
        if (!before(r, child, i))
            return;
        swap(r, i, child);
    }
}

void cv_reader_drain(struct cv_reader *r, bool last, cv_event_fn *fn, void *to)
{
    struct cv_shm_head *h = r->shm->head;
    if (!r->virtual_time && r->started) {
        struct cv_clock_pair now = cv_clock_pair();
        if (now.ticks - r->late.ticks > 0 && now.ns - r->late.ns > 1000000) { /* a fresh line through the last two */
            r->early = r->late;
            r->late = now;
        } else if (r->late.ticks == r->early.ticks) {
            r->late = now;
        }
    }
    uint64_t here = cv_reader_now(r);
    uint32_t rings = atomic_load(&h->nrings);
    rings = rings < h->plan.max_rings ? rings : h->plan.max_rings;
    for (uint32_t i = 0; i < rings; i++)
        take_ring(r, i);
    r->nheap = 0;
    for (uint32_t i = 0; i < r->nqueues; i++) {
        if (i >= rings && i + 1 < r->nqueues)
            continue;
        struct queue *q = &r->queues[i];
        if (q->from < q->n && (last || q->at[q->from].t < r->horizon))
            r->heap[r->nheap++] = i;
    }
    for (uint32_t i = r->nheap; i-- > 0;)
        sift_down(r, i);
    while (r->nheap) {
        struct queue *q = &r->queues[r->heap[0]];
        struct cv_event *e = &q->at[q->from++];
        if (e->t < r->out)
            e->t = r->out;
        r->out = e->t;
        fn(to, e);
        if (q->from == q->n || (!last && q->at[q->from].t >= r->horizon))
            r->heap[0] = r->heap[--r->nheap];
        sift_down(r, 0);
    }
    r->horizon = here;
}

struct cv_record_counts cv_reader_counts(const struct cv_reader *r)
{
    const struct cv_shm_head *h = r->shm->head;
    struct cv_record_counts c = {.recorded = r->taken, .lost = r->dropped + r->outside_lost};
    uint32_t rings = atomic_load(&h->nrings);
    for (uint32_t i = 0; i < rings && i < h->plan.max_rings; i++) {
        const struct cv_ring_head *ring = (const struct cv_ring_head *)(const void *)((const char *)h + h->rings_at + i * h->ring_stride);
        c.lost += atomic_load_explicit(&ring->lost, memory_order_relaxed);
    }
    return c;
}
