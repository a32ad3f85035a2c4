/* data/importers/pixel_table.c: reads labels and remembers where the pixels stand; they are read again, a row at a time,
 * when the pictures are made, so that a table larger than memory can be imported. */
#include "data/importers/pixel_table.h"

#include <string.h>

mf_status
mf_pixel_table_open(mf_pixel_table *out, const char *path, mf_err *err)
{
    mf_status st;
    char    **f;

    *out = (mf_pixel_table){.path = path, .usage_text = ""};
    if ((st = mf_csv_open(&out->csv, path, err)) < 0 || (st = mf_csv_next(out->csv, &f, &out->n_cols, err)) < 0)
        return st;
    out->emotion = mf_csv_column(f, out->n_cols, "emotion");
    out->pixels  = mf_csv_column(f, out->n_cols, "pixels");
    out->usage   = mf_csv_column(f, out->n_cols, "Usage");
    if (out->pixels < 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column 'pixels'; the header reads emotion,pixels,Usage", path);
    return MF_OK;
}

static mf_status
read_row(mf_pixel_table *t, char **f, size_t n, int most, mf_err *err)
{
    mf_status st;
    int64_t   label = -1;

    if (n != t->n_cols)
        return mf_fail(err, MF_E_FORMAT, "%zu fields, but the header has %zu", n, t->n_cols);
    if (t->emotion >= 0 && (st = mf_parse_i64(&label, f[t->emotion], 0, most, err)) < 0)
        return mf_fail_in(err, MF_E_FORMAT, "emotion");
    t->label = (int)label;
    if (t->usage >= 0) {
        t->usage_text = f[t->usage] + strspn(f[t->usage], " ");
        if (!mf_import_split(&t->split, t->usage_text))
            return mf_fail(err, MF_E_FORMAT, "Usage '%.40s' is none of Training, PublicTest, PrivateTest", t->usage_text);
    }
    return MF_OK;
}

mf_status
mf_pixel_table_next(mf_pixel_table *t, bool *more, int most, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n;

    *more = false;
    if ((st = mf_csv_next(t->csv, &f, &n, err)) < 0 || n == 0)
        return st;
    if ((st = read_row(t, f, n, most, err)) < 0)
        return mf_fail_in(err, st, "%s: line %ld", t->path, mf_csv_line(t->csv));
    t->row = t->next++;
    *more  = true;
    return MF_OK;
}

mf_import_file
mf_pixel_table_file(const mf_pixel_table *t)
{
    mf_import_file f = {.path = t->path, .table = t->path, .line = mf_csv_line(t->csv), .column = t->pixels};
    uint64_t       size;

    mf_csv_span(t->csv, &f.offset, &size);
    f.size = (uint32_t)size; /* a row is at most MF_CSV_MAX_LINE long */
    return f;
}

void
mf_pixel_table_close(mf_pixel_table *t)
{
    mf_csv_close(t->csv);
    t->csv = NULL;
}

bool
mf_pixel_table_is(const char *path)
{
    mf_pixel_table t;
    bool           is = mf_pixel_table_open(&t, path, NULL) == MF_OK && t.emotion >= 0;

    mf_pixel_table_close(&t);
    return is;
}
