/* data/import_make.c: files are copied byte by byte; pictures that stand as text in a table become PNG. */
#include "data/import_make.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "image/image.h"

enum { PIXELS = MF_IMPORT_SIDE * MF_IMPORT_SIDE, QUALITY = 95 };

/* The bytes [offset, offset + size) of a file. */
static mf_status
read_part(mf_blob *out, const char *path, uint64_t offset, size_t size, mf_err *err)
{
    mf_status st  = MF_OK;
    size_t    got = 0;
    int       fd  = open(path, O_RDONLY | O_CLOEXEC);

    *out = (mf_blob){0};
    if (fd < 0)
        return mf_fail_errno(err, errno, "cannot open '%s'", path);
    if (!(out->data = mf_calloc(size + 1, 1)))
        st = mf_oom(err, size, "a row of a table");
    while (st == MF_OK && got < size) {
        ssize_t k = pread(fd, out->data + got, size - got, (off_t)(offset + got));

        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            st = mf_fail_errno(err, errno, "cannot read '%s'", path);
        else if (k == 0)
            st = mf_fail(err, MF_E_IO, "'%s' became shorter while it was read", path);
        else
            got += (size_t)k;
    }
    close(fd);
    out->size = got;
    if (st < 0)
        mf_blob_free(out);
    return st;
}

/* The column of the table's row that holds the pixels. */
static mf_status
read_field(mf_blob *out, const mf_import_file *f, mf_err *err)
{
    mf_status st;
    mf_blob   row = {0};
    mf_csv   *c   = NULL;
    char    **fields;
    size_t    n, len;

    if ((st = read_part(&row, f->path, f->offset, f->size, err)) < 0 ||
        (st = mf_csv_open_mem(&c, f->path, (const char *)row.data, row.size, err)) < 0 ||
        (st = mf_csv_next(c, &fields, &n, err)) < 0)
        goto done;
    if (f->column < 0 || (size_t)f->column >= n) {
        st = mf_fail(err, MF_E_FORMAT, "the row changed while it was read");
        goto done;
    }
    len = strlen(fields[f->column]);
    memmove(row.data, fields[f->column], len + 1); /* no longer than its row */
    *out = (mf_blob){row.data, len};
    row  = (mf_blob){0};
done:
    mf_csv_close(c);
    mf_blob_free(&row);
    return st;
}

mf_status
mf_import_bytes(mf_blob *out, const mf_import_file *f, mf_err *err)
{
    *out = (mf_blob){0};
    return f->size ? read_field(out, f, err) : mf_file_read(out, f->path, MF_IMAGE_MAX_BYTES, err);
}

/* "70 80 82 ..." -> px; exactly PIXELS numbers of 0 .. 255. */
static mf_status
parse_pixels(uint8_t *px, const char *text, mf_err *err)
{
    const char *p = text;
    int         n = 0;

    for (;;) {
        unsigned v = 0;
        int      digits;

        while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
            p++;
        if (!*p)
            break;
        for (digits = 0; *p >= '0' && *p <= '9' && digits < 4; digits++)
            v = v * 10 + (unsigned)(*p++ - '0');
        if (digits == 0 || v > 255 || (*p && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r'))
            return mf_fail(err, MF_E_FORMAT, "pixel %d ('%.12s') is no whole number of 0 to 255", n + 1, p - digits);
        if (n < PIXELS)
            px[n] = (uint8_t)v;
        n++;
    }
    if (n != PIXELS)
        return mf_fail(err, MF_E_FORMAT, "%d pixels, but a picture of %d x %d has %d", n, (int)MF_IMPORT_SIDE,
                       (int)MF_IMPORT_SIDE, (int)PIXELS);
    return MF_OK;
}

static mf_status
make_pixels(const mf_import_file *f, const char *to, mf_err *err)
{
    mf_status st;
    mf_blob   text = {0};
    mf_image  im   = {0};

    if ((st = mf_import_bytes(&text, f, err)) == MF_OK &&
        (st = mf_image_new(&im, MF_IMPORT_SIDE, MF_IMPORT_SIDE, 1, err)) == MF_OK &&
        (st = parse_pixels(im.px, (const char *)text.data, err)) == MF_OK)
        st = mf_image_write(to, &im, QUALITY, err);
    mf_image_free(&im);
    mf_blob_free(&text);
    return st;
}

/* The part of a picture. What lies outside is black, as warps leave it. */
static mf_status
make_part(const mf_import_file *f, const char *to, mf_err *err)
{
    mf_image  im = {0}, part = {0};
    mf_status st;

    if ((st = mf_image_load(&im, f->path, 0, err)) == MF_OK &&
        (st = mf_image_crop(&part, &im, f->box[0], f->box[1], f->box[2], f->box[3], 0, err)) == MF_OK)
        st = mf_image_write(to, &part, QUALITY, err);
    mf_image_free(&part);
    mf_image_free(&im);
    return st;
}

mf_status
mf_import_make(const mf_import *im, size_t row, const mf_outdir *dir, bool hard_link, mf_err *err)
{
    const mf_import_file *f     = &im->from[row];
    const char           *image = im->data->rows[row].image;
    mf_str                to    = {0};
    mf_status             st;

    if (!f->size && !f->box[2])
        st = mf_outdir_copy(dir, f->path, image, hard_link, err);
    else if ((st = mf_outdir_place(&to, dir, image, err)) == MF_OK)
        st = f->size ? make_pixels(f, mf_str_c(&to), err) : make_part(f, mf_str_c(&to), err);
    mf_str_free(&to);
    if (st < 0 && f->table)
        mf_fail_in(err, st, "%s: line %ld", f->table, f->line);
    return st;
}
