/* Any bytes: mutations of the files of tests/lang and of the shipped scenarios, and plain noise, from a fixed seed, for a
 * bounded time. Each yields a program or diagnostics, never neither, and every place lies inside the text. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "convis/lang.h"
#include "suite.h"

enum { MUTATIONS = 4000, LARGEST = 8192 };
static const uint64_t most_ns = 3000000000u;
static uint64_t state = 0x9e3779b97f4a7c15u;
static CV_VEC(struct cv_buf) corpus;

static uint32_t dice(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (uint32_t)(state >> 32) % n : 0;
}

static void gather(const char *folder)
{
    DIR *d = opendir(folder);
    ck_assert_msg(d != NULL, "cannot open %s", folder);
    for (struct dirent *e; (e = readdir(d));) {
        char path[1024], part[LARGEST];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = strstr(e->d_name, ".ini") ? fopen(path, "rb") : NULL;
        if (!f)
            continue;
        struct cv_buf b = {0};
        cv_buf_add(&b, part, fread(part, 1, sizeof part, f));
        fclose(f);
        CV_PUSH(&corpus, b);
    }
    closedir(d);
}

static const char *const words[] = {
    "await ",   "repeat 3:",  "[",          "]",       "[task t]\n",          "\n    ",      "\n",        "\t",      "\"",
    "{",        "}",          "..",         "-1",      "9223372036854775807", "[0] * 65536", "with m:\n", "else:\n", "\xff",
    "\0x",      "((((((((",   "not ",       "-",       "for i in 1..2:\n",    " and ",       "1s",        "#",       "\r\n",
    "x += 1\n", "[shared]\n", "[expect]\n", "atomic ", "cas(x, 0, 1)",        "items[0]",    "x 100000",  "\\u{",    "'"};

static void mutate(struct cv_buf *b)
{
    for (uint32_t times = 1 + dice(6); times--;) {
        uint32_t at = dice((uint32_t)b->n + 1), rest = (uint32_t)b->n - at, n = dice(24);
        n = n > rest ? rest : n;
        switch (dice(5)) {
        case 0: /* a bit flips */
            if (rest)
                b->at[at] = (char)(b->at[at] ^ 1 << dice(8));
            break;
        case 1: /* bytes go */
            memmove(b->at + at, b->at + at + n, rest - n);
            b->n -= n;
            break;
        case 2: /* a piece of another place, twice as often as one would think */
        case 3: {
            const struct cv_buf *other = &corpus.at[dice((uint32_t)corpus.n)];
            uint32_t from = dice((uint32_t)other->n), length = dice(200);
            length = from + length > other->n ? (uint32_t)other->n - from : length;
            if (b->n + length <= 2 * LARGEST) {
                memmove(b->at + at + length, b->at + at, rest);
                memcpy(b->at + at, other->at + from, length);
                b->n += length;
            }
            break;
        }
        default: { /* a word of the language */
            const char *w = words[dice(CV_COUNT(words))];
            size_t length = *w ? strlen(w) : 2;
            if (b->n + length <= 2 * LARGEST) {
                memmove(b->at + at + length, b->at + at, rest);
                memcpy(b->at + at, w, length);
                b->n += length;
            }
        }
        }
    }
}

static bool read_any(const char *text, size_t n)
{
    struct cv_diags d = {0};
    uint32_t lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    struct cv_program *p = cv_program_read("fuzz.ini", text, n, NULL, 0, &d);
    ck_assert_msg((p == NULL) == (d.errors > 0), "neither a program nor an error, or both");
    ck_assert_uint_le(d.n, 110);
    for (size_t i = 0; i < d.n; i++) {
        ck_assert_uint_le(d.at[i].at.line, lines);
        ck_assert_uint_le(d.at[i].at.column, n + 2);
        ck_assert(d.at[i].text[0] != 0);
    }
    struct cv_buf words_of = {0};
    for (uint32_t pc = 0; p && pc < p->ncode && pc < 500; pc++) {
        words_of.n = 0;
        cv_insn_text(p, pc, &words_of);
    }
    cv_buf_release(&words_of);
    bool good = p != NULL;
    cv_program_free(p);
    cv_diags_release(&d);
    return good;
}

START_TEST(mutations)
{
    const char *tests = getenv("CV_TESTS") ? getenv("CV_TESTS") : "tests";
    char folder[900];
    snprintf(folder, sizeof folder, "%s/lang", tests);
    gather(folder);
    snprintf(folder, sizeof folder, "%s/../scenarios", tests);
    gather(folder);
    ck_assert_uint_ge(corpus.n, 70);
    uint64_t begin = cv_mono_ns();
    unsigned right = 0, n = 0;
    struct cv_buf b = {.at = cv_alloc(2 * LARGEST + 1)};
    for (; n < MUTATIONS && cv_mono_ns() - begin < most_ns; n++) {
        const struct cv_buf *from = &corpus.at[dice((uint32_t)corpus.n)];
        memcpy(b.at, from->at, from->n);
        b.n = from->n;
        mutate(&b);
        right += read_any(b.at, b.n);
    }
    ck_assert_uint_ge(n, 100);
    ck_assert_uint_lt(right, n);
    free(b.at);
}
END_TEST

START_TEST(noise)
{
    char text[600];
    for (unsigned n = 0; n < 500; n++) {
        size_t length = dice(sizeof text);
        for (size_t i = 0; i < length; i++)
            text[i] = (char)(n & 1 ? dice(256) : 32 + dice(95));
        read_any(text, length);
    }
    read_any("", 0);
}
END_TEST

/* What is large but allowed, or just not: told, and in no time. */
START_TEST(large)
{
    static const struct {
        const char *head, *again;
        bool right;
    } shapes[] = {{"[task t]\n    a = 1", " + 1", false},
                  {"[task t]\n    a = ", "-", false},
                  {"[task t]\n    a = ", "(", false},
                  {"[task t]\n    a = ", "[", false},
                  {"[task t]\n    a = ", "not ", false},
                  {"[task t]\n", " pass\n", false},
                  {"[task t]\n a = [1]\n b = a", "[0]", false},
                  {"[task t]\n if true:\n  pass\n", " elif true:\n  pass\n", false},
                  {"[shared]\n", "x = [0] * 65536\n", false},
                  {"[task t for v in 0", ", 1", false},
                  {"[task t for v in 0", ",1", false},
                  {"[task t]\n print \"", "{", false},
                  {"", "\n", false},
                  {"", "[task t]\n", false},
                  {"[task t]\n print \"", "x", false},
                  {"[task t]\n pass\n;", "é", true}};
    for (size_t i = 0; i < CV_COUNT(shapes); i++) {
        struct cv_buf b = {0};
        cv_buf_str(&b, shapes[i].head);
        while (b.n + strlen(shapes[i].again) <= CV_LIMIT_FILE)
            cv_buf_str(&b, shapes[i].again);
        uint64_t begin = cv_mono_ns();
        ck_assert_msg(read_any(b.at, b.n) == shapes[i].right, "%s…%s", shapes[i].head, shapes[i].again);
        ck_assert_msg(cv_mono_ns() - begin < most_ns, "%s…%s took too long", shapes[i].head, shapes[i].again);
        cv_buf_str(&b, "    more than is allowed");
        struct cv_diags d = {0};
        ck_assert_ptr_null(cv_program_read("large.ini", b.at, b.n, NULL, 0, &d));
        ck_assert_uint_eq(d.n, 1);
        cv_diags_release(&d);
        cv_buf_release(&b);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang_fuzz");
    TCase *t = tcase_create("any bytes");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, mutations);
    tcase_add_test(t, noise);
    tcase_add_test(t, large);
    suite_add_tcase(s, t);
    return s;
}
