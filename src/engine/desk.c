/* The parent's side of the desk, and schedules as text. What the runner wrote is read as a stranger's: counts and texts are
 * bounded here. */
#include <string.h>

#include "engine/desk.h"
#include "engine/own.h"
#include "engine/schedule.h"

static struct cv_desk *desk_of(const struct cv_session *s) { return cv_session_machine(s)->desk; }

bool cv_desk_idle(const struct cv_session *s)
{
    const struct cv_desk *d = desk_of(s);
    return d && atomic_load(&d->served) == atomic_load(&d->asked) + 1;
}

uint64_t cv_desk_position(const struct cv_session *s)
{
    uint64_t n = desk_of(s) ? atomic_load(&desk_of(s)->position) : 0;
    return n < CV_DESK_MOST ? n : CV_DESK_MOST;
}

void cv_desk_ask(struct cv_session *s, enum cv_desk_command command, uint64_t a, uint64_t b, const char *text)
{
    struct cv_desk *d = desk_of(s);
    if (!d)
        return;
    if (cv_desk_idle(s)) {
        d->command = command;
        d->a = a;
        d->b = b;
        if (text) {
            size_t n = strnlen(text, CV_LIMIT_SCHEDULE);
            memcpy(d->text, text, n);
            d->text[n] = 0;
        }
    } else if (command != CV_DESK_NONE) {
        return; /* who goes on by himself is stopped first, with NONE */
    } else {
        d->command = CV_DESK_NONE;
    }
    atomic_fetch_add(&d->asked, 1);
    own_futex_wake(&d->asked, 1);
}

struct cv_desk_at cv_desk_at(const struct cv_session *s)
{
    struct cv_desk *d = desk_of(s);
    uint64_t n = cv_desk_position(s);
    d->trouble[sizeof d->trouble - 1] = 0;
    for (uint32_t i = 0; i < CV_DESK_ROWS; i++)
        d->rows[i].text[sizeof d->rows[i].text - 1] = 0;
    return (struct cv_desk_at){.position = n, .preemptions = d->made[n].preemptions, .t = d->made[n].t, .records = d->made[n].records,
                               .over = d->over <= CV_OUT_CRASHED ? (enum cv_outcome)d->over : CV_OUT_CRASHED,
                               .nrows = d->nrows < CV_DESK_ROWS ? d->nrows : CV_DESK_ROWS, .ntasks = d->ntasks, .letters_from = d->letters_from,
                               .rows = d->rows, .made = d->made, .trouble = d->trouble};
}


void cv_schedule_text(const struct cv_desk_at *at, uint64_t from, uint64_t to, struct cv_buf *out)
{
    cv_buf_str(out, "");
    for (uint64_t i = from; i < to && i < at->position;) {
        char letter[8];
        uint64_t steps = 0, k = i;
        for (; k < to && k < at->position && at->made[k].task == at->made[i].task; k++)
            steps += at->made[k].steps;
        cv_text_letter(at->made[i].task - at->letters_from, letter);
        cv_buf_printf(out, "%s%s%llu", out->n ? " " : "", letter, (unsigned long long)steps);
        i = k;
    }
}
