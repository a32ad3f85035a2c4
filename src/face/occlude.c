/* face/occlude.c: the registry of occluders, and the one way to call them. */
#include "face/occlude.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/registry.h"

#define MF_OCCLUDER(name) extern const mf_occluder_def mf_occluder_##name;
#include "face/occluders/occluder_list.h"
#undef MF_OCCLUDER

static const mf_occluder_def *const occluders[] = {
#define MF_OCCLUDER(name) &mf_occluder_##name,
#include "face/occluders/occluder_list.h"
#undef MF_OCCLUDER
};

enum { N_OCCLUDERS = sizeof occluders / sizeof occluders[0] };

size_t
mf_occluder_count(void)
{
    return N_OCCLUDERS;
}

const mf_occluder_def *
mf_occluder_at(size_t i)
{
    return i < N_OCCLUDERS ? occluders[i] : NULL;
}

static const char *
name_at(size_t i)
{
    return occluders[i]->name;
}

mf_status
mf_occluder_find(const mf_occluder_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "occluder", name, name_at, N_OCCLUDERS, err);

    *out = st < 0 ? NULL : occluders[at];
    return st;
}

/* 68 points, whatever was given. */
static mf_status
all_points(mf_landmarks *out, const mf_landmarks *lm, int width, int height, mf_err *err)
{
    mf_landmarks canonical;
    mf_status    st;

    if (lm == NULL || lm->n == 0) {
        canonical = mf_landmarks_canonical(width, height);
        lm        = &canonical;
    }
    if ((st = mf_landmarks_check(lm, err)) < 0)
        return st;
    return mf_landmarks_to68(out, lm, err);
}

size_t
mf_occlude_scratch(const mf_occluder_def *def, int width, int height)
{
    return def->scratch == NULL ? 0 : def->scratch(width, height);
}

mf_status
mf_occlude(mf_image *im, const mf_occluder_def *def, const void *cfg, const mf_landmarks *lm, mf_face_scratch *scratch,
           uint8_t *cover, mf_occluder_note *note, mf_rng *rng, mf_err *err)
{
    union {
        unsigned char bytes[MF_OCCLUDER_CFG_MAX];
        double        align;
    } own_cfg;
    mf_face_scratch      own = {0};
    mf_landmarks    all;
    mf_occluder_job job = {.lm = &all, .scratch = scratch == NULL ? &own : scratch, .cover = cover, .note = note};
    mf_status       st;

    if (im->px == NULL || im->width < 1 || im->height < 1)
        return mf_fail(err, MF_E_ARG, "there is no picture to occlude");
    if (note != NULL)
        *note = (mf_occluder_note){0};
    if (cfg == NULL && def->opts != NULL) {
        MF_ASSERT(def->cfg_size <= sizeof own_cfg);
        mf_opt_defaults(def->opts, own_cfg.bytes);
        cfg = own_cfg.bytes;
    }
    all.n = 0;
    if (def->no_face || (st = all_points(&all, lm, im->width, im->height, err)) == MF_OK)
        st = def->apply(im, &job, cfg, rng, err);
    mf_face_scratch_free(&own);
    if (st < 0)
        return mf_fail_in(err, st, "%s", def->name);
    return MF_OK;
}

/* -------------------------------------------------------------------------------------------------------- what is hidden */

const char *
mf_face_part_name(mf_face_part part)
{
    static const char *const name[MF_PARTS] = {"eyes", "brows", "nose", "cheeks", "mouth", "chin"};

    return part < MF_PARTS ? name[part] : "";
}

/* Is (x, y) inside the polygon? (even-odd rule) */
static bool
within(const double (*p)[2], int n, double x, double y)
{
    bool in = false;

    for (int i = 0, j = n - 1; i < n; j = i++)
        if ((p[i][1] > y) != (p[j][1] > y) && x < (p[j][0] - p[i][0]) * (y - p[i][1]) / (p[j][1] - p[i][1]) + p[i][0])
            in = !in;
    return in;
}

mf_status
mf_cover_parts(float share[MF_PARTS], const uint8_t *cover, int width, int height, const mf_landmarks *lm, mf_err *err)
{
    enum { STEPS = 24, MOST = 13 };
    /* Outlines by landmark, ended by -1; two of them for what there is on both sides. */
    static const signed char outline[MF_PARTS][2][MOST] = {
        [MF_PART_EYES]   = {{36, 37, 38, 39, 40, 41, -1}, {42, 43, 44, 45, 46, 47, -1}},
        [MF_PART_BROWS]  = {{17, 18, 19, 20, 21, 38, 37, -1}, {22, 23, 24, 25, 26, 44, 43, -1}},
        [MF_PART_NOSE]   = {{28, 31, 32, 33, 34, 35, -1}, {-1}},
        [MF_PART_CHEEKS] = {{1, 41, 31, 48, 4, 3, 2, -1}, {15, 46, 35, 54, 12, 13, 14, -1}},
        [MF_PART_MOUTH]  = {{48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, -1}, {-1}},
        [MF_PART_CHIN]   = {{59, 58, 57, 56, 55, 10, 9, 8, 7, 6, -1}, {-1}},
    };
    mf_landmarks all;
    mf_status    st;

    if ((st = all_points(&all, lm, width, height, err)) < 0)
        return st;
    for (int part = 0; part < MF_PARTS; part++) {
        double hidden = 0;
        long   seen = 0;
        for (int side = 0; side < 2 && outline[part][side][0] >= 0; side++) {
            double p[MOST][2], lo[2] = {1e9, 1e9}, hi[2] = {-1e9, -1e9};
            int    n = 0;
            for (; outline[part][side][n] >= 0; n++) {
                p[n][0] = (double)all.x[(int)outline[part][side][n]];
                p[n][1] = (double)all.y[(int)outline[part][side][n]];
                for (int c = 0; c < 2; c++) {
                    lo[c] = fmin(lo[c], p[n][c]);
                    hi[c] = fmax(hi[c], p[n][c]);
                }
            }
            for (int j = 0; j < STEPS; j++)
                for (int i = 0; i < STEPS; i++) {
                    double x = lo[0] + (hi[0] - lo[0]) * (i + 0.5) / STEPS, y = lo[1] + (hi[1] - lo[1]) * (j + 0.5) / STEPS;
                    if (x < 0 || y < 0 || x >= width || y >= height || !within((const double (*)[2])p, n, x, y))
                        continue;
                    seen++;
                    hidden += cover[(size_t)(int)y * (size_t)width + (size_t)(int)x] / 255.0;
                }
        }
        share[part] = seen > 0 ? (float)(hidden / (double)seen) : -1;
    }
    return MF_OK;
}
