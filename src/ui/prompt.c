/* A line that is typed: what the lanes are filtered by, and what is searched for. A search goes through the tasks by name, the writes
 * of variables, the lines of output, the marks and the lines of the source, one hit after the other, and begins anew at the end. */
#include <ctype.h>
#include <string.h>

#include "ui/view.h"

static bool contains(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

/* ── searching: each goes to its next hit after `last` (UINT64_MAX: from the first) ─────────────── */
static bool next_task(struct cv_view *v, struct prompt *p)
{
    uint32_t n = cv_model_ntasks(v->m), first = cv_model_info(v->m)->implicit_main ? 1 : 0;
    for (uint64_t i = p->last == UINT64_MAX ? first : p->last + 1; i < n; i++)
        if (contains(cv_model_task_name(v->m, (uint32_t)i), p->search)) {
            p->last = i;
            v->lane = (uint32_t)i;
            v->chosen = true;
            v->rows.group = UINT32_MAX;
            view_say(v, "task %.100s", cv_model_task_name(v->m, (uint32_t)i));
            return true;
        }
    return false;
}

static void look_at(struct cv_view *v, uint64_t t, uint32_t task)
{
    view_play(v, 0);
    view_goto(v, t);
    if (task < cv_model_ntasks(v->m) && !(task == 0 && cv_model_info(v->m)->implicit_main)) {
        v->lane = task;
        v->chosen = true;
        v->rows.group = UINT32_MAX;
    }
}

/* Writes at one instant, of several variables, are one hit. */
static bool next_write(struct cv_view *v, struct prompt *p)
{
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_moment one, best = {.t = UINT64_MAX};
    for (uint32_t var = 0; var < info->nvars; var++)
        if (contains(info->vars[var].name, p->search) && cv_model_next_write(v->m, var, p->last == UINT64_MAX ? 0 : p->last, 1, &one) && one.t < best.t)
            best = one;
    if (best.t == UINT64_MAX)
        return false;
    p->last = best.t;
    look_at(v, best.t, best.task);
    struct cv_buf name = {0};
    cv_text_clean(&name, info->vars[best.var].name, strlen(info->vars[best.var].name));
    view_say(v, "%.100s written at line %u", name.at, best.line);
    cv_buf_release(&name);
    return true;
}

static bool next_output(struct cv_view *v, struct prompt *p)
{
    uint32_t n = cv_model_noutput(v->m, UINT64_MAX);
    for (uint64_t i = p->last == UINT64_MAX ? 0 : p->last + 1; i < n; i++) {
        struct cv_line_out o = cv_model_output(v->m, (uint32_t)i);
        if (!contains(o.text, p->search))
            continue;
        p->last = i;
        look_at(v, o.t, o.task);
        view_say(v, "output: %.200s", o.text);
        return true;
    }
    return false;
}

static bool next_mark(struct cv_view *v, struct prompt *p)
{
    uint32_t n = cv_model_nmarks(v->m, UINT64_MAX);
    for (uint64_t i = p->last == UINT64_MAX ? 0 : p->last + 1; i < n; i++) {
        struct cv_mark k = cv_model_mark(v->m, (uint32_t)i);
        if (!contains(k.name, p->search))
            continue;
        p->last = i;
        look_at(v, k.t, k.task);
        view_say(v, "mark %.200s", k.name);
        return true;
    }
    return false;
}

/* The code comes to the line; time stands where it is. */
static bool next_source(struct cv_view *v, struct prompt *p)
{
    for (uint64_t line = p->last == UINT64_MAX ? 1 : p->last + 1; line <= view_lines(v); line++) {
        struct cv_buf text = {0};
        bool hit = view_source_line(v, (uint32_t)line, &text) && contains(text.at, p->search);
        if (hit) {
            p->last = line;
            p->line = (uint32_t)line;
            code_show(v, p->line);
            view_say(v, "line %u: %.200s", p->line, text.at);
        }
        cv_buf_release(&text);
        if (hit)
            return true;
    }
    return false;
}

static void search(struct cv_view *v, struct prompt *p)
{
    static bool (*const places[])(struct cv_view *, struct prompt *) = {next_task, next_write, next_output, next_mark, next_source};
    if (!v->m || !*p->search)
        return;
    p->line = 0;
    for (size_t tries = 0; tries <= CV_COUNT(places); tries++) { /* once more the first, from its beginning */
        if (places[p->place](v, p))
            return;
        p->place = (p->place + 1) % CV_COUNT(places);
        p->last = UINT64_MAX;
    }
    view_say(v, "neither task, variable, output, mark nor line of the source has '%s'", p->search);
}

/* ── typing ─────────────────────────────────────────────────────────────────────────────────────── */
void prompt_open(struct cv_view *v, enum prompt_kind kind)
{
    v->prompt.kind = kind;
    snprintf(v->prompt.text, sizeof v->prompt.text, "%s", kind == PROMPT_FILTER ? v->rows.filter : "");
}

static void done(struct cv_view *v)
{
    struct prompt *p = &v->prompt;
    if (p->kind == PROMPT_FILTER) {
        rows_filter(v, p->text);
        rows_update(v);
        uint32_t first = rows_count(v) > 1 && rows_at(v, 0) == CV_LANE_LOOP; /* whose words stand below is a lane that is seen */
        if (*p->text && rows_index(v, v->lane) == UINT32_MAX && first < rows_count(v))
            rows_choose(v, first);
    } else {
        if (*p->text && strcmp(p->text, p->search)) {
            snprintf(p->search, sizeof p->search, "%s", p->text);
            p->place = 0;
            p->last = UINT64_MAX;
        }
        search(v, p); /* an empty line: the next hit */
    }
    p->kind = PROMPT_NONE;
}

bool prompt_input(struct cv_view *v, int key)
{
    struct prompt *p = &v->prompt;
    size_t n = strlen(p->text);
    if (p->kind == PROMPT_NONE)
        return false;
    if (key == 27)
        p->kind = PROMPT_NONE;
    else if (key == '\r' || key == '\n')
        done(v);
    else if (key == CV_KEY_BACKSPACE && n > 0)
        p->text[n - 1] = 0;
    else if (key >= ' ' && key < 0x7f && n + 1 < sizeof p->text)
        p->text[n] = (char)key, p->text[n + 1] = 0;
    return true;
}

int prompt_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    const struct prompt *p = &v->prompt;
    bool filter = p->kind == PROMPT_FILTER;
    int x = r.x + 1;
    x += canvas_str(c, r, x, r.y, filter ? "show only: " : "search: ", CV_C_KEY, CV_A_BOLD);
    x += canvas_str(c, r, x, r.y, p->text, CV_C_TEXT, CV_A_BOLD);
    canvas_put(c, r, x, r.y, ' ', CV_C_CURSOR, CV_A_REVERSE);
    const char *hint = filter ? "states and words of names, as in: blocked conn" : *p->search ? "a task, a variable, a text; Enter alone: the next" : "a task, a variable, a text";
    return x + 3 + canvas_fit(c, r, x + 3, r.y, hint, r.x + r.w - x - 3, CV_C_DIM, 0);
}
