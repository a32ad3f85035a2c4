/* face/occluders/half.c: black rows. */
#include "face/occluders/half.h"

#include <string.h>

mf_status
mf_occlude_rows(mf_image *im, int first, int last, mf_err *err)
{
    size_t row;

    if (im->px == NULL || im->width < 1 || im->height < 1)
        return mf_fail(err, MF_E_ARG, "there is no picture to occlude");
    row = (size_t)im->width * (size_t)im->channels;
    if (first < last)
        memset(im->px + row * (size_t)first, 0, row * (size_t)(last - first));
    if (im->channels == 4)
        for (size_t i = row * (size_t)first + 3; i < row * (size_t)last; i += 4)
            im->px[i] = 255;
    return MF_OK;
}
