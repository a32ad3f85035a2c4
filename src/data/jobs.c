/* data/jobs.c: threads that take the next number from a shared counter. */
#include "data/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "core/mem.h"
#include "core/thread.h"

enum { MF_JOBS_MAX_THREADS = 64 };

typedef struct pool {
    mf_job_fn        *fn;
    void             *arg;
    size_t            n;
    atomic_size_t     next, done;
    atomic_bool       stop;
    pthread_mutex_t   lock;    /* guards what follows */
    size_t            failed;  /* lowest piece that failed */
    mf_err            err;
} pool;

static void
note_failure(pool *p, size_t i, mf_status st, const mf_err *e)
{
    pthread_mutex_lock(&p->lock);
    if (i < p->failed) {
        p->failed   = i;
        p->err      = *e;
        p->err.code = st;
    }
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->stop, true);
}

/* One piece; false when there is none left. */
static bool
step(pool *p)
{
    mf_err    e = {0};
    mf_status st;
    size_t    i;

    if (atomic_load(&p->stop) || (i = atomic_fetch_add(&p->next, 1)) >= p->n)
        return false;
    if ((st = p->fn(p->arg, i, &e)) < 0)
        note_failure(p, i, st, &e);
    atomic_fetch_add(&p->done, 1);
    return true;
}

static void *
work(void *arg)
{
    while (step(arg))
        continue;
    return NULL;
}

mf_status
mf_jobs_run(size_t n, mf_job_fn *fn, void *arg, const mf_jobs_opts *o, mf_err *err)
{
    pool      p = {.fn = fn, .arg = arg, .n = n, .failed = n};
    pthread_t thread[MF_JOBS_MAX_THREADS];
    size_t    want = (size_t)(o->workers > 0 ? o->workers : mf_cores()), made = 0, i, told = 0;
    bool      stopped = false;

    if (want > MF_JOBS_MAX_THREADS)
        want = MF_JOBS_MAX_THREADS;
    if (want > n)
        want = n;
    if (pthread_mutex_init(&p.lock, NULL) != 0)
        return mf_fail(err, MF_E_NOMEM, "no lock for %zu threads", want);
    /* Where the system gives fewer threads the caller does the rest. */
    while (made + 1 < want && pthread_create(&thread[made], NULL, work, &p) == 0)
        made++;
    while (step(&p)) {
        size_t done = atomic_load(&p.done);

        if (o->stop && o->stop(o->stop_arg)) {
            stopped = true;
            atomic_store(&p.stop, true);
        }
        if ((done - told) * 200 >= n) {
            mf_progress_set(&o->progress, o->what, (double)done, (double)n);
            told = done;
        }
    }
    for (i = 0; i < made; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&p.lock);
    if (p.failed < n)
        return mf_fail(err, p.err.code, "%s", p.err.msg);
    if (stopped)
        return mf_fail(err, MF_E_CANCELLED, "%s was stopped after %zu of %zu", o->what, atomic_load(&p.done), n);
    mf_progress_set(&o->progress, o->what, (double)n, (double)n);
    return MF_OK;
}
