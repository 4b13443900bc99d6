/* Natural numbers of any size, as 64-bit limbs, the lowest first. Those of one table have the same number of limbs. */
#ifndef CONVIS_EXPLORE_BIG_H
#define CONVIS_EXPLORE_BIG_H

#include "convis/base.h"

struct big { uint64_t *at; size_t n, cap; }; /* no leading zero limbs; n = 0: zero */
void big_set(struct big *b, uint64_t v);
void big_copy(struct big *b, const struct big *from);
void big_add_limbs(struct big *b, const uint64_t *limbs, size_t n);
void big_multiply(struct big *b, uint64_t k);
uint64_t big_divide(struct big *b, uint64_t k); /* the remainder */
int big_compare(const struct big *a, const struct big *b);
void big_release(struct big *b);
char *big_text(const struct big *b);            /* decimal; free it */
double big_ratio(const struct big *a, const struct big *b); /* a / b, b not zero, to double precision */
/* a/b in lowest terms, where all prime factors of b are below 256; both are changed. */
void big_reduce(struct big *a, struct big *b);

static inline void limbs_add(uint64_t *to, const uint64_t *from, size_t n)
{
    unsigned carry = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned __int128 sum = (unsigned __int128)to[i] + from[i] + carry;
        to[i] = (uint64_t)sum;
        carry = (unsigned)(sum >> 64);
    }
}
/* to += from * k; what does not fit is lost: the caller saw to it that it does. */
static inline void limbs_add_times(uint64_t *to, const uint64_t *from, uint64_t k, size_t n)
{
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < n; i++) {
        carry += (unsigned __int128)from[i] * k + to[i];
        to[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

#endif
