/* The files of a thread under /proc/PID/task/TID. Looking it up below its process makes sure that a number which the kernel
 * has given to another process since is not mistaken for ours. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "source/threadfile.h"

static const char *const file_name[] = {"schedstat", "status", "stat"};

int source_thread_read(struct source_thread_files *f, enum source_file which, char *to, size_t size)
{
    if (f->fd[which] < 0) {
        char path[80];
        snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/%s", f->pid, f->tid, file_name[which]);
        f->fd[which] = open(path, O_RDONLY | O_CLOEXEC);
        if (f->fd[which] < 0)
            return -1;
    }
    ssize_t n;
    do
        n = pread(f->fd[which], to, size - 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    to[n] = '\0';
    return (int)n;
}

void source_thread_close(struct source_thread_files *f)
{
    for (int i = 0; i < SOURCE_FILES; i++) {
        if (f->fd[i] >= 0)
            close(f->fd[i]);
        f->fd[i] = -1;
    }
}

bool source_parse_schedstat(const char *text, uint64_t *wait_ns, uint64_t *runs)
{
    uint64_t ran, waited, times;
    if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &ran, &waited, &times) != 3)
        return false;
    *wait_ns = waited;
    *runs = times;
    return true;
}

bool source_parse_status(const char *text, uint64_t *voluntary, uint64_t *involuntary)
{
    const char *v = strstr(text, "\nvoluntary_ctxt_switches:"), *n = strstr(text, "\nnonvoluntary_ctxt_switches:");
    uint64_t a, b;
    if (!v || !n || sscanf(v, "\nvoluntary_ctxt_switches: %" SCNu64, &a) != 1 ||
        sscanf(n, "\nnonvoluntary_ctxt_switches: %" SCNu64, &b) != 1)
        return false;
    *voluntary = a;
    *involuntary = b;
    return true;
}

/* The name in parentheses may hold anything; the core is field 39, and what follows the last ) begins with field 3. */
bool source_parse_stat(const char *text, uint32_t *core)
{
    const char *at = strrchr(text, ')');
    for (int field = 3; at && field <= 39; field++)
        at = strchr(at + 1, ' ');
    return at && sscanf(at, " %" SCNu32, core) == 1;
}
