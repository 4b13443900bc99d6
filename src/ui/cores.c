/* The Cores pane: how busy each core is by the system's own account, the run's share in it told apart, who is on it, and
 * how it went over the timeline's window. */
#include <string.h>

#include "ui/view.h"

enum { LEVELS = 8, HISTORY_MOST = 40 };

static uint32_t ncores(const struct cv_view *v)
{
    uint32_t seen = v->m ? cv_model_ncores(v->m) : 0;
    return v->topo && v->topo->ncores ? v->topo->ncores : seen;
}

static uint32_t number_of(const struct cv_view *v, uint32_t i) { return v->topo && v->topo->ncores ? v->topo->cores[i].os : i; }

static void draw_bar(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, int width, struct cv_core_at at)
{
    double busy = at.busy < 0 ? at.run : at.busy, run = at.run < 0 ? 0 : at.run;
    busy = busy < 0 ? 0 : busy > 1 ? 1 : busy;
    run = run > busy ? busy : run;
    int all = (int)(busy * width + 0.5), ours = (int)(run * width + 0.5);
    if (run > 0 && ours == 0 && width > 0)
        canvas_put(c, r, x, y, v->ascii ? '|' : 0x258f, CV_C_RUNNING, 0);
    for (int i = 0; i < all && i < width; i++)
        canvas_put(c, r, x + i, y, i < ours ? (v->ascii ? '#' : 0x2588) : (v->ascii ? '~' : 0x2591), i < ours ? CV_C_RUNNING : CV_C_SYSTEM, 0);
}

static void draw_history(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, int width, uint32_t core)
{
    static const char plain[LEVELS + 1] = ".,:-=+*#";
    uint64_t wide = view_column_ns(v) * (uint64_t)v->columns, from = view_from(v), end = view_end(v);
    for (int i = 0; i < width; i++) {
        uint64_t a = from + wide * (uint64_t)i / (uint64_t)width, b = from + wide * (uint64_t)(i + 1) / (uint64_t)width;
        if (a >= end || b <= a)
            break;
        struct cv_core_at at = cv_model_core_span(v->m, core, a, b < end ? b : end);
        double busy = at.busy < 0 ? at.run : at.busy;
        if (busy < 0)
            continue;
        int level = (int)(busy * LEVELS);
        level = level >= LEVELS ? LEVELS - 1 : level;
        canvas_put(c, r, x + i, y, v->ascii ? (uint32_t)plain[level] : (uint32_t)(0x2581 + level), at.run > 0.005 ? CV_C_RUNNING : CV_C_SYSTEM, 0);
    }
}

/* Who is on the core at the cursor; NULL: nobody of ours. The thread of a main task nobody wrote is the loop's. */
static const char *who(const struct cv_view *v, uint32_t task)
{
    if (task == CV_NO_TASK || (view_over(v) && v->cursor >= view_end(v)))
        return NULL;
    bool loop = task == 0 && cv_model_info(v->m)->implicit_main && cv_model_has_loop(v->m);
    uint32_t lane = loop ? CV_LANE_LOOP : task;
    return cv_model_lane_at(v->m, lane, v->cursor).state == CV_ST_RUNNING ? view_lane_name(v, lane) : NULL;
}

static void draw_core(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, uint32_t core, bool allowed)
{
    struct cv_core_at at = {.busy = -1, .run = -1, .task = CV_NO_TASK};
    if (v->m)
        at = cv_model_core_at(v->m, core, v->cursor);
    enum cv_colour ink = allowed ? CV_C_TEXT : CV_C_DIM;
    int number = core >= 100 ? 3 : core >= 10 ? 2 : 2, name = r.w >= 24 ? 8 : 0;
    int history = r.w >= 38 && v->m ? (r.w - 30) / 2 : 0;
    history = history > HISTORY_MOST ? HISTORY_MOST : history;
    int bar = r.w - number - 3 - 5 - (name ? name + 1 : 0) - (history ? history + 1 : 0);
    int x = r.x;
    canvas_printf(c, r, x, y, ink, 0, "%*u", number, core);
    x += number + 1;
    if (bar >= 3) {
        canvas_put(c, r, x, y, 0x2595, CV_C_FRAME, 0);
        draw_bar(v, c, r, x + 1, y, bar, at);
        canvas_put(c, r, x + 1 + bar, y, 0x258f, CV_C_FRAME, 0);
        x += bar + 2;
    }
    if (at.busy >= 0)
        canvas_printf(c, r, x, y, ink, 0, "%3.0f%%", at.busy * 100);
    else if (at.run >= 0)
        canvas_printf(c, r, x, y, ink, 0, "%3.0f%%", at.run * 100);
    else
        canvas_str(c, r, x, y, "  - ", CV_C_DIM, 0);
    x += 5;
    const char *task = v->m ? who(v, at.task) : NULL;
    if (name)
        canvas_name(c, r, x, y, task ? task : allowed ? "" : "not ours", name, task ? CV_C_RUNNING : CV_C_DIM, 0);
    x += name ? name + 1 : 0;
    if (history)
        draw_history(v, c, r, x, y, history, core);
}

static void title(const struct cv_view *v, struct cv_buf *out)
{
    if (v->status.cores_why && *v->status.cores_why)
        cv_text_clean(out, v->status.cores_why, strlen(v->status.cores_why));
    else if (v->topo)
        cv_topo_text(v->topo, out);
}

/* The cores this program may use come first; what does not fit is summed up in the last row. */
static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    uint32_t n = ncores(v), rows = (uint32_t)(r.h > 0 ? r.h : 0), y = 0, rest = 0;
    double busy = 0;
    uint32_t room = n > rows && rows > 1 ? rows - 1 : rows;
    uint32_t skip = (uint32_t)(v->scroll[PANE_CORES] > 0 ? v->scroll[PANE_CORES] : 0);
    skip = n > room ? (skip > n - room ? n - room : skip) : 0;
    if (!n) {
        canvas_fit(c, r, r.x + 1, r.y, "reading the machine…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    for (int allowed = 1; allowed >= 0; allowed--) {
        for (uint32_t i = 0; i < n; i++) {
            bool ours = !v->topo || !v->topo->ncores || v->topo->cores[i].allowed;
            if (ours != (allowed == 1))
                continue;
            if (skip == 0 && y < room) {
                draw_core(v, c, r, r.y + (int)y++, number_of(v, i), ours);
                continue;
            }
            skip -= skip > 0;
            double b = v->m ? cv_model_core_at(v->m, number_of(v, i), v->cursor).busy : -1;
            busy += b > 0 ? b : 0;
            rest++;
        }
    }
    if (rest && room < rows)
        canvas_printf(c, r, r.x + 1, r.y + r.h - 1, CV_C_DIM, 0, "+ %u more cores, %.0f%% busy", rest, busy * 100 / rest);
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)r, (void)x, (void)y;
    if (button == 4 || button == 5)
        v->scroll[PANE_CORES] += button == 4 ? -1 : 1;
}

const struct cv_pane_ops cores_pane = {.name = "Cores", .summary = "how busy each core is, with what, and who is on it", .title = title, .draw = draw, .click = click};
