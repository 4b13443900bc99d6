/* What events do, by number: equal lists of accesses have one number, so that events, sleepers and wakeup trees hold a number each.
 * 0: nothing. Numbers are only ever added. */
#ifndef CONVIS_EXPLORE_DOES_H
#define CONVIS_EXPLORE_DOES_H

#include "explore/space.h"

enum { DOES_MOST = 1 << 24 };
struct marks { uint64_t reads, writes; }; /* addresses, a bit for each that may be among them: what marks do not meet does not meet */
struct does { struct marks marks; uint32_t n; struct space_access one, *more; /* all of them, where there are several */ };
struct does_table {
    CV_VEC(struct does) at;
    uint32_t *single;             /* by address and kind: the number of that access alone, 0: none yet */
    struct intern lists;          /* of several */
    CV_VEC(uint32_t) by_list;
};
void does_init(struct does_table *t, uint32_t addresses);
void does_release(struct does_table *t);
size_t does_memory(const struct does_table *t);
uint32_t does_number(struct does_table *t, const struct space_access *at, uint32_t n);

static inline uint32_t does_one(struct does_table *t, const struct space_access *a)
{
    uint32_t id = t->single[a->address * 8 + a->kind];
    return id ? id : does_number(t, a, 1);
}
static inline const struct space_access *does_list(const struct does *d) { return d->more ? d->more : &d->one; }
static inline bool marks_meet(const struct marks *a, const struct marks *b) { return (a->writes & (b->reads | b->writes)) || (a->reads & b->writes); }
static inline bool does_meet(const struct does *a, const struct does *b)
{
    if (!marks_meet(&a->marks, &b->marks))
        return false;
    const struct space_access *x = does_list(a), *y = does_list(b);
    for (uint32_t i = 0; i < a->n; i++)
        for (uint32_t k = 0; k < b->n; k++)
            if (x[i].address == y[k].address && space_kinds_conflict(x[i].kind, y[k].kind))
                return true;
    return false;
}
static inline bool does_numbers_meet(const struct does_table *t, uint32_t a, uint32_t b) { return does_meet(&t->at.at[a], &t->at.at[b]); }

#endif
