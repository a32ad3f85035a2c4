/* fuzz/fuzz_attention.c: attention.csv, and with 'f' as the first byte the fits of masks in an occlusions.csv. What is accepted must keep
 * its promises: shares and areas in range, names that are there, a table that reads back the same. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "data/mask_fits.h"
#include "eval/attention.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fits(const char *text, size_t size)
{
    static const char *const classes[] = {"a", "b", NULL};
    static const char        base[]    = "image,label,occlusion\n1.png,a,mask\nx/2.png,b,mask\n";
    mf_dataset              *d;
    mf_mask_fits            *f;
    mf_err                   err = {0};

    if (mf_dataset_new(&d, "set", classes, 2, &err) == MF_OK) {
        if (mf_dataset_parse_manifest(d, "m", base, sizeof base - 1, &err) == MF_OK && mf_mask_fits_parse(&f, d, "o.csv", text, size, &err) == MF_OK) {
            for (size_t i = 0; i < 3; i++) {
                const mf_mask_fit *one = mf_mask_fits_of(f, i);

                MF_ASSERT(one == NULL || (i < 2 && one->wear < MF_WEARS && isfinite(one->alpha) && isfinite(one->tl[1])));
            }
            mf_mask_fits_free(f);
        }
        mf_dataset_free(d);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_attention *a, *b;
    mf_str        csv = {0}, again = {0};
    mf_err        err = {0};

    if (size != 0 && data[0] == 'f') {
        fits((const char *)data + 1, size - 1);
        return 0;
    }
    if (mf_attention_parse(&a, "a.csv", (const char *)data, size, NULL, &err) != MF_OK) {
        MF_ASSERT(a == NULL && err.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < a->n; i++) {
        const mf_attention_row *r = &a->row[i];

        MF_ASSERT(r->method < a->n_methods && r->label < a->n_classes && r->answer < a->n_classes && r->fold >= 0 && r->fold < a->folds);
        MF_ASSERT(isnan(r->share) || (r->share >= 0 && r->share <= 1));
        MF_ASSERT(r->area >= 0 && r->area <= 1 && r->outline < MF_OUTLINE_COUNT);
    }
    mf_attention_csv(&csv, a);
    if (!csv.oom && mf_attention_parse(&b, "b.csv", csv.data, csv.len, NULL, &err) == MF_OK) {
        mf_attention_csv(&again, b);
        MF_ASSERT(again.oom || (again.len == csv.len && memcmp(again.data, csv.data, csv.len) == 0));
        mf_attention_free(b);
    } else {
        MF_ASSERT(csv.oom);
    }
    mf_str_free(&csv);
    mf_str_free(&again);
    mf_attention_free(a);
    return 0;
}
