/* fuzz/fuzz_votes.c: votes.csv over a small manifest, and every rule over what is accepted. The first byte is the number of
 * votes that a picture needs; what follows is the file. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "data/adjudicate.h"
#include "data/agreement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const classes[] = {"happy", "sad", "angry"};
static const char        base[]    = "image,label\na.png,happy\nb/c.png,sad\nd.png,angry\n";

static void
check_votes(const mf_votes *v, const mf_dataset *d)
{
    size_t i;

    MF_ASSERT(v->begin[d->n_rows] == v->n);
    for (i = 0; i < v->n; i++) {
        const mf_vote *one = &v->vote[i];

        MF_ASSERT(one->row < d->n_rows && i >= v->begin[one->row] && i < v->begin[one->row + 1]);
        MF_ASSERT(one->annotator < v->n_annotators && v->annotators[one->annotator][0] != '\0');
        MF_ASSERT(one->label >= -1 && one->label < d->n_classes);
        MF_ASSERT(one->verdict != MF_VERDICT_AGREE || one->label == d->rows[one->row].label);
        MF_ASSERT(one->verdict != MF_VERDICT_OTHER || one->label != d->rows[one->row].label);
        MF_ASSERT(one->verdict != MF_VERDICT_UNSURE || one->label == -1);
        MF_ASSERT(i == 0 || v->vote[i - 1].row < one->row || v->vote[i - 1].annotator < one->annotator);
    }
}

static void
check_rule(const mf_rule_def *rule, const mf_dataset *d, const mf_votes *v, int least)
{
    mf_adjudication a = {0};
    mf_agreement    g = {0};
    char            cfg[256];
    mf_err          err = {0};
    size_t          i;
    int             k;

    MF_ASSERT(rule->cfg_size <= sizeof cfg);
    mf_opt_defaults(rule->opts, cfg);
    MF_ASSERT(mf_adjudicate(&a, rule, cfg, d, v, least, &err) == MF_OK);
    MF_ASSERT(mf_agreement_make(&g, &a, &err) == MF_OK);
    for (i = 0; i < d->n_rows; i++) {
        double sum = 0;

        MF_ASSERT(a.reason[i] && a.label[i] >= -1 && a.label[i] < d->n_classes);
        for (k = 0; k < d->n_classes; k++)
            sum += a.soft[i * (size_t)d->n_classes + (size_t)k];
        MF_ASSERT(fabs(sum - 1) < 1e-6 || (sum == 0 && !a.named[i]));
    }
    mf_agreement_free(&g);
    mf_adjudication_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_dataset *d   = NULL;
    mf_votes   *v   = NULL;
    mf_err      err = {0};
    mf_status   st;
    size_t      i;

    if (size < 1 || mf_dataset_new(&d, "fuzz", classes, 3, &err) < 0)
        return 0;
    MF_ASSERT(mf_dataset_parse_manifest(d, "base", base, sizeof base - 1, &err) == MF_OK);
    st = mf_votes_parse(&v, d, "fuzz", (const char *)data + 1, size - 1, &err);
    MF_ASSERT(st == MF_OK ? v != NULL : v == NULL && err.code == st && err.msg[0] != '\0');
    if (v && v->n_annotators <= 64) {
        check_votes(v, d);
        for (i = 0; i < mf_rule_count(); i++)
            check_rule(mf_rule_at(i), d, v, data[0] % 8);
    }
    mf_votes_free(v);
    mf_dataset_free(d);
    return 0;
}
