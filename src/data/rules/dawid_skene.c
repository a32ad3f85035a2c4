/* data/rules/dawid_skene.c: each annotator has a confusion matrix of his own (Dawid and Skene 1979). */
#include "core/mem.h"
#include "data/rules/support.h"

static const mf_opt dawid_skene_opts[] = {MF_EM_OPTS(mf_em_cfg), MF_OPT_END};

/* p[a, voted, true] = the share of `voted` among a's votes, each counted by the belief in `true` (eq. 2.3). Only classes that
 * a ever voted for take part. */
static void
fit(double *p, mf_adjudication *a)
{
    static const double floor_ = 1e-10;
    size_t              K = (size_t)a->n_classes, i, j, t, s;

    for (i = 0; i < (size_t)a->n_annotators * K * K; i++)
        p[i] = -1; /* a class that was never voted for */
    for (i = 0; i < a->n_rows; i++)
        for (j = a->v->begin[i]; j < a->v->begin[i + 1]; j++) {
            const mf_vote *one = &a->v->vote[j];
            double        *q;

            if (one->label < 0)
                continue;
            q = p + ((size_t)one->annotator * K + (size_t)one->label) * K;
            for (t = 0; t < K; t++)
                q[t] = (q[t] < 0 ? 0 : q[t]) + a->soft[i * K + t];
        }
    for (i = 0; i < (size_t)a->n_annotators; i++)
        for (t = 0; t < K; t++) {
            double *q = p + i * K * K + t, sum = 0;

            for (s = 0; s < K; s++) {
                q[s * K] = q[s * K] < 0 ? 0 : q[s * K] < floor_ ? floor_ : q[s * K];
                sum += q[s * K];
            }
            for (s = 0; s < K && sum > 0; s++)
                q[s * K] /= sum;
        }
}

/* The probability of being right, over the classes as they occur. */
static mf_status
rate(mf_adjudication *a, mf_err *err)
{
    size_t K = (size_t)a->n_classes, i, k, n = 0;
    double share[MF_CLASSES_MAX] = {0};

    if (!(a->skill = mf_calloc((size_t)a->n_annotators, sizeof *a->skill)))
        return mf_oom(err, (size_t)a->n_annotators * sizeof *a->skill, "annotators' skills");
    a->skill_name = "probability of being right";
    for (i = 0; i < a->n_rows; i++) {
        n += a->named[i] > 0;
        for (k = 0; k < K && a->named[i]; k++)
            share[k] += a->soft[i * K + k];
    }
    for (i = 0; i < (size_t)a->n_annotators; i++)
        for (k = 0; k < K && n; k++)
            a->skill[i] += share[k] / (double)n * a->confusion[(i * K + k) * K + k];
    return MF_OK;
}

static mf_status
dawid_skene_run(mf_adjudication *a, const void *cfg, mf_err *err)
{
    const mf_em_cfg *o = cfg;
    mf_status        st;

    if ((st = mf_em_run(a, o, fit, err)) < 0 || (st = rate(a, err)) < 0)
        return st;
    return mf_em_decide(a, o->least_probability, err);
}

extern const mf_rule_def mf_rule_dawid_skene;
const mf_rule_def        mf_rule_dawid_skene = {
    .name = "dawid-skene", .summary = "most probable class, each annotator with a confusion matrix of his own",
    .source = "Dawid and Skene 1979", .cfg_size = sizeof(mf_em_cfg), .opts = dawid_skene_opts, .run = dawid_skene_run,
};
