/* Which lanes have a row, and which stand together in a band: see rows.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ui/view.h"

#define LOOK_AGAIN 250000000ull     /* ns: so often are the states of very many tasks looked at while live */
enum { MANY = 1000 };

void rows_release(struct rows *r)
{
    free(r->at.at);
    free(r->named.at);
}

void rows_model(struct cv_view *v)
{
    struct rows *r = &v->rows;
    r->named.n = r->looked = 0;
    r->group = UINT32_MAX;
    r->of = NULL;
    r->at.n = 0;
    r->stale = true;
}

static uint32_t first_task(const struct cv_view *v) { return cv_model_info(v->m)->implicit_main ? 1 : 0; }

/* ── the filter ─────────────────────────────────────────────────────────────────────────────────── */
void rows_filter(struct cv_view *v, const char *text)
{
    struct rows *r = &v->rows;
    char copy[ROWS_FILTER];
    snprintf(r->filter, sizeof r->filter, "%s", text);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *s = copy; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    r->words[0] = 0;
    r->states = 0;
    char *rest = NULL;
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        int state = 0;
        while (state < CV_ST_COUNT && strcmp(cv_state_info[state].name, w))
            state++;
        size_t n = strlen(r->words);
        if (state < CV_ST_COUNT)
            r->states |= 1u << state;
        else
            snprintf(r->words + n, sizeof r->words - n, "%s%s", n ? " " : "", w);
    }
    r->named.n = r->looked = 0;
    r->stale = true;
}

static bool holds(const char *name, const char *word, size_t n)
{
    for (; *name; name++) {
        size_t i = 0;
        while (i < n && name[i] && tolower((unsigned char)name[i]) == word[i])
            i++;
        if (i == n)
            return true;
    }
    return n == 0;
}

static bool named_so(const struct cv_view *v, uint32_t task)
{
    const char *name = cv_model_task_name(v->m, task), *body = cv_model_body_of(v->m, task);
    for (const char *w = v->rows.words; *w;) {
        size_t n = strcspn(w, " ");
        if (!holds(name, w, n) && !holds(body, w, n))
            return false;
        w += n + (w[n] == ' ');
    }
    return true;
}

static void filtered(struct cv_view *v)
{
    struct rows *r = &v->rows;
    uint32_t n = cv_model_ntasks(v->m);
    for (r->looked = r->looked > first_task(v) ? r->looked : first_task(v); r->looked < n; r->looked++)
        if (named_so(v, r->looked))
            CV_PUSH(&r->named, r->looked);
    for (size_t i = 0; i < r->named.n; i++) {
        uint32_t task = r->named.at[i];
        if (!rows_pinned(v, task) && (!r->states || r->states >> cv_model_lane_at(v->m, task, v->cursor).state & 1))
            CV_PUSH(&r->at, task);
    }
}

/* ── groups ─────────────────────────────────────────────────────────────────────────────────────── */
static bool is_open(const struct rows *r, uint32_t group) { return group < ROWS_GROUPS && r->open[group]; }

static bool folds(const struct cv_view *v, uint32_t group)
{
    return cv_model_group(v->m, group).ntasks >= ROWS_FOLD_FROM;
}

/* Rows of a band: what room the other rows leave, shared among the bands. */
static uint32_t band_height(const struct cv_view *v)
{
    uint32_t bands = 0, others = (uint32_t)v->rows.at.n;
    for (uint32_t g = 0, n = cv_model_ngroups(v->m); g < n; g++) {
        bool f = folds(v, g);
        bands += f;
        others += f && !is_open(&v->rows, g) ? 0 : cv_model_group(v->m, g).ntasks;
    }
    others += v->chosen; /* the selected lane, below its band */
    uint32_t height = bands && v->rows.room > others ? (v->rows.room - others) / bands : 1;
    return height < 1 ? 1 : height > ROWS_TALLEST ? ROWS_TALLEST : height;
}

static void grouped(struct cv_view *v)
{
    struct rows *r = &v->rows;
    uint32_t height = band_height(v);
    for (uint32_t g = 0, n = cv_model_ngroups(v->m); g < n; g++) {
        uint32_t tasks = cv_model_group(v->m, g).ntasks;
        bool band = folds(v, g), open = is_open(r, g);
        for (uint32_t sub = 0; band && sub < (open ? 1 : height); sub++)
            CV_PUSH(&r->at, ROWS_GROUP | sub << 20 | g);
        bool selected = v->chosen && v->lane != CV_LANE_LOOP && r->group != g && !rows_pinned(v, v->lane) && cv_model_group_of(v->m, v->lane) == g;
        if (band && !open && selected) /* the selected lane stays in sight */
            CV_PUSH(&r->at, v->lane);
        for (uint32_t i = 0; i < tasks && (!band || open); i++) {
            uint32_t task = cv_model_group_task(v->m, g, i);
            if (task >= first_task(v) && !rows_pinned(v, task))
                CV_PUSH(&r->at, task);
        }
    }
}

/* ── all rows ───────────────────────────────────────────────────────────────────────────────────── */
static bool up_to_date(const struct cv_view *v)
{
    const struct rows *r = &v->rows;
    if (r->stale || r->of != v->m || r->ntasks != cv_model_ntasks(v->m) || r->lane != v->lane)
        return false;
    if (!r->states || (r->at_t == v->cursor && r->change == cv_model_change(v->m)))
        return true;
    return v->live && !view_over(v) && r->named.n > MANY && r->at_t <= v->cursor && v->cursor - r->at_t < LOOK_AGAIN;
}

void rows_update(struct cv_view *v)
{
    struct rows *r = &v->rows;
    if (!v->m || up_to_date(v))
        return;
    if (r->group != UINT32_MAX && v->lane != cv_model_group_task(v->m, r->group, 0))
        r->group = UINT32_MAX; /* a lane has been chosen elsewhere */
    r->at.n = 0;
    r->of = v->m;
    r->ntasks = cv_model_ntasks(v->m);
    r->lane = v->lane;
    r->at_t = v->cursor;
    r->change = cv_model_change(v->m);
    r->stale = false;
    uint32_t n = r->ntasks, all = view_nlanes(v);
    if (cv_model_has_loop(v->m))
        CV_PUSH(&r->at, CV_LANE_LOOP);
    for (uint32_t i = 0; i < r->npins; i++)
        if (r->pins[i] < n && r->pins[i] >= first_task(v))
            CV_PUSH(&r->at, r->pins[i]);
    if (*r->filter) {
        filtered(v);
    } else if (all > r->room && r->room > 0 && !v->bare) {
        grouped(v);
    } else {
        r->group = UINT32_MAX;
        for (uint32_t task = first_task(v); task < n; task++)
            if (!rows_pinned(v, task))
                CV_PUSH(&r->at, task);
    }
    if (r->group != UINT32_MAX && rows_index(v, ROWS_GROUP | r->group) == UINT32_MAX)
        r->group = UINT32_MAX;
    if (!v->chosen && r->group == UINT32_MAX && v->lane != CV_LANE_LOOP && rows_index(v, v->lane) == UINT32_MAX) {
        uint32_t group = cv_model_group_of(v->m, v->lane);
        r->group = rows_index(v, ROWS_GROUP | group) != UINT32_MAX ? group : UINT32_MAX;
    }
}

uint32_t rows_count(const struct cv_view *v) { return v->m ? (uint32_t)v->rows.at.n : 0; }
uint32_t rows_at(const struct cv_view *v, uint32_t i) { return i < v->rows.at.n ? v->rows.at.at[i] : CV_LANE_LOOP; }

uint32_t rows_index(const struct cv_view *v, uint32_t lane)
{
    const struct rows *r = &v->rows;
    size_t guess = view_lane_index(v, lane); /* without pins and bands it stands there */
    if (guess < r->at.n && r->at.at[guess] == lane)
        return (uint32_t)guess;
    for (size_t i = 0; i < r->at.n; i++)
        if (r->at.at[i] == lane)
            return (uint32_t)i;
    return UINT32_MAX;
}

uint32_t rows_selected(const struct cv_view *v)
{
    uint32_t i = v->rows.group != UINT32_MAX ? rows_index(v, ROWS_GROUP | v->rows.group) : UINT32_MAX;
    if (i == UINT32_MAX)
        i = rows_index(v, v->lane);
    if (i == UINT32_MAX && v->lane != CV_LANE_LOOP)
        i = rows_index(v, ROWS_GROUP | cv_model_group_of(v->m, v->lane));
    return i == UINT32_MAX ? 0 : i;
}

/* ── choosing ───────────────────────────────────────────────────────────────────────────────────── */
void rows_choose(struct cv_view *v, uint32_t i)
{
    uint32_t row = rows_at(v, i);
    v->rows.group = rows_is_group(row) ? rows_group(row) : UINT32_MAX;
    v->lane = rows_is_group(row) ? cv_model_group_task(v->m, rows_group(row), 0) : row;
    v->chosen = true;
    v->object = CV_NO_TASK;
    v->rows.stale = true;
    v->scroll[PANE_CODE] = 0;
}

void rows_move(struct cv_view *v, int by)
{
    rows_update(v);
    uint32_t n = rows_count(v);
    if (!n)
        return;
    int64_t i = rows_selected(v), step = by < 0 ? -1 : 1;
    for (int64_t left = by < 0 ? -by : by; left > 0 && i + step >= 0 && i + step < n; left--) {
        i += step;
        while (i + step >= 0 && i + step < n && rows_is_group(rows_at(v, (uint32_t)i)) && rows_sub(rows_at(v, (uint32_t)i)))
            i += step;
    }
    if (rows_is_group(rows_at(v, (uint32_t)i)))
        i -= rows_sub(rows_at(v, (uint32_t)i));
    rows_choose(v, (uint32_t)i);
    rows_update(v);
}

bool rows_unfold(struct cv_view *v)
{
    struct rows *r = &v->rows;
    rows_update(v);
    uint32_t row = rows_at(v, rows_selected(v));
    if (!rows_is_group(row) || rows_group(row) >= ROWS_GROUPS)
        return false;
    r->open[rows_group(row)] = !r->open[rows_group(row)];
    r->stale = true;
    return true;
}

bool rows_pinned(const struct cv_view *v, uint32_t lane)
{
    for (uint32_t i = 0; i < v->rows.npins; i++)
        if (v->rows.pins[i] == lane)
            return true;
    return false;
}

void rows_pin(struct cv_view *v)
{
    struct rows *r = &v->rows;
    uint32_t i = 0;
    if (v->lane == CV_LANE_LOOP || r->group != UINT32_MAX) {
        view_say(v, "a lane is pinned, not %s", v->lane == CV_LANE_LOOP ? "the loop, which is always on top" : "a group");
        return;
    }
    while (i < r->npins && r->pins[i] != v->lane)
        i++;
    if (i < r->npins)
        memmove(&r->pins[i], &r->pins[i + 1], (--r->npins - i) * sizeof *r->pins);
    else if (r->npins < ROWS_PINS)
        r->pins[r->npins++] = v->lane, view_say(v, "%.100s is pinned to the top", cv_model_task_name(v->m, v->lane));
    else
        view_say(v, "%d lanes are pinned already", ROWS_PINS);
    r->stale = true;
}

/* ── said ───────────────────────────────────────────────────────────────────────────────────────── */
void rows_label(const struct cv_view *v, uint32_t row, struct cv_buf *out)
{
    if (!rows_is_group(row)) {
        cv_buf_str(out, view_lane_name(v, row));
        return;
    }
    struct cv_group g = cv_model_group(v->m, rows_group(row));
    cv_buf_printf(out, "%s ×%u", g.name, g.ntasks);
}

void rows_say_group(const struct cv_view *v, uint32_t group, struct cv_buf *out)
{
    uint64_t counts[CV_ST_COUNT];
    struct cv_group g = cv_model_group(v->m, group);
    bool any = false;
    cv_model_group_at(v->m, group, v->cursor, counts);
    cv_buf_printf(out, "%u tasks %s: ", g.ntasks, g.name);
    for (int s = 0; s < CV_ST_COUNT; s++)
        if (counts[s]) {
            cv_buf_printf(out, "%s%llu %s", any ? ", " : "", (unsigned long long)counts[s], cv_state_info[s].name);
            any = true;
        }
    cv_buf_printf(out, " · Enter %s", is_open(&v->rows, group) ? "folds" : "unfolds");
}
