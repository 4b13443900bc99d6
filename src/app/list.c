/* `convis list`: the shipped scenarios in the order of the course, a line each; a line with # begins a chapter. */
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

int app_list(const struct app_args *a)
{
    struct app_paths paths = {0};
    int status = APP_OK, widest = 0;
    app_shipped(a, &paths);
    if (!paths.n)
        status = app_say(APP_REFUSED, "no scenarios are shipped beside this program, nor in %s/scenarios", CV_DATADIR);
    for (size_t i = 0; i < paths.n; i++) {
        int n = (int)strlen(strrchr(paths.at[i], '/') + 1) - 4;
        widest = n > widest ? n : widest;
    }
    for (size_t i = 0; i < paths.n; i++) {
        const char *name = strrchr(paths.at[i], '/') + 1;
        struct cv_program *p = app_program(a, paths.at[i]);
        struct cv_buf title = {0};
        if (!p)
            status = APP_WRONG;
        else
            cv_text_clean(&title, p->title, strlen(p->title));
        if (i == 0 ? *paths.chapters.at[i] : strcmp(paths.chapters.at[i], paths.chapters.at[i - 1]))
            printf("# %s\n", paths.chapters.at[i]);
        if (p)
            printf("%-*.*s  %s\n", widest, (int)strlen(name) - 4, name, title.at);
        cv_buf_release(&title);
        cv_program_free(p);
    }
    app_paths_release(&paths);
    return status;
}
