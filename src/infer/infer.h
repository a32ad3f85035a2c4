/* infer/infer.h: pictures in, probabilities out. A batch program of the network in inference form; a batch that is not
 * full is padded with whatever its memory holds, and the padding's answers are dropped. */
#ifndef MF_INFER_INFER_H
#define MF_INFER_INFER_H

#include <stddef.h>
#include "core/error.h"
#include "image/image.h"
#include "image/prep.h"
#include "infer/feed.h"
#include "models/model.h"
#include "nn/program.h"

enum { MF_INFER_BATCH_MAX = 4096 };

typedef struct mf_infer_opts {
    const char   *backend;   /* "auto", "onednn", "ref" */
    mf_prec       prec;
    int           batch;     /* 1 to MF_INFER_BATCH_MAX */
    bool          features;  /* embeddings are wanted too */
    const char   *layer;     /* in their place: "features", "map", "logits", or a layer as in mf_graph_layer; a map [C, h, w] is averaged
                              * over its places. NULL: the embedding that the classifier sees */
    bool          mirror;    /* probabilities are the mean over a picture and its mirror image; features are the picture's own */
    bool          keep;      /* mf_infer_load: the parameters' values are wanted later (explanations). Else those that the program
                              * holds in a form of its own are freed */
    mf_workspace *workspace; /* shared with programs that never run at the same time; NULL: own memory */
} mf_infer_opts;
mf_infer_opts mf_infer_opts_default(void); /* auto, auto, 32 */

typedef struct mf_infer mf_infer;
/* Over parameters that someone else trains: ps is lent, has memory, and may change between runs. */
mf_status mf_infer_new(mf_infer **out, const mf_model *m, const mf_recipe *r, mf_params *ps, const mf_infer_opts *o,
                       mf_err *err);
/* From a weight file that maskfer saved: network, classes and input recipe come from its metadata. */
mf_status mf_infer_load(mf_infer **out, const char *path, const mf_infer_opts *o, mf_err *err);
void      mf_infer_free(mf_infer *f);

const mf_model    *mf_infer_model(const mf_infer *f);
const mf_recipe   *mf_infer_recipe(const mf_infer *f);
/* Names and shapes; for further graphs over the same network with mf_infer_opts.keep alone. */
mf_params         *mf_infer_params(mf_infer *f);
const char *const *mf_infer_classes(const mf_infer *f); /* NULL-terminated; NULL when made by mf_infer_new */
int                mf_infer_batch(const mf_infer *f);
size_t             mf_infer_features(const mf_infer *f); /* length of an embedding, or of what the layer gives */
mf_pix_form        mf_infer_form(const mf_infer *f);     /* in which batches need no copy */
mf_prec            mf_infer_prec(const mf_infer *f);
/* Steps of its program that its backend leaves to the reference kernels; 0 where that backend is asked for. */
int                mf_infer_ref_steps(const mf_infer *f);
/* Landmarks of each face that these answers depend on: 0, 5 or 68. 0 too where the network looks at them in training alone. */
int                mf_infer_landmarks(const mf_infer *f);

/* Landmarks: where mf_infer_landmarks(f) is P > 0, marks is [n, P, 3] (image/keypoints.h), else it is not looked
 * at. MF_E_ARG: the network wants them and marks is NULL. */

/* Answers for the first n pictures of `data`, memory for a whole batch in `form` (with `mirror` it is turned over and back): prob [n, classes], each row summing
 * to 1; features [n, mf_infer_features], NULL if not wanted. marks: in pixels of the network's input. */
mf_status mf_infer_run(mf_infer *f, void *data, mf_pix_form form, const float *marks, size_t n, float *prob, float *features, mf_err *err);
/* n decoded pictures of any size (1 to the batch), resized as in training's evaluation. marks: in pixels of each picture. */
mf_status mf_infer_images(mf_infer *f, const mf_image *im, const float *marks, size_t n, float *prob, float *features, mf_err *err);

/* n picture files (1 to the batch). why[i] says what was wrong with file i ({0}: nothing); row i of prob and features is
 * then unset. Fails itself only for what concerns the whole batch. marks: in pixels of each picture. */
mf_status mf_infer_files(mf_infer *f, const char *const *paths, const float *marks, size_t n, float *prob, float *features, mf_err *why,
                         mf_err *err);

/* Index of the largest of n values, the lowest on a tie; NaN never wins over a number. */
int mf_argmax(const float *v, int n);

#endif
