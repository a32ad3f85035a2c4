/* fuzz/fuzz_npy.c: any bytes as a .npy file; no more values than there is room for. */
#include <stdint.h>

#include "data/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double    v[8];
    size_t    n;
    mf_err    err = {0};
    mf_status st  = mf_npy_parse(v, &n, 8, "fuzz", data, size, &err);

    MF_ASSERT((st == MF_OK) == (err.msg[0] == '\0'));
    MF_ASSERT(st == MF_OK ? n <= 8 : n == 0);
    return 0;
}
