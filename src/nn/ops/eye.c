/* nn/ops/eye.c: the identity matrix over a batch: which pairs of its samples are one sample. */
#include "nn/ops/support.h"

/* like [N, ...] (shape only) -> [N, N] */
static mf_status
eye_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    if (in[0]->ndim < 1)
        return mf_fail(err, MF_E_ARG, "the value has no batch");
    out[0] = (mf_shape){.ndim = 2, .dim = {in[0]->dim[0], in[0]->dim[0]}};
    return MF_OK;
}

const mf_op_def mf_op_eye = {
    .name = "eye", .summary = "the identity matrix over a batch",
    .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_NO_GRAD, .shape_only = 1u << 0, .out_kind = {MF_KIND_F32},
    .infer = eye_infer,
};

mf_ref
mf_eye(mf_graph *g, mf_ref like)
{
    return mf_graph_add(g, &mf_op_eye, NULL, 1, &like);
}
