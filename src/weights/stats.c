/* weights/stats.c: values are read in runs, converted to double by the general copy. */
#include "weights/stats.h"

#include <math.h>
#include <string.h>

enum { RUN = 256 };

/* Elements first..first+n-1 as doubles. */
static void
read_run(double to[RUN], const mf_tensor *t, int64_t first, int64_t n)
{
    const char *from = (const char *)t->data + (size_t)first * mf_dtype_size(t->dtype);
    mf_shape    s    = {.ndim = 1, .dim = {n}};
    mf_tdesc    to_d = {MF_DTYPE_F64, s, mf_layout_plain(&s)}, from_d = {t->dtype, s, mf_layout_plain(&s)};

    if (t->dtype == MF_DTYPE_F32) {
        const float *f = (const float *)(const void *)from;

        for (int64_t i = 0; i < n; i++) {
            to[i] = (double)f[i];
        }
    } else {
        mf_tensor_copy(&to_d, to, &from_d, from);
    }
}

mf_tensor_stats
mf_tensor_stats_of(const mf_tensor *t)
{
    mf_tensor_stats r   = {.elements = mf_shape_elems(&t->shape)};
    double          sum = 0, v[RUN];

    for (int64_t at = 0; at < r.elements; at += RUN) {
        int64_t n = r.elements - at < RUN ? r.elements - at : RUN;

        read_run(v, t, at, n);
        for (int64_t i = 0; i < n; i++) {
            if (!isfinite(v[i])) {
                r.nonfinite++;
                continue;
            }
            if (at + i == r.nonfinite) { /* the first finite one */
                r.min = r.max = v[i];
            }
            r.min = v[i] < r.min ? v[i] : r.min;
            r.max = v[i] > r.max ? v[i] : r.max;
            sum += v[i];
        }
    }
    if (r.elements > r.nonfinite) {
        r.mean = sum / (double)(r.elements - r.nonfinite);
    }
    return r;
}

mf_status
mf_tensor_gap_of(mf_tensor_gap *out, const mf_tensor *a, const mf_tensor *b, mf_err *err)
{
    int64_t elements = mf_shape_elems(&a->shape);
    double  top = 0, x[RUN], y[RUN];

    *out = (mf_tensor_gap){0};
    if (!mf_shape_eq(&a->shape, &b->shape)) {
        char s[96], t[96];

        return mf_fail(err, MF_E_ARG, "tensor '%s' is %s, but %s is expected", a->name, mf_shape_text(s, &a->shape), mf_shape_text(t, &b->shape));
    }
    for (int64_t at = 0; at < elements; at += RUN) {
        int64_t n = elements - at < RUN ? elements - at : RUN;

        read_run(x, a, at, n);
        read_run(y, b, at, n);
        for (int64_t i = 0; i < n; i++) {
            double d = fabs(x[i] - y[i]);

            if (!isfinite(x[i]) || !isfinite(y[i])) {
                bool same = memcmp(&x[i], &y[i], sizeof x[i]) == 0 || (isnan(x[i]) && isnan(y[i]));

                d = same ? 0 : INFINITY;
            } else if (fabs(y[i]) > top) {
                top = fabs(y[i]);
            }
            out->max_abs = d > out->max_abs ? d : out->max_abs;
        }
    }
    out->relative = out->max_abs > 0 ? (top > 0 ? out->max_abs / top : INFINITY) : 0;
    return MF_OK;
}
