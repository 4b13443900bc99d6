/* The whole screen: the title line, the panes in their frames, the status line, the keys; and where input goes. */
#include <stdlib.h>
#include <string.h>

#include "ui/cause.h"
#include "ui/core_lanes.h"
#include "ui/cores.h"
#include "ui/findings.h"
#include "ui/help.h"
#include "ui/keys.h"
#include "ui/choices.h"
#include "ui/side.h"
#include "ui/story.h"

const struct cv_pane_ops *const cv_panes[] = {[PANE_CORES] = &cores_pane,   [PANE_TIMELINE] = &timeline_pane, [PANE_SWITCHES] = &switches_pane,
                                              [PANE_SHARED] = &shared_pane, [PANE_CODE] = &code_pane,         [PANE_OUTPUT] = &output_pane,
                                              [PANE_COUNT] = &step_pane,  NULL};

_Static_assert((int)CV_PANES == (int)PANE_COUNT, "as the layout knows them");

struct cv_ui {
    struct cv_view view;
    struct layout layout;   /* of the last frame: where a click falls */
    struct side *side;      /* in place of all else; NULL: not shown */
    struct choices *choices; /* likewise */
    char *notice, *notice_title;
    char *message, *source_name, *source_why, *source_precision, *cores_why, *clock_name; /* the status's texts, owned */
};

struct cv_ui *cv_ui_new(bool ascii)
{
    struct cv_ui *ui = cv_alloc(sizeof *ui);
    view_init(&ui->view, ascii);
    return ui;
}

void cv_ui_free(struct cv_ui *ui)
{
    if (!ui)
        return;
    view_release(&ui->view);
    side_free(ui->side);
    choices_free(ui->choices);
    free(ui->notice);
    free(ui->notice_title);
    free(ui->message);
    free(ui->source_name);
    free(ui->source_why);
    free(ui->source_precision);
    free(ui->cores_why);
    free(ui->clock_name);
    free(ui);
}

void cv_ui_model(struct cv_ui *ui, const struct cv_model *m)
{
    view_model(&ui->view, m);
    present_model(&ui->view);
}
void cv_ui_choices(struct cv_ui *ui, const struct cv_ui_choices *c)
{
    choices_free(ui->choices);
    ui->choices = c ? choices_new(c) : NULL;
}

uint32_t cv_ui_chosen(const struct cv_ui *ui) { return ui->choices ? choices_at(ui->choices) : 0; }

void cv_ui_side(struct cv_ui *ui, const struct cv_side *side)
{
    side_free(ui->side);
    ui->side = side ? side_new(side, ui->view.ascii) : NULL;
}
void cv_ui_present(struct cv_ui *ui, enum cv_slide slide) { present_begin(&ui->view, slide); }
enum cv_slide cv_ui_slide(const struct cv_ui *ui) { return ui->view.story.slide; }
bool cv_ui_waits(const struct cv_ui *ui) { return ui->view.story.slide == CV_SLIDE_OPENING && !ui->view.story.begun; }
void cv_ui_topo(struct cv_ui *ui, const struct cv_topo *t) { ui->view.topo = t; }
bool cv_ui_live(const struct cv_ui *ui) { return ui->view.live; }
void cv_ui_pace(struct cv_ui *ui, double pace)
{
    ui->view.speed = pace < VIEW_SLOWEST ? VIEW_SLOWEST : pace > VIEW_FASTEST ? VIEW_FASTEST : pace;
}
bool cv_ui_bind(struct cv_ui *ui, int action, int first, int second) { return keys_bind(&ui->view, action, first, second); }
int cv_ui_clash(const struct cv_ui *ui, int action) { return keys_clash(&ui->view, action); }

void cv_ui_panes(struct cv_ui *ui, unsigned hidden, int focus)
{
    ui->view.hidden = hidden;
    if (focus >= 0 && focus < PANE_COUNT)
        ui->view.focus = (enum layout_pane)focus;
}

void cv_ui_knobs(struct cv_ui *ui, const struct cv_knob *knobs, uint32_t n) { knobs_set(&ui->view, knobs, n); }
int64_t cv_ui_knob(const struct cv_ui *ui, uint32_t i) { return i < ui->view.knobs.n ? ui->view.knobs.at[i].value : 0; }
void cv_ui_result(struct cv_ui *ui, const char *model, const struct cv_run_figures *f) { knobs_result(&ui->view, model, f); }

void cv_ui_ascii(struct cv_ui *ui, bool ascii) { ui->view.ascii = ascii; }
void cv_ui_theme(struct cv_ui *ui, int theme) { ui->view.theme = theme >= 0 && cv_theme_name(theme) ? theme : 0; }
bool cv_ui_playing(const struct cv_ui *ui) { return ui->view.playing != 0; }
bool cv_ui_tick(struct cv_ui *ui, uint64_t wall_ns) { return view_tick(&ui->view, wall_ns); }
void cv_ui_at(struct cv_ui *ui, uint64_t t)
{
    view_play(&ui->view, 0);
    view_goto(&ui->view, t);
}

void cv_ui_span(struct cv_ui *ui, uint64_t ns)
{
    ui->view.span = ns < VIEW_MIN_SPAN ? VIEW_MIN_SPAN : ns > VIEW_MAX_SPAN ? VIEW_MAX_SPAN : ns;
    ui->view.zoomed = true;
    if (!ui->view.live)
        view_goto(&ui->view, ui->view.cursor);
}

static const char *keep(char **at, const char *s)
{
    if (s && *at && strcmp(s, *at) == 0)
        return *at;
    free(*at);
    *at = s ? cv_strndup(s, strlen(s)) : NULL;
    return *at;
}

void cv_ui_status(struct cv_ui *ui, const struct cv_ui_status *s)
{
    struct cv_ui_status mine = *s;
    mine.message = keep(&ui->message, s->message);
    mine.source_name = keep(&ui->source_name, s->source_name);
    mine.source_why = keep(&ui->source_why, s->source_why);
    mine.source_precision = keep(&ui->source_precision, s->source_precision);
    mine.cores_why = keep(&ui->cores_why, s->cores_why);
    mine.clock_name = keep(&ui->clock_name, s->clock_name);
    ui->view.status = mine;
}

void cv_ui_notice(struct cv_ui *ui, const char *title, const char *text, bool bad)
{
    ui->view.notice = keep(&ui->notice, text);
    ui->view.notice_title = keep(&ui->notice_title, title);
    ui->view.notice_bad = bad;
}

void cv_ui_model_again(struct cv_ui *ui, const struct cv_model *m)
{
    ui->view.m = m;
    ui->view.census->model = NULL;
    timeline_cache_clear(ui->view.cache);
    view_go_live(&ui->view);
}

void cv_ui_stage(struct cv_ui *ui, const struct cv_ui_stage *stage)
{
    struct cv_view *v = &ui->view;
    if (stage && !v->stepping)
        v->focus = PANE_CORES;
    v->stepping = stage != NULL;
    v->stage = stage;
    step_follow(v);
}

uint32_t cv_ui_picked(const struct cv_ui *ui) { return step_picked(&ui->view) ? ui->view.picked : CV_NO_TASK; }

/* The pane that stands there: the cores' place is Step's while somebody steps. */
static const struct cv_pane_ops *pane_at(const struct cv_view *v, enum layout_pane p) { return v->stepping && p == PANE_CORES ? &step_pane : cv_panes[p]; }

/* ── input ──────────────────────────────────────────────────────────────────────────────────────── */
static bool within(struct cv_rect r, int x, int y) { return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h; }

static enum cv_command mouse(struct cv_ui *ui, const struct cv_input *in)
{
    struct cv_view *v = &ui->view;
    if ((ui->side || ui->choices) && !v->help)
        return CV_CMD_NONE;
    if (v->help) {
        if (in->button == 4 || in->button == 5)
            v->help_scroll += in->button == 4 ? -2 : 2;
        return CV_CMD_REDRAW;
    }
    if (v->listing) {
        if (in->button == 4 || in->button == 5)
            findings_move(v, in->button == 4 ? -1 : 1);
        return CV_CMD_REDRAW;
    }
    for (int p = 0; p < PANE_COUNT; p++) {
        if (!within(ui->layout.panes[p], in->x, in->y))
            continue;
        if (in->button == 1)
            v->focus = (enum layout_pane)p;
        if (p == PANE_TIMELINE && minimap_click(v, ui->layout.panes[p], in->x, in->y, in->button))
            return CV_CMD_REDRAW;
        if (pane_at(v, (enum layout_pane)p)->click)
            pane_at(v, (enum layout_pane)p)->click(v, layout_inside(ui->layout.panes[p]), in->x, in->y, in->button);
        return CV_CMD_REDRAW;
    }
    return CV_CMD_NONE;
}

enum cv_command cv_ui_input(struct cv_ui *ui, const struct cv_input *in)
{
    struct cv_view *v = &ui->view;
    if (in->kind == CV_IN_RESIZE)
        return CV_CMD_REDRAW;
    if (in->kind == CV_IN_MOUSE)
        return mouse(ui, in);
    if (in->kind != CV_IN_KEY)
        return CV_CMD_NONE;
    v->word.n = 0;
    v->prompt.line = 0;
    if (ui->choices && !v->help && in->key != '?' && in->key != 'h' && in->key != 'C')
        return choices_input(ui->choices, in->key);
    if (prompt_input(v, in->key))
        return CV_CMD_REDRAW;
    if (ui->side && !v->help && in->key != '?' && in->key != 'h' && in->key != 'C')
        return side_input(ui->side, in->key);
    if (v->stage && v->stage->busy && in->key != 'q' && in->key != 'Q')
        return CV_CMD_STOP;
    if (view_slide(v)) {
        enum cv_command command = keys_story(v, in->key);
        if (command != CV_CMD_NONE || (!v->help && !present_lets(v, in->key)))
            return command;
    }
    const struct cv_pane_ops *pane = pane_at(v, v->focus);
    if (pane->key && !v->help) {
        enum cv_command command = pane->key(v, in->key);
        if (command != CV_CMD_NONE)
            return command;
    }
    return keys_dispatch(v, in->key);
}

/* ── the lines around the panes ─────────────────────────────────────────────────────────────────── */
static void add_model(const struct cv_view *v, struct cv_buf *out, bool tasks_too)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    uint32_t n = cv_model_ntasks(v->m), tasks = info->implicit_main && n ? n - 1 : n;
    cv_buf_printf(out, "%s%s%s", v->status.record ? "record · " : "", info->model_name, info->gil && !strstr(info->model_name, "gil") ? "+gil" : "");
    if (!tasks_too)
        return;
    if (info->stepped)
        cv_buf_printf(out, " · %u task%s", tasks, tasks == 1 ? "" : "s");
    else if (info->model == CV_ASYNC)
        cv_buf_printf(out, " · 1 thread");
    else
        cv_buf_printf(out, " · %u %s%s", tasks, info->model == CV_THREADS ? "thread" : "process", tasks == 1 ? "" : info->model == CV_THREADS ? "s" : "es");
}

/* What a task weighs, where there is room for it. */
static void add_weight(const struct cv_view *v, struct cv_buf *out, int room)
{
    static const char *const unit[] = {"B", "KiB", "MiB"};
    double n = (double)v->status.task_bytes;
    int k = 0;
    char text[40];
    for (; k < 2 && n >= 1024; k++)
        n /= 1024;
    snprintf(text, sizeof text, k ? " · %.1f %s" : " · %.0f %s", n, unit[k]);
    if (n > 0 && canvas_width(text) <= room)
        cv_buf_printf(out, "%s%s", text, canvas_width(text) + 7 <= room ? " a task" : "");
}

/* From the right: the seed, the time, live or not, the model; what does not fit beside the name falls away from the left. The lesson's
 * name is to be read whole: the program's own makes room for it, then how many tasks there are. */
static void draw_title(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    int x = r.x + (r.w > 7), right = r.x + r.w - 1;
    if (!v->m) {
        x += canvas_str(c, r, x, r.y, "convis", CV_C_FOCUS, CV_A_BOLD);
        canvas_fit(c, r, x + 2, r.y, "starting…", r.w - x - 2, CV_C_DIM, 0);
        return;
    }
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_buf parts[4] = {{0}};
    enum cv_colour colours[4] = {CV_C_DIM, CV_C_TEXT, CV_C_TEXT, CV_C_TEXT};
    cv_buf_printf(&parts[0], "seed %llu", (unsigned long long)info->seed);
    cv_buf_printf(&parts[1], "%8s", cv_duration_text(v->cursor, v->ascii));
    view_clock(v, &parts[2], &colours[2]);
    add_model(v, &parts[3], true);
    struct cv_buf title = {0};
    const char *name = info->title && *info->title ? info->title : info->scenario;
    cv_text_clean(&title, name, strlen(name));
    static const int least[4] = {90, 24, 14, 44}; /* columns of the screen from which a part is shown */
    int room = right - x - 8 - canvas_width(title.at);
    for (int i = 0; i < 4; i++)
        room -= r.w < least[i] ? 0 : 3 + canvas_width(parts[i].at);
    if (room >= 0 || r.w < least[3])
        x += canvas_str(c, r, x, r.y, "convis", CV_C_FOCUS, CV_A_BOLD) + 2;
    else if (room < -8) {
        parts[3].n = 0;
        add_model(v, &parts[3], false);
    }
    if (title.n)
        add_weight(v, &parts[3], room);
    for (int i = 0; i < 4; i++) {
        int width = canvas_width(parts[i].at);
        if (r.w < least[i] || right - width < x || (v->story.slide == CV_SLIDE_OPENING && (i == 1 || i == 2))) /* it has not begun */
            continue;
        right -= width;
        canvas_str(c, r, right, r.y, parts[i].at, colours[i], i == 2 ? CV_A_BOLD : 0);
        right -= 3;
    }
    canvas_fit(c, r, x, r.y, title.at, right - x, CV_C_TITLE, CV_A_BOLD);
    for (int i = 0; i < 4; i++)
        cv_buf_release(&parts[i]);
    cv_buf_release(&title);
}

static void add_clean(struct cv_buf *out, const char *s) { cv_text_clean(out, s, strlen(s)); }

/* Who failed and why; returns the columns used. */
static int draw_failure(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x)
{
    const struct census *all = v->m ? view_census(v) : NULL;
    if (!all || all->failed == CV_NO_TASK)
        return 0;
    const char *why = cv_model_failure(v->m, all->failed);
    uint32_t line = cv_model_lane_at(v->m, all->failed, v->cursor).line;
    struct cv_buf text = {0};
    cv_buf_printf(&text, "✗ %s failed", cv_model_task_name(v->m, all->failed));
    if (line)
        cv_buf_printf(&text, " at line %u", line);
    if (why)
        cv_buf_printf(&text, ": %s", why);
    if (all->by_state[CV_ST_FAILED] > 1)
        cv_buf_printf(&text, " (and %llu more)", (unsigned long long)all->by_state[CV_ST_FAILED] - 1);
    int used = canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, CV_C_FAILED, CV_A_BOLD);
    cv_buf_release(&text);
    return used + 2;
}

/* The findings until the cursor: while time stands still the newest in its own words, unless they stand under the title too, else how
 * many. What is cut off the list has. */
static int draw_findings(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, bool in_words)
{
    uint32_t n = v->m ? cv_model_nfindings(v->m, v->cursor) : 0;
    if (!n)
        return 0;
    struct cv_buf text = {0};
    if (!in_words)
        cv_buf_printf(&text, "⚠ %u finding%s (d)", n, n == 1 ? "" : "s");
    else
        cv_buf_printf(&text, "⚠ %s", cv_model_finding(v->m, n - 1).text);
    int room = r.x + r.w - x, more = in_words && canvas_width(text.at) > room && room > 12 ? 4 : 0;
    int used = canvas_fit(c, r, x, r.y, text.at, room - more, CV_C_WARN, CV_A_BOLD);
    if (more)
        canvas_str(c, r, x + used, r.y, " (d)", CV_C_KEY, CV_A_BOLD);
    cv_buf_release(&text);
    return used + more + 2;
}

/* What is missing of the record, before all else. */
static int draw_lost(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x)
{
    const struct cv_record_counts *e = &v->status.events;
    uint64_t lost = e->lost + e->overwritten, unaccounted = v->status.running ? 0 : cv_records_unaccounted(e);
    const char *mark = v->ascii ? "!!" : "‼";
    struct cv_buf text = {0};
    if (lost)
        cv_buf_printf(&text, "%s %llu of %llu records lost", mark, (unsigned long long)lost, (unsigned long long)e->issued);
    if (e->kernel_lost)
        cv_buf_printf(&text, "%s the kernel lost %llu", text.n ? " ·" : mark, (unsigned long long)e->kernel_lost);
    if (unaccounted)
        cv_buf_printf(&text, "%s %llu records unaccounted for", text.n ? " ·" : mark, (unsigned long long)unaccounted);
    int used = text.n ? 2 + canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, CV_C_WARN, CV_A_BOLD | CV_A_REVERSE) : 0;
    cv_buf_release(&text);
    return used;
}

/* Where switches and times come from, and how much was recorded: each part whole, or not at all. */
static void draw_sources(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x)
{
    const struct cv_ui_status *s = &v->status;
    struct cv_buf parts[4] = {{0}};
    if (s->source_name && *s->source_name) {
        add_clean(&parts[0], s->source_name);
        if (s->source_precision && *s->source_precision) {
            cv_buf_str(&parts[0], ", ");
            add_clean(&parts[0], s->source_precision);
        }
        if (s->source_why && *s->source_why) {
            cv_buf_str(&parts[1], " (");
            add_clean(&parts[1], s->source_why);
            cv_buf_str(&parts[1], ")");
        }
    }
    if (s->clock_name && *s->clock_name) {
        add_clean(&parts[2], s->clock_name);
    }
    uint64_t lost = s->events.lost + s->events.overwritten + s->events.kernel_lost;
    cv_buf_printf(&parts[3], "%llu lost of %llu records", (unsigned long long)lost, (unsigned long long)s->events.issued);
    int shown = 0;
    for (int i = 0; i < 4; i++) {
        const char *between = shown && i > 1 ? " · " : "";
        bool fits = parts[i].n && x + canvas_width(between) + canvas_width(parts[i].at) < r.x + r.w;
        if (fits && (i != 1 || shown)) {
            x += canvas_str(c, r, x, r.y, between, CV_C_DIM, 0);
            x += canvas_str(c, r, x, r.y, parts[i].at, CV_C_DIM, 0);
            shown++;
        }
        cv_buf_release(&parts[i]);
    }
}

/* told: the newest finding stands in words under the title. */
static void draw_status(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool told)
{
    const char *message = v->status.message, *why = NULL;
    enum cv_outcome outcome = CV_OUT_NONE;
    bool over = v->m && cv_model_over(v->m, &outcome, &why);
    int x = r.x + 1;
    struct cv_buf text = {0};
    if (v->prompt.kind != PROMPT_NONE) {
        prompt_draw(v, c, r);
        return;
    }
    x += draw_lost(v, c, r, x);
    bool still = !v->live && !v->playing && !v->word.n, in_words = still && v->m && !told;
    if (v->word.n)
        cv_buf_str(&text, v->word.at);
    else if (v->m)
        view_clock_words(v, in_words && cv_model_nfindings(v->m, v->cursor), &text);
    if (text.n)
        x += 2 + canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, v->word.n ? CV_C_KEY : v->live ? CV_C_GOOD : CV_C_CURSOR, CV_A_BOLD);
    text.n = 0;
    if (v->word.n && v->m) { /* which clock it is, is said in any case */
        view_clock_words(v, true, &text);
        if (x + canvas_width(text.at) < r.x + r.w)
            x += 2 + canvas_str(c, r, x, r.y, text.at, v->live ? CV_C_GOOD : CV_C_CURSOR, CV_A_BOLD);
        text.n = 0;
    }
    x += draw_findings(v, c, r, x, in_words);
    x += draw_failure(v, c, r, x);
    if (message && *message)
        add_clean(&text, message);
    else if (over && outcome != CV_OUT_FINISHED && why && *why)
        cv_buf_printf(&text, "%s: %s", cv_outcome_name[outcome], why);
    if (text.n)
        x += 2 + canvas_fit(c, r, x, r.y, text.at, r.x + r.w - x, outcome == CV_OUT_FINISHED ? CV_C_TEXT : CV_C_WARN, 0);
    cv_buf_release(&text);
    draw_sources(v, c, r, x);
}

/* As many keys as fit, but always help and quit. */
static bool in_bar(const struct cv_view *v, const struct keys_entry *k, bool story)
{
    bool always = k->codes[0] == '?' || k->codes[0] == 'q';
    return *k->bar && keys_hold(k, v) && (k->when == KEYS_STORY) == story && (!view_slide(v) || story || always);
}

static void draw_keys(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    int x = r.x + 1, reserved = 0;
    for (size_t i = 0; i < keys_count; i++)
        if (keys_table[i].codes[0] == '?' || keys_table[i].codes[0] == 'q')
            reserved += canvas_width(keys_shown(v, i)) + canvas_width(keys_table[i].bar) + 3;
    for (int story = 1; story >= 0; story--)
        for (size_t i = 0; i < keys_count; i++) {
            const struct keys_entry *k = &keys_table[i];
            bool always = k->codes[0] == '?' || k->codes[0] == 'q';
            if (!in_bar(v, k, story))
                continue;
            const char *word = k->codes[0] == ' ' && !v->playing && (!v->live || view_over(v)) ? "play" : k->bar;
            int width = canvas_width(keys_shown(v, i)) + canvas_width(word) + 3;
            if (!always && x + width + reserved > r.x + r.w)
                continue;
            x += canvas_str(c, r, x, r.y, keys_shown(v, i), CV_C_KEY, CV_A_BOLD) + 1;
            x += canvas_str(c, r, x, r.y, word, CV_C_DIM, 0) + 2;
            if (always)
                reserved -= width;
        }
}

/* ── the frame ──────────────────────────────────────────────────────────────────────────────────── */
static void draw_pane(const struct cv_view *v, struct cv_canvas *c, enum layout_pane pane, struct cv_rect r)
{
    bool focus = v->focus == pane;
    const struct cv_pane_ops *ops = pane_at(v, pane);
    if (layout_framed(r)) {
        struct cv_buf title = {0};
        cv_buf_str(&title, "");
        if (ops->title)
            ops->title(v, &title);
        canvas_box(c, r, ops->name, title.at, focus ? CV_C_FOCUS : CV_C_FRAME, focus);
        cv_buf_release(&title);
    }
    ops->draw(v, c, layout_inside(r), focus);
    if (pane == PANE_TIMELINE)
        minimap_draw(v, c, r);
}

/* Of the timeline, beside its lanes: lanes of what is shared, and words about the chosen one. */
static int more_rows(const struct cv_view *v, int height)
{
    int objects = objects_count(v) < 6 ? (int)objects_count(v) : 6;
    return height >= 30 ? objects + CAUSE_LINES - 1 : objects > 0;
}

static struct layout_wants wants(const struct cv_view *v, int width, int height)
{
    struct layout_wants w = {.cores = v->topo ? cores_rows(v, layout_left(width) - 2) : 2, .lanes = 3, .shared = 2, .hidden = v->hidden};
    if (!v->m)
        return w;
    const struct cv_run_info *info = cv_model_info(v->m);
    uint32_t lanes = view_nlanes(v), copies = 0;
    for (uint32_t i = 0; i < info->nvars; i++)
        copies += info->model == CV_PROCESSES && info->vars[i].kind == CV_VAR_SHARED ? lanes + 1 : 0;
    w.story = view_slide(v) ? present_rows(v, width) : story_rows(v, width);
    w.step = v->stepping;
    w.knobs = v->stepping ? 0 : knobs_rows(v);
    lanes = rows_count(v);
    w.lanes = v->by_core ? core_lanes_count(v) : (lanes > 1000 ? 1000 : (int)lanes) * (v->tall ? 2 : 1) + more_rows(v, height);
    w.shared = (int)(info->nvars + info->nsyncs + (copies > 1000 ? 1000 : copies));
    return w;
}

/* Until the user chooses, the first task is the selected lane. */
static void choose_lane(struct cv_view *v)
{
    uint32_t n = view_nlanes(v), loop = v->m && cv_model_has_loop(v->m) ? 1 : 0;
    if (v->m && !v->chosen && n > loop)
        v->lane = view_lane(v, loop);
}

/* What lies over the whole picture but the title and the keys. */
static struct cv_rect over_all(const struct cv_canvas *c)
{
    return c->height > 3 ? (struct cv_rect){0, 1, c->width, c->height - 2} : (struct cv_rect){0, 0, c->width, c->height};
}

/* Rows that the timeline may have for lanes, whatever there is to show: what decides about folding must not depend on it. */
static void make_rows(struct cv_view *v, int height)
{
    int body = height - 1 - (height >= 4) - (height >= 10), most = body * 45 / 100;
    int room = (v->alone && v->focus == PANE_TIMELINE ? body : most > 6 ? most : 6) - 4;
    uint32_t was = v->rows.room;
    v->rows.room = room < 2 ? 2 : (uint32_t)room;
    v->rows.stale |= was != v->rows.room;
    rows_update(v);
    v->tall = tall_wanted(v, height);
}

static void draw_dashboard(struct cv_ui *ui, struct cv_canvas *c)
{
    struct cv_view *v = &ui->view;
    if (v->live)
        v->cursor = view_end(v);
    if (v->live || v->playing)
        v->known = view_end(v);
    present_follow(v);
    choose_lane(v);
    make_rows(v, c->height);
    enum cv_slide slide = view_slide(v);
    if (slide && v->story.blank)
        return;
    if (slide && v->m)
        ui->layout = layout_present(c->width, c->height, wants(v, c->width, c->height), slide == CV_SLIDE_OPENING || slide == CV_SLIDE_ANSWER);
    else
        ui->layout = layout_make(c->width, c->height, wants(v, c->width, c->height), v->focus, v->alone);
    if (ui->layout.panes[PANE_TIMELINE].w > 0)
        v->columns = timeline_columns(v, layout_inside(ui->layout.panes[PANE_TIMELINE]));
    if (!v->live)
        view_goto(v, v->cursor);
    draw_title(v, c, ui->layout.title);
    if (ui->layout.knobs.w > 0)
        knobs_draw(v, c, ui->layout.knobs);
    if (ui->layout.story.w > 0)
        (slide ? present_draw : story_draw)(v, c, ui->layout.story);
    for (int p = 0; p < PANE_COUNT; p++)
        if (ui->layout.panes[p].w > 0)
            draw_pane(v, c, (enum layout_pane)p, ui->layout.panes[p]);
    if (ui->layout.status.w > 0)
        draw_status(v, c, ui->layout.status, !slide && ui->layout.story.w > 0 && story_tells_finding(v));
    if (ui->layout.keys.w > 0)
        draw_keys(v, c, ui->layout.keys);
    if (v->told)
        story_panel(v, c);
    if (v->notice)
        notice_draw(v, c);
    if (v->listing && v->m)
        findings_list(v, c, over_all(c));
}

void cv_ui_draw(struct cv_ui *ui, struct cv_canvas *c)
{
    struct cv_view *v = &ui->view;
    c->ascii = v->ascii;
    c->theme = v->theme;
    cv_canvas_resize(c, c->width, c->height);
    if (ui->choices)
        choices_draw(ui->choices, c);
    else if (ui->side)
        side_draw(ui->side, c);
    else
        draw_dashboard(ui, c);
    if (v->help)
        help_draw(v, c, over_all(c));
}
