/* data/check.h: look at every picture of a data set: does it decode, and is it there twice? */
#ifndef MF_DATA_CHECK_H
#define MF_DATA_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/jobs.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"

typedef struct mf_check_bad {
    size_t row;
    char  *reason;   /* one sentence, without the path of the data set */
} mf_check_bad;

/* Rows whose files are byte-identical (SHA-256). */
typedef struct mf_check_same {
    const uint32_t *row;    /* ascending, lent */
    size_t          n;      /* >= 2 */
    bool across_subjects;   /* two known subjects differ: a person leaks, or one is misnamed */
    bool across_splits;     /* a picture of train is also in val or test */
    bool across_labels;     /* the same picture carries two labels */
} mf_check_same;

/* A picture with landmarks outside of it. */
typedef struct mf_check_point {
    size_t row;
    long   line;          /* of landmarks.csv */
    int    n, point;      /* how many, and the first: its number, from 0 */
    float  x, y;
    bool   slip;          /* so far out that it cannot be a face which the picture's edge cuts */
} mf_check_point;

typedef struct mf_check_report {
    size_t         n_rows, n_ok;
    mf_check_bad  *bad;  size_t n_bad;
    mf_check_same *same; size_t n_same;   /* groups in order of their first row */
    size_t         same_across_subjects, same_across_splits, same_across_labels; /* groups */
    size_t         pairs_unlike;          /* pairs whose rows differ in subject or label */
    size_t         no_subject;            /* rows */
    int            min_width, min_height, max_width, max_height; /* of the pictures that decode */
    uint64_t       bytes;                 /* of the files read */
    uint32_t      *same_rows;             /* owns what `same` lends */
    int          (*size)[2];              /* [n_rows] width and height; 0, 0: it does not decode */
    mf_check_point *outside; size_t n_outside; /* pictures with points outside, slips among them; in row order */
    size_t         n_slips;
    bool           has_landmarks;
} mf_check_report;

/* Unreadable pictures are listed, they are no failure. */
mf_status mf_check_run(mf_check_report *out, const mf_dataset *d, const mf_jobs_opts *jobs, mf_err *err);
/* Hold landmarks against the sizes that mf_check_run found: r->outside. */
mf_status mf_check_landmarks(mf_check_report *r, const mf_landmark_table *t, mf_err *err);
void      mf_check_free(mf_check_report *r);
/* DIR/quarantine.csv (image,reason) as the report says; removed when nothing is bad. */
mf_status mf_check_quarantine(const mf_check_report *r, const mf_dataset *d, mf_err *err);

#endif
