/* tests/data/test_inventory.c: near-duplicates against a comparison of all with all, their cost, and `maskfer data stats`. */
#include "small_sets.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"
#include "data/inventory.h"
#include "data/near.h"
#include "program.h"
#include "viz/figures/figure.h"

/* A soft texture: 5 waves of random length and direction. */
static void
texture(mf_image *im, int side, uint64_t seed)
{
    mf_rng rng = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    double a[5], b[5], c[5];
    mf_err err = {0};
    int    i, x, y;

    assert_mf_ok(mf_image_new(im, side, side, 1, &err), &err);
    for (i = 0; i < 5; i++) {
        a[i] = mf_rng_uniform(&rng, -12, 12);
        b[i] = mf_rng_uniform(&rng, -12, 12);
        c[i] = mf_rng_uniform(&rng, 0, 7);
    }
    for (y = 0; y < side; y++)
        for (x = 0; x < side; x++) {
            double v = 0;

            for (i = 0; i < 5; i++)
                v += sin(a[i] * x / side + b[i] * y / side + c[i]);
            im->px[y * side + x] = (uint8_t)(110 + 18 * v);
        }
}

static mf_dataset *
rows(size_t n)
{
    static const char *const classes[] = {"happy", "sad"};
    mf_dataset              *d         = NULL;
    mf_err                   err       = {0};
    size_t                   i;

    assert_mf_ok(mf_dataset_new(&d, "rows", classes, 2, &err), &err);
    for (i = 0; i < n; i++) {
        char name[32], who[32];

        snprintf(name, sizeof name, "%zu.png", i);
        snprintf(who, sizeof who, "%zu", i / 2);
        assert_mf_ok(mf_dataset_add(d, name, classes[i % 2], who, MF_OCC_NONE, NULL, i % 3 ? MF_SPLIT_TRAIN : MF_SPLIT_TEST, NULL,
                                    &err), &err);
    }
    return d;
}

static void
test_look(void **state)
{
    mf_image     im = {0}, other = {0}, big = {0};
    mf_near_look a, b;
    mf_err       err = {0};
    int          i;

    (void)state;
    texture(&im, 64, 1);
    assert_mf_ok(mf_near_look_at(&a, &im, &err), &err);
    assert_false(a.blank);
    assert_true(fabs(mf_near_alike(&a, &a) - 1) < 1e-3);
    for (i = 0; i < 64 * 64; i++) /* brighter, with less contrast: the same look */
        im.px[i] = (uint8_t)(im.px[i] * 0.8 + 45);
    assert_mf_ok(mf_near_look_at(&b, &im, &err), &err);
    assert_true(mf_near_alike(&a, &b) > 0.999);
    for (i = 0; i < 64 * 64; i++)
        im.px[i] = (uint8_t)(255 - im.px[i]);
    assert_mf_ok(mf_near_look_at(&b, &im, &err), &err);
    assert_true(mf_near_alike(&a, &b) < -0.999);
    texture(&other, 64, 1);
    assert_mf_ok(mf_image_resize(&big, &other, 201, 173, &err), &err);
    assert_mf_ok(mf_near_look_at(&b, &big, &err), &err);
    assert_true(mf_near_alike(&a, &b) > 0.99);
    mf_image_free(&other);
    texture(&other, 64, 2);
    assert_mf_ok(mf_near_look_at(&b, &other, &err), &err);
    assert_true(mf_near_alike(&a, &b) < 0.9);
    memset(im.px, 90, 64 * 64);
    assert_mf_ok(mf_near_look_at(&b, &im, &err), &err);
    assert_true(b.blank);
    mf_image_free(&im);
    mf_image_free(&other);
    mf_image_free(&big);
}

/* 1500 pictures; every fifth is followed by itself, changed a little. What is found is what comparing all with all finds. */
static void
test_against_all(void **state)
{
    enum { N = 1500 };
    mf_dataset   *d    = rows(N);
    mf_near_look *look = mf_calloc(N, sizeof *look);
    uint8_t      *seen = mf_calloc(N, 1);
    int          *group = mf_calloc(N, sizeof *group), changes = 0;
    mf_near       n   = {0};
    mf_err        err = {0};
    size_t        i, k, alike = 0;

    (void)state;
    for (i = 0; i < N; i++) {
        mf_image im = {0}, moved = {0};
        int      p, noise = 1 + changes % 12;

        texture(&im, 48, i % 5 == 1 ? i - 1 : i);
        if (i % 5 == 1) {
            mf_rng rng = mf_rng_make(i, 1, 0, MF_RNG_TEST);

            for (p = 0; p < 48 * 48; p++)
                im.px[p] = (uint8_t)(im.px[p] * 0.9 + 5 + (int)mf_rng_below(&rng, (uint64_t)noise));
            assert_mf_ok(mf_image_resize(&moved, &im, 40 + changes % 30, 48, &err), &err);
            changes++;
        }
        assert_mf_ok(mf_near_look_at(&look[i], moved.px ? &moved : &im, &err), &err);
        seen[i] = 1;
        mf_image_free(&im);
        mf_image_free(&moved);
    }
    seen[10] = 0; /* would be like row 11 */
    assert_mf_ok(mf_near_find(&n, d, look, seen, 0.98, &err), &err);
    for (i = 0; i < n.n; i++)
        for (k = 0; k < n.group[i].n; k++)
            group[n.group[i].row[k]] = (int)i + 1;
    for (i = 0; i < N; i++)
        for (k = i + 1; k < N; k++)
            if (seen[i] && mf_near_alike(&look[i], &look[k]) >= 0.98) {
                alike++;
                if (!group[i] || group[i] != group[k])
                    fail_msg("%zu and %zu are alike (%.4f) and were not found", i, k, mf_near_alike(&look[i], &look[k]));
            }
    printf("%zu pairs alike, %zu groups, %llu comparisons of %d\n", alike, n.n, (unsigned long long)n.compared, N * (N - 1) / 2);
    assert_int_equal(n.n, alike);
    assert_int_equal(n.n, changes - 1);
    assert_int_equal(group[10], 0);
    assert_int_equal(n.within_subject + n.across_subjects, n.n);
    assert_true(n.across_subjects > 10 && n.within_subject > 10 && n.across_splits > 10);
    for (i = 0; i < n.n; i++) {
        const mf_row *a = &d->rows[n.group[i].row[0]], *b = &d->rows[n.group[i].row[1]];

        assert_int_equal(n.group[i].n, 2);
        assert_true(n.group[i].least >= 0.98 && n.group[i].least <= 1.001);
        assert_int_equal(n.group[i].across_subjects, a->subject != b->subject);
        assert_int_equal(n.group[i].across_splits, a->split != b->split);
        assert_int_equal(n.group[i].across_labels, a->label != b->label);
    }
    mf_near_free(&n);
    mf_free(look);
    mf_free(seen);
    mf_free(group);
    mf_dataset_free(d);
}

static uint64_t
cost(size_t n, bool equal)
{
    mf_dataset   *d    = rows(n);
    mf_near_look *look = mf_calloc(n, sizeof *look);
    uint8_t      *seen = mf_calloc(n, 1);
    mf_near       near = {0};
    mf_err        err  = {0};
    uint64_t      c;
    size_t        i;
    int           t;

    for (i = 0; i < n; i++) {
        mf_rng rng = mf_rng_make(equal ? 0 : i, 2, 0, MF_RNG_TEST);

        for (t = 1; t < MF_NEAR_TERMS; t++)
            look[i].term[t] = (int16_t)(2000 * mf_rng_normal(&rng));
        seen[i] = 1;
    }
    assert_mf_ok(mf_near_find(&near, d, look, seen, 0.98, &err), &err);
    c = near.compared;
    assert_int_equal(near.n, equal);
    assert_int_equal(near.pictures, equal ? n : 0);
    mf_near_free(&near);
    mf_free(look);
    mf_free(seen);
    mf_dataset_free(d);
    return c;
}

/* Comparisons grow with the pictures, not with their square, also where all are equal. */
static void
test_cost(void **state)
{
    uint64_t few = cost(2000, false), many = cost(16000, false);

    (void)state;
    printf("2000 pictures: %llu comparisons, 16000: %llu; all equal: %llu and %llu\n", (unsigned long long)few, (unsigned long long)many,
           (unsigned long long)cost(2000, true), (unsigned long long)cost(16000, true));
    assert_true(many < 16 * few);
    assert_true(many < 16000u * 15999 / 2 / 100);
    assert_true(cost(16000, true) < 16000 * 48);
}

static void
test_command(void **state)
{
    mf_json *j, *k;

    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    small_set("set", "image,label,subject,occlusion,pair,split\n"
                     "a.png,happy,1,none,p,train\nb.png,happy,1,mask,p,train\nc.jpg,happy,2,none,,test\nd.png,sad,2,upper,,\nx.png,sad,,none,,\n");
    small_picture("set/b.png", 40, 30, 3, 5);
    small_picture("set/d.png", 20, 30, 1, 9);
    {
        mf_image im  = {0};
        mf_err   err = {0};

        texture(&im, 64, 7);
        assert_mf_ok(mf_image_save(small_path("set/a.png"), &im, 90, &err), &err);
        assert_mf_ok(mf_image_save(small_path("set/c.jpg"), &im, 90, &err), &err);
        mf_image_free(&im);
    }
    assert_int_equal(program_run("data stats set --out inv"), 0);
    program_says("out.txt", "expression non-masked     masked      upper    total    pairs\n");
    program_says("out.txt", "happy               2          1          0        3        1\n");
    program_says("out.txt", "total               3          1          1        5        1\n");
    program_says("out.txt", "2 people, 2 to 2 pictures each, median 2: 2 with 2\n1 pictures do not say who is on them");
    program_says("out.txt", "4 of 5 pictures can be read, 3 of them grey. Sizes: 64 x 64 (2), 20 x 30 (1), 40 x 30 (1)");
    program_says("out.txt", "2 pictures in 1 groups: 0 groups within one person, 1 across people, 1 across splits, 0 with different labels");
    program_says("out.txt", "  - a.png (happy, person 1, train)\n  = c.jpg (happy, person 2, test)\n");
    program_says("inv/inventory.csv", "expression,non-masked,masked,upper,total,pairs\nhappy,2,1,0,3,1\n");
    program_says("inv/near-duplicates.csv", "group,image,label,subject,occlusion,split\n1,a.png,happy,1,none,train\n1,c.jpg,happy,2,none,test\n");
    program_says("inv/inventory.dat", "happy");
    program_says("inv/inventory.gp", "inventory.dat");
    if (mf_gnuplot_found())
        program_says("inv/inventory.svg", "<svg");
    assert_int_equal(program_run("data stats set --json --beside msde --near 0"), 0);
    j = program_json();
    k = mf_json_at(mf_json_get(j, "table"), 1);
    assert_string_equal(mf_json_text(mf_json_get(k, "expression"), ""), "sad");
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(k, "msde"), "total"), 0), 265);
    assert_null(mf_json_get(j, "near_duplicates"));
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "pixels"), "readable"), 0), 4);
    mf_json_free(j);
    assert_int_equal(program_run("data stats set --no-pixels"), 0);
    small_text("set/dataset.yaml", "classes: [happy, sad, x]\n");
    assert_int_equal(program_run("data stats set --near 1"), 2);
    small_text("other/dataset.yaml", "classes: [joy]\n");
    small_text("other/manifest.csv", "image,label\na.png,joy\n");
    assert_int_equal(program_run("data stats other --beside msde"), 1);
    program_says("err.txt", "no class of the published table");
}

/* The published table: columns add up, the printed total of `sad` does not. */
static void
test_published(void **state)
{
    const mf_msde_row *m = mf_msde_table();
    int                i, clear = 0, masked = 0, pairs = 0;

    (void)state;
    for (i = 0; i < MF_MSDE_ROWS; i++) {
        clear += m[i].clear;
        masked += m[i].masked;
        pairs += m[i].pairs;
        assert_int_equal(m[i].clear + m[i].masked == m[i].printed_total, strcmp(m[i].name, "sad") != 0);
    }
    assert_int_equal(clear, 964);
    assert_int_equal(masked, 996);
    assert_int_equal(pairs, 857);
}

static mf_status
inventory_job(void *arg, mf_err *err)
{
    mf_inventory      s = {0};
    mf_inventory_opts o = {.pixels = true, .near = 0.9, .jobs = {.workers = 1}};
    mf_status         st = mf_inventory_make(&s, arg, &o, err);

    mf_inventory_free(&s);
    return st;
}

static void
test_no_memory(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("mem", "image,label,subject,pair\na.png,happy,1,p\nb.png,sad,2,p\nnone.png,sad,,\n");
    small_picture("mem/a.png", 16, 16, 3, 5);
    small_picture("mem/b.png", 16, 16, 3, 5);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("mem"), &err), &err);
    mf_test_each_alloc(inventory_job, d);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look), cmocka_unit_test(test_against_all), cmocka_unit_test(test_cost), cmocka_unit_test(test_command),
        cmocka_unit_test(test_published), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
