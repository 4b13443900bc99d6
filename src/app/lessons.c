/* The shipped lessons as the picker shows them. Nothing is said of a file that cannot be read: `convis list` does. */
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

/* convis/lang.h and the picker number the models differently: the order of the keys a t g p is the picker's. */
static unsigned models_of(const struct cv_program *p)
{
    static const unsigned bits[] = {CV_M_ASYNC, CV_M_THREADS, CV_M_GIL, CV_M_PROCESSES};
    unsigned models = 0;
    for (size_t i = 0; i < CV_COUNT(bits); i++)
        models |= p->models & bits[i] ? 1u << i : 0;
    return models;
}

void app_lessons_read(const struct app_args *a, struct app_lessons *l)
{
    struct app_paths all = {0};
    app_shipped(a, &all);
    for (size_t i = 0; i < all.n; i++) {
        struct cv_buf text = {0};
        struct cv_diags diags = {0};
        struct cv_program *p = app_slurp(all.at[i], &text) ? cv_program_read(all.at[i], text.at, text.n, NULL, 0, &diags) : NULL;
        cv_diags_release(&diags);
        cv_buf_release(&text);
        if (!p)
            continue;
        CV_PUSH(&l->paths, cv_strndup(all.at[i], strlen(all.at[i])));
        CV_PUSH(&l->paths.chapters, cv_strndup(all.chapters.at[i], strlen(all.chapters.at[i])));
        CV_PUSH(&l->programs, p);
        struct cv_lesson one = {p->name, p->title, p->about, l->paths.chapters.at[l->at.n], models_of(p)};
        CV_PUSH(&l->at, one);
    }
    app_paths_release(&all);
}

void app_lessons_release(struct app_lessons *l)
{
    for (size_t i = 0; i < l->programs.n; i++)
        cv_program_free(l->programs.at[i]);
    free(l->programs.at);
    free(l->at.at);
    app_paths_release(&l->paths);
    *l = (struct app_lessons){0};
}
