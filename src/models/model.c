/* models/model.h: the registry of architectures, building, inspection, metadata. */
#include "models/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/registry.h"
#include "core/str.h"
#include "nn/ops.h"

#define MF_MODEL(NAME) extern const mf_model_def mf_model_##NAME;
#include "models/model_list.h"
#undef MF_MODEL

static const mf_model_def *const models[] = {
#define MF_MODEL(NAME) &mf_model_##NAME,
#include "models/model_list.h"
#undef MF_MODEL
};
enum { N_MODELS = (int)(sizeof models / sizeof models[0]) };

size_t
mf_model_count(void)
{
    return N_MODELS;
}

const mf_model_def *
mf_model_at(size_t i)
{
    return models[i];
}

mf_status
mf_model_fits(const mf_model_def *def, int height, int width, mf_err *err)
{
    const int step = def->size_step ? def->size_step : 1;

    if (height < def->min_size || width < def->min_size || height > 4096 || width > 4096)
        return mf_fail(err, MF_E_ARG, "%s takes pictures of %d to 4096 pixels a side, not %d x %d", def->name, def->min_size, width, height);
    if (height % step != 0 || width % step != 0)
        return mf_fail(err, MF_E_ARG, "%s takes pictures whose sides are multiples of %d (its masks halve and double the map), not %d x %d: take %d",
                       def->name, step, width, height, (width + step - 1) / step * step);
    return MF_OK;
}

mf_recipe
mf_model_recipe(const mf_model_def *def, const void *cfg, int height, int width, int channels)
{
    mf_recipe r = mf_recipe_default(width, height, channels);

    if (def->recipe) def->recipe(&r, cfg);
    return r;
}

static const char *
name_at(size_t i)
{
    return models[i]->name;
}

mf_status
mf_model_make(mf_model *out, const char *name, int classes, int in_channels, int height, int width, mf_err *err)
{
    size_t    at = 0;
    mf_status st;

    *out = (mf_model){0};
    if ((st = mf_registry_find(&at, "model", name, name_at, N_MODELS, err)) < 0) return st;
    out->def = models[at];
    MF_ASSERT(out->def->cfg_size <= sizeof out->cfg);
    if (classes < 2 || classes > 100000) return mf_fail(err, MF_E_ARG, "%d classes: expected 2 to 100000", classes);
    if (in_channels != 1 && in_channels != 3) return mf_fail(err, MF_E_ARG, "%d input channels: expected 1 or 3", in_channels);
    if ((st = mf_model_fits(out->def, height, width, err)) < 0) return st;
    out->classes     = classes;
    out->in_channels = in_channels;
    out->height      = height;
    out->width       = width;
    mf_opt_defaults(out->def->opts, out->cfg);
    return MF_OK;
}

int
mf_model_landmarks(const mf_model *m)
{
    return m->def->landmarks != NULL ? m->def->landmarks(m->cfg) : 0;
}

void
mf_model_marks_name(char out[MF_MODEL_NAME_MAX], const char *name)
{
    snprintf(out, MF_MODEL_NAME_MAX, "%.20s.landmarks", name);
}

mf_model_in
mf_model_input(mf_graph *g, const mf_model *m, const char *name)
{
    const int64_t points = mf_model_landmarks(m);
    mf_model_in   in     = {.marks = MF_NONE};
    char          marks[MF_MODEL_NAME_MAX];

    in.x = mf_graph_input(g, name, MF_KIND_ACT, mf_shape_of(4, (int64_t)1, (int64_t)m->in_channels, (int64_t)m->height, (int64_t)m->width));
    if (points > 0) {
        mf_model_marks_name(marks, name);
        in.marks = mf_graph_input(g, marks, MF_KIND_F32, mf_shape_of(3, (int64_t)1, points, (int64_t)MF_KEYPOINT));
    }
    return in;
}

mf_status
mf_model_build(mf_model_out *out, const mf_model *m, mf_graph *g, mf_model_in in, mf_err *err)
{
    mf_ref pooled;


    *out = (mf_model_out){.logits = MF_NONE, .penalty = MF_NONE};
    if (mf_model_landmarks(m) > 0 && in.marks.id < 0)
        return mf_fail(err, MF_E_ARG, "%s looks at landmarks, and was given pictures alone", m->def->name);
    if (m->def->embed != NULL) {
        if (m->norm == MF_NORM_MAP)
            return mf_fail(err, MF_E_ARG, "%s joins several maps: it has no last map to make unit vectors of; choose norm 'none' or 'embedding'", m->def->name);
        pooled     = m->def->embed(out, g, &in, m->classes, m->cfg);
        out->map_n = out->map;
    } else {
        out->map   = m->def->trunk(g, in.x, m->cfg);
        out->map_n = m->norm == MF_NORM_MAP ? mf_l2norm(g, out->map, 1) : out->map;
        pooled     = m->def->pool(g, out->map_n, m->cfg);
    }
    out->features = m->norm == MF_NORM_EMBEDDING ? mf_l2norm(g, pooled, 1) : pooled;
    if (m->def->classify != NULL)
        out->logits = m->def->classify(g, out->features, m->classes, m->cfg);
    return mf_graph_check(g, err);
}

mf_status
mf_model_eval_graph(mf_graph **out, const mf_model *m, mf_params *ps, mf_err *err)
{
    mf_graph    *g;
    mf_model_out o;
    mf_status    st;

    *out = NULL;
    if ((st = mf_graph_new(&g, ps, err)) < 0) return st;
    if ((st = mf_model_build(&o, m, g, mf_model_input(g, m, "x"), err)) < 0) goto fail;
    mf_graph_output(g, "logits", o.logits);
    mf_graph_output(g, "features", o.features);
    mf_graph_output(g, "map", o.map);
    mf_graph_output(g, "probs", mf_softmax(g, o.logits, 1));
    if ((st = mf_graph_check(g, err)) < 0) goto fail;
    *out = g;
    return MF_OK;
fail:
    mf_graph_free(g);
    return st;
}

mf_ref
mf_layer_conv_as(mf_graph *g, mf_ref x, const char *name, const mf_layer_spec *s)
{
    const int       dilation = s->dilation ? s->dilation : 1, groups = s->groups ? s->groups : 1;
    mf_conv2d_attrs a        = {s->stride, s->stride, s->pad, s->pad, dilation, dilation, groups, MF_ACT_NONE};
    mf_shape        xs       = mf_graph_shape(g, x);
    mf_init         in       = s->b;
    mf_ref          w, b = MF_NONE;
    char            full[128];

    if (x.id < 0) return MF_NONE;
    snprintf(full, sizeof full, "%s.weight", name);
    w = mf_graph_param(g, full, mf_shape_of(4, (int64_t)s->co, xs.dim[1] / groups, (int64_t)s->k, (int64_t)s->k), s->w, MF_PARAM_WEIGHT);
    if (s->bias) {
        if (in.fan == 0) in.fan = xs.dim[1] / groups * s->k * s->k;
        snprintf(full, sizeof full, "%s.bias", name);
        b = mf_graph_param(g, full, mf_shape_of(1, (int64_t)s->co), in, MF_PARAM_BIAS);
    }
    return mf_conv2d(g, x, w, b, a);
}

mf_ref
mf_layer_conv(mf_graph *g, mf_ref x, const char *name, int co, int k, int stride, int pad, int dilation, int groups)
{
    mf_layer_spec s = {.co = co, .k = k, .stride = stride, .pad = pad, .dilation = dilation, .groups = groups, .w = {.kind = MF_INIT_KAIMING_FAN_OUT}};

    return mf_layer_conv_as(g, x, name, &s);
}

mf_ref
mf_layer_linear_as(mf_graph *g, mf_ref x, const char *name, int out, mf_init w, mf_init b)
{
    mf_shape xs = mf_graph_shape(g, x);
    mf_ref   weight, bias;
    char     full[128];

    if (x.id < 0) return MF_NONE;
    if (b.fan == 0) b.fan = xs.dim[1];
    snprintf(full, sizeof full, "%s.weight", name);
    weight = mf_graph_param(g, full, mf_shape_of(2, (int64_t)out, xs.dim[1]), w, MF_PARAM_WEIGHT);
    snprintf(full, sizeof full, "%s.bias", name);
    bias = mf_graph_param(g, full, mf_shape_of(1, (int64_t)out), b, MF_PARAM_BIAS);
    return mf_linear(g, x, weight, bias);
}

mf_ref
mf_layer_linear(mf_graph *g, mf_ref x, const char *name, int out)
{
    const mf_init in = {.kind = MF_INIT_UNIFORM_FAN_IN};

    return mf_layer_linear_as(g, x, name, out, in, in);
}

mf_ref
mf_layer_maxpool(mf_graph *g, mf_ref x, int k, int stride)
{
    return mf_maxpool(g, x, (mf_pool_attrs){.kh = k, .kw = k, .sh = stride, .sw = stride});
}

mf_ref
mf_layer_cells(mf_graph *g, mf_ref x, int n)
{
    mf_shape s = mf_graph_shape(g, x);

    return s.dim[2] == n && s.dim[3] == n ? x : mf_adaptive_avgpool(g, x, n, n);
}

mf_ref
mf_layer_quadrant(mf_graph *g, mf_ref map, int q)
{
    const mf_shape s = mf_graph_shape(g, map);
    const int64_t  h = s.dim[2], w = s.dim[3], h2 = h / 2, w2 = w / 2;
    mf_ref         part;

    if (map.id < 0) return MF_NONE;
    part = mf_slice(g, map, 2, q < 2 ? 0 : h2, q < 2 ? h2 : h - h2);
    return mf_gap(g, mf_slice(g, part, 3, q % 2 == 0 ? 0 : w2, q % 2 == 0 ? w2 : w - w2));
}

/* ---- inspection ---- */

typedef struct collect {
    mf_model_info *info;
    bool           oom;
} collect;

static void
collect_layer(void *arg, const char *op, const char *scope, const mf_shape *out, int64_t macs, int64_t params)
{
    collect        *c = arg;
    mf_model_layer *l = mf_realloc(c->info->layers, c->info->n_layers + 1, sizeof *l);

    if (!l) {
        c->oom = true;
        return;
    }
    c->info->layers = l;
    l += c->info->n_layers++;
    *l = (mf_model_layer){.out = *out, .macs = macs, .params = params};
    if (l->out.ndim > 0 && l->out.dim[0] == MF_NOMINAL_BATCH) l->out.dim[0] = 1;
    snprintf(l->op, sizeof l->op, "%s", op);
    snprintf(l->scope, sizeof l->scope, "%s", scope);
    c->info->macs += macs;
    c->info->activation_bytes += 4 * mf_shape_elems(&l->out);
}

mf_status
mf_model_inspect(mf_model_info *out, const mf_model *m, mf_err *err)
{
    mf_params *ps = NULL;
    mf_graph  *g  = NULL;
    collect    c  = {out, false};
    mf_status  st;

    *out = (mf_model_info){0};
    if ((st = mf_params_new(&ps, MF_DTYPE_F32, err)) < 0 || (st = mf_graph_new(&g, ps, err)) < 0) goto done;
    {
        mf_model_out o;

        if ((st = mf_model_build(&o, m, g, mf_model_input(g, m, "x"), err)) < 0) goto done;
    }
    mf_graph_visit(g, collect_layer, &c);
    out->parameters = mf_params_trainable(ps);
    if (c.oom) st = mf_oom(err, 0, "a list of layers");
done:
    if (st < 0) mf_model_info_free(out);
    mf_graph_free(g);
    mf_params_free(ps);
    return st;
}

void
mf_model_info_free(mf_model_info *i)
{
    mf_free(i->layers);
    *i = (mf_model_info){0};
}

/* ---- metadata of weight files ---- */

static const char *const norm_names[] = {"none", "embedding", "map"};

static mf_status
put_meta(mf_tensors *ts, mf_err *err, const char *key, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static mf_status
put_meta(mf_tensors *ts, mf_err *err, const char *key, const char *fmt, ...)
{
    mf_str    s = {0};
    va_list   ap;
    mf_status st;

    va_start(ap, fmt);
    mf_str_vprintf(&s, fmt, ap);
    va_end(ap);
    if ((st = mf_str_ok(&s, err)) == MF_OK) st = mf_tensors_set_meta(ts, key, mf_str_c(&s), err);
    mf_str_free(&s);
    return st;
}

mf_status
mf_model_to_meta(mf_tensors *ts, const mf_model *m, const mf_recipe *r, const char *const *classes, mf_err *err)
{
    mf_str    s  = {0};
    mf_status st = MF_OK;

    for (int i = 0; classes && i < m->classes; i++) mf_str_printf(&s, "%s%s", i ? "," : "", classes[i]);
    if ((st = mf_str_ok(&s, err)) < 0 || (st = put_meta(ts, err, "architecture", "%s", m->def->name)) < 0 ||
        (st = put_meta(ts, err, "num_classes", "%d", m->classes)) < 0 || (st = put_meta(ts, err, "classes", "%s", mf_str_c(&s))) < 0 ||
        (st = put_meta(ts, err, "norm", "%s", norm_names[m->norm])) < 0 ||
        (st = put_meta(ts, err, "input", "%d,%d,%d", r->channels, r->height, r->width)) < 0 ||
        (st = put_meta(ts, err, "mean", "%.9g,%.9g,%.9g", (double)r->mean[0], (double)r->mean[1], (double)r->mean[2])) < 0 ||
        (st = put_meta(ts, err, "std", "%.9g,%.9g,%.9g", (double)r->std[0], (double)r->std[1], (double)r->std[2])) < 0)
        goto done;
    for (const mf_opt *o = m->def->opts; o->type != MF_OPT_T_END && st == MF_OK; o++) {
        char key[96];

        mf_str_clear(&s);
        if (o->type == MF_OPT_T_ENUM) /* the word itself: as YAML a choice "6" would be quoted */
            mf_str_add(&s, o->choices[*(const int *)(const void *)(m->cfg + o->offset)]);
        else
            mf_opt_print(o, m->cfg, &s);
        snprintf(key, sizeof key, "model.%s", o->name);
        st = put_meta(ts, err, key, "%s", mf_str_c(&s));
    }
done:
    mf_str_free(&s);
    return st;
}

static bool
three(const char *text, double v[3])
{
    return text && sscanf(text, "%lf,%lf,%lf", &v[0], &v[1], &v[2]) == 3;
}

mf_status
mf_model_from_meta(mf_model *m, mf_recipe *r, const mf_tensors *ts, mf_err *err)
{
    const char *arch = mf_tensors_meta(ts, "architecture"), *n = mf_tensors_meta(ts, "num_classes"), *norm = mf_tensors_meta(ts, "norm");
    double      in[3], mean[3], sd[3];
    int64_t     classes;
    mf_status   st;

    if (!arch || !n || !three(mf_tensors_meta(ts, "input"), in) || !three(mf_tensors_meta(ts, "mean"), mean) || !three(mf_tensors_meta(ts, "std"), sd))
        return mf_fail(err, MF_E_FORMAT, "the weights carry no description of their network (architecture, num_classes, input, mean, std): they were not saved by maskfer");
    if ((st = mf_parse_i64(&classes, n, 2, 100000, err)) < 0) return mf_fail_in(err, st, "num_classes");
    for (int i = 0; i < 3; i++)
        if (!(in[i] >= 1 && in[i] <= 4096) || (i < in[0] && (!(sd[i] > 0) || !(mean[i] > -1e3 && mean[i] < 1e3)))) return mf_fail(err, MF_E_FORMAT, "the weights' input recipe is out of range");
    if ((st = mf_model_make(m, arch, (int)classes, (int)in[0], (int)in[1], (int)in[2], err)) < 0) return st;
    for (int i = 0; norm && i < 3; i++)
        if (strcmp(norm, norm_names[i]) == 0) m->norm = (mf_norm_place)i;
    *r = (mf_recipe){.width = (int)in[2], .height = (int)in[1], .channels = (int)in[0]};
    for (int i = 0; i < 3; i++) {
        r->mean[i] = (float)mean[i];
        r->std[i]  = (float)sd[i];
    }
    for (const mf_opt *o = m->def->opts; o->type != MF_OPT_T_END; o++) {
        char        key[96];
        const char *v;

        snprintf(key, sizeof key, "model.%s", o->name);
        v = mf_tensors_meta(ts, key);
        if (v && (st = mf_opt_set(m->def->opts, m->cfg, o->name, v, err)) < 0) return st;
    }
    return MF_OK;
}
