/* fuzz/fuzz_torch.c: any bytes as a file of PyTorch, in the container that they look like; and as a bare pickle. */
#include "core/error.h"
#include "weights/pickle.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_tensors   ts    = {0};
    mf_arena     arena = {0};
    mf_err       err   = {0};
    const mf_pk *root;
    size_t       used;
    mf_status    st = mf_weights_parse(&ts, data, size, "fuzz.pth", 1 << 20, &err);

    if (st == MF_OK) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < ts.n; i++) {
            bytes += ts.t[i].bytes;
        }
        MF_ASSERT(bytes <= 1 << 20);
    } else {
        MF_ASSERT(err.code == st && err.msg[0] != '\0' && ts.n == 0);
    }
    mf_tensors_free(&ts);
    (void)mf_pickle_read(&root, &used, NULL, &arena, data, size, NULL);
    mf_arena_free(&arena);
    return 0;
}
