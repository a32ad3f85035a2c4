/* methods/pull.c */
#include "methods/pull.h"

#include "nn/ops.h"

enum { COLUMNS = 2 }; /* mask of axes */

/* [N,N]: a_i b_j / tau */
static mf_ref
likeness(mf_graph *g, mf_ref a, mf_ref b, double tau)
{
    return mf_scale(g, mf_matmul(g, a, b, MF_NONE, false, true), 1.0 / tau, 0.0);
}

static mf_ref
mean_of_rows(mf_graph *g, mf_ref x)
{
    return mf_mean_all(g, mf_reduce(g, MF_R_SUM, x, COLUMNS, false));
}

/* [N,N] -> [N,1] */
static mf_ref
row_sum(mf_graph *g, mf_ref x)
{
    return mf_reduce(g, MF_R_SUM, x, COLUMNS, true);
}

/* sum_j exp(s_ij - top_i) */
static mf_ref
row_mass(mf_graph *g, mf_ref s, mf_ref top)
{
    return row_sum(g, mf_unary(g, MF_U_EXP, mf_binary(g, MF_B_SUB, s, top)));
}

/* Minus one view's share: its own view x, the other y. A view is no candidate for itself: its likeness is lowered out of
 * sight. Both matrices stay apart, since joining them would put the batch's size into an attribute. */
static mf_ref
supcon_half(mf_graph *g, mf_ref x, mf_ref y, mf_ref same, mf_ref eye, double tau)
{
    mf_ref own = likeness(g, x, x, tau), cross = likeness(g, x, y, tau), others = mf_mul(g, same, mf_scale(g, eye, -1.0, 1.0));
    mf_ref seen = mf_add(g, own, mf_scale(g, eye, -1e6, 0.0)), top, mass, hits, count;

    top  = mf_binary(g, MF_B_MAX, mf_reduce(g, MF_R_MAX, seen, COLUMNS, true), mf_reduce(g, MF_R_MAX, cross, COLUMNS, true));
    top  = mf_detach(g, top); /* any number will do: it keeps the exponentials in range */
    mass = mf_add(g, mf_unary(g, MF_U_LOG, mf_add(g, row_mass(g, seen, top), row_mass(g, cross, top))), top);
    hits = mf_add(g, row_sum(g, mf_mul(g, own, others)), row_sum(g, mf_mul(g, cross, same)));
    count = mf_add(g, row_sum(g, others), row_sum(g, same));
    return mf_mean_all(g, mf_binary(g, MF_B_SUB, mf_binary(g, MF_B_DIV, hits, count), mass));
}

static mf_ref
infonce_half(mf_graph *g, mf_ref x, mf_ref y, mf_ref eye, double tau)
{
    return mean_of_rows(g, mf_mul(g, mf_log_softmax(g, likeness(g, x, y, tau), 1), eye));
}

mf_ref
mf_pull_build(mf_graph *g, mf_pull kind, mf_ref a, mf_ref b, mf_ref target, double tau)
{
    mf_ref eye, same, sum;

    if (kind == MF_PULL_MSE) {
        return mf_mse(g, a, b);
    }
    a = mf_l2norm(g, a, 1);
    b = mf_l2norm(g, b, 1);
    if (kind == MF_PULL_COSINE) {
        return mf_scale(g, mean_of_rows(g, mf_mul(g, a, b)), -1.0, 1.0);
    }
    eye = mf_eye(g, a);
    if (kind == MF_PULL_INFONCE) {
        sum = mf_add(g, infonce_half(g, a, b, eye, tau), infonce_half(g, b, a, eye, tau));
    } else {
        same = mf_matmul(g, target, target, MF_NONE, false, true);
        sum  = mf_add(g, supcon_half(g, a, b, same, eye, tau), supcon_half(g, b, a, same, eye, tau));
    }
    return mf_scale(g, sum, -0.5, 0.0);
}
