/* What a canvas is written as: plain text, ANSI colours (256), and an SVG picture. Pure functions of the cells. */
#include <string.h>

#include "ui/canvas.h"
#include "ui/theme.h"

void canvas_utf8(uint32_t c, struct cv_buf *out)
{
    char s[4];
    size_t n = 0;
    if (c < 0x80) {
        s[n++] = (char)c;
    } else if (c < 0x800) {
        s[n++] = (char)(0xc0 | c >> 6);
        s[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        s[n++] = (char)(0xe0 | c >> 12);
        s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        s[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        s[n++] = (char)(0xf0 | c >> 18);
        s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        s[n++] = (char)(0x80 | (c & 0x3f));
    }
    cv_buf_add(out, s, n);
}

/* Cells of a row up to the last that shows something. */
static int row_end(const struct cv_canvas *c, int y, bool attrs)
{
    int end = c->width;
    while (end > 0) {
        const struct cv_cell_ui *cell = &c->at[y * c->width + end - 1];
        if ((cell->c != ' ' && cell->wide != 2) || cell->wide == 2 || (attrs && cell->attrs & (CV_A_REVERSE | CV_A_UNDERLINE)))
            break;
        end--;
    }
    return end;
}

void cv_canvas_text(const struct cv_canvas *c, struct cv_buf *out)
{
    cv_buf_str(out, "");
    for (int y = 0; y < c->height; y++) {
        for (int x = 0, end = row_end(c, y, false); x < end; x++)
            if (c->at[y * c->width + x].wide != 2)
                canvas_utf8(c->at[y * c->width + x].c, out);
        cv_buf_str(out, "\n");
    }
}

static const struct theme *theme_of(const struct cv_canvas *c) { return &themes[c->theme >= 0 && c->theme < THEMES ? c->theme : 0]; }

static void add_sgr(struct cv_buf *out, const struct theme *t, const struct cv_cell_ui *cell)
{
    unsigned attrs = cell->attrs | t->of[cell->colour].attrs;
    cv_buf_str(out, "\033[0");
    if (attrs & CV_A_BOLD)
        cv_buf_str(out, ";1");
    if (attrs & CV_A_DIM)
        cv_buf_str(out, ";2");
    if (attrs & CV_A_UNDERLINE)
        cv_buf_str(out, ";4");
    if (attrs & CV_A_REVERSE)
        cv_buf_str(out, ";7");
    if (t->of[cell->colour].rgb != THEME_OWN)
        cv_buf_printf(out, ";38;5;%d", theme_256(t->of[cell->colour].rgb));
    if (t->ground != THEME_OWN)
        cv_buf_printf(out, ";48;5;%d", theme_256(t->ground));
    cv_buf_str(out, "m");
}

void cv_canvas_ansi(const struct cv_canvas *c, struct cv_buf *out)
{
    cv_buf_str(out, "");
    const struct theme *t = theme_of(c);
    for (int y = 0; y < c->height; y++) {
        int end = t->ground == THEME_OWN ? row_end(c, y, true) : c->width;
        const struct cv_cell_ui *last = NULL;
        for (int x = 0; x < end; x++) {
            const struct cv_cell_ui *cell = &c->at[y * c->width + x];
            if (cell->wide == 2)
                continue;
            if (!last || last->colour != cell->colour || last->attrs != cell->attrs)
                add_sgr(out, t, cell);
            last = cell;
            canvas_utf8(cell->c, out);
        }
        cv_buf_str(out, end ? "\033[0m\n" : "\n");
    }
}

static void add_xml(struct cv_buf *out, uint32_t c)
{
    if (c == '&')
        cv_buf_str(out, "&amp;");
    else if (c == '<')
        cv_buf_str(out, "&lt;");
    else if (c == '>')
        cv_buf_str(out, "&gt;");
    else
        canvas_utf8(c, out);
}

enum { CELL_W = 9, CELL_H = 19, BASE = 14, MARGIN = 10 };

/* In a picture there is no terminal whose own colours could be meant. */
static void add_colour(struct cv_buf *out, uint32_t rgb, uint32_t own) { cv_buf_printf(out, "#%06x", (unsigned)(rgb == THEME_OWN ? own : rgb)); }
static uint32_t ground_of(const struct theme *t) { return t->ground == THEME_OWN ? 0x1c1c1c : t->ground; }
static uint32_t ink_of(const struct theme *t, enum cv_colour colour)
{
    return t->of[colour].rgb != THEME_OWN ? t->of[colour].rgb : colour == CV_C_TITLE ? 0xffffff : 0xd8d8d8;
}

/* Cells of one look from x on, as one piece of text. */
static int svg_run(const struct cv_canvas *c, struct cv_buf *out, int x, int y, int end)
{
    const struct cv_cell_ui *first = &c->at[y * c->width + x];
    int to = x, columns;
    while (to < end && c->at[y * c->width + to].colour == first->colour && c->at[y * c->width + to].attrs == first->attrs)
        to++;
    columns = to - x;
    const struct theme *t = theme_of(c);
    uint32_t ink = ink_of(t, first->colour);
    unsigned attrs = first->attrs | t->of[first->colour].attrs;
    int px = MARGIN + x * CELL_W, py = MARGIN + y * CELL_H;
    if (attrs & CV_A_REVERSE) {
        cv_buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"", px, py, columns * CELL_W, CELL_H);
        add_colour(out, ink, ink);
        cv_buf_str(out, "\"/>\n");
        ink = ground_of(t);
    }
    bool blank = true;
    for (int i = x; i < to; i++)
        blank &= c->at[y * c->width + i].c == ' ';
    if (blank && !(attrs & CV_A_UNDERLINE))
        return to;
    cv_buf_printf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"", px, py + BASE, columns * CELL_W);
    add_colour(out, ink, ink);
    cv_buf_printf(out, "\"%s%s%s>", attrs & CV_A_BOLD ? " font-weight=\"bold\"" : "", attrs & CV_A_DIM ? " opacity=\"0.7\"" : "",
                  attrs & CV_A_UNDERLINE ? " text-decoration=\"underline\"" : "");
    for (int i = x; i < to; i++)
        if (c->at[y * c->width + i].wide != 2)
            add_xml(out, c->at[y * c->width + i].c);
    cv_buf_str(out, "</text>\n");
    return to;
}

void cv_canvas_svg(const struct cv_canvas *c, struct cv_buf *out)
{
    int w = c->width * CELL_W + 2 * MARGIN, h = c->height * CELL_H + 2 * MARGIN;
    cv_buf_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
                  "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%06x\"/>\n"
                  "<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n",
                  w, h, w, h, w, h, (unsigned)ground_of(theme_of(c)));
    for (int y = 0; y < c->height; y++)
        for (int x = 0, end = row_end(c, y, true); x < end;)
            x = svg_run(c, out, x, y, end);
    cv_buf_str(out, "</g>\n</svg>\n");
}
