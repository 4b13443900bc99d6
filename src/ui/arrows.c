/* Arrows over the lanes. Of the chosen lane: who woke it and when, and at the cursor who is in its way. Of a lock, semaphore or
 * queue: from whom to whom it went. Of a variable: who read and who wrote it, r and w. Each takes one column, and no more are
 * drawn than can be told apart. */
#include "ui/cause.h"

enum { MOST = 48, ACCESSES_A_COLUMN = 2 };

struct plot { const struct cv_view *v; struct cv_canvas *c; struct cv_rect lanes; uint32_t first; uint64_t from, column, end; int last_x; };

static int row_of(const struct plot *s, uint32_t lane)
{
    uint32_t i = rows_index(s->v, lane);
    if (i == UINT32_MAX && lane != CV_LANE_LOOP) /* one of a folded group: the arrow goes to the band */
        i = rows_index(s->v, ROWS_GROUP | cv_model_group_of(s->v->m, lane));
    if (i == UINT32_MAX)
        return INT32_MIN;
    return s->lanes.y + (int)i - (int)s->first;
}

static int x_of(const struct plot *s, uint64_t t) { return t < s->from ? -1 : s->lanes.x + (int)((t - s->from) / s->column); }

static struct plot plot_of(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, uint32_t first)
{
    uint64_t column = view_column_ns(v), from = view_from(v), end = v->live ? view_end(v) : v->seen, edge = from + column * (uint64_t)lanes.w;
    return (struct plot){v, c, lanes, first, from, column, end < edge ? end : edge - 1, INT32_MAX};
}

/* From one lane to another in the column x. A line leaves the picture where its lane is out of sight. */
static void arrow(struct plot *s, int x, uint32_t from, uint32_t to, uint32_t stroke, bool head, enum cv_colour colour)
{
    int a = row_of(s, from), b = row_of(s, to);
    if (a == INT32_MIN || b == INT32_MIN || a == b || x < 0)
        return;
    int step = a < b ? 1 : -1;
    for (int y = a + step; y != b; y += step)
        if (y >= s->lanes.y && y < s->lanes.y + s->lanes.h)
            canvas_put(s->c, s->lanes, x, y, stroke, colour, CV_A_BOLD);
    canvas_put(s->c, s->lanes, x, a, s->v->ascii ? 'o' : 0x25cf, colour, CV_A_BOLD);
    if (head)
        canvas_put(s->c, s->lanes, x, b, s->v->ascii ? (step > 0 ? 'v' : '^') : step > 0 ? 0x25bc : 0x25b2, colour, CV_A_BOLD);
}

/* ── a lane ─────────────────────────────────────────────────────────────────────────────────────── */
static void wakes(struct plot *s)
{
    struct cv_wake w;
    uint64_t t = s->end;
    for (int n = 0; n < MOST && cv_model_wake(s->v->m, s->v->lane, t, &w) && w.t >= s->from; n++) {
        int x = x_of(s, w.t);
        if (w.waker != CV_NO_TASK && x < s->last_x) {
            arrow(s, x, w.waker, s->v->lane, 0x2502, true, CV_C_CURSOR);
            s->last_x = x;
        }
        t = w.since < w.t ? w.since : w.t; /* the wake before: it began to wait then */
        if (t == 0)
            break;
        t--;
    }
}

static void in_the_way(struct plot *s)
{
    struct cv_lane_at at = cv_model_lane_at(s->v->m, s->v->lane, s->v->cursor);
    bool joins = at.state == CV_ST_WAITING && at.cause < 2 * CV_REASON_COUNT && at.cause % CV_REASON_COUNT == CV_REASON_JOIN;
    bool blocked = at.state == CV_ST_BLOCKED || at.state == CV_ST_FROZEN || at.state == CV_ST_READY;
    uint32_t who = joins ? at.object : blocked ? at.holder : CV_NO_TASK;
    int x = x_of(s, s->v->cursor);
    if (who != CV_NO_TASK && x >= s->lanes.x && x < s->lanes.x + s->lanes.w)
        arrow(s, x, who, s->v->lane, 0x250a, false, CV_C_BLOCKED);
}

/* ── an object ──────────────────────────────────────────────────────────────────────────────────── */
static void hand_overs(struct plot *s, uint32_t sync)
{
    struct cv_sync_step step, before;
    uint64_t t = s->end;
    for (int n = 0; n < 8 * MOST && cv_model_sync_step(s->v->m, sync, t, -1, &step) && step.t >= s->from && step.t > 0; n++) {
        int x = x_of(s, step.t);
        if (step.take && step.task != CV_NO_TASK && x < s->last_x) {
            bool known = cv_model_sync_step(s->v->m, sync, step.t - 1, -1, &before);
            for (int k = 0; k < 8 && known && (before.task == CV_NO_TASK || before.take) && before.t > 0; k++)
                known = cv_model_sync_step(s->v->m, sync, before.t - 1, -1, &before);
            if (known && !before.take && before.task != CV_NO_TASK && before.task != step.task) {
                arrow(s, x, before.task, step.task, 0x2502, true, CV_C_CURSOR);
                s->last_x = x;
            }
        }
        t = step.t - 1;
    }
}

static void accesses(struct plot *s, uint32_t var)
{
    struct cv_access a;
    int n = 0, most = ACCESSES_A_COLUMN * s->lanes.w;
    for (uint64_t t = s->end + 1; n <= most && cv_model_access(s->v->m, var, t, -1, &a) && a.t >= s->from; t = a.t)
        n++;
    if (n > most) /* nearer, then they can be told apart */
        return;
    for (uint64_t t = s->end + 1; n-- > 0 && cv_model_access(s->v->m, var, t, -1, &a) && a.t >= s->from; t = a.t) {
        int y = row_of(s, a.task), x = x_of(s, a.t);
        if (y < s->lanes.y || y >= s->lanes.y + s->lanes.h || x >= s->lanes.x + s->lanes.w)
            continue;
        bool there = s->c->at[y * s->c->width + x].c == 'w' && s->c->at[y * s->c->width + x].colour == CV_C_CURSOR;
        if (a.write || !there) /* where a column holds both the write is seen */
            canvas_put(s->c, s->lanes, x, y, a.write ? 'w' : 'r', CV_C_CURSOR, CV_A_BOLD | CV_A_UNDERLINE);
    }
}

void arrows_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect lanes, uint32_t first)
{
    uint32_t nvars = cv_model_info(v->m)->nvars;
    if (lanes.w < 1 || lanes.h < 1)
        return;
    struct plot s = plot_of(v, c, lanes, first);
    if (s.end < s.from)
        return;
    if (v->object != CV_NO_TASK && v->object < nvars) {
        accesses(&s, v->object);
    } else if (v->object != CV_NO_TASK) {
        hand_overs(&s, v->object - nvars);
    } else {
        wakes(&s);
        in_the_way(&s);
    }
}
