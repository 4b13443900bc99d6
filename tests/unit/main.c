/* The main of every unit test: a suite from the test's file, run by Check in TAP on standard output.
 * CV_TEST_CASE=name runs that case alone; CK_FORK=no for a debugger. */
#include <check.h>
#include <stdlib.h>

#include "suite.h"

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_set_tap(runner, "-");
    srunner_run(runner, NULL, getenv("CV_TEST_CASE"), CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
