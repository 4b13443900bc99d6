/* The cgroup quota: /proc/self/cgroup says which group we are in, /proc/self/mountinfo where its hierarchy is mounted;
 * from there up to the mount every level may hold a limit, and the tightest one counts. A hierarchy may be mounted from
 * below its root (a container's): then the mount's own root is taken off the front of the group's path. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convis/base.h"
#include "topo/quota.h"

struct hierarchy { bool v2, found; char mount[PATH_MAX], root[PATH_MAX], group[PATH_MAX]; };

static FILE *open_under(const char *root, const char *path)
{
    char full[2 * PATH_MAX];
    int n = snprintf(full, sizeof full, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof full ? fopen(full, "re") : NULL;
}

/* Is word one of the items of a comma-separated list? */
static bool listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, word, n) && (at[n] == ',' || !at[n]))
            return true;
    return false;
}

/* mountinfo writes blanks and backslashes as \ooo. In place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++)
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
            *to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    *to = '\0';
}

/* A path that is used as a part of others: absolute, and nowhere back up. */
static bool copy_path(char *to, const char *from)
{
    if (from[0] != '/' || strstr(from, "/..") || strlen(from) >= PATH_MAX)
        return false;
    strcpy(to, from);
    return true;
}

/* "id parent dev root mount options [optional…] - type source super" */
static void find_mount(const char *root, struct hierarchy *h)
{
    FILE *f = open_under(root, "/proc/self/mountinfo");
    char *line = NULL;
    size_t cap = 0;
    while (f && !h->found && getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *dash = strstr(line, " - "), *save, *fields[5];
        if (!dash)
            continue;
        *dash = '\0';
        size_t n = 0;
        for (char *w = strtok_r(line, " ", &save); w && n < CV_COUNT(fields); w = strtok_r(NULL, " ", &save))
            fields[n++] = w;
        char *type = strtok_r(dash + 3, " ", &save), *super = strtok_r(NULL, " ", &save);
        super = super ? strtok_r(NULL, " ", &save) : NULL;
        if (n < CV_COUNT(fields) || !type || !super)
            continue;
        if (h->v2 ? strcmp(type, "cgroup2") : strcmp(type, "cgroup") || !listed(super, "cpu"))
            continue;
        unescape(fields[3]);
        unescape(fields[4]);
        h->found = copy_path(h->root, fields[3]) && copy_path(h->mount, fields[4]);
    }
    free(line);
    if (f)
        fclose(f);
}

/* "0::/path" for version 2, "N:cpu,cpuacct:/path" for version 1. */
static bool find_group(const char *root, struct hierarchy *h)
{
    FILE *f = open_under(root, "/proc/self/cgroup");
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    while (f && !found && getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *names++ = *path++ = '\0';
        found = (h->v2 ? !*names && !strcmp(line, "0") : listed(names, "cpu")) && copy_path(h->group, path);
    }
    free(line);
    if (f)
        fclose(f);
    return found;
}

static bool read_words(const char *root, const char *dir, const char *file, char *to, size_t size)
{
    char path[2 * PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", dir, file) >= (int)sizeof path)
        return false;
    FILE *f = open_under(root, path);
    bool ok = f && fgets(to, (int)size, f);
    if (f)
        fclose(f);
    return ok;
}

/* The limit that stands in one group's folder; 0: none. */
static double limit_of(const char *root, const char *dir, bool v2)
{
    char text[128], period[64];
    long long quota, per;
    if (v2) {
        if (!read_words(root, dir, "cpu.max", text, sizeof text) || sscanf(text, "%lld %lld", &quota, &per) != 2)
            return 0;
    } else {
        if (!read_words(root, dir, "cpu.cfs_quota_us", text, sizeof text) ||
            !read_words(root, dir, "cpu.cfs_period_us", period, sizeof period) || sscanf(text, "%lld", &quota) != 1 ||
            sscanf(period, "%lld", &per) != 1)
            return 0;
    }
    return quota > 0 && per > 0 ? (double)quota / (double)per : 0;
}

static double quota_of(const char *root, bool v2)
{
    struct hierarchy h = {.v2 = v2};
    if (!find_group(root, &h))
        return 0;
    find_mount(root, &h);
    if (!h.found)
        return 0;
    const char *group = h.group;
    size_t skip = strcmp(h.root, "/") ? strlen(h.root) : 0;
    if (skip && !strncmp(group, h.root, skip) && (group[skip] == '/' || !group[skip]))
        group += skip;
    char dir[2 * PATH_MAX];
    snprintf(dir, sizeof dir, "%s%s", h.mount, group);
    double tightest = 0;
    for (size_t top = strlen(h.mount); strlen(dir) >= top;) {
        double limit = limit_of(root, dir, v2);
        if (limit > 0 && (tightest == 0 || limit < tightest))
            tightest = limit;
        char *slash = strrchr(dir + top, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    return tightest;
}

double topo_quota(const char *root)
{
    double v1 = quota_of(root, false), v2 = quota_of(root, true);
    return v1 > 0 && (v2 == 0 || v1 < v2) ? v1 : v2;
}
