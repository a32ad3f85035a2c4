/* eval/pca.c: owns the Krylov space of the covariance, which is never formed: C v = X'(X v) / (n - 1). */
#include "eval/pca.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/knn_i.h"

enum { PARTS = 16, SWEEPS = 60 };

void
mf_pca_free(mf_pca *p)
{
    mf_free(p->mean);
    mf_free(p->axis);
    mf_free(p->variance);
    *p = (mf_pca){0};
}

/* Points are multiplied in PARTS ranges whatever the number of threads: sums are then added in one order. */
typedef struct cov {
    const mf_knn_loops *f;
    const float        *x;
    const double       *mean;
    size_t              n, d;
    const double       *v;
    double             *part; /* [PARTS, d] */
} cov;

static void
multiply_parts(void *arg, size_t begin, size_t end, int thread)
{
    cov   *c  = arg;
    double mv = 0;

    (void)thread;
    for (size_t i = 0; i < c->d; i++) {
        mv += c->mean[i] * c->v[i];
    }
    for (size_t p = begin; p < end; p++) {
        double *to = c->part + p * c->d, sum = 0;

        memset(to, 0, c->d * sizeof *to);
        for (size_t i = c->n * p / PARTS; i < c->n * (p + 1) / PARTS; i++) {
            double s = c->f->dot(c->x + i * c->d, c->v, c->d) - mv;

            c->f->add_scaled(to, c->x + i * c->d, s, c->d);
            sum += s;
        }
        for (size_t i = 0; i < c->d; i++) {
            to[i] -= sum * c->mean[i];
        }
    }
}

static void
multiply(cov *c, double *out, const double *v)
{
    c->v = v;
    mf_parallel_for(PARTS, 1, multiply_parts, c);
    for (size_t i = 0; i < c->d; i++) {
        double s = 0;

        for (size_t p = 0; p < PARTS; p++) {
            s += c->part[p * c->d + i];
        }
        out[i] = s / (double)(c->n - 1);
    }
}

static double
dot_d(const double *a, const double *b, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

/* v minus its parts along the m rows of q, twice ("twice is enough": Parlett 1998, 6.9); its length then. */
static double
orthogonalise(double *v, const double *q, size_t m, size_t d)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 0; j < m; j++) {
            double s = dot_d(v, q + j * d, d);

            for (size_t i = 0; i < d; i++) {
                v[i] -= s * q[j * d + i];
            }
        }
    }
    return sqrt(dot_d(v, v, d));
}

/* A drawn direction that is orthogonal to q, of length 1. False where there is none. */
static bool
draw(double *v, const double *q, size_t m, size_t d)
{
    mf_rng rng = mf_rng_make(0, m, 0, MF_RNG_EVAL);

    for (int attempt = 0; attempt < 3 && m < d; attempt++) {
        double len;

        for (size_t i = 0; i < d; i++) {
            v[i] = mf_rng_normal(&rng);
        }
        if ((len = orthogonalise(v, q, m, d)) > 1e-8 * sqrt((double)d)) {
            for (size_t i = 0; i < d; i++) {
                v[i] /= len;
            }
            return true;
        }
    }
    return false;
}

/* Eigenvalues of the symmetric a [m, m] onto its diagonal, vectors as rows of u (cyclic Jacobi; Golub and Van Loan 8.5). */
static void
jacobi(double *a, double *u, size_t m)
{
    for (size_t i = 0; i < m * m; i++) {
        u[i] = i % (m + 1) == 0 ? 1.0 : 0.0;
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double off = 0, all = 0;

        for (size_t i = 0; i < m; i++) {
            for (size_t j = 0; j < m; j++) {
                *(i == j ? &all : &off) += a[i * m + j] * a[i * m + j];
            }
        }
        if (off <= 1e-30 * (all + off)) {
            return;
        }
        for (size_t p = 0; p < m; p++) {
            for (size_t q = p + 1; q < m; q++) {
                double apq = a[p * m + q], th, t, c, s;

                if (apq == 0) {
                    continue;
                }
                th = (a[q * m + q] - a[p * m + p]) / (2 * apq);
                t  = (th >= 0 ? 1.0 : -1.0) / (fabs(th) + sqrt(th * th + 1));
                c  = 1 / sqrt(t * t + 1);
                s  = t * c;
                for (size_t i = 0; i < m; i++) {
                    double x = a[i * m + p], y = a[i * m + q];

                    a[i * m + p] = c * x - s * y;
                    a[i * m + q] = s * x + c * y;
                }
                for (size_t i = 0; i < m; i++) {
                    double x = a[p * m + i], y = a[q * m + i];

                    a[p * m + i] = c * x - s * y;
                    a[q * m + i] = s * x + c * y;
                }
                for (size_t i = 0; i < m; i++) {
                    double x = u[p * m + i], y = u[q * m + i];

                    u[p * m + i] = c * x - s * y;
                    u[q * m + i] = s * x + c * y;
                }
            }
        }
    }
}

/* The order of a's diagonal, largest first. */
static void
rank_diagonal(size_t *order, const double *a, size_t m)
{
    for (size_t i = 0; i < m; i++) {
        size_t j = i;

        for (; j > 0 && a[order[j - 1] * (m + 1)] < a[i * (m + 1)]; j--) {
            order[j] = order[j - 1];
        }
        order[j] = i;
    }
}

static void
take_axes(mf_pca *p, const double *a, const double *u, const double *q, const size_t *order, size_t m)
{
    for (size_t k = 0; k < p->k; k++) {
        double *axis = p->axis + k * p->d, best = 0;
        double  var  = k < m ? a[order[k] * (m + 1)] : 0;

        memset(axis, 0, p->d * sizeof *axis);
        p->variance[k] = var > 1e-14 * p->total ? var : 0;
        if (p->variance[k] == 0) {
            continue;
        }
        for (size_t j = 0; j < m; j++) {
            for (size_t i = 0; i < p->d; i++) {
                axis[i] += u[order[k] * m + j] * q[j * p->d + i];
            }
        }
        for (size_t i = 0; i < p->d; i++) {
            best = fabs(axis[i]) > fabs(best) ? axis[i] : best;
        }
        for (size_t i = 0; i < p->d && best < 0; i++) {
            axis[i] = -axis[i];
        }
    }
}

/* The space so far: q [m, d] its orthonormal directions, t [2 m] the diagonal and what is beside it; a, u, order: scratch of the
 * small eigenproblem. */
typedef struct space {
    double *q, *t, *a, *u;
    size_t *order;
    size_t  m, cap, most;
} space;

static mf_status
grow(space *s, size_t d, mf_err *err)
{
    size_t  to = s->cap * 2 + 16 < s->most ? s->cap * 2 + 16 : s->most;
    double *q = mf_realloc(s->q, to, d * sizeof *q), *t;

    s->q = q != NULL ? q : s->q;
    t    = q != NULL ? mf_realloc(s->t, to, 2 * sizeof *t) : NULL;
    s->t = t != NULL ? t : s->t;
    if (t == NULL) {
        return mf_oom(err, to * d * sizeof *q, "principal components");
    }
    s->cap = to;
    return MF_OK;
}

/* Eigenvectors of the space so far; *worst: the largest error of a wanted eigenvalue, `next` being the length of what the last
 * direction gave beside the space. */
static mf_status
solve(space *s, const mf_pca *p, double next, double *worst, mf_err *err)
{
    const size_t m = s->m;

    mf_free(s->a);
    mf_free(s->u);
    mf_free(s->order);
    s->a     = mf_calloc(m, m * sizeof *s->a);
    s->u     = mf_calloc(m, m * sizeof *s->u);
    s->order = mf_calloc(m, sizeof *s->order);
    if (s->a == NULL || s->u == NULL || s->order == NULL) {
        return mf_oom(err, 2 * m * m * sizeof *s->a, "principal components");
    }
    for (size_t i = 0; i < m; i++) {
        s->a[i * (m + 1)] = s->t[2 * i];
        if (i + 1 < m) {
            s->a[i * m + i + 1] = s->a[(i + 1) * m + i] = s->t[2 * i + 1];
        }
    }
    jacobi(s->a, s->u, m);
    rank_diagonal(s->order, s->a, m);
    *worst = 0;
    for (size_t k = 0; k < p->k && k < m; k++) {
        *worst = fmax(*worst, next * fabs(s->u[s->order[k] * m + m - 1]));
    }
    return MF_OK;
}

static mf_status
lanczos(mf_pca *p, cov *c, mf_err *err)
{
    const size_t d     = p->d;
    size_t       check = p->k * 2 + 10;
    space        s     = {.most = d < c->n ? d : c->n};
    double      *w     = mf_calloc(d, sizeof *w), next = 0, worst;
    mf_status    st;

    if (w == NULL) {
        return mf_oom(err, d * sizeof *w, "principal components");
    }
    for (;;) {
        if (s.m == s.cap && (st = grow(&s, d, err)) < 0) {
            break;
        }
        if (s.m > 0 && next > 1e-13 * p->total) {
            for (size_t i = 0; i < d; i++) {
                s.q[s.m * d + i] = w[i] / next;
            }
        } else { /* the start; or the space is closed, and another direction is not coupled to it */
            next = 0;
            if (!draw(s.q + s.m * d, s.q, s.m, d)) {
                st = mf_fail(err, MF_E_NUMERIC, "no direction is left after %zu principal components", s.m);
                break;
            }
        }
        if (s.m > 0) {
            s.t[2 * s.m - 1] = next;
        }
        multiply(c, w, s.q + s.m * d);
        s.t[2 * s.m] = dot_d(w, s.q + s.m * d, d);
        s.m++;
        next = orthogonalise(w, s.q, s.m, d);
        if (s.m == s.most || s.m == check) {
            if ((st = solve(&s, p, next, &worst, err)) < 0) {
                break;
            }
            if (s.m == s.most || worst <= 1e-10 * s.a[s.order[0] * (s.m + 1)]) {
                take_axes(p, s.a, s.u, s.q, s.order, s.m);
                break;
            }
            check += check / 2;
        }
    }
    mf_free(w);
    mf_free(s.q);
    mf_free(s.t);
    mf_free(s.a);
    mf_free(s.u);
    mf_free(s.order);
    return st;
}

mf_status
mf_pca_fit(mf_pca *out, const float *x, size_t n, size_t d, size_t k, mf_err *err)
{
    mf_pca    p = {.d = d, .k = k};
    cov       c = {.f = mf_knn_loops_get(), .x = x, .n = n, .d = d};
    mf_status st;

    *out = (mf_pca){0};
    if (k < 1 || k > d) {
        return mf_fail(err, MF_E_ARG, "%zu principal components of %zu values: expected 1 to %zu", k, d, d);
    }
    if (n < 2) {
        return mf_fail(err, MF_E_LIMIT, "principal components need at least two points, not %zu", n);
    }
    p.mean     = mf_calloc(d, sizeof *p.mean);
    p.axis     = mf_calloc(k, d * sizeof *p.axis);
    p.variance = mf_calloc(k, sizeof *p.variance);
    c.part     = mf_calloc(PARTS, d * sizeof *c.part);
    if (p.mean == NULL || p.axis == NULL || p.variance == NULL || c.part == NULL) {
        st = mf_oom(err, d * (k + PARTS) * sizeof *c.part, "principal components");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            p.mean[j] += (double)x[i * d + j];
        }
    }
    for (size_t j = 0; j < d; j++) {
        p.mean[j] /= (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            double e = (double)x[i * d + j] - p.mean[j];

            p.total += e * e;
        }
    }
    p.total /= (double)(n - 1);
    c.mean = p.mean;
    st     = p.total > 0 ? lanczos(&p, &c, err) : MF_OK;
done:
    mf_free(c.part);
    if (st < 0) {
        mf_pca_free(&p);
    } else {
        *out = p;
    }
    return st;
}

void
mf_pca_apply(const mf_pca *p, double *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < p->k; k++) {
            double s = 0;

            for (size_t j = 0; j < p->d; j++) {
                s += ((double)x[i * p->d + j] - p->mean[j]) * p->axis[k * p->d + j];
            }
            y[i * p->k + k] = s;
        }
    }
}
