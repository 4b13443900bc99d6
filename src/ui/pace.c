/* See pace.h. The first question goes out at once; later ones with enough bytes behind the last. */
#include "ui/pace.h"

enum { ASK_AFTER = 512, MOST = 2048 }; /* bytes */
#define PATIENCE 10000000000ull        /* for an answer that has come before */
#define DOUBT 1000000000ull            /* for the first */

bool pace_sent(struct pace *p, size_t n, uint64_t now)
{
    p->since += n;
    if (p->asked || (p->since < ASK_AFTER && p->answers))
        return false;
    p->behind = p->since;
    p->since = 0;
    p->asked = now ? now : 1;
    return true;
}

void pace_answered(struct pace *p)
{
    p->asked = 0;
    p->behind = 0;
    p->answers = true;
}

bool pace_free(struct pace *p, uint64_t now)
{
    if (!p->answers || !p->asked)
        return true;
    if (now - p->asked < PATIENCE)
        return p->behind + p->since < MOST;
    *p = (struct pace){.asked = p->asked}; /* it has gone silent */
    return true;
}

bool pace_awaits(const struct pace *p, uint64_t now) { return p->asked && (p->answers || now - p->asked < DOUBT); }
