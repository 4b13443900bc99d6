/* Inside the reader: the arena, the lines of a file, tokens, and what the passes know of names.
 * Passes: lines and sections; declarations ([params], then variables, sync objects, task headers); bodies; code. */
#ifndef CONVIS_LANG_READER_H
#define CONVIS_LANG_READER_H

#include "convis/lang.h"

/* Kinds of sync objects, in the order of enum cv_sync_kind (trace.h), which this room does not see. */
enum { SYNC_LOCK, SYNC_SEMAPHORE, SYNC_QUEUE, SYNC_EVENT, SYNC_BARRIER, SYNC_CONDITION };

struct line {
    uint32_t number;
    const char *start, *text, *end; /* text: behind the indentation; end: comment and blanks cut */
};

struct chunk {
    struct chunk *next;
    char bytes[];
};
struct arena {
    struct chunk *chunks;
    size_t used, cap;
};
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned to 16 */
char *arena_text(struct arena *a, const char *s, size_t n);
void arena_free(struct arena *a);

enum token_kind { T_END, T_NAME, T_INT, T_DECIMAL, T_STRING, T_PUNCT, T_BAD };
struct token {
    enum token_kind kind;
    const char *at;
    size_t n;
    int64_t i;
    double d;
    bool duration;
    bool least; /* 9223372036854775808, which is a number behind a minus alone: i is what that makes of it */
};

struct local_use {
    const char *name;
    struct cv_place at;
    int index;
};
struct reader {
    const char *file, *text, *end;
    struct cv_diags *diags;
    struct arena *arena;
    struct cv_program *p;
    CV_VEC(struct line) lines;
    const struct cv_override *overrides;
    size_t noverrides;
    /* the line being parsed */
    const struct line *line;
    const char *pos, *stop;
    struct token token;
    bool failed;              /* an error was told for this line: the rest of it is skipped */
    bool expecting;           /* in [expect]: decimals, figures */
    unsigned settings;        /* of [scenario], those that were read, a bit each */
    int depth, links;         /* of expressions; operators in this line */
    uint32_t listed;          /* list items computed so far, in the whole file */
    struct cv_place model_at; /* where model = stands; line 0: nowhere */
    /* the body being parsed */
    struct cv_body *body;
    CV_VEC(const char *) locals;
    CV_VEC(bool) assigned;
    CV_VEC(struct local_use) uses;
};

/* ── tokens (scan.c) ────────────────────────────────────────────────────────────────────────────── */
const char *reader_line_end(const struct reader *r, const struct line *l); /* with what looks like a comment */
bool reader_split(struct reader *r);                       /* the text into lines; false: not text at all */
void reader_start(struct reader *r, const struct line *l); /* begins to scan a line */
void reader_start_at(struct reader *r, const char *from, const char *stop);
void reader_next(struct reader *r);
bool reader_is(const struct reader *r, const char *word); /* the token is this name or punctuation */
bool reader_accept(struct reader *r, const char *word);
bool reader_expect(struct reader *r, const char *punct, const char *where);
void reader_end_of_line(struct reader *r); /* tells what is left over */
struct cv_place reader_place(const struct reader *r, const char *at, size_t n);
struct cv_place reader_here(const struct reader *r);
/* Tells an error, once a line. True when it was told (a note may follow). */
bool reader_error(struct reader *r, struct cv_place at, const char *format, ...) CV_PRINTF(3, 4);
void reader_did_you_mean(struct reader *r, const char *word, const char *const *names, size_t n);
char *reader_name(struct reader *r, const char *what); /* takes a name token; NULL and told where there is none */
bool reader_reserved(const char *word);
bool reader_only_expect(const char *name); /* a builtin or function for [expect] alone */
/* A token that is cleaned and shortened for a message. Static. */
const char *reader_shown(const struct token *t);

/* ── names (declare.c) ──────────────────────────────────────────────────────────────────────────────────────── */
int reader_var(const struct reader *r, const char *name);
int reader_sync(const struct reader *r, const char *name);
int reader_param(const struct reader *r, const char *name);
int reader_body(const struct reader *r, const char *name);
int reader_local(struct reader *r, const char *name, bool assign, struct cv_place at); /* its slot */
const char *const *reader_all_names(struct reader *r, size_t *n);

/* ── declarations (declare.c) ───────────────────────────────────────────────────────────────────── */
/* Each takes one line, whose scanning has begun, and adds to the program what it declares. */
void reader_scenario_line(struct reader *r, const struct line *l);
void reader_param_line(struct reader *r, const struct line *l);
void reader_var_line(struct reader *r, const struct line *l, bool memory);
void reader_sync_line(struct reader *r, const struct line *l);
/* Behind "[task": the body it adds, with its instances; NULL and told where the name is wrong. */
struct cv_body *reader_task_header(struct reader *r, struct cv_place at);
/* Adds the named model to a set of CV_M_*. with_gil: threads+gil is CV_M_GIL alone, else it is CV_M_THREADS | CV_M_GIL. */
/* What stands behind the '=' of a line, without quotes around. */
const char *reader_raw_value(struct reader *r, const struct line *l);
bool reader_model_name(struct reader *r, unsigned *bits, bool with_gil);
/* True, and told, when a table has no room for one more. */
bool reader_full(struct reader *r, uint32_t n, uint32_t limit, const char *what);

/* ── expressions (expr.c) ───────────────────────────────────────────────────────────────────────── */
struct cv_expr *reader_expr(struct reader *r); /* NULL after an error */
struct cv_expr *reader_new_expr(struct reader *r, enum cv_expr_kind kind, struct cv_place at, uint32_t n);
/* A constant's value, computed; false and told where it is none. */
bool reader_constant(struct reader *r, const struct cv_expr *e, struct cv_const *value);

/* ── for the lecture (lecture.c) ────────────────────────────────────────────────────────────────── */
/* A [note EVENT] whose header and lines [from, to) these are; bodies are parsed already. */
void reader_note(struct reader *r, size_t header, size_t from, size_t to);
void reader_predict_line(struct reader *r, const struct line *l);
void reader_predict_end(struct reader *r, size_t header); /* checks that the question is whole */

/* ── durations and plain numbers (units.c) ──────────────────────────────────────────────────────── */
void reader_units(struct reader *r); /* of a program without errors so far: tells of those that do not fit */

/* ── bodies (body.c), code (compile.c) ──────────────────────────────────────────────────────────── */
void reader_parse_body(struct reader *r, struct cv_body *body, size_t from, size_t to); /* lines [from, to) */
void reader_compile(struct reader *r);

#endif
