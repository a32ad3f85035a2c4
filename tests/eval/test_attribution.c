/* Heat maps: the gradients they are made from against central differences in double, each form against its equation written
 * out plainly, occlusion against squares put in by hand, layers by name, shares under polygons with known areas. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "eval/attribution.h"
#include "eval/heat.h"
#include "models/model.h"
#include "nn/params.h"

enum { CLASSES = 4, SIDE = 64, BATCH = 2 };

typedef struct rig {
    mf_model   m;
    mf_recipe  r;
    mf_params *ps;
    mf_infer  *f;
    mf_image   im[BATCH];
} rig;

/* A network with random weights and running statistics away from their start, so that batch norm does something. */
static void
rig_open(rig *k, bool f64, mf_norm_place norm)
{
    mf_infer_opts o   = {.backend = f64 ? "ref" : "auto", .prec = f64 ? MF_PREC_F64 : MF_PREC_F32, .batch = BATCH};
    mf_rng        rng = mf_rng_make(5, 0, 0, MF_RNG_TEST);
    mf_err        err = {0};

    *k = (rig){.r = mf_recipe_default(SIDE, SIDE, 3)};
    assert_mf_ok(mf_model_make(&k->m, "resnet18", CLASSES, 3, SIDE, SIDE, &err), &err);
    k->m.norm = norm;
    assert_mf_ok(mf_params_new(&k->ps, f64 ? MF_DTYPE_F64 : MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_infer_new(&k->f, &k->m, &k->r, k->ps, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(k->ps, 3, &err), &err);
    for (size_t i = 0; i < mf_params_count(k->ps); i++) {
        mf_param *p = mf_params_at(k->ps, i);
        double    v[512];

        if (p->shape.ndim == 1 && p->elems <= 512 && p->kind != MF_PARAM_COUNTER) {
            for (size_t j = 0; j < p->elems; j++) {
                v[j] = strstr(p->name, "running_var") != NULL || strstr(p->name, ".weight") != NULL ? mf_rng_uniform(&rng, 0.5, 1.5)
                                                                                                  : mf_rng_uniform(&rng, -0.2, 0.2);
            }
            mf_param_set(p, MF_DTYPE_F64, v);
        }
    }
    mf_params_touch(k->ps);
    for (int b = 0; b < BATCH; b++) {
        assert_mf_ok(mf_image_new(&k->im[b], SIDE, SIDE, 3, &err), &err);
        for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) {
            k->im[b].px[i] = (uint8_t)mf_rng_below(&rng, 256);
        }
    }
}

static void
rig_close(rig *k)
{
    for (int b = 0; b < BATCH; b++) {
        mf_image_free(&k->im[b]);
    }
    mf_infer_free(k->f);
    mf_params_free(k->ps);
}

static mf_attribution *
open_kind(rig *k, mf_attr_kind kind, const char *layer)
{
    mf_attribution_opts o = mf_attribution_opts_default();
    mf_attribution     *a;
    mf_err              err = {0};

    o.kind    = kind;
    o.layer   = layer;
    o.backend = mf_infer_prec(k->f) == MF_PREC_F64 ? "ref" : "auto";
    assert_mf_ok(mf_attribution_new(&a, k->f, &o, &err), &err);
    return a;
}

/* Logit of class cls[b] summed over the batch, from the network itself. log of a ratio of probabilities: logits are known up to a
 * constant a picture, so differences of two classes are compared. */
static double
log_ratio(rig *k, const int *cls, int against)
{
    float  prob[BATCH * CLASSES];
    double sum = 0;
    mf_err err = {0};

    assert_mf_ok(mf_infer_images(k->f, k->im, NULL, BATCH, prob, NULL, &err), &err);
    for (int b = 0; b < BATCH; b++) {
        sum += log((double)prob[b * CLASSES + cls[b]]) - log((double)prob[b * CLASSES + against]);
    }
    return sum;
}

/* The gradient at the output of a batch norm, summed over places and pictures, is the derivative by its bias. */
static void
test_inner_gradient(void **state)
{
    static const char *const layers[] = {"layer4.0.bn2", "layer3.1.bn2", "layer2.0.downsample.1"};
    rig                      k;
    mf_err                   err = {0};

    (void)state;
    rig_open(&k, true, MF_NORM_EMBEDDING);
    for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++) {
        mf_attribution *a = open_kind(&k, MF_ATTR_GRADCAM, layers[l]);
        char            name[64];
        int             w, h, channels = mf_attribution_channels(a), cls[2][BATCH] = {{0, 2}, {3, 3}};
        mf_param       *p;
        double         *v, *g, *bias, sum[2][3] = {{0}}, worst = 0;
        float          *heat;
        size_t          n;

        mf_attribution_size(a, &w, &h);
        n    = (size_t)BATCH * (size_t)channels * (size_t)w * (size_t)h;
        v    = mf_calloc(n, sizeof *v);
        g    = mf_calloc(n, sizeof *g);
        heat = mf_calloc((size_t)BATCH * (size_t)w * (size_t)h, sizeof *heat);
        bias = mf_calloc((size_t)channels, sizeof *bias);
        assert_true(v != NULL && g != NULL && heat != NULL && bias != NULL);
        for (int s = 0; s < 2; s++) {
            assert_mf_ok(mf_attribution_images(a, k.im, NULL, BATCH, cls[s], heat, NULL, &err), &err);
            assert_mf_ok(mf_attribution_gradient(a, v, g, n, &err), &err);
            for (int c = 0; c < 3; c++) {
                for (int b = 0; b < BATCH; b++) {
                    for (int i = 0; i < w * h; i++) {
                        sum[s][c] += g[((size_t)b * (size_t)channels + (size_t)c * 7) * (size_t)(w * h) + (size_t)i];
                    }
                }
            }
        }
        snprintf(name, sizeof name, "%s.bias", layers[l]);
        assert_non_null(p = mf_params_find(k.ps, name));
        mf_param_get(p, MF_DTYPE_F64, bias);
        for (int c = 0; c < 3; c++) {
            const double step = 1e-3, at = bias[c * 7];
            double       d[2], want = sum[0][c] - sum[1][c];

            for (int s = 0; s < 2; s++) {
                bias[c * 7] = at + (s == 0 ? step : -step);
                mf_param_set(p, MF_DTYPE_F64, bias);
                mf_params_touch(k.ps);
                d[s] = log_ratio(&k, cls[0], 3);
            }
            bias[c * 7] = at;
            mf_param_set(p, MF_DTYPE_F64, bias);
            mf_params_touch(k.ps);
            /* Probabilities come out as floats: 1e-7 of them over 2e-3. */
            worst = fmax(worst, fabs((d[0] - d[1]) / (2 * step) - want) / fmax(fabs(want), 1.0));
        }
        printf("%s: %d x %d, largest error against differences %.2g\n", layers[l], w, h, worst);
        assert_true(worst < 1e-3);
        mf_free(v);
        mf_free(g);
        mf_free(heat);
        mf_free(bias);
        mf_attribution_free(a);
    }
    rig_close(&k);
}

/* The network above its last map, written out: mean over places, unit length where the model says so, classifier. */
static double
head(const rig *k, const double *map, int channels, int places, int cls, bool probability)
{
    double w[CLASSES * 512], bias[CLASSES], f[512], z[CLASSES], norm = 0, sum = 0;

    mf_param_get(mf_params_find(k->ps, "fc.weight"), MF_DTYPE_F64, w);
    mf_param_get(mf_params_find(k->ps, "fc.bias"), MF_DTYPE_F64, bias);
    for (int c = 0; c < channels; c++) {
        f[c] = 0;
        for (int i = 0; i < places; i++) {
            f[c] += map[c * places + i] / places;
        }
        norm += f[c] * f[c];
    }
    for (int j = 0; j < CLASSES; j++) {
        z[j] = bias[j];
        for (int c = 0; c < channels; c++) {
            z[j] += w[j * channels + c] * (k->m.norm == MF_NORM_EMBEDDING ? f[c] / sqrt(norm) : f[c]);
        }
        sum += exp(z[j]);
    }
    return probability ? exp(z[cls]) / sum : z[cls];
}

static void
check_map(mf_attr_kind kind, mf_norm_place norm)
{
    rig             k;
    mf_attribution *a;
    int             w, h, cls[BATCH] = {-1, 1};
    double         *v, *g, worst = 0;
    float          *heat, prob[BATCH * CLASSES];
    size_t          n, one;
    mf_err          err = {0};

    rig_open(&k, true, norm);
    a = open_kind(&k, kind, "");
    mf_attribution_size(a, &w, &h);
    assert_int_equal(mf_attribution_channels(a), 512);
    one  = 512 * (size_t)(w * h);
    n    = BATCH * one;
    v    = mf_calloc(n, sizeof *v);
    g    = mf_calloc(n, sizeof *g);
    heat = mf_calloc((size_t)BATCH * (size_t)(w * h), sizeof *heat);
    assert_true(v != NULL && g != NULL && heat != NULL);
    assert_mf_ok(mf_attribution_images(a, k.im, NULL, BATCH, cls, heat, prob, &err), &err);
    assert_int_equal(cls[0], mf_argmax(prob, CLASSES)); /* -1 became the predicted class */
    assert_int_equal(cls[1], 1);
    assert_mf_ok(mf_attribution_gradient(a, v, g, n, &err), &err);
    for (int b = 0; b < BATCH; b++) {
        double *map = v + (size_t)b * one, most = 0;

        for (size_t i = 0; i < one; i++) {
            most = fmax(most, fabs(g[(size_t)b * one + i]));
        }
        for (size_t i = 0; i < one; i += 61) {
            const double at = map[i], step = 1e-4;
            double       up, down;

            map[i] = at + step;
            up     = head(&k, map, 512, w * h, cls[b], kind == MF_ATTR_GRADCAM_MSDE);
            map[i] = at - step;
            down   = head(&k, map, 512, w * h, cls[b], kind == MF_ATTR_GRADCAM_MSDE);
            map[i] = at;
            worst  = fmax(worst, fabs((up - down) / (2 * step) - g[(size_t)b * one + i]) / most);
        }
        /* The map from its equation, both scaled to 1. */
        double want[64] = {0}, top = 0, got = 0;
        for (int c = 0; c < 512; c++) {
            double weight = 0, sum = 0;

            for (int i = 0; i < w * h; i++) {
                sum += map[c * w * h + i];
            }
            for (int i = 0; i < w * h; i++) {
                const double d = g[(size_t)b * one + (size_t)(c * w * h + i)];
                const double alpha = kind != MF_ATTR_GRADCAM_PP ? 1.0 : d == 0 ? 0 : d * d / (2 * d * d + sum * d * d * d);

                weight += alpha * (kind == MF_ATTR_GRADCAM_PP && d < 0 ? 0 : d);
            }
            for (int i = 0; i < w * h; i++) {
                want[i] += weight * map[c * w * h + i];
            }
        }
        for (int i = 0; i < w * h; i++) {
            want[i] = fmax(want[i], 0);
            top     = fmax(top, want[i]);
            got     = fmax(got, (double)heat[b * w * h + i]);
        }
        assert_true(top == 0 ? got == 0 : got > 0);
        for (int i = 0; i < w * h && top > 0; i++) {
            assert_true(fabs(want[i] / top - (double)heat[b * w * h + i] / got) < 1e-5);
        }
    }
    printf("%s, norm %d: %d x %d, largest error against differences %.2g\n", mf_attr_name(kind), (int)norm, w, h, worst);
    assert_true(worst < 1e-6);
    mf_free(v);
    mf_free(g);
    mf_free(heat);
    mf_attribution_free(a);
    rig_close(&k);
}

static void
test_gradcam(void **state)
{
    (void)state;
    check_map(MF_ATTR_GRADCAM, MF_NORM_NONE);
    check_map(MF_ATTR_GRADCAM, MF_NORM_EMBEDDING);
}

static void
test_gradcam_msde(void **state)
{
    (void)state;
    check_map(MF_ATTR_GRADCAM_MSDE, MF_NORM_MAP); /* the map that is looked at is the normalised one: head() starts there */
}

static void
test_gradcam_plus(void **state)
{
    (void)state;
    check_map(MF_ATTR_GRADCAM_PP, MF_NORM_NONE);
}

/* The fast backend in float gives the map of the reference in double. */
static void
test_backends_agree(void **state)
{
    float  heat[2][BATCH * 16], most = 0;
    mf_err err = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        rig             k;
        mf_attribution *a;
        int             cls[BATCH] = {1, 2}, w, h;

        rig_open(&k, i == 0, MF_NORM_EMBEDDING);
        a = open_kind(&k, MF_ATTR_GRADCAM, "layer3");
        mf_attribution_size(a, &w, &h);
        assert_true(w == 4 && h == 4);
        assert_mf_ok(mf_attribution_images(a, k.im, NULL, BATCH, cls, heat[i], NULL, &err), &err);
        mf_attribution_free(a);
        rig_close(&k);
    }
    for (int i = 0; i < BATCH * 16; i++) {
        most = fmaxf(most, heat[0][i]);
    }
    assert_true(most > 0);
    for (int i = 0; i < BATCH * 16; i++) {
        assert_true(fabsf(heat[0][i] - heat[1][i]) < 1e-3f * most);
    }
}

/* Four squares of half the side, no overlap: each quadrant holds its square's drop. */
static void
test_occlusion(void **state)
{
    enum { HALF = SIDE / 2, PLACES = SIDE * SIDE };
    rig                 k;
    mf_attribution_opts o = mf_attribution_opts_default();
    mf_attribution     *a;
    float              *heat = mf_calloc(PLACES, sizeof *heat), *px = mf_aligned(sizeof(float) * BATCH * 3 * PLACES);
    float               prob[BATCH * CLASSES], before[CLASSES];
    int                 cls = -1, positive = 0;
    mf_err              err = {0};

    (void)state;
    assert_true(heat != NULL && px != NULL);
    rig_open(&k, false, MF_NORM_NONE);
    o.kind   = MF_ATTR_OCCLUSION;
    o.patch  = 0.5;
    o.stride = 1.0;
    assert_mf_ok(mf_attribution_new(&a, k.f, &o, &err), &err);
    assert_mf_ok(mf_attribution_images(a, k.im, NULL, 1, &cls, heat, before, &err), &err);
    for (int q = 0; q < 4; q++) {
        const mf_pix_form form = {MF_PIX_F32, false};
        const mf_pix_out  to   = {.base = px, .type = MF_PIX_F32, .sc = PLACES, .sy = SIDE, .sx = 1};
        float             drop;

        memset(px, 0, sizeof(float) * BATCH * 3 * PLACES);
        assert_mf_ok(mf_prep_image(&to, &k.r, &k.im[0], &err), &err);
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < HALF; y++) {
                memset(px + c * PLACES + (y + q / 2 * HALF) * SIDE + q % 2 * HALF, 0, HALF * sizeof *px);
            }
        }
        assert_mf_ok(mf_infer_run(k.f, px, form, NULL, 1, prob, NULL, &err), &err);
        drop = fmaxf(0, before[cls] - prob[cls]);
        positive += drop > 0;
        for (int i = 0; i < HALF * HALF; i++) {
            assert_true(fabsf(heat[(i / HALF + q / 2 * HALF) * SIDE + i % HALF + q % 2 * HALF] - drop) < 1e-6f);
        }
    }
    assert_true(positive > 0);
    mf_attribution_free(a);
    o.patch = 0;
    assert_mf_fails(mf_attribution_new(&a, k.f, &o, &err), MF_E_ARG, &err, "square");
    rig_close(&k);
    mf_free(heat);
    mf_free(px);
}

static void
test_layers(void **state)
{
    rig                 k;
    mf_attribution_opts o = mf_attribution_opts_default();
    mf_attribution     *a;
    mf_str              text = {0};
    int                 cls = 9;
    float               heat[BATCH * 4];
    mf_err              err = {0};

    (void)state;
    rig_open(&k, false, MF_NORM_NONE);
    o.layer = "layer4.1.conv3";
    assert_mf_fails(mf_attribution_new(&a, k.f, &o, &err), MF_E_NOTFOUND, &err, "did you mean 'layer4.1.conv");
    o.layer = "fc";
    assert_mf_fails(mf_attribution_new(&a, k.f, &o, &err), MF_E_ARG, &err, "no map");
    assert_mf_ok(mf_attribution_layers(&text, k.f, &err), &err);
    assert_non_null(strstr(mf_str_c(&text), "layer3                   4 x 4, 256 channels\n"));
    assert_non_null(strstr(mf_str_c(&text), "conv1                    32 x 32, 64 channels\n"));
    assert_null(strstr(mf_str_c(&text), "fc"));
    mf_str_free(&text);
    o.layer = "auto"; /* 64 pixels: layer4 has 2 x 2 places, layer3 4 x 4 */
    assert_mf_ok(mf_attribution_new(&a, k.f, &o, &err), &err);
    assert_string_equal(mf_attribution_layer(a), "layer3");
    mf_attribution_free(a);
    o.layer = "layer4";
    assert_mf_ok(mf_attribution_new(&a, k.f, &o, &err), &err);
    assert_mf_fails(mf_attribution_images(a, k.im, NULL, 1, &cls, heat, NULL, &err), MF_E_ARG, &err, "class 9 of 4");
    mf_attribution_free(a);
    rig_close(&k);
}

static void
test_heat(void **state)
{
    static const double square[4][2] = {{2, 1}, {6, 1}, {6, 5}, {2, 5}}, half[3][2] = {{0, 0}, {8, 0}, {0, 8}};
    static const double outside[4][2] = {{-4, -4}, {4, -4}, {4, 4}, {-4, 4}}, part[4][2] = {{1.25, 1.5}, {2.75, 1.5}, {2.75, 2.5}, {1.25, 2.5}};
    float               cover[64], heat[64], out[64], two[4] = {0, 1, 0, 1}, zero[3] = {-1, 0, -2}, bad[3] = {NAN, 2, -INFINITY};
    double              sum;

    (void)state;
    for (int i = 0; i < 64; i++) {
        heat[i] = 1;
    }
    mf_polygon_cover(cover, 8, 8, square, 4);
    assert_true(fabs(mf_heat_share(heat, cover, 64) - 16.0 / 64) < 1e-6);
    assert_true(cover[1 * 8 + 2] == 1.0f && cover[1 * 8 + 1] == 0.0f && cover[5 * 8 + 3] == 0.0f);
    mf_polygon_cover(cover, 8, 8, half, 3);
    assert_true(fabs(mf_heat_share(heat, cover, 64) - 0.5) < 2e-3);
    mf_polygon_cover(cover, 8, 8, outside, 4);
    assert_true(fabs(mf_heat_share(heat, cover, 64) - 16.0 / 64) < 1e-6);
    mf_polygon_cover(cover, 8, 8, part, 4);
    assert_true(fabsf(cover[8 + 1] - 0.75f * 0.5f) < 1e-6f && fabsf(cover[16 + 2] - 0.75f * 0.5f) < 1e-6f);
    mf_polygon_cover(cover, 8, 8, square, 2);
    assert_true(mf_heat_share(heat, cover, 64) == 0);
    memset(heat, 0, sizeof heat);
    assert_true(isnan(mf_heat_share(heat, cover, 64)));

    mf_heat_resize(out, 4, 4, two, 2, 2); /* half-pixel centres: 0, 1/4, 3/4, 1 */
    assert_true(out[0] == 0 && fabsf(out[1] - 0.25f) < 1e-6f && fabsf(out[2] - 0.75f) < 1e-6f && out[3] == 1);
    sum = 0;
    mf_heat_resize_levels(out, 4, 4, two, 2, 2);
    for (int i = 0; i < 4; i++) {
        sum += (double)out[i] * 255;
    }
    assert_true(fabs(sum - (0 + 64 + 191 + 255)) < 1e-3); /* 63.75 and 191.25 in whole levels */
    assert_true(mf_heat_normalise(zero, 3) == 0 && zero[0] == 0 && zero[1] == 0);
    assert_true(mf_heat_normalise(bad, 3) == 2 && bad[0] == 0 && bad[1] == 1 && bad[2] == 0);
}

static mf_status
one_job(void *arg, mf_err *err)
{
    rig                *k = arg;
    mf_attribution_opts o = mf_attribution_opts_default();
    mf_attribution     *a = NULL;
    int                 cls[BATCH] = {-1, -1};
    float               heat[BATCH * 4];
    mf_status           st;

    if ((st = mf_attribution_new(&a, k->f, &o, err)) == MF_OK) {
        st = mf_attribution_images(a, k->im, NULL, BATCH, cls, heat, NULL, err);
    }
    mf_attribution_free(a);
    return st;
}

static void
test_memory(void **state)
{
    rig    k;
    mf_err err = {0};
    float  prob[BATCH * CLASSES];

    (void)state;
    rig_open(&k, false, MF_NORM_NONE);
    assert_mf_ok(mf_infer_images(k.f, k.im, NULL, BATCH, prob, NULL, &err), &err); /* its own lazy memory is there */
    mf_test_each_alloc(one_job, &k);
    rig_close(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inner_gradient), cmocka_unit_test(test_gradcam),   cmocka_unit_test(test_gradcam_msde),
        cmocka_unit_test(test_gradcam_plus),   cmocka_unit_test(test_backends_agree), cmocka_unit_test(test_occlusion),
        cmocka_unit_test(test_layers),         cmocka_unit_test(test_heat),      cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
