/* eval/cross.c: one study: every network over every picture whose label has a class.
 *
 * The first network reads the files, which tells what cannot be read. Where there are more, the pictures are then kept decoded
 * at the networks' size, unless that would pass CACHE_BYTES_MAX. */
#include "eval/cross.h"

#include <string.h>

#include "core/csv.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/thread.h"
#include "data/cache.h"
#include "eval/kinds.h"
#include "eval/score.h"
#include "eval/show.h"

static const size_t CACHE_BYTES_MAX = (size_t)2 << 30;

typedef struct study {
    const mf_cross_job *job;
    mf_class_map        map;
    char               *network[MF_CLASSES_MAX + 1]; /* classes of the first network */
    int                 n_network;
    uint32_t           *rows;
    size_t              n;
    size_t              left[MF_CLASSES_MAX];        /* pictures left out, of each label */
    mf_kinds            kinds;
    mf_str              csv;
    size_t              failed;
    bool               *unread;                      /* [n] */
    uint32_t           *readable;                    /* [n - failed] of rows */
    mf_cache           *cache;                       /* of `readable`; NULL: none is kept */
} study;

static void
study_free(study *s)
{
    for (int i = 0; i < s->n_network; i++) {
        mf_free(s->network[i]);
    }
    mf_free(s->rows);
    mf_free(s->unread);
    mf_free(s->readable);
    mf_cache_free(s->cache);
    mf_kinds_free(&s->kinds);
    mf_str_free(&s->csv);
}

/* The first network decides the classes, and with them which pictures are scored. */
static mf_status
settle(study *s, const mf_infer *f, mf_err *err)
{
    const mf_cross_job *job   = s->job;
    const char *const  *names = mf_infer_classes(f);
    const int           n     = mf_infer_model(f)->classes;
    mf_status           st;

    if (names == NULL || n > MF_CLASSES_MAX) {
        return mf_fail(err, MF_E_FORMAT, "the weights do not name their classes");
    }
    for (int i = 0; i < n; i++) {
        if ((s->network[i] = mf_strdup(names[i])) == NULL) {
            return mf_oom(err, strlen(names[i]) + 1, "classes");
        }
        s->n_network++;
    }
    if ((st = mf_class_map_make(&s->map, (const char *const *)s->network, n, (const char *const *)job->data->classes,
                                job->data->n_classes, &job->map, err)) < 0) {
        return st;
    }
    if ((s->rows = mf_calloc(job->data->n_rows, sizeof *s->rows)) == NULL) {
        return mf_oom(err, job->data->n_rows * sizeof *s->rows, "a list of rows");
    }
    for (size_t i = 0; i < job->data->n_rows; i++) {
        const int label = job->data->rows[i].label;

        if (s->map.from_label[label] >= 0) {
            s->rows[s->n++] = (uint32_t)i;
        } else {
            s->left[label]++;
        }
    }
    return s->n != 0 ? MF_OK : mf_fail(err, MF_E_LIMIT, "no picture of '%s' has a label that the network knows", job->data->dir);
}

static mf_status
same_classes(const study *s, const mf_infer *f, const char *path, mf_err *err)
{
    const char *const *names = mf_infer_classes(f);
    bool               same  = names != NULL && mf_infer_model(f)->classes == s->n_network;

    for (int i = 0; same && i < s->n_network; i++) {
        same = mf_str_eq(names[i], s->network[i]);
    }
    return same ? MF_OK : mf_fail(err, MF_E_ARG, "'%s' has other classes than the first network of the study", path);
}

static void
head(study *s)
{
    mf_str_printf(&s->csv, "method,fold,image,subject,occlusion%s,label,predicted", s->kinds.of != NULL ? ",mask_type" : "");
    for (int c = 0; c < s->map.classes; c++) {
        mf_str name = {0};

        mf_str_printf(&name, "p_%s", s->map.name[c]);
        mf_str_addc(&s->csv, ',');
        mf_csv_put(&s->csv, mf_str_c(&name));
        mf_str_free(&name);
    }
    mf_str_addc(&s->csv, '\n');
}

static void
put_rows(study *s, const mf_cross_net *net, const mf_scores *got)
{
    const mf_dataset *d = s->job->data;

    for (size_t i = 0; i < got->n; i++) {
        const mf_row *r    = &d->rows[got->row[i]];
        const bool    read = !got->unread[i];
        float         p[MF_CLASSES_MAX];

        mf_csv_put(&s->csv, net->method);
        mf_str_printf(&s->csv, ",%d,", net->fold);
        mf_csv_put(&s->csv, r->image);
        mf_str_addc(&s->csv, ',');
        mf_csv_put(&s->csv, r->subject >= 0 ? d->subjects[r->subject] : "");
        mf_str_printf(&s->csv, ",%s,", mf_occlusion_name(r->occlusion));
        if (s->kinds.of != NULL) {
            mf_csv_put(&s->csv, s->kinds.of[got->row[i]] != NULL ? s->kinds.of[got->row[i]] : "");
            mf_str_addc(&s->csv, ',');
        }
        mf_csv_put(&s->csv, s->map.name[s->map.from_label[r->label]]);
        mf_str_addc(&s->csv, ',');
        if (read) {
            mf_class_map_apply(p, &s->map, got->prob + i * (size_t)got->classes);
            mf_csv_put(&s->csv, s->map.name[mf_argmax(p, s->map.classes)]);
        }
        for (int c = 0; c < s->map.classes; c++) {
            if (read) {
                mf_str_printf(&s->csv, ",%.9g", (double)p[c]);
            } else {
                mf_str_addc(&s->csv, ',');
            }
        }
        mf_str_addc(&s->csv, '\n');
    }
}

/* After the first network: what it could read, decoded once for the others. */
static mf_status
keep_pictures(study *s, const mf_scores *got, const mf_recipe *r, mf_err *err)
{
    const size_t  readable = got->n - s->failed, bytes = (size_t)r->width * (size_t)r->height * (size_t)r->channels;
    mf_cache_opts o        = {.kind = MF_CACHE_RAM, .width = r->width, .height = r->height, .channels = r->channels,
                              .progress = s->job->progress};
    size_t        k        = 0;

    if (s->job->nets->n < 2 || readable == 0 || readable > CACHE_BYTES_MAX / bytes) {
        return MF_OK;
    }
    s->unread   = mf_calloc(got->n, sizeof *s->unread);
    s->readable = mf_calloc(readable, sizeof *s->readable);
    if (s->unread == NULL || s->readable == NULL) {
        return mf_oom(err, got->n * sizeof *s->readable, "a list of rows");
    }
    for (size_t i = 0; i < got->n; i++) {
        s->unread[i] = got->unread[i];
        if (!got->unread[i]) {
            s->readable[k++] = got->row[i];
        }
    }
    return mf_cache_build(&s->cache, s->job->data, s->readable, readable, &o, err);
}

static bool
fits_cache(const study *s, const mf_recipe *r)
{
    int width, height, channels;

    if (s->cache == NULL) {
        return false;
    }
    mf_cache_shape(s->cache, &width, &height, &channels);
    return width == r->width && height == r->height && channels == r->channels;
}

/* As mf_score_files gives it, from the pictures that are kept. */
static mf_status
score_kept(mf_scores *out, const study *s, mf_infer *f, mf_err *err)
{
    const size_t     classes = (size_t)mf_infer_model(f)->classes;
    mf_scorer       *scorer  = NULL;
    const mf_scores *got;
    size_t           k = 0;
    mf_status        st;

    *out = (mf_scores){.n = s->n, .classes = (int)classes, .row = mf_calloc(s->n, sizeof *out->row),
                       .prob = mf_calloc(s->n * classes, sizeof *out->prob), .unread = mf_calloc(s->n, sizeof *out->unread)};
    if (out->row == NULL || out->prob == NULL || out->unread == NULL) {
        return mf_oom(err, s->n * classes * sizeof *out->prob, "scoring");
    }
    if ((st = mf_scorer_open(&scorer, f, s->job->data, s->cache, s->readable, s->n - s->failed, mf_threads_get(), err)) == MF_OK &&
        (st = mf_scorer_run(scorer, &got, &s->job->progress, err)) == MF_OK) {
        for (size_t i = 0; i < s->n; i++) {
            out->row[i]    = s->rows[i];
            out->unread[i] = s->unread[i];
            if (!s->unread[i]) {
                memcpy(out->prob + i * classes, got->prob + k++ * classes, classes * sizeof *out->prob);
            }
        }
    }
    mf_scorer_close(scorer);
    return st;
}

static mf_status
one_network(study *s, const mf_cross_net *net, mf_err *err)
{
    const mf_cross_job *job  = s->job;
    const bool          once = s->rows == NULL;
    const mf_log        none = {0};
    mf_infer           *f    = NULL;
    mf_scores           got  = {0};
    mf_status           st;

    if ((st = mf_infer_load(&f, net->weights, &job->infer, err)) < 0 ||
        (st = once ? settle(s, f, err) : same_classes(s, f, net->weights, err)) < 0) {
        goto done;
    }
    if (once) {
        head(s);
    }
    if (fits_cache(s, mf_infer_recipe(f))) {
        st = score_kept(&got, s, f, err);
    } else { /* what cannot be read is said once, not once a network */
        st = mf_score_files(&got, &s->failed, f, job->data, s->rows, s->n, s->map.from_label, once ? &job->log : &none, &job->progress,
                            err);
        if (st == MF_OK && once) {
            st = keep_pictures(s, &got, mf_infer_recipe(f), err);
        }
    }
    if (st < 0) {
        goto done;
    }
    put_rows(s, net, &got);
    st = mf_str_ok(&s->csv, err);
done:
    mf_scores_free(&got);
    mf_infer_free(f);
    return st;
}

/* ---- the files -------------------------------------------------------------------------------------------- */

static void
put_map(mf_json_out *j, const char *key, char *const *names, int n, const int *to, const mf_class_map *m)
{
    mf_json_open(j, key, '{');
    for (int i = 0; i < n; i++) {
        if (to[i] >= 0) {
            mf_json_put_str(j, names[i], m->name[to[i]]);
        } else {
            mf_json_put_null(j, names[i]);
        }
    }
    mf_json_close(j, '}');
}

static void
describe(mf_str *out, const study *s)
{
    const mf_cross_job *job = s->job;
    mf_json_out         j   = mf_json_begin(out, 2);
    char                hash[65];

    mf_dataset_hash(hash, job->data);
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "source", job->source);
    mf_json_put_str(&j, "dataset", job->data->name);
    mf_json_put_str(&j, "dataset_sha256", hash);
    mf_json_put_bool(&j, "trained_on_it", mf_str_eq(hash, job->nets->dataset));
    mf_json_put_int(&j, "folds", job->nets->folds);
    mf_json_put_int(&j, "networks", (int64_t)job->nets->n);
    mf_json_put_int(&j, "pictures", (int64_t)s->n);
    mf_json_open(&j, "classes", '[');
    for (int c = 0; c < s->map.classes; c++) {
        mf_json_put_str(&j, NULL, s->map.name[c]);
    }
    mf_json_close(&j, ']');
    put_map(&j, "network_classes", s->network, s->n_network, s->map.from_network, &s->map);
    put_map(&j, "labels", job->data->classes, job->data->n_classes, s->map.from_label, &s->map);
    mf_json_open(&j, "left_out", '{');
    for (int l = 0; l < job->data->n_classes; l++) {
        if (s->left[l] != 0) {
            mf_json_put_int(&j, job->data->classes[l], (int64_t)s->left[l]);
        }
    }
    mf_json_close(&j, '}');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static mf_status
write_in(const char *dir, const char *name, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_write_str(path.data, text, err);
    }
    mf_str_free(&path);
    return st;
}

static mf_status
write_summary(const mf_cross_job *job, mf_err *err)
{
    mf_compare_opts o    = mf_compare_opts_default();
    mf_predictions *p    = NULL;
    mf_comparisons  c    = {0};
    mf_str          text = {0};
    mf_status       st;

    if ((st = mf_predictions_load(&p, &job->out, 1, err)) == MF_OK && (st = mf_compare(&c, p, &o, err)) == MF_OK &&
        (st = mf_json_compare(&text, p, &c, err)) == MF_OK) {
        st = write_in(job->out, "summary.json", &text, err);
    }
    mf_str_free(&text);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
    return st;
}

static mf_status
claim(const char *out, mf_err *err)
{
    static const char *const marks[] = {"cross.json", "predictions.csv", "summary.json", "crossval.json"};
    mf_str                   path    = {0};
    mf_status                st      = MF_OK;

    for (size_t i = 0; i < sizeof marks / sizeof marks[0] && st == MF_OK; i++) {
        mf_path_join(&path, out, marks[i]);
        if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
            st = mf_fail(err, MF_E_STATE, "'%s' holds a run already ('%s'): give another --out", out, marks[i]);
        }
    }
    mf_str_free(&path);
    return st < 0 ? st : mf_dir_make(out, err);
}

mf_status
mf_cross_run(size_t *failed, size_t *left_out, const mf_cross_job *job, mf_err *err)
{
    study    *s    = mf_calloc(1, sizeof *s);
    mf_str    text = {0};
    mf_status st;

    *failed = *left_out = 0;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a study");
    }
    s->job = job;
    if ((st = claim(job->out, err)) < 0 || (st = mf_kinds_load(&s->kinds, job->data, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < job->nets->n; i++) {
        const mf_cross_net *net = &job->nets->net[i];

        mf_logf(&job->log, MF_LOG_DEBUG, "%s, fold %d: %s", net->method, net->fold, net->weights);
        if ((st = one_network(s, net, err)) < 0) {
            mf_fail_in(err, st, "%s", net->weights);
            goto done;
        }
    }
    for (int l = 0; l < job->data->n_classes; l++) {
        *left_out += s->left[l];
        if (s->left[l] != 0) {
            mf_logf(&job->log, MF_LOG_WARN, "%zu pictures are left out: the network has no class for the label '%s'", s->left[l],
                    job->data->classes[l]);
        }
    }
    *failed = s->failed;
    describe(&text, s);
    if ((st = mf_str_ok(&text, err)) == MF_OK && (st = write_in(job->out, "cross.json", &text, err)) == MF_OK &&
        (st = write_in(job->out, "predictions.csv", &s->csv, err)) == MF_OK) {
        st = write_summary(job, err);
    }
done:
    mf_str_free(&text);
    study_free(s);
    mf_free(s);
    return st;
}
