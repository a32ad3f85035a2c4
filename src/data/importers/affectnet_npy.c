/* data/importers/affectnet_npy.c: the eight-class release of 2021: train_set and val_set, each with images/ID.jpg and
 * annotations/ID_exp.npy (the number, of any type), ID_lnd.npy (68 points). The same ID in both sets is another picture. */
#include <stdio.h>
#include <string.h>
#include "core/file.h"
#include "data/importers/affectnet.h"
#include "data/npy.h"

typedef struct walk {
    mf_affectnet_scan *s;
    const char        *set;
    mf_split           split;
} walk;

static mf_status
read_points(mf_landmarks *lm, const char *path, mf_err *err)
{
    mf_status st;
    double    v[136];
    size_t    n, i;

    if ((st = mf_npy_load(v, &n, 136, path, err)) < 0)
        return st;
    if (n != 136)
        return mf_fail(err, MF_E_FORMAT, "%s: %zu numbers; 68 points have 136", path, n);
    for (i = 0; i < 68; i++) {
        if (!(v[2 * i] > -1e6 && v[2 * i] < 1e6 && v[2 * i + 1] > -1e6 && v[2 * i + 1] < 1e6))
            return mf_fail(err, MF_E_FORMAT, "%s: point %zu is no point of a picture", path, i);
        lm->x[i] = (float)v[2 * i];
        lm->y[i] = (float)v[2 * i + 1];
    }
    lm->n = 68;
    return MF_OK;
}

static mf_status
read_label(int *label, const char *path, mf_err *err)
{
    mf_status st;
    double    v;
    size_t    n;

    if ((st = mf_npy_load(&v, &n, 1, path, err)) < 0)
        return st;
    if (n != 1 || !(v >= 0 && v <= MF_AFFECTNET_LAST) || v != (double)(int)v)
        return mf_fail(err, MF_E_FORMAT, "%s: expected one number of 0 to %d", path, (int)MF_AFFECTNET_LAST);
    *label = (int)v;
    return MF_OK;
}

/* Called for SET/images/ID.jpg. */
static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    walk         *w    = arg;
    const char   *base = mf_path_base(path), *dot = strrchr(base, '.');
    int           stem = (int)(dot - base), label;
    mf_str        file = {0};
    mf_landmarks  lm   = {0};
    mf_import_row row  = {.image = path, .split = w->split, .landmarks = &lm};
    mf_status     st;

    mf_str_printf(&file, "%s/%s/annotations/%.*s_exp.npy", w->s->root, w->set, stem, base);
    if ((st = mf_str_ok(&file, err)) < 0)
        goto done;
    if (!mf_path_exists(mf_str_c(&file))) {
        if (w->s->missing++ == 0)
            snprintf(w->s->first_missing, sizeof w->s->first_missing, "the annotation of %s", path);
        goto done;
    }
    if ((st = read_label(&label, mf_str_c(&file), err)) < 0)
        goto done;
    mf_str_clear(&file);
    mf_str_printf(&file, "%s/%s/annotations/%.*s_lnd.npy", w->s->root, w->set, stem, base);
    if ((st = mf_str_ok(&file, err)) < 0)
        goto done;
    if (w->s->cfg->landmarks && mf_path_exists(mf_str_c(&file)) && (st = read_points(&lm, mf_str_c(&file), err)) < 0)
        goto done;
    st = mf_affectnet_add(w->s, &row, label, err);
done:
    mf_str_free(&file);
    return st;
}

mf_status
mf_affectnet_scan_npy(mf_affectnet_scan *s, mf_err *err)
{
    static const struct { const char *name, *images; mf_split split; } sets[] = {
        {"train_set", "train_set/images", MF_SPLIT_TRAIN}, {"val_set", "val_set/images", MF_SPLIT_VAL},
    };
    mf_status st = MF_OK;
    size_t    i;

    for (i = 0; i < 2 && st == MF_OK; i++) {
        walk w = {.s = s, .set = sets[i].name, .split = sets[i].split};

        if (mf_import_has(s->root, sets[i].images))
            st = mf_import_walk(s->root, sets[i].images, add_picture, &w, &s->other, err);
    }
    return st;
}
