/* A notice: some lines of text over the lower part of the screen, with a title; the picture above stays. */
#include <string.h>

#include "ui/help.h"

void notice_draw(const struct cv_view *v, struct cv_canvas *c)
{
    int lines = 0, most = c->height > 8 ? c->height * 2 / 3 : c->height;
    for (const char *s = v->notice; *s; s++)
        lines += *s == '\n' || !s[1];
    int h = lines + 2 < most ? lines + 2 : most;
    struct cv_rect r = {0, c->height - 1 - h > 0 ? c->height - 1 - h : 0, c->width, h}, inside = layout_inside(r);
    canvas_fill(c, r, ' ', CV_C_TEXT, 0);
    if (layout_framed(r))
        canvas_box(c, r, v->notice_title, "Esc closes", v->notice_bad ? CV_C_FAILED : CV_C_FOCUS, true);
    int y = inside.y;
    for (const char *s = v->notice; *s && y < inside.y + inside.h; y++) {
        size_t n = strcspn(s, "\n");
        int x = inside.x;
        for (size_t i = 0, length; i < n && x < inside.x + inside.w; i += length)
            x += canvas_put(c, inside, x, y, cv_utf8(s + i, n - i, &length), CV_C_TEXT, 0);
        s += n + (s[n] == '\n');
    }
}
