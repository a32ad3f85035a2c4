/* `maskfer embed` as users meet it: what it writes, and what it says of features and sets that cannot be embedded. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/manifest.h"
#include "image/image.h"
#include "infer/infer.h"
#include "weights/weights.h"

enum { CLASSES = 3, SIDE = 32, PICTURES = 12 };

static const char *const classes[] = {"left", "right", "slant", NULL};

/* Runs `maskfer embed ARGS` in the test's folder; output and messages together must hold `has`. */
static void
assert_run(const char *args, int status, const char *has)
{
    const char *log = mf_test_path("log");
    mf_str      cmd = {0};
    mf_blob     got = {0};
    int         rc;

    mf_str_printf(&cmd, "cd '%s' && '%s' embed %s >'%s' 2>&1 </dev/null", mf_test_dir(), mf_test_program(), args, log);
    rc = system(mf_str_c(&cmd));
    mf_str_free(&cmd);
    assert_mf_ok(mf_file_read(&got, log, 1 << 20, NULL), NULL);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != status || strstr((const char *)got.data, has) == NULL) {
        print_error("maskfer embed %s: status %d, wanted %d and \"%s\":\n%s\n", args, rc, status, has, (const char *)got.data);
        fail();
    }
    mf_blob_free(&got);
}

static void
save_network(const char *name, bool broken)
{
    mf_model   m;
    mf_params *ps;
    mf_graph  *g;
    mf_tensors ts  = {0};
    mf_recipe  r   = mf_recipe_default(SIDE, SIDE, 3);
    mf_err     err = {0};

    assert_mf_ok(mf_model_make(&m, "resnet18", CLASSES, 3, SIDE, SIDE, &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&g, &m, ps, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 3, &err), &err);
    assert_mf_ok(mf_params_export(ps, &ts, &err), &err);
    assert_mf_ok(mf_model_to_meta(&ts, &m, &r, classes, &err), &err);
    for (size_t i = 0; broken && i < ts.n; i++) {
        if (strcmp(ts.t[i].name, "layer4.1.bn2.bias") == 0) {
            ((float *)ts.t[i].data)[5] = INFINITY;
            broken                     = false;
        }
    }
    assert_false(broken);
    assert_mf_ok(mf_weights_save(mf_test_path(name), &ts, &err), &err);
    mf_tensors_free(&ts);
    mf_graph_free(g);
    mf_params_free(ps);
}

static void
save_set(const char *name, int n)
{
    mf_dataset *d;
    mf_err      err = {0};
    char        full[1200], picture[32];

    assert_mf_ok(mf_dir_make(mf_test_path(name), &err), &err);
    assert_mf_ok(mf_dataset_new(&d, name, classes, CLASSES, &err), &err);
    for (int i = 0; i < n; i++) {
        mf_image im;
        mf_rng   r = mf_rng_make(1, 0, (uint64_t)i, MF_RNG_TEST);

        assert_mf_ok(mf_image_new(&im, 40, 40, 3, &err), &err);
        for (size_t k = 0; k < 40 * 40 * 3; k++) {
            im.px[k] = (uint8_t)mf_rng_below(&r, 80 + 80 * (uint64_t)(i % CLASSES));
        }
        snprintf(picture, sizeof picture, "%d.png", i);
        snprintf(full, sizeof full, "%s/%s", mf_test_path(name), picture);
        assert_mf_ok(mf_image_save(full, &im, 90, &err), &err);
        mf_image_free(&im);
        assert_mf_ok(mf_dataset_add(d, picture, classes[i % CLASSES], i % 2 ? "ann" : "bo", i % 4 == 0 ? MF_OCC_MASK : MF_OCC_NONE, NULL,
                                    i < n / 2 ? MF_SPLIT_TRAIN : MF_SPLIT_TEST, NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, mf_test_path(name), &err), &err);
    mf_dataset_free(d);
}

static int
make_files(void **state)
{
    (void)state;
    save_network("net.safetensors", false);
    save_network("broken.safetensors", true);
    save_set("set", PICTURES);
    save_set("two", 2);
    return 0;
}

static size_t
lines_of(const char *path)
{
    mf_blob b   = {0};
    mf_err  err = {0};
    size_t  n   = 0;

    assert_mf_ok(mf_file_read(&b, path, 1 << 20, &err), &err);
    for (size_t i = 0; i < b.size; i++) {
        n += b.data[i] == '\n';
    }
    mf_blob_free(&b);
    return n;
}

static void
test_written(void **state)
{
    mf_blob a = {0}, b = {0};
    mf_err  err = {0};

    (void)state;
    assert_run("net.safetensors set --out map --csv", 0, "t-SNE: KL divergence");
    assert_int_equal(lines_of(mf_test_path("map/embedding.csv")), PICTURES + 1);
    assert_int_equal(lines_of(mf_test_path("map/features.csv")), PICTURES + 1);
    assert_mf_ok(mf_file_read(&a, mf_test_path("map/embedding.csv"), 1 << 20, &err), &err);
    assert_true(strncmp((const char *)a.data, "image,subject,occlusion,label,split,x,y\n0.png,bo,mask,left,train,", 65) == 0);
    assert_true(mf_path_exists(mf_test_path("map/embedding.gp")) && mf_path_exists(mf_test_path("map/embedding-test.gp")));
    assert_run("net.safetensors set --out map2 --no-figures --threads 1", 0, "trustwor-");
    assert_false(mf_path_exists(mf_test_path("map2/embedding.gp")));
    assert_run("net.safetensors set --out map3 --no-figures --threads 1", 0, "written to map3");
    mf_blob_free(&a);
    assert_mf_ok(mf_file_read(&a, mf_test_path("map2/embedding.csv"), 1 << 20, &err), &err);
    assert_mf_ok(mf_file_read(&b, mf_test_path("map3/embedding.csv"), 1 << 20, &err), &err);
    assert_true(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    mf_blob_free(&a);
    mf_blob_free(&b);
}

static void
test_layers(void **state)
{
    (void)state;
    assert_run("net.safetensors set --out l --method pca --layer layer3 --json --no-figures", 0, "\"features\": 256");
    assert_run("net.safetensors set --out l --method none --layer layer1.0.conv1 --json", 0, "\"features\": 64");
    assert_run("net.safetensors set --out l --method none --layer logits --json", 0, "\"features\": 3");
    assert_run("net.safetensors set --out l2 --layer layer9", 1, "no layer 'layer9'");
    assert_false(mf_path_exists(mf_test_path("l2")));
}

static void
test_refused(void **state)
{
    (void)state;
    assert_run("net.safetensors two --out t", 1, "t-SNE of 2 points: at least 4 are needed");
    assert_run("broken.safetensors set --out t", 1, "tensor 'layer4.1.bn2.bias' holds NaN or infinity");
    assert_run("net.safetensors set --out t --perplexity 30", 1, "a perplexity of 30 is too large for 12 points: at most 3.667");
    assert_run("net.safetensors set --out t --split val", 1, "has no row of split val");
    assert_run("net.safetensors set", 2, "--out");
    assert_false(mf_path_exists(mf_test_path("t")));
    assert_run("net.safetensors two --out t --method pca --no-figures", 0, "written to t"); /* two points have an axis */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_written), cmocka_unit_test(test_layers), cmocka_unit_test(test_refused)};

    if (mf_test_program() == NULL) {
        printf("SKIP: the program is not built\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_files, NULL);
}
