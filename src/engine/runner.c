/* The runner: a fresh exec that finds its work in the region, waits at the gate, and runs one engine. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/own.h"

/* The first `cores` of those we may use. */
static void bind_cores(uint32_t cores)
{
    cpu_set_t all, some;
    if (!cores || sched_getaffinity(0, sizeof all, &all) < 0)
        return;
    CPU_ZERO(&some);
    for (int c = 0; c < CPU_SETSIZE && cores; c++)
        if (CPU_ISSET(c, &all)) {
            CPU_SET(c, &some);
            cores--;
        }
    sched_setaffinity(0, sizeof some, &some);
}

static void base_usage(struct cv_machine *m)
{
    struct rusage u;
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    getrusage(RUSAGE_THREAD, &u);
    m->base_cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    m->base_voluntary = (uint32_t)u.ru_nvcsw;
    m->base_involuntary = (uint32_t)u.ru_nivcsw;
    struct cv_shm_head *h = m->shm.head; /* for the parent, who reads the accounts of a run that it kills */
    atomic_store(&h->base_cpu_ns, m->base_cpu_ns);
    atomic_store(&h->base_voluntary, m->base_voluntary);
    atomic_store(&h->base_involuntary, m->base_involuntary);
    atomic_store(&h->base_ns, cv_mono_ns());
}

/* As many descriptors as we may have; and no core file from a `crash`: 1 byte stops both a file and a pipe to a handler. */
static void set_limits(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    if (getrlimit(RLIMIT_CORE, &r) == 0) {
        r.rlim_cur = r.rlim_max ? 1 : 0;
        setrlimit(RLIMIT_CORE, &r);
    }
}

static size_t overrides_of(const struct cv_order *o, struct cv_override *list, size_t cap, char *copy)
{
    size_t n = 0;
    memcpy(copy, o->params, sizeof o->params);
    for (char *s = copy; *s && n < cap && s < copy + sizeof o->params;) {
        char *next = s + strlen(s) + 1, *eq = strchr(s, '=');
        if (eq) {
            *eq = 0;
            list[n++] = (struct cv_override){s, eq + 1};
        }
        s = next;
    }
    return n;
}

/* The loop has but one thread: each new page of its ring would hold it up for two microseconds, in which it could have switched
 * thirty times. Where there is not so much memory, or an old kernel, it is as slow as that. */
static void map_ring(const struct cv_machine *m)
{
    struct cv_shm_head *h = m->shm.head;
    if (m->order->model == CV_ASYNC && !m->order->stepped && m->order->record)
        madvise((char *)h + h->rings_at, h->ring_stride, MADV_POPULATE_WRITE);
}

int cv_runner_main(int fd)
{
    struct cv_shm shm;
    struct cv_machine m;
    cv_clock_init();
    if (cv_shm_attach(&shm, fd) < 0) {
        fprintf(stderr, "convis: runner: no region: %s\n", strerror(errno));
        return 3;
    }
    struct cv_shm_head *h = shm.head;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((uint32_t)getppid() != atomic_load(&h->parent))
        return 3;
    cv_clock_tsc = h->clock_tsc;
    set_limits();
    struct cv_diags diags = {0};
    struct cv_override overrides[CV_LIMIT_PARAMS];
    char params[sizeof cv_machine_order(&shm)->params];
    size_t n = overrides_of(cv_machine_order(&shm), overrides, CV_LIMIT_PARAMS, params);
    struct cv_program *p = cv_program_read("scenario", cv_shm_source(&shm), h->source_length, overrides, n, &diags);
    if (!p || cv_machine_attach(&m, &shm, p) < 0 ||
        (m.order->model == CV_PROCESSES && !m.order->stepped && cv_machine_own_shared(&m) < 0)) {
        snprintf(h->error_text, sizeof h->error_text, "the runner cannot set up the run: %s", p ? strerror(errno) : "unreadable scenario");
        atomic_store(&h->error, EINVAL);
        return 3;
    }
    signal(SIGPIPE, SIG_IGN);
    bind_cores(m.order->cores);
    map_ring(&m);
    struct cv_topo *topo = NULL;
    for (uint32_t pc = 0; !m.order->stepped && !topo && pc < p->ncode; pc++)
        if (p->code[pc].op == CV_OP_PIN)
            m.topo = topo = cv_topo_read(); /* behind bind_cores: what the run may use */
    h->runner = (uint32_t)getpid();
    atomic_store(&h->attached, 1);
    while (!atomic_load(&h->gate))
        own_futex_wait(&h->gate, 0, 100000000, true);
    m.zero_ns = cv_mono_ns();
    if (!m.order->stepped)
        atomic_store(&h->started, cv_ticks());
    base_usage(&m); /* behind the start: a loop cannot have used more CPU than time went by */
    const struct cv_engine_ops *engine = m.order->stepped ? cv_engines[3] : cv_engines[m.order->model];
    int status = engine->run(&m);
    if (!m.order->stepped)
        atomic_store(&h->finished, cv_ticks());
    if (!atomic_load(&h->stop))
        atomic_store(&h->ended, 1);
    if (m.order->model == CV_THREADS && !m.order->stepped)
        _exit(status); /* asked to stop: threads may still be there */
    cv_machine_release(&m);
    cv_topo_free(topo);
    cv_program_free(p);
    cv_diags_release(&diags);
    return status;
}
