/* topo: the machine as a plain value, read through hwloc once. Cores here are processing units (what the kernel
 * numbers and schedules on). */
#ifndef CONVIS_TOPO_H
#define CONVIS_TOPO_H

#include "convis/base.h"

struct cv_core {
    uint32_t os;            /* the kernel's number */
    uint32_t physical;      /* SMT siblings share it; from 0 */
    uint32_t package, numa, cache; /* cache: the last-level cache it sits under; from 0 */
    int kind;               /* hwloc's core kind, higher is faster; -1: unknown */
    bool allowed;           /* in our affinity mask */
};
struct cv_topo {
    struct cv_core *cores; uint32_t ncores; /* all that are online, in hwloc's logical order */
    uint32_t nallowed, npackages, nnuma, ncaches, nphysical;
    double quota;           /* CPUs the cgroup grants; 0: no limit */
    bool this_system;       /* false under HWLOC_SYNTHETIC and friends: then nothing may be bound */
};
/* Never fails: where hwloc cannot tell, the affinity mask alone. Takes tens of milliseconds cold. */
struct cv_topo *cv_topo_read(void);
/* At once, without hwloc: one package, every online core. For the first frame. */
struct cv_topo *cv_topo_guess(void);
void cv_topo_free(struct cv_topo *t);
/* As bytes, for a record; and back: NULL where it is none. Any bytes will do. */
void cv_topo_pack(const struct cv_topo *t, struct cv_buf *out);
struct cv_topo *cv_topo_unpack(const char *bytes, size_t n);
/* "2 of 64 cores, quota 1.5": cleaned, for the screen. */
void cv_topo_text(const struct cv_topo *t, struct cv_buf *out);

#endif
