/* Whatever happens to this process, the terminal is given back and no run is left: fatal signals and panics come here.
 * Everything reached from the handler is async-signal-safe. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"

static void (*restorer)(void);
static volatile pid_t run_group;

static void clean_up(void)
{
    if (run_group > 0)
        kill(-run_group, SIGKILL);
    if (restorer)
        restorer();
}

static void fatal(int signal)
{
    clean_up();
    raise(signal); /* SA_RESETHAND: now it ends us */
}

void app_guard(void (*restore)(void))
{
    static const int deadly[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    static char stack[65536];
    restorer = restore;
    cv_panic_hook = clean_up;
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction act = {.sa_handler = fatal, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
    for (size_t i = 0; i < CV_COUNT(deadly); i++)
        sigaction(deadly[i], &act, NULL);
}

void app_guard_run(pid_t group) { run_group = group; }

_Noreturn void app_die_of(int signal)
{
    sigset_t set;
    struct sigaction act = {.sa_handler = SIG_DFL};
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigaction(signal, &act, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    kill(getpid(), signal);
    _exit(128 + signal);
}
