/* Lanes of what tasks share: a lock by who holds it, a queue by how long it is, a variable by who wrote it last, column by column
 * on the timeline's own axis. */
#include <ctype.h>
#include <string.h>

#include "ui/cause.h"

uint32_t objects_count(const struct cv_view *v)
{
    const struct cv_run_info *info = v->m ? cv_model_info(v->m) : NULL;
    return info ? info->nvars + info->nsyncs : 0;
}

const char *objects_name(const struct cv_view *v, uint32_t object)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    return object < info->nvars ? info->vars[object].name : object - info->nvars < info->nsyncs ? info->syncs[object - info->nvars].name : "?";
}

static bool waits_for_sync(struct cv_lane_at at)
{
    unsigned reason = at.cause % CV_REASON_COUNT;
    return (at.state == CV_ST_WAITING || at.state == CV_ST_BLOCKED) && at.cause < 2 * CV_REASON_COUNT && reason >= CV_REASON_LOCK && reason <= CV_REASON_BARRIER;
}

uint32_t objects_subject(const struct cv_view *v)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    if (v->object != CV_NO_TASK)
        return v->object;
    if (v->lane == CV_LANE_LOOP)
        return CV_NO_TASK;
    struct cv_lane_at at = cv_model_lane_at(v->m, v->lane, v->cursor);
    return waits_for_sync(at) && at.object < info->nsyncs ? info->nvars + at.object : CV_NO_TASK;
}

void objects_select(struct cv_view *v, int by)
{
    int64_t n = objects_count(v), at = v->object == CV_NO_TASK ? (by > 0 ? 0 : n - 1) : (int64_t)v->object + by;
    v->object = n == 0 ? CV_NO_TASK : (uint32_t)(at < 0 ? 0 : at >= n ? n - 1 : at);
}

/* Under processes a variable that each has its own copy of has no one lane. */
static bool has_lane(const struct cv_view *v, uint32_t object)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    return object >= info->nvars || info->model != CV_PROCESSES || info->vars[object].kind != CV_VAR_SHARED;
}

uint32_t objects_shown(const struct cv_view *v, uint32_t room, uint32_t *out)
{
    uint32_t n = 0, subject = objects_subject(v);
    if (room >= objects_count(v)) /* in their own order: rows do not jump as the cursor moves */
        subject = CV_NO_TASK;
    if (subject != CV_NO_TASK && room && has_lane(v, subject))
        out[n++] = subject;
    for (uint32_t i = 0, all = objects_count(v); i < all && n < room; i++)
        if (i != subject && has_lane(v, i))
            out[n++] = i;
    return n;
}

/* ── columns ────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t initial(const char *name)
{
    size_t n = strlen(name), length;
    if (n && isdigit((unsigned char)name[n - 1]))
        return (uint32_t)name[n - 1];
    return n ? cv_utf8(name, n, &length) : '?';
}

/* A task that holds a lock, or wrote last: its initial, in the colour of the lane if it is the chosen one. */
static void draw_owner(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, int x, uint32_t task, enum cv_colour colour, bool changed)
{
    canvas_put(c, row, x, row.y, initial(cv_model_task_name(v->m, task)), task == v->lane ? CV_C_FOCUS : colour, CV_A_BOLD | (changed ? CV_A_UNDERLINE : 0));
}

static void draw_level(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, int x, uint64_t level, uint64_t of, enum cv_colour colour)
{
    if (of == 0)
        of = 8;
    uint64_t eighths = level >= of ? 8 : (level * 8 + of - 1) / of;
    if (level == 0)
        canvas_put(c, row, x, row.y, v->ascii ? '.' : 0xb7, CV_C_DIM, 0);
    else if (v->ascii)
        canvas_put(c, row, x, row.y, level > 9 ? '+' : '0' + (uint32_t)level, colour, 0);
    else
        canvas_put(c, row, x, row.y, 0x2580 + (uint32_t)eighths, colour, 0);
}

static void draw_sync(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, uint32_t sync, uint64_t from, uint64_t column, int n)
{
    const struct cv_info_sync *info = &cv_model_info(v->m)->syncs[sync];
    struct cv_sync_at before = cv_model_sync_at(v->m, sync, from ? from - 1 : 0);
    for (int i = 0; i < n; i++) {
        struct cv_sync_at at = cv_model_sync_at(v->m, sync, from + column * (uint64_t)(i + 1) - 1);
        bool taken = at.takes != before.takes;
        enum cv_colour colour = at.waiting ? CV_C_BLOCKED : CV_C_READY;
        switch (info->kind) {
        case CV_SYNC_LOCK:
            if (at.owner != CV_NO_TASK)
                draw_owner(v, c, row, row.x + i, at.owner, colour, taken);
            else
                canvas_put(c, row, row.x + i, row.y, taken ? '\'' : v->ascii ? '.' : 0xb7, taken ? CV_C_READY : CV_C_DIM, 0); /* held for a moment */
            break;
        case CV_SYNC_SEMAPHORE:
            draw_level(v, c, row, row.x + i, at.length < info->size ? info->size - at.length : 0, info->size, colour); /* permits that are out */
            break;
        case CV_SYNC_CONDITION: draw_level(v, c, row, row.x + i, at.waiting, 8, CV_C_WAITING); break;
        case CV_SYNC_EVENT: draw_level(v, c, row, row.x + i, at.length != 0, 1, CV_C_GOOD); break;
        default: draw_level(v, c, row, row.x + i, at.length, info->size, colour); break;
        }
        before = at;
    }
}

static void draw_var(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, uint32_t var, uint64_t from, uint64_t column, int n)
{
    uint64_t before = from ? cv_model_var_at(v->m, var, CV_NO_TASK, from - 1).writes : 0;
    for (int i = 0; i < n; i++) {
        struct cv_var_at at = cv_model_var_at(v->m, var, CV_NO_TASK, from + column * (uint64_t)(i + 1) - 1);
        if (at.written && at.writer != CV_NO_TASK)
            draw_owner(v, c, row, row.x + i, at.writer, at.stale != CV_NO_TASK ? CV_C_WARN : CV_C_TEXT, at.writes != before);
        else
            canvas_put(c, row, row.x + i, row.y, v->ascii ? '.' : 0xb7, CV_C_DIM, 0);
        before = at.writes;
    }
}

static void draw_now(const struct cv_view *v, struct cv_canvas *c, struct cv_rect now, uint32_t object)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_buf text = {0};
    if (object < info->nvars) {
        cv_model_var_text(v->m, object, CV_NO_TASK, v->cursor, 40, &text);
    } else {
        const struct cv_info_sync *s = &info->syncs[object - info->nvars];
        struct cv_sync_at at = cv_model_sync_at(v->m, object - info->nvars, v->cursor);
        switch (s->kind) {
        case CV_SYNC_LOCK: cv_buf_printf(&text, "%s%s", at.owner != CV_NO_TASK ? "by " : "free", at.owner != CV_NO_TASK ? cv_model_task_name(v->m, at.owner) : ""); break;
        case CV_SYNC_EVENT: cv_buf_str(&text, at.length ? "set" : "not set"); break;
        case CV_SYNC_CONDITION: cv_buf_printf(&text, "%u wait", at.waiting); break;
        case CV_SYNC_SEMAPHORE: cv_buf_printf(&text, "%llu free", (unsigned long long)at.length); break;
        default: cv_buf_printf(&text, "%llu of %llu", (unsigned long long)at.length, (unsigned long long)s->size); break;
        }
    }
    canvas_fit(c, now, now.x, now.y, text.at, now.w, CV_C_TEXT, 0);
    cv_buf_release(&text);
}

void objects_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect row, struct cv_rect now, uint32_t object)
{
    uint64_t column = view_column_ns(v), from = view_from(v), end = v->live ? view_end(v) : v->seen;
    uint64_t columns = end < from ? 0 : (end - from) / column + 1;
    int n = columns > (uint64_t)row.w ? row.w : (int)columns;
    uint32_t nvars = cv_model_info(v->m)->nvars;
    if (object < nvars)
        draw_var(v, c, row, object, from, column, n);
    else
        draw_sync(v, c, row, object - nvars, from, column, n);
    if (now.w > 0)
        draw_now(v, c, now, object);
}
