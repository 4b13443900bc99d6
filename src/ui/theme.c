/* The one palette, in the three forms that backends need. */
#include "ui/theme.h"

const struct theme_colour theme_colours[CV_C_COUNT] = {
    [CV_C_TEXT] = {-1, -1, 0, "#d8d8d8"},
    [CV_C_DIM] = {245, -1, CV_A_DIM, "#8a8a8a"},
    [CV_C_TITLE] = {-1, -1, CV_A_BOLD, "#ffffff"},
    [CV_C_FRAME] = {242, -1, CV_A_DIM, "#6c6c6c"},
    [CV_C_FOCUS] = {75, 4, CV_A_BOLD, "#5fafff"},
    [CV_C_RUNNING] = {36, 2, CV_A_BOLD, "#00af87"},
    [CV_C_READY] = {214, 3, 0, "#ffaf00"},
    [CV_C_WAITING] = {74, 6, 0, "#5fafd7"},
    [CV_C_BLOCKED] = {202, 1, CV_A_BOLD, "#ff5f00"},
    [CV_C_FROZEN] = {175, 5, CV_A_BOLD, "#d787af"},
    [CV_C_DONE] = {242, -1, CV_A_DIM, "#6c6c6c"},
    [CV_C_FAILED] = {196, 1, CV_A_BOLD, "#ff0000"},
    [CV_C_PREEMPT] = {208, 3, CV_A_BOLD, "#ff8700"},
    [CV_C_AWAIT] = {75, 6, CV_A_BOLD, "#5fafff"},
    [CV_C_BLOCK] = {202, 1, 0, "#ff5f00"},
    [CV_C_WARN] = {208, 3, CV_A_BOLD, "#ff8700"},
    [CV_C_GOOD] = {36, 2, 0, "#00af87"},
    [CV_C_KEY] = {75, 6, CV_A_BOLD, "#5fafff"},
    [CV_C_CURSOR] = {220, 3, CV_A_BOLD, "#ffd700"},
    [CV_C_SYSTEM] = {139, 5, 0, "#af87af"},
};
