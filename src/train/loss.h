/* train/loss.h: losses of a classifier: what compares logits with target distributions. One file each in train/losses, one
 * line in loss_list.h. Methods take theirs by mf_loss_build; gradients follow from the ops. */
#ifndef MF_TRAIN_LOSS_H
#define MF_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"
#include "nn/graph.h"

enum { MF_LOSS_CFG_MAX = 64 };

typedef struct mf_loss_in {
    mf_ref logits;       /* [N,C] */
    mf_ref target;       /* [N,C], rows of a distribution: one-hot or the votes' */
    mf_ref class_weight; /* [C], positive, or MF_NONE: all weigh 1 */
    double smoothing;    /* s in [0,1): the target becomes (1-s) t + s/C */
} mf_loss_in;

typedef struct mf_loss_def {
    const char   *name, *summary, *source;
    size_t        cfg_size;
    const mf_opt *opts;
    /* Adds nodes to g; *loss is [1], a mean over the batch in which a sample weighs sum_c w_c t_c. */
    mf_status   (*build)(mf_graph *g, const mf_loss_in *in, const void *cfg, mf_ref *loss, mf_err *err);
} mf_loss_def;

/* A loss with its settings: plain data, copied freely. */
typedef struct mf_loss {
    const mf_loss_def *def;
    _Alignas(double) uint8_t cfg[MF_LOSS_CFG_MAX];
} mf_loss;

/* MF_E_NOTFOUND names the nearest. */
mf_status          mf_loss_find(const mf_loss_def **out, const char *name, mf_err *err);
size_t             mf_loss_count(void);
const mf_loss_def *mf_loss_at(size_t i);
/* With `loss` NULL: cross-entropy. */
mf_status mf_loss_build(mf_graph *g, const mf_loss *loss, const mf_loss_in *in, mf_ref *out, mf_err *err);

#endif
