/* perf_ring: the bytes of one perf buffer, taken apart. Knows the kernel's record layout and nothing else. */
#ifndef SOURCE_PERF_RING_H
#define SOURCE_PERF_RING_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/* What attr.sample_type says of every record's tail under sample_id_all: TID | TIME | CPU. */
struct perf_switch { uint64_t t; uint32_t tid, cpu; bool in, preempted; }; /* t: ns of the clock of the attr */
struct perf_taken {
    void (*on_switch)(void *to, const struct perf_switch *s);
    void (*on_lost)(void *to, uint64_t t, uint64_t records); /* t 0: not known */
    void *to;
};
/* Hands out the records between tail and head of a ring of size bytes (a power of two), whole ones only, wherever they
 * wrap. Returns the new tail: head, also when a record makes no sense, in which case one record counts as lost. */
uint64_t source_perf_take(const unsigned char *ring, uint64_t size, uint64_t tail, uint64_t head, const struct perf_taken *taken);

#endif
