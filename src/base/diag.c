/* Diagnostics: collected with their places, printed in one go with the source line and a caret. */
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"

CV_PRINTF(1, 0) static char *format_text(const char *format, va_list args)
{
    CV_ASSERT(format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    CV_ASSERT(n >= 0);
    char *text = cv_alloc((size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

void cv_diag_error(struct cv_diags *d, struct cv_place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct cv_diag one = {.at = at, .text = format_text(format, args)};
    va_end(args);
    CV_PUSH(d, one);
    d->errors++;
}

void cv_diag_note(struct cv_diags *d, const char *format, ...)
{
    CV_ASSERT(d->n > 0);
    va_list args;
    va_start(args, format);
    free(d->at[d->n - 1].note);
    d->at[d->n - 1].note = format_text(format, args);
    va_end(args);
}

void cv_diags_sort(struct cv_diags *d)
{
    for (size_t i = 1; i < d->n; i++) { /* few, and stable */
        struct cv_diag one = d->at[i];
        size_t j = i;
        for (; j > 0 && (d->at[j - 1].at.line > one.at.line ||
                         (d->at[j - 1].at.line == one.at.line && d->at[j - 1].at.column > one.at.column));
             j--)
            d->at[j] = d->at[j - 1];
        d->at[j] = one;
    }
}

static const char *find_line(const char *source, size_t n, uint32_t line, size_t *length)
{
    const char *at = source, *end = source + n;
    for (uint32_t i = 1; i < line && at < end; i++) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        at = lf ? lf + 1 : end;
    }
    const char *lf = memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((lf ? lf : end) - at);
    if (*length && at[*length - 1] == '\r')
        --*length;
    return at;
}

/* The source line, cleaned, and under it blanks up to the place and a caret, by the columns each character takes. Of a line
 * that is far too long, a window around the place. */
static void show_line(struct cv_buf *out, const char *line, size_t n, struct cv_place at)
{
    struct cv_buf text = {0}, under = {0};
    enum { WIDEST = 200 }; /* characters */
    uint32_t column = 1, marked = 0, skip = at.column > WIDEST / 2 ? at.column - WIDEST / 2 : 0;
    if (skip) {
        cv_buf_str(&text, "...");
        cv_buf_str(&under, "   ");
    }
    for (size_t i = 0, length; i < n && column <= skip + WIDEST; i += length, column++) {
        cv_utf8(line + i, n - i, &length);
        if (column <= skip)
            continue;
        struct cv_buf one = {0};
        cv_text_clean(&one, line + i, length);
        int width = 0;
        for (size_t k = 0, step; k < one.n; k += step)
            width += cv_text_width(cv_utf8(one.at + k, one.n - k, &step));
        bool in = column >= at.column && column < at.column + (at.length ? at.length : 1);
        for (int k = 0; k < width && (column <= at.column || in); k++)
            cv_buf_str(&under, column < at.column ? " " : marked++ ? "~" : "^");
        cv_buf_add(&text, one.at, one.n);
        cv_buf_release(&one);
    }
    for (; column < at.column && column < skip + WIDEST; column++)
        cv_buf_str(&under, " ");
    if (!marked)
        cv_buf_str(&under, "^");
    cv_buf_printf(out, "    %s\n    %s\n", text.at ? text.at : "", under.at);
    cv_buf_release(&text);
    cv_buf_release(&under);
}

void cv_diags_print(FILE *to, const struct cv_diags *d, const char *file, const char *source, size_t source_length)
{
    struct cv_buf out = {0};
    for (size_t i = 0; i < d->n; i++) {
        const struct cv_diag *one = &d->at[i];
        cv_text_clean(&out, file, strlen(file));
        if (one->at.line)
            cv_buf_printf(&out, ":%u:%u", one->at.line, one->at.column);
        cv_buf_str(&out, one->warning ? ": warning: " : ": error: ");
        cv_text_clean(&out, one->text, strlen(one->text));
        cv_buf_str(&out, "\n");
        if (one->at.line && one->at.column && source) {
            size_t n;
            const char *line = find_line(source, source_length, one->at.line, &n);
            show_line(&out, line, n, one->at);
        }
        if (one->note) {
            cv_buf_str(&out, "  note: ");
            cv_text_clean(&out, one->note, strlen(one->note));
            cv_buf_str(&out, "\n");
        }
    }
    if (out.n)
        fwrite(out.at, 1, out.n, to);
    cv_buf_release(&out);
}

void cv_diags_release(struct cv_diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->at[i].text);
        free(d->at[i].note);
    }
    free(d->at);
    *d = (struct cv_diags){0};
}
