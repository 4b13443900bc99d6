/* Reading a schedule, one visible step at a time. */
#include <ctype.h>
#include <string.h>

#include "schedule.h"

void schedule_start(struct schedule *s, const char *text) { *s = (struct schedule){.at = text}; }

bool schedule_peek(struct schedule *s, uint32_t *letter)
{
    while (!s->left && !s->broken) {
        while (*s->at == ' ' || *s->at == ',' || *s->at == '\t' || *s->at == '\n')
            s->at++;
        if (!*s->at)
            return false;
        uint64_t task = 0, times = 0;
        const char *from = s->at;
        for (; isupper((unsigned char)*s->at) && s->at - from < 4; s->at++)
            task = task * 26 + (uint64_t)(*s->at - 'A' + 1);
        bool loop = *s->at == '|' && s->at == from;
        s->at += loop;
        bool counted = isdigit((unsigned char)*s->at);
        for (; isdigit((unsigned char)*s->at) && times < 1000000000; s->at++)
            times = times * 10 + (uint64_t)(*s->at - '0');
        s->broken = (task == 0 && !loop) || (counted && times == 0) || (*s->at && !strchr(" ,\t\n|", *s->at) && !isupper((unsigned char)*s->at));
        s->task = (uint32_t)task - 1;
        s->left = counted ? (uint32_t)times : 1;
    }
    *letter = s->task;
    return !s->broken;
}

void schedule_step(struct schedule *s)
{
    if (s->left)
        s->left--;
    s->position++;
}
