/* `convis new NAME`: a commented scenario to begin from, in NAME.ini. It runs as it stands; nothing is overwritten. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

/* The parts before, between and after the two places where the name stands. */
static const char *const skeleton[] = {
    "; A scenario for convis: what tasks do, what they share, what must come out.\n"
    ";\n"
    ";     convis FILE          watch it; a, t, p, g run it as coroutines, threads, processes, threads under a GIL\n"
    ";     convis run FILE      without a screen: output, counts, and whether [expect] holds\n"
    ";     convis check FILE    only read it, and tell what is wrong where\n"
    ";\n"
    "; The whole language is in convis-scenario(5). A semicolon begins a comment.\n"
    "\n"
    "[scenario]\n"
    "title = ",
    "\n"
    "about = Two tasks count together, and read, wait and write. Whose count is lost?\n"
    "model = async\n"
    "models = async, threads, threads+gil, processes\n"
    "\n"
    "; Numbers to turn: convis FILE -p rounds=10\n"
    "[params]\n"
    "rounds = 3\n"
    "\n"
    "; What all tasks see. Under processes each has a copy of its own; what stands in [shared memory] is shared there too.\n"
    "[shared]\n"
    "counter = 0\n"
    "\n"
    "; Locks, semaphores, queues. The cure: indent the three lines of the task below `with lock guard:`.\n"
    "[sync]\n"
    "guard = lock\n"
    "\n"
    "; Two tasks with the same body; `me` is 0 in the first and 1 in the second. Blocks are made by indentation.\n"
    "[task adder x 2]\n"
    "    repeat rounds:\n"
    "        seen = counter         ; read\n"
    "        await sleep 20ms       ; here coroutines are switched; threads can be anywhere\n"
    "        counter = seen + 1     ; write what may be old by now\n"
    "    print \"adder {me} is done\"\n"
    "\n"
    "; What must hold on every run, under every model ...\n"
    "[expect]\n"
    "len(output) == 2\n"
    "\n"
    "; ... and under one: the loop lets both in turn at each await, so every count but the first write is made on an old value.\n"
    "[expect async]\n"
    "counter == rounds\n"
    "lost_updates == 2 * rounds - 1\n"};

static void tell(const char *path)
{
    struct cv_buf clean = {0};
    cv_text_clean(&clean, path, strlen(path));
    printf("%s is written; 'convis %s' runs it\n", clean.at, clean.at);
    cv_buf_release(&clean);
}

int app_new(const struct app_args *a)
{
    const char *name = a->operands[0], *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    size_t n = strlen(name);
    bool has = n > 4 && !strcmp(name + n - 4, ".ini");
    struct cv_buf path = {0}, title = {0};
    int status = APP_OK;
    if (!*base || *base == '.')
        return app_say(APP_WRONG, "'%s' is no name for a scenario", name);
    cv_buf_printf(&path, "%s%s", name, has ? "" : ".ini");
    cv_text_clean(&title, base, strlen(base) - (has ? 4 : 0));
    FILE *f = fopen(path.at, "wxe");
    if (!f) {
        status = errno == EEXIST ? app_say(APP_WRONG, "'%s' is there already: it stays as it is", path.at)
                                 : app_say(APP_REFUSED, "cannot write '%s': %s", path.at, strerror(errno));
    } else {
        fprintf(f, "%s%s%s", skeleton[0], title.at, skeleton[1]);
        if (fclose(f))
            status = app_say(APP_REFUSED, "cannot write '%s': %s", path.at, strerror(errno));
        else
            tell(path.at);
    }
    cv_buf_release(&path);
    cv_buf_release(&title);
    return status;
}
