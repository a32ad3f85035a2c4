/* fuzz/fuzz_predictions.c: predictions.csv, and every figure of what is accepted. */
#include <stdint.h>

#include "core/mem.h"
#include "eval/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_compare_opts o    = mf_compare_opts_default();
    mf_predictions *p    = NULL;
    mf_comparisons  c    = {0};
    mf_str          json = {0};
    mf_err          err  = {0};
    mf_status       st   = mf_predictions_parse(&p, "fuzz", (const char *)data, size, &err);

    MF_ASSERT((st == MF_OK) == (p != NULL));
    MF_ASSERT(st == MF_OK || (err.code == st && err.msg[0] != '\0'));
    if (p == NULL || p->n_methods > 8 || p->folds > 32) {
        mf_predictions_free(p);
        return 0;
    }
    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        MF_ASSERT(r->image < p->n_images && r->subject >= -1 && r->subject < (int)p->n_subjects);
        MF_ASSERT(r->label >= 0 && r->label < p->n_classes && r->answer >= -1 && r->answer < p->n_classes);
        MF_ASSERT(r->method >= 0 && r->method < p->n_methods && r->fold >= 0 && r->fold < p->folds);
        MF_ASSERT(i == 0 || r[-1].method < r->method || (r[-1].method == r->method && r[-1].fold <= r->fold));
    }
    o.resamples = 3;
    MF_ASSERT(mf_compare(&c, p, &o, &err) == MF_OK);
    MF_ASSERT(mf_json_compare(&json, p, &c, &err) == MF_OK);
    mf_str_free(&json);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
    return 0;
}
