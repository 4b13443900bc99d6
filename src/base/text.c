/* Text: UTF-8, widths, cleaning of what strangers wrote, durations, near words. */
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"

uint32_t cv_utf8(const char *s, size_t n, size_t *length)
{
    const unsigned char *u = (const unsigned char *)s;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *length = 1;
    size_t want = u[0] < 0x80 ? 1 : u[0] >= 0xc2 && u[0] < 0xe0 ? 2 : u[0] >= 0xe0 && u[0] < 0xf0 ? 3 : u[0] >= 0xf0 && u[0] < 0xf5 ? 4 : 0;
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

struct range { uint32_t from, to; };

static bool in(const struct range *r, size_t n, uint32_t c)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c > r[mid].to)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && c >= r[low].from;
}

/* Combining marks and format characters; East Asian wide and emoji: the common blocks, after Unicode 15's tables. */
static const struct range zero[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x6d6, 0x6dc},
    {0x900, 0x902}, {0x93a, 0x93a}, {0x941, 0x948}, {0x94d, 0x94d}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
static const struct range wide[] = {{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0},
    {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1},
    {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3},
    {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c},
    {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
    {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
    {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
    {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567},
    {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
    {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

int cv_text_width(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return 0;
    if (c < 0x300)
        return 1;
    if (in(zero, CV_COUNT(zero), c))
        return 0;
    return in(wide, CV_COUNT(wide), c) ? 2 : 1;
}

/* Characters that turn the direction of a line or are invisible: a reader must see that they are there. */
static bool treacherous(uint32_t c)
{
    return (c >= 0x80 && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xad || c == 0x61c || c == 0x180e || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

void cv_text_clean(struct cv_buf *out, const char *s, size_t n)
{
    cv_buf_add(out, "", 0);
    for (size_t i = 0, length; i < n; i += length) {
        uint32_t c = cv_utf8(s + i, n - i, &length);
        if (s[i] == '\t')
            cv_buf_add(out, " ", 1);
        else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || (c == 0xfffd && length == 1))
            cv_buf_printf(out, "\\x%02x", (unsigned char)s[i]);
        else if (treacherous(c))
            cv_buf_printf(out, "\\u{%x}", c);
        else
            cv_buf_add(out, s + i, length);
    }
}

const char *cv_duration_text(uint64_t ns, bool ascii)
{
    static char ring[8][24];
    static unsigned next;
    char *to = ring[next++ % CV_COUNT(ring)];
    static const struct { uint64_t per; const char *unit, *plain; } units[] = {
        {1000000000u, "s", "s"}, {1000000u, "ms", "ms"}, {1000u, "µs", "us"}, {1u, "ns", "ns"}};
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
