/* What a line does, step by step, out of the program's code: visible steps, what is computed between two of them, and for a line
 * that has none that it works on locals. */
#include <stdlib.h>
#include <string.h>

#include "engine/info.h"

static bool kind_of(const struct cv_insn *i, enum cv_step_kind *kind)
{
    switch ((enum cv_op)i->op) {
    case CV_OP_LOAD: case CV_OP_LOAD_ITEM: case CV_OP_LOAD_LEN: *kind = CV_STEP_READ; return true;
    case CV_OP_STORE: case CV_OP_STORE_ITEM: case CV_OP_APPEND: *kind = CV_STEP_WRITE; return true;
    case CV_OP_ATOMIC: case CV_OP_ATOMIC_ITEM: case CV_OP_CAS: case CV_OP_CAS_ITEM: *kind = CV_STEP_ATOMIC; return true;
    case CV_OP_LOCK: case CV_OP_ACQUIRE: case CV_OP_GET: case CV_OP_WAIT: case CV_OP_BARRIER: *kind = CV_STEP_TAKE; return true;
    case CV_OP_UNLOCK: case CV_OP_RELEASE: case CV_OP_PUT: case CV_OP_NOTIFY: case CV_OP_SET: case CV_OP_CLEAR: *kind = CV_STEP_GIVE; return true;
    case CV_OP_SLEEP: case CV_OP_FETCH: case CV_OP_YIELD: case CV_OP_JOIN: case CV_OP_JOIN_ALL: case CV_OP_OFFLOAD: *kind = CV_STEP_WAIT; return true;
    case CV_OP_PRINT: *kind = CV_STEP_PRINT; return true;
    case CV_OP_SPAWN: *kind = CV_STEP_SPAWN; return true;
    case CV_OP_CPU: *kind = CV_STEP_CPU; return true;
    default: return false;
    }
}

static bool computes(const struct cv_insn *i)
{
    return (i->op >= CV_OP_ADD && i->op <= CV_OP_GE) || i->op == CV_OP_FORMAT || i->op == CV_OP_MIN || i->op == CV_OP_MAX || i->op == CV_OP_RANDOM;
}

static void add(struct cv_run_info *info, uint32_t *room, struct cv_info_step one)
{
    if (info->nsteps == *room) {
        *room = *room ? *room * 2 : 64;
        info->steps = cv_realloc(info->steps, *room * sizeof *info->steps);
    }
    info->steps[info->nsteps++] = one;
}

static char *words(const char *s) { return cv_strndup(s, strlen(s)); }

/* Where a line's code stands apart from the rest of it (the end of a with, a loop's condition) its steps are brought together. */
struct placed { uint32_t line, order; };

static int by_line_and_order(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : x->order < y->order ? -1 : x->order > y->order;
}

void info_steps(struct cv_run_info *info, const struct cv_program *p)
{
    uint32_t room = 0, line = 0;
    bool computed = false, stepped = false;
    struct placed *in_order = cv_alloc((p->ncode + 1) * sizeof *in_order);
    for (uint32_t i = 0; i < p->ncode; i++)
        in_order[i] = (struct placed){p->code[i].line, i};
    qsort(in_order, p->ncode, sizeof *in_order, by_line_and_order);
    for (uint32_t k = 0; k <= p->ncode; k++) {
        const struct cv_insn *i = k < p->ncode ? &p->code[in_order[k].order] : NULL;
        enum cv_step_kind kind;
        if (!i || i->line != line) {
            if (line && !stepped)
                add(info, &room, (struct cv_info_step){.line = line, .kind = CV_STEP_LOCAL, .text = words("locals only: a part of the step before it")});
            line = i ? i->line : 0;
            computed = stepped = false;
        }
        if (!i || !line)
            continue;
        if (!kind_of(i, &kind)) {
            computed |= computes(i);
            continue;
        }
        if (computed && stepped)
            add(info, &room, (struct cv_info_step){.line = line, .kind = CV_STEP_COMPUTE, .text = words("compute")});
        struct cv_buf text = {0};
        cv_insn_text(p, in_order[k].order, &text);
        cv_buf_str(&text, "");
        add(info, &room, (struct cv_info_step){.line = line, .kind = kind, .await = i->await, .object = i->arg > 0 ? (uint32_t)i->arg : 0, .text = text.at});
        computed = false;
        stepped = true;
    }
    free(in_order);
}
