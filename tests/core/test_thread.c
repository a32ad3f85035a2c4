/* The shared loop, and what the machine is: every item once, whatever the number of threads. */
#include "support.h"

#include <string.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/isa.h"
#include "core/log.h"
#include "core/thread.h"

enum { ITEMS = 1000 };

typedef struct job {
    _Atomic int seen[ITEMS];
    _Atomic int calls, worst_thread;
} job;

static void
mark(void *arg, size_t begin, size_t end, int thread)
{
    job   *j = arg;
    size_t i;

    for (i = begin; i < end; i++) {
        j->seen[i]++;
    }
    j->calls++;
    if (thread > j->worst_thread) {
        j->worst_thread = thread;
    }
}

static void
every_item_once(void **state)
{
    static const size_t size[] = {0, 1, 2, 3, 7, 64, 999, 1000};
    int                 threads, before = mf_threads_get();
    size_t              s, i;

    (void)state;
    assert_true(before >= 1 && mf_cores() >= 1);
    for (threads = 1; threads <= 9; threads++) {
        mf_threads_set(threads);
        assert_int_equal(mf_threads_get(), threads);
        for (s = 0; s < sizeof size / sizeof size[0]; s++) {
            job *j = calloc(1, sizeof *j);

            mf_parallel_for(size[s], 1, mark, j);
            for (i = 0; i < ITEMS; i++) {
                assert_int_equal(j->seen[i], i < size[s] ? 1 : 0);
            }
            assert_true(j->worst_thread < threads);
            assert_int_equal(j->calls, size[s] < (size_t)threads ? size[s] : (size_t)threads);
            memset(j, 0, sizeof *j);
            mf_parallel_for(size[s], 1000, mark, j); /* at most a grain: one call */
            assert_int_equal(j->calls, size[s] != 0);
            free(j);
        }
    }
    mf_threads_set(0);
    assert_int_equal(mf_threads_get(), 1);
    mf_threads_set(before);
}

static void
nested(void *arg, size_t begin, size_t end, int thread)
{
    (void)thread;
    for (; begin < end; begin++) {
        mf_parallel_for(10, 1, mark, (job *)arg + begin);
    }
}

static void
loops_may_nest(void **state)
{
    job   *j = calloc(4, sizeof *j);
    size_t i, k;

    (void)state;
    mf_threads_set(3);
    mf_parallel_for(4, 1, nested, j);
    for (i = 0; i < 4; i++) {
        for (k = 0; k < 10; k++) {
            assert_int_equal(j[i].seen[k], 1);
        }
        assert_int_equal(j[i].calls, 3); /* the same ranges inside as outside */
    }
    mf_threads_set(mf_cores());
    free(j);
}

static void
clocks(void **state)
{
    char   buf[32];
    double a = mf_now();

    (void)state;
    assert_true(mf_now() >= a);
    mf_time_text(buf);
    assert_int_equal(strlen(buf), 20);
    assert_int_equal(buf[10], 'T');
    assert_int_equal(buf[19], 'Z');
}

static void
processor(void **state)
{
    char model[64] = "";

    (void)state;
    mf_cpu_model(model, sizeof model);
    assert_true(model[0] != '\0');
    /* Two ways of asking must agree. */
#if MF_ISA_X86
    assert_int_equal(mf_cpu_has(MF_CPU_AVX2), __builtin_cpu_supports("avx2") != 0);
    assert_int_equal(mf_cpu_has(MF_CPU_AVX512F), __builtin_cpu_supports("avx512f") != 0);
    assert_int_equal(mf_cpu_has(MF_CPU_AVX512_BF16), __builtin_cpu_supports("avx512bf16") != 0);
#endif
    assert_true(mf_isa_best() != MF_ISA_AVX512 || mf_cpu_has(MF_CPU_AVX512BW));
    assert_string_equal(mf_isa_name(MF_ISA_AVX2), "avx2");
    assert_string_equal(mf_cpu_set_name(MF_CPU_AMX_BF16), "amx_bf16");
}

static void
keep(void *arg, mf_log_level level, const char *text)
{
    snprintf(arg, 100, "%d %s", (int)level, text);
}

static void
logs_reach_who_listens(void **state)
{
    char   got[100] = "";
    mf_log log      = {keep, got};

    (void)state;
    mf_logf(&log, MF_LOG_WARN, "%d of %d", 1, 2);
    assert_string_equal(got, "2 1 of 2");
    mf_logf(&(mf_log){0}, MF_LOG_WARN, "nobody");
    mf_logf(NULL, MF_LOG_WARN, "nobody");
    mf_progress_set(NULL, "x", 1, 2);
    mf_progress_set(&(mf_progress){0}, "x", 1, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_once), cmocka_unit_test(loops_may_nest),
        cmocka_unit_test(clocks),          cmocka_unit_test(processor),
        cmocka_unit_test(logs_reach_who_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
