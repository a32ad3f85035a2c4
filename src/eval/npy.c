/* eval/npy.c */
#include "eval/npy.h"

#include <stdint.h>
#include <string.h>

#include "core/file.h"

enum { MAGIC = 8, ALIGN = 64, PIECE = 4096 };

mf_status
mf_npy_write(const char *path, const float *x, size_t n, size_t d, mf_err *err)
{
    mf_writer *w    = NULL;
    mf_str     head = {0};
    size_t     len;
    uint8_t    start[MAGIC + 2] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    mf_status  st;

    mf_str_printf(&head, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", n, d);
    while ((sizeof start + head.len + 1) % ALIGN != 0 && !head.oom) {
        mf_str_addc(&head, ' ');
    }
    mf_str_addc(&head, '\n');
    if ((st = mf_str_ok(&head, err)) < 0) {
        goto done;
    }
    len              = head.len;
    start[MAGIC]     = (uint8_t)(len & 0xff);
    start[MAGIC + 1] = (uint8_t)(len >> 8);
    if ((st = mf_writer_open(&w, path, err)) < 0 || (st = mf_writer_put(w, start, sizeof start, err)) < 0 ||
        (st = mf_writer_put(w, head.data, len, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < n * d; i += PIECE) {
        uint8_t bytes[PIECE * 4];
        size_t  m = n * d - i < PIECE ? n * d - i : PIECE;

        for (size_t k = 0; k < m; k++) {
            uint32_t u;

            memcpy(&u, &x[i + k], sizeof u);
            for (size_t b = 0; b < 4; b++) {
                bytes[4 * k + b] = (uint8_t)(u >> (8 * b));
            }
        }
        if ((st = mf_writer_put(w, bytes, 4 * m, err)) < 0) {
            goto done;
        }
    }
    st = mf_writer_commit(w, err);
done:
    mf_writer_free(w);
    mf_str_free(&head);
    return st;
}
