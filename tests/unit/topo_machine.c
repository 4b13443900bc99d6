/* The machine as a value: exact on synthetic topologies, only "must hold" on the one the test runs on; and the quota, read
 * out of a made-up /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convis/topo.h"
#include "suite.h"
#include "topo/quota.h"

static struct cv_topo *synthetic(const char *what)
{
    ck_assert_int_eq(setenv("HWLOC_SYNTHETIC", what, 1), 0);
    struct cv_topo *t = cv_topo_read();
    unsetenv("HWLOC_SYNTHETIC");
    ck_assert(!t->this_system);
    return t;
}

static void ck_text(const struct cv_topo *t, const char *wanted)
{
    struct cv_buf b = {0};
    cv_topo_text(t, &b);
    ck_assert_str_eq(b.at, wanted);
    cv_buf_release(&b);
}

START_TEST(one_core)
{
    struct cv_topo *t = synthetic("pu:1");
    ck_assert_uint_eq(t->ncores, 1);
    ck_assert_uint_eq(t->nallowed, 1);
    ck_assert_uint_eq(t->nphysical, 1);
    ck_assert_uint_eq(t->npackages, 1);
    ck_assert_uint_eq(t->nnuma, 1);
    ck_assert_uint_eq(t->ncaches, 1);
    ck_assert(t->cores[0].allowed);
    ck_text(t, "1 core, synthetic");
    cv_topo_free(t);
}
END_TEST

START_TEST(two_packages_four_cores_smt)
{
    struct cv_topo *t = synthetic("package:2 l3:1 core:4 l1d:1 pu:2");
    ck_assert_uint_eq(t->ncores, 16);
    ck_assert_uint_eq(t->nallowed, 16);
    ck_assert_uint_eq(t->npackages, 2);
    ck_assert_uint_eq(t->ncaches, 2); /* the outermost cache, not the first level */
    ck_assert_uint_eq(t->nphysical, 8);
    for (uint32_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(t->cores[i].os, i);
        ck_assert_uint_eq(t->cores[i].package, i / 8);
        ck_assert_uint_eq(t->cores[i].cache, i / 8);
        ck_assert_uint_eq(t->cores[i].physical, i / 2);
    }
    cv_topo_free(t);
}
END_TEST

START_TEST(numbered_by_the_kernel)
{
    struct cv_topo *t = synthetic("package:2 core:2 pu:2(indexes=0,4,2,6,1,5,3,7)");
    static const uint32_t os[] = {0, 4, 2, 6, 1, 5, 3, 7};
    ck_assert_uint_eq(t->ncores, 8);
    for (uint32_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(t->cores[i].os, os[i]);
        ck_assert_uint_eq(t->cores[i].package, i / 4);
        ck_assert_uint_eq(t->cores[i].physical, i / 2);
        ck_assert_uint_eq(t->cores[i].cache, t->cores[i].package); /* no cache: the package stands for it */
    }
    ck_assert_uint_eq(t->ncaches, 2);
    cv_topo_free(t);
}
END_TEST

START_TEST(sixty_four_cores_eight_nodes)
{
    struct cv_topo *t = synthetic("package:2 numa:4 l3:2 core:4 pu:1");
    ck_assert_uint_eq(t->ncores, 64);
    ck_assert_uint_eq(t->nnuma, 8);
    ck_assert_uint_eq(t->ncaches, 16);
    ck_assert_uint_eq(t->nphysical, 64);
    for (uint32_t i = 0; i < 64; i++) {
        ck_assert_uint_eq(t->cores[i].numa, i / 8);
        ck_assert_uint_eq(t->cores[i].cache, i / 4);
    }
    ck_text(t, "64 cores, synthetic");
    cv_topo_free(t);
}
END_TEST

START_TEST(two_hundred_and_fifty_six_cores)
{
    struct cv_topo *t = synthetic("package:4 numa:1 l3:4 core:8 pu:2");
    ck_assert_uint_eq(t->ncores, 256);
    ck_assert_uint_eq(t->npackages, 4);
    ck_assert_uint_eq(t->ncaches, 16);
    ck_assert_uint_eq(t->nphysical, 128);
    ck_assert_uint_eq(t->cores[255].physical, 127);
    cv_topo_free(t);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    setenv("HWLOC_SYNTHETIC", "package:two core::: -1", 1);
    struct cv_topo *t = cv_topo_read();
    unsetenv("HWLOC_SYNTHETIC");
    ck_assert_uint_ge(t->ncores, 1);
    cv_topo_free(t);
}
END_TEST

static void ck_real(const struct cv_topo *t)
{
    ck_assert_uint_ge(t->ncores, 1);
    ck_assert_uint_ge(t->nallowed, 1);
    uint32_t allowed = 0;
    for (uint32_t i = 0; i < t->ncores; i++) {
        const struct cv_core *c = &t->cores[i];
        allowed += c->allowed;
        ck_assert_uint_lt(c->physical, t->nphysical);
        ck_assert_uint_lt(c->package, t->npackages);
        ck_assert_uint_lt(c->numa, t->nnuma);
        ck_assert_uint_lt(c->cache, t->ncaches);
        for (uint32_t j = 0; j < i; j++)
            ck_assert_uint_ne(c->os, t->cores[j].os);
    }
    ck_assert_uint_eq(allowed, t->nallowed);
    ck_assert(t->quota >= 0);
    ck_assert(t->this_system);
}

START_TEST(this_machine)
{
    unsetenv("HWLOC_SYNTHETIC");
    struct cv_topo *guess = cv_topo_guess(), *full = cv_topo_read();
    ck_real(guess);
    ck_real(full);
    ck_assert_uint_eq(guess->ncores, full->ncores);
    ck_assert_uint_eq(guess->nallowed, full->nallowed);
    cv_topo_free(guess);
    cv_topo_free(full);
}
END_TEST

START_TEST(the_mask_is_respected)
{
    unsetenv("HWLOC_SYNTHETIC");
    cpu_set_t old, one;
    if (sched_getaffinity(0, sizeof old, &old)) { /* more processors than a cpu_set_t holds */
        puts("# skipped: the affinity mask does not fit");
        return;
    }
    int cpu = 0;
    while (!CPU_ISSET(cpu, &old))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    struct cv_topo *guess = cv_topo_guess(), *full = cv_topo_read();
    ck_assert_uint_eq(guess->nallowed, 1);
    ck_assert_uint_eq(full->nallowed, 1);
    for (uint32_t i = 0; i < full->ncores; i++)
        ck_assert_int_eq(full->cores[i].allowed, full->cores[i].os == (uint32_t)cpu);
    cv_topo_free(guess);
    cv_topo_free(full);
}
END_TEST

START_TEST(said_in_words)
{
    struct cv_topo t = {.ncores = 64, .nallowed = 2, .quota = 1.5, .this_system = true};
    ck_text(&t, "2 of 64 cores, quota 1.5");
    t = (struct cv_topo){.ncores = 2, .nallowed = 2, .this_system = true};
    ck_text(&t, "2 cores");
}
END_TEST

/* ── quota ──────────────────────────────────────────────────────────────────────────────────────── */
static char place[64];

static void tree(void)
{
    strcpy(place, "/tmp/convis-topo-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static void write_file(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", place, path);
    for (char *at = full + strlen(place) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        ck_assert(!mkdir(full, 0700) || errno == EEXIST);
        *at = '/';
    }
    FILE *f = fopen(full, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void untree(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place);
    ck_assert_int_eq(system(command), 0);
}

#define V2_MOUNT "31 23 0:28 / / rw - ext4 /dev/root rw\n41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n"

START_TEST(version_2_takes_the_tightest_level)
{
    write_file("/proc/self/cgroup", "0::/user.slice/run\n");
    write_file("/proc/self/mountinfo", V2_MOUNT);
    write_file("/sys/fs/cgroup/user.slice/run/cpu.max", "max 100000\n");
    ck_assert_double_eq(topo_quota(place), 0);
    write_file("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    ck_assert_double_eq(topo_quota(place), 1.5);
    write_file("/sys/fs/cgroup/user.slice/run/cpu.max", "400000 100000\n");
    ck_assert_double_eq(topo_quota(place), 1.5);
    write_file("/sys/fs/cgroup/cpu.max", "50000 100000\n"); /* a container's own root */
    ck_assert_double_eq(topo_quota(place), 0.5);
}
END_TEST

START_TEST(version_1_beside_an_empty_version_2)
{
    write_file("/proc/self/cgroup", "3:cpuset:/\n2:cpu,cpuacct:/docker/abc/inner\n1:name=systemd:/\n0::/\n");
    write_file("/proc/self/mountinfo", "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu\\040acct rw - cgroup cgroup rw,cpuacct,cpu\n"
                                       "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                       "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/cpu acct/inner/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu acct/inner/cpu.cfs_period_us", "100000\n");
    ck_assert_double_eq(topo_quota(place), 0);
    write_file("/sys/fs/cgroup/cpu acct/cpu.cfs_quota_us", "250000\n"); /* the mount's root is our group's parent */
    write_file("/sys/fs/cgroup/cpu acct/cpu.cfs_period_us", "100000\n");
    ck_assert_double_eq(topo_quota(place), 2.5);
}
END_TEST

START_TEST(nothing_or_nonsense_is_no_limit)
{
    ck_assert_double_eq(topo_quota(place), 0);
    write_file("/proc/self/cgroup", "\n:::\n0::\n0::relative\n0::/a/../../b\n");
    write_file("/proc/self/mountinfo", "41\n - \n41 31 0:38 / - cgroup2\n" V2_MOUNT);
    ck_assert_double_eq(topo_quota(place), 0);
    write_file("/proc/self/cgroup", "0::/a\n");
    write_file("/sys/fs/cgroup/a/cpu.max", "100000 0\n");
    write_file("/sys/fs/cgroup/cpu.max", "-5 -5\n");
    ck_assert_double_eq(topo_quota(place), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topo_machine");
    TCase *c = tcase_create("synthetic");
    tcase_add_test(c, one_core);
    tcase_add_test(c, two_packages_four_cores_smt);
    tcase_add_test(c, numbered_by_the_kernel);
    tcase_add_test(c, sixty_four_cores_eight_nodes);
    tcase_add_test(c, two_hundred_and_fifty_six_cores);
    tcase_add_test(c, nonsense_is_survived);
    tcase_add_test(c, said_in_words);
    suite_add_tcase(s, c);
    c = tcase_create("real");
    tcase_add_test(c, this_machine);
    tcase_add_test(c, the_mask_is_respected);
    suite_add_tcase(s, c);
    c = tcase_create("quota");
    tcase_add_checked_fixture(c, tree, untree);
    tcase_add_test(c, version_2_takes_the_tightest_level);
    tcase_add_test(c, version_1_beside_an_empty_version_2);
    tcase_add_test(c, nothing_or_nonsense_is_no_limit);
    suite_add_tcase(s, c);
    return s;
}
