/* tests/nn/test_onednn_conv.c: convolutions, their gradients and the transposed form against the reference. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "core/isa.h"
#include "nn/ops.h"
#include "onednn_parity.h"

#define CONV(S, P, D, G) (&(const mf_conv2d_attrs){.sh = S, .sw = S, .ph = P, .pw = P, .dh = D, .dw = D, .groups = G})
#define CONV_RELU(S, P)  (&(const mf_conv2d_attrs){.sh = S, .sw = S, .ph = P, .pw = P, .dh = 1, .dw = 1, .groups = 1, .act = MF_ACT_RELU})

static void
test_forward(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT(1, 3, 9, 7), ACT(5, 3, 3, 3)}},
        {.op = "conv2d", .attrs = CONV(2, 3, 1, 1), .in = {ACT(3, 3, 17, 19), ACT(64, 3, 7, 7)}},
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT(3, 17, 7, 5), ACT(64, 17, 3, 3), F32(64)}},
        {.op = "conv2d", .attrs = CONV(2, 0, 1, 1), .in = {ACT(2, 64, 9, 9), ACT(32, 64, 1, 1)}},
        {.op = "conv2d", .attrs = CONV(1, 2, 2, 1), .in = {ACT(1, 16, 11, 9), ACT(17, 16, 3, 3), F32(17)}},
        {.op = "conv2d", .attrs = CONV_RELU(1, 1), .in = {ACT(2, 64, 7, 7), ACT(64, 64, 3, 3), F32(64), ACT(2, 64, 7, 7)}},
        {.op = "conv2d", .attrs = CONV_RELU(1, 1), .in = {ACT(3, 5, 7, 9), ACT(17, 5, 3, 3), ABSENT, ACT(3, 17, 7, 9)}},
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 24), .in = {ACT(2, 24, 9, 9), ACT(24, 1, 3, 3)}},
        {.op = "conv2d", .attrs = CONV(2, 1, 1, 64), .in = {ACT(1, 64, 9, 9), ACT(64, 1, 3, 3), F32(64)}},
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 2), .in = {ACT(1, 32, 9, 9), ACT(64, 16, 3, 3)}},
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 3), .in = {ACT(2, 15, 5, 5), ACT(21, 5, 3, 3), F32(21)}},
        {.op = "conv2d", .attrs = CONV(1, 3, 1, 1), .in = {ACT(2, 2, 9, 9), ACT(1, 2, 7, 7)}},
        {.op = "conv2d", .attrs = CONV(1, 0, 1, 1), .in = {ACT(3, 64, 1, 1), ACT(5, 64, 1, 1), F32(5)}},
        {.op = "conv2d", .attrs = CONV(2, 3, 1, 1), .in = {ACT(3, 3, 17, 19), ACT(64, 3, 7, 7)}, .free_in = 3},
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT(2, 32, 9, 7), ACT(64, 32, 3, 3), F32(64)}, .free_in = 2},
        {.op = "conv2d", .attrs = CONV(2, 0, 1, 1), .in = {ACT(2, 64, 9, 7), ACT(128, 64, 1, 1)}, .free_in = 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_run(&cases[i]);
    }
}

static void
test_special(void **state)
{
    (void)state;
    const parity_case c = {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT_OF(FILL_SPECIAL, 1, 17, 9, 7), ACT(16, 17, 3, 3)},
                           .special = true};
    parity_run(&c);
}

static void
test_data_gradient(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d_dx", .attrs = CONV(1, 1, 1, 1), .in = {ACT(1, 5, 9, 7), ACT(5, 3, 3, 3), ACT(1, 3, 9, 7)}},
        {.op = "conv2d_dx", .attrs = CONV(1, 1, 1, 1), .in = {ACT(2, 64, 7, 7), ACT(64, 64, 3, 3), ACT(2, 64, 7, 7)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 1, 1, 1), .in = {ACT(3, 32, 5, 5), ACT(32, 64, 3, 3), ACT(3, 64, 9, 10)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 0, 1, 1), .in = {ACT(2, 32, 5, 5), ACT(32, 17, 1, 1), ACT(2, 17, 9, 10)}},
        {.op = "conv2d_dx", .attrs = CONV(1, 2, 2, 1), .in = {ACT(1, 17, 9, 9), ACT(17, 16, 3, 3), ACT(1, 16, 9, 9)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 1, 1, 24), .in = {ACT(2, 24, 5, 5), ACT(24, 1, 3, 3), ACT(2, 24, 9, 9)}},
        {.op = "conv2d_dx", .attrs = CONV(1, 1, 1, 3), .in = {ACT(2, 21, 5, 5), ACT(21, 5, 3, 3), ACT(2, 15, 5, 5)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_run(&cases[i]);
    }
}

static void
test_weight_gradient(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(1, 5, 9, 7), ACT(1, 3, 9, 7), F32(5, 3, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 3, 1, 1), .in = {ACT(3, 64, 9, 10), ACT(3, 3, 17, 19), F32(64, 3, 7, 7)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(2, 64, 7, 7), ACT(2, 64, 7, 7), F32(64, 64, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 0, 1, 1), .in = {ACT(3, 32, 5, 5), ACT(3, 64, 9, 10), F32(32, 64, 1, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 0, 1, 1), .in = {ACT(1, 17, 5, 5), ACT(1, 5, 9, 9), F32(17, 5, 1, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 2, 2, 1), .in = {ACT(1, 17, 9, 9), ACT(1, 16, 9, 9), F32(17, 16, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 1, 1, 24), .in = {ACT(2, 24, 5, 5), ACT(2, 24, 9, 9), F32(24, 1, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 3), .in = {ACT(2, 21, 5, 5), ACT(2, 15, 5, 5), F32(21, 5, 3, 3)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_case c = cases[i];

        c.tol16 = 1e-4; /* the result is f32 */
        parity_run(&c);
    }
}

static void
test_transposed(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv_t2d", .attrs = CONV(2, 1, 1, 1), .in = {ACT(2, 17, 5, 7), ACT(17, 5, 4, 4), F32(5)}},
        {.op = "conv_t2d", .attrs = CONV(2, 0, 1, 1), .in = {ACT(1, 64, 3, 5), ACT(64, 32, 2, 2)}},
        {.op = "conv_t2d", .attrs = CONV(1, 1, 1, 2), .in = {ACT(1, 32, 5, 5), ACT(32, 16, 3, 3), F32(32)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_run(&cases[i]);
    }
}

#define PADS(PH, PW, ACT_) (&(const mf_conv2d_attrs){.sh = 1, .sw = 1, .ph = PH, .pw = PW, .dh = 1, .dw = 1, .groups = 1, .act = ACT_})

/* 3 x 3 of stride 1 goes by minimal filtering: every pad, tiles over all four edges, odd counts of blocks, more tiles than a chunk holds. */
static void
test_winograd(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d", .attrs = PADS(1, 1, 0), .in = {ACT(2, 16, 17, 15), ACT(48, 16, 3, 3)}},
        {.op = "conv2d", .attrs = PADS(0, 2, 0), .in = {ACT(3, 32, 10, 13), ACT(16, 32, 3, 3), F32(16)}},
        {.op = "conv2d", .attrs = PADS(2, 0, MF_ACT_RELU), .in = {ACT(1, 48, 12, 22), ACT(32, 48, 3, 3), F32(32), ACT(1, 32, 14, 20)}},
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(5, 16, 8, 8), ACT(16, 16, 3, 3), ABSENT, ACT(5, 16, 8, 8)}, .free_in = 2},
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(3, 32, 11, 12), ACT(48, 32, 3, 3), F32(48)}, .const_in = 2},
        {.op = "conv2d", .attrs = PADS(1, 1, 0), .in = {ACT(3, 512, 27, 26), ACT(16, 512, 3, 3)}},
        {.op = "conv2d_dx", .attrs = PADS(1, 1, 0), .in = {ACT(2, 48, 17, 15), ACT(48, 16, 3, 3), ACT(2, 16, 17, 15)}},
        {.op = "conv2d_dx", .attrs = PADS(0, 2, 0), .in = {ACT(3, 16, 10, 15), ACT(16, 32, 3, 3), ACT(3, 32, 12, 13)}},
        {.op = "conv2d_dx", .attrs = PADS(2, 0, 0), .in = {ACT(1, 32, 14, 20), ACT(32, 48, 3, 3), ACT(1, 48, 12, 22)}, .free_in = 2},
        {.op = "conv2d_dx", .attrs = PADS(1, 1, 0), .in = {ACT(3, 32, 11, 12), ACT(32, 48, 3, 3), ACT(3, 48, 11, 12)}, .const_in = 2},
        {.op = "conv2d_dw", .attrs = PADS(1, 1, 0), .in = {ACT(2, 48, 17, 15), ACT(2, 16, 17, 15), F32(48, 16, 3, 3)}},
        {.op = "conv2d_dw", .attrs = PADS(0, 2, 0), .in = {ACT(3, 16, 10, 15), ACT(3, 32, 12, 13), F32(16, 32, 3, 3)}},
        {.op = "conv2d_dw", .attrs = PADS(2, 0, 0), .in = {ACT(1, 32, 14, 20), ACT(1, 48, 12, 22), F32(32, 48, 3, 3)}},
        {.op = "conv2d_dw", .attrs = PADS(1, 1, 0), .in = {ACT(3, 16, 27, 26), ACT(3, 512, 27, 26), F32(16, 512, 3, 3)}},
        /* sides that 3 divides and 4 does not: tiles of 3 x 3 */
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(5, 16, 6, 6), ACT(48, 16, 3, 3), F32(48), ACT(5, 48, 6, 6)}},
        {.op = "conv2d", .attrs = PADS(1, 1, 0), .in = {ACT(13, 512, 3, 3), ACT(32, 512, 3, 3)}},
        {.op = "conv2d_dx", .attrs = PADS(2, 0, 0), .in = {ACT(4, 16, 6, 5), ACT(16, 32, 3, 3), ACT(4, 32, 4, 7)}},
        {.op = "conv2d_dw", .attrs = PADS(1, 1, 0), .in = {ACT(33, 16, 3, 3), ACT(33, 48, 3, 3), F32(16, 48, 3, 3)}},
        /* flat maps: tiles of 2 x 2 */
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(5, 16, 2, 10), ACT(48, 16, 3, 3), F32(48), ACT(5, 48, 2, 10)}},
        {.op = "conv2d_dx", .attrs = PADS(0, 2, 0), .in = {ACT(5, 16, 2, 10), ACT(16, 32, 3, 3), ACT(5, 32, 4, 8)}},
        {.op = "conv2d_dw", .attrs = PADS(1, 1, 0), .in = {ACT(5, 16, 2, 10), ACT(5, 48, 2, 10), F32(16, 48, 3, 3)}},
        /* few tiles, which pay where the weights are constant */
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(1, 32, 7, 7), ACT(48, 32, 3, 3), F32(48)}, .const_in = 2},
        /* maps of 2 x 2 */
        {.op = "conv2d", .attrs = PADS(1, 1, MF_ACT_RELU), .in = {ACT(17, 16, 2, 2), ACT(48, 16, 3, 3), F32(48), ACT(17, 48, 2, 2)}},
        {.op = "conv2d_dx", .attrs = PADS(1, 1, 0), .in = {ACT(17, 16, 2, 2), ACT(16, 48, 3, 3), ACT(17, 48, 2, 2)}, .free_in = 2},
        {.op = "conv2d_dw", .attrs = PADS(1, 1, 0), .in = {ACT(17, 48, 2, 2), ACT(17, 16, 2, 2), F32(48, 16, 3, 3)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_case c = cases[i];
        char        name[32];

        snprintf(name, sizeof name, "winograd.%s", c.op);
        c.kernel  = name;
        c.plain16 = c.const_in != 0 && mf_isa_fast_dots() ? NULL : name; /* constant weights have their own rule there */
        c.tol16   = strcmp(c.op, "conv2d_dw") == 0 ? 1e-4 : 0;
        parity_run(&c);
    }
    if (mf_isa_fast_dots()) { /* constant weights are transformed where that saves much alone */
        parity_run(&(const parity_case){.op = "conv2d", .attrs = PADS(1, 1, 0), .in = {ACT(1, 32, 16, 16), ACT(48, 32, 3, 3)}, .const_in = 2,
                                        .plain16 = "winograd.conv2d"});
        parity_run(&(const parity_case){.op = "conv2d", .attrs = PADS(1, 1, 0), .in = {ACT(1, 32, 7, 7), ACT(48, 32, 3, 3)}, .const_in = 2,
                                        .plain16 = "onednn.conv2d"});
    }
}

/* 1 x 1 in bf16 without AMX: strides, odd counts of blocks and pixels, chunks that end within an image, more pixels than one chunk. */
static void
test_pointwise(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d", .attrs = CONV(1, 0, 1, 1), .in = {ACT(3, 48, 7, 9), ACT(16, 48, 1, 1)}},
        {.op = "conv2d", .attrs = CONV_RELU(1, 0), .in = {ACT(2, 64, 17, 15), ACT(48, 64, 1, 1), F32(48), ACT(2, 48, 17, 15)}, .free_in = 2},
        {.op = "conv2d", .attrs = CONV_RELU(2, 0), .in = {ACT(3, 32, 9, 12), ACT(80, 32, 1, 1), F32(80)}, .const_in = 2},
        {.op = "conv2d", .attrs = CONV_RELU(3, 0), .in = {ACT(3, 16, 10, 11), ACT(32, 16, 1, 1), ABSENT, ACT(3, 32, 4, 4)}},
        {.op = "conv2d", .attrs = CONV(1, 0, 1, 1), .in = {ACT(1, 512, 2, 2), ACT(64, 512, 1, 1)}},
        {.op = "conv2d", .attrs = CONV(1, 0, 1, 1), .in = {ACT(2, 528, 13, 9), ACT(32, 528, 1, 1)}},
        {.op = "conv2d_dx", .attrs = CONV(1, 0, 1, 1), .in = {ACT(3, 16, 7, 9), ACT(16, 48, 1, 1), ACT(3, 48, 7, 9)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 0, 1, 1), .in = {ACT(3, 80, 5, 6), ACT(80, 32, 1, 1), ACT(3, 32, 9, 12)}, .free_in = 2},
        {.op = "conv2d_dx", .attrs = CONV(3, 0, 1, 1), .in = {ACT(3, 32, 4, 4), ACT(32, 16, 1, 1), ACT(3, 16, 10, 11)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 0, 1, 1), .in = {ACT(3, 48, 7, 9), ACT(3, 32, 7, 9), F32(48, 32, 1, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 0, 1, 1), .in = {ACT(3, 16, 5, 6), ACT(3, 80, 9, 12), F32(16, 80, 1, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 0, 1, 1), .in = {ACT(2, 256, 13, 13), ACT(2, 512, 13, 13), F32(256, 512, 1, 1)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_case c = cases[i];
        char        name[32];

        snprintf(name, sizeof name, "pointwise.%s", c.op);
        c.plain16 = name;
        c.tol16   = strcmp(c.op, "conv2d_dw") == 0 ? 1e-4 : 0;
        parity_run(&c);
    }
}

/* Maps of 4 x 4 and less with full batches have kernels of their own. */
static void
test_small_maps(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT(15, 64, 2, 2), ACT(96, 64, 3, 3)}},
        {.op = "conv2d", .attrs = CONV(2, 1, 1, 1), .in = {ACT(9, 80, 7, 5), ACT(64, 80, 3, 3), F32(64)}},
        {.op = "conv2d", .attrs = CONV(1, 2, 2, 1), .in = {ACT(8, 64, 4, 3), ACT(64, 64, 3, 3)}},
        {.op = "conv2d", .attrs = CONV_RELU(1, 1), .in = {ACT(29, 64, 3, 3), ACT(80, 64, 3, 3), F32(80), ACT(29, 80, 3, 3)}},
        {.op = "conv2d", .attrs = CONV(1, 2, 1, 1), .in = {ACT(8, 64, 1, 1), ACT(64, 64, 5, 5)}},
        {.op = "conv2d_dx", .attrs = CONV(1, 1, 1, 1), .in = {ACT(15, 96, 2, 2), ACT(96, 64, 3, 3), ACT(15, 64, 2, 2)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 1, 1, 1), .in = {ACT(9, 64, 4, 3), ACT(64, 80, 3, 3), ACT(9, 80, 7, 5)}},
        {.op = "conv2d_dx", .attrs = CONV(3, 0, 1, 1), .in = {ACT(8, 64, 2, 2), ACT(64, 64, 2, 2), ACT(8, 64, 6, 7)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(15, 96, 2, 2), ACT(15, 64, 2, 2), F32(96, 64, 3, 3)}, .tol16 = 1e-4},
        {.op = "conv2d_dw", .attrs = CONV(2, 1, 1, 1), .in = {ACT(9, 64, 4, 3), ACT(9, 80, 7, 5), F32(64, 80, 3, 3)}, .tol16 = 1e-4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_run(&cases[i]);
    }
}

/* On CPUs with AMX: part groups of images, half panels of channels, chunks of rows, stems, and every geometry, against the reference. */
static void
test_tiles(void **state)
{
    (void)state;
    const parity_case cases[] = {
        {.op = "conv2d", .attrs = CONV(1, 1, 1, 1), .in = {ACT(16, 32, 7, 7), ACT(48, 32, 3, 3)}},
        {.op = "conv2d", .attrs = CONV_RELU(1, 1), .in = {ACT(33, 64, 2, 2), ACT(64, 64, 3, 3), F32(64), ACT(33, 64, 2, 2)}, .free_in = 2},
        {.op = "conv2d", .attrs = CONV_RELU(1, 1), .in = {ACT(49, 64, 3, 5), ACT(48, 64, 3, 3), F32(48), ACT(49, 48, 3, 5)}, .const_in = 2},
        {.op = "conv2d", .attrs = CONV(2, 0, 1, 1), .in = {ACT(13, 96, 3, 4), ACT(16, 96, 1, 1), F32(16)}, .const_in = 2},
        {.op = "conv2d", .attrs = CONV(2, 3, 2, 1), .in = {ACT(17, 32, 11, 9), ACT(80, 32, 4, 2), ABSENT, ACT(17, 80, 6, 7)}},
        {.op = "conv2d", .attrs = CONV(3, 5, 1, 1), .in = {ACT(12, 32, 2, 1), ACT(32, 32, 2, 5)}}, /* some results see padding alone */
        {.op = "conv2d_dx", .attrs = CONV(1, 1, 1, 1), .in = {ACT(16, 32, 7, 7), ACT(32, 48, 3, 3), ACT(16, 48, 7, 7)}},
        {.op = "conv2d_dx", .attrs = CONV(2, 1, 1, 1), .in = {ACT(35, 64, 5, 5), ACT(64, 64, 3, 3), ACT(35, 64, 9, 10)}, .free_in = 2},
        {.op = "conv2d_dx", .attrs = CONV(2, 0, 1, 1), .in = {ACT(13, 96, 8, 7), ACT(96, 16, 3, 3), ACT(13, 16, 18, 15)}},
        {.op = "conv2d_dx", .attrs = CONV(3, 0, 1, 1), .in = {ACT(24, 32, 2, 2), ACT(32, 32, 2, 2), ACT(24, 32, 6, 7)}}, /* zero between taps */
        {.op = "conv2d_dx", .attrs = CONV(1, 2, 2, 1), .in = {ACT(18, 64, 4, 3), ACT(64, 80, 3, 3), ACT(18, 80, 4, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(32, 32, 7, 7), ACT(32, 32, 7, 7), F32(32, 32, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(71, 48, 3, 5), ACT(71, 16, 3, 5), F32(48, 16, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 1, 1, 1), .in = {ACT(9, 16, 9, 8), ACT(9, 80, 17, 15), F32(16, 80, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(2, 0, 1, 1), .in = {ACT(15, 64, 5, 5), ACT(15, 32, 9, 10), F32(64, 32, 1, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 4, 3, 1), .in = {ACT(8, 32, 8, 6), ACT(8, 48, 6, 4), F32(32, 48, 3, 3)}},
        {.op = "conv2d_dw", .attrs = CONV(3, 5, 1, 1), .in = {ACT(12, 32, 4, 3), ACT(12, 32, 2, 1), F32(32, 32, 2, 5)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 1, 1, 1), .in = {ACT(33, 32, 18, 37), ACT(33, 64, 18, 37), F32(32, 64, 3, 3)}}, /* chunks */
        {.op = "conv2d_dw", .attrs = CONV(2, 3, 1, 1), .in = {ACT(34, 64, 16, 17), ACT(34, 3, 32, 33), F32(64, 3, 7, 7)}},
        {.op = "conv2d_dw", .attrs = PADS(2, 0, 0), .in = {ACT(9, 16, 11, 9), ACT(9, 1, 9, 9), F32(16, 1, 3, 1)}},
        {.op = "conv2d_dw", .attrs = CONV(1, 0, 1, 1), .in = {ACT(40, 48, 5, 4), ACT(40, 5, 9, 9), F32(48, 5, 5, 6)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parity_case c = cases[i];
        char        name[32];

        snprintf(name, sizeof name, "amx.%s", c.op);
        c.kernel16 = name;
        c.tol16    = strcmp(c.op, "conv2d_dw") == 0 ? 1e-4 : 0;
        parity_run(&c);
    }
    if (!parity_has_amx() && getenv("ONEDNN_MAX_CPU_ISA") == NULL) {
        print_message("SKIP: this CPU has no AMX: oneDNN's kernels stood in\n");
        skip();
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),         cmocka_unit_test(test_special),    cmocka_unit_test(test_data_gradient),
        cmocka_unit_test(test_weight_gradient), cmocka_unit_test(test_transposed), cmocka_unit_test(test_small_maps),
        cmocka_unit_test(test_winograd),        cmocka_unit_test(test_pointwise),  cmocka_unit_test(test_tiles),
    };
    int failed;

    (void)argc;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed ? failed : parity_again_avx2(argv);
}
