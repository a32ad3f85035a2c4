/* face/occluders/vr.c: a virtual-reality headset over brows and eyes: a foam rim on the face, a box that stands out, a strap. */
#include "face/occlude.h"

#include <math.h>
#include <string.h>
#include "face/occluders/paint.h"

enum { RIM = 40 };

typedef struct vr_cfg { double jitter; } vr_cfg;

static const mf_opt vr_opts[] = {
    MF_OPT_F64(vr_cfg, jitter, 1, 0, 3, "how far place, size and tilt stray; 0 seats every headset alike"),
    MF_OPT_END
};

typedef struct seat {
    double a, b, wide, high, out, tilt, notch; /* centre, half sizes, how far it stands out, roll, room for the nose */
} seat;

typedef struct shade {
    double at[2], along[2]; /* from top to bottom of the front */
    float  rgb[3];
    float  gleam;
} shade;

/* Point t of the rounded outline at depth z, `size` times as large. */
static void
rim_at(double out[2], const mf_face_frame *f, const seat *s, int i, double size, double z)
{
    double t = 6.28318530717959 * i / RIM, c = cos(t), n = sin(t), a, b, x, y;

    a = s->wide * size * (c < 0 ? -1 : 1) * sqrt(sqrt(fabs(c)));
    b = s->high * size * (n < 0 ? -1 : 1) * sqrt(sqrt(fabs(n)));
    if (b > 0 && fabs(a) < 0.3)
        b -= s->notch * (1 - a * a / 0.09);
    x = s->a + cos(s->tilt) * a - sin(s->tilt) * b;
    y = s->b + sin(s->tilt) * a + cos(s->tilt) * b;
    mf_face_frame_at(out, f, x, y, z);
}

static void
front(void *arg, double x, double y, float rgba[4])
{
    const shade *s = arg;
    double       len = s->along[0] * s->along[0] + s->along[1] * s->along[1];
    float        t = (float)(((x - s->at[0]) * s->along[0] + (y - s->at[1]) * s->along[1]) / len), k, d;

    d = t - 0.24F;
    k = 1.12F - 0.34F * t + s->gleam * expf(-d * d * 60);
    for (int c = 0; c < 3; c++)
        rgba[c] = s->rgb[c] * k + 0.05F * s->gleam * expf(-d * d * 60);
    rgba[3] = 1;
}

static void
paint(mf_layer *l, const mf_face_frame *f, const seat *s, const float rgb[3], float gleam)
{
    static const float foam[3] = {0.06F, 0.06F, 0.065F}, lens[3] = {0.02F, 0.02F, 0.03F};
    double back[RIM][2], face[RIM][2], quad[4][2], strap[4][2], dot[12][2], mid[2];
    shade  sh = {.gleam = gleam};
    float  side[3], band[3];

    for (int i = 0; i < RIM; i++) {
        rim_at(back[i], f, s, i, 1.0, 0.05);
        rim_at(face[i], f, s, i, 0.93, s->out);
    }
    for (int c = 0; c < 3; c++) {
        side[c] = 0.55F * rgb[c];
        band[c] = 0.75F * rgb[c] + 0.02F;
    }
    for (int e = -1; e <= 1; e += 2) { /* the strap, on both sides */
        mf_face_frame_at(strap[0], f, e * (s->wide - 0.12), s->b - 0.14, 0);
        mf_face_frame_at(strap[1], f, e * 1.28, s->b - 0.20, -0.85);
        mf_face_frame_at(strap[2], f, e * 1.28, s->b + 0.06, -0.85);
        mf_face_frame_at(strap[3], f, e * (s->wide - 0.12), s->b + 0.16, 0);
        mf_layer_fill(l, (const double (*)[2])strap, 4, band, 1);
    }
    mf_layer_fill(l, (const double (*)[2])back, RIM, foam, 1);
    for (int i = 0; i < RIM; i++) { /* the walls of the box */
        int j = (i + 1) % RIM;
        memcpy(quad[0], back[i], sizeof quad[0]);
        memcpy(quad[1], back[j], sizeof quad[0]);
        memcpy(quad[2], face[j], sizeof quad[0]);
        memcpy(quad[3], face[i], sizeof quad[0]);
        mf_layer_fill(l, (const double (*)[2])quad, 4, side, 1);
    }
    memcpy(sh.rgb, rgb, sizeof sh.rgb);
    rim_at(sh.at, f, s, 3 * RIM / 4, 0.93, s->out);
    rim_at(mid, f, s, RIM / 4, 0.93, s->out);
    for (int c = 0; c < 2; c++)
        sh.along[c] = mid[c] - sh.at[c];
    mf_layer_fill_with(l, (const double (*)[2])face, RIM, front, &sh);
    for (int k = 0; k < 4; k++) { /* cameras in its corners */
        double a = (k & 1 ? 1 : -1) * 0.74 * s->wide, b = s->b + (k & 2 ? 0.5 : -0.6) * s->high;
        for (int i = 0; i < 12; i++)
            mf_face_frame_at(dot[i], f, s->a + a + 0.045 * cos(i * 0.5236), b + 0.045 * sin(i * 0.5236), s->out);
        mf_layer_fill(l, (const double (*)[2])dot, 12, lens, 0.9);
    }
}

static mf_status
vr_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    static const float colour[4][3] = {{0.10F, 0.10F, 0.11F}, {0.22F, 0.23F, 0.25F}, {0.82F, 0.82F, 0.81F}, {0.05F, 0.05F, 0.05F}};
    const vr_cfg *o = cfg;
    double        j = o->jitter, box[6][2], rim[RIM][2];
    mf_face_frame f;
    mf_layer      l;
    mf_match      match;
    seat          s;
    float         rgb[3], gleam;
    const float  *base = colour[mf_rng_below(rng, 4)];
    uint32_t      seed = mf_rng_u32(rng);
    mf_status     st;

    s.a     = j * mf_rng_uniform(rng, -0.03, 0.03);
    s.b     = 0.0 + j * mf_rng_uniform(rng, -0.05, 0.06);
    s.wide  = 1.04 * (1 + j * mf_rng_uniform(rng, -0.05, 0.06));
    s.high  = 0.56 * (1 + j * mf_rng_uniform(rng, -0.06, 0.10));
    s.out   = 0.55 + j * mf_rng_uniform(rng, -0.15, 0.2);
    s.tilt  = j * mf_rng_uniform(rng, -0.04, 0.04);
    s.notch = mf_rng_uniform(rng, 0.10, 0.22);
    gleam   = (float)mf_rng_uniform(rng, 0.05, 0.5);
    for (int c = 0; c < 3; c++)
        rgb[c] = base[c] * (float)mf_rng_uniform(rng, 0.9, 1.1);
    if ((st = mf_face_frame_make(&f, job->lm, err)) < 0)
        return st;
    for (int i = 0; i < 2; i++) {
        mf_face_frame_at(box[i], &f, i == 0 ? -1.3 : 1.3, 0, -0.85);
        mf_face_frame_at(box[2 + i], &f, i == 0 ? -s.wide : s.wide, -s.high - 0.08, s.out);
        mf_face_frame_at(box[4 + i], &f, i == 0 ? -s.wide : s.wide, s.high + 0.08, 0);
    }
    if ((st = mf_occlude_layer(&l, &match, im, job, &f, (const double (*)[2])box, 6, err)) < 0)
        return st;
    for (int i = 0; i < RIM; i++)
        rim_at(rim[i], &f, &s, i, 1.02, 0);
    mf_layer_shadow(&l, im, (const double (*)[2])rim, RIM, 0.03 * f.d * f.uy[0], 0.05 * f.d * f.uy[1], 0.08 * f.d, 0.35F);
    paint(&l, &f, &s, rgb, gleam);
    mf_layer_close(&l, im, job->cover, &match, seed);
    mf_note(job, "headset", rgb, "a=%.3f b=%.3f wide=%.3f high=%.3f out=%.3f tilt=%.3f notch=%.3f blur=%.2f noise=%.4f", s.a, s.b,
            s.wide, s.high, s.out, s.tilt, s.notch, (double)match.blur, (double)match.noise);
    return MF_OK;
}

static size_t
vr_scratch(int width, int height)
{
    return mf_layer_most(width, height, 0);
}

const mf_occluder_def mf_occluder_vr = {
    .name = "vr", .occlusion = "upper", .summary = "a virtual-reality headset over brows, eyes and the upper nose",
    .cfg_size = sizeof(vr_cfg), .opts = vr_opts, .apply = vr_apply, .scratch = vr_scratch,
};
