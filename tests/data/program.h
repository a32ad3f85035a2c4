/* tests/data/program.h: the program as a user calls it, in the test's own folder. */
#ifndef MF_TESTS_DATA_PROGRAM_H
#define MF_TESTS_DATA_PROGRAM_H

#include "core/json.h"

/* Run `maskfer ARGS`; standard output goes to out.txt, errors to err.txt. Returns the exit status. */
int      program_run(const char *args);
/* Fails unless out.txt, err.txt, or another file of the folder has this text in it. */
void     program_says(const char *file, const char *part);
/* out.txt as JSON; free with mf_json_free. */
mf_json *program_json(void);

#endif
