/* procstat: the cores' lines of /proc/stat. */
#ifndef SOURCE_PROCSTAT_H
#define SOURCE_PROCSTAT_H

#include <stdint.h>

/* The next core's line at or after at: its number and its ticks so far. Returns where to go on, or NULL: no more of them. */
const char *source_procstat_line(const char *at, uint32_t *core, uint64_t *busy, uint64_t *idle);

#endif
