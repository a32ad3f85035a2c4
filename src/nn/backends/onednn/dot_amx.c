/* nn/backends/onednn/dot_amx.c: the loops of dot.h. Compiled for CPUs with AVX512-BF16 alone (cmake/sources.cmake). */
#include "nn/backends/onednn/dot.h"

#include <immintrin.h>
#include <string.h>

enum { V = 16, PAIRS = 8 };

/* A pair, to all lanes. */
static inline __attribute__((always_inline)) __m512bh
spread(const uint16_t *p)
{
    int32_t both;

    memcpy(&both, p, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

static inline __attribute__((always_inline)) __m512bh
load(const uint16_t *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

/* Words 0 .. 15 and 16 .. 31 in turn. */
static inline __attribute__((always_inline)) __m512i
in_turn(__m512i v)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2,
                                           17, 1, 16, 0);

    return _mm512_permutexvar_epi16(order, v);
}

/* G pixels by NB blocks in registers. */
#define TILE(G, NB)                                                                                     \
    static void tile_##G##_##NB(const mf_dn_dot_tile *t)                                                \
    {                                                                                                   \
        __m512 acc[G][NB];                                                                              \
                                                                                                        \
        for (int g = 0; g < (G); g++) {                                                                 \
            for (int b = 0; b < (NB); b++) {                                                            \
                acc[g][b] = _mm512_setzero_ps();                                                        \
            }                                                                                           \
        }                                                                                               \
        for (size_t r = 0; r < t->reduced; r++) {                                                       \
            const uint16_t *x = t->x + r * t->x_block, *w = t->w + r * MF_DN_DOT_CELL;                  \
                                                                                                        \
            for (int k = 0; k < PAIRS; k++) {                                                           \
                __m512bh wv[NB];                                                                        \
                                                                                                        \
                for (int b = 0; b < (NB); b++) {                                                        \
                    wv[b] = load(w + (size_t)b * t->w_out + k * 2 * V);                                 \
                }                                                                                       \
                for (int g = 0; g < (G); g++) {                                                         \
                    __m512bh xv = spread(x + g * V + k * 2);                                            \
                                                                                                        \
                    for (int b = 0; b < (NB); b++) {                                                    \
                        acc[g][b] = _mm512_dpbf16_ps(acc[g][b], wv[b], xv);                             \
                    }                                                                                   \
                }                                                                                       \
            }                                                                                           \
        }                                                                                               \
        for (int g = 0; g < (G); g++) {                                                                 \
            for (int b = 0; b < (NB); b++) {                                                            \
                _mm512_storeu_ps(t->y + (size_t)b * t->y_block + (size_t)g * V, acc[g][b]);             \
            }                                                                                           \
        }                                                                                               \
    }

#define BOTH(G) TILE(G, 1) TILE(G, 2)
BOTH(1)
BOTH(2)
BOTH(3)
BOTH(4)
BOTH(5)
BOTH(6)
BOTH(7)
BOTH(8)
BOTH(9)
BOTH(10)
BOTH(11)
BOTH(12)
BOTH(13)
BOTH(14)

typedef void tile_fn(const mf_dn_dot_tile *t);
#define TWO(G) {tile_##G##_1, tile_##G##_2}
static tile_fn *const tiles[MF_DN_DOT_GROUP][2] = {
    TWO(1), TWO(2), TWO(3), TWO(4), TWO(5), TWO(6), TWO(7), TWO(8), TWO(9), TWO(10), TWO(11), TWO(12), TWO(13), TWO(14),
};

static void
tile(const mf_dn_dot_tile *t, int pixels)
{
    tiles[pixels - 1][t->blocks - 1](t);
}

/* ROWS input channels by NB blocks in registers. */
enum { ROWS_1 = 16, ROWS_2 = 8 };
#define OUTER(NB)                                                                                                                       \
    static void outer_##NB(float *c, size_t c_block, const uint16_t *x, const uint16_t *d, size_t d_block, size_t pairs, bool add)      \
    {                                                                                                                                   \
        for (int i = 0; i < V; i += ROWS_##NB) {                                                                                        \
            __m512 acc[ROWS_##NB][NB];                                                                                                  \
                                                                                                                                        \
            for (int r = 0; r < ROWS_##NB; r++) {                                                                                       \
                for (int b = 0; b < (NB); b++) {                                                                                        \
                    acc[r][b] = add ? _mm512_loadu_ps(c + (size_t)b * c_block + (size_t)(i + r) * V) : _mm512_setzero_ps();             \
                }                                                                                                                       \
            }                                                                                                                           \
            for (size_t p = 0; p < pairs; p++) {                                                                                        \
                __m512bh dv[NB];                                                                                                        \
                                                                                                                                        \
                for (int b = 0; b < (NB); b++) {                                                                                        \
                    dv[b] = load(d + (size_t)b * d_block + p * 2 * V);                                                                  \
                }                                                                                                                       \
                for (int r = 0; r < ROWS_##NB; r++) {                                                                                   \
                    __m512bh xv = spread(x + p * 2 * V + (size_t)(i + r) * 2);                                                          \
                                                                                                                                        \
                    for (int b = 0; b < (NB); b++) {                                                                                    \
                        acc[r][b] = _mm512_dpbf16_ps(acc[r][b], dv[b], xv);                                                             \
                    }                                                                                                                   \
                }                                                                                                                       \
            }                                                                                                                           \
            for (int r = 0; r < ROWS_##NB; r++) {                                                                                       \
                for (int b = 0; b < (NB); b++) {                                                                                        \
                    _mm512_storeu_ps(c + (size_t)b * c_block + (size_t)(i + r) * V, acc[r][b]);                                         \
                }                                                                                                                       \
            }                                                                                                                           \
        }                                                                                                                               \
    }
OUTER(1)
OUTER(2)

static void
outer(float *c, size_t c_block, const uint16_t *x, const uint16_t *d, size_t d_block, size_t pairs, int blocks, bool add)
{
    (blocks == 2 ? outer_2 : outer_1)(c, c_block, x, d, d_block, pairs, add);
}

static void
weights(uint16_t *dst, const float *cell, bool turned)
{
    if (!turned) {
        for (int k = 0; k < PAIRS; k++) {
            __m512bh two = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(cell + (2 * k + 1) * V), _mm512_loadu_ps(cell + 2 * k * V));

            _mm512_storeu_si512(dst + k * 2 * V, in_turn((__m512i)two));
        }
        return;
    }
    for (int i = 0; i < V; i++) { /* a row of out is eight pairs */
        __m256bh row = _mm512_cvtneps_pbh(_mm512_loadu_ps(cell + i * V));
        uint32_t pair[PAIRS];

        memcpy(pair, &row, sizeof pair);
        for (int k = 0; k < PAIRS; k++) {
            memcpy(dst + k * 2 * V + i * 2, &pair[k], sizeof pair[k]);
        }
    }
}

static void
pairs(uint16_t *x, size_t n)
{
    if (n % 2 != 0) {
        memset(x + n * V, 0, V * sizeof *x);
    }
    for (size_t p = 0; p < (n + 1) / 2; p++) {
        _mm512_storeu_si512(x + p * 2 * V, in_turn(_mm512_loadu_si512(x + p * 2 * V)));
    }
}

const mf_dn_dot_loops mf_dn_dot_loops_amx = {.tile = tile, .outer = outer, .weights = weights, .pairs = pairs};
