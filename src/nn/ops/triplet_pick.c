/* nn/ops/triplet_pick.c: which triplets of a batch count (nn/ops.h). The choice has no gradient; the distances that it
 * selects have theirs through the products that a loss makes of it. */
#include "nn/graph_i.h"
#include "nn/ops/support.h"

static mf_status
triplet_pick_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_triplet_attrs *a = attrs;
    const int64_t           n = in[0]->ndim > 0 ? in[0]->dim[0] : 0;
    const mf_shape          square = {.ndim = 2, .dim = {n, n}};
    mf_status               st;
    (void)nin;

    if (a->mining < 0 || a->mining >= MF_MINE_COUNT)
        return mf_fail(err, MF_E_ARG, "there is no way of mining %d", a->mining);
    if (!(a->margin >= 0.0f) || !(a->same >= 0.0f && a->same <= 1.0f))
        return mf_fail(err, MF_E_ARG, "the margin is %g and the probability %g, expected 0 or more, and 0 to 1", (double)a->margin, (double)a->same);
    if ((st = mf_shape_want("the distances to positives", in[0], &square, err)) < 0 ||
        (st = mf_shape_want("the distances to negatives", in[1], &square, err)) < 0 ||
        (st = mf_shape_want_rank("the target", in[2], 2, err)) < 0)
        return st;
    if (in[2]->dim[0] != n)
        return mf_fail(err, MF_E_ARG, "%lld targets for %lld samples", (long long)in[2]->dim[0], (long long)n);
    out[0] = out[1] = square;
    return MF_OK;
}

const mf_op_def mf_op_triplet_pick = {
    .name = "triplet_pick", .summary = "which triplets of a batch count",
    .attr_size = sizeof(mf_triplet_attrs), .min_in = 3, .max_in = 3, .nout = 2, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_F32, MF_KIND_F32}, .infer = triplet_pick_infer,
};

mf_ref
mf_triplet_pick(mf_graph *g, mf_ref dp, mf_ref dn, mf_ref target, mf_mining mining, float margin, float same, mf_ref *negative)
{
    mf_triplet_attrs a   = {.mining = (int32_t)mining, .margin = margin, .same = same, .id = g->dropouts++};
    mf_ref           out = mf_graph_add(g, &mf_op_triplet_pick, &a, 3, (mf_ref[]){dp, dn, target});

    *negative = mf_graph_out(g, out, 1);
    return out;
}
