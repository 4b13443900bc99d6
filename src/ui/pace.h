/* pace: how much of what was sent the terminal has shown. The kernel takes kilobytes long before a slow line, or a network, has
 * carried them; so the terminal is asked now and then whether it is well (DSR, ECMA-48 8.3.35), and its answer says that it has come
 * so far. A terminal that never answers is believed to keep up. Times are ns of one clock that never goes back. */
#ifndef UI_PACE_H
#define UI_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_QUESTION "\033[5n"
#define PACE_ANSWER "\033[0n"

struct pace {
    size_t since, behind;   /* bytes sent after the question, and before it but not yet answered for */
    uint64_t asked;         /* when; 0: no question is open */
    bool answers;           /* it has answered once */
};

bool pace_sent(struct pace *p, size_t n, uint64_t now); /* n bytes more; true: ask now, and the question is open */
void pace_answered(struct pace *p);
bool pace_free(struct pace *p, uint64_t now);           /* may more be sent? */
bool pace_awaits(const struct pace *p, uint64_t now);   /* may an answer still come, to whoever reads next? */

#endif
