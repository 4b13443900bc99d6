/* The story beside the picture: under the title what the lesson is about, or the newest note until the cursor; at the very instant of
 * a finding, where no note speaks of it, the finding's own sentence; in full over the lower part of the screen when asked for. Texts come from the scenario and are shown as far as they are clean. */
#include <stdlib.h>
#include <string.h>

#include "ui/story.h"

enum { TEXT_MARGIN = 3, FINDING_ROWS = 2 /* there are always so many: most findings fit, and nothing moves when one comes */ };

uint32_t story_note(const struct cv_view *v)
{
    uint32_t found = UINT32_MAX;
    uint64_t at = 0;
    const struct cv_run_info *info = v->m ? cv_model_info(v->m) : NULL;
    for (uint32_t i = 0; info && i < info->nnotes; i++) {
        uint64_t t = cv_model_note(v->m, i).t;
        bool early = info->notes[i].event == CV_AT_START && v->cursor > 0 && *info->about; /* the lesson's own words hold longer */
        if (t <= v->cursor && t >= at && !early) {
            found = i;
            at = t;
        }
    }
    return found;
}

int story_text(struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, const char *text, enum cv_colour colour, unsigned attrs)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = cv_strndup(text, n);
        for (size_t at = 0, next; line[at] || n == 0; at += next) {
            size_t take = canvas_wrap(line + at, width, &next);
            char *piece = cv_strndup(line + at, take);
            canvas_str(c, clip, x, y++, piece, colour, attrs);
            free(piece);
            if (n == 0)
                break;
        }
        free(line);
        text += n + (text[n] == '\n');
    }
    return y;
}

/* A text as one paragraph: its lines were broken for a file, not for this width. */
static char *flowed(const char *text)
{
    char *s = cv_strndup(text, strlen(text));
    for (char *at = s; *at; at++)
        if (*at == '\n')
            *at = ' ';
    return s;
}

static int rows_of(const char *text, int width)
{
    char *s = flowed(text);
    int rows = story_text(NULL, (struct cv_rect){0}, 0, 0, width, s, CV_C_TEXT, 0);
    free(s);
    return rows;
}

int story_rows(const struct cv_view *v, int width)
{
    const struct cv_run_info *info = v->m ? cv_model_info(v->m) : NULL;
    int most = 0;
    if (!info || width < 2 * TEXT_MARGIN)
        return 0;
    if (info->about)
        most = rows_of(info->about, width - TEXT_MARGIN - 1);
    for (uint32_t i = 0; i < info->nnotes && most < 3; i++) {
        int rows = rows_of(info->notes[i].text, width - TEXT_MARGIN - 1);
        most = rows > most ? rows : most;
    }
    return most && most < FINDING_ROWS ? FINDING_ROWS : most;
}

/* Held where something was found, and no note was written for just that instant. */
static bool finding_here(const struct cv_view *v, uint32_t note, struct cv_summary_finding *f)
{
    uint32_t n = cv_model_nfindings(v->m, v->cursor);
    if (v->live || v->playing || !n)
        return false;
    *f = cv_model_finding(v->m, n - 1);
    return f->t == v->cursor && (note == UINT32_MAX || cv_model_note(v->m, note).t != v->cursor);
}

bool story_tells_finding(const struct cv_view *v)
{
    struct cv_summary_finding f;
    return v->m && finding_here(v, story_note(v), &f);
}

void story_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    uint32_t note = story_note(v);
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_summary_finding f;
    bool finding = finding_here(v, note, &f);
    char *text = flowed(finding ? f.text : note != UINT32_MAX ? info->notes[note].text : info->about ? info->about : "");
    int x = r.x + TEXT_MARGIN, width = r.w - TEXT_MARGIN - 1;
    enum cv_colour colour = finding ? CV_C_WARN : note == UINT32_MAX ? CV_C_TEXT : CV_C_CURSOR;
    if (finding)
        canvas_put(c, r, r.x + 1, r.y, 0x26a0, CV_C_WARN, CV_A_BOLD);
    else if (note != UINT32_MAX)
        canvas_put(c, r, r.x + 1, r.y, 0x25b8, CV_C_CURSOR, CV_A_BOLD);
    size_t at = 0, next;
    for (int y = 0; y < r.h && text[at]; y++, at += next) {
        size_t take = canvas_wrap(text + at, width, &next);
        bool last = y == r.h - 1;
        char *piece = cv_strndup(text + at, last ? strlen(text + at) : take);
        canvas_fit(c, r, x, r.y + y, piece, width, colour, 0); /* what has no room: i shows it, and d a finding */
        free(piece);
    }
    free(text);
}

/* ── in full ────────────────────────────────────────────────────────────────────────────────────── */
static void add(struct cv_buf *out, const char *text)
{
    if (text && *text)
        cv_buf_printf(out, "%s%s", out->n ? "\n\n" : "", text);
}

void story_panel(const struct cv_view *v, struct cv_canvas *c)
{
    const struct cv_run_info *info = v->m ? cv_model_info(v->m) : NULL;
    struct cv_buf text = {0}, title = {0};
    uint32_t note = story_note(v);
    if (!info)
        return;
    if (note == UINT32_MAX) {
        add(&text, info->about);
        for (uint32_t i = 0; i < info->nnotes; i++)
            if (info->notes[i].event == CV_AT_START)
                add(&text, info->notes[i].text);
        add(&text, info->predict.question);
        cv_buf_str(&title, info->title && *info->title ? info->title : info->scenario);
    } else {
        add(&text, info->notes[note].text);
        cv_buf_printf(&title, "Note at %s", cv_duration_text(cv_model_note(v->m, note).t, v->ascii));
    }
    add(&text, text.n ? "" : "This lesson says nothing about itself.");
    int width = c->width - 2 * TEXT_MARGIN > 8 ? c->width - 2 * TEXT_MARGIN : c->width, most = c->height > 8 ? c->height * 2 / 3 : c->height;
    int h = story_text(NULL, (struct cv_rect){0}, 0, 0, width, text.at, CV_C_TEXT, 0) + 2;
    h = h > most ? most : h;
    struct cv_rect r = {0, c->height - 1 - h > 0 ? c->height - 1 - h : 0, c->width, h}, inside = layout_inside(r);
    canvas_fill(c, r, ' ', CV_C_TEXT, 0);
    if (layout_framed(r))
        canvas_box(c, r, title.at, "i closes", CV_C_FOCUS, true);
    story_text(c, inside, c->width > width ? TEXT_MARGIN : 0, inside.y, width, text.at, CV_C_TEXT, 0);
    cv_buf_release(&text);
    cv_buf_release(&title);
}
