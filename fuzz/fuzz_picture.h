/* fuzz/fuzz_picture.h: what the fuzz targets of the picture formats share: header, limits, pixels through one codec, then
 * the public way in, which must agree with it. */
#ifndef MF_FUZZ_PICTURE_H
#define MF_FUZZ_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "image/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_picture(const mf_codec *codec, const uint8_t *data, size_t size)
{
    enum { PIXELS = 1 << 20 };
    mf_codec_info info   = {0};
    mf_err        err    = {0};
    mf_status     direct = MF_E_FORMAT;

    if (!codec->is(data, size))
        return;
    if (codec->header(&info, data, size, &err) == MF_OK) {
        MF_ASSERT(info.channels == 1 || info.channels == 3 || info.channels == 4);
        MF_ASSERT(info.orientation >= 1 && info.orientation <= 8);
        if ((int64_t)info.width * info.height > PIXELS)
            return;
        if (info.width > 0 && info.height > 0 && info.width <= MF_IMAGE_MAX_SIDE && info.height <= MF_IMAGE_MAX_SIDE) {
            int      most = info.raw_channels > info.channels ? info.raw_channels : info.channels;
            uint8_t *px   = mf_calloc((size_t)info.width * (size_t)info.height, (size_t)most);
            MF_ASSERT(px != NULL);
            direct = codec->decode(px, &info, data, size, &err);
            mf_free(px);
        }
    }
    mf_image  im;
    mf_status st = mf_image_decode(&im, "fuzz", data, size, 3, &err);
    MF_ASSERT((st == MF_OK) == (direct == MF_OK));
    MF_ASSERT(st == MF_OK || err.msg[0] != 0);
    mf_image_free(&im);
}

#endif
