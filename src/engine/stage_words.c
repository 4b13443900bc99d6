/* The next step of a task in words, with the values it is about: "read counter → 41", "write counter ← 42". */
#include <string.h>

#include "cells.h"
#include "stage_words.h"
#include "value.h"

enum { VALUE_MOST = 32 }; /* bytes of a value; what is longer is cut */

static void add_value(struct cv_buf *out, const struct cv_buf *value)
{
    size_t n = value->n;
    if (n > VALUE_MOST)
        for (n = VALUE_MOST; n > 0 && ((unsigned char)value->at[n] & 0xc0) == 0x80; n--)
            ;
    cv_text_clean(out, value->at, n);
    cv_buf_str(out, n < value->n ? "…" : "");
}

static void cell(const struct stage *s, struct cv_cell c, struct cv_buf *out)
{
    struct cv_buf text = {0};
    cv_buf_str(&text, "");
    if (cv_meta_tag(c.meta) == CV_TAG_LIST)
        cv_buf_printf(&text, "%llu items", (unsigned long long)c.payload);
    else
        value_cell_text(&s->m->shm, cv_meta_tag(c.meta), c.payload, true, &text);
    add_value(out, &text);
    cv_buf_release(&text);
}

static void value(const struct stage *s, uint32_t task, const struct cv_value *v, struct cv_buf *out)
{
    struct cv_buf text = {0};
    cv_buf_str(&text, "");
    value_text(s->m, s->players[task].task, v, true, &text);
    add_value(out, &text);
    cv_buf_release(&text);
}

static const char *variable(const struct stage *s, const struct cv_action *a) { return s->m->program->vars[a->arg].name; }
static const char *object(const struct stage *s, int32_t sync)
{
    return sync >= 0 && (uint32_t)sync < s->m->program->nsyncs ? s->m->program->syncs[sync].name : "";
}

/* What stands where the action looks: the variable, or the element of it. */
static struct cv_cell looked_at(const struct stage *s, const struct cv_action *a)
{
    const struct cv_list *list = s->m->memory.lists[a->arg];
    bool item = a->op == CV_OP_LOAD_ITEM || a->op == CV_OP_CAS_ITEM;
    if (item && list && a->index && a->index <= s->m->memory.cells[a->arg]->payload)
        return list->items[a->index - 1];
    return *s->m->memory.cells[a->arg];
}

static void place(const struct stage *s, const struct cv_action *a, struct cv_buf *out)
{
    cv_buf_str(out, variable(s, a));
    if (a->op == CV_OP_LOAD_ITEM || a->op == CV_OP_STORE_ITEM || a->op == CV_OP_CAS_ITEM || a->op == CV_OP_ATOMIC_ITEM)
        cv_buf_printf(out, "[%d]", (int)a->index - 1);
}

static void memory(const struct stage *s, uint32_t task, const struct cv_action *a, struct cv_buf *out)
{
    switch ((enum cv_op)a->op) {
    case CV_OP_LOAD: case CV_OP_LOAD_ITEM:
        cv_buf_str(out, "read ");
        place(s, a, out);
        cv_buf_str(out, " → ");
        cell(s, looked_at(s, a), out);
        break;
    case CV_OP_LOAD_LEN:
        cv_buf_printf(out, "read len(%s) → %llu", variable(s, a), (unsigned long long)s->m->memory.cells[a->arg]->payload);
        break;
    case CV_OP_STORE: case CV_OP_STORE_ITEM:
        cv_buf_str(out, "write ");
        place(s, a, out);
        cv_buf_str(out, " ← ");
        value(s, task, &a->value, out);
        break;
    case CV_OP_APPEND:
        cv_buf_str(out, "append ");
        value(s, task, &a->value, out);
        cv_buf_printf(out, " to %s", variable(s, a));
        break;
    case CV_OP_ATOMIC: case CV_OP_ATOMIC_ITEM:
        cv_buf_str(out, "atomic ");
        place(s, a, out);
        cv_buf_printf(out, " %s= ", a->b ? cv_op_info[a->b].name : "");
        value(s, task, &a->value, out);
        break;
    default: /* cas */
        cv_buf_str(out, "cas ");
        place(s, a, out);
        cv_buf_str(out, ": ");
        value(s, task, &a->value, out);
        cv_buf_str(out, " → ");
        value(s, task, &a->value2, out);
        cv_buf_str(out, "; it is ");
        cell(s, looked_at(s, a), out);
        break;
    }
}

static void duration(struct cv_buf *out, const char *word, uint64_t ns) { cv_buf_printf(out, "%s %s", word, cv_duration_text(ns, false)); }

static void name_of(const struct stage *s, uint32_t task, struct cv_buf *out)
{
    size_t length;
    const char *name = task < s->n ? cv_string(&s->m->shm, stage_row(s, task)->name, &length) : "";
    cv_text_clean(out, name, strlen(name));
}

void stage_action_words(const struct stage *s, uint32_t task, const struct cv_action *a, struct cv_buf *out)
{
    static const char *const words[CV_OP_COUNT] = {
        [CV_OP_LOCK] = "lock", [CV_OP_UNLOCK] = "unlock", [CV_OP_ACQUIRE] = "acquire", [CV_OP_RELEASE] = "release", [CV_OP_GET] = "get from",
        [CV_OP_WAIT] = "wait for", [CV_OP_NOTIFY] = "notify", [CV_OP_SET] = "set", [CV_OP_CLEAR] = "clear", [CV_OP_BARRIER] = "come to barrier"};
    if (a->endless) {
        cv_buf_str(out, "no visible step any more");
        return;
    }
    cv_buf_str(out, a->await ? "await " : "");
    if (a->memory) {
        memory(s, task, a, out);
        return;
    }
    switch ((enum cv_op)a->op) {
    case CV_OP_PRINT:
        cv_buf_str(out, "print ");
        value(s, task, &a->value, out);
        break;
    case CV_OP_CPU: duration(out, "compute", a->value.payload); break;
    case CV_OP_SLEEP: duration(out, "sleep", a->value.payload); break;
    case CV_OP_FETCH: duration(out, "fetch", a->value.payload); break;
    case CV_OP_YIELD: cv_buf_str(out, "yield"); break;
    case CV_OP_PUT:
        cv_buf_str(out, "put ");
        value(s, task, &a->value, out);
        cv_buf_printf(out, " into %s", object(s, a->arg));
        break;
    case CV_OP_OFFLOAD: cv_buf_str(out, a->arg == 1 ? "offload to a process" : "offload to a thread"); break;
    case CV_OP_END_OFFLOAD: cv_buf_str(out, "give the block back"); break;
    case CV_OP_SPAWN: cv_buf_printf(out, "spawn %s", a->body < s->m->program->nbodies ? s->m->program->bodies[a->body].name : ""); break;
    case CV_OP_JOIN:
        cv_buf_str(out, "join ");
        name_of(s, (uint32_t)a->value.payload, out);
        break;
    case CV_OP_JOIN_ALL: cv_buf_str(out, "join all"); break;
    case CV_OP_SPIN: cv_buf_str(out, "look again"); break;
    case CV_OP_DONE: cv_buf_str(out, "end"); break;
    default:
        if (words[a->op])
            cv_buf_printf(out, "%s %s", words[a->op], object(s, a->arg));
        else
            cv_buf_str(out, cv_op_info[a->op].name);
        break;
    }
}

void stage_wait_words(const struct stage *s, uint32_t task, struct cv_buf *out)
{
    uint32_t wait = atomic_load(&stage_row(s, task)->wait), reason = (wait >> 24) % CV_REASON_COUNT, at = wait & 0xffffff;
    switch ((enum cv_reason)reason) {
    case CV_REASON_LOCK: {
        uint32_t owner = cv_sync_owner(s->m->sync, at);
        cv_buf_printf(out, "lock %s", object(s, (int32_t)at));
        if (owner != CV_NO_TASK) {
            cv_buf_str(out, ", which ");
            name_of(s, owner, out);
            cv_buf_str(out, owner == task ? " holds itself" : " holds");
        }
        break;
    }
    case CV_REASON_JOIN:
        cv_buf_str(out, at >= CV_NO_TASK ? "all that it started" : "the end of ");
        if (at < CV_NO_TASK)
            name_of(s, at, out);
        break;
    case CV_REASON_OFFLOAD: cv_buf_str(out, "its block, which a worker has"); break;
    default: cv_buf_printf(out, "%s %s", cv_reason_name[reason], object(s, (int32_t)at)); break;
    }
}
