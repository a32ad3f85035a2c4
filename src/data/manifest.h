/* data/manifest.h: a data set on disk: dataset.yaml and manifest.csv (docs/formats.md). Rows in file order. */
#ifndef MF_DATA_MANIFEST_H
#define MF_DATA_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"

enum { MF_CLASSES_MAX = 64, MF_MANIFEST_MAX_ROWS = 1 << 26, MF_PATH_TEXT_MAX = 4096 };

typedef enum mf_occlusion {
    MF_OCC_NONE, MF_OCC_MASK, MF_OCC_UPPER, MF_OCC_LOWER, MF_OCC_GLASSES, MF_OCC_HAND, MF_OCC_OTHER, MF_OCC_COUNT
} mf_occlusion;
typedef enum mf_split { MF_SPLIT_NONE, MF_SPLIT_TRAIN, MF_SPLIT_VAL, MF_SPLIT_TEST, MF_SPLIT_COUNT } mf_split;
const char *mf_occlusion_name(mf_occlusion o); /* "none", "mask"... */
const char *mf_split_name(mf_split s);         /* "", "train", "val", "test" */
/* MF_E_FORMAT: an unknown word; the sentence names the nearest and lists all. The empty word is "none" and no split. */
mf_status mf_occlusion_parse(mf_occlusion *out, const char *word, mf_err *err);
mf_status mf_split_parse(mf_split *out, const char *word, mf_err *err);

typedef struct mf_row {
    const char  *image;      /* relative path, '/' separators */
    int          label;      /* index into classes */
    int          subject;    /* index into subjects, -1 unknown */
    int          pair;       /* index into pairs, -1 none */
    mf_occlusion occlusion;
    mf_split     split;
    const float *soft;       /* lends `classes` values that sum to 1 (soft.csv), NULL if the set has none */
} mf_row;

typedef struct mf_dataset {
    char   *dir, *name, *licence, *source; /* dir: "" until loaded; licence and source: "" when unknown */
    char  **classes;  int n_classes;       /* NULL-terminated */
    char  **subjects; int n_subjects;
    char  **pairs;    int n_pairs;
    mf_row *rows;     size_t n_rows;
    size_t  n_quarantined;                 /* rows left out by mf_dataset_load because quarantine.csv names them */
    struct mf_dataset_store *store; /* owns the strings */
} mf_dataset;

/* Load DIR/dataset.yaml and DIR/manifest.csv (and soft.csv if there). Rows that DIR/quarantine.csv names (written by
 * `data check`) are left out and counted. Errors name file and line: a path that leaves the folder (also through a
 * symbolic link), a label that is not in classes (nearest named), an unknown occlusion or split, a picture listed
 * twice. That the pictures exist is not looked at. MF_E_NOTFOUND: no such folder, or no data set in it. */
mf_status mf_dataset_load(mf_dataset **out, const char *dir, mf_err *err);
/* The same with the quarantined rows. */
mf_status mf_dataset_load_all(mf_dataset **out, const char *dir, mf_err *err);
void      mf_dataset_free(mf_dataset *d);
/* For commands that do something with pictures. MF_E_NOTFOUND: there is none, or all are in quarantine.csv. */
mf_status mf_dataset_need_pictures(const mf_dataset *d, mf_err *err);
/* SHA-256 over classes and rows (names and labels, not pixels), hex. */
void      mf_dataset_hash(char out[65], const mf_dataset *d);
/* Row of a picture, or -1. */
ptrdiff_t mf_dataset_find(const mf_dataset *d, const char *image);
/* Line of manifest.csv that a row was read from; 0 for a row that was added in memory. */
long      mf_dataset_line(const mf_dataset *d, size_t row);
/* DIR/image of a row, into `out`, which is cleared first. */
void      mf_dataset_path(mf_str *out, const mf_dataset *d, size_t row);

/* Build one in memory and save it: add rows, then mf_dataset_save(d, dir) writes dataset.yaml, manifest.csv, soft.csv atomically. */
mf_status mf_dataset_new(mf_dataset **out, const char *name, const char *const *classes, int n_classes, mf_err *err);
/* NULL leaves a text as it is. */
mf_status mf_dataset_describe(mf_dataset *d, const char *licence, const char *source, mf_err *err);
mf_status mf_dataset_set_name(mf_dataset *d, const char *name, mf_err *err);
/* subject, pair: NULL or "" for none; soft: n_classes values or NULL, copied.
 * MF_E_FORMAT: the path leaves the folder, the label is no class, the picture is there already. */
mf_status mf_dataset_add(mf_dataset *d, const char *image, const char *label, const char *subject, mf_occlusion occ,
                         const char *pair, mf_split split, const float *soft, mf_err *err);
/* `dir` must exist. */
mf_status mf_dataset_save(const mf_dataset *d, const char *dir, mf_err *err);

/* Add the rows of a manifest, or of a soft.csv, that lies in memory; `name` is used in sentences. For tests and
 * fuzzing: no picture path is followed. */
mf_status mf_dataset_parse_manifest(mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err);
mf_status mf_dataset_parse_soft(mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err);

#endif
