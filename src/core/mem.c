/* core/mem.c: counted allocation. Owns the only counters of the process (with the thread count of thread.c): all are
 * atomic, and nothing but tests and reports reads them, so relaxed order is enough. Sizes come from the allocator
 * itself (malloc_usable_size), hence blocks carry no header of ours and large ones stay aligned. */
#include "core/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN_SMALL = 64, ALIGN_HUGE = 2 << 20 };

static _Atomic uint64_t alloc_count;
static _Atomic uint64_t fail_in; /* 0: never; else the allocations left until the one that fails */
static _Atomic size_t   bytes_now, bytes_peak;

bool
mf_size_mul(size_t *out, size_t a, size_t b)
{
    size_t r;

    if (__builtin_mul_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

bool
mf_size_add(size_t *out, size_t a, size_t b)
{
    size_t r;

    if (__builtin_add_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

/* Count one attempt; true when this one must fail. */
static bool
attempt_fails(void)
{
    uint64_t left = atomic_load_explicit(&fail_in, memory_order_relaxed);

    atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
    while (left != 0) {
        if (atomic_compare_exchange_weak(&fail_in, &left, left - 1)) {
            return left == 1;
        }
    }
    return false;
}

static void
note_grown(size_t bytes)
{
    size_t now  = atomic_fetch_add_explicit(&bytes_now, bytes, memory_order_relaxed) + bytes;
    size_t peak = atomic_load_explicit(&bytes_peak, memory_order_relaxed);

    while (now > peak && !atomic_compare_exchange_weak(&bytes_peak, &peak, now)) {
    }
}

static void
note_shrunk(size_t bytes)
{
    atomic_fetch_sub_explicit(&bytes_now, bytes, memory_order_relaxed);
}

void *
mf_calloc(size_t n, size_t size)
{
    size_t bytes;
    void  *p;

    if (attempt_fails() || !mf_size_mul(&bytes, n, size)) {
        return NULL;
    }
    p = calloc(1, bytes != 0 ? bytes : 1);
    if (p != NULL) {
        note_grown(malloc_usable_size(p));
    }
    return p;
}

void *
mf_realloc(void *p, size_t n, size_t size)
{
    size_t bytes, before = p != NULL ? malloc_usable_size(p) : 0;
    void  *q;

    if (attempt_fails() || !mf_size_mul(&bytes, n, size)) {
        return NULL;
    }
    q = realloc(p, bytes != 0 ? bytes : 1);
    if (q != NULL) {
        note_shrunk(before);
        note_grown(malloc_usable_size(q));
    }
    return q;
}

void
mf_free(void *p)
{
    if (p != NULL) {
        note_shrunk(malloc_usable_size(p));
        free(p);
    }
}

char *
mf_strdup(const char *s)
{
    return mf_strndup(s, strlen(s));
}

char *
mf_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char  *copy = mf_calloc(len + 1, 1);

    if (copy != NULL) {
        memcpy(copy, s, len);
    }
    return copy;
}

void *
mf_aligned(size_t size)
{
    size_t align = size >= 2 * (size_t)ALIGN_HUGE ? ALIGN_HUGE : ALIGN_SMALL;
    size_t bytes;
    void  *p = NULL;

    if (attempt_fails() || !mf_size_add(&bytes, size, align)) {
        return NULL;
    }
    bytes = size != 0 ? size : 1;
    if (posix_memalign(&p, align, bytes) != 0) {
        return NULL;
    }
    if (align == ALIGN_HUGE) {
        /* Advice only: a kernel without huge pages gives ordinary ones. */
        (void)madvise(p, bytes / ALIGN_HUGE * ALIGN_HUGE, MADV_HUGEPAGE);
    }
    note_grown(malloc_usable_size(p));
    return p;
}

#undef mf_oom
mf_status
mf_oom(mf_err *err, size_t bytes, const char *what)
{
    return mf_fail(err, MF_E_NOMEM, "out of memory (wanted %zu bytes for %s)", bytes, what);
}

uint64_t
mf_mem_count(void)
{
    return atomic_load(&alloc_count);
}

size_t
mf_mem_now(void)
{
    return atomic_load(&bytes_now);
}

size_t
mf_mem_peak(void)
{
    return atomic_load(&bytes_peak);
}

void
mf_mem_fail_at(uint64_t nth)
{
    atomic_store(&fail_in, nth);
}

size_t
mf_mem_rss_peak(void)
{
    FILE         *f = fopen("/proc/self/status", "re");
    char          line[256];
    unsigned long kib = 0;

    if (f == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
            break;
        }
    }
    fclose(f);
    return (size_t)kib * 1024;
}
