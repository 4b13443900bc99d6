/* The minimap: the whole run in the lower frame of the timeline, drawn where the window shows only a part of it. Its height is
 * how many switches fell into a piece of time; bright is what the window shows. */
#include <string.h>

#include "ui/view.h"

enum { MOST_COLUMNS = 512 };

/* The run's length, in the few steps in which a growing run is fitted, so that the map does not creep. */
static uint64_t whole(const struct cv_view *v) { return view_over(v) ? view_end(v) : view_round_span(v->known, 10000000); }

static int columns_of(struct cv_rect pane)
{
    int n = pane.w - 4;
    return n > MOST_COLUMNS ? MOST_COLUMNS : n;
}

static bool wanted(const struct cv_view *v, struct cv_rect pane)
{
    if (!v->m || !layout_framed(pane) || columns_of(pane) < 8)
        return false;
    uint64_t end = view_over(v) ? view_end(v) : v->known, from = view_from(v);
    return end > 0 && (from > 0 || from + view_window(v) < end);
}

static int column_of(uint64_t t, uint64_t all, int n)
{
    int i = (int)((double)t / (double)all * n);
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static void draw_switches(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, uint64_t all)
{
    uint32_t counts[MOST_COLUMNS];
    uint64_t from = view_from(v), seen = v->live ? view_end(v) : v->seen, before = 0;
    uint32_t most = 1;
    int n = row.w, first = column_of(from, all, n), last = column_of(from + view_window(v) < all ? from + view_window(v) - 1 : all, all, n);
    for (int i = 0; i < n; i++) {
        uint64_t to = (uint64_t)((double)all * (i + 1) / n), until = cv_model_nswitches(v->m, to < seen ? to : seen);
        counts[i] = (uint32_t)(until - before);
        most = counts[i] > most ? counts[i] : most;
        before = until;
    }
    for (int i = 0; i < n; i++) {
        bool inside = i >= first && i <= last;
        uint32_t eighths = counts[i] ? 1 + (uint32_t)((uint64_t)counts[i] * 7 / most) : 0;
        canvas_put(c, row, row.x + i, row.y, eighths ? 0x2580 + eighths : inside ? 0x2501 : 0x2500, inside ? CV_C_FOCUS : CV_C_DIM, inside ? CV_A_BOLD : 0);
    }
    canvas_put(c, row, row.x + first, row.y, '[', CV_C_FOCUS, CV_A_BOLD);
    if (last > first)
        canvas_put(c, row, row.x + last, row.y, ']', CV_C_FOCUS, CV_A_BOLD);
}

void minimap_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect pane)
{
    if (!wanted(v, pane))
        return;
    struct cv_rect row = {pane.x + 2, pane.y + pane.h - 1, columns_of(pane), 1};
    uint64_t all = whole(v), seen = v->live ? view_end(v) : v->seen;
    draw_switches(v, c, row, all);
    for (uint32_t i = 0, n = cv_model_nfindings(v->m, seen); i < n; i++)
        canvas_put(c, row, row.x + column_of(cv_model_finding(v->m, i).t, all, row.w), row.y, 0x26a0, CV_C_WARN, CV_A_BOLD);
    for (int i = 0; i < 2; i++)
        if (v->marks[i] != UINT64_MAX)
            canvas_put(c, row, row.x + column_of(v->marks[i], all, row.w), row.y, (uint32_t)('A' + i), CV_C_KEY, CV_A_BOLD);
    canvas_put(c, row, row.x + column_of(v->cursor, all, row.w), row.y, 0x2503, CV_C_CURSOR, CV_A_BOLD);
}

bool minimap_click(struct cv_view *v, struct cv_rect pane, int x, int y, int button)
{
    struct cv_rect row = {pane.x + 2, pane.y + pane.h - 1, columns_of(pane), 1};
    if (!wanted(v, pane) || y != row.y || x < row.x || x >= row.x + row.w || (button != 1 && button != 2))
        return false;
    view_play(v, 0);
    view_goto(v, (uint64_t)((double)whole(v) * (x - row.x + 0.5) / row.w));
    return true;
}
