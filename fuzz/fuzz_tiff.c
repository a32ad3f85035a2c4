/* fuzz/fuzz_tiff.c: any bytes to the tiff codec, with a limit on pixels so that runs stay short; nothing where it is not built. */
#include "fuzz_picture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#if MF_HAVE_TIFF
    fuzz_picture(&mf_codec_tiff, data, size);
#else
    (void)data;
    (void)size;
    (void)fuzz_picture;
#endif
    return 0;
}
