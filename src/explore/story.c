/* A schedule told in words, a sentence a step. What a step reads and writes is told with its values; a write that takes its value from before another's write
 * is told as such, by the order of writes; everything else in the words of the instruction. */
#include <stdlib.h>
#include <string.h>

#include "explore/state.h"
#include "convis/explore.h"

enum { LONGEST = 2000 };
struct tale {
    struct space *x;
    struct cv_story *story;
    uint32_t *tuple, step;
    uint32_t *version, *writer;   /* by component: how often it was written, and by whom last */
    uint32_t *seen;               /* by task and component: the version it read last, + 1 */
    uint32_t width;
};

static void letter(const struct tale *t, uint32_t task, struct cv_buf *out)
{
    char name[8];
    cv_text_letter(task - t->x->program->implicit_main, name);
    cv_buf_str(out, name);
}

CV_PRINTF(4, 5) static void say(struct tale *t, uint32_t task, uint32_t line, const char *format, ...)
{
    struct cv_buf text = {0};
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    letter(t, task, &text);
    cv_buf_printf(&text, " %s", words);
    struct cv_story_line one = {t->step, task, line, text.at};
    CV_PUSH(t->story, one);
}

/* A number, a string, the length of a list. Clean. */
static void value_words(const struct tale *t, uint32_t id, char *to, size_t size)
{
    const uint32_t *w = intern_at(&t->x->values, id, NULL);
    uint64_t payload = w[0] | (uint64_t)w[1] << 32;
    struct cv_buf clean = {0};
    size_t n;
    switch ((enum cv_tag)w[2]) {
    case CV_TAG_NONE: snprintf(to, size, "none"); break;
    case CV_TAG_BOOL: snprintf(to, size, "%s", payload ? "true" : "false"); break;
    case CV_TAG_INT: snprintf(to, size, "%lld", (long long)payload); break;
    case CV_TAG_STRING: {
        const char *s = cv_string(&t->x->shm, (uint32_t)payload, &n);
        cv_text_clean(&clean, s, n < 60 ? n : 60);
        snprintf(to, size, "\"%s\"", clean.at ? clean.at : "");
        cv_buf_release(&clean);
        break;
    }
    case CV_TAG_LIST: snprintf(to, size, "a list of %llu", (unsigned long long)payload); break;
    case CV_TAG_TASK: snprintf(to, size, "a task"); break;
    }
}

static void memory_step(struct tale *t, uint32_t task, const struct local *l, const struct control *c, const uint32_t *to)
{
    const struct local_action *a = &l->action;
    uint32_t at = space_component(t->x, c, task, l), before = at == UINT32_MAX ? 0 : t->tuple[at];
    const char *name = t->x->program->vars[a->arg].name;
    char place[CV_LIMIT_NAME + 32], value[96] = "";
    bool item = a->op == CV_OP_LOAD_ITEM || a->op == CV_OP_STORE_ITEM || a->op == CV_OP_ATOMIC_ITEM || a->op == CV_OP_CAS_ITEM;
    bool reads = a->op == CV_OP_LOAD || a->op == CV_OP_LOAD_ITEM || a->op == CV_OP_LOAD_LEN;
    snprintf(place, sizeof place, item ? "%s[%lld]" : "%s", name, (long long)l->index);
    if (at == UINT32_MAX) {
        say(t, task, a->line, "went outside of %s.", name);
        return;
    }
    value_words(t, reads ? before : to[at], value, sizeof value);
    uint32_t *seen = &t->seen[(size_t)task * t->width + at];
    if (reads) {
        *seen = t->version[at] + 1;
        say(t, task, a->line, "read %s (%s).", place, value);
        return;
    }
    bool cas = a->op == CV_OP_CAS || a->op == CV_OP_CAS_ITEM, atomic = cas || a->op == CV_OP_ATOMIC || a->op == CV_OP_ATOMIC_ITEM || a->op == CV_OP_APPEND;
    bool lost = !atomic && *seen && *seen - 1 < t->version[at] && t->writer[at] != task;
    if (cas && to[at] == before)
        say(t, task, a->line, "tried to change %s, in vain (%s).", place, value);
    else if (lost) {
        char other[8];
        cv_text_letter(t->writer[at] - t->x->program->implicit_main, other);
        say(t, task, a->line, "wrote %s = %s; it had read it before %s wrote.", place, value, other);
    } else if (a->op == CV_OP_APPEND)
        say(t, task, a->line, "appended to %s.", place);
    else
        say(t, task, a->line, "%s %s = %s.", cas ? "changed" : atomic ? "made, in one step," : "wrote", place, value);
    t->version[at]++;
    t->writer[at] = task;
    *seen = 0;
}

/* In the words of the instruction: "lock m". */
static void other_step(struct tale *t, uint32_t task, const struct local *l)
{
    struct cv_buf words = {0};
    const struct local_action *a = &l->action;
    const uint32_t *local = intern_at(&t->x->locals, t->tuple[space_task_at(t->x, task)], NULL);
    if (l->end)
        cv_buf_str(&words, "ended");
    else if (a->op == CV_OP_PRINT && a->value.tag == CV_TAG_STRING) {
        size_t n;
        const char *s = cv_string(&t->x->shm, (uint32_t)a->value.payload, &n);
        cv_buf_str(&words, "printed \"");
        cv_text_clean(&words, s, n < 80 ? n : 80);
        cv_buf_str(&words, "\"");
    } else if (a->op == CV_OP_LOCK || a->op == CV_OP_UNLOCK)
        cv_buf_printf(&words, a->op == CV_OP_LOCK ? "took %s" : "gave %s back", t->x->program->syncs[a->arg].name);
    else {
        bool gives = a->op == CV_OP_SLEEP || a->op == CV_OP_FETCH || a->op == CV_OP_YIELD;
        cv_buf_str(&words, gives ? "lets others go (" : "did: ");
        cv_insn_text(t->x->program, local[1], &words);
        cv_buf_str(&words, gives ? ")" : "");
    }
    say(t, task, a->line, "%s.", words.at);
    cv_buf_release(&words);
}

/* Who goes now, where another went before. */
static void enter(struct tale *t, uint32_t task, uint32_t current)
{
    uint16_t choices[SPACE_TASKS + 1];
    unsigned n = space_choices(t->x, t->tuple, choices);
    bool could = false;
    for (unsigned i = 0; i < n; i++)
        could |= choices[i] == current && space_control(t->x, t->tuple)->tasks[current].phase == RUNNABLE;
    if (current != SPACE_NOBODY && task != current)
        say(t, task, 0, could ? "was let in." : "went on.");
}

static bool one(struct tale *t, uint32_t task, uint32_t *current, uint32_t *to)
{
    struct space *x = t->x;
    uint16_t choices[SPACE_TASKS + 1];
    unsigned n = space_choices(x, t->tuple, choices), i = 0;
    while (i < n && choices[i] != task)
        i++;
    if (i == n && task && space_control(x, t->tuple)->asks) /* the pass is over by that */
        return one(t, 0, current, to) && one(t, task, current, to);
    if (i == n)
        return false;
    if (task == 0 && space_control(x, t->tuple)->asks) {
        t->step++;
        space_go(x, t->tuple, 0, t->tuple);
        say(t, 0, 0, "is the loop here: %s.", space_control(x, t->tuple)->holder == 0 ? "it ends, and leaves behind who sleeps" : "main is done, and it goes into its last pass");
        return true;
    }
    enter(t, task, *current);
    t->step++;
    if (task < x->program->implicit_main) {
        space_go(x, t->tuple, 0, t->tuple);
        say(t, 0, 0, "is main here: all that it waited for are done, and it ends.");
        *current = 0;
        return true;
    }
    memcpy(to, t->tuple, space_room(x) * sizeof *to);
    space_go(x, to, task, to);
    const struct local *l = space_local(x, t->tuple[space_task_at(x, task)]);
    if (l->action.memory)
        memory_step(t, task, l, space_control(x, t->tuple), to);
    else
        other_step(t, task, l);
    const struct control *c = space_control(x, to);
    if (task < c->n && c->tasks[task].failure && !(task < space_control(x, t->tuple)->n && space_control(x, t->tuple)->tasks[task].failure)) {
        struct cv_buf clean = {0};
        size_t length;
        const char *why = cv_string(&x->shm, c->tasks[task].failure, &length);
        cv_text_clean(&clean, why, length);
        say(t, task, c->tasks[task].failure_line, "failed: %s.", clean.at ? clean.at : "");
        cv_buf_release(&clean);
    }
    memcpy(t->tuple, to, space_room(x) * sizeof *to);
    *current = task;
    return true;
}

bool cv_story_tell(const struct cv_program *p, const struct cv_order *o, const char *text, struct cv_story *story, struct cv_buf *why)
{
    struct space *x = space_new(p, o, 0, why);
    struct schedule s;
    uint32_t task, current = SPACE_NOBODY;
    bool right = true;
    *story = (struct cv_story){0};
    if (!x)
        return false;
    struct tale t = {.x = x, .story = story, .width = space_room(x)};
    uint32_t *to = cv_alloc(t.width * sizeof *to);
    t.tuple = cv_alloc(t.width * sizeof *t.tuple);
    t.version = cv_alloc(t.width * sizeof *t.version);
    t.writer = cv_alloc(t.width * sizeof *t.writer);
    t.seen = cv_alloc((size_t)(SPACE_TASKS + 1) * t.width * sizeof *t.seen);
    space_start(x, t.tuple);
    for (schedule_start(&s, text); right && t.step < LONGEST && schedule_peek(&s, &task); schedule_step(&s))
        right = task + p->implicit_main < SPACE_TASKS && one(&t, task + p->implicit_main, &current, to);
    if (!right || s.broken)
        cv_buf_printf(why, "the schedule is impossible at step %u", t.step + 1);
    free(to);
    free(t.tuple);
    free(t.version);
    free(t.writer);
    free(t.seen);
    space_free(x);
    return right && !s.broken;
}

void cv_story_release(struct cv_story *story)
{
    for (size_t i = 0; i < story->n; i++)
        free(story->at[i].text);
    free(story->at);
    *story = (struct cv_story){0};
}
