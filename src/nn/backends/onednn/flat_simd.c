/* nn/backends/onednn/flat_simd.c: element-wise loops over storage, and per-channel ones over rows. */
#include "nn/backends/onednn/simd.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

static void
to_bf16(uint16_t *d, const float *s, size_t n)
{
    size_t i = 0;

    for (; i + VW <= n; i += VW) {
        v_store(d, i, v_load_f(s + i), true);
    }
    for (; i < n; i++) {
        s_store(d, i, s[i], true);
    }
}

static void
from_bf16(float *d, const uint16_t *s, size_t n)
{
    size_t i = 0;

    for (; i + VW <= n; i += VW) {
        v_store_f(d + i, v_load(s, i, true));
    }
    for (; i < n; i++) {
        d[i] = s_load(s, i, true);
    }
}

V_INLINE vf
op2_vec(mf_dn_op2 op, vf a, vf b)
{
    switch (op) {
    case MF_DN_ADD: return a + b;
    case MF_DN_SUB: return a - b;
    case MF_DN_MUL: return a * b;
    case MF_DN_DIV: return a / b;
    default:        return v_select((a >= b) | (a != a), a, b); /* NaN of either side stays */
    }
}

V_INLINE float
op2_scalar(mf_dn_op2 op, float a, float b)
{
    switch (op) {
    case MF_DN_ADD: return a + b;
    case MF_DN_SUB: return a - b;
    case MF_DN_MUL: return a * b;
    case MF_DN_DIV: return a / b;
    default:        return a >= b || a != a ? a : b;
    }
}

V_INLINE void
binary_loop(mf_dn_op2 op, void *c, const void *a, const void *b, size_t n, bool bf)
{
    size_t i = 0;

    for (; i + 2 * VW <= n; i += 2 * VW) {
        vf r0 = op2_vec(op, v_load(a, i, bf), v_load(b, i, bf)), r1 = op2_vec(op, v_load(a, i + VW, bf), v_load(b, i + VW, bf));

        v_store(c, i, r0, bf);
        v_store(c, i + VW, r1, bf);
    }
    for (; i + VW <= n; i += VW) {
        v_store(c, i, op2_vec(op, v_load(a, i, bf), v_load(b, i, bf)), bf);
    }
    for (; i < n; i++) {
        s_store(c, i, op2_scalar(op, s_load(a, i, bf), s_load(b, i, bf)), bf);
    }
}

V_INLINE void
binary_any(mf_dn_op2 op, void *c, const void *a, const void *b, size_t n, bool bf)
{
    switch (op) {
    case MF_DN_ADD: binary_loop(MF_DN_ADD, c, a, b, n, bf); break;
    case MF_DN_SUB: binary_loop(MF_DN_SUB, c, a, b, n, bf); break;
    case MF_DN_MUL: binary_loop(MF_DN_MUL, c, a, b, n, bf); break;
    case MF_DN_DIV: binary_loop(MF_DN_DIV, c, a, b, n, bf); break;
    default:        binary_loop(MF_DN_MAX, c, a, b, n, bf); break;
    }
}

static void
binary_f32(mf_dn_op2 op, void *c, const void *a, const void *b, size_t n)
{
    binary_any(op, c, a, b, n, false);
}

static void
binary_bf16(mf_dn_op2 op, void *c, const void *a, const void *b, size_t n)
{
    binary_any(op, c, a, b, n, true);
}

V_INLINE void
channel_loop(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap, bool bf)
{
    size_t at = 0, n = pix * b, c;

    if (b == 1) {
        vf w = v_splat(v[0]);

        for (; at + VW <= n; at += VW) {
            vf e = v_load(x, at, bf);

            v_store(y, at, swap ? op2_vec(op, w, e) : op2_vec(op, e, w), bf);
        }
    } else if (b >= VW) {
        for (; at < n; at += b) {
            for (c = 0; c + VW <= b; c += VW) {
                vf e = v_load(x, at + c, bf), w = v_load_f(v + c);

                v_store(y, at + c, swap ? op2_vec(op, w, e) : op2_vec(op, e, w), bf);
            }
            for (; c < b; c++) {
                float e = s_load(x, at + c, bf);

                s_store(y, at + c, swap ? op2_scalar(op, v[c], e) : op2_scalar(op, e, v[c]), bf);
            }
        }
    }
    for (; at < n; at++) {
        float e = s_load(x, at, bf), w = v[at % b];

        s_store(y, at, swap ? op2_scalar(op, w, e) : op2_scalar(op, e, w), bf);
    }
}

V_INLINE void
channel_any(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap, bool bf)
{
    switch (op) {
    case MF_DN_ADD: channel_loop(MF_DN_ADD, y, x, pix, b, v, false, bf); break;
    case MF_DN_SUB: channel_loop(MF_DN_SUB, y, x, pix, b, v, swap, bf); break;
    case MF_DN_MUL: channel_loop(MF_DN_MUL, y, x, pix, b, v, false, bf); break;
    case MF_DN_DIV: channel_loop(MF_DN_DIV, y, x, pix, b, v, swap, bf); break;
    default:        channel_loop(MF_DN_MAX, y, x, pix, b, v, swap, bf); break;
    }
}

static void
by_channel_f32(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap)
{
    channel_any(op, y, x, pix, b, v, swap, false);
}

static void
by_channel_bf16(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap)
{
    channel_any(op, y, x, pix, b, v, swap, true);
}

V_INLINE void
pixel_loop(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap, bool bf)
{
    size_t at = 0, p, c;

    for (p = 0; p < pix; p++, at += b) {
        vf w = v_splat(v[p]);

        for (c = 0; c + VW <= b; c += VW) {
            vf e = v_load(x, at + c, bf);

            v_store(y, at + c, swap ? op2_vec(op, w, e) : op2_vec(op, e, w), bf);
        }
        for (; c < b; c++) {
            float e = s_load(x, at + c, bf);

            s_store(y, at + c, swap ? op2_scalar(op, v[p], e) : op2_scalar(op, e, v[p]), bf);
        }
    }
}

V_INLINE void
pixel_any(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap, bool bf)
{
    switch (op) {
    case MF_DN_ADD: pixel_loop(MF_DN_ADD, y, x, pix, b, v, false, bf); break;
    case MF_DN_SUB: pixel_loop(MF_DN_SUB, y, x, pix, b, v, swap, bf); break;
    case MF_DN_MUL: pixel_loop(MF_DN_MUL, y, x, pix, b, v, false, bf); break;
    case MF_DN_DIV: pixel_loop(MF_DN_DIV, y, x, pix, b, v, swap, bf); break;
    default:        pixel_loop(MF_DN_MAX, y, x, pix, b, v, swap, bf); break;
    }
}

static void
by_pixel_f32(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap)
{
    pixel_any(op, y, x, pix, b, v, swap, false);
}

static void
by_pixel_bf16(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap)
{
    pixel_any(op, y, x, pix, b, v, swap, true);
}

V_INLINE void
clip_loop(void *y, const void *x, size_t n, float lo, float hi, bool bf)
{
    size_t i = 0;
    vf     l = v_splat(lo), h = v_splat(hi);

    for (; i + VW <= n; i += VW) {
        vf v = v_load(x, i, bf);

        v = v_select(v < l, l, v);
        v_store(y, i, v_select(v > h, h, v), bf);
    }
    for (; i < n; i++) {
        float v = s_load(x, i, bf);

        s_store(y, i, v < lo ? lo : v > hi ? hi : v, bf);
    }
}

static void
clip_f32(void *y, const void *x, size_t n, float lo, float hi)
{
    clip_loop(y, x, n, lo, hi, false);
}

static void
clip_bf16(void *y, const void *x, size_t n, float lo, float hi)
{
    clip_loop(y, x, n, lo, hi, true);
}

V_INLINE void
clip_dx_loop(void *dx, const void *dy, const void *y, size_t n, float lo, float hi, bool bf)
{
    size_t i = 0;

    for (; i + VW <= n; i += VW) {
        vf v = v_load(y, i, bf);

        v_store(dx, i, (vf)((vi)v_load(dy, i, bf) & (v > v_splat(lo)) & (v < v_splat(hi))), bf);
    }
    for (; i < n; i++) {
        float v = s_load(y, i, bf);

        s_store(dx, i, v > lo && v < hi ? s_load(dy, i, bf) : 0.0f, bf);
    }
}

static void
clip_dx_f32(void *dx, const void *dy, const void *y, size_t n, float lo, float hi)
{
    clip_dx_loop(dx, dy, y, n, lo, hi, false);
}

static void
clip_dx_bf16(void *dx, const void *dy, const void *y, size_t n, float lo, float hi)
{
    clip_dx_loop(dx, dy, y, n, lo, hi, true);
}

V_INLINE void
relu_loop(void *y, const void *x, size_t n, bool bf)
{
    size_t i = 0;

    for (; i + VW <= n; i += VW) {
        v_store(y, i, v_relu(v_load(x, i, bf)), bf);
    }
    for (; i < n; i++) {
        float v = s_load(x, i, bf);

        s_store(y, i, v < 0.0f ? 0.0f : v, bf);
    }
}

static void
relu_f32(void *y, const void *x, size_t n)
{
    relu_loop(y, x, n, false);
}

static void
relu_bf16(void *y, const void *x, size_t n)
{
    relu_loop(y, x, n, true);
}

V_INLINE void
relu_dx_loop(void *dx, const void *dy, const void *y, size_t n, bool bf)
{
    size_t i = 0;

    for (; i + VW <= n; i += VW) {
        v_store(dx, i, (vf)((vi)v_load(dy, i, bf) & (v_load(y, i, bf) > 0.0f)), bf);
    }
    for (; i < n; i++) {
        s_store(dx, i, s_load(y, i, bf) > 0.0f ? s_load(dy, i, bf) : 0.0f, bf);
    }
}

static void
relu_dx_f32(void *dx, const void *dy, const void *y, size_t n)
{
    relu_dx_loop(dx, dy, y, n, false);
}

static void
relu_dx_bf16(void *dx, const void *dy, const void *y, size_t n)
{
    relu_dx_loop(dx, dy, y, n, true);
}

V_INLINE void
scale_loop(void *y, const void *x, size_t n, float mul, float add, bool bf)
{
    size_t i = 0;
    vf     m = v_splat(mul), a = v_splat(add);

    for (; i + VW <= n; i += VW) {
        v_store(y, i, v_load(x, i, bf) * m + a, bf);
    }
    for (; i < n; i++) {
        s_store(y, i, s_load(x, i, bf) * mul + add, bf);
    }
}

static void
scale_f32(void *y, const void *x, size_t n, float mul, float add)
{
    scale_loop(y, x, n, mul, add, false);
}

static void
scale_bf16(void *y, const void *x, size_t n, float mul, float add)
{
    scale_loop(y, x, n, mul, add, true);
}

V_INLINE void
fill_loop(void *y, size_t pix, size_t b, const float *v, bool bf)
{
    size_t at = 0, n = pix * b, c;

    if (b == 1) {
        for (; at + VW <= n; at += VW) {
            v_store(y, at, v_splat(v[0]), bf);
        }
        for (; at < n; at++) {
            s_store(y, at, v[0], bf);
        }
        return;
    }
    for (; at < n; at += b) {
        for (c = 0; c + VW <= b; c += VW) {
            v_store(y, at + c, v_load_f(v + c), bf);
        }
        for (; c < b; c++) {
            s_store(y, at + c, v[c], bf);
        }
    }
}

static void
fill_f32(void *y, size_t pix, size_t b, const float *v)
{
    fill_loop(y, pix, b, v, false);
}

static void
fill_bf16(void *y, size_t pix, size_t b, const float *v)
{
    fill_loop(y, pix, b, v, true);
}

V_INLINE void
gather_loop(void *dst, const float *src, const int32_t *index, size_t n, bool bf)
{
    size_t k = 0;

#if defined(__AVX512F__)
    for (; k + VW <= n; k += VW) {
        v_store(dst, k, (vf)_mm512_i32gather_ps(_mm512_loadu_si512(index + k), src, 4), bf);
    }
#elif defined(__AVX2__)
    for (; k + VW <= n; k += VW) {
        v_store(dst, k, (vf)_mm256_i32gather_ps(src, _mm256_loadu_si256((const __m256i *)(const void *)(index + k)), 4), bf);
    }
#endif
    for (; k < n; k++) {
        s_store(dst, k, src[index[k]], bf);
    }
}

static void
gather_f32(void *dst, const float *src, const int32_t *index, size_t n)
{
    gather_loop(dst, src, index, n, false);
}

static void
gather_bf16(void *dst, const float *src, const int32_t *index, size_t n)
{
    gather_loop(dst, src, index, n, true);
}

const mf_dn_flat_loops MF_ISA_NAME(mf_dn_flat_loops) = {
    .to_bf16 = to_bf16, .from_bf16 = from_bf16, .binary = {binary_f32, binary_bf16},
    .by_channel = {by_channel_f32, by_channel_bf16}, .relu = {relu_f32, relu_bf16}, .relu_dx = {relu_dx_f32, relu_dx_bf16},
    .scale = {scale_f32, scale_bf16}, .fill = {fill_f32, fill_bf16}, .gather = {gather_f32, gather_bf16},
    .by_pixel = {by_pixel_f32, by_pixel_bf16}, .clip = {clip_f32, clip_bf16}, .clip_dx = {clip_dx_f32, clip_dx_bf16},
};
