/* The story told to a room: a lesson as slides. The opening asks the question before anything has run and counts the room's votes;
 * then the run goes at full speed, and the screen plays its record up to each note and stands there; at the end, the answer.
 *
 * Notes come in the order of their instants, and of the file where these are equal. A note that is found late, before the
 * place where the story stands, is met on the way back. */
#include <stdlib.h>
#include <string.h>

#include "ui/story.h"

enum { MARGIN = 3, TEXT_WIDTH = 84, SIDE = 4 };

static const struct cv_run_info *info_of(const struct cv_view *v) { return cv_model_info(v->m); }

/* ── where it goes ──────────────────────────────────────────────────────────────────────────────── */
/* The note next to (t, note) in a direction, of those that the record has by now; note UINT32_MAX: from before all. */
static uint32_t next_note(const struct cv_view *v, uint64_t t, uint32_t note, int direction, uint64_t *at)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < info_of(v)->nnotes; i++) {
        uint64_t ti = cv_model_note(v->m, i).t;
        bool first = note == UINT32_MAX, later = first || ti > t || (ti == t && i > note), earlier = !first && (ti < t || (ti == t && i < note));
        if (ti == UINT64_MAX || (direction > 0 ? !later : !earlier))
            continue;
        bool nearer = found == UINT32_MAX || (direction > 0 ? ti < *at : ti >= *at);
        if (nearer) {
            found = i;
            *at = ti;
        }
    }
    return found;
}

/* The timeline as wide as the run has become, unless somebody zoomed. */
static void fit(struct cv_view *v)
{
    if (v->zoomed || v->live)
        return;
    v->span = v->speed < 1 ? view_paced_span(v) : view_fit_span(v);
    v->from = 0;
    view_goto(v, v->cursor);
}

static void stop_at(struct cv_view *v, uint32_t note, uint64_t t)
{
    struct cv_note_at at = cv_model_note(v->m, note);
    bool followed = v->live && !view_over(v);
    v->story.slide = CV_SLIDE_NOTE;
    v->story.note = note;
    v->story.t = t;
    view_play(v, 0);
    view_goto(v, t);
    fit(v);
    if (followed)
        v->seen = t; /* what came since is for later */
    if (at.task != CV_NO_TASK && at.task < cv_model_ntasks(v->m)) {
        v->lane = at.task;
        v->chosen = true;
        v->scroll[PANE_CODE] = 0;
    }
}

void present_begin(struct cv_view *v, enum cv_slide slide)
{
    v->story = (struct story){.slide = slide, .note = UINT32_MAX, .last = -1, .begun = slide > CV_SLIDE_OPENING};
    if (!v->m || (slide != CV_SLIDE_NOTE && slide != CV_SLIDE_ANSWER))
        return;
    uint64_t t = 0;
    for (uint32_t i = next_note(v, 0, UINT32_MAX, 1, &t); i != UINT32_MAX && t <= v->cursor; i = next_note(v, t, i, 1, &t)) {
        v->story.note = i;
        v->story.t = t;
    }
    if (slide == CV_SLIDE_ANSWER && info_of(v)->predict.question)
        return;
    uint64_t cursor = v->cursor;
    v->story.slide = CV_SLIDE_RUN;
    if (v->story.note != UINT32_MAX)
        stop_at(v, v->story.note, v->story.t);
    view_goto(v, cursor);
}

void present_model(struct cv_view *v)
{
    v->story.note = UINT32_MAX;
    v->story.t = 0;
    if (v->story.slide > CV_SLIDE_OPENING)
        v->story.slide = CV_SLIDE_RUN;
}

void present_follow(struct cv_view *v)
{
    uint64_t t = 0;
    if (view_slide(v) != CV_SLIDE_RUN || !v->m)
        return;
    uint32_t next = next_note(v, v->story.t, v->story.note, 1, &t);
    if (next != UINT32_MAX && t <= v->cursor)
        stop_at(v, next, t);
}

/* ── keys ───────────────────────────────────────────────────────────────────────────────────────── */
bool present_on(struct cv_view *v)
{
    struct story *s = &v->story;
    uint64_t t = 0;
    if (!v->m || s->slide == CV_SLIDE_ANSWER)
        return v->m != NULL;
    if (s->slide == CV_SLIDE_OPENING) {
        bool again = s->begun;
        s->begun = true;
        s->slide = CV_SLIDE_RUN;
        s->note = UINT32_MAX;
        s->t = 0;
        if (again) {
            view_goto(v, 0);
            view_play(v, 1);
        }
        return true;
    }
    uint32_t next = next_note(v, s->t, s->note, 1, &t);
    bool resting = s->slide == CV_SLIDE_NOTE, end = view_over(v) && (v->live || v->cursor >= view_end(v));
    if (resting && !end) { /* the screen plays on from there */
        s->slide = CV_SLIDE_RUN;
        view_goto(v, s->t);
        fit(v);
        view_play(v, 1);
    } else if (next != UINT32_MAX) {
        stop_at(v, next, t);
    } else if (end && info_of(v)->predict.question) {
        s->slide = CV_SLIDE_ANSWER;
    } else if (view_over(v)) {
        s->slide = CV_SLIDE_RUN;
        view_goto(v, UINT64_MAX);
    }
    return true;
}

bool present_back(struct cv_view *v)
{
    struct story *s = &v->story;
    uint64_t t = 0;
    if (!v->m || s->slide == CV_SLIDE_OPENING)
        return v->m != NULL;
    uint32_t to = s->slide == CV_SLIDE_NOTE ? next_note(v, s->t, s->note, -1, &t) : s->note;
    if (to == UINT32_MAX)
        s->slide = CV_SLIDE_OPENING;
    else
        stop_at(v, to, s->slide == CV_SLIDE_NOTE ? t : s->t);
    return true;
}

bool present_vote(struct cv_view *v, int choice)
{
    struct story *s = &v->story;
    if (s->slide != CV_SLIDE_OPENING || !v->m || v->help)
        return false;
    if (choice < 0) {
        if (s->last >= 0 && s->votes[s->last])
            s->votes[s->last]--;
        s->last = -1;
        return true;
    }
    if (choice >= (int)info_of(v)->predict.nchoices)
        return false;
    s->votes[choice]++;
    s->last = choice;
    return true;
}

/* A slide that takes the whole screen has no panes for the dashboard's keys. */
bool present_lets(const struct cv_view *v, int key)
{
    if (v->story.slide != CV_SLIDE_OPENING && v->story.slide != CV_SLIDE_ANSWER)
        return true;
    if (v->help || v->notice || key == '?' || key == 'h' || key == 'q' || key == 'Q' || key == 27)
        return true;
    return (key > 0 && key < 128 && strchr("tpg", key)) || (v->story.slide == CV_SLIDE_ANSWER && (key == 'r' || key == 'a' || key == 's'));
}

/* ── the slides ─────────────────────────────────────────────────────────────────────────────────── */
static void add_clean(struct cv_buf *out, const char *s) { cv_text_clean(out, s, strlen(s)); }

static unsigned most_votes(const struct cv_view *v, unsigned *sum)
{
    unsigned most = 0;
    *sum = 0;
    for (int i = 0; i < STORY_CHOICES; i++) {
        most = v->story.votes[i] > most ? v->story.votes[i] : most;
        *sum += v->story.votes[i];
    }
    return most;
}

/* One choice: its letter, its text, and how many think so. Returns the row below it. */
static int choice(const struct cv_view *v, struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, uint32_t i)
{
    const struct cv_info_predict *q = &info_of(v)->predict;
    bool told = v->story.slide == CV_SLIDE_ANSWER, right = told && i == q->answer;
    unsigned sum, most = most_votes(v, &sum);
    int text = told && !sum ? width : width >= 40 ? width * 6 / 10 : width - SIDE, bars = x + text + 2, room = width - text - 2 - 5;
    enum cv_colour colour = right ? CV_C_GOOD : told ? CV_C_DIM : CV_C_TEXT;
    char letter[2] = {(char)('a' + i), 0};
    if (right && clip.w)
        canvas_put(c, clip, x - 2, y, 0x2713, CV_C_GOOD, CV_A_BOLD);
    canvas_str(c, clip, x, y, letter, right ? CV_C_GOOD : CV_C_KEY, CV_A_BOLD);
    int below = story_text(c, clip, x + SIDE, y, text - SIDE, q->choices[i], colour, right ? CV_A_BOLD : 0);
    if (sum && room > 4 && clip.w) {
        canvas_bar(c, clip, bars, y, room, (double)v->story.votes[i] / most, right ? CV_C_GOOD : CV_C_AWAIT);
        canvas_printf(c, clip, bars + room + 1, y, colour, CV_A_BOLD, "%4u", v->story.votes[i]);
    }
    return below > y ? below : y + 1;
}

/* The whole of it from row y on; returns the row below. gap: rows between its parts. */
static int slide(const struct cv_view *v, struct cv_canvas *c, struct cv_rect clip, int x, int y, int width, int gap)
{
    const struct cv_run_info *info = info_of(v);
    const struct cv_info_predict *q = &info->predict;
    bool told = v->story.slide == CV_SLIDE_ANSWER;
    const char *title = info->title && *info->title ? info->title : info->scenario;
    y = story_text(c, clip, x, y, width, title, CV_C_TITLE, CV_A_BOLD);
    for (int i = 0, n = canvas_width(title) < width ? canvas_width(title) : width; i < n && clip.w; i++)
        canvas_put(c, clip, x + i, y, 0x2501, CV_C_TITLE, 0);
    y += 1 + (gap > 0);
    if (!told && info->about && *info->about)
        y = story_text(c, clip, x, y, width, info->about, CV_C_TEXT, 0) + gap;
    if (!q->question)
        return y;
    y = story_text(c, clip, x, y, width, q->question, CV_C_FOCUS, CV_A_BOLD) + (gap > 0);
    for (uint32_t i = 0; i < q->nchoices; i++)
        y = choice(v, c, clip, x, y, width, i) + (gap > 1);
    if (told && q->because)
        y = story_text(c, clip, x, y + (gap > 0), width, q->because, CV_C_TEXT, CV_A_BOLD);
    return y;
}

static void draw_slide(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    int width = r.w - 4 * MARGIN, x, gap = 2, rows;
    width = width > TEXT_WIDTH ? TEXT_WIDTH : width < 16 ? r.w - SIDE : width;
    x = r.x + (r.w - width) / 2;
    struct cv_buf text = {0};
    if (v->status.message && *v->status.message && v->story.slide == CV_SLIDE_ANSWER) {
        cv_buf_str(&text, "This run: ");
        add_clean(&text, v->status.message);
    }
    int below = text.n ? 1 + story_text(NULL, (struct cv_rect){0}, x, 0, width, text.at, CV_C_DIM, 0) : 0;
    do
        rows = slide(v, NULL, (struct cv_rect){0}, x, 0, width, gap);
    while (rows + (gap > 1 ? below : 0) > r.h - 1 && gap-- > 0);
    below = rows + below > r.h - 1 ? 0 : below;
    int spare = r.h - 1 - rows - below, top = rows < r.h - 2 ? (r.h - rows) / 3 : 0;
    slide(v, c, r, x, r.y + (below && top > spare ? spare : top), width, gap > 0 ? gap : 0);
    if (below)
        story_text(c, r, x, r.y + r.h - below, width, text.at, CV_C_DIM, 0);
    cv_buf_release(&text);
}

/* ── the panel beside the panes ─────────────────────────────────────────────────────────────────── */
int present_rows(const struct cv_view *v, int width)
{
    const struct cv_run_info *info = v->m ? cv_model_info(v->m) : NULL;
    int most = 3; /* of what the run has to say, if anything */
    for (uint32_t i = 0; info && i < info->nnotes; i++) {
        int rows = story_text(NULL, (struct cv_rect){0}, 0, 0, width - 2 * MARGIN - 2, info->notes[i].text, CV_C_TEXT, 0);
        most = rows > most ? rows : most;
    }
    return most;
}

/* What stands in the panel while no note does. */
static const char *on_the_way(const struct cv_view *v)
{
    enum cv_outcome outcome = CV_OUT_NONE;
    bool over = cv_model_over(v->m, &outcome, NULL);
    if (v->status.message && *v->status.message && !v->status.running && !(over && outcome == CV_OUT_FINISHED)) /* refused, or ended otherwise */
        return v->status.message;
    if (!view_over(v) || (!v->live && v->cursor < view_end(v)))
        return info_of(v)->about ? info_of(v)->about : "";
    return info_of(v)->predict.question ? "The run is over. And the answer?" : "The run is over.";
}

void present_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r)
{
    if (!v->m)
        return;
    if (v->story.slide == CV_SLIDE_OPENING || v->story.slide == CV_SLIDE_ANSWER) {
        draw_slide(v, c, r);
        return;
    }
    bool note = v->story.slide == CV_SLIDE_NOTE;
    struct cv_rect inside = layout_inside(r);
    struct cv_buf text = {0};
    if (layout_framed(r))
        canvas_box(c, r, note ? cv_duration_text(v->story.t, v->ascii) : "", "", note ? CV_C_CURSOR : CV_C_FRAME, note);
    if (note)
        cv_buf_str(&text, info_of(v)->notes[v->story.note].text);
    else
        add_clean(&text, on_the_way(v));
    int margin = inside.w > 40 ? MARGIN : 0, rows = story_text(NULL, (struct cv_rect){0}, 0, 0, inside.w - 2 * margin, text.at, CV_C_TEXT, 0);
    int y = inside.y + (rows < inside.h ? (inside.h - rows) / 2 : 0);
    story_text(c, inside, inside.x + margin, y, inside.w - 2 * margin, text.at, note ? CV_C_TEXT : CV_C_DIM, note ? CV_A_BOLD : 0);
    cv_buf_release(&text);
}
