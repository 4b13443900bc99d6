/* Help: the keys of keys.def, the glyphs of states.def, the panes of cv_panes. Beside each other where there is room, below each
 * other where there is not; text wraps, and what does not fit scrolls. */
#include "ui/help.h"
#include "ui/keys.h"

enum { KEYS_WIDTH = 12, NARROW_KEYS_WIDTH = 8, NAMES_WIDTH = 12, BESIDE = 90 /* columns from which there are two */ };

/* Where a section is drawn: within clip (empty: only measured), its left edge and width. */
struct sheet { struct cv_canvas *c; struct cv_rect clip; int x, w; };

/* Each returns the row below what it drew at y. */
static int wrapped(struct sheet s, int x, int y, const char *text)
{
    int width = s.x + s.w - x;
    do {
        size_t next, n = canvas_wrap(text, width, &next);
        for (size_t i = 0, at = (size_t)x, length; i < n; i += length)
            at += (size_t)canvas_put(s.c, s.clip, (int)at, y, cv_utf8(text + i, n - i, &length), CV_C_TEXT, 0);
        text += next;
        y++;
    } while (*text);
    return y;
}

static int heading(struct sheet s, int y, const char *text)
{
    canvas_fit(s.c, s.clip, s.x, y, text, s.w, CV_C_TITLE, CV_A_BOLD);
    return y + 1;
}

static int entry(struct sheet s, int y, const char *name, enum cv_colour colour, const char *text)
{
    int at = s.w >= 30 ? KEYS_WIDTH : NARROW_KEYS_WIDTH;
    canvas_fit(s.c, s.clip, s.x + 1, y, name, at - 1, colour, CV_A_BOLD);
    return wrapped(s, s.x + 1 + at, y, text);
}

/* What holds now comes first. */
static int draw_keys(const struct cv_view *v, struct sheet s, int y)
{
    static const struct { unsigned when; const char *title; } groups[] = {
        {0, "Keys"}, {KEYS_RUN | KEYS_ALWAYS, "Keys while a run is watched"}, {KEYS_STAGE, "Keys in the scheduler's place (s)"}, {KEYS_STORY, "Keys of the story (--present)"}};
    for (size_t g = 0; g < CV_COUNT(groups); g++) {
        bool titled = false;
        for (size_t i = 0; i < keys_count; i++) {
            bool now = keys_hold(&keys_table[i], v);
            if (now != (g == 0) || (!now && keys_table[i].when != groups[g].when && !(groups[g].when & keys_table[i].when & KEYS_RUN)))
                continue;
            if (!titled)
                y = heading(s, y + (g > 0), groups[g].title);
            titled = true;
            y = entry(s, y, keys_shown(v, i), CV_C_KEY, keys_table[i].summary);
        }
    }
    return y;
}

static int draw_states(const struct cv_view *v, struct sheet s, int y)
{
    static const struct { const char *glyph, *plain, *text; enum cv_colour colour; } more[] = {
        {"▏▎▍▌", ":", "ran for a part of this column", CV_C_RUNNING},
        {"▁▄█", ".-#", "of many tasks in one band: so many ran; above it what the others did, by their shares", CV_C_RUNNING},
        {"╳", "X", "preempted in this column; where it goes on, underlined", CV_C_PREEMPT},
        {"≈", "%", "preempted hereabouts, not known when", CV_C_PREEMPT},
        {"◆", "*", "a finding (d lists them)", CV_C_WARN},
        {"●│▼", "o|v", "woken by the lane at the dot; of a lock or queue: handed over", CV_C_CURSOR},
        {"●┊", "o:", "at the cursor: who is in the chosen lane's way", CV_C_BLOCKED},
        {"r w", "r w", "of the variable chosen: read here, written here", CV_C_CURSOR},
        {"○ ●", "o *", "beside the code: a switch can happen here; it did", CV_C_PREEMPT},
        {"⇄ ▶", "% >", "beside the code: switched away here, running here", CV_C_AWAIT}};
    y = heading(s, y, "Lanes of the timeline");
    for (int i = 0; i < CV_ST_COUNT; i++) {
        enum cv_state state = (enum cv_state)i;
        for (int k = 0; k < 3; k++)
            canvas_put(s.c, s.clip, s.x + 1 + k, y, view_state_glyph(v, state), view_state_colour(state), 0);
        canvas_fit(s.c, s.clip, s.x + 5, y, cv_state_info[i].name, NAMES_WIDTH - 1, view_state_colour(state), CV_A_BOLD);
        y = wrapped(s, s.x + 5 + NAMES_WIDTH, y, cv_state_info[i].meaning);
    }
    for (size_t i = 0; i < CV_COUNT(more); i++) {
        canvas_fit(s.c, s.clip, s.x + 1, y, v->ascii ? more[i].plain : more[i].glyph, 4, more[i].colour, CV_A_BOLD);
        y = wrapped(s, s.x + 6, y, more[i].text);
    }
    return y;
}

static int draw_panes(struct sheet s, int y)
{
    y = heading(s, y, "Panes");
    for (size_t i = 0; cv_panes[i]; i++)
        y = entry(s, y, cv_panes[i]->name, CV_C_FOCUS, cv_panes[i]->summary);
    return y;
}

/* All of it from row y on; returns the row below the last. */
static int draw_all(const struct cv_view *v, struct cv_canvas *c, struct cv_rect inside, struct cv_rect clip, int y)
{
    struct sheet left = {c, clip, inside.x, inside.w}, right = left;
    if (inside.w < BESIDE)
        return draw_panes(left, draw_states(v, left, draw_keys(v, left, y) + 1) + 1);
    left.w = inside.w * 56 / 100;
    right.x += left.w + 2;
    right.w -= left.w + 2;
    int a = draw_keys(v, left, y), b = draw_panes(right, draw_states(v, right, y) + 1);
    return a > b ? a : b;
}

void help_draw(struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    struct cv_rect inside = layout_framed(r) ? (struct cv_rect){r.x + 2, r.y + 1, r.w - 4, r.h - 2} : r;
    int all = draw_all(v, c, inside, (struct cv_rect){0}, 0), last = all > inside.h ? all - inside.h : 0;
    v->help_scroll = v->help_scroll < 0 ? 0 : v->help_scroll > last ? last : v->help_scroll;
    canvas_fill(c, r, ' ', CV_C_TEXT, 0);
    if (layout_framed(r)) {
        struct cv_buf right = {0};
        cv_buf_str(&right, "Esc closes");
        if (last)
            cv_buf_printf(&right, " · ↑ ↓ scroll, %d of %d", v->help_scroll + inside.h, all);
        canvas_box(c, r, "Help", right.at, CV_C_FOCUS, true);
        cv_buf_release(&right);
    }
    draw_all(v, c, inside, inside, inside.y - v->help_scroll);
}
