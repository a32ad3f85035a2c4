/* nn/ops/support.c: shape checks shared by the ops; their sentences name the op and both shapes. */
#include "nn/ops/support.h"

mf_status
mf_shape_want(const char *what, const mf_shape *s, const mf_shape *want, mf_err *err)
{
    char a[96], b[96];
    if (mf_shape_eq(s, want))
        return MF_OK;
    return mf_fail(err, MF_E_ARG, "%s has shape %s, expected %s", what, mf_shape_text(a, s), mf_shape_text(b, want));
}

mf_status
mf_shape_want_rank(const char *what, const mf_shape *s, int ndim, mf_err *err)
{
    char a[96];
    bool ok = s->ndim == ndim;
    for (int d = 0; ok && d < ndim; d++)
        ok = s->dim[d] >= 1;
    if (ok)
        return MF_OK;
    return mf_fail(err, MF_E_ARG, "%s has shape %s, expected %d dimensions of at least 1", what,
                   mf_shape_text(a, s), ndim);
}

mf_status
mf_shape_want_vec(const char *what, const mf_shape *s, int64_t n, mf_err *err)
{
    mf_shape want = {.ndim = 1, .dim = {n}};
    return mf_shape_want(what, s, &want, err);
}

mf_status
mf_shape_want_axis(const mf_shape *s, int axis, mf_err *err)
{
    char a[96];
    if (axis >= 0 && axis < s->ndim)
        return MF_OK;
    return mf_fail(err, MF_E_ARG, "axis %d is outside the shape %s", axis, mf_shape_text(a, s));
}

mf_status
mf_shape_broadcast(mf_shape *out, const mf_shape *a, const mf_shape *b, mf_err *err)
{
    mf_shape r = {.ndim = a->ndim > b->ndim ? a->ndim : b->ndim};
    for (int d = 0; d < r.ndim; d++) {
        int     ia = d - (r.ndim - a->ndim), ib = d - (r.ndim - b->ndim);
        int64_t na = ia < 0 ? 1 : a->dim[ia], nb = ib < 0 ? 1 : b->dim[ib];
        if (na != nb && na != 1 && nb != 1) {
            char ta[96], tb[96];
            return mf_fail(err, MF_E_ARG, "shapes %s and %s do not broadcast", mf_shape_text(ta, a), mf_shape_text(tb, b));
        }
        r.dim[d] = na == 1 ? nb : na;
    }
    *out = r;
    return MF_OK;
}

mf_status
mf_infer_same0(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin, (void)err;
    out[0] = *in[0];
    return MF_OK;
}

mf_status
mf_grad_refuse(const char *op, const char *why, mf_err *err)
{
    return mf_fail(err, MF_E_UNSUPPORTED, "%s has no gradient %s", op, why);
}
