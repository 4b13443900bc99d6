/* The Cores pane: how busy each core is by the system's own account, the run's share in it told apart, who is on it, and
 * how it went over the timeline's window. Packages, NUMA nodes, kinds of cores and caches stand together; of more cores than
 * rows it is a picture (cores_map.c). */
#include <stdlib.h>
#include <string.h>

#include "ui/cores.h"

enum { LEVELS = 8, HISTORY_MOST = 40 };

/* ── the cores there are ────────────────────────────────────────────────────────────────────────── */
static bool kinds_differ(const struct cv_topo *t)
{
    for (uint32_t i = 1; i < t->ncores; i++)
        if (t->cores[i].kind != t->cores[0].kind)
            return true;
    return false;
}

static enum core_grouping grouping(const struct cv_topo *t)
{
    return t->npackages > 1 ? CORES_BY_PACKAGE : t->nnuma > 1 ? CORES_BY_NUMA : kinds_differ(t) ? CORES_BY_KIND
           : t->ncaches > 1 && t->ncaches < t->nphysical                        ? CORES_BY_CACHE
                                                                                 : CORES_ALIKE;
}

static uint32_t member(const struct cv_core *c, enum core_grouping by)
{
    switch (by) {
    case CORES_BY_PACKAGE: return c->package;
    case CORES_BY_NUMA: return c->numa;
    case CORES_BY_KIND: return (uint32_t)(c->kind + 1);
    case CORES_BY_CACHE: return c->cache;
    default: return 0;
    }
}

/* What stands together within a group: NUMA nodes, else what shares a cache, else kinds. */
static uint32_t sub_member(const struct cv_topo *t, const struct cv_core *c)
{
    return t->nnuma > t->npackages ? c->numa : t->ncaches > t->npackages && t->ncaches < t->nphysical ? c->cache : (uint32_t)(c->kind + 1);
}

static void add_new(const struct cv_view *v, struct core_units *u, uint32_t known)
{
    uint32_t seen = v->m ? cv_model_ncores(v->m) : 0;
    for (uint32_t os = 0; (!known || v->topo->this_system) && os < seen; os++) {
        bool there = false;
        for (uint32_t i = 0; i < known && !there; i++)
            there = u->at[i].at.os == os;
        struct cv_core_at now = there ? (struct cv_core_at){0} : cv_model_core_at(v->m, os, v->cursor);
        if (there || (known && now.busy < 0 && now.run <= 0 && !now.offline))
            continue;
        u->at = cv_realloc(u->at, (u->n + 1) * sizeof *u->at);
        u->at[u->n] = (struct core_unit){.at = {.os = os, .physical = UINT32_MAX, .kind = -1, .allowed = true}, .group = known ? u->ngroups : 0};
        u->n++;
    }
    u->ngroups += u->n > known || !u->ngroups;
}

struct core_units cores_units(const struct cv_view *v)
{
    struct core_units u = {0};
    const struct cv_topo *t = v->topo;
    uint32_t n = t ? t->ncores : 0;
    u.at = cv_alloc((n + 1) * sizeof *u.at);
    u.by = n ? grouping(t) : CORES_ALIKE;
    for (int ours = 1; ours >= 0; ours--)
        for (uint32_t i = 0; i < n; i++) {
            struct core_unit one = {.at = t->cores[i], .sub = sub_member(t, &t->cores[i])};
            if (t->cores[i].allowed != (ours == 1))
                continue;
            const struct core_unit *last = u.n ? &u.at[u.n - 1] : NULL;
            bool same = last && (u.by == CORES_ALIKE || last->at.allowed == one.at.allowed) && member(&last->at, u.by) == member(&one.at, u.by);
            one.group = last ? last->group + !same : 0;
            u.at[u.n++] = one;
        }
    u.ngroups = u.n ? u.at[u.n - 1].group + 1 : 0;
    add_new(v, &u, u.n);
    for (uint32_t i = 0; i < u.n; i++)
        u.at[i].now = v->m ? cv_model_core_at(v->m, u.at[i].at.os, v->cursor) : (struct cv_core_at){.busy = -1, .run = -1, .task = CV_NO_TASK};
    return u;
}

void cores_group_name(const struct cv_view *v, const struct core_units *u, const struct core_unit *first, bool small, struct cv_buf *out)
{
    int fastest = -1;
    for (uint32_t i = 0; i < u->n; i++)
        fastest = u->at[i].at.kind > fastest ? u->at[i].at.kind : fastest;
    const struct cv_core *c = &first->at;
    bool single = v->topo && v->topo->nnuma == v->topo->npackages;
    cv_buf_str(out, "");
    if (c->physical == UINT32_MAX)
        cv_buf_str(out, small ? "new" : "came while it ran");
    else if (u->by == CORES_BY_PACKAGE)
        cv_buf_printf(out, small ? "P%u" : single ? "package %u, NUMA node %u" : "package %u", c->package, c->numa);
    else if (u->by == CORES_BY_NUMA)
        cv_buf_printf(out, small ? "N%u" : "NUMA node %u", c->numa);
    else if (u->by == CORES_BY_KIND)
        cv_buf_str(out, c->kind == fastest ? (small ? "perf" : "performance cores") : small ? "eff" : "efficiency cores");
    else if (u->by == CORES_BY_CACHE)
        cv_buf_printf(out, small ? "L%u" : "share cache %u", c->cache);
    if (!c->allowed && !small)
        cv_buf_str(out, ", not ours");
}

static void draw_bar(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, int width, struct cv_core_at at)
{
    double busy = at.busy < 0 ? at.run : at.busy, run = at.run < 0 ? 0 : at.run;
    busy = busy < 0 ? 0 : busy > 1 ? 1 : busy;
    run = run > busy ? busy : run;
    int all = (int)(busy * width + 0.5), ours = (int)(run * width + 0.5);
    if (run > 0 && ours == 0 && width > 0)
        canvas_put(c, r, x, y, v->ascii ? '|' : 0x258f, CV_C_RUNNING, 0);
    for (int i = 0; i < all && i < width; i++)
        canvas_put(c, r, x + i, y, i < ours ? (v->ascii ? '#' : 0x2588) : (v->ascii ? '~' : 0x2591), i < ours ? CV_C_RUNNING : CV_C_SYSTEM, 0);
}

static void draw_history(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, int width, uint32_t core)
{
    static const char plain[LEVELS + 1] = ".,:-=+*#";
    uint64_t wide = view_column_ns(v) * (uint64_t)v->columns, from = view_from(v), end = view_end(v);
    for (int i = 0; i < width; i++) {
        uint64_t a = from + wide * (uint64_t)i / (uint64_t)width, b = from + wide * (uint64_t)(i + 1) / (uint64_t)width;
        if (a >= end || b <= a)
            break;
        struct cv_core_at at = cv_model_core_span(v->m, core, a, b < end ? b : end);
        double busy = at.busy < 0 ? at.run : at.busy;
        if (busy < 0)
            continue;
        int level = (int)(busy * LEVELS);
        level = level >= LEVELS ? LEVELS - 1 : level;
        canvas_put(c, r, x + i, y, v->ascii ? (uint32_t)plain[level] : (uint32_t)(0x2581 + level), at.run > 0.005 ? CV_C_RUNNING : CV_C_SYSTEM, 0);
    }
}

/* The thread of a main task nobody wrote is the loop's. */
const char *cores_who(const struct cv_view *v, const struct core_unit *u)
{
    uint32_t task = u->now.task;
    if (!v->m || task == CV_NO_TASK || (view_over(v) && v->cursor >= view_end(v)))
        return NULL;
    bool loop = task == 0 && cv_model_info(v->m)->implicit_main && cv_model_has_loop(v->m);
    uint32_t lane = loop ? CV_LANE_LOOP : task;
    return cv_model_lane_at(v->m, lane, v->cursor).state == CV_ST_RUNNING ? view_lane_name(v, lane) : NULL;
}

/* ── a row a core ───────────────────────────────────────────────────────────────────────────────── */
/* SMT siblings, where they stand in neighbouring rows, are held together by a brace. */
static uint32_t brace(const struct core_units *u, uint32_t i)
{
    bool before = i > 0 && u->at[i - 1].at.physical == u->at[i].at.physical, after = i + 1 < u->n && u->at[i + 1].at.physical == u->at[i].at.physical;
    return u->at[i].at.physical == UINT32_MAX ? ' ' : before && after ? 0x2502 : after ? 0x256d : before ? 0x2570 : ' ';
}

static void draw_core(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, const struct core_units *all, uint32_t i)
{
    const struct core_unit *u = &all->at[i];
    struct cv_core_at at = u->now;
    bool allowed = u->at.allowed, siblings = v->topo && v->topo->nphysical < v->topo->ncores;
    enum cv_colour ink = allowed ? CV_C_TEXT : CV_C_DIM;
    int number = u->at.os >= 100 ? 3 : 2, name = r.w >= 24 ? 8 : 0;
    int history = r.w >= 38 && v->m ? (r.w - 30) / 2 : 0;
    history = history > HISTORY_MOST ? HISTORY_MOST : history;
    int bar = r.w - number - 3 - 5 - (name ? name + 1 : 0) - (history ? history + 1 : 0) - siblings;
    int x = r.x;
    if (siblings)
        canvas_put(c, r, x++, y, brace(all, i), CV_C_FRAME, 0);
    canvas_printf(c, r, x, y, ink, 0, "%*u", number, u->at.os);
    x += number + 1;
    if (bar >= 3) {
        canvas_put(c, r, x, y, 0x2595, CV_C_FRAME, 0);
        draw_bar(v, c, r, x + 1, y, bar, at);
        canvas_put(c, r, x + 1 + bar, y, v->ascii ? ']' : 0x258f, CV_C_FRAME, 0);
        x += bar + 2;
    }
    if (at.busy >= 0)
        canvas_printf(c, r, x, y, ink, 0, "%3.0f%%", at.busy * 100);
    else if (at.run >= 0)
        canvas_printf(c, r, x, y, ink, 0, "%3.0f%%", at.run * 100);
    else
        canvas_str(c, r, x, y, "  - ", CV_C_DIM, 0);
    x += 5;
    const char *task = cores_who(v, u);
    if (name)
        canvas_name(c, r, x, y, at.offline ? "offline" : task ? task : allowed ? "" : "not ours", name, task && !at.offline ? CV_C_RUNNING : CV_C_DIM, 0);
    x += name ? name + 1 : 0;
    if (history)
        draw_history(v, c, r, x, y, history, u->at.os);
}

/* So many cores have a row each in so many rows; the rest, not ours, is summed up in the last. 0: too many, they are a picture. */
static uint32_t listed(const struct core_units *u, uint32_t rows)
{
    uint32_t ours = 0;
    for (uint32_t i = 0; i < u->n; i++)
        ours += u->at[i].at.allowed;
    if (u->n <= rows || u->n <= 4)
        return u->n < rows ? u->n : rows >= u->n ? u->n : rows > 1 ? rows - 1 : rows;
    return ours + 1 <= rows && ours < u->n && ours <= 8 ? ours : 0;
}

static void draw_list(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, const struct core_units *u, uint32_t n)
{
    bool heads = u->ngroups > 1 && n == u->n && u->n + u->ngroups <= (uint32_t)r.h;
    int y = r.y;
    for (uint32_t i = 0; i < n; i++) {
        if (heads && (i == 0 || u->at[i].group != u->at[i - 1].group)) {
            struct cv_buf name = {0};
            cores_group_name(v, u, &u->at[i], false, &name);
            canvas_fit(c, r, r.x + 1, y++, name.at, r.w - 1, CV_C_TITLE, 0);
            cv_buf_release(&name);
        }
        draw_core(v, c, r, y++, u, i);
    }
    double busy = 0;
    for (uint32_t i = n; i < u->n; i++)
        busy += u->at[i].now.busy > 0 ? u->at[i].now.busy : 0;
    if (n < u->n && y < r.y + r.h)
        canvas_printf(c, r, r.x + 1, y, CV_C_DIM, 0, "+ %u more cores%s, %.0f%% busy", u->n - n, u->at[n].at.allowed ? "" : ", not ours", busy * 100 / (u->n - n));
}

int cores_rows(const struct cv_view *v, int width)
{
    struct core_units u = cores_units(v);
    uint32_t ours = listed(&u, 9);
    int rows = u.n <= 8 ? (int)(u.n + (u.ngroups > 1 ? u.ngroups : 0)) : ours ? (int)ours + 1 : cores_map_rows(v, &u, width);
    free(u.at);
    return rows > 0 ? rows : 2;
}

static void title(const struct cv_view *v, struct cv_buf *out)
{
    if (v->status.cores_why && *v->status.cores_why)
        cv_text_clean(out, v->status.cores_why, strlen(v->status.cores_why));
    else if (v->topo)
        cv_topo_text(v->topo, out);
}

static void draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, bool focus)
{
    (void)focus;
    struct core_units u = cores_units(v);
    uint32_t n = r.h > 0 ? listed(&u, (uint32_t)r.h) : 0;
    if (!u.n)
        canvas_fit(c, r, r.x + 1, r.y, "reading the machine…", r.w - 1, CV_C_DIM, 0);
    else if (n)
        draw_list(v, c, r, &u, n);
    else
        cores_map_draw(v, c, r, &u);
    free(u.at);
}

const struct cv_pane_ops cores_pane = {.name = "Cores", .summary = "how busy each core is, with what, and who is on it", .title = title, .draw = draw};
