/* threadfile: what /proc says of one thread, on files that may be kept open. */
#ifndef SOURCE_THREADFILE_H
#define SOURCE_THREADFILE_H

#include "convis/base.h"

enum source_file { SOURCE_SCHEDSTAT, SOURCE_STATUS, SOURCE_STAT, SOURCE_FILES };
/* fd is -1 where closed. */
struct source_thread_files { uint32_t pid, tid; int fd[SOURCE_FILES]; };

/* Reads one of the files from its start, opening it first where it is closed. Bytes read, terminated; -1: the thread is gone, or
 * the file cannot be read (errno). */
int source_thread_read(struct source_thread_files *f, enum source_file which, char *to, size_t size);
void source_thread_close(struct source_thread_files *f);

/* Parsers: false where the text is not what was expected; then nothing is changed. */
bool source_parse_schedstat(const char *text, uint64_t *wait_ns, uint64_t *runs); /* ns in the run queue; times put on a core */
bool source_parse_status(const char *text, uint64_t *voluntary, uint64_t *involuntary);
bool source_parse_stat(const char *text, uint32_t *core); /* that it is or was last on */

#endif
