/* train/crossval.c: which jobs there are, in which order, and their folders. */
#include "train/crossval.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "data/folds.h"
#include "data/keypoints.h"
#include "train/trainer_i.h"

typedef struct plan {
    const mf_crossval_job *job;
    int                   *fold;   /* of each row, for our own folds */
    uint8_t               *scored; /* [row * folds + fold], for the published ones */
} plan;

static mf_status
make_plan(plan *p, const mf_crossval_job *job, mf_err *err)
{
    const size_t n = job->data->n_rows;

    *p = (plan){.job = job};
    if (job->msde_code) {
        p->scored = mf_calloc(n, (size_t)job->folds);
        return p->scored == NULL ? mf_oom(err, n * (size_t)job->folds, "folds")
                                 : mf_folds_msde_code(p->scored, job->data, job->folds, err);
    }
    p->fold = mf_calloc(n, sizeof *p->fold);
    return p->fold == NULL ? mf_oom(err, n * sizeof *p->fold, "folds")
                           : mf_folds_make(p->fold, job->data, job->folds, (uint64_t)job->settings[0].t.seed, err);
}

static mf_status
fold_parts(mf_parts *out, const plan *p, int fold, mf_err *err)
{
    const mf_crossval_job *job    = p->job;
    const size_t           n      = job->data->n_rows;
    uint8_t               *scored = mf_calloc(n, 1);
    mf_status              st;

    if (scored == NULL) {
        return mf_oom(err, n, "a fold");
    }
    for (size_t i = 0; i < n; i++) {
        scored[i] = p->scored != NULL ? p->scored[i * (size_t)job->folds + (size_t)fold] : p->fold[i] == fold;
    }
    st = mf_parts_by_fold(out, job->data, scored, job->settings[0].t.val_share,
                          (uint64_t)job->settings[0].t.seed + (uint64_t)fold, err);
    mf_free(scored);
    return st;
}

/* Weight files that a run of a fold takes from others of the fold; empty: none, and NULL goes to the run. */
typedef struct sources {
    mf_str teacher, init, join[2];
} sources;

static void
sources_free(sources *s)
{
    mf_str_free(&s->teacher);
    mf_str_free(&s->init);
    mf_str_free(&s->join[0]);
    mf_str_free(&s->join[1]);
}

static const char *
file_or_null(const mf_str *s)
{
    return s->len != 0 ? s->data : NULL;
}

/* The run of a fold; every method of a fold starts from the same seed, so that they are compared on equal terms. */
static mf_status
train_one(const plan *p, const mf_settings *s, const mf_parts *parts, int fold, const char *dir, const sources *from,
          mf_err *err)
{
    const mf_crossval_job *job = p->job;
    mf_train_job           one = {
        .settings = s, .data = job->data, .cache = job->cache, .parts = parts, .out = dir,
        .teacher = file_or_null(&from->teacher), .init = file_or_null(&from->init),
        .join = {file_or_null(&from->join[0]), file_or_null(&from->join[1])},
        .seed = (uint64_t)s->t.seed + (uint64_t)fold, .resume = true, .small = true, .log = job->log,
        .progress = job->progress, .stop = job->stop, .stop_arg = job->stop_arg,
    };
    mf_status st = mf_train_run(&one, err);

    return st < 0 && st != MF_E_CANCELLED ? mf_fail_in(err, st, "%s", dir) : st;
}

static bool
is_finished(const char *dir)
{
    mf_str path = {0};
    bool   there;

    mf_path_join(&path, dir, "summary.json");
    there = !path.oom && mf_path_exists(path.data);
    mf_str_free(&path);
    return there;
}

/* The weights that count of a finished run. */
static mf_status
weights_of(mf_str *out, const char *dir, mf_select select, mf_err *err)
{
    mf_str_clear(out);
    mf_str_printf(out, "%s/weights/%s.safetensors", dir, select == MF_SELECT_LAST ? "last" : "best");
    return mf_str_ok(out, err);
}

/* The fold's own run of a supervised method on clear pictures can be the teacher of a student of the same architecture. */
static ptrdiff_t
teacher_among(const mf_crossval_job *job, const mf_settings *student)
{
    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        const mf_method *m = &job->settings[i].method;

        if (job->settings[i].model == student->model && !m->def->needs_teacher && m->def->samples == MF_SAMPLES_ROWS &&
            mf_method_domain(m) == MF_DOMAIN_CLEAR) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

static mf_status one_job(const plan *p, const mf_settings *s, int fold, const mf_parts *parts, int depth, mf_err *err);

/* Finds or trains the fold's own run of a method that another needs; *path is its weight file. */
static mf_status
fold_run(mf_str *path, const plan *p, const char *name, int fold, const mf_parts *parts, int depth, mf_err *err)
{
    const mf_crossval_job *job = p->job;
    const mf_settings     *s   = NULL;
    mf_str                 dir = {0};
    mf_status              st;

    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        s = mf_str_eq(job->settings[i].method.name, name) ? &job->settings[i] : s;
    }
    if (s == NULL) {
        return mf_fail(err, MF_E_USAGE, "a method needs the fold's own run of '%s', which is not among the methods", name);
    }
    mf_str_printf(&dir, "%s/fold-%02d/%s", job->out, fold, name);
    if ((st = mf_str_ok(&dir, err)) == MF_OK && (st = one_job(p, s, fold, parts, depth + 1, err)) == MF_OK) {
        st = weights_of(path, dir.data, (mf_select)s->t.select, err);
    }
    mf_str_free(&dir);
    return st;
}

/* Finds or trains the teacher of a fold; *path is its weight file. */
static mf_status
fold_teacher(mf_str *path, const plan *p, const mf_settings *student, const mf_parts *parts, int fold, int depth, mf_err *err)
{
    const mf_crossval_job *job  = p->job;
    const ptrdiff_t        own  = teacher_among(job, student);
    const sources          none = {0};
    mf_settings            s;
    mf_str                 dir = {0};
    mf_status              st;

    if (own >= 0) {
        return fold_run(path, p, job->settings[own].method.name, fold, parts, depth, err);
    }
    s = *student;
    if ((st = mf_settings_choose(&s, "baseline-nm", NULL, NULL, NULL, NULL, err)) < 0) {
        return st;
    }
    mf_str_printf(&dir, "%s/fold-%02d/teacher", job->out, fold);
    if ((st = mf_str_ok(&dir, err)) == MF_OK && !is_finished(dir.data)) {
        mf_logf(&job->log, MF_LOG_INFO, "fold %d: training its teacher", fold);
        st = train_one(p, &s, parts, fold, dir.data, &none, err);
    }
    if (st == MF_OK) {
        st = weights_of(path, dir.data, (mf_select)s.t.select, err);
    }
    mf_str_free(&dir);
    return st;
}

static void
say_done(const mf_crossval_job *job, int fold, const mf_settings *s, const char *dir)
{
    mf_str   path = {0};
    mf_blob  file = {0};
    mf_json *j    = NULL;
    mf_json *test;

    mf_path_join(&path, dir, "summary.json");
    if (!path.oom && mf_file_read(&file, path.data, 64 << 20, NULL) == MF_OK &&
        mf_json_parse(&j, (const char *)file.data, file.size, true, NULL) == MF_OK) {
        test = mf_json_get(j, "test");
        mf_logf(&job->log, MF_LOG_INFO, "fold %d/%d %-16s non-masked %6.2f %%   masked %6.2f %%   (%.0f s)", fold + 1,
                job->folds, s->method.name, mf_json_num(mf_json_get(mf_json_get(test, "non_masked"), "accuracy"), 0),
                mf_json_num(mf_json_get(mf_json_get(test, "masked"), "accuracy"), 0),
                mf_json_num(mf_json_get(j, "seconds"), 0));
    }
    mf_json_free(j);
    mf_blob_free(&file);
    mf_str_free(&path);
}

static mf_status
find_sources(sources *from, const plan *p, const mf_settings *s, int fold, const mf_parts *parts, int depth, mf_err *err)
{
    mf_str *const to[3] = {&from->join[0], &from->join[1], &from->init};
    char          need[3][64];
    mf_status     st;

    if ((st = mf_crossval_needs(need, s, p->job->begin, err)) < 0) {
        return st;
    }
    for (int i = 0; i < 3; i++) {
        if (need[i][0] != '\0' && (st = fold_run(to[i], p, need[i], fold, parts, depth, err)) < 0) {
            return st;
        }
    }
    return s->method.def->needs_teacher && s->t.teacher.s[0] == '\0' ? fold_teacher(&from->teacher, p, s, parts, fold, depth, err)
                                                                     : MF_OK;
}

static mf_status
one_job(const plan *p, const mf_settings *s, int fold, const mf_parts *parts, int depth, mf_err *err)
{
    const mf_crossval_job *job  = p->job;
    sources                from = {0};
    mf_str                 dir  = {0};
    mf_status              st;

    if (depth > MF_CROSSVAL_METHODS_MAX) {
        return mf_fail(err, MF_E_USAGE, "option '--begin': '%s' begins from itself", s->method.name);
    }
    mf_str_printf(&dir, "%s/fold-%02d/%s", job->out, fold, s->method.name);
    if ((st = mf_str_ok(&dir, err)) < 0 || is_finished(dir.data)) {
        goto done;
    }
    if ((st = find_sources(&from, p, s, fold, parts, depth, err)) == MF_OK &&
        (st = train_one(p, s, parts, fold, dir.data, &from, err)) == MF_OK) {
        say_done(job, fold, s, dir.data);
    }
done:
    mf_str_free(&dir);
    sources_free(&from);
    return st;
}

/* Whether a method uses the run of another of its fold. */
static bool
uses_another(const mf_crossval_job *job, const mf_settings *s, const char *other)
{
    char      need[3][64];
    ptrdiff_t teacher = s->method.def->needs_teacher && s->t.teacher.s[0] == '\0' ? teacher_among(job, s) : -1;

    return (teacher >= 0 && mf_str_eq(job->settings[teacher].method.name, other)) ||
           (mf_crossval_needs(need, s, job->begin, NULL) == MF_OK &&
            (mf_str_eq(need[0], other) || mf_str_eq(need[1], other) || mf_str_eq(need[2], other)));
}

/* Jobs of a fold that use each other's runs, or a teacher trained for them, stay in one shard, so that no two processes train the same
 * network; every other (fold, method) may go to another. */
static bool
is_mine(const mf_crossval_job *job, int fold, size_t method)
{
    const mf_settings *s      = &job->settings[method];
    bool               shared = s->method.def->needs_teacher && s->t.teacher.s[0] == '\0';

    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        shared = shared || uses_another(job, s, job->settings[i].method.name) || uses_another(job, &job->settings[i], s->method.name);
    }
    return shared ? fold % job->shards == job->shard
                  : (job->folds + fold * (int)job->n_methods + (int)method) % job->shards == job->shard;
}

static mf_status
drop_weights(const mf_crossval_job *job, int fold, mf_err *err)
{
    mf_str    path = {0};
    mf_status st   = MF_OK;

    for (size_t i = 0; i <= job->n_methods + job->n_more && st == MF_OK; i++) {
        mf_str_clear(&path);
        mf_str_printf(&path, "%s/fold-%02d/%s/weights", job->out, fold,
                      i < job->n_methods + job->n_more ? job->settings[i].method.name : "teacher");
        if ((st = mf_str_ok(&path, err)) == MF_OK) {
            st = mf_dir_remove_all(path.data, err);
        }
    }
    mf_str_free(&path);
    return st;
}

static mf_status
write_text(const char *dir, const char *name, const mf_str *text, mf_err *err)
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

/* What all shards and `collect` must agree on: methods, folds, settings, data. */
static mf_status
describe(mf_str *out, const mf_crossval_job *job)
{
    mf_json_out j = mf_json_begin(out, 2);
    char        hash[65], mark[24];

    mf_dataset_hash(hash, job->data);
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "dataset", job->data->name);
    mf_json_put_str(&j, "dataset_sha256", hash);
    mf_json_put_int(&j, "folds", job->folds);
    mf_json_put_str(&j, "folds_from", job->msde_code ? "msde-code" : "people");
    mf_json_put_int(&j, "seed", job->settings[0].t.seed);
    mf_json_put_str(&j, "select",
                    job->settings[0].t.select == MF_SELECT_LAST   ? "last"
                    : job->settings[0].t.select == MF_SELECT_FOLD ? "fold"
                                                                  : "val");
    mf_json_open(&j, "classes", '[');
    for (int i = 0; i < job->data->n_classes; i++) {
        mf_json_put_str(&j, NULL, job->data->classes[i]);
    }
    mf_json_close(&j, ']');
    if (job->begin != NULL && job->begin[0] != '\0') {
        mf_json_put_str(&j, "begin", job->begin);
    }
    mf_json_open(&j, "methods", '[');
    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        if (i == job->n_methods) {
            mf_json_close(&j, ']');
            mf_json_open(&j, "helpers", '['); /* trained for others, not in the table */
        }
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", job->settings[i].method.name);
        snprintf(mark, sizeof mark, "%016llx", (unsigned long long)mf_settings_hash(&job->settings[i]));
        mf_json_put_str(&j, "settings", mark);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
    return MF_OK;
}

/* A method's own row is written where the methods that have it agree and it is not at its default; where they do not, the
 * methods' names say it (baseline-nm, contrastive-code). */
static void
method_rows(mf_str *out, const mf_crossval_job *job)
{
    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        const mf_method *m = &job->settings[i].method;

        for (const mf_opt *row = m->def->opts; row->type != MF_OPT_T_END; row++) {
            mf_method plain;
            mf_str    mine = {0}, theirs = {0};
            bool      write = mf_method_make(&plain, m->def->name, NULL) == MF_OK;

            mf_opt_print(row, m->cfg, &mine);
            mf_opt_print(row, plain.cfg, &theirs);
            write = write && !mf_str_eq(mf_str_c(&mine), mf_str_c(&theirs));
            for (size_t k = 0; k < job->n_methods + job->n_more && write; k++) {
                const mf_method *o     = &job->settings[k].method;
                const mf_opt    *other = mf_opt_find(o->def->opts, row->name);

                if (other == NULL) {
                    continue;
                }
                mf_str_clear(&theirs);
                mf_opt_print(other, o->cfg, &theirs);
                write = mf_str_eq(mf_str_c(&mine), mf_str_c(&theirs)) && k >= i; /* the first to have it writes it */
            }
            if (write) {
                mf_str_printf(out, "%s: %s\n", row->name, mf_str_c(&mine));
            }
            mf_str_free(&mine);
            mf_str_free(&theirs);
        }
    }
}

static void
config_text(mf_str *out, const mf_crossval_job *job)
{
    mf_settings s = job->settings[0];
    mf_table    t[MF_SETTINGS_TABLES];

    mf_str_add(out, "# The options of this cross-validation; 'maskfer crossval --config' on this file repeats it.\nmethods: [");
    for (size_t i = 0; i < job->n_methods; i++) {
        mf_str_printf(out, "%s%s", i != 0 ? ", " : "", job->settings[i].method.name);
    }
    mf_str_printf(out, "]\nfolds: %d\nfolds-from: %s\nkeep-weights: %s\n", job->folds, job->msde_code ? "msde-code" : "people",
                  job->keep_weights ? "true" : "false");
    if (job->begin != NULL && job->begin[0] != '\0') {
        mf_str_printf(out, "begin: \"%s\"\n", job->begin);
    }
    mf_settings_tables(&s, t);
    for (int i = 0; i < MF_SETTINGS_TABLES; i++) {
        if (i != 1) {
            mf_opt_print_all(t[i].rows, t[i].cfg, 0, out);
        }
    }
    method_rows(out, job);
}

static mf_status
claim(const mf_crossval_job *job, mf_err *err)
{
    mf_str    mine = {0}, path = {0};
    mf_blob   theirs = {0};
    char      hash[65];
    mf_status st;

    describe(&mine, job);
    mf_path_join(&path, job->out, "crossval.json");
    if ((st = mf_str_ok(&mine, err)) < 0 || (st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    if (mf_path_exists(path.data)) {
        if ((st = mf_file_read(&theirs, path.data, 16 << 20, err)) < 0) {
            goto done;
        }
        if (theirs.size != mine.len || memcmp(theirs.data, mine.data, mine.len) != 0) {
            st = mf_fail(err, MF_E_STATE,
                         "'%s' holds a cross-validation with other methods, folds, settings or data: give another --out",
                         job->out);
        } else if (!job->resume && job->shards == 1) {
            st = mf_fail(err, MF_E_STATE, "'%s' holds this cross-validation already: give --resume to go on with it, or "
                         "another --out", job->out);
        }
        goto done;
    }
    if ((st = mf_dir_make(job->out, err)) < 0 || (st = write_text(job->out, "crossval.json", &mine, err)) < 0) {
        goto done;
    }
    mf_str_clear(&mine);
    config_text(&mine, job);
    if ((st = mf_str_ok(&mine, err)) < 0 || (st = write_text(job->out, "config.yaml", &mine, err)) < 0) {
        goto done;
    }
    mf_dataset_hash(hash, job->data);
    st = mf_env_write(job->out, hash, (uint64_t)job->settings[0].t.seed,
                      job->settings[0].t.precision == 0   ? "auto"
                      : job->settings[0].t.precision == 1 ? "f32"
                                                          : "bf16",
                      job->settings[0].t.backend.s, err);
done:
    mf_blob_free(&theirs);
    mf_str_free(&mine);
    mf_str_free(&path);
    return st;
}

static mf_status
all_folds(const plan *p, mf_err *err)
{
    const mf_crossval_job *job = p->job;
    mf_status              st  = MF_OK;

    for (int fold = 0; fold < job->folds && st == MF_OK; fold++) {
        mf_parts parts = {0};

        if ((st = fold_parts(&parts, p, fold, err)) < 0) {
            return mf_fail_in(err, st, "fold %d", fold + 1);
        }
        for (size_t i = 0; i < job->n_methods && st == MF_OK; i++) {
            if (is_mine(job, fold, i)) {
                st = one_job(p, &job->settings[i], fold, &parts, 0, err);
            }
        }
        mf_parts_free(&parts);
        if (st == MF_OK && !job->keep_weights && job->shards == 1) {
            st = drop_weights(job, fold, err);
        }
    }
    return st;
}

/* Every fold is trained on and scored in its turn: landmarks of all pictures are looked for before the first. */
static mf_status
want_landmarks(const mf_crossval_job *job, const mf_settings *s, mf_err *err)
{
    mf_row_keypoints *k    = NULL;
    uint32_t         *rows = NULL;
    mf_model          m;
    mf_status         st;

    if ((st = mf_settings_model(&m, s, job->data->n_classes, err)) < 0 || mf_model_landmarks(&m) == 0) {
        return st;
    }
    if ((rows = mf_calloc(job->data->n_rows, sizeof *rows)) == NULL) {
        return mf_oom(err, job->data->n_rows * sizeof *rows, "rows");
    }
    for (size_t i = 0; i < job->data->n_rows; i++) {
        rows[i] = (uint32_t)i;
    }
    st = mf_row_keypoints_open(&k, job->data, rows, job->data->n_rows, mf_model_landmarks(&m), err);
    mf_row_keypoints_free(k);
    mf_free(rows);
    return st;
}

mf_status
mf_crossval_run(const mf_crossval_job *job, mf_err *err)
{
    plan      p  = {0};
    mf_status st = MF_OK;

    for (size_t i = 0; i < job->n_methods + job->n_more; i++) {
        for (size_t k = 0; k < i; k++) {
            if (mf_str_eq(job->settings[i].method.name, job->settings[k].method.name)) {
                return mf_fail(err, MF_E_USAGE, "method '%s' is named twice", job->settings[i].method.name);
            }
        }
    }
    for (size_t i = 0; i < job->n_methods + job->n_more; i++) { /* each may name a model of its own */
        if ((st = want_landmarks(job, &job->settings[i], err)) < 0) {
            return st;
        }
    }
    if (job->settings[0].t.select == MF_SELECT_FOLD) {
        mf_logf(&job->log, MF_LOG_WARN,
                "--select fold chooses each fold's epoch by the pictures it is then scored on: the figures are too good; "
                "the honest ones of the last epoch stand beside them in summary.json");
    }
    if ((st = make_plan(&p, job, err)) == MF_OK && (st = claim(job, err)) == MF_OK && (st = all_folds(&p, err)) == MF_OK &&
        job->shards == 1) {
        st = mf_crossval_collect(job->out, NULL, err);
    }
    mf_free(p.fold);
    mf_free(p.scored);
    return st;
}
