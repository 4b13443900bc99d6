/* Where in its line a task stands: each of its own events is one of the line's steps (of the run's info), the first of that kind
 * that follows where it stood. A line of n steps has n + 1 slots: in front of each step, and behind the last; while a task waits it
 * stands in front of the step it waits in. What computes between two steps is passed without an event, so who has just read stands
 * in front of the computing. Slots are numbered through from 1. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { MOST = 0xffff };

static uint32_t slot_count(const struct cv_run_info *info)
{
    uint32_t n = 1;
    for (uint32_t i = 0; i < info->nsteps; i++)
        n += 1 + (i == 0 || info->steps[i].line != info->steps[i - 1].line);
    return n;
}

void steps_begin(struct cv_model *m)
{
    const struct cv_run_info *info = m->info;
    uint32_t lines = info->nsteps ? info->steps[info->nsteps - 1].line + 1 : 0, slots = slot_count(info);
    if (!lines || slots > MOST) /* no such program: nothing is said of steps then */
        return;
    m->nline_slots = lines;
    m->line_slot = cv_alloc(lines * sizeof *m->line_slot);
    m->line_step = cv_alloc(lines * sizeof *m->line_step);
    m->slots = cv_alloc(slots * sizeof *m->slots);
    for (uint32_t i = 0, slot = 1; i < info->nsteps; i++) {
        if (i > 0 && info->steps[i].line == info->steps[i - 1].line)
            continue;
        uint32_t n = 1;
        while (i + n < info->nsteps && info->steps[i + n].line == info->steps[i].line)
            n++;
        m->line_slot[info->steps[i].line] = slot;
        m->line_step[info->steps[i].line] = i;
        slot += n + 1;
    }
}

uint32_t cv_model_line_steps(const struct cv_model *m, uint32_t line, uint32_t *first)
{
    const struct cv_run_info *info = m->info;
    uint32_t n = 0;
    if (line >= m->nline_slots || !m->line_slot[line])
        return 0;
    *first = m->line_step[line];
    while (*first + n < info->nsteps && info->steps[*first + n].line == line)
        n++;
    return n;
}

static bool matches(const struct cv_info_step *s, const struct cv_event *e)
{
    switch (e->kind) {
    case CV_EV_READ: return (s->kind == CV_STEP_READ || s->kind == CV_STEP_ATOMIC) && s->object == e->obj;
    case CV_EV_WRITE: return (s->kind == CV_STEP_WRITE || s->kind == CV_STEP_ATOMIC) && s->object == e->obj;
    case CV_EV_TAKE: return s->kind == CV_STEP_TAKE && s->object == e->obj;
    case CV_EV_GIVE: return s->kind == CV_STEP_GIVE && s->object == e->obj;
    case CV_EV_WAIT: return s->kind == CV_STEP_WAIT || s->kind == CV_STEP_TAKE || s->kind == CV_STEP_GIVE /* a full queue */;
    case CV_EV_PRINT: return s->kind == CV_STEP_PRINT;
    case CV_EV_SPAWN: return s->kind == CV_STEP_SPAWN;
    case CV_EV_JOINED: return s->kind == CV_STEP_WAIT;
    case CV_EV_CPU: return s->kind == CV_STEP_CPU;
    default: return false;
    }
}

void steps_fold(struct cv_model *m, struct task *t, const struct cv_event *e)
{
    uint32_t first = 0, n = cv_model_line_steps(m, e->line, &first), slot = t->slot;
    if (!n)
        return;
    uint32_t from = m->line_slot[e->line], stood = slot >= from && slot <= from + n ? slot - from : 0;
    bool in_it = e->kind == CV_EV_WAIT || e->kind == CV_EV_CPU; /* it has begun, and is not over */
    if (slot < from || slot > from + n)
        slot = from; /* it has come to the line */
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = (stood + k) % n; /* the line may be run again and again */
        if (matches(&m->info->steps[first + i], e)) {
            slot = from + i + !in_it;
            break;
        }
    }
    if (slot == t->slot || e->t >= (uint64_t)1 << 48)
        return;
    t->slot = slot;
    CV_PUSH(&t->slots, e->t << 16 | slot);
    m->bytes += sizeof(uint64_t);
}

void steps_switched(struct cv_model *m, const struct task *t, uint64_t at)
{
    uint32_t first, n = cv_model_line_steps(m, t->line, &first);
    if (!n || t->slot < m->line_slot[t->line] || t->slot > m->line_slot[t->line] + n)
        return;
    instants_add(&m->slots[t->slot], at);
    m->bytes += sizeof(uint64_t);
}

uint32_t cv_model_step_at(const struct cv_model *m, uint32_t task, uint64_t t)
{
    const struct task *one = model_task(m, task);
    size_t low = CV_PARTITION_POINT(one ? one->slots.n : 0, i, one->slots.at[i] >> 16 <= t);
    uint32_t line = one ? lanes_line(one, t) : 0, slot = low ? (uint32_t)(one->slots.at[low - 1] & 0xffff) : 0, first, n = cv_model_line_steps(m, line, &first);
    if (!n || slot < m->line_slot[line] || slot > m->line_slot[line] + n)
        return UINT32_MAX;
    return slot - m->line_slot[line];
}

uint64_t cv_model_step_switches(const struct cv_model *m, uint32_t line, uint32_t step, uint64_t t)
{
    uint32_t first, n = cv_model_line_steps(m, line, &first);
    return n && step <= n ? instants_until(&m->slots[m->line_slot[line] + step], t) : 0;
}

size_t steps_cut(struct cv_model *m, uint64_t until)
{
    size_t freed = 0;
    uint32_t slots = m->slots ? slot_count(m->info) : 1;
    for (uint32_t i = 1; i < slots; i++)
        freed += instants_cut(&m->slots[i], until);
    for (uint32_t i = 0; i < m->ntasks; i++) {
        struct task *t = m->tasks[i];
        size_t n = 0;
        while (t && n + 1 < t->slots.n && t->slots.at[n + 1] >> 16 <= until)
            n++;
        if (n < 64)
            continue;
        t->slots.n -= n;
        memmove(t->slots.at, t->slots.at + n, t->slots.n * sizeof *t->slots.at);
        freed += n * sizeof *t->slots.at;
    }
    return freed;
}

void steps_free(struct cv_model *m)
{
    uint32_t slots = m->slots ? slot_count(m->info) : 1;
    for (uint32_t i = 1; i < slots; i++)
        free(m->slots[i].at.at);
    for (uint32_t i = 0; i < m->ntasks; i++)
        if (m->tasks[i])
            free(m->tasks[i]->slots.at);
    free(m->slots);
    free(m->line_slot);
    free(m->line_step);
}
