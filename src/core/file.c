/* core/file.c: reading whole files and writing them under a temporary name first. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

enum { WRITER_BUF = 1 << 16, READ_STEP = 1 << 16, TMP_TRIES = 1000 };

/* An open file and its size; refuses folders with a sentence of our own. */
static mf_status
open_read(int *fd, uint64_t *size, bool *regular, const char *path, mf_err *err)
{
    struct stat sb;

    if ((*fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        return mf_fail_errno(err, errno, "cannot open '%s'", path);
    }
    if (fstat(*fd, &sb) != 0) {
        int why = errno;

        close(*fd);
        return mf_fail_errno(err, why, "cannot read '%s'", path);
    }
    if (S_ISDIR(sb.st_mode)) {
        close(*fd);
        return mf_fail(err, MF_E_IO, "cannot read '%s': it is a folder, not a file", path);
    }
    *regular = S_ISREG(sb.st_mode);
    *size    = *regular && sb.st_size > 0 ? (uint64_t)sb.st_size : 0;
    return MF_OK;
}

static mf_status
too_large(mf_err *err, const char *path, size_t max)
{
    return mf_fail(err, MF_E_LIMIT, "'%s' is larger than the %zu bytes that are allowed for it", path, max);
}

mf_status
mf_file_read(mf_blob *out, const char *path, size_t max, mf_err *err)
{
    mf_status st = MF_OK;
    mf_blob   b  = {0};
    uint64_t  size;
    size_t    cap;
    bool      regular;
    int       fd;

    *out = (mf_blob){0};
    if ((st = open_read(&fd, &size, &regular, path, err)) < 0) {
        return st;
    }
    if (size > max) {
        st = too_large(err, path, max);
        goto done;
    }
    /* One byte more than the file has shows its end without growing; pipes and /proc say 0 and grow. */
    cap = regular && size != 0 ? (size_t)size + 1 : READ_STEP;
    if ((b.data = mf_realloc(NULL, cap, 1)) == NULL) {
        st = mf_oom(err, cap, path);
        goto done;
    }
    for (;;) {
        ssize_t got;

        if (b.size == cap) {
            size_t   more;
            uint8_t *grown;

            if (!mf_size_mul(&more, cap, 2) || (grown = mf_realloc(b.data, more, 1)) == NULL) {
                st = mf_oom(err, cap, path);
                goto done;
            }
            b.data = grown;
            cap    = more;
        }
        got = read(fd, b.data + b.size, cap - b.size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            st = mf_fail_errno(err, errno, "cannot read '%s'", path);
            goto done;
        }
        if (got == 0) {
            break;
        }
        b.size += (size_t)got;
        if (b.size > max) {
            st = too_large(err, path, max);
            goto done;
        }
    }
    b.data[b.size] = 0; /* b.size < cap: the loop ends only with room left */
    *out   = b;
    b.data = NULL;
done:
    mf_free(b.data);
    close(fd);
    return st;
}

void
mf_blob_free(mf_blob *b)
{
    mf_free(b->data);
    *b = (mf_blob){0};
}

struct mf_writer {
    char    *path, *tmp; /* tmp NULL: a device or pipe, written in place */
    int      fd;
    bool     failed, committed;
    uint64_t tell;
    size_t   held;
    uint8_t  buf[WRITER_BUF];
};

/* ".NAME.PID-N.tmp" beside the final name: same file system, hidden, and not a name that a reader looks for. */
static mf_status
open_tmp(mf_writer *w, mf_err *err)
{
    mf_str      s    = {0};
    const char *base = mf_path_base(w->path);
    size_t      dir  = (size_t)(base - w->path);
    int         i;
    mf_status   st = MF_OK;

    for (i = 0; i < TMP_TRIES; i++) {
        mf_str_clear(&s);
        mf_str_addn(&s, w->path, dir);
        /* A long name is shortened, for the system limits a name to 255 bytes. */
        mf_str_printf(&s, ".%.200s.%ld-%d.tmp", base, (long)getpid(), i);
        if ((st = mf_str_ok(&s, err)) < 0) {
            break;
        }
        w->fd = open(s.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->fd >= 0) {
            w->tmp = s.data;
            return MF_OK;
        }
        if (errno != EEXIST) {
            st = mf_fail_errno(err, errno, "cannot write '%s'", w->path);
            break;
        }
        st = mf_fail(err, MF_E_IO, "cannot write '%s': too many unfinished temporary files beside it", w->path);
    }
    mf_str_free(&s);
    return st;
}

mf_status
mf_writer_open(mf_writer **out, const char *path, mf_err *err)
{
    mf_writer  *w;
    mf_status   st = MF_OK;
    struct stat sb;
    bool        exists;

    *out = NULL;
    if (*mf_path_base(path) == '\0') {
        return mf_fail(err, MF_E_ARG, "cannot write '%s': it names no file", path);
    }
    exists = stat(path, &sb) == 0;
    if (exists && S_ISDIR(sb.st_mode)) {
        return mf_fail(err, MF_E_IO, "cannot write '%s': a folder has that name", path);
    }
    if ((w = mf_calloc(1, sizeof *w)) == NULL) {
        return mf_oom(err, sizeof *w, "a file writer");
    }
    w->fd = -1;
    if ((w->path = mf_strdup(path)) == NULL) {
        st = mf_oom(err, strlen(path), "a path");
    } else if (exists && !S_ISREG(sb.st_mode)) {
        w->fd = open(path, O_WRONLY | O_CLOEXEC);
        st    = w->fd >= 0 ? MF_OK : mf_fail_errno(err, errno, "cannot write '%s'", path);
    } else {
        st = open_tmp(w, err);
    }
    if (st < 0) {
        mf_writer_free(w);
        return st;
    }
    *out = w;
    return MF_OK;
}

static mf_status
write_all(mf_writer *w, const uint8_t *p, size_t n, mf_err *err)
{
    while (n != 0) {
        ssize_t put = write(w->fd, p, n);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            w->failed = true;
            return mf_fail_errno(err, errno, "cannot write '%s'", w->path);
        }
        p += put;
        n -= (size_t)put;
    }
    return MF_OK;
}

mf_status
mf_writer_put(mf_writer *w, const void *data, size_t size, mf_err *err)
{
    mf_status st;

    if (w->failed || w->committed) {
        return mf_fail(err, MF_E_STATE, "cannot write '%s': it failed before or is already closed", w->path);
    }
    w->tell += size;
    if (size < sizeof w->buf - w->held) {
        if (size != 0) {
            memcpy(w->buf + w->held, data, size);
        }
        w->held += size;
        return MF_OK;
    }
    if ((st = write_all(w, w->buf, w->held, err)) < 0) {
        return st;
    }
    w->held = 0;
    return write_all(w, data, size, err);
}

uint64_t
mf_writer_tell(const mf_writer *w)
{
    return w->tell;
}

/* The rename is durable once the folder itself is synced. Some file systems cannot sync a folder: not an error. */
static mf_status
sync_folder(const char *path, mf_err *err)
{
    const char *base = mf_path_base(path);
    mf_str      dir  = {0};
    mf_status   st;
    int         fd;

    mf_str_addn(&dir, path, (size_t)(base - path));
    if (dir.len == 0) {
        mf_str_addc(&dir, '.');
    }
    if ((st = mf_str_ok(&dir, err)) < 0) {
        goto done;
    }
    fd = open(dir.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS) {
            st = mf_fail_errno(err, errno, "cannot sync the folder of '%s'", path);
        }
        close(fd);
    }
done:
    mf_str_free(&dir);
    return st;
}

mf_status
mf_writer_commit(mf_writer *w, mf_err *err)
{
    mf_status st;
    int       fd;

    if (w->failed || w->committed) {
        return mf_fail(err, MF_E_STATE, "cannot finish '%s': it failed before or is already closed", w->path);
    }
    if ((st = write_all(w, w->buf, w->held, err)) < 0) {
        return st;
    }
    w->held   = 0;
    w->failed = true; /* until all below went well */
    if (w->tmp != NULL && fsync(w->fd) != 0) {
        return mf_fail_errno(err, errno, "cannot write '%s'", w->path);
    }
    fd    = w->fd;
    w->fd = -1;
    if (close(fd) != 0) {
        return mf_fail_errno(err, errno, "cannot write '%s'", w->path);
    }
    if (w->tmp != NULL && rename(w->tmp, w->path) != 0) {
        return mf_fail_errno(err, errno, "cannot give '%s' its final name", w->path);
    }
    w->failed    = false;
    w->committed = true;
    return w->tmp != NULL ? sync_folder(w->path, err) : MF_OK;
}

void
mf_writer_free(mf_writer *w)
{
    if (w == NULL) {
        return;
    }
    if (w->fd >= 0) {
        close(w->fd);
    }
    if (w->tmp != NULL && !w->committed) {
        unlink(w->tmp);
    }
    mf_free(w->tmp);
    mf_free(w->path);
    mf_free(w);
}

mf_status
mf_file_write(const char *path, const void *data, size_t size, mf_err *err)
{
    mf_writer *w = NULL;
    mf_status  st;

    if ((st = mf_writer_open(&w, path, err)) == MF_OK && (st = mf_writer_put(w, data, size, err)) == MF_OK) {
        st = mf_writer_commit(w, err);
    }
    mf_writer_free(w);
    return st;
}

mf_status
mf_file_write_str(const char *path, const mf_str *s, mf_err *err)
{
    mf_status st = mf_str_ok(s, err);

    return st < 0 ? st : mf_file_write(path, mf_str_c(s), s->len, err);
}

mf_status
mf_map_open(mf_map *out, const char *path, mf_err *err)
{
    uint64_t  size;
    bool      regular;
    int       fd;
    void     *p;
    mf_status st;

    *out = (mf_map){0};
    if ((st = open_read(&fd, &size, &regular, path, err)) < 0) {
        return st;
    }
    if (!regular) {
        st = mf_fail(err, MF_E_IO, "cannot map '%s': it is not an ordinary file", path);
    } else if (size > SIZE_MAX) {
        st = mf_fail(err, MF_E_LIMIT, "'%s' is too large for this machine's address space", path);
    } else if (size != 0) {
        p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            st = mf_fail_errno(err, errno, "cannot map '%s'", path);
        } else {
            out->data = p;
            out->size = (size_t)size;
        }
    }
    close(fd);
    return st;
}

void
mf_map_close(mf_map *m)
{
    if (m->data != NULL) {
        munmap((void *)(uintptr_t)m->data, m->size);
    }
    *m = (mf_map){0};
}
