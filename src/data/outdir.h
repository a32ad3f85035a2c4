/* data/outdir.h: a folder that appears whole or not at all: built beside its place under a temporary name, synced,
 * renamed. */
#ifndef MF_DATA_OUTDIR_H
#define MF_DATA_OUTDIR_H

#include <stdbool.h>
#include "core/error.h"
#include "core/str.h"

typedef struct mf_outdir mf_outdir;

/* `path` must not exist, or be an empty folder; with `force` a data set (a folder with dataset.yaml) may stand there
 * and is replaced at the commit. `source` (NULL for none) must not be the same folder. */
mf_status   mf_outdir_open(mf_outdir **out, const char *path, bool force, const char *source, mf_err *err);
const char *mf_outdir_path(const mf_outdir *o); /* the temporary folder, to write into */
/* Full path of `rel` inside, its folders made; into `out`, which is cleared first. Safe from several threads. */
mf_status   mf_outdir_place(mf_str *out, const mf_outdir *o, const char *rel, mf_err *err);
/* Copy file `from` to `rel`, byte by byte; with `link` a hard link is made instead (MF_E_IO on another file system). */
mf_status   mf_outdir_copy(const mf_outdir *o, const char *from, const char *rel, bool link, mf_err *err);
/* Sync and rename to the final name. Only mf_outdir_free is allowed afterwards. */
mf_status   mf_outdir_commit(mf_outdir *o, mf_err *err);
void        mf_outdir_free(mf_outdir *o); /* removes the temporary folder unless committed; takes NULL */

#endif
