/* cli/embed_files.h: what `maskfer embed` writes and prints. */
#ifndef MF_CLI_EMBED_FILES_H
#define MF_CLI_EMBED_FILES_H

#include "core/log.h"
#include "core/str.h"
#include "data/manifest.h"
#include "eval/embedding_quality.h"
#include "eval/features.h"
#include "eval/pca.h"
#include "eval/tsne.h"

typedef struct mf_embed {
    const mf_dataset *d;      /* lent, as layer and method */
    const char       *layer, *method;
    mf_features       f;
    mf_tsne           tsne;   /* with tsne */
    float            *own;    /* with pca: what y lends from */
    const float      *y;      /* [n, 2]; NULL: no map */
    double            explained; /* with pca: share of the variance along the two axes */
    size_t            neighbors;
    uint64_t          seed;
    mf_quality        all, split[MF_SPLIT_COUNT], occlusion[MF_OCC_COUNT]; /* n is 0 where there is no picture */
} mf_embed;
void mf_embed_free(mf_embed *e);

/* Fills all, split, occlusion; each part is measured by itself. */
mf_status mf_embed_measure(mf_embed *e, mf_err *err);
/* features.npy, embedding.csv, embedding.json, and features.csv if `csv`. */
mf_status mf_embed_write(const mf_embed *e, const char *dir, bool csv, mf_err *err);
/* The map, and with several splits one a split. Without gnuplot script and table alone, and a warning. */
mf_status mf_embed_draw(const mf_embed *e, const char *dir, const mf_log *log, mf_err *err);
void      mf_embed_json(mf_str *out, const mf_embed *e);
void      mf_embed_text(mf_str *out, const mf_embed *e, const char *dir);

#endif
