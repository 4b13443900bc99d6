/* What the tests of the ui share: three runs told to the model event by event, and the dashboard drawn of them as text.
 * The run that a scene tells is over unless told until an earlier instant. Times are ns. */
#ifndef CONVIS_TESTS_UI_SCENE_H
#define CONVIS_TESTS_UI_SCENE_H

#include "model_play.h"
#include "ui/keys.h"
#include "ui/help.h"

#define US 1000ull
#define SECOND 1000000000ull

static struct cv_core scene_cores[2] = {{.os = 0, .physical = 0, .kind = -1, .allowed = true}, {.os = 1, .physical = 1, .kind = -1, .allowed = true}};
static struct cv_topo scene_topo = {.cores = scene_cores, .ncores = 2, .nallowed = 2, .npackages = 1, .nnuma = 1, .ncaches = 1, .nphysical = 2, .this_system = true};
static struct cv_info_var scene_vars[] = {{.name = "current_user", .initial = "none", .line = 4}};
static struct cv_info_sync scene_syncs[] = {{.name = "m", .kind = CV_SYNC_LOCK, .line = 7}};

static const char scene_source[] = "; Who is greeted?\n"
                                   "[scenario]\n"
                                   "title = Two users, one global\n"
                                   "[shared]\n"
                                   "current_user = none\n"
                                   "[sync]\n"
                                   "m = lock\n"
                                   "[task handle for user in \"Alice\", \"Bob\"]\n"
                                   "    current_user = user\n"
                                   "    await sleep 1s\n"
                                   "    print \"Handled by: {current_user}\"\n";

static inline void scene_begin(enum cv_model_kind kind, const char *name, uint32_t nsyncs)
{
    begin(kind);
    info.scenario = "two-users";
    info.title = "Two users, one global";
    info.source = scene_source;
    info.source_length = sizeof scene_source - 1;
    info.model_name = name;
    info.seed = 1;
    info.implicit_main = true;
    info.vars = scene_vars;
    info.nvars = 1;
    info.syncs = scene_syncs;
    info.nsyncs = nsyncs;
}

static inline void scene_writes(uint32_t task, const char *value, uint64_t version, uint32_t over)
{
    struct cv_event e = {.t = now, .kind = CV_EV_WRITE, .task = task, .line = 9, .a = text(value), .b = cv_meta(CV_TAG_STRING, task, version),
                         .d = cv_meta(CV_TAG_STRING, over, version - 1)};
    cv_model_fold(m, &e);
}

static inline void scene_reads(uint32_t task, const char *value, uint64_t version, uint32_t writer)
{
    struct cv_event e = {.t = now, .kind = CV_EV_READ, .task = task, .line = 11, .a = text(value), .b = cv_meta(CV_TAG_STRING, writer, version)};
    cv_model_fold(m, &e);
}

static inline void prints(uint32_t task, const char *line, uint64_t order) { tell(CV_EV_PRINT, task, 11, 0, text(line), order); }

/* Since `from`: core 0 busy by half, core 1 hardly. */
static inline void cores(uint64_t from)
{
    for (unsigned core = 0; core < 2; core++)
        tell(CV_EV_CORE, CV_NO_TASK, 0, core, (uint64_t)(core ? 20 : 500) << 32 | (now - from) / US, 1);
}

static inline void run_ends(enum cv_outcome outcome) { tell(CV_EV_RUN_END, CV_NO_TASK, 0, outcome, 0, 0); }

/* Alice and Bob on one loop: Bob writes over Alice's name while she waits. Until 500 ms (both wait), or to its end. */
static inline void scene_async(bool whole)
{
    scene_begin(CV_ASYNC, "async", 0);
    at(0), start(0, "main", CV_NO_TASK), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    at(10 * US), run(ALICE, 9), scene_writes(ALICE, "Alice", 1, CV_NO_TASK);
    at(30 * US), waits(ALICE, 10, CV_AWAIT + CV_REASON_SLEEP, SECOND);
    at(40 * US), run(BOB, 9), scene_writes(BOB, "Bob", 2, ALICE);
    at(50 * US), waits(BOB, 10, CV_AWAIT + CV_REASON_SLEEP, SECOND);
    at(60 * US), tell(CV_EV_POLL, 0, 0, 0, SECOND, 0);
    at(500 * MS), cores(100 * MS);
    cv_model_now(m, 500 * MS);
    if (!whole)
        return;
    at(SECOND), ready(ALICE, CV_NO_TASK, CV_AWAIT + CV_REASON_SLEEP), ready(BOB, CV_NO_TASK, CV_AWAIT + CV_REASON_SLEEP);
    at(SECOND + 10 * US), run(ALICE, 11), scene_reads(ALICE, "Bob", 2, BOB), prints(ALICE, "Handled by: Bob", 0), ends(ALICE);
    at(SECOND + 30 * US), run(BOB, 11), scene_reads(BOB, "Bob", 2, BOB), prints(BOB, "Handled by: Bob", 1), ends(BOB);
    at(SECOND + 50 * US), ends(0), run_ends(CV_OUT_FINISHED);
}

/* Four threads on two cores: one holds the lock and runs, one is blocked on it, one was preempted, one is done. */
static inline void scene_threads(void)
{
    scene_begin(CV_THREADS, "threads", 1);
    at(0), start(0, "main", CV_NO_TASK);
    static const char *const names[] = {"owner", "patient", "pushed", "worker#12"};
    for (uint32_t i = 0; i < 4; i++)
        start(i + 1, names[i], 0);
    at(1 * MS);
    for (uint32_t i = 1; i <= 4; i++)
        run(i, 8 + i % 3);
    switch_in(1, 0), takes(1, LOCK, 0), switch_in(3, 1);
    at(2 * MS), waits(2, 10, CV_BLOCK + CV_REASON_LOCK, LOCK);
    at(3 * MS), switch_out(3, 1, true), switch_in(4, 1);
    at(5 * MS), ends(4), switch_out(4, 1, false);
    at(6 * MS), scene_writes(1, "owner", 1, CV_NO_TASK);
    cores(0);
    cv_model_now(m, 8 * MS);
}

/* Two processes, each with its own copy; Alice's dies. */
static inline void scene_processes(void)
{
    scene_begin(CV_PROCESSES, "processes", 0);
    at(0), start(0, "main", CV_NO_TASK);
    at(1 * MS), start(ALICE, "Alice", 0), start(BOB, "Bob", 0);
    at(2 * MS), run(ALICE, 9), scene_writes(ALICE, "Alice", 1, CV_NO_TASK), run(BOB, 9), scene_writes(BOB, "Bob", 1, CV_NO_TASK);
    at(3 * MS), waits(BOB, 10, CV_BLOCK + CV_REASON_SLEEP, SECOND);
    at(4 * MS), tell(CV_EV_TASK_END, ALICE, 10, CV_END_KILLED, text("killed by SIGSEGV"), 0);
    cv_model_now(m, 9 * MS);
}

/* The scheduler's place over scene_threads: one may go and unfolds, one waits, one sleeps, one is done. */
static const char *const scene_parts[] = {"read current_user", "write current_user"};
static const struct cv_ui_step scene_steps[] = {
    {.task = 1, .letter = 0, .line = 9, .may = CV_UI_MAY, .current = true, .text = "write current_user ← \"owner\"", .parts = scene_parts, .nparts = 2, .part = 1},
    {.task = 2, .letter = 1, .line = 10, .may = CV_UI_WAITS, .text = "lock m, which owner holds"},
    {.task = 3, .letter = 2, .line = 11, .may = CV_UI_SLEEPS, .text = "print \"Handled by: none\""},
    {.task = 4, .letter = 3, .line = 8, .may = CV_UI_OVER, .text = "done"}};
static const struct cv_ui_stage scene_stage = {.steps = scene_steps, .nsteps = 4, .schedule = "A2 B3 A1 D C2 A", .position = 10, .preemptions = 3,
                                               .parted = "It left the run at step 5: there B went on.", .goal = "goal: deadlock"};

/* ── the dashboard of it ────────────────────────────────────────────────────────────────────────── */
static struct cv_ui *ui;
static struct cv_canvas canvas;

static inline void open_ui(bool ascii, int width, int height)
{
    ui = cv_ui_new(ascii);
    cv_ui_topo(ui, &scene_topo);
    cv_ui_model(ui, m);
    cv_ui_status(ui, &(struct cv_ui_status){.source_name = "perf", .source_why = "", .source_precision = "exact", .clock_name = "tsc", .events = {.issued = 42, .recorded = 42}});
    cv_canvas_resize(&canvas, width, height);
}

static inline void close_ui(void)
{
    cv_ui_free(ui);
    cv_canvas_release(&canvas);
}

/* The frame as text, until the next call. */
static inline const char *frame(void)
{
    static struct cv_buf out;
    out.n = 0;
    cv_ui_draw(ui, &canvas);
    cv_canvas_text(&canvas, &out);
    return out.at;
}

static inline enum cv_command press(int key) { return cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_KEY, .key = key}); }

#endif
