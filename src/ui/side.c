/* Side by side: each model's lanes on the same axis, so that a second is as wide in one as in the other, and what was measured in one
 * table. Each model has a view of its own; where they look is one, here: span and left edge, and the instant once somebody has
 * moved it (before that every run is shown at its end). */
#include <stdlib.h>
#include <string.h>

#include "ui/side.h"

enum { LABEL = 19, WIDEST = 34, BARS_FROM = 20, NUMBER = 9, FEWEST = 10 /* columns of a cell */ };

struct side {
    const struct cv_side *of;
    struct cv_view views[CV_SIDE_MODELS];
    uint64_t span, from, cursor;    /* span 0: fits the longest run; cursor UINT64_MAX: the end of each */
    int columns, scroll, last;      /* columns of the timelines, as drawn last; last: the most that can be scrolled */
};

struct side *side_new(const struct cv_side *of, bool ascii)
{
    struct side *s = cv_alloc(sizeof *s);
    s->of = of;
    s->cursor = UINT64_MAX;
    s->columns = VIEW_COLUMNS_AT_FIRST;
    for (int i = 0; i < CV_SIDE_MODELS; i++) {
        view_init(&s->views[i], ascii);
        s->views[i].bare = true;
    }
    return s;
}

void side_free(struct side *s)
{
    if (!s)
        return;
    for (int i = 0; i < CV_SIDE_MODELS; i++)
        view_release(&s->views[i]);
    free(s);
}

/* ── where it looks ─────────────────────────────────────────────────────────────────────────────── */
static uint64_t longest(const struct side *s)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < s->of->n; i++) {
        uint64_t end = s->of->runs[i].model ? cv_model_end(s->of->runs[i].model) : 0;
        most = end > most ? end : most;
    }
    return most;
}

static bool all_over(const struct side *s)
{
    for (uint32_t i = 0; i < s->of->n; i++)
        if (!s->of->runs[i].model || !cv_model_over(s->of->runs[i].model, NULL, NULL))
            return false;
    return true;
}

static uint64_t span_of(const struct side *s) { return s->span ? s->span : view_round_span(longest(s), all_over(s) ? VIEW_MIN_SPAN : 10000000); }

static void turn_views(struct side *s)
{
    uint64_t span = span_of(s);
    bool ends = s->cursor == UINT64_MAX && !s->span;
    for (uint32_t i = 0; i < s->of->n; i++) {
        struct cv_view *v = &s->views[i];
        if (v->m != s->of->runs[i].model)
            view_model(v, s->of->runs[i].model);
        if (!v->m)
            continue;
        v->live = ends;
        v->playing = 0;
        v->columns = s->columns;
        v->span = span;
        v->zoomed = true;
        v->from = s->from;
        v->seen = v->known = view_end(v);
        v->cursor = s->cursor < view_end(v) ? s->cursor : view_end(v);
        v->lane = view_lane(v, 0); /* from the first on */
    }
}

static void zoom(struct side *s, bool in)
{
    uint64_t old = span_of(s), middle = s->cursor == UINT64_MAX ? s->from + old / 2 : s->cursor, left = middle > s->from ? middle - s->from : 0;
    s->span = in ? old / 2 : old * 2;
    s->span = s->span < VIEW_MIN_SPAN ? VIEW_MIN_SPAN : s->span > VIEW_MAX_SPAN ? VIEW_MAX_SPAN : s->span;
    left = (uint64_t)((double)left * (double)s->span / (double)old);
    s->from = middle > left ? middle - left : 0;
}

static void move(struct side *s, int columns)
{
    uint64_t span = span_of(s), by = (span / (uint64_t)s->columns + 1) * (uint64_t)abs(columns), end = longest(s);
    uint64_t at = s->cursor == UINT64_MAX ? end : s->cursor;
    at = columns < 0 ? (at > by ? at - by : 0) : at + by < end ? at + by : end;
    s->cursor = at;
    if (at < s->from)
        s->from = at;
    else if (at >= s->from + span)
        s->from = at - span + span / (uint64_t)s->columns + 1;
}

enum cv_command side_input(struct side *s, int key)
{
    switch (key) {
    case 'q': case 'Q': return CV_CMD_QUIT;
    case 'c': case 27: case CV_KEY_BACKSPACE: return CV_CMD_COMPARE;
    case CV_KEY_LEFT: case CV_KEY_RIGHT: move(s, key == CV_KEY_LEFT ? -1 : 1); break;
    case CV_KEY_SHIFT_LEFT: case CV_KEY_SHIFT_RIGHT: move(s, key == CV_KEY_SHIFT_LEFT ? -10 : 10); break;
    case CV_KEY_HOME: s->cursor = s->from = 0; break;
    case CV_KEY_END: s->cursor = UINT64_MAX; break;
    case '+': case '=': case '-': case '_': zoom(s, key == '+' || key == '='); break;
    case '0': s->span = s->from = 0; break;
    case CV_KEY_UP: case 'k': s->scroll -= s->scroll > 0; break;
    case CV_KEY_DOWN: case 'j': s->scroll += s->scroll < s->last; break;
    case CV_KEY_PAGE_UP: s->scroll = s->scroll > 8 ? s->scroll - 8 : 0; break;
    case CV_KEY_PAGE_DOWN: s->scroll = s->scroll + 8 < s->last ? s->scroll + 8 : s->last; break;
    default: return CV_CMD_NONE;
    }
    return CV_CMD_REDRAW;
}

/* ── the lanes ──────────────────────────────────────────────────────────────────────────────────── */
/* "── async ───────────── 1.504 s ──" */
static void heading(const struct side *s, struct cv_canvas *c, struct cv_rect r, int y, const struct cv_side_run *run, const char *title)
{
    const char *right = run->running ? "runs" : run->elapsed_ns ? cv_duration_text(run->elapsed_ns, c->ascii) : run->result ? run->result : "waits for its turn";
    enum cv_colour ink = run->bad ? CV_C_FAILED : run->running ? CV_C_GOOD : CV_C_DIM;
    (void)s;
    for (int x = r.x; x < r.x + r.w; x++)
        canvas_put(c, r, x, y, 0x2500, CV_C_FRAME, 0);
    int used = canvas_printf(c, r, r.x + 1, y, CV_C_TITLE, CV_A_BOLD, " %s ", title), room = r.w - used - 4, width = canvas_width(right) + 2;
    if (width <= room)
        canvas_printf(c, r, r.x + r.w - width - 1, y, ink, 0, " %s ", right);
    else if (room > 4)
        canvas_fit(c, r, r.x + used + 2, y, right, room, ink, 0);
}

static uint32_t lanes_of(const struct side *s, uint32_t i) { return s->views[i].m ? view_nlanes(&s->views[i]) : 0; }

/* Rows for the lanes of each model: each gets one, then in turn another, as long as there are rows and lanes. Returns what is left. */
static int share(const struct side *s, int rows, int given[CV_SIDE_MODELS])
{
    for (uint32_t i = 0; i < s->of->n; i++)
        rows -= given[i] = rows > 0 ? 1 : 0;
    for (bool any = true; any && rows > 0;) {
        any = false;
        for (uint32_t i = 0; i < s->of->n && rows > 0; i++)
            if ((uint32_t)given[i] < lanes_of(s, i)) {
                given[i]++;
                rows--;
                any = true;
            }
    }
    return rows;
}

static int wanted_rows(const struct side *s)
{
    int rows = 1; /* the axis */
    for (uint32_t i = 0; i < s->of->n; i++) {
        uint32_t lanes = lanes_of(s, i);
        rows += 1 + (lanes < 1 ? 1 : lanes > 1000 ? 1000 : (int)lanes);
    }
    return rows;
}

/* Returns the row below the last that it took. */
static int draw_lanes(struct side *s, struct cv_canvas *c, struct cv_rect r)
{
    int given[CV_SIDE_MODELS] = {0}, y = r.y + 1;
    int names = 0;
    for (uint32_t i = 0; i < s->of->n; i++)
        if (s->views[i].m) {
            s->views[i].names = 0;
            int own = timeline_names(&s->views[i], r.w);
            names = own > names ? own : names;
        }
    for (uint32_t i = 0; i < s->of->n; i++)
        s->views[i].names = names; /* as wide in each: the columns stand below each other */
    share(s, r.h - 1 - (int)s->of->n, given);
    bool axis = false;
    for (uint32_t i = 0; i < s->of->n; i++) {
        struct cv_view *v = &s->views[i];
        struct cv_rect lanes = {r.x, y + 1, r.w, given[i]};
        if (y >= r.y + r.h)
            break;
        heading(s, c, r, y, &s->of->runs[i], s->of->runs[i].name);
        y += 1 + given[i];
        if (!v->m || given[i] < 1)
            continue;
        s->columns = v->columns = timeline_columns(v, lanes);
        turn_views(s);
        if (!axis)
            timeline_axis(v, c, (struct cv_rect){r.x, r.y, r.w, 1});
        axis = true;
        rows_update(v);
        timeline_pane.draw(v, c, lanes, false);
    }
    return y;
}

/* ── the table ──────────────────────────────────────────────────────────────────────────────────── */
static void draw_row(struct cv_canvas *c, struct cv_rect r, int y, const struct cv_side_row *row, uint32_t n, int column)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = row->lengths[i] > most ? row->lengths[i] : most;
    canvas_fit(c, r, r.x + 1 + 2 * row->part, y, row->label, LABEL - 2 - 2 * row->part, row->part ? CV_C_DIM : CV_C_TEXT, 0);
    for (uint32_t i = 0; i < n; i++) {
        const char *text = row->cells[i] ? row->cells[i] : "";
        int right = r.x + LABEL + column * (int)(i + 1) - 1, width = canvas_width(text), bars = column - NUMBER - 3;
        int from = column >= BARS_FROM ? right - bars - 1 : right; /* numbers right-aligned, bars beside them */
        canvas_fit(c, r, from - (width < column - 1 ? width : column - 1), y, text, column - 1, row->part ? CV_C_DIM : CV_C_TEXT, row->part ? 0 : CV_A_BOLD);
        if (column >= BARS_FROM && most > 0 && row->lengths[i] > 0)
            canvas_bar(c, r, right - bars, y, bars, row->lengths[i] / most, CV_C_AWAIT);
    }
}

/* What came out, in as many rows as there are. */
static void draw_results(const struct side *s, struct cv_canvas *c, struct cv_rect r, int y, int column)
{
    canvas_fit(c, r, r.x + 1, y, "result", LABEL - 2, CV_C_TEXT, 0);
    for (uint32_t i = 0; i < s->of->n; i++) {
        const struct cv_side_run *run = &s->of->runs[i];
        int x = r.x + LABEL + column * (int)i + 1, width = column - 2;
        const char *text = run->result ? run->result : "";
        for (int at = y; at < r.y + r.h && *text; at++) {
            size_t next, take = canvas_wrap(text, width, &next);
            char *piece = cv_strndup(text, at == r.y + r.h - 1 ? strlen(text) : take);
            canvas_fit(c, r, x, at, piece, width, run->bad ? CV_C_FAILED : CV_C_GOOD, 0);
            free(piece);
            text += next;
        }
    }
}

static void draw_table(struct side *s, struct cv_canvas *c, struct cv_rect r)
{
    int n = (int)s->of->n, column = n ? (r.w - LABEL) / n : 0, rows = (int)s->of->nrows;
    column = column > WIDEST ? WIDEST : column;
    if (column < FEWEST || r.h < 2)
        return;
    for (int x = r.x; x < r.x + r.w; x++)
        canvas_put(c, r, x, r.y, 0x2500, CV_C_FRAME, 0);
    for (int i = 0; i < n; i++) {
        const char *name = s->of->runs[i].name;
        int width = canvas_width(name), right = r.x + LABEL + column * (i + 1) - 1;
        bool bars = column >= BARS_FROM;
        int end = bars ? right - (column - NUMBER - 3) - 1 : right;
        end = end - width < right - column + 1 ? right - column + 1 + width : end; /* a long name stands over the bars, too */
        canvas_printf(c, r, end - width - 1, r.y, CV_C_TITLE, CV_A_BOLD, " %s ", name);
    }
    int results = r.h >= 9 ? 3 : 1, room = r.h - 1 - results; /* rows stay for what came out */
    s->last = rows > room ? rows - room : 0;
    s->scroll = s->scroll > s->last ? s->last : s->scroll;
    int shown = rows < room ? rows : room;
    for (int k = 0; k < shown; k++)
        draw_row(c, r, r.y + 1 + k, &s->of->rows[s->scroll + k], s->of->n, column);
    draw_results(s, c, r, r.y + 1 + shown, column);
}

/* ── the frame ──────────────────────────────────────────────────────────────────────────────────── */
static void draw_title(const struct side *s, struct cv_canvas *c, struct cv_rect r)
{
    struct cv_buf state = {0};
    uint32_t done = 0;
    const char *running = NULL;
    for (uint32_t i = 0; i < s->of->n; i++) {
        done += !s->of->runs[i].running && s->of->runs[i].result;
        running = s->of->runs[i].running ? s->of->runs[i].name : running;
    }
    if (running)
        cv_buf_printf(&state, "● %s runs, %u of %u", running, done + 1, s->of->n);
    else
        cv_buf_str(&state, "side by side");
    int x = r.x + 1 + canvas_str(c, r, r.x + 1, r.y, "convis", CV_C_FOCUS, CV_A_BOLD) + 2, width = canvas_width(state.at);
    if (r.w > 40)
        canvas_str(c, r, r.x + r.w - width - 1, r.y, state.at, running ? CV_C_GOOD : CV_C_TEXT, CV_A_BOLD);
    canvas_fit(c, r, x, r.y, s->of->title, r.x + r.w - x - (r.w > 40 ? width + 3 : 0), CV_C_TITLE, CV_A_BOLD);
    cv_buf_release(&state);
}

static void draw_keys(const struct side *s, struct cv_canvas *c, struct cv_rect r)
{
    const struct { const char *key, *word; bool shown; } keys[] = {
        {"c", "back", true}, {"← →", "time", true}, {"+ -", "zoom", true}, {"0", "fit", s->span > 0 || s->from > 0}, {"↑ ↓", "more", s->last > 0}, {"?", "help", true}, {"q", "quit", true}};
    int x = r.x + 1;
    for (size_t i = 0; i < CV_COUNT(keys); i++) {
        if (!keys[i].shown || x + canvas_width(keys[i].key) + canvas_width(keys[i].word) + 1 > r.x + r.w)
            continue;
        x += canvas_str(c, r, x, r.y, keys[i].key, CV_C_KEY, CV_A_BOLD) + 1;
        x += canvas_str(c, r, x, r.y, keys[i].word, CV_C_DIM, 0) + 2;
    }
}

void side_draw(struct side *s, struct cv_canvas *c)
{
    struct cv_rect all = {0, 0, c->width, c->height}, body = {0, 1, c->width, c->height - 2};
    turn_views(s);
    draw_title(s, c, (struct cv_rect){0, 0, all.w, 1});
    if (all.h > 1)
        draw_keys(s, c, (struct cv_rect){0, all.h - 1, all.w, 1});
    if (body.h < 3)
        return;
    int least = 1 + (body.h >= 20 ? 3 : 2) * (int)s->of->n, wanted = wanted_rows(s), table = (int)s->of->nrows + 2, lanes;
    least = least > wanted ? wanted : least;
    if (table > body.h - least)
        table = body.h - least > 0 ? body.h - least : 0;
    lanes = body.h - table < wanted ? body.h - table : wanted;
    int y = draw_lanes(s, c, (struct cv_rect){0, body.y, body.w, lanes});
    if (body.y + body.h - y > table && y + 1 + (int)s->of->nrows + 3 <= body.y + body.h)
        y++; /* there is room for air */
    draw_table(s, c, (struct cv_rect){0, y, body.w, body.y + body.h - y});
}
