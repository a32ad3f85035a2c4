/* tests/nn/test_onednn_more.c: losses, norms, joins, pairs and the ops that run through the reference kernels in bf16. */
#include "support.h"

#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
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
test_cross_entropy(void **state)
{
    (void)state;
    static const mf_ce_attrs plain = {.smoothing = 0.0f}, smooth = {.smoothing = 0.1f};
    const parity_case        cases[] = {
        {.op = "cross_entropy", .attrs = &plain, .in = {F32(9, 7), F32_OF(FILL_ONEHOT, 9, 7)}, .f32_only = true},
        {.op = "cross_entropy", .attrs = &smooth, .in = {F32_OF(FILL_LARGE, 5, 3), F32_OF(FILL_ONEHOT, 5, 3), F32_OF(FILL_POSITIVE, 3)},
         .f32_only = true},
        {.op = "cross_entropy", .attrs = &smooth, .in = {F32_OF(FILL_SPECIAL, 9, 7), F32_OF(FILL_ONEHOT, 9, 7)}, .f32_only = true},
        {.op = "cross_entropy_dx", .attrs = &plain, .in = {F32(1), F32_OF(FILL_POSITIVE, 9, 7), F32_OF(FILL_ONEHOT, 9, 7)},
         .f32_only = true},
        {.op = "cross_entropy_dx", .attrs = &smooth, .in = {F32(1), F32(5, 3), F32_OF(FILL_ONEHOT, 5, 3), F32_OF(FILL_POSITIVE, 3)},
         .f32_only = true},
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
        {.op = "slice", .attrs = AXIS(2, 2, 4), .in = {ACT(3, 33, 7, 9)}},
        {.op = "slice", .attrs = AXIS(3, 0, 5), .in = {ACT(2, 64, 7, 9)}},
        {.op = "slice_dx", .attrs = AXIS(2, 3, 4), .in = {ACT(3, 17, 4, 9), ACT(3, 17, 7, 9)}},
        {.op = "slice_dx", .attrs = AXIS(3, 1, 5), .in = {ACT(2, 64, 7, 5), ACT(2, 64, 7, 9)}},
        {.op = "slice_dx", .attrs = AXIS(1, 5, 20), .in = {ACT(3, 20, 7, 9), ACT(3, 33, 7, 9)}},
        {.op = "slice_dx", .attrs = AXIS(1, 16, 32), .in = {ACT(1, 32, 5, 5), ACT(1, 64, 5, 5)}},
    };
    RUN_ALL(cases);
}

static void
test_spreads(void **state)
{
    (void)state;
    static const mf_expand_attrs spread = {.kind = MF_R_SUM}, mean_c = {.kind = MF_R_MEAN, .mask = 2}, over_hw = {.kind = MF_R_MEAN, .mask = 12},
                                 bias = {.kind = MF_R_SUM, .mask = 13};
    const parity_case cases[] = {
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 2, 1), .in = {ACT(3, 17, 7, 9)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT_OF(FILL_SPECIAL, 3, 17, 7, 9)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 2, 0), .in = {ACT(2, 64, 17, 9)}, .f32_only = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {ACT(3, 17, 7, 9)}, .tol16 = 1e-5},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {ACT_OF(FILL_SPECIAL, 3, 64, 33, 9)}, .tol16 = 1e-5},
        {.op = "reduce", .attrs = REDUCE(MF_R_SUM, 12, 1), .in = {ACT(3, 17, 7, 9)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_SUM, 1, 1), .in = {ACT(3, 17, 7, 9)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 15, 0), .in = {ACT(3, 17, 7, 9)}, .tol16 = 1e-5},
        {.op = "reduce", .attrs = REDUCE(MF_R_SUM, 2, 0), .in = {F32(5, 129)}, .f32_only = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 1, 0), .in = {F32(129)}, .f32_only = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_SUM, 1, 1), .in = {F32(1)}, .f32_only = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 1, 0), .in = {F32_OF(FILL_SPECIAL, 129)}, .f32_only = true},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 1, 0), .in = {F32(1), F32_OF(FILL_SPECIAL, 129)}, .f32_only = true},
        {.op = "reduce_to", .attrs = NULL, .in = {F32(129), F32(1)}, .f32_only = true},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT(3, 1, 7, 9), ACT_OF(FILL_SPECIAL, 3, 17, 7, 9)}},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {F32(3, 17), ACT_OF(FILL_SPECIAL, 3, 17, 7, 9)}},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {F32(2, 64), ACT(2, 64, 33, 9)}},
        /* whole blocks of channels: vector loops; more pixels than they take at a time */
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 2, 1), .in = {ACT(3, 48, 13, 11)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_SUM, 12, 1), .in = {ACT(3, 48, 13, 11)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT_OF(FILL_SPECIAL, 3, 48, 13, 11)}},
        {.op = "reduce", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {ACT_OF(FILL_SPECIAL, 3, 32, 13, 11)}, .tol16 = 1e-5},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT(3, 1, 13, 11), ACT_OF(FILL_SPECIAL, 3, 48, 13, 11)}},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 2, 1), .in = {ACT(3, 1, 13, 11), ACT(3, 48, 13, 11)}},
        {.op = "reduce_max_dx", .attrs = REDUCE(MF_R_MAX, 12, 0), .in = {F32(3, 32), ACT_OF(FILL_SPECIAL, 3, 32, 13, 11)}},
        {.op = "reduce_to", .attrs = NULL, .in = {ACT(3, 48, 13, 11), F32(3, 1, 13, 11)}, .tol16 = 1e-5},
        {.op = "reduce_to", .attrs = NULL, .in = {ACT(3, 48, 13, 11), F32(3, 48, 1, 1)}, .tol16 = 1e-5},
        {.op = "expand", .attrs = &spread, .in = {F32(3, 48, 1, 1), ACT(3, 48, 13, 11)}},
        {.op = "expand", .attrs = &mean_c, .in = {F32(3, 13, 11), ACT(3, 48, 13, 11)}},
        {.op = "expand", .attrs = &over_hw, .in = {F32(3, 48), ACT(3, 48, 13, 11)}},
        {.op = "reduce_to", .attrs = NULL, .in = {ACT(3, 17, 7, 9), F32(3, 17, 1, 1)}, .tol16 = 1e-5},
        {.op = "reduce_to", .attrs = NULL, .in = {ACT(3, 17, 7, 9), F32(3, 1, 7, 9)}, .tol16 = 1e-5},
        {.op = "reduce_to", .attrs = NULL, .in = {ACT(3, 17, 7, 9), F32(17, 1, 1)}, .tol16 = 1e-5},
        {.op = "reduce_to", .attrs = NULL, .in = {F32(5, 129), F32(129)}, .f32_only = true},
        {.op = "expand", .attrs = &spread, .in = {F32(3, 17, 1, 1), ACT(3, 17, 7, 9)}},
        {.op = "expand", .attrs = &mean_c, .in = {F32(3, 7, 9), ACT(3, 17, 7, 9)}, .f32_only = true},
        {.op = "expand", .attrs = &(const mf_expand_attrs){.kind = MF_R_MEAN}, .in = {F32(1), F32(129)}, .f32_only = true},
        {.op = "expand", .attrs = &(const mf_expand_attrs){.kind = MF_R_MEAN, .mask = 1}, .in = {F32(0), F32(5)}, .f32_only = true},
        {.op = "expand", .attrs = &over_hw, .in = {F32(3, 17), ACT(3, 17, 7, 9)}, .f32_only = true},
        {.op = "expand", .attrs = &bias, .in = {F32(17), ACT(3, 17, 7, 9)}, .f32_only = true},
        {.op = "binary", .attrs = &(const mf_binary_attrs){.kind = MF_B_MUL}, .in = {ACT(3, 17, 7, 9), ACT(3, 1, 7, 9)}},
        {.op = "binary", .attrs = &(const mf_binary_attrs){.kind = MF_B_SUB}, .in = {ACT(3, 1, 7, 9), ACT_OF(FILL_SPECIAL, 3, 64, 7, 9)}},
        {.op = "binary", .attrs = &(const mf_binary_attrs){.kind = MF_B_DIV}, .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 3, 1, 7, 9)}},
    };
    RUN_ALL(cases);
}

/* Choices, and so exact: from drawn distances, with every draw of the anchors' positives, on one thread and on all; of one
 * class alone there are no negatives (a target of 7 classes draws one only). */
static void
test_pairs(void **state)
{
    (void)state;
#define PICK(MINING, SAME) (&(const mf_triplet_attrs){.mining = MINING, .margin = 0.5f, .same = SAME, .id = 3})
#define DISTANCES(N, C)    {F32_OF(FILL_POSITIVE, N, N), F32_OF(FILL_POSITIVE, N, N), F32_OF(FILL_ONEHOT, N, C)}
    const parity_case cases[] = {
        {.op = "eye", .attrs = NULL, .in = {ACT(5, 3, 2, 2)}, .tol32 = 1e-12, .tol16 = 1e-12},
        {.op = "eye", .attrs = NULL, .in = {F32(1, 9)}, .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_SEMI_HARD, 0.5f), .in = DISTANCES(17, 3), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_SEMI_HARD, 0.0f), .in = DISTANCES(150, 5), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_HARDEST, 0.5f), .in = DISTANCES(16, 2), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_ALL, 1.0f), .in = DISTANCES(9, 4), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_ALL, 0.25f), .in = DISTANCES(150, 3), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_RANDOM, 0.5f), .in = DISTANCES(33, 3), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_HARDEST, 0.5f), .in = DISTANCES(8, 7), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_SEMI_HARD, 0.5f), .in = DISTANCES(1, 3), .f32_only = true, .tol32 = 1e-12},
        {.op = "triplet_pick", .attrs = PICK(MF_MINE_SEMI_HARD, 0.5f),
         .in = {F32_OF(FILL_SPECIAL, 17, 17), F32_OF(FILL_SPECIAL, 17, 17), F32_OF(FILL_ONEHOT, 17, 3)}, .f32_only = true, .tol32 = 1e-12},
    };
    RUN_ALL(cases);
}

static void
test_fold(void **state)
{
    (void)state;
    static const mf_bn_attrs bn = {.eps = 1e-3f};
    const parity_case        cases[] = {
        {.op = "bn_fold", .attrs = &bn, .in = {F32(17, 5, 3, 3), ABSENT, F32(17), F32(17), F32(17), F32_OF(FILL_POSITIVE, 17)}, .f32_only = true},
        {.op = "bn_fold", .attrs = &bn, .in = {F32(64, 1, 3, 3), F32(64), F32(64), F32(64), F32(64), F32_OF(FILL_POSITIVE, 64)}, .f32_only = true},
    };
    RUN_ALL(cases);
}

static void
test_softmax_and_windows(void **state)
{
    (void)state;
    static const mf_adaptive_attrs seven = {.h = 7, .w = 6};
    static const mf_dropout_attrs drop = {.p = 0.4f, .id = 5};
    static const mf_lrn_attrs     five = {.size = 5, .kappa = 1.0f, .alpha = 0.02f, .beta = 0.75f}, one = {.size = 1, .kappa = 2.0f, .alpha = 0.1f, .beta = 0.5f};
    static const mf_midpoints_attrs between = {.n = 3, .a = {0, 4, 2}, .b = {1, 4, 3}, .dx = {0, 1.5f, -2}, .dy = {0.25f, 0, 3}};
    static const mf_gauss_attrs     bells   = {.h = 7, .w = 5, .side_y = 14, .side_x = 15, .reach = 4, .mul_y = 3, .mul_x = 4, .sigma = 2, .sure = 0.7f};
    static const mf_crop_attrs    window = {.h = 4, .w = 5};
    static const mf_zoom_attrs    box = {.left = 0.075f, .top = 0.25f, .right = 0.925f, .bottom = 1.0f}, drawn = {.lo = 0.3f, .hi = 0.9f, .id = 2}, around = {.radius = 0.3f};
    const parity_case             cases[] = {
        {.op = "softmax", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9)}},
        {.op = "softmax", .attrs = AXIS(1, 0, 0), .in = {ACT_OF(FILL_LARGE, 2, 64, 7, 9)}},
        {.op = "softmax", .attrs = AXIS(1, 0, 0), .in = {F32(5, 7)}, .f32_only = true},
        {.op = "softmax_dx", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9), ACT_OF(FILL_POSITIVE, 3, 17, 7, 9)}},
        {.op = "log_softmax", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9)}},
        {.op = "log_softmax", .attrs = AXIS(1, 0, 0), .in = {F32_OF(FILL_LARGE, 5, 7)}, .f32_only = true},
        {.op = "log_softmax_dx", .attrs = AXIS(1, 0, 0), .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9)}},
        {.op = "dropout", .attrs = &drop, .in = {ACT(3, 17, 7, 9)}},
        {.op = "dropout", .attrs = &drop, .in = {F32(5, 4096)}, .f32_only = true},
        {.op = "dropout_dx", .attrs = &drop, .in = {ACT(3, 64, 7, 9)}},
        {.op = "adaptive_avgpool", .attrs = &seven, .in = {ACT(3, 17, 5, 9)}},
        {.op = "adaptive_avgpool", .attrs = &seven, .in = {ACT(2, 64, 1, 1)}},
        {.op = "adaptive_avgpool_dx", .attrs = &seven, .in = {ACT(3, 17, 7, 6), ACT(3, 17, 5, 9)}},
        {.op = "adaptive_avgpool_dx", .attrs = &seven, .in = {ACT(2, 64, 7, 6), ACT(2, 64, 1, 1)}},
        {.op = "lrn", .attrs = &five, .in = {ACT(3, 17, 7, 9)}},
        {.op = "lrn", .attrs = &one, .in = {ACT(1, 64, 5, 9)}},
        {.op = "lrn_dx", .attrs = &five, .in = {ACT(3, 17, 7, 9), ACT(3, 17, 7, 9)}},
        {.op = "lrn_dx", .attrs = &one, .in = {ACT(1, 3, 5, 9), ACT(1, 3, 5, 9)}},
        {.op = "crop", .attrs = &window, .in = {ACT(16, 17, 7, 9), F32(16, 2)}},
        {.op = "crop", .attrs = &window, .in = {ACT(5, 64, 4, 5), F32_OF(FILL_POSITIVE, 5, 2)}},
        {.op = "crop", .attrs = &window, .in = {ACT_OF(FILL_SPECIAL, 2, 3, 9, 7), F32_OF(FILL_LARGE, 2, 2)}},
        {.op = "crop_dx", .attrs = &window, .in = {ACT(16, 17, 4, 5), F32(16, 2), ACT(16, 17, 7, 9)}},
        {.op = "crop_dx", .attrs = &window, .in = {ACT(5, 64, 4, 5), F32_OF(FILL_POSITIVE, 5, 2), ACT(5, 64, 4, 5)}},
        {.op = "crop_dx", .attrs = &window, .in = {ACT(2, 3, 4, 5), F32_OF(FILL_SPECIAL, 2, 2), ACT(2, 3, 9, 7)}},
        {.op = "midpoints", .attrs = &between, .in = {F32(3, 5, 3)}, .f32_only = true},
        {.op = "gauss_maps", .attrs = &bells, .in = {F32_OF(FILL_POSITIVE, 3, 3, 5)}, .f32_only = true},
        {.op = "gauss_maps", .attrs = &bells, .in = {F32_OF(FILL_SPECIAL, 3, 3, 5)}, .f32_only = true},
        {.op = "wpool", .in = {ACT(3, 17, 7, 9), F32(3, 4, 7, 9)}},
        {.op = "wpool", .in = {ACT(2, 64, 5, 3), F32(2, 24, 5, 3)}},
        {.op = "wpool_dx", .in = {F32(3, 4, 17), F32(3, 4, 7, 9), ACT(3, 17, 7, 9)}},
        {.op = "wpool_dx", .in = {F32(2, 24, 64), F32(2, 24, 5, 3), ACT(2, 64, 5, 3)}},
        {.op = "zoom", .attrs = &box, .in = {ACT(3, 3, 17, 19)}},
        {.op = "zoom", .attrs = &drawn, .in = {ACT(5, 17, 9, 7)}},
        {.op = "zoom", .attrs = &around, .in = {ACT(16, 17, 5, 6), F32_OF(FILL_POSITIVE, 16, 2)}},
        {.op = "zoom", .attrs = &around, .in = {ACT(4, 3, 9, 7), F32_OF(FILL_SPECIAL, 4, 2)}},
    };
    RUN_ALL(cases);
}

/* bf16 results of the reference kernels; in f32 the compiler takes those themselves. */
static void
test_by_reference(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "softmax", .attrs = AXIS(2, 0, 0), .in = {ACT(3, 5, 7, 9)}, .f32_by_ref = true},
        {.op = "reduce", .attrs = REDUCE(MF_R_MEAN, 4, 1), .in = {ACT(3, 17, 7, 9)}, .f32_by_ref = true},
        {.op = "concat", .attrs = AXIS(2, 0, 0), .in = {ACT(3, 17, 7, 9), ACT(3, 17, 2, 9)}, .f32_by_ref = true},
    };
    RUN_ALL(cases);
}

typedef struct blocking {
    int dims[4], sizes[4], n;
} blocking;

/* Dense: dimensions outside the blocks in order. */
static mf_layout
blocked(const mf_shape *s, const blocking *b)
{
    mf_layout l     = {.nblk = b->n};
    int64_t   block[MF_MAX_DIMS] = {1, 1, 1, 1, 1, 1}, step = 1;

    for (int i = 0; i < b->n; i++) {
        l.blk_dim[i] = b->dims[i];
        l.blk[i]     = b->sizes[i];
        block[b->dims[i]] *= b->sizes[i];
        step *= b->sizes[i];
    }
    for (int d = s->ndim - 1; d >= 0; d--) {
        l.stride[d] = step;
        step *= (s->dim[d] + block[d] - 1) / block[d];
    }
    return l;
}

/* Every pair of blockings, against the general copy: bit for bit. */
static void
test_reorder(void **state)
{
    (void)state;
    static const blocking forms[] = {
        {.n = 0}, {{1, 0}, {16, 16}, 2}, {{0, 1}, {16, 16}, 2}, {{1, 0, 1}, {8, 16, 2}, 3}, {{0, 1, 0}, {8, 16, 2}, 3},
        {{1, 0, 1}, {16, 64, 2}, 3}, {{1}, {16}, 1}, {{1, 0}, {8, 8}, 2},
    };
    static const int64_t    shapes[][4] = {{64, 32, 3, 3}, {128, 64, 1, 1}, {17, 5, 3, 2}};
    static const mf_dtype   types[] = {MF_DTYPE_F32, MF_DTYPE_BF16};
    const mf_backend       *dn;
    mf_backend_ctx         *ctx;
    mf_err                  err = {0};
    int                     tried = 0;

    if (!parity_backend(&dn)) {
        mf_test_skip("this build has no oneDNN");
        return;
    }
    assert_mf_ok(dn->open(&ctx, &err), &err);
    for (size_t sh = 0; sh < sizeof shapes / sizeof *shapes; sh++) {
        mf_shape s = mf_shape_of(4, shapes[sh][0], shapes[sh][1], shapes[sh][2], shapes[sh][3]);
        mf_tdesc plain = {MF_DTYPE_F32, s, mf_layout_plain(&s)};
        size_t   n = (size_t)mf_shape_elems(&s);
        float   *v = mf_calloc(n, sizeof *v);
        mf_rng   r = mf_rng_make(3, sh, 0, MF_RNG_TEST);

        assert_non_null(v);
        for (size_t i = 0; i < n; i++) {
            v[i] = (float)mf_rng_normal(&r);
        }
        for (size_t c = 0; c < 4 * (sizeof forms / sizeof *forms) * (sizeof forms / sizeof *forms); c++) {
            size_t    nf   = sizeof forms / sizeof *forms;
            mf_tdesc  from = {types[c & 1], s, blocked(&s, &forms[c / 4 % nf])}, to = {types[c >> 1 & 1], s, blocked(&s, &forms[c / 4 / nf])};
            mf_prep   p    = {.ctx = ctx, .nin = 1, .nout = 1, .has_in = {true}, .want_out = {true}, .in = {from}, .out = {to},
                              .inplace = {-1}};
            size_t    bytes = mf_tdesc_bytes(&to);
            void     *src = mf_aligned(mf_tdesc_bytes(&from)), *want = mf_aligned(bytes), *scratch;
            uint8_t  *got = mf_aligned(bytes + 128);

            assert_non_null(src);
            assert_non_null(want);
            assert_non_null(got);
            mf_tensor_copy(&from, src, &plain, v);
            memset(want, 0, bytes);
            mf_tensor_copy(&to, want, &from, src);
            memset(got, 0xA5, bytes + 128);
            memset(got + 64, 0, bytes);
            assert_true(dn->reorder->supports(&p, NULL));
            assert_mf_ok(dn->reorder->prepare(&p, &err), &err);
            scratch = mf_aligned(p.scratch + 64);
            assert_non_null(scratch);
            void  *in[] = {src}, *out[] = {got + 64};
            mf_run run = {.in = in, .out = out, .scratch = scratch};
            assert_mf_ok(dn->reorder->run(p.state, &run, &err), &err);
            assert_memory_equal(want, got + 64, bytes);
            for (size_t i = 0; i < 64; i++) {
                assert_int_equal(got[i], 0xA5);
                assert_int_equal(got[64 + bytes + i], 0xA5);
            }
            dn->reorder->release(p.state);
            mf_free(src);
            mf_free(want);
            mf_free(got);
            mf_free(scratch);
            tried++;
        }
        mf_free(v);
    }
    dn->close(ctx);
    printf("  %d reorders equal the general copy bit for bit\n", tried);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat), cmocka_unit_test(test_channels), cmocka_unit_test(test_joins), cmocka_unit_test(test_cross_entropy), cmocka_unit_test(test_spreads), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_fold), cmocka_unit_test(test_softmax_and_windows), cmocka_unit_test(test_by_reference), cmocka_unit_test(test_reorder),
    };
    int failed;

    (void)argc;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed ? failed : parity_again_avx2(argv);
}
