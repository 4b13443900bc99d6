/* The fewest preemptions that reach a scenario's goal, from all its schedules: the goal is explored as something that must never come,
 * and the shortest way to what fails is the shortest way to it. */
#include <string.h>

#include "app/app.h"
#include "convis/explore.h"

/* All lines of the goal under this model, as one. */
static struct cv_expr *all_of(const struct cv_program *p, const struct cv_order *o, struct cv_expr *nodes, struct cv_expr **items, uint32_t *line)
{
    struct cv_expr *all = NULL;
    for (uint32_t k = 0, n = 0; k < p->ngoals; k++) {
        if (!(p->goals[k].models >> o->model & 1))
            continue;
        *line = *line ? *line : p->goals[k].line;
        if (!all) {
            all = p->goals[k].expr;
            continue;
        }
        items[n * 2] = all;
        items[n * 2 + 1] = p->goals[k].expr;
        nodes[n] = (struct cv_expr){.kind = CV_E_AND, .at = p->goals[k].expr->at, .n = 2, .items = &items[n * 2]};
        all = &nodes[n++];
    }
    return all;
}

bool app_goal_fewest(const struct cv_program *p, const struct cv_order *o, uint64_t time_ns, uint32_t *preemptions)
{
    enum { MOST = 8, MEMORY = 64 << 20 };
    struct cv_expr nodes[MOST], *items[MOST * 2];
    struct cv_program puzzle = *p;
    struct cv_expect never = {.text = "the goal", .kind = CV_X_NEVER, .models = 7};
    struct cv_explore_options options = {.parts = CV_EXPLORE_SCHEDULES, .memory = MEMORY, .time_ns = time_ns};
    struct cv_buf why = {0};
    bool proven = false;
    if (p->ngoals > MOST || !(never.expr = all_of(p, o, nodes, items, &never.line)))
        return false;
    puzzle.expects = &never;
    puzzle.nexpects = 1;
    struct cv_explore *e = cv_explore_run(&puzzle, o, &options, &why);
    for (uint32_t i = 0; e && i < e->nviolations; i++)
        if (e->violations[i].breach == CV_BREACH_EXPECT && e->violations[i].line == never.line && e->violations[i].scheduled && e->violations[i].minimal) {
            *preemptions = e->violations[i].preemptions;
            proven = true;
        }
    if (e)
        cv_explore_free(e);
    cv_buf_release(&why);
    return proven;
}
