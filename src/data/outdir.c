/* data/outdir.c: mkdtemp beside the final name, one sync of the file system at the end, rename(2). */
#include "data/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/file.h"
#include "core/mem.h"

struct mf_outdir {
    char *final, *tmp;
    bool  replace, committed;
};

/* Whether the folder is empty; a folder that cannot be listed is not. */
static bool
is_empty_dir(const char *path)
{
    mf_names names = {0};
    bool     empty = mf_dir_list(&names, path, NULL) == MF_OK && names.n == 0;

    mf_names_free(&names);
    return empty;
}

static mf_status
may_stand(mf_outdir *o, bool force, const char *source, mf_err *err)
{
    mf_status st;
    mf_str    yaml = {0};
    char     *a, *b;
    bool      same, known;

    if (!mf_path_exists(o->final) || is_empty_dir(o->final))
        return MF_OK;
    if (!force)
        return mf_fail(err, MF_E_STATE, "'%s' exists already; give another --out, or --force to replace it", o->final);
    mf_path_join(&yaml, o->final, "dataset.yaml");
    st    = mf_str_ok(&yaml, err);
    known = st == MF_OK && mf_path_exists(mf_str_c(&yaml));
    mf_str_free(&yaml);
    if (st < 0)
        return st;
    if (!known)
        return mf_fail(err, MF_E_STATE, "'%s' is no data set, so --force does not replace it; remove it by hand", o->final);
    a    = realpath(o->final, NULL);
    b    = source ? realpath(source, NULL) : NULL;
    same = a && b && !strcmp(a, b);
    free(a);
    free(b);
    if (same)
        return mf_fail(err, MF_E_STATE, "'%s' is the source itself; give another --out", o->final);
    o->replace = true;
    return MF_OK;
}

/* "a/b/" -> "a/b.new-XXXXXX", with the folders above made. */
static mf_status
make_tmp(mf_outdir *o, mf_err *err)
{
    mf_status st;
    mf_str    s     = {0};
    char     *slash = strrchr(o->final, '/');

    if (slash && slash > o->final) {
        mf_str_addn(&s, o->final, (size_t)(slash - o->final));
        if ((st = mf_str_ok(&s, err)) < 0 || (st = mf_dir_make(mf_str_c(&s), err)) < 0)
            goto done;
    }
    mf_str_clear(&s);
    mf_str_printf(&s, "%s.new-XXXXXX", o->final);
    if ((st = mf_str_ok(&s, err)) < 0)
        goto done;
    if (!(o->tmp = mf_strdup(mf_str_c(&s)))) {
        st = mf_oom(err, s.len, "a folder name");
        goto done;
    }
    if (!mkdtemp(o->tmp)) {
        st = mf_fail_errno(err, errno, "cannot make a folder beside '%s'", o->final);
        mf_free(o->tmp);
        o->tmp = NULL;
        goto done;
    }
    if (chmod(o->tmp, 0755) != 0) /* mkdtemp gives 0700 */
        st = mf_fail_errno(err, errno, "cannot set the mode of '%s'", o->tmp);
done:
    mf_str_free(&s);
    return st;
}

mf_status
mf_outdir_open(mf_outdir **out, const char *path, bool force, const char *source, mf_err *err)
{
    mf_status  st;
    mf_outdir *o = mf_calloc(1, sizeof *o);
    size_t     n = strlen(path);

    *out = NULL;
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (!o || !(o->final = mf_strndup(path, n))) {
        st = mf_oom(err, n, "a folder name");
        goto fail;
    }
    if (n == 0) {
        st = mf_fail(err, MF_E_USAGE, "the folder to write has no name; give --out DIR");
        goto fail;
    }
    if ((st = may_stand(o, force, source, err)) < 0 || (st = make_tmp(o, err)) < 0)
        goto fail;
    *out = o;
    return MF_OK;
fail:
    mf_outdir_free(o);
    return st;
}

void
mf_outdir_free(mf_outdir *o)
{
    if (!o)
        return;
    if (o->tmp && !o->committed)
        mf_dir_remove_all(o->tmp, NULL);
    mf_free(o->tmp);
    mf_free(o->final);
    mf_free(o);
}

const char *
mf_outdir_path(const mf_outdir *o)
{
    return o->tmp;
}

mf_status
mf_outdir_place(mf_str *out, const mf_outdir *o, const char *rel, mf_err *err)
{
    mf_status   st;
    mf_str      dir   = {0};
    const char *slash = strrchr(rel, '/');

    MF_ASSERT(mf_path_is_inside(rel));
    mf_path_join(out, o->tmp, rel);
    if ((st = mf_str_ok(out, err)) < 0 || !slash)
        return st;
    mf_str_addn(&dir, out->data, out->len - strlen(slash));
    if ((st = mf_str_ok(&dir, err)) == MF_OK && !mf_path_is_dir(mf_str_c(&dir)))
        st = mf_dir_make(mf_str_c(&dir), err);
    mf_str_free(&dir);
    return st;
}

/* All bytes of open `in` into open `to`. */
static mf_status
copy_bytes(int to, int in, const char *path, mf_err *err)
{
    uint8_t buf[1 << 16];

    for (;;) {
        ssize_t got = read(in, buf, sizeof buf), put = 0, k;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mf_fail_errno(err, errno, "cannot read '%s'", path);
        if (got == 0)
            return MF_OK;
        while (put < got) {
            if ((k = write(to, buf + put, (size_t)(got - put))) < 0 && errno != EINTR)
                return mf_fail_errno(err, errno, "cannot write a copy of '%s'", path);
            put += k > 0 ? k : 0;
        }
    }
}

static mf_status
copy_file(const char *from, const char *to, mf_err *err)
{
    mf_status   st = MF_OK;
    struct stat s;
    int         in = open(from, O_RDONLY | O_CLOEXEC), out = -1;

    if (in < 0)
        return mf_fail_errno(err, errno, "cannot open '%s'", from);
    if (fstat(in, &s) != 0 || !S_ISREG(s.st_mode)) {
        st = mf_fail(err, MF_E_IO, "'%s' is not a file", from);
        goto done;
    }
    if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) < 0)
        st = mf_fail_errno(err, errno, "cannot make '%s'", to);
    else
        st = copy_bytes(out, in, from, err);
done:
    if (out >= 0 && close(out) != 0 && st == MF_OK)
        st = mf_fail_errno(err, errno, "cannot write '%s'", to);
    close(in);
    return st;
}

mf_status
mf_outdir_copy(const mf_outdir *o, const char *from, const char *rel, bool hard_link, mf_err *err)
{
    mf_status st;
    mf_str    to = {0};

    if ((st = mf_outdir_place(&to, o, rel, err)) == MF_OK) {
        if (!hard_link)
            st = copy_file(from, mf_str_c(&to), err);
        else if (linkat(AT_FDCWD, from, AT_FDCWD, mf_str_c(&to), AT_SYMLINK_FOLLOW) != 0)
            st = mf_fail_errno(err, errno, "cannot link '%s' into the data set (--link needs one file system)", from);
    }
    mf_str_free(&to);
    return st;
}

/* Bring all that was written to disk: one call for the file system instead of one a file. */
static mf_status
sync_tree(const char *path, mf_err *err)
{
#ifdef __linux__
    mf_status st = MF_OK;
    int       fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return mf_fail_errno(err, errno, "cannot open '%s'", path);
    if (syncfs(fd) != 0)
        st = mf_fail_errno(err, errno, "cannot bring '%s' to disk", path);
    close(fd);
    return st;
#else
    (void)path;
    (void)err;
    sync();
    return MF_OK;
#endif
}

/* Rename the old data set away, the new one in, then remove the old one. */
static mf_status
swap_in(mf_outdir *o, mf_err *err)
{
    mf_status st  = MF_OK;
    mf_str    old = {0};

    mf_str_printf(&old, "%s.old", o->tmp);
    if ((st = mf_str_ok(&old, err)) < 0)
        goto done;
    if (rename(o->final, mf_str_c(&old)) != 0) {
        st = mf_fail_errno(err, errno, "cannot move '%s' away", o->final);
        goto done;
    }
    if (rename(o->tmp, o->final) != 0) {
        st = mf_fail_errno(err, errno, "cannot rename the new folder to '%s'", o->final);
        (void)rename(mf_str_c(&old), o->final);
        goto done;
    }
    o->committed = true;
    st = mf_dir_remove_all(mf_str_c(&old), err);
done:
    mf_str_free(&old);
    return st;
}

mf_status
mf_outdir_commit(mf_outdir *o, mf_err *err)
{
    mf_status st;

    if ((st = sync_tree(o->tmp, err)) < 0)
        return st;
    if (o->replace)
        return swap_in(o, err);
    if (rename(o->tmp, o->final) != 0) /* over an empty folder too */
        return mf_fail_errno(err, errno, "cannot rename the new folder to '%s'", o->final);
    o->committed = true;
    return sync_tree(o->final, err);
}
