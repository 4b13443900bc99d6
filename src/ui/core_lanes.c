/* The timeline by core: a row a core, a column an equal piece of time, in it the letter and the colour of the task that ran there: a capital
 * where the run had the core for most of the column, a small letter where for less. Other load is a shade, an idle core a dot, and a
 * column in which no task had the half of the run's time an asterisk. Letters are given to the tasks by their number and stand
 * with their names in the last row. Who ran where is known from the kernel's switches alone: without them that is said. */
#include <stdlib.h>

#include "ui/core_lanes.h"
#include "ui/cores.h"

enum { LETTERS = 26, MOST_COLUMNS = 512 };

static bool is_loop(const struct cv_view *v, uint32_t task) { return task == 0 && cv_model_info(v->m)->implicit_main && cv_model_has_loop(v->m); }

static uint32_t lane_of(const struct cv_view *v, uint32_t task) { return is_loop(v, task) ? CV_LANE_LOOP : task; }

static enum cv_colour colour_of(const struct cv_view *v, uint32_t task)
{
    static const enum cv_colour colours[] = {CV_C_RUNNING, CV_C_READY, CV_C_WAITING, CV_C_FROZEN, CV_C_BLOCKED, CV_C_FOCUS};
    return colours[view_lane_index(v, lane_of(v, task)) % CV_COUNT(colours)];
}

/* The task that only starts the others has no lane, and so no letter. */
static uint32_t letter_of(const struct cv_view *v, uint32_t task, bool capital)
{
    if (task == 0 && cv_model_info(v->m)->implicit_main && !is_loop(v, task))
        return '@';
    return (capital ? 'A' : 'a') + view_lane_index(v, lane_of(v, task)) % LETTERS;
}

/* The cores on which the run was come first, those that are ours next. */
static int rank(const struct cv_view *v, const struct core_unit *u)
{
    return cv_model_core_span(v->m, u->at.os, 0, view_end(v)).run > 0 ? 0 : u->at.allowed ? 1 : 2;
}

static struct core_units in_order(const struct cv_view *v)
{
    struct core_units all = cores_units(v), u = all;
    u.at = cv_alloc((all.n + 1) * sizeof *u.at);
    u.n = 0;
    for (int k = 0; k < 3; k++)
        for (uint32_t i = 0; i < all.n; i++)
            if (rank(v, &all.at[i]) == k)
                u.at[u.n++] = all.at[i];
    free(all.at);
    return u;
}

static void put_column(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, const struct cv_core_column *k)
{
    double busy = k->busy < 0 ? k->run : k->busy;
    if (k->task != CV_NO_TASK && k->several)
        canvas_put(c, r, x, y, '*', CV_C_RUNNING, k->run < 0.5 ? 0 : CV_A_BOLD);
    else if (k->task != CV_NO_TASK)
        canvas_put(c, r, x, y, letter_of(v, k->task, k->run >= 0.5), colour_of(v, k->task), lane_of(v, k->task) == v->lane ? CV_A_BOLD | CV_A_UNDERLINE : k->run < 0.5 ? 0 : CV_A_BOLD);
    else if (busy < 0)
        canvas_put(c, r, x, y, '?', CV_C_DIM, 0);
    else
        canvas_put(c, r, x, y, busy >= 0.5 ? 0x2592 : busy >= 0.1 ? 0x2591 : 0xb7, busy >= 0.1 ? CV_C_SYSTEM : CV_C_DIM, 0);
}

/* Letters and names of those seen, until the row is full. */
static void draw_legend(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, const uint32_t *seen, uint32_t nseen, bool several)
{
    struct cv_rect row = canvas_clip(r, (struct cv_rect){r.x, y, r.w, 1});
    int x = r.x + 1;
    if (!cv_model_knows_cores(v->m)) {
        struct cv_buf text = {0};
        cv_buf_printf(&text, "which task ran where is not known: %s%s", v->status.source_name ? v->status.source_name : "the source",
                      v->status.source_name ? " does not tell the cores of the switches" : "");
        canvas_fit(c, row, x, y, text.at, r.w - 2, CV_C_WARN, 0);
        cv_buf_release(&text);
        return;
    }
    x += canvas_str(c, row, x, y, v->ascii ? "~= others " : "░▒ others ", CV_C_SYSTEM, 0);
    if (several)
        x += canvas_str(c, row, x + 1, y, "* several", CV_C_RUNNING, 0) + 2;
    for (uint32_t i = 0; i < nseen; i++) {
        const char *name = view_lane_name(v, lane_of(v, seen[i]));
        if (x + 3 + canvas_width(name) + (i + 1 < nseen ? 6 : 0) > r.x + r.w) {
            canvas_printf(c, row, x + 1, y, CV_C_DIM, 0, "+%u", nseen - i);
            return;
        }
        x += 1 + canvas_put(c, row, x + 1, y, letter_of(v, seen[i], true), colour_of(v, seen[i]), CV_A_BOLD);
        x += 1 + canvas_str(c, row, x + 1, y, name, CV_C_TEXT, 0);
    }
}

static void draw_now(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, int width, const struct core_unit *u)
{
    char busy[16];
    const char *who = cores_who(v, u);
    if (!width)
        return;
    snprintf(busy, sizeof busy, "%.0f%% busy", u->now.busy * 100);
    canvas_put(c, r, x, y, 0x2502, CV_C_FRAME, 0);
    canvas_name(c, r, x + 1, y, u->now.offline ? "offline" : who ? who : u->now.busy < 0 ? "" : busy, width, who ? colour_of(v, u->now.task) : CV_C_DIM, 0);
}

int core_lanes_count(const struct cv_view *v)
{
    struct core_units u = cores_units(v);
    free(u.at);
    return (int)u.n;
}

int core_lanes_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct core_lanes_place p)
{
    struct core_units u = in_order(v);
    uint64_t column = view_column_ns(v), first = view_from(v) / column, end = (v->live ? view_end(v) : v->seen) / column;
    uint32_t n = p.columns < MOST_COLUMNS ? (uint32_t)p.columns : MOST_COLUMNS, nseen = 0, seen[LETTERS];
    int rows = u.n <= (uint32_t)p.rows ? (int)u.n : p.rows > 1 ? p.rows - 1 : p.rows;
    bool several = false;
    struct cv_core_column columns[MOST_COLUMNS];
    n = first > end ? 0 : end - first + 1 < n ? (uint32_t)(end - first + 1) : n;
    for (int i = 0; i < rows; i++) {
        int y = p.y + i;
        if (p.name)
            canvas_printf(c, canvas_clip(r, (struct cv_rect){r.x, y, p.name + 1, 1}), r.x + 1, y, u.at[i].at.allowed ? CV_C_TEXT : CV_C_DIM, 0, p.name >= 6 ? "core %u" : "%u", u.at[i].at.os);
        if (p.name)
            canvas_put(c, r, p.x - 1, y, 0x2502, CV_C_FRAME, 0);
        cv_model_core_columns(v->m, u.at[i].at.os, first * column, column, n, columns);
        for (uint32_t k = 0; k < n; k++) {
            put_column(v, c, r, p.x + (int)k, y, &columns[k]);
            uint32_t s = 0;
            several |= columns[k].several && columns[k].task != CV_NO_TASK;
            while (s < nseen && seen[s] != columns[k].task)
                s++;
            if (s < nseen || columns[k].task == CV_NO_TASK || nseen == CV_COUNT(seen))
                continue;
            for (s = nseen++; s > 0 && view_lane_index(v, lane_of(v, seen[s - 1])) > view_lane_index(v, lane_of(v, columns[k].task)); s--)
                seen[s] = seen[s - 1]; /* in the order of the letters */
            seen[s] = columns[k].task;
        }
        draw_now(v, c, r, p.x + p.columns, y, p.now, &u.at[i]);
    }
    if (rows < (int)u.n && rows < p.rows)
        canvas_printf(c, r, r.x + 1, p.y + rows, CV_C_DIM, 0, "+ %d more core%s", (int)u.n - rows, (int)u.n - rows == 1 ? "" : "s");
    if (p.detail >= 0)
        draw_legend(v, c, r, p.detail, seen, nseen, several);
    free(u.at);
    return rows;
}
