/* Interned text. An insertion writes the bytes first and then claims a slot with one compare-and-swap, so nothing is ever
 * half there, whoever is killed when; bytes of an insertion that lost the race are wasted, no more. */
#include <string.h>

#include "trace/strings.h"

struct arena {
    uint64_t slots, bytes_at, bytes; /* number of slots, a power of two; where the text begins; room for it */
    _Atomic uint64_t used;           /* bytes of text */
    uint32_t ellipsis;
    _Atomic uint32_t full;           /* something found no room, and became an ellipsis */
    _Atomic uint64_t slot[]; /* hash:24 | length:13 … see pack; 0: free */
};
/* A slot: 16 bits of the hash, 13 of the length, 35 of the offset + 1. */
enum { LONGEST = 8191, PROBES = 4096 };
static uint64_t pack(uint64_t hash, size_t n, uint64_t at)
{
    return (hash >> 48) << 48 | (uint64_t)n << 35 | (at + 1);
}
static size_t length_of(uint64_t slot)
{
    return slot >> 35 & LONGEST;
}
static uint64_t offset_of(uint64_t slot)
{
    return (slot & (((uint64_t)1 << 35) - 1)) - 1;
}

static uint64_t hash_of(const char *s, size_t n) /* FNV-1a, finished */
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    h ^= h >> 32;
    return h * 0x9e3779b97f4a7c15u;
}

static struct arena *arena_of(const struct cv_shm *shm)
{
    return (struct arena *)(void *)((char *)shm->head + shm->head->strings_at);
}

/* The slot count that so many bytes mean: an eighth of them for slots. */
static uint64_t slots_for(size_t bytes)
{
    uint64_t n = 16;
    while ((n * 2 + 8) * sizeof(uint64_t) < bytes / 4)
        n *= 2;
    return n;
}

void strings_init(void *arena, size_t bytes)
{
    struct arena *a = arena;
    if (bytes < 1024)
        return;
    a->slots = slots_for(bytes);
    a->bytes_at = sizeof *a + a->slots * sizeof(uint64_t);
    a->bytes = bytes - a->bytes_at;
    char *text = (char *)arena + a->bytes_at;
    memcpy(text, "…", sizeof "…");
    a->used = sizeof "…";
    uint64_t h = hash_of("…", strlen("…")), i = h & (a->slots - 1);
    a->slot[i] = pack(h, strlen("…"), 0);
    a->ellipsis = (uint32_t)i + 1;
}

bool strings_valid(const void *arena, size_t bytes)
{
    const struct arena *a = arena;
    return bytes < 1024 || (a->slots == slots_for(bytes) && a->bytes_at == sizeof *a + a->slots * sizeof(uint64_t) &&
                            a->bytes == bytes - a->bytes_at && a->ellipsis <= a->slots);
}

uint32_t cv_intern(const struct cv_shm *shm, const char *s, size_t n)
{
    struct arena *a = arena_of(shm);
    if (n == 0)
        return 0;
    if (shm->head->plan.string_bytes < 1024)
        return 0;
    n = n < LONGEST ? n : LONGEST;
    char *text = (char *)a + a->bytes_at;
    uint64_t h = hash_of(s, n), mine = 0, tries = 0;
    for (uint64_t i = h & (a->slots - 1); tries < PROBES; i = (i + 1) & (a->slots - 1), tries++) {
        uint64_t slot = atomic_load_explicit(&a->slot[i], memory_order_acquire);
        if (!slot) {
            if (!mine) {
                if (atomic_load_explicit(&a->used, memory_order_relaxed) + n + 1 > a->bytes)
                    break;
                uint64_t at = atomic_fetch_add(&a->used, n + 1);
                if (at + n + 1 > a->bytes)
                    break;
                memcpy(text + at, s, n);
                text[at + n] = 0;
                mine = pack(h, n, at);
            }
            if (atomic_compare_exchange_strong_explicit(&a->slot[i], &slot, mine, memory_order_acq_rel, memory_order_acquire))
                return (uint32_t)i + 1;
        }
        if (slot >> 48 == h >> 48 && length_of(slot) == n && memcmp(text + offset_of(slot), s, n) == 0)
            return (uint32_t)i + 1;
    }
    atomic_store_explicit(&a->full, 1, memory_order_relaxed);
    return a->ellipsis;
}

bool cv_strings_full(const struct cv_shm *shm) { return shm->head->plan.string_bytes >= 1024 && arena_of(shm)->full; }

const char *cv_string(const struct cv_shm *shm, uint32_t id, size_t *length)
{
    const struct arena *a = arena_of(shm);
    size_t ignored;
    length = length ? length : &ignored;
    *length = 0;
    if (id == 0 || shm->head->plan.string_bytes < 1024 || id > a->slots)
        return "";
    uint64_t slot = atomic_load_explicit(&a->slot[id - 1], memory_order_acquire);
    if (!slot || offset_of(slot) + length_of(slot) + 1 > a->bytes)
        return "";
    *length = length_of(slot);
    return (const char *)a + a->bytes_at + offset_of(slot);
}
