/* data/importers/pixel_table.h: fer2013.csv and its kin: a picture of 48 x 48 grey pixels a row, as text. */
#ifndef MF_DATA_IMPORTERS_PIXEL_TABLE_H
#define MF_DATA_IMPORTERS_PIXEL_TABLE_H

#include "core/csv.h"
#include "data/import.h"

/* Columns in any order, spaces around their names: emotion (a number), pixels, Usage. */
typedef struct mf_pixel_table {
    const char *path;                  /* lent */
    mf_csv     *csv;
    size_t      n_cols, next;
    int         emotion, pixels, usage; /* columns; emotion and usage -1 where absent */
    /* of the last row read */
    size_t      row;                   /* from 0 */
    int         label;                 /* of column emotion; -1 without the column */
    const char *usage_text;            /* lent until the next row; "" without the column */
    mf_split    split;                 /* by Usage; NONE without the column */
} mf_pixel_table;

/* MF_E_FORMAT: no column `pixels`. Close it also after a failure. */
mf_status mf_pixel_table_open(mf_pixel_table *out, const char *path, mf_err *err);
/* *more is false at the end. MF_E_FORMAT with file and line: an emotion that is no number of 0 to `most`, a Usage that is no
 * part. The pixels are judged when the picture is made. */
mf_status mf_pixel_table_next(mf_pixel_table *t, bool *more, int most, mf_err *err);
/* Where the pixels of the last row are. */
mf_import_file mf_pixel_table_file(const mf_pixel_table *t);
void      mf_pixel_table_close(mf_pixel_table *t);
/* Whether a file is such a table with labels, from its first line. */
bool      mf_pixel_table_is(const char *path);

#endif
