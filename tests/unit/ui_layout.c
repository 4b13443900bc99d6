/* The layout at all sizes from 1x1 to 260x100, whatever the panes have to show and whichever is in focus. */
#include <stdlib.h>

#include "suite.h"
#include "ui/layout.h"

enum { WIDEST = 260, TALLEST = 100, RECTS = PANE_COUNT + 5 };

static const struct layout_wants wants[] = {{.lanes = 3, .cores = 2, .shared = 2}, {0}, {.lanes = 1000, .cores = 64, .shared = 500}, {.lanes = 1, .cores = 1, .shared = 40, .story = 2, .knobs = 1},
                                            {.lanes = 4, .cores = 2, .shared = 3, .step = true},
                                            {.lanes = 5, .cores = 2, .shared = 3, .knobs = 5, .hidden = 1u << PANE_CORES | 1u << PANE_SWITCHES},
                                            {.lanes = 3, .shared = 2, .hidden = 1u << PANE_CODE | 1u << PANE_OUTPUT | 1u << PANE_SHARED},
                                            {.lanes = 3, .shared = 2, .hidden = ((1u << PANE_COUNT) - 1) & ~(1u << PANE_OUTPUT)}};

/* Of a layout all that is on the screen. */
static void rects(const struct layout *l, struct cv_rect out[RECTS])
{
    for (int i = 0; i < PANE_COUNT; i++)
        out[i] = l->panes[i];
    out[PANE_COUNT] = l->title;
    out[PANE_COUNT + 1] = l->status;
    out[PANE_COUNT + 2] = l->keys;
    out[PANE_COUNT + 4] = l->knobs;
    out[PANE_COUNT + 3] = l->story;
}

static bool empty(struct cv_rect r) { return r.w == 0 && r.h == 0; }
static bool apart(struct cv_rect a, struct cv_rect b) { return a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y; }

typedef void check_fn(const struct layout *l, int w, int h, struct layout_wants want, enum layout_pane focus, bool alone);

static void each(int want, check_fn *check)
{
    for (int h = 1; h <= TALLEST; h++)
        for (int w = 1; w <= WIDEST; w++)
            for (int k = 0; k < PANE_COUNT * 2; k++) {
                struct layout l = layout_make(w, h, wants[want], (enum layout_pane)(k / 2), k % 2);
                check(&l, w, h, wants[want], (enum layout_pane)(k / 2), k % 2);
            }
}

static void apart_and_inside(const struct layout *l, int w, int h, struct layout_wants want, enum layout_pane focus, bool alone)
{
    struct cv_rect r[RECTS];
    (void)want, (void)alone;
    rects(l, r);
    for (int i = 0; i < RECTS; i++) {
        if (empty(r[i]))
            continue;
        if (r[i].w < 1 || r[i].h < 1 || r[i].x < 0 || r[i].y < 0 || r[i].x + r[i].w > w || r[i].y + r[i].h > h)
            ck_abort_msg("%dx%d, focus %d: part %d is %d,%d %dx%d", w, h, focus, i, r[i].x, r[i].y, r[i].w, r[i].h);
        for (int k = 0; k < i; k++)
            if (!empty(r[k]) && !apart(r[i], r[k]))
                ck_abort_msg("%dx%d, focus %d: parts %d and %d overlap", w, h, focus, k, i);
    }
}

START_TEST(never_overlap_never_leave) { each(_i, apart_and_inside); }
END_TEST

static void covers(const struct layout *l, int w, int h, struct layout_wants want, enum layout_pane focus, bool alone)
{
    struct cv_rect r[RECTS];
    int cells = 0;
    (void)want;
    rects(l, r);
    for (int i = 0; i < RECTS; i++)
        cells += r[i].w * r[i].h;
    if (cells != w * h)
        ck_abort_msg("%dx%d, focus %d, alone %d: %d of %d cells belong to a part", w, h, focus, alone, cells, w * h);
}

/* As parts are apart, cells add up to the screen only where each belongs to exactly one. */
START_TEST(every_cell_belongs_to_one) { each(_i, covers); }
END_TEST

static void focus_shown(const struct layout *l, int w, int h, struct layout_wants want, enum layout_pane focus, bool alone)
{
    int shown = 0;
    for (int i = 0; i < PANE_COUNT; i++)
        shown += !empty(l->panes[i]);
    if (h > 1 && empty(l->panes[focus]))
        ck_abort_msg("%dx%d: the pane in focus, %d, is not shown", w, h, focus);
    if (alone && shown > 1)
        ck_abort_msg("%dx%d: %d panes beside the one that is alone", w, h, shown - 1);
    int spare = (want.shared == 0 && focus != PANE_SHARED) + (want.step && focus != PANE_SWITCHES) + (want.step && focus == PANE_SWITCHES); /* nothing to show: it may go; Step stands in the place of two, or hides the code */
    spare += h < 36 && want.shared > 3 && focus != PANE_SWITCHES && empty(l->panes[PANE_SWITCHES]); /* it gives way to what is shared */
    spare += h < 36 && want.shared > 2 && want.step && focus != PANE_OUTPUT && empty(l->panes[PANE_OUTPUT]); /* and on the stage the output */
    for (int i = 0; i < PANE_COUNT; i++)
        if (!alone && (want.hidden & 1u << i) && i != (int)focus && !empty(l->panes[i]))
            ck_abort_msg("%dx%d, focus %d: pane %d is not wanted", w, h, focus, i);
    if (!alone && !want.hidden && w >= 80 && h >= 24 && shown < PANE_COUNT - spare)
        ck_abort_msg("%dx%d: only %d panes", w, h, shown);
}

START_TEST(focus_is_shown_and_all_where_there_is_room) { each(_i, focus_shown); }
END_TEST

static void inside_fits(const struct layout *l, int w, int h, struct layout_wants want, enum layout_pane focus, bool alone)
{
    (void)w, (void)h, (void)want, (void)focus, (void)alone;
    for (int i = 0; i < PANE_COUNT; i++) {
        struct cv_rect p = l->panes[i], in = layout_inside(p);
        if (!empty(p) && (in.w < 1 || in.h < 1 || in.x < p.x || in.y < p.y || in.x + in.w > p.x + p.w || in.y + in.h > p.y + p.h))
            ck_abort_msg("a pane of %dx%d has %dx%d inside", p.w, p.h, in.w, in.h);
    }
}

START_TEST(room_inside_the_frame) { each(_i, inside_fits); }
END_TEST

/* Each process's copy, both locks of a deadlock: what the lesson is about is on the smallest screen too. Who wants to see the switches has them. */
START_TEST(what_is_shared_has_its_rows)
{
    struct layout_wants want = {.lanes = 3, .cores = 2, .shared = _i, .story = 2};
    struct layout l = layout_make(80, 24, want, PANE_TIMELINE, false);
    ck_assert_int_ge(layout_inside(l.panes[PANE_SHARED]).h, _i);
    ck_assert_int_ge(layout_inside(l.panes[PANE_OUTPUT]).h, _i == 3 ? 1 : 2);
    ck_assert(_i > 3 || !empty(l.panes[PANE_SWITCHES]));
    ck_assert(!empty(layout_make(80, 24, want, PANE_SWITCHES, false).panes[PANE_SWITCHES]));
    ck_assert_int_ge(layout_inside(layout_make(120, 36, want, PANE_TIMELINE, false).panes[PANE_SHARED]).h, _i);
    ck_assert(!empty(layout_make(120, 36, want, PANE_TIMELINE, false).panes[PANE_SWITCHES]));
    want.step = true;
    ck_assert_int_ge(layout_inside(layout_make(80, 24, want, PANE_CORES, false).panes[PANE_SHARED]).h, _i < 5 ? _i : 5); /* the code is seen, too */
    ck_assert(!empty(layout_make(80, 24, want, PANE_OUTPUT, false).panes[PANE_OUTPUT]));
    want.step = false;
    want.story = 3;
    ck_assert_int_ge(layout_inside(layout_present(80, 24, want, false).panes[PANE_SHARED]).h, _i < 4 ? _i : 4);
}
END_TEST

/* The story's: the same rules, and a panel or the whole slide is always there. */
START_TEST(of_a_story)
{
    for (int h = 1; h <= TALLEST; h++)
        for (int w = 1; w <= WIDEST; w++)
            for (int whole = 0; whole < 2; whole++) {
                struct layout l = layout_present(w, h, wants[_i], whole);
                apart_and_inside(&l, w, h, wants[_i], PANE_CODE, false);
                inside_fits(&l, w, h, wants[_i], PANE_CODE, false);
                covers(&l, w, h, wants[_i], PANE_CODE, false);
                if (h > 1 && empty(l.story))
                    ck_abort_msg("%dx%d: no room for the slide", w, h);
            }
}
END_TEST

START_TEST(no_room_at_all)
{
    static const int sizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {-1, -1}};
    struct cv_rect r[RECTS];
    struct layout l = layout_make(sizes[_i][0], sizes[_i][1], wants[0], PANE_CODE, false);
    rects(&l, r);
    for (int i = 0; i < RECTS; i++)
        ck_assert(empty(r[i]));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_layout");
    TCase *c = tcase_create("layout");
    int n = sizeof wants / sizeof *wants;
    tcase_add_loop_test(c, never_overlap_never_leave, 0, n);
    tcase_add_loop_test(c, every_cell_belongs_to_one, 0, n);
    tcase_add_loop_test(c, focus_is_shown_and_all_where_there_is_room, 0, n);
    tcase_add_loop_test(c, of_a_story, 0, CV_COUNT(wants));
    tcase_add_loop_test(c, room_inside_the_frame, 0, n);
    tcase_add_loop_test(c, no_room_at_all, 0, 4);
    tcase_add_loop_test(c, what_is_shared_has_its_rows, 1, 7);
    suite_add_tcase(s, c);
    return s;
}
