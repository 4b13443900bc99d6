/* The registry of switch sources, the best first, and the choice among them. */
#include <string.h>

#include "source/tiers.h"

const struct cv_source_ops *const cv_sources[] = {&source_perf, &source_rseq, &source_usage, NULL};
_Static_assert(CV_COUNT(cv_sources) == CV_SOURCES + 1, "each has its word in struct cv_source");

/* The first row to be tried; -1: no such source. */
static int first_of(const char *only)
{
    for (int i = 0; only && cv_sources[i]; i++)
        if (!strcmp(only, cv_sources[i]->name))
            return i;
    return only ? -1 : 0;
}

static void no_such(struct cv_buf *why, const char *only)
{
    cv_buf_str(why, "no such source: '");
    cv_text_clean(why, only, strnlen(only, 60));
    cv_buf_str(why, "'; sources are ");
    for (int i = 0; cv_sources[i]; i++)
        cv_buf_printf(why, "%s%s", i ? ", " : "", cv_sources[i]->name);
}

/* One line of all refusals: what the screen has room for. */
static void sum_up(struct cv_source *s)
{
    for (int i = 0; i < CV_SOURCES; i++)
        if (s->tried[i].state == CV_SOURCE_REFUSED)
            cv_buf_printf(&s->why, "%s%s: %s", s->why.n ? "; " : "", cv_sources[i]->name, s->tried[i].why.at);
}

int cv_source_open(struct cv_source *s, const char *only, pid_t pid, const struct cv_shm *shm, const struct cv_topo *topo)
{
    *s = (struct cv_source){0};
    cv_buf_str(&s->why, "");
    int first = first_of(only);
    if (first < 0) {
        no_such(&s->why, only);
        return -1;
    }
    for (int i = 0; cv_sources[i]; i++) {
        struct cv_source_try *t = &s->tried[i];
        cv_buf_str(&t->why, "");
        if (s->ops || i < first) {
            cv_buf_printf(&t->why, s->ops ? "not tried: %s is there" : "not tried: %s was asked for", s->ops ? s->ops->name : only);
            continue;
        }
        s->self = cv_sources[i]->open(pid, shm, topo, &t->why);
        t->state = s->self ? CV_SOURCE_OPEN : CV_SOURCE_REFUSED;
        s->ops = s->self ? cv_sources[i] : NULL;
    }
    sum_up(s);
    return s->ops ? 0 : -1;
}

void cv_source_close(struct cv_source *s)
{
    if (s->ops)
        s->ops->close(s->self);
    for (int i = 0; i < CV_SOURCES; i++)
        cv_buf_release(&s->tried[i].why);
    cv_buf_release(&s->why);
    *s = (struct cv_source){0};
}
