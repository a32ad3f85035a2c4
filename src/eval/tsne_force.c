/* eval/tsne_force.c: owns the forces between embedded points: all pairs, or the grid of tsne_fft.c. */
#include <math.h>
#include <string.h>

#include "core/isa.h"
#include "core/mem.h"
#include "core/thread.h"
#include "eval/tsne_i.h"

#define FAR_AWAY 1e15f /* where padding lies: its forces on the points, and theirs on it, vanish in float */

struct mf_repulsion {
    size_t               n, padded, parts;
    const mf_tsne_loops *f;
    mf_tsne_grid        *grid; /* NULL: all pairs */
    float               *x, *y;   /* [padded] */
    float               *force;   /* [parts, 2, padded] */
    double               z[MF_TSNE_PARTS_MAX];
    float               *out;
};

const mf_tsne_loops *
mf_tsne_loops_get(void)
{
#if MF_ISA_X86
    switch (mf_isa_best()) {
    case MF_ISA_AVX512: return &mf_tsne_loops_avx512;
    case MF_ISA_AVX2:   return &mf_tsne_loops_avx2;
    default:            break;
    }
#endif
    return &mf_tsne_loops_base;
}

void
mf_repulsion_free(mf_repulsion *r)
{
    if (r == NULL) {
        return;
    }
    mf_tsne_grid_free(r->grid);
    mf_free(r->x);
    mf_free(r->y);
    mf_free(r->force);
    mf_free(r);
}

mf_status
mf_repulsion_new(mf_repulsion **out, size_t n, bool fft, mf_err *err)
{
    mf_repulsion *r = mf_calloc(1, sizeof *r);
    mf_status     st;

    *out = NULL;
    if (r == NULL) {
        return mf_oom(err, sizeof *r, "forces");
    }
    r->n = n;
    r->f = mf_tsne_loops_get();
    if (fft) {
        if ((st = mf_tsne_grid_new(&r->grid, n, err)) < 0) {
            mf_repulsion_free(r);
            return st;
        }
        *out = r;
        return MF_OK;
    }
    r->padded = (n + r->f->lanes - 1) / r->f->lanes * r->f->lanes;
    r->parts  = (size_t)mf_threads_get() < MF_TSNE_PARTS_MAX ? (size_t)mf_threads_get() : (size_t)MF_TSNE_PARTS_MAX;
    r->x      = mf_aligned(r->padded * sizeof *r->x);
    r->y      = mf_aligned(r->padded * sizeof *r->y);
    r->force  = mf_aligned(r->parts * 2 * r->padded * sizeof *r->force);
    if (r->x == NULL || r->y == NULL || r->force == NULL) {
        st = mf_oom(err, (r->parts + 1) * 2 * r->padded * sizeof *r->force, "forces");
        mf_repulsion_free(r);
        return st;
    }
    *out = r;
    return MF_OK;
}

static void
repulse_part(void *arg, size_t begin, size_t end, int thread)
{
    mf_repulsion *r = arg;

    (void)thread;
    for (size_t p = begin; p < end; p++) {
        float *fx = r->force + 2 * p * r->padded, *fy = fx + r->padded;

        memset(fx, 0, 2 * r->padded * sizeof *fx);
        r->z[p] = r->f->repulse(fx, fy, r->x, r->y, r->n, r->padded, p, r->parts);
    }
}

static void
add_parts(void *arg, size_t begin, size_t end, int thread)
{
    mf_repulsion *r = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        float x = 0, y = 0;

        for (size_t p = 0; p < r->parts; p++) {
            x += r->force[2 * p * r->padded + i];
            y += r->force[(2 * p + 1) * r->padded + i];
        }
        r->out[2 * i]     = x;
        r->out[2 * i + 1] = y;
    }
}

mf_status
mf_repulsion_run(mf_repulsion *r, float *force, double *z, const float *y, mf_err *err)
{
    if (r->grid != NULL) {
        return mf_tsne_grid_run(r->grid, force, z, y, err);
    }
    for (size_t i = 0; i < r->padded; i++) {
        r->x[i] = i < r->n ? y[2 * i] : FAR_AWAY;
        r->y[i] = i < r->n ? y[2 * i + 1] : FAR_AWAY;
    }
    mf_parallel_for(r->parts, 1, repulse_part, r);
    r->out = force;
    mf_parallel_for(r->n, 4096, add_parts, r);
    *z = -(double)r->n; /* without each point's own */
    for (size_t p = 0; p < r->parts; p++) {
        *z += r->z[p];
    }
    return MF_OK;
}

typedef struct pull {
    const mf_tsne_loops *f;
    const mf_affinity   *a;
    const float         *y;
    float               *grad;
} pull;

static void
pull_rows(void *arg, size_t begin, size_t end, int thread)
{
    pull *p = arg;

    (void)thread;
    p->f->attract(p->grad, p->a, p->y, begin, end);
}

mf_status
mf_tsne_gradient(float *grad, double *z, mf_repulsion *r, const mf_affinity *a, const float *y, double exaggeration, float *scratch,
                 mf_err *err)
{
    pull      p = {r->f, a, y, grad};
    mf_status st;

    mf_parallel_for(a->n, 512, pull_rows, &p);
    if ((st = mf_repulsion_run(r, scratch, z, y, err)) < 0) {
        return st;
    }
    r->f->combine(grad, scratch, (float)exaggeration, (float)(1 / *z), a->n);
    return MF_OK;
}

double
mf_tsne_divergence(const mf_affinity *a, const float *y, double z)
{
    double sum = a->plogp, all = 0;

    for (size_t i = 0; i < a->n; i++) {
        for (size_t e = a->row[i]; e < a->row[i + 1]; e++) {
            double dx = (double)y[2 * i] - (double)y[2 * (size_t)a->col[e]], dy = (double)y[2 * i + 1] - (double)y[2 * (size_t)a->col[e] + 1];

            sum += (double)a->p[e] * log1p(dx * dx + dy * dy);
            all += (double)a->p[e];
        }
    }
    return sum + all * log(z);
}
