/* The string arena of a region: a table of slots and the bytes. Append-only; a string's id is the number of its slot + 1. */
#ifndef CONVIS_TRACE_STRINGS_H
#define CONVIS_TRACE_STRINGS_H

#include "convis/trace.h"

/* Prepares an arena of so many bytes, zeroed memory. The ellipsis that stands for text with no room gets its id. */
void strings_init(void *arena, size_t bytes);
bool strings_valid(const void *arena, size_t bytes);

#endif
