/* Every architecture of the registry, trained as `maskfer train` does it, on drawn students, in f32 and in bf16 where the CPU
 * computes that itself: the loss falls, no step is left to the reference kernels, a run broken off inside an epoch and resumed
 * ends in the bits of one that was left alone, and the saved weights, loaded anew, give the predictions that were written.
 *
 * Networks are as narrow and pictures as small as they come: what is judged is the way through every op of an architecture,
 * not how well it learns. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/manifest.h"
#include "data/synth.h"
#include "runs.h"
#include "train/network.h"
#include "weights/weights.h"

enum { CLASSES = 2, PEOPLE = 3, SIDE = 64, BATCH = 8, EPOCHS = 5, PATIENCE = 24, BREAK_AT = 5 };

/* Two classes that show at 32 pixels, so that a few steps of a narrow network can learn them: without a mask, and with one. */
static const char *
students(void)
{
    static const char *const classes[CLASSES + 1] = {"bare", "masked", NULL};
    static char     dir[1200];
    mf_synth_counts counts;
    mf_synth_opts   o   = {.people = PEOPLE, .takes = 1, .size = SIDE, .seed = 3, .png = true, .jobs = {.workers = 1}};
    mf_dataset     *drawn, *d;
    mf_err          err = {0};

    if (dir[0] != '\0') {
        return dir;
    }
    snprintf(dir, sizeof dir, "%s", mf_test_path("students"));
    assert_mf_ok(mf_synth_make(&counts, dir, &o, &err), &err);
    assert_mf_ok(mf_dataset_load(&drawn, dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "students", classes, CLASSES, &err), &err);
    for (size_t i = 0; i < drawn->n_rows; i++) {
        const mf_row *r = &drawn->rows[i];

        assert_mf_ok(mf_dataset_add(d, r->image, classes[r->occlusion != MF_OCC_NONE], drawn->subjects[r->subject], r->occlusion, NULL,
                                    MF_SPLIT_NONE, NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    mf_dataset_free(drawn);
    return dir;
}

/* An option of the architecture, where it has it, no smaller than its range allows. */
static void
narrow(mf_settings *s, const char *name, double value)
{
    const mf_opt *row = mf_opt_find(s->model->opts, name);
    char          text[32];
    mf_err        err = {0};

    if (row != NULL) {
        snprintf(text, sizeof text, "%g", value > row->lo ? value : row->lo);
        assert_mf_ok(mf_settings_set(s, name, text, &err), &err);
    }
}

/* Whether it has batch norm, without which a network takes longer to begin; small pictures are then enough. */
static bool
steady(const mf_model_def *def)
{
    mf_model      m;
    mf_model_info info;
    bool          found = false;
    mf_err        err   = {0};

    assert_mf_ok(mf_model_make(&m, def->name, CLASSES, 3, def->min_size, def->min_size, &err), &err);
    assert_mf_ok(mf_model_inspect(&info, &m, &err), &err);
    for (size_t i = 0; i < info.n_layers; i++) {
        found = found || strcmp(info.layers[i].op, "bn_eval") == 0;
    }
    mf_model_info_free(&info);
    return found;
}

static void
settings_of(mf_settings *s, const mf_model_def *def, mf_prec prec)
{
    const mf_opt *width  = mf_opt_find(def->opts, "width");
    const bool    normed = steady(def);
    mf_err        err    = {0};

    /* Without batch norm a network begins slowly, one of 16 convolutions most so. */
    runs_settings(s, "baseline", normed ? EPOCHS : mf_str_eq(def->name, "vgg19") ? PATIENCE : 10);
    assert_mf_ok(mf_settings_choose(s, NULL, def->name, NULL, normed ? "constant" : "cosine", NULL, &err), &err);
    s->t.size      = normed && def->min_size < SIDE ? SIDE : def->min_size;
    s->t.batch     = BATCH;
    s->t.workers   = 0;
    s->t.threads   = 1; /* small work: threads would wait for each other more than they compute */
    s->t.lr        = 1e-3;
    s->t.warmup    = 2;
    s->t.augment   = 0;
    s->t.precision = prec == MF_PREC_BF16 ? 2 : 1;
    if (width != NULL) {
        narrow(s, "width", width->type == MF_OPT_T_F64 ? 0.5 : normed ? 8.0 : 16.0);
    }
    narrow(s, "hidden", 64.0);
    narrow(s, "dropout", 0.1);
    assert_mf_ok(mf_settings_check(s, &err), &err);
    assert_int_equal(mf_settings_prec(s), prec);
}

static bool
break_off(void *arg, uint64_t step)
{
    (void)arg;
    return step + 1 < BREAK_AT;
}

/* The programs that the run uses, of which each step has a kernel of its own. */
static void
check_kernels(const mf_settings *s)
{
    mf_network     *n;
    mf_network_opts o   = {.settings = s, .classes = CLASSES, .batch = BATCH, .part = BATCH / 2, .eval_batch = BATCH, .backend = "auto", .seed = 1};
    mf_err          err = {0};

    assert_mf_ok(mf_network_new(&n, &o, &err), &err);
    assert_int_equal(mf_network_prec(n), mf_settings_prec(s));
#if MF_HAVE_ONEDNN && defined(__x86_64__)
    assert_int_equal(mf_network_ref_steps(n), 0);
#endif
    mf_network_free(n);
}

/* Saved weights read and written again are the same file, and what they predict is what the run wrote. */
static void
check_saved(const mf_settings *s, const char *run)
{
    char       best[1300], again[1300], wrote[1300], answers[1300];
    mf_tensors ts  = {0};
    mf_err     err = {0};

    snprintf(best, sizeof best, "%s/weights/best.safetensors", run);
    snprintf(again, sizeof again, "%s/again.safetensors", run);
    snprintf(wrote, sizeof wrote, "%s/predictions.csv", run);
    snprintf(answers, sizeof answers, "%s/again.csv", run);
    assert_mf_ok(mf_weights_load(&ts, best, &err), &err);
    assert_mf_ok(mf_weights_save(again, &ts, &err), &err);
    mf_tensors_free(&ts);
    runs_same_bytes(best, again);
    assert_mf_ok(runs_score(students(), s, again, answers, &err), &err);
    runs_same_bytes(wrote, answers);
}

static void
check(const mf_model_def *def, mf_prec prec)
{
    char          whole[1200], broken[1200], name[100];
    double        loss[PATIENCE];
    size_t        last;
    mf_settings   s;
    const clock_t begun = clock();
    mf_err        err   = {0};

    snprintf(name, sizeof name, "%s-%s", def->name, mf_prec_name(prec));
    snprintf(whole, sizeof whole, "%s", mf_test_path(name));
    snprintf(name, sizeof name, "%s-%s-broken", def->name, mf_prec_name(prec));
    snprintf(broken, sizeof broken, "%s", mf_test_path(name));
    settings_of(&s, def, prec);
    check_kernels(&s);
    assert_mf_ok(runs_train(students(), &s, whole, false, NULL, NULL, &err), &err);
    last = (size_t)s.t.epochs - 1;
    runs_column(whole, "train_loss", loss, last + 1);
    s.t.save_seconds = 1e-9; /* a state after every step */
    assert_mf_fails(runs_train(students(), &s, broken, false, break_off, NULL, &err), MF_E_CANCELLED, &err, NULL);
    s.t.save_seconds = 0;
    assert_mf_ok(runs_train(students(), &s, broken, true, NULL, NULL, &err), &err);
    runs_same_file(whole, broken, "results.csv");
    runs_same_file(whole, broken, "predictions.csv");
    runs_same_file(whole, broken, "weights/last.safetensors");
    check_saved(&s, broken);
    printf("  %-20s %3d x %-3d %-4s loss %.3f, %zu epochs on %.3f; %.1f s of CPU\n", def->name, (int)s.t.size, (int)s.t.size,
           mf_prec_name(prec), loss[0], last, loss[last], (double)(clock() - begun) / CLOCKS_PER_SEC);
    fflush(stdout);
    assert_true(loss[last] < 0.95 * loss[0]);
    assert_mf_ok(mf_dir_remove_all(whole, &err), &err);
    assert_mf_ok(mf_dir_remove_all(broken, &err), &err);
}

static void
test_f32(void **state)
{
    (void)state;
    for (size_t k = 0; k < mf_model_count(); k++) {
        check(mf_model_at(k), MF_PREC_F32);
    }
}

static void
test_bf16(void **state)
{
    const mf_backend *b;
    mf_err            err = {0};

    (void)state;
    assert_mf_ok(mf_backend_find(&b, "auto", &err), &err);
    if (mf_prec_resolve(MF_PREC_AUTO, b) != MF_PREC_BF16) {
        mf_test_skip("bf16 is not the fast type of this CPU (no AMX): %zu architectures not trained in it", mf_model_count());
        return;
    }
    for (size_t k = 0; k < mf_model_count(); k++) {
        check(mf_model_at(k), MF_PREC_BF16);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f32), cmocka_unit_test(test_bf16)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
