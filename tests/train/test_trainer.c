/* The training loop: steps that allocate nothing, a loss that is no number, a folder that is taken, a run that is asked
 * to stop, files that repeat a run. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "runs.h"

typedef struct counting {
    uint64_t before;
    int      step, calm; /* steps in a row without an allocation */
} counting;

static bool
count_allocations(void *arg, uint64_t step)
{
    counting *c   = arg;
    uint64_t  now = mf_mem_count();

    c->step = (int)step;
    c->calm = c->before == now ? c->calm + 1 : 0;
    c->before = now;
    return true;
}

static void
test_step_allocates_nothing(void **state)
{
    static const char *const methods[] = {"supervised", "contrastive"};

    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *data = runs_dataset("calm", 14);
        mf_settings s;
        counting    c   = {0};
        mf_err      err = {0};
        char        out[32];

        runs_settings(&s, methods[k], 1);
        s.t.batch = 5; /* partial batch, full ones before it: both programs are in use */
        s.t.clip  = k == 0 ? 1.0 : 0.0; /* gradients with memory of their own, and such as are taken one by one */
        snprintf(out, sizeof out, "calm-%d", k);
        assert_mf_ok(runs_train(data, &s, mf_test_path(out), false, count_allocations, &c, &err), &err);
        /* The last steps of the only epoch: prefetching threads have made their buffers by then. */
        printf("%s: %d steps, the last %d without an allocation\n", methods[k], c.step + 1, c.calm);
        assert_true(c.step >= 3);
        assert_true(c.calm >= c.step - 1);
    }
}

static void
test_not_a_number(void **state)
{
    const char *data = runs_dataset("set", 6), *out = mf_test_path("nan");
    char        path[1200];
    mf_settings s;
    mf_blob     before = {0}, after = {0};
    mf_err      err = {0};

    (void)state;
    /* One epoch at rate 0, saved; then weights leave all bounds. */
    runs_settings(&s, "supervised", 6);
    s.t.batch        = 64;
    s.t.warmup       = 2;
    s.t.warmup_start = 0;
    s.t.lr           = 100;
    assert_mf_ok(mf_settings_choose(&s, NULL, NULL, "sgd", "constant", NULL, &err), &err);
    assert_mf_ok(mf_settings_set(&s, "lr", "100", &err), &err);
    s.t.weight_decay = 10;
    s.t.decay_all    = true;
    assert_mf_fails(runs_train(data, &s, out, false, NULL, NULL, &err), MF_E_NUMERIC, &err, "epoch ");
    printf("%s\n", err.msg);
    assert_non_null(strstr(err.msg, "step "));
    assert_non_null(strstr(err.msg, "batch "));
    snprintf(path, sizeof path, "%s/state/last.ckpt", out);
    assert_mf_ok(mf_file_read(&before, path, (size_t)1 << 30, &err), &err);
    /* The saved state is a good one: going on meets the same end at the same step, and leaves the state alone. */
    assert_mf_fails(runs_train(data, &s, out, true, NULL, NULL, &err), MF_E_NUMERIC, &err, "epoch ");
    assert_mf_ok(mf_file_read(&after, path, (size_t)1 << 30, &err), &err);
    assert_true(before.size == after.size);
    mf_blob_free(&before);
    mf_blob_free(&after);
    snprintf(path, sizeof path, "%s/summary.json", out);
    assert_false(mf_path_exists(path));
}

/* A clip that never bites needs all gradients at once; without, each is taken as the backward pass makes it. The weights are the same. */
static void
test_gradients_one_by_one(void **state)
{
    static const char *const methods[] = {"supervised", "contrastive"}, *const optims[] = {"adam", "sgd"};

    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *data = runs_dataset("set", 6);
        char        out[2][32];

        for (int i = 0; i < 2; i++) {
            mf_settings s;
            mf_err      err = {0};

            runs_settings(&s, methods[k], 2);
            assert_mf_ok(mf_settings_choose(&s, NULL, NULL, optims[k], NULL, NULL, &err), &err);
            s.t.batch = 7; /* a partial batch too */
            s.t.ema   = 0.9;
            s.t.clip  = i == 0 ? 0.0 : 1e9;
            snprintf(out[i], sizeof out[i], "by-one-%d-%d", k, i);
            assert_mf_ok(runs_train(data, &s, mf_test_path(out[i]), false, NULL, NULL, &err), &err);
        }
        runs_same_file(mf_test_path(out[0]), mf_test_path(out[1]), "weights/last.safetensors");
        runs_same_file(mf_test_path(out[0]), mf_test_path(out[1]), "predictions.csv");
    }
}

static bool
end_at_two(void *arg, uint64_t step)
{
    (void)arg;
    return step < 2;
}

static void
test_folder_is_taken(void **state)
{
    const char *data = runs_dataset("set", 6), *out = mf_test_path("taken");
    mf_settings s;
    mf_err      err = {0};

    (void)state;
    runs_settings(&s, "supervised", 2);
    s.t.save_seconds = 1e-9; /* after every step */
    assert_mf_fails(runs_train(data, &s, out, false, end_at_two, NULL, &err), MF_E_CANCELLED, &err, NULL);
    assert_mf_fails(runs_train(data, &s, out, false, NULL, NULL, &err), MF_E_STATE, &err, "--resume");
    s.t.lr = 0.5;
    assert_mf_fails(runs_train(data, &s, out, true, NULL, NULL, &err), MF_E_STATE, &err, "other settings");
}

static void
test_files(void **state)
{
    static const char *const files[] = {"config.yaml", "env.json", "results.csv", "timings.csv", "predictions.csv",
                                        "summary.json", "weights/best.safetensors", "weights/last.safetensors",
                                        "state/last.ckpt"};
    const char *data = runs_dataset("set", 6), *out = mf_test_path("files"), *again = mf_test_path("again");
    char        path[1200];
    mf_settings s, t;
    mf_blob     file = {0};
    mf_json    *j;
    mf_err      err = {0};

    (void)state;
    runs_settings(&s, "baseline-nm", 2);
    assert_mf_ok(runs_train(data, &s, out, false, NULL, NULL, &err), &err);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", out, files[i]);
        if (!mf_path_exists(path)) {
            fail_msg("%s is not there", path);
        }
    }
    snprintf(path, sizeof path, "%s/summary.json", out);
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    assert_mf_ok(mf_json_parse(&j, (const char *)file.data, file.size, true, &err), &err);
    assert_non_null(mf_json_get(j, "train"));
    assert_non_null(mf_json_get(mf_json_get(j, "val"), "accuracy"));
    assert_non_null(mf_json_get(mf_json_get(j, "val"), "macro_f1"));
    assert_non_null(mf_json_get(mf_json_get(j, "val"), "loss"));
    assert_true(mf_json_num(mf_json_get(j, "seconds"), -1) > 0);
    assert_true(mf_json_int(mf_json_get(j, "peak_memory_bytes"), -1) > 0);
    mf_json_free(j);
    mf_blob_free(&file);
    /* The run's config.yaml repeats it bit by bit. */
    snprintf(path, sizeof path, "%s/config.yaml", out);
    assert_mf_ok(mf_settings_default(&t, &err), &err);
    assert_mf_ok(mf_settings_load(&t, path, 0, NULL, &err), &err);
    assert_true(mf_settings_hash(&t) == mf_settings_hash(&s));
    assert_mf_ok(runs_train(data, &t, again, false, NULL, NULL, &err), &err);
    runs_same_file(out, again, "results.csv");
    runs_same_file(out, again, "weights/last.safetensors");
    /* A finished run is left alone. */
    assert_mf_ok(runs_train(data, &t, again, true, end_at_two, NULL, &err), &err);
}

static bool
stop_now(void *arg)
{
    (void)arg;
    return true;
}

static void
test_stop_and_go_on(void **state)
{
    const char   *data = runs_dataset("set", 6), *out = mf_test_path("stopped"), *whole = mf_test_path("unbroken");
    mf_settings   s;
    mf_dataset   *d;
    mf_cache     *cache;
    mf_parts      parts = {0};
    uint32_t     *rows;
    size_t        n;
    mf_cache_opts co = {.kind = MF_CACHE_RAM, .width = 32, .height = 32, .channels = 3, .workers = 1};
    mf_train_job  job;
    mf_err        err = {0};

    (void)state;
    runs_settings(&s, "baseline", 2);
    assert_mf_ok(runs_train(data, &s, whole, false, NULL, NULL, &err), &err);
    assert_mf_ok(mf_dataset_load(&d, data, &err), &err);
    assert_mf_ok(mf_parts_by_split(&parts, d, s.t.val_share, (uint64_t)s.t.seed, NULL, &err), &err);
    assert_mf_ok(mf_parts_rows(&rows, &n, &parts, &err), &err);
    assert_mf_ok(mf_cache_build(&cache, d, rows, n, &co, &err), &err);
    job = (mf_train_job){.settings = &s, .data = d, .cache = cache, .parts = &parts, .out = out, .seed = 1, .resume = true,
                         .stop = stop_now};
    assert_mf_fails(mf_train_run(&job, &err), MF_E_CANCELLED, &err, "--resume");
    assert_mf_fails(mf_train_run(&job, &err), MF_E_CANCELLED, &err, "after 2 steps");
    mf_free(rows);
    mf_cache_free(cache);
    mf_parts_free(&parts);
    mf_dataset_free(d);
    assert_mf_ok(runs_train(data, &s, out, true, NULL, NULL, &err), &err);
    runs_same_file(whole, out, "results.csv");
    runs_same_file(whole, out, "weights/last.safetensors");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_allocates_nothing), cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_folder_is_taken),        cmocka_unit_test(test_files),
        cmocka_unit_test(test_stop_and_go_on),         cmocka_unit_test(test_gradients_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
