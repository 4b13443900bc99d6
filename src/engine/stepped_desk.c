/* The runner's side of the desk: publishes how things stand, waits to be told, goes back. Going back is to take up the tape before and
 * to make the choices since then again, silently; so it costs no more than the choices between two tapes, at any depth. When tapes
 * take too much room the older ones are thinned out, so that those of late stay as close as they were; where they have become few, the
 * first who goes back among them makes new ones on his way, and the next step back is short again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "stage_words.h"
#include "stepped.h"

enum { FEW = 26 /* tasks: those that are over are listed too */, EVERY = 128, ON_THE_WAY = 8, TAPES_MOST = 96 << 20 /* bytes */, WAIT_NS = 100000000 };

static bool stopped(const struct stepped *e) { return atomic_load_explicit(&stage_head(&e->s)->stop, memory_order_relaxed); }
static uint64_t position(const struct stepped *e) { return atomic_load_explicit(&e->desk.at->position, memory_order_relaxed); }

/* ── tapes ──────────────────────────────────────────────────────────────────────────────────────── */
static void thin_out(struct desk_side *d)
{
    size_t bytes = 0, kept = 1;
    for (size_t i = 0; i < d->tapes.n; i++)
        bytes += d->tapes.at[i].tape.cap;
    if (bytes < TAPES_MOST || d->tapes.n < 4)
        return;
    for (size_t i = 1, late = d->tapes.n - d->tapes.n / 4; i < d->tapes.n; i++)
        if (i % 2 == 0 || i >= late)
            d->tapes.at[kept++] = d->tapes.at[i];
        else
            stage_tape_release(&d->tapes.at[i].tape);
    d->tapes.n = kept;
}

static void make_tape(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    struct desk_tape one = {.position = position(e)};
    thin_out(d);
    stage_save(&e->s, &d->longest, &one.tape);
    one.tape.at = cv_realloc(one.tape.at, one.tape.n);
    one.tape.cap = one.tape.n;
    CV_PUSH(&d->tapes, one);
    d->saved_at = one.position;
}

void desk_between(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    if (!d->at || !d->turned)
        return;
    d->turned = false;
    if (position(e) >= d->saved_at + (desk_replays(e) ? d->every : EVERY))
        make_tape(e);
}

/* Silence: nothing is recorded. */
static void hush(struct stepped *e, bool on)
{
    struct desk_side *d = &e->desk;
    if (on == d->silent)
        return;
    d->silent = on;
    if (on)
        d->ring = e->s.w.ring;
    e->s.w.ring = on ? (struct cv_ring){0} : d->ring;
}

static void go_back(struct stepped *e, uint64_t to)
{
    struct desk_side *d = &e->desk;
    while (d->tapes.n > 1 && d->tapes.at[d->tapes.n - 1].position > to)
        stage_tape_release(&d->tapes.at[--d->tapes.n].tape);
    struct desk_tape *from = &d->tapes.at[d->tapes.n - 1];
    hush(e, true);
    stage_restore(&e->s, &d->longest, &from->tape);
    e->want = CV_NO_TASK;
    e->weighed = false;
    d->going = CV_DESK_NONE;
    d->saved_at = from->position;
    d->turned = false;
    d->replay_to = to;
    d->at->again = to - from->position;
    d->every = d->at->again / ON_THE_WAY > EVERY ? d->at->again / ON_THE_WAY : EVERY;
    atomic_store(&d->at->position, from->position);
}

void desk_begin(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    if (!d->at)
        return;
    stage_longest_begin(&d->longest, &e->s);
    d->at->letters_from = e->s.letters_from;
    make_tape(e);
}

void desk_release(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    for (size_t i = 0; i < d->tapes.n; i++)
        stage_tape_release(&d->tapes.at[i].tape);
    free(d->tapes.at);
    free(d->longest.at);
}

/* ── choices ────────────────────────────────────────────────────────────────────────────────────── */
bool desk_replays(const struct stepped *e) { return position(e) < e->desk.replay_to; }
uint32_t desk_next(const struct stepped *e) { return e->desk.at->made[position(e)].task; }

void desk_stands(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    if (!d->at || desk_replays(e))
        return;
    struct cv_desk_made *made = &d->at->made[position(e)];
    if (d->silent) { /* what was made again is where it was: it is recorded again from here on */
        hush(e, false);
        d->base = made->records - d->ring.head;
    }
    made->records = d->base + e->s.w.ring.head;
    made->t = stage_now(&e->s);
    made->preemptions = atomic_load(&stage_head(&e->s)->preemptions);
}

void desk_acted(struct stepped *e, const struct cv_action *a)
{
    if (!e->desk.at)
        return;
    stage_longest_note(&e->desk.longest, &e->s, a);
    e->desk.shown += a->op == CV_OP_PRINT || a->op == CV_OP_MARK;
}

void desk_made(struct stepped *e, uint32_t task, uint32_t steps)
{
    struct desk_side *d = &e->desk;
    if (!d->at)
        return;
    uint64_t n = position(e);
    if (!desk_replays(e)) {
        d->at->made[n].task = task;
        d->at->made[n].steps = steps;
        d->at->made[n].line = atomic_load(&stage_row(&e->s, task)->line);
    }
    d->turned = true;
    atomic_store(&d->at->position, n + 1);
}

void desk_trouble(struct stepped *e, const char *why) { snprintf(e->desk.at->trouble, sizeof e->desk.at->trouble, "%s", why); }

/* ── how things stand ───────────────────────────────────────────────────────────────────────────── */
static void row_text(struct cv_desk_row *r, const struct cv_buf *text)
{
    size_t n = text->n;
    if (n > sizeof r->text - 1)
        for (n = sizeof r->text - 1; n > 0 && ((unsigned char)text->at[n] & 0xc0) == 0x80; n--)
            ;
    memcpy(r->text, text->at, n);
    r->text[n] = 0;
}

static bool may_choose(const struct stepped *e, uint64_t task)
{
    const struct stage *s = &e->s;
    if (task == 0 && (stage_asks(s) || stage_main_asks(s)))
        return true;
    if (s->closing && task < s->n && stage_coop(s, (uint32_t)task) && !s->players[task].closing)
        return false;
    return task >= s->letters_from && task < s->n && (s->players[task].phase == RUNNABLE || s->players[task].phase == TIMER) &&
           !stage_held(s, (uint32_t)task);
}

static void describe(struct stepped *e, uint32_t task, struct cv_desk_row *r)
{
    struct stage *s = &e->s;
    struct player *p = &s->players[task];
    struct cv_buf text = {0};
    *r = (struct cv_desk_row){.task = task, .letter = task - s->letters_from, .line = atomic_load(&stage_row(s, task)->line), .pc = UINT32_MAX,
                              .may = CV_DESK_WAITS, .current = task == s->current};
    cv_buf_str(&text, "");
    if (task == 0 && stage_asks(s)) {
        r->may = CV_DESK_MAY;
        cv_buf_str(&text, s->closing > 1 ? "the loop makes its last pass" : "the loop ends, and leaves behind who sleeps");
    } else if (task < s->letters_from) {
        r->may = CV_DESK_MAY;
        cv_buf_str(&text, "main ends, and the loop with it");
    } else if (p->phase == GONE) {
        r->may = CV_DESK_OVER;
        cv_buf_str(&text, atomic_load(&stage_row(s, task)->state) == CV_ROW_DONE ? "done" : "failed");
    } else if (p->task && (p->phase == RUNNABLE || p->phase == TIMER)) {
        struct cv_task *real = p->task; /* a copy looks ahead: what it computes on its way is computed when its turn comes */
        struct cv_action a;
        p->task = cv_alloc(real->size);
        memcpy(p->task, real, real->size);
        stage_look(s, task, &a);
        stage_action_words(s, task, &a, &text);
        r->line = a.line ? a.line : r->line;
        r->pc = p->task->failure ? UINT32_MAX : p->task->pc;
        free(p->task);
        p->task = real;
        r->may = stage_held(s, task) || !may_choose(e, task) ? CV_DESK_WAITS : p->phase == TIMER ? CV_DESK_SLEEPS : CV_DESK_MAY;
    } else if (p->phase == ENDLESS) {
        cv_buf_str(&text, "no visible step any more: it computes the same again and again");
    } else if (p->phase == IDLE) {
        cv_buf_str(&text, "a worker without a block");
    } else {
        stage_wait_words(s, task, &text);
    }
    row_text(r, &text);
    cv_buf_release(&text);
}

static void publish(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    struct stage *s = &e->s;
    d->at->nrows = d->at->ntasks = 0;
    d->at->over = !s->over ? CV_OUT_NONE : atomic_load(&stage_head(s)->outcome) ? atomic_load(&stage_head(s)->outcome) : CV_OUT_FINISHED;
    for (uint32_t t = stage_asks(s) || stage_main_asks(s) ? 0 : s->letters_from; t < s->n; t++) {
        if ((s->players[t].phase == GONE && s->n > FEW && t) || (s->players[t].phase == IDLE && !s->players[t].task))
            continue;
        d->at->ntasks++;
        if (d->at->nrows < CV_DESK_ROWS)
            describe(e, t, &d->at->rows[d->at->nrows++]);
    }
}

/* Publishes, and waits to be told. */
static enum cv_desk_command told(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    publish(e);
    atomic_store(&d->at->served, d->seen + 1);
    while (atomic_load(&d->at->asked) == d->seen && !stopped(e))
        own_futex_wait(&d->at->asked, d->seen, WAIT_NS, true);
    if (stopped(e))
        return CV_DESK_NONE;
    d->seen = atomic_load(&d->at->asked);
    d->at->trouble[0] = 0;
    return (enum cv_desk_command)d->at->command;
}

static void play(struct stepped *e)
{
    go_back(e, 0);
    schedule_start(&e->s.schedule, e->desk.at->text);
}

/* ── asking ─────────────────────────────────────────────────────────────────────────────────────── */
/* Each that may go is equally likely; where nobody may, the first whose timer is due. */
static uint32_t by_chance(struct stepped *e)
{
    const struct stage *s = &e->s;
    uint64_t n = stage_asks(s) || stage_main_asks(s);
    uint32_t first = CV_NO_TASK;
    for (uint32_t t = s->letters_from; t < s->n; t++) {
        n += may_choose(e, t) && s->players[t].phase == RUNNABLE;
        if (may_choose(e, t) && s->players[t].phase == TIMER && (first == CV_NO_TASK || s->players[t].due < s->players[first].due))
            first = t;
    }
    if (!n)
        return first;
    uint64_t k = stepped_random(&e->desk.random, n);
    if ((stage_asks(s) || stage_main_asks(s)) && k-- == 0)
        return 0;
    for (uint32_t t = s->letters_from; t < s->n; t++)
        if (may_choose(e, t) && s->players[t].phase == RUNNABLE && k-- == 0)
            return t;
    return CV_NO_TASK;
}

/* What goes on by itself: the next, or CV_NO_TASK where it has come to its end, or was stopped. */
static uint32_t by_itself(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    bool goes = atomic_load(&d->at->asked) == d->seen && position(e) < CV_DESK_MOST;
    if (goes && d->going == CV_DESK_RANDOM && d->left) {
        d->left--;
        return by_chance(e);
    }
    if (goes && d->going == CV_DESK_ON && may_choose(e, d->task) && e->s.players[d->task].phase == RUNNABLE && d->shown == d->shown_before && !e->spun)
        return d->task;
    d->going = CV_DESK_NONE;
    d->seen = atomic_load(&d->at->asked);
    return CV_NO_TASK;
}

uint32_t desk_asks(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    uint32_t task = d->going ? by_itself(e) : CV_NO_TASK;
    if (task != CV_NO_TASK)
        return task;
    for (;;) {
        enum cv_desk_command command = told(e);
        uint64_t a = d->at->a, here = position(e);
        if (stopped(e))
            return CV_NO_TASK;
        bool room = here < CV_DESK_MOST;
        if (!room && (command == CV_DESK_GO || command == CV_DESK_ON || command == CV_DESK_RANDOM))
            desk_trouble(e, "no more choices can be kept");
        switch (command) {
        case CV_DESK_GO:
            if (room && may_choose(e, a))
                return (uint32_t)a;
            break;
        case CV_DESK_ON:
            d->going = CV_DESK_ON;
            d->task = (uint32_t)(a < e->s.n ? a : 0);
            d->shown_before = d->shown;
            if (room && may_choose(e, a))
                return (uint32_t)a;
            d->going = CV_DESK_NONE;
            break;
        case CV_DESK_RANDOM:
            d->going = CV_DESK_RANDOM;
            d->random = a;
            d->left = d->at->b;
            if (room && (task = by_itself(e)) != CV_NO_TASK)
                return task;
            break;
        case CV_DESK_BACK:
            if (a < here) {
                go_back(e, a);
                return CV_NO_TASK;
            }
            break;
        case CV_DESK_PLAY: play(e); return CV_NO_TASK;
        case CV_DESK_NONE: break;
        }
    }
}

bool desk_is_over(struct stepped *e)
{
    struct desk_side *d = &e->desk;
    if (!d->at)
        return false;
    d->replay_to = 0;
    d->going = CV_DESK_NONE;
    schedule_start(&e->s.schedule, "");
    desk_stands(e);
    while (!stopped(e)) {
        enum cv_desk_command command = told(e);
        if (stopped(e))
            return false;
        if (command == CV_DESK_BACK && d->at->a < position(e)) {
            go_back(e, d->at->a);
            return true;
        }
        if (command == CV_DESK_PLAY) {
            play(e);
            return true;
        }
    }
    return false;
}
