/* The hint that rseq gives a thread of its being preempted. glibc registers the area with the kernel for every thread; what is
 * armed here is a descriptor that is never within: whenever the kernel looks at it on the way back to the thread (it was
 * switched out meanwhile, or a signal came), it finds the program elsewhere and clears the pointer. */
#include "convis/trace.h"

#if __has_include(<sys/rseq.h>)
#include <stddef.h>
#include <sys/rseq.h>

/* The kernel wants its signature in front of the abort address, and that address outside the range. Nothing of it is executed. */
static const uint32_t never[4] = {RSEQ_SIG};
static const struct rseq_cs range __attribute__((aligned(32))) = {
    .start_ip = (uintptr_t)&never[2], .post_commit_offset = 1, .abort_ip = (uintptr_t)&never[1]};

bool cv_hint_init(struct cv_hint *h, const char **why)
{
    *h = (struct cv_hint){0};
    struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    if (__rseq_size < offsetof(struct rseq, rseq_cs) + sizeof(uint64_t) || (int32_t)area->cpu_id < 0) {
        *why = "the C library has not registered rseq with the kernel (an old kernel, or GLIBC_TUNABLES forbid it)";
        return false;
    }
    h->range = (volatile uint64_t *)(void *)((char *)area + offsetof(struct rseq, rseq_cs));
    h->core = &area->cpu_id;
    h->armed = (uintptr_t)&range;
    return true;
}
#else
bool cv_hint_init(struct cv_hint *h, const char **why)
{
    *h = (struct cv_hint){0};
    *why = "built with a C library that knows nothing of rseq (glibc has it since 2.35)";
    return false;
}
#endif
