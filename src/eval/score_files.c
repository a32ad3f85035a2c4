/* eval/score_files.c: pictures of a data set from their files to probabilities, a batch at a time. */
#include <string.h>

#include "core/mem.h"
#include "eval/score.h"
#include "image/image.h"

/* The network's number of each of the data set's classes; -1 where it has none. */
static mf_status
map_labels(mf_scores *s, const mf_infer *f, const mf_dataset *d, mf_err *err)
{
    const char *const *names = mf_infer_classes(f);

    s->label_map = mf_calloc((size_t)d->n_classes, sizeof *s->label_map);
    if (s->label_map == NULL) {
        return mf_oom(err, (size_t)d->n_classes * sizeof *s->label_map, "labels");
    }
    for (int c = 0; c < d->n_classes; c++) {
        s->label_map[c] = -1;
        for (int k = 0; k < s->classes; k++) {
            if (names == NULL ? k == c : mf_str_eq(names[k], d->classes[c])) {
                s->label_map[c] = k;
            }
        }
    }
    s->class_name = names;
    return MF_OK;
}

static mf_status
known_labels(const mf_scores *s, const mf_dataset *d, const uint32_t *rows, size_t n, mf_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const mf_row *r = &d->rows[rows[i]];

        if (s->label_map[r->label] < 0) {
            mf_str all = {0};

            for (int k = 0; k < s->classes && s->class_name != NULL; k++) {
                mf_str_printf(&all, "%s%s", k != 0 ? ", " : "", s->class_name[k]);
            }
            mf_fail(err, MF_E_ARG, "the network does not know the label '%s' of '%s' (it knows %s)", d->classes[r->label],
                    r->image, mf_str_c(&all));
            mf_str_free(&all);
            return MF_E_ARG;
        }
    }
    return MF_OK;
}

mf_status
mf_score_files(mf_scores *out, size_t *failed, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n,
               const mf_log *log, const mf_progress *progress, mf_err *err)
{
    const size_t batch    = (size_t)mf_infer_batch(f);
    const int    channels = mf_infer_recipe(f)->channels;
    mf_image    *im       = mf_calloc(batch, sizeof *im);
    mf_str       path     = {0};
    size_t       held     = 0;
    mf_status    st       = MF_OK;

    *failed      = 0;
    out->classes = mf_infer_model(f)->classes;
    out->row     = mf_calloc(n, sizeof *out->row);
    out->prob    = mf_calloc(n * (size_t)out->classes, sizeof *out->prob);
    if (im == NULL || out->row == NULL || out->prob == NULL) {
        st = mf_oom(err, n * (size_t)out->classes * sizeof *out->prob, "scoring");
        goto done;
    }
    if ((st = map_labels(out, f, d, err)) < 0 || (st = known_labels(out, d, rows, n, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        mf_err why = {0};

        mf_dataset_path(&path, d, rows[i]);
        if ((st = mf_str_ok(&path, err)) < 0) {
            goto done;
        }
        if (mf_image_load(&im[held], path.data, channels, &why) < 0) {
            mf_logf(log, MF_LOG_WARN, "left out: %s", why.msg);
            ++*failed;
        } else {
            out->row[out->n + held++] = rows[i];
        }
        if (held == batch || (i + 1 == n && held != 0)) {
            st = mf_infer_images(f, im, held, out->prob + out->n * (size_t)out->classes, NULL, err);
            for (size_t k = 0; k < held; k++) {
                mf_image_free(&im[k]);
            }
            out->n += held;
            held = 0;
            if (st < 0) {
                goto done;
            }
        }
        mf_progress_set(progress, "scoring", (double)(i + 1), (double)n);
    }
done:
    for (size_t k = 0; k < held && im != NULL; k++) {
        mf_image_free(&im[k]);
    }
    mf_free(im);
    mf_str_free(&path);
    if (st < 0) {
        mf_scores_free(out);
    }
    return st;
}
