/* Every method of the registry on drawn pictures: a step allocates nothing, and a run stopped in mid-epoch and resumed ends
 * in the bits of one that was left alone. Nothing that a method or a loss computes is left to the reference kernels. */
#include "support.h"

#include <string.h>

#include "core/cpu.h"
#include "core/file.h"
#include "core/isa.h"
#include "core/mem.h"
#include "runs.h"
#include "train/network.h"
#include "weights/weights.h"

static bool
end_at_two(void *arg, uint64_t step)
{
    (void)arg;
    return step + 1 < 2;
}

typedef struct counting {
    uint64_t before;
    int      steps, calm; /* calm: those without an allocation */
} counting;

static bool
count_allocations(void *arg, uint64_t step)
{
    counting *c   = arg;
    uint64_t  now = mf_mem_count();

    c->steps  = (int)step + 1;
    c->calm += c->before == now;
    c->before = now;
    return true;
}

static void
settings_of(mf_settings *s, const char *method, const char *teacher)
{
    mf_err err = {0};

    runs_settings(s, method, 2);
    assert_mf_ok(mf_settings_set(s, "width", "8", &err), &err);
    s->t.precision = 1;
    s->t.batch     = 4;
    s->t.workers   = 0;
    s->t.balanced  = true;
    s->t.mix       = MF_MIX_CUTMIX;
    s->t.mix_prob  = 0.5;
    s->t.tta       = true;
    snprintf(s->t.teacher.s, sizeof s->t.teacher.s, "%s", teacher);
}

static const char *
teacher_file(const char *data)
{
    static char path[1200];
    mf_settings s;
    mf_err      err = {0};

    if (path[0] != '\0') {
        return path;
    }
    settings_of(&s, "baseline-nm", "");
    s.t.epochs = 1;
    assert_mf_ok(runs_train(data, &s, mf_test_path("teacher"), false, NULL, NULL, &err), &err);
    snprintf(path, sizeof path, "%s/weights/best.safetensors", mf_test_path("teacher"));
    return path;
}

/* A run left alone, and one stopped after two steps and resumed from the state it saved: the same files. */
static void
stop_and_go_on(const char *data, mf_settings *s, const char *whole, const char *broken)
{
    mf_err err = {0};

    s->t.epochs = 2;
    assert_mf_ok(runs_train(data, s, whole, false, NULL, NULL, &err), &err);
    s->t.save_seconds = 1e-9; /* a state after every step */
    assert_mf_fails(runs_train(data, s, broken, false, end_at_two, NULL, &err), MF_E_CANCELLED, &err, NULL);
    assert_mf_ok(runs_train(data, s, broken, true, NULL, NULL, &err), &err);
    runs_same_file(whole, broken, "results.csv");
    runs_same_file(whole, broken, "predictions.csv");
    runs_same_file(whole, broken, "weights/last.safetensors");
}

static void
check(const char *data, const char *method, const char *teacher)
{
    char        whole[1200], broken[1200], name[100], calm[100];
    mf_settings s;
    counting    c   = {0};
    mf_err      err = {0};

    snprintf(name, sizeof name, "%s-whole", method);
    snprintf(whole, sizeof whole, "%s", mf_test_path(name));
    snprintf(name, sizeof name, "%s-broken", method);
    snprintf(broken, sizeof broken, "%s", mf_test_path(name));
    snprintf(calm, sizeof calm, "%s-calm", method);
    settings_of(&s, method, teacher);
    s.t.epochs = 1;
    assert_mf_ok(runs_train(data, &s, mf_test_path(calm), false, count_allocations, &c, &err), &err);
    printf("%-20s %d of %d steps without an allocation\n", method, c.calm, c.steps);
    assert_true(c.steps >= 4 && c.calm >= c.steps - 2); /* the first full and the first partial batch make what later ones use */
    stop_and_go_on(data, &s, whole, broken);
}

/* What a run keeps beside its network: centres that follow the embeddings, pictures under several views, classes drawn from
 * votes. The centres are no part of the weights. */
static void
test_more_to_keep(void **state)
{
    char        data[1200], whole[1200], broken[1200], path[1300];
    mf_settings s;
    mf_blob     with = {0}, without = {0};
    mf_tensors  ts   = {0};
    mf_err      err  = {0};

    (void)state;
    snprintf(data, sizeof data, "%s", runs_dataset("set", 10));
    snprintf(whole, sizeof whole, "%s", mf_test_path("kept-whole"));
    snprintf(broken, sizeof broken, "%s", mf_test_path("kept-broken"));
    settings_of(&s, "supervised", "");
    s.t.augment       = 3; /* mlfw */
    s.t.draw_label    = true;
    s.t.balanced      = false;
    s.t.mix           = MF_MIX_NONE;
    s.t.centre_weight = 0.1;
    stop_and_go_on(data, &s, whole, broken);
    snprintf(path, sizeof path, "%s/weights/last.safetensors", whole);
    assert_mf_ok(mf_weights_load(&ts, path, &err), &err);
    assert_null(mf_tensors_find(&ts, MF_METHOD_CENTRES));
    mf_tensors_free(&ts);
    /* Pairs that are made by hiding the picture itself, on data without any. */
    {
        mf_settings p;

        settings_of(&p, "hinton", teacher_file(data));
        p.t.mix        = MF_MIX_NONE;
        p.t.draw_pairs = true;
        p.t.occlude_prob = 1;
        snprintf(p.t.occlude.s, sizeof p.t.occlude.s, "lower");
        assert_mf_ok(mf_settings_check(&p, &err), &err);
        stop_and_go_on(data, &p, mf_test_path("drawn-whole"), mf_test_path("drawn-broken"));
    }
    /* The loss that is trained is another one with them. */
    snprintf(path, sizeof path, "%s/results.csv", whole);
    assert_mf_ok(mf_file_read(&with, path, 1 << 20, &err), &err);
    s.t.centre_weight = 0;
    assert_mf_ok(runs_train(data, &s, mf_test_path("kept-none"), false, NULL, NULL, &err), &err);
    snprintf(path, sizeof path, "%s/results.csv", mf_test_path("kept-none"));
    assert_mf_ok(mf_file_read(&without, path, 1 << 20, &err), &err);
    assert_false(with.size == without.size && memcmp(with.data, without.data, with.size) == 0);
    mf_blob_free(&with);
    mf_blob_free(&without);
}

static void
test_every_method(void **state)
{
    char        data[1200];
    const char *teacher;

    snprintf(data, sizeof data, "%s", runs_dataset("set", 10)); /* a path of the test's folder is lent for a while only */
    teacher = teacher_file(data);
    (void)state;
    for (size_t i = 0; i < mf_method_count(); i++) {
        if (mf_method_at(i)->build != NULL) { /* else it trains no network: test_combine.c */
            check(data, mf_method_at(i)->name, teacher);
        }
    }
    check(data, "contrastive-supcon", teacher);
}

/* A teacher whose answers count must know as many classes; one whose features count need not. */
static void
test_teacher_of_other_classes(void **state)
{
    const char *teacher = teacher_file(runs_dataset("set", 10));

    (void)state;
    for (size_t i = 0; i < mf_method_count(); i++) {
        const mf_method_def *d = mf_method_at(i);
        mf_settings          s;
        mf_network          *n;
        mf_err               err = {0};
        mf_network_opts      o   = {.settings = &s, .classes = RUNS_CLASSES + 2, .batch = 4, .eval_batch = 4, .teacher = teacher,
                                    .backend = "ref", .seed = 1};

        if (!d->needs_teacher) {
            assert_false(d->teacher_answers);
            continue;
        }
        settings_of(&s, d->name, teacher);
        if (d->teacher_answers) {
            assert_mf_fails(mf_network_new(&n, &o, &err), MF_E_ARG, &err, "fc.weight");
        } else {
            assert_mf_ok(mf_network_new(&n, &o, &err), &err);
            mf_network_free(n);
        }
        o.teacher = NULL;
        assert_mf_fails(mf_network_new(&n, &o, &err), MF_E_USAGE, &err, "--teacher FILE");
    }
}

/* Programs of one method or loss with one option (NULL: none), in one precision. */
static void
check_kernels(const char *method, const char *loss, const char *option, const char *value, const char *teacher, mf_prec prec)
{
    mf_settings     s;
    mf_network     *n;
    mf_network_opts o   = {.settings = &s, .classes = RUNS_CLASSES, .batch = 6, .part = 3, .eval_batch = 4, .teacher = teacher, .backend = "auto",
                           .seed = 1};
    mf_err          err = {0};
    int             steps;

    settings_of(&s, method, teacher);
    s.t.precision = prec == MF_PREC_BF16 ? 2 : 1;
    assert_mf_ok(mf_settings_choose(&s, NULL, NULL, NULL, NULL, loss, &err), &err);
    if (option != NULL) {
        assert_mf_ok(mf_settings_set(&s, option, value, &err), &err);
    }
    assert_mf_ok(mf_network_new(&n, &o, &err), &err);
    assert_int_equal(mf_network_prec(n), prec);
    steps = mf_network_ref_steps(n);
    mf_network_free(n);
    if (steps != 0) {
        fail_msg("%s by %s in %s%s%s%s%s: %d steps run on reference kernels", method, loss, mf_prec_name(prec), option != NULL ? ", " : "",
                 option != NULL ? option : "", option != NULL ? " " : "", option != NULL ? value : "", steps);
    }
}

/* Every method and loss, and every word of the options that change what they compute. */
static void
check_all_kernels(const char *teacher, mf_prec prec)
{
    static const char *const kinds[] = {"form", "pull", "mining", "norm", NULL};
    int                      checked = 0;

    for (size_t i = 0; i < mf_method_count(); i++) {
        const mf_method_def *d = mf_method_at(i);

        if (d->build == NULL) {
            continue; /* it trains no network */
        }
        check_kernels(d->name, "cross-entropy", NULL, NULL, teacher, prec);
        checked++;
        for (size_t k = 0; kinds[k] != NULL; k++) {
            const mf_opt *row = mf_opt_find(d->opts, kinds[k]);

            for (size_t w = 0; row != NULL && row->choices[w] != NULL; w++, checked++) {
                check_kernels(d->name, "cross-entropy", row->name, row->choices[w], teacher, prec);
            }
        }
    }
    for (size_t i = 0; i < mf_loss_count(); i++, checked++) {
        check_kernels("supervised", mf_loss_at(i)->name, "label-smoothing", "0.1", teacher, prec);
    }
    printf("  %d methods, forms and losses in %s without a step on reference kernels\n", checked, mf_prec_name(prec));
}

static void
test_kernels(void **state)
{
    const char       *teacher = teacher_file(runs_dataset("set", 10));
    const mf_backend *b;
    mf_err            err = {0};

    (void)state;
#if MF_HAVE_ONEDNN && defined(__x86_64__)
    assert_mf_ok(mf_backend_find(&b, "auto", &err), &err);
    check_all_kernels(teacher, MF_PREC_F32);
    if (!b->bf16 || !(mf_cpu_has(MF_CPU_AVX512_BF16) || mf_isa_fast_bf16())) {
        mf_test_skip("no bf16 on this CPU (neither AMX nor AVX512-BF16): kernels in f32 alone were looked at");
        return;
    }
    check_all_kernels(teacher, MF_PREC_BF16);
#else
    (void)teacher, (void)b, (void)err;
    mf_test_skip("no backend but the reference in this build");
#endif
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_method), cmocka_unit_test(test_more_to_keep),
                                       cmocka_unit_test(test_teacher_of_other_classes), cmocka_unit_test(test_kernels)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
