/* app: the command line and the wiring. What the files of this room share: the parsed arguments, the search for a scenario,
 * and one run being played (session, kernel source, cores, reader, model). Exit statuses are those of convis(1). */
#ifndef CONVIS_APP_APP_H
#define CONVIS_APP_APP_H

#include <uv.h>

#include "convis/engine.h"
#include "convis/model.h"
#include "convis/source.h"
#include "convis/ui.h"

enum { APP_SIZES = 8 };
enum app_exit { APP_OK, APP_FAILED, APP_WRONG, APP_REFUSED };

/* ── arguments (options.c) ──────────────────────────────────────────────────────────────────────── */
enum app_command { APP_DASH = 1, APP_RUN = 2, APP_RENDER = 4, APP_CHECK = 8, APP_LIST = 16, APP_HELP = 32, APP_COMPARE = 64, APP_NEW = 128, APP_COMPLETION = 256, APP_PYTHON = 512, APP_VERIFY = 1024, APP_EXPLORE = 2048, APP_LATER = 4096 };
struct app_args;
struct app_command_info {
    const char *name, *operands, *summary; /* name "": no word, just FILE */
    enum app_command command;
    int least, most;                       /* operands */
    int (*main)(const struct app_args *a);
};
extern const struct app_command_info app_commands[]; /* a NULL name ends; APP_LATER: reserved, not in this version */
struct app_option_info {
    int letter;                            /* 0: has none */
    const char *name, *argument, *summary; /* argument NULL: takes none */
    unsigned commands;                     /* set of enum app_command it means something to; 0: hidden */
    int code;
};
extern const struct app_option_info app_options[]; /* code 0 ends */
struct app_args {
    enum app_command command;
    char **operands;
    int noperands;
    const char *transcript, *as_schedule, *record; /* files to write; NULL: none */
    const char *model, *schedule, *source, *format, *only; /* NULL: not given */
    const char *at;                        /* instants of a run, the first that there is: see app_instant; NULL: not given */
    bool gil, json, ascii, no_colour, mdoc, observer, watch, present, bounds;
    uint64_t max_tasks, max_memory, max_output, timeout_ns, history, ring; /* 0: not given */
    uint64_t seed, runs, span_ns;          /* runs, span_ns 0: not given */
    struct { int width, height; } sizes[APP_SIZES]; int nsizes; /* of render: a frame each */
    int theme;                             /* -1: not given */
    struct cv_override overrides[CV_LIMIT_PARAMS];
    size_t noverrides;
    char params[sizeof((struct cv_order *)0)->params]; /* the same, as an order carries them */
    char *exe;                             /* path of this program, resolved */
};
/* Parses, runs the command, checks that standard output took everything. argv as main got it. */
int app_main(int argc, char **argv);
/* "convis: …" on standard error, one line, cleaned; returns status. */
int app_say(int status, const char *format, ...) CV_PRINTF(2, 3);
/* Standard output, all of it through these: what went wrong first is kept for the message. false: it went wrong. */
bool app_write(const struct cv_buf *text);
bool app_flush(void);
/* "10us", "1.5s", "300ms": nanoseconds. false: not a duration. */
bool app_duration(const char *text, uint64_t *ns);
/* Instants of a run, with commas: "300ms", "50%", "start", "end", "finding", "note", or the name of a mark. Are all of them such words? */
bool app_instants(const char *text);
/* The first of them that there is in the record; UINT64_MAX: none. */
uint64_t app_instant(const char *text, const struct cv_model *m);
bool app_ascii(const struct app_args *a);  /* asked for, or the locale's encoding is not UTF-8 */

/* ── the user's configuration (config.c) ────────────────────────────────────────────────────────── */
struct app_config { int theme, focus; /* -1: not said */ bool ascii, no_colour; unsigned hidden; };
/* Keys go to the ui at once. false: the file is wrong, and that has been said. */
bool app_config_read(struct app_config *c, struct cv_ui *ui);
void app_config_text(struct app_config *c, struct cv_ui *ui, const char *text, size_t n, struct cv_diags *diags); /* any bytes; what is wrong goes to diags */

/* ── scenarios (find.c; those shipped: shipped.c, lessons.c) ─────────────────────────────────────────────────────────────────────────── */
/* The path of FILE, or of the shipped scenario of that name. false: said on standard error, with the nearest name. */
bool app_find(const struct app_args *a, const char *file, struct cv_buf *path);
/* Reads a file, somewhat more than CV_LIMIT_FILE bytes at most (a larger one is the reader's to refuse). false: said. */
bool app_slurp(const char *path, struct cv_buf *text);
/* Finds, reads and checks; diagnostics go to standard error. NULL: said. Free with cv_program_free. */
struct cv_program *app_program(const struct app_args *a, const char *file);
/* The same of a path that was found before, quietly: what there is to say goes to said; nothing when the file cannot be read
 * just now. text: what was read. */
struct cv_program *app_program_again(const struct app_args *a, const char *path, struct cv_buf *text, struct cv_buf *said);
/* Paths of the shipped scenarios, and beside each the chapter it stands in ("": none), in the order of the course, which the file
 * `course` in their folder gives; what it does not name comes last, by name. */
struct app_paths { CV_VEC(char *); CV_VEC(char *) chapters; };
void app_shipped(const struct app_args *a, struct app_paths *paths);
bool app_shipped_dir(const struct app_args *a, struct cv_buf *dir); /* false: there is none */
void app_paths_release(struct app_paths *paths);
/* The shipped lessons, for the picker: those that read without an error. */
struct app_lessons { struct app_paths paths; CV_VEC(struct cv_lesson) at; CV_VEC(struct cv_program *) programs; };
void app_lessons_read(const struct app_args *a, struct app_lessons *l);
void app_lessons_release(struct app_lessons *l);
/* The order the arguments ask for. false: said. */
bool app_order(const struct app_args *a, const struct cv_program *p, struct cv_order *o);

/* ── a run being played (play.c) ────────────────────────────────────────────────────────────────── */
struct app_saving;
struct app_record;
struct app_play {
    const struct cv_program *program;
    struct cv_order order;
    const struct cv_topo *topo;
    const char *only;               /* name of the switch source wanted; NULL: the best */
    struct cv_session *session;     /* NULL: not started, or a record */
    const struct app_record *record; /* a run that was, see record.c; NULL: it is played */
    struct cv_reader *reader;
    struct cv_model *model;
    struct cv_source source;
    struct cv_cores *cores;
    struct cv_buf cores_why;        /* why they are not looked at; "" */
    uint64_t history;               /* set before the start: bytes of the model's memory; 0: 256 MiB */
    bool aside;                     /* set before the start: events go to watch alone */
    bool unwatched;                 /* set before the start: no kernel source, no look at the cores */
    cv_event_fn *watch;             /* sees each event after the model; may be NULL */
    void *to;
    struct app_saving *saving;      /* set before the start: what is told to the model is written down too; NULL: it is not */
    uint64_t born_ns;
    bool going, over;
};
/* uv_loop_init. False, and said, where the system gives no descriptors for it. */
bool app_loop(uv_loop_t *loop);
/* program, topo and only must outlive the play. false: the system refused, why says; nothing is left. */
bool app_play_start(struct app_play *y, uv_loop_t *loop, const char *exe, const struct cv_program *p, const struct cv_order *o,
                    const struct cv_topo *topo, const char *only, struct cv_buf *why);
/* In place of a run, the record of one, which is over; it must outlive the play. */
void app_play_record(struct app_play *y, const struct app_record *r);
bool app_play_has(const struct app_play *y);  /* it was started, or is a record */
const struct cv_shm *app_play_shm(const struct app_play *y);
const struct cv_run_info *app_play_info(const struct app_play *y);
/* Every 10 ms: opens the gate when the runner is there, takes what was recorded, watches. True once it is over. Not from
 * within a callback of the loop. */
bool app_play_tick(struct app_play *y);
/* Of a play that is over: judged. Free with cv_summary_free, before the play ends. */
struct cv_summary *app_play_summary(const struct app_play *y);
/* The switch source's name, how exactly it places a switch, and why the better ones are not there. */
const char *app_play_source(const struct app_play *y, const char **precision, const char **why);
struct cv_record_counts app_play_counts(const struct app_play *y);
int app_play_tried(const struct app_play *y, uint32_t source); /* cv_sources[source]: -1 refused, 0 not tried, 1 chosen */
const char *app_play_clock(const struct app_play *y); /* its name */
void app_play_status(const struct app_play *y, struct cv_ui_status *s); /* what the run knows of it: sources, clock, records */
void app_play_end(struct app_play *y); /* stops the run if it still goes; releases all; idempotent */
/* 0 or 1 as the summary stands: expectations, and outcomes nobody expected. */
int app_verdict(const struct cv_summary *s);
/* What one record and one switch cost here, measured now; what of it fell to this run. */
void app_cost_words(const struct app_play *y, bool ascii, struct cv_buf *out);

/* ── what must not be left behind (guard.c) ─────────────────────────────────────────────────────── */
/* From now on a fatal signal or a panic restores the terminal (restore may be NULL) and kills the run. */
void app_guard(void (*restore)(void));
void app_guard_run(pid_t group); /* 0: no run */
/* Ends this process as the signal would have without our handler. */
_Noreturn void app_die_of(int signal);

/* ── commands ───────────────────────────────────────────────────────────────────────────────────── */
int app_run(const struct app_args *a);
int app_compare(const struct app_args *a);
int app_explore(const struct app_args *a);
int app_observe(const struct app_args *a); /* run --observer */
int app_dash(const struct app_args *a);
int app_render(const struct app_args *a);
int app_check(const struct app_args *a);
int app_list(const struct app_args *a);
int app_verify(const struct app_args *a);
int app_python(const struct app_args *a);
int app_new(const struct app_args *a);
int app_completion(const struct app_args *a);
int app_help(const struct app_args *a);
void app_usage(FILE *to); /* --help */

/* ── transcripts (transcript.c) ─────────────────────────────────────────────────────────────────── */
int app_goal(const struct cv_summary *s);  /* 1: reached, 0: not, -1: there is none */
/* The fewest preemptions that reach the goal in any schedule; false: not proven within that time. */
bool app_goal_fewest(const struct cv_program *p, const struct cv_order *o, uint64_t time_ns, uint32_t *preemptions);
void app_transcript(struct cv_buf *out, const struct cv_program *p, const struct cv_order *o, const char *schedule, const struct cv_summary *s);
/* A transcript taken apart; all in it points into text, of which lines then end in NUL. */
struct app_transcript {
    struct cv_buf text, source;   /* as it was read; the scenario's text in it */
    const char *scenario, *rules, *seed, *schedule;
    struct app_args args;         /* the parameters */
};
const char *app_transcript_read(struct app_transcript *t); /* t->text: any bytes and a NUL. NULL, or what is wrong */
void app_transcript_release(struct app_transcript *t);
bool app_transcript_write(const char *path, const struct cv_buf *text, struct cv_buf *why);

/* ── many runs (tally.c) ────────────────────────────────────────────────────────────────────────── */
/* What came out, in one line: how it ended, the final values, the output. Clean text. */
void app_result_text(const struct cv_summary *s, struct cv_buf *out);
void app_json_text(struct cv_buf *out, const char *s); /* quoted; any bytes become valid JSON */
struct app_tally;
struct app_tally *app_tally_new(void);
void app_tally_add(struct app_tally *t, const struct cv_run_info *info, const struct cv_summary *s);
struct cv_explore;
void app_tally_walk(struct app_tally *t, const struct cv_explore *e); /* the probabilities beside the runs */
int app_tally_verdict(const struct app_tally *t); /* 0 or 1: what all runs together must hold */
void app_tally_text(const struct app_tally *t, bool ascii, struct cv_buf *out);
void app_tally_json(const struct app_tally *t, struct cv_buf *out);
void app_tally_free(struct app_tally *t);

#endif
