/* A run scored on another data set: other spellings, a label the network does not know, a picture that cannot be read;
 * the folder that comes of it is read as any run. */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/compare.h"
#include "eval/cross.h"
#include "runs.h"

enum { PEOPLE = 3 };

/* The pictures of `waves` under other names, one label too many, one file that is no picture. */
static const char *
other_set(const char *waves)
{
    static const char *const classes[] = {"slant", "links", "left", "odd"};
    const char              *dir       = mf_test_path("other");
    mf_dataset              *from, *d;
    mf_err                   err = {0};

    assert_mf_ok(mf_dataset_load(&from, waves, &err), &err);
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "other", classes, 4, &err), &err);
    for (size_t i = 0; i < from->n_rows; i++) {
        const mf_row *r    = &from->rows[i];
        mf_str        path = {0};
        mf_blob       file = {0};
        char          to[1300];

        mf_dataset_path(&path, from, i);
        assert_mf_ok(mf_file_read(&file, path.data, 1 << 20, &err), &err);
        snprintf(to, sizeof to, "%s/%s", dir, r->image);
        if (i == 4) {
            assert_mf_ok(mf_file_write(to, "no picture", 10, &err), &err);
        } else {
            assert_mf_ok(mf_file_write(to, file.data, file.size, &err), &err);
        }
        assert_mf_ok(mf_dataset_add(d, r->image, i == 5 ? "odd" : r->label == 0 ? "left" : r->label == 1 ? "links" : "slant",
                                    from->subjects[r->subject], r->occlusion, NULL, MF_SPLIT_NONE, NULL, &err), &err);
        mf_blob_free(&file);
        mf_str_free(&path);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    mf_dataset_free(from);
    return dir;
}

static mf_status
cross(const char *source, const char *data, const char *out, const char *map, size_t *failed, size_t *left_out, mf_err *err)
{
    mf_cross_nets nets = {0};
    mf_dataset   *d    = NULL;
    mf_cross_job  job  = {.source = source, .out = out, .nets = &nets, .infer = mf_infer_opts_default(), .map = {.map = map}};
    mf_status     st;

    if ((st = mf_cross_nets_find(&nets, source, err)) == MF_OK && (st = mf_dataset_load(&d, data, err)) == MF_OK) {
        job.data = d;
        st       = mf_cross_run(failed, left_out, &job, err);
    }
    mf_dataset_free(d);
    mf_cross_nets_free(&nets);
    return st;
}

static void
count_events(const char *run)
{
    mf_names names;
    int      found = 0;
    mf_err   err   = {0};

    assert_mf_ok(mf_dir_list(&names, run, &err), &err);
    for (size_t i = 0; i < names.n; i++) {
        found += mf_str_starts(names.name[i], "events.out.tfevents.");
    }
    assert_int_equal(found, 1); /* one process, one file */
    mf_names_free(&names);
}

static void
test_cross(void **state)
{
    const char     *waves = runs_dataset("waves", PEOPLE), *other = other_set(waves);
    char            run[1200], out[1200], again[1200], weights[1300];
    const char     *one = out;
    mf_settings     s;
    mf_predictions *p;
    mf_json        *j;
    mf_measures    *m = calloc(1, sizeof *m);
    size_t          failed, left_out;
    char            path[1300];
    mf_err          err = {0};

    (void)state;
    snprintf(run, sizeof run, "%s", mf_test_path("run"));
    snprintf(out, sizeof out, "%s", mf_test_path("out"));
    snprintf(again, sizeof again, "%s", mf_test_path("again"));
    snprintf(weights, sizeof weights, "%s/weights/best.safetensors", run);
    assert_mf_fails(cross(run, waves, out, "", &failed, &left_out, &err), MF_E_NOTFOUND, &err, "there is no run or weight file");
    runs_settings(&s, "baseline", 1);
    assert_mf_ok(runs_train(waves, &s, run, false, NULL, NULL, &err), &err);
    count_events(run);

    assert_mf_ok(cross(run, other, out, "links=right", &failed, &left_out, &err), &err);
    assert_int_equal(failed, 1);
    assert_int_equal(left_out, 1);
    assert_mf_ok(mf_predictions_load(&p, &one, 1, &err), &err);
    assert_true(p->run[0].cross && !p->run[0].trained_on_it && p->n_methods == 1 && p->n == PEOPLE * 6 - 1);
    assert_string_equal(p->run[0].dataset, "other");
    assert_string_equal(p->methods[0], "baseline");
    assert_string_equal(p->classes[1], "right"); /* the network's spelling */
    assert_mf_ok(mf_predictions_measures(m, p, 0, -1, MF_DOMAIN_ALL, &err), &err);
    assert_int_equal(m->unread, 1);
    mf_predictions_free(p);
    snprintf(path, sizeof path, "%s/cross.json", out);
    assert_mf_ok(mf_json_load(&j, path, &err), &err);
    assert_string_equal(mf_json_text(mf_json_get(mf_json_get(j, "labels"), "links"), ""), "right");
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "left_out"), "odd"), 0), 1);
    mf_json_free(j);
    snprintf(path, sizeof path, "%s/summary.json", out);
    assert_mf_ok(mf_json_load(&j, path, &err), &err);
    assert_non_null(mf_json_get(mf_json_at(mf_json_get(j, "methods"), 0), "non_masked"));
    mf_json_free(j);

    /* On what it was trained on. */
    assert_mf_fails(cross(run, waves, out, "", &failed, &left_out, &err), MF_E_STATE, &err, "holds a run already");
    assert_mf_ok(cross(run, waves, again, "", &failed, &left_out, &err), &err);
    one = again;
    assert_mf_ok(mf_predictions_load(&p, &one, 1, &err), &err);
    assert_true(p->run[0].trained_on_it);
    mf_predictions_free(p);
    assert_mf_ok(cross(weights, other, mf_test_path("by-file"), "", &failed, &left_out, &err), &err);
    assert_int_equal(left_out, 1 + PEOPLE * 2); /* links is not matched by name */
    free(m);
}

static void
copy_weights(const char *from, const char *dir, int fold)
{
    char    to[1400];
    mf_blob b   = {0};
    mf_err  err = {0};

    snprintf(to, sizeof to, "%s/fold-%02d/m/weights", dir, fold);
    assert_mf_ok(mf_dir_make(to, &err), &err);
    assert_mf_ok(mf_file_read(&b, from, 1 << 28, &err), &err);
    strcat(to, "/best.safetensors");
    assert_mf_ok(mf_file_write(to, b.data, b.size, &err), &err);
    mf_blob_free(&b);
}

/* Two folds with the same weights: the first network reads the files, the second the pictures that were kept of them, and both
 * say the same to the bit. */
static void
test_folds(void **state)
{
    static const char about[] = "{\"folds\":2,\"select\":\"val\",\"methods\":[{\"name\":\"m\"}]}";
    char              weights[1300], dir[1200], path[1300], out[1200];
    const char       *one = out;
    mf_predictions   *p;
    mf_calibration    plain, scaled;
    bool              own;
    size_t            failed, left_out, half;
    mf_err            err = {0};

    (void)state; /* after test_cross: its run and its other set are there */
    snprintf(weights, sizeof weights, "%s/run/weights/best.safetensors", mf_test_dir());
    snprintf(dir, sizeof dir, "%s", mf_test_path("folds"));
    snprintf(path, sizeof path, "%s/crossval.json", dir);
    snprintf(out, sizeof out, "%s", mf_test_path("folds-on-other"));
    copy_weights(weights, dir, 0);
    assert_mf_ok(mf_file_write(path, about, sizeof about - 1, &err), &err);
    assert_mf_fails(cross(dir, mf_test_path("other"), out, "", &failed, &left_out, &err), MF_E_NOTFOUND, &err,
                    "fold-01/m/weights/best.safetensors' are not there");
    copy_weights(weights, dir, 1);
    assert_mf_ok(cross(dir, mf_test_path("other"), out, "links=right", &failed, &left_out, &err), &err);
    assert_int_equal(failed, 1);
    assert_mf_ok(mf_predictions_load(&p, &one, 1, &err), &err);
    half = p->n / 2;
    assert_true(p->folds == 2 && p->n == 2 * (PEOPLE * 6 - 1) && !p->run[0].folds_overlap);
    for (size_t i = 0; i < half; i++) {
        assert_int_equal(p->row[i].image, p->row[half + i].image);
        assert_int_equal(p->row[i].answer, p->row[half + i].answer);
    }
    assert_memory_equal(p->prob, p->prob + half * (size_t)p->n_classes, half * (size_t)p->n_classes * sizeof *p->prob);
    assert_mf_ok(mf_predictions_calibration(&plain, &scaled, &own, p, 0, MF_DOMAIN_ALL, &err), &err);
    assert_false(own);
    mf_predictions_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cross), cmocka_unit_test(test_folds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
