/* From the word on the command line to a program and an order: where it lies, reading, and what the
 * options change of what the scenario asks for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/record.h"

/* Names the nearest among shipped scenarios and, where a command could have been meant, commands. */
static void not_found(const struct app_args *a, const char *file)
{
    struct app_paths paths = {0};
    CV_VEC(const char *) names = {0};
    app_shipped(a, &paths);
    for (size_t i = 0; i < paths.n; i++) {
        const char *name = strrchr(paths.at[i], '/') + 1;
        CV_PUSH(&names, cv_strndup(name, strlen(name) - 4));
    }
    size_t scenarios = names.n;
    for (const struct app_command_info *c = app_commands; a->command == APP_DASH && c->name; c++)
        if (*c->name && c->command != APP_LATER)
            CV_PUSH(&names, c->name);
    const char *near = cv_text_nearest(file, names.at, names.n);
    if (near)
        app_say(APP_WRONG, "no scenario '%s' (did you mean '%s'?)", file, near);
    else
        app_say(APP_WRONG, "no scenario '%s': no such file, and 'convis list' has no such name", file);
    for (size_t i = 0; i < scenarios; i++)
        free((char *)(uintptr_t)names.at[i]);
    free(names.at);
    app_paths_release(&paths);
}

bool app_find(const struct app_args *a, const char *file, struct cv_buf *path)
{
    struct stat st;
    int error = 0;
    path->n = 0;
    if (stat(file, &st) == 0 && !(S_ISDIR(st.st_mode) && !strchr(file, '/'))) {
        cv_buf_str(path, file);
        return true;
    }
    error = errno;
    struct cv_buf dir = {0};
    bool plain = *file && !strchr(file, '/'), found = false;
    if (plain && app_shipped_dir(a, &dir)) {
        for (int suffix = 1; suffix >= 0 && !found; suffix--) {
            path->n = 0;
            cv_buf_printf(path, "%s/%s%s", dir.at, file, suffix ? ".ini" : "");
            found = stat(path->at, &st) == 0 && S_ISREG(st.st_mode);
        }
    }
    cv_buf_release(&dir);
    if (found)
        return true;
    if (plain)
        not_found(a, file);
    else
        app_say(APP_WRONG, "cannot read '%s': %s", file, *file ? strerror(error) : "an empty name");
    return false;
}

/* 0, or the error. */
static int slurp(const char *path, struct cv_buf *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char part[16384];
    ssize_t n = fd < 0 ? -1 : 0;
    text->n = 0;
    cv_buf_add(text, "", 0);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        n = -1;
    }
    while (n >= 0 && text->n <= CV_LIMIT_FILE) {
        n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            n = 0;
        else if (n <= 0)
            break;
        cv_buf_add(text, part, (size_t)n);
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    return n >= 0 ? 0 : error;
}

bool app_slurp(const char *path, struct cv_buf *text)
{
    int error = slurp(path, text);
    if (error)
        app_say(APP_WRONG, "cannot read '%s': %s", path, strerror(error));
    return !error;
}

struct cv_program *app_program_again(const struct app_args *a, const char *path, struct cv_buf *text, struct cv_buf *said)
{
    struct cv_diags diags = {0};
    struct cv_program *p = NULL;
    char *at = NULL;
    size_t n;
    FILE *f = slurp(path, text) ? NULL : open_memstream(&at, &n);
    if (f) {
        p = cv_program_read(path, text->at, text->n, a->overrides, a->noverrides, &diags);
        cv_diags_sort(&diags);
        cv_diags_print(f, &diags, path, text->at, text->n);
        fclose(f);
        cv_buf_add(said, at, n);
    }
    free(at);
    cv_diags_release(&diags);
    return p;
}

struct cv_program *app_program(const struct app_args *a, const char *file)
{
    struct cv_buf path = {0}, text = {0};
    struct cv_diags diags = {0};
    struct cv_program *p = NULL;
    bool found = app_find(a, file, &path);
    if (found && app_is_record(path.at)) {
        app_say(APP_WRONG, "'%s' is a record, not a scenario: 'convis', 'convis run' and 'convis render' show it", file);
    } else if (found && app_slurp(path.at, &text)) {
        p = cv_program_read(path.at, text.at, text.n, a->overrides, a->noverrides, &diags);
        cv_diags_sort(&diags);
        app_flush();
        cv_diags_print(stderr, &diags, path.at, text.at, text.n);
    }
    cv_diags_release(&diags);
    cv_buf_release(&path);
    cv_buf_release(&text);
    return p;
}

bool app_order(const struct app_args *a, const struct cv_program *p, struct cv_order *o)
{
    static const char *const stepped[] = {"async", "threads", "processes"};
    struct cv_buf why = {0};
    bool right = cv_order_init(o, p, a->model, &why);
    if (!right)
        app_say(APP_WRONG, "%s", why.at);
    cv_buf_release(&why);
    if (!right)
        return false;
    if (a->schedule && !o->stepped) {
        app_say(APP_WRONG, "a schedule is for the stepped model: add '-m stepped:%s'", stepped[o->model]);
        return false;
    }
    if (a->gil && (o->model != CV_THREADS || o->stepped) && a->command != APP_DASH)
        app_say(APP_OK, "-g means something to threads only; this run is under %s", cv_order_model_name(o));
    if (a->gil && o->model == CV_THREADS && !o->stepped)
        o->gil = true;
    o->seed = a->seed;
    if (a->schedule)
        o->schedule = a->schedule;
    if (a->max_tasks)
        cv_order_allow(o, (uint32_t)a->max_tasks);
    o->most_bytes = a->max_memory ? a->max_memory : o->most_bytes;
    o->ring_records = a->ring ? (uint32_t)a->ring : o->ring_records;
    o->most_output = a->max_output ? a->max_output : o->most_output;
    o->timeout_ns = a->timeout_ns ? a->timeout_ns : o->timeout_ns;
    memcpy(o->params, a->params, sizeof o->params);
    return true;
}
