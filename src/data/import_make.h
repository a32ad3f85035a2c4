/* data/import_make.h: the picture of one row of an import, copied, cut out, or made from a table's numbers. */
#ifndef MF_DATA_IMPORT_MAKE_H
#define MF_DATA_IMPORT_MAKE_H

#include "core/file.h"
#include "data/import.h"
#include "data/outdir.h"

enum { MF_IMPORT_SIDE = 48 }; /* of pictures that stand in tables */

/* Write the picture of `row` to its place in `dir`. Called from several threads. */
mf_status mf_import_make(const mf_import *im, size_t row, const mf_outdir *dir, bool link, mf_err *err);
/* The bytes that the picture is made from: those of the file, or the numbers of the table as text. */
mf_status mf_import_bytes(mf_blob *out, const mf_import_file *f, mf_err *err);

#endif
