/* nn/backends/ref/matmul.c: y[m, n] = act(sum_k a[m, k] b[k, n] + bias[n]). */
#include "nn/backends/ref/real.h"

static mf_status
matmul_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_matmul_attrs *t = op->attrs;
    const int64_t          m = op->out[0].dim[0], n = op->out[0].dim[1], k = op->in[0].dim[t->ta ? 0 : 1];
    const int64_t          am = t->ta ? 1 : k, ak = t->ta ? m : 1, bk = t->tb ? 1 : n, bn = t->tb ? k : 1;
    const real            *a = r->in[0], *b = r->in[1], *bias = op->nin > 2 && op->has_in[2] ? r->in[2] : NULL;
    real                  *y = r->out[0];
    (void)err;

    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = bias ? (double)bias[j] : 0.0;
            for (int64_t l = 0; l < k; l++)
                sum += (double)a[i * am + l * ak] * (double)b[l * bk + j * bn];
            y[i * n + j] = (real)(t->act == MF_ACT_RELU && sum < 0.0 ? 0.0 : sum);
        }
    return MF_OK;
}

MF_REF_KERNEL(matmul, matmul_run);
