/* data/votes.h: what annotators said about the labels of a data set: votes.csv (docs/formats.md). */
#ifndef MF_DATA_VOTES_H
#define MF_DATA_VOTES_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"

enum { MF_ANNOTATORS_MAX = 10000, MF_VOTES_MAX = 1 << 28 };

/* AGREE: the label is right. OTHER: it is another class, named or not. UNSURE: the annotator cannot tell. */
typedef enum mf_verdict { MF_VERDICT_AGREE, MF_VERDICT_OTHER, MF_VERDICT_UNSURE, MF_VERDICT_COUNT } mf_verdict;
const char *mf_verdict_name(mf_verdict v); /* "agree", "other", "unsure" */

typedef struct mf_vote {
    uint32_t row;        /* of the manifest */
    uint16_t annotator;
    int8_t   verdict;    /* mf_verdict */
    int8_t   label;      /* the class voted for: that of the row with AGREE; -1: none was named */
    uint32_t line;       /* of votes.csv */
} mf_vote;

typedef struct mf_votes {
    mf_vote *vote;  size_t n;     /* by row, then by annotator */
    size_t  *begin;               /* [rows + 1]: the votes of row r are begin[r] .. begin[r + 1] - 1 */
    char   **annotators;          /* in order of their first vote; NULL-terminated */
    int      n_annotators;
    size_t   n_quarantined;       /* votes about pictures that quarantine.csv leaves out */
    struct mf_votes_store *store; /* owns the strings */
} mf_votes;

/* Errors name file and line: a picture that the manifest lacks, an annotator who votes twice on a picture (both lines),
 * an unknown verdict or class (the nearest is named), a class beside `agree` or `unsure`, `other` with the class that
 * the picture has already, a missing column; and all that core/csv.h refuses. */
mf_status mf_votes_load(mf_votes **out, const mf_dataset *d, const char *path, mf_err *err);
/* The same over memory; `name` is used in sentences. */
mf_status mf_votes_parse(mf_votes **out, const mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err);
void      mf_votes_free(mf_votes *v);

#endif
