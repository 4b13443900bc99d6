/* Cells: the write, and the lock of a list. The lock is held for a few stores only; who finds it taken for long lets
 * others run. */
#include <sched.h>

#include "cells.h"

struct cv_cell cell_write(struct cv_cell *at, uint64_t payload, enum cv_tag tag, uint32_t writer, struct cv_cell *now)
{
    struct cv_cell old = cell_read(at);
    for (;;) {
        struct cv_cell next = {payload, cv_meta(tag, writer, cv_meta_version(old.meta) + 1)};
        struct cv_cell seen = cell_swap_if(at, old, next);
        if (cell_same(seen, old)) {
            *now = next;
            return old;
        }
        old = seen;
    }
}

void cell_list_lock(struct cv_list *l)
{
    for (unsigned tries = 0; atomic_exchange_explicit(&l->lock, 1, memory_order_acquire) != 0; tries++)
        if (tries % 64 == 63)
            sched_yield();
}

void cell_list_unlock(struct cv_list *l)
{
    atomic_store_explicit(&l->lock, 0, memory_order_release);
}
