/* The table of what events do. */
#include <stdlib.h>
#include <string.h>

#include "explore/does.h"

static void marks_add(struct marks *m, const struct space_access *a)
{
    uint64_t bit = (uint64_t)1 << (a->address & 63);
    if (a->kind == SPACE_READ)
        m->reads |= bit;
    else
        m->writes |= bit;
}

void does_init(struct does_table *t, uint32_t addresses)
{
    struct does nothing = {.n = 0};
    *t = (struct does_table){.single = cv_alloc((size_t)addresses * 8 * sizeof *t->single)};
    intern_init(&t->lists);
    CV_PUSH(&t->at, nothing);
}

void does_release(struct does_table *t)
{
    for (size_t i = 0; i < t->at.n; i++)
        free(t->at.at[i].more);
    free(t->at.at);
    free(t->single);
    free(t->by_list.at);
    intern_release(&t->lists);
}

size_t does_memory(const struct does_table *t) { return t->at.cap * sizeof *t->at.at + intern_memory(&t->lists) + t->by_list.cap * sizeof *t->by_list.at; }

/* The number of a list that is several accesses: where it is kept, 0 there: none yet. */
static uint32_t *of_list(struct does_table *t, const struct space_access *at, uint32_t n)
{
    uint32_t *words = cv_alloc((size_t)n * 2 * sizeof *words);
    for (uint32_t i = 0; i < n; i++) {
        words[2 * i] = at[i].address;
        words[2 * i + 1] = at[i].kind;
    }
    uint32_t id = intern_add(&t->lists, words, (size_t)n * 2 * sizeof *words);
    free(words);
    while (t->by_list.n <= id)
        CV_PUSH(&t->by_list, (uint32_t)0);
    return &t->by_list.at[id];
}

uint32_t does_number(struct does_table *t, const struct space_access *at, uint32_t n)
{
    if (n == 0)
        return 0;
    uint32_t *id = n == 1 ? &t->single[at->address * 8 + at->kind] : of_list(t, at, n);
    if (*id)
        return *id;
    struct does d = {.n = n, .one = at[0]};
    for (uint32_t i = 0; i < n; i++)
        marks_add(&d.marks, &at[i]);
    if (n > 1) {
        d.more = cv_alloc(n * sizeof *d.more);
        memcpy(d.more, at, n * sizeof *at);
    }
    *id = (uint32_t)t->at.n;
    CV_ASSERT(*id < DOES_MOST);
    CV_PUSH(&t->at, d);
    return *id;
}
