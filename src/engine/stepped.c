/* The stepped engine: the stage, and someone who picks at each point among those that may go: the schedule, else the seed (under
 * async seed 1 is the loop's own order, first in first out). The same order gives the same run to the byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage_words.h"
#include "stepped.h"

/* The schedule ends here. A run that nobody sits at ends with it; who sits at the desk is told, and goes on from there. */
static void give_up(struct stepped *e)
{
    struct stage *s = &e->s;
    schedule_start(&s->schedule, "");
    if (e->desk.at) {
        desk_trouble(e, stage_head(s)->schedule_error);
        stage_head(s)->schedule_error[0] = 0;
        return;
    }
    s->scheduled = false;
    stage_end(s, CV_OUT_CRASHED, stage_head(s)->schedule_error);
}

static void impossible(struct stepped *e, uint32_t letter, const char *why)
{
    struct stage *s = &e->s;
    char name[8];
    cv_text_letter(letter, name);
    snprintf(stage_head(s)->schedule_error, sizeof stage_head(s)->schedule_error, "step %u of the schedule is impossible: %s %s",
             s->schedule.position + 1, name, why);
    give_up(e);
}

static void broken(struct stepped *e)
{
    struct stage *s = &e->s;
    snprintf(stage_head(s)->schedule_error, sizeof stage_head(s)->schedule_error, "a schedule is letters and counts, as in A2 B3 A1; what comes after step %u is not",
             s->schedule.position);
    give_up(e);
}

/* All went well, if nothing is left of the schedule. */
static void left_over(struct stepped *e)
{
    struct stage *s = &e->s;
    uint32_t letter;
    if (!s->scheduled || atomic_load(&stage_head(s)->outcome) || atomic_load(&stage_head(s)->stop))
        return;
    s->over = false;
    if (schedule_peek(&s->schedule, &letter))
        impossible(e, letter, "cannot go, the run is over");
    else if (s->schedule.broken)
        broken(e);
    s->over = true;
}

static void cannot_go(struct stepped *e, uint32_t letter, uint32_t task)
{
    struct stage *s = &e->s;
    struct cv_buf why = {0};
    if (task >= s->n)
        cv_buf_str(&why, "does not exist yet");
    else if (s->players[task].phase == GONE)
        cv_buf_str(&why, "is done");
    else if (stage_held(s, task))
        cv_buf_str(&why, "cannot go: another task keeps the thread until it awaits");
    else if (s->players[task].phase == IDLE)
        cv_buf_str(&why, "has no block to run");
    else if (s->players[task].phase == ENDLESS)
        cv_buf_str(&why, "makes no visible step any more");
    else {
        cv_buf_str(&why, "has to wait for ");
        stage_wait_words(s, task, &why);
    }
    impossible(e, letter, why.at);
    cv_buf_release(&why);
}

/* ── picking ────────────────────────────────────────────────────────────────────────────────────── */
uint64_t stepped_random(uint64_t *state, uint64_t n)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint64_t)(((unsigned __int128)(z ^ (z >> 31)) * n) >> 64);
}

/* May the task go? Of threads and processes one whose next action would have to wait is shown as blocked. */
static bool may_go(struct stage *s, uint32_t task)
{
    struct player *p = &s->players[task];
    bool can = stage_may_go(s, task);
    if (stage_coop(s, task) || (p->phase != RUNNABLE && p->phase != BLOCKED) || can == (p->phase == RUNNABLE))
        return can;
    struct cv_action a;
    stage_look(s, task, &a);
    if (!can)
        stage_wait(s, task, &a, BLOCKED, true);
    else {
        atomic_store(&stage_row(s, task)->state, CV_ROW_RUNNABLE);
        cv_emit1(&s->w.ring, CV_EV_READY, 0, task, a.line, 0, CV_NO_TASK, p->cause);
        stage_ready(s, task, 0);
    }
    return can;
}

static bool main_first(const struct stage *s) { return s->letters_from == 1; }

/* Threads and processes whose next action shows nothing do it: nobody sees the difference, and an end that somebody waits for may be
 * behind it. false: there was none. */
static bool settle(struct stepped *e)
{
    struct stage *s = &e->s;
    bool any = false;
    for (uint32_t t = s->letters_from; t < s->n && !s->over; t++) {
        struct cv_action a;
        while (s->players[t].phase == RUNNABLE && !stage_coop(s, t) && (stage_look(s, t, &a), !a.visible)) {
            any = true;
            stage_enter_core(s, t, a.line);
            if (!stage_act(s, t, &a))
                break;
        }
    }
    return any;
}

/* Whom the schedule, or who sits at the desk, wants to go, if he can. Who sleeps can: the others are slow, and time moves on until
 * he is due. */
static uint32_t wanted(struct stepped *e, uint32_t task)
{
    struct stage *s = &e->s;
    const struct player *p = &s->players[task];
    if (task == 0 && stage_asks(s)) /* its end of a pass */
        return 0;
    if (s->closing && stage_coop(s, task) && !p->closing)
        return CV_NO_TASK;
    if (p->phase == RUNNABLE && !stage_held(s, task)) {
        e->want = CV_NO_TASK;
        return task;
    }
    e->want = p->phase == TIMER && !stage_held(s, task) ? task : CV_NO_TASK;
    return CV_NO_TASK;
}

/* Whose step comes first by the loop's own order: a callback runs when its turn comes, and the step is then behind what is ready; who sleeps
 * comes behind all of these, the first to be due first. explore/space.c counts by the same. */
static uint32_t natural(struct stepped *e)
{
    struct stage *s = &e->s;
    uint32_t ready = CV_NO_TASK, due = CV_NO_TASK;
    bool closes = s->closing && s->holder == CV_NO_TASK; /* it waits for nobody then */
    for (uint32_t t = stage_main_asks(s) ? 0 : s->letters_from; t < s->n; t++) {
        const struct player *p = &s->players[t], *r = &s->players[ready == CV_NO_TASK ? t : ready];
        if (closes && stage_coop(s, t) && (!p->closing || p->hops || p->ready_order >= s->pass_end))
            continue;
        if (p->phase == RUNNABLE && !stage_held(s, t) && (p->hops < r->hops || (p->hops == r->hops && p->ready_order <= r->ready_order)))
            ready = t;
        if (p->phase == TIMER && !stage_held(s, t) && (due == CV_NO_TASK || p->due < s->players[due].due))
            due = t;
    }
    return ready != CV_NO_TASK ? ready : closes && stage_asks(s) ? 0 : due;
}

/* The next to go, or CV_NO_TASK: time moves on, or (e->again) it is to be asked once more. */
static uint32_t pick(struct stepped *e)
{
    struct stage *s = &e->s;
    uint32_t n = 0, oldest = CV_NO_TASK, other = CV_NO_TASK /* the oldest beside who is on the core */, sleeping = 0, letter;
    e->again = false;
    for (uint32_t t = 0; t < s->n; t++) {
        struct player *p = &s->players[t];
        sleeping += p->phase == TIMER && !stage_held(s, t) && t >= s->letters_from;
        if (p->phase == GONE || !may_go(s, t))
            continue;
        if (t == 0 && main_first(s) && !stage_is_async(s))
            return 0; /* an implicit main is nobody's choice */
        n++;
        if (oldest == CV_NO_TASK || p->ready_order < s->players[oldest].ready_order)
            oldest = t;
        if (t != s->current && (other == CV_NO_TASK || p->ready_order < s->players[other].ready_order))
            other = t;
    }
    if (stage_is_async(s) && !e->weighed)
        e->natural = natural(e);
    e->weighed = true;
    if (n == 0 && !(sleeping && s->scheduled))
        return CV_NO_TASK;
    if (stage_is_async(s) && main_first(s) && oldest == 0 && !stage_main_asks(s))
        return 0; /* in the loop's own order */
    if (e->want != CV_NO_TASK) {
        uint32_t task = wanted(e, e->want);
        if (task != CV_NO_TASK || e->want != CV_NO_TASK)
            return task;
    }
    if (e->desk.at && desk_replays(e))
        return wanted(e, desk_next(e));
    if (s->scheduled && schedule_peek(&s->schedule, &letter)) {
        uint32_t task = letter + s->letters_from, goes = task < s->n ? wanted(e, task) : CV_NO_TASK;
        if (e->desk.at)
            desk_stands(e);
        if (goes == CV_NO_TASK && e->want == CV_NO_TASK && task < s->n && s->players[task].phase == RUNNABLE && s->closing > 1 && stage_asks(s))
            return 0; /* who goes in the next pass only tells that this one is over */
        if (goes != CV_NO_TASK || e->want != CV_NO_TASK)
            return goes;
        if (!settle(e))
            cannot_go(e, letter, task);
        e->again = true;
        return CV_NO_TASK;
    }
    if (s->scheduled && s->schedule.broken) {
        broken(e);
        e->again = true;
        return CV_NO_TASK;
    }
    if (e->desk.at) {
        desk_stands(e);
        uint32_t task = desk_asks(e);
        e->again = task == CV_NO_TASK;
        return task == CV_NO_TASK ? task : wanted(e, task);
    }
    if (s->scheduled && s->closing && s->holder == CV_NO_TASK && natural(e) != CV_NO_TASK)
        return natural(e);
    if (n == 0)
        return CV_NO_TASK;
    if (s->scheduled && !stage_is_async(s)) { /* used up: no preemption any more */
        s->players[oldest].hops = 0;
        if (e->spun && other != CV_NO_TASK)
            return other;
        return s->current != CV_NO_TASK && s->players[s->current].phase == RUNNABLE ? s->current : oldest;
    }
    if (s->scheduled || s->own_order)
        return oldest;
    for (uint64_t k = stepped_random(&s->random, n), t = 0; t < s->n; t++)
        if (s->players[t].phase == RUNNABLE && !stage_held(s, (uint32_t)t) && k-- == 0)
            return (uint32_t)t;
    return oldest;
}

/* To take the core from who could go on is a preemption; under async, to leave the loop's own order. */
static bool preempts(const struct stepped *e, uint32_t task)
{
    const struct stage *s = &e->s;
    uint32_t current = s->current;
    if (stage_is_async(s))
        return !s->own_order && e->natural != CV_NO_TASK && task != e->natural;
    return current != CV_NO_TASK && current >= s->letters_from && current != task && s->players[current].phase == RUNNABLE;
}

/* One turn of a task: to the end of its visible step, or under async until it gives the thread back. The schedule counts visible
 * steps, and a turn that has none. */
static void turn(struct stepped *e, uint32_t task)
{
    struct stage *s = &e->s;
    bool first = true, go = true, chosen = task >= s->letters_from || stage_main_asks(s);
    uint32_t letter, steps = 0;
    e->spun = false;
    s->players[task].closing = CLOSING_NOT;
    s->players[task].called = false;
    if (chosen && preempts(e, task))
        atomic_fetch_add(&stage_head(s)->preemptions, 1);
    e->weighed = false;
    while (go && !s->over && !atomic_load_explicit(&stage_head(s)->stop, memory_order_relaxed)) {
        struct cv_action a;
        stage_look(s, task, &a);
        stage_enter_core(s, task, first ? a.line : 0);
        first = false;
        bool lettered = chosen && a.visible;
        if (lettered && s->scheduled && schedule_peek(&s->schedule, &letter)) {
            if (letter + s->letters_from != task) {
                impossible(e, letter, "cannot go: another task keeps the thread until it awaits");
                if (s->over)
                    return;
            } else {
                schedule_step(&s->schedule);
            }
        }
        steps += a.visible;
        e->spun |= a.op == CV_OP_SPIN;
        go = stage_act(s, task, &a);
        desk_acted(e, &a);
    }
    if (!steps && chosen && s->scheduled && schedule_peek(&s->schedule, &letter) && letter + s->letters_from == task)
        schedule_step(&s->schedule); /* an end with something invisible in front of it, and nothing else */
    if (s->players[task].worker && stage_is_async(s))
        s->players[task].ready_order = s->order++; /* behind what is ready, so that loop and workers take turns */
    if (chosen)
        desk_made(e, task, steps ? steps : 1);
}

/* Tells of a deadlock that was not told yet; last: nobody is left beside it. */
static void find_deadlock(struct stage *s, bool last, struct cv_buf *text)
{
    uint32_t *members = cv_alloc((s->n + 1) * sizeof *members);
    bool others;
    uint32_t n = cv_deadlock_find(s->m, s->holder, members, s->n, &others);
    cv_deadlock_text(s->m, s->holder, members, n, text);
    if (n && (others || last) && !(n == s->ntold && memcmp(members, s->told, n * sizeof *members) == 0)) {
        uint32_t first = members[n > 1 && members[0] == 0 && s->m->program->implicit_main];
        cv_emit1(&s->w.ring, CV_EV_FINDING, 0, first, atomic_load(&stage_row(s, first)->line), CV_FINDING_DEADLOCK, cv_intern(&s->m->shm, text->at, text->n), 0);
        free(s->told);
        s->told = members;
        s->ntold = n;
    } else
        free(members);
}

/* Before time moves on, or is up: tasks that wait for each other while others do not. */
static void part_of_all(struct stage *s)
{
    struct cv_buf text = {0};
    if (s->waits)
        find_deadlock(s, false, &text);
    s->waits = false;
    cv_buf_release(&text);
}

static void deadlocked(struct stage *s)
{
    struct cv_buf text = {0};
    find_deadlock(s, true, &text);
    stage_end(s, CV_OUT_DEADLOCK, text.at);
    cv_buf_release(&text);
}

/* What is told of a run that took too long: who waits for whom in it. */
static void timed_out(struct stepped *e)
{
    struct stage *s = &e->s;
    if (atomic_load(&stage_head(s)->outcome) != CV_OUT_TIMEOUT)
        return;
    for (uint32_t t = 0; t < s->n && !stage_is_async(s); t++)
        if (s->players[t].task)
            may_go(s, t);
    part_of_all(s);
}

/* Nobody else is left to go: who computes for ever does so until the time is up. */
static bool compute_on(struct stage *s)
{
    for (uint32_t t = 0; t < s->n; t++)
        if (s->players[t].phase == ENDLESS) {
            stage_compute_on(s, t, atomic_load(&stage_row(s, t)->line));
            return true;
        }
    return false;
}

/* The closing loop has made a pass, and leaves behind who sleeps still. */
static void pass_over(struct stepped *e)
{
    struct stage *s = &e->s;
    uint32_t letter;
    if (schedule_peek(&s->schedule, &letter) && letter + s->letters_from == 0)
        schedule_step(&s->schedule);
    if (preempts(e, 0))
        atomic_fetch_add(&stage_head(s)->preemptions, 1);
    e->weighed = false;
    stage_pass_over(s);
    desk_made(e, 0, 1);
}

static void go_on(struct stepped *e)
{
    struct stage *s = &e->s;
    stage_look_around(s);
    uint32_t task = s->over ? CV_NO_TASK : pick(e);
    if (s->over || (task == CV_NO_TASK && e->again))
        return;
    if (task == 0 && s->players[0].phase == GONE) {
        pass_over(e);
        return;
    }
    if (task != CV_NO_TASK && s->players[task].hops) { /* a callback runs, the task's step comes behind what is ready */
        stage_ready(s, task, s->players[task].hops - 1);
        s->players[task].called = true;
        if (!s->scheduled || (task < s->letters_from && !stage_main_asks(s)))
            return;
    }
    if (task != CV_NO_TASK) {
        atomic_fetch_add(&stage_head(s)->loop_iterations, stage_is_async(s));
        turn(e, task);
        return;
    }
    if (s->closing && s->scheduled && e->want != CV_NO_TASK && s->players[e->want].phase == TIMER) {
        stage_let_in(s, e->want);
        return;
    }
    if (s->closing && s->holder == CV_NO_TASK) /* a loop that ends waits for nothing */
        return;
    part_of_all(s);
    if (!stage_to_next_timer(s) && !compute_on(s))
        deadlocked(s);
    s->looked = stage_now(s);
}

static int stepped_run(struct cv_machine *m)
{
    struct stepped e = {.s.random = m->order->seed, .s.scheduled = m->schedule[0] != 0 || m->desk, .want = CV_NO_TASK, .desk.at = m->desk};
    struct stage *s = &e.s;
    if (m->order->record)
        cv_ring_claim(&m->shm, &s->w.ring);
    schedule_start(&s->schedule, m->schedule);
    stage_rounds_begin(s);
    stage_begin(s, m, m->order->model == CV_ASYNC && !s->scheduled && m->order->seed <= 1);
    desk_begin(&e);
    while (!atomic_load(&stage_head(s)->stop)) {
        desk_between(&e);
        go_on(&e);
        if (!s->over)
            continue;
        timed_out(&e);
        left_over(&e);
        atomic_store(&stage_head(s)->finished, stage_now(s));
        if (!desk_is_over(&e))
            break;
    }
    atomic_store(&stage_head(s)->finished, stage_now(s));
    desk_release(&e);
    stage_release(s);
    return 0;
}

const struct cv_engine_ops cv_engine_stepped = {
    .name = "stepped",
    .summary = "virtual time on one core; the order is chosen by a schedule or a seed",
    .run = stepped_run,
};
