/* Memory, vectors, buffers, and the end of the program when something of ours is wrong. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convis/base.h"

void (*cv_panic_hook)(void);

_Noreturn void cv_panic(const char *file, int line, const char *what)
{
    if (cv_panic_hook)
        cv_panic_hook();
    fprintf(stderr, "convis: internal error: %s:%d: %s\n", file, line, what);
    abort();
}

_Noreturn void cv_no_memory(size_t size)
{
    if (cv_panic_hook)
        cv_panic_hook();
    fprintf(stderr, "convis: out of memory (%zu bytes)\n", size);
    _exit(3);
}

void *cv_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        cv_no_memory(size);
    return p;
}

void *cv_realloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q)
        cv_no_memory(size);
    return q;
}

char *cv_strndup(const char *s, size_t n)
{
    char *copy = cv_alloc(n + 1);
    memcpy(copy, s, n);
    return copy;
}

void cv_vec_grow(void **at, size_t n, size_t *cap, size_t item)
{
    if (n < *cap)
        return;
    size_t more = *cap ? *cap * 2 : 8;
    if (more > SIZE_MAX / item)
        cv_no_memory(SIZE_MAX);
    *at = cv_realloc(*at, more * item);
    *cap = more;
}

static void room(struct cv_buf *b, size_t n)
{
    if (n >= SIZE_MAX / 2 - b->n)
        cv_no_memory(n);
    if (b->n + n + 1 <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 32;
    while (cap < b->n + n + 1)
        cap *= 2;
    b->at = cv_realloc(b->at, cap);
    b->cap = cap;
}

void cv_buf_add(struct cv_buf *b, const char *s, size_t n)
{
    room(b, n);
    if (n)
        memcpy(b->at + b->n, s, n);
    b->n += n;
    b->at[b->n] = 0;
}

void cv_buf_str(struct cv_buf *b, const char *s)
{
    cv_buf_add(b, s, strlen(s));
}

void cv_buf_printf(struct cv_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CV_ASSERT(n >= 0);
    room(b, (size_t)n);
    CV_ASSERT(b->at);
    vsnprintf(b->at + b->n, (size_t)n + 1, format, again);
    va_end(again);
    b->n += (size_t)n;
}

void cv_buf_release(struct cv_buf *b)
{
    free(b->at);
    *b = (struct cv_buf){0};
}
