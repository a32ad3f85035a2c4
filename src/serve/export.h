/* serve/export.h: answers as votes.csv, and how well each volunteer agrees with themselves. */
#ifndef MF_SERVE_EXPORT_H
#define MF_SERVE_EXPORT_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "serve/ballots.h"

/* One volunteer, or all together. */
typedef struct mf_self {
    size_t verdicts[MF_VERDICT_COUNT]; /* of first answers */
    size_t twice, same;                /* pictures answered twice, and alike both times */
    double agreement;                  /* same / twice; NaN if twice is 0 */
    double kappa;                      /* Cohen 1960 between the first and the second answers, over the classes and
                                        * "cannot tell"; NaN where it is not defined */
    double median_seconds;             /* of looking, first answers; NaN if unknown */
} mf_self;

typedef struct mf_export {
    mf_self *who;       /* as mf_ballots_people */
    size_t   n_who;
    mf_self  all;
    size_t   votes;     /* first answers: rows of votes.csv */
    size_t   pictures;  /* that have one */
    size_t   left_out;  /* answers on pictures that the data set no longer lists */
} mf_export;

/* Append votes.csv (image,annotator,verdict,label; docs/formats.md) to *csv: the first answer of each volunteer on each
 * picture, in the order of the manifest and of the people. Second answers only measure. */
mf_status mf_export_make(mf_export *out, mf_str *csv, mf_ballots *b, const mf_dataset *d, mf_err *err);
void      mf_export_free(mf_export *e);

#endif
