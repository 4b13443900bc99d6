/* The view: moving through time, zooming, choosing lanes; and the census of the instant, shared by the panes. */
#include <stdlib.h>
#include <string.h>

#include "ui/view.h"

void view_init(struct cv_view *v, bool ascii)
{
    memset(v, 0, sizeof *v);
    v->ascii = ascii;
    v->live = true;
    v->speed = 1;
    v->marks[0] = v->marks[1] = UINT64_MAX;
    v->object = CV_NO_TASK;
    v->columns = VIEW_COLUMNS_AT_FIRST;
    v->focus = PANE_TIMELINE;
    v->census = cv_alloc(sizeof *v->census);
    v->cache = timeline_cache_new();
}

void view_release(struct cv_view *v)
{
    free(v->census->lines.at);
    free(v->census);
    timeline_cache_free(v->cache);
    free(v->line_at.at);
    cv_buf_release(&v->word);
    free(v->bound);
    rows_release(&v->rows);
}

/* The lines up to the end of the last task's text. */
static uint32_t lines_told(const struct cv_view *v, const struct cv_run_info *info)
{
    uint32_t all = (uint32_t)v->line_at.n, told = all;
    bool task = false;
    for (uint32_t i = 0; i < all; i++) {
        const char *line = info->source + v->line_at.at[i];
        size_t left = info->source_length - v->line_at.at[i];
        if (*line != '[')
            continue;
        bool program = left >= 5 && (!memcmp(line, "[task", 5) || !memcmp(line, "[main", 5));
        if (!program && task)
            told = i;
        else if (program)
            told = all;
        task = program;
    }
    return told;
}

void view_model(struct cv_view *v, const struct cv_model *m)
{
    v->m = m;
    v->cursor = v->from = v->span = v->seen = v->known = 0;
    v->marks[0] = v->marks[1] = UINT64_MAX;
    v->word.n = 0;
    v->lane = CV_LANE_LOOP;
    v->object = CV_NO_TASK;
    v->chosen = v->zoomed = false;
    view_start(v);
    rows_model(v);
    memset(v->scroll, 0, sizeof v->scroll);
    v->line_at.n = 0;
    v->census->model = NULL;
    timeline_cache_clear(v->cache);
    if (!m)
        return;
    const struct cv_run_info *info = cv_model_info(m);
    if (info->source_length)
        CV_PUSH(&v->line_at, (size_t)0);
    for (size_t i = 0; i + 1 < info->source_length; i++)
        if (info->source[i] == '\n')
            CV_PUSH(&v->line_at, i + 1);
    v->lines_told = lines_told(v, info);
}

enum cv_slide view_slide(const struct cv_view *v) { return v->stepping ? CV_SLIDE_NONE : v->story.slide; }
uint32_t view_lines(const struct cv_view *v) { return view_slide(v) ? v->lines_told : (uint32_t)v->line_at.n; }

uint64_t view_end(const struct cv_view *v) { return v->m ? cv_model_end(v->m) : 0; }
bool view_over(const struct cv_view *v) { return v->m && cv_model_over(v->m, NULL, NULL); }

/* The next round span that holds ns: few steps, so that the picture does not creep while the run is young. */
uint64_t view_round_span(uint64_t ns, uint64_t least)
{
    static const uint64_t steps[] = {100, 120, 150, 200, 300, 400, 500, 600, 800, 1000};
    uint64_t unit = least / 100;
    while (unit * 1000 < ns)
        unit *= 10;
    for (size_t i = 0; i < CV_COUNT(steps); i++)
        if (unit * steps[i] >= ns)
            return unit * steps[i];
    return ns;
}

/* Of the whole run. One that goes on begins with 10 ms; how short it was is known when it is over. */
uint64_t view_fit_span(const struct cv_view *v) { return view_round_span(view_end(v), view_over(v) ? VIEW_MIN_SPAN : v->stepping ? 20000 : 10000000); }

uint64_t view_column_ns(const struct cv_view *v)
{
    uint64_t span = v->span, end = view_end(v), columns = (uint64_t)(v->columns > 0 ? v->columns : 1);
    if (!span)
        span = !v->live && v->speed < 1 ? view_paced_span(v) : view_over(v) || end < VIEW_AUTO_SPAN ? view_fit_span(v) : VIEW_AUTO_SPAN;
    uint64_t ns = (span + columns - 1) / columns;
    return ns ? ns : 1;
}

uint64_t view_window(const struct cv_view *v) { return view_column_ns(v) * (uint64_t)(v->columns > 0 ? v->columns : 1); }

uint64_t view_from(const struct cv_view *v)
{
    uint64_t column = view_column_ns(v), end = view_end(v), wide = view_window(v);
    if (!v->live)
        return v->from / column * column;
    return end < wide ? 0 : (end / column + 1) * column - wide;
}

void view_hold(struct cv_view *v)
{
    if (!v->live)
        return;
    uint64_t span = view_window(v);
    v->from = view_from(v);
    v->span = v->span ? v->span : span; /* what is seen does not change under the eyes */
    v->cursor = view_end(v);
    v->seen = v->cursor;
    v->live = false;
}

void view_go_live(struct cv_view *v)
{
    v->live = true;
    v->playing = 0;
    v->speed = 1;
    if (!v->zoomed)
        v->span = 0;
    v->cursor = view_end(v);
}

void view_goto(struct cv_view *v, uint64_t t)
{
    view_hold(v);
    uint64_t end = view_end(v), wide = view_window(v), column = view_column_ns(v);
    v->cursor = t < end ? t : end;
    v->seen = v->cursor > v->seen ? v->cursor : v->seen;
    if (v->cursor < v->from)
        v->from = v->cursor / column * column;
    else if (v->cursor >= v->from / column * column + wide)
        v->from = (v->cursor / column + 1) * column - wide;
}

void view_by_columns(struct cv_view *v, int columns)
{
    view_hold(v);
    view_play(v, 0);
    uint64_t by = view_column_ns(v) * (uint64_t)abs(columns);
    view_goto(v, columns < 0 ? (v->cursor > by ? v->cursor - by : 0) : v->cursor + by);
}

/* Another span; the instant t stays in its column, as far as the record's beginning lets it. */
static void rescale_around(struct cv_view *v, uint64_t span, uint64_t t)
{
    uint64_t from = view_from(v), column = view_column_ns(v), left = t > from ? (t - from) / column : 0;
    v->span = span < VIEW_MIN_SPAN ? VIEW_MIN_SPAN : span > VIEW_MAX_SPAN ? VIEW_MAX_SPAN : span;
    if (v->live)
        return;
    column = view_column_ns(v);
    v->from = (t / column > left ? t / column - left : 0) * column;
}

void view_rescale(struct cv_view *v, uint64_t span)
{
    rescale_around(v, span, v->cursor);
    if (!v->live)
        view_goto(v, v->cursor);
}

static uint64_t zoomed(const struct cv_view *v, bool in) { return in ? view_window(v) / 2 : view_window(v) * 2; }

void view_zoom(struct cv_view *v, bool in)
{
    view_rescale(v, zoomed(v, in));
    v->zoomed = true;
}

void view_zoom_at(struct cv_view *v, bool in, uint64_t t)
{
    if (t >= view_end(v)) {
        view_zoom(v, in);
        return;
    }
    view_hold(v);
    rescale_around(v, zoomed(v, in), t);
    v->zoomed = true;
    bool seen = v->cursor >= v->from && v->cursor - v->from < view_window(v);
    view_goto(v, seen ? v->cursor : t);
}

/* ── lanes ──────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t before_tasks(const struct cv_view *v) { return cv_model_has_loop(v->m) ? 1 : 0; }
static uint32_t first_task(const struct cv_view *v) { return cv_model_info(v->m)->implicit_main ? 1 : 0; }

uint32_t view_nlanes(const struct cv_view *v)
{
    if (!v->m)
        return 0;
    uint32_t n = cv_model_ntasks(v->m), skipped = first_task(v);
    return before_tasks(v) + (n > skipped ? n - skipped : 0);
}

uint32_t view_lane(const struct cv_view *v, uint32_t i)
{
    uint32_t loop = before_tasks(v);
    return i < loop ? CV_LANE_LOOP : i - loop + first_task(v);
}

uint32_t view_lane_index(const struct cv_view *v, uint32_t lane)
{
    uint32_t n = view_nlanes(v), i = lane == CV_LANE_LOOP ? 0 : lane < first_task(v) ? 0 : lane - first_task(v) + before_tasks(v);
    return i < n ? i : n ? n - 1 : 0;
}

void view_select(struct cv_view *v, int by) { rows_move(v, by); }

uint32_t view_first_row(uint32_t n, uint32_t rows, uint32_t selected)
{
    if (n <= rows || selected < rows / 2)
        return 0;
    uint32_t first = selected - rows / 2;
    return first + rows > n ? n - rows : first;
}

enum cv_colour view_state_colour(enum cv_state s)
{
    static const enum cv_colour of[CV_ST_COUNT] = {
        [CV_ST_NONE] = CV_C_DIM, [CV_ST_RUNNING] = CV_C_RUNNING, [CV_ST_READY] = CV_C_READY, [CV_ST_WAITING] = CV_C_WAITING,
        [CV_ST_BLOCKED] = CV_C_BLOCKED, [CV_ST_FROZEN] = CV_C_FROZEN, [CV_ST_DONE] = CV_C_DONE, [CV_ST_FAILED] = CV_C_FAILED,
        [CV_ST_STOPPED] = CV_C_SYSTEM, [CV_ST_LOST] = CV_C_WARN};
    return (unsigned)s < CV_ST_COUNT ? of[s] : CV_C_TEXT;
}

uint32_t view_state_glyph(const struct cv_view *v, enum cv_state s)
{
    const char *glyph = v->ascii ? cv_state_info[s].ascii : cv_state_info[s].glyph;
    size_t length;
    return cv_utf8(glyph, strlen(glyph), &length);
}

const char *view_lane_name(const struct cv_view *v, uint32_t lane)
{
    return lane == CV_LANE_LOOP ? "loop" : cv_model_task_name(v->m, lane);
}

void view_object(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    cv_buf_str(out, "");
    if (at.object == CV_NO_TASK || at.cause >= 2 * CV_REASON_COUNT)
        return;
    enum cv_reason r = (enum cv_reason)(at.cause % CV_REASON_COUNT);
    if (r == CV_REASON_JOIN || r == CV_REASON_OFFLOAD)
        cv_buf_str(out, cv_model_task_name(v->m, at.object));
    else if (at.object < info->nsyncs)
        cv_text_clean(out, info->syncs[at.object].name, strlen(info->syncs[at.object].name));
}

/* ── the census ─────────────────────────────────────────────────────────────────────────────────── */
enum { CENSUS_ONE_BY_ONE = 1000 };       /* tasks that are asked each; of those beyond only how many there are is known */

static bool still_good(const struct cv_view *v, const struct census *c)
{
    return c->model == v->m && c->t == v->cursor && c->change == cv_model_change(v->m);
}

static void count_task(struct census *c, uint32_t task, struct cv_lane_at at)
{
    c->by_state[at.state]++;
    bool stands = at.state != CV_ST_NONE && at.state != CV_ST_DONE && at.state != CV_ST_LOST;
    if (!stands || at.line == 0 || at.line >= c->lines.n)
        return;
    struct census_line *line = &c->lines.at[at.line];
    if (line->nfirst < CV_COUNT(line->first)) {
        line->states[line->nfirst] = at.state;
        line->first[line->nfirst++] = task;
    }
    line->tasks++;
}

/* What was counted one by one is not all: the model has counted them. */
static void count_all(const struct cv_view *v, struct census *c)
{
    uint32_t *counts = cv_alloc((c->lines.n + 1) * sizeof *counts);
    cv_model_group_at(v->m, CV_ALL_GROUPS, v->cursor, c->by_state);
    cv_model_lines_at(v->m, v->cursor, (uint32_t)c->lines.n, counts);
    for (size_t i = 0; i < c->lines.n; i++)
        c->lines.at[i].tasks = counts[i];
    free(counts);
}

const struct census *view_census(const struct cv_view *v)
{
    struct census *c = v->census;
    if (still_good(v, c))
        return c;
    struct census_line nobody = {0};
    while (c->lines.n < v->line_at.n + 1)
        CV_PUSH(&c->lines, nobody);
    memset(c->lines.at, 0, c->lines.n * sizeof *c->lines.at);
    memset(c->by_state, 0, sizeof c->by_state);
    c->failed = cv_model_first_failed(v->m, v->cursor);
    c->model = v->m;
    c->t = v->cursor;
    c->change = cv_model_change(v->m);
    c->ntasks = cv_model_ntasks(v->m);
    for (uint32_t task = first_task(v); task < c->ntasks && task < CENSUS_ONE_BY_ONE; task++)
        count_task(c, task, cv_model_lane_at(v->m, task, v->cursor));
    if (c->ntasks > CENSUS_ONE_BY_ONE)
        count_all(v, c);
    return c;
}

bool view_source_line(const struct cv_view *v, uint32_t line, struct cv_buf *out)
{
    if (!v->m || line == 0 || line > v->line_at.n)
        return false;
    const struct cv_run_info *info = cv_model_info(v->m);
    size_t from = v->line_at.at[line - 1], to = line < v->line_at.n ? v->line_at.at[line] : info->source_length;
    while (from < to && (info->source[from] == ' ' || info->source[from] == '\t'))
        from++;
    while (to > from && (info->source[to - 1] == '\n' || info->source[to - 1] == '\r'))
        to--;
    cv_text_clean(out, info->source + from, to - from);
    return to > from;
}
