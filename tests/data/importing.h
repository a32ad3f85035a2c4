/* tests/data/importing.h: running an importer in a test. */
#ifndef MF_TESTS_DATA_IMPORTING_H
#define MF_TESTS_DATA_IMPORTING_H

#include "small_sets.h"

#include "data/import.h"

/* Import SRC into OUT of the test folder, with options "name", "value" of the importer; NULL ends them, `set` may be NULL. */
mf_status importing(mf_import *im, const char *format, const char *src, const char *out, const char *const *set, mf_err *err);
/* The same, of a folder of the test folder, with options of the import as they stand in `o`. */
mf_status importing_with(mf_import *im, const char *format, const char *src, const char *out, const char *const *set,
                         const mf_import_opts *o, mf_err *err);
/* Number of entries of the test folder whose name begins so; the temporary folders of failed imports among them. */
size_t    importing_entries(const char *begin);
/* "class:n class:n ..." of all classes, into a buffer of the caller. */
void      importing_counts(char *out, size_t size, const mf_dataset *d);
/* Fails unless the row of `image` has this label, subject ("" none), occlusion and split. */
void      importing_row(const mf_dataset *d, const char *image, const char *label, const char *subject, mf_occlusion occ,
                        mf_split split);
/* DIR/data/NAME of the shared material, or NULL. Lent until the next call. */
const char *importing_shared(const char *name);
/* Importer that `auto` takes for DIR of the test folder; fails unless it is `name`. */
void      importing_is(const char *dir, const char *name);

#endif
