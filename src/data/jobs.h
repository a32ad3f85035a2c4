/* data/jobs.h: many independent pieces of work on a few threads. */
#ifndef MF_DATA_JOBS_H
#define MF_DATA_JOBS_H

#include <stddef.h>
#include "core/error.h"
#include "core/log.h"

/* Piece `i` of the work. Called from several threads at once, each i once. */
typedef mf_status mf_job_fn(void *arg, size_t i, mf_err *err);

/* Do pieces 0..n-1 on `workers` threads (0: all cores), the caller's among them; progress is reported by the caller's.
 * After a failure no new piece is begun; the status and sentence are those of the lowest piece that failed. */
mf_status mf_jobs_run(size_t n, int workers, mf_job_fn *fn, void *arg, const mf_progress *progress, const char *what,
                      mf_err *err);

#endif
