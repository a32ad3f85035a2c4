/* data/agreement.h: how far annotators agree, with each other and with what was decided. NaN: not defined for these votes. */
#ifndef MF_DATA_AGREEMENT_H
#define MF_DATA_AGREEMENT_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/adjudicate.h"

enum { MF_AGREEMENT_MAX_PAIRED = 256 }; /* annotators; with more, no figures for each two of them */

typedef struct mf_agreement_class {
    double share;      /* of the votes */
    double specific;   /* of the pairs of votes in which one says this class, those where both do (specific agreement) */
    double kappa;      /* Fleiss' kappa of this class against all others (Fleiss 1971, eq. 17 ff.) */
} mf_agreement_class;

typedef struct mf_agreement_pair {
    int    a, b;       /* annotators, a < b */
    size_t shared;     /* pictures on which both voted for a class */
    double agree;      /* share of them with the same class */
    double kappa;      /* Cohen 1960 */
} mf_agreement_pair;

typedef struct mf_agreement_annotator {
    size_t judged, named;     /* verdicts; of them, votes for a class */
    double with_label;        /* share of named that agree with the label the picture came with */
    double with_others;       /* mean share of the others' votes on the same picture that are the same */
    size_t decided;           /* of named, those on pictures that were kept or relabelled */
    double with_decision;     /* share of them that name the class decided */
    double kappa_decision;    /* Cohen's kappa between annotator and decision over them */
    double balanced;          /* mean over the classes decided of the share named right */
} mf_agreement_annotator;

/* Only votes for a class count; an abstention is a missing vote. */
typedef struct mf_agreement {
    size_t pictures;          /* with at least two votes for a class */
    size_t votes;             /* for a class, on all pictures */
    size_t unanimous;         /* of `pictures`, those with one class only */
    double percent;           /* probability that two votes on a picture agree, mean over pictures (P-bar of Fleiss) */
    double with_label;        /* share of votes that agree with the label the picture came with */
    /* Fleiss 1971. Where pictures differ in their number of votes: shares and agreement are means over pictures with at least
     * two votes (Gwet 2014, section 3.3); with equal numbers that is Fleiss' own. */
    double fleiss;
    double krippendorff;      /* alpha for nominal data with missing votes (Krippendorff 2011) */
    int                     n_classes, n_annotators;
    mf_agreement_class     *cls;        /* [classes] */
    mf_agreement_annotator *annotator;  /* [annotators] */
    uint32_t               *confusion;  /* [annotators, class decided, class named], over `decided` */
    mf_agreement_pair      *pair;  size_t n_pairs; /* that share a picture; none beyond MF_AGREEMENT_MAX_PAIRED annotators */
} mf_agreement;

mf_status mf_agreement_make(mf_agreement *out, const mf_adjudication *a, mf_err *err);
void      mf_agreement_free(mf_agreement *g);
/* Rows most worth a second look, by falling doubt (mf_adjudication_doubt), then in order of the manifest; rows without
 * doubt are left out. *n is at most `most`. The caller frees *rows with mf_free. */
mf_status mf_agreement_doubtful(size_t **rows, size_t *n, const mf_adjudication *a, size_t most, mf_err *err);

#endif
