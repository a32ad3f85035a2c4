/* data/importers/labelled.h: pictures found with a label, before the classes are known: for the importers `folders` and
 * `csv`, whose class names come from the source. */
#ifndef MF_DATA_IMPORTERS_LABELLED_H
#define MF_DATA_IMPORTERS_LABELLED_H

#include "data/import.h"
#include "data/names.h"

/* A picture before its class is known to be wanted. */
typedef struct mf_labelled {
    const char  *path;     /* relative to the folder of the pictures */
    const char  *label, *subject, *pair;
    const char  *points;   /* .pts file, relative too; NULL: none */
    mf_split     split;
    mf_occlusion occlusion;
    long         line;     /* of the table; 0: found in a folder */
} mf_labelled;

typedef struct mf_labelled_list {
    mf_labelled *at;
    size_t       n, cap;
    mf_nametab   labels;
    mf_arena     arena;
    bool         fold_case;  /* labels that differ only in case are one */
    size_t       unwanted;   /* pictures of classes that were not asked for */
} mf_labelled_list;          /* {0} is empty */

/* Copies the texts (subject, pair and points may be NULL); spaces around the label go. MF_E_FORMAT: an empty label. */
mf_status mf_labelled_add(mf_labelled_list *l, const mf_labelled *one, mf_err *err);
/* The first group of the POSIX extended expression, matched in each path, is the subject; every path must match. */
mf_status mf_labelled_subjects(mf_labelled_list *l, const char *pattern, mf_err *err);
/* Make im->data and its rows. wanted: classes to take and their order, "a,b"; "" takes all, the seven basic expressions
 * first and in their order, then the others by number or name. Pictures lie in `dir`; those that `table` (NULL: none) names
 * must exist. */
mf_status mf_labelled_import(mf_import *im, mf_labelled_list *l, const char *wanted, const char *dir, const char *table,
                             mf_err *err);
void      mf_labelled_free(mf_labelled_list *l);

#endif
