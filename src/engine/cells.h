/* Cells of shared variables: 16 bytes, each access one sequentially consistent 128-bit operation, so that the race is
 * real while the behaviour stays defined. A list has a lock word for what touches more than one cell. */
#ifndef CONVIS_ENGINE_CELLS_H
#define CONVIS_ENGINE_CELLS_H

#include "machine.h"

/* The compare-and-swap underneath all three; on x86-64 one `lock cmpxchg16b`. */
static inline struct cv_cell cell_swap_if(struct cv_cell *at, struct cv_cell expected, struct cv_cell desired)
{
    union { struct cv_cell cell; unsigned __int128 bits; } e = {expected}, d = {desired}, old;
    old.bits = __sync_val_compare_and_swap((unsigned __int128 *)(void *)at, e.bits, d.bits);
    return old.cell;
}
static inline struct cv_cell cell_read(struct cv_cell *at)
{
    return cell_swap_if(at, (struct cv_cell){0}, (struct cv_cell){0});
}
static inline bool cell_same(struct cv_cell a, struct cv_cell b) { return a.payload == b.payload && a.meta == b.meta; }
/* Writes; the version counts on from the cell overwritten, which is returned. *now: what stands there after. */
struct cv_cell cell_write(struct cv_cell *at, uint64_t payload, enum cv_tag tag, uint32_t writer, struct cv_cell *now);

void cell_list_lock(struct cv_list *l);
void cell_list_unlock(struct cv_list *l);

#endif
