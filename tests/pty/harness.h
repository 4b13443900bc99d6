/* The real program on a pseudo-terminal, read by an emulator (libvterm).
 *
 * A test starts the program, waits for what must be on the screen, and sends keys. Every wait is for a condition, under the one
 * deadline of the test; when it comes the screen is printed and the test fails. An escape sequence which the emulator
 * does not know fails the test too, but for those in a short, named list.
 *
 * The program is a job of a small shell of ours (a process of its own that leads the session), so that stopping and continuing
 * it is what a real shell does. All processes that it starts carry a mark in their environment, by which they are found. */
#ifndef CONVIS_TESTS_PTY_HARNESS_H
#define CONVIS_TESTS_PTY_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct pty;

struct pty_setup {
    int width, height;            /* 0: 100 x 30 */
    const char *term;             /* NULL: tmux-256color, of which the emulator knows every sequence */
    const char *lang;             /* NULL: C.UTF-8 */
    const char *const *env;       /* further "NAME=value"; NULL ends; may be NULL */
    const char *const *arguments; /* of the program, without its name; NULL ends */
};

struct pty *pty_start(const struct pty_setup *setup);
void pty_end(struct pty *p); /* kills what is left of it; fails the test on unknown escape sequences */

/* Waits. They return when it is so, and fail the test at the deadline. */
void pty_expect(struct pty *p, const char *text);       /* stands on the screen */
void pty_expect_all(struct pty *p, const char *const *texts); /* all at the same time; NULL ends */
void pty_expect_gone(struct pty *p, const char *text);  /* does not stand on the screen */
/* Within the frame that bears the pane's name: what the source in another pane quotes does not count. */
void pty_expect_in(struct pty *p, const char *pane, const char *text);
void pty_expect_not_in(struct pty *p, const char *pane, const char *text); /* the pane is there, the text is not */
const char *pty_pane(struct pty *p, const char *pane);  /* a line a row, until the next call; "": not shown */
void pty_until(struct pty *p, bool (*holds)(struct pty *p, void *to), void *to, const char *what);
int pty_expect_exit(struct pty *p);                     /* the job's wait status */
void pty_expect_stopped(struct pty *p);
void pty_expect_raw(struct pty *p, const char *bytes);  /* was sent, from the beginning on */
void pty_expect_processes(struct pty *p, int least, int most); /* of the run, the viewer among them */

bool pty_shows(struct pty *p, const char *text);
const char *pty_screen(struct pty *p);                  /* a line a row, until the next call */
const char *pty_raw(struct pty *p, size_t *n);          /* all bytes sent so far */
void pty_send(struct pty *p, const char *keys);
void pty_resize(struct pty *p, int width, int height);
void pty_signal(struct pty *p, int signal);             /* to the program alone */
void pty_foreground(struct pty *p);                     /* `fg` */
void pty_hang_up(struct pty *p);                        /* the terminal vanishes */
void pty_hold(struct pty *p);                           /* the terminal takes nothing more */
bool pty_waits(struct pty *p);                          /* reading from it waits for input: for all who share its description */
bool pty_exited(struct pty *p);                         /* the program has */
int pty_unread(struct pty *p);                          /* bytes of keys that the program has not taken yet */
void pty_forget_unknown(struct pty *p);                 /* for terminals other than the emulator's kind */
pid_t pty_pid(struct pty *p);
int pty_processes(struct pty *p, pid_t *pids, int max); /* how many carry the mark; zombies do not count */
pid_t pty_find(struct pty *p, const char *word);        /* one whose command line has the word; 0: none */
struct termios pty_modes(struct pty *p);
struct termios pty_modes_before(struct pty *p);

#endif
