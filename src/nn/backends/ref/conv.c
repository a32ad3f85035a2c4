/* nn/backends/ref/conv.c: conv2d, its gradients and the transposed convolution by direct sums in double.
 *
 * All are loops over the same quadruples: output place (ho, wo), tap (i, j), input place ho sh - ph + i dh. A row of
 * output places is worked on at once; `range` gives those of them that a tap reaches. */
#include "nn/backends/ref/real.h"

#include "core/mem.h"

typedef struct geom {
    int64_t n, ci, co, hi, wi, ho, wo, kh, kw, groups, cig, cog; /* channels a group */
    int64_t sh, sw, ph, pw, dh, dw;
} geom;

/* The convolution that maps x to y with w [co, cig, kh, kw]. */
static geom
geom_of(const mf_conv2d_attrs *a, const mf_shape *x, const mf_shape *w, const mf_shape *y)
{
    return (geom){
        .n = x->dim[0], .ci = x->dim[1], .co = y->dim[1], .hi = x->dim[2], .wi = x->dim[3], .ho = y->dim[2],
        .wo = y->dim[3], .kh = w->dim[2], .kw = w->dim[3], .groups = a->groups, .cig = x->dim[1] / a->groups,
        .cog = y->dim[1] / a->groups, .sh = a->sh, .sw = a->sw, .ph = a->ph, .pw = a->pw, .dh = a->dh, .dw = a->dw,
    };
}

/* Output columns [*lo, *hi) whose input column for tap j lies inside the picture; *at is the input column of *lo. */
static void
range(const geom *g, int64_t j, int64_t *lo, int64_t *hi, int64_t *at)
{
    int64_t off = j * g->dw - g->pw; /* column = wo sw + off */
    int64_t a = off < 0 ? (-off + g->sw - 1) / g->sw : 0, b = g->wi - 1 - off;
    b   = b < 0 ? 0 : b / g->sw + 1;
    *lo = a;
    *hi = b < g->wo ? b : g->wo;
    *at = a * g->sw + off;
}

/* y[n, co, ho, :] from x and w; acc is a row of doubles. */
static void
forward_row(const geom *g, double *acc, const real *x, const real *w, int64_t n, int64_t co, int64_t ho)
{
    const int64_t c0 = co / g->cog * g->cig;
    for (int64_t c = 0; c < g->cig; c++)
        for (int64_t i = 0; i < g->kh; i++) {
            int64_t h = ho * g->sh - g->ph + i * g->dh;
            if (h < 0 || h >= g->hi)
                continue;
            const real *row = x + ((n * g->ci + c0 + c) * g->hi + h) * g->wi;
            for (int64_t j = 0; j < g->kw; j++) {
                const double f = (double)w[((co * g->cig + c) * g->kh + i) * g->kw + j];
                int64_t      lo, hi, at;
                range(g, j, &lo, &hi, &at);
                for (int64_t o = lo; o < hi; o++, at += g->sw)
                    acc[o] += f * (double)row[at];
            }
        }
}

static mf_status
conv2d_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = REF(prepare)(p, err);
    p->scratch   = (size_t)p->out[0].shape.dim[3] * sizeof(double);
    return st;
}

static mf_status
conv2d_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_conv2d_attrs *a = op->attrs;
    const geom             g = geom_of(a, &op->in[0], &op->in[1], &op->out[0]);
    const real            *b = op->nin > 2 && op->has_in[2] ? r->in[2] : NULL;
    const real            *res = op->nin > 3 && op->has_in[3] ? r->in[3] : NULL;
    real                  *y = r->out[0];
    double                *acc = r->scratch;
    (void)err;

    for (int64_t n = 0; n < g.n; n++)
        for (int64_t co = 0; co < g.co; co++)
            for (int64_t ho = 0; ho < g.ho; ho++) {
                const int64_t at = ((n * g.co + co) * g.ho + ho) * g.wo;
                for (int64_t o = 0; o < g.wo; o++)
                    acc[o] = (b ? (double)b[co] : 0.0) + (res ? (double)res[at + o] : 0.0);
                forward_row(&g, acc, r->in[0], r->in[1], n, co, ho);
                for (int64_t o = 0; o < g.wo; o++)
                    y[at + o] = (real)(a->act == MF_ACT_RELU && acc[o] < 0.0 ? 0.0 : acc[o]);
            }
    return MF_OK;
}

MF_REF_KERNEL_AS(conv2d, conv2d_prepare, conv2d_run);

/* dx[n, ci, h, :] into acc from dy and w: the taps that reach row h. */
static void
backward_row(const geom *g, double *acc, const real *dy, const real *w, int64_t n, int64_t ci, int64_t h)
{
    const int64_t grp = ci / g->cig, c = ci % g->cig;
    for (int64_t co = grp * g->cog; co < (grp + 1) * g->cog; co++)
        for (int64_t i = 0; i < g->kh; i++) {
            int64_t ho = h + g->ph - i * g->dh;
            if (ho < 0 || ho % g->sh != 0 || ho / g->sh >= g->ho)
                continue;
            const real *row = dy + ((n * g->co + co) * g->ho + ho / g->sh) * g->wo;
            for (int64_t j = 0; j < g->kw; j++) {
                const double f = (double)w[((co * g->cig + c) * g->kh + i) * g->kw + j];
                int64_t      lo, hi, at;
                range(g, j, &lo, &hi, &at);
                for (int64_t o = lo; o < hi; o++, at += g->sw)
                    acc[at] += f * (double)row[o];
            }
        }
}

static void
backward_data(const geom *g, real *dx, double *acc, const real *dy, const real *w, const real *bias)
{
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t c = 0; c < g->ci; c++)
            for (int64_t h = 0; h < g->hi; h++) {
                const int64_t at = ((n * g->ci + c) * g->hi + h) * g->wi;
                for (int64_t o = 0; o < g->wi; o++)
                    acc[o] = bias ? (double)bias[c] : 0.0;
                backward_row(g, acc, dy, w, n, c, h);
                for (int64_t o = 0; o < g->wi; o++)
                    dx[at + o] = (real)acc[o];
            }
}

static mf_status
conv2d_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const geom       g = geom_of(op->attrs, &op->in[2], &op->in[1], &op->in[0]);
    (void)err;
    backward_data(&g, r->out[0], r->scratch, r->in[0], r->in[1], NULL);
    return MF_OK;
}

MF_REF_KERNEL_AS(conv2d_dx, conv2d_prepare, conv2d_dx_run);

static mf_status
conv_t2d_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_conv2d_attrs *a = op->attrs;
    const geom             g = geom_of(a, &op->out[0], &op->in[1], &op->in[0]); /* the convolution from y to x */
    real                  *y = r->out[0];
    (void)err;
    backward_data(&g, y, r->scratch, r->in[0], r->in[1], op->nin > 2 && op->has_in[2] ? r->in[2] : NULL);
    if (a->act == MF_ACT_RELU)
        for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
            y[i] = y[i] < 0 ? 0 : y[i];
    return MF_OK;
}

MF_REF_KERNEL_AS(conv_t2d, conv2d_prepare, conv_t2d_run);

static mf_status
conv2d_dw_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const geom       g = geom_of(op->attrs, &op->in[1], &op->in[2], &op->in[0]);
    const real      *dy = r->in[0], *x = r->in[1];
    real            *dw = r->out[0];
    (void)err;

    for (int64_t co = 0; co < g.co; co++)
        for (int64_t c = 0; c < g.cig; c++)
            for (int64_t i = 0; i < g.kh; i++)
                for (int64_t j = 0; j < g.kw; j++) {
                    const int64_t ci = co / g.cog * g.cig + c;
                    int64_t       lo, hi, first;
                    double        sum = 0.0;
                    range(&g, j, &lo, &hi, &first);
                    for (int64_t n = 0; n < g.n; n++)
                        for (int64_t ho = 0; ho < g.ho; ho++) {
                            int64_t h = ho * g.sh - g.ph + i * g.dh, at = first;
                            if (h < 0 || h >= g.hi)
                                continue;
                            const real *rx = x + ((n * g.ci + ci) * g.hi + h) * g.wi;
                            const real *ry = dy + ((n * g.co + co) * g.ho + ho) * g.wo;
                            for (int64_t o = lo; o < hi; o++, at += g.sw)
                                sum += (double)rx[at] * (double)ry[o];
                        }
                    dw[((co * g.cig + c) * g.kh + i) * g.kw + j] = (real)sum;
                }
    return MF_OK;
}

MF_REF_KERNEL(conv2d_dw, conv2d_dw_run);

/* x [N, C, ...] -> [C] */
static mf_status
channel_sum_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = op->in[0].dim[0], c = op->in[0].dim[1], area = mf_shape_elems(&op->in[0]) / (n * c);
    const real      *x = r->in[0];
    real            *y = r->out[0];
    (void)err;
    for (int64_t k = 0; k < c; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t p = 0; p < area; p++)
                sum += (double)x[(i * c + k) * area + p];
        y[k] = (real)sum;
    }
    return MF_OK;
}

MF_REF_KERNEL(channel_sum, channel_sum_run);
