/* data/import.h: other people's layouts into a data-set folder. The kinds are registered, one file each, in importers/. */
#ifndef MF_DATA_IMPORT_H
#define MF_DATA_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"
#include "core/opt.h"
#include "core/str.h"
#include "data/jobs.h"
#include "data/manifest.h"
#include "face/landmarks.h"

/* Where the picture of a row comes from. */
typedef struct mf_import_file {
    const char *path;      /* as it can be opened: the picture, or the table whose column `column` holds its pixels */
    const char *table;     /* the table that names it and the line in it, for sentences; NULL, 0: none */
    long        line;
    uint64_t    offset;    /* of the table's row that holds the pixels, in bytes */
    uint32_t    size;      /* bytes of that row; 0: `path` is the picture */
    int         column;    /* with `size`: 48 x 48 grey values as text, between spaces */
    int         box[4];    /* left, top, width, height to cut out; width 0: the whole picture */
} mf_import_file;

/* What a scan fills. */
typedef struct mf_import {
    mf_dataset     *data;     /* rows, classes, labels; made by the scan */
    mf_import_file *from;     /* [data->n_rows] */
    float          *points;   /* [cap, n_points, 2]; NULL where no row has landmarks; a row without has NaN */
    int             n_points; /* 5 or 68 */
    size_t          cap, n_landmarks; /* n_landmarks: rows that have them */
    mf_arena        arena;    /* of the paths */
    mf_str          notes;    /* lines for the user: what was kept, what was dropped and why */
} mf_import;

/* What a probe sees: some names, found once for all importers. */
typedef struct mf_import_view {
    const char  *src;
    bool         is_file;   /* SRC is a file; then path[0] is its name */
    char       **path;      /* files below SRC: a few of each of the first folders, relative, at most 5 levels down */
    size_t       n;
    char       **folder;    /* folders on the way, relative */
    size_t       n_folders;
    mf_arena     arena;
} mf_import_view;

typedef struct mf_importer_def {
    const char   *name, *summary;
    const char   *layout;                /* what it expects, in a few words: "FER2013Train/label.csv" */
    size_t        cfg_size;
    const mf_opt *opts;
    bool          takes_file;            /* SRC may be a file */
    /* How sure it is that SRC has this layout: 0 not at all .. 100. Looks at names only, reads no picture. `why` gets a
     * few words: what tells the layout where it is sure, what is missing where it is nearly so. */
    int (*probe)(const mf_import_view *v, mf_str *why);
    /* Fill `im`; no picture is opened. */
    mf_status (*scan)(mf_import *im, const char *src, const void *cfg, mf_err *err);
} mf_importer_def;

size_t                 mf_importer_count(void);
const mf_importer_def *mf_importer_at(size_t i);
/* MF_E_NOTFOUND names the nearest, or all. */
mf_status mf_importer_find(const mf_importer_def **out, const char *name, mf_err *err);
/* The surest, and in `why` (not cleared) what it went by. *out is NULL and the status MF_E_NOTFOUND where none knows the
 * layout; the sentence then says what is there and what was nearly recognised. */
mf_status mf_importer_probe(const mf_importer_def **out, mf_str *why, const char *src, mf_err *err);

mf_status mf_import_view_open(mf_import_view *out, const char *src, mf_err *err);
void      mf_import_view_close(mf_import_view *v);

/* ---- for importers ---- */

/* A row and its picture. What is left 0 is none. */
typedef struct mf_import_row {
    mf_import_file      file;      /* `path` and `table` are copied */
    const char         *image, *label, *subject, *pair;
    mf_occlusion        occlusion;
    mf_split            split;
    const float        *soft;      /* a probability a class */
    const mf_landmarks *landmarks; /* n == 0: none; all rows of an import have the same number of points */
} mf_import_row;
mf_status mf_import_add(mf_import *im, const mf_import_row *row, mf_err *err);
/* Landmarks of a row that was added before. */
mf_status mf_import_landmarks(mf_import *im, size_t row, const mf_landmarks *lm, mf_err *err);
/* Copy all that belongs to row `from` except data->rows to `to` <= from. */
void      mf_import_move(mf_import *im, size_t to, size_t from);

/* Whether a name ends like a picture that we read (.png .jpg .jpeg .webp .tif .tiff .bmp, any case). */
bool      mf_import_is_picture(const char *name);
/* Whether SRC/rel is there. */
bool      mf_import_has(const char *src, const char *rel);
/* The folder that holds one of `marks` (NULL-terminated relative paths): SRC, or a folder of SRC, or one of those, since
 * archives often unpack into a folder of their own name. False, and `out` is SRC, where there is none; ask
 * mf_str_ok(out) first, since lack of memory looks the same. */
bool      mf_import_root(mf_str *out, const char *src, const char *const *marks);
/* train, training -> train; val, valid, validation, eval, dev, PublicTest -> val; test, testing, PrivateTest -> test; any
 * case. */
bool      mf_import_split(mf_split *out, const char *word);
/* Called for each picture below SRC/rel in the order of names; `path` is relative to SRC. */
typedef mf_status mf_import_visit(void *arg, const char *path, mf_err *err);
/* Folders and files whose name begins with '.' are passed over; *other (may be NULL) is increased for files that are no
 * pictures. MF_E_LIMIT: more than 16 folders deep. */
mf_status mf_import_walk(const char *src, const char *rel, mf_import_visit *visit, void *arg, size_t *other, mf_err *err);

/* ---- the whole import ---- */

typedef enum mf_import_words { MF_WORDS_SOURCE, MF_WORDS_BASIC } mf_import_words;

typedef struct mf_import_opts {
    const char *name, *licence, *source; /* NULL: the name of the source folder; "" ; "" */
    bool        force;                   /* replace an existing data set */
    bool        link;                    /* hard links instead of copies */
    bool        drop_repeated;           /* see data/repeated.h */
    bool        follow_links;            /* take pictures that symbolic links of SRC bring from elsewhere */
    mf_import_words words;               /* class names of the source, or those of data/expressions.h */
    mf_jobs_opts jobs;
} mf_import_opts;

/* Scan SRC with `def` and build the data-set folder `out_dir`. On success *im holds what was imported; free it. */
mf_status mf_import_run(mf_import *im, const mf_importer_def *def, const void *cfg, const char *src, const char *out_dir,
                        const mf_import_opts *o, mf_err *err);
void      mf_import_free(mf_import *im);

#endif
