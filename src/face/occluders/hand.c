/* face/occluders/hand.c: a hand with the colour of the face, over the mouth, the eyes or a cheek. */
#include "face/occlude.h"

#include <math.h>
#include "face/occluders/paint.h"

enum { FINGERS = 4, BENDS = 5, KNOTS = 8, STEPS = 4, PALM = KNOTS * STEPS };
enum { ANY, MOUTH, EYES, CHEEK };

typedef struct hand_cfg { int over; } hand_cfg;

static const char *const overs[] = {"any", "mouth", "eyes", "cheek", NULL};

static const mf_opt hand_opts[] = {
    MF_OPT_ENUM(hand_cfg, over, 0, overs, "what the hand hides"),
    MF_OPT_END
};

/* Own coordinates: the wrist at the origin, fingers along +x, eye distances; thumb at negative y. */
typedef struct hand {
    double at[2], turn[2], size, side; /* place of the knuckles, direction of the fingers, 1 or -1: which hand */
    double bend[FINGERS], spread, thumb;
    float  rgb[3];
} hand;

static void
put(double out[2], const mf_face_frame *f, const hand *h, double x, double y)
{
    double a, b;

    x = (x - 0.95) * h->size; /* the knuckles are where the hand is put */
    y *= h->size * h->side;
    a = h->at[0] + h->turn[0] * x - h->turn[1] * y;
    b = h->at[1] + h->turn[1] * x + h->turn[0] * y;
    mf_face_frame_at(out, f, a, b, 0.35);
}

static void
tone(float out[3], const hand *h, float k)
{
    for (int c = 0; c < 3; c++)
        out[c] = h->rgb[c] * (k < 1 ? powf(k, c == 0 ? 0.85F : 1.1F) : k); /* shade on skin is warm */
}

/* A finger: rim, flesh, light along its back, nail. */
static void
finger(mf_layer *l, const mf_face_frame *f, const hand *h, const double (*p)[2], double from, double to)
{
    double q[BENDS][2], wide = h->size * f->d;
    float  dark[3], flesh[3], light[3];

    tone(dark, h, 0.55F);
    tone(flesh, h, 0.96F);
    tone(light, h, 1.10F);
    for (int i = 0; i < BENDS; i++)
        put(q[i], f, h, p[i][0], p[i][1]);
    mf_layer_stroke(l, (const double (*)[2])q, BENDS, (from + 0.035) * wide, (to + 0.03) * wide, dark, 0.85);
    mf_layer_stroke(l, (const double (*)[2])q, BENDS, from * wide, to * wide, flesh, 1);
    for (int i = 0; i < BENDS; i++)
        put(q[i], f, h, p[i][0], p[i][1] - 0.12 * from);
    mf_layer_stroke(l, (const double (*)[2])q, BENDS, 0.55 * from * wide, 0.5 * to * wide, light, 0.35);
    mf_layer_stroke(l, (const double (*)[2])q, BENDS, 0.25 * from * wide, 0.2 * to * wide, light, 0.4);
    for (int k = 2; k <= 3; k++) { /* creases over the joints */
        double a[2][2], nx = -(p[k][1] - p[k - 1][1]), ny = p[k][0] - p[k - 1][0], len = hypot(nx, ny) / (0.3 * to);
        put(a[0], f, h, p[k][0] + nx / len, p[k][1] + ny / len);
        put(a[1], f, h, p[k][0] - nx / len, p[k][1] - ny / len);
        mf_layer_stroke(l, (const double (*)[2])a, 2, 0.018 * wide, 0.018 * wide, dark, 0.35);
    }
    {
        double a[2][2], ux = p[4][0] - p[3][0], uy = p[4][1] - p[3][1], len = hypot(ux, uy);
        static const float nail[3] = {0.93F, 0.76F, 0.72F};
        float  mix[3];
        for (int c = 0; c < 3; c++)
            mix[c] = 0.5F * light[c] + 0.5F * nail[c] * h->rgb[0];
        put(a[0], f, h, p[4][0] - 0.02 * ux / len, p[4][1] - 0.02 * uy / len);
        put(a[1], f, h, p[4][0] + 0.05 * ux / len, p[4][1] + 0.05 * uy / len);
        mf_layer_stroke(l, (const double (*)[2])a, 2, 0.62 * to * wide, 0.58 * to * wide, mix, 0.75);
    }
}

static void
fingers(mf_layer *l, const mf_face_frame *f, const hand *h)
{
    static const double root[FINGERS] = {-0.34, -0.11, 0.11, 0.32}, length[FINGERS] = {0.80, 0.90, 0.83, 0.66};
    double p[BENDS][2];

    for (int k = FINGERS - 1; k >= 0; k--) {
        double dir = h->spread * (k - 1.5), x = 0.92 - 0.04 * fabs(k - 1.3), y = root[k];
        for (int i = 0; i < BENDS; i++) {
            p[i][0] = x;
            p[i][1] = y;
            dir += h->bend[k] / BENDS;
            x += length[k] / (BENDS - 1) * cos(dir) * (1 - 0.25 * fabs(h->bend[k]));
            y += length[k] / (BENDS - 1) * sin(dir);
        }
        finger(l, f, h, (const double (*)[2])p, 0.235 - 0.012 * k, 0.185 - 0.012 * k);
    }
}

static void
palm(mf_layer *l, const mf_face_frame *f, const hand *h)
{
    static const double knot[KNOTS][2] = {{-0.6, -0.26}, {0.0, -0.30}, {0.45, -0.44}, {0.95, -0.45},
                                          {1.02, 0.0}, {0.92, 0.43}, {0.40, 0.42}, {-0.6, 0.27}};
    double k[KNOTS][2], p[PALM][2], big[PALM][2], arm[2][2], wide = h->size * f->d, thumb[BENDS][2];
    float  dark[3], flesh[3];

    tone(dark, h, 0.55F);
    tone(flesh, h, 0.94F);
    put(arm[0], f, h, -3.5, 0);
    put(arm[1], f, h, -0.2, 0);
    mf_layer_stroke(l, (const double (*)[2])arm, 2, 0.76 * wide, 0.60 * wide, dark, 0.8);
    mf_layer_stroke(l, (const double (*)[2])arm, 2, 0.72 * wide, 0.56 * wide, flesh, 1);
    for (int i = 0; i < KNOTS; i++)
        put(k[i], f, h, knot[i][0], knot[i][1]);
    mf_occlude_smooth(p, (const double (*)[2])k, KNOTS, STEPS);
    for (int i = 0; i < KNOTS; i++)
        put(k[i], f, h, 1.02 * knot[i][0], 1.05 * knot[i][1]);
    mf_occlude_smooth(big, (const double (*)[2])k, KNOTS, STEPS);
    mf_layer_fill(l, (const double (*)[2])big, PALM, dark, 0.8);
    mf_layer_fill(l, (const double (*)[2])p, PALM, flesh, 1);
    for (int i = 0; i < BENDS; i++) { /* thumb */
        double t = i / (double)(BENDS - 1);
        thumb[i][0] = 0.18 + 0.62 * t;
        thumb[i][1] = -0.36 - h->thumb * (t - 0.45 * t * t);
    }
    finger(l, f, h, (const double (*)[2])thumb, 0.27, 0.20);
}

static void
place(hand *h, int over, mf_rng *rng)
{
    double side = mf_rng_unit(rng) < 0.5 ? -1 : 1, up;

    h->size = mf_rng_uniform(rng, 0.92, 1.12);
    switch (over) {
    case MOUTH: /* fingers lie across the mouth */
        h->at[0] = side * mf_rng_uniform(rng, 0.42, 0.62);
        h->at[1] = mf_rng_uniform(rng, 1.12, 1.28);
        up       = mf_rng_uniform(rng, -0.45, -0.05);
        break;
    case EYES:
        h->at[0] = side * mf_rng_uniform(rng, 0.42, 0.62);
        h->at[1] = mf_rng_uniform(rng, -0.02, 0.16);
        up       = mf_rng_uniform(rng, -0.5, -0.05);
        break;
    default: /* fingers point upwards along a cheek */
        h->at[0] = side * mf_rng_uniform(rng, 0.62, 0.85);
        h->at[1] = mf_rng_uniform(rng, 1.0, 1.3);
        up       = mf_rng_uniform(rng, -1.45, -1.15);
        break;
    }
    h->turn[0] = -side * cos(up);
    h->turn[1] = sin(up);
    h->side    = side; /* the thumb lies above */
    h->spread  = mf_rng_uniform(rng, 0.0, 0.09);
    h->thumb   = mf_rng_uniform(rng, 0.15, 0.5);
    for (int k = 0; k < FINGERS; k++)
        h->bend[k] = mf_rng_uniform(rng, -0.05, 0.18);
}

static mf_status
hand_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    static const double skin[5][2] = {{-0.6, 0.45}, {0.6, 0.45}, {0, -0.5}, {-0.35, -0.5}, {0.35, -0.5}};
    const hand_cfg *o = cfg;
    mf_face_frame   f;
    mf_layer        l;
    mf_match        match;
    hand            h = {0};
    double          box[6][2], p[2];
    int             over = o->over == ANY ? 1 + (int)mf_rng_below(rng, 3) : o->over, n = 0;
    float           brighter;
    uint32_t        seed;
    mf_status       st;

    place(&h, over, rng);
    brighter = (float)mf_rng_uniform(rng, 0.9, 1.08);
    seed     = mf_rng_u32(rng);
    if ((st = mf_face_frame_make(&f, job->lm, err)) < 0)
        return st;
    for (int i = 0; i < 5; i++) {
        float rgb[3];
        mf_face_frame_at(p, &f, skin[i][0], skin[i][1], 0.2);
        if (!mf_occlude_colour(rgb, im, p[0], p[1]))
            continue;
        for (int c = 0; c < 3; c++)
            h.rgb[c] += rgb[c];
        n++;
    }
    for (int c = 0; c < 3; c++)
        h.rgb[c] = n > 0 ? brighter * h.rgb[c] / (float)n : 0.6F;
    for (int i = 0; i < 6; i++)
        put(box[i], &f, &h, i < 2 ? -3.6 : i < 4 ? 0.5 : 2.0, i % 2 == 0 ? -0.95 : 0.75);
    if ((st = mf_occlude_layer(&l, &match, im, job, &f, (const double (*)[2])box, 6, err)) < 0)
        return st;
    palm(&l, &f, &h);
    fingers(&l, &f, &h);
    mf_layer_close(&l, im, job->cover, &match, seed);
    mf_note(job, overs[over], h.rgb, "a=%.3f b=%.3f turn=%.3f/%.3f size=%.3f spread=%.3f thumb=%.3f blur=%.2f noise=%.4f", h.at[0], h.at[1],
            h.turn[0], h.turn[1], h.size, h.spread, h.thumb, (double)match.blur, (double)match.noise);
    return MF_OK;
}

static size_t
hand_scratch(int width, int height)
{
    return mf_layer_most(width, height, 0);
}

const mf_occluder_def mf_occluder_hand = {
    .name = "hand", .occlusion = "hand", .summary = "a hand with the colour of the face, over mouth, eyes or a cheek",
    .cfg_size = sizeof(hand_cfg), .opts = hand_opts, .apply = hand_apply, .scratch = hand_scratch,
};
