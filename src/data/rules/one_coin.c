/* data/rules/one_coin.c: each annotator is right with a probability of his own, and else picks any other class alike
 * (Zhang, Chen, Zhou and Jordan 2016, the one-coin model). */
#include "core/mem.h"
#include "data/rules/support.h"

static const mf_opt one_coin_opts[] = {MF_EM_OPTS(mf_em_cfg), MF_OPT_END};

static double
held(double p)
{
    return p < 1e-10 ? 1e-10 : p > 1 - 1e-10 ? 1 - 1e-10 : p;
}

/* The mean belief in what an annotator voted for, as a running mean, into a->skill; p is scratch: the votes so far. */
static void
rate(double *p, mf_adjudication *a)
{
    size_t K = (size_t)a->n_classes, i;

    for (i = 0; i < (size_t)a->n_annotators; i++)
        a->skill[i] = p[i * K * K] = 0;
    for (i = 0; i < a->v->n; i++) {
        const mf_vote *one  = &a->v->vote[i];
        double        *seen = &p[one->annotator * K * K];

        if (one->label < 0)
            continue;
        *seen += 1;
        a->skill[one->annotator] += (a->soft[one->row * K + (size_t)one->label] - a->skill[one->annotator]) / *seen;
    }
}

static void
fit(double *p, mf_adjudication *a)
{
    size_t K = (size_t)a->n_classes, i, k;

    rate(p, a);
    for (i = 0; i < (size_t)a->n_annotators; i++)
        for (k = 0; k < K * K; k++)
            p[i * K * K + k] = held(k / K == k % K ? a->skill[i] : (1 - a->skill[i]) / (K > 1 ? (double)(K - 1) : 1));
}

static mf_status
one_coin_run(mf_adjudication *a, const void *cfg, mf_err *err)
{
    const mf_em_cfg *o = cfg;
    mf_status        st;

    if (!(a->skill = mf_calloc((size_t)a->n_annotators, sizeof *a->skill)))
        return mf_oom(err, (size_t)a->n_annotators * sizeof *a->skill, "annotators' skills");
    a->skill_name = "probability of being right";
    if ((st = mf_em_run(a, o, fit, err)) < 0)
        return st;
    return mf_em_decide(a, o->least_probability, err);
}

extern const mf_rule_def mf_rule_one_coin;
const mf_rule_def        mf_rule_one_coin = {
    .name = "one-coin", .summary = "most probable class, each annotator right with one probability of his own",
    .source = "Zhang, Chen, Zhou and Jordan 2016", .cfg_size = sizeof(mf_em_cfg), .opts = one_coin_opts, .run = one_coin_run,
};
