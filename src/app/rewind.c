/* The record of a stepped run: taken, folded twice, cut. */
#include <stdlib.h>
#include <string.h>

#include "app/rewind.h"

void rewind_begin(struct rewind *r, const struct cv_run_info *info, const struct cv_shm *shm, struct cv_model *model)
{
    r->info = info;
    r->shm = shm;
    r->model = model;
}

/* ── models that are not needed any more ────────────────────────────────────────────────────────── */
static void *dig(void *of)
{
    struct rewind_grave *g = of;
    for (size_t i = 0; i < g->n; i++)
        cv_model_free(g->at[i]);
    free(g->at);
    atomic_store(&g->done, true);
    return NULL;
}

/* Starts to free what is dead, unless that goes on already. */
static void bury(struct rewind *r)
{
    if (r->digging && atomic_load(&r->grave.done)) {
        pthread_join(r->digger, NULL);
        r->digging = false;
    }
    if (r->digging || !r->dead.n)
        return;
    r->grave = (struct rewind_grave){r->dead.at, r->dead.n, false};
    r->dead.at = NULL;
    r->dead.n = r->dead.cap = 0;
    r->digging = pthread_create(&r->digger, NULL, dig, &r->grave) == 0;
    if (!r->digging)
        dig(&r->grave);
}

static void drop(struct rewind *r, struct cv_model **m)
{
    if (*m)
        CV_PUSH(&r->dead, *m);
    *m = NULL;
}

void rewind_release(struct rewind *r)
{
    drop(r, &r->behind);
    if (r->digging)
        pthread_join(r->digger, NULL);
    for (size_t i = 0; i < r->dead.n; i++)
        cv_model_free(r->dead.at[i]);
    free(r->dead.at);
    free(r->log.at);
    *r = (struct rewind){0};
}

/* ── events ─────────────────────────────────────────────────────────────────────────────────────── */
void rewind_note(struct rewind *r, const struct cv_event *e) { CV_PUSH(&r->log, ((struct rewind_event){*e, r->records})); }

void rewind_take(struct rewind *r, const struct cv_event *e)
{
    r->records += 1 + (e->kind < CV_EV_COUNT ? cv_event_info[e->kind].conts : 0);
    rewind_note(r, e);
}

static bool fold(struct rewind *r, struct cv_model *m, size_t *at, size_t to, uint64_t until)
{
    size_t from = *at;
    for (; *at < to; ++*at) {
        if (*at % 256 == 255 && cv_mono_ns() > until)
            break;
        cv_model_fold(m, &r->log.at[*at].e);
    }
    r->folds += *at - from;
    return *at != from;
}

bool rewind_fold(struct rewind *r, uint64_t until) { return fold(r, r->model, &r->folded, r->log.n, until); }

static size_t follow_to(const struct rewind *r) { return r->log.n > REWIND_SHORT ? r->log.n - REWIND_BEHIND : 0; }

bool rewind_ready(const struct rewind *r) { return rewind_whole(r) && r->followed >= follow_to(r) && !r->dead.n; }

void rewind_follow(struct rewind *r, uint64_t until)
{
    bury(r);
    if (!rewind_whole(r) || r->followed >= follow_to(r))
        return;
    if (!r->behind)
        r->behind = cv_model_new(r->info, r->shm, 0);
    fold(r, r->behind, &r->followed, follow_to(r), until);
}

bool rewind_cut(struct rewind *r, uint64_t records)
{
    size_t n = r->log.n;
    while (n && r->log.at[n - 1].records > records)
        n--;
    r->records = records;
    r->log.n = n;
    if (r->followed > n) {
        drop(r, &r->behind);
        r->followed = 0;
    }
    if (r->folded <= n)
        return false;
    drop(r, &r->model);
    r->model = r->behind ? r->behind : cv_model_new(r->info, r->shm, 0);
    r->folded = r->followed;
    r->behind = NULL;
    r->followed = 0;
    return true;
}
