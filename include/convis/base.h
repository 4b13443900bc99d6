/* base: what every room stands on: assertions, memory, growing buffers, the clock, text, diagnostics.
 * Includes nothing of ours. All sizes in bytes, all times in nanoseconds unless a name says ticks. */
#ifndef CONVIS_BASE_H
#define CONVIS_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define CV_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CV_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ── assertions and the end ─────────────────────────────────────────────────────────────────────
 * A mistake of ours. Stays on in a release. Runs cv_panic_hook (the terminal's restorer) first. */
#define CV_ASSERT(cond) ((cond) ? (void)0 : cv_panic(__FILE__, __LINE__, #cond))
_Noreturn void cv_panic(const char *file, int line, const char *what);
extern void (*cv_panic_hook)(void); /* async-signal-safe; may be NULL */

/* ── memory: never NULL; out of memory runs the hook, says so and exits with 3 ─────────────────── */
void *cv_alloc(size_t size);                      /* zeroed; free() it */
void *cv_realloc(void *p, size_t size);           /* new bytes are not zeroed */
char *cv_strndup(const char *s, size_t n);        /* terminated copy; free() it */
_Noreturn void cv_no_memory(size_t size);         /* of an allocation of another kind that failed */

/* A vector is { type *at; size_t n, cap; }. Push with CV_PUSH; free(v.at) releases it. */
#define CV_VEC(type) struct { type *at; size_t n, cap; }
#define CV_PUSH(v, x) ((v)->n < (v)->cap ? (void)0 : cv_vec_grow((void **)&(v)->at, (v)->n, &(v)->cap, sizeof *(v)->at), (v)->at[(v)->n++] = (x))
void cv_vec_grow(void **at, size_t n, size_t *cap, size_t item); /* room for one more item */

/* Of n items numbered i, those that `holds` come first, then those that do not: how many do. Binary search. */
#define CV_PARTITION_POINT(n, i, holds) ({                                                                                    \
    size_t low_ = 0, high_ = (n);                                                                                             \
    while (low_ < high_) {                                                                                                    \
        size_t i = low_ + (high_ - low_) / 2;                                                                                 \
        if (holds)                                                                                                            \
            low_ = i + 1;                                                                                                     \
        else                                                                                                                  \
            high_ = i;                                                                                                        \
    }                                                                                                                         \
    low_;                                                                                                                     \
})

/* A growing text buffer, always terminated once something was added. */
struct cv_buf { char *at; size_t n, cap; };
void cv_buf_add(struct cv_buf *b, const char *s, size_t n);
void cv_buf_str(struct cv_buf *b, const char *s);
void cv_buf_printf(struct cv_buf *b, const char *format, ...) CV_PRINTF(2, 3);
void cv_buf_release(struct cv_buf *b);

/* ── the clock ──────────────────────────────────────────────────────────────────────────────────
 * Ticks are the TSC where it is invariant, else CLOCK_MONOTONIC_RAW nanoseconds. cv_clock_init()
 * decides once per process; every process of a run decides alike. */
extern bool cv_clock_tsc;
void cv_clock_init(void);
const char *cv_clock_name(void); /* "tsc" or "vdso" */
static inline uint64_t cv_mono_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
/* Only where cv_clock_tsc. */
static inline uint64_t cv_tsc(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}
static inline uint64_t cv_ticks(void) { return cv_clock_tsc ? cv_tsc() : cv_mono_ns(); }
/* A pair of readings taken together; two of them map ticks to nanoseconds. */
struct cv_clock_pair { uint64_t ticks, ns; };
struct cv_clock_pair cv_clock_pair(void); /* the tightest of a few tries */
/* Nanoseconds (CLOCK_MONOTONIC_RAW) of a tick count, on the line through the two pairs. */
uint64_t cv_clock_ns(struct cv_clock_pair early, struct cv_clock_pair late, uint64_t ticks);

/* ── text ───────────────────────────────────────────────────────────────────────────────────────
 * Text from scenarios is untrusted: whatever goes to a terminal or a file passes cv_text_clean. */
/* Appends n bytes of s; control characters, DEL, C1, bidi controls and bytes that are not UTF-8 come out visibly as \xNN or
 * \u{NNNN}; a tab becomes one space. Newlines too are escaped. */
void cv_text_clean(struct cv_buf *out, const char *s, size_t n);
/* As a JSON string, quotes and all: what cv_text_clean would not let through is escaped, bytes that are no UTF-8 become U+FFFD. */
void cv_text_json(struct cv_buf *out, const char *s, size_t n);
/* Where UTF-8 is not understood its bytes may be control characters: when set, cv_text_clean lets ASCII through and nothing
 * else; the rest comes out as \u{NNNN}. False at the start. */
extern bool cv_text_ascii;
/* Appends text that is clean already, padded or cut to exactly so many columns, at least 1 (an ellipsis where cut). */
void cv_text_fit(struct cv_buf *out, const char *clean, int columns, bool ascii);
void cv_text_cut(struct cv_buf *out, const char *clean, int columns, bool ascii); /* the same, not padded */
/* The name of number n: A, B, …, Z, AA, …; terminated. UINT32_MAX, in front of A: |. */
void cv_text_letter(uint32_t n, char text[8]);
/* The code point at s (n > 0 bytes left) and its length; U+FFFD and 1 where it is not UTF-8. */
uint32_t cv_utf8(const char *s, size_t n, size_t *length);
int cv_text_width(uint32_t code_point); /* columns: 0, 1 or 2; the table is our own wcwidth, independent of the locale */
/* "1.234 s", "56.7 ms", "890 µs": at most 8 columns, three significant figures. Static ring of 8 buffers. */
const char *cv_duration_text(uint64_t ns, bool ascii);
/* The candidate nearest to word by Damerau-Levenshtein distance, or NULL when none is near enough to be
 * meant. names is an array of n strings. */
const char *cv_text_nearest(const char *word, const char *const *names, size_t n);

/* ── diagnostics ────────────────────────────────────────────────────────────────────────────────
 * Collected, then printed in one go, ordered by place. Text is copied. */
struct cv_place { uint32_t line, column, length; }; /* from 1; column and length in code points; length 0: unknown */
struct cv_diag { struct cv_place at; bool warning; char *text, *note; /* note may be NULL */ };
struct cv_diags { CV_VEC(struct cv_diag); size_t errors; };
void cv_diag_error(struct cv_diags *d, struct cv_place at, const char *format, ...) CV_PRINTF(3, 4);
/* The cure, set on the diagnostic added last. */
void cv_diag_note(struct cv_diags *d, const char *format, ...) CV_PRINTF(2, 3);
void cv_diags_sort(struct cv_diags *d);
/* "file:line:col: error: text", the source line and a caret under it, "  note: …". Cleaned text. */
void cv_diags_print(FILE *to, const struct cv_diags *d, const char *file, const char *source, size_t source_length);
void cv_diags_release(struct cv_diags *d);

#endif
