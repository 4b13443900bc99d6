/* The line to the terminal: what goes out waits here until the terminal takes it, so that one which takes nothing (stopped by
 * Ctrl-S, a stuck connection, a window that hangs) holds up neither keys nor signals, and can be left.
 *
 * Reading and writing go through file descriptions of our own. Standard input and output are shared with the shell, and reading
 * without waiting is a property of the description: it would stay when we are gone. */
#ifndef UI_LINE_H
#define UI_LINE_H

#include "convis/base.h"

void line_open(void);                       /* standard input and output are a terminal */
void line_close(void);                      /* idempotent */
int line_keyboard(void);                    /* never waits */
void line_send(const char *at, size_t n);   /* what is not taken now is kept */
bool line_push(void);                       /* sends what was kept; false: some still is */
bool line_free(void);                       /* nothing is kept, and the terminal is done with what it was given */
void line_settle(void);                     /* sends what was kept, or drops all of it if it is not taken in a while */
void line_urgent(const char *at, size_t n); /* async-signal-safe: now, in front of all that was kept */

#endif
