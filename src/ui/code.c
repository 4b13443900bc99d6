/* The Code pane: the scenario's source, who stands at which line at the cursor, where a switch can happen under this model and where
 * it did, how often. It follows the selected lane; scrolling moves it from there. The line in focus unfolds into its steps: who
 * stands in front of which, and how often somebody was switched away just there. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ui/view.h"

static const char *const words[] = {"acquire", "and", "append", "atomic", "break", "check", "continue", "cpu", "elif", "else", "expect", "fail", "false",
                                    "fetch", "for", "get", "if", "in", "join", "lock", "none", "not", "or", "print", "put", "release", "return", "sleep",
                                    "spawn", "spin", "true", "unlock", "until", "while", "with", "yield"};

static bool is_word(const char *s, size_t n)
{
    for (size_t i = 0; i < CV_COUNT(words); i++)
        if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
            return true;
    return false;
}

static size_t word_length(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '_'))
        i++;
    return i;
}

/* One piece of a line: its length, and how it looks. */
static size_t piece(const char *s, size_t n, enum cv_colour *colour, unsigned *attrs)
{
    size_t length;
    *colour = CV_C_TEXT;
    *attrs = 0;
    if (*s == '"') {
        const char *end = memchr(s + 1, '"', n - 1);
        *colour = CV_C_GOOD;
        return end ? (size_t)(end - s) + 1 : n;
    }
    if ((length = word_length(s, n)) > 0) {
        if (length == 5 && memcmp(s, "await", 5) == 0) {
            *colour = CV_C_AWAIT;
            *attrs = CV_A_BOLD;
        } else if (is_word(s, length)) {
            *colour = CV_C_KEY;
        }
        return length;
    }
    cv_utf8(s, n, &length);
    return length;
}

enum { COMMENT_LEAST = 12 }; /* columns: of a comment that has fewer nothing can be understood */

/* Where a line's comment begins, the spaces before it with it; n: there is none. As the language has it: behind a blank, not in quotes. */
static size_t comment_at(const char *s, size_t n)
{
    size_t at = 0;
    for (char quote = 0; at < n; at++) {
        if (quote)
            quote = s[at] == quote ? 0 : quote;
        else if (s[at] == '"' || s[at] == '\'')
            quote = s[at];
        else if ((s[at] == ';' || s[at] == '#') && (at == 0 || s[at - 1] == ' '))
            break;
    }
    for (; at < n && at > 0 && s[at - 1] == ' '; at--)
        ;
    return at;
}

static int columns_of(const char *s, size_t n)
{
    char *piece = cv_strndup(s, n);
    int width = canvas_width(piece);
    free(piece);
    return width;
}

/* Is this line in a section of plain words, where `and` is no operator? */
static bool is_prose(const struct cv_view *v, uint32_t number)
{
    static const char *const sections[] = {"[scenario", "[note", "[predict"};
    const struct cv_run_info *info = cv_model_info(v->m);
    for (; number > 0; number--) {
        const char *line = info->source + v->line_at.at[number - 1];
        size_t n = info->source_length - v->line_at.at[number - 1];
        if (n == 0 || *line != '[')
            continue;
        for (size_t i = 0; i < CV_COUNT(sections); i++)
            if (n > strlen(sections[i]) && !memcmp(line, sections[i], strlen(sections[i])))
                return true;
        return false;
    }
    return false;
}

static void draw_source(struct cv_canvas *c, struct cv_rect r, int x, int y, const char *line, size_t n, bool prose, unsigned extra)
{
    struct cv_buf clean = {0};
    cv_text_clean(&clean, line, n);
    cv_buf_str(&clean, "");
    char *s = clean.at;
    size_t length, comment = prose && s[0] != '[' && s[0] != ';' && s[0] != '#' ? clean.n : comment_at(s, clean.n), behind = comment + strspn(s + comment, " ");
    int whole = columns_of(s, clean.n), room = r.x + r.w - x;
    if (whole > room && comment < clean.n && room - columns_of(s, behind) < COMMENT_LEAST)
        whole = columns_of(s, clean.n = comment);
    bool cut = whole > room && room > 1;
    bool section = s[0] == '[';
    size_t indent = strspn(s, " ");
    for (size_t i = 0; i < clean.n && x < r.x + r.w; i += length) {
        enum cv_colour colour = CV_C_DIM;
        unsigned attrs = 0;
        length = clean.n - i;
        if (prose && i < comment)
            length = comment - i, colour = CV_C_TEXT;
        else if (i < comment)
            length = piece(s + i, comment - i, &colour, &attrs);
        if (section && colour != CV_C_DIM) {
            colour = CV_C_TITLE;
            attrs = CV_A_BOLD;
        }
        for (size_t k = i, step; k < i + length && x < r.x + r.w; k += step)
            x += canvas_put(c, r, x, y, cv_utf8(s + k, clean.n - k, &step), colour, attrs | (k < indent || k >= comment ? 0 : extra));
    }
    if (cut)
        canvas_put(c, r, r.x + r.w - 1, y, c->ascii ? '>' : 0x2026, CV_C_DIM, 0); /* in code a full stop would be read */
    cv_buf_release(&clean);
}

/* A task in a column: the number its name ends with, else its first letter. */
static int draw_initial(struct cv_canvas *c, struct cv_rect r, int x, int y, const char *name, enum cv_state state, bool selected)
{
    size_t n = strlen(name), digits = 0, length;
    while (digits < n && digits < 2 && isdigit((unsigned char)name[n - 1 - digits]))
        digits++;
    unsigned attrs = CV_A_BOLD | (selected ? CV_A_UNDERLINE : 0);
    if (digits)
        return canvas_str(c, r, x, y, name + n - digits, view_state_colour(state), attrs);
    return n ? canvas_put(c, r, x, y, cv_utf8(name, n, &length), view_state_colour(state), attrs) : 0;
}

enum { WHO = 6 }; /* columns for who stands here: initials and a glyph */

static int draw_glyph(const struct cv_view *v, struct cv_canvas *c, struct cv_rect room, int x, int y, enum cv_state s)
{
    bool away = s == CV_ST_WAITING || s == CV_ST_BLOCKED || s == CV_ST_READY;
    return canvas_put(c, room, x, y, away ? 0x21c4 : s == CV_ST_RUNNING ? 0x25b6 : view_state_glyph(v, s), view_state_colour(s), CV_A_BOLD);
}

static void draw_who(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, const struct census_line *line)
{
    struct cv_rect room = canvas_clip(r, (struct cv_rect){x, y, WHO - 1, 1});
    if (!line->tasks)
        return;
    uint32_t known = line->nfirst;
    bool alike = known > 0;
    for (uint32_t i = 1; i < known; i++)
        alike &= line->states[i] == line->states[0];
    if (line->tasks > 2 || known < line->tasks) {
        enum cv_colour ink = alike ? view_state_colour(line->states[0]) : CV_C_TEXT;
        x += canvas_printf(c, room, x, y, ink, CV_A_BOLD, line->tasks > 9999 ? ">9k" : "%u", line->tasks);
        if (alike)
            draw_glyph(v, c, room, x, y, line->states[0]);
        return;
    }
    for (uint32_t i = 0; i < known; i++) {
        x += draw_initial(c, room, x, y, cv_model_task_name(v->m, line->first[i]), line->states[i], line->first[i] == v->lane);
        if (!alike || i + 1 == known)
            x += draw_glyph(v, c, room, x, y, line->states[i]);
    }
}

/* The line to keep in sight: the selected lane's, else the first where anybody stands. 0: none. */
static uint32_t line_in_focus(const struct cv_view *v, const struct census *census)
{
    struct cv_lane_at at = cv_model_lane_at(v->m, v->lane, v->cursor);
    if (v->lane != CV_LANE_LOOP && at.line && at.line < census->lines.n)
        return at.line;
    for (uint32_t i = 1; i < census->lines.n; i++)
        if (census->lines.at[i].tasks)
            return i;
    return at.line < census->lines.n ? at.line : 0;
}

/* With nobody anywhere (before and after), the first task's text. */
static uint32_t resting_line(const struct cv_view *v)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    for (size_t i = 0; i < v->line_at.n; i++)
        if (info->source_length - v->line_at.at[i] >= 5 && (memcmp(info->source + v->line_at.at[i], "[task", 5) == 0 || memcmp(info->source + v->line_at.at[i], "[main", 5) == 0))
            return (uint32_t)i + 3;
    return 1;
}

static uint32_t centre_line(const struct cv_view *v, const struct census *census)
{
    uint32_t here = line_in_focus(v, census);
    return here ? here : resting_line(v);
}

void code_show(struct cv_view *v, uint32_t line) { v->scroll[PANE_CODE] = (int)line - (int)centre_line(v, view_census(v)); }

static uint32_t top_line(const struct cv_view *v, const struct census *census, int h, int steps)
{
    int64_t n = (int64_t)view_lines(v), centre = centre_line(v, census);
    int64_t above = steps == 0 ? h / 2 : h - steps - 1 > 0 ? (h - steps - 1) / 2 : 0; /* its steps are to be seen, before all others */
    int64_t first = centre - above + v->scroll[PANE_CODE];
    first = first > n - h + 1 && steps == 0 ? n - h + 1 : first > n ? n : first;
    return (uint32_t)(first < 1 ? 1 : first);
}

/* ── where a switch can happen ──────────────────────────────────────────────────────────────────── */
/* Under async at an await alone; under threads and processes anywhere: before, in and after every step. */
static bool can_switch(const struct cv_model *m, uint32_t line)
{
    uint32_t first, n = cv_model_line_steps(m, line, &first);
    const struct cv_run_info *info = cv_model_info(m);
    for (uint32_t i = 0; info->model == CV_ASYNC && i < n; i++)
        if (info->steps[first + i].await)
            return true;
    return info->model != CV_ASYNC && n > 0;
}

static void draw_gutter(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, bool can, uint64_t did)
{
    enum cv_colour colour = cv_model_info(v->m)->model == CV_ASYNC ? CV_C_AWAIT : CV_C_PREEMPT;
    if (did)
        canvas_put(c, r, x, y, v->ascii ? '*' : 0x25cf, colour, CV_A_BOLD);
    else if (can)
        canvas_put(c, r, x, y, v->ascii ? 'o' : 0x25cb, CV_C_DIM, 0);
}

/* ── a line's steps ─────────────────────────────────────────────────────────────────────────────── */
/* The initials of those that stand in front of this step, as far as they are known by name. */
static void draw_standing(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, const struct census_line *who, uint32_t step)
{
    struct cv_rect room = canvas_clip(r, (struct cv_rect){x, y, WHO - 1, 1});
    for (uint32_t i = 0; i < who->nfirst; i++)
        if (cv_model_step_at(v->m, who->first[i], v->cursor) == step)
            x += draw_initial(c, room, x, y, cv_model_task_name(v->m, who->first[i]), who->states[i], who->first[i] == v->lane);
}

/* A row a step, and one behind the last. Which of them is drawn where: x of the source, digits of the line numbers. */
static void draw_step(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, uint32_t line, uint32_t step, const struct census_line *who, int digits)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    uint32_t first, n = cv_model_line_steps(v->m, line, &first);
    const struct cv_info_step *s = step < n ? &info->steps[first + step] : NULL;
    int x = r.x + (r.w >= 24 ? digits + 1 : 0);
    uint64_t did = cv_model_step_switches(v->m, line, step, v->cursor);
    bool waits = s && (s->kind == CV_STEP_WAIT || s->kind == CV_STEP_TAKE), can = info->model != CV_ASYNC || (s && s->await);
    char note[48] = "";
    draw_standing(v, c, r, x, y, who, step);
    draw_gutter(v, c, r, x + WHO - 1, y, can, did);
    x += WHO;
    if (did && r.w >= 36)
        snprintf(note, sizeof note, r.w >= 56 ? "%llu %s" : "%llu×", (unsigned long long)did,
                 !s ? "switched away behind it" : waits || s->kind == CV_STEP_CPU ? "switched away in it" : "switched away before it");
    int width = canvas_width(note);
    struct cv_rect text = canvas_clip(r, (struct cv_rect){r.x, y, r.w - (width ? width + 1 : 0), 1});
    bool quiet = !s || s->kind == CV_STEP_COMPUTE || s->kind == CV_STEP_LOCAL;
    x += canvas_str(c, text, x, y, step < n ? (v->ascii ? "  | " : "  ├ ") : (v->ascii ? "  ` " : "  ╰ "), CV_C_FRAME, 0);
    canvas_fit(c, text, x, y, s ? s->text : "line done", text.x + text.w - x, quiet ? CV_C_DIM : CV_C_TEXT, quiet ? 0 : CV_A_BOLD);
    if (width)
        canvas_str(c, r, r.x + r.w - width, y, note, did ? (info->model == CV_ASYNC ? CV_C_AWAIT : CV_C_PREEMPT) : CV_C_DIM, 0);
}

static void draw_line(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, uint32_t number, const struct census_line *who, int digits, bool here)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    size_t from = v->line_at.at[number - 1], to = number < v->line_at.n ? v->line_at.at[number] : info->source_length;
    while (to > from && (info->source[to - 1] == '\n' || info->source[to - 1] == '\r'))
        to--;
    int x = r.x;
    if (r.w >= 24) {
        canvas_printf(c, r, x, y, here ? CV_C_CURSOR : CV_C_DIM, 0, "%*u", digits, number);
        x += digits + 1;
    }
    draw_who(v, c, r, x, y, who);
    draw_gutter(v, c, r, x + WHO - 1, y, can_switch(v->m, number), cv_model_line_switches(v->m, number, v->cursor));
    x += WHO;
    uint64_t switches = cv_model_line_switches(v->m, number, v->cursor);
    char note[40] = "";
    if (switches && r.w >= 36)
        snprintf(note, sizeof note, "%llu%s", (unsigned long long)switches, r.w >= 56 ? (switches == 1 ? " switch here" : " switches here") : "×");
    int width = canvas_width(note);
    struct cv_rect text = {r.x, y, r.w - (width ? width + 1 : 0), 1};
    draw_source(c, canvas_clip(r, text), x, y, info->source + from, to - from, is_prose(v, number), here ? CV_A_UNDERLINE : 0);
    if (width)
        canvas_str(c, r, r.x + r.w - width, y, note, CV_C_DIM, 0);
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    if (!v->m) {
        canvas_fit(c, r, r.x + 1, r.y, "starting…", r.w - 1, CV_C_DIM, 0);
        return;
    }
    const struct census *census = view_census(v);
    uint32_t here = line_in_focus(v, census), n = view_lines(v), ignored, steps = v->unfold && here ? cv_model_line_steps(v->m, here, &ignored) : 0;
    int digits = n >= 10000 ? 5 : n >= 1000 ? 4 : n >= 100 ? 3 : 2, y = r.y, bottom = r.y + r.h;
    steps += steps > 0; /* and one behind the last */
    for (uint32_t number = top_line(v, census, r.h, (int)steps); y < bottom && number <= n; number++) {
        draw_line(v, c, r, y++, number, &census->lines.at[number], digits, number == here);
        if (number == v->prompt.line)
            canvas_mark(c, canvas_clip(r, (struct cv_rect){r.x, y - 1, r.w, 1}), CV_A_REVERSE);
        for (uint32_t step = 0; number == here && step < steps && y < bottom; step++)
            draw_step(v, c, r, y++, number, step, &census->lines.at[number], digits);
    }
}

static void title(const struct cv_view *v, struct cv_buf *out)
{
    if (v->m)
        cv_text_clean(out, cv_model_info(v->m)->scenario, strlen(cv_model_info(v->m)->scenario));
}

static void click(struct cv_view *v, struct cv_rect r, int x, int y, int button)
{
    (void)r, (void)x, (void)y;
    if (button == 4 || button == 5)
        v->scroll[PANE_CODE] += button == 4 ? -1 : 1;
}

const struct cv_pane_ops code_pane = {.name = "Code", .summary = "the scenario's source, who stands where, how often it switched there", .title = title, .draw = draw, .click = click};
