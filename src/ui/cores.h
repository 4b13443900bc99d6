/* What the panes of cores share: the machine's cores as they are shown, whatever hwloc or the run knows of them. */
#ifndef UI_CORES_H
#define UI_CORES_H

#include "ui/view.h"

struct core_unit {
    struct cv_core at;          /* its place in the machine; of one that came later only the kernel's number */
    uint32_t group, sub;        /* of equals that stand together; sub: within the group. From 0, in the order shown */
    struct cv_core_at now;      /* at the cursor; nothing known before there is a run */
};
enum core_grouping { CORES_ALIKE, CORES_BY_PACKAGE, CORES_BY_NUMA, CORES_BY_KIND, CORES_BY_CACHE, CORES_NEW };
struct core_units { struct core_unit *at; uint32_t n, ngroups; enum core_grouping by; };

/* Ours first where we may not use all, else as the machine has them; then those that came while it ran. Free at. */
struct core_units cores_units(const struct cv_view *v);
/* "package 1", "NUMA node 0", "efficiency cores"; shorter where short: "P1", "N0", "eff". */
void cores_group_name(const struct cv_view *v, const struct core_units *u, const struct core_unit *first, bool small, struct cv_buf *out);
/* Who of the run is on it at the cursor; NULL: nobody. */
const char *cores_who(const struct cv_view *v, const struct core_unit *u);
/* Rows that the pane would like inside, so wide. */
int cores_rows(const struct cv_view *v, int width);

/* The picture of many: a cell a core, or more of them a cell. */
int cores_map_rows(const struct cv_view *v, const struct core_units *u, int width);
void cores_map_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, const struct core_units *u);

#endif
