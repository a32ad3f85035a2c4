/* fuzz/fuzz_safetensors.c: any bytes as a safetensors file; what is read never exceeds what was given. */

#include "core/error.h"
#include "weights/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};
    mf_status  st  = mf_safetensors_read(&ts, data, size, 1 << 20, &err);

    if (st == MF_OK) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < ts.n; i++) {
            MF_ASSERT(ts.t[i].bytes == (size_t)mf_shape_elems(&ts.t[i].shape) * mf_dtype_size(ts.t[i].dtype));
            bytes += ts.t[i].bytes;
        }
        MF_ASSERT(bytes <= size);
    } else {
        MF_ASSERT(err.code == st && err.msg[0] != '\0');
    }
    mf_tensors_free(&ts);
    return 0;
}
