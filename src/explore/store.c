/* The packed set of tuples: open addressing over numbers, keys in one growing run of memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explore/intern.h"
#include "explore/store.h"

enum { FIRST_SLOTS = 1 << 12, FEW_SLOTS = 1 << 20 /* below that it grows faster */, SMALL = 1 << 21 };

static uint8_t bits_of(uint32_t value) { return value ? (uint8_t)(32 - __builtin_clz(value)) : 0; }

/* Fields one after the other, none across two words; returns the number of words. */
static uint32_t lay_out(struct store_field *f, uint32_t n)
{
    uint32_t word = 0, used = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (used + f[i].width > 64) {
            word++;
            used = 0;
        }
        f[i].word = (uint8_t)word;
        f[i].shift = (uint8_t)(f[i].width ? used : 0);
        f[i].mask = ((uint64_t)1 << f[i].width) - 1;
        used += f[i].width;
    }
    return word + 1;
}

static void *reserve(size_t bytes)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (bytes > SMALL) /* what is large is taken in large pages */
        madvise(p + SMALL, bytes - SMALL, MADV_HUGEPAGE);
    return p;
}

void store_init(struct store *s, uint32_t ncomps, size_t limit)
{
    *s = (struct store){.ncomps = ncomps, .words = 1, .limit = limit, .nslots = FIRST_SLOTS, .most = limit / 12 < 1u << 31 ? limit / 12 : 1u << 31};
    s->fields = cv_alloc((ncomps + 1) * sizeof *s->fields);
    lay_out(s->fields, ncomps);
    s->keys = reserve(limit);
    s->parents = reserve(limit);
    s->slots = table_new(s->nslots * sizeof *s->slots);
    s->full = !s->keys || !s->parents;
}

void store_release(struct store *s)
{
    if (s->keys)
        munmap(s->keys, s->limit);
    if (s->parents)
        munmap(s->parents, s->limit);
    free(s->fields);
    table_free(s->slots, s->nslots * sizeof *s->slots);
    *s = (struct store){0};
}

size_t store_memory(const struct store *s) { return s->n * (s->words * sizeof *s->keys + sizeof *s->parents) + s->nslots * sizeof *s->slots; }

static void put(struct store *s, uint64_t n)
{
    uint64_t h = store_hash(store_key(s, n), s->words), i = h & (s->nslots - 1);
    while (s->slots[i])
        i = (i + 1) & (s->nslots - 1);
    s->slots[i] = (h >> 32) << 32 | (n + 1);
}

static void rehash(struct store *s, uint64_t nslots)
{
    table_free(s->slots, s->nslots * sizeof *s->slots);
    s->nslots = nslots;
    s->slots = table_new(nslots * sizeof *s->slots);
    for (uint64_t n = 0; n < s->n; n++)
        put(s, n);
}

/* Packs all keys by other fields. */
static void repack(struct store *s, struct store_field *fields, uint32_t ncomps)
{
    uint32_t words = lay_out(fields, ncomps), shared = s->ncomps < ncomps ? s->ncomps : ncomps;
    uint64_t key[STORE_WORDS + 1];
    bool back = words > s->words; /* from the end, so that nothing is overwritten before it was read */
    struct store with = *s;
    with.fields = fields;
    with.words = words;
    if (words > STORE_WORDS || s->n * words * sizeof(uint64_t) > s->limit) {
        s->full = with.full = true;
        free(fields);
        return;
    }
    for (uint64_t k = 0; k < s->n; k++) {
        uint64_t n = back ? s->n - 1 - k : k;
        memset(key, 0, words * sizeof *key);
        for (uint32_t c = 0; c < shared; c++)
            store_set(&with, key, c, store_get(s, store_key(s, n), c));
        memcpy(with.keys + n * words, key, words * sizeof *key);
    }
    free(s->fields);
    s->fields = fields;
    s->words = words;
    s->ncomps = ncomps;
    rehash(s, s->nslots);
}

void store_widen(struct store *s, uint32_t ncomps)
{
    if (ncomps <= s->ncomps)
        return;
    struct store_field *f = cv_alloc((ncomps + 1) * sizeof *f);
    memcpy(f, s->fields, s->ncomps * sizeof *f);
    repack(s, f, ncomps);
}

/* What a word has left goes to its fields that are in use, the wide ones before all: they grow. */
static void share_out(struct store_field *f, uint32_t n)
{
    lay_out(f, n);
    for (uint32_t from = 0, to; from < n; from = to) {
        uint32_t used = 0, given = 0;
        for (to = from; to < n && f[to].word == f[from].word; to++)
            used += f[to].width;
        for (uint32_t c = from; c < to && used; c++) {
            uint32_t more = (64 - used) * f[c].width / used, most = 32u - f[c].width;
            more = more < most ? more : most;
            f[c].width = (uint8_t)(f[c].width + more);
            given += more;
        }
        CV_ASSERT(used + given <= 64);
    }
    lay_out(f, n);
}

/* As wide as the numbers are that were met. */
static void tighten(const struct store *s, struct store_field *f)
{
    uint32_t *all = cv_alloc((s->ncomps + 1) * sizeof *all);
    for (uint64_t k = 0; k < s->n; k++)
        for (uint32_t c = 0; c < s->ncomps; c++)
            all[c] |= store_get(s, store_key(s, k), c);
    for (uint32_t c = 0; c < s->ncomps; c++)
        f[c].width = bits_of(all[c]);
    free(all);
}

static void fit(struct store_field *f, const uint32_t *tuple, uint32_t n)
{
    for (uint32_t c = 0; c < n; c++)
        if (bits_of(tuple[c]) > f[c].width)
            f[c].width = bits_of(tuple[c]);
}

/* Fields in which a tuple fits too, in no more words than it takes; what those have left is shared out, so that it comes seldom. */
static struct store_field *wider(const struct store *s, const uint32_t *tuple)
{
    struct store_field *f = cv_alloc((s->ncomps + 1) * sizeof *f);
    memcpy(f, s->fields, s->ncomps * sizeof *f);
    fit(f, tuple, s->ncomps);
    if (lay_out(f, s->ncomps) > s->words) { /* some may have room that others need */
        tighten(s, f);
        fit(f, tuple, s->ncomps);
    }
    share_out(f, s->ncomps);
    return f;
}

bool store_pack(struct store *s, const uint32_t *tuple, uint64_t *key)
{
    bool fits = true;
    for (uint32_t c = 0; c < s->ncomps; c++)
        fits &= store_fits(s, c, tuple[c]);
    if (!fits) {
        repack(s, wider(s, tuple), s->ncomps);
        if (s->full)
            return true;
    }
    memset(key, 0, s->words * sizeof *key);
    for (uint32_t c = 0; c < s->ncomps; c++)
        store_set(s, key, c, tuple[c]);
    return !fits;
}

void store_unpack(const struct store *s, const uint64_t *key, uint32_t *tuple)
{
    for (uint32_t c = 0; c < s->ncomps; c++)
        tuple[c] = store_get(s, key, c);
}

uint64_t store_add(struct store *s, const uint64_t *key, uint32_t parent, bool *added)
{
    uint32_t words = s->words;
    uint64_t h = store_hash(key, words), i = h & (s->nslots - 1);
    for (; s->slots[i]; i = (i + 1) & (s->nslots - 1)) {
        if (s->slots[i] >> 32 != h >> 32)
            continue;
        uint64_t n = (uint32_t)s->slots[i] - 1;
        const uint64_t *other = store_key(s, n);
        bool same = other[0] == key[0];
        for (uint32_t w = 1; same && w < words; w++)
            same = other[w] == key[w];
        if (same) {
            *added = false;
            return n;
        }
    }
    *added = true;
    if (s->full || s->n >= s->most || store_memory(s) + 64 > s->limit) {
        s->full = true;
        return UINT64_MAX;
    }
    s->slots[i] = (h >> 32) << 32 | (s->n + 1);
    memcpy(s->keys + s->n * words, key, words * sizeof *key);
    s->parents[s->n++] = parent;
    if (s->n * 10 > s->nslots * 7) {
        uint64_t more = s->nslots < FEW_SLOTS ? s->nslots * 8 : s->nslots * 2;
        if (store_memory(s) + more * sizeof *s->slots > s->limit)
            s->full = true;
        else
            rehash(s, more);
    }
    return s->n - 1;
}
