/* Utilization of every core, the whole system's: the differences of two readings of /proc/stat. Its ticks are a hundredth of a
 * second, so an interval is 50 ms at least. A core that is no longer listed went offline: said once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convis/source.h"
#include "source/procstat.h"

enum { LEAST_NS = 50000000, MAX_CORES = 1 << 16, MAX_TEXT = 1 << 24 };
struct core { uint64_t busy, idle; bool seen, online; uint32_t round; };
struct cv_cores {
    int fd;
    char *text; size_t size;
    struct core *cores; uint32_t ncores; /* by the kernel's number */
    uint64_t then;                       /* ns, RAW, of the last reading */
    uint32_t round;
};

/* "cpu12 user nice system idle iowait irq softirq steal guest …": guest is in user already. */
const char *source_procstat_line(const char *at, uint32_t *core, uint64_t *busy, uint64_t *idle)
{
    for (; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
        uint64_t v[8] = {0};
        uint32_t number;
        if (strncmp(at, "cpu", 3))
            return NULL; /* the cores come first */
        if (sscanf(at, "cpu%" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &number,
                   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) < 5 || at[3] == ' ')
            continue; /* the sum of all */
        *core = number;
        *busy = v[0] + v[1] + v[2] + v[5] + v[6] + v[7];
        *idle = v[3] + v[4];
        const char *end = strchr(at, '\n');
        return end ? end + 1 : at + strlen(at);
    }
    return NULL;
}

/* The cores' lines, whole, into c->text. */
static bool read_text(struct cv_cores *c)
{
    for (;;) {
        ssize_t n = pread(c->fd, c->text, c->size - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        c->text[n] = '\0';
        if ((size_t)n < c->size - 1 || strstr(c->text, "\nintr") || c->size >= MAX_TEXT)
            return true;
        c->size *= 2;
        c->text = cv_realloc(c->text, c->size);
    }
}

static struct core *core_at(struct cv_cores *c, uint32_t number)
{
    if (number >= MAX_CORES)
        return NULL;
    if (number >= c->ncores) {
        c->cores = cv_realloc(c->cores, (number + 1) * sizeof *c->cores);
        memset(c->cores + c->ncores, 0, (number + 1 - c->ncores) * sizeof *c->cores);
        c->ncores = number + 1;
    }
    return &c->cores[number];
}

static void tell(struct cv_reader *reader, uint64_t t, uint32_t core, uint64_t permille, uint64_t us, bool online)
{
    us = us < UINT32_MAX ? us : UINT32_MAX;
    struct cv_event e = {.t = t, .kind = CV_EV_CORE, .obj = (uint16_t)core, .task = CV_NO_TASK, .a = permille << 32 | us, .b = online};
    cv_reader_push(reader, &e);
}

/* reader NULL: only the base line. False: nothing could be read. */
static bool sample(struct cv_cores *c, struct cv_reader *reader)
{
    if (!read_text(c))
        return false;
    uint64_t now = cv_mono_ns(), us = (now - c->then) / 1000;
    c->then = now;
    c->round++;
    uint32_t number;
    uint64_t busy, idle;
    for (const char *at = c->text; (at = source_procstat_line(at, &number, &busy, &idle));) {
        struct core *core = core_at(c, number);
        if (!core)
            continue;
        /* iowait may run backwards: no difference is below zero */
        uint64_t more_busy = busy > core->busy ? busy - core->busy : 0, more_idle = idle > core->idle ? idle - core->idle : 0;
        bool first = !core->seen || !core->online;
        core->round = c->round;
        core->seen = core->online = true;
        core->busy = busy;
        core->idle = idle;
        if (reader && !first)
            tell(reader, now, number, more_busy + more_idle ? more_busy * 1000 / (more_busy + more_idle) : 0, us, true);
    }
    for (uint32_t i = 0; i < c->ncores; i++)
        if (c->cores[i].online && c->cores[i].round != c->round) {
            c->cores[i].online = false;
            if (reader)
                tell(reader, now, i, 0, us, false);
        }
    return true;
}

struct cv_cores *cv_cores_open(void)
{
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct cv_cores *c = cv_alloc(sizeof *c);
    c->fd = fd;
    c->size = 4096;
    c->text = cv_alloc(c->size);
    errno = ENODATA; /* masked, as containers do: an empty file */
    if (sample(c, NULL))
        return c;
    int error = errno;
    cv_cores_close(c);
    errno = error;
    return NULL;
}

void cv_cores_sample(struct cv_cores *c, struct cv_reader *reader)
{
    if (cv_mono_ns() - c->then >= LEAST_NS)
        sample(c, reader);
}

void cv_cores_close(struct cv_cores *c)
{
    if (!c)
        return;
    close(c->fd);
    free(c->text);
    free(c->cores);
    free(c);
}
