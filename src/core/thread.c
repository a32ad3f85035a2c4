/* core/thread.c: how many threads compute, and the loop they share. Owns one process-wide number, the thread count:
 * vendor libraries keep theirs process-wide too, and the two must agree. Without OpenMP each thread also remembers
 * whether it is inside a loop. */
#include "core/thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#else
#include <pthread.h>
#include <stdbool.h>
#endif

static _Atomic int thread_count; /* 0: not yet asked for */

/* Cores that a control group's quota allows, rounded up; 0 without one. */
static int
quota_cores(void)
{
    FILE *f;
    char  text[64];
    long  quota = -1, period = 0;

    if ((f = fopen("/sys/fs/cgroup/cpu.max", "re")) != NULL) { /* version 2: "max 100000" or "150000 100000" */
        if (fgets(text, sizeof text, f) != NULL && strncmp(text, "max", 3) != 0) {
            char *end;

            quota  = strtol(text, &end, 10);
            period = strtol(end, NULL, 10);
        }
        fclose(f);
    } else if ((f = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "re")) != NULL) { /* version 1: -1 is no quota */
        quota = fgets(text, sizeof text, f) != NULL ? strtol(text, NULL, 10) : -1;
        fclose(f);
        if ((f = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "re")) != NULL) {
            period = fgets(text, sizeof text, f) != NULL ? strtol(text, NULL, 10) : 0;
            fclose(f);
        }
    }
    if (quota <= 0 || period <= 0 || quota / period >= 1 << 16) {
        return 0;
    }
    return (int)((quota + period - 1) / period);
}

int
mf_cores(void)
{
    cpu_set_t set;
    int       n = 1, quota = quota_cores();

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        n = CPU_COUNT(&set);
    }
    return quota > 0 && quota < n ? quota : n;
}

int
mf_threads_get(void)
{
    int n = atomic_load(&thread_count);

    if (n == 0) {
        int none = 0;

        n = mf_cores();
        if (!atomic_compare_exchange_strong(&thread_count, &none, n)) {
            n = none;
        }
    }
    return n;
}

void
mf_threads_set(int n)
{
    n = n < 1 ? 1 : n;
    atomic_store(&thread_count, n);
#ifdef _OPENMP
    omp_set_num_threads(n);
#endif
}

static void
do_range(size_t n, int parts, int i, mf_range_fn *body, void *arg)
{
    /* The first n % parts ranges are one item longer. */
    size_t each = n / (size_t)parts, more = n % (size_t)parts, at = (size_t)i;
    size_t begin = at * each + (at < more ? at : more);
    size_t end   = begin + each + (at < more ? 1 : 0);

    if (begin < end) {
        body(arg, begin, end, i);
    }
}

#ifdef _OPENMP

static void
run_ranges(size_t n, int parts, mf_range_fn *body, void *arg)
{
    if (omp_in_parallel()) {
        for (int i = 0; i < parts; i++) {
            do_range(n, parts, i, body, arg);
        }
        return;
    }
#pragma omp parallel num_threads(parts)
    {
        int i, step = omp_get_num_threads();

        /* Fewer threads than asked for still do every range, so the result is the same. */
        for (i = omp_get_thread_num(); i < parts; i += step) {
            do_range(n, parts, i, body, arg);
        }
    }
}

#else

/* Without OpenMP: threads made for each loop. Slower to start; the thread sanitizer understands them. */
typedef struct share {
    size_t       n;
    int          parts, i;
    mf_range_fn *body;
    void        *arg;
} share;

enum { SHARES_MAX = 256 };
static _Thread_local bool inside_loop;

static void *
run_share(void *arg)
{
    share *s = arg;

    inside_loop = true;
    for (int i = s->i; i < s->parts; i += SHARES_MAX) {
        do_range(s->n, s->parts, i, s->body, s->arg);
    }
    inside_loop = false;
    return NULL;
}

static void
run_ranges(size_t n, int parts, mf_range_fn *body, void *arg)
{
    pthread_t thread[SHARES_MAX];
    share     s[SHARES_MAX];
    bool      made[SHARES_MAX] = {false};
    int       i, shares = parts < SHARES_MAX ? parts : SHARES_MAX;

    if (inside_loop) {
        for (i = 0; i < parts; i++) {
            do_range(n, parts, i, body, arg);
        }
        return;
    }
    for (i = 0; i < shares; i++) {
        s[i]    = (share){n, parts, i, body, arg};
        made[i] = i > 0 && pthread_create(&thread[i], NULL, run_share, &s[i]) == 0;
    }
    for (i = 0; i < shares; i++) { /* the caller's own share, and those that found no thread */
        if (!made[i]) {
            run_share(&s[i]);
        }
    }
    for (i = 0; i < shares; i++) {
        if (made[i]) {
            pthread_join(thread[i], NULL);
        }
    }
}

#endif

void
mf_parallel_for(size_t n, size_t grain, mf_range_fn *body, void *arg)
{
    int parts = n <= grain ? 1 : mf_threads_get();

    if (n == 0) {
        return;
    }
    if ((size_t)parts > n) {
        parts = (int)n;
    }
    if (parts == 1) {
        body(arg, 0, n, 0);
    } else {
        run_ranges(n, parts, body, arg);
    }
}
