/* The Timeline pane: a lane a row, a column an equal piece of time, its glyph what the lane did most in it. A lane that
 * ran in a column at all shows it, as a part of a block. What does not fit is folded into one row, counted by state.
 *
 * Columns that lie well in the past do not change any more and are kept: a frame asks only for the new ones. */
#include <stdlib.h>
#include <string.h>

#include "ui/cause.h"
#include "ui/core_lanes.h"
#include "ui/findings.h"

/* ── columns kept ───────────────────────────────────────────────────────────────────────────────── */
enum { SLOTS = 256, KEPT = 512 };
#define SETTLED 500000000ull /* ns behind the end: what is older than this has been folded in */

struct column { uint64_t tag; /* number of the column + 1; 0: nothing */ uint8_t state, eighths, preempted; /* enum mark */ };
enum mark { MARK_NONE, MARK_EXACT, MARK_WITHIN /* somewhere in an interval that this column is part of */ };
struct slot { uint32_t lane; uint64_t column_ns, change; struct column *at; };
struct timeline_cache { struct slot slots[SLOTS]; };

struct timeline_cache *timeline_cache_new(void) { return cv_alloc(sizeof(struct timeline_cache)); }

void timeline_cache_clear(struct timeline_cache *c)
{
    for (size_t i = 0; i < SLOTS; i++)
        c->slots[i].column_ns = 0;
}

void timeline_cache_free(struct timeline_cache *c)
{
    for (size_t i = 0; c && i < SLOTS; i++)
        free(c->slots[i].at);
    free(c);
}

static struct slot *slot_of(const struct cv_view *v, uint32_t lane, uint64_t column_ns)
{
    struct slot *s = &v->cache->slots[lane % SLOTS];
    uint64_t change = view_over(v) ? cv_model_change(v->m) : 0;
    if (!s->at)
        s->at = cv_alloc(KEPT * sizeof *s->at);
    if (s->lane != lane || s->column_ns != column_ns || s->change != change) {
        memset(s->at, 0, KEPT * sizeof *s->at);
        s->lane = lane;
        s->column_ns = column_ns;
        s->change = change;
    }
    return s;
}

/* inexact: it was preempted in an interval that this column is part of. */
static struct column look(const struct cv_lane_column *in, bool inexact)
{
    uint64_t most = 0, all = 0, ran = in->ns[CV_ST_RUNNING];
    struct column c = {.state = CV_ST_NONE};
    for (int s = 0; s < CV_ST_COUNT; s++) {
        all += in->ns[s];
        bool quiet = s == CV_ST_NONE || s == CV_ST_DONE; /* anything at all is more than nothing */
        if (!quiet && in->ns[s] > most) {
            most = in->ns[s];
            c.state = (uint8_t)s;
        }
    }
    if (most == 0)
        c.state = in->ns[CV_ST_DONE] ? CV_ST_DONE : CV_ST_NONE;
    if (ran > 0 && (c.state != CV_ST_RUNNING || ran * 2 < all))
        c.eighths = (uint8_t)(1 + ran * 8 / (all ? all : 1));
    if (ran > 0 || in->ns[CV_ST_READY] > 0)
        c.preempted = inexact ? MARK_WITHIN : in->preempted ? MARK_EXACT : MARK_NONE;
    return c;
}

/* Asks for n columns from number on at one go, and keeps those that will not change. The last may be cut by the end of the record. */
static void ask(const struct cv_view *v, struct slot *s, uint32_t lane, uint64_t number, uint32_t n, struct column *out)
{
    struct cv_lane_column columns[KEPT];
    uint64_t wide = s->column_ns, end = view_end(v), from = number * wide;
    uint32_t whole = end > from ? (uint32_t)((end - from) / wide < n ? (end - from) / wide : n) : 0;
    cv_model_lane_columns(v->m, lane, from, wide, whole, columns);
    if (whole < n) {
        uint64_t at = from + whole * wide;
        cv_model_lane_columns(v->m, lane, at, end > at ? end - at : 1, 1, &columns[whole]);
    }
    for (uint32_t i = 0; i < n; i++) {
        out[i] = look(&columns[i], cv_model_inexact(v->m, lane, from + i * wide, from + (i + 1) * wide));
        if (view_over(v) || from + (i + 1) * wide + SETTLED <= end) {
            out[i].tag = number + i + 1;
            s->at[(number + i) % KEPT] = out[i];
        }
    }
}

/* n columns from number on, n <= KEPT: those kept, and the stretches between them. */
static void columns_of(const struct cv_view *v, struct slot *s, uint32_t lane, uint64_t number, uint32_t n, struct column *out)
{
    for (uint32_t i = 0, missing = 0; i <= n; i++) {
        const struct column *kept = i < n ? &s->at[(number + i) % KEPT] : NULL;
        bool known = kept && kept->tag == number + i + 1;
        if (known)
            out[i] = *kept;
        if ((known || i == n) && missing)
            ask(v, s, lane, number + i - missing, missing, out + i - missing);
        missing = known ? 0 : missing + 1;
    }
}

/* ── where things stand in the pane ─────────────────────────────────────────────────────────────── */
enum { OBJECTS = 64 };
struct places { int name, now, x, columns, axis, lanes_y, rows, objects_y, detail, details, tall; /* axis, detail: a row, -1 none; tall: rows of the screen that a lane has */ uint32_t objects, object[OBJECTS]; };

int timeline_names(const struct cv_view *v, int w)
{
    int most = v->names > 4 ? v->names : 4;
    for (uint32_t i = 0, n = rows_count(v); i < n && i < 64; i++) {
        struct cv_buf label = {0};
        rows_label(v, rows_at(v, i), &label);
        int width = canvas_width(label.at);
        most = width > most ? width : most;
        cv_buf_release(&label);
    }
    int room = w / 5 > 16 ? 16 : w / 5;
    return most < room ? most : room;
}

/* Below the axis: the lanes come first, then the chosen one in words, the lane of what it waits for, more words, and the lanes of all
 * that is shared. What was asked for by name has its row in any case. */
static void share_rows(const struct cv_view *v, struct places *p, int y, int h, int tall)
{
    int lanes = (rows_count(v) < 1000 ? (int)rows_count(v) : 1000) * tall, spare = h - lanes, objects = 0;
    bool subject = objects_subject(v) != CV_NO_TASK, chosen = v->object != CV_NO_TASK;
    p->details = h >= 6 || (h >= 3 && spare > 0);
    spare -= p->details;
    if ((subject && spare > 0) || (chosen && h >= 4))
        objects = 1, spare--;
    int words = spare < 0 ? 0 : spare < CAUSE_LINES - 1 ? spare : CAUSE_LINES - 1;
    p->details += p->details ? words : 0;
    spare -= words;
    if (spare > 0)
        objects += spare < OBJECTS - 1 ? spare : OBJECTS - 1;
    p->objects = objects_shown(v, (uint32_t)objects, p->object);
    p->rows = h - p->details - (int)p->objects;
    p->rows = p->rows > lanes && lanes > 0 ? lanes : p->rows;
    p->lanes_y = y;
    p->objects_y = y + p->rows;
    p->detail = p->details ? y + h - p->details : -1;
    p->tall = tall;
    if (tall > 1 && p->rows < lanes)
        share_rows(v, p, y, h, 1);
    else
        p->rows /= tall;
}

static struct places place(const struct cv_view *v, struct cv_rect r)
{
    struct places p = {.axis = -1, .detail = -1, .tall = 1};
    p.name = r.w >= 20 ? timeline_names(v, r.w) : r.w >= 8 ? 3 : 0;
    for (uint32_t i = 0; !v->bare && r.w >= 20 && i < objects_count(v) && i < OBJECTS; i++) {
        int width = canvas_width(objects_name(v, i)), most = r.w / 5 > 16 ? 16 : r.w / 5;
        width = width < most ? width : most;
        p.name = width > p.name ? width : p.name;
    }
    p.now = r.w >= 100 ? 16 : r.w >= 76 ? 15 : r.w >= 66 ? 13 : r.w >= 44 ? 8 : 0;
    p.x = r.x + (p.name ? p.name + 2 : 0);
    p.columns = r.x + r.w - p.x - (p.now ? p.now + 1 : 0);
    if (p.columns < 1)
        p.columns = 1;
    int y = r.y, h = r.h;
    if (h >= 3 && !v->bare) {
        p.axis = y++;
        h--;
    }
    p.lanes_y = p.objects_y = y;
    p.rows = h;
    if (!v->bare && v->by_core) { /* the cores come first, then the letters' row */
        p.details = h >= 6 || (h >= 3 && h > core_lanes_count(v));
        p.rows = h - p.details;
        p.detail = p.details ? y + p.rows : -1;
    } else if (!v->bare) {
        share_rows(v, &p, y, h, v->tall ? 2 : 1);
    }
    return p;
}

int timeline_columns(const struct cv_view *v, struct cv_rect inside)
{
    return v->m ? place(v, inside).columns : inside.w > 0 ? inside.w : 1;
}

/* Rows for lanes; the last row may be the fold of the rest. */
static uint32_t lane_rows(const struct cv_view *v, struct places p, uint32_t *first)
{
    uint32_t n = rows_count(v), rows = p.rows > 0 ? (uint32_t)p.rows : 0;
    if (n > rows && rows > (v->bare ? 2 : 1))
        rows--;
    if (rows > n)
        rows = n;
    *first = view_first_row(n, rows, rows_selected(v));
    if (v->bare && rows + 1 == n && cv_model_has_loop(v->m)) /* beside other models: the tasks are what they have in common, the loop gives way */
        *first = 1;
    return rows;
}

/* ── the axis ───────────────────────────────────────────────────────────────────────────────────── */
struct unit { uint64_t ns; const char *name, *plain; };

static struct unit axis_unit(uint64_t span)
{
    static const struct unit units[] = {{1000000000u, "s", "s"}, {1000000u, "ms", "ms"}, {1000u, "µs", "us"}, {1u, "ns", "ns"}};
    for (size_t i = 0; i + 1 < CV_COUNT(units); i++)
        if (span >= units[i].ns)
            return units[i];
    return units[3];
}

static void axis_label(char *to, size_t size, uint64_t t, uint64_t step, struct unit u, bool ascii)
{
    int decimals = 0; /* at most 9: a second in nanoseconds */
    uint64_t part = u.ns;
    while (part > step && part >= 10 && decimals < 9) {
        part /= 10;
        decimals++;
    }
    unsigned long long whole = t / u.ns, rest = t % u.ns / part;
    char digits[24];
    snprintf(digits, sizeof digits, "%09llu", rest);
    if (decimals)
        snprintf(to, size, "%llu.%s %s", whole, digits + strlen(digits) - (size_t)decimals, ascii ? u.plain : u.name);
    else
        snprintf(to, size, "%llu %s", whole, ascii ? u.plain : u.name);
}

static int cursor_column(const struct cv_view *v, struct places p)
{
    uint64_t column = view_column_ns(v), from = view_from(v), i = v->cursor > from ? (v->cursor - from) / column : 0;
    return p.x + (i < (uint64_t)p.columns ? (int)i : p.columns - 1);
}

/* Where records are missing, whoever's: a question mark over the lanes. */
static void draw_gaps(const struct cv_view *v, struct cv_canvas *c, struct cv_rect axis, struct places p)
{
    uint64_t column = view_column_ns(v), from = view_from(v), end = view_end(v);
    if (!cv_model_gap(v->m, from, from + column * (uint64_t)p.columns))
        return;
    for (int i = 0; i < p.columns && from + column * (uint64_t)i <= end; i++)
        if (cv_model_gap(v->m, from + column * (uint64_t)i, from + column * (uint64_t)(i + 1)))
            canvas_put(c, axis, p.x + i, p.axis, '?', CV_C_WARN, CV_A_BOLD);
}

static void draw_axis(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct places p)
{
    uint64_t column = view_column_ns(v), from = view_from(v), wide = column * (uint64_t)p.columns, step = 1;
    struct unit u = axis_unit(wide);
    char label[48];
    struct cv_rect axis = {p.x, p.axis, p.columns, 1};
    int cursor = cursor_column(v, p), marks[2];
    for (int i = 0; i < 2; i++)
        marks[i] = v->marks[i] >= from && v->marks[i] < from + wide ? p.x + (int)((v->marks[i] - from) / column) : -1;
    for (int k = 0;; k++) {
        axis_label(label, sizeof label, from + wide, step, u, v->ascii);
        uint64_t room = (uint64_t)canvas_width(label) + 3;
        if (step >= room * column)
            break;
        step = k % 3 == 1 ? step / 2 * 5 : step * 2; /* 1, 2, 5, 10 … */
    }
    for (uint64_t t = (from + step - 1) / step * step; t < from + wide; t += step) {
        int x = p.x + (int)((t - from) / column);
        axis_label(label, sizeof label, t, step, u, v->ascii);
        int end = x + canvas_width(label);
        if (end >= axis.x + axis.w && t > from) /* a stroke alone would say nothing */
            break;
        canvas_put(c, axis, x, p.axis, 0x2502, CV_C_FRAME, 0);
        bool covered = !v->live && cursor > x && cursor <= end;
        for (int i = 0; i < 2; i++)
            covered |= marks[i] > x && marks[i] <= end;
        if (!covered && x + 1 + canvas_width(label) <= axis.x + axis.w)
            canvas_str(c, axis, x + 1, p.axis, label, CV_C_DIM, 0);
    }
    for (int i = 0; i < 2; i++)
        if (marks[i] >= 0)
            canvas_put(c, axis, marks[i], p.axis, (uint32_t)('A' + i), CV_C_KEY, CV_A_BOLD | CV_A_REVERSE);
    draw_gaps(v, c, axis, p);
    if (p.now)
        canvas_put(c, r, p.x + p.columns, p.axis, 0x2502, CV_C_FRAME, 0);
    if (p.now)
        canvas_fit(c, r, p.x + p.columns + 1, p.axis, v->live ? "now" : "then", p.now, CV_C_DIM, 0);
}

/* ── lanes ──────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t partial(const struct cv_view *v, unsigned eighths)
{
    return v->ascii ? ':' : 0x2590 - (eighths < 1 ? 1 : eighths > 7 ? 7 : eighths);
}

static void draw_name(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct places p, uint32_t row, int y)
{
    bool group = rows_is_group(row), selected = !v->bare && (group ? v->rows.group == rows_group(row) : row == v->lane && v->rows.group == UINT32_MAX);
    struct cv_buf label = {0};
    if (!p.name)
        return;
    canvas_put(c, r, p.x - 1, y, 0x2502, CV_C_FRAME, 0);
    if (group && rows_sub(row))
        return;
    rows_label(v, row, &label);
    for (char *sign = group ? strstr(label.at, " ×") : NULL; sign; sign = NULL) { /* of a long name the count stays */
        int count = canvas_width(sign), room = p.name - count;
        *sign = 0;
        int used = canvas_fit(c, r, r.x + 1, y, label.at, room, selected ? CV_C_FOCUS : CV_C_TEXT, CV_A_BOLD);
        *sign = ' ';
        canvas_fit(c, r, r.x + 1 + used, y, sign, p.name - used, CV_C_DIM, 0);
    }
    if (!group)
        canvas_name(c, r, r.x + 1, y, label.at, p.name, selected ? CV_C_FOCUS : CV_C_TEXT, selected ? CV_A_BOLD : 0);
    if (selected && v->object == CV_NO_TASK)
        canvas_put(c, r, r.x, y, 0x25b8, CV_C_FOCUS, CV_A_BOLD);
    else if (!group && rows_pinned(v, row))
        canvas_put(c, r, r.x, y, '*', CV_C_KEY, 0);
    cv_buf_release(&label);
}

static void draw_lane(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct places p, uint32_t lane, int y)
{
    uint8_t marked = MARK_NONE;
    draw_name(v, c, r, p, lane, y);
    uint64_t column = view_column_ns(v), first = view_from(v) / column, end = (v->live ? view_end(v) : v->seen) / column;
    uint32_t n = p.columns < KEPT ? (uint32_t)p.columns : KEPT;
    struct column columns[KEPT];
    n = first > end ? 0 : end - first + 1 < n ? (uint32_t)(end - first + 1) : n;
    columns_of(v, slot_of(v, lane, column), lane, first, n, columns);
    for (int i = 0; i < (int)n; i++) {
        struct column k = columns[i];
        enum cv_state s = (enum cv_state)k.state;
        if (k.preempted == MARK_EXACT && marked != MARK_EXACT)
            canvas_put(c, r, p.x + i, y, v->ascii ? 'X' : 0x2573, CV_C_PREEMPT, CV_A_BOLD);
        else if (k.preempted == MARK_WITHIN && marked != MARK_WITHIN)
            canvas_put(c, r, p.x + i, y, v->ascii ? '%' : 0x2248, CV_C_PREEMPT, 0);
        else if (k.eighths)
            canvas_put(c, r, p.x + i, y, partial(v, k.eighths), CV_C_RUNNING, k.preempted ? CV_A_UNDERLINE : 0);
        else
            canvas_put(c, r, p.x + i, y, view_state_glyph(v, s), view_state_colour(s), k.preempted ? CV_A_UNDERLINE : 0);
        marked = k.preempted; /* of preemptions in a row the first is marked, the rest underlined: the shares stay seen */
    }
}

static void draw_now(struct cv_canvas *c, struct cv_rect r, struct places p, struct cv_lane_at at, int y)
{
    if (!p.now)
        return;
    char core[24];
    const char *word = cv_state_info[at.state].name;
    if (at.state == CV_ST_RUNNING && at.core != CV_NO_CORE && p.now >= 13) {
        snprintf(core, sizeof core, "on core %u", at.core);
        word = core;
    } else if ((at.state == CV_ST_WAITING || at.state == CV_ST_BLOCKED) && at.cause < CV_CAUSE_COUNT && p.now >= 13) {
        word = cv_cause_name[at.cause];
    }
    canvas_put(c, r, p.x + p.columns, y, 0x2502, CV_C_FRAME, 0);
    canvas_fit(c, r, p.x + p.columns + 1, y, word, p.now, view_state_colour(at.state), 0);
}

/* How many of a group do what most of them do, and how many run: a row each. */
static void draw_group_now(struct cv_canvas *c, struct cv_rect r, struct places p, uint32_t row, int y, const uint64_t counts[CV_ST_COUNT])
{
    char text[48];
    uint64_t all = 0;
    uint32_t nth = rows_sub(row);
    bool used[CV_ST_COUNT] = {false};
    enum cv_state s = CV_ST_RUNNING;
    if (!p.now)
        return;
    canvas_put(c, r, p.x + p.columns, y, 0x2502, CV_C_FRAME, 0);
    for (uint32_t k = 0; k <= nth; k++) {
        s = CV_ST_NONE;
        for (int i = 0; i < CV_ST_COUNT; i++)
            if (!used[i] && (used[s] || counts[i] > counts[s]))
                s = (enum cv_state)i;
        used[s] = true;
    }
    if (!counts[s])
        return;
    for (int i = 0; i < CV_ST_COUNT; i++)
        all += counts[i];
    int digits = snprintf(text, sizeof text, "%llu", (unsigned long long)all); /* as wide as the group is large, whatever it does: nothing jumps */
    snprintf(text, sizeof text, p.now >= 13 ? "%*llu %s" : "%*llu %.4s", digits, (unsigned long long)counts[s], cv_state_info[s].name);
    canvas_fit(c, r, p.x + p.columns + 1, y, text, p.now, view_state_colour(s), 0);
}

static void draw_fold(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, uint32_t rest, const uint64_t shown[CV_ST_COUNT])
{
    static const enum cv_state order[] = {CV_ST_RUNNING, CV_ST_READY, CV_ST_BLOCKED, CV_ST_FROZEN, CV_ST_WAITING, CV_ST_STOPPED,
                                          CV_ST_FAILED, CV_ST_DONE, CV_ST_NONE, CV_ST_LOST};
    const struct census *all = view_census(v);
    if (!rest) { /* but the loop, or what a band does less often */
        canvas_str(c, r, r.x + 1, y, v->ascii ? ".." : "…", CV_C_DIM, 0);
        return;
    }
    int x = r.x + 1 + canvas_printf(c, r, r.x + 1, y, CV_C_TEXT, 0, "+ %u more:", rest);
    for (size_t i = 0; i < CV_COUNT(order); i++) {
        enum cv_state s = order[i];
        if (all->by_state[s] <= shown[s])
            continue;
        x += 1 + canvas_printf(c, r, x + 1, y, view_state_colour(s), 0, "%llu %s", (unsigned long long)(all->by_state[s] - shown[s]), cv_state_info[s].name);
        x += 1 + canvas_put(c, r, x + 1, y, view_state_glyph(v, s), view_state_colour(s), 0);
    }
}

/* ── the pane ───────────────────────────────────────────────────────────────────────────────────── */
static void title(const struct cv_view *v, struct cv_buf *out)
{
    if (!v->m)
        return;
    view_marks_words(v, out);
    if (v->by_core)
        cv_buf_str(out, out->n ? " · by core" : "by core");
    if (*v->rows.filter)
        cv_buf_printf(out, "%sonly %s", out->n ? " · " : "", v->rows.filter);
    cv_buf_printf(out, "%s%s wide", out->n ? " · " : "", cv_duration_text(view_column_ns(v) * (uint64_t)v->columns, v->ascii));
}

static void draw_cursor(const struct cv_view *v, struct cv_canvas *c, struct places p, uint32_t rows)
{
    int x = cursor_column(v, p);
    struct cv_rect lanes = {p.x, p.lanes_y, p.columns, (int)rows};
    canvas_mark(c, canvas_clip(lanes, (struct cv_rect){x, p.lanes_y, 1, (int)rows}), CV_A_REVERSE);
    if (p.axis >= 0)
        canvas_put(c, (struct cv_rect){p.x, p.axis, p.columns, 1}, x, p.axis, 0x25bc, CV_C_CURSOR, CV_A_BOLD);
}

void timeline_axis(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    struct places p = place(v, r);
    p.axis = r.y;
    draw_axis(v, c, r, p);
}

static void draw_objects(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct places p)
{
    for (uint32_t i = 0; i < p.objects; i++) {
        int y = p.objects_y + (int)i;
        bool chosen = p.object[i] == v->object;
        if (p.name) {
            canvas_fit(c, r, r.x + 1, y, objects_name(v, p.object[i]), p.name, chosen ? CV_C_FOCUS : CV_C_DIM, chosen ? CV_A_BOLD : 0);
            if (chosen)
                canvas_put(c, r, r.x, y, 0x25b8, CV_C_FOCUS, CV_A_BOLD);
            canvas_put(c, r, p.x - 1, y, 0x2502, CV_C_FRAME, 0);
        }
        struct cv_rect row = {p.x, y, p.columns, 1}, now = {p.x + p.columns + 1, y, p.now, p.now ? 1 : 0};
        objects_draw(v, c, canvas_clip(r, row), canvas_clip(r, now), p.object[i]);
        if (p.now)
            canvas_put(c, r, p.x + p.columns, y, 0x2502, CV_C_FRAME, 0);
    }
}

/* One entry of the legend, whole or not at all; where the next begins. */
static int legend_entry(struct cv_canvas *c, struct cv_rect row, int x, uint32_t glyph, int times, enum cv_colour colour, unsigned attributes, const char *name)
{
    if (x + times + 1 + canvas_width(name) > row.x + row.w)
        return row.x + row.w;
    for (int i = 0; i < times; i++)
        x += canvas_put(c, row, x, row.y, glyph, colour, attributes);
    return x + 3 + canvas_str(c, row, x + 1, row.y, name, CV_C_DIM, 0);
}

/* What the lanes are drawn with, where a row is left for it. */
static void draw_legend(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y)
{
    static const enum cv_state states[] = {CV_ST_RUNNING, CV_ST_READY, CV_ST_WAITING, CV_ST_BLOCKED, CV_ST_FROZEN};
    static const struct { uint32_t glyph, plain; const char *name; enum cv_colour colour; } more[] = {
        {0x2573, 'X', "preempted", CV_C_PREEMPT}, {0x25c6, '*', "finding", CV_C_WARN}};
    struct cv_rect row = canvas_clip(r, (struct cv_rect){r.x, y, r.w - 1, 1});
    int x = r.x + 1;
    for (size_t i = 0; i < CV_COUNT(states); i++)
        x = legend_entry(c, row, x, view_state_glyph(v, states[i]), 2, view_state_colour(states[i]), 0, cv_state_info[states[i]].name);
    for (size_t i = 0; i < CV_COUNT(more); i++)
        x = legend_entry(c, row, x, v->ascii ? more[i].plain : more[i].glyph, 1, more[i].colour, CV_A_BOLD, more[i].name);
}

static void draw_words(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct places p)
{
    struct cv_buf lines[CAUSE_LINES] = {{0}};
    enum cv_colour colours[CAUSE_LINES];
    int n = v->rows.group == UINT32_MAX ? cause_lines(v, lines, colours) : 0;
    if (v->rows.group != UINT32_MAX) {
        n = 1;
        rows_say_group(v, v->rows.group, &lines[0]);
        colours[0] = CV_C_TEXT;
    }
    for (int i = 0; i < CAUSE_LINES; i++) {
        if (i < n && i < p.details)
            canvas_fit(c, r, r.x + 1 + 2 * (i > 0), p.detail + i, lines[i].at, r.w - 2 - 2 * (i > 0), colours[i], 0);
        cv_buf_release(&lines[i]);
    }
    if (n < p.details)
        draw_legend(v, c, r, p.detail + p.details - 1);
}

/* Tasks without a row; a lane that stands below its own band is counted once. */
static uint32_t rest_of(const struct cv_view *v, uint32_t shown)
{
    uint32_t all = view_nlanes(v) - (cv_model_has_loop(v->m) ? 1 : 0);
    return all > shown ? all - shown : 0;
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    if (!v->m) {
        canvas_fit(c, r, r.x + 1, r.y, "starting…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    struct places p = place(v, r);
    uint32_t first, rows = lane_rows(v, p, &first), n = rows_count(v), tasks = 0;
    uint64_t shown[CV_ST_COUNT] = {0}, counts[CV_ST_COUNT];
    bool banded[ROWS_GROUPS] = {false};
    if (p.axis >= 0)
        draw_axis(v, c, r, p);
    if (v->by_core) {
        rows = (uint32_t)core_lanes_draw(v, c, r, (struct core_lanes_place){p.name, p.x, p.columns, p.now, p.lanes_y, p.rows, p.detail});
        if (!v->live)
            draw_cursor(v, c, p, rows);
        return;
    }
    for (uint32_t i = 0; i < rows; i++)
        if (rows_is_group(rows_at(v, first + i)) && rows_group(rows_at(v, first + i)) < ROWS_GROUPS)
            banded[rows_group(rows_at(v, first + i))] = true;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t lane = rows_at(v, first + i);
        if (rows_is_group(lane)) {
            bool top = rows_sub(lane) == 0 || i == 0;
            cv_model_group_at(v->m, rows_group(lane), v->cursor, counts);
            draw_name(v, c, r, p, lane, p.lanes_y + (int)i);
            draw_group_now(c, r, p, lane, p.lanes_y + (int)i, counts);
            rows_draw_band(v, c, r, p.x, p.columns, p.lanes_y + (int)i, lane, 1);
            for (int s = 0; s < CV_ST_COUNT && top; s++)
                shown[s] += counts[s], tasks += (uint32_t)counts[s];
            continue;
        }
        struct cv_lane_at at = cv_model_lane_at(v->m, lane, v->cursor);
        draw_lane(v, c, r, p, lane, p.lanes_y + (int)i);
        draw_now(c, r, p, at, p.lanes_y + (int)i);
        uint32_t group = lane != CV_LANE_LOOP ? cv_model_group_of(v->m, lane) : ROWS_GROUPS;
        if (lane != CV_LANE_LOOP && !(group < ROWS_GROUPS && banded[group])) /* beside its band it is counted with that */
            shown[at.state]++, tasks++;
    }
    struct cv_rect lanes = canvas_clip(r, (struct cv_rect){p.x, p.lanes_y, p.columns, (int)rows});
    bool accesses = v->object != CV_NO_TASK; /* what was asked for lies above the marks, arrows below them */
    if (accesses)
        findings_marks(v, c, lanes, first);
    if (!v->bare)
        arrows_draw(v, c, lanes, first);
    if (!accesses)
        findings_marks(v, c, lanes, first);
    if (!v->live)
        draw_cursor(v, c, p, rows);
    if (n > rows && (int)rows < p.rows)
        draw_fold(v, c, r, p.lanes_y + (int)rows, rest_of(v, tasks), shown);
    if (p.tall > 1)
        tall_draw(c, r, lanes);
    draw_objects(v, c, r, p);
    if (!v->live && p.objects)
        canvas_mark(c, canvas_clip(r, (struct cv_rect){cursor_column(v, p), p.objects_y, 1, (int)p.objects}), CV_A_REVERSE);
    if (p.detail >= 0 && n > 0)
        draw_words(v, c, r, p);
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    if (!v->m)
        return;
    struct places p = place(v, r);
    bool among = x >= p.x && x < p.x + p.columns;
    uint64_t t = view_from(v) + view_column_ns(v) * (uint64_t)(among ? x - p.x : 0) + view_column_ns(v) / 2;
    if (button == 4 || button == 5) {
        if (among)
            view_zoom_at(v, button == 4, t);
        else
            view_zoom(v, button == 4);
        return;
    }
    uint32_t first, rows = lane_rows(v, p, &first);
    if (button == 1 && !v->by_core && y >= p.lanes_y && y < p.lanes_y + (int)rows * p.tall) {
        uint32_t row = first + (uint32_t)((y - p.lanes_y) / p.tall), at = rows_at(v, row);
        if (rows_is_group(at) && v->rows.group == rows_group(at))
            rows_unfold(v); /* one more click on the band */
        else
            rows_choose(v, row);
    }
    if (button == 1 && y >= p.objects_y && y < p.objects_y + (int)p.objects)
        v->object = p.object[y - p.objects_y];
    if (button == 1 || button == 2)
        view_play(v, 0);
    if ((button == 1 || button == 2) && among)
        view_goto(v, t);
}

const struct cv_pane_ops timeline_pane = {.name = "Timeline", .summary = "what each task and the loop did, over time", .title = title, .draw = draw, .click = click};
