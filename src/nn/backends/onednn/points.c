/* nn/backends/onednn/points.c: points of a face and the bells around them: few numbers, in the plain layout. */
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/gauss.h"

typedef struct points_state {
    int64_t n, p, q; /* samples, points in and out */
    union {
        mf_midpoints_attrs mid;
        mf_gauss_attrs     gauss;
    } attrs;
} points_state;

typedef struct points_job {
    const points_state *s;
    const mf_run       *r;
} points_job;

static bool
points_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32;
}

static mf_status
prepare(points_state **out, mf_prep *p, mf_err *err)
{
    if ((*out = mf_calloc(1, sizeof **out)) == NULL) {
        return mf_oom(err, sizeof **out, "points");
    }
    p->in[0].dtype   = MF_DTYPE_F32;
    p->in[0].layout  = mf_layout_plain(&p->in[0].shape);
    p->out[0].layout = mf_layout_plain(&p->out[0].shape);
    (*out)->n        = p->in[0].shape.dim[0];
    p->state         = *out;
    return MF_OK;
}

static mf_status
midpoints_prepare(mf_prep *p, mf_err *err)
{
    points_state *s;
    mf_status     st = prepare(&s, p, err);

    if (st == MF_OK) {
        s->attrs.mid = *(const mf_midpoints_attrs *)p->attrs;
        s->p         = p->in[0].shape.dim[1];
        s->q         = s->attrs.mid.n;
    }
    return st;
}

static mf_status
midpoints_run(void *state, const mf_run *r, mf_err *err)
{
    const points_state       *s = state;
    const mf_midpoints_attrs *a = &s->attrs.mid;

    (void)err;
    for (int64_t n = 0; n < s->n; n++) {
        const float *x = (const float *)r->in[0] + n * s->p * 3;
        float       *y = (float *)r->out[0] + n * s->q * 3;

        for (int64_t k = 0; k < s->q; k++) {
            const float *u = x + 3 * a->a[k], *v = x + 3 * a->b[k];

            y[k]            = (u[0] + v[0]) / 2 + a->dx[k];
            y[s->q + k]     = (u[1] + v[1]) / 2 + a->dy[k];
            y[2 * s->q + k] = u[2] < v[2] ? u[2] : v[2];
        }
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_midpoints = {
    .op = "midpoints", .name = "onednn.midpoints", .supports = points_supports, .prepare = midpoints_prepare, .run = midpoints_run,
    .release = mf_free,
};

static mf_status
gauss_maps_prepare(mf_prep *p, mf_err *err)
{
    points_state *s;
    mf_status     st = prepare(&s, p, err);

    if (st == MF_OK) {
        s->attrs.gauss = *(const mf_gauss_attrs *)p->attrs;
        s->q           = p->out[0].shape.dim[1];
        p->scratch     = (size_t)(s->n * s->q * s->attrs.gauss.w) * sizeof(float);
    }
    return st;
}

/* Items are the maps. */
static void
gauss_items(void *arg, size_t begin, size_t end, int thread)
{
    const points_job     *job = arg;
    const mf_gauss_attrs *a   = &job->s->attrs.gauss;
    const size_t          q = (size_t)job->s->q, h = (size_t)a->h, w = (size_t)a->w;

    (void)thread;
    for (size_t m = begin; m < end; m++) {
        const float *p   = (const float *)job->r->in[0] + m / q * 3 * q + m % q;
        float       *y   = (float *)job->r->out[0] + m * h * w, *row = (float *)job->r->scratch + m * w;
        const double px = (double)p[0] * (double)a->mul_x, py = (double)p[q] * (double)a->mul_y;

        if (!(p[2 * q] > a->sure)) {
            memset(y, 0, h * w * sizeof *y);
            continue;
        }
        for (size_t j = 0; j < w; j++) {
            row[j] = (float)mf_gauss_cell((int64_t)j, a->w, px, a->side_x, a->reach, (double)a->sigma, a->ahead);
        }
        for (size_t i = 0; i < h; i++) {
            const float v = (float)mf_gauss_cell((int64_t)i, a->h, py, a->side_y, a->reach, (double)a->sigma, a->ahead);

            for (size_t j = 0; j < w; j++) {
                y[i * w + j] = v * row[j];
            }
        }
    }
}

static mf_status
gauss_maps_run(void *state, const mf_run *r, mf_err *err)
{
    const points_state *s = state;
    points_job          j = {s, r};

    (void)err;
    mf_parallel_for((size_t)(s->n * s->q), 16, gauss_items, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_gauss_maps = {
    .op = "gauss_maps", .name = "onednn.gauss_maps", .supports = points_supports, .prepare = gauss_maps_prepare, .run = gauss_maps_run,
    .release = mf_free,
};
