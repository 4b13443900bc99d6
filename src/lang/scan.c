/* Lines and tokens. A line knows where its comment begins; a token knows its bytes, from which its place is counted in
 * code points when somebody asks. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lang/reader.h"

/* ── the arena ──────────────────────────────────────────────────────────────────────────────────── */
void *arena_alloc(struct arena *a, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if (!a->chunks || a->used + n > a->cap) {
        a->cap = n > 16384 ? n : 16384;
        struct chunk *c = cv_alloc(sizeof *c + 16 + a->cap);
        c->next = a->chunks;
        a->chunks = c;
        a->used = 0;
    }
    char *base = (char *)(((uintptr_t)a->chunks->bytes + 15) & ~(uintptr_t)15);
    void *p = base + a->used;
    a->used += n;
    return p;
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
    char *t = arena_alloc(a, n + 1);
    if (n) /* an empty text may have no place at all */
        memcpy(t, s, n);
    return t;
}

void arena_free(struct arena *a)
{
    for (struct chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    a->chunks = NULL;
}

/* ── lines ──────────────────────────────────────────────────────────────────────────────────────── */
static const char *line_stop(const char *s, const char *end)
{
    char quote = 0;
    bool blank = true;
    for (; s < end; s++) {
        if (quote) {
            if (*s == '\\' && s + 1 < end)
                s++;
            else if (*s == quote)
                quote = 0;
            blank = false;
        } else if ((*s == ';' || *s == '#') && blank) {
            break;
        } else {
            if (*s == '"' || *s == '\'')
                quote = *s;
            blank = *s == ' ' || *s == '\t';
        }
    }
    return s;
}

static void add_line(struct reader *r, uint32_t number, const char *start, const char *end)
{
    struct line l = {.number = number, .start = start, .text = start};
    if (end > start && end[-1] == '\r')
        end--;
    while (l.text < end && (*l.text == ' ' || *l.text == '\t'))
        l.text++;
    l.end = line_stop(l.text, end);
    while (l.end > l.text && isspace((unsigned char)l.end[-1]))
        l.end--;
    CV_PUSH(&r->lines, l);
}

bool reader_split(struct reader *r)
{
    uint32_t number = 1;
    bool good = true;
    const char *s = r->text;
    if (r->end - s >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
        s += 3;
    for (; s < r->end; number++) {
        const char *lf = memchr(s, '\n', (size_t)(r->end - s)), *end = lf ? lf : r->end;
        struct line raw = {.number = number, .start = s, .text = s, .end = end};
        for (size_t i = 0, length; s + i < end && good; i += length) {
            uint32_t c = cv_utf8(s + i, (size_t)(end - s) - i, &length);
            bool bad = (c == 0xfffd && length == 1) || c == 0 || (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
            if (!bad)
                continue;
            r->line = &raw;
            cv_diag_error(r->diags, reader_place(r, s + i, 1),
                          c == 0xfffd ? "this is not UTF-8 text" : "a control character (\\x%02x)", (unsigned char)s[i]);
            good = false;
        }
        if (number > CV_LIMIT_LINES) {
            cv_diag_error(r->diags, (struct cv_place){number, 1, 0}, "more than %d lines", CV_LIMIT_LINES);
            return false;
        }
        add_line(r, number, s, end);
        s = lf ? lf + 1 : r->end;
    }
    return good;
}

const char *reader_line_end(const struct reader *r, const struct line *l)
{
    const char *lf = memchr(l->start, '\n', (size_t)(r->end - l->start)), *end = lf ? lf : r->end;
    while (end > l->start && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    return end;
}

/* ── places and errors ──────────────────────────────────────────────────────────────────────────── */
static uint32_t points(const char *s, const char *end)
{
    uint32_t n = 0;
    for (size_t length; s < end; s += length, n++)
        cv_utf8(s, (size_t)(end - s), &length);
    return n;
}

struct cv_place reader_place(const struct reader *r, const char *at, size_t n)
{
    return (struct cv_place){r->line->number, points(r->line->start, at) + 1, points(at, at + n)};
}

struct cv_place reader_here(const struct reader *r)
{
    return reader_place(r, r->token.at, r->token.n);
}

bool reader_error(struct reader *r, struct cv_place at, const char *format, ...)
{
    enum { MOST = 100 };
    if (r->failed)
        return false;
    r->failed = true;
    if (r->diags->errors > MOST)
        return false;
    if (r->diags->errors == MOST) {
        cv_diag_error(r->diags, at, "too many errors, the rest is not shown");
        return false;
    }
    va_list args;
    va_start(args, format);
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cv_diag_error(r->diags, at, "%s", text);
    return true;
}

void reader_did_you_mean(struct reader *r, const char *word, const char *const *names, size_t n)
{
    const char *near = cv_text_nearest(word, names, n);
    if (near)
        cv_diag_note(r->diags, "did you mean '%s'?", near);
}

const char *reader_shown(const struct token *t)
{
    static char shown[64];
    if (t->kind == T_END)
        return "the end of the line";
    snprintf(shown, sizeof shown, "'%.*s%s'", (int)(t->n > 40 ? 40 : t->n), t->at, t->n > 40 ? "…" : "");
    return shown;
}

/* ── tokens ─────────────────────────────────────────────────────────────────────────────────────── */
void reader_start_at(struct reader *r, const char *from, const char *stop)
{
    r->pos = from;
    r->stop = stop;
    reader_next(r);
}

void reader_start(struct reader *r, const struct line *l)
{
    r->line = l;
    r->failed = false;
    r->depth = r->links = 0;
    reader_start_at(r, l->text, l->end);
}

static const struct {
    const char *name;
    int64_t times;
    bool duration;
} units[] = {{"ns", 1, true},       {"us", 1000, true},       {"µs", 1000, true},
             {"ms", 1000000, true}, {"s", 1000000000, true},  {"K", 1024, false},
             {"M", 1048576, false}, {"G", 1073741824, false}, {"T", 1099511627776, false}};

static void number(struct reader *r)
{
    const char *s = r->pos, *digits = s;
    char text[64];
    size_t n = 0;
    bool point = false;
    for (; s < r->stop &&
           (isdigit((unsigned char)*s) || *s == '_' || (*s == '.' && !point && s + 1 < r->stop && isdigit((unsigned char)s[1])));
         s++) {
        point |= *s == '.';
        if (*s != '_' && n < sizeof text - 1)
            text[n++] = *s;
    }
    text[n] = 0;
    const char *unit = s;
    while (s < r->stop && (isalnum((unsigned char)*s) || *s == '_' || (unsigned char)*s >= 0x80))
        s++;
    r->token =
        (struct token){.kind = point ? T_DECIMAL : T_INT, .at = digits, .n = (size_t)(s - digits), .d = strtod(text, NULL)};
    r->pos = s;
    errno = 0;
    r->token.i = strtoll(text, NULL, 10);
    r->token.least = s == unit && !strcmp(text, "9223372036854775808");
    if (r->token.least)
        r->token.i = INT64_MIN;
    else if ((errno == ERANGE && !point) || n == sizeof text - 1)
        reader_error(r, reader_here(r), "the number does not fit into 64 bits");
    if (s == unit)
        return;
    for (size_t i = 0; i < CV_COUNT(units); i++)
        if ((size_t)(s - unit) == strlen(units[i].name) && memcmp(unit, units[i].name, (size_t)(s - unit)) == 0) {
            if (point ? r->token.d * (double)units[i].times > 9.2e18
                      : __builtin_mul_overflow(r->token.i, units[i].times, &r->token.i))
                reader_error(r, reader_here(r), "the number does not fit into 64 bits");
            else if (point)
                r->token.i = (int64_t)(r->token.d * (double)units[i].times + 0.5);
            r->token.kind = T_INT;
            r->token.duration = units[i].duration;
            return;
        }
    if (reader_error(r, reader_place(r, unit, (size_t)(s - unit)),
                     isupper((unsigned char)*unit) ? "no such unit of size: '%.*s'" : "no such duration unit: '%.*s'",
                     (int)(s - unit > 20 ? 20 : s - unit), unit))
        cv_diag_note(r->diags, isupper((unsigned char)*unit) ? "sizes are K, M, G, T" : "units are ns, us, ms, s");
}

void reader_next(struct reader *r)
{
    static const char *const two[] = {"..", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "->"};
    while (r->pos < r->stop && (*r->pos == ' ' || *r->pos == '\t'))
        r->pos++;
    const char *s = r->pos;
    r->token = (struct token){.kind = T_END, .at = s, .n = s < r->stop};
    if (s == r->stop)
        return;
    if (isdigit((unsigned char)*s)) {
        number(r);
        return;
    }
    if (isalpha((unsigned char)*s) || *s == '_') {
        while (r->pos < r->stop && (isalnum((unsigned char)*r->pos) || *r->pos == '_'))
            r->pos++;
        r->token.kind = T_NAME;
    } else if (*s == '"' || *s == '\'') {
        for (r->pos++; r->pos < r->stop && *r->pos != *s; r->pos++)
            if (*r->pos == '\\' && r->pos + 1 < r->stop)
                r->pos++;
        r->token.kind = T_STRING;
        if (r->pos == r->stop) {
            r->token.n = (size_t)(r->pos - s);
            reader_error(r, reader_here(r), "the string has no end");
            return;
        }
        r->pos++;
    } else {
        r->token.kind = T_PUNCT;
        size_t length;
        cv_utf8(s, (size_t)(r->stop - s), &length);
        r->pos += length;
        for (size_t i = 0; i < CV_COUNT(two); i++)
            if (r->stop - s >= 2 && memcmp(s, two[i], 2) == 0)
                r->pos = s + 2;
    }
    r->token.n = (size_t)(r->pos - s);
}

bool reader_is(const struct reader *r, const char *word)
{
    return (r->token.kind == T_NAME || r->token.kind == T_PUNCT) && r->token.n == strlen(word) &&
           memcmp(r->token.at, word, r->token.n) == 0;
}

bool reader_accept(struct reader *r, const char *word)
{
    if (!reader_is(r, word))
        return false;
    reader_next(r);
    return true;
}

bool reader_expect(struct reader *r, const char *punct, const char *where)
{
    if (reader_accept(r, punct))
        return true;
    reader_error(r, reader_here(r), "'%s' expected %s, not %s", punct, where, reader_shown(&r->token));
    return false;
}

void reader_end_of_line(struct reader *r)
{
    if (r->token.kind != T_END)
        reader_error(r, reader_here(r), "%s is too much here", reader_shown(&r->token));
}

static const char *const reserved[] = {"and",
                                       "or",
                                       "not",
                                       "in",
                                       "true",
                                       "false",
                                       "none",
                                       "if",
                                       "elif",
                                       "else",
                                       "while",
                                       "for",
                                       "repeat",
                                       "break",
                                       "continue",
                                       "return",
                                       "pass",
                                       "print",
                                       "spin",
                                       "until",
                                       "check",
                                       "mark",
                                       "sleep",
                                       "fetch",
                                       "yield",
                                       "lock",
                                       "unlock",
                                       "with",
                                       "acquire",
                                       "release",
                                       "put",
                                       "get",
                                       "wait",
                                       "notify",
                                       "notify_all",
                                       "set",
                                       "clear",
                                       "barrier",
                                       "spawn",
                                       "join",
                                       "all",
                                       "offload",
                                       "alloc",
                                       "pin",
                                       "nice",
                                       "fail",
                                       "crash",
                                       "cpu",
                                       "nogil",
                                       "await",
                                       "atomic",
                                       "append",
                                       "len",
                                       "min",
                                       "max",
                                       "random",
                                       "cas",
                                       "me",
                                       "name",
                                       "pid",
                                       "tid",
                                       "core",
                                       "now",
                                       "try",
                                       "except",
                                       "finally",
                                       "raise",
                                       "cancel",
                                       "timeout",
                                       "output",
                                       "elapsed",
                                       "cpu_time",
                                       "cores_used",
                                       "switches",
                                       "voluntary",
                                       "involuntary",
                                       "awaits",
                                       "loop_lag",
                                       "lost_updates",
                                       "stale_reads",
                                       "deadlock",
                                       "failed",
                                       "memory_per_task",
                                       "copies",
                                       "sorted",
                                       "count",
                                       "sometimes",
                                       "never"};

bool reader_reserved(const char *word)
{
    for (size_t i = 0; i < CV_COUNT(reserved); i++)
        if (!strcmp(reserved[i], word))
            return true;
    return false;
}

char *reader_name(struct reader *r, const char *what)
{
    if (r->token.kind != T_NAME) {
        reader_error(r, reader_here(r), "%s expected, not %s", what, reader_shown(&r->token));
        return NULL;
    }
    if (r->token.n > CV_LIMIT_NAME) {
        reader_error(r, reader_here(r), "a name has at most %d characters", CV_LIMIT_NAME);
        return NULL;
    }
    char *name = arena_text(r->arena, r->token.at, r->token.n);
    reader_next(r);
    return name;
}
