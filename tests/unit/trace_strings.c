/* The region and its strings: layouts that fit, attaching to what is not a region, one id for one text whoever is first. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convis/trace.h"
#include "suite.h"

static const struct cv_shm_plan plan = {.max_tasks = 100,
                                        .max_rings = 4,
                                        .ring_records = 1024,
                                        .engine_bytes = 5000,
                                        .finals_bytes = 1600,
                                        .string_bytes = 1 << 20,
                                        .source_bytes = 300};

static struct cv_shm made(struct cv_shm_plan p)
{
    struct cv_shm shm;
    ck_assert_int_eq(cv_shm_create(&shm, &p), 0);
    return shm;
}

START_TEST(areas_lie_apart)
{
    struct cv_shm shm = made(plan);
    struct area {
        char *at;
        size_t n;
    } areas[] = {{(char *)shm.head, sizeof *shm.head},
                 {(char *)cv_shm_row(&shm, 0), 100 * sizeof(struct cv_row)},
                 {cv_shm_engine(&shm), 5000},
                 {(char *)cv_shm_finals(&shm), 1600},
                 {cv_shm_source(&shm), 300},
                 {(char *)shm.head + shm.head->strings_at, 1 << 20},
                 {(char *)shm.head + shm.head->rings_at, 4 * shm.head->ring_stride + sizeof(struct cv_ring_head)}};
    struct stat st;
    ck_assert_int_eq(fstat(shm.fd, &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, shm.head->size);
    ck_assert_uint_lt((uint64_t)st.st_blocks * 512, 64 << 10); /* sparse */
    for (size_t i = 0; i < CV_COUNT(areas); i++) {
        ck_assert(areas[i].at >= (char *)shm.head && areas[i].at + areas[i].n <= (char *)shm.head + shm.head->size);
        ck_assert_uint_eq((uintptr_t)areas[i].at % 64, 0);
        for (size_t j = 0; j < i; j++)
            ck_assert(areas[i].at + areas[i].n <= areas[j].at || areas[j].at + areas[j].n <= areas[i].at);
    }
    ck_assert_int_lt(ftruncate(shm.fd, 4096), 0); /* sealed: nobody can pull it away */
    ck_assert_int_lt(ftruncate(shm.fd, st.st_size * 2), 0);
    cv_shm_release(&shm);
    ck_assert_ptr_null(shm.head);
}
END_TEST

START_TEST(plans_that_fit_into_nothing_are_refused)
{
    struct cv_shm shm;
    struct cv_shm_plan bad[5] = {plan, plan, plan, plan, plan};
    bad[0].engine_bytes = SIZE_MAX - 100;
    bad[1].ring_records = 1000; /* no power of two */
    bad[2].max_tasks = CV_MAX_TASKS + 1;
    bad[3].max_rings = UINT32_MAX, bad[3].ring_records = 1u << 31;
    bad[4].string_bytes = (size_t)1 << 40;
    for (size_t i = 0; i < CV_COUNT(bad); i++) {
        errno = 0;
        ck_assert_msg(cv_shm_create(&shm, &bad[i]) == -1, "plan %zu", i);
        ck_assert_int_eq(errno, EINVAL);
    }
}
END_TEST

START_TEST(attaching_sees_the_same_and_checks_it)
{
    struct cv_shm shm = made(plan), other;
    strcpy(cv_shm_source(&shm), "hello");
    uint32_t id = cv_intern(&shm, "text", 4);
    ck_assert_int_eq(cv_shm_attach(&other, dup(shm.fd)), 0);
    ck_assert_ptr_ne(other.head, shm.head);
    ck_assert_str_eq(cv_shm_source(&other), "hello");
    ck_assert_str_eq(cv_string(&other, id, NULL), "text");
    cv_shm_release(&other);
    /* one wrong word in the head at a time */
    uint64_t *words[] = {
        &shm.head->magic,       &shm.head->size,          &shm.head->rows_at,           &shm.head->rings_at,
        &shm.head->ring_stride, &shm.head->strings_at,    &shm.head->engine_at,         &shm.head->finals_at,
        &shm.head->source_at,   &shm.head->source_length, &shm.head->plan.engine_bytes, &shm.head->plan.string_bytes};
    for (size_t i = 0; i < CV_COUNT(words); i++) {
        uint64_t was = *words[i];
        *words[i] = was + 8192;
        ck_assert_msg(cv_shm_attach(&other, shm.fd) == -1, "word %zu", i);
        *words[i] = UINT64_MAX;
        ck_assert_msg(cv_shm_attach(&other, shm.fd) == -1, "word %zu", i);
        *words[i] = was;
    }
    shm.head->version++;
    ck_assert_int_eq(cv_shm_attach(&other, shm.fd), -1);
    shm.head->version--;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), bare = memfd_create("bare", MFD_CLOEXEC);
    ck_assert_int_eq(cv_shm_attach(&other, null), -1);
    ck_assert_int_eq(ftruncate(bare, (off_t)shm.head->size), 0);
    ck_assert_int_eq(pwrite(bare, shm.head, 4096, 0), 4096);
    ck_assert_int_eq(cv_shm_attach(&other, bare), -1); /* not sealed */
    ck_assert_int_eq(cv_shm_attach(&other, -1), -1);
    close(null);
    close(bare);
    cv_shm_release(&shm);
}
END_TEST

START_TEST(one_text_one_id)
{
    struct cv_shm shm = made(plan);
    ck_assert_uint_eq(cv_intern(&shm, "", 0), 0);
    ck_assert_str_eq(cv_string(&shm, 0, NULL), "");
    uint32_t a = cv_intern(&shm, "alpha", 5), b = cv_intern(&shm, "alph", 4), c = cv_intern(&shm, "a\0b", 3);
    ck_assert(a && b && c && a != b && b != c);
    ck_assert_uint_eq(cv_intern(&shm, "alpha and more", 5), a);
    size_t n;
    ck_assert_int_eq(memcmp(cv_string(&shm, c, &n), "a\0b", 4), 0);
    ck_assert_uint_eq(n, 3);
    uint32_t wild[] = {a + 1, UINT32_MAX, 1u << 20, 1u << 31};
    for (size_t i = 0; i < CV_COUNT(wild); i++) { /* never issued, or another's: text in any case */
        const char *s = cv_string(&shm, wild[i], &n);
        ck_assert_uint_eq(strlen(s), n);
    }
    cv_shm_release(&shm);
}
END_TEST

START_TEST(a_full_arena_says_ellipsis)
{
    struct cv_shm_plan small = plan;
    small.string_bytes = 4096;
    struct cv_shm shm = made(small);
    uint32_t ids[2000], full = 0;
    char text[32];
    for (int i = 0; i < 2000; i++)
        ids[i] = cv_intern(&shm, text, (size_t)snprintf(text, sizeof text, "string number %d", i));
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "string number %d", i);
        const char *s = cv_string(&shm, ids[i], NULL);
        full += !strcmp(s, "…");
        ck_assert(!strcmp(s, text) || !strcmp(s, "…"));
        ck_assert_uint_eq(cv_intern(&shm, text, strlen(text)), ids[i]);
    }
    ck_assert_uint_gt(full, 1000);
    ck_assert_uint_lt(full, 1950); /* it held many before it was full */
    cv_shm_release(&shm);
}
END_TEST

enum { THREADS = 4, TEXTS = 3000 };
struct racer {
    const struct cv_shm *shm;
    pthread_barrier_t *go;
    uint32_t ids[TEXTS];
    unsigned number;
};

static void *race(void *arg)
{
    struct racer *me = arg;
    char text[32];
    pthread_barrier_wait(me->go);
    for (unsigned i = 0; i < TEXTS; i++) {
        unsigned k = me->number & 1 ? TEXTS - 1 - i : i; /* half of them from the other end */
        me->ids[k] = cv_intern(me->shm, text, (size_t)snprintf(text, sizeof text, "value %u", k));
    }
    return NULL;
}

START_TEST(threads_agree_on_ids)
{
    struct cv_shm shm = made(plan);
    static struct racer racers[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t go;
    pthread_barrier_init(&go, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.shm = &shm, .go = &go, .number = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char text[32];
    for (unsigned k = 0; k < TEXTS; k++) {
        snprintf(text, sizeof text, "value %u", k);
        ck_assert_str_eq(cv_string(&shm, racers[0].ids[k], NULL), text);
        for (unsigned i = 1; i < THREADS; i++)
            ck_assert_uint_eq(racers[i].ids[k], racers[0].ids[k]);
    }
    pthread_barrier_destroy(&go);
    cv_shm_release(&shm);
}
END_TEST

START_TEST(a_killed_process_leaves_it_whole)
{
    struct cv_shm_plan large = plan;
    large.string_bytes = 8 << 20;
    struct cv_shm shm = made(large);
    char text[32];
    for (int round = 0; round < 10; round++) {
        uint32_t began = atomic_load(&shm.head->ntasks);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            for (unsigned i = 0;; i = (i + 1) % 5000) {
                cv_intern(&shm, text, (size_t)snprintf(text, sizeof text, "%d/%u", round, i));
                atomic_fetch_add(&shm.head->ntasks, 1);
            }
        }
        while (atomic_load(&shm.head->ntasks) < began + 500) /* the case's time limit is the deadline */
            sched_yield();
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (unsigned i = 0; i < 2000; i++) { /* whatever it left half done: every text still goes in and comes out */
            uint32_t id = cv_intern(&shm, text, (size_t)snprintf(text, sizeof text, "%d/%u", round, i));
            ck_assert_str_eq(cv_string(&shm, id, NULL), text);
            ck_assert_uint_eq(cv_intern(&shm, text, strlen(text)), id);
        }
    }
    cv_shm_release(&shm);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("trace strings");
    TCase *t = tcase_create("region");
    tcase_add_test(t, areas_lie_apart);
    tcase_add_test(t, plans_that_fit_into_nothing_are_refused);
    tcase_add_test(t, attaching_sees_the_same_and_checks_it);
    suite_add_tcase(s, t);
    t = tcase_create("strings");
    tcase_add_test(t, one_text_one_id);
    tcase_add_test(t, a_full_arena_says_ellipsis);
    tcase_add_test(t, threads_agree_on_ids);
    tcase_add_test(t, a_killed_process_leaves_it_whole);
    suite_add_tcase(s, t);
    return s;
}
