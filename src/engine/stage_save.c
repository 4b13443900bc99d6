/* The stage put on a tape, and taken up from it again: the players, their blocks and own copies, the rows, the sync table, the
 * cells and what of the head of the region belongs to the run. The same walk writes and reads. What never goes back: strings
 * (interned text only grows), rings, and what who plays keeps for himself (his schedule).
 *
 * Lists have room for many more cells than they mostly use: a tape holds those below the longest the list ever was. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "engine/stage_save.h"

/* What lies in the region is looked at by the parent meanwhile: words are written whole. */
static void write_words(char *to, const char *from, size_t n)
{
    for (; n >= 8 && (uintptr_t)to % 8 == 0; to += 8, from += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, from, sizeof word);
        __atomic_store_n((uint64_t *)(void *)to, word, __ATOMIC_RELAXED);
    }
    for (; n >= 4 && (uintptr_t)to % 4 == 0; to += 4, from += 4, n -= 4) {
        uint32_t word;
        memcpy(&word, from, sizeof word);
        __atomic_store_n((uint32_t *)(void *)to, word, __ATOMIC_RELAXED);
    }
    memcpy(to, from, n);
}

static void part(struct stage_tape *t, void *at, size_t n)
{
    if (t->reading) {
        CV_ASSERT(t->n - t->from >= n);
        write_words(at, t->at + t->from, n);
        t->from += n;
        return;
    }
    if (t->cap - t->n < n) {
        t->cap = (t->cap + n) * 3 / 2 + 256;
        t->at = cv_realloc(t->at, t->cap);
    }
    memcpy(t->at + t->n, at, n);
    t->n += n;
}

void stage_tape_release(struct stage_tape *t)
{
    free(t->at);
    *t = (struct stage_tape){0};
}

/* ── lists ──────────────────────────────────────────────────────────────────────────────────────── */
void stage_longest_begin(struct stage_longest *l, const struct stage *s)
{
    const struct cv_program *p = s->m->program;
    l->at = cv_alloc((p->nvars + 1) * sizeof *l->at);
    for (uint32_t v = 0; v < p->nvars; v++)
        l->at[v] = p->vars[v].list ? p->vars[v].initial.n : 0;
}

void stage_longest_note(struct stage_longest *l, const struct stage *s, const struct cv_action *a)
{
    if (!a->memory || !s->m->program->vars[a->arg].list)
        return;
    uint32_t length = (uint32_t)s->m->memory.cells[a->arg]->payload;
    if (length > l->at[a->arg])
        l->at[a->arg] = length;
}

/* The variables that are meant: of the mapping that all share, or those of an own copy. */
static void memory(struct stage_tape *t, const struct stage *s, const struct cv_memory *mem, const struct stage_longest *l, bool own)
{
    for (uint32_t v = 0; v < mem->n; v++) {
        if (own && s->m->program->vars[v].memory)
            continue;
        part(t, mem->cells[v], sizeof *mem->cells[v]);
        if (!mem->lists[v])
            continue;
        uint32_t n = l->at[v], longest = n;
        part(t, &n, sizeof n);
        part(t, mem->lists[v]->items, n * sizeof *mem->lists[v]->items);
        if (t->reading && longest > n) /* as if nothing had ever been there */
            memset(mem->lists[v]->items + n, 0, (longest - n) * sizeof *mem->lists[v]->items);
    }
}

/* ── the region ─────────────────────────────────────────────────────────────────────────────────── */
#define OF_THE_RUN(X)                                                                                                                    \
    X(alive) X(output_lines) X(output_bytes) X(taken_bytes) X(finals_used) X(finished) X(loop_iterations) X(loop_lag_ns) X(peak_tasks) X(task_bytes) X(virtual_now) X(stepping) \
    X(preemptions) X(outcome) X(outcome_text) X(schedule_error)

static void region(struct stage_tape *t, struct stage *s, const struct stage_longest *l)
{
    struct cv_shm_head *h = stage_head(s);
    uint32_t was = atomic_load(&h->ntasks), n = was;
    part(t, &n, sizeof n);
    part(t, stage_row(s, 0), n * sizeof(struct cv_row));
    if (t->reading && was > n)
        memset((void *)stage_row(s, n), 0, (was - n) * sizeof(struct cv_row));
    atomic_store(&h->ntasks, n);
#define X(field) part(t, (void *)&h->field, sizeof h->field);
    OF_THE_RUN(X)
#undef X
    part(t, (void *)s->m->spawned, s->m->program->nbodies * sizeof *s->m->spawned);
    size_t used = cv_sync_used(s->m->sync, n), all = cv_sync_used(s->m->sync, was), from = cv_sync_used_from();
    part(t, (char *)s->m->sync + from, used - from);
    if (t->reading && all > used)
        memset((char *)s->m->sync + used, 0, all - used);
    memory(t, s, &s->base, l, false);
}

/* ── players ────────────────────────────────────────────────────────────────────────────────────── */
static void player(struct stage_tape *t, struct stage *s, uint32_t number, const struct stage_longest *l)
{
    struct player was = s->players[number], *p = &s->players[number];
    part(t, &was, sizeof was);
    uint32_t size = was.task && !t->reading ? was.task->size : 0;
    part(t, &size, sizeof size);
    if (t->reading) {
        *p = was;
        p->own = NULL;
        p->memory = (struct cv_memory){0};
        p->task = size ? cv_alloc(size) : NULL;
        if (was.own)
            stage_own_memory(s, p, &s->base);
    }
    if (size)
        part(t, p->task, size);
    if (p->own)
        memory(t, s, &p->memory, l, true);
}

static void walk(struct stage_tape *t, struct stage *s, const struct stage_longest *l)
{
    struct stage is = *s;
    region(t, s, l);
    part(t, &is, sizeof is);
    uint32_t ntold = is.ntold;
    if (t->reading) {
        is.m = s->m;
        is.w = s->w;
        is.players = s->players;
        is.cap = s->cap;
        is.schedule = s->schedule;
        is.scheduled = s->scheduled;
        is.base = s->base;
        is.pristine = s->pristine;
        is.rounds = s->rounds;
        is.told = cv_realloc(s->told, (ntold + 1) * sizeof *s->told);
        *s = is;
    }
    if (ntold)
        part(t, s->told, ntold * sizeof *s->told);
    for (uint32_t i = 0; i < s->n; i++)
        player(t, s, i, l);
}

void stage_save(const struct stage *s, const struct stage_longest *l, struct stage_tape *t)
{
    t->n = t->from = 0;
    t->reading = false;
    walk(t, (struct stage *)(uintptr_t)s, l); /* writing changes nothing */
}

void stage_restore(struct stage *s, const struct stage_longest *l, struct stage_tape *t)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->players[i].task || s->players[i].own)
            stage_drop_player(s, i);
    t->from = 0;
    t->reading = true;
    walk(t, s, l);
}
