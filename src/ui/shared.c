/* The Shared pane: each shared variable with its value at the cursor, who wrote it last and how often, who still holds an
 * older version of it, and under processes each one's own copy; then the sync objects, their owners and who queues. */
#include <string.h>

#include "ui/view.h"

enum { VALUE_BYTES = 400, COPIES_LOOKED_AT = 4096 };

/* What stands right of the value: only as much as fits, the warning first. */
static void draw_history(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, struct cv_var_at at)
{
    if (at.stale != CV_NO_TASK) {
        struct cv_buf stale = {0};
        cv_buf_printf(&stale, "⚠ %s stale", cv_model_task_name(v->m, at.stale));
        int width = canvas_width(stale.at), from = r.x + r.w - width;
        if (from < x)
            from = x;
        canvas_fit(c, r, from, y, stale.at, r.x + r.w - from, CV_C_WARN, CV_A_BOLD);
        r.w = from - 1 - r.x;
        cv_buf_release(&stale);
    }
    if (!at.written)
        return;
    struct cv_buf text = {0};
    cv_buf_printf(&text, "← %s", at.writer != CV_NO_TASK ? cv_model_task_name(v->m, at.writer) : "?");
    x += 2 + canvas_fit(c, r, x, y, text.at, r.x + r.w - x, CV_C_DIM, 0);
    text.n = 0;
    cv_buf_printf(&text, "%llu write%s", (unsigned long long)at.writes, at.writes == 1 ? "" : "s");
    if (x + canvas_width(text.at) <= r.x + r.w)
        canvas_str(c, r, x, y, text.at, CV_C_DIM, 0);
    cv_buf_release(&text);
}

static void draw_value(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, uint32_t var, uint32_t copy)
{
    struct cv_var_at at = cv_model_var_at(v->m, var, copy, v->cursor);
    struct cv_buf value = {0};
    cv_model_var_text(v->m, var, copy, v->cursor, VALUE_BYTES, &value);
    cv_buf_str(&value, "");
    int room = r.x + r.w - x, most = room > 34 ? room - 22 : room * 3 / 5;
    bool fresh = at.written && v->cursor - at.t <= view_column_ns(v);
    int used = canvas_fit(c, r, x, y, value.at, most < 4 ? room : most, CV_C_TEXT, CV_A_BOLD | (fresh ? CV_A_REVERSE : 0));
    cv_buf_release(&value);
    draw_history(v, c, r, x + (used < 6 ? 6 : used) + 2, y, at);
}

static int name_width(const struct cv_run_info *info, int w)
{
    int most = 4;
    for (uint32_t i = 0; i < info->nvars + info->nsyncs; i++) {
        int width = canvas_width(i < info->nvars ? info->vars[i].name : info->syncs[i - info->nvars].name);
        most = width > most ? width : most;
    }
    return most < w / 3 ? most : w / 3;
}

/* Rows are numbered through; skip counts down those scrolled away. */
struct pen { int y, skip, bottom; };

static bool next_row(struct pen *p)
{
    if (p->skip > 0) {
        p->skip--;
        return false;
    }
    return p->y < p->bottom;
}

static void draw_copies(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct pen *pen, int name, uint32_t var)
{
    uint32_t n = cv_model_ntasks(v->m);
    for (uint32_t task = 0; task < n && task < COPIES_LOOKED_AT && pen->y < pen->bottom; task++) {
        if (!cv_model_has_copy(v->m, var, task) || !next_row(pen))
            continue;
        int indent = 2;
        canvas_name(c, r, r.x + indent, pen->y, cv_model_task_name(v->m, task), name > indent ? name - indent : 1,
                   task == v->lane ? CV_C_FOCUS : CV_C_DIM, 0);
        draw_value(v, c, r, r.x + name + 2, pen->y++, var, task);
    }
}

static bool has_copies(const struct cv_view *v, uint32_t var)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    return info->model == CV_PROCESSES && info->vars[var].kind == CV_VAR_SHARED;
}

static void draw_sync(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, int name, uint32_t sync)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_sync_at at = cv_model_sync_at(v->m, sync, v->cursor);
    int x = r.x + name + 2;
    canvas_fit(c, r, r.x, y, info->syncs[sync].name, name, CV_C_TEXT, 0);
    switch (info->syncs[sync].kind) {
    case CV_SYNC_LOCK:
        if (at.owner != CV_NO_TASK)
            x += canvas_printf(c, r, x, y, CV_C_READY, CV_A_BOLD, "held by %s", cv_model_task_name(v->m, at.owner));
        else
            x += canvas_str(c, r, x, y, "free", CV_C_GOOD, 0);
        break;
    case CV_SYNC_QUEUE: x += canvas_printf(c, r, x, y, CV_C_TEXT, 0, "%llu queued", (unsigned long long)at.length); break;
    case CV_SYNC_SEMAPHORE: x += canvas_printf(c, r, x, y, CV_C_TEXT, 0, "%llu of %llu free", (unsigned long long)at.length, (unsigned long long)info->syncs[sync].size); break;
    default: x += canvas_str(c, r, x, y, cv_sync_kind_name[info->syncs[sync].kind], CV_C_TEXT, 0); break;
    }
    if (at.waiting)
        x += 2 + canvas_printf(c, r, x + 2, y, CV_C_BLOCKED, 0, "%u wait", at.waiting);
    canvas_printf(c, r, x + 2, y, CV_C_DIM, 0, "%llu take%s", (unsigned long long)at.takes, at.takes == 1 ? "" : "s");
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    if (!v->m) {
        canvas_fit(c, r, r.x + 1, r.y, "starting…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    const struct cv_run_info *info = cv_model_info(v->m);
    int name = name_width(info, r.w);
    struct pen pen = {r.y, v->scroll[PANE_SHARED] > 0 ? v->scroll[PANE_SHARED] : 0, r.y + r.h};
    if (info->nvars + info->nsyncs == 0)
        canvas_fit(c, r, r.x + 1, r.y, "nothing is shared", r.w - 1, CV_C_DIM, 0);
    for (uint32_t var = 0; var < info->nvars && pen.y < pen.bottom; var++) {
        bool copies = has_copies(v, var);
        if (next_row(&pen)) {
            int x = r.x + canvas_fit(c, r, r.x, pen.y, info->vars[var].name, name, CV_C_TITLE, CV_A_BOLD);
            if (copies)
                canvas_fit(c, r, x + 2, pen.y, "each process has its own", r.x + r.w - x - 2, CV_C_DIM, 0);
            else
                draw_value(v, c, r, r.x + name + 2, pen.y, var, CV_NO_TASK);
            pen.y++;
        }
        if (copies)
            draw_copies(v, c, r, &pen, name, var);
    }
    for (uint32_t sync = 0; sync < info->nsyncs && pen.y < pen.bottom; sync++)
        if (next_row(&pen))
            draw_sync(v, c, r, pen.y++, name, sync);
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)r, (void)x, (void)y;
    if (button == 4 || button == 5)
        v->scroll[PANE_SHARED] += button == 4 ? -1 : 1;
}

const struct cv_pane_ops shared_pane = {.name = "Shared", .summary = "what tasks share: values, writers, copies, locks and who waits", .draw = draw, .click = click};
