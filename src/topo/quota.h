/* quota: how many CPUs the control groups above this process grant, version 1 and version 2. */
#ifndef TOPO_QUOTA_H
#define TOPO_QUOTA_H

/* The tightest grant on the way from our group to the root, in CPUs; 0 where there is no limit or none can be read.
 * root: where / is, "" for the system's own. */
double topo_quota(const char *root);

#endif
