/* data/rules/msde.c: how the labels of MSD-E were checked: a label needs half of the annotators behind it, and no other
 * class more than a quarter. */
#include "data/rules/support.h"

typedef struct msde_cfg {
    bool   strict;
    double least_share, other_share;
} msde_cfg;

static const mf_opt msde_opts[] = {
    MF_OPT_BOOL(msde_cfg, strict, false, "bound the sum of all other votes, not each other class by itself"),
    MF_OPT_F64(msde_cfg, least_share, 0.5, 0, 1, "share of the annotators that a label needs at least"),
    MF_OPT_F64(msde_cfg, other_share, 0.25, 0, 1, "share that another class may have at most"),
    MF_OPT_END
};

/* Why a flagged picture goes, or stays. Returns the label, -1 to remove it. */
static int
judge(mf_str *why, const mf_adjudication *a, size_t row, const msde_cfg *o)
{
    const uint32_t *n      = a->count + row * (size_t)a->n_classes;
    double          judges = a->judged[row];
    int             top    = mf_rule_top(a, row), second = -1, k;
    uint32_t        others = a->named[row] - n[top];

    for (k = 0; k < a->n_classes; k++)
        if (k != top && (second < 0 || n[k] > n[second]))
            second = k;
    mf_adjudication_tell(why, a, row);
    if (n[top] < o->least_share * judges) {
        mf_str_printf(why, ": fewer than %g %% for any class", 100 * o->least_share);
        return -1;
    }
    if (second >= 0 && n[second] > o->other_share * judges) {
        mf_str_printf(why, ": more than %g %% for another class", 100 * o->other_share);
        return -1;
    }
    if (o->strict && others > o->other_share * judges) {
        mf_str_printf(why, ": more than %g %% for other classes together", 100 * o->other_share);
        return -1;
    }
    return top;
}

static mf_status
msde_run(mf_adjudication *a, const void *cfg, mf_err *err)
{
    mf_status st  = MF_OK;
    mf_str    why = {0};
    size_t    i;

    mf_rule_shares(a);
    for (i = 0; st == MF_OK && i < a->n_rows; i++) {
        int label = a->d->rows[i].label;

        if (a->reason[i])
            continue;
        mf_str_clear(&why);
        if (a->flagged[i])
            label = judge(&why, a, i, cfg);
        else
            mf_str_printf(&why, "none of %u objects", a->judged[i]);
        st = mf_adjudication_decide(a, i, label, &why, err);
    }
    mf_str_free(&why);
    return st;
}

extern const mf_rule_def mf_rule_msde;
const mf_rule_def        mf_rule_msde = {
    .name = "msde", .summary = "half for the label, at most a quarter for any other class, else the picture goes",
    .source = "the paper of MSD-E, label validation", .cfg_size = sizeof(msde_cfg), .opts = msde_opts, .run = msde_run,
};
