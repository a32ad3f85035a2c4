/* data/mask_fits.h: how the masks of a data set sit, read back from the occlusions.csv that `data occlude` wrote. */
#ifndef MF_DATA_MASK_FITS_H
#define MF_DATA_MASK_FITS_H

#include "core/error.h"
#include "data/manifest.h"
#include "face/mask.h"

typedef struct mf_mask_fits mf_mask_fits;
/* DIR/occlusions.csv; *out is NULL (and the status MF_OK) where there is no such file. Pictures that the manifest lacks and rows of other
 * occluders are passed over. MF_E_FORMAT, with file and line: a column is missing, a parameter is none or no number. */
mf_status mf_mask_fits_load(mf_mask_fits **out, const mf_dataset *d, mf_err *err);
mf_status mf_mask_fits_parse(mf_mask_fits **out, const mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err);
void      mf_mask_fits_free(mf_mask_fits *f);
/* Lends; NULL where `f` is NULL or nothing is recorded for the row. */
const mf_mask_fit *mf_mask_fits_of(const mf_mask_fits *f, size_t row);

#endif
