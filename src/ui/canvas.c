/* The canvas of cells: clipping, wide characters, frames, and what stands for a character where only ASCII may be sent.
 * Invariant: a cell with wide = 1 is followed by one with wide = 2, and no other cell has wide = 2. */
#include <stdlib.h>
#include <string.h>

#include "ui/canvas.h"

enum { LARGEST = 2000 }; /* columns or rows: more than any terminal, and the product stays small */

void cv_canvas_resize(struct cv_canvas *c, int width, int height)
{
    width = width < 1 ? 1 : width > LARGEST ? LARGEST : width;
    height = height < 1 ? 1 : height > LARGEST ? LARGEST : height;
    size_t n = (size_t)width * (size_t)height;
    if (!c->at || c->width != width || c->height != height)
        c->at = cv_realloc(c->at, n * sizeof *c->at);
    c->width = width;
    c->height = height;
    for (size_t i = 0; i < n; i++)
        c->at[i] = (struct cv_cell_ui){.c = ' ', .colour = CV_C_TEXT};
}

void cv_canvas_release(struct cv_canvas *c)
{
    free(c->at);
    c->at = NULL;
    c->width = c->height = 0;
}

struct cv_rect canvas_clip(struct cv_rect a, struct cv_rect b)
{
    int x0 = a.x > b.x ? a.x : b.x, y0 = a.y > b.y ? a.y : b.y;
    int x1 = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w, y1 = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    return x1 <= x0 || y1 <= y0 ? (struct cv_rect){x0, y0, 0, 0} : (struct cv_rect){x0, y0, x1 - x0, y1 - y0};
}

/* Sorted by code point. */
static const struct { uint32_t c; char plain; } fallbacks[] = {
    {0xb1, '~'}, {0xb5, 'u'}, {0xb7, '.'}, {0xd7, 'x'}, {0x2013, '-'}, {0x2014, '-'}, {0x2016, '='}, {0x2018, '\''}, {0x2019, '\''},
    {0x201c, '"'}, {0x201d, '"'}, {0x2022, '*'}, {0x2026, '.'}, {0x2190, '<'}, {0x2191, '^'}, {0x2192, '>'}, {0x2193, 'v'}, {0x21bb, 'r'},
    {0x21c4, '%'}, {0x2260, '!'}, {0x2264, '<'}, {0x2265, '>'}, {0x2500, '-'}, {0x2501, '='}, {0x2502, '|'}, {0x2503, '|'}, {0x2505, 'x'},
    {0x2508, '_'}, {0x250a, ':'}, {0x251c, '+'}, {0x2524, '+'}, {0x252c, '+'}, {0x2534, '+'}, {0x253c, '+'}, {0x254c, '-'}, {0x256d, '+'},
    {0x256e, '+'}, {0x256f, '+'}, {0x2570, '+'}, {0x2573, 'X'}, {0x2581, '.'}, {0x2582, '.'}, {0x2583, ':'}, {0x2584, '-'}, {0x2585, '='},
    {0x2586, '+'}, {0x2587, '*'}, {0x2588, '#'}, {0x2589, '#'}, {0x258a, '#'}, {0x258b, '#'}, {0x258c, '|'}, {0x258d, '|'}, {0x258e, '|'},
    {0x258f, '|'}, {0x2591, '~'}, {0x2592, '='}, {0x2593, '='}, {0x2595, '['}, {0x25a0, '#'}, {0x25b2, '^'}, {0x25b6, '>'}, {0x25b8, '>'}, {0x25bc, 'v'},
    {0x25c0, '<'}, {0x25c2, '<'}, {0x25c6, '*'}, {0x25c7, '.'}, {0x25cb, 'o'}, {0x25cf, '*'}, {0x26a0, '!'}, {0x2713, '+'}, {0x2717, '!'}};

static uint32_t plain(uint32_t c)
{
    size_t low = CV_PARTITION_POINT(CV_COUNT(fallbacks), i, fallbacks[i].c < c);
    return low < CV_COUNT(fallbacks) && fallbacks[low].c == c ? (uint32_t)fallbacks[low].plain : '?';
}

/* Takes away the other half of a wide character that stood at (x, y). */
static void unpair(struct cv_canvas *c, int x, int y)
{
    struct cv_cell_ui *cell = &c->at[y * c->width + x];
    if (cell->wide == 1 && x + 1 < c->width) {
        cell[1].c = ' ';
        cell[1].wide = 0;
    } else if (cell->wide == 2 && x > 0) {
        cell[-1].c = ' ';
        cell[-1].wide = 0;
    }
    cell->wide = 0;
}

int canvas_put(struct cv_canvas *c, struct cv_rect clip, int x, int y, uint32_t character, enum cv_colour colour, unsigned attrs)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        character = '?';
    int width = cv_text_width(character);
    if (width == 0)
        return 0;
    if (c->ascii && character >= 0x80)
        character = plain(character);
    bool narrow = character < 0x80;
    struct cv_rect r = canvas_clip(clip, (struct cv_rect){0, 0, c->width, c->height});
    if (y < r.y || y >= r.y + r.h)
        return width;
    for (int i = 0; i < width; i++) {
        int at = x + i;
        if (at < r.x || at >= r.x + r.w)
            continue;
        unpair(c, at, y);
        bool whole = width == 1 || (x >= r.x && x + 1 < r.x + r.w);
        struct cv_cell_ui *cell = &c->at[y * c->width + at];
        *cell = (struct cv_cell_ui){.c = whole && (i == 0) ? character : ' ', .colour = (uint8_t)colour, .attrs = (uint8_t)attrs};
    }
    if (width == 2 && !narrow && x >= r.x && x + 1 < r.x + r.w) {
        c->at[y * c->width + x].wide = 1;
        c->at[y * c->width + x + 1].wide = 2;
    }
    return width;
}

int canvas_str(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *s, enum cv_colour colour, unsigned attrs)
{
    int from = x;
    for (size_t n = strlen(s), i = 0, length; i < n && x < clip.x + clip.w; i += length)
        x += canvas_put(c, clip, x, y, cv_utf8(s + i, n - i, &length), colour, attrs);
    return x - from;
}

int canvas_fit(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *s, int width, enum cv_colour colour, unsigned attrs)
{
    if (width <= 0)
        return 0;
    struct cv_rect cut = canvas_clip(clip, (struct cv_rect){x, y, width, 1});
    if (canvas_width(s) <= width)
        return canvas_str(c, cut, x, y, s, colour, attrs);
    int used;
    size_t n = canvas_fitting(s, width - 1, &used);
    for (size_t i = 0, length, at = (size_t)x; i < n; i += length)
        at += (size_t)canvas_put(c, cut, (int)at, y, cv_utf8(s + i, n - i, &length), colour, attrs);
    return used + canvas_put(c, cut, x + used, y, 0x2026, colour, attrs);
}

int canvas_name(struct cv_canvas *c, struct cv_rect clip, int x, int y, const char *name, int width, enum cv_colour colour, unsigned attrs)
{
    const char *end = strrchr(name, '#');
    int tail = end ? canvas_width(end) : 0;
    if (!end || canvas_width(name) <= width || tail + 2 > width || width < 1)
        return canvas_fit(c, clip, x, y, name, width, colour, attrs);
    int used = canvas_fit(c, clip, x, y, name, width - tail, colour, attrs);
    return used + canvas_str(c, canvas_clip(clip, (struct cv_rect){x, y, width, 1}), x + used, y, end, colour, attrs);
}

int canvas_printf(struct cv_canvas *c, struct cv_rect clip, int x, int y, enum cv_colour colour, unsigned attrs, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return canvas_str(c, clip, x, y, text, colour, attrs);
}

void canvas_bar(struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, double share, enum cv_colour colour)
{
    int eighths = (int)(share * width * 8 + 0.5), whole = eighths / 8, part = eighths % 8;
    for (int i = 0; i < whole; i++)
        canvas_put(c, clip, x + i, y, 0x2588, colour, 0);
    if (part)
        canvas_put(c, clip, x + whole, y, 0x2590 - (uint32_t)part, colour, 0);
}

void canvas_fill(struct cv_canvas *c, struct cv_rect r, uint32_t character, enum cv_colour colour, unsigned attrs)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            canvas_put(c, r, x, y, character, colour, attrs);
}

void canvas_mark(struct cv_canvas *c, struct cv_rect r, unsigned attrs)
{
    r = canvas_clip(r, (struct cv_rect){0, 0, c->width, c->height});
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            c->at[y * c->width + x].attrs |= (uint8_t)attrs;
}

void canvas_box(struct cv_canvas *c, struct cv_rect r, const char *title, const char *right, enum cv_colour colour, bool strong)
{
    if (r.w < 2 || r.h < 2)
        return;
    unsigned attrs = strong ? CV_A_BOLD : 0;
    for (int x = r.x + 1; x < r.x + r.w - 1; x++) {
        canvas_put(c, r, x, r.y, strong ? 0x2501 : 0x2500, colour, attrs);
        canvas_put(c, r, x, r.y + r.h - 1, strong ? 0x2501 : 0x2500, colour, attrs);
    }
    for (int y = r.y + 1; y < r.y + r.h - 1; y++) {
        canvas_put(c, r, r.x, y, strong ? 0x2503 : 0x2502, colour, attrs);
        canvas_put(c, r, r.x + r.w - 1, y, strong ? 0x2503 : 0x2502, colour, attrs);
    }
    canvas_put(c, r, r.x, r.y, 0x256d, colour, attrs);
    canvas_put(c, r, r.x + r.w - 1, r.y, 0x256e, colour, attrs);
    canvas_put(c, r, r.x, r.y + r.h - 1, 0x2570, colour, attrs);
    canvas_put(c, r, r.x + r.w - 1, r.y + r.h - 1, 0x256f, colour, attrs);
    int used = 0;
    if (title && *title && r.w > 6) {
        canvas_put(c, r, r.x + 1, r.y, ' ', colour, 0);
        used = canvas_fit(c, r, r.x + 2, r.y, title, r.w - 5, strong ? CV_C_FOCUS : CV_C_TITLE, CV_A_BOLD) + 2;
        canvas_put(c, r, r.x + 1 + used - 1, r.y, ' ', colour, 0);
    }
    int width = right ? canvas_width(right) : 0;
    if (width > 0 && used + width + 6 <= r.w) {
        int x = r.x + r.w - width - 4;
        canvas_put(c, r, x, r.y, ' ', colour, 0);
        canvas_str(c, r, x + 1, r.y, right, CV_C_DIM, 0);
        canvas_put(c, r, x + 1 + width, r.y, ' ', colour, 0);
    }
}

size_t canvas_fitting(const char *s, int width, int *used)
{
    size_t n = strlen(s), i = 0;
    *used = 0;
    while (i < n) {
        size_t length;
        uint32_t ch = cv_utf8(s + i, n - i, &length);
        int w = ch < 0x20 || (ch >= 0x7f && ch < 0xa0) ? 1 : cv_text_width(ch);
        if (*used + w > width)
            break;
        *used += w;
        i += length;
    }
    return i;
}

int canvas_width(const char *s)
{
    int used;
    canvas_fitting(s, LARGEST, &used);
    return used;
}

size_t canvas_wrap(const char *s, int width, size_t *next)
{
    int used;
    size_t n = canvas_fitting(s, width < 1 ? 1 : width, &used), cut = n, length;
    if (n == 0 && *s) {
        cv_utf8(s, strlen(s), &length);
        *next = length;
        return length;
    }
    if (s[n]) {
        while (cut > 0 && s[cut] != ' ')
            cut--;
        if (cut == 0)
            cut = n;
    }
    for (n = cut; s[n] == ' '; n++)
        ;
    *next = n;
    return cut;
}
