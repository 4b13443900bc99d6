/* A value out of a run, as JSON. */
#include "convis/summary.h"

void cv_datum_json(struct cv_buf *out, const struct cv_datum *d)
{
    if (d->unknown) {
        cv_buf_str(out, "null");
        return;
    }
    switch (d->tag) {
    case CV_TAG_NONE: cv_buf_str(out, "null"); break;
    case CV_TAG_BOOL: cv_buf_str(out, d->i ? "true" : "false"); break;
    case CV_TAG_INT: case CV_TAG_TASK: cv_buf_printf(out, "%lld", (long long)d->i); break;
    case CV_TAG_STRING: cv_text_json(out, d->s, d->n); break;
    case CV_TAG_LIST:
        cv_buf_str(out, "[");
        for (uint32_t i = 0; i < d->n; i++) {
            cv_buf_str(out, i ? ", " : "");
            cv_datum_json(out, &d->items[i]);
        }
        cv_buf_str(out, "]");
        break;
    }
}
