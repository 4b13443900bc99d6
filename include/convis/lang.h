/* lang: text → immutable program, or diagnostics. The tree is kept beside the code: [expect] is judged on it, and
 * programs in other languages are written from it. Everything in a program is owned by it (one arena). */
#ifndef CONVIS_LANG_H
#define CONVIS_LANG_H

#include "convis/base.h"

enum cv_op {
#define CV_OP(id, name, pops, pushes, kind, doc) CV_OP_##id,
#include "convis/ops.def"
#undef CV_OP
    CV_OP_COUNT
};
enum cv_op_kind { CV_OPK_LOCAL, CV_OPK_MEMORY, CV_OPK_EFFECT };
struct cv_op_info { const char *name, *doc; int pops, pushes; enum cv_op_kind kind; };
extern const struct cv_op_info cv_op_info[CV_OP_COUNT];

/* Limits, stated in convis-scenario(5), checked and told, never truncated. */
enum {
    CV_LIMIT_FILE = 256 * 1024, CV_LIMIT_LINES = 10000, CV_LIMIT_NESTING = 32, CV_LIMIT_NAME = 63,
    CV_LIMIT_INSTANCES = 100000, CV_LIMIT_VARS = 256, CV_LIMIT_SYNCS = 64, CV_LIMIT_BODIES = 256,
    CV_LIMIT_LOCALS = 64, CV_LIMIT_STACK = 64, CV_LIMIT_LIST = 65536, CV_LIMIT_CODE = 65536, CV_LIMIT_EXPECTS = 256, CV_LIMIT_NOTES = 256,
    CV_LIMIT_PARAMS = 64, CV_LIMIT_SCHEDULE = 1024 * 1024, CV_LIMIT_STRING = 4096, CV_LIMIT_EXPRESSION = 64 /* depth */
};

/* A constant. Lists are flat (a list holds no list). double only in [expect]. */
enum cv_const_kind { CV_K_NONE, CV_K_BOOL, CV_K_INT, CV_K_STRING, CV_K_LIST, CV_K_DOUBLE };
struct cv_const {
    enum cv_const_kind kind;
    bool duration;                /* an int written with a unit: so printed */
    int64_t i;                    /* int, bool */
    double d;
    const char *s; uint32_t n;    /* string and its bytes; list: n items */
    const struct cv_const *items;
};

struct cv_insn { uint8_t op /* enum cv_op */, await; uint16_t line; int32_t arg; int32_t b; };

/* ── the tree ───────────────────────────────────────────────────────────────────────────────────── */
enum cv_expr_kind {
    CV_E_CONST, CV_E_LOCAL, CV_E_VAR, CV_E_ITEM /* a[b] */, CV_E_UNARY, CV_E_BINARY, CV_E_AND, CV_E_OR, CV_E_LIST,
    CV_E_FORMAT /* string with {…}: items are constants and expressions */, CV_E_CALL /* len min max random cas sorted count copies */,
    CV_E_BUILTIN /* me name pid tid core now; in expect: output elapsed … */, CV_E_RANGE /* A..B */, CV_E_IN, CV_E_PARAM
};
struct cv_expr {
    enum cv_expr_kind kind;
    struct cv_place at;
    enum cv_op op;                /* UNARY, BINARY: NEG NOT ADD … */
    const char *name;             /* LOCAL, VAR, CALL, BUILTIN, PARAM */
    int index;                    /* LOCAL: slot; VAR: variable; PARAM: parameter */
    struct cv_const value;        /* CONST; PARAM: its value */
    uint32_t n;
    struct cv_expr **items;       /* operands, arguments, elements */
};
enum cv_stmt_kind {
    CV_S_ASSIGN, CV_S_AUGMENT, CV_S_ATOMIC, CV_S_APPEND, CV_S_CPU, CV_S_REPEAT, CV_S_WHILE, CV_S_FOR, CV_S_IF, CV_S_BREAK,
    CV_S_CONTINUE, CV_S_RETURN, CV_S_PASS, CV_S_PRINT, CV_S_SPIN, CV_S_CHECK, CV_S_MARK, CV_S_SLEEP, CV_S_FETCH,
    CV_S_YIELD, CV_S_LOCK, CV_S_UNLOCK, CV_S_WITH, CV_S_ACQUIRE, CV_S_RELEASE, CV_S_PUT, CV_S_GET, CV_S_WAIT, CV_S_NOTIFY,
    CV_S_NOTIFY_ALL, CV_S_SET, CV_S_CLEAR, CV_S_BARRIER, CV_S_SPAWN, CV_S_JOIN, CV_S_JOIN_ALL, CV_S_OFFLOAD, CV_S_ALLOC, CV_S_PIN, CV_S_NICE,
    CV_S_FAIL, CV_S_CRASH
};
enum { CV_STMT_KINDS = CV_S_CRASH + 1 };
struct cv_stmt {
    enum cv_stmt_kind kind;
    struct cv_place at;
    bool await, nogil;
    enum cv_op op;                /* AUGMENT, ATOMIC */
    const char *name;             /* local assigned, mark, body spawned, loop variable, handle */
    int index;                    /* local slot assigned (loop variable, get target, handle; -1: none), or body spawned; offload: 0 threads, 1 processes */
    int sync;                     /* sync object, -1 */
    struct cv_expr *target, *value, *value2; /* assign: target (VAR, LOCAL or ITEM) and value; for: value..value2;
                                                   get, spawn: the VAR that gets it in value, else a local by index */
    struct cv_expr **args; uint32_t nargs;   /* spawn */
    struct cv_stmt *body, *orelse, *next;    /* blocks are lists through next; elif is an IF alone in orelse */
};

/* ── the program ────────────────────────────────────────────────────────────────────────────────── */
/* enum cv_model_kind, cv_sync_kind, cv_var_kind stand in trace.h in the same order; lang keeps plain ints so that
 * it needs no room but base. */
struct cv_var_def {
    const char *name; int memory /* 1: [shared memory] */; bool list;
    struct cv_const initial; struct cv_expr *written; /* and as it was written, with the names of parameters */
    uint32_t line;
};
struct cv_sync_def {
    const char *name; int kind;
    int64_t size; struct cv_expr *written; /* barrier: the tasks that meet; as it was written, NULL: it was not */
    int lock;                     /* condition: its lock */
    uint32_t line;
};
struct cv_body {
    const char *name;
    struct cv_stmt *tree;
    uint32_t code, ncode;         /* in program->code; jumps are absolute */
    uint32_t nparams, nlocals, nstack, nwith; /* locals include the parameters, first */
    const char **locals;          /* names; NULL for hidden slots */
    uint64_t gives;               /* bit k: somewhere it unlocks, releases, puts, gets (frees room), sets or notifies sync k */
    uint64_t takes;               /* bit k: somewhere it waits on sync k */
    bool spawns;
    struct cv_expr *count;        /* [task … x count]; NULL: not so */
    uint32_t line;
};
struct cv_instance { const char *name; uint32_t body; int64_t me; bool has_value; struct cv_const value; /* of V, in local 0 */ };
enum cv_expect_kind { CV_X_ALWAYS, CV_X_SOMETIMES, CV_X_NEVER }; /* the last two speak of all schedules together */
struct cv_expect {
    uint32_t line; const char *text;
    enum cv_expect_kind kind;
    unsigned models;              /* bit per model kind 0..2; 7: all */
    bool gil_only;                /* [expect threads+gil] */
    struct cv_expr *expr;
};
/* Text for the lecture and when it is shown: LF between its lines, as the file has it. */
enum cv_note_when {
    CV_NOTE_START, CV_NOTE_END, CV_NOTE_TIME, CV_NOTE_MARK, CV_NOTE_PREEMPTION, CV_NOTE_FINDING /* + its number in findings.def */
};
struct cv_note {
    enum cv_note_when when;
    int64_t at_ns;                /* TIME */
    const char *task, *mark;      /* MARK: an instance or a whole [task], and what it reaches */
    const char *text;
    uint32_t line;
};
/* The question before the run. choices: a, b, …, nchoices of them (2 to 5); answer: one of these letters; because may be NULL. */
struct cv_predict { const char *question, *choices[5], *answer, *because; uint32_t nchoices, line; };
struct cv_param { const char *name; int64_t value, low, high; bool duration; uint32_t line; };
enum { CV_M_ASYNC = 1, CV_M_THREADS = 2, CV_M_PROCESSES = 4, CV_M_GIL = 8 }; /* models = … */
struct cv_program {
    const char *file, *name;      /* path as given; bare name of the scenario */
    const char *source; size_t source_length; /* a copy, LF line ends as given */
    const char *title, *about;    /* may be "" */
    unsigned model, models;       /* one bit of CV_M_*; a set of them */
    bool gil, gil_on;             /* it opens under the GIL; gil = on: its threads never run without */
    int64_t switch_interval_ns, timeout_ns;
    uint32_t cores, pool;         /* 0: all */
    double pace;                  /* screen seconds per run second at the start; 1 if not given */
    const char *schedule;         /* [scenario] schedule =, or NULL */
    struct cv_param *params; uint32_t nparams;
    struct cv_var_def *vars; uint32_t nvars;
    struct cv_sync_def *syncs; uint32_t nsyncs;
    struct cv_body *bodies; uint32_t nbodies; /* body 0 is the main task's, written or implicit */
    bool implicit_main;
    unsigned offloads;            /* 1: to threads, 2: to processes, somewhere */
    struct cv_instance *instances; uint32_t ninstances; /* started by the implicit main, in order; SPAWN with b = -1 - instance */
    struct cv_insn *code; uint32_t ncode;
    struct cv_const *consts; uint32_t nconsts;
    struct cv_expect *expects; uint32_t nexpects;
    struct cv_expect *goals; uint32_t ngoals; /* what the player is to bring about, all of those of his model; kind: always */
    struct cv_note *notes; uint32_t nnotes;
    struct cv_predict *predict;   /* NULL: none */
    void *arena;
};
struct cv_override { const char *name; const char *value; }; /* -p NAME=VALUE */
/* Reads and checks. NULL when there are errors, all of them in diags (with places). Takes any bytes. */
struct cv_program *cv_program_read(const char *file, const char *text, size_t length,
                                   const struct cv_override *overrides, size_t noverrides, struct cv_diags *diags);
void cv_program_free(struct cv_program *p);
/* One line of words: "read counter", "await sleep 1s": the instruction as the source says it. Cleaned. */
void cv_insn_text(const struct cv_program *p, uint32_t pc, struct cv_buf *out);

/* Tables that the manual, the help and the tests walk. */
struct cv_word { const char *name, *form, *summary; bool later; /* reserved, "not yet" */ };
extern const struct cv_word cv_statements[], cv_builtins[], cv_functions[], cv_sections[]; /* end with a NULL name */

#endif
