/* encode: from what stands on a terminal to what shall stand there, in as few bytes as its escape sequences (ECMA-48) allow. A
 * pure function of two frames and of what the terminal can; it knows no terminal. */
#ifndef UI_ENCODE_H
#define UI_ENCODE_H

#include "ui/canvas.h"
#include "ui/theme.h"

struct encode_caps {
    enum { ENCODE_MONO, ENCODE_8, ENCODE_256, ENCODE_TRUE } colours;
    bool erases_in_colour;      /* an erased cell takes the background that is set */
    bool no_corner;             /* a character in the last cell would scroll the screen */
    bool few_glyphs;            /* a console font: what it does not have is replaced by what it has */
    bool single_off;            /* attributes can be taken away one by one */
};
struct encode_look { uint32_t ink, ground; /* as sent: THEME_OWN, a number below 256, or RGB with bit 24 set */ unsigned attrs; };
struct encoder {
    struct encode_caps caps;
    struct cv_cell_ui *last;    /* what stands there; c = 0: not known */
    int w, h, theme;            /* of last; w = 0: nothing is known */
    int x, y;                   /* where the terminal's cursor is; -1: not known */
    struct encode_look pen;
    struct encode_look looks[CV_C_COUNT]; /* of the theme, as this terminal shows it; attrs without the cell's own */
};
void encode_release(struct encoder *e);
void encode_forget(struct encoder *e);   /* somebody else has written on the terminal: the next frame is drawn as a whole */
/* Appends what turns the screen into the canvas; cells beyond w and h are left out. */
void encode_frame(struct encoder *e, const struct cv_canvas *c, int w, int h, struct cv_buf *out);

#endif
