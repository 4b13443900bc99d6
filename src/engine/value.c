/* Values: arithmetic that floors and tells overflow, comparison, text, and the list heap of a task. */
#include <stdlib.h>
#include <string.h>

#include "value.h"

enum { HEAP_LIMIT = 4 * CV_LIMIT_LIST }; /* cells a task may hold in lists */

bool value_arithmetic(enum cv_op op, int64_t a, int64_t b, int64_t *r)
{
    switch (op) {
    case CV_OP_ADD: return !__builtin_add_overflow(a, b, r);
    case CV_OP_SUB: return !__builtin_sub_overflow(a, b, r);
    case CV_OP_MUL: return !__builtin_mul_overflow(a, b, r);
    case CV_OP_DIV:
    case CV_OP_MOD:
        if (b == 0 || (a == INT64_MIN && b == -1 && op == CV_OP_DIV))
            return false;
        if (b == -1) { /* the processor cannot take INT64_MIN % -1 */
            *r = op == CV_OP_DIV ? -a : 0;
            return true;
        }
        *r = op == CV_OP_DIV ? a / b : a % b;
        if (a % b != 0 && (a < 0) != (b < 0))
            *r += op == CV_OP_DIV ? -1 : b;
        return true;
    default: return false;
    }
}

bool value_true(const struct cv_value *v)
{
    switch (v->tag) {
    case CV_TAG_NONE: return false;
    case CV_TAG_LIST: return value_list_length(v) != 0;
    case CV_TAG_TASK: return true;
    default: return v->payload != 0; /* string 0 is the empty one */
    }
}

void value_origin(struct cv_value *v, uint32_t cell, uint64_t version)
{
    for (unsigned i = 0; i < v->norigins; i++)
        if (v->origins[i].cell == cell) {
            if ((int32_t)((uint32_t)version - v->origins[i].version) < 0)
                v->origins[i].version = (uint32_t)version; /* the older one is what it rests on */
            return;
        }
    if (v->norigins == CV_COUNT(v->origins)) {
        v->origins[0] = v->origins[1];
        v->norigins--;
    }
    v->origins[v->norigins++] = (struct cv_origin){cell, (uint32_t)version};
}

void value_derive(struct cv_value *result, const struct cv_value *from)
{
    for (unsigned i = 0; i < from->norigins; i++)
        value_origin(result, from->origins[i].cell, from->origins[i].version);
}

uint64_t value_base(const struct cv_value *v, uint32_t cell)
{
    for (unsigned i = 0; i < v->norigins; i++)
        if (v->origins[i].cell == cell)
            return (uint64_t)v->origins[i].version + 1;
    return 0;
}

/* ── the heap ───────────────────────────────────────────────────────────────────────────────────── */
static uint32_t values_in_use(const struct cv_machine *m, const struct cv_task *t)
{
    return m->program->bodies[t->body].nlocals + t->sp;
}

bool value_heap_room(const struct cv_machine *m, struct cv_task **t, uint32_t n)
{
    struct cv_task *old = *t;
    if (n <= old->heap_cap - old->heap_used)
        return true;
    uint32_t count = values_in_use(m, old);
    uint64_t live = n;
    for (uint32_t i = 0; i < count; i++)
        if (old->values[i].tag == CV_TAG_LIST)
            live += value_list_length(&old->values[i]);
    if (live > HEAP_LIMIT)
        return false;
    uint64_t cap = live * 2 < 16 ? 16 : live * 2, bytes = cap * sizeof(struct cv_cell);
    if (!cv_machine_take(m, bytes))
        return false;
    atomic_fetch_sub(&m->shm.head->taken_bytes, old->counted_bytes);
    struct cv_task *new = cv_alloc(old->heap_at + cap * sizeof(struct cv_cell));
    memcpy(new, old, old->heap_at);
    new->heap_cap = (uint32_t)cap;
    new->counted_bytes = (uint32_t)bytes;
    new->heap_used = 0;
    new->size = (uint32_t)(old->heap_at + cap * sizeof(struct cv_cell));
    for (uint32_t i = 0; i < count; i++) { /* only what is still reachable moves along */
        struct cv_value *v = &new->values[i];
        if (v->tag != CV_TAG_LIST)
            continue;
        uint32_t length = value_list_length(v);
        memcpy(value_heap(new) + new->heap_used, value_heap(old) + value_list_at(v), length * sizeof(struct cv_cell));
        v->payload = (uint64_t)new->heap_used << 32 | length;
        new->heap_used += length;
    }
    free(old);
    *t = new;
    return true;
}

/* ── computing ──────────────────────────────────────────────────────────────────────────────────── */
static struct cv_value item(const struct cv_cell *c) { return value_of(cv_meta_tag(c->meta), c->payload); }

bool value_equal(const struct cv_task *t, const struct cv_value *a, const struct cv_value *b)
{
    if (a->tag == CV_TAG_LIST && b->tag == CV_TAG_LIST) {
        if (value_list_length(a) != value_list_length(b))
            return false;
        for (uint32_t i = 0; i < value_list_length(a); i++) {
            struct cv_value x = item(value_heap(t) + value_list_at(a) + i), y = item(value_heap(t) + value_list_at(b) + i);
            if (!value_equal(t, &x, &y))
                return false;
        }
        return true;
    }
    bool numbers = (a->tag == CV_TAG_INT || a->tag == CV_TAG_BOOL) && (b->tag == CV_TAG_INT || b->tag == CV_TAG_BOOL);
    return (numbers || a->tag == b->tag) && a->payload == b->payload;
}

static const char *compare(const struct cv_machine *m, enum cv_op op, const struct cv_value *a, const struct cv_value *b,
                           struct cv_value *r)
{
    int order;
    if (a->tag == CV_TAG_STRING && b->tag == CV_TAG_STRING) {
        size_t na, nb;
        const char *sa = cv_string(&m->shm, (uint32_t)a->payload, &na), *sb = cv_string(&m->shm, (uint32_t)b->payload, &nb);
        order = memcmp(sa, sb, na < nb ? na : nb);
        order = order ? order : (na > nb) - (na < nb);
    } else if ((a->tag == CV_TAG_INT || a->tag == CV_TAG_BOOL) && (b->tag == CV_TAG_INT || b->tag == CV_TAG_BOOL)) {
        order = ((int64_t)a->payload > (int64_t)b->payload) - ((int64_t)a->payload < (int64_t)b->payload);
    } else {
        return "only numbers with numbers, or strings with strings, have an order";
    }
    *r = value_bool(op == CV_OP_LT ? order < 0 : op == CV_OP_LE ? order <= 0 : op == CV_OP_GT ? order > 0 : order >= 0);
    return NULL;
}

/* The room was made before. b: join; NULL: a, repeated. */
static void join_lists(struct cv_task *t, const struct cv_value *a, const struct cv_value *b, uint32_t times, struct cv_value *r)
{
    struct cv_cell *heap = value_heap(t);
    uint32_t at = t->heap_used, n = 0;
    for (uint32_t k = 0; k < (b ? 1 : times); k++) {
        memcpy(heap + at + n, heap + value_list_at(a), value_list_length(a) * sizeof *heap);
        n += value_list_length(a);
    }
    if (b) {
        memcpy(heap + at + n, heap + value_list_at(b), value_list_length(b) * sizeof *heap);
        n += value_list_length(b);
    }
    t->heap_used += n;
    *r = value_list(at, n);
}

static const char *join_strings(const struct cv_machine *m, const struct cv_value *a, const struct cv_value *b, int64_t times,
                                struct cv_value *r)
{
    size_t na, nb = 0;
    const char *sa = cv_string(&m->shm, (uint32_t)a->payload, &na), *sb = b ? cv_string(&m->shm, (uint32_t)b->payload, &nb) : NULL;
    times = times < 0 ? 0 : times;
    if (b ? na + nb > CV_LIMIT_STRING : na && (uint64_t)times > CV_LIMIT_STRING / na)
        return "a string holds at most 4096 bytes";
    struct cv_buf text = {0};
    cv_buf_str(&text, "");
    if (b) {
        cv_buf_add(&text, sa, na);
        cv_buf_add(&text, sb, nb);
    } else {
        for (int64_t i = 0; i < times && na; i++)
            cv_buf_add(&text, sa, na);
    }
    *r = value_of(CV_TAG_STRING, cv_intern(&m->shm, text.at, text.n));
    cv_buf_release(&text);
    return NULL;
}

/* a and b lie among the task's values, so that a block that moves takes them along. */
static const char *add_or_repeat(const struct cv_machine *m, struct cv_task **t, enum cv_op op, const struct cv_value *a,
                                 const struct cv_value *b, struct cv_value *r)
{
    if (op == CV_OP_MUL && a->tag == CV_TAG_INT) { /* as often the other way round */
        const struct cv_value *times = a;
        a = b;
        b = times;
    }
    if (op == CV_OP_ADD && a->tag == CV_TAG_STRING && b->tag == CV_TAG_STRING)
        return join_strings(m, a, b, 0, r);
    if (op == CV_OP_MUL && a->tag == CV_TAG_STRING && b->tag == CV_TAG_INT)
        return join_strings(m, a, NULL, (int64_t)b->payload, r);
    bool lists = op == CV_OP_ADD && a->tag == CV_TAG_LIST && b->tag == CV_TAG_LIST;
    bool repeat = op == CV_OP_MUL && a->tag == CV_TAG_LIST && b->tag == CV_TAG_INT;
    if (!lists && !repeat)
        return op == CV_OP_ADD ? "+ joins two numbers, two strings or two lists" : "* takes two numbers, or a string or list and a number";
    int64_t times = repeat ? (int64_t)b->payload : 0;
    times = times < 0 ? 0 : times > CV_LIMIT_LIST + 1 ? CV_LIMIT_LIST + 1 : times;
    uint64_t total = lists ? (uint64_t)value_list_length(a) + value_list_length(b) : (uint64_t)value_list_length(a) * (uint64_t)times;
    ptrdiff_t ia = a - (*t)->values, ib = b - (*t)->values;
    if (total > CV_LIMIT_LIST)
        return "a list holds at most 65536 items";
    if (!value_heap_room(m, t, (uint32_t)total))
        return "the lists of this task would hold more than it may";
    join_lists(*t, &(*t)->values[ia], lists ? &(*t)->values[ib] : NULL, (uint32_t)times, r);
    return NULL;
}

const char *value_compute(const struct cv_machine *m, struct cv_task **t, enum cv_op op, const struct cv_value *a,
                          const struct cv_value *b, struct cv_value *r)
{
    switch (op) {
    case CV_OP_EQ: *r = value_bool(value_equal(*t, a, b)); return NULL;
    case CV_OP_NE: *r = value_bool(!value_equal(*t, a, b)); return NULL;
    case CV_OP_LT: case CV_OP_LE: case CV_OP_GT: case CV_OP_GE: return compare(m, op, a, b, r);
    default: break;
    }
    bool numbers = (a->tag == CV_TAG_INT || a->tag == CV_TAG_BOOL) && (b->tag == CV_TAG_INT || b->tag == CV_TAG_BOOL);
    if (!numbers && (op == CV_OP_ADD || op == CV_OP_MUL))
        return add_or_repeat(m, t, op, a, b, r);
    if (!numbers)
        return "arithmetic needs numbers";
    int64_t result;
    if (!value_arithmetic(op, (int64_t)a->payload, (int64_t)b->payload, &result))
        return (op == CV_OP_DIV || op == CV_OP_MOD) && b->payload == 0 ? "division by zero" : "the number does not fit into 64 bits";
    *r = value_int(result);
    return NULL;
}

uint32_t value_characters(const char *s, size_t n)
{
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += ((unsigned char)s[i] & 0xc0) != 0x80;
    return all;
}

/* ── text ───────────────────────────────────────────────────────────────────────────────────────── */
void value_cell_text(const struct cv_shm *shm, enum cv_tag tag, uint64_t payload, bool quoted, struct cv_buf *out)
{
    switch (tag) {
    case CV_TAG_NONE: cv_buf_str(out, "none"); break;
    case CV_TAG_BOOL: cv_buf_str(out, payload ? "true" : "false"); break;
    case CV_TAG_INT: cv_buf_printf(out, "%lld", (long long)payload); break;
    case CV_TAG_STRING: {
        size_t n;
        const char *s = cv_string(shm, (uint32_t)payload, &n);
        cv_buf_str(out, quoted ? "\"" : "");
        cv_buf_add(out, s, n);
        cv_buf_str(out, quoted ? "\"" : "");
        break;
    }
    case CV_TAG_TASK: cv_buf_printf(out, "task %llu", (unsigned long long)payload); break;
    case CV_TAG_LIST: cv_buf_printf(out, "list of %llu", (unsigned long long)payload); break;
    }
}

void value_text(const struct cv_machine *m, const struct cv_task *t, const struct cv_value *v, bool quoted, struct cv_buf *out)
{
    if (v->tag != CV_TAG_LIST) {
        value_cell_text(&m->shm, (enum cv_tag)v->tag, v->payload, quoted, out);
        return;
    }
    cv_buf_str(out, "[");
    for (uint32_t i = 0; i < value_list_length(v) && out->n <= CV_LIMIT_STRING; i++) {
        const struct cv_cell *c = value_heap(t) + value_list_at(v) + i;
        cv_buf_str(out, i ? ", " : "");
        value_cell_text(&m->shm, cv_meta_tag(c->meta), c->payload, true, out);
    }
    cv_buf_str(out, "]");
}
