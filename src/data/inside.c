/* data/inside.c: links are followed once a folder and once a picture that is a link itself. */
#include "data/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/mem.h"
#include "data/names.h"

/* Whether real path `p` is `root` or below it. */
static bool
is_below(const char *p, const char *root)
{
    size_t n = strlen(root);

    return !strncmp(p, root, n) && (p[n] == '\0' || p[n] == '/' || !strcmp(root, "/"));
}

static mf_status
check_real(const char *root, const char *path, const char *image, mf_err *err)
{
    mf_status st   = MF_OK;
    char     *real = realpath(path, NULL); /* of the C library: ended by free() */

    if (!real) /* it does not exist: found when it is read */
        return errno == ENOMEM ? mf_oom(err, MF_PATH_TEXT_MAX, "a path") : MF_OK;
    if (!is_below(real, root))
        st = mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves the data-set folder through a symbolic link to '%.200s'; "
                     "copy the file into the folder", image, real);
    free(real);
    return st;
}

mf_status
mf_dataset_check_links(const mf_dataset *d, mf_err *err)
{
    mf_status  st    = MF_OK;
    mf_str     path  = {0}, dir = {0};
    mf_arena   arena = {0};
    mf_nametab seen  = {0};
    char      *root  = realpath(d->dir, NULL);
    size_t     i, at;

    if (!root)
        return mf_fail_errno(err, errno, "data set '%s'", d->dir);
    for (i = 0; i < d->n_rows; i++) {
        const char *image = d->rows[i].image, *slash = strrchr(image, '/');
        struct stat s;
        bool        is_new = false;

        if (slash) {
            mf_str_clear(&dir);
            mf_str_addn(&dir, image, (size_t)(slash - image));
            if ((st = mf_str_ok(&dir, err)) < 0 ||
                (st = mf_nametab_put(&at, &is_new, &seen, &arena, mf_str_c(&dir), err)) < 0)
                break;
        }
        mf_dataset_path(&path, d, i);
        if ((st = mf_str_ok(&path, err)) < 0)
            break;
        if (is_new) {
            mf_str_clear(&dir);
            mf_str_addn(&dir, mf_str_c(&path), (size_t)(strrchr(mf_str_c(&path), '/') - mf_str_c(&path)));
            if ((st = mf_str_ok(&dir, err)) < 0 || (st = check_real(root, mf_str_c(&dir), image, err)) < 0)
                break;
        }
        if (lstat(mf_str_c(&path), &s) == 0 && S_ISLNK(s.st_mode) &&
            (st = check_real(root, mf_str_c(&path), image, err)) < 0)
            break;
    }
    mf_nametab_free(&seen);
    mf_arena_free(&arena);
    mf_str_free(&dir);
    mf_str_free(&path);
    free(root);
    if (st < 0)
        mf_fail_in(err, st, "%s/manifest.csv", d->dir);
    return st;
}
