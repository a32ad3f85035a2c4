/* data/repeated.h: leave out of an import the pictures that are there more than once. */
#ifndef MF_DATA_REPEATED_H
#define MF_DATA_REPEATED_H

#include "data/import.h"

/* Of files with the same bytes (SHA-256) one row stays: the first of the test part, else of the validation part, else the
 * first. Nothing that is scored is then trained on. A line of im->notes counts what went. */
mf_status mf_import_drop_repeated(mf_import *im, const mf_jobs_opts *jobs, mf_err *err);

#endif
