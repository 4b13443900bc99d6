/* A stepped run in this very process, over a region of its own: nobody prints, nobody sits at the desk, and it is over when the call returns. */
#include "machine.h"

enum { RING_RECORDS = 1 << 16 };
static const size_t FINAL_BYTES = 4u << 20;

bool cv_here_begin(struct cv_shm *shm, const struct cv_program *p, const struct cv_order *o, size_t string_bytes)
{
    struct cv_shm_plan plan = {.max_tasks = o->max_tasks, .max_rings = 1, .ring_records = RING_RECORDS, .engine_bytes = cv_machine_bytes(p, o),
                               .string_bytes = string_bytes, .finals_bytes = o->model == CV_PROCESSES ? FINAL_BYTES : 0, .source_bytes = 1};
    CV_ASSERT(o->stepped && !o->desk);
    if (cv_shm_create(shm, &plan) < 0)
        return false;
    cv_machine_init(shm, p, o);
    return true;
}

bool cv_here_run(const struct cv_shm *shm, const struct cv_program *p)
{
    struct cv_machine machine;
    if (cv_machine_attach(&machine, shm, p) < 0)
        return false;
    machine.dry = true;
    cv_engines[3]->run(&machine); /* stepped */
    cv_machine_release(&machine);
    return true;
}
