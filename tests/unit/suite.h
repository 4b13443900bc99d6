/* What every unit test file defines. */
#ifndef CONVIS_TESTS_SUITE_H
#define CONVIS_TESTS_SUITE_H
#include <check.h>
Suite *suite(void);
#endif
