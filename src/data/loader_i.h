/* data/loader_i.h: between the files of the loader. */
#ifndef MF_DATA_LOADER_I_H
#define MF_DATA_LOADER_I_H

#include "data/loader.h"

/* The failures of mf_loader_open that depend on its arguments alone. */
mf_status mf_loader_check(const mf_dataset *d, const mf_cache *c, const mf_sample *samples, size_t n, const mf_loader_opts *o,
                          mf_err *err);

#endif
