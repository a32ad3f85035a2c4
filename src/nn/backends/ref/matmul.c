/* nn/backends/ref/matmul.c: y[m, n] = act(sum_k a[m, k] b[k, n] + bias[n]), once or for each element of a batch. */
#include "nn/backends/ref/real.h"

/* One product; m, n of the output, k the inner length. */
static void
product(real *y, const real *a, const real *b, const real *bias, const mf_matmul_attrs *t, int64_t m, int64_t n, int64_t k)
{
    const int64_t am = t->ta ? 1 : k, ak = t->ta ? m : 1, bk = t->tb ? 1 : n, bn = t->tb ? k : 1;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = bias ? (double)bias[j] : 0.0;
            for (int64_t l = 0; l < k; l++)
                sum += (double)a[i * am + l * ak] * (double)b[l * bk + j * bn];
            y[i * n + j] = (real)(t->act == MF_ACT_RELU && sum < 0.0 ? 0.0 : sum);
        }
}

static mf_status
matmul_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_matmul_attrs *t = op->attrs;
    const mf_shape        *o = &op->out[0];
    (void)err;
    product(r->out[0], r->in[0], r->in[1], op->nin > 2 && op->has_in[2] ? r->in[2] : NULL, t, o->dim[0], o->dim[1],
            op->in[0].dim[t->ta ? 0 : 1]);
    return MF_OK;
}

MF_REF_KERNEL(matmul, matmul_run);

static mf_status
bmm_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_matmul_attrs *t = op->attrs;
    const int64_t          m = op->out[0].dim[1], n = op->out[0].dim[2], k = op->in[0].dim[t->ta ? 1 : 2];
    (void)err;
    for (int64_t i = 0; i < op->out[0].dim[0]; i++)
        product((real *)r->out[0] + i * m * n, (const real *)r->in[0] + i * m * k, (const real *)r->in[1] + i * k * n, NULL, t, m,
                n, k);
    return MF_OK;
}

MF_REF_KERNEL(bmm, bmm_run);
