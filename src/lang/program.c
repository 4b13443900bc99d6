/* A file to a program: its sections, declarations first, then bodies and expectations, then code. */
#include <stdlib.h>
#include <string.h>

#include "lang/reader.h"

enum section_kind { S_NONE, S_SCENARIO, S_PARAMS, S_SHARED, S_MEMORY, S_SYNC, S_TASK, S_MAIN, S_EXPECT, S_GOAL, S_NOTE, S_PREDICT, S_LATER };
struct section {
    enum section_kind kind;
    size_t header, from, to;
    struct cv_body *body;
    unsigned models;
    bool gil_only;
};
typedef CV_VEC(struct section) sections_t;

/* ── sections ───────────────────────────────────────────────────────────────────────────────────── */
static void header(struct reader *r, struct section *s, const struct line *l)
{
    reader_start(r, l);
    reader_next(r);
    struct cv_place word_at = reader_here(r);
    char *word = reader_name(r, "a section's name");
    if (!word)
        return;
    if (!strcmp(word, "scenario"))
        s->kind = S_SCENARIO;
    else if (!strcmp(word, "params"))
        s->kind = S_PARAMS;
    else if (!strcmp(word, "shared"))
        s->kind = reader_accept(r, "memory") ? S_MEMORY : S_SHARED;
    else if (!strcmp(word, "sync"))
        s->kind = S_SYNC;
    else if (!strcmp(word, "main"))
        s->kind = S_MAIN;
    else if (!strcmp(word, "expect")) {
        s->kind = S_EXPECT;
        s->models = 7;
        if (!reader_is(r, "]")) {
            unsigned bits = 0;
            reader_model_name(r, &bits, true);
            s->gil_only = (bits & CV_M_GIL) != 0;
            s->models = s->gil_only ? CV_M_THREADS : bits;
        }
    } else if (!strcmp(word, "goal")) {
        s->kind = S_GOAL;
        s->models = 7;
        if (!reader_is(r, "]")) {
            unsigned bits = 0;
            reader_model_name(r, &bits, true);
            s->models = bits & CV_M_GIL ? CV_M_THREADS : bits;
        }
    } else if (!strcmp(word, "task") || !strcmp(word, "note")) {
        s->kind = *word == 't' ? S_TASK : S_NOTE;
        return; /* once variables and parameters, or bodies, are known */
    } else if (!strcmp(word, "predict")) {
        s->kind = S_PREDICT;
    } else {
        s->kind = S_LATER;
        for (const struct cv_word *w = cv_sections; w->name; w++)
            if (!strcmp(w->name, word) && w->later) {
                reader_error(r, word_at, "[%s] is not yet in this version", word);
                return;
            }
        const char *names[16];
        size_t n = 0;
        for (const struct cv_word *w = cv_sections; w->name; w++)
            names[n++] = w->name;
        if (reader_error(r, word_at, "no such section: '%s'", word))
            reader_did_you_mean(r, word, names, n);
        return;
    }
    if (reader_expect(r, "]", "at the end of the section's name"))
        reader_end_of_line(r);
}

/* ── the passes ─────────────────────────────────────────────────────────────────────────────────── */
static void find_sections(struct reader *r, sections_t *sections)
{
    bool before = false;
    for (size_t i = 0; i < r->lines.n; i++) {
        const struct line *l = &r->lines.at[i];
        if (l->text == l->end)
            continue;
        if (*l->text == '[' && l->text == l->start) {
            struct section s = {.header = i, .from = i + 1, .to = r->lines.n};
            if (sections->n)
                sections->at[sections->n - 1].to = i;
            header(r, &s, l);
            CV_PUSH(sections, s);
        } else if (!sections->n && !before) {
            before = true;
            reader_start(r, l);
            reader_error(r, reader_place(r, l->text, 1), "a section expected before anything else");
            cv_diag_note(r->diags, "a file begins with [scenario]");
        }
    }
    for (size_t i = 0; i < sections->n; i++)
        for (size_t j = 0; j < i; j++) {
            enum section_kind k = sections->at[i].kind;
            if (k == sections->at[j].kind && (k == S_SCENARIO || k == S_MAIN || k == S_PREDICT)) {
                reader_start(r, &r->lines.at[sections->at[i].header]);
                reader_error(r, reader_here(r), "this section stands here twice");
                sections->at[i].kind = S_LATER;
            }
        }
}

static void each_line(struct reader *r, const sections_t *sections, enum section_kind kind)
{
    for (size_t i = 0; i < sections->n; i++) {
        const struct section *s = &sections->at[i];
        for (size_t n = s->from; s->kind == kind && n < s->to; n++) {
            const struct line *l = &r->lines.at[n];
            if (l->text == l->end)
                continue;
            reader_start(r, l);
            switch (kind) {
            case S_SCENARIO:
                reader_scenario_line(r, l);
                break;
            case S_PARAMS:
                reader_param_line(r, l);
                break;
            case S_SHARED:
                reader_var_line(r, l, false);
                break;
            case S_MEMORY:
                reader_var_line(r, l, true);
                break;
            case S_SYNC:
                reader_sync_line(r, l);
                break;
            case S_PREDICT:
                reader_predict_line(r, l);
                break;
            default:
                break;
            }
        }
    }
}

static void expectations(struct reader *r, const sections_t *sections)
{
    struct cv_program *p = r->p;
    r->expecting = true;
    p->expects = arena_alloc(r->arena, (CV_LIMIT_EXPECTS + 1) * sizeof *p->expects);
    for (size_t i = 0; i < sections->n; i++) {
        const struct section *s = &sections->at[i];
        for (size_t n = s->from; s->kind == S_EXPECT && n < s->to; n++) {
            const struct line *l = &r->lines.at[n];
            if (l->text == l->end)
                continue;
            reader_start(r, l);
            if (reader_full(r, p->nexpects, CV_LIMIT_EXPECTS, "expectations"))
                return;
            enum cv_expect_kind kind = reader_accept(r, "sometimes") ? CV_X_SOMETIMES : reader_accept(r, "never") ? CV_X_NEVER : CV_X_ALWAYS;
            struct cv_expr *e = reader_expr(r);
            if (!r->failed)
                reader_end_of_line(r);
            p->expects[p->nexpects++] = (struct cv_expect){.line = l->number,
                                                           .text = arena_text(r->arena, l->text, (size_t)(l->end - l->text)),
                                                           .kind = kind,
                                                           .models = s->models,
                                                           .gil_only = s->gil_only,
                                                           .expr = e};
        }
    }
    r->expecting = false;
}

static void goals(struct reader *r, const sections_t *sections)
{
    struct cv_program *p = r->p;
    r->expecting = true;
    for (size_t i = 0; i < sections->n; i++) {
        const struct section *s = &sections->at[i];
        for (size_t n = s->from; s->kind == S_GOAL && n < s->to; n++) {
            const struct line *l = &r->lines.at[n];
            if (l->text == l->end)
                continue;
            if (!p->goals)
                p->goals = arena_alloc(r->arena, (CV_LIMIT_EXPECTS + 1) * sizeof *p->goals);
            reader_start(r, l);
            if (reader_full(r, p->ngoals, CV_LIMIT_EXPECTS, "goals"))
                return;
            struct cv_expr *e = reader_expr(r);
            if (!r->failed)
                reader_end_of_line(r);
            p->goals[p->ngoals++] = (struct cv_expect){.line = l->number, .text = arena_text(r->arena, l->text, (size_t)(l->end - l->text)),
                                                       .kind = CV_X_ALWAYS, .models = s->models, .expr = e};
        }
    }
    r->expecting = false;
}

static void lecture(struct reader *r, const sections_t *sections)
{
    for (size_t i = 0; i < sections->n; i++) {
        const struct section *s = &sections->at[i];
        if (s->kind == S_NOTE)
            reader_note(r, s->header, s->from, s->to);
        if (s->kind != S_PREDICT)
            continue;
        size_t before = r->diags->errors;
        r->p->predict = arena_alloc(r->arena, sizeof *r->p->predict);
        each_line(r, sections, S_PREDICT);
        if (r->diags->errors == before)
            reader_predict_end(r, s->header);
    }
}

static void bodies(struct reader *r, const sections_t *sections)
{
    for (size_t i = 0; i < sections->n; i++) {
        const struct section *s = &sections->at[i];
        if (!s->body)
            continue;
        r->locals.n = r->assigned.n = r->uses.n = 0;
        for (uint32_t k = 0; k < s->body->nparams; k++) {
            CV_PUSH(&r->locals, s->body->locals[k]);
            CV_PUSH(&r->assigned, true);
        }
        reader_parse_body(r, s->body, s->from, s->to);
    }
}

/* The model it opens in is one of those that make sense. */
static void settle_model(struct reader *r)
{
    struct cv_program *p = r->p;
    unsigned wanted = p->gil && p->model == CV_M_THREADS ? CV_M_GIL | CV_M_THREADS : p->model;
    if (!r->model_at.line && !(p->models & p->model)) {
        p->gil |= !(p->models & (CV_M_ASYNC | CV_M_THREADS)) && (p->models & CV_M_GIL);
        p->model = p->models & CV_M_ASYNC ? CV_M_ASYNC : p->models & (CV_M_THREADS | CV_M_GIL) ? CV_M_THREADS : CV_M_PROCESSES;
    } else if (!(p->models & wanted) && p->models) {
        r->failed = false;
        if (reader_error(r, r->model_at, "the model it opens in is not among its models"))
            cv_diag_note(r->diags, "name it in models = too");
    }
}

static const char *bare_name(struct reader *r)
{
    const char *slash = strrchr(r->file, '/'), *s = slash ? slash + 1 : r->file;
    size_t n = strlen(s);
    if (n > 4 && !strcmp(s + n - 4, ".ini"))
        n -= 4;
    return arena_text(r->arena, s, n);
}

static void read_all(struct reader *r)
{
    struct cv_program *p = r->p;
    sections_t sections = {0};
    if (!reader_split(r))
        return;
    p->params = arena_alloc(r->arena, CV_LIMIT_PARAMS * sizeof *p->params);
    p->vars = arena_alloc(r->arena, CV_LIMIT_VARS * sizeof *p->vars);
    p->syncs = arena_alloc(r->arena, CV_LIMIT_SYNCS * sizeof *p->syncs);
    p->bodies = arena_alloc(r->arena, CV_LIMIT_BODIES * sizeof *p->bodies);
    p->nbodies = 1;
    p->bodies[0].name = "main";
    p->implicit_main = true;
    find_sections(r, &sections);
    each_line(r, &sections, S_PARAMS);
    for (size_t i = 0; i < r->noverrides; i++)
        if (reader_param(r, r->overrides[i].name) < 0) {
            cv_diag_error(r->diags, (struct cv_place){0}, "-p %s: the scenario has no such parameter", r->overrides[i].name);
            const char *names[CV_LIMIT_PARAMS];
            for (uint32_t k = 0; k < p->nparams; k++)
                names[k] = p->params[k].name;
            reader_did_you_mean(r, r->overrides[i].name, names, p->nparams);
        }
    each_line(r, &sections, S_SCENARIO);
    settle_model(r);
    each_line(r, &sections, S_SHARED);
    each_line(r, &sections, S_MEMORY);
    each_line(r, &sections, S_SYNC);
    for (size_t i = 0; i < sections.n; i++) {
        struct section *s = &sections.at[i];
        if (s->kind == S_MAIN) {
            p->implicit_main = false;
            s->body = &p->bodies[0];
            s->body->line = r->lines.at[s->header].number;
        }
        if (s->kind != S_TASK)
            continue;
        reader_start(r, &r->lines.at[s->header]);
        struct cv_place at = reader_here(r);
        reader_next(r);
        reader_next(r);
        s->body = reader_task_header(r, at);
        if (!r->failed && reader_expect(r, "]", "at the end of the task's header"))
            reader_end_of_line(r);
    }
    if (p->nbodies == 1 && p->implicit_main && !r->diags->errors)
        cv_diag_error(r->diags, (struct cv_place){1, 1, 0}, "there is no [task …]: nothing to run");
    bodies(r, &sections);
    expectations(r, &sections);
    goals(r, &sections);
    lecture(r, &sections);
    if (!r->diags->errors)
        reader_units(r);
    if (!r->diags->errors)
        reader_compile(r);
    free(sections.at);
}

struct cv_program *cv_program_read(const char *file, const char *text, size_t length, const struct cv_override *overrides,
                                   size_t noverrides, struct cv_diags *diags)
{
    if (length > CV_LIMIT_FILE) {
        cv_diag_error(diags, (struct cv_place){0}, "the file is larger than %d bytes", CV_LIMIT_FILE);
        return NULL;
    }
    struct arena *arena = cv_alloc(sizeof *arena);
    struct cv_program *p = arena_alloc(arena, sizeof *p);
    struct reader r = {.diags = diags, .arena = arena, .p = p, .overrides = overrides, .noverrides = noverrides};
    static const struct line nowhere = {.number = 1};
    r.line = &nowhere;
    r.file = p->file = arena_text(arena, file, strlen(file));
    r.text = p->source = arena_text(arena, text, length);
    r.end = r.text + length;
    p->source_length = length;
    p->name = bare_name(&r);
    p->title = p->about = "";
    p->model = CV_M_ASYNC;
    p->models = CV_M_ASYNC | CV_M_THREADS | CV_M_GIL | CV_M_PROCESSES;
    p->switch_interval_ns = 5000000;
    p->timeout_ns = 60000000000;
    p->pace = 1;
    p->arena = arena;
    size_t before = diags->errors;
    read_all(&r);
    free(r.lines.at);
    free(r.locals.at);
    free(r.assigned.at);
    free(r.uses.at);
    cv_diags_sort(diags);
    if (diags->errors == before)
        return p;
    cv_program_free(p);
    return NULL;
}

void cv_program_free(struct cv_program *p)
{
    if (!p)
        return;
    struct arena *a = p->arena;
    arena_free(a);
    free(a);
}
