/* eval/score.h: the rows of a data set through a network: probabilities, figures, predictions.csv. */
#ifndef MF_EVAL_SCORE_H
#define MF_EVAL_SCORE_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "core/str.h"
#include "data/loader.h"
#include "data/manifest.h"
#include "eval/kinds.h"
#include "eval/metrics.h"
#include "eval/predictions.h"
#include "infer/infer.h"

typedef struct mf_scores {
    size_t             n;
    int                classes;
    uint32_t          *row;        /* [n] rows of the data set, in the order they were given */
    float             *prob;       /* [n, classes] */
    bool              *unread;     /* [n]: the picture could not be read, prob is not set; NULL: all were */
    const char *const *class_name; /* [classes], lent; NULL: those of the data set */
    int               *label_map;  /* class of the network for each label of the data set; NULL: the same numbers */
} mf_scores;
void mf_scores_free(mf_scores *s); /* for those of mf_score_files; a scorer frees its own */

typedef struct mf_scorer mf_scorer;
/* For rows[0..n-1] of d, all in the cache. `f` may go on being trained between runs. All is lent and outlives the scorer. */
mf_status mf_scorer_open(mf_scorer **out, mf_infer *f, const mf_dataset *d, const mf_cache *c, const uint32_t *rows,
                         size_t n, int workers, mf_err *err);
void      mf_scorer_close(mf_scorer *s);
/* *scores is lent until the next run. */
mf_status mf_scorer_run(mf_scorer *s, const mf_scores **scores, const mf_progress *progress, mf_err *err);

/* Score rows[0..n-1] straight from their files, for a network that may know other classes than the data set: matched by
 * name, or label_of[class of the data set] says the class (-1: none) when it is not NULL; it is copied. A picture that cannot be read is said in the log, marked in out->unread and counted in *failed. MF_E_ARG: a label
 * of these rows that the network does not know. *out ({0} before) is the caller's, lending names from `f`. */
mf_status mf_score_files(mf_scores *out, size_t *failed, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n,
                         const int *label_of, const mf_log *log, const mf_progress *progress, mf_err *err);

bool mf_domain_has(mf_domain k, const mf_row *r);
/* Pictures that could not be read count as errors. */
void mf_scores_metrics(mf_metrics *out, const mf_scores *s, const mf_dataset *d, mf_domain k);
/* The same for one kind of occlusion. */
void mf_scores_by_occlusion(mf_metrics *out, const mf_scores *s, const mf_dataset *d, mf_occlusion o);

/* predictions.csv: image,subject,occlusion[,mask_type],label,predicted,p_<class>..., with mask_type where `kinds` (may be
 * NULL) knows of any. `head` is written first when it is not NULL
 * (the names of further columns, each followed by a comma), and `lead` before each row. Probabilities read back to the same
 * float; a picture that could not be read has neither answer nor probabilities. */
void mf_scores_csv(mf_str *out, const mf_scores *s, const mf_dataset *d, const mf_kinds *kinds, const char *head, const char *lead);

#endif
