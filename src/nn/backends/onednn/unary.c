/* nn/backends/onednn/unary.c: functions of one element, and their gradients. ReLU runs in vector registers, the others
 * through tiles of floats and the C library. */
#include "nn/backends/onednn/flat.h"

#include <math.h>
#include "core/mem.h"
#include "nn/ops.h"

static mf_status
unary_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = mf_dn_flat_prepare(p, err);

    if (st == MF_OK) {
        ((mf_dn_flat_state *)p->state)->kind = ((const mf_unary_attrs *)p->attrs)->kind;
    }
    return st;
}

typedef struct relu_job {
    const mf_dn_flat_state *s;
    char                   *y;
    const char             *a, *b;
} relu_job;

static void
relu_span(void *arg, size_t begin, size_t end)
{
    const relu_job *j  = arg;
    size_t          at = begin * (j->s->bf16 ? 2 : 4);

    if (j->b != NULL) {
        j->s->simd->flat->relu_dx[j->s->bf16](j->y + at, j->a + at, j->b + at, end - begin);
    } else {
        j->s->simd->flat->relu[j->s->bf16](j->y + at, j->a + at, end - begin);
    }
}

static void
unary_tile(const mf_dn_flat_state *s, float *y, const float *x, const float *b, const float *c, size_t n)
{
    size_t i;

    (void)b;
    (void)c;
    switch ((mf_unary_kind)s->kind) {
    case MF_U_SIGMOID:
        for (i = 0; i < n; i++) {
            float e = expf(-fabsf(x[i]));

            y[i] = (x[i] < 0.0f ? e : 1.0f) / (1.0f + e);
        }
        break;
    case MF_U_TANH:
        for (i = 0; i < n; i++) {
            y[i] = tanhf(x[i]);
        }
        break;
    case MF_U_EXP:
        for (i = 0; i < n; i++) {
            y[i] = expf(x[i]);
        }
        break;
    case MF_U_LOG:
        for (i = 0; i < n; i++) {
            y[i] = logf(x[i]);
        }
        break;
    case MF_U_SQRT:
        for (i = 0; i < n; i++) {
            y[i] = sqrtf(x[i]);
        }
        break;
    case MF_U_SQUARE:
        for (i = 0; i < n; i++) {
            y[i] = x[i] * x[i];
        }
        break;
    case MF_U_ABS:
        for (i = 0; i < n; i++) {
            y[i] = fabsf(x[i]);
        }
        break;
    case MF_U_RELU:
    case MF_U_COUNT: break;
    }
}

static mf_status
unary_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_dn_flat_state *s = state;
    relu_job                j = {s, r->out[0], r->in[0], NULL};

    (void)err;
    if (s->kind == MF_U_RELU) {
        mf_dn_spans(s->elems, MF_DN_FLAT_GRAIN, relu_span, &j);
    } else {
        mf_dn_flat_tiles(s, unary_tile, r->out[0], r->in[0], NULL, NULL);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_unary = {
    .op = "unary", .name = "onednn.unary", .supports = mf_dn_flat_dtypes, .prepare = unary_prepare, .run = unary_run,
    .release = mf_free,
};

/* dy times the slope, from x or y as the kind says (nn/ops.h). */
static void
unary_dx_tile(const mf_dn_flat_state *s, float *dx, const float *dy, const float *x, const float *y, size_t n)
{
    size_t i;

    switch ((mf_unary_kind)s->kind) {
    case MF_U_SIGMOID:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * y[i] * (1.0f - y[i]);
        }
        break;
    case MF_U_TANH:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * (1.0f - y[i] * y[i]);
        }
        break;
    case MF_U_EXP:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * y[i];
        }
        break;
    case MF_U_SQRT:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * (0.5f / y[i]);
        }
        break;
    case MF_U_LOG:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] / x[i];
        }
        break;
    case MF_U_SQUARE:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * 2.0f * x[i];
        }
        break;
    case MF_U_ABS:
        for (i = 0; i < n; i++) {
            dx[i] = dy[i] * (x[i] > 0.0f ? 1.0f : x[i] < 0.0f ? -1.0f : 0.0f);
        }
        break;
    case MF_U_RELU:
    case MF_U_COUNT: break;
    }
}

static mf_status
unary_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_dn_flat_state *s = state;
    const void             *x = s->nin > 1 ? r->in[1] : NULL, *y = s->nin > 2 ? r->in[2] : NULL;
    relu_job                j = {s, r->out[0], r->in[0], y != NULL ? y : x};

    (void)err;
    if (s->kind == MF_U_RELU) {
        mf_dn_spans(s->elems, MF_DN_FLAT_GRAIN, relu_span, &j);
    } else {
        mf_dn_flat_tiles(s, unary_dx_tile, r->out[0], r->in[0], x, y);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_unary_dx = {
    .op = "unary_dx", .name = "onednn.unary_dx", .supports = mf_dn_flat_dtypes, .prepare = unary_prepare, .run = unary_dx_run,
    .release = mf_free,
};
