/* The Output pane: what was printed until the cursor, newest last, with time and task; and below it, in a sentence, the
 * newest finding. */
#include <stdlib.h>
#include <string.h>

#include "ui/view.h"

enum { FINDING_LINES = 4, LINE_ROWS = 8 };

/* The newest finding, wrapped, at the bottom of r; returns the lines it took. */
static int draw_finding(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    uint32_t n = cv_model_nfindings(v->m, v->cursor);
    if (!n || r.w < 12 || r.h < 3)
        return 0;
    struct cv_summary_finding f = cv_model_finding(v->m, n - 1);
    struct cv_buf text = {0};
    cv_buf_printf(&text, "⚠ %s", f.text);
    int most = r.h - 2 < FINDING_LINES ? r.h - 2 : FINDING_LINES, lines = 0; /* two rows stay for what was printed */
    size_t next, at;
    for (at = 0; text.at[at] && lines < most; at += next, lines++)
        canvas_wrap(text.at + at, r.w, &next);
    if (text.at[at] && !v->live) { /* the status line has more room for it */
        cv_buf_release(&text);
        return 0;
    }
    at = 0;
    for (int i = 0; i < lines; i++) {
        size_t take = canvas_wrap(text.at + at, r.w, &next);
        char *line = cv_strndup(text.at + at, i == lines - 1 ? strlen(text.at + at) : take);
        canvas_fit(c, r, r.x, r.y + r.h - lines + i, line, r.w, CV_C_WARN, CV_A_BOLD);
        free(line);
        at += next;
    }
    cv_buf_release(&text);
    return lines;
}

static int text_column(struct cv_rect r) { return r.w >= 34 ? 18 : 0; } /* time and task stand left of it */

static int rows_of(struct cv_rect r, const char *text)
{
    int rows = 0;
    for (size_t at = 0, next; text[at] && rows < LINE_ROWS; at += next, rows++)
        canvas_wrap(text + at, r.w - text_column(r), &next);
    return rows ? rows : 1;
}

/* A line, wrapped, from row y on, which may lie above r. */
static void draw_output(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, struct cv_line_out o)
{
    int x = r.x + text_column(r), width = r.w - text_column(r), rows = rows_of(r, o.text);
    if (x > r.x) {
        const char *when = cv_duration_text(o.t, v->ascii);
        int used = canvas_width(when);
        canvas_str(c, r, r.x + (used < 8 ? 8 - used : 0), y, when, CV_C_DIM, 0);
        canvas_name(c, r, r.x + 9, y, cv_model_task_name(v->m, o.task), 8, o.task == v->lane ? CV_C_FOCUS : CV_C_DIM, 0);
    }
    const char *text = o.text;
    for (int i = 0; i < rows; i++) {
        size_t next = 0, take = canvas_wrap(text, width, &next);
        char *piece = cv_strndup(text, i == rows - 1 ? strlen(text) : take);
        canvas_fit(c, r, x, y + i, piece, width, CV_C_TEXT, 0);
        free(piece);
        text += next;
    }
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    if (!v->m) {
        canvas_fit(c, r, r.x + 1, r.y, "starting…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    int rows = r.h - draw_finding(v, c, r);
    uint32_t n = cv_model_noutput(v->m, v->cursor), back = v->scroll[PANE_OUTPUT] < 0 ? (uint32_t)-v->scroll[PANE_OUTPUT] : 0;
    n -= back < n ? back : n ? n - 1 : 0;
    struct cv_rect room = {r.x, r.y, r.w, rows};
    uint32_t first = n;
    int y = rows;
    while (first > 0 && y > 0)
        y -= rows_of(room, cv_model_output(v->m, --first).text);
    y = r.y + (y < 0 ? y : 0); /* as on a terminal: of the oldest line what is left of it */
    for (uint32_t i = first; i < n; i++) {
        struct cv_line_out o = cv_model_output(v->m, i);
        draw_output(v, c, room, y, o);
        y += rows_of(room, o.text);
    }
    if (n == 0 && rows > 0)
        canvas_fit(c, r, r.x + 1, r.y, view_over(v) && v->cursor >= view_end(v) ? "nothing was printed" : "nothing printed yet", r.w - 1, CV_C_DIM, 0);
}

static void title(const struct cv_view *v, struct cv_buf *out)
{
    uint32_t n = v->m ? cv_model_noutput(v->m, v->cursor) : 0;
    if (n)
        cv_buf_printf(out, "%u line%s", n, n == 1 ? "" : "s");
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)r, (void)x, (void)y;
    if (button == 4 || button == 5)
        v->scroll[PANE_OUTPUT] += button == 4 ? -1 : 1;
}

const struct cv_pane_ops output_pane = {.name = "Output", .summary = "what was printed until this instant, and the newest finding", .title = title, .draw = draw, .click = click};
