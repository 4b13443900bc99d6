/* The registry of switch sources, the best first, and the choice among them. */
#include <string.h>

#include "source/tiers.h"

const struct cv_source_ops *const cv_sources[] = {&source_perf, &source_usage, NULL};

int cv_source_open(struct cv_source *s, const char *only, pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo)
{
    *s = (struct cv_source){0};
    cv_buf_str(&s->why, "");
    bool named = false;
    for (const struct cv_source_ops *const *o = cv_sources; *o; o++) {
        if (only && strcmp(only, (*o)->name))
            continue;
        named = true;
        s->self = (*o)->open(pid, shm, topo, &s->why);
        if (s->self) {
            s->ops = *o;
            return 0;
        }
    }
    if (!named) {
        cv_buf_str(&s->why, "no such source: '");
        cv_text_clean(&s->why, only, strnlen(only, 60));
        cv_buf_str(&s->why, "'; sources are ");
        for (const struct cv_source_ops *const *o = cv_sources; *o; o++)
            cv_buf_printf(&s->why, "%s%s", o == cv_sources ? "" : ", ", (*o)->name);
    }
    return -1;
}

void cv_source_close(struct cv_source *s)
{
    if (s->ops)
        s->ops->close(s->self);
    cv_buf_release(&s->why);
    *s = (struct cv_source){0};
}
