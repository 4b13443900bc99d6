/* side: a scenario in every model it names, really run one after the other, and kept to be looked at beside each other. */
#ifndef APP_SIDE_H
#define APP_SIDE_H

#include "app/app.h"

struct app_side;
/* Everything but the result must outlive it. */
struct app_side *app_side_new(const struct app_args *a, uv_loop_t *loop, const struct cv_program *p, const struct cv_order *o, const struct cv_topo *topo, bool ascii);
void app_side_free(struct app_side *s); /* ends what still runs */
bool app_side_tick(struct app_side *s); /* every 10 ms, not from within a callback of the loop. True: a run began or ended */
bool app_side_over(const struct app_side *s);
uint64_t app_side_change(const struct app_side *s); /* grows: is there anything new to draw? */
void app_side_suspend(struct app_side *s, bool stop); /* the run that goes on, if any */
const struct cv_side *app_side_shown(const struct app_side *s);

#endif
