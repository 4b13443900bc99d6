/* The picture of many cores: a cell a core, dark to bright by how busy it is, in the machine's own order; groups begin a row each, what
 * shares a cache stands together. Bars (digits in ASCII) are mostly this run's doing, shades the others', so that it reads
 * without colour. Where there is room a cell has the core's number and the initial of who is on it; where there is little,
 * a cell stands for several cores and is their average. */
#include "ui/cores.h"

enum { NUMBERED = 5, SPACED = 2, CLOSE = 1 }; /* columns of a cell; numbers above 99 take one more, so do digits beside a number */
enum { LEAST_ROUND = 8, MOST_ROUND = 64 }; /* cells of a round row: so many, or twice, four, eight times */
struct shape { int cell, cores /* in a cell */, label; bool rows /* a row or more for each group */, gaps, round /* rows of a round number */; };
struct flow { int w; struct shape shape; int x, y, cells; uint32_t group, sub; bool begun; };

/* Where the next cell stands: of a unit and those after it that share its cell. */
static void flow_next(struct flow *f, const struct core_units *u, uint32_t i)
{
    const struct core_unit *one = &u->at[i];
    int room = f->w - f->shape.label, most = room / f->shape.cell;
    for (int round = MOST_ROUND; f->shape.round && round >= LEAST_ROUND; round /= 2)
        if (most >= round) {
            most = round;
            break;
        }
    bool group = f->begun && one->group != f->group, sub = f->begun && !group && one->sub != f->sub;
    if (group && f->shape.rows) {
        f->y++;
        f->x = f->cells = 0;
    } else if ((group || sub) && f->shape.gaps && f->x > 0) {
        int size = 0;
        for (uint32_t k = i; k < u->n && u->at[k].group == one->group && u->at[k].sub == one->sub; k++)
            size += f->shape.cell;
        f->x++;
        if (f->x + size > room && size <= room) {
            f->y++;
            f->x = f->cells = 0;
        }
    }
    if (f->x + f->shape.cell > room || f->cells == most) {
        f->y++;
        f->x = f->cells = 0;
    }
    f->cells++;
    f->begun = true;
    f->group = one->group;
    f->sub = one->sub;
}

/* How many units from i on share a cell. */
static uint32_t in_cell(const struct core_units *u, uint32_t i, struct shape s)
{
    uint32_t n = 1;
    while (n < (uint32_t)s.cores && i + n < u->n && (!s.rows || u->at[i + n].group == u->at[i].group))
        n++;
    return n;
}

static int rows_of(const struct core_units *u, int w, struct shape s)
{
    struct flow f = {.w = w, .shape = s};
    if (w - s.label < s.cell)
        return 1 << 20;
    for (uint32_t i = 0; i < u->n; i += in_cell(u, i, s)) {
        flow_next(&f, u, i);
        f.x += s.cell;
    }
    return f.y + 1;
}

/* The most telling shape that fits. */
static int label_of(const struct core_units *u) { return u->ngroups < 2 ? 0 : u->by == CORES_BY_KIND ? 5 : 4; }

static int numbered(const struct cv_view *v, const struct core_units *u)
{
    for (uint32_t i = 0; i < u->n; i++)
        if (u->at[i].at.os > 99)
            return NUMBERED + 1 + v->ascii;
    return NUMBERED + v->ascii;
}

static struct shape shape_for(const struct cv_view *v, const struct core_units *u, int w, int rows)
{
    const int cells[] = {numbered(v, u), SPACED, CLOSE};
    for (int plain = 0; plain < 4; plain++)
        for (size_t k = 0; k < CV_COUNT(cells); k++) { /* first without round rows, then without gaps, then without a row for each group */
            struct shape s = {.cell = cells[k], .cores = 1, .label = plain < 3 ? label_of(u) : 0, .rows = plain < 3 && u->ngroups > 1, .gaps = plain < 2, .round = plain < 1};
            if (rows_of(u, w, s) <= rows)
                return s;
        }
    struct shape s = {.cell = CLOSE, .cores = 1};
    while (rows_of(u, w, s) > rows && s.cores < 1 << 16)
        s.cores++;
    return s;
}

/* As it would like to be: numbered up to 96, spaced up to 256. */
int cores_map_rows(const struct cv_view *v, const struct core_units *u, int width)
{
    struct shape s = {.cell = u->n <= 96 ? numbered(v, u) : u->n <= 256 ? SPACED : CLOSE, .cores = 1, .label = label_of(u), .rows = u->ngroups > 1, .gaps = true, .round = true};
    int rows = rows_of(u, width, s);
    return (rows < 1 << 16 ? rows : 1) + 1;
}

/* ── cells ──────────────────────────────────────────────────────────────────────────────────────── */
struct cell { double busy, run; uint32_t known, allowed, offline, n; };

static struct cell sum_up(const struct core_unit *u, uint32_t n)
{
    struct cell c = {.n = n};
    for (uint32_t i = 0; i < n; i++) {
        double busy = u[i].now.busy < 0 ? u[i].now.run : u[i].now.busy;
        c.allowed += u[i].at.allowed;
        c.offline += u[i].now.offline;
        if (busy < 0)
            continue;
        c.known++;
        c.busy += busy;
        c.run += u[i].now.run > 0 ? u[i].now.run : 0;
    }
    if (c.known) {
        c.busy /= c.known;
        c.run /= c.known;
    }
    return c;
}

static void put_cell(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, struct cell k)
{
    static const uint32_t shades[] = {0x2591, 0x2591, 0x2592, 0x2593};
    double busy = k.busy > 1 ? 1 : k.busy;
    bool ours = k.run > 0.005 && k.run * 2 >= busy;
    if (k.offline == k.n) {
        canvas_put(c, r, x, y, 0x25cb, CV_C_DIM, 0);
    } else if (!k.known) {
        canvas_put(c, r, x, y, '?', CV_C_DIM, 0);
    } else if (ours) {
        int level = (int)(busy * 8);
        level = level > 7 ? 7 : level;
        canvas_put(c, r, x, y, v->ascii ? (uint32_t)('1' + level * 8 / 7) : (uint32_t)(0x2581 + level), CV_C_RUNNING, 0);
    } else if (busy < 0.05) {
        canvas_put(c, r, x, y, k.allowed ? 0xb7 : 0xd7, CV_C_DIM, 0);
    } else {
        int level = (int)(busy * 4);
        level = level > 3 ? 3 : level;
        canvas_put(c, r, x, y, v->ascii ? (uint32_t)("::=%"[level]) : shades[level], k.allowed ? CV_C_SYSTEM : CV_C_DIM, 0);
    }
}

static void draw_unit(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int y, const struct core_unit *u, uint32_t n, int cell)
{
    if (cell >= NUMBERED) {
        const char *who = cores_who(v, u);
        size_t length;
        x += canvas_printf(c, r, x, y, u->at.allowed ? CV_C_TEXT : CV_C_DIM, 0, v->ascii ? "%*u " : "%*u", cell - 3 - v->ascii, u->at.os);
        if (who && *who)
            canvas_put(c, r, x + 1, y, cv_utf8(who, 4, &length), CV_C_RUNNING, CV_A_BOLD);
    }
    put_cell(v, c, r, x, y, sum_up(u, n));
}

static void draw_legend(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int y, const struct core_units *u, int cores)
{
    struct cv_buf text = {0};
    bool strangers = false, offline = false, runs = false, unknown = false;
    for (uint32_t i = 0; i < u->n; i++) {
        strangers |= !u->at[i].at.allowed;
        offline |= u->at[i].now.offline;
        runs |= u->at[i].now.run >= 0;
        unknown |= u->at[i].now.busy < 0 && u->at[i].now.run < 0 && !u->at[i].now.offline;
    }
    cv_buf_str(&text, v->ascii ? (runs ? "19 this run  " : "") : runs ? "▁█ this run  " : "");
    cv_buf_str(&text, v->ascii ? ":% others" : "░▓ others");
    if (cores > 1)
        cv_buf_printf(&text, "  %d a cell", cores);
    cv_buf_str(&text, v->ascii ? "  . idle" : "  · idle");
    if (unknown)
        cv_buf_str(&text, "  ? not known");
    if (strangers)
        cv_buf_str(&text, v->ascii ? "  x not ours" : "  × not ours");
    if (offline)
        cv_buf_str(&text, v->ascii ? "  o offline" : "  ○ offline");
    canvas_fit(c, r, r.x + 1, y, text.at, r.w - 1, CV_C_DIM, 0);
    cv_buf_release(&text);
}

void cores_map_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, const struct core_units *u)
{
    int rows = r.h > 1 ? r.h - 1 : r.h;
    struct flow f = {.w = r.w, .shape = shape_for(v, u, r.w, rows)};
    for (uint32_t i = 0, n; i < u->n; i += n) {
        bool first = !f.begun || u->at[i].group != f.group;
        n = in_cell(u, i, f.shape);
        flow_next(&f, u, i);
        if (f.y >= rows)
            break;
        if (first && f.shape.label) {
            struct cv_buf name = {0};
            cores_group_name(v, u, &u->at[i], true, &name);
            canvas_fit(c, r, r.x, r.y + f.y, name.at, f.shape.label - 1, CV_C_TITLE, 0);
            cv_buf_release(&name);
        }
        draw_unit(v, c, r, r.x + f.shape.label + f.x, r.y + f.y, &u->at[i], n, f.shape.cell);
        f.x += f.shape.cell;
    }
    if (r.h > rows)
        draw_legend(v, c, r, r.y + (f.y + 1 < rows ? f.y + 1 : rows), u, f.shape.cores);
}
