/* data/preview.c: a job a tile: load, cut to the face, scale, mark, paste. */
#include "data/preview.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "face/landmarks_mark.h"
#include "image/image.h"

enum { MOST_COLUMNS = 10, GREY = 96, GAP = 2 };

typedef struct sheet {
    const mf_dataset        *d;
    const mf_landmark_table *t;
    const mf_preview_opts   *o;
    uint32_t                *row;   /* [n] */
    size_t                   n;
    int                      columns;
    mf_image                 im;
} sheet;

/* The square to show: the whole picture, or the surroundings of the points where they are a small part of it. */
static void
square_of(int *x, int *y, int *side, const mf_image *im, const mf_landmarks *lm)
{
    float lo[2] = {lm->x[0], lm->y[0]}, hi[2] = {lm->x[0], lm->y[0]};
    int   whole = im->width > im->height ? im->width : im->height, i;

    for (i = 1; i < lm->n; i++) {
        lo[0] = fminf(lo[0], lm->x[i]), hi[0] = fmaxf(hi[0], lm->x[i]);
        lo[1] = fminf(lo[1], lm->y[i]), hi[1] = fmaxf(hi[1], lm->y[i]);
    }
    *side = (int)ceilf((lm->n == 5 ? 3.2F : 1.7F) * fmaxf(hi[0] - lo[0], hi[1] - lo[1]));
    if (*side < 8 || *side >= whole) {
        *side = whole;
        *x    = (im->width - whole) / 2;
        *y    = (im->height - whole) / 2;
        return;
    }
    *x = (int)((lo[0] + hi[0] - (float)*side) / 2);
    *y = (int)((lo[1] + hi[1] - (float)*side) / 2);
}

static void
paste(sheet *s, const mf_image *tile, size_t i)
{
    size_t step = (size_t)s->o->tile + GAP, x0 = GAP + i % (size_t)s->columns * step, y0 = GAP + i / (size_t)s->columns * step;
    int    y;

    for (y = 0; y < tile->height; y++)
        memcpy(s->im.px + ((y0 + (size_t)y) * (size_t)s->im.width + x0) * 3, tile->px + (size_t)y * (size_t)tile->width * 3,
               (size_t)tile->width * 3);
}

static mf_status
mark(const sheet *s, mf_image *tile, const mf_landmarks *lm, bool sure, const char *name, mf_err *err)
{
    mf_rng        rng = mf_rng_make(1, 0, mf_hash64(name, strlen(name)), MF_RNG_OCCLUDE);
    mf_mask_fit   fit = mf_mask_fit_draw(MF_MASK_SURGICAL, MF_WEAR_CORRECT, &rng);
    mf_mask_shape shape;
    bool          placed = s->o->mask && mf_mask_shape_make(&shape, lm, &fit, NULL) == MF_OK;
    mf_status     st;

    if ((st = mf_landmarks_mark(tile, lm, sure, placed ? &shape : NULL, err)) < 0)
        return st;
    return mf_landmarks_caption(tile, mf_path_base(name), err);
}

static mf_status
make_tile(void *arg, size_t i, mf_err *err)
{
    sheet       *s    = arg;
    size_t       row  = s->row[i];
    mf_landmarks lm   = mf_landmarks_of(s->t, row);
    bool         sure = lm.n > 0;
    mf_image     im   = {0}, part = {0}, tile = {0};
    mf_str       path = {0};
    int          x, y, side, k;
    float        scale;
    mf_status    st;

    mf_dataset_path(&path, s->d, row);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_image_load(&im, mf_str_c(&path), 3, err)) < 0)
        goto done;
    if (!sure)
        lm = mf_landmarks_canonical(im.width, im.height);
    square_of(&x, &y, &side, &im, &lm);
    if ((st = mf_image_crop(&part, &im, x, y, side, side, GREY, err)) < 0 ||
        (st = mf_image_resize(&tile, &part, s->o->tile, s->o->tile, err)) < 0)
        goto done;
    scale = (float)s->o->tile / (float)side;
    for (k = 0; k < lm.n; k++) {
        lm.x[k] = (lm.x[k] - (float)x) * scale;
        lm.y[k] = (lm.y[k] - (float)y) * scale;
    }
    if ((st = mark(s, &tile, &lm, sure, s->d->rows[row].image, err)) == MF_OK)
        paste(s, &tile, i);
done:
    mf_str_free(&path);
    mf_image_free(&tile);
    mf_image_free(&part);
    mf_image_free(&im);
    return st;
}

/* Rows to show, evenly over those that qualify. */
static mf_status
choose(sheet *s, mf_err *err)
{
    size_t i, all = 0, k = 0, want = (size_t)s->o->count;

    for (i = 0; i < s->d->n_rows; i++)
        all += !s->t || mf_landmarks_of(s->t, i).n > 0;
    if (!all)
        return mf_fail(err, MF_E_NOTFOUND, "data set '%s' has no picture%s to show", s->d->dir, s->t ? " with landmarks" : "");
    if (!(s->row = mf_calloc(want, sizeof *s->row)))
        return mf_oom(err, want * sizeof *s->row, "rows of a sheet");
    want = want < all ? want : all;
    for (i = 0; i < s->d->n_rows && s->n < want; i++) {
        if (s->t && !mf_landmarks_of(s->t, i).n)
            continue;
        if (k++ == s->n * all / want)
            s->row[s->n++] = (uint32_t)i;
    }
    return MF_OK;
}

mf_status
mf_preview_save(const char *path, const mf_dataset *d, const mf_landmark_table *t, const mf_preview_opts *o, mf_err *err)
{
    mf_status st;
    sheet     s = {.d = d, .t = t, .o = o};
    int       step, rows;

    if (o->count < 1 || o->count > MF_PREVIEW_MAX || o->tile < 32 || o->tile > 1024)
        return mf_fail(err, MF_E_ARG, "a sheet has 1 to %d faces of 32 to 1024 pixels", (int)MF_PREVIEW_MAX);
    if ((st = choose(&s, err)) < 0)
        goto done;
    s.columns = (int)ceil(sqrt((double)s.n * 1.6));
    s.columns = s.columns > MOST_COLUMNS ? MOST_COLUMNS : s.columns;
    rows      = ((int)s.n + s.columns - 1) / s.columns;
    step      = o->tile + GAP;
    if ((st = mf_image_new(&s.im, GAP + s.columns * step, GAP + rows * step, 3, err)) < 0)
        goto done;
    memset(s.im.px, 255, (size_t)s.im.width * (size_t)s.im.height * 3);
    if ((st = mf_jobs_run(s.n, make_tile, &s, &o->jobs, err)) == MF_OK)
        st = mf_image_save(path, &s.im, 90, err);
done:
    mf_image_free(&s.im);
    mf_free(s.row);
    return st;
}
