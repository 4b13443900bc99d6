/* tiers: the sources there are, one file each. */
#ifndef SOURCE_TIERS_H
#define SOURCE_TIERS_H

#include "convis/source.h"

extern const struct cv_source_ops source_perf, source_rseq, source_usage;

#endif
