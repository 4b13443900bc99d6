/* Interned byte strings: equal bytes have one number, from 1; 0 is the empty string. And a map from numbers to numbers, for what was
 * computed once. Both only grow. */
#ifndef CONVIS_EXPLORE_INTERN_H
#define CONVIS_EXPLORE_INTERN_H

#include "convis/base.h"

/* Zeros for a table that will be filled all over: a large one gets its pages at once, not each by a fault, or two. */
void *table_new(size_t bytes);
void table_free(void *table, size_t bytes);

struct intern {
    char *bytes;
    size_t used, room;
    struct intern_at { size_t at; uint32_t n, hash; } *at; /* by number */
    uint32_t count, cap, *slots, nslots; /* count: numbers given, 0 among them; nslots a power of two */
};
void intern_init(struct intern *in);
void intern_release(struct intern *in);
uint32_t intern_add(struct intern *in, const void *bytes, size_t n);
static inline const void *intern_at(const struct intern *in, uint32_t id, size_t *n)
{
    if (n)
        *n = in->at[id].n;
    return in->bytes + in->at[id].at; /* valid until the next intern_add */
}
size_t intern_memory(const struct intern *in);

/* key (not 0) → two numbers. */
struct memo { struct memo_slot { uint64_t key; uint32_t a, b; } *slots; uint64_t n, cap; };
void memo_release(struct memo *m);
struct memo_slot *memo_make(struct memo *m, uint64_t key, bool *found); /* valid until the next one is made */
static inline uint64_t memo_hash(uint64_t key)
{
    key = (key ^ key >> 32) * 0x9e3779b97f4a7c15u;
    return key ^ key >> 32;
}
static inline const struct memo_slot *memo_find(const struct memo *m, uint64_t key)
{
    if (!m->cap)
        return NULL;
    for (uint64_t i = memo_hash(key) & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        if (m->slots[i].key == key)
            return &m->slots[i];
        if (!m->slots[i].key)
            return NULL;
    }
}
uint64_t intern_hash(const void *bytes, size_t n);

#endif
