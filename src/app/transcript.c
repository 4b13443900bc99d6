/* A transcript: what a player did, with all that is needed to do it again: the scenario's text, the rules, the seed, the parameters
 * and the schedule; and what came of it. It is checked by playing it again and writing it anew: the two must be the same, line by
 * line. A transcript comes from a stranger: it is bounded, its text is cleaned before it is shown, and what it runs is a run in
 * virtual time like any other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/batch.h"

enum { FEWEST_S = 10, MOST = 4 * 1024 * 1024, LEGEND = 26 };
static const char FIRST[] = "convis transcript 1", TEXT[] = "text of the scenario:";

/* Steps of a schedule that was found right. */
static uint64_t steps_of(const char *s)
{
    uint64_t sum = 0;
    while (*s) {
        if (*s < 'A' || *s > 'Z') {
            s++;
            continue;
        }
        while (*s >= 'A' && *s <= 'Z')
            s++;
        uint64_t n = 0;
        bool counted = *s >= '0' && *s <= '9';
        for (; *s >= '0' && *s <= '9' && n < 1000000000; s++)
            n = n * 10 + (uint64_t)(*s - '0');
        sum += counted ? n : 1;
    }
    return sum;
}

int app_goal(const struct cv_summary *s)
{
    for (uint32_t i = 0; i < s->ngoals; i++)
        if (s->goals[i].holds != CV_HOLDS)
            return 0;
    return s->ngoals ? 1 : -1;
}

void app_transcript(struct cv_buf *out, const struct cv_program *p, const struct cv_order *o, const char *schedule, const struct cv_summary *s)
{
    cv_buf_printf(out, "%s\nscenario: ", FIRST);
    cv_text_clean(out, p->name, strlen(p->name));
    cv_buf_printf(out, "\nrules: %s\nseed: %llu\n", cv_order_model_name(o), (unsigned long long)o->seed);
    for (const char *at = o->params; *at; at += strlen(at) + 1) {
        cv_buf_str(out, "parameter: ");
        cv_text_clean(out, at, strlen(at));
        cv_buf_str(out, "\n");
    }
    cv_buf_printf(out, "schedule: %s\ntasks: ", schedule);
    for (uint32_t i = 0; i < s->ntasks && i < LEGEND; i++) {
        cv_buf_printf(out, "%s%c = ", i ? ", " : "", 'A' + (int)i);
        cv_text_clean(out, s->tasks[i].name, strlen(s->tasks[i].name));
    }
    cv_buf_str(out, s->ntasks > LEGEND ? ", and so on\n" : "\n");
    struct cv_buf goal = {0};
    if (cv_goal_text(p, o, &goal))
        cv_buf_printf(out, "goal: %s\nreached: %s\n", goal.at, app_goal(s) > 0 ? "yes" : "no");
    cv_buf_release(&goal);
    cv_buf_printf(out, "preemptions: %llu\nsteps: %llu\nresult: ", (unsigned long long)s->preemptions, (unsigned long long)steps_of(schedule));
    app_result_text(s, out);
    cv_buf_printf(out, "\n%s\n", TEXT);
    for (const char *at = p->source, *end = at + p->source_length; at < end;) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((eol ? eol : end) - at);
        cv_buf_str(out, "| ");
        cv_buf_add(out, at, n);
        cv_buf_str(out, "\n");
        at += n + 1;
    }
}

bool app_transcript_write(const char *path, const struct cv_buf *text, struct cv_buf *why)
{
    FILE *f = fopen(path, "we");
    bool right = f && fwrite(text->at, 1, text->n, f) == text->n;
    int error = errno;
    if (f && fclose(f) != 0 && right)
        right = false, error = errno;
    if (!right)
        cv_buf_printf(why, "cannot write '%s': %s", path, strerror(error));
    return right;
}

/* ── verify ─────────────────────────────────────────────────────────────────────────────────────── */
static int read_all(const char *path, struct cv_buf *text)
{
    char piece[65536];
    FILE *f = fopen(path, "re");
    if (!f)
        return app_say(APP_WRONG, "cannot read '%s': %s", path, strerror(errno));
    for (size_t n; text->n <= MOST && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        cv_buf_add(text, piece, n);
    int error = ferror(f) ? errno : 0;
    fclose(f);
    if (error)
        return app_say(APP_WRONG, "cannot read '%s': %s", path, strerror(error));
    if (text->n > MOST)
        return app_say(APP_WRONG, "'%s' is larger than a transcript can be (%d bytes)", path, MOST);
    cv_buf_add(text, "", 0);
    return APP_OK;
}

static bool add_parameter(struct app_args *a, char *value)
{
    size_t used = 0, n = strlen(value);
    char *eq = strchr(value, '=');
    while (a->params[used])
        used += strlen(a->params + used) + 1;
    if (!eq || a->noverrides >= CV_LIMIT_PARAMS || used + n + 2 > sizeof a->params)
        return false;
    memcpy(a->params + used, value, n + 1);
    *eq = 0;
    a->overrides[a->noverrides++] = (struct cv_override){value, eq + 1};
    return true;
}

/* "key: value" lines, then the text. */
const char *app_transcript_read(struct app_transcript *t)
{
    char *at = t->text.at, *end = at + t->text.n;
    bool first = true, text = false;
    cv_buf_add(&t->source, "", 0);
    if (memchr(at, 0, t->text.n))
        return "it has bytes that are no text";
    for (char *next; at < end; at = next) {
        char *eol = memchr(at, '\n', (size_t)(end - at));
        next = eol ? eol + 1 : end;
        if (eol)
            *eol = 0;
        if (first) {
            if (strcmp(at, FIRST))
                return "it does not begin with 'convis transcript 1'";
            first = false;
        } else if (text) {
            if (strncmp(at, "| ", 2))
                return "a line of the scenario's text does not begin with '| '";
            cv_buf_str(&t->source, at + 2);
            cv_buf_str(&t->source, "\n");
        } else if (!strcmp(at, TEXT)) {
            text = true;
        } else {
            static const char *const keys[] = {"scenario: ", "rules: ", "seed: ", "schedule: "};
            const char **const to[] = {&t->scenario, &t->rules, &t->seed, &t->schedule};
            for (size_t k = 0; k < CV_COUNT(keys); k++)
                if (!strncmp(at, keys[k], strlen(keys[k])))
                    *to[k] = *to[k] ? *to[k] : at + strlen(keys[k]);
            if (!strncmp(at, "parameter: ", 11) && !add_parameter(&t->args, at + 11))
                return "a parameter is not NAME=VALUE, or there are too many";
        }
    }
    if (!text || !t->scenario || !t->rules || !t->seed || !t->schedule)
        return "scenario, rules, seed, schedule or the text is missing";
    if (strlen(t->scenario) > CV_LIMIT_NAME || t->scenario[strspn(t->scenario, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
        return "the scenario's name is none";
    if (strncmp(t->rules, "stepped:", 8))
        return "its rules are not those of a stepped model";
    if (strlen(t->schedule) > CV_LIMIT_SCHEDULE || t->schedule[strspn(t->schedule, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")])
        return "its schedule is none";
    return NULL;
}

void app_transcript_release(struct app_transcript *t)
{
    cv_buf_release(&t->text);
    cv_buf_release(&t->source);
}

/* The shipped scenario of that name: 1: the same text, 0: another, -1: there is none. */
static int shipped(const struct app_args *a, const struct app_transcript *t)
{
    struct app_paths paths = {0};
    int found = -1;
    app_shipped(a, &paths);
    for (size_t i = 0; i < paths.n && found < 0; i++) {
        const char *base = strrchr(paths.at[i], '/');
        base = base ? base + 1 : paths.at[i];
        size_t n = strlen(t->scenario);
        struct cv_buf text = {0};
        if (strncmp(base, t->scenario, n) || strcmp(base + n, ".ini") || !app_slurp(paths.at[i], &text))
            continue;
        found = text.n == t->source.n && !memcmp(text.at, t->source.at, text.n);
        cv_buf_release(&text);
    }
    app_paths_release(&paths);
    return found;
}

/* The first line in which what was handed in differs from what came out: "line 7 says '…', but it is '…'". */
static bool same(const char *given, const char *made, struct cv_buf *why)
{
    for (unsigned line = 1; *given || *made; line++) {
        size_t n = strcspn(given, "\n"), k = strcspn(made, "\n");
        if (n != k || memcmp(given, made, n)) {
            cv_buf_printf(why, "line %u says '", line);
            cv_text_clean(why, given, n > 200 ? 200 : n);
            cv_buf_str(why, "', but it is '");
            cv_text_clean(why, made, k > 200 ? 200 : k);
            cv_buf_str(why, "'");
            return false;
        }
        given += n + (given[n] == '\n');
        made += k + (made[k] == '\n');
    }
    return true;
}

static int wrong(struct batch *b, const char *why)
{
    struct cv_buf text = {0};
    cv_buf_printf(&text, "not right: %s\n", why);
    batch_put(b, &text);
    return APP_FAILED;
}

static int judge(struct batch *b, struct cv_order *order)
{
    struct cv_buf given = {0}, made = {0}, why = {0}, said = {0};
    int status = read_all(b->args->operands[0], &given), ships;
    if (status == APP_OK)
        status = batch_play(b, order);
    if (status == APP_WRONG)
        status = wrong(b, "its schedule is impossible");
    else if (status < 0) {
        struct cv_summary *s = app_play_summary(&b->play);
        struct app_transcript t = {.scenario = b->program->name};
        app_transcript(&made, b->program, order, order->schedule, s);
        cv_buf_add(&t.source, b->program->source, b->program->source_length);
        ships = shipped(b->args, &t);
        cv_buf_release(&t.source);
        if (!same(given.at, made.at, &why))
            status = wrong(b, why.at);
        else if (ships == 0)
            status = wrong(b, "its text is not that of the shipped scenario of this name");
        else if (app_goal(s) == 0)
            status = wrong(b, "all that it says is true, but the goal was not reached");
        else {
            uint32_t fewest;
            bool known = s->ngoals && app_goal_fewest(b->program, order, (uint64_t)FEWEST_S * 1000000000, &fewest);
            cv_buf_printf(&said, "right: %s under %s, %s%llu preemption%s, %llu steps%s\n", b->program->name, cv_order_model_name(order),
                          s->ngoals ? "the goal is reached with " : "", (unsigned long long)s->preemptions, s->preemptions == 1 ? "" : "s",
                          (unsigned long long)steps_of(order->schedule), ships < 0 ? "; no scenario of this name is shipped: the text is its own" : "");
            if (known)
                cv_buf_printf(&said, "the fewest possible, proven: %u\n", fewest);
            batch_put(b, &said);
            status = APP_OK;
        }
        cv_summary_free(s);
    }
    app_play_end(&b->play);
    cv_buf_release(&given);
    cv_buf_release(&made);
    cv_buf_release(&why);
    return status;
}

int app_verify(const struct app_args *a)
{
    enum { LONGEST_S = 60 };
    struct app_transcript t = {.args = *a};
    struct cv_diags diags = {0};
    struct cv_order order;
    struct cv_buf why = {0};
    t.args.noverrides = 0;
    memset(t.args.params, 0, sizeof t.args.params);
    int status = read_all(a->operands[0], &t.text);
    const char *bad = status == APP_OK ? app_transcript_read(&t) : NULL;
    struct cv_program *p = NULL;
    if (status == APP_OK && !bad) {
        p = cv_program_read(t.scenario, t.source.at, t.source.n, t.args.overrides, t.args.noverrides, &diags);
        bad = !p ? "the scenario in it cannot be read" : NULL;
    }
    if (p && !cv_order_init(&order, p, t.rules, &why))
        bad = "there are no such rules";
    if (status == APP_OK && bad) {
        printf("not right: %s\n", bad);
        status = APP_FAILED;
    } else if (status == APP_OK) {
        char *end;
        t.args.seed = order.seed = strtoull(t.seed, &end, 10);
        order.schedule = t.schedule;
        order.timeout_ns = order.timeout_ns < (uint64_t)LONGEST_S * 1000000000 ? order.timeout_ns : (uint64_t)LONGEST_S * 1000000000;
        memcpy(order.params, t.args.params, sizeof order.params);
        status = batch_with(&t.args, p, &order, judge);
        p = NULL;
    }
    cv_program_free(p);
    cv_diags_release(&diags);
    cv_buf_release(&why);
    app_transcript_release(&t);
    return status;
}
