/* methods/method.h: what is trained: which pictures a sample needs and the training graph. One file each, one line in
 * method_list.h. */
#ifndef MF_METHODS_METHOD_H
#define MF_METHODS_METHOD_H

#include "core/error.h"
#include "core/opt.h"
#include "models/model.h"
#include "nn/graph.h"
#include "train/loss.h"

enum { MF_METHOD_CFG_MAX = 256, MF_METHOD_TERMS_MAX = 6 };

/* Which rows of the training people make samples. PAIR: picture 0 the non-masked, picture 1 the masked of one pair.
 * KD: picture 0 the non-masked (teacher), picture 1 drawn anew each epoch: the masked with probability 1-p, else the same. */
typedef enum mf_samples_kind { MF_SAMPLES_ROWS, MF_SAMPLES_PAIR, MF_SAMPLES_PAIR_DRAW } mf_samples_kind;
typedef enum mf_rows_kind { MF_ROWS_ALL, MF_ROWS_CLEAR, MF_ROWS_OCCLUDED } mf_rows_kind; /* for MF_SAMPLES_ROWS */

typedef struct mf_method_in {
    const mf_model *model;
    const mf_model *teacher;       /* NULL where the method has none */
    mf_model_in     x[3];          /* pictures, with their landmarks where the model wants them */
    mf_ref          target;        /* [N, classes] */
    mf_ref          class_weight;  /* [classes] or MF_NONE */
    double          label_smoothing;
    const mf_loss  *loss;          /* of logits against targets; NULL: cross-entropy */
    double          centre_weight; /* of the centre loss of the embeddings (Wen et al. 2016); 0: none */
    double          centre_rate;   /* at which its centres follow */
} mf_method_in;
typedef struct mf_method_out {
    mf_ref      loss;                          /* [1] */
    mf_ref      logits;                        /* of the picture whose training accuracy is shown */
    int         n_terms;                       /* parts of the loss, for results.csv */
    const char *term_name[MF_METHOD_TERMS_MAX];
    mf_ref      term[MF_METHOD_TERMS_MAX];
} mf_method_out;

typedef struct mf_method_def {
    const char     *name, *summary, *source;
    size_t          cfg_size;
    const mf_opt   *opts;
    mf_samples_kind samples;
    int             pictures;
    bool            needs_teacher;   /* a frozen network under scope "teacher" trained on clear pictures */
    bool            teacher_answers; /* its classifier is used too: it must be of the same classes */
    double        (*same_prob)(const void *cfg); /* PAIR_DRAW: p; NULL otherwise */
    mf_rows_kind  (*rows)(const void *cfg);      /* ROWS; NULL: all */
    mf_norm_place (*norm)(const void *cfg);      /* what the model is built with */
    mf_status     (*build)(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err);
    /* In place of `build`: the two methods whose trained networks it joins (train/combine.h). It trains no network itself. */
    const char     *joins[2];
} mf_method_def;

typedef struct mf_method {
    const mf_method_def *def;
    char    name[64];                /* as the user wrote it: "baseline-nm" */
    uint8_t cfg[MF_METHOD_CFG_MAX];
} mf_method;
/* The run's loss of these logits against the targets: what a method's build takes for its classifier. */
mf_status mf_method_loss(mf_ref *out, mf_graph *g, const mf_method_in *in, mf_ref logits, mf_err *err);
#define MF_METHOD_CENTRES "loss.centres" /* the buffer [classes, D] of the centre loss */
/* What a network is trained by: that loss of its logits, or where it has several heads the sum over them by their weights,
 * the penalty that it brings with it, and the centre loss of its embeddings. `twice`: of probabilities in place of logits (msde.md 2.4). */
mf_status mf_method_net_loss(mf_ref *out, mf_graph *g, const mf_method_in *in, const mf_model_out *net, bool twice, mf_err *err);
/* The frozen network under the scope "teacher" on picture x, in inference form. */
mf_status mf_method_teacher(mf_model_out *out, mf_graph *g, const mf_method_in *in, mf_model_in x, mf_err *err);
/* By method name or preset name (baseline-nm, baseline-m, baseline are supervised with rows clear, occluded, all). */
mf_status mf_method_make(mf_method *out, const char *name, mf_err *err);
size_t               mf_method_count(void);
const mf_method_def *mf_method_at(size_t i);

#endif
