/* data/rules/majority.c: the class with most votes. */
#include "data/rules/support.h"

enum { TIES_REMOVE, TIES_ORIGINAL, TIES_FIRST };
static const char *const ties_words[] = {"remove", "original", "first", NULL};

typedef struct majority_cfg {
    int    ties;
    double least_share;
} majority_cfg;

static const mf_opt majority_opts[] = {
    MF_OPT_ENUM(majority_cfg, ties, TIES_REMOVE, ties_words,
                "where classes share the top: remove the picture, keep the original label if it is one of them (else remove), or "
                "take the first class"),
    MF_OPT_F64(majority_cfg, least_share, 0, 0, 1, "share of the annotators that the class on top needs at least"),
    MF_OPT_END
};

static int
judge(mf_str *why, const mf_adjudication *a, size_t row, const majority_cfg *o)
{
    const uint32_t *n   = a->count + row * (size_t)a->n_classes;
    int             top = 0, original = a->d->rows[row].label, k;
    bool            tie = false;

    for (k = 1; k < a->n_classes; k++) {
        tie = n[k] > n[top] ? false : tie || n[k] == n[top];
        top = n[k] > n[top] ? k : top;
    }
    mf_adjudication_tell(why, a, row);
    if (tie && o->ties != TIES_FIRST) {
        if (o->ties == TIES_REMOVE || n[original] < n[top]) {
            mf_str_add(why, ": no class has most");
            return -1;
        }
        mf_str_add(why, ": a tie, and the original label is in it");
        top = original;
    }
    if (n[top] < o->least_share * a->judged[row]) {
        mf_str_printf(why, ": fewer than %g %% for any class", 100 * o->least_share);
        return -1;
    }
    return top;
}

static mf_status
majority_run(mf_adjudication *a, const void *cfg, mf_err *err)
{
    mf_status st  = MF_OK;
    mf_str    why = {0};
    size_t    i;

    mf_rule_shares(a);
    for (i = 0; st == MF_OK && i < a->n_rows; i++) {
        int label;

        if (a->reason[i])
            continue;
        mf_str_clear(&why);
        label = judge(&why, a, i, cfg);
        st = mf_adjudication_decide(a, i, label, &why, err);
    }
    mf_str_free(&why);
    return st;
}

extern const mf_rule_def mf_rule_majority;
const mf_rule_def        mf_rule_majority = {
    .name = "majority", .summary = "the class with most votes", .source = "plurality", .cfg_size = sizeof(majority_cfg),
    .opts = majority_opts, .run = majority_run,
};
