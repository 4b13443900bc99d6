/* Producing: one ring, one writer. A record is a clock read, two stores and the release of the head; what does not fit
 * is counted, and the next record that gets in is preceded by a LOST event that says how much is missing.
 *
 * The way that nearly all events take stands in trace.h and asks one question: does it fit before ring->limit? Whatever else there
 * may be to think of (no ring, a loss to be told, the reader's tail to be looked at anew, another clock than the TSC) keeps the
 * limit at the head, and so leads into cv_emit_late(). */
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
    ring->tsc = cv_clock_tsc && !ring->virtual_now;
    for (uint64_t i = 0; i < 4096 && i <= ring->mask; i += 256) /* the first pages are there before the run needs them */
        ((volatile struct cv_record *)ring->records)[i].w0 = 0;
    return true;
}

/* Room for n records? */
static bool room(struct cv_ring *r, unsigned n)
{
    for (;;) {
        uint64_t tail = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
        r->room_until = tail + r->mask + 1;
        if (r->room_until - r->head >= n)
            return true;
        if (!r->wait_for_room || atomic_load_explicit(r->stop, memory_order_relaxed))
            return false;
        sched_yield();
    }
}

static uint64_t stamp(const struct cv_ring *r)
{
    return r->virtual_now ? atomic_load_explicit(r->virtual_now, memory_order_relaxed) : cv_ticks();
}

/* No ring: nothing is recorded at all (no head either), or all rings were taken, and many may count here at once. */
static void without_ring(struct cv_ring *r, unsigned n)
{
    if (r->shared)
        atomic_fetch_add_explicit(&r->shared->lost, n, memory_order_relaxed);
}

static void lose(struct cv_ring *r, unsigned n)
{
    r->lost_run += n;
    r->lost += n;
    r->limit = r->head;
    atomic_store_explicit(&r->shared->lost, r->lost, memory_order_relaxed);
}

static void put(struct cv_ring *r, unsigned conts, const struct cv_record *one)
{
    for (unsigned i = 0; i <= conts; i++)
        r->records[r->head++ & r->mask] = one[i];
    atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
}

/* As far as there is room, or to where the ring begins anew. */
static void go_straight_on(struct cv_ring *r)
{
    uint64_t begin = r->head & ~r->mask, end = begin + r->mask + 1;
    r->lap = (uintptr_t)r->records - begin * sizeof *r->records;
    r->limit = r->room_until < end ? r->room_until : end;
}

void cv_emit_late(struct cv_ring *r, uint64_t w1, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    unsigned conts = (unsigned)(w1 >> 56) & 3, told = r->lost_run ? 2 : 0;
    if (!r->records) {
        without_ring(r, conts + 1);
        return;
    }
    if (!(r->room_until - r->head >= conts + 1 + told) && !room(r, conts + 1 + told)) {
        lose(r, conts + 1);
        return;
    }
    if (told)
        put(r, 1, (struct cv_record[]){{stamp(r), cv_emit_header(CV_EV_LOST, 1, 0, CV_NO_TASK, 0, 0)}, {r->lost_run, 0}});
    r->lost_run = 0;
    put(r, conts, (struct cv_record[]){{stamp(r), w1}, {a, b}, {c, d}, {e, f}});
    r->limit = r->head;
    if (r->tsc)
        go_straight_on(r);
}
