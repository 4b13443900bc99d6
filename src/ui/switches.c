/* The Switches pane: how often each task stopped running until the cursor, and by whose will: its own (await), because it had
 * to (block), or because another took the core (preempted); totals, the rate, and the causes one by one. */
#include <string.h>

#include "ui/view.h"

struct sums { uint64_t await, block, preempted, gil, other; };

static struct sums sum_up(const uint64_t n[CV_CAUSE_COUNT])
{
    struct sums s = {0};
    for (int c = 0; c < CV_BLOCK; c++)
        s.await += n[c];
    for (int c = CV_BLOCK; c < 2 * CV_REASON_COUNT; c++)
        s.block += n[c];
    s.preempted = n[CV_CAUSE_QUANTUM];
    s.gil = n[CV_CAUSE_GIL];
    s.other = n[CV_CAUSE_YIELD] + n[CV_CAUSE_SYSTEM];
    return s;
}

static uint64_t total(struct sums s) { return s.await + s.block + s.preempted + s.gil + s.other; }

static void number(struct cv_canvas *c, struct cv_rect r, int right, int y, int width, uint64_t n, enum cv_colour colour)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    if ((int)strlen(text) > width - 1) /* thousands, millions: a column never runs into the next */
        snprintf(text, sizeof text, n >= 1000000000 ? "%.1fG" : n >= 1000000 ? "%.1fM" : "%.0fk", (double)n / (n >= 1000000000 ? 1e9 : n >= 1000000 ? 1e6 : 1e3));
    canvas_str(c, r, right - (int)strlen(text), y, text, n ? colour : CV_C_DIM, 0);
}

struct columns { int name, n, width[5]; const char *head[5]; };

static void add_column(struct columns *k, const char *head, int width)
{
    k->head[k->n] = head;
    k->width[k->n++] = width;
    k->name -= width;
}

static struct columns columns_for(const struct cv_view *v, int w)
{
    int width = w >= 40 ? 8 : 6;
    bool gil = cv_model_info(v->m)->gil;
    struct columns k = {.name = w - 1};
    add_column(&k, "await", width);
    add_column(&k, "block", width);
    add_column(&k, w < 30 ? "preem" : w < 40 ? "preempt" : "preempted", w < 30 ? 6 : w < 40 ? 8 : 10);
    if (gil)
        add_column(&k, "gil", width);
    if (k.name - width >= (w < 40 ? 6 : 7))
        add_column(&k, "other", width);
    return k;
}

static void draw_row(struct cv_canvas *c, struct cv_rect r, int y, struct columns k, struct sums s, bool gil)
{
    uint64_t values[5] = {s.await, s.block, s.preempted, gil ? s.gil : s.other, s.other};
    static const enum cv_colour inks[5] = {CV_C_AWAIT, CV_C_BLOCK, CV_C_PREEMPT, CV_C_READY, CV_C_TEXT};
    int right = r.x + r.w;
    for (int i = k.n - 1; i >= 0; i--) {
        number(c, r, right, y, k.width[i], values[i], inks[i]);
        right -= k.width[i];
    }
}

static void draw_head(struct cv_canvas *c, struct cv_rect r, struct columns k)
{
    int right = r.x + r.w;
    for (int i = k.n - 1; i >= 0; i--) {
        canvas_str(c, r, right - (int)strlen(k.head[i]), r.y, k.head[i], CV_C_DIM, 0);
        right -= k.width[i];
    }
}

static void draw_causes(struct cv_canvas *c, struct cv_rect r, int y, int rows, const uint64_t all[CV_CAUSE_COUNT])
{
    for (int cause = 0; cause < CV_CAUSE_COUNT && rows > 0; cause++) {
        if (!all[cause] || cause == CV_CAUSE_EXIT)
            continue;
        canvas_str(c, r, r.x + 1, y, cv_cause_name[cause], CV_C_DIM, 0);
        number(c, r, r.x + 24 < r.x + r.w ? r.x + 24 : r.x + r.w, y++, 10, all[cause], CV_C_TEXT);
        rows--;
    }
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    if (!v->m) {
        canvas_fit(c, r, r.x + 1, r.y, "starting…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    if (v->cursor < cv_model_begin(v->m)) { /* how many there were by then is not known any more */
        canvas_fit(c, r, r.x + 1, r.y, "gone: older than what the history holds", r.w - 1, CV_C_WARN, 0);
        return;
    }
    struct columns k = columns_for(v, r.w);
    uint64_t all[CV_CAUSE_COUNT];
    cv_model_switches(v->m, v->cursor, all);
    int y = r.y, bottom = r.y + r.h;
    if (r.h >= 2) {
        draw_head(c, r, k);
        y++;
    }
    uint32_t lanes = view_nlanes(v), loop = cv_model_has_loop(v->m) ? 1 : 0, n = lanes - loop;
    uint32_t room = bottom - y > 1 ? (uint32_t)(bottom - y - 1) : 0, rows = n < room ? n : room;
    uint32_t selected = view_lane_index(v, v->lane);
    uint32_t first = view_first_row(n, rows, selected >= loop ? selected - loop : 0);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t task = view_lane(v, loop + first + i);
        uint64_t counts[CV_CAUSE_COUNT];
        cv_model_lane_switches(v->m, task, v->cursor, counts);
        canvas_name(c, r, r.x, y, cv_model_task_name(v->m, task), k.name, task == v->lane ? CV_C_FOCUS : CV_C_TEXT, task == v->lane ? CV_A_BOLD : 0);
        draw_row(c, r, y++, k, sum_up(counts), cv_model_info(v->m)->gil);
    }
    canvas_fit(c, r, r.x, y, "all", k.name, CV_C_TITLE, CV_A_BOLD);
    draw_row(c, r, y++, k, sum_up(all), cv_model_info(v->m)->gil);
    if (bottom - y > 1)
        draw_causes(c, r, y + 1, bottom - y - 1, all);
}

#define RATE_OVER 1000000000ull /* ns */
#define RATE_FROM 100000000ull  /* ns: of less time than this a few switches make no rate */

/* The total, and how many of them came in the last second; of a young run since its beginning, of one that is over on average. */
static void title(const struct cv_view *v, struct cv_buf *out)
{
    if (!v->m || v->cursor < cv_model_begin(v->m))
        return;
    bool whole = v->cursor <= RATE_OVER || (view_over(v) && v->cursor >= view_end(v));
    uint64_t all[CV_CAUSE_COUNT], before[CV_CAUSE_COUNT] = {0}, from = whole ? 0 : v->cursor - RATE_OVER;
    cv_model_switches(v->m, v->cursor, all);
    if (from)
        cv_model_switches(v->m, from, before);
    double rate = v->cursor > from ? (double)(total(sum_up(all)) - total(sum_up(before))) * 1e9 / (double)(v->cursor - from) : 0;
    cv_buf_printf(out, "%llu", (unsigned long long)total(sum_up(all)));
    if (v->cursor < RATE_FROM && total(sum_up(all)) < 20)
        return;
    cv_buf_str(out, " · ");
    cv_buf_printf(out, rate >= 1e6 ? "%.1fM/s" : rate >= 1e4 ? "%.0fk/s" : "%.0f/s", rate >= 1e6 ? rate / 1e6 : rate >= 1e4 ? rate / 1e3 : rate);
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)r, (void)x, (void)y;
    if (button == 4 || button == 5)
        view_select(v, button == 4 ? -1 : 1);
}

const struct cv_pane_ops switches_pane = {.name = "Switches", .summary = "how often each task stopped running, and by whose will", .title = title, .draw = draw, .click = click};
