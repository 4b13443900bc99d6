/* Values of tasks: making, comparing, computing, writing out. Lists lie in the heap of their task. */
#ifndef CONVIS_ENGINE_VALUE_H
#define CONVIS_ENGINE_VALUE_H

#include "machine.h"

static inline struct cv_value value_of(enum cv_tag tag, uint64_t payload)
{
    struct cv_value v = {.payload = payload, .tag = (uint8_t)tag};
    return v;
}
static inline struct cv_value value_int(int64_t i) { return value_of(CV_TAG_INT, (uint64_t)i); }
static inline struct cv_value value_bool(bool b) { return value_of(CV_TAG_BOOL, b); }
static inline uint32_t value_list_at(const struct cv_value *v) { return (uint32_t)(v->payload >> 32); }
static inline uint32_t value_list_length(const struct cv_value *v) { return (uint32_t)v->payload; }
static inline struct cv_value value_list(uint32_t at, uint32_t length) { return value_of(CV_TAG_LIST, (uint64_t)at << 32 | length); }

/* The heap of list cells of a task. */
static inline struct cv_cell *value_heap(const struct cv_task *t) { return (struct cv_cell *)(void *)((char *)(uintptr_t)t + t->heap_at); }
/* Room for n cells at the heap's end; the block may move. false: more than the task may hold. */
bool value_heap_room(const struct cv_machine *m, struct cv_task **t, uint32_t n);

bool value_true(const struct cv_value *v);
/* Both remembered, the newer first, at most two. */
void value_derive(struct cv_value *result, const struct cv_value *from);
void value_origin(struct cv_value *v, uint32_t cell, uint64_t version);
/* The base version + 1 that v derives from in this cell; 0: none. */
uint64_t value_base(const struct cv_value *v, uint32_t cell);

/* a op b into *r; NULL, or why it cannot be computed (static text). Lists joined or repeated may move *t. */
const char *value_compute(const struct cv_machine *m, struct cv_task **t, enum cv_op op, const struct cv_value *a,
                          const struct cv_value *b, struct cv_value *r);
bool value_equal(const struct cv_task *t, const struct cv_value *a, const struct cv_value *b);
/* As print shows it; quoted: strings in quotes, as inside lists. */
void value_text(const struct cv_machine *m, const struct cv_task *t, const struct cv_value *v, bool quoted, struct cv_buf *out);
void value_cell_text(const struct cv_shm *shm, enum cv_tag tag, uint64_t payload, bool quoted, struct cv_buf *out);

/* Integer arithmetic of the language, shared with [expect]: floors; false on overflow or division by zero. */
uint32_t value_characters(const char *s, size_t n); /* of UTF-8 text */
bool value_arithmetic(enum cv_op op, int64_t a, int64_t b, int64_t *r);

#endif
