/* The program: what a run's own processes are started as, then the command line. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

int main(int argc, char **argv)
{
    cv_clock_init();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not be so large is an error, not a death */
    if (argc == 3 && !strcmp(argv[1], "--runner"))
        return cv_runner_main(atoi(argv[2]));
    if (argc == 3 && !strcmp(argv[1], "--server"))
        return cv_server_main(atoi(argv[2]));
    setlocale(LC_CTYPE, ""); /* the encoding only: numbers stay as JSON wants them */
    signal(SIGPIPE, SIG_IGN);
    return app_main(argc, argv);
}
