/* nn/backends/onednn/wino_simd.c: the transforms of the forms of wino.h, a vector of channels at a time, and the outer products of the
 * weight gradient. Each form gives its transforms of a line; those of a square follow. */
#include "nn/backends/onednn/wino.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

/* ---- F(4, 3): with p = 1/2 and q = 2 the points are 0, +-sqrt(p), +-sqrt(q), infinity ---- */

#define PT_A 0.70710678118654752f /* sqrt(p) */
#define PT_B 1.41421356237309505f /* sqrt(q) */
#define PT_A3 (0.5f * PT_A)
#define PT_B3 (2.0f * PT_B)
#define G_A (-2.0f / 3.0f) /* 1 / (2p (p - q)) */
#define G_B (1.0f / 6.0f)  /* 1 / (2q (q - p)) */

/* o = B^T d */
V_INLINE void
bt_4x4(vf o[6], const vf d[6])
{
    vf u = d[4] - 2.0f * d[2], v = PT_A * (d[3] - 2.0f * d[1]), s = d[4] - 0.5f * d[2], t = PT_B * (d[3] - 0.5f * d[1]);

    o[0] = d[0] - 2.5f * d[2] + d[4];
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = d[1] - 2.5f * d[3] + d[5];
}

/* o = A y */
V_INLINE void
ay_4x4(vf o[6], const vf y[4])
{
    vf u = y[0] + 0.5f * y[2], v = PT_A * y[1] + PT_A3 * y[3], s = y[0] + 2.0f * y[2], t = PT_B * y[1] + PT_B3 * y[3];

    o[0] = y[0];
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = y[3];
}

/* o = A^T m */
V_INLINE void
at_4x4(vf o[4], const vf m[6])
{
    vf u = m[1] + m[2], v = m[1] - m[2], s = m[3] + m[4], t = m[3] - m[4];

    o[0] = m[0] + u + s;
    o[1] = PT_A * v + PT_B * t;
    o[2] = 0.5f * u + 2.0f * s;
    o[3] = PT_A3 * v + PT_B3 * t + m[5];
}

/* o = G g */
V_INLINE void
gg_4x4(vf o[6], const vf g[3])
{
    vf u = G_A * (g[0] + 0.5f * g[2]), v = (G_A * PT_A) * g[1], s = G_B * (g[0] + 2.0f * g[2]), t = (G_B * PT_B) * g[1];

    o[0] = g[0];
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = g[2];
}

/* o = G^T s */
V_INLINE void
gt_4x4(vf o[3], const vf m[6])
{
    vf u = G_A * (m[1] + m[2]), v = m[1] - m[2], s = G_B * (m[3] + m[4]), t = m[3] - m[4];

    o[0] = m[0] + u + s;
    o[1] = (G_A * PT_A) * v + (G_B * PT_B) * t;
    o[2] = 0.5f * u + 2.0f * s + m[5];
}

/* ---- F(3, 3): the points +-1/2, +-5/4, infinity ---- */

#define P3 0.25f   /* the squares */
#define Q3 1.5625f
#define G3_A (-16.0f / 21.0f) /* 1 / (2 1/2 (P3 - Q3)) */
#define G3_B (32.0f / 105.0f) /* 1 / (2 5/4 (Q3 - P3)) */

V_INLINE void
bt_3x3(vf o[5], const vf d[5])
{
    vf u = d[3] - Q3 * d[1], v = 0.5f * (d[2] - Q3 * d[0]), s = d[3] - P3 * d[1], t = 1.25f * (d[2] - P3 * d[0]);

    o[0] = u + v;
    o[1] = u - v;
    o[2] = s + t;
    o[3] = s - t;
    o[4] = (P3 * Q3) * d[0] - (P3 + Q3) * d[2] + d[4];
}

V_INLINE void
ay_3x3(vf o[5], const vf y[3])
{
    vf u = y[0] + P3 * y[2], v = 0.5f * y[1], s = y[0] + Q3 * y[2], t = 1.25f * y[1];

    o[0] = u + v;
    o[1] = u - v;
    o[2] = s + t;
    o[3] = s - t;
    o[4] = y[2];
}

V_INLINE void
at_3x3(vf o[3], const vf m[5])
{
    vf u = m[0] + m[1], v = m[0] - m[1], s = m[2] + m[3], t = m[2] - m[3];

    o[0] = u + s;
    o[1] = 0.5f * v + 1.25f * t;
    o[2] = P3 * u + Q3 * s + m[4];
}

V_INLINE void
gg_3x3(vf o[5], const vf g[3])
{
    vf u = G3_A * (g[0] + P3 * g[2]), v = (0.5f * G3_A) * g[1], s = G3_B * (g[0] + Q3 * g[2]), t = (1.25f * G3_B) * g[1];

    o[0] = v + u;
    o[1] = v - u;
    o[2] = t + s;
    o[3] = t - s;
    o[4] = g[2];
}

V_INLINE void
gt_3x3(vf o[3], const vf m[5])
{
    vf u = G3_A * (m[0] - m[1]), v = m[0] + m[1], s = G3_B * (m[2] - m[3]), t = m[2] + m[3];

    o[0] = u + s;
    o[1] = (0.5f * G3_A) * v + (1.25f * G3_B) * t;
    o[2] = P3 * u + Q3 * s + m[4];
}

/* ---- F(2, 3): the points 0, +-1, infinity ---- */

V_INLINE void
bt_2x2(vf o[4], const vf d[4])
{
    o[0] = d[0] - d[2];
    o[1] = d[1] + d[2];
    o[2] = d[2] - d[1];
    o[3] = d[3] - d[1];
}

V_INLINE void
ay_2x2(vf o[4], const vf y[2])
{
    o[0] = y[0];
    o[1] = y[0] + y[1];
    o[2] = y[0] - y[1];
    o[3] = y[1];
}

V_INLINE void
at_2x2(vf o[2], const vf m[4])
{
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[2] + m[3];
}

V_INLINE void
gg_2x2(vf o[4], const vf g[3])
{
    vf u = 0.5f * (g[0] + g[2]), v = 0.5f * g[1];

    o[0] = g[0];
    o[1] = u + v;
    o[2] = u - v;
    o[3] = g[2];
}

V_INLINE void
gt_2x2(vf o[3], const vf m[4])
{
    o[0] = m[0] + 0.5f * (m[1] + m[2]);
    o[1] = 0.5f * (m[1] - m[2]);
    o[2] = 0.5f * (m[1] + m[2]) + m[3];
}

/* ---- a line of two pixels between zeros: y0 = g1 d0 + g2 d1, y1 = g0 d0 + g1 d1 by three products ---- */

V_INLINE void
bt_map2(vf o[3], const vf d[2])
{
    o[0] = d[0] + d[1];
    o[1] = d[1];
    o[2] = d[0];
}

V_INLINE void
ay_map2(vf o[3], const vf y[2])
{
    o[0] = y[0] + y[1];
    o[1] = y[0];
    o[2] = y[1];
}

V_INLINE void
at_map2(vf o[2], const vf m[3])
{
    o[0] = m[0] + m[1];
    o[1] = m[0] + m[2];
}

V_INLINE void
gg_map2(vf o[3], const vf g[3])
{
    o[0] = g[1];
    o[1] = g[2] - g[1];
    o[2] = g[0] - g[1];
}

V_INLINE void
gt_map2(vf o[3], const vf m[3])
{
    o[0] = m[2];
    o[1] = m[0] - m[1] - m[2];
    o[2] = m[1];
}

/* ---- of a square ---- */

/* The window's first pixel and its row pitch in floats. A window that reaches over an edge is copied to `box` with zeros around, and one of
 * bf16 widened there. */
V_INLINE const float *
window(float *box, size_t *pitch, const mf_dn_window *d, int side)
{
    size_t row = (size_t)d->w * VW;

    *pitch = (size_t)side * VW;
    if (d->i >= 0 && d->j >= 0 && d->i + side <= d->h && d->j + side <= d->w) {
        size_t at = (size_t)d->i * row + (size_t)d->j * VW;

        if (!d->bf) {
            *pitch = row;
            return (const float *)d->map + at;
        }
        for (int i = 0; i < side; i++, at += row) {
            for (int j = 0; j < side; j++) {
                v_store_f(box + (i * side + j) * VW, v_load(d->map, at + (size_t)j * VW, true));
            }
        }
        return box;
    }
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            int  y = d->i + i, x = d->j + j;
            bool in = y >= 0 && y < d->h && x >= 0 && x < d->w;

            v_store_f(box + (i * side + j) * VW, in ? v_load(d->map, (size_t)y * row + (size_t)x * VW, d->bf) : v_splat(0.0f));
        }
    }
    return box;
}

/* out[point * stride] = L in L^T, `in` FROM x FROM vectors whose rows are `pitch` floats apart, L the transform `line` to P values. */
#define SQUARE(line, FROM, P, out, stride, in, pitch)                                                                                      \
    do {                                                                                                                                   \
        vf cols_[FROM][P];                                                                                                                 \
                                                                                                                                           \
        for (int j_ = 0; j_ < (FROM); j_++) {                                                                                              \
            vf in_[FROM];                                                                                                                  \
                                                                                                                                           \
            for (int i_ = 0; i_ < (FROM); i_++) {                                                                                          \
                in_[i_] = v_load_f((in) + (size_t)i_ * (pitch) + (size_t)j_ * VW);                                                         \
            }                                                                                                                              \
            line(cols_[j_], in_);                                                                                                          \
        }                                                                                                                                  \
        for (int i_ = 0; i_ < (P); i_++) {                                                                                                 \
            vf in_[FROM], out_[P];                                                                                                         \
                                                                                                                                           \
            for (int j_ = 0; j_ < (FROM); j_++) {                                                                                          \
                in_[j_] = cols_[j_][i_];                                                                                                   \
            }                                                                                                                              \
            line(out_, in_);                                                                                                               \
            for (int j_ = 0; j_ < (P); j_++) {                                                                                             \
                v_store_f((out) + (size_t)(i_ * (P) + j_) * (stride), out_[j_]);                                                           \
            }                                                                                                                              \
        }                                                                                                                                  \
    } while (0)

/* rows[r][.] = (T m T^T)[r][.] of m [P x P] at `stride`, T the transform `line` to TO values. */
#define BACK(line, P, TO, rows, m, stride)                                                                                                 \
    do {                                                                                                                                   \
        vf cols_[P][TO];                                                                                                                   \
                                                                                                                                           \
        for (int j_ = 0; j_ < (P); j_++) {                                                                                                 \
            vf in_[P];                                                                                                                     \
                                                                                                                                           \
            for (int i_ = 0; i_ < (P); i_++) {                                                                                             \
                in_[i_] = v_load_f((m) + (size_t)(i_ * (P) + j_) * (stride));                                                              \
            }                                                                                                                              \
            line(cols_[j_], in_);                                                                                                          \
        }                                                                                                                                  \
        for (int i_ = 0; i_ < (TO); i_++) {                                                                                                \
            vf in_[P];                                                                                                                     \
                                                                                                                                           \
            for (int j_ = 0; j_ < (P); j_++) {                                                                                             \
                in_[j_] = cols_[j_][i_];                                                                                                   \
            }                                                                                                                              \
            line((rows)[i_], in_);                                                                                                         \
        }                                                                                                                                  \
    } while (0)

/* Stores a tile of `side` x `side` results as far as the map reaches. */
V_INLINE void
put_tile_as(const mf_dn_wino_put *o, const vf *y, int side, bool bf)
{
    vf     b = o->bias != NULL ? v_load_f(o->bias) : v_splat(0.0f);
    size_t to = ((size_t)o->i * (size_t)o->w + (size_t)o->j) * VW;
    int    rows = o->h - o->i < side ? o->h - o->i : side, cols = o->w - o->j < side ? o->w - o->j : side;

    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
            vf v = y[r * side + c] + b;

            if (o->res != NULL) {
                v += v_load(o->res, to + (size_t)c * VW, bf);
            }
            v_store(o->map, to + (size_t)c * VW, o->relu ? v_relu(v) : v, bf);
        }
        to += (size_t)o->w * VW;
    }
}

V_INLINE void
put_tile(const mf_dn_wino_put *o, const vf *y, int side)
{
    if (o->bf) {
        put_tile_as(o, y, side, true);
    } else {
        put_tile_as(o, y, side, false);
    }
}

#define FORM(NAME, IN, P, OUT, SKIP)                                                                                                       \
    static void input_##NAME(float *v, size_t stride, const mf_dn_window *d)                                                               \
    {                                                                                                                                      \
        float        box[(IN) * (IN) * VW];                                                                                                \
        size_t       pitch;                                                                                                                \
        const float *in = window(box, &pitch, d, IN);                                                                                      \
                                                                                                                                           \
        SQUARE(bt_##NAME, IN, P, v, stride, in, pitch);                                                                                    \
    }                                                                                                                                      \
    static void grad_##NAME(float *v, size_t stride, const mf_dn_window *dy)                                                               \
    {                                                                                                                                      \
        float        box[(OUT) * (OUT) * VW];                                                                                              \
        size_t       pitch;                                                                                                                \
        const float *in = window(box, &pitch, dy, OUT);                                                                                    \
                                                                                                                                           \
        SQUARE(ay_##NAME, OUT, P, v, stride, in, pitch);                                                                                   \
    }                                                                                                                                      \
    static void weights_##NAME(float *u, size_t stride, const float *g)                                                                    \
    {                                                                                                                                      \
        SQUARE(gg_##NAME, 3, P, u, stride, g, (size_t)3 * VW);                                                                             \
    }                                                                                                                                      \
    static void output_##NAME(const mf_dn_wino_put *o, const float *m, size_t stride)                                                      \
    {                                                                                                                                      \
        vf y[OUT][OUT];                                                                                                                    \
                                                                                                                                           \
        BACK(at_##NAME, P, OUT, y, m, stride);                                                                                             \
        put_tile(o, y[0], OUT);                                                                                                            \
    }                                                                                                                                      \
    static void filter_##NAME(float *g, const float *s, size_t stride)                                                                     \
    {                                                                                                                                      \
        for (size_t k = 0; k < VW; k++) {                                                                                                  \
            vf t[3][3];                                                                                                                    \
                                                                                                                                           \
            BACK(gt_##NAME, P, 3, t, s + k * VW, stride);                                                                                  \
            for (size_t q = 0; q < 9; q++) {                                                                                               \
                v_store_f(g + (q * VW + k) * VW, t[q / 3][q % 3]);                                                                         \
            }                                                                                                                              \
        }                                                                                                                                  \
    }                                                                                                                                      \
    static const mf_dn_wino_form form_##NAME = {                                                                                           \
        .points = (P) * (P), .out = OUT, .skip = SKIP, .input = input_##NAME, .grad = grad_##NAME, .weights = weights_##NAME,              \
        .output = output_##NAME, .filter = filter_##NAME,                                                                                  \
    };
FORM(4x4, 6, 6, 4, 0)
FORM(3x3, 5, 5, 3, 0)
FORM(2x2, 4, 4, 2, 0)
FORM(map2, 2, 3, 2, 1)

/* Rows of x channels that fit in registers beside two blocks of d. */
#if defined(__AVX512F__)
enum { ROWS = 8 };
#else
enum { ROWS = 4 };
#endif

V_INLINE void
outer_rows(float *s, size_t s_block, const float *x, const float *d, size_t d_block, size_t tiles, int blocks, bool add)
{
    for (int k = 0; k < VW; k += ROWS) {
        vf acc[ROWS][2];

        for (int r = 0; r < ROWS; r++) {
            for (int b = 0; b < blocks; b++) {
                acc[r][b] = add ? v_load_f(s + (size_t)b * s_block + (size_t)(k + r) * VW) : v_splat(0.0f);
            }
        }
        for (size_t t = 0; t < tiles; t++) {
            vf dv[2];

            for (int b = 0; b < blocks; b++) {
                dv[b] = v_load_f(d + (size_t)b * d_block + t * VW);
            }
            for (int r = 0; r < ROWS; r++) {
                vf xv = v_splat(x[t * VW + (size_t)(k + r)]);

                for (int b = 0; b < blocks; b++) {
                    acc[r][b] += xv * dv[b];
                }
            }
        }
        for (int r = 0; r < ROWS; r++) {
            for (int b = 0; b < blocks; b++) {
                v_store_f(s + (size_t)b * s_block + (size_t)(k + r) * VW, acc[r][b]);
            }
        }
    }
}

static void
outer(float *s, size_t s_block, const float *x, const float *d, size_t d_block, size_t tiles, int blocks, bool add)
{
    if (blocks == 2) {
        outer_rows(s, s_block, x, d, d_block, tiles, 2, add);
    } else {
        outer_rows(s, s_block, x, d, d_block, tiles, 1, add);
    }
}

const mf_dn_wino_loops MF_ISA_NAME(mf_dn_wino_loops) = {
    .width = VW, .outer = outer,
    .form = {[MF_WINO_4X4] = &form_4x4, [MF_WINO_3X3] = &form_3x3, [MF_WINO_2X2] = &form_2x2, [MF_WINO_MAP2] = &form_map2},
};
