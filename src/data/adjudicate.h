/* data/adjudicate.h: from several annotators' votes to one label a picture, or to its removal. Rules are registered, one
 * file each, in rules/. */
#ifndef MF_DATA_ADJUDICATE_H
#define MF_DATA_ADJUDICATE_H

#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"
#include "core/opt.h"
#include "data/manifest.h"
#include "data/votes.h"

typedef enum mf_action { MF_ACTION_KEEP, MF_ACTION_RELABEL, MF_ACTION_REMOVE, MF_ACTION_COUNT } mf_action;
const char *mf_action_name(mf_action a); /* "keep", "relabel", "remove" */

/* What was decided, and from what. Rows are those of the data set. A vote for a class is an `agree`, or an `other` that names
 * a class; the rest of the verdicts are abstentions. */
typedef struct mf_adjudication {
    const mf_dataset *d;          /* lent */
    const mf_votes   *v;          /* lent */
    size_t            n_rows;
    int               n_classes, n_annotators;
    uint32_t         *judged;     /* [rows] annotators who gave a verdict */
    uint32_t         *named;      /* [rows] of them, those who voted for a class */
    uint32_t         *flagged;    /* [rows] of them, those who did not agree */
    uint32_t         *count;      /* [rows, classes] votes */
    int              *label;      /* [rows] the new class, or -1: the picture is removed */
    const char      **reason;     /* [rows] in words */
    double           *soft;       /* [rows, classes] what the rule believes; sums to 1, or is all 0 without a vote for a class */
    /* From rules that judge the annotators too; else NULL. */
    double           *skill;      /* [annotators]; its meaning is in skill_name */
    const char       *skill_name; /* "probability of being right" */
    double           *confusion;  /* [annotators, true class, class voted for] probabilities */
    double           *easiness;   /* [rows] GLAD: inverse difficulty, > 0; NaN where the picture has no vote */
    int               iterations; /* of a rule that iterates; else 0 */
    mf_arena          arena;      /* of the reasons */
} mf_adjudication;

/* A rule decides rows that have at least one vote for a class: label, reason, soft. The others are decided before. */
typedef struct mf_rule_def {
    const char   *name, *summary, *source;
    size_t        cfg_size;
    const mf_opt *opts;
    mf_status   (*run)(mf_adjudication *a, const void *cfg, mf_err *err);
} mf_rule_def;

size_t             mf_rule_count(void);
const mf_rule_def *mf_rule_at(size_t i);
/* MF_E_NOTFOUND names the nearest, or all. */
mf_status mf_rule_find(const mf_rule_def **out, const char *name, mf_err *err);

/* Decide every row. Rows with fewer than `min_votes` verdicts are removed (0: a picture that nobody judged keeps its
 * label); so are those whose verdicts name no class at all. `cfg`: the rule's options. d and v must outlive *out. */
mf_status mf_adjudicate(mf_adjudication *out, const mf_rule_def *rule, const void *cfg, const mf_dataset *d, const mf_votes *v,
                        int min_votes, mf_err *err);
void      mf_adjudication_free(mf_adjudication *a);
mf_action mf_adjudication_action(const mf_adjudication *a, size_t row);
/* How doubtful the decision is, 0 .. 1: 1 - p q, with p the rule's belief in the class on top and q the share of the verdicts
 * that name a class. With vote shares for beliefs that is 1 - votes on top / verdicts. 1 without a vote. */
double    mf_adjudication_doubt(const mf_adjudication *a, size_t row);

/* For rules: the votes of a row in words, "5 of 7 say happy, 1 sad, 1 names no class". */
void      mf_adjudication_tell(mf_str *out, const mf_adjudication *a, size_t row);
/* Set label (-1: remove) and reason of a row; the text is copied. */
mf_status mf_adjudication_decide(mf_adjudication *a, size_t row, int label, const mf_str *reason, mf_err *err);

/* Text of a decisions.csv: image,original,new,action,reason,votes_<class>... with a line a row of the data set. */
void      mf_adjudication_csv(mf_str *out, const mf_adjudication *a);

#endif
