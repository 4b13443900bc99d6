/* What may stand in a saved record, for its writer and its reader alike. Whatever passes here, the model and the panes take: every number
 * that anybody uses to find something lies within what there is. */
#include <string.h>

#include "trace/saved.h"

const unsigned char cv_saved_magic[CV_SAVED_MAGIC] = {0x89, 'c', 'o', 'n', 'v', 'i', 's', '\n'};

const char saved_words[CV_EV_COUNT][7] = {
    [CV_EV_TASK_START] = "tnnn", [CV_EV_TASK_END] = "tn", [CV_EV_WAIT] = "nn", [CV_EV_READY] = "nn", [CV_EV_CPU] = "nn", [CV_EV_READ] = "c.n",
    [CV_EV_WRITE] = "c.nmn", [CV_EV_TAKE] = "nn", [CV_EV_GIVE] = "nn", [CV_EV_SPAWN] = "n", [CV_EV_JOINED] = "n", [CV_EV_JOB] = "n",
    [CV_EV_JOB_END] = "n", [CV_EV_PRINT] = "tn", [CV_EV_MARK] = "t", [CV_EV_PASS] = "nn", [CV_EV_POLL] = "nn", [CV_EV_SWITCH_OUT] = "nn",
    [CV_EV_SWITCH_IN] = "nn", [CV_EV_USAGE] = "nnn", [CV_EV_CORE] = "nn", [CV_EV_LOST] = "nnn", [CV_EV_HOLE] = "n", [CV_EV_FINDING] = "t",
    [CV_EV_RUN_END] = "t"};

struct saved_limits saved_limits(const struct cv_run_info *info, uint32_t max_tasks)
{
    struct saved_limits l = {info, max_tasks, 1};
    for (size_t i = 0; i < info->source_length; i++)
        l.lines += info->source[i] == '\n';
    return l;
}

const char *saved_wrong_cell(const struct cv_cell *c, bool item)
{
    switch (cv_meta_tag(c->meta)) {
    case CV_TAG_NONE: case CV_TAG_INT: return NULL;
    case CV_TAG_BOOL: return c->payload <= 1 ? NULL : "a truth value that is neither";
    case CV_TAG_STRING: return c->payload <= UINT32_MAX ? NULL : "a text that is none";
    case CV_TAG_TASK: return c->payload <= CV_NO_TASK ? NULL : "a task that cannot be";
    case CV_TAG_LIST: return item ? "a list in a list" : c->payload <= CV_SAVED_LIST ? NULL : "a list that is too long";
    }
    return "a value of no kind";
}

static const char *wrong_access(const struct saved_limits *l, const struct cv_event *e)
{
    bool item = e->c != 0 && e->c != CV_WHOLE_LIST;
    struct cv_cell c = {e->a, e->b};
    if (e->obj >= l->info->nvars)
        return "a variable that the scenario has not";
    if (item && e->c > CV_SAVED_LIST)
        return "an element behind the longest list";
    return saved_wrong_cell(&c, item);
}

static bool is_task(const struct saved_limits *l, uint64_t task) { return task < l->max_tasks; }
static bool is_task_or_none(const struct saved_limits *l, uint64_t task) { return task < l->max_tasks || task == CV_NO_TASK; }

static const char *wrong_wait(const struct saved_limits *l, const struct cv_event *e)
{
    if (e->obj >= CV_CAUSE_COUNT)
        return "a cause that there is not";
    int reason = e->obj % CV_REASON_COUNT;
    if (e->obj > CV_CAUSE_OTHERS)
        return e->obj == CV_CAUSE_GIL && e->a < CV_NO_TASK && !is_task(l, e->a) ? "a task that cannot be" : NULL;
    if (reason == CV_REASON_JOIN)
        return is_task_or_none(l, e->a) ? NULL : "a task that cannot be";
    if (reason >= CV_REASON_LOCK && reason <= CV_REASON_BARRIER)
        return e->a < l->info->nsyncs ? NULL : "a sync object that the scenario has not";
    return NULL;
}

static const char *wrong_start(const struct saved_limits *l, const struct cv_event *e)
{
    (void)l;
    if (e->c > e->task && e->c != CV_NO_TASK) /* who was there before: so there are no circles */
        return "a parent that came after its child";
    return e->b > UINT32_MAX ? "a body that cannot be" : NULL;
}

static const char *wrong_words(const struct saved_limits *l, const struct cv_event *e)
{
    switch (e->kind) {
    case CV_EV_TASK_START: return wrong_start(l, e);
    case CV_EV_TASK_END: return e->obj <= CV_END_KILLED ? NULL : "an end that there is not";
    case CV_EV_WAIT: return wrong_wait(l, e);
    case CV_EV_READY: return !is_task_or_none(l, e->a) ? "a task that cannot be" : e->b > CV_CAUSE_COUNT ? "a cause that there is not" : NULL;
    case CV_EV_CPU: return e->b > 1 || e->a >= SAVED_LAST ? "a time that cannot be" : NULL;
    case CV_EV_READ: case CV_EV_WRITE: return wrong_access(l, e);
    case CV_EV_TAKE: case CV_EV_GIVE: return e->obj < l->info->nsyncs ? NULL : "a sync object that the scenario has not";
    case CV_EV_SPAWN: case CV_EV_JOB: case CV_EV_JOB_END: return is_task(l, e->a) ? NULL : "a task that cannot be";
    case CV_EV_JOINED: return is_task_or_none(l, e->a) ? NULL : "a task that cannot be";
    case CV_EV_LOST: return e->a >= SAVED_LAST || e->b > 1 ? "a loss that cannot be" : NULL;
    case CV_EV_FINDING: return e->obj < CV_FINDING_COUNT ? NULL : "a finding that there is not";
    case CV_EV_RUN_END: return e->obj <= CV_OUT_CRASHED ? NULL : "an outcome that there is not";
    default: return NULL;
    }
}

const char *saved_wrong(const struct saved_limits *l, const struct cv_event *e)
{
    bool kernel = e->kind >= CV_EV_SWITCH_OUT; /* and what the parent says */
    if (e->kind == CV_EV_NONE || e->kind >= CV_EV_COUNT || e->kind == CV_EV_TURN)
        return "no event";
    if (!is_task(l, e->task) && !(kernel && e->task == CV_NO_TASK))
        return "a task that cannot be";
    if (e->line > l->lines)
        return "a line behind the scenario's last";
    if (e->t >= SAVED_LAST)
        return "an instant that is too late";
    return wrong_words(l, e);
}
_Static_assert((int)CV_EV_POLL + 1 == CV_EV_SWITCH_OUT && (int)CV_EV_RUN_END + 1 == CV_EV_COUNT, "the tasks' own events come first");

/* ── what the events are about ──────────────────────────────────────────────────────────────────── */
static uint64_t with_number(uint64_t sum, uint64_t n)
{
    for (int i = 0; i < 8; i++, n >>= 8)
        sum = saved_sum(sum, (unsigned char)n);
    return sum;
}

static uint64_t with_text(uint64_t sum, const char *s)
{
    for (; s && *s; s++)
        sum = saved_sum(sum, (unsigned char)*s);
    return saved_sum(sum, 0);
}

uint64_t saved_fingerprint(const struct cv_run_info *info)
{
    uint64_t sum = with_number(with_number(with_number(SAVED_SUM_BEGIN, info->nvars), info->nsyncs), info->nsteps);
    for (uint32_t v = 0; v < info->nvars; v++)
        sum = with_text(with_number(sum, (uint64_t)info->vars[v].kind << 1 | info->vars[v].list), info->vars[v].name);
    for (uint32_t k = 0; k < info->nsyncs; k++)
        sum = with_text(with_number(sum, info->syncs[k].kind), info->syncs[k].name);
    for (uint32_t i = 0; i < info->nsteps; i++)
        sum = with_number(sum, (uint64_t)info->steps[i].line << 32 | (uint64_t)info->steps[i].kind << 24 | (info->steps[i].object & 0xffffff));
    return with_number(with_text(sum, info->model_name), info->implicit_main);
}
