/* data/hide.c: what is drawn on training pictures, and where their faces are at the working size. */
#include "data/hide.h"

#include <math.h>
#include <string.h>
#include "core/mem.h"
#include "core/str.h"
#include "data/keypoints.h"
#include "data/landmarks_csv.h"
#include "face/occlude.h"

typedef struct kind {
    const mf_occluder_def *def;
    uint64_t               cfg[MF_OCCLUDER_CFG_MAX / sizeof(uint64_t)];
} kind;

struct mf_hider {
    const mf_dataset  *data;
    mf_landmark_table *lm;
    float            (*scale)[2]; /* [rows] from the picture to the working size; 0 where there are no landmarks */
    kind               kinds[MF_HIDER_KINDS];
    size_t             n_kinds;
    double             probability;
    int                width, height;
};

/* One KIND[:option=value,...]; changes the text. */
static mf_status
read_kind(kind *k, char *text, mf_err *err)
{
    char     *opts = strchr(text, ':'), *next;
    mf_status st;

    if (opts != NULL)
        *opts++ = '\0';
    if ((st = mf_occluder_find(&k->def, text, err)) < 0)
        return mf_fail(err, MF_E_USAGE, "%s", err ? err->msg : "");
    if (k->def->opts != NULL)
        mf_opt_defaults(k->def->opts, k->cfg);
    for (; opts != NULL; opts = next) {
        char *value;
        if ((next = strchr(opts, ',')) != NULL)
            *next++ = '\0';
        if ((value = strchr(opts, '=')) == NULL)
            return mf_fail(err, MF_E_USAGE, "'%s' of '%s' is no option=value", opts, text);
        *value++ = '\0';
        if (k->def->opts == NULL)
            return mf_fail(err, MF_E_USAGE, "'%s' has no options", text);
        if ((st = mf_opt_set(k->def->opts, k->cfg, opts, value, err)) < 0)
            return mf_fail_in(err, st, "'%s'", text);
    }
    return MF_OK;
}

static mf_status
read_kinds(mf_hider *h, const char *what, mf_err *err)
{
    char     *copy = mf_strdup(what), *at = copy, *next;
    mf_status st = MF_OK;

    if (copy == NULL)
        return mf_oom(err, strlen(what) + 1, "what hides faces");
    for (; st == MF_OK && at != NULL; at = next) {
        if ((next = strchr(at, '+')) != NULL)
            *next++ = '\0';
        if (h->n_kinds == MF_HIDER_KINDS)
            st = mf_fail(err, MF_E_USAGE, "at most %d kinds can be joined by '+'", (int)MF_HIDER_KINDS);
        else
            st = read_kind(&h->kinds[h->n_kinds++], at, err);
    }
    mf_free(copy);
    return st;
}

/* The points of a row at the working size; n = 0 where it has none. */
static mf_landmarks
points(const mf_hider *h, size_t row)
{
    mf_landmarks lm = mf_landmarks_of(h->lm, row);

    for (int i = 0; i < lm.n; i++) {
        lm.x[i] *= h->scale[row][0];
        lm.y[i] *= h->scale[row][1];
    }
    return lm;
}

static mf_status
measure(mf_hider *h, size_t row, mf_str *path, mf_err *err)
{
    mf_landmarks five, lm = mf_landmarks_of(h->lm, row);
    int          w, ht;
    float        x, y;
    mf_status    st;

    if (lm.n == 0)
        return MF_OK;
    if ((st = mf_row_picture_size(&w, &ht, h->data, row, path, err)) < 0)
        goto done;
    h->scale[row][0] = (float)h->width / (float)w;
    h->scale[row][1] = (float)h->height / (float)ht;
    lm = points(h, row);
    if ((st = mf_landmarks_check(&lm, err)) < 0 || (st = mf_landmarks_to5(&five, &lm, err)) < 0)
        goto done;
    x = 0.25F * (five.x[0] + five.x[1] + five.x[3] + five.x[4]);
    y = 0.25F * (five.y[0] + five.y[1] + five.y[3] + five.y[4]);
    if (!(x >= 0 && y >= 0 && x < (float)h->width && y < (float)h->height))
        st = mf_fail(err, MF_E_ARG, "the landmarks lie outside the picture of %d x %d pixels", w, ht);
    else if (hypotf(five.x[1] - five.x[0], five.y[1] - five.y[0]) < 3)
        st = mf_fail(err, MF_E_ARG, "the eyes are less than 3 pixels apart at %d x %d pixels", h->width, h->height);
done:
    if (st < 0)
        mf_fail_in(err, st, "landmarks.csv: '%s'", h->data->rows[row].image);
    return st;
}

mf_status
mf_hider_open(mf_hider **out, const mf_dataset *d, const uint32_t *rows, size_t n, const char *what, double probability,
              int width, int height, mf_err *err)
{
    mf_hider *h = mf_calloc(1, sizeof *h);
    mf_str    path = {0};
    size_t    bare = 0;
    mf_status st;

    *out = NULL;
    if (h == NULL)
        return mf_oom(err, sizeof *h, "what hides faces");
    h->data        = d;
    h->probability = probability;
    h->width       = width;
    h->height      = height;
    if ((st = read_kinds(h, what, err)) < 0 || (st = mf_landmarks_load(&h->lm, d, err)) < 0)
        goto done;
    if (h->lm != NULL && (h->scale = mf_calloc(d->n_rows, sizeof *h->scale)) == NULL) {
        st = mf_oom(err, d->n_rows * sizeof *h->scale, "places of faces");
        goto done;
    }
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        if (d->rows[rows[i]].occlusion != MF_OCC_NONE)
            continue;
        bare++;
        if (h->lm != NULL && h->scale[rows[i]][0] <= 0)
            st = measure(h, rows[i], &path, err);
    }
    if (st == MF_OK && bare == 0)
        st = mf_fail(err, MF_E_ARG, "there is no picture that '%s' could hide: all are occluded already, or belong to pairs that have "
                     "their own", what);
    if (st == MF_OK) {
        *out = h;
        h    = NULL;
    }
done:
    mf_str_free(&path);
    mf_hider_free(h);
    if (st < 0)
        return mf_fail_in(err, st, "hiding faces");
    return MF_OK;
}

void
mf_hider_free(mf_hider *h)
{
    if (h == NULL)
        return;
    mf_landmarks_free(h->lm);
    mf_free(h->scale);
    mf_free(h);
}

size_t
mf_hider_scratch(const mf_hider *h)
{
    size_t most = 0;

    for (size_t i = 0; i < h->n_kinds; i++) {
        size_t need = mf_occlude_scratch(h->kinds[i].def, h->width, h->height);
        most = need > most ? need : most;
    }
    return most;
}

bool
mf_hider_wants(const mf_hider *h, uint32_t row, mf_rng *rng)
{
    return mf_rng_unit(rng) < h->probability && h->data->rows[row].occlusion == MF_OCC_NONE;
}

mf_status
mf_hider_draw(const mf_hider *h, mf_image *im, uint32_t row, mf_face_scratch *s, mf_rng *rng, mf_err *err)
{
    const kind  *k  = &h->kinds[mf_rng_below(rng, h->n_kinds)];
    mf_landmarks lm = points(h, row);
    mf_status    st = mf_occlude(im, k->def, k->cfg, &lm, s, NULL, NULL, rng, err);

    if (st < 0)
        return mf_fail_in(err, st, "'%s'", h->data->rows[row].image);
    return MF_OK;
}
