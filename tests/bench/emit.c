/* What it costs to record an event, against a bare read of the same clock: rounds that take turns, one line of nanoseconds each,
 * "clock stored event0 event1" (event1: with one continuation). The ring is the run's own kind, in a memfd, and is emptied by moving its
 * tail, outside the measured time. The clock is measured twice: a bare read whose result is only added up, and one whose result is
 * stored, 16 bytes apart in as much memory as the ring has: what no record can do without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convis/trace.h"

enum { RECORDS = 1 << 16, TURNS = 2400, WARM = 64 }; /* short rounds: few are interrupted */

static struct cv_shm shm;
static struct cv_ring *ring;
static volatile uint64_t sink;

static double bare(struct cv_record *store)
{
    (void)store;
    uint64_t sum = 0, from = cv_mono_ns();
    for (int i = 0; i < TURNS; i++)
        sum += cv_ticks();
    uint64_t to = cv_mono_ns();
    sink = sum;
    return (double)(to - from) / TURNS;
}

static double stored(struct cv_record *store)
{
    uint64_t from = cv_mono_ns();
    for (int i = 0; i < TURNS; i++) {
        store[i & (RECORDS - 1)] = (struct cv_record){cv_ticks(), (uint64_t)i};
        __asm__ volatile("" ::: "memory");
    }
    return (double)(cv_mono_ns() - from) / TURNS;
}

/* Through a pointer, as the engines have it. */
static double event0(struct cv_record *store)
{
    struct cv_ring *r = ring;
    (void)store;
    uint64_t from = cv_mono_ns();
    for (int i = 0; i < TURNS; i++)
        cv_emit0(r, CV_EV_RUN, 0, 7, (unsigned)i, 0);
    return (double)(cv_mono_ns() - from) / TURNS;
}

static double event1(struct cv_record *store)
{
    struct cv_ring *r = ring;
    (void)store;
    uint64_t from = cv_mono_ns();
    for (int i = 0; i < TURNS; i++)
        cv_emit1(r, CV_EV_WAIT, 0, 7, (unsigned)i, CV_AWAIT + CV_REASON_SLEEP, (uint64_t)i, 0);
    return (double)(cv_mono_ns() - from) / TURNS;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 31;
    cv_clock_init();
    struct cv_shm_plan plan = {.max_tasks = 8, .max_rings = 1, .ring_records = RECORDS, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    ring = cv_alloc(sizeof *ring);
    if (cv_shm_create(&shm, &plan) || !cv_ring_claim(&shm, ring)) {
        perror("bench: no region");
        return 3;
    }
    struct cv_record *store = cv_alloc(RECORDS * sizeof *store);
    memset(store, 1, RECORDS * sizeof *store);
    static double (*const kinds[])(struct cv_record *) = {bare, stored, event0, event1};
    double ns[CV_COUNT(kinds)];
    printf("# clock: %s\n", cv_clock_name());
    for (int round = -WARM; round < rounds; round++) { /* the pages of the ring come first */
        for (size_t k = 0; k < CV_COUNT(kinds); k++) {
            size_t which = (k + (size_t)(round + WARM)) % CV_COUNT(kinds);
            atomic_store(&ring->shared->tail, ring->head);
            ns[which] = kinds[which](store);
        }
        if (round >= 0)
            printf("%.3f %.3f %.3f %.3f\n", ns[0], ns[1], ns[2], ns[3]);
    }
    if (atomic_load(&ring->shared->lost)) {
        fprintf(stderr, "bench: records were lost: the figures are of losing them\n");
        return 1;
    }
    free(store);
    free(ring);
    cv_shm_release(&shm);
    return 0;
}
