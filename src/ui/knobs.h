/* knobs: the parameters of the scenario, one of which is chosen, and what the last runs came to at its values. */
#ifndef UI_KNOBS_H
#define UI_KNOBS_H

#include "convis/ui.h"

struct cv_view;
enum { KNOBS = 64, KNOBS_RUNS = 64, KNOBS_FIGURES = 3, KNOBS_PLOT = 4 /* rows */ };
struct knobs_run { int64_t value; uint64_t others; double figure[KNOBS_FIGURES]; uint32_t knob; };
struct knobs {
    struct cv_knob at[KNOBS];       /* names are the app's, as long as the program lives */
    uint32_t n, chosen;
    struct knobs_run runs[KNOBS_RUNS]; /* the newest last */
    uint32_t nruns;
    char model[32];                 /* of these runs */
};
void knobs_set(struct cv_view *v, const struct cv_knob *at, uint32_t n);
void knobs_result(struct cv_view *v, const char *model, const struct cv_run_figures *f);
bool knobs_turn(struct cv_view *v, int direction); /* false: there is none, or it is at its end */
int knobs_rows(const struct cv_view *v);           /* that would hold all: 0 none, 1 the strip, more: with the plot */
void knobs_draw(const struct cv_view *v, struct cv_canvas *c, struct cv_rect r);

#endif
