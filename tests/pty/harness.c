/* See harness.h. One thread; everything waits in one poll() on the terminal, the shell's reports and a pidfd. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#define DEADLINE_S 30
#define AFTER_EXIT_S 5
#define RAW_MAX ((size_t)64 << 20)

struct pty {
    int master, slave;          /* -1: gone */
    int reports, orders;        /* from and to the shell */
    pid_t shell, job;
    int status;                 /* of the job, once exited */
    bool exited, stopped;
    struct termios before;
    VTerm *vt;
    VTermScreen *screen;
    int width, height;
    char *text, *pane;          /* of the screen, of a pane */
    char *raw;
    size_t raw_n, raw_cap;
    char unknown[1024];         /* escape sequences the emulator does not know */
    char mark[64];
    struct timespec end;
};

struct report { pid_t pid; int status; };

static void refuse(struct pty *p, const char *what, const char *bytes, size_t n)
{
    size_t at = strlen(p->unknown);
    if (at + n + 32 < sizeof p->unknown)
        snprintf(p->unknown + at, sizeof p->unknown - at, " %s %.*s", what, (int)n, bytes);
}

/* XTWINOPS (CSI … t: xterm's title stack, sent with smcup) and OSC 104 (colours back) do nothing to cells. */
static int unknown_csi(const char *leader, const long args[], int n, const char *intermed, char command, void *user)
{
    if (command == 't')
        return 1;
    char text[64];
    int length = snprintf(text, sizeof text, "CSI %s%ld(%d)%s%c", leader ? leader : "", n > 0 ? CSI_ARG(args[0]) : 0, n,
                          intermed ? intermed : "", command);
    refuse(user, "", text, (size_t)length);
    return 1;
}

/* OSC 52: into the clipboard. 104: see above. */
static int refuse_osc(long command, const char *text, size_t n, void *user)
{
    char what[24];
    snprintf(what, sizeof what, "OSC %ld", command);
    if (command != 52 && command != 104)
        refuse(user, what, text, n > 40 ? 40 : n);
    return 1;
}

static int refuse_dcs(const char *command, size_t n, void *user)
{
    refuse(user, "DCS", command, n > 40 ? 40 : n);
    return 1;
}

static int unknown_control(unsigned char control, void *user)
{
    char text[16];
    refuse(user, "control", text, (size_t)snprintf(text, sizeof text, "%02x", control));
    return 1;
}

/* libvterm 0.2 tells long strings in parts. */
#if VTERM_VERSION_MAJOR > 0 || VTERM_VERSION_MINOR >= 2
static int unknown_osc(int command, VTermStringFragment part, void *user) { return !part.initial || refuse_osc(command, part.str, part.len, user); }
static int unknown_dcs(const char *command, size_t n, VTermStringFragment part, void *user) { return !part.initial || refuse_dcs(command, n, user); }
typedef VTermStateFallbacks fallbacks_t;
#else
static int unknown_osc(const char *command, size_t n, void *user)
{
    char number[12];
    snprintf(number, sizeof number, "%.*s", n < 11 ? (int)n : 11, command);
    return refuse_osc(strtol(number, NULL, 10), command, n, user);
}
static int unknown_dcs(const char *command, size_t n, void *user) { return refuse_dcs(command, n, user); }
typedef VTermParserCallbacks fallbacks_t;
#endif

static const fallbacks_t fallbacks = {
    .control = unknown_control, .csi = unknown_csi, .osc = unknown_osc, .dcs = unknown_dcs,
};

/* ── the shell: one job, given the terminal, taken it away when it stops ── */
static _Noreturn void shell(int slave, int reports, int orders, char *const argv[], char *const env[])
{
    signal(SIGTTOU, SIG_IGN);
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    struct termios modes;
    tcgetattr(slave, &modes);
    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        tcsetpgrp(slave, getpid());
        signal(SIGTTOU, SIG_DFL);
        dup2(slave, 0);
        dup2(slave, 1);
        dup2(slave, 2);
        close(slave);
        close(reports);
        close(orders);
        execve(argv[0], argv, env);
        dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    setpgid(job, job);
    struct report first = {job, -1};
    if (write(reports, &first, sizeof first) < 0)
        _exit(1);
    for (;;) {
        int status;
        if (waitpid(job, &status, WUNTRACED) != job)
            _exit(1);
        struct report r = {job, status};
        tcsetpgrp(slave, getpgrp());
        if (write(reports, &r, sizeof r) < 0 || !WIFSTOPPED(status))
            break;
        char order;
        if (read(orders, &order, 1) != 1)
            break;
        tcsetpgrp(slave, job);
        kill(-job, SIGCONT);
    }
    /* Leads the session: stays until the test ends, so that its end hangs up nobody. */
    char order;
    while (read(orders, &order, 1) > 0)
        ;
    _exit(0);
}

struct pty *pty_start(const struct pty_setup *setup)
{
    struct pty *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->width = setup->width ? setup->width : 100;
    p->height = setup->height ? setup->height : 30;
    clock_gettime(CLOCK_MONOTONIC, &p->end);
    p->end.tv_sec += DEADLINE_S;
    static int count;
    snprintf(p->mark, sizeof p->mark, "CONVIS_TEST_MARK=%d.%d.%ld", (int)getpid(), ++count, (long)p->end.tv_nsec);
    /* An exec by the run's processes keeps this; the harness itself does not carry it. */

    struct winsize size = {.ws_row = (unsigned short)p->height, .ws_col = (unsigned short)p->width};
    ck_assert_int_eq(openpty(&p->master, &p->slave, NULL, NULL, &size), 0);
    ck_assert_int_eq(tcgetattr(p->slave, &p->before), 0);
    p->before.c_iflag |= IUTF8 | IXON; /* settings a program could fail to bring back */
    p->before.c_cc[VERASE] = 0x08;
    ck_assert_int_eq(tcsetattr(p->slave, TCSANOW, &p->before), 0);
    ck_assert_int_eq(tcgetattr(p->slave, &p->before), 0);
    fcntl(p->master, F_SETFL, O_NONBLOCK);
    fcntl(p->master, F_SETFD, FD_CLOEXEC);

    p->vt = vterm_new(p->height, p->width);
    vterm_set_utf8(p->vt, 1);
    p->screen = vterm_obtain_screen(p->vt);
    vterm_screen_enable_altscreen(p->screen, 1);
    vterm_screen_set_unrecognised_fallbacks(p->screen, &fallbacks, p);
    vterm_screen_reset(p->screen, 1);

    const char *program = getenv("CV_CONVIS") ? getenv("CV_CONVIS") : "build/convis";
    const char *argv[32] = {program}, *env[32];
    size_t n = 1, e = 0;
    for (const char *const *a = setup->arguments; a && *a && n < 31; a++)
        argv[n++] = *a;
    char term[64], lang[64], home[512], path[4096];
    snprintf(term, sizeof term, "TERM=%s", setup->term ? setup->term : "tmux-256color");
    snprintf(lang, sizeof lang, "LC_ALL=%s", setup->lang ? setup->lang : "C.UTF-8");
    snprintf(home, sizeof home, "HOME=%s", getenv("HOME") ? getenv("HOME") : "/");
    snprintf(path, sizeof path, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    env[e++] = p->mark, env[e++] = term, env[e++] = lang, env[e++] = home, env[e++] = path;
    for (const char *const *more = setup->env; more && *more && e < 31; more++)
        env[e++] = *more;
    env[e] = NULL;

    int up[2], down[2];
    ck_assert_int_eq(pipe2(up, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(down, O_CLOEXEC), 0);
    p->shell = fork();
    ck_assert_int_ge(p->shell, 0);
    if (p->shell == 0) {
        close(p->master);
        close(up[0]);
        close(down[1]);
        shell(p->slave, up[1], down[0], (char *const *)argv, (char *const *)env);
    }
    close(up[1]);
    close(down[0]);
    p->reports = up[0], p->orders = down[1];
    fcntl(p->reports, F_SETFL, O_NONBLOCK);
    return p;
}

/* ── reading ── */
static void take_terminal(struct pty *p)
{
    char bytes[16384];
    ssize_t n;
    while (p->master >= 0 && (n = read(p->master, bytes, sizeof bytes)) > 0) {
        if (p->raw_n + (size_t)n + 1 > p->raw_cap) {
            p->raw_cap = (p->raw_n + (size_t)n + 1) * 2;
            ck_assert_msg(p->raw_cap <= RAW_MAX, "the program sent more than %zu bytes to the terminal", RAW_MAX);
            p->raw = realloc(p->raw, p->raw_cap);
            ck_assert_ptr_nonnull(p->raw);
        }
        memcpy(p->raw + p->raw_n, bytes, (size_t)n);
        p->raw_n += (size_t)n;
        vterm_input_write(p->vt, bytes, (size_t)n);
        char answer[256]; /* what a terminal answers to a question */
        size_t m = vterm_output_read(p->vt, answer, sizeof answer);
        if (m && write(p->master, answer, m) < 0)
            break;
    }
}

/* Of a program that has exited nothing more is to be expected: its last bytes, the end of its processes. */
static void shorten_deadline(struct pty *p)
{
    struct timespec soon;
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_sec += AFTER_EXIT_S;
    if (soon.tv_sec < p->end.tv_sec)
        p->end = soon;
}

static void take_reports(struct pty *p)
{
    struct report r;
    while (read(p->reports, &r, sizeof r) == (ssize_t)sizeof r) {
        p->job = r.pid;
        if (r.status == -1)
            continue;
        p->status = r.status;
        p->stopped = WIFSTOPPED(r.status);
        p->exited = !p->stopped;
        if (p->exited)
            shorten_deadline(p);
    }
}

static int left_ms(const struct pty *p)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long ms = (p->end.tv_sec - now.tv_sec) * 1000 + (p->end.tv_nsec - now.tv_nsec) / 1000000;
    return ms > 0 ? (int)ms : 0;
}

/* The last resort of a wait that failed: says what was seen, leaves nothing running. */
static _Noreturn void give_up(struct pty *p, const char *what)
{
    pid_t pids[256];
    int n = pty_processes(p, pids, 256);
    fprintf(stderr, "waited in vain for: %s\nthe job %s (status %x), %d processes carry the mark; %zu bytes were sent; screen %dx%d:\n%s\n",
            what, p->exited ? "has exited" : p->stopped ? "is stopped" : "runs", p->status, n, p->raw_n, p->width, p->height,
            pty_screen(p));
    for (int i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    ck_abort_msg("waited in vain for: %s", what);
    abort();
}

void pty_until(struct pty *p, bool (*holds)(struct pty *, void *), void *to, const char *what)
{
    for (;;) {
        take_terminal(p);
        take_reports(p);
        if (holds(p, to))
            return;
        int left = left_ms(p);
        if (!left)
            give_up(p, what);
        struct pollfd fds[2] = {{.fd = p->master, .events = POLLIN}, {.fd = p->reports, .events = POLLIN}};
        /* Conditions that lie outside of both descriptors (processes, terminal modes) are looked at again every 20 ms. */
        poll(fds, 2, left < 20 ? left : 20);
        if ((fds[0].revents & (POLLHUP | POLLERR)) && !(fds[0].revents & POLLIN))
            poll(NULL, 0, 5);
    }
}

const char *pty_screen(struct pty *p)
{
    free(p->text);
    size_t max = (size_t)p->width * (size_t)p->height * 24 + (size_t)p->height + 1, at = 0;
    p->text = malloc(max);
    ck_assert_ptr_nonnull(p->text);
    for (int row = 0; row < p->height; row++) {
        VTermRect line = {.start_row = row, .end_row = row + 1, .start_col = 0, .end_col = p->width};
        size_t n = vterm_screen_get_text(p->screen, p->text + at, max - at - 2, line);
        at += n < max - at - 2 ? n : max - at - 2;
        p->text[at++] = '\n';
    }
    p->text[at] = 0;
    return p->text;
}

bool pty_shows(struct pty *p, const char *text)
{
    take_terminal(p);
    return strstr(pty_screen(p), text) != NULL;
}

static uint32_t cell(struct pty *p, int row, int col)
{
    VTermScreenCell c;
    if (row < 0 || col < 0 || row >= p->height || col >= p->width || !vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &c))
        return 0;
    return c.chars[0] ? c.chars[0] : ' ';
}

static bool is_one_of(uint32_t c, uint32_t box, char plain) { return c == box || c == (uint32_t)plain; }

/* Does a frame with this title begin here? */
static bool titled(struct pty *p, int row, int col, const char *name)
{
    if (!is_one_of(cell(p, row, col), 0x256d, '+') || cell(p, row, col + 1) != ' ')
        return false;
    int n = (int)strlen(name);
    for (int i = 0; i < n; i++)
        if (cell(p, row, col + 2 + i) != (uint32_t)(unsigned char)name[i])
            return false;
    return cell(p, row, col + 2 + n) == ' ';
}

static void read_pane(struct pty *p, int row, int col)
{
    int right = col + 1, bottom = row + 1;
    while (right < p->width && !is_one_of(cell(p, row, right), 0x256e, '+'))
        right++;
    while (bottom < p->height && !is_one_of(cell(p, bottom, col), 0x2570, '+'))
        bottom++;
    size_t max = (size_t)p->width * (size_t)p->height * 24 + (size_t)p->height + 1, at = 0;
    p->pane = malloc(max);
    ck_assert_ptr_nonnull(p->pane);
    for (int y = row + 1; y < bottom; y++) {
        VTermRect line = {.start_row = y, .end_row = y + 1, .start_col = col + 1, .end_col = right};
        at += vterm_screen_get_text(p->screen, p->pane + at, max - at - 2, line);
        p->pane[at++] = '\n';
    }
    p->pane[at] = 0;
}

const char *pty_pane(struct pty *p, const char *name)
{
    take_terminal(p);
    free(p->pane);
    p->pane = NULL;
    for (int row = 0; row < p->height; row++)
        for (int col = 0; col < p->width; col++)
            if (!p->pane && titled(p, row, col, name))
                read_pane(p, row, col);
    return p->pane ? p->pane : "";
}

struct in_pane { const char *pane, *text; };
static bool pane_shows(struct pty *p, void *to)
{
    const struct in_pane *in = to;
    return strstr(pty_pane(p, in->pane), in->text) != NULL;
}
static bool pane_shows_not(struct pty *p, void *to)
{
    const struct in_pane *in = to;
    const char *text = pty_pane(p, in->pane);
    return *text && !strstr(text, in->text);
}
static bool shows(struct pty *p, void *to) { return pty_shows(p, to); }
static bool shows_not(struct pty *p, void *to) { return !pty_shows(p, to); }
static bool shows_all(struct pty *p, void *to)
{
    const char *screen = pty_screen(p);
    for (const char *const *t = to; *t; t++)
        if (!strstr(screen, *t))
            return false;
    return true;
}
static bool has_exited(struct pty *p, void *to) { (void)to; return p->exited; }
static bool is_stopped(struct pty *p, void *to) { (void)to; return p->stopped || p->exited; }
static bool has_job(struct pty *p, void *to) { (void)to; return p->job > 0; }
static bool was_sent(struct pty *p, void *to) { return p->raw && memmem(p->raw, p->raw_n, to, strlen(to)); }

void pty_expect(struct pty *p, const char *text) { pty_until(p, shows, (void *)text, text); }
void pty_expect_gone(struct pty *p, const char *text)
{
    char what[256];
    snprintf(what, sizeof what, "no more of: %s", text);
    pty_until(p, shows_not, (void *)text, what);
}
void pty_expect_in(struct pty *p, const char *pane, const char *text)
{
    char what[256];
    snprintf(what, sizeof what, "'%s' in the pane %s", text, pane);
    pty_until(p, pane_shows, &(struct in_pane){pane, text}, what);
}
void pty_expect_not_in(struct pty *p, const char *pane, const char *text)
{
    char what[256];
    snprintf(what, sizeof what, "the pane %s without '%s'", pane, text);
    pty_until(p, pane_shows_not, &(struct in_pane){pane, text}, what);
}
void pty_expect_all(struct pty *p, const char *const *texts)
{
    char what[512] = "";
    for (const char *const *t = texts; *t; t++) {
        take_terminal(p);
        size_t at = strlen(what);
        snprintf(what + at, sizeof what - at, "%s'%s'", at ? " and " : "", *t);
    }
    pty_until(p, shows_all, (void *)texts, what);
}
void pty_expect_raw(struct pty *p, const char *bytes) { pty_until(p, was_sent, (void *)bytes, "a byte sequence from the program"); }

int pty_expect_exit(struct pty *p)
{
    pty_until(p, has_exited, NULL, "the program's exit");
    take_terminal(p);
    return p->status;
}

void pty_expect_stopped(struct pty *p)
{
    pty_until(p, is_stopped, NULL, "the program to stop");
    ck_assert_msg(p->stopped, "the program exited with status %x instead of stopping", p->status);
}

/* ── doing ── */
void pty_send(struct pty *p, const char *keys)
{
    ssize_t n = write(p->master, keys, strlen(keys));
    ck_assert_int_eq(n, (ssize_t)strlen(keys));
}

void pty_resize(struct pty *p, int width, int height)
{
    take_terminal(p);
    p->width = width, p->height = height;
    vterm_set_size(p->vt, height, width);
    struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
    ck_assert_int_eq(ioctl(p->master, TIOCSWINSZ, &size), 0);
}

pid_t pty_pid(struct pty *p)
{
    pty_until(p, has_job, NULL, "the program's start");
    return p->job;
}

void pty_signal(struct pty *p, int signal) { ck_assert_int_eq(kill(pty_pid(p), signal), 0); }

void pty_foreground(struct pty *p)
{
    ck_assert(p->stopped);
    p->stopped = false;
    ck_assert_int_eq(write(p->orders, "f", 1), 1);
}

void pty_hang_up(struct pty *p)
{
    close(p->master);
    close(p->slave);
    p->master = p->slave = -1;
}

void pty_hold(struct pty *p) { ck_assert_int_eq(tcflow(p->slave, TCOOFF), 0); }
bool pty_waits(struct pty *p) { return !(fcntl(p->slave, F_GETFL) & O_NONBLOCK); }

bool pty_exited(struct pty *p)
{
    take_reports(p);
    return p->exited;
}

int pty_unread(struct pty *p)
{
    int n;
    ck_assert_int_eq(ioctl(p->slave, FIONREAD, &n), 0);
    return n;
}

void pty_forget_unknown(struct pty *p)
{
    take_terminal(p);
    p->unknown[0] = 0;
}

const char *pty_raw(struct pty *p, size_t *n)
{
    take_terminal(p);
    *n = p->raw_n;
    return p->raw ? p->raw : "";
}

struct termios pty_modes(struct pty *p)
{
    struct termios t;
    ck_assert_int_eq(tcgetattr(p->slave, &t), 0);
    return t;
}

struct termios pty_modes_before(struct pty *p) { return p->before; }

/* ── the run's processes ── */
static size_t read_proc(const char *pid, const char *name, char *text, size_t max)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, max - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static int scan(const struct pty *p, const char *word, pid_t *pids, int max)
{
    static char text[1 << 16];
    int n = 0;
    DIR *proc = opendir("/proc");
    ck_assert_ptr_nonnull(proc);
    for (struct dirent *d; (d = readdir(proc));) {
        if (d->d_name[0] < '1' || d->d_name[0] > '9')
            continue;
        size_t length = read_proc(d->d_name, "environ", text, sizeof text);
        if (!length || !memmem(text, length, p->mark, strlen(p->mark) + 1))
            continue; /* a zombie has no environment */
        if (word) {
            length = read_proc(d->d_name, "cmdline", text, sizeof text);
            if (!memmem(text, length, word, strlen(word)))
                continue;
        }
        if (n < max)
            pids[n] = (pid_t)atoi(d->d_name);
        n++;
    }
    closedir(proc);
    return n < max ? n : max;
}

int pty_processes(struct pty *p, pid_t *pids, int max) { return scan(p, NULL, pids, max); }

pid_t pty_find(struct pty *p, const char *word)
{
    pid_t pid = 0;
    return scan(p, word, &pid, 1) > 0 ? pid : 0;
}

static bool in_range(struct pty *p, void *to)
{
    const int *range = to;
    pid_t pids[1024];
    int n = pty_processes(p, pids, 1024);
    return n >= range[0] && n <= range[1];
}

void pty_expect_processes(struct pty *p, int least, int most)
{
    int range[2] = {least, most};
    char what[64];
    snprintf(what, sizeof what, "%d to %d processes", least, most);
    pty_until(p, in_range, range, what);
}

void pty_end(struct pty *p)
{
    if (p->master >= 0)
        take_terminal(p);
    pid_t pids[1024];
    int n = pty_processes(p, pids, 1024);
    for (int i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    close(p->orders);
    close(p->reports);
    if (p->master >= 0)
        pty_hang_up(p);
    kill(p->shell, SIGKILL);
    waitpid(p->shell, NULL, 0);
    vterm_free(p->vt);
    char unknown[sizeof p->unknown];
    memcpy(unknown, p->unknown, sizeof unknown);
    free(p->text);
    free(p->pane);
    free(p->raw);
    free(p);
    ck_assert_msg(!unknown[0], "escape sequences the emulator does not know:%s", unknown);
}
