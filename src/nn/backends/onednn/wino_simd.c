/* nn/backends/onednn/wino_simd.c: the transforms of F(4 x 4, 3 x 3), a vector of channels at a time, and the outer products of its
 * weight gradient. With p = 1/2 and q = 2 the points are 0, +-sqrt(p), +-sqrt(q), infinity. */
#include "nn/backends/onednn/wino.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

enum { OUT = MF_WINO_OUT, IN = MF_WINO_IN };

#define PT_A 0.70710678118654752f /* sqrt(p) */
#define PT_B 1.41421356237309505f /* sqrt(q) */
#define PT_A3 (0.5f * PT_A)
#define PT_B3 (2.0f * PT_B)
#define G_A (-2.0f / 3.0f) /* 1 / (2p (p - q)) */
#define G_B (1.0f / 6.0f)  /* 1 / (2q (q - p)) */

/* o = B^T d */
V_INLINE void
bt(vf o[IN], vf d0, vf d1, vf d2, vf d3, vf d4, vf d5)
{
    vf u = d4 - 2.0f * d2, v = PT_A * (d3 - 2.0f * d1), s = d4 - 0.5f * d2, t = PT_B * (d3 - 0.5f * d1);

    o[0] = d0 - 2.5f * d2 + d4;
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = d1 - 2.5f * d3 + d5;
}

/* o = A y */
V_INLINE void
a6(vf o[IN], vf y0, vf y1, vf y2, vf y3)
{
    vf u = y0 + 0.5f * y2, v = PT_A * y1 + PT_A3 * y3, s = y0 + 2.0f * y2, t = PT_B * y1 + PT_B3 * y3;

    o[0] = y0;
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = y3;
}

/* o = A^T m */
V_INLINE void
at(vf o[OUT], vf m0, vf m1, vf m2, vf m3, vf m4, vf m5)
{
    vf u = m1 + m2, v = m1 - m2, s = m3 + m4, t = m3 - m4;

    o[0] = m0 + u + s;
    o[1] = PT_A * v + PT_B * t;
    o[2] = 0.5f * u + 2.0f * s;
    o[3] = PT_A3 * v + PT_B3 * t + m5;
}

/* o = G g */
V_INLINE void
g6(vf o[IN], vf g0, vf g1, vf g2)
{
    vf u = G_A * (g0 + 0.5f * g2), v = (G_A * PT_A) * g1, s = G_B * (g0 + 2.0f * g2), t = (G_B * PT_B) * g1;

    o[0] = g0;
    o[1] = u + v;
    o[2] = u - v;
    o[3] = s + t;
    o[4] = s - t;
    o[5] = g2;
}

/* o = G^T s */
V_INLINE void
gt(vf o[3], vf s0, vf s1, vf s2, vf s3, vf s4, vf s5)
{
    vf u = G_A * (s1 + s2), v = s1 - s2, s = G_B * (s3 + s4), t = s3 - s4;

    o[0] = s0 + u + s;
    o[1] = (G_A * PT_A) * v + (G_B * PT_B) * t;
    o[2] = 0.5f * u + 2.0f * s + s5;
}

/* The window's first pixel and its row pitch in floats; windows that reach over an edge are copied to `box` with zeros around. */
V_INLINE const float *
window(float *box, size_t *pitch, const mf_dn_window *d, int side)
{
    if (d->i >= 0 && d->j >= 0 && d->i + side <= d->h && d->j + side <= d->w) {
        *pitch = (size_t)d->w * VW;
        return d->map + ((size_t)d->i * (size_t)d->w + (size_t)d->j) * VW;
    }
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            int  y = d->i + i, x = d->j + j;
            bool in = y >= 0 && y < d->h && x >= 0 && x < d->w;

            v_store_f(box + (i * side + j) * VW, in ? v_load_f(d->map + ((size_t)y * (size_t)d->w + (size_t)x) * VW) : v_splat(0.0f));
        }
    }
    *pitch = (size_t)side * VW;
    return box;
}

static void
input(float *v, size_t stride, const mf_dn_window *d)
{
    float        box[IN * IN * VW];
    size_t       pitch;
    const float *p = window(box, &pitch, d, IN);
    vf           t[IN][IN]; /* [column][point] */

    for (int j = 0; j < IN; j++) {
        const float *c = p + j * VW;

        bt(t[j], v_load_f(c), v_load_f(c + pitch), v_load_f(c + 2 * pitch), v_load_f(c + 3 * pitch), v_load_f(c + 4 * pitch),
           v_load_f(c + 5 * pitch));
    }
    for (int i = 0; i < IN; i++) {
        vf o[IN];

        bt(o, t[0][i], t[1][i], t[2][i], t[3][i], t[4][i], t[5][i]);
        for (int j = 0; j < IN; j++) {
            v_store_f(v + (size_t)(i * IN + j) * stride, o[j]);
        }
    }
}

static void
grad(float *v, size_t stride, const mf_dn_window *dy)
{
    float        box[OUT * OUT * VW];
    size_t       pitch;
    const float *p = window(box, &pitch, dy, OUT);
    vf           t[OUT][IN]; /* [column][point] */

    for (int j = 0; j < OUT; j++) {
        const float *c = p + j * VW;

        a6(t[j], v_load_f(c), v_load_f(c + pitch), v_load_f(c + 2 * pitch), v_load_f(c + 3 * pitch));
    }
    for (int i = 0; i < IN; i++) {
        vf o[IN];

        a6(o, t[0][i], t[1][i], t[2][i], t[3][i]);
        for (int j = 0; j < IN; j++) {
            v_store_f(v + (size_t)(i * IN + j) * stride, o[j]);
        }
    }
}

static void
weights(float *u, size_t stride, const float *g)
{
    vf t[3][IN]; /* [column][point] */

    for (int j = 0; j < 3; j++) {
        g6(t[j], v_load_f(g + j * VW), v_load_f(g + (3 + j) * VW), v_load_f(g + (6 + j) * VW));
    }
    for (int i = 0; i < IN; i++) {
        vf o[IN];

        g6(o, t[0][i], t[1][i], t[2][i]);
        for (int j = 0; j < IN; j++) {
            v_store_f(u + (size_t)(i * IN + j) * stride, o[j]);
        }
    }
}

static void
output(float *map, const float *res, int h, int w, int i, int j, const float *m, size_t stride, const float *bias, bool relu)
{
    vf     t[IN][OUT], b = bias != NULL ? v_load_f(bias) : v_splat(0.0f); /* t: [column][row] */
    size_t to = ((size_t)i * (size_t)w + (size_t)j) * VW;
    int    rows = h - i < OUT ? h - i : OUT, cols = w - j < OUT ? w - j : OUT;

    for (int c = 0; c < IN; c++) {
        const float *p = m + (size_t)c * stride;

        at(t[c], v_load_f(p), v_load_f(p + 6 * stride), v_load_f(p + 12 * stride), v_load_f(p + 18 * stride), v_load_f(p + 24 * stride),
           v_load_f(p + 30 * stride));
    }
    for (int r = 0; r < rows; r++) {
        vf o[OUT];

        at(o, t[0][r], t[1][r], t[2][r], t[3][r], t[4][r], t[5][r]);
        for (int c = 0; c < OUT; c++) {
            vf y = o[c] + b;

            if (c >= cols) {
                break;
            }
            if (res != NULL) {
                y += v_load_f(res + to + (size_t)c * VW);
            }
            v_store_f(map + to + (size_t)c * VW, relu ? v_relu(y) : y);
        }
        to += (size_t)w * VW;
    }
}

static void
filter(float *g, const float *s, size_t stride)
{
    for (int k = 0; k < VW; k++) {
        vf t[IN][3]; /* [column][tap row] */

        for (int c = 0; c < IN; c++) {
            const float *p = s + (size_t)c * stride + (size_t)k * VW;

            gt(t[c], v_load_f(p), v_load_f(p + 6 * stride), v_load_f(p + 12 * stride), v_load_f(p + 18 * stride),
               v_load_f(p + 24 * stride), v_load_f(p + 30 * stride));
        }
        for (int r = 0; r < 3; r++) {
            vf o[3];

            gt(o, t[0][r], t[1][r], t[2][r], t[3][r], t[4][r], t[5][r]);
            for (int c = 0; c < 3; c++) {
                v_store_f(g + ((size_t)(r * 3 + c) * VW + (size_t)k) * VW, o[c]);
            }
        }
    }
}

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
    .width = VW, .input = input, .grad = grad, .weights = weights, .output = output, .filter = filter, .outer = outer,
};
