/* What all schedules come to: lines as they are, then entries with a heading and a text that is wrapped; up and down choose one, Enter takes
 * it. The whole scrolls so that the chosen one is seen. */
#include <stdlib.h>
#include <string.h>

#include "ui/choices.h"

enum { MARGIN = 2 };
struct choices { const struct cv_ui_choices *of; uint32_t at; int scroll; bool scrolled; };

struct choices *choices_new(const struct cv_ui_choices *of)
{
    struct choices *s = cv_alloc(sizeof *s);
    s->of = of;
    return s;
}

void choices_free(struct choices *s) { free(s); }
uint32_t choices_at(const struct choices *s) { return s->at; }

enum cv_command choices_input(struct choices *s, int key)
{
    uint32_t n = s->of->n;
    switch (key) {
    case 'q': case 'Q': return CV_CMD_QUIT;
    case 'x': case 'X': case 27: case CV_KEY_BACKSPACE: return CV_CMD_EXPLORE;
    case CV_KEY_UP: case 'k': s->at -= s->at > 0; break;
    case CV_KEY_DOWN: case 'j': s->at += s->at + 1 < n; break;
    case CV_KEY_HOME: s->at = 0; break;
    case CV_KEY_END: s->at = n ? n - 1 : 0; break;
    case CV_KEY_PAGE_UP: s->scroll -= 8; s->scrolled = true; return CV_CMD_REDRAW;
    case CV_KEY_PAGE_DOWN: s->scroll += 8; s->scrolled = true; return CV_CMD_REDRAW;
    case '\r': case '\n': return n ? CV_CMD_PLAY : CV_CMD_NONE;
    default: return CV_CMD_NONE;
    }
    s->scrolled = false;
    return CV_CMD_REDRAW;
}

/* Where a table's line goes on below: under what stands behind its last gap of two blanks, where enough room is left of the line. */
static int hang_of(const char *s, size_t n, int width)
{
    size_t at = 0;
    for (size_t i = 2; i < n; i++)
        if (s[i - 1] == ' ' && s[i - 2] == ' ' && s[i] != ' ')
            at = i;
    char *before = cv_strndup(s, at);
    int hang = canvas_width(before);
    free(before);
    return hang * 3 <= width * 2 ? hang : 0;
}

/* Lines of text from row y on, each wrapped (c NULL: only counted); the row below. */
static int text(struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, const char *s, enum cv_colour colour, unsigned attrs)
{
    for (; *s; s += *s == '\n') {
        size_t line = strcspn(s, "\n");
        if (!line)
            y++;
        int hang = hang_of(s, line, width);
        for (size_t at = 0, next; at < line; at += next, y++) {
            char *rest = cv_strndup(s + at, line - at);
            int indent = at ? hang : 0, room = width - indent > 1 ? width - indent : 1;
            size_t take = canvas_wrap(rest, room, &next);
            rest[take] = 0;
            next = next ? next : 1;
            if (c)
                canvas_str(c, clip, x + indent, y, rest, colour, attrs);
            free(rest);
        }
        s += line;
    }
    return y;
}

static int entry(const struct choices *s, struct cv_canvas *c, struct cv_rect r, int y, uint32_t i)
{
    const struct cv_ui_choice *e = &s->of->rows[i];
    bool chosen = i == s->at;
    if (c && chosen)
        canvas_put(c, r, r.x, y, 0x25b8, CV_C_FOCUS, CV_A_BOLD);
    y = text(c, r, r.x + MARGIN, y, r.w - MARGIN, e->head, e->bad ? CV_C_FAILED : CV_C_GOOD, CV_A_BOLD | (chosen ? CV_A_REVERSE : 0));
    return text(c, r, r.x + MARGIN, y, r.w - MARGIN, e->text, CV_C_TEXT, 0);
}

void choices_draw(const struct choices *view, struct cv_canvas *c)
{
    struct choices *s = (struct choices *)(uintptr_t)view;
    const struct cv_ui_choices *of = s->of;
    struct cv_rect all = {0, 0, c->width, c->height}, r = layout_inside(all);
    canvas_fill(c, all, ' ', CV_C_TEXT, 0);
    int h = text(NULL, r, r.x, 0, r.w, of->top, CV_C_TEXT, 0), first = 0, last = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        int next = entry(s, NULL, r, h, i);
        if (i == s->at)
            first = h, last = next;
        h = next + 1;
    }
    struct cv_buf hint = {0}, brief = {0};
    cv_buf_printf(&brief, "%sEsc %s", of->n && !of->busy ? "Enter plays it · " : "", of->busy ? "stops" : "closes");
    cv_buf_printf(&hint, "%s%s", h > r.h ? "↑↓ " : "", brief.at);
    bool fits = canvas_width(of->title) + canvas_width(hint.at) + 8 <= c->width;
    if (layout_framed(all))
        canvas_box(c, all, of->title, fits ? hint.at : brief.at, CV_C_FOCUS, true);
    cv_buf_release(&hint);
    cv_buf_release(&brief);
    if (!s->scrolled && of->n)
        s->scroll = last > s->scroll + r.h ? last - r.h : first < s->scroll ? first : s->scroll;
    s->scroll = s->scroll > h - r.h ? h - r.h : s->scroll;
    s->scroll = s->scroll < 0 || (!s->scrolled && s->at == 0 && last <= r.h) ? 0 : s->scroll;
    int y = text(c, r, r.x, r.y - s->scroll, r.w, of->top, CV_C_TEXT, 0);
    for (uint32_t i = 0; i < of->n; i++)
        y = entry(s, c, r, y, i) + 1;
}
