/* data/rules/support.h: what several rules share. */
#ifndef MF_DATA_RULES_SUPPORT_H
#define MF_DATA_RULES_SUPPORT_H

#include <stdbool.h>
#include "data/adjudicate.h"

/* Rows that a rule decides are those without a reason yet. */

/* The class with most votes; of several the original label, else the first. */
int  mf_rule_top(const mf_adjudication *a, size_t row);
/* a->soft = the share of each class among the votes for a class. */
void mf_rule_shares(mf_adjudication *a);

/* ---- rules that estimate how good each annotator is, by expectation and maximisation (EM) ---- */

/* Their general options; a rule's struct begins with these, its rows with MF_EM_OPTS(struct). */
typedef struct mf_em_cfg {
    int64_t iterations;
    double  tolerance, least_probability;
} mf_em_cfg;
#define MF_EM_OPTS(T)                                                                                                     \
    MF_OPT_INT(T, iterations, 500, 1, 1000000, "rounds of estimation at most"),                                              \
    MF_OPT_F64(T, tolerance, 1e-7, 0, 1, "stop when the log-likelihood per vote rises by less; 0 runs all rounds"),           \
    MF_OPT_F64(T, least_probability, 0, 0, 1, "remove pictures whose label is less probable than this")

/* p[annotator, class voted for, true class] from the beliefs a->soft. Called after each round, and once before. */
typedef void mf_em_fit(double *p, mf_adjudication *a);

/* Dawid and Skene (1979): start from vote shares; in turn fit the annotators and the classes' shares, and find the
 * beliefs (their eq. 2.3 to 2.5). Fills soft, iterations and confusion. Probabilities are held at 1e-10 or more. */
mf_status mf_em_run(mf_adjudication *a, const mf_em_cfg *o, mf_em_fit *fit, mf_err *err);
/* Turn log-likelihoods of n classes into probabilities in place; returns the log of their sum. */
double    mf_em_normalise(double *p, int n);
/* Decide all rows by a->soft. */
mf_status mf_em_decide(mf_adjudication *a, double least_probability, mf_err *err);

#endif
