/* Lists of a task: its own, in locals and on its stack. Two values may show the same cells until one of them is changed. */
#include <string.h>

#include "stack.h"

bool index_of(struct cv_worker *w, struct cv_task *t, unsigned line, const struct cv_value *v, uint32_t length, const char *what,
                     uint32_t *index)
{
    int64_t i = (int64_t)v->payload;
    if (v->tag != CV_TAG_INT)
        raise_error(w, t, line, "an index of %s must be a number", what);
    else if (i < -(int64_t)length || i >= (int64_t)length)
        raise_error(w, t, line, "index %lld is outside of %s, which holds %u", (long long)i, what, length);
    else
        return *index = (uint32_t)(i < 0 ? i + length : i), true;
    return false;
}

bool make_list(struct cv_worker *w, struct cv_task **t, unsigned line, uint32_t n)
{
    const struct cv_machine *m = w->m;
    if (!value_heap_room(m, t, n))
        return raise_error(w, *t, line, "the lists of this task would hold more than it may"), false;
    struct cv_value list = value_list((*t)->heap_used, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct cv_value *v = top(m, *t, n - 1 - i);
        if (v->tag == CV_TAG_LIST)
            return raise_error(w, *t, line, "a list cannot hold a list"), false;
        value_heap(*t)[(*t)->heap_used + i] = item_cell(v);
        value_derive(&list, v);
    }
    (*t)->heap_used += n;
    (*t)->sp -= n;
    push(m, *t, list);
    return true;
}

/* Before a list is changed in place: a copy, if another value of the task shows the same cells. */
static bool own_list(struct cv_worker *w, struct cv_task **t, uint32_t local, bool append, unsigned line)
{
    struct cv_value *v = &(*t)->values[local];
    uint32_t at = value_list_at(v), length = value_list_length(v), shared = 0;
    for (uint32_t i = 0; i < body_of(w->m, *t)->nlocals + (*t)->sp; i++) {
        const struct cv_value *other = &(*t)->values[i];
        shared += other != v && other->tag == CV_TAG_LIST && value_list_at(other) < at + length &&
                  at < value_list_at(other) + value_list_length(other);
    }
    bool last = at + length == (*t)->heap_used;
    if (append ? last : !shared) {
        if (!append || (*t)->heap_used < (*t)->heap_cap)
            return true;
    }
    if (!value_heap_room(w->m, t, length + append))
        return raise_error(w, *t, line, "the lists of this task would hold more than it may"), false;
    v = &(*t)->values[local];
    memcpy(value_heap(*t) + (*t)->heap_used, value_heap(*t) + value_list_at(v), length * sizeof(struct cv_cell));
    v->payload = (uint64_t)(*t)->heap_used << 32 | length;
    (*t)->heap_used += length;
    return true;
}

void local_list(struct cv_worker *w, struct cv_task **t, const struct cv_insn *i)
{
    const struct cv_machine *m = w->m;
    uint32_t local = (uint32_t)i->arg, index;
    const char *name = body_of(m, *t)->locals[local] ? body_of(m, *t)->locals[local] : "the list";
    if ((*t)->values[local].tag != CV_TAG_LIST) {
        raise_error(w, *t, i->line, "%s is not a list", name);
        return;
    }
    uint32_t length = value_list_length(&(*t)->values[local]);
    if (i->op == CV_OP_LOCAL_ITEM) {
        struct cv_value v = pop(m, *t);
        if (!index_of(w, *t, i->line, &v, length, name, &index))
            return;
        const struct cv_cell *c = value_heap(*t) + value_list_at(&(*t)->values[local]) + index;
        push(m, *t, value_of(cv_meta_tag(c->meta), c->payload));
        return;
    }
    if (top(m, *t, 0)->tag == CV_TAG_LIST) {
        raise_error(w, *t, i->line, "a list cannot hold a list");
        return;
    }
    if (i->op == CV_OP_APPEND_LOCAL) {
        if (length >= CV_LIMIT_LIST) {
            raise_error(w, *t, i->line, "%s is full: a list holds at most %d items", name, CV_LIMIT_LIST);
            return;
        }
        if (!own_list(w, t, local, true, i->line))
            return;
        struct cv_value v = pop(m, *t), *list = &(*t)->values[local];
        value_heap(*t)[(*t)->heap_used++] = item_cell(&v);
        *list = value_list(value_list_at(list), length + 1);
        return;
    }
    struct cv_value v = pop(m, *t), at = pop(m, *t);
    if (index_of(w, *t, i->line, &at, length, name, &index) && own_list(w, t, local, false, i->line))
        value_heap(*t)[value_list_at(&(*t)->values[local]) + index] = item_cell(&v);
}
