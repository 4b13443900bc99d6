/* Saved records, see record.c. */
#ifndef APP_RECORD_H
#define APP_RECORD_H

#include "app/app.h"
#include "convis/saved.h"

/* ── writing: a play that has a saving is written down ──────────────────────────────────────────── */
struct app_saving;
struct app_saving *app_saving_new(const char *path); /* opened, before anything runs; path must outlive it. NULL: said */
void app_saving_begin(struct app_saving *s, const struct app_play *y); /* once the sources are open */
void app_saving_event(struct app_saving *s, const struct cv_event *e);
bool app_saving_end(struct app_saving *s, const struct app_play *y); /* of a play that is over; frees it. false: it could not be written, said */
void app_saving_drop(struct app_saving *s);          /* without a trace; frees it */

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */
bool app_is_record(const char *path);                /* a plain file that begins as one */
struct app_record {
    FILE *from;
    struct cv_loaded *loaded;
    struct cv_program *program;                      /* the scenario in it; who takes it (NULL then) must keep it as long as this is there */
    struct cv_order order;                           /* by which it was run */
    struct cv_run_info info;
    struct cv_topo *topo;                            /* the machine it ran on */
    struct cv_model *model;                          /* told all of it */
};
/* Reads it whole. watch: sees each event after the model; may be NULL. false: said; nothing is left. */
bool app_record_open(const struct app_args *a, const char *path, struct app_record *r, cv_event_fn *watch, void *to);
void app_record_release(struct app_record *r);

#endif
