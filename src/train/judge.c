/* train/judge.c: the figures of an epoch, and whether its weights are the best so far. */
#include "core/mem.h"
#include "train/trainer_i.h"

mf_status
mf_trainer_score(mf_figures *out, mf_trainer *t, mf_scorer *scorer, const mf_scores **scores, mf_err *err)
{
    const mf_scores *got;
    mf_status        st;

    if ((st = mf_scorer_run(scorer, &got, NULL, err)) < 0) {
        return st;
    }
    mf_scores_metrics(&out->all, got, t->job->data, MF_DOMAIN_ALL);
    mf_scores_metrics(&out->clear, got, t->job->data, MF_DOMAIN_CLEAR);
    mf_scores_metrics(&out->occluded, got, t->job->data, MF_DOMAIN_OCCLUDED);
    if (scores != NULL) {
        *scores = got;
    }
    return MF_OK;
}

/* The present weights become the best. */
static mf_status
keep_best(mf_trainer *t, mf_err *err)
{
    if (t->best.n == 0) {
        return mf_network_export(t->net, "best/", &t->best, err);
    }
    mf_network_reexport(t->net, "best/", &t->best);
    return MF_OK;
}

mf_status
mf_trainer_judge(mf_trainer *t, mf_err *err)
{
    mf_scorer *by = t->s->t.select == MF_SELECT_FOLD && t->test != NULL ? t->test : t->val;
    mf_status  st = MF_OK;
    double     accuracy, loss;

    mf_optim_swap_ema(t->optim);
    if (t->val != NULL && (st = mf_trainer_score(&t->figures, t, t->val, NULL, err)) < 0) {
        goto done;
    }
    if (by == NULL) { /* nothing to choose by: the last epoch is the best */
        t->c.best_epoch = t->c.epoch;
        st              = keep_best(t, err);
        goto done;
    }
    accuracy = t->figures.all.accuracy;
    loss     = t->figures.all.loss;
    if (by == t->test) {
        mf_figures *f = mf_calloc(1, sizeof *f);

        if (f == NULL) {
            st = mf_oom(err, sizeof *f, "figures");
            goto done;
        }
        st       = mf_trainer_score(f, t, t->test, NULL, err);
        accuracy = f->all.accuracy;
        loss     = f->all.loss;
        mf_free(f);
        if (st < 0) {
            goto done;
        }
    }
    if (t->c.best_epoch == 0 || accuracy > t->c.best_score || (accuracy == t->c.best_score && loss < t->c.best_loss)) {
        t->c.bad        = t->c.best_epoch == 0 || accuracy > t->c.best_score ? 0 : t->c.bad + 1;
        t->c.best_epoch = t->c.epoch;
        t->c.best_score = accuracy;
        t->c.best_loss  = loss;
        st              = keep_best(t, err);
    } else {
        t->c.bad++;
    }
    if (t->s->schedule->epoch_end != NULL) {
        t->s->schedule->epoch_end(t->s->schedule_cfg, &t->c.sched, t->val != NULL ? t->figures.all.accuracy : accuracy);
    }
done:
    mf_optim_swap_ema(t->optim);
    return st;
}
