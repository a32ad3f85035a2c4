/* train/linear/svm.c: one class against the rest. The squared hinge is smooth and goes to Newton's method (newton.c); of the plain
 * hinge the dual is solved, for one class
 *
 *     min_a 1/2 |sum_i a_i y_i x_i|^2 - sum_i a_i,   0 <= a_i <= c s_i
 *
 * by coordinate descent: one a_i at a time is moved to its best value, w = sum a_i y_i x_i being kept. A sample whose a_i stands at
 * a bound, with a gradient that presses it there, is left out (shrinking) until the rest has converged; then all are looked at
 * once more. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "train/linear/linear_i.h"

typedef struct problem {
    const mf_linear_data  *data;
    const mf_linear_loops *loops;
    const mf_linear_opts *o;
    double               *w;     /* [classes, d + 1] */
    double               *alpha; /* [classes, n] */
    double               *norm;  /* [n]: |x_i|^2 + 1; plain hinge only */
    uint32_t             *index; /* [classes, n] */
    double               *room;  /* [classes, MF_LINEAR_NEWTON_ROOM(n, d)]; squared hinge only */
    mf_linear_report     *of;    /* [classes] */
} problem;

static double
bound_of(const problem *p, size_t i)
{
    return p->o->c * mf_linear_weight(p->data, i);
}

typedef struct spread {
    double hi, lo; /* of the projected gradient in this pass */
} spread;

/* One pass over the samples that are looked at; their number afterwards. `before` is the spread of the last pass. */
static size_t
one_pass(const problem *p, int c, size_t active, const spread *before, spread *now)
{
    const mf_linear_data *data  = p->data;
    double               *w     = p->w + (size_t)c * (data->d + 1);
    double               *alpha = p->alpha + (size_t)c * data->n;
    uint32_t             *index = p->index + (size_t)c * data->n;

    *now = (spread){-(double)INFINITY, (double)INFINITY};
    for (size_t s = 0; s < active;) {
        const size_t i    = index[s];
        const double y    = data->label[i] == c ? 1.0 : -1.0;
        const double top  = bound_of(p, i);
        const double g    = y * p->loops->dot(w, data->x + i * data->d, data->d) - 1.0;
        double       pg   = g;

        if ((alpha[i] <= 0.0 && g > before->hi) || (alpha[i] >= top && g < before->lo)) {
            index[s]        = index[--active];
            index[active]   = (uint32_t)i;
            continue;
        }
        if ((alpha[i] <= 0.0 && g > 0.0) || (alpha[i] >= top && g < 0.0)) {
            pg = 0.0;
        }
        now->hi = pg > now->hi ? pg : now->hi;
        now->lo = pg < now->lo ? pg : now->lo;
        if (fabs(pg) > 1e-15) {
            const double old = alpha[i];

            alpha[i] = fmin(fmax(old - g / p->norm[i], 0.0), top);
            p->loops->add(w, (alpha[i] - old) * y, data->x + i * data->d, data->d);
        }
        s++;
    }
    return active;
}

/* Values of the primal and, negated, of the dual: their sum is the gap. */
static void
value(const problem *p, int c)
{
    const mf_linear_data *data  = p->data;
    const double         *w     = p->w + (size_t)c * (data->d + 1), *alpha = p->alpha + (size_t)c * data->n;
    double                norm  = 0, loss = 0, dual = 0;

    for (size_t k = 0; k <= data->d; k++) {
        norm += w[k] * w[k];
    }
    for (size_t i = 0; i < data->n; i++) {
        const double y = data->label[i] == c ? 1.0 : -1.0;

        loss += bound_of(p, i) * fmax(0.0, 1.0 - y * p->loops->dot(w, data->x + i * data->d, data->d));
        dual -= alpha[i];
    }
    p->of[c].primal = 0.5 * norm + loss;
    p->of[c].gap    = norm + loss + dual;
}

/* w of the alphas that a fit begins with. */
static void
begin(const problem *p, int c)
{
    const mf_linear_data *data  = p->data;
    double               *alpha = p->alpha + (size_t)c * data->n;

    for (size_t i = 0; i < data->n; i++) {
        p->index[(size_t)c * data->n + i] = (uint32_t)i;
        alpha[i] = fmax(alpha[i], 0.0);
        if (p->o->hinge == MF_HINGE_PLAIN) {
            alpha[i] = fmin(alpha[i], bound_of(p, i));
        }
        if (alpha[i] > 0.0) {
            p->loops->add(p->w + (size_t)c * (data->d + 1), data->label[i] == c ? alpha[i] : -alpha[i], data->x + i * data->d,
                          data->d);
        }
    }
}

static void
descend(const problem *p, int c)
{
    const size_t n      = p->data->n;
    size_t       active = n;
    const spread open   = {(double)INFINITY, -(double)INFINITY};
    spread       before = open, now;
    int          pass   = 0;

    for (; pass < p->o->passes; pass++) {
        mf_rng r = mf_rng_make(p->o->seed, (uint64_t)pass, (uint64_t)c, MF_RNG_METHOD);

        mf_rng_shuffle(&r, p->index + (size_t)c * n, active);
        active = one_pass(p, c, active, &before, &now);
        if (active == 0 || now.hi - now.lo <= p->o->tolerance) {
            if (active == n) {
                p->of[c].converged = true;
                pass++;
                break;
            }
            active = n; /* look at all of them again */
            before = open;
            continue;
        }
        before.hi = now.hi > 0.0 ? now.hi : (double)INFINITY;
        before.lo = now.lo < 0.0 ? now.lo : -(double)INFINITY;
    }
    p->of[c].passes = pass;
    value(p, c);
}

static void
solve_range(void *arg, size_t first, size_t end, int thread)
{
    const problem *p = arg;
    const size_t   n = p->data->n, d = p->data->d;

    (void)thread;
    for (size_t c = first; c < end; c++) {
        begin(p, (int)c);
        if (p->o->hinge == MF_HINGE_PLAIN) {
            descend(p, (int)c);
        } else {
            mf_linear_newton(p->data, p->o, (int)c, p->w + c * (d + 1), p->alpha + c * n, p->index + c * n,
                             p->room + c * MF_LINEAR_NEWTON_ROOM(n, d), &p->of[c]);
        }
    }
}

mf_status
mf_svm_fit(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_linear_report *report, mf_err *err)
{
    const size_t classes = (size_t)data->classes;
    problem      p       = {.data = data, .loops = mf_linear_best(), .o = o};
    mf_status    st;

    if ((st = mf_linear_begin(out, data, o, err)) < 0) {
        goto done;
    }
    p.w     = out->w;
    p.alpha = o->alpha != NULL ? o->alpha : mf_calloc(classes * data->n, sizeof *p.alpha);
    p.index = mf_calloc(classes * data->n, sizeof *p.index);
    p.of    = mf_calloc(classes, sizeof *p.of);
    if (o->hinge == MF_HINGE_PLAIN) {
        p.norm = mf_calloc(data->n, sizeof *p.norm);
    } else {
        p.room = mf_calloc(classes * MF_LINEAR_NEWTON_ROOM(data->n, data->d), sizeof *p.room);
    }
    if (p.alpha == NULL || p.index == NULL || p.of == NULL || (p.norm == NULL && p.room == NULL)) {
        st = mf_oom(err, classes * data->n * sizeof *p.alpha, "a support vector machine");
        goto done;
    }
    for (size_t i = 0; p.norm != NULL && i < data->n; i++) {
        double s = 1.0;

        for (size_t k = 0; k < data->d; k++) {
            s += (double)data->x[i * data->d + k] * (double)data->x[i * data->d + k];
        }
        p.norm[i] = s;
    }
    mf_parallel_for(classes, 1, solve_range, &p);
    if (report != NULL) {
        *report = (mf_linear_report){.converged = true};
        for (size_t c = 0; c < classes; c++) {
            report->passes = p.of[c].passes > report->passes ? p.of[c].passes : report->passes;
            report->primal += p.of[c].primal;
            report->gap += p.of[c].gap;
            report->converged = report->converged && p.of[c].converged;
        }
    }
done:
    if (p.alpha != o->alpha) {
        mf_free(p.alpha);
    }
    mf_free(p.norm);
    mf_free(p.room);
    mf_free(p.index);
    mf_free(p.of);
    if (st < 0) {
        mf_linear_free(out);
    }
    return st;
}
