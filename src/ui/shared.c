/* The Shared pane: each shared variable with its value at the cursor, who wrote it last and how often, who still holds an
 * older version of it, and under processes each one's own copy; then the sync objects, their owners and who queues. */
#include <string.h>

#include "ui/cause.h"

enum { VALUE_BYTES = 400, COPIES_LOOKED_AT = 4096, CLOSE_VALUE = 8 };

/* What has no room is left out: half a number says something else. */
static int whole(struct cv_canvas *c, struct cv_rect r, int x, int y, enum cv_colour colour, const char *text)
{
    return x + canvas_width(text) <= r.x + r.w ? canvas_str(c, r, x, y, text, colour, 0) : 0;
}

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
    cv_buf_printf(&text, "%s%llu write%s", at.at_least ? "≥ " : "", (unsigned long long)at.writes, at.writes == 1 ? "" : "s");
    whole(c, r, x, y, CV_C_DIM, text.at);
    cv_buf_release(&text);
}

/* Of a list the model knows who changed its length; who wrote last into any of its elements is told by its newest write. */
static void last_into_list(const struct cv_view *v, uint32_t var, struct cv_var_at *at)
{
    struct cv_moment write;
    if (!cv_model_next_write(v->m, var, v->cursor + 1, -1, &write))
        return;
    at->written = true;
    at->t = write.t;
    at->writer = write.task;
}

static void draw_value(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, uint32_t var, uint32_t copy)
{
    struct cv_var_at at = cv_model_var_at(v->m, var, copy, v->cursor);
    if (at.list && copy == CV_NO_TASK && !at.gone)
        last_into_list(v, var, &at);
    struct cv_buf value = {0};
    cv_model_var_text(v->m, var, copy, v->cursor, VALUE_BYTES, &value);
    cv_buf_str(&value, "");
    int room = r.x + r.w - x, most = room > 34 ? room - 22 : room * 3 / 5;
    bool fresh = at.written && v->cursor - at.t <= view_column_ns(v);
    int used = canvas_fit(c, r, x, y, value.at, most < 4 ? room : most, CV_C_TEXT, CV_A_BOLD | (fresh ? CV_A_REVERSE : 0));
    cv_buf_release(&value);
    if (at.unsure) /* records are missing since */
        used += canvas_put(c, r, x + used, y, '?', CV_C_WARN, CV_A_BOLD);
    draw_history(v, c, r, x + (used < 6 ? 6 : used) + 2, y, at);
}

static int name_width(const struct cv_run_info *info, int w)
{
    int most = 4;
    for (uint32_t i = 0; i < info->nvars + info->nsyncs; i++) {
        int width = canvas_width(i < info->nvars ? info->vars[i].name : info->syncs[i - info->nvars].name);
        most = width > most ? width : most;
    }
    return most < w * 2 / 5 ? most : w * 2 / 5;
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

static bool has_copies(const struct cv_view *v, uint32_t var)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    return info->model == CV_PROCESSES && info->vars[var].kind == CV_VAR_SHARED;
}

/* The next task from `task` on with a copy of its own; the number of tasks: none. */
static uint32_t next_copy(const struct cv_view *v, uint32_t var, uint32_t task)
{
    uint32_t n = cv_model_ntasks(v->m);
    n = n < COPIES_LOOKED_AT ? n : COPIES_LOOKED_AT;
    while (task < n && !cv_model_has_copy(v->m, var, task))
        task++;
    return task < n ? task : cv_model_ntasks(v->m);
}

/* How many copies there are, and columns that the longest name of their owners takes. */
static uint32_t count_copies(const struct cv_view *v, uint32_t var, int *widest)
{
    uint32_t n = 0, all = cv_model_ntasks(v->m);
    for (uint32_t task = next_copy(v, var, 0); task < all; task = next_copy(v, var, task + 1), n++) {
        int width = canvas_width(cv_model_task_name(v->m, task));
        *widest = width > *widest ? width : *widest;
    }
    return n;
}

/* A row a copy, below the variable's own. */
static void draw_copies(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct pen *pen, uint32_t var)
{
    int name = 4, indent = 2;
    uint32_t all = cv_model_ntasks(v->m);
    count_copies(v, var, &name);
    name = name < r.w / 3 ? name : r.w / 3;
    if (next_row(pen)) {
        int x = r.x + canvas_fit(c, r, r.x, pen->y, cv_model_info(v->m)->vars[var].name, r.w, CV_C_TITLE, CV_A_BOLD);
        canvas_fit(c, r, x + 2, pen->y++, "each process has its own", r.x + r.w - x - 2, CV_C_DIM, 0);
    }
    for (uint32_t task = next_copy(v, var, 0); task < all && pen->y < pen->bottom; task = next_copy(v, var, task + 1)) {
        if (!next_row(pen))
            continue;
        canvas_name(c, r, r.x + indent, pen->y, cv_model_task_name(v->m, task), name, task == v->lane ? CV_C_FOCUS : CV_C_DIM, 0);
        draw_value(v, c, r, r.x + indent + name + 2, pen->y++, var, task);
    }
}

/* Where there is no row for each: name and value alone, as many in a row as fit, beside the variable's name; below that, how many
 * have no room at all. */
static void draw_copies_close(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, struct pen *pen, int column, uint32_t var)
{
    int name = 1, left = r.x + column + 2, room = r.x + r.w - left, i = 0, rows = 0;
    uint32_t all = cv_model_ntasks(v->m), n = count_copies(v, var, &name), task = next_copy(v, var, 0);
    name = name < 10 ? name : 10;
    int in_row = room / (name + 1 + CLOSE_VALUE + 1) > 1 ? room / (name + 1 + CLOSE_VALUE + 1) : 1, width = room / in_row;
    for (; task < all && pen->y < pen->bottom; pen->y++, rows++) {
        bool shown = next_row(pen);
        for (int k = 0; k < in_row && task < all; k++, i++, task = next_copy(v, var, task + 1)) {
            if (!shown)
                continue;
            struct cv_buf value = {0};
            int x = left + k * width;
            cv_model_var_text(v->m, var, task, v->cursor, VALUE_BYTES, &value);
            cv_buf_str(&value, "");
            canvas_name(c, r, x, pen->y, cv_model_task_name(v->m, task), name, task == v->lane ? CV_C_FOCUS : CV_C_DIM, 0);
            canvas_fit(c, r, x + name + 1, pen->y, value.at, width - name - 2, CV_C_TEXT, CV_A_BOLD);
            cv_buf_release(&value);
        }
        if (rows == 0 && shown)
            canvas_fit(c, r, r.x, pen->y, cv_model_info(v->m)->vars[var].name, column, CV_C_TITLE, CV_A_BOLD);
        pen->y -= !shown;
    }
    if ((uint32_t)i < n && rows > 1)
        canvas_printf(c, canvas_clip(r, (struct cv_rect){r.x, r.y, column, r.h}), r.x, pen->y - 1, CV_C_DIM, 0, "+%u", n - (uint32_t)i);
}

/* Rows that everything takes with a row for each copy. */
static uint32_t rows_needed(const struct cv_view *v)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    uint32_t rows = info->nvars + info->nsyncs;
    int ignored = 0;
    for (uint32_t var = 0; var < info->nvars; var++)
        rows += has_copies(v, var) ? count_copies(v, var, &ignored) : 0;
    return rows;
}

static void draw_sync(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, int name, uint32_t sync)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_sync_at at = cv_model_sync_at(v->m, sync, v->cursor);
    int x = r.x + name + 2;
    bool chosen = v->object == info->nvars + sync;
    canvas_fit(c, r, r.x, y, info->syncs[sync].name, name, chosen ? CV_C_FOCUS : CV_C_TEXT, chosen ? CV_A_BOLD | CV_A_REVERSE : 0);
    switch (info->syncs[sync].kind) {
    case CV_SYNC_LOCK:
        if (at.owner != CV_NO_TASK)
            x += canvas_printf(c, r, x, y, CV_C_READY, CV_A_BOLD, "held by %s", cv_model_task_name(v->m, at.owner));
        else
            x += canvas_str(c, r, x, y, "free", CV_C_GOOD, 0);
        break;
    case CV_SYNC_QUEUE: x += canvas_printf(c, r, x, y, CV_C_TEXT, 0, "%llu queued", (unsigned long long)at.length); break;
    case CV_SYNC_SEMAPHORE: x += canvas_printf(c, r, x, y, CV_C_TEXT, 0, "%llu of %llu free", (unsigned long long)at.length, (unsigned long long)info->syncs[sync].size); break;
    case CV_SYNC_EVENT: x += canvas_str(c, r, x, y, at.length ? "set" : "not set", at.length ? CV_C_GOOD : CV_C_TEXT, 0); break;
    case CV_SYNC_BARRIER: x += canvas_printf(c, r, x, y, CV_C_TEXT, 0, "%llu of %llu came", (unsigned long long)at.length, (unsigned long long)info->syncs[sync].size); break;
    default: x += canvas_str(c, r, x, y, cv_sync_kind_name[info->syncs[sync].kind], CV_C_TEXT, 0); break;
    }
    char text[40];
    if (at.waiting) {
        snprintf(text, sizeof text, "%u wait", at.waiting);
        x += 2 + whole(c, r, x + 2, y, CV_C_BLOCKED, text);
    }
    snprintf(text, sizeof text, "%llu take%s", (unsigned long long)at.takes, at.takes == 1 ? "" : "s");
    whole(c, r, x + 2, y, CV_C_DIM, text);
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
    bool close = rows_needed(v) > (uint32_t)(r.h > 0 ? r.h : 0);
    for (uint32_t var = 0; var < info->nvars && pen.y < pen.bottom; var++) {
        if (has_copies(v, var) && close) {
            int rest = (int)(info->nvars + info->nsyncs - var - 1), bottom = pen.bottom; /* the others have their rows, too */
            pen.bottom -= rest < r.h / 2 ? rest : r.h / 2;
            draw_copies_close(v, c, r, &pen, name, var);
            pen.bottom = bottom;
        } else if (has_copies(v, var)) {
            draw_copies(v, c, r, &pen, var);
        } else if (next_row(&pen)) {
            canvas_fit(c, r, r.x, pen.y, info->vars[var].name, name, v->object == var ? CV_C_FOCUS : CV_C_TITLE, CV_A_BOLD | (v->object == var ? CV_A_REVERSE : 0));
            draw_value(v, c, r, r.x + name + 2, pen.y++, var, CV_NO_TASK);
        }
    }
    for (uint32_t sync = 0; sync < info->nsyncs && pen.y < pen.bottom; sync++)
        if (next_row(&pen))
            draw_sync(v, c, r, pen.y++, name, sync);
}

/* Where a row is an object's: without copies of processes they stand one below the other. */
static bool plain_rows(const struct cv_view *v)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    for (uint32_t var = 0; var < info->nvars; var++)
        if (has_copies(v, var))
            return false;
    return true;
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)x;
    if (button == 4 || button == 5)
        v->scroll[PANE_SHARED] += button == 4 ? -1 : 1;
    if (!v->m || button != 1 || y < r.y || !plain_rows(v))
        return;
    uint32_t object = (uint32_t)(y - r.y + (v->scroll[PANE_SHARED] > 0 ? v->scroll[PANE_SHARED] : 0));
    if (object < objects_count(v))
        v->object = v->object == object ? CV_NO_TASK : object;
}

/* With this pane in focus the arrows choose what is shared instead of a lane. */
static enum cv_command key(struct cv_view *v, int code)
{
    if ((code != CV_KEY_UP && code != CV_KEY_DOWN) || v->stepping || v->listing || v->story.slide == CV_SLIDE_OPENING || !objects_count(v))
        return CV_CMD_NONE;
    objects_select(v, code == CV_KEY_UP ? -1 : 1);
    return CV_CMD_REDRAW;
}

const struct cv_pane_ops shared_pane = {.name = "Shared", .summary = "what tasks share: values, writers, copies, locks and who waits", .draw = draw, .key = key, .click = click};
