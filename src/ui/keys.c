/* What each key of keys.def does. A function that serves two keys looks at which it was. */
#include "ui/findings.h"
#include "ui/keys.h"
#include "ui/story.h"

#define CV_KEY(when, first, second, shown, bar, summary, function) static enum cv_command function(struct cv_view *v, int key);
#include "ui/keys.def"
#undef CV_KEY

const struct keys_entry keys_table[] = {
#define CV_KEY(when, first, second, shown, bar_word, does, function) {KEYS_##when, {first, second}, shown, bar_word, does, function},
#include "ui/keys.def"
#undef CV_KEY
};
const size_t keys_count = CV_COUNT(keys_table);

const struct cv_key_info cv_keys[] = {
#define CV_KEY(when, first, second, shown, bar, does, function) {&#function[4], shown, does, KEYS_##when == KEYS_STAGE},
#include "ui/keys.def"
#undef CV_KEY
    {NULL, NULL, NULL, false}};

bool keys_hold(const struct keys_entry *k, const struct cv_view *v)
{
    enum cv_slide slide = view_slide(v);
    if (k->when == KEYS_STORY)
        return slide && ((k->codes[0] != 'a' && k->codes[0] != CV_KEY_BACKSPACE) || slide == CV_SLIDE_OPENING);
    return (k->when & (v->stepping ? KEYS_STAGE : KEYS_RUN)) && (!slide || present_lets(v, k->codes[0]));
}

static enum cv_command look_up(struct cv_view *v, int key, bool story)
{
    for (size_t i = 0; key != 0 && i < keys_count; i++) {
        int meant = keys_meant(v, i, key);
        if (meant && (keys_table[i].when == KEYS_STORY) == story && keys_hold(&keys_table[i], v)) {
            enum cv_command command = keys_table[i].act(v, meant);
            if (!story || command != CV_CMD_NONE) /* what means nothing on this slide may mean something beside the story */
                return command;
        }
    }
    return CV_CMD_NONE;
}

enum cv_command keys_story(struct cv_view *v, int key)
{
    if (v->story.blank && key != 'q' && key != 'Q') {
        v->story.blank = false;
        return CV_CMD_REDRAW;
    }
    return look_up(v, key, true);
}

enum cv_command keys_dispatch(struct cv_view *v, int key) { return look_up(v, key, false); }

static enum cv_command key_hold(struct cv_view *v, int key)
{
    (void)key;
    if (v->live && !view_over(v))
        view_hold(v);
    else
        view_play(v, v->playing ? 0 : 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_speed(struct cv_view *v, int key)
{
    if (v->m)
        view_faster(v, key == '[' ? -1 : 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_backwards(struct cv_view *v, int key)
{
    (void)key;
    view_play(v, v->playing < 0 ? 1 : -1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_moment(struct cv_view *v, int key)
{
    view_moment(v, key == 'n' ? 1 : -1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_kind(struct cv_view *v, int key)
{
    (void)key;
    v->kind = (enum cv_moment_kind)((v->kind + 1) % CV_MOMENT_KINDS);
    view_say(v, "n: the next %s, N: the last", cv_moment_name[v->kind]);
    return CV_CMD_REDRAW;
}

static enum cv_command key_mark(struct cv_view *v, int key)
{
    if (v->m)
        view_mark(v, key == 'M');
    return CV_CMD_REDRAW;
}

static enum cv_command key_column(struct cv_view *v, int key)
{
    view_by_columns(v, key == CV_KEY_LEFT ? -1 : 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_ten_columns(struct cv_view *v, int key)
{
    view_by_columns(v, key == CV_KEY_SHIFT_LEFT ? -10 : 10);
    return CV_CMD_REDRAW;
}

static enum cv_command key_screen(struct cv_view *v, int key)
{
    if (v->help)
        v->help_scroll += key == CV_KEY_PAGE_UP ? -10 : 10;
    else if (v->listing)
        findings_move(v, key == CV_KEY_PAGE_UP ? -8 : 8);
    else
        view_by_columns(v, key == CV_KEY_PAGE_UP ? -v->columns : v->columns);
    return CV_CMD_REDRAW;
}

static enum cv_command key_ends(struct cv_view *v, int key)
{
    if (v->listing)
        return findings_move(v, key == CV_KEY_HOME ? -(1 << 20) : 1 << 20), CV_CMD_REDRAW;
    view_play(v, 0);
    view_goto(v, key == CV_KEY_HOME ? 0 : UINT64_MAX);
    return CV_CMD_REDRAW;
}

static enum cv_command key_change(struct cv_view *v, int key)
{
    if (!v->m)
        return CV_CMD_REDRAW;
    view_hold(v);
    uint64_t t = cv_model_lane_change(v->m, v->lane, v->cursor, key == '.' ? 1 : -1);
    if (t != UINT64_MAX)
        view_play(v, 0), view_goto(v, t);
    return CV_CMD_REDRAW;
}

static enum cv_command key_finding(struct cv_view *v, int key)
{
    (void)key;
    uint32_t all = v->m ? cv_model_nfindings(v->m, UINT64_MAX) : 0;
    if (!all)
        return CV_CMD_REDRAW;
    uint32_t next = v->live ? 0 : cv_model_nfindings(v->m, v->cursor);
    findings_goto(v, next < findings_count(v) ? next : 0);
    return CV_CMD_REDRAW;
}

static enum cv_command key_unfold(struct cv_view *v, int key)
{
    (void)key;
    v->unfold = !v->unfold;
    view_say(v, v->unfold ? "the line in focus with its steps" : "each line in one row");
    return CV_CMD_REDRAW;
}

static enum cv_command key_findings(struct cv_view *v, int key)
{
    (void)key;
    findings_open(v);
    return CV_CMD_REDRAW;
}

static enum cv_command key_zoom_in(struct cv_view *v, int key)
{
    (void)key;
    view_zoom(v, true);
    return CV_CMD_REDRAW;
}

static enum cv_command key_zoom_out(struct cv_view *v, int key)
{
    (void)key;
    view_zoom(v, false);
    return CV_CMD_REDRAW;
}

static enum cv_command key_by_core(struct cv_view *v, int key)
{
    (void)key;
    v->by_core = !v->by_core;
    return CV_CMD_REDRAW;
}

static enum cv_command key_fit(struct cv_view *v, int key)
{
    (void)key;
    v->zoomed = false;
    v->span = v->live ? 0 : view_fit_span(v);
    v->from = 0;
    if (!v->live)
        view_goto(v, v->cursor);
    return CV_CMD_REDRAW;
}

static enum cv_command key_live(struct cv_view *v, int key)
{
    (void)key;
    view_go_live(v);
    return CV_CMD_REDRAW;
}

static enum cv_command key_async(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_ASYNC; }
static enum cv_command key_threads(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_THREADS; }
static enum cv_command key_processes(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_PROCESSES; }
static enum cv_command key_gil(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_GIL; }
static enum cv_command key_lessons(struct cv_view *v, int key)
{
    (void)v, (void)key;
    return CV_CMD_LESSONS;
}

static enum cv_command key_explore(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_EXPLORE; }
static enum cv_command key_compare(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_COMPARE; }
static enum cv_command key_cost(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_COST; }
static enum cv_command key_rerun(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_RERUN; }
static enum cv_command key_quit(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_QUIT; }

static enum cv_command key_stage(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_STAGE; }
static enum cv_command key_life(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_LIFE; }
static enum cv_command key_go(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_GO; }
static enum cv_command key_undo(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_UNDO; }
static enum cv_command key_go_on(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_ON; }
static enum cv_command key_chance(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_CHANCE; }
static enum cv_command key_copy(struct cv_view *v, int key) { return (void)v, (void)key, CV_CMD_COPY; }

static enum cv_command key_digit(struct cv_view *v, int key)
{
    if (step_pick_digit(v, key - '0'))
        return CV_CMD_GO;
    view_say(v, "no task has the number %c", key);
    return CV_CMD_REDRAW;
}

static enum cv_command key_pick(struct cv_view *v, int key)
{
    if (v->help)
        v->help_scroll += key == CV_KEY_UP ? -1 : 1;
    else
        step_pick(v, key == CV_KEY_UP ? -1 : 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_leave_stage(struct cv_view *v, int key)
{
    return v->help || v->notice || v->told || v->alone ? key_back(v, key) : CV_CMD_LEAVE;
}

static enum cv_command key_lane(struct cv_view *v, int key)
{
    if (v->help)
        v->help_scroll += key == CV_KEY_UP ? -1 : 1;
    else if (v->listing)
        findings_move(v, key == CV_KEY_UP ? -1 : 1);
    else
        view_select(v, key == CV_KEY_UP ? -1 : 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_scroll(struct cv_view *v, int key)
{
    if (v->help)
        v->help_scroll += key == 'k' ? -1 : 1;
    else if (v->listing)
        findings_move(v, key == 'k' ? -1 : 1);
    else if (v->focus == PANE_TIMELINE)
        view_select(v, key == 'k' ? -1 : 1);
    else
        v->scroll[v->focus] += key == 'k' ? -1 : 1;
    return CV_CMD_REDRAW;
}

static enum cv_command key_pane(struct cv_view *v, int key)
{
    do {
        v->focus = (enum layout_pane)((v->focus + (key == '\t' ? 1 : PANE_COUNT - 1)) % PANE_COUNT);
    } while (v->hidden & 1u << v->focus && v->hidden != (1u << PANE_COUNT) - 1);
    return CV_CMD_REDRAW;
}

static enum cv_command key_turn(struct cv_view *v, int key) { return knobs_turn(v, key == '>' ? 1 : -1) ? CV_CMD_TURN : CV_CMD_REDRAW; }

static enum cv_command key_knob(struct cv_view *v, int key)
{
    (void)key;
    struct knobs *k = &v->knobs;
    k->chosen = k->n ? (k->chosen + 1) % k->n : 0;
    if (k->n == 0)
        view_say(v, "this scenario has no [params] to turn");
    else
        view_say(v, "< and > turn %.60s", k->at[k->chosen].name);
    return CV_CMD_REDRAW;
}

static enum cv_command key_pin(struct cv_view *v, int key)
{
    (void)key;
    if (v->m)
        rows_pin(v);
    return CV_CMD_REDRAW;
}

static enum cv_command key_filter(struct cv_view *v, int key)
{
    (void)key;
    prompt_open(v, PROMPT_FILTER);
    return CV_CMD_REDRAW;
}

static enum cv_command key_search(struct cv_view *v, int key)
{
    (void)key;
    prompt_open(v, PROMPT_SEARCH);
    return CV_CMD_REDRAW;
}

static enum cv_command key_alone(struct cv_view *v, int key)
{
    if (v->focus == PANE_TIMELINE && v->m && rows_unfold(v))
        return CV_CMD_REDRAW;
    (void)key;
    if (v->listing)
        return findings_goto(v, v->listed), v->listing = false, CV_CMD_REDRAW;
    v->alone = !v->alone;
    return CV_CMD_REDRAW;
}

static enum cv_command key_told(struct cv_view *v, int key)
{
    (void)key;
    v->told = !v->told;
    return CV_CMD_REDRAW;
}

static enum cv_command key_theme(struct cv_view *v, int key)
{
    (void)key;
    v->theme = cv_theme_name(v->theme + 1) ? v->theme + 1 : 0;
    view_say(v, "theme %s: %s", cv_theme_name(v->theme), cv_theme_summary(v->theme));
    return CV_CMD_REDRAW;
}

static enum cv_command key_help(struct cv_view *v, int key)
{
    (void)key;
    v->help = !v->help;
    v->help_scroll = 0;
    return CV_CMD_REDRAW;
}

static enum cv_command key_back(struct cv_view *v, int key)
{
    (void)key;
    if (v->help)
        v->help = false;
    else if (v->listing)
        v->listing = false;
    else if (v->notice)
        v->notice = NULL;
    else if (v->told)
        v->told = false;
    else if (v->object != CV_NO_TASK)
        v->object = CV_NO_TASK;
    else
        v->alone = false;
    return CV_CMD_REDRAW;
}

/* ── the story ──────────────────────────────────────────────────────────────────────────────────── */
static bool covered(const struct cv_view *v) { return v->help || v->notice || v->told || v->listing; }

static enum cv_command key_on(struct cv_view *v, int key)
{
    (void)key;
    return !covered(v) && present_on(v) ? CV_CMD_REDRAW : CV_CMD_NONE;
}

static enum cv_command key_before(struct cv_view *v, int key)
{
    (void)key;
    return !covered(v) && present_back(v) ? CV_CMD_REDRAW : CV_CMD_NONE;
}

static enum cv_command key_vote(struct cv_view *v, int key) { return present_vote(v, key - 'a') ? CV_CMD_REDRAW : CV_CMD_NONE; }

static enum cv_command key_unvote(struct cv_view *v, int key)
{
    (void)key;
    return present_vote(v, -1) ? CV_CMD_REDRAW : CV_CMD_NONE;
}

static enum cv_command key_blank(struct cv_view *v, int key)
{
    (void)key;
    if (covered(v))
        return CV_CMD_NONE;
    v->story.blank = true;
    return CV_CMD_REDRAW;
}

static enum cv_command key_leave(struct cv_view *v, int key)
{
    (void)key;
    if (covered(v))
        return CV_CMD_NONE;
    v->story.slide = CV_SLIDE_NONE;
    return CV_CMD_REDRAW;
}
