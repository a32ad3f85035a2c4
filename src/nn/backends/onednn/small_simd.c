/* nn/backends/onednn/small_simd.c: register tiles of the convolution on small maps. */
#include "nn/backends/onednn/small.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

/* G images by NB blocks of channels in registers. */
#define TILE(G, NB)                                                                                                        \
    static void tile_##G##_##NB(const mf_dn_small_tile *t)                                                                 \
    {                                                                                                                      \
        vf acc[G][NB];                                                                                                     \
                                                                                                                           \
        for (int g = 0; g < (G); g++) {                                                                                    \
            for (int b = 0; b < (NB); b++) {                                                                               \
                acc[g][b] = v_splat(0.0f);                                                                                 \
            }                                                                                                              \
        }                                                                                                                  \
        for (size_t r = 0; r < t->reduced; r++) {                                                                          \
            for (size_t p = 0; p < t->pairs; p++) {                                                                        \
                const float *x = t->x + r * t->x_block + (size_t)t->pair[p].from * t->x_pixel;                             \
                const float *w = t->w + r * t->w_red + (size_t)t->pair[p].tap * (VW * VW);                                 \
                                                                                                                           \
                for (int i = 0; i < VW; i++) {                                                                             \
                    vf wv[NB];                                                                                             \
                                                                                                                           \
                    for (int b = 0; b < (NB); b++) {                                                                       \
                        wv[b] = v_load_f(w + (size_t)b * t->w_out + i * VW);                                               \
                    }                                                                                                      \
                    for (int g = 0; g < (G); g++) {                                                                        \
                        vf xv = v_splat(x[g * VW + i]);                                                                    \
                                                                                                                           \
                        for (int b = 0; b < (NB); b++) {                                                                   \
                            acc[g][b] += xv * wv[b];                                                                       \
                        }                                                                                                  \
                    }                                                                                                      \
                }                                                                                                          \
            }                                                                                                              \
        }                                                                                                                  \
        for (int g = 0; g < (G); g++) {                                                                                    \
            for (int b = 0; b < (NB); b++) {                                                                               \
                v_store_f(t->y + (size_t)b * t->y_block + (size_t)g * t->y_image, acc[g][b]);                              \
            }                                                                                                              \
        }                                                                                                                  \
    }

#define BOTH(G) TILE(G, 1) TILE(G, 2)
BOTH(1)
BOTH(2)
BOTH(3)
BOTH(4)
BOTH(5)
BOTH(6)
#if defined(__AVX512F__) /* 32 registers */
enum { GROUP = 14 };
BOTH(7)
BOTH(8)
BOTH(9)
BOTH(10)
BOTH(11)
BOTH(12)
BOTH(13)
BOTH(14)
#else
enum { GROUP = 6 };
#endif

typedef void tile_fn(const mf_dn_small_tile *t);
#define TWO(G) {tile_##G##_1, tile_##G##_2}
static tile_fn *const tiles[GROUP][2] = {
    TWO(1), TWO(2), TWO(3), TWO(4), TWO(5), TWO(6),
#if defined(__AVX512F__)
    TWO(7), TWO(8), TWO(9), TWO(10), TWO(11), TWO(12), TWO(13), TWO(14),
#endif
};

static void
tile(const mf_dn_small_tile *t, int images)
{
    tiles[images - 1][t->blocks - 1](t);
}

static void
outer(float *out, const float *x, const float *d, const mf_dn_pair *pair, size_t pairs, size_t images)
{
    vf acc[VW];

    for (int i = 0; i < VW; i++) {
        acc[i] = v_splat(0.0f);
    }
    for (size_t p = 0; p < pairs; p++) {
        const float *xp = x + (size_t)pair[p].from * images * VW, *dp = d + (size_t)pair[p].tap * images * VW;

        for (size_t n = 0; n < images; n++) {
            vf dv = v_load_f(dp + n * VW);

            for (int i = 0; i < VW; i++) {
                acc[i] += v_splat(xp[n * VW + (size_t)i]) * dv;
            }
        }
    }
    for (int i = 0; i < VW; i++) {
        v_store_f(out + i * VW, acc[i]);
    }
}

static void
narrow(uint16_t *y, const float *x, size_t pix, const float *bias, const uint16_t *res, bool relu)
{
    vf b = bias != NULL ? v_load_f(bias) : v_splat(0.0f);

    for (size_t at = 0; at < pix * VW; at += VW) {
        vf v = v_load_f(x + at) + b;

        if (res != NULL) {
            v += v_load(res, at, true);
        }
        v_store(y, at, relu ? v_relu(v) : v, true);
    }
}

const mf_dn_small_loops MF_ISA_NAME(mf_dn_small_loops) = {.width = VW, .group = GROUP, .tile = tile, .outer = outer, .narrow = narrow};
