/* What sections declare: settings, parameters, variables, sync objects, the headers of tasks; and how names are found again. */
#include <ctype.h>
#include <string.h>

#include "lang/reader.h"

/* ── names ──────────────────────────────────────────────────────────────────────────────────────── */
int reader_var(const struct reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->p->nvars; i++)
        if (!strcmp(r->p->vars[i].name, name))
            return (int)i;
    return -1;
}
int reader_sync(const struct reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->p->nsyncs; i++)
        if (!strcmp(r->p->syncs[i].name, name))
            return (int)i;
    return -1;
}
int reader_param(const struct reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->p->nparams; i++)
        if (!strcmp(r->p->params[i].name, name))
            return (int)i;
    return -1;
}
int reader_body(const struct reader *r, const char *name)
{
    for (uint32_t i = 1; i < r->p->nbodies; i++)
        if (!strcmp(r->p->bodies[i].name, name))
            return (int)i;
    return -1;
}

int reader_local(struct reader *r, const char *name, bool assign, struct cv_place at)
{
    size_t i = 0;
    while (i < r->locals.n && strcmp(r->locals.at[i], name))
        i++;
    if (i == r->locals.n) {
        if (i >= CV_LIMIT_LOCALS) {
            reader_error(r, at, "a task has at most %d variables of its own", CV_LIMIT_LOCALS);
            return -1;
        }
        CV_PUSH(&r->locals, name);
        CV_PUSH(&r->assigned, false);
    }
    if (assign)
        r->assigned.at[i] = true;
    else {
        struct local_use use = {name, at, (int)i};
        CV_PUSH(&r->uses, use);
    }
    return (int)i;
}

const char *const *reader_all_names(struct reader *r, size_t *n)
{
    enum { BUILTINS = 32 };
    const char **names = arena_alloc(r->arena, (r->p->nvars + r->p->nparams + r->locals.n + BUILTINS) * sizeof *names);
    *n = 0;
    for (uint32_t i = 0; i < r->p->nvars; i++)
        names[(*n)++] = r->p->vars[i].name;
    for (uint32_t i = 0; i < r->p->nparams; i++)
        names[(*n)++] = r->p->params[i].name;
    for (size_t i = 0; r->body && i < r->locals.n; i++)
        if (r->assigned.at[i])
            names[(*n)++] = r->locals.at[i];
    for (size_t i = 0; i < BUILTINS && cv_builtins[i].name; i++)
        if (reader_only_expect(cv_builtins[i].name) == r->expecting)
            names[(*n)++] = cv_builtins[i].name;
    return names;
}

/* A name that a section declares: not reserved, not taken. */
static char *new_name(struct reader *r, const char *what)
{
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, what);
    if (!name)
        return NULL;
    if (reader_reserved(name)) {
        reader_error(r, at, "'%s' is a word of the language", name);
        return NULL;
    }
    if (reader_var(r, name) >= 0 || reader_sync(r, name) >= 0 || reader_param(r, name) >= 0) {
        reader_error(r, at, "'%s' is declared twice", name);
        return NULL;
    }
    return name;
}

/* ── [scenario] ─────────────────────────────────────────────────────────────────────────────────── */
static const struct {
    const char *name;
    unsigned bit;
} model_names[] = {
    {"async", CV_M_ASYNC}, {"threads", CV_M_THREADS}, {"threads+gil", CV_M_THREADS | CV_M_GIL}, {"processes", CV_M_PROCESSES}};

bool reader_model_name(struct reader *r, unsigned *bits, bool with_gil)
{
    struct cv_place at = reader_here(r);
    const char *from = r->token.at;
    while (r->token.kind == T_NAME || reader_is(r, "+")) {
        const char *end = r->token.at + r->token.n;
        reader_next(r);
        if (r->token.at != end)
            break;
    }
    const char *stop = r->token.at;
    while (stop > from && (stop[-1] == ' ' || stop[-1] == ','))
        stop--;
    for (size_t i = 0; i < CV_COUNT(model_names); i++)
        if ((size_t)(stop - from) == strlen(model_names[i].name) &&
            memcmp(from, model_names[i].name, (size_t)(stop - from)) == 0) {
            unsigned bit = model_names[i].bit;
            *bits |= with_gil && (bit & CV_M_GIL) ? (unsigned)CV_M_GIL : bit;
            return true;
        }
    at.length = stop > from ? (uint32_t)(stop - from) : 1;
    if (reader_error(r, at, "no such model: '%.*s'", (int)(stop - from > 30 ? 30 : stop - from), from))
        cv_diag_note(r->diags, "models are async, threads, threads+gil, processes");
    return false;
}

const char *reader_raw_value(struct reader *r, const struct line *l)
{
    const char *eq = memchr(l->text, '=', (size_t)(l->end - l->text));
    const char *s = eq ? eq + 1 : l->end, *end = l->end;
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    if (end - s >= 2 && *s == '"' && end[-1] == '"')
        s++, end--;
    return arena_text(r->arena, s, (size_t)(end - s));
}

/* A number computed now; written, where it is not NULL, gets the expression. */
/* "600s": in the largest unit that it is a whole number of. */
static void duration_text(int64_t ns, char *text, size_t size)
{
    static const struct { const char *unit; int64_t ns; } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    size_t u = 0;
    while (ns % units[u].ns)
        u++;
    snprintf(text, size, "%lld%s", (long long)(ns / units[u].ns), units[u].unit);
}

static int64_t number_value(struct reader *r, int64_t low, int64_t high, bool duration, const char *what, struct cv_expr **written)
{
    struct cv_const k;
    struct cv_expr *e = reader_expr(r);
    if (written)
        *written = e;
    if (!e || !reader_constant(r, e, &k))
        return low;
    if (k.kind != CV_K_INT || (duration && !k.duration)) {
        if (reader_error(r, e->at, duration ? "%s takes a duration with a unit" : "%s takes a number", what) && duration)
            cv_diag_note(r->diags, "units are ns, us, ms, s");
        return low;
    }
    char from[32], to[32];
    if (duration) {
        duration_text(low, from, sizeof from);
        duration_text(high, to, sizeof to);
    } else {
        snprintf(from, sizeof from, "%lld", (long long)low);
        snprintf(to, sizeof to, "%lld", (long long)high);
    }
    if (k.i < low || k.i > high)
        reader_error(r, e->at, "%s must be from %s to %s", what, from, to);
    return k.i;
}

static void models_setting(struct reader *r)
{
    r->p->models = 0;
    do {
        if (!reader_model_name(r, &r->p->models, true))
            return;
    } while (reader_accept(r, ",") || r->token.kind == T_NAME);
}

static void pace_setting(struct reader *r)
{
    double top, bottom = 1;
    bool was = r->expecting;
    r->expecting = true;
    if (r->token.kind != T_INT && r->token.kind != T_DECIMAL) {
        reader_error(r, reader_here(r), "pace takes a number such as 1/100");
        return;
    }
    top = r->token.kind == T_INT ? (double)r->token.i : r->token.d;
    reader_next(r);
    if (reader_accept(r, "/")) {
        bottom = (double)r->token.i;
        if (r->token.kind != T_INT)
            bottom = 0;
        reader_next(r);
    }
    r->expecting = was;
    if (top <= 0 || bottom <= 0)
        reader_error(r, reader_here(r), "pace takes a number such as 1/100");
    else
        r->p->pace = top / bottom;
}

/* Letters and counts, as in A2 B3 A1. Which tasks there are is known when it runs. */
static void schedule_setting(struct reader *r, const struct line *l)
{
    const char *s = r->p->schedule = reader_raw_value(r, l);
    struct cv_place at = reader_place(r, r->pos + strspn(r->pos, " \t"), strlen(s));
    size_t bad = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, \t");
    if (strlen(s) > CV_LIMIT_SCHEDULE)
        reader_error(r, at, "a schedule has at most %d characters", CV_LIMIT_SCHEDULE);
    else if (s[bad] || isdigit((unsigned char)s[0]))
        reader_error(r, at, "a schedule is letters and counts, as in A2 B3 A1");
}

void reader_scenario_line(struct reader *r, const struct line *l)
{
    static const char *const names[] = {"title", "about", "model", "models",  "gil",     "switch_interval",
                                        "cores", "pool",  "pace",  "timeout", "schedule"};
    struct cv_program *p = r->p;
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "a setting");
    if (!name)
        return;
    for (size_t i = 0; i < CV_COUNT(names); i++)
        if (!strcmp(name, names[i])) {
            if (r->settings >> i & 1) {
                reader_error(r, at, "'%s' stands here twice", name);
                return;
            }
            r->settings |= 1u << i;
        }
    if (reader_is(r, "=") && !strcmp(name, "title")) { /* text is not looked at as words */
        p->title = reader_raw_value(r, l);
        return;
    }
    if (reader_is(r, "=") && !strcmp(name, "about")) {
        p->about = reader_raw_value(r, l);
        return;
    }
    if (reader_is(r, "=") && !strcmp(name, "schedule")) {
        schedule_setting(r, l);
        return;
    }
    if (!reader_expect(r, "=", "after the setting's name"))
        return;
    if (!strcmp(name, "model")) {
        unsigned bits = 0;
        r->model_at = reader_here(r);
        if (reader_model_name(r, &bits, false)) {
            p->model = bits & ~(unsigned)CV_M_GIL;
            p->gil |= (bits & CV_M_GIL) != 0;
        }
    } else if (!strcmp(name, "models")) {
        models_setting(r);
    } else if (!strcmp(name, "gil")) {
        if (!reader_is(r, "on") && !reader_is(r, "off"))
            reader_error(r, reader_here(r), "gil is on or off");
        p->gil = p->gil_on = reader_is(r, "on");
        reader_next(r);
    } else if (!strcmp(name, "switch_interval")) {
        p->switch_interval_ns = number_value(r, 1000, 10000000000, true, name, NULL);
    } else if (!strcmp(name, "timeout")) {
        p->timeout_ns = number_value(r, 1000000, 600000000000, true, name, NULL); /* --timeout takes longer ones */
    } else if (!strcmp(name, "cores")) {
        p->cores = (uint32_t)number_value(r, 1, 4096, false, name, NULL);
    } else if (!strcmp(name, "pool")) {
        p->pool = (uint32_t)number_value(r, 1, 1024, false, name, NULL);
    } else if (!strcmp(name, "pace")) {
        pace_setting(r);
    } else {
        if (reader_error(r, at, "no such setting: '%s'", name))
            reader_did_you_mean(r, name, names, CV_COUNT(names));
        return;
    }
    if (!r->failed)
        reader_end_of_line(r);
}

/* ── declarations ───────────────────────────────────────────────────────────────────────────────── */
bool reader_full(struct reader *r, uint32_t n, uint32_t limit, const char *what)
{
    if (n < limit)
        return false;
    reader_error(r, reader_here(r), "more than %u %s", limit, what);
    return true;
}

static void override_param(struct reader *r, struct cv_param *p, struct cv_place at)
{
    for (size_t i = 0; i < r->noverrides; i++) {
        const char *value = r->overrides[i].value;
        if (strcmp(r->overrides[i].name, p->name))
            continue;
        const char *pos = r->pos, *stop = r->stop;
        struct token token = r->token;
        reader_start_at(r, value, value + strlen(value));
        bool negative = reader_accept(r, "-"), number = r->token.kind == T_INT, least = number && r->token.least;
        int64_t v = negative && !r->token.least ? -r->token.i : r->token.i;
        reader_next(r);
        number = number && (negative || !least) && r->token.kind == T_END && !r->failed;
        r->pos = pos;
        r->stop = stop;
        r->token = token;
        if (!number)
            reader_error(r, at, "-p %s=%.40s: not a number", p->name, value);
        else if ((v < p->low || v > p->high) && p->duration && p->low >= 0) {
            char low[48];
            snprintf(low, sizeof low, "%s", cv_duration_text((uint64_t)p->low, true));
            reader_error(r, at, "-p %s=%.40s: must be in %s..%s", p->name, value, low, cv_duration_text((uint64_t)p->high, true));
        } else if (v < p->low || v > p->high)
            reader_error(r, at, "-p %s=%.40s: must be in %lld..%lld", p->name, value, (long long)p->low, (long long)p->high);
        p->value = v;
    }
}

void reader_param_line(struct reader *r, const struct line *l)
{
    struct cv_const k;
    struct cv_place at = reader_here(r);
    if (reader_full(r, r->p->nparams, CV_LIMIT_PARAMS, "parameters"))
        return;
    char *name = new_name(r, "the parameter's name");
    if (!name || !reader_expect(r, "=", "after the parameter's name"))
        return;
    struct cv_param p = {.name = name, .low = INT64_MIN, .high = INT64_MAX, .line = l->number};
    struct cv_expr *e = reader_expr(r);
    if (!e || !reader_constant(r, e, &k))
        return;
    if (k.kind != CV_K_INT) {
        reader_error(r, e->at, "a parameter is a number");
        return;
    }
    p.value = k.i;
    p.duration = k.duration;
    if (reader_accept(r, "in")) {
        struct cv_expr *low = reader_expr(r);
        if (!low || !reader_constant(r, low, &k) || !reader_expect(r, "..", "between the least and the greatest"))
            return;
        p.low = k.i;
        struct cv_expr *high = reader_expr(r);
        if (!high || !reader_constant(r, high, &k))
            return;
        p.high = k.i;
        if (p.low > p.high || p.value < p.low || p.value > p.high) {
            reader_error(r, e->at, "%lld is not in its own range %lld..%lld", (long long)p.value, (long long)p.low,
                         (long long)p.high);
            return;
        }
    }
    override_param(r, &p, at);
    if (!r->failed)
        reader_end_of_line(r);
    r->p->params[r->p->nparams++] = p;
}

void reader_var_line(struct reader *r, const struct line *l, bool memory)
{
    struct cv_const k;
    if (reader_full(r, r->p->nvars, CV_LIMIT_VARS, "variables"))
        return;
    char *name = new_name(r, "the variable's name");
    if (!name || !reader_expect(r, "=", "after the variable's name"))
        return;
    struct cv_expr *e = reader_expr(r);
    if (!e || !reader_constant(r, e, &k))
        return;
    reader_end_of_line(r);
    for (uint32_t i = 0; k.kind == CV_K_LIST && i < k.n; i++)
        if (k.items[i].kind == CV_K_LIST)
            reader_error(r, e->at, "a list cannot hold a list");
    r->p->vars[r->p->nvars++] =
        (struct cv_var_def){.name = name, .memory = memory, .list = k.kind == CV_K_LIST, .initial = k, .written = e, .line = l->number};
}

/* (m): the lock that guards what the condition is about. It stands above. */
static bool condition_lock(struct reader *r, struct cv_sync_def *d, struct cv_place at)
{
    if (!reader_accept(r, "(")) {
        if (reader_error(r, at, "a condition needs the lock that guards it"))
            cv_diag_note(r->diags, "%s = condition(m), below m = lock", d->name);
        return false;
    }
    at = reader_here(r);
    char *name = reader_name(r, "the name of a lock");
    if (!name)
        return false;
    d->lock = reader_sync(r, name);
    if (d->lock < 0 || r->p->syncs[d->lock].kind != SYNC_LOCK) {
        if (reader_error(r, at, d->lock < 0 ? "no such lock: '%s'" : "'%s' is no lock", name))
            cv_diag_note(r->diags, "declare it above: %s = lock", d->lock < 0 ? name : "m");
        return false;
    }
    return reader_expect(r, ")", "after the lock");
}

void reader_sync_line(struct reader *r, const struct line *l)
{
    static const char *const kinds[] = {"lock", "semaphore", "queue", "event", "barrier", "condition"};
    struct cv_sync_def d = {.line = l->number, .kind = -1, .lock = -1};
    if (reader_full(r, r->p->nsyncs, CV_LIMIT_SYNCS, "sync objects"))
        return;
    d.name = new_name(r, "the object's name");
    if (!d.name || !reader_expect(r, "=", "after the object's name"))
        return;
    struct cv_place at = reader_here(r);
    char *kind = reader_name(r, "a kind of object");
    if (!kind)
        return;
    for (int i = 0; i < (int)CV_COUNT(kinds); i++)
        if (!strcmp(kinds[i], kind))
            d.kind = i;
    if (d.kind < 0) {
        if (reader_error(r, at, "no such kind of object: '%s'", kind))
            reader_did_you_mean(r, kind, kinds, CV_COUNT(kinds));
        return;
    }
    r->p->syncs[r->p->nsyncs] = d;
    if (d.kind == SYNC_CONDITION) {
        if (!condition_lock(r, &d, at))
            return;
    } else if (d.kind == SYNC_BARRIER && !reader_is(r, "(")) {
        if (reader_error(r, at, "a barrier needs the number of tasks that meet there"))
            cv_diag_note(r->diags, "%s = barrier(4)", d.name);
        return;
    } else if (reader_accept(r, "(")) {
        if (d.kind == SYNC_LOCK || d.kind == SYNC_EVENT) {
            reader_error(r, reader_here(r), "%s %s takes no number", d.kind == SYNC_EVENT ? "an" : "a", kind);
            return;
        }
        d.size = number_value(r, d.kind == SYNC_SEMAPHORE ? 0 : 1, d.kind == SYNC_QUEUE ? 65536 : 1000000, false, kind, &d.written);
        reader_expect(r, ")", "after the number");
    } else if (d.kind == SYNC_SEMAPHORE) {
        d.size = 1;
    }
    if (!r->failed)
        reader_end_of_line(r);
    r->p->syncs[r->p->nsyncs++] = d;
}

/* ── task headers ───────────────────────────────────────────────────────────────────────────────── */
static void add_instance(struct reader *r, struct cv_instance in, struct cv_place at)
{
    struct cv_program *p = r->p;
    if (p->ninstances >= CV_LIMIT_INSTANCES) {
        reader_error(r, at, "more than %d tasks", CV_LIMIT_INSTANCES);
        return;
    }
    if ((p->ninstances & (p->ninstances - 1)) == 0) { /* doubles when full */
        struct cv_instance *more = arena_alloc(r->arena, (p->ninstances ? p->ninstances * 2 : 1) * sizeof *more);
        if (p->ninstances)
            memcpy(more, p->instances, p->ninstances * sizeof *more);
        p->instances = more;
    }
    p->instances[p->ninstances++] = in;
}

static void instances_for(struct reader *r, uint32_t body)
{
    struct cv_place at = reader_here(r);
    char *name = reader_name(r, "the variable");
    if (!name || !reader_expect(r, "in", "after the variable"))
        return;
    if (reader_var(r, name) >= 0 || reader_sync(r, name) >= 0 || reader_param(r, name) >= 0 || reader_reserved(name)) {
        reader_error(r, at, "'%s' is taken: the variable of a task must be a name of its own", name);
        return;
    }
    struct cv_body *b = &r->p->bodies[body];
    b->nparams = 1;
    b->locals = arena_alloc(r->arena, sizeof *b->locals);
    b->locals[0] = name;
    uint32_t first = r->p->ninstances;
    int64_t me = 0;
    enum { MOST = 4096 }; /* each is compared with all before it */
    do {
        struct cv_const k;
        if (me == MOST) {
            reader_error(r, reader_here(r), "at most %d values", MOST);
            return;
        }
        struct cv_expr *e = reader_expr(r);
        if (!e || !reader_constant(r, e, &k))
            return;
        struct cv_instance in = {.body = body, .me = me++, .has_value = true, .value = k};
        char text[CV_LIMIT_NAME + 1];
        if (k.kind == CV_K_STRING && k.n >= 1 && k.n <= CV_LIMIT_NAME) {
            in.name = k.s;
        } else if (k.kind == CV_K_INT) {
            int n = snprintf(text, sizeof text, "%lld", (long long)k.i);
            in.name = arena_text(r->arena, text, (size_t)n);
        } else {
            reader_error(r, e->at, "a value must be a number or a text of 1 to %d bytes", CV_LIMIT_NAME);
            return;
        }
        for (uint32_t i = first; i < r->p->ninstances; i++)
            if (!strcmp(r->p->instances[i].name, in.name)) {
                reader_error(r, e->at, "the value '%s' stands here twice", in.name);
                return;
            }
        add_instance(r, in, e->at);
    } while (reader_accept(r, ",") && !r->failed);
}

struct cv_body *reader_task_header(struct reader *r, struct cv_place at)
{
    struct cv_program *p = r->p;
    struct cv_place name_at = reader_here(r);
    char *name = reader_name(r, "the task's name");
    if (!name)
        return NULL;
    if (reader_reserved(name) || reader_body(r, name) >= 0 || !strcmp(name, "main")) {
        reader_error(r, name_at, reader_body(r, name) >= 0 ? "the task '%s' stands here twice" : "'%s' is a word of the language",
                     name);
        return NULL;
    }
    if (reader_full(r, p->nbodies, CV_LIMIT_BODIES, "tasks"))
        return NULL;
    uint32_t body = p->nbodies++;
    struct cv_body *b = &p->bodies[body];
    *b = (struct cv_body){.name = name, .line = r->line->number};
    if (reader_accept(r, "(")) {
        enum { MOST = 32 };
        const char **params = b->locals = arena_alloc(r->arena, (MOST + 1) * sizeof *params);
        while (!reader_is(r, ")") && !r->failed) {
            struct cv_place param_at = reader_here(r);
            char *param = new_name(r, "the argument's name");
            if (!param)
                return b;
            for (uint32_t i = 0; i < b->nparams; i++)
                if (!strcmp(params[i], param)) {
                    reader_error(r, param_at, "the argument '%s' stands here twice", param);
                    return b;
                }
            if (b->nparams == MOST) {
                reader_error(r, param_at, "at most %d arguments", MOST);
                return b;
            }
            params[b->nparams++] = param;
            if (!reader_accept(r, ","))
                break;
        }
        reader_expect(r, ")", "after the arguments");
        return b; /* for spawn: no instance by itself */
    }
    if (reader_accept(r, "x")) {
        int64_t n = number_value(r, 0, CV_LIMIT_INSTANCES, false, "the number of tasks", &b->count);
        for (int64_t i = 0; i < n && !r->failed; i++) {
            char text[CV_LIMIT_NAME + 32];
            int length = snprintf(text, sizeof text, "%s#%lld", name, (long long)i);
            add_instance(r, (struct cv_instance){.name = arena_text(r->arena, text, (size_t)length), .body = body, .me = i}, at);
        }
    } else if (reader_accept(r, "for")) {
        instances_for(r, body);
    } else {
        add_instance(r, (struct cv_instance){.name = name, .body = body}, at);
    }
    return b;
}
