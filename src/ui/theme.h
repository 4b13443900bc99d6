/* theme: what each meaning looks like. Colours are told apart without green against red (Okabe and Ito's set), and none
 * depends on a dark background. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "convis/ui.h"

struct theme_colour { short of_256, of_8; /* -1: the terminal's own */ unsigned attrs_8; /* CV_A_*, where 8 colours are too few */ const char *svg; };
extern const struct theme_colour theme_colours[CV_C_COUNT];

#endif
