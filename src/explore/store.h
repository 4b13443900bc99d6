/* A set of tuples, packed: each component takes as many bits as its numbers need so far, no component lies across two words; when one
 * grows out of its bits all are packed anew. Tuples have numbers in order of insertion, and a parent each. */
#ifndef CONVIS_EXPLORE_STORE_H
#define CONVIS_EXPLORE_STORE_H

#include "convis/base.h"

enum { STORE_WORDS = 64 };
struct store {
    uint32_t ncomps, words;
    struct store_field { uint8_t word, shift, width; uint64_t mask; } *fields;
    uint64_t *keys;               /* words each; reserved address space, taken as used */
    uint32_t *parents;
    uint64_t *slots, nslots;      /* number + 1 in the low half, part of the hash in the high half */
    uint64_t n, most;             /* most: what there is room for */
    size_t limit;                 /* bytes */
    bool full;
};
/* limit: bytes it may take. */
void store_init(struct store *s, uint32_t ncomps, size_t limit);
void store_release(struct store *s);
size_t store_memory(const struct store *s);
/* More components; the new ones are zero. */
void store_widen(struct store *s, uint32_t ncomps);
/* Packs a tuple; true: it did not fit, and the layout was changed: keys that were packed before are void. */
bool store_pack(struct store *s, const uint32_t *tuple, uint64_t *key);
void store_unpack(const struct store *s, const uint64_t *key, uint32_t *tuple);
/* The number of a tuple; *added: it is new. UINT64_MAX: full. */
uint64_t store_add(struct store *s, const uint64_t *key, uint32_t parent, bool *added);

static inline const uint64_t *store_key(const struct store *s, uint64_t n) { return s->keys + n * s->words; }
static inline bool store_fits(const struct store *s, uint32_t comp, uint32_t value) { return !(value & ~s->fields[comp].mask); }
static inline void store_set(const struct store *s, uint64_t *key, uint32_t comp, uint32_t value)
{
    const struct store_field *f = &s->fields[comp];
    key[f->word] = (key[f->word] & ~(f->mask << f->shift)) | (uint64_t)value << f->shift;
}
static inline uint32_t store_get(const struct store *s, const uint64_t *key, uint32_t comp)
{
    const struct store_field *f = &s->fields[comp];
    return (uint32_t)(key[f->word] >> f->shift & f->mask);
}
static inline uint64_t store_hash(const uint64_t *key, uint32_t words)
{
    uint64_t h = key[0] * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 1; i < words; i++)
        h = (h ^ h >> 31 ^ key[i]) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

#endif
