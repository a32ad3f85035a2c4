/* Label sets brought together: spellings, eight expressions and three groups in both directions, maps given by hand. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "eval/class_map.h"

static const char *const eight[] = {"neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"};
static const char *const msde[]  = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
static const char *const three[] = {"negative", "neutral", "positive"};

static void
labels_are(const mf_class_map *m, const int *want)
{
    for (int i = 0; i < m->n_labels; i++) {
        assert_int_equal(m->from_label[i], want[i]);
    }
}

static void
test_spelling(void **state)
{
    mf_class_map_opts o = {.map = ""};
    mf_class_map      m;
    float             p[MF_CLASSES_MAX];
    const float       q[8] = {0.1f, 0.2f, 0.3f, 0.05f, 0.05f, 0.1f, 0.1f, 0.1f};
    mf_err            err = {0};

    (void)state;
    /* A network of FER+'s eight on the seven of MSD-E: contempt stays a possible, wrong answer ... */
    assert_mf_ok(mf_class_map_make(&m, eight, 8, msde, 7, &o, &err), &err);
    assert_int_equal(m.classes, 8);
    assert_string_equal(m.name[1], "happiness");
    labels_are(&m, (const int[]){2, 6, 5, 1, 3, 4, 0});
    mf_class_map_apply(p, &m, q);
    for (int i = 0; i < 8; i++) {
        assert_true(fabsf(p[i] - q[i]) < 1e-7f);
    }
    /* ... or is left out of the answer. */
    o.common = true;
    assert_mf_ok(mf_class_map_make(&m, eight, 8, msde, 7, &o, &err), &err);
    assert_int_equal(m.classes, 7);
    mf_class_map_apply(p, &m, q);
    assert_true(fabsf(p[0] - 0.1f / 0.9f) < 1e-6f && fabsf(p[6] - 0.1f / 0.9f) < 1e-6f);
    /* The other way round pictures of contempt cannot be scored. */
    assert_mf_ok(mf_class_map_make(&m, msde, 7, eight, 8, &o, &err), &err);
    labels_are(&m, (const int[]){6, 3, 0, 4, 5, 2, 1, -1});
}

static void
test_groups(void **state)
{
    mf_class_map_opts o = {.map = ""};
    mf_class_map      m;
    float             p[MF_CLASSES_MAX];
    /* happy 0.3, surprise 0.2, neutral 0.1, the rest 0.1 each */
    const float q[7] = {0.2f, 0.1f, 0.1f, 0.3f, 0.1f, 0.1f, 0.1f}, only[7] = {1};
    mf_err      err  = {0};

    (void)state;
    assert_mf_ok(mf_class_map_make(&m, msde, 7, three, 3, &o, &err), &err);
    assert_int_equal(m.classes, 3);
    labels_are(&m, (const int[]){0, 1, 2});
    assert_int_equal(m.from_network[0], -1); /* surprise */
    mf_class_map_apply(p, &m, q);
    assert_true(fabsf(p[0] - 0.5f) < 1e-6f && fabsf(p[1] - 0.125f) < 1e-6f && fabsf(p[2] - 0.375f) < 1e-6f);
    mf_class_map_apply(p, &m, only); /* nothing that is kept: all alike */
    assert_true(fabsf(p[0] - 1.0f / 3) < 1e-6f && p[0] == p[2]);
    assert_mf_ok(mf_class_map_make(&m, three, 3, msde, 7, &o, &err), &err);
    labels_are(&m, (const int[]){-1, 0, 0, 2, 0, 0, 1});
}

static void
test_by_hand(void **state)
{
    static const char *const odd[] = {"glad", "sad", "grim"};
    static const char *const twice[] = {"happy", "happiness"};
    static const char *const none[] = {"cat", "dog"};
    mf_class_map_opts o = {.map = "glad=happy,grim=-"};
    mf_class_map      m;
    mf_err            err = {0};

    (void)state;
    assert_mf_ok(mf_class_map_make(&m, msde, 7, odd, 3, &o, &err), &err);
    labels_are(&m, (const int[]){3, 4, -1});
    o.map = "glad";
    assert_mf_fails(mf_class_map_make(&m, msde, 7, odd, 3, &o, &err), MF_E_USAGE, &err, "expected label=class, not 'glad'");
    o.map = "gld=happy";
    assert_mf_fails(mf_class_map_make(&m, msde, 7, odd, 3, &o, &err), MF_E_USAGE, &err, "the data set has no label 'gld'");
    o.map = "glad=joy";
    assert_mf_fails(mf_class_map_make(&m, msde, 7, odd, 3, &o, &err), MF_E_USAGE, &err, "no class 'joy' to score by");
    o.map = "";
    assert_mf_fails(mf_class_map_make(&m, msde, 7, none, 2, &o, &err), MF_E_ARG, &err, "no label of the data set (cat, dog)");
    assert_mf_fails(mf_class_map_make(&m, twice, 2, msde, 7, &o, &err), MF_E_ARG, &err, "mean the same");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spelling), cmocka_unit_test(test_groups), cmocka_unit_test(test_by_hand)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
