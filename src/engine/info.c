/* What a record is about, made from the program and the order: names, kinds, and the little about the program's lines that
 * the model needs, as plain tables, so that it needs no program. */
#include <stdlib.h>
#include <string.h>

#include "engine/info.h"

static void const_text(const struct cv_const *k, struct cv_buf *out)
{
    switch (k->kind) {
    case CV_K_NONE: cv_buf_str(out, "none"); break;
    case CV_K_BOOL: cv_buf_str(out, k->i ? "true" : "false"); break;
    case CV_K_INT: cv_buf_printf(out, "%lld", (long long)k->i); break;
    case CV_K_DOUBLE: cv_buf_printf(out, "%g", k->d); break;
    case CV_K_STRING:
        cv_buf_str(out, "\"");
        cv_text_clean(out, k->s, k->n);
        cv_buf_str(out, "\"");
        break;
    case CV_K_LIST:
        cv_buf_str(out, "[");
        for (uint32_t i = 0; i < k->n && i < 64; i++) {
            cv_buf_str(out, i ? ", " : "");
            const_text(&k->items[i], out);
        }
        cv_buf_str(out, k->n > 64 ? ", …]" : "]");
        break;
    }
}

/* ── what is watched ────────────────────────────────────────────────────────────────────────────── */
static void mark_watched(struct cv_run_info *info, const struct cv_program *p)
{
    for (uint32_t i = 0; i < p->ncode; i++) {
        const struct cv_insn *one = &p->code[i];
        switch ((enum cv_op)one->op) {
        case CV_OP_LOAD: case CV_OP_LOAD_ITEM: case CV_OP_LOAD_LEN:
            if (one->b != 1) /* not in a spin until */
                break;
            /* fall through */
        case CV_OP_ATOMIC: case CV_OP_ATOMIC_ITEM: case CV_OP_CAS: case CV_OP_CAS_ITEM: case CV_OP_APPEND:
            info->vars[one->arg].watched = true;
            break;
        default: break;
        }
    }
}

/* ── conditions and what hangs on them ──────────────────────────────────────────────────────────── */
static uint32_t last_line(const struct cv_stmt *s)
{
    uint32_t last = 0;
    for (; s; s = s->next) {
        uint32_t inside = last_line(s->body), otherwise = last_line(s->orelse);
        last = s->at.line > last ? s->at.line : last;
        last = inside > last ? inside : last;
        last = otherwise > last ? otherwise : last;
    }
    return last;
}

/* An `else` hangs on its condition as the branch does; an `elif` is an if in there. */
static void add_guards(struct cv_run_info *info, uint32_t *room, const struct cv_stmt *s)
{
    for (; s; s = s->next) {
        if (s->kind == CV_S_IF || s->kind == CV_S_WHILE) {
            uint32_t inside = last_line(s->body), otherwise = last_line(s->orelse);
            if (info->nguards == *room) {
                *room = *room ? *room * 2 : 16;
                info->guards = cv_realloc(info->guards, *room * sizeof *info->guards);
            }
            info->guards[info->nguards++] = (struct cv_info_guard){s->at.line, s->at.line + 1, inside > otherwise ? inside : otherwise};
        }
        add_guards(info, room, s->body);
        add_guards(info, room, s->orelse);
    }
}

/* ── the lecture ────────────────────────────────────────────────────────────────────────────────── */
_Static_assert((int)CV_AT_START == CV_NOTE_START && (int)CV_AT_MARK == CV_NOTE_MARK && (int)CV_AT_FINDING == CV_NOTE_FINDING, "one order");

/* What is for the lecture, as plain data. */
static void make_lecture(struct cv_run_info *info, const struct cv_program *p)
{
    info->nnotes = p->nnotes;
    info->notes = cv_alloc((p->nnotes + 1) * sizeof *info->notes);
    for (uint32_t i = 0; i < p->nnotes; i++)
        info->notes[i] = (struct cv_info_note){.event = (enum cv_note_event)p->notes[i].when, .at_ns = (uint64_t)p->notes[i].at_ns, .task = p->notes[i].task,
                                               .mark = p->notes[i].mark, .text = p->notes[i].text, .line = p->notes[i].line};
    const struct cv_predict *q = p->predict;
    if (!q)
        return;
    info->predict = (struct cv_info_predict){.question = q->question, .because = q->because, .nchoices = q->nchoices, .answer = (uint32_t)(q->answer[0] - 'a')};
    memcpy(info->predict.choices, q->choices, sizeof q->choices);
}

static int by_line(const void *a, const void *b)
{
    const struct cv_info_guard *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

void cv_run_info_make(struct cv_run_info *info, const struct cv_program *p, const struct cv_order *o)
{
    uint32_t room = 0;
    *info = (struct cv_run_info){.scenario = p->name, .title = p->title, .about = p->about, .source = p->source, .source_length = p->source_length,
                                 .model = o->model, .gil = o->gil, .stepped = o->stepped, .model_name = cv_order_model_name(o), .seed = o->seed,
                                 .switch_interval_ns = o->switch_interval_ns, .implicit_main = p->implicit_main, .nvars = p->nvars, .nsyncs = p->nsyncs};
    info->vars = cv_alloc((p->nvars + 1) * sizeof *info->vars);
    info->syncs = cv_alloc((p->nsyncs + 1) * sizeof *info->syncs);
    for (uint32_t v = 0; v < p->nvars; v++) {
        struct cv_buf text = {0};
        const_text(&p->vars[v].initial, &text);
        info->vars[v] = (struct cv_info_var){.name = p->vars[v].name, .kind = p->vars[v].memory ? CV_VAR_MEMORY : CV_VAR_SHARED,
                                             .list = p->vars[v].list, .line = p->vars[v].line, .initial = text.at};
    }
    for (uint32_t k = 0; k < p->nsyncs; k++)
        info->syncs[k] = (struct cv_info_sync){.name = p->syncs[k].name, .kind = (enum cv_sync_kind)p->syncs[k].kind,
                                               .size = (uint64_t)p->syncs[k].size, .line = p->syncs[k].line};
    make_lecture(info, p);
    mark_watched(info, p);
    for (uint32_t b = 0; b < p->nbodies; b++)
        add_guards(info, &room, p->bodies[b].tree);
    info_steps(info, p);
    if (info->nguards)
        qsort(info->guards, info->nguards, sizeof *info->guards, by_line);
}

void cv_run_info_release(struct cv_run_info *info)
{
    for (uint32_t v = 0; v < info->nvars; v++)
        free((char *)(uintptr_t)info->vars[v].initial);
    free(info->vars);
    free(info->syncs);
    free(info->guards);
    for (uint32_t i = 0; i < info->nsteps; i++)
        free((char *)(uintptr_t)info->steps[i].text);
    free(info->steps);
    free(info->notes);
    *info = (struct cv_run_info){0};
}
