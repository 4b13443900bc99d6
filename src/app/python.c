/* `convis python FILE`: the scenario as a program for CPython, under the model asked for. */
#include "app/app.h"
#include "convis/python.h"

int app_python(const struct app_args *a)
{
    struct cv_program *p = app_program(a, a->operands[0]);
    struct cv_order order;
    struct cv_buf text = {0};
    if (!p)
        return APP_WRONG;
    int status = app_order(a, p, &order) ? APP_OK : APP_WRONG;
    if (!status && order.stepped)
        status = app_say(APP_WRONG, "Python has no virtual time: async, threads, threads+gil or processes");
    if (!status) {
        cv_python_write(&text, p, order.model);
        app_write(&text);
    }
    cv_buf_release(&text);
    cv_program_free(p);
    return status;
}
