/* The page: lines with their indentation and their comment, names that mean nothing else in Python, comments taken over from
 * the scenario. What is printed comes from a format; the modules that a format names are those to import. */
#include <stdlib.h>
#include <string.h>

#include "python/python.h"

/* ── names ──────────────────────────────────────────────────────────────────────────────────────── */
/* What a name of a scenario must not be: Python's keywords, and what the writer itself uses of builtins and modules. */
static const char *const taken[] = {
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "False",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None", "nonlocal", "not", "or", "pass", "raise",
    "return", "True", "try", "while", "with", "yield",
    "Exception", "RuntimeError", "all", "bytes", "enumerate", "int", "len", "list", "max", "min", "next", "open", "print", "range", "str",
    "asyncio", "concurrent", "contextlib", "ctypes", "hashlib", "itertools", "mp", "multiprocessing", "os", "queue", "random", "sys", "threading", "time"};

static const char *const modules[] = {"asyncio", "concurrent.futures", "contextlib", "ctypes", "hashlib", "itertools", "multiprocessing", "os", "queue",
                                      "random", "sys", "threading", "time"};

static size_t stem(const char *name) /* without the underscores at its end */
{
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '_')
        n--;
    return n;
}

void py_name(struct py *y, const char *name)
{
    cv_buf_str(y->out, name);
    for (size_t i = 0; i < CV_COUNT(taken); i++)
        if (strlen(taken[i]) == stem(name) && !memcmp(taken[i], name, stem(name)))
            cv_buf_str(y->out, "_"); /* time becomes time_, and time_ time__: different names stay different */
}

static bool scenario_has(const struct py *y, const char *name, bool bodies)
{
    const struct cv_program *p = y->p;
    for (uint32_t i = 0; i < p->nparams; i++)
        if (!strcmp(p->params[i].name, name))
            return true;
    for (uint32_t i = 0; i < p->nvars; i++)
        if (!strcmp(p->vars[i].name, name))
            return true;
    for (uint32_t i = 0; i < p->nsyncs; i++)
        if (!strcmp(p->syncs[i].name, name))
            return true;
    for (uint32_t b = 0; b < p->nbodies; b++) {
        if (bodies && b && !strcmp(p->bodies[b].name, name))
            return true;
        for (uint32_t i = 0; i < p->bodies[b].nlocals; i++)
            if (p->bodies[b].locals && p->bodies[b].locals[i] && !strcmp(p->bodies[b].locals[i], name))
                return true;
    }
    return false;
}

void py_derived(struct py *y, const char *before, const char *name, const char *after)
{
    char text[2 * CV_LIMIT_NAME];
    int n = snprintf(text, sizeof text, "%s%s%s", before, name, after);
    while (scenario_has(y, text, *before || *after) && n < (int)sizeof text - 1)
        text[n++] = '_', text[n] = 0;
    py_name(y, text);
}

/* A task may have the name of a variable; in Python it may not. */
void py_function(struct py *y, uint32_t body)
{
    const char *name = y->p->bodies[body].name;
    if (body == 0)
        py_put(y, "%F", F_MAIN);
    else
        py_derived(y, "", name, scenario_has(y, name, false) ? "_task" : "");
}

void py_cas_name(struct py *y, uint32_t v) { py_derived(y, "cas_", y->p->vars[v].name, ""); }
void py_numbers(struct py *y, uint32_t body) { py_derived(y, "", y->p->bodies[body].name, "_numbers"); }

static void fresh_names(struct py *y)
{
    static const char *const wanted[] = {
        [F_TASKS] = "tasks", [F_TASK] = "task", [F_MAIN] = "main", [F_START] = "start", [F_CPU] = "cpu", [F_CPU_NOGIL] = "cpu_nogil",
        [F_FETCH] = "fetch", [F_CORE] = "core", [F_ATOMIC] = "atomic", [F_MEMORY] = "memory", [F_BEGAN] = "began",
        [F_MANAGER] = "manager", [F_SHARED] = "shared", [F_NUMBER] = "number", [F_THREADS] = "threads",
        [F_PROCESSES] = "processes", [F_TURN] = "_"};
    for (int i = 0; i < FRESH_COUNT; i++) {
        size_t n = (size_t)snprintf(y->fresh[i], sizeof y->fresh[i], "%s", wanted[i]);
        while (scenario_has(y, y->fresh[i], true) && n < sizeof y->fresh[i] - 1)
            y->fresh[i][n++] = '_';
    }
}

/* ── the source's comments ──────────────────────────────────────────────────────────────────────── */
static void find_lines(struct py *y)
{
    const char *s = y->p->source, *end = s + y->p->source_length;
    CV_VEC(const char *) lines = {0};
    while (s < end) {
        CV_PUSH(&lines, s);
        const char *lf = memchr(s, '\n', (size_t)(end - s));
        s = lf ? lf + 1 : end;
    }
    y->nlines = (uint32_t)lines.n;
    CV_PUSH(&lines, end);
    y->lines = lines.at;
}

/* Where the comment of a line begins, as the reader cuts it; its end where there is none. */
static const char *comment_at(const char *s, const char *end)
{
    char quote = 0;
    bool blank = true;
    for (; s < end; s++) {
        if (quote) {
            s += *s == '\\' && s + 1 < end;
            quote = *s == quote ? 0 : quote;
            blank = false;
        } else if ((*s == ';' || *s == '#') && blank) {
            break;
        } else {
            quote = *s == '"' || *s == '\'' ? *s : 0;
            blank = *s == ' ' || *s == '\t';
        }
    }
    return s;
}

/* The text of a line's comment; alone: nothing stands before it. false: it has none. */
static bool line_comment(const struct py *y, uint32_t line, const char **text, size_t *n, bool *alone)
{
    if (line == 0 || line > y->nlines)
        return false;
    const char *s = y->lines[line - 1], *end = y->lines[line];
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    while (end > s && strchr(" \t\r\n", end[-1]))
        end--;
    const char *at = comment_at(s, end);
    *alone = at == s;
    while (at < end && strchr(";# \t", *at))
        at++;
    *text = at;
    *n = (size_t)(end - at);
    return *n > 0;
}

void py_take_comments(struct py *y, uint32_t line)
{
    const char *text;
    size_t n;
    bool alone;
    uint32_t first = line;
    while (first - 1 > y->line && line_comment(y, first - 1, &text, &n, &alone) && alone)
        first--;
    for (; first < line; first++)
        if (line_comment(y, first, &text, &n, &alone))
            py_comment(y, text, n);
    if (line_comment(y, line, &text, &n, &alone) && !alone) {
        struct cv_buf clean = {0};
        cv_text_clean(&clean, text, n);
        py_note(y, clean.at);
        cv_buf_release(&clean);
    }
    y->line = line;
}

void py_names(struct py *y)
{
    find_lines(y);
    fresh_names(y);
}

/* ── lines ──────────────────────────────────────────────────────────────────────────────────────── */
void py_import(struct py *y, const char *format)
{
    for (size_t i = 0; i < CV_COUNT(modules); i++) {
        size_t n = strlen(modules[i]);
        for (const char *at = format; (at = strstr(at, modules[i])); at += n)
            if (at[n] == '.')
                y->modules |= 1u << i;
    }
}

void py_imports(struct py *y)
{
    for (size_t i = 0; i < CV_COUNT(modules); i++)
        if (y->modules >> i & 1)
            cv_buf_printf(y->out, "import %s\n", modules[i]);
}

static void directive(struct py *y, char c, va_list *args)
{
    switch (c) {
    case 's': cv_buf_str(y->out, va_arg(*args, const char *)); break;
    case 'u': cv_buf_printf(y->out, "%u", va_arg(*args, unsigned)); break;
    case 'n': py_name(y, va_arg(*args, const char *)); break;
    case 'f': py_function(y, va_arg(*args, unsigned)); break;
    case 'v': py_var(y, va_arg(*args, unsigned)); break;
    case 'e': py_expr(y, va_arg(*args, const struct cv_expr *), L_ANY); break;
    case 'a': py_expr(y, va_arg(*args, const struct cv_expr *), L_MULTIPLY); break;
    case 'c': py_keep(y, va_arg(*args, const struct cv_expr *)); break;
    case 'd': py_duration(y, va_arg(*args, const struct cv_expr *)); break;
    case 'F': {
        int f = va_arg(*args, int);
        y->used[f] = true;
        cv_buf_str(y->out, y->fresh[f]);
        break;
    }
    case '%': cv_buf_str(y->out, "%"); break;
    default: CV_ASSERT(!"a directive of py_put");
    }
}

static void put_list(struct py *y, const char *format, va_list *args)
{
    py_import(y, format);
    for (const char *s = format; *s;) {
        size_t n = strcspn(s, "%");
        cv_buf_add(y->out, s, n);
        s += n;
        if (*s) {
            directive(y, s[1], args);
            s += 2;
        }
    }
}

void py_put(struct py *y, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_list(y, format, &args);
    va_end(args);
}

void py_begin(struct py *y)
{
    for (unsigned i = 0; i < y->indent; i++)
        cv_buf_str(y->out, "    ");
}

void py_end(struct py *y)
{
    if (y->comment.n)
        cv_buf_printf(y->out, "  # %s", y->comment.at);
    y->comment.n = 0;
    cv_buf_str(y->out, "\n");
    y->written++;
}

void py_line(struct py *y, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    py_begin(y);
    put_list(y, format, &args);
    py_end(y);
    va_end(args);
}

void py_note(struct py *y, const char *text)
{
    if (y->comment.n)
        cv_buf_str(&y->comment, "; ");
    cv_buf_str(&y->comment, text);
}

void py_comment(struct py *y, const char *s, size_t n)
{
    py_begin(y);
    cv_buf_str(y->out, "# ");
    cv_text_clean(y->out, s, n);
    cv_buf_str(y->out, "\n");
}

void py_list(struct py *y, const char *open, struct py_entries *entries, const char *close)
{
    enum { WIDTH = 88 };
    size_t n = 4 * y->indent + strlen(open) + strlen(close);
    for (size_t i = 0; i < entries->n; i++)
        n += entries->at[i].n + 2;
    bool one = n <= WIDTH + 2 || entries->n == 0;
    py_import(y, open);
    py_begin(y);
    cv_buf_str(y->out, open);
    if (!one)
        py_end(y);
    y->indent += !one;
    for (size_t i = 0; i < entries->n; i++) {
        cv_buf_str(y->out, one && i ? ", " : "");
        if (!one)
            py_begin(y);
        cv_buf_add(y->out, entries->at[i].at, entries->at[i].n);
        cv_buf_str(y->out, one ? "" : ",\n");
        cv_buf_release(&entries->at[i]);
    }
    y->indent -= !one;
    if (!one)
        py_begin(y);
    cv_buf_str(y->out, close);
    py_end(y);
    free(entries->at);
    *entries = (struct py_entries){0};
}
