/* What the lecture says stands under the title from 40x18 on, in three rows at most. Sizes: from 60x16 on the full picture (left Code and Cores, so that the code has the most
 * rows, right Shared, Output and Switches, below the Timeline; where it is narrow, left Cores and Switches, right Code and Output),
 * from 140 columns three columns; below that the Timeline and one more pane; below 8 rows one pane. */
#include "ui/layout.h"

enum { TWO_LEAST = 9 }; /* rows above the Timeline, for code at the left */

static int clamp(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

bool layout_framed(struct cv_rect pane) { return pane.h >= 3 && pane.w >= 12; }

struct cv_rect layout_inside(struct cv_rect p)
{
    return layout_framed(p) ? (struct cv_rect){p.x + 1, p.y + 1, p.w - 2, p.h - 2} : p;
}

int layout_left(int width) { return clamp(width * 45 / 100, 27, 46); }

static void left_column(struct layout *l, struct cv_rect r, struct layout_wants wants)
{
    int cores = wants.step ? r.h : clamp(wants.cores + 2, 3, r.h / 2);
    l->panes[PANE_CORES] = (struct cv_rect){r.x, r.y, r.w, cores};
    if (!wants.step)
        l->panes[PANE_SWITCHES] = (struct cv_rect){r.x, r.y + cores, r.w, r.h - cores};
}

static void shared_and_output(struct layout *l, struct cv_rect r, int shared)
{
    l->panes[PANE_SHARED] = (struct cv_rect){r.x, r.y, r.w, shared};
    l->panes[PANE_OUTPUT] = (struct cv_rect){r.x, r.y + shared, r.w, r.h - shared};
}

/* The code needs rows most, and cores no more than they are. */
static void code_left(struct layout *l, struct cv_rect r, struct layout_wants wants, bool shared_wanted, enum layout_pane focus)
{
    int left = clamp(r.w * 55 / 100, 32, 76), cores = clamp(wants.cores + 2, 3, r.h * 2 / 5), x = r.x + left, w = r.w - left;
    int most = r.h < 10 ? 3 : r.h < 16 ? r.h - 7 : r.h / 2 + 1;
    bool gives_way = shared_wanted && wants.shared + 2 > most && r.h < 16 && focus != PANE_SWITCHES; /* what is shared is the lesson then */
    int shared = shared_wanted ? clamp(wants.shared + 2, 3, gives_way && r.h > 7 ? r.h - 4 : most) : 0;
    int output = clamp((r.h - shared - 2) / 2, r.h - shared < 8 ? 3 : 4, r.h < 14 ? 4 : 8); /* two lines, and the switches what one row means */
    l->panes[PANE_CODE] = (struct cv_rect){r.x, r.y, left, r.h - cores};
    l->panes[PANE_CORES] = (struct cv_rect){r.x, r.y + r.h - cores, left, cores};
    if (gives_way) {
        shared_and_output(l, (struct cv_rect){x, r.y, w, r.h}, shared);
        return;
    }
    if (shared)
        shared_and_output(l, (struct cv_rect){x, r.y, w, shared + output}, shared);
    else
        l->panes[PANE_OUTPUT] = (struct cv_rect){x, r.y, w, output};
    l->panes[PANE_SWITCHES] = (struct cv_rect){x, r.y + shared + output, w, r.h - shared - output};
}

static void full(struct layout *l, struct cv_rect body, struct layout_wants wants, bool shared_wanted, enum layout_pane focus)
{
    int timeline = clamp(wants.lanes + 4, 6, body.h * 45 / 100 > 6 ? body.h * 45 / 100 : 6);
    int top = body.h - timeline;
    l->panes[PANE_TIMELINE] = (struct cv_rect){body.x, body.y + top, body.w, timeline};
    if (!wants.step && top >= TWO_LEAST && body.w >= 72 && body.w < 140) {
        code_left(l, (struct cv_rect){body.x, body.y, body.w, top}, wants, shared_wanted, focus);
        return;
    }
    int left = wants.step ? clamp(body.w * 54 / 100, 32, 64) : layout_left(body.w);
    left_column(l, (struct cv_rect){body.x, body.y, left, top}, wants);
    int rest = body.w - left, x = body.x + left;
    if (body.w >= 140) {
        int code = rest * 54 / 100;
        l->panes[PANE_CODE] = (struct cv_rect){x, body.y, code, top};
        shared_and_output(l, (struct cv_rect){x + code, body.y, rest - code, top}, clamp(wants.shared + 2, 4, top / 2));
        return;
    }
    int shared = top >= 18 || (top >= 9 && shared_wanted) ? clamp(wants.shared + 2, 3, top * 2 / 5) : 0;
    if (wants.step && shared && wants.shared + 2 > shared && top < 16 && focus != PANE_OUTPUT) { /* on the stage locks are looked at: the output gives way */
        shared = clamp(wants.shared + 2, 3, top - 5);
        l->panes[PANE_CODE] = (struct cv_rect){x, body.y, rest, top - shared};
        l->panes[PANE_SHARED] = (struct cv_rect){x, body.y + top - shared, rest, shared};
        return;
    }
    int output = clamp((top - shared) * 5 / 11, 3, 8), code = top - shared - output;
    l->panes[PANE_CODE] = (struct cv_rect){x, body.y, rest, code};
    if (shared)
        shared_and_output(l, (struct cv_rect){x, body.y + code, rest, shared + output}, shared);
    else
        l->panes[PANE_OUTPUT] = (struct cv_rect){x, body.y + code, rest, output};
}

/* A narrow and tall screen: one column. */
static void stack(struct layout *l, struct cv_rect body, struct layout_wants wants)
{
    int timeline = clamp(wants.lanes + 4, 6, body.h / 2);
    int rest = body.h - timeline, output = clamp(rest / 4, 3, 8), shared = rest - output >= 8 ? clamp(wants.shared + 2, 3, rest / 4 > 3 ? rest / 4 : 3) : 0;
    int code = rest - output - shared;
    l->panes[PANE_CODE] = (struct cv_rect){body.x, body.y, body.w, code};
    if (shared)
        l->panes[PANE_SHARED] = (struct cv_rect){body.x, body.y + code, body.w, shared};
    l->panes[PANE_OUTPUT] = (struct cv_rect){body.x, body.y + code + shared, body.w, output};
    l->panes[PANE_TIMELINE] = (struct cv_rect){body.x, body.y + rest, body.w, timeline};
}

static bool shown(struct cv_rect r) { return r.w > 0 && r.h > 0; }

static struct layout place_all(int width, int height, struct layout_wants wants, enum layout_pane focus, bool alone)
{
    struct layout l = {0};
    if (width < 1 || height < 1)
        return l;
    struct cv_rect body = {0, 1, width, height - 1};
    l.title = (struct cv_rect){0, 0, width, 1};
    if (height >= 4) {
        l.keys = (struct cv_rect){0, height - 1, width, 1};
        body.h--;
    }
    if (height >= 10) {
        l.status = (struct cv_rect){0, height - 2, width, 1};
        body.h--;
    }
    if (wants.knobs > 0 && height >= 20 && width >= 40) {
        int rows = height >= 34 ? wants.knobs : 1;
        l.knobs = (struct cv_rect){0, 1, width, rows};
        body.y += rows;
        body.h -= rows;
    }
    if (wants.story > 0 && height >= 18 && width >= 40) {
        int rows = clamp(wants.story, 1, height >= 36 ? 3 : height >= 22 ? 2 : 1);
        l.story = (struct cv_rect){0, body.y, width, rows};
        body.y += rows;
        body.h -= rows;
    }
    if (body.h < 1)
        return l;
    if (alone || body.h < 7) {
        l.panes[focus] = body;
        return l;
    }
    if (width >= 60 && height >= 16)
        full(&l, body, wants, wants.shared > 0 || focus == PANE_SHARED, focus);
    else if (height >= 20)
        stack(&l, body, wants);
    if (shown(l.panes[focus]) && shown(l.panes[PANE_TIMELINE]))
        return l;
    if (shown(l.panes[PANE_TIMELINE])) { /* what is in focus takes the place of the code */
        l.panes[focus] = l.panes[PANE_CODE];
        l.panes[PANE_CODE] = (struct cv_rect){0};
        return l;
    }
    enum layout_pane other = focus == PANE_TIMELINE ? PANE_CODE : focus;
    int timeline = clamp(wants.lanes + 4, body.h / 2, body.h - 3);
    l.panes[other] = (struct cv_rect){body.x, body.y, body.w, body.h - timeline};
    l.panes[PANE_TIMELINE] = (struct cv_rect){body.x, body.y + body.h - timeline, body.w, timeline};
    return l;
}

/* ── panes that are not wanted ──────────────────────────────────────────────────────────────────── */
/* On which side of the hole does a pane lie, as a neighbour no longer than the hole's edge there? 0: on none. */
static int side(struct cv_rect hole, struct cv_rect p)
{
    bool beside = p.y >= hole.y && p.y + p.h <= hole.y + hole.h, over = p.x >= hole.x && p.x + p.w <= hole.x + hole.w;
    if (over && p.y + p.h == hole.y)
        return 1;
    if (over && p.y == hole.y + hole.h)
        return 2;
    if (beside && p.x + p.w == hole.x)
        return 3;
    return beside && p.x == hole.x + hole.w ? 4 : 0;
}

/* The panes on one side take the hole where together they are as long as its edge. */
static bool fill_from(struct layout *l, struct cv_rect hole, int from)
{
    int length = 0;
    for (int i = 0; i < PANE_COUNT; i++)
        if (shown(l->panes[i]) && side(hole, l->panes[i]) == from)
            length += from <= 2 ? l->panes[i].w : l->panes[i].h;
    if (length != (from <= 2 ? hole.w : hole.h))
        return false;
    for (int i = 0; i < PANE_COUNT; i++) {
        struct cv_rect *p = &l->panes[i];
        if (!shown(*p) || side(hole, *p) != from)
            continue;
        p->y -= from == 2 ? hole.h : 0;
        p->x -= from == 4 ? hole.w : 0;
        p->h += from <= 2 ? hole.h : 0;
        p->w += from >= 3 ? hole.w : 0;
    }
    return true;
}

static void hide(struct layout *l, unsigned hidden, enum layout_pane focus)
{
    for (int i = 0; i < PANE_COUNT; i++) {
        struct cv_rect hole = l->panes[i];
        if (!(hidden & 1u << i) || i == (int)focus || !shown(hole))
            continue;
        l->panes[i] = (struct cv_rect){0};
        bool filled = false;
        for (int from = 1; from <= 4 && !filled; from++)
            filled = fill_from(l, hole, from);
        if (!filled)
            l->panes[i] = hole;
    }
}

struct layout layout_make(int width, int height, struct layout_wants wants, enum layout_pane focus, bool alone)
{
    struct layout l = place_all(width, height, wants, focus, alone);
    if (!alone)
        hide(&l, wants.hidden, focus);
    return l;
}

struct layout layout_present(int width, int height, struct layout_wants wants, bool whole)
{
    struct layout l = {0};
    if (width < 1 || height < 1)
        return l;
    struct cv_rect body = {0, 1, width, height - 1};
    l.title = (struct cv_rect){0, 0, width, 1};
    if (height >= 4) {
        l.keys = (struct cv_rect){0, height - 1, width, 1};
        body.h--;
    }
    if (body.h < 1)
        return l;
    if (whole || body.h < 8) {
        l.story = body;
        return l;
    }
    int panel = clamp(wants.story + 2, 4, body.h * 2 / 5), rest = body.h - panel;
    l.story = (struct cv_rect){0, body.y + rest, width, panel};
    int timeline = width < 50 || rest < 9 ? rest : clamp(wants.lanes + 4, 6, rest * 3 / 5), top = rest - timeline;
    l.panes[PANE_TIMELINE] = (struct cv_rect){0, body.y + top, width, timeline};
    if (top < 3) {
        l.panes[PANE_TIMELINE] = (struct cv_rect){0, body.y, width, rest};
        return l;
    }
    int code = width * 58 / 100, shared = wants.shared > 0 && top >= 7 ? clamp(wants.shared + 2, 3, top < 12 ? top - 4 : top / 2) : 0;
    l.panes[PANE_CODE] = (struct cv_rect){0, body.y, code, top};
    if (shared)
        l.panes[PANE_SHARED] = (struct cv_rect){code, body.y, width - code, shared};
    l.panes[wants.shared > 0 && !shared ? PANE_SHARED : PANE_OUTPUT] = (struct cv_rect){code, body.y + shared, width - code, top - shared};
    return l;
}
