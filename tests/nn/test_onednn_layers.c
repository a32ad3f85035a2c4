/* tests/nn/test_onednn_layers.c: batch norm, pooling, element-wise and matrix kernels against the reference. */
#include "support.h"

#include <string.h>

#include "nn/ops.h"
#include "onednn_parity.h"

#define BN(ACT) (&(const mf_bn_attrs){.eps = 1e-5f, .momentum = 0.1f, .act = ACT})
#define VEC(C) F32(C)
#define POS(C) F32_OF(FILL_POSITIVE, C)

#define RUN_ALL(cases)                                            \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof *(cases); i_++) { \
        parity_run(&(cases)[i_]);                                 \
    }

static void
test_bn(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "bn", .attrs = BN(MF_ACT_NONE), .in = {ACT(3, 5, 7, 9), VEC(5), VEC(5), VEC(5), POS(5), POS(1)}},
        {.op = "bn", .attrs = BN(MF_ACT_RELU), .in = {ACT(1, 17, 5, 5), VEC(17), VEC(17), VEC(17), POS(17)}},
        {.op = "bn", .attrs = BN(MF_ACT_RELU), .in = {ACT(3, 64, 9, 7), VEC(64), VEC(64), VEC(64), POS(64), POS(1), ACT(3, 64, 9, 7)}},
        {.op = "bn", .attrs = BN(MF_ACT_NONE), .in = {ACT(3, 3, 65, 67), VEC(3), VEC(3), VEC(3), POS(3), ABSENT, ACT(3, 3, 65, 67)}},
        {.op = "bn", .attrs = BN(MF_ACT_NONE), .in = {F32(5, 64), VEC(64), VEC(64), VEC(64), POS(64)}, .f32_only = true},
        {.op = "bn", .attrs = BN(MF_ACT_RELU), .in = {ACT(4, 33, 17, 33), VEC(33), VEC(33), VEC(33), POS(33), POS(1)}, .skip_out = 6},
        {.op = "bn", .attrs = BN(MF_ACT_NONE), .in = {ACT_OF(FILL_LARGE, 3, 20, 9, 9), VEC(20), VEC(20), VEC(20), POS(20)}, .tol32 = 5e-5},
    };
    RUN_ALL(cases);
}

static void
test_bn_special(void **state)
{
    (void)state;
    const parity_case c = {.op = "bn", .attrs = BN(MF_ACT_RELU), .in = {ACT_OF(FILL_SPECIAL, 2, 17, 5, 5), VEC(17), VEC(17), VEC(17), POS(17)},
                           .special = true, .tol32 = 1e-4};
    parity_run(&c);
}

static void
test_bn_dx(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "bn_dx", .attrs = BN(MF_ACT_NONE), .in = {ACT(3, 5, 7, 9), ABSENT, ABSENT, ACT(3, 5, 7, 9), VEC(5), VEC(5), POS(5)}, .skip_out = 8},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in =
         {ACT(1, 17, 5, 5), ABSENT, ACT(1, 17, 5, 5), ACT(1, 17, 5, 5), VEC(17), VEC(17), POS(17)}},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in =
         {ACT(3, 64, 9, 7), ACT(3, 64, 9, 7), ACT(3, 64, 9, 7), ACT(3, 64, 9, 7), VEC(64), VEC(64), POS(64)}},
        {.op = "bn_dx", .attrs = BN(MF_ACT_NONE), .in = {ACT(2, 33, 17, 33), ACT(2, 33, 17, 33), ABSENT, ACT(2, 33, 17, 33), VEC(33),
                                    VEC(33), POS(33)}, .skip_out = 8},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in = {ACT(2, 3, 65, 67), ABSENT, ACT(2, 3, 65, 67), ACT(2, 3, 65, 67), VEC(3), VEC(3),
                                    POS(3)}, .skip_out = 8},
        /* without y: its sign from x */
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in = {ACT(1, 17, 5, 5), ABSENT, ABSENT, ACT(1, 17, 5, 5), VEC(17), VEC(17), POS(17), VEC(17)}},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in =
         {ACT(3, 64, 9, 7), ACT(3, 64, 9, 7), ABSENT, ACT(3, 64, 9, 7), VEC(64), VEC(64), POS(64), VEC(64)}, .skip_out = 8},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in = {ACT(2, 3, 65, 67), ABSENT, ABSENT, ACT(2, 3, 65, 67), VEC(3), VEC(3), POS(3), VEC(3)},
         .skip_out = 8},
        {.op = "bn_dx", .attrs = BN(MF_ACT_RELU), .in = {F32(5, 64), ABSENT, ABSENT, F32(5, 64), VEC(64), VEC(64), POS(64), VEC(64)},
         .skip_out = 8, .f32_only = true},
        {.op = "bn_dx", .attrs = BN(MF_ACT_NONE), .in = {F32(5, 64), ABSENT, ABSENT, F32(5, 64), VEC(64), VEC(64), POS(64)}, .skip_out = 8,
         .f32_only = true},
    };
    RUN_ALL(cases);
}

static void
test_bn_eval(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "bn_eval", .attrs = BN(MF_ACT_NONE), .in = {ACT(3, 5, 7, 9), VEC(5), VEC(5), VEC(5), POS(5)}},
        {.op = "bn_eval", .attrs = BN(MF_ACT_RELU), .in = {ACT(1, 64, 5, 5), VEC(64), VEC(64), VEC(64), POS(64)}},
        {.op = "bn_eval_dx", .attrs = BN(MF_ACT_NONE), .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9), VEC(17), VEC(17), POS(17)}},
        {.op = "bn_eval_dx", .attrs = BN(MF_ACT_NONE), .in = {ACT(1, 64, 5, 5), ABSENT, VEC(64), VEC(64), POS(64)}, .skip_out = 2},
        {.op = "channel_sum", .attrs = NULL, .in = {ACT(3, 17, 9, 7)}, .tol16 = 1e-5},
        {.op = "channel_sum", .attrs = NULL, .in = {ACT(3, 64, 33, 31)}, .tol16 = 1e-5},
        {.op = "channel_sum", .attrs = NULL, .in = {F32(9, 7)}, .f32_only = true},
    };
    RUN_ALL(cases);
}

static void
test_pool(void **state)
{
    (void)state;
    static const mf_pool_attrs k3s2 = {.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1};
    static const mf_pool_attrs k2s2 = {.kh = 2, .kw = 2, .sh = 2, .sw = 2, .ceil = 1};
    static const mf_pool_attrs k3s2c = {.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1, .ceil = 1, .count_pad = 1};
    const parity_case          cases[] = {
        {.op = "maxpool", .attrs = &k3s2, .in = {ACT(3, 64, 9, 11)}},
        {.op = "maxpool", .attrs = &k3s2, .in = {ACT(1, 5, 8, 8)}},
        {.op = "maxpool", .attrs = &k2s2, .in = {ACT(1, 17, 7, 9)}},
        {.op = "maxpool", .attrs = &k3s2, .in = {ACT_OF(FILL_SPECIAL, 2, 17, 9, 9)}},
        {.op = "maxpool_dx", .attrs = &k3s2, .in = {ACT(3, 64, 5, 6), U8(3, 64, 5, 6), ACT(3, 64, 9, 11)}},
        {.op = "maxpool_dx", .attrs = &k3s2, .in = {ACT(1, 5, 4, 4), U8(1, 5, 4, 4), ACT(1, 5, 8, 8)}},
        {.op = "avgpool", .attrs = &k3s2, .in = {ACT(3, 64, 9, 11)}},
        {.op = "avgpool", .attrs = &k3s2c, .in = {ACT(1, 5, 8, 8)}},
        {.op = "avgpool", .attrs = &k2s2, .in = {ACT(2, 17, 7, 9)}},
        {.op = "avgpool_dx", .attrs = &k3s2, .in = {ACT(3, 64, 5, 6), ACT(3, 64, 9, 11)}},
        {.op = "avgpool_dx", .attrs = &k3s2c, .in = {ACT(1, 5, 5, 5), ACT(1, 5, 8, 8)}},
        {.op = "avgpool_dx", .attrs = &k2s2, .in = {ACT(2, 17, 4, 5), ACT(2, 17, 7, 9)}},
        {.op = "gap", .attrs = NULL, .in = {ACT(3, 17, 7, 9)}, .tol16 = 1e-5},
        {.op = "gap", .attrs = NULL, .in = {ACT(2, 64, 33, 17)}, .tol16 = 1e-5},
        {.op = "gap", .attrs = NULL, .in = {ACT(2, 512, 1, 1)}, .tol16 = 1e-5},
        {.op = "gap_dx", .attrs = NULL, .in = {F32(3, 17), ACT(3, 17, 7, 9)}},
        {.op = "gap_dx", .attrs = NULL, .in = {F32(2, 64), ACT(2, 64, 7, 7)}},
    };
    RUN_ALL(cases);
}

#define U(K) (&(const mf_unary_attrs){.kind = K})
#define B(K) (&(const mf_binary_attrs){.kind = K})

static void
test_elementwise(void **state)
{
    (void)state;
    for (int k = 0; k < MF_U_COUNT; k++) {
        bool        pos = k == MF_U_LOG || k == MF_U_SQRT, y = mf_unary_dx_reads_y((mf_unary_kind)k);
        fill_kind   f = pos ? FILL_POSITIVE : FILL_NORMAL;
        parity_case c[] = {
            {.op = "unary", .attrs = U(k), .in = {ACT_OF(f, 3, 17, 7, 9)}},
            {.op = "unary", .attrs = U(k), .in = {ACT_OF(FILL_SPECIAL, 2, 17, 5, 5)}, .special = false},
            {.op = "unary", .attrs = U(k), .in = {F32_OF(f, 5, 7)}, .f32_only = true},
            {.op = "unary_dx", .attrs = U(k), .in = {ACT(3, 17, 7, 9), {.kind = y ? "" : "act", .dim = {3, 17, 7, 9}, .fill = f}, {.kind = y ? "act" : "", .dim = {3, 17, 7, 9}, .fill = f}}},
        };
        RUN_ALL(c);
    }
    for (int k = 0; k < MF_B_COUNT; k++) {
        parity_case c[] = {
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 3, 17, 7, 9)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 64, 17, 9), ACT_OF(FILL_POSITIVE, 3, 64, 17, 9)}},
            {.op = "binary", .attrs = B(k), .in = {ACT_OF(FILL_SPECIAL, 2, 17, 5, 5), ACT(2, 17, 5, 5)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 3, 17, 1, 1)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 64, 7, 9), ACT_OF(FILL_POSITIVE, 1, 64, 1, 1)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 17, 1, 1), ACT_OF(FILL_POSITIVE, 3, 17, 7, 9)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 3, 1, 7, 9)}},
            {.op = "binary", .attrs = B(k), .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 1, 1, 1, 1)}},
            {.op = "binary", .attrs = B(k), .in = {F32(5, 7), F32_OF(FILL_POSITIVE, 7)}, .f32_only = true},
        };
        RUN_ALL(c);
    }
}

static void
test_matmul(void **state)
{
    (void)state;
    static const mf_matmul_attrs nn = {0}, nt = {.tb = 1}, tn = {.ta = 1}, tt = {.ta = 1, .tb = 1}, ntr = {.tb = 1, .act = MF_ACT_RELU};
    const parity_case            cases[] = {
        {.op = "matmul", .attrs = &nn, .in = {F32(5, 17), F32(17, 7)}, .f32_only = true},
        {.op = "matmul", .attrs = &nt, .in = {F32(3, 512), F32(7, 512), F32(7)}, .f32_only = true},
        {.op = "matmul", .attrs = &tn, .in = {F32(64, 7), F32(64, 512)}, .f32_only = true},
        {.op = "matmul", .attrs = &tt, .in = {F32(17, 5), F32(9, 17)}, .f32_only = true},
        {.op = "matmul", .attrs = &ntr, .in = {F32(1, 100), F32(33, 100), F32(33)}, .f32_only = true},
    };
    RUN_ALL(cases);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bn),   cmocka_unit_test(test_bn_special),  cmocka_unit_test(test_bn_dx),  cmocka_unit_test(test_bn_eval),
        cmocka_unit_test(test_pool), cmocka_unit_test(test_elementwise), cmocka_unit_test(test_matmul),
    };
    int failed;

    (void)argc;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed ? failed : parity_again_avx2(argv);
}
