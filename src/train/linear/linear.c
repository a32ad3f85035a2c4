/* train/linear/linear.c */
#include "core/mem.h"
#include "core/thread.h"
#include "train/linear/linear_i.h"

void
mf_linear_free(mf_linear *l)
{
    mf_free(l->w);
    *l = (mf_linear){0};
}

mf_linear_opts
mf_linear_opts_default(void)
{
    return (mf_linear_opts){.c = 1.0, .tolerance = 0.01, .passes = 1000};
}

const mf_linear_loops *
mf_linear_best(void)
{
#if MF_ISA_X86
    switch (mf_isa_best()) {
    case MF_ISA_AVX512: return &mf_linear_loops_avx512;
    case MF_ISA_AVX2:   return &mf_linear_loops_avx2;
    case MF_ISA_BASE:   break;
    }
#endif
    return &mf_linear_loops_base;
}

mf_status
mf_linear_begin(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_err *err)
{
    *out = (mf_linear){.classes = data->classes, .d = data->d};
    if (data->n == 0 || data->d == 0 || data->classes < 2) {
        return mf_fail(err, MF_E_ARG, "a linear classifier of %zu samples of %zu numbers and %d classes", data->n, data->d,
                       data->classes);
    }
    if (!(o->c > 0.0) || !(o->tolerance > 0.0) || o->passes < 1) {
        return mf_fail(err, MF_E_ARG, "a linear classifier with C %g, tolerance %g and %d passes: all must be positive", o->c,
                       o->tolerance, o->passes);
    }
    for (size_t i = 0; i < data->n; i++) {
        if (data->label[i] < 0 || data->label[i] >= data->classes) {
            return mf_fail(err, MF_E_ARG, "sample %zu has label %d of %d classes", i, data->label[i], data->classes);
        }
        if (data->weight != NULL && !(data->weight[i] > 0.0)) {
            return mf_fail(err, MF_E_ARG, "sample %zu weighs %g: a weight must be positive", i, data->weight[i]);
        }
    }
    out->w = mf_calloc((size_t)data->classes * (data->d + 1), sizeof *out->w);
    return out->w != NULL ? MF_OK : mf_oom(err, (size_t)data->classes * (data->d + 1) * sizeof *out->w, "a linear classifier");
}

typedef struct scoring {
    const mf_linear       *l;
    const mf_linear_loops *loops;
    const float           *x;
    double                *out;
} scoring;

static void
score_rows(void *arg, size_t begin, size_t end, int thread)
{
    const scoring *s = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        for (int c = 0; c < s->l->classes; c++) {
            s->out[i * (size_t)s->l->classes + (size_t)c] =
                s->loops->dot(s->l->w + (size_t)c * (s->l->d + 1), s->x + i * s->l->d, s->l->d);
        }
    }
}

void
mf_linear_scores(const mf_linear *l, const float *x, size_t n, double *out)
{
    scoring s = {l, mf_linear_best(), x, out};

    mf_parallel_for(n, 64, score_rows, &s);
}
