/* The themes' table: contrast of everything that is read against its ground, and whether states are told apart by colour-blind eyes.
 * Contrast is WCAG's ratio of relative luminances. Eyes are simulated by the matrices of Machado, Oliveira and Fernandes (2009) for a
 * cone that is missing altogether; how far apart two colours then are is their distance in CIE L*a*b*. */
#include <check.h>
#include <math.h>

#include "suite.h"
#include "ui/theme.h"

#define DARK_GROUND 0x1e1e1e /* of a terminal that is dark, but not black */
static const char *const names[CV_C_COUNT] = {
    [CV_C_TEXT] = "text", [CV_C_DIM] = "dim", [CV_C_TITLE] = "title", [CV_C_FRAME] = "frame", [CV_C_FOCUS] = "focus", [CV_C_RUNNING] = "running",
    [CV_C_READY] = "ready", [CV_C_WAITING] = "waiting", [CV_C_BLOCKED] = "blocked", [CV_C_FROZEN] = "frozen", [CV_C_DONE] = "done",
    [CV_C_FAILED] = "failed", [CV_C_PREEMPT] = "preempt", [CV_C_AWAIT] = "await", [CV_C_BLOCK] = "block", [CV_C_WARN] = "warn",
    [CV_C_GOOD] = "good", [CV_C_KEY] = "key", [CV_C_CURSOR] = "cursor", [CV_C_SYSTEM] = "system",
};

static double linear(uint32_t rgb, int channel)
{
    double c = (rgb >> (16 - 8 * channel) & 0xff) / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb) { return 0.2126 * linear(rgb, 0) + 0.7152 * linear(rgb, 1) + 0.0722 * linear(rgb, 2); }

static double contrast(uint32_t a, uint32_t b)
{
    double x = luminance(a), y = luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static uint32_t shown_in_256(uint32_t rgb)
{
    static const uint32_t level[6] = {0, 95, 135, 175, 215, 255};
    int k = theme_256(rgb) - 16;
    ck_assert_int_ge(k, 0);
    return k < 216 ? level[k / 36] << 16 | level[k / 6 % 6] << 8 | level[k % 6] : (uint32_t)(8 + 10 * (k - 216)) * 0x10101u;
}

START_TEST(contrast_is_known)
{
    ck_assert_double_eq_tol(contrast(0x000000, 0xffffff), 21, 0.001);
    ck_assert_double_eq_tol(contrast(0x777777, 0xffffff), 4.48, 0.01);
    ck_assert_uint_eq(shown_in_256(0xff5f00), 0xff5f00);
    ck_assert_uint_eq(shown_in_256(0x8a8a8a), 0x8a8a8a);
}
END_TEST

/* Frames are no text: WCAG asks 3 of them. In 256 colours there are few to choose from on white. */
START_TEST(everything_can_be_read)
{
    const struct theme *t = &themes[_i];
    uint32_t ground = t->ground == THEME_OWN ? DARK_GROUND : t->ground;
    for (int c = 0; c < CV_C_COUNT; c++) {
        if (t->of[c].rgb == THEME_OWN)
            continue;
        double least = c == CV_C_FRAME ? 3 : !strcmp(t->name, "projector") ? 7 : 4.5, least_256 = c == CV_C_FRAME ? 3 : 4.5;
        double full = contrast(t->of[c].rgb, ground), few = contrast(shown_in_256(t->of[c].rgb), ground);
        ck_assert_msg(full >= least, "%s, %s: %.2f to 1", t->name, names[c], full);
        ck_assert_msg(few >= least_256, "%s in 256 colours, %s: %.2f to 1", t->name, names[c], few);
    }
}
END_TEST

/* With eight colours of unknown shade: none that is dark on a dark ground, none that is light on a light one. */
START_TEST(eight_colours_stand_out)
{
    const struct theme *t = &themes[_i];
    for (int c = 0; c < CV_C_COUNT; c++) {
        short ink = t->of[c].of_8;
        bool dark = ink == 0 || ink == 1 || ink == 4 || ink == 5, light = ink == 1 || ink == 2 || ink == 3 || (ink >= 5 && ink <= 7) || ink == -1;
        ck_assert_msg(t->ground_8 == 7 ? dark : light, "%s, %s: colour %d", t->name, names[c], ink);
    }
}
END_TEST

/* ── other eyes ─────────────────────────────────────────────────────────────────────────────────── */
static const double eyes[3][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},  /* no long-wave cones */
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},   /* no middle-wave cones */
};

static double cube_root(double t) { return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116; }

static void lab(uint32_t rgb, int eye, double out[3])
{
    double in[3], seen[3], xyz[3];
    for (int i = 0; i < 3; i++)
        in[i] = linear(rgb, i);
    for (int i = 0; i < 3; i++)
        seen[i] = fmin(1, fmax(0, eyes[eye][i][0] * in[0] + eyes[eye][i][1] * in[1] + eyes[eye][i][2] * in[2]));
    xyz[0] = cube_root((0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505);
    xyz[1] = cube_root(0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]);
    xyz[2] = cube_root((0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089);
    out[0] = 116 * xyz[1] - 16;
    out[1] = 500 * (xyz[0] - xyz[1]);
    out[2] = 200 * (xyz[1] - xyz[2]);
}

static double far(uint32_t a, uint32_t b, int eye)
{
    double p[3], q[3];
    lab(a, eye, p), lab(b, eye, q);
    return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) + (p[2] - q[2]) * (p[2] - q[2]));
}

/* 20 is some ten times what can just be seen side by side. */
START_TEST(states_are_told_apart)
{
    static const enum cv_colour states[] = {CV_C_RUNNING, CV_C_READY, CV_C_WAITING, CV_C_BLOCKED, CV_C_FROZEN, CV_C_FAILED};
    int k = cv_theme_find("colour-blind");
    ck_assert_int_ge(k, 0);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        for (size_t j = 0; j < i; j++) {
            uint32_t a = themes[k].of[states[i]].rgb, b = themes[k].of[states[j]].rgb;
            ck_assert_msg(far(a, b, _i) >= 20, "eye %d: %s and %s are only %.0f apart", _i, names[states[i]], names[states[j]], far(a, b, _i));
            a = shown_in_256(a), b = shown_in_256(b);
            ck_assert_msg(far(a, b, _i) >= 20, "eye %d, 256 colours: %s and %s are only %.0f apart", _i, names[states[i]], names[states[j]], far(a, b, _i));
        }
    /* that a simulated eye is another one: red and green of equal brightness, to most far apart */
    ck_assert(far(0xd70000, 0x5f8700, 0) > 80 && (_i == 0 || far(0xd70000, 0x5f8700, _i) < 45));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_theme");
    TCase *c = tcase_create("theme");
    tcase_add_test(c, contrast_is_known);
    tcase_add_loop_test(c, everything_can_be_read, 0, THEMES);
    tcase_add_loop_test(c, eight_colours_stand_out, 0, THEMES);
    tcase_add_loop_test(c, states_are_told_apart, 0, 3);
    suite_add_tcase(s, c);
    return s;
}
