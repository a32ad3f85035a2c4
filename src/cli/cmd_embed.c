/* cli/cmd_embed.c: maskfer embed: features of a layer, a map of them, and how far the map can be believed. */
#include <string.h>

#include "cli/cli.h"
#include "cli/embed_files.h"
#include "core/file.h"
#include "core/mem.h"

extern const mf_cmd mf_cmd_embed;

typedef struct embed_cfg {
    int64_t    batch, quality_neighbors;
    int        method, precision, split;
    bool       csv, figures;
    mf_opt_str layer, out, backend;
} embed_cfg;

static const char *const method_words[]    = {"tsne", "pca", "none", NULL};
static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};
static const char *const split_words[]     = {"all", "train", "val", "test", NULL};
enum { TSNE, PCA, NONE };

static const mf_opt embed_rows[] = {
    MF_OPT_STR(embed_cfg, out, "", "folder for what is written (needed)"),
    MF_OPT_STR(embed_cfg, layer, "features", "features, logits, map, or a layer by its parameters' name (layer3, layer2.0.conv1); maps are averaged over places"),
    MF_OPT_ENUM(embed_cfg, method, TSNE, method_words, "how the map is made; none: features and their measures alone"),
    MF_OPT_ENUM(embed_cfg, split, 0, split_words, "which rows of the manifest"),
    MF_OPT_INT(embed_cfg, quality_neighbors, 5, 1, 1000, "neighbours of trustworthiness and kNN accuracy"),
    MF_OPT_BOOL(embed_cfg, csv, false, "write the features as features.csv too"),
    MF_OPT_BOOL(embed_cfg, figures, true, "draw the map through gnuplot"),
    MF_OPT_INT(embed_cfg, batch, 32, 1, 4096, "pictures at a time"),
    MF_OPT_ENUM(embed_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_STR(embed_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_END,
};

static mf_status
wanted_rows(uint32_t **rows, size_t *n, const mf_dataset *d, int split, mf_err *err)
{
    *n    = 0;
    *rows = mf_calloc(d->n_rows, sizeof **rows);
    if (*rows == NULL) {
        return mf_oom(err, d->n_rows * sizeof **rows, "a list of rows");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (split == 0 || mf_str_eq(mf_split_name(d->rows[i].split), split_words[split])) {
            (*rows)[(*n)++] = (uint32_t)i;
        }
    }
    return *n != 0 ? MF_OK : mf_fail(err, MF_E_LIMIT, "'%s' has no row %s%s", d->dir, split ? "of split " : "", split ? split_words[split] : "");
}

/* Positions along the first two principal components; the second is 0 for features of one value. */
static mf_status
by_pca(mf_embed *e, mf_err *err)
{
    const size_t k  = e->f.d < 2 ? e->f.d : 2;
    mf_pca       p  = {0};
    double      *to = mf_calloc(e->f.n, k * sizeof *to);
    mf_status    st;

    if (to == NULL) {
        return mf_oom(err, e->f.n * k * sizeof *to, "principal components");
    }
    if ((st = mf_pca_fit(&p, e->f.x, e->f.n, e->f.d, k, err)) < 0) {
        goto done;
    }
    mf_pca_apply(&p, to, e->f.x, e->f.n);
    for (size_t i = 0; i < e->f.n; i++) {
        for (size_t j = 0; j < 2; j++) {
            e->own[2 * i + j] = j < k ? (float)to[i * k + j] : 0.0f;
        }
    }
    e->explained = p.total > 0 ? (p.variance[0] + (k > 1 ? p.variance[1] : 0)) / p.total : 0;
done:
    mf_free(to);
    mf_pca_free(&p);
    return st;
}

static mf_status
make_map(mf_embed *e, int method, const mf_tsne_cfg *tc, mf_cli *cli, mf_err *err)
{
    mf_status st;

    e->method = method_words[method];
    if (method == NONE) {
        return MF_OK;
    }
    if (method == TSNE) {
        if ((st = mf_tsne_run(&e->tsne, e->f.x, e->f.n, e->f.d, tc, &cli->progress, err)) == MF_OK) {
            e->y = e->tsne.y;
        }
        if (st == MF_OK && !e->tsne.fft && e->f.n > MF_TSNE_EXACT_MAX && tc->forces == MF_TSNE_AUTO) {
            mf_logf(&cli->log, MF_LOG_WARN, "this build is without FFTW: the forces between all %zu pictures are computed, which is slow", e->f.n);
        }
        return st;
    }
    if ((e->own = mf_calloc(e->f.n, 2 * sizeof *e->own)) == NULL) {
        return mf_oom(err, e->f.n * 2 * sizeof *e->own, "a map");
    }
    e->y = e->own;
    return by_pca(e, err);
}

static mf_status
run_embed(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    embed_cfg     c;
    mf_tsne_cfg   tc;
    mf_cli_set    sets[] = {{embed_rows, &c}, {mf_tsne_rows, &tc}};
    mf_infer_opts io     = mf_infer_opts_default();
    mf_infer     *f      = NULL;
    mf_dataset   *d      = NULL;
    uint32_t     *rows   = NULL;
    mf_embed      e      = {0};
    mf_str        text = {0};
    size_t        n;
    mf_status     st;

    mf_opt_defaults(embed_rows, &c);
    mf_opt_defaults(mf_tsne_rows, &tc);
    if ((st = mf_cli_parse(cli, &mf_cmd_embed, sets, 2, argc, argv, &n, 2, 2, err)) < 0 || (st = mf_cli_need(c.out.s, "out", err)) < 0) {
        goto done;
    }
    io.backend = c.backend.s;
    io.batch   = (int)c.batch;
    io.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    io.layer   = c.layer.s;
    if ((st = mf_dataset_load(&d, argv[1], err)) < 0 || (st = wanted_rows(&rows, &n, d, c.split, err)) < 0 ||
        (st = mf_infer_load(&f, argv[0], &io, err)) < 0 || (st = mf_features_files(&e.f, f, d, rows, n, &cli->log, &cli->progress, err)) < 0) {
        goto done;
    }
    if (e.f.n == 0) {
        st = mf_fail(err, MF_E_IO, "none of the %zu pictures of '%s' could be read", n, argv[1]);
        goto done;
    }
    e.d         = d;
    e.layer     = c.layer.s;
    e.neighbors = (size_t)c.quality_neighbors;
    e.seed      = (uint64_t)tc.seed;
    if ((st = make_map(&e, c.method, &tc, cli, err)) < 0 || (st = mf_embed_measure(&e, err)) < 0 || (st = mf_dir_make(c.out.s, err)) < 0 ||
        (st = mf_embed_write(&e, c.out.s, c.csv, err)) < 0 || (c.figures && (st = mf_embed_draw(&e, c.out.s, &cli->log, err)) < 0)) {
        goto done;
    }
    if (cli->json) {
        mf_embed_json(&text, &e);
    } else {
        mf_embed_text(&text, &e, c.out.s);
    }
    st = mf_cli_put(cli, &text, err);
done:
    mf_str_free(&text);
    mf_embed_free(&e);
    mf_infer_free(f);
    mf_free(rows);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_embed = {
    .name    = "embed",
    .summary = "map a network's features: t-SNE or principal components, with measures",
    .usage   = "[OPTIONS] WEIGHTS DATASET --out DIR",
    .text    = "Writes DIR/features.npy, DIR/embedding.csv (image, subject, occlusion, label,\n"
               "split, x, y), DIR/embedding.json (what was done, and how far the map can be\n"
               "believed: trustworthiness, silhouette, kNN accuracy, together, by split and by\n"
               "occlusion) and the figure embedding.svg (one more a split).\n\n"
               "  maskfer embed runs/first/weights/best.safetensors students --out map\n"
               "  maskfer embed W.safetensors students --layer layer3 --method pca --out map3\n",
    .opts    = {embed_rows, mf_tsne_rows},
    .json    = true,
    .run     = run_embed,
};
