/* face/occluders/sunglasses.c: two dark lenses, a bridge, temples to the ears. */
#include "face/occlude.h"

#include <math.h>
#include "face/occluders/paint.h"

enum { KNOTS = 8, STEPS = 5, LENS = KNOTS * STEPS };

typedef struct sunglasses_cfg { double jitter; } sunglasses_cfg;

static const mf_opt sunglasses_opts[] = {
    MF_OPT_F64(sunglasses_cfg, jitter, 1, 0, 3, "how far place, size and tilt stray; 0 seats every pair alike"),
    MF_OPT_END
};

typedef struct glasses {
    int    form;     /* aviator, square, round */
    double b, size, tilt, gap;
    float  rgb[3], frame[3], top, bottom, gleam; /* opacity at the upper and lower rim */
    double rim;
} glasses;

/* Half sizes of the outline in eight directions, from the outer side over the top: x, y. */
static const double form[3][KNOTS][2] = {
    {{1.00, -0.20}, {0.86, -0.80}, {0.00, -0.92}, {-0.86, -0.84}, {-0.98, -0.10}, {-0.62, 0.78}, {0.10, 1.12}, {0.84, 0.72}},
    {{1.04, 0.00}, {1.02, -0.78}, {0.00, -0.84}, {-0.96, -0.78}, {-0.96, 0.00}, {-0.86, 0.72}, {0.00, 0.84}, {0.94, 0.72}},
    {{1.00, 0.00}, {0.71, -0.71}, {0.00, -1.00}, {-0.71, -0.71}, {-1.00, 0.00}, {-0.71, 0.71}, {0.00, 1.00}, {0.71, 0.71}}};
static const char *const form_name[3] = {"aviator", "square", "round"};

static void
put(double out[2], const mf_face_frame *f, const glasses *g, double a, double b, double z)
{
    mf_face_frame_at(out, f, cos(g->tilt) * a - sin(g->tilt) * b, g->b + sin(g->tilt) * a + cos(g->tilt) * b, z);
}

static void
lens(double out[LENS][2], const mf_face_frame *f, const glasses *g, int side)
{
    double knot[KNOTS][2], high = g->form == 2 ? 0.35 : 0.33;

    for (int i = 0; i < KNOTS; i++) {
        double a = g->gap + (1 + form[g->form][i][0]) * 0.385 * g->size, b = form[g->form][i][1] * high * g->size;
        put(knot[i], f, g, side == 0 ? -a : a, b, 0.20 - 0.22 * a * a);
    }
    mf_occlude_smooth(out, (const double (*)[2])knot, KNOTS, STEPS);
}

typedef struct tint {
    const glasses *g;
    double at[2], down[2], across[2];
} tint;

static void
glass(void *arg, double x, double y, float rgba[4])
{
    const tint *t = arg;
    float       v = (float)((x - t->at[0]) * t->down[0] + (y - t->at[1]) * t->down[1]);
    float       u = (float)((x - t->at[0]) * t->across[0] + (y - t->at[1]) * t->across[1]);
    float       s = 0.5F + 0.5F * v, d = u + 0.7F * v + 0.35F, shine = t->g->gleam * expf(-30 * d * d);

    s = s < 0 ? 0 : s > 1 ? 1 : s;
    for (int c = 0; c < 3; c++)
        rgba[c] = t->g->rgb[c] * (1.2F - 0.4F * s) + shine;
    rgba[3] = t->g->top + (t->g->bottom - t->g->top) * s;
}

static void
paint(mf_layer *l, const mf_face_frame *f, const glasses *g)
{
    double p[LENS + 1][2], line[3][2], span = 0.33 * g->size * f->d;

    for (int side = 0; side < 2; side++) { /* temples first: they lie behind */
        double e = side == 0 ? -1 : 1, edge = g->gap + 0.77 * g->size;
        put(line[0], f, g, e * edge, -0.12, 0.0);
        put(line[1], f, g, e * (edge + 0.10), -0.11, -0.3);
        put(line[2], f, g, e * 1.24, -0.06, -0.95);
        mf_layer_stroke(l, (const double (*)[2])line, 3, 1.3 * g->rim * f->d, 0.8 * g->rim * f->d, g->frame, 1);
    }
    for (int side = 0; side < 2; side++) {
        tint   t = {.g = g};
        double a = g->gap + 0.385 * g->size;
        put(t.at, f, g, side == 0 ? -a : a, 0, 0.1);
        for (int c = 0; c < 2; c++) {
            t.down[c]   = f->uy[c] / span;
            t.across[c] = f->ux[c] / span;
        }
        lens(p, f, g, side);
        mf_layer_fill_with(l, (const double (*)[2])p, LENS, glass, &t);
        for (int half = 0; half < 2; half++) { /* a closed rim, in two strokes */
            int    n = LENS / 2 + 1;
            double arc[LENS / 2 + 1][2];
            for (int i = 0; i < n; i++)
                for (int c = 0; c < 2; c++)
                    arc[i][c] = p[(half * LENS / 2 + i) % LENS][c];
            mf_layer_stroke(l, (const double (*)[2])arc, n, g->rim * f->d, g->rim * f->d, g->frame, 1);
        }
    }
    put(line[0], f, g, -g->gap - 0.02, -0.05, 0.22);
    put(line[1], f, g, 0, -0.12, 0.28);
    put(line[2], f, g, g->gap + 0.02, -0.05, 0.22);
    mf_layer_stroke(l, (const double (*)[2])line, 3, 1.1 * g->rim * f->d, 1.1 * g->rim * f->d, g->frame, 1);
}

static mf_status
sunglasses_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    static const float tone[5][3]  = {{0.05F, 0.05F, 0.06F}, {0.14F, 0.09F, 0.05F}, {0.06F, 0.10F, 0.07F}, {0.07F, 0.09F, 0.15F},
                                      {0.16F, 0.16F, 0.18F}};
    static const float metal[4][3] = {{0.04F, 0.04F, 0.04F}, {0.30F, 0.19F, 0.10F}, {0.62F, 0.54F, 0.36F}, {0.55F, 0.56F, 0.58F}};
    const sunglasses_cfg *o = cfg;
    double        j = o->jitter, box[6][2];
    mf_face_frame f;
    mf_layer      l;
    mf_match      match;
    glasses       g = {.form = (int)mf_rng_below(rng, 3)};
    const float  *t = tone[mf_rng_below(rng, 5)], *m = metal[mf_rng_below(rng, 4)];
    uint32_t      seed = mf_rng_u32(rng);
    mf_status     st;

    for (int c = 0; c < 3; c++) {
        g.rgb[c]   = t[c] * (float)mf_rng_uniform(rng, 0.85, 1.15);
        g.frame[c] = m[c];
    }
    g.top    = (float)mf_rng_uniform(rng, 0.9, 1.0);
    g.bottom = (float)mf_rng_uniform(rng, 0.7, 1.0) * g.top;
    g.gleam  = (float)mf_rng_uniform(rng, 0, 0.35);
    g.b      = 0.04 + j * mf_rng_uniform(rng, -0.04, 0.06);
    g.size   = 1.06 * (1 + j * mf_rng_uniform(rng, -0.08, 0.12));
    g.tilt   = j * mf_rng_uniform(rng, -0.04, 0.04);
    g.gap    = 0.10 * g.size;
    g.rim    = g.form == 1 ? mf_rng_uniform(rng, 0.05, 0.09) : mf_rng_uniform(rng, 0.03, 0.05);
    if ((st = mf_face_frame_make(&f, job->lm, err)) < 0)
        return st;
    for (int i = 0; i < 2; i++) {
        mf_face_frame_at(box[i], &f, i == 0 ? -1.25 : 1.25, 0, -0.95);
        mf_face_frame_at(box[2 + i], &f, i == 0 ? -1.1 : 1.1, -0.45, 0);
        mf_face_frame_at(box[4 + i], &f, i == 0 ? -1.1 : 1.1, 0.6, 0);
    }
    if ((st = mf_occlude_layer(&l, &match, im, job, &f, (const double (*)[2])box, 6, err)) < 0)
        return st;
    paint(&l, &f, &g);
    mf_layer_close(&l, im, job->cover, &match, seed);
    mf_note(job, form_name[g.form], g.rgb, "b=%.3f size=%.3f tilt=%.3f rim=%.3f opacity=%.2f/%.2f blur=%.2f noise=%.4f", g.b, g.size,
            g.tilt, g.rim, (double)g.top, (double)g.bottom, (double)match.blur, (double)match.noise);
    return MF_OK;
}

static size_t
sunglasses_scratch(int width, int height)
{
    return mf_layer_most(width, height, 0);
}

const mf_occluder_def mf_occluder_sunglasses = {
    .name = "sunglasses", .occlusion = "glasses", .summary = "sunglasses: aviator, square or round, from nearly to quite dark",
    .cfg_size = sizeof(sunglasses_cfg), .opts = sunglasses_opts, .apply = sunglasses_apply, .scratch = sunglasses_scratch,
};
