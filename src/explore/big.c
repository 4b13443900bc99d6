/* Natural numbers of any size: what counting needs, and no more. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explore/big.h"

static void room(struct big *b, size_t n)
{
    if (n <= b->cap)
        return;
    b->cap = n * 2;
    b->at = cv_realloc(b->at, b->cap * sizeof *b->at);
}

static void trim(struct big *b)
{
    while (b->n && !b->at[b->n - 1])
        b->n--;
}

void big_set(struct big *b, uint64_t v)
{
    room(b, 1);
    b->at[0] = v;
    b->n = v != 0;
}

void big_copy(struct big *b, const struct big *from)
{
    room(b, from->n + 1);
    if (from->n)
        memcpy(b->at, from->at, from->n * sizeof *b->at);
    b->n = from->n;
}

void big_add_limbs(struct big *b, const uint64_t *limbs, size_t n)
{
    size_t m = (n > b->n ? n : b->n) + 1;
    room(b, m);
    memset(b->at + b->n, 0, (m - b->n) * sizeof *b->at);
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < m; i++) {
        carry += (unsigned __int128)b->at[i] + (i < n ? limbs[i] : 0);
        b->at[i] = (uint64_t)carry;
        carry >>= 64;
    }
    b->n = m;
    trim(b);
}

void big_multiply(struct big *b, uint64_t k)
{
    unsigned __int128 carry = 0;
    room(b, b->n + 1);
    for (size_t i = 0; i < b->n; i++) {
        carry += (unsigned __int128)b->at[i] * k;
        b->at[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry)
        b->at[b->n++] = (uint64_t)carry;
    trim(b);
}

uint64_t big_divide(struct big *b, uint64_t k)
{
    unsigned __int128 rest = 0;
    for (size_t i = b->n; i-- > 0;) {
        rest = rest << 64 | b->at[i];
        b->at[i] = (uint64_t)(rest / k);
        rest %= k;
    }
    trim(b);
    return (uint64_t)rest;
}

int big_compare(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (size_t i = a->n; i-- > 0;)
        if (a->at[i] != b->at[i])
            return a->at[i] < b->at[i] ? -1 : 1;
    return 0;
}

void big_release(struct big *b)
{
    free(b->at);
    *b = (struct big){0};
}

char *big_text(const struct big *b)
{
    enum { DIGITS = 19 };
    const uint64_t chunk = 10000000000000000000u;
    struct big rest = {0};
    size_t size = b->n * 20 + 2, at = size - 1;
    char *text = cv_alloc(size);
    big_copy(&rest, b);
    while (rest.n) {
        uint64_t r = big_divide(&rest, chunk);
        for (int i = 0; i < DIGITS && (r || rest.n); i++, r /= 10)
            text[--at] = (char)('0' + r % 10);
    }
    if (at == size - 1)
        text[--at] = '0';
    memmove(text, text + at, size - at);
    big_release(&rest);
    return text;
}

/* The upper two limbs as a double, and by how many limbs that is too small. */
static double upper(const struct big *b, int *limbs)
{
    double d = 0;
    size_t from = b->n > 3 ? b->n - 3 : 0;
    for (size_t i = b->n; i-- > from;)
        d = d * 0x1p64 + (double)b->at[i];
    *limbs = (int)from;
    return d;
}

double big_ratio(const struct big *a, const struct big *b)
{
    int la, lb;
    double x = upper(a, &la), y = upper(b, &lb);
    return ldexp(x / y, 64 * (la - lb));
}

void big_reduce(struct big *a, struct big *b)
{
    struct big x = {0}, y = {0};
    for (uint64_t prime = 2; prime < 256; prime++) {
        bool is_prime = true;
        for (uint64_t d = 2; d * d <= prime; d++)
            is_prime &= prime % d != 0;
        while (is_prime && a->n && b->n) {
            big_copy(&x, a);
            big_copy(&y, b);
            if (big_divide(&y, prime) || big_divide(&x, prime))
                break;
            big_copy(a, &x);
            big_copy(b, &y);
        }
    }
    big_release(&x);
    big_release(&y);
}
