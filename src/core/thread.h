/* core/thread.h: worker threads for data, and the loop that kernels share.
 *
 * Compute kernels use mf_parallel_for, which runs on the same OpenMP threads as the vendor libraries where OpenMP is
 * built in, so nothing is oversubscribed. Data workers are plain threads made with pthreads in their own files. */
#ifndef MF_CORE_THREAD_H
#define MF_CORE_THREAD_H

#include <stddef.h>

/* Threads for compute: default is the number of cores this process may use. */
int  mf_threads_get(void);
void mf_threads_set(int n); /* n >= 1 */
int  mf_cores(void);        /* cores this process may run on (affinity, cgroup quota) */

/* Split 0..n-1 into one contiguous range a thread: body(arg, begin, end, thread). Ranges depend on n and the thread
 * count only. Below `grain` items one thread does all. */
typedef void mf_range_fn(void *arg, size_t begin, size_t end, int thread);
void mf_parallel_for(size_t n, size_t grain, mf_range_fn *body, void *arg);

#endif
