/* eval/attention.h: the share of attention on the mask: heat on the mask over all heat, a row a picture, and what follows from
 * it by method, fold and class.
 *
 * attention.csv: method,fold,image,subject,label,predicted,share,area,outline. share and area are of 0..1, share empty where
 * the map had no heat; outline says where the mask's place came from: drawn (recorded when it was drawn), landmarks (a mask
 * of middle size at the face's points) or canonical (the same at the usual place of a face). */
#ifndef MF_EVAL_ATTENTION_H
#define MF_EVAL_ATTENTION_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"
#include "eval/stats.h"

typedef enum mf_outline { MF_OUTLINE_DRAWN, MF_OUTLINE_LANDMARKS, MF_OUTLINE_CANONICAL, MF_OUTLINE_COUNT } mf_outline;
const char *mf_outline_name(mf_outline o); /* "drawn", "landmarks", "canonical" */

typedef struct mf_attention_row {
    uint32_t   image;           /* index into images */
    int        subject;         /* index into subjects, -1 unknown */
    int        method, fold;
    int        label, answer;   /* indices into classes */
    double     share, area;     /* share: NaN without heat */
    mf_outline outline;
} mf_attention_row;

typedef struct mf_attention {
    char            **methods;  int n_methods;
    char            **classes;  int n_classes;
    char            **images, **subjects;
    mf_attention_row *row;      size_t n, cap;
    int               folds;    /* the largest fold and one */
    size_t            outlines[MF_OUTLINE_COUNT];
    struct mf_attention_store *store;
} mf_attention;

/* `classes` fixes their order; NULL: as they come. */
mf_status mf_attention_new(mf_attention **out, const char *const *classes, mf_err *err);
void      mf_attention_free(mf_attention *a);
mf_status mf_attention_add(mf_attention *a, const char *method, int fold, const char *image, const char *subject, const char *label, const char *answer,
                           double share, double area, mf_outline outline, mf_err *err);
void      mf_attention_csv(mf_str *out, const mf_attention *a);
/* Errors name file and line: a column that is missing, a share outside 0..1, an unknown outline, a picture twice. */
mf_status mf_attention_load(mf_attention **out, const char *path, const char *const *classes, mf_err *err);
mf_status mf_attention_parse(mf_attention **out, const char *name, const char *text, size_t size, const char *const *classes, mf_err *err);

/* One method: means over the pictures of a fold, then over folds. The interval is Student's over folds; with one fold it comes from
 * resampling people. */
typedef struct mf_attention_figures {
    size_t  n, empty;                  /* pictures with heat, without */
    double *fold;                      /* [folds]: mean share, NaN where a fold has none */
    double  mean, lo, hi;              /* NaN without pictures; lo, hi NaN where there is no interval */
    double  area;                      /* mean area of the mask */
    double  class_mean[MF_CLASSES_MAX], class_lo[MF_CLASSES_MAX], class_hi[MF_CLASSES_MAX]; /* by label */
} mf_attention_figures;
/* *out ({0} before) is the caller's. */
mf_status mf_attention_figures_make(mf_attention_figures *out, const mf_attention *a, int method, mf_err *err);
void      mf_attention_figures_free(mf_attention_figures *f);

/* Two methods on the same pictures of the same folds: a - b of the shares. Over folds the corrected resampled t-test, with one
 * fold a bootstrap over people; `people` is given in both cases. p_holm: corrected for all pairs. */
typedef struct mf_attention_pair {
    int    a, b;
    size_t pictures, folds, people;
    double mean_a, mean_b, diff, lo, hi, p, p_holm;
    double people_lo, people_hi, people_p;
} mf_attention_pair;
/* All pairs, or those with method `against` where that is not -1 (a is then the other one); *out is the caller's (mf_free). Pairs without a
 * picture in common are left out. */
mf_status mf_attention_compare(mf_attention_pair **out, size_t *n, const mf_attention *a, int against, mf_err *err);
/* "contrastive has 4.1 points less of its heat on the mask than baseline (27.3 % against 31.4 %), 95 % interval 1.2 to 7.1, p = 0.03 over
 * 10 folds" */
void mf_attention_sentence(mf_str *out, const mf_attention_pair *p, const mf_attention *a);

#endif
