/* core/file.h: whole files in, atomic files out, paths and folders.
 *
 * A file is written under a temporary name in its own folder, synced, and renamed over the final name by
 * mf_writer_commit; mf_writer_free before that leaves nothing behind. */
#ifndef MF_CORE_FILE_H
#define MF_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"

typedef struct mf_blob {
    uint8_t *data; /* followed by one NUL byte that is not counted */
    size_t   size;
} mf_blob;

/* The whole file, at most `max` bytes (MF_E_LIMIT past that, before anything is allocated). The sentence names `path`. */
mf_status mf_file_read(mf_blob *out, const char *path, size_t max, mf_err *err);
void      mf_blob_free(mf_blob *b);
/* Write all bytes atomically (temporary name, fsync, rename, fsync of the folder). */
mf_status mf_file_write(const char *path, const void *data, size_t size, mf_err *err);
mf_status mf_file_write_str(const char *path, const mf_str *s, mf_err *err);

typedef struct mf_writer mf_writer;
mf_status mf_writer_open(mf_writer **out, const char *path, mf_err *err);
mf_status mf_writer_put(mf_writer *w, const void *data, size_t size, mf_err *err);
uint64_t  mf_writer_tell(const mf_writer *w);
/* Sync, rename to the final name, sync the folder. After failure only _free is allowed. */
mf_status mf_writer_commit(mf_writer *w, mf_err *err);
void      mf_writer_free(mf_writer *w); /* removes the temporary file unless committed; takes NULL */

/* Read-only memory map of a whole file; an empty file gives data NULL, size 0. */
typedef struct mf_map {
    const uint8_t *data;
    size_t         size;
} mf_map;
mf_status mf_map_open(mf_map *out, const char *path, mf_err *err);
void      mf_map_close(mf_map *m);

bool      mf_path_exists(const char *path);
bool      mf_path_is_dir(const char *path);
mf_status mf_file_size(uint64_t *out, const char *path, mf_err *err);
mf_status mf_dir_make(const char *path, mf_err *err);   /* with parents; an existing folder is fine */
mf_status mf_file_remove(const char *path, mf_err *err); /* a missing file is fine */
mf_status mf_dir_remove_all(const char *path, mf_err *err); /* a tree; never follows links; a missing one is fine */
/* Names in a folder, sorted bytewise, without "." and ".."; free with mf_names_free. */
typedef struct mf_names {
    char **name;
    size_t n;
} mf_names;
mf_status mf_dir_list(mf_names *out, const char *path, mf_err *err);
void      mf_names_free(mf_names *n);
/* a/b joined with one '/'; an absolute b is returned alone. Into a growable string, which is cleared first. */
void mf_path_join(mf_str *out, const char *a, const char *b);
const char *mf_path_base(const char *path); /* what follows the last '/' */
/* Whether a relative path from a file may be joined to a folder: not empty, not absolute, no "..", no NUL, no backslash. */
bool mf_path_is_inside(const char *rel);

#endif
