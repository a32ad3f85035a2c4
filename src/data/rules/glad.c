/* data/rules/glad.c: annotators have abilities and pictures difficulties (Whitehill, Ruvolo, Wu, Bergsma and Movellan 2009).
 *
 * A vote is right with probability s(a exp(b)), s the logistic function, a the annotator's ability (any sign), exp(b) the
 * picture's easiness; a wrong vote picks any other class alike. Classes are equally likely beforehand; a and b have normal
 * priors of mean 1 and variance 1. With q the belief in what was voted for, the expected log-likelihood of a vote is
 * q log s(x) + (1 - q) (log(1 - s(x)) - log(K - 1)) with x = a exp(b) (their section 2). It is raised in turn over each
 * ability and each easiness, by Newton steps that are halved until they raise it: fixed points are those of full EM. */
#include <math.h>
#include <string.h>
#include "core/mem.h"
#include "data/rules/support.h"

static const mf_opt glad_opts[] = {MF_EM_OPTS(mf_em_cfg), MF_OPT_END};

/* A vote as one parameter sees it: `belief` q, and what the parameter is combined with. */
typedef struct term {
    double q, other;
} term;

typedef struct work {
    mf_adjudication *a;
    double *b;           /* [rows] log easiness */
    size_t *of, *begin;  /* votes for a class by annotator: of[begin[i] .. begin[i+1]-1] are numbers of votes */
    term   *terms;       /* [most votes of one annotator or row] scratch */
} work;

/* log s(x), without overflow. */
static double
log_s(double x)
{
    return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

static double
s(double x)
{
    return x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* What one parameter's value is worth: an ability meets easinesses (other = exp(b)), log easiness meets abilities. */
static double
worth(const term *t, size_t n, double v, bool ability)
{
    double sum = -0.5 * (v - 1) * (v - 1), e = ability ? v : exp(v);
    size_t i;

    for (i = 0; i < n; i++) {
        double x = e * t[i].other, up = log_s(x);

        sum += t[i].q * up + (1 - t[i].q) * (up - x); /* log(1 - s(x)) = log s(x) - x */
    }
    return sum;
}

/* One parameter to the top of its hill, from `v`. */
static double
climb(const term *t, size_t n, double v, bool ability)
{
    double now = worth(t, n, v, ability);
    int    round, half;

    for (round = 0; round < 20; round++) {
        double g = -(v - 1), h = -1, step, then = now, e = exp(v);
        size_t i;

        for (i = 0; i < n; i++) {
            double dx = ability ? t[i].other : t[i].other * e, right = s(ability ? v * t[i].other : t[i].other * e);

            g += (t[i].q - right) * dx;
            h -= right * (1 - right) * dx * dx - (ability ? 0 : (t[i].q - right) * dx);
        }
        step = h < 0 ? -g / h : g;
        step = step > 1 ? 1 : step < -1 ? -1 : step;
        if (fabs(step) < 1e-12)
            break;
        for (half = 0; half < 40; half++, step /= 2)
            if ((then = worth(t, n, v + step, ability)) > now)
                break;
        if (half == 40)
            break; /* as high as rounding lets us see */
        v += step;
        now = then;
    }
    return v;
}

static double
belief(const mf_adjudication *a, const mf_vote *one)
{
    return a->soft[one->row * (size_t)a->n_classes + (size_t)one->label];
}

static void
maximise(work *w)
{
    mf_adjudication *a = w->a;
    size_t           i, j, n;

    for (i = 0; i < (size_t)a->n_annotators; i++) {
        for (n = 0, j = w->begin[i]; j < w->begin[i + 1]; j++) {
            const mf_vote *one = &a->v->vote[w->of[j]];

            w->terms[n++] = (term){belief(a, one), a->easiness[one->row]};
        }
        a->skill[i] = climb(w->terms, n, a->skill[i], true);
    }
    for (i = 0; i < a->n_rows; i++) {
        if (!a->named[i])
            continue;
        for (n = 0, j = a->v->begin[i]; j < a->v->begin[i + 1]; j++) {
            const mf_vote *one = &a->v->vote[j];

            if (one->label >= 0)
                w->terms[n++] = (term){belief(a, one), a->skill[one->annotator]};
        }
        w->b[i]        = climb(w->terms, n, w->b[i], false);
        a->easiness[i] = exp(w->b[i]);
    }
}

/* Beliefs; returns the log of votes and priors together, which full EM never lowers. */
static double
expect(work *w)
{
    mf_adjudication *a = w->a;
    size_t           K = (size_t)a->n_classes, i, j, k;
    double           all = 0, wrong = log(K > 1 ? (double)(K - 1) : 1);

    for (i = 0; i < (size_t)a->n_annotators; i++)
        all -= 0.5 * (a->skill[i] - 1) * (a->skill[i] - 1);
    for (i = 0; i < a->n_rows; i++) {
        double *p = a->soft + i * K;

        if (!a->named[i])
            continue;
        all -= 0.5 * (w->b[i] - 1) * (w->b[i] - 1);
        for (k = 0; k < K; k++)
            p[k] = -log((double)K);
        for (j = a->v->begin[i]; j < a->v->begin[i + 1]; j++) {
            const mf_vote *one = &a->v->vote[j];
            double         x, up, down;

            if (one->label < 0)
                continue;
            x    = a->skill[one->annotator] * a->easiness[i];
            up   = log_s(x);
            down = up - x - wrong;
            for (k = 0; k < K; k++)
                p[k] += (int)k == one->label ? up : down;
        }
        all += mf_em_normalise(p, a->n_classes);
    }
    return all;
}

static mf_status
prepare(work *w, mf_err *err)
{
    mf_adjudication *a = w->a;
    size_t           i, most = 0, A = (size_t)a->n_annotators, *at = NULL;
    mf_status        st = MF_OK;

    a->skill    = mf_calloc(A, sizeof *a->skill);
    a->easiness = mf_calloc(a->n_rows, sizeof *a->easiness);
    w->b        = mf_calloc(a->n_rows, sizeof *w->b);
    w->of       = mf_calloc(a->v->n, sizeof *w->of);
    w->begin    = mf_calloc(A + 1, sizeof *w->begin);
    at          = mf_calloc(A + 1, sizeof *at);
    if (!a->skill || !a->easiness || !w->b || !w->of || !w->begin || !at) {
        st = mf_oom(err, a->v->n * sizeof *w->of, "votes by annotator");
        goto done;
    }
    a->skill_name = "ability";
    for (i = 0; i < a->v->n; i++)
        w->begin[a->v->vote[i].annotator + 1] += a->v->vote[i].label >= 0;
    for (i = 0; i < A; i++) {
        most = w->begin[i + 1] > most ? w->begin[i + 1] : most;
        w->begin[i + 1] += w->begin[i];
        a->skill[i] = 1;
    }
    for (i = 0; i < a->n_rows; i++) {
        most           = a->named[i] > most ? a->named[i] : most;
        w->b[i]        = 1;
        a->easiness[i] = a->named[i] ? exp(1) : (double)NAN;
    }
    memcpy(at, w->begin, (A + 1) * sizeof *at);
    for (i = 0; i < a->v->n; i++)
        if (a->v->vote[i].label >= 0)
            w->of[at[a->v->vote[i].annotator]++] = i;
    if (!(w->terms = mf_calloc(most, sizeof *w->terms)))
        st = mf_oom(err, most * sizeof *w->terms, "votes");
done:
    mf_free(at);
    return st;
}

static mf_status
glad_run(mf_adjudication *a, const void *cfg, mf_err *err)
{
    const mf_em_cfg *o = cfg;
    work             w = {.a = a};
    mf_status        st;
    double           before = -INFINITY, now;
    size_t           i, votes = 0;

    if ((st = prepare(&w, err)) < 0)
        goto done;
    for (i = 0; i < a->n_rows; i++)
        votes += a->named[i];
    for (a->iterations = 0; votes && a->iterations < o->iterations;) {
        now = expect(&w) / (double)votes;
        a->iterations++;
        if (o->tolerance > 0 && now - before < o->tolerance)
            break;
        before = now;
        maximise(&w);
    }
    st = mf_em_decide(a, o->least_probability, err);
done:
    mf_free(w.b);
    mf_free(w.of);
    mf_free(w.begin);
    mf_free(w.terms);
    return st;
}

extern const mf_rule_def mf_rule_glad;
const mf_rule_def        mf_rule_glad = {
    .name = "glad", .summary = "most probable class, annotators with abilities and pictures with difficulties",
    .source = "Whitehill et al. 2009", .cfg_size = sizeof(mf_em_cfg), .opts = glad_opts, .run = glad_run,
};
