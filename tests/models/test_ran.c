/* tests/models/test_ran.c: the region attention network: counts, learning, weight files, drawn boxes, the region bias. */
#include "rig.h"

#include <math.h>
#include <string.h>

#include "nn/zoom.h"

static void
test_counts(void **state)
{
    (void)state;
    rig_counts("ran18", "", 7, 11185225, 10881384448);
    rig_counts("ran18", "", 8, 11186250, 0);
    rig_counts("ran18", "reading=code", 7, 11185225, 10881384448);
    rig_counts("ran18", "crops=landmarks", 7, 11185225, 10881384448);
    rig_counts("ran18", "crops=landmarks,views=8", 7, 11185225, 10881384448);
    rig_counts("ran50", "", 7, 23542857, 24522883072);
    rig_counts("ran50", "", 8, 23546954, 0);
}

static void
learns(const char *options)
{
    float losses[8];
    rig   r;

    rig_open(&r, "ran18", options, 32);
    rig_no_fallback(&r);
    rig_train(&r, 8, losses);
    print_message("ran18 %s: loss %.3f, after 7 steps %.3f\n", options, (double)losses[0], (double)losses[7]);
    assert_true(losses[7] < 0.7f * losses[0]);
    rig_round_trip(&r, "ran18", options);
    rig_close(&r);
}

static void
test_learns(void **state)
{
    (void)state;
    learns("width=8,stem=half");
    learns("width=8,stem=half,reading=code");
    learns("width=8,stem=half,crops=random,relation=false");
    learns("width=8,stem=half,crops=landmarks,views=8");
    learns("width=8,stem=half,crops=landmarks,reading=code,crop-radius=0.4");
}

/* Drawn boxes are a function of seed and step in training, and scoring knows none. */
static void
test_drawn(void **state)
{
    float a, b[RIG_BATCH * RIG_CLASSES], c[RIG_BATCH * RIG_CLASSES];
    rig   r, fixed;

    (void)state;
    rig_open(&r, "ran18", "width=8,crops=random", 32);
    a = rig_loss(&r, 1, 0);
    assert_true(a == rig_loss(&r, 1, 0));
    assert_true(a != rig_loss(&r, 1, 1));
    assert_true(a != rig_loss(&r, 2, 0));
    rig_close(&r);
    rig_open(&r, "ran18", "width=8,crops=random", 32);
    rig_open(&fixed, "ran18", "width=8", 32);
    rig_score(&r, b);
    rig_score(&fixed, c);
    assert_memory_equal(b, c, sizeof b);
    rig_close(&r);
    rig_close(&fixed);
}

static void
test_boxes(void **state)
{
    static const struct {
        float share[4];
        int   box[4];
    } row[] = { /* the published boxes at 224 pixels */
        {{0, 0, 0.75f, 0.75f}, {0, 0, 168, 168}},
        {{0.25f, 0, 1, 0.75f}, {56, 0, 224, 168}},
        {{0.125f, 0.25f, 0.875f, 1}, {28, 56, 196, 224}},
        {{0.05f, 0.05f, 0.95f, 0.95f}, {11, 11, 213, 213}},
        {{0.075f, 0.075f, 0.925f, 0.925f}, {17, 17, 207, 207}},
    };
    mf_zoom_attrs drawn = {.lo = 0.7f, .hi = 0.95f, .id = 3};
    double        least = 1e9, most = 0;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const mf_zoom_attrs a = {.left = row[i].share[0], .top = row[i].share[1], .right = row[i].share[2], .bottom = row[i].share[3]};
        const mf_zoom_box   b = mf_zoom_box_of(&a, 224, 224, 1, 2, 3);

        assert_int_equal(b.left, row[i].box[0]);
        assert_int_equal(b.top, row[i].box[1]);
        assert_int_equal(b.left + b.w, row[i].box[2]);
        assert_int_equal(b.top + b.h, row[i].box[3]);
    }
    for (int i = 0; i < 2000; i++) {
        const mf_zoom_box b = mf_zoom_box_of(&drawn, 224, 224, 1, 2, i);

        assert_true(b.left >= 0 && b.top >= 0 && b.left + b.w <= 224 && b.top + b.h <= 224);
        least = fmin(least, (double)b.w);
        most  = fmax(most, (double)b.w);
    }
    assert_true(least >= 157 && least < 160 && most <= 213 && most > 210); /* 0.7 and 0.95 of 224 are 156.8 and 212.8 */
}

/* Around a place: its own size everywhere, moved in at the edges, whatever is no number at the corner. */
static void
test_boxes_around(void **state)
{
    static const struct {
        double row, column;
        int    left, top;
    } row[] = {{112, 112, 56, 56}, {112.6, 111.4, 55, 57}, {10, 220, 112, 0}, {1e9, -1e9, 0, 112}, {(double)NAN, (double)INFINITY, 112, 0}};
    const mf_zoom_attrs quarter = {.radius = 0.25f}, most = {.radius = 0.5f}, odd = {.radius = 0.2f, .truncate = 1};
    mf_zoom_box         b;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        b = mf_zoom_box_around(&quarter, 224, 224, row[i].row, row[i].column);
        assert_int_equal(b.w, 112);
        assert_int_equal(b.h, 112);
        assert_int_equal(b.left, row[i].left);
        assert_int_equal(b.top, row[i].top);
    }
    b = mf_zoom_box_around(&most, 200, 100, 30, 30);
    assert_true(b.w == 100 && b.h == 100 && b.left == 0 && b.top == 0); /* of the shorter side */
    b = mf_zoom_box_around(&odd, 224, 224, 112.9, 112.9); /* 89.6 pixels cut off to 89 */
    assert_true(b.w == 89 && b.left == 68 && b.top == 68);
}

/* Landmarks are asked for where boxes lie around them. */
static void
test_asks(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, "ran18", "width=8", 32);
    assert_int_equal(mf_model_landmarks(&r.m), 0);
    rig_close(&r);
    rig_open(&r, "ran18", "width=8,crops=landmarks", 32);
    assert_int_equal(mf_model_landmarks(&r.m), 5);
    rig_close(&r);
}

/* With classifiers of attention at zero all views weigh the same: the region bias is the whole margin. */
static void
test_margin(void **state)
{
    static const struct {
        const char *options;
        double      margin;
    } row[] = {{"width=8", 0.02}, {"width=8,reading=code", 0.1}, {"width=8,region-margin=0.3,region-weight=2", 0.6}, {"width=8,region-weight=0", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        rig r;

        rig_open(&r, "ran18", row[i].options, 32);
        for (size_t k = 0; k < mf_params_count(r.ps); k++) {
            mf_param *p = mf_params_at(r.ps, k);
            float     zero[RIG_CLASSES * 128] = {0};

            if (strncmp(p->name, "alpha.", 6) != 0 && strncmp(p->name, "fc.", 3) != 0) continue;
            assert_true(mf_shape_elems(&p->shape) <= RIG_CLASSES * 128);
            mf_param_set(p, MF_DTYPE_F32, zero);
        }
        mf_params_touch(r.ps);
        /* equal logits: the cross-entropy is ln(classes) */
        assert_true(fabs((double)rig_loss(&r, 1, 0) - log(RIG_CLASSES) - row[i].margin) < 1e-5);
        rig_close(&r);
    }
}

static void
test_norm_map(void **state)
{
    mf_model   m;
    mf_params *ps;
    mf_graph  *g;
    mf_err     err = {0};

    (void)state;
    assert_mf_ok(mf_model_make(&m, "ran18", 7, 3, 32, 32, &err), &err);
    m.norm = MF_NORM_MAP;
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_fails(mf_model_eval_graph(&g, &m, ps, &err), MF_E_ARG, &err, "no last map to make unit vectors of");
    mf_params_free(ps);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_learns), cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_boxes),  cmocka_unit_test(test_margin), cmocka_unit_test(test_norm_map),
        cmocka_unit_test(test_boxes_around), cmocka_unit_test(test_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
