/* The place of a drawn mask read back from its record: the outline covers what was drawn; bad records. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "data/mask_fits.h"
#include "data/occlusions_csv.h"
#include "eval/heat.h"
#include "face/occlude.h"

enum { SIDE = 96, PICTURES = 12 };

static mf_dataset *
data(void)
{
    static const char *const classes[] = {"a", "b", NULL};
    mf_dataset              *d;
    mf_err                   err = {0};

    assert_mf_ok(mf_dataset_new(&d, "set", classes, 2, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        char name[32];

        snprintf(name, sizeof name, "mask/%d.png", i);
        assert_mf_ok(mf_dataset_add(d, name, "a", "", MF_OCC_MASK, "", MF_SPLIT_NONE, NULL, &err), &err);
    }
    return d;
}

static void
test_covers_what_was_drawn(void **state)
{
    const mf_occluder_def *mask;
    mf_dataset            *d = data();
    static uint8_t         cover[PICTURES][SIDE * SIDE];
    mf_landmarks           five = mf_landmarks_canonical(SIDE, SIDE), lm;
    mf_mask_fits          *fits;
    mf_str                 csv = {0};
    double                 worst = 1;
    mf_err                 err = {0};

    (void)state;
    assert_mf_ok(mf_occluder_find(&mask, "mask", &err), &err);
    assert_mf_ok(mf_landmarks_to68(&lm, &five, &err), &err);
    mf_occlusions_put_header(&csv);
    for (int i = 0; i < PICTURES; i++) {
        mf_occlusion_record r = {0};
        mf_image            im;
        mf_rng              rng = mf_rng_make(4, 0, (uint64_t)i, MF_RNG_OCCLUDE);

        assert_mf_ok(mf_image_new(&im, SIDE, SIDE, 3, &err), &err);
        memset(im.px, 150, SIDE * SIDE * 3);
        assert_mf_ok(mf_occlude(&im, mask, NULL, &lm, NULL, cover[i], &r.note, &rng, &err), &err);
        mf_occlusions_put(&csv, d->rows[i].image, "mask", &r);
        mf_image_free(&im);
    }
    assert_mf_ok(mf_mask_fits_parse(&fits, d, "occlusions.csv", csv.data, csv.len, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        const mf_mask_fit *fit = mf_mask_fits_of(fits, (size_t)i);
        mf_mask_shape      s;
        double             xy[4 * MF_MASK_CURVE][2], both = 0, either = 0;
        float              area[SIDE * SIDE];
        size_t             n = 0;

        assert_non_null(fit);
        assert_mf_ok(mf_mask_shape_make(&s, &lm, fit, &err), &err);
        for (int k = 0; k < MF_MASK_CURVE; k++, n++) {
            memcpy(xy[n], s.top[k], sizeof xy[n]);
        }
        for (int k = 0; k < MF_MASK_CURVE; k++, n++) {
            memcpy(xy[n], s.right[k], sizeof xy[n]);
        }
        for (int k = MF_MASK_CURVE - 1; k >= 0; k--, n++) {
            memcpy(xy[n], s.bottom[k], sizeof xy[n]);
        }
        for (int k = MF_MASK_CURVE - 1; k >= 0; k--, n++) {
            memcpy(xy[n], s.left[k], sizeof xy[n]);
        }
        mf_polygon_cover(area, SIDE, SIDE, (const double (*)[2])xy, n);
        for (int k = 0; k < SIDE * SIDE; k++) {
            both += fmin(area[k], cover[i][k] / 255.0);
            either += fmax(area[k], cover[i][k] / 255.0);
        }
        worst = fmin(worst, both / either);
    }
    printf("least overlap of the recorded outline and what was drawn: %.3f of their union\n", worst);
    assert_true(worst > 0.75); /* ear loops and a clear window are drawn outside and inside of it */
    mf_mask_fits_free(fits);
    mf_str_free(&csv);
    mf_dataset_free(d);
}

static void
refuse(const mf_dataset *d, const char *text, const char *part)
{
    mf_mask_fits *f;
    mf_err        err = {0};

    assert_mf_fails(mf_mask_fits_parse(&f, d, "o.csv", text, strlen(text), &err), MF_E_FORMAT, &err, part);
    assert_null(f);
}

#define HEAD "image,occluder,fit,parameters\n"
#define REST " beta=0.1 low=0 tu=1/1 tl=4/4 inset=0/0 cheek=0 bulge=0 waist=0 neck=0 roll=0 shift=0\n"

static void
test_bad_records(void **state)
{
    mf_dataset   *d = data();
    mf_mask_fits *f;
    const char   *other = HEAD "mask/0.png,hand,,none\nelsewhere.png,mask,correct,none\nmask/1.png,mask,correct,alpha=0.5" REST;
    mf_err        err = {0};

    (void)state;
    refuse(d, "image,occluder,parameters\n", "there is no column 'fit'");
    refuse(d, HEAD "mask/0.png,mask,upside,alpha=0.5" REST, "o.csv: line 2: fit 'upside'");
    refuse(d, HEAD "mask/0.png,mask,correct,beta=0.5\n", "no parameter 'alpha'");
    refuse(d, HEAD "mask/0.png,mask,correct,alpha=x" REST, "line 2: parameter 'alpha'");
    refuse(d, HEAD "mask/0.png,mask,correct,alpha=0.5 tu=3 beta=0\n", "parameter 'tu': expected 2 numbers");
    refuse(d, HEAD "mask/0.png,mask,correct\n", "line 2: 3 fields");
    assert_mf_ok(mf_mask_fits_parse(&f, d, "o.csv", other, strlen(other), &err), &err);
    assert_null(mf_mask_fits_of(f, 0)); /* a hand is no mask */
    assert_true(fabsf(mf_mask_fits_of(f, 1)->alpha - 0.5F) < 1e-6F);
    assert_true(mf_mask_fits_of(f, 1)->tl[1] == 4);
    assert_null(mf_mask_fits_of(f, 99));
    assert_null(mf_mask_fits_of(NULL, 0));
    mf_mask_fits_free(f);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_covers_what_was_drawn), cmocka_unit_test(test_bad_records)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
