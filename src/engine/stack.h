/* What the interpreter's files share: the stack of a task's values, the lists in its heap, failing. */
#ifndef CONVIS_ENGINE_STACK_H
#define CONVIS_ENGINE_STACK_H

#include "value.h"

static inline const struct cv_body *body_of(const struct cv_machine *m, const struct cv_task *t) { return &m->program->bodies[t->body]; }
static inline struct cv_value *stack(const struct cv_machine *m, struct cv_task *t) { return t->values + body_of(m, t)->nlocals; }
static inline struct cv_value *top(const struct cv_machine *m, struct cv_task *t, uint32_t depth)
{
    CV_ASSERT(t->sp > depth);
    return stack(m, t) + t->sp - 1 - depth;
}
static inline void push(const struct cv_machine *m, struct cv_task *t, struct cv_value v)
{
    CV_ASSERT(t->sp < body_of(m, t)->nstack);
    stack(m, t)[t->sp++] = v;
}
static inline struct cv_value pop(const struct cv_machine *m, struct cv_task *t)
{
    struct cv_value v = *top(m, t, 0);
    t->sp--;
    return v;
}
static inline uint8_t *withs(const struct cv_machine *m, struct cv_task *t)
{
    return (uint8_t *)(t->values + body_of(m, t)->nlocals + body_of(m, t)->nstack);
}

static inline const char *var_name(const struct cv_machine *m, uint32_t var) { return m->program->vars[var].name; }
static inline bool is_item(enum cv_op op) { return op == CV_OP_LOAD_ITEM || op == CV_OP_STORE_ITEM || op == CV_OP_ATOMIC_ITEM || op == CV_OP_CAS_ITEM; }
static inline const struct cv_value *index_operand(const struct cv_machine *m, struct cv_task *t, enum cv_op op)
{
    return top(m, t, op == CV_OP_CAS_ITEM ? 2 : op == CV_OP_LOAD_ITEM ? 0 : 1);
}

/* The task raises: it fails here, unless it has failed before (the first reason stands). */
void raise_text(struct cv_worker *w, struct cv_task *t, unsigned line, const char *text, size_t n);
CV_PRINTF(4, 5) void raise_error(struct cv_worker *w, struct cv_task *t, unsigned line, const char *format, ...);

static inline struct cv_cell item_cell(const struct cv_value *v) { return (struct cv_cell){v->payload, cv_meta((enum cv_tag)v->tag, 0, 0)}; }
/* Lists of a task (lists.c). Python's indexing: negative counts from the end. false: outside, and the task raises. */
bool index_of(struct cv_worker *w, struct cv_task *t, unsigned line, const struct cv_value *v, uint32_t length, const char *what, uint32_t *index);
/* The n topmost values become one list; the block may move. false: the task raises. */
bool make_list(struct cv_worker *w, struct cv_task **t, unsigned line, uint32_t n);
/* LOCAL_ITEM, SET_LOCAL_ITEM, APPEND_LOCAL: an item of a list in a local. */
void local_list(struct cv_worker *w, struct cv_task **t, const struct cv_insn *i);

#endif
