/* The parent's side of a run: makes the region, starts server and runner, opens the gate, watches, and ends it. Whatever
 * happens to the parent, the runner (PDEATHSIG) and the server (end of its standard input) end with it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/desk.h"
#include "engine/fetch.h"
#include "engine/own.h"

enum { DETECT_NS = 100000000, SILENT_NS = 500000000, STUCK_NS = 1500000000, LOOKED_AT = 4096 /* tasks */ };
struct cv_session {
    uv_loop_t *loop;
    const struct cv_program *program;
    struct cv_run_info info;
    struct cv_shm shm;
    struct cv_machine machine;      /* the parent's look at the run */
    struct cv_reader *reader;
    uv_process_t *runner, *server;  /* freed by their close callbacks */
    uv_pipe_t *server_input;
    pid_t pid;
    bool gone, over, suspended, started;
    int status, signal;
    enum cv_outcome outcome;
    struct cv_buf text;
    struct cv_clock_pair zero;
    uint64_t looked_ns, began_ns, stopped_ns, suspended_ns;
    uint64_t moved_ns;              /* desk: when a step was made last, or nothing was asked */
    uint64_t last_sum;              /* of the members' rows when a deadlock was seen last: it must stand twice */
    uint32_t *members, *before, nbefore, *told, ntold;
    uint32_t *steps, nsteps;        /* of the first tasks a while before the timeout: who made none since is silent */
};

/* " (RLIMIT_AS is 1000000)": the limit that can be behind the error, if there is one. */
static void add_limit(int error, struct cv_buf *why)
{
    static const struct { int error, limit; const char *name; } limits[] = {
        {EAGAIN, RLIMIT_NPROC, "RLIMIT_NPROC"}, {EMFILE, RLIMIT_NOFILE, "RLIMIT_NOFILE"}, {ENOMEM, RLIMIT_AS, "RLIMIT_AS"}, {EFBIG, RLIMIT_FSIZE, "RLIMIT_FSIZE"}};
    struct rlimit l;
    for (size_t i = 0; i < CV_COUNT(limits); i++)
        if (limits[i].error == error && getrlimit(limits[i].limit, &l) == 0 && l.rlim_cur != RLIM_INFINITY)
            cv_buf_printf(why, " (%s is %llu)", limits[i].name, (unsigned long long)l.rlim_cur);
}

/* ── children ───────────────────────────────────────────────────────────────────────────────────── */
static void free_handle(uv_handle_t *h) { free(h); }

/* Ends what is left of a group and takes it off the process table: orphans come to us, a subreaper. */
static void bury(pid_t group)
{
    kill(-group, SIGKILL);
    while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
        ;
}

static void runner_ended(uv_process_t *p, int64_t status, int signal)
{
    struct cv_session *s = p->data;
    s->gone = true;
    s->status = (int)status;
    s->signal = signal;
    s->runner = NULL;
    bury(s->pid > 0 ? s->pid : p->pid);
    uv_close((uv_handle_t *)p, free_handle);
}

static void server_ended(uv_process_t *p, int64_t status, int signal)
{
    struct cv_session *s = p->data;
    (void)status, (void)signal;
    s->server = NULL;
    uv_close((uv_handle_t *)p, free_handle);
}

static int spawn(struct cv_session *s, uv_process_t **process, const char *exe, const char *mode, int fd, uv_exit_cb ended, uv_pipe_t *input)
{
    char three[] = "3";
    char *args[] = {(char *)(uintptr_t)exe, (char *)(uintptr_t)mode, three, NULL};
    uv_stdio_container_t stdio[4] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = fd}};
    if (input) {
        stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
        stdio[0].data.stream = (uv_stream_t *)input;
    }
    const char *log = getenv("CONVIS_RUNNER_STDERR"); /* a descriptor for what sanitizers say */
    if (log && *log) {
        stdio[2].flags = UV_INHERIT_FD;
        stdio[2].data.fd = atoi(log);
    }
    uv_process_options_t options = {.file = exe, .args = args, .stdio = stdio, .stdio_count = 4, .exit_cb = ended, .flags = UV_PROCESS_DETACHED};
    *process = cv_alloc(sizeof **process);
    int error = uv_spawn(s->loop, *process, &options);
    (*process)->data = s;
    if (error < 0) {
        uv_close((uv_handle_t *)*process, free_handle);
        *process = NULL;
    }
    return error;
}

static int listen_socket(struct cv_order *o)
{
    struct sockaddr_un address;
    static unsigned serial;
    snprintf(o->server, sizeof o->server, "convis-%ld-%u-%llx", (long)getpid(), serial++, (unsigned long long)cv_ticks());
    socklen_t length = fetch_address(&address, o->server);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 4096) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* How many tasks a list of statements can start, theirs included; no more than SPAWNED are told apart. A loop whose turns
 * are not constant counts as many. */
enum { SPAWNED = 2048, MOST_RINGS = 65536 };

static uint64_t turns_of(const struct cv_stmt *st)
{
    const struct cv_expr *from = st->value, *to = st->value2;
    if (st->kind == CV_S_WHILE)
        return SPAWNED;
    if (st->kind != CV_S_FOR && st->kind != CV_S_REPEAT)
        return 1;
    const struct cv_expr *last = st->kind == CV_S_FOR ? to : from;
    int64_t first = 1;
    if (st->kind == CV_S_FOR && from)
        first = from->kind == CV_E_CONST || from->kind == CV_E_PARAM ? from->value.i : 0;
    if (!last || (last->kind != CV_E_CONST && last->kind != CV_E_PARAM) || last->value.i >= SPAWNED || first < -SPAWNED)
        return SPAWNED;
    return last->value.i >= first ? (uint64_t)(last->value.i - first + 1) : 0;
}

static uint64_t starts(const struct cv_program *p, const struct cv_stmt *st, unsigned depth)
{
    uint64_t sum = 0;
    for (; st && sum < SPAWNED; st = st->next) {
        uint64_t inside = starts(p, st->body, depth) + starts(p, st->orelse, depth);
        if (st->kind == CV_S_SPAWN) { /* its target says which body */
            uint32_t body = st->target ? (uint32_t)st->target->index : p->nbodies;
            inside += depth && body < p->nbodies ? 1 + starts(p, p->bodies[body].tree, depth - 1) : SPAWNED;
        }
        sum += inside < SPAWNED ? inside * turns_of(st) : SPAWNED;
    }
    return sum < SPAWNED ? sum : SPAWNED;
}

/* The region is sparse: a ring costs what was written into it. A ring for each task that the scenario can start, as far as
 * that can be seen; for the first thousands where it cannot. */
static uint32_t producers(const struct cv_program *p, const struct cv_order *o)
{
    if (o->stepped)
        return 1;
    if (o->model == CV_ASYNC)
        return 1 + (p->offloads & 1) * o->pool + (p->offloads >> 1) * o->pool;
    uint64_t n = 1 + (p->implicit_main ? 0 : starts(p, p->bodies[0].tree, 3));
    for (uint32_t i = 0; p->implicit_main && i < p->ninstances && n < MOST_RINGS; i++)
        n += 1 + starts(p, p->bodies[p->instances[i].body].tree, 3);
    if (p->offloads & 1)
        n += o->pool * (o->model == CV_PROCESSES ? n : 1);
    if (p->offloads & 2)
        n += o->pool;
    return n < MOST_RINGS ? (uint32_t)n : MOST_RINGS;
}

static struct cv_shm_plan plan_of(const struct cv_program *p, const struct cv_order *o)
{
    struct cv_shm_plan plan = {.max_tasks = o->max_tasks, .engine_bytes = cv_machine_bytes(p, o), .string_bytes = 64u << 20, .source_bytes = p->source_length + 1};
    plan.max_rings = producers(p, o);
    plan.ring_records = o->ring_records;
    if (!plan.ring_records) { /* 16 MiB for each of few producers; for many less, 2 GiB in all where there is so much */
        uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2, most = (uint64_t)2 << 30;
        struct rlimit space;
        most = memory < most ? memory : most;
        if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur / 4 < most)
            most = space.rlim_cur / 4;
        plan.ring_records = 1u << 20;
        while (plan.ring_records > 1024 && (uint64_t)plan.ring_records * plan.max_rings * sizeof(struct cv_record) > most)
            plan.ring_records /= 2;
    }
    plan.finals_bytes = o->model == CV_PROCESSES ? 64u << 20 : 0;
    return plan;
}

struct cv_session *cv_session_new(uv_loop_t *loop, const char *exe, const struct cv_program *p, const struct cv_order *order, struct cv_buf *why)
{
    struct cv_session *s = cv_alloc(sizeof *s);
    struct cv_order o = *order;
    *s = (struct cv_session){.loop = loop, .program = p, .shm.fd = -1};
    int listener = listen_socket(&o), error = listener < 0 ? errno : 0;
    if (listener < 0) {
        cv_buf_printf(why, "no socket for the fetch server: %s", strerror(error));
        add_limit(error, why);
        cv_session_free(s);
        return NULL;
    }
    struct cv_shm_plan plan = plan_of(p, &o);
    cv_run_info_make(&s->info, p, &o);
    s->info.model_name = cv_order_model_name(order);
    if (cv_shm_create(&s->shm, &plan) < 0) {
        error = errno;
        cv_buf_printf(why, "no shared memory for the run: %s", strerror(error));
        add_limit(error, why);
        close(listener);
        cv_session_free(s);
        return NULL;
    }
    memcpy(cv_shm_source(&s->shm), p->source, p->source_length);
    s->shm.head->source_length = p->source_length;
    atomic_store(&s->shm.head->parent, (uint32_t)getpid());
    cv_machine_init(&s->shm, p, &o);
    cv_machine_attach(&s->machine, &s->shm, p);
    s->members = cv_alloc(o.max_tasks * sizeof *s->members);
    s->before = cv_alloc(o.max_tasks * sizeof *s->before);
    s->told = cv_alloc(o.max_tasks * sizeof *s->told);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a killed run leaves comes to us, to be reaped */
    s->server_input = cv_alloc(sizeof *s->server_input);
    uv_pipe_init(loop, s->server_input, 0);
    error = spawn(s, &s->server, exe, "--server", listener, server_ended, s->server_input);
    close(listener);
    if (error >= 0)
        error = spawn(s, &s->runner, exe, "--runner", s->shm.fd, runner_ended, NULL);
    if (error < 0) {
        cv_buf_printf(why, "cannot start a process: %s", uv_strerror(error));
        add_limit(-error, why);
        cv_session_free(s);
        return NULL;
    }
    s->pid = s->runner->pid;
    return s;
}

const struct cv_shm *cv_session_shm(const struct cv_session *s) { return &s->shm; }
const struct cv_machine *cv_session_machine(const struct cv_session *s) { return &s->machine; }
const struct cv_run_info *cv_session_info(const struct cv_session *s) { return &s->info; }
pid_t cv_session_pid(const struct cv_session *s) { return s->pid; }
enum cv_outcome cv_session_outcome(const struct cv_session *s) { return s->outcome; }
const char *cv_session_outcome_text(const struct cv_session *s) { return s->text.at ? s->text.at : ""; }

bool cv_session_cell(const struct cv_session *s, uint32_t var, struct cv_cell *cell, const struct cv_cell **items)
{
    const struct cv_memory *mem = &s->machine.memory;
    if (var >= mem->n || (s->info.model == CV_PROCESSES && s->info.vars[var].kind == CV_VAR_SHARED))
        return false;
    *cell = *mem->cells[var];
    *items = mem->lists[var] ? mem->lists[var]->items : NULL;
    return true;
}

int cv_session_refused(const struct cv_session *s, struct cv_buf *why)
{
    uint32_t error = atomic_load(&s->shm.head->error);
    if (error)
        cv_text_clean(why, s->shm.head->error_text, strnlen(s->shm.head->error_text, sizeof s->shm.head->error_text));
    return (int)error;
}

void cv_session_go(struct cv_session *s, struct cv_reader *reader)
{
    struct cv_shm_head *h = s->shm.head;
    s->reader = reader;
    s->zero = cv_clock_pair();
    s->began_ns = s->looked_ns = cv_mono_ns();
    s->started = true;
    cv_reader_start(reader, s->zero);
    atomic_store(&h->gate, 1);
    own_futex_wake(&h->gate, 1);
}

/* ── watching ───────────────────────────────────────────────────────────────────────────────────── */
static void push_about(struct cv_session *s, enum cv_event_kind kind, unsigned obj, uint64_t a, uint32_t task, uint32_t line)
{
    bool virtual_time = atomic_load(&s->shm.head->virtual_time);
    struct cv_event e = {.t = virtual_time ? atomic_load(&s->shm.head->virtual_now) : cv_mono_ns(), .kind = (uint8_t)kind, .task = task,
                         .line = (uint16_t)line, .obj = (uint16_t)obj, .a = a};
    cv_reader_push(s->reader, &e);
}

static void push(struct cv_session *s, enum cv_event_kind kind, unsigned obj, uint64_t a) { push_about(s, kind, obj, a, CV_NO_TASK, 0); }

/* Of the members the first that somebody wrote, and where it stands. */
static void push_deadlock(struct cv_session *s, uint32_t text)
{
    uint32_t first = s->nbefore > 1 && s->before[0] == 0 && s->info.implicit_main ? 1 : 0, task = s->nbefore ? s->before[first] : CV_NO_TASK;
    push_about(s, CV_EV_FINDING, CV_FINDING_DEADLOCK, text, task, task == CV_NO_TASK ? 0 : atomic_load(&cv_shm_row(&s->shm, task)->line));
}

static bool alive(const struct cv_row *r)
{
    uint32_t state = atomic_load(&r->state);
    return state == CV_ROW_STARTED || state == CV_ROW_RUNNABLE || state == CV_ROW_WAITING;
}

static uint32_t task_count(const struct cv_session *s)
{
    uint32_t n = atomic_load(&s->shm.head->ntasks), most = s->shm.head->plan.max_tasks;
    return n < most ? n : most;
}

static bool read_proc(uint32_t pid, uint32_t tid, const char *file, char *text, size_t size)
{
    char path[80];
    snprintf(path, sizeof path, "/proc/%u/task/%u/%s", pid, tid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* The accounts of tasks that will be killed and so cannot write them: what the kernel says of their threads. */
static void close_accounts(struct cv_session *s)
{
    const struct cv_shm_head *h = s->shm.head;
    uint32_t n = task_count(s);
    for (uint32_t t = 0; t < n && t < LOOKED_AT; t++) {
        struct cv_row *r = cv_shm_row(&s->shm, t);
        uint32_t pid = atomic_load(&r->pid), tid = atomic_load(&r->tid);
        char text[4096];
        const char *at;
        if (!tid || !alive(r))
            continue;
        if (read_proc(pid, tid, "schedstat", text, sizeof text)) {
            uint64_t cpu = strtoull(text, NULL, 10), base = t == 0 ? h->base_cpu_ns : 0;
            atomic_store(&r->cpu_ns, cpu > base ? cpu - base : 0);
        }
        if (read_proc(pid, tid, "status", text, sizeof text)) {
            if ((at = strstr(text, "\nvoluntary_ctxt_switches:")))
                atomic_store(&r->voluntary, (uint32_t)strtoul(strchr(at, ':') + 1, NULL, 10) - (t == 0 ? h->base_voluntary : 0));
            if ((at = strstr(text, "\nnonvoluntary_ctxt_switches:")))
                atomic_store(&r->involuntary, (uint32_t)strtoul(strchr(at, ':') + 1, NULL, 10) - (t == 0 ? h->base_involuntary : 0));
        }
    }
}

/* The run is over; what is left of it is ended. told: this deadlock has been reported already. */
static void finish(struct cv_session *s, enum cv_outcome outcome, const char *text, bool told)
{
    struct cv_shm_head *h = s->shm.head;
    s->over = true;
    s->outcome = outcome;
    cv_buf_str(&s->text, text);
    if (!s->gone) {
        close_accounts(s);
        kill(-s->pid, SIGKILL);
    }
    if (!atomic_load(&h->finished))
        atomic_store(&h->finished, atomic_load(&h->virtual_time) ? atomic_load(&h->virtual_now) : cv_ticks());
    uint32_t id = s->text.n ? cv_intern(&s->shm, s->text.at, s->text.n) : 0;
    if (outcome == CV_OUT_DEADLOCK && !told)
        push_deadlock(s, id);
    push(s, CV_EV_RUN_END, outcome, id);
}

static uint64_t sum_of_rows(const struct cv_session *s, const uint32_t *tasks, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct cv_row *r = cv_shm_row(&s->shm, tasks[i]);
        sum = sum * 31 + atomic_load(&r->state) + ((uint64_t)atomic_load(&r->steps) << 4) + ((uint64_t)atomic_load(&r->wait) << 16);
    }
    return sum;
}

static uint32_t loop_holder(const struct cv_session *s)
{
    uint32_t n = atomic_load(&s->shm.head->ntasks);
    for (uint32_t t = 0; s->info.model == CV_ASYNC && t < n && t < s->shm.head->plan.max_tasks; t++) {
        const struct cv_row *r = cv_shm_row(&s->shm, t);
        uint32_t cause = atomic_load(&r->wait) >> 24;
        if (!cv_row_is_worker(r) && atomic_load(&r->state) == CV_ROW_WAITING && cause >= CV_BLOCK && cause < CV_BLOCK + CV_REASON_COUNT)
            return t;
    }
    return CV_NO_TASK;
}

static bool same_set(const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb)
{
    return na == nb && memcmp(a, b, na * sizeof *a) == 0;
}

/* Whom a process woke in the table before it died, and so could not tell: the two are done under one hold of the mutex. */
static void wake_forgotten(struct cv_session *s)
{
    for (uint32_t t; (t = cv_sync_woken(s->machine.sync)) != CV_NO_TASK;) {
        _Atomic uint32_t *word = cv_sync_futex(s->machine.sync, t);
        atomic_fetch_add(word, 1);
        own_futex_wake(word, 1);
    }
}

/* The same set, its members unmoved, seen twice is a deadlock. Once for each set. */
static void look_for_deadlock(struct cv_session *s)
{
    bool others;
    if (cv_sync_mutex_lock(s->machine.sync) != 0)
        return;
    wake_forgotten(s);
    uint32_t holder = loop_holder(s), n = cv_deadlock_find(&s->machine, holder, s->members, s->shm.head->plan.max_tasks, &others);
    struct cv_buf text = {0};
    uint64_t sum = sum_of_rows(s, s->members, n);
    bool stands = n && same_set(s->before, s->nbefore, s->members, n) && s->last_sum == sum;
    bool told = same_set(s->told, s->ntold, s->members, n);
    memcpy(s->before, s->members, n * sizeof *s->before);
    s->nbefore = n;
    s->last_sum = sum;
    if (stands && !(told && others))
        cv_deadlock_text(&s->machine, holder, s->members, n, &text);
    cv_sync_mutex_unlock(s->machine.sync);
    if (stands && !told) {
        memcpy(s->told, s->members, n * sizeof *s->told);
        s->ntold = n;
    }
    if (stands && !others)
        finish(s, CV_OUT_DEADLOCK, text.at, told);
    else if (stands && !told)
        push_deadlock(s, cv_intern(&s->shm, text.at, text.n));
    cv_buf_release(&text);
}

/* How long before the timeout it is looked how far each task is. */
static uint64_t silent_ns(const struct cv_session *s)
{
    uint64_t half = s->machine.order->timeout_ns / 2;
    return half < SILENT_NS ? half : SILENT_NS;
}

static void note_steps(struct cv_session *s, uint64_t run_ns)
{
    if (s->steps || run_ns + silent_ns(s) < s->machine.order->timeout_ns)
        return;
    uint32_t n = task_count(s);
    s->nsteps = n < LOOKED_AT ? n : LOOKED_AT;
    s->steps = cv_alloc((s->nsteps + 1) * sizeof *s->steps);
    for (uint32_t t = 0; t < s->nsteps; t++)
        s->steps[t] = atomic_load(&cv_shm_row(&s->shm, t)->steps);
}

static bool computes(const struct cv_session *s, uint32_t task)
{
    if (s->info.stepped)
        return task == atomic_load(&s->shm.head->stepping);
    return atomic_load(&cv_shm_row(&s->shm, task)->state) == CV_ROW_RUNNABLE;
}

static bool silent(const struct cv_session *s, uint32_t task)
{
    return computes(s, task) && task < s->nsteps && s->steps[task] == atomic_load(&cv_shm_row(&s->shm, task)->steps);
}

static void add_name(const struct cv_session *s, uint32_t task, struct cv_buf *out)
{
    size_t length;
    const char *name = cv_string(&s->shm, cv_shm_row(&s->shm, task)->name, &length);
    cv_text_clean(out, name, length);
}

/* Who is to blame for a timeout: tasks that are still computing, and those of them that made no visible step any more. */
static void timeout_text(struct cv_session *s, struct cv_buf *out)
{
    uint32_t n = task_count(s);
    cv_buf_printf(out, "the run took longer than its timeout of %s", cv_duration_text(s->machine.order->timeout_ns, true));
    for (uint32_t t = 0, told = 0; t < n && told < 3; t++) {
        if (!computes(s, t))
            continue;
        cv_buf_str(out, told++ ? ", " : "; still computing: ");
        add_name(s, t, out);
        cv_buf_printf(out, silent(s, t) ? " (no visible step since line %u)" : " (at line %u)", atomic_load(&cv_shm_row(&s->shm, t)->line));
    }
}

static void tell_silent(struct cv_session *s)
{
    for (uint32_t t = 0; t < s->nsteps; t++) {
        struct cv_buf text = {0};
        uint32_t line = atomic_load(&cv_shm_row(&s->shm, t)->line);
        if (!silent(s, t))
            continue;
        add_name(s, t, &text);
        cv_buf_printf(&text, " still computed when the time was up, and had made no visible step for %s or more: it stood at line %u.",
                      cv_duration_text(silent_ns(s), true), line);
        push_about(s, CV_EV_FINDING, CV_FINDING_NO_VISIBLE_STEP, cv_intern(&s->shm, text.at, text.n), t, line);
        cv_buf_release(&text);
    }
}

static void runner_gone(struct cv_session *s)
{
    struct cv_shm_head *h = s->shm.head;
    struct cv_buf text = {0};
    enum cv_outcome known = (enum cv_outcome)atomic_load(&h->outcome);
    if (known != CV_OUT_NONE && known <= CV_OUT_CRASHED) {
        cv_text_clean(&text, h->outcome_text, strnlen(h->outcome_text, sizeof h->outcome_text));
        finish(s, known, text.n ? text.at : "", s->info.stepped); /* which tells of its deadlocks itself */
    } else if (atomic_load(&h->ended)) {
        finish(s, CV_OUT_FINISHED, "", false);
    } else {
        if (atomic_load(&h->error))
            cv_text_clean(&text, h->error_text, strnlen(h->error_text, sizeof h->error_text));
        else if (s->signal)
            cv_buf_printf(&text, "the program died of SIG%s", sigabbrev_np(s->signal) ? sigabbrev_np(s->signal) : "?");
        else
            cv_buf_printf(&text, "the runner ended with status %d", s->status);
        finish(s, CV_OUT_CRASHED, text.at, false);
    }
    cv_buf_release(&text);
}

/* A person takes as long as he likes. What was asked for, though, makes visible steps, or it never comes to an end. */
static void look_at_desk(struct cv_session *s, uint64_t now)
{
    uint32_t task = atomic_load(&s->shm.head->stepping);
    uint64_t sum = cv_desk_position(s) * 31 + (task < task_count(s) ? atomic_load(&cv_shm_row(&s->shm, task)->steps) : 0);
    if (cv_desk_idle(s) || sum != s->last_sum)
        s->moved_ns = now;
    s->last_sum = sum;
    if (now - s->moved_ns < STUCK_NS || task >= task_count(s))
        return;
    struct cv_buf text = {0};
    size_t length;
    const char *name = cv_string(&s->shm, cv_shm_row(&s->shm, task)->name, &length);
    cv_text_clean(&text, name, length);
    cv_buf_printf(&text, " computes without a visible step since line %u, and does not come to one", atomic_load(&cv_shm_row(&s->shm, task)->line));
    finish(s, CV_OUT_TIMEOUT, text.at, false);
    cv_buf_release(&text);
}

bool cv_session_poll(struct cv_session *s)
{
    uint64_t now = cv_mono_ns();
    if (s->over || !s->started)
        return s->over;
    if (s->gone) {
        runner_gone(s);
        return true;
    }
    if (s->suspended || now - s->looked_ns < DETECT_NS)
        return false;
    s->looked_ns = now;
    uint64_t run_ns = now - s->began_ns - s->stopped_ns;
    note_steps(s, run_ns);
    if (!s->info.stepped)
        look_for_deadlock(s);
    if (!s->over && atomic_load(&s->shm.head->error)) { /* what the system refused ends the run, whoever still waits in it */
        struct cv_buf text = {0};
        cv_session_refused(s, &text);
        finish(s, CV_OUT_CRASHED, text.at, false);
        cv_buf_release(&text);
    }
    if (!s->over && s->machine.desk)
        look_at_desk(s, now);
    else if (!s->over && run_ns > s->machine.order->timeout_ns) {
        struct cv_buf text = {0};
        timeout_text(s, &text);
        tell_silent(s);
        finish(s, CV_OUT_TIMEOUT, text.at, false);
        cv_buf_release(&text);
    }
    return s->over;
}

/* ── the end ────────────────────────────────────────────────────────────────────────────────────── */
void cv_session_suspend(struct cv_session *s, bool stop)
{
    if (s->over || s->gone || stop == s->suspended || s->pid <= 0)
        return;
    s->suspended = stop;
    if (s->started)
        push(s, CV_EV_HOLE, 0, stop);
    if (stop)
        s->suspended_ns = cv_mono_ns();
    else
        s->stopped_ns += cv_mono_ns() - s->suspended_ns;
    kill(-s->pid, stop ? SIGSTOP : SIGCONT);
}

/* SIGKILL and wait, without the loop: this may be called out of one of its callbacks. */
static void end_process(uv_process_t **process)
{
    uv_process_t *p = *process;
    if (!p)
        return;
    *process = NULL;
    kill(p->pid, SIGKILL); /* its group may not be there yet */
    bury(p->pid);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    uv_close((uv_handle_t *)p, free_handle);
}

void cv_session_stop(struct cv_session *s)
{
    if (s->shm.head)
        atomic_store(&s->shm.head->stop, 1);
    end_process(&s->runner);
    end_process(&s->server);
    if (s->server_input) {
        uv_close((uv_handle_t *)s->server_input, free_handle);
        s->server_input = NULL;
    }
}

void cv_session_free(struct cv_session *s)
{
    if (!s)
        return;
    cv_session_stop(s);
    cv_run_info_release(&s->info);
    cv_buf_release(&s->text);
    free(s->members);
    free(s->before);
    free(s->told);
    free(s->steps);
    if (s->machine.program)
        cv_machine_release(&s->machine);
    if (s->shm.head)
        cv_shm_release(&s->shm);
    free(s);
}
