/* Memory actions: each is one access to something shared, done at once, and told with the versions it met. */
#include "cells.h"
#include "stack.h"

static void seen(struct cv_task *t, uint32_t cell, struct cv_cell c)
{
    if (t->seen[0].cell != cell || !t->seen[0].tag)
        t->seen[1] = t->seen[0];
    t->seen[0] = (struct cv_seen){.payload = c.payload, .cell = cell, .tag = cv_meta_tag(c.meta)};
}

static struct cv_value read_cell(struct cv_worker *w, struct cv_task *t, const struct cv_action *a, struct cv_cell *at)
{
    struct cv_cell c = cell_read(at);
    uint32_t id = cv_cell_id((uint32_t)a->arg, a->index);
    cv_emit2(&w->ring, CV_EV_READ, a->b == 1 ? CV_F_SPIN : 0, t->number, a->line, (unsigned)a->arg, c.payload, c.meta, a->index, 0);
    seen(t, id, c);
    struct cv_value v = value_of(cv_meta_tag(c.meta), c.payload);
    value_origin(&v, id, cv_meta_version(c.meta));
    return v;
}

static void write_cell(struct cv_worker *w, struct cv_task *t, const struct cv_action *a, struct cv_cell *at)
{
    struct cv_cell now, old = cell_write(at, a->value.payload, (enum cv_tag)a->value.tag, t->number, &now);
    cv_emit3(&w->ring, CV_EV_WRITE, 0, t->number, a->line, (unsigned)a->arg, now.payload, now.meta, a->index, old.meta,
             value_base(&a->value, cv_cell_id((uint32_t)a->arg, a->index)), 0);
}

/* The whole list, in one step, into the task's heap. */
static bool read_list(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct cv_value *v)
{
    struct cv_list *list = w->m->memory.lists[a->arg];
    struct cv_cell head = cell_read(w->m->memory.cells[a->arg]);
    uint32_t n;
    for (;;) { /* make room before the lock is taken */
        n = (uint32_t)head.payload;
        if (!value_heap_room(w->m, t, n))
            return raise_error(w, *t, a->line, "the lists of this task would hold more than it may"), false;
        cell_list_lock(list);
        head = cell_read(w->m->memory.cells[a->arg]);
        if (head.payload <= n)
            break;
        cell_list_unlock(list);
    }
    n = (uint32_t)head.payload;
    for (uint32_t i = 0; i < n; i++)
        value_heap(*t)[(*t)->heap_used + i] = cell_read(&list->items[i]);
    cell_list_unlock(list);
    cv_emit2(&w->ring, CV_EV_READ, a->b == 1 ? CV_F_SPIN : 0, (*t)->number, a->line, (unsigned)a->arg, head.payload, head.meta,
             CV_WHOLE_LIST, 0);
    *v = value_list((*t)->heap_used, n);
    value_origin(v, cv_cell_id((uint32_t)a->arg, 0), cv_meta_version(head.meta));
    (*t)->heap_used += n;
    return true;
}

static void write_list(struct cv_worker *w, struct cv_task *t, const struct cv_action *a)
{
    struct cv_list *list = w->m->memory.lists[a->arg];
    uint32_t n = value_list_length(&a->value);
    n = n < CV_LIMIT_LIST ? n : CV_LIMIT_LIST;
    struct cv_cell now, old;
    cell_list_lock(list);
    for (uint32_t i = 0; i < n; i++) {
        const struct cv_cell *from = value_heap(t) + value_list_at(&a->value) + i;
        struct cv_cell item_now, item_old = cell_write(&list->items[i], from->payload, cv_meta_tag(from->meta), t->number, &item_now);
        cv_emit3(&w->ring, CV_EV_WRITE, CV_F_ATOMIC, t->number, a->line, (unsigned)a->arg, item_now.payload, item_now.meta, i + 1,
                 item_old.meta, 0, 0);
    }
    old = cell_write(w->m->memory.cells[a->arg], n, CV_TAG_LIST, t->number, &now);
    cell_list_unlock(list);
    cv_emit3(&w->ring, CV_EV_WRITE, 0, t->number, a->line, (unsigned)a->arg, now.payload, now.meta, CV_WHOLE_LIST, old.meta,
             value_base(&a->value, cv_cell_id((uint32_t)a->arg, 0)), 0);
}

static bool append_item(struct cv_worker *w, struct cv_task *t, const struct cv_action *a)
{
    struct cv_list *list = w->m->memory.lists[a->arg];
    struct cv_cell *head = w->m->memory.cells[a->arg], now, old, item_now;
    cell_list_lock(list);
    uint32_t n = (uint32_t)cell_read(head).payload;
    if (n >= CV_LIMIT_LIST) {
        cell_list_unlock(list);
        return raise_error(w, t, a->line, "%s is full: a list holds at most %d items", var_name(w->m, (uint32_t)a->arg), CV_LIMIT_LIST), false;
    }
    cell_write(&list->items[n], a->value.payload, (enum cv_tag)a->value.tag, t->number, &item_now);
    old = cell_write(head, n + 1, CV_TAG_LIST, t->number, &now);
    cell_list_unlock(list);
    cv_emit3(&w->ring, CV_EV_WRITE, CV_F_APPEND | CV_F_ATOMIC, t->number, a->line, (unsigned)a->arg, item_now.payload, item_now.meta,
             n + 1, old.meta, 0, 0);
    return true;
}

/* atomic x op= E: one compare-and-swap that succeeds. */
static bool atomic_update(struct cv_worker *w, struct cv_task **t, const struct cv_action *a, struct cv_cell *at)
{
    if (a->b == 0) {
        struct cv_cell now, old = cell_write(at, a->value.payload, (enum cv_tag)a->value.tag, (*t)->number, &now);
        cv_emit3(&w->ring, CV_EV_WRITE, CV_F_ATOMIC, (*t)->number, a->line, (unsigned)a->arg, now.payload, now.meta, a->index, old.meta, 0, 0);
        return true;
    }
    struct cv_cell old = cell_read(at);
    for (;;) {
        struct cv_value current = value_of(cv_meta_tag(old.meta), old.payload), result;
        if (current.tag == CV_TAG_LIST)
            return raise_error(w, *t, a->line, "atomic takes a number or a string, not a list"), false;
        const char *why = value_compute(w->m, t, (enum cv_op)a->b, &current, &a->value, &result);
        if (why)
            return raise_error(w, *t, a->line, "%s", why), false;
        struct cv_cell next = {result.payload, cv_meta((enum cv_tag)result.tag, (*t)->number, cv_meta_version(old.meta) + 1)};
        struct cv_cell was = cell_swap_if(at, old, next);
        if (cell_same(was, old)) {
            cv_emit3(&w->ring, CV_EV_WRITE, CV_F_ATOMIC, (*t)->number, a->line, (unsigned)a->arg, next.payload, next.meta, a->index,
                     old.meta, cv_meta_version(old.meta) + 1, 0);
            return true;
        }
        old = was;
    }
}

static bool compare_and_swap(struct cv_worker *w, struct cv_task *t, const struct cv_action *a, struct cv_cell *at)
{
    struct cv_cell old = cell_read(at);
    for (;;) {
        struct cv_value current = value_of(cv_meta_tag(old.meta), old.payload);
        if (current.tag == CV_TAG_LIST || a->value2.tag == CV_TAG_LIST || !value_equal(t, &current, &a->value)) {
            cv_emit2(&w->ring, CV_EV_READ, CV_F_ATOMIC, t->number, a->line, (unsigned)a->arg, old.payload, old.meta, a->index, 0);
            return false;
        }
        struct cv_cell next = {a->value2.payload, cv_meta((enum cv_tag)a->value2.tag, t->number, cv_meta_version(old.meta) + 1)};
        struct cv_cell was = cell_swap_if(at, old, next);
        if (cell_same(was, old)) {
            cv_emit3(&w->ring, CV_EV_WRITE, CV_F_ATOMIC, t->number, a->line, (unsigned)a->arg, next.payload, next.meta, a->index,
                     old.meta, cv_meta_version(old.meta) + 1, 0);
            return true;
        }
        old = was;
    }
}

void cv_task_memory(struct cv_worker *w, struct cv_task **t, const struct cv_action *a)
{
    const struct cv_memory *mem = &w->m->memory;
    struct cv_cell *cell = mem->cells[a->arg];
    uint32_t index = a->index;
    if (is_item((enum cv_op)a->op) && !index && index_of(w, *t, a->line, index_operand(w->m, *t, (enum cv_op)a->op), (uint32_t)cell_read(cell).payload,
                                                         var_name(w->m, (uint32_t)a->arg), &index))
        index++; /* others have appended since it was looked at */
    struct cv_cell *item = index ? &mem->lists[a->arg]->items[index - 1] : cell;
    struct cv_action inside;
    struct cv_value result = {0};
    bool ok = true;
    if (index != a->index) {
        inside = *a;
        inside.index = index;
        a = &inside;
    }
    atomic_store_explicit(&cv_shm_row(&w->m->shm, (*t)->number)->line, a->line, memory_order_relaxed);
    if ((*t)->failure)
        return;
    switch ((enum cv_op)a->op) {
    case CV_OP_LOAD:
        if (mem->lists[a->arg])
            ok = read_list(w, t, a, &result);
        else
            result = read_cell(w, *t, a, cell);
        break;
    case CV_OP_LOAD_ITEM: result = read_cell(w, *t, a, item); break;
    case CV_OP_LOAD_LEN:
        result = read_cell(w, *t, a, cell);
        result.tag = CV_TAG_INT;
        break;
    case CV_OP_STORE:
        if (mem->lists[a->arg])
            write_list(w, *t, a);
        else
            write_cell(w, *t, a, cell);
        break;
    case CV_OP_STORE_ITEM: write_cell(w, *t, a, item); break;
    case CV_OP_APPEND: ok = append_item(w, *t, a); break;
    case CV_OP_ATOMIC:
        if (mem->lists[a->arg])
            ok = (raise_error(w, *t, a->line, "atomic takes a number or a string, not a list"), false);
        else
            ok = atomic_update(w, t, a, cell);
        break;
    case CV_OP_ATOMIC_ITEM: ok = atomic_update(w, t, a, item); break;
    case CV_OP_CAS: result = value_bool(compare_and_swap(w, *t, a, cell)); break;
    case CV_OP_CAS_ITEM: result = value_bool(compare_and_swap(w, *t, a, item)); break;
    default: CV_ASSERT(!"a memory action");
    }
    if (ok)
        cv_task_finish(w, t, a, &result);
}
