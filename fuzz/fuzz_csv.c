/* fuzz/fuzz_csv.c: any bytes through the CSV reader; every row that was read survives being written. */
#include <stdint.h>
#include <string.h>

#include "core/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_row(char **field, size_t n)
{
    mf_str  text = {0};
    mf_csv *back = NULL;
    char  **got  = NULL;
    size_t  m    = 0, i;

    for (i = 0; i < n; i++) {
        mf_csv_put(&text, field[i]);
        mf_str_addc(&text, i + 1 < n ? ',' : '\n');
    }
    MF_ASSERT(mf_csv_open_mem(&back, "again", mf_str_c(&text), text.len, NULL) == MF_OK);
    if (mf_csv_next(back, &got, &m, NULL) == MF_OK && m != 0) { /* quotes may push a row over the limit */
        MF_ASSERT(m == n);
        for (i = 0; i < n; i++) {
            MF_ASSERT(strcmp(got[i], field[i]) == 0);
        }
    }
    mf_csv_close(back);
    mf_str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_csv   *c     = NULL;
    mf_err    err   = {0};
    char    **field = NULL;
    size_t    n     = 0;
    mf_status st;

    if (mf_csv_open_mem(&c, "fuzz", (const char *)data, size, &err) < 0) {
        return 0;
    }
    while ((st = mf_csv_next(c, &field, &n, &err)) == MF_OK && n != 0) {
        MF_ASSERT(mf_csv_line(c) >= 1);
        check_row(field, n);
    }
    MF_ASSERT((st == MF_OK) == (err.msg[0] == '\0'));
    mf_csv_close(c);
    return 0;
}
