/* python: the same program for CPython, as a person would write it: asyncio, threading or multiprocessing, by the model. */
#ifndef CONVIS_PYTHON_H
#define CONVIS_PYTHON_H

#include "convis/base.h"
#include "convis/lang.h"
#include "convis/trace.h"

/* Appends the program's text, UTF-8 with LF line ends and no control characters, whatever the scenario holds. What Python
 * has no word for is said in its comments; what means something else there, in convis(1). */
void cv_python_write(struct cv_buf *out, const struct cv_program *p, enum cv_model_kind model);

/* Whether the statement has its Python; all of them do (a test walks them). */
bool cv_python_knows(enum cv_stmt_kind kind);

#endif
