/* Somebody takes the scheduler's place. What is asked of the run goes over the desk; its record is cut where the run goes back, and what is
 * not folded yet of it is folded some milliseconds in each turn of the loop, so that who may go stands there at once, however deep. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/stage.h"

enum { FEWEST_NS = 500000000 /* the picture stands so long at most */, FOLD_NS = 5000000, FOLLOW_NS = 8000000, ANSWER_NS = 12000000, TAIL_RUNS = 60, MOST_CHANCES = 1000000, PARTS = 8 };

void app_stage_take(void *stage, const struct cv_event *e)
{
    struct app_stage *st = stage;
    rewind_take(&st->rewind, e);
}

static struct cv_session *session(const struct app_stage *st) { return st->play->session; }

/* ── the record ─────────────────────────────────────────────────────────────────────────────────── */
static bool fold(struct app_stage *st) { return rewind_fold(&st->rewind, cv_mono_ns() + FOLD_NS); }

/* What was recorded beyond so many records is gone. */
static void cut(struct app_stage *st, uint64_t records)
{
    st->over = st->judged = false;
    cv_reader_rewind(st->play->reader);
    if (rewind_cut(&st->rewind, records)) {
        st->play->model = st->rewind.model;
        cv_ui_model_again(st->ui, st->play->model);
    }
}

/* The end of the run stands in the record, as the parent of any other run would have it. */
static void note_end(struct app_stage *st, const struct cv_desk_at *at)
{
    const struct cv_shm *shm = cv_session_shm(session(st));
    const char *why = shm->head->outcome_text;
    size_t n = strnlen(why, sizeof shm->head->outcome_text);
    st->over = true;
    rewind_note(&st->rewind, &(struct cv_event){.t = at->t, .kind = CV_EV_RUN_END, .task = CV_NO_TASK, .obj = (uint16_t)at->over,
                                                .a = at->over != CV_OUT_FINISHED && n ? cv_intern(shm, why, n) : 0});
}

/* ── what is shown ──────────────────────────────────────────────────────────────────────────────── */
static void forget_texts(struct app_stage *st)
{
    for (size_t i = 0; i < st->texts.n; i++)
        free(st->texts.at[i]);
    for (size_t i = 0; i < st->parts.n; i++)
        free(st->parts.at[i]);
    st->texts.n = st->parts.n = st->steps.n = 0;
}

static const char *keep(struct app_stage *st, const char *s, size_t n)
{
    struct cv_buf text = {0};
    cv_buf_str(&text, "");
    cv_text_clean(&text, s, n);
    CV_PUSH(&st->texts, text.at);
    return text.at;
}

static bool visible(const struct cv_insn *i)
{
    if (cv_op_info[i->op].kind != CV_OPK_EFFECT)
        return cv_op_info[i->op].kind == CV_OPK_MEMORY;
    return i->op != CV_OP_CPU && i->op != CV_OP_MARK && i->op != CV_OP_ALLOC && i->op != CV_OP_PIN && i->op != CV_OP_NICE && i->op != CV_OP_SPIN &&
           i->op != CV_OP_END_OFFLOAD && i->op != CV_OP_DONE && i->op != CV_OP_FAIL;
}

/* The visible steps of the line that an instruction stands in. */
static void unfold(struct app_stage *st, uint32_t pc, struct cv_ui_step *s)
{
    const struct cv_program *p = st->play->program;
    if (pc >= p->ncode)
        return;
    uint32_t from = pc, to = pc, line = p->code[pc].line;
    while (from > 0 && p->code[from - 1].line == line)
        from--;
    while (to < p->ncode && p->code[to].line == line)
        to++;
    const char **parts = cv_alloc(PARTS * sizeof *parts);
    CV_PUSH(&st->parts, parts);
    for (uint32_t k = from; k < to && s->nparts < PARTS; k++) {
        if (!visible(&p->code[k]))
            continue;
        struct cv_buf text = {0};
        cv_buf_str(&text, "");
        cv_insn_text(p, k, &text);
        s->part = k <= pc ? s->nparts : s->part;
        parts[s->nparts++] = keep(st, text.at, text.n);
        cv_buf_release(&text);
    }
    s->parts = parts;
}

/* The end of the schedule: its last runs of steps. */
static bool tail(struct app_stage *st, const struct cv_desk_at *at)
{
    uint64_t from = at->position;
    for (unsigned runs = 0; from > 0 && (runs += from == at->position || at->made[from - 1].task != at->made[from].task) <= TAIL_RUNS;)
        from--;
    st->schedule.n = 0;
    cv_schedule_text(at, from, at->position, &st->schedule);
    return from > 0;
}

static void add_name(const struct app_stage *st, const struct cv_desk_at *at, uint32_t task, struct cv_buf *out)
{
    char letter[8];
    cv_text_letter(task - at->letters_from, letter);
    cv_buf_str(out, letter);
    if (task < cv_model_ntasks(st->play->model))
        cv_buf_printf(out, " (%s)", cv_model_task_name(st->play->model, task));
}

/* How far it is still the run that was, and where it left it. */
static const char *compare(struct app_stage *st, const struct cv_desk_at *at)
{
    if (!st->lived)
        return NULL;
    if (!st->was.n)
        for (uint64_t k = 0; k < at->position; k++)
            CV_PUSH(&st->was, at->made[k].task);
    st->same = st->same < at->position ? st->same : at->position;
    while (st->same > 0 && st->same <= st->was.n && at->made[st->same - 1].task != st->was.at[st->same - 1])
        st->same--;
    while (st->same < at->position && st->same < st->was.n && at->made[st->same].task == st->was.at[st->same])
        st->same++;
    st->parted.n = 0;
    if (st->same < at->position && st->same < st->was.n) {
        cv_buf_printf(&st->parted, "Here it left the run that was, at choice %llu of %zu: there ", (unsigned long long)st->same + 1, st->was.n);
        add_name(st, at, st->was.at[st->same], &st->parted);
        cv_buf_str(&st->parted, " went on, here ");
        add_name(st, at, at->made[st->same].task, &st->parted);
    } else if (at->position < st->was.n) {
        cv_buf_printf(&st->parted, "So far the run that was, choice %llu of %zu; next there: ", (unsigned long long)at->position, st->was.n);
        add_name(st, at, st->was.at[at->position], &st->parted);
    } else {
        cv_buf_printf(&st->parted, "The run that was, its %zu choices: take some back, and let it go otherwise.", st->was.n);
    }
    return st->parted.at;
}

static void show(struct app_stage *st)
{
    struct cv_desk_at at = cv_desk_at(session(st));
    forget_texts(st);
    for (uint32_t i = 0; i < at.nrows; i++) {
        const struct cv_desk_row *r = &at.rows[i];
        struct cv_ui_step s = {.task = r->task, .letter = r->letter, .line = r->line, .current = r->current,
                               .may = r->may == CV_DESK_MAY ? CV_UI_MAY : r->may == CV_DESK_SLEEPS ? CV_UI_SLEEPS : r->may == CV_DESK_OVER ? CV_UI_OVER : CV_UI_WAITS};
        s.text = keep(st, r->text, strlen(r->text));
        if (r->may == CV_DESK_MAY || r->may == CV_DESK_SLEEPS)
            unfold(st, r->pc, &s);
        CV_PUSH(&st->steps, s);
    }
    bool longer = tail(st, &at);
    st->shown = (struct cv_ui_stage){.steps = st->steps.at, .nsteps = (uint32_t)st->steps.n, .more = at.ntasks - at.nrows, .schedule = st->schedule.at,
                                     .longer = longer, .over = at.over != CV_OUT_NONE, .position = at.position, .preemptions = at.preemptions};
    st->shown.parted = compare(st, &at);
    struct cv_buf goal = {0};
    if (st->goal.n)
        cv_buf_printf(&goal, "goal: %s", st->goal.at);
    st->shown.goal = goal.n ? keep(st, goal.at, goal.n) : NULL;
    cv_buf_release(&goal);
    if (*at.trouble) {
        st->trouble.n = 0;
        cv_text_clean(&st->trouble, at.trouble, strlen(at.trouble));
    }
    cv_ui_stage(st->ui, &st->shown);
}

/* At the end, once all of it is in the model. */
static void judge(struct app_stage *st)
{
    if (!st->over || st->judged || !rewind_whole(&st->rewind) || !st->goal.n)
        return;
    struct cv_summary *s = app_play_summary(st->play);
    st->shown.reached = app_goal(s) > 0 ? 1 : -1;
    st->verdict.n = 0;
    cv_buf_printf(&st->verdict, st->shown.reached > 0 ? "goal reached: %s" : "goal not reached: %s", st->goal.at);
    if (st->shown.reached > 0)
        cv_buf_printf(&st->verdict, ", with %llu %s%s", (unsigned long long)s->preemptions, s->preemptions == 1 ? "preemption" : "preemptions",
                      st->play->order.model == CV_ASYNC ? " of the loop's order" : "");
    uint32_t fewest;
    if (st->shown.reached > 0 && app_goal_fewest(st->play->program, &st->play->order, FEWEST_NS, &fewest))
        cv_buf_printf(&st->verdict, "; the fewest possible: %u", fewest);
    for (uint32_t i = 0; i < s->ngoals && st->shown.reached < 0; i++)
        if (s->goals[i].holds != CV_HOLDS && s->goals[i].seen.n)
            cv_buf_printf(&st->verdict, " (%s)", s->goals[i].seen.at);
    st->shown.goal = st->verdict.at;
    st->judged = true;
    cv_summary_free(s);
    cv_ui_stage(st->ui, &st->shown);
}

/* ── ticking ────────────────────────────────────────────────────────────────────────────────────── */
bool app_stage_rests(const struct app_stage *st) { return !st->asked && !st->nkeys && rewind_whole(&st->rewind); }
bool app_stage_ready(const struct app_stage *st) { return app_stage_rests(st) && rewind_ready(&st->rewind); }

static bool settle(struct app_stage *st, bool idle)
{
    if (idle && st->asked) {
        struct cv_desk_at at = cv_desk_at(session(st));
        st->asked = false;
        if (at.over && !st->over)
            note_end(st, &at);
        fold(st);
        show(st);
        judge(st);
        return true;
    }
    bool any = fold(st);
    judge(st);
    return any;
}

static void next_key(struct app_stage *st);

bool app_stage_tick(struct app_stage *st)
{
    if (!st->play || !session(st))
        return false;
    bool idle = cv_desk_idle(session(st)); /* first: then all that was recorded until it stood is there to be taken */
    app_play_tick(st->play);
    bool any = settle(st, idle);
    if (!st->asked && st->nkeys)
        next_key(st);
    else if (!any && app_stage_rests(st))
        rewind_follow(&st->rewind, cv_mono_ns() + FOLLOW_NS);
    return any;
}

/* Asks, and waits a moment: mostly the answer is there before the next frame. */
static void ask(struct app_stage *st, enum cv_desk_command command, uint64_t a, uint64_t b, const char *text)
{
    uint64_t until = cv_mono_ns() + ANSWER_NS;
    st->asked = true;
    st->trouble.n = st->word.n = 0;
    cv_desk_ask(session(st), command, a, b, text);
    while (cv_mono_ns() < until) {
        bool idle = cv_desk_idle(session(st));
        if (idle) {
            app_play_tick(st->play);
            settle(st, true);
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 30000}, NULL);
    }
    if (command != CV_DESK_GO && command != CV_DESK_BACK) /* these come to their end by themselves: no key need stop them, and the next is kept */
        st->shown.busy = true;
    cv_ui_stage(st->ui, &st->shown);
}

static void go_back(struct app_stage *st, uint64_t to)
{
    struct cv_desk_at at = cv_desk_at(session(st));
    if (to >= at.position)
        return;
    cut(st, at.made[to].records);
    ask(st, CV_DESK_BACK, to, 0, NULL);
}

static bool obey(struct app_stage *st, enum cv_command command, uint32_t task)
{
    switch (command) {
    case CV_CMD_GO: ask(st, CV_DESK_GO, task, 0, NULL); return true;
    case CV_CMD_ON: ask(st, CV_DESK_ON, task, 0, NULL); return true;
    case CV_CMD_CHANCE: ask(st, CV_DESK_RANDOM, st->play->order.seed + st->chances++, MOST_CHANCES, NULL); return true;
    case CV_CMD_UNDO:
        if (cv_desk_position(session(st)))
            go_back(st, cv_desk_position(session(st)) - 1);
        return true;
    case CV_CMD_RERUN: go_back(st, 0); return true;
    default: return false;
    }
}

static void next_key(struct app_stage *st)
{
    enum cv_command command = st->keys[0].command;
    uint32_t task = st->keys[0].task;
    memmove(st->keys, st->keys + 1, --st->nkeys * sizeof *st->keys);
    obey(st, command, task);
}

bool app_stage_obey(struct app_stage *st, enum cv_command command)
{
    uint32_t task = cv_ui_picked(st->ui);
    if (!st->play || !session(st))
        return false;
    if (!cv_desk_idle(session(st)) || st->asked || st->nkeys) { /* one after the other: no key is lost because the answer takes its time */
        if (command == CV_CMD_STOP) {
            st->nkeys = 0;
            ask(st, CV_DESK_NONE, 0, 0, NULL);
        }
        bool ours = command == CV_CMD_GO || command == CV_CMD_ON || command == CV_CMD_CHANCE || command == CV_CMD_UNDO || command == CV_CMD_RERUN;
        if (ours && st->nkeys < CV_COUNT(st->keys)) {
            st->keys[st->nkeys].command = command;
            st->keys[st->nkeys++].task = task;
        }
        return ours || command == CV_CMD_STOP;
    }
    return obey(st, command, task);
}

void app_stage_stuck(struct app_stage *st)
{
    while (fold(st))
        ;
    st->asked = st->shown.busy = false;
    st->nkeys = 0;
    cv_ui_stage(st->ui, &st->shown);
}

void app_stage_begin(struct app_stage *st, struct app_play *y, struct cv_ui *ui, bool lived)
{
    st->lived = lived;
    st->play = y;
    st->ui = ui;
    st->asked = true;
    rewind_begin(&st->rewind, cv_session_info(session(st)), cv_session_shm(session(st)), y->model);
    st->shown = (struct cv_ui_stage){.busy = true, .schedule = ""};
    cv_goal_text(y->program, &y->order, &st->goal);
    cv_ui_stage(ui, &st->shown);
}

void app_stage_end(struct app_stage *st)
{
    if (st->ui)
        cv_ui_stage(st->ui, NULL);
    forget_texts(st);
    rewind_release(&st->rewind);
    free(st->was.at);
    cv_buf_release(&st->parted);
    free(st->steps.at);
    free(st->texts.at);
    free(st->parts.at);
    cv_buf_release(&st->schedule);
    cv_buf_release(&st->trouble);
    cv_buf_release(&st->word);
    cv_buf_release(&st->goal);
    cv_buf_release(&st->verdict);
    *st = (struct app_stage){0};
}

/* ── the schedule as text ───────────────────────────────────────────────────────────────────────── */
void app_stage_schedule(const struct app_stage *st, struct cv_buf *out)
{
    if (!st->play || !session(st) || !cv_desk_idle(session(st)))
        return;
    struct cv_desk_at at = cv_desk_at(session(st));
    cv_schedule_text(&at, 0, at.position, out);
}

void app_stage_legend(const struct app_stage *st, struct cv_buf *out)
{
    enum { NAMED = 26 };
    struct cv_desk_at at = cv_desk_at(session(st));
    uint32_t n = cv_model_ntasks(st->play->model);
    for (uint32_t t = at.letters_from; t < n && t < NAMED + at.letters_from; t++) {
        char letter[8];
        cv_text_letter(t - at.letters_from, letter);
        cv_buf_printf(out, "%s%s = %s", out->n ? ", " : "", letter, cv_model_task_name(st->play->model, t));
    }
    if (n > NAMED + at.letters_from)
        cv_buf_str(out, ", and so on in order of creation");
}
