/* What is local and never ends, found out at once: a task in front of its next action is plain data, and nothing local rests on anything else
 * while virtual time stands. So where it comes by a state it was in before it goes round for ever. One state is kept, and replaced after twice
 * as many looks as the time before (Brent, An improved Monte Carlo factorization algorithm, 1980): nothing grows, and a round is found within a
 * few times its length. What counts on and on is no round: that takes until the time is up, and is broken off where nobody looks at the time. */
#include <stdlib.h>
#include <string.h>

#include "engine/stage.h"
#include "engine/value.h"

enum { MOST_LOOKS = 1 << 16 }; /* in a run of this very process, as many as the explorer's own */

static bool same_values(const struct cv_task *a, const struct cv_task *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct cv_value *x = &a->values[i], *y = &b->values[i];
        if (x->payload != y->payload || x->tag != y->tag || x->duration != y->duration)
            return false;
    }
    return true;
}

/* Lists lie at the same place too, and as much room is left behind them: when that runs out is part of what follows. */
static bool same(const struct stage *s, const struct cv_task *a, const struct cv_task *b)
{
    const struct cv_body *body = &s->m->program->bodies[a->body];
    if (a->size != b->size || a->pc != b->pc || a->sp != b->sp || a->nwith != b->nwith || a->failure != b->failure || a->away != b->away ||
        a->with_base != b->with_base || a->heap_used != b->heap_used || a->heap_cap != b->heap_cap || a->random != b->random ||
        !same_values(a, b, body->nlocals + a->sp))
        return false;
    for (uint32_t i = 0; i < a->heap_used; i++) {
        const struct cv_cell *x = value_heap(a) + i, *y = value_heap(b) + i;
        if (x->payload != y->payload || cv_meta_tag(x->meta) != cv_meta_tag(y->meta))
            return false;
    }
    const struct cv_value *with = a->values + body->nlocals + body->nstack;
    return memcmp(with, b->values + body->nlocals + body->nstack, a->nwith) == 0;
}

/* Asked by the interpreter every few hundred local instructions. */
static void look(struct cv_worker *w)
{
    struct stage *s = (struct stage *)(void *)((char *)w - offsetof(struct stage, w));
    struct stage_rounds *r = &s->rounds;
    if (r->looks && same(s, r->kept, w->at)) {
        w->endless = true;
        return;
    }
    if (s->m->dry && r->looks >= MOST_LOOKS)
        atomic_store(&s->m->shm.head->stop, 1);
    if (r->looks++ != r->next)
        return;
    if (r->room < w->at->size) {
        free(r->kept);
        r->room = w->at->size;
        r->kept = cv_alloc(r->room);
    }
    memcpy(r->kept, w->at, w->at->size);
    r->next = r->looks * 2;
}

void stage_rounds_begin(struct stage *s) { s->w.breaker = look; }

void stage_rounds_release(struct stage *s) { free(s->rounds.kept); }

void stage_compute_on(struct stage *s, uint32_t task, unsigned line)
{
    struct cv_buf name = {0}, text = {0};
    size_t length;
    const char *as = cv_string(&s->m->shm, stage_row(s, task)->name, &length);
    cv_text_clean(&name, as, length);
    stage_enter_core(s, task, line);
    atomic_store(&stage_row(s, task)->line, line);
    cv_buf_printf(&text, "%s computes the same again and again at line %u, and makes no visible step any more: no time would be enough.", name.at, line);
    if (s->m->order->record)
        cv_emit1(&s->w.ring, CV_EV_FINDING, 0, task, line, CV_FINDING_NO_VISIBLE_STEP, cv_intern(&s->m->shm, text.at, text.n), 0);
    text.n = 0;
    cv_buf_printf(&text, "the run took longer than its timeout of %s; still computing: %s (no visible step since line %u, nor will there be one)",
                  cv_duration_text(s->m->order->timeout_ns, true), name.at, line);
    stage_end(s, CV_OUT_TIMEOUT, text.at);
    if (stage_now(s) <= s->m->order->timeout_ns)
        stage_pass_time(s, task, s->m->order->timeout_ns - stage_now(s) + 1, true);
    cv_buf_release(&name);
    cv_buf_release(&text);
}
