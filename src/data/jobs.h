/* data/jobs.h: many independent pieces of work on a few threads. */
#ifndef MF_DATA_JOBS_H
#define MF_DATA_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/log.h"

/* Piece `i` of the work. Called from several threads at once, each i once. */
typedef mf_status mf_job_fn(void *arg, size_t i, mf_err *err);

typedef struct mf_jobs_opts {
    int         workers;       /* 0: all cores */
    mf_progress progress;      /* told by the caller's thread */
    const char *what;          /* the name of the job for it */
    bool      (*stop)(void *); /* true: begin nothing more and return MF_E_CANCELLED; may be NULL */
    void       *stop_arg;
} mf_jobs_opts;

/* Do pieces 0..n-1 on several threads, the caller's among them. After a failure no new piece is begun; the status and
 * sentence are those of the lowest piece that failed. */
mf_status mf_jobs_run(size_t n, mf_job_fn *fn, void *arg, const mf_jobs_opts *o, mf_err *err);

#endif
