/* fuzz/replay.c: runs every file of a corpus folder through a fuzz target, with any compiler. A crash or a failed
 * assertion ends the process with a signal, which the test run reports. An empty or missing corpus is a failure. */
#include <stdint.h>
#include <stdio.h>

#include "core/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CORPUS_FILE_MAX = 16 << 20 };

int
main(int argc, char **argv)
{
    mf_names names = {0};
    mf_str   path  = {0};
    mf_err   err   = {0};
    size_t   i;
    int      rc = 1;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    if (mf_dir_list(&names, argv[1], &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        goto done;
    }
    if (names.n == 0) {
        fprintf(stderr, "the corpus '%s' is empty\n", argv[1]);
        goto done;
    }
    for (i = 0; i < names.n; i++) {
        mf_blob file = {0};

        mf_path_join(&path, argv[1], names.name[i]);
        if (mf_file_read(&file, mf_str_c(&path), CORPUS_FILE_MAX, &err) < 0) {
            fprintf(stderr, "%s\n", err.msg);
            goto done;
        }
        fprintf(stderr, "%s\n", names.name[i]);
        LLVMFuzzerTestOneInput(file.data, file.size);
        mf_blob_free(&file);
    }
    fprintf(stderr, "%zu inputs replayed\n", names.n);
    rc = 0;
done:
    mf_str_free(&path);
    mf_names_free(&names);
    return rc;
}
