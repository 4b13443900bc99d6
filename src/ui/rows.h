/* rows: what stands in the rows of the timeline. The loop, the lanes that are pinned, then all others in the order of their
 * groups; where they are more than there is room, groups of many tasks are folded into a band of density, and Enter unfolds
 * them. With a filter: the lanes that it lets through. The order of rows never depends on what tasks do. */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include "convis/ui.h"

struct cv_view;
enum { ROWS_PINS = 16, ROWS_GROUPS = 512, ROWS_FILTER = 64, ROWS_FOLD_FROM = 6 /* tasks of a group */, ROWS_TALLEST = 4 /* rows of a band */ };
#define ROWS_GROUP 0x80000000u      /* a row of a band: that, its number from the top << 20, the group */

struct rows {
    CV_VEC(uint32_t) at;            /* a task, CV_LANE_LOOP, or a row of a band */
    CV_VEC(uint32_t) named;         /* with a filter: tasks whose names it lets through, as far as it has looked */
    uint32_t looked, room, ntasks, lane, group; /* room: rows the timeline may have; group: the selected one, UINT32_MAX: a lane is */
    uint64_t change, at_t;          /* when states were looked at */
    const struct cv_model *of;
    bool open[ROWS_GROUPS], stale;
    uint32_t pins[ROWS_PINS], npins;
    char filter[ROWS_FILTER];       /* as it was typed; "": none */
    char words[ROWS_FILTER];        /* of it those that are no states, in small letters, a space between */
    unsigned states;                /* bits by enum cv_state; 0: any */
};

void rows_release(struct rows *r);
void rows_model(struct cv_view *v);                 /* another run */
void rows_update(struct cv_view *v);                /* before they are asked for */
uint32_t rows_count(const struct cv_view *v);
uint32_t rows_at(const struct cv_view *v, uint32_t i);
uint32_t rows_index(const struct cv_view *v, uint32_t lane); /* UINT32_MAX: has no row of its own */
uint32_t rows_selected(const struct cv_view *v);
static inline bool rows_is_group(uint32_t row) { return row & ROWS_GROUP; }
static inline uint32_t rows_group(uint32_t row) { return row & 0xfffff; }
static inline uint32_t rows_sub(uint32_t row) { return row >> 20 & 0x7ff; }
void rows_choose(struct cv_view *v, uint32_t i);    /* that row is the selected one */
void rows_move(struct cv_view *v, int by);
bool rows_unfold(struct cv_view *v);                /* or fold again; false: no group is selected */
void rows_pin(struct cv_view *v);                   /* or unpin */
bool rows_pinned(const struct cv_view *v, uint32_t lane);
void rows_filter(struct cv_view *v, const char *text);
void rows_label(const struct cv_view *v, uint32_t row, struct cv_buf *out); /* a lane's name; "conn ×10000" */
/* Rows of a band from the first on, beside each other in places columns from x on. */
void rows_draw_band(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r, int x, int columns, int y, uint32_t first, uint32_t nrows);
void rows_say_group(const struct cv_view *v, uint32_t group, struct cv_buf *out); /* in words, for the line below */

#endif
