/* fuzz/fuzz_bmp.c: any bytes to the bmp codec, with a limit on pixels so that runs stay short. */
#include "fuzz_picture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_picture(&mf_codec_bmp, data, size);
    return 0;
}
