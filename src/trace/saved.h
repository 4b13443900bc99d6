/* What the writer and the reader of saved records share. After what stands in front, a record is a row of entries. Each begins with a number:
 * its lowest 6 bits say what it is, an event's kind or one of these; of an event the others are its flags. */
#ifndef TRACE_SAVED_H
#define TRACE_SAVED_H

#include "convis/saved.h"

enum { SAVED_VERSION = 1, SAVED_TEXT = 0 /* a text, which gets the next id, from 1 */, SAVED_CELL = 60, SAVED_ROW = 61, SAVED_FINALS = 62, SAVED_END = 63 };
_Static_assert((int)CV_EV_NONE == SAVED_TEXT && (int)CV_EV_COUNT < SAVED_CELL, "kinds of events fit beside them");
#define SAVED_LAST ((uint64_t)1 << 48) /* instants lie before it; the model packs them into so many bits */

/* What the words a … f of an event are: n a number, t a text's id, c a payload whose meta is the next word (.), m a meta. */
extern const char saved_words[CV_EV_COUNT][7];

struct saved_limits { const struct cv_run_info *info; uint32_t max_tasks, lines; };
struct saved_limits saved_limits(const struct cv_run_info *info, uint32_t max_tasks);
/* What no event of that run can say; NULL: nothing. Ids of texts are looked after by who reads them. */
const char *saved_wrong(const struct saved_limits *l, const struct cv_event *e);
const char *saved_wrong_cell(const struct cv_cell *c, bool item);
/* A number for all that the events refer to by number: variables, sync objects, steps. */
uint64_t saved_fingerprint(const struct cv_run_info *info);

#define SAVED_SUM_BEGIN 0xcbf29ce484222325u
static inline uint64_t saved_sum(uint64_t sum, unsigned char byte) { return (sum ^ byte) * 0x100000001b3u; } /* FNV-1a: no changed byte goes unseen */

/* trace/reader.c */
struct cv_reader *reader_of_saved(const struct cv_shm *shm, const struct cv_record_counts *counts);

#endif
