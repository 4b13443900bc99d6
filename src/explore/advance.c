/* The step between states: on the stage, what follows by itself (settling), and steps that were carried out before. */
#include <stddef.h>
#include <string.h>

#include "engine/cells.h"
#include "engine/value.h"
#include "explore/state.h"

/* ── the step itself ────────────────────────────────────────────────────────────────────────────── */
static uint32_t line_of(struct space *x, struct cv_task *t, const struct cv_action *a)
{
    if (a->value.tag == CV_TAG_STRING)
        return (uint32_t)a->value.payload;
    struct cv_buf b = {0};
    cv_buf_str(&b, "");
    value_text(&x->machine, t, &a->value, false, &b);
    uint32_t id = cv_intern(&x->shm, b.at, b.n < CV_LIMIT_STRING ? b.n : CV_LIMIT_STRING);
    cv_buf_release(&b);
    return id;
}

static uint32_t printed(struct space *x, uint32_t before, uint32_t line)
{
    uint32_t words[2] = {before, line}, id = intern_add(&x->outputs, words, sizeof words);
    if (id < x->printed.n)
        return id;
    size_t length;
    cv_string(&x->shm, line, &length);
    while (x->printed.n <= id) /* one at a time: id is the next number */
        CV_PUSH(&x->printed, (before ? x->printed.at[before] : 0) + length + 1);
    if (x->most_output && x->printed.at[id] > x->most_output)
        x->limit = "it prints more than a run may (--max-output)";
    return id;
}

/* A sleeper is let in: time moves on until he is due. */
static void wake(struct space *x, uint32_t task)
{
    struct stage *s = &x->stage;
    if (!x->clock && s->players[task].phase == TIMER)
        s->players[task].due = stage_now(s);
    if (s->closing && s->players[task].phase == TIMER)
        stage_let_in(s, task);
    while (s->players[task].phase == TIMER && !s->over) {
        if (x->clock)
            stage_to_next_timer(s);
        if (!s->over)
            stage_look_around(s);
    }
}

/* A step that a run might not be able to do as it is done here. */
static void note_limits(struct space *x, const struct cv_action *a)
{
    const struct cv_shm_head *head = x->shm.head;
    if (a->op == CV_OP_SPAWN && atomic_load(&head->ntasks) >= x->order.max_tasks && x->order.max_tasks < x->most_tasks)
        x->limit = "it starts more tasks than all schedules can be told of";
    if (a->op == CV_OP_OFFLOAD && atomic_load(&head->ntasks) + x->order.pool > x->order.max_tasks && x->order.max_tasks < x->most_tasks)
        x->limit = "it starts more workers than all schedules can be told of";
    if (a->op == CV_OP_ALLOC && x->most_bytes) /* beyond the limit all is one: it is said, and no state tells of more */
        x->taken = a->value.payload > x->most_bytes - x->taken ? x->most_bytes : x->taken + a->value.payload;
    uint64_t lists = x->stage.n * (x->most_cells * 4 * sizeof(struct cv_cell) + x->most_lists); /* a block has room for more than it holds */
    if (x->most_bytes && (x->taken == x->most_bytes || lists > x->most_bytes - x->taken))
        x->limit = "it may take more memory than a run may (--max-memory)";
    if ((a->op == CV_OP_SLEEP || a->op == CV_OP_FETCH || a->op == CV_OP_CPU) && !x->absolute && a->value.payload >= x->timeout_ns)
        x->limit = "one step takes longer than the timeout";
}

enum { MOST_SPUN = 1 << 16, MOST_INVISIBLE = 200000 };

/* Called by the interpreter every now and then: something local that never ends must not keep the explorer for ever. */
static void broken_off(struct cv_worker *w)
{
    struct space *x = (struct space *)(void *)((char *)w - offsetof(struct space, stage.w));
    if (++x->spun < (x->astray ? 256 : MOST_SPUN))
        return;
    x->astray = true;
    x->limit = "a task computes on and on without a visible step";
    atomic_store(&x->shm.head->stop, 1);
}

/* On the stage: what is invisible in front of the next visible action, that action, and an end that follows. line: what it
 * printed, if it did. */
static void carry_out(struct space *x, uint32_t task, uint32_t *in_turn, uint32_t *line)
{
    struct stage *s = &x->stage;
    struct cv_action a;
    bool go = true, visible = false, coop = stage_coop(s, task);
    x->direct++;
    *in_turn = SPACE_NOBODY;
    if (s->players[task].phase == GONE) {
        stage_pass_over(s);
        return;
    }
    wake(x, task);
    s->players[task].closing = CLOSING_NOT;
    s->players[task].called = false;
    for (uint32_t k = 0; go && !visible && !s->over; k++) {
        if (k == MOST_INVISIBLE) {
            x->astray = true;
            x->limit = "a task goes on and on without a visible step";
            break;
        }
        stage_look(s, task, &a);
        visible = a.visible;
        note_limits(x, &a);
        if (a.op == CV_OP_PRINT)
            *line = line_of(x, s->players[task].task, &a);
        go = stage_act(s, task, &a);
    }
    if (coop && go && !s->over) {
        stage_look(s, task, &a);
        if (a.op == CV_OP_DONE || (a.op == CV_OP_FAIL && !a.visible))
            go = stage_act(s, task, &a);
    }
    *in_turn = coop && go && !s->over ? task : SPACE_NOBODY;
    if (*in_turn == SPACE_NOBODY && !s->over)
        stage_look_around(s);
}

/* Of a step on the stage: the tuple behind it, not settled. */
static uint32_t direct(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to)
{
    uint32_t in_turn, line = 0;
    bool print = space_local(x, from[space_task_at(x, task)])->action.op == CV_OP_PRINT;
    state_load(x, from);
    carry_out(x, task, &in_turn, &line);
    if (to != from)
        memcpy(to, from, space_width(x) * sizeof *to);
    state_take(x, to, in_turn);
    if (print || line)
        to[SPACE_OUTPUT] = printed(x, to[SPACE_OUTPUT], line);
    return print || line ? line : UINT32_MAX;
}

/* ── settling ───────────────────────────────────────────────────────────────────────────────────── */
static void step(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to);

static void settle(struct space *x, uint32_t *tuple)
{
    for (;;) {
        const struct control *c = space_control(x, tuple);
        if (c->over || c->in_turn != SPACE_NOBODY || c->asks)
            return;
        if (x->program->implicit_main && !c->main_asks && state_may_go(x, tuple, c, 0)) {
            step(x, tuple, 0, tuple);
            while (space_control(x, tuple)->in_turn == 0)
                step(x, tuple, 0, tuple);
            continue;
        }
        c = space_control(x, tuple);
        for (uint32_t t = x->program->implicit_main && !c->main_asks; t < c->n; t++)
            if (state_may_go(x, tuple, c, t))
                return;
        if (!c->closing || c->holder != CV_NO_TASK)
            return;
        state_load(x, tuple);
        stage_look_around(&x->stage);
        state_take(x, tuple, SPACE_NOBODY);
    }
}

/* ── steps that were carried out before ─────────────────────────────────────────────────────────── */
/* Does the outcome of the step rest on control, local state and one value alone, and change only what can be told by component? */
static bool remembers(const struct space *x, const struct local *l)
{
    switch ((enum cv_op)l->action.op) {
    case CV_OP_OFFLOAD: case CV_OP_END_OFFLOAD: case CV_OP_CRASH: return false;
    case CV_OP_SPAWN: return !x->own;
    case CV_OP_LOAD: return !(x->vars[l->action.arg].list && x->vars[l->action.arg].flat && x->vars[l->action.arg].n > 1);
    case CV_OP_STORE: return !(x->vars[l->action.arg].list && x->vars[l->action.arg].flat);
    default: return true;
    }
}

static uint32_t value_met(const struct space *x, const uint32_t *from, const struct control *c, uint32_t task, const struct local *l)
{
    if (!l->action.memory || l->action.op == CV_OP_STORE || l->action.op == CV_OP_LOAD_LEN)
        return l->action.op == CV_OP_LOAD_LEN && !x->vars[l->action.arg].flat ? from[space_component(x, c, task, l)] : 0;
    uint32_t at = space_component(x, c, task, l);
    if (at == UINT32_MAX || (l->action.op == CV_OP_STORE_ITEM && x->vars[l->action.arg].flat))
        return 0;
    return from[at];
}

static void apply(struct space *x, const struct memo_slot *m, const uint32_t *from, uint32_t *to)
{
    if (to != from)
        memcpy(to, from, space_width(x) * sizeof *to);
    to[SPACE_CONTROL] = m->a;
    const struct space_change *ch = &x->changes.at[m->b];
    for (uint32_t n = ch->id; n; n--) {
        ch++;
        to[ch->component] = ch->component == SPACE_OUTPUT ? printed(x, to[SPACE_OUTPUT], ch->id) : ch->id;
    }
}

/* written: a component that the step sets without having looked at it, or UINT32_MAX. */
static void remember(struct space *x, uint64_t key, const uint32_t *from, const uint32_t *to, uint32_t line, uint32_t written)
{
    bool found;
    struct memo_slot *m = memo_make(&x->steps, key, &found);
    struct space_change head = {0};
    m->a = to[SPACE_CONTROL];
    m->b = (uint32_t)x->changes.n;
    CV_PUSH(&x->changes, head);
    for (uint32_t k = SPACE_FIRST_VAR; k < space_width(x); k++)
        if (from[k] != to[k] || k == written) {
            struct space_change one = {k, to[k]};
            CV_PUSH(&x->changes, one);
        }
    if (line != UINT32_MAX) {
        struct space_change one = {SPACE_OUTPUT, line};
        CV_PUSH(&x->changes, one);
    }
    x->changes.at[m->b].id = (uint32_t)x->changes.n - m->b - 1;
}

/* A step, not settled. */
static void step(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to)
{
    const struct control *c = space_control(x, from);
    uint32_t id = from[space_task_at(x, task)];
    const struct local *l = space_local(x, id);
    uint32_t met = value_met(x, from, c, task, l);
    uint64_t key = (uint64_t)from[SPACE_CONTROL] << 44 | (uint64_t)task << 36 | (uint64_t)id << 16 | met;
    bool can = remembers(x, l) && !(x->flags & SPACE_PLAIN) && !c->timers && from[SPACE_CONTROL] < 1u << 20 && id < 1u << 20 && met < 1u << 16;
    uint32_t written = l->blind ? space_component(x, c, task, l) : UINT32_MAX;
    const struct memo_slot *m = can ? memo_find(&x->steps, key) : NULL;
    if (m) {
        apply(x, m, from, to);
        return;
    }
    if (from == to && can)
        from = memcpy(x->before, from, space_room(x) * sizeof *from);
    uint32_t line = direct(x, from, task, to);
    if (can)
        remember(x, key, from, to, line, written);
}

void space_start(struct space *x, uint32_t *tuple)
{
    if (!x->start) {
        x->start = cv_alloc(space_room(x) * sizeof *x->start);
        stage_begin(&x->stage, &x->machine, false);
        x->stage.scheduled = true;
        x->stage.w.breaker = broken_off;
        stage_look_around(&x->stage);
        state_take(x, x->start, SPACE_NOBODY);
        settle(x, x->start);
    }
    memcpy(tuple, x->start, space_room(x) * sizeof *tuple);
}

/* What a memory step makes of the task and of the one component it is about, whatever follows. False: see state_memory_step. */
static bool memory_step(struct space *x, const uint32_t *from, const struct control *c, uint32_t task, const struct local *l, uint32_t *left, uint32_t *next)
{
    uint32_t at = space_component(x, c, task, l);
    if (at == UINT32_MAX)
        return false;
    uint64_t key = (uint64_t)from[space_task_at(x, task)] << 32 | (l->blind ? 0 : from[at]);
    const struct memo_slot *m = memo_find(&x->memory, key);
    if (m) {
        *next = m->a;
        *left = l->reads ? from[at] : m->b;
        return true;
    }
    bool found;
    if (!state_memory_step(x, from, c, task, l, left, next))
        return false;
    if (space_local(x, *next)->end || space_local(x, *next)->sync) /* else space_learn does */
        *memo_make(&x->memory, key, &found) = (struct memo_slot){key, *next, *left};
    return true;
}

static void learn(struct space *x, uint32_t id, uint32_t met, uint32_t next, uint32_t left)
{
    struct local *l = &x->local.at[id];
    bool found;
    if (!l->blind) {
        struct memo_slot *m = memo_make(&x->reads, (uint64_t)id << 32 | met, &found);
        m->a = next;
        m->b = left;
    } else {
        l->met = 0;
        l->next = next;
        l->left = left;
    }
}

bool space_quick_anew(struct space *x, const uint32_t *tuple, uint32_t task, uint32_t *component, uint32_t *left, uint32_t *next)
{
    const struct control *c = space_control(x, tuple);
    uint32_t id = tuple[space_task_at(x, task)];
    const struct local *l = space_local(x, id);
    if (x->async || !l->quick || !c->tasks[task].free || c->tasks[task].worker || !memory_step(x, tuple, c, task, l, left, next))
        return false;
    const struct local *then = space_local(x, *next);
    if (then->sync || then->end)
        return false;
    *component = space_component(x, c, task, &x->local.at[id]);
    learn(x, id, x->local.at[id].blind ? 0 : tuple[*component], *next, *left);
    return true;
}

/* The fast way for what is not known yet: what space_learn would learn, without the whole stage. */
static bool alone(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to)
{
    const struct control *c = space_control(x, from);
    const struct local *l = space_local(x, from[space_task_at(x, task)]);
    uint32_t left, next;
    if (x->async || !l->quick || !c->tasks[task].free || c->tasks[task].worker || !memory_step(x, from, c, task, l, &left, &next))
        return false;
    const struct local *then = space_local(x, next);
    if (then->sync || (then->end && x->own))
        return false;
    bool end = then->end;
    c = space_control(x, from);
    uint32_t at = space_component(x, c, task, space_local(x, from[space_task_at(x, task)]));
    if (to != from)
        memcpy(to, from, space_width(x) * sizeof *to);
    to[at] = left;
    to[space_task_at(x, task)] = next;
    if (end) { /* which belongs to the step */
        step(x, to, task, to);
        settle(x, to);
    }
    return true;
}

void space_go(struct space *x, const uint32_t *from, uint32_t task, uint32_t *to)
{
    if (alone(x, from, task, to))
        return;
    step(x, from, task, to);
    settle(x, to);
}

/* Does what comes behind a step rest on whether others may go? Only a run that closes asks for that; not if they are gone. */
static bool asks_others(const struct control *from, const struct control *to, uint32_t task)
{
    bool asks = false;
    for (uint32_t t = 1; t < from->n; t++)
        asks |= t != task && from->tasks[t].phase != GONE;
    return to->closing && asks;
}

/* A memory step that ends its task: it rests on the control part, the task, what it met, and on where the main task stands, who may go
 * on by it. */
static void learn_turn(struct space *x, const uint32_t *from, uint32_t task, const struct local *l, uint32_t at, const uint32_t *to)
{
    const struct control *c = space_control(x, from);
    if (x->async || x->absolute || at == UINT32_MAX || c->timers || c->in_turn != SPACE_NOBODY || !remembers(x, l) ||
        asks_others(c, space_control(x, to), task))
        return;
    uint32_t id = from[space_task_at(x, task)], met = l->blind ? 0 : from[at];
    *space_turn_at(x, from[SPACE_CONTROL], task, id, met) =
        (struct space_turn){from[SPACE_CONTROL], id, met, from[space_task_at(x, 0)], (uint16_t)task, to[SPACE_CONTROL], to[space_task_at(x, task)], to[at], to[space_task_at(x, 0)]};
}

void space_learn(struct space *x, const uint32_t *from, uint32_t task, const uint32_t *to)
{
    const struct control *c = space_control(x, from);
    uint32_t id = from[space_task_at(x, task)];
    const struct local *l = space_local(x, id);
    if (!l->quick || !c->tasks[task].free)
        return;
    uint32_t at = space_component(x, c, task, l), own = space_task_at(x, task);
    bool turn = to[SPACE_CONTROL] != from[SPACE_CONTROL];
    for (uint32_t k = SPACE_CONTROL + 1; k < space_width(x); k++)
        if (to[k] != from[k] && k != at && k != own && !(turn && k == space_task_at(x, 0)))
            return;
    if (turn) {
        learn_turn(x, from, task, l, at, to);
        return;
    }
    if (!x->async && space_local(x, to[own])->sync)
        return; /* whether it may go on rests on the control part */
    learn(x, id, at == UINT32_MAX || space_local(x, id)->blind ? 0 : from[at], to[own], at == UINT32_MAX ? 0 : to[at]);
}
