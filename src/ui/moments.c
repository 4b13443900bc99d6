/* From moment to moment (n N), and the two marks A and B with what lies between them. */
#include <stdarg.h>
#include <string.h>

#include "ui/view.h"

void view_say(struct cv_view *v, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    v->word.n = 0;
    cv_buf_str(&v->word, text);
}

void view_moment(struct cv_view *v, int direction)
{
    struct cv_moment at;
    const char *kind = cv_moment_name[v->kind];
    if (!v->m)
        return;
    uint64_t from = v->live && view_over(v) && direction > 0 ? 0 : v->cursor; /* from the end on: from the first */
    if (!cv_model_moment(v->m, v->kind, from, direction, &at)) {
        view_say(v, "no %s %s here (e: another kind)", kind, direction > 0 ? "after" : "before");
        return;
    }
    v->playing = 0;
    view_goto(v, at.t);
    if (at.task != CV_NO_TASK && at.task < cv_model_ntasks(v->m) && !(at.task == 0 && cv_model_info(v->m)->implicit_main)) {
        v->lane = at.task;
        v->chosen = true;
        v->scroll[PANE_CODE] = 0;
    }
    struct cv_buf what = {0};
    cv_buf_printf(&what, "%s", kind);
    if (v->kind == CV_MOMENT_WRITE) {
        const char *name = cv_model_info(v->m)->vars[at.var].name;
        cv_buf_str(&what, ": ");
        cv_text_clean(&what, name, strlen(name));
    } else {
        cv_buf_printf(&what, "%s%s", *at.text ? ": " : "", at.text);
    }
    view_say(v, "%.400s", what.at);
    cv_buf_release(&what);
}

void view_mark(struct cv_view *v, int which)
{
    uint64_t at = v->live ? view_end(v) : v->cursor;
    v->marks[which] = v->marks[which] == at ? UINT64_MAX : at;
    if (v->marks[which] == UINT64_MAX)
        view_say(v, "mark %c taken away", 'A' + which);
}

/* "A 12.0 ms · B 15.5 ms · 3.50 ms apart" */
void view_marks_words(const struct cv_view *v, struct cv_buf *out)
{
    bool a = v->marks[0] != UINT64_MAX, b = v->marks[1] != UINT64_MAX;
    uint64_t from = a ? v->marks[0] : v->marks[1], to = a && b ? v->marks[1] : v->cursor;
    if (!a && !b)
        return;
    uint64_t apart = from > to ? from - to : to - from;
    cv_buf_printf(out, "%s %s%s", a && b ? "A to B" : a ? "A to here" : "B to here", from > to ? "-" : "", cv_duration_text(apart, v->ascii));
}
