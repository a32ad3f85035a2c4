/* nn/backends/onednn/vec.h: vectors of the instruction set that the including *_simd.c file is compiled for.
 *
 * Only the vector extensions of gcc and clang: VW floats a vector; bf16 is widened on load and rounded to nearest even on
 * store (NaN stays NaN). */
#ifndef MF_NN_ONEDNN_VEC_H
#define MF_NN_ONEDNN_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { VW = 16 };
#elif defined(__AVX2__)
enum { VW = 8 };
#else
enum { VW = 4 };
#endif

typedef float    vf __attribute__((vector_size(VW * 4)));
typedef uint32_t vu __attribute__((vector_size(VW * 4)));
typedef int32_t  vi __attribute__((vector_size(VW * 4)));
typedef uint16_t vh __attribute__((vector_size(VW * 2)));
typedef uint8_t  vb __attribute__((vector_size(VW)));

#define V_INLINE static inline __attribute__((always_inline))

V_INLINE vf
v_splat(float a)
{
#if defined(__AVX512F__)
    return (vf){a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a};
#elif defined(__AVX2__)
    return (vf){a, a, a, a, a, a, a, a};
#else
    return (vf){a, a, a, a};
#endif
}

V_INLINE vf
v_load_f(const float *p)
{
    vf v;

    memcpy(&v, p, sizeof v);
    return v;
}

V_INLINE void
v_store_f(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

/* Widening and narrowing by name: compilers take the generic conversions of bytes apart, lane by lane. */
V_INLINE vu
v_widen_h(const uint16_t *p)
{
#if defined(__AVX512F__)
    return (vu)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
#elif defined(__AVX2__)
    return (vu)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
#else
    vh h;

    memcpy(&h, p, sizeof h);
    return __builtin_convertvector(h, vu);
#endif
}

V_INLINE vi
v_widen_b(const uint8_t *p)
{
#if defined(__AVX512F__)
    return (vi)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
#elif defined(__AVX2__)
    return (vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
#else
    vb b;

    memcpy(&b, p, sizeof b);
    return __builtin_convertvector(b, vi);
#endif
}

V_INLINE void
v_narrow_b(uint8_t *p, vi v)
{
#if defined(__AVX512F__)
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8((__m512i)v));
#else
    vb b = __builtin_convertvector(v, vb);

    memcpy(p, &b, sizeof b);
#endif
}

V_INLINE vh
v_round(vf v)
{
#if defined(__AVX512F__)
    __m512i   i = (__m512i)v, top = _mm512_srli_epi32(i, 16);
    __m512i   r = _mm512_srli_epi32(
        _mm512_add_epi32(_mm512_add_epi32(i, _mm512_set1_epi32(0x7fff)), _mm512_and_epi32(top, _mm512_set1_epi32(1))), 16);
    __mmask16 nan = _mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q);

    return (vh)_mm512_cvtepi32_epi16(_mm512_mask_or_epi32(r, nan, top, _mm512_set1_epi32(0x40)));
#elif defined(__AVX2__)
    vu      u = (vu)v, r = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16, nan = (vu)(v != v);
    __m256i w = (__m256i)((r & ~nan) | (((u >> 16) | 0x40u) & nan));

    w = _mm256_permute4x64_epi64(_mm256_packus_epi32(w, w), 0xd8);
    return (vh)_mm256_castsi256_si128(w);
#else
    vu u   = (vu)v;
    vu r   = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
    vu nan = (vu)(v != v);

    r = (r & ~nan) | (((u >> 16) | 0x40u) & nan);
    return __builtin_convertvector(r, vh);
#endif
}

V_INLINE vf
v_load(const void *base, size_t at, bool bf)
{
    if (bf) {
        return (vf)(v_widen_h((const uint16_t *)base + at) << 16);
    }
    return v_load_f((const float *)base + at);
}

V_INLINE void
v_store(void *base, size_t at, vf v, bool bf)
{
    if (bf) {
        vh h = v_round(v);

        memcpy((uint16_t *)base + at, &h, sizeof h);
    } else {
        v_store_f((float *)base + at, v);
    }
}

V_INLINE float
s_load(const void *base, size_t at, bool bf)
{
    if (bf) {
        uint32_t u = (uint32_t)((const uint16_t *)base)[at] << 16;
        float    f;

        memcpy(&f, &u, sizeof f);
        return f;
    }
    return ((const float *)base)[at];
}

V_INLINE void
s_store(void *base, size_t at, float f, bool bf)
{
    if (bf) {
        uint32_t u;

        memcpy(&u, &f, sizeof u);
        u = f != f ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
        ((uint16_t *)base)[at] = (uint16_t)u;
    } else {
        ((float *)base)[at] = f;
    }
}

/* Lanes where `e` beats `best` as a maximum: greater, or the first NaN. */
#if defined(__AVX512F__)
typedef __mmask16 vm;

V_INLINE vm
v_beats(vf e, vf best)
{
    return (vm)(_mm512_cmp_ps_mask((__m512)e, (__m512)best, _CMP_NLE_UQ) & _mm512_cmp_ps_mask((__m512)best, (__m512)best, _CMP_ORD_Q));
}

V_INLINE vm
v_same_i(vi a, int b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, _mm512_set1_epi32(b));
}

V_INLINE vf
v_blend(vm m, vf yes, vf no)
{
    return (vf)_mm512_mask_mov_ps((__m512)no, m, (__m512)yes);
}

V_INLINE vi
v_blend_i(vm m, int yes, vi no)
{
    return (vi)_mm512_mask_mov_epi32((__m512i)no, m, _mm512_set1_epi32(yes));
}

/* a + (m ? b : 0) */
V_INLINE vf
v_add_where(vm m, vf a, vf b)
{
    return (vf)_mm512_mask_add_ps((__m512)a, m, (__m512)a, (__m512)b);
}
#else
typedef vi vm;

V_INLINE vm
v_beats(vf e, vf best)
{
    return (e > best) | ((e != e) & (best == best));
}

V_INLINE vm
v_same_i(vi a, int b)
{
    return a == b;
}

V_INLINE vf
v_blend(vm m, vf yes, vf no)
{
    return (vf)(((vi)yes & m) | ((vi)no & ~m));
}

V_INLINE vi
v_blend_i(vm m, int yes, vi no)
{
    vi zero = {0};

    return ((zero + yes) & m) | (no & ~m);
}

V_INLINE vf
v_add_where(vm m, vf a, vf b)
{
    return a + (vf)((vi)b & m);
}
#endif

/* mask lanes are all ones or all zeros */
V_INLINE vf
v_select(vi mask, vf yes, vf no)
{
    return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}

/* max(0, v); NaN stays NaN */
V_INLINE vf
v_relu(vf v)
{
    return (vf)((vi)v & ~(v < 0.0f));
}

V_INLINE float
v_sum(vf v)
{
    float s[VW];
    int   i, n;

    memcpy(s, &v, sizeof s);
    for (n = VW / 2; n > 0; n /= 2) {
        for (i = 0; i < n; i++) {
            s[i] += s[i + n];
        }
    }
    return s[0];
}

#endif
