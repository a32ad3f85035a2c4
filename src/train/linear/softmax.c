/* train/linear/softmax.c: the softmax layer, by L-BFGS: directions from the last few steps (two-loop recursion), steps that meet
 * the strong Wolfe conditions, found by bracketing and bisection. All in double; sums run in one order whatever the threads. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/thread.h"
#include "train/linear/linear_i.h"

enum { MEMORY = 10, TRIALS_MAX = 60 };

typedef struct problem {
    const mf_linear_data  *data;
    const mf_linear_loops *loops;
    double                c;
    size_t                size;  /* classes * (d + 1) */
    double               *share; /* [n, classes]: s_i (softmax - one-hot) */
    double               *loss;  /* [n] */
    const double         *w;     /* where it is evaluated */
    double               *grad;  /* there */
} problem;

static void
rows(void *arg, size_t begin, size_t end, int thread)
{
    const problem *p = arg;
    const int      k = p->data->classes;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const float *x   = p->data->x + i * p->data->d;
        const double s   = mf_linear_weight(p->data, i);
        double      *z   = p->share + i * (size_t)k;
        double       top = -(double)INFINITY, sum = 0, mine;

        for (int c = 0; c < k; c++) {
            z[c] = p->loops->dot(p->w + (size_t)c * (p->data->d + 1), x, p->data->d);
            top  = z[c] > top ? z[c] : top;
        }
        mine = z[p->data->label[i]];
        for (int c = 0; c < k; c++) {
            z[c] = exp(z[c] - top);
            sum += z[c];
        }
        p->loss[i] = s * (top + log(sum) - mine);
        for (int c = 0; c < k; c++) {
            z[c] = s * (z[c] / sum - (c == p->data->label[i] ? 1.0 : 0.0));
        }
    }
}

static void
columns(void *arg, size_t begin, size_t end, int thread)
{
    const problem *p = arg;
    const size_t   d = p->data->d;

    (void)thread;
    for (size_t c = begin; c < end; c++) {
        double *g = p->grad + c * (d + 1);

        memcpy(g, p->w + c * (d + 1), d * sizeof *g);
        g[d] = 0.0;
        for (size_t i = 0; i < p->data->n; i++) {
            p->loops->add(g, p->c * p->share[i * (size_t)p->data->classes + c], p->data->x + i * d, d);
        }
    }
}

static double
evaluate(problem *p, const double *w, double *grad)
{
    const size_t d = p->data->d;
    double       f = 0, norm = 0;

    p->w    = w;
    p->grad = grad;
    mf_parallel_for(p->data->n, 64, rows, p);
    mf_parallel_for((size_t)p->data->classes, 1, columns, p);
    for (size_t i = 0; i < p->data->n; i++) {
        f += p->loss[i];
    }
    for (size_t i = 0; i < p->size; i++) {
        norm += i % (d + 1) != d ? w[i] * w[i] : 0.0;
    }
    return 0.5 * norm + p->c * f;
}

static double
dot(const double *a, const double *b, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

static double
largest(const double *a, size_t n)
{
    double top = 0;

    for (size_t i = 0; i < n; i++) {
        top = fabs(a[i]) > top ? fabs(a[i]) : top;
    }
    return top;
}

typedef struct memory {
    double *s[MEMORY], *y[MEMORY]; /* steps, and changes of the gradient */
    double  rho[MEMORY];
    int     n, next;
} memory;

/* dir = -H grad by the last steps (algorithm 7.4). */
static void
direction(double *dir, const double *grad, const memory *m, size_t size)
{
    double a[MEMORY];

    for (size_t i = 0; i < size; i++) {
        dir[i] = -grad[i];
    }
    for (int k = 0; k < m->n; k++) {
        const int j = (m->next - 1 - k + 2 * MEMORY) % MEMORY;

        a[j] = m->rho[j] * dot(m->s[j], dir, size);
        for (size_t i = 0; i < size; i++) {
            dir[i] -= a[j] * m->y[j][i];
        }
    }
    if (m->n > 0) {
        const int    j     = (m->next - 1 + MEMORY) % MEMORY;
        const double scale = 1.0 / (m->rho[j] * dot(m->y[j], m->y[j], size));

        for (size_t i = 0; i < size; i++) {
            dir[i] *= scale;
        }
    }
    for (int k = m->n - 1; k >= 0; k--) {
        const int    j = (m->next - 1 - k + 2 * MEMORY) % MEMORY;
        const double b = m->rho[j] * dot(m->y[j], dir, size);

        for (size_t i = 0; i < size; i++) {
            dir[i] += (a[j] - b) * m->s[j][i];
        }
    }
}

/* A step along dir that lowers f enough and flattens it enough; false where rounding allows none. Where f differs by no more than it is
 * rounded, its slopes say whether it was lowered (Hager and Zhang 2005, the approximate Wolfe conditions). */
static bool
search(problem *p, const double *w, const double *dir, double f0, double slope0, double first, double *w_new, double *grad,
       double *f)
{
    const double rounded = 1e-12 * fabs(f0);
    double       lo = 0, hi = (double)INFINITY, t = first;

    for (int i = 0; i < TRIALS_MAX; i++) {
        double slope;

        for (size_t k = 0; k < p->size; k++) {
            w_new[k] = w[k] + t * dir[k];
        }
        *f    = evaluate(p, w_new, grad);
        slope = dot(grad, dir, p->size);
        if (!(*f <= f0 + 1e-4 * t * slope0 || (*f <= f0 + rounded && slope <= (2e-4 - 1.0) * slope0))) {
            hi = t;
        } else if (slope < 0.9 * slope0) {
            lo = t;
        } else if (slope > -0.9 * slope0) {
            hi = t;
        } else {
            return true;
        }
        t = isinf(hi) ? 2.0 * t : 0.5 * (lo + hi);
    }
    return false;
}

static mf_status
descend(mf_linear *out, problem *p, const mf_linear_opts *o, mf_linear_report *report, mf_err *err)
{
    double   *block = mf_calloc((2 * MEMORY + 4) * p->size, sizeof *block);
    double   *w = out->w, *grad, *dir, *w_new, *grad_new, f, start;
    memory    m = {0};
    int       step = 0;
    bool      converged;

    if (block == NULL) {
        return mf_oom(err, (2 * MEMORY + 4) * p->size * sizeof *block, "a softmax layer");
    }
    for (int k = 0; k < MEMORY; k++) {
        m.s[k] = block + (size_t)(2 * k) * p->size;
        m.y[k] = block + (size_t)(2 * k + 1) * p->size;
    }
    grad     = block + 2 * MEMORY * p->size;
    dir      = grad + p->size;
    w_new    = dir + p->size;
    grad_new = w_new + p->size;
    f        = evaluate(p, w, grad);
    start    = largest(grad, p->size);
    converged = start == 0.0;
    for (; step < o->passes && !converged; step++) {
        double slope, f_new, sy;

        direction(dir, grad, &m, p->size);
        slope = dot(dir, grad, p->size);
        if (!search(p, w, dir, f, slope, m.n == 0 ? 1.0 / sqrt(-slope) : 1.0, w_new, grad_new, &f_new)) {
            break;
        }
        for (size_t i = 0; i < p->size; i++) {
            m.s[m.next][i] = w_new[i] - w[i];
            m.y[m.next][i] = grad_new[i] - grad[i];
        }
        sy = dot(m.s[m.next], m.y[m.next], p->size);
        if (sy > 0.0) {
            m.rho[m.next] = 1.0 / sy;
            m.next        = (m.next + 1) % MEMORY;
            m.n           = m.n < MEMORY ? m.n + 1 : MEMORY;
        }
        memcpy(w, w_new, p->size * sizeof *w);
        memcpy(grad, grad_new, p->size * sizeof *grad);
        f         = f_new;
        converged = largest(grad, p->size) <= o->tolerance * start;
    }
    if (report != NULL) {
        *report = (mf_linear_report){.passes = step, .primal = f, .gap = (double)NAN, .converged = converged};
    }
    mf_free(block);
    return MF_OK;
}

mf_status
mf_softmax_fit(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_linear_report *report, mf_err *err)
{
    problem   p = {.data = data, .loops = mf_linear_best(), .c = o->c, .size = (size_t)data->classes * (data->d + 1)};
    mf_status st;

    if ((st = mf_linear_begin(out, data, o, err)) < 0) {
        goto done;
    }
    p.share = mf_calloc(data->n, (size_t)data->classes * sizeof *p.share);
    p.loss  = mf_calloc(data->n, sizeof *p.loss);
    st      = p.share != NULL && p.loss != NULL ? descend(out, &p, o, report, err)
                                                : mf_oom(err, data->n * (size_t)data->classes * sizeof *p.share, "a softmax layer");
done:
    mf_free(p.share);
    mf_free(p.loss);
    if (st < 0) {
        mf_linear_free(out);
    }
    return st;
}
