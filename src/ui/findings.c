/* The list of findings: over the whole picture, a sentence each, how many of each kind; Enter goes to the instant of the one that is
 * chosen. And their marks on the lanes of the timeline. What has not been shown yet is not told here either. */
#include <stdlib.h>
#include <string.h>

#include "ui/findings.h"

enum { TIME_WIDTH = 9, MARGIN = 2 };

uint32_t findings_count(const struct cv_view *v) { return v->m ? cv_model_nfindings(v->m, v->live ? UINT64_MAX : v->seen) : 0; }

/* The newest that is not later than the cursor. */
void findings_open(struct cv_view *v)
{
    uint32_t until = v->m ? cv_model_nfindings(v->m, v->cursor) : 0, n = findings_count(v);
    v->listing = !v->listing;
    v->listed = until && !v->live ? until - 1 : 0;
    v->listed = v->listed < n ? v->listed : n ? n - 1 : 0;
}

void findings_move(struct cv_view *v, int by)
{
    int64_t n = findings_count(v), at = (int64_t)v->listed + by;
    v->listed = (uint32_t)(at < 0 ? 0 : at >= n ? (n ? n - 1 : 0) : at);
}

void findings_goto(struct cv_view *v, uint32_t i)
{
    if (i >= findings_count(v))
        return;
    struct cv_summary_finding f = cv_model_finding(v->m, i);
    if (f.task != CV_NO_TASK && f.task < cv_model_ntasks(v->m)) {
        v->lane = f.task;
        v->chosen = true;
        v->object = CV_NO_TASK;
        v->scroll[PANE_CODE] = 0;
    }
    view_play(v, 0);
    view_goto(v, f.t);
}

/* ── the list ───────────────────────────────────────────────────────────────────────────────────── */
/* An entry at row y (c NULL: only measured): a line that says when, what and who, and its sentence. Returns the row below. */
static int entry(const struct cv_view *v, struct cv_canvas *c, struct cv_rect clip, struct cv_rect r, int y, uint32_t i)
{
    struct cv_summary_finding f = cv_model_finding(v->m, i);
    bool chosen = i == v->listed;
    int x = r.x + MARGIN, text = r.w >= 60 ? x + TIME_WIDTH + 1 : x;
    if (c) {
        if (chosen)
            canvas_put(c, clip, r.x, y, 0x25b8, CV_C_FOCUS, CV_A_BOLD);
        canvas_printf(c, clip, x, y, CV_C_DIM, 0, "%*s", TIME_WIDTH - 1, cv_duration_text(f.t, v->ascii));
        x += TIME_WIDTH + 1;
        x += 2 + canvas_str(c, clip, x, y, cv_finding_info[f.kind].name, CV_C_WARN, CV_A_BOLD | (chosen ? CV_A_REVERSE : 0));
        if (*f.task_name)
            x += 2 + canvas_str(c, clip, x, y, f.task_name, CV_C_TITLE, CV_A_BOLD);
        if (f.line)
            canvas_printf(c, clip, x, y, CV_C_DIM, 0, "line %u", f.line);
    }
    y++;
    for (size_t at = 0, next; f.text[at]; at += next, y++) {
        size_t take = canvas_wrap(f.text + at, r.x + r.w - text - 1, &next);
        if (!c)
            continue;
        char *piece = cv_strndup(f.text + at, take);
        canvas_str(c, clip, text, y, piece, CV_C_TEXT, chosen ? CV_A_BOLD : 0);
        free(piece);
    }
    return y;
}

/* The first entry to show so that the chosen one is seen whole, with one before it where there is room. */
static uint32_t first_entry(const struct cv_view *v, struct cv_rect r)
{
    uint32_t i = v->listed;
    int h = entry(v, NULL, r, r, 0, i);
    while (i > 0) {
        h += entry(v, NULL, r, r, 0, i - 1);
        if (h > r.h)
            break;
        i--;
    }
    return i;
}

static void kinds(const struct cv_view *v, struct cv_buf *out)
{
    uint32_t counts[CV_FINDING_COUNT] = {0};
    for (uint32_t i = 0, n = findings_count(v); i < n; i++)
        counts[cv_model_finding(v->m, i).kind]++;
    for (int k = 0; k < CV_FINDING_COUNT; k++)
        if (counts[k])
            cv_buf_printf(out, "%s%u × %s", out->n ? " · " : "", counts[k], cv_finding_info[k].name);
}

void findings_list(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    uint32_t n = findings_count(v);
    struct cv_rect inside = layout_inside(r);
    struct cv_buf right = {0}, sum = {0};
    canvas_fill(c, r, ' ', CV_C_TEXT, 0);
    cv_buf_str(&right, n ? "Enter goes there · d closes" : "d closes");
    if (layout_framed(r))
        canvas_box(c, r, "Findings", right.at, CV_C_FOCUS, true);
    if (n) {
        kinds(v, &sum);
        canvas_fit(c, inside, inside.x + MARGIN, inside.y, sum.at, inside.w - MARGIN, CV_C_WARN, 0);
        int rows = inside.h >= 6 ? 2 : 1;
        inside.y += rows;
        inside.h -= rows;
        int y = inside.y;
        for (uint32_t i = first_entry(v, inside); i < n && y < inside.y + inside.h; i++)
            y = entry(v, c, inside, inside, y, i);
    } else {
        canvas_fit(c, inside, inside.x + MARGIN, inside.y, "Nothing was found so far.", inside.w - MARGIN, CV_C_GOOD, 0);
    }
    cv_buf_release(&right);
    cv_buf_release(&sum);
}

/* ── marks ──────────────────────────────────────────────────────────────────────────────────────── */
static bool marked(const struct cv_canvas *c, int x, int y) { return x >= 0 && c->at[y * c->width + x].colour == CV_C_WARN; }

/* Where one follows the other, the first alone covers what the lane did; of the others its glyph stays, in their colour. */
static void mark(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, int x, int y)
{
    lanes = canvas_clip(lanes, (struct cv_rect){0, 0, c->width, c->height});
    if (x < lanes.x || x >= lanes.x + lanes.w || y < lanes.y || y >= lanes.y + lanes.h || marked(c, x, y))
        return;
    if (x > lanes.x && marked(c, x - 1, y))
        c->at[y * c->width + x].colour = CV_C_WARN;
    else
        canvas_put(c, lanes, x, y, v->ascii ? '*' : 0x25c6, CV_C_WARN, CV_A_BOLD);
}

void findings_marks(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, uint32_t first)
{
    uint64_t column = view_column_ns(v), from = view_from(v);
    uint32_t n = findings_count(v), before = from ? cv_model_nfindings(v->m, from - 1) : 0;
    for (uint32_t i = before; i < n; i++) {
        struct cv_summary_finding f = cv_model_finding(v->m, i);
        uint64_t x = (f.t - from) / column;
        if (f.t < from || x >= (uint64_t)lanes.w)
            break; /* they are sorted by time */
        uint32_t row = f.task == CV_NO_TASK ? UINT32_MAX : rows_index(v, f.task);
        if (row != UINT32_MAX && row >= first && row - first < (uint32_t)lanes.h)
            mark(v, c, lanes, lanes.x + (int)x, lanes.y + (int)(row - first));
    }
}
