/* Records of a perf buffer. Each begins with a perf_event_header; its size is a multiple of 8 and so is the ring's, so a
 * header never wraps but a body may: records are copied out whole before they are looked at. */
#include <linux/perf_event.h>
#include <string.h>

#include "source/perf_ring.h"

enum { MAX_RECORD = 256 }; /* of those we ask for, the largest is under 64 */
struct tail { uint32_t pid, tid; uint64_t t; uint32_t cpu, reserved; };

static void copy_out(void *to, const unsigned char *ring, uint64_t size, uint64_t at, size_t n)
{
    uint64_t from = at & (size - 1), first = size - from < n ? size - from : n;
    memcpy(to, ring + from, first);
    memcpy((unsigned char *)to + first, ring, n - first);
}

static void record(const unsigned char *bytes, const struct perf_event_header *h, const struct perf_taken *taken)
{
    struct tail id;
    if (h->size < sizeof *h + sizeof id)
        return;
    memcpy(&id, bytes + h->size - sizeof id, sizeof id);
    if (h->type == PERF_RECORD_SWITCH || h->type == PERF_RECORD_SWITCH_CPU_WIDE) {
        bool out = h->misc & PERF_RECORD_MISC_SWITCH_OUT;
        struct perf_switch s = {id.t, id.tid, id.cpu, !out, out && h->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT};
        taken->on_switch(taken->to, &s);
    } else if (h->type == PERF_RECORD_LOST && h->size >= sizeof *h + 16 + sizeof id) { /* u64 id, u64 lost */
        uint64_t lost;
        memcpy(&lost, bytes + sizeof *h + 8, sizeof lost);
        taken->on_lost(taken->to, id.t, lost);
    }
}

uint64_t source_perf_take(const unsigned char *ring, uint64_t size, uint64_t tail, uint64_t head, const struct perf_taken *taken)
{
    if (head - tail > size) { /* the kernel does not do that to a ring that is not overwritten */
        taken->on_lost(taken->to, 0, 1);
        return head;
    }
    while (tail < head) {
        struct perf_event_header h;
        unsigned char bytes[MAX_RECORD];
        if (head - tail < sizeof h)
            break;
        copy_out(&h, ring, size, tail, sizeof h);
        if (h.size < sizeof h || h.size % 8 || h.size > head - tail) {
            taken->on_lost(taken->to, 0, 1);
            break;
        }
        if (h.size <= sizeof bytes) {
            copy_out(bytes, ring, size, tail, h.size);
            record(bytes, &h, taken);
        }
        tail += h.size;
    }
    return head;
}
