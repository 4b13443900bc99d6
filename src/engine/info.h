/* info: the tables in a run's info that are made from the program's code. */
#ifndef CONVIS_ENGINE_INFO_H
#define CONVIS_ENGINE_INFO_H

#include "engine/machine.h"

void info_steps(struct cv_run_info *info, const struct cv_program *p); /* what each line does; texts are malloc's */

#endif
