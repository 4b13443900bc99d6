/* The registry of engines. */
#include "convis/engine.h"

extern const struct cv_engine_ops cv_engine_async, cv_engine_threads, cv_engine_processes, cv_engine_stepped;

const struct cv_engine_ops *const cv_engines[] = {&cv_engine_async, &cv_engine_threads, &cv_engine_processes, &cv_engine_stepped, NULL};
