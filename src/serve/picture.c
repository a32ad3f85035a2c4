/* serve/picture.c: files opened by the manifest's word alone, and only inside the data set's folder. */
#include "serve/picture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "image/image.h"

enum { MAGIC = 12 };

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

mf_status
mf_picture_reply(mf_http_reply *out, const char *root, const mf_dataset *d, size_t row, mf_err *err)
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
    out->fd      = fd;
    out->fd_size = (uint64_t)s.st_size;
    fd           = -1;
done:
    if (fd >= 0)
        close(fd);
    mf_str_free(&path);
    return st;
}
