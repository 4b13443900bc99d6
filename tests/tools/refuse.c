/* Runs a program on a machine that refuses something:
 *   refuse perf COMMAND…           perf_event_open answers EPERM, as in a container
 *   refuse perf-EACCES COMMAND…    … as where perf_event_paranoid forbids it; perf-ENOSYS: as an old kernel
 *   refuse user COMMAND…           nobody's rights, and no memory may be locked
 *   refuse procstat COMMAND…       /proc/stat is empty: in a mount namespace of its own, /dev/null lies over it
 *   refuse cores COMMAND…          the first core it has, and no other
 *   refuse nproc N COMMAND…        at most N processes and threads; as root it becomes nobody first
 *   refuse memory BYTES COMMAND…   at most so much address space
 *   refuse files N COMMAND…        at most N descriptors
 *   refuse size BYTES COMMAND…     no file larger than that
 * Exits with 125 where it cannot bring that about. */
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "refuse: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void without_perf(unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        fail("seccomp");
}

static void limit(int what, const char *number)
{
    struct rlimit l;
    l.rlim_cur = l.rlim_max = strtoull(number, NULL, 10);
    if (setrlimit(what, &l))
        fail("setrlimit");
}

static void become_nobody(void)
{
    if (geteuid() == 0 && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
        fail("becoming nobody");
}

/* As containers mask a file. Without rights in a user namespace of its own, where that is allowed. */
static void without_procstat(void)
{
    if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
        fail("unshare");
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("/dev/null", "/proc/stat", NULL, MS_BIND, NULL))
        fail("mount");
}

static void one_core(void)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all))
        fail("sched_getaffinity");
    for (int c = 0; c < CPU_SETSIZE && !CPU_COUNT(&one); c++)
        if (CPU_ISSET(c, &all))
            CPU_SET(c, &one);
    if (sched_setaffinity(0, sizeof one, &one))
        fail("sched_setaffinity");
}

int main(int argc, char **argv)
{
    int command = 2;
    if (argc >= 3 && !strncmp(argv[1], "perf", 4)) {
        without_perf(!strcmp(argv[1], "perf-EACCES") ? EACCES : !strcmp(argv[1], "perf-ENOSYS") ? ENOSYS : EPERM);
    } else if (argc >= 3 && !strcmp(argv[1], "user")) {
        limit(RLIMIT_MEMLOCK, "0");
        become_nobody();
    } else if (argc >= 3 && !strcmp(argv[1], "procstat")) {
        without_procstat();
    } else if (argc >= 3 && !strcmp(argv[1], "cores")) {
        one_core();
    } else if (argc >= 4 && !strcmp(argv[1], "nproc")) {
        become_nobody();
        limit(RLIMIT_NPROC, argv[2]);
        command = 3;
    } else if (argc >= 4 && !strcmp(argv[1], "memory")) {
        limit(RLIMIT_AS, argv[2]);
        command = 3;
    } else if (argc >= 4 && !strcmp(argv[1], "files")) {
        limit(RLIMIT_NOFILE, argv[2]);
        command = 3;
    } else if (argc >= 4 && !strcmp(argv[1], "size")) {
        limit(RLIMIT_FSIZE, argv[2]);
        command = 3;
    } else {
        fprintf(stderr, "usage: refuse perf|perf-EACCES|perf-ENOSYS|user|procstat|cores|nproc N|memory BYTES|files N|size BYTES COMMAND…\n");
        return 125;
    }
    execvp(argv[command], argv + command);
    fail(argv[command]);
}
