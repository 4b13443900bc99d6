/* measures: what is compared of runs of one scenario in several models, as one table: for `convis compare` and for the dashboard
 * that has them side by side. */
#ifndef APP_MEASURES_H
#define APP_MEASURES_H

#include "app/app.h"

/* The models in the order in which they are compared. */
enum { APP_MODELS = CV_SIDE_MODELS };
extern const struct app_model { unsigned bit; enum cv_model_kind model; bool gil; } app_models[APP_MODELS];
bool app_model_named(const struct cv_program *p, size_t i); /* does the scenario make sense in it? */
void app_model_order(struct cv_order *o, size_t i);         /* the same order for that model, for real */

struct measured { bool is_async; const struct cv_summary *summary; /* NULL: it has not run */ };
/* A row a measure, a cell a run; switches by cause below their sum, those that occurred. Text is clean. */
struct measures { CV_VEC(struct cv_side_row); };
void measures_make(struct measures *m, const struct measured *runs, size_t n, bool ascii);
void measures_release(struct measures *m);
/* The same without how it ended where it ended well: the values and the output, or the outcome. Clean, one line. */
void measures_result(const struct cv_summary *s, struct cv_buf *out);

#endif
