/* The region: one sealed memfd, laid out by its plan; every offset is checked against the file before it is used. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/strings.h"

#define MAGIC     0x6765722073697663u /* "cvis reg" */
#define MOST_TEXT ((uint64_t)1 << 34) /* what an id and a slot of the string table can say */
#define SEALS     (F_SEAL_SHRINK | F_SEAL_GROW)
enum { VERSION = 1, PAGE = 4096 };

static bool add(uint64_t *at, uint64_t count, uint64_t item)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(count, item, &bytes) || __builtin_add_overflow(*at, bytes, at) || *at > (uint64_t)1 << 46)
        return false;
    *at = (*at + PAGE - 1) / PAGE * PAGE;
    return true;
}

/* The layout that a plan means; false: it does not fit into any file. */
static bool lay_out(struct cv_shm_head *h, const struct cv_shm_plan *p)
{
    uint64_t at = 0;
    h->plan = *p;
    h->ring_stride = sizeof(struct cv_ring_head) + (uint64_t)p->ring_records * sizeof(struct cv_record);
    h->ring_stride = (h->ring_stride + PAGE - 1) / PAGE * PAGE;
    bool fits = add(&at, 1, sizeof *h);
    h->rows_at = at;
    fits = fits && add(&at, p->max_tasks, sizeof(struct cv_row));
    h->strings_at = at;
    fits = fits && add(&at, 1, p->string_bytes);
    h->source_at = at;
    fits = fits && add(&at, 1, p->source_bytes);
    h->finals_at = at;
    fits = fits && add(&at, 1, p->finals_bytes);
    h->engine_at = at;
    fits = fits && add(&at, 1, p->engine_bytes);
    h->rings_at = at;
    fits = fits && add(&at, p->max_rings, h->ring_stride);
    fits = fits && add(&at, 1, sizeof(struct cv_ring_head)); /* for producers that got no ring */
    h->size = at;
    return fits && p->string_bytes <= MOST_TEXT && p->ring_records >= 16 && (p->ring_records & (p->ring_records - 1)) == 0 &&
           p->max_tasks <= CV_MAX_TASKS;
}

int cv_shm_create(struct cv_shm *shm, const struct cv_shm_plan *plan)
{
    struct cv_shm_head layout = {.magic = MAGIC, .version = VERSION, .clock_tsc = cv_clock_tsc};
    if (!lay_out(&layout, plan)) {
        errno = EINVAL;
        return -1;
    }
    int fd = memfd_create("convis", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    struct cv_shm_head *head = MAP_FAILED;
    if (ftruncate(fd, (off_t)layout.size) == 0 && fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0)
        head = mmap(NULL, layout.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (head == MAP_FAILED) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    memcpy(head, &layout, sizeof layout);
    *shm = (struct cv_shm){fd, head};
    strings_init((char *)head + head->strings_at, plan->string_bytes);
    return 0;
}

int cv_shm_attach(struct cv_shm *shm, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS || (uint64_t)st.st_size < sizeof(struct cv_shm_head)) {
        errno = EINVAL;
        return -1;
    }
    struct cv_shm_head *head = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (head == MAP_FAILED)
        return -1;
    struct cv_shm_head want = {0};
    struct cv_shm_plan plan = head->plan;
    bool good = head->magic == MAGIC && head->version == VERSION && lay_out(&want, &plan) && want.size == (uint64_t)st.st_size &&
                head->size == want.size && head->rows_at == want.rows_at && head->rings_at == want.rings_at &&
                head->ring_stride == want.ring_stride && head->strings_at == want.strings_at &&
                head->engine_at == want.engine_at && head->finals_at == want.finals_at && head->source_at == want.source_at &&
                head->source_length <= plan.source_bytes && strings_valid((char *)head + head->strings_at, plan.string_bytes);
    if (!good) {
        munmap(head, (size_t)st.st_size);
        errno = EINVAL;
        return -1;
    }
    cv_clock_tsc = head->clock_tsc != 0; /* all processes of a run read the same clock */
    *shm = (struct cv_shm){fd, head};
    return 0;
}

void cv_shm_release(struct cv_shm *shm)
{
    if (shm->head)
        munmap(shm->head, shm->head->size);
    if (shm->fd >= 0)
        close(shm->fd);
    *shm = (struct cv_shm){-1, NULL};
}
