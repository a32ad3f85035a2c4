/* serve/picture.c: files opened by the manifest's word alone, and only inside the data set's folder; large ones made
 * smaller, so that a phone need not fetch a photograph of 30 megapixels. */
#include "serve/picture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/file.h"
#include "core/mem.h"
#include "image/image.h"

enum { MAGIC = 12, JPEG_QUALITY = 90 };

static bool
is_inside(const char *real, const char *root)
{
    size_t n = strlen(root);

    return mf_str_eq(root, "/") || (strncmp(real, root, n) == 0 && real[n] == '/');
}

static const char *
media_type(const uint8_t *m)
{
    if (memcmp(m, "\xff\xd8\xff", 3) == 0)
        return "image/jpeg";
    if (memcmp(m, "\x89PNG\r\n\x1a\n", 8) == 0)
        return "image/png";
    if (memcmp(m, "RIFF", 4) == 0 && memcmp(m + 8, "WEBP", 4) == 0)
        return "image/webp";
    return NULL;
}

/* The file behind DIR/image, or -1. */
static int
open_inside(const char *root, const char *path)
{
    char *real = realpath(path, NULL);
    int   fd   = -1;

    /* A real path ends in no link: one that is put there now is not followed. */
    if (real != NULL && is_inside(real, root))
        fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    free(real);
    return fd;
}

static mf_status
read_all(uint8_t **out, int fd, size_t size, mf_err *err)
{
    size_t  at = 0;
    ssize_t n;

    if ((*out = mf_calloc(size, 1)) == NULL)
        return mf_oom(err, size, "a picture");
    while (at < size && (n = pread(fd, *out + at, size - at, (off_t)at)) > 0)
        at += (size_t)n;
    return at == size ? MF_OK : mf_fail(err, MF_E_NOTFOUND, "this picture cannot be read");
}

/* As a JPEG whose longer side has `side` pixels, in out->text; nothing happens to a picture that is no larger. */
static mf_status
reduce(mf_http_reply *out, int fd, size_t size, int side, mf_err *err)
{
    uint8_t  *file  = NULL;
    mf_image  whole = {0}, small = {0};
    mf_blob   jpeg  = {0};
    int       w, h, channels;
    mf_status st;

    if ((st = read_all(&file, fd, size, err)) < 0 ||
        (st = mf_image_probe(&w, &h, &channels, "in the data set", file, size, err)) < 0 || (w <= side && h <= side))
        goto done;
    if ((st = mf_image_decode(&whole, "in the data set", file, size, channels == 1 ? 1 : 3, err)) < 0)
        goto done;
    w  = whole.width >= whole.height ? side : (int)((int64_t)side * whole.width / whole.height);
    h  = whole.width >= whole.height ? (int)((int64_t)side * whole.height / whole.width) : side;
    st = mf_image_resize(&small, &whole, w > 0 ? w : 1, h > 0 ? h : 1, err);
    if (st < 0 || (st = mf_image_encode(&jpeg, "small.jpg", &small, JPEG_QUALITY, err)) < 0)
        goto done;
    mf_str_addn(&out->text, (const char *)jpeg.data, jpeg.size);
    st = mf_str_ok(&out->text, err);
done:
    mf_blob_free(&jpeg);
    mf_free(file);
    mf_image_free(&whole);
    mf_image_free(&small);
    return st;
}

mf_status
mf_picture_reply(mf_http_reply *out, const char *root, const mf_dataset *d, size_t row, int side, mf_err *err)
{
    mf_str      path = {0};
    mf_status   st;
    struct stat s;
    uint8_t     magic[MAGIC];
    int         fd = -1;

    mf_dataset_path(&path, d, row);
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    fd = open_inside(root, mf_str_c(&path));
    if (fd < 0 || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        st = mf_fail(err, MF_E_NOTFOUND, "this picture cannot be read");
        goto done;
    }
    if (s.st_size > MF_IMAGE_MAX_BYTES || pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
        (out->type = media_type(magic)) == NULL) {
        st = mf_fail(err, MF_E_FORMAT, "this file is no picture");
        goto done;
    }
    if (side > 0 && s.st_size > MF_PICTURE_SMALL_BYTES && (st = reduce(out, fd, (size_t)s.st_size, side, err)) < 0)
        goto done;
    if (out->text.len > 0) {
        out->type = "image/jpeg";
        goto done;
    }
    out->fd      = fd;
    out->fd_size = (uint64_t)s.st_size;
    fd           = -1;
done:
    if (fd >= 0)
        close(fd);
    mf_str_free(&path);
    return st;
}
