/* nn/backends/onednn/spread_simd.c: sums and maxima of a sample over its channels or its pixels, and spreading them back.
 *
 * f32 sums are short: of the channels of a pixel, lane by lane, or of a few pixels of a channel, whose sums are then added in double. */
#include "nn/backends/onednn/simd.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

enum { CHUNK = 64 }; /* pixels at a time: their vectors stay in the first-level cache */

/* e or, where it beats it, b */
V_INLINE vf
v_larger(vf e, vf b)
{
    return v_blend(v_beats(b, e), b, e);
}

/* Lanes that are the maximum: equal, or both NaN. */
V_INLINE vm
v_hits(vf e, vf top)
{
#if defined(__AVX512F__)
    return (vm)(_mm512_cmp_ps_mask((__m512)e, (__m512)top, _CMP_EQ_OQ) |
                (_mm512_cmp_ps_mask((__m512)e, (__m512)e, _CMP_UNORD_Q) & _mm512_cmp_ps_mask((__m512)top, (__m512)top, _CMP_UNORD_Q)));
#else
    return (e == top) | ((e != e) & (top != top));
#endif
}

/* The first lane of a mask; -1: none. */
V_INLINE int
v_first(vm m)
{
#if defined(__AVX512F__)
    return m != 0 ? __builtin_ctz(m) : -1;
#elif defined(__AVX2__)
    int bits = _mm256_movemask_ps((__m256)m);

    return bits != 0 ? __builtin_ctz((unsigned)bits) : -1;
#else
    for (int i = 0; i < VW; i++) {
        if (m[i] != 0) {
            return i;
        }
    }
    return -1;
#endif
}

V_INLINE float
v_top(vf v)
{
    float s[VW], top;

    memcpy(s, &v, sizeof s);
    top = s[0];
    for (int i = 1; i < VW; i++) {
        if (s[i] > top || (s[i] != s[i] && top == top)) {
            top = s[i];
        }
    }
    return top;
}

/* ---- over channels: a value a pixel ---- */

V_INLINE void
over_channels(float *out, const mf_dn_sample *s, bool max, bool bf)
{
    for (size_t p0 = 0; p0 < s->pix; p0 += CHUNK) {
        size_t n = s->pix - p0 < CHUNK ? s->pix - p0 : CHUNK;
        vf     acc[CHUNK];

        for (size_t p = 0; p < n; p++) {
            acc[p] = max ? v_load(s->x, (p0 + p) * s->b, bf) : v_splat(0.0f);
        }
        for (size_t k = 0; k < s->nb; k++) {
            size_t at = k * s->block + p0 * s->b;

            for (size_t p = 0; p < n; p++, at += s->b) {
                for (size_t c = 0; c < s->b; c += VW) {
                    vf e = v_load(s->x, at + c, bf);

                    acc[p] = max ? v_larger(acc[p], e) : acc[p] + e;
                }
            }
        }
        for (size_t p = 0; p < n; p++) {
            out[p0 + p] = max ? v_top(acc[p]) : v_sum(acc[p]);
        }
    }
}

/* dx: g[p] at the first channel that is top[p], else 0. */
V_INLINE void
channel_of_max(void *dx, const mf_dn_sample *s, const float *top, const float *g, bool bf)
{
    for (size_t p0 = 0; p0 < s->pix; p0 += CHUNK) {
        size_t n = s->pix - p0 < CHUNK ? s->pix - p0 : CHUNK;
        bool   found[CHUNK] = {false};

        for (size_t k = 0; k < s->nb; k++) {
            size_t at = k * s->block + p0 * s->b;

            for (size_t p = 0; p < n; p++, at += s->b) {
                for (size_t c = 0; c < s->b; c += VW) {
                    int first = v_first(v_hits(v_load(s->x, at + c, bf), v_splat(top[p0 + p])));

                    v_store(dx, at + c, v_splat(0.0f), bf);
                    if (first >= 0 && !found[p]) {
                        found[p] = true;
                        s_store(dx, at + c + (size_t)first, g[p0 + p], bf);
                    }
                }
            }
        }
    }
}

/* y: v[p] at every channel. */
V_INLINE void
to_channels(void *y, const mf_dn_sample *s, const float *v, bool bf)
{
    for (size_t k = 0; k < s->nb; k++) {
        size_t at = k * s->block;

        for (size_t p = 0; p < s->pix; p++, at += s->b) {
            for (size_t c = 0; c < s->b; c += VW) {
                v_store(y, at + c, v_splat(v[p]), bf);
            }
        }
    }
}

/* ---- over pixels: a value a channel ---- */

V_INLINE void
sum_of_pixels(double *out, const mf_dn_sample *s, bool bf)
{
    for (size_t k = 0; k < s->nb; k++) {
        for (size_t c = 0; c < s->b; c += VW) {
            double *to = out + k * s->b + c;
            float   part[VW];

            for (int i = 0; i < VW; i++) {
                to[i] = 0.0;
            }
            for (size_t p0 = 0; p0 < s->pix; p0 += CHUNK) {
                size_t n = s->pix - p0 < CHUNK ? s->pix - p0 : CHUNK, p = 0, at = k * s->block + p0 * s->b + c;
                vf     acc[4] = {v_splat(0.0f), v_splat(0.0f), v_splat(0.0f), v_splat(0.0f)};

                for (; p + 4 <= n; p += 4, at += 4 * s->b) {
                    for (size_t u = 0; u < 4; u++) {
                        acc[u] += v_load(s->x, at + u * s->b, bf);
                    }
                }
                for (; p < n; p++, at += s->b) {
                    acc[0] += v_load(s->x, at, bf);
                }
                v_store_f(part, (acc[0] + acc[1]) + (acc[2] + acc[3]));
                for (int i = 0; i < VW; i++) {
                    to[i] += (double)part[i];
                }
            }
        }
    }
}

V_INLINE void
max_of_pixels(float *out, const mf_dn_sample *s, bool bf)
{
    for (size_t k = 0; k < s->nb; k++) {
        for (size_t c = 0; c < s->b; c += VW) {
            size_t at  = k * s->block + c;
            vf     top = v_load(s->x, at, bf);

            for (size_t p = 1; p < s->pix; p++) {
                top = v_larger(top, v_load(s->x, at + p * s->b, bf));
            }
            v_store_f(out + k * s->b + c, top);
        }
    }
}

/* dx: g[c] at the first pixel that is top[c], else 0. */
V_INLINE void
pixel_of_max(void *dx, const mf_dn_sample *s, const float *top, const float *g, bool bf)
{
    for (size_t k = 0; k < s->nb; k++) {
        for (size_t c = 0; c < s->b; c += VW) {
            size_t at = k * s->block + c;
            vf     t = v_load_f(top + k * s->b + c), d = v_load_f(g + k * s->b + c), none = v_splat(0.0f);
            vm     found = {0};

            for (size_t p = 0; p < s->pix; p++, at += s->b) {
                vm hit = v_hits(v_load(s->x, at, bf), t);

                v_store(dx, at, v_blend((vm)(hit & ~found), d, none), bf);
                found = (vm)(found | hit);
            }
        }
    }
}

#define BOTH(NAME, ARGS, CALL)                                                                                                             \
    static void NAME##_f32 ARGS                                                                                                            \
    {                                                                                                                                      \
        const bool bf = false;                                                                                                             \
        CALL;                                                                                                                              \
    }                                                                                                                                      \
    static void NAME##_bf16 ARGS                                                                                                           \
    {                                                                                                                                      \
        const bool bf = true;                                                                                                              \
        CALL;                                                                                                                              \
    }
BOTH(sum_channels, (float *out, const mf_dn_sample *s), over_channels(out, s, false, bf))
BOTH(max_channels, (float *out, const mf_dn_sample *s), over_channels(out, s, true, bf))
BOTH(max_channels_dx, (void *dx, const mf_dn_sample *s, const float *top, const float *g), channel_of_max(dx, s, top, g, bf))
BOTH(fill_channels, (void *y, const mf_dn_sample *s, const float *v), to_channels(y, s, v, bf))
BOTH(sum_pixels, (double *out, const mf_dn_sample *s), sum_of_pixels(out, s, bf))
BOTH(max_pixels, (float *out, const mf_dn_sample *s), max_of_pixels(out, s, bf))
BOTH(max_pixels_dx, (void *dx, const mf_dn_sample *s, const float *top, const float *g), pixel_of_max(dx, s, top, g, bf))

const mf_dn_spread_loops MF_ISA_NAME(mf_dn_spread_loops) = {
    .width = VW,
    .sum_channels = {sum_channels_f32, sum_channels_bf16}, .max_channels = {max_channels_f32, max_channels_bf16},
    .max_channels_dx = {max_channels_dx_f32, max_channels_dx_bf16}, .fill_channels = {fill_channels_f32, fill_channels_bf16},
    .sum_pixels = {sum_pixels_f32, sum_pixels_bf16}, .max_pixels = {max_pixels_f32, max_pixels_bf16},
    .max_pixels_dx = {max_pixels_dx_f32, max_pixels_dx_bf16},
};
