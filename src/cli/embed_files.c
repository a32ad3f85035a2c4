/* cli/embed_files.c */
#include "cli/embed_files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/csv.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/npy.h"
#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

void
mf_embed_free(mf_embed *e)
{
    mf_features_free(&e->f);
    mf_tsne_free(&e->tsne);
    mf_free(e->own);
    *e = (mf_embed){0};
}

/* The pictures that `split` and `occlusion` choose (-1: any), gathered. */
typedef struct part {
    size_t  n;
    float  *x, *y;
    int    *label;
    size_t *at; /* which of the pictures */
} part;

static void
part_free(part *p)
{
    mf_free(p->x);
    mf_free(p->y);
    mf_free(p->label);
    mf_free(p->at);
}

static mf_status
gather(part *p, const mf_embed *e, int split, int occlusion, mf_err *err)
{
    const size_t n = e->f.n, d = e->f.d;

    *p       = (part){0};
    p->x     = mf_calloc(n, d * sizeof *p->x);
    p->y     = mf_calloc(n, 2 * sizeof *p->y);
    p->label = mf_calloc(n, sizeof *p->label);
    p->at    = mf_calloc(n, sizeof *p->at);
    if (p->x == NULL || p->y == NULL || p->label == NULL || p->at == NULL) {
        part_free(p);
        *p = (part){0};
        return mf_oom(err, n * (d + 2) * sizeof *p->x, "a part of the features");
    }
    for (size_t i = 0; i < n; i++) {
        const mf_row *r = &e->d->rows[e->f.row[i]];

        if ((split >= 0 && (int)r->split != split) || (occlusion >= 0 && (int)r->occlusion != occlusion)) {
            continue;
        }
        memcpy(p->x + p->n * d, e->f.x + i * d, d * sizeof *p->x);
        if (e->y != NULL) {
            memcpy(p->y + p->n * 2, e->y + i * 2, 2 * sizeof *p->y);
        }
        p->label[p->n] = r->label;
        p->at[p->n++]  = i;
    }
    return MF_OK;
}

static mf_status
measure(mf_quality *q, const mf_embed *e, int split, int occlusion, mf_err *err)
{
    mf_quality_opts o = mf_quality_opts_default();
    part            p;
    mf_status       st;

    o.neighbors = e->neighbors;
    o.seed      = e->seed;
    if ((st = gather(&p, e, split, occlusion, err)) < 0) {
        return st;
    }
    st = mf_quality_make(q, p.x, p.n, e->f.d, e->y != NULL ? p.y : NULL, p.label, e->d->n_classes, &o, err);
    part_free(&p);
    return st;
}

mf_status
mf_embed_measure(mf_embed *e, mf_err *err)
{
    mf_status st = measure(&e->all, e, -1, -1, err);

    for (int s = 0; s < MF_SPLIT_COUNT && st == MF_OK; s++) {
        st = measure(&e->split[s], e, s, -1, err);
    }
    for (int o = 0; o < MF_OCC_COUNT && st == MF_OK; o++) {
        st = measure(&e->occlusion[o], e, -1, o, err);
    }
    return st;
}

static const char *
split_word(int s)
{
    return s == MF_SPLIT_NONE ? "none" : mf_split_name((mf_split)s);
}

static void
put_quality(mf_json_out *j, const char *key, const mf_quality *q)
{
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)q->n);
    mf_json_put_int(j, "looked_at", (int64_t)q->rows);
    mf_json_put_num(j, "trustworthiness", q->trustworthiness);
    mf_json_put_num(j, "silhouette_features", q->x_silhouette);
    mf_json_put_num(j, "silhouette", q->y_silhouette);
    mf_json_put_num(j, "knn_accuracy_features", q->x_knn);
    mf_json_put_num(j, "knn_accuracy", q->y_knn);
    mf_json_close(j, '}');
}

void
mf_embed_json(mf_str *out, const mf_embed *e)
{
    mf_json_out j = mf_json_begin(out, 2);

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "layer", e->layer);
    mf_json_put_int(&j, "features", (int64_t)e->f.d);
    mf_json_put_int(&j, "pictures", (int64_t)e->f.n);
    mf_json_put_int(&j, "failed", (int64_t)e->f.failed);
    mf_json_put_str(&j, "method", e->method);
    if (e->tsne.y != NULL) {
        mf_json_put_num(&j, "kl_divergence", e->tsne.kl);
        mf_json_put_num(&j, "perplexity", e->tsne.perplexity);
        mf_json_put_int(&j, "neighbors", (int64_t)e->tsne.neighbors);
        mf_json_put_str(&j, "neighbor_search", e->tsne.approx ? "approx" : "exact");
        mf_json_put_str(&j, "forces", e->tsne.fft ? "fft" : "exact");
        mf_json_put_int(&j, "iterations", e->tsne.iterations);
    }
    if (e->own != NULL) {
        mf_json_put_num(&j, "variance_explained", e->explained);
    }
    mf_json_put_int(&j, "quality_neighbors", (int64_t)e->neighbors);
    put_quality(&j, "quality", &e->all);
    mf_json_open(&j, "by_split", '{');
    for (int s = 0; s < MF_SPLIT_COUNT; s++) {
        if (e->split[s].n != 0) {
            put_quality(&j, split_word(s), &e->split[s]);
        }
    }
    mf_json_close(&j, '}');
    mf_json_open(&j, "by_occlusion", '{');
    for (int o = 0; o < MF_OCC_COUNT; o++) {
        if (e->occlusion[o].n != 0) {
            put_quality(&j, mf_occlusion_name((mf_occlusion)o), &e->occlusion[o]);
        }
    }
    mf_json_close(&j, '}');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
text_num(mf_str *out, double v)
{
    if (isnan(v)) {
        mf_str_printf(out, " %10s", "-");
    } else {
        mf_str_printf(out, " %10.4f", v);
    }
}

static void
text_quality(mf_str *out, const char *name, const mf_quality *q)
{
    mf_str_printf(out, "%-12s %8zu", name, q->n);
    text_num(out, q->trustworthiness);
    text_num(out, q->x_silhouette);
    text_num(out, q->y_silhouette);
    text_num(out, q->x_knn);
    text_num(out, q->y_knn);
    mf_str_addc(out, '\n');
}

void
mf_embed_text(mf_str *out, const mf_embed *e, const char *dir)
{
    mf_str_printf(out, "%zu pictures, %zu could not be read; layer %s: %zu values\n", e->f.n, e->f.failed, e->layer, e->f.d);
    if (e->tsne.y != NULL) {
        mf_str_printf(out, "t-SNE: KL divergence %.4f, perplexity %g, %zu neighbours (%s), %s forces, %d iterations\n", e->tsne.kl, e->tsne.perplexity,
                      e->tsne.neighbors, e->tsne.approx ? "approximate" : "exact", e->tsne.fft ? "interpolated" : "exact", e->tsne.iterations);
    }
    if (e->own != NULL) {
        mf_str_printf(out, "principal components: two axes hold %.1f%% of the variance\n", 100 * e->explained);
    }
    mf_str_printf(out, "\n%-12s %8s %10s %21s %21s\n%-12s %8s %10s %10s %10s %10s %10s\n", "", "", "trustwor-", "silhouette", "kNN accuracy", "", "pictures",
                  "thiness", "features", "map", "features", "map");
    text_quality(out, "all", &e->all);
    for (int s = 0; s < MF_SPLIT_COUNT; s++) {
        if (e->split[s].n != 0 && e->split[s].n != e->all.n) {
            text_quality(out, split_word(s), &e->split[s]);
        }
    }
    for (int o = 0; o < MF_OCC_COUNT; o++) {
        if (e->occlusion[o].n != 0 && e->occlusion[o].n != e->all.n) {
            text_quality(out, mf_occlusion_name((mf_occlusion)o), &e->occlusion[o]);
        }
    }
    if (e->all.rows < e->all.n) {
        mf_str_printf(out, "(measured on %zu drawn pictures, each against all)\n", e->all.rows);
    }
    mf_str_printf(out, "\nwritten to %s\n", dir);
}

static mf_status
write_csv(const mf_embed *e, const char *path, mf_err *err)
{
    mf_str    csv = {0};
    mf_status st;

    mf_str_add(&csv, e->y != NULL ? "image,subject,occlusion,label,split,x,y\n" : "image,subject,occlusion,label,split\n");
    for (size_t i = 0; i < e->f.n; i++) {
        const mf_row *r = &e->d->rows[e->f.row[i]];

        mf_csv_put(&csv, r->image);
        mf_str_addc(&csv, ',');
        mf_csv_put(&csv, r->subject >= 0 ? e->d->subjects[r->subject] : "");
        mf_str_printf(&csv, ",%s,", mf_occlusion_name(r->occlusion));
        mf_csv_put(&csv, e->d->classes[r->label]);
        mf_str_printf(&csv, ",%s", mf_split_name(r->split));
        if (e->y != NULL) {
            mf_str_printf(&csv, ",%.6g,%.6g", (double)e->y[2 * i], (double)e->y[2 * i + 1]);
        }
        mf_str_addc(&csv, '\n');
    }
    st = mf_file_write_str(path, &csv, err);
    mf_str_free(&csv);
    return st;
}

static mf_status
write_features(const mf_embed *e, const char *path, mf_err *err)
{
    mf_str    csv = {0};
    mf_status st;

    mf_str_add(&csv, "image");
    for (size_t k = 0; k < e->f.d; k++) {
        mf_str_printf(&csv, ",f%zu", k);
    }
    mf_str_addc(&csv, '\n');
    for (size_t i = 0; i < e->f.n; i++) {
        mf_csv_put(&csv, e->d->rows[e->f.row[i]].image);
        for (size_t k = 0; k < e->f.d; k++) {
            mf_str_printf(&csv, ",%.9g", (double)e->f.x[i * e->f.d + k]);
        }
        mf_str_addc(&csv, '\n');
    }
    st = mf_file_write_str(path, &csv, err);
    mf_str_free(&csv);
    return st;
}

mf_status
mf_embed_write(const mf_embed *e, const char *dir, bool csv, mf_err *err)
{
    mf_str    path = {0}, json = {0};
    mf_status st;

    mf_path_join(&path, dir, "features.npy");
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_npy_write(path.data, e->f.x, e->f.n, e->f.d, err)) < 0) {
        goto done;
    }
    mf_path_join(&path, dir, "embedding.csv");
    if ((st = mf_str_ok(&path, err)) < 0 || (st = write_csv(e, path.data, err)) < 0) {
        goto done;
    }
    mf_path_join(&path, dir, "embedding.json");
    mf_embed_json(&json, e);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_file_write_str(path.data, &json, err)) < 0 || !csv) {
        goto done;
    }
    mf_path_join(&path, dir, "features.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = write_features(e, path.data, err);
    }
done:
    mf_str_free(&path);
    mf_str_free(&json);
    return st;
}

/* The pictures of one split (-1: all) as a figure called `name`. */
static mf_status
draw(const mf_embed *e, const char *dir, const char *name, int split, mf_err *err)
{
    mf_plot_embedding_in in   = {.classes = (const char *const *)e->d->classes, .n_classes = (size_t)e->d->n_classes};
    const char          *kind[MF_OCC_COUNT];
    int                  kind_of[MF_OCC_COUNT];
    double              *xy = NULL;
    int                 *ck = NULL;
    part                 p;
    mf_figure            fig   = {0};
    mf_str               title = {0};
    mf_status            st;

    if ((st = gather(&p, e, split, -1, err)) < 0) {
        return st;
    }
    xy = mf_calloc(p.n, 2 * sizeof *xy);
    ck = mf_calloc(p.n, 2 * sizeof *ck);
    if (xy == NULL || ck == NULL) {
        st = mf_oom(err, p.n * 2 * (sizeof *xy + sizeof *ck), "a figure");
        goto done;
    }
    for (int o = 0; o < MF_OCC_COUNT; o++) { /* clear faces come first, whether there are any or not: their marks are filled */
        kind_of[o] = (int)in.n_kinds;
        if (o == MF_OCC_NONE || e->occlusion[o].n != 0) {
            kind[in.n_kinds++] = o == MF_OCC_NONE ? "clear" : mf_occlusion_name((mf_occlusion)o);
        }
    }
    for (size_t i = 0; i < p.n; i++) {
        xy[i]       = (double)p.y[2 * i];
        xy[p.n + i] = (double)p.y[2 * i + 1];
        ck[i]       = p.label[i];
        ck[p.n + i] = kind_of[e->d->rows[e->f.row[p.at[i]]].occlusion];
    }
    mf_str_printf(&title, "%s of %s%s%s", e->tsne.y != NULL ? "t-SNE" : "Principal components", e->layer, split >= 0 ? ", " : "",
                  split >= 0 ? split_word(split) : "");
    in.title = mf_str_c(&title);
    in.kinds = kind;
    in.n     = p.n;
    in.x     = xy;
    in.y     = xy + p.n;
    in.cls   = ck;
    in.kind  = ck + p.n;
    if ((st = mf_figure_make(&fig, "embedding", name, &in, err)) == MF_OK) {
        st = mf_figure_draw(&fig, dir, err);
    }
done:
    mf_figure_free(&fig);
    mf_str_free(&title);
    mf_free(xy);
    mf_free(ck);
    part_free(&p);
    return st;
}

mf_status
mf_embed_draw(const mf_embed *e, const char *dir, const mf_log *log, mf_err *err)
{
    mf_status st;
    bool      without = false;

    if (e->y == NULL) {
        return MF_OK;
    }
    st = draw(e, dir, "embedding", -1, err);
    for (int s = 0; s < MF_SPLIT_COUNT && (st == MF_OK || st == MF_E_UNSUPPORTED); s++) {
        char name[64];

        without = without || st == MF_E_UNSUPPORTED;
        st      = MF_OK;
        if (e->split[s].n != 0 && e->split[s].n != e->all.n) {
            snprintf(name, sizeof name, "embedding-%s", split_word(s));
            st = draw(e, dir, name, s, err);
        }
    }
    if (without || st == MF_E_UNSUPPORTED) {
        mf_logf(log, MF_LOG_WARN, "gnuplot is not installed: %s holds the figures' scripts and tables, and no pictures", dir);
        st = MF_OK;
    }
    return st;
}
