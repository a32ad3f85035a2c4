/* nn/backends/onednn/loops_amx.c: the loops of amx.h in AMX and AVX-512 instructions. Compiled for such CPUs alone (cmake/sources.cmake). */
#include "nn/backends/onednn/amx.h"

#include <immintrin.h>
#include <string.h>

/* Tiles 0 to 3 are sums [m][n], 4 and 5 are A, 6 and 7 are B. */
static void
begin(int k)
{
    struct {
        uint8_t  palette, start_row, reserved[14];
        uint16_t colsb[16];
        uint8_t  rows[16];
    } cfg;
    int i;

    memset(&cfg, 0, sizeof cfg);
    cfg.palette = 1;
    for (i = 0; i < 8; i++) {
        cfg.rows[i]  = (uint8_t)(i < 6 ? 16 : k / 2);
        cfg.colsb[i] = (uint16_t)(i == 4 || i == 5 ? 2 * k : 64);
    }
    __asm__ volatile("" : : "r"(&cfg) : "memory"); /* the intrinsic of some compilers names 8 of the 64 bytes: the rest must be stored too */
    _tile_loadconfig(&cfg);
}

static void
end(void)
{
    _tile_release();
}

#define SUMS_OVER(M, N, BODY)                  \
    do {                                       \
        BODY(0, 4, 6);                         \
        if ((N) > 1) { BODY(1, 4, 7); }        \
        if ((M) > 1) { BODY(2, 5, 6); }        \
        if ((M) > 1 && (N) > 1) { BODY(3, 5, 7); } \
    } while (0)
#define PRODUCT(C, A, B) _tile_dpbf16ps(C, A, B)

#define GRID(M, N)                                                                                        \
    static void grid_##M##N(const mf_dn_amx_grid *t)                                                      \
    {                                                                                                     \
        float *c = t->c;                                                                                  \
                                                                                                          \
        if (t->add) {                                                                                     \
            _tile_loadd(0, c, 64);                                                                        \
            if ((N) > 1) { _tile_loadd(1, c + t->c_n, 64); }                                              \
            if ((M) > 1) { _tile_loadd(2, c + t->c_m, 64); }                                              \
            if ((M) > 1 && (N) > 1) { _tile_loadd(3, c + t->c_m + t->c_n, 64); }                          \
        } else {                                                                                          \
            _tile_zero(0);                                                                                \
            _tile_zero(1);                                                                                \
            _tile_zero(2);                                                                                \
            _tile_zero(3);                                                                                \
        }                                                                                                 \
        for (size_t r = 0; r < t->rows; r++) {                                                            \
            const uint16_t *a = t->a + r * t->a_row, *b = t->b + r * t->b_row;                            \
                                                                                                          \
            for (size_t q = 0; q < t->cols; q++, a += t->a_col, b += t->b_col) {                          \
                _tile_loadd(4, a, t->a_pitch);                                                            \
                _tile_loadd(6, b, 64);                                                                    \
                if ((N) > 1) { _tile_loadd(7, b + t->b_tile, 64); }                                       \
                if ((M) > 1) { _tile_loadd(5, a + t->a_tile, t->a_pitch); }                               \
                SUMS_OVER(M, N, PRODUCT);                                                                 \
            }                                                                                             \
        }                                                                                                 \
        _tile_stored(0, c, 64);                                                                           \
        if ((N) > 1) { _tile_stored(1, c + t->c_n, 64); }                                                 \
        if ((M) > 1) { _tile_stored(2, c + t->c_m, 64); }                                                 \
        if ((M) > 1 && (N) > 1) { _tile_stored(3, c + t->c_m + t->c_n, 64); }                             \
    }
GRID(1, 1)
GRID(1, 2)
GRID(2, 1)
GRID(2, 2)

static void
grid(const mf_dn_amx_grid *t)
{
    static void (*const f[2][2])(const mf_dn_amx_grid *) = {{grid_11, grid_12}, {grid_21, grid_22}};

    f[t->m - 1][t->n - 1](t);
}

/* One image's 16 or 32 channels: sums to bf16. */
static inline void
finish_row(const mf_dn_amx_conv *t, size_t image, const float *lo, const float *hi)
{
    __m512    v0 = _mm512_load_ps(lo), v1 = _mm512_load_ps(hi), zero = _mm512_setzero_ps();
    uint16_t *y  = t->y + image * t->y_image;
    __mmask32 k  = t->channels == 32 ? 0xffffffffu : 0xffffu;

    if (t->bias != NULL) {
        v0 = _mm512_add_ps(v0, _mm512_loadu_ps(t->bias));
        v1 = _mm512_add_ps(v1, _mm512_maskz_loadu_ps((__mmask16)(k >> 16), t->bias + 16));
    }
    if (t->res != NULL) {
        __m512i r = _mm512_maskz_loadu_epi16(k, t->res + image * t->y_image);

        v0 = _mm512_add_ps(v0, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(r)), 16)));
        v1 = _mm512_add_ps(v1, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(r, 1)), 16)));
    }
    if (t->relu) {
        v0 = _mm512_max_ps(v0, zero);
        v1 = _mm512_max_ps(v1, zero);
    }
    _mm512_mask_storeu_epi16(y, k, (__m512i)_mm512_cvtne2ps_pbh(v1, v0));
}

#define CONV(M)                                                                            \
    static void conv_##M(const mf_dn_amx_conv *t)                                          \
    {                                                                                      \
        _Alignas(64) float out[4][MF_DN_CELL];                                             \
        int                i, m;                                                           \
                                                                                           \
        _tile_zero(0);                                                                     \
        _tile_zero(1);                                                                     \
        _tile_zero(2);                                                                     \
        _tile_zero(3);                                                                     \
        for (size_t p = 0; p < t->pairs; p++) {                                            \
            const uint16_t *a = t->x + (size_t)t->pair[p].from * t->x_pixel;               \
            const uint16_t *b = t->w + (size_t)t->pair[p].tap * t->w_tap;                  \
                                                                                           \
            for (size_t k = 0; k < t->ks; k++, a += t->x_k, b += 2 * 512) {                \
                _tile_loadd(4, a, 64);                                                     \
                _tile_loadd(6, b, 64);                                                     \
                _tile_loadd(7, b + 512, 64);                                               \
                if ((M) > 1) { _tile_loadd(5, a + 512, 64); }                              \
                SUMS_OVER(M, 2, PRODUCT);                                                  \
            }                                                                              \
        }                                                                                  \
        _tile_stored(0, out[0], 64);                                                       \
        _tile_stored(1, out[1], 64);                                                       \
        if ((M) > 1) {                                                                     \
            _tile_stored(2, out[2], 64);                                                   \
            _tile_stored(3, out[3], 64);                                                   \
        }                                                                                  \
        for (m = 0; m < (M); m++) {                                                        \
            for (i = 0; i < 16 && m * 16 + i < t->images; i++) {                           \
                finish_row(t, (size_t)(m * 16 + i), out[2 * m] + 16 * i, out[2 * m + 1] + 16 * i); \
            }                                                                              \
        }                                                                                  \
    }
CONV(1)
CONV(2)

static void
conv(const mf_dn_amx_conv *t)
{
    if (t->tiles == 1) {
        conv_1(t);
    } else {
        conv_2(t);
    }
}

/* 16 x 16 dwords, rows to columns. */
static inline void
turn(__m512i r[16])
{
    __m512i t[16], u[16];
    int     i;

    for (i = 0; i < 8; i++) {
        t[2 * i]     = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (i = 0; i < 4; i++) {
        u[4 * i]     = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        u[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        u[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        u[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    /* u[4 i + j] has column 4 q + j of rows 4 i .. 4 i + 3 in its lane q */
    for (i = 0; i < 4; i++) {
        __m512i a = _mm512_shuffle_i32x4(u[i], u[4 + i], 0x44), b = _mm512_shuffle_i32x4(u[i], u[4 + i], 0xee);
        __m512i c = _mm512_shuffle_i32x4(u[8 + i], u[12 + i], 0x44), d = _mm512_shuffle_i32x4(u[8 + i], u[12 + i], 0xee);

        r[i]      = _mm512_shuffle_i32x4(a, c, 0x88);
        r[4 + i]  = _mm512_shuffle_i32x4(a, c, 0xdd);
        r[8 + i]  = _mm512_shuffle_i32x4(b, d, 0x88);
        r[12 + i] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

/* Channels 0..15 (lo) and 16..31 (hi) of two images, value by value. */
static inline void
zip(__m512i *lo, __m512i *hi, const uint16_t *src, size_t image, int i, int images, __mmask32 k)
{
    static const uint16_t at[32] = {0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
    __m512i               low = _mm512_loadu_si512(at), zero = _mm512_setzero_si512();
    __m512i               a = i < images ? _mm512_maskz_loadu_epi16(k, src + (size_t)i * image) : zero;
    __m512i               b = i + 1 < images ? _mm512_maskz_loadu_epi16(k, src + (size_t)(i + 1) * image) : zero;

    *lo = _mm512_permutex2var_epi16(a, low, b);
    *hi = _mm512_permutex2var_epi16(a, _mm512_add_epi16(low, _mm512_set1_epi16(16)), b);
}

static inline __mmask32
first(int channels)
{
    return channels >= 32 ? 0xffffffffu : (1u << channels) - 1;
}

static void
pack_rows(uint16_t *dst, const uint16_t *src, size_t image, int images, int k, int channels)
{
    __m512i   lo[16], hi[16];
    __mmask32 some = first(channels), row = first(k);
    int       i;

    for (i = 0; i < 16; i++) {
        if (2 * i < k) {
            zip(&lo[i], &hi[i], src, image, 2 * i, images, some);
        } else {
            lo[i] = hi[i] = _mm512_setzero_si512();
        }
    }
    turn(lo);
    for (i = 0; i < 16 && i < channels; i++) {
        _mm512_mask_storeu_epi16(dst + i * k, row, lo[i]);
    }
    if (channels > 16) {
        turn(hi);
        for (i = 16; i < channels; i++) {
            _mm512_mask_storeu_epi16(dst + i * k, row, hi[i - 16]);
        }
    }
}

static void
pack_pairs(uint16_t *dst, const uint16_t *src, size_t image, int images, int k, int channels)
{
    __mmask32 some = first(channels);
    int       i;

    for (i = 0; i < k; i += 2) {
        __m512i lo, hi;

        zip(&lo, &hi, src, image, i, images, some);
        _mm512_storeu_si512(dst + i * 16, lo);
        _mm512_storeu_si512(dst + k * 16 + i * 16, hi);
    }
}

static void
weights_in(uint16_t *dst, const float *lo, const float *hi)
{
    static const uint16_t at[32] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    __m512i               zip2 = _mm512_loadu_si512(at);
    int                   r;

    for (r = 0; r < 8; r++) {
        __m512i a = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(lo + (2 * r + 1) * 16), _mm512_loadu_ps(lo + 2 * r * 16));

        _mm512_storeu_si512(dst + r * 32, _mm512_permutexvar_epi16(zip2, a));
    }
    for (r = 0; r < 8; r++) {
        __m512i a = _mm512_setzero_si512();

        if (hi != NULL) {
            a = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(hi + (2 * r + 1) * 16), _mm512_loadu_ps(hi + 2 * r * 16));
        }
        _mm512_storeu_si512(dst + (8 + r) * 32, _mm512_permutexvar_epi16(zip2, a));
    }
}

static void
weights_out(uint16_t *dst, const float *lo, const float *hi)
{
    __m512i v[16];
    int     i;

    for (i = 0; i < 16; i++) {
        v[i] = (__m512i)_mm512_cvtne2ps_pbh(hi != NULL ? _mm512_loadu_ps(hi + i * 16) : _mm512_setzero_ps(), _mm512_loadu_ps(lo + i * 16));
    }
    turn(v);
    for (i = 0; i < 16; i++) {
        _mm512_storeu_si512(dst + i * 32, v[i]);
    }
}

extern const mf_dn_amx_loops mf_dn_amx_loops_amx;
const mf_dn_amx_loops        mf_dn_amx_loops_amx = {begin, end, grid, conv, pack_rows, pack_pairs, weights_in, weights_out};
