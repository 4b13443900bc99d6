/* Two threads that wake each other by a futex, on one core: bench/pingpong ROUNDS. What a switch by the kernel costs bare, and what it
 * costs while the kernel records it as convis asks it to (perf's context switches of this process on that core). A line a round, the two
 * taking turns: "BARE_NS WATCHED_NS" a switch; 0 where perf refuses. */
#include <linux/futex.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 5000, PAGES = 64 };
static _Atomic uint32_t turn;
static int core;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void stay(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void play(uint32_t mine)
{
    for (int i = 0; i < TURNS; i++) {
        while (atomic_load(&turn) != mine)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
        atomic_store(&turn, !mine);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void *other(void *arg)
{
    (void)arg;
    stay();
    play(1);
    return NULL;
}

static double once(void)
{
    pthread_t t;
    atomic_store(&turn, 0);
    if (pthread_create(&t, NULL, other, NULL))
        exit(3);
    uint64_t began = now_ns();
    play(0);
    pthread_join(t, NULL);
    return (double)(now_ns() - began) / (2.0 * TURNS);
}

static int watch(struct perf_event_mmap_page **ring)
{
    struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_DUMMY, .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
                                .disabled = 1, .inherit = 1, .exclude_kernel = 1, .exclude_hv = 1, .context_switch = 1, .sample_id_all = 1, .use_clockid = 1,
                                .clockid = CLOCK_MONOTONIC_RAW, .watermark = 1, .wakeup_watermark = PAGES * 4096u};
    int fd = (int)syscall(SYS_perf_event_open, &a, 0, core, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -1;
    *ring = mmap(NULL, (PAGES + 1) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*ring == MAP_FAILED) {
        close(fd);
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct perf_event_mmap_page *ring = NULL;
    int rounds = argc > 1 ? atoi(argv[1]) : 11;
    core = sched_getcpu();
    stay();
    int fd = watch(&ring);
    once();
    for (int i = 0; i < rounds; i++) {
        double bare = once(), watched = 0;
        if (fd >= 0) {
            ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
            watched = once();
            ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
            if (ring->data_head == 0)
                return 1; /* nothing was recorded: that would be no figure */
            __atomic_store_n(&ring->data_tail, ring->data_head, __ATOMIC_RELEASE);
        }
        printf("%.1f %.1f\n", bare, watched);
    }
    return 0;
}
