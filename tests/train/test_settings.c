/* The options of a run: unique names, YAML out and in, what overrides what, and every file of configs/. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "train/crossval.h"
#include "train/settings.h"

static void
all_tables(const mf_opt *tables[128], size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < mf_method_count(); i++) {
        tables[(*n)++] = mf_method_at(i)->opts;
    }
    for (size_t i = 0; i < mf_model_count() && *n < 96; i++) {
        tables[(*n)++] = mf_model_at(i)->opts;
    }
    for (size_t i = 0; i < mf_optim_count(); i++) {
        tables[(*n)++] = mf_optim_at(i)->opts;
    }
    for (size_t i = 0; i < mf_schedule_count(); i++) {
        tables[(*n)++] = mf_schedule_at(i)->opts;
    }
    for (size_t i = 0; i < mf_loss_count(); i++) {
        tables[(*n)++] = mf_loss_at(i)->opts;
    }
}

/* Tables that can be chosen together share no name: a flag and a key then mean one thing. */
static void
test_names_are_unique(void **state)
{
    const mf_opt *tables[128];
    size_t        n, kind[6];

    (void)state;
    all_tables(tables, &n);
    kind[0] = 0;
    kind[1] = mf_method_count();
    kind[2] = n - mf_optim_count() - mf_schedule_count() - mf_loss_count();
    kind[3] = n - mf_schedule_count() - mf_loss_count();
    kind[4] = n - mf_loss_count();
    kind[5] = n;
    for (size_t a = 0; a < n; a++) {
        for (const mf_opt *row = tables[a]; row->type != MF_OPT_T_END; row++) {
            if (mf_opt_find(mf_train_rows, row->name) != NULL) {
                fail_msg("'%s' is an option of the run too", row->name);
            }
            for (size_t b = 0; b < n; b++) {
                bool same_kind = false;

                for (int k = 0; k < 5; k++) {
                    same_kind = same_kind || (a >= kind[k] && a < kind[k + 1] && b >= kind[k] && b < kind[k + 1]);
                }
                if (!same_kind && mf_opt_find(tables[b], row->name) != NULL) {
                    fail_msg("'%s' is an option of two things that are chosen together", row->name);
                }
            }
        }
    }
    for (const mf_opt *row = mf_train_rows; row->type != MF_OPT_T_END; row++) {
        assert_true(row->help[0] != '\0');
    }
}

static void
test_yaml_round_trip(void **state)
{
    const char *path = mf_test_path("config.yaml");
    mf_settings a, b;
    mf_str      text = {0}, again = {0};
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_settings_default(&a, &err), &err);
    assert_mf_ok(mf_settings_choose(&a, "distill-code", "resnet34", "sgd", "step", "focal", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "gamma", "1.5", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "milestones", "3,5", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "nesterov", "true", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "lambda", "12.5", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "eval-mean", "[0.5, 0.5, 0.5]", &err), &err);
    assert_mf_ok(mf_settings_set(&a, "freeze", "conv1.*, a: b #c", &err), &err);
    mf_settings_print(&a, &text);
    assert_mf_ok(mf_file_write_str(path, &text, &err), &err);
    assert_mf_ok(mf_settings_default(&b, &err), &err);
    assert_mf_ok(mf_settings_load(&b, path, 0, NULL, &err), &err);
    mf_settings_print(&b, &again);
    assert_string_equal(text.data, again.data);
    assert_true(mf_settings_hash(&a) == mf_settings_hash(&b));
    b.t.lr *= 2;
    assert_true(mf_settings_hash(&a) != mf_settings_hash(&b));
    b.t.lr /= 2;
    b.t.workers += 3; /* changes no bit */
    assert_true(mf_settings_hash(&a) == mf_settings_hash(&b));
    mf_str_free(&text);
    mf_str_free(&again);
}

static void
load_text(mf_settings *s, const char *text, unsigned keep, mf_status want, const char *part)
{
    const char      *path = mf_test_path("some.yaml");
    mf_crossval_opts folds;
    mf_table         extra[] = {{mf_crossval_rows, &folds}, {0}};
    mf_err           err     = {0};
    mf_status        st;

    assert_mf_ok(mf_file_write(path, text, strlen(text), &err), &err);
    mf_opt_defaults(mf_crossval_rows, &folds);
    st = mf_settings_load(s, path, keep, extra, &err);
    if (want == MF_OK) {
        assert_mf_ok(st, &err);
    } else {
        assert_mf_fails(st, want, &err, part);
    }
}

static void
test_files(void **state)
{
    mf_settings s;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_settings_default(&s, &err), &err);
    load_text(&s, "lr: 0.5\nlamda: 3\n", 0, MF_E_USAGE, "line 2");
    load_text(&s, "epochz: 3\n", 0, MF_E_USAGE, "did you mean 'epochs'?");
    load_text(&s, "lr: fast\n", 0, MF_E_USAGE, "'lr'");
    load_text(&s, "- a\n- b\n", 0, MF_E_USAGE, "expected keys");
    load_text(&s, "method: distil\n", 0, MF_E_USAGE, "did you mean 'distill'?");
    load_text(&s, "method: distill\nlambda: 7\nmilestones: [2, 4]\nschedule: step\n", 0, MF_OK, NULL);
    assert_string_equal(s.method.def->name, "distill");
    assert_string_equal(s.t.schedule.s, "step");
    /* Another method was named on the command line: the file's lambda has no one to go to, and is passed over. */
    assert_mf_ok(mf_settings_default(&s, &err), &err);
    load_text(&s, "method: distill\nlambda: 7\nlr: 0.25\n", MF_KEEP_METHOD, MF_OK, NULL);
    assert_string_equal(s.method.def->name, "supervised");
    assert_true(s.t.lr == 0.25);
    /* A comparison holds the options of all its methods; a misspelt one is still found. */
    assert_mf_ok(mf_settings_default(&s, &err), &err);
    load_text(&s, "method: hinton\nmethods: [hinton, triplet]\ntemperature: 2\nmining: all\nfolds: 5\n", 0, MF_OK, NULL);
    load_text(&s, "method: hinton\nmining: all\n", 0, MF_E_USAGE, "'mining'");
    load_text(&s, "method: hinton\nmethods: [hinton, triplet]\nminning: all\n", 0, MF_E_USAGE, "line 3");
    load_text(&s, "method: hinton\nfolds: 1\n", 0, MF_E_USAGE, "line 2");
}

static void
test_class_weights(void **state)
{
    const size_t count[4] = {768, 3359, 5203, 0};
    double       w[4];
    mf_settings  s;
    mf_err       err = {0};

    (void)state;
    assert_mf_ok(mf_settings_default(&s, &err), &err);
    mf_settings_class_weights(w, &s, count, 4);
    assert_true(w[0] == 1 && w[1] == 1 && w[2] == 1 && w[3] == 1);
    assert_mf_ok(mf_settings_set(&s, "class-weights", "balanced", &err), &err);
    mf_settings_class_weights(w, &s, count, 3);
    /* The constants of He and Leniuk's trainer (mlfw.md 1.4). */
    assert_true(fabs(w[0] - 4.049479) < 1e-6 && fabs(w[1] - 0.925871) < 1e-6 && fabs(w[2] - 0.597732) < 1e-6);
    assert_mf_ok(mf_settings_set(&s, "class-weights", "effective", &err), &err);
    mf_settings_class_weights(w, &s, count, 4);
    assert_true(fabs(w[0] + w[1] + w[2] - 3) < 1e-12 && w[3] == 1);
    /* (1 - b^3359) / (1 - b^768) and (1 - b^5203) / (1 - b^768), b = 0.9999 */
    assert_true(fabs(w[0] / w[1] - 3.8593696) < 1e-6);
    assert_true(fabs(w[0] / w[2] - 5.4873724) < 1e-6);
}

static void
test_checks(void **state)
{
    mf_settings s;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_settings_default(&s, &err), &err);
    assert_mf_ok(mf_settings_check(&s, &err), &err);
    assert_mf_fails(mf_settings_set(&s, "optimiser", "adma", &err), MF_E_USAGE, &err, "did you mean 'adam'?");
    assert_mf_fails(mf_settings_set(&s, "label-smothing", "0.1", &err), MF_E_USAGE, &err, "label-smoothing");
    assert_mf_ok(mf_settings_set(&s, "mean", "0.5", &err), &err);
    assert_mf_fails(mf_settings_check(&s, &err), MF_E_USAGE, &err, "one a channel");
    assert_mf_ok(mf_settings_set(&s, "mean", "", &err), &err);
    assert_mf_ok(mf_settings_set(&s, "draw-pairs", "true", &err), &err);
    assert_mf_fails(mf_settings_check(&s, &err), MF_E_USAGE, &err, "--occlude mask");
    assert_mf_ok(mf_settings_set(&s, "occlude", "lower", &err), &err);
    assert_mf_ok(mf_settings_check(&s, &err), &err);
    assert_mf_ok(mf_settings_set(&s, "soft", "true", &err), &err);
    assert_mf_ok(mf_settings_set(&s, "draw-label", "true", &err), &err);
    assert_mf_fails(mf_settings_check(&s, &err), MF_E_USAGE, &err, "'--draw-label'");
}

/* Each pattern of a list names a parameter of the network. */
static void
check_patterns(const mf_settings *s, const char *path, const char *patterns)
{
    mf_model     m;
    mf_params   *ps;
    mf_graph    *g;
    char         list[MF_OPT_STR_MAX];
    mf_err       err = {0};

    assert_mf_ok(mf_settings_model(&m, s, 7, &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&g, &m, ps, &err), &err);
    snprintf(list, sizeof list, "%s", patterns);
    for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ",")) {
        bool found = false;

        for (size_t i = 0; i < mf_params_count(ps) && !found; i++) {
            found = mf_str_glob(word, mf_params_at(ps, i)->name);
        }
        if (!found) {
            fail_msg("%s: no parameter of %s is named by '%s'", path, s->t.model.s, word);
        }
    }
    mf_graph_free(g);
    mf_params_free(ps);
}

/* Every published experiment in configs/ is readable, complete in what it names, and checked. */
static void
test_configs(void **state)
{
    char     dir[1024], path[2048];
    mf_names names;
    size_t   n   = 0;
    mf_err   err = {0};

    (void)state;
    snprintf(dir, sizeof dir, "%s/configs", mf_test_source());
    assert_mf_ok(mf_dir_list(&names, dir, &err), &err);
    for (size_t i = 0; i < names.n; i++) {
        mf_settings      s;
        mf_crossval_opts folds;
        mf_table         extra[] = {{mf_crossval_rows, &folds}, {0}};

        if (!mf_str_ends(names.name[i], ".yaml")) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", dir, names.name[i]);
        assert_mf_ok(mf_settings_default(&s, &err), &err);
        mf_opt_defaults(mf_crossval_rows, &folds);
        assert_mf_ok(mf_settings_load(&s, path, 0, extra, &err), &err);
        assert_mf_ok(mf_settings_check(&s, &err), &err);
        if (s.t.freeze.s[0] != '\0' || s.t.head_params.s[0] != '\0') {
            check_patterns(&s, path, s.t.freeze.s);
            check_patterns(&s, path, s.t.head_params.s);
        }
        n++;
    }
    mf_names_free(&names);
    assert_true(n >= 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_yaml_round_trip), cmocka_unit_test(test_files),
        cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_checks),           cmocka_unit_test(test_configs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
