/* The machine: what hwloc tells, flattened into one row a processing unit. Packages, physical cores, caches and NUMA
 * nodes are numbered densely in the order in which the units meet them. What hwloc leaves open has a value all the
 * same: a unit without a core is one, without a cache the package stands for it. */
#include <hwloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convis/topo.h"
#include "topo/quota.h"

enum { MAX_CPUS = 1 << 16 };

/* ── the affinity mask ──────────────────────────────────────────────────────────────────────────── */
struct mask { cpu_set_t *set; size_t bytes; };

/* Our own mask, whatever the number of processors; set is NULL where the kernel does not tell. */
static struct mask affinity(void)
{
    for (int n = 1024; n <= MAX_CPUS; n *= 2) {
        struct mask m = {CPU_ALLOC((size_t)n), CPU_ALLOC_SIZE((size_t)n)};
        if (!m.set)
            break;
        CPU_ZERO_S(m.bytes, m.set);
        if (!sched_getaffinity(0, m.bytes, m.set))
            return m;
        CPU_FREE(m.set);
    }
    return (struct mask){NULL, 0};
}

static bool in_mask(const struct mask *m, uint32_t cpu) { return !m->set || CPU_ISSET_S(cpu, m->bytes, m->set); }

static void release(struct mask *m)
{
    if (m->set)
        CPU_FREE(m->set);
}

/* ── without hwloc ──────────────────────────────────────────────────────────────────────────────── */
/* "0-3,8,10-11" as bits of m. False where it is not such a list. */
static bool parse_list(const char *text, struct mask *m)
{
    for (const char *at = text; *at && *at != '\n';) {
        char *end;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (end == at)
            return false;
        if (*end == '-') {
            at = end + 1;
            last = strtoul(at, &end, 10);
            if (end == at)
                return false;
        }
        if (last >= MAX_CPUS || first > last)
            return false;
        for (unsigned long cpu = first; cpu <= last; cpu++)
            CPU_SET_S(cpu, m->bytes, m->set);
        at = *end == ',' ? end + 1 : end;
        if (end == at && *at && *at != '\n')
            return false;
    }
    return true;
}

/* What is online; the affinity mask, or one core, where the kernel does not tell. */
static struct mask online(const struct mask *allowed)
{
    struct mask m = {CPU_ALLOC(MAX_CPUS), CPU_ALLOC_SIZE(MAX_CPUS)};
    CV_ASSERT(m.set);
    CPU_ZERO_S(m.bytes, m.set);
    char text[4096];
    FILE *f = fopen("/sys/devices/system/cpu/online", "re");
    bool ok = f && fgets(text, sizeof text, f) && parse_list(text, &m);
    if (f)
        fclose(f);
    if (ok && CPU_COUNT_S(m.bytes, m.set) > 0)
        return m;
    CPU_ZERO_S(m.bytes, m.set);
    for (uint32_t cpu = 0; allowed->set && cpu < allowed->bytes * 8; cpu++)
        if (CPU_ISSET_S(cpu, allowed->bytes, allowed->set))
            CPU_SET_S(cpu, m.bytes, m.set);
    if (CPU_COUNT_S(m.bytes, m.set) == 0)
        CPU_SET_S(0, m.bytes, m.set);
    return m;
}

struct cv_topo *cv_topo_guess(void)
{
    struct mask allowed = affinity(), all = online(&allowed);
    struct cv_topo *t = cv_alloc(sizeof *t);
    t->cores = cv_alloc((size_t)CPU_COUNT_S(all.bytes, all.set) * sizeof *t->cores);
    for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (!CPU_ISSET_S(cpu, all.bytes, all.set))
            continue;
        bool ours = in_mask(&allowed, cpu);
        t->cores[t->ncores] = (struct cv_core){.os = cpu, .physical = t->ncores, .kind = -1, .allowed = ours};
        t->ncores++;
        t->nallowed += ours;
    }
    t->npackages = t->nnuma = t->ncaches = 1;
    t->nphysical = t->ncores;
    t->this_system = true;
    t->quota = topo_quota("");
    release(&all);
    release(&allowed);
    return t;
}

/* ── with hwloc ─────────────────────────────────────────────────────────────────────────────────── */
/* The dense number of an object, given at the first meeting; userdata holds it plus one. */
static uint32_t number(hwloc_obj_t o, uint32_t *count)
{
    if (!o->userdata)
        o->userdata = (void *)(uintptr_t)++*count;
    return (uint32_t)(uintptr_t)o->userdata - 1;
}

static hwloc_obj_t last_cache(hwloc_obj_t pu)
{
    hwloc_obj_t last = NULL;
    for (hwloc_obj_t o = pu->parent; o; o = o->parent)
        if (hwloc_obj_type_is_dcache(o->type))
            last = o;
    return last;
}

/* Units that an outermost level of no object of ours covers share number 0 of it: there is one machine. */
static void place(hwloc_topology_t h, hwloc_obj_t pu, struct cv_topo *t, struct cv_core *c)
{
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_PACKAGE, pu);
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t cache = last_cache(pu);
    int node = pu->nodeset ? hwloc_bitmap_first(pu->nodeset) : -1;
    hwloc_obj_t numa = node >= 0 ? hwloc_get_numanode_obj_by_os_index(h, (unsigned)node) : NULL;
    c->os = pu->os_index;
    c->package = package ? number(package, &t->npackages) : 0;
    c->physical = number(core ? core : pu, &t->nphysical);
    c->cache = cache ? number(cache, &t->ncaches) : 0;
    c->numa = numa ? number(numa, &t->nnuma) : 0;
    int kind = hwloc_cpukinds_get_by_cpuset(h, pu->cpuset, 0), efficiency = -1;
    if (kind >= 0 && !hwloc_cpukinds_get_info(h, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0))
        c->kind = efficiency;
    else
        c->kind = -1;
}

static struct cv_topo *flatten(hwloc_topology_t h)
{
    int n = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_PU);
    if (n <= 0)
        return NULL;
    struct cv_topo *t = cv_alloc(sizeof *t);
    t->cores = cv_alloc((size_t)n * sizeof *t->cores);
    t->this_system = hwloc_topology_is_thissystem(h);
    struct mask mine = t->this_system ? affinity() : (struct mask){NULL, 0};
    hwloc_const_cpuset_t granted = hwloc_topology_get_allowed_cpuset(h);
    for (int i = 0; i < n; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(h, HWLOC_OBJ_PU, (unsigned)i);
        struct cv_core *c = &t->cores[t->ncores++];
        place(h, pu, t, c);
        c->allowed = in_mask(&mine, c->os) && (mine.set || !granted || hwloc_bitmap_isset(granted, c->os));
        t->nallowed += c->allowed;
    }
    if (t->ncaches == 0) {
        for (uint32_t i = 0; i < t->ncores; i++)
            t->cores[i].cache = t->cores[i].package;
        t->ncaches = t->npackages;
    }
    t->npackages += !t->npackages;
    t->nnuma += !t->nnuma;
    t->ncaches += !t->ncaches;
    t->quota = t->this_system ? topo_quota("") : 0;
    release(&mine);
    return t;
}

struct cv_topo *cv_topo_read(void)
{
    hwloc_topology_t h;
    struct cv_topo *t = NULL;
    if (!hwloc_topology_init(&h)) {
        hwloc_topology_set_flags(h, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
        if (!hwloc_topology_load(h))
            t = flatten(h);
        hwloc_topology_destroy(h);
    }
    return t ? t : cv_topo_guess();
}

void cv_topo_free(struct cv_topo *t)
{
    if (!t)
        return;
    free(t->cores);
    free(t);
}

void cv_topo_text(const struct cv_topo *t, struct cv_buf *out)
{
    if (t->nallowed < t->ncores)
        cv_buf_printf(out, "%u of ", t->nallowed);
    cv_buf_printf(out, "%u core%s", t->ncores, t->ncores == 1 ? "" : "s");
    if (t->quota > 0)
        cv_buf_printf(out, ", quota %.3g", t->quota);
    if (!t->this_system)
        cv_buf_str(out, ", synthetic");
}
