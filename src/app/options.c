/* The command line: one table of options, one of commands. Parsing, --help, the errors and the manual's tables are made
 * from them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"

enum { RUNS_LIKE = APP_DASH | APP_RUN | APP_RENDER, LIMITED = RUNS_LIKE | APP_COMPARE, EVERY = APP_LATER - 1 };
enum { O_ASCII = 256, O_COLOUR, O_SCHEDULE, O_TRANSCRIPT, O_AS_SCHEDULE, O_JSON, O_SOURCE, O_PRESENT, O_AT, O_SPAN, O_SIZE, O_FORMAT, O_MDOC, O_THEME, O_OBSERVER, O_WATCH, O_TASKS, O_MEMORY,
       O_OUTPUT, O_TIMEOUT, O_HISTORY, O_RING, O_BOUNDS, O_ONLY, O_RECORD };

const struct app_command_info app_commands[] = {
    {"", "[FILE]", "the dashboard; FILE may be the bare name of a shipped scenario; without it, a choice of those", APP_DASH, 0, 1, app_dash},
    {"run", "FILE", "without a screen: the output, then a summary", APP_RUN, 1, 1, app_run},
    {"compare", "FILE", "every model the scenario names, one after the other, in one table", APP_COMPARE, 1, 1, app_compare},
    {"explore", "FILE", "all schedules: what can come out, how likely, what can go wrong, and the shortest way there", APP_EXPLORE, 1, 1, app_explore},
    {"render", "FILE", "one frame of the dashboard, as text, ANSI or SVG", APP_RENDER, 1, 1, app_render},
    {"python", "FILE", "the same program for CPython: asyncio, threading or multiprocessing, by the model", APP_PYTHON, 1, 1, app_python},
    {"check", "FILE…", "read and check only", APP_CHECK, 1, INT_MAX, app_check},
    {"verify", "FILE", "play a transcript again: right (0) or not (1)", APP_VERIFY, 1, 1, app_verify},
    {"list", "", "the shipped scenarios, a line each; # begins a chapter", APP_LIST, 0, 0, app_list},
    {"new", "NAME", "write a commented scenario to begin from", APP_NEW, 1, 1, app_new},
    {"completion", "SHELL", "the completions for bash, zsh or fish", APP_COMPLETION, 1, 1, app_completion},
    {"help", "[TOPIC]", "this help, or that of a topic", APP_HELP, 0, 1, app_help},
    {0}};

const struct app_option_info app_options[] = {
    {'m', "model", "MODEL", "async, threads, threads+gil, processes, or stepped:MODEL in virtual time", RUNS_LIKE | APP_PYTHON | APP_EXPLORE, 'm'},
    {'g', "gil", NULL, "threads take turns under an emulated GIL", RUNS_LIKE | APP_PYTHON, 'g'},
    {'p', "param", "NAME=VALUE", "give a parameter of the scenario another value", RUNS_LIKE | APP_COMPARE | APP_CHECK | APP_PYTHON | APP_EXPLORE, 'p'},
    {'s', "seed", "SEED", "the number all chance in the run comes from (1)", RUNS_LIKE | APP_COMPARE | APP_EXPLORE, 's'},
    {'n', "runs", "RUNS", "run so often, with seeds counting up, and tell what came out how often", APP_RUN, 'n'},
    {0, "schedule", "S", "stepped: who goes when, as in \"A2 B3 A1\"; @FILE: as in that file", RUNS_LIKE, O_SCHEDULE},
    {0, "as-schedule", "FILE", "write there the order in which a real run under threads or processes did its steps, as a schedule", APP_RUN, O_AS_SCHEDULE},
    {0, "transcript", "FILE", "write there what was played in the scheduler's place, to hand in; verify checks it", APP_DASH | APP_RUN, O_TRANSCRIPT},
    {0, "record", "FILE", "write the run there, as a record that the dashboard, run and render take in place of a scenario", APP_RUN, O_RECORD},
    {0, "json", NULL, "one JSON object on standard output, nothing else; compare: an array of them", APP_RUN | APP_COMPARE | APP_EXPLORE, O_JSON},
    {0, "switch-source", "NAME", "where context switches are learnt from: perf, rseq, usage (the best that opens; of one that does not, the next)", RUNS_LIKE | APP_COMPARE, O_SOURCE},
    {0, "observer", NULL, "what watching costs: rounds of runs without and with the record, as ratios; -n: how many (11)", APP_RUN, O_OBSERVER},
    {0, "watch", NULL, "run anew whenever an editor saves the file; what is wrong in it is shown over the picture", APP_DASH, O_WATCH},
    {0, "max-tasks", "N", "tasks a run may have at once (100000 coroutines, 20000 threads, 2000 processes)", LIMITED, O_TASKS},
    {0, "max-memory", "SIZE", "what alloc and lists may take in all, as in 512M (1G); explore: what the states of a search may take (512M)", LIMITED | APP_EXPLORE, O_MEMORY},
    {0, "max-output", "SIZE", "what a run may print in all (16M)", LIMITED, O_OUTPUT},
    {0, "timeout", "D", "a run that takes longer is ended, whatever its scenario says, as in 90s; explore: each of its parts (60s)", LIMITED | APP_EXPLORE, O_TIMEOUT},
    {0, "history", "SIZE", "memory for what is looked at: where it is full the oldest goes, and is drawn as gone (256M)", LIMITED, O_HISTORY},
    {0, "ring", "N", "records of 16 bytes that each thread may be ahead of the reader, a power of two; what does not fit is lost, and counted (by the model)", LIMITED, O_RING},
    {0, "only", "PARTS", "explore: states, counts, traces, schedules, findings, or several with commas (all)", APP_EXPLORE, O_ONLY},
    {0, "bounds", NULL, "explore: how many traces there are with at most 0, 1, 2 … preemptions", APP_EXPLORE, O_BOUNDS},
    {0, "present", NULL, "tell the lesson to a room: the question first, then a stop at each note, then the answer; PgDn goes on", APP_DASH | APP_RENDER, O_PRESENT},
    {0, "at", "T", "the instant to draw: 300ms, 50%, start, end, finding (the first), note, or a mark's name; several with commas: the first that there is (end; with --present the opening)", APP_RENDER, O_AT},
    {0, "span", "D", "how much time the timeline shows, as in 5ms (the whole run)", APP_RENDER, O_SPAN},
    {0, "size", "WxH", "columns and rows to draw (100x30); several with commas: a frame each, one below the other", APP_RENDER, O_SIZE},
    {0, "format", "FORMAT", "text, ansi or svg (text)", APP_RENDER, O_FORMAT},
    {0, "ascii", NULL, "plain characters only", RUNS_LIKE | APP_COMPARE | APP_EXPLORE, O_ASCII},
    {0, "no-color", NULL, "no colours; as with NO_COLOR in the environment", RUNS_LIKE | APP_COMPARE | APP_EXPLORE, O_COLOUR},
    {0, "theme", "NAME", "dark, light, projector, colour-blind or mono (dark)", APP_DASH | APP_RENDER, O_THEME},
    {'h', "help", NULL, "this help", EVERY, 'h'},
    {'V', "version", NULL, "the version", EVERY, 'V'},
    {0, "mdoc", NULL, "a topic as the manual has it", 0, O_MDOC},
    {0}};

static int output_error;

static bool output(bool right)
{
    if (!right && !output_error)
        output_error = errno ? errno : EIO;
    return right;
}

bool app_write(const struct cv_buf *text) { return output(!text->n || fwrite(text->at, 1, text->n, stdout) == text->n); }
bool app_flush(void) { return output(fflush(stdout) == 0 && !ferror(stdout)); }

int app_say(int status, const char *format, ...)
{
    va_list args;
    char text[4096];
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct cv_buf clean = {0};
    cv_text_clean(&clean, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    app_flush();
    fprintf(stderr, "convis: %s\n", clean.at);
    cv_buf_release(&clean);
    return status;
}

bool app_ascii(const struct app_args *a) { return a->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0; }

bool app_duration(const char *text, uint64_t *ns)
{
    static const struct { const char *name; double ns; } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    size_t digits = strspn(text, "0123456789.");
    char *end, number[32];
    if (!digits || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = 0;
    double v = strtod(number, &end);
    for (size_t u = 0; u < CV_COUNT(units); u++)
        if (!*end && end != number && !strcmp(text + digits, units[u].name) && v * units[u].ns < 9e18) {
            *ns = (uint64_t)(v * units[u].ns + 0.5);
            return true;
        }
    return false;
}

/* "64k", "512M", "2G", or bytes. */
static bool size_of(const char *text, uint64_t *bytes)
{
    static const char units[] = "kMGT";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text[digits] ? strchr(units, text[digits] == 'K' ? 'k' : text[digits]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    char *end;
    errno = 0;
    *bytes = strtoull(text, &end, 10);
    bool right = digits && !errno && *bytes && *bytes <= UINT64_MAX >> 1 >> shift && (!text[digits] || (unit && !text[digits + 1]));
    *bytes <<= shift;
    return right;
}

static bool number(const char *text, uint64_t low, uint64_t high, uint64_t *to)
{
    char *end;
    errno = 0;
    *to = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *to >= low && *to <= high;
}

static const struct app_command_info *command_of(enum app_command c)
{
    const struct app_command_info *i = app_commands;
    while (i->command != c)
        i++;
    return i;
}

static const struct app_option_info *option_of(int code)
{
    const struct app_option_info *o = app_options;
    while (o->code && o->code != code)
        o++;
    return o->code ? o : NULL;
}

static int unknown_option(const char *typed)
{
    const char *names[CV_COUNT(app_options)];
    size_t n = 0, length = strcspn(typed, "=");
    for (const struct app_option_info *o = app_options; o->code; o++)
        if (o->commands)
            names[n++] = o->name;
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(length < 63 ? length : 63), typed);
    const char *near = cv_text_nearest(word + strspn(word, "-"), names, n);
    if (near)
        return app_say(APP_WRONG, "no such option: '%s' (did you mean '--%s'?)", word, near);
    return app_say(APP_WRONG, "no such option: '%s' ('convis --help' lists them)", word);
}

static int add_param(struct app_args *a, char *text)
{
    size_t n = strlen(text), used = 0;
    char *eq = strchr(text, '=');
    if (!eq || eq == text || !eq[1])
        return app_say(APP_WRONG, "-p takes NAME=VALUE, not '%s'", text);
    for (size_t i = 0; i < a->noverrides; i++)
        used += strlen(a->params + used) + 1;
    if (a->noverrides >= CV_LIMIT_PARAMS || used + n + 2 > sizeof a->params)
        return app_say(APP_WRONG, "too many parameters (at most %d, %zu bytes in all)", CV_LIMIT_PARAMS, sizeof a->params - 2);
    memcpy(a->params + used, text, n + 1);
    *eq = 0;
    a->overrides[a->noverrides++] = (struct cv_override){text, eq + 1};
    return APP_OK;
}

static bool is_source(const char *name)
{
    for (size_t i = 0; cv_sources[i]; i++)
        if (!strcmp(cv_sources[i]->name, name))
            return true;
    return false;
}

static int theme_option(struct app_args *a, const char *name)
{
    struct cv_buf all = {0};
    for (int i = 0; cv_theme_name(i); i++)
        cv_buf_printf(&all, "%s%s", i ? ", " : "", cv_theme_name(i));
    a->theme = cv_theme_find(name);
    int status = a->theme >= 0 ? APP_OK : app_say(APP_WRONG, "no such theme: '%s' (there are %s)", name, all.at);
    cv_buf_release(&all);
    return status;
}

/* --schedule @FILE: of one that is too long for a command line. Kept until the end. NULL: said. */
static char *schedule_file(const char *path)
{
    static struct cv_buf text;
    char piece[65536];
    FILE *f = fopen(path, "re");
    text.n = 0;
    cv_buf_str(&text, "");
    for (size_t n; f && text.n <= CV_LIMIT_SCHEDULE && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        cv_buf_add(&text, piece, n);
    if (!f || ferror(f)) {
        app_say(APP_WRONG, "cannot read '%s': %s", path, strerror(errno));
        text.n = 0;
    }
    bool right = f && !ferror(f);
    if (f)
        fclose(f);
    while (text.n && strchr(" \t\r\n", text.at[text.n - 1]))
        text.at[--text.n] = 0;
    return right ? text.at : NULL;
}

/* "80x24,120x36" */
static int add_sizes(struct app_args *a, char *text)
{
    uint64_t w, h;
    for (char *next; text; text = next) {
        next = strchr(text, ',');
        if (next)
            *next++ = 0;
        char *x = strchr(text, 'x');
        if (x)
            *x = 0;
        if (!x || !number(text, 1, 1000, &w) || !number(x + 1, 1, 1000, &h))
            return app_say(APP_WRONG, "--size takes WxH, each in 1..1000, such as 80x24");
        if (a->nsizes >= APP_SIZES)
            return app_say(APP_WRONG, "--size takes %d sizes at most", APP_SIZES);
        a->sizes[a->nsizes].width = (int)w;
        a->sizes[a->nsizes++].height = (int)h;
    }
    return APP_OK;
}

static int take_option(struct app_args *a, int code, char *value)
{
    switch (code) {
    case 'm': a->model = value; break;
    case 'g': a->gil = true; break;
    case 'p': return add_param(a, value);
    case 's':
        return number(value, 0, UINT64_MAX, &a->seed) ? APP_OK : app_say(APP_WRONG, "-s takes a whole number, not '%s'", value);
    case 'n':
        return number(value, 1, 1000000, &a->runs) ? APP_OK : app_say(APP_WRONG, "-n takes a number in 1..1000000, not '%s'", value);
    case O_SCHEDULE:
        if (*value == '@' && !(value = schedule_file(value + 1)))
            return APP_WRONG;
        if (strlen(value) > CV_LIMIT_SCHEDULE)
            return app_say(APP_WRONG, "--schedule is too long (at most %d bytes)", CV_LIMIT_SCHEDULE);
        a->schedule = value;
        break;
    case O_AS_SCHEDULE: a->as_schedule = value; break;
    case O_TRANSCRIPT: a->transcript = value; break;
    case O_RECORD: a->record = value; break;
    case O_JSON: a->json = true; break;
    case O_SOURCE:
        if (!is_source(value))
            return app_say(APP_WRONG, "no such switch source: '%s' (there are perf, rseq and usage)", value);
        a->source = value;
        break;
    case O_TASKS:
        return number(value, 1, CV_MAX_TASKS - 1, &a->max_tasks) ? APP_OK : app_say(APP_WRONG, "--max-tasks takes a number in 1..%u, not '%s'", CV_MAX_TASKS - 1, value);
    case O_BOUNDS: a->bounds = true; break;
    case O_ONLY: a->only = value; break;
    case O_MEMORY: return size_of(value, &a->max_memory) ? APP_OK : app_say(APP_WRONG, "--max-memory takes a size such as 512M, not '%s'", value);
    case O_HISTORY: return size_of(value, &a->history) && a->history >= 1 << 16 ? APP_OK : app_say(APP_WRONG, "--history takes a size from 64k on, such as 64M, not '%s'", value);
    case O_RING:
        return number(value, 16, 1 << 24, &a->ring) && !(a->ring & (a->ring - 1)) ? APP_OK : app_say(APP_WRONG, "--ring takes a power of two in 16..16777216, not '%s'", value);
    case O_OUTPUT: return size_of(value, &a->max_output) ? APP_OK : app_say(APP_WRONG, "--max-output takes a size such as 64M, not '%s'", value);
    case O_TIMEOUT:
        return app_duration(value, &a->timeout_ns) && a->timeout_ns ? APP_OK : app_say(APP_WRONG, "--timeout takes a duration such as 90s, not '%s'", value);
    case O_AT:
        a->at = value;
        return app_instants(value) ? APP_OK : app_say(APP_WRONG, "--at takes a duration such as 300ms, a share such as 50%%, start, end, finding, note, or a mark's name, not '%s'", value);
    case O_SPAN:
        return app_duration(value, &a->span_ns) && a->span_ns ? APP_OK : app_say(APP_WRONG, "--span takes a duration such as 5ms, not '%s'", value);
    case O_SIZE:
        return add_sizes(a, value);
    case O_FORMAT:
        if (strcmp(value, "text") && strcmp(value, "ansi") && strcmp(value, "svg"))
            return app_say(APP_WRONG, "--format takes text, ansi or svg, not '%s'", value);
        a->format = value;
        break;
    case O_ASCII: a->ascii = true; break;
    case O_COLOUR: a->no_colour = true; break;
    case O_MDOC: a->mdoc = true; break;
    case O_PRESENT: a->present = true; break;
    case O_WATCH: a->watch = true; break;
    case O_OBSERVER: a->observer = true; break;
    case O_THEME: return theme_option(a, value);
    default: CV_ASSERT(!"an option without its case");
    }
    return APP_OK;
}

/* Fills a; the set of codes seen goes to seen. -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct app_args *a, struct cv_buf *seen)
{
    struct option table[CV_COUNT(app_options)] = {0};
    char letters[3 * CV_COUNT(app_options) + 2] = ":";
    size_t n = 0;
    for (const struct app_option_info *o = app_options; o->code; o++) {
        table[n++] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, o->code};
        size_t at = strlen(letters);
        if (o->letter)
            snprintf(letters + at, sizeof letters - at, "%c%s", o->letter, o->argument ? ":" : "");
    }
    opterr = 0;
    for (int code, status, at = optind; (code = getopt_long(argc, argv, letters, table, NULL)) != -1; at = optind) {
        if (code == '?' && optopt && optopt < 256) {
            char letter[3] = {'-', (char)optopt, 0};
            return unknown_option(letter);
        }
        if (code == '?' && optopt)
            return app_say(APP_WRONG, "--%s takes no value", option_of(optopt)->name);
        if (code == '?')
            return unknown_option(argv[optind > at ? optind - 1 : at]);
        if (code == ':')
            return app_say(APP_WRONG, "'%s' wants a value: %s", argv[optind - 1], option_of(optopt)->argument);
        if (code == 'h') {
            app_usage(stdout);
            return APP_OK;
        }
        if (code == 'V') {
            printf("convis %s\n", CV_VERSION);
            return APP_OK;
        }
        if ((status = take_option(a, code, optarg)))
            return status;
        cv_buf_add(seen, (char[]){(char)(code & 0xff), (char)(code >> 8)}, 2);
    }
    a->operands = argv + optind;
    a->noperands = argc - optind;
    return -1;
}

static const struct app_command_info *choose(struct app_args *a)
{
    for (const struct app_command_info *c = app_commands; a->noperands && c->name; c++)
        if (*c->name && !strcmp(c->name, a->operands[0])) {
            a->operands++;
            a->noperands--;
            return c;
        }
    return command_of(APP_DASH);
}

static int dispatch(struct app_args *a, const struct cv_buf *seen)
{
    const struct app_command_info *c = choose(a);
    a->command = c->command;
    if (c->command == APP_LATER)
        return app_say(APP_WRONG, "'convis %s' is not yet in this version", c->name);
    for (size_t i = 0; i < seen->n; i += 2) {
        const struct app_option_info *o = option_of((unsigned char)seen->at[i] | (unsigned char)seen->at[i + 1] << 8);
        if (o->commands && !(o->commands & c->command))
            return app_say(APP_WRONG, "--%s means nothing to 'convis %s'", o->name, *c->name ? c->name : c->operands);
    }
    if (!a->noperands && c->command == APP_DASH && !(isatty(0) && isatty(1))) {
        app_usage(stderr);
        return APP_WRONG;
    }
    if (a->noperands < c->least)
        return app_say(APP_WRONG, "'convis %s' wants %s", c->name, c->operands);
    if (a->noperands > c->most)
        return app_say(APP_WRONG, "too much: '%s' ('convis%s%s%s%s')", a->operands[c->most], *c->name ? " " : "", c->name,
                       *c->operands ? " " : "", c->operands);
    return c->main(a);
}

int app_main(int argc, char **argv)
{
    struct app_args a = {.seed = 1, .theme = -1, .exe = realpath("/proc/self/exe", NULL)};
    struct cv_buf seen = {0};
    const char *colour = getenv("NO_COLOR");
    a.no_colour = colour && *colour;
    if (!a.exe)
        return app_say(APP_REFUSED, "/proc/self/exe cannot be read: %s", strerror(errno));
    cv_text_ascii = app_ascii(&a);
    int status = parse(argc, argv, &a, &seen);
    cv_text_ascii = app_ascii(&a);
    if (status == -1)
        status = dispatch(&a, &seen);
    free(a.exe);
    cv_buf_release(&seen);
    if (!app_flush())
        return app_say(APP_REFUSED, "standard output cannot be written: %s", strerror(output_error));
    return status;
}
