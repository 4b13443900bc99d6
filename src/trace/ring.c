/* Producing: one ring, one writer. A record is a clock read, two stores and the release of the head; what does not fit
 * is counted, and the next record that gets in is preceded by a LOST event that says how much is missing. */
#include <sched.h>

#include "convis/trace.h"

static struct cv_ring_head *ring_head(struct cv_shm_head *h, uint32_t n)
{
    return (struct cv_ring_head *)(void *)((char *)h + h->rings_at + n * h->ring_stride);
}

bool cv_ring_claim(const struct cv_shm *shm, struct cv_ring *ring)
{
    struct cv_shm_head *h = shm->head;
    *ring = (struct cv_ring){0};
    uint32_t n = atomic_load(&h->nrings);
    do {
        if (n >= h->plan.max_rings) { /* the head after the last ring counts what those without one lose */
            ring->shared = ring_head(h, h->plan.max_rings);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&h->nrings, &n, n + 1));
    ring->shared = ring_head(h, n);
    ring->records = (struct cv_record *)(ring->shared + 1);
    ring->mask = h->plan.ring_records - 1;
    if (atomic_load(&h->virtual_time)) {
        ring->wait_for_room = true;
        ring->virtual_now = &h->virtual_now;
    }
    ring->stop = &h->stop;
    for (uint64_t i = 0; i < 4096 && i <= ring->mask; i += 256) /* the first pages are there before the run needs them */
        ((volatile struct cv_record *)ring->records)[i].w0 = 0;
    return true;
}

/* Room for n records? The reader's tail is looked at only when the last look does not suffice. */
static bool room(struct cv_ring *r, unsigned n)
{
    for (;;) {
        if (r->head + n - r->tail_seen <= r->mask + 1)
            return true;
        r->tail_seen = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
        if (r->head + n - r->tail_seen <= r->mask + 1)
            return true;
        if (!r->wait_for_room || atomic_load_explicit(r->stop, memory_order_relaxed))
            return false;
        sched_yield();
    }
}

static uint64_t header(enum cv_event_kind kind, unsigned conts, unsigned flags, uint32_t task, unsigned line, unsigned obj)
{
    return (uint64_t)kind << 58 | (uint64_t)conts << 56 | (uint64_t)(flags & 15) << 52 | (uint64_t)(task & 0xfffffu) << 32 |
           (uint64_t)(line & 0xffffu) << 16 | (obj & 0xffffu);
}

static uint64_t stamp(const struct cv_ring *r)
{
    return r->virtual_now ? atomic_load_explicit(r->virtual_now, memory_order_relaxed) : cv_ticks();
}

/* The slow way in: after a loss, or where there is no room. false: this event is lost too. */
static bool enter(struct cv_ring *r, unsigned n)
{
    unsigned extra = r->lost_run ? 2 : 0;
    if (!room(r, n + extra)) {
        r->lost_run += n;
        atomic_store_explicit(&r->shared->lost, atomic_load_explicit(&r->shared->lost, memory_order_relaxed) + n,
                              memory_order_relaxed);
        return false;
    }
    if (extra) {
        r->records[r->head++ & r->mask] = (struct cv_record){stamp(r), header(CV_EV_LOST, 1, 0, CV_NO_TASK, 0, 0)};
        r->records[r->head++ & r->mask] = (struct cv_record){r->lost_run, 0};
        r->issued += 2;
        r->lost_run = 0;
    }
    return true;
}

/* No ring: nothing is recorded at all (no head either), or all rings were taken, and many may count here at once. */
static void without_ring(struct cv_ring *r, unsigned n)
{
    if (!r->shared)
        return;
    atomic_fetch_add_explicit(&r->shared->lost, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->shared->issued, n, memory_order_relaxed);
}

static inline bool begin(struct cv_ring *r, unsigned n)
{
    if (__builtin_expect(!r->records, 0)) {
        without_ring(r, n);
        return false;
    }
    r->issued += n;
    bool in = r->lost_run == 0 && r->head + n - r->tail_seen <= r->mask + 1;
    in = in || enter(r, n);
    if (!in)
        atomic_store_explicit(&r->shared->issued, r->issued, memory_order_relaxed);
    return in;
}

static inline void publish(struct cv_ring *r)
{
    atomic_store_explicit(&r->shared->issued, r->issued, memory_order_relaxed);
    atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
}

static inline void put(struct cv_ring *r, uint64_t w0, uint64_t w1)
{
    r->records[r->head++ & r->mask] = (struct cv_record){w0, w1};
}

void cv_emit0(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj)
{
    if (!begin(r, 1))
        return;
    put(r, stamp(r), header(kind, 0, flags, task, line, obj));
    publish(r);
}

void cv_emit1(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj, uint64_t a,
              uint64_t b)
{
    if (!begin(r, 2))
        return;
    put(r, stamp(r), header(kind, 1, flags, task, line, obj));
    put(r, a, b);
    publish(r);
}

void cv_emit2(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj, uint64_t a,
              uint64_t b, uint64_t c, uint64_t d)
{
    if (!begin(r, 3))
        return;
    put(r, stamp(r), header(kind, 2, flags, task, line, obj));
    put(r, a, b);
    put(r, c, d);
    publish(r);
}

void cv_emit3(struct cv_ring *r, enum cv_event_kind kind, unsigned flags, uint32_t task, unsigned line, unsigned obj, uint64_t a,
              uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    if (!begin(r, 4))
        return;
    put(r, stamp(r), header(kind, 3, flags, task, line, obj));
    put(r, a, b);
    put(r, c, d);
    put(r, e, f);
    publish(r);
}
