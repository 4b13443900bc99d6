/* Help: the keys of keys.def, the glyphs of states.def, the panes of cv_panes. A line of it is made on demand, so that
 * scrolling needs no copy of the whole. */
#include "ui/help.h"
#include "ui/keys.h"

enum { KEYS_WIDTH = 12 };

static void heading(struct cv_canvas *c, struct cv_rect r, int y, const char *text)
{
    canvas_fit(c, r, r.x, y, text, r.w, CV_C_TITLE, CV_A_BOLD);
}

static void entry(struct cv_canvas *c, struct cv_rect r, int y, const char *name, enum cv_colour colour, const char *text)
{
    int at = r.w >= 30 ? KEYS_WIDTH : 8;
    canvas_fit(c, r, r.x + 1, y, name, at - 1, colour, CV_A_BOLD);
    canvas_fit(c, r, r.x + 1 + at, y, text, r.w - 1 - at, CV_C_TEXT, 0);
}

static size_t npanes(void)
{
    size_t n = 0;
    while (cv_panes[n])
        n++;
    return n;
}

static void draw_state(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, enum cv_state s)
{
    for (int i = 0; i < 3; i++)
        canvas_put(c, r, r.x + 1 + i, y, view_state_glyph(v, s), view_state_colour(s), 0);
    int at = r.w >= 30 ? KEYS_WIDTH : 8;
    canvas_fit(c, r, r.x + 1 + at, y, cv_state_info[s].name, 12, view_state_colour(s), CV_A_BOLD);
    canvas_fit(c, r, r.x + 1 + at + 13, y, cv_state_info[s].meaning, r.w - at - 14, CV_C_TEXT, 0);
}

/* Line i of the help at row y; false past the end. */
static bool draw_line(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, size_t i)
{
    static const struct { const char *glyph, *plain, *text; enum cv_colour colour; } more[] = {
        {"▏▎▍▌", "|", "ran for a part of this column", CV_C_RUNNING},
        {"╳", "X", "preempted in this column; where it goes on, underlined", CV_C_PREEMPT},
        {"⇄ ▶", "% >", "beside the code: switched away here, running here", CV_C_AWAIT}};
    if (i == 0)
        return heading(c, r, y, "Keys"), true;
    if (--i < keys_count)
        return entry(c, r, y, keys_table[i].keys, CV_C_KEY, keys_table[i].summary), true;
    i -= keys_count;
    if (i == 0)
        return true;
    if (i == 1)
        return heading(c, r, y, "Lanes of the timeline"), true;
    i -= 2;
    if (i < CV_ST_COUNT)
        return draw_state(v, c, r, y, (enum cv_state)i), true;
    i -= CV_ST_COUNT;
    if (i < CV_COUNT(more))
        return entry(c, r, y, v->ascii ? more[i].plain : more[i].glyph, more[i].colour, more[i].text), true;
    i -= CV_COUNT(more);
    if (i == 0)
        return true;
    if (i == 1)
        return heading(c, r, y, "Panes"), true;
    i -= 2;
    if (i < npanes())
        return entry(c, r, y, cv_panes[i]->name, CV_C_FOCUS, cv_panes[i]->summary), true;
    return false;
}

void help_draw(struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    int all = (int)(1 + keys_count + 2 + CV_ST_COUNT + 3 + 2 + npanes());
    canvas_fill(c, r, ' ', CV_C_TEXT, 0);
    struct cv_rect inside = r;
    if (layout_framed(r)) {
        canvas_box(c, r, "Help", "Esc closes · ↑ ↓ scroll", CV_C_FOCUS, true);
        inside = (struct cv_rect){r.x + 2, r.y + 1, r.w - 4, r.h - 2};
    }
    int last = all > inside.h ? all - inside.h : 0;
    v->help_scroll = v->help_scroll < 0 ? 0 : v->help_scroll > last ? last : v->help_scroll;
    for (int y = 0; y < inside.h; y++)
        if (!draw_line(v, c, inside, inside.y + y, (size_t)(v->help_scroll + y)))
            break;
}
