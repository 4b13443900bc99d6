/* Wakeup trees: at each point of the path the sequences that have to be begun with there. A race is turned round by the events after
 * its first one that do not depend on it, and then its second; whether that is to be inserted is decided by who could begin it:
 * who sleeps there, or a branch that stands there.
 *
 * What is taken off a sequence on the way down a tree is always the first of some task that is left in it, so a number a task says what is left
 * (`front`, and an event could begin what is left if its clock reaches nobody's). The part before the second of the race is the same for
 * all races with one first, and so is most of what the sleepers have to say. */
#include <stdlib.h>

#include "explore/traces.h"

enum { LAST = UINT32_MAX };
struct part { uint32_t event; uint16_t task, index; }; /* of a sequence: an event of the path, whose it is, its number there */
struct turned { uint16_t task; uint32_t index, does; const uint16_t *clock; };
struct sequence {
    uint64_t end;                 /* what is known of the path is that of this end */
    uint32_t past;                /* by task: its first event from here on, its number there; 0xffff: none */
    uint32_t at[CLOCK_MOST];
    uint16_t next[CLOCK_MOST];
    uint32_t first;               /* the part before the last is that of races with this event; */
    bool gathered, asked, seen;   /* whether it is there; whether sleepers were asked; could one of them begin it, whatever comes last? */
    CV_VEC(uint32_t) through;     /* sleepers that have no part in it and meet nothing of it */
    struct part *room, *parts;    /* parts stands at the end of room */
    uint32_t cap, n;
    struct marks marks;           /* of all of them */
    uint16_t fronts[CLOCK_MOST + 1]; /* by task: the index of its first event in it; 0xffff: none; then room for what counts for nobody */
    uint32_t heads[CLOCK_MOST + 1], counts[CLOCK_MOST + 1]; /* that event; how many it has */
    struct turned last;           /* the second of the race, as it would be there */
    uint32_t lowest, all;         /* of what is left: no earlier one in parts; how many, with the last */
    uint16_t front[CLOCK_MOST];
    uint32_t head[CLOCK_MOST], left[CLOCK_MOST];
    uint16_t clock[CLOCK_MOST];
    struct space_event anew;
};

/* ── trees ──────────────────────────────────────────────────────────────────────────────────────── */
/* Pieces come and go all the time: small ones are kept, by their room in whole fours of steps. */
enum { FOUR = 4 };

static struct wake *wake_new(struct path *p, uint32_t n)
{
    uint32_t kind = (n + FOUR - 1) / FOUR;
    size_t size = sizeof(struct wake) + (size_t)kind * FOUR * sizeof(uint32_t);
    struct wake *w = kind < WAKE_SIZES ? p->spare[kind] : NULL;
    if (w)
        p->spare[kind] = w->next;
    else {
        w = cv_realloc(NULL, size);
        p->wake_bytes += size;
    }
    w->next = w->child = NULL;
    w->n = (uint16_t)n;
    w->cap = (uint16_t)(kind * FOUR);
    w->taken = 0;
    return w;
}

static void wake_drop(struct path *p, struct wake *w)
{
    if (w->cap / FOUR < WAKE_SIZES) {
        w->next = p->spare[w->cap / FOUR];
        p->spare[w->cap / FOUR] = w;
        return;
    }
    p->wake_bytes -= sizeof *w + w->cap * sizeof *w->steps;
    free(w);
}

void wakeup_empty(struct path *p)
{
    for (uint32_t kind = 0; kind < WAKE_SIZES; kind++)
        while (p->spare[kind]) {
            struct wake *next = p->spare[kind]->next;
            free(p->spare[kind]);
            p->spare[kind] = next;
        }
}

void wakeup_free(struct path *p, struct wake *tree)
{
    while (tree) {
        struct wake *next = tree->next;
        wakeup_free(p, tree->child);
        wake_drop(p, tree);
        tree = next;
    }
}

uint32_t wakeup_take(struct path *p, struct node *n, struct wake **child)
{
    struct wake *w = n->tree;
    uint32_t task = w->steps[w->taken++] & 0xff;
    n->tree = w->next;
    w->next = NULL;
    *child = w;
    if (w->taken == w->n) {
        *child = w->child;
        wake_drop(p, w);
    }
    return task;
}

/* From its k-th step on it becomes a child of what is before. */
static void split(struct path *p, struct wake *w, uint32_t k)
{
    struct wake *rest = wake_new(p, w->n - k);
    memcpy(rest->steps, w->steps + k, rest->n * sizeof *rest->steps);
    rest->child = w->child;
    w->child = rest;
    w->n = (uint16_t)k;
}

/* ── sequences ──────────────────────────────────────────────────────────────────────────────────── */
/* Events after the first that do not depend on it; from the end, so that a task's first event has the last word. */
static void gather(struct path *p, struct sequence *s, uint32_t first)
{
    const struct event *f = &p->events.at[first];
    uint32_t index = f->index, n = 0, nowhere = CLOCK_MOST;
    struct marks marks = {0};
    if (s->cap < p->depth + 1) {
        s->cap = 2 * p->depth + 64;
        s->room = cv_realloc(s->room, s->cap * sizeof *s->room);
    }
    s->gathered = true;
    memset(s->fronts, 0xff, p->lanes * sizeof *s->fronts);
    memset(s->counts, 0, p->lanes * sizeof *s->counts);
    const uint16_t *c = path_clock(p, p->depth) + f->task;
    struct part *end = s->room + s->cap - 1;
    for (uint32_t i = p->depth; --i > first;) {
        const struct event *e = &p->events.at[i];
        c -= p->lanes;
        bool in = *c < index;
        uint32_t task = in ? e->task : nowhere;
        uint64_t mask = -(uint64_t)in;
        end[-(ptrdiff_t)n] = (struct part){i, e->task, (uint16_t)e->index};
        n += in;
        marks.reads |= e->marks.reads & mask;
        marks.writes |= e->marks.writes & mask;
        s->fronts[task] = (uint16_t)e->index;
        s->heads[task] = i;
        s->counts[task]++;
    }
    s->parts = end + 1 - n;
    s->n = n;
    s->marks = marks;
}

/* Does a clock know of an event that is left, but for those of a task? */
static bool reaches(const uint16_t *clock, const uint16_t *front, uint32_t task, uint32_t n)
{
    static const lanes number = {0, 1, 2, 3, 4, 5, 6, 7};
    lanes hit = {0};
    for (uint32_t k = 0; k < n; k += CLOCK_LANES)
        hit |= (lanes)(*(const lanes *)(clock + k) >= *(const lanes *)(front + k)) & (lanes)(number != (uint16_t)(task - k));
    uint64_t words[2];
    memcpy(words, &hit, sizeof words);
    return (words[0] | words[1]) != 0;
}

static bool meets_any(const struct path *p, const struct sequence *s, const uint16_t *front, uint32_t does)
{
    const struct does *d = &p->does.at.at[does];
    if (!marks_meet(&s->marks, &d->marks))
        return false;
    for (uint32_t i = s->lowest; i < s->n; i++) {
        const struct part *e = &s->parts[i];
        if (e->index >= front[e->task] && does_meet(&p->does.at.at[p->events.at[e->event].does], d))
            return true;
    }
    return false;
}

/* ── who sleeps ─────────────────────────────────────────────────────────────────────────────────────
 * Asked before the sequence is gathered: most often the answer is that it was seen. */
static void look_back_to(const struct path *p, struct sequence *s, uint32_t first)
{
    if (s->end != p->ends || s->past <= first) {
        s->end = p->ends;
        s->past = p->depth;
        s->first = UINT32_MAX;
        memset(s->next, 0xff, p->lanes * sizeof *s->next);
    }
    while (s->past > first + 1) {
        const struct event *e = &p->events.at[--s->past];
        s->next[e->task] = (uint16_t)e->index;
        s->at[e->task] = s->past;
    }
    if (s->first != first)
        s->gathered = s->asked = false;
    s->first = first;
}

/* Is an event after the first one part of the sequence? */
static inline bool takes_part(const struct path *p, uint32_t first, uint32_t event)
{
    const struct event *f = &p->events.at[first];
    return path_clock(p, event)[f->task] < f->index;
}

/* Does a clock know of an event of it, but for those of a task? */
static bool knows(const struct path *p, const struct sequence *s, const uint16_t *clock, uint32_t task)
{
    if (!reaches(clock, s->next, task, p->lanes))
        return false;
    for (uint32_t t = 0; t < p->ntasks; t++)
        if (t != task && clock[t] >= s->next[t] && takes_part(p, s->first, s->at[t]))
            return true;
    return false;
}

/* Does it meet an event of the sequence? */
static bool meets_part(const struct path *p, const struct sequence *s, const struct does *d)
{
    const struct space_access *a = does_list(d);
    for (uint32_t i = 0; i < d->n; i++)
        for (int32_t m = p->heads[a[i].address]; m != TRACE_NONE && p->met.at[m].event > s->first; m = p->met.at[m].before)
            if (space_kinds_conflict(a[i].kind, p->met.at[m].a.kind) && takes_part(p, s->first, p->met.at[m].event))
                return true;
    return false;
}

/* What those who sleep say of it before the last event is known. */
static void ask_sleepers(struct path *p, struct sequence *s, const struct node *node)
{
    s->asked = true;
    s->seen = false;
    s->through.n = 0;
    for (uint32_t i = node->sleep; i < node->sleep + node->nsleep; i++) {
        const struct sleeper *z = &p->sleepers.at[i];
        if (s->next[z->task] != 0xffff && takes_part(p, s->first, s->at[z->task])) {
            if (knows(p, s, path_clock(p, s->at[z->task]), z->task))
                continue;
            s->seen = true;
            return;
        }
        if (!meets_part(p, s, &p->does.at.at[z->does]))
            CV_PUSH(&s->through, i);
    }
}

/* Could somebody who sleeps begin it? Then it was seen. */
static bool asleep(const struct path *p, const struct sequence *s, const struct node *node)
{
    uint32_t task = s->last.task;
    for (size_t k = 0; k < s->through.n; k++) {
        const struct sleeper *z = &p->sleepers.at[s->through.at[k]];
        if (z->task != task && !does_numbers_meet(&p->does, z->does, s->last.does))
            return true;
    }
    if (!(node->asleep >> (task & 63) & 1) || (s->next[task] != 0xffff && takes_part(p, s->first, s->at[task])))
        return false;
    for (uint32_t i = node->sleep; i < node->sleep + node->nsleep; i++)
        if (p->sleepers.at[i].task == task)
            return !knows(p, s, s->last.clock, task);
    return false;
}

/* ── insertion ──────────────────────────────────────────────────────────────────────────────────── */
static void start(const struct path *p, struct sequence *s)
{
    uint32_t task = s->last.task;
    memcpy(s->front, s->fronts, p->lanes * sizeof *s->front);
    memcpy(s->head, s->heads, p->ntasks * sizeof *s->head);
    memcpy(s->left, s->counts, p->ntasks * sizeof *s->left);
    if (!s->left[task]++) {
        s->front[task] = (uint16_t)s->last.index;
        s->head[task] = LAST;
    }
    s->lowest = 0;
    s->all = s->n + 1;
}

/* Could the step of a task, which does this where what is left begins, begin it? */
static inline bool begins(const struct path *p, const struct sequence *s, uint32_t step)
{
    uint32_t task = step & 0xff, does = step >> 8;
    if (s->left[task]) {
        uint32_t head = s->head[task];
        return (s->lowest < s->n && s->parts[s->lowest].event == head) || !reaches(head == LAST ? s->last.clock : path_clock(p, head), s->front, task, p->lanes);
    }
    return !(s->left[s->last.task] && does_numbers_meet(&p->does, s->last.does, does)) && !meets_any(p, s, s->front, does);
}

/* The first of a task goes, if it has any. */
static inline void take(const struct path *p, struct sequence *s, uint32_t task)
{
    if (!s->left[task])
        return;
    s->all--;
    if (!--s->left[task])
        s->front[task] = 0xffff;
    else {
        s->front[task]++;
        s->head[task] = s->left[task] == 1 && task == s->last.task ? LAST : p->events.at[s->head[task]].next;
    }
    while (s->lowest < s->n && s->parts[s->lowest].index < s->front[s->parts[s->lowest].task])
        s->lowest++;
}

/* Where nothing is taken off. */
static struct wake *whole(struct path *p, const struct sequence *s)
{
    struct wake *w = wake_new(p, s->n + 1);
    for (uint32_t i = 0; i < s->n; i++)
        w->steps[i] = p->events.at[s->parts[i].event].does << 8 | s->parts[i].task;
    w->steps[s->n] = s->last.does << 8 | s->last.task;
    return w;
}

static struct wake *branch(struct path *p, const struct sequence *s)
{
    struct wake *w = wake_new(p, s->all);
    uint32_t n = 0;
    for (uint32_t i = s->lowest; i < s->n; i++) {
        const struct part *e = &s->parts[i];
        if (e->index >= s->front[e->task])
            w->steps[n++] = p->events.at[e->event].does << 8 | e->task;
    }
    if (s->left[s->last.task])
        w->steps[n++] = s->last.does << 8 | s->last.task;
    CV_ASSERT(n == s->all);
    return w;
}

static void insert(struct path *p, struct node *node, struct sequence *s)
{
    struct wake **link = &node->tree, *w;
    if (!*link) {
        *link = whole(p, s);
        return;
    }
    start(p, s);
    for (;;) {
        while ((w = *link) && !begins(p, s, w->steps[w->taken]))
            link = &w->next;
        if (!w)
            break;
        uint32_t k = w->taken;
        do {
            take(p, s, w->steps[k++] & 0xff);
            if (!s->all)
                return; /* what is begun with there leads to it */
        } while (k < w->n && begins(p, s, w->steps[k]));
        if (k == w->n && !w->child)
            return;
        if (k < w->n) {
            split(p, w, k);
            link = &w->child->next;
            break;
        }
        link = &w->child;
    }
    *link = branch(p, s); /* behind the others */
}

/* ── the last event ─────────────────────────────────────────────────────────────────────────────── */
/* Its clock where it comes right behind the others: what it follows on there, not what it met on the path. */
static void clock_anew(const struct path *p, struct sequence *s, const uint16_t *base)
{
    memcpy(s->clock, base, p->lanes * sizeof *base);
    s->clock[s->last.task] = (uint16_t)s->last.index;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct part *e = &s->parts[i];
        if (e->task == s->last.task || does_numbers_meet(&p->does, p->events.at[e->event].does, s->last.does))
            clock_join(s->clock, path_clock(p, e->event), p->lanes);
    }
    s->last.clock = s->clock;
}

/* What it does where it comes right behind the others. False: it may not go there. */
static bool look_anew(struct path *p, uint32_t first, struct sequence *s)
{
    bool simple;
    if (space_width(p->x) > p->width)
        memset(p->sim + p->width, 0, (space_width(p->x) - p->width) * sizeof *p->sim);
    memcpy(p->sim, path_tuple(p, first), p->width * sizeof *p->sim);
    for (uint32_t i = 0; i <= s->n; i++)
        if (!path_would(p, i < s->n ? s->parts[i].task : s->last.task, p->sim, &s->anew, &simple))
            return false;
    s->last.does = does_number(&p->does, s->anew.at, (uint32_t)s->anew.n);
    return true;
}

void wakeup_turn(struct path *p, uint32_t first, uint32_t second, uint32_t task, const uint16_t *clock)
{
    struct sequence *s = p->sequence;
    const struct event *turned = second == UINT32_MAX ? NULL : &p->events.at[second];
    struct node *node = &p->nodes.at[first];
    bool looks = !turned || !turned->simple, anew = looks || turned->lock;
    look_back_to(p, s, first);
    if (!s->asked)
        ask_sleepers(p, s, node);
    if (s->seen)
        return;
    s->last = (struct turned){.task = (uint16_t)task};
    if (turned) {
        s->last.index = turned->index;
        s->last.clock = path_clock(p, second);
        s->last.does = turned->does;
    } else
        s->last.index = p->last[task] ? p->events.at[p->last[task] - 1].index + 1 : 1;
    if (anew && !s->gathered)
        gather(p, s, first);
    if (looks && !look_anew(p, first, s))
        return; /* it could not have come before */
    if (anew)
        clock_anew(p, s, turned ? p->bases.at + turned->base : clock);
    if (asleep(p, s, node))
        return;
    if (!s->gathered)
        gather(p, s, first);
    insert(p, node, s);
}

struct sequence *wakeup_new(void) { return cv_alloc(sizeof(struct sequence)); }
void wakeup_release(struct sequence *s)
{
    free(s->room);
    free(s->through.at);
    free(s->anew.at);
    free(s);
}
