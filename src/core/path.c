/* core/path.c: names, folders and trees. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

bool
mf_path_exists(const char *path)
{
    struct stat sb;

    return stat(path, &sb) == 0;
}

bool
mf_path_is_dir(const char *path)
{
    struct stat sb;

    return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

mf_status
mf_file_size(uint64_t *out, const char *path, mf_err *err)
{
    struct stat sb;

    *out = 0;
    if (stat(path, &sb) != 0) {
        return mf_fail_errno(err, errno, "cannot read '%s'", path);
    }
    *out = sb.st_size > 0 ? (uint64_t)sb.st_size : 0;
    return MF_OK;
}

mf_status
mf_dir_make(const char *path, mf_err *err)
{
    mf_status st   = MF_OK;
    char     *copy = mf_strdup(path);
    char     *p;

    if (copy == NULL) {
        return mf_oom(err, strlen(path), "a path");
    }
    for (p = copy + (*copy == '/'); st == MF_OK; p++) {
        char c = *p;

        if (c != '/' && c != '\0') {
            continue;
        }
        *p = '\0';
        if (*copy != '\0' && mkdir(copy, 0777) != 0) {
            int why = errno;

            /* Some systems refuse an existing folder with EROFS or EACCES: what counts is whether it is there. */
            if (!mf_path_is_dir(copy)) {
                st = why == EEXIST ? mf_fail(err, MF_E_IO, "cannot make the folder '%s': '%s' is a file", path, copy)
                                   : mf_fail_errno(err, why, "cannot make the folder '%s'", copy);
            }
        }
        *p = c;
        if (c == '\0') {
            break;
        }
    }
    mf_free(copy);
    return st;
}

mf_status
mf_file_remove(const char *path, mf_err *err)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return mf_fail_errno(err, errno, "cannot remove '%s'", path);
    }
    return MF_OK;
}

/* Empties the folder behind fd, which is closed. Works from descriptors, so that a link swapped in is not followed. */
static int
empty_dir(int fd)
{
    DIR           *d = fdopendir(fd);
    struct dirent *e;
    int            why = 0;

    if (d == NULL) {
        why = errno;
        close(fd);
        return why;
    }
    while (why == 0 && (errno = 0, e = readdir(d)) != NULL) {
        if (mf_str_eq(e->d_name, ".") || mf_str_eq(e->d_name, "..")) {
            continue;
        }
        if (unlinkat(dirfd(d), e->d_name, 0) == 0 || errno == ENOENT) {
            continue;
        }
        if (errno == EISDIR || errno == EPERM) {
            int sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            why = sub < 0 ? errno : empty_dir(sub);
            if (why == 0 && unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) != 0) {
                why = errno;
            }
        } else {
            why = errno;
        }
    }
    if (why == 0) {
        why = errno;
    }
    closedir(d);
    return why;
}

mf_status
mf_dir_remove_all(const char *path, mf_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int why;

    if (fd < 0) {
        if (errno == ENOENT) {
            return MF_OK;
        }
        if (errno == ENOTDIR || errno == ELOOP) { /* a file or a link: only itself goes */
            return mf_file_remove(path, err);
        }
        return mf_fail_errno(err, errno, "cannot remove '%s'", path);
    }
    why = empty_dir(fd);
    if (why == 0 && rmdir(path) != 0) {
        why = errno;
    }
    return why == 0 ? MF_OK : mf_fail_errno(err, why, "cannot remove '%s'", path);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

mf_status
mf_dir_list(mf_names *out, const char *path, mf_err *err)
{
    mf_names       list = {0};
    size_t         cap  = 0;
    mf_status      st   = MF_OK;
    DIR           *d    = opendir(path);
    struct dirent *e;

    *out = (mf_names){0};
    if (d == NULL) {
        return mf_fail_errno(err, errno, "cannot read the folder '%s'", path);
    }
    while ((errno = 0, e = readdir(d)) != NULL) {
        if (mf_str_eq(e->d_name, ".") || mf_str_eq(e->d_name, "..")) {
            continue;
        }
        if (list.n == cap) {
            char **grown;

            cap   = cap == 0 ? 32 : cap * 2;
            grown = mf_realloc(list.name, cap, sizeof *grown);
            if (grown == NULL) {
                st = mf_oom(err, cap * sizeof *grown, "a folder's names");
                goto done;
            }
            list.name = grown;
        }
        if ((list.name[list.n] = mf_strdup(e->d_name)) == NULL) {
            st = mf_oom(err, strlen(e->d_name), "a file's name");
            goto done;
        }
        list.n++;
    }
    if (errno != 0) {
        st = mf_fail_errno(err, errno, "cannot read the folder '%s'", path);
        goto done;
    }
    if (list.n > 1) {
        qsort(list.name, list.n, sizeof *list.name, by_name);
    }
    *out = list;
    list = (mf_names){0};
done:
    closedir(d);
    mf_names_free(&list);
    return st;
}

void
mf_names_free(mf_names *n)
{
    size_t i;

    for (i = 0; i < n->n; i++) {
        mf_free(n->name[i]);
    }
    mf_free(n->name);
    *n = (mf_names){0};
}

void
mf_path_join(mf_str *out, const char *a, const char *b)
{
    mf_str_clear(out);
    if (b[0] != '/' && a[0] != '\0') {
        mf_str_add(out, a);
        if (!mf_str_ends(a, "/")) {
            mf_str_addc(out, '/');
        }
    }
    mf_str_add(out, b);
}

const char *
mf_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool
mf_path_is_inside(const char *rel)
{
    const char *p = rel;

    if (*rel == '\0' || *rel == '/' || strchr(rel, '\\') != NULL) {
        return false;
    }
    while (*p != '\0') {
        size_t n = strcspn(p, "/");

        if (n == 2 && p[0] == '.' && p[1] == '.') {
            return false;
        }
        p += n + (p[n] == '/');
    }
    return true;
}
