/* The machine as bytes, for a saved record: which comes from a stranger when it is read. Numbers are LEB128. */
#include <stdlib.h>

#include "convis/topo.h"

enum { MOST_CORES = 4096, MOST_OS = 65535, PERMILLE = 1000 };
struct bytes { const unsigned char *at; size_t n; bool wrong; };

static void put(struct cv_buf *out, uint64_t n)
{
    char byte;
    for (; n >= 0x80; n >>= 7) {
        byte = (char)(n | 0x80);
        cv_buf_add(out, &byte, 1);
    }
    byte = (char)n;
    cv_buf_add(out, &byte, 1);
}

void cv_topo_pack(const struct cv_topo *t, struct cv_buf *out)
{
    put(out, t->ncores < MOST_CORES ? t->ncores : MOST_CORES);
    put(out, t->quota > 0 ? (uint64_t)(t->quota * PERMILLE + 0.5) : 0);
    put(out, t->this_system);
    for (uint32_t i = 0; i < t->ncores && i < MOST_CORES; i++) {
        const struct cv_core *c = &t->cores[i];
        put(out, c->os);
        put(out, c->physical);
        put(out, c->package);
        put(out, c->numa);
        put(out, c->cache);
        put(out, c->kind < 0 ? 0 : (uint64_t)c->kind + 1);
        put(out, c->allowed);
    }
}

static uint32_t get(struct bytes *b, uint32_t most)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 35 && b->n; shift += 7) {
        unsigned char byte = *b->at++;
        b->n--;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            b->wrong |= n > most;
            return n > most ? 0 : (uint32_t)n;
        }
    }
    b->wrong = true;
    return 0;
}

static void count(uint32_t number, uint32_t *all) { *all = number + 1 > *all ? number + 1 : *all; }

struct cv_topo *cv_topo_unpack(const char *bytes, size_t n)
{
    struct bytes b = {(const unsigned char *)bytes, n, false};
    struct cv_topo *t = cv_alloc(sizeof *t);
    t->ncores = get(&b, MOST_CORES);
    t->quota = (double)get(&b, 1u << 30) / PERMILLE;
    t->this_system = get(&b, 1);
    t->cores = cv_alloc((t->ncores + (size_t)1) * sizeof *t->cores);
    for (uint32_t i = 0; i < t->ncores; i++) {
        struct cv_core *c = &t->cores[i];
        c->os = get(&b, MOST_OS);
        c->physical = get(&b, t->ncores - 1);
        c->package = get(&b, t->ncores - 1);
        c->numa = get(&b, t->ncores - 1);
        c->cache = get(&b, t->ncores - 1);
        c->kind = (int)get(&b, 1 << 16) - 1;
        c->allowed = get(&b, 1);
        t->nallowed += c->allowed;
        count(c->physical, &t->nphysical);
        count(c->package, &t->npackages);
        count(c->numa, &t->nnuma);
        count(c->cache, &t->ncaches);
        for (uint32_t k = 0; k < i; k++)
            b.wrong |= t->cores[k].os == c->os;
    }
    if (!b.wrong && !b.n && t->ncores)
        return t;
    cv_topo_free(t);
    return NULL;
}
