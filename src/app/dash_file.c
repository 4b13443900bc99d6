/* Where the dashboard's scenario comes from: the lessons one picks from, or a file that is read again whenever it changes. */
#include <string.h>

#include "app/dash.h"

enum { SETTLED_MS = 50 };

static void on_settled(uv_timer_t *t) { ((struct dash *)t->data)->settled_due = true; }

static void on_folder(uv_fs_event_t *e, const char *name, int events, int status)
{
    struct dash *d = e->data;
    const char *base = strrchr(d->path.at, '/') ? strrchr(d->path.at, '/') + 1 : d->path.at;
    (void)events;
    d->touched |= status == 0 && (!name || !strcmp(name, base));
}

void dash_settle(struct dash *d) { uv_timer_start(&d->settled, on_settled, SETTLED_MS, 0); }

void dash_lessons(struct dash *d)
{
    if (!d->picker) {
        app_lessons_read(d->args, &d->lessons);
        d->picker = cv_picker_new(d->lessons.at.at, d->lessons.at.n, d->canvas.ascii);
    }
    d->picking = d->dirty = true;
}

/* The scenario is read anew: the picker's own copy stays for the next time. */
static void open_lesson(struct dash *d, size_t i)
{
    struct app_args a = *d->args;
    struct cv_order order;
    a.noverrides = 0; /* parameters of the command line are those of its file */
    a.params[0] = 0;
    struct cv_program *p = app_program(&a, d->lessons.paths.at[i]);
    if (!p || !app_order(&a, p, &order)) {
        cv_program_free(p);
        return;
    }
    dash_replace(d, p, &order);
    uv_fs_event_stop(&d->folder); /* another file than the one that was to be watched */
    cv_ui_notice(d->ui, NULL, NULL, false);
    cv_ui_pace(d->ui, p->pace);
    if (cv_ui_slide(d->ui))
        cv_ui_present(d->ui, CV_SLIDE_OPENING); /* the story of this one, and nobody has voted */
    d->picking = false;
    dash_begin(d);
}

void dash_pick(struct dash *d, const struct cv_input *in)
{
    switch (cv_picker_input(d->picker, in)) {
    case CV_PICK_NONE: break;
    case CV_PICK_REDRAW: d->dirty = true; break;
    case CV_PICK_OPEN: open_lesson(d, cv_picker_chosen(d->picker)); break;
    case CV_PICK_LEAVE:
        d->picking = false;
        d->quit = !d->program;
        d->dirty = true;
        break;
    }
}

void dash_watch(struct dash *d)
{
    struct cv_buf folder = {0};
    size_t n = app_find(d->args, d->args->operands[0], &d->path) && strrchr(d->path.at, '/') ? (size_t)(strrchr(d->path.at, '/') - d->path.at) : 0;
    cv_buf_add(&folder, n ? d->path.at : ".", n ? n : 1);
    int error = uv_fs_event_start(&d->folder, on_folder, folder.at, 0);
    if (error)
        app_say(APP_OK, "the file cannot be watched: %s", uv_strerror(error));
    cv_buf_release(&folder);
}

/* The model stays the one that was chosen by key; all else is the new file's. */
void dash_read_again(struct dash *d)
{
    struct cv_buf text = {0}, said = {0};
    struct cv_order order;
    struct cv_program *p = app_program_again(d->args, d->path.at, &text, &said);
    bool same = text.n == d->text.n && (!text.n || !memcmp(text.at, d->text.at, text.n));
    bool right = p != NULL;
    if (!same && p && app_order(d->args, p, &order)) {
        dash_same_model(d, &order);
        dash_replace(d, p, &order);
        cv_ui_pace(d->ui, p->pace);
        p = NULL;
        dash_begin(d);
    }
    if (!same && (text.n || said.n)) {
        cv_ui_notice(d->ui, "not run: the file is wrong", right ? NULL : said.at, true);
        cv_buf_release(&d->text);
        d->text = text;
        text = (struct cv_buf){0};
        d->dirty = true;
    }
    cv_program_free(p);
    cv_buf_release(&text);
    cv_buf_release(&said);
}
