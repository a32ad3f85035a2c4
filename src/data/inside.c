/* data/inside.c: links are followed once a folder and once a picture that is a link itself. */
#include "data/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/mem.h"
#include "data/names.h"

struct mf_inside {
    char      *root;   /* real path, of the C library */
    mf_nametab seen;   /* folders that were looked at and lie inside */
    mf_arena   arena;
    mf_str     dir;
};

mf_status
mf_inside_open(mf_inside **out, const char *root, mf_err *err)
{
    mf_inside *in = mf_calloc(1, sizeof *in);

    *out = NULL;
    if (!in)
        return mf_oom(err, sizeof *in, "a look at links");
    if (!(in->root = realpath(root, NULL))) {
        mf_free(in);
        return mf_fail_errno(err, errno, "'%s'", root);
    }
    *out = in;
    return MF_OK;
}

void
mf_inside_close(mf_inside *in)
{
    if (!in)
        return;
    free(in->root); /* of realpath */
    mf_nametab_free(&in->seen);
    mf_arena_free(&in->arena);
    mf_str_free(&in->dir);
    mf_free(in);
}

/* Whether real path `p` is `root` or below it. */
static bool
is_below(const char *p, const char *root)
{
    size_t n = strlen(root);

    return !strncmp(p, root, n) && (p[n] == '\0' || p[n] == '/' || !strcmp(root, "/"));
}

static mf_status
look_real(const mf_inside *in, bool *inside, mf_str *real, const char *path, mf_err *err)
{
    mf_status st = MF_OK;
    char     *p  = realpath(path, NULL);

    if (!p) /* it does not exist: found when it is read */
        return errno == ENOMEM ? mf_oom(err, MF_PATH_TEXT_MAX, "a path") : MF_OK;
    if (!is_below(p, in->root)) {
        *inside = false;
        mf_str_clear(real);
        mf_str_add(real, p);
        st = mf_str_ok(real, err);
    }
    free(p);
    return st;
}

mf_status
mf_inside_look(mf_inside *in, bool *inside, mf_str *real, const char *path, mf_err *err)
{
    mf_status   st;
    const char *slash = strrchr(path, '/');
    struct stat s;
    bool        is_new = false;
    size_t      at;

    *inside = true;
    if (slash && slash > path) {
        mf_str_clear(&in->dir);
        mf_str_addn(&in->dir, path, (size_t)(slash - path));
        if ((st = mf_str_ok(&in->dir, err)) < 0 ||
            (st = mf_nametab_put(&at, &is_new, &in->seen, &in->arena, mf_str_c(&in->dir), err)) < 0)
            return st;
        if (is_new && ((st = look_real(in, inside, real, mf_str_c(&in->dir), err)) < 0 || !*inside))
            return st;
    }
    if (lstat(path, &s) == 0 && S_ISLNK(s.st_mode))
        return look_real(in, inside, real, path, err);
    return MF_OK;
}

mf_status
mf_dataset_check_links(const mf_dataset *d, mf_err *err)
{
    mf_status  st;
    mf_inside *in   = NULL;
    mf_str     path = {0}, real = {0};
    size_t     i;

    if ((st = mf_inside_open(&in, d->dir, err)) < 0)
        return mf_fail_in(err, st, "data set");
    for (i = 0; i < d->n_rows && st == MF_OK; i++) {
        bool inside;

        mf_dataset_path(&path, d, i);
        if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_inside_look(in, &inside, &real, mf_str_c(&path), err)) < 0)
            break;
        if (!inside)
            st = mf_fail(err, MF_E_FORMAT, "%s/manifest.csv: line %ld: picture '%.200s' leaves the data-set folder through a "
                         "symbolic link to '%.200s'; copy the file into the folder", d->dir, mf_dataset_line(d, i),
                         d->rows[i].image, mf_str_c(&real));
    }
    mf_inside_close(in);
    mf_str_free(&real);
    mf_str_free(&path);
    return st;
}
