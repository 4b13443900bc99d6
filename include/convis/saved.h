/* saved: a run's record as a file: what is said in front of the log (the scenario's text, the order, the machine), the events as the
 * model was told them, texts among them, and what the rows and counters stood at in the end. So the run can be shown, and summed up,
 * without being run.
 *
 * Writing goes to a FILE of the caller's. A file that is read comes from a stranger: each field is checked before anybody sees it,
 * memory is bounded by what the file says in so many bytes, and what is wrong is told with its place. Numbers are LEB128. */
#ifndef CONVIS_SAVED_H
#define CONVIS_SAVED_H

#include "convis/trace.h"

enum { CV_SAVED_MAGIC = 8, CV_SAVED_TRIED = 4, CV_SAVED_PARAMS = 2048, CV_SAVED_TEXT = 1 << 20 /* of the longest text in front */, CV_SAVED_LIST = 65536 /* items */ };
extern const unsigned char cv_saved_magic[CV_SAVED_MAGIC];

/* What stands in front of the log. Strings belong to whoever made it. */
struct cv_saved {
    const char *scenario;         /* bare name */
    const char *source; size_t source_length;
    const char *schedule;         /* stepped: as it was given; "": by seed */
    const char *params; size_t params_length; /* "name=value\0name=value\0" */
    const char *machine; size_t machine_length; /* as cv_topo_pack wrote it */
    const char *clock, *source_name, *source_precision, *source_why; /* of the switches; cleaned where it was read */
    struct { const char *name, *why; int state; } tried[CV_SAVED_TRIED]; /* switch sources, as in cv_summary_source; cleaned */
    uint32_t ntried;
    enum cv_model_kind model;
    bool gil, stepped, source_exact;
    uint64_t seed;
    uint32_t max_tasks;
};

/* ── writing ────────────────────────────────────────────────────────────────────────────────────── */
struct cv_saver;
/* Writes what stands in front. info and shm must outlive it. What goes wrong is kept, and told at the end. */
struct cv_saver *cv_save_begin(FILE *to, const struct cv_saved *head, const struct cv_run_info *info, const struct cv_shm *shm);
void cv_save_event(struct cv_saver *s, const struct cv_event *e); /* in the order the model is told them */
/* A variable as it stands in the region at the end, its items behind it; after the last event. */
void cv_save_cell(struct cv_saver *s, uint32_t var, const struct cv_cell *cell, const struct cv_cell *items);
/* The rows, the counters, and the end. reader: NULL: the run was broken off, and nothing more is written. false: why says what went
 * wrong. Frees it; the file remains the caller's. */
bool cv_save_end(struct cv_saver *s, const struct cv_reader *reader, struct cv_buf *why);

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */
struct cv_loaded;
/* Reads what stands in front. NULL: it is no record, or a damaged one; why has the sentence. from must stay open until cv_load_run. */
struct cv_loaded *cv_load_open(FILE *from, struct cv_buf *why);
const struct cv_saved *cv_load_head(const struct cv_loaded *l);
/* Makes a region of the record's own for texts and rows. info: of the same program under the same order, which must outlive it; false
 * where the record is about another program. */
bool cv_load_region(struct cv_loaded *l, const struct cv_run_info *info, struct cv_buf *why);
const struct cv_shm *cv_load_shm(const struct cv_loaded *l);
/* Hands out all events, their texts being in the region, and fills the rows. false: damaged, what was handed out is not to be shown. */
bool cv_load_run(struct cv_loaded *l, cv_event_fn *fn, void *to, struct cv_buf *why);
/* It counts as the run's own reader did, and its ticks are ns since the gate. */
const struct cv_reader *cv_load_reader(const struct cv_loaded *l);
bool cv_load_cell(const struct cv_loaded *l, uint32_t var, struct cv_cell *cell, const struct cv_cell **items); /* false: none was saved */
void cv_load_free(struct cv_loaded *l);

#endif
