/* Frames as escape sequences. Only cells that look different are sent; between them the cheapest way is taken: a motion, or the
 * cells that stand there once more. Attributes and colours are changed by what differs from the pen.
 *
 * After the last column, and after a character that is wider than one column, the place of the cursor is not trusted. */
#include <stdlib.h>
#include <string.h>

#include "ui/encode.h"

#define RGB_SENT 0x1000000u
enum { KNOWN_ATTRS = CV_A_BOLD | CV_A_REVERSE | CV_A_UNDERLINE | CV_A_DIM };

void encode_release(struct encoder *e)
{
    free(e->last);
    e->last = NULL;
    e->w = e->h = 0;
}

void encode_forget(struct encoder *e) { e->w = e->h = 0; }

/* ── looks ──────────────────────────────────────────────────────────────────────────────────────── */
static uint32_t sent(const struct encoder *e, uint32_t rgb, short of_8)
{
    switch (e->caps.colours) {
    case ENCODE_8: return of_8 < 0 ? THEME_OWN : (uint32_t)of_8;
    case ENCODE_256: return rgb == THEME_OWN ? THEME_OWN : (uint32_t)theme_256(rgb);
    case ENCODE_TRUE: return rgb == THEME_OWN ? THEME_OWN : rgb | RGB_SENT;
    default: return THEME_OWN;
    }
}

static void choose_looks(struct encoder *e, int theme)
{
    const struct theme *t = &themes[e->caps.colours == ENCODE_MONO ? THEME_MONO : theme];
    for (int i = 0; i < CV_C_COUNT; i++)
        e->looks[i] = (struct encode_look){.ink = sent(e, t->of[i].rgb, t->of[i].of_8), .ground = sent(e, t->ground, t->ground_8),
                                           .attrs = t->of[i].attrs | (e->caps.colours == ENCODE_8 ? t->of[i].attrs_8 : 0)};
    e->theme = theme;
}

static struct encode_look look_of(const struct encoder *e, const struct cv_cell_ui *cell)
{
    struct encode_look l = e->looks[cell->colour];
    l.attrs |= cell->attrs & KNOWN_ATTRS;
    if (e->caps.few_glyphs && e->caps.colours == ENCODE_8 && l.ground != THEME_OWN) /* a console: bold is bright, which on a light ground is pale */
        l.attrs &= ~(unsigned)CV_A_BOLD;
    if (l.attrs & CV_A_BOLD)
        l.attrs &= ~(unsigned)CV_A_DIM;
    return l;
}

static bool same_look(struct encode_look a, struct encode_look b) { return a.ink == b.ink && a.ground == b.ground && a.attrs == b.attrs; }

/* Blanks show no ink. */
static bool same(const struct encoder *e, const struct cv_cell_ui *a, const struct cv_cell_ui *b)
{
    if (a->c != b->c || a->wide != b->wide)
        return false;
    if (a->colour == b->colour && a->attrs == b->attrs)
        return true;
    struct encode_look x = look_of(e, a), y = look_of(e, b);
    bool inked = (x.attrs | y.attrs) & (CV_A_REVERSE | CV_A_UNDERLINE);
    return same_look(x, y) || (a->c == ' ' && !inked && x.ground == y.ground);
}

/* ── what is sent ───────────────────────────────────────────────────────────────────────────────── */
static void parameter(struct cv_buf *b, const char *text)
{
    if (b->n)
        cv_buf_str(b, ";");
    cv_buf_str(b, text);
}

static void colour(struct cv_buf *b, uint32_t c, int base)
{
    char text[32];
    if (c == THEME_OWN)
        snprintf(text, sizeof text, "%d", base + 9);
    else if (c & RGB_SENT)
        snprintf(text, sizeof text, "%d;2;%u;%u;%u", base + 8, c >> 16 & 0xff, c >> 8 & 0xff, c & 0xff);
    else if (c < 8)
        snprintf(text, sizeof text, "%u", (unsigned)base + c);
    else
        snprintf(text, sizeof text, "%d;5;%u", base + 8, c);
    parameter(b, text);
}

static void attributes_on(struct cv_buf *b, unsigned on)
{
    if (on & CV_A_BOLD)
        parameter(b, "1");
    if (on & CV_A_DIM)
        parameter(b, "2");
    if (on & CV_A_UNDERLINE)
        parameter(b, "4");
    if (on & CV_A_REVERSE)
        parameter(b, "7");
}

static void rest_of_look(struct cv_buf *b, struct encode_look from, struct encode_look to)
{
    attributes_on(b, to.attrs & ~from.attrs);
    if (from.ink != to.ink)
        colour(b, to.ink, 30);
    if (from.ground != to.ground)
        colour(b, to.ground, 40);
}

static void set_pen(struct encoder *e, struct encode_look to, struct cv_buf *out)
{
    static const struct encode_look plain = {THEME_OWN, THEME_OWN, 0};
    char store[2][64];
    struct cv_buf ways[2] = {{store[0], 0, sizeof store[0]}, {store[1], 0, sizeof store[1]}};
    unsigned off = e->pen.attrs & ~to.attrs;
    bool anew = off && !e->caps.single_off;
    if (same_look(e->pen, to))
        return;
    if (!anew) {
        if (off & (CV_A_BOLD | CV_A_DIM)) /* one sequence takes both away */
            parameter(&ways[0], "22");
        if (off & CV_A_UNDERLINE)
            parameter(&ways[0], "24");
        if (off & CV_A_REVERSE)
            parameter(&ways[0], "27");
        struct encode_look left = e->pen;
        left.attrs &= ~(off | (off & (CV_A_BOLD | CV_A_DIM) ? CV_A_BOLD | CV_A_DIM : 0));
        rest_of_look(&ways[0], left, to);
    }
    rest_of_look(&ways[1], plain, to); /* "\033[m" takes all away; with parameters 0 stands before them */
    size_t from_plain = ways[1].n ? ways[1].n + 2 : 0;
    if ((anew || from_plain < ways[0].n) && !ways[1].n)
        cv_buf_str(out, "\033[m");
    else if (anew || from_plain < ways[0].n)
        cv_buf_printf(out, "\033[0;%.*sm", (int)ways[1].n, ways[1].at);
    else
        cv_buf_printf(out, "\033[%.*sm", (int)ways[0].n, ways[0].at);
    e->pen = to;
}

/* What a console of 256 or 512 glyphs has instead. Its font is the kernel's own or one of Debian's console-setup: what is taken here is in
 * both (the latter have no half blocks, no double arrow; the former has no heavy lines, no rounded corners). */
static uint32_t with_few_glyphs(uint32_t c)
{
    static const struct { uint32_t from, to; } map[] = {
        {0xd7, 'x'}, {0x2013, '-'}, {0x2014, '-'}, {0x2016, '='}, {0x2026, '.'}, {0x203a, '>'}, {0x203c, '!'}, {0x21bb, 'r'}, {0x21c4, '%'}, {0x2248, '~'}, {0x2264, '<'},
        {0x2265, '>'}, {0x2501, 0x2500}, {0x2503, 0x2502}, {0x2505, '='}, {0x2508, '.'}, {0x250a, 0x2502}, {0x254c, '-'}, {0x256d, 0x250c}, {0x256e, 0x2510},
        {0x256f, 0x2518}, {0x2570, 0x2514}, {0x2573, 'X'}, {0x2580, '"'}, {0x2593, '#'}, {0x2595, 0x2502}, {0x25a0, '#'}, {0x25b2, 0x25b2},
        {0x25b6, '>'}, {0x25b8, '>'}, {0x25bc, 0x25bc}, {0x25c0, '<'}, {0x25c2, '<'}, {0x25c6, 0x2666}, {0x25cb, 'o'}, {0x26a0, '!'}, {0x2713, '+'}, {0x2717, 'x'}};
    for (size_t i = 0; i < CV_COUNT(map); i++)
        if (map[i].from == c)
            return map[i].to;
    if (c >= 0x2581 && c <= 0x2587)
        return c <= 0x2584 ? '_' : 0x2588;
    if ((c >= 0x2589 && c <= 0x258f) || c == 0x2590)
        return c <= 0x258b ? 0x2588 : 0x2502;
    return c >= 0x2580 && c <= 0x25ff && c != 0x2588 && c != 0x2591 && c != 0x2592 ? '*' : c;
}

static void character(struct encoder *e, const struct cv_cell_ui *cell, struct cv_buf *out)
{
    canvas_utf8(e->caps.few_glyphs ? with_few_glyphs(cell->c) : cell->c, out);
    e->x += 1;
    if (e->x >= e->w || cell->wide)
        e->x = e->y = -1;
}

/* So many times a control character, or as one sequence where that is shorter. */
static int steps(char *to, size_t size, int n, char control, char final)
{
    if (n == 0)
        return 0;
    if (control && n <= 3) {
        memset(to, control, (size_t)n);
        return n;
    }
    return n == 1 ? snprintf(to, size, "\033[%c", final) : snprintf(to, size, "\033[%d%c", n, final);
}

/* From where the cursor is: down, then left or right. Bytes, 0: there is no such way. */
static int relative(const struct encoder *e, int x, int y, char *to, size_t size)
{
    if (e->y < 0 || e->x < 0 || y < e->y || y - e->y > 99)
        return 0;
    int n = steps(to, size, y - e->y, '\n', 'B'), from = e->x;
    if (x < from && x <= 3 && from - x > 3) {
        to[n++] = '\r';
        from = 0;
    }
    if (x < from)
        return n + steps(to + n, size - (size_t)n, from - x, '\b', 'D');
    return n + steps(to + n, size - (size_t)n, x - from, 0, 'C');
}

/* Do the cells between the cursor and x look as the pen writes, and are they shorter than a motion of n bytes? */
static bool writes_over(const struct encoder *e, int x, int y, int n)
{
    bool again = e->y == y && e->x >= 0 && x > e->x && x - e->x <= n;
    for (int i = e->x; again && i < x; i++) {
        const struct cv_cell_ui *cell = &e->last[y * e->w + i];
        again = cell->c >= ' ' && cell->c < 0x7f && same_look(look_of(e, cell), e->pen);
    }
    return again;
}

static void move_to(struct encoder *e, int x, int y, struct cv_buf *out)
{
    char way[2][64];
    if (e->y == y && e->x == x)
        return;
    int n = snprintf(way[0], sizeof way[0], x ? "\033[%d;%dH" : y ? "\033[%dH" : "\033[H", y + 1, x + 1);
    int k = relative(e, x, y, way[1], sizeof way[1]);
    bool near = k > 0 && k < n;
    if (writes_over(e, x, y, near ? k : n)) {
        while (e->x < x)
            character(e, &e->last[y * e->w + e->x], out);
        return;
    }
    cv_buf_add(out, way[near], (size_t)(near ? k : n));
    e->x = x;
    e->y = y;
}

/* ── frames ─────────────────────────────────────────────────────────────────────────────────────── */
static void begin_anew(struct encoder *e, int w, int h, struct cv_buf *out)
{
    e->last = cv_realloc(e->last, (size_t)w * (size_t)h * sizeof *e->last);
    e->w = w;
    e->h = h;
    e->pen = (struct encode_look){THEME_OWN, THEME_OWN, 0};
    cv_buf_str(out, "\033[m");
    bool blank = e->looks[CV_C_TEXT].ground == THEME_OWN || e->caps.erases_in_colour;
    if (blank)
        set_pen(e, e->looks[CV_C_TEXT], out);
    cv_buf_str(out, "\033[H\033[2J");
    e->x = e->y = 0;
    for (int i = 0; i < w * h; i++)
        e->last[i] = (struct cv_cell_ui){.c = blank ? ' ' : 0, .colour = CV_C_TEXT};
}

/* From x on the row is blank and was not: is it worth to erase it? Returns where to go on. */
static int erase_rest(struct encoder *e, const struct cv_canvas *c, int x, int y, struct cv_buf *out)
{
    const struct cv_cell_ui *cell = &c->at[y * c->width + x];
    struct encode_look l = look_of(e, cell);
    int changed = 0;
    if (cell->c != ' ' || (l.attrs & (CV_A_REVERSE | CV_A_UNDERLINE)) || (l.ground != THEME_OWN && !e->caps.erases_in_colour))
        return x;
    for (int i = x; i < e->w; i++) {
        if (!same(e, &c->at[y * c->width + i], cell))
            return x;
        changed += !same(e, cell, &e->last[y * e->w + i]);
    }
    if (changed < 4)
        return x;
    move_to(e, x, y, out);
    if (e->pen.ground != l.ground || (e->pen.attrs & (CV_A_REVERSE | CV_A_UNDERLINE)))
        set_pen(e, l, out);
    cv_buf_str(out, "\033[K");
    return e->w;
}

static void encode_row(struct encoder *e, const struct cv_canvas *c, int y, struct cv_buf *out)
{
    const struct cv_cell_ui *now = &c->at[y * c->width];
    struct cv_cell_ui *was = &e->last[y * e->w];
    bool wide = false;
    for (int x = 0; x < e->w; x++) /* a wide cell overwritten takes its neighbour along: the row as a whole */
        wide |= (was[x].wide || now[x].wide) && !same(e, &was[x], &now[x]);
    int end = e->caps.no_corner && y == e->h - 1 ? e->w - 1 : e->w;
    for (int x = 0; x < end; x++) {
        if (!wide && same(e, &now[x], &was[x]))
            continue;
        if (!wide) {
            int to = erase_rest(e, c, x, y, out);
            if (to > x)
                break;
        }
        if (now[x].wide == 2 || (now[x].wide == 1 && x + 1 >= end))
            continue;
        move_to(e, x, y, out);
        set_pen(e, look_of(e, &now[x]), out);
        character(e, &now[x], out);
        was[x] = now[x];
    }
    memcpy(was, now, (size_t)e->w * sizeof *was);
}

void encode_frame(struct encoder *e, const struct cv_canvas *c, int w, int h, struct cv_buf *out)
{
    int theme = c->theme >= 0 && c->theme < THEMES ? c->theme : 0;
    w = c->width < w ? c->width : w;
    h = c->height < h ? c->height : h;
    if (w < 1 || h < 1)
        return;
    if (e->w == 0 || e->theme != theme)
        choose_looks(e, theme), e->w = 0;
    if (e->w != w || e->h != h)
        begin_anew(e, w, h, out);
    for (int y = 0; y < h; y++)
        if (memcmp(&c->at[y * c->width], &e->last[y * w], (size_t)w * sizeof *e->last))
            encode_row(e, c, y, out);
}
