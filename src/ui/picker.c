/* The picker: the lessons to choose from, searched as one types. A list with one line a lesson under the
 * headings of their chapters, below it what the chosen one is about. Text of lessons is cleaned here; a lesson matches when every word typed stands in its name, title, about or chapter. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ui/canvas.h"

enum { TYPED_MOST = 60, ABOUT_ROWS = 4 };
static const char *const model_letters = "atgp";
static const enum cv_colour model_colours[] = {CV_C_AWAIT, CV_C_RUNNING, CV_C_READY, CV_C_BLOCK};

struct entry { char *name, *title, *about, *chapter; unsigned models; };
struct cv_picker {
    struct entry *all;
    size_t n;
    size_t *shown, nshown;  /* indices of those that match */
    size_t at;              /* the chosen one, among shown */
    int rows;               /* of the list as drawn last */
    char typed[TYPED_MOST + 1];
    bool ascii;
};

static char *clean(const char *s)
{
    struct cv_buf b = {0};
    cv_text_clean(&b, s, strlen(s));
    return b.at;
}

static bool word_in(const struct entry *e, const char *word, size_t n)
{
    const char *const texts[] = {e->name, e->title, e->about, e->chapter};
    for (size_t i = 0; i < CV_COUNT(texts); i++)
        for (const char *s = texts[i]; *s; s++)
            if (!strncasecmp(s, word, n))
                return true;
    return false;
}

static bool matches(const struct cv_picker *p, const struct entry *e)
{
    for (const char *s = p->typed; *s;) {
        size_t n = strcspn(s, " ");
        if (n && !word_in(e, s, n))
            return false;
        s += n + strspn(s + n, " ");
    }
    return true;
}

/* What was chosen stays chosen as long as it is shown. */
static void search(struct cv_picker *p)
{
    size_t chosen = p->at < p->nshown ? p->shown[p->at] : 0;
    p->nshown = p->at = 0;
    for (size_t i = 0; i < p->n; i++)
        if (matches(p, &p->all[i])) {
            if (i == chosen)
                p->at = p->nshown;
            p->shown[p->nshown++] = i;
        }
}

struct cv_picker *cv_picker_new(const struct cv_lesson *lessons, size_t n, bool ascii)
{
    struct cv_picker *p = cv_alloc(sizeof *p);
    p->all = cv_alloc((n + 1) * sizeof *p->all);
    p->shown = cv_alloc((n + 1) * sizeof *p->shown);
    p->n = n;
    p->ascii = ascii;
    for (size_t i = 0; i < n; i++)
        p->all[i] = (struct entry){clean(lessons[i].name), clean(lessons[i].title), clean(lessons[i].about), clean(lessons[i].chapter),
                                   lessons[i].models};
    search(p);
    return p;
}

void cv_picker_free(struct cv_picker *p)
{
    for (size_t i = 0; p && i < p->n; i++) {
        free(p->all[i].name);
        free(p->all[i].title);
        free(p->all[i].about);
        free(p->all[i].chapter);
    }
    if (p) {
        free(p->all);
        free(p->shown);
    }
    free(p);
}

size_t cv_picker_chosen(const struct cv_picker *p) { return p->nshown ? p->shown[p->at] : SIZE_MAX; }

static void move(struct cv_picker *p, long by)
{
    long last = (long)p->nshown - 1, to = (long)p->at + by;
    p->at = last < 0 || to < 0 ? 0 : (size_t)(to > last ? last : to);
}

enum cv_pick cv_picker_input(struct cv_picker *p, const struct cv_input *in)
{
    size_t n = strlen(p->typed);
    int page = p->rows > 1 ? p->rows - 1 : 1;
    if (in->kind == CV_IN_MOUSE && (in->button == 4 || in->button == 5)) {
        move(p, in->button == 4 ? -1 : 1);
        return CV_PICK_REDRAW;
    }
    if (in->kind != CV_IN_KEY)
        return CV_PICK_REDRAW;
    switch (in->key) {
    case CV_KEY_UP: move(p, -1); break;
    case CV_KEY_DOWN: move(p, 1); break;
    case CV_KEY_PAGE_UP: move(p, -page); break;
    case CV_KEY_PAGE_DOWN: move(p, page); break;
    case CV_KEY_HOME: move(p, -(long)p->n); break;
    case CV_KEY_END: move(p, (long)p->n); break;
    case '\r': case '\n': return p->nshown ? CV_PICK_OPEN : CV_PICK_REDRAW;
    case CV_KEY_BACKSPACE:
        if (n)
            p->typed[n - 1] = 0;
        search(p);
        break;
    case 27:
        if (!n)
            return CV_PICK_LEAVE;
        p->typed[0] = 0;
        search(p);
        break;
    default:
        if (in->key < ' ' || in->key > '~' || n >= TYPED_MOST)
            return CV_PICK_NONE;
        p->typed[n] = (char)in->key;
        p->typed[n + 1] = 0;
        search(p);
    }
    return CV_PICK_REDRAW;
}

/* ── the picture ────────────────────────────────────────────────────────────────────────────────── */
/* Has the i-th of those shown a heading above it? */
static bool heads(const struct cv_picker *p, size_t i)
{
    const char *chapter = p->all[p->shown[i]].chapter;
    return i == 0 ? *chapter : strcmp(chapter, p->all[p->shown[i - 1]].chapter);
}

/* The rows that those from first up to at take, headings and all. */
static size_t rows_of(const struct cv_picker *p, size_t first, size_t at)
{
    size_t rows = 0;
    for (size_t i = first; i <= at && i < p->nshown; i++)
        rows += 1 + (size_t)heads(p, i);
    return rows;
}

static int widest_name(const struct cv_picker *p, int most)
{
    int widest = 4;
    for (size_t i = 0; i < p->n; i++)
        widest = canvas_width(p->all[i].name) > widest ? canvas_width(p->all[i].name) : widest;
    return widest < most ? widest : most;
}

static void draw_row(const struct cv_picker *p, struct cv_canvas *c, struct cv_rect r, int y, const struct entry *e, bool chosen)
{
    int name = widest_name(p, r.w / 3), models = r.w >= 40 ? 8 : 0, x = r.x + 1;
    canvas_str(c, r, x, y, chosen ? "▸" : " ", CV_C_FOCUS, CV_A_BOLD);
    canvas_fit(c, r, x + 2, y, e->name, name, chosen ? CV_C_FOCUS : CV_C_TITLE, CV_A_BOLD);
    canvas_fit(c, r, x + 2 + name + 2, y, e->title, r.x + r.w - models - 1 - (x + 2 + name + 2), CV_C_TEXT, chosen ? CV_A_BOLD : 0);
    for (int m = 0; models && m < 4; m++)
        canvas_put(c, r, r.x + r.w - models + 2 * m, y, e->models >> m & 1 ? (uint32_t)model_letters[m] : p->ascii ? '.' : 0xb7,
                   e->models >> m & 1 ? model_colours[m] : CV_C_DIM, 0);
    if (chosen)
        canvas_mark(c, (struct cv_rect){r.x, y, r.w, 1}, CV_A_REVERSE);
}

static void draw_list(const struct cv_picker *p, struct cv_canvas *c, struct cv_rect r)
{
    size_t first = 0;
    while (first < p->at && rows_of(p, first, p->at) > (size_t)r.h)
        first++;
    for (int y = r.y; first < p->nshown && y < r.y + r.h; first++) {
        if (heads(p, first) && (r.h > 1 || first != p->at))
            canvas_fit(c, r, r.x + 1, y++, p->all[p->shown[first]].chapter, r.w - 2, CV_C_DIM, CV_A_UNDERLINE);
        if (y < r.y + r.h)
            draw_row(p, c, r, y++, &p->all[p->shown[first]], first == p->at);
    }
}

static void draw_about(struct cv_canvas *c, struct cv_rect r, const char *about)
{
    int y = r.y;
    for (const char *s = about; *s && y < r.y + r.h; y++) {
        size_t next, n = canvas_wrap(s, r.w - 2, &next);
        int x = r.x + 1;
        for (size_t i = 0, length; i < n; i += length)
            x += canvas_put(c, r, x, y, cv_utf8(s + i, n - i, &length), CV_C_TEXT, 0);
        s += next;
    }
}

void cv_picker_draw(struct cv_picker *p, struct cv_canvas *c)
{
    int w = c->width, h = c->height, about = h >= 14 ? ABOUT_ROWS + 2 : 0, top = h >= 4 ? 2 : h >= 2 ? 1 : 0, keys = h >= 6;
    struct cv_rect all = {0, 0, w, h}, list = {0, top, w, h - top - about - keys};
    c->ascii = p->ascii;
    cv_canvas_resize(c, w, h);
    if (top) {
        char count[48];
        int x = 1 + canvas_str(c, all, 1, 0, "convis", CV_C_FOCUS, CV_A_BOLD);
        canvas_fit(c, all, x + 2, 0, "which lesson?", w - x - 2, CV_C_TITLE, CV_A_BOLD);
        snprintf(count, sizeof count, "%zu of %zu", p->nshown, p->n);
        if (w > 44)
            canvas_str(c, all, w - 1 - canvas_width(count), 0, count, CV_C_DIM, 0);
    }
    if (top == 2) {
        int x = 1 + canvas_str(c, all, 1, 1, "search ", CV_C_KEY, 0);
        x += canvas_fit(c, all, x, 1, p->typed, w - x - 1, CV_C_TEXT, CV_A_BOLD);
        canvas_put(c, all, x, 1, p->ascii ? '_' : 0x258f, CV_C_CURSOR, 0);
    }
    p->rows = list.h > 0 ? list.h : 0;
    draw_list(p, c, list);
    if (!p->nshown && p->rows)
        canvas_fit(c, list, 1, list.y, p->n ? "no lesson has all these words (Esc clears them)" : "no lessons are shipped with this program", w - 2, CV_C_DIM, 0);
    if (about) {
        struct cv_rect box = {0, h - keys - about, w, about};
        canvas_box(c, box, p->nshown ? p->all[p->shown[p->at]].name : "", "a async · t threads · g under the GIL · p processes", CV_C_FRAME, false);
        if (p->nshown)
            draw_about(c, (struct cv_rect){1, box.y + 1, w - 2, about - 2}, p->all[p->shown[p->at]].about);
    }
    if (keys)
        canvas_fit(c, all, 1, h - 1, p->ascii ? "type to search  ^ v choose  Enter opens  Esc leaves" : "type to search  ↑ ↓ choose  Enter opens  Esc leaves", w - 1, CV_C_DIM, 0);
}
