/* The Step pane: somebody is the scheduler. Each task with its letter and its next step, who may go, who waits and for what; of the
 * one that is picked its line, unfolded into its visible steps; and below, the schedule as it grows. */
#include <stdlib.h>
#include <string.h>

#include "ui/view.h"

enum { NAME_MOST = 14, NAME_LEAST = 6, SCHEDULE_ROWS = 3 };

const struct cv_ui_step *step_picked(const struct cv_view *v)
{
    for (uint32_t i = 0; v->stage && i < v->stage->nsteps; i++)
        if (v->stage->steps[i].task == v->picked)
            return &v->stage->steps[i];
    return NULL;
}

static bool may(const struct cv_ui_step *s) { return s->may == CV_UI_MAY || s->may == CV_UI_SLEEPS; }

/* The pick stays where it is while it may go; else it is who is on the core, else the first that may. */
void step_follow(struct cv_view *v)
{
    const struct cv_ui_step *s = step_picked(v), *best = NULL;
    if (!v->stage || (s && may(s)))
        return;
    for (uint32_t i = 0; i < v->stage->nsteps; i++) {
        const struct cv_ui_step *one = &v->stage->steps[i];
        if (may(one) && (!best || (one->current && !best->current) || (one->may < best->may && !best->current)))
            best = one;
    }
    v->picked = best ? best->task : v->stage->nsteps ? v->stage->steps[0].task : CV_NO_TASK;
}

void step_pick(struct cv_view *v, int by)
{
    const struct cv_ui_step *s = step_picked(v);
    if (!v->stage || !v->stage->nsteps)
        return;
    int64_t at = s ? s - v->stage->steps : 0, n = v->stage->nsteps;
    at = at + by < 0 ? 0 : at + by >= n ? n - 1 : at + by;
    v->picked = v->stage->steps[at].task;
}

bool step_pick_digit(struct cv_view *v, int digit)
{
    for (uint32_t i = 0; v->stage && i < v->stage->nsteps; i++)
        if (v->stage->steps[i].letter == (uint32_t)digit - 1) {
            v->picked = v->stage->steps[i].task;
            return true;
        }
    return false;
}

static const char *name_of(const struct cv_view *v, uint32_t task) { return v->m && task < cv_model_ntasks(v->m) ? cv_model_task_name(v->m, task) : ""; }

static int name_width(const struct cv_view *v, int w)
{
    int most = NAME_LEAST;
    for (uint32_t i = 0; i < v->stage->nsteps; i++) {
        int n = canvas_width(name_of(v, v->stage->steps[i].task));
        most = n > most ? n : most;
    }
    most = most < NAME_MOST ? most : NAME_MOST;
    return most < w / 4 ? most : w / 4;
}

static void draw_row(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, const struct cv_ui_step *s, int name)
{
    bool picked = s->task == v->picked, can = may(s);
    enum cv_colour ink = can ? CV_C_TEXT : CV_C_DIM;
    unsigned bold = can ? CV_A_BOLD : 0;
    struct cv_buf text = {0};
    int x = r.x;
    canvas_put(c, r, x, y, s->current ? (v->ascii ? '>' : 0x25b6) : ' ', s->current ? CV_C_RUNNING : ink, 0);
    if (s->letter < 9)
        canvas_printf(c, r, x + 1, y, can ? CV_C_KEY : CV_C_DIM, 0, "%u", s->letter + 1);
    x += 3;
    char letter[8];
    cv_text_letter(s->letter, letter);
    x += canvas_str(c, r, x, y, letter, can ? CV_C_FOCUS : CV_C_DIM, CV_A_BOLD) + 1;
    canvas_fit(c, r, x, y, name_of(v, s->task), name, ink, bold);
    x += name + 1;
    cv_buf_str(&text, s->may == CV_UI_WAITS ? "waits: " : s->may == CV_UI_SLEEPS ? "asleep, then " : "");
    cv_buf_str(&text, s->text);
    canvas_fit(c, r, x, y, text.at, r.x + r.w - x, ink, bold);
    if (picked)
        canvas_mark(c, (struct cv_rect){r.x, y, r.w, 1}, CV_A_REVERSE);
    cv_buf_release(&text);
}

/* The line of who is picked, and its steps one by one. */
static int draw_unfolded(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y)
{
    const struct cv_ui_step *s = step_picked(v);
    struct cv_buf line = {0};
    if (!s || !may(s) || !view_source_line(v, s->line, &line)) {
        cv_buf_release(&line);
        return 0;
    }
    int x = r.x + 3;
    canvas_printf(c, r, x, y, CV_C_DIM, 0, "%3u ", s->line);
    canvas_fit(c, r, x + 4, y, line.at, r.x + r.w - x - 4, CV_C_TITLE, 0);
    x += 4;
    for (uint32_t i = 0; i < s->nparts && s->nparts > 1; i++) {
        bool now = i == s->part;
        if (i)
            x += canvas_str(c, r, x, y + 1, v->ascii ? " > " : " › ", CV_C_DIM, 0);
        x += canvas_fit(c, r, x, y + 1, s->parts[i], r.x + r.w - x, now ? CV_C_FOCUS : i < s->part ? CV_C_DONE : CV_C_DIM, now ? CV_A_BOLD | CV_A_UNDERLINE : 0);
    }
    cv_buf_release(&line);
    return s->nparts > 1 ? 2 : 1;
}

/* The end of text in rows of width w, broken between steps; returns the rows it took. */
static int draw_schedule(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, int rows)
{
    const struct cv_ui_stage *st = v->stage;
    const char *at = st->schedule;
    size_t n = strlen(at), room = (size_t)(r.w - 3) * (size_t)rows;
    bool cut = st->longer || n > room;
    if (n > room)
        at += n - room;
    while (cut && *at && *at != ' ')
        at++;
    int drawn = 0;
    for (; drawn < rows && (*at || !drawn); drawn++) {
        size_t next = 0, take = 0;
        while (*at == ' ')
            at++;
        take = *at ? canvas_wrap(at, r.w - 2, &next) : 0;
        char *one = cv_strndup(at, take);
        int x = r.x + canvas_str(c, r, r.x, y + drawn, cut && !drawn ? (v->ascii ? "~ " : "… ") : "", CV_C_DIM, 0);
        x += canvas_str(c, r, x, y + drawn, one, CV_C_FOCUS, CV_A_BOLD);
        at += next;
        if (!*at && !st->over)
            canvas_put(c, r, x + (take > 0), y + drawn, v->ascii ? '_' : 0x258f, CV_C_CURSOR, CV_A_BOLD);
        free(one);
    }
    return drawn;
}

static int wrapped(struct cv_canvas *c, struct cv_rect r, int y, const char *text, enum cv_colour ink, int rows)
{
    int drawn = 0;
    for (size_t next; text && *text && drawn < rows; text += next, drawn++) {
        size_t take = canvas_wrap(text, r.w, &next);
        char *one = cv_strndup(text, drawn == rows - 1 ? strlen(text) : take);
        canvas_fit(c, r, r.x, y + drawn, one, r.w, ink, CV_A_BOLD);
        free(one);
    }
    return drawn;
}

static int rows_of(const char *text, int width)
{
    int n = 0;
    for (size_t next; text && *text && n < 3; text += next, n++)
        canvas_wrap(text, width, &next);
    return n;
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    const struct cv_ui_stage *st = v->stage;
    (void)focus;
    if (!st || r.w < 4 || r.h < 1)
        return;
    int goal = r.h >= 6 ? rows_of(st->goal, r.w) : 0, parted = r.h >= 8 ? rows_of(st->parted, r.w) : 0;
    int schedule = r.h >= 14 ? SCHEDULE_ROWS : r.h >= 5 ? 2 : r.h >= 3;
    if (schedule > 1 && (int)strlen(st->schedule) < (r.w - 3) * (schedule - 1))
        schedule = (int)strlen(st->schedule) / (r.w - 3) + 1;
    int below = goal + parted + schedule + (schedule && r.h >= 7), rows = r.h - below;
    int unfolded = rows >= (int)st->nsteps + 2 || rows >= 7 ? 2 : 0, list = rows - unfolded > 0 ? rows - unfolded : 0;
    const struct cv_ui_step *s = step_picked(v);
    uint32_t first = view_first_row(st->nsteps, (uint32_t)list, s ? (uint32_t)(s - st->steps) : 0);
    int name = name_width(v, r.w), y = r.y;
    if (!st->nsteps && list > 0)
        canvas_fit(c, r, r.x, y, st->busy ? "one moment…" : "", r.w, CV_C_DIM, 0);
    for (uint32_t i = first; i < st->nsteps && y < r.y + list; i++) {
        draw_row(v, c, r, y++, &st->steps[i], name);
        if (unfolded && st->steps[i].task == v->picked)
            y += draw_unfolded(v, c, r, y), list += 2, unfolded = 0;
    }
    y = r.y + r.h - below;
    if (schedule && r.h >= 7) {
        for (int x = 0; x < r.w; x++)
            canvas_put(c, r, r.x + x, y, v->ascii ? '-' : 0x2500, CV_C_FRAME, 0);
        canvas_str(c, r, r.x + 1, y, " schedule ", CV_C_DIM, 0);
        if (r.w >= 30)
            canvas_str(c, r, r.x + r.w - 11, y, " y copies ", CV_C_DIM, 0);
        y++;
    }
    if (schedule)
        draw_schedule(v, c, r, y, schedule);
    y += schedule;
    y += wrapped(c, r, y, st->parted, CV_C_AWAIT, parted);
    wrapped(c, r, y, st->goal, st->reached > 0 ? CV_C_GOOD : st->reached < 0 ? CV_C_WARN : CV_C_TITLE, goal);
}

static void title(const struct cv_view *v, struct cv_buf *out)
{
    const struct cv_ui_stage *st = v->stage;
    if (!st)
        return;
    if (st->busy)
        cv_buf_str(out, "any key stops it");
    else if (st->more)
        cv_buf_printf(out, "%u more", st->more);
    else
        cv_buf_printf(out, "%llu %s%s", (unsigned long long)st->preemptions, v->m && cv_model_info(v->m)->model == CV_ASYNC ? "out of turn" : "preemption",
                      st->preemptions == 1 || (v->m && cv_model_info(v->m)->model == CV_ASYNC) ? "" : "s");
}

static void click(struct cv_view *v, struct cv_rect inside, int x, int y, int button)
{
    (void)x;
    if (button == 4 || button == 5)
        step_pick(v, button == 4 ? -1 : 1);
    else if (button == 1 && v->stage && y - inside.y < (int)v->stage->nsteps)
        v->picked = v->stage->steps[y - inside.y].task;
}

const struct cv_pane_ops step_pane = {
    .name = "Step", .summary = "in the scheduler's place: who may go, with the next step; the schedule so far", .title = title, .draw = draw, .click = click};
