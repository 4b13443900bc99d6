/* The screen's own clock. The run goes at full speed whatever is looked at; the screen plays its record at a speed between a
 * millionth and sixteen times, forwards or backwards, and is moved by ticks of the wall's clock. Speeds are seconds of the run
 * in one second of the screen. */
#include <math.h>
#include <string.h>

#include "ui/view.h"

#define LONGEST_TICK 250000000ull   /* ns: what is longer was no waiting of ours (the program was stopped) */
#define SCREENFUL 10e9              /* ns that the cursor takes through a window that nobody zoomed */

/* Sorted; the scale of [ and ]. */
static const double speeds[] = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, .01, .02, .05, .1, .2, .5, 1, 2, 4, 8, 16};

static double next_speed(double speed, int direction)
{
    size_t n = CV_COUNT(speeds);
    for (size_t k = 0; k < n; k++) {
        double s = direction > 0 ? speeds[k] : speeds[n - 1 - k];
        if (direction > 0 ? s > speed * 1.0001 : s < speed * 0.9999)
            return s;
    }
    return direction > 0 ? VIEW_FASTEST : VIEW_SLOWEST;
}

const char *view_speed_text(double speed, char to[24])
{
    double slow = 1 / speed;
    if (speed >= 1)
        snprintf(to, 24, fabs(speed - round(speed)) < 1e-9 ? "%.0f×" : "%.2g×", speed);
    else
        snprintf(to, 24, fabs(slow - round(slow)) < 1e-6 * slow ? "1/%.0f" : "1/%.3g", slow);
    return to;
}

/* A window that nobody zoomed is as wide as the cursor gets in some seconds, or as the run. */
uint64_t view_paced_span(const struct cv_view *v)
{
    uint64_t fit = view_fit_span(v), paced = (uint64_t)(SCREENFUL * (v->speed < 1 ? v->speed : 1));
    paced = view_round_span(paced, VIEW_MIN_SPAN);
    return view_over(v) && fit < paced ? fit : paced;
}

void view_start(struct cv_view *v)
{
    v->live = v->speed >= 1;
    v->playing = v->live ? 0 : 1;
    v->ticked = 0;
    v->carry = 0;
}

/* From the end there is nothing to play but the whole. */
void view_play(struct cv_view *v, int direction)
{
    if (direction == 0 || !v->m) {
        v->playing = 0;
        return;
    }
    view_hold(v);
    if (direction > 0 && view_over(v) && v->cursor >= view_end(v))
        view_goto(v, 0);
    if (!v->playing)
        v->ticked = 0;
    v->playing = direction;
    v->carry = 0;
}

void view_faster(struct cv_view *v, int direction)
{
    bool following = v->live && !view_over(v);
    if (following && direction > 0)
        return;
    v->speed = next_speed(v->speed, direction);
    if (following)
        view_play(v, 1);
    if (!v->live && !v->zoomed)
        view_rescale(v, view_paced_span(v));
}

/* The window stands while the cursor crosses it, and then goes on by most of its width: a picture that is scrolled all the
 * time cannot be read, and costs. */
static void move_to(struct cv_view *v, uint64_t t)
{
    uint64_t wide = view_window(v), from = view_from(v), column = view_column_ns(v);
    if (t >= from + wide)
        v->from = (t > wide / 8 ? t - wide / 8 : 0) / column * column;
    else if (t < from)
        v->from = (t + wide / 8 > wide ? t + wide / 8 - wide : 0) / column * column;
    view_goto(v, t);
}

bool view_tick(struct cv_view *v, uint64_t wall_ns)
{
    uint64_t passed = v->ticked && wall_ns > v->ticked ? wall_ns - v->ticked : 0, end = view_end(v);
    v->ticked = wall_ns;
    if (!v->playing || !v->m || !passed)
        return false;
    v->carry += (double)(passed < LONGEST_TICK ? passed : LONGEST_TICK) * v->speed;
    uint64_t by = (uint64_t)v->carry;
    v->carry -= (double)by;
    if (by == 0)
        return false;
    if (v->playing < 0) {
        if (by >= v->cursor)
            v->playing = 0;
        move_to(v, by < v->cursor ? v->cursor - by : 0);
    } else if (by < end - v->cursor) {
        move_to(v, v->cursor + by);
    } else if (view_over(v)) {
        v->playing = 0;
        move_to(v, end);
    } else if (v->speed >= 1) { /* the run has been caught up with */
        view_go_live(v);
    } else {
        move_to(v, end);
    }
    return true;
}

/* ── said ───────────────────────────────────────────────────────────────────────────────────────── */
void view_clock(const struct cv_view *v, struct cv_buf *out, enum cv_colour *colour)
{
    enum cv_outcome outcome;
    bool over = cv_model_over(v->m, &outcome, NULL);
    char speed[24];
    *colour = CV_C_CURSOR;
    if (v->playing) {
        cv_buf_printf(out, "%s %s", v->playing > 0 ? "▶" : "◀", view_speed_text(v->speed, speed));
    } else if (!v->live) {
        cv_buf_str(out, "‖ hold");
    } else {
        *colour = over && outcome != CV_OUT_FINISHED ? CV_C_FAILED : CV_C_GOOD;
        cv_buf_str(out, !over && v->stepping         ? "● your turn"
                        : !over                      ? "● live"
                        : outcome == CV_OUT_DEADLOCK ? "■ deadlock"
                        : outcome == CV_OUT_TIMEOUT  ? "■ timeout"
                        : outcome == CV_OUT_CRASHED  ? "■ crashed"
                                                     : "■ finished");
    }
}

void view_clock_words(const struct cv_view *v, bool brief, struct cv_buf *out)
{
    bool over = view_over(v);
    uint64_t end = view_end(v);
    char speed[24];
    view_speed_text(v->speed, speed);
    cv_buf_str(out, cv_model_info(v->m)->stepped ? "virtual clock" : "run's clock");
    if (v->live)
        cv_buf_str(out, over ? ", at the end" : ", live");
    else if (v->playing)
        cv_buf_printf(out, "%s at %s", v->playing > 0 ? "" : " backwards", speed);
    else
        cv_buf_str(out, over || brief ? " held" : " held: the run goes on");
    if (brief)
        return;
    if (!v->playing && v->speed != 1)
        cv_buf_printf(out, ", Space plays at %s", speed);
    if (!over && v->playing && v->cursor < end)
        cv_buf_printf(out, ", %s behind", cv_duration_text(end - v->cursor, v->ascii));
    else if (over && !v->live)
        cv_buf_printf(out, ", %s in all", cv_duration_text(end, v->ascii));
}
