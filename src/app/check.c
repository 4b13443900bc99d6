/* `convis check FILE…`: read and check, run nothing. */
#include "app/app.h"

int app_check(const struct app_args *a)
{
    int status = APP_OK;
    for (int i = 0; i < a->noperands; i++) {
        struct cv_program *p = app_program(a, a->operands[i]);
        if (!p)
            status = APP_WRONG;
        cv_program_free(p);
    }
    return status;
}
