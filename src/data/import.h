/* data/import.h: other people's layouts into a data-set folder. The kinds are registered, one file each, in importers/. */
#ifndef MF_DATA_IMPORT_H
#define MF_DATA_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "core/arena.h"
#include "core/error.h"
#include "core/opt.h"
#include "core/str.h"
#include "data/jobs.h"
#include "data/manifest.h"

/* What a scan fills. */
typedef struct mf_import {
    mf_dataset *data;      /* rows, classes, labels; made by the scan */
    char      **from;      /* [data->n_rows] file to copy for each row, as it can be opened */
    size_t      cap;
    mf_arena    arena;     /* of `from` */
    mf_str      notes;     /* lines for the user: what was kept, what was dropped and why */
} mf_import;

typedef struct mf_importer_def {
    const char   *name, *summary;
    const char   *layout;                /* what it expects, in a few words: "FER2013Train/label.csv" */
    size_t        cfg_size;
    const mf_opt *opts;
    /* How sure it is that `src` has this layout: 0 not at all .. 100. Looks at a few names only, reads no picture. */
    int (*probe)(const char *src);
    /* Fill `im`; no picture is opened. */
    mf_status (*scan)(mf_import *im, const char *src, const void *cfg, mf_err *err);
} mf_importer_def;

size_t                 mf_importer_count(void);
const mf_importer_def *mf_importer_at(size_t i);
/* MF_E_NOTFOUND names the nearest, or all. */
mf_status mf_importer_find(const mf_importer_def **out, const char *name, mf_err *err);
/* The surest; *out is NULL and the status MF_E_NOTFOUND where none knows the layout. */
mf_status mf_importer_probe(const mf_importer_def **out, const char *src, mf_err *err);

/* For importers: a row whose picture is the file `from`. */
mf_status mf_import_add(mf_import *im, const char *from, const char *image, const char *label, const char *subject,
                        mf_occlusion occ, mf_split split, const float *soft, mf_err *err);
/* Whether a name ends like a picture that we read (.png .jpg .jpeg .webp, any case). */
bool      mf_import_is_picture(const char *name);

typedef struct mf_import_opts {
    const char *name, *licence, *source; /* NULL: the name of the source folder; "" ; "" */
    bool        force;                   /* replace an existing data set */
    bool        link;                    /* hard links instead of copies */
    bool        drop_repeated;           /* see data/repeated.h */
    mf_jobs_opts jobs;
} mf_import_opts;

/* Scan SRC with `def` and build the data-set folder `out_dir`. On success *im holds what was imported; free it. */
mf_status mf_import_run(mf_import *im, const mf_importer_def *def, const void *cfg, const char *src, const char *out_dir,
                        const mf_import_opts *o, mf_err *err);
void      mf_import_free(mf_import *im);

#endif
