/* Interned byte strings and memo tables: open addressing, at most two thirds full. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explore/intern.h"

enum { TABLE_MAPPED = 1 << 16, TABLE_HUGE = 1 << 21 };

void *table_new(size_t bytes)
{
    if (bytes < TABLE_MAPPED)
        return cv_alloc(bytes);
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        cv_no_memory(bytes);
    if (bytes >= TABLE_HUGE)
        madvise(p, bytes, MADV_HUGEPAGE);
    madvise(p, bytes, MADV_POPULATE_WRITE); /* since Linux 5.14; else they come one by one */
    return p;
}

void table_free(void *table, size_t bytes)
{
    if (table && bytes >= TABLE_MAPPED)
        munmap(table, bytes);
    else
        free(table);
}

uint64_t intern_hash(const void *bytes, size_t n)
{
    const unsigned char *s = bytes;
    uint64_t h = 0x9e3779b97f4a7c15u ^ n, w;
    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&w, s, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, s, n);
    h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
    h ^= h >> 29;
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
}

void intern_init(struct intern *in)
{
    *in = (struct intern){.cap = 64, .nslots = 128, .count = 1};
    in->at = cv_alloc(in->cap * sizeof *in->at);
    in->slots = table_new(in->nslots * sizeof *in->slots);
    in->room = 1024;
    in->bytes = cv_alloc(in->room);
}

void intern_release(struct intern *in)
{
    free(in->bytes);
    free(in->at);
    table_free(in->slots, in->nslots * sizeof *in->slots);
    *in = (struct intern){0};
}

static void rehash(struct intern *in)
{
    table_free(in->slots, in->nslots * sizeof *in->slots);
    in->nslots *= 2;
    in->slots = table_new(in->nslots * sizeof *in->slots);
    for (uint32_t id = 1; id < in->count; id++) {
        uint32_t i = in->at[id].hash & (in->nslots - 1);
        while (in->slots[i])
            i = (i + 1) & (in->nslots - 1);
        in->slots[i] = id;
    }
}

uint32_t intern_add(struct intern *in, const void *bytes, size_t n)
{
    if (n == 0)
        return 0;
    uint32_t hash = (uint32_t)intern_hash(bytes, n), i = hash & (in->nslots - 1);
    for (; in->slots[i]; i = (i + 1) & (in->nslots - 1)) {
        const struct intern_at *a = &in->at[in->slots[i]];
        if (a->hash == hash && a->n == n && memcmp(in->bytes + a->at, bytes, n) == 0)
            return in->slots[i];
    }
    if (in->count == in->cap) {
        in->cap *= 2;
        in->at = cv_realloc(in->at, in->cap * sizeof *in->at);
    }
    size_t at = (in->used + 7) & ~(size_t)7;
    while (at + n > in->room) {
        in->room *= 2;
        in->bytes = cv_realloc(in->bytes, in->room);
    }
    memcpy(in->bytes + at, bytes, n);
    in->used = at + n;
    uint32_t id = in->count++;
    in->at[id] = (struct intern_at){at, (uint32_t)n, hash};
    in->slots[i] = id;
    if (in->count > in->nslots / 3 * 2)
        rehash(in);
    return id;
}

size_t intern_memory(const struct intern *in) { return in->room + in->cap * sizeof *in->at + in->nslots * sizeof *in->slots; }

void memo_release(struct memo *m)
{
    table_free(m->slots, m->cap * sizeof *m->slots);
    *m = (struct memo){0};
}

static struct memo_slot *slot(struct memo *m, uint64_t key)
{
    uint64_t i = memo_hash(key) & (m->cap - 1);
    while (m->slots[i].key && m->slots[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

struct memo_slot *memo_make(struct memo *m, uint64_t key, bool *found)
{
    if (m->n * 3 >= m->cap * 2) {
        struct memo old = *m;
        m->cap = old.cap ? old.cap * 2 : 64;
        m->slots = table_new(m->cap * sizeof *m->slots);
        for (uint64_t i = 0; i < old.cap; i++)
            if (old.slots[i].key)
                *slot(m, old.slots[i].key) = old.slots[i];
        table_free(old.slots, old.cap * sizeof *old.slots);
    }
    struct memo_slot *s = slot(m, key);
    *found = s->key != 0;
    if (!s->key) {
        s->key = key;
        m->n++;
    }
    return s;
}
