/* An event with two values as LTTng-UST records it, against a bare read of the clock and against ours: bench/lttng ROUNDS. Only where LTTng-UST is
 * installed; run within a session that has the tracepoint enabled. A line a round: "CLOCK_NS OURS_NS LTTNG_NS" each. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tests/bench/lttng_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "convis/trace.h"

enum { TURNS = 2400, WARM = 20 };
static volatile uint64_t sink;

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 31;
    static struct cv_shm shm;
    static struct cv_ring ring;
    struct cv_shm_plan plan = {.max_tasks = 8, .max_rings = 1, .ring_records = 1 << 16, .engine_bytes = 64, .finals_bytes = 64, .string_bytes = 4096, .source_bytes = 64};
    cv_clock_init();
    if (cv_shm_create(&shm, &plan) || !cv_ring_claim(&shm, &ring))
        return 3;
    for (int round = -WARM; round < rounds; round++) {
        uint64_t at[4], sum = 0;
        atomic_store(&ring.shared->tail, ring.head);
        at[0] = cv_mono_ns();
        for (int i = 0; i < TURNS; i++)
            sum += cv_ticks();
        sink = sum;
        at[1] = cv_mono_ns();
        for (int i = 0; i < TURNS; i++)
            cv_emit1(&ring, CV_EV_WAIT, 0, 7, (unsigned)i, CV_AWAIT + CV_REASON_SLEEP, (uint64_t)i, 0);
        at[2] = cv_mono_ns();
        for (int i = 0; i < TURNS; i++)
            lttng_ust_tracepoint(convis_bench, event, (uint64_t)i, 0);
        at[3] = cv_mono_ns();
        if (round >= 0)
            printf("%.2f %.2f %.2f\n", (double)(at[1] - at[0]) / TURNS, (double)(at[2] - at[1]) / TURNS, (double)(at[3] - at[2]) / TURNS);
    }
    cv_shm_release(&shm);
    return 0;
}
