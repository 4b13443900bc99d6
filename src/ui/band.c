/* A group of tasks as a band of density: a column is filled from below with what its tasks did in it, by their shares: running,
 * ready, blocked, frozen, waiting. Whoever ran at all is seen: an eighth of a row at least. */
#include "ui/view.h"

enum { WIDEST = 512, EIGHTHS = 8 };

static const enum cv_state from_below[] = {CV_ST_RUNNING, CV_ST_READY, CV_ST_BLOCKED, CV_ST_FROZEN, CV_ST_WAITING, CV_ST_STOPPED, CV_ST_LOST, CV_ST_FAILED, CV_ST_DONE, CV_ST_NONE};

/* Eighths of a row that each state takes in the band, in the order from below; together nrows * 8. */
static void fill(const struct cv_lane_column *k, uint32_t nrows, uint32_t eighths[CV_COUNT(from_below)])
{
    uint64_t all = 0, sum = 0;
    uint32_t total = nrows * EIGHTHS, before = 0;
    for (int s = 0; s < CV_ST_COUNT; s++)
        all += k->ns[s];
    for (size_t i = 0; i < CV_COUNT(from_below); i++) {
        sum += k->ns[from_below[i]];
        uint32_t until = all ? (uint32_t)((double)sum / (double)all * total + 0.5) : i + 1 == CV_COUNT(from_below) ? total : 0;
        if (i == 0 && k->ns[CV_ST_RUNNING] && until == 0)
            until = 1;
        until = until < before ? before : until > total ? total : until;
        eighths[i] = until - before;
        before = until;
    }
    eighths[CV_COUNT(from_below) - 1] += total - before;
}

static void cell(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, const uint32_t eighths[CV_COUNT(from_below)], uint32_t bottom)
{
    uint32_t at = 0, most = 0, running = 0;
    enum cv_state state = CV_ST_NONE;
    for (size_t i = 0; i < CV_COUNT(from_below); at += eighths[i++]) {
        uint32_t low = at > bottom ? at : bottom, high = at + eighths[i] < bottom + EIGHTHS ? at + eighths[i] : bottom + EIGHTHS;
        uint32_t share = high > low ? high - low : 0;
        if (from_below[i] == CV_ST_RUNNING)
            running = share;
        if (share > most) {
            most = share;
            state = from_below[i];
        }
    }
    if (running > 0)
        canvas_put(c, r, x, y, 0x2580 + running, CV_C_RUNNING, 0);
    else
        canvas_put(c, r, x, y, view_state_glyph(v, state), view_state_colour(state), 0);
}

void rows_draw_band(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int columns, int y, uint32_t first, uint32_t nrows)
{
    struct cv_lane_column k[WIDEST];
    uint32_t group = rows_group(first), height = 1, eighths[CV_COUNT(from_below)];
    uint64_t column = view_column_ns(v), from = view_from(v), end = v->live ? view_end(v) : v->seen;
    for (uint32_t i = rows_index(v, ROWS_GROUP | group); i != UINT32_MAX && rows_at(v, i + height) == (ROWS_GROUP | height << 20 | group);)
        height++;
    uint32_t n = columns < WIDEST ? (uint32_t)columns : WIDEST;
    if (from > end)
        return;
    n = (end - from) / column + 1 < n ? (uint32_t)((end - from) / column + 1) : n;
    uint64_t last = from + (n - 1) * column, known = view_end(v);
    cv_model_group_columns(v->m, group, from, column, n - 1, k);
    cv_model_group_columns(v->m, group, last, known > last && known - last < column ? known - last : column, 1, &k[n - 1]);
    for (uint32_t i = 0; i < n; i++) {
        fill(&k[i], height, eighths);
        for (uint32_t row = 0; row < nrows; row++)
            cell(v, c, r, x + (int)i, y + (int)row, eighths, (height - 1 - rows_sub(first) - row) * EIGHTHS);
    }
}
