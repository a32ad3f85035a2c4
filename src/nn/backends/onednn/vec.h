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

V_INLINE vh
v_round(vf v)
{
    vu u   = (vu)v;
    vu r   = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
    vu nan = (vu)(v != v);

    r = (r & ~nan) | (((u >> 16) | 0x40u) & nan);
    return __builtin_convertvector(r, vh);
}

V_INLINE vf
v_load(const void *base, size_t at, bool bf)
{
    if (bf) {
        vh h;

        memcpy(&h, (const uint16_t *)base + at, sizeof h);
        return (vf)(__builtin_convertvector(h, vu) << 16);
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
