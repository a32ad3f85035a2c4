/* eval/attribution.c: the network's graph once more, with the gradient of a class's score at one layer. The parameters are
 * frozen, so the backward pass stops at the layer: for the last map it is the classifier alone. */
#include "eval/attribution_i.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "data/keypoints.h"
#include "nn/ops.h"

enum { PLACES_MIN = 4 }; /* a side, for the layer "auto" */

static const char *const names[MF_ATTR_COUNT] = {"gradcam", "gradcam-msde", "gradcam++", "occlusion"};

const char *
mf_attr_name(mf_attr_kind k)
{
    return names[k];
}

mf_attribution_opts
mf_attribution_opts_default(void)
{
    return (mf_attribution_opts){.kind = MF_ATTR_GRADCAM, .layer = "", .backend = "auto", .patch = 0.25, .stride = 0.25};
}

void
mf_attribution_free(mf_attribution *a)
{
    if (a == NULL) {
        return;
    }
    mf_program_free(a->program);
    mf_graph_free(a->graph);
    mf_free(a->value);
    mf_free(a->gradient);
    mf_free(a->target);
    mf_free(a->prob);
    mf_free(a->pixels);
    mf_free(a->hidden);
    mf_free(a->count);
    mf_free(a->marks);
    mf_free(a);
}

typedef struct layer_names {
    char (*name)[96];
    size_t n;
    bool   oom;
} layer_names;

/* Every scope once, in order, with the scopes above it ("layer1" above "layer1.0"). */
static void
add_name(layer_names *l, const char *name, size_t len)
{
    void *grown;

    if (len == 0 || len >= sizeof l->name[0]) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        if (strlen(l->name[i]) == len && memcmp(l->name[i], name, len) == 0) {
            return;
        }
    }
    grown = mf_realloc(l->name, l->n + 1, sizeof l->name[0]);
    if (grown == NULL) {
        l->oom = true;
        return;
    }
    l->name = grown;
    memcpy(l->name[l->n], name, len);
    l->name[l->n++][len] = '\0';
}

static void
collect(void *arg, const char *op, const char *scope, const mf_shape *out, int64_t macs, int64_t params)
{
    (void)op;
    (void)macs;
    (void)params;
    if (out->ndim == 4) {
        for (size_t i = 0; scope[i] != '\0'; i++) {
            if (scope[i] == '.') {
                add_name(arg, scope, i);
            }
        }
        add_name(arg, scope, strlen(scope));
    }
}

/* Scopes, then the modules that parameters name. */
static mf_status
all_names(layer_names *l, mf_infer *f, const mf_graph *g, mf_err *err)
{
    const mf_params *ps = mf_infer_params(f);

    mf_graph_visit(g, collect, l);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        const mf_param *p   = mf_params_at((mf_params *)ps, i);
        const char     *end = strrchr(p->name, '.');

        if (end != NULL && strcmp(end, ".weight") == 0) {
            add_name(l, p->name, (size_t)(end - p->name));
        }
    }
    return l->oom ? mf_oom(err, l->n * sizeof l->name[0], "names of layers") : MF_OK;
}

static mf_status
no_layer(mf_infer *f, const mf_graph *g, const char *layer, mf_err *err)
{
    layer_names  l    = {0};
    const char **list = NULL, *near = NULL;
    mf_status    st   = all_names(&l, f, g, err);

    if (st == MF_OK && (list = mf_calloc(l.n + 1, sizeof *list)) != NULL) {
        for (size_t i = 0; i < l.n; i++) {
            list[i] = l.name[i];
        }
        near = mf_str_nearest(layer, list);
    }
    if (st == MF_OK) {
        st = mf_fail(err, MF_E_NOTFOUND, "the network has no layer '%.80s'%s%s%s", layer, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "");
    }
    mf_free(list);
    mf_free(l.name);
    return st;
}

mf_status
mf_attribution_layers(mf_str *out, mf_infer *f, mf_err *err)
{
    mf_graph   *g = NULL;
    layer_names l = {0};
    mf_status   st;

    if ((st = mf_model_eval_graph(&g, mf_infer_model(f), mf_infer_params(f), err)) < 0 || (st = all_names(&l, f, g, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < l.n; i++) {
        const mf_shape s = mf_graph_shape(g, mf_graph_layer(g, l.name[i]));

        if (s.ndim == 4) {
            mf_str_printf(out, "%-24s %lld x %lld, %lld channels\n", l.name[i], (long long)s.dim[3], (long long)s.dim[2], (long long)s.dim[1]);
        }
    }
    st = mf_str_ok(out, err);
done:
    mf_free(l.name);
    mf_graph_free(g);
    return st;
}

static bool
is_wide(const mf_graph *g, mf_ref v)
{
    const mf_shape s = mf_graph_shape(g, v);

    return s.ndim == 4 && s.dim[2] >= PLACES_MIN && s.dim[3] >= PLACES_MIN;
}

/* The name of the last stage with places enough into a->layer; "" for the last map, which stays where no stage has. */
static mf_status
find_stage(mf_attribution *a, const mf_graph *g, mf_ref last, mf_err *err)
{
    layer_names l = {0};

    a->layer[0] = '\0';
    mf_graph_visit(g, collect, &l);
    for (size_t i = 0; i < l.n && !is_wide(g, last); i++) {
        if (strchr(l.name[i], '.') == NULL && is_wide(g, mf_graph_layer(g, l.name[i]))) {
            snprintf(a->layer, sizeof a->layer, "%s", l.name[i]);
        }
    }
    mf_free(l.name);
    return l.oom ? mf_oom(err, l.n * sizeof l.name[0], "names of layers") : MF_OK;
}

/* x -> network -> score = sum over pictures of the wanted class's logit or probability; "gradient" = d score / d layer. No
 * picture's score depends on another picture, so the sum's gradient holds each picture's own. */
static mf_status
build(mf_attribution *a, const mf_attribution_opts *o, mf_err *err)
{
    const mf_model *m = mf_infer_model(a->infer);
    const bool      normalised = o->kind == MF_ATTR_GRADCAM_MSDE;
    mf_model_out    net;
    mf_ref          layer, target, score;
    mf_graph       *g;
    mf_shape        s;
    mf_status       st;

    if ((st = mf_graph_new(&a->graph, mf_infer_params(a->infer), err)) < 0) {
        return st;
    }
    g = a->graph;
    mf_graph_frozen(g, true);
    target = mf_graph_input(g, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)m->classes));
    if ((st = mf_model_build(&net, m, g, mf_model_input(g, m, "x"), err)) < 0) {
        return st;
    }
    layer = normalised ? net.map_n : net.map;
    snprintf(a->layer, sizeof a->layer, "%s", o->layer != NULL ? o->layer : "");
    if (mf_str_eq(a->layer, "auto") && (st = find_stage(a, g, layer, err)) < 0) {
        return st;
    }
    if (a->layer[0] != '\0') {
        layer = mf_graph_layer(g, a->layer);
        if (layer.id < 0) {
            return no_layer(a->infer, g, a->layer, err);
        }
    }
    s = mf_graph_shape(g, layer);
    if (s.ndim != 4) {
        return mf_fail(err, MF_E_ARG, "layer '%s' is no map: it has no places to show", a->layer);
    }
    a->channels = (int)s.dim[1];
    a->h        = (int)s.dim[2];
    a->w        = (int)s.dim[3];
    score       = mf_mul(g, o->kind == MF_ATTR_GRADCAM_MSDE ? mf_softmax(g, net.logits, 1) : net.logits, target);
    score       = mf_reduce(g, MF_R_SUM, score, 3u, false);
    if (a->layer[0] == '\0') {
        snprintf(a->layer, sizeof a->layer, "last map");
    }
    mf_graph_output(g, "layer", layer);
    mf_graph_output(g, "probs", mf_softmax(g, net.logits, 1));
    if ((st = mf_graph_backward(g, score, &layer, 1, err)) < 0) {
        return st;
    }
    if (mf_graph_grad(g, layer).id < 0) {
        return mf_fail(err, MF_E_ARG, "the answer does not depend on layer '%s'", a->layer);
    }
    mf_graph_output(g, "gradient", mf_graph_grad(g, layer));
    return mf_graph_check(g, err);
}

static mf_status
compile(mf_attribution *a, const mf_attribution_opts *o, mf_err *err)
{
    static const char *const outputs[] = {"layer", "gradient", "probs", NULL};
    const mf_backend        *backend;
    mf_compile_opts          c = {.batch = mf_infer_batch(a->infer), .outputs = outputs};
    mf_status                st;

    if ((st = mf_backend_find(&backend, o->backend != NULL ? o->backend : "auto", err)) < 0) {
        return st;
    }
    c.backend = backend;
    c.prec    = mf_infer_prec(a->infer) == MF_PREC_F64 ? MF_PREC_F64 : MF_PREC_F32;
    if ((st = mf_program_compile(&a->program, a->graph, &c, err)) < 0) {
        return st;
    }
    return mf_feed_open(&a->feed, a->program, "x", err);
}

static mf_status
want_memory(mf_attribution *a, mf_err *err)
{
    const size_t batch = (size_t)mf_infer_batch(a->infer), places = (size_t)a->w * (size_t)a->h;
    const size_t classes = (size_t)mf_infer_model(a->infer)->classes;
    const size_t bytes = a->kind == MF_ATTR_OCCLUSION ? mf_attr_pixels(a) * sizeof(float) : mf_feed_bytes(&a->feed, a->feed.form);

    a->points = mf_infer_landmarks(a->infer);
    a->marks  = a->points > 0 ? mf_calloc(batch * (size_t)a->points, MF_KEYPOINT * sizeof *a->marks) : NULL;
    a->prob   = mf_calloc(batch * classes, sizeof *a->prob);
    a->pixels = mf_aligned(bytes);
    if (a->pixels != NULL) {
        memset(a->pixels, 0, bytes); /* rows past a batch's end stay finite */
    }
    if (a->kind == MF_ATTR_OCCLUSION) {
        a->hidden = mf_aligned(batch * mf_attr_pixels(a) * sizeof(float));
        a->count  = mf_calloc(places, sizeof *a->count);
        if (a->hidden != NULL) {
            memset(a->hidden, 0, batch * mf_attr_pixels(a) * sizeof(float));
        }
    } else {
        a->value    = mf_calloc(batch * (size_t)a->channels * places, sizeof *a->value);
        a->gradient = mf_calloc(batch * (size_t)a->channels * places, sizeof *a->gradient);
        a->target   = mf_calloc(batch * classes, sizeof *a->target);
    }
    if (a->prob == NULL || a->pixels == NULL || (a->points > 0 && a->marks == NULL) ||
        (a->kind == MF_ATTR_OCCLUSION ? a->hidden == NULL || a->count == NULL : a->value == NULL || a->gradient == NULL || a->target == NULL)) {
        return mf_oom(err, batch * (size_t)a->channels * places * sizeof *a->value, "heat maps");
    }
    return MF_OK;
}

mf_status
mf_attribution_new(mf_attribution **out, mf_infer *f, const mf_attribution_opts *o, mf_err *err)
{
    mf_attribution *a = mf_calloc(1, sizeof *a);
    mf_status       st;

    *out = NULL;
    if (a == NULL) {
        return mf_oom(err, sizeof *a, "an attribution");
    }
    MF_ASSERT(o->kind < MF_ATTR_COUNT);
    a->infer = f;
    a->kind  = o->kind;
    if (o->kind == MF_ATTR_OCCLUSION) {
        if (!(o->patch >= 0.02 && o->patch <= 1.0) || !(o->stride >= 0.05 && o->stride <= 1.0)) {
            st = mf_fail(err, MF_E_ARG, "a square of %g of the side moved by %g of its own: expected 0.02 to 1 and 0.05 to 1", o->patch, o->stride);
            goto done;
        }
        a->w      = mf_infer_recipe(f)->width;
        a->h      = mf_infer_recipe(f)->height;
        a->patch  = (int)lround(o->patch * (a->w < a->h ? a->w : a->h));
        a->patch  = a->patch < 1 ? 1 : a->patch;
        a->stride = (int)lround(o->stride * a->patch);
        a->stride = a->stride < 1 ? 1 : a->stride;
    } else if ((st = build(a, o, err)) < 0 || (st = compile(a, o, err)) < 0) {
        goto done;
    }
    if ((st = want_memory(a, err)) == MF_OK) {
        *out = a;
        a    = NULL;
    }
done:
    mf_attribution_free(a);
    return st;
}

void
mf_attribution_size(const mf_attribution *a, int *w, int *h)
{
    *w = a->w;
    *h = a->h;
}

const char *
mf_attribution_layer(const mf_attribution *a)
{
    return a->kind == MF_ATTR_OCCLUSION ? "input" : a->layer;
}

int
mf_attribution_channels(const mf_attribution *a)
{
    return a->channels;
}

/* heat [h w] of one picture: weight[c] = mean of the gradient over places; max(0, mean over c of weight value). */
static void
cam(float *heat, const double *v, const double *g, int channels, size_t places)
{
    for (int c = 0; c < channels; c++, v += places, g += places) {
        double weight = 0.0;

        for (size_t i = 0; i < places; i++) {
            weight += g[i];
        }
        weight /= (double)places * channels;
        for (size_t i = 0; i < places; i++) {
            heat[i] += (float)(weight * v[i]);
        }
    }
}

/* alpha = g^2 / (2 g^2 + (sum of the channel's values) g^3), weight = sum of alpha max(0, g). */
static void
cam_plus(float *heat, const double *v, const double *g, int channels, size_t places)
{
    for (int c = 0; c < channels; c++, v += places, g += places) {
        double sum = 0.0, weight = 0.0;

        for (size_t i = 0; i < places; i++) {
            sum += v[i];
        }
        for (size_t i = 0; i < places; i++) {
            const double below = 2.0 + sum * g[i]; /* a factor g^2 taken out above and below */

            if (g[i] > 0.0 && below != 0.0) {
                weight += g[i] / below;
            }
        }
        for (size_t i = 0; i < places; i++) {
            heat[i] += (float)(weight * v[i] / channels);
        }
    }
}

static mf_status
above_zero(float *heat, size_t n, mf_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(heat[i])) {
            return mf_fail(err, MF_E_NUMERIC, "the heat map is not a number: the network's weights or the picture are out of range");
        }
        heat[i] = heat[i] > 0.0f ? heat[i] : 0.0f;
    }
    return MF_OK;
}

void
mf_attr_put_marks(mf_attribution *a, size_t i, const mf_image *im, const float *marks)
{
    const mf_recipe *r = mf_infer_recipe(a->infer);
    float           *p = a->marks + i * (size_t)a->points * MF_KEYPOINT;

    memcpy(p, marks, (size_t)a->points * MF_KEYPOINT * sizeof *p);
    mf_keypoints_scale(p, a->points, (double)r->width / im->width, (double)r->height / im->height);
}

static mf_status
by_gradient(mf_attribution *a, const mf_image *im, const float *marks, size_t n, const int *cls, float *heat, mf_err *err)
{
    const size_t batch = (size_t)mf_infer_batch(a->infer), places = (size_t)a->w * (size_t)a->h;
    const size_t classes = (size_t)mf_infer_model(a->infer)->classes, all = batch * (size_t)a->channels * places;
    mf_status    st;

    memset(a->target, 0, batch * classes * sizeof *a->target);
    for (size_t i = 0; i < n; i++) {
        mf_pix_out to = mf_feed_place(&a->feed, a->pixels, a->feed.form, i);

        a->target[i * classes + (size_t)cls[i]] = 1.0f;
        if (a->points > 0) {
            mf_attr_put_marks(a, i, &im[i], marks + i * (size_t)a->points * MF_KEYPOINT);
        }
        if ((st = mf_prep_image(&to, mf_infer_recipe(a->infer), &im[i], err)) < 0) {
            return st;
        }
    }
    if ((st = mf_feed_give(&a->feed, a->pixels, a->feed.form, err)) < 0 ||
        (a->points > 0 && (st = mf_program_feed(a->program, "x.landmarks", MF_DTYPE_F32, a->marks, err)) < 0) ||
        (st = mf_program_feed(a->program, "target", MF_DTYPE_F32, a->target, err)) < 0 || (st = mf_program_run(a->program, 0, 0, err)) < 0 ||
        (st = mf_program_read(a->program, "layer", MF_DTYPE_F64, a->value, all, err)) < 0 ||
        (st = mf_program_read(a->program, "gradient", MF_DTYPE_F64, a->gradient, all, err)) < 0) {
        return st;
    }
    memset(heat, 0, n * places * sizeof *heat);
    for (size_t i = 0; i < n; i++) {
        const size_t at = i * (size_t)a->channels * places;

        (a->kind == MF_ATTR_GRADCAM_PP ? cam_plus : cam)(heat + i * places, a->value + at, a->gradient + at, a->channels, places);
    }
    return above_zero(heat, n * places, err);
}

mf_status
mf_attribution_images(mf_attribution *a, const mf_image *im, const float *marks, size_t n, int *cls, float *heat, float *prob, mf_err *err)
{
    const int classes = mf_infer_model(a->infer)->classes;
    bool      answer  = prob != NULL || a->kind == MF_ATTR_OCCLUSION;
    mf_status st;

    MF_ASSERT(n >= 1 && n <= (size_t)mf_infer_batch(a->infer));
    if (a->points > 0 && marks == NULL) {
        return mf_fail(err, MF_E_ARG, "the network looks at %d landmarks of each face, and was given pictures alone", a->points);
    }
    for (size_t i = 0; i < n; i++) {
        answer = answer || cls[i] < 0;
        if (cls[i] >= classes) {
            return mf_fail(err, MF_E_ARG, "class %d of %d", cls[i], classes);
        }
    }
    if (answer) {
        if ((st = mf_infer_images(a->infer, im, marks, n, a->prob, NULL, err)) < 0) {
            return st;
        }
        for (size_t i = 0; i < n; i++) {
            cls[i] = cls[i] < 0 ? mf_argmax(a->prob + i * (size_t)classes, classes) : cls[i];
        }
        if (prob != NULL) {
            memcpy(prob, a->prob, n * (size_t)classes * sizeof *prob);
        }
    }
    if (a->kind == MF_ATTR_OCCLUSION) {
        for (size_t i = 0; i < n; i++) {
            if ((st = mf_attr_occlude(a, &im[i], a->points > 0 ? marks + i * (size_t)a->points * MF_KEYPOINT : NULL, cls[i], a->prob[i * (size_t)classes + (size_t)cls[i]], heat + i * (size_t)(a->w * a->h), err)) < 0) {
                return st;
            }
        }
        return above_zero(heat, n * (size_t)(a->w * a->h), err);
    }
    return by_gradient(a, im, marks, n, cls, heat, err);
}

mf_status
mf_attribution_gradient(const mf_attribution *a, double *value, double *gradient, size_t elems, mf_err *err)
{
    const size_t all = (size_t)mf_infer_batch(a->infer) * (size_t)a->channels * (size_t)a->w * (size_t)a->h;

    if (a->kind == MF_ATTR_OCCLUSION) {
        return mf_fail(err, MF_E_STATE, "occlusion takes no gradient");
    }
    if (elems != all) {
        return mf_fail(err, MF_E_ARG, "%zu values wanted of %zu", elems, all);
    }
    memcpy(value, a->value, all * sizeof *value);
    memcpy(gradient, a->gradient, all * sizeof *gradient);
    return MF_OK;
}
