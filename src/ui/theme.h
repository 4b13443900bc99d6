/* theme: what each meaning looks like. A theme says its colours once, as RGB; where a terminal has 256 the nearest of those is
 * taken, where it has 8 the one named here, and where it has none (or is asked for none) the attributes of the theme "mono"
 * stand for them. None tells states apart by green against red. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "convis/ui.h"

#define THEME_OWN 0xffffffffu /* the terminal's own colour */
struct theme_colour { uint32_t rgb; short of_8; /* -1: the terminal's own */ unsigned attrs, attrs_8; /* CV_A_*: always, and besides where 8 colours are too few */ };
struct theme {
    const char *name, *summary;
    uint32_t ground; short ground_8; /* behind all; THEME_OWN, -1: the terminal's own */
    struct theme_colour of[CV_C_COUNT];
};
enum { THEMES = 5, THEME_MONO = 4 };
extern const struct theme themes[THEMES];
short theme_256(uint32_t rgb); /* the nearest of the 256; -1: the terminal's own */

#endif
