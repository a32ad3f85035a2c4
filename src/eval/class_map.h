/* eval/class_map.h: a network's classes and a data set's labels brought to one set of classes, so that one can be scored on the
 * other. Spellings are matched (happy, happiness), and the seven or eight expressions with negative, neutral, positive. */
#ifndef MF_EVAL_CLASS_MAP_H
#define MF_EVAL_CLASS_MAP_H

#include <stdbool.h>
#include "core/error.h"
#include "data/manifest.h"

typedef struct mf_class_map {
    int         classes;                      /* of the shared set */
    const char *name[MF_CLASSES_MAX];         /* lent by whoever has fewer, in his order */
    int         from_network[MF_CLASSES_MAX]; /* shared class of each of the network's; -1: left out of its answer */
    int         from_label[MF_CLASSES_MAX];   /* shared class of each label; -1: pictures with it are not scored */
    int         n_network, n_labels;
} mf_class_map;

typedef struct mf_class_map_opts {
    bool        common; /* a class that the data set has not is left out of the answer; else it is a wrong answer */
    const char *map;    /* "label=class,label=-": labels that are not to be matched by name; "" for none */
} mf_class_map_opts;

/* Network and data set share the spelling, or one has the basic expressions and the other negative, neutral, positive: then
 * happiness is positive; sadness, anger, disgust, fear and contempt are negative; surprise is either and is left out.
 * Texts are lent. MF_E_ARG: no label matches (both lists are given), or two of the network's classes are one.
 * MF_E_USAGE: o->map names what is not there. */
mf_status mf_class_map_make(mf_class_map *out, const char *const *network, int n_network, const char *const *labels, int n_labels,
                            const mf_class_map_opts *o, mf_err *err);
/* prob [n_network] to shared [classes]: sums of what goes together, scaled to sum 1. Where all that is kept has probability
 * 0, the shared classes are equal. */
void mf_class_map_apply(float *shared, const mf_class_map *m, const float *prob);

#endif
