/* export: a run written out for others to read. */
#ifndef CONVIS_EXPORT_H
#define CONVIS_EXPORT_H

#include "convis/base.h"
#include "convis/model.h"
#include "convis/summary.h"
#include "convis/trace.h"

struct cv_exporter_ops {
    const char *name, *summary;   /* "json", "text" */
    void (*write)(struct cv_buf *out, const struct cv_run_info *info, const struct cv_summary *s, bool ascii);
};
extern const struct cv_exporter_ops *const cv_exporters[]; /* NULL ends */
/* The same JSON in ASCII alone: what is beyond becomes \uNNNN. */
void cv_json_ascii(struct cv_buf *json);
const struct cv_exporter_ops *cv_exporter(const char *name);

#endif
