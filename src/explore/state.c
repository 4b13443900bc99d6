/* Taking a state apart into numbers, and putting one on the stage. A control part is words: a head, a record for each task, the
 * sync table. A local state is words too: where the task stands, its values, its lists; what lies above its stack, garbage in its heap and what
 * values derive from are left out. */
#include <stdlib.h>
#include <string.h>

#include "engine/cells.h"
#include "engine/value.h"
#include "explore/state.h"

enum { H_TASKS, H_TURN, H_FLAGS, H_HOLDER, H_POOL0, H_POOL1, H_TEXT, H_NOW0, H_NOW1, H_TAKEN0, H_TAKEN1, H_SPAWNED };
enum { P_STATE, P_CAUSE, P_DUE0, P_DUE1, P_POOL, P_SERVES, P_KEPT0, P_KEPT1, P_ROW, P_FAILURE, P_LINE, P_NAME, P_BODY, P_PARENT, P_WAIT, P_ROWPOOL, P_WORDS };
static const uint64_t ORIGIN = (uint64_t)1 << 50; /* where virtual time stands while it is no part of the state */

static uint32_t *scratch(struct space *x, size_t words)
{
    if (words > x->nscratch) {
        x->nscratch = (uint32_t)(words * 2);
        x->scratch = cv_realloc(x->scratch, x->nscratch * sizeof *x->scratch);
    }
    return x->scratch;
}

/* ── values ─────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t *put_cell(uint32_t *to, struct cv_cell c)
{
    *to++ = (uint32_t)c.payload;
    *to++ = (uint32_t)(c.payload >> 32);
    *to++ = cv_meta_tag(c.meta);
    return to;
}
static struct cv_cell get_cell(const uint32_t *from)
{
    return (struct cv_cell){from[0] | (uint64_t)from[1] << 32, cv_meta((enum cv_tag)from[2], CV_NO_TASK, 1)};
}

uint32_t state_value(struct space *x, const struct cv_cell *cell, const struct cv_list *list, int64_t item)
{
    uint32_t n = list && item < 0 ? (uint32_t)cell->payload : 0, *words = scratch(x, 3 * (n + 1u)), *to = words;
    to = put_cell(to, item >= 0 ? list->items[item] : *cell);
    for (uint32_t i = 0; i < n; i++)
        to = put_cell(to, list->items[i]);
    return intern_add(&x->values, words, (size_t)(to - words) * sizeof *words);
}

/* A variable in the memory at cell, list from the components at first. */
static void load_var(struct space *x, const struct var_at *v, const uint32_t *first, struct cv_cell *cell, struct cv_list *list)
{
    if (v->flat && v->list) {
        *cell = (struct cv_cell){v->n, cv_meta(CV_TAG_LIST, CV_NO_TASK, 1)};
        for (uint32_t i = 0; i < v->n; i++)
            list->items[i] = get_cell(intern_at(&x->values, first[i], NULL));
        return;
    }
    const uint32_t *from = intern_at(&x->values, *first, NULL);
    *cell = get_cell(from);
    for (uint32_t i = 0; list && i < cell->payload; i++)
        list->items[i] = get_cell(from + 3 * (i + 1));
}

static void take_var(struct space *x, const struct var_at *v, uint32_t *first, const struct cv_cell *cell, const struct cv_list *list)
{
    if (v->flat && v->list)
        for (uint32_t i = 0; i < v->n; i++)
            first[i] = state_value(x, cell, list, i);
    else
        *first = state_value(x, cell, list, -1);
}

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────────── */
/* A local state: its head, of the rest of the task what is not zero (a bit each in L_REST), then its values. Who the task is is not among it,
 * unless its body asks. */
enum { L_BODY /* sp << 16, nwith << 24 */, L_PC, L_REST, L_WORDS };
enum { R_NAME, R_FAILURE, R_LINE, R_AWAY, R_WITH_BASE, R_ME0, R_ME1, R_RANDOM0, R_RANDOM1, R_NUMBER, R_WORDS };

static const uint32_t *get_rest(const uint32_t *from, uint32_t *rest)
{
    uint32_t set = from[L_REST];
    from += L_WORDS;
    for (unsigned i = 0; i < R_WORDS; i++)
        rest[i] = set >> i & 1 ? *from++ : 0;
    return from;
}

/* A value in as few words as its payload takes: tag and V_DURATION, then the payload itself, or how many words of it follow. */
enum { V_DURATION = 8, V_FOLLOW = 9, V_PAYLOAD = 11 };

static uint32_t *put_value(uint32_t *to, const struct cv_value *v, uint64_t payload)
{
    uint32_t head = v->tag | (uint32_t)(v->duration != 0) << V_DURATION, high = (uint32_t)(payload >> 32);
    if (payload >> (32 - V_PAYLOAD) == 0) {
        *to++ = head | (uint32_t)payload << V_PAYLOAD;
        return to;
    }
    *to++ = head | (high ? 2u : 1u) << V_FOLLOW;
    *to++ = (uint32_t)payload;
    if (high)
        *to++ = high;
    return to;
}

static const uint32_t *get_value(const uint32_t *from, struct cv_value *v)
{
    uint32_t head = *from++, follow = head >> V_FOLLOW & 3;
    v->tag = (uint8_t)head;
    v->duration = head >> V_DURATION & 1;
    v->payload = follow ? *from++ : head >> V_PAYLOAD;
    if (follow == 2)
        v->payload |= (uint64_t)*from++ << 32;
    return from;
}

static uint32_t *put_values(uint32_t *to, const struct cv_task *t, uint32_t n, bool done)
{
    static const struct cv_value none;
    for (uint32_t i = 0; i < n; i++) {
        const struct cv_value *v = done ? &none : &t->values[i];
        uint32_t items = v->tag == CV_TAG_LIST ? value_list_length(v) : 0;
        to = put_value(to, v, v->tag == CV_TAG_LIST ? items : v->payload);
        for (uint32_t k = 0; k < items; k++)
            to = put_cell(to, value_heap(t)[value_list_at(v) + k]);
    }
    return to;
}

static uint32_t take_task(struct space *x, const struct cv_task *t)
{
    const struct cv_body *b = &x->program->bodies[t->body];
    uint32_t nvalues = b->nlocals + t->sp, cells = 0;
    for (uint32_t i = 0; i < nvalues; i++)
        cells += t->values[i].tag == CV_TAG_LIST ? value_list_length(&t->values[i]) : 0;
    uint64_t took = atomic_load(&x->shm.head->taken_bytes);
    x->most_cells = cells > x->most_cells ? cells : x->most_cells;
    x->most_lists = took > x->most_lists ? took : x->most_lists;
    uint32_t *words = scratch(x, 32 + 4u * nvalues + 3u * cells + t->nwith), *to = words + L_WORDS;
    const struct body_uses *u = &x->bodies[t->body];
    uint64_t me = u->me ? (uint64_t)t->me : 0, random = u->random ? t->random : 0;
    const uint32_t rest[R_WORDS] = {u->name ? t->name : 0, t->failure, t->failure_line, t->away, t->with_base, (uint32_t)me, (uint32_t)(me >> 32),
                                    (uint32_t)random, (uint32_t)(random >> 32), u->ids ? t->number : 0};
    CV_ASSERT(t->body <= 0xffff && t->sp <= 0xff && t->nwith <= 0xff);
    words[L_BODY] = t->body | t->sp << 16 | t->nwith << 24;
    words[L_PC] = t->pc;
    words[L_REST] = 0;
    for (unsigned i = 0; i < R_WORDS; i++)
        if (rest[i]) {
            words[L_REST] |= 1u << i;
            *to++ = rest[i];
        }
    for (unsigned i = 0; x->checks && i < CV_COUNT(t->seen); i++) {
        to = put_cell(to, (struct cv_cell){t->seen[i].payload, cv_meta((enum cv_tag)t->seen[i].tag, CV_NO_TASK, 1)});
        *to++ = t->seen[i].cell;
    }
    bool done = x->program->code[t->pc].op == CV_OP_DONE && !t->failure; /* what its locals are is nothing to anybody */
    to = put_values(to, t, nvalues, done);
    const uint8_t *with = (const uint8_t *)(t->values + b->nlocals + b->nstack);
    for (uint32_t i = 0; i < t->nwith; i++)
        *to++ = with[i];
    return intern_add(&x->locals, words, (size_t)(to - words) * sizeof *words);
}

/* A block of zeros: the spare one where it is large enough. */
static struct cv_task *block(struct space *x, uint32_t size, bool spare)
{
    if (!spare)
        return cv_alloc(size);
    if (x->spare_bytes < size) {
        free(x->spare);
        x->spare_bytes = size + 256;
        x->spare = cv_alloc(x->spare_bytes);
    }
    struct cv_task *t = x->spare;
    x->spare = NULL; /* until give_back */
    return memset(t, 0, size);
}

/* The spare block is free again; the interpreter may have made it a larger one. */
static void give_back(struct space *x, struct cv_task *t)
{
    x->spare_bytes = t->size > x->spare_bytes ? t->size : x->spare_bytes;
    x->spare = t;
}

/* The block of a task in this local state. */
static struct cv_task *load_task(struct space *x, uint32_t id, uint32_t task, bool spare)
{
    const uint32_t *from = intern_at(&x->locals, id, NULL);
    uint32_t rest[R_WORDS], body = from[L_BODY] & 0xffff, sp = from[L_BODY] >> 16 & 0xff, nwith = from[L_BODY] >> 24;
    const struct cv_body *b = &x->program->bodies[body];
    const uint32_t *seen = get_rest(from, rest), *values = seen + (x->checks ? 8 : 0), *v = values;
    uint32_t nvalues = b->nlocals + sp, cells = 0;
    for (uint32_t i = 0; i < nvalues; i++) {
        struct cv_value one;
        v = get_value(v, &one);
        uint32_t items = one.tag == CV_TAG_LIST ? (uint32_t)one.payload : 0;
        cells += items;
        v += 3 * items;
    }
    uint32_t heap_at = (uint32_t)((sizeof(struct cv_task) + (b->nlocals + b->nstack) * sizeof(struct cv_value) + b->nwith + 15) & ~(size_t)15);
    struct cv_task *t = block(x, heap_at + cells * (uint32_t)sizeof(struct cv_cell), spare);
    *t = (struct cv_task){.size = (uint32_t)(heap_at + cells * sizeof(struct cv_cell)), .number = task, .body = body, .instance = UINT32_MAX, .pc = from[L_PC],
                          .sp = sp, .nwith = nwith, .name = rest[R_NAME], .failure = rest[R_FAILURE], .failure_line = (uint16_t)rest[R_LINE],
                          .away = rest[R_AWAY], .with_base = rest[R_WITH_BASE], .me = (int64_t)(rest[R_ME0] | (uint64_t)rest[R_ME1] << 32),
                          .random = rest[R_RANDOM0] | (uint64_t)rest[R_RANDOM1] << 32, .heap_at = heap_at, .heap_cap = cells};
    for (unsigned i = 0; x->checks && i < CV_COUNT(t->seen); i++) {
        struct cv_cell c = get_cell(seen + 4 * i);
        t->seen[i] = (struct cv_seen){.payload = c.payload, .cell = seen[3 + 4 * i], .tag = cv_meta_tag(c.meta)};
    }
    for (uint32_t i = 0; i < nvalues; i++) {
        values = get_value(values, &t->values[i]);
        if (t->values[i].tag != CV_TAG_LIST)
            continue;
        uint32_t n = (uint32_t)t->values[i].payload;
        t->values[i].payload = (uint64_t)t->heap_used << 32 | n;
        for (uint32_t k = 0; k < n; k++, values += 3)
            value_heap(t)[t->heap_used++] = (struct cv_cell){values[0] | (uint64_t)values[1] << 32, cv_meta((enum cv_tag)values[2], 0, 0)};
    }
    uint8_t *with = (uint8_t *)(t->values + b->nlocals + b->nstack);
    for (uint32_t i = 0; i < nwith; i++)
        with[i] = (uint8_t)values[i];
    return t;
}

/* What stands in front of a task, of the local state with this number. */
static void describe(struct space *x, uint32_t id, const struct cv_task *t, const struct cv_action *a)
{
    while (x->local.n <= id) {
        if (x->local.n == x->local.cap)
            cv_vec_grow((void **)&x->local.at, x->local.n, &x->local.cap, sizeof *x->local.at);
        x->local.at[x->local.n++] = (struct local){0}; /* neither known nor quick */
    }
    struct local *l = &x->local.at[id];
    if (l->known)
        return;
    *l = (struct local){.known = true, .met = UINT32_MAX, .sync = cv_sync_is(a)};
    l->action = (struct local_action){a->op, a->memory, a->await, a->visible, a->line, a->arg, a->b, {a->value.payload, a->value.tag}};
    l->end = l->action.op == CV_OP_DONE || l->action.op == CV_OP_END_OFFLOAD || (l->action.op == CV_OP_FAIL && !l->action.visible);
    enum cv_op op = (enum cv_op)l->action.op;
    if (op == CV_OP_LOAD_ITEM || op == CV_OP_STORE_ITEM || op == CV_OP_ATOMIC_ITEM || op == CV_OP_CAS_ITEM) {
        uint32_t depth = op == CV_OP_CAS_ITEM ? 2 : op == CV_OP_LOAD_ITEM ? 0 : 1;
        l->index = (int64_t)t->values[x->program->bodies[t->body].nlocals + t->sp - 1 - depth].payload;
    }
    if (!l->action.memory)
        return;
    const struct var_at *v = &x->vars[l->action.arg];
    bool whole = v->list && v->flat && (op == CV_OP_LOAD || op == CV_OP_STORE || op == CV_OP_LOAD_LEN);
    int64_t item = l->index < 0 ? l->index + v->n : l->index;
    l->at = !v->flat ? v->base : item >= 0 && item < v->n ? v->base + (uint32_t)item : UINT32_MAX;
    l->varies = v->own != UINT32_MAX;
    l->quick = !whole && !(x->flags & SPACE_PLAIN);
    l->blind = v->flat && (op == CV_OP_STORE || op == CV_OP_STORE_ITEM);
    l->swaps = op == CV_OP_CAS || op == CV_OP_CAS_ITEM;
    l->reads = op == CV_OP_LOAD || op == CV_OP_LOAD_ITEM || op == CV_OP_LOAD_LEN;
}

static bool passed_over(const struct cv_action *a)
{
    switch ((enum cv_op)a->op) {
    case CV_OP_CPU: case CV_OP_MARK: case CV_OP_ALLOC: case CV_OP_PIN: case CV_OP_NICE: case CV_OP_SPIN: return true;
    default: return false;
    }
}

/* What shows nothing is done with the visible step behind it: it is that step which tells what meets what, and whether the task may go.
 * Only where the task ends first, or never shows anything, the invisible stands for itself. */
void state_local(struct space *x, uint32_t id)
{
    enum { MOST = 256 };
    struct cv_action a, first;
    struct cv_task *t = load_task(x, id, 0, true);
    atomic_store(&x->shm.head->taken_bytes, 0);
    atomic_store(&x->shm.head->stop, 0);
    x->spun = 0;
    uint32_t rest[R_WORDS];
    get_rest(intern_at(&x->locals, id, NULL), rest);
    stage_be(&x->stage, rest[R_NUMBER]);
    cv_task_next(&x->stage.w, &t, &a);
    first = a;
    for (int k = 0; k < MOST && passed_over(&a); k++) {
        cv_task_finish(&x->stage.w, &t, &a, NULL);
        cv_task_next(&x->stage.w, &t, &a);
    }
    bool passed = first.op != a.op || passed_over(&a), shown = a.visible && !passed_over(&a) && a.op != CV_OP_DONE && a.op != CV_OP_END_OFFLOAD;
    describe(x, id, t, passed && !shown ? &first : &a);
    if (passed)
        x->local.at[id].quick = false; /* that is for a memory step alone */
    give_back(x, t);
}

/* The memory of the interpreter holds one component, as a tuple has it: its cell, and its list, where it is of one. */
static void load_one(struct space *x, const struct cv_memory *mem, const struct local *l, uint32_t arg, const uint32_t *component)
{
    const struct var_at *v = &x->vars[arg];
    struct cv_cell *cell = mem->cells[arg];
    struct cv_list *list = mem->lists[arg];
    if (v->list && v->flat) {
        *cell = (struct cv_cell){v->n, cv_meta(CV_TAG_LIST, CV_NO_TASK, 1)};
        list->items[l->at - v->base] = get_cell(intern_at(&x->values, *component, NULL));
    } else
        load_var(x, v, component, cell, list);
    memcpy(x->stage.m->memory.cells, mem->cells, mem->n * sizeof *mem->cells);
    memcpy(x->stage.m->memory.lists, mem->lists, mem->n * sizeof *mem->lists);
}

/* A memory step, without its end, where nothing but the task and one component can change: without the rest of the state. False: it fails, or
 * its memory is not there; it is for the whole stage then. */
bool state_memory_step(struct space *x, const uint32_t *tuple, const struct control *c, uint32_t task, const struct local *l, uint32_t *left, uint32_t *next)
{
    struct stage *s = &x->stage;
    bool reads = l->reads;
    uint32_t owner = c->tasks[task].memory, at = space_component(x, c, task, l), var = (uint32_t)l->action.arg;
    if (at == UINT32_MAX || (owner != SPACE_NOBODY && (owner >= s->n || !s->players[owner].own)))
        return false;
    const struct cv_memory *mem = owner != SPACE_NOBODY ? &s->players[owner].memory : &s->base;
    int64_t item = x->vars[var].list && x->vars[var].flat ? (int64_t)(l->at - x->vars[var].base) : -1;
    load_one(x, mem, l, var, tuple + at);
    struct cv_task *t = load_task(x, tuple[space_task_at(x, task)], task, true);
    struct cv_action a;
    atomic_store(&x->shm.head->taken_bytes, 0);
    atomic_store(&x->shm.head->stop, 0);
    x->spun = 0;
    stage_be(s, task);
    cv_task_next(&s->w, &t, &a);
    cv_task_memory(&s->w, &t, &a);
    cv_task_next(&s->w, &t, &a); /* what is local belongs to the step before */
    bool alone = a.op != CV_OP_END_OFFLOAD && a.op != CV_OP_FAIL;
    if (alone) {
        *left = reads ? tuple[at] : state_value(x, mem->cells[var], mem->lists[var], item);
        *next = take_task(x, t);
        if (!passed_over(&a))
            describe(x, *next, t, &a); /* from here on l may have moved */
    }
    give_back(x, t);
    return alone;
}

/* ── the control part ───────────────────────────────────────────────────────────────────────────── */
static int by_ready(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

static bool in_line(const struct space *x, uint32_t t) { return x->async && x->stage.players[t].phase == RUNNABLE; }

/* Where each task that is ready stands in line. */
static void ranks(const struct space *x, uint32_t n, uint16_t *rank)
{
    uint64_t order[SPACE_TASKS + 1][2];
    uint32_t k = 0;
    for (uint32_t t = 0; t < n; t++)
        if (in_line(x, t)) {
            order[k][0] = x->stage.players[t].ready_order;
            order[k++][1] = t;
        }
    qsort(order, k, sizeof order[0], by_ready);
    for (uint32_t i = 0; i < k; i++)
        rank[order[i][1]] = (uint16_t)i;
}

static uint32_t *take_player(const struct space *x, uint32_t t, uint32_t rank, uint32_t *to)
{
    const struct stage *s = &x->stage;
    const struct player *p = &s->players[t];
    const struct cv_row *row = stage_row(s, t);
    uint32_t state = atomic_load(&row->state);
    bool ended = state == CV_ROW_DONE || state == CV_ROW_FAILED || state == CV_ROW_KILLED, queued = p->phase == QUEUED;
    bool in_pass = x->cuts && x->flags & SPACE_FIFO && p->phase == RUNNABLE && p->ready_order < s->pass_end;
    uint64_t due = p->phase != TIMER || !x->clock || p->due < stage_now(s) ? 0 : p->due - stage_now(s);
    memset(to, 0, P_WORDS * sizeof *to);
    to[P_STATE] = (uint32_t)(p->phase == BLOCKED ? RUNNABLE : p->phase) | (uint32_t)p->again << 4 | (uint32_t)p->worker << 5 | (uint32_t)in_pass << 6 |
                  (uint32_t)(p->own != NULL) << 7 | (x->flags & SPACE_FIFO ? p->hops & 0xff : 0) << 8 | (x->flags & SPACE_FIFO ? rank & 0xff : 0) << 16 |
                  (uint32_t)(p->called && x->cuts && p->phase == RUNNABLE) << 24 | (uint32_t)p->closing << 25;
    to[P_CAUSE] = queued ? (uint32_t)p->cause : 0;
    to[P_DUE0] = (uint32_t)due;
    to[P_DUE1] = (uint32_t)(due >> 32);
    if (p->phase != GONE) {
        to[P_POOL] = p->pool;
        to[P_SERVES] = p->serves;
        to[P_KEPT0] = queued ? p->kept.number : 0;
        to[P_KEPT1] = queued ? p->kept.with_base : 0;
    }
    to[P_ROW] = ended ? state : p->phase == RUNNABLE || p->phase == BLOCKED ? CV_ROW_RUNNABLE : CV_ROW_WAITING;
    to[P_FAILURE] = ended ? row->failure : 0;
    to[P_LINE] = ended ? row->failure_line : 0;
    to[P_NAME] = row->name;
    to[P_BODY] = row->body;
    to[P_PARENT] = row->parent;
    to[P_WAIT] = queued || p->phase == IDLE ? atomic_load(&row->wait) : 0;
    to[P_ROWPOOL] = row->pool;
    return to + P_WORDS;
}

static void decode(struct space *x, uint32_t id)
{
    while (x->control.n <= id) {
        struct control none = {0};
        CV_PUSH(&x->control, none);
    }
    struct control *c = &x->control.at[id];
    if (c->tasks)
        return;
    const uint32_t *g = intern_at(&x->controls, id, NULL), *p = g + H_SPAWNED + x->program->nbodies;
    c->n = g[H_TASKS];
    c->in_turn = g[H_TURN];
    c->over = g[H_FLAGS] >> 8 & 1;
    c->closing = (g[H_FLAGS] & 0xff) != 0;
    c->outcome = (uint8_t)(g[H_FLAGS] >> 16);
    c->holder = g[H_HOLDER];
    c->text = g[H_TEXT];
    c->now = g[H_NOW0] | (uint64_t)g[H_NOW1] << 32;
    c->timers = c->asks = false;
    bool must = false, first = (g[H_FLAGS] & 0xff) > 1;
    c->tasks = cv_alloc((c->n + 1) * sizeof *c->tasks);
    for (uint32_t t = 0; t < c->n; t++, p += P_WORDS) {
        struct control_task *k = &c->tasks[t];
        k->phase = (uint8_t)(p[P_STATE] & 15);
        k->again = p[P_STATE] >> 4 & 1;
        k->worker = p[P_STATE] >> 5 & 1;
        k->hops = (uint8_t)(p[P_STATE] >> 8);
        k->rank = p[P_STATE] >> 16 & 0xff;
        k->row = (uint8_t)p[P_ROW];
        k->failure = p[P_FAILURE];
        k->parent = p[P_PARENT];
        k->serves = p[P_SERVES];
        k->failure_line = p[P_LINE];
        bool own = p[P_STATE] >> 7 & 1;
        uint32_t of = k->worker && !own && p[P_SERVES] < c->n ? p[P_SERVES] : t;
        k->memory = own || (of != t && (g[H_SPAWNED + x->program->nbodies + of * P_WORDS + P_STATE] >> 7 & 1)) ? (uint16_t)of : SPACE_NOBODY;
        k->held = c->holder != CV_NO_TASK && x->async && !k->worker;
        k->due = p[P_DUE0] | (uint64_t)p[P_DUE1] << 32;
        c->timers |= k->phase == TIMER && x->clock;
        k->called = p[P_STATE] >> 24 & 1;
        k->in_pass = p[P_STATE] >> 6 & 1;
        k->closing = p[P_STATE] >> 25 & 3;
        c->asks |= k->closing != CLOSING_NOT;
        must |= k->closing == CLOSING_MUST;
    }
    c->main_asks = x->leaves && c->tasks[0].phase == RUNNABLE && c->tasks[0].called && !c->tasks[0].held;
    c->asks &= c->closing && !c->over && c->holder == CV_NO_TASK && (first || !must);
    c->timeless = !x->absolute && !c->timers;
    for (uint32_t t = 0; t < c->n; t++)
        c->tasks[t].free = c->timeless && c->tasks[t].phase == RUNNABLE && (!x->async || c->in_turn == t);
}

static uint32_t take_control(struct space *x, uint32_t in_turn)
{
    const struct stage *s = &x->stage;
    uint32_t n = s->n, nb = x->program->nbodies;
    uint16_t rank[SPACE_TASKS + 1] = {0};
    uint32_t *words = scratch(x, H_SPAWNED + nb + n * P_WORDS + cv_sync_save_room(s->m->sync, n)), *to = words + H_SPAWNED;
    uint32_t outcome = atomic_load(&stage_head(s)->outcome);
    words[H_TASKS] = n;
    words[H_TURN] = in_turn;
    words[H_FLAGS] = (s->closing & 0xff) | (uint32_t)s->over << 8 | (s->over ? outcome : 0) << 16;
    words[H_HOLDER] = s->holder;
    words[H_POOL0] = s->pools[0];
    words[H_POOL1] = s->pools[1];
    words[H_TEXT] = s->over && outcome ? cv_intern(&x->shm, stage_head(s)->outcome_text, strlen(stage_head(s)->outcome_text)) : 0;
    words[H_NOW0] = x->absolute ? (uint32_t)stage_now(s) : 0;
    words[H_NOW1] = x->absolute ? (uint32_t)(stage_now(s) >> 32) : 0;
    words[H_TAKEN0] = (uint32_t)x->taken;
    words[H_TAKEN1] = (uint32_t)(x->taken >> 32);
    for (uint32_t b = 0; b < nb; b++)
        *to++ = atomic_load(&s->m->spawned[b]);
    if (x->flags & SPACE_FIFO)
        ranks(x, n, rank);
    for (uint32_t t = 0; t < n; t++)
        to = take_player(x, t, rank[t], to);
    to += cv_sync_save(s->m->sync, n, to);
    uint32_t id = intern_add(&x->controls, words, (size_t)(to - words) * sizeof *words);
    decode(x, id);
    return id;
}

void state_load_sync(struct space *x, uint32_t control)
{
    if (x->loaded == control)
        return;
    const uint32_t *g = intern_at(&x->controls, control, NULL);
    cv_sync_load(x->machine.sync, g[H_TASKS], g + H_SPAWNED + x->program->nbodies + g[H_TASKS] * P_WORDS);
    x->loaded = control;
}

static void load_player(struct space *x, uint32_t t, const uint32_t *w, uint32_t local)
{
    struct stage *s = &x->stage;
    struct player *p = &s->players[t];
    struct cv_row *row = stage_row(s, t);
    bool own = w[P_STATE] >> 7 & 1;
    free(p->task);
    if (own && !p->own)
        stage_own_memory(s, p, &s->base);
    struct player kept = *p;
    *p = (struct player){.task = local ? load_task(x, local, t, false) : NULL, .phase = (enum phase)(w[P_STATE] & 15), .hops = w[P_STATE] >> 8 & 0xff,
                         .due = w[P_DUE0] | (uint64_t)w[P_DUE1] << 32, .again = w[P_STATE] >> 4 & 1, .cause = (enum cv_cause)w[P_CAUSE],
                         .worker = w[P_STATE] >> 5 & 1, .pool = w[P_POOL], .serves = w[P_SERVES], .kept = {w[P_KEPT0], w[P_KEPT1]}};
    p->due = p->phase != TIMER ? 0 : x->clock ? p->due + stage_now(s) : UINT64_MAX; /* without a clock he sleeps until he is let in */
    p->ready_order = x->flags & SPACE_FIFO ? w[P_STATE] >> 16 & 0xff : SPACE_TASKS + t;
    p->called = w[P_STATE] >> 24 & 1;
    p->closing = w[P_STATE] >> 25 & 3;
    if (own) {
        p->memory = kept.memory;
        p->own = kept.own;
        p->own_bytes = kept.own_bytes;
    } else if (kept.own) {
        struct player was = {.memory = kept.memory, .own = kept.own, .own_bytes = kept.own_bytes};
        struct player now = *p;
        *p = was;
        stage_drop_player(s, t);
        *p = now;
    }
    row->name = w[P_NAME];
    row->body = w[P_BODY];
    row->parent = w[P_PARENT];
    row->failure = w[P_FAILURE];
    row->failure_line = w[P_LINE];
    row->pool = w[P_ROWPOOL];
    atomic_store(&row->serves, p->worker ? p->serves : CV_NO_TASK);
    atomic_store(&row->wait, w[P_WAIT]);
    atomic_store(&row->state, w[P_ROW]);
}

static void load_memory(struct space *x, const uint32_t *tuple, uint32_t n)
{
    struct stage *s = &x->stage;
    for (uint32_t v = 0; v < x->program->nvars; v++) {
        const struct var_at *at = &x->vars[v];
        load_var(x, at, tuple + at->base, s->base.cells[v], s->base.lists[v]);
        for (uint32_t t = 0; t < n && at->own != UINT32_MAX; t++)
            if (s->players[t].own)
                load_var(x, at, tuple + space_task_at(x, t) + at->own, s->players[t].memory.cells[v], s->players[t].memory.lists[v]);
    }
}

void state_load(struct space *x, const uint32_t *tuple)
{
    struct stage *s = &x->stage;
    struct cv_shm_head *head = stage_head(s);
    const uint32_t *g = intern_at(&x->controls, tuple[SPACE_CONTROL], NULL), n = g[H_TASKS], nb = x->program->nbodies;
    for (uint32_t t = n; t < s->n; t++) { /* tasks of another state */
        stage_drop_player(s, t);
        memset(stage_row(s, t), 0, sizeof(struct cv_row));
    }
    stage_player_room(s, n);
    s->n = n;
    s->over = g[H_FLAGS] >> 8 & 1;
    s->closing = g[H_FLAGS] & 0xff;
    s->holder = g[H_HOLDER];
    s->pools[0] = g[H_POOL0];
    s->pools[1] = g[H_POOL1];
    s->current = CV_NO_TASK;
    s->waits = false;
    s->order = 2 * SPACE_TASKS;
    s->pass_end = SPACE_TASKS;
    atomic_store(&head->virtual_now, x->absolute ? g[H_NOW0] | (uint64_t)g[H_NOW1] << 32 : ORIGIN);
    atomic_store(&head->outcome, g[H_FLAGS] >> 16);
    atomic_store(&head->ntasks, n);
    atomic_store(&head->output_lines, 0);
    atomic_store(&head->output_bytes, 0);
    atomic_store(&head->taken_bytes, 0);
    atomic_store(&head->stop, 0);
    x->spun = 0;
    x->taken = g[H_TAKEN0] | (uint64_t)g[H_TAKEN1] << 32;
    uint32_t alive = 0;
    s->looked = stage_now(s);
    for (uint32_t b = 0; b < nb; b++)
        atomic_store(&s->m->spawned[b], g[H_SPAWNED + b]);
    uint32_t in_pass = 0;
    for (uint32_t t = 0; t < n; t++) {
        const uint32_t *w = g + H_SPAWNED + nb + t * P_WORDS;
        load_player(x, t, w, tuple[space_task_at(x, t)]);
        in_pass += w[P_STATE] >> 6 & 1;
        alive += s->players[t].phase != GONE && !s->players[t].worker;
    }
    atomic_store(&head->alive, alive);
    if (x->flags & SPACE_FIFO)
        s->pass_end = in_pass;
    load_memory(x, tuple, n);
    state_load_sync(x, tuple[SPACE_CONTROL]);
    x->loaded = 0; /* it will be changed */
}

void state_take(struct space *x, uint32_t *to, uint32_t in_turn)
{
    struct stage *s = &x->stage;
    if (s->n > x->most)
        x->most = s->n;
    CV_ASSERT(s->n <= SPACE_TASKS);
    for (uint32_t t = 0; t < s->n && !s->over; t++) { /* what is local belongs to the step before */
        struct cv_action a;
        if (!stage_coop(s, t) && s->players[t].task && (s->players[t].phase == RUNNABLE || s->players[t].phase == BLOCKED))
            stage_look(s, t, &a);
    }
    for (uint32_t v = 0; v < x->program->nvars; v++) {
        const struct var_at *at = &x->vars[v];
        take_var(x, at, to + at->base, s->base.cells[v], s->base.lists[v]);
        for (uint32_t t = 0; t < s->n && at->own != UINT32_MAX; t++)
            if (s->players[t].own)
                take_var(x, at, to + space_task_at(x, t) + at->own, s->players[t].memory.cells[v], s->players[t].memory.lists[v]);
    }
    for (uint32_t t = 0; t < s->n; t++)
        to[space_task_at(x, t)] = s->players[t].task ? take_task(x, s->players[t].task) : 0;
    to[SPACE_CONTROL] = take_control(x, in_turn);
}
