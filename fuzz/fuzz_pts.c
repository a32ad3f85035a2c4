/* fuzz/fuzz_pts.c: any bytes as a file of points; what is read is 5 or 68 finite points. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "data/pts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char        *text = mf_strndup((const char *)data, size); /* ends at the first NUL */
    mf_landmarks lm;
    mf_err       err = {0};
    mf_status    st;

    MF_ASSERT(text != NULL);
    st = mf_pts_parse(&lm, "fuzz", text, &err);
    MF_ASSERT((st == MF_OK) == (err.msg[0] == '\0'));
    MF_ASSERT(st == MF_OK ? lm.n == 5 || lm.n == 68 : lm.n == 0);
    for (int i = 0; i < lm.n; i++) {
        MF_ASSERT(isfinite(lm.x[i]) && isfinite(lm.y[i]));
    }
    mf_free(text);
    return 0;
}
