/* What watching costs on this machine: an event against a look at the clock, and a switch between two threads without and with the
 * switch source that the run has. Measured on the spot, a hundredth of a second or so; of several short rounds that take turns the
 * least disturbed one counts. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/tiers.h"

enum { RECORDS = 1 << 12, EVENTS = 2000, ROUNDS = 7, TURNS = 300 };

static double least(double a, double b) { return a == 0 || b < a ? b : a; }

/* ── an event ───────────────────────────────────────────────────────────────────────────────────── */
static bool measure_event(struct cv_cost *c)
{
    struct cv_shm_plan plan = {.max_tasks = 8, .max_rings = 1, .ring_records = RECORDS, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    struct cv_shm shm;
    struct cv_ring ring;
    if (cv_shm_create(&shm, &plan) < 0)
        return false;
    cv_ring_claim(&shm, &ring);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t sum = 0, from = cv_mono_ns();
        for (int i = 0; i < EVENTS; i++)
            sum += cv_ticks();
        __asm__ volatile("" ::"r"(sum)); /* it is used, for all the compiler knows */
        uint64_t middle = cv_mono_ns();
        for (int i = 0; i < EVENTS; i++)
            cv_emit0(&ring, CV_EV_RUN, 0, 7, (unsigned)i, 0);
        uint64_t to = cv_mono_ns();
        atomic_store(&ring.shared->tail, ring.head);
        c->clock_ns = least(c->clock_ns, (double)(middle - from) / EVENTS);
        c->event_ns = least(c->event_ns, (double)(to - middle) / EVENTS);
    }
    cv_shm_release(&shm);
    return true;
}

/* ── a switch: two threads on one core that wake each other ─────────────────────────────────────── */
struct pair { _Atomic uint32_t turn; int core; struct cv_shm shm; bool look; };
struct half { struct pair *pair; uint32_t me; };

static void stay_on(int core)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* look: what the rseq tier does after each wait. */
static void *half_main(void *arg)
{
    struct half *h = arg;
    struct pair *p = h->pair;
    struct rusage u;
    stay_on(p->core);
    atomic_store(&cv_shm_row(&p->shm, h->me)->tid, (uint32_t)gettid());
    for (int i = 0; i < TURNS; i++) {
        for (uint32_t now; (now = atomic_load(&p->turn)) % 2 != h->me;)
            syscall(SYS_futex, &p->turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
        if (p->look)
            getrusage(RUSAGE_THREAD, &u);
        atomic_fetch_add(&p->turn, 1);
        syscall(SYS_futex, &p->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

/* In a process of its own, which the source watches. 0: it could not be measured. */
static double round_of_switches(const struct cv_shm *shm, bool look)
{
    struct pair p = {.core = sched_getcpu(), .shm = *shm, .look = look};
    struct half halves[2] = {{&p, 0}, {&p, 1}};
    pthread_t threads[2];
    uint64_t from = cv_mono_ns();
    if (pthread_create(&threads[0], NULL, half_main, &halves[0]))
        return 0;
    if (pthread_create(&threads[1], NULL, half_main, &halves[1]))
        _exit(1); /* nobody would ever wake the first */
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return (double)(cv_mono_ns() - from) / (2.0 * TURNS);
}

static _Noreturn void child(int go, int say, const struct cv_shm *shm, bool look)
{
    char byte;
    if (read(go, &byte, 1) != 1) /* the source is open */
        _exit(1);
    double ns = round_of_switches(shm, look);
    _exit(write(say, &ns, sizeof ns) == sizeof ns && ns > 0 ? 0 : 1);
}

/* ns of a switch, watched by that source (NULL: by none). 0: not to be had. */
static double watched(const char *source)
{
    struct cv_shm_plan plan = {.max_tasks = 4, .max_rings = 1, .ring_records = 64, .engine_bytes = 64, .finals_bytes = 64,
                               .string_bytes = 4096, .source_bytes = 64};
    struct cv_shm shm;
    struct cv_source s = {0};
    int go[2], say[2];
    double ns = 0;
    if (cv_shm_create(&shm, &plan) < 0)
        return 0;
    atomic_store(&shm.head->ntasks, 2);
    if (pipe2(go, O_CLOEXEC) == 0) {
        if (pipe2(say, O_CLOEXEC) == 0) {
            bool perf = source && !strcmp(source, "perf"), look = source && !strcmp(source, "rseq");
            pid_t pid = fork();
            if (pid == 0)
                child(go[0], say[1], &shm, look);
            close(say[1]);
            if (pid > 0) {
                bool open = !perf || (cv_source_open(&s, source, pid, &shm, NULL) == 0 && !strcmp(s.ops->name, source));
                if (open && write(go[1], "g", 1) == 1 && read(say[0], &ns, sizeof ns) != sizeof ns)
                    ns = 0;
                kill(pid, SIGKILL);
                while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                    ;
                cv_source_close(&s);
            }
            close(say[0]);
        }
        close(go[0]);
        close(go[1]);
    }
    cv_shm_release(&shm);
    return ns;
}

bool cv_cost_measure(struct cv_cost *c, const char *source)
{
    *c = (struct cv_cost){0};
    bool kernel = source && (!strcmp(source, "perf") || !strcmp(source, "rseq"));
    for (int round = 0; round < ROUNDS; round++) {
        double alone = watched(NULL), with = kernel ? watched(source) : 0;
        c->switch_ns = alone > 0 ? least(c->switch_ns, alone) : c->switch_ns;
        c->watched_ns = with > 0 ? least(c->watched_ns, with) : c->watched_ns;
    }
    if (!kernel) /* /proc is read by us, not by the run */
        c->watched_ns = c->switch_ns;
    return measure_event(c) && c->switch_ns > 0 && c->watched_ns > 0;
}
