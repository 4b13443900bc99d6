/* Lanes of two rows, where a screen has so many that nobody needs them otherwise, and for a room: the lanes are drawn one row each, and are
 * drawn out here. What fills a row fills both; a line, a letter, a mark stays in the upper one, so that lanes stand apart. */
#include "ui/view.h"

enum { LANES_MOST = 16, HEIGHT_LEAST = 50, TOLD_LEAST = 32 /* below, the code needs the rows more */ };

/* Bands of groups show by rows how many do what: they stay as they are. */
bool tall_wanted(const struct cv_view *v, int height)
{
    uint32_t n = rows_count(v);
    if (!v->m || v->by_core || v->bare || n == 0 || n > LANES_MOST || height < (view_slide(v) ? TOLD_LEAST : HEIGHT_LEAST))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (rows_is_group(rows_at(v, i)))
            return false;
    return true;
}

static bool fills(const struct cv_canvas *c, uint32_t glyph)
{
    if (c->ascii)
        return glyph == '#' || glyph == '=' || glyph == '~' || glyph == ':' || glyph == '|';
    return (glyph >= 0x2588 && glyph <= 0x2593) || glyph == 0x2502 || glyph == 0x250a;
}

/* Does an arrow go on below? */
static bool joins(const struct cv_canvas *c, uint32_t glyph)
{
    if (c->ascii)
        return glyph == 'v' || glyph == '^' || glyph == 'o' || glyph == '|';
    return glyph == 0x25bc || glyph == 0x25b2 || glyph == 0x25cf || glyph == 0x2502 || glyph == 0x250a;
}

static bool ends(const struct cv_canvas *c, uint32_t glyph)
{
    return c->ascii ? glyph == 'v' || glyph == '^' || glyph == 'o' : glyph == 0x25bc || glyph == 0x25b2 || glyph == 0x25cf;
}

/* The lower row's cell below `at`, over the next lane's `next` (NULL: it is the last). */
static struct cv_cell_ui lower(const struct cv_canvas *c, struct cv_cell_ui at, const struct cv_cell_ui *next)
{
    struct cv_cell_ui out = at;
    if (fills(c, at.c))
        return out;
    if (next && ends(c, at.c) && joins(c, next->c)) {
        out.c = c->ascii ? '|' : 0x2502;
        return out;
    }
    out.c = ' ';
    out.wide = false;
    out.attrs &= CV_A_REVERSE;
    return out;
}

void tall_draw(struct cv_canvas *c, struct cv_rect pane, struct cv_rect lanes)
{
    for (int i = lanes.h - 1; i >= 0; i--)
        for (int x = pane.x; x < pane.x + pane.w; x++) {
            struct cv_cell_ui *from = &c->at[(lanes.y + i) * c->width + x], *to = &c->at[(lanes.y + 2 * i) * c->width + x], at = *from;
            /* the next lane has been moved already, to two rows below this one's place */
            struct cv_cell_ui below = x < lanes.x - 1 || x > lanes.x + lanes.w ? (struct cv_cell_ui){.c = ' '} : lower(c, at, i + 1 < lanes.h ? to + 2 * c->width : NULL);
            *to = at;
            to[c->width] = below;
        }
}
