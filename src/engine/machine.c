/* The engine area of the region: order, cells and lists of all variables, spawn counters, sync table, the schedule's
 * text, the desk, in this order.
 * Offsets follow from program and order alone, so parent and runner agree without passing any. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cells.h"
#include "desk.h"
#include "sync.h"

struct area { size_t cells, lists, spawned, sync, schedule, desk, end; };

static size_t up(size_t n) { return (n + 63) & ~(size_t)63; }

static uint32_t count_lists(const struct cv_program *p)
{
    uint32_t n = 0;
    for (uint32_t v = 0; v < p->nvars; v++)
        n += p->vars[v].list;
    return n;
}

static uint32_t schedule_bytes(const struct cv_order *o) { return o->schedule && *o->schedule ? (uint32_t)strlen(o->schedule) + 1 : 0; }

static struct area area_of(const struct cv_program *p, const struct cv_order *o, uint32_t schedule)
{
    struct area a;
    a.cells = up(sizeof(struct cv_order));
    a.lists = up(a.cells + p->nvars * sizeof(struct cv_cell));
    a.spawned = up(a.lists + count_lists(p) * sizeof(struct cv_list));
    a.sync = up(a.spawned + p->nbodies * sizeof(uint32_t));
    a.schedule = up(a.sync + cv_sync_bytes(p, o->max_tasks));
    a.desk = up(a.schedule + schedule);
    a.end = up(a.desk + (o->desk ? sizeof(struct cv_desk) : 0));
    return a;
}

size_t cv_machine_bytes(const struct cv_program *p, const struct cv_order *o) { return area_of(p, o, schedule_bytes(o)).end; }

struct cv_order *cv_machine_order(const struct cv_shm *shm) { return cv_shm_engine(shm); }

static struct cv_cell constant_cell(const struct cv_shm *shm, const struct cv_const *k)
{
    switch (k->kind) {
    case CV_K_BOOL: return (struct cv_cell){(uint64_t)k->i, cv_meta(CV_TAG_BOOL, CV_NO_TASK, 0)};
    case CV_K_INT: return (struct cv_cell){(uint64_t)k->i, cv_meta(CV_TAG_INT, CV_NO_TASK, 0)};
    case CV_K_STRING: return (struct cv_cell){cv_intern(shm, k->s, k->n), cv_meta(CV_TAG_STRING, CV_NO_TASK, 0)};
    case CV_K_LIST: return (struct cv_cell){k->n, cv_meta(CV_TAG_LIST, CV_NO_TASK, 0)};
    default: return (struct cv_cell){0, cv_meta(CV_TAG_NONE, CV_NO_TASK, 0)};
    }
}

/* Tables of pointers into cells and lists laid out one after the other. */
static void memory_at(struct cv_memory *mem, const struct cv_program *p, char *cells, char *lists)
{
    mem->n = p->nvars;
    mem->cells = cv_alloc((p->nvars + 1) * sizeof *mem->cells);
    mem->lists = cv_alloc((p->nvars + 1) * sizeof *mem->lists);
    for (uint32_t v = 0; v < p->nvars; v++) {
        mem->cells[v] = (struct cv_cell *)(void *)cells + v;
        if (p->vars[v].list) {
            mem->lists[v] = (struct cv_list *)(void *)lists;
            lists += sizeof(struct cv_list);
        }
    }
}

static void memory_release(struct cv_memory *mem)
{
    free(mem->cells);
    free(mem->lists);
    *mem = (struct cv_memory){0};
}

static void set_initial(const struct cv_memory *mem, uint32_t v, const struct cv_shm *shm, const struct cv_const *k)
{
    *mem->cells[v] = constant_cell(shm, k);
    for (uint32_t i = 0; mem->lists[v] && i < k->n; i++)
        mem->lists[v]->items[i] = constant_cell(shm, &k->items[i]);
}

void cv_machine_init(const struct cv_shm *shm, const struct cv_program *p, const struct cv_order *o)
{
    char *area = cv_shm_engine(shm);
    struct area a = area_of(p, o, schedule_bytes(o));
    CV_ASSERT(a.end <= shm->head->plan.engine_bytes);
    *cv_machine_order(shm) = *o;
    cv_machine_order(shm)->schedule = NULL;
    cv_machine_order(shm)->schedule_bytes = schedule_bytes(o);
    if (schedule_bytes(o))
        memcpy(area + a.schedule, o->schedule, schedule_bytes(o));
    atomic_store(&shm->head->virtual_time, o->stepped);
    struct cv_memory mem;
    memory_at(&mem, p, area + a.cells, area + a.lists);
    for (uint32_t v = 0; v < p->nvars; v++)
        set_initial(&mem, v, shm, &p->vars[v].initial);
    memory_release(&mem);
    cv_sync_init((struct cv_sync *)(void *)(area + a.sync), p, o->max_tasks);
}

/* [shared] in private memory, as it is before anything has run: what the region says may be further by the time a worker process gets here. */
static int private_memory(struct cv_machine *m, const struct cv_program *p)
{
    size_t cells = up(p->nvars * sizeof(struct cv_cell));
    size_t bytes = cells + count_lists(p) * sizeof(struct cv_list);
    char *own = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (own == MAP_FAILED)
        return -1;
    struct cv_memory mine;
    memory_at(&mine, p, own, own + cells);
    for (uint32_t v = 0; v < p->nvars; v++) {
        if (p->vars[v].memory)
            continue;
        set_initial(&mine, v, &m->shm, &p->vars[v].initial);
        m->memory.cells[v] = mine.cells[v];
        m->memory.lists[v] = mine.lists[v];
    }
    memory_release(&mine);
    m->private_shared = own;
    m->private_bytes = bytes ? bytes : 1;
    return 0;
}

int cv_machine_attach(struct cv_machine *m, const struct cv_shm *shm, const struct cv_program *p)
{
    *m = (struct cv_machine){.shm = *shm, .program = p, .order = cv_machine_order(shm), .loop_fd = -1};
    struct area a = area_of(p, m->order, m->order->schedule_bytes);
    if (a.end > shm->head->plan.engine_bytes || (m->order->schedule_bytes && ((char *)m->order + a.schedule)[m->order->schedule_bytes - 1])) {
        errno = EINVAL;
        return -1;
    }
    char *area = cv_shm_engine(shm);
    memory_at(&m->memory, p, area + a.cells, area + a.lists);
    m->spawned = (_Atomic uint32_t *)(void *)(area + a.spawned);
    m->sync = (struct cv_sync *)(void *)(area + a.sync);
    m->schedule = m->order->schedule_bytes ? area + a.schedule : "";
    m->desk = m->order->desk ? (struct cv_desk *)(void *)(area + a.desk) : NULL;
    m->strings = cv_alloc((p->nconsts + 1) * sizeof *m->strings);
    for (uint32_t k = 0; k < p->nconsts; k++)
        if (p->consts[k].kind == CV_K_STRING)
            m->strings[k] = cv_intern(shm, p->consts[k].s, p->consts[k].n);
    return 0;
}

int cv_machine_own_shared(struct cv_machine *m) { return private_memory(m, m->program); }

void cv_machine_release(struct cv_machine *m)
{
    memory_release(&m->memory);
    free(m->strings);
    if (m->private_shared)
        munmap(m->private_shared, m->private_bytes);
    *m = (struct cv_machine){0};
}

const struct cv_memory *cv_machine_region_memory(struct cv_machine *m) { return &m->memory; }
