/* The fewest preemptions to each failure, and of those the fewest steps: states are looked at in the order of (preemptions, steps), so the
 * first that fails is proven to be minimal. Under async leaving the order of the line counts as a preemption does.
 *
 * A node is a state and who was on the core last, as long as that task may go. The nodes of a level (so many preemptions) stand one after the
 * other, step by step. A level grows out of itself by steps that cost nothing, and out of the level before by preemptions:
 * those are taken when their turn comes, so that nothing has to be kept that waits. */
#include <stdlib.h>
#include <string.h>

#include "explore/run.h"
#include "explore/store.h"

enum { PENDING = 16 };
struct search {
    struct run *r;
    struct space *x;
    struct store store;
    CV_VEC(uint64_t) before, here; /* by step: the number of the first node, of the level before and of this one */
    uint32_t level, step;
    uint64_t from, natural_end;    /* where in the step before this one it goes on */
    bool preempting, begun, over;
    uint32_t *node, *to;           /* a component each for who is on the core (0: nobody), then the tuple */
    uint16_t choices[SPACE_TASKS + 1];
    struct pending { uint64_t key[STORE_WORDS]; uint32_t parent; } pending[PENDING];
    unsigned npending;
    uint64_t begun_ns, begun_cpu_ns;
};

static uint64_t cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct search *search_new(struct run *r, struct space *x)
{
    struct search *s = cv_alloc(sizeof *s);
    s->r = r;
    s->x = x;
    s->node = cv_alloc((space_room(x) + 1) * sizeof *s->node);
    s->to = cv_alloc((space_room(x) + 1) * sizeof *s->to);
    s->begun_ns = cv_mono_ns();
    s->begun_cpu_ns = cpu_ns();
    return s;
}

void search_free(struct search *s)
{
    if (!s)
        return;
    store_release(&s->store);
    free(s->before.at);
    free(s->here.at);
    free(s->node);
    free(s->to);
    free(s);
}

bool search_over(const struct search *s) { return s->over; }

static bool full(struct search *s)
{
    s->r->why = "the states take more memory than they may";
    return false;
}

static bool flush(struct search *s)
{
    bool added;
    for (unsigned i = 0; i < s->npending; i++)
        if (store_add(&s->store, s->pending[i].key, s->pending[i].parent, &added) == UINT64_MAX)
            return full(s);
    s->npending = 0;
    return true;
}

static bool forward(struct search *s, const uint64_t *key, uint32_t parent)
{
    struct pending *p = &s->pending[s->npending++];
    memcpy(p->key, key, s->store.words * sizeof *key);
    p->parent = parent;
    __builtin_prefetch(&s->store.slots[store_hash(key, s->store.words) & (s->store.nslots - 1)]);
    return s->npending < PENDING || flush(s);
}

static bool put(struct search *s, uint32_t parent)
{
    uint64_t key[STORE_WORDS];
    bool added;
    if (space_width(s->x) + 1 > s->store.ncomps)
        store_widen(&s->store, space_width(s->x) + 1);
    store_pack(&s->store, s->to, key);
    return !s->store.full && store_add(&s->store, key, parent, &added) != UINT64_MAX ? true : full(s);
}

static void unpack(const struct search *s, uint64_t n, uint32_t *node)
{
    store_unpack(&s->store, store_key(&s->store, n), node);
    if (s->store.ncomps < space_width(s->x) + 1)
        memset(node + s->store.ncomps, 0, (space_width(s->x) + 1 - s->store.ncomps) * sizeof *node);
}

/* Who is on the core after a step of task, and may go on: whom to let in instead is a preemption. */
static uint32_t on_core(struct search *s, uint32_t op, uint32_t task)
{
    if (s->x->async || op == CV_OP_YIELD)
        return 0;
    uint16_t choices[SPACE_TASKS + 1];
    unsigned n = space_choices(s->x, s->to + 1, choices);
    return space_natural(s->x, s->to + 1, choices, n, task) == task ? task + 1 : 0;
}

static void go(struct search *s, uint32_t task)
{
    struct space *x = s->x;
    uint32_t op = space_local(x, s->node[1 + space_task_at(x, task)])->action.op;
    space_go(x, s->node + 1, task, s->to + 1);
    space_learn(x, s->node + 1, task, s->to + 1);
    s->to[0] = on_core(s, op, task);
}

/* The key of where it came to: that of the node it came from, but for what changed. False: it has to be packed anew. */
static bool changed(const struct search *s, uint64_t *key)
{
    const struct store *store = &s->store;
    uint32_t n = space_width(s->x) + 1;
    if (n != store->ncomps)
        return false;
    for (uint32_t c = 0; c < n; c++)
        if (s->to[c] != s->node[c]) {
            if (!store_fits(store, c, s->to[c]))
                return false;
            store_set(store, key, c, s->to[c]);
        }
    return true;
}

static bool step(struct search *s, uint64_t from, uint32_t task)
{
    struct space *x = s->x;
    struct store *store = &s->store;
    uint32_t component, left, next, own = 1 + space_task_at(x, task), core = x->async ? 0 : task + 1;
    uint64_t key[STORE_WORDS];
    memcpy(key, store_key(store, from), store->words * sizeof *key);
    bool quick = space_quick(x, space_control(x, s->node + 1), s->node + 1, task, &component, &left, &next) ||
                 space_quick_anew(x, s->node + 1, task, &component, &left, &next);
    if (quick && store_fits(store, own, next) && store_fits(store, 0, core) && (component == UINT32_MAX || store_fits(store, component + 1, left))) {
        store_set(store, key, 0, core);
        store_set(store, key, own, next);
        if (component != UINT32_MAX)
            store_set(store, key, component + 1, left);
        return forward(s, key, (uint32_t)from);
    }
    go(s, task);
    if (changed(s, key))
        return forward(s, key, (uint32_t)from);
    return flush(s) && put(s, (uint32_t)from);
}

/* ── what was found ─────────────────────────────────────────────────────────────────────────────── */
/* Whose step led from one node to the next. */
static uint32_t mover(struct search *s, uint64_t parent, uint64_t child)
{
    uint32_t *want = cv_alloc((space_room(s->x) + 1) * sizeof *want), who = SPACE_NOBODY;
    unpack(s, child, want);
    unpack(s, parent, s->node);
    uint16_t choices[SPACE_TASKS + 1];
    unsigned n = space_choices(s->x, s->node + 1, choices);
    for (unsigned i = 0; i < n && who == SPACE_NOBODY; i++) {
        memset(s->to, 0, (space_room(s->x) + 1) * sizeof *s->to);
        go(s, choices[i]);
        if (memcmp(s->to, want, (space_width(s->x) + 1) * sizeof *want) == 0)
            who = choices[i];
    }
    free(want);
    CV_ASSERT(who != SPACE_NOBODY);
    return who;
}

static char *schedule_of(struct search *s, uint64_t node, uint32_t steps)
{
    uint16_t *tasks = cv_alloc((steps + 1u) * sizeof *tasks);
    struct cv_buf text = {0};
    for (uint32_t k = steps; k-- > 0; node = s->store.parents[node])
        tasks[k] = (uint16_t)mover(s, s->store.parents[node], node);
    schedule_text(s->x, tasks, steps, &text);
    free(tasks);
    return text.at;
}

static bool found(struct search *s, struct cv_explore_violation *w, uint32_t outcome, uint64_t node, uint32_t steps)
{
    if (!flush(s))
        return false;
    free(w->schedule);
    w->scheduled = w->minimal = true;
    w->preemptions = s->level;
    w->steps = steps;
    w->outcome = outcome;
    w->found_s = (double)(cv_mono_ns() - s->begun_ns) / 1e9;
    w->found_cpu_s = (double)(cpu_ns() - s->begun_cpu_ns) / 1e9;
    w->schedule = schedule_of(s, node, steps);
    return true;
}

static bool ends(struct search *s, uint64_t node, uint32_t steps)
{
    struct cv_explore *e = s->r->e;
    struct judged j = judge_end(&s->r->judge, s->x, s->node + 1);
    for (uint32_t v = 0; v < e->nviolations; v++)
        if (j.breaches >> v & 1 && !e->violations[v].minimal && !found(s, &e->violations[v], j.outcome, node, steps))
            return false;
    return !(j.breaches & JUDGE_GOAL) || e->goal.minimal || found(s, &e->goal, j.outcome, node, steps);
}

/* ── walking ────────────────────────────────────────────────────────────────────────────────────── */
static bool expand(struct search *s, uint64_t n)
{
    unpack(s, n, s->node);
    if (s->node[0] && !s->preempting) /* who is on the core may go, and costs nothing */
        return step(s, n, s->node[0] - 1);
    unsigned count = space_choices(s->x, s->node + 1, s->choices);
    if (!count)
        return s->preempting || ends(s, n, s->step - 1);
    uint32_t natural = space_natural(s->x, s->node + 1, s->choices, count, s->node[0] ? s->node[0] - 1 : SPACE_NOBODY);
    if (natural == SPACE_NOBODY ? s->preempting : false)
        return true;
    for (unsigned k = 0; k < count; k++)
        if ((natural == SPACE_NOBODY || natural == s->choices[k]) != s->preempting && !step(s, n, s->choices[k]))
            return false;
    return true;
}

static bool open_failures(const struct search *s)
{
    for (uint32_t v = 0; v < s->r->e->nviolations; v++)
        if (!s->r->e->violations[v].minimal)
            return true;
    return s->r->e->goal_known && !s->r->e->goal.minimal;
}

static void begin(struct search *s)
{
    s->begun = true;
    store_init(&s->store, space_width(s->x) + 1, s->r->memory);
    space_start(s->x, s->to + 1);
    s->to[0] = 0;
    put(s, 0);
    CV_PUSH(&s->here, (uint64_t)0);
    s->step = 1;
}

/* The step is filled: on to the next, or to the next level. False: there is none. */
static bool advance(struct search *s)
{
    if (!s->preempting) { /* now those that come by a preemption */
        s->preempting = true;
        s->from = s->step - 1 < s->before.n ? s->before.at[s->step - 1] : 0;
        return true;
    }
    s->preempting = false;
    bool grew = s->store.n > s->here.at[s->step], more = s->step < s->before.n;
    if (grew || more) {
        s->from = s->here.at[s->step++];
        return true;
    }
    if (s->store.n == s->here.at[0]) /* a level without a node: there is no further one */
        return false;
    free(s->before.at);
    s->before.at = s->here.at;
    s->before.n = s->here.n;
    s->before.cap = s->here.cap;
    s->here.at = NULL;
    s->here.n = s->here.cap = 0;
    CV_PUSH(&s->here, s->store.n);
    s->level++;
    s->step = 1;
    s->from = s->store.n;
    return true;
}

static uint64_t end_of(const struct search *s)
{
    if (!s->preempting)
        return s->here.at[s->step];
    return s->step < s->before.n ? s->before.at[s->step] : s->step == s->before.n ? s->here.at[0] : s->from;
}

bool search_run(struct search *s, uint64_t budget, bool all)
{
    uint64_t most = s->store.n + budget, asked = 0;
    if (!s->begun)
        begin(s);
    while (!s->over) {
        if (s->here.n == s->step) /* the nodes of this step come from here on */
            CV_PUSH(&s->here, s->store.n);
        uint64_t end = end_of(s);
        for (; s->from < end; s->from++) {
            if (run_asks(s->r, s->x, ++asked)) {
                run_memory(s->r, store_memory(&s->store) + space_memory(s->x));
                if (!run_goes_on(s->r, s->store.n, -1))
                    return false;
            }
            if (!expand(s, s->from))
                return false;
        }
        if (!flush(s))
            return false;
        if (!all && !open_failures(s))
            return true;
        if (budget && s->store.n > most)
            return false;
        s->over = !advance(s);
    }
    return true;
}
