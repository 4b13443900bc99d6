/* --help and `convis help TOPIC`: every table comes from the table the program itself works by. The manual's tables are the
 * same rows as mdoc (`convis help --mdoc TOPIC`). */
#include <string.h>

#include "app/app.h"

typedef void row_fn(void *to, const char *term, const char *meaning);
struct topic { const char *name, *summary; void (*rows)(row_fn *row, void *to); };

/* ── the tables ─────────────────────────────────────────────────────────────────────────────────── */
static void commands(row_fn *row, void *to)
{
    char term[80];
    for (const struct app_command_info *c = app_commands; c->name; c++) {
        if (c->command == APP_LATER)
            continue;
        snprintf(term, sizeof term, "convis%s%s%s%s", *c->name ? " " : "", c->name, *c->operands ? " " : "", c->operands);
        row(to, term, c->summary);
    }
}

static void options(row_fn *row, void *to)
{
    char term[80];
    for (const struct app_option_info *o = app_options; o->code; o++) {
        if (!o->commands)
            continue;
        char letter[8] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(term, sizeof term, "%s--%s%s%s", letter, o->name, o->argument ? "=" : "", o->argument ? o->argument : "");
        row(to, term, o->summary);
    }
}

static void keys(row_fn *row, void *to)
{
    for (int stage = 0; stage < 2; stage++)
        for (const struct cv_key_info *k = cv_keys; k->keys; k++) {
            struct cv_buf text = {0};
            cv_buf_printf(&text, "%s%s (%s)", stage ? "in the scheduler's place: " : "", k->summary, k->action); /* as a configuration calls it */
            for (char *s = strrchr(text.at, '('); *s; s++)
                *s = *s == '_' ? '-' : *s;
            if (k->stage == stage)
                row(to, k->keys, text.at);
            cv_buf_release(&text);
        }
}

static void panes(row_fn *row, void *to)
{
    for (size_t i = 0; cv_panes[i]; i++)
        row(to, cv_panes[i]->name, cv_panes[i]->summary);
}

static void models(row_fn *row, void *to)
{
    for (size_t i = 0; cv_engines[i]; i++) {
        row(to, cv_engines[i]->name, cv_engines[i]->summary);
        if (!strcmp(cv_engines[i]->name, "threads"))
            row(to, "threads+gil", "as threads, but one big lock is needed to run; handed over on blocking and after switch_interval (emulated)");
    }
}

static void findings(row_fn *row, void *to)
{
    for (size_t i = 0; i < CV_FINDING_COUNT; i++) {
        struct cv_buf text = {0};
        cv_buf_printf(&text, "%s (%s)", cv_finding_info[i].definition, cv_finding_info[i].source);
        row(to, cv_finding_info[i].name, text.at);
        cv_buf_release(&text);
    }
}

static void states(row_fn *row, void *to)
{
    char term[64];
    for (size_t i = 0; i < CV_ST_COUNT; i++) {
        bool blank = cv_state_info[i].glyph[0] == ' ';
        snprintf(term, sizeof term, "%s%s%s%s%s", cv_state_info[i].name, blank ? "" : " ", blank ? "" : cv_state_info[i].glyph, blank ? "" : " ", blank ? "" : cv_state_info[i].ascii);
        row(to, term, cv_state_info[i].meaning);
    }
}

static void causes(row_fn *row, void *to)
{
    static const char *const reason_statement[] = {
#define CV_REASON(id, word, statement) statement,
#include "convis/causes.def"
    };
    static const char *const other[] = {[CV_CAUSE_YIELD] = "sched_yield under threads and processes", [CV_CAUSE_GIL] = "the emulated GIL was handed over",
                                        [CV_CAUSE_QUANTUM] = "preempted by the kernel", [CV_CAUSE_SYSTEM] = "a page fault or I/O of the program's own",
                                        [CV_CAUSE_EXIT] = "the task ended"};
    char meaning[120];
    for (size_t r = 0; r < CV_REASON_COUNT; r++) {
        snprintf(meaning, sizeof meaning, "the task gave the thread back: await %s", reason_statement[r]);
        row(to, cv_cause_name[CV_AWAIT + r], meaning);
    }
    for (size_t r = 0; r < CV_REASON_COUNT; r++) {
        snprintf(meaning, sizeof meaning, "the task kept its thread, which sleeps in the kernel: %s", reason_statement[r]);
        row(to, cv_cause_name[CV_BLOCK + r], meaning);
    }
    for (size_t c = CV_CAUSE_YIELD; c < CV_CAUSE_COUNT; c++)
        row(to, cv_cause_name[c], other[c]);
}

static void words(const struct cv_word *w, row_fn *row, void *to)
{
    for (; w->name; w++)
        if (!w->later)
            row(to, w->form, w->summary);
}
static void sections(row_fn *row, void *to) { words(cv_sections, row, to); }
static void statements(row_fn *row, void *to) { words(cv_statements, row, to); }
static void names(row_fn *row, void *to) { words(cv_builtins, row, to); }
static void functions(row_fn *row, void *to) { words(cv_functions, row, to); }

static void terms(row_fn *row, void *to)
{
#define TERM(term, meaning) row(to, term, meaning);
#include "app/terms.def"
#undef TERM
}

static void sources(row_fn *row, void *to)
{
    for (size_t i = 0; cv_sources[i]; i++)
        row(to, cv_sources[i]->name, cv_sources[i]->summary);
}

static void statuses(row_fn *row, void *to)
{
    row(to, "0", "all expectations hold");
    row(to, "1", "an expectation failed or could not be decided, or a run deadlocked, crashed or timed out without being expected to");
    row(to, "2", "the scenario or the command line is wrong");
    row(to, "3", "the system refused something: no terminal, no memory, too many processes, output that cannot be written");
}

static const struct topic topics[] = {
    {"commands", "what convis can be asked to do", commands},
    {"options", "and how", options},
    {"keys", "of the dashboard", keys},
    {"panes", "of the dashboard", panes},
    {"models", "what a task is, and who switches", models},
    {"states", "what a task can be doing, with its glyphs", states},
    {"causes", "why a task was switched", causes},
    {"findings", "what is reported about a run", findings},
    {"sections", "of a scenario file", sections},
    {"statements", "of a task", statements},
    {"names", "that are built in", names},
    {"functions", "that are built in", functions},
    {"terms", "the words of the subject, and the lessons that measure what they stand for", terms},
    {"sources", "where the kernel's context switches are learnt from", sources},
    {"status", "exit statuses", statuses}};

/* ── as text, as mdoc ───────────────────────────────────────────────────────────────────────────── */
static int columns(const char *s)
{
    size_t n = strlen(s), length;
    int width = 0;
    for (size_t i = 0; i < n; i += length)
        width += cv_text_width(cv_utf8(s + i, n - i, &length));
    return width;
}

struct page { FILE *to; int widest; };

/* A word as the terminal can show it. */
static const char *shown(const char *word)
{
    static const struct { const char *sign, *plain; } signs[] = {{"…", "..."}, {"←", "Left"}, {"→", "Right"}, {"↑", "Up"}, {"↓", "Down"}};
    static char text[512];
    if (!cv_text_ascii)
        return word;
    text[0] = 0;
    for (size_t n = strlen(word), i = 0, length, at = 0; i < n && at < sizeof text - 8; i += length, at += strlen(text + at)) {
        const char *plain = "?";
        cv_utf8(word + i, n - i, &length);
        for (size_t k = 0; k < CV_COUNT(signs); k++)
            if (length == strlen(signs[k].sign) && !memcmp(word + i, signs[k].sign, length))
                plain = signs[k].plain;
        snprintf(text + at, sizeof text - at, "%.*s", length == 1 ? 1 : 7, length == 1 ? word + i : plain);
    }
    return text;
}

static void measure(void *to, const char *term, const char *meaning)
{
    struct page *p = to;
    int n = columns(shown(term));
    (void)meaning;
    if (n <= 26 && n > p->widest)
        p->widest = n;
}

static void text_row(void *to, const char *term, const char *meaning)
{
    struct page *p = to;
    enum { WIDTH = 80 };
    int left = p->widest + 4, at = columns(shown(term)) + 2;
    fprintf(p->to, "  %s", shown(term));
    if (at + 2 > left) {
        fputs("\n", p->to);
        at = 0;
    }
    for (; at < left; at++)
        fputs(" ", p->to);
    for (const char *s = meaning; *s;) {
        size_t n = strcspn(s, " ");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)(n < 255 ? n : 255), s);
        int wide = columns(shown(word));
        if (at > left && at + 1 + wide > WIDTH) {
            fprintf(p->to, "\n%*s", left, "");
            at = left;
        }
        fprintf(p->to, "%s%s", at > left ? " " : "", shown(word));
        at += wide + (at > left);
        s += n + strspn(s + n, " ");
    }
    fputs("\n", p->to);
}

/* What roff would act on is said as a character. */
static void mdoc_char(FILE *to, char c, bool argument)
{
    if (c == '\\')
        fputs("\\e", to);
    else if (c == '"' && argument)
        fputs("\\(dq", to);
    else if (c == '-')
        fputs("\\-", to);
    else
        fputc(c, to);
}

/* A macro's argument; a delimiter at its end is no delimiter. */
static void mdoc_argument(FILE *to, const char *s)
{
    fputs("\"", to);
    for (const char *at = s; *at; at++)
        mdoc_char(to, *at, true);
    fputs(*s && strchr(".,:;?!)]", s[strlen(s) - 1]) ? "\\&\"" : "\"", to);
}

/* Lines of text, filled; none begins with what makes a line a request. */
static void mdoc_text(FILE *to, const char *s)
{
    enum { WIDTH = 76 }; /* bytes, as mandoc counts them */
    size_t at = 0;
    while (*s) {
        size_t n = strcspn(s, " ");
        bool request = *s == '.' || *s == '\'';
        if (at && at + 1 + n > WIDTH && !request) {
            fputs("\n", to);
            at = 0;
        }
        fputs(at ? " " : request ? "\\&" : "", to);
        at += (at > 0) + n;
        for (size_t i = 0; i < n; i++)
            mdoc_char(to, s[i], false);
        s += n + strspn(s + n, " ");
    }
    fputs("\n", to);
}

static void mdoc_row(void *to, const char *term, const char *meaning)
{
    struct page *p = to;
    fputs(".It Li ", p->to);
    mdoc_argument(p->to, term);
    fputs("\n", p->to);
    mdoc_text(p->to, meaning);
}

static void print_table(FILE *to, const struct topic *t)
{
    struct page p = {.to = to};
    t->rows(measure, &p);
    t->rows(text_row, &p);
}

static void topic_rows(row_fn *row, void *to)
{
    for (size_t i = 0; i < CV_COUNT(topics); i++)
        row(to, topics[i].name, topics[i].summary);
}

void app_usage(FILE *to)
{
    static const struct topic list = {"topics", "", topic_rows};
    fputs("convis: watch coroutines, threads and processes run the same scenario\n\n", to);
    print_table(to, &topics[0]);
    fputs("\nOptions:\n", to);
    print_table(to, &topics[1]);
    fputs("\nTopics of 'convis help TOPIC':\n", to);
    print_table(to, &list);
    fputs("\nExit status:\n", to);
    print_table(to, &topics[CV_COUNT(topics) - 1]);
}

int app_help(const struct app_args *a)
{
    const char *all[CV_COUNT(topics)];
    if (!a->noperands) {
        app_usage(stdout);
        return APP_OK;
    }
    for (size_t i = 0; i < CV_COUNT(topics); i++) {
        all[i] = topics[i].name;
        if (strcmp(topics[i].name, a->operands[0]))
            continue;
        if (a->mdoc) {
            struct page p = {.to = stdout};
            printf(".Bl -tag -width Ds\n");
            topics[i].rows(mdoc_row, &p);
            printf(".El\n");
        } else {
            printf("%s: %s\n\n", topics[i].name, topics[i].summary);
            print_table(stdout, &topics[i]);
        }
        return APP_OK;
    }
    const char *near = cv_text_nearest(a->operands[0], all, CV_COUNT(all));
    if (near)
        return app_say(APP_WRONG, "no topic '%s' (did you mean '%s'?)", a->operands[0], near);
    return app_say(APP_WRONG, "no topic '%s' ('convis help' lists them)", a->operands[0]);
}
