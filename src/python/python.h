/* Inside the Python writer: what is known of a program before a line is written (facts.c), and the page that is written
 * on (page.c). Locals are told by body and slot, variables, parameters and sync objects by their index in the program. */
#ifndef CONVIS_PYTHON_PYTHON_H
#define CONVIS_PYTHON_PYTHON_H

#include "convis/python.h"

/* What a value may be: a set. What nothing is known of is empty. */
enum { IS_NONE = 1, IS_BOOL = 2, IS_INT = 4, IS_TEXT = 8, IS_LIST = 16, IS_TASK = 32 };
struct kinds { unsigned is, items; /* of a list */ };

/* How a task knows its name: it is always the same; the body's name and its number; its value; it is told. */
enum naming { NAME_CONSTANT, NAME_NUMBERED, NAME_VALUE, NAME_TOLD };

struct body_facts {
    struct kinds locals[CV_LIMIT_LOCALS];
    uint64_t seconds;              /* bit per local: durations are seconds in it, not nanoseconds */
    uint64_t loose;                /* bit per local: may be read before it was assigned */
    uint64_t assigned;             /* bit per local, but for what the body begins with */
    bool me, name;                 /* used */
    bool number;                   /* takes its number as an argument */
    enum naming naming;
    uint32_t first, n;             /* the instances that an implicit main starts */
    uint32_t sites;                /* statements that spawn it */
    bool by_counter;               /* spawned where its number cannot be written down */
    uint32_t spawned;              /* spawns written so far, where it can */
    uint32_t offloads, written;    /* blocks that are offloaded; how many of them were written so far */
    bool tasks;                    /* keeps a list of those it started, for `join all` */
    bool grouped;                  /* each `join all` stands right behind all that it waits for */
};

/* How a variable is held: a plain name, a multiprocessing.Value, an Array, an attribute of a manager's namespace, a manager's
 * list. */
enum held { HELD_PLAIN, HELD_VALUE, HELD_ARRAY, HELD_ATTRIBUTE, HELD_LIST };
struct var_facts {
    struct kinds kinds;
    bool seconds, appended, replaced /* a list, as a whole */, swapped /* by cas */;
    bool assigned;                 /* in the body being written */
    enum held held;
};
enum module { M_ASYNC, M_THREADS, M_PROCESSES };
struct sync_facts {
    struct kinds kinds;            /* of what is in a queue */
    bool awaited, blocking;        /* waited for with await; without */
    bool in_thread, in_process;    /* used in a block that is offloaded there */
    enum module module;            /* asyncio's, threading's or multiprocessing's */
};
enum { ASKED_ME = 1, ASKED_NAME = 2, ASKED_VALUE = 4 };
enum away { AT_HOME, AWAY_THREAD, AWAY_PROCESS };

/* Names that the writer itself gives, chosen so that the scenario has no such name. */
enum fresh {
    F_TASKS, F_TASK, F_MAIN, F_START, F_CPU, F_CPU_NOGIL, F_FETCH, F_CORE, F_ATOMIC, F_MEMORY, F_BEGAN, F_MANAGER, F_SHARED, F_NUMBER,
    F_THREADS, F_PROCESSES, F_TURN, FRESH_COUNT
};

struct py {
    const struct cv_program *p;
    enum cv_model_kind model;
    struct body_facts *bodies;
    struct var_facts *vars;
    struct sync_facts *syncs;
    bool *param_seconds;
    bool can_fail, changed, forks; /* forks: there are processes, of the model or of a pool */
    char fresh[FRESH_COUNT][24];
    bool used[FRESH_COUNT];
    const char **lines;            /* starts of the source's lines, and its end */
    uint32_t nlines;
    /* the page */
    struct cv_buf *out;
    unsigned indent, written;      /* written: lines with a statement so far */
    unsigned modules;              /* set of those to import */
    enum away away;                /* the block being written is a worker's */
    unsigned asked;                /* ASKED_…: what a block asks of its task */
    struct cv_buf aside;           /* functions to stand in front of the one being written */
    uint32_t body;                 /* whose statements are being walked or written */
    uint32_t line;                 /* of the source, the last that was written */
    struct cv_buf comment;         /* for the end of the line being written */
    bool in_braces;                /* of an f-string: text is quoted with ' */
};

/* ── facts.c ────────────────────────────────────────────────────────────────────────────────────── */
void py_facts(struct py *y);
struct kinds py_kinds(const struct py *y, const struct cv_expr *e);
/* Whether the value can be written in seconds; whether something in it is held in seconds. */
bool py_can_seconds(const struct py *y, const struct cv_expr *e);
bool py_has_seconds(const struct py *y, const struct cv_expr *e);
bool py_is_order(const struct cv_expr *e); /* < <= > >= */
/* The `join all` behind s and what it spawns, where nothing else stands in between; NULL. */
const struct cv_stmt *py_group(const struct py *y, const struct cv_stmt *s);
/* The locals that an offloaded block is given, and those it gives back: bit per local. */
void py_block_locals(struct py *y, const struct cv_stmt *s, uint64_t *in, uint64_t *out);
bool py_loop_spawn(const struct cv_stmt *s); /* a counted loop of one spawn and nothing else */
typedef void py_stmt_fn(struct py *y, const struct cv_stmt *s);
void py_each_stmt(struct py *y, const struct cv_stmt *s, py_stmt_fn *fn); /* blocks within too */
typedef void py_expr_fn(struct py *y, const struct cv_expr *e);
void py_each_expr(struct py *y, const struct cv_stmt *s, py_expr_fn *fn); /* and all within; not of blocks */

/* ── page.c ─────────────────────────────────────────────────────────────────────────────────────── */
/* Into the line: %s text, %u unsigned, %n a name of the scenario, %f the function of body u, %v variable u, %e an expression,
 * %a one as an operand, %c one to be kept (a list is copied), %d a duration in seconds, %F a fresh name. A module that the
 * format names is imported. */
void py_put(struct py *y, const char *format, ...);
void py_import(struct py *y, const char *format);
void py_imports(struct py *y);                       /* the import lines of all modules named so far */
void py_line(struct py *y, const char *format, ...); /* a whole line, and its comment */
void py_begin(struct py *y);                         /* the indentation */
void py_end(struct py *y);                           /* the comment, and the line's end */
void py_note(struct py *y, const char *text);        /* more for the comment at the end of the line */
void py_comment(struct py *y, const char *s, size_t n); /* a line of its own, cleaned */
void py_take_comments(struct py *y, uint32_t line); /* of the source: those over the line, below the last, and that at its end */
void py_names(struct py *y);                         /* chooses the fresh names, finds the lines */
void py_name(struct py *y, const char *name);
void py_derived(struct py *y, const char *before, const char *name, const char *after); /* a name made of another's, free */
/* A list of entries between `open` and `close`: in one line where it fits, else one a line. Entries are released. */
struct py_entries { CV_VEC(struct cv_buf); };
void py_list(struct py *y, const char *open, struct py_entries *entries, const char *close);

/* ── expr.c ─────────────────────────────────────────────────────────────────────────────────────── */
enum level { L_ANY, L_OR, L_AND, L_NOT, L_COMPARE, L_ADD, L_MULTIPLY, L_NEGATE, L_ATOM };
void py_expr(struct py *y, const struct cv_expr *e, enum level least);
void py_not(struct py *y, const struct cv_expr *e); /* its negation */
void py_keep(struct py *y, const struct cv_expr *e);
void py_duration(struct py *y, const struct cv_expr *e);
void py_seconds(struct py *y, const struct cv_expr *e, enum level least);
void py_const(struct py *y, const struct cv_const *k, bool seconds);
void py_string(struct py *y, const char *s, size_t n, char quote, bool braces);
void py_var(struct py *y, uint32_t v);              /* where it is read or written */
void py_var_name(struct py *y, uint32_t v);         /* the object that holds it */
void py_own_name(struct py *y, uint32_t body);      /* the name of the task, as an expression */
void py_cas_name(struct py *y, uint32_t v);

/* ── tasks.c: how tasks are begun and waited for ────────────────────────────────────────────────── */
void py_function(struct py *y, uint32_t body);      /* its name */
void py_numbers(struct py *y, uint32_t body);       /* the name of the counter of those spawned */
void py_spawn(struct py *y, const struct cv_stmt *s);
void py_join(struct py *y, const struct cv_stmt *s);
void py_join_all(struct py *y, const struct cv_stmt *s);
void py_spawn_group(struct py *y, const struct cv_stmt *s, const struct cv_stmt *end); /* from s to the join all at end */
void py_start_all(struct py *y);                    /* what an implicit main does */
void py_start_helper(struct py *y);

/* ── offload.c ──────────────────────────────────────────────────────────────────────────────────── */
void py_offload(struct py *y, const struct cv_stmt *s);
void py_pools(struct py *y);                        /* those in use, declared */

/* ── body.c: statements ─────────────────────────────────────────────────────────────────────────── */
void py_body(struct py *y, uint32_t body);          /* the function of a task, or main */
void py_block(struct py *y, const struct cv_stmt *s);
void py_globals(struct py *y, const struct cv_stmt *tree); /* `global` for what is assigned there */
void py_store(struct py *y, const struct cv_expr *target); /* where a value goes */
void py_range(struct py *y, const struct cv_stmt *loop);   /* range(…) of a counted loop */

#endif
