/* The exporters on a summary full of hostile text: the JSON is JSON by a strict reader of our own, decodes to what was put in,
 * and neither form lets a control character through. */
#include <stdlib.h>
#include <string.h>

#include "convis/export.h"
#include "suite.h"

static const char hostile[] = "\"\\/\b\f\n\r\t\x1b[31m\x7f \xc2\x9b\x9b \xe2\x80\xae \xe2\x80\xa8 \xff\xc3( \xed\xa0\x80 Gr\xc3\xb6\xc3\x9f"
                              "e \xe6\x97\xa5 \xf0\x9f\x98\x80 {x} </script> %s%n";

/* ── a strict reader (RFC 8259) ─────────────────────────────────────────────────────────────────── */
struct reader { const char *at, *end; struct cv_buf strings; }; /* strings: all decoded, each after a newline */

static void blanks(struct reader *r)
{
    while (r->at < r->end && strchr(" \n\r\t", *r->at))
        r->at++;
}

static void utf8(struct cv_buf *out, uint32_t c)
{
    char b[4] = {(char)c};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; n > 1 && i-- > 1; c >>= 6)
        b[i] = (char)(0x80 | (c & 0x3f));
    if (n > 1)
        b[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    cv_buf_add(out, b, n);
}

static uint32_t four(struct reader *r)
{
    uint32_t c = 0;
    ck_assert(r->end - r->at >= 4);
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, r->at[i] | 0x20);
        ck_assert_ptr_nonnull(d);
        c = c << 4 | (uint32_t)(d - digits);
    }
    r->at += 4;
    return c;
}

static void read_string(struct reader *r)
{
    ck_assert(r->at < r->end && *r->at == '"');
    cv_buf_str(&r->strings, "\n");
    for (r->at++; *r->at != '"';) {
        size_t length;
        ck_assert(r->at < r->end);
        ck_assert_msg((unsigned char)*r->at >= 0x20, "a bare control character 0x%02x", (unsigned char)*r->at);
        if (*r->at != '\\') {
            uint32_t c = cv_utf8(r->at, (size_t)(r->end - r->at), &length);
            ck_assert_msg(c != 0xfffd || length == 3, "a byte that is not UTF-8: 0x%02x", (unsigned char)*r->at);
            cv_buf_add(&r->strings, r->at, length);
            r->at += length;
            continue;
        }
        char kind = r->at[1];
        r->at += 2;
        if (kind == 'u') {
            uint32_t c = four(r);
            if (c >= 0xd800 && c < 0xdc00) {
                ck_assert(r->at[0] == '\\' && r->at[1] == 'u');
                r->at += 2;
                uint32_t low = four(r);
                ck_assert(low >= 0xdc00 && low < 0xe000);
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            }
            ck_assert(c < 0xdc00 || c >= 0xe000);
            utf8(&r->strings, c);
        } else {
            const char *kinds = "\"\\/bfnrt", *k = strchr(kinds, kind);
            ck_assert(kind && k);
            utf8(&r->strings, (uint32_t) "\"\\/\b\f\n\r\t"[k - kinds]);
        }
    }
    r->at++;
}

static void read_number(struct reader *r)
{
    r->at += *r->at == '-';
    size_t whole = strspn(r->at, "0123456789");
    ck_assert(whole == 1 || (whole > 1 && *r->at != '0'));
    r->at += whole;
    if (*r->at == '.') {
        size_t part = strspn(r->at + 1, "0123456789");
        ck_assert(part > 0);
        r->at += 1 + part;
    }
}

static void read_value(struct reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    blanks(r);
    ck_assert(r->at < r->end);
    if (*r->at == '"') {
        read_string(r);
    } else if (*r->at == '{' || *r->at == '[') {
        char open = *r->at++, close = open == '{' ? '}' : ']';
        blanks(r);
        for (bool first = true; *r->at != close; first = false) {
            if (!first)
                ck_assert(*r->at++ == ',');
            blanks(r);
            if (open == '{') {
                read_string(r);
                blanks(r);
                ck_assert(*r->at++ == ':');
            }
            read_value(r);
            blanks(r);
        }
        r->at++;
    } else if (strchr("-0123456789", *r->at)) {
        read_number(r);
    } else {
        for (size_t i = 0; i < CV_COUNT(words); i++)
            if (!strncmp(r->at, words[i], strlen(words[i]))) {
                r->at += strlen(words[i]);
                return;
            }
        ck_abort_msg("no value: %.20s", r->at);
    }
}

/* One JSON text and nothing after it; its strings to the caller, who releases them. */
static struct cv_buf strings_of(const struct cv_buf *json)
{
    struct reader r = {json->at, json->at + json->n, {0}};
    read_value(&r);
    blanks(&r);
    ck_assert_ptr_eq(r.at, r.end);
    ck_assert_uint_eq(strlen(json->at), json->n);
    return r.strings;
}

/* ── a summary in which every text is hostile ───────────────────────────────────────────────────── */
static struct cv_datum items[] = {{.tag = CV_TAG_INT, .i = INT64_MIN}, {.tag = CV_TAG_BOOL, .i = 1}, {.tag = CV_TAG_NONE},
                                  {.tag = CV_TAG_STRING, .s = hostile, .n = sizeof hostile}, {.unknown = true}};
static struct cv_datum list = {.tag = CV_TAG_LIST, .n = CV_COUNT(items), .items = items};
static struct cv_summary_task tasks[] = {
    {.name = hostile, .state = CV_ROW_DONE, .pid = UINT32_MAX, .cpu_ns = UINT64_MAX, .awaits = UINT64_MAX, .cores = {1, 0, 0, 1ull << 63}},
    {.task = 1, .name = "plain", .state = CV_ROW_FAILED, .failure = hostile, .failure_line = 3}};
static struct cv_summary_finding findings[] = {{.kind = CV_FINDING_COUNT - 1, .line = 9, .task_name = hostile, .text = hostile}};
static struct cv_summary_var vars[] = {{.name = "x", .copies = &list, .ncopies = 1}, {.name = "y"}};
static struct cv_summary_expect expects[] = {{.line = 1, .text = hostile, .holds = -1}, {.line = 2, .text = hostile, .holds = 0}, {.line = 3, .text = "z", .holds = 1}};
static const struct cv_run_info info = {.scenario = hostile, .title = hostile, .model = CV_ASYNC, .model_name = "async", .seed = UINT64_MAX};

static struct cv_summary summary(void)
{
    struct cv_summary s = {.outcome = 0, .outcome_text = hostile, .elapsed_ns = UINT64_MAX, .tasks = tasks, .ntasks = CV_COUNT(tasks), .findings = findings,
                           .nfindings = CV_COUNT(findings), .vars = vars, .nvars = CV_COUNT(vars), .expects = expects, .nexpects = CV_COUNT(expects),
                           .output = items, .noutput = CV_COUNT(items), .source_name = "perf", .source_why = "EPERM", .source_precision = "exact", .clock_name = "tsc"};
    vars[0].value = vars[1].value = list;
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        s.by_cause[c] = 1;
    expects[1].seen = (struct cv_buf){.at = (char *)(uintptr_t)hostile, .n = sizeof hostile - 1};
    return s;
}

static struct cv_buf written(const char *name, const struct cv_summary *s, bool ascii)
{
    struct cv_buf out = {0};
    cv_exporter(name)->write(&out, &info, s, ascii);
    return out;
}

static size_t times(const struct cv_buf *in, const char *word)
{
    size_t n = 0;
    for (const char *at = in->at; (at = memmem(at, (size_t)(in->at + in->n - at), word, strlen(word))); at += strlen(word))
        n++;
    return n;
}

/* ── JSON ───────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(json_of_hostile_text)
{
    struct cv_summary s = summary();
    struct cv_buf json = written("json", &s, _i), strings = strings_of(&json);
    for (size_t i = 0; i < json.n; i++) {
        unsigned char b = (unsigned char)json.at[i];
        ck_assert_msg(b == '\n' || (b >= 0x20 && b != 0x7f), "a control character at %zu", i);
        ck_assert(!_i || b < 0x80);
    }
    /* What is text comes back as it was; each byte that is none as U+FFFD. */
    static const char back[] = "\"\\/\b\f\n\r\t\x1b[31m\x7f \xc2\x9b\xef\xbf\xbd \xe2\x80\xae \xe2\x80\xa8 \xef\xbf\xbd\xef\xbf\xbd( "
                               "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd Gr\xc3\xb6\xc3\x9f"
                               "e \xe6\x97\xa5 \xf0\x9f\x98\x80 {x} </script> %s%n";
    /* scenario, title, why, a task's name, a failure, a finding's task and text, 2 expectations, what one saw; and in the list,
     * with the NUL at its end: 2 variables, a copy, the output */
    ck_assert_uint_eq(times(&strings, back), 10 + 4);
    ck_assert_uint_eq(times(&json, "\\u0000"), 4);
    ck_assert_uint_eq(times(&json, "-9223372036854775808"), 4);
    ck_assert_uint_eq(times(&json, "18446744073.709551615"), 2);
    ck_assert_uint_eq(times(&json, "[0, 255]"), 1);
    for (int c = 0; c < CV_CAUSE_COUNT; c++)
        ck_assert_ptr_nonnull(strstr(strings.at, cv_cause_name[c]));
    cv_buf_release(&json);
    cv_buf_release(&strings);
}
END_TEST

START_TEST(json_of_nothing)
{
    struct cv_summary s = {.source_name = "", .source_why = "", .source_precision = "", .clock_name = ""};
    struct cv_buf json = written("json", &s, false), strings = strings_of(&json);
    static const char *const fields[] = {
#define FIELD(name) "\n" #name
        FIELD(scenario), FIELD(title), FIELD(model), FIELD(gil), FIELD(seed), FIELD(outcome), FIELD(elapsed_s), FIELD(cpu_time_s), FIELD(cores_used),
        FIELD(cores_seen), FIELD(tasks), FIELD(switches), FIELD(voluntary), FIELD(involuntary), FIELD(awaits), FIELD(loop_iterations), FIELD(by_cause),
        FIELD(loop_lag_s), FIELD(memory_per_task_bytes), FIELD(peak_tasks), FIELD(shared), FIELD(copies), FIELD(output), FIELD(findings), FIELD(expect),
        FIELD(events), FIELD(recorded), FIELD(overwritten), FIELD(lost), FIELD(switch_source), FIELD(name), FIELD(exact), FIELD(why)};
    for (size_t i = 0; i < CV_COUNT(fields); i++)
        ck_assert_msg(strstr(strings.at, fields[i]) != NULL, "no field%s", fields[i]);
    cv_buf_release(&json);
    cv_buf_release(&strings);
}
END_TEST

/* ── text ───────────────────────────────────────────────────────────────────────────────────────── */
START_TEST(text_of_hostile_text)
{
    struct cv_summary s = summary();
    cv_text_ascii = _i;
    struct cv_buf text = written("text", &s, _i);
    cv_text_ascii = false;
    for (size_t i = 0, length; i < text.n; i += length) {
        uint32_t c = cv_utf8(text.at + i, text.n - i, &length);
        ck_assert_msg(c == '\n' || (c >= 0x20 && c != 0x7f), "a control character at %zu", i);
        ck_assert(c < 0x80 || (!_i && c >= 0xa0 && c != 0xfffd && c != 0x202e && c != 0x2028));
    }
    ck_assert_ptr_nonnull(strstr(text.at, "\\x1b[31m\\x7f"));
    cv_buf_release(&text);
}
END_TEST

START_TEST(every_exporter_says_what_it_is)
{
    int n = 0;
    for (; cv_exporters[n]; n++) {
        ck_assert(*cv_exporters[n]->name && *cv_exporters[n]->summary && cv_exporters[n]->write);
        ck_assert_ptr_eq(cv_exporter(cv_exporters[n]->name), cv_exporters[n]);
    }
    ck_assert_int_ge(n, 2);
    ck_assert_ptr_null(cv_exporter("telepathy"));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("export_write");
    TCase *c = tcase_create("exporters");
    tcase_add_loop_test(c, json_of_hostile_text, 0, 2);
    tcase_add_test(c, json_of_nothing);
    tcase_add_loop_test(c, text_of_hostile_text, 0, 2);
    tcase_add_test(c, every_exporter_says_what_it_is);
    suite_add_tcase(s, c);
    return s;
}
