/* tests/nn/test_onednn_more.c: losses, norms, joins and the ops that run through the reference kernels in bf16. */
#include "support.h"

#include <string.h>

#include "nn/ops.h"
#include "onednn_parity.h"

#define AXIS(A, S, L) (&(const mf_axis_attrs){.axis = A, .start = S, .len = L})
#define REDUCE(K, M, KEEP) (&(const mf_reduce_attrs){.kind = K, .mask = M, .keep = KEEP})
#define RUN_ALL(cases)                                                \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof *(cases); i_++) { \
        parity_run(&(cases)[i_]);                                     \
    }

static void
test_flat(void **state)
{
    (void)state;
    static const mf_scale_attrs scale = {.mul = -0.75, .add = 0.5};
    static const mf_clip_attrs  relu6 = {.lo = 0.0, .hi = 6.0}, lifted = {.lo = 0.25, .hi = 0.75};
    const parity_case           cases[] = {
        {.op = "scale", .attrs = &scale, .in = {ACT(3, 17, 7, 9)}},
        {.op = "scale", .attrs = &scale, .in = {ACT_OF(FILL_SPECIAL, 3, 64, 17, 9)}},
        {.op = "scale", .attrs = &scale, .in = {F32(1)}, .f32_only = true},
        {.op = "clip", .attrs = &relu6, .in = {ACT_OF(FILL_SPECIAL, 3, 17, 7, 9)}},
        {.op = "clip", .attrs = &lifted, .in = {ACT(1, 5, 7, 9)}},
        {.op = "clip_dx", .attrs = &lifted, .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9)}},
        {.op = "mse", .attrs = NULL, .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9)}, .tol16 = 1e-5},
        {.op = "mse", .attrs = NULL, .in = {ACT(3, 64, 33, 17), ACT(3, 64, 33, 17)}, .tol16 = 1e-5},
        {.op = "mse", .attrs = NULL, .in = {F32(5, 7), F32(5, 7)}, .f32_only = true},
        {.op = "mse_dx", .attrs = NULL, .in = {F32(1), ACT(3, 17, 7, 9), ACT(3, 17, 7, 9)}},
        {.op = "mse_dx", .attrs = NULL, .in = {F32(1), ACT(1, 64, 33, 17), ACT(1, 64, 33, 17)}},
    };
    RUN_ALL(cases);
}

static void
test_channels(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "l2norm", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9)}},
        {.op = "l2norm", .attrs = AXIS(1, 0, 0), .in = {ACT(1, 64, 17, 19)}},
        {.op = "l2norm", .attrs = AXIS(1, 0, 0), .in = {F32(5, 129)}, .f32_only = true},
        {.op = "l2norm_dx", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9), F32_OF(FILL_POSITIVE, 3, 1, 7, 9)}},
        {.op = "l2norm_dx", .attrs = AXIS(1, 0, 0), .in = {F32(5, 64), F32(5, 64), F32_OF(FILL_POSITIVE, 5, 1)}, .f32_only = true},
        {.op = "prelu", .attrs = NULL, .in = {ACT(3, 17, 7, 9), F32(17)}},
        {.op = "prelu", .attrs = NULL, .in = {ACT_OF(FILL_SPECIAL, 2, 64, 9, 17), F32_OF(FILL_POSITIVE, 64)}},
        {.op = "prelu_dx", .attrs = NULL, .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9), F32(17)}},
        {.op = "prelu_dx", .attrs = NULL, .in = {ACT(3, 64, 17, 9), ACT(3, 64, 17, 9), F32(64)}},
    };
    RUN_ALL(cases);
}

static void
test_joins(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "concat", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9), ACT(3, 5, 7, 9), ACT(3, 64, 7, 9)}},
        {.op = "concat", .attrs = AXIS(1, 0, 0), .in = {ACT(1, 32, 5, 5), ACT(1, 64, 5, 5)}},
        {.op = "concat", .attrs = AXIS(1, 0, 0), .in = {F32(3, 5), F32(3, 7)}, .f32_only = true},
        {.op = "slice", .attrs = AXIS(1, 5, 20), .in = {ACT(3, 33, 7, 9)}},
        {.op = "slice", .attrs = AXIS(1, 16, 32), .in = {ACT(1, 64, 5, 5)}},
        {.op = "slice_dx", .attrs = AXIS(1, 5, 20), .in = {ACT(3, 20, 7, 9), ACT(3, 33, 7, 9)}},
        {.op = "slice_dx", .attrs = AXIS(1, 16, 32), .in = {ACT(1, 32, 5, 5), ACT(1, 64, 5, 5)}},
    };
    RUN_ALL(cases);
}

/* bf16 results of the reference kernels; in f32 the compiler takes those themselves. */
static void
test_by_reference(void **state)
{
    (void)state;
    static const mf_dropout_attrs drop = {.p = 0.4f, .id = 5};
    const parity_case             cases[] = {
        {.op = "softmax", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 5, 7, 9)}, .f32_by_ref = true},
        {.op = "log_softmax", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 5, 7, 9)}, .f32_by_ref = true},
        {.op = "dropout", .attrs = &drop, .in = {ACT(3, 17, 7, 9)}, .f32_by_ref = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 2, 1), .in = {ACT(3, 17, 7, 9)}, .f32_by_ref = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT(3, 17, 7, 9)}, .f32_by_ref = true},
        {.op = "concat", .attrs = AXIS(2, 0, 0), .in = {ACT(3, 17, 7, 9), ACT(3, 17, 2, 9)}, .f32_by_ref = true},
    };
    RUN_ALL(cases);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat), cmocka_unit_test(test_channels), cmocka_unit_test(test_joins), cmocka_unit_test(test_by_reference),
    };
    int failed;

    (void)argc;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed ? failed : parity_again_avx2(argv);
}
