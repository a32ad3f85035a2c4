/* data/loader.h: batches from a data set: cached pixels, augmentation, worker threads, prefetch.
 *
 * A batch is a pure function of (seed, epoch, batch index): worker count, cache kind and timing change nothing.
 * After mf_loader_start nothing is allocated per sample. */
#ifndef MF_DATA_LOADER_H
#define MF_DATA_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "data/manifest.h"
#include "image/prep.h"

typedef enum mf_cache_kind { MF_CACHE_RAM, MF_CACHE_DISK, MF_CACHE_NONE } mf_cache_kind;

/* Decoded pictures at working size, indexed by row. Shared by all loaders of a process; immutable once built. The data
 * set must outlive it. Single pictures: data/cache.h. */
typedef struct mf_cache mf_cache;
typedef struct mf_cache_opts {
    mf_cache_kind kind;
    const char   *dir;        /* DISK: folder for the map file; NULL: DIR/.cache of the data set */
    int           width, height, channels; /* working size (pictures are resized to it, Pillow's bilinear) */
    int           workers;    /* 0: all cores */
    mf_progress   progress;
} mf_cache_opts;
/* rows: indices of the data set's rows to hold (others may not be asked for). A picture that cannot be read is an error
 * that names it (the first in row order). NONE keeps nothing: pictures are decoded when a batch wants them; a worker then
 * allocates only when it meets a picture larger than any before. DISK finds its file again as long as names, sizes and times of
 * change of the pictures stay; files of other keys are left alone. */
mf_status mf_cache_build(mf_cache **out, const mf_dataset *d, const uint32_t *rows, size_t n, const mf_cache_opts *o, mf_err *err);
void      mf_cache_free(mf_cache *c);

/* What one sample of the training is: 1 picture, or a pair (x0 the non-masked, x1 the masked one, the same draw for both). */
typedef struct mf_sample { uint32_t row[3]; } mf_sample; /* indices of rows; unused entries equal row[0] */

typedef struct mf_batch {
    size_t          n;          /* samples */
    void           *x[3];       /* one buffer a picture of the sample: [n, C, H, W] in the loader's layout */
    float          *marks[3];   /* landmarks of each picture, [n, landmarks, 3] in pixels of x, moved as it was; NULL: none */
    int32_t        *label;      /* [n] of row[0] */
    float          *target;     /* [n, classes]: one-hot or the soft distribution */
    const mf_sample **sample;   /* [n] */
    uint64_t        epoch, index;
} mf_batch;

typedef struct mf_loader mf_loader;
typedef struct mf_loader_opts {
    int         batch;          /* samples a batch */
    int         pictures;       /* 1..3 pictures a sample */
    bool        shuffle;        /* anew each epoch */
    bool        drop_last;      /* leave out a partial last batch */
    bool        soft;           /* targets from the soft distribution where there is one */
    bool        draw_label;     /* one-hot targets, drawn from that distribution at each use */
    bool        balanced;       /* draw classes evenly, with replacement, epoch length unchanged */
    uint64_t    seed;
    int         workers;        /* 0: made by the caller's thread when asked for, n: n threads */
    int         prefetch;       /* batches ahead; 2 if 0 and workers > 0 */
    mf_augment  augment;        /* mf_augment_none() for evaluation */
    mf_augment  view[MF_AUGMENT_VIEWS_MAX - 1]; /* further ways in which pictures are changed: with `views` of them the samples are given
                                   1 + views times over, one list behind the other, and the k-th goes by view[k - 1] */
    int         views;
    const char *occlude;        /* what hides faces, anew each epoch (data/hide.h); NULL or "": nothing. Of a sample of several
                                   pictures the first stays as it is */
    double      occlude_prob;   /* for each picture that shows a whole face */
    mf_recipe   recipe;
    mf_pix_type type;
    bool        nhwc;           /* false: NCHW */
    int         classes;
    int         landmarks;      /* points of each face that a batch carries: 0, 5 or 68, from the data set's landmarks.csv */
} mf_loader_opts;
/* samples are copied; data set and cache must outlive the loader. A last partial batch is given with its true n.
 * MF_E_ARG: no samples, an option out of range, a row that the cache does not hold, a label of `classes` or more, nothing to
 * hide, a point far outside its picture. MF_E_USAGE: `occlude` names no occluder. MF_E_NOTFOUND: `landmarks`, and a picture
 * without.
 * MF_E_LIMIT: drop_last and fewer samples than a batch. */
mf_status mf_loader_open(mf_loader **out, const mf_dataset *d, const mf_cache *c, const mf_sample *samples, size_t n,
                         const mf_loader_opts *o, mf_err *err);
size_t    mf_loader_batches(const mf_loader *l); /* per epoch */
/* Begin `epoch` at batch `first` (resume in mid-epoch). May be called at any time; what was under way is dropped. */
mf_status mf_loader_start(mf_loader *l, uint64_t epoch, size_t first, mf_err *err);
/* Next batch, lent until the next call; *out = NULL at the end of the epoch. A picture that cannot be read is met when its
 * batch is due; after that, and before mf_loader_start, MF_E_STATE. */
mf_status mf_loader_next(mf_loader *l, const mf_batch **out, mf_err *err);
void      mf_loader_close(mf_loader *l);

/* Order of samples in an epoch: what the loader uses, for tests. idx has n entries. */
void mf_loader_order(uint32_t *idx, size_t n, uint64_t seed, uint64_t epoch, bool shuffle);

#endif
