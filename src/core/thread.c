/* core/thread.c: how many threads compute, and the loop they share. Owns one process-wide number, the thread count:
 * vendor libraries keep theirs process-wide too, and the two must agree. */
#include "core/thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
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
#ifdef _OPENMP
    if (parts > 1 && !omp_in_parallel()) {
#pragma omp parallel num_threads(parts)
        {
            int i, step = omp_get_num_threads();

            /* Fewer threads than asked for still do every range, so the result is the same. */
            for (i = omp_get_thread_num(); i < parts; i += step) {
                do_range(n, parts, i, body, arg);
            }
        }
        return;
    }
#endif
    for (int i = 0; i < parts; i++) {
        do_range(n, parts, i, body, arg);
    }
}
