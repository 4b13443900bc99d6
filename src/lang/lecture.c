/* What is for the lecture: [note EVENT] with its text, and [predict], the question before the run. */
#include <string.h>

#include "lang/reader.h"

/* ── notes ──────────────────────────────────────────────────────────────────────────────────────── */
/* What a note may wait for beside its own words: the kinds of findings stand in the order of findings.def (a test holds it). */
static const char *const events[] = {"preemption", "lost update", "stale read", "stale guard", "data race", "unlocked access", "loop blocked",
                                     "deadlock", "starvation", "convoy", "never awaited", "no visible step"};
enum { FIRST_EVENT = CV_NOTE_PREEMPTION };

static bool known_task(const struct cv_program *p, const char *name)
{
    for (uint32_t b = 0; b < p->nbodies; b++)
        if (!strcmp(p->bodies[b].name, name) && (b || !p->implicit_main))
            return true;
    for (uint32_t i = 0; i < p->ninstances; i++)
        if (!strcmp(p->instances[i].name, name))
            return true;
    return false;
}

static bool marks(const struct cv_stmt *s, const char *name)
{
    for (; s; s = s->next)
        if ((s->kind == CV_S_MARK && !strcmp(s->name, name)) || marks(s->body, name) || marks(s->orelse, name))
            return true;
    return false;
}

static bool known_mark(const struct cv_program *p, const char *name)
{
    for (uint32_t b = 0; b < p->nbodies; b++)
        if (marks(p->bodies[b].tree, name))
            return true;
    return false;
}

/* The next word of a header, up to white space or its end: an instance's name may hold any other character. */
static const char *word(struct reader *r, const char **s, const char *stop, size_t *n)
{
    while (*s < stop && (**s == ' ' || **s == '\t'))
        ++*s;
    const char *from = *s;
    while (*s < stop && **s != ' ' && **s != '\t')
        ++*s;
    *n = (size_t)(*s - from);
    return arena_text(r->arena, from, *n);
}

static void reaches(struct reader *r, struct cv_note *note, const char *s, const char *stop)
{
    size_t n;
    const char *at = s;
    note->task = word(r, &s, stop, &n);
    if (!known_task(r->p, note->task)) {
        reader_error(r, reader_place(r, at, n), "no such task: '%s'", note->task);
        return;
    }
    word(r, &s, stop, &n); /* reaches */
    while (s < stop && (*s == ' ' || *s == '\t'))
        s++;
    at = s;
    note->mark = word(r, &s, stop, &n);
    if (!n)
        reader_error(r, reader_place(r, at, 1), "the name of a mark expected");
    else if (!known_mark(r->p, note->mark) && reader_error(r, reader_place(r, at, n), "no such mark: '%s'", note->mark))
        cv_diag_note(r->diags, "a task sets it: mark %s", note->mark);
    else if (s < stop)
        reader_error(r, reader_place(r, s + strspn(s, " \t"), 1), "the event's name ends here");
    note->when = CV_NOTE_MARK;
}

static void event(struct reader *r, struct cv_note *note, const char *s, const char *stop)
{
    size_t n;
    const char *at = s, *first = word(r, &at, stop, &n), *second = word(r, &at, stop, &n);
    if (*first && !strcmp(second, "reaches")) {
        reaches(r, note, s, stop);
        return;
    }
    for (size_t i = 0; i < CV_COUNT(events); i++)
        if (strlen(events[i]) == (size_t)(stop - s) && !memcmp(events[i], s, (size_t)(stop - s))) {
            note->when = (enum cv_note_when)(FIRST_EVENT + i);
            return;
        }
    struct cv_buf all = {0};
    for (size_t i = 0; i < CV_COUNT(events); i++)
        cv_buf_printf(&all, ", when %s", events[i]);
    if (reader_error(r, reader_place(r, s, s < stop ? (size_t)(stop - s) : 1), "no such event"))
        cv_diag_note(r->diags, "events are at start, at 300ms, at end, when TASK reaches MARK%s", all.at);
    cv_buf_release(&all);
}

/* What stands behind "[note": the header's words up to its bracket. */
static void note_header(struct reader *r, struct cv_note *note)
{
    const char *stop = r->stop;
    while (stop > r->token.at && stop[-1] != ']')
        stop--;
    if (stop == r->token.at) {
        reader_error(r, reader_here(r), "']' expected at the end of the section's name");
        return;
    }
    if (stop < r->stop) {
        reader_error(r, reader_place(r, stop, 1), "nothing may follow the section's name");
        return;
    }
    for (stop--; stop > r->token.at && (stop[-1] == ' ' || stop[-1] == '\t'); stop--) {
    }
    if (reader_is(r, "when")) {
        const char *s = r->token.at + strlen("when");
        while (s < stop && (*s == ' ' || *s == '\t'))
            s++;
        event(r, note, s, stop);
        return;
    }
    if (!reader_accept(r, "at")) {
        event(r, note, stop, stop); /* tells what there is */
        return;
    }
    if (reader_accept(r, "start"))
        note->when = CV_NOTE_START;
    else if (reader_accept(r, "end"))
        note->when = CV_NOTE_END;
    else if (r->token.kind == T_INT && r->token.duration) {
        note->when = CV_NOTE_TIME;
        note->at_ns = r->token.i;
        reader_next(r);
    } else {
        event(r, note, stop, stop);
        return;
    }
    reader_expect(r, "]", "at the end of the section's name");
}

/* The lines as they stand, without what all of them are indented by and the empty ones around. */
static const char *raw_text(struct reader *r, size_t from, size_t to)
{
    struct cv_buf text = {0};
    size_t indent = SIZE_MAX;
    while (from < to && r->lines.at[from].text >= reader_line_end(r, &r->lines.at[from]))
        from++;
    for (size_t i = from; i < to; i++) {
        const struct line *l = &r->lines.at[i];
        size_t own = (size_t)(l->text - l->start);
        if (l->text < reader_line_end(r, l) && own < indent)
            indent = own;
    }
    for (size_t i = from; i < to; i++) {
        const struct line *l = &r->lines.at[i];
        const char *end = reader_line_end(r, l);
        size_t n = (size_t)(end - l->start);
        cv_buf_add(&text, n > indent ? l->start + indent : end, n > indent ? n - indent : 0);
        cv_buf_str(&text, "\n");
    }
    while (text.n && strchr(" \t\n", text.at[text.n - 1]))
        text.n--;
    const char *kept = arena_text(r->arena, text.n ? text.at : "", text.n);
    cv_buf_release(&text);
    return kept;
}

void reader_note(struct reader *r, size_t header, size_t from, size_t to)
{
    struct cv_program *p = r->p;
    struct cv_note note = {.line = r->lines.at[header].number};
    reader_start(r, &r->lines.at[header]);
    struct cv_place at = reader_here(r);
    reader_next(r);
    reader_next(r); /* [note */
    note_header(r, &note);
    if (r->failed || reader_full(r, p->nnotes, CV_LIMIT_NOTES, "notes"))
        return;
    note.text = raw_text(r, from, to);
    if (!*note.text)
        reader_error(r, at, "this note has no text");
    else if (strlen(note.text) > CV_LIMIT_STRING)
        reader_error(r, at, "a note has at most %d bytes", CV_LIMIT_STRING);
    if (!p->notes)
        p->notes = arena_alloc(r->arena, CV_LIMIT_NOTES * sizeof *p->notes);
    p->notes[p->nnotes++] = note;
}

/* ── the prediction ─────────────────────────────────────────────────────────────────────────────── */
void reader_predict_line(struct reader *r, const struct line *l)
{
    static const char *const names[] = {"question", "a", "b", "c", "d", "e", "answer", "because"};
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "question, a to e, answer or because");
    if (!name || (!reader_is(r, "=") && !reader_expect(r, "=", "after the name")))
        return; /* what stands behind it is text, and not looked at as words */
    struct cv_predict *q = r->p->predict;
    const char *value = reader_raw_value(r, l), **to = NULL;
    if (!strcmp(name, "question"))
        to = &q->question;
    else if (!strcmp(name, "answer"))
        to = &q->answer;
    else if (!strcmp(name, "because"))
        to = &q->because;
    else if (name[0] >= 'a' && name[0] <= 'e' && !name[1])
        to = &q->choices[name[0] - 'a'];
    if (!to) {
        if (reader_error(r, at, "no such line of a prediction: '%s'", name))
            reader_did_you_mean(r, name, names, CV_COUNT(names));
        return;
    }
    if (*to)
        reader_error(r, at, "'%s' stands here twice", name);
    else if (!*value)
        reader_error(r, at, "'%s' says nothing", name);
    *to = value;
}

void reader_predict_end(struct reader *r, size_t header)
{
    struct cv_predict *q = r->p->predict;
    reader_start(r, &r->lines.at[header]);
    struct cv_place at = reader_here(r);
    q->line = r->lines.at[header].number;
    bool gap = false;
    for (unsigned i = 0; i < CV_COUNT(q->choices); i++) {
        gap |= q->choices[i] && i > q->nchoices;
        q->nchoices += q->choices[i] && i == q->nchoices;
    }
    if (!q->question || q->nchoices < 2 || gap || !q->answer) {
        if (reader_error(r, at, "a prediction needs a question, choices from a on, and an answer"))
            cv_diag_note(r->diags, "question = …, a = …, b = …, answer = a, because = …");
        return;
    }
    if (q->answer[1] || q->answer[0] < 'a' || q->answer[0] >= (char)('a' + q->nchoices))
        reader_error(r, at, "the answer is one of the letters a to %c, not '%.20s'", 'a' + (int)q->nchoices - 1, q->answer);
}
