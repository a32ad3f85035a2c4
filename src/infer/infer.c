/* infer/infer.c: owns the evaluation graph and its program, and for loaded weights the parameters too. */
#include "infer/infer.h"

#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "image/keypoints.h"
#include "nn/ops.h"
#include "weights/weights.h"

struct mf_infer {
    mf_model   model;
    mf_recipe  recipe;
    mf_params *params, *own_params;
    mf_graph  *graph;
    mf_program *program;
    mf_prec    prec;
    mf_feed    feed;
    int        batch;
    bool       mirror;
    size_t     n_features;
    const char *features_output; /* where the embeddings come from; NULL: they are not wanted */
    float     *prob, *features; /* a whole batch */
    int        points;          /* landmarks of each face that the network wants */
    float     *marks;           /* [batch, points, 3] of them, in pixels of the network's input */
    void      *pixels;          /* a batch of them, made when first wanted */
    char      *class_text;
    const char **classes;
};

mf_infer_opts
mf_infer_opts_default(void)
{
    return (mf_infer_opts){.backend = "auto", .prec = MF_PREC_AUTO, .batch = 32};
}

void
mf_infer_free(mf_infer *f)
{
    if (f == NULL) {
        return;
    }
    mf_program_free(f->program);
    mf_graph_free(f->graph);
    mf_params_free(f->own_params);
    mf_free(f->prob);
    mf_free(f->features);
    mf_free(f->marks);
    mf_free(f->pixels);
    mf_free(f->class_text);
    mf_free(f->classes);
    mf_free(f);
}

/* Which of the graph's outputs holds the embeddings: the network's own, or one added for a named layer. */
static mf_status
choose_layer(const char **output, mf_graph *g, const char *layer, mf_err *err)
{
    mf_ref   v;
    mf_shape s;

    *output = "features";
    if (layer == NULL || mf_str_eq(layer, "features")) {
        return MF_OK;
    }
    v = mf_str_eq(layer, "map") || mf_str_eq(layer, "logits") ? mf_graph_find(g, layer) : mf_graph_layer(g, layer);
    if (v.id < 0) {
        return mf_fail(err, MF_E_NOTFOUND, "the network has no layer '%.80s': expected features, map, logits or a layer that its parameters are named by", layer);
    }
    s = mf_graph_shape(g, v);
    if (s.ndim != 2 && s.ndim != 4) {
        return mf_fail(err, MF_E_UNSUPPORTED, "layer '%.80s' has %d dimensions: expected a map or a list of values", layer, s.ndim);
    }
    mf_graph_output(g, "layer", s.ndim == 4 ? mf_gap(g, v) : v);
    *output = "layer";
    return mf_graph_check(g, err);
}

/* Of one face's landmarks. */
static size_t
marks_bytes(const mf_infer *f)
{
    return (size_t)f->points * MF_KEYPOINT * sizeof(float);
}

/* The program; parameters may still be without memory. */
static mf_status
build(mf_infer *f, const mf_infer_opts *o, mf_err *err)
{
    const char       *outputs[3] = {"probs", NULL, NULL};
    const mf_backend *backend;
    mf_compile_opts   c = {.batch = o->batch, .outputs = outputs, .workspace = o->workspace,
                                  .spend = f->own_params != NULL && !o->keep};
    const bool        wanted = o->features || o->layer != NULL;
    mf_shape          shape;
    mf_tdesc          marks;
    mf_status         st;

    if (o->batch < 1 || o->batch > MF_INFER_BATCH_MAX) {
        return mf_fail(err, MF_E_ARG, "a batch of %d pictures: expected 1 to %d", o->batch, (int)MF_INFER_BATCH_MAX);
    }
    if (f->recipe.width != f->model.width || f->recipe.height != f->model.height ||
        f->recipe.channels != f->model.in_channels) {
        return mf_fail(err, MF_E_ARG, "the input recipe does not fit the network");
    }
    if ((st = mf_backend_find(&backend, o->backend, err)) < 0 ||
        (st = mf_model_eval_graph(&f->graph, &f->model, f->params, err)) < 0) {
        return st;
    }
    if (wanted && (st = choose_layer(&outputs[1], f->graph, o->layer, err)) < 0) {
        return st;
    }
    f->features_output = outputs[1];
    f->batch  = o->batch;
    f->mirror = o->mirror;
    f->prec   = mf_prec_resolve(o->prec, backend);
    c.backend = backend;
    c.prec    = f->prec;
    if ((st = mf_program_compile(&f->program, f->graph, &c, err)) < 0 ||
        (st = mf_feed_open(&f->feed, f->program, "x", err)) < 0) {
        return st;
    }
    f->prob = mf_calloc((size_t)f->batch * (size_t)f->model.classes, sizeof *f->prob);
    if (f->prob == NULL) {
        return mf_oom(err, (size_t)f->batch * (size_t)f->model.classes * sizeof *f->prob, "probabilities");
    }
    f->points = mf_program_input_desc(f->program, "x.landmarks", &marks, NULL) == MF_OK ? mf_model_landmarks(&f->model) : 0;
    if (f->points > 0 && (f->marks = mf_calloc((size_t)f->batch, marks_bytes(f))) == NULL) {
        return mf_oom(err, (size_t)f->batch * marks_bytes(f), "landmarks");
    }
    if (wanted) {
        if ((st = mf_program_output_shape(f->program, f->features_output, &shape, err)) < 0) {
            return st;
        }
        f->n_features = (size_t)(mf_shape_elems(&shape) / f->batch);
        f->features   = mf_calloc((size_t)f->batch * f->n_features, sizeof *f->features);
        if (f->features == NULL) {
            return mf_oom(err, (size_t)f->batch * f->n_features * sizeof *f->features, "embeddings");
        }
    }
    return MF_OK;
}

mf_status
mf_infer_new(mf_infer **out, const mf_model *m, const mf_recipe *r, mf_params *ps, const mf_infer_opts *o, mf_err *err)
{
    mf_infer *f = mf_calloc(1, sizeof *f);
    mf_status st;

    *out = NULL;
    if (f == NULL) {
        return mf_oom(err, sizeof *f, "inference");
    }
    f->model  = *m;
    f->recipe = *r;
    f->params = ps;
    if ((st = build(f, o, err)) < 0) {
        mf_infer_free(f);
        return st;
    }
    *out = f;
    return MF_OK;
}

/* "a,b,c" of the metadata into f->classes; MF_E_FORMAT if their number is not the network's. */
static mf_status
take_classes(mf_infer *f, const char *text, mf_err *err)
{
    size_t want = (size_t)f->model.classes, n = 0;
    char  *p;

    f->class_text = mf_strdup(text != NULL ? text : "");
    f->classes    = mf_calloc(want + 1, sizeof *f->classes);
    if (f->class_text == NULL || f->classes == NULL) {
        return mf_oom(err, want * sizeof *f->classes, "class names");
    }
    for (p = f->class_text; *p != '\0' && n < want;) {
        f->classes[n++] = p;
        p += strcspn(p, ",");
        if (*p == ',') {
            *p++ = '\0';
        }
    }
    if (n != want || *p != '\0') {
        return mf_fail(err, MF_E_FORMAT, "the weights name %zu%s classes and have %zu", n, *p != '\0' ? " or more" : "",
                       want);
    }
    return MF_OK;
}

mf_status
mf_infer_load(mf_infer **out, const char *path, const mf_infer_opts *o, mf_err *err)
{
    mf_infer    *f  = mf_calloc(1, sizeof *f);
    mf_tensors   ts = {0};
    mf_load_opts lo = mf_load_opts_default();
    mf_status    st;

    *out = NULL;
    if (f == NULL) {
        return mf_oom(err, sizeof *f, "inference");
    }
    if ((st = mf_weights_load(&ts, path, err)) < 0) {
        goto done; /* the sentence names the file */
    }
    if ((st = mf_model_from_meta(&f->model, &f->recipe, &ts, err)) < 0 ||
        (st = take_classes(f, mf_tensors_meta(&ts, "classes"), err)) < 0 ||
        (st = mf_params_new(&f->own_params, MF_DTYPE_F32, err)) < 0) {
        mf_fail_in(err, st, "%s", path);
        goto done;
    }
    f->params = f->own_params;
    lo.head   = f->model.def->head;
    lo.alias  = f->model.def->alias;
    if ((st = build(f, o, err)) < 0) {
        goto done;
    }
    if ((st = mf_params_take(f->params, &ts, &lo, NULL, err)) < 0 || (st = mf_params_materialize(f->params, 0, err)) < 0) { /* counters */
        mf_fail_in(err, st, "%s", path);
        goto done;
    }
    *out = f;
    f    = NULL;
done:
    mf_tensors_free(&ts);
    mf_infer_free(f);
    return st;
}

const mf_model *
mf_infer_model(const mf_infer *f)
{
    return &f->model;
}

const mf_recipe *
mf_infer_recipe(const mf_infer *f)
{
    return &f->recipe;
}

mf_params *
mf_infer_params(mf_infer *f)
{
    return f->params;
}

const char *const *
mf_infer_classes(const mf_infer *f)
{
    return f->classes;
}

int
mf_infer_batch(const mf_infer *f)
{
    return f->batch;
}

size_t
mf_infer_features(const mf_infer *f)
{
    return f->n_features;
}

mf_pix_form
mf_infer_form(const mf_infer *f)
{
    return f->feed.form;
}

mf_prec
mf_infer_prec(const mf_infer *f)
{
    return f->prec;
}

int
mf_infer_landmarks(const mf_infer *f)
{
    return f->points;
}

int
mf_infer_ref_steps(const mf_infer *f)
{
    return mf_program_get_stats(f->program).ref_fallbacks;
}

/* Mirrors n pictures in place, left to right; twice is nothing. */
static void
turn(void *data, mf_pix_form form, size_t n, const mf_recipe *r)
{
    const size_t value = form.type == MF_PIX_BF16 ? 2 : 4, pixel = form.nhwc ? value * (size_t)r->channels : value;
    const size_t rows = n * (size_t)r->height * (form.nhwc ? 1 : (size_t)r->channels), w = (size_t)r->width;
    uint8_t     *row = data;

    for (size_t i = 0; i < rows; i++, row += w * pixel) {
        for (size_t x = 0; x < w / 2; x++) {
            uint8_t *a = row + x * pixel, *b = row + (w - 1 - x) * pixel, t;

            for (size_t k = 0; k < pixel; k++) {
                t    = a[k];
                a[k] = b[k];
                b[k] = t;
            }
        }
    }
}

/* One run over pictures and over what is in f->marks. */
static mf_status
run_once(mf_infer *f, void *data, mf_pix_form form, mf_err *err)
{
    mf_status st;

    if ((st = mf_feed_give(&f->feed, data, form, err)) < 0 ||
        (f->points > 0 && (st = mf_program_feed(f->program, "x.landmarks", MF_DTYPE_F32, f->marks, err)) < 0) ||
        (st = mf_program_run(f->program, 0, 0, err)) < 0) {
        return st;
    }
    return mf_program_read(f->program, "probs", MF_DTYPE_F32, f->prob, (size_t)f->batch * (size_t)f->model.classes, err);
}

/* The mean of what is in prob and of the answers for the mirror images. */
static mf_status
run_mirrored(mf_infer *f, void *data, mf_pix_form form, size_t n, float *prob, mf_err *err)
{
    const size_t classes = (size_t)f->model.classes;
    mf_status    st;

    turn(data, form, n, &f->recipe);
    for (size_t i = 0; i < n; i++) {
        mf_keypoints_mirror(f->marks + i * (size_t)f->points * MF_KEYPOINT, f->points, f->recipe.width);
    }
    st = run_once(f, data, form, err);
    turn(data, form, n, &f->recipe);
    for (size_t i = 0; st == MF_OK && i < n * classes; i++) {
        prob[i] = 0.5f * (prob[i] + f->prob[i]);
    }
    return st;
}

static mf_status
want_marks(const mf_infer *f, const float *marks, mf_err *err)
{
    if (f->points > 0 && marks == NULL) {
        return mf_fail(err, MF_E_ARG, "the network %s looks at %d landmarks of each face, and was given pictures alone", f->model.def->name, f->points);
    }
    return MF_OK;
}

/* Over f->marks. */
static mf_status
run(mf_infer *f, void *data, mf_pix_form form, size_t n, float *prob, float *features, mf_err *err)
{
    mf_status st;

    MF_ASSERT(n <= (size_t)f->batch && (features == NULL || f->features != NULL));
    if ((st = run_once(f, data, form, err)) < 0) {
        return st;
    }
    memcpy(prob, f->prob, n * (size_t)f->model.classes * sizeof *prob);
    if (features != NULL) {
        if ((st = mf_program_read(f->program, f->features_output, MF_DTYPE_F32, f->features, (size_t)f->batch * f->n_features, err)) < 0) {
            return st;
        }
        memcpy(features, f->features, n * f->n_features * sizeof *features);
    }
    return f->mirror ? run_mirrored(f, data, form, n, prob, err) : MF_OK;
}

mf_status
mf_infer_run(mf_infer *f, void *data, mf_pix_form form, const float *marks, size_t n, float *prob, float *features, mf_err *err)
{
    mf_status st;

    MF_ASSERT(n <= (size_t)f->batch);
    if ((st = want_marks(f, marks, err)) < 0) {
        return st;
    }
    if (f->points > 0) {
        memcpy(f->marks, marks, n * marks_bytes(f));
    }
    return run(f, data, form, n, prob, features, err);
}

/* Memory for a batch that starts as zeros: the rows past a batch's end stay finite. */
static mf_status
want_pixels(mf_infer *f, mf_err *err)
{
    size_t bytes = mf_feed_bytes(&f->feed, f->feed.form);

    if (f->pixels != NULL) {
        return MF_OK;
    }
    if ((f->pixels = mf_aligned(bytes)) == NULL) {
        return mf_oom(err, bytes, "a batch of pictures");
    }
    memset(f->pixels, 0, bytes);
    return MF_OK;
}

/* Picture i of the batch, and its landmarks. */
static mf_status
place(mf_infer *f, size_t i, const mf_image *im, const float *marks, mf_err *err)
{
    mf_pix_out   to     = mf_feed_place(&f->feed, f->pixels, f->feed.form, i);
    const size_t values = (size_t)f->points * MF_KEYPOINT;

    if (f->points > 0) {
        memcpy(f->marks + i * values, marks + i * values, marks_bytes(f));
        mf_keypoints_scale(f->marks + i * values, f->points, (double)f->recipe.width / im->width, (double)f->recipe.height / im->height);
    }
    return mf_prep_image(&to, &f->recipe, im, err);
}

mf_status
mf_infer_images(mf_infer *f, const mf_image *im, const float *marks, size_t n, float *prob, float *features, mf_err *err)
{
    mf_status st;

    MF_ASSERT(n <= (size_t)f->batch);
    if ((st = want_marks(f, marks, err)) < 0 || (st = want_pixels(f, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        if ((st = place(f, i, &im[i], marks, err)) < 0) {
            return st;
        }
    }
    return run(f, f->pixels, f->feed.form, n, prob, features, err);
}

mf_status
mf_infer_files(mf_infer *f, const char *const *paths, const float *marks, size_t n, float *prob, float *features, mf_err *why, mf_err *err)
{
    mf_status st;

    MF_ASSERT(n <= (size_t)f->batch);
    if ((st = want_marks(f, marks, err)) < 0 || (st = want_pixels(f, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        mf_image im = {0};

        why[i] = (mf_err){.code = MF_OK};
        if (mf_image_load(&im, paths[i], f->recipe.channels, &why[i]) == MF_OK) {
            place(f, i, &im, marks, &why[i]);
        }
        mf_image_free(&im);
    }
    return run(f, f->pixels, f->feed.form, n, prob, features, err);
}

int
mf_argmax(const float *v, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++) {
        if (v[i] > v[best] || v[best] != v[best]) {
            best = i;
        }
    }
    return best;
}
