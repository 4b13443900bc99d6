/* Text: UTF-8, cleaning of what strangers wrote, durations, near words. */
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"

uint32_t cv_utf8(const char *s, size_t n, size_t *length)
{
    const unsigned char *u = (const unsigned char *)s;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *length = 1;
    size_t want = u[0] < 0x80                   ? 1
                  : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
                  : u[0] >= 0xe0 && u[0] < 0xf0 ? 3
                  : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
                                                : 0;
    if (want == 1)
        return u[0];
    if (want == 0 || want > n)
        return 0xfffd;
    uint32_t c = u[0] & (0xffu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (u[i] & 0x3f);
    }
    if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0xfffd;
    *length = want;
    return c;
}

/* Characters that turn the direction of a line or are invisible: a reader must see that they are there. */
static bool treacherous(uint32_t c)
{
    return (c >= 0x80 && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xad || c == 0x61c || c == 0x180e || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

bool cv_text_ascii;

void cv_text_clean(struct cv_buf *out, const char *s, size_t n)
{
    cv_buf_add(out, "", 0);
    for (size_t i = 0, length; i < n; i += length) {
        uint32_t c = cv_utf8(s + i, n - i, &length);
        if (s[i] == '\t')
            cv_buf_add(out, " ", 1);
        else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || (c == 0xfffd && length == 1))
            cv_buf_printf(out, "\\x%02x", (unsigned char)s[i]);
        else if (treacherous(c) || (cv_text_ascii && c >= 0x80))
            cv_buf_printf(out, "\\u{%x}", c);
        else
            cv_buf_add(out, s + i, length);
    }
}

void cv_text_json(struct cv_buf *out, const char *s, size_t n)
{
    cv_buf_str(out, "\"");
    for (size_t i = 0, length; i < n; i += length) {
        uint32_t c = cv_utf8(s + i, n - i, &length);
        if (c == '"' || c == '\\')
            cv_buf_printf(out, "\\%c", (char)c);
        else if (c < 0x20 || c == 0x7f || treacherous(c) || (c == 0xfffd && length == 1))
            cv_buf_printf(out, c < 0x10000 ? "\\u%04x" : "\\u%04x\\u%04x", c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
        else
            cv_buf_add(out, s + i, length);
    }
    cv_buf_str(out, "\"");
}

static int columns_of(const char *s)
{
    size_t n = strlen(s), length;
    int width = 0;
    for (size_t i = 0; i < n; i += length)
        width += cv_text_width(cv_utf8(s + i, n - i, &length));
    return width;
}

/* The columns left over. */
static int cut(struct cv_buf *out, const char *clean, int columns, bool ascii)
{
    const char *dots = columns_of(clean) <= columns ? "" : !ascii ? "…" : columns < 3 ? "." : "...";
    size_t n = strlen(clean), i = 0, length;
    int room = columns - columns_of(dots), width;
    for (; i < n && (width = cv_text_width(cv_utf8(clean + i, n - i, &length))) <= room; i += length)
        room -= width;
    cv_buf_add(out, clean, i);
    cv_buf_str(out, dots);
    return room;
}

void cv_text_cut(struct cv_buf *out, const char *clean, int columns, bool ascii) { cut(out, clean, columns, ascii); }

void cv_text_fit(struct cv_buf *out, const char *clean, int columns, bool ascii)
{
    for (int left = cut(out, clean, columns, ascii); left > 0; left--)
        cv_buf_str(out, " ");
}

void cv_text_letter(uint32_t n, char text[8])
{
    char reversed[8];
    int digits = 0;
    if (n == UINT32_MAX)
        reversed[digits++] = '|';
    for (uint64_t k = n == UINT32_MAX ? 0 : (uint64_t)n + 1; k; k = (k - 1) / 26)
        reversed[digits++] = (char)('A' + (k - 1) % 26);
    for (int i = 0; i < digits; i++)
        text[i] = reversed[digits - 1 - i];
    text[digits] = 0;
}

const char *cv_duration_text(uint64_t ns, bool ascii)
{
    static char ring[8][24];
    static unsigned next;
    char *to = ring[next++ % CV_COUNT(ring)];
    static const struct {
        uint64_t per;
        const char *unit, *plain;
    } units[] = {{1000000000u, "s", "s"}, {1000000u, "ms", "ms"}, {1000u, "µs", "us"}, {1u, "ns", "ns"}};
    if (ns >= 1000000000000u) { /* 1000 s and more: whole seconds, and past a million of them whole days */
        bool days = ns >= 1000000000000000u;
        snprintf(to, sizeof ring[0], "%llu %s", (unsigned long long)(ns / 1000000000u / (days ? 86400 : 1)), days ? "d" : "s");
        return to;
    }
    size_t u = 0;
    while (u < 3 && ns + units[u].per / 2000 < units[u].per) /* 999.5 of the smaller unit are 1 of this one */
        u++;
    double v = (double)ns / (double)units[u].per;
    int decimals = u == 3 ? 0 : u == 0 && v < 9.9995 ? 3 : v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
    snprintf(to, sizeof ring[0], "%.*f %s", decimals, v, ascii ? units[u].plain : units[u].unit);
    return to;
}

/* Damerau-Levenshtein (optimal string alignment), at most 64 letters. */
static size_t distance(const char *a, const char *b)
{
    size_t d[3][66], na = strlen(a), nb = strlen(b);
    if (na > 64 || nb > 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = d[i % 3], *last = d[(i + 2) % 3], *before = d[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return d[na % 3][nb];
}

const char *cv_text_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t length = strlen(word), least = length <= 2 ? 1 : length <= 5 ? 2 : 3;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, names[i]);
        if (d <= least && (!best || d < least) && d < length) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
