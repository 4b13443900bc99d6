/* The shipped scenarios: where they lie, and the order of the course in which they are shown. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"

/* Where shipped scenarios may lie, the first that exists counts: beside the program (in a build tree one level up), where it
 * was installed relative to it, where the build said, and here. */
bool app_shipped_dir(const struct app_args *a, struct cv_buf *dir)
{
    static const char *const beside[] = {"/scenarios", "/../scenarios", "/../share/convis/scenarios"};
    const char *slash = strrchr(a->exe, '/');
    struct stat st;
    for (size_t i = 0; i < CV_COUNT(beside) + 2; i++) {
        dir->n = 0;
        if (i < CV_COUNT(beside)) {
            cv_buf_add(dir, a->exe, slash ? (size_t)(slash - a->exe) : 0);
            cv_buf_str(dir, beside[i]);
        } else {
            cv_buf_str(dir, i == CV_COUNT(beside) ? CV_DATADIR "/scenarios" : "scenarios");
        }
        char *plain = stat(dir->at, &st) == 0 && S_ISDIR(st.st_mode) ? realpath(dir->at, NULL) : NULL;
        if (!plain)
            continue;
        dir->n = 0;
        cv_buf_str(dir, plain);
        free(plain);
        return true;
    }
    return false;
}

/* As names, without ".ini": a lesson stands before its cured twin. */
static int by_name(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t n = strlen(x) - 4, m = strlen(y) - 4;
    int order = memcmp(x, y, n < m ? n : m);
    return order ? order : n < m ? -1 : n > m;
}

static void folder_read(const char *dir, struct app_paths *found)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        struct cv_buf path = {0};
        if (n <= 4 || strcmp(e->d_name + n - 4, ".ini") || e->d_name[0] == '.')
            continue;
        cv_buf_printf(&path, "%s/%s", dir, e->d_name);
        CV_PUSH(found, path.at);
    }
    if (d)
        closedir(d);
    if (found->n)
        qsort(found->at, found->n, sizeof *found->at, by_name);
}

/* Moves what is found under that name, once. */
static void take(struct app_paths *paths, struct app_paths *found, const char *name, size_t n, const struct cv_buf *chapter)
{
    for (size_t i = 0; i < found->n; i++) {
        const char *base = found->at[i] ? strrchr(found->at[i], '/') + 1 : "";
        if (n && !strncmp(base, name, n) && !strcmp(base + n, ".ini")) {
            CV_PUSH(paths, found->at[i]);
            CV_PUSH(&paths->chapters, cv_strndup(chapter->n ? chapter->at : "", chapter->n));
            found->at[i] = NULL;
            return;
        }
    }
}

/* "# " begins a chapter, ";" a comment, all else is the name of a scenario. */
static void in_order(const char *course, struct app_paths *found, struct app_paths *paths)
{
    struct cv_buf chapter = {0};
    for (const char *s = course; *s; s += strcspn(s, "\n"), s += *s == '\n') {
        size_t n = strcspn(s, "\r\n");
        if (*s == '#') {
            size_t blank = 1 + strspn(s + 1, " ");
            chapter.n = 0;
            cv_text_clean(&chapter, s + (blank < n ? blank : n), blank < n ? n - blank : 0);
        } else if (*s != ';') {
            take(paths, found, s, n, &chapter);
        }
    }
    chapter.n = 0;
    cv_buf_str(&chapter, paths->n ? "Others" : "");
    for (size_t i = 0; i < found->n; i++)
        if (found->at[i]) {
            const char *name = strrchr(found->at[i], '/') + 1;
            take(paths, found, name, strlen(name) - 4, &chapter);
        }
    cv_buf_release(&chapter);
}

void app_shipped(const struct app_args *a, struct app_paths *paths)
{
    struct cv_buf dir = {0}, path = {0}, course = {0};
    struct app_paths found = {0};
    struct stat st;
    if (app_shipped_dir(a, &dir))
        folder_read(dir.at, &found);
    cv_buf_printf(&path, "%s/course", dir.n ? dir.at : "");
    cv_buf_str(&course, "");
    if (found.n && stat(path.at, &st) == 0)
        app_slurp(path.at, &course);
    in_order(course.at, &found, paths);
    app_paths_release(&found);
    cv_buf_release(&course);
    cv_buf_release(&path);
    cv_buf_release(&dir);
}

void app_paths_release(struct app_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        free(paths->at[i]);
    for (size_t i = 0; i < paths->chapters.n; i++)
        free(paths->chapters.at[i]);
    free(paths->at);
    free(paths->chapters.at);
    *paths = (struct app_paths){0};
}
